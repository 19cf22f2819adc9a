//! What clients send.

use error::{Error, Result, SqlState};

use crate::frame::{put, put_c_str};
use crate::{Body, Format};

/// A portal or a prepared statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A prepared statement.
    Statement,
    /// A portal.
    Portal,
}

/// A list that a message holds, decoded item by item as it is walked.
#[derive(Clone, Debug)]
pub struct Items<'a, T> {
    body: Body<'a>,
    count: usize,
    read: fn(&mut Body<'a>) -> Result<T>,
}

impl<T> Items<'_, T> {
    /// How many items are left.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl<T> Iterator for Items<'_, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        self.count = self.count.checked_sub(1)?;
        Some((self.read)(&mut self.body))
    }
}

/// A message from a client.
#[derive(Clone, Debug)]
pub enum FrontendMessage<'a> {
    /// `Q`: run these statements.
    Query(&'a str),
    /// `P`: prepare a statement.
    Parse {
        /// Its name; empty for the unnamed one.
        name: &'a str,
        /// Its text.
        query: &'a str,
        /// The types of its parameters as far as they are given; zero for one to be inferred.
        types: Items<'a, u32>,
    },
    /// `B`: make a portal of a prepared statement.
    Bind {
        /// The portal's name; empty for the unnamed one.
        portal: &'a str,
        /// The statement's name.
        statement: &'a str,
        /// Formats of the parameters: none (all text), one (for all), or one each.
        parameter_formats: Items<'a, i16>,
        /// The parameters; `None` is null.
        parameters: Items<'a, Option<&'a [u8]>>,
        /// Formats wanted for the result's columns: none, one, or one each.
        result_formats: Items<'a, i16>,
    },
    /// `D`: describe.
    Describe(Target, &'a str),
    /// `E`: run a portal, up to so many rows (0: all).
    Execute {
        /// The portal's name.
        portal: &'a str,
        /// Rows at most; 0 for all.
        max_rows: i32,
    },
    /// `C`: close.
    Close(Target, &'a str),
    /// `H`: send what there is.
    Flush,
    /// `S`: end of a group of messages; errors are skipped up to here.
    Sync,
    /// `X`: the client leaves.
    Terminate,
    /// `d`: data of a COPY.
    CopyData(&'a [u8]),
    /// `c`: the COPY's end.
    CopyDone,
    /// `f`: the client cannot go on with the COPY.
    CopyFail(&'a str),
    /// `F`: call a function by its id.
    FunctionCall {
        /// The function.
        function: u32,
        /// Formats of the arguments.
        argument_formats: Items<'a, i16>,
        /// The arguments.
        arguments: Items<'a, Option<&'a [u8]>>,
        /// Format of the result.
        result_format: i16,
    },
    /// `p`: a password or a SASL or GSS answer; which one, the state of the exchange tells.
    Password(&'a [u8]),
}

fn target(code: u8, message: &str) -> Result<Target> {
    match code {
        b'S' => Ok(Target::Statement),
        b'P' => Ok(Target::Portal),
        other => Err(Error::new(SqlState::PROTOCOL_VIOLATION, format!("invalid {message} message subtype {other}"))),
    }
}

fn list<'a, T>(body: &mut Body<'a>, size: usize, read: fn(&mut Body<'a>) -> Result<T>) -> Result<Items<'a, T>> {
    let count = body.count(size)?;
    Ok(Items { body: Body::new(body.bytes(count * size)?), count, read })
}

/// A list whose items have lengths of their own: walks over it once to find its end, and checks it so.
fn values<'a>(body: &mut Body<'a>) -> Result<Items<'a, Option<&'a [u8]>>> {
    let count = body.count(4)?;
    let items = Items { body: *body, count, read: |body| body.value() };
    for _ in 0..count {
        body.value()?;
    }
    Ok(items)
}

impl<'a> FrontendMessage<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// `08P01` for an unknown kind (fatal, as the stream has lost its sense) or a malformed body.
    pub fn parse(kind: u8, body: &'a [u8]) -> Result<FrontendMessage<'a>> {
        let mut body = Body::new(body);
        let message = match kind {
            b'Q' => FrontendMessage::Query(body.c_str()?),
            b'P' => FrontendMessage::Parse {
                name: body.c_str()?,
                query: body.c_str()?,
                types: list(&mut body, 4, |body| body.u32())?,
            },
            b'B' => FrontendMessage::Bind {
                portal: body.c_str()?,
                statement: body.c_str()?,
                parameter_formats: list(&mut body, 2, |body| body.i16())?,
                parameters: values(&mut body)?,
                result_formats: list(&mut body, 2, |body| body.i16())?,
            },
            b'D' => FrontendMessage::Describe(target(body.u8()?, "DESCRIBE")?, body.c_str()?),
            b'E' => FrontendMessage::Execute { portal: body.c_str()?, max_rows: body.i32()? },
            b'C' => FrontendMessage::Close(target(body.u8()?, "CLOSE")?, body.c_str()?),
            b'H' => FrontendMessage::Flush,
            b'S' => FrontendMessage::Sync,
            b'X' => FrontendMessage::Terminate,
            b'd' => FrontendMessage::CopyData(body.rest()),
            b'c' => FrontendMessage::CopyDone,
            b'f' => FrontendMessage::CopyFail(body.c_str()?),
            b'F' => FrontendMessage::FunctionCall {
                function: body.u32()?,
                argument_formats: list(&mut body, 2, |body| body.i16())?,
                arguments: values(&mut body)?,
                result_format: body.i16()?,
            },
            b'p' => FrontendMessage::Password(body.rest()),
            other => {
                let text = format!("invalid frontend message type {other}");
                return Err(Error::new(SqlState::PROTOCOL_VIOLATION, text).fatal());
            }
        };
        body.end()?;
        Ok(message)
    }
}

fn put_i16(to: &mut Vec<u8>, value: i16) {
    to.extend_from_slice(&value.to_be_bytes());
}

fn put_count(to: &mut Vec<u8>, count: usize) {
    to.extend_from_slice(&(count as u16).to_be_bytes());
}

fn put_formats(to: &mut Vec<u8>, formats: &[Format]) {
    put_count(to, formats.len());
    formats.iter().for_each(|format| put_i16(to, format.code()));
}

/// Appends a value with its length before it.
pub fn put_value(to: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        None => to.extend_from_slice(&(-1i32).to_be_bytes()),
        Some(bytes) => {
            to.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
            to.extend_from_slice(bytes);
        }
    }
}

/// Appends `Q`. The text is in the session's encoding.
pub fn query(to: &mut Vec<u8>, text: impl AsRef<[u8]>) {
    put(to, b'Q', |to| put_c_str(to, text));
}

/// Appends `P`; at most 65,535 types. The text is in the session's encoding.
pub fn parse(to: &mut Vec<u8>, name: &str, text: impl AsRef<[u8]>, types: &[u32]) {
    put(to, b'P', |to| {
        put_c_str(to, name);
        put_c_str(to, text);
        put_count(to, types.len());
        types.iter().for_each(|oid| to.extend_from_slice(&oid.to_be_bytes()));
    });
}

/// Appends `B`; at most 65,535 parameters and formats.
pub fn bind(
    to: &mut Vec<u8>,
    portal: &str,
    statement: &str,
    parameter_formats: &[Format],
    parameters: &[Option<&[u8]>],
    result_formats: &[Format],
) {
    put(to, b'B', |to| {
        put_c_str(to, portal);
        put_c_str(to, statement);
        put_formats(to, parameter_formats);
        put_count(to, parameters.len());
        parameters.iter().for_each(|value| put_value(to, *value));
        put_formats(to, result_formats);
    });
}

fn put_target(to: &mut Vec<u8>, kind: u8, target: Target, name: &str) {
    put(to, kind, |to| {
        to.push(match target {
            Target::Statement => b'S',
            Target::Portal => b'P',
        });
        put_c_str(to, name);
    });
}

/// Appends `D`.
pub fn describe(to: &mut Vec<u8>, target: Target, name: &str) {
    put_target(to, b'D', target, name);
}

/// Appends `C`.
pub fn close(to: &mut Vec<u8>, target: Target, name: &str) {
    put_target(to, b'C', target, name);
}

/// Appends `E`; `max_rows` 0 asks for all.
pub fn execute(to: &mut Vec<u8>, portal: &str, max_rows: i32) {
    put(to, b'E', |to| {
        put_c_str(to, portal);
        to.extend_from_slice(&max_rows.to_be_bytes());
    });
}

/// Appends `H`.
pub fn flush(to: &mut Vec<u8>) {
    put(to, b'H', |_| ());
}

/// Appends `S`.
pub fn sync(to: &mut Vec<u8>) {
    put(to, b'S', |_| ());
}

/// Appends `X`.
pub fn terminate(to: &mut Vec<u8>) {
    put(to, b'X', |_| ());
}

/// Appends `d`.
pub fn copy_data(to: &mut Vec<u8>, data: &[u8]) {
    put(to, b'd', |to| to.extend_from_slice(data));
}

/// Appends `c`.
pub fn copy_done(to: &mut Vec<u8>) {
    put(to, b'c', |_| ());
}

/// Appends `f`.
pub fn copy_fail(to: &mut Vec<u8>, reason: &str) {
    put(to, b'f', |to| put_c_str(to, reason));
}

/// Appends `p` with a password.
pub fn password(to: &mut Vec<u8>, password: &str) {
    put(to, b'p', |to| put_c_str(to, password));
}

/// Appends `p` with the first SASL message.
pub fn sasl_initial(to: &mut Vec<u8>, mechanism: &str, response: &[u8]) {
    put(to, b'p', |to| {
        put_c_str(to, mechanism);
        put_value(to, Some(response));
    });
}

/// Appends `p` with a later SASL message.
pub fn sasl_response(to: &mut Vec<u8>, response: &[u8]) {
    put(to, b'p', |to| to.extend_from_slice(response));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Cut, client_limit, cut};

    fn sample() -> Vec<u8> {
        let mut to = Vec::new();
        query(&mut to, "select 'é'");
        parse(&mut to, "s", "select $1", &[23]);
        bind(&mut to, "p", "s", &[Format::Binary], &[Some(b"\0\0\0\x07"), None], &[Format::Text, Format::Binary]);
        describe(&mut to, Target::Portal, "p");
        execute(&mut to, "p", 10);
        close(&mut to, Target::Statement, "s");
        flush(&mut to);
        sync(&mut to);
        copy_data(&mut to, b"1\t2\n");
        copy_done(&mut to);
        copy_fail(&mut to, "no");
        password(&mut to, "secret");
        terminate(&mut to);
        to
    }

    #[test]
    fn messages_round_trip() {
        let buffer = sample();
        let (mut rest, mut kinds) = (&buffer[..], String::new());
        while let Ok(Cut::Whole(frame)) = cut(rest, client_limit) {
            let message = FrontendMessage::parse(frame.kind, frame.body).expect("our own message is well-formed");
            if let FrontendMessage::Bind { parameters, result_formats, .. } = &message {
                let parameters: Vec<_> = parameters.clone().map(|p| p.expect("a parameter")).collect();
                assert_eq!(parameters, [Some(&b"\0\0\0\x07"[..]), None]);
                assert_eq!(result_formats.clone().map(|f| f.expect("a format")).collect::<Vec<_>>(), [0, 1]);
            }
            kinds.push(frame.kind as char);
            rest = &rest[frame.len..];
        }
        assert_eq!(kinds, "QPBDECHSdcfpX");
    }

    #[test]
    fn no_damage_is_read_past() {
        let buffer = sample();
        let mut rest = &buffer[..];
        while let Ok(Cut::Whole(frame)) = cut(rest, client_limit) {
            for end in 0..frame.body.len() {
                // Data of COPY and passwords are bytes of any length; all else notices.
                let short = FrontendMessage::parse(frame.kind, &frame.body[..end]);
                assert!(short.is_err() || matches!(frame.kind, b'd' | b'p'), "{} {end}", frame.kind as char);
            }
            rest = &rest[frame.len..];
        }
    }
}
