//! How texts are ordered, and what their letters are.
//!
//! A [`Collation`] is what a row of `pg_collation` (or of `pg_database`) describes: an order, a mapping of cases and classes of
//! characters. It knows nothing of catalogs and SQL values: texts are bytes in UTF-8 (bytes that are none order somehow, and
//! never fail), collations are made from their providers and names.
//!
//! * [`order`]: the collations themselves, comparison and sort keys;
//! * [`locale`]: the names of locales, ICU's and libc's: standard forms, options, versions;
//! * [`cases`]: upper and lower case, and which characters belong to the classes of regular expressions;
//! * [`normal`]: Unicode's normal forms.
//!
//! # Where the orders come from
//!
//! All linguistic orders are those of CLDR, as the crate `icu_collator` has them in its compiled data: static and shared by all
//! processes, found by name when a collation is first used. Locales of provider `icu` name them directly. Those of provider `libc`
//! are served by the same orders, by their language and country, with spaces, punctuation and symbols counting last, as in glibc
//! (`ka-shifted-ks-level4-kv-symbol`): so a database made with `--locale=en_US.UTF-8` sorts as it does on PostgreSQL, without any
//! locale of the operating system. Everything else (`C`, `POSIX`, `C.UTF-8` and the builtin
//! provider) orders by bytes, which for UTF-8 is the order of code points.
//!
//! # Differences from PostgreSQL
//!
//! * libc's locales have glibc's order there (ISO 14651), ours is CLDR's. Of pairs of short random words with letters, accents, spaces
//!   and hyphens, glibc 2.42 orders these many otherwise: de, cs, fr, en none or one in 70,000; sv, et, tr, hu one in 10,000; da, nb 1 %;
//!   es (whose `ch` and `ll` are no letters any more), pl 3 %. Signs among each other stand in another order.
//! * There is no order for Hawaiian, Kalaallisut, Lakota, Northern and Inari Sami, and Azerbaijani in Cyrillic, which the compiled data leaves
//!   out: 0A000. Rules of users' own (`RULES`) and the options `kr` and (but for languages without an order of their own) `kb` are not there:
//!   0A000.
#![forbid(unsafe_code)]

pub mod cases;
pub mod locale;
pub mod normal;
pub mod order;

pub use cases::{Cases, Classes};
pub use order::{BYTES, C_UTF8, Collation, CollationRef, Definition, UNICODE_FAST};
