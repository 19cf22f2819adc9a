//! CREATE and ALTER PUBLICATION: which changes of which tables are offered to subscribers.
//!
//! A publication names tables (each perhaps with a list of columns and a condition) and schemas, or is for all tables. What it means for a
//! table is asked by whoever decodes the log; here it is checked and stored.

use analyzer::Wanted;
use analyzer::node::Next;
use analyzer::query::{Expr, ExprKind};
use analyzer::scope::Place;
use catalog::field::Int2Vector;
use catalog::privileges::ObjectKind as Privileged;
use catalog::relation::kind;
use catalog::rows::*;
use catalog::{Catalog, Dependency, DropBehavior, Entry, Object, Relation, index};
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use parser::ast::{
    AlterPublication, AlterPublicationAction as Action, CreatePublication, DefinitionItem, Name, PublicationObject,
};

use crate::expression::{self, Stored};
use crate::{Context, object, options};

/// The lock that a table is held with while it is added.
const LOCK: u8 = 4;

/// A table that a statement names, with what it says of it.
struct Table<'s> {
    relation: Entry<Relation>,
    columns: &'s [Name],
    filter: Option<&'s parser::ast::Expr>,
}

/// What a statement names.
#[derive(Default)]
struct Objects<'s> {
    tables: Vec<Table<'s>>,
    schemas: Vec<Oid>,
}

/// Makes a publication.
pub(crate) fn create(context: &Context<'_>, create: &CreatePublication) -> Result<()> {
    let catalog = context.catalog();
    let me = catalog.current_user();
    let wanted = catalog::acl::Privileges::CREATE;
    catalog.require_privileges(Privileged::Database, catalog.database(), wanted)?;
    let superuser = catalog.is_superuser(me)?;
    let denied = |text: &str| Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
    if create.all_tables && !superuser {
        return denied("must be superuser to create FOR ALL TABLES publication");
    }
    if catalog.row::<PgPublication>(index::PG_PUBLICATION_PUBNAME_INDEX, &[(&*create.name).into()])?.is_some() {
        let text = format!("publication \"{}\" already exists", create.name);
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
    }
    let mut row = PgPublication {
        oid: Oid::INVALID,
        pubname: create.name.to_string().into(),
        pubowner: me,
        puballtables: create.all_tables,
        pubinsert: true,
        pubupdate: true,
        pubdelete: true,
        pubtruncate: true,
        pubviaroot: false,
        pubgencols: b'n',
    };
    read_options(context, &create.options, &mut row)?;
    row.oid = catalog.new_oid::<PgPublication>(index::PG_PUBLICATION_OID_INDEX)?;
    catalog.insert(&row)?;
    catalog.record_owner(Object::of::<PgPublication>(row.oid), me)?;
    catalog.next_command()?;
    if !create.all_tables {
        let objects = named(context, &create.objects)?;
        if !objects.schemas.is_empty() && !superuser {
            return denied("must be superuser to create FOR TABLES IN SCHEMA publication");
        }
        check_tables(context, &row, &objects.tables, !objects.schemas.is_empty())?;
        add_tables(context, &row, &objects.tables, false)?;
        add_schemas(context, &row, &objects.schemas, false)?;
    }
    let level = context.session.env().setting("wal_level");
    if level.as_deref() != Some("logical") {
        let text = "\"wal_level\" is insufficient to publish logical changes";
        let warning = Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text).severity(Severity::Warning);
        context.notice(warning.hint("Set \"wal_level\" to \"logical\" before creating subscriptions."));
    }
    Ok(())
}

