//! `\pset` and its short forms: setting print options, and what they say.
//!
//! One table, [`OPTIONS`], has every option with how it is set and shown; `\pset` without arguments lists it, and
//! completion can offer its names. Values are bytes as the lexer leaves them. What psql says comes back as text with its
//! line ends, for the caller to print unless it is quiet; what it complains of as an error's text.

use std::io::Write;

use crate::print::{
    Expanded, ExpandedHeaderWidth, Format, LineStyle, NumericLocale, PagerUse, PrintOptions, UnicodeWeight,
};

/// What psql says, complete lines; or the text of an error, without a line end.
pub(crate) type Outcome = Result<Vec<u8>, Vec<u8>>;

/// One option.
pub(crate) struct PrintOption {
    /// Its name.
    pub(crate) name: &'static str,
    /// Other names for it.
    pub(crate) aliases: &'static [&'static str],
    /// Sets it. Without a value some options are toggled or unset, and others stay as they are.
    set: fn(&mut PrintOptions, Option<&[u8]>, &str) -> Result<Say, Vec<u8>>,
    /// What it says about its value, a whole line without the end.
    describe: fn(&PrintOptions) -> Vec<u8>,
    /// Its value as the listing shows it.
    show: fn(&PrintOptions) -> Vec<u8>,
}

/// Whether setting an option says how it is now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Say {
    Value,
    /// Booleans that were given a value say nothing.
    Nothing,
}

