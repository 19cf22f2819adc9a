//! What a node did, and how EXPLAIN tells it: rows and times, pages and log, and what is particular to a kind of node.

use std::fmt::Write;
use std::time::Duration;

use stats::usage::{Blocks, Usage};

use super::{Properties, Value};

/// What a node did, for EXPLAIN ANALYZE.
#[derive(Clone, Copy, Debug, Default)]
pub struct Actual {
    /// Rows returned, all loops together.
    pub rows: u64,
    /// Times it was run from its start.
    pub loops: u64,
    /// Rows that its filter dropped, all loops together.
    pub filtered: u64,
    /// Time until the first row of each loop, summed.
    pub startup: Duration,
    /// Time in it and below.
    pub total: Duration,
    /// Pages and log that it and what is below used.
    pub usage: Usage,
    /// What only nodes of its kind do.
    pub work: Work,
}

/// What nodes of one kind do, all loops together. Memory and files are in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub enum Work {
    /// Nothing to tell.
    #[default]
    None,
    /// An index was searched.
    Search {
        /// Descents into the index.
        searches: u64,
        /// Rows looked up in the table, of a scan of the index alone.
        heap_fetches: Option<u64>,
        /// Rows that the index was not certain of, and that did not meet the condition.
        rechecked: u64,
    },
    /// A bitmap's rows were read.
    Bitmap {
        /// Pages of which the rows were known.
        exact: u64,
        /// Pages that were read whole.
        lossy: u64,
        /// Rows that did not meet the condition of the index.
        rechecked: u64,
    },
    /// Rows were sorted, the last time in this way.
    Sort {
        /// The method.
        method: SortMethod,
        /// Memory, or the file's length if the method uses one.
        bytes: u64,
    },
    /// Rows were sorted group by group.
    IncrementalSort {
        /// Groups.
        groups: u64,
        /// Groups that went to a file.
        external: u64,
        /// Memory for all groups, and the most for one.
        memory: [u64; 2],
        /// The same of files.
        disk: [u64; 2],
    },
    /// Results were kept.
    Memoize {
        /// Found, not found, forgotten for lack of memory, and too large to be kept.
        counts: [u64; 4],
        /// Most memory in use.
        bytes: u64,
    },
    /// Rows were hashed to be joined.
    Hash {
        /// Places in the table.
        buckets: u64,
        /// Parts that were joined one after the other.
        batches: u64,
        /// Most memory in use.
        bytes: u64,
    },
    /// Rows were grouped by hashing.
    Groups {
        /// Parts that were grouped one after the other.
        batches: u64,
        /// Most memory in use.
        bytes: u64,
        /// Bytes in temporary files.
        disk: u64,
    },
    /// Rows were kept to be read again.
    Storage {
        /// In a file.
        disk: bool,
        /// The most at a time.
        bytes: u64,
    },
    /// Rows were inserted unless others stood in their way.
    Conflicts {
        /// Inserted.
        inserted: u64,
        /// Not inserted.
        conflicting: u64,
    },
}

/// How rows were sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortMethod {
    /// In memory.
    Quicksort,
    /// In memory, and only the first ones kept.
    TopN,
    /// In a file.
    External,
}

impl SortMethod {
    fn name(self) -> &'static str {
        match self {
            SortMethod::Quicksort => "quicksort",
            SortMethod::TopN => "top-N heapsort",
            SortMethod::External => "external merge",
        }
    }

    fn space(self) -> &'static str {
        if self == SortMethod::External { "Disk" } else { "Memory" }
    }
}

fn kilobytes(bytes: u64) -> u64 {
    bytes.div_ceil(1024)
}

fn plain(number: u64) -> Value {
    Value::Plain(number.to_string())
}

impl Work {
    /// Rows that the index was not certain of, and that did not meet the condition.
    pub(super) fn rechecked(&self) -> Option<u64> {
        match self {
            Work::Search { rechecked, .. } | Work::Bitmap { rechecked, .. } => Some(*rechecked),
            _ => None,
        }
    }

    /// Whether it is told of the Hash node below instead.
    pub(super) fn is_of_hash(&self) -> bool {
        matches!(self, Work::Hash { .. })
    }

