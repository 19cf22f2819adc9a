//! `\crosstabview`: a result turned into a grid.
//!
//! One column's values name the grid's rows, another's its columns, a third one's fill it. Only places are kept, the
//! values stay where they are: a [`Crosstab`] is [`Cells`] over the cells it was made of, and takes memory for the values
//! that are there, not for the grid.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::print::{Cells, Column};

/// The most columns a grid may have.
const MAX_COLUMNS: usize = 1600;

/// A result as a grid.
pub(crate) struct Crosstab<'a> {
    source: &'a dyn Cells,
    /// The column of `source` that names the grid's rows.
    vertical: usize,
    /// The column of `source` that fills the grid.
    data: usize,
    /// For each row of the grid the row of `source` that named it first.
    rows: Vec<usize>,
    /// Grid row, grid column and row of `source`, ascending.
    places: Vec<(u32, u32, usize)>,
    columns: Vec<Column>,
}

/// The value that names a row or column, and where it stands among the others.
type Names<'a> = HashMap<Option<&'a [u8]>, u32>;

impl<'a> Crosstab<'a> {
    /// Makes a grid of a result. `arguments` are those of the command, in its order: the columns of row names, column
    /// names, values and sorting of the columns, each by number or name. `null` is the option of `\pset`. The error is
    /// a message's text.
    pub(crate) fn new(
        columns: &[Column],
        source: &'a dyn Cells,
        arguments: &[Option<&[u8]>; 4],
        null: Option<&[u8]>,
    ) -> Result<Crosstab<'a>, Vec<u8>> {
        if columns.len() < 3 {
            return Err(b"\\crosstabview: query must return at least three columns".to_vec());
        }
        let named = |index: usize| arguments[index].map(|name| find_column(name, columns)).transpose();
        let vertical = named(0)?.unwrap_or(0);
        let horizontal = named(1)?.unwrap_or(1);
        if vertical == horizontal {
            return Err(b"\\crosstabview: vertical and horizontal headers must be different columns".to_vec());
        }
        let data = match named(2)? {
            Some(data) => data,
            None if columns.len() == 3 => 3 - vertical - horizontal,
            None => {
                return Err(
                    b"\\crosstabview: data column must be specified when query returns more than three columns"
                        .to_vec(),
                );
            }
        };
        let sort = named(3)?;

        let mut row_names = Names::new();
        let mut column_names = Names::new();
        let (mut rows, mut heads) = (Vec::new(), Vec::new());
        let mut filled: HashMap<(u32, u32), usize> = HashMap::with_capacity(source.rows());
        // All names are looked at before any value: a grid with too many columns says so first.
        let mut pairs = Vec::with_capacity(source.rows());
        for row in 0..source.rows() {
            let place = |names: &mut Names<'a>, first: &mut Vec<usize>, column: usize| {
                *names.entry(source.value(row, column)).or_insert_with(|| {
                    first.push(row);
                    first.len() as u32 - 1
                })
            };
            let across = place(&mut column_names, &mut heads, horizontal);
            if heads.len() > MAX_COLUMNS {
                return Err(format!("\\crosstabview: maximum number of columns ({MAX_COLUMNS}) exceeded").into_bytes());
            }
            pairs.push((place(&mut row_names, &mut rows, vertical), across));
        }
        let ranks = rank_columns(source, &mut heads, horizontal, sort);
        for (row, (down, across)) in pairs.into_iter().enumerate() {
            match filled.entry((down, ranks[across as usize])) {
                Entry::Vacant(entry) => {
                    entry.insert(row);
                }
                Entry::Occupied(_) => {
                    let text = |column| source.value(row, column).or(null).unwrap_or(b"(null)");
                    return Err([
                        &b"\\crosstabview: query result contains multiple data values for row \""[..],
                        text(vertical),
                        b"\", column \"",
                        text(horizontal),
                        b"\"",
                    ]
                    .concat());
                }
            }
        }
        let mut places: Vec<_> = filled.into_iter().map(|((down, across), row)| (down, across, row)).collect();
        places.sort_unstable();
        let mut grid = vec![columns[vertical].clone()];
        grid.extend(heads.iter().map(|row| Column {
            name: source.value(*row, horizontal).or(null).unwrap_or_default().to_vec(),
            alignment: columns[data].alignment,
        }));
        Ok(Crosstab { source, vertical, data, rows, places, columns: grid })
    }

    /// The grid's columns.
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }
}

impl Cells for Crosstab<'_> {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn value(&self, row: usize, column: usize) -> Option<&[u8]> {
        if column == 0 {
            return self.source.value(self.rows[row], self.vertical);
        }
        let wanted = (row as u32, column as u32 - 1);
        match self.places.binary_search_by_key(&wanted, |(down, across, _)| (*down, *across)) {
            Ok(index) => self.source.value(self.places[index].2, self.data),
            // Where there is no value there is no null either.
            Err(_) => Some(b""),
        }
    }
}

