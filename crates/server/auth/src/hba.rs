//! `pg_hba.conf`: who may connect from where, and how he proves who he is.
//!
//! The first line that matches connection type, address, database and user decides; there is no second try.

use std::net::IpAddr;
use std::path::Path;

use error::{Error, Result};

use crate::tokens::{self, Line, Token};

/// The first word of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionType {
    /// `local`: the unix socket.
    Local,
    /// `host`: TCP, encrypted or not.
    Host,
    /// `hostssl`
    HostSsl,
    /// `hostnossl`
    HostNoSsl,
    /// `hostgssenc`
    HostGss,
    /// `hostnogssenc`
    HostNoGss,
}

/// Who proves himself how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Not at all.
    Trust,
    /// Is not let in.
    Reject,
    /// By SCRAM, or by the old challenge if his stored secret is of that kind.
    Md5,
    /// By the password in clear.
    Password,
    /// By SCRAM.
    ScramSha256,
    /// By the operating system's word for his user at the other end of the socket.
    Peer,
}

impl Method {
    /// The word in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Trust => "trust",
            Method::Reject => "reject",
            Method::Md5 => "md5",
            Method::Password => "password",
            Method::ScramSha256 => "scram-sha-256",
            Method::Peer => "peer",
        }
    }
}

/// Which addresses a line is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Any.
    All,
    /// Those that agree with the address in the mask's bits.
    Range {
        /// The address.
        address: IpAddr,
        /// The mask, of the same family.
        mask: IpAddr,
    },
}

/// An entry.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The line it stands on.
    pub line: Line,
    /// Which connections it is for.
    pub connection: ConnectionType,
    /// Which databases.
    pub databases: Vec<Token>,
    /// Which users.
    pub users: Vec<Token>,
    /// From where; `All` for the unix socket.
    pub address: Address,
    /// How.
    pub method: Method,
    /// `map=`: which user name map.
    pub map: Option<String>,
    /// All options, as `pg_hba_file_rules` shows them.
    pub options: Vec<(String, String)>,
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The unix socket.
    Local,
    /// TCP from this address.
    Host(IpAddr),
}

/// Who wants to connect.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// From where.
    pub origin: Origin,
    /// Whether the connection is encrypted by TLS.
    pub tls: bool,
    /// To which database; empty for physical replication.
    pub database: &'a str,
    /// As which user.
    pub user: &'a str,
    /// As a physical replication client.
    pub replication: bool,
    /// Whether the first role is a member, direct or indirect, of the second.
    pub is_member: &'a dyn Fn(&str, &str) -> bool,
}

/// The file's entries, in order.
#[derive(Clone, Debug, Default)]
pub struct Hba {
    rules: Vec<Rule>,
}

