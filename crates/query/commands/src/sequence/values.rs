//! The values of sequences: `nextval`, `currval`, `setval` and their like.
//!
//! What a session remembers ([`Sequences`]): for each sequence the value it got last, and values it took in advance (`CACHE`). A
//! sequence's files change when DDL gives it a new state, and then the values in advance are void.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use access::Store;
use catalog::acl::Privileges;
use catalog::privileges::ObjectKind;
use catalog::relation::kind;
use catalog::rows::PgSequence;
use catalog::{Catalog, Entry, Relation};
use error::{Error, Result, SqlState};
use heap::sequence::{SequenceChange, SequenceRow, change_sequence, read_sequence};
use ids::Oid;
use locks::{LockMode, LockOwner, LockTag, LockWait};
use txn::Transaction;

/// Values that are logged beyond those asked for, so that not every value costs a record.
const LOGGED_AHEAD: i64 = 32;

/// What a session remembers of the sequences that it used.
#[derive(Debug, Default)]
pub struct Sequences(Mutex<Used>);

#[derive(Debug, Default)]
struct Used {
    known: HashMap<Oid, Known>,
    /// The sequence of the latest `nextval`.
    latest: Option<Oid>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    /// The files that the values came from.
    file: Oid,
    /// What `currval` gives.
    current: Option<i64>,
    /// The latest value of those taken in advance; `last` before it are left.
    cached: i64,
    last: i64,
    increment: i64,
}

impl Sequences {
    fn lock(&self) -> MutexGuard<'_, Used> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything: DISCARD SEQUENCES.
    pub fn discard(&self) {
        *self.lock() = Used::default();
    }
}

/// A session's handles, for the values of sequences.
#[derive(Clone, Copy)]
pub struct SequenceSession<'a> {
    /// The catalogs.
    pub catalog: &'a Catalog,
    /// Pages.
    pub store: &'a Store,
    /// The current transaction.
    pub transaction: &'a Transaction,
    /// What the session remembers.
    pub sequences: &'a Sequences,
    /// Whether the transaction may not write.
    pub read_only: bool,
}

/// A sequence, opened and locked.
struct Opened {
    relation: Entry<Relation>,
    row: Entry<PgSequence>,
}

