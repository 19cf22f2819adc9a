//! Files, pages, buffer pool, free space and visibility maps.
#![forbid(unsafe_code)]
