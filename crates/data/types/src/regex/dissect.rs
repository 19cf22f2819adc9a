//! What each group of an expression matched, once the whole match is known; and expressions with back-references.

use super::automaton::{Program, holds};
use super::parse::Node;
use super::{Match, invalid};
use error::Result;
use std::collections::HashMap;
use std::rc::Rc;

type Groups = Vec<Option<(usize, usize)>>;

/// The groups of a match of `span`.
pub fn groups(root: &Node, count: usize, text: &[char], span: (usize, usize)) -> Result<Groups> {
    let mut dissector = Dissector {
        text,
        end: span.1,
        programs: HashMap::new(),
        ends: HashMap::new(),
        groups: vec![None; count],
        rounds: HashMap::new(),
    };
    dissector.share(root, span.0, span.1)?;
    Ok(dissector.groups)
}

struct Dissector<'a> {
    text: &'a [char],
    /// The whole match's end: no part goes beyond it.
    end: usize,
    /// The automaton of a part, by its address.
    programs: HashMap<usize, Program>,
    /// All ends of a part that begins at a position.
    ends: HashMap<(usize, usize), Vec<usize>>,
    groups: Groups,
    /// The rounds of a repetition before its last one, by its part's address and counts.
    rounds: HashMap<(usize, u32, Option<u32>), Rc<Node>>,
}

/// A part's address, which is its identity as long as the tree stands.
fn id<T: ?Sized>(part: &T) -> usize {
    std::ptr::from_ref(part).cast::<u8>() as usize
}

