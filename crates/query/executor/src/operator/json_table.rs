//! `JSON_TABLE`: rows made of a document.
//!
//! A path gives rows; from each row further paths go on. The rows of one nested path follow those of the one before, with
//! nulls in the columns of the others; a row without any nested rows is given once, with nulls there. Each path keeps the
//! values it gave for its row, and is asked for the next row only when it is wanted.

use batch::{Batch, Column, Datum};
use error::Result;
use planner::plan::{self, JsonTableColumn};
use types::json::View;
use types::jsonpath::Program;
use types::jsonpath::sqljson::{Question, Variable, path_of};

use crate::expression::{Compiled, JsonPath, compile, compile_passing, passed};
use crate::run::Run;

enum ColumnOf {
    Ordinality,
    Value(Box<JsonPath>),
}

/// The rows of one path.
struct Level {
    path: Datum,
    program: Program,
    columns: Vec<ColumnOf>,
    nested: Vec<Level>,
    /// What the path gave, and how many of it were taken.
    found: Vec<Box<[u8]>>,
    taken: usize,
    /// The current row's own columns.
    row: Vec<Datum>,
    /// The nested path whose turn it is, and whether the current row was shown.
    turn: usize,
    shown: bool,
}

pub(super) struct JsonTable {
    context: Compiled,
    passing: Vec<(String, Compiled)>,
    passed: Vec<Variable>,
    rows: Level,
    error_on_error: bool,
}

impl Level {
    fn new(rows: &plan::JsonTableRows) -> Result<Level> {
        let columns = rows.columns.iter().map(|column| {
            Ok(match column {
                JsonTableColumn::Ordinality => ColumnOf::Ordinality,
                JsonTableColumn::Value(path) => ColumnOf::Value(Box::new(JsonPath::new(path)?)),
            })
        });
        Ok(Level {
            path: rows.path.clone(),
            program: Program::default(),
            columns: columns.collect::<Result<_>>()?,
            nested: rows.nested.iter().map(Level::new).collect::<Result<_>>()?,
            found: Vec::new(),
            taken: 0,
            row: Vec::new(),
            turn: 0,
            shown: true,
        })
    }

    /// How many columns it and what is nested in it have.
    fn width(&self) -> usize {
        self.columns.len() + self.nested.iter().map(Level::width).sum::<usize>()
    }

    /// Asks the path of a document. Errors of the data give no rows, unless they are wanted.
    fn start(&mut self, root: View<'_>, passed: &[Variable], error: bool, run: &Run<'_>) -> Result<()> {
        let path = path_of(&mut self.program, self.path.as_bytes().unwrap_or_default())?;
        let question = Question { root, passed, column: None, env: run.env() };
        self.found = match question.rows(path)? {
            Ok(found) => found,
            Err(e) if error => return Err(e),
            Err(_) => Vec::new(),
        };
        (self.taken, self.turn, self.shown) = (0, self.nested.len(), true);
        Ok(())
    }

    /// Goes on to the next row; false if there is none.
    fn advance(&mut self, passed: &[Variable], run: &mut Run<'_>) -> Result<bool> {
        loop {
            while self.turn < self.nested.len() {
                if self.nested[self.turn].advance(passed, run)? {
                    self.shown = true;
                    return Ok(true);
                }
                self.turn += 1;
            }
            if !std::mem::replace(&mut self.shown, true) {
                return Ok(true);
            }
            let Some(document) = self.found.get(self.taken) else { return Ok(false) };
            self.taken += 1;
            let mut input = Batch::default();
            input.set_len(1);
            self.row.clear();
            for column in &mut self.columns {
                self.row.push(match column {
                    ColumnOf::Ordinality => Datum::B4(self.taken as i32),
                    ColumnOf::Value(path) => path.answer(View::new(document), passed, &input, 0, run)?,
                });
            }
            for nested in &mut self.nested {
                nested.start(View::new(document), passed, false, run)?;
            }
            (self.turn, self.shown) = (0, false);
        }
    }

    /// Adds the current row to the columns.
    fn put(&self, columns: &mut std::slice::IterMut<'_, Column>) {
        for (value, column) in self.row.iter().zip(columns.by_ref()) {
            column.push(value.as_ref());
        }
        for (at, nested) in self.nested.iter().enumerate() {
            if at == self.turn {
                nested.put(columns);
            } else {
                columns.by_ref().take(nested.width()).for_each(Column::push_null);
            }
        }
    }
}

impl JsonTable {
    pub fn new(table: &plan::JsonTable) -> Result<JsonTable> {
        Ok(JsonTable {
            context: compile(&table.context)?,
            passing: compile_passing(&table.passing)?,
            passed: Vec::new(),
            rows: Level::new(&table.rows)?,
            error_on_error: table.error_on_error,
        })
    }

    /// Takes the document and the variables anew.
    pub fn start(&mut self, run: &mut Run<'_>) -> Result<()> {
        let document = self.context.value(run)?;
        let mut input = Batch::default();
        input.set_len(1);
        for (_, value) in &mut self.passing {
            value.evaluate(&input, batch::Rows::All(1), run)?;
        }
        self.passed = passed(&self.passing, &input, 0, run.env())?;
        match document.as_bytes() {
            Some(document) => self.rows.start(View::new(document), &self.passed, self.error_on_error, run),
            None => {
                self.rows.found.clear();
                (self.rows.taken, self.rows.turn, self.rows.shown) = (0, self.rows.nested.len(), true);
                Ok(())
            }
        }
    }

    /// Adds up to `most` rows and says how many.
    pub fn fill(&mut self, columns: &mut [Column], most: usize, run: &mut Run<'_>) -> Result<usize> {
        let mut count = 0;
        while count < most && self.rows.advance(&self.passed, run)? {
            self.rows.put(&mut columns.iter_mut());
            count += 1;
        }
        Ok(count)
    }
}
