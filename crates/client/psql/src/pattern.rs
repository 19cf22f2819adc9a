//! Name patterns of the `\d` family, turned into conditions of SQL.