/// Every option, in the order of the listing.
pub(crate) const OPTIONS: &[PrintOption] = &[
    PrintOption {
        name: "border",
        aliases: &[],
        set: |options, value, _| {
            if let Some(value) = value {
                options.border = leading_integer(value) as u16;
            }
            Ok(Say::Value)
        },
        describe: |options| line(format!("Border style is {}.", options.border)),
        show: |options| line(options.border.to_string()),
    },
    PrintOption {
        name: "columns",
        aliases: &[],
        set: |options, value, _| {
            if let Some(value) = value {
                options.columns = leading_integer(value);
            }
            Ok(Say::Value)
        },
        describe: |options| match options.columns {
            0 => line("Target width is unset."),
            columns => line(format!("Target width is {columns}.")),
        },
        show: |options| line(options.columns.to_string()),
    },
    PrintOption {
        name: "csv_fieldsep",
        aliases: &[],
        set: set_csv_separator,
        describe: |options| surround("Field separator for CSV is \"", &[options.csv_field_separator], "\"."),
        show: |options| quoted(&[options.csv_field_separator]),
    },
    PrintOption {
        name: "expanded",
        aliases: &["x", "vertical"],
        set: set_expanded,
        describe: |options| {
            line(match options.expanded {
                Expanded::On => "Expanded display is on.",
                Expanded::Auto => "Expanded display is used automatically.",
                Expanded::Off => "Expanded display is off.",
            })
        },
        show: |options| {
            line(match options.expanded {
                Expanded::On => "on",
                Expanded::Auto => "auto",
                Expanded::Off => "off",
            })
        },
    },
    PrintOption {
        name: "fieldsep",
        aliases: &[],
        set: |options, value, _| {
            if let Some(value) = value {
                options.field_separator.text = value.to_vec();
                options.field_separator.zero = false;
            }
            Ok(Say::Value)
        },
        describe: describe_field_separator,
        show: |options| quoted(if options.field_separator.zero { b"" } else { &options.field_separator.text }),
    },
    PrintOption {
        name: "fieldsep_zero",
        aliases: &[],
        set: |options, _, _| {
            options.field_separator.zero = true;
            Ok(Say::Value)
        },
        describe: describe_field_separator,
        show: |options| on_or_off(options.field_separator.zero),
    },
    PrintOption {
        name: "footer",
        aliases: &[],
        set: |options, value, name| set_flag(&mut options.default_footer, value, name),
        describe: |options| flag("Default footer", options.default_footer),
        show: |options| on_or_off(options.default_footer),
    },
    PrintOption {
        name: "format",
        aliases: &[],
        set: set_format,
        describe: |options| line(format!("Output format is {}.", options.format.name())),
        show: |options| line(options.format.name()),
    },
    PrintOption {
        name: "linestyle",
        aliases: &[],
        set: set_line_style,
        describe: |options| line(format!("Line style is {}.", line_style_name(options.line_style))),
        show: |options| line(line_style_name(options.line_style)),
    },
    PrintOption {
        name: "null",
        aliases: &[],
        set: |options, value, _| {
            if let Some(value) = value {
                options.null = Some(value.to_vec());
            }
            Ok(Say::Value)
        },
        describe: |options| surround("Null display is \"", options.null_text(), "\"."),
        show: |options| quoted(options.null_text()),
    },
    PrintOption {
        name: "numericlocale",
        aliases: &[],
        set: |options, value, name| {
            // The locale is asked for only here: few sessions need it.
            options.locale = NumericLocale::of_environment();
            set_flag(&mut options.numeric_locale, value, name)
        },
        describe: |options| flag("Locale-adjusted numeric output", options.numeric_locale),
        show: |options| on_or_off(options.numeric_locale),
    },
    PrintOption {
        name: "pager",
        aliases: &[],
        set: set_pager,
        describe: |options| {
            line(match options.pager {
                PagerUse::LongOutput => "Pager is used for long output.",
                PagerUse::Always => "Pager is always used.",
                PagerUse::Off => "Pager usage is off.",
            })
        },
        show: |options| {
            line(match options.pager {
                PagerUse::Off => "0",
                PagerUse::LongOutput => "1",
                PagerUse::Always => "2",
            })
        },
    },
    PrintOption {
        name: "pager_min_lines",
        aliases: &[],
        set: |options, value, name| {
            if let Some(value) = value {
                options.pager_min_lines = whole_integer(value).ok_or_else(|| {
                    surround("invalid value \"", value, &format!("\" for \"{name}\": integer expected"))
                })?;
            }
            Ok(Say::Value)
        },
        describe: |options| {
            let lines = options.pager_min_lines;
            let unit = if lines == 1 { "line" } else { "lines" };
            line(format!("Pager won't be used for less than {lines} {unit}."))
        },
        show: |options| line(options.pager_min_lines.to_string()),
    },
    PrintOption {
        name: "recordsep",
        aliases: &[],
        set: |options, value, _| {
            if let Some(value) = value {
                options.record_separator.text = value.to_vec();
                options.record_separator.zero = false;
            }
            Ok(Say::Value)
        },
        describe: describe_record_separator,
        show: |options| quoted(if options.record_separator.zero { b"" } else { &options.record_separator.text }),
    },
    PrintOption {
        name: "recordsep_zero",
        aliases: &[],
        set: |options, _, _| {
            options.record_separator.zero = true;
            Ok(Say::Value)
        },
        describe: describe_record_separator,
        show: |options| on_or_off(options.record_separator.zero),
    },
    PrintOption {
        name: "tableattr",
        aliases: &["T"],
        set: |options, value, _| {
            options.table_attributes = value.map(<[u8]>::to_vec);
            Ok(Say::Value)
        },
        describe: |options| match &options.table_attributes {
            Some(attributes) => surround("Table attributes are \"", attributes, "\"."),
            None => line("Table attributes unset."),
        },
        show: |options| options.table_attributes.as_deref().map(quoted).unwrap_or_default(),
    },
    PrintOption {
        name: "title",
        aliases: &["C"],
        set: |options, value, _| {
            options.title = value.map(<[u8]>::to_vec);
            Ok(Say::Value)
        },
        describe: |options| match &options.title {
            Some(title) => surround("Title is \"", title, "\"."),
            None => line("Title is unset."),
        },
        show: |options| options.title.as_deref().map(quoted).unwrap_or_default(),
    },
    PrintOption {
        name: "tuples_only",
        aliases: &["t"],
        set: |options, value, name| set_flag(&mut options.tuples_only, value, name),
        describe: |options| flag("Tuples only", options.tuples_only),
        show: |options| on_or_off(options.tuples_only),
    },
    PrintOption {
        name: "unicode_border_linestyle",
        aliases: &[],
        set: |options, value, _| set_weight(&mut options.unicode_border, value, "border"),
        describe: |options| describe_weight("border", options.unicode_border),
        show: |options| line(weight_name(options.unicode_border)),
    },
    PrintOption {
        name: "unicode_column_linestyle",
        aliases: &[],
        set: |options, value, _| set_weight(&mut options.unicode_column, value, "column"),
        describe: |options| describe_weight("column", options.unicode_column),
        show: |options| line(weight_name(options.unicode_column)),
    },
    PrintOption {
        name: "unicode_header_linestyle",
        aliases: &[],
        set: |options, value, _| set_weight(&mut options.unicode_header, value, "header"),
        describe: |options| describe_weight("header", options.unicode_header),
        show: |options| line(weight_name(options.unicode_header)),
    },
    PrintOption {
        name: "xheader_width",
        aliases: &[],
        set: set_expanded_header_width,
        describe: |options| {
            line(match options.expanded_header_width {
                ExpandedHeaderWidth::Exactly(width) => format!("Expanded header width is {width}."),
                other => format!("Expanded header width is \"{}\".", header_width_name(other)),
            })
        },
        show: |options| line(header_width_name(options.expanded_header_width)),
    },
];

