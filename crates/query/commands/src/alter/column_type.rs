//! ALTER COLUMN … TYPE: the column's values converted, and all that is made of the column made anew.

use analyzer::query::{Expr, SqlType};
use catalog::relation::kind;
use catalog::rows::{
    CatalogRow, PgClass, PgConstraint, PgDepend, PgPolicy, PgProc, PgRewrite, PgStatisticExt, PgTrigger,
};
use catalog::{Entry, Object, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{self, CollateClause, Name, TypeName};

use super::rewrite::{self, Source};
use crate::{Context, constraint, expression, inherit};

/// What a statement says of a column's new type.
#[derive(Clone, Copy)]
pub(super) struct Change<'s> {
    pub name: &'s Name,
    pub type_name: &'s TypeName,
    pub collation: Option<&'s CollateClause>,
    pub using: Option<&'s ast::Expr>,
    /// Where the column's name stands.
    pub location: u32,
}

/// Changes a column's type, in a table and its children.
pub(super) fn alter(context: &Context<'_>, table: Oid, change: Change<'_>, recurse: bool) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    if relation.class.reloftype.is_valid() {
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, "cannot alter column type of typed table"));
    }
    if catalog::relation::system_column_by_name(change.name).is_some() {
        let text = format!("cannot alter system column \"{}\"", change.name);
        return Err(context.place(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text), change.location));
    }
    let number = context.column(&relation, change.name)?;
    let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?;
    if column.attgenerated != 0 && change.using.is_some() {
        let text = "cannot specify USING when altering type of generated column";
        let error = Error::new(SqlState::INVALID_COLUMN_DEFINITION, text)
            .detail(format!("Column \"{}\" is a generated column.", change.name));
        return Err(context.place(error, change.location));
    }
    if column.attinhcount > 0 {
        let text = format!("cannot alter inherited column \"{}\"", change.name);
        return Err(context.place(Error::new(SqlState::INVALID_TABLE_DEFINITION, text), change.location));
    }
    constraint::refuse_key_column(context, &relation, number, "alter")
        .map_err(|error| context.place(error, change.location))?;
    let mut ty = context.column_type(change.type_name)?;
    if let Some(clause) = change.collation {
        ty.collation = context.analyzer().collate_clause(clause, ty)?;
    }
    let row = catalog.type_(ty.oid)?;
    if row.typtype == b'p' {
        let text = format!("column \"{}\" has pseudo-type {}", change.name, context.session.type_name(ty.oid)?);
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    }
    crate::types::composite::refuse_recursion(context, &relation, ty.oid)?;
    crate::identity::change_type(context, &relation, column, ty.oid)?;
    if column.attgenerated == b'v' {
        crate::generated::check_virtual_type(context, change.name, ty.oid)?;
    }
    let tree = inherit::tree(context, table, 8)?;
    if !recurse && tree.len() > 1 {
        let text = format!("type of inherited column \"{}\" must be changed in child tables too", change.name);
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    }
    // A child may have the column from another parent as well, which would keep the old type.
    for &member in tree.iter().skip(1) {
        let below = catalog.relation(member)?;
        let expected = catalog.parents(member)?.iter().filter(|parent| tree.contains(parent)).count();
        if below.column_by_name(change.name).is_some_and(|column| column.attinhcount as usize > expected) {
            let text = format!("cannot alter inherited column \"{}\" of relation \"{}\"", change.name, below.name());
            return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
        }
    }
    for &member in tree.iter().skip(1) {
        let below = catalog.relation(member)?;
        if let Some(column) = below.column_by_name(change.name) {
            constraint::refuse_key_column(context, &below, column.attnum, "alter")
                .map_err(|error| context.place(error, change.location))?;
        }
    }
    let mut later = Vec::new();
    for &member in &tree {
        one(context, member, change, ty, &mut later)?;
    }
    // Unique keys before the foreign keys that need them.
    later.sort_by_key(|statement: &Later| statement.rank);
    for statement in later {
        run(context, &statement)?;
        if let Some((table, name, comment)) = &statement.constraint_comment
            && let Some(constraint) = context.catalog().constraint_by_name(*table, name)?
        {
            let object = Object::of::<PgConstraint>(constraint.oid);
            context.catalog().set_description(object, Some(comment))?;
        }
        if let Some((schema, name, tablespace)) = statement.index
            && let Some(class) = context.catalog().relation_in_schema(schema, &name)?
        {
            crate::tablespace::move_to(context, class.oid, tablespace)?;
            if let Some(comment) = &statement.comment {
                context.catalog().set_description(Object::relation(class.oid), Some(comment))?;
            }
        }
    }
    Ok(())
}

