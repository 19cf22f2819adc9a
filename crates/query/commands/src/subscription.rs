//! CREATE, ALTER and DROP SUBSCRIPTION: what a subscriber wants of a publisher, as it stands in the catalogs.
//!
//! Nothing here speaks to a publisher. Statements that would have to answer `0A000`, those that need not (`connect = false`,
//! `refresh = false`, `slot_name = NONE`) work whole. No process applies changes yet: enabling a subscription says so in the log.

use catalog::acl::Privileges;
use catalog::field::Text;
use catalog::privileges::ObjectKind as Privileged;
use catalog::rows::{CatalogRow, PgReplicationOrigin, PgShdepend, PgSubscription, PgSubscriptionRel};
use catalog::{Object, index};
use error::{Error, Result, Severity, SqlState, bail};
use ids::Oid;
use parser::ast::{
    AlterSubscription, AlterSubscriptionAction as Action, CreateSubscription, DefinitionItem, DropSubscription, Name,
};

use crate::{Context, options};

/// The role whose members may create subscriptions.
const PG_CREATE_SUBSCRIPTION: Oid = Oid(6304);

/// The options that subscriptions keep.
const KEPT: &[&str] = &[
    "slot_name",
    "synchronous_commit",
    "binary",
    "streaming",
    "two_phase",
    "disable_on_error",
    "password_required",
    "run_as_owner",
    "failover",
    "origin",
];

/// What a statement's parentheses say.
#[derive(Default)]
struct Options {
    connect: Option<bool>,
    enabled: Option<bool>,
    create_slot: Option<bool>,
    /// `Some(None)` is NONE.
    slot_name: Option<Option<String>>,
    copy_data: Option<bool>,
    refresh: Option<bool>,
    synchronous_commit: Option<String>,
    binary: Option<bool>,
    streaming: Option<u8>,
    two_phase: Option<bool>,
    disable_on_error: Option<bool>,
    password_required: Option<bool>,
    run_as_owner: Option<bool>,
    failover: Option<bool>,
    origin: Option<String>,
    /// Zero is NONE.
    lsn: Option<i64>,
}

impl Options {
    fn parse(context: &Context<'_>, items: &[DefinitionItem], allowed: &[&str]) -> Result<Options> {
        let mut found = Options::default();
        for (at, item) in items.iter().enumerate() {
            let name = &*item.name;
            if !allowed.contains(&name) {
                bail!(SYNTAX_ERROR, "unrecognized subscription parameter: \"{name}\"");
            }
            if items[..at].iter().any(|other| other.name == item.name) {
                let error = Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options");
                return Err(context.place(error, item.location));
            }
            let text = || match options::text(item) {
                Some(text) => Ok(text),
                None => Err(Error::new(SqlState::SYNTAX_ERROR, format!("{name} requires a parameter"))),
            };
            let flag = || options::boolean(item).map(Some);
            match name {
                "connect" => found.connect = flag()?,
                "enabled" => found.enabled = flag()?,
                "create_slot" => found.create_slot = flag()?,
                "copy_data" => found.copy_data = flag()?,
                "refresh" => found.refresh = flag()?,
                "binary" => found.binary = flag()?,
                "two_phase" => found.two_phase = flag()?,
                "disable_on_error" => found.disable_on_error = flag()?,
                "password_required" => found.password_required = flag()?,
                "run_as_owner" => found.run_as_owner = flag()?,
                "failover" => found.failover = flag()?,
                "slot_name" => {
                    let given = text()?;
                    found.slot_name = Some(match &*given {
                        "none" => None,
                        name => {
                            check_slot_name(name)?;
                            Some(given)
                        }
                    });
                }
                "synchronous_commit" => {
                    let given = text()?;
                    check_synchronous_commit(&given)?;
                    found.synchronous_commit = Some(given);
                }
                "streaming" => {
                    found.streaming = Some(match options::text(item).as_deref() {
                        Some("parallel") => b'p',
                        _ => match options::boolean(item) {
                            Ok(true) => b't',
                            Ok(false) => b'f',
                            Err(_) => bail!(SYNTAX_ERROR, "streaming requires a Boolean value or \"parallel\""),
                        },
                    });
                }
                "origin" => {
                    let given = text()?;
                    if !matches!(&*given.to_ascii_lowercase(), "none" | "any") {
                        bail!(INVALID_PARAMETER_VALUE, "unrecognized origin value: \"{given}\"");
                    }
                    found.origin = Some(given);
                }
                _ => {
                    let given = text()?;
                    found.lsn = Some(if given == "none" { 0 } else { lsn(&given)? });
                }
            }
        }
        Ok(found)
    }
}