impl SequenceSession<'_> {
    fn open(&self, sequence: Oid) -> Result<Opened> {
        let tag = LockTag::relation(self.catalog.database(), sequence);
        self.transaction.locks().acquire(LockOwner::Transaction, tag, LockMode::RowExclusive, LockWait::Block)?;
        let relation = self.catalog.relation(sequence)?;
        if relation.kind() != kind::SEQUENCE {
            let text = format!("cannot open relation \"{}\"", relation.name());
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text).detail(relation.not_supported()));
        }
        Ok(Opened { row: self.catalog.sequence(sequence)?, relation })
    }

    /// One of the privileges is enough.
    fn check(&self, relation: &Relation, any: Privileges) -> Result<()> {
        let role = self.catalog.current_user();
        match self.catalog.privileges(ObjectKind::Relation, relation.oid, role, any)? {
            Some(held) if held.0 & any.0 != 0 => Ok(()),
            _ => {
                let text = format!("permission denied for sequence {}", relation.name());
                Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text))
            }
        }
    }

    fn check_writable(&self, relation: &Relation, function: &str) -> Result<()> {
        if self.read_only && relation.class.relpersistence != b't' {
            let text = format!("cannot execute {function}() in a read-only transaction");
            return Err(Error::new(SqlState::READ_ONLY_SQL_TRANSACTION, text));
        }
        Ok(())
    }

    /// The next value, as `nextval` gives it; `checked`: only with the privilege for it (an identity column's needs none).
    ///
    /// # Errors
    /// `2200H` at the end of the sequence, `42809` if it is none, `42501`, `25006`.
    pub fn next(&self, sequence: Oid, checked: bool) -> Result<i64> {
        let Opened { relation, row } = self.open(sequence)?;
        if checked {
            self.check(&relation, Privileges::USAGE.union(Privileges::UPDATE))?;
        }
        self.check_writable(&relation, "nextval")?;
        let file = relation.locator.file;
        {
            let mut used = self.sequences.lock();
            let known = used.known.get_mut(&sequence).filter(|known| known.file == file);
            if let Some(known) = known.filter(|known| known.last != known.cached) {
                known.last += known.increment;
                known.current = Some(known.last);
                let value = known.last;
                used.latest = Some(sequence);
                return Ok(value);
            }
        }
        let (mut value, mut cached) = (0, 0);
        let table = self.catalog.table(&relation)?;
        change_sequence(self.store, &table, &|| self.transaction.top_xid(), |state, must_log| {
            let taken = take(&row, state, must_log, relation.name())?;
            (value, cached) = (taken.value, taken.change.now.last_value);
            Ok(taken.change)
        })?;
        let mut used = self.sequences.lock();
        let known = Known { file, current: Some(value), cached, last: value, increment: row.seqincrement };
        used.known.insert(sequence, known);
        used.latest = Some(sequence);
        Ok(value)
    }

    /// The value that this session got last from a sequence.
    ///
    /// # Errors
    /// `55000` if it got none.
    pub fn current(&self, sequence: Oid) -> Result<i64> {
        let Opened { relation, .. } = self.open(sequence)?;
        self.check(&relation, Privileges::USAGE.union(Privileges::SELECT))?;
        let known = self.sequences.lock().known.get(&sequence).and_then(|known| known.current);
        known.ok_or_else(|| {
            let text = format!("currval of sequence \"{}\" is not yet defined in this session", relation.name());
            Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text)
        })
    }

    /// The value that this session got last from any sequence.
    ///
    /// # Errors
    /// `55000` if it got none, or the sequence is gone.
    pub fn last(&self) -> Result<i64> {
        let undefined = || {
            let text = "lastval is not yet defined in this session";
            Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text)
        };
        let latest = self.sequences.lock().latest.ok_or_else(undefined)?;
        if self.catalog.class(latest)?.is_none() {
            return Err(undefined());
        }
        let Opened { relation, .. } = self.open(latest)?;
        self.check(&relation, Privileges::USAGE.union(Privileges::SELECT))?;
        self.sequences.lock().known.get(&latest).and_then(|known| known.current).ok_or_else(undefined)
    }

    /// Sets a sequence's value; `called`: it counts as given.
    ///
    /// # Errors
    /// `22003` outside of the sequence's bounds.
    pub fn set(&self, sequence: Oid, value: i64, called: bool) -> Result<i64> {
        let Opened { relation, row } = self.open(sequence)?;
        self.check(&relation, Privileges::UPDATE)?;
        self.check_writable(&relation, "setval")?;
        if value < row.seqmin || value > row.seqmax {
            let text = format!(
                "setval: value {value} is out of bounds for sequence \"{}\" ({}..{})",
                relation.name(),
                row.seqmin,
                row.seqmax
            );
            return Err(Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, text));
        }
        let state = SequenceRow { last_value: value, log_count: 0, is_called: called };
        let table = self.catalog.table(&relation)?;
        change_sequence(self.store, &table, &|| self.transaction.top_xid(), |_, _| {
            Ok(SequenceChange { now: state, logged: Some(state) })
        })?;
        let mut used = self.sequences.lock();
        let file = relation.locator.file;
        let before = used.known.get(&sequence).and_then(|known| known.current);
        let current = if called { Some(value) } else { before };
        let known = Known { file, current, cached: value, last: value, increment: row.seqincrement };
        used.known.insert(sequence, known);
        Ok(value)
    }

    /// What `pg_sequence_last_value` gives: the value given last by anyone.
    ///
    /// # Errors
    /// `42809` if it is no sequence.
    pub fn last_value(&self, sequence: Oid) -> Result<Option<i64>> {
        let Some(state) = self.state(sequence)? else { return Ok(None) };
        Ok(state.is_called.then_some(state.last_value))
    }

    /// What a sequence's row says; `None` if the role may not know, or it is another session's own.
    ///
    /// # Errors
    /// `42809` if it is no sequence.
    pub fn state(&self, sequence: Oid) -> Result<Option<SequenceRow>> {
        let Opened { relation, .. } = self.open(sequence)?;
        if self.check(&relation, Privileges::USAGE.union(Privileges::SELECT)).is_err() {
            return Ok(None);
        }
        read_sequence(self.store, &*self.catalog.table(&relation)?).map(Some)
    }
}

/// What was taken from a sequence.
struct Taken {
    /// The first value.
    value: i64,
    /// What becomes of the sequence. Its new `last_value` is the last value taken.
    change: SequenceChange,
}

