//! `ts_rewrite`: replaces a query's parts.
//!
//! Both queries are brought into a form in which operands of AND and OR are lists in one order, so that `a & b & c` contains `c & a`.

use super::query::{Builder, Item, Operand, Operator, Query, is_empty, lexeme_code};
use crate::json::too_deep;
use error::Result;
use std::cmp::Ordering;

/// How deep a query may be nested here: the trees are walked by recursion.
const MAX_DEPTH: usize = 1000;

#[derive(Clone, Debug)]
enum Tree {
    Value { lexeme: Vec<u8>, weights: u8, prefix: bool, code: i32 },
    Operation { operator: Operator, operands: Vec<Tree>, replaced: bool },
}

impl Tree {
    /// The tree of a query: operands in PostgreSQL's order, the right one first.
    fn of(query: &Query<'_>) -> Result<Option<Tree>> {
        let mut stack: Vec<(Tree, usize)> = Vec::new();
        for item in &query.items {
            match item {
                Item::Value(Operand { lexeme, weights, prefix }) => {
                    let code = lexeme_code(lexeme);
                    stack.push((Tree::Value { lexeme: lexeme.to_vec(), weights: *weights, prefix: *prefix, code }, 1));
                }
                Item::Operation { operator, .. } => {
                    let right = stack.pop();
                    let left = if *operator == Operator::Not { None } else { stack.pop() };
                    let (operands, depths): (Vec<Tree>, Vec<usize>) = right.into_iter().chain(left).unzip();
                    let depth = depths.into_iter().max().unwrap_or(0) + 1;
                    if depth > MAX_DEPTH {
                        return Err(too_deep());
                    }
                    stack.push((Tree::Operation { operator: *operator, operands, replaced: false }, depth));
                }
            }
        }
        Ok(stack.pop().map(|(tree, _)| tree))
    }

    /// Makes lists of operands of AND and OR, and puts them in order.
    fn normalized(mut self) -> Tree {
        self.flatten();
        self.sort();
        self
    }

    fn flatten(&mut self) {
        let Tree::Operation { operator, operands, .. } = self else { return };
        operands.iter_mut().for_each(Tree::flatten);
        if !matches!(operator, Operator::And | Operator::Or) {
            return;
        }
        let mut list = Vec::with_capacity(operands.len());
        for operand in operands.drain(..) {
            match operand {
                Tree::Operation { operator: same, operands: inner, .. } if same == *operator => list.extend(inner),
                other => list.push(other),
            }
        }
        *operands = list;
    }

    fn sort(&mut self) {
        if let Tree::Operation { operator, operands, .. } = self {
            operands.iter_mut().for_each(Tree::sort);
            if matches!(operator, Operator::And | Operator::Or) {
                operands.sort_by(Tree::compare);
            }
        }
    }

