//! Plan to batches of rows.
