//! A session's view of the catalogs: look-ups, and the cache behind them.
//!
//! Every question is a look-up of rows by the first columns of one of the catalogs' indexes ([`Catalog::rows`],
//! [`Catalog::row`]); what stands in the other files of this crate puts them together. Three sources answer, in this order:
//!
//! 1. the built-in rows in the program, for catalogs whose built-in rows nobody changed in this database;
//! 2. the session's cache, which holds what was found before, and that nothing was found;
//! 3. the catalog's own index and heap, under a snapshot that sees all committed rows and the session's own.
//!
//! The cache is grouped by index and first key column. A change of a row drops the groups that it is in, for every index of
//! its catalog: a little more than needed, but one short message says it.
//!
//! Whatever takes several look-ups to make may meet a change on the way: the message drops what is kept, but not what is being made. So
//! it is kept only if nothing was dropped since the first of them ([`Catalog::generation`], [`Cache::descriptors_dropped`]).

use crate::data::index_info;
use crate::entry::Entry;
use crate::field::Part;
use crate::invalidation::{Invalidations, Message};
use crate::names::SearchPath;
use crate::relation::Relation;
use crate::rows::CatalogRow;
use crate::shared::CatalogShared;
use crate::store::Backing;
use crate::text_search::TextSearch;
use engine::{Engine, Session};
use error::{Error, Result, SqlState};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use ids::Oid;
use ids::oids::{BOOTSTRAP_ROLE, TEMPLATE1};
use std::any::Any;
use std::hash::{BuildHasher, Hash};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wal::Wal;

/// A session's view of the catalogs of its database. Shared by the session's worker threads; all methods take `&self`.
pub struct Catalog {
    database: Oid,
    pub(crate) data_directory: PathBuf,
    /// Where rows are read and written; none for [`Catalog::builtin`].
    pub(crate) backing: Option<Backing>,
    pub(crate) invalidations: Option<Invalidations>,
    pub(crate) shared: Option<CatalogShared>,
    pub(crate) wal: Option<Wal>,
    /// Messages read so far.
    pub(crate) read_position: AtomicU64,
    /// A bit for each catalog whose built-in rows were changed, by its place in [`READ_MOSTLY`].
    pub(crate) changed_builtins: AtomicU32,
    /// The current transaction's own messages.
    own: Mutex<OwnChanges>,
    /// Whether there are some that the cache does not reflect.
    pub(crate) own_pending: AtomicBool,
    cache: Mutex<Cache>,
    session: Mutex<Identity>,
    /// A query of the session read a table with row security.
    row_security_met: AtomicBool,
    text_search: Mutex<TextSearch>,
    /// What is noted of the commands that run, for event triggers.
    pub(crate) watches: Mutex<Vec<crate::watch::Watch>>,
    pub(crate) watching: AtomicBool,
}

/// What the current transaction changed so far.
#[derive(Default)]
pub(crate) struct OwnChanges {
    pub messages: Vec<Message>,
    /// Enum types that it made.
    pub enums: Vec<Oid>,
    /// Labels that it added to other enum types: not to be used before they are committed.
    pub labels: Vec<Oid>,
    /// The command in which the last ones were noted.
    pub applied_at: u32,
    pub pending: bool,
}

/// Who the session is, as far as names and privileges depend on it.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub user: Oid,
    pub session_user: Oid,
    pub search_path: String,
    pub temp_namespace: Option<Oid>,
    /// Whether the transaction named it, or has made or dropped something in it.
    pub temporary_used: bool,
    pub path: Option<Arc<SearchPath>>,
    /// Policies do not apply to what is planned now.
    pub suspends_row_security: bool,
}

/// While it lives, another role is the current user ([`Catalog::act_as_owner`], [`Catalog::act_in_schema`]).
pub struct ActingAs<'a> {
    catalog: &'a Catalog,
    before: (Oid, bool),
    /// The search path to go back to, if it was changed.
    search_path: Option<String>,
}

impl Drop for ActingAs<'_> {
    fn drop(&mut self) {
        let mut state = self.catalog.session();
        (state.user, state.suspends_row_security) = self.before;
        if let Some(search_path) = self.search_path.take() {
            state.search_path = search_path;
        }
        state.path = None;
    }
}

