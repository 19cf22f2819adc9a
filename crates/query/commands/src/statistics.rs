//! CREATE and ALTER STATISTICS: objects that ask ANALYZE to look at several columns, or at expressions, together.
//!
//! An object is about columns of one table (by number, in order) and expressions over them (in the order written). What ANALYZE finds
//! stands apart, in `pg_statistic_ext_data`. Where a table is altered such that the object must be made anew, or is taken as a model by
//! LIKE, [`create_again`] and [`like`] make it.

use analyzer::Wanted;
use analyzer::query::{Expr, ExprKind};
use analyzer::scope::Place;
use catalog::acl::Privileges;
use catalog::field::Int2Vector;
use catalog::functions::STATISTICS_KINDS;
use catalog::privileges::ObjectKind as Privileged;
use catalog::relation::kind;
use catalog::rows::{PgNamespace, PgStatisticExt};
use catalog::{Dependency, Entry, Object, Relation, index, object_name};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{self, AlterStatistics, CreateStatistics, IndexKey, ObjectKind, ObjectReference, TableRef};
use types::extended::DIMENSIONS_MAX;

use crate::expression::{self, Stored};
use crate::{Context, object};

/// Statistics of each expression by itself (`stxkind`).
const EXPRESSIONS: u8 = b'e';
/// The lock that the table is held with: `ShareUpdateExclusiveLock`.
const LOCK: u8 = 4;

/// What an object is about.
struct Subject {
    columns: Vec<i16>,
    expressions: Vec<Stored>,
    /// The columns' names, `expr` for expressions, as written: for a name of the object.
    words: Vec<String>,
    kinds: Vec<u8>,
}

/// CREATE STATISTICS
pub(crate) fn create(context: &Context<'_>, create: &CreateStatistics) -> Result<()> {
    make(context, create, None)
}

/// Makes an object anew that was dropped because its table is altered: whoever alters the table need not be allowed to create it.
pub(crate) fn create_again(context: &Context<'_>, create: &CreateStatistics, owner: Oid) -> Result<()> {
    make(context, create, Some(owner))
}

fn unsupported<T>(text: impl Into<String>) -> Result<T> {
    Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text.into()))
}

fn make(context: &Context<'_>, create: &CreateStatistics, again: Option<Oid>) -> Result<()> {
    let catalog = context.catalog();
    let relation = match &create.from[..] {
        [TableRef::Relation { relation, .. }] => &relation.name,
        [_] => return unsupported("CREATE STATISTICS only supports relation names in the FROM clause"),
        _ => return unsupported("only a single relation is allowed in CREATE STATISTICS"),
    };
    let relation = context.open(relation, LOCK)?;
    if !matches!(relation.kind(), kind::TABLE | kind::MATERIALIZED_VIEW | kind::FOREIGN_TABLE | kind::PARTITIONED_TABLE)
    {
        let text = format!("cannot define statistics for relation \"{}\"", relation.name());
        return Err(
            Error::new(SqlState::WRONG_OBJECT_TYPE, text).detail(catalog::relation::not_supported_for(relation.kind()))
        );
    }
    if again.is_none() {
        context.require_owner(&relation)?;
    }
    if relation.is_system() {
        let text = format!("permission denied: \"{}\" is a system catalog", relation.name());
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
    }
    let schema = match (&create.name, again) {
        (Some(name), Some(_)) => match name.qualifiers.last() {
            Some(schema) => catalog.require_schema(schema)?,
            None => relation.class.relnamespace,
        },
        (Some(name), None) => context.creation_schema(&name.to_relation())?,
        (None, _) => {
            let schema = relation.class.relnamespace;
            catalog.require_privileges(Privileged::Schema, schema, Privileges::CREATE)?;
            schema
        }
    };
    if let Some(name) = &create.name
        && find_in(context, schema, &name.name)?.is_some()
    {
        let text = format!("statistics object \"{}\" already exists", name.name);
        if create.if_not_exists {
            context.inform(SqlState::DUPLICATE_OBJECT, format!("{text}, skipping"));
            return Ok(());
        }
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
    }
    let subject = subject(context, create, &relation)?;
    let name = match &create.name {
        Some(name) => name.name.to_string(),
        None => free_name(context, schema, &relation, &subject.words)?,
    };
    let owner = again.unwrap_or_else(|| catalog.current_user());
    store(context, &relation, schema, name, owner, subject).map(|_| ())
}

