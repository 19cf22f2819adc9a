//! `oliphant` without arguments: psql on a local cluster, which is made and started if there is none.
//!
//! A person gets a prompt. The server that was started for it keeps running behind it, as database servers do; on leaving, psql's
//! place says how to stop it (`oliphant stop`). A script on standard input gets its results and nothing else, and a server that was
//! started for it is stopped at its end: a script leaves nothing behind.
//!
//! Everything is done by the tools that are there for it (`initdb`, `pg_ctl`), as processes of their own.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Ports that are tried behind the configured one, if that is taken.
const MORE_PORTS: u16 = 50;

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

/// A prompt, or the script on standard input; gives psql's exit code.
pub fn run(program: &Path) -> i32 {
    let is_terminal = std::io::stdin().is_terminal();
    let say = |text: &str| {
        if is_terminal {
            eprintln!("{text}");
        }
    };
    let job = || -> Result<i32, String> {
        let cluster = Cluster::find(program)?;
        if sys::process::effective_user() == 0 {
            say("Running as root: fit for trying out only.");
        }
        if !cluster.data.join("PG_VERSION").exists() {
            say(&format!("Making a database cluster in \"{}\".", cluster.data.display()));
            cluster.make()?;
        }
        let before = cluster.address();
        let address = match &before {
            Some(address) => address.clone(),
            None => {
                let address = cluster.start()?;
                say(&format!(
                    "Started its server on port {}; its log is \"{}\".",
                    address.port,
                    cluster.log().display()
                ));
                address
            }
        };
        let code = psql::main(address.arguments());
        match before {
            Some(_) => (),
            None if is_terminal && cluster.address().is_some() => {
                let stop = program.file_name().unwrap_or_default().to_string_lossy();
                say(&format!("The server keeps running ({}). Stop it with: {stop} stop", address.hint()));
            }
            None if is_terminal => (),
            None => cluster.stop()?,
        }
        Ok(code)
    };
    job().unwrap_or_else(complain)
}

/// `oliphant stop`: stops the cluster's server.
pub fn stop(program: &Path) -> i32 {
    let job = || -> Result<i32, String> {
        let cluster = Cluster::find(program)?;
        if cluster.address().is_none() {
            return Err(format!("no server is running in \"{}\"", cluster.data.display()));
        }
        cluster.stop()?;
        println!("The server in \"{}\" is stopped.", cluster.data.display());
        Ok(0)
    };
    job().unwrap_or_else(complain)
}

fn complain(problem: String) -> i32 {
    eprintln!("oliphant: {}", problem.trim_end());
    1
}

/// The cluster in the default data directory.
struct Cluster<'a> {
    program: &'a Path,
    data: PathBuf,
}

