//! What servers send.

use error::{Error, Fields, Result, Severity, SqlState};

use crate::frame::{put, put_c_str};
use crate::frontend::put_value;
use crate::{Body, Format, ProtocolVersion, TransactionStatus};

/// A column of a result, as RowDescription tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name.
    pub name: &'a str,
    /// The table it comes from, or 0.
    pub table: u32,
    /// Its number in that table, or 0.
    pub column: i16,
    /// Its type.
    pub type_oid: u32,
    /// The type's size in bytes; negative for a variable one.
    pub type_size: i16,
    /// The type's modifier, or -1.
    pub type_modifier: i32,
    /// How its values are sent.
    pub format: Format,
}

/// What the server asks for to authenticate a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication<'a> {
    /// Nothing more.
    Ok,
    /// The password as it is.
    CleartextPassword,
    /// The password, hashed with this salt.
    Md5Password([u8; 4]),
    /// SASL, by one of these mechanisms.
    Sasl(Vec<&'a str>),
    /// A SASL challenge.
    SaslContinue(&'a [u8]),
    /// The last SASL message.
    SaslFinal(&'a [u8]),
    /// A method that neither side of this crate offers, by its code.
    Other(i32),
}

impl<'a> Authentication<'a> {
    /// Reads the body of an `R`.
    ///
    /// # Errors
    /// `08P01` for a malformed one.
    pub fn read(body: &mut Body<'a>) -> Result<Authentication<'a>> {
        Ok(match body.i32()? {
            0 => Authentication::Ok,
            3 => Authentication::CleartextPassword,
            5 => Authentication::Md5Password(body.u32()?.to_be_bytes()),
            10 => {
                let mut mechanisms = Vec::new();
                loop {
                    match body.c_str()? {
                        "" => break Authentication::Sasl(mechanisms),
                        name => mechanisms.push(name),
                    }
                }
            }
            11 => Authentication::SaslContinue(body.rest()),
            12 => Authentication::SaslFinal(body.rest()),
            other => {
                body.rest();
                Authentication::Other(other)
            }
        })
    }
}

/// Appends `R`.
pub fn authentication(to: &mut Vec<u8>, request: &Authentication<'_>) {
    put(to, b'R', |to| {
        let mut code = |code: i32| to.extend_from_slice(&code.to_be_bytes());
        match request {
            Authentication::Ok => code(0),
            Authentication::CleartextPassword => code(3),
            Authentication::Md5Password(salt) => {
                code(5);
                to.extend_from_slice(salt);
            }
            Authentication::Sasl(mechanisms) => {
                code(10);
                mechanisms.iter().for_each(|name| put_c_str(to, name));
                to.push(0);
            }
            Authentication::SaslContinue(data) => {
                code(11);
                to.extend_from_slice(data);
            }
            Authentication::SaslFinal(data) => {
                code(12);
                to.extend_from_slice(data);
            }
            Authentication::Other(other) => code(*other),
        }
    });
}

/// Appends `K`: what a cancel request has to name. The key has 4 bytes in protocol 3.0, 4 to 256 from 3.2 on.
pub fn backend_key_data(to: &mut Vec<u8>, pid: i32, key: &[u8]) {
    put(to, b'K', |to| {
        to.extend_from_slice(&pid.to_be_bytes());
        to.extend_from_slice(key);
    });
}

/// Appends `S`: the value of a setting that clients follow.
pub fn parameter_status(to: &mut Vec<u8>, name: &str, value: &str) {
    put(to, b'S', |to| {
        put_c_str(to, name);
        put_c_str(to, value);
    });
}

/// Appends `v`: the newest version of the protocol that the server speaks, and the options it does not know.
pub fn negotiate_protocol_version(to: &mut Vec<u8>, newest: ProtocolVersion, unknown: &[&str]) {
    put(to, b'v', |to| {
        to.extend_from_slice(&newest.0.to_be_bytes());
        to.extend_from_slice(&(unknown.len() as i32).to_be_bytes());
        unknown.iter().for_each(|name| put_c_str(to, name));
    });
}

/// Appends `Z`.
pub fn ready_for_query(to: &mut Vec<u8>, status: TransactionStatus) {
    put(to, b'Z', |to| to.push(status.code()));
}

/// Appends `T`; at most 1,664 columns can be selected, so the count fits.
pub fn row_description<'a>(to: &mut Vec<u8>, fields: impl ExactSizeIterator<Item = Field<'a>>) {
    put(to, b'T', |to| {
        to.extend_from_slice(&(fields.len() as u16).to_be_bytes());
        for field in fields {
            put_c_str(to, field.name);
            to.extend_from_slice(&field.table.to_be_bytes());
            to.extend_from_slice(&field.column.to_be_bytes());
            to.extend_from_slice(&field.type_oid.to_be_bytes());
            to.extend_from_slice(&field.type_size.to_be_bytes());
            to.extend_from_slice(&field.type_modifier.to_be_bytes());
            to.extend_from_slice(&field.format.code().to_be_bytes());
        }
    });
}

/// Appends `D` with values already in their format. Hot paths write the body themselves, see [`crate::frame::begin`].
pub fn data_row<'a>(to: &mut Vec<u8>, values: impl ExactSizeIterator<Item = Option<&'a [u8]>>) {
    put(to, b'D', |to| {
        to.extend_from_slice(&(values.len() as u16).to_be_bytes());
        values.for_each(|value| put_value(to, value));
    });
}

/// Appends `t`: the types of a prepared statement's parameters.
pub fn parameter_description(to: &mut Vec<u8>, types: impl ExactSizeIterator<Item = u32>) {
    put(to, b't', |to| {
        to.extend_from_slice(&(types.len() as u16).to_be_bytes());
        types.for_each(|oid| to.extend_from_slice(&oid.to_be_bytes()));
    });
}

/// Appends `C`: a statement is complete.
pub fn command_complete(to: &mut Vec<u8>, tag: &str) {
    put(to, b'C', |to| put_c_str(to, tag));
}

macro_rules! bare {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {
        $($(#[$doc])*
        pub fn $name(to: &mut Vec<u8>) {
            put(to, $kind, |_| ());
        })*
    };
}

bare! {
    /// Appends `1`.
    parse_complete = b'1';
    /// Appends `2`.
    bind_complete = b'2';
    /// Appends `3`.
    close_complete = b'3';
    /// Appends `n`: no rows will come.
    no_data = b'n';
    /// Appends `s`: the row limit of Execute is reached.
    portal_suspended = b's';
    /// Appends `I`: the query text was empty.
    empty_query_response = b'I';
    /// Appends `c`: the end of COPY data.
    copy_done = b'c';
}

/// Which way a COPY goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyDirection {
    /// From the client: `G`.
    In,
    /// To the client: `H`.
    Out,
    /// Both at once: `W`.
    Both,
}

/// Appends `G`, `H` or `W`: a COPY begins, with this format for all its columns.
pub fn copy_response(to: &mut Vec<u8>, direction: CopyDirection, format: Format, columns: u16) {
    let kind = match direction {
        CopyDirection::In => b'G',
        CopyDirection::Out => b'H',
        CopyDirection::Both => b'W',
    };
    put(to, kind, |to| {
        to.push(format.code() as u8);
        to.extend_from_slice(&columns.to_be_bytes());
        (0..columns).for_each(|_| to.extend_from_slice(&format.code().to_be_bytes()));
    });
}

/// Appends `d`.
pub fn copy_data(to: &mut Vec<u8>, data: &[u8]) {
    put(to, b'd', |to| to.extend_from_slice(data));
}

/// Appends `A`: a notification.
pub fn notification(to: &mut Vec<u8>, pid: i32, channel: &str, payload: &str) {
    put(to, b'A', |to| {
        to.extend_from_slice(&pid.to_be_bytes());
        put_c_str(to, channel);
        put_c_str(to, payload);
    });
}

/// Appends `V`: the result of a function call by id.
pub fn function_call_response(to: &mut Vec<u8>, value: Option<&[u8]>) {
    put(to, b'V', |to| put_value(to, value));
}

/// Appends `E` or `N`, as the severity asks.
pub fn error_or_notice(to: &mut Vec<u8>, error: &Error) {
    let fields = error.fields();
    let kind = if fields.severity >= Severity::Error { b'E' } else { b'N' };
    put(to, kind, |to| {
        let mut field = |code: u8, text: &str| {
            to.push(code);
            put_c_str(to, text);
        };
        field(b'S', fields.severity.name());
        field(b'V', fields.severity.name());
        field(b'C', fields.state.code());
        field(b'M', &fields.message);
        let number = |n: Option<u32>| n.map(|n| n.to_string());
        for (code, text) in [
            (b'D', &fields.detail),
            (b'H', &fields.hint),
            (b'P', &number(fields.position)),
            (b'p', &number(fields.internal_position)),
            (b'q', &fields.internal_query),
            (b'W', &fields.context),
            (b's', &fields.schema),
            (b't', &fields.table),
            (b'c', &fields.column),
            (b'd', &fields.data_type),
            (b'n', &fields.constraint),
        ] {
            if let Some(text) = text {
                field(code, text);
            }
        }
        field(b'F', fields.source.file());
        field(b'L', &fields.source.line().to_string());
        to.push(0);
    });
}

/// The fields of an error or a notice as a client receives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice<'a>(Vec<(u8, &'a str)>);

impl<'a> Notice<'a> {
    fn parse(body: &mut Body<'a>) -> Result<Notice<'a>> {
        let mut fields = Vec::new();
        loop {
            match body.u8()? {
                0 => return Ok(Notice(fields)),
                code => fields.push((code, body.c_str()?)),
            }
        }
    }

    /// A field by its code, such as `b'M'` for the message.
    pub fn field(&self, code: u8) -> Option<&'a str> {
        self.0.iter().find(|field| field.0 == code).map(|field| field.1)
    }

    /// As an [`Error`] of our own, severity included.
    pub fn to_error(&self) -> Error {
        let state = self.field(b'C').and_then(SqlState::from_code).unwrap_or(SqlState::INTERNAL_ERROR);
        let mut error = Error::new(state, self.field(b'M').unwrap_or_default());
        let severity = match self.field(b'V').or_else(|| self.field(b'S')).unwrap_or_default() {
            "PANIC" => Severity::Panic,
            "FATAL" => Severity::Fatal,
            "WARNING" => Severity::Warning,
            "NOTICE" => Severity::Notice,
            "DEBUG" => Severity::Debug1,
            "INFO" => Severity::Info,
            "LOG" => Severity::Log,
            _ => Severity::Error,
        };
        let text = |code| self.field(code).map(str::to_string);
        let fields: &mut Fields = error.fields_mut();
        fields.severity = severity;
        fields.detail = text(b'D');
        fields.hint = text(b'H');
        fields.position = self.field(b'P').and_then(|n| n.parse().ok());
        fields.internal_position = self.field(b'p').and_then(|n| n.parse().ok());
        fields.internal_query = text(b'q');
        fields.context = text(b'W');
        fields.schema = text(b's');
        fields.table = text(b't');
        fields.column = text(b'c');
        fields.data_type = text(b'd');
        fields.constraint = text(b'n');
        error
    }
}

/// The values of a row, decoded as they are walked.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    body: Body<'a>,
    count: usize,
}

