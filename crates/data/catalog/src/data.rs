//! The rows that every database starts with, in the program itself: read from the data files on first use, never freed.
//!
//! A postmaster reads them once before it forks ([`warm`]), so all sessions share the memory. Rows borrow their texts
//! from the program's own data.

use crate::field::Part;
use crate::rows::{CatalogRow, ForEachCatalog, PgIndex, for_each_catalog};
use error::Result;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use ids::Oid;
use std::cmp::Ordering;
use std::hash::BuildHasher;
use std::ops::Range;
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
    orders: Vec<Order>,
}

/// The rows in the order of an index.
#[derive(Debug)]
struct Order {
    info: &'static IndexInfo,
    rows: Vec<u32>,
    /// Where in that order the rows are whose first key column has a certain value, by the value's hash.
    groups: HashMap<u64, Range<u32>, FixedState>,
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
                let mut groups = HashMap::default();
                let first = |&at: &u32| rows[at as usize].part(info.columns[0] as usize);
                let mut from = 0;
                for group in order.chunk_by(|a, b| first(a) == first(b)) {
                    let to = from + group.len() as u32;
                    // Of two values with one hash the second is searched for; see `find`.
                    groups.entry(hash_of(&first(&group[0]))).or_insert(from..to);
                    from = to;
                }
                Order { info, rows: order, groups }
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
        let order = self.orders.iter().find(|order| order.info.index == index);
        let (from, to, order) = match order {
            Some(Order { info, rows: order, groups }) => {
                let compare = |&at: &u32| {
                    let row = &self.rows[at as usize];
                    info.columns
                        .iter()
                        .zip(key)
                        .map(|(&n, want)| row.part(n as usize).cmp(want))
                        .find(|o| o.is_ne())
                        .unwrap_or(Ordering::Equal)
                };
                let first = |at: u32| self.rows[at as usize].part(info.columns[0] as usize);
                let group = key.first().map(|part| groups.get(&hash_of(part)).map(|group| (part, group)));
                match group {
                    // Most values are found by their hash, and most that are not there are known by it.
                    Some(None) => (0, 0, &order[..]),
                    Some(Some((part, group))) if first(order[group.start as usize]) == *part => {
                        let (start, end) = (group.start as usize, group.end as usize);
                        let group = &order[..end];
                        match key.len() {
                            1 => (start, end, group),
                            _ => {
                                let from = start + group[start..].partition_point(|at| compare(at).is_lt());
                                let to = from + group[from..].partition_point(|at| compare(at).is_eq());
                                (from, to, group)
                            }
                        }
                    }
                    _ => {
                        let from = order.partition_point(|at| compare(at).is_lt());
                        let to = from + order[from..].partition_point(|at| compare(at).is_eq());
                        (from, to, &order[..])
                    }
                }
            }
            None => (0, 0, &[][..]),
        };
        order[from..to].iter().map(|&at| &self.rows[at as usize])
    }
}

fn hash_of(part: &Part<'_>) -> u64 {
    FixedState::default().hash_one(part)
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
