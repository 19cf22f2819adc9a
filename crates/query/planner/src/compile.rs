//! Expressions over a query's rows become expressions over columns of batches.

use analyzer::query::{self as q, ExprKind as L, SubLinkKind};
use catalog::rows::PgAmop;
use error::{Error, Result};
use ids::Oid;
use types::oid;

use crate::level::Planner;
use crate::plan::*;
use crate::prepare::RELATIONS_MAX;

impl Planner<'_> {
    /// Compiles against a layout: parts that the layout has become columns.
    pub fn compile(&mut self, expr: &q::Expr, layout: &[q::Expr]) -> Result<Expr> {
        let ty = self.column_type(expr.ty)?;
        if !matches!(expr.kind, L::Const(_) | L::Param(_) | L::CaseTest)
            && let Some(at) = layout.iter().position(|have| have == expr)
        {
            return Ok(Expr { kind: ExprKind::Column(at), ty });
        }
        let kind = match &expr.kind {
            L::Const(value) => ExprKind::Const(value.clone()),
            L::Param(number) => ExprKind::Param(*number as usize - 1),
            L::Var(var) => return self.compile_var(var, expr, layout, ty),
            L::Function(call) => {
                if call.set {
                    // Only ProjectSet and FunctionScan come here with one.
                    return self.compile_set_call(expr, layout);
                }
                let compiled = self.call(call.function, &call.args, call.input_collation, layout)?;
                let compiled = Call { variadic: call.variadic, ..compiled };
                match types::function(call.function).is_none() && types::row_source(call.function).is_some() {
                    true => match self.row_shape(expr)? {
                        Some(shape) => ExprKind::RowCall { call: compiled, shape },
                        None => ExprKind::Call(compiled),
                    },
                    false => ExprKind::Call(compiled),
                }
            }
            L::Operator(call) => ExprKind::Call(self.call(call.function, &call.args, call.input_collation, layout)?),
            L::Distinct(call) => {
                ExprKind::Distinct(self.call(call.function, &call.args, call.input_collation, layout)?)
            }
            L::NullIf(call) => ExprKind::NullIf(self.call(call.function, &call.args, call.input_collation, layout)?),
            L::ScalarArray { call, any } => {
                let array = call.args.get(1).map_or(Oid::INVALID, |a| a.ty.oid);
                let element = analyzer::types::element_type(self.ctx.catalog, array)?;
                let row = self.ctx.catalog.operator(call.operator)?;
                let element =
                    self.column_type(q::SqlType { oid: element, typmod: -1, collation: call.input_collation })?;
                let left = call.args.first().map_or(Oid::INVALID, |a| a.ty.oid);
                let hashable = row.oprcanhash
                    && crate::join::is_known(row.oid)
                    && row.oprleft == row.oprright
                    && left == element.oid;
                let call = self.call(call.function, &call.args, call.input_collation, layout)?;
                ExprKind::ScalarArray { call, any: *any, element, hashable }
            }
            L::And(args) => ExprKind::And(self.compile_all(args, layout)?),
            L::Or(args) => ExprKind::Or(self.compile_all(args, layout)?),
            L::Not(arg) => ExprKind::Not(Box::new(self.compile(arg, layout)?)),
            L::Aggregate(aggregate) if aggregate.level > 0 => return Ok(self.outer_value(expr, ty)),
            L::Grouping { level, .. } if *level > 0 => return Ok(self.outer_value(expr, ty)),
            L::Aggregate(_) => return Err(Error::internal("an aggregate stands where none is computed")),
            L::Grouping { .. } => return Err(Error::internal("GROUPING stands where nothing is grouped")),
            L::Window(_) => return Err(Error::internal("a window function stands where none is computed")),
            L::SubLink(link) => {
                // What stands in several conditions because one was copied is still one subquery.
                let known =
                    self.level().init_values.iter().find(|(have, _)| have == expr && have.location == expr.location);
                if let Some((_, value)) = known.filter(|_| expr.location != q::NO_LOCATION) {
                    return Ok(value.clone());
                }
                let (made, inits) = (self.new_subplans.len(), self.level().init_plans.len());
                let compiled = self.compile_sublink(link, expr, layout, ty)?;
                let init = self.level().init_plans[inits..].last().copied();
                let made = self.new_subplans[made..].last().copied();
                if let Some(tree) = init.or(made).and_then(|at| self.subplans[at].as_ref()) {
                    let hashed = match &compiled.kind {
                        ExprKind::SubPlan(sub) if sub.hashed.is_some() => "hashed ",
                        _ => "",
                    };
                    let name = format!("{hashed}{}", tree.name);
                    self.level().sublinks.push((expr.clone(), name));
                }
                if let (Some(_), ExprKind::Slot(_)) = (init, &compiled.kind) {
                    self.level().init_values.push((expr.clone(), compiled.clone()));
                }
                return Ok(compiled);
            }
            L::Case { arg, whens, otherwise } => {
                let subject = match arg {
                    Some(arg) => {
                        let value = self.compile(arg, layout)?;
                        let local = self.local();
                        self.level().case_tests.push(Expr { kind: ExprKind::Local(local), ty: value.ty });
                        Some((local, value))
                    }
                    None => None,
                };
                let mut compiled = Vec::with_capacity(whens.len());
                for (condition, result) in whens {
                    let condition = self.compile(condition, layout)?;
                    // A result may hold a CASE of its own, but never means this one's argument.
                    compiled.push((condition, self.compile(result, layout)?));
                }
                if subject.is_some() {
                    self.level().case_tests.pop();
                }
                let otherwise = Box::new(self.compile(otherwise, layout)?);
                let case = ExprKind::Case { whens: compiled, otherwise };
                match subject {
                    Some((local, value)) => {
                        ExprKind::Bind { local, value: Box::new(value), body: Box::new(Expr { kind: case, ty }) }
                    }
                    None => case,
                }
            }
            L::CaseTest => {
                let value = self.level().case_tests.last().cloned();
                return value.ok_or_else(|| Error::internal("a CASE's argument stands outside of it"));
            }
            L::Coalesce(args) => ExprKind::Coalesce(self.compile_all(args, layout)?),
            L::MinMax { greatest, args, input_collation } => {
                let compare = analyzer::types::ordering(self.ctx.catalog, expr.ty.oid)?.compare;
                if !compare.is_valid() {
                    return Err(Error::new(
                        error::SqlState::UNDEFINED_FUNCTION,
                        format!(
                            "could not identify a comparison function for type {}",
                            self.ctx.catalog.format_type(expr.ty.oid, -1)?
                        ),
                    ));
                }
                ExprKind::MinMax {
                    greatest: *greatest,
                    args: self.compile_all(args, layout)?,
                    compare,
                    collation: *input_collation,
                }
            }
            L::Array { elements, element_type, nested } => {
                let element =
                    self.column_type(q::SqlType { oid: *element_type, typmod: -1, collation: expr.ty.collation })?;
                ExprKind::Array { elements: self.compile_all(elements, layout)?, element, nested: *nested }
            }
            L::Row { fields, names, .. } => {
                let names = if expr.ty.oid == oid::RECORD { encode_names(names) } else { Box::default() };
                ExprKind::Row { fields: self.compile_all(fields, layout)?, names }
            }
            L::RowCompare { comparison, operators, input_collations, left, right, .. } => {
                let mut orders = Vec::with_capacity(left.len());
                for (((l, r), operator), collation) in left.iter().zip(right).zip(operators).zip(input_collations) {
                    let args = vec![self.compile(l, layout)?, self.compile(r, layout)?];
                    orders.push(self.three_way(*operator, *comparison, args, *collation)?);
                }
                ExprKind::RowCompare { comparison: *comparison, orders }
            }
            L::Field { arg, number } => {
                // A field of a row that is put together right here needs no row.
                if let L::Row { fields, .. } = &arg.kind
                    && let Some(field) = fields.get(*number as usize - 1)
                    && arg.ty.oid == oid::RECORD
                {
                    return self.compile(field, layout);
                }
                ExprKind::Field { arg: Box::new(self.compile(arg, layout)?), index: *number as usize - 1 }
            }
            L::FieldStore { arg, fields } => {
                let mut compiled = Vec::with_capacity(fields.len());
                for (number, value) in fields {
                    compiled.push((*number as usize - 1, self.compile(value, layout)?));
                }
                ExprKind::SetFields { arg: Box::new(self.compile(arg, layout)?), fields: compiled }
            }
            L::Subscript { container, container_type, upper, assign, .. } if *container_type == types::oid::JSONB => {
                let path = upper.iter().flatten().map(|step| self.compile(step, layout));
                let path = path.collect::<Result<_>>()?;
                let assign = assign.as_ref().map(|value| self.compile(value, layout)).transpose()?;
                ExprKind::JsonbSubscript {
                    container: Box::new(self.compile(container, layout)?),
                    path,
                    assign: assign.map(Box::new),
                }
            }
            L::Subscript { container, element_type, upper, lower, assign, .. } => {
                let element = self.column_type(q::SqlType::plain(*element_type))?;
                let bounds = |this: &mut Self, list: &[Option<q::Expr>]| -> Result<Vec<Option<Expr>>> {
                    list.iter().map(|b| b.as_ref().map(|b| this.compile(b, layout)).transpose()).collect()
                };
                let upper = bounds(self, upper)?;
                let lower = bounds(self, lower)?;
                let assign = match assign {
                    Some(value) => Some(Box::new(self.compile(value, layout)?)),
                    None => None,
                };
                ExprKind::Subscript {
                    container: Box::new(self.compile(container, layout)?),
                    element,
                    upper,
                    lower,
                    assign,
                }
            }
            L::Relabel(arg, _) | L::Collate(arg) => {
                // The same value under another type; but a row keeps its own, which names its fields.
                let mut value = self.compile(arg, layout)?;
                if value.ty.repr == ty.repr && ty.oid != oid::RECORD {
                    value.ty = ty;
                }
                return Ok(value);
            }
            L::CoerceViaIo(arg, _) => ExprKind::ViaIo(Box::new(self.compile(arg, layout)?)),
            L::ArrayCoerce { arg, element, .. } => {
                let from = analyzer::types::element_type(self.ctx.catalog, arg.ty.oid)?;
                let from =
                    self.column_type(q::SqlType { oid: from, typmod: arg.ty.typmod, collation: arg.ty.collation })?;
                let arg = Box::new(self.compile(arg, layout)?);
                let local = self.local();
                self.level().case_tests.push(Expr { kind: ExprKind::Local(local), ty: from });
                let element = self.compile(element, layout);
                self.level().case_tests.pop();
                let element = element?;
                if element.kind == ExprKind::Local(local) {
                    let mut value = *arg;
                    value.ty = ty;
                    return Ok(value);
                }
                ExprKind::MapArray { arg, local, from, element: Box::new(element) }
            }
            L::ConvertRow(arg, _) => {
                let from = analyzer::types::row_relation(self.ctx.catalog, arg.ty.oid)?;
                let to = analyzer::types::row_relation(self.ctx.catalog, expr.ty.oid)?;
                let (from, to) = (self.relation(from)?, self.relation(to)?);
                let map = to
                    .columns
                    .iter()
                    .map(|c| {
                        if c.attisdropped {
                            None
                        } else {
                            from.column_by_name(&c.attname).map(|f| f.attnum as usize - 1)
                        }
                    })
                    .collect();
                ExprKind::ConvertRow { arg: Box::new(self.compile(arg, layout)?), map }
            }
            L::CoerceToDomain(arg, _) => {
                let arg = self.compile(arg, layout)?;
                return self.compile_domain(arg, expr.ty.oid, ty);
            }
            L::DomainValue => {
                let value = self.level().case_tests.last().cloned();
                return value.ok_or_else(|| Error::internal("VALUE stands outside of a domain's check"));
            }
            L::NullTest { arg, is_null, row } => {
                ExprKind::IsNull { arg: Box::new(self.compile(arg, layout)?), negated: !is_null, row: *row }
            }
            L::BooleanTest { arg, value, negated } => {
                ExprKind::IsBoolean { arg: Box::new(self.compile(arg, layout)?), value: *value, negated: *negated }
            }
            L::SqlValue(function) => ExprKind::SqlValue(*function),
            L::NextValue(sequence) => ExprKind::NextValue(*sequence),
            L::Default => return Err(Error::internal("DEFAULT was not replaced")),
            L::CurrentOf { .. } => {
                return Err(Error::new(
                    error::SqlState::FEATURE_NOT_SUPPORTED,
                    "WHERE CURRENT OF is not supported for this table type",
                ));
            }
            L::JsonForm { value, .. } => return self.compile(value, layout),
            L::JsonCall { function, args } => {
                ExprKind::JsonCall { function: *function, args: self.compile_all(args, layout)? }
            }
            L::JsonPath(path) => ExprKind::JsonPath(Box::new(self.compile_json_path(path, expr.ty, layout)?)),
            L::JsonTable(table) => ExprKind::JsonTable(Box::new(self.compile_json_table(table, layout)?)),
            L::PlaceHolder { level, .. } if *level > 0 => return Ok(self.outer_value(expr, ty)),
            L::PlaceHolder { arg, relations, .. } => {
                return match self.level().scanning {
                    Some(at) if at < RELATIONS_MAX && relations >> at & 1 == 0 => Ok(self.brought(expr, ty)),
                    _ => self.compile(arg, layout),
                };
            }
            L::MergeAction => return Err(Error::internal("merge_action() outside of MERGE's RETURNING")),
        };
        Ok(Expr { kind, ty })
    }

    pub fn compile_all(&mut self, exprs: &[q::Expr], layout: &[q::Expr]) -> Result<Vec<Expr>> {
        exprs.iter().map(|e| self.compile(e, layout)).collect()
    }

    fn compile_var(&mut self, var: &q::Var, expr: &q::Expr, layout: &[q::Expr], ty: ColumnType) -> Result<Expr> {
        if var.level > 0 {
            return Ok(self.outer_value(expr, ty));
        }
        self.own_column(var, expr, layout, ty)
    }

    /// A column, aggregate or GROUPING of an outer query, in a slot.
    fn outer_value(&mut self, expr: &q::Expr, ty: ColumnType) -> Expr {
        let lowered = crate::grouping::lowered(expr);
        let found = self.level().outer.iter().find(|(e, _)| *e == lowered).map(|(_, slot)| *slot);
        let slot = match found {
            Some(slot) => slot,
            None => {
                let slot = self.slot(ty, SlotSource::Assigned);
                self.level().outer.push((lowered, slot));
                slot
            }
        };
        Expr { kind: ExprKind::Slot(slot), ty }
    }

    fn own_column(&mut self, var: &q::Var, expr: &q::Expr, layout: &[q::Expr], ty: ColumnType) -> Result<Expr> {
        if var.column == 0 {
            // The whole row: from its columns. If the row is from an outer join's missing side, it is null.
            let entry = &self.level().query.range_table[var.relation];
            let columns: Vec<(i16, q::SqlType, bool)> =
                entry.columns.iter().enumerate().map(|(at, c)| (at as i16 + 1, c.ty, is_dropped(c))).collect();
            let names = match expr.ty.oid == oid::RECORD {
                true => encode_names(entry.columns.iter().filter(|c| !is_dropped(c)).map(|c| &c.name)),
                false => Box::default(),
            };
            let mut fields = Vec::with_capacity(columns.len());
            for (number, column, dropped) in columns {
                if dropped {
                    if expr.ty.oid != oid::RECORD {
                        let ty = self.column_type(q::SqlType::plain(oid::INT4))?;
                        fields.push(Expr { kind: ExprKind::Const(batch::Datum::Null), ty });
                    }
                    continue;
                }
                let mut field =
                    q::Expr { kind: L::Var(q::Var { column: number, ..*var }), ty: column, location: q::NO_LOCATION };
                if let Some(relation) = self.entry_relation(var.relation) {
                    crate::generated::replace_at(self.ctx, relation, var.relation, &mut field)?;
                }
                fields.push(self.compile(&field, layout)?);
            }
            return Ok(Expr { kind: ExprKind::Row { fields, names }, ty });
        }
        if self.level().scanning.is_none() {
            return Err(Error::internal(format!("column {} of relation {} is not in reach", var.column, var.relation)));
        }
        Ok(self.brought(expr, ty))
    }

    /// A value of another relation than the one that is scanned: a nested loop brings it.
    fn brought(&mut self, expr: &q::Expr, ty: ColumnType) -> Expr {
        let level = self.level();
        let scanning = level.scanning.unwrap_or(usize::MAX);
        let found = level.pending.iter().find(|(at, e, _)| *at == scanning && e == expr).map(|(_, _, slot)| *slot);
        let slot = match found {
            Some(slot) => slot,
            None => {
                let slot = self.slot(ty, SlotSource::Assigned);
                self.level().pending.push((scanning, expr.clone(), slot));
                slot
            }
        };
        Expr { kind: ExprKind::Slot(slot), ty }
    }

    /// A call with compiled arguments.
    pub fn call(&mut self, function: Oid, args: &[q::Expr], collation: Oid, layout: &[q::Expr]) -> Result<Call> {
        let row = self.ctx.catalog.function(function)?;
        let (strict, volatile) = (row.proisstrict, row.provolatile == b'v');
        if (function >= Oid::FIRST_NORMAL || row.proacl.is_some()) && !self.functions.contains(&function) {
            self.functions.push(function);
        }
        // A function in language `internal` is a built-in one under another name.
        const INTERNAL: Oid = Oid(12);
        let function = match row.prolang {
            INTERNAL if function >= Oid::FIRST_NORMAL => catalog::functions::internal(&row.prosrc).unwrap_or(function),
            _ => function,
        };
        Ok(Call { function, args: self.compile_all(args, layout)?, collation, strict, volatile, variadic: false })
    }

    /// A call of a set-returning function.
    pub fn compile_set_call(&mut self, expr: &q::Expr, layout: &[q::Expr]) -> Result<Expr> {
        let (function, args, collation) = match &expr.kind {
            L::Function(call) => (call.function, &call.args, call.input_collation),
            L::Operator(call) => (call.function, &call.args, call.input_collation),
            _ => return self.compile(expr, layout),
        };
        let ty = self.column_type(expr.ty)?;
        Ok(Expr { kind: ExprKind::Call(self.call(function, args, collation, layout)?), ty })
    }

    /// What the rows of a function call consist of; none if it gives values, or rows that only it knows.
    pub fn row_shape(&self, call: &q::Expr) -> Result<Option<RowShape>> {
        let Some(columns) = analyzer::function_row(self.ctx.catalog, self.ctx.env, call)? else { return Ok(None) };
        let names =
            if call.ty.oid == oid::RECORD { encode_names(columns.iter().map(|c| &c.name)) } else { Box::default() };
        let fields = columns.iter().map(|c| self.column_type(c.ty)).collect::<Result<_>>()?;
        Ok(Some(RowShape { fields, names }))
    }

    fn compile_domain(&mut self, arg: Expr, domain: Oid, ty: ColumnType) -> Result<Expr> {
        let mut not_null = false;
        let mut checks = Vec::new();
        let local = self.local();
        // Constraints of the domain and of those below it, the lowest first.
        let mut chain = Vec::new();
        let mut base = analyzer::query::SqlType::plain(domain);
        let mut at = domain;
        loop {
            let row = self.ctx.catalog.type_(at)?;
            if row.typtype != b'd' {
                break;
            }
            not_null |= row.typnotnull;
            chain.push(at);
            base =
                analyzer::query::SqlType { oid: row.typbasetype, typmod: row.typtypmod, collation: row.typcollation };
            at = row.typbasetype;
        }
        for &domain in chain.iter().rev() {
            let rows = self
                .ctx
                .catalog
                .rows::<catalog::rows::PgConstraint>(catalog::index::PG_CONSTRAINT_CONTYPID_INDEX, &[domain.into()])?;
            let mut rows: Vec<_> = rows.iter().filter(|r| r.contype == b'c').cloned().collect();
            rows.sort_by(|a, b| a.conname.cmp(&b.conname));
            for row in rows {
                let Some(text) = &row.conbin else { continue };
                let check = analyzer::stored_domain_check(self.ctx.catalog, self.ctx.env, text, base)?;
                self.level().case_tests.push(Expr { kind: ExprKind::Local(local), ty: arg.ty });
                let compiled = self.compile(&check, &[]);
                self.level().case_tests.pop();
                checks.push((row.conname.to_string(), compiled?));
            }
        }
        Ok(Expr { kind: ExprKind::Domain { arg: Box::new(arg), local, not_null, checks, domain }, ty })
    }

    /// The three-way comparison behind an operator that is this comparison of some B-tree family.
    fn three_way(
        &mut self,
        operator: Oid,
        comparison: q::RowComparison,
        args: Vec<Expr>,
        collation: Oid,
    ) -> Result<Expr> {
        let catalog = self.ctx.catalog;
        let ordering =
            |row: &PgAmop| row.amopmethod == ::catalog::objects::BTREE && row.amopstrategy == comparison.strategy();
        let families = catalog.operator_families(operator)?;
        let found = families.iter().find(|row| ordering(row));
        let function = match found {
            Some(row) => catalog.family_function(row.amopfamily, row.amoplefttype, row.amoprighttype, 1)?,
            None => None,
        };
        let Some(function) = function else {
            return Err(Error::not_implemented("comparison of rows by this operator"));
        };
        let row = catalog.function(function)?;
        let (strict, volatile) = (row.proisstrict, row.provolatile == b'v');
        let call = Call { function, args, collation, strict, volatile, variadic: false };
        Ok(Expr { kind: ExprKind::Call(call), ty: self.column_type(q::SqlType::plain(oid::INT4))? })
    }

    fn compile_sublink(
        &mut self,
        link: &q::SubLink,
        expr: &q::Expr,
        layout: &[q::Expr],
        ty: ColumnType,
    ) -> Result<Expr> {
        let mut query = link.query.clone();
        match link.kind {
            SubLinkKind::Exists => crate::prepare::simplify_exists(&mut query),
            SubLinkKind::Multi(_) => return Err(Error::not_implemented("multiple assignment from a subquery")),
            _ => {}
        }
        let saved = std::mem::take(&mut self.new_subplans);
        let (built, outer) = self.subquery(query)?;
        self.new_subplans = saved;
        let columns: Vec<ColumnType> = built.node.output.clone();
        let mut params = Vec::with_capacity(outer.len());
        for (column, slot) in &outer {
            params.push((*slot, self.compile(column, layout)?));
        }
        let correlated = !params.is_empty();
        match link.kind {
            SubLinkKind::Exists | SubLinkKind::Scalar | SubLinkKind::Array => {
                let kind = match link.kind {
                    SubLinkKind::Exists => SubPlanKind::Exists,
                    SubLinkKind::Scalar => SubPlanKind::Scalar,
                    _ => SubPlanKind::Array,
                };
                if !correlated {
                    let at = self.subplans.len();
                    let slot = self.slot(ty, SlotSource::InitPlan(at));
                    self.add_subplan(built.node, kind, vec![slot], true);
                    return Ok(Expr { kind: ExprKind::Slot(slot), ty });
                }
                let plan = self.add_subplan(built.node, kind, Vec::new(), false);
                let sub = SubPlan { plan, kind, params, columns: Vec::new(), test: None, hashed: None };
                Ok(Expr { kind: ExprKind::SubPlan(Box::new(sub)), ty })
            }
            SubLinkKind::RowCompare => {
                if correlated {
                    let slots: Vec<u32> = columns.iter().map(|&c| self.slot(c, SlotSource::Assigned)).collect();
                    let test = Some(self.sublink_test(link, &slots, &columns, layout)?);
                    let kind = SubPlanKind::Row;
                    let plan = self.add_subplan(built.node, kind, Vec::new(), false);
                    let sub = SubPlan { plan, kind, params, columns: slots, test, hashed: None };
                    return Ok(Expr { kind: ExprKind::SubPlan(Box::new(sub)), ty });
                }
                let at = self.subplans.len();
                let slots: Vec<u32> = columns.iter().map(|&c| self.slot(c, SlotSource::InitPlan(at))).collect();
                self.add_subplan(built.node, SubPlanKind::Row, slots.clone(), true);
                self.sublink_test(link, &slots, &columns, layout)
            }
            SubLinkKind::Any | SubLinkKind::All => {
                let slots: Vec<u32> = columns.iter().map(|&c| self.slot(c, SlotSource::Assigned)).collect();
                let test = self.sublink_test(link, &slots, &columns, layout)?;
                let any = link.kind == SubLinkKind::Any;
                let mut hashed = None;
                if any && !correlated && link.operator_name == "=" {
                    let mut keys = Vec::with_capacity(link.test.len());
                    for ((left, cast), operator) in link.test.iter().zip(&link.casts).zip(&link.operators) {
                        let row = self.ctx.catalog.operator(operator.operator)?;
                        // Hashed as they are: no cast on the subquery's side, one type on both.
                        let same = matches!(cast.kind, L::CaseTest)
                            && left.ty.oid == cast.ty.oid
                            && row.oprcanhash
                            && crate::join::is_known(row.oid);
                        if !same {
                            keys.clear();
                            break;
                        }
                        keys.push((self.compile(left, layout)?, operator.function, operator.input_collation));
                    }
                    if !keys.is_empty() {
                        hashed = Some(keys);
                    }
                }
                let mut node = built.node;
                if !correlated && hashed.is_none() {
                    // Read for every row: keep it.
                    let cost = node.cost;
                    let output = node.output.clone();
                    node = Node { output, ..self.node(NodeKind::Material { input: Box::new(node) }, &[], cost)? };
                }
                let kind = if any { SubPlanKind::Any } else { SubPlanKind::All };
                let plan = self.add_subplan(node, kind, Vec::new(), false);
                let sub = SubPlan { plan, kind, params, columns: slots, test: Some(test), hashed };
                Ok(Expr { kind: ExprKind::SubPlan(Box::new(sub)), ty })
            }
            SubLinkKind::Multi(_) => Err(Error::internal(format!("sublink at {} was not expanded", expr.location))),
        }
    }

    /// The comparison of a sublink's left sides with its subquery's columns, which stand in slots.
    fn sublink_test(
        &mut self,
        link: &q::SubLink,
        slots: &[u32],
        columns: &[ColumnType],
        layout: &[q::Expr],
    ) -> Result<Expr> {
        let boolean = self.column_type(q::SqlType::plain(oid::BOOL))?;
        let ordering = q::RowComparison::from_symbol(&link.operator_name).filter(|_| link.test.len() > 1);
        let mut orders = Vec::new();
        let mut parts = Vec::with_capacity(link.test.len());
        for (at, operator) in link.operators.iter().enumerate() {
            let left = self.compile(&link.test[at], layout)?;
            let column = Expr { kind: ExprKind::Slot(slots[at]), ty: columns[at] };
            self.level().case_tests.push(column);
            let right = self.compile(&link.casts[at], layout);
            self.level().case_tests.pop();
            if let Some(comparison) = ordering {
                let args = vec![left, right?];
                orders.push(self.three_way(operator.operator, comparison, args, operator.input_collation)?);
                continue;
            }
            let row = self.ctx.catalog.function(operator.function)?;
            let call = Call {
                function: operator.function,
                args: vec![left, right?],
                collation: operator.input_collation,
                strict: row.proisstrict,
                volatile: row.provolatile == b'v',
                variadic: false,
            };
            parts.push(Expr { kind: ExprKind::Call(call), ty: boolean });
        }
        if let Some(comparison) = ordering {
            return Ok(Expr { kind: ExprKind::RowCompare { comparison, orders }, ty: boolean });
        }
        Ok(match parts.len() {
            1 => parts.swap_remove(0),
            _ if link.operator_name == "<>" => Expr { kind: ExprKind::Or(parts), ty: boolean },
            _ => Expr { kind: ExprKind::And(parts), ty: boolean },
        })
    }
}