/// Reads what the object is to be about, and checks it.
fn subject(context: &Context<'_>, create: &CreateStatistics, relation: &Relation) -> Result<Subject> {
    if create.keys.len() > DIMENSIONS_MAX {
        let text = format!("cannot have more than {DIMENSIONS_MAX} columns in statistics");
        return Err(Error::new(SqlState::TOO_MANY_COLUMNS, text));
    }
    let mut subject = Subject { columns: Vec::new(), expressions: Vec::new(), words: Vec::new(), kinds: Vec::new() };
    for key in &create.keys {
        match key {
            IndexKey::Column(name) => {
                if catalog::relation::system_column_by_name(name).is_some() {
                    return unsupported("statistics creation on system columns is not supported");
                }
                let Some(column) = relation.column_by_name(name) else {
                    let text = format!("column \"{name}\" does not exist");
                    return Err(Error::new(SqlState::UNDEFINED_COLUMN, text));
                };
                check_column(context, relation, column.attnum)?;
                subject.columns.push(column.attnum);
                subject.words.push(name.to_string());
            }
            IndexKey::Expr(expr) => expression(context, expr, relation, create.keys.len() > 1, &mut subject)?,
        }
    }
    for name in &create.kinds {
        let Some((kind, _)) = STATISTICS_KINDS.iter().find(|(_, word)| *word == &**name) else {
            let text = format!("unrecognized statistics kind \"{name}\"");
            return Err(Error::new(SqlState::SYNTAX_ERROR, text));
        };
        if !subject.kinds.contains(kind) {
            subject.kinds.push(*kind);
        }
    }
    let one_expression = subject.columns.is_empty() && subject.expressions.len() == 1;
    if one_expression && !subject.kinds.is_empty() {
        let text = "when building statistics on a single expression, statistics kinds may not be specified";
        return Err(Error::new(SqlState::SYNTAX_ERROR, text));
    }
    if !one_expression && create.keys.len() < 2 {
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, "extended statistics require at least 2 columns"));
    }
    let duplicate = |text: &str| Err(Error::new(SqlState::DUPLICATE_COLUMN, text));
    subject.columns.sort_unstable();
    if subject.columns.windows(2).any(|pair| pair[0] == pair[1]) {
        return duplicate("duplicate column name in statistics definition");
    }
    for (at, stored) in subject.expressions.iter().enumerate() {
        if subject.expressions[..at].iter().any(|other| other.expr == stored.expr) {
            return duplicate("duplicate expression in statistics definition");
        }
    }
    if subject.kinds.is_empty() && !one_expression {
        subject.kinds = STATISTICS_KINDS.iter().map(|(kind, _)| *kind).collect();
    }
    subject.kinds =
        STATISTICS_KINDS.iter().map(|(kind, _)| *kind).filter(|kind| subject.kinds.contains(kind)).collect();
    if !subject.expressions.is_empty() {
        subject.kinds.push(EXPRESSIONS);
    }
    Ok(subject)
}

/// An expression; in parentheses a column is one, too, but counts as a column.
fn expression(
    context: &Context<'_>,
    expr: &ast::Expr,
    relation: &Relation,
    several: bool,
    subject: &mut Subject,
) -> Result<()> {
    let stored = expression::store(context, expr, Place::Statistics, Some(relation), Wanted::Any)?;
    if stored.columns.iter().any(|&number| number <= 0) || reads_whole_row(&stored.expr) {
        return unsupported("statistics creation on system columns is not supported");
    }
    for &number in &stored.columns {
        refuse_virtual(relation, number)?;
    }
    if let ExprKind::Var(var) = &stored.expr.kind {
        check_column(context, relation, var.column)?;
        subject.columns.push(var.column);
        subject.words.push(relation.column(var.column).map(|column| column.attname.to_string()).unwrap_or_default());
        return Ok(());
    }
    if several && !is_ordered(context, stored.expr.ty.oid)? {
        return unsupported(format!(
            "expression cannot be used in multivariate statistics because its type {} has no default btree operator class",
            context.session.type_name(stored.expr.ty.oid)?
        ));
    }
    subject.expressions.push(stored);
    subject.words.push("expr".into());
    Ok(())
}

fn reads_whole_row(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Var(var) if var.column == 0)
}

fn is_ordered(context: &Context<'_>, ty: Oid) -> Result<bool> {
    Ok(context.catalog().default_opclass(catalog::objects::BTREE, ty)?.is_some())
}

fn refuse_virtual(relation: &Relation, number: i16) -> Result<()> {
    match relation.column(number).is_some_and(|column| column.attgenerated == b'v') {
        true => unsupported("statistics creation on virtual generated columns is not supported"),
        false => Ok(()),
    }
}

fn check_column(context: &Context<'_>, relation: &Relation, number: i16) -> Result<()> {
    refuse_virtual(relation, number)?;
    let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?;
    match is_ordered(context, column.atttypid)? {
        true => Ok(()),
        false => unsupported(format!(
            "column \"{}\" cannot be used in statistics because its type {} has no default btree operator class",
            column.attname,
            context.session.type_name(column.atttypid)?
        )),
    }
}

fn find_in(context: &Context<'_>, schema: Oid, name: &str) -> Result<Option<Entry<PgStatisticExt>>> {
    context.catalog().row(index::PG_STATISTIC_EXT_NAME_INDEX, &[name.into(), schema.into()])
}

/// `table_columns_stat`, with a number if it must be.
fn free_name(context: &Context<'_>, schema: Oid, relation: &Relation, words: &[String]) -> Result<String> {
    let columns = words.join("_");
    for number in 0u32.. {
        let suffix = if number == 0 { "stat".to_string() } else { format!("stat{number}") };
        let name = object_name(relation.name(), &columns, &suffix);
        if find_in(context, schema, &name)?.is_none() {
            return Ok(name);
        }
    }
    Err(Error::internal("no free name"))
}

