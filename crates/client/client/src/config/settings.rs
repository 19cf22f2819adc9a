//! What the keywords' values mean: checked, typed, and with one entry per host.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use wire::ProtocolVersion;

use super::{Config, home, passfile};
use crate::Error;

/// Where sockets in the file system are, if nothing else is said.
pub(crate) const SOCKET_DIRECTORY: &str = "/tmp";
const DEFAULT_PORT: &str = "5432";

/// When TLS is used, and what is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// Something that may be used, must not, or has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Disable,
    Prefer,
    Require,
}

/// Which servers are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionKind {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// Ways of authentication that `require_auth` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Password,
    Md5,
    Gss,
    Sspi,
    ScramSha256,
    OAuth,
    None,
}

const METHODS: [(&str, Method); 7] = [
    ("password", Method::Password),
    ("md5", Method::Md5),
    ("gss", Method::Gss),
    ("sspi", Method::Sspi),
    ("scram-sha-256", Method::ScramSha256),
    ("oauth", Method::OAuth),
    ("none", Method::None),
];

/// What `require_auth` says.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequiredAuth {
    /// As given; empty for no requirement.
    pub text: String,
    /// The methods allowed; all, if there is no requirement.
    allowed: Option<Vec<Method>>,
}

impl RequiredAuth {
    pub(crate) fn allows(&self, method: Method) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(&method))
    }
}

/// A host to try.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// Name, address or directory, as given; the directory of sockets if nothing is.
    pub name: String,
    /// The address, if it is given.
    pub address: Option<String>,
    pub port: String,
    pub password: Option<String>,
    /// The file that the password comes from.
    pub passfile: Option<PathBuf>,
}

impl Host {
    /// Whether it is a socket in the file system.
    pub(crate) fn is_unix(&self) -> bool {
        self.address.is_none() && (self.name.starts_with('/') || self.name.starts_with('@'))
    }
}

/// Keepalives of TCP, in seconds; `None` leaves what the system does.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Keepalive {
    pub on: bool,
    pub idle: Option<Duration>,
    pub interval: Option<Duration>,
    pub count: Option<u32>,
    /// In milliseconds; 0 leaves what the system does.
    pub user_timeout: u32,
}

/// Everything that connecting needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// As given and filled in.
    pub config: Config,
    pub hosts: Vec<Host>,
    pub shuffle: bool,
    pub session: SessionKind,
    /// Wrong numbers here are found when a connection is attempted, as in libpq.
    pub connect_timeout: Result<Option<Duration>, Error>,
    pub keepalive: Result<Keepalive, Error>,
    pub ssl: SslMode,
    pub ssl_direct: bool,
    pub client_certificate: Wish,
    pub channel_binding: Wish,
    pub required_auth: RequiredAuth,
    pub min_protocol: ProtocolVersion,
    pub max_protocol: ProtocolVersion,
    pub scram_client_key: Option<secret::Key>,
    pub scram_server_key: Option<secret::Key>,
}

fn invalid(keyword: &str, value: &str) -> Error {
    Error::new(format!("invalid {keyword} value: \"{value}\""))
}

fn choose<T: Copy>(config: &Config, keyword: &str, choices: &[(&str, T)], default: T) -> Result<T, Error> {
    match config.given(keyword) {
        None => Ok(default),
        Some(value) => choices
            .iter()
            .find(|choice| choice.0 == value)
            .map(|choice| choice.1)
            .ok_or_else(|| invalid(keyword, value)),
    }
}

fn integer(config: &Config, keyword: &str) -> Result<Option<i32>, Error> {
    config.given(keyword).map(|text| parse_integer(keyword, text)).transpose()
}

fn parse_integer(keyword: &str, text: &str) -> Result<i32, Error> {
    text.trim_matches(super::conninfo::is_space)
        .parse()
        .map_err(|_| Error::new(format!("invalid integer value \"{text}\" for connection option \"{keyword}\"")))
}

impl Settings {
    /// When an attempt that begins now has failed.
    pub(crate) fn deadline(&self) -> Result<Option<Instant>, Error> {
        Ok(self.connect_timeout.clone()?.map(|timeout| Instant::now() + timeout))
    }

