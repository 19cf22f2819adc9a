//! The catalogs on a real store: bootstrap, look-ups, DDL, dependencies, invalidation between sessions, rollback.

use catalog::bootstrap::{self, ClusterOptions};
use catalog::field::Part;
use catalog::relation::kind;
use catalog::rows::*;
use catalog::{
    Catalog, CatalogShared, Dependency, DropBehavior, NewColumn, NewConstraint, NewIndex, NewIndexColumn, NewRelation,
    Object, index,
};
use engine::{Engine, Session};
use error::{Result, SqlState};
use ids::Oid;
use ids::oids::{BOOTSTRAP_ROLE, PUBLIC, TEMPLATE1};
use shm::ProcessKind;
use std::sync::Arc;
use txn::Isolation;
use types::oid::{INT4, TEXT};

/// A cluster in a temporary directory.
struct Cluster {
    engine: Engine,
    shared: CatalogShared,
    _directory: tempfile::TempDir,
}

impl Cluster {
    fn new() -> Cluster {
        let directory = tempfile::tempdir().expect("a directory");
        let (engine, request, segment) =
            Engine::scratch_with(directory.path(), |config| config.storage.buffers = 4096, CatalogShared::layout)
                .expect("a store");
        let shared = CatalogShared::attach(&segment, request);
        let session = engine.session(ProcessKind::Backend).expect("a slot");
        session.transaction.set_database(TEMPLATE1);
        session.transaction.begin(Isolation::ReadCommitted).expect("begins");
        bootstrap::bootstrap(
            engine.store.clone(),
            engine.tables.clone(),
            engine.indexes.clone(),
            session.transaction.clone(),
            &ClusterOptions::default(),
        )
        .expect("bootstraps");
        session.transaction.commit(true).expect("commits");
        Cluster { engine, shared, _directory: directory }
    }

    fn connect(&self) -> Client {
        let session = self.engine.session(ProcessKind::Backend).expect("a slot");
        let catalog = Catalog::open(&self.engine, &self.shared, &session, TEMPLATE1);
        Client { session, catalog }
    }
}

struct Client {
    session: Session,
    catalog: Arc<Catalog>,
}

impl Client {
    fn begin(&self) {
        self.session.transaction.begin(Isolation::ReadCommitted).expect("begins");
    }

    fn commit(&self) {
        self.session.transaction.commit(true).expect("commits");
    }

    fn in_transaction<T>(&self, work: impl FnOnce(&Catalog) -> Result<T>) -> T {
        self.begin();
        let result = work(&self.catalog).unwrap_or_else(|e| panic!("{e:?}"));
        self.commit();
        result
    }
}

fn table(name: &str) -> NewRelation {
    NewRelation {
        columns: vec![
            NewColumn { not_null: true, ..NewColumn::new("a", INT4, -1, Oid::INVALID) },
            NewColumn::new("b", TEXT, -1, Oid(100)),
        ],
        ..NewRelation::new(name, PUBLIC, kind::TABLE, BOOTSTRAP_ROLE)
    }
}

fn key_on(name: &str, table: Oid) -> NewIndex {
    let column = NewIndexColumn { opclass: Oid(1978), ..NewIndexColumn::of(1) };
    NewIndex { unique: true, primary: true, for_constraint: true, ..NewIndex::new(name, table, vec![column]) }
}

fn primary_key(catalog: &Catalog, table: Oid, name: &str) -> Result<(Oid, Oid)> {
    let index = catalog.create_index(&key_on(name, table))?;
    let constraint = catalog.create_constraint(&NewConstraint {
        row: PgConstraint {
            conname: name.to_string().into(),
            contype: b'p',
            conenforced: true,
            convalidated: true,
            conrelid: table,
            conindid: index,
            conislocal: true,
            connoinherit: true,
            conkey: Some(vec![1]),
            ..Default::default()
        },
        objects: vec![],
    })?;
    Ok((index, constraint))
}