fn lsn(text: &str) -> Result<i64> {
    let half = |text: &str| match (1..=8).contains(&text.len()) {
        true => u32::from_str_radix(text, 16).ok(),
        false => None,
    };
    let halves = text.split_once('/').and_then(|(high, low)| Some((half(high)?, half(low)?)));
    match halves {
        Some((0, 0)) => bail!(INVALID_PARAMETER_VALUE, "invalid WAL location (LSN): {text}"),
        Some((high, low)) => Ok((u64::from(high) << 32 | u64::from(low)) as i64),
        None => bail!(INVALID_TEXT_REPRESENTATION, "invalid input syntax for type pg_lsn: \"{text}\""),
    }
}

fn check_slot_name(name: &str) -> Result<()> {
    if name.is_empty() {
        bail!(INVALID_NAME, "replication slot name \"{name}\" is too short");
    }
    if name.len() > 63 {
        bail!(NAME_TOO_LONG, "replication slot name \"{name}\" is too long");
    }
    if name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        return Ok(());
    }
    let text = format!("replication slot name \"{name}\" contains invalid character");
    let hint = "Replication slot names may only contain lower case letters, numbers, and the underscore character.";
    Err(Error::new(SqlState::INVALID_NAME, text).hint(hint))
}

fn check_synchronous_commit(value: &str) -> Result<()> {
    let known = ["local", "remote_write", "remote_apply", "on", "off", "true", "false", "yes", "no", "1", "0"];
    if known.contains(&&*value.to_ascii_lowercase()) {
        return Ok(());
    }
    let text = format!("invalid value for parameter \"synchronous_commit\": \"{value}\"");
    let hint = "Available values: local, remote_write, remote_apply, on, off.";
    Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text).hint(hint))
}

/// Words that a connection string may have.
const KEYWORDS: &[&str] = &[
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_issuer",
    "oauth_scope",
    "options",
    "passfile",
    "password",
    "port",
    "replication",
    "require_auth",
    "requirepeer",
    "scram_client_key",
    "scram_server_key",
    "service",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslkeylogfile",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// Looks at a connection string; `must_have_password`: it must carry one.
fn check_connection(text: &str, must_have_password: bool) -> Result<()> {
    let invalid = |reason: String| {
        let text = format!("invalid connection string syntax: {reason}\n");
        Error::new(SqlState::SYNTAX_ERROR, text)
    };
    let uri = ["postgresql://", "postgres://"].iter().find_map(|prefix| text.strip_prefix(prefix));
    let has_password = match uri {
        Some(rest) => {
            let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
            let mut found =
                place.split_once('@').is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, p)| !p.is_empty()));
            for pair in query.split('&').filter(|pair| !pair.is_empty()) {
                let Some((name, value)) = pair.split_once('=') else {
                    return Err(invalid(format!(
                        "missing key/value separator \"=\" in URI query parameter: \"{pair}\""
                    )));
                };
                if !KEYWORDS.contains(&name) && name != "ssl" {
                    return Err(invalid(format!("invalid URI query parameter: \"{name}\"")));
                }
                found |= name == "password" && !value.is_empty();
            }
            found
        }
        None => {
            let pairs = pairs(text).map_err(invalid)?;
            if let Some((name, _)) = pairs.iter().find(|(name, _)| !KEYWORDS.contains(&&**name)) {
                return Err(invalid(format!("invalid connection option \"{name}\"")));
            }
            pairs.iter().any(|(name, value)| name == "password" && !value.is_empty())
        }
    };
    if must_have_password && !has_password {
        let error = Error::new(SqlState::S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED, "password is required");
        return Err(error.detail("Non-superusers must provide a password in the connection string."));
    }
    Ok(())
}

