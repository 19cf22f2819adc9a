//! What the record of a prepared transaction tells, byte by byte.

use error::{Error, Result};
use ids::{Oid, RelFileLocator, Xid};
use locks::{LockMode, LockTag, PreparedLock};
use stats::PreparedChange;

use crate::record::Reader;
use crate::serializable::Target;

/// All that ending a prepared transaction takes.
///
/// ```text
///  xid u64 │ time i64 │ owner u32 │ database u32
///  name length u32 │ subtransactions u32 │ dropped at commit u32 │ dropped at abort u32 │ invalidations u32 │ locks u32
///  statistics u32 │ watched u32: is serializable and watched │ notes u32
///  name │ subtransactions u64 … │ files 3 × u32 … │ files 3 × u32 … │ invalidations │ locks 4 × u32 and mode u32 …
///  statistics: database u32, relation u32, fate u32, rows 3 × u64 … │ notes 4 × u32 …
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreparedState {
    /// The top-level id.
    pub xid: Xid,
    /// When it was prepared, in microseconds of the Unix epoch.
    pub prepared_us: i64,
    /// Who prepared it.
    pub owner: Oid,
    /// Its database.
    pub database: Oid,
    /// The name it was given.
    pub identifier: String,
    /// Subtransactions that share its fate.
    pub subtransactions: Vec<Xid>,
    /// Relations whose files go when it commits.
    pub drop_at_commit: Vec<RelFileLocator>,
    /// Relations whose files go when it rolls back.
    pub drop_at_abort: Vec<RelFileLocator>,
    /// What to tell the caches when it commits.
    pub invalidations: Vec<u8>,
    /// The locks it holds.
    pub locks: Vec<PreparedLock>,
    /// What it changed, for the statistics.
    pub statistics: Vec<PreparedChange>,
    /// What it has read, if it is serializable and watched.
    pub(crate) notes: Option<Vec<Target>>,
}

impl PreparedState {
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.xid.0.to_le_bytes());
        to.extend_from_slice(&self.prepared_us.to_le_bytes());
        let notes = self.notes.as_deref().unwrap_or_default();
        let counts = [
            self.identifier.len(),
            self.subtransactions.len(),
            self.drop_at_commit.len(),
            self.drop_at_abort.len(),
            self.invalidations.len(),
            self.locks.len(),
            self.statistics.len(),
            self.notes.is_some() as usize,
            notes.len(),
        ];
        let number = |to: &mut Vec<u8>, n: u32| to.extend_from_slice(&n.to_le_bytes());
        number(to, self.owner.0);
        number(to, self.database.0);
        counts.iter().for_each(|&count| number(to, count as u32));
        to.extend_from_slice(self.identifier.as_bytes());
        for xid in &self.subtransactions {
            to.extend_from_slice(&xid.0.to_le_bytes());
        }
        for locator in self.drop_at_commit.iter().chain(&self.drop_at_abort) {
            [locator.tablespace, locator.database, locator.file].iter().for_each(|oid| number(to, oid.0));
        }
        to.extend_from_slice(&self.invalidations);
        for (tag, mode) in &self.locks {
            tag.words().iter().for_each(|&word| number(to, word));
            number(to, *mode as u32);
        }
        for change in &self.statistics {
            [change.database.0, change.relation.0, change.fate].iter().for_each(|&n| number(to, n));
            change.rows.iter().for_each(|rows| to.extend_from_slice(&rows.to_le_bytes()));
        }
        for note in notes {
            [note.database, note.relation, note.block, note.line].iter().for_each(|&n| number(to, n));
        }
    }

    /// Reads the main data of a record of preparing.
    ///
    /// # Errors
    /// `XX001` if it is too short, or names what there is not.
    pub fn read(data: &[u8]) -> Result<PreparedState> {
        let reader = &mut Reader(data);
        let mut state = PreparedState {
            xid: Xid(reader.u64()?),
            prepared_us: reader.u64()? as i64,
            owner: Oid(reader.u32()?),
            database: Oid(reader.u32()?),
            ..PreparedState::default()
        };
        let mut counts = [0; 9];
        for count in &mut counts {
            *count = reader.u32()? as usize;
        }
        let [name, subtransactions, at_commit, at_abort, invalidations, locks, statistics, watched, notes] = counts;
        state.identifier = String::from_utf8_lossy(reader.bytes(name)?).into_owned();
        for _ in 0..subtransactions {
            state.subtransactions.push(Xid(reader.u64()?));
        }
        for number in 0..at_commit + at_abort {
            let locator = RelFileLocator::new(Oid(reader.u32()?), Oid(reader.u32()?), Oid(reader.u32()?));
            match number < at_commit {
                true => state.drop_at_commit.push(locator),
                false => state.drop_at_abort.push(locator),
            }
        }
        state.invalidations = reader.bytes(invalidations)?.to_vec();
        for _ in 0..locks {
            let tag = LockTag::from_words([reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?]);
            let mode = LockMode::from_number(reader.u32()? as u8)
                .ok_or_else(|| Error::corrupted("unknown lock mode in a prepared transaction"))?;
            state.locks.push((tag, mode));
        }
        for _ in 0..statistics {
            state.statistics.push(PreparedChange {
                database: Oid(reader.u32()?),
                relation: Oid(reader.u32()?),
                fate: reader.u32()?,
                rows: [reader.u64()?, reader.u64()?, reader.u64()?],
            });
        }
        let mut read = Vec::new();
        for _ in 0..notes {
            let [database, relation, block, line] = [reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?];
            read.push(Target { database, relation, block, line });
        }
        state.notes = (watched != 0).then_some(read);
        Ok(state)
    }

    /// Its top-level id and those of its subtransactions.
    pub(crate) fn ids(&self) -> impl Iterator<Item = Xid> + '_ {
        self.subtransactions.iter().copied().chain([self.xid])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> PreparedState {
        PreparedState {
            xid: Xid(1 << 40 | 5),
            prepared_us: 1_795_316_386_500_000,
            owner: Oid(10),
            database: Oid(5),
            identifier: "Überweisung 'eins'".into(),
            subtransactions: vec![Xid(1 << 40 | 6), Xid(1 << 40 | 8)],
            drop_at_commit: vec![RelFileLocator::new(Oid(1663), Oid(5), Oid(20000))],
            drop_at_abort: vec![RelFileLocator::new(Oid(1663), Oid(5), Oid(20001)); 2],
            invalidations: vec![1, 2, 3],
            locks: vec![
                (LockTag::relation(Oid(5), Oid(20000)), LockMode::AccessExclusive),
                (LockTag::advisory_two(Oid(5), -1, 7), LockMode::Share),
            ],
            statistics: vec![PreparedChange { database: Oid(5), relation: Oid(20001), fate: 2, rows: [9, 0, 1 << 33] }],
            notes: Some(vec![Target::row(5, 20000, 3, 4), Target::relation(5, 20001)]),
        }
    }

    #[test]
    fn states_round_trip() {
        for state in [example(), PreparedState::default()] {
            let mut bytes = Vec::new();
            state.write(&mut bytes);
            assert_eq!(PreparedState::read(&bytes).unwrap(), state);
        }
    }

    #[test]
    fn cut_states_are_errors() {
        let mut bytes = Vec::new();
        example().write(&mut bytes);
        for length in 0..bytes.len() {
            assert!(PreparedState::read(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
        }
    }
}
