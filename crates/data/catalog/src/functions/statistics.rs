//! What statistics objects are: their definitions as SQL, and the rows of a list of common values.

use super::definitions::as_index_column;
use super::{Shown, rows::made, shown_of};
use crate::catalog::Catalog;
use crate::format::quote_identifier;
use crate::index;
use crate::rows::PgStatisticExt;
use batch::{Column, DatumRef, Repr};
use error::{Error, Result};
use ids::Oid;
use types::extended::CommonValues;
use types::{Context, RowSource};

types::builtins! {
    /// Definitions of statistics objects.
    pub static STATISTICS =
    3415 pg_get_statisticsobjdef each(Context, Oid) |cx: Context<'_>, oid| definition(shown_of(&cx)?, oid);
    6173 pg_get_statisticsobjdef_expressions each(Context, Oid) |cx: Context<'_>, oid| expressions(shown_of(&cx)?, oid);
    6174 pg_get_statisticsobjdef_columns each(Context, Oid) |cx: Context<'_>, oid| columns(shown_of(&cx)?, oid);
}

/// The kinds that a definition can name, by letter, in the order in which it does.
pub const KINDS: [(u8, &str); 3] = [(b'd', "ndistinct"), (b'f', "dependencies"), (b'm', "mcv")];

fn find(catalog: &Catalog, oid: Oid) -> Result<Option<crate::Entry<PgStatisticExt>>> {
    catalog.row::<PgStatisticExt>(index::PG_STATISTIC_EXT_OID_INDEX, &[oid.into()])
}

/// Columns, then expressions.
fn columns(catalog: Shown<'_>, oid: Oid) -> Result<Option<String>> {
    let Some(row) = find(&catalog, oid)? else { return Ok(None) };
    let relation = catalog.relation(row.stxrelid)?;
    let names = row.stxkeys.iter().filter_map(|&number| relation.column(number));
    let mut items: Vec<String> = names.map(|column| quote_identifier(&column.attname)).collect();
    if let Some(stored) = &row.stxexprs {
        let texts = catalog.expression_list_text(stored, row.stxrelid, true)?;
        items.extend(texts.iter().map(|text| as_index_column(text)));
    }
    Ok(Some(items.join(", ")))
}

fn expressions(catalog: Shown<'_>, oid: Oid) -> Result<Option<Vec<u8>>> {
    let Some(row) = find(&catalog, oid)? else { return Ok(None) };
    let Some(stored) = &row.stxexprs else { return Ok(None) };
    let texts = catalog.expression_list_text(stored, row.stxrelid, false)?;
    types::array::from_texts(texts.iter().map(|text| Some(text.as_bytes()))).map(Some)
}

fn definition(catalog: Shown<'_>, oid: Oid) -> Result<Option<String>> {
    let Some(row) = find(&catalog, oid)? else { return Ok(None) };
    let table = catalog.relation_text(row.stxrelid)?.unwrap_or_default();
    statistics_text(catalog, &row, &table).map(Some)
}

impl Catalog {
    /// The CREATE STATISTICS that makes an object anew, its table's name qualified.
    pub fn statistics_text(&self, row: &PgStatisticExt) -> Result<String> {
        let table = self.qualified_relation_text(row.stxrelid)?;
        statistics_text(self.plain(&types::DefaultEnvironment::default()), row, &table)
    }
}

fn statistics_text(catalog: Shown<'_>, row: &PgStatisticExt, table: &str) -> Result<String> {
    let schema = catalog.schema_name(row.stxnamespace)?.unwrap_or_default();
    let name = format!("{}.{}", quote_identifier(&schema), quote_identifier(&row.stxname));
    let named: Vec<&str> = KINDS.iter().filter(|(kind, _)| row.stxkind.contains(kind)).map(|kind| kind.1).collect();
    // A single expression has no kinds, and all of them need not be named.
    let of_one = row.stxkeys.len() + usize::from(row.stxexprs.is_some()) == 1 && named.is_empty();
    let kinds = match of_one || named.len() == KINDS.len() {
        true => String::new(),
        false => format!(" ({})", named.join(", ")),
    };
    Ok(format!("CREATE STATISTICS {name}{kinds} ON {} FROM {table}", columns(catalog, row.oid)?.unwrap_or_default()))
}

/// `pg_mcv_list_items`: `index, values, nulls, frequency, base_frequency` of each item.
pub(super) fn common_values(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let mut out = [Repr::B4, Repr::Bytes, Repr::Bytes, Repr::B8, Repr::B8].map(Column::new);
    let Some(bytes) = args.first().and_then(|arg| arg.as_bytes()) else { return made(out.into()) };
    let list = CommonValues::read(bytes)?;
    let io = list.values.iter().map(|(of, _)| types::io(*of, context.env)).collect::<Result<Vec<_>>>()?;
    for at in 0..list.frequencies.len() {
        let mut texts: Vec<Option<Vec<u8>>> = Vec::with_capacity(io.len());
        for ((of, column), io) in list.values.iter().zip(&io) {
            let value = column.get(at);
            if value.is_null() {
                texts.push(None);
                continue;
            }
            let mut text = Vec::new();
            let call = types::TypeCall { env: context.env, type_oid: *of, typmod: -1 };
            (io.output)(value, &call, &mut text)?;
            texts.push(Some(text));
        }
        let mut nulls = Column::new(Repr::B1);
        texts.iter().for_each(|text| nulls.push(DatumRef::B1(text.is_none().into())));
        out[0].push(DatumRef::B4(i32::try_from(at).map_err(|_| Error::corrupted("a list of values is too long"))?));
        out[1].push(DatumRef::Bytes(&types::array::from_texts(texts.iter().map(|text| text.as_deref()))?));
        out[2].push(DatumRef::Bytes(&types::array::from_column(types::oid::BOOL, &nulls)?));
        out[3].push(DatumRef::B8(list.frequencies[at].to_bits() as i64));
        out[4].push(DatumRef::B8(list.base_frequencies[at].to_bits() as i64));
    }
    made(out.into())
}
