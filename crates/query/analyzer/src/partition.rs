//! Bounds of partitions as the catalogs store them (`pg_class.relpartbound`), and back as SQL.

use catalog::Catalog;
use error::Result;
use ids::Oid;
use types::Environment;

use crate::deparse::{constant_text, labelled_text};
use crate::node::node;
use crate::query::{Expr, ExprKind};

node! {
    /// Which rows a partition holds.
    #[derive(Clone, Debug, PartialEq)]
    pub enum PartitionBound {
        /// Those that no other partition does.
        Default,
        /// Those whose hash leaves this remainder.
        Hash {
            /// By what the hash is divided.
            modulus: i32,
            /// What is left.
            remainder: i32,
        },
        /// Those with one of these values (constants).
        List {
            /// The values.
            values: Vec<Expr>,
        },
        /// Those from one key to another.
        Range {
            /// The first that belongs.
            from: Vec<RangeDatum>,
            /// The first that no longer belongs.
            to: Vec<RangeDatum>,
        },
    }
}

node! {
    /// One column of a range's end.
    #[derive(Clone, Debug, PartialEq)]
    pub enum RangeDatum {
        /// `MINVALUE`
        Least,
        /// A constant.
        Value {
            /// It.
            value: Expr,
        },
        /// `MAXVALUE`
        Greatest,
    }
}

fn is_null(value: &Expr) -> bool {
    matches!(&value.kind, ExprKind::Const(value) if value.is_null())
}

impl PartitionBound {
    /// The conditions that the bound stands for, as SQL, all of which hold.
    pub(crate) fn conditions(
        &self,
        catalog: &Catalog,
        env: &dyn Environment,
        table: Oid,
        others: &[PartitionBound],
        columns: &[String],
    ) -> Result<Vec<String>> {
        let column = columns.first().map_or("", |column| column);
        Ok(match self {
            PartitionBound::Default => {
                let list = others.iter().any(|other| matches!(other, PartitionBound::List { .. }));
                if others.is_empty() {
                    return Ok(Vec::new());
                }
                if list {
                    let mut values = Vec::new();
                    let mut null = false;
                    for other in others {
                        let PartitionBound::List { values: own } = other else { continue };
                        null |= own.iter().any(is_null);
                        values.extend(own.iter().filter(|value| !is_null(value)).cloned());
                    }
                    let one = list_conditions(catalog, env, column, &values, null)?;
                    let all = if one.len() == 1 { one.concat() } else { format!("({})", one.join(" AND ")) };
                    return Ok(vec![format!("(NOT {all})")]);
                }
                let mut arms = Vec::new();
                for other in others {
                    let PartitionBound::Range { from, to } = other else { continue };
                    let own = range_conditions(catalog, env, from, to, columns)?;
                    arms.push(match own.len() {
                        0 => "true".into(),
                        1 => own.concat(),
                        _ => format!("({})", own.join(" AND ")),
                    });
                }
                let any = if arms.len() == 1 { arms.concat() } else { format!("({})", arms.join(" OR ")) };
                let nulls: Vec<String> = columns.iter().map(|column| format!("({column} IS NOT NULL)")).collect();
                vec![format!("(NOT ({} AND {any}))", nulls.join(" AND "))]
            }
            PartitionBound::Hash { modulus, remainder } => vec![format!(
                "satisfies_hash_partition('{table}'::oid, {modulus}, {remainder}, {})",
                columns.join(", ")
            )],
            PartitionBound::List { values } => {
                let null = values.iter().any(is_null);
                let values: Vec<Expr> = values.iter().filter(|value| !is_null(value)).cloned().collect();
                list_conditions(catalog, env, column, &values, null)?
            }
            PartitionBound::Range { from, to } => {
                let mut all: Vec<String> = columns.iter().map(|column| format!("({column} IS NOT NULL)")).collect();
                all.extend(range_conditions(catalog, env, from, to, columns)?);
                all
            }
        })
    }

    /// The bound that a text of `pg_class.relpartbound` holds.
    ///
    /// # Errors
    /// `XX001` for any other text.
    pub fn read(text: &str) -> Result<PartitionBound> {
        crate::node::from_text(text)
    }

