//! tsvector: its lexemes. Positions and weights are not in the index, so phrases and weights are only perhaps met.

use error::Result;

use super::{Program, Search, Sought, Step, VALUE};
use crate::sortkey::encode_bytes;
use crate::textsearch::{Item, Operand, Operator, Query, Vector};

fn part(lexeme: &[u8]) -> Vec<u8> {
    let mut part = vec![VALUE];
    encode_bytes(lexeme, &mut part);
    part
}

pub(super) fn parts(bytes: &[u8]) -> Vec<Vec<u8>> {
    Vector::new(bytes).iter().map(|(lexeme, _)| part(lexeme)).collect()
}

fn sought(operand: &Operand<'_>) -> Sought {
    let mut part = part(operand.lexeme);
    if operand.prefix {
        // Without the two zeros that end it.
        part.truncate(part.len() - 2);
    }
    Sought { part, prefix: operand.prefix }
}

pub(super) fn search(bytes: &[u8]) -> Result<Option<Search>> {
    let query = Query::new(bytes)?;
    if query.items.is_empty() {
        return Ok(None);
    }
    let mut in_phrase = vec![false; query.items.len()];
    // From the outermost: what stands in a phrase that stands in one is marked already.
    for at in (0..query.items.len()).rev() {
        if let Item::Operation { operator: Operator::Phrase(_), start, .. } = query.items[at]
            && !in_phrase[at]
        {
            in_phrase[start as usize..at].fill(true);
        }
    }
    let (mut parts, mut program) = (Vec::<Sought>::new(), Program::default());
    for (item, in_phrase) in query.items.iter().zip(in_phrase) {
        match item {
            Item::Value(operand) => {
                let sought = sought(operand);
                let at = parts.iter().position(|own| *own == sought).unwrap_or_else(|| {
                    parts.push(sought);
                    parts.len() - 1
                });
                program.push(Step::Part(at as u32));
                if in_phrase || operand.weights != 0 {
                    program.push(Step::Doubt);
                }
            }
            Item::Operation { operator: Operator::Not, .. } => program.push(Step::Not),
            Item::Operation { operator: Operator::And, .. } => program.push(Step::And),
            Item::Operation { operator: Operator::Or, .. } => program.push(Step::Or),
            Item::Operation { operator: Operator::Phrase(_), .. } => {
                program.push(Step::And);
                program.push(Step::Doubt);
            }
        }
    }
    Ok(Some(Search { parts, program }))
}