/// Gives all nodes their numbers, top down, and finds out on which slots each depends.
pub(crate) fn number_nodes(root: &mut Node, subplans: &mut [SubPlanTree], slots: &[Slot], next: &mut u32) {
    // What subplans depend on first, so that nodes that use them know. They refer to earlier ones only.
    let mut depends: Vec<Vec<u32>> = Vec::with_capacity(subplans.len());
    for tree in subplans.iter_mut() {
        let found = visit_node(&mut tree.node, slots, &depends, next);
        depends.push(found);
    }
    visit_node(root, slots, &depends, next);
}

/// Assigned slots that the subtree's rows depend on, set outside of it.
fn visit_node(node: &mut Node, slots: &[Slot], subplans: &[Vec<u32>], next: &mut u32) -> Vec<u32> {
    node.id = *next;
    *next += 1;
    let mut used: Vec<u32> = Vec::new();
    let mut add = |slot: u32| {
        if !used.contains(&slot) {
            used.push(slot);
        }
    };
    for_each_expr(node, &mut |expr| slots_of(expr, slots, subplans, &mut add));
    match &node.kind {
        NodeKind::CteScan { subplan, .. } => subplans.get(*subplan).into_iter().flatten().for_each(|&s| add(s)),
        NodeKind::Memoize { keys, .. } => keys.iter().for_each(|key| add(key.slot)),
        NodeKind::WorkTableScan { round, .. } => add(*round),
        _ => {}
    }
    let set: Vec<u32> = match &node.kind {
        NodeKind::NestLoop { params, .. } => params.iter().map(|(slot, _)| *slot).collect(),
        NodeKind::RecursiveUnion { round, .. } => vec![*round],
        _ => Vec::new(),
    };
    for_each_input(node, &mut |input| {
        for slot in visit_node(input, slots, subplans, next) {
            if !set.contains(&slot) && !used.contains(&slot) {
                used.push(slot);
            }
        }
    });
    used.sort_unstable();
    node.depends = used.clone();
    used
}

