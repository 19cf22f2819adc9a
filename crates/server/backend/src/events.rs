//! Event triggers: what fires around commands that define objects, and at login.
//!
//! A command for which there are some is watched by the catalog ([`catalog::watch`]), and the triggers' functions ask it what was
//! done. A session without event triggers pays a look at an empty table for each command that defines something, and nothing for others.

use catalog::watch::Stage;
use error::{Result, Severity};
use parser::ast::Statement;
use settings::id;

use crate::session::Session;

impl Session<'_> {
    /// Whether event triggers may have to do with a statement.
    pub(crate) fn has_event_triggers(&self, statement: &Statement) -> Result<bool> {
        Ok(commands::event_trigger::is_supported(statement.name())
            && !commands::event_trigger::is_about_shared(statement)
            && self.settings.borrow().bool(id::EVENT_TRIGGERS)
            && !self.catalog().event_triggers()?.is_empty())
    }

    /// Runs a command, and the event triggers before and behind it.
    pub(crate) fn with_event_triggers(
        &self,
        tag: &'static str,
        run: impl FnOnce() -> Result<String>,
    ) -> Result<String> {
        let _watching = self.catalog().watch(tag);
        self.fire_event(Stage::Start)?;
        let done = run()?;
        if self.catalog().with_watch(|watch| !watch.dropped.is_empty()) == Some(true) {
            self.fire_event(Stage::Drop)?;
        }
        self.fire_event(Stage::End)?;
        Ok(done)
    }

    /// Fires the triggers of an event of the command that is watched.
    pub(crate) fn fire_event(&self, stage: Stage) -> Result<()> {
        let catalog = self.catalog();
        let is_replica = executor::Host::is_replica(self);
        let Some(tag) = catalog.with_watch(|watch| watch.tag) else { return Ok(()) };
        let triggers = commands::event_trigger::firing(catalog, stage, tag, is_replica)?;
        if triggers.is_empty() {
            return Ok(());
        }
        let before = catalog.with_watch(|watch| watch.stage.replace(stage)).flatten();
        let fired = triggers.iter().try_for_each(|trigger| {
            catalog.next_command()?;
            self.event_trigger_function(trigger, tag)
        });
        catalog.with_watch(|watch| watch.stage = before);
        fired?;
        catalog.next_command()
    }

    /// Fires login's triggers, in a transaction of their own.
    ///
    /// # Errors
    /// Those of the triggers' functions: the session does not come about.
    pub(crate) fn fire_login(&self) -> Result<()> {
        let catalog = self.catalog();
        // The row is known from the session's start.
        let there_are = catalog.database_row(catalog.database())?.is_some_and(|row| row.dathasloginevt);
        if !there_are || !self.settings.borrow().bool(id::EVENT_TRIGGERS) {
            return Ok(());
        }
        self.begin_transaction(None)?;
        let fired = {
            let _watching = catalog.watch("LOGIN");
            self.fire_event(Stage::Login)
        };
        match fired.and_then(|()| self.commit()) {
            Ok(()) => Ok(()),
            Err(error) => {
                self.rollback();
                Err(error.severity(Severity::Fatal))
            }
        }
    }
}
