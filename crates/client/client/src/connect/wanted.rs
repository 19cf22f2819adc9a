//! `target_session_attrs`: whether a server is of the kind that is wanted.

use super::{Failure, Ping, Stage};
use crate::config::settings::SessionKind;
use crate::{Connection, QueryResult};

/// The connection, if it is wanted.
pub(super) fn check(mut connection: Connection, wanted: SessionKind) -> Result<Connection, Failure> {
    let refuse = |text: &str| {
        let mut failure = Failure::new(Stage::NotNow, text);
        failure.ping = Ping::Accepting;
        Err(failure)
    };
    match wanted {
        SessionKind::Any => (),
        SessionKind::ReadWrite | SessionKind::ReadOnly => {
            let wants_writing = wanted == SessionKind::ReadWrite;
            // Since version 14 servers report both settings unasked.
            let read_only =
                match (connection.parameter("default_transaction_read_only"), connection.parameter("in_hot_standby")) {
                    (Some(default), Some(standby)) => default == "on" || standby == "on",
                    _ => ask(&mut connection, "SHOW transaction_read_only")? == "on",
                };
            match (wants_writing, read_only) {
                (true, true) => return refuse("session is read-only"),
                (false, false) => return refuse("session is not read-only"),
                _ => (),
            }
        }
        SessionKind::Primary | SessionKind::Standby | SessionKind::PreferStandby => {
            let standby = match connection.parameter("in_hot_standby") {
                Some(standby) => standby == "on",
                None => ask(&mut connection, "SELECT pg_catalog.pg_is_in_recovery()")? == "t",
            };
            match (wanted == SessionKind::Primary, standby) {
                (true, true) => return refuse("server is in hot standby mode"),
                (false, false) => return refuse("server is not in hot standby mode"),
                _ => (),
            }
        }
    }
    Ok(connection)
}

/// The one value that a command gives.
fn ask(connection: &mut Connection, command: &str) -> Result<String, Failure> {
    match connection.exec(command) {
        QueryResult::Rows(rows) if rows.len() == 1 && !rows.fields().is_empty() => Ok(rows.text(0, 0).into_owned()),
        _ => Err(Failure::new(Stage::NotNow, format!("\"{command}\" failed"))),
    }
}