    /// The lines of the text.
    pub(super) fn lines(&self) -> Vec<String> {
        match *self {
            Work::None => Vec::new(),
            Work::Search { searches, heap_fetches, .. } => {
                let fetches = heap_fetches.map(|fetches| format!("Heap Fetches: {fetches}"));
                fetches.into_iter().chain([format!("Index Searches: {searches}")]).collect()
            }
            Work::Bitmap { exact, lossy, .. } => {
                let mut line = String::from("Heap Blocks:");
                for (word, count) in [("exact", exact), ("lossy", lossy)].into_iter().filter(|(_, count)| *count > 0) {
                    let _ = write!(line, " {word}={count}");
                }
                if exact + lossy > 0 { vec![line] } else { Vec::new() }
            }
            Work::Sort { method, bytes } => {
                vec![format!("Sort Method: {}  {}: {}kB", method.name(), method.space(), kilobytes(bytes))]
            }
            Work::IncrementalSort { groups, external, memory, disk } if groups > 0 => {
                let mut methods = Vec::new();
                if groups > external {
                    methods.push("quicksort");
                }
                if external > 0 {
                    methods.push("external merge");
                }
                let plural = if methods.len() > 1 { "s" } else { "" };
                let mut line = format!("Full-sort Groups: {groups}  Sort Method{plural}: {}", methods.join(", "));
                let spaces = [("Memory", groups - external, memory), ("Disk", external, disk)];
                for (word, count, [sum, most]) in spaces.into_iter().filter(|(_, count, _)| *count > 0) {
                    let (average, most) = (kilobytes(sum / count), kilobytes(most));
                    let _ = write!(line, "  Average {word}: {average}kB  Peak {word}: {most}kB");
                }
                vec![line]
            }
            Work::IncrementalSort { .. } => Vec::new(),
            Work::Memoize { counts: [hits, misses, evictions, overflows], bytes } if misses > 0 => vec![format!(
                "Hits: {hits}  Misses: {misses}  Evictions: {evictions}  Overflows: {overflows}  Memory Usage: {}kB",
                kilobytes(bytes)
            )],
            Work::Memoize { .. } => Vec::new(),
            Work::Hash { buckets, batches, bytes } => {
                let originally = if batches > 1 { " (originally 1)" } else { "" };
                vec![format!(
                    "Buckets: {buckets}  Batches: {batches}{originally}  Memory Usage: {}kB",
                    kilobytes(bytes)
                )]
            }
            Work::Groups { batches, bytes, disk } => {
                let mut line = format!("Batches: {batches}  Memory Usage: {}kB", kilobytes(bytes));
                if disk > 0 {
                    let _ = write!(line, "  Disk Usage: {}kB", kilobytes(disk));
                }
                vec![line]
            }
            Work::Storage { disk, bytes } => {
                let word = if disk { "Disk" } else { "Memory" };
                vec![format!("Storage: {word}  Maximum Storage: {}kB", kilobytes(bytes))]
            }
            Work::Conflicts { inserted, conflicting } => {
                vec![format!("Tuples Inserted: {inserted}"), format!("Conflicting Tuples: {conflicting}")]
            }
        }
    }

