//! The one binary: `oliphant psql …`, or called by a tool's own name.
//!
//! * [`TOOLS`] is the table of all tools; `oliphant install-links DIR` makes a link for each, so that DIR serves as a
//!   PostgreSQL "bin directory".
//! * [`server`] is the table of the server's processes.
//! * [`main_job`] is what happens without arguments: psql on a local cluster, which is made and started if there is none.
#![forbid(unsafe_code)]

mod main_job;
mod server;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Counts what is allocated, so that a session's memory can be bounded.
#[global_allocator]
static ALLOCATOR: sys::memory::Counted = sys::memory::Counted;

/// A tool: what `oliphant NAME` runs.
struct Tool {
    name: &'static str,
    purpose: &'static str,
    /// Gets the path of this executable as it was called, and the arguments behind the tool's name; gives the exit code.
    run: fn(&Path, Vec<OsString>) -> i32,
}

/// Every tool, by name.
const TOOLS: &[Tool] = &[
    Tool {
        name: "clusterdb",
        purpose: "put tables into the order of an index",
        run: |_, arguments| tools::clusterdb::main(arguments),
    },
    Tool { name: "createdb", purpose: "make a database", run: |_, arguments| tools::createdb::main(arguments) },
    Tool { name: "createuser", purpose: "make a role", run: |_, arguments| tools::createuser::main(arguments) },
    Tool { name: "dropdb", purpose: "remove a database", run: |_, arguments| tools::dropdb::main(arguments) },
    Tool { name: "dropuser", purpose: "remove a role", run: |_, arguments| tools::dropuser::main(arguments) },
    Tool { name: "initdb", purpose: "make a new database cluster", run: |_, arguments| tools::initdb::main(arguments) },
    Tool {
        name: "pg_controldata",
        purpose: "show a cluster's control file",
        run: |_, arguments| tools::pg_controldata::main(arguments),
    },
    Tool {
        name: "pg_ctl",
        purpose: "start, stop or control a server",
        run: |program, arguments| tools::pg_ctl::main(program, &text(arguments)),
    },
    Tool {
        name: "pg_isready",
        purpose: "ask whether a server accepts connections",
        run: |_, arguments| tools::pg_isready::main(arguments),
    },
    Tool {
        name: "pg_waldump",
        purpose: "show the write-ahead log's records",
        run: |_, arguments| tools::pg_waldump::main(arguments),
    },
    Tool { name: "postgres", purpose: "the server", run: serve },
    Tool { name: "psql", purpose: "the interactive terminal", run: |_, arguments| psql::main(arguments) },
    Tool { name: "reindexdb", purpose: "rebuild indexes", run: |_, arguments| tools::reindexdb::main(arguments) },
    Tool {
        name: "vacuumdb",
        purpose: "vacuum and analyze databases",
        run: |_, arguments| tools::vacuumdb::main(arguments),
    },
];

/// The set-returning functions of the crates above `types`.
static ROW_SOURCES: &[&[(u32, types::RowSourceMaker)]] = &[
    catalog::functions::ROW_SOURCES,
    backend::functions::ROW_SOURCES,
    backend::statistics::ROW_SOURCES,
    backend::activity::ROW_SOURCES,
    backend::cluster::ROW_SOURCES,
    backend::files::ROW_SOURCES,
];

/// Registers what the crates above `types` and `catalog` add to them; to be done before the first look-up.
fn register_functions() {
    let tables = [catalog::functions::TABLES, backend::functions::TABLES].concat();
    types::register(tables.leak());
    types::register_row_sources(ROW_SOURCES);
    catalog::functions::register_deparser(&analyzer::deparse::StoredDeparser);
}

fn serve(program: &Path, arguments: Vec<OsString>) -> i32 {
    register_functions();
    postmaster::main(&server::Oliphant::new(), program, &text(arguments))
}

fn text(arguments: Vec<OsString>) -> Vec<String> {
    arguments.into_iter().map(|argument| argument.to_string_lossy().into_owned()).collect()
}

fn main() {
    let mut arguments = std::env::args_os();
    let called = PathBuf::from(arguments.next().unwrap_or_default());
    let program = own_path(&called);
    let name = called.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let code = match find(&name) {
        Some(tool) => (tool.run)(&program, arguments.collect()),
        None => dispatch(&program, arguments.collect()),
    };
    std::process::exit(code);
}

fn find(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name || name == "postmaster" && tool.name == "postgres")
}

