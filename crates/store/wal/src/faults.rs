//! Fail points: named places at which a test makes file access fail, cut a write short, or kill the process.
//!
//! In normal operation a point costs one relaxed load. Points are armed by [`arm`], or for a whole server by the environment
//! variable `OLIPHANT_FAULTS` (`name=fault[@n];…`, where the fault is `enospc`, `eio`, `short`, `kill` or `torn` and
//! happens at the n-th pass, or `name=fault?file`: at every pass while that file exists), read by [`arm_from_environment`].

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// What happens at a fail point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call fails with this error number.
    Fail(i32),
    /// A write writes only half of its bytes, and says so.
    Short,
    /// A write writes half of its bytes, then the process dies.
    Torn,
    /// The process dies.
    Kill,
}

static ARMED: AtomicBool = AtomicBool::new(false);
static POINTS: Mutex<Option<HashMap<String, (Fault, When)>>> = Mutex::new(None);

enum When {
    /// At this pass from now, once.
    Pass(u64),
    /// As long as there is such a file.
    While(PathBuf),
}

/// Arms the point `name`: the fault happens at its `pass`-th pass from now (from 1), once. For this process and those it forks
/// later.
pub fn arm(name: &str, fault: Fault, pass: u64) {
    set(name, fault, When::Pass(pass.max(1)));
}

/// Arms the point `name`: the fault happens at every pass while `file` exists.
pub fn arm_while(name: &str, fault: Fault, file: impl Into<PathBuf>) {
    set(name, fault, When::While(file.into()));
}

fn set(name: &str, fault: Fault, when: When) {
    let mut points = POINTS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    points.get_or_insert_default().insert(name.to_string(), (fault, when));
    ARMED.store(true, Ordering::SeqCst);
}

/// Disarms all points.
pub fn disarm() {
    ARMED.store(false, Ordering::SeqCst);
    *POINTS.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
}

/// Arms what `OLIPHANT_FAULTS` lists.
pub fn arm_from_environment() {
    let Ok(list) = std::env::var("OLIPHANT_FAULTS") else { return };
    for item in list.split(';').filter(|item| !item.is_empty()) {
        let Some((name, fault)) = item.split_once('=') else { continue };
        let (fault, file) = fault.split_once('?').map_or((fault, None), |(fault, file)| (fault, Some(file)));
        let (fault, pass) = fault.split_once('@').unwrap_or((fault, "1"));
        let fault = match fault {
            "enospc" => Fault::Fail(28),
            "eio" => Fault::Fail(5),
            "short" => Fault::Short,
            "torn" => Fault::Torn,
            _ => Fault::Kill,
        };
        match file {
            Some(file) => arm_while(name, fault, file),
            None => arm(name, fault, pass.parse().unwrap_or(1)),
        }
    }
}

/// Passes the point `name`.
#[inline(always)]
pub fn check(name: &str) -> Option<Fault> {
    if ARMED.load(Ordering::Relaxed) { passed(name) } else { None }
}

#[cold]
fn passed(name: &str) -> Option<Fault> {
    let mut points = POINTS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let points = points.as_mut()?;
    let (fault, when) = points.get_mut(name)?;
    let fault = *fault;
    match when {
        When::While(file) => return file.exists().then_some(fault),
        When::Pass(left) => {
            *left -= 1;
            if *left > 0 {
                return None;
            }
        }
    }
    points.remove(name);
    if fault == Fault::Kill {
        die();
    }
    Some(fault)
}

/// Dies as a crash does: no destructor, no buffer flushed.
pub fn die() -> ! {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}

/// Passes a point in front of a call that writes nothing.
pub fn call(name: &str) -> io::Result<()> {
    match check(name) {
        Some(Fault::Fail(number)) => Err(io::Error::from_raw_os_error(number)),
        _ => Ok(()),
    }
}