/// Every catalog has the rows of the data files, and every index leads to every one of them.
#[test]
fn bootstrap_writes_every_row_and_every_index_entry() {
    let cluster = Cluster::new();
    let client = cluster.connect();
    struct Check<'a>(&'a Catalog, usize);
    impl ForEachCatalog for Check<'_> {
        fn visit<T: CatalogRow>(&mut self) -> Result<()> {
            let stored = self.0.scan_all::<T>()?;
            let expected = T::builtin().rows();
            assert_eq!(stored.len(), expected.len(), "{}", T::NAME);
            // What the cluster itself decides differs.
            if !matches!(T::NAME, "pg_authid" | "pg_database" | "pg_class") {
                let text = |row: &T| format!("{row:?}");
                let mut found: Vec<String> = stored.iter().map(|stored| text(&stored.row)).collect();
                let mut wanted: Vec<String> = expected.iter().map(text).collect();
                found.sort();
                wanted.sort();
                assert_eq!(found, wanted, "{}", T::NAME);
            }
            for info in catalog::data::indexes().iter().filter(|info| info.relation == T::RELATION) {
                for row in expected.iter().step_by(expected.len().div_ceil(40).max(1)) {
                    let key: Vec<Part<'_>> = info.columns.iter().map(|&n| row.part(n as usize)).collect();
                    let found = self.0.stored::<T>(info.index, &key)?;
                    assert!(
                        found.iter().any(|f| f.row.part(1) == row.part(1)),
                        "{} through index {}: {key:?}",
                        T::NAME,
                        info.index
                    );
                    self.1 += 1;
                }
                assert_eq!(self.0.stored::<T>(info.index, &[])?.len(), expected.len(), "{}", info.index);
            }
            Ok(())
        }
    }
    client.in_transaction(|catalog| {
        let mut check = Check(catalog, 0);
        for_each_catalog(&mut check)?;
        assert!(check.1 > 1500);
        Ok(())
    });
}

#[test]
fn a_table_is_made_found_and_dropped() {
    let cluster = Cluster::new();
    let client = cluster.connect();
    let oid = client.in_transaction(|catalog| {
        let oid = catalog.create_relation(&table("t"))?;
        // Its own command sees it.
        assert_eq!(catalog.relation_by_name(None, "t")?, Some(oid));
        catalog.create_toast_table(oid)?.expect("text may be long");
        primary_key(catalog, oid, "t_pkey")?;
        Ok(oid)
    });
    assert!(oid >= Oid::FIRST_NORMAL);
    client.in_transaction(|catalog| {
        let relation = catalog.relation(oid)?;
        assert_eq!((relation.name(), relation.columns.len(), relation.indexes.len()), ("t", 2, 1));
        assert!(relation.class.relhasindex && relation.class.reltoastrelid.is_valid());
        assert_eq!(catalog.format_type(relation.class.reltype, -1)?, "t");
        let array = catalog.array_type(relation.class.reltype)?.expect("has an array type");
        assert_eq!(catalog.format_type(array, -1)?, "t[]");
        assert_eq!(catalog.object_description(Object::column(oid, 2))?, "column b of table t");
        let locator = relation.locator;
        assert!(cluster.engine.storage().exists(locator, ids::Fork::Main)?);
        let error = catalog.create_relation(&table("t")).expect_err("exists");
        assert_eq!((error.state(), error.message()), (SqlState::DUPLICATE_TABLE, "relation \"t\" already exists"));
        Ok(())
    });
    let files = client.in_transaction(|catalog| {
        let relation = catalog.relation(oid)?;
        let toast = catalog.relation(relation.class.reltoastrelid)?;
        let index = catalog.relation(relation.indexes[0])?;
        assert_eq!(catalog.drop_object(Object::relation(oid), DropBehavior::Restrict)?, None);
        assert_eq!(catalog.relation_by_name(None, "t")?, None);
        Ok([relation.locator, toast.locator, index.locator])
    });
    client.in_transaction(|catalog| {
        assert!(catalog.find_relation(oid)?.is_none());
        assert_eq!(catalog.type_by_name(Some("public"), "_t")?, None);
        let key = [PgClass::RELATION.into(), oid.into()];
        assert!(catalog.stored::<PgDepend>(index::PG_DEPEND_DEPENDER_INDEX, &key)?.is_empty());
        assert!(catalog.stored::<PgDepend>(index::PG_DEPEND_REFERENCE_INDEX, &key)?.is_empty());
        // Nothing of it is left in any catalog that has rows about relations.
        assert!(catalog.stored::<PgAttribute>(index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &[oid.into()])?.is_empty());
        assert!(catalog.stored::<PgConstraint>(index::PG_CONSTRAINT_CONNAME_NSP_INDEX, &["t_pkey".into()])?.is_empty());
        for locator in files {
            assert_eq!(cluster.engine.storage().block_count(locator, ids::Fork::Main)?, 0);
        }
        Ok(())
    });
}

