//! Statistics objects: what ANALYZE finds of several columns (and expressions) together, written to `pg_statistic_ext_data`.
//!
//! - `ndistinct`: how many different combinations of values there are, for each set of two columns or more;
//! - `dependencies`: for each set of columns and each other column the part of the rows in which the set determines the column;
//! - `mcv`: the most common combinations of all columns;
//! - and for expressions what is known of a column.

use std::ops::Range;

use analyzer::query::Expr;
use batch::Column;
use catalog::field::Raw;
use catalog::rows::{PgStatistic, PgStatisticExt, PgStatisticExtData};
use catalog::{Entry, Relation, index};
use error::{Error, Result, Severity, SqlState};
use types::extended::{Combination, CommonValues, write_combinations};

use super::column::estimate_distinct;
use super::combinations::{Groups, walk};
use super::values::Values;
use super::{Target, size_of, usual_target};
use crate::vacuum::{Maintenance, table_name};
use crate::{Context, statistics};

/// The error that a combination's frequency in the sample may have to be listed, relative to it.
const ERROR_MOST: f64 = 0.2;

/// A statistics object to be computed.
pub(super) struct Object {
    pub row: Entry<PgStatisticExt>,
    /// Combinations in the list of common ones, at most.
    pub size: usize,
    /// Its expressions among all.
    pub exprs: Range<usize>,
}

/// The objects of a table that are computed now; their expressions are added to `exprs`. Those with columns that are not analyzed get a warning.
pub(super) fn objects(
    context: &Context<'_>,
    relation: &Relation,
    targets: &[Target<'_>],
    request: &Maintenance,
    exprs: &mut Vec<Expr>,
) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for row in statistics::of_table(context, relation.oid)? {
        let own: Vec<Option<&Target<'_>>> =
            row.stxkeys.iter().map(|number| targets.iter().find(|target| target.column.attnum == *number)).collect();
        let most = own.iter().flatten().filter_map(|target| target.column.attstattarget).max();
        let size = size_of(row.stxstattarget.or(most.filter(|most| *most > 0)), usual_target(context)?);
        if size == 0 {
            continue;
        }
        if own.iter().any(Option::is_none) {
            if request.automatic.is_none() {
                let schema = context.catalog().schema_name(row.stxnamespace)?.unwrap_or_default();
                let text = format!(
                    "statistics object \"{schema}.{}\" could not be computed for relation \"{}\"",
                    row.stxname,
                    table_name(context, relation)?
                );
                let warning = Error::new(SqlState::INVALID_OBJECT_DEFINITION, text);
                context.notice(warning.severity(Severity::Warning));
            }
            continue;
        }
        let start = exprs.len();
        exprs.extend(statistics::expressions_of(&row)?);
        objects.push(Object { row, size, exprs: start..exprs.len() });
    }
    Ok(objects)
}

