//! Columns of tables and of their children: added, dropped, made not null, with other defaults and expressions.

use analyzer::query::SqlType;
use catalog::rows::PgConstraint;
use catalog::{DropBehavior, Entry, Object, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{self, ColumnDefinition, Name};

use super::rewrite::{self, Source};
use crate::constraint::{self, notice, refuse_key_column};
use crate::not_null::{self, NotNull};
use crate::{Context, column, create_table, expression, generated};

fn invalid(text: String) -> Error {
    Error::new(SqlState::INVALID_TABLE_DEFINITION, text)
}

/// ADD COLUMN. `inherited`: because a parent gets it.
pub(super) fn add(
    context: &Context<'_>,
    table: Oid,
    definition: &ColumnDefinition,
    if_not_exists: bool,
    recurse: bool,
    inherited: bool,
) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let name = &definition.name;
    if relation.class.relispartition && !inherited {
        let text = "cannot add column to a partition";
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    if relation.class.reloftype.is_valid() {
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, "cannot add column to typed table"));
    }
    if let Some(have) = relation.column_by_name(name) {
        if inherited {
            let new = column::column(context, definition, relation.name())?;
            if (have.atttypid, have.atttypmod) != (new.new.type_, new.new.typmod) {
                let text = format!("child table \"{}\" has different type for column \"{name}\"", relation.name());
                return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
            }
            let text = format!("merging definition of column \"{name}\" for child \"{}\"", relation.name());
            context.inform(SqlState::SUCCESSFUL_COMPLETION, text);
            let number = have.attnum;
            catalog.alter_column(table, number, |row| row.attinhcount += 1)?;
            if new.new.not_null {
                let declared = new.not_null.unwrap_or_default();
                let name = declared.name.as_deref();
                let how = NotNull { name, local: false, inherited: 1, no_inherit: false, not_valid: false };
                not_null::add(context, table, number, how, true)?;
            }
            return Ok(());
        }
        let text = format!("column \"{name}\" of relation \"{}\" already exists", relation.name());
        if !if_not_exists {
            return Err(Error::new(SqlState::DUPLICATE_COLUMN, text));
        }
        context.inform(SqlState::DUPLICATE_COLUMN, format!("{text}, skipping"));
        return Ok(());
    }
    let children = catalog.children(table)?;
    if !recurse && !children.is_empty() {
        return Err(invalid("column must be added to child tables too".into()));
    }
    let mut new = column::column(context, definition, relation.name())?;
    crate::types::composite::refuse_recursion(context, &relation, new.new.type_)?;
    if new.identity.is_some() && !children.is_empty() && relation.kind() != catalog::relation::kind::PARTITIONED_TABLE {
        let text = "cannot recursively add identity column to table that has child tables";
        return Err(invalid(text.into()));
    }
    if relation.columns.len() >= 1600 {
        return Err(Error::new(SqlState::TOO_MANY_COLUMNS, "tables can have at most 1600 columns"));
    }
    if inherited {
        new.new.local = false;
        new.new.inherited = 1;
    }
    // Values of the rows there are: a constant is noted in the catalogs, and rows stay as they are.
    let number = relation.columns.len() as i16 + 1;
    let ty = SqlType { oid: new.new.type_, typmod: new.new.typmod, collation: new.new.collation };
    let empty = !relation.has_storage() || {
        let session = context.session;
        session.tables.page_count(session.store, &*catalog.table(&relation)?)? == 0
    };
    let number_made = catalog.add_column(table, &new.new, None)?;
    debug_assert_eq!(number, number_made);
    if !(inherited && new.identity.is_some()) {
        create_table::make_sequence(context, table, number, &new)?;
    }
    if let Some(default) = new.default {
        create_table::set_default(&context.without_text(), table, number, default)?;
    }
    if let Some(value) = new.generated {
        generated::set(&context.without_text(), table, number, value)?;
    }
    catalog.next_command()?;
    catalog.create_toast_table(table)?;
    let now = catalog.relation(table)?;
    let value = analyzer::column_default(catalog, context.session.env(), &now, number)?;
    if !empty && new.new.generated != b'v' {
        if let Some(value) = value {
            let mutable = planner::is_volatile(catalog, &value)? || refuses_values(context, ty.oid)?;
            if new.new.generated == b's' || mutable {
                let mut sources = rewrite::unchanged(&relation);
                sources.push(match new.new.generated {
                    b's' => Source::Generated(value),
                    _ => Source::Expr(value),
                });
                context.services.rewrites_table(relation.oid, 2)?;
                rewrite::rewrite(context, &relation, sources)?;
            } else {
                let datum = expression::value(context, value)?;
                if !datum.is_null() {
                    let repr = types::repr_of(
                        now.columns[number as usize - 1].attlen,
                        now.columns[number as usize - 1].attbyval,
                    );
                    let array = types::array::from_elements(catalog.base_type(ty.oid, -1)?.0, repr, &[datum])?;
                    catalog.alter_column(table, number, |row| {
                        row.atthasmissing = true;
                        row.attmissingval = Some(catalog::field::Raw(array));
                    })?;
                } else if new.new.not_null {
                    return Err(contains_nulls(&now, name));
                }
            }
        } else if new.new.not_null {
            return Err(contains_nulls(&now, name));
        }
    }
    if new.new.not_null {
        let declared = new.not_null.clone().unwrap_or_default();
        let how = NotNull {
            name: declared.name.as_deref(),
            local: !inherited,
            inherited: i16::from(inherited),
            no_inherit: declared.no_inherit,
            not_valid: false,
        };
        not_null::create(context, table, number, &new.new.name, how)?;
    }
    let now = catalog.relation(table)?;
    if new.new.not_null && new.new.generated == b'v' && !empty {
        not_null::refuse_nulls(context, &now, number, name)?;
    }
    let not_null = not_null::of(&now, number).filter(|constraint| !constraint.connoinherit);
    for child in children {
        executor::lock_relation(context.session, child, 8)?;
        let mut bare = definition.clone();
        bare.constraints.retain_mut(|constraint| match (&constraint.kind, not_null) {
            (ast::ConstraintKind::NotNull { .. }, None) => false,
            (ast::ConstraintKind::NotNull { .. }, Some(above)) => {
                constraint.name = Some(Name::from(&*above.conname));
                true
            }
            (
                ast::ConstraintKind::Unique(_) | ast::ConstraintKind::ForeignKey(_) | ast::ConstraintKind::Check(_),
                _,
            ) => false,
            _ => true,
        });
        add(context, child, &bare, false, true, true)?;
    }
    // The children have the column by now.
    let own = new.constraints.iter().filter(|_| !inherited);
    own.into_iter().try_for_each(|constraint| constraint::add_later(context, table, constraint, Some(number), true))
}

