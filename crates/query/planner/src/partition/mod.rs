//! Partitioned tables: by what they are cut, and which partition a row belongs to.
//!
//! # Keys are byte strings
//!
//! Values of a partition key are encoded as B-trees encode them ([`types::sortkey`]): bytes in SQL's order. So a range is two byte
//! strings between which a key lies, whatever the types and however many the columns; `MINVALUE` ends the string early (less than all
//! that begins so), `MAXVALUE` is the least string that is greater than all that begins so. A list is a sorted array of strings.
//! Routing is a binary search, and so is pruning.

mod bounds;
mod branches;
mod condition;
mod order;
mod prune;

use std::sync::Arc;

use analyzer::query::{self as q, Expr, ExprKind};
use catalog::rows::PgPartitionedTable;
use catalog::{Catalog, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use types::Environment;
use types::sortkey::{KeyColumn, KeyEncoder};

pub(crate) use branches::Branch;
pub use condition::{KeyFact, KeyTest};
pub(crate) use order::Turn;
pub use prune::keep;

pub use bounds::{Bounds, Range, list_value, range_end, row_hash};

/// How rows are assigned to partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// By lists of values.
    List,
    /// By ranges.
    Range,
    /// By the remainder of a hash.
    Hash,
}

/// By what a table is partitioned.
#[derive(Clone, Debug)]
pub struct PartitionKey {
    /// How.
    pub strategy: Strategy,
    /// The columns' numbers; 0 for expressions.
    pub numbers: Vec<i16>,
    /// The columns and expressions, over relation 0.
    pub exprs: Vec<Expr>,
    /// Their operator classes.
    pub classes: Vec<Oid>,
    /// Their collations.
    pub collations: Vec<Oid>,
    /// Their types, domains resolved.
    pub types: Vec<Oid>,
    /// Makes bytes of values; not for hash partitions.
    pub encoder: Option<KeyEncoder>,
    /// The functions that make hashes of them, of hash partitions by operator classes of users.
    pub hash_functions: Vec<Option<Oid>>,
}

impl PartitionKey {
    /// The key of a partitioned table.
    ///
    /// # Errors
    /// `XX000` for a table that is not partitioned.
    pub fn read(catalog: &Catalog, env: &dyn Environment, table: &Relation) -> Result<PartitionKey> {
        let row = catalog
            .row::<PgPartitionedTable>(index::PG_PARTITIONED_TABLE_PARTRELID_INDEX, &[table.oid.into()])?
            .ok_or_else(|| Error::internal(format!("relation \"{}\" is not partitioned", table.name())))?;
        let strategy = match row.partstrat {
            b'l' => Strategy::List,
            b'r' => Strategy::Range,
            b'h' => Strategy::Hash,
            other => return Err(Error::corrupted(format!("unknown partition strategy {other}"))),
        };
        let mut stored = match &row.partexprs {
            Some(text) => analyzer::node::from_text::<Vec<Expr>>(text)?,
            None => Vec::new(),
        }
        .into_iter();
        let (mut exprs, mut types) = (Vec::new(), Vec::new());
        for &number in row.partattrs.iter() {
            let expr = match number {
                0 => stored.next().ok_or_else(|| Error::corrupted("a partition key lacks an expression"))?,
                number => {
                    let column = table
                        .column(number)
                        .ok_or_else(|| Error::internal(format!("column {number} of a partition key is gone")))?;
                    let ty =
                        q::SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
                    let var = q::Var { level: 0, relation: 0, column: number, version: q::RowVersion::Default };
                    Expr { kind: ExprKind::Var(var), ty, location: q::NO_LOCATION }
                }
            };
            types.push(catalog.base_type(expr.ty.oid, -1)?.0);
            exprs.push(expr);
        }
        let collations = row.partcollation.to_vec();
        let encoder = match strategy {
            Strategy::Hash => None,
            _ => {
                let columns =
                    types.iter().zip(&collations).map(|(&ty, &collation)| KeyColumn::ascending(ty, collation));
                Some(KeyEncoder::new(columns.collect(), env)?)
            }
        };
        let (numbers, classes) = (row.partattrs.to_vec(), row.partclass.to_vec());
        let hash_functions = match strategy {
            Strategy::Hash => classes.iter().map(|&class| hash_function(catalog, class)).collect::<Result<_>>()?,
            _ => Vec::new(),
        };
        Ok(PartitionKey { strategy, numbers, exprs, classes, collations, types, encoder, hash_functions })
    }
}

/// The support function of a hash operator class that takes a seed.
const EXTENDED_HASH: i16 = 2;

/// The function that hashes keys by an operator class of a user's; none for the server's own classes, whose functions are known.
///
/// # Errors
/// `42P17` for a class without such a function.
pub fn hash_function(catalog: &Catalog, class: Oid) -> Result<Option<Oid>> {
    if class < Oid::FIRST_NORMAL {
        return Ok(None);
    }
    let row = catalog.opclass(class)?;
    let found = catalog.family_function(row.opcfamily, row.opcintype, row.opcintype, EXTENDED_HASH)?;
    match found {
        Some(function) => Ok(Some(function)),
        None => {
            let text = format!(
                "operator class \"{}\" of access method hash is missing support function {EXTENDED_HASH} for type {}",
                row.opcname,
                catalog.format_type(row.opcintype, -1)?
            );
            Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text))
        }
    }
}

/// A partition of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Row of `pg_class`.
    pub oid: Oid,
    /// It is partitioned itself.
    pub partitioned: bool,
}

/// A partitioned table with its partitions.
#[derive(Debug)]
pub struct Partitioned {
    /// The table.
    pub oid: Oid,
    /// By what it is partitioned.
    pub key: PartitionKey,
    /// The key's columns and expressions over the table's columns, ready to run.
    pub compiled: Vec<crate::plan::Expr>,
    /// The partitions: in the order of what they hold, the default one last.
    pub partitions: Vec<Partition>,
    /// Which holds what, by their places in `partitions`.
    pub bounds: Bounds,
}

impl Partitioned {
    /// The table's partitions, which are cached with its descriptor.
    ///
    /// # Errors
    /// `XX000` for a table that is not partitioned; `XX001` for bounds that cannot be read.
    pub fn of(context: &crate::Context<'_>, table: Oid) -> Result<Arc<Partitioned>> {
        context.catalog.handle(table, || Partitioned::read(context, table))
    }

    fn read(context: &crate::Context<'_>, table: Oid) -> Result<Partitioned> {
        let catalog = context.catalog;
        let relation = catalog.relation(table)?;
        let key = PartitionKey::read(catalog, context.env, &relation)?;
        let mut found = Vec::new();
        for child in catalog.children(table)? {
            let Some(class) = catalog.class(child)? else { continue };
            // One that is being made, or detached, has no bound.
            let Some(text) = &class.relpartbound else { continue };
            let bound = analyzer::partition::PartitionBound::read(text)?;
            let partitioned = class.relkind == catalog::relation::kind::PARTITIONED_TABLE;
            found.push((Partition { oid: child, partitioned }, bound));
        }
        let (partitions, bounds) = Bounds::new(&key, found, context.env)?;
        let compiled = crate::plan_rows(&relation, key.exprs.clone(), context)?.root.project.unwrap_or_default();
        Ok(Partitioned { oid: table, key, compiled, partitions, bounds })
    }
}
