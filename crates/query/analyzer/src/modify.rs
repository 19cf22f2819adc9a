//! INSERT, UPDATE, DELETE: targets, values, ON CONFLICT, RETURNING.

use catalog::Relation;
use catalog::relation::kind;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{self, Accessor, ExprKind as Ast, SelectBody};

use crate::Analyzer;
use crate::aggregate::target;
use crate::coerce::Coercion;
use crate::from::ROW_EXCLUSIVE;
use crate::query::*;
use crate::scope::{Place, Scope, Visible};
use crate::types::{self as ty, UNKNOWN};

impl Analyzer<'_> {
    /// The table that a statement changes, as the first entry of the range table.
    pub(crate) fn open_target(
        &mut self,
        name: &ast::RelationName,
        alias: Option<&ast::Alias>,
        inherit: bool,
        required: u32,
    ) -> Result<catalog::Entry<Relation>> {
        let relation = self.open_relation(name)?;
        let entry = self.relation_entry(&relation, alias, inherit, ROW_EXCLUSIVE, required)?;
        let at = self.add_entry(entry);
        self.scope().query.result_relation = Some(at);
        let what = match relation.kind() {
            kind::SEQUENCE => "sequence",
            kind::TOAST => "TOAST relation",
            kind::MATERIALIZED_VIEW => "materialized view",
            _ => return Ok(relation),
        };
        if self.scope().query.command == Command::Merge {
            let text = format!("cannot execute MERGE on relation \"{}\"", relation.name());
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text)
                .detail(format!("This operation is not supported for {what}s.")));
        }
        Err(Error::new(SqlState::WRONG_OBJECT_TYPE, format!("cannot change {what} \"{}\"", relation.name())))
    }

    pub(crate) fn insert(&mut self, insert: &ast::Insert) -> Result<Query> {
        self.scopes.push(Scope::new(Command::Insert));
        self.enter_rule();
        if let Some(with) = &insert.with {
            self.with_clause(with)?;
        }
        let updates =
            insert.on_conflict.as_ref().is_some_and(|c| matches!(c.action, ast::ConflictAction::Update { .. }));
        let alias = insert.alias.as_ref().map(|name| ast::Alias { name: name.clone(), columns: Vec::new() });
        let required = acl::INSERT | if updates { acl::UPDATE } else { 0 };
        // The rows come first: they do not see the target.
        let relation = self.open_target(&insert.relation, alias.as_ref(), false, required)?;
        self.scope().query.overriding = Overriding::of(insert.overriding);
        let columns = self.insert_columns(&relation, &insert.columns)?;
        let targets = match &insert.source {
            None => Vec::new(),
            Some(source) => self.insert_source(&relation, source, &columns, &insert.columns)?,
        };
        for t in &targets {
            self.mark_inserted(t.number);
        }
        self.scope().query.targets = targets;
        if let Some(conflict) = &insert.on_conflict {
            self.on_conflict(&relation, conflict)?;
        }
        if let Some(returning) = &insert.returning {
            self.show_target();
            self.returning(returning, Place::Returning)?;
        }
        let mut query = self.pop_scope()?;
        self.assign_query_collations(&mut query)?;
        Ok(query)
    }

    /// The target's name becomes visible.
    pub(crate) fn show_target(&mut self) {
        if let Some(at) = self.scope().query.result_relation {
            let visible = self.show_entry(at);
            let in_rule = self.rule.is_some() && self.scopes.len() == 1;
            let names = &mut self.scope().names;
            names.retain(|name| in_rule && name.entry <= crate::rule::NEW);
            names.insert(0, visible);
        }
    }

    pub(crate) fn mark_inserted(&mut self, column: i16) {
        let query = &mut self.scope().query;
        if let Some(at) = query.result_relation
            && let Some(permission) = &mut query.range_table[at].permission
            && !permission.inserted.contains(&column)
        {
            permission.inserted.push(column);
        }
    }

    pub(crate) fn mark_updated(&mut self, column: i16) {
        let query = &mut self.scope().query;
        if let Some(at) = query.result_relation
            && let Some(permission) = &mut query.range_table[at].permission
            && !permission.updated.contains(&column)
        {
            permission.updated.push(column);
        }
    }

    /// Numbers of the columns named, or of all.
    pub(crate) fn insert_columns(&self, relation: &Relation, columns: &[ast::ColumnTarget]) -> Result<Vec<i16>> {
        if columns.is_empty() {
            return Ok(relation.live_columns().map(|c| c.attnum).collect());
        }
        let mut numbers: Vec<(i16, bool)> = Vec::with_capacity(columns.len());
        for column in columns {
            let number = self.column_number(relation, &column.name, column.location)?;
            // A column may be assigned in parts, but only once as a whole.
            let whole = column.path.is_empty();
            if numbers.iter().any(|&(n, w)| n == number && (w || whole)) {
                return Err(self.error(
                    SqlState::DUPLICATE_COLUMN,
                    format!("column \"{}\" specified more than once", column.name),
                    column.location,
                ));
            }
            numbers.push((number, whole));
        }
        Ok(numbers.into_iter().map(|(n, _)| n).collect())
    }

    fn column_number(&self, relation: &Relation, name: &str, location: u32) -> Result<i16> {
        match relation.column_by_name(name) {
            Some(column) => Ok(column.attnum),
            None if catalog::relation::system_column_by_name(name).is_some() => Err(self.error(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!("cannot assign to system column \"{name}\""),
                location,
            )),
            None => Err(self.error(
                SqlState::UNDEFINED_COLUMN,
                format!("column \"{name}\" of relation \"{}\" does not exist", relation.name()),
                location,
            )),
        }
    }

    fn insert_source(
        &mut self,
        relation: &Relation,
        source: &ast::Select,
        columns: &[i16],
        written: &[ast::ColumnTarget],
    ) -> Result<Vec<TargetEntry>> {
        let bare =
            source.with.is_none() && source.order_by.is_empty() && source.limit.is_none() && source.locking.is_empty();
        match &source.body {
            SelectBody::Values(rows) if bare && rows.len() == 1 => {
                let row = self.at_place(Place::ValuesSingle, |this| this.value_row(&rows[0]))?;
                self.insert_row(relation, row, columns, written)
            }
            SelectBody::Values(rows) if bare => self.insert_values(relation, rows, columns, written),
            _ => {
                if let Some(rule) = self.rule.as_mut().filter(|_| self.scopes.len() == 1) {
                    rule.next = true;
                }
                let query = self.select(source, false)?;
                let outputs: Vec<(Expr, String)> = query.output().map(|t| (t.expr.clone(), t.name.clone())).collect();
                let entry = self.subquery_entry(query, None, "*SELECT*", false)?;
                let at = self.add_entry(RangeTableEntry { in_from: false, ..entry });
                self.scope().query.from.push(FromItem::Relation(at));
                let row = outputs
                    .into_iter()
                    .enumerate()
                    .map(|(number, (expr, _))| {
                        // A literal is taken over, so that it can become what the column wants.
                        let is_literal = matches!(expr.kind, ExprKind::Const(_) | ExprKind::Param(_));
                        if expr.ty.oid == UNKNOWN && is_literal {
                            return expr;
                        }
                        let var =
                            Var { level: 0, relation: at, column: number as i16 + 1, version: RowVersion::Default };
                        Expr { kind: ExprKind::Var(var), ty: expr.ty, location: expr.location }
                    })
                    .collect();
                let targets = self.insert_row(relation, row, columns, written)?;
                // What stays unknown in the subquery is never read, or text.
                let query = &mut self.scope().query;
                if let EntryKind::Subquery { query: inner, .. } = &mut query.range_table[at].kind {
                    let mut list = std::mem::take(&mut inner.targets);
                    self.resolve_unknown_targets(&mut list)?;
                    if let EntryKind::Subquery { query: inner, .. } = &mut self.scope().query.range_table[at].kind {
                        inner.targets = list;
                    }
                }
                Ok(targets)
            }
        }
    }

    /// A row of VALUES in INSERT: DEFAULT may stand in it.
    pub(crate) fn value_row(&mut self, row: &[ast::Expr]) -> Result<Vec<Expr>> {
        let mut values = Vec::with_capacity(row.len());
        for value in row {
            if matches!(value.kind, Ast::Default) {
                values.push(Expr { kind: ExprKind::Default, ty: SqlType::plain(UNKNOWN), location: value.location });
            } else if self.is_star(value) {
                values.extend(self.expand_star(value)?.into_iter().map(|(_, e)| e));
            } else {
                values.push(self.expr(value)?);
            }
        }
        Ok(values)
    }

    fn insert_values(
        &mut self,
        relation: &Relation,
        rows: &[Vec<ast::Expr>],
        columns: &[i16],
        written: &[ast::ColumnTarget],
    ) -> Result<Vec<TargetEntry>> {
        let in_parts = written.iter().any(|column| !column.path.is_empty());
        let mut lists: Vec<Vec<Expr>> = Vec::with_capacity(rows.len());
        let mut numbers = columns.to_vec();
        let mut conversions: Vec<Conversion> = vec![Conversion::default(); columns.len()];
        let mut length = None;
        for row in rows {
            let row = self.at_place(Place::Values, |this| this.value_row(row))?;
            let first_length = *length.get_or_insert(row.len());
            if first_length != row.len() {
                return Err(self.error(
                    SqlState::SYNTAX_ERROR,
                    "VALUES lists must all be the same length",
                    row.first().map_or(NO_LOCATION, |e| e.location),
                ));
            }
            if in_parts {
                // Parts of one column are put together in the row, so that each column has one value.
                let targets = self.insert_row(relation, row, columns, written)?;
                numbers = targets.iter().map(|target| target.number).collect();
                lists.push(targets.into_iter().map(|target| target.expr).collect());
                continue;
            }
            self.check_row_length(&row, columns, written)?;
            let mut list = Vec::with_capacity(row.len());
            for (at, mut cell) in row.into_iter().enumerate() {
                if conversions[at].convert(&mut cell) {
                    list.push(cell);
                    continue;
                }
                let location = written.get(at).map_or(NO_LOCATION, |w| w.location);
                let (from, literal) = (cell.ty, cell.location);
                let is_literal = matches!(cell.kind, ExprKind::Const(_));
                let converted = self.assigned(relation, columns[at], &[], cell, None, true, location)?;
                if is_literal {
                    conversions[at].learn(from, literal, &converted);
                }
                list.push(converted);
            }
            lists.push(list);
        }
        numbers.truncate(lists.first().map_or(0, Vec::len));
        let mut entry_columns = Vec::with_capacity(numbers.len());
        for (at, &number) in numbers.iter().enumerate() {
            let column = &relation.columns[number as usize - 1];
            let mut cells: Vec<&mut Expr> = lists.iter_mut().map(|row| &mut row[at]).collect();
            let collation =
                if column.attcollation.is_valid() { self.common_collation(&mut cells, true)? } else { Oid::INVALID };
            let cells: Vec<&Expr> = lists.iter().map(|row| &row[at]).collect();
            let typmod = self.common_typmod(&cells, column.atttypid);
            entry_columns.push(EntryColumn {
                name: format!("column{}", at + 1),
                ty: SqlType { oid: column.atttypid, typmod, collation },
            });
        }
        let targets_ty: Vec<SqlType> = entry_columns.iter().map(|c| c.ty).collect();
        let at = self.add_entry(RangeTableEntry {
            kind: EntryKind::Values { rows: lists },
            alias: None,
            column_aliases: false,
            name: "*VALUES*".into(),
            columns: entry_columns,
            lateral: false,
            in_from: false,
            permission: None,
            security: Vec::new(),
        });
        self.scope().query.from.push(FromItem::Relation(at));
        Ok(numbers
            .into_iter()
            .zip(targets_ty)
            .enumerate()
            .map(|(n, (number, ty))| {
                let var = Var { level: 0, relation: at, column: n as i16 + 1, version: RowVersion::Default };
                let name = relation.columns[number as usize - 1].attname.to_string();
                target(Expr { kind: ExprKind::Var(var), ty, location: NO_LOCATION }, number, name, false)
            })
            .collect())
    }

    /// Fails for a row with more or fewer values than there are columns.
    fn check_row_length(&self, row: &[Expr], columns: &[i16], written: &[ast::ColumnTarget]) -> Result<()> {
        if row.len() > columns.len() {
            return Err(self.error(
                SqlState::SYNTAX_ERROR,
                "INSERT has more expressions than target columns",
                row[columns.len()].location,
            ));
        }
        if !written.is_empty() && row.len() < columns.len() {
            let error = self.error(
                SqlState::SYNTAX_ERROR,
                "INSERT has more target columns than expressions",
                written[row.len()].location,
            );
            let lone_row =
                row.len() == 1 && matches!(&row[0].kind, ExprKind::Row { fields, .. } if fields.len() == columns.len());
            return Err(if lone_row {
                error.hint(
                    "The insertion source is a row expression containing the same number of columns expected by the INSERT. Did you accidentally use extra parentheses?",
                )
            } else {
                error
            });
        }
        Ok(())
    }

    /// The values of one row, converted for their columns.
    pub(crate) fn insert_row(
        &mut self,
        relation: &Relation,
        row: Vec<Expr>,
        columns: &[i16],
        written: &[ast::ColumnTarget],
    ) -> Result<Vec<TargetEntry>> {
        self.check_row_length(&row, columns, written)?;
        let mut targets: Vec<TargetEntry> = Vec::with_capacity(row.len());
        for (at, value) in row.into_iter().enumerate() {
            let number = columns[at];
            let path = written.get(at).map_or(&[][..], |w| &w.path);
            let location = written.get(at).map_or(NO_LOCATION, |w| w.location);
            let earlier = targets.iter().position(|t| t.number == number);
            let base = match (earlier, path.is_empty()) {
                (Some(at), false) => Some(targets.remove(at).expr),
                _ => None,
            };
            let expr = self.assigned(relation, number, path, value, base, true, location)?;
            let name = relation.columns[number as usize - 1].attname.to_string();
            targets.push(target(expr, number, name, false));
        }
        Ok(targets)
    }

    /// A value converted for a column (or for a part of it, `base` being the rest).
    pub(crate) fn assigned(
        &mut self,
        relation: &Relation,
        number: i16,
        path: &[Accessor],
        value: Expr,
        base: Option<Expr>,
        insert: bool,
        location: u32,
    ) -> Result<Expr> {
        let column = &relation.columns[number as usize - 1];
        let ty = SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
        if matches!(value.kind, ExprKind::Default) {
            if !path.is_empty() {
                let words = match path[0] {
                    Accessor::Field(_) => "cannot set a subfield to DEFAULT",
                    _ => "cannot set an array element to DEFAULT",
                };
                return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, words, location));
            }
            return Ok(Expr { kind: ExprKind::Default, ty, location: value.location });
        }
        if !path.is_empty() {
            let base = match base {
                Some(base) => base,
                None if insert => ty::null(ty),
                None => {
                    let relation = self.scope().query.result_relation.unwrap_or(0);
                    let var = Var { level: 0, relation, column: number, version: RowVersion::Default };
                    Expr { kind: ExprKind::Var(var), ty, location: NO_LOCATION }
                }
            };
            return self.assign_part(&column.attname, base, path, value, location);
        }
        let (from, at) = (value.ty.oid, value.location);
        match self.coerce_to_target(
            value,
            ty.oid,
            ty.typmod,
            Coercion::Assignment,
            CallForm::ImplicitCast,
            NO_LOCATION,
        )? {
            Some(expr) => Ok(expr),
            None => Err(self.column_mismatch(&column.attname, ty.oid, from, "expression", at)?),
        }
    }

    #[cold]
    pub(crate) fn column_mismatch(
        &self,
        column: &str,
        wanted: Oid,
        given: Oid,
        what: &str,
        location: u32,
    ) -> Result<Error> {
        let message = format!(
            "column \"{column}\" is of type {} but {what} is of type {}",
            self.catalog.format_type(wanted, -1)?,
            self.catalog.format_type(given, -1)?
        );
        Ok(self
            .error(SqlState::DATATYPE_MISMATCH, message, location)
            .hint("You will need to rewrite or cast the expression."))
    }

    /// `column.field[…] = value`: the column with that part replaced.
    pub(crate) fn assign_part(
        &mut self,
        column: &str,
        base: Expr,
        path: &[Accessor],
        value: Expr,
        location: u32,
    ) -> Result<Expr> {
        let whole = base.ty;
        // Of several parts that are assigned, only the whole that comes of them has to be a value of its domain.
        let base = match base.kind {
            ExprKind::CoerceToDomain(inner, CallForm::ImplicitCast) if is_assignment(&inner) => *inner,
            _ => base,
        };
        let (base_type, base_typmod) = self.catalog.base_type(whole.oid, whole.typmod)?;
        match &path[0] {
            Accessor::Field(field) => {
                let relation = ty::row_relation(self.catalog, base_type)?;
                if !relation.is_valid() {
                    let message = format!(
                        "cannot assign to field \"{field}\" of column \"{column}\" because its type {} is not a composite type",
                        self.catalog.format_type(whole.oid, -1)?
                    );
                    return Err(self.error(SqlState::DATATYPE_MISMATCH, message, location));
                }
                let relation = self.catalog.relation(relation)?;
                let Some(attribute) = relation.column_by_name(field) else {
                    let message = format!(
                        "cannot assign to field \"{field}\" of column \"{column}\" because there is no such column in data type {}",
                        self.catalog.format_type(whole.oid, -1)?
                    );
                    return Err(self.error(SqlState::UNDEFINED_COLUMN, message, location));
                };
                let ty =
                    SqlType { oid: attribute.atttypid, typmod: attribute.atttypmod, collation: attribute.attcollation };
                let value = if path.len() > 1 {
                    let inner = Expr {
                        kind: ExprKind::Field { arg: Box::new(base.clone()), number: attribute.attnum },
                        ty,
                        location: NO_LOCATION,
                    };
                    self.deeper(|this| this.assign_part(field, inner, &path[1..], value, location))?
                } else {
                    self.assign_converted(field, "subfield", value, ty, location)?
                };
                let stored = Expr {
                    kind: ExprKind::FieldStore { arg: Box::new(base), fields: vec![(attribute.attnum, value)] },
                    ty: SqlType { oid: base_type, ..whole },
                    location,
                };
                self.coerce(stored, whole.oid, whole.typmod, Coercion::Implicit, CallForm::ImplicitCast, location)
            }
            Accessor::Star => Err(self.error(SqlState::SYNTAX_ERROR, "improper use of \"*\"", location)),
            _ => {
                let end = path
                    .iter()
                    .position(|a| !matches!(a, Accessor::Subscript(_) | Accessor::Slice { .. }))
                    .unwrap_or(path.len());
                let slice = path[..end].iter().any(|a| matches!(a, Accessor::Slice { .. }));
                let row = self.catalog.type_(base_type)?;
                let element = match self.catalog.element_type(base_type)? {
                    Some(element) => element,
                    None => row.typelem,
                };
                let collation = self.catalog.type_(if element.is_valid() { element } else { base_type })?.typcollation;
                let ty = if slice {
                    SqlType { oid: base_type, typmod: base_typmod, collation: whole.collation }
                } else {
                    SqlType { oid: element, typmod: base_typmod, collation }
                };
                let value = if end < path.len() {
                    let inner = self.subscript(base.clone(), &path[..end], None, location)?;
                    self.deeper(|this| this.assign_part(column, inner, &path[end..], value, location))?
                } else if element.is_valid() {
                    self.assign_converted(column, "subscripted assignment", value, ty, location)?
                } else {
                    value
                };
                let stored = self.subscript(base, &path[..end], Some(value), location)?;
                self.coerce(stored, whole.oid, whole.typmod, Coercion::Implicit, CallForm::ImplicitCast, location)
            }
        }
    }

    fn assign_converted(&mut self, name: &str, what: &str, value: Expr, ty: SqlType, location: u32) -> Result<Expr> {
        let from = value.ty.oid;
        match self.coerce_to_target(
            value,
            ty.oid,
            ty.typmod,
            Coercion::Assignment,
            CallForm::ImplicitCast,
            NO_LOCATION,
        )? {
            Some(value) => Ok(value),
            None => {
                let (wanted, given) = (self.catalog.format_type(ty.oid, -1)?, self.catalog.format_type(from, -1)?);
                let message = if what == "subfield" {
                    format!("subfield \"{name}\" is of type {wanted} but expression is of type {given}")
                } else {
                    format!(
                        "subscripted assignment to \"{name}\" requires type {wanted} but expression is of type {given}"
                    )
                };
                Err(self
                    .error(SqlState::DATATYPE_MISMATCH, message, location)
                    .hint("You will need to rewrite or cast the expression."))
            }
        }
    }

    /// SET
    pub(crate) fn assignments(&mut self, relation: &Relation, list: &[ast::Assignment]) -> Result<Vec<TargetEntry>> {
        let mut targets: Vec<TargetEntry> = Vec::new();
        for assignment in list {
            match assignment {
                ast::Assignment::Single { target, value } => {
                    let value = self.set_value(value)?;
                    self.add_assignment(relation, &mut targets, target, value)?;
                }
                ast::Assignment::Multiple { targets: columns, source } => {
                    let values = match &source.kind {
                        Ast::Row { fields, .. } => self.at_place(Place::UpdateSource, |this| this.value_row(fields))?,
                        Ast::Subquery(select) => self.multi_assignment(select, columns.len(), source.location)?,
                        _ => {
                            return Err(self.error(
                                SqlState::FEATURE_NOT_SUPPORTED,
                                "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression",
                                source.location,
                            ));
                        }
                    };
                    if values.len() != columns.len() {
                        return Err(self.error(
                            SqlState::SYNTAX_ERROR,
                            "number of columns does not match number of values",
                            source.location,
                        ));
                    }
                    for (column, value) in columns.iter().zip(values) {
                        self.add_assignment(relation, &mut targets, column, value)?;
                    }
                }
            }
        }
        Ok(targets)
    }

    fn set_value(&mut self, value: &ast::Expr) -> Result<Expr> {
        if matches!(value.kind, Ast::Default) {
            return Ok(Expr { kind: ExprKind::Default, ty: SqlType::plain(UNKNOWN), location: value.location });
        }
        self.expr_at(Place::UpdateSource, value)
    }

    /// `(a, b) = (SELECT …)`: a scalar subquery for each column.
    fn multi_assignment(&mut self, select: &ast::Select, count: usize, location: u32) -> Result<Vec<Expr>> {
        self.scope().query.has.sublinks = true;
        let query = self.at_place(Place::UpdateSource, |this| this.deeper(|this| this.select(select, true)))?;
        let columns: Vec<i16> = query.output().map(|t| t.number).collect();
        if columns.len() != count {
            return Err(self.error(
                SqlState::SYNTAX_ERROR,
                "number of columns does not match number of values",
                location,
            ));
        }
        Ok(columns
            .into_iter()
            .map(|number| {
                let mut query = query.clone();
                let mut ty = SqlType::plain(UNKNOWN);
                for t in &mut query.targets {
                    if t.number == number {
                        ty = t.expr.ty;
                    } else {
                        t.junk = true;
                    }
                }
                let link = SubLink {
                    kind: SubLinkKind::Scalar,
                    test: Vec::new(),
                    operators: Vec::new(),
                    casts: Vec::new(),
                    operator_name: String::new(),
                    query,
                };
                Expr { kind: ExprKind::SubLink(Box::new(link)), ty, location }
            })
            .collect())
    }

    fn add_assignment(
        &mut self,
        relation: &Relation,
        targets: &mut Vec<TargetEntry>,
        column: &ast::ColumnTarget,
        value: Expr,
    ) -> Result<()> {
        let number = match self.column_number(relation, &column.name, column.location) {
            Ok(number) => number,
            Err(e) => {
                // `SET table.column = …` is a common mistake.
                let is_table = self.scope().names.iter().any(|v| v.name.as_deref() == Some(&*column.name));
                return Err(if is_table && !column.path.is_empty() && e.state() == SqlState::UNDEFINED_COLUMN {
                    e.hint("SET target columns cannot be qualified with the relation name.")
                } else {
                    e
                });
            }
        };
        let earlier = targets.iter().position(|t| t.number == number);
        let base = match earlier {
            Some(at) if !column.path.is_empty() => Some(targets.remove(at).expr),
            Some(_) => {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    format!("multiple assignments to same column \"{}\"", column.name),
                ));
            }
            None => None,
        };
        let expr = self.at_place(Place::UpdateTarget, |this| {
            this.assigned(relation, number, &column.path, value, base, false, column.location)
        })?;
        self.mark_updated(number);
        targets.push(target(expr, number, relation.columns[number as usize - 1].attname.to_string(), false));
        Ok(())
    }

    pub(crate) fn update(&mut self, update: &ast::Update) -> Result<Query> {
        self.scopes.push(Scope::new(Command::Update));
        self.enter_rule();
        if let Some(with) = &update.with {
            self.with_clause(with)?;
        }
        let relation =
            self.open_target(&update.relation.name, update.alias.as_ref(), update.relation.inherit, acl::UPDATE)?;
        self.modify_from(&update.from)?;
        if let Some(filter) = &update.filter {
            let condition = self.condition_at(Place::Where, filter, "WHERE")?;
            self.scope().query.where_clause = Some(condition);
        }
        if let Some(returning) = &update.returning {
            self.returning(returning, Place::Returning)?;
        }
        let targets = self.assignments(&relation, &update.assignments)?;
        self.scope().query.targets = targets;
        let mut query = self.pop_scope()?;
        self.assign_query_collations(&mut query)?;
        Ok(query)
    }

    pub(crate) fn delete(&mut self, delete: &ast::Delete) -> Result<Query> {
        self.scopes.push(Scope::new(Command::Delete));
        self.enter_rule();
        if let Some(with) = &delete.with {
            self.with_clause(with)?;
        }
        self.open_target(&delete.relation.name, delete.alias.as_ref(), delete.relation.inherit, acl::DELETE)?;
        self.modify_from(&delete.using)?;
        if let Some(filter) = &delete.filter {
            let condition = self.condition_at(Place::Where, filter, "WHERE")?;
            self.scope().query.where_clause = Some(condition);
        }
        if let Some(returning) = &delete.returning {
            self.returning(returning, Place::Returning)?;
        }
        let mut query = self.pop_scope()?;
        self.assign_query_collations(&mut query)?;
        Ok(query)
    }

    /// The target and the other relations of UPDATE and DELETE.
    fn modify_from(&mut self, from: &[ast::TableRef]) -> Result<()> {
        self.show_target();
        if let Some(at) = self.scope().query.result_relation {
            self.scope().query.from.push(FromItem::Relation(at));
            // The target cannot be referred to laterally.
            if let Some(v) = self.scope().names.first_mut() {
                v.lateral_only = true;
                v.lateral_ok = false;
            }
        }
        self.add_from(from)
    }

    /// RETURNING
    pub(crate) fn returning(&mut self, returning: &ast::Returning, place: Place) -> Result<()> {
        let Some(target_at) = self.scope().query.result_relation else { return Ok(()) };
        let (mut old, mut new) = (None, None);
        for option in &returning.options {
            let slot = if option.new { &mut new } else { &mut old };
            if slot.is_some() {
                let word = if option.new { "NEW" } else { "OLD" };
                return Err(self.error(
                    SqlState::SYNTAX_ERROR,
                    format!("{word} cannot be specified multiple times"),
                    option.location,
                ));
            }
            let taken = self.scope().names.iter().any(|v| v.by_name && v.name.as_deref() == Some(&*option.name));
            if taken {
                return Err(self.error(
                    SqlState::DUPLICATE_ALIAS,
                    format!("table name \"{}\" specified more than once", option.name),
                    option.location,
                ));
            }
            *slot = Some(option.name.to_string());
        }
        let before = self.scope().names.len();
        for (name, default, version) in [(old, "old", RowVersion::Old), (new, "new", RowVersion::New)] {
            let name = match name {
                Some(name) => name,
                None if self.scope().names.iter().any(|v| v.by_name && v.name.as_deref() == Some(default)) => continue,
                None => default.to_string(),
            };
            let visible = Visible {
                name: Some(name),
                relation: Oid::INVALID,
                by_column: false,
                version,
                ..self.show_entry(target_at)
            };
            self.scope().names.push(visible);
        }
        let mut list = self.target_list(&returning.targets, place)?;
        if list.is_empty() {
            return Err(self.error(SqlState::SYNTAX_ERROR, "RETURNING must have at least one column", NO_LOCATION));
        }
        self.resolve_unknown_targets(&mut list)?;
        let scope = self.scope();
        scope.names.truncate(before);
        scope.query.returning = list;
        Ok(())
    }

    fn on_conflict(&mut self, relation: &Relation, conflict: &ast::OnConflict) -> Result<()> {
        let mut result = OnConflict {
            update: false,
            arbiters: Vec::new(),
            arbiter_where: None,
            constraint: Oid::INVALID,
            set: Vec::new(),
            set_where: None,
            excluded: 0,
        };
        if matches!(conflict.action, ast::ConflictAction::Update { .. }) && conflict.target.is_none() {
            return Err(self
                .error(
                    SqlState::SYNTAX_ERROR,
                    "ON CONFLICT DO UPDATE requires inference specification or constraint name",
                    conflict.location,
                )
                .hint("For example, ON CONFLICT (column_name)."));
        }
        if relation.is_system() {
            return Err(self.error(
                SqlState::FEATURE_NOT_SUPPORTED,
                "ON CONFLICT is not supported with system catalog tables",
                conflict.location,
            ));
        }
        self.show_target();
        match &conflict.target {
            None => {}
            Some(ast::ConflictTarget::Constraint { name, location }) => {
                let Some(found) = relation.constraints.iter().find(|c| c.conname == **name) else {
                    return Err(self.error(
                        SqlState::UNDEFINED_OBJECT,
                        format!("constraint \"{name}\" for table \"{}\" does not exist", relation.name()),
                        *location,
                    ));
                };
                result.constraint = found.oid;
                // Whether there is such a row is told by what is done.
                let keys = found.conkey.clone().unwrap_or_default();
                if let Some(target) = self.scope().query.result_relation
                    && let Some(permission) = &mut self.scope().query.range_table[target].permission
                {
                    permission.required |= acl::SELECT;
                    permission.selected.extend(keys);
                }
            }
            Some(ast::ConflictTarget::Index { elements, filter, .. }) => {
                for element in elements {
                    let expr = match &element.key {
                        ast::IndexKey::Column(name) => {
                            let at = conflict.location;
                            let name = ast::ObjectName::unqualified(name.clone(), at);
                            self.at_place(Place::IndexExpression, |this| this.column_reference(&name, at))?
                        }
                        ast::IndexKey::Expr(expr) => self.expr_at(Place::IndexExpression, expr)?,
                    };
                    let collation = match &element.collation {
                        Some(name) => self.collation_name_of(name)?,
                        None => Oid::INVALID,
                    };
                    let (mut family, mut input_type) = (Oid::INVALID, Oid::INVALID);
                    if let Some(class) = &element.operator_class {
                        let schema = self.qualifier(&class.qualifiers, &class.name)?;
                        let Some(found) = self.catalog.opclass_by_name(catalog::objects::BTREE, schema, &class.name)?
                        else {
                            return Err(self.error(
                                SqlState::UNDEFINED_OBJECT,
                                format!("operator class \"{class}\" does not exist for access method \"btree\""),
                                class.location,
                            ));
                        };
                        let row = self.catalog.opclass(found)?;
                        (family, input_type) = (row.opcfamily, row.opcintype);
                    }
                    result.arbiters.push(ArbiterElement { expr, collation, family, input_type });
                }
                if let Some(filter) = filter {
                    result.arbiter_where = Some(self.condition_at(Place::IndexPredicate, filter, "WHERE")?);
                }
            }
        }
        if let ast::ConflictAction::Update { assignments, filter } = &conflict.action {
            result.update = true;
            let mut entry = self.relation_entry(relation, None, false, ROW_EXCLUSIVE, 0)?;
            entry.name = "excluded".into();
            entry.alias = Some("excluded".into());
            entry.in_from = false;
            entry.permission = None;
            result.excluded = self.add_entry(entry);
            let excluded = Visible { relation: Oid::INVALID, ..self.show_entry(result.excluded) };
            self.scope().names.push(excluded);
            result.set = self.assignments(relation, assignments)?;
            if let Some(filter) = filter {
                result.set_where = Some(self.condition_at(Place::Where, filter, "WHERE")?);
            }
        }
        self.scope().names.clear();
        self.scope().query.on_conflict = Some(Box::new(result));
        Ok(())
    }
}

