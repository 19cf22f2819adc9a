//! SEARCH and CYCLE: columns of a recursive query that tell the order in which rows were found, and whether one was met before.
//!
//! The clauses are checked when the query is analyzed, and stay as they are written while it is stored. Before planning they
//! are spelled out in SQL that anybody could have written (PostgreSQL's chapter "Search Order" shows it). With `SEARCH DEPTH FIRST BY a, b SET seq
//! CYCLE a SET mark USING path`, the query `q(a, b) AS (START UNION ALL STEP)` becomes
//!
//! ```sql
//! SELECT a, b, ARRAY[ROW(a, b)], false, ARRAY[ROW(a)] FROM (START) "*TLOCRN*"
//! UNION ALL
//! SELECT a, b, seq || ROW(a, b), CASE WHEN ROW(a) = ANY (path) THEN true ELSE false END, path || ROW(a)
//! FROM (STEP, which also gives the columns seq, mark and path of q) "*TROCRN*" WHERE mark <> true
//! ```
//!
//! Under BREADTH FIRST, `seq` is `ROW(0, a, b)` in the first part, and `ROW((seq).depth + 1, a, b)` in the second one.
//!
//! References to the query have the added columns behind its own ([`Cte::added_columns`]); `*` leaves them out within the
//! WITH clause's own queries, and everywhere else than directly in the query that has the clause.
//!
//! # Differences from PostgreSQL
//!
//! A recursive part with GROUP BY or HAVING is refused (`0A000`); PostgreSQL fails while it executes that.

use batch::Datum;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast;
use types::oid;

use crate::Analyzer;
use crate::aggregate::target;
use crate::coerce::Coercion;
use crate::column::shift_query_levels;
use crate::query::*;
use crate::types as ty;

const ARRAY_CAT: Oid = Oid(383);
const INT8INC: Oid = Oid(1219);
const RECORD_EQUAL: (Oid, Oid) = (Oid(2988), Oid(2981));
const RECORD_ARRAY: Oid = Oid(2287);

/// The name of the field that counts, in the rows of BREADTH FIRST.
const DEPTH: &str = "*DEPTH*";

impl Cte {
    /// The columns that SEARCH and CYCLE add to its own.
    pub(crate) fn added_columns(&self) -> Vec<EntryColumn> {
        added_columns(self.search.as_deref(), self.cycle.as_deref())
    }
}

/// The columns that the clauses add, in order.
pub(crate) fn added_columns(search: Option<&Search>, cycle: Option<&Cycle>) -> Vec<EntryColumn> {
    let column = |name: &str, ty: SqlType| EntryColumn { name: name.to_string(), ty };
    let mut added = Vec::new();
    if let Some(search) = search {
        let ty = if search.breadth_first { oid::RECORD } else { RECORD_ARRAY };
        added.push(column(&search.sequence, SqlType::plain(ty)));
    }
    if let Some(cycle) = cycle {
        added.push(column(&cycle.mark, cycle.mark_value.ty));
        added.push(column(&cycle.path, SqlType::plain(RECORD_ARRAY)));
    }
    added
}

impl Query {
    /// Whether `*` leaves a column out: one that SEARCH or CYCLE has added to a WITH query of a query around this one.
    pub(crate) fn hides(&self, column: &Expr) -> bool {
        let ExprKind::Var(Var { level: 0, relation, column, .. }) = column.kind else { return false };
        let entry = &self.range_table[relation];
        match entry.kind {
            EntryKind::Cte { levels_up: 1.., added, .. } => column as usize + added as usize > entry.columns.len(),
            _ => false,
        }
    }
}