impl Hba {
    /// Reads the file.
    ///
    /// # Errors
    /// All errors of all lines: with any, the file is not to be used. (Each goes to the log.)
    pub fn read(path: &Path) -> Result<Hba, Vec<Error>> {
        let (lines, mut errors) = tokens::read(path).map_err(|error| vec![error])?;
        let mut rules = Vec::new();
        for line in lines {
            match parse(line) {
                Ok(rule) => rules.push(rule),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() && rules.is_empty() {
            let text = format!("configuration file \"{}\" contains no entries", path.display());
            errors.push(Error::new(error::SqlState::CONFIG_FILE_ERROR, text));
        }
        if errors.is_empty() { Ok(Hba { rules }) } else { Err(errors) }
    }

    /// The entries.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The entry that decides about an attempt.
    pub fn find(&self, attempt: &Attempt<'_>) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.matches(attempt))
    }
}

impl Rule {
    fn matches(&self, attempt: &Attempt<'_>) -> bool {
        let by_origin = match (self.connection, attempt.origin) {
            (ConnectionType::Local, Origin::Local) => true,
            (ConnectionType::Local, _) | (_, Origin::Local) => false,
            (connection, Origin::Host(from)) => {
                let by_type = match connection {
                    ConnectionType::HostSsl => attempt.tls,
                    ConnectionType::HostNoSsl => !attempt.tls,
                    ConnectionType::HostGss => false,
                    _ => true,
                };
                by_type && self.address.contains(from)
            }
        };
        by_origin
            && self.databases.iter().any(|token| database_matches(token, attempt))
            && self.users.iter().any(|token| user_matches(token, attempt.user, attempt.is_member))
    }
}

impl Address {
    fn contains(&self, from: IpAddr) -> bool {
        // A client that reached an IPv6 socket over IPv4 is an IPv4 client.
        match (self, from.to_canonical()) {
            (Address::All, _) => true,
            (Address::Range { address: IpAddr::V4(a), mask: IpAddr::V4(m) }, IpAddr::V4(from)) => {
                from.to_bits() & m.to_bits() == a.to_bits() & m.to_bits()
            }
            (Address::Range { address: IpAddr::V6(a), mask: IpAddr::V6(m) }, IpAddr::V6(from)) => {
                from.to_bits() & m.to_bits() == a.to_bits() & m.to_bits()
            }
            _ => false,
        }
    }
}

fn database_matches(token: &Token, attempt: &Attempt<'_>) -> bool {
    if attempt.replication {
        // Physical replication has no database: only its own keyword lets it in.
        return token.is_keyword("replication");
    }
    if token.is_keyword("all") {
        return true;
    }
    if token.is_keyword("sameuser") {
        return attempt.database == attempt.user;
    }
    if token.is_keyword("samegroup") || token.is_keyword("samerole") {
        return (attempt.is_member)(attempt.user, attempt.database);
    }
    !token.is_keyword("replication") && token.text == attempt.database
}

/// Whether a token of a user list stands for this user: `all`, `+role` or a name.
pub(crate) fn user_matches(token: &Token, user: &str, is_member: &dyn Fn(&str, &str) -> bool) -> bool {
    match token.text.strip_prefix('+') {
        Some(role) if !token.quoted => is_member(user, role),
        _ => token.is_keyword("all") || token.text == user,
    }
}

/// The method's name says more than is built here.
const NOT_BUILT: &[&str] = &["gss", "sspi", "ident", "pam", "bsd", "ldap", "cert", "radius", "oauth"];

fn parse(line: Line) -> Result<Rule> {
    let mut fields = line.fields.iter();
    let connection = one(&line, fields.next(), "connection type", "connection type")?;
    let connection = match connection.text.as_str() {
        "local" => ConnectionType::Local,
        "host" => ConnectionType::Host,
        "hostssl" => ConnectionType::HostSsl,
        "hostnossl" => ConnectionType::HostNoSsl,
        "hostgssenc" => ConnectionType::HostGss,
        "hostnogssenc" => ConnectionType::HostNoGss,
        other => return Err(line.error(format!("invalid connection type \"{other}\""))),
    };
    let databases = fields.next().cloned().ok_or_else(|| line.error("end-of-line before database specification"))?;
    let users = fields.next().cloned().ok_or_else(|| line.error("end-of-line before role specification"))?;
    if let Some(token) = databases.iter().chain(&users).find(|token| token.text.starts_with('/') && !token.quoted) {
        let text = format!("regular expression \"{}\": not supported by this build", token.text);
        return Err(line.error(text));
    }
    let address = if connection == ConnectionType::Local { Address::All } else { address(&line, &mut fields)? };
    let method = one(&line, fields.next(), "authentication method", "authentication type")?;
    let method = match method.text.as_str() {
        "trust" => Method::Trust,
        "reject" => Method::Reject,
        "md5" => Method::Md5,
        "password" => Method::Password,
        "scram-sha-256" => Method::ScramSha256,
        // `ident` on the unix socket is what `peer` is called now.
        "ident" if connection == ConnectionType::Local => Method::Peer,
        "peer" if connection == ConnectionType::Local => Method::Peer,
        "peer" => return Err(line.error("peer authentication is only supported on local sockets")),
        "gss" if connection == ConnectionType::Local => {
            return Err(line.error("gssapi authentication is not supported on local sockets"));
        }
        "cert" if connection != ConnectionType::HostSsl => {
            return Err(line.error("cert authentication is only supported on hostssl connections"));
        }
        other if NOT_BUILT.contains(&other) => {
            return Err(line.error(format!("invalid authentication method \"{other}\": not supported by this build")));
        }
        other => return Err(line.error(format!("invalid authentication method \"{other}\""))),
    };
    let (mut map, mut options) = (None, Vec::new());
    for token in fields.flatten() {
        let Some((name, value)) = token.text.split_once('=') else {
            return Err(line.error(format!("authentication option not in name=value format: {}", token.text)));
        };
        match name {
            "map" if method == Method::Peer => map = Some(value.to_string()),
            "map" => {
                return Err(line.error(
                    "authentication option \"map\" is only valid for authentication methods ident, peer, gssapi, \
                     sspi, cert, and oauth",
                ));
            }
            "clientcert" if connection != ConnectionType::HostSsl => {
                return Err(line.error("clientcert can only be configured for \"hostssl\" rows"));
            }
            "clientcert" => return Err(line.error("client certificates are not supported by this build")),
            _ => return Err(line.error(format!("unrecognized authentication option name: \"{name}\""))),
        }
        options.push((name.to_string(), value.to_string()));
    }
    Ok(Rule { connection, databases, users, address, method, map, options, line })
}

/// A field that must have one token.
fn one<'a>(line: &Line, field: Option<&'a Vec<Token>>, end: &str, multiple: &str) -> Result<&'a Token> {
    match field.map(Vec::as_slice) {
        Some([token]) => Ok(token),
        Some([_, ..]) => Err(line
            .error(format!("multiple values specified for {multiple}"))
            .hint(format!("Specify exactly one {multiple} per line."))),
        _ => Err(line.error(format!("end-of-line before {end}"))),
    }
}

