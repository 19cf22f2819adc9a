//! INSERT, UPDATE and DELETE of a view become statements about the table under it.
//!
//! The view's query reads one relation. That relation takes the view's place as the target; what the statement says of the view's
//! columns it then says of the expressions that they are, and values for them go to the columns of the table that they show. UPDATE and DELETE
//! reach only rows that the view shows. With a check option, new rows must be rows that the view shows, too. Views over views are taken
//! one after the other.
//!
//! Privileges: on the view those of the user, on what is under it those of the view's owner (or of the user again, for a view with
//! `security_invoker`).

use catalog::Relation;
use error::{Error, Result, SqlState};

use catalog::trigger::{Event, Timing};

use crate::Analyzer;
use crate::column::shift_levels;
use crate::node::Next;
use crate::query::*;
use crate::rewrite::{check_as, stored_query};
use crate::types as ty;
use crate::updatable::{base_entry, boolean_option, column_why_not, why_not};

impl Analyzer<'_> {
    /// Whether triggers do what a statement says of a view.
    pub(crate) fn has_instead_of(&self, query: &Query, view: &Relation) -> Result<bool> {
        let event = |command: Command| match command {
            Command::Insert => Some(Event::Insert),
            Command::Update => Some(Event::Update),
            Command::Delete => Some(Event::Delete),
            _ => None,
        };
        let does = |event: Event| {
            view.triggers.iter().any(|trigger| trigger.timing() == Timing::InsteadOf && trigger.is_for(event))
        };
        if query.command == Command::Merge {
            return match query.merge_actions.iter().filter_map(|action| event(action.command)).any(does) {
                true => Err(Error::not_implemented("MERGE into a view with INSTEAD OF triggers")),
                false => Ok(false),
            };
        }
        let found = event(query.command).is_some_and(does);
        if found && query.on_conflict.is_some() {
            return Err(Error::not_implemented("ON CONFLICT of a view with INSTEAD OF triggers"));
        }
        Ok(found)
    }

    /// What DEFAULT and columns left out mean, as far as the view says: its own defaults. Where it has none, a new row gets the table's,
    /// and SET makes the column null.
    pub(crate) fn view_defaults(&mut self, query: &mut Query, view: &Relation) -> Result<()> {
        // What MERGE sets is set as if by itself.
        for at in 0..query.merge_actions.len() {
            let mut single = Query::new(query.merge_actions[at].command);
            std::mem::swap(&mut single.targets, &mut query.merge_actions[at].targets);
            self.view_defaults(&mut single, view)?;
            query.merge_actions[at].targets = single.targets;
        }
        if let Some(on_conflict) = &mut query.on_conflict {
            self.update_defaults(view, &mut on_conflict.set)?;
        }
        if query.command == Command::Update {
            return self.update_defaults(view, &mut query.targets);
        }
        if view.defaults.is_empty() {
            return Ok(());
        }
        let has_default = |number: i16| view.default_of(number).is_some();
        let mut targets = std::mem::take(&mut query.targets);
        for target in targets.iter_mut().filter(|target| has_default(target.number)) {
            match &target.expr.kind {
                ExprKind::Default => {
                    if let Some(default) = self.column_default(view, target.number)? {
                        target.expr = default;
                    }
                }
                ExprKind::Var(var) => {
                    let (entry, column) = (var.relation, var.column as usize - 1);
                    if let EntryKind::Values { rows } = &mut query.range_table[entry].kind {
                        for row in rows.iter_mut().filter(|row| matches!(row[column].kind, ExprKind::Default)) {
                            if let Some(default) = self.column_default(view, target.number)? {
                                row[column] = default;
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        if query.command == Command::Insert {
            for column in view.live_columns().filter(|column| has_default(column.attnum)) {
                if targets.iter().all(|target| target.number != column.attnum)
                    && let Some(default) = self.column_default(view, column.attnum)?
                {
                    let name = column.attname.to_string();
                    targets.push(crate::aggregate::target(default, column.attnum, name, false));
                }
            }
        }
        query.targets = targets;
        Ok(())
    }

    /// One step: from a view to what it reads.
    pub(crate) fn change_through(&mut self, query: &mut Query, at: usize, view: &Relation) -> Result<()> {
        let command = query.command;
        let mut inner = stored_query(self.catalog, self.env, view)?;
        if !boolean_option(view, "security_invoker") {
            check_as(&mut inner, view.class.relowner);
        }
        let commands: Vec<Command> = match command {
            Command::Merge => query.merge_actions.iter().map(|action| action.command).collect(),
            command => vec![command],
        };
        let gives_values = commands.iter().any(|command| matches!(command, Command::Insert | Command::Update));
        if let Some(reason) = why_not(self.catalog, &inner, gives_values)? {
            for done in commands {
                let (what, doing, word) = match done {
                    Command::Insert => ("insert into", "inserting into", "INSERT"),
                    Command::Update => ("update", "updating", "UPDATE"),
                    Command::Delete => ("delete from", "deleting from", "DELETE"),
                    _ => continue,
                };
                let text = format!("cannot {what} view \"{}\"", view.name());
                let hint = match command {
                    Command::Merge => {
                        format!("To enable {doing} the view using MERGE, provide an INSTEAD OF {word} trigger.")
                    }
                    _ => format!(
                        "To enable {doing} the view, provide an INSTEAD OF {word} trigger or an unconditional ON {word} DO INSTEAD rule."
                    ),
                };
                return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text).detail(reason).hint(hint));
            }
        }
        let base = base_entry(&inner).ok_or_else(|| Error::internal("an updatable view reads nothing"))?;
        let outputs: Vec<TargetEntry> = inner.targets.iter().filter(|target| !target.junk).cloned().collect();
        let conflict_set = query.on_conflict.iter().flat_map(|conflict| &conflict.set);
        let own = query.targets.iter().chain(conflict_set).map(|target| (command, target));
        let merged = query.merge_actions.iter().flat_map(|a| a.targets.iter().map(|target| (a.command, target)));
        for (done, target) in own.chain(merged) {
            let output = &outputs[target.number as usize - 1];
            if let Some(reason) = column_why_not(output, base) {
                let what = match (command, done) {
                    (Command::Merge, _) => "merge into",
                    (_, Command::Update) => "update",
                    _ => "insert into",
                };
                let name = view.column(target.number).map_or("", |column| &column.attname);
                let text = format!("cannot {what} column \"{name}\" of view \"{}\"", view.name());
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).detail(reason));
            }
        }
        // The table takes the view's place.
        let new = query.range_table.len();
        let mut entry = inner.range_table[base].clone();
        if let EntryKind::Relation { lock, .. } = &mut entry.kind {
            *lock = crate::from::ROW_EXCLUSIVE;
        }
        let old = query.range_table[at].permission.as_deref().cloned();
        if let (Some(permission), Some(old)) = (&mut entry.permission, &old) {
            permission.required |= old.required;
            permission.inserted = mapped(&old.inserted, &outputs);
            permission.updated = mapped(&old.updated, &outputs);
        }
        // What outer views hide comes after what this one hides; it speaks of the view's columns until these are replaced below.
        entry.security = std::mem::take(&mut query.range_table[at].security);
        query.range_table.push(entry);
        query.result_relation = Some(new);
        // The view is still there, for the privileges on it.
        query.range_table[at].kind = EntryKind::Result;
        query.range_table[at].in_from = false;
        for item in &mut query.from {
            retarget(item, at, new);
        }
        // EXCLUDED is a row of the table now.
        let excluded = query.on_conflict.as_ref().filter(|conflict| conflict.update).map(|conflict| conflict.excluded);
        let mut places = vec![(at, new)];
        if let Some(excluded) = excluded {
            let mut entry = inner.range_table[base].clone();
            entry.permission = None;
            (entry.name, entry.alias, entry.in_from) = ("excluded".into(), Some("excluded".into()), false);
            query.range_table.push(entry);
            query.range_table[excluded].kind = EntryKind::Result;
            places.push((excluded, new + 1));
        }
        let names: Vec<String> = view.columns.iter().map(|column| column.attname.to_string()).collect();
        for (from, to) in places {
            let outputs: Vec<Expr> = outputs.iter().map(|target| moved(target.expr.clone(), base, to)).collect();
            let mut substitute = Substitute::new(from, to, &outputs, &names);
            query.walk_mut(|expr, depth| substitute.put(expr, depth));
            if substitute.wrong {
                return Err(Error::not_implemented("WHERE CURRENT OF on a view"));
            }
        }
        if let Some(conflict) = &mut query.on_conflict {
            if conflict.update {
                conflict.excluded = new + 1;
            }
            renumber(&mut conflict.set, &outputs, &inner.range_table[base].columns)?;
        }
        renumber(&mut query.targets, &outputs, &inner.range_table[base].columns)?;
        for action in &mut query.merge_actions {
            renumber(&mut action.targets, &outputs, &inner.range_table[base].columns)?;
        }
        query.has.sublinks |= inner.has.sublinks;
        let shown = inner.where_clause.take().map(|condition| moved(condition, base, new));
        if command != Command::Delete {
            self.check_option(query, view, shown.as_ref());
        }
        if command != Command::Insert
            && let Some(shown) = shown
        {
            if boolean_option(view, "security_barrier") {
                query.range_table[new].security.insert(0, shown);
            } else {
                query.where_clause = ty::all_of([shown].into_iter().chain(query.where_clause.take()).collect());
            }
        }
        Ok(())
    }

    /// Notes what new rows must fulfil: the view's condition, if it has a check option or one above it cascades.
    fn check_option(&self, query: &mut Query, view: &Relation, shown: Option<&Expr>) {
        let options = view.class.reloptions.iter().flatten();
        let own = options.filter_map(|option| option.strip_prefix("check_option=")).next();
        let above = query.check_options.first().is_some_and(|check| check.cascaded);
        let cascaded = above || own.is_some_and(|value| value.eq_ignore_ascii_case("cascaded"));
        if (own.is_some() || above) && (shown.is_some() || cascaded) {
            let condition = shown.cloned();
            // Inner views are checked before those over them.
            let (kind, relation) = (CheckKind::View, view.name().to_string());
            query.check_options.insert(0, CheckOption { kind, relation, policy: None, condition, cascaded });
        }
    }
}

/// Columns of the view as columns of the table.
fn mapped(columns: &[i16], outputs: &[TargetEntry]) -> Vec<i16> {
    let of = |&number: &i16| match outputs.get(number as usize - 1)?.expr.kind {
        ExprKind::Var(var) => Some(var.column),
        _ => None,
    };
    columns.iter().filter(|number| **number > 0).filter_map(of).collect()
}

/// Assignments to the view's columns become assignments to the table's.
fn renumber(targets: &mut [TargetEntry], outputs: &[TargetEntry], columns: &[EntryColumn]) -> Result<()> {
    for target in targets.iter_mut() {
        if let ExprKind::Var(Var { column, .. }) = outputs[target.number as usize - 1].expr.kind {
            target.number = column;
            target.name = columns.get(column as usize - 1).map(|column| column.name.clone()).unwrap_or_default();
        }
    }
    for (at, target) in targets.iter().enumerate() {
        if targets[..at].iter().any(|other| other.number == target.number) {
            let text = format!("multiple assignments to same column \"{}\"", target.name);
            return Err(Error::new(SqlState::SYNTAX_ERROR, text));
        }
    }
    Ok(())
}

fn retarget(item: &mut FromItem, from: usize, to: usize) {
    match item {
        FromItem::Relation(at) if *at == from => *at = to,
        FromItem::Relation(_) => {}
        FromItem::Join(join) => {
            retarget(&mut join.left, from, to);
            retarget(&mut join.right, from, to);
        }
    }
}

/// An expression of the view's query, its one relation being another entry now.
pub(crate) fn moved(mut expr: Expr, from: usize, to: usize) -> Expr {
    move_columns(&mut expr, from, to);
    expr
}

/// Makes the columns of one entry those of another.
fn move_columns(expr: &mut Expr, from: usize, to: usize) {
    expr.walk_mut(|expr, depth| match &mut expr.kind {
        ExprKind::Var(var) if var.level == depth && var.relation == from => {
            var.relation = to;
            Next::Past
        }
        _ => Next::Below,
    });
}

/// Puts the view's expressions where its columns are named.
pub(crate) struct Substitute<'a> {
    entry: usize,
    /// The relation that takes its place.
    target: usize,
    outputs: &'a [Expr],
    names: &'a [String],
    /// A place where they cannot be put.
    pub wrong: bool,
}

