//! A scratch store with one table, and shorthand for what the tests do with it.
#![allow(dead_code)] // Each test file uses a part of it.

use std::collections::HashMap;
use std::sync::Arc;

use access::*;
use batch::{Batch, Datum, Repr};
use engine::{Engine, Session};
use ids::*;
use shm::ProcessKind;
use storage::Page;
use txn::Isolation;

pub struct Bench {
    pub engine: Engine,
    pub table: Arc<Table>,
    _directory: tempfile::TempDir,
}

pub fn locator(file: u32) -> RelFileLocator {
    RelFileLocator::new(oids::DEFAULT_TABLESPACE, oids::POSTGRES, Oid(file))
}

/// `(int4, text, int8)`.
pub fn columns() -> Vec<ColumnShape> {
    vec![
        ColumnShape::new(Repr::B4, 4),
        ColumnShape::new(Repr::Bytes, -1).with_toast(ToastStrategy::Extended),
        ColumnShape::new(Repr::B8, 8),
    ]
}

pub fn row(n: i32, text: &str, m: i64) -> [Datum; 3] {
    [Datum::B4(n), Datum::text(text), Datum::B8(m)]
}

impl Bench {
    pub fn new() -> Bench {
        Bench::with(100, columns())
    }

    pub fn with(fillfactor: u8, columns: Vec<ColumnShape>) -> Bench {
        Bench::make(fillfactor, columns, 1024)
    }

    /// One with so many pages in its pool.
    pub fn sized(buffers: u32) -> Bench {
        Bench::make(100, columns(), buffers)
    }

    fn make(fillfactor: u8, columns: Vec<ColumnShape>, buffers: u32) -> Bench {
        let directory = tempfile::tempdir().unwrap();
        let configure = |config: &mut engine::EngineConfig| {
            config.storage.buffers = buffers;
            config.wal.buffers = config.wal.buffers.max(buffers as usize / 1024 * (1 << 20));
            config.wal.segment_size = if buffers > 10_000 { 16 << 20 } else { 1 << 20 };
        };
        let (engine, ..) = Engine::scratch_with(directory.path(), configure, |_| ()).unwrap();
        let (main, toast) = (locator(16384), locator(16385));
        for locator in [main, toast] {
            engine.store.storage.create(locator, Fork::Main, Persistence::Permanent).unwrap();
        }
        let table = Table {
            oid: Oid(16384),
            name: "t".into(),
            locator: main,
            layout: Arc::new(RowLayout::new(columns).unwrap()),
            toast: Some(toast),
            persistence: Persistence::Permanent,
            fillfactor,
            database: oids::POSTGRES,
            cache: TableCache::default(),
            counters: Default::default(),
        };
        Bench { engine, table: Arc::new(table), _directory: directory }
    }

    pub fn client(&self) -> Client {
        let session = self.engine.session(ProcessKind::Backend).unwrap();
        Client { engine: self.engine.clone(), table: Arc::new((*self.table).clone()), session }
    }

    /// Replays the whole log on pages of zeros, and compares the result with the pages in the pool, hints apart.
    pub fn check_redo(&self) {
        self.check_redo_with(&[]);
    }

    /// The same, with records of other managers.
    pub fn check_redo_with(&self, managers: &[(wal::RmgrId, fn(&mut Page, &[u8]) -> error::Result<()>)]) {
        let wal = &self.engine.wal;
        wal.flush(wal.insert_position());
        let mut reader =
            wal::WalReader::new(wal.directory(), wal.segment_size(), wal.timeline(), self.engine.first_lsn());
        let mut pages: HashMap<(RelFileLocator, Fork, BlockNumber), Box<Page>> = HashMap::new();
        let mut records = 0;
        while let wal::ReadOutcome::Record(record) = reader.read().unwrap() {
            for (id, block) in record.blocks().iter().enumerate() {
                let id = id as u8;
                let page =
                    pages.entry((block.locator, block.fork, block.block)).or_insert_with(|| Box::new(Page::zeroed()));
                if block.will_init {
                    **page = Page::zeroed();
                }
                if block.has_image() && block.apply_image {
                    assert!(record.restore_image(id, page).unwrap());
                } else {
                    match record.rmgr {
                        wal::RmgrId::HEAP => heap::action::apply(page, record.block_data(id)).unwrap(),
                        wal::RmgrId::BTREE => btree::action::apply(page, record.block_data(id)).unwrap(),
                        other => match managers.iter().find(|(id, _)| *id == other) {
                            Some((_, apply)) => apply(page, record.block_data(id)).unwrap(),
                            None => continue,
                        },
                    }
                }
                page.set_lsn(record.end);
                records += 1;
            }
        }
        assert!(records > 0);
        for ((locator, fork, block), page) in &mut pages {
            if *fork == Fork::FreeSpace {
                continue;
            }
            if block.0 >= self.engine.store.storage.block_count(*locator, *fork).unwrap() {
                continue; // Truncated away.
            }
            let buffer = self.engine.store.storage.read(*locator, *fork, *block, &Default::default()).unwrap();
            let mut current = Box::new((*buffer.share()).clone());
            let count = self.engine.store.storage.block_count(*locator, Fork::Main).unwrap();
            for page in [&mut *page, &mut current] {
                without_hints(page, *fork);
                // What truncation cut off is cleared by a record of the storage manager's.
                (count..)
                    .map(BlockNumber)
                    .take_while(|b| *fork == Fork::Visibility && storage::VisibilityMap::map_block(*b) == *block)
                    .for_each(|b| {
                        storage::VisibilityMap::clear(page, b);
                    });
            }
            let differs = (0..PAGE_SIZE).find(|&n| page[n] != current[n]);
            assert_eq!(differs, None, "{locator} {fork:?} block {block} differs after redo");
        }
    }
}

