//! `\lo_import`, `\lo_export`, `\lo_unlink`: large objects from and to files at the client's side.

use std::fs::File;
use std::io::{Read, Write};

use client::{Format, QueryResult, Rows, Statement, TransactionStatus};

use super::{Call, Status};
use crate::lexer::shown;
use crate::pset::leading_integer;
use crate::session::Psql;
use crate::shell;

/// Data go in pieces of this size.
const PIECE: usize = 1 << 18;
/// The mode of `lo_open` for reading; for writing it is half as much.
const READ: u32 = 0x40000;
const WRITE: u32 = 0x20000;

/// `\lo_import FILE [COMMENT]`, `\lo_export OID FILE`, `\lo_unlink OID`
pub(super) fn large_object(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let (first, second) = (call.next_stripped(psql), call.next_stripped(psql));
    let Some(first) = first else { return call.missing(psql) };
    let oid = leading_integer(&first) as u32;
    let work: Work = match call.name.as_str() {
        "lo_import" => {
            let mut file = first;
            shell::expand_tilde(&mut file);
            Work::Import(file, second)
        }
        "lo_export" => {
            let Some(mut file) = second else { return call.missing(psql) };
            shell::expand_tilde(&mut file);
            Work::Export(oid, file)
        }
        _ => Work::Unlink(oid),
    };
    psql.large_object(&call.name, work).into()
}

enum Work {
    Import(Vec<u8>, Option<Vec<u8>>),
    Export(u32, Vec<u8>),
    Unlink(u32),
}

/// A step failed, and has been reported.
struct Failed;

impl Psql {
    /// Does the work in a transaction: the one that is open, or one of its own.
    fn large_object(&mut self, name: &str, work: Work) -> bool {
        if self.connection.is_none() {
            self.error(format!("\\{name}: not connected to a database"));
            return false;
        }
        let own = match self.transaction_status() {
            TransactionStatus::Idle => true,
            TransactionStatus::InBlock => false,
            TransactionStatus::Failed => {
                self.error(format!("\\{name}: current transaction is aborted"));
                return false;
            }
            _ => {
                self.error(format!("\\{name}: unknown transaction status"));
                return false;
            }
        };
        if own && self.hidden_query(b"BEGIN").is_none() {
            return false;
        }
        let done = match work {
            Work::Import(file, comment) => self.import(&file, comment.as_deref()),
            Work::Export(oid, file) => self.export(oid, &file),
            Work::Unlink(oid) => self.unlink(oid),
        };
        // A transaction block that a script leaves open is its own affair unless each statement commits itself.
        let ends = own && self.variables.settings.autocommit;
        match done {
            Ok(said) => {
                if ends && self.hidden_query(b"COMMIT").is_none() {
                    return false;
                }
                if !self.variables.settings.quiet {
                    self.tell(format!("{said}\n"));
                }
                true
            }
            Err(Failed) => {
                if ends {
                    self.hidden_query(b"ROLLBACK");
                }
                false
            }
        }
    }

    /// Calls a function of the server; numbers are given as text, data as binary.
    fn call(&mut self, query: &str, parameters: &[&[u8]], binary_data: bool) -> Result<Rows, Failed> {
        let Some(connection) = &mut self.connection else { return Err(Failed) };
        let values: Vec<Option<&[u8]>> = parameters.iter().map(|value| Some(*value)).collect();
        let last = parameters.len().saturating_sub(1);
        let formats: Vec<Format> = (0..parameters.len())
            .map(|n| if binary_data && n == last { Format::Binary } else { Format::Text })
            .collect();
        let statement =
            Statement { parameters: &values, formats: &formats, result_format: Format::Binary, ..Statement::default() };
        match connection.exec_params(query, statement) {
            QueryResult::Rows(rows) if !rows.is_empty() => Ok(rows),
            QueryResult::Error(error) => {
                self.report(error);
                Err(Failed)
            }
            _ => Err(Failed),
        }
    }

    /// Calls a function that gives a number.
    fn call_number(&mut self, query: &str, parameters: &[&[u8]], binary_data: bool) -> Result<u32, Failed> {
        let rows = self.call(query, parameters, binary_data)?;
        let value = rows.value(0, 0).and_then(|value| <[u8; 4]>::try_from(value).ok());
        value.map(u32::from_be_bytes).ok_or(Failed)
    }

    fn file_failed(&mut self, what: &str, file: &[u8], e: &std::io::Error) -> Failed {
        let (file, reason) = (shown(file).into_owned(), shell::reason(e));
        self.info(format!("could not {what} file \"{file}\": {reason}"));
        Failed
    }

    fn import(&mut self, name: &[u8], comment: Option<&[u8]>) -> Result<String, Failed> {
        let mut file = File::open(shell::path(name)).map_err(|e| self.file_failed("open", name, &e))?;
        let oid = self.call_number("SELECT pg_catalog.lo_creat($1::int4)", &[b"-1"], false)?;
        let (oid_text, mode) = (oid.to_string(), WRITE.to_string());
        let open = "SELECT pg_catalog.lo_open($1::pg_catalog.oid, $2::int4)";
        let handle = self.call_number(open, &[oid_text.as_bytes(), mode.as_bytes()], false)?.to_string();
        let mut piece = vec![0; PIECE];
        loop {
            let len = file.read(&mut piece).map_err(|e| self.file_failed("read from", name, &e))?;
            if len == 0 {
                break;
            }
            let write = "SELECT pg_catalog.lowrite($1::int4, $2::bytea)";
            self.call_number(write, &[handle.as_bytes(), &piece[..len]], true)?;
        }
        self.call_number("SELECT pg_catalog.lo_close($1::int4)", &[handle.as_bytes()], false)?;
        if let Some(comment) = comment {
            let comment = client::escape_literal(&shown(comment));
            let query = format!("COMMENT ON LARGE OBJECT {oid} IS {comment}");
            self.hidden_query(query.as_bytes()).ok_or(Failed)?;
        }
        self.set_variable(b"LASTOID", oid_text.as_bytes());
        Ok(format!("lo_import {oid}"))
    }

    fn export(&mut self, oid: u32, name: &[u8]) -> Result<String, Failed> {
        let (oid_text, mode) = (oid.to_string(), READ.to_string());
        let open = "SELECT pg_catalog.lo_open($1::pg_catalog.oid, $2::int4)";
        let handle = self.call_number(open, &[oid_text.as_bytes(), mode.as_bytes()], false)?.to_string();
        let mut file = File::create(shell::path(name)).map_err(|e| self.file_failed("open", name, &e))?;
        let size = PIECE.to_string();
        loop {
            let read = "SELECT pg_catalog.loread($1::int4, $2::int4)";
            let rows = self.call(read, &[handle.as_bytes(), size.as_bytes()], false)?;
            let data = rows.value(0, 0).unwrap_or_default();
            if data.is_empty() {
                break;
            }
            file.write_all(data).map_err(|e| self.file_failed("write to", name, &e))?;
        }
        self.call_number("SELECT pg_catalog.lo_close($1::int4)", &[handle.as_bytes()], false)?;
        Ok("lo_export".into())
    }

    fn unlink(&mut self, oid: u32) -> Result<String, Failed> {
        let oid_text = oid.to_string();
        self.call_number("SELECT pg_catalog.lo_unlink($1::pg_catalog.oid)", &[oid_text.as_bytes()], false)?;
        Ok(format!("lo_unlink {oid}"))
    }
}
