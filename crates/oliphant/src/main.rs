//! The one binary: `oliphant psql …`, or called by a tool's own name.
#![forbid(unsafe_code)]

fn main() {}