/// Takes as many values as the session caches, and logs some more.
fn take(options: &PgSequence, state: SequenceRow, must_log: bool, name: &str) -> Result<Taken> {
    let wanted = options.seqcache.max(1);
    let (mut next, mut value, mut last) = (state.last_value, state.last_value, state.last_value);
    let mut log_count = state.log_count;
    // A value that was not given yet counts as the first of those taken.
    let mut taken = !state.is_called as i64;
    let mut fetch = wanted - taken;
    let logs = must_log || log_count < fetch || !state.is_called;
    if logs {
        fetch = fetch.saturating_add(LOGGED_AHEAD);
        log_count = fetch;
    }
    while fetch > 0 {
        let (bound, restart, word) = if options.seqincrement > 0 {
            (options.seqmax, options.seqmin, "maximum")
        } else {
            (options.seqmin, options.seqmax, "minimum")
        };
        let step = next.checked_add(options.seqincrement);
        let step = step.filter(|step| if options.seqincrement > 0 { *step <= bound } else { *step >= bound });
        next = match step {
            Some(step) => step,
            None if taken > 0 => break,
            None if options.seqcycle => restart,
            None => {
                let text = format!("nextval: reached {word} value of sequence \"{name}\" ({bound})");
                return Err(Error::new(SqlState::SEQUENCE_GENERATOR_LIMIT_EXCEEDED, text));
            }
        };
        fetch -= 1;
        if taken < wanted {
            log_count -= 1;
            taken += 1;
            last = next;
            if taken == 1 {
                value = next;
            }
        }
    }
    log_count -= fetch;
    let logged = SequenceRow { last_value: next, log_count: 0, is_called: true };
    let now = SequenceRow { last_value: last, log_count, is_called: true };
    Ok(Taken { value, change: SequenceChange { now, logged: logs.then_some(logged) } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(increment: i64, min: i64, max: i64, cache: i64, cycle: bool) -> PgSequence {
        PgSequence {
            seqincrement: increment,
            seqmin: min,
            seqmax: max,
            seqcache: cache,
            seqcycle: cycle,
            ..Default::default()
        }
    }

    /// Takes values until the error; what was given, and how many records were logged.
    fn run(options: &PgSequence, first: i64, count: usize) -> (Vec<i64>, usize, Option<String>) {
        let mut state = SequenceRow { last_value: first, log_count: 0, is_called: false };
        let (mut values, mut records) = (Vec::new(), 0);
        for _ in 0..count {
            match take(options, state, false, "s") {
                Ok(taken) => {
                    values.push(taken.value);
                    records += taken.change.logged.is_some() as usize;
                    let logged = taken.change.logged.map(|row| row.last_value);
                    assert!(logged.is_none_or(|l| (l >= taken.change.now.last_value) == (options.seqincrement > 0)));
                    state = taken.change.now;
                }
                Err(error) => return (values, records, Some(error.message().to_string())),
            }
        }
        (values, records, None)
    }

    #[test]
    fn counts_up_and_logs_rarely() {
        let (values, records, error) = run(&options(1, 1, i64::MAX, 1, false), 1, 100);
        assert_eq!(values, (1..=100).collect::<Vec<_>>());
        assert_eq!((records, error), (4, None));
    }

    #[test]
    fn ends_or_begins_again() {
        let (values, _, error) = run(&options(-2, -5, -1, 1, false), -1, 9);
        assert_eq!(values, [-1, -3, -5]);
        assert_eq!(error.as_deref(), Some("nextval: reached minimum value of sequence \"s\" (-5)"));
        let (values, _, error) = run(&options(2, 1, 4, 1, true), 1, 5);
        assert_eq!((values, error), (vec![1, 3, 1, 3, 1], None));
        let (values, _, error) = run(&options(1, 1, i64::MAX, 1, false), i64::MAX, 2);
        assert_eq!(values, [i64::MAX]);
        assert!(error.is_some());
    }

    #[test]
    fn takes_in_advance() {
        let taken = take(
            &options(1, 1, 25, 10, false),
            SequenceRow { last_value: 20, log_count: 3, is_called: true },
            false,
            "s",
        );
        let taken = taken.expect("there are five left");
        assert_eq!((taken.value, taken.change.now.last_value), (21, 25));
    }
}