    /// Fills in and checks a configuration.
    pub(crate) fn new(config: &Config) -> Result<Settings, Error> {
        let config = config.resolve()?;
        let hosts = hosts(&config)?;
        let channel_binding = choose(
            &config,
            "channel_binding",
            &[("disable", Wish::Disable), ("prefer", Wish::Prefer), ("require", Wish::Require)],
            Wish::Prefer,
        )?;
        let required_auth = required_auth(config.get("require_auth").unwrap_or_default())?;
        let ssl = choose(
            &config,
            "sslmode",
            &[
                ("disable", SslMode::Disable),
                ("allow", SslMode::Allow),
                ("prefer", SslMode::Prefer),
                ("require", SslMode::Require),
                ("verify-ca", SslMode::VerifyCa),
                ("verify-full", SslMode::VerifyFull),
            ],
            SslMode::Prefer,
        )?;
        let mode = config.given("sslmode").unwrap_or_default();
        let ssl_direct = choose(&config, "sslnegotiation", &[("postgres", false), ("direct", true)], false)?;
        if ssl_direct && ssl < SslMode::Require {
            return Err(Error::new(format!(
                "weak sslmode \"{mode}\" may not be used with sslnegotiation=direct (use \"require\", \"verify-ca\", or \
                 \"verify-full\")"
            )));
        }
        if config.get("sslrootcert") == Some("system") && ssl != SslMode::VerifyFull {
            return Err(Error::new(format!(
                "weak sslmode \"{mode}\" may not be used with sslrootcert=system (use \"verify-full\")"
            )));
        }
        tls_versions(&config)?;
        let client_certificate = choose(
            &config,
            "sslcertmode",
            &[("disable", Wish::Disable), ("allow", Wish::Prefer), ("require", Wish::Require)],
            Wish::Prefer,
        )?;
        if let "require" =
            choose(&config, "gssencmode", &[("disable", ""), ("prefer", ""), ("require", "require")], "")?
        {
            return Err(Error::new("gssencmode value \"require\" invalid when GSSAPI support is not compiled in"));
        }
        let session = choose(
            &config,
            "target_session_attrs",
            &[
                ("any", SessionKind::Any),
                ("read-write", SessionKind::ReadWrite),
                ("read-only", SessionKind::ReadOnly),
                ("primary", SessionKind::Primary),
                ("standby", SessionKind::Standby),
                ("prefer-standby", SessionKind::PreferStandby),
            ],
            SessionKind::Any,
        )?;
        let (min_protocol, max_protocol) = protocol_versions(&config)?;
        let shuffle = choose(&config, "load_balance_hosts", &[("disable", false), ("random", true)], false)?;
        let scram_client_key = scram_key(&config, "scram_client_key", "client")?;
        let scram_server_key = scram_key(&config, "scram_server_key", "server")?;
        let timeout = integer(&config, "connect_timeout").map(|seconds| seconds.filter(|seconds| *seconds > 0));
        let keepalive = keepalive(&config);
        Ok(Settings {
            config,
            hosts,
            shuffle,
            session,
            connect_timeout: timeout.map(|seconds| seconds.map(|seconds| Duration::from_secs(seconds as u64))),
            keepalive,
            ssl,
            ssl_direct,
            client_certificate,
            channel_binding,
            required_auth,
            min_protocol,
            max_protocol,
            scram_client_key,
            scram_server_key,
        })
    }
}

fn keepalive(config: &Config) -> Result<Keepalive, Error> {
    let positive = |keyword: &str| Ok::<_, Error>(integer(config, keyword)?.filter(|value| *value > 0));
    let seconds = |keyword: &str| Ok::<_, Error>(positive(keyword)?.map(|value| Duration::from_secs(value as u64)));
    Ok(Keepalive {
        on: integer(config, "keepalives")? != Some(0),
        idle: seconds("keepalives_idle")?,
        interval: seconds("keepalives_interval")?,
        count: positive("keepalives_count")?.map(|count| count as u32),
        user_timeout: positive("tcp_user_timeout")?.unwrap_or(0) as u32,
    })
}

