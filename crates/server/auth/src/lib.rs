//! pg_hba.conf, peer, SCRAM, password.
#![forbid(unsafe_code)]
