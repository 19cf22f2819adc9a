//! Transaction blocks: when a statement's transaction begins and ends.
//!
//! ```text
//!            a statement                 BEGIN                    an error
//!  Idle ───────────────────► Single ──────────────► Explicit ────────────────► Failed
//!   ▲  ◄───────────────────    │ more statements in    ▲   │ ◄─── ROLLBACK TO ───┘ │
//!   │        its end           ▼ the same message      │   │                       │
//!   │                       Implicit ──────────────────┘   │ COMMIT, ROLLBACK      │ COMMIT, ROLLBACK
//!   └──────────────────────────┴───────────────────────────┴───────────────────────┘
//! ```
//!
//! In the extended protocol, `Single` lasts until Sync.

use commands::triggers::Queue;
use error::{Error, Result, SqlState, bail};
use parser::ast::{IsolationLevel, Statement, Transaction, TransactionMode, TransactionModeKind};
use settings::{Source, id};
use shm::Timeout;
use txn::Isolation;
use wire::TransactionStatus;

use crate::session::Session;

/// Where the session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// No transaction.
    Idle,
    /// One that ends with the statement (or at Sync).
    Single,
    /// One that ends with the message, which holds several statements.
    Implicit,
    /// After BEGIN.
    Explicit,
    /// After BEGIN and an error.
    Failed,
}

impl Block {
    pub fn status(self) -> TransactionStatus {
        match self {
            Block::Idle | Block::Single | Block::Implicit => TransactionStatus::Idle,
            Block::Explicit => TransactionStatus::InBlock,
            Block::Failed => TransactionStatus::Failed,
        }
    }
}

/// What a transaction was begun with.
#[derive(Clone, Copy)]
pub(crate) struct Modes {
    isolation: Isolation,
    read_only: bool,
    deferrable: bool,
}

fn isolation_of(level: IsolationLevel) -> Isolation {
    match level {
        IsolationLevel::ReadUncommitted => Isolation::ReadUncommitted,
        IsolationLevel::ReadCommitted => Isolation::ReadCommitted,
        IsolationLevel::RepeatableRead => Isolation::RepeatableRead,
        IsolationLevel::Serializable => Isolation::Serializable,
    }
}

fn isolation_of_word(word: &str) -> Isolation {
    match word {
        "read uncommitted" => Isolation::ReadUncommitted,
        "repeatable read" => Isolation::RepeatableRead,
        "serializable" => Isolation::Serializable,
        _ => Isolation::ReadCommitted,
    }
}

fn warning(state: SqlState, text: &str) -> Error {
    Error::new(state, text).severity(error::Severity::Warning)
}

