//! The grammar, by topic.
//!
//! [`Parser`] is a cursor over the scanned tokens; each file adds the functions of its topic to it. A function that
//! reads something is called where that thing must stand, and fails at the first token that cannot; functions that look
//! first (`at_…`) or take something optional (`accept_…`) never fail for its absence.

mod copy;
mod cursor;
mod ddl_alter;
mod ddl_alter_table;
mod ddl_constraint;
mod ddl_function;
mod ddl_index;
mod ddl_object;
mod ddl_partition;
mod ddl_policy;
mod ddl_rule;
mod ddl_table;
mod ddl_trigger;
mod ddl_type;
mod ddl_view;
mod dml;
mod expression;
mod from;
mod function;
mod json;
mod option;
mod primary;
mod privilege;
mod replication;
mod role;
mod select;
mod setting;
mod statement;
mod transaction;
mod type_name;
mod utility;
mod xml;

#[cfg(test)]
mod tests;

pub(crate) use cursor::Parser;
