//! PostgreSQL's frontend/backend protocol 3.0 and 3.2: messages, both directions. No I/O of its own.
//!
//! A message is a kind byte, a length of four bytes that counts itself, and a body; the very first packet of a
//! connection has no kind. The source is PostgreSQL's documentation, chapter "Frontend/Backend Protocol".
//!
//! - [`frame`] cuts whole messages off a receive buffer, with a bound on their length.
//! - [`startup`]: the first packet: start-up, SSL, GSS and cancel requests.
//! - [`frontend`]: what clients send: [`frontend::FrontendMessage`] reads it, free functions write it.
//! - [`backend`]: what servers send: free functions write it, [`backend::BackendMessage`] reads it.
//!
//! Both sides parse with [`Body`], which never reads outside the message: a malformed one is `08P01`.
#![forbid(unsafe_code)]

pub mod backend;
pub mod body;
pub mod frame;
pub mod frontend;
pub mod startup;

pub use body::Body;

/// A version of the protocol: major in the upper 16 bits, minor in the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProtocolVersion(pub u32);

impl ProtocolVersion {
    /// What every client since 2003 speaks.
    pub const V3_0: ProtocolVersion = ProtocolVersion::new(3, 0);
    /// Cancel keys of up to 256 bytes.
    pub const V3_2: ProtocolVersion = ProtocolVersion::new(3, 2);

    /// The version `major.minor`.
    pub const fn new(major: u16, minor: u16) -> ProtocolVersion {
        ProtocolVersion((major as u32) << 16 | minor as u32)
    }

    /// The part before the point.
    pub const fn major(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The part after the point.
    pub const fn minor(self) -> u16 {
        self.0 as u16
    }
}

/// Text or binary form of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// As text.
    #[default]
    Text,
    /// In the type's binary form.
    Binary,
}

impl Format {
    /// The code that messages carry.
    pub const fn code(self) -> i16 {
        match self {
            Format::Text => 0,
            Format::Binary => 1,
        }
    }

    /// The format a code names; `22023` for an unknown one.
    pub fn from_code(code: i16) -> error::Result<Format> {
        match code {
            0 => Ok(Format::Text),
            1 => Ok(Format::Binary),
            _ => error::bail!(INVALID_PARAMETER_VALUE, "unsupported format code: {code}"),
        }
    }
}

/// The session's state at ReadyForQuery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionStatus {
    /// Not in a transaction block.
    Idle,
    /// In a transaction block.
    InBlock,
    /// In a failed transaction block.
    Failed,
}

impl TransactionStatus {
    /// The byte that ReadyForQuery carries.
    pub const fn code(self) -> u8 {
        match self {
            TransactionStatus::Idle => b'I',
            TransactionStatus::InBlock => b'T',
            TransactionStatus::Failed => b'E',
        }
    }

    /// The status a byte names.
    pub const fn from_code(code: u8) -> Option<TransactionStatus> {
        match code {
            b'I' => Some(TransactionStatus::Idle),
            b'T' => Some(TransactionStatus::InBlock),
            b'E' => Some(TransactionStatus::Failed),
            _ => None,
        }
    }
}