impl Analyzer<'_> {
    /// What is known of the clauses before the query itself: the types of CYCLE's marks.
    pub(crate) fn search_and_cycle(
        &mut self,
        cte: &ast::CommonTableExpr,
    ) -> Result<(Option<Box<Search>>, Option<Box<Cycle>>)> {
        let names = |names: &[ast::Name]| names.iter().map(|name| name.to_string()).collect();
        let search = cte.search.as_ref().map(|clause| {
            Box::new(Search {
                breadth_first: clause.breadth_first,
                columns: names(&clause.columns),
                sequence: clause.sequence_column.to_string(),
            })
        });
        let Some(clause) = &cte.cycle else { return Ok((search, None)) };
        let (value, default) = (self.expr(&clause.mark_value)?, self.expr(&clause.mark_default)?);
        let common = self.common_type(&[&value, &default], "CYCLE")?;
        let mut mark_value = self.coerce_common(value, common, "CYCLE/TO")?;
        let mut mark_default = self.coerce_common(default, common, "CYCLE/DEFAULT")?;
        let typmod = self.common_typmod(&[&mark_value, &mark_default], common);
        let collation = self.common_collation(&mut [&mut mark_value, &mut mark_default], true)?;
        for mark in [&mut mark_value, &mut mark_default] {
            self.assign_collations(mark)?;
            (mark.ty.typmod, mark.ty.collation) = (typmod, collation);
        }
        let unequal = match ty::ordering(self.catalog, common)?.equal {
            equal if equal.is_valid() => self.catalog.operator(equal)?.oprnegate,
            _ => return Err(self.no_operator("an equality", common)?),
        };
        if !unequal.is_valid() {
            return Err(self.no_operator("an inequality", common)?);
        }
        let cycle = Cycle {
            columns: names(&clause.columns),
            mark: clause.mark_column.to_string(),
            mark_value,
            mark_default,
            unequal,
            path: clause.path_column.to_string(),
        };
        Ok((search, Some(Box::new(cycle))))
    }

    fn no_operator(&self, kind: &str, of: Oid) -> Result<Error> {
        let name = self.catalog.format_type(of, -1)?;
        let text = format!("could not identify {kind} operator for type {name}");
        Ok(Error::new(SqlState::UNDEFINED_FUNCTION, text))
    }

    /// Checks the clauses of a query that has been analyzed.
    pub(crate) fn check_search_and_cycle(&self, written: &ast::CommonTableExpr, cte: &Cte) -> Result<()> {
        if written.search.is_none() && written.cycle.is_none() {
            return Ok(());
        }
        let wrong = |message: String, location: u32| Err(self.error(SqlState::SYNTAX_ERROR, message, location));
        if !cte.recursive {
            return wrong("WITH query is not recursive".to_string(), written.location);
        }
        let Some(SetOperation::Node { left, right, .. }) = cte.query.set_operation.as_deref() else {
            return Err(Error::internal("a recursive query is no UNION"));
        };
        for (side, name) in [(left, "left"), (right, "right")] {
            if !matches!(**side, SetOperation::Leaf(_)) {
                let text = format!("with a SEARCH or CYCLE clause, the {name} side of the UNION must be a SELECT");
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
        }
        let own = |name: &str| cte.columns.iter().any(|column| column.name == name);
        let listed = |what: &str, names: &[ast::Name], location: u32| {
            for (at, name) in names.iter().enumerate() {
                if !own(name) {
                    return wrong(format!("{what} column \"{name}\" not in WITH query column list"), location);
                }
                if names[..at].contains(name) {
                    let text = format!("{what} column \"{name}\" specified more than once");
                    return Err(self.error(SqlState::DUPLICATE_COLUMN, text, location));
                }
            }
            Ok(())
        };
        let free = |what: &str, name: &str, location: u32| match own(name) {
            true => wrong(format!("{what} name \"{name}\" already used in WITH query column list"), location),
            false => Ok(()),
        };
        if let Some(search) = &written.search {
            listed("search", &search.columns, search.location)?;
            free("search sequence column", &search.sequence_column, search.location)?;
        }
        if let Some(cycle) = &written.cycle {
            listed("cycle", &cycle.columns, cycle.location)?;
            free("cycle mark column", &cycle.mark_column, cycle.location)?;
            free("cycle path column", &cycle.path_column, cycle.location)?;
            if cycle.mark_column == cycle.path_column {
                let text = "cycle mark column name and cycle path column name are the same".to_string();
                return wrong(text, cycle.location);
            }
            for (what, name) in [("mark", &cycle.mark_column), ("path", &cycle.path_column)] {
                if let Some(search) = &written.search
                    && search.sequence_column == *name
                {
                    let text = format!("search sequence column name and cycle {what} column name are the same");
                    return wrong(text, search.location);
                }
            }
        }
        Ok(())
    }

    /// Spells the clauses out; see the module.
    pub(crate) fn rewrite_search_and_cycle(&mut self, cte: &mut Cte) -> Result<()> {
        let added = cte.added_columns();
        if added.is_empty() {
            return Ok(());
        }
        let (search, cycle) = (cte.search.take(), cte.cycle.take());
        let broken = || Error::corrupted("a recursive query with SEARCH or CYCLE is no UNION of two queries");
        let Some(SetOperation::Node { all, left, right, columns, group, .. }) = cte.query.set_operation.as_deref_mut()
        else {
            return Err(broken());
        };
        let (&SetOperation::Leaf(left), &SetOperation::Leaf(right)) = (&**left, &**right) else { return Err(broken()) };
        let own = columns.len();
        let table = &mut cte.query.range_table;
        let (start, step) = (take_query(table, left)?, take_query(table, right)?);

        let names: Vec<String> = cte.columns.iter().map(|column| column.name.clone()).collect();
        let mut start = Wrapped::new(start, "*TLOCRN*", &names, columns, self)?;
        let mut step = {
            let mut step = step;
            select_added(&mut step, &cte.name, &added)?;
            Wrapped::new(step, "*TROCRN*", &names, columns, self)?
        };
        let mut next = own;
        if let Some(search) = &search {
            let column = column(next, SqlType::plain(if search.breadth_first { oid::RECORD } else { RECORD_ARRAY }));
            let (first, later) = if search.breadth_first {
                let zero = ty::constant(Datum::B8(0), SqlType::plain(oid::INT8), NO_LOCATION);
                let field = ExprKind::Field { arg: Box::new(column), number: 1 };
                let before = Expr { kind: field, ty: SqlType::plain(oid::INT8), location: NO_LOCATION };
                let deeper = call(INT8INC, vec![before], oid::INT8);
                (start.row(&search.columns, Some(zero)), step.row(&search.columns, Some(deeper)))
            } else {
                let later = call(ARRAY_CAT, vec![column, step.path(&search.columns)], RECORD_ARRAY);
                (start.path(&search.columns), later)
            };
            start.add(first, &search.sequence);
            step.add(later, &search.sequence);
            next += 1;
        }
        if let Some(cycle) = cycle {
            let Cycle { columns, mark, mark_value, mark_default, unequal, path } = *cycle;
            let (mark_column, path_column) =
                (column(next, mark_value.ty), column(next + 1, SqlType::plain(RECORD_ARRAY)));
            start.add(mark_default.clone(), &mark);
            start.add(start.path(&columns), &path);
            let (operator, function) = RECORD_EQUAL;
            let args = vec![step.row(&columns, None), path_column.clone()];
            let met = OperatorCall { operator, function, args, input_collation: Oid::INVALID, set: false };
            let met = ty::condition(ExprKind::ScalarArray { call: met, any: true }, NO_LOCATION);
            let ty = mark_value.ty;
            let whens = vec![(met, mark_value.clone())];
            let marked = ExprKind::Case { arg: None, whens, otherwise: Box::new(mark_default) };
            step.add(Expr { kind: marked, ty, location: NO_LOCATION }, &mark);
            step.add(call(ARRAY_CAT, vec![path_column, step.path(&columns)], RECORD_ARRAY), &path);
            let unmarked = OperatorCall {
                operator: unequal,
                function: self.catalog.operator(unequal)?.oprcode,
                args: vec![mark_column, mark_value],
                input_collation: ty.collation,
                set: false,
            };
            step.query.where_clause = Some(ty::condition(ExprKind::Operator(unmarked), NO_LOCATION));
        }
        for (at, wrapped) in [(left, start), (right, step)] {
            let entry = &mut table[at];
            entry.columns.extend(added.iter().cloned());
            if let EntryKind::Subquery { query, .. } = &mut entry.kind {
                **query = wrapped.query;
            }
        }
        for (at, column) in (own..).zip(&added) {
            columns.push(column.ty);
            if !*all {
                group.push(self.group_column(at as u32 + 1, column.ty.oid)?);
            }
            let var = Var { level: 0, relation: left, column: at as i16 + 1, version: RowVersion::Default };
            let expr = Expr { kind: ExprKind::Var(var), ty: column.ty, location: NO_LOCATION };
            cte.query.targets.push(target(expr, at as i16 + 1, column.name.clone(), false));
        }
        cte.columns.extend(added);
        Ok(())
    }

    fn group_column(&self, target_ref: u32, of: Oid) -> Result<SortClause> {
        let order = ty::ordering(self.catalog, of)?;
        if !order.equal.is_valid() {
            return Err(self.no_operator("an equality", of)?);
        }
        let (equality, ordering, hashable) = (order.equal, order.less, order.hash.is_valid());
        Ok(SortClause { target_ref, equality, ordering, descending: false, nulls_first: false, hashable })
    }
}

