//! Text of functions and views: `\sf`, `\sv`, and what `\ef` and `\ev` put into the editor.

use super::{Call, Failed, Host, Outcome};
use crate::pattern::literal;

/// What `\ef` and `\ev` edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Editable {
    /// A function or procedure.
    Function,
    /// A view.
    View,
}

/// Text to be edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The statement that makes the object anew, or a frame for a new one.
    pub text: String,
    /// The line of the text to begin at, counted from 1.
    pub line: Option<usize>,
}

/// `\sf`
pub(super) fn show_function(call: &mut Call<'_>) -> Outcome {
    show(call, Editable::Function)
}

/// `\sv`
pub(super) fn show_view(call: &mut Call<'_>) -> Outcome {
    show(call, Editable::View)
}

fn show(call: &mut Call<'_>, kind: Editable) -> Outcome {
    let name = trimmed(call.pattern(0).unwrap_or_default()).to_owned();
    if name.is_empty() {
        return call.fail(match kind {
            Editable::Function => "function name is required",
            Editable::View => "view name is required",
        });
    }
    let text = definition(call.host, kind, &name)?;
    let text = if call.verbose() { numbered(&text, kind) } else { text };
    call.host.write(text.as_bytes());
    Ok(())
}

/// What `\ef` or `\ev` is to edit: `argument` is the rest of its line, an object's name and perhaps the number of a line of its
/// body; without a name a frame for a new object.
///
/// # Errors
/// There is no such object, or the line's number is none; the user has been told.
pub fn editable(host: &mut dyn Host, kind: Editable, argument: &str) -> Result<Text, Failed> {
    let (name, line) = split_line_number(trimmed(argument));
    let line = match line.map(str::parse::<usize>) {
        None => None,
        Some(Ok(line @ 1..=0x7fff_ffff)) => Some(line),
        Some(_) => {
            host.error(&format!("invalid line number: {}", line.unwrap_or_default()));
            return Err(Failed);
        }
    };
    if name.is_empty() {
        return Ok(Text { text: frame(kind).to_owned(), line: None });
    }
    let text = definition(host, kind, name)?;
    // A function's lines are counted from its body on.
    let before = match kind {
        Editable::Function => text.lines().take_while(|line| !begins_body(line)).count(),
        Editable::View => 0,
    };
    Ok(Text { line: line.map(|line| line + before), text })
}

fn trimmed(argument: &str) -> &str {
    argument.trim_matches(|character: char| character.is_ascii_whitespace() || character == ';')
}

/// Cuts a number off the end, if white space or a parenthesis stands before it.
fn split_line_number(argument: &str) -> (&str, Option<&str>) {
    let digits = argument.len() - argument.trim_end_matches(|character: char| character.is_ascii_digit()).len();
    let (name, number) = argument.split_at(argument.len() - digits);
    let separated = name.ends_with(|character: char| character.is_ascii_whitespace() || character == ')');
    if digits == 0 || !separated { (argument, None) } else { (name, Some(number)) }
}

fn frame(kind: Editable) -> &'static str {
    match kind {
        Editable::Function => {
            "CREATE FUNCTION ( )\n RETURNS \n LANGUAGE \n -- common options:  IMMUTABLE  STABLE  STRICT  SECURITY DEFINER\n\
             AS $function$\n\n$function$\n"
        }
        Editable::View => "CREATE VIEW  AS\n SELECT \n  -- something...\n",
    }
}

/// The statement that makes an object anew, ended by a line break.
fn definition(host: &mut dyn Host, kind: Editable, name: &str) -> Result<String, Failed> {
    // Two steps, so that an error about the name is the one that a cast of it gives.
    let kind_of_name = match kind {
        Editable::Function if name.contains('(') => "regprocedure",
        Editable::Function => "regproc",
        Editable::View => "regclass",
    };
    let oid = query(host, &format!("SELECT {}::pg_catalog.{kind_of_name}::pg_catalog.oid", literal(name)))?;
    let oid = oid.text(0, 0);
    let mut text = match kind {
        Editable::Function => query(host, &format!("SELECT pg_catalog.pg_get_functiondef({oid})"))?.text(0, 0),
        Editable::View => view(host, &oid)?,
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

fn view(host: &mut dyn Host, oid: &str) -> Result<String, Failed> {
    let found = query(
        host,
        &format!(
            "SELECT n.nspname, c.relname, c.relkind, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), \
             CASE WHEN c.relkind = 'v' THEN pg_catalog.pg_get_viewdef(c.oid, true) END, \
             pg_catalog.array_to_string(ARRAY(SELECT o.option_name || '=' || pg_catalog.quote_literal(o.option_value) \
             FROM pg_catalog.pg_options_to_table(c.reloptions) o WHERE o.option_name <> 'check_option'), ', '), \
             (SELECT pg_catalog.upper(o.option_value) FROM pg_catalog.pg_options_to_table(c.reloptions) o \
             WHERE o.option_name = 'check_option')\n\
             FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = {oid}"
        ),
    )?;
    if found.text(0, 2) != "v" {
        host.error(&format!("\"{}.{}\" is not a view", found.text(0, 0), found.text(0, 1)));
        return Err(Failed);
    }
    let mut text = format!("CREATE OR REPLACE VIEW {}", found.text(0, 3));
    let options = found.text(0, 5);
    if !options.is_empty() {
        text += &format!("\n WITH ({options})");
    }
    let definition = found.text(0, 4);
    text += &format!(" AS\n{}", definition.strip_suffix(';').unwrap_or(&definition));
    let check = found.text(0, 6);
    if !check.is_empty() {
        text += &format!("\n WITH {check} CHECK OPTION");
    }
    Ok(text)
}

fn query(host: &mut dyn Host, sql: &str) -> Result<super::Answer, Failed> {
    let answer = super::Answer(host.query_tersely(sql).ok_or(Failed)?);
    if answer.rows() == 0 {
        host.error("ERROR:  (not available)");
        return Err(Failed);
    }
    Ok(answer)
}

/// Whether a function's body begins with this line, the first whose number is told.
fn begins_body(line: &str) -> bool {
    ["AS ", "BEGIN ", "RETURN "].iter().any(|word| line.starts_with(word))
}

/// The text with numbers before its lines: a function's from its body on.
fn numbered(text: &str, kind: Editable) -> String {
    let mut number = 0;
    let mut all = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        if number > 0 || kind == Editable::View || begins_body(line) {
            number += 1;
            all += &format!("{number:<7} {line}\n");
        } else {
            all += &format!("        {line}\n");
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_number_is_cut_off() {
        assert_eq!(split_line_number("f 12"), ("f ", Some("12")));
        assert_eq!(split_line_number("f(int)3"), ("f(int)", Some("3")));
        assert_eq!(split_line_number("f3"), ("f3", None));
        assert_eq!(split_line_number("7"), ("7", None));
        assert_eq!(split_line_number("f"), ("f", None));
    }

    #[test]
    fn lines_are_numbered_from_the_body_on() {
        assert_eq!(
            numbered("CREATE F\n LANGUAGE sql\nAS $$\nx\n$$\n", Editable::Function),
            "        CREATE F\n         LANGUAGE sql\n1       AS $$\n2       x\n3       $$\n"
        );
        assert_eq!(numbered("CREATE V\n SELECT\n", Editable::View), "1       CREATE V\n2        SELECT\n");
    }
}
