//! What values that ANALYZE kept say to a condition that only its function understands.

use batch::Datum;
use ids::Oid;

use crate::facts::ColumnFacts;
use crate::level::Planner;

/// Histograms of at least so many bounds are a sample that can be asked; from [`ENOUGH`] on, alone.
const LEAST: usize = 10;
const ENOUGH: usize = 100;

/// The answers of the common values and of the histogram's bounds.
#[derive(Default)]
pub(super) struct Asked {
    /// The part of all rows whose common value meets the condition, and of all with a common value.
    common: f64,
    known: f64,
    /// The part of the histogram's values that do, and how much that counts, to 1.
    histogram: Option<(f64, f64)>,
}

impl Asked {
    /// The part of all rows; `usual` is the part of the other values if nothing is known.
    pub fn selectivity(&self, null_fraction: f64, usual: f64) -> f64 {
        let others = (1.0 - null_fraction - self.known).clamp(0.0, 1.0);
        let part = match self.histogram {
            Some((found, weight)) => (found * weight + usual * (1.0 - weight)).clamp(0.0001, 0.9999),
            None => usual,
        };
        self.common + others * part
    }
}

impl Planner<'_> {
    /// Asks the values known of a column; `types` are those of the column and of the value.
    pub(super) fn asked(
        &self,
        facts: &ColumnFacts,
        function: Oid,
        collation: Oid,
        value: &Datum,
        types: (Oid, Oid),
        negated: bool,
    ) -> Asked {
        let mut asked = Asked::default();
        if let Some((values, frequencies)) = facts.most_common()
            && let Some(holds) = self.holds_for(function, collation, &values.column, value, types, false)
        {
            let met = holds.iter().zip(frequencies).filter(|(holds, _)| **holds != negated);
            asked.common = met.map(|(_, frequency)| f64::from(*frequency)).sum();
            asked.known = frequencies.iter().map(|frequency| f64::from(*frequency)).sum();
        }
        if let Some(bounds) = facts.histogram()
            && bounds.column.len() >= LEAST
            && let Some(holds) = self.holds_for(function, collation, &bounds.column, value, types, false)
        {
            // The ends are extremes, and no sample.
            let inner = &holds[1..holds.len() - 1];
            let found = inner.iter().filter(|holds| **holds != negated).count() as f64 / inner.len() as f64;
            asked.histogram = Some((found, (holds.len() as f64 / ENOUGH as f64).min(1.0)));
        }
        asked
    }
}