/// Something that was dropped because of the column, and is made again.
struct Later {
    rank: u8,
    text: String,
    /// Who owns what has an owner of its own.
    owner: Option<Oid>,
    /// An index's schema, name and tablespace, which the text does not say.
    index: Option<(Oid, String, Oid)>,
    /// What is said of the index.
    comment: Option<String>,
    /// What is said of a constraint, which is found by its table and name.
    constraint_comment: Option<(Oid, String, String)>,
}

/// Where an index is found again, and where it is to be.
fn place_of(context: &Context<'_>, index: Oid) -> Result<Option<(Oid, String, Oid)>> {
    let class = context.catalog().class(index)?;
    Ok(class.map(|class| (class.relnamespace, class.relname.to_string(), class.reltablespace)))
}

/// Runs a statement of our own.
fn run(context: &Context<'_>, later: &Later) -> Result<()> {
    let text = &later.text;
    // For event triggers it is all one command.
    let catalog = context.catalog();
    let _unheard = catalog.is_watched().then(|| catalog.watch("ALTER TABLE"));
    for statement in parser::parse(text)? {
        let context = &Context { text, ..*context };
        let done = match (&statement.statement, later.owner) {
            (ast::Statement::CreateStatistics(create), Some(owner)) => {
                crate::statistics::create_again(context, create, owner)
            }
            (ast::Statement::CreateIndex(create), _) => {
                // Those of partitions went with their parent's, and come with it.
                let mut create = create.clone();
                create.relation.inherit = true;
                crate::execute(context, &ast::Statement::CreateIndex(create)).map(|_| ())
            }
            (statement, _) => crate::execute(context, statement).map(|_| ()),
        };
        done.map_err(|mut error| {
            // It is not the client's text.
            error.fields_mut().position = None;
            error
        })?;
        context.catalog().next_command()?;
    }
    Ok(())
}

fn one(context: &Context<'_>, table: Oid, change: Change<'_>, ty: SqlType, later: &mut Vec<Later>) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let number = context.column(&relation, change.name)?;
    let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?.clone();
    let old_ty = SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
    crate::types::check_row_type_unused(context, &relation)?;
    let source = match change.using {
        Some(using) => {
            let wanted = analyzer::Wanted::Any;
            let place = analyzer::scope::Place::AlterTransform;
            expression::store(context, using, place, Some(&relation), wanted)?.expr
        }
        None => expression::column(&relation, number)?,
    };
    let shown = catalog.format_type(ty.oid, ty.typmod)?;
    let converted = analyzer::assignment(catalog, context.session.env(), source, ty)?;
    let Some(converted) = converted else {
        let state = SqlState::DATATYPE_MISMATCH;
        return Err(match (change.using.is_some(), column.attgenerated != 0) {
            (true, _) => {
                let text = format!(
                    "result of USING clause for column \"{}\" cannot be cast automatically to type {shown}",
                    change.name
                );
                Error::new(state, text).hint("You might need to add an explicit cast.")
            }
            (false, generated) => {
                let text = format!("column \"{}\" cannot be cast automatically to type {shown}", change.name);
                let error = Error::new(state, text);
                match generated {
                    true => error,
                    false => error.hint(format!(
                        "You might need to specify \"USING {}::{shown}\".",
                        catalog::format::quote_identifier(change.name)
                    )),
                }
            }
        });
    };
    let default = match relation.default_of(number) {
        None => None,
        Some(text) => {
            let expr = expression::read(context, text)?;
            let word = if column.attgenerated != 0 { "generation expression" } else { "default" };
            let value = analyzer::assignment(catalog, context.session.env(), without_casts(expr), ty)?;
            Some(value.ok_or_else(|| {
                let text =
                    format!("{word} for column \"{}\" cannot be cast automatically to type {shown}", change.name);
                Error::new(SqlState::DATATYPE_MISMATCH, text)
            })?)
        }
    };
    dependents(context, &relation, number, later)?;
    let row = catalog.type_(ty.oid)?;
    let dropped = catalog.drop_default(table, number)?;
    catalog.next_command()?;
    let generated = column.attgenerated;
    catalog.forget_column_dependencies(table, number)?;
    catalog.alter_column(table, number, |attribute| {
        attribute.atttypid = ty.oid;
        attribute.atttypmod = ty.typmod;
        attribute.attcollation = ty.collation;
        attribute.attlen = row.typlen;
        attribute.attbyval = row.typbyval;
        attribute.attalign = row.typalign;
        attribute.attstorage = row.typstorage;
        attribute.attgenerated = generated;
        attribute.attndims = change.type_name.array_bounds.len() as i16;
        attribute.atthasmissing = false;
        attribute.attmissingval = None;
        if row.typstorage == b'p' {
            attribute.attcompression = 0;
        }
    })?;
    catalog.record_column_type(table, number, ty.oid, ty.collation)?;
    catalog.delete_all::<catalog::rows::PgStatistic>(
        index::PG_STATISTIC_RELID_ATT_INH_INDEX,
        &[table.into(), number.into()],
    )?;
    if let Some(default) = default.filter(|_| dropped) {
        let stored = expression::stored(context, default);
        let mut objects = stored.objects;
        if generated != 0 {
            objects.extend(stored.columns.iter().map(|&n| Object::column(table, n)));
        }
        catalog.set_default(table, number, &stored.text, &objects)?;
    }
    catalog.next_command()?;
    if relation.kind() != kind::TABLE {
        return Ok(());
    }
    let now = catalog.relation(table)?;
    let mut sources = rewrite::unchanged(&relation);
    let same = matches!(&without_relabel(&converted).kind, analyzer::query::ExprKind::Var(var) if var.column == number)
        && old_ty.collation == ty.collation
        && types::repr_of(column.attlen, column.attbyval) == types::repr_of(row.typlen, row.typbyval);
    if same && generated == 0 {
        return Ok(());
    }
    for own in now.live_columns().filter(|own| own.attgenerated == b's') {
        let text = now.default_of(own.attnum).unwrap_or_default();
        sources[own.attnum as usize - 1] = Source::Generated(expression::read(context, text)?);
    }
    if generated == 0 {
        sources[number as usize - 1] = Source::Expr(converted);
    }
    catalog.create_toast_table(table)?;
    context.services.rewrites_table(table, 4)?;
    rewrite::rewrite(context, &relation, sources)
}

