//! A plain client session over the Unix socket, as little as tests need.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use error::Error;
use wire::backend::{Authentication, BackendMessage, CopyDirection};
use wire::frame::{Cut, MAX_MESSAGE, cut};
use wire::startup::Startup;
use wire::{ProtocolVersion, TransactionStatus, frontend};

use crate::cluster::Cluster;

/// A connection.
pub struct Session {
    socket: UnixStream,
    received: Vec<u8>,
    /// The backend's process id.
    pub pid: i32,
    /// As of the last ReadyForQuery.
    pub status: TransactionStatus,
}

/// What a statement answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Names and types of the columns.
    pub columns: Vec<(String, u32)>,
    /// The rows, as text.
    pub rows: Vec<Vec<Option<String>>>,
}

/// What came back, in order.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A result with columns.
    Table(Table),
    /// A command is done.
    Done,
    /// What a COPY TO sent.
    CopyOut(Vec<u8>),
    /// A notice or a warning.
    Notice(Error),
    /// The failure.
    Failed(Error),
}

impl Session {
    /// Connects as role `postgres`.
    pub fn connect(cluster: &Cluster, database: &str) -> Result<Session, Error> {
        let socket = UnixStream::connect(cluster.socket()).map_err(|e| Error::io("could not connect", &e))?;
        // No test waits longer for an answer: a server that hangs fails the test.
        socket.set_read_timeout(Some(Duration::from_secs(120))).map_err(|e| Error::io("timeout", &e))?;
        let mut session = Session { socket, received: Vec::new(), pid: 0, status: TransactionStatus::Idle };
        let parameters = vec![("user", "postgres"), ("database", database), ("application_name", "test")];
        let mut packet = Vec::new();
        Startup::Session { version: ProtocolVersion::V3_0, parameters }.write(&mut packet);
        session.send(&packet)?;
        let mut outcome = None;
        let mut pid = 0;
        while outcome.is_none() {
            session.receive(|message| match message {
                BackendMessage::Authentication(Authentication::Ok) => (),
                BackendMessage::BackendKeyData(number, _) => pid = number,
                BackendMessage::ReadyForQuery(_) => outcome = Some(Ok(())),
                BackendMessage::Error(notice) => outcome = Some(Err(notice.to_error())),
                BackendMessage::ParameterStatus(..) | BackendMessage::Notice(_) => (),
                other => panic!("unexpected during start-up: {other:?}"),
            })?;
        }
        session.pid = pid;
        outcome.unwrap_or(Ok(())).map(|()| session)
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.socket.write_all(bytes).map_err(|e| Error::io("could not send", &e))
    }

    /// Waits for one message and hands it over.
    pub fn receive(&mut self, take: impl FnOnce(BackendMessage<'_>)) -> Result<(), Error> {
        loop {
            if let Cut::Whole(frame) = cut(&self.received, |_| MAX_MESSAGE)? {
                let len = frame.len;
                take(BackendMessage::parse(frame.kind, frame.body)?);
                self.received.drain(..len);
                return Ok(());
            }
            let mut chunk = [0; 16384];
            match self.socket.read(&mut chunk) {
                Ok(0) => {
                    return Err(Error::io("the server closed the connection", &io::ErrorKind::UnexpectedEof.into()));
                }
                Ok(len) => self.received.extend_from_slice(&chunk[..len]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => (),
                Err(e) => return Err(Error::io("could not receive", &e)),
            }
        }
    }

    /// Runs statements by the simple protocol; `copy_in` is what a COPY FROM STDIN among them gets.
    pub fn run(&mut self, text: &str, copy_in: &[u8]) -> Result<Vec<Answer>, Error> {
        let mut packet = Vec::new();
        frontend::query(&mut packet, text);
        self.send(&packet)?;
        let (mut answers, mut table, mut copied) = (Vec::new(), None::<Table>, None::<Vec<u8>>);
        let (mut ready, mut wants_copy) = (None, false);
        while ready.is_none() {
            self.receive(|message| match message {
                BackendMessage::RowDescription(fields) => {
                    let columns = fields.iter().map(|field| (field.name.to_string(), field.type_oid)).collect();
                    table = Some(Table { columns, rows: Vec::new() });
                }
                BackendMessage::DataRow(row) => {
                    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
                    let row = row.map(|value| value.expect("a well-formed row").map(text)).collect();
                    table.get_or_insert_default().rows.push(row);
                }
                BackendMessage::CommandComplete(_) => {
                    if let Some(data) = copied.take() {
                        answers.push(Answer::CopyOut(data));
                    }
                    answers.push(match table.take() {
                        Some(table) => Answer::Table(table),
                        None => Answer::Done,
                    });
                }
                BackendMessage::CopyResponse(CopyDirection::In, ..) => wants_copy = true,
                BackendMessage::CopyResponse(..) => copied = Some(Vec::new()),
                BackendMessage::CopyData(data) => copied.get_or_insert_default().extend_from_slice(data),
                BackendMessage::Error(notice) => {
                    table = None;
                    answers.push(Answer::Failed(notice.to_error()));
                }
                BackendMessage::Notice(notice) => answers.push(Answer::Notice(notice.to_error())),
                BackendMessage::ReadyForQuery(status) => ready = Some(status),
                _ => (),
            })?;
            if std::mem::take(&mut wants_copy) {
                packet.clear();
                copy_in.chunks(60_000).for_each(|chunk| frontend::copy_data(&mut packet, chunk));
                frontend::copy_done(&mut packet);
                self.send(&packet)?;
            }
        }
        self.status = ready.unwrap_or(TransactionStatus::Idle);
        Ok(answers)
    }

    /// Runs statements that have to succeed, and gives the rows of the last one.
    #[track_caller]
    pub fn query(&mut self, text: &str) -> Vec<Vec<Option<String>>> {
        let mut rows = Vec::new();
        for answer in self.run(text, &[]).unwrap_or_else(|e| panic!("{text}: {e:?}")) {
            match answer {
                Answer::Table(table) => rows = table.rows,
                Answer::Failed(error) => panic!("{text}: {error:?}"),
                _ => (),
            }
        }
        rows
    }

    /// The one value that a statement gives.
    #[track_caller]
    pub fn value(&mut self, text: &str) -> String {
        let rows = self.query(text);
        assert!(rows.len() == 1 && rows[0].len() == 1, "{text}: one value was expected, found {rows:?}");
        rows[0][0].clone().unwrap_or_default()
    }
}