/// Changes a publication.
pub(crate) fn alter(context: &Context<'_>, alter: &AlterPublication) -> Result<()> {
    let catalog = context.catalog();
    let row = object::by_name::<PgPublication>(context, index::PG_PUBLICATION_PUBNAME_INDEX, &alter.name)?;
    let this = Object::of::<PgPublication>(row.oid);
    object::require_owner(context, this, false)?;
    let named_objects = match &alter.action {
        Action::Options(options) => return alter_options(context, &row, options),
        Action::Add(objects) | Action::Set(objects) | Action::Drop(objects) => named(context, objects)?,
    };
    let adds = !matches!(alter.action, Action::Drop(_));
    if adds && !named_objects.schemas.is_empty() && !catalog.is_superuser(catalog.current_user())? {
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, "must be superuser to add or set schemas"));
    }
    let for_all = |what: &str| {
        let text = format!("publication \"{}\" is defined as FOR ALL TABLES", row.pubname);
        let detail = format!("{what} cannot be added to or dropped from FOR ALL TABLES publications.");
        Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text).detail(detail))
    };
    if row.puballtables && !named_objects.schemas.is_empty() {
        return for_all("Schemas");
    }
    if row.puballtables && !named_objects.tables.is_empty() {
        return for_all("Tables");
    }
    let Objects { tables, schemas } = &named_objects;
    match &alter.action {
        Action::Add(_) => {
            let with_schema = !schemas.is_empty() || !schemas_of(catalog, row.oid)?.is_empty();
            if !schemas.is_empty() {
                check_no_lists(catalog, &row)?;
            }
            check_tables(context, &row, tables, with_schema)?;
            add_tables(context, &row, tables, false)?;
            add_schemas(context, &row, schemas, false)
        }
        Action::Set(_) => {
            check_tables(context, &row, tables, !schemas.is_empty())?;
            let gone: Vec<Object> =
                (tables_of(catalog, row.oid)?.iter().map(|row| Object::of::<PgPublicationRel>(row.oid)))
                    .chain(
                        schemas_of(catalog, row.oid)?
                            .iter()
                            .filter(|have| !schemas.contains(&have.pnnspid))
                            .map(|row| Object::of::<PgPublicationNamespace>(row.oid)),
                    )
                    .collect();
            if !gone.is_empty() {
                catalog.drop_objects(&gone, DropBehavior::Cascade)?;
            }
            add_tables(context, &row, tables, true)?;
            add_schemas(context, &row, schemas, true)
        }
        _ => drop_members(context, &row, &named_objects),
    }
}

fn drop_members(context: &Context<'_>, publication: &PgPublication, objects: &Objects<'_>) -> Result<()> {
    let catalog = context.catalog();
    let mut gone = Vec::new();
    let members = tables_of(catalog, publication.oid)?;
    for table in &objects.tables {
        let refuse = |text: &str| Err(Error::new(SqlState::SYNTAX_ERROR, text));
        if !table.columns.is_empty() {
            return refuse("column list must not be specified in ALTER PUBLICATION ... DROP");
        }
        let Some(member) = members.iter().find(|member| member.prrelid == table.relation.oid) else {
            let text = format!("relation \"{}\" is not part of the publication", table.relation.name());
            return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
        };
        if table.filter.is_some() {
            return refuse("cannot use a WHERE clause when removing a table from a publication");
        }
        gone.push(Object::of::<PgPublicationRel>(member.oid));
    }
    let members = schemas_of(catalog, publication.oid)?;
    for &schema in &objects.schemas {
        let Some(member) = members.iter().find(|member| member.pnnspid == schema) else {
            let name = catalog.schema_name(schema)?.unwrap_or_default();
            let text = format!("tables from schema \"{name}\" are not part of the publication");
            return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
        };
        gone.push(Object::of::<PgPublicationNamespace>(member.oid));
    }
    if gone.is_empty() {
        return Ok(());
    }
    catalog.drop_objects(&gone, DropBehavior::Cascade).map(|_| ())
}

