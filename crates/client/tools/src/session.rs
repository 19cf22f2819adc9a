//! How the small tools connect and what they run.

use client::{Config, ConnectError, Connection, QueryResult, Rows, quote_identifier};
use psql::message::Level;

use crate::prompt;
use crate::tool::{self, Exit, Tool};

/// What all of a tool's connections are: the safe search path.
const SAFE_PATH: &str = "SELECT pg_catalog.set_config('search_path', '', false);";

/// How to connect, from the command line.
#[derive(Clone, Default)]
pub(crate) struct Access {
    options: Vec<(&'static str, String)>,
    /// `Some(true)`: ask for a password first; `Some(false)`: never ask.
    prompt: Option<bool>,
    pub echo: bool,
    /// A password that was asked for, for all further connections.
    password: std::cell::RefCell<Option<String>>,
}

impl Access {
    /// Takes an option that is about connecting; whether it was one.
    pub(crate) fn take(&mut self, option: &'static str, value: &str) -> bool {
        match option {
            "host" | "port" => self.options.push((option, value.into())),
            "username" => self.options.push(("user", value.into())),
            "no-password" => self.prompt = Some(false),
            "password" => self.prompt = Some(true),
            "echo" => self.echo = true,
            _ => return false,
        }
        true
    }

    /// The user's name, if the command line has one.
    pub(crate) fn user(&self) -> Option<&str> {
        self.options.iter().rev().find(|option| option.0 == "user").map(|option| option.1.as_str())
    }

    fn config(&self, tool: &Tool, dbname: &str, override_dbname: Option<&str>) -> Result<Config, ConnectError> {
        let mut config = Config::new();
        for (keyword, value) in &self.options {
            config.set(keyword, value.as_str())?;
        }
        config.set_dbname(dbname)?;
        if let Some(name) = override_dbname {
            config.set("dbname", name)?;
        }
        config.set("fallback_application_name", tool.name)?;
        if let Some(password) = self.password.borrow().as_deref() {
            config.set("password", password)?;
        }
        Ok(config)
    }

    fn try_connect(
        &self,
        tool: &Tool,
        dbname: &str,
        override_dbname: Option<&str>,
    ) -> Result<Connection, ConnectError> {
        let mut ask = self.prompt == Some(true) && self.password.borrow().is_none();
        loop {
            if ask {
                *self.password.borrow_mut() = prompt::ask("Password: ", false);
            }
            match Connection::connect(&self.config(tool, dbname, override_dbname)?) {
                Err(error)
                    if error.needs_password() && self.prompt != Some(false) && self.password.borrow().is_none() =>
                {
                    ask = true;
                }
                result => return result,
            }
        }
    }

    /// Connects to a database, which may be named by a connection string; `override_dbname` replaces the name in that.
    pub(crate) fn connect<'a>(
        &self,
        tool: &'a Tool,
        dbname: &str,
        override_dbname: Option<&str>,
    ) -> Result<Session<'a>, Exit> {
        let connection =
            self.try_connect(tool, dbname, override_dbname).map_err(|error| tool.error(error.message()))?;
        Session::new(tool, connection, self.echo)
    }

    /// Connects to the database from which others are made and listed: the one given, or `postgres`, or `template1`.
    pub(crate) fn connect_maintenance<'a>(&self, tool: &'a Tool, given: Option<&str>) -> Result<Session<'a>, Exit> {
        if let Some(given) = given {
            return self.connect(tool, given, None);
        }
        match self.try_connect(tool, "postgres", None) {
            Ok(connection) => Session::new(tool, connection, self.echo),
            Err(_) => self.connect(tool, "template1", None),
        }
    }
}

/// A tool's connection.
pub(crate) struct Session<'a> {
    tool: &'a Tool,
    pub connection: Connection,
    echo: bool,
}

