//! A server of a few lines.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use client::Config;
use wire::TransactionStatus;
use wire::backend::{self, Authentication};

/// A server that serves one connection by a script.
pub struct Fake {
    listener: TcpListener,
    served: Option<JoinHandle<Vec<u8>>>,
}

impl Fake {
    /// Listens, and hands the first connection to `script`.
    pub fn serve(script: impl FnOnce(Peer) -> Vec<u8> + Send + 'static) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let own = listener.try_clone().expect("the same listener");
        let served = std::thread::spawn(move || script(Peer::accept(&own)));
        Fake { listener, served: Some(served) }
    }

    /// Serves another connection, here.
    pub fn accept(&self, script: impl FnOnce(Peer) -> Vec<u8>) -> Vec<u8> {
        script(Peer::accept(&self.listener))
    }

    pub fn port(&self) -> u16 {
        self.listener.local_addr().expect("an address").port()
    }

    /// How to connect to it.
    pub fn config(&self) -> Config {
        let port = self.port();
        let text = format!("host=127.0.0.1 port={port} user=u dbname=d sslmode=disable passfile=/nowhere");
        Config::parse(&text).expect("a connection string")
    }

    /// What the script gave.
    pub fn end(mut self) -> Vec<u8> {
        self.served.take().map(|served| served.join().expect("the script goes to its end")).unwrap_or_default()
    }
}

/// The client, as the server sees it.
pub struct Peer(TcpStream);

impl Peer {
    fn accept(listener: &TcpListener) -> Peer {
        let (stream, _) = listener.accept().expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        Peer(stream)
    }

    /// Sends bytes; a client that is gone is its own affair.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    fn exactly(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        match self.0.read_exact(&mut bytes) {
            Ok(()) => bytes,
            Err(_) => Vec::new(),
        }
    }

    /// The first packet, without its length.
    pub fn packet(&mut self) -> Vec<u8> {
        let len = self.exactly(4).try_into().map_or(4, u32::from_be_bytes);
        self.exactly(len as usize - 4)
    }

    /// A message: kind and body.
    pub fn message(&mut self) -> (u8, Vec<u8>) {
        let kind = self.exactly(1).first().copied().unwrap_or_default();
        (kind, self.packet())
    }

    /// The text of a simple query.
    pub fn query(&mut self) -> String {
        let (kind, mut body) = self.message();
        assert_eq!(kind, b'Q');
        body.pop();
        String::from_utf8(body).expect("text")
    }

    /// Lets the client in.
    pub fn welcome(&mut self) {
        self.welcome_with(&[]);
    }

    /// Lets the client in, with settings to report.
    pub fn welcome_with(&mut self, settings: &[(&str, &str)]) {
        self.packet();
        let mut to = Vec::new();
        settings.iter().for_each(|(name, value)| backend::parameter_status(&mut to, name, value));
        self.let_in_with(&to);
    }

    /// Lets the client in whose packet is read.
    pub fn let_in(&mut self) {
        self.let_in_with(&[]);
    }

    fn let_in_with(&mut self, more: &[u8]) {
        let mut to = Vec::new();
        backend::authentication(&mut to, &Authentication::Ok);
        backend::parameter_status(&mut to, "server_version", "18.6");
        to.extend_from_slice(more);
        backend::backend_key_data(&mut to, 42, &[9; 4]);
        ready(&mut to);
        self.send(&to);
    }

    /// All that the client still sends, until it goes.
    pub fn rest(&mut self) -> Vec<u8> {
        let _ = self.0.shutdown(std::net::Shutdown::Write);
        let mut bytes = Vec::new();
        let _ = self.0.read_to_end(&mut bytes);
        bytes
    }
}

/// Appends ReadyForQuery.
pub fn ready(to: &mut Vec<u8>) {
    backend::ready_for_query(to, TransactionStatus::Idle);
}

/// Appends a message.
pub fn message(to: &mut Vec<u8>, kind: u8, body: &[u8]) {
    wire::frame::put(to, kind, |to| to.extend_from_slice(body));
}

/// Appends an error.
pub fn error(to: &mut Vec<u8>, severity: &str, state: &str, text: &str) {
    message(to, b'E', format!("S{severity}\0V{severity}\0C{state}\0M{text}\0\0").as_bytes());
}
