//! The connection: at the start, `\connect` with what it takes over from the one before, `\conninfo`, `\password`.

use client::{Config, Connection};

use super::{Call, Status};
use crate::VERSION;
use crate::lexer::{ArgumentKind, shown};
use crate::message::Level;
use crate::print::{Grid, Table};
use crate::session::{PasswordPrompt, Psql, Surroundings};
use crate::variables::{not_bool, parse_bool};

/// What `\connect` is given.
#[derive(Debug, Default)]
struct Wanted {
    database: Option<String>,
    user: Option<String>,
    host: Option<String>,
    port: Option<String>,
}

/// What an option of `\connect` says about taking over parameters.
const REUSE: &[u8] = b"-reuse-previous=";

/// `\connect [-reuse-previous=BOOLEAN] [DATABASE|- [USER|- [HOST|- [PORT|-]]]]`
pub(super) fn connect(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let mut reuse = None;
    let mut first = argument(psql, call);
    if let Some(Some(value)) = first.as_ref().map(|text| text.as_bytes().strip_prefix(REUSE)) {
        match parse_bool(value) {
            Some(wanted) => reuse = Some(wanted),
            None => {
                psql.error(not_bool(value, "-reuse-previous"));
                return Status::Error;
            }
        }
        first = argument(psql, call);
    }
    // A missing argument ends the list; `-` only skips one.
    let wanted =
        Wanted { database: first, user: argument(psql, call), host: argument(psql, call), port: argument(psql, call) };
    psql.reconnect(reuse, wanted).into()
}

/// An argument of `\connect`; `None` if it is absent, empty or an unquoted `-`.
fn argument(psql: &mut Psql, call: &mut Call<'_>) -> Option<String> {
    let active = Surroundings { psql, active: true };
    let mut active = active;
    let argument = call.script.lexer.argument(ArgumentKind::IdentifierAsWritten, true, &mut active)?;
    let absent = !argument.quoted && (argument.text.is_empty() || argument.text == b"-");
    (!absent).then(|| shown(&argument.text).into_owned())
}

impl Psql {
    /// Replaces the connection by another; says how that went.
    fn reconnect(&mut self, reuse: Option<bool>, wanted: Wanted) -> bool {
        let is_string = wanted.database.as_deref().is_some_and(Config::is_connection_string);
        if is_string && (wanted.user.is_some() || wanted.host.is_some() || wanted.port.is_some()) {
            self.error("Do not give user, host, or port separately when using a connection string");
            return false;
        }
        let reuse = reuse.unwrap_or(!is_string);
        let mut config = match self.connection.as_ref().or(self.lost.as_ref()) {
            _ if !reuse => Config::new(),
            Some(previous) => previous.config().clone(),
            None => {
                self.error("No database connection exists to re-use parameters from");
                return false;
            }
        };
        let previous = config.clone();
        if let Err(problem) = wanted.apply(&mut config, is_string) {
            self.error(problem);
            return false;
        }
        if reuse {
            // Another host has another address; and a password is only good for whom it was given for.
            let differs = |name: &str| config.get(name) != previous.get(name);
            let new_host = differs("host");
            let new_address = is_string && differs("hostaddr");
            let other_login = new_host || differs("hostaddr") || differs("port") || differs("user");
            let new_password = is_string && differs("password");
            if new_host && !new_address {
                config.unset("hostaddr");
            }
            if other_login && !new_password {
                config.unset("password");
            }
        }
        self.complete(&mut config);
        match self.connect_asking(&mut config) {
            Ok(connection) => {
                self.replace_connection(connection);
                true
            }
            Err(message) => {
                self.connection_refused(&message);
                false
            }
        }
    }

    /// The new connection could not be made. A person keeps the old one, a script must not go on with it.
    fn connection_refused(&mut self, message: &str) {
        if self.interactive() {
            self.info(message);
            if self.connection.is_some() {
                self.info("Previous connection kept");
            }
            return;
        }
        self.error(format!("\\connect: {message}"));
        if let Some(connection) = self.connection.take() {
            self.lost = Some(connection);
            self.forget_connection();
        }
    }