/// Whether a type is a domain that refuses some values of what it is made of: then all rows are computed.
fn refuses_values(context: &Context<'_>, ty: Oid) -> Result<bool> {
    let catalog = context.catalog();
    let mut at = catalog.type_(ty)?;
    while at.typtype == b'd' {
        if at.typnotnull || !catalog.domain_constraints(at.oid)?.is_empty() {
            return Ok(true);
        }
        at = catalog.type_(at.typbasetype)?;
    }
    Ok(false)
}

fn contains_nulls(relation: &Relation, column: &str) -> Error {
    let text = format!("column \"{column}\" of relation \"{}\" contains null values", relation.name());
    Error::new(SqlState::NOT_NULL_VIOLATION, text).table(relation.name()).column(column)
}

/// DROP COLUMN.
pub(super) fn drop(
    context: &Context<'_>,
    relation: &Entry<Relation>,
    name: &Name,
    if_exists: bool,
    behavior: DropBehavior,
    recurse: bool,
) -> Result<()> {
    if relation.class.reloftype.is_valid() {
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, "cannot drop column from typed table"));
    }
    let Some(column) = relation.column_by_name(name) else {
        if catalog::relation::system_column_by_name(name).is_some() {
            let text = format!("cannot drop system column \"{name}\"");
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        let text = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name());
        if !if_exists {
            return Err(Error::new(SqlState::UNDEFINED_COLUMN, text));
        }
        context.inform(SqlState::UNDEFINED_COLUMN, format!("{text}, skipping"));
        return Ok(());
    };
    if column.attinhcount > 0 {
        return Err(invalid(format!("cannot drop inherited column \"{name}\"")));
    }
    refuse_key_column(context, relation, column.attnum, "drop")?;
    let mut dropped = Vec::new();
    drop_below(context, relation, name, recurse, &mut dropped)?;
    dropped.push(Object::column(relation.oid, column.attnum));
    notice(context, context.catalog().drop_objects(&dropped, behavior)?);
    Ok(())
}

