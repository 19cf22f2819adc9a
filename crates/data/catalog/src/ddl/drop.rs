//! What goes with an object: its own rows in all catalogs, and its files.

use crate::catalog::Catalog;
use crate::depend::{Dependency, Object};
use crate::index;
use crate::relation::kind;
use crate::rows::*;
use error::{Error, Result};
use ids::Oid;

impl Catalog {
    /// Removes the rows that are an object, whatever depends on it.
    pub(crate) fn remove_object_rows(&self, object: Object) -> Result<()> {
        let key = [object.oid.into()];
        macro_rules! by_oid {
            ($($Row:ident $index:ident),*) => {
                match object.class {
                    PgClass::RELATION if object.sub != 0 => self.remove_column(object.oid, object.sub as i16),
                    PgClass::RELATION => self.remove_relation(object.oid),
                    PgType::RELATION => self.remove_type(object.oid),
                    PgProc::RELATION => {
                        let transaction = self.transaction()?;
                        transaction.statistics().function_dropped(transaction.level(), self.database(), object.oid);
                        self.delete_all::<PgAggregate>(index::PG_AGGREGATE_FNOID_INDEX, &key)?;
                        self.delete_all::<PgProc>(index::PG_PROC_OID_INDEX, &key).map(|_| ())
                    }
                    PgAttrdef::RELATION => self.remove_default(object.oid),
                    PgConstraint::RELATION => self.remove_constraint(object.oid),
                    PgTrigger::RELATION => self.remove_trigger(object.oid),
                    PgRewrite::RELATION => self.remove_rule(object.oid),
                    PgNamespace::RELATION => {
                        self.delete_all::<PgNamespace>(index::PG_NAMESPACE_OID_INDEX, &key).map(|_| ())
                    }
                    PgLargeobject::RELATION => {
                        self.delete_all::<PgLargeobject>(index::PG_LARGEOBJECT_LOID_PN_INDEX, &key)?;
                        let unique = index::PG_LARGEOBJECT_METADATA_OID_INDEX;
                        self.delete_all::<PgLargeobjectMetadata>(unique, &key).map(|_| ())
                    }
                    PgTsConfig::RELATION => {
                        self.delete_all::<PgTsConfigMap>(index::PG_TS_CONFIG_MAP_INDEX, &key)?;
                        self.delete_all::<PgTsConfig>(index::PG_TS_CONFIG_OID_INDEX, &key).map(|_| ())
                    }
                    PgStatisticExt::RELATION => {
                        self.delete_all::<PgStatisticExtData>(index::PG_STATISTIC_EXT_DATA_STXOID_INH_INDEX, &key)?;
                        self.delete_all::<PgStatisticExt>(index::PG_STATISTIC_EXT_OID_INDEX, &key).map(|_| ())
                    }
                    $($Row::RELATION => self.delete_all::<$Row>(index::$index, &key).map(|_| ()),)*
                    other => Err(Error::internal(format!("objects of catalog {other} cannot be dropped"))),
                }
            };
        }
        by_oid!(
            PgPolicy PG_POLICY_OID_INDEX,
            PgOperator PG_OPERATOR_OID_INDEX,
            PgCast PG_CAST_OID_INDEX,
            PgCollation PG_COLLATION_OID_INDEX,
            PgConversion PG_CONVERSION_OID_INDEX,
            PgLanguage PG_LANGUAGE_OID_INDEX,
            PgOpclass PG_OPCLASS_OID_INDEX,
            PgOpfamily PG_OPFAMILY_OID_INDEX,
            PgAmop PG_AMOP_OID_INDEX,
            PgAmproc PG_AMPROC_OID_INDEX,
            PgAm PG_AM_OID_INDEX,
            PgExtension PG_EXTENSION_OID_INDEX,
            PgEventTrigger PG_EVENT_TRIGGER_OID_INDEX,
            PgTransform PG_TRANSFORM_OID_INDEX,
            PgPublication PG_PUBLICATION_OID_INDEX,
            PgPublicationRel PG_PUBLICATION_REL_OID_INDEX,
            PgPublicationNamespace PG_PUBLICATION_NAMESPACE_OID_INDEX,
            PgDefaultAcl PG_DEFAULT_ACL_OID_INDEX,
            PgForeignDataWrapper PG_FOREIGN_DATA_WRAPPER_OID_INDEX,
            PgForeignServer PG_FOREIGN_SERVER_OID_INDEX,
            PgUserMapping PG_USER_MAPPING_OID_INDEX,
            PgTsDict PG_TS_DICT_OID_INDEX,
            PgTsParser PG_TS_PARSER_OID_INDEX,
            PgTsTemplate PG_TS_TEMPLATE_OID_INDEX
        )
    }