/// Takes an operand of the UNION out of its entry.
fn take_query(table: &mut [RangeTableEntry], at: usize) -> Result<Query> {
    match table.get_mut(at).map(|entry| &mut entry.kind) {
        Some(EntryKind::Subquery { query, .. }) => Ok(std::mem::replace(&mut **query, Query::new(Command::Select))),
        _ => Err(Error::corrupted("an operand of a UNION is no query")),
    }
}

/// Lets the recursive part give the added columns of the query that it reads.
fn select_added(step: &mut Query, name: &str, added: &[EntryColumn]) -> Result<()> {
    let itself = |entry: &RangeTableEntry| match &entry.kind {
        EntryKind::Cte { name: other, levels_up: 2, recursive: true, .. } => other == name,
        _ => false,
    };
    let Some(relation) = step.range_table.iter().position(itself) else {
        let text = format!(
            "with a SEARCH or CYCLE clause, the recursive reference to WITH query \"{name}\" must be at the top level of its right-hand SELECT"
        );
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    };
    if !step.group_by.is_empty() || step.grouping_sets.is_some() || step.having.is_some() {
        return Err(Error::not_implemented("SEARCH or CYCLE with GROUP BY in the recursive part"));
    }
    let first = step.range_table[relation].columns.len() - added.len();
    // Behind the output, before what is only sorted by.
    let own = step.output().count();
    for (at, column) in added.iter().enumerate() {
        let var = Var { level: 0, relation, column: (first + at) as i16 + 1, version: RowVersion::Default };
        let expr = Expr { kind: ExprKind::Var(var), ty: column.ty, location: NO_LOCATION };
        step.targets.insert(own + at, target(expr, 0, column.name.clone(), false));
    }
    for (number, target) in (1..).zip(&mut step.targets) {
        target.number = number;
    }
    // DISTINCT is about the columns that were written.
    step.distinct_on |= !step.distinct.is_empty();
    Ok(())
}

