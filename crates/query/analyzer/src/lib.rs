//! Syntax tree to Query: names and types resolved, views expanded.
//!
//! Start with [`query`], the tree that it produces; [`node`] gives that tree its text form (views, defaults and checks are stored
//! so) and its walks.
#![forbid(unsafe_code)]

pub mod node;
pub mod query;