/// Reads the options of WITH or SET into a row.
fn read_options(context: &Context<'_>, items: &[DefinitionItem], row: &mut PgPublication) -> Result<()> {
    let mut seen: Vec<&str> = Vec::new();
    for item in items {
        let name: &str = &item.name;
        if !matches!(name, "publish" | "publish_via_partition_root" | "publish_generated_columns") {
            let text = format!("unrecognized publication parameter: \"{name}\"");
            return Err(Error::new(SqlState::SYNTAX_ERROR, text));
        }
        if seen.contains(&name) {
            let error = Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options");
            return Err(context.place(error, item.location));
        }
        seen.push(name);
        match name {
            "publish" => {
                (row.pubinsert, row.pubupdate, row.pubdelete, row.pubtruncate) = (false, false, false, false);
                let list = options::text(item).unwrap_or_default();
                let Some(words) = catalog::names::split_identifiers(&list) else {
                    let text = "invalid list syntax in parameter \"publish\"";
                    return Err(Error::new(SqlState::SYNTAX_ERROR, text));
                };
                for word in words {
                    match word.as_str() {
                        "insert" => row.pubinsert = true,
                        "update" => row.pubupdate = true,
                        "delete" => row.pubdelete = true,
                        "truncate" => row.pubtruncate = true,
                        other => {
                            let text = format!("unrecognized value for publication option \"publish\": \"{other}\"");
                            return Err(Error::new(SqlState::SYNTAX_ERROR, text));
                        }
                    }
                }
            }
            "publish_via_partition_root" => row.pubviaroot = options::boolean(item)?,
            _ => {
                let Some(value) = options::text(item) else {
                    let text = "publish_generated_columns requires a parameter";
                    return Err(Error::new(SqlState::SYNTAX_ERROR, text));
                };
                row.pubgencols = match value.to_ascii_lowercase().as_str() {
                    "none" => b'n',
                    "stored" => b's',
                    _ => {
                        let text = format!(
                            "invalid value for publication parameter \"publish_generated_columns\": \"{value}\""
                        );
                        return Err(Error::new(SqlState::SYNTAX_ERROR, text)
                            .detail("Valid values are \"none\" and \"stored\"."));
                    }
                };
            }
        }
    }
    Ok(())
}

fn alter_options(context: &Context<'_>, publication: &PgPublication, items: &[DefinitionItem]) -> Result<()> {
    let catalog = context.catalog();
    let mut row = publication.clone();
    read_options(context, items, &mut row)?;
    if !row.pubviaroot && publication.pubviaroot && !row.puballtables {
        for member in tables_of(catalog, row.oid)? {
            let what = match (&member.prqual, &member.prattrs) {
                (Some(_), _) => "WHERE clause",
                (None, Some(_)) => "column list",
                (None, None) => continue,
            };
            let table = catalog.relation(member.prrelid)?;
            if table.kind() != kind::PARTITIONED_TABLE {
                continue;
            }
            let option = "publish_via_partition_root";
            let text = format!("cannot set parameter \"{option}\" to false for publication \"{}\"", row.pubname);
            let detail = format!(
                "The publication contains a {what} for partitioned table \"{}\", which is not allowed when \"{option}\" is false.",
                table.name()
            );
            return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text).detail(detail));
        }
    }
    let key = [row.oid.into()];
    catalog.change::<PgPublication>(index::PG_PUBLICATION_OID_INDEX, &key, |stored| *stored = row)?;
    touch_members(catalog, publication)?;
    catalog.next_command()
}

/// Finds what a statement names: each table once, with those below it.
fn named<'s>(context: &Context<'_>, written: &'s [PublicationObject]) -> Result<Objects<'s>> {
    let catalog = context.catalog();
    let mut objects = Objects::default();
    for object in written {
        match object {
            PublicationObject::TablesInSchema { schema, .. } => {
                let schema = match schema {
                    Some(name) => catalog.require_schema(name)?,
                    None => catalog.search_path()?.creation.ok_or_else(|| {
                        Error::new(SqlState::INVALID_SCHEMA_NAME, "no schema has been selected for CURRENT_SCHEMA")
                    })?,
                };
                if !objects.schemas.contains(&schema) {
                    objects.schemas.push(schema);
                }
            }
            PublicationObject::Table { relation, columns, filter, .. } => {
                let opened = context.open(&relation.name, LOCK)?;
                let clash = |have: &Table<'_>, name: &str| -> Result<()> {
                    let what = match () {
                        _ if have.filter.is_some() || filter.is_some() => "WHERE clauses",
                        _ if !have.columns.is_empty() || !columns.is_empty() => "column lists",
                        _ => return Ok(()),
                    };
                    let text = format!("conflicting or redundant {what} for table \"{name}\"");
                    Err(Error::new(SqlState::DUPLICATE_OBJECT, text))
                };
                if let Some(have) = objects.tables.iter().find(|table| table.relation.oid == opened.oid) {
                    clash(have, opened.name())?;
                    continue;
                }
                let recurse = relation.inherit && opened.kind() != kind::PARTITIONED_TABLE;
                let oid = opened.oid;
                objects.tables.push(Table { relation: opened, columns, filter: filter.as_ref() });
                if !recurse {
                    continue;
                }
                for child in crate::inherit::tree(context, oid, LOCK)?.into_iter().skip(1) {
                    let child = catalog.relation(child)?;
                    match objects.tables.iter().find(|table| table.relation.oid == child.oid) {
                        Some(have) => clash(have, child.name())?,
                        None => objects.tables.push(Table { relation: child, columns, filter: filter.as_ref() }),
                    }
                }
            }
        }
    }
    Ok(objects)
}