    fn replace_connection(&mut self, connection: Connection) {
        let before = self.connection.replace(connection);
        self.lost = None;
        self.pipeline = Default::default();
        self.show_notices();
        self.synchronize();
        greet(self, false);
        let Some(now) = &self.connection else { return };
        let place = match &before {
            Some(before) if before.host() == now.host() && before.port() == now.port() => String::new(),
            _ => {
                let (host, address, port) = (now.host(), now.hostaddr(), now.port());
                match host.starts_with(['/', '@']) {
                    true if !address.is_empty() => format!(" on address \"{address}\" at port \"{port}\""),
                    true => format!(" via socket in \"{host}\" at port \"{port}\""),
                    false if !address.is_empty() && address != host => {
                        format!(" on host \"{host}\" (address \"{address}\") at port \"{port}\"")
                    }
                    false => format!(" on host \"{host}\" at port \"{port}\""),
                }
            }
        };
        let text =
            format!("You are now connected to database \"{}\" as user \"{}\"{place}.\n", now.dbname(), now.user());
        self.say_unless_quiet(text);
    }

    /// Adds to a configuration what psql itself wants.
    pub fn complete(&self, config: &mut Config) {
        let _ = config.set("fallback_application_name", "psql");
        if self.on_terminal && std::env::var_os("PGCLIENTENCODING").is_none() && config.get("client_encoding").is_none()
        {
            let _ = config.set("client_encoding", "auto");
        }
    }

    /// Connects, asking for a password as the options say.
    pub fn connect_asking(&mut self, config: &mut Config) -> Result<Connection, String> {
        let mut asked = false;
        if self.password_prompt == PasswordPrompt::Always && config.get("password").is_none() {
            let Some(password) = self.ask_password(config.get("user")) else { return Err("cancelled".into()) };
            let _ = config.set("password", password);
            asked = true;
        }
        loop {
            match Connection::connect(config) {
                Ok(connection) => return Ok(connection),
                Err(e) if e.needs_password() && !asked && self.password_prompt != PasswordPrompt::Never => {
                    let user = config.resolve().ok().and_then(|config| config.get("user").map(str::to_string));
                    let Some(password) = self.ask_password(user.as_deref()) else {
                        return Err(e.message().to_string());
                    };
                    let _ = config.set("password", password);
                    asked = true;
                }
                Err(e) => return Err(e.message().to_string()),
            }
        }
    }

    fn ask_password(&mut self, user: Option<&str>) -> Option<String> {
        match user {
            Some(user) => self.ask(&format!("Password for user {user}: "), false),
            None => self.ask("Password: ", false),
        }
    }
}

impl Wanted {
    /// Puts what is wanted into a configuration.
    fn apply(self, config: &mut Config, is_string: bool) -> Result<(), String> {
        let result = match self.database {
            Some(text) if is_string => config.merge(&text),
            Some(name) => config.set("dbname", name),
            None => Ok(()),
        };
        result.map_err(|e| e.message().to_string())?;
        for (keyword, value) in [("user", self.user), ("host", self.host), ("port", self.port)] {
            if let Some(value) = value {
                config.set(keyword, value).map_err(|e| e.message().to_string())?;
            }
        }
        Ok(())
    }
}

/// Connects when psql starts.
///
/// # Errors
/// Why there is no connection.
pub fn connect_at_start(psql: &mut Psql, mut config: Config) -> Result<(), String> {
    psql.complete(&mut config);
    let connection = psql.connect_asking(&mut config)?;
    psql.connection = Some(connection);
    psql.show_notices();
    psql.synchronize();
    Ok(())
}

