//! COPY TO.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;

use batch::DatumRef;
use error::{Error, Result, SqlState};
use executor::Execution;
use parser::ast::CopyTarget;
use types::io::{TypeCall, TypeIo};

use super::options::{Form, Header, Options};
use super::recode::Encoder;
use super::{SharedPlan, run_options};
use crate::{Context, CopyWriter};

struct FileWriter(BufWriter<std::fs::File>, String);

impl CopyWriter for FileWriter {
    fn write(&mut self, data: &[u8]) -> Result<()> {
        self.0
            .write_all(data)
            .and_then(|()| self.0.flush())
            .map_err(|e| Error::io(format_args!("could not write to COPY file \"{}\"", self.1), &e))
    }
}

/// A column that is written.
struct Column<'a> {
    call: TypeCall<'a>,
    io: TypeIo,
    force_quote: bool,
}

/// Copies the rows of a plan out; gives their number.
pub(super) fn copy_to(context: &Context<'_>, plan: SharedPlan, target: &CopyTarget, options: &Options) -> Result<u64> {
    let env = context.session.env();
    if plan.output.is_empty() && !matches!(plan.command, planner::plan::Command::Select) {
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "COPY query must have a RETURNING clause"));
    }
    let columns = plan.output.iter().map(|column| {
        Ok(Column {
            call: TypeCall { env, type_oid: column.ty.oid, typmod: -1 },
            io: types::io(column.ty.oid, env)?,
            force_quote: options.force_quote_all || options.force_quote.contains(&column.name),
        })
    });
    let columns: Vec<Column<'_>> = columns.collect::<Result<_>>()?;
    let names: Vec<String> = plan.output.iter().map(|column| column.name.clone()).collect();
    let binary = options.form == Form::Binary;
    let snapshot = context.session.transaction.snapshot()?;
    let mut execution = Execution::start(context.session, plan, snapshot, run_options(context))?;
    let writer: Box<dyn CopyWriter + '_> = match target {
        CopyTarget::Client => context.services.copy_out(columns.len(), binary)?,
        CopyTarget::Program(_) => return Err(Error::not_implemented("COPY TO PROGRAM")),
        CopyTarget::File(name) => {
            if !name.starts_with('/') {
                return Err(Error::new(SqlState::INVALID_NAME, "relative path not allowed for COPY to file"));
            }
            let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(&**name);
            let file = file.map_err(|e| {
                Error::io(format_args!("could not open file \"{name}\" for writing"), &e).hint(
                    "COPY TO instructs the PostgreSQL server process to write a file. You may want a client-side \
                     facility such as psql's \\copy.",
                )
            })?;
            Box::new(FileWriter(BufWriter::new(file), name.to_string()))
        }
    };
    let mut writer = Encoder::over(writer, options.encoding.filter(|_| !binary));
    let mut data = Vec::new();
    let mut text = Vec::new();
    if binary {
        data.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    } else if options.header == Header::Names {
        for (n, name) in names.iter().enumerate() {
            if n > 0 {
                data.push(options.delimiter);
            }
            match options.form {
                Form::Csv => put_csv(&mut data, name.as_bytes(), options, false, names.len() == 1),
                _ => put_text(&mut data, name.as_bytes(), options.delimiter),
            }
        }
        data.push(b'\n');
        writer.write(&data)?;
        data.clear();
    }
    let (mut batch, mut rows) = (execution.batch(), 0);
    while execution.next(context.session, &mut batch)? {
        for row in batch.rows().iter() {
            if binary {
                data.extend_from_slice(&(columns.len() as i16).to_be_bytes());
            }
            for (n, (column, values)) in columns.iter().zip(&batch.columns).enumerate() {
                let value = values.get(row);
                match options.form {
                    Form::Binary => put_binary(&mut data, column, value)?,
                    form => {
                        if n > 0 {
                            data.push(options.delimiter);
                        }
                        if value.is_null() {
                            data.extend_from_slice(options.null.as_bytes());
                            continue;
                        }
                        text.clear();
                        (column.io.output)(value, &column.call, &mut text)?;
                        match form {
                            Form::Csv => put_csv(&mut data, &text, options, column.force_quote, columns.len() == 1),
                            _ => put_text(&mut data, &text, options.delimiter),
                        }
                    }
                }
            }
            if !binary {
                data.push(b'\n');
            }
            rows += 1;
            // A message for each row: clients such as psycopg take messages for rows.
            writer.write(&data)?;
            data.clear();
        }
    }
    if binary {
        data.extend_from_slice(&(-1i16).to_be_bytes());
    }
    if !data.is_empty() {
        writer.write(&data)?;
    }
    Ok(rows)
}

fn put_binary(to: &mut Vec<u8>, column: &Column<'_>, value: DatumRef<'_>) -> Result<()> {
    if value.is_null() {
        to.extend_from_slice(&(-1i32).to_be_bytes());
        return Ok(());
    }
    let start = to.len();
    to.extend_from_slice(&[0; 4]);
    (column.io.send)(value, &column.call, to)?;
    let len = (to.len() - start - 4) as i32;
    to[start..start + 4].copy_from_slice(&len.to_be_bytes());
    Ok(())
}

fn put_text(to: &mut Vec<u8>, text: &[u8], delimiter: u8) {
    let special = |&byte: &u8| byte == b'\\' || byte == delimiter || (8..=13).contains(&byte);
    if !text.iter().any(special) {
        to.extend_from_slice(text);
        return;
    }
    for &byte in text {
        let escaped = match byte {
            8 => b'b',
            12 => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            11 => b'v',
            b'\\' => b'\\',
            byte if byte == delimiter => byte,
            byte => {
                to.push(byte);
                continue;
            }
        };
        to.push(b'\\');
        to.push(escaped);
    }
}

fn put_csv(to: &mut Vec<u8>, text: &[u8], options: &Options, force: bool, alone: bool) {
    let quoted = force
        || text == options.null.as_bytes()
        || (alone && text == b"\\.")
        || text
            .iter()
            .any(|&byte| byte == options.delimiter || byte == options.quote || byte == b'\n' || byte == b'\r');
    if !quoted {
        to.extend_from_slice(text);
        return;
    }
    to.push(options.quote);
    for &byte in text {
        if byte == options.quote || byte == options.escape {
            to.push(options.escape);
        }
        to.push(byte);
    }
    to.push(options.quote);
}
