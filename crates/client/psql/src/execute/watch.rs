//! `\watch`: a statement again and again.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::interrupt::{Running, Waited};
use crate::pager::{Pager, Purpose};
use crate::print::{PagerUse, PrintOptions};
use crate::session::Psql;

/// What `\watch` was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// The time from one beginning to the next.
    pub interval: Duration,
    /// How often; 0 for no end.
    pub count: u64,
    /// The series ends when there are fewer rows.
    pub least_rows: u64,
}

/// One execution of the series.
pub(super) struct Round {
    /// The print options, with the time for a title.
    pub print: PrintOptions,
}

impl Psql {
    /// Executes a statement as `\watch` says; gives false if an execution failed.
    pub fn watch(&mut self, query: &[u8], watch: &Watch) -> bool {
        if query.is_empty() {
            self.error("\\watch cannot be used with an empty query");
            return false;
        }
        let title = self.print.title.clone();
        // One pager for all of the series, if there is one for it; otherwise none, as nobody wants to be asked at each round.
        if self.on_terminal && self.output.is_stdout() {
            self.output.flush();
            self.series_pager = Pager::start(Purpose::Watch);
        }
        let (mut left, mut due) = (watch.count, Instant::now());
        let success = loop {
            let mut print = self.print.clone();
            print.pager = PagerUse::Off;
            let now = local_time();
            let seconds = shortest(watch.interval);
            print.title = Some(match &title {
                Some(title) => [title, format!("\t{now} (every {seconds}s)\n").as_bytes()].concat(),
                None => format!("{now} (every {seconds}s)\n").into_bytes(),
            });
            self.arm_interrupt();
            let done = self.execute(query, Some(&Round { print }));
            self.interrupt.set_running(Running::default());
            if self.timing {
                self.tell_time(done.elapsed);
            }
            if !done.success || done.interrupted {
                break done.success;
            }
            if watch.count > 0 {
                left -= 1;
                if left == 0 {
                    break true;
                }
            }
            if done.rows < watch.least_rows || self.series_pager.as_ref().is_some_and(Pager::is_gone) {
                break true;
            }
            due += watch.interval;
            let wait = due.saturating_duration_since(Instant::now());
            if self.interrupt.pressed() || self.interrupt.wait(None, Some(wait)) == Waited::Interrupted {
                break true;
            }
            if wait.is_zero() {
                due = Instant::now();
            }
        };
        if self.series_pager.take().is_some() {
            return success;
        }
        // The output of the series ends with a line of its own, also when Ctrl-C left the cursor somewhere.
        self.say("\n");
        success
    }
}

/// Seconds as C's `%g` prints them.
fn shortest(interval: Duration) -> String {
    let seconds = interval.as_secs_f64();
    if seconds == 0.0 {
        return "0".into();
    }
    let exponent = seconds.log10().floor() as i32;
    if !(-4..6).contains(&exponent) {
        let text = format!("{seconds:.5e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let text = format!("{seconds:.*}", (5 - exponent).max(0) as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// The time of day as C's `%c` prints it in the C locale.
fn local_time() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    sys::timer::local_time(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_shown_short() {
        for (seconds, expected) in
            [(2.0, "2"), (0.1, "0.1"), (0.00001, "1e-05"), (1_000_000.0, "1e+06"), (12.5, "12.5")]
        {
            assert_eq!(shortest(Duration::from_secs_f64(seconds)), expected);
        }
    }
}