#[test]
fn dependents_refuse_or_follow() {
    let cluster = Cluster::new();
    let client = cluster.connect();
    let (t, v) = client.in_transaction(|catalog| {
        let t = catalog.create_relation(&table("t"))?;
        let v = catalog.create_relation(&NewRelation {
            columns: vec![NewColumn::new("a", INT4, -1, Oid::INVALID)],
            ..NewRelation::new("v", PUBLIC, kind::VIEW, BOOTSTRAP_ROLE)
        })?;
        let rule = catalog.new_oid::<PgRewrite>(index::PG_REWRITE_OID_INDEX)?;
        catalog.insert(&PgRewrite {
            oid: rule,
            rulename: "_RETURN".into(),
            ev_class: v,
            ev_type: b'1',
            ev_enabled: b'O',
            is_instead: true,
            ev_qual: "<>".into(),
            ev_action: "@select".into(),
        })?;
        let rule = Object::of::<PgRewrite>(rule);
        catalog.record_dependency(rule, Object::relation(v), Dependency::Internal)?;
        catalog.record_dependency(rule, Object::column(t, 1), Dependency::Normal)?;
        catalog.next_command()?;
        Ok((t, v))
    });
    client.in_transaction(|catalog| {
        let error = catalog.drop_object(Object::relation(t), DropBehavior::Restrict).expect_err("v depends on t");
        assert_eq!(error.message(), "cannot drop table t because other objects depend on it");
        assert_eq!(error.fields().detail.as_deref(), Some("view v depends on table t"));
        assert_eq!(error.fields().hint.as_deref(), Some("Use DROP ... CASCADE to drop the dependent objects too."));
        let error = catalog.drop_object(Object::column(t, 1), DropBehavior::Restrict).expect_err("v depends on t.a");
        assert_eq!(error.message(), "cannot drop column a of table t because other objects depend on it");
        assert_eq!(error.fields().detail.as_deref(), Some("view v depends on column a of table t"));
        // A column that nothing depends on goes alone, and keeps its place.
        assert_eq!(catalog.drop_object(Object::column(t, 2), DropBehavior::Restrict)?, None);
        assert!(catalog.relation(t)?.column(2).is_none());
        let array = catalog.type_by_name(Some("public"), "_t")?.expect("exists");
        let error = catalog.drop_object(Object::of::<PgType>(array), DropBehavior::Restrict).expect_err("is a part");
        assert_eq!(error.message(), "cannot drop type t[] because type t requires it");
        let error = catalog.drop_object(Object::relation(Oid(1259)), DropBehavior::Cascade).expect_err("is pinned");
        assert_eq!(error.message(), "cannot drop table pg_class because it is required by the database system");
        let notice = catalog.drop_object(Object::relation(t), DropBehavior::Cascade)?.expect("v goes, too");
        assert_eq!(notice.message(), "drop cascades to view v");
        assert!(catalog.find_relation(v)?.is_none());
        Ok(())
    });
}