/// Calls `f` with each input of a node.
pub(crate) fn for_each_input(node: &mut Node, f: &mut dyn FnMut(&mut Node)) {
    match &mut node.kind {
        NodeKind::Result { input, .. } => {
            if let Some(input) = input {
                f(input);
            }
        }
        NodeKind::SubqueryScan { input, .. }
        | NodeKind::ProjectSet { input, .. }
        | NodeKind::Sort { input, .. }
        | NodeKind::Unique { input, .. }
        | NodeKind::Aggregate { input, .. }
        | NodeKind::WindowAgg { input, .. }
        | NodeKind::Limit { input, .. }
        | NodeKind::LockRows { input, .. }
        | NodeKind::Material { input }
        | NodeKind::BitmapHeapScan { input, .. }
        | NodeKind::Memoize { input, .. } => f(input),
        NodeKind::NestLoop { outer, inner, .. }
        | NodeKind::HashJoin { outer, inner, .. }
        | NodeKind::MergeJoin { outer, inner, .. } => {
            f(outer);
            f(inner);
        }
        NodeKind::SetOp { left, right, .. } => {
            f(left);
            f(right);
        }
        NodeKind::Append { inputs, .. }
        | NodeKind::MergeAppend { inputs, .. }
        | NodeKind::BitmapAnd { inputs }
        | NodeKind::BitmapOr { inputs } => inputs.iter_mut().for_each(f),
        NodeKind::RecursiveUnion { start, step, .. } => {
            f(start);
            f(step);
        }
        NodeKind::ModifyTable(modify) => f(&mut modify.source),
        NodeKind::SeqScan { .. }
        | NodeKind::IndexScan { .. }
        | NodeKind::IndexOnlyScan { .. }
        | NodeKind::BitmapIndexScan { .. }
        | NodeKind::TidScan { .. }
        | NodeKind::TidRangeScan { .. }
        | NodeKind::CursorScan { .. }
        | NodeKind::Constants { .. }
        | NodeKind::Values { .. }
        | NodeKind::FunctionScan { .. }
        | NodeKind::CteScan { .. }
        | NodeKind::NamedTuplestoreScan { .. }
        | NodeKind::WorkTableScan { .. } => {}
    }
}