impl Dissector<'_> {
    /// Where a part that begins at `start` can end, ascending.
    fn ends(&mut self, part: &Node, start: usize) -> Result<Vec<usize>> {
        let key = (id(part), start);
        if let Some(ends) = self.ends.get(&key) {
            return Ok(ends.clone());
        }
        if let std::collections::hash_map::Entry::Vacant(e) = self.programs.entry(key.0) {
            e.insert(Program::new(part)?);
        }
        let mut ends = Vec::new();
        self.programs[&key.0].each_end(self.text, start, self.end, |end| {
            ends.push(end);
            true
        });
        self.ends.insert(key, ends.clone());
        Ok(ends)
    }

    fn can(&mut self, part: &Node, start: usize, end: usize) -> Result<bool> {
        Ok(self.ends(part, start)?.binary_search(&end).is_ok())
    }

    fn can_all(&mut self, parts: &[Node], start: usize, end: usize) -> Result<bool> {
        match parts {
            [] => Ok(start == end),
            [last] => self.can(last, start, end),
            [first, rest @ ..] => {
                // Positions that the parts so far can reach.
                let mut reached: Vec<usize> = self.ends(first, start)?;
                for part in rest {
                    let mut next = Vec::new();
                    for at in reached {
                        next.extend(self.ends(part, at)?);
                    }
                    next.sort_unstable();
                    next.dedup();
                    next.retain(|&at| at <= end);
                    reached = next;
                }
                Ok(reached.binary_search(&end).is_ok())
            }
        }
    }

    /// Sets the groups of a part that matches exactly from `start` to `end`.
    fn share(&mut self, node: &Node, start: usize, end: usize) -> Result<()> {
        match node {
            Node::Group(inner, number) => {
                self.groups[*number] = Some((start, end));
                self.share(inner, start, end)
            }
            Node::Choice(branches) => {
                for branch in branches {
                    if self.can(branch, start, end)? {
                        return self.share(branch, start, end);
                    }
                }
                Ok(())
            }
            Node::Concat(parts) => {
                let mut at = start;
                for (k, part) in parts.iter().enumerate() {
                    let rest = &parts[k + 1..];
                    let mut ends = self.ends(part, at)?;
                    ends.retain(|&e| e <= end);
                    if part.preference() != Some(false) {
                        ends.reverse();
                    }
                    for split in ends {
                        if self.can_all(rest, split, end)? {
                            if part.captures() {
                                self.share(part, at, split)?;
                            }
                            at = split;
                            break;
                        }
                    }
                }
                Ok(())
            }
            // The groups are those of the last round: x{m,n} is x{m-1,n-1} without groups, then x.
            Node::Repeat { inner, least, most, greedy, .. } if inner.captures() => {
                if start == end && *least == 0 && !self.can(inner, start, end)? || *most == Some(0) {
                    return Ok(());
                }
                let key = (id(inner.as_ref()), *least, *most);
                let before = match self.rounds.get(&key) {
                    Some(before) => before.clone(),
                    None => {
                        let before = Rc::new(Node::Repeat {
                            inner: inner.clone(),
                            least: least.saturating_sub(1),
                            most: most.map(|most| most - 1),
                            greedy: *greedy,
                            exact: false,
                        });
                        self.rounds.insert(key, before.clone());
                        before
                    }
                };
                let mut ends = self.ends(&before, start)?;
                ends.retain(|&e| e <= end);
                if *greedy {
                    ends.reverse();
                }
                for split in ends {
                    if self.can(inner, split, end)? {
                        return self.share(inner, split, end);
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// How many steps a search with back-references may take.
const BUDGET: usize = 5_000_000;

/// The first match of an expression with back-references: all ways are tried, in the order of the parts' preferences.
pub fn backtrack(root: &Node, count: usize, longest: bool, text: &[char], from: usize) -> Result<Option<Match>> {
    let mut search = Search { text, budget: BUDGET, depth: 0, groups: vec![None; count] };
    for start in from..=text.len() {
        let mut best: Option<Match> = None;
        search.groups = vec![None; count];
        search.run(root, start, &mut |search, end| {
            let better = match &best {
                None => true,
                Some(known) => {
                    if longest {
                        end > known.span.1
                    } else {
                        end < known.span.1
                    }
                }
            };
            if better {
                best = Some(Match { span: (start, end), groups: search.groups.clone() });
            }
            Ok(false)
        })?;
        if best.is_some() {
            return Ok(best);
        }
    }
    Ok(None)
}

struct Search<'a> {
    text: &'a [char],
    budget: usize,
    depth: usize,
    groups: Groups,
}

type Next<'n, 'a> = &'n mut dyn FnMut(&mut Search<'a>, usize) -> Result<bool>;

impl<'a> Search<'a> {
    /// Matches a part at `at` and goes on with `next`; true ends the search.
    fn run(&mut self, node: &Node, at: usize, next: Next<'_, 'a>) -> Result<bool> {
        if self.budget == 0 || self.depth > 2_000 {
            return Err(invalid("regular expression is too complex"));
        }
        self.budget -= 1;
        self.depth += 1;
        let result = self.step(node, at, next);
        self.depth -= 1;
        result
    }

    fn step(&mut self, node: &Node, at: usize, next: Next<'_, 'a>) -> Result<bool> {
        match node {
            Node::Empty => next(self, at),
            Node::Set(class) => match self.text.get(at) {
                Some(&c) if class.has(c) => next(self, at + 1),
                _ => Ok(false),
            },
            Node::At(anchor) => {
                if holds(*anchor, self.text, at) {
                    next(self, at)
                } else {
                    Ok(false)
                }
            }
            Node::Look { ahead, negated, inner } => {
                let saved = self.groups.clone();
                let mut found = false;
                let starts = if *ahead { at..=at } else { 0..=at };
                for start in starts {
                    found |= self.run(inner, start, &mut |_, end| Ok(*ahead || end == at))?;
                }
                self.groups = saved;
                if found != *negated { next(self, at) } else { Ok(false) }
            }
            Node::Group(inner, number) => {
                let saved = self.groups[*number];
                let stop = self.run(inner, at, &mut |search, end| {
                    let before = search.groups[*number];
                    search.groups[*number] = Some((at, end));
                    let stop = next(search, end)?;
                    if !stop {
                        search.groups[*number] = before;
                    }
                    Ok(stop)
                })?;
                if !stop {
                    self.groups[*number] = saved;
                }
                Ok(stop)
            }
            Node::Concat(parts) => self.all(parts, at, next),
            Node::Choice(branches) => {
                for branch in branches {
                    if self.run(branch, at, next)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Node::Repeat { inner, least, most, greedy, .. } => {
                self.repeat(inner, *least, most.unwrap_or(u32::MAX), *greedy, at, None, next)
            }
            Node::Back(number, ignore_case) => {
                let Some((start, end)) = self.groups[*number] else { return Ok(false) };
                let length = end - start;
                let same = at + length <= self.text.len()
                    && (0..length).all(|k| {
                        let (a, b) = (self.text[start + k], self.text[at + k]);
                        a == b || *ignore_case && a.to_lowercase().eq(b.to_lowercase())
                    });
                if same { next(self, at + length) } else { Ok(false) }
            }
        }
    }

    fn all(&mut self, parts: &[Node], at: usize, next: Next<'_, 'a>) -> Result<bool> {
        match parts {
            [] => next(self, at),
            [first, rest @ ..] => self.run(first, at, &mut |search, end| search.all(rest, end, next)),
        }
    }

    fn repeat(
        &mut self,
        inner: &Node,
        least: u32,
        most: u32,
        greedy: bool,
        at: usize,
        before: Option<usize>,
        next: Next<'_, 'a>,
    ) -> Result<bool> {
        if self.depth > 2_000 {
            return Err(invalid("regular expression is too complex"));
        }
        // A round that took nothing would go on for ever.
        let stuck = before == Some(at);
        if least == 0 && (!greedy || stuck || most == 0) && next(self, at)? {
            return Ok(true);
        }
        if most > 0 && !(stuck && least == 0) {
            let stop = self.run(inner, at, &mut |search, end| {
                search.depth += 1;
                let stop = search.repeat(inner, least.saturating_sub(1), most - 1, greedy, end, Some(at), next);
                search.depth -= 1;
                stop
            })?;
            if stop {
                return Ok(true);
            }
        }
        if least == 0 && greedy && !stuck && most > 0 { next(self, at) } else { Ok(false) }
    }
}