impl<'a> Session<'a> {
    fn new(tool: &'a Tool, mut connection: Connection, echo: bool) -> Result<Session<'a>, Exit> {
        connection.set_notice_handler(|notice| eprintln!("{notice}"));
        let mut session = Session { tool, connection, echo };
        session.query(SAFE_PATH)?;
        Ok(session)
    }

    /// Shows a command, if that is asked for.
    pub(crate) fn show(&self, sql: &str) {
        if self.echo {
            tool::print(sql);
        }
    }

    /// The database's name.
    pub(crate) fn dbname(&self) -> String {
        self.connection.dbname().to_string()
    }

    /// Runs a query that has to give rows.
    pub(crate) fn query(&mut self, sql: &str) -> Result<Rows, Exit> {
        self.show(sql);
        match self.connection.exec(sql) {
            QueryResult::Rows(rows) => Ok(rows),
            QueryResult::Error(error) => {
                self.tool.error(&format!("query failed: {error}"));
                self.tool.say(Level::Detail, &format!("Query was: {sql}"));
                Err(Exit(1))
            }
            _ => Ok(Rows::default()),
        }
    }

    /// Runs a command; the error's text if it fails.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), String> {
        self.show(sql);
        match self.connection.exec(sql) {
            QueryResult::Error(error) => Err(error.to_string()),
            _ => Ok(()),
        }
    }

    /// Runs something with the user's own search path instead of the safe one.
    pub(crate) fn with_own_path(&mut self, sql: &str) -> Result<Rows, Exit> {
        self.query("RESET search_path;")?;
        let rows = self.query(sql)?;
        self.query(SAFE_PATH)?;
        Ok(rows)
    }

    /// The qualified name of a relation as the user wrote it, maybe with columns in parentheses behind it, which stay.
    pub(crate) fn qualified(&mut self, spec: &str) -> Result<String, Exit> {
        let (name, columns) = split_columns(self.tool, spec)?;
        let literal = client::escape_literal(name);
        let rows = self.with_own_path(&format!(
            "SELECT c.relname, ns.nspname\n FROM pg_catalog.pg_class c, pg_catalog.pg_namespace ns\n WHERE c.relnamespace \
             OPERATOR(pg_catalog.=) ns.oid\n  AND c.oid OPERATOR(pg_catalog.=) {literal}::pg_catalog.regclass;"
        ))?;
        if rows.len() != 1 {
            let (count, plural) = (rows.len(), if rows.len() == 1 { "" } else { "s" });
            return Err(self.tool.error(&format!("query returned {count} row{plural} instead of one: {spec}")));
        }
        Ok(format!("{}{columns}", qualified(&rows.text(0, 1), &rows.text(0, 0))))
    }

    /// All databases that can be connected to.
    pub(crate) fn databases(&mut self) -> Result<Vec<String>, Exit> {
        let rows =
            self.query("SELECT datname FROM pg_database WHERE datallowconn AND datconnlimit <> -2 ORDER BY 1;")?;
        Ok((0..rows.len()).map(|row| rows.text(row, 0).into_owned()).collect())
    }
}

/// A qualified name, quoted where it needs to be.
pub(crate) fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", quote_identifier(schema), quote_identifier(name))
}

/// Cuts `name(columns)` at the parenthesis, which does not count within double quotes.
pub(crate) fn split_columns<'a>(_: &Tool, spec: &'a str) -> Result<(&'a str, &'a str), Exit> {
    let mut quoted = false;
    for (at, c) in spec.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => return Ok(spec.split_at(at)),
            _ => (),
        }
    }
    Ok((spec, ""))
}

/// Says something on standard output at once.
pub(crate) fn say(text: &str) {
    tool::print(text);
    tool::flush();
}

/// The database to work on, if none is named: `PGDATABASE`, else `PGUSER`, else the user's name.
pub(crate) fn default_database(tool: &Tool, access: &Access) -> Result<String, Exit> {
    let from = |name: &str| std::env::var(name).ok();
    match from("PGDATABASE").or_else(|| access.user().map(str::to_string)).or_else(|| from("PGUSER")) {
        Some(name) => Ok(name),
        None => user_name(tool),
    }
}

/// The name of the user that runs the tool.
pub(crate) fn user_name(tool: &Tool) -> Result<String, Exit> {
    let id = sys::process::effective_user();
    sys::process::user_name(id)
        .ok_or_else(|| tool.error(&format!("could not look up effective user ID {id}: user does not exist")))
}