/// Calls `f` with each expression that a node holds itself.
fn for_each_expr(node: &Node, f: &mut dyn FnMut(&Expr)) {
    node.filter.iter().for_each(&mut *f);
    node.project.iter().flatten().for_each(&mut *f);
    let search = |search: &IndexSearch, f: &mut dyn FnMut(&Expr)| {
        search.filter.iter().chain(&search.recheck).for_each(&mut *f);
        for clause in search.clauses.iter().chain(&search.orders) {
            if let ClauseTest::Value(value) = &clause.test {
                f(value);
            }
        }
        for key in &search.keys {
            match key {
                IndexKey::Equal(e) | IndexKey::Any(e) => f(e),
                IndexKey::Range { lower, upper } => {
                    lower.iter().chain(upper).flat_map(|(values, _)| values).for_each(&mut *f);
                }
                IndexKey::IsNull | IndexKey::IsNotNull => {}
            }
        }
    };
    match &node.kind {
        NodeKind::Result { condition, .. } => condition.iter().for_each(f),
        NodeKind::IndexScan { search: s, .. }
        | NodeKind::IndexOnlyScan { search: s, .. }
        | NodeKind::BitmapIndexScan { search: s, .. } => search(s, f),
        NodeKind::BitmapHeapScan { recheck, .. } => recheck.iter().for_each(f),
        NodeKind::TidScan { tids, .. } => tids.iter().for_each(f),
        NodeKind::TidRangeScan { lower, upper, .. } => {
            lower.iter().chain(upper.iter().map(|(end, _)| end)).for_each(f);
        }
        NodeKind::Append { pruning: Some(pruning), .. } | NodeKind::MergeAppend { pruning: Some(pruning), .. } => {
            pruning.levels.iter().for_each(|level| level.all.for_each(f));
        }
        NodeKind::SeqScan { sample: Some(sample), .. } => sample.args.iter().chain(&sample.repeatable).for_each(f),
        NodeKind::Values { rows } => rows.iter().flatten().for_each(f),
        NodeKind::FunctionScan { functions, .. } => functions.iter().for_each(|function| f(&function.call)),
        NodeKind::ProjectSet { items, .. } => items.iter().for_each(|item| match item {
            SetItem::Value(e) | SetItem::Set { call: e, .. } => f(e),
        }),
        NodeKind::NestLoop { params, condition, .. } => {
            params.iter().for_each(|(_, e)| f(e));
            condition.iter().for_each(f);
        }
        NodeKind::HashJoin { keys, condition, .. } => {
            keys.iter().for_each(|key| {
                f(&key.outer);
                f(&key.inner);
            });
            condition.iter().for_each(f);
        }
        NodeKind::MergeJoin { condition, .. } => condition.iter().for_each(f),
        NodeKind::Aggregate { aggregates, .. } => {
            for call in aggregates {
                call.args.iter().chain(&call.direct_args).chain(&call.filter).for_each(&mut *f);
            }
        }
        NodeKind::WindowAgg { functions, frame, until, .. } => {
            until.iter().for_each(&mut *f);
            for call in functions {
                call.args.iter().chain(&call.filter).for_each(&mut *f);
            }
            for bound in [&frame.start, &frame.end] {
                if let FrameBound::Preceding(e) | FrameBound::Following(e) = bound {
                    f(e);
                }
            }
        }
        NodeKind::Limit { count, offset, .. } => count.iter().chain(offset).for_each(f),
        NodeKind::ModifyTable(modify) => {
            let members = modify.tree.iter().flat_map(|tree| tree.members.iter().map(|member| &member.table));
            for table in members.chain([&modify.target]) {
                table.view_checks.iter().for_each(|(_, e)| f(e));
                table.security_checks.iter().for_each(|check| f(&check.condition));
            }
            if let Some(conflict) = &modify.on_conflict {
                conflict.update.iter().flatten().for_each(|(_, e)| f(e));
                conflict.condition.iter().for_each(&mut *f);
            }
            if let Some(merge) = &modify.merge {
                merge.condition.iter().chain(&merge.target).for_each(&mut *f);
                for action in &merge.actions {
                    action.condition.iter().for_each(&mut *f);
                    action.values.iter().for_each(|(_, e)| f(e));
                }
            }
        }
        _ => {}
    }
}

