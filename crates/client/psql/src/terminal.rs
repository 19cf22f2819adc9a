//! The terminal: line editing, history, passwords.
