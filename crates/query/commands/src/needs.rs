//! What a stored expression or query needs: the objects on which whoever stores it depends.

use analyzer::node::Visitor;
use analyzer::query::{
    EntryKind, Expr, ExprKind, FrameBound, Query, RangeTableEntry, SetOperation, SortClause, SqlType, Var,
};
use catalog::rows::{PgCollation, PgConstraint, PgOperator, PgProc, PgType};
use catalog::{Catalog, Object};
use ids::Oid;
use types::oid;

/// The objects that a query needs. Where it reads columns of a relation, the columns stand for the relation.
pub(crate) fn of_query(catalog: &Catalog, query: &Query) -> Vec<Object> {
    let mut needs = Needs::new(catalog);
    needs.query(&analyzer::without_names(query));
    needs.finish()
}

/// The objects that an expression over one table needs, and the numbers of the columns that it reads.
pub(crate) fn of_expression(catalog: &Catalog, expr: &Expr) -> (Vec<Object>, Vec<i16>) {
    let mut needs = Needs::new(catalog);
    needs.levels.push(Vec::new());
    needs.expr(expr);
    let mut columns = std::mem::take(&mut needs.columns);
    columns.sort_unstable();
    columns.dedup();
    (needs.finish(), columns)
}

/// The objects that a rule's condition needs: columns of its relation (as `old` and `new`) among them.
pub(crate) fn of_rule_condition(catalog: &Catalog, condition: &Expr, relation: Oid) -> Vec<Object> {
    let mut needs = Needs::new(catalog);
    needs.levels.push(vec![relation, relation]);
    needs.expr(condition);
    needs.finish()
}

struct Needs<'a> {
    catalog: &'a Catalog,
    /// For each query around, the relation of each entry of its range table.
    levels: Vec<Vec<Oid>>,
    objects: Vec<Object>,
    /// Columns of the table that an expression belongs to.
    columns: Vec<i16>,
}

