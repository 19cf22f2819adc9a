//! What is done or asked when rows change: triggers, rules, policies.

use super::{Expr, Name, ObjectName, RelationName, RoleSpec};

/// `CREATE TRIGGER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTrigger {
    /// Its name.
    pub name: Name,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `CONSTRAINT`.
    pub constraint: bool,
    /// Of which table.
    pub relation: RelationName,
    /// When.
    pub timing: TriggerTiming,
    /// On which events.
    pub events: TriggerEvents,
    /// `UPDATE OF`.
    pub columns: Vec<Name>,
    /// `FOR EACH ROW`.
    pub for_each_row: bool,
    /// `REFERENCING`.
    pub transitions: Vec<TriggerTransition>,
    /// `WHEN (…)`.
    pub condition: Option<Expr>,
    /// The function.
    pub function: ObjectName,
    /// Its arguments, as text.
    pub arguments: Vec<Name>,
    /// `FROM`, of a constraint trigger.
    pub from: Option<RelationName>,
    /// `DEFERRABLE`, of a constraint trigger.
    pub deferrable: bool,
    /// `INITIALLY DEFERRED`.
    pub initially_deferred: bool,
}

/// When a trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerTiming {
    /// `BEFORE`.
    Before,
    /// `AFTER`.
    After,
    /// `INSTEAD OF`.
    InsteadOf,
}

/// A set of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TriggerEvents {
    /// `INSERT`.
    pub insert: bool,
    /// `UPDATE`.
    pub update: bool,
    /// `DELETE`.
    pub delete: bool,
    /// `TRUNCATE`.
    pub truncate: bool,
}

/// `OLD|NEW TABLE|ROW AS name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerTransition {
    /// The name.
    pub name: Name,
    /// `NEW`.
    pub new: bool,
    /// `TABLE`.
    pub table: bool,
}

/// `CREATE RULE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateRule {
    /// Its name.
    pub name: Name,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `ON`.
    pub event: RuleEvent,
    /// `TO`.
    pub relation: RelationName,
    /// `WHERE`.
    pub condition: Option<Expr>,
    /// `INSTEAD`.
    pub instead: bool,
    /// `DO`; empty: NOTHING. Each with its byte range.
    pub actions: Vec<super::RawStatement>,
}

/// What a rule rewrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleEvent {
    /// `SELECT`.
    Select,
    /// `INSERT`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
}

/// `CREATE POLICY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatePolicy {
    /// Its name.
    pub name: Name,
    /// Its table.
    pub relation: RelationName,
    /// `AS RESTRICTIVE` if false.
    pub permissive: bool,
    /// `FOR`.
    pub command: PolicyCommand,
    /// `TO`; PUBLIC if not written.
    pub roles: Vec<RoleSpec>,
    /// `USING`.
    pub using: Option<Expr>,
    /// `WITH CHECK`.
    pub check: Option<Expr>,
}

/// What a policy is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PolicyCommand {
    /// `ALL`.
    #[default]
    All,
    /// `SELECT`.
    Select,
    /// `INSERT`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
}

/// `ALTER POLICY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterPolicy {
    /// Its name.
    pub name: Name,
    /// Its table.
    pub relation: RelationName,
    /// `TO`, if written.
    pub roles: Option<Vec<RoleSpec>>,
    /// `USING`.
    pub using: Option<Expr>,
    /// `WITH CHECK`.
    pub check: Option<Expr>,
}
