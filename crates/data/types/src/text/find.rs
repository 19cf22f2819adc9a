//! Looking for a text in another one, by a collation.

use collation::CollationRef;
use error::Result;

use super::compare::{determined, resolve_weak};
use super::like;
use crate::Environment;
use crate::call::Context;

/// What finds texts: for most collations by their bytes.
pub struct Finder<'a> {
    weak: Option<CollationRef>,
    env: Option<&'a dyn Environment>,
}

impl<'a> Finder<'a> {
    /// By a call's collation.
    ///
    /// # Errors
    /// 42P22 if there is none; those of opening it.
    pub fn new(context: Context<'a>) -> Result<Finder<'a>> {
        determined(context, "string comparison")?;
        Ok(Finder { weak: resolve_weak(context.collation, context.env)?, env: Some(context.env) })
    }

    /// By bytes.
    pub const BYTES: Finder<'static> = Finder { weak: None, env: None };

    /// The first part of `text` from byte `from` on that is equal to the needle: where it begins and ends. An empty needle is found at once.
    ///
    /// # Errors
    /// Those of an interrupt.
    pub fn find(&self, text: &[u8], needle: &[u8], from: usize) -> Result<Option<(usize, usize)>> {
        match &self.weak {
            Some(collation) if !needle.is_empty() => {
                let check = || self.env.map_or(Ok(()), |env| env.check_interrupts());
                collation.find(text, needle, from, &check)
            }
            _ => Ok(like::find(&text[from..], needle).map(|at| (from + at, from + at + needle.len()))),
        }
    }

    /// Whether two texts are equal.
    pub fn equal(&self, a: &[u8], b: &[u8]) -> bool {
        match &self.weak {
            Some(collation) => collation.equal(a, b),
            None => a == b,
        }
    }
}