/// The words and values of a connection string, or what is wrong with it.
fn pairs(text: &str) -> std::result::Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        let Some(behind) = behind.trim_start().strip_prefix('=') else {
            return Err(format!("missing \"=\" after \"{name}\" in connection info string"));
        };
        let behind = behind.trim_start();
        let mut value = String::new();
        let (quoted, body) = match behind.strip_prefix('\'') {
            Some(body) => (true, body),
            None => (false, behind),
        };
        let mut chars = body.char_indices();
        let mut at = body.len();
        let mut closed = false;
        while let Some((place, c)) = chars.next() {
            match c {
                '\\' => value.extend(chars.next().map(|(_, c)| c)),
                '\'' if quoted => {
                    (at, closed) = (place + 1, true);
                    break;
                }
                c if !quoted && c.is_ascii_whitespace() => {
                    at = place;
                    break;
                }
                c => value.push(c),
            }
        }
        if quoted && !closed {
            return Err("unterminated quoted string in connection info string".into());
        }
        found.push((name.to_string(), value));
        rest = body[at..].trim_start();
    }
    Ok(found)
}

fn distinct(names: &[Name]) -> Result<Vec<Text>> {
    let mut found: Vec<Text> = Vec::new();
    for name in names {
        if found.iter().any(|other| **other == **name) {
            bail!(DUPLICATE_OBJECT, "publication name \"{name}\" used more than once");
        }
        found.push(name.to_string().into());
    }
    Ok(found)
}

fn connecting() -> Error {
    Error::not_implemented("a connection to a publisher")
}

fn only_superusers() -> Error {
    let error = Error::new(SqlState::INSUFFICIENT_PRIVILEGE, "password_required=false is superuser-only");
    error.hint(
        "Subscriptions with the password_required option set to false may only be created or modified by the superuser.",
    )
}

/// Makes a subscription.
pub(crate) fn create(context: &Context<'_>, create: &CreateSubscription) -> Result<()> {
    let catalog = context.catalog();
    let (name, me) = (&*create.name, catalog.current_user());
    let allowed: Vec<&str> = KEPT.iter().copied().chain(["connect", "enabled", "create_slot", "copy_data"]).collect();
    let mut found = Options::parse(context, &create.options, &allowed)?;
    let exclusive = |what: &str| {
        let text = format!("{what} = true are mutually exclusive options");
        Err(Error::new(SqlState::SYNTAX_ERROR, text))
    };
    let connect = found.connect.unwrap_or(true);
    if !connect {
        let given = [("enabled", found.enabled), ("create_slot", found.create_slot), ("copy_data", found.copy_data)];
        if let Some((what, _)) = given.iter().find(|(_, given)| *given == Some(true)) {
            return exclusive(&format!("connect = false and {what}"));
        }
        (found.enabled, found.create_slot) = (Some(false), Some(false));
    }
    let (enabled, create_slot) = (found.enabled.unwrap_or(true), found.create_slot.unwrap_or(true));
    if found.slot_name == Some(None) {
        for (what, given, holds) in
            [("enabled", found.enabled, enabled), ("create_slot", found.create_slot, create_slot)]
        {
            if holds && given == Some(true) {
                return exclusive(&format!("slot_name = NONE and {what}"));
            }
            if holds {
                bail!(SYNTAX_ERROR, "subscription with slot_name = NONE must also set {what} = false");
            }
        }
    }
    if create_slot {
        context.services.refuse_block("CREATE SUBSCRIPTION ... WITH (create_slot = true)")?;
    }
    if !catalog.has_privileges_of(me, PG_CREATE_SUBSCRIPTION)? {
        let error = Error::new(SqlState::INSUFFICIENT_PRIVILEGE, "permission denied to create subscription");
        return Err(
            error.detail("Only roles with privileges of the \"pg_create_subscription\" role may create subscriptions.")
        );
    }
    catalog.require_privileges(Privileged::Database, catalog.database(), Privileges::CREATE)?;
    let superuser = catalog.is_superuser(me)?;
    let password_required = found.password_required.unwrap_or(true);
    if !password_required && !superuser {
        return Err(only_superusers());
    }
    let key = [catalog.database().into(), name.into()];
    if catalog.row::<PgSubscription>(index::PG_SUBSCRIPTION_SUBNAME_INDEX, &key)?.is_some() {
        bail!(DUPLICATE_OBJECT, "subscription \"{name}\" already exists");
    }
    let slot = match &found.slot_name {
        Some(given) => given.clone(),
        None => {
            check_slot_name(name)?;
            Some(name.to_string())
        }
    };
    check_connection(&create.connection, password_required && !superuser)?;
    let publications = distinct(&create.publications)?;
    if connect {
        return Err(connecting());
    }
    let oid = catalog.new_oid::<PgSubscription>(index::PG_SUBSCRIPTION_OID_INDEX)?;
    catalog.insert(&PgSubscription {
        oid,
        subdbid: catalog.database(),
        subskiplsn: 0,
        subname: name.to_string().into(),
        subowner: me,
        subenabled: enabled,
        subbinary: found.binary.unwrap_or(false),
        substream: found.streaming.unwrap_or(b'p'),
        subtwophasestate: if found.two_phase == Some(true) { b'p' } else { b'd' },
        subdisableonerr: found.disable_on_error.unwrap_or(false),
        subpasswordrequired: password_required,
        subrunasowner: found.run_as_owner.unwrap_or(false),
        subfailover: found.failover.unwrap_or(false),
        subconninfo: create.connection.to_string().into(),
        subslotname: slot.map(Text::from),
        subsynccommit: found.synchronous_commit.unwrap_or_else(|| "off".into()).into(),
        subpublications: publications,
        suborigin: Some(found.origin.unwrap_or_else(|| "any".into()).into()),
    })?;
    catalog.record_owner(Object::of::<PgSubscription>(oid), me)?;
    create_origin(context, oid)?;
    let text = "subscription was created, but is not connected";
    let hint = "To initiate replication, you must manually create the replication slot, enable the subscription, and \
                refresh the subscription.";
    context.notice(Error::new(SqlState::WARNING, text).severity(Severity::Warning).hint(hint));
    catalog.next_command()
}

