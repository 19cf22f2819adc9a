//! Which queries a statement becomes by the rules of the relation that it changes.
//!
//! A rule's command is done for the rows that the statement is about: it reads what the statement reads, under the statement's condition and the rule's
//! own, and where it says `new.x`, the statement's value for `x` is put. The commands are rewritten in turn. An INSERT goes before what its rules
//! add, an UPDATE or DELETE behind it, since afterwards the rows would not be found. A conditional INSTEAD leaves the statement for the rows that do
//! not meet the condition; an unconditional one replaces it.
//!
//! Views without such rules are followed to the table under them on the way, whose rules count as well.

use catalog::Relation;
use catalog::relation::kind;
use error::{Error, Result, SqlState};
use ids::Oid;

use super::define::insert_source;
use super::{NEW, OLD, Rule, RuleAction, rules_of};
use crate::Analyzer;
use crate::column::shift_levels;
use crate::node::Next;
use crate::query::*;
use crate::rewrite::check_as;
use crate::types as ty;
use crate::view_target::change_instead;

/// A query that is part of what a statement became.
struct Product {
    query: Query,
    origin: Origin,
}

/// Why a query is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// It is the statement itself, or what is left of it.
    Statement,
    /// A rule's command in its place.
    Instead,
    /// The same, for some of the rows.
    SometimesInstead,
    /// A rule's command besides.
    Also,
}