/// Lists of hosts, addresses and ports, entry by entry.
fn hosts(config: &Config) -> Result<Vec<Host>, Error> {
    let list = |keyword: &str| config.given(keyword).map(|text| text.split(',').collect::<Vec<_>>());
    let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    let count = addresses.as_ref().or(names.as_ref()).map_or(1, Vec::len);
    if let (Some(names), Some(addresses)) = (&names, &addresses)
        && names.len() != addresses.len()
    {
        return Err(Error::new(format!(
            "could not match {} host names to {} hostaddr values",
            names.len(),
            addresses.len()
        )));
    }
    if let Some(ports) = &ports
        && ports.len() != 1
        && ports.len() != count
    {
        return Err(Error::new(format!("could not match {} port numbers to {count} hosts", ports.len())));
    }
    let nth = |list: &Option<Vec<&str>>, n: usize| {
        let list = list.as_deref().unwrap_or_default();
        let entry = if list.len() == 1 { list.first() } else { list.get(n) };
        entry.copied().filter(|entry| !entry.is_empty()).map(str::to_string)
    };
    let passfile = match config.given("passfile") {
        Some(file) => Some(PathBuf::from(file)),
        None => home().map(|home| home.join(".pgpass")),
    };
    let mut hosts = Vec::with_capacity(count);
    for n in 0..count {
        let address = nth(&addresses, n);
        let name = match &names {
            // A list of one name does not stand for many addresses.
            Some(names) => names.get(n).copied().filter(|name| !name.is_empty()).map(str::to_string),
            None => None,
        };
        let port = nth(&ports, n).unwrap_or_else(|| DEFAULT_PORT.into());
        let name = name.unwrap_or_else(|| if address.is_some() { String::new() } else { SOCKET_DIRECTORY.into() });
        let mut password = config.given("password").map(str::to_string);
        let mut from = None;
        if password.is_none()
            && let Some(file) = &passfile
        {
            let host = match name.as_str() {
                "" => address.as_deref().unwrap_or_default(),
                SOCKET_DIRECTORY => "localhost",
                name => name,
            };
            let dbname = config.get("dbname").unwrap_or_default();
            let user = config.get("user").unwrap_or_default();
            password = passfile::password(file, [host, &port, dbname, user]);
            from = password.is_some().then(|| file.clone());
        }
        hosts.push(Host { name, address, port, password, passfile: from });
    }
    Ok(hosts)
}

fn required_auth(text: &str) -> Result<RequiredAuth, Error> {
    if text.is_empty() {
        return Ok(RequiredAuth::default());
    }
    let mut named = Vec::new();
    let mut negative = None;
    for entry in text.split(',') {
        let (name, not) = match entry.strip_prefix('!') {
            Some(name) => (name, true),
            None => (entry, false),
        };
        match negative {
            None => negative = Some(not),
            Some(before) if before == not => (),
            Some(false) => {
                return Err(Error::new(format!(
                    "negative require_auth method \"{entry}\" cannot be mixed with non-negative methods"
                )));
            }
            Some(true) => {
                return Err(Error::new(format!(
                    "require_auth method \"{entry}\" cannot be mixed with negative methods"
                )));
            }
        }
        let method = METHODS.iter().find(|method| method.0 == name).ok_or_else(|| invalid("require_auth", entry))?.1;
        if named.contains(&method) {
            return Err(Error::new(format!("require_auth method \"{entry}\" is specified more than once")));
        }
        named.push(method);
    }
    let allowed = match negative {
        Some(true) => METHODS.iter().map(|method| method.1).filter(|method| !named.contains(method)).collect(),
        _ => named,
    };
    Ok(RequiredAuth { text: text.to_string(), allowed: Some(allowed) })
}