    /// Its relation's descriptor holds a rule, so all sessions have to read it again.
    fn remove_rule(&self, oid: Oid) -> Result<()> {
        let key = [oid.into()];
        let Some(rule) = self.stored_row::<PgRewrite>(index::PG_REWRITE_OID_INDEX, &key)? else { return Ok(()) };
        self.delete(&rule)?;
        self.change::<PgClass>(index::PG_CLASS_OID_INDEX, &[rule.row.ev_class.into()], |_| ())?;
        Ok(())
    }

    fn remove_relation(&self, oid: Oid) -> Result<()> {
        let key = [oid.into()];
        let Some(class) = self.stored_row::<PgClass>(index::PG_CLASS_OID_INDEX, &key)? else { return Ok(()) };
        let relation = self.relation(oid)?;
        if relation.is_temporary() {
            self.session().temporary_used = true;
        }
        if relation.has_storage() {
            let transaction = self.transaction()?;
            transaction.drop_at_commit(relation.locator);
            transaction.statistics().dropped(transaction.level(), self.database(), oid);
        }
        match relation.kind() {
            kind::INDEX | kind::PARTITIONED_INDEX => {
                self.delete_all::<PgIndex>(index::PG_INDEX_INDEXRELID_INDEX, &key)?;
            }
            kind::SEQUENCE => {
                self.delete_all::<PgSequence>(index::PG_SEQUENCE_SEQRELID_INDEX, &key)?;
            }
            kind::FOREIGN_TABLE => {
                self.delete_all::<PgForeignTable>(index::PG_FOREIGN_TABLE_RELID_INDEX, &key)?;
            }
            kind::PARTITIONED_TABLE => {
                self.delete_all::<PgPartitionedTable>(index::PG_PARTITIONED_TABLE_PARTRELID_INDEX, &key)?;
            }
            _ => {}
        }
        self.delete_all::<PgInherits>(index::PG_INHERITS_RELID_SEQNO_INDEX, &key)?;
        self.delete_all::<PgStatistic>(index::PG_STATISTIC_RELID_ATT_INH_INDEX, &key)?;
        self.delete_all::<PgAttribute>(index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &key)?;
        self.delete_all::<PgSubscriptionRel>(index::PG_SUBSCRIPTION_REL_SRRELID_SRSUBID_INDEX, &key)?;
        self.delete(&class)
    }

    /// A dropped column stays as a nameless place, so that rows keep their layout.
    fn remove_column(&self, relation: Oid, number: i16) -> Result<()> {
        let key = [relation.into(), number.into()];
        self.change::<PgAttribute>(index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &key, |row| {
            row.attisdropped = true;
            row.atttypid = Oid::INVALID;
            row.attnotnull = false;
            row.attgenerated = 0;
            row.attidentity = 0;
            row.atthasmissing = false;
            row.attstattarget = None;
            row.attacl = None;
            row.attoptions = None;
            row.attfdwoptions = None;
            row.attmissingval = None;
            row.attname = format!("........pg.dropped.{number}........").into();
        })?;
        self.delete_all::<PgStatistic>(index::PG_STATISTIC_RELID_ATT_INH_INDEX, &key)?;
        Ok(())
    }

