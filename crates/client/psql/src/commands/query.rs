//! Commands that send the query buffer, or say how: `\g` and its kin, `\bind` and its kin, pipelines, `\watch`.

use std::time::Duration;

use super::{Call, Status};
use crate::execute::watch::Watch;
use crate::lexer::{ArgumentKind, shown};
use crate::pset;
use crate::request::Send;
use crate::session::Psql;
use crate::shell;

/// An empty query buffer stands for the statement executed last.
fn recall(call: &mut Call<'_>) {
    if call.script.query.is_empty() {
        call.script.query = call.script.previous.clone();
    }
}

/// Whether the command may be used now; reports that it may not in a pipeline.
fn allowed(psql: &mut Psql, call: &Call<'_>) -> bool {
    if psql.in_pipeline() {
        psql.error(format!("\\{} not allowed in pipeline mode", call.name));
        psql.request.send = Send::Simple;
        return false;
    }
    true
}

/// `\g [(OPTION=VALUE …)] [FILE | |COMMAND]`, `\gx …`
pub(super) fn go(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let mut name = call.argument(psql, ArgumentKind::FileOrPipe, false);
    let options = name.as_ref().is_some_and(|name| name.starts_with(b"("));
    if options {
        if !print_options(psql, call, name.take().unwrap_or_default()) {
            psql.forget_request();
            return Status::Error;
        }
        name = call.argument(psql, ArgumentKind::FileOrPipe, false);
    }
    if !allowed(psql, call) {
        psql.forget_request();
        return Status::Error;
    }
    if let Some(mut name) = name {
        shell::expand_tilde(&mut name);
        psql.request.output = Some(name);
    }
    if call.name == "gx" {
        psql.save_print();
        // Options in parentheses win over the command's letter.
        let given =
            options && psql.request.saved_print.as_ref().is_some_and(|saved| saved.expanded != psql.print.expanded);
        if !given {
            let _ = pset::set(&mut psql.print, b"expanded", Some(b"on"));
        }
    }
    recall(call);
    Status::Send
}

/// Reads `(OPTION=VALUE …)` of `\g`, whose first argument is given, and sets the print options for one statement.
fn print_options(psql: &mut Psql, call: &mut Call<'_>, first: Vec<u8>) -> bool {
    psql.save_print();
    let mut argument = Some(first[1..].to_vec());
    while let Some(mut option) = argument {
        // The closing parenthesis stands at the end of an argument.
        let closed = option.last() == Some(&b')');
        if closed {
            option.pop();
        }
        if !option.is_empty() {
            let (name, value) = match option.iter().position(|&byte| byte == b'=') {
                Some(at) => (&option[..at], Some(&option[at + 1..])),
                None => (&option[..], None),
            };
            if let Err(problem) = pset::set(&mut psql.print, name, value) {
                psql.error(problem);
                return false;
            }
        }
        if closed {
            return true;
        }
        argument = call.next(psql);
    }
    psql.error(format!("\\{}: missing right parenthesis", call.name));
    false
}

impl Psql {
    /// Keeps the print options, to go back to them after the next statement.
    pub fn save_print(&mut self) {
        if self.request.saved_print.is_none() {
            self.request.saved_print = Some(Box::new(self.print.clone()));
        }
    }
}

/// `\gdesc`
pub(super) fn describe(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    psql.request.describe = true;
    recall(call);
    Status::Send
}

/// `\gexec`
pub(super) fn execute(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    if !allowed(psql, call) {
        return Status::Error;
    }
    psql.request.execute = true;
    recall(call);
    Status::Send
}

/// `\gset [PREFIX]`
pub(super) fn set(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let prefix = call.next(psql);
    if !allowed(psql, call) {
        return Status::Error;
    }
    psql.request.set_prefix = Some(prefix.unwrap_or_default());
    recall(call);
    Status::Send
}

/// `\crosstabview [VERTICAL [HORIZONTAL [DATA [SORT]]]]`
pub(super) fn crosstab(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let mut columns = Vec::new();
    while columns.len() < 4
        && let Some(column) = call.next_stripped(psql)
    {
        columns.push(column);
    }
    if !allowed(psql, call) {
        return Status::Error;
    }
    psql.request.crosstab = Some(columns);
    recall(call);
    Status::Send
}

/// `\bind [VALUE]…`
pub(super) fn bind(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let values = call.rest(psql);
    psql.request.send = Send::Bind(values);
    Status::Done
}

/// `\bind_named NAME [VALUE]…`
pub(super) fn bind_named(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    psql.request.send = Send::Simple;
    let Some(name) = call.next(psql) else { return call.missing(psql) };
    let values = call.rest(psql);
    psql.request.send = Send::BindNamed(name, values);
    Status::Done
}

