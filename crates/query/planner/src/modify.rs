//! INSERT, UPDATE, DELETE: the rows, and what is to be done with them.

use analyzer::query::{self as q, Command, Expr, ExprKind, RowVersion, Var};
use catalog::Relation;
use catalog::format::quote_identifier;
use error::{Error, Result, SqlState};
use ids::Oid;

use crate::level::{Built, Layout, Level, Planner, system_type};
use crate::merge::{merge_action, replace_merge_action, unless_deleted};
use crate::plan::*;
use crate::prepare::Tree;
use crate::scan::renumber;

/// The system columns `xmin, cmin, xmax, cmax`.
const STAMPS: [i16; 4] = [-2, -3, -4, -5];

impl Planner<'_> {
    /// Plans the current query, which changes a table.
    pub fn modify(&mut self, counted: bool) -> Result<Built> {
        self.read_only = false;
        let command = self.level().query.command;
        let target = self.level().query.result_relation.ok_or_else(|| Error::internal("no table to change"))?;
        let oid = self.entry_relation(target).ok_or_else(|| Error::internal("the target is no table"))?;
        let table = self.relation(oid)?;
        match table.kind() {
            // Only REFRESH changes a materialized view: the analyzer refuses all other statements.
            catalog::relation::kind::TABLE
            | catalog::relation::kind::MATERIALIZED_VIEW
            | catalog::relation::kind::PARTITIONED_TABLE
            | catalog::relation::kind::VIEW => {}
            catalog::relation::kind::FOREIGN_TABLE => return Err(self.ctx.catalog.no_handler(oid)?),
            _ => {
                return Err(Error::new(
                    SqlState::WRONG_OBJECT_TYPE,
                    format!("cannot change relation \"{}\"", table.name()),
                ));
            }
        }
        let instead = table.kind() == catalog::relation::kind::VIEW;
        let inherit =
            matches!(self.level().query.range_table[target].kind, q::EntryKind::Relation { inherit: true, .. });
        let tree_target = command != Command::Insert && !instead && self.is_tree(&table, inherit)?;
        // What a row of MERGE's target must be, beside the join's condition: the conditions of views.
        let target_quals = match command {
            Command::Merge => {
                let query = &self.level().query;
                let security = query.range_table[target].security.iter();
                analyzer::types::all_of(security.chain(&query.where_clause).cloned().collect())
            }
            _ => None,
        };
        let source_there = if command == Command::Merge { Some(self.mark_source()?) } else { None };
        let tree = self.prepare()?;
        self.register_names();
        self.find_needed_with(&tree)?;
        if let Some((_, entries)) = &source_there {
            for &at in entries {
                let list = &mut self.level().needed[at];
                if let Err(place) = list.binary_search(&-1) {
                    list.insert(place, -1);
                }
            }
        }
        if command != Command::Insert && !instead {
            let list = &mut self.level().needed[target];
            // In a tree the place alone does not say which table's row it is.
            for column in if tree_target { &[-1, -6][..] } else { &[-1] } {
                if let Err(at) = list.binary_search(column) {
                    list.insert(at, *column);
                }
            }
        }
        // Other relations' rows are found again by their addresses if the target's row has changed meanwhile.
        let mut others = Vec::new();
        if !matches!(command, Command::Insert | Command::Merge) && !instead {
            for at in base_relations(&tree) {
                if at != target && matches!(self.level().query.range_table[at].kind, q::EntryKind::Relation { .. }) {
                    others.push(at);
                    let columns = if self.is_tree_entry(at)? { &[-1, -6][..] } else { &[-1] };
                    let list = &mut self.level().needed[at];
                    for column in columns {
                        if let Err(place) = list.binary_search(column) {
                            list.insert(place, *column);
                        }
                    }
                }
            }
        }
        let mut source = self.join_tree(tree, &crate::join::Goal::default())?;
        let targets = self.level().query.targets.clone();
        let columns: Vec<Option<ColumnType>> = self.table_columns(&table)?;
        // What RETURNING takes from other relations.
        let mut returning = self.level().query.returning.clone();
        if command == Command::Merge {
            returning.iter_mut().for_each(|item| replace_merge_action(&mut item.expr, target));
        }
        let mut extras: Vec<Expr> = Vec::new();
        for item in &returning {
            other_columns(&item.expr, target, &mut extras);
        }
        let merge_actions = self.level().query.merge_actions.clone();
        let merge_condition = self.level().query.merge_condition.clone();
        let merged = merge_actions.iter().flat_map(|a| a.condition.iter().chain(a.targets.iter().map(|t| &t.expr)));
        for expr in merged.chain(&merge_condition) {
            other_columns(expr, target, &mut extras);
        }
        let mut used = Vec::new();
        returning.iter().for_each(|item| columns_of(&item.expr, &mut used));
        let stamps = used.iter().any(|column| STAMPS.contains(column));
        let mut exprs = Vec::new();
        match command {
            Command::Insert => {
                for column in &table.columns {
                    let value = targets.iter().find(|t| t.number == column.attnum);
                    exprs.push(match value {
                        Some(target) => target.expr.clone(),
                        None if column.attisdropped => analyzer::types::null(q::SqlType::plain(types::oid::INT4)),
                        None => analyzer::types::null(q::SqlType {
                            oid: column.atttypid,
                            typmod: column.atttypmod,
                            collation: column.attcollation,
                        }),
                    });
                }
                if self.level().query.has.target_sets {
                    source = self.project_sets(source, targets.iter().map(|target| &target.expr))?;
                }
            }
            Command::Update | Command::Delete if instead => {
                exprs.push(analyzer::types::null(system_type(-1)));
                exprs.extend(targets.iter().filter(|t| !t.junk).map(|t| t.expr.clone()));
                for column in &table.columns {
                    let value = targets.iter().find(|t| t.junk && t.number == column.attnum);
                    exprs.push(match value {
                        Some(target) => target.expr.clone(),
                        None => analyzer::types::null(q::SqlType::plain(types::oid::INT4)),
                    });
                }
            }
            Command::Update => {
                exprs.push(self.var(target, -1));
                exprs.extend(targets.iter().map(|t| t.expr.clone()));
            }
            _ => exprs.push(self.var(target, -1)),
        }
        if let Some((there, _)) = source_there {
            exprs.push(there);
        }
        let first_extra = exprs.len();
        if tree_target {
            extras.insert(0, self.var(target, -6));
        }
        exprs.extend(extras.iter().cloned());
        let mut mark_columns = Vec::new();
        let mut output = |column: Expr| match exprs[first_extra..].iter().position(|e| *e == column) {
            Some(place) => first_extra + place,
            None => {
                exprs.push(column);
                exprs.len() - 1
            }
        };
        for &at in &others {
            let tid = output(self.var(at, -1));
            // In a tree the place alone does not say which table's row it is.
            let table = self.is_tree_entry(at)?.then(|| output(self.var(at, -6)));
            mark_columns.push((at, tid, table));
        }
        let extra = exprs.len() - first_extra;
        let extra_layout: Layout = exprs[first_extra..].to_vec();
        self.project(&mut source, &exprs)?;
        // Dropped columns and the like must come out in the table's forms.
        let (alias, lock) = {
            let entry = &self.level().query.range_table[target];
            let lock = match entry.kind {
                q::EntryKind::Relation { lock, .. } => lock,
                _ => 3,
            };
            (entry.name.clone(), lock)
        };
        let mut marks = Vec::with_capacity(mark_columns.len());
        for (at, tid, table) in mark_columns {
            match table {
                Some(table) => {
                    let scans = self.level().trees.get(&at).cloned().unwrap_or_default();
                    marks.extend(scans.iter().map(|scan| RowMark {
                        relation: scan.relation,
                        tid,
                        table: Some((table, scan.oid)),
                        lock: None,
                    }));
                }
                // What is not read is not marked.
                None => marks.extend(self.relation_use_of(at).ok().map(|relation| RowMark {
                    relation,
                    tid,
                    table: None,
                    lock: None,
                })),
            }
        }
        // The scan of the target and the change must name the same relation of the plan: a row that changed meanwhile is
        // checked anew with its newest version in place of what that relation's scan gives.
        let scans = self.level().trees.get(&target).cloned().unwrap_or_default();
        if !instead && matches!(command, Command::Update | Command::Delete) {
            match tree_target {
                true => {
                    for scan in &scans {
                        crate::published::check(self.ctx.catalog, &*self.relation(scan.oid)?, command)?;
                    }
                }
                false => crate::published::check(self.ctx.catalog, &table, command)?,
            }
        }
        let read = match command {
            Command::Insert => None,
            _ if tree_target || instead => None,
            _ => self.relation_use_of(target).ok(),
        };
        let relation = match read {
            Some(relation) => relation,
            None => self.use_relation(&table, lock, &alias)?,
        };
        let mut target_table = self.target_table(relation, &table, columns)?;
        let layout = self.row_layout(&table, target, RowVersion::Default);
        let mut checks = self.level().query.check_options.clone();
        for condition in checks.iter_mut().filter_map(|check| check.condition.as_mut()) {
            crate::fold::Folder::fold(self.ctx.catalog, self.ctx.env, condition)?;
        }
        self.row_checks(&mut target_table, &checks, &layout, |condition| condition)?;
        if tree_target {
            let name = self.level().names_offset + target;
            self.tree_names.push(name);
        }
        let mut members = Vec::with_capacity(scans.len());
        for scan in scans.iter().filter(|_| tree_target) {
            let member = self.relation(scan.oid)?;
            let columns = self.table_columns(&member)?;
            let mut table_target = self.target_table(scan.relation, &member, columns)?;
            let numbers = crate::tree::numbers(&table, &member)?;
            let layout = self.row_layout(&member, target, RowVersion::Default);
            self.row_checks(&mut table_target, &checks, &layout, |condition| {
                crate::tree::translate(&condition, target, &numbers, &table, &member)
            })?;
            members.push(MemberTarget { oid: scan.oid, table: table_target, numbers });
        }
        let on_conflict = self.on_conflict(&table, target)?;
        if !tree_target && !instead {
            if on_conflict.as_ref().is_some_and(|conflict| conflict.update.is_some()) {
                crate::published::check(self.ctx.catalog, &table, Command::Update)?;
            }
            for action in &merge_actions {
                if matches!(action.command, Command::Update | Command::Delete) {
                    crate::published::check(self.ctx.catalog, &table, action.command)?;
                }
            }
        }
        let arbiters = on_conflict.as_ref().map(|conflict| conflict.arbiters.clone());
        let merge = match command {
            Command::Merge => {
                let mut layout = layout.clone();
                layout.extend(extra_layout.iter().cloned());
                Some(Box::new(self.merge(
                    merge_actions,
                    merge_condition,
                    target_quals,
                    &layout,
                    (target, oid),
                    tree_target,
                )?))
            }
            _ => None,
        };
        let cost = Cost { startup: source.node.cost.startup, total: source.node.cost.total, rows: 0.0, width: 0 };
        let update_columns =
            targets.iter().filter(|t| command == Command::Update && !t.junk).map(|t| t.number).collect();
        let source_rows = source.node.cost.rows;
        let modify = ModifyTable {
            command,
            target: target_table,
            tree: tree_target.then_some(TargetTree { members, table: first_extra }),
            source: Box::new(source.node),
            columns: update_columns,
            instead,
            extra,
            on_conflict,
            merge,
            marks,
            returning: !returning.is_empty(),
            returning_stamps: stamps,
            counted,
        };
        let raw = match returning.is_empty() {
            true => Vec::new(),
            false => self.returning_layout(&table, target, &extra_layout, command == Command::Merge, stamps),
        };
        let mut node = self.node(NodeKind::ModifyTable(Box::new(modify)), &raw, cost)?;
        if let Some(arbiters) = arbiters {
            self.show_conflict(&mut node, &arbiters)?;
        }
        if returning.is_empty() {
            return Ok(Built { node, layout: Vec::new(), order: Vec::new() });
        }
        node.cost.rows = source_rows;
        let exprs: Vec<Expr> =
            returning.iter().map(|item| returning_expr(item.expr.clone(), target, command)).collect();
        node.project = Some(self.compile_all(&exprs, &raw)?);
        node.output = exprs.iter().map(|e| self.column_type(e.ty)).collect::<Result<_>>()?;
        node.cost.width = self.width(&exprs);
        node.shown = self.outputs_shown(&exprs);
        Ok(Built { node, layout: exprs, order: Vec::new() })
    }

    /// Gives a table the checks of views and policies, which `own` brings to its columns.
    fn row_checks(
        &mut self,
        table: &mut TargetTable,
        checks: &[q::CheckOption],
        layout: &[Expr],
        own: impl Fn(Expr) -> Expr,
    ) -> Result<()> {
        for check in checks {
            let Some(condition) = check.condition.clone() else { continue };
            let condition = self.compile(&own(condition), layout)?;
            let (kind, relation) = (check.kind, &check.relation);
            let (row, using) = match kind {
                CheckKind::View => {
                    table.view_checks.push((relation.clone(), condition));
                    continue;
                }
                CheckKind::Insert | CheckKind::Update => ("new", ""),
                CheckKind::ConflictTarget => ("new", " (USING expression)"),
                CheckKind::MergeUpdateTarget | CheckKind::MergeDeleteTarget => ("target", " (USING expression)"),
            };
            let policy = check.policy.as_ref().map_or(String::new(), |policy| format!(" \"{policy}\""));
            let message =
                format!("{row} row violates row-level security policy{policy}{using} for table \"{relation}\"");
            table.security_checks.push(SecurityCheck { kind, message, condition });
        }
        Ok(())
    }

    /// See [`crate::plan_target`].
    pub fn plan_target(mut self, table: &Relation) -> Result<TargetTable> {
        self.levels.push(Level::new(q::Query::new(Command::Insert)));
        let columns = self.table_columns(table)?;
        self.target_table(usize::MAX, table, columns)
    }

    /// See [`crate::plan_rows`].
    pub fn plan_rows(mut self, table: &Relation, exprs: Vec<Expr>) -> Result<Plan> {
        self.levels.push(Level::new(q::Query::new(Command::Select)));
        let layout = self.row_layout(table, 0, RowVersion::Default);
        let mut project = Vec::with_capacity(exprs.len());
        let mut output = Vec::with_capacity(exprs.len());
        for mut expr in exprs {
            renumber(&mut expr, 0);
            own_table(&mut expr, table);
            crate::generated::replace(self.ctx, table, &mut expr)?;
            crate::fold::Folder::fold(self.ctx.catalog, self.ctx.env, &mut expr)?;
            output.push(self.column_type(expr.ty)?);
            project.push(self.compile(&expr, &layout)?);
        }
        let kind = NodeKind::Result { input: None, condition: Vec::new() };
        let mut root = self.node(kind, &[], Cost::default())?;
        (root.project, root.output) = (Some(project), output);
        self.finish(Command::Select, root, Vec::new())
    }

    fn table_columns(&self, table: &Relation) -> Result<Vec<Option<ColumnType>>> {
        table
            .columns
            .iter()
            .map(|c| {
                if c.attisdropped {
                    return Ok(None);
                }
                let ty = q::SqlType { oid: c.atttypid, typmod: c.atttypmod, collation: c.attcollation };
                Ok(Some(self.column_type(ty)?))
            })
            .collect()
    }

    /// The row of a table as expressions over relation `at`.
    pub(crate) fn row_layout(&self, table: &Relation, at: usize, version: RowVersion) -> Layout {
        table
            .columns
            .iter()
            .map(|c| {
                let ty = if c.attisdropped {
                    q::SqlType::plain(types::oid::INT4)
                } else {
                    q::SqlType { oid: c.atttypid, typmod: c.atttypmod, collation: c.attcollation }
                };
                variable(at, c.attnum, version, ty)
            })
            .collect()
    }

    fn returning_layout(&self, table: &Relation, target: usize, extra: &[Expr], merges: bool, stamps: bool) -> Layout {
        let mut layout = self.row_layout(table, target, RowVersion::Default);
        layout.extend(self.row_layout(table, target, RowVersion::Old));
        for version in [RowVersion::Default, RowVersion::Old] {
            for column in [-1, -6] {
                layout.push(variable(target, column, version, system_type(column)));
            }
        }
        layout.extend(extra.iter().cloned());
        if merges {
            layout.push(merge_action(target));
        }
        if stamps {
            for version in [RowVersion::Default, RowVersion::Old] {
                layout.extend(STAMPS.map(|column| variable(target, column, version, system_type(column))));
            }
        }
        layout
    }

    /// A table with its constraints and indexes.
    fn target_table(
        &mut self,
        relation: usize,
        table: &Relation,
        columns: Vec<Option<ColumnType>>,
    ) -> Result<TargetTable> {
        // Stored expressions have the table as relation 0.
        let layout = self.row_layout(table, 0, RowVersion::Default);
        let mut checks = Vec::new();
        for constraint in table.constraints.iter().filter(|c| c.contype == b'c' && c.conenforced) {
            let Some(text) = &constraint.conbin else { continue };
            let check = self.stored_of(text, table)?;
            checks.push((constraint.conname.to_string(), self.compile(&check, &layout)?));
        }
        let mut generated = Vec::new();
        for column in table.live_columns() {
            if column.attgenerated == b's'
                && let Some(text) = table.default_of(column.attnum)
            {
                let value = self.stored_of(text, table)?;
                generated.push((column.attnum, self.compile(&value, &layout)?));
            }
        }
        let mut virtual_not_null = Vec::new();
        for column in table.live_columns().filter(|c| c.attnotnull && c.attgenerated == b'v') {
            let Some(text) = table.default_of(column.attnum) else { continue };
            let value = self.stored_of(text, table)?;
            virtual_not_null.push((column.attnum, self.compile(&value, &layout)?));
        }
        let mut indexes = Vec::new();
        let partitioned = table.kind() == catalog::relation::kind::PARTITIONED_TABLE;
        // The indexes of a partitioned table have no entries.
        for &index in table.indexes.iter().filter(|_| !partitioned) {
            let Some(row) = self.ctx.catalog.find_index(index)? else { continue };
            let mut expressions = match &row.indexprs {
                Some(text) => self.stored_list(text)?.into_iter(),
                None => Vec::new().into_iter(),
            };
            let mut uses: Vec<i16> = Vec::new();
            let mut keys = Vec::new();
            for &number in row.indkey.iter() {
                if number != 0 {
                    uses.push(number);
                    keys.push(self.compile(&layout[number as usize - 1].clone(), &layout)?);
                } else if let Some(mut expr) = expressions.next() {
                    renumber(&mut expr, 0);
                    own_table(&mut expr, table);
                    columns_of(&expr, &mut uses);
                    keys.push(self.compile(&expr, &layout)?);
                }
            }
            let predicate = match &row.indpred {
                Some(text) => {
                    let predicate = self.stored_of(text, table)?;
                    columns_of(&predicate, &mut uses);
                    Some(self.compile(&predicate, &layout)?)
                }
                None => None,
            };
            uses.sort_unstable();
            uses.dedup();
            indexes.push(TargetIndex { oid: index, columns: keys, uses, predicate });
        }
        Ok(TargetTable {
            triggers: self.triggers(table)?,
            is_partition: table.class.relispartition,
            partitioned,
            relation,
            columns,
            not_null: (table.live_columns().filter(|c| c.attnotnull && c.attgenerated != b'v'))
                .map(|c| c.attnum)
                .collect(),
            virtual_not_null,
            checks,
            view_checks: Vec::new(),
            security_checks: Vec::new(),
            generated,
            indexes,
        })
    }

    /// A stored expression over a table's own rows, simplified.
    pub(crate) fn stored_of(&self, text: &str, table: &Relation) -> Result<Expr> {
        let mut expr = analyzer::stored_expression(self.ctx.catalog, self.ctx.env, text)?;
        renumber(&mut expr, 0);
        own_table(&mut expr, table);
        crate::generated::replace(self.ctx, table, &mut expr)?;
        crate::fold::Folder::fold(self.ctx.catalog, self.ctx.env, &mut expr)?;
        Ok(expr)
    }

    /// A stored expression over relation 0, simplified.
    fn stored(&self, text: &str) -> Result<Expr> {
        let mut expr = analyzer::stored_expression(self.ctx.catalog, self.ctx.env, text)?;
        renumber(&mut expr, 0);
        crate::fold::Folder::fold(self.ctx.catalog, self.ctx.env, &mut expr)?;
        Ok(expr)
    }

    fn on_conflict(&mut self, table: &Relation, target: usize) -> Result<Option<OnConflict>> {
        let Some(conflict) = self.level().query.on_conflict.clone() else { return Ok(None) };
        let arbiters = self.arbiters(table, target, &conflict)?;
        let mut layout = self.row_layout(table, target, RowVersion::Default);
        if !conflict.update {
            return Ok(Some(OnConflict { arbiters, update: None, condition: Vec::new() }));
        }
        layout.extend(self.row_layout(table, conflict.excluded, RowVersion::Default));
        let mut update = Vec::with_capacity(conflict.set.len());
        for item in &conflict.set {
            update.push((item.number, self.compile(&item.expr, &layout)?));
        }
        let mut conditions = Vec::new();
        if let Some(condition) = conflict.set_where {
            crate::prepare::conjuncts(condition, &mut conditions);
        }
        Ok(Some(OnConflict { arbiters, update: Some(update), condition: self.compile_all(&conditions, &layout)? }))
    }

    /// What EXPLAIN says of ON CONFLICT.
    fn show_conflict(&mut self, node: &mut Node, arbiters: &[Oid]) -> Result<()> {
        let Some(conflict) = self.level().query.on_conflict.clone() else { return Ok(()) };
        let mut line = |label: &'static str, texts: Vec<String>| {
            node.details.push(Detail { label, exprs: Vec::new(), texts });
        };
        line("Conflict Resolution", vec![if conflict.update { "UPDATE" } else { "NOTHING" }.to_string()]);
        if !arbiters.is_empty() {
            let mut names = Vec::with_capacity(arbiters.len());
            for &arbiter in arbiters {
                names.push(quote_identifier(self.relation(arbiter)?.name()));
            }
            line("Conflict Arbiter Indexes", names);
        }
        let mut conditions = Vec::new();
        if let Some(condition) = conflict.set_where {
            crate::prepare::conjuncts(condition, &mut conditions);
        }
        self.detail(node, "Conflict Filter", &conditions);
        Ok(())
    }

    /// The unique indexes that ON CONFLICT means.
    fn arbiters(&mut self, table: &Relation, target: usize, conflict: &q::OnConflict) -> Result<Vec<Oid>> {
        if conflict.constraint.is_valid() {
            let constraint = self.ctx.catalog.constraint(conflict.constraint)?;
            if !constraint.conindid.is_valid() {
                return Err(Error::new(
                    SqlState::WRONG_OBJECT_TYPE,
                    "constraint in ON CONFLICT clause has no associated index",
                ));
            }
            if conflict.update && constraint.conexclop.is_some() {
                return Err(Error::new(
                    SqlState::WRONG_OBJECT_TYPE,
                    "ON CONFLICT DO UPDATE not supported with exclusion constraints",
                ));
            }
            return Ok(vec![constraint.conindid]);
        }
        if conflict.arbiters.is_empty() {
            return Ok(Vec::new());
        }
        let mut wanted_predicate = Vec::new();
        if let Some(predicate) = conflict.arbiter_where.clone() {
            crate::prepare::conjuncts(predicate, &mut wanted_predicate);
        }
        let mut found = Vec::new();
        for &index in &table.indexes {
            let Some(row) = self.ctx.catalog.find_index(index)? else { continue };
            if !row.indisunique || row.indisexclusion || !row.indisvalid {
                continue;
            }
            let columns = self.index_columns(target, &row)?;
            let keys = &columns[..(row.indnkeyatts as usize).min(columns.len())];
            // The same set of columns and expressions.
            let covers = keys.iter().all(|(expr, family, _, collation)| {
                conflict.arbiters.iter().any(|a| {
                    a.expr == *expr
                        && (!a.collation.is_valid() || a.collation == *collation)
                        && (!a.family.is_valid() || a.family == *family)
                })
            }) && conflict.arbiters.iter().all(|a| keys.iter().any(|(expr, ..)| a.expr == *expr));
            if !covers {
                continue;
            }
            if let Some(text) = &row.indpred {
                let mut predicate = self.stored(text)?;
                renumber(&mut predicate, target);
                let mut parts = Vec::new();
                crate::prepare::conjuncts(predicate, &mut parts);
                if !parts.iter().all(|part| wanted_predicate.contains(part)) {
                    continue;
                }
            }
            found.push(index);
        }
        if found.is_empty() {
            return Err(Error::new(
                SqlState::INVALID_COLUMN_REFERENCE,
                "there is no unique or exclusion constraint matching the ON CONFLICT specification",
            ));
        }
        Ok(found)
    }
}

