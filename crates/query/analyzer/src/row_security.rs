//! Row security: what policies make of a query.
//!
//! The last step of rewriting a query. Each table with row security that the query names gets the conditions under which the role may see its rows
//! ([`RangeTableEntry::security`](crate::query::RangeTableEntry::security)), and the target of a change the checks that new rows must pass
//! ([`Query::check_options`]). The planner sees to it that nothing that could tell of a row is computed before its table's conditions hold.
//!
//! Whose policies count is decided by the role as whom the table is read: the current one, or the owner of the view that names the table. A
//! query that was rewritten so belongs to that role; [`Catalog::note_row_security`] tells the session, so that it keeps plans apart by role.
//!
//! The rules are those of PostgreSQL's chapter "Row Security Policies" and of CREATE POLICY's table "Policies Applied by Command Type".

use catalog::rows::PgPolicy;
use catalog::{Catalog, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use types::Environment;

use crate::Analyzer;
use crate::node::{Visitor, VisitorMut};
use crate::query::*;
use crate::rewrite::{check_as, stored_expression};
use crate::types as ty;
use crate::view_target::moved;

/// Whether policies apply to a role that reads or changes a table.
///
/// # Errors
/// `42501` if they do and `row_security` is off: better none than some of the rows.
pub fn applies(catalog: &Catalog, env: &dyn Environment, relation: &Relation, role: Oid) -> Result<bool> {
    let class = &relation.class;
    if !class.relrowsecurity || catalog.suspends_row_security() {
        return Ok(false);
    }
    if catalog.role(role)?.is_some_and(|row| row.rolsuper || row.rolbypassrls) {
        return Ok(false);
    }
    let owns = catalog.has_privileges_of(role, class.relowner)?;
    if owns && !class.relforcerowsecurity {
        return Ok(false);
    }
    if env.setting("row_security").as_deref() == Some("off") {
        let text = format!("query would be affected by row-level security policy for table \"{}\"", relation.name());
        let error = Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text);
        return Err(match owns {
            true => {
                error.hint("To disable the policy for the table's owner, use ALTER TABLE NO FORCE ROW LEVEL SECURITY.")
            }
            false => error,
        });
    }
    Ok(true)
}

/// Whether policies may hide rows of a table from the current role: then no message tells of them.
///
/// # Errors
/// Those of reading the catalogs.
pub fn hides(catalog: &Catalog, env: &dyn Environment, relation: &Relation) -> Result<bool> {
    match applies(catalog, env, relation, catalog.current_user()) {
        Err(error) if error.state() == SqlState::INSUFFICIENT_PRIVILEGE => Ok(true),
        found => found,
    }
}

/// Commands as `pg_policy.polcmd` has them.
mod command {
    pub const ALL: u8 = b'*';
    pub const SELECT: u8 = b'r';
    pub const INSERT: u8 = b'a';
    pub const UPDATE: u8 = b'w';
    pub const DELETE: u8 = b'd';
}

/// The policies for one command and role.
struct Policies<'a> {
    permissive: Vec<&'a PgPolicy>,
    restrictive: Vec<&'a PgPolicy>,
}

/// A table with row security in a query.
struct Secured<'a> {
    relation: &'a Relation,
    /// Its place in the range table.
    at: usize,
    role: Oid,
}

