//! Query to Plan: statistics, costs, join order.
//!
//! Start with [`plan`], what the planner makes and the executor runs.
#![forbid(unsafe_code)]

pub mod plan;