/// The assigned slots that an expression reads.
fn slots_of(expr: &Expr, slots: &[Slot], subplans: &[Vec<u32>], add: &mut dyn FnMut(u32)) {
    let mut each = |e: &Expr| slots_of(e, slots, subplans, add);
    match &expr.kind {
        ExprKind::Slot(slot) => match slots.get(*slot as usize).map(|s| s.source) {
            Some(SlotSource::InitPlan(at)) => subplans.get(at).into_iter().flatten().for_each(|&s| add(s)),
            _ => add(*slot),
        },
        ExprKind::Column(_)
        | ExprKind::Const(_)
        | ExprKind::Param(_)
        | ExprKind::Local(_)
        | ExprKind::SqlValue(_)
        | ExprKind::NextValue(_) => {}
        ExprKind::Bind { value, body, .. } => {
            each(value);
            each(body);
        }
        ExprKind::Call(call) | ExprKind::Distinct(call) | ExprKind::NullIf(call) => call.args.iter().for_each(each),
        ExprKind::ScalarArray { call, .. } => call.args.iter().for_each(each),
        ExprKind::And(args)
        | ExprKind::Or(args)
        | ExprKind::Coalesce(args)
        | ExprKind::Row { fields: args, .. }
        | ExprKind::RowCall { call: Call { args, .. }, .. } => {
            args.iter().for_each(each);
        }
        ExprKind::MinMax { args, .. } => args.iter().for_each(each),
        ExprKind::Array { elements, .. } => elements.iter().for_each(each),
        ExprKind::Not(arg)
        | ExprKind::IsNull { arg, .. }
        | ExprKind::IsBoolean { arg, .. }
        | ExprKind::Field { arg, .. }
        | ExprKind::ViaIo(arg)
        | ExprKind::ConvertRow { arg, .. } => each(arg),
        ExprKind::Case { whens, otherwise } => {
            for (condition, result) in whens {
                each(condition);
                each(result);
            }
            each(otherwise);
        }
        ExprKind::RowCompare { orders, .. } => orders.iter().for_each(&mut each),
        ExprKind::SetFields { arg, fields } => {
            each(arg);
            fields.iter().for_each(|(_, e)| each(e));
        }
        ExprKind::Subscript { container, upper, lower, assign, .. } => {
            each(container);
            upper.iter().chain(lower).flatten().for_each(&mut each);
            assign.iter().for_each(|e| each(e));
        }
        ExprKind::JsonbSubscript { container, path, assign } => {
            each(container);
            path.iter().for_each(&mut each);
            assign.iter().for_each(|e| each(e));
        }
        ExprKind::MapArray { arg, element, .. } => {
            each(arg);
            each(element);
        }
        ExprKind::JsonCall { args, .. } => args.iter().for_each(each),
        ExprKind::JsonPath(path) => path.children().for_each(each),
        ExprKind::JsonTable(table) => table.each_child(&mut each),
        ExprKind::Domain { arg, checks, .. } => {
            each(arg);
            checks.iter().for_each(|(_, e)| each(e));
        }
        ExprKind::SubPlan(sub) => {
            sub.params.iter().for_each(|(_, e)| each(e));
            sub.hashed.iter().flatten().for_each(|(e, _, _)| each(e));
            if let Some(test) = &sub.test {
                let own = &sub.columns;
                slots_of(test, slots, subplans, &mut |slot| {
                    if !own.contains(&slot) {
                        add(slot);
                    }
                });
            }
            let set: Vec<u32> = sub.params.iter().map(|(slot, _)| *slot).collect();
            for &slot in subplans.get(sub.plan).into_iter().flatten() {
                if !set.contains(&slot) {
                    add(slot);
                }
            }
        }
    }
}

/// A column that was dropped: it has no name any more.
fn is_dropped(column: &q::EntryColumn) -> bool {
    column.name.is_empty() && !column.ty.oid.is_valid()
}

fn encode_names<'n>(names: impl IntoIterator<Item = &'n String>) -> Box<[u8]> {
    types::record::encode_names(names.into_iter().map(String::as_str)).into()
}