impl Analyzer<'_> {
    /// Applies the policies of the tables at these places of a query's range table.
    pub(crate) fn apply_policies(&mut self, query: &mut Query, places: &[usize]) -> Result<()> {
        for &at in places {
            let entry = &query.range_table[at];
            let (EntryKind::Relation { oid, .. }, Some(permission)) = (&entry.kind, &entry.permission) else {
                continue;
            };
            let role = match permission.check_as.is_valid() {
                true => permission.check_as,
                false => self.catalog.current_user(),
            };
            let required = permission.required;
            let relation = self.catalog.relation(*oid)?;
            self.catalog.note_row_security();
            if !applies(self.catalog, self.env, &relation, role)? {
                continue;
            }
            let secured = Secured { relation: &relation, at, role };
            let is_target = query.result_relation == Some(at);
            let command = if is_target { query.command } else { Command::Select };
            let mut quals = self.policy_conditions(&secured, command, required)?;
            if !quals.is_empty() {
                query.has.sublinks |= quals.iter().any(has_sublink);
                quals.append(&mut query.range_table[at].security);
                query.range_table[at].security = quals;
            }
            if is_target {
                let mut checks = self.checks(&secured, query, required)?;
                query.has.sublinks |= checks.iter().filter_map(|check| check.condition.as_ref()).any(has_sublink);
                checks.append(&mut query.check_options);
                query.check_options = checks;
            }
        }
        Ok(())
    }

    /// The policies of a table that count for a role and a command, restrictive ones by name.
    fn policies<'r>(&self, secured: &Secured<'r>, wanted: u8) -> Result<Policies<'r>> {
        let mut found = Policies { permissive: Vec::new(), restrictive: Vec::new() };
        for policy in &secured.relation.policies {
            if policy.polcmd != wanted && policy.polcmd != command::ALL {
                continue;
            }
            let mut counts = false;
            for &role in &policy.polroles {
                counts |= !role.is_valid() || self.catalog.has_privileges_of(secured.role, role)?;
            }
            match (counts, policy.polpermissive) {
                (false, _) => {}
                (true, true) => found.permissive.push(policy),
                (true, false) => found.restrictive.push(policy),
            }
        }
        found.permissive.sort_by(|a, b| b.polname.cmp(&a.polname));
        found.restrictive.sort_by(|a, b| a.polname.cmp(&b.polname));
        Ok(found)
    }

    /// The conditions under which rows of a table can be seen, or be changed by a command.
    fn policy_conditions(&mut self, secured: &Secured<'_>, command: Command, required: u32) -> Result<Vec<Expr>> {
        let mut quals = Vec::new();
        let mut commands = Vec::new();
        match command {
            Command::Select | Command::Merge => {
                commands.push(command::SELECT);
                if command == Command::Select && required & acl::UPDATE != 0 {
                    commands.push(command::UPDATE);
                }
            }
            Command::Update => commands.push(command::UPDATE),
            Command::Delete => commands.push(command::DELETE),
            _ => {}
        }
        if matches!(command, Command::Update | Command::Delete) && required & acl::SELECT != 0 {
            commands.push(command::SELECT);
        }
        for wanted in commands {
            let policies = self.policies(secured, wanted)?;
            let mut any = Vec::new();
            for policy in &policies.permissive {
                any.extend(self.expression_of(secured, policy.polqual.as_deref())?);
            }
            // Without a permissive policy nothing is seen.
            if any.is_empty() {
                quals.push(ty::boolean(false));
                continue;
            }
            let mut all = Vec::new();
            for policy in &policies.restrictive {
                all.extend(self.expression_of(secured, policy.polqual.as_deref())?);
            }
            all.extend(ty::any_of(any));
            for qual in all {
                if !quals.contains(&qual) {
                    quals.push(qual);
                }
            }
        }
        Ok(quals)
    }

    /// What the rows that a statement makes must fulfil.
    fn checks(&mut self, secured: &Secured<'_>, query: &Query, required: u32) -> Result<Vec<CheckOption>> {
        let reads = required & acl::SELECT != 0;
        let merges = |command| query.merge_actions.iter().any(|action| action.command == command);
        let mut checks = Vec::new();
        let mut add = |kind, wanted, using| -> Result<()> {
            checks.extend(self.checks_of(secured, kind, wanted, using)?);
            Ok(())
        };
        match query.command {
            Command::Insert => {
                add(CheckKind::Insert, command::INSERT, false)?;
                if reads {
                    add(CheckKind::Insert, command::SELECT, true)?;
                }
                if query.on_conflict.as_ref().is_some_and(|conflict| conflict.update) {
                    add(CheckKind::ConflictTarget, command::UPDATE, true)?;
                    if reads {
                        add(CheckKind::ConflictTarget, command::SELECT, true)?;
                    }
                    add(CheckKind::Update, command::UPDATE, false)?;
                    if reads {
                        add(CheckKind::Update, command::SELECT, true)?;
                    }
                }
            }
            Command::Update => {
                add(CheckKind::Update, command::UPDATE, false)?;
                if reads {
                    add(CheckKind::Update, command::SELECT, true)?;
                }
            }
            Command::Merge => {
                if merges(Command::Update) {
                    add(CheckKind::MergeUpdateTarget, command::UPDATE, true)?;
                    add(CheckKind::Update, command::UPDATE, false)?;
                    if reads {
                        add(CheckKind::Update, command::SELECT, true)?;
                    }
                }
                if merges(Command::Delete) {
                    add(CheckKind::MergeDeleteTarget, command::DELETE, true)?;
                }
                if merges(Command::Insert) {
                    add(CheckKind::Insert, command::INSERT, false)?;
                    // The join always reads; a new row is only shown by RETURNING.
                    if reads && !query.returning.is_empty() {
                        add(CheckKind::Insert, command::SELECT, true)?;
                    }
                }
            }
            _ => {}
        }
        Ok(checks)
    }

    /// The checks that the policies for one command make; `using` takes the USING expressions even where there is a WITH CHECK.
    fn checks_of(
        &mut self,
        secured: &Secured<'_>,
        kind: CheckKind,
        wanted: u8,
        using: bool,
    ) -> Result<Vec<CheckOption>> {
        let policies = self.policies(secured, wanted)?;
        let text = |policy: &PgPolicy| match &policy.polwithcheck {
            Some(check) if !using => Some(check.to_string()),
            _ => policy.polqual.as_deref().map(str::to_string),
        };
        let check = |policy: Option<String>, condition: Expr| CheckOption {
            kind,
            relation: secured.relation.name().to_string(),
            policy,
            condition: Some(condition),
            cascaded: false,
        };
        let mut any = Vec::new();
        for policy in &policies.permissive {
            any.extend(self.expression_of(secured, text(policy).as_deref())?);
        }
        let Some(any) = ty::any_of(any) else { return Ok(vec![check(None, ty::boolean(false))]) };
        let mut checks = vec![check(None, any)];
        for policy in &policies.restrictive {
            if let Some(condition) = self.expression_of(secured, text(policy).as_deref())? {
                checks.push(check(Some(policy.polname.to_string()), condition));
            }
        }
        Ok(checks)
    }

    /// A policy's expression over the table's entry, ready for the planner: what it reads in turn is read as the same role.
    fn expression_of(&mut self, secured: &Secured<'_>, text: Option<&str>) -> Result<Option<Expr>> {
        let Some(text) = text else { return Ok(None) };
        let mut expr = moved(stored_expression(self.catalog, self.env, text)?, 0, secured.at);
        if !has_sublink(&expr) {
            self.rewrite_expression(&mut expr)?;
            return Ok(Some(expr));
        }
        let oid = secured.relation.oid;
        if self.expanding.contains(&oid) {
            let name = secured.relation.name();
            let text = format!("infinite recursion detected in policy for relation \"{name}\"");
            return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
        }
        struct ReadAs(Oid);
        impl VisitorMut for ReadAs {
            fn query(&mut self, query: &mut Query) {
                check_as(query, self.0);
            }
            fn as_dyn(&mut self) -> &mut dyn VisitorMut {
                self
            }
        }
        ReadAs(secured.role).expr(&mut expr);
        self.expanding.push(oid);
        let result = self.rewrite_expression(&mut expr);
        self.expanding.pop();
        result.map(|_| Some(expr))
    }
}

