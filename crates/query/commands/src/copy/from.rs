//! COPY FROM.

use std::fs::File;
use std::io::Read;

use batch::{Batch, Repr};
use catalog::Relation;
use catalog::format::quote_identifier;
use error::{Error, Result, SqlState};
use executor::Inserter;
use parser::ast::{CopyTarget, Name};
use types::io::{TypeCall, TypeIo};

use super::lines::{Fields, Lines};
use super::options::{Form, Header, Options};
use super::{check_writable, columns_of, name_of, qualified, run_options};
use crate::{Context, CopyReader};

/// Rows that are inserted together.
const ROWS: usize = 1000;
/// Bytes after which they are inserted though they are fewer.
const BYTES: usize = 1 << 20;

/// A file on the server.
struct FileReader(File, String);

impl CopyReader for FileReader {
    fn read(&mut self, to: &mut Vec<u8>) -> Result<bool> {
        let before = to.len();
        to.resize(before + (1 << 16), 0);
        let len = self
            .0
            .read(&mut to[before..])
            .map_err(|e| Error::io(format_args!("could not read from COPY file \"{}\"", self.1), &e))?;
        to.truncate(before + len);
        Ok(len > 0)
    }
}

/// A column that data goes to.
struct Target<'a> {
    name: String,
    call: TypeCall<'a>,
    io: TypeIo,
}

/// Copies data into a table; gives the number of rows.
pub(super) fn copy_from(
    context: &Context<'_>,
    relation: &Relation,
    columns: &[Name],
    source: &CopyTarget,
    options: &Options,
) -> Result<u64> {
    check_writable(relation)?;
    let numbers = columns_of(context, relation, columns)?;
    let env = context.session.env();
    let mut targets = Vec::new();
    for &number in &numbers {
        let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?;
        // A domain's values are read as its base type's: the INSERT checks them, a batch at a time.
        let (type_oid, typmod) = context.catalog().base_type(column.atttypid, column.atttypmod)?;
        targets.push(Target {
            name: name_of(relation, number),
            call: TypeCall { env, type_oid, typmod },
            io: types::io(type_oid, env)?,
        });
    }
    let list = targets.iter().map(|target| quote_identifier(&target.name)).collect::<Vec<_>>().join(", ");
    let params = (1..=targets.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
    let text = format!("INSERT INTO {} ({list}) VALUES ({params})", qualified(context, relation)?);
    let types: Vec<ids::Oid> = targets.iter().map(|target| target.call.type_oid).collect();
    let plan = context.services.plan_text(&text, &types)?;
    let snapshot = context.session.transaction.snapshot()?;
    let mut inserter = Inserter::start(context.session, plan, snapshot, run_options(context))?;
    let reader: Box<dyn CopyReader + '_> = match source {
        CopyTarget::Client => context.services.copy_in(targets.len(), options.form == Form::Binary)?,
        CopyTarget::File(name) => {
            let file = File::open(&**name).map_err(|e| {
                Error::io(format_args!("could not open file \"{name}\" for reading"), &e).hint(
                    "COPY FROM instructs the PostgreSQL server process to read a file. You may want a client-side \
                     facility such as psql's \\copy.",
                )
            })?;
            Box::new(FileReader(file, name.to_string()))
        }
        CopyTarget::Program(_) => return Err(Error::not_implemented("COPY FROM PROGRAM")),
    };
    let names: Vec<String> = targets.iter().map(|target| target.name.clone()).collect();
    let mut lines = Lines::new(reader, options, &names);
    let mut batch = Batch::new(targets.iter().map(|target| target.io.repr));
    let mut rows = 0;
    let mut fields = Fields::default();
    if options.form == Form::Binary {
        binary_header(&mut lines)?;
    } else if options.header != Header::None {
        lines.next(&mut fields)?;
        if options.header == Header::Match {
            check_header(&fields, lines.line()?, &names)?;
        }
    }
    loop {
        context.session.check_interrupts()?;
        batch.clear();
        let mut count = 0;
        let mut ended = false;
        while count < ROWS && (count % 64 != 0 || size(&batch) < BYTES) {
            let more = match options.form {
                Form::Binary => read_binary(&mut lines, &targets, &mut batch),
                _ => read_line(relation.name(), &mut lines, &targets, &mut fields, &mut batch),
            };
            if !more.map_err(|error| locate(error, relation, &lines))? {
                ended = true;
                break;
            }
            count += 1;
        }
        batch.set_len(count);
        if count > 0 {
            inserter.insert(context.session, &mut batch).map_err(|error| {
                let first = lines.number + 1 - count as u64;
                match first == lines.number {
                    true => locate(error, relation, &lines),
                    false => error.context(format!("COPY {}, line {first}", relation.name())),
                }
            })?;
            rows += count as u64;
        }
        if ended {
            inserter.finish(context.session)?;
            return Ok(rows);
        }
    }
}

