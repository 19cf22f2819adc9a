//! `--help`, `\?`, and `\h` for every command.