impl<'a> Substitute<'a> {
    /// The columns of an entry become these expressions over `target` (and others).
    pub fn new(entry: usize, target: usize, outputs: &'a [Expr], names: &'a [String]) -> Substitute<'a> {
        Substitute { entry, target, outputs, names, wrong: false }
    }

    fn column(&self, number: i16, version: RowVersion, depth: u32) -> Option<Expr> {
        let mut expr = self.outputs.get(usize::try_from(number).ok()?.checked_sub(1)?)?.clone();
        if version != RowVersion::Default {
            let own =
                |expr: &Expr| matches!(&expr.kind, ExprKind::Var(var) if var.level == 0 && var.relation == self.target);
            let is_own = own(&expr);
            set_version(&mut expr, self.target, version);
            if !is_own {
                // What is no column of the table is still null where there is no such row.
                expr = where_row(version, self.target, expr);
            }
        }
        shift_levels(&mut expr, depth);
        Some(expr)
    }
}

/// The column `tableoid`.
const TABLE_OID: i16 = -6;

/// A value where the old (or new) row is there, null otherwise.
fn where_row(version: RowVersion, relation: usize, value: Expr) -> Expr {
    let table = Var { level: 0, relation, column: TABLE_OID, version };
    let table = Expr { kind: ExprKind::Var(table), ty: SqlType::plain(types::oid::OID), location: NO_LOCATION };
    let test = ExprKind::NullTest { arg: Box::new(table), is_null: true, row: false };
    let ty = value.ty;
    let whens = vec![(ty::condition(test, NO_LOCATION), ty::null(ty))];
    Expr { kind: ExprKind::Case { arg: None, whens, otherwise: Box::new(value) }, ty, location: NO_LOCATION }
}

