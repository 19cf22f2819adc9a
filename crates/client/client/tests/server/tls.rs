//! What the client does on sockets: encryption, of cancel requests too, and the options that find a dead server.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use client::{Config, Connection};
use rustix::net::sockopt;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use wire::TransactionStatus;
use wire::backend::{self, Authentication};

use crate::fake::Fake;

/// The code of a request for encryption, and of a cancel request.
const SSL_REQUEST: u32 = 80_877_103;
const CANCEL_REQUEST: u32 = 80_877_102;

type Encrypted = StreamOwned<ServerConnection, TcpStream>;

fn server_config() -> Arc<ServerConfig> {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Arc::new(config)
}

fn packet(from: &mut impl Read) -> (u32, Vec<u8>) {
    let mut head = [0; 8];
    from.read_exact(&mut head).unwrap();
    let length = u32::from_be_bytes(head[..4].try_into().unwrap());
    let mut rest = vec![0; length as usize - 8];
    from.read_exact(&mut rest).unwrap();
    (u32::from_be_bytes(head[4..].try_into().unwrap()), rest)
}

/// Takes a connection that has to ask for encryption, or (`direct`) to begin with it.
fn accept(listener: &TcpListener, config: &Arc<ServerConfig>, direct: bool) -> Encrypted {
    let (mut socket, _) = listener.accept().unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    if !direct {
        assert_eq!(packet(&mut socket), (SSL_REQUEST, Vec::new()));
        socket.write_all(b"S").unwrap();
    }
    StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), socket)
}

#[test]
fn a_cancel_request_is_encrypted_where_the_session_is() {
    for (mode, direct) in [("prefer", false), ("require", false), ("require", true)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let config = server_config();
            let mut session = accept(&listener, &config, direct);
            packet(&mut session);
            let mut welcome = Vec::new();
            backend::authentication(&mut welcome, &Authentication::Ok);
            backend::backend_key_data(&mut welcome, 42, b"keys");
            backend::ready_for_query(&mut welcome, TransactionStatus::Idle);
            session.write_all(&welcome).unwrap();
            let mut cancel = accept(&listener, &config, direct);
            packet(&mut cancel)
        });
        let negotiation = if direct { "direct" } else { "postgres" };
        let text = format!(
            "host=127.0.0.1 port={port} user=u dbname=d sslmode={mode} sslnegotiation={negotiation} sslrootcert=/nowhere"
        );
        let connection = Connection::connect(&Config::parse(&text).unwrap()).unwrap();
        assert_eq!(connection.tls().map(|tls| tls.protocol.as_str()), Some("TLSv1.3"));
        connection.cancel_handle().cancel().unwrap();
        assert_eq!(server.join().unwrap(), (CANCEL_REQUEST, b"\0\0\0*keys".to_vec()), "{text}");
    }
}

#[test]
fn sockets_get_the_options_that_are_asked_for() {
    let options = |settings: &str| {
        let fake = Fake::serve(|mut peer| {
            peer.welcome();
            peer.rest()
        });
        let mut config = fake.config();
        config.merge(settings).unwrap();
        let connection = Connection::connect(&config).unwrap();
        let socket = connection.socket();
        assert!(sockopt::tcp_nodelay(socket).unwrap());
        let keepalive = sockopt::socket_keepalive(socket).unwrap().then(|| {
            let idle = sockopt::tcp_keepidle(socket).unwrap().as_secs();
            let interval = sockopt::tcp_keepintvl(socket).unwrap().as_secs();
            (idle, interval, sockopt::tcp_keepcnt(socket).unwrap())
        });
        (keepalive, sockopt::tcp_user_timeout(socket).unwrap())
    };
    let (default, timeout) = options("");
    assert!(default.is_some());
    assert_eq!(timeout, 0);
    let all = "keepalives=1 keepalives_idle=71 keepalives_interval=13 keepalives_count=5 tcp_user_timeout=2345";
    assert_eq!(options(all), (Some((71, 13, 5)), 2345));
    assert_eq!(options("keepalives_idle=71").0, default.map(|(_, interval, count)| (71, interval, count)));
    assert_eq!(options("keepalives=0 keepalives_idle=71"), (None, 0));
}