    /// Whether a stored tree is a bound rather than an expression.
    pub(crate) fn is_one(text: &str) -> bool {
        text.split_once(' ').is_some_and(|(_, tree)| tree.trim_start().starts_with('{'))
    }

    /// `FOR VALUES …` or `DEFAULT`.
    pub(crate) fn to_sql(&self, catalog: &Catalog, env: &dyn Environment) -> Result<String> {
        let list = |values: &[Expr]| -> Result<String> {
            Ok(values.iter().map(|value| constant_text(catalog, env, value)).collect::<Result<Vec<_>>>()?.join(", "))
        };
        let ends = |ends: &[RangeDatum]| -> Result<String> {
            let shown = ends.iter().map(|end| match end {
                RangeDatum::Least => Ok("MINVALUE".to_string()),
                RangeDatum::Greatest => Ok("MAXVALUE".to_string()),
                RangeDatum::Value { value } => constant_text(catalog, env, value),
            });
            Ok(shown.collect::<Result<Vec<_>>>()?.join(", "))
        };
        Ok(match self {
            PartitionBound::Default => "DEFAULT".into(),
            PartitionBound::Hash { modulus, remainder } => {
                format!("FOR VALUES WITH (modulus {modulus}, remainder {remainder})")
            }
            PartitionBound::List { values } => format!("FOR VALUES IN ({})", list(values)?),
            PartitionBound::Range { from, to } => format!("FOR VALUES FROM ({}) TO ({})", ends(from)?, ends(to)?),
        })
    }
}

/// The conditions of a list.
fn list_conditions(
    catalog: &Catalog,
    env: &dyn Environment,
    column: &str,
    values: &[Expr],
    null: bool,
) -> Result<Vec<String>> {
    let shown = values.iter().map(|value| labelled_text(catalog, env, value)).collect::<Result<Vec<_>>>()?;
    let equal = match &shown[..] {
        [] => None,
        [one] => Some(format!("({column} = {one})")),
        many => Some(format!("({column} = ANY (ARRAY[{}]))", many.join(", "))),
    };
    Ok(match (equal, null) {
        (None, _) => vec![format!("({column} IS NULL)")],
        (Some(equal), true) => vec![format!("(({column} IS NULL) OR {equal})")],
        (Some(equal), false) => vec![format!("({column} IS NOT NULL)"), equal],
    })
}

/// The comparisons of a range.
fn range_conditions(
    catalog: &Catalog,
    env: &dyn Environment,
    from: &[RangeDatum],
    to: &[RangeDatum],
    columns: &[String],
) -> Result<Vec<String>> {
    let mut all = Vec::new();
    let value = |end: &RangeDatum| match end {
        RangeDatum::Value { value } => labelled_text(catalog, env, value).map(Some),
        _ => Ok(None),
    };
    // Columns that the range leaves no choice for.
    let mut first = 0;
    while first + 1 < columns.len()
        && from[first] == to[first]
        && let Some(text) = value(&from[first])?
    {
        all.push(format!("({} = {text})", columns[first]));
        first += 1;
    }
    for (ends, strict, closed, open) in [(from, ">", ">=", RangeDatum::Least), (to, "<", "<=", RangeDatum::Greatest)] {
        let mut arms = Vec::new();
        let mut equal: Vec<String> = Vec::new();
        for at in first..columns.len() {
            let Some(text) = value(&ends[at])? else { break };
            let last = at + 1 == columns.len();
            let next_open = ends.get(at + 1) == Some(&open);
            let operator = match (last, next_open) {
                (true, _) => {
                    if strict == ">" {
                        closed
                    } else {
                        strict
                    }
                }
                (false, true) => closed,
                (false, false) => strict,
            };
            let mut arm = equal.clone();
            arm.push(format!("({} {operator} {text})", columns[at]));
            arms.push(if arm.len() == 1 { arm.concat() } else { format!("({})", arm.join(" AND ")) });
            if next_open {
                break;
            }
            equal.push(format!("({} = {text})", columns[at]));
        }
        match arms.len() {
            0 => {}
            1 => all.push(arms.concat()),
            _ => all.push(format!("({})", arms.join(" OR "))),
        }
    }
    Ok(all)
}