fn origin_name(subscription: Oid) -> String {
    format!("pg_{subscription}")
}

/// The replication origin that changes of a subscription are to come from: the first number that is free.
fn create_origin(context: &Context<'_>, subscription: Oid) -> Result<()> {
    let catalog = context.catalog();
    let mut taken: Vec<u32> =
        catalog.scan_all::<PgReplicationOrigin>()?.iter().map(|stored| stored.row.roident.0).collect();
    taken.sort_unstable();
    let free = (1..).zip(&taken).find(|(number, taken)| number != *taken).map_or(taken.len() as u32 + 1, |(n, _)| n);
    let roname = origin_name(subscription).into();
    catalog.insert(&PgReplicationOrigin { roident: Oid(free), roname })
}

/// Changes a subscription.
pub(crate) fn alter(context: &Context<'_>, alter: &AlterSubscription) -> Result<()> {
    let catalog = context.catalog();
    let name = &*alter.name;
    let key = [catalog.database().into(), name.into()];
    let Some(stored) = catalog.stored_row::<PgSubscription>(index::PG_SUBSCRIPTION_SUBNAME_INDEX, &key)? else {
        bail!(UNDEFINED_OBJECT, "subscription \"{name}\" does not exist");
    };
    let me = catalog.current_user();
    crate::comment::owned_by(context, stored.row.subowner, "subscription", name)?;
    let superuser = catalog.is_superuser(me)?;
    if !stored.row.subpasswordrequired && !superuser {
        return Err(only_superusers());
    }
    let mut row = stored.row.clone();
    match &alter.action {
        Action::Options => set_options(context, &mut row, &Options::parse(context, &alter.options, KEPT)?, superuser)?,
        Action::Skip => {
            let found = Options::parse(context, &alter.options, &["lsn"])?;
            if !superuser {
                bail!(INSUFFICIENT_PRIVILEGE, "must be superuser to skip transaction");
            }
            if let Some(lsn) = found.lsn {
                row.subskiplsn = lsn;
            }
        }
        Action::Enable(enabled) => {
            if *enabled && row.subslotname.is_none() {
                let text = "cannot enable subscription that does not have a slot name";
                return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text));
            }
            if *enabled {
                let text = format!("no process applies the changes of subscription \"{name}\": not implemented");
                context.notice(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).severity(Severity::Log));
            }
            row.subenabled = *enabled;
        }
        Action::Connection(connection) => {
            check_connection(connection, row.subpasswordrequired && !superuser)?;
            row.subconninfo = connection.to_string().into();
        }
        Action::Refresh => {
            if !row.subenabled {
                let text = "ALTER SUBSCRIPTION ... REFRESH is not allowed for disabled subscriptions";
                return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text));
            }
            Options::parse(context, &alter.options, &["copy_data"])?;
            context.services.refuse_block("ALTER SUBSCRIPTION ... REFRESH")?;
            return Err(connecting());
        }
        Action::SetPublications(names) => {
            let found = Options::parse(context, &alter.options, &["copy_data", "refresh"])?;
            row.subpublications = distinct(names)?;
            refresh(context, &row, &found, "Use ALTER SUBSCRIPTION ... SET PUBLICATION ... WITH (refresh = false).")?;
        }
        Action::AddPublications(names) => {
            let found = Options::parse(context, &alter.options, &["copy_data", "refresh"])?;
            for added in distinct(names)? {
                if row.subpublications.contains(&added) {
                    bail!(DUPLICATE_OBJECT, "publication \"{added}\" is already in subscription \"{name}\"");
                }
                row.subpublications.push(added);
            }
            let hint = "Use ALTER SUBSCRIPTION ... ADD PUBLICATION ... WITH (refresh = false) instead.";
            refresh(context, &row, &found, hint)?;
        }
        Action::DropPublications(names) => {
            let found = Options::parse(context, &alter.options, &["copy_data", "refresh"])?;
            for dropped in distinct(names)? {
                let Some(at) = row.subpublications.iter().position(|own| *own == dropped) else {
                    let text = format!("publication \"{dropped}\" is not in subscription \"{name}\"");
                    return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
                };
                row.subpublications.remove(at);
            }
            if row.subpublications.is_empty() {
                bail!(INVALID_OBJECT_DEFINITION, "cannot drop all the publications from a subscription");
            }
            let hint = "Use ALTER SUBSCRIPTION ... DROP PUBLICATION ... WITH (refresh = false) instead.";
            refresh(context, &row, &found, hint)?;
        }
    }
    catalog.update(&stored, &row)?;
    catalog.next_command()
}