/// In an expression over a table's own rows (relation 0), `tableoid` is the table, and the whole row is made of its columns.
fn own_table(expr: &mut Expr, table: &Relation) {
    struct OwnTable<'t>(&'t Relation);
    impl analyzer::node::VisitorMut for OwnTable<'_> {
        fn expr(&mut self, expr: &mut Expr) {
            let ExprKind::Var(var) = &expr.kind else { return expr.visit_children_mut(self) };
            match var.column {
                -6 => expr.kind = ExprKind::Const(batch::Datum::B4(self.0.oid.0 as i32)),
                0 => {
                    let fields = self.0.columns.iter().map(|column| match column.attisdropped {
                        true => analyzer::types::null(q::SqlType::plain(types::oid::INT4)),
                        false => {
                            let (oid, typmod) = (column.atttypid, column.atttypmod);
                            let ty = q::SqlType { oid, typmod, collation: column.attcollation };
                            variable(0, column.attnum, var.version, ty)
                        }
                    });
                    let fields = fields.collect();
                    expr.kind = ExprKind::Row { fields, names: Vec::new(), explicit: true };
                }
                _ => {}
            }
        }
        fn as_dyn(&mut self) -> &mut dyn analyzer::node::VisitorMut {
            self
        }
    }
    analyzer::node::VisitorMut::expr(&mut OwnTable(table), expr);
}