/// `\parse NAME`
pub(super) fn parse(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    psql.request.send = Send::Simple;
    let Some(name) = call.next(psql) else { return call.missing(psql) };
    psql.request.send = Send::Parse(name);
    Status::Send
}

/// `\close_prepared NAME`
pub(super) fn close_prepared(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    psql.request.send = Send::Simple;
    let Some(name) = call.next(psql) else { return call.missing(psql) };
    psql.request.send = Send::Close(name);
    Status::Send
}

fn send(psql: &mut Psql, what: Send) -> Status {
    psql.request.send = what;
    Status::Send
}

/// `\startpipeline`
pub(super) fn start_pipeline(psql: &mut Psql, _: &mut Call<'_>) -> Status {
    send(psql, Send::StartPipeline)
}

/// `\endpipeline`
pub(super) fn end_pipeline(psql: &mut Psql, _: &mut Call<'_>) -> Status {
    send(psql, Send::EndPipeline)
}

/// `\syncpipeline`
pub(super) fn sync_pipeline(psql: &mut Psql, _: &mut Call<'_>) -> Status {
    send(psql, Send::Sync)
}

/// `\flush`
pub(super) fn flush(psql: &mut Psql, _: &mut Call<'_>) -> Status {
    send(psql, Send::Flush)
}

/// `\flushrequest`
pub(super) fn flush_request(psql: &mut Psql, _: &mut Call<'_>) -> Status {
    send(psql, Send::FlushRequest)
}

/// `\getresults [COUNT]`
pub(super) fn get_results(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let count = match call.next(psql) {
        None => 0,
        Some(text) => match usize::try_from(pset::leading_integer(&text)) {
            Ok(count) => count,
            Err(_) => return call.fail(psql, "invalid number of requested results"),
        },
    };
    send(psql, Send::GetResults(count))
}

/// `\sendpipeline`
pub(super) fn send_pipeline(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let problem = if !psql.in_pipeline() {
        "not allowed outside of pipeline mode"
    } else if !matches!(psql.request.send, Send::Bind(_) | Send::BindNamed(..)) {
        "must be used after \\bind or \\bind_named"
    } else {
        return Status::Send;
    };
    psql.error(format!("\\{} {problem}", call.name));
    psql.request.send = Send::Simple;
    Status::Error
}

/// `\watch [[i=]SECONDS] [c=COUNT] [m=ROWS]`
pub(super) fn watch(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    if !allowed(psql, call) {
        return Status::Error;
    }
    let (mut interval, mut count, mut least) = (None, None, None);
    while let Some(argument) = call.next_stripped(psql) {
        let text = shown(&argument).into_owned();
        let problem = match text.split_once('=') {
            Some(("i" | "interval", value)) => take(&mut interval, seconds(value), "interval value is", value),
            Some(("c" | "count", value)) => take(&mut count, positive(value), "iteration count is", value),
            Some(("m" | "min_rows", value)) => take(&mut least, positive(value), "minimum row count", value),
            Some(_) => Err(format!("unrecognized parameter \"{text}\"")),
            None => take(&mut interval, seconds(&text), "interval value is", &text),
        };
        if let Err(problem) = problem {
            call.script.query.clear();
            call.script.lexer.reset();
            return call.fail(psql, problem);
        }
    }
    let default = psql.variables.settings.watch_interval;
    let watch = Watch {
        interval: Duration::from_secs_f64(interval.unwrap_or(default)),
        count: count.unwrap_or(0),
        least_rows: least.unwrap_or(0),
    };
    recall(call);
    let success = psql.watch(&call.script.query, &watch);
    psql.forget_request();
    call.script.query.clear();
    call.script.lexer.reset();
    success.into()
}

/// Keeps a value of `\watch`, or says what is wrong with it.
fn take<T>(to: &mut Option<T>, value: Option<T>, what: &str, text: &str) -> Result<(), String> {
    if to.is_some() {
        return Err(format!("{what} specified more than once"));
    }
    let name = what.trim_end_matches(" is");
    *to = Some(value.ok_or_else(|| format!("incorrect {name} \"{text}\""))?);
    Ok(())
}

fn seconds(text: &str) -> Option<f64> {
    text.trim_start().parse().ok().filter(|&seconds: &f64| (0.0..1e9).contains(&seconds))
}

fn positive(text: &str) -> Option<u64> {
    text.trim_start().parse().ok().filter(|&count: &u64| count > 0 && count <= i32::MAX as u64)
}