/// Refuses column lists and conditions where they cannot be.
fn check_tables(
    context: &Context<'_>,
    publication: &PgPublication,
    tables: &[Table<'_>],
    with_schema: bool,
) -> Result<()> {
    for table in tables {
        let relation = &table.relation;
        let partitioned = relation.kind() == kind::PARTITIONED_TABLE && !publication.pubviaroot;
        let option = "publish_via_partition_root";
        if table.filter.is_some() && partitioned {
            let text = format!("cannot use publication WHERE clause for relation \"{}\"", relation.name());
            let detail = format!("WHERE clause cannot be used for a partitioned table when {option} is false.");
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text).detail(detail));
        }
        if table.columns.is_empty() {
            continue;
        }
        let detail = match (with_schema, partitioned) {
            (true, _) => {
                "Column lists cannot be specified in publications containing FOR TABLES IN SCHEMA elements.".to_string()
            }
            (_, true) => format!("Column lists cannot be specified for partitioned tables when {option} is false."),
            _ => continue,
        };
        let schema = context.catalog().schema_name(relation.class.relnamespace)?.unwrap_or_default();
        let text = format!(
            "cannot use column list for relation \"{schema}.{}\" in publication \"{}\"",
            relation.name(),
            publication.pubname
        );
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text).detail(detail));
    }
    Ok(())
}

/// A publication with column lists takes no schemas.
fn check_no_lists(catalog: &Catalog, publication: &PgPublication) -> Result<()> {
    if tables_of(catalog, publication.oid)?.iter().all(|member| member.prattrs.is_none()) {
        return Ok(());
    }
    let text = format!("cannot add schema to publication \"{}\"", publication.pubname);
    let detail =
        "Schemas cannot be added if any tables that specify a column list are already part of the publication.";
    Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text).detail(detail))
}

fn check_publishable(relation: &Relation) -> Result<()> {
    let refuse = |detail: String| {
        let text = format!("cannot add relation \"{}\" to publication", relation.name());
        Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text).detail(detail))
    };
    let what = match relation.kind() {
        kind::TABLE | kind::PARTITIONED_TABLE if relation.oid < Oid::FIRST_NORMAL => "system tables",
        kind::TABLE | kind::PARTITIONED_TABLE => match relation.class.relpersistence {
            b't' => "temporary tables",
            b'u' => "unlogged tables",
            _ => return Ok(()),
        },
        other => return refuse(catalog::relation::not_supported_for(other)),
    };
    refuse(format!("This operation is not supported for {what}."))
}

