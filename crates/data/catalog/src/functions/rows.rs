//! Set-returning functions that ask the catalogs. Their rows are few, so all are made at the start.

use super::catalog_of;
use crate::acl::{AclItem, Privileges};
use crate::catalog::Catalog;
use crate::index;
use crate::rows::*;
use batch::{Column, DatumRef, Repr, Rows};
use error::{Error, Result, SqlState};
use ids::Oid;
use types::{Context, RowSource, RowSourceMaker};

/// The functions, by object id.
pub static ROW_SOURCES: &[(u32, RowSourceMaker)] = &[
    (2556, super::disk::tablespace_databases),
    (3425, partition_ancestors),
    (3423, partition_tree),
    (1689, acl_explode),
    (2289, options_to_table),
    (3082, available_extensions),
    (3713, token_types_by_oid),
    (3714, token_types_by_name),
    (6119, publication_tables),
    (3715, tokens_by_oid),
    (3716, tokens_by_name),
    (6183, super::parsing::debug_by_configuration),
    (6184, super::parsing::debug),
    (3566, super::events::dropped_objects),
    (4568, super::events::ddl_commands),
    (3839, super::identities::identify),
    (3382, super::identities::address),
    (3954, super::identities::object_at),
    (3427, super::statistics::common_values),
];

/// Rows that are all there.
struct Made {
    columns: Vec<Column>,
    next: usize,
}

impl RowSource for Made {
    fn next(&mut self, columns: &mut [Column], most: usize, _context: Context<'_>) -> Result<usize> {
        let len = self.columns.first().map_or(0, Column::len);
        let count = most.min(len - self.next);
        let positions: Vec<u16> = (self.next..self.next + count).map(|at| at as u16).collect();
        for (to, from) in columns.iter_mut().zip(&self.columns) {
            to.append(from, Rows::Some(&positions));
        }
        self.next += count;
        Ok(count)
    }
}

/// Positions are 16 bits.
const MOST_ROWS: usize = u16::MAX as usize;

pub(super) fn made(columns: Vec<Column>) -> Result<Box<dyn RowSource>> {
    match columns.first().is_some_and(|column| column.len() > MOST_ROWS) {
        true => Err(Error::not_implemented("more than 65535 rows of a catalog function")),
        false => Ok(Box::new(Made { columns, next: 0 })),
    }
}

