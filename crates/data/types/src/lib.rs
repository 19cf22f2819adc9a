//! SQL values: text and binary form, operators, functions, aggregates.
