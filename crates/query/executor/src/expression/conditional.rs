//! Expressions that evaluate their parts only for the rows that need them.

use batch::{Batch, Column, DatumRef, Rows};
use error::Result;

use super::{Compiled, Scratch, scatter};
use crate::run::Run;

impl Scratch {
    fn open(&mut self, rows: Rows<'_>) {
        self.open.clear();
        match rows {
            Rows::All(n) => self.open.extend(0..n as u16),
            Rows::Some(rows) => self.open.extend_from_slice(rows),
        }
    }
}

/// AND (`deciding` false) and OR (`deciding` true): a part that has the deciding value decides a row; a null leaves it
/// open, and null in the end unless a later part decides.
pub(super) fn and_or(
    args: &mut [Compiled],
    scratch: &mut Scratch,
    deciding: bool,
    input: &Batch,
    rows: Rows<'_>,
    run: &mut Run<'_>,
    out: &mut Column,
) -> Result<()> {
    out.reset(input.len());
    rows.for_each(|row| out.b1_mut()[row] = !deciding as u8);
    scratch.open(rows);
    let mut unknown = Vec::new();
    for arg in args {
        if scratch.open.is_empty() {
            break;
        }
        arg.evaluate(input, Rows::Some(&scratch.open), run)?;
        let value = arg.result(input);
        scratch.open.retain(|&row| match value.get(row as usize) {
            DatumRef::Null => {
                unknown.push(row);
                true
            }
            value => {
                let decides = value.as_bool() == Some(deciding);
                if decides {
                    out.b1_mut()[row as usize] = deciding as u8;
                }
                !decides
            }
        });
    }
    for row in unknown {
        if out.b1()[row as usize] != deciding as u8 {
            out.set_null(row as usize);
        }
    }
    Ok(())
}

/// CASE: each result is computed for the rows whose condition is the first to be true.
pub(super) fn case(
    whens: &mut [(Compiled, Compiled)],
    otherwise: &mut Compiled,
    scratch: &mut Scratch,
    input: &Batch,
    rows: Rows<'_>,
    run: &mut Run<'_>,
    out: &mut Column,
) -> Result<()> {
    out.reset(input.len());
    scratch.open(rows);
    for (condition, result) in whens {
        if scratch.open.is_empty() {
            return Ok(());
        }
        condition.evaluate(input, Rows::Some(&scratch.open), run)?;
        let holds = condition.result(input);
        scratch.chosen.clear();
        scratch.open.retain(|&row| {
            let chosen = holds.get(row as usize).as_bool() == Some(true);
            if chosen {
                scratch.chosen.push(row);
            }
            !chosen
        });
        if !scratch.chosen.is_empty() {
            result.evaluate(input, Rows::Some(&scratch.chosen), run)?;
            scatter(result.result(input), Rows::Some(&scratch.chosen), out);
        }
    }
    if !scratch.open.is_empty() {
        otherwise.evaluate(input, Rows::Some(&scratch.open), run)?;
        scatter(otherwise.result(input), Rows::Some(&scratch.open), out);
    }
    Ok(())
}

/// COALESCE: each part is computed for the rows where all before it were null.
pub(super) fn coalesce(
    args: &mut [Compiled],
    scratch: &mut Scratch,
    input: &Batch,
    rows: Rows<'_>,
    run: &mut Run<'_>,
    out: &mut Column,
) -> Result<()> {
    out.reset(input.len());
    scratch.open(rows);
    for arg in args {
        if scratch.open.is_empty() {
            return Ok(());
        }
        arg.evaluate(input, Rows::Some(&scratch.open), run)?;
        let value = arg.result(input);
        scratch.chosen.clear();
        scratch.open.retain(|&row| {
            let null = value.is_null(row as usize);
            if !null {
                scratch.chosen.push(row);
            }
            null
        });
        scatter(value, Rows::Some(&scratch.chosen), out);
    }
    scratch.open.iter().for_each(|&row| out.set_null(row as usize));
    Ok(())
}
