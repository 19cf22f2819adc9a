//! Constraints of columns and tables.

use super::{DefinitionItem, Expr, IndexElement, Name, RelationName};

/// A constraint of a table, a column or a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// `CONSTRAINT name`.
    pub name: Option<Name>,
    /// What it demands.
    pub kind: ConstraintKind,
    /// `DEFERRABLE` and its like.
    pub attributes: ConstraintAttributes,
    /// Where it begins (its name clause if it has one).
    pub location: u32,
}

/// What can follow a constraint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConstraintAttributes {
    /// `[NOT] DEFERRABLE`, if written (`INITIALLY DEFERRED` implies it).
    pub deferrable: Option<bool>,
    /// `INITIALLY DEFERRED` or `IMMEDIATE`, if written.
    pub initially_deferred: Option<bool>,
    /// `[NOT] ENFORCED`, if written.
    pub enforced: Option<bool>,
    /// `NOT VALID`.
    pub not_valid: bool,
    /// `NO INHERIT`.
    pub no_inherit: bool,
    /// `INHERIT`, in ALTER CONSTRAINT.
    pub inherit: bool,
    /// Where the first of them stands; [`super::NO_LOCATION`] if none does.
    pub location: u32,
}

/// Kinds of constraints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    /// `NOT NULL`; columns only as a table constraint (`NOT NULL c`).
    NotNull {
        /// The column, for a table constraint.
        column: Option<Name>,
    },
    /// `NULL`.
    Null,
    /// `DEFAULT expression`.
    Default(Expr),
    /// `CHECK (expression)`.
    Check(Expr),
    /// `GENERATED ALWAYS|BY DEFAULT AS (expression) STORED|VIRTUAL`.
    Generated {
        /// The expression.
        expression: Expr,
        /// When; anything but `Always` is an error later.
        when: GeneratedWhen,
        /// `STORED` rather than `VIRTUAL`, the default.
        stored: bool,
    },
    /// `GENERATED ALWAYS|BY DEFAULT AS IDENTITY (options)`.
    Identity {
        /// When.
        when: GeneratedWhen,
        /// The sequence's options.
        options: Vec<DefinitionItem>,
    },
    /// `UNIQUE` and `PRIMARY KEY`.
    Unique(Box<UniqueConstraint>),
    /// `EXCLUDE`.
    Exclusion(Box<ExclusionConstraint>),
    /// `REFERENCES`, `FOREIGN KEY`.
    ForeignKey(Box<ForeignKey>),
}

/// When an identity or generated column gets its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneratedWhen {
    /// `ALWAYS`.
    Always,
    /// `BY DEFAULT`.
    ByDefault,
}

/// `UNIQUE|PRIMARY KEY (columns) INCLUDE (…) …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueConstraint {
    /// `PRIMARY KEY`.
    pub primary: bool,
    /// `NULLS NOT DISTINCT`.
    pub nulls_not_distinct: bool,
    /// The columns; empty for a column constraint and with `index`.
    pub columns: Vec<Name>,
    /// The last column is followed by `WITHOUT OVERLAPS`.
    pub without_overlaps: bool,
    /// `INCLUDE`.
    pub including: Vec<Name>,
    /// `WITH (…)`.
    pub options: Vec<DefinitionItem>,
    /// `USING INDEX TABLESPACE`.
    pub tablespace: Option<Name>,
    /// `USING INDEX name`, instead of columns.
    pub index: Option<Name>,
}

/// `EXCLUDE USING am (element WITH operator, …) …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExclusionConstraint {
    /// The index access method.
    pub access_method: Option<Name>,
    /// The elements and their operators.
    pub elements: Vec<(IndexElement, super::Operator)>,
    /// `INCLUDE`.
    pub including: Vec<Name>,
    /// `WITH (…)`.
    pub options: Vec<DefinitionItem>,
    /// `USING INDEX TABLESPACE`.
    pub tablespace: Option<Name>,
    /// `WHERE (…)`.
    pub filter: Option<Expr>,
}

/// `FOREIGN KEY (columns) REFERENCES table (columns) …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// The referencing columns; empty for a column constraint.
    pub columns: Vec<Name>,
    /// `PERIOD` stands before the last referencing column.
    pub period: bool,
    /// The referenced table.
    pub table: RelationName,
    /// The referenced columns; empty: its primary key.
    pub referenced: Vec<Name>,
    /// `PERIOD` stands before the last referenced column.
    pub referenced_period: bool,
    /// `MATCH`.
    pub matching: MatchType,
    /// `ON UPDATE`.
    pub on_update: ReferentialAction,
    /// `ON DELETE`.
    pub on_delete: ReferentialAction,
    /// `ON DELETE SET NULL|DEFAULT (columns)`.
    pub set_columns: Vec<Name>,
}

/// How partly null keys match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MatchType {
    /// `MATCH SIMPLE`.
    #[default]
    Simple,
    /// `MATCH FULL`.
    Full,
}

/// What a foreign key does when the referenced row goes or changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferentialAction {
    /// `NO ACTION`.
    #[default]
    NoAction,
    /// `RESTRICT`.
    Restrict,
    /// `CASCADE`.
    Cascade,
    /// `SET NULL`.
    SetNull,
    /// `SET DEFAULT`.
    SetDefault,
}