/// Notes the columns of children that go with their parent's.
fn drop_below(
    context: &Context<'_>,
    relation: &Relation,
    name: &str,
    recurse: bool,
    dropped: &mut Vec<Object>,
) -> Result<()> {
    let catalog = context.catalog();
    let children = catalog.children(relation.oid)?;
    if !recurse && !children.is_empty() && relation.kind() == catalog::relation::kind::PARTITIONED_TABLE {
        let text = "cannot drop column from only the partitioned table when partitions exist";
        return Err(invalid(text.into()).hint("Do not specify the ONLY keyword."));
    }
    for child in children {
        executor::lock_relation(context.session, child, 8)?;
        let below = catalog.relation(child)?;
        let Some(column) = below.column_by_name(name) else { continue };
        if recurse && column.attinhcount == 1 && !column.attislocal {
            drop_below(context, &below, name, true, dropped)?;
            dropped.push(Object::column(child, column.attnum));
            continue;
        }
        catalog.alter_column(child, column.attnum, |row| {
            row.attinhcount -= 1;
            row.attislocal |= !recurse || row.attinhcount == 0;
        })?;
    }
    Ok(())
}

/// SET NOT NULL, DROP NOT NULL.
pub(super) fn not_null(
    context: &Context<'_>,
    relation: &Entry<Relation>,
    name: &Name,
    set: bool,
    recurse: bool,
) -> Result<()> {
    if catalog::relation::system_column_by_name(name).is_some() {
        let text = format!("cannot alter system column \"{name}\"");
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let number = context.column(relation, name)?;
    if set {
        return not_null::set(context, relation, number, recurse);
    }
    let Some(found) = not_null::of(relation, number).cloned() else { return Ok(()) };
    not_null::check_may_be_null(relation, number, name)?;
    if found.coninhcount > 0 && relation.class.relispartition {
        let text = format!("column \"{name}\" is marked NOT NULL in parent table");
        return Err(invalid(text));
    }
    constraint::drop_one(context, relation.oid, &found, DropBehavior::Restrict, recurse, false)
}

/// SET DEFAULT, DROP DEFAULT.
pub(super) fn default(
    context: &Context<'_>,
    relation: &Entry<Relation>,
    name: &Name,
    default: Option<&ast::Expr>,
    recurse: bool,
) -> Result<()> {
    let catalog = context.catalog();
    if catalog::relation::system_column_by_name(name).is_some() {
        let text = format!("cannot alter system column \"{name}\"");
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let number = context.column(relation, name)?;
    let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?;
    let table = relation.name();
    if column.attidentity != 0 {
        let text = format!("column \"{name}\" of relation \"{table}\" is an identity column");
        let error = Error::new(SqlState::SYNTAX_ERROR, text);
        return Err(match default {
            Some(_) => error,
            None => error.hint("Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead."),
        });
    }
    if column.attgenerated != 0 {
        let text = format!("column \"{name}\" of relation \"{table}\" is a generated column");
        let error = Error::new(SqlState::SYNTAX_ERROR, text);
        return Err(match (default, column.attgenerated) {
            (Some(_), _) => error.hint("Use ALTER TABLE ... ALTER COLUMN ... SET EXPRESSION instead."),
            (None, b's') => error.hint("Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead."),
            _ => error,
        });
    }
    catalog.drop_default(relation.oid, number)?;
    catalog.next_command()?;
    if let Some(default) = default {
        create_table::set_default(&context.without_text(), relation.oid, number, default)?;
    }
    if !recurse {
        return Ok(());
    }
    for child in catalog.children(relation.oid)? {
        executor::lock_relation(context.session, child, 8)?;
        let below = catalog.relation(child)?;
        self::default(context, &below, name, default, true)?;
    }
    Ok(())
}

/// SET EXPRESSION.
pub(super) fn set_expression(
    context: &Context<'_>,
    relation: &Entry<Relation>,
    name: &Name,
    value: &ast::Expr,
    recurse: bool,
) -> Result<()> {
    let catalog = context.catalog();
    let number = context.column(relation, name)?;
    let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?;
    let generated = column.attgenerated;
    if generated == 0 {
        let text = format!("column \"{name}\" of relation \"{}\" is not a generated column", relation.name());
        return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text));
    }
    if generated == b'v' && relation.class.relchecks > 0 {
        let text = "ALTER TABLE / SET EXPRESSION is not supported for virtual generated columns in tables with check constraints";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text)
            .detail(format!("Column \"{name}\" of relation \"{}\" is a virtual generated column.", relation.name())));
    }
    catalog.drop_default(relation.oid, number)?;
    catalog.alter_column(relation.oid, number, |row| {
        row.attgenerated = generated;
        row.atthasmissing = false;
        row.attmissingval = None;
    })?;
    generated::set(&context.without_text(), relation.oid, number, value)?;
    catalog.next_command()?;
    if generated == b's' && relation.has_storage() {
        let now = catalog.relation(relation.oid)?;
        let text = now.default_of(number).unwrap_or_default();
        let mut sources = rewrite::unchanged(relation);
        sources[number as usize - 1] = Source::Generated(expression::read(context, text)?);
        context.services.rewrites_table(relation.oid, 2)?;
        rewrite::rewrite(context, relation, sources)?;
        recheck(context, relation.oid, number)?;
    }
    if generated == b'v' && column.attnotnull {
        not_null::refuse_nulls(context, &catalog.relation(relation.oid)?, number, name)?;
    }
    if !recurse {
        return Ok(());
    }
    for child in catalog.children(relation.oid)? {
        executor::lock_relation(context.session, child, 8)?;
        let below = catalog.relation(child)?;
        set_expression(context, &below, name, value, true)?;
    }
    Ok(())
}

