//! What the session does for utility statements: COPY's data, transactions between tables, plans.

use std::path::PathBuf;
use std::sync::Arc;

use analyzer::{Analyzer, Params};
use catalog::watch::Stage;
use commands::{CopyReader, CopyWriter, Services};
use error::{Error, Result, Severity, SqlState, bail};
use ids::Oid;
use parser::ast::Statement;
use planner::plan::Plan;
use secret::Secret;
use settings::id;
use wire::backend::{self as put, CopyDirection};
use wire::frontend::FrontendMessage;
use wire::{Format, frame};

use crate::block::Block;
use crate::connection::{Message, lost_in_transaction};
use crate::session::Session;

impl Services for Session<'_> {
    fn copy_in(&self, columns: usize, binary: bool) -> Result<Box<dyn CopyReader + '_>> {
        self.begin_copy(CopyDirection::In, columns, binary);
        self.connection.borrow_mut().flush()?;
        Ok(Box::new(FromClient { session: self, message: Message::default(), ended: false }))
    }

    fn copy_out(&self, columns: usize, binary: bool) -> Result<Box<dyn CopyWriter + '_>> {
        self.begin_copy(CopyDirection::Out, columns, binary);
        Ok(Box::new(ToClient { session: self }))
    }

    fn has_pending_triggers(&self, table: Oid) -> bool {
        self.triggers.borrow().is_about(table)
    }

    fn is_read_by_cursor(&self, table: Oid) -> bool {
        Session::is_read_by_cursor(self, table)
    }

    fn checkpoint(&self) -> Result<()> {
        (self.shared.checkpoint)(&self.process)
    }

    fn password_secret(&self, role: &str, password: &str) -> Result<Option<String>> {
        let settings = self.settings.borrow();
        let given = Secret::parse(password);
        if password.is_empty() || given.as_ref().is_some_and(|secret| secret.verifies(role, "")) {
            return Ok(None);
        }
        let is_md5 = match &given {
            Some(secret) => matches!(secret, Secret::Md5(_)),
            None => settings.enumeration(id::PASSWORD_ENCRYPTION) == "md5",
        };
        if is_md5 && settings.bool(id::MD5_PASSWORD_WARNINGS) {
            let warning = Error::new(SqlState::WARNING_DEPRECATED_FEATURE, "setting an MD5-encrypted password")
                .severity(Severity::Warning)
                .detail("MD5 password support is deprecated and will be removed in a future release of PostgreSQL.")
                .hint("Refer to the PostgreSQL documentation for details about migrating to another password type.");
            self.send_notice(&warning);
        }
        Ok(Some(match (given, is_md5) {
            (Some(_), _) => password.to_string(),
            (None, true) => secret::md5_secret(role, password),
            (None, false) => {
                let iterations = settings.int(id::SCRAM_ITERATIONS).max(1) as u32;
                secret::ScramSecret::new(password, iterations)?.to_text()
            }
        }))
    }

    fn data_directory(&self) -> PathBuf {
        self.shared.engine.data_directory().to_path_buf()
    }

    fn next_transaction(&self) -> Result<()> {
        self.commit()?;
        self.begin_transaction(None)?;
        self.block.set(Block::Single);
        Ok(())
    }

    fn session_number(&self) -> u32 {
        self.process.number().0
    }

    fn at_commit(&self) -> &commands::temporary::AtCommit {
        &self.at_commit
    }

    fn setting_int(&self, name: &str) -> Result<i64> {
        let settings = self.settings.borrow();
        let id = settings.find(name).ok_or_else(|| settings::session::unrecognized(name))?;
        Ok(settings.int(id).into())
    }

    fn setting_real(&self, name: &str) -> Result<f64> {
        let settings = self.settings.borrow();
        let id = settings.find(name).ok_or_else(|| settings::session::unrecognized(name))?;
        Ok(settings.real(id))
    }

    fn activities(&self) -> stats::Activities {
        self.shared.engine.activities
    }

    fn database_name(&self) -> String {
        let row = self.catalog().database_row(self.catalog().database());
        row.ok().flatten().map_or_else(String::new, |row| row.datname.to_string())
    }

    fn is_in_block(&self) -> bool {
        matches!(self.block.get(), Block::Explicit | Block::Implicit)
    }

    fn plan_text(&self, text: &str, params: &[Oid]) -> Result<Arc<Plan>> {
        let statements = parser::parse(text)?;
        let [raw] = &statements[..] else { return Err(Error::internal("one statement was expected")) };
        Ok(self.plan(text, &raw.statement, Params::fixed(params.to_vec()))?.0)
    }

    fn plan_insertion(&self, text: &str, params: &[Oid]) -> Result<Arc<Plan>> {
        let statements = parser::parse(text)?;
        let [raw] = &statements[..] else { return Err(Error::internal("one statement was expected")) };
        let plan = || {
            let analyzer = analyzer::Analyzer::new(self.catalog(), self, text, Params::fixed(params.to_vec()));
            let (query, types) = analyzer.without_rules().statement(&raw.statement)?;
            self.make_plan(query, types)
        };
        self.locked(plan, |plan| plan)
    }

    fn prepared_query(&self, execute: &parser::ast::Execute, text: &str) -> Result<analyzer::query::Query> {
        let (prepared, params) = self.prepared_with_params(&text.into(), execute)?;
        let Some(statement @ Statement::Select(_)) = &prepared.statement else {
            bail!(WRONG_OBJECT_TYPE, "prepared statement is not a SELECT");
        };
        let given = Params::fixed(prepared.params.clone());
        let analyzer = Analyzer::new(self.catalog(), self, &prepared.text, given);
        let mut query = analyzer.view_query(statement)?;
        analyzer::routine::bind(&mut query, &params);
        Ok(query)
    }

    fn plan_query(&self, query: analyzer::query::Query) -> Result<Arc<Plan>> {
        self.plan_analyzed(&query, &[])
    }

    fn plan_rows(&self, table: &catalog::Relation, exprs: Vec<analyzer::query::Expr>) -> Result<Arc<Plan>> {
        self.with_planner(|context| planner::plan_rows(table, exprs, context)).map(Arc::new)
    }

    fn partitions(&self, table: Oid) -> Result<Arc<planner::partition::Partitioned>> {
        self.with_planner(|context| planner::partition::Partitioned::of(context, table))
    }

    fn plan_statement(&self, statement: &Statement, text: &str) -> Result<Arc<Plan>> {
        Ok(self.plan(text, statement, Params::default())?.0)
    }

    fn checked_setting(&self, setting: &parser::ast::SetStatement) -> Result<String> {
        let parser::ast::SetAction::Values { name, values } = &setting.action else {
            return Err(Error::not_implemented("this form of SET for a function"));
        };
        let value = self.set_text(name, values)?;
        self.check_setting(name, &value)?;
        Ok(value)
    }

    fn check_routine(&self, routine: &catalog::rows::PgProc) -> Result<Vec<Error>> {
        self.check_body(routine)
    }

    fn refuse_block(&self, what: &str) -> Result<()> {
        Session::refuse_block(self, what)
    }

    fn rewrites_table(&self, table: Oid, reason: i32) -> Result<()> {
        match self.catalog().is_watched() {
            true => self.fire_event(Stage::Rewrite(table, reason)),
            false => Ok(()),
        }
    }

    fn work_mem(&self) -> usize {
        self.memory()
    }
}

