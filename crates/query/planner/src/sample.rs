//! TABLESAMPLE: a part of a table's rows, picked at random by rows or by pages.

use analyzer::query::{EntryKind, Expr, TableSample};
use error::Result;
use ids::Oid;

use crate::level::Planner;
use crate::plan::Sample;
use crate::prepare::{Relids, relids_of};

/// The handler of `SYSTEM`, which picks pages.
pub const SYSTEM: Oid = Oid(3314);
/// The handler of `BERNOULLI`, which picks rows.
pub const BERNOULLI: Oid = Oid(3313);

/// The relations whose columns say how a sample is taken.
pub(crate) fn relids(sample: &TableSample) -> Relids {
    sample.args.iter().chain(&sample.repeatable).fold(0, |set, expr| set | relids_of(expr))
}

impl Planner<'_> {
    /// The sample that is taken of an entry, if any.
    pub(crate) fn sample_of(
        &mut self,
        at: usize,
        details: &mut Vec<(&'static str, Vec<Expr>)>,
    ) -> Result<Option<Box<Sample>>> {
        let EntryKind::Relation { sample: Some(sample), .. } = &self.level().query.range_table[at].kind else {
            return Ok(None);
        };
        let sample = (**sample).clone();
        let args = self.compile_all(&sample.args, &[])?;
        let repeatable = sample.repeatable.as_ref().map(|seed| self.compile(seed, &[])).transpose()?;
        details.push(("Sampling", sample.args));
        if let Some(seed) = sample.repeatable {
            details.push(("Repeatable", vec![seed]));
        }
        Ok(Some(Box::new(Sample { handler: sample.handler, args, repeatable })))
    }
}