impl Session<'_> {
    /// Sees to it that a transaction runs. `several`: more statements of the same message share it.
    pub(crate) fn begin_statement(&self, several: bool) -> Result<()> {
        if self.block.get() == Block::Idle {
            self.begin_transaction(None)?;
            self.block.set(if several { Block::Implicit } else { Block::Single });
        }
        self.start_statement_timeout();
        Ok(())
    }

    /// A statement of a message with one statement is done: ends its transaction. In a block, only makes its work visible
    /// to the next one.
    pub(crate) fn end_statement(&self) -> Result<()> {
        self.process.clear_timeout(Timeout::Statement);
        match self.block.get() {
            Block::Single => self.commit(),
            Block::Implicit | Block::Explicit => self.transaction.next_command(),
            Block::Idle | Block::Failed => Ok(()),
        }
    }

    /// The message (or, in the extended protocol, the group up to Sync) is done.
    pub(crate) fn end_message(&self) -> Result<()> {
        match self.block.get() {
            Block::Single | Block::Implicit => self.commit(),
            _ => Ok(()),
        }
    }

    fn start_statement_timeout(&self) {
        let settings = self.settings.borrow();
        if let Some(timeout) = settings.duration(id::STATEMENT_TIMEOUT)
            && !self.process.timeout_is_set(Timeout::Statement)
        {
            self.process.set_timeout(Timeout::Statement, timeout);
        }
    }

    /// Begins a transaction with the session's default modes, or with those of the one before (`AND CHAIN`).
    pub(crate) fn begin_transaction(&self, chained: Option<Modes>) -> Result<()> {
        let mut settings = self.settings.borrow_mut();
        let Modes { isolation, read_only, deferrable } = chained.unwrap_or_else(|| Modes {
            isolation: isolation_of_word(settings.enumeration(id::DEFAULT_TRANSACTION_ISOLATION)),
            read_only: settings.bool(id::DEFAULT_TRANSACTION_READ_ONLY),
            deferrable: settings.bool(id::DEFAULT_TRANSACTION_DEFERRABLE),
        });
        self.transaction.begin(isolation)?;
        self.read_only_outside.borrow_mut().clear();
        self.transaction.declare(read_only, deferrable);
        self.shared.engine.activities.set_transaction_start(self.process.number(), self.transaction.start_us());
        settings.begin_level();
        set_mode(&mut settings, id::TRANSACTION_ISOLATION, isolation.name())?;
        set_mode(&mut settings, id::TRANSACTION_READ_ONLY, if read_only { "on" } else { "off" })?;
        set_mode(&mut settings, id::TRANSACTION_DEFERRABLE, if deferrable { "on" } else { "off" })?;
        if let Some(timeout) = settings.duration(id::TRANSACTION_TIMEOUT) {
            self.process.set_timeout(Timeout::Transaction, timeout);
        }
        Ok(())
    }

    /// Commits. On error the transaction is rolled back.
    pub(crate) fn commit(&self) -> Result<()> {
        let held = self.hold_cursors();
        self.drop_portals();
        let fired = held.and_then(|()| self.fire_triggers(true)).and_then(|()| self.empty_temporary());
        let asynchronous = self.settings.borrow().enumeration(id::SYNCHRONOUS_COMMIT) == "off";
        let synchronous = !asynchronous || self.channels.will_notify();
        let committed = fired.and_then(|()| self.transaction.commit(synchronous));
        if committed.is_err() {
            self.transaction.abort();
        }
        self.after_transaction(committed.is_ok());
        self.channels.wake_listeners(self.catalog().database());
        committed
    }

    /// Rolls back.
    pub(crate) fn rollback(&self) {
        self.drop_portals();
        self.transaction.abort();
        self.after_transaction(false);
    }

    /// Fires the row triggers that the statement queued; with `deferred`, also those that waited for the transaction's end.
    pub(crate) fn fire_triggers(&self, deferred: bool) -> Result<()> {
        if self.triggers.borrow().is_empty() {
            return Ok(());
        }
        let session = self.executor();
        let context = commands::Context { session: &session, services: self, text: "" };
        let queue = |take: &mut dyn FnMut(&mut Queue)| take(&mut self.triggers.borrow_mut());
        match deferred {
            true => commands::triggers::fire_deferred(&context, &queue),
            false => commands::triggers::fire_immediate(&context, &queue),
        }
    }

    /// SET CONSTRAINTS
    pub(crate) fn set_constraints(&self, set: &parser::ast::SetConstraints) -> Result<()> {
        let session = self.executor();
        let context = commands::Context { session: &session, services: self, text: "" };
        let queue = |take: &mut dyn FnMut(&mut Queue)| take(&mut self.triggers.borrow_mut());
        commands::triggers::set_constraints(&context, set, &queue)
    }

    /// Does what temporary tables say of ON COMMIT.
    fn empty_temporary(&self) -> Result<()> {
        if self.at_commit.is_empty() {
            return Ok(());
        }
        let session = self.executor();
        commands::temporary::before_commit(&commands::Context { session: &session, services: self, text: "" })
    }

    /// Drops all temporary objects.
    pub(crate) fn drop_temporary(&self) -> Result<()> {
        let session = self.executor();
        commands::temporary::drop_all(&commands::Context { session: &session, services: self, text: "" })
    }

    /// Drops all temporary objects, as the session ends. What cannot be dropped now goes with the next session of this number.
    pub(crate) fn end_temporary(&self) {
        if self.catalog().temporary_schema_if_any().is_none() || self.panicked.get() {
            return;
        }
        let dropped = self.begin_transaction(None).and_then(|()| self.drop_temporary()).and_then(|()| self.commit());
        if let Err(error) = dropped {
            self.rollback();
            if let Ok(mut logger) = self.logger.try_borrow_mut() {
                logger.write(&error.severity(error::Severity::Log), None);
            }
        }
    }

    pub(crate) fn after_transaction(&self, committed: bool) {
        self.triggers.borrow_mut().clear();
        self.shared.engine.activities.set_transaction_start(self.process.number(), 0);
        self.process.clear_timeout(Timeout::Statement);
        self.process.clear_timeout(Timeout::Transaction);
        self.settings.borrow_mut().end_level(1, committed);
        self.block.set(Block::Idle);
        self.follow_role();
        self.follow_settings();
    }

    /// A statement failed.
    pub(crate) fn fail(&self) {
        self.process.clear_timeout(Timeout::Statement);
        match self.block.get() {
            Block::Idle | Block::Failed => (),
            Block::Single | Block::Implicit => self.rollback(),
            Block::Explicit => {
                let level = self.transaction.level();
                self.drop_portals_from(level);
                self.triggers.borrow_mut().forget_immediate();
                self.transaction.fail();
                self.settings.borrow_mut().end_level(level.max(1), false);
                self.follow_role();
                self.follow_settings();
                self.block.set(Block::Failed);
            }
        }
    }

    /// In a failed block, only what ends it may run.
    pub(crate) fn check_not_failed(&self, statement: Option<&Statement>) -> Result<()> {
        let ends_it = matches!(
            statement,
            Some(Statement::Transaction(
                Transaction::Commit { .. }
                    | Transaction::Rollback { .. }
                    | Transaction::RollbackTo(_)
                    | Transaction::Prepare(_)
            ))
        );
        if self.block.get() == Block::Failed && !ends_it {
            bail!(
                IN_FAILED_SQL_TRANSACTION,
                "current transaction is aborted, commands ignored until end of transaction block"
            );
        }
        Ok(())
    }

    /// A statement that needs a block, such as `DECLARE CURSOR`.
    pub(crate) fn require_block(&self, what: &str) -> Result<()> {
        match self.block.get() {
            Block::Explicit | Block::Failed => Ok(()),
            _ => bail!(NO_ACTIVE_SQL_TRANSACTION, "{what} can only be used in transaction blocks"),
        }
    }

    /// A statement that commits by itself, such as `VACUUM`.
    pub(crate) fn refuse_block(&self, what: &str) -> Result<()> {
        match self.block.get() {
            Block::Explicit | Block::Failed => {
                bail!(ACTIVE_SQL_TRANSACTION, "{what} cannot run inside a transaction block")
            }
            Block::Implicit => bail!(ACTIVE_SQL_TRANSACTION, "{what} cannot be executed within a pipeline"),
            _ => Ok(()),
        }
    }

    /// Runs a transaction statement; gives its command tag.
    pub(crate) fn transaction_statement(&self, statement: &Transaction) -> Result<&'static str> {
        let block = self.block.get();
        match statement {
            Transaction::Begin { start, modes } => {
                if block == Block::Explicit {
                    self.send_notice(&warning(
                        SqlState::ACTIVE_SQL_TRANSACTION,
                        "there is already a transaction in progress",
                    ));
                } else {
                    self.block.set(Block::Explicit);
                }
                self.set_transaction_modes(modes)?;
                Ok(if *start { "START TRANSACTION" } else { "BEGIN" })
            }
            Transaction::Commit { chain } => {
                let modes = self.chain_modes(*chain, "COMMIT AND CHAIN")?;
                let tag = match block {
                    Block::Failed => {
                        self.rollback();
                        "ROLLBACK"
                    }
                    Block::Explicit => {
                        self.commit()?;
                        "COMMIT"
                    }
                    _ => {
                        self.warn_no_transaction();
                        self.commit()?;
                        "COMMIT"
                    }
                };
                self.chain(modes)?;
                Ok(tag)
            }
            Transaction::Rollback { chain } => {
                let modes = self.chain_modes(*chain, "ROLLBACK AND CHAIN")?;
                if !matches!(block, Block::Explicit | Block::Failed) {
                    self.warn_no_transaction();
                }
                self.rollback();
                self.chain(modes)?;
                Ok("ROLLBACK")
            }
            Transaction::Savepoint(savepoint) => {
                self.require_block("SAVEPOINT")?;
                self.transaction.savepoint(&savepoint.name)?;
                self.read_only_outside.borrow_mut().push(self.settings.borrow().bool(id::TRANSACTION_READ_ONLY));
                self.settings.borrow_mut().begin_level();
                Ok("SAVEPOINT")
            }
            Transaction::Release(savepoint) => {
                self.require_block("RELEASE SAVEPOINT")?;
                self.transaction.release(&savepoint.name)?;
                self.raise_portals(self.transaction.level());
                self.restore_read_only(self.transaction.level() + 1)?;
                self.triggers.borrow_mut().merge_level(self.transaction.level() + 1);
                self.settings.borrow_mut().end_level(self.transaction.level() + 1, true);
                Ok("RELEASE")
            }
            Transaction::RollbackTo(savepoint) => {
                self.require_block("ROLLBACK TO SAVEPOINT")?;
                self.transaction.rollback_to(&savepoint.name)?;
                self.drop_portals_from(self.transaction.level());
                self.restore_read_only(self.transaction.level())?;
                self.read_only_outside.borrow_mut().push(self.settings.borrow().bool(id::TRANSACTION_READ_ONLY));
                self.triggers.borrow_mut().forget_level(self.transaction.level());
                let level = self.transaction.level();
                let mut settings = self.settings.borrow_mut();
                settings.end_level(level, false);
                settings.begin_level();
                drop(settings);
                self.follow_role();
                self.follow_settings();
                self.block.set(Block::Explicit);
                Ok("ROLLBACK")
            }
            Transaction::Prepare(global) => self.prepare_transaction(&global.name),
            Transaction::CommitPrepared(global) => self.finish_prepared(&global.name, true).map(|()| "COMMIT PREPARED"),
            Transaction::RollbackPrepared(global) => {
                self.finish_prepared(&global.name, false).map(|()| "ROLLBACK PREPARED")
            }
        }
    }

    pub(crate) fn warn_no_transaction(&self) {
        self.send_notice(&warning(SqlState::NO_ACTIVE_SQL_TRANSACTION, "there is no transaction in progress"));
    }

    /// The modes for the transaction that `AND CHAIN` begins.
    fn chain_modes(&self, chain: bool, what: &str) -> Result<Option<Modes>> {
        if !chain {
            return Ok(None);
        }
        self.require_block(what)?;
        Ok(Some(self.modes()))
    }

    /// The subtransactions from this level on ended: whether the transaction may write is as it was before them.
    fn restore_read_only(&self, level: u32) -> Result<()> {
        let first = (level as usize).saturating_sub(2);
        let Some(&read_only) = self.read_only_outside.borrow().get(first) else { return Ok(()) };
        self.read_only_outside.borrow_mut().truncate(first);
        let mut settings = self.settings.borrow_mut();
        set_mode(&mut settings, id::TRANSACTION_READ_ONLY, if read_only { "on" } else { "off" })?;
        self.transaction.declare(read_only, settings.bool(id::TRANSACTION_DEFERRABLE));
        Ok(())
    }

    /// The modes of the transaction that runs.
    pub(crate) fn modes(&self) -> Modes {
        let settings = self.settings.borrow();
        Modes {
            isolation: self.transaction.isolation(),
            read_only: settings.bool(id::TRANSACTION_READ_ONLY),
            deferrable: settings.bool(id::TRANSACTION_DEFERRABLE),
        }
    }

    fn chain(&self, modes: Option<Modes>) -> Result<()> {
        if let Some(modes) = modes {
            self.begin_transaction(Some(modes))?;
            self.block.set(Block::Explicit);
        }
        Ok(())
    }

    /// `SET TRANSACTION`, and the modes of BEGIN.
    pub(crate) fn set_transaction_modes(&self, modes: &[TransactionMode]) -> Result<()> {
        for mode in modes {
            let mut settings = self.settings.borrow_mut();
            match mode.kind {
                TransactionModeKind::Isolation(level) => {
                    self.transaction.set_isolation(isolation_of(level))?;
                    set_mode(&mut settings, id::TRANSACTION_ISOLATION, level.name())?;
                }
                TransactionModeKind::ReadOnly(read_only) => {
                    if !read_only && settings.bool(id::TRANSACTION_READ_ONLY) {
                        if self.transaction.level() > 1 {
                            bail!(
                                ACTIVE_SQL_TRANSACTION,
                                "cannot set transaction read-write mode inside a read-only transaction"
                            );
                        }
                        if self.transaction.has_queried() {
                            bail!(ACTIVE_SQL_TRANSACTION, "transaction read-write mode must be set before any query");
                        }
                    }
                    set_mode(&mut settings, id::TRANSACTION_READ_ONLY, if read_only { "on" } else { "off" })?;
                }
                TransactionModeKind::Deferrable(deferrable) => {
                    if self.transaction.level() > 1 {
                        bail!(
                            ACTIVE_SQL_TRANSACTION,
                            "SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction"
                        );
                    }
                    set_mode(&mut settings, id::TRANSACTION_DEFERRABLE, if deferrable { "on" } else { "off" })?;
                }
            }
            self.transaction
                .declare(settings.bool(id::TRANSACTION_READ_ONLY), settings.bool(id::TRANSACTION_DEFERRABLE));
        }
        Ok(())
    }

    /// `SET SESSION CHARACTERISTICS AS TRANSACTION`: the names and values of the settings that it sets.
    pub(crate) fn default_modes(modes: &[TransactionMode]) -> Vec<(&'static str, &'static str)> {
        let on = |on: bool| if on { "on" } else { "off" };
        modes
            .iter()
            .map(|mode| match mode.kind {
                TransactionModeKind::Isolation(level) => ("default_transaction_isolation", level.name()),
                TransactionModeKind::ReadOnly(read_only) => ("default_transaction_read_only", on(read_only)),
                TransactionModeKind::Deferrable(deferrable) => ("default_transaction_deferrable", on(deferrable)),
            })
            .collect()
    }
}

/// Shows a mode of the transaction in the setting that tells of it.
fn set_mode(settings: &mut settings::Settings, id: settings::Id, value: &str) -> Result<()> {
    if settings.show_id(id) != value {
        settings.set_internal(id, value, Source::Override)?;
    }
    Ok(())
}