/// The versions of TLS allowed, as numbers behind the point: `TLSv1` is 0.
pub(crate) fn tls_versions(config: &Config) -> Result<(u8, u8), Error> {
    let version = |keyword: &str, default: u8| match config.given(keyword) {
        None => Ok(default),
        Some(text) => ["tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"]
            .iter()
            .position(|name| text.eq_ignore_ascii_case(name))
            .map(|version| version as u8)
            .ok_or_else(|| Error::new(format!("invalid \"{keyword}\" value: \"{text}\""))),
    };
    let range = (version("ssl_min_protocol_version", 2)?, version("ssl_max_protocol_version", 3)?);
    if range.0 > range.1 { Err(Error::new("invalid SSL protocol version range")) } else { Ok(range) }
}

fn protocol_versions(config: &Config) -> Result<(ProtocolVersion, ProtocolVersion), Error> {
    let version = |keyword: &str| match config.given(keyword) {
        None => Ok(None),
        Some("latest" | "3.2") => Ok(Some(ProtocolVersion::V3_2)),
        Some("3.0") => Ok(Some(ProtocolVersion::V3_0)),
        Some(text) => Err(Error::new(format!("invalid {keyword} value: \"{text}\""))),
    };
    let min = version("min_protocol_version")?.unwrap_or(ProtocolVersion::V3_0);
    // Old servers and proxies do not negotiate, so a newer version is asked for only if it is wanted.
    let max = version("max_protocol_version")?.unwrap_or(min);
    if min > max {
        return Err(Error::new("\"min_protocol_version\" is greater than \"max_protocol_version\""));
    }
    Ok((min, max))
}

fn scram_key(config: &Config, keyword: &str, side: &str) -> Result<Option<secret::Key>, Error> {
    let Some(text) = config.given(keyword) else { return Ok(None) };
    let bytes = BASE64.decode(text).map_err(|_| Error::new(format!("invalid SCRAM {side} key")))?;
    let len = bytes.len();
    secret::Key::try_from(bytes).map(Some).map_err(|_| Error::new(format!("invalid SCRAM {side} key length: {len}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(conninfo: &str) -> String {
        Settings::new(&Config::parse(&format!("user=u password=p {conninfo}")).unwrap())
            .map(|_| ())
            .unwrap_err()
            .message()
            .to_string()
    }

    #[test]
    fn values_that_make_no_sense_are_named() {
        for (conninfo, expected) in [
            ("sslmode=x", "invalid sslmode value: \"x\""),
            ("host=a,b port=1,2,3", "could not match 3 port numbers to 2 hosts"),
            ("host=a,b hostaddr=1.1.1.1", "could not match 2 host names to 1 hostaddr values"),
            (
                "require_auth=md5,!none",
                "negative require_auth method \"!none\" cannot be mixed with non-negative methods",
            ),
            ("require_auth=md5,md5", "require_auth method \"md5\" is specified more than once"),
            ("ssl_min_protocol_version=TLSv9", "invalid \"ssl_min_protocol_version\" value: \"TLSv9\""),
            (
                "sslrootcert=system sslmode=require",
                "weak sslmode \"require\" may not be used with sslrootcert=system (use \"verify-full\")",
            ),
            (
                "min_protocol_version=3.2 max_protocol_version=3.0",
                "\"min_protocol_version\" is greater than \"max_protocol_version\"",
            ),
            ("scram_client_key=AAAA", "invalid SCRAM client key length: 3"),
        ] {
            assert_eq!(refused(conninfo), expected, "{conninfo}");
        }
    }

    #[test]
    fn hosts_and_ports_go_together() {
        let config = Config::parse("user=u password=p host=a,,/tmp/x port=1,,3").unwrap();
        let hosts = Settings::new(&config).unwrap().hosts;
        let shown: Vec<_> = hosts.iter().map(|host| (host.name.as_str(), host.port.as_str())).collect();
        assert_eq!(shown, [("a", "1"), (SOCKET_DIRECTORY, "5432"), ("/tmp/x", "3")]);
        assert!(hosts[1].is_unix() && hosts[2].is_unix() && !hosts[0].is_unix());
    }

    #[test]
    fn required_methods() {
        let all_but = required_auth("!password,!none").unwrap();
        assert!(all_but.allows(Method::ScramSha256) && !all_but.allows(Method::None));
        assert!(required_auth("").unwrap().allows(Method::None));
    }
}