/// Runs `oliphant ARGUMENTS`.
fn dispatch(program: &Path, mut arguments: Vec<OsString>) -> i32 {
    let Some(first) = arguments.first().map(|first| first.to_string_lossy().into_owned()) else {
        return main_job::run(program);
    };
    match (first.as_str(), find(&first)) {
        (_, Some(tool)) => (tool.run)(program, arguments.split_off(1)),
        ("--help" | "-?" | "help", _) => {
            print!("{}", help());
            0
        }
        ("--version" | "-V", _) => {
            println!("oliphant {} (PostgreSQL 18.6)", env!("CARGO_PKG_VERSION"));
            0
        }
        ("stop", _) if arguments.len() == 1 => main_job::stop(program),
        ("install-links", _) => install_links(program, &arguments[1..]),
        _ => {
            eprintln!("oliphant: there is no tool \"{first}\"\nTry \"oliphant --help\" for more information.");
            1
        }
    }
}

fn help() -> String {
    let mut text = String::from(
        "oliphant is PostgreSQL: server and tools in one program.\n\nUsage:\n  \
         oliphant                     psql on the cluster in the default data directory; make and start it if need be\n  \
         oliphant < SCRIPT            the same with a script; a server started for it is stopped at its end\n  \
         oliphant stop                stop the server of the default data directory\n  \
         oliphant TOOL [ARGUMENT]...  run a tool; also if called by the tool's name\n  \
         oliphant install-links DIR   make links for all tools in DIR\n  \
         oliphant --help | --version\n\nTools:\n",
    );
    for tool in TOOLS {
        text.push_str(&format!("  {:20} {}\n", tool.name, tool.purpose));
    }
    let directory = main_job::data_directory().map_or("unknown".into(), |d| d.display().to_string());
    text.push_str(&format!("\nThe default data directory is $PGDATA, or else {directory}.\n"));
    text
}

/// This executable's path: as it was called, so that links beside it are found; else the file itself.
fn own_path(called: &Path) -> PathBuf {
    let has_directory = called.parent().is_some_and(|parent| !parent.as_os_str().is_empty());
    let as_called = match has_directory {
        true => std::path::absolute(called).ok(),
        false => {
            let path = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&path).map(|directory| directory.join(called)).find(|file| file.is_file())
        }
    };
    as_called.filter(|path| path.exists()).or_else(|| std::env::current_exe().ok()).unwrap_or_else(|| called.into())
}

fn install_links(program: &Path, arguments: &[OsString]) -> i32 {
    let [directory] = arguments else {
        eprintln!("oliphant: install-links needs a directory\nTry \"oliphant --help\" for more information.");
        return 1;
    };
    let directory = Path::new(directory);
    let install = || -> std::io::Result<()> {
        let target = program.canonicalize()?;
        std::fs::create_dir_all(directory)?;
        for tool in TOOLS {
            let link = directory.join(tool.name);
            if link.is_symlink() {
                std::fs::remove_file(&link)?;
            }
            std::os::unix::fs::symlink(&target, &link)?;
        }
        Ok(())
    };
    match install() {
        Ok(()) => {
            println!("{} links in {}", TOOLS.len(), directory.display());
            0
        }
        Err(e) => {
            eprintln!("oliphant: could not make links in \"{}\": {e}", directory.display());
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_in_the_help() {
        assert!(TOOLS.is_sorted_by_key(|tool| tool.name));
        assert!(TOOLS.iter().all(|tool| help().contains(tool.name)));
        assert!(find("postmaster").is_some_and(|tool| tool.name == "postgres"));
    }

    /// The index of all functions refuses (in debug builds) to hold two of one object id.
    #[test]
    fn no_function_exists_twice() {
        register_functions();
        assert!(types::function(ids::Oid(2026)).is_some_and(|function| function.name == "pg_backend_pid"));
        assert!(types::row_source(ids::Oid(2084)).is_some());
    }

    #[test]
    fn links_point_here_and_may_be_made_again() {
        let directory = tempfile::tempdir().unwrap();
        let program = std::env::current_exe().unwrap();
        for _ in 0..2 {
            assert_eq!(install_links(&program, &[directory.path().into()]), 0);
        }
        for tool in TOOLS {
            assert_eq!(std::fs::read_link(directory.path().join(tool.name)).unwrap(), program.canonicalize().unwrap());
        }
        std::fs::write(directory.path().join("x"), "").unwrap();
        assert_eq!(install_links(&program, &[directory.path().join("x").into()]), 1);
    }
}