type Rows<T> = Arc<[Entry<T>]>;

#[derive(Default)]
pub(crate) struct Cache {
    groups: HashMap<(u32, u32), Vec<Found>, FixedState>,
    pub relations: HashMap<Oid, Entry<Relation>, FixedState>,
    /// What others made of a relation's descriptor; goes with it.
    pub handles: HashMap<Oid, Arc<dyn Any + Send + Sync>, FixedState>,
    generation: u64,
    /// How many times descriptors were dropped: one that was begun before does not count as new.
    pub descriptors_dropped: u64,
}

struct Found {
    key: Box<[KeyPart]>,
    rows: Box<dyn Any + Send + Sync>,
}

/// A [`Part`] that owns its bytes.
#[derive(PartialEq, Eq)]
enum KeyPart {
    Int(i64),
    Text(Box<str>),
    Oids(Box<[Oid]>),
    Real(u32),
    Null,
}

impl Cache {
    /// Forgets rows of an index by the hash of their first key column.
    pub fn drop_group(&mut self, index: u32, hash: u32) {
        self.groups.remove(&(index, hash));
        self.generation += 1;
    }

    /// Forgets a relation's descriptor.
    pub fn drop_relation(&mut self, relation: Oid) {
        self.relations.remove(&relation);
        self.handles.remove(&relation);
        self.descriptors_dropped += 1;
        self.generation += 1;
    }
}

impl KeyPart {
    fn new(part: &Part<'_>) -> KeyPart {
        match *part {
            Part::Int(n) => KeyPart::Int(n),
            Part::Text(text) => KeyPart::Text(text.into()),
            Part::Oids(oids) => KeyPart::Oids(oids.into()),
            Part::Real(bits) => KeyPart::Real(bits),
            Part::Null => KeyPart::Null,
        }
    }

    fn is(&self, part: &Part<'_>) -> bool {
        match (self, part) {
            (KeyPart::Int(a), Part::Int(b)) => a == b,
            (KeyPart::Text(a), Part::Text(b)) => **a == **b,
            (KeyPart::Oids(a), Part::Oids(b)) => **a == **b,
            (KeyPart::Real(a), Part::Real(b)) => a == b,
            (KeyPart::Null, Part::Null) => true,
            _ => false,
        }
    }
}

/// What stands for the first key column in an invalidation message.
pub(crate) fn part_hash(part: &Part<'_>) -> u32 {
    struct Of<'a>(&'a Part<'a>);
    impl Hash for Of<'_> {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            self.0.hash(state)
        }
    }
    FixedState::with_seed(0x0C47).hash_one(Of(part)) as u32
}

/// Catalogs whose built-in rows are hardly ever changed: answered from the program, except where a database has a mark that
/// somebody did change one.
pub(crate) const READ_MOSTLY: &[u32] =
    &[1247, 1255, 2600, 2601, 2602, 2603, 2605, 2607, 2612, 2616, 2617, 2753, 3456, 3541, 3600, 3601, 3602, 3603, 3764];

impl Catalog {
    /// The catalogs of a database nobody has touched: built-in objects only, no store behind them. For tests of what only reads
    /// catalogs, and for tools.
    pub fn builtin() -> Catalog {
        Catalog::new(TEMPLATE1, PathBuf::new(), None, None)
    }

    fn new(
        database: Oid,
        data_directory: PathBuf,
        backing: Option<Backing>,
        invalidations: Option<Invalidations>,
    ) -> Catalog {
        Catalog {
            database,
            data_directory,
            backing,
            read_position: AtomicU64::new(invalidations.as_ref().map_or(0, Invalidations::position)),
            invalidations,
            shared: None,
            wal: None,
            changed_builtins: AtomicU32::new(0),
            own: Mutex::default(),
            own_pending: AtomicBool::new(false),
            cache: Mutex::default(),
            row_security_met: AtomicBool::new(false),
            text_search: Mutex::default(),
            watches: Mutex::default(),
            watching: AtomicBool::new(false),
            session: Mutex::new(Identity {
                user: BOOTSTRAP_ROLE,
                session_user: BOOTSTRAP_ROLE,
                search_path: "\"$user\", public".into(),
                temp_namespace: None,
                temporary_used: false,
                path: None,
                suspends_row_security: false,
            }),
        }
    }

