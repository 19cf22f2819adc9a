//! Grouping sets as chains: in which each set holds the keys of the next, so that one pass over rows sorted by the first one's keys finds the groups of all.
//!
//! The fewest chains that cover all sets (Dilworth) come from a largest matching between sets and their subsets: whoever is matched with
//! a subset stands right before it.

/// Sets in a chain, and the keys that rows are sorted by for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// Positions of the sets, the finest first.
    pub sets: Vec<usize>,
    /// The keys of the finest one; those of each coarser set come first.
    pub keys: Vec<u32>,
}

/// Puts those sets that `sortable` admits into as few chains as there can be. Keys of a single chain follow `order_by`, as far as that goes. The sets
/// without keys end the first chain.
pub(super) fn chains(sets: &[Vec<u32>], order_by: &[u32], sortable: impl Fn(usize) -> bool) -> Vec<Chain> {
    // Equal sets count once; the smaller ones come first.
    let mut sizes: Vec<usize> = (0..sets.len()).filter(|&at| sortable(at)).collect();
    sizes.sort_by_key(|&at| sets[at].len());
    let mut keys: Vec<Vec<u32>> = Vec::new();
    let mut same: Vec<Vec<usize>> = Vec::new();
    for at in sizes {
        let mut sorted = sets[at].clone();
        sorted.sort_unstable();
        match keys.iter().position(|other| *other == sorted) {
            Some(known) => same[known].push(at),
            None => {
                keys.push(sorted);
                same.push(vec![at]);
            }
        }
    }
    let empty = usize::from(keys.first().is_some_and(Vec::is_empty));
    let subsets: Vec<Vec<usize>> = (0..keys.len())
        .map(|at| {
            let smaller = (empty..at).filter(|&other| keys[other].len() < keys[at].len());
            smaller.filter(|&other| keys[other].iter().all(|key| keys[at].binary_search(key).is_ok())).collect()
        })
        .collect();
    let below = matching(&subsets);
    let above: Vec<Option<usize>> = (0..keys.len()).map(|at| below.iter().position(|&it| it == Some(at))).collect();
    let mut found: Vec<Vec<usize>> = Vec::new();
    for bottom in (empty..keys.len()).filter(|&at| below[at].is_none()) {
        let mut chain = vec![bottom];
        while let Some(next) = chain.last().and_then(|&last| above[last]) {
            chain.push(next);
        }
        found.push(chain);
    }
    if empty > 0 {
        match found.first_mut() {
            Some(first) => first.insert(0, 0),
            None => found.push(vec![0]),
        }
    }
    let order_by = if found.len() == 1 { order_by } else { &[] };
    let chain = |chain: &Vec<usize>| {
        let mut order = order_by.iter();
        let mut sorted: Vec<u32> = Vec::new();
        for &set in chain {
            // In the order in which they were written.
            let Some(written) = same[set].first().map(|&at| &sets[at]) else { continue };
            let new = |sorted: &[u32], key: &u32| written.contains(key) && !sorted.contains(key);
            while let Some(key) = order.as_slice().first() {
                if !new(&sorted, key) {
                    // What is sorted by already is no new key; anything else ends the agreement with ORDER BY, if the set has other keys.
                    if written.iter().any(|key| new(&sorted, key)) {
                        order = [].iter();
                    }
                    break;
                }
                sorted.push(*key);
                order.next();
            }
            let rest: Vec<u32> = written.iter().filter(|key| new(&sorted, key)).copied().collect();
            sorted.extend(rest);
        }
        Chain { sets: chain.iter().rev().flat_map(|&set| same[set].iter().copied()).collect(), keys: sorted }
    };
    found.iter().map(chain).collect()
}

/// For each, which of those that it may be matched with: as many pairs as there can be, each at most once on either side.
fn matching(choices: &[Vec<usize>]) -> Vec<Option<usize>> {
    let mut chosen: Vec<Option<usize>> = vec![None; choices.len()];
    let mut taken: Vec<Option<usize>> = vec![None; choices.len()];
    for (at, choices) in choices.iter().enumerate() {
        if let Some(&free) = choices.iter().find(|&&choice| taken[choice].is_none()) {
            (chosen[at], taken[free]) = (Some(free), Some(at));
        }
    }
    // The others by paths on which pairs change partners (Kuhn 1955). A search that fails has seen nothing that would help a later one.
    let mut seen = vec![false; choices.len()];
    for start in 0..choices.len() {
        if chosen[start].is_some() {
            continue;
        }
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((at, next)) = path.last_mut() {
            let Some(&choice) = choices[*at].get(*next) else {
                path.pop();
                continue;
            };
            *next += 1;
            if std::mem::replace(&mut seen[choice], true) {
                continue;
            }
            match taken[choice] {
                Some(other) => path.push((other, 0)),
                None => {
                    for (at, next) in path.drain(..) {
                        let choice = choices[at][next - 1];
                        (chosen[at], taken[choice]) = (Some(choice), Some(at));
                    }
                    seen.fill(false);
                }
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sets: &[&[u32]], order_by: &[u32]) -> Vec<(Vec<usize>, Vec<u32>)> {
        let sets: Vec<Vec<u32>> = sets.iter().map(|set| set.to_vec()).collect();
        chains(&sets, order_by, |_| true).into_iter().map(|chain| (chain.sets, chain.keys)).collect()
    }

    #[test]
    fn a_rollup_is_one_chain() {
        assert_eq!(of(&[&[1, 2], &[1], &[]], &[]), [(vec![0, 1, 2], vec![1, 2])]);
    }

    #[test]
    fn a_cube_of_three_is_three_chains() {
        let cube: [&[u32]; 8] = [&[1, 2, 3], &[1, 2], &[1, 3], &[1], &[2, 3], &[2], &[3], &[]];
        let expected = [(vec![0, 1, 3, 7], vec![1, 2, 3]), (vec![4, 5], vec![2, 3]), (vec![2, 6], vec![3, 1])];
        assert_eq!(of(&cube, &[]), expected);
    }

    #[test]
    fn equal_sets_stand_together() {
        assert_eq!(of(&[&[1, 2], &[1], &[], &[1]], &[]), [(vec![0, 1, 3, 2], vec![1, 2])]);
    }

    #[test]
    fn keys_of_one_chain_follow_the_order_that_is_wanted() {
        assert_eq!(of(&[&[1, 2, 3], &[3]], &[3, 2, 1]), [(vec![0, 1], vec![3, 2, 1])]);
        assert_eq!(of(&[&[1, 2, 3], &[3]], &[2, 3]), [(vec![0, 1], vec![3, 1, 2])]);
    }

    #[test]
    fn many_sets_are_covered_by_as_few_chains_as_an_antichain_demands() {
        // All subsets of eight keys: 70 have four of them, and none of these holds another.
        let sets: Vec<Vec<u32>> = (0..256u32).map(|mask| (0..8).filter(|bit| mask >> bit & 1 == 1).collect()).collect();
        let found = chains(&sets, &[], |_| true);
        assert_eq!(found.len(), 70);
        let mut all: Vec<usize> = found.iter().flat_map(|chain| chain.sets.clone()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..256).collect::<Vec<_>>());
        for chain in &found {
            for pair in chain.sets.windows(2) {
                assert!(sets[pair[1]].iter().all(|key| sets[pair[0]].contains(key)));
            }
        }
    }

    #[test]
    fn sets_without_keys_only_are_one_chain() {
        assert_eq!(of(&[&[], &[]], &[]), [(vec![0, 1], vec![])]);
    }
}