    /// The properties, for programs.
    pub(super) fn properties(&self) -> Properties {
        let text = |text: &str| Value::Text(text.into());
        match *self {
            Work::None => Vec::new(),
            Work::Search { searches, heap_fetches, .. } => {
                let fetches = heap_fetches.map(|fetches| ("Heap Fetches", plain(fetches)));
                fetches.into_iter().chain([("Index Searches", plain(searches))]).collect()
            }
            Work::Bitmap { exact, lossy, .. } => {
                vec![("Exact Heap Blocks", plain(exact)), ("Lossy Heap Blocks", plain(lossy))]
            }
            Work::Sort { method, bytes } => vec![
                ("Sort Method", text(method.name())),
                ("Sort Space Used", plain(kilobytes(bytes))),
                ("Sort Space Type", text(method.space())),
            ],
            Work::IncrementalSort { groups, external, memory, disk } if groups > 0 => {
                let mut methods = Vec::new();
                if groups > external {
                    methods.push("quicksort".to_string());
                }
                if external > 0 {
                    methods.push("external merge".to_string());
                }
                let mut group = vec![("Group Count", plain(groups)), ("Sort Methods Used", Value::List(methods))];
                let spaces = [("Sort Space Memory", groups - external, memory), ("Sort Space Disk", external, disk)];
                for (name, count, [sum, most]) in spaces.into_iter().filter(|(_, count, _)| *count > 0) {
                    let space = vec![
                        ("Average Sort Space Used", plain(kilobytes(sum / count))),
                        ("Peak Sort Space Used", plain(kilobytes(most))),
                    ];
                    group.push((name, Value::Group(space)));
                }
                vec![("Full-sort Groups", Value::Group(group))]
            }
            Work::IncrementalSort { .. } => Vec::new(),
            Work::Memoize { counts: [hits, misses, evictions, overflows], bytes } if misses > 0 => vec![
                ("Cache Hits", plain(hits)),
                ("Cache Misses", plain(misses)),
                ("Cache Evictions", plain(evictions)),
                ("Cache Overflows", plain(overflows)),
                ("Peak Memory Usage", plain(kilobytes(bytes))),
            ],
            Work::Memoize { .. } => Vec::new(),
            Work::Hash { buckets, batches, bytes } => vec![
                ("Hash Buckets", plain(buckets)),
                ("Original Hash Buckets", plain(buckets)),
                ("Hash Batches", plain(batches)),
                ("Original Hash Batches", plain(1)),
                ("Peak Memory Usage", plain(kilobytes(bytes))),
            ],
            Work::Groups { batches, bytes, disk } => vec![
                ("HashAgg Batches", plain(batches)),
                ("Peak Memory Usage", plain(kilobytes(bytes))),
                ("Disk Usage", plain(kilobytes(disk))),
            ],
            Work::Storage { disk, bytes } => vec![
                ("Storage", text(if disk { "Disk" } else { "Memory" })),
                ("Maximum Storage", plain(kilobytes(bytes))),
            ],
            Work::Conflicts { inserted, conflicting } => {
                vec![("Tuples Inserted", plain(inserted)), ("Conflicting Tuples", plain(conflicting))]
            }
        }
    }
}

/// The line of the pages; none if there were none.
pub fn buffers_line(usage: &Usage) -> Option<String> {
    let blocks = |word: &str, blocks: &Blocks| {
        let counts =
            [("hit", blocks.hit), ("read", blocks.read), ("dirtied", blocks.dirtied), ("written", blocks.written)];
        counted(word, &counts)
    };
    let temp = [("read", usage.temp_read), ("written", usage.temp_written)];
    let parts = [blocks("shared", &usage.shared), blocks("local", &usage.local), counted("temp", &temp)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("Buffers: {}", parts.join(", ")))
}

/// A word and the counts behind it that are not zero; none if all are.
fn counted(word: &str, counts: &[(&str, u64)]) -> Option<String> {
    let mut text = String::from(word);
    for (name, count) in counts.iter().filter(|(_, count)| *count > 0) {
        let _ = write!(text, " {name}={count}");
    }
    (text.len() > word.len()).then_some(text)
}

/// The line of the log; none if nothing was written there.
pub(super) fn wal_line(usage: &Usage) -> Option<String> {
    let wal = usage.wal;
    let counts =
        [("records", wal.records), ("fpi", wal.images), ("bytes", wal.bytes), ("buffers full", wal.buffers_full)];
    counted("WAL:", &counts)
}

/// The pages, for programs.
pub fn buffers_properties(usage: &Usage) -> Properties {
    let Usage { shared, local, temp_read, temp_written, .. } = *usage;
    vec![
        ("Shared Hit Blocks", plain(shared.hit)),
        ("Shared Read Blocks", plain(shared.read)),
        ("Shared Dirtied Blocks", plain(shared.dirtied)),
        ("Shared Written Blocks", plain(shared.written)),
        ("Local Hit Blocks", plain(local.hit)),
        ("Local Read Blocks", plain(local.read)),
        ("Local Dirtied Blocks", plain(local.dirtied)),
        ("Local Written Blocks", plain(local.written)),
        ("Temp Read Blocks", plain(temp_read)),
        ("Temp Written Blocks", plain(temp_written)),
    ]
}

/// The log, for programs.
pub(super) fn wal_properties(usage: &Usage) -> Properties {
    vec![
        ("WAL Records", plain(usage.wal.records)),
        ("WAL FPI", plain(usage.wal.images)),
        ("WAL Bytes", plain(usage.wal.bytes)),
        ("WAL Buffers Full", plain(usage.wal.buffers_full)),
    ]
}