/// Takes away what is not logged.
fn without_hints(page: &mut Page, fork: Fork) {
    page.set_lsn(Lsn(0));
    page[8..10].fill(0);
    if fork != Fork::Main || page.is_new() {
        return;
    }
    page.set_prune_xid(0);
    // An image leaves out what stands in the hole.
    let hole = page.lower() as usize..page.upper() as usize;
    page[hole].fill(0);
    let is_index = page.special().len() == btree::page::SPECIAL_SIZE;
    if !is_index && !page.special().is_empty() {
        return; // Other methods have no hints.
    }
    if is_index {
        let at = page.special_offset() as usize + 10;
        page[at] &= !(btree::page::flags::HAS_DEAD as u8);
    }
    for number in 1..=page.line_count() {
        let line = page.line(number);
        if is_index {
            page.set_line(number, storage::LinePointer::normal(line.offset(), line.length()));
        } else if let Some((mut header, _, _)) = heap::tuple::tuple_at(page, line) {
            use heap::tuple::flags::*;
            // Whether frozen is logged, a single hint is not.
            let frozen = header.flags & XMIN_FROZEN == XMIN_FROZEN;
            header.flags &= !(XMAX_COMMITTED | XMAX_INVALID | if frozen { 0 } else { XMIN_FROZEN });
            header.write(page.item_mut(line).unwrap());
            // Between tuples stands what pruning left of others, with their hints.
            let end = (line.offset() + line.length()) as usize;
            page[end..end.next_multiple_of(8)].fill(0);
        }
    }
}

pub struct Client {
    pub engine: Engine,
    pub table: Arc<Table>,
    pub session: Session,
}

pub const ALL: [Projected; 4] = [Projected::Column(0), Projected::Column(1), Projected::Column(2), Projected::RowId];

impl Client {
    pub fn begin(&self) {
        self.session.transaction.begin(Isolation::ReadCommitted).unwrap();
    }

    pub fn begin_repeatable(&self) {
        self.session.transaction.begin(Isolation::RepeatableRead).unwrap();
    }

    pub fn commit(&self) {
        self.session.transaction.commit(true).unwrap();
    }

    pub fn abort(&self) {
        self.session.transaction.abort();
    }

    pub fn next_command(&self) {
        self.session.transaction.next_command().unwrap();
    }

    pub fn insert(&self, values: &[Datum]) -> TupleId {
        let tid = self
            .engine
            .tables
            .insert(
                &self.engine.store,
                &self.session.transaction,
                &self.table,
                Row::Datums(values),
                InsertOptions::default(),
            )
            .unwrap();
        self.next_command();
        tid
    }