impl Substitute<'_> {
    /// For an expression that stands `depth` queries below the one with the entry.
    pub fn put(&mut self, expr: &mut Expr, depth: u32) -> Next {
        match &expr.kind {
            ExprKind::Var(var) if var.level == depth && var.relation == self.entry => {
                let version = var.version;
                let new = match var.column {
                    0 => {
                        let all =
                            (1..=self.names.len() as i16).filter_map(|number| self.column(number, version, depth));
                        let kind = ExprKind::Row { fields: all.collect(), names: self.names.to_vec(), explicit: false };
                        Some(Expr { kind, ty: expr.ty, location: expr.location })
                    }
                    // Of the row that the view's row is.
                    TABLE_OID => {
                        let var = Var { relation: self.target, ..*var };
                        Some(Expr { kind: ExprKind::Var(var), ..expr.clone() })
                    }
                    number => self.column(number, version, depth),
                };
                match new {
                    Some(new) => *expr = new,
                    None => self.wrong = true,
                }
            }
            ExprKind::CurrentOf { relation, .. } if depth == 0 && *relation == self.entry => self.wrong = true,
            _ => return Next::Below,
        }
        Next::Past
    }
}

/// Gives the columns of a relation a row version.
fn set_version(expr: &mut Expr, relation: usize, version: RowVersion) {
    expr.walk_mut(|expr, depth| {
        let ExprKind::Var(var) = &mut expr.kind else { return Next::Below };
        if var.level == depth && var.relation == relation {
            var.version = version;
        }
        Next::Past
    });
}

/// Triggers do what a statement says of a view: the view stays the target. Its rows, for UPDATE and DELETE, come from the view as a
/// subquery; their columns are given along, behind those that are set.
pub(crate) fn change_instead(query: &mut Query, at: usize, view: &Relation) {
    if query.command == Command::Insert {
        return;
    }
    let new = query.range_table.len();
    let mut entry = query.range_table[at].clone();
    (entry.permission, entry.in_from) = (None, false);
    query.range_table.push(entry);
    query.result_relation = Some(new);
    // RETURNING speaks of the rows as the triggers leave them.
    query.returning.iter_mut().for_each(|item| move_columns(&mut item.expr, at, new));
    // So do check options of the views above.
    let checks = query.check_options.iter_mut().filter_map(|check| check.condition.as_mut());
    checks.for_each(|condition| move_columns(condition, at, new));
    for column in view.live_columns() {
        let var = Var { level: 0, relation: at, column: column.attnum, version: RowVersion::Default };
        let ty = SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
        let expr = Expr { kind: ExprKind::Var(var), ty, location: NO_LOCATION };
        query.targets.push(crate::aggregate::target(expr, column.attnum, column.attname.to_string(), true));
    }
}