#[test]
fn other_sessions_learn_of_changes_when_they_commit() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.connect(), cluster.connect());
    // Two remembers that there is no such table.
    two.in_transaction(|catalog| {
        assert_eq!(catalog.relation_by_name(None, "t")?, None);
        Ok(())
    });
    one.begin();
    let oid = one.catalog.create_relation(&table("t")).expect("makes t");
    two.in_transaction(|catalog| {
        assert_eq!(catalog.relation_by_name(None, "t")?, None);
        Ok(())
    });
    one.commit();
    two.in_transaction(|catalog| {
        assert_eq!(catalog.relation_by_name(None, "t")?, Some(oid));
        assert_eq!(catalog.relation(oid)?.columns.len(), 2);
        Ok(())
    });
    let generation = two.catalog.generation();
    one.in_transaction(|catalog| {
        catalog.add_column(oid, &NewColumn::new("c", INT4, -1, Oid::INVALID), None)?;
        catalog.rename_relation(oid, "u")
    });
    two.in_transaction(|catalog| {
        assert_eq!(catalog.relation(oid)?.columns.len(), 3);
        assert_eq!(catalog.relation_by_name(None, "t")?, None);
        assert_eq!(catalog.relation_by_name(None, "u")?, Some(oid));
        assert!(catalog.type_by_name(Some("public"), "_u")?.is_some());
        Ok(())
    });
    assert!(two.catalog.generation() > generation);
}

#[test]
fn what_is_made_while_its_relation_changes_is_not_kept() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.connect(), cluster.connect());
    let oid = one.in_transaction(|catalog| catalog.create_relation(&table("t")));
    let columns = |catalog: &Catalog, meanwhile: &dyn Fn()| {
        catalog.handle(oid, || {
            let count = catalog.relation(oid)?.columns.len();
            meanwhile();
            // A later look-up of the same work takes the message in.
            catalog.relation_by_name(None, "other")?;
            Ok(count)
        })
    };
    two.in_transaction(|catalog| {
        let change = || {
            one.in_transaction(|catalog| catalog.add_column(oid, &NewColumn::new("c", INT4, -1, Oid::INVALID), None));
        };
        assert_eq!(*columns(catalog, &change)?, 2);
        assert_eq!(*columns(catalog, &|| ())?, 3);
        assert_eq!(*columns(catalog, &|| panic!("it was kept"))?, 3);
        Ok(())
    });
}

#[test]
fn rolled_back_changes_leave_no_trace() {
    let cluster = Cluster::new();
    let client = cluster.connect();
    let kept = client.in_transaction(|catalog| catalog.create_relation(&table("kept")));
    client.begin();
    let lost = client.catalog.create_relation(&table("lost")).expect("makes it");
    client.catalog.rename_relation(kept, "renamed").expect("renames it");
    assert_eq!(client.catalog.relation(kept).expect("is there").name(), "renamed");
    let locator = client.catalog.relation(lost).expect("is there").locator;
    client.session.transaction.abort();
    client.in_transaction(|catalog| {
        assert_eq!(catalog.relation_by_name(None, "lost")?, None);
        assert_eq!(catalog.relation(kept)?.name(), "kept");
        assert_eq!(cluster.engine.storage().block_count(locator, ids::Fork::Main)?, 0);
        Ok(())
    });
    // The same with a savepoint.
    client.begin();
    client.session.transaction.savepoint("s").expect("savepoint");
    client.catalog.rename_relation(kept, "renamed").expect("renames it");
    assert_eq!(client.catalog.relation_by_name(None, "renamed").expect("asks"), Some(kept));
    client.session.transaction.rollback_to("s").expect("rolls back");
    assert_eq!(client.catalog.relation_by_name(None, "renamed").expect("asks"), None);
    assert_eq!(client.catalog.relation_by_name(None, "kept").expect("asks"), Some(kept));
    client.commit();
}