/// Whether a subquery stands in an expression.
pub(crate) fn has_sublink(expr: &Expr) -> bool {
    expr.any(|expr, _| matches!(expr.kind, ExprKind::SubLink(_)))
}

/// Whether computing an expression could tell of the columns in it: whether it hands them to something that is not known to be leakproof.
/// Errors and notices are what tells.
pub fn leaks(catalog: &Catalog, expr: &Expr) -> Result<bool> {
    struct Leaks<'a> {
        catalog: &'a Catalog,
        found: Result<bool>,
    }
    impl Leaks<'_> {
        fn functions(&mut self, functions: &[Oid], expr: &Expr) {
            for &function in functions.iter().filter(|function| function.is_valid()) {
                match self.catalog.function(function) {
                    Ok(row) if !row.proleakproof && has_column(expr) => self.found = Ok(true),
                    Ok(_) => {}
                    Err(error) => self.found = Err(error),
                }
            }
        }
    }
    impl Visitor for Leaks<'_> {
        fn expr(&mut self, expr: &Expr) {
            if !matches!(self.found, Ok(false)) {
                return;
            }
            match &expr.kind {
                ExprKind::Function(call) => self.functions(&[call.function], expr),
                ExprKind::Operator(call) | ExprKind::Distinct(call) | ExprKind::NullIf(call) => {
                    self.functions(&[call.function], expr)
                }
                ExprKind::ScalarArray { call, .. } => self.functions(&[call.function], expr),
                ExprKind::RowCompare { functions, .. } => self.functions(functions, expr),
                ExprKind::CoerceViaIo(arg, _) => {
                    let rows = self.catalog.type_(arg.ty.oid).and_then(|from| {
                        let to = self.catalog.type_(expr.ty.oid)?;
                        Ok([from.typoutput, to.typinput])
                    });
                    match rows {
                        Ok(functions) => self.functions(&functions, expr),
                        Err(error) => self.found = Err(error),
                    }
                }
                ExprKind::Var(_)
                | ExprKind::Const(_)
                | ExprKind::Param(_)
                | ExprKind::And(_)
                | ExprKind::Or(_)
                | ExprKind::Not(_)
                | ExprKind::Case { .. }
                | ExprKind::CaseTest
                | ExprKind::Coalesce(_)
                | ExprKind::Array { .. }
                | ExprKind::ArrayCoerce { .. }
                | ExprKind::Row { .. }
                | ExprKind::Field { .. }
                | ExprKind::Relabel(..)
                | ExprKind::Collate(_)
                | ExprKind::NullTest { .. }
                | ExprKind::BooleanTest { .. }
                | ExprKind::SqlValue(_)
                | ExprKind::NextValue(_)
                | ExprKind::PlaceHolder { .. }
                | ExprKind::CurrentOf { .. } => {}
                _ if has_column(expr) => self.found = Ok(true),
                _ => {}
            }
            expr.visit_children(self);
        }
        fn as_dyn(&mut self) -> &mut dyn Visitor {
            self
        }
    }
    let mut leaks = Leaks { catalog, found: Ok(false) };
    leaks.expr(expr);
    leaks.found
}

/// Whether a column stands in an expression, be it in a subquery.
fn has_column(expr: &Expr) -> bool {
    expr.any(|expr, _| matches!(expr.kind, ExprKind::Var(_) | ExprKind::CaseTest))
}