impl<'a> Needs<'a> {
    fn new(catalog: &'a Catalog) -> Needs<'a> {
        Needs { catalog, levels: Vec::new(), objects: Vec::new(), columns: Vec::new() }
    }

    fn object(&mut self, object: Object) {
        if object.oid.is_valid() && !object.is_pinned() && !self.objects.contains(&object) {
            self.objects.push(object);
        }
    }

    fn finish(mut self) -> Vec<Object> {
        let parts: Vec<Object> = self.objects.iter().filter(|o| o.sub != 0).map(|o| Object { sub: 0, ..*o }).collect();
        self.objects.retain(|object| object.sub != 0 || !parts.contains(object));
        self.objects
    }

    fn ty(&mut self, ty: SqlType) {
        self.object(Object::of::<PgType>(ty.oid));
        self.object(Object::of::<PgCollation>(ty.collation));
    }

    fn var(&mut self, var: &Var) {
        let Some(level) = self.levels.len().checked_sub(1 + var.level as usize) else { return };
        match self.levels[level].get(var.relation) {
            Some(&relation) if relation.is_valid() => match var.column {
                1.. => self.object(Object::column(relation, var.column)),
                _ => self.object(Object::relation(relation)),
            },
            Some(_) => {}
            None => self.columns.push(var.column),
        }
    }

    fn sort(&mut self, clauses: &[SortClause]) {
        for clause in clauses {
            self.object(Object::of::<PgOperator>(clause.equality));
            self.object(Object::of::<PgOperator>(clause.ordering));
        }
    }

    fn set_operation(&mut self, operation: &SetOperation) {
        if let SetOperation::Node { left, right, group, .. } = operation {
            self.sort(group);
            self.set_operation(left);
            self.set_operation(right);
        }
    }

    /// The relation whose columns an entry shows: itself, or (for a function) that of the row type.
    fn relation_of(&self, entry: &RangeTableEntry) -> Oid {
        match &entry.kind {
            EntryKind::Relation { oid, .. } => *oid,
            EntryKind::Function { functions, ordinality: false } => match &functions[..] {
                [one] if one.composite && one.call.ty.oid != oid::RECORD => {
                    let row = self.catalog.find_type(one.call.ty.oid).ok().flatten();
                    row.map_or(Oid::INVALID, |row| row.typrelid)
                }
                _ => Oid::INVALID,
            },
            _ => Oid::INVALID,
        }
    }
}

impl Visitor for Needs<'_> {
    fn query(&mut self, query: &Query) {
        let relations: Vec<Oid> = query.range_table.iter().map(|entry| self.relation_of(entry)).collect();
        for (entry, &relation) in query.range_table.iter().zip(&relations) {
            match &entry.kind {
                EntryKind::Relation { .. } => self.object(Object::relation(relation)),
                EntryKind::Function { functions, .. } if functions.iter().any(|f| !f.definitions.is_empty()) => {
                    entry.columns.iter().for_each(|column| self.ty(column.ty));
                }
                _ => {}
            }
        }
        // The columns that are set.
        if let Some(&target) = query.result_relation.and_then(|at| relations.get(at))
            && target.is_valid()
        {
            let set = query.on_conflict.iter().flat_map(|conflict| &conflict.set);
            for item in query.targets.iter().chain(set).filter(|item| !item.junk) {
                self.object(Object::column(target, item.number));
            }
        }
        self.levels.push(relations);
        query.visit_children(self);
        self.levels.pop();
        for constraint in &query.constraint_dependencies {
            self.object(Object::of::<PgConstraint>(*constraint));
        }
        self.sort(&query.group_by);
        self.sort(&query.order_by);
        self.sort(&query.distinct);
        for window in &query.windows {
            self.sort(&window.partition_by);
            self.sort(&window.order_by);
            if matches!(window.frame.start, FrameBound::Preceding(_) | FrameBound::Following(_))
                || matches!(window.frame.end, FrameBound::Preceding(_) | FrameBound::Following(_))
            {
                self.object(Object::of::<PgProc>(window.frame.in_range.0));
                self.object(Object::of::<PgProc>(window.frame.in_range.1));
            }
        }
        if let Some(operation) = &query.set_operation {
            self.set_operation(operation);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            // A column's type is the column's affair.
            ExprKind::Var(var) => return self.var(var),
            ExprKind::Function(call) => self.object(Object::of::<PgProc>(call.function)),
            ExprKind::Aggregate(call) => {
                self.object(Object::of::<PgProc>(call.function));
                self.sort(&call.order_by);
                self.sort(&call.distinct);
            }
            ExprKind::Window(call) => self.object(Object::of::<PgProc>(call.function)),
            ExprKind::Operator(call) | ExprKind::Distinct(call) | ExprKind::NullIf(call) => {
                self.object(Object::of::<PgOperator>(call.operator));
            }
            ExprKind::ScalarArray { call, .. } => self.object(Object::of::<PgOperator>(call.operator)),
            ExprKind::RowCompare { operators, .. } => {
                for operator in operators {
                    self.object(Object::of::<PgOperator>(*operator));
                }
            }
            ExprKind::SubLink(link) => {
                for call in &link.operators {
                    self.object(Object::of::<PgOperator>(call.operator));
                }
            }
            ExprKind::NextValue(sequence) => self.object(Object::relation(*sequence)),
            ExprKind::Const(value) => {
                self.ty(expr.ty);
                // nextval('sequence'::regclass)
                if let (oid::REGCLASS, Some(relation)) = (expr.ty.oid, value.as_oid()) {
                    self.object(Object::relation(relation));
                }
            }
            ExprKind::Field { arg, number } => {
                if let Ok(Some(row)) = self.catalog.find_type(arg.ty.oid)
                    && row.typrelid.is_valid()
                {
                    self.object(Object::column(row.typrelid, *number));
                }
            }
            ExprKind::Relabel(..)
            | ExprKind::CoerceViaIo(..)
            | ExprKind::ArrayCoerce { .. }
            | ExprKind::ConvertRow(..)
            | ExprKind::CoerceToDomain(..)
            | ExprKind::Array { .. }
            | ExprKind::Row { .. } => self.object(Object::of::<PgType>(expr.ty.oid)),
            ExprKind::Collate(_) => self.object(Object::of::<PgCollation>(expr.ty.collation)),
            _ => {}
        }
        expr.visit_children(self);
    }

    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}