    fn remove_type(&self, oid: Oid) -> Result<()> {
        let key = [oid.into()];
        let Some(stored) = self.stored_row::<PgType>(index::PG_TYPE_OID_INDEX, &key)? else { return Ok(()) };
        match stored.row.typtype {
            b'e' => {
                self.delete_all::<PgEnum>(index::PG_ENUM_TYPID_LABEL_INDEX, &key)?;
            }
            b'r' => {
                self.delete_all::<PgRange>(index::PG_RANGE_RNGTYPID_INDEX, &key)?;
            }
            _ => {}
        }
        self.delete(&stored)
    }

    fn remove_default(&self, oid: Oid) -> Result<()> {
        let Some(stored) = self.stored_row::<PgAttrdef>(index::PG_ATTRDEF_OID_INDEX, &[oid.into()])? else {
            return Ok(());
        };
        let key = [stored.row.adrelid.into(), stored.row.adnum.into()];
        self.delete(&stored)?;
        self.change::<PgAttribute>(index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &key, |row| {
            row.atthasdef = false;
            row.attgenerated = 0;
        })?;
        Ok(())
    }

    fn remove_constraint(&self, oid: Oid) -> Result<()> {
        let Some(stored) = self.stored_row::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &[oid.into()])? else {
            return Ok(());
        };
        let row = &stored.row;
        match row.contype {
            b'c' if row.conrelid.is_valid() => {
                let key = [row.conrelid.into()];
                self.change::<PgClass>(index::PG_CLASS_OID_INDEX, &key, |class| class.relchecks -= 1)?;
            }
            b'n' if row.conrelid.is_valid() => {
                for &number in row.conkey.iter().flatten() {
                    let key = [row.conrelid.into(), number.into()];
                    self.change::<PgAttribute>(index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &key, |column| {
                        column.attnotnull = false
                    })?;
                }
            }
            _ => {}
        }
        self.delete(&stored)
    }

    fn remove_trigger(&self, oid: Oid) -> Result<()> {
        let Some(stored) = self.stored_row::<PgTrigger>(index::PG_TRIGGER_OID_INDEX, &[oid.into()])? else {
            return Ok(());
        };
        // `relhastriggers` stays: it only means that there may be some.
        self.delete(&stored)
    }

    /// What depends on a role, in words: `owner of table t`, `privileges for schema s`; at most `limit`, and how many there are in all
    /// databases. For refusing DROP ROLE.
    pub fn role_dependents(&self, role: Oid, limit: usize) -> Result<(Vec<String>, usize)> {
        let key = [PgAuthid::RELATION.into(), role.into()];
        let (mut words, mut count, mut elsewhere) = (Vec::new(), 0, std::collections::BTreeMap::<Oid, usize>::new());
        let mut found = self.read_rows::<PgShdepend>(index::PG_SHDEPEND_REFERENCE_INDEX, &key)?.to_vec();
        found.sort_by_key(|row| (row.objid, row.classid, row.objsubid));
        for row in &found {
            count += 1;
            if row.dbid.is_valid() && row.dbid != self.database() {
                *elsewhere.entry(row.dbid).or_default() += 1;
                continue;
            }
            let what = self.object_description(Object { class: row.classid, oid: row.objid, sub: row.objsubid })?;
            words.push(match row.deptype {
                b'o' => format!("owner of {what}"),
                b'a' => format!("privileges for {what}"),
                b'i' => format!("initial privileges for {what}"),
                b'r' => format!("target of {what}"),
                _ => what,
            });
        }
        for (database, objects) in elsewhere {
            let name = self.database_row(database)?.map(|row| row.datname.to_string()).unwrap_or_default();
            let plural = if objects == 1 { "object" } else { "objects" };
            words.push(format!("{objects} {plural} in database {name}"));
        }
        words.truncate(limit);
        Ok((words, count))
    }

    /// Makes a column's owned objects follow it: forgets that `sequence` belongs to a column.
    pub fn disown_sequence(&self, sequence: Oid) -> Result<()> {
        self.forget_dependencies(Object::relation(sequence), Some(Dependency::Auto), Some(PgClass::RELATION))
    }
}