/// Sorts the grid's columns by the integers of a column, if one is given, and returns for each column as it was found
/// where it stands now. `heads` has the rows that named them first, and is sorted. Columns with equal numbers, and what
/// is no integer counts as zero, are sorted by their names, NULL last.
fn rank_columns(source: &dyn Cells, heads: &mut [usize], horizontal: usize, sort: Option<usize>) -> Vec<u32> {
    let mut order: Vec<usize> = (0..heads.len()).collect();
    if let Some(sort) = sort {
        let key = |found: &usize| {
            let row = heads[*found];
            let name = source.value(row, horizontal);
            (source.value(row, sort).map_or(0, integer), name.is_none(), name)
        };
        order.sort_by(|one, other| key(one).cmp(&key(other)));
    }
    let mut ranks = vec![0; heads.len()];
    for (rank, found) in order.iter().enumerate() {
        ranks[*found] = rank as u32;
    }
    let found = heads.to_vec();
    for (head, from) in heads.iter_mut().zip(order) {
        *head = found[from];
    }
    ranks
}

/// Digits, perhaps behind a minus sign, as an integer of 32 bits; zero for anything else.
fn integer(text: &[u8]) -> i32 {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    crate::pset::leading_integer(text)
}

/// The column that an argument names: by its number, or by its name as an SQL identifier.
fn find_column(argument: &[u8], columns: &[Column]) -> Result<usize, Vec<u8>> {
    let message = |text: &str, name: &[u8]| [text.as_bytes(), b"\"", name, b"\""].concat();
    if !argument.is_empty() && argument.iter().all(u8::is_ascii_digit) {
        let number = crate::pset::leading_integer(argument);
        return match usize::try_from(number) {
            Ok(index) if (1..=columns.len()).contains(&index) => Ok(index - 1),
            _ => {
                Err(format!("\\crosstabview: column number {number} is out of range 1..{}", columns.len()).into_bytes())
            }
        };
    }
    let name = identifier(argument);
    let mut found = columns.iter().enumerate().filter(|(_, column)| column.name == name);
    match (found.next(), found.next()) {
        (Some((index, _)), None) => Ok(index),
        (Some(_), Some(_)) => Err(message("\\crosstabview: ambiguous column name: ", &name)),
        (None, _) => Err(message("\\crosstabview: column name not found: ", &name)),
    }
}

/// An identifier as SQL reads it: lower case outside of double quotes.
fn identifier(text: &[u8]) -> Vec<u8> {
    let (mut name, mut quoted, mut index) = (Vec::with_capacity(text.len()), false, 0);
    while let Some(&byte) = text.get(index) {
        index += 1;
        match byte {
            b'"' if quoted && text.get(index) == Some(&b'"') => {
                name.push(b'"');
                index += 1;
            }
            b'"' => quoted = !quoted,
            byte => name.push(if quoted { byte } else { byte.to_ascii_lowercase() }),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::Grid;

    fn source(rows: &[[Option<&str>; 4]]) -> Grid {
        let mut grid = Grid::new(4);
        rows.iter().flatten().for_each(|value| grid.push(value.map(str::as_bytes)));
        grid
    }

    fn columns() -> Vec<Column> {
        ["v", "h", "c", "Sort"].iter().map(Column::left).collect()
    }

    fn text(crosstab: &Crosstab<'_>) -> String {
        let mut lines = vec![
            crosstab
                .columns()
                .iter()
                .map(|column| String::from_utf8_lossy(&column.name).into_owned())
                .collect::<Vec<_>>(),
        ];
        for row in 0..crosstab.rows() {
            lines.push(
                (0..crosstab.columns().len())
                    .map(|column| {
                        crosstab.value(row, column).map_or("NULL".into(), String::from_utf8_lossy).into_owned()
                    })
                    .collect(),
            );
        }
        lines.iter().map(|line| line.join("|")).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn columns_stand_as_found_or_as_sorted() {
        let source = source(&[
            [Some("v1"), Some("h2"), Some("a"), Some("7")],
            [Some("v0"), None, None, Some("-3")],
            [Some("v1"), Some("h1"), Some("b"), Some("x")],
        ]);
        let arguments = [Some(&b"1"[..]), Some(b"H"), Some(b"\"c\""), None];
        let found = Crosstab::new(&columns(), &source, &arguments, Some(b"-")).expect("a grid");
        assert_eq!(text(&found), "v|h2|-|h1\nv1|a||b\nv0||NULL|");
        let arguments = [None, None, Some(&b"3"[..]), Some(b"\"Sort\"")];
        let sorted = Crosstab::new(&columns(), &source, &arguments, None).expect("a grid");
        assert_eq!(text(&sorted), "v||h1|h2\nv1||b|a\nv0|NULL||");
    }

    #[test]
    fn what_makes_no_grid() {
        let twice = source(&[[Some("v"), None, None, None], [Some("v"), None, None, None]]);
        let error = |arguments: [Option<&[u8]>; 4]| {
            let error = Crosstab::new(&columns(), &twice, &arguments, None).err().expect("an error");
            String::from_utf8(error).expect("UTF-8")
        };
        let third = Some(&b"3"[..]);
        assert!(error([None, None, third, None]).ends_with(r#"values for row "v", column "(null)""#));
        assert!(error([None; 4]).ends_with("more than three columns"));
        assert!(error([Some(b"5"), None, third, None]).ends_with("column number 5 is out of range 1..4"));
        assert!(error([Some(b"sort"), None, None, third]).ends_with("name not found: \"sort\""));
        assert!(error([Some(b"h"), None, None, third]).ends_with("must be different columns"));
    }
}