fn size(batch: &Batch) -> usize {
    let bytes = |column: &batch::Column| match column.repr() {
        Repr::Bytes => column.bytes().arena_len(),
        _ => 0,
    };
    batch.columns.iter().map(bytes).sum()
}

/// Says where in the data an error happened.
fn locate(error: Error, relation: &Relation, lines: &Lines<'_>) -> Error {
    if error.fields().context.as_deref().is_some_and(|context| context.starts_with("COPY ")) {
        return error;
    }
    match lines.number {
        0 => error.context(format!("COPY {}", relation.name())),
        number => error.context(format!("COPY {}, line {number}: \"{}\"", relation.name(), lines.shown())),
    }
}

fn bad(text: impl Into<String>) -> Error {
    Error::new(SqlState::BAD_COPY_FILE_FORMAT, text)
}

fn read_line(
    table: &str,
    lines: &mut Lines<'_>,
    targets: &[Target<'_>],
    fields: &mut Fields,
    batch: &mut Batch,
) -> Result<bool> {
    if !lines.next(fields)? {
        return Ok(false);
    }
    let (number, line) = (lines.number, lines.line()?);
    if fields.len() > targets.len() {
        // A table without columns takes empty lines.
        if targets.is_empty() && fields.len() == 1 && line.is_empty() {
            return Ok(true);
        }
        return Err(bad("extra data after last expected column"));
    }
    for (n, (target, column)) in targets.iter().zip(&mut batch.columns).enumerate() {
        if n >= fields.len() {
            return Err(bad(format!("missing data for column \"{}\"", target.name)));
        }
        match fields.get(n, line)? {
            None => column.push_null(),
            Some(text) => (target.io.input)(text, &target.call, column).map_err(|error| {
                error.context(format!("COPY {table}, line {number}, column {}: \"{text}\"", target.name))
            })?,
        }
    }
    Ok(true)
}

fn check_header(fields: &Fields, line: &str, names: &[String]) -> Result<()> {
    if fields.len() != names.len() {
        return Err(bad(format!(
            "wrong number of fields in header line: got {}, expected {}",
            fields.len(),
            names.len()
        )));
    }
    for (n, name) in names.iter().enumerate() {
        let found = fields.get(n, line)?;
        if found != Some(name) {
            let shown = found.map_or_else(|| "null value (\"\\N\")".into(), |found| format!("\"{found}\""));
            return Err(bad(format!(
                "column name mismatch in header line field {}: got {shown}, expected \"{name}\"",
                n + 1
            )));
        }
    }
    Ok(())
}

fn binary_header(lines: &mut Lines<'_>) -> Result<()> {
    if lines.bytes(11)? != b"PGCOPY\n\xff\r\n\0" {
        return Err(bad("COPY file signature not recognized"));
    }
    let flags = i32::from_be_bytes(lines.bytes(4)?.try_into().unwrap_or_default());
    if flags as u32 >> 16 != 0 {
        return Err(bad("unrecognized critical flags in COPY file header"));
    }
    let extension = i32::from_be_bytes(lines.bytes(4)?.try_into().unwrap_or_default());
    let extension = usize::try_from(extension).map_err(|_| bad("invalid COPY file header (missing length)"))?;
    lines.bytes(extension.min(1 << 20)).map(|_| ())
}

fn read_binary(lines: &mut Lines<'_>, targets: &[Target<'_>], batch: &mut Batch) -> Result<bool> {
    if lines.is_at_end()? {
        return Ok(false);
    }
    let count = i16::from_be_bytes(lines.bytes(2)?.try_into().unwrap_or_default());
    if count == -1 {
        return match lines.is_at_end()? {
            true => Ok(false),
            false => Err(bad("received copy data after EOF marker")),
        };
    }
    if count as usize != targets.len() {
        return Err(bad(format!("row field count is {count}, expected {}", targets.len())));
    }
    lines.number += 1;
    for (target, column) in targets.iter().zip(&mut batch.columns) {
        let len = i32::from_be_bytes(lines.bytes(4)?.try_into().unwrap_or_default());
        if len == -1 {
            column.push_null();
            continue;
        }
        let len = usize::try_from(len).map_err(|_| bad("invalid field size"))?;
        let bytes = lines.bytes(len)?;
        (target.io.receive)(bytes, &target.call, column)?;
    }
    Ok(true)
}
