//! JSON values as text.

use super::{Kind, MAX_DEPTH, View, too_deep};
use crate::numeric::{self, Numeric};
use error::Result;

/// Adds a string in quotes, escaped.
pub fn write_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&b| b < 0x20 || b == b'"' || b == b'\\') {
        out.extend_from_slice(&rest[..at]);
        match rest[at] {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            8 => out.extend_from_slice(b"\\b"),
            12 => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => out.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Adds a jsonb value's text.
pub fn write_view(view: View<'_>, out: &mut Vec<u8>) -> Result<()> {
    write(view, None, 0, out)
}

/// Adds a jsonb value's text with a line for each part.
pub fn write_pretty(view: View<'_>, out: &mut Vec<u8>) -> Result<()> {
    write(view, Some(4), 0, out)
}

/// With `indent`, each part stands on a line of its own, that far to the right of its container.
fn write(view: View<'_>, indent: Option<usize>, depth: usize, out: &mut Vec<u8>) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    let line = |depth: usize, out: &mut Vec<u8>| {
        if let Some(indent) = indent {
            out.push(b'\n');
            out.resize(out.len() + depth * indent, b' ');
        }
    };
    let separate = |at: usize, out: &mut Vec<u8>| {
        if at > 0 {
            out.extend_from_slice(if indent.is_some() { b"," } else { b", " });
        }
        line(depth + 1, out);
    };
    match view.kind() {
        Kind::Null => out.extend_from_slice(b"null"),
        Kind::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        Kind::String(text) => write_string(text, out),
        Kind::Number(bytes) => numeric::write_plain(&Numeric::from_bytes(bytes), out),
        Kind::Array(array) => {
            out.push(b'[');
            for (at, element) in array.iter().enumerate() {
                separate(at, out);
                write(element, indent, depth + 1, out)?;
            }
            line(depth, out);
            out.push(b']');
        }
        Kind::Object(object) => {
            out.push(b'{');
            for (at, (key, value)) in object.iter().enumerate() {
                separate(at, out);
                write_string(key, out);
                out.extend_from_slice(b": ");
                write(value, indent, depth + 1, out)?;
            }
            line(depth, out);
            out.push(b'}');
        }
    }
    Ok(())
}