impl Session<'_> {
    fn begin_copy(&self, direction: CopyDirection, columns: usize, binary: bool) {
        let format = if binary { Format::Binary } else { Format::Text };
        put::copy_response(self.connection.borrow_mut().out(), direction, format, columns as u16);
    }
}

/// The data of COPY FROM STDIN.
struct FromClient<'s, 'a> {
    session: &'s Session<'a>,
    message: Message,
    ended: bool,
}

impl CopyReader for FromClient<'_, '_> {
    fn read(&mut self, to: &mut Vec<u8>) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        loop {
            self.session.process.check_interrupts()?;
            let mut connection = self.session.connection.borrow_mut();
            if !connection.read_message(&mut self.message, frame::client_limit, &mut |_| Ok(()))? {
                return Err(lost_in_transaction());
            }
            drop(connection);
            // Data, by far the most frequent, is not looked at twice.
            if self.message.kind == b'd' {
                to.extend_from_slice(&self.message.body);
                return Ok(true);
            }
            match FrontendMessage::parse(self.message.kind, &self.message.body)? {
                FrontendMessage::CopyDone => {
                    self.ended = true;
                    return Ok(false);
                }
                FrontendMessage::CopyFail(reason) => {
                    let text = format!("COPY from stdin failed: {reason}");
                    return Err(Error::new(SqlState::QUERY_CANCELED, text));
                }
                // A client that does not know yet that a COPY began may have sent these.
                FrontendMessage::Flush | FrontendMessage::Sync => (),
                _ => {
                    let text = format!("unexpected message type 0x{:02X} during COPY from stdin", self.message.kind);
                    return Err(Error::new(SqlState::PROTOCOL_VIOLATION, text));
                }
            }
        }
    }
}

/// Where the data of COPY TO STDOUT goes.
struct ToClient<'s, 'a> {
    session: &'s Session<'a>,
}

impl CopyWriter for ToClient<'_, '_> {
    fn write(&mut self, data: &[u8]) -> Result<()> {
        self.session.process.check_interrupts()?;
        let mut connection = self.session.connection.borrow_mut();
        put::copy_data(connection.out(), data);
        connection.flush_if_full()
    }
}

impl Drop for ToClient<'_, '_> {
    /// After the last row (after an error, the client does not mind).
    fn drop(&mut self) {
        if let Ok(mut connection) = self.session.connection.try_borrow_mut() {
            put::copy_done(connection.out());
        }
    }
}