impl Cluster<'_> {
    fn find(program: &Path) -> Result<Cluster<'_>, String> {
        let data = data_directory().ok_or("there is no home directory; set PGDATA")?;
        Ok(Cluster { program, data })
    }

    /// The server's log, beside the data directory.
    fn log(&self) -> PathBuf {
        let mut name = self.data.file_name().unwrap_or_default().to_owned();
        name.push(".log");
        self.data.with_file_name(name)
    }

    /// Runs a tool of ours, quietly; what it said is told if it fails.
    fn tool(&self, name: &str, arguments: &[OsString]) -> Result<String, String> {
        let mut command = Command::new(self.program);
        command.arg(name).args((sys::process::effective_user() == 0).then_some("--allow-root")).args(arguments);
        let output = command.stdin(Stdio::null()).output().map_err(|e| format!("could not run {name}: {e}"))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(format!("{name} failed\n{}{}", text(&output.stdout), text(&output.stderr))),
        }
    }

    fn make(&self) -> Result<(), String> {
        if let Some(parent) = self.data.parent() {
            std::fs::create_dir_all(parent)
                .map_err(|e| format!("could not create directory \"{}\": {e}", parent.display()))?;
        }
        let arguments = ["--auth=trust", "--encoding=UTF8", "--username=postgres", "-D"].map(OsString::from);
        self.tool("initdb", &[&arguments[..], &[self.data.clone().into()]].concat()).map(drop)
    }

    /// Starts the server in the background, on the configured port or, if that is taken, one behind it.
    fn start(&self) -> Result<Address, String> {
        let asked = self.tool("postgres", &["-D".into(), self.data.clone().into(), "-C".into(), "port".into()])?;
        let configured: u16 =
            asked.trim().parse().map_err(|_| format!("the port \"{}\" is not valid", asked.trim()))?;
        let is_free = |port: &u16| {
            let has_socket = Path::new("/tmp").join(format!(".s.PGSQL.{port}.lock")).exists();
            !has_socket && TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()
        };
        let port = (configured..configured.saturating_add(MORE_PORTS)).find(is_free).unwrap_or(configured);
        let mut arguments: Vec<OsString> = vec![
            "start".into(),
            "-w".into(),
            "-s".into(),
            "-D".into(),
            self.data.clone().into(),
            "-l".into(),
            self.log().into(),
        ];
        if port != configured {
            arguments.extend(["-o".into(), format!("-p {port}").into()]);
        }
        self.pg_ctl(&arguments)?;
        self.address().ok_or_else(|| format!("the server does not run; see its log \"{}\"", self.log().display()))
    }

    fn stop(&self) -> Result<(), String> {
        self.pg_ctl(&[
            "stop".into(),
            "-w".into(),
            "-s".into(),
            "-m".into(),
            "fast".into(),
            "-D".into(),
            self.data.clone().into(),
        ])
    }

    /// `pg_ctl` writes to files of its own: a server that it starts keeps the ends of pipes.
    fn pg_ctl(&self, arguments: &[OsString]) -> Result<(), String> {
        let mut command = Command::new(self.program);
        command.arg("pg_ctl").args((sys::process::effective_user() == 0).then_some("--allow-root")).args(arguments);
        let status = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .map_err(|e| format!("could not run pg_ctl: {e}"))?;
        match status.success() {
            true => Ok(()),
            false => Err(format!("pg_ctl {} failed; see \"{}\"", arguments[0].display(), self.log().display())),
        }
    }

    /// Where the server listens, if one runs here and is ready.
    fn address(&self) -> Option<Address> {
        let text = std::fs::read_to_string(self.data.join("postmaster.pid")).ok()?;
        Address::read(&text).filter(|(pid, _)| sys::process::exists(*pid)).map(|(_, address)| address)
    }
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    host: String,
    port: u16,
}

impl Address {
    /// The server's process and address from the lines of `postmaster.pid`, if it is ready.
    fn read(text: &str) -> Option<(i32, Address)> {
        let lines: Vec<&str> = text.lines().collect();
        let [pid, _, _, port, directory, address, _, status] = lines[..] else { return None };
        if status.trim() != "ready" {
            return None;
        }
        let host = [directory, address].into_iter().find(|host| !host.is_empty())?;
        let host = if host == "*" { "localhost" } else { host };
        Some((pid.parse().ok()?, Address { host: host.to_owned(), port: port.parse().ok()? }))
    }

    /// What psql is called with. What the environment names goes before the names that initdb made.
    fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> =
            vec!["-h".into(), self.host.clone().into(), "-p".into(), self.port.to_string().into()];
        if std::env::var_os("PGUSER").is_none() {
            arguments.extend(["-U".into(), "postgres".into()]);
        }
        if std::env::var_os("PGDATABASE").is_none() {
            arguments.extend(["-d".into(), "postgres".into()]);
        }
        arguments
    }

    /// How other programs reach it.
    fn hint(&self) -> String {
        format!("psql -h {} -p {} -U postgres postgres", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_ready_server_has_an_address() {
        let text = |status: &str| format!("7\n/d\n0\n5433\n/tmp\n127.0.0.1\n1 0\n{status}\n");
        assert_eq!(Address::read(&text("starting")), None);
        assert_eq!(Address::read(&text("ready   ")), Some((7, Address { host: "/tmp".into(), port: 5433 })));
        assert_eq!(Address::read("7\n/d\n0\n5433\n\n*\n1 0\nready\n").unwrap().1.host, "localhost");
        assert_eq!(Address::read(""), None);
    }

    #[test]
    fn the_log_is_beside_the_data() {
        let cluster = Cluster { program: Path::new("oliphant"), data: PathBuf::from("/home/x/oliphant/18") };
        assert_eq!(cluster.log(), Path::new("/home/x/oliphant/18.log"));
    }
}