    fn compare(&self, other: &Tree) -> Ordering {
        match (self, other) {
            (Tree::Value { lexeme: a, code: p, .. }, Tree::Value { lexeme: b, code: q, .. }) => {
                q.cmp(p).then_with(|| a.cmp(b))
            }
            (Tree::Value { .. }, _) => Ordering::Greater,
            (_, Tree::Value { .. }) => Ordering::Less,
            (Tree::Operation { operator: p, operands: a, .. }, Tree::Operation { operator: q, operands: b, .. }) => {
                let order = q.code().cmp(&p.code()).then_with(|| b.len().cmp(&a.len()));
                let order = order.then_with(|| {
                    a.iter().zip(b).map(|(x, y)| x.compare(y)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
                });
                order.then_with(|| match (p, q) {
                    (Operator::Phrase(p), Operator::Phrase(q)) => q.cmp(p),
                    _ => Ordering::Equal,
                })
            }
        }
    }

    /// Replaces parts that are `search`; `None` if it goes itself.
    fn replace(mut self, search: &Tree, by: Option<&Tree>) -> Option<Tree> {
        match self.replace_here(search, by) {
            Outcome::Same => {}
            Outcome::Replaced => return by.cloned().map(Tree::protect),
        }
        let Tree::Operation { operator, operands, replaced } = &mut self else { return Some(self) };
        if !*replaced {
            let parts = std::mem::take(operands);
            let count = parts.len();
            *operands = parts.into_iter().filter_map(|part| part.replace(search, by)).collect();
            match (operands.len(), count, *operator) {
                (0, _, _) => return None,
                (1, 2.., Operator::And | Operator::Or | Operator::Phrase(_)) => return operands.pop(),
                _ => {}
            }
        }
        Some(self)
    }

    fn replace_here(&mut self, search: &Tree, by: Option<&Tree>) -> Outcome {
        let (operator, operands) = match (&mut *self, search) {
            (Tree::Value { .. }, Tree::Value { .. }) => {
                if self.compare(search).is_eq() {
                    return Outcome::Replaced;
                }
                return Outcome::Same;
            }
            (Tree::Operation { operator, operands, replaced: false }, Tree::Operation { operator: wanted, .. })
                if operator.code() == wanted.code() =>
            {
                (*operator, operands)
            }
            _ => return Outcome::Same,
        };
        let Tree::Operation { operands: wanted, .. } = search else { return Outcome::Same };
        if operands.len() == wanted.len() {
            if self.compare(search).is_eq() {
                return Outcome::Replaced;
            }
            return Outcome::Same;
        }
        // Some of a list's operands may be what is looked for; both lists are in order.
        if operands.len() > wanted.len() && matches!(operator, Operator::And | Operator::Or) {
            let mut found = Vec::new();
            let mut next = 0;
            for (at, operand) in operands.iter().enumerate() {
                if next < wanted.len() && operand.compare(&wanted[next]).is_eq() {
                    found.push(at);
                    next += 1;
                }
            }
            if next == wanted.len() {
                let mut at = 0;
                operands.retain(|_| {
                    at += 1;
                    !found.contains(&(at - 1))
                });
                operands.extend(by.cloned().map(Tree::protect));
                operands.iter_mut().for_each(Tree::sort);
                operands.sort_by(Tree::compare);
            }
        }
        Outcome::Same
    }

    /// Keeps what was put in from being replaced again.
    fn protect(mut self) -> Tree {
        if let Tree::Operation { replaced, .. } = &mut self {
            *replaced = true;
        }
        self
    }

    fn write(&self, out: &mut Builder) {
        match self {
            Tree::Value { lexeme, weights, prefix, .. } => {
                out.value(Operand { lexeme, weights: *weights, prefix: *prefix });
            }
            Tree::Operation { operator: Operator::Not, operands, .. } => {
                operands.iter().for_each(|operand| operand.write(out));
                out.operator(Operator::Not);
            }
            Tree::Operation { operator, operands, .. } => {
                // A list becomes pairs again: the first two are the innermost one.
                operands.iter().skip(2).for_each(|operand| operand.write(out));
                operands.iter().take(2).rev().for_each(|operand| operand.write(out));
                operands.iter().skip(1).for_each(|_| out.operator(*operator));
            }
        }
    }
}

enum Outcome {
    Same,
    Replaced,
}

/// Adds to `out` the query with every part that is `search` replaced.
pub(super) fn replace(query: &[u8], search: &[u8], by: &[u8], out: &mut Vec<u8>) -> Result<()> {
    if is_empty(query) || is_empty(search) {
        out.extend_from_slice(query);
        return Ok(());
    }
    let (Some(tree), Some(search)) = (Tree::of(&Query::new(query)?)?, Tree::of(&Query::new(search)?)?) else {
        return Ok(());
    };
    let by = Tree::of(&Query::new(by)?)?;
    let mut builder = Builder::default();
    if let Some(tree) = tree.normalized().replace(&search.normalized(), by.as_ref()) {
        tree.write(&mut builder);
    }
    builder.write(out);
    Ok(())
}