/// Computes an object's statistics from its columns' and expressions' values in the sample, and stores them.
pub(super) fn compute(
    context: &Context<'_>,
    object: &Object,
    dimensions: &[(i16, Values<'_>)],
    rows: usize,
    total_rows: f64,
    tree: bool,
) -> Result<()> {
    let wants = |kind: u8| object.row.stxkind.contains(&kind);
    let mut data = PgStatisticExtData { stxoid: object.row.oid, stxdinherit: tree, ..PgStatisticExtData::default() };
    if wants(b'd') || wants(b'f') || wants(b'm') {
        let mut ranks = Vec::with_capacity(dimensions.len());
        let mut wide = vec![false; rows];
        for (_, values) in dimensions {
            let (own, too_wide) = values.ranks(context)?;
            wide.iter_mut().zip(too_wide).for_each(|(wide, own)| *wide |= own);
            ranks.push(own);
        }
        let (mut distinct, mut dependencies, mut common) = (Vec::new(), Vec::new(), None);
        walk(&ranks, &mut |set, groups| {
            context.session.check_interrupts()?;
            if wants(b'd') && set.len() >= 2 {
                let (different, once) = (groups.sizes.len() as f64, groups.singles() as f64);
                distinct.push((set.to_vec(), estimate_distinct(rows as f64, different, once, total_rows)));
            }
            if wants(b'f') {
                for other in (0..ranks.len()).filter(|other| !set.contains(other)) {
                    let degree = groups.determines(&ranks[other]);
                    if degree > 0.0 {
                        dependencies.push((set.to_vec(), other, degree));
                    }
                }
            }
            if wants(b'm') && set.len() == ranks.len() {
                common = common_values(dimensions, &ranks, groups, &wide, total_rows, object.size);
            }
            Ok(())
        })?;
        // Smaller sets first.
        let number = |at: usize| dimensions[at].0;
        distinct.sort_by(|a, b| (a.0.len(), &a.0).cmp(&(b.0.len(), &b.0)));
        dependencies.sort_by(|a, b| (a.0.len(), &a.0, a.1).cmp(&(b.0.len(), &b.0, b.1)));
        let distinct: Vec<Combination> = distinct
            .into_iter()
            .map(|(set, value)| Combination { columns: set.into_iter().map(number).collect(), value })
            .collect();
        let dependencies: Vec<Combination> = dependencies
            .into_iter()
            .map(|(set, other, value)| Combination {
                columns: set.into_iter().chain([other]).map(number).collect(),
                value,
            })
            .collect();
        data.stxdndistinct = wants(b'd').then(|| Raw(write_combinations(&distinct)));
        data.stxddependencies = (!dependencies.is_empty()).then(|| Raw(write_combinations(&dependencies)));
        data.stxdmcv = common.map(|common: CommonValues| common.write()).transpose()?.map(Raw);
    }
    if wants(b'e') {
        let exprs = dimensions.iter().filter(|(number, _)| *number < 0);
        let facts = exprs.map(|(_, values)| values.statistics(context, total_rows, object.size));
        let facts = facts.collect::<Result<Vec<PgStatistic>>>()?;
        data.stxdexpr = Some(Raw(context.catalog().expression_statistics_array(&facts)?));
    }
    let catalog = context.catalog();
    let key = [data.stxoid.into(), catalog::field::Part::Int(tree.into())];
    let new = data.clone();
    let unique = index::PG_STATISTIC_EXT_DATA_STXOID_INH_INDEX;
    if !catalog.change::<PgStatisticExtData>(unique, &key, |old| *old = new)? {
        catalog.insert(&data)?;
    }
    Ok(())
}

/// The combinations that are frequent enough to be listed. Rows with values that are too wide are left out.
fn common_values(
    dimensions: &[(i16, Values<'_>)],
    ranks: &[Vec<u32>],
    groups: &Groups,
    wide: &[bool],
    total_rows: f64,
    size: usize,
) -> Option<CommonValues> {
    let rows = groups.of_row.len();
    let mut first: Vec<Option<u32>> = vec![None; groups.sizes.len()];
    for (row, &group) in groups.of_row.iter().enumerate() {
        first[group as usize].get_or_insert(row as u32);
    }
    let groups = first.iter().zip(&groups.sizes).filter_map(|(first, size)| Some(((*first)? as usize, *size)));
    let mut groups: Vec<(usize, u32)> = groups.filter(|(first, _)| !wide[*first]).collect();
    groups.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let least = count_least(rows as f64, total_rows);
    groups.truncate(size);
    groups.retain(|(_, size)| f64::from(*size) >= least);
    if groups.is_empty() {
        return None;
    }
    let counts: Vec<Vec<u32>> = ranks
        .iter()
        .map(|ranks| {
            let mut counts = vec![0; ranks.iter().max().map_or(0, |most| *most as usize + 1)];
            ranks.iter().for_each(|&rank| counts[rank as usize] += 1);
            counts
        })
        .collect();
    let part = |count: u32| f64::from(count) / rows as f64;
    let base =
        |row: usize| ranks.iter().zip(&counts).map(|(ranks, counts)| part(counts[ranks[row] as usize])).product();
    let values = dimensions.iter().map(|(_, values)| {
        let mut column = Column::new(values.column.repr());
        groups.iter().for_each(|(first, _)| column.push(values.column.get(*first)));
        (values.form.type_oid, column)
    });
    Some(CommonValues {
        values: values.collect(),
        frequencies: groups.iter().map(|(_, size)| part(*size)).collect(),
        base_frequencies: groups.iter().map(|(first, _)| base(*first)).collect(),
    })
}

/// How often something must be in a sample of `n` rows for its frequency to be known well enough. The count follows a hypergeometric
/// distribution: with `K` of `N` rows its mean is `n K / N`, its variance `n (K / N) (1 - K / N) (N - n) / (N - 1)`. Asking that the standard
/// deviation be at most a fraction `e` of the mean, with `K / N` as the sample has it, gives a count of
/// `n (N - n) / (N - n + e² n (N - 1))`.
fn count_least(n: f64, all: f64) -> f64 {
    let others = all - n;
    let below = others + ERROR_MOST * ERROR_MOST * n * (all - 1.0);
    if below <= 0.0 { 0.0 } else { n * others / below }
}

#[cfg(test)]
mod tests {
    use super::count_least;

    #[test]
    fn a_whole_table_asks_for_nothing_and_a_large_one_for_25() {
        assert_eq!(count_least(1000.0, 1000.0), 0.0);
        let least = count_least(30_000.0, 1e9);
        assert!((24.9..25.1).contains(&least), "{least}");
    }
}
