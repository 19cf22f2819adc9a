//! initdb makes a cluster that can be opened again.

use std::path::Path;
use tools::initdb::options::{self, Task};

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