/// Sets an option, or changes it as it does without a value: `\pset NAME [VALUE]`.
pub(crate) fn set(options: &mut PrintOptions, name: &[u8], value: Option<&[u8]>) -> Outcome {
    let Some(option) = find(name) else { return Err(surround("\\pset: unknown option: ", name, "")) };
    // The name as it was given is in messages.
    let given = if option.name.as_bytes() == name {
        option.name
    } else {
        option.aliases.iter().find(|alias| alias.as_bytes() == name).copied().unwrap_or(option.name)
    };
    Ok(match (option.set)(options, value, given)? {
        Say::Value => ended((option.describe)(options)),
        Say::Nothing => Vec::new(),
    })
}

/// All options with their values: `\pset` alone.
pub(crate) fn listing(options: &PrintOptions) -> Vec<u8> {
    let mut text = Vec::new();
    for option in OPTIONS {
        let _ = write!(text, "{:<24} ", option.name);
        text.extend_from_slice(&(option.show)(options));
        text.push(b'\n');
    }
    text
}

/// `\a`: from aligned to unaligned, and from all else to aligned.
pub(crate) fn toggle_aligned(options: &mut PrintOptions) -> Vec<u8> {
    toggle_format(options, Format::Aligned, Format::Unaligned)
}

/// `\H`: from HTML to aligned, and from all else to HTML.
pub(crate) fn toggle_html(options: &mut PrintOptions) -> Vec<u8> {
    toggle_format(options, Format::Html, Format::Aligned)
}

fn toggle_format(options: &mut PrintOptions, wanted: Format, otherwise: Format) -> Vec<u8> {
    options.format = if options.format == wanted { otherwise } else { wanted };
    line(format!("Output format is {}.\n", options.format.name()))
}

fn find(name: &[u8]) -> Option<&'static PrintOption> {
    OPTIONS
        .iter()
        .find(|option| option.name.as_bytes() == name || option.aliases.iter().any(|alias| alias.as_bytes() == name))
}

fn line(text: impl Into<String>) -> Vec<u8> {
    text.into().into_bytes()
}

fn ended(mut text: Vec<u8>) -> Vec<u8> {
    text.push(b'\n');
    text
}

fn surround(before: &str, text: &[u8], behind: &str) -> Vec<u8> {
    [before.as_bytes(), text, behind.as_bytes()].concat()
}