pub(crate) fn variable(relation: usize, column: i16, version: RowVersion, ty: q::SqlType) -> Expr {
    Expr { kind: ExprKind::Var(Var { level: 0, relation, column, version }), ty, location: q::NO_LOCATION }
}

/// The relations whose rows come out of a join tree: those that only decide whether a row of the others is there do not.
fn base_relations(tree: &Tree) -> Vec<usize> {
    match tree {
        Tree::Relation(at) => vec![*at],
        Tree::Group { items, .. } => items.iter().flat_map(base_relations).collect(),
        Tree::Join { join: JoinType::Semi | JoinType::Anti, left, .. } => base_relations(left),
        Tree::Join { left, right, .. } => base_relations(left).into_iter().chain(base_relations(right)).collect(),
    }
}

/// Columns of relations other than the target.
fn other_columns(expr: &Expr, target: usize, into: &mut Vec<Expr>) {
    struct Finder<'f>(usize, u32, &'f mut Vec<Expr>);
    impl analyzer::node::Visitor for Finder<'_> {
        fn expr(&mut self, expr: &Expr) {
            match &expr.kind {
                ExprKind::Var(var) if var.level == self.1 && var.relation != self.0 => {
                    let mut own = expr.clone();
                    own.location = q::NO_LOCATION;
                    if let ExprKind::Var(v) = &mut own.kind {
                        v.level = 0;
                    }
                    if !self.2.contains(&own) {
                        self.2.push(own);
                    }
                }
                _ => expr.visit_children(self),
            }
        }
        fn query(&mut self, query: &q::Query) {
            self.1 += 1;
            query.visit_children(self);
            self.1 -= 1;
        }
        fn as_dyn(&mut self) -> &mut dyn analyzer::node::Visitor {
            self
        }
    }
    analyzer::node::Visitor::expr(&mut Finder(target, 0, into), expr);
}