pub(super) fn oid_argument(args: &[DatumRef<'_>]) -> Option<Oid> {
    args.first().and_then(|arg| arg.as_oid())
}

/// `pubid, relid, attrs, qual` of the tables of publications: those that are named, those in schemas that are named, or all; partitions as
/// themselves or as their root.
fn publication_tables(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let catalog = catalog_of(&context)?;
    let mut columns = [Repr::B4, Repr::B4, Repr::Bytes, Repr::Bytes].map(Column::new);
    let Some(names) = args.first().and_then(|arg| arg.as_bytes()) else { return made(columns.into()) };
    let names = types::array::View::new(names)?;
    for name in names.iter().filter_map(|name| name.as_bytes().map(|name| String::from_utf8_lossy(name).into_owned())) {
        let key = [name.as_str().into()];
        let Some(publication) = catalog.row::<PgPublication>(index::PG_PUBLICATION_PUBNAME_INDEX, &key)? else {
            let text = format!("publication \"{name}\" does not exist");
            return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
        };
        for (table, member) in tables_published(catalog, &publication)? {
            let relation = catalog.relation(table)?;
            let listed = member.as_ref().and_then(|member| member.prattrs.clone());
            let attrs = match listed {
                Some(listed) => listed.0,
                None => {
                    let kept = |column: &&PgAttribute| {
                        column.attgenerated == 0 || column.attgenerated == b's' && publication.pubgencols == b's'
                    };
                    relation.live_columns().filter(kept).map(|column| column.attnum).collect()
                }
            };
            let attrs = crate::field::Int2Vector(attrs);
            columns[0].push(DatumRef::B4(publication.oid.0 as i32));
            columns[1].push(DatumRef::B4(table.0 as i32));
            crate::field::Field::append_to(&attrs, &mut columns[2]);
            let qual = member.and_then(|member| member.prqual.clone());
            columns[3].push(qual.as_ref().map_or(DatumRef::Null, |qual| DatumRef::Bytes(qual.as_bytes())));
        }
    }
    made(columns.into())
}

/// The tables of a publication, with their own rows of `pg_publication_rel` where they have some.
fn tables_published(catalog: &Catalog, publication: &PgPublication) -> Result<Vec<(Oid, Option<PgPublicationRel>)>> {
    let publishable = |class: &PgClass| {
        matches!(class.relkind, b'r' | b'p') && class.oid >= Oid::FIRST_NORMAL && class.relpersistence == b'p'
    };
    let mut named: Vec<(Oid, Option<PgPublicationRel>)> = Vec::new();
    if publication.puballtables {
        for stored in catalog.scan_all::<PgClass>()?.into_iter().filter(|stored| publishable(&stored.row)) {
            let class = &stored.row;
            let fits = match publication.pubviaroot {
                true => !class.relispartition,
                false => class.relkind == b'r',
            };
            if fits {
                named.push((class.oid, None));
            }
        }
        named.sort_by_key(|(oid, _)| *oid);
        return Ok(named);
    }
    for stored in
        catalog.stored::<PgPublicationRel>(index::PG_PUBLICATION_REL_PRPUBID_INDEX, &[publication.oid.into()])?
    {
        named.push((stored.row.prrelid, Some(stored.row)));
    }
    let schemas: Vec<Oid> = (catalog.scan_all::<PgPublicationNamespace>()?.into_iter())
        .filter(|stored| stored.row.pnpubid == publication.oid)
        .map(|stored| stored.row.pnnspid)
        .collect();
    if !schemas.is_empty() {
        for stored in catalog.scan_all::<PgClass>()? {
            let class = &stored.row;
            if schemas.contains(&class.relnamespace)
                && publishable(class)
                && !named.iter().any(|(oid, _)| *oid == class.oid)
            {
                named.push((class.oid, None));
            }
        }
    }
    let mut found: Vec<(Oid, Option<PgPublicationRel>)> = Vec::new();
    let all: Vec<Oid> = named.iter().map(|(oid, _)| *oid).collect();
    for (table, member) in named {
        let Some(class) = catalog.class(table)? else { continue };
        if publication.pubviaroot {
            // What a table above it publishes is not published twice.
            let above = if class.relispartition { ancestors(catalog, table)? } else { Vec::new() };
            if !above.iter().skip(1).any(|above| all.contains(above)) {
                found.push((table, member));
            }
            continue;
        }
        if class.relkind != b'p' {
            found.push((table, member));
            continue;
        }
        let mut todo = vec![table];
        while let Some(table) = todo.pop() {
            for child in catalog.children(table)? {
                match catalog.class(child)?.map(|class| class.relkind) {
                    Some(b'p') => todo.push(child),
                    Some(_) if !all.contains(&child) && !found.iter().any(|(oid, _)| *oid == child) => {
                        found.push((child, None));
                    }
                    _ => {}
                }
            }
        }
    }
    found.sort_by_key(|(oid, _)| *oid);
    Ok(found)
}

/// A partition and its ancestors, upwards.
fn ancestors(catalog: &Catalog, oid: Oid) -> Result<Vec<Oid>> {
    let mut all = Vec::new();
    let Some(mut class) = catalog.class(oid)? else { return Ok(all) };
    if !class.relispartition && !matches!(class.relkind, b'p' | b'I') {
        return Ok(all);
    }
    all.push(oid);
    while class.relispartition && all.len() < MOST_ROWS {
        let Some(&parent) = catalog.parents(class.oid)?.first() else { break };
        all.push(parent);
        match catalog.class(parent)? {
            Some(parent) => class = parent,
            None => break,
        }
    }
    Ok(all)
}

fn partition_ancestors(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let mut column = Column::new(Repr::B4);
    if let Some(oid) = oid_argument(args) {
        for ancestor in ancestors(catalog_of(&context)?, oid)? {
            column.push(DatumRef::B4(ancestor.0 as i32));
        }
    }
    made(vec![column])
}

/// `relid, parentrelid, isleaf, level` of a partitioned relation and everything below it.
fn partition_tree(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let catalog = catalog_of(&context)?;
    let mut columns = [Repr::B4, Repr::B4, Repr::B1, Repr::B4].map(Column::new);
    let root = oid_argument(args).filter(|oid| oid.is_valid());
    let mut todo: std::collections::VecDeque<(Oid, i32)> = Default::default();
    if let Some(root) = root
        && !ancestors(catalog, root)?.is_empty()
    {
        todo.push_back((root, 0));
    }
    while let Some((oid, level)) = todo.pop_front() {
        let Some(class) = catalog.class(oid)? else { continue };
        let parent = match class.relispartition {
            true => catalog.parents(oid)?.first().map_or(DatumRef::Null, |parent| DatumRef::B4(parent.0 as i32)),
            false => DatumRef::Null,
        };
        let is_leaf = !matches!(class.relkind, b'p' | b'I');
        let row = [DatumRef::B4(oid.0 as i32), parent, DatumRef::B1(is_leaf as u8), DatumRef::B4(level)];
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        if !is_leaf && columns[0].len() < MOST_ROWS {
            todo.extend(catalog.children(oid)?.into_iter().map(|child| (child, level + 1)));
        }
    }
    made(columns.into())
}

/// `grantor, grantee, privilege_type, is_grantable` of every privilege in a list.
fn acl_explode(args: &[DatumRef<'_>], _context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let mut columns = [Repr::B4, Repr::B4, Repr::Bytes, Repr::B1].map(Column::new);
    if let Some(stored) = args.first().and_then(|arg| arg.as_bytes()) {
        for element in types::array::View::new(stored)?.iter() {
            let item = element.as_bytes().and_then(AclItem::load);
            let item = item.ok_or_else(|| Error::corrupted("an aclitem has the wrong length"))?;
            for privilege in item.privileges.iter() {
                let row = [
                    DatumRef::B4(item.grantor.0 as i32),
                    DatumRef::B4(item.grantee.0 as i32),
                    DatumRef::Bytes(Privileges::word(privilege).as_bytes()),
                    DatumRef::B1(item.grantable.contains(privilege) as u8),
                ];
                columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
            }
        }
    }
    made(columns.into())
}

/// `option_name, option_value` of options written `name=value`.
fn options_to_table(args: &[DatumRef<'_>], _context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let mut columns = [Repr::Bytes, Repr::Bytes].map(Column::new);
    if let Some(stored) = args.first().and_then(|arg| arg.as_bytes()) {
        for element in types::array::View::new(stored)?.iter() {
            let option = element.as_bytes().ok_or_else(|| {
                Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, "null array element not allowed in this context")
            })?;
            let mut parts = option.splitn(2, |&byte| byte == b'=');
            for column in &mut columns {
                column.push(parts.next().map_or(DatumRef::Null, DatumRef::Bytes));
            }
        }
    }
    made(columns.into())
}

/// `name, default_version, comment` of each extension that can be installed: those that came with the program, which are installed.
fn available_extensions(_args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let catalog = catalog_of(&context)?;
    let mut columns = [Repr::Bytes, Repr::Bytes, Repr::Bytes].map(Column::new);
    for row in catalog.rows::<PgExtension>(index::PG_EXTENSION_NAME_INDEX, &[])?.iter() {
        let comment = catalog.description(PgExtension::RELATION, row.oid, 0)?;
        let comment = comment.as_ref().map_or(DatumRef::Null, |comment| DatumRef::Bytes(comment.as_bytes()));
        let name = DatumRef::Bytes(row.extname.as_bytes());
        let values = [name, DatumRef::Bytes(row.extversion.as_bytes()), comment];
        columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }
    made(columns.into())
}

/// `tokid, alias, description` of a text search parser's kinds of tokens.
fn token_types(catalog: &Catalog, parser: Option<Oid>) -> Result<Box<dyn RowSource>> {
    let mut columns = [Repr::B4, Repr::Bytes, Repr::Bytes].map(Column::new);
    if let Some(parser) = parser {
        catalog.require_default_parser(parser)?;
        for (number, alias, description) in types::textsearch::TOKEN_TYPES {
            let values =
                [DatumRef::B4(*number), DatumRef::Bytes(alias.as_bytes()), DatumRef::Bytes(description.as_bytes())];
            columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        }
    }
    made(columns.into())
}

fn token_types_by_oid(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    token_types(catalog_of(&context)?, oid_argument(args))
}

/// The text search parser that a text names.
fn parser_by_name(catalog: &Catalog, name: &[u8]) -> Result<Oid> {
    let name = super::text(name);
    let parts = crate::names::split_qualified(&name).unwrap_or_default();
    let found = match parts.as_slice() {
        [name] => catalog.ts_parser_by_name(None, name)?,
        [schema, name] => catalog.ts_parser_by_name(Some(schema), name)?,
        _ => return Err(Error::new(SqlState::INVALID_NAME, "invalid name syntax")),
    };
    found.ok_or_else(|| Error::new(SqlState::UNDEFINED_OBJECT, format!("text search parser \"{name}\" does not exist")))
}

fn token_types_by_name(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let catalog = catalog_of(&context)?;
    let parser = args.first().and_then(|arg| arg.as_bytes()).map(|name| parser_by_name(catalog, name)).transpose()?;
    token_types(catalog, parser)
}

/// `ts_parse` by the parser's OID or name.
fn tokens(parser: Option<Oid>, args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let text = args.get(1).and_then(|arg| arg.as_str()).unwrap_or_default();
    let parser = parser.ok_or_else(|| Error::internal("ts_parse needs a parser"))?;
    catalog_of(&context)?.require_default_parser(parser)?;
    types::textsearch::parse(text, context.env)
}

fn tokens_by_oid(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    tokens(oid_argument(args), args, context)
}

fn tokens_by_name(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let catalog = catalog_of(&context)?;
    let parser = args.first().and_then(|arg| arg.as_bytes()).map(|name| parser_by_name(catalog, name)).transpose()?;
    tokens(parser, args, context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::Acl;

    #[test]
    fn privileges_of_a_list_become_rows() {
        let item = AclItem {
            grantee: Oid(0),
            grantor: Oid(10),
            privileges: Privileges::SELECT.union(Privileges::UPDATE),
            grantable: Privileges::UPDATE,
        };
        let stored = Acl(vec![item]).to_stored();
        let environment = types::DefaultEnvironment::default();
        let context = Context::plain(&environment);
        let mut rows = acl_explode(&[DatumRef::Bytes(&stored)], context).expect("begins");
        let mut columns = [Repr::B4, Repr::B4, Repr::Bytes, Repr::B1].map(Column::new);
        assert_eq!(rows.next(&mut columns, 1, context).expect("one"), 1);
        assert_eq!(rows.next(&mut columns, 10, context).expect("the rest"), 1);
        assert_eq!(rows.next(&mut columns, 10, context).expect("none"), 0);
        assert_eq!(columns[2].bytes().get(0), b"SELECT");
        assert_eq!(columns[2].bytes().get(1), b"UPDATE");
        assert_eq!(columns[3].b1(), [0, 1]);
    }
}
