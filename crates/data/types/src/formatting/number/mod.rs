//! Numbers as text by a template, and back.
//!
//! A template is read once into a [`Template`]: its pieces, and what they say together (how many digits, which sign, from
//! where on zeros fill up). [`write`](self::write) lays a number's digits over it; [`read`](self::read) walks a text along it.

mod read;
mod template;
mod write;

use super::Known;
use crate::call::Call;
use crate::numeric::Numeric;
use batch::DatumRef;
use error::Result;
use template::{Template, parse};

crate::builtins! {
    /// Numbers as text by a template, and back.
    pub static NUMBER_FORMATTING =
    1772 numeric_to_char raw() numeric_to_char;
    1773 int4_to_char raw() int4_to_char;
    1774 int8_to_char raw() int8_to_char;
    1775 float4_to_char raw() float4_to_char;
    1776 float8_to_char raw() float8_to_char;
    1777 numeric_to_number raw() numeric_to_number;
}

/// Writes each row's value by its template; an empty template gives an empty text.
fn each(call: &mut Call<'_>, write: impl Fn(DatumRef<'_>, &Template, &mut String) -> Result<()>) -> Result<()> {
    let mut known = Known::default();
    let mut out = String::new();
    for row in call.rows.iter() {
        let (value, template) = (call.args[0].get(row), call.args[1].get(row));
        let Some(template) = template.as_bytes().filter(|_| !value.is_null()) else {
            call.out.set_null(row);
            continue;
        };
        out.clear();
        write(value, known.get(template, parse)?, &mut out)?;
        call.out.put(row, DatumRef::Bytes(out.as_bytes()));
    }
    Ok(())
}

fn numeric_to_char(call: &mut Call<'_>) -> Result<()> {
    each(call, |value, template, out| {
        write::numeric(&Numeric::from_bytes(value.as_bytes().unwrap_or_default()), template, out)
    })
}

fn int4_to_char(call: &mut Call<'_>) -> Result<()> {
    each(call, |value, template, out| {
        let value = value.as_i32().unwrap_or_default();
        match template.exponent {
            // In this form the reference rounds halves of integers to even.
            true => write::float(value as f64, 15, template, out),
            false => write::numeric(&Numeric::Small(value as i128, 0), template, out),
        }
    })
}

fn int8_to_char(call: &mut Call<'_>) -> Result<()> {
    each(call, |value, template, out| {
        write::numeric(&Numeric::Small(value.as_i64().unwrap_or_default() as i128, 0), template, out)
    })
}

fn float4_to_char(call: &mut Call<'_>) -> Result<()> {
    each(call, |value, template, out| write::float(value.as_f32().unwrap_or_default() as f64, 6, template, out))
}

fn float8_to_char(call: &mut Call<'_>) -> Result<()> {
    each(call, |value, template, out| write::float(value.as_f64().unwrap_or_default(), 15, template, out))
}

fn numeric_to_number(call: &mut Call<'_>) -> Result<()> {
    let mut known = Known::default();
    for row in call.rows.iter() {
        let (text, template) = (call.args[0].get(row), call.args[1].get(row));
        let (Some(text), Some(template)) = (text.as_bytes(), template.as_bytes().filter(|t| !t.is_empty())) else {
            call.out.set_null(row);
            continue;
        };
        let number = read::number(&String::from_utf8_lossy(text), known.get(template, parse)?)?;
        call.out.put(row, DatumRef::Bytes(&number.to_bytes()));
    }
    Ok(())
}