/// The numbers of the columns that an expression uses, of whatever relation.
fn columns_of(expr: &Expr, into: &mut Vec<i16>) {
    struct Finder<'f>(&'f mut Vec<i16>);
    impl analyzer::node::Visitor for Finder<'_> {
        fn expr(&mut self, expr: &Expr) {
            match &expr.kind {
                ExprKind::Var(var) => self.0.push(var.column),
                _ => expr.visit_children(self),
            }
        }
        fn as_dyn(&mut self) -> &mut dyn analyzer::node::Visitor {
            self
        }
    }
    analyzer::node::Visitor::expr(&mut Finder(into), expr);
}

/// A whole row, or null if there is none at its place.
fn unless_missing(row: Expr, place: Var) -> Expr {
    let place = Expr { kind: ExprKind::Var(place), ty: system_type(-1), location: q::NO_LOCATION };
    let test = ExprKind::NullTest { arg: Box::new(place), is_null: true, row: false };
    let condition = analyzer::types::condition(test, q::NO_LOCATION);
    let ty = row.ty;
    let whens = vec![(condition, analyzer::types::null(ty))];
    Expr { kind: ExprKind::Case { arg: None, whens, otherwise: Box::new(row) }, ty, location: q::NO_LOCATION }
}

/// RETURNING's `new` is the default version, except that a deleted row has none.
fn returning_expr(mut expr: Expr, target: usize, command: Command) -> Expr {
    struct Versions(usize, u32, Command);
    impl analyzer::node::VisitorMut for Versions {
        fn expr(&mut self, expr: &mut Expr) {
            match &mut expr.kind {
                ExprKind::Var(var) if var.level == self.1 && var.relation == self.0 => {
                    let depth = self.1;
                    if var.version == RowVersion::Old && var.column == 0 {
                        // The whole row is null if there was none.
                        let place = Var { column: -1, ..*var };
                        *expr = unless_missing(expr.clone(), place);
                    } else if var.version == RowVersion::New {
                        var.version = RowVersion::Default;
                        match self.2 {
                            Command::Delete => expr.kind = ExprKind::Const(batch::Datum::Null),
                            Command::Merge => {
                                let mut own = expr.clone();
                                if let ExprKind::Var(var) = &mut own.kind {
                                    var.level = 0;
                                }
                                *expr = unless_deleted(own, self.0);
                                analyzer::shift_levels(expr, depth);
                            }
                            _ => {}
                        }
                    }
                }
                _ => expr.visit_children_mut(self),
            }
        }
        fn query(&mut self, query: &mut q::Query) {
            self.1 += 1;
            query.visit_children_mut(self);
            self.1 -= 1;
        }
        fn as_dyn(&mut self) -> &mut dyn analyzer::node::VisitorMut {
            self
        }
    }
    analyzer::node::VisitorMut::expr(&mut Versions(target, 0, command), &mut expr);
    expr
}