/// Without what changes no bits.
fn without_relabel(expr: &Expr) -> &Expr {
    match &expr.kind {
        analyzer::query::ExprKind::Relabel(arg, _) | analyzer::query::ExprKind::Collate(arg) => without_relabel(arg),
        _ => expr,
    }
}

/// A default without the conversion to the column's old type, which was implicit.
fn without_casts(expr: Expr) -> Expr {
    use analyzer::query::{CallForm, ExprKind};
    match &expr.kind {
        ExprKind::Function(call) if call.form == CallForm::ImplicitCast && !call.args.is_empty() => {
            without_casts(call.args[0].clone())
        }
        ExprKind::Relabel(arg, CallForm::ImplicitCast) => without_casts((**arg).clone()),
        ExprKind::CoerceViaIo(arg, CallForm::ImplicitCast) => without_casts((**arg).clone()),
        _ => expr,
    }
}

/// Drops what depends on a column's type, noting how to make it again.
fn dependents(context: &Context<'_>, relation: &Entry<Relation>, number: i16, later: &mut Vec<Later>) -> Result<()> {
    let catalog = context.catalog();
    let key = [PgClass::RELATION.into(), relation.oid.into(), i32::from(number).into()];
    let rows: Vec<PgDepend> = catalog
        .read_rows::<PgDepend>(index::PG_DEPEND_REFERENCE_INDEX, &key)?
        .iter()
        .map(|row| PgDepend::clone(row))
        .collect();
    let mut drops: Vec<Object> = Vec::new();
    for row in rows {
        let object = Object { class: row.classid, oid: row.objid, sub: row.objsubid };
        let refuse = |text: &str| -> Error {
            let name = relation.column(number).map_or("", |column| &column.attname);
            let described = catalog.object_description(object).unwrap_or_default();
            Error::new(SqlState::FEATURE_NOT_SUPPORTED, text)
                .detail(format!("{described} depends on column \"{name}\""))
        };
        match object.class {
            PgConstraint::RELATION => {
                let constraint = catalog.constraint(object.oid)?;
                if constraint.contype == b'n' || drops.contains(&object) || constraint.conparentid.is_valid() {
                    continue;
                }
                note_constraint(context, &constraint, later)?;
                drops.push(object);
            }
            PgClass::RELATION if object.sub == 0 => {
                let class = catalog.relation(object.oid)?;
                match class.kind() {
                    kind::INDEX | kind::PARTITIONED_INDEX if class.class.relispartition => {}
                    kind::INDEX | kind::PARTITIONED_INDEX => {
                        let text = catalog.index_text(object.oid)?;
                        if !drops.contains(&object) {
                            let comment = catalog.description(PgClass::RELATION, object.oid, 0)?;
                            let index = place_of(context, object.oid)?;
                            later.push(Later { rank: 1, text, owner: None, index, comment, constraint_comment: None });
                            drops.push(object);
                        }
                    }
                    _ => {}
                }
            }
            PgClass::RELATION if object.oid == relation.oid && object.sub as i16 != number => {
                let name = relation.column(number).map_or("", |column| &column.attname);
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    "cannot alter type of a column used by a generated column",
                )
                .detail(format!(
                    "Column \"{name}\" is used by generated column \"{}\".",
                    relation.column(object.sub as i16).map_or("", |column| &column.attname)
                )));
            }
            PgStatisticExt::RELATION if !drops.contains(&object) => {
                let row = catalog.row::<PgStatisticExt>(index::PG_STATISTIC_EXT_OID_INDEX, &[object.oid.into()])?;
                if let Some(row) = row {
                    let text = catalog.statistics_text(&row)?;
                    later.push(Later {
                        rank: 4,
                        text,
                        owner: Some(row.stxowner),
                        index: None,
                        comment: None,
                        constraint_comment: None,
                    });
                    drops.push(object);
                }
            }
            PgRewrite::RELATION => return Err(refuse("cannot alter type of a column used by a view or rule")),
            PgTrigger::RELATION => {
                return Err(refuse("cannot alter type of a column used in a trigger definition"));
            }
            PgPolicy::RELATION => return Err(refuse("cannot alter type of a column used in a policy definition")),
            PgProc::RELATION => return Err(refuse("cannot alter type of a column used by a function or procedure")),
            catalog::rows::PgAttrdef::RELATION => {
                let own = relation.defaults.iter().find(|default| default.oid == object.oid);
                if let Some(own) = own.filter(|own| own.adnum != number) {
                    let name = relation.column(number).map_or("", |column| &column.attname);
                    let user = relation.column(own.adnum).map_or("", |column| &column.attname);
                    return Err(Error::new(
                        SqlState::FEATURE_NOT_SUPPORTED,
                        "cannot alter type of a column used by a generated column",
                    )
                    .detail(format!("Column \"{name}\" is used by generated column \"{user}\".")));
                }
            }
            _ => {}
        }
    }
    // Foreign keys of others that refer to a key that goes.
    let mut referring = Vec::new();
    for object in drops.iter().filter(|object| object.class == PgConstraint::RELATION) {
        let constraint = catalog.constraint(object.oid)?;
        if !constraint.conindid.is_valid() || constraint.contype == b'f' {
            continue;
        }
        let key = [PgClass::RELATION.into(), constraint.conindid.into()];
        for row in catalog.read_rows::<PgDepend>(index::PG_DEPEND_REFERENCE_INDEX, &key)?.iter() {
            let object = Object { class: row.classid, oid: row.objid, sub: row.objsubid };
            if object.class == PgConstraint::RELATION && !drops.contains(&object) && !referring.contains(&object) {
                let constraint = catalog.constraint(object.oid)?;
                // What belongs to another one comes and goes with it.
                if !constraint.conparentid.is_valid() {
                    note_constraint(context, &constraint, later)?;
                    referring.push(object);
                }
            }
        }
    }
    // Foreign keys before the keys that they need.
    let mut drops: Vec<Object> = referring.into_iter().chain(drops).collect();
    let mut is_foreign_key = Vec::with_capacity(drops.len());
    for object in &drops {
        let foreign = object.class == PgConstraint::RELATION && catalog.constraint(object.oid)?.contype == b'f';
        is_foreign_key.push((*object, foreign));
    }
    drops.sort_by_key(|object| !is_foreign_key.contains(&(*object, true)));
    for object in drops {
        // It may have gone with another one.
        let gone = match object.class {
            PgConstraint::RELATION => catalog.find_constraint(object.oid)?.is_none(),
            PgStatisticExt::RELATION => false,
            _ => catalog.find_relation(object.oid)?.is_none(),
        };
        if !gone {
            catalog.drop_internal(object)?;
            catalog.next_command()?;
        }
    }
    Ok(())
}

fn note_constraint(context: &Context<'_>, constraint: &PgConstraint, later: &mut Vec<Later>) -> Result<()> {
    let catalog = context.catalog();
    let definition = catalog.constraint_text(constraint.oid)?;
    let table = catalog.qualified_relation_text(constraint.conrelid)?;
    let name = catalog::format::quote_identifier(&constraint.conname);
    if constraint.contype == b'c' && constraint.coninhcount > 0 && !constraint.conislocal {
        // It comes with the parent's.
        return Ok(());
    }
    let rank = if constraint.contype == b'f' { 3 } else { 2 };
    let rank = if matches!(constraint.contype, b'p' | b'u') { 1 } else { rank };
    let index = match constraint.contype {
        b'p' | b'u' | b'x' => place_of(context, constraint.conindid)?,
        _ => None,
    };
    let text = format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}");
    let comment = match index {
        Some(_) => catalog.description(PgClass::RELATION, constraint.conindid, 0)?,
        None => None,
    };
    let said = catalog.description(PgConstraint::RELATION, constraint.oid, 0)?;
    let constraint_comment = said.map(|said| (constraint.conrelid, constraint.conname.to_string(), said));
    later.push(Later { rank, text, owner: None, index, comment, constraint_comment });
    Ok(())
}