#[test]
fn a_changed_built_in_row_is_read_from_the_store() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.connect(), cluster.connect());
    let function = Oid(1397); // abs(integer)
    assert!(matches!(two.catalog.function(function).expect("is there"), catalog::Entry::Builtin(_)));
    one.in_transaction(|catalog| {
        let key = [function.into()];
        catalog.change::<PgProc>(index::PG_PROC_OID_INDEX, &key, |row| row.proname = "absolute".into())?;
        Ok(())
    });
    for client in [&one, &two, &cluster.connect()] {
        client.in_transaction(|catalog| {
            assert_eq!(catalog.function(function)?.proname, "absolute");
            assert_eq!(catalog.functions_by_name(None, "abs")?.len(), 5);
            assert_eq!(catalog.functions_by_name(None, "absolute")?.len(), 1);
            Ok(())
        });
    }
}

#[test]
fn owners_and_privileges_are_recorded() {
    let cluster = Cluster::new();
    let client = cluster.connect();
    client.in_transaction(|catalog| {
        let role = |name: &str| -> Result<Oid> {
            let oid = catalog.new_oid::<PgAuthid>(index::PG_AUTHID_OID_INDEX)?;
            catalog.insert(&PgAuthid {
                oid,
                rolname: name.to_string().into(),
                rolinherit: true,
                rolconnlimit: -1,
                ..Default::default()
            })?;
            Ok(oid)
        };
        let (alice, bob) = (role("alice")?, role("bob")?);
        catalog.next_command()?;
        let t = catalog.create_relation(&NewRelation { owner: alice, ..table("t") })?;
        let may = |role: Oid, what| -> Result<bool> {
            let held = catalog.privileges(catalog::privileges::ObjectKind::Relation, t, role, what)?;
            Ok(held.is_some_and(|held| held.contains(what)))
        };
        use catalog::acl::{Acl, AclItem, Privileges};
        assert!(may(alice, Privileges::INSERT)? && !may(bob, Privileges::SELECT)?);
        let mut acl = catalog::privileges::ObjectKind::Relation.default_acl(alice);
        acl.0.push(AclItem {
            grantee: bob,
            grantor: alice,
            privileges: Privileges::SELECT,
            grantable: Privileges::NONE,
        });
        catalog.set_acl(catalog::privileges::ObjectKind::Relation, t, Some(acl.clone()))?;
        assert!(may(bob, Privileges::SELECT)? && !may(bob, Privileges::UPDATE)?);
        let (words, count) = catalog.role_dependents(alice, 100)?;
        assert_eq!((words, count), (vec!["owner of table t".to_string()], 1));
        let (words, _) = catalog.role_dependents(bob, 100)?;
        assert_eq!(words, ["privileges for table t"]);
        catalog.set_relation_owner(t, bob)?;
        let class = catalog.class(t)?.expect("is there");
        let expected =
            AclItem { grantee: bob, grantor: bob, privileges: Privileges::ALL_TABLE, grantable: Privileges::NONE };
        assert_eq!(class.relacl, Some(Acl(vec![expected])));
        assert_eq!(catalog.role_dependents(alice, 100)?.1, 0);
        Ok(())
    });
}

