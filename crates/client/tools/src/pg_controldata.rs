//! `pg_controldata`: what `global/pg_control` says, one labelled line for each value. Patroni and others parse it, so labels and
//! columns are PostgreSQL's.

use lexopt::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;
use storage::ControlFile;

const HELP: &str = "\
pg_controldata displays control information of a PostgreSQL database cluster.

Usage:
  pg_controldata [OPTION] [DATADIR]

Options:
 [-D, --pgdata=]DATADIR  data directory
  -V, --version          output version information, then exit
  -?, --help             show this help, then exit

If no data directory (DATADIR) is specified, the environment variable PGDATA
is used.

";

fn fail(message: &str, usage: bool) -> i32 {
    eprintln!("pg_controldata: error: {message}");
    if usage {
        eprintln!("pg_controldata: hint: Try \"pg_controldata --help\" for more information.");
    }
    1
}

/// Runs the tool with these arguments (without its name) and returns its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> i32 {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut directory: Option<PathBuf> = None;
    let mut positional = false;
    loop {
        let argument = match parser.next() {
            Ok(Some(argument)) => argument,
            Ok(None) => break,
            Err(e) => return fail(&e.to_string(), true),
        };
        match argument {
            Short('?') | Long("help") => {
                print!("{HELP}");
                return 0;
            }
            Short('V') | Long("version") => {
                println!("pg_controldata (PostgreSQL) {}", crate::VERSION);
                return 0;
            }
            Short('D') | Long("pgdata") => match parser.value() {
                Ok(value) => directory = Some(value.into()),
                Err(e) => return fail(&e.to_string(), true),
            },
            Value(value) if directory.is_none() && !positional => {
                positional = true;
                directory = Some(value.into());
            }
            Value(value) => {
                let text = format!("too many command-line arguments (first is \"{}\")", value.to_string_lossy());
                return fail(&text, true);
            }
            other => return fail(&other.unexpected().to_string(), true),
        }
    }
    let Some(directory) = directory.or_else(|| std::env::var_os("PGDATA").map(PathBuf::from)) else {
        return fail("no data directory specified", true);
    };
    match ControlFile::read_unchecked(&directory) {
        Err(e) => fail(e.message(), false),
        Ok((control, right)) => {
            if !right {
                println!(
                    "pg_controldata: warning: calculated CRC checksum does not match value stored in control file\n\
                     pg_controldata: detail: Either the control file is corrupt, or it has a different layout than this program \
                     is expecting.  The results below are untrustworthy."
                );
            }
            print!("{}", report(&control));
            0
        }
    }
}

/// A time as PostgreSQL's tools print it in the C locale, in the machine's time zone where that is UTC.
fn time(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = recovery::format_time(seconds); // 2026-11-22 03:17:07 UTC
    let day = DAYS[seconds.div_euclid(86_400).rem_euclid(7) as usize];
    let number = |range: std::ops::Range<usize>| text[range].parse::<usize>().unwrap_or(1);
    format!("{day} {} {:>2} {} {}", MONTHS[(number(5..7) - 1) % 12], number(8..10), &text[11..19], &text[0..4])
}