/// Writes the object and what it depends on; its object id.
fn store(
    context: &Context<'_>,
    relation: &Relation,
    schema: Oid,
    name: String,
    owner: Oid,
    subject: Subject,
) -> Result<Oid> {
    let catalog = context.catalog();
    let exprs: Vec<Expr> = subject.expressions.iter().map(|stored| stored.expr.clone()).collect();
    let row = PgStatisticExt {
        oid: catalog.new_oid::<PgStatisticExt>(index::PG_STATISTIC_EXT_OID_INDEX)?,
        stxrelid: relation.oid,
        stxname: name.into(),
        stxnamespace: schema,
        stxowner: owner,
        stxkeys: Int2Vector(subject.columns.clone()),
        stxstattarget: None,
        stxkind: subject.kinds,
        stxexprs: (!exprs.is_empty()).then(|| analyzer::node::to_text(&exprs).into()),
    };
    catalog.insert(&row)?;
    let this = Object::of::<PgStatisticExt>(row.oid);
    let read = subject.expressions.iter().flat_map(|stored| &stored.columns);
    let mut own: Vec<Object> =
        subject.columns.iter().chain(read).map(|&number| Object::column(relation.oid, number)).collect();
    if own.is_empty() {
        own.push(Object::relation(relation.oid));
    }
    catalog.record_dependencies(this, &own, Dependency::Auto)?;
    let mut needed: Vec<Object> = subject.expressions.into_iter().flat_map(|stored| stored.objects).collect();
    needed.push(Object::of::<PgNamespace>(schema));
    catalog.record_dependencies(this, &needed, Dependency::Normal)?;
    catalog.record_owner(this, owner)?;
    catalog.next_command()?;
    Ok(row.oid)
}

/// The objects of a table, in the order in which they were made.
pub(crate) fn of_table(context: &Context<'_>, table: Oid) -> Result<Vec<Entry<PgStatisticExt>>> {
    let rows = context.catalog().rows::<PgStatisticExt>(index::PG_STATISTIC_EXT_RELID_INDEX, &[table.into()])?;
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| row.oid);
    Ok(rows)
}

/// The expressions of an object.
pub(crate) fn expressions_of(row: &PgStatisticExt) -> Result<Vec<Expr>> {
    match &row.stxexprs {
        Some(text) => analyzer::node::from_text(text),
        None => Ok(Vec::new()),
    }
}

/// Makes an object like one of a model of a new table: the old one and the new one.
pub(crate) fn like(
    context: &Context<'_>,
    table: &Relation,
    model: &Relation,
    row: &PgStatisticExt,
) -> Result<(Object, Object)> {
    let number = |name: &str| table.column_by_name(name).map(|column| column.attnum);
    let mut subject =
        Subject { columns: Vec::new(), expressions: Vec::new(), words: Vec::new(), kinds: row.stxkind.clone() };
    for &key in row.stxkeys.iter() {
        let name = model.column(key).map_or("", |column| &column.attname);
        let own = number(name).ok_or_else(|| Error::internal(format!("column {name} has no counterpart")))?;
        subject.columns.push(own);
        subject.words.push(name.to_string());
    }
    subject.columns.sort_unstable();
    for expr in expressions_of(row)? {
        subject.expressions.push(expression::transplant(context, &expr, model, &number)?);
        subject.words.push("expr".into());
    }
    let schema = table.class.relnamespace;
    let name = free_name(context, schema, table, &subject.words)?;
    let made = store(context, table, schema, name, context.catalog().current_user(), subject)?;
    Ok((Object::of::<PgStatisticExt>(row.oid), Object::of::<PgStatisticExt>(made)))
}

/// ALTER STATISTICS … SET STATISTICS
pub(crate) fn alter(context: &Context<'_>, alter: &AlterStatistics) -> Result<()> {
    const MOST: i32 = 10_000;
    let target = match alter.target {
        None | Some(-1) => None,
        Some(target) if target < 0 => {
            let text = format!("statistics target {target} is too low");
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
        }
        Some(target) if target > MOST => {
            let text = format!("lowering statistics target to {MOST}");
            let warning = Error::new(SqlState::INVALID_PARAMETER_VALUE, text);
            context.notice(warning.severity(error::Severity::Warning));
            Some(MOST as i16)
        }
        Some(target) => Some(target as i16),
    };
    let reference = ObjectReference::Name(alter.name.clone());
    let found = match object::find(context, ObjectKind::Statistics, &reference) {
        Err(error) if alter.if_exists && object::is_missing(&error) => {
            let text = format!("statistics object \"{}\" does not exist, skipping", alter.name);
            context.inform(error.state(), text);
            return Ok(());
        }
        found => found?,
    };
    object::require_owner(context, found, false)?;
    let catalog = context.catalog();
    let key = [found.oid.into()];
    catalog.change::<PgStatisticExt>(index::PG_STATISTIC_EXT_OID_INDEX, &key, |row| row.stxstattarget = target)?;
    catalog.next_command()
}
