//! Query to Plan: statistics, costs, join order.
#![forbid(unsafe_code)]
