//! A query whose columns are a list's columns.

use crate::print::Column;

/// A `SELECT` being put together.
#[derive(Default)]
pub(super) struct Select {
    expressions: Vec<String>,
    columns: Vec<Column>,
    from: String,
    conditions: Vec<String>,
    order: String,
}

impl Select {
    /// From these tables, joined. The table named first decides how the others are called.
    pub(super) fn from(tables: impl Into<String>) -> Select {
        Select { from: tables.into(), ..Select::default() }
    }

    /// Adds a column of text.
    pub(super) fn column(&mut self, header: &str, expression: impl Into<String>) -> &mut Select {
        self.columns.push(Column::left(header));
        self.expressions.push(expression.into());
        self
    }

    /// Adds a column of numbers.
    pub(super) fn number(&mut self, header: &str, expression: impl Into<String>) -> &mut Select {
        self.columns.push(Column::right(header));
        self.expressions.push(expression.into());
        self
    }

    /// Joins one more table.
    pub(super) fn join(&mut self, join: &str) -> &mut Select {
        self.from.push(' ');
        self.from.push_str(join);
        self
    }

    /// Adds a condition that rows must meet.
    pub(super) fn filter(&mut self, condition: impl Into<String>) -> &mut Select {
        self.conditions.push(condition.into());
        self
    }

    /// Orders the rows, by numbers of columns or expressions.
    pub(super) fn order(&mut self, order: impl Into<String>) -> &mut Select {
        self.order = order.into();
        self
    }

    /// The columns' headers.
    pub(super) fn headers(&self) -> Vec<Column> {
        self.columns.clone()
    }

    /// The query's text.
    pub(super) fn sql(&self) -> String {
        let columns: Vec<_> = self
            .expressions
            .iter()
            .zip(&self.columns)
            .map(|(expression, column)| format!("{expression} AS \"{}\"", String::from_utf8_lossy(&column.name)))
            .collect();
        let mut sql = format!("SELECT {}\nFROM {}", columns.join(",\n  "), self.from);
        if !self.conditions.is_empty() {
            sql.push_str("\nWHERE ");
            sql.push_str(&self.conditions.join("\n  AND "));
        }
        if !self.order.is_empty() {
            sql.push_str("\nORDER BY ");
            sql.push_str(&self.order);
        }
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_has_its_clauses_in_order() {
        let mut select = Select::from("a");
        select
            .column("One", "a.x")
            .number("Two?", "a.y")
            .join("JOIN b ON true")
            .filter("a.x = 1")
            .filter("true")
            .order("1");
        assert_eq!(
            select.sql(),
            "SELECT a.x AS \"One\",\n  a.y AS \"Two?\"\nFROM a JOIN b ON true\nWHERE a.x = 1\n  AND true\nORDER BY 1"
        );
    }
}