/// Looks whether the checks on a column hold after its values changed.
fn recheck(context: &Context<'_>, table: Oid, number: i16) -> Result<()> {
    let relation = context.catalog().relation(table)?;
    let concerned = |constraint: &&PgConstraint| {
        constraint.contype == b'c'
            && constraint.conenforced
            && constraint.conkey.as_ref().is_some_and(|key| key.contains(&number))
    };
    for constraint in relation.constraints.iter().filter(concerned) {
        let Some(text) = &constraint.conbin else { continue };
        constraint::check_rows(context, &relation, &constraint.conname, &expression::read(context, text)?)?;
    }
    Ok(())
}

/// DROP EXPRESSION: the values stay.
pub(super) fn drop_expression(
    context: &Context<'_>,
    relation: &Entry<Relation>,
    name: &Name,
    if_exists: bool,
    recurse: bool,
) -> Result<()> {
    let catalog = context.catalog();
    let number = context.column(relation, name)?;
    let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?;
    if column.attgenerated == b'v' {
        let text = "ALTER TABLE / DROP EXPRESSION is not supported for virtual generated columns";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text)
            .detail(format!("Column \"{name}\" of relation \"{}\" is a virtual generated column.", relation.name())));
    }
    let children = catalog.children(relation.oid)?;
    if !recurse && !children.is_empty() {
        let text = "ALTER TABLE / DROP EXPRESSION must be applied to child tables too";
        return Err(invalid(text.into()));
    }
    if recurse && column.attinhcount > 0 && column.attgenerated != 0 {
        return Err(invalid("cannot drop generation expression from inherited column".into()));
    }
    if column.attgenerated == 0 {
        let text = format!("column \"{name}\" of relation \"{}\" is not a generated column", relation.name());
        if !if_exists {
            return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text));
        }
        let text = format!("{text}, skipping");
        context.inform(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text);
        return Ok(());
    }
    for member in crate::inherit::tree(context, relation.oid, 8)? {
        let member = catalog.relation(member)?;
        if let Some(own) = member.column_by_name(name).filter(|own| own.attgenerated != 0) {
            catalog.drop_default(member.oid, own.attnum)?;
            catalog.next_command()?;
        }
    }
    Ok(())
}