/// Text in quotes as the listing shows it.
fn quoted(text: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for byte in text {
        match byte {
            b'\'' => quoted.extend_from_slice(b"\\'"),
            b'\n' => quoted.extend_from_slice(b"\\n"),
            byte => quoted.push(*byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

fn on_or_off(on: bool) -> Vec<u8> {
    line(if on { "on" } else { "off" })
}

fn flag(what: &str, on: bool) -> Vec<u8> {
    line(format!("{what} is {}.", if on { "on" } else { "off" }))
}

/// A Boolean as psql's variables take it: unique beginnings of `true`, `false`, `yes`, `no`, `on` and `off`, or 1 and 0.
pub(crate) fn parse_boolean(value: &[u8]) -> Option<bool> {
    let begins = |word: &str, least: usize| {
        value.len() >= least && value.len() <= word.len() && value.eq_ignore_ascii_case(&word.as_bytes()[..value.len()])
    };
    if begins("true", 1) || begins("yes", 1) || begins("on", 2) || value == b"1" {
        Some(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || value == b"0" {
        Some(false)
    } else {
        None
    }
}

/// The integer that text begins with, as C's `atoi` finds it: zero if there is none, and cut to 32 bits.
pub(crate) fn leading_integer(text: &[u8]) -> i32 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let mut number: i64 = 0;
    for digit in digits.iter().take_while(|byte| byte.is_ascii_digit()) {
        let digit = i64::from(digit - b'0');
        let next = number
            .checked_mul(10)
            .and_then(|number| if negative { number.checked_sub(digit) } else { number.checked_add(digit) });
        match next {
            Some(next) => number = next,
            None => {
                number = if negative { i64::MIN } else { i64::MAX };
                break;
            }
        }
    }
    number as i32
}

/// A whole integer, as psql's variables take it: decimal, hexadecimal with `0x` or octal with `0`.
pub(crate) fn whole_integer(text: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(text).ok()?.trim_ascii_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (base, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(rest) => (16, rest),
        None if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        None => (10, digits),
    };
    if !digits.starts_with(|character: char| character.is_ascii_alphanumeric()) {
        return None;
    }
    i32::try_from(sign * i64::from_str_radix(digits, base).ok()?).ok()
}

/// A Boolean option: toggled without a value, which is said; set with one, silently.
fn set_flag(flag: &mut bool, value: Option<&[u8]>, name: &str) -> Result<Say, Vec<u8>> {
    match value {
        None => {
            *flag = !*flag;
            Ok(Say::Value)
        }
        Some(value) => {
            *flag = parse_boolean(value).ok_or_else(|| {
                surround("unrecognized value \"", value, &format!("\" for \"{name}\": Boolean expected"))
            })?;
            Ok(Say::Nothing)
        }
    }
}

fn unrecognized(value: &[u8], name: &str, available: &str) -> Vec<u8> {
    surround("unrecognized value \"", value, &format!("\" for \"{name}\"\nAvailable values are: {available}."))
}

fn set_csv_separator(options: &mut PrintOptions, value: Option<&[u8]>, _: &str) -> Result<Say, Vec<u8>> {
    match value {
        None => {}
        Some([b'"' | b'\n' | b'\r']) => {
            return Err(line("\\pset: csv_fieldsep cannot be a double quote, a newline, or a carriage return"));
        }
        Some([byte @ 1..=255]) => options.csv_field_separator = *byte,
        Some(_) => return Err(line("\\pset: csv_fieldsep must be a single one-byte character")),
    }
    Ok(Say::Value)
}

fn set_expanded(options: &mut PrintOptions, value: Option<&[u8]>, _: &str) -> Result<Say, Vec<u8>> {
    options.expanded = match value {
        Some(value) if value.eq_ignore_ascii_case(b"auto") => Expanded::Auto,
        Some(value) => match parse_boolean(value) {
            Some(true) => Expanded::On,
            Some(false) => Expanded::Off,
            None => return Err(unrecognized(value, "expanded", "on, off, auto")),
        },
        None if options.expanded == Expanded::Off => Expanded::On,
        None => Expanded::Off,
    };
    Ok(Say::Value)
}

fn set_pager(options: &mut PrintOptions, value: Option<&[u8]>, _: &str) -> Result<Say, Vec<u8>> {
    options.pager = match value {
        Some(value) if value.eq_ignore_ascii_case(b"always") => PagerUse::Always,
        Some(value) => match parse_boolean(value) {
            Some(true) => PagerUse::LongOutput,
            Some(false) => PagerUse::Off,
            None => return Err(unrecognized(value, "pager", "on, off, always")),
        },
        None if options.pager == PagerUse::LongOutput => PagerUse::Off,
        None => PagerUse::LongOutput,
    };
    Ok(Say::Value)
}

/// Whether text begins a name, whatever its case.
fn begins(name: &str, text: &[u8]) -> bool {
    text.len() <= name.len() && name.as_bytes()[..text.len()].eq_ignore_ascii_case(text)
}

fn set_format(options: &mut PrintOptions, value: Option<&[u8]>, _: &str) -> Result<Say, Vec<u8>> {
    let Some(value) = value else { return Ok(Say::Value) };
    // The beginnings of `latex` mean that, not `latex-longtable`.
    let mut matches = Format::ALL
        .iter()
        .filter(|(format, name)| begins(name, value) && !(*format == Format::LatexLongtable && begins("latex", value)));
    match (matches.next(), matches.next()) {
        (Some((format, _)), None) => options.format = *format,
        (Some((_, first)), Some((_, second))) => {
            let behind = format!("\" matches both \"{first}\" and \"{second}\"");
            return Err(surround("\\pset: ambiguous abbreviation \"", value, &behind));
        }
        (None, _) => {
            let names: Vec<_> = Format::ALL.iter().map(|(_, name)| *name).collect();
            return Err(line(format!("\\pset: allowed formats are {}", names.join(", "))));
        }
    }
    Ok(Say::Value)
}

const LINE_STYLES: [(LineStyle, &str); 3] =
    [(LineStyle::Ascii, "ascii"), (LineStyle::OldAscii, "old-ascii"), (LineStyle::Unicode, "unicode")];

fn line_style_name(style: LineStyle) -> &'static str {
    LINE_STYLES.iter().find(|(other, _)| *other == style).map_or("", |(_, name)| name)
}

fn set_line_style(options: &mut PrintOptions, value: Option<&[u8]>, _: &str) -> Result<Say, Vec<u8>> {
    if let Some(value) = value {
        let found = LINE_STYLES.iter().find(|(_, name)| begins(name, value));
        options.line_style = found.ok_or_else(|| line("\\pset: allowed line styles are ascii, old-ascii, unicode"))?.0;
    }
    Ok(Say::Value)
}

fn weight_name(weight: UnicodeWeight) -> &'static str {
    match weight {
        UnicodeWeight::Single => "single",
        UnicodeWeight::Double => "double",
    }
}

fn set_weight(weight: &mut UnicodeWeight, value: Option<&[u8]>, what: &str) -> Result<Say, Vec<u8>> {
    if let Some(value) = value {
        let found = [UnicodeWeight::Single, UnicodeWeight::Double]
            .into_iter()
            .find(|weight| begins(weight_name(*weight), value));
        *weight =
            found.ok_or_else(|| line(format!("\\pset: allowed Unicode {what} line styles are single, double")))?;
    }
    Ok(Say::Value)
}

fn describe_weight(what: &str, weight: UnicodeWeight) -> Vec<u8> {
    line(format!("Unicode {what} line style is \"{}\".", weight_name(weight)))
}

fn header_width_name(width: ExpandedHeaderWidth) -> String {
    match width {
        ExpandedHeaderWidth::Full => "full".to_string(),
        ExpandedHeaderWidth::Column => "column".to_string(),
        ExpandedHeaderWidth::Page => "page".to_string(),
        ExpandedHeaderWidth::Exactly(width) => width.to_string(),
    }
}

fn set_expanded_header_width(options: &mut PrintOptions, value: Option<&[u8]>, _: &str) -> Result<Say, Vec<u8>> {
    let Some(value) = value else { return Ok(Say::Value) };
    let named = [ExpandedHeaderWidth::Full, ExpandedHeaderWidth::Column, ExpandedHeaderWidth::Page]
        .into_iter()
        .find(|width| header_width_name(*width).as_bytes().eq_ignore_ascii_case(value));
    options.expanded_header_width = match (named, leading_integer(value)) {
        (Some(named), _) => named,
        (None, 0) => {
            return Err(line(
                "\\pset: allowed xheader_width values are \"full\" (default), \"column\", \"page\", or a number specifying the exact width",
            ));
        }
        (None, width) => ExpandedHeaderWidth::Exactly(width),
    };
    Ok(Say::Value)
}

fn describe_field_separator(options: &PrintOptions) -> Vec<u8> {
    if options.field_separator.zero {
        line("Field separator is zero byte.")
    } else {
        surround("Field separator is \"", &options.field_separator.text, "\".")
    }
}

fn describe_record_separator(options: &PrintOptions) -> Vec<u8> {
    if options.record_separator.zero {
        line("Record separator is zero byte.")
    } else if options.record_separator.text == b"\n" {
        line("Record separator is <newline>.")
    } else {
        surround("Record separator is \"", &options.record_separator.text, "\".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(options: &mut PrintOptions, name: &str, value: Option<&str>) -> Result<String, String> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        set(options, name.as_bytes(), value.map(str::as_bytes)).map(text).map_err(text)
    }

    #[test]
    fn formats_by_their_beginnings() {
        let options = &mut PrintOptions::default();
        assert_eq!(said(options, "format", Some("L")).as_deref(), Ok("Output format is latex.\n"));
        assert_eq!(said(options, "format", Some("latex-")).as_deref(), Ok("Output format is latex-longtable.\n"));
        assert_eq!(
            said(options, "format", Some("a")),
            Err(r#"\pset: ambiguous abbreviation "a" matches both "aligned" and "asciidoc""#.to_string())
        );
        assert_eq!(options.format, Format::LatexLongtable);
    }

    #[test]
    fn booleans_are_silent_with_a_value() {
        let options = &mut PrintOptions::default();
        assert_eq!(said(options, "t", None).as_deref(), Ok("Tuples only is on.\n"));
        assert_eq!(said(options, "t", Some("of")).as_deref(), Ok(""));
        assert!(!options.tuples_only);
        assert_eq!(
            said(options, "t", Some("o")),
            Err(r#"unrecognized value "o" for "t": Boolean expected"#.to_string())
        );
    }

    #[test]
    fn numbers_as_c_reads_them() {
        assert_eq!(leading_integer(b" 12x"), 12);
        assert_eq!(leading_integer(b"99999999999"), 1215752191);
        assert_eq!(leading_integer(b"99999999999999999999") as u16, 65535);
        assert_eq!(leading_integer(b"-"), 0);
        assert_eq!(whole_integer(b"0x10"), Some(16));
        assert_eq!(whole_integer(b" 5 "), None);
        assert_eq!(whole_integer(b"0"), Some(0));
        assert_eq!(whole_integer(b"- 4"), None);
        assert_eq!(whole_integer(b"99999999999"), None);
    }

    #[test]
    fn the_listing_escapes_quotes_and_newlines() {
        let options = PrintOptions { title: Some(b"it's\n".to_vec()), ..PrintOptions::default() };
        let text = String::from_utf8(listing(&options)).expect("UTF-8");
        assert!(text.contains("\ntitle                    'it\\'s\\n'\n"), "{text}");
        assert_eq!(text.lines().count(), OPTIONS.len());
    }
}
