//! `\crosstabview`: a result turned into a grid.