#[test]
fn enums_schemas_and_defaults() {
    let cluster = Cluster::new();
    let client = cluster.connect();
    client.in_transaction(|catalog| {
        let schema = catalog.create_schema("s", BOOTSTRAP_ROLE, None)?;
        let mood = catalog.create_enum("mood", schema, BOOTSTRAP_ROLE, &["sad".into(), "ok".into(), "happy".into()])?;
        let labels: Vec<String> = catalog.enum_labels(mood)?.iter().map(|row| row.enumlabel.to_string()).collect();
        assert_eq!(labels, ["sad", "ok", "happy"]);
        let value = catalog.enum_value(mood, "ok")?.expect("is a label");
        assert_eq!(catalog.enum_label(value)?, "ok");
        assert_eq!(catalog.format_type(mood, -1)?, "s.mood");
        let t = catalog.create_relation(&NewRelation {
            columns: vec![NewColumn::new("m", mood, -1, Oid::INVALID)],
            ..NewRelation::new("t", schema, kind::TABLE, BOOTSTRAP_ROLE)
        })?;
        catalog.set_default(t, 1, "@'ok'::s.mood", &[Object::of::<PgType>(mood)])?;
        assert_eq!(catalog.relation(t)?.default_of(1), Some("@'ok'::s.mood"));
        let error = catalog.drop_object(Object::of::<PgType>(mood), DropBehavior::Restrict).expect_err("is in use");
        assert_eq!(error.fields().detail.as_deref(), Some("column m of table s.t depends on type s.mood"));
        assert!(catalog.drop_default(t, 1)?);
        assert!(!catalog.relation(t)?.columns[0].atthasdef);
        let notice = catalog.drop_object(Object::of::<PgNamespace>(schema), DropBehavior::Cascade)?.expect("two go");
        assert_eq!(notice.message(), "drop cascades to 2 other objects");
        assert_eq!(notice.fields().detail.as_deref(), Some("drop cascades to type s.mood\ndrop cascades to table s.t"));
        Ok(())
    });
}

#[test]
fn many_sessions_make_tables_at_once() {
    let cluster = Cluster::new();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let cluster = &cluster;
            scope.spawn(move || {
                let client = cluster.connect();
                for n in 0..15 {
                    let name = format!("t_{worker}_{n}");
                    let oid = client.in_transaction(|catalog| {
                        let oid = catalog.create_relation(&table(&name))?;
                        primary_key(catalog, oid, &format!("{name}_pkey"))?;
                        Ok(oid)
                    });
                    client.in_transaction(|catalog| {
                        assert_eq!(catalog.relation_by_name(None, &name)?, Some(oid));
                        if n % 3 == 0 {
                            catalog.drop_object(Object::relation(oid), DropBehavior::Restrict)?;
                        }
                        Ok(())
                    });
                }
            });
        }
    });
    let client = cluster.connect();
    client.in_transaction(|catalog| {
        let tables = catalog.scan_all::<PgClass>()?;
        let ours =
            tables.iter().filter(|stored| stored.row.relname.starts_with("t_") && stored.row.relkind == kind::TABLE);
        assert_eq!(ours.count(), 40);
        let mut oids: Vec<Oid> = tables.iter().map(|stored| stored.row.oid).collect();
        oids.sort();
        oids.dedup();
        assert_eq!(oids.len(), tables.len());
        Ok(())
    });
}

/// How long the frequent questions take; prints, and fails only on the absurd.
#[test]
fn frequent_questions_are_cheap() {
    catalog::warm();
    let cluster = Cluster::new();
    let client = cluster.connect();
    let oid = client.in_transaction(|catalog| catalog.create_relation(&table("t")));
    let time = |what: &str, rounds: u32, work: &dyn Fn(&Catalog) -> Result<()>| {
        let start = std::time::Instant::now();
        client.in_transaction(|catalog| (0..rounds).try_for_each(|_| work(catalog)));
        let each = start.elapsed() / rounds;
        println!("{what}: {each:?}");
        assert!(each < std::time::Duration::from_millis(5), "{what}: {each:?}");
    };
    time("relation by name, cached", 2000, &|catalog| {
        assert_eq!(catalog.relation_by_name(None, "t")?, Some(oid));
        Ok(())
    });
    time("relation, cached", 2000, &|catalog| catalog.relation(oid).map(drop));
    time("built-in function", 2000, &|catalog| catalog.function(Oid(1397)).map(drop));
    time("functions by name, cached", 2000, &|catalog| catalog.functions_by_name(None, "abs").map(drop));
    time("relation, from the store", 100, &|catalog| {
        catalog.reset();
        catalog.relation(oid).map(drop)
    });
}