fn add_tables(
    context: &Context<'_>,
    publication: &PgPublication,
    tables: &[Table<'_>],
    if_missing: bool,
) -> Result<()> {
    let catalog = context.catalog();
    for table in tables {
        let relation = &table.relation;
        catalog.require_owner(Privileged::Relation, relation.oid)?;
        let key = [relation.oid.into(), publication.oid.into()];
        let unique = index::PG_PUBLICATION_REL_PRRELID_PRPUBID_INDEX;
        if catalog.row::<PgPublicationRel>(unique, &key)?.is_some() {
            if if_missing {
                continue;
            }
            let text = format!(
                "relation \"{}\" is already member of publication \"{}\"",
                relation.name(),
                publication.pubname
            );
            return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
        }
        check_publishable(relation)?;
        let columns = column_list(relation, table.columns)?;
        let filter = table.filter.map(|filter| condition(context, relation, filter)).transpose()?;
        let oid = catalog.new_oid::<PgPublicationRel>(index::PG_PUBLICATION_REL_OID_INDEX)?;
        catalog.insert(&PgPublicationRel {
            oid,
            prpubid: publication.oid,
            prrelid: relation.oid,
            prqual: filter.as_ref().map(|filter| filter.text.clone().into()),
            prattrs: columns.clone().map(Int2Vector),
        })?;
        let this = Object::of::<PgPublicationRel>(oid);
        catalog.record_dependency(this, Object::of::<PgPublication>(publication.oid), Dependency::Auto)?;
        catalog.record_dependency(this, Object::relation(relation.oid), Dependency::Auto)?;
        let mut needs: Vec<Object> =
            columns.iter().flatten().map(|&number| Object::column(relation.oid, number)).collect();
        if let Some(filter) = filter {
            needs.extend(filter.columns.iter().map(|&number| Object::column(relation.oid, number)));
            needs.extend(filter.objects);
        }
        catalog.record_dependencies(this, &needs, Dependency::Normal)?;
        // Who has the table open learns that its changes are published.
        catalog.alter_class(relation.oid, |_| ())?;
    }
    Ok(())
}

fn add_schemas(context: &Context<'_>, publication: &PgPublication, schemas: &[Oid], if_missing: bool) -> Result<()> {
    let catalog = context.catalog();
    for &schema in schemas {
        let name = catalog.schema_name(schema)?.unwrap_or_default();
        let key = [schema.into(), publication.oid.into()];
        let unique = index::PG_PUBLICATION_NAMESPACE_PNNSPID_PNPUBID_INDEX;
        if catalog.row::<PgPublicationNamespace>(unique, &key)?.is_some() {
            if if_missing {
                continue;
            }
            let text = format!("schema \"{name}\" is already member of publication \"{}\"", publication.pubname);
            return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
        }
        let detail = match &*name {
            "pg_catalog" | "information_schema" | "pg_toast" => "This operation is not supported for system schemas.",
            name if name.starts_with("pg_temp_") || name.starts_with("pg_toast_temp_") => {
                "Temporary schemas cannot be replicated."
            }
            _ => "",
        };
        if !detail.is_empty() {
            let text = format!("cannot add schema \"{name}\" to publication");
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text).detail(detail));
        }
        let oid = catalog.new_oid::<PgPublicationNamespace>(index::PG_PUBLICATION_NAMESPACE_OID_INDEX)?;
        catalog.insert(&PgPublicationNamespace { oid, pnpubid: publication.oid, pnnspid: schema })?;
        let this = Object::of::<PgPublicationNamespace>(oid);
        catalog.record_dependency(this, Object::of::<PgPublication>(publication.oid), Dependency::Auto)?;
        catalog.record_dependency(this, Object::of::<PgNamespace>(schema), Dependency::Auto)?;
        catalog.next_command()?;
    }
    Ok(())
}

/// The numbers of the columns that are published, rising; none if all are.
fn column_list(relation: &Relation, names: &[Name]) -> Result<Option<Vec<i16>>> {
    let mut numbers = Vec::new();
    for name in names {
        let invalid = |what: &str| {
            let text = format!("cannot use {what} column \"{name}\" in publication column list");
            Err(Error::new(SqlState::INVALID_COLUMN_REFERENCE, text))
        };
        if catalog::relation::system_column_by_name(name).is_some() {
            return invalid("system");
        }
        let Some(column) = relation.column_by_name(name) else {
            let text = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name());
            return Err(Error::new(SqlState::UNDEFINED_COLUMN, text));
        };
        if column.attgenerated == b'v' {
            return invalid("virtual generated");
        }
        if numbers.contains(&column.attnum) {
            let text = format!("duplicate column \"{name}\" in publication column list");
            return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
        }
        numbers.push(column.attnum);
    }
    numbers.sort_unstable();
    Ok((!numbers.is_empty()).then_some(numbers))
}