    /// A session's catalogs: of `database`, read and written through the session's transaction, of whose ends they are told.
    pub fn open(engine: &Engine, shared: &CatalogShared, session: &Session, database: Oid) -> Arc<Catalog> {
        let transaction = session.transaction.clone();
        let backing = Backing::new(engine.store.clone(), transaction, engine.tables.clone(), engine.indexes.clone());
        let invalidations = Some(shared.invalidations);
        let mut catalog = Catalog::new(database, engine.data_directory().to_path_buf(), Some(backing), invalidations);
        catalog.shared = Some(*shared);
        catalog.wal = Some(engine.wal.clone());
        catalog.read_builtin_marks();
        let catalog = Arc::new(catalog);
        session.transaction.set_database(database);
        session.transaction.register(Arc::new(crate::invalidation::Listener::new(&catalog)));
        catalog
    }

    /// The session's database.
    pub fn database(&self) -> Oid {
        self.database
    }

    pub(crate) fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn own_changes(&self) -> MutexGuard<'_, OwnChanges> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn session(&self) -> MutexGuard<'_, Identity> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that grows whenever something that a plan may depend on has changed.
    pub fn generation(&self) -> u64 {
        self.cache().generation
    }

    pub(crate) fn text_search(&self) -> MutexGuard<'_, TextSearch> {
        self.text_search.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The role whose privileges count now (`current_user`).
    pub fn current_user(&self) -> Oid {
        self.session().user
    }

    /// The role that the session belongs to (`session_user`).
    pub fn session_user(&self) -> Oid {
        self.session().session_user
    }

    /// Notes that a query of the session names a table with row security: what is made of such queries is for one role only.
    pub fn note_row_security(&self) {
        self.row_security_met.store(true, Ordering::Relaxed);
    }