impl Analyzer<'_> {
    /// Brings a statement into the form that the planner takes.
    pub(crate) fn rewrite_statement(&mut self, query: &mut Query) -> Result<()> {
        let may_have_rules = query.command != Command::Select || query.has.modifying_cte;
        if may_have_rules {
            let command = query.command;
            let with = !query.ctes.is_empty();
            let statement = std::mem::replace(query, Query::new(command));
            let mut products = Vec::new();
            self.products(statement, Origin::Statement, &mut Vec::new(), &mut products)?;
            if with && products.len() > 1 {
                let text = "WITH cannot be used in a query that is rewritten by rules into multiple queries";
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            *query = assemble(products, command)?;
        }
        self.rewrite(query)?;
        if let Some(companions) = &mut query.companions {
            for companion in companions.before.iter_mut().chain(&mut companions.after) {
                self.rewrite(companion)?;
            }
        }
        Ok(())
    }

    /// What a query becomes, added to `products`. `events` are the relations, and what is done to them, whose rules have led here.
    fn products(
        &mut self,
        mut query: Query,
        origin: Origin,
        events: &mut Vec<(Oid, Command)>,
        products: &mut Vec<Product>,
    ) -> Result<()> {
        self.rewrite_with(&mut query, events)?;
        let target = query.result_relation.filter(|_| query.command != Command::Select);
        let Some((at, oid, relkind)) = target.and_then(|at| match query.range_table[at].kind {
            EntryKind::Relation { oid, relkind, .. } => Some((at, oid, relkind)),
            _ => None,
        }) else {
            products.push(Product { query, origin });
            return Ok(());
        };
        let relation = self.catalog.relation(oid)?;
        let command = query.command;
        let is_view = relkind == kind::VIEW;
        if is_view {
            self.view_defaults(&mut query, &relation)?;
        }
        let mut fired = Fired::default();
        if !self.ignores_rules && relation.rules.iter().any(|rule| rule.ev_type != b'1') {
            let rules = rules_of(self.catalog, &relation)?;
            if query.on_conflict.is_some()
                && rules.iter().any(|rule| matches!(rule.event, Command::Insert | Command::Update))
            {
                let text = "INSERT with ON CONFLICT clause cannot be used with table that has INSERT or UPDATE rules";
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            let replica = self.env.setting("session_replication_role").is_some_and(|role| role == "replica");
            let fires = |rule: &&Rule| {
                rule.event == command
                    && match rule.enabled {
                        b'O' => !replica,
                        b'R' => replica,
                        letter => letter == b'A',
                    }
            };
            let rules: Vec<&Rule> = rules.iter().filter(fires).collect();
            if !rules.is_empty() {
                fired = self.fire(&query, &relation, &rules)?;
            }
        }
        let has_trigger = is_view && self.has_instead_of(&query, &relation)?;
        if is_view && !fired.instead && !has_trigger && fired.remaining.is_some() {
            let (what, doing, word) = match command {
                Command::Insert => ("insert into", "inserting into", "INSERT"),
                Command::Update => ("update", "updating", "UPDATE"),
                _ => ("delete from", "deleting from", "DELETE"),
            };
            let text = format!("cannot {what} view \"{}\"", relation.name());
            return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text)
                .detail("Views with conditional DO INSTEAD rules are not automatically updatable.")
                .hint(format!(
                    "To enable {doing} the view, provide an INSTEAD OF {word} trigger or an unconditional ON {word} DO INSTEAD rule."
                )));
        }
        if (fired.instead || fired.remaining.is_some()) && !query.returning.is_empty() && !fired.returning {
            let word = command.word();
            let text = format!("cannot perform {word} RETURNING on relation \"{}\"", relation.name());
            let hint = format!("You need an unconditional ON {word} DO INSTEAD rule with a RETURNING clause.");
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).hint(hint));
        }
        let followed = is_view && !fired.instead && !has_trigger;
        let enters = followed || !fired.products.is_empty();
        if enters {
            if events.contains(&(oid, command)) {
                let text = format!("infinite recursion detected in rules for relation \"{}\"", relation.name());
                return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
            }
            events.push((oid, command));
        }
        let commands = std::mem::take(&mut fired.products);
        let mut own = (!fired.instead).then(|| fired.remaining.take().unwrap_or(query));
        if let Some(query) = own.as_mut() {
            if followed {
                self.change_through(query, at, &relation)?;
            } else if has_trigger {
                change_instead(query, at, &relation);
            }
        }
        let first = command == Command::Insert;
        for (is_own, commands) in
            if first { [(true, None), (false, Some(commands))] } else { [(false, Some(commands)), (true, None)] }
        {
            if is_own && let Some(query) = own.take() {
                match followed {
                    true => self.deeper(|this| this.products(query, origin, events, products))?,
                    false => products.push(Product { query, origin }),
                }
            }
            for (query, origin) in commands.into_iter().flatten() {
                self.deeper(|this| this.products(query, origin, events, products))?;
            }
        }
        if enters {
            events.pop();
        }
        Ok(())
    }

    /// A statement in WITH that changes data may become just one other.
    fn rewrite_with(&mut self, query: &mut Query, events: &mut Vec<(Oid, Command)>) -> Result<()> {
        for cte in query.ctes.iter_mut().filter(|cte| cte.query.command != Command::Select) {
            let inner = std::mem::replace(&mut cte.query, Query::new(Command::Select));
            let mut products = Vec::new();
            self.deeper(|this| this.products(inner, Origin::Statement, events, &mut products))?;
            let any = |origin: Origin| products.iter().any(|product| product.origin == origin);
            let words = match &products[..] {
                [one] if !one.query.silent => {
                    cte.query = products.swap_remove(0).query;
                    continue;
                }
                [_] => "DO INSTEAD NOTIFY",
                [] => "DO INSTEAD NOTHING",
                _ if any(Origin::SometimesInstead) => "conditional DO INSTEAD",
                _ if any(Origin::Also) => "DO ALSO",
                _ => "multi-statement DO INSTEAD",
            };
            let text = format!("{words} rules are not supported for data-modifying statements in WITH");
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        Ok(())
    }

    /// Applies a relation's rules to a statement about it.
    fn fire(&mut self, query: &Query, relation: &Relation, rules: &[&Rule]) -> Result<Fired> {
        let mut fired = Fired::default();
        // What the statement says of each column, with its defaults.
        let mut full = query.clone();
        if relation.kind() != kind::VIEW {
            self.rewrite_defaults(&mut full)?;
        }
        for rule in rules {
            let condition = rule.body.condition.as_ref();
            if rule.instead && condition.is_none() {
                fired.instead = true;
            }
            if let (true, Some(condition), false) = (rule.instead, condition, fired.instead) {
                let mut remaining = fired.remaining.take().unwrap_or_else(|| query.clone());
                let holds = over_statement(condition, &full, relation)?;
                let not = ExprKind::BooleanTest { arg: Box::new(holds), value: Some(true), negated: true };
                let mut conditions: Vec<Expr> = remaining.where_clause.take().into_iter().collect();
                conditions.push(ty::condition(not, NO_LOCATION));
                remaining.where_clause = ty::all_of(conditions);
                remaining.has.sublinks |= has_sublink(condition);
                fired.remaining = Some(remaining);
            }
            for action in &rule.body.actions {
                let product = match action {
                    RuleAction::Query(action) => {
                        let (product, returns) = self.apply(action, condition, &full, relation)?;
                        fired.returning |= returns;
                        product
                    }
                    RuleAction::Notify { channel, payload } => self.notification(channel, payload)?,
                };
                let origin = match (rule.instead, condition) {
                    (true, None) => Origin::Instead,
                    (true, Some(_)) => Origin::SometimesInstead,
                    (false, _) => Origin::Also,
                };
                fired.products.push((product, origin));
            }
        }
        Ok(fired)
    }

    /// NOTIFY as a query.
    fn notification(&mut self, channel: &str, payload: &str) -> Result<Query> {
        let quote = catalog::format::quote_literal;
        let sql = format!("SELECT pg_catalog.pg_notify({}, {})", quote(channel), quote(payload));
        let statements = parser::parse(&sql)?;
        let statement = statements.first().ok_or_else(|| Error::internal("a notification is no statement"))?;
        let mut query = Analyzer::new(self.catalog, self.env, &sql, crate::Params::default())
            .query_statement(&statement.statement)?;
        // Nobody is told of its rows.
        query.silent = true;
        Ok(query)
    }

    /// A rule's command for the rows of a statement; whether it returns what the statement wants returned.
    fn apply(
        &mut self,
        action: &Query,
        condition: Option<&Expr>,
        statement: &Query,
        relation: &Relation,
    ) -> Result<(Query, bool)> {
        let mut action = action.clone();
        check_as(&mut action, relation.class.relowner);
        // Where `old` and `new` are at home: within the SELECT of an INSERT.
        let source = insert_source(&action).is_some();
        let mut inner = match (source, &action.from[..]) {
            (true, &[FromItem::Relation(at)]) => match &mut action.range_table[at].kind {
                EntryKind::Subquery { query, .. } => std::mem::replace(&mut **query, Query::new(Command::Select)),
                _ => return Err(Error::internal("an INSERT has no source")),
            },
            _ => action.clone(),
        };
        let target = statement.result_relation.unwrap_or(OLD);
        let mut wants_target = inner.any(refers_to(OLD))
            || condition.is_some_and(|condition| condition.any(refers_to(OLD)))
            || statement.where_clause.as_ref().is_some_and(|condition| condition.any(refers_to(target)));
        if statement.command == Command::Update {
            wants_target |=
                inner.any(refers_to(NEW)) || condition.is_some_and(|condition| condition.any(refers_to(NEW)));
        }
        let single = statement.command == Command::Insert && statement.from.is_empty();
        if inner.set_operation.is_some() && (wants_target || !single) {
            return Err(Error::not_implemented("UNION/INTERSECT/EXCEPT rules over the rows of a statement"));
        }
        let offset = inner.range_table.len();
        // The statement's relations, behind the command's own.
        let mut joined = statement.clone();
        shift_relations(&mut joined, offset);
        let target = statement.result_relation.unwrap_or(0) + offset;
        let new_row = NewRow::of(&joined, relation, target);
        let mut place = InPlace { row: &new_row, wrong: false };
        inner.walk_mut(|expr, depth| place.put(expr, depth));
        let mut conditions: Vec<Expr> = inner.where_clause.take().into_iter().collect();
        if let Some(condition) = condition {
            let mut condition = condition.clone();
            condition.walk_mut(|expr, depth| place.put(expr, depth));
            inner.has.sublinks |= has_sublink(&condition);
            conditions.push(condition);
        }
        if place.wrong {
            return Err(Error::not_implemented("system columns of NEW in rules"));
        }
        conditions.extend(joined.where_clause.take());
        inner.where_clause = ty::all_of(conditions);
        let is_target = |item: &FromItem| matches!(item, FromItem::Relation(at) if *at == target);
        let from = joined.from.iter().filter(|item| wants_target || !is_target(item)).cloned();
        let from: Vec<FromItem> = from.collect();
        let behind = usize::from(matches!(inner.command, Command::Update | Command::Delete)).min(inner.from.len());
        inner.from.splice(behind..behind, from);
        // Rows of values that speak of the statement's rows.
        for entry in inner.range_table.iter_mut().filter(|entry| matches!(entry.kind, EntryKind::Values { .. })) {
            entry.lateral = true;
        }
        inner.range_table.append(&mut joined.range_table);
        if let Some(entry) = inner.range_table.get_mut(target) {
            entry.in_from = wants_target;
        }
        inner.has.sublinks |= statement.has.sublinks;
        for cte in &statement.ctes {
            if inner.ctes.iter().any(|own| own.name == cte.name) {
                let text = format!(
                    "WITH query name \"{}\" appears in both a rule action and the query being rewritten",
                    cte.name
                );
                return Err(Error::new(SqlState::DUPLICATE_ALIAS, text));
            }
        }
        if source && statement.has.modifying_cte {
            let text =
                "INSERT ... SELECT rule actions are not supported for queries having data-modifying statements in WITH";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        inner.recursive |= statement.recursive;
        inner.has.modifying_cte |= statement.has.modifying_cte;
        inner.ctes = statement.ctes.iter().cloned().chain(inner.ctes.drain(..)).collect();
        // RETURNING of the statement speaks of the columns that the command returns for the relation's.
        let mut returns = false;
        if !inner.returning.is_empty() || source && !action.returning.is_empty() {
            let returning = std::mem::take(if source { &mut action.returning } else { &mut inner.returning });
            if !joined.returning.is_empty() {
                returns = true;
                let outputs: Vec<Expr> = returning.iter().filter(|t| !t.junk).map(|t| t.expr.clone()).collect();
                let names: Vec<String> = relation.columns.iter().map(|column| column.attname.to_string()).collect();
                let mut list = std::mem::take(&mut joined.returning);
                for item in &mut list {
                    let own = if source { &action } else { &inner }.result_relation.unwrap_or(target);
                    let mut substitute = crate::view_target::Substitute::new(target, own, &outputs, &names);
                    item.expr.walk_mut(|expr, depth| substitute.put(expr, depth));
                    if substitute.wrong {
                        return Err(Error::not_implemented("system columns in RETURNING through rules"));
                    }
                }
                match source {
                    true => action.returning = list,
                    false => inner.returning = list,
                }
            }
        }
        if !source {
            return Ok((inner, returns));
        }
        if let [FromItem::Relation(at)] = action.from[..]
            && let EntryKind::Subquery { query, .. } = &mut action.range_table[at].kind
        {
            **query = inner;
        }
        Ok((action, returns))
    }
}

/// What rules make of a statement.
#[derive(Default)]
struct Fired {
    /// An unconditional INSTEAD takes the statement's place.
    instead: bool,
    /// The statement for the rows that no conditional INSTEAD takes.
    remaining: Option<Query>,
    /// The commands.
    products: Vec<(Query, Origin)>,
    /// One of them returns rows in the statement's place.
    returning: bool,
}

/// The statement that does all of these, one after the other.
fn assemble(mut products: Vec<Product>, command: Command) -> Result<Query> {
    let instead = |product: &Product| matches!(product.origin, Origin::Instead | Origin::SometimesInstead);
    let main = products
        .iter()
        .position(|product| product.origin == Origin::Statement)
        .or_else(|| products.iter().rposition(|product| instead(product) && product.query.command == command))
        .or_else(|| products.iter().rposition(|product| instead(product) && !product.query.returning.is_empty()));
    if products.len() == 1 && main == Some(0) {
        return Ok(products.swap_remove(0).query);
    }
    let mut after: Vec<Query> = Vec::new();
    let mut before: Vec<Query> = Vec::new();
    let mut found = None;
    for (at, product) in products.into_iter().enumerate() {
        match main {
            Some(main) if at == main => found = Some(product.query),
            Some(main) if at > main => after.push(product.query),
            _ => before.push(product.query),
        }
    }
    let mut query = found.unwrap_or_else(|| {
        let mut nothing = Query::new(Command::Select);
        nothing.where_clause = Some(ty::condition(ExprKind::Const(batch::Datum::bool(false)), NO_LOCATION));
        nothing
    });
    query.companions = Some(Box::new(Companions { before, after, command }));
    Ok(query)
}

/// The statement's rows, as a rule sees them.
struct NewRow {
    /// The value of each column.
    values: Vec<Expr>,
    names: Vec<String>,
    /// The entry that has the old rows.
    target: usize,
}

impl NewRow {
    fn of(statement: &Query, relation: &Relation, target: usize) -> NewRow {
        let value = |column: &catalog::rows::PgAttribute| {
            let ty = SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
            let given = statement.targets.iter().find(|item| item.number == column.attnum && !item.junk);
            match (given, statement.command) {
                _ if column.attisdropped => ty::null(SqlType::plain(types::oid::INT4)),
                (Some(given), _) => given.expr.clone(),
                (None, Command::Update) => {
                    let var = Var { level: 0, relation: target, column: column.attnum, version: RowVersion::Default };
                    Expr { kind: ExprKind::Var(var), ty, location: NO_LOCATION }
                }
                (None, _) => ty::null(ty),
            }
        };
        NewRow {
            values: relation.columns.iter().map(value).collect(),
            names: relation.columns.iter().map(|column| column.attname.to_string()).collect(),
            target,
        }
    }
}

/// Puts the statement's rows in the place of `old` and `new`.
struct InPlace<'r> {
    row: &'r NewRow,
    wrong: bool,
}

