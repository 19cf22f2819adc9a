//! What commands do to objects, noted for event triggers.
//!
//! While somebody watches ([`Catalog::watch`]), the catalog notes which objects' rows are written and which objects are dropped, and
//! commands note what they did in terms of their own. Watches are stacked: a command that an event trigger's function runs has its
//! own. Nothing is noted, and nothing costs more than a look at a flag, as long as nobody watches.

use crate::catalog::Catalog;
use crate::depend::Object;
use crate::identity::Identity;
use crate::rows::*;
use error::Result;
use ids::Oid;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// Something that a command did.
#[derive(Clone, Debug)]
pub struct Command {
    /// Its command tag.
    pub tag: &'static str,
    /// What it did it to …
    pub object: Option<Object>,
    /// … or, for GRANT and its like, to which kind of objects.
    pub kind: Option<&'static str>,
}

/// An object that was dropped.
#[derive(Clone, Debug)]
pub struct Dropped {
    /// Where it was.
    pub object: Object,
    /// What it was.
    pub identity: Identity,
    /// Whether the command named it.
    pub original: bool,
    /// Whether it went because something that it depended on went.
    pub normal: bool,
}

impl Dropped {
    /// Whether it was temporary.
    pub fn is_temporary(&self) -> bool {
        self.identity.names.first().is_some_and(|name| name == "pg_temp" || name.starts_with("pg_temp."))
    }
}

/// The events of event triggers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// `ddl_command_start`
    Start,
    /// `ddl_command_end`
    End,
    /// `sql_drop`
    Drop,
    /// `table_rewrite`, of a table, for reasons that are bits.
    Rewrite(Oid, i32),
    /// `login`
    Login,
}

impl Stage {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Start => "ddl_command_start",
            Stage::End => "ddl_command_end",
            Stage::Drop => "sql_drop",
            Stage::Rewrite(..) => "table_rewrite",
            Stage::Login => "login",
        }
    }
}

/// What was noted of one command.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The command's tag.
    pub tag: &'static str,
    /// Objects whose own rows were written, in order: catalog and id.
    pub touched: Vec<(Oid, Oid)>,
    /// What was done.
    pub commands: Vec<Command>,
    /// What was dropped.
    pub dropped: Vec<Dropped>,
    /// The event whose triggers fire now.
    pub stage: Option<Stage>,
}

/// While it lives, what commands do is noted.
pub struct Watching<'a>(&'a Catalog);

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        let mut watches = self.0.watches.lock().unwrap_or_else(PoisonError::into_inner);
        watches.pop();
        self.0.watching.store(!watches.is_empty(), Ordering::Relaxed);
    }
}

impl Catalog {
    /// Begins to note what the command with this tag does, until the answer is dropped.
    pub fn watch(&self, tag: &'static str) -> Watching<'_> {
        let watch = Watch { tag, touched: Vec::new(), commands: Vec::new(), dropped: Vec::new(), stage: None };
        self.watches.lock().unwrap_or_else(PoisonError::into_inner).push(watch);
        self.watching.store(true, Ordering::Relaxed);
        Watching(self)
    }

    /// Whether somebody watches.
    pub fn is_watched(&self) -> bool {
        self.watching.load(Ordering::Relaxed)
    }

    /// What the innermost watch has, if there is one.
    pub fn with_watch<T>(&self, with: impl FnOnce(&mut Watch) -> T) -> Option<T> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner).last_mut().map(with)
    }

    /// Notes what a command did.
    pub fn note_command(&self, tag: &'static str, object: Object) {
        if self.is_watched() {
            self.with_watch(|watch| watch.commands.push(Command { tag, object: Some(object), kind: None }));
        }
    }

    /// Notes that an object's row was written.
    pub(crate) fn note_touched<T: CatalogRow>(&self, row: &T) {
        if !self.is_watched() || T::COLUMNS.first().is_none_or(|(name, _)| *name != "oid") {
            return;
        }
        if let crate::field::Part::Int(oid) = row.part(1) {
            self.with_watch(|watch| {
                let this = (T::RELATION, Oid(oid as u32));
                if watch.touched.last() != Some(&this) {
                    watch.touched.push(this);
                }
            });
        }
    }

    /// Notes that an object is about to be dropped.
    pub fn note_dropped(&self, object: Object, original: bool, normal: bool) -> Result<()> {
        // Of what is shared by all databases, and of event triggers themselves, event triggers do not learn.
        if !self.is_watched() {
            return Ok(());
        }
        let shared = crate::depend::is_shared(object.class) && object.class != PgSubscription::RELATION;
        if shared || object.class == PgEventTrigger::RELATION {
            return Ok(());
        }
        let identity = self.identify(object)?;
        if identity.identity.is_none() {
            return Ok(());
        }
        let of_others = identity.names.first().is_some_and(|schema| schema.starts_with("pg_temp_"));
        if !of_others {
            self.with_watch(|watch| watch.dropped.push(Dropped { object, identity, original, normal }));
        }
        Ok(())
    }

    /// The event triggers of the database, by name.
    pub fn event_triggers(&self) -> Result<Vec<PgEventTrigger>> {
        let mut found: Vec<_> = self.scan_all::<PgEventTrigger>()?.into_iter().map(|stored| stored.row).collect();
        found.sort_by(|a, b| a.evtname.cmp(&b.evtname));
        Ok(found)
    }
}