impl Row<'_> {
    /// How many values.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl<'a> Iterator for Row<'a> {
    type Item = Result<Option<&'a [u8]>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.count = self.count.checked_sub(1)?;
        Some(self.body.value())
    }
}

/// A message from a server.
#[derive(Clone, Debug)]
pub enum BackendMessage<'a> {
    /// `R`
    Authentication(Authentication<'a>),
    /// `K`
    BackendKeyData(i32, &'a [u8]),
    /// `S`
    ParameterStatus(&'a str, &'a str),
    /// `v`
    NegotiateProtocolVersion(ProtocolVersion, Vec<&'a str>),
    /// `Z`
    ReadyForQuery(TransactionStatus),
    /// `T`
    RowDescription(Vec<Field<'a>>),
    /// `D`
    DataRow(Row<'a>),
    /// `t`
    ParameterDescription(Vec<u32>),
    /// `C`
    CommandComplete(&'a str),
    /// `1`
    ParseComplete,
    /// `2`
    BindComplete,
    /// `3`
    CloseComplete,
    /// `n`
    NoData,
    /// `s`
    PortalSuspended,
    /// `I`
    EmptyQueryResponse,
    /// `G`, `H`, `W`: direction, the format of the whole, and those of the columns.
    CopyResponse(CopyDirection, Format, Vec<Format>),
    /// `d`
    CopyData(&'a [u8]),
    /// `c`
    CopyDone,
    /// `A`: process, channel, payload.
    Notification(i32, &'a str, &'a str),
    /// `E`
    Error(Notice<'a>),
    /// `N`
    Notice(Notice<'a>),
    /// `V`
    FunctionCallResponse(Option<&'a [u8]>),
}

impl<'a> BackendMessage<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// `08P01` for an unknown kind or a malformed body.
    pub fn parse(kind: u8, body: &'a [u8]) -> Result<BackendMessage<'a>> {
        let mut body = Body::new(body);
        let message = match kind {
            b'R' => BackendMessage::Authentication(Authentication::read(&mut body)?),
            b'K' => BackendMessage::BackendKeyData(body.i32()?, body.rest()),
            b'S' => BackendMessage::ParameterStatus(body.c_str()?, body.c_str()?),
            b'v' => {
                let newest = ProtocolVersion(body.u32()?);
                let count = body.u32()? as usize;
                if count > body.len() {
                    return Err(Error::new(SqlState::PROTOCOL_VIOLATION, "invalid message format"));
                }
                let names = (0..count).map(|_| body.c_str()).collect::<Result<_>>()?;
                BackendMessage::NegotiateProtocolVersion(newest, names)
            }
            b'Z' => {
                let code = body.u8()?;
                let status = TransactionStatus::from_code(code)
                    .ok_or_else(|| Error::new(SqlState::PROTOCOL_VIOLATION, "unknown transaction status"))?;
                BackendMessage::ReadyForQuery(status)
            }
            b'T' => {
                let count = body.count(19)?;
                let field = |_| {
                    Ok(Field {
                        name: body.c_str()?,
                        table: body.u32()?,
                        column: body.i16()?,
                        type_oid: body.u32()?,
                        type_size: body.i16()?,
                        type_modifier: body.i32()?,
                        format: Format::from_code(body.i16()?)?,
                    })
                };
                BackendMessage::RowDescription((0..count).map(field).collect::<Result<_>>()?)
            }
            b'D' => {
                let count = body.count(4)?;
                let row = Row { body, count };
                for _ in 0..count {
                    body.value()?;
                }
                body.end()?;
                return Ok(BackendMessage::DataRow(row));
            }
            b't' => {
                let count = body.count(4)?;
                BackendMessage::ParameterDescription((0..count).map(|_| body.u32()).collect::<Result<_>>()?)
            }
            b'C' => BackendMessage::CommandComplete(body.c_str()?),
            b'1' => BackendMessage::ParseComplete,
            b'2' => BackendMessage::BindComplete,
            b'3' => BackendMessage::CloseComplete,
            b'n' => BackendMessage::NoData,
            b's' => BackendMessage::PortalSuspended,
            b'I' => BackendMessage::EmptyQueryResponse,
            b'G' | b'H' | b'W' => {
                let direction = match kind {
                    b'G' => CopyDirection::In,
                    b'H' => CopyDirection::Out,
                    _ => CopyDirection::Both,
                };
                let format = Format::from_code(body.u8()? as i16)?;
                let count = body.count(2)?;
                let formats = (0..count).map(|_| Format::from_code(body.i16()?)).collect::<Result<_>>()?;
                BackendMessage::CopyResponse(direction, format, formats)
            }
            b'd' => BackendMessage::CopyData(body.rest()),
            b'c' => BackendMessage::CopyDone,
            b'A' => BackendMessage::Notification(body.i32()?, body.c_str()?, body.c_str()?),
            b'E' => BackendMessage::Error(Notice::parse(&mut body)?),
            b'N' => BackendMessage::Notice(Notice::parse(&mut body)?),
            b'V' => BackendMessage::FunctionCallResponse(body.value()?),
            other => {
                let text = format!("unexpected message type 0x{other:02x} from the server");
                return Err(Error::new(SqlState::PROTOCOL_VIOLATION, text));
            }
        };
        body.end()?;
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Cut, MAX_MESSAGE, cut};

    #[test]
    fn messages_round_trip() {
        let mut to = Vec::new();
        authentication(&mut to, &Authentication::Sasl(vec!["SCRAM-SHA-256"]));
        backend_key_data(&mut to, 7, &[1; 32]);
        parameter_status(&mut to, "TimeZone", "UTC");
        negotiate_protocol_version(&mut to, ProtocolVersion::V3_2, &["_pq_.x"]);
        ready_for_query(&mut to, TransactionStatus::Failed);
        let field = Field { name: "n", type_oid: 23, type_size: 4, type_modifier: -1, ..Field::default() };
        row_description(&mut to, [field.clone()].into_iter());
        data_row(&mut to, [Some(&b"1"[..]), None].into_iter());
        parameter_description(&mut to, [25, 23].into_iter());
        command_complete(&mut to, "SELECT 1");
        copy_response(&mut to, CopyDirection::In, Format::Text, 3);
        notification(&mut to, 9, "c", "p");
        error_or_notice(&mut to, &Error::new(SqlState::UNDEFINED_TABLE, "no t").position(3).hint("look"));
        error_or_notice(&mut to, &Error::new(SqlState::WARNING, "hm").severity(Severity::Warning));
        let (mut rest, mut kinds) = (&to[..], String::new());
        while let Ok(Cut::Whole(frame)) = cut(rest, |_| MAX_MESSAGE) {
            match BackendMessage::parse(frame.kind, frame.body).expect("our own message is well-formed") {
                BackendMessage::RowDescription(fields) => assert_eq!(fields.as_slice(), std::slice::from_ref(&field)),
                BackendMessage::DataRow(row) => {
                    let values: Vec<_> = row.map(|value| value.expect("a value")).collect();
                    assert_eq!(values, [Some(&b"1"[..]), None]);
                }
                BackendMessage::Error(notice) => {
                    let error = notice.to_error();
                    assert_eq!((error.state(), error.message()), (SqlState::UNDEFINED_TABLE, "no t"));
                    assert_eq!(error.fields().position, Some(3));
                }
                BackendMessage::Notice(notice) => assert_eq!(notice.to_error().fields().severity, Severity::Warning),
                _ => (),
            }
            for end in 0..frame.body.len() {
                // Bodies that end in bytes of any length may be cut there; nothing else may.
                let short = BackendMessage::parse(frame.kind, &frame.body[..end]);
                assert!(short.is_err() || matches!(frame.kind, b'K'), "{} {end}", frame.kind as char);
            }
            kinds.push(frame.kind as char);
            rest = &rest[frame.len..];
        }
        assert_eq!(kinds, "RKSvZTDtCGAEN");
    }
}