impl InPlace<'_> {
    /// For an expression that stands `depth` queries below the statement.
    fn put(&mut self, expr: &mut Expr, depth: u32) -> Next {
        let ExprKind::Var(var) = &mut expr.kind else { return Next::Below };
        if var.level != depth {
            return Next::Past;
        }
        match var.relation {
            OLD => var.relation = self.row.target,
            NEW => {
                let mut value = match var.column {
                    0 => {
                        let kind = ExprKind::Row {
                            fields: self.row.values.clone(),
                            names: self.row.names.clone(),
                            explicit: false,
                        };
                        Expr { kind, ty: expr.ty, location: NO_LOCATION }
                    }
                    number => match usize::try_from(number - 1).ok().and_then(|at| self.row.values.get(at)) {
                        Some(value) => value.clone(),
                        None => {
                            self.wrong = true;
                            return Next::Past;
                        }
                    },
                };
                shift_levels(&mut value, depth);
                *expr = value;
            }
            _ => {}
        }
        Next::Past
    }
}

/// A rule's condition for the rows of a statement, within that statement.
fn over_statement(condition: &Expr, statement: &Query, relation: &Relation) -> Result<Expr> {
    let row = NewRow::of(statement, relation, statement.result_relation.unwrap_or(0));
    let mut condition = condition.clone();
    let mut place = InPlace { row: &row, wrong: false };
    condition.walk_mut(|expr, depth| place.put(expr, depth));
    match place.wrong {
        true => Err(Error::not_implemented("system columns of NEW in rules")),
        false => Ok(condition),
    }
}

/// Adds to the numbers of a query's relations, wherever it names them.
fn shift_relations(query: &mut Query, by: usize) {
    fn item(of: &mut FromItem, by: usize) {
        match of {
            FromItem::Relation(at) => *at += by,
            FromItem::Join(join) => {
                join.entry += by;
                item(&mut join.left, by);
                item(&mut join.right, by);
            }
        }
    }
    query.walk_mut(|expr, depth| {
        match &mut expr.kind {
            ExprKind::Var(var) => {
                if var.level == depth {
                    var.relation += by;
                }
            }
            ExprKind::CurrentOf { relation, .. } if depth == 0 => *relation += by,
            _ => return Next::Below,
        }
        Next::Past
    });
    query.from.iter_mut().for_each(|of| item(of, by));
}

/// Whether an expression, so many queries below, is a reference to this relation.
fn refers_to(relation: usize) -> impl Fn(&Expr, u32) -> bool {
    move |expr, depth| match &expr.kind {
        ExprKind::Var(var) => var.level == depth && var.relation == relation,
        ExprKind::CurrentOf { relation: of, .. } => depth == 0 && *of == relation,
        _ => false,
    }
}

fn has_sublink(expr: &Expr) -> bool {
    crate::row_security::has_sublink(expr)
}