    pub fn insert_many(&self, rows: impl IntoIterator<Item = [Datum; 3]>) -> Vec<TupleId> {
        let mut batch = Batch::new([Repr::B4, Repr::Bytes, Repr::B8]);
        let mut tids = Vec::new();
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            batch.clear();
            let mut count = 0;
            for values in rows.by_ref().take(1000) {
                values.iter().zip(&mut batch.columns).for_each(|(value, column)| column.push(value.as_ref()));
                count += 1;
            }
            batch.set_len(count);
            self.engine
                .tables
                .insert_batch(
                    &self.engine.store,
                    &self.session.transaction,
                    &self.table,
                    &batch,
                    InsertOptions::default(),
                    &mut tids,
                )
                .unwrap();
        }
        self.next_command();
        tids
    }

    pub fn update_as(
        &self,
        tid: TupleId,
        values: &[Datum],
        options: UpdateOptions<'_>,
    ) -> error::Result<Outcome<Updated>> {
        let snapshot = self.session.transaction.snapshot().unwrap();
        let outcome = self.engine.tables.update(
            &self.engine.store,
            &self.session.transaction,
            &self.table,
            tid,
            &snapshot,
            Row::Datums(values),
            options,
        );
        self.next_command();
        outcome
    }

    pub fn update(&self, tid: TupleId, values: &[Datum], indexed_changed: bool) -> Outcome<Updated> {
        let options = UpdateOptions {
            crosscheck: None,
            wait: WaitPolicy::Block,
            indexed_changed,
            key_changed: indexed_changed,
            kept: &[],
        };
        self.update_as(tid, values, options).unwrap()
    }

    pub fn delete(&self, tid: TupleId) -> Outcome {
        let snapshot = self.session.transaction.snapshot().unwrap();
        let outcome = self
            .engine
            .tables
            .delete(&self.engine.store, &self.session.transaction, &self.table, tid, &snapshot, None, WaitPolicy::Block)
            .unwrap();
        self.next_command();
        outcome
    }

    pub fn lock(&self, tid: TupleId, strength: LockStrength, wait: WaitPolicy) -> error::Result<Outcome> {
        let snapshot = self.session.transaction.snapshot().unwrap();
        self.engine.tables.lock(
            &self.engine.store,
            &self.session.transaction,
            &self.table,
            tid,
            &snapshot,
            strength,
            wait,
        )
    }

    /// What a statement of this transaction sees: rows with their places, in the order of the pages.
    pub fn rows(&self) -> Vec<(i32, String, i64, TupleId)> {
        let snapshot = self.session.transaction.snapshot().unwrap();
        self.rows_of(&snapshot, Direction::Forward)
    }

    pub fn rows_of(&self, snapshot: &txn::Snapshot, direction: Direction) -> Vec<(i32, String, i64, TupleId)> {
        let request = ScanRequest { snapshot: snapshot.clone(), projection: ALL.into(), direction, pages: Pages::All };
        let mut scan = self.engine.tables.scan(&self.engine.store, &self.table, request).unwrap();
        let mut batch = projected_batch(&self.table.layout, &ALL);
        let mut rows = Vec::new();
        while scan.next(&mut batch).unwrap() {
            read(&batch, &mut rows);
            batch.clear();
        }
        rows
    }

    pub fn fetch(&self, tids: &[TupleId], mode: FetchMode) -> (Vec<(i32, String, i64, TupleId)>, Vec<Fetched>) {
        let snapshot = self.session.transaction.snapshot().unwrap();
        let mut fetch = self.engine.tables.fetch(&self.engine.store, &self.table, snapshot.clone(), ALL.into());
        let mut batch = projected_batch(&self.table.layout, &ALL);
        let (mut found, mut rows) = (Vec::new(), Vec::new());
        fetch.fetch(tids, mode, &mut batch, &mut found).unwrap();
        read(&batch, &mut rows);
        (rows, found)
    }

    pub fn numbers(&self) -> Vec<i32> {
        let mut numbers: Vec<i32> = self.rows().into_iter().map(|row| row.0).collect();
        numbers.sort();
        numbers
    }

    pub fn vacuum(&self, indexes: &[(Arc<dyn IndexAm>, Arc<Index>)]) -> VacuumReport {
        self.vacuum_as(indexes, true)
    }

    /// Without `truncate`, others may use the table meanwhile: these clients take no lock on it, as statements would.
    pub fn vacuum_as(&self, indexes: &[(Arc<dyn IndexAm>, Arc<Index>)], truncate: bool) -> VacuumReport {
        let options = VacuumOptions {
            all_pages: false,
            freeze: false,
            truncate,
            index_cleanup: true,
            memory: 1 << 20,
            pause: &|| Ok(()),
            progress: &|_, _| (),
            toast: true,
            ring_pages: 256,
        };
        self.begin();
        let report = self
            .engine
            .tables
            .vacuum(&self.engine.store, &self.session.transaction, &self.table, indexes, options)
            .unwrap();
        self.commit();
        report
    }
}

fn read(batch: &Batch, rows: &mut Vec<(i32, String, i64, TupleId)>) {
    for n in 0..batch.len() {
        let text = batch.columns[1].datum(n);
        rows.push((
            batch.columns[0].get(n).as_i32().unwrap_or(-1),
            text.as_str().unwrap_or("NULL").to_string(),
            batch.columns[2].get(n).as_i64().unwrap_or(-1),
            TupleId::from_u64(batch.columns[3].get(n).as_i64().unwrap() as u64),
        ));
    }
}
