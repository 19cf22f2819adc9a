//! `pg_snapshot` and its older name `txid_snapshot`: which transactions had ended at a moment, as a value.
//!
//! A value is the lowest id that was running, the id from which on none had started, and the ids between them that were running,
//! ascending: eight bytes each in the machine's order. Both types have the same values, texts (`xmin:xmax:xip,xip`) and functions.

use crate::io::{TypeCall, TypeIo, bad_binary, exactly};
use crate::registry::{RowSource, RowSourceMaker, Rows};
use batch::{Datum, DatumRef, Repr};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Functions of snapshots; `pg_current_snapshot` is the server's.
    pub static SNAPSHOTS =
    5062 pg_snapshot_xmin each(&[u8]) |snapshot: &[u8]| View::new(snapshot).map(|s| s.xmin() as i64);
    2945 pg_snapshot_xmin each(&[u8]) |snapshot: &[u8]| View::new(snapshot).map(|s| s.xmin() as i64);
    5063 pg_snapshot_xmax each(&[u8]) |snapshot: &[u8]| View::new(snapshot).map(|s| s.xmax() as i64);
    2946 pg_snapshot_xmax each(&[u8]) |snapshot: &[u8]| View::new(snapshot).map(|s| s.xmax() as i64);
    5065 pg_visible_in_snapshot each(u64, &[u8]) |xid: u64, snapshot: &[u8]| View::new(snapshot).map(|s| s.sees(xid));
    2948 pg_visible_in_snapshot each(u64, &[u8]) |xid: u64, snapshot: &[u8]| View::new(snapshot).map(|s| s.sees(xid));
}

/// Set-returning functions of snapshots.
pub static SNAPSHOT_ROWS: &[(u32, RowSourceMaker)] =
    &[(5064, |args, _| running(args)), (2947, |args, _| running(args))];

fn running(args: &[DatumRef<'_>]) -> Result<Box<dyn RowSource>> {
    let Some(snapshot) = args.first().and_then(|arg| arg.as_bytes()) else { return Ok(Rows::of(Vec::new())) };
    let view = View::new(snapshot)?;
    Ok(Rows::of(view.running().map(|xid| vec![Datum::B8(xid as i64)]).collect()))
}

/// Text and binary form of both types.
pub const SNAPSHOT_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, _, out| {
        let parsed = parse(text).ok_or_else(|| crate::int::invalid_input("pg_snapshot", text))?;
        out.push(DatumRef::Bytes(&parsed));
        Ok(())
    },
    output: |value, call, out| {
        let snapshot = of(value, call)?;
        out.extend_from_slice(format!("{}:{}:", snapshot.xmin(), snapshot.xmax()).as_bytes());
        for (n, xid) in snapshot.running().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            crate::format::write_u64(xid, out);
        }
        Ok(())
    },
    receive: |bytes, _, out| {
        let (count, rest) = bytes.split_first_chunk::<4>().ok_or_else(crate::io::too_short)?;
        let count = usize::try_from(i32::from_be_bytes(*count)).map_err(|_| bad_binary())?;
        if rest.len() != count.saturating_add(2).saturating_mul(8) {
            return Err(if rest.len() / 8 < count + 2 { crate::io::too_short() } else { bad_binary() });
        }
        let words =
            rest.chunks_exact(8).map(|word| exactly(word).map(u64::from_be_bytes)).collect::<Result<Vec<_>>>()?;
        let made = build(words[0], words[1], words[2..].iter().copied())
            .ok_or_else(|| Error::new(SqlState::INVALID_BINARY_REPRESENTATION, "invalid external pg_snapshot data"))?;
        out.push(DatumRef::Bytes(&made));
        Ok(())
    },
    send: |value, call, out| {
        let snapshot = of(value, call)?;
        out.extend_from_slice(&(snapshot.running().count() as i32).to_be_bytes());
        for word in [snapshot.xmin(), snapshot.xmax()].into_iter().chain(snapshot.running()) {
            out.extend_from_slice(&word.to_be_bytes());
        }
        Ok(())
    },
};

fn of<'a>(value: DatumRef<'a>, call: &TypeCall<'_>) -> Result<View<'a>> {
    View::new(value.as_bytes().ok_or_else(|| crate::io::wrong_form(call.type_oid, value))?)
}

/// A snapshot's value.
#[derive(Clone, Copy)]
pub struct View<'a>(&'a [u8]);