/// A query that selects from an operand of the UNION.
struct Wrapped {
    query: Query,
    names: Vec<String>,
    /// The UNION's columns, in its types.
    columns: Vec<Expr>,
}

impl Wrapped {
    /// Selects what the UNION has columns for; the operand may give more.
    fn new(
        mut inner: Query,
        name: &str,
        names: &[String],
        types: &[SqlType],
        analyzer: &mut Analyzer<'_>,
    ) -> Result<Wrapped> {
        shift_query_levels(&mut inner, 1, 1);
        let entry = RangeTableEntry { in_from: true, ..analyzer.subquery_entry(inner, None, name, false)? };
        let mut columns = Vec::with_capacity(types.len());
        for (at, (have, &want)) in entry.columns.iter().zip(types).enumerate() {
            let mut value = column(at, have.ty);
            if have.ty.oid != want.oid {
                let form = CallForm::ImplicitCast;
                value = analyzer.coerce(value, want.oid, want.typmod, Coercion::Implicit, form, NO_LOCATION)?;
                value.ty.collation = want.collation;
            }
            columns.push(value);
        }
        let mut query = Query::new(Command::Select);
        query.range_table.push(entry);
        query.from.push(FromItem::Relation(0));
        let mut wrapped = Wrapped { query, names: names.to_vec(), columns };
        for (value, name) in wrapped.columns.clone().into_iter().zip(names) {
            wrapped.add(value, name);
        }
        Ok(wrapped)
    }

    fn add(&mut self, value: Expr, name: &str) {
        let number = self.query.targets.len() as i16 + 1;
        self.query.targets.push(target(value, number, name.to_string(), false));
    }

    /// A row of these columns, behind what may count.
    fn row(&self, columns: &[String], counter: Option<Expr>) -> Expr {
        let mut names: Vec<String> = counter.iter().map(|_| DEPTH.to_string()).collect();
        names.extend_from_slice(columns);
        let mut fields: Vec<Expr> = counter.into_iter().collect();
        fields.extend(columns.iter().filter_map(|name| {
            let at = self.names.iter().position(|other| other == name)?;
            Some(self.columns[at].clone())
        }));
        let kind = ExprKind::Row { fields, names, explicit: true };
        Expr { kind, ty: SqlType::plain(oid::RECORD), location: NO_LOCATION }
    }

    /// An array of such a row.
    fn path(&self, columns: &[String]) -> Expr {
        let elements = vec![self.row(columns, None)];
        let kind = ExprKind::Array { elements, element_type: oid::RECORD, nested: false };
        Expr { kind, ty: SqlType::plain(RECORD_ARRAY), location: NO_LOCATION }
    }
}

/// A column of the operand.
fn column(at: usize, ty: SqlType) -> Expr {
    let var = Var { level: 0, relation: 0, column: at as i16 + 1, version: RowVersion::Default };
    Expr { kind: ExprKind::Var(var), ty, location: NO_LOCATION }
}

fn call(function: Oid, args: Vec<Expr>, result: Oid) -> Expr {
    let call = FunctionCall {
        function,
        args,
        input_collation: Oid::INVALID,
        set: false,
        variadic: false,
        form: CallForm::Call,
        written: None,
    };
    Expr { kind: ExprKind::Function(call), ty: SqlType::plain(result), location: NO_LOCATION }
}