/// What follows from other publications, unless it is not wanted.
fn refresh(context: &Context<'_>, row: &PgSubscription, found: &Options, hint: &str) -> Result<()> {
    if found.refresh == Some(false) {
        return Ok(());
    }
    if !row.subenabled {
        let text = "ALTER SUBSCRIPTION with refresh is not allowed for disabled subscriptions";
        return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text).hint(hint));
    }
    context.services.refuse_block("ALTER SUBSCRIPTION with refresh")?;
    Err(connecting())
}

fn set_options(context: &Context<'_>, row: &mut PgSubscription, found: &Options, superuser: bool) -> Result<()> {
    let state = SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE;
    if let Some(slot) = &found.slot_name {
        if row.subenabled && slot.is_none() {
            return Err(Error::new(state, "cannot set slot_name = NONE for enabled subscription"));
        }
        row.subslotname = slot.clone().map(Text::from);
    }
    if found.password_required == Some(false) && !superuser {
        return Err(only_superusers());
    }
    for (what, wanted, now) in
        [("failover", found.failover, row.subfailover), ("two_phase", found.two_phase, row.subtwophasestate != b'd')]
    {
        if wanted.is_none() {
            continue;
        }
        if what == "failover" && row.subslotname.is_none() {
            let text = "cannot set option \"failover\" for a subscription that does not have a slot name";
            return Err(Error::new(state, text));
        }
        if row.subenabled {
            return Err(Error::new(state, format!("cannot set option \"{what}\" for enabled subscription")));
        }
        if row.subslotname.is_some() {
            context.services.refuse_block(&format!("ALTER SUBSCRIPTION ... SET ({what})"))?;
            // The publisher's slot has to follow.
            if wanted != Some(now) {
                return Err(connecting());
            }
        }
    }
    if let Some(on) = found.two_phase {
        row.subtwophasestate = if on { b'p' } else { b'd' };
    }
    macro_rules! take {
        ($($option:ident $field:ident),*) => {
            $(if let Some(value) = &found.$option {
                row.$field = value.clone().into();
            })*
        };
    }
    take!(
        synchronous_commit subsynccommit, binary subbinary, streaming substream, disable_on_error subdisableonerr,
        password_required subpasswordrequired, run_as_owner subrunasowner, failover subfailover
    );
    if let Some(origin) = &found.origin {
        row.suborigin = Some(origin.clone().into());
    }
    Ok(())
}

