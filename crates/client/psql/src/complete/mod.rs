//! Completion of SQL, objects and meta-commands.