/// Why an expression cannot be part of a row filter.
fn refusal(catalog: &Catalog, expr: &Expr) -> Result<Option<&'static str>> {
    let builtin = |oid: Oid| oid < Oid::FIRST_NORMAL;
    let function = |oid: Oid| -> Result<Option<&'static str>> {
        let immutable = builtin(oid) && catalog.function(oid)?.provolatile == b'i';
        Ok((!immutable).then_some("User-defined or built-in mutable functions are not allowed."))
    };
    let refused = match &expr.kind {
        ExprKind::Var(var) if var.column < 0 => Some("System columns are not allowed."),
        ExprKind::Operator(call)
        | ExprKind::Distinct(call)
        | ExprKind::NullIf(call)
        | ExprKind::ScalarArray { call, .. } => match builtin(call.operator) {
            true => function(call.function)?,
            false => Some("User-defined operators are not allowed."),
        },
        ExprKind::Function(call) => function(call.function)?,
        ExprKind::Var(_)
        | ExprKind::Const(_)
        | ExprKind::And(_)
        | ExprKind::Or(_)
        | ExprKind::Not(_)
        | ExprKind::Relabel(..)
        | ExprKind::Case { .. }
        | ExprKind::CaseTest
        | ExprKind::Coalesce(_)
        | ExprKind::MinMax { .. }
        | ExprKind::Array { .. }
        | ExprKind::Row { .. }
        | ExprKind::RowCompare { .. }
        | ExprKind::Collate(_)
        | ExprKind::NullTest { .. }
        | ExprKind::BooleanTest { .. } => None,
        _ => Some(concat!(
            "Only columns, constants, built-in operators, built-in data types, built-in collations, ",
            "and immutable built-in functions are allowed."
        )),
    };
    Ok(refused
        .or_else(|| (!builtin(expr.ty.oid)).then_some("User-defined types are not allowed."))
        .or_else(|| (!builtin(expr.ty.collation)).then_some("User-defined collations are not allowed.")))
}

/// A row filter, which only built-in things that never change may compute.
fn condition(context: &Context<'_>, relation: &Relation, filter: &parser::ast::Expr) -> Result<Stored> {
    let stored =
        expression::store(context, filter, Place::Where, Some(relation), Wanted::Condition("PUBLICATION WHERE"))?;
    let mut refused = Ok(None);
    stored.expr.walk(|expr, _| {
        refused = refusal(context.catalog(), expr).map(|refusal| refusal.map(|detail| (detail, expr.location)));
        Next::until(!matches!(refused, Ok(None)))
    });
    match refused? {
        None => Ok(stored),
        Some((detail, location)) => {
            let error = Error::new(SqlState::FEATURE_NOT_SUPPORTED, "invalid publication WHERE expression");
            let error = error.detail(detail);
            Err(if location == analyzer::query::NO_LOCATION { error } else { context.place(error, location) })
        }
    }
}

/// The tables of a publication.
fn tables_of(catalog: &Catalog, publication: Oid) -> Result<Vec<PgPublicationRel>> {
    let stored = catalog.stored::<PgPublicationRel>(index::PG_PUBLICATION_REL_PRPUBID_INDEX, &[publication.into()])?;
    Ok(stored.into_iter().map(|stored| stored.row).collect())
}

/// The schemas of a publication.
fn schemas_of(catalog: &Catalog, publication: Oid) -> Result<Vec<PgPublicationNamespace>> {
    let all = catalog.scan_all::<PgPublicationNamespace>()?;
    Ok(all.into_iter().map(|stored| stored.row).filter(|row| row.pnpubid == publication).collect())
}

/// Lets those who have a publication's tables open learn that it has changed.
fn touch_members(catalog: &Catalog, publication: &PgPublication) -> Result<()> {
    tables_of(catalog, publication.oid)?.iter().try_for_each(|member| catalog.alter_class(member.prrelid, |_| ()))
}