/// Says the versions of psql and the server, and how the connection is encrypted. After `\connect`, only what differs from
/// the expected.
pub fn greet(psql: &mut Psql, starting: bool) {
    let Some(connection) = &psql.connection else { return };
    if psql.variables.settings.quiet || !psql.on_terminal {
        return;
    }
    let version = connection.server_version();
    let ours: i32 = 180_006;
    let mut text = String::new();
    if version != ours {
        let server = connection.parameter("server_version").map(str::to_string);
        let server = server.unwrap_or_else(|| version.to_string());
        text.push_str(&format!("psql ({VERSION}, server {server})\n"));
    } else if starting {
        text.push_str(&format!("psql ({VERSION})\n"));
    }
    if version / 100 > ours / 100 || version < 90_200 {
        text.push_str(&format!(
            "WARNING: psql major version 18, server major version {}.\n         Some psql features might not work.\n",
            version / 10_000
        ));
    }
    if let Some(tls) = connection.tls() {
        let alpn = tls.alpn.as_deref().unwrap_or("none");
        text.push_str(&format!(
            "SSL connection (protocol: {}, cipher: {}, compression: off, ALPN: {alpn})\n",
            tls.protocol, tls.cipher
        ));
    }
    psql.say(text);
}

/// `\conninfo`
pub(super) fn connection_info(psql: &mut Psql, _: &mut Call<'_>) -> Status {
    let Some(connection) = &psql.connection else {
        psql.say("You are currently not connected to a database.\n");
        return Status::Done;
    };
    let truth = |yes: bool| if yes { "true" } else { "false" }.to_string();
    let parameter = |name: &str| connection.parameter(name).unwrap_or("unknown").to_string();
    let mut lines = vec![("Database", connection.dbname().to_string()), ("Client User", connection.user().to_string())];
    let (host, address) = (connection.host(), connection.hostaddr());
    if host.starts_with(['/', '@']) {
        if !address.is_empty() {
            lines.push(("Host Address", address.to_string()));
        } else {
            lines.push(("Socket Directory", host.to_string()));
        }
    } else {
        lines.push(("Host", host.to_string()));
        if !address.is_empty() && address != host {
            lines.push(("Host Address", address.to_string()));
        }
    }
    let protocol = connection.protocol_version();
    lines.extend([
        ("Server Port", connection.port().to_string()),
        ("Options", connection.options().to_string()),
        ("Protocol Version", format!("{}.{}", protocol.0 >> 16, protocol.0 & 0xFFFF)),
        ("Password Used", truth(connection.password_used())),
        ("GSSAPI Authenticated", truth(false)),
        ("Backend PID", connection.backend_pid().to_string()),
        ("SSL Connection", truth(connection.tls().is_some())),
    ]);
    if let Some(tls) = connection.tls() {
        lines.extend([
            ("SSL Library", tls.library.to_string()),
            ("SSL Protocol", tls.protocol.to_string()),
            ("SSL Key Bits", tls.key_bits.to_string()),
            ("SSL Cipher", tls.cipher.to_string()),
            ("SSL Compression", truth(false)),
            ("ALPN", tls.alpn.clone().unwrap_or_else(|| "none".into())),
        ]);
    }
    lines.extend([("Superuser", parameter("is_superuser")), ("Hot Standby", parameter("in_hot_standby"))]);
    let mut grid = Grid::new(2);
    for (name, value) in &lines {
        grid.push_text(name);
        grid.push_text(value);
    }
    let columns = vec![crate::print::Column::left("Parameter"), crate::print::Column::left("Value")];
    let table = Table::new(columns, &grid).titled("Connection Information");
    psql.show(&table, None, None).into()
}

/// `\password [USER]`
pub(super) fn password(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let user = match call.argument(psql, ArgumentKind::Identifier, true) {
        Some(user) => shown(&user).into_owned(),
        None => {
            let Some(rows) = psql.hidden_rows("SELECT CURRENT_USER") else { return Status::Error };
            rows.text(0, 0).into_owned()
        }
    };
    let Some(first) = psql.ask(&format!("Enter new password for user \"{user}\": "), false) else {
        return Status::Error;
    };
    let Some(second) = psql.ask("Enter it again: ", false) else { return Status::Error };
    if first != second {
        psql.log(Level::Error, "Passwords didn't match.");
        return Status::Error;
    }
    let Some(connection) = &mut psql.connection else {
        psql.error("You are currently not connected to a database.");
        return Status::Error;
    };
    let result = connection.change_password(&user, &first);
    psql.show_notices();
    match result {
        client::QueryResult::Error(error) => {
            psql.report(error);
            Status::Error
        }
        _ => Status::Done,
    }
}
