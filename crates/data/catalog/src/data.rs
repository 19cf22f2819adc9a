//! The rows that every database starts with, in the program itself: read from the data files on first use, never freed.
//!
//! A postmaster reads them once before it forks ([`warm`]), so all sessions share the memory. Rows borrow their texts
//! from the program's own data.

use crate::field::Part;
use crate::rows::{CatalogRow, ForEachCatalog, PgIndex, for_each_catalog};
use error::Result;
use ids::Oid;
use std::cmp::Ordering;
use std::sync::LazyLock;

/// What look-ups need to know of a catalog's index.
#[derive(Clone, Debug)]
pub struct IndexInfo {
    /// Its object id.
    pub index: Oid,
    /// The catalog.
    pub relation: Oid,
    /// The numbers of its key columns, from 1.
    pub columns: Vec<u16>,
    /// Whether no two rows have the same key.
    pub unique: bool,
}

/// All indexes of all catalogs, by object id.
pub fn indexes() -> &'static [IndexInfo] {
    static INDEXES: LazyLock<Vec<IndexInfo>> = LazyLock::new(|| {
        let mut indexes: Vec<IndexInfo> = parse::<PgIndex>(include_str!("../data/pg_index.tsv"))
            .into_iter()
            .map(|row| IndexInfo {
                index: row.indexrelid,
                relation: row.indrelid,
                columns: row.indkey.iter().map(|&n| n as u16).collect(),
                unique: row.indisunique,
            })
            .collect();
        indexes.sort_by_key(|info| info.index);
        indexes
    });
    &INDEXES
}

/// The catalogs' index with this object id.
pub fn index_info(index: Oid) -> Option<&'static IndexInfo> {
    let all = indexes();
    all.binary_search_by_key(&index, |info| info.index).ok().map(|at| &all[at])
}

fn parse<T: CatalogRow>(text: &'static str) -> Vec<T> {
    text.lines()
        .enumerate()
        .map(|(line, row)| {
            T::parse(&mut row.split('\t'))
                .unwrap_or_else(|e| panic!("data file {}.tsv, line {}: {e}", T::NAME, line + 1))
        })
        .collect()
}

/// A catalog's built-in rows, with an order for each of its indexes.
#[derive(Debug)]
pub struct Table<T: 'static> {
    rows: Vec<T>,
    orders: Vec<(&'static IndexInfo, Vec<u32>)>,
}

impl<T: CatalogRow> Table<T> {
    /// The rows of a data file.
    pub(crate) fn load(text: &'static str) -> Table<T> {
        let rows: Vec<T> = parse(text);
        let orders = indexes()
            .iter()
            .filter(|info| info.relation == T::RELATION)
            .map(|info| {
                let mut order: Vec<u32> = (0..rows.len() as u32).collect();
                order.sort_by(|&a, &b| {
                    let (a, b) = (&rows[a as usize], &rows[b as usize]);
                    info.columns
                        .iter()
                        .map(|&n| a.part(n as usize).cmp(&b.part(n as usize)))
                        .find(|o| o.is_ne())
                        .unwrap_or(Ordering::Equal)
                });
                (info, order)
            })
            .collect();
        Table { rows, orders }
    }

    /// All rows, as the data file has them.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    /// The rows whose first key columns in `index` have these values, in the index's order. An index of another catalog finds none.
    pub fn find<'a>(&'a self, index: Oid, key: &[Part<'_>]) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let order = self.orders.iter().find(|(info, _)| info.index == index);
        let (from, to, order) = match order {
            Some((info, order)) => {
                let compare = |&at: &u32| {
                    let row = &self.rows[at as usize];
                    info.columns
                        .iter()
                        .zip(key)
                        .map(|(&n, want)| row.part(n as usize).cmp(want))
                        .find(|o| o.is_ne())
                        .unwrap_or(Ordering::Equal)
                };
                let from = order.partition_point(|at| compare(at).is_lt());
                let to = from + order[from..].partition_point(|at| compare(at).is_eq());
                (from, to, &order[..])
            }
            None => (0, 0, &[][..]),
        };
        order[from..to].iter().map(|&at| &self.rows[at as usize])
    }
}

/// Reads all data files, so that processes forked afterwards share the rows.
pub fn warm() {
    struct Warm;
    impl ForEachCatalog for Warm {
        fn visit<T: CatalogRow>(&mut self) -> Result<()> {
            T::builtin();
            Ok(())
        }
    }
    let _ = for_each_catalog(&mut Warm);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index;
    use crate::rows::*;

    #[test]
    fn every_data_file_reads() {
        warm();
        assert_eq!(PgProc::builtin().rows().len(), 3413);
        assert_eq!(CATALOGS.len(), 64);
    }

    #[test]
    fn rows_survive_their_stored_form() {
        struct RoundTrip(usize);
        impl ForEachCatalog for RoundTrip {
            fn visit<T: CatalogRow>(&mut self) -> Result<()> {
                let mut columns: Vec<_> = T::COLUMNS.iter().map(|&(_, repr)| batch::Column::new(repr)).collect();
                let rows = T::builtin().rows();
                rows.iter().for_each(|row| row.append_to(&mut columns));
                for (at, row) in rows.iter().enumerate() {
                    let back = T::read(&columns, at)?;
                    assert_eq!(format!("{back:?}"), format!("{row:?}"), "{}", T::NAME);
                    self.0 += 1;
                }
                Ok(())
            }
        }
        let mut count = RoundTrip(0);
        for_each_catalog(&mut count).expect("every row reads back");
        assert!(count.0 > 20_000);
    }

    #[test]
    fn rows_are_found_by_whole_and_partial_keys() {
        let int4 = PgType::builtin().find(index::PG_TYPE_OID_INDEX, &[Part::Int(23)]).next().expect("int4");
        assert_eq!((&*int4.typname, int4.typlen), ("int4", 4));
        let abs = PgProc::builtin().find(index::PG_PROC_PRONAME_ARGS_NSP_INDEX, &[Part::Text("abs")]);
        assert_eq!(abs.count(), 6);
        let columns =
            PgAttribute::builtin().find(index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &[Part::Int(1259), Part::Int(2)]);
        assert_eq!(columns.map(|c| &*c.attname).collect::<Vec<_>>(), ["relname"]);
        assert_eq!(PgType::builtin().find(index::PG_TYPE_OID_INDEX, &[Part::Int(1)]).count(), 0);
    }

    #[test]
    fn the_row_structs_are_the_catalogs_columns() {
        for info in CATALOGS {
            let columns: Vec<_> = PgAttribute::builtin()
                .find(index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &[info.relation.into()])
                .filter(|a| a.attnum > 0)
                .map(|a| (&*a.attname, a.attlen))
                .collect();
            let ours: Vec<_> = info.columns.iter().map(|&(name, repr)| (name, repr)).collect();
            assert_eq!(columns.len(), ours.len(), "{}", info.name);
            for ((name, len), (our_name, repr)) in columns.into_iter().zip(ours) {
                assert_eq!(name, our_name);
                match repr.width() {
                    Some(width) => assert_eq!(len as usize, width, "{}.{name}", info.name),
                    None => assert!(len < 0 || len == 64, "{}.{name}", info.name),
                }
            }
        }
    }
}
