//! Network addresses: inet, cidr, macaddr and macaddr8.
//!
//! An inet or cidr is its family (2 for IPv4, 3 for IPv6), the length of its mask in bits, and the address's 4 or 16
//! bytes. A cidr has no bits set behind its mask. A MAC address is its 6 or 8 bytes.

mod functions;
mod inet;
mod mac;
mod text;

pub use functions::NETWORKS;
pub use inet::{CIDR_IO, INET_IO, Inet};
pub use mac::{MACADDR_IO, MACADDR8_IO, MACS};