fn address<'a>(line: &Line, fields: &mut impl Iterator<Item = &'a Vec<Token>>) -> Result<Address> {
    let token = match fields.next().map(Vec::as_slice) {
        Some([token]) => token,
        Some([_, ..]) => {
            return Err(line
                .error("multiple values specified for host address")
                .hint("Specify one address range per line."));
        }
        _ => return Err(line.error("end-of-line before IP address specification")),
    };
    if token.is_keyword("all") {
        return Ok(Address::All);
    }
    if token.is_keyword("samehost") || token.is_keyword("samenet") {
        return Err(line.error(format!("address keyword \"{}\": not supported by this build", token.text)));
    }
    let (host, bits) = match token.text.split_once('/') {
        Some((host, bits)) => (host, Some(bits)),
        None => (token.text.as_str(), None),
    };
    let Ok(address) = host.parse::<IpAddr>() else {
        return Err(line.error(match bits {
            Some(_) => format!("specifying both host name and CIDR mask is invalid: \"{}\"", token.text),
            None => format!("host name \"{host}\": not supported by this build"),
        }));
    };
    if let Some(bits) = bits {
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.parse::<u32>().ok().filter(|bits| *bits <= width);
        let Some(bits) = bits else {
            return Err(line.error(format!("invalid CIDR mask in address \"{}\"", token.text)));
        };
        return Ok(Address::Range { address, mask: mask(address, bits) });
    }
    let hint = "Specify an address range in CIDR notation, or provide a separate netmask.";
    let token = match fields.next().map(Vec::as_slice) {
        Some([token]) => token,
        Some([_, ..]) => return Err(line.error("multiple values specified for netmask")),
        _ => return Err(line.error("end-of-line before netmask specification").hint(hint)),
    };
    let mask = token
        .text
        .parse::<IpAddr>()
        .map_err(|_| line.error(format!("invalid IP mask \"{}\": Name or service not known", token.text)))?;
    if mask.is_ipv4() != address.is_ipv4() {
        return Err(line.error("IP address and mask do not match"));
    }
    Ok(Address::Range { address, mask })
}

