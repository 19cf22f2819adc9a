//! Bounds of partitions as the catalogs store them (`pg_class.relpartbound`), and back as SQL.

use catalog::Catalog;
use error::Result;

use crate::deparse::constant_text;
use crate::node::node;
use crate::query::Expr;

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

impl PartitionBound {
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
    pub(crate) fn to_sql(&self, catalog: &Catalog) -> Result<String> {
        let list = |values: &[Expr]| -> Result<String> {
            Ok(values.iter().map(|value| constant_text(catalog, value)).collect::<Result<Vec<_>>>()?.join(", "))
        };
        let ends = |ends: &[RangeDatum]| -> Result<String> {
            let shown = ends.iter().map(|end| match end {
                RangeDatum::Least => Ok("MINVALUE".to_string()),
                RangeDatum::Greatest => Ok("MAXVALUE".to_string()),
                RangeDatum::Value { value } => constant_text(catalog, value),
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