/// Drops a subscription.
pub(crate) fn drop(context: &Context<'_>, drop: &DropSubscription) -> Result<()> {
    let catalog = context.catalog();
    let name = &*drop.name;
    let key = [catalog.database().into(), name.into()];
    let Some(row) = catalog.row::<PgSubscription>(index::PG_SUBSCRIPTION_SUBNAME_INDEX, &key)? else {
        if !drop.if_exists {
            bail!(UNDEFINED_OBJECT, "subscription \"{name}\" does not exist");
        }
        context.inform(SqlState::UNDEFINED_OBJECT, format!("subscription \"{name}\" does not exist, skipping"));
        return Ok(());
    };
    crate::comment::owned_by(context, row.subowner, "subscription", name)?;
    if !row.subpasswordrequired && !catalog.is_superuser(catalog.current_user())? {
        return Err(only_superusers());
    }
    if let Some(slot) = &row.subslotname {
        context.services.refuse_block("DROP SUBSCRIPTION")?;
        let text = format!(
            "could not connect to publisher when attempting to drop replication slot \"{slot}\": connections to \
             publishers are not implemented"
        );
        let hint = "Use ALTER SUBSCRIPTION ... DISABLE to disable the subscription, and then use ALTER SUBSCRIPTION ... \
                    SET (slot_name = NONE) to disassociate it from the slot.";
        return Err(Error::new(SqlState::CONNECTION_FAILURE, text).hint(hint));
    }
    let this = Object::of::<PgSubscription>(row.oid);
    catalog.note_dropped(this, true, true)?;
    catalog.delete_all::<PgSubscription>(index::PG_SUBSCRIPTION_OID_INDEX, &[row.oid.into()])?;
    for stored in catalog.scan_all::<PgSubscriptionRel>()? {
        if stored.row.srsubid == row.oid {
            catalog.delete(&stored)?;
        }
    }
    let key = [Oid::INVALID.into(), PgSubscription::RELATION.into(), row.oid.into()];
    catalog.delete_all::<PgShdepend>(index::PG_SHDEPEND_DEPENDER_INDEX, &key)?;
    catalog.set_description(this, None)?;
    let origin = origin_name(row.oid);
    catalog.delete_all::<PgReplicationOrigin>(index::PG_REPLICATION_ORIGIN_RONAME_INDEX, &[origin.as_str().into()])?;
    catalog.next_command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_strings() {
        let refused = |text: &str| check_connection(text, false).expect_err(text).message().to_string();
        assert!(refused("dbname").contains("missing \"=\" after \"dbname\" in connection info string"));
        assert!(refused("dbname='x").contains("unterminated quoted string"));
        assert!(refused("nobody=1").contains("invalid connection option \"nobody\""));
        assert!(refused("postgresql://u@h/d?zz=1").contains("invalid URI query parameter: \"zz\""));
        check_connection("", false).expect("empty");
        check_connection(r"dbname = 'a b\'c' password=x\ y", true).expect("has a password");
        check_connection("postgres://u:p@h/d", true).expect("has a password");
        assert_eq!(check_connection("dbname=x", true).expect_err("has none").message(), "password is required");
        assert_eq!(
            pairs(r"a = 'b\'c' d=e\ f").expect("parses"),
            [("a".into(), "b'c".into()), ("d".into(), "e f".into())]
        );
    }

    #[test]
    fn positions() {
        assert_eq!(lsn("0/12345").expect("one"), 0x12345);
        assert_eq!(lsn("A/FF").expect("one"), 0xA_0000_00FF);
        assert!(lsn("0/0").is_err() && lsn("x").is_err() && lsn("0/123456789").is_err());
    }
}
