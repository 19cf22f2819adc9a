//! The simple and the extended query protocol.

use std::rc::Rc;
use std::time::Instant;

use analyzer::Params;
use batch::Datum;
use error::{Error, Result, SqlState, bail};
use ids::Oid;
use parser::ast::{Fetch, FetchDirection, RawStatement, Statement};
use wire::Format;
use wire::backend as put;
use wire::frontend::{Items, Target};

use crate::block::Block;
use crate::portal::{Portal, Ran, Running, State, TextRows, no_portal};
use crate::prepared::Prepared;
use crate::session::Session;
use crate::statement_cache::Template;

/// Simple queries up to this length have their plans kept.
const KEPT_TEXT_MAX: usize = 2048;
/// As many plans of simple queries are kept.
const KEPT_PLANS_MAX: usize = 64;

impl Session<'_> {
    // --- Simple -----------------------------------------------------------------------------------------------------

    /// `Q`: runs all statements of the text, in one transaction unless they say otherwise.
    pub fn simple_query(&self, text: &str) -> Result<()> {
        let start = Instant::now();
        let text: Rc<str> = text.into();
        self.run_text(&text);
        self.prepared.borrow_mut().remove("");
        self.portals.borrow_mut().remove("");
        // A text that was run before needs no parsing, nor does one that differs in constants only.
        let kept = self.plans.borrow().get(&*text).cloned();
        if kept.is_none()
            && let Some(template) = self.find_template(&text)
            && let Some(logged) = self.run_template(&text, &template)?
        {
            self.log_duration(start, logged, &|| format!("statement: {text}"));
            return Ok(());
        }
        let (statements, kept) = match kept {
            Some(kept) => (Vec::new(), Some(kept)),
            None => (parser::parse(&text)?, None),
        };
        let logged = match &kept {
            Some(kept) => self.logs_statement(kept.statement.as_ref()),
            None => statements.iter().any(|raw| self.logs_statement(Some(&raw.statement))) || self.logs_statement(None),
        };
        if logged {
            self.log().log(format!("statement: {text}"));
        }
        match kept {
            Some(kept) => {
                self.show_title(kept.statement.as_ref().map_or("", Statement::name));
                self.check_not_failed(kept.statement.as_ref())?;
                self.begin_statement(false)?;
                let kept = self.renewed(kept)?;
                self.run_simple(&kept)?;
                self.end_statement()?;
            }
            None if statements.is_empty() => put::empty_query_response(self.connection.borrow_mut().out()),
            None => {
                let several = statements.len() > 1;
                for raw in statements {
                    self.simple_statement(&text, raw, several)?;
                }
                self.end_message()?;
            }
        }
        self.log_duration(start, logged, &|| format!("statement: {text}"));
        Ok(())
    }

    /// Runs a text by its template, and says whether it was logged. `None`, with nothing done but a transaction begun, if it has to go
    /// the long way.
    fn run_template(&self, text: &str, template: &Template) -> Result<Option<bool>> {
        let prepared = &template.prepared;
        let statement = prepared.statement.as_ref();
        self.check_not_failed(statement)?;
        self.begin_statement(false)?;
        let Some(values) = self.template_values(text, template) else { return Ok(None) };
        let Some(plan) = self.current_plan(prepared)? else {
            self.drop_template();
            return Ok(None);
        };
        let logged = self.logs_statement(statement);
        if logged {
            self.logger.borrow_mut().log(format!("statement: {text}"));
        }
        self.show_title(statement.map_or("", Statement::name));
        self.process.check_interrupts()?;
        let running = self.start_planned(prepared, plan, values, &[])?;
        self.run_to_end(prepared, running)?;
        self.end_statement()?;
        Ok(Some(logged))
    }

    /// A kept statement, prepared anew if it may mean something else now: a simple query promised no columns to anyone.
    fn renewed(&self, kept: Rc<Prepared>) -> Result<Rc<Prepared>> {
        if self.is_current(&kept) {
            return Ok(kept);
        }
        self.plans.borrow_mut().remove(&*kept.text);
        let prepared = Rc::new(self.prepare(kept.text.clone(), kept.statement.clone(), Params::default())?);
        self.plans.borrow_mut().insert(kept.text.to_string(), prepared.clone());
        Ok(prepared)
    }

    fn simple_statement(&self, text: &Rc<str>, raw: RawStatement, several: bool) -> Result<()> {
        self.show_title(raw.statement.name());
        self.check_not_failed(Some(&raw.statement))?;
        self.process.check_interrupts()?;
        if self.block.get() == Block::Failed {
            // COMMIT, ROLLBACK, ROLLBACK TO.
            let tag = self.run_client_utility(text, &raw.statement, &[])?;
            self.complete(&tag);
            return Ok(());
        }
        self.begin_statement(several)?;
        let is_query = analyzer::is_query(&raw.statement);
        let prepared = Rc::new(self.prepare(text.clone(), Some(raw.statement), Params::default())?);
        let keep = is_query && !several && text.len() <= KEPT_TEXT_MAX;
        let has_template = keep && self.note_statement(text, &prepared)?;
        self.run_simple(&prepared)?;
        if keep && !has_template {
            let mut plans = self.plans.borrow_mut();
            if plans.len() >= KEPT_PLANS_MAX {
                plans.clear();
            }
            plans.insert(text.to_string(), prepared);
        }
        self.end_statement()
    }

    /// Runs a statement without parameters to its end, and sends everything about it.
    fn run_simple(&self, prepared: &Prepared) -> Result<()> {
        let Some(statement) = &prepared.statement else { return Ok(()) };
        if analyzer::is_query(statement) {
            let running = self.start_query(prepared, Vec::new(), &[])?;
            self.run_to_end(prepared, running)
        } else {
            self.run_utility_simple(prepared, statement)
        }
    }

    /// Runs a query that has started to its end, and sends everything about it.
    fn run_to_end(&self, prepared: &Prepared, mut running: Box<Running>) -> Result<()> {
        if let Some(columns) = &prepared.result {
            self.describe_result(columns, &[]);
        }
        self.shows_companions.set(true);
        let ran = self.run_query(&mut running, u64::MAX, prepared.result.is_some());
        self.shows_companions.set(false);
        let (Ran::Completed(rows) | Ran::Suspended(rows)) = ran?;
        let tag = Self::query_tag(&running, rows);
        self.rest(prepared, running);
        self.complete_after_commit(&tag)
    }

    fn run_utility_simple(&self, prepared: &Prepared, statement: &Statement) -> Result<()> {
        let rows = self.utility_rows(&prepared.text, statement, &[], &[])?;
        if let Some(columns) = &prepared.result {
            self.describe_result(columns, &self.cursor_formats(statement));
        }
        let tag = match rows {
            Some(mut rows) => {
                self.send_text_rows(&mut rows, u64::MAX)?;
                rows.tag
            }
            None => self.run_client_utility(&prepared.text, statement, &self.cursor_formats(statement))?,
        };
        self.complete_after_commit(&tag)
    }

    /// Ends the statement (which may fail: deferred constraints), then says that it is complete.
    fn complete_after_commit(&self, tag: &str) -> Result<()> {
        match self.block.get() {
            Block::Single => self.end_statement()?,
            Block::Failed | Block::Idle => (),
            _ => self.fire_triggers(false)?,
        }
        self.complete(tag);
        Ok(())
    }

    /// `C`
    pub fn complete(&self, tag: &str) {
        put::command_complete(self.connection.borrow_mut().out(), tag);
    }

    // --- Extended ---------------------------------------------------------------------------------------------------

    /// `P`
    pub fn parse_message(&self, name: &str, text: &str, types: Items<'_, u32>) -> Result<()> {
        let text: Rc<str> = text.into();
        self.run_text(&text);
        self.show_title("PARSE");
        let types = types.map(|oid| oid.map(Oid)).collect::<Result<Vec<_>>>()?;
        if name.is_empty() {
            self.prepared.borrow_mut().remove("");
            if let Some(kept) = self.find_parsed(&text, &types)? {
                self.prepared.borrow_mut().insert(String::new(), kept);
                put::parse_complete(self.connection.borrow_mut().out());
                return Ok(());
            }
        } else if self.prepared.borrow().contains_key(name) {
            bail!(DUPLICATE_PSTATEMENT, "prepared statement \"{name}\" already exists");
        }
        let mut statements = parser::parse(&text)?;
        if statements.len() > 1 {
            bail!(SYNTAX_ERROR, "cannot insert multiple commands into a prepared statement");
        }
        let statement = statements.pop().map(|raw| raw.statement);
        self.check_not_failed(statement.as_ref())?;
        let prepared = if self.block.get() == Block::Failed {
            // COMMIT or ROLLBACK: nothing to look up.
            self.prepare(text, statement, Params::default())?
        } else {
            self.begin_statement(false)?;
            let prepared = self.prepare(text, statement, Params::inferred(types))?;
            self.transaction.next_command()?;
            prepared
        };
        let prepared = Rc::new(prepared);
        if name.is_empty() && prepared.is_planned() && prepared.text.len() <= KEPT_TEXT_MAX {
            let mut parsed = self.parsed.borrow_mut();
            if parsed.len() >= KEPT_PLANS_MAX {
                parsed.clear();
            }
            parsed.insert(prepared.text.to_string(), prepared.clone());
        }
        self.prepared.borrow_mut().insert(name.to_string(), prepared);
        put::parse_complete(self.connection.borrow_mut().out());
        Ok(())
    }

    /// What became of the same text and types in an earlier message for the unnamed statement: many drivers send each statement so,
    /// again and again. Nothing if it may mean something else now.
    fn find_parsed(&self, text: &str, types: &[Oid]) -> Result<Option<Rc<Prepared>>> {
        let kept = self.parsed.borrow().get(text).filter(|kept| kept.was_given(types)).cloned();
        let Some(kept) = kept else { return Ok(None) };
        self.check_not_failed(kept.statement.as_ref())?;
        self.begin_statement(false)?;
        if !self.is_current(&kept) {
            self.parsed.borrow_mut().remove(text);
            return Ok(None);
        }
        self.transaction.next_command()?;
        Ok(Some(kept))
    }

    /// A prepared statement by its name.
    ///
    /// # Errors
    /// `26000` if there is none.
    pub fn find_prepared(&self, name: &str) -> Result<Rc<Prepared>> {
        self.prepared.borrow().get(name).cloned().ok_or_else(|| {
            let text = if name.is_empty() {
                "unnamed prepared statement does not exist".to_string()
            } else {
                format!("prepared statement \"{name}\" does not exist")
            };
            Error::new(SqlState::UNDEFINED_PSTATEMENT, text)
        })
    }

    /// `B`
    pub fn bind_message(
        &self,
        portal: &str,
        statement: &str,
        parameter_formats: Items<'_, i16>,
        parameters: Items<'_, Option<&[u8]>>,
        result_formats: Items<'_, i16>,
    ) -> Result<()> {
        let prepared = self.find_prepared(statement)?;
        self.run_text(&prepared.text);
        self.show_title("BIND");
        let parameter_formats = formats(parameter_formats)?;
        let result_formats = formats(result_formats)?;
        let count = parameters.len();
        if parameter_formats.len() > 1 && parameter_formats.len() != count {
            bail!(
                PROTOCOL_VIOLATION,
                "bind message has {} parameter formats but {count} parameters",
                parameter_formats.len()
            );
        }
        if count != prepared.params.len() {
            bail!(
                PROTOCOL_VIOLATION,
                "bind message supplies {count} parameters, but prepared statement \"{statement}\" requires {}",
                prepared.params.len()
            );
        }
        self.check_not_failed(prepared.statement.as_ref())?;
        if !portal.is_empty() && self.portals.borrow().contains_key(portal) {
            bail!(DUPLICATE_CURSOR, "cursor \"{portal}\" already exists");
        }
        if self.block.get() != Block::Failed {
            self.begin_statement(false)?;
        }
        let mut params = Vec::with_capacity(count);
        for (n, value) in parameters.enumerate() {
            let type_oid = prepared.params[n];
            let format = crate::prepared::format_of(&parameter_formats, n);
            params.push(self.received(type_oid, format, value?, &|| format!("bind parameter {}", n + 1))?);
        }
        let columns = prepared.result.as_ref().map_or(0, Vec::len);
        if result_formats.len() > 1 && result_formats.len() != columns {
            bail!(
                PROTOCOL_VIOLATION,
                "bind message has {} result formats but query has {columns} columns",
                result_formats.len()
            );
        }
        let bound = Portal::new(prepared, params, result_formats, State::New, self.portal_level());
        self.portals.borrow_mut().insert(portal.to_string(), bound);
        put::bind_complete(self.connection.borrow_mut().out());
        Ok(())
    }

    /// A value as the client sends it; `what` it is, for messages.
    fn received(&self, ty: Oid, format: Format, value: Option<&[u8]>, what: &dyn Fn() -> String) -> Result<Datum> {
        let Some(bytes) = value else { return Ok(Datum::Null) };
        match format {
            Format::Text => match self.client_encoding.get() {
                None => types::input(ty, wire::body::utf8(bytes)?, -1, self),
                Some(encoding) => {
                    let mut text = Vec::with_capacity(bytes.len());
                    encoding.decode(bytes, &mut text)?;
                    types::input(ty, wire::body::utf8(&text)?, -1, self)
                }
            },
            Format::Binary => types::receive(ty, bytes, -1, self).map_err(|error| {
                if error.state() == SqlState::INVALID_BINARY_REPRESENTATION {
                    let text = format!("incorrect binary data format in {}", what());
                    return Error::new(SqlState::INVALID_BINARY_REPRESENTATION, text);
                }
                error
            }),
        }
    }

    /// `F`: calls a function by its id, as `SELECT function($1, …)` would.
    pub fn function_call(
        &self,
        function: Oid,
        argument_formats: Items<'_, i16>,
        arguments: Items<'_, Option<&[u8]>>,
        result_format: i16,
    ) -> Result<()> {
        self.check_not_failed(None)?;
        self.show_title("FASTPATH");
        let (argument_formats, result_format) = (formats(argument_formats)?, Format::from_code(result_format)?);
        self.begin_statement(false)?;
        let catalog = self.catalog();
        let Some(row) = catalog.find_function(function)? else {
            bail!(UNDEFINED_FUNCTION, "function with OID {function} does not exist");
        };
        if row.prokind != b'f' || row.proretset {
            bail!(FEATURE_NOT_SUPPORTED, "cannot call function \"{}\" via fastpath interface", row.proname);
        }
        let count = arguments.len();
        if count != row.proargtypes.len() {
            let wanted = row.proargtypes.len();
            bail!(
                PROTOCOL_VIOLATION,
                "function call message contains {count} arguments but function requires {wanted}"
            );
        }
        if argument_formats.len() > 1 && argument_formats.len() != count {
            let given = argument_formats.len();
            bail!(PROTOCOL_VIOLATION, "function call message contains {given} argument formats but {count} arguments");
        }
        let quote = catalog::format::quote_identifier;
        let schema = catalog.schema_name(row.pronamespace)?.unwrap_or_default();
        let list = (1..=count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let text: Rc<str> = format!("SELECT {}.{}({list})", quote(&schema), quote(&row.proname)).into();
        let statement = parser::parse(&text)?.pop().map(|raw| raw.statement);
        let prepared = self.prepare(text, statement, Params::fixed(row.proargtypes.to_vec()))?;
        let mut params = Vec::with_capacity(count);
        for (n, value) in arguments.enumerate() {
            let format = crate::prepared::format_of(&argument_formats, n);
            let what = || format!("function argument {}", n + 1);
            params.push(self.received(row.proargtypes[n], format, value?, &what)?);
        }
        let value = self.single_value(&prepared, params, result_format)?;
        self.end_message()?;
        put::function_call_response(self.connection.borrow_mut().out(), value.as_deref());
        Ok(())
    }

    /// `D`
    pub fn describe_message(&self, target: Target, name: &str) -> Result<()> {
        let (prepared, formats) = match target {
            Target::Statement => {
                let prepared = self.find_prepared(name)?;
                self.check_describable(&prepared)?;
                let mut connection = self.connection.borrow_mut();
                put::parameter_description(connection.out(), prepared.params.iter().map(|oid| oid.0));
                (prepared, Vec::new())
            }
            Target::Portal => {
                let portals = self.portals.borrow();
                let portal = portals.get(name).ok_or_else(|| no_portal(name))?;
                self.check_describable(&portal.prepared)?;
                (portal.prepared.clone(), portal.formats.clone())
            }
        };
        match &prepared.result {
            Some(columns) => self.describe_result(columns, &formats),
            None => put::no_data(self.connection.borrow_mut().out()),
        }
        Ok(())
    }

    /// In a failed block, only what returns no rows can be described.
    fn check_describable(&self, prepared: &Prepared) -> Result<()> {
        if prepared.result.is_some() { self.check_not_failed(None) } else { Ok(()) }
    }

    /// `E`
    pub fn execute_message(&self, name: &str, max_rows: i32) -> Result<()> {
        let start = Instant::now();
        let limit = if max_rows <= 0 { u64::MAX } else { max_rows as u64 };
        let mut portal = self.take_portal(name)?;
        let prepared = portal.prepared.clone();
        self.run_text(&prepared.text);
        let Some(statement) = &prepared.statement else {
            put::empty_query_response(self.connection.borrow_mut().out());
            self.portals.borrow_mut().insert(name.to_string(), portal);
            return Ok(());
        };
        self.show_title(statement.name());
        self.check_not_failed(Some(statement))?;
        let shown_name = || if name.is_empty() { "<unnamed>".to_string() } else { name.to_string() };
        let logged = matches!(portal.state, State::New) && self.logs_statement(Some(statement));
        if logged {
            self.log().log(format!("execute {}: {}", shown_name(), prepared.text));
        }
        if self.block.get() != Block::Failed {
            self.begin_statement(false)?;
        }
        self.process.check_interrupts()?;
        let completed = self.run_portal(&mut portal, limit)?;
        match completed {
            Some(tag) => {
                if let State::Running(running) = std::mem::replace(&mut portal.state, State::Done) {
                    self.rest(&prepared, running);
                }
                // A portal that ended may be described and executed again (to no effect), until its transaction ends.
                if self.transaction.is_running() {
                    self.portals.borrow_mut().insert(name.to_string(), portal);
                }
                if self.block.get() != Block::Idle && self.block.get() != Block::Failed {
                    self.transaction.next_command()?;
                }
                self.complete(&tag);
            }
            None => {
                self.portals.borrow_mut().insert(name.to_string(), portal);
                put::portal_suspended(self.connection.borrow_mut().out());
            }
        }
        self.log_duration(start, logged, &|| format!("execute {}: {}", shown_name(), prepared.text));
        Ok(())
    }

    /// Runs a portal on; the command tag if it has reached its end.
    pub fn run_portal(&self, portal: &mut Portal, limit: u64) -> Result<Option<String>> {
        let prepared = portal.prepared.clone();
        let Some(statement) = &prepared.statement else { return Ok(Some(String::new())) };
        let returns_rows = prepared.result.is_some();
        if let State::New = portal.state {
            portal.state = if analyzer::is_query(statement) {
                let params = std::mem::take(&mut portal.params);
                State::Running(self.start_query(&prepared, params, &portal.formats)?)
            } else {
                match self.utility_rows(&prepared.text, statement, &portal.params, &prepared.params)? {
                    Some(rows) => State::Rows(rows),
                    None => {
                        let tag = self.run_client_utility(&prepared.text, statement, &portal.formats)?;
                        self.fire_triggers(false)?;
                        return Ok(Some(tag));
                    }
                }
            };
        }
        match &mut portal.state {
            State::New => Err(Error::internal("a portal did not start")),
            State::Running(running) => match self.run_query(running, limit, returns_rows)? {
                Ran::Suspended(_) => Ok(None),
                Ran::Completed(rows) => {
                    self.fire_triggers(false)?;
                    Ok(Some(Self::query_tag(running, rows)))
                }
            },
            State::Kept(kept) => {
                let count = i64::try_from(limit).unwrap_or(Fetch::ALL);
                let rows = self.fetch_kept(kept, FetchDirection::Forward, count, true)?;
                Ok((rows < limit).then(|| format!("SELECT {rows}")))
            }
            State::Rows(rows) => match self.send_text_rows(rows, limit)? {
                Ran::Suspended(_) => Ok(None),
                Ran::Completed(_) => Ok(Some(std::mem::take(&mut rows.tag))),
            },
            State::Done if returns_rows => Ok(Some("SELECT 0".to_string())),
            State::Done | State::Failed => {
                bail!(OBJECT_NOT_IN_PREREQUISITE_STATE, "portal cannot be run")
            }
        }
    }

    /// `C`
    pub fn close_message(&self, target: Target, name: &str) {
        match target {
            Target::Statement => drop(self.prepared.borrow_mut().remove(name)),
            Target::Portal => drop(self.portals.borrow_mut().remove(name)),
        }
        put::close_complete(self.connection.borrow_mut().out());
    }
}

fn formats(items: Items<'_, i16>) -> Result<Vec<Format>> {
    items.map(|code| Format::from_code(code?)).collect()
}

impl TextRows {
    /// Rows, with the tag that ends them.
    pub fn new(rows: impl IntoIterator<Item = Vec<Option<String>>>, tag: &str) -> TextRows {
        TextRows { rows: rows.into_iter().collect(), tag: tag.to_string() }
    }
}
