//! What table and index access methods offer: traits, row layout, scans.
#![forbid(unsafe_code)]
