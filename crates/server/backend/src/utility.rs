//! Statements about the session itself: transactions, settings, prepared statements, cursors. All others go to `commands`.

use std::rc::Rc;

use analyzer::Params;
use batch::Datum;
use catalog::privileges::Membership;
use error::{Error, Result, SqlState, bail};
use ids::Oid;
use parser::ast::{
    AlterDatabase, AlterDatabaseAction, AlterRoleSet, Discard, Execute, Expr, Fetch, Prepare, Select, SelectBody,
    SetAction, SetStatement, SetValue, Statement,
};
use settings::{Action, Flags, How, Id, id};
use wire::Format;

use crate::block::Block;
use crate::portal::{Portal, State, TextRows};
use crate::prepared::{Prepared, ResultColumn, text_column};
use crate::session::Session;
use crate::startup::Rules;

impl Session<'_> {
    /// The columns of a utility statement's result; `None` if it returns no rows.
    pub fn utility_result(&self, statement: &Statement) -> Result<Option<Vec<ResultColumn>>> {
        Ok(match statement {
            Statement::Show(show) if show.name.eq_ignore_ascii_case("all") => {
                Some(vec![text_column("name"), text_column("setting"), text_column("description")])
            }
            Statement::Show(show) => {
                let settings = self.settings.borrow();
                let found = settings.find(&show.name).ok_or_else(|| settings::session::unrecognized(&show.name))?;
                Some(vec![text_column(settings.name(found))])
            }
            Statement::Explain(explain) => {
                Some(vec![ResultColumn { type_oid: crate::explain::result_type(explain), ..text_column("QUERY PLAN") }])
            }
            Statement::Fetch(Fetch { is_move: false, cursor, .. }) => {
                self.portals.borrow().get(&**cursor).and_then(|portal| portal.prepared.result.clone())
            }
            Statement::Execute(execute) => self.find_prepared(&execute.name)?.result.clone(),
            _ => None,
        })
    }

    /// The formats of a binary cursor's columns, where its rows are fetched by a simple query.
    pub fn cursor_formats(&self, statement: &Statement) -> Vec<Format> {
        match statement {
            Statement::Fetch(fetch) => {
                self.portals.borrow().get(&*fetch.cursor).map_or_else(Vec::new, |portal| portal.formats.clone())
            }
            _ => Vec::new(),
        }
    }

    /// The rows of SHOW, EXPLAIN and CALL (which alone has parameters); `None` for other statements.
    pub fn utility_rows(
        &self,
        text: &Rc<str>,
        statement: &Statement,
        params: &[Datum],
        types: &[Oid],
    ) -> Result<Option<TextRows>> {
        match statement {
            Statement::Show(show) => {
                let settings = self.settings.borrow();
                if !show.name.eq_ignore_ascii_case("all") {
                    let value = settings.show(&show.name)?;
                    return Ok(Some(TextRows::new([vec![Some(value)]], "SHOW")));
                }
                let superuser = settings.bool(id::IS_SUPERUSER);
                let shown = |id: &Id| {
                    let flags = settings.definition(*id).flags;
                    !flags.contains(Flags::NO_SHOW_ALL) && (superuser || !flags.contains(Flags::SUPERUSER_ONLY))
                };
                let mut ids: Vec<Id> = settings.ids().filter(shown).collect();
                ids.sort_by_key(|id| settings.name(*id).to_ascii_lowercase());
                let rows = ids.into_iter().map(|id| {
                    let short = settings.definition(id).short;
                    vec![Some(settings.name(id).to_string()), Some(settings.show_id(id)), Some(short.to_string())]
                });
                Ok(Some(TextRows::new(rows, "SHOW")))
            }
            Statement::Explain(explain) => {
                self.explain(text, explain, &|| self.plan_to_explain(text, explain, None)).map(Some)
            }
            Statement::Call(call) => self.run_call(text, call, params, types).map(Some),
            _ => Ok(None),
        }
    }

    /// Runs a client's statement that is not a query; gives its command tag. Rows of FETCH and EXECUTE are sent.
    pub fn run_client_utility(&self, text: &Rc<str>, statement: &Statement, formats: &[Format]) -> Result<String> {
        if matches!(statement, Statement::Set(set) if set.local) && self.block.get() != Block::Explicit {
            let warning =
                Error::new(SqlState::NO_ACTIVE_SQL_TRANSACTION, "SET LOCAL can only be used in transaction blocks");
            self.send_notice(&warning.severity(error::Severity::Warning));
        }
        self.run_utility(text, statement, formats)
    }

    /// Runs a statement that is not a query, for a client or within a routine.
    pub fn run_utility(&self, text: &Rc<str>, statement: &Statement, formats: &[Format]) -> Result<String> {
        let tag = match statement {
            Statement::Do(block) => {
                self.run_do(text, block)?;
                statement.name()
            }
            Statement::Call(call) => {
                self.run_call(text, call, &[], &[])?;
                statement.name()
            }
            Statement::Transaction(transaction) => return self.transaction_statement(transaction).map(str::to_string),
            Statement::Set(set) => {
                self.set(set)?;
                statement.name()
            }
            Statement::AlterSystem(alter) => {
                self.alter_system(&alter.setting)?;
                statement.name()
            }
            Statement::Prepare(prepare) => {
                self.sql_prepare(text, prepare)?;
                statement.name()
            }
            Statement::Execute(execute) => return self.sql_execute(text, execute, formats),
            Statement::Deallocate(deallocate) => {
                match &deallocate.name {
                    None => self.prepared.borrow_mut().clear(),
                    Some(name) => {
                        self.find_prepared(name)?;
                        self.prepared.borrow_mut().remove(&**name);
                    }
                }
                statement.name()
            }
            Statement::DeclareCursor(declare) => {
                self.declare(text, declare)?;
                statement.name()
            }
            Statement::Fetch(fetch) => return self.fetch(fetch),
            Statement::ClosePortal(close) => {
                match &close.name {
                    None => self.portals.borrow_mut().retain(|_, portal| !portal.is_cursor),
                    Some(name) => {
                        self.find_cursor(name)?;
                        self.portals.borrow_mut().remove(&**name);
                    }
                }
                statement.name()
            }
            Statement::SetConstraints(set) => {
                if self.block.get() != Block::Explicit {
                    let text = "SET CONSTRAINTS can only be used in transaction blocks";
                    let warning = Error::new(SqlState::NO_ACTIVE_SQL_TRANSACTION, text);
                    self.send_notice(&warning.severity(error::Severity::Warning));
                }
                self.set_constraints(set)?;
                statement.name()
            }
            Statement::Discard(discard) => {
                self.discard(discard)?;
                statement.name()
            }
            Statement::Show(_) | Statement::Explain(_) => return Err(Error::internal("this statement returns rows")),
            Statement::Listen(channel) => {
                self.channels.listen(&self.transaction, channel.name.as_deref().unwrap_or_default());
                statement.name()
            }
            Statement::Unlisten(channel) => {
                self.channels.unlisten(&self.transaction, channel.name.as_deref());
                statement.name()
            }
            Statement::Notify(notify) => {
                let payload = notify.payload.as_deref().unwrap_or_default();
                self.channels.notify(&self.transaction, &notify.channel, payload)?;
                statement.name()
            }
            Statement::AlterRoleSet(alter) => {
                self.alter_role_set(alter)?;
                statement.name()
            }
            Statement::AlterDatabase(alter) if matches!(alter.action, AlterDatabaseAction::Setting(_)) => {
                self.alter_database_set(alter)?;
                statement.name()
            }
            _ => return self.run_command(text, statement),
        };
        Ok(tag.to_string())
    }

    fn run_command(&self, text: &Rc<str>, statement: &Statement) -> Result<String> {
        if !commands::allowed_in_block(statement) {
            self.refuse_block(commands::name_outside_blocks(statement))?;
        }
        let reads_only = match statement {
            Statement::Copy(copy) => !copy.from,
            Statement::Checkpoint | Statement::Vacuum(_) => true,
            Statement::Lock(_) => true,
            _ => false,
        };
        if !reads_only {
            self.check_writable(statement.name())?;
        }
        let session = self.executor();
        let context = commands::Context { session: &session, services: self, text };
        match self.has_event_triggers(statement)? {
            false => commands::execute(&context, statement),
            true => self.with_event_triggers(statement.name(), || commands::execute(&context, statement)),
        }
    }

    // --- Settings ---------------------------------------------------------------------------------------------------

    fn set(&self, set: &SetStatement) -> Result<()> {
        let action = if set.local { Action::Local } else { Action::Set };
        match &set.action {
            SetAction::Values { name, values } => {
                let value = self.set_text(name, values)?;
                self.set_one(name, Some(&value), action)
            }
            SetAction::Default { name } => self.set_one(name, None, action),
            SetAction::Reset { name } if matches!(&**name, "role" | "session_authorization") => {
                self.set_one(name, None, action)
            }
            SetAction::Reset { name } => {
                let how = self.how(action)?;
                let rules = Rules { catalog: Some(self.catalog()) };
                self.settings.borrow_mut().reset(name, how, &rules)?;
                self.after_set(name)
            }
            SetAction::ResetAll => {
                self.settings.borrow_mut().reset_all();
                self.follow_settings();
                Ok(())
            }
            SetAction::Transaction(modes) => {
                if self.block.get() != Block::Explicit {
                    let text = "SET TRANSACTION can only be used in transaction blocks";
                    let warning = Error::new(SqlState::NO_ACTIVE_SQL_TRANSACTION, text);
                    self.send_notice(&warning.severity(error::Severity::Warning));
                }
                self.set_transaction_modes(modes)
            }
            SetAction::SessionCharacteristics(modes) => Self::default_modes(modes)
                .into_iter()
                .try_for_each(|(name, value)| self.set_one(name, Some(value), action)),
            SetAction::FromCurrent { .. } => bail!(SYNTAX_ERROR, "SET FROM CURRENT is not allowed here"),
            SetAction::Snapshot(_) => Err(Error::not_implemented("SET TRANSACTION SNAPSHOT")),
        }
    }

    fn alter_system(&self, set: &SetStatement) -> Result<()> {
        let user = self.catalog().current_user();
        let name = match &set.action {
            SetAction::Values { name, .. } | SetAction::Default { name } | SetAction::Reset { name } => Some(&**name),
            SetAction::ResetAll => None,
            _ => return Err(Error::not_implemented("this form of ALTER SYSTEM")),
        };
        if !self.catalog().is_superuser(user)? {
            match name {
                Some(name) => bail!(INSUFFICIENT_PRIVILEGE, "permission denied to set parameter \"{name}\""),
                None => bail!(INSUFFICIENT_PRIVILEGE, "permission denied to perform ALTER SYSTEM RESET ALL"),
            }
        }
        let value = match &set.action {
            SetAction::Values { name, values } => Some(self.set_text(name, values)?),
            _ => None,
        };
        let rules = Rules { catalog: Some(self.catalog()) };
        let directory = self.shared.engine.data_directory();
        self.settings.borrow().alter_system(name, value.as_deref(), directory, &rules)
    }

    /// ALTER ROLE … [IN DATABASE …] SET.
    fn alter_role_set(&self, alter: &AlterRoleSet) -> Result<()> {
        self.check_writable("ALTER ROLE")?;
        let catalog = self.catalog();
        let database = match &alter.database {
            Some(name) => self.database_to_alter(name, false)?,
            None => Oid::INVALID,
        };
        let role = match &alter.role {
            Some(role) => {
                let session = self.executor();
                let role = commands::Context { session: &session, services: self, text: "" }.role(role)?;
                commands::role::require_settings_of(catalog, role)?;
                role
            }
            None if catalog.is_superuser(catalog.current_user())? => Oid::INVALID,
            None => {
                let detail = "Only roles with the SUPERUSER attribute may alter settings globally.";
                let text = "permission denied to alter setting";
                return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).detail(detail));
            }
        };
        self.change_begin_setting(database, role, &alter.setting)
    }

    /// ALTER DATABASE … SET.
    fn alter_database_set(&self, alter: &AlterDatabase) -> Result<()> {
        self.check_writable("ALTER DATABASE")?;
        let AlterDatabaseAction::Setting(setting) = &alter.action else { return Ok(()) };
        let database = self.database_to_alter(&alter.name, true)?;
        self.change_begin_setting(database, Oid::INVALID, setting)
    }

    fn database_to_alter(&self, name: &str, owned: bool) -> Result<Oid> {
        let Some(row) = self.catalog().database_by_name(name)? else {
            bail!(UNDEFINED_DATABASE, "database \"{name}\" does not exist");
        };
        if owned {
            self.catalog().require_owner(catalog::privileges::ObjectKind::Database, row.oid)?;
        }
        Ok(row.oid)
    }

    /// Changes what sessions of a role or in a database begin with, after a check of the value.
    fn change_begin_setting(&self, database: Oid, role: Oid, set: &SetStatement) -> Result<()> {
        use commands::role::SettingChange;
        let value;
        let change = match &set.action {
            SetAction::Values { name, values } => {
                value = self.set_text(name, values)?;
                self.check_setting(name, &value)?;
                SettingChange::Set(name, &value)
            }
            SetAction::FromCurrent { name } => {
                value = self.settings.borrow().show(name)?;
                SettingChange::Set(name, &value)
            }
            SetAction::Default { name } | SetAction::Reset { name } => SettingChange::Reset(name),
            SetAction::ResetAll => SettingChange::ResetAll,
            _ => return Err(Error::not_implemented("this form of SET for a role or database")),
        };
        commands::role::change_setting(self.catalog(), database, role, &change)
    }

    /// A value that a later session will begin with must be one that this session could set.
    pub(crate) fn check_setting(&self, name: &str, value: &str) -> Result<()> {
        if matches!(name, "role" | "session_authorization") {
            return Ok(());
        }
        let old = self.settings.borrow().show(name)?;
        let how = self.how(Action::Local)?;
        let rules = Rules { catalog: Some(self.catalog()) };
        self.settings.borrow_mut().set(name, Some(value), how, &rules)?;
        self.settings.borrow_mut().set(name, Some(&old), self.how(Action::Local)?, &rules)?;
        self.after_set(name)
    }

    fn how(&self, action: Action) -> Result<How> {
        let user = self.catalog().current_user();
        Ok(How::session(self.catalog().is_superuser(user)?, action, user))
    }

    /// Sets a parameter, or (`None`) returns it to what it was at the session's start.
    pub(crate) fn set_one(&self, name: &str, value: Option<&str>, action: Action) -> Result<()> {
        match name {
            "role" => return self.set_role(value, action),
            "session_authorization" => return self.set_session_authorization(value, action),
            "transaction_isolation" | "transaction_read_only" | "transaction_deferrable" => {
                return self.set_mode_by_name(name, value);
            }
            _ => (),
        }
        let how = self.how(action)?;
        let rules = Rules { catalog: Some(self.catalog()) };
        self.settings.borrow_mut().set(name, value, how, &rules)?;
        self.after_set(name)
    }

    fn after_set(&self, _name: &str) -> Result<()> {
        self.follow_settings();
        Ok(())
    }

    /// `SET transaction_isolation = …` is `SET TRANSACTION`.
    fn set_mode_by_name(&self, name: &str, value: Option<&str>) -> Result<()> {
        let value = value.unwrap_or_default();
        let word = if name == "transaction_isolation" { "ISOLATION LEVEL " } else { "" };
        let value = match (name, settings::value::parse_bool(value)) {
            ("transaction_read_only", Some(true)) => "READ ONLY",
            ("transaction_read_only", Some(false)) => "READ WRITE",
            ("transaction_deferrable", Some(true)) => "DEFERRABLE",
            ("transaction_deferrable", Some(false)) => "NOT DEFERRABLE",
            _ => value,
        };
        let invalid = || settings::check::invalid(name, value);
        let parsed = parser::parse(&format!("SET TRANSACTION {word}{value}")).map_err(|_| invalid())?;
        match parsed.first().map(|raw| &raw.statement) {
            Some(Statement::Set(set)) => match &set.action {
                SetAction::Transaction(modes) => self.set_transaction_modes(modes),
                _ => Err(invalid()),
            },
            _ => Err(invalid()),
        }
    }

    fn set_role(&self, value: Option<&str>, action: Action) -> Result<()> {
        let catalog = self.catalog();
        let session_user = catalog.session_user();
        let name = value.unwrap_or("none");
        let current = if name == "none" {
            session_user
        } else {
            let Some(role) = catalog.role_by_name(name)? else {
                bail!(INVALID_PARAMETER_VALUE, "role \"{name}\" does not exist");
            };
            if !catalog.is_superuser(session_user)? && !catalog.has_role(session_user, role.oid, Membership::Set)? {
                bail!(INSUFFICIENT_PRIVILEGE, "permission denied to set role \"{name}\"");
            }
            self.note_role(&role)?;
            role.oid
        };
        let how = self.how(action)?;
        self.settings.borrow_mut().set_id(id::ROLE, Some(name), how, &Rules { catalog: Some(catalog) })?;
        self.become_role(current, session_user)
    }

    fn set_session_authorization(&self, value: Option<&str>, action: Action) -> Result<()> {
        let catalog = self.catalog();
        let role = match value {
            None => catalog.role(self.shared_user.get())?,
            Some(name) => match catalog.role_by_name(name)? {
                Some(role) => Some(role),
                None => bail!(INVALID_PARAMETER_VALUE, "role \"{name}\" does not exist"),
            },
        };
        let Some(role) = role else { bail!(UNDEFINED_OBJECT, "the session's role does not exist any more") };
        if role.oid != self.shared_user.get() && !catalog.is_superuser(self.shared_user.get())? {
            bail!(INSUFFICIENT_PRIVILEGE, "permission denied to set session authorization \"{}\"", role.rolname);
        }
        let how = self.how(action)?;
        let name = role.rolname.to_string();
        self.note_role(&role)?;
        let mut settings = self.settings.borrow_mut();
        settings.set_id(id::SESSION_AUTHORIZATION, Some(&name), how, &Rules { catalog: Some(catalog) })?;
        // Who was taken on goes with the one who took him on.
        let none = self.how(Action::Set)?;
        settings.set_id(id::ROLE, Some("none"), none, &Rules { catalog: Some(catalog) })?;
        drop(settings);
        self.become_role(role.oid, role.oid)
    }

    /// Remembers a role that is about to be taken on, and the one that the session has now, for the end of the transaction.
    fn note_role(&self, role: &catalog::rows::PgAuthid) -> Result<()> {
        let own = self.catalog().role(self.catalog().session_user())?;
        let mut roles = self.set_roles.borrow_mut();
        for role in own.as_deref().into_iter().chain([role]) {
            roles.insert(role.rolname.to_string(), (role.oid, role.rolsuper));
        }
        Ok(())
    }

    fn become_role(&self, current: ids::Oid, session_user: ids::Oid) -> Result<()> {
        self.catalog().set_users(current, session_user);
        let superuser = if self.catalog().is_superuser(current)? { "on" } else { "off" };
        self.settings.borrow_mut().set_internal(id::IS_SUPERUSER, superuser, settings::Source::Override)?;
        self.follow_settings();
        Ok(())
    }

    /// The text that the values of SET stand for.
    pub(crate) fn set_text(&self, name: &str, values: &[SetValue]) -> Result<String> {
        let text = |value: &SetValue| {
            Ok(match value {
                SetValue::String(text) | SetValue::Float(text) => text.to_string(),
                SetValue::Integer(n) => n.to_string(),
                SetValue::Interval { .. } => return Err(Error::not_implemented("SET TIME ZONE INTERVAL")),
            })
        };
        let flags = {
            let settings = self.settings.borrow();
            settings.find(name).map_or(Flags::NONE, |id| settings.definition(id).flags)
        };
        let texts = values.iter().map(text).collect::<Result<Vec<String>>>()?;
        if texts.len() > 1 && !flags.contains(Flags::LIST_INPUT) {
            bail!(INVALID_PARAMETER_VALUE, "SET {name} takes only one argument");
        }
        match &texts[..] {
            [one] if !flags.contains(Flags::LIST_QUOTE) => Ok(one.clone()),
            _ => Ok(settings::check::join_list(&texts, flags.contains(Flags::LIST_QUOTE)).to_string()),
        }
    }

    // --- Prepared statements ------------------------------------------------------------------------------------------

    fn sql_prepare(&self, text: &Rc<str>, prepare: &Prepare) -> Result<()> {
        if self.prepared.borrow().contains_key(&*prepare.name) {
            bail!(DUPLICATE_PSTATEMENT, "prepared statement \"{}\" already exists", prepare.name);
        }
        let analyzer = analyzer::Analyzer::new(self.catalog(), self, text, Params::default());
        let types = prepare.types.iter().map(|name| analyzer.type_name(name).map(|ty| ty.oid));
        let types = types.collect::<Result<Vec<_>>>()?;
        let prepared = self.prepare(text.clone(), Some((*prepare.query).clone()), Params::inferred(types))?;
        prepared.from_sql.set(true);
        self.prepared.borrow_mut().insert(prepare.name.to_string(), Rc::new(prepared));
        Ok(())
    }

    /// What EXECUTE shall run, and the values of its parameters.
    pub(crate) fn prepared_with_params(&self, text: &Rc<str>, execute: &Execute) -> Result<(Rc<Prepared>, Vec<Datum>)> {
        let prepared = self.find_prepared(&execute.name)?;
        // As in PostgreSQL, values for a statement that has no parameters are not looked at.
        if prepared.params.is_empty() {
            return Ok((prepared, Vec::new()));
        }
        if execute.parameters.len() != prepared.params.len() {
            let text = format!("wrong number of parameters for prepared statement \"{}\"", execute.name);
            let detail = format!("Expected {} parameters but got {}.", prepared.params.len(), execute.parameters.len());
            return Err(Error::new(SqlState::SYNTAX_ERROR, text).detail(detail));
        }
        let params = self.evaluate(text, &execute.parameters, &prepared.params)?;
        Ok((prepared, params))
    }

    fn sql_execute(&self, text: &Rc<str>, execute: &Execute, formats: &[Format]) -> Result<String> {
        let (prepared, params) = self.prepared_with_params(text, execute)?;
        let mut portal = Portal::new(prepared, params, formats.to_vec(), State::New, self.portal_level());
        let tag = self.run_portal(&mut portal, u64::MAX)?;
        Ok(tag.unwrap_or_default())
    }

    /// The values of expressions without columns, as values of these types.
    fn evaluate(&self, text: &Rc<str>, expressions: &[Expr], wanted: &[ids::Oid]) -> Result<Vec<Datum>> {
        if expressions.is_empty() {
            return Ok(Vec::new());
        }
        let select = Select {
            with: None,
            body: SelectBody::Values(vec![expressions.to_vec()]),
            order_by: Vec::new(),
            limit: None,
            locking: Vec::new(),
            location: parser::ast::NO_LOCATION,
        };
        let statement = Statement::Select(Box::new(select));
        let prepared = self.prepare(text.clone(), Some(statement), Params::default())?;
        let plan = self.plan_of(&prepared)?;
        let options = executor::Options { work_mem: self.memory(), ..executor::Options::default() };
        let session = self.executor();
        let mut execution = executor::Execution::start(&session, plan.clone(), self.transaction.snapshot()?, options)?;
        let mut batch = execution.batch();
        if !execution.next(&session, &mut batch)? {
            return Err(Error::internal("VALUES has no row"));
        }
        let row = batch.rows().position(0);
        let convert = |(n, &wanted): (usize, &ids::Oid)| {
            let column = &batch.columns[n];
            let value = column.datum(column.index(row));
            let given = plan.output[n].ty.oid;
            if value.is_null() || given == wanted {
                return Ok(value);
            }
            // Through the text form: right for literals, which is what is given here nearly always.
            let mut form = Vec::new();
            types::output(given, value.as_ref(), self, &mut form)?;
            types::input(wanted, wire::body::utf8(&form)?, -1, self)
        };
        wanted.iter().enumerate().map(convert).collect()
    }

    fn discard(&self, discard: &Discard) -> Result<()> {
        match discard {
            Discard::Plans => self.forget_plans(),
            Discard::Sequences => self.sequences()?.discard(),
            Discard::Temp => self.drop_temporary()?,
            Discard::All => {
                self.refuse_block("DISCARD ALL")?;
                self.portals.borrow_mut().clear();
                self.set_session_authorization(None, Action::Set)?;
                self.settings.borrow_mut().reset_all();
                self.follow_settings();
                self.prepared.borrow_mut().clear();
                self.forget_plans();
                self.sequences()?.discard();
                self.drop_temporary()?;
                self.channels.unlisten(&self.transaction, None);
                self.locks.release_session_locks(locks::LockKind::Advisory);
            }
        }
        Ok(())
    }
}
