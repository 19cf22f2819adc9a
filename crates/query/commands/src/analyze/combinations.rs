//! How rows fall into groups by the values of several columns together.
//!
//! Values are given as ranks: small numbers, equal for equal values and in their order. [`walk`] goes through all sets of columns, each
//! grown from one with a column less, so that rows are never compared by more than two numbers. At any time the groupings along one chain of sets are
//! held: some eight numbers a row.

use error::Result;

/// Rows in groups.
pub(super) struct Groups {
    /// For each row its group; groups are numbered in the order of their values.
    pub of_row: Vec<u32>,
    /// For each group its rows.
    pub sizes: Vec<u32>,
}

impl Groups {
    fn of_column(ranks: &[u32]) -> Groups {
        let mut sizes = vec![0; ranks.iter().max().map_or(0, |most| *most as usize + 1)];
        ranks.iter().for_each(|&rank| sizes[rank as usize] += 1);
        Groups { of_row: ranks.to_vec(), sizes }
    }

    /// The groups told apart further by another column.
    fn refined(&self, ranks: &[u32]) -> Groups {
        let pairs = self.of_row.iter().zip(ranks).enumerate();
        let mut pairs: Vec<(u64, u32)> =
            pairs.map(|(row, (&group, &rank))| (u64::from(group) << 32 | u64::from(rank), row as u32)).collect();
        pairs.sort_unstable();
        let mut refined = Groups { of_row: vec![0; pairs.len()], sizes: Vec::new() };
        for group in pairs.chunk_by(|a, b| a.0 == b.0) {
            let number = refined.sizes.len() as u32;
            group.iter().for_each(|(_, row)| refined.of_row[*row as usize] = number);
            refined.sizes.push(group.len() as u32);
        }
        refined
    }

    /// Groups of one row.
    pub fn singles(&self) -> usize {
        self.sizes.iter().filter(|&&size| size == 1).count()
    }

    /// The part of the rows that stand in groups in which another column has one value only: how far these columns determine it.
    pub fn determines(&self, ranks: &[u32]) -> f64 {
        let mut first: Vec<Option<u32>> = vec![None; self.sizes.len()];
        let mut differs = vec![false; self.sizes.len()];
        for (&group, &rank) in self.of_row.iter().zip(ranks) {
            let group = group as usize;
            differs[group] |= *first[group].get_or_insert(rank) != rank;
        }
        let kept = self.sizes.iter().zip(differs).filter(|(_, differs)| !differs);
        kept.map(|(size, _)| f64::from(*size)).sum::<f64>() / self.of_row.len().max(1) as f64
    }
}

/// Visits all sets of columns (by their positions, ascending) with the groups that they make.
pub(super) fn walk(ranks: &[Vec<u32>], visit: &mut dyn FnMut(&[usize], &Groups) -> Result<()>) -> Result<()> {
    fn descend(
        ranks: &[Vec<u32>],
        set: &mut Vec<usize>,
        groups: Option<&Groups>,
        visit: &mut dyn FnMut(&[usize], &Groups) -> Result<()>,
    ) -> Result<()> {
        for next in set.last().map_or(0, |last| last + 1)..ranks.len() {
            let refined = match groups {
                Some(groups) => groups.refined(&ranks[next]),
                None => Groups::of_column(&ranks[next]),
            };
            set.push(next);
            visit(set, &refined)?;
            descend(ranks, set, Some(&refined), visit)?;
            set.pop();
        }
        Ok(())
    }
    descend(ranks, &mut Vec::new(), None, visit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sets_are_visited_once() {
        let ranks: Vec<Vec<u32>> = vec![vec![0, 0, 1, 1], vec![0, 1, 0, 1], vec![1, 1, 0, 0]];
        let mut seen = Vec::new();
        walk(&ranks, &mut |set, groups| {
            seen.push((set.to_vec(), groups.sizes.len(), groups.singles()));
            Ok(())
        })
        .expect("walks");
        seen.sort();
        let expected: [(&[usize], usize, usize); 7] = [
            (&[0], 2, 0),
            (&[0, 1], 4, 4),
            (&[0, 1, 2], 4, 4),
            (&[0, 2], 2, 0),
            (&[1], 2, 0),
            (&[1, 2], 4, 4),
            (&[2], 2, 0),
        ];
        assert_eq!(seen, expected.map(|(set, groups, singles)| (set.to_vec(), groups, singles)));
    }

    #[test]
    fn a_column_determines_another_in_part() {
        // 0 → 5, 1 → 6, but 2 → 5 or 6.
        let groups = Groups::of_column(&[0, 0, 1, 2, 2]);
        assert_eq!(groups.determines(&[0, 0, 1, 0, 1]), 0.6);
        assert_eq!(groups.determines(&[3; 5]), 1.0);
    }
}
