//! `oliphant` without arguments: a cluster in the default data directory, made if there is none, and served until Ctrl-C.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sys::Signal;

/// Where the cluster is: `$PGDATA`, or a place in the user's home.
pub fn data_directory() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("PGDATA").or_else(|| {
        let home = || {
            let home = variable("HOME").or_else(|| sys::process::home_directory(sys::process::effective_user()))?;
            Some(home.join(".local/share"))
        };
        Some(variable("XDG_DATA_HOME").or_else(home)?.join("oliphant/18"))
    })
}

/// Does it; gives the exit code.
pub fn run(program: &Path) -> i32 {
    let Some(data) = data_directory() else {
        eprintln!("oliphant: there is no home directory; set PGDATA");
        return 1;
    };
    let is_root = sys::process::effective_user() == 0;
    if is_root {
        eprintln!("oliphant: warning: running as root; fit for trying out only");
    }
    let root = || is_root.then_some("--allow-root");
    if !data.join("PG_VERSION").exists() {
        if let Some(parent) = data.parent()
            && let Err(e) = std::fs::create_dir_all(parent)
        {
            eprintln!("oliphant: could not create directory \"{}\": {e}", parent.display());
            return 1;
        }
        let mut initdb = Command::new(program);
        initdb.args(["initdb", "--auth=trust", "--encoding=UTF8", "--username=postgres", "-D"]).arg(&data).args(root());
        match initdb.status() {
            Ok(status) if status.success() => (),
            Ok(_) => return 1,
            Err(e) => {
                eprintln!("oliphant: could not run initdb: {e}");
                return 1;
            }
        }
        println!();
    }
    serve(program, &data, is_root)
}

/// Runs the server as a child, says when it is ready, and passes on the signals that ask it to stop.
fn serve(program: &Path, data: &Path, is_root: bool) -> i32 {
    // Ctrl-C reaches the server too, which then shuts down; this process only waits for that.
    let stops = [Signal::Int, Signal::Term, Signal::Hup].map(|signal| (signal, sys::signal::flag(signal)));
    let mut command = Command::new(program);
    command.args(["postgres", "-D"]).arg(data).args(is_root.then_some("--allow-root"));
    let mut server = match command.spawn() {
        Ok(server) => server,
        Err(e) => {
            eprintln!("oliphant: could not start the server: {e}");
            return 1;
        }
    };
    let pid = server.id() as i32;
    let mut announced = false;
    loop {
        match server.try_wait() {
            Ok(None) => (),
            Ok(Some(status)) => return status.code().unwrap_or(1),
            Err(_) => return 1,
        }
        if !announced && let Some(how) = connection(data, pid) {
            println!("\nReady. Connect with:\n\n    {how}\n\nCtrl-C stops the server.\n");
            announced = true;
        }
        for (signal, flag) in &stops {
            if flag.swap(false, std::sync::atomic::Ordering::AcqRel) {
                // Twice the same request does no harm.
                let fast = if *signal == Signal::Hup { Signal::Hup } else { Signal::Int };
                let _ = sys::kill(pid, fast);
            }
        }
        std::thread::sleep(Duration::from_millis(if announced { 200 } else { 20 }));
    }
}

/// How to connect to the server `pid`, once it is ready.
fn connection(data: &Path, pid: i32) -> Option<String> {
    let text = std::fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let lines: Vec<&str> = text.lines().collect();
    let [first, _, _, port, directory, address, _, status] = lines[..] else { return None };
    if first.parse() != Ok(pid) || status.trim() != "ready" {
        return None;
    }
    let host = [directory, address].into_iter().find(|host| !host.is_empty())?;
    let host = if host == "*" { "localhost" } else { host };
    Some(format!("psql -h {host} -p {port} -U postgres postgres"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_ready_server_of_ours_is_announced() {
        let directory = tempfile::tempdir().unwrap();
        let write = |pid: i32, status: &str| {
            let text = format!("{pid}\n/d\n0\n5433\n/tmp\n127.0.0.1\n1 0\n{status}\n");
            std::fs::write(directory.path().join("postmaster.pid"), text).unwrap();
        };
        write(7, "starting");
        assert_eq!(connection(directory.path(), 7), None);
        write(8, "ready   ");
        assert_eq!(connection(directory.path(), 7), None);
        write(7, "ready   ");
        assert_eq!(connection(directory.path(), 7).unwrap(), "psql -h /tmp -p 5433 -U postgres postgres");
    }
}
