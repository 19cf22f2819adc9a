//! jsonpath's conditions, of three values: `None` is unknown.

use super::execute::{Failure, Item, Seen, Walk};
use super::{Chain, Node, Operator};
use error::Result;
use std::cmp::Ordering;

impl<'a> Walk<'a> {
    /// Decides a condition. Errors of the data make it unknown.
    pub fn condition(&mut self, chain: &[Node], item: &Item<'a>) -> Result<Option<bool>, Failure> {
        match &chain[0] {
            Node::Binary(Operator::And, sides) => match self.condition(&sides.0, item)? {
                Some(false) => Ok(Some(false)),
                left => match (left, self.condition(&sides.1, item)?) {
                    (Some(true), right) => Ok(right),
                    (_, Some(false)) => Ok(Some(false)),
                    _ => Ok(None),
                },
            },
            Node::Binary(Operator::Or, sides) => match self.condition(&sides.0, item)? {
                Some(true) => Ok(Some(true)),
                left => match (left, self.condition(&sides.1, item)?) {
                    (Some(false), right) => Ok(right),
                    (_, Some(true)) => Ok(Some(true)),
                    _ => Ok(None),
                },
            },
            Node::Not(inner) => Ok(self.condition(inner, item)?.map(|answer| !answer)),
            Node::IsUnknown(inner) => Ok(Some(self.condition(inner, item)?.is_none())),
            Node::Exists(inner) => {
                // In strict mode all must be known, as an error further on makes it unknown.
                let mut found = if self.lax { None } else { Some(Vec::new()) };
                match self.chain(inner, item, &mut found) {
                    Ok(any) => Ok(Some(found.map_or(any, |found| !found.is_empty()))),
                    Err(Failure::Soft(_)) => Ok(None),
                    Err(hard) => Err(hard),
                }
            }
            Node::LikeRegex(like) => self.some_pair(&like.expression, None, item, |_, left, _| match left.seen() {
                Seen::String(text) => {
                    let characters: Vec<char> = String::from_utf8_lossy(text).chars().collect();
                    Ok(Some(like.regex.is_match(&characters)?))
                }
                _ => Ok(None),
            }),
            Node::Binary(Operator::StartsWith, sides) => {
                self.some_pair(&sides.0, Some((&sides.1, false)), item, |_, left, right| {
                    Ok(match (left.seen(), right.seen()) {
                        (Seen::String(text), Seen::String(start)) => Some(text.starts_with(start)),
                        _ => None,
                    })
                })
            }
            Node::Binary(operator, sides) => {
                let operator = *operator;
                self.some_pair(&sides.0, Some((&sides.1, true)), item, |walk, left, right| {
                    walk.compare(operator, left, right)
                })
            }
            _ => Err(error::Error::internal("a jsonpath value is used as a condition").into()),
        }
    }

    /// Whether a test holds for some pair of what two chains give. In lax mode the first pair that decides is enough; in
    /// strict mode one unknown pair makes all unknown.
    fn some_pair(
        &mut self,
        left: &Chain,
        right: Option<(&Chain, bool)>,
        item: &Item<'a>,
        mut test: impl FnMut(&mut Self, &Item<'a>, &Item<'a>) -> Result<Option<bool>, Failure>,
    ) -> Result<Option<bool>, Failure> {
        let mut side = |chain: &Chain, unwrap: bool| match self.all(chain, item, unwrap) {
            Ok(items) => Ok(Some(items)),
            Err(Failure::Soft(_)) => Ok(None),
            Err(hard) => Err(hard),
        };
        let Some(lefts) = side(left, true)? else { return Ok(None) };
        let rights = match right {
            None => vec![Item::Null],
            Some((chain, unwrap)) => match side(chain, unwrap)? {
                Some(items) => items,
                None => return Ok(None),
            },
        };
        let (mut holds, mut unknown) = (false, false);
        for left in &lefts {
            for right in &rights {
                match test(self, left, right)? {
                    None if !self.lax => return Ok(None),
                    None => unknown = true,
                    Some(true) if self.lax => return Ok(Some(true)),
                    Some(true) => holds = true,
                    Some(false) => {}
                }
            }
        }
        Ok(match (holds, unknown) {
            (true, _) => Some(true),
            (false, true) => None,
            (false, false) => Some(false),
        })
    }

    fn compare(&mut self, operator: Operator, a: &Item<'a>, b: &Item<'a>) -> Result<Option<bool>, Failure> {
        let order = match (a.seen(), b.seen()) {
            (Seen::Null, Seen::Null) => Ordering::Equal,
            (Seen::Null, _) | (_, Seen::Null) => return Ok(Some(operator == Operator::NotEqual)),
            (Seen::Bool(a), Seen::Bool(b)) => a.cmp(&b),
            (Seen::Number(a), Seen::Number(b)) => a.cmp(&b),
            // By code points, which is the order of UTF-8's bytes.
            (Seen::String(a), Seen::String(b)) => a.cmp(b),
            (Seen::DateTime(a), Seen::DateTime(b)) => match a.compare(b, self.options.with_zones, self.options.env)? {
                Some(order) => order,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(match operator {
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => order.is_ne(),
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Greater => order.is_gt(),
            _ => order.is_ge(),
        }))
    }
}
