//! PARTITION BY, and the bounds of partitions.

use super::Parser;
use crate::ast::*;
use crate::keywords::Keyword as K;
use error::{Result, SqlState};

impl Parser<'_> {
    pub(super) fn partition_by(&mut self) -> Result<Option<Box<PartitionBy>>> {
        let location = self.location();
        if !self.accept(K::Partition) {
            return Ok(None);
        }
        self.expect(K::By)?;
        let at = self.location();
        let name = self.name()?;
        let elements = self.parenthesized_list(|p| {
            let location = p.location();
            let key = p.index_key()?;
            let collation = if p.accept(K::Collate) { Some(p.any_name()?) } else { None };
            let operator_class = if Self::is_column_name(p.token()) { Some(p.any_name()?) } else { None };
            Ok(PartitionElement { key, collation, operator_class, location })
        })?;
        let strategy = match name.to_ascii_lowercase().as_str() {
            "list" => PartitionStrategy::List,
            "range" => PartitionStrategy::Range,
            "hash" => PartitionStrategy::Hash,
            _ => {
                let message = format!("unrecognized partitioning strategy \"{name}\"");
                return Err(self.error(SqlState::INVALID_PARAMETER_VALUE, message, at));
            }
        };
        Ok(Some(Box::new(PartitionBy { strategy, elements, location })))
    }

    /// `FOR VALUES … | DEFAULT`
    pub(super) fn partition_bound(&mut self) -> Result<PartitionBound> {
        let location = self.location();
        if self.accept(K::Default) {
            return Ok(PartitionBound { kind: PartitionBoundKind::Default, location });
        }
        self.expect_all(&[K::For, K::Values])?;
        let location = self.location();
        let kind = if self.accept(K::In) {
            PartitionBoundKind::List(self.parenthesized_list(Self::expr)?)
        } else if self.accept(K::From) {
            let from = self.parenthesized_list(Self::expr)?;
            self.expect(K::To)?;
            PartitionBoundKind::Range { from, to: self.parenthesized_list(Self::expr)? }
        } else {
            self.expect(K::With)?;
            self.hash_bound(location)?
        };
        Ok(PartitionBound { kind, location })
    }

    fn hash_bound(&mut self, location: u32) -> Result<PartitionBoundKind> {
        let (mut modulus, mut remainder) = (None, None);
        let items = self.parenthesized_list(|p| {
            let at = p.location();
            let name = p.nonreserved_word()?;
            Ok((name, p.unsigned_integer()?, at))
        })?;
        for (name, value, at) in items {
            let slot = match &*name {
                "modulus" => &mut modulus,
                "remainder" => &mut remainder,
                _ => {
                    let message = format!("unrecognized hash partition bound specification \"{name}\"");
                    return Err(self.error(SqlState::SYNTAX_ERROR, message, at));
                }
            };
            if slot.replace(value).is_some() {
                let message = format!("{name} for hash partition provided more than once");
                return Err(self.error(SqlState::DUPLICATE_OBJECT, message, at));
            }
        }
        let missing = |what: &str| {
            let message = format!("{what} for hash partition must be specified");
            self.error(SqlState::SYNTAX_ERROR, message, location)
        };
        Ok(PartitionBoundKind::Hash {
            modulus: modulus.ok_or_else(|| missing("modulus"))?,
            remainder: remainder.ok_or_else(|| missing("remainder"))?,
        })
    }
}
