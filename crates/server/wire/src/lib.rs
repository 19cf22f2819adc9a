//! Protocol 3.0 and 3.2 messages, both directions.
#![forbid(unsafe_code)]