fn mask(like: IpAddr, bits: u32) -> IpAddr {
    match like {
        IpAddr::V4(_) => IpAddr::V4(u32::MAX.checked_shl(32 - bits).unwrap_or(0).into()),
        IpAddr::V6(_) => IpAddr::V6(u128::MAX.checked_shl(128 - bits).unwrap_or(0).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Hba, Vec<Error>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Hba::read(file.path())
    }

    fn attempt<'a>(origin: &str, database: &'a str, user: &'a str) -> Attempt<'a> {
        let origin = match origin {
            "local" => Origin::Local,
            address => Origin::Host(address.parse().unwrap()),
        };
        Attempt {
            origin,
            tls: false,
            database,
            user,
            replication: false,
            is_member: &|user, role| user == "ann" && role == "staff",
        }
    }

    #[test]
    fn the_first_match_decides() {
        let hba = load(
            "local all postgres peer map=os\n\
             local sameuser all trust\n\
             host replication all 0.0.0.0/0 scram-sha-256\n\
             host samerole,\"all\" +staff,zoe 10.1.0.0/16 md5\n\
             host all all 10.1.2.3 255.255.255.255 reject\n\
             hostssl all all ::/0 trust\n\
             host all all ::1/128 password\n\
             host \"replication\" all all trust\n",
        )
        .unwrap();
        let find = |a: &Attempt<'_>| hba.find(a).map(|rule| rule.line.number);
        assert_eq!(find(&attempt("local", "x", "postgres")), Some(1));
        assert_eq!(hba.rules()[0].map.as_deref(), Some("os"));
        assert_eq!(find(&attempt("local", "ann", "ann")), Some(2));
        assert_eq!(find(&attempt("local", "x", "ann")), None);
        let mut stream = attempt("10.1.2.3", "", "ann");
        stream.replication = true;
        assert_eq!(find(&stream), Some(3));
        assert_eq!(find(&attempt("10.1.2.3", "staff", "ann")), Some(4));
        assert_eq!(find(&attempt("::ffff:10.1.2.3", "all", "zoe")), Some(4));
        assert_eq!(find(&attempt("10.1.2.3", "other", "ann")), Some(5));
        assert_eq!(find(&attempt("10.1.2.4", "other", "ann")), None);
        assert_eq!(find(&attempt("::1", "x", "y")), Some(7));
        assert_eq!(find(&Attempt { tls: true, ..attempt("::1", "x", "y") }), Some(6));
        assert_eq!(find(&attempt("1.1.1.1", "replication", "y")), Some(8));
    }

    #[test]
    fn lines_with_errors_say_why() {
        let errors = [
            ("tcp all all trust", "invalid connection type \"tcp\""),
            ("host,local all all trust", "multiple values specified for connection type"),
            ("local", "end-of-line before database specification"),
            ("local all", "end-of-line before role specification"),
            ("local all all", "end-of-line before authentication method"),
            ("host all all", "end-of-line before IP address specification"),
            ("host all all 1.2.3.4", "end-of-line before netmask specification"),
            ("host all all 1.2.3.4/33 trust", "invalid CIDR mask in address \"1.2.3.4/33\""),
            ("host all all 1.2.3.4 ::1 trust", "IP address and mask do not match"),
            (
                "host all all example.org/8 trust",
                "specifying both host name and CIDR mask is invalid: \"example.org/8\"",
            ),
            ("host all all ::1/128 peer", "peer authentication is only supported on local sockets"),
            ("local all all guess", "invalid authentication method \"guess\""),
            ("host all all all ldap", "invalid authentication method \"ldap\": not supported by this build"),
            ("host all all all cert", "cert authentication is only supported on hostssl connections"),
            ("local all all trust x", "authentication option not in name=value format: x"),
            ("local all all trust x=y", "unrecognized authentication option name: \"x\""),
            ("", "contains no entries"),
        ];
        for (line, message) in errors {
            let found = load(line).unwrap_err();
            assert!(found[0].message().contains(message), "{line}: {found:?}");
        }
    }
}
