//! What the planner wants to know of a column, computed from a sample of its values.
//!
//! Values are compared by their sort keys. Of a column that has an order we find how many different values there are, the most common
//! ones, a histogram of the others with bins of equal height, and how far the order of the values is that of the table.

/// Values wider than this are not compared: they are counted as if each were different.
pub(super) const WIDE: usize = 1024;

/// A value of the sample.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    /// Orders it; none for what is too wide, or has no order.
    pub key: Option<&'a [u8]>,
    /// Its bytes in a row.
    pub width: usize,
}

/// What is known of a column.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Facts {
    /// Of all rows.
    pub null_fraction: f64,
    /// Average bytes of a value that is not null.
    pub width: i32,
    /// Different values; negative: as a fraction of the rows, for it grows with them. Zero: unknown.
    pub distinct: f64,
    /// Positions in the sample of the most common values, with their part of all rows, the most common first.
    pub most_common: Vec<(usize, f64)>,
    /// Positions of the values that bound the histogram's bins.
    pub histogram: Vec<usize>,
    /// From -1 (opposite) to 1 (the table stands in the values' order).
    pub correlation: Option<f64>,
}

/// A value that occurs more than once in the sample.
#[derive(Clone, Copy)]
struct Group {
    /// Where its copies begin among the sorted values.
    first: usize,
    count: usize,
}

