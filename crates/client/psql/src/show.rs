//! Results on their way to the printer.

use std::io::{self, IsTerminal, Write};

use crate::interrupt::Stoppable;
use crate::output::Target;
use crate::print::{Expanded, Format, PrintOptions, Printer, Table};
use crate::session::Psql;
use crate::shell;

impl Psql {
    /// Prints a table to `target`, or else to where results go, by the session's options or others.
    pub fn show(&mut self, table: &Table<'_>, options: Option<&PrintOptions>, target: Option<&mut Target>) -> bool {
        let mut options = options.unwrap_or(&self.print).clone();
        let on_terminal = target.is_none() && self.output.is_stdout() && io::stdout().is_terminal();
        options.terminal_columns = if on_terminal { terminal_columns() } else { 0 };
        let written = {
            let printer = Printer::new(table, &options);
            let mut pager = match (on_terminal && self.series_pager.is_none(), printer.too_wide()) {
                (false, _) => None,
                (true, true) => self.table_pager(usize::MAX, &options),
                (true, false) => self.table_pager(printer.lines(), &options),
            };
            let to: &mut dyn Write = match target {
                None if let Some(pager) = self.series_pager.as_mut().filter(|_| on_terminal) => pager,
                _ if let Some(pager) = &mut pager => pager,
                Some(target) => target,
                None => self.output.results(),
            };
            let mut to = Stoppable::new(&self.interrupt, to);
            printer.write(&mut to).and_then(|()| to.flush())
        };
        if self.interrupt.pressed() {
            // Wherever in a line the output was stopped, what comes next begins a new one.
            if on_terminal {
                self.say("\n");
            }
            return true;
        }
        if let Some(log) = &mut self.log_file {
            // The log shows tables in one way, whatever the format is.
            options.format = Format::Aligned;
            options.expanded = Expanded::Off;
            let _ = Printer::new(table, &options).write(log);
        }
        match written {
            // A command that has seen enough is no failure.
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
                self.error(format!("could not print result table: {}", shell::reason(&e)));
                false
            }
            _ => true,
        }
    }
}

/// The terminal's width: what `COLUMNS` says, or the terminal itself.
fn terminal_columns() -> u32 {
    let variable = std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok()).filter(|&n: &u32| n > 0);
    variable.unwrap_or_else(|| {
        rustix::termios::tcgetwinsize(rustix::stdio::stdout()).map_or(0, |size| u32::from(size.ws_col))
    })
}
