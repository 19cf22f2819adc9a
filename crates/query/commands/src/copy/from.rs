//! COPY FROM.

use std::fs::File;
use std::io::Read;

use analyzer::Wanted;
use analyzer::scope::Place;
use batch::{Batch, Datum, DatumRef, Repr, Rows};
use catalog::Relation;
use catalog::format::quote_identifier;
use error::{Error, Result, Severity, SqlState};
use executor::{Execution, Inserter, RowEvaluator};
use parser::ast::{CopyTarget, Expr, Name};
use types::io::{TypeCall, TypeIo};

use super::lines::{Fields, Lines};
use super::options::{Form, Header, Options, Verbosity};
use super::recode::Decoder;
use super::{SharedPlan, check_writable, columns_of, name_of, qualified, run_options};
use crate::{Context, CopyReader, expression};

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
    /// Computes its default, where data may ask for that.
    default: Option<RowEvaluator>,
    /// Its domain, if it has one.
    domain: Option<ids::Oid>,
}

/// Rows that cannot be read, if they are to be left out.
struct Rejects {
    limit: Option<i64>,
    verbose: bool,
    count: u64,
    /// A row whose values are tried before they count.
    trial: Batch,
}

/// What became of a line.
enum Line {
    Row,
    Skipped,
    End,
}