/// Computes the facts of a column. `sample` holds its values in the table's order; `total_rows` is the table's; `size` bounds the lists.
pub(super) fn compute(
    sample: &[Option<Value<'_>>],
    has_order: bool,
    fixed_width: Option<i32>,
    total_rows: f64,
    size: usize,
) -> Facts {
    let rows = sample.len() as f64;
    let present: Vec<(usize, Value<'_>)> =
        sample.iter().enumerate().filter_map(|(at, value)| value.map(|value| (at, value))).collect();
    let nulls = sample.len() - present.len();
    let mut facts = Facts { null_fraction: nulls as f64 / rows.max(1.0), ..Facts::default() };
    facts.width = match fixed_width {
        Some(width) => width,
        None if present.is_empty() => 0,
        None => {
            let total: f64 = present.iter().map(|(_, value)| value.width as f64).sum();
            (total / present.len() as f64) as i32
        }
    };
    if !has_order || present.is_empty() {
        return facts;
    }
    // Positions in the sample, and the place in the table's order among those that are compared.
    let mut sorted: Vec<(&[u8], usize, usize)> = Vec::with_capacity(present.len());
    for (at, value) in &present {
        if let Some(key) = value.key {
            sorted.push((key, sorted.len(), *at));
        }
    }
    let wide = present.len() - sorted.len();
    if sorted.is_empty() {
        // Nothing but wide values: taken to be all different.
        facts.distinct = -(1.0 - facts.null_fraction);
        return facts;
    }
    sorted.sort_unstable_by(|a, b| a.0.cmp(b.0).then(a.1.cmp(&b.1)));
    let mut repeated: Vec<Group> = Vec::new();
    let (mut different, mut first) = (0, 0);
    for group in sorted.chunk_by(|a, b| a.0 == b.0) {
        different += 1;
        if group.len() > 1 {
            repeated.push(Group { first, count: group.len() });
        }
        first += group.len();
    }
    facts.distinct =
        distinct(present.len() as f64, different as f64, repeated.len() as f64, wide as f64, &facts, total_rows);
    let most_common = most_common(&repeated, different, wide, sample.len(), &facts, total_rows, size);
    facts.most_common = most_common.iter().map(|group| (sorted[group.first].2, group.count as f64 / rows)).collect();
    facts.histogram = histogram(&sorted, &most_common, different, size);
    facts.correlation = correlation(&sorted);
    facts
}

/// How many different values `all` rows have, if there are `different` ones in a sample of them, `once` of these once. After Haas and Stokes, "Estimating the number of classes in a finite population",
/// IBM Research Report RJ 10025, 1996: their estimator Duj1, `n d / (n - f1 + f1 n / N)`, where `d` values were found among `n` rows of
/// `N`, `f1` of them once.
pub(super) fn estimate_distinct(sample: f64, different: f64, once: f64, all: f64) -> f64 {
    let estimate = if all > 0.0 { sample * different / ((sample - once) + once * sample / all) } else { 0.0 };
    (estimate.clamp(different, all.max(different)) + 0.5).floor()
}

/// How many different values the whole column has.
fn distinct(present: f64, different: f64, repeated: f64, wide: f64, facts: &Facts, total_rows: f64) -> f64 {
    let found = if repeated == 0.0 {
        // No value twice: a unique column, most likely.
        return -(1.0 - facts.null_fraction);
    } else if wide == 0.0 && repeated == different {
        // Each value more than once: these are all there are.
        different
    } else {
        let once = different - repeated + wide;
        let found = once + repeated;
        estimate_distinct(present, found, once, total_rows * (1.0 - facts.null_fraction))
    };
    // So many that their number must grow with the table.
    if found > 0.1 * total_rows { -(found / total_rows) } else { found }
}

/// The values that are worth a place of their own.
fn most_common(
    repeated: &[Group],
    different: usize,
    wide: usize,
    rows: usize,
    facts: &Facts,
    total_rows: f64,
    size: usize,
) -> Vec<Group> {
    let mut common = repeated.to_vec();
    common.sort_by_key(|value| std::cmp::Reverse(value.count));
    common.truncate(size);
    let complete = common.len() == different && wide == 0 && facts.distinct > 0.0;
    if !complete {
        drop_insignificant(&mut common, rows as f64, facts, total_rows);
    }
    common
}

/// Drops values, the least common first, that are not clearly more common than the average of all that would not be in the list: by
/// more than two standard deviations of the hypergeometric distribution that the count in a sample has.
fn drop_insignificant(common: &mut Vec<Group>, rows: f64, facts: &Facts, total_rows: f64) {
    if rows >= total_rows || total_rows <= 1.0 {
        // The sample is the table: what it says is so.
        return;
    }
    let all = if facts.distinct < 0.0 { -facts.distinct * total_rows } else { facts.distinct };
    let mut others: f64 = common.iter().map(|group| group.count as f64).sum();
    while let Some(last) = common.last() {
        let count = last.count as f64;
        others -= count;
        let mut average = (1.0 - others / rows - facts.null_fraction).clamp(0.0, 1.0);
        let rest = all - (common.len() as f64 - 1.0);
        if rest > 1.0 {
            average /= rest;
        }
        let in_table = total_rows * count / rows;
        let variance = rows * in_table * (total_rows - in_table) * (total_rows - rows)
            / (total_rows * total_rows * (total_rows - 1.0));
        if count > average * rows + 2.0 * variance.max(0.0).sqrt() + 0.5 {
            break;
        }
        common.pop();
    }
}

/// Bounds of bins with equally many of the values that are not among the most common.
fn histogram(sorted: &[(&[u8], usize, usize)], common: &[Group], different: usize, size: usize) -> Vec<usize> {
    let bounds = (different - common.len()).min(size + 1);
    if bounds < 2 {
        return Vec::new();
    }
    let mut taken: Vec<(usize, usize)> = common.iter().map(|group| (group.first, group.first + group.count)).collect();
    taken.sort_unstable();
    let mut rest: Vec<usize> = Vec::with_capacity(sorted.len());
    let mut next = 0;
    for (from, to) in taken.into_iter().chain([(sorted.len(), sorted.len())]) {
        rest.extend(sorted[next..from].iter().map(|value| value.2));
        next = to;
    }
    (0..bounds).map(|n| rest[n * (rest.len() - 1) / (bounds - 1)]).collect()
}

/// The correlation coefficient of the values' ranks with their places.
fn correlation(sorted: &[(&[u8], usize, usize)]) -> Option<f64> {
    let n = sorted.len() as f64;
    if sorted.len() < 2 {
        return None;
    }
    // Ranks and places are both the numbers below n, so their sums are known.
    let sum = n * (n - 1.0) / 2.0;
    let squares = n * (n - 1.0) * (2.0 * n - 1.0) / 6.0;
    let products: f64 = sorted.iter().enumerate().map(|(rank, value)| rank as f64 * value.1 as f64).sum();
    Some((n * products - sum * sum) / (n * squares - sum * sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(values: &[Option<u32>], total_rows: f64, size: usize) -> Facts {
        let keys: Vec<Option<[u8; 4]>> = values.iter().map(|value| value.map(u32::to_be_bytes)).collect();
        let sample: Vec<Option<Value<'_>>> =
            keys.iter().map(|key| key.as_ref().map(|key| Value { key: Some(&key[..]), width: 4 })).collect();
        compute(&sample, true, Some(4), total_rows, size)
    }

    #[test]
    fn a_unique_column_grows_with_its_table() {
        let values: Vec<Option<u32>> = (0..1000).map(Some).collect();
        let facts = facts(&values, 1000.0, 100);
        assert_eq!((facts.distinct, facts.correlation), (-1.0, Some(1.0)));
        assert!(facts.most_common.is_empty());
        assert_eq!(facts.histogram.len(), 101);
        assert_eq!((facts.histogram[0], facts.histogram[50], facts.histogram[100]), (0, 499, 999));
    }

    #[test]
    fn few_values_are_all_common() {
        let values: Vec<Option<u32>> = (0..1000).map(|n| (n % 4 != 3).then_some(n % 4)).collect();
        let facts = facts(&values, 1000.0, 100);
        assert_eq!((facts.null_fraction, facts.distinct), (0.25, 3.0));
        let frequencies: Vec<f64> = facts.most_common.iter().map(|(_, frequency)| *frequency).collect();
        assert_eq!(frequencies, [0.25; 3]);
        assert!(facts.histogram.is_empty());
    }

    #[test]
    fn a_common_value_stands_out_of_a_histogram() {
        let values: Vec<Option<u32>> = (0..3000).map(|n| Some(if n % 3 == 0 { 7 } else { 10_000 + n })).collect();
        let facts = facts(&values, 1_000_000.0, 10);
        assert_eq!(facts.most_common, [(0, 1.0 / 3.0)]);
        assert_eq!(facts.histogram.len(), 11);
        assert!((5000.0..7000.0).contains(&facts.distinct), "{}", facts.distinct);
    }

    #[test]
    fn values_seen_twice_by_chance_are_not_common() {
        // 30,000 of 10,000,000 rows, of which each value stands there a hundred times.
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u32 % 100_000
        };
        let values: Vec<Option<u32>> = (0..30_000).map(|_| Some(random())).collect();
        let facts = facts(&values, 10_000_000.0, 100);
        assert!(facts.most_common.is_empty(), "{:?}", facts.most_common);
        assert!((80_000.0..120_000.0).contains(&facts.distinct), "{}", facts.distinct);
        assert!(facts.correlation.unwrap().abs() < 0.05);
    }

    #[test]
    fn only_nulls_and_only_wide_values() {
        let none = facts(&[None; 5], 5.0, 100);
        assert_eq!((none.null_fraction, none.distinct, none.correlation), (1.0, 0.0, None));
        let wide = [Some(Value { key: None, width: 2000 }); 4];
        let facts = compute(&wide, true, None, 4.0, 100);
        assert_eq!((facts.distinct, facts.width), (-1.0, 2000));
    }
}