impl<'a> View<'a> {
    /// Reads one.
    ///
    /// # Errors
    /// `XX001` if the bytes are none.
    pub fn new(bytes: &'a [u8]) -> Result<View<'a>> {
        match bytes.len() >= 16 && bytes.len().is_multiple_of(8) {
            true => Ok(View(bytes)),
            false => Err(Error::corrupted("a snapshot's value has a wrong length")),
        }
    }

    fn word(&self, at: usize) -> u64 {
        let word = self.0.get(at * 8..at * 8 + 8).and_then(|bytes| bytes.try_into().ok());
        u64::from_ne_bytes(word.unwrap_or_default())
    }

    /// The lowest id that was running.
    pub fn xmin(&self) -> u64 {
        self.word(0)
    }

    /// No id from here on had started.
    pub fn xmax(&self) -> u64 {
        self.word(1)
    }

    /// The ids between them that were running, ascending.
    pub fn running(&self) -> impl Iterator<Item = u64> + use<'a> {
        let view = *self;
        (2..self.0.len() / 8).map(move |at| view.word(at))
    }

    /// Whether a transaction had ended.
    pub fn sees(&self, xid: u64) -> bool {
        if xid < self.xmin() || xid >= self.xmax() {
            return xid < self.xmin();
        }
        let (mut low, mut high) = (2, self.0.len() / 8);
        while low < high {
            let middle = (low + high) / 2;
            match self.word(middle).cmp(&xid) {
                std::cmp::Ordering::Equal => return false,
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        true
    }
}

/// The highest id that a text may name.
const MOST: u64 = i64::MAX as u64;

/// A value, if the ids are one: ascending, within their bounds. An id that is named twice counts once.
pub fn build(xmin: u64, xmax: u64, running: impl Iterator<Item = u64>) -> Option<Vec<u8>> {
    if xmin == 0 || xmax == 0 || xmin > xmax || xmax > MOST {
        return None;
    }
    let mut out = [xmin.to_ne_bytes(), xmax.to_ne_bytes()].concat();
    let mut last = 0;
    for xid in running {
        if xid < xmin || xid >= xmax || xid < last {
            return None;
        }
        if xid != last {
            out.extend_from_slice(&xid.to_ne_bytes());
        }
        last = xid;
    }
    Some(out)
}

/// Reads a number after blanks and a sign, as `strtoull` does.
fn number(rest: &mut &str) -> Option<u64> {
    let text = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let text = text.strip_prefix('+').unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, tail) = text.split_at(end);
    *rest = tail;
    digits.parse().ok()
}

fn parse(text: &str) -> Option<Vec<u8>> {
    let mut rest = text;
    let xmin = number(&mut rest)?;
    rest = rest.strip_prefix(':')?;
    let xmax = number(&mut rest)?;
    rest = rest.strip_prefix(':')?;
    let mut running = Vec::new();
    while !rest.is_empty() {
        running.push(number(&mut rest)?);
        match rest.strip_prefix(',') {
            Some(tail) => rest = tail,
            None if rest.is_empty() => break,
            None => return None,
        }
    }
    build(xmin, xmax, running.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What PostgreSQL 18.6 answers.
    #[test]
    fn texts_are_read_as_postgresql_reads_them() {
        let read = |text: &str| -> Option<String> {
            let env = crate::DefaultEnvironment::default();
            let value = crate::input(crate::oid::PG_SNAPSHOT, text, -1, &env).ok()?;
            let mut out = Vec::new();
            crate::output(crate::oid::PG_SNAPSHOT, value.as_ref(), &env, &mut out).ok()?;
            String::from_utf8(out).ok()
        };
        assert_eq!(read("12:16:14,14").as_deref(), Some("12:16:14"));
        assert_eq!(read(" 12:+20:13, 14,").as_deref(), Some("12:20:13,14"));
        assert_eq!(read("1:9223372036854775807:3").as_deref(), Some("1:9223372036854775807:3"));
        for wrong in ["31:12:", "0:1:", "12:13:0", "12:16:14,13", "12:20", "12:13: 5", "1:9223372036854775808:3", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_was_running_is_not_seen() {
        let value = build(12, 20, [13, 15, 18].into_iter()).unwrap();
        let view = View::new(&value).unwrap();
        let seen: Vec<u64> = (11..22).filter(|&xid| view.sees(xid)).collect();
        assert_eq!(seen, [11, 12, 14, 16, 17, 19]);
    }
}