/// Copies data into a table; gives the number of rows.
pub(super) fn copy_from(
    context: &Context<'_>,
    relation: &Relation,
    columns: &[Name],
    source: &CopyTarget,
    filter: Option<&Expr>,
    options: &Options,
) -> Result<u64> {
    let refused = check_writable(context, relation, options.freeze);
    let numbers = columns_of(context, relation, columns)?;
    for (forced, option) in [(&options.force_not_null, "FORCE_NOT_NULL"), (&options.force_null, "FORCE_NULL")] {
        for name in forced.names() {
            let number = context.column(relation, &Name::from(name.as_str()))?;
            if !numbers.contains(&number) {
                let text = format!("{option} column \"{name}\" not referenced by COPY");
                return Err(Error::new(SqlState::INVALID_COLUMN_REFERENCE, text));
            }
        }
    }
    let mut filter = filter.map(|filter| condition(context, relation, filter)).transpose()?;
    let into_view = relation.kind() == catalog::relation::kind::VIEW;
    if into_view && filter.is_some() {
        return Err(Error::not_implemented("COPY … WHERE into a view"));
    }
    let env = context.session.env();
    let mut targets = Vec::new();
    for &number in &numbers {
        let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?;
        // A domain's values are read as its base type's: the INSERT checks them, a batch at a time; unless a row that fails is to be left out.
        let base = context.catalog().base_type(column.atttypid, column.atttypmod)?;
        let domain = Some(column.atttypid).filter(|&declared| declared != base.0);
        let (type_oid, typmod) = match domain.filter(|_| options.skip_bad_rows) {
            Some(domain) => (domain, -1),
            None => base,
        };
        let default = match (options.default.is_some(), relation.default_of(number)) {
            (true, Some(text)) => {
                let stored = expression::read(context, text)?;
                Some(expression::evaluator(context, relation, vec![stored])?)
            }
            _ => None,
        };
        targets.push(Target {
            name: name_of(relation, number),
            call: TypeCall { env, type_oid, typmod },
            io: types::io(type_oid, env)?,
            default,
            domain,
        });
    }
    if let Err(error) = refused {
        // PostgreSQL says so when it would insert: clients have begun to send by then.
        if let CopyTarget::Client = source {
            drop(context.services.copy_in(targets.len(), options.form == Form::Binary)?);
        }
        return Err(error);
    }
    let list = targets.iter().map(|target| quote_identifier(&target.name)).collect::<Vec<_>>().join(", ");
    let params = (1..=targets.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
    let text =
        format!("INSERT INTO {} ({list}) OVERRIDING SYSTEM VALUE VALUES ({params})", qualified(context, relation)?);
    let types: Vec<ids::Oid> = targets.iter().map(|target| target.call.type_oid).collect();
    let plan = context.services.plan_insertion(&text, &types)?;
    let mut sink = match into_view {
        true => Sink::View(plan),
        false => {
            let snapshot = context.session.transaction.snapshot()?;
            Sink::Table(Box::new(Inserter::start(context.session, plan, snapshot, run_options(context))?))
        }
    };
    let mut texts = LineTexts::default();
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
    let reader = Decoder::over(reader, options.encoding.filter(|_| options.form != Form::Binary));
    let mut lines = Lines::new(reader, options, &names);
    let mut batch = Batch::new(targets.iter().map(|target| target.io.repr));
    let mut rejects = options.skip_bad_rows.then(|| Rejects {
        limit: options.reject_limit,
        verbose: options.verbosity == Verbosity::Verbose,
        count: 0,
        trial: Batch::new(targets.iter().map(|target| target.io.repr)),
    });
    let mut rows = 0;
    let mut fields = Fields::default();
    if options.form == Form::Binary {
        binary_header(&mut lines)?;
    } else if options.header != Header::None {
        lines.next(&mut fields)?;
        if options.header == Header::Match {
            check_header(&fields, lines.line()?, &names).map_err(|error| locate(error, relation, &lines))?;
        }
    }
    loop {
        context.session.check_interrupts()?;
        batch.clear();
        texts.clear();
        let mut count = 0;
        let mut ended = false;
        while count < ROWS && (count % 64 != 0 || size(&batch) < BYTES) {
            let more = match (options.form, &mut rejects) {
                (Form::Binary, _) => read_binary(&mut lines, &targets, &mut batch),
                (_, None) => read_line(context, relation.name(), &mut lines, &mut targets, &mut fields, &mut batch),
                (_, Some(rejects)) => {
                    try_line(context, relation.name(), &mut lines, &mut targets, &mut fields, &mut batch, rejects)
                }
            };
            match more.map_err(|error| locate(error, relation, &lines))? {
                Line::Row => {
                    count += 1;
                    texts.push(&lines);
                }
                Line::Skipped => context.session.check_interrupts()?,
                Line::End => {
                    ended = true;
                    break;
                }
            }
        }
        batch.set_len(count);
        if count > 0 {
            let inserted = sink.insert(context, &mut batch, filter.as_mut()).map_err(|error| {
                // Of an index's refusal PostgreSQL tells the line's number only, as rows are entered together.
                let failed = sink.failed();
                if failed.is_none()
                    && let Some(error) = refused_by_domain(relation.name(), &targets, &batch, &texts)
                {
                    return error;
                }
                let (row, by_index) = failed.unwrap_or((0, count > 1));
                error.context(texts.place(relation.name(), row, by_index))
            })?;
            rows += inserted as u64;
        }
        if ended {
            sink.finish(context)?;
            if let Some(Rejects { count: count @ 1.., .. }) = rejects
                && options.verbosity != Verbosity::Silent
            {
                let were = if count == 1 { "row was" } else { "rows were" };
                let text = format!("{count} {were} skipped due to data type incompatibility");
                context.inform(SqlState::SUCCESSFUL_COMPLETION, text);
            }
            return Ok(rows);
        }
    }
}

/// The error of the first value that its domain does not take, if there is one: said as if each had been checked when it was read.
#[cold]
fn refused_by_domain(table: &str, targets: &[Target<'_>], rows: &Batch, texts: &LineTexts) -> Option<Error> {
    for row in 0..rows.len() {
        for (target, column) in targets.iter().zip(&rows.columns) {
            let Some(domain) = target.domain.filter(|_| column.len() == rows.len()) else { continue };
            let value = column.get(row);
            if let Err(error) = target.call.env.check_domain(domain, value) {
                let mut text = Vec::new();
                let shown = match value.is_null() {
                    true => "null input".to_string(),
                    false => {
                        (target.io.output)(value, &target.call, &mut text).ok()?;
                        format!("\"{}\"", String::from_utf8_lossy(&text))
                    }
                };
                let number = texts.lines.get(row)?.0;
                return Some(error.context(format!("COPY {table}, line {number}, column {}: {shown}", target.name)));
            }
        }
    }
    None
}

/// Where the rows go.
enum Sink {
    /// Into a table, a batch at a time.
    Table(Box<Inserter>),
    /// To a view's triggers, row by row.
    View(SharedPlan),
}

impl Sink {
    fn insert(&mut self, context: &Context<'_>, rows: &mut Batch, filter: Option<&mut RowEvaluator>) -> Result<usize> {
        match self {
            Sink::Table(inserter) => inserter.insert(context.session, rows, filter),
            Sink::View(plan) => {
                for row in rows.rows().iter() {
                    let params: Vec<Datum> = rows.columns.iter().map(|column| column.get(row).to_datum()).collect();
                    let options = executor::Options { params, ..run_options(context) };
                    let snapshot = context.session.transaction.snapshot()?;
                    let mut execution = Execution::start(context.session, plan.clone(), snapshot, options)?;
                    let mut none = execution.batch();
                    while execution.next(context.session, &mut none)? {}
                    context.session.transaction.next_command()?;
                }
                Ok(rows.rows().len())
            }
        }
    }

    fn failed(&self) -> Option<(usize, bool)> {
        match self {
            Sink::Table(inserter) => inserter.failed(),
            Sink::View(_) => None,
        }
    }

    fn finish(&mut self, context: &Context<'_>) -> Result<()> {
        match self {
            Sink::Table(inserter) => inserter.finish(context.session),
            Sink::View(_) => Ok(()),
        }
    }
}

/// The lines of the rows that are inserted together, for messages.
#[derive(Default)]
struct LineTexts {
    bytes: Vec<u8>,
    /// The line's number, and where its text ends.
    lines: Vec<(u64, usize)>,
}

impl LineTexts {
    fn clear(&mut self) {
        self.bytes.clear();
        self.lines.clear();
    }

    fn push(&mut self, lines: &Lines<'_>) {
        self.bytes.extend_from_slice(lines.start());
        self.lines.push((lines.number, self.bytes.len()));
    }

    /// Where in the data a row stands.
    fn place(&self, table: &str, row: usize, number_only: bool) -> String {
        let Some(&(number, end)) = self.lines.get(row) else { return format!("COPY {table}") };
        if number_only {
            return format!("COPY {table}, line {number}");
        }
        let start = row.checked_sub(1).map_or(0, |before| self.lines[before].1);
        let text = super::lines::shown(&self.bytes[start..end]);
        format!("COPY {table}, line {number}: \"{text}\"")
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
        read if lines.waits => error.context(format!("COPY {}, line {}", relation.name(), read + 1)),
        0 => error.context(format!("COPY {}", relation.name())),
        number => error.context(format!("COPY {}, line {number}: \"{}\"", relation.name(), lines.shown())),
    }
}

fn bad(text: impl Into<String>) -> Error {
    Error::new(SqlState::BAD_COPY_FILE_FORMAT, text)
}

/// The condition for the rows that are taken.
fn condition(context: &Context<'_>, relation: &Relation, filter: &Expr) -> Result<RowEvaluator> {
    let stored = expression::store(context, filter, Place::CopyWhere, Some(relation), Wanted::Condition("WHERE"))?;
    for &number in &stored.columns {
        if number < 0 {
            return Err(Error::not_implemented("a system column in COPY … WHERE"));
        }
        if let Some(column) = relation.column(number).filter(|column| column.attgenerated != 0) {
            let text = "generated columns are not supported in COPY FROM WHERE conditions";
            return Err(Error::new(SqlState::INVALID_COLUMN_REFERENCE, text)
                .detail(format!("Column \"{}\" is a generated column.", column.attname)));
        }
    }
    expression::evaluator(context, relation, vec![stored.expr])
}

/// Whether an error is about a value: what its type's input says, or its domain.
fn is_of_value(error: &Error) -> bool {
    let state = error.state();
    state.class() == "22" && state != SqlState::BAD_COPY_FILE_FORMAT
        || matches!(state, SqlState::NOT_NULL_VIOLATION | SqlState::CHECK_VIOLATION)
}

/// Like [`read_line`], but a row with a value that cannot be read is left out.
fn try_line(
    context: &Context<'_>,
    table: &str,
    lines: &mut Lines<'_>,
    targets: &mut [Target<'_>],
    fields: &mut Fields,
    batch: &mut Batch,
    rejects: &mut Rejects,
) -> Result<Line> {
    rejects.trial.clear();
    match read_line(context, table, lines, targets, fields, &mut rejects.trial) {
        Ok(Line::Row) => {
            for (to, from) in batch.columns.iter_mut().zip(&rejects.trial.columns) {
                to.append(from, Rows::All(1));
            }
            Ok(Line::Row)
        }
        // What a type's input says of a text; not what is wrong with the line.
        Err(error) if is_of_value(&error) => {
            rejects.count += 1;
            let place = error.fields().context.clone().unwrap_or_default();
            if rejects.verbose {
                let place = place.split_once(", line ").map_or("", |(_, place)| place);
                let (line, column) = place.split_once(", column ").unwrap_or((place, ""));
                let (column, value) = column.split_once(": ").unwrap_or((column, ""));
                let text = format!(
                    "skipping row due to data type incompatibility at line {line} for column \"{column}\": {value}"
                );
                let notice = Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(Severity::Notice);
                context.notice(notice.context(format!("COPY {table}")));
            }
            match rejects.limit {
                Some(limit) if rejects.count > limit as u64 => {
                    let text =
                        format!("skipped more than REJECT_LIMIT ({limit}) rows due to data type incompatibility");
                    Err(Error::new(SqlState::INVALID_TEXT_REPRESENTATION, text).context(place))
                }
                _ => Ok(Line::Skipped),
            }
        }
        other => other,
    }
}

fn read_line(
    context: &Context<'_>,
    table: &str,
    lines: &mut Lines<'_>,
    targets: &mut [Target<'_>],
    fields: &mut Fields,
    batch: &mut Batch,
) -> Result<Line> {
    if !lines.next(fields)? {
        return Ok(Line::End);
    }
    let (number, line) = (lines.number, lines.line()?);
    if fields.len() > targets.len() {
        // A table without columns takes empty lines.
        if targets.is_empty() && fields.len() == 1 && line.is_empty() {
            return Ok(Line::Row);
        }
        return Err(bad("extra data after last expected column"));
    }
    for (n, (target, column)) in targets.iter_mut().zip(&mut batch.columns).enumerate() {
        if n >= fields.len() {
            return Err(bad(format!("missing data for column \"{}\"", target.name)));
        }
        match fields.get(n, line)? {
            None if fields.is_default(n) => push_default(context, target, column)?,
            None => {
                if target.domain == Some(target.call.type_oid) {
                    let checked = target.call.env.check_domain(target.call.type_oid, DatumRef::Null);
                    checked.map_err(|error| {
                        error.context(format!("COPY {table}, line {number}, column {}: null input", target.name))
                    })?;
                }
                column.push_null();
            }
            Some(text) => (target.io.input)(text, &target.call, column).map_err(|error| {
                error.context(format!("COPY {table}, line {number}, column {}: \"{text}\"", target.name))
            })?,
        }
    }
    Ok(Line::Row)
}

/// A column's default, for the default marker.
fn push_default(context: &Context<'_>, target: &mut Target<'_>, column: &mut batch::Column) -> Result<()> {
    let Some(evaluator) = &mut target.default else {
        return Err(bad("unexpected default marker in COPY data")
            .detail(format!("Column \"{}\" has no default value.", target.name)));
    };
    let mut one = Batch::new([]);
    one.set_len(1);
    evaluator.evaluate(context.session, &one)?;
    column.append(evaluator.column(0, &one), Rows::All(1));
    Ok(())
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

fn read_binary(lines: &mut Lines<'_>, targets: &[Target<'_>], batch: &mut Batch) -> Result<Line> {
    if lines.is_at_end()? {
        return Ok(Line::End);
    }
    let count = i16::from_be_bytes(lines.bytes(2)?.try_into().unwrap_or_default());
    if count == -1 {
        return match lines.is_at_end()? {
            true => Ok(Line::End),
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
    Ok(Line::Row)
}