/// How literals of one type become a column's values, learned from the first of them: in VALUES of many rows the same
/// conversion is wanted in every row.
#[derive(Clone, Default)]
struct Conversion {
    from: Option<SqlType>,
    /// The first literal, converted; none if such literals stay as they are.
    example: Option<Expr>,
}

impl Conversion {
    /// Remembers what became of a literal of type `from` at `location`, if others can become the same way.
    fn learn(&mut self, from: SqlType, location: u32, converted: &Expr) {
        let mut converted = converted.clone();
        if from.oid == UNKNOWN {
            return;
        }
        let is_same = matches!(converted.kind, ExprKind::Const(_)) && converted.ty == from;
        let leads_back = matches!(
            converted_literal(&mut converted),
            Some(Expr { kind: ExprKind::Const(_), ty, location: at }) if *ty == from && *at == location
        );
        if is_same || leads_back {
            self.from = Some(from);
            self.example = (!is_same).then_some(converted);
        }
    }

    /// Converts a value as the example was, if it is like it; whether it was.
    fn convert(&self, value: &mut Expr) -> bool {
        if !matches!(value.kind, ExprKind::Const(_)) || self.from != Some(value.ty) {
            return false;
        }
        let Some(example) = &self.example else { return true };
        let mut converted = example.clone();
        let Some(literal) = converted_literal(&mut converted) else { return false };
        let (old, new) = (literal.location, value.location);
        std::mem::swap(literal, value);
        relocate(&mut converted, old, new);
        *value = converted;
        true
    }
}

/// The literal that casts were put around, from the outermost on.
fn converted_literal(expr: &mut Expr) -> Option<&mut Expr> {
    match expr.kind {
        ExprKind::Const(_) => Some(expr),
        _ => match &mut expr.kind {
            ExprKind::Function(call) => call.args.first_mut().and_then(converted_literal),
            ExprKind::Relabel(arg, _) => converted_literal(arg),
            _ => None,
        },
    }
}

/// Moves casts around a literal to where the literal stands.
fn relocate(expr: &mut Expr, old: u32, new: u32) {
    if expr.location == old {
        expr.location = new;
    }
    match &mut expr.kind {
        ExprKind::Function(call) => {
            if let Some(arg) = call.args.first_mut() {
                relocate(arg, old, new);
            }
        }
        ExprKind::Relabel(arg, _) => relocate(arg, old, new),
        _ => {}
    }
}

/// Whether an expression is a value with a part of it replaced.
pub(crate) fn is_assignment(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::FieldStore { .. } | ExprKind::Subscript { assign: Some(_), .. })
}
