//! A session of a test's own, on the client library. No answer is waited for without end: a server that hangs fails the test.

use std::time::{Duration, Instant};

use client::{Config, ConnectError, Connection, Error, Notice, QueryResult, Rows};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::cluster::Cluster;

/// How long any answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection.
pub struct Session {
    connection: Connection,
    /// The backend's process id.
    pub pid: i32,
    /// Results of the running command that have come.
    results: Vec<QueryResult>,
}

impl Session {
    /// Connects as role `postgres`.
    pub fn connect(cluster: &Cluster, database: &str) -> Result<Session, ConnectError> {
        Session::connect_as(cluster, database, "postgres")
    }

    /// Connects as a role.
    pub fn connect_as(cluster: &Cluster, database: &str, user: &str) -> Result<Session, ConnectError> {
        let host = cluster.socket().parent().expect("a directory").display().to_string();
        let port = "5432".to_string();
        let mut config = Config::new();
        for (keyword, value) in [
            ("host", host),
            ("port", port),
            ("user", user.into()),
            ("dbname", database.into()),
            ("application_name", "test".into()),
            ("connect_timeout", PATIENCE.as_secs().to_string()),
        ] {
            config.set(keyword, value).expect("a keyword");
        }
        let connection = Connection::connect(&config)?;
        Ok(Session { pid: connection.backend_pid(), connection, results: Vec::new() })
    }

    /// Waits until the server says something or leaves, but not longer than `left`.
    fn wait(&mut self, left: Duration) -> Result<(), Error> {
        let timeout = Timespec::try_from(left).expect("a short time");
        let _ = poll(&mut [PollFd::new(&self.connection.socket(), PollFlags::IN)], Some(&timeout));
        self.connection.consume_input()
    }

    /// Runs statements by the simple protocol, and gives all their results.
    ///
    /// # Errors
    /// If the connection is lost.
    pub fn run(&mut self, text: &str) -> Result<Vec<QueryResult>, Error> {
        self.send(text)?;
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(results) = self.results_within(PATIENCE)? {
                return Ok(results);
            }
            assert!(Instant::now() < until, "no answer for {PATIENCE:?}");
        }
    }

    /// Sends statements by the simple protocol.
    ///
    /// # Errors
    /// If the connection is lost.
    pub fn send(&mut self, text: &str) -> Result<(), Error> {
        self.connection.send_query(text)
    }

    /// All results of what was sent, if they come within this time; what has come is kept for the next call.
    ///
    /// # Errors
    /// If the connection is lost.
    pub fn results_within(&mut self, time: Duration) -> Result<Option<Vec<QueryResult>>, Error> {
        let until = Instant::now() + time;
        loop {
            while self.connection.is_busy() {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Ok(None);
                }
                self.wait(left)?;
            }
            match self.connection.next_result() {
                Some(result) => self.results.push(result),
                None => return Ok(Some(std::mem::take(&mut self.results))),
            }
        }
    }

    /// What the server said beside its answers.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        self.connection.take_notices()
    }

    /// Runs statements that have to succeed, and gives the last one's rows.
    #[track_caller]
    pub fn query(&mut self, text: &str) -> Vec<Vec<Option<String>>> {
        let mut last = Rows::default();
        for result in self.run(text).unwrap_or_else(|e| panic!("{text}: {e}")) {
            match result {
                QueryResult::Rows(rows) => last = rows,
                QueryResult::Error(error) => panic!("{text}: {error}"),
                _ => (),
            }
        }
        let value = |value: Option<&[u8]>| value.map(|value| String::from_utf8_lossy(value).into_owned());
        (0..last.len()).map(|row| last.row(row).map(value).collect()).collect()
    }

    /// The one value that a statement gives.
    #[track_caller]
    pub fn value(&mut self, text: &str) -> String {
        let rows = self.query(text);
        assert!(rows.len() == 1 && rows[0].len() == 1, "{text}: one value was expected, found {rows:?}");
        rows[0][0].clone().unwrap_or_default()
    }

    /// Waits until the server ends the session; gives what it says until then.
    pub fn last_words(&mut self) -> Vec<Notice> {
        let until = Instant::now() + PATIENCE;
        while self.wait(until.saturating_duration_since(Instant::now())).is_ok() {
            assert!(Instant::now() < until, "the server does not leave for {PATIENCE:?}");
        }
        self.connection.take_notices()
    }
}

/// The first failure among results, by its SQLSTATE and text.
pub fn failure(results: &[QueryResult]) -> Option<(String, String)> {
    let error = results.iter().find_map(QueryResult::error)?;
    Some((error.sqlstate().into_owned(), error.primary().into_owned()))
}
