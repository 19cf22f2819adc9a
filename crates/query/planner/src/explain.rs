//! A plan as EXPLAIN prints it.
