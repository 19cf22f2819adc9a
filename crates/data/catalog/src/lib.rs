//! System catalogs: bootstrap data, caches and their invalidation, privileges.
#![forbid(unsafe_code)]