    /// Lets `role` be the current user until the answer is dropped, with no row security for what is planned meanwhile: for statements of the
    /// system's own on behalf of a table's owner.
    pub fn act_as_owner(&self, role: Oid) -> ActingAs<'_> {
        let mut state = self.session();
        let before = (state.user, state.suspends_row_security);
        (state.user, state.suspends_row_security, state.path) = (role, true, None);
        ActingAs { catalog: self, before, search_path: None }
    }

    /// Lets `role` be the current user, and `schema` the first of the search path, until the answer is dropped: for what CREATE SCHEMA makes in
    /// the new schema.
    pub fn act_in_schema(&self, role: Oid, schema: &str) -> ActingAs<'_> {
        let mut state = self.session();
        let before = (state.user, state.suspends_row_security);
        let schema = crate::format::quote_identifier(schema);
        let search_path = match state.search_path.trim() {
            "" => schema,
            rest => format!("{schema}, {rest}"),
        };
        let search_path = Some(std::mem::replace(&mut state.search_path, search_path));
        (state.user, state.path) = (role, None);
        ActingAs { catalog: self, before, search_path }
    }

    /// Whether row security is out of force ([`Catalog::act_as_owner`]).
    pub fn suspends_row_security(&self) -> bool {
        self.session().suspends_row_security
    }

    /// The role for which plans that are made now hold: the current one, once a query has named a table with row security; before, any
    /// (zero).
    pub fn plan_role(&self) -> Oid {
        match self.row_security_met.load(Ordering::Relaxed) {
            true => self.current_user(),
            false => Oid::INVALID,
        }
    }

    /// Sets `current_user` and `session_user`; privileges and `"$user"` follow.
    pub fn set_users(&self, current: Oid, session: Oid) {
        let mut state = self.session();
        state.user = current;
        state.session_user = session;
        state.path = None;
    }

    /// Sets the value of the parameter `search_path`.
    pub fn set_search_path(&self, value: &str) {
        let mut state = self.session();
        state.search_path = value.to_string();
        state.path = None;
    }

    /// Forgets all that was cached.
    pub fn reset(&self) {
        {
            let mut cache = self.cache();
            cache.groups.clear();
            cache.relations.clear();
            cache.handles.clear();
            cache.descriptors_dropped += 1;
            cache.generation += 1;
        }
        self.session().path = None;
    }

    /// The rows of `T` whose first key columns in `index` have these values; in the index's order, except that built-in rows
    /// come first.
    pub fn rows<T: CatalogRow>(&self, index: Oid, key: &[Part<'_>]) -> Result<Rows<T>> {
        let info = index_info(index).filter(|info| info.relation == T::RELATION);
        let info = info.ok_or_else(|| Error::internal(format!("{} has no index {index}", T::NAME)))?;
        self.catch_up();
        let group = (index.0, part_hash(key.first().unwrap_or(&Part::Null)));
        let before = {
            let cache = self.cache();
            if let Some(found) = cache.groups.get(&group)
                && let Some(found) =
                    found.iter().find(|f| f.key.len() == key.len() && f.key.iter().zip(key).all(|(a, b)| a.is(b)))
                && let Some(rows) = found.rows.downcast_ref::<Rows<T>>()
            {
                return Ok(rows.clone());
            }
            cache.generation
        };
        let rows = self.read_rows::<T>(info.index, key)?;
        let mut cache = self.cache();
        // Another thread of the session may have taken messages in meanwhile.
        if cache.generation == before {
            let found = Found { key: key.iter().map(KeyPart::new).collect(), rows: Box::new(rows.clone()) };
            cache.groups.entry(group).or_default().push(found);
        }
        Ok(rows)
    }

    /// The row of `T` with this key in the unique `index`, if there is one.
    pub fn row<T: CatalogRow>(&self, index: Oid, key: &[Part<'_>]) -> Result<Option<Entry<T>>> {
        self.catch_up();
        if self.answers_statically::<T>()
            && let Some(row) = T::builtin().find(index, key).next()
        {
            return Ok(Some(Entry::Builtin(row)));
        }
        Ok(self.rows::<T>(index, key)?.first().cloned())
    }

    fn answers_statically<T: CatalogRow>(&self) -> bool {
        self.backing.is_none() || self.is_static(T::RELATION)
    }

    /// Reads rows past the cache: built-in ones from the program where they are good, and from the store.
    pub fn read_rows<T: CatalogRow>(&self, index: Oid, key: &[Part<'_>]) -> Result<Rows<T>> {
        let mut rows: Vec<Entry<T>> = Vec::new();
        let is_static = self.answers_statically::<T>();
        if is_static {
            rows.extend(T::builtin().find(index, key).map(Entry::Builtin));
        }
        let Some(backing) = &self.backing else { return Ok(rows.into()) };
        if is_static && asks_for_builtin::<T>(index, key) {
            return Ok(rows.into());
        }
        for stored in backing.scan::<T>(self.database, index, key)? {
            let is_builtin = matches!(stored.row.part(1), Part::Int(n) if n < Oid::FIRST_NORMAL.0 as i64);
            if !(is_static && is_builtin) {
                rows.push(Entry::Cached(Arc::new(stored.row)));
            }
        }
        Ok(rows.into())
    }

    /// The row of `T` with this key, or `XX000 cache lookup failed for WHAT KEY`.
    pub(crate) fn must<T: CatalogRow>(&self, index: Oid, oid: Oid, what: &str) -> Result<Entry<T>> {
        self.row::<T>(index, &[oid.into()])?
            .ok_or_else(|| Error::new(SqlState::INTERNAL_ERROR, format!("cache lookup failed for {what} {oid}")))
    }
}

/// Whether a look-up is by a built-in object's own id, so that no user's row can match.
fn asks_for_builtin<T: CatalogRow>(index: Oid, key: &[Part<'_>]) -> bool {
    index_info(index).is_some_and(|info| info.columns.first() == Some(&1))
        && matches!(key.first(), Some(Part::Int(n)) if *n < Oid::FIRST_NORMAL.0 as i64)
        && T::RELATION != crate::rows::PgTsConfigMap::RELATION
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").field("database", &self.database).finish_non_exhaustive()
    }
}
