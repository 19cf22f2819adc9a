//! The table of all keywords, in libpq's order.

/// How a dialog would show a keyword's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// As it is.
    Normal,
    /// Hidden.
    Password,
    /// Not at all, unless to find an error.
    Debug,
}

/// A keyword of connection strings.
#[derive(Debug)]
pub struct Keyword {
    /// Its name.
    pub name: &'static str,
    /// The environment variable that holds its value, if it is not given.
    pub environment: Option<&'static str>,
    /// Its value else.
    pub default: Option<&'static str>,
    /// What a dialog would call it.
    pub label: &'static str,
    /// How a dialog would show it.
    pub display: Display,
}

macro_rules! keywords {
    ($($name:ident $environment:tt $default:tt $label:literal $display:ident;)*) => {
        pub(super) const KEYWORDS: &[Keyword] = &[$(Keyword {
            name: stringify!($name),
            environment: keywords!(@ $environment),
            default: keywords!(@ $default),
            label: $label,
            display: Display::$display,
        }),*];
    };
    (@ -) => { None };
    (@ $text:literal) => { Some($text) };
}

keywords! {
    service "PGSERVICE" - "Database-Service" Normal;
    user "PGUSER" - "Database-User" Normal;
    password "PGPASSWORD" - "Database-Password" Password;
    passfile "PGPASSFILE" - "Database-Password-File" Normal;
    channel_binding "PGCHANNELBINDING" "prefer" "Channel-Binding" Normal;
    connect_timeout "PGCONNECT_TIMEOUT" - "Connect-timeout" Normal;
    dbname "PGDATABASE" - "Database-Name" Normal;
    host "PGHOST" - "Database-Host" Normal;
    hostaddr "PGHOSTADDR" - "Database-Host-IP-Address" Normal;
    port "PGPORT" "5432" "Database-Port" Normal;
    client_encoding "PGCLIENTENCODING" - "Client-Encoding" Normal;
    options "PGOPTIONS" "" "Backend-Options" Normal;
    application_name "PGAPPNAME" - "Application-Name" Normal;
    fallback_application_name - - "Fallback-Application-Name" Normal;
    keepalives - - "TCP-Keepalives" Normal;
    keepalives_idle - - "TCP-Keepalives-Idle" Normal;
    keepalives_interval - - "TCP-Keepalives-Interval" Normal;
    keepalives_count - - "TCP-Keepalives-Count" Normal;
    tcp_user_timeout - - "TCP-User-Timeout" Normal;
    sslmode "PGSSLMODE" "prefer" "SSL-Mode" Normal;
    sslnegotiation "PGSSLNEGOTIATION" "postgres" "SSL-Negotiation" Normal;
    sslcompression "PGSSLCOMPRESSION" "0" "SSL-Compression" Normal;
    sslcert "PGSSLCERT" - "SSL-Client-Cert" Normal;
    sslkey "PGSSLKEY" - "SSL-Client-Key" Normal;
    sslcertmode "PGSSLCERTMODE" - "SSL-Client-Cert-Mode" Normal;
    sslpassword - - "SSL-Client-Key-Password" Password;
    sslrootcert "PGSSLROOTCERT" - "SSL-Root-Certificate" Normal;
    sslcrl "PGSSLCRL" - "SSL-Revocation-List" Normal;
    sslcrldir "PGSSLCRLDIR" - "SSL-Revocation-List-Dir" Normal;
    sslsni "PGSSLSNI" "1" "SSL-SNI" Normal;
    requirepeer "PGREQUIREPEER" - "Require-Peer" Normal;
    require_auth "PGREQUIREAUTH" - "Require-Auth" Normal;
    min_protocol_version "PGMINPROTOCOLVERSION" - "Min-Protocol-Version" Normal;
    max_protocol_version "PGMAXPROTOCOLVERSION" - "Max-Protocol-Version" Normal;
    ssl_min_protocol_version "PGSSLMINPROTOCOLVERSION" "TLSv1.2" "SSL-Minimum-Protocol-Version" Normal;
    ssl_max_protocol_version "PGSSLMAXPROTOCOLVERSION" - "SSL-Maximum-Protocol-Version" Normal;
    gssencmode "PGGSSENCMODE" "prefer" "GSSENC-Mode" Normal;
    krbsrvname "PGKRBSRVNAME" "postgres" "Kerberos-service-name" Normal;
    gsslib "PGGSSLIB" - "GSS-library" Normal;
    gssdelegation "PGGSSDELEGATION" "0" "GSS-delegation" Normal;
    replication - - "Replication" Debug;
    target_session_attrs "PGTARGETSESSIONATTRS" "any" "Target-Session-Attrs" Normal;
    load_balance_hosts "PGLOADBALANCEHOSTS" "disable" "Load-Balance-Hosts" Normal;
    scram_client_key - - "SCRAM-Client-Key" Debug;
    scram_server_key - - "SCRAM-Server-Key" Debug;
    oauth_issuer - - "OAuth-Issuer" Normal;
    oauth_client_id - - "OAuth-Client-ID" Normal;
    oauth_client_secret - - "OAuth-Client-Secret" Password;
    oauth_scope - - "OAuth-Scope" Normal;
    sslkeylogfile - - "SSL-Key-Log-File" Debug;
}

pub(super) fn index(name: &str) -> Option<usize> {
    KEYWORDS.iter().position(|keyword| keyword.name == name)
}
