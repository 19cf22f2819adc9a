//! What a vacuum or an analyze cost, as VERBOSE and autovacuum's log lines tell it.

use std::sync::atomic::Ordering::Relaxed;

use error::{Error, Result, Severity, SqlState};
use executor::Session;

use super::Maintenance;
use crate::Context;

/// What was used when the work began.
pub(crate) struct Usage {
    pages: storage::Usage,
    /// Records, images, bytes, waits of the whole server's log.
    wal: [u64; 4],
    /// User and system time.
    cpu: (f64, f64),
}

fn wal(session: &Session<'_>) -> [u64; 4] {
    let counts = session.store.storage.wal().statistics();
    [&counts.records, &counts.images, &counts.bytes, &counts.buffers_full].map(|count| count.load(Relaxed))
}

/// This process's user and system time in seconds, to a hundredth, as Linux tells it.
fn cpu() -> (f64, f64) {
    let line = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field, the program's name, may hold blanks; it ends with the last parenthesis.
    let fields: Vec<&str> = line.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().collect();
    let ticks = |n: usize| fields.get(n).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) / 100.0, ticks(12) / 100.0)
}

impl Usage {
    pub fn begin(session: &Session<'_>) -> Usage {
        Usage { pages: session.store.storage.usage(), wal: wal(session), cpu: cpu() }
    }

    /// `CPU: user: 0.00 s, system: 0.00 s, elapsed: 0.00 s`
    pub fn times(&self, started_us: i64) -> String {
        let now = cpu();
        format!(
            "CPU: user: {:.2} s, system: {:.2} s, elapsed: {:.2} s",
            (now.0 - self.cpu.0).max(0.0),
            (now.1 - self.cpu.1).max(0.0),
            (stats::now_us() - started_us).max(0) as f64 / 1e6
        )
    }

    /// The lines that both commands end with.
    pub fn lines(&self, context: &Context<'_>, started_us: i64) -> String {
        let pages = context.session.store.storage.usage() - self.pages;
        let now = wal(context.session);
        let log: Vec<u64> = now.iter().zip(self.wal).map(|(now, before)| now.saturating_sub(before)).collect();
        let seconds = ((stats::now_us() - started_us).max(1)) as f64 / 1e6;
        let rate = |pages: u64| pages as f64 * 8192.0 / (1024.0 * 1024.0) / seconds;
        format!(
            "avg read rate: {:.3} MB/s, avg write rate: {:.3} MB/s\n\
             buffer usage: {} hits, {} reads, {} dirtied\n\
             WAL usage: {} records, {} full page images, {} bytes, {} buffers full\n\
             system usage: {}",
            rate(pages.reads),
            rate(pages.dirtied),
            pages.hits,
            pages.reads,
            pages.dirtied,
            log[0],
            log[1],
            log[2],
            log[3],
            self.times(started_us)
        )
    }

    /// Tells, if that is wanted, what was done (`first`) and used: to the client, or of autovacuum to the log.
    pub fn tell(
        self,
        context: &Context<'_>,
        request: &Maintenance,
        started_us: i64,
        first: &dyn Fn() -> String,
    ) -> Result<()> {
        let severity = match &request.automatic {
            None if request.verbose => Severity::Info,
            Some(automatic) if automatic.logs(started_us) => Severity::Log,
            _ => return Ok(()),
        };
        let text = format!("{}\n{}", first(), self.lines(context, started_us));
        context.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(severity));
        Ok(())
    }
}