/// The whole report.
pub fn report(control: &ControlFile) -> String {
    let c = &control.checkpoint_record;
    let on = |yes: bool| if yes { "on" } else { "off" };
    let segment_size = control.segment_size.max(1);
    let redo_file = wal::segment_file_name(c.timeline, c.redo.0 / segment_size as u64, segment_size);
    let nonce: String = control.mock_nonce.iter().map(|byte| format!("{byte:02x}")).collect();
    let lines: [(&str, String); 51] = [
        ("pg_control version number:", "1800".into()),
        ("Catalog version number:", storage::CATALOG_VERSION.to_string()),
        ("Database system identifier:", control.system_identifier.to_string()),
        ("Database cluster state:", control.state.describe().into()),
        ("pg_control last modified:", time(control.time)),
        ("Latest checkpoint location:", control.checkpoint.to_string()),
        ("Latest checkpoint's REDO location:", c.redo.to_string()),
        ("Latest checkpoint's REDO WAL file:", redo_file),
        ("Latest checkpoint's TimeLineID:", c.timeline.0.to_string()),
        ("Latest checkpoint's PrevTimeLineID:", c.previous_timeline.0.to_string()),
        ("Latest checkpoint's full_page_writes:", on(c.full_page_writes).into()),
        ("Latest checkpoint's NextXID:", format!("{}:{}", c.next_xid.0 >> 32, c.next_xid.0 as u32)),
        ("Latest checkpoint's NextOID:", c.next_oid.to_string()),
        ("Latest checkpoint's NextMultiXactId:", c.next_multixact.0.to_string()),
        ("Latest checkpoint's NextMultiOffset:", c.next_multixact_offset.to_string()),
        ("Latest checkpoint's oldestXID:", c.oldest_xid.to_string()),
        ("Latest checkpoint's oldestXID's DB:", c.oldest_xid_database.to_string()),
        ("Latest checkpoint's oldestActiveXID:", c.oldest_active_xid.to_string()),
        ("Latest checkpoint's oldestMultiXid:", c.oldest_multixact.0.to_string()),
        ("Latest checkpoint's oldestMulti's DB:", c.oldest_multixact_database.to_string()),
        ("Latest checkpoint's oldestCommitTsXid:", c.oldest_commit_timestamp_xid.to_string()),
        ("Latest checkpoint's newestCommitTsXid:", c.newest_commit_timestamp_xid.to_string()),
        ("Time of latest checkpoint:", time(c.time)),
        ("Fake LSN counter for unlogged rels:", control.unlogged_lsn.to_string()),
        ("Minimum recovery ending location:", control.minimum_recovery.to_string()),
        ("Min recovery ending loc's timeline:", control.minimum_recovery_timeline.0.to_string()),
        ("Backup start location:", control.backup_start.to_string()),
        ("Backup end location:", control.backup_end.to_string()),
        ("End-of-backup record required:", if control.backup_end_required { "yes" } else { "no" }.into()),
        ("wal_level setting:", control.wal_level.name().into()),
        ("wal_log_hints setting:", on(control.wal_log_hints).into()),
        ("max_connections setting:", control.max_connections.to_string()),
        ("max_worker_processes setting:", control.max_worker_processes.to_string()),
        ("max_wal_senders setting:", control.max_wal_senders.to_string()),
        ("max_prepared_xacts setting:", control.max_prepared_transactions.to_string()),
        ("max_locks_per_xact setting:", control.max_locks_per_transaction.to_string()),
        ("track_commit_timestamp setting:", on(control.track_commit_timestamp).into()),
        ("Maximum data alignment:", "8".into()),
        ("Database block size:", ids::PAGE_SIZE.to_string()),
        ("Blocks per segment of large relation:", "131072".into()),
        ("WAL block size:", "8192".into()),
        ("Bytes per WAL segment:", control.segment_size.to_string()),
        ("Maximum length of identifiers:", "64".into()),
        ("Maximum columns in an index:", "32".into()),
        ("Maximum size of a TOAST chunk:", "1996".into()),
        ("Size of a large-object chunk:", "2048".into()),
        ("Date/time type storage:", "64-bit integers".into()),
        ("Float8 argument passing:", "by value".into()),
        ("Data page checksum version:", (control.checksums as u32).to_string()),
        ("Default char data signedness:", "signed".into()),
        ("Mock authentication nonce:", nonce),
    ];
    lines.iter().map(|(label, value)| format!("{label:<38}{value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ids::{Lsn, TimelineId, Xid};
    use storage::{CheckpointRecord, ClusterState};

    #[test]
    fn labels_and_columns_are_postgresqls() {
        let control = ControlFile {
            state: ClusterState::InProduction,
            time: 1_795_317_428,
            checkpoint: Lsn(0x176_5CE8),
            segment_size: 16 << 20,
            checkpoint_record: CheckpointRecord {
                redo: Lsn(0x176_5CE8),
                timeline: TimelineId(1),
                full_page_writes: true,
                next_xid: Xid(752),
                ..Default::default()
            },
            ..Default::default()
        };
        let report = report(&control);
        for line in [
            "pg_control version number:            1800",
            "Database cluster state:               in production",
            "pg_control last modified:             Sun Nov 22 03:17:08 2026",
            "Latest checkpoint location:           0/1765CE8",
            "Latest checkpoint's REDO WAL file:    000000010000000000000001",
            "Latest checkpoint's full_page_writes: on",
            "Latest checkpoint's NextXID:          0:752",
            "Latest checkpoint's oldestCommitTsXid:0",
            "Maximum data alignment:               8",
        ] {
            assert!(report.lines().any(|l| l == line), "{line}\n{report}");
        }
        assert_eq!(report.lines().count(), 51);
    }
}
