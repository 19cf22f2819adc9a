//! initdb makes a cluster that can be opened again.

use catalog::rows::PgProc;
use catalog::{Catalog, CatalogShared, NewColumn, NewRelation, index};
use engine::{Engine, EngineConfig};
use ids::Oid;
use shm::{Capacity, Layout, ProcessKind, Processes};
use std::path::Path;
use std::sync::Arc;
use tools::initdb::options::{self, Task};
use txn::Isolation;

fn create(data: &Path) {
    let arguments = [
        "-D",
        data.to_str().expect("a path"),
        "-U",
        "admin",
        "-A",
        "trust",
        "-N",
        "--no-instructions",
        "--no-locale",
        "--allow-root",
    ];
    match options::parse(arguments.map(Into::into), None) {
        Ok(Task::Create(options)) => tools::initdb::create(&options).unwrap_or_else(|c| panic!("{}", c.message)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cluster_is_made_quickly_and_completely() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    let start = std::time::Instant::now();
    create(&data);
    println!("initdb took {:?}", start.elapsed());
    for name in
        ["PG_VERSION", "global/pg_control", "global/1262", "base/1/1259", "base/4/2662", "base/5/1255", "pg_hba.conf"]
    {
        assert!(data.join(name).exists(), "{name}");
    }
    assert!(std::fs::metadata(data.join("base/5/1255")).expect("pg_proc").len() > 300_000);
    let control = storage::ControlFile::read(&data).expect("a control file");
    assert_eq!(control.state, storage::ClusterState::ShutDown);
    assert!(control.checkpoint_record.next_oid >= ids::Oid::FIRST_NORMAL);
}

/// Opens a cluster that was shut down, as the server's start does.
fn open(data: &Path) -> (Engine, CatalogShared) {
    let control = storage::ControlFile::read(data).expect("a control file");
    let mut config = EngineConfig::small(data, Capacity::small(4));
    config.wal.segment_size = control.segment_size;
    config.wal.system_identifier = control.system_identifier;
    config.wal.options.fsync = false;
    config.storage.fsync = false;
    config.storage.checksums = control.checksums;
    let mut layout = Layout::new();
    let processes = Processes::layout(&mut layout, config.capacity);
    let request = Engine::layout(&mut layout, &config);
    let catalog_request = CatalogShared::layout(&mut layout);
    let segment = layout.map().expect("maps");
    let processes = Processes::attach(&segment, processes).expect("attaches");
    let engine = Engine::attach(&segment, request, config, &processes).expect("attaches");
    let shared = CatalogShared::attach(&segment, catalog_request);
    // The log ends with the checkpoint that the control file names.
    let timeline = control.checkpoint_record.timeline;
    let mut reader = wal::WalReader::new(data.join("pg_wal"), control.segment_size, timeline, control.checkpoint);
    let wal::ReadOutcome::Record(record) = reader.read().expect("reads") else { panic!("no checkpoint record") };
    assert_eq!((record.rmgr, record.info), (wal::RmgrId::XLOG, storage::xlog::CHECKPOINT_SHUTDOWN));
    assert_eq!(record.lsn, control.checkpoint);
    assert_eq!(control.checkpoint_record.redo, control.checkpoint);
    assert_eq!(storage::CheckpointRecord::decode(record.data()), Some(control.checkpoint_record));
    assert!(matches!(reader.read().expect("reads"), wal::ReadOutcome::End(_)));
    let mut participants = engine.checkpoint_participants();
    participants.push(Arc::new(shared));
    participants.iter().try_for_each(|p| p.start_from(&control.checkpoint_record)).expect("starts");
    engine.wal.start(timeline, record.end, false).expect("starts");
    engine.wal.set_redo_position(record.end);
    engine.transactions().open();
    (engine, shared)
}

#[test]
fn a_cluster_can_be_opened_and_used() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    create(&data);
    let (engine, shared) = open(&data);
    for database in [ids::oids::POSTGRES, ids::oids::TEMPLATE1, ids::oids::TEMPLATE0] {
        let session = engine.session(ProcessKind::Backend).expect("a slot");
        let catalog = Catalog::open(&engine, &shared, &session, database);
        session.transaction.begin(Isolation::ReadCommitted).expect("begins");
        let role = catalog.role(ids::oids::BOOTSTRAP_ROLE).expect("asks").expect("exists");
        assert_eq!((role.rolname.as_ref(), role.rolsuper), ("admin", true));
        let row = catalog.database_row(database).expect("asks").expect("exists");
        assert_eq!((row.encoding, row.datcollate.as_ref()), (6, "C"));
        assert_eq!(catalog.class(Oid(1259)).expect("asks").expect("exists").relname, "pg_class");
        let rows = catalog.stored::<PgProc>(index::PG_PROC_PRONAME_ARGS_NSP_INDEX, &["abs".into()]).expect("reads");
        assert_eq!(rows.len(), 6);
        let new = NewRelation {
            columns: vec![NewColumn::new("a", Oid(23), -1, Oid::INVALID)],
            ..NewRelation::new("t", ids::oids::PUBLIC, catalog::relation::kind::TABLE, ids::oids::BOOTSTRAP_ROLE)
        };
        let table = catalog.create_relation(&new).expect("makes a table");
        assert!(table >= Oid::FIRST_NORMAL);
        let path = format!("base/{database}/{table}");
        assert!(data.join(&path).exists(), "{path}");
        session.transaction.commit(true).expect("commits");
    }
}
