//! Domains: CREATE DOMAIN and all forms of ALTER DOMAIN.
//!
//! A domain's NOT NULL and CHECK constraints are rows of `pg_constraint`. A change that narrows it looks at all columns that
//! hold its values; where these are parts of other values (arrays, rows, ranges) it is refused, as in PostgreSQL.

use analyzer::Wanted;
use analyzer::node::to_text;
use analyzer::query::{ExprKind, SqlType};
use analyzer::scope::Place;
use catalog::privileges::ObjectKind as Privileged;
use catalog::rows::{PgConstraint, PgType};
use catalog::{Entry, NewConstraint, Object};
use error::{Error, Result, SqlState};
use parser::ast::{self, AlterDomain, AlterDomainAction, Constraint, ConstraintKind, CreateDomain, TypeName};

use crate::constraint::{drop_behavior, notice};
use crate::function::lookup::type_of;
use crate::{Context, expression, needs};

/// CREATE DOMAIN
pub(crate) fn create(context: &Context<'_>, create: &CreateDomain) -> Result<()> {
    let catalog = context.catalog();
    let schema = super::creation_schema(context, &create.name)?;
    let name = &*create.name.name;
    super::check_free(context, schema, name)?;
    let mut base = context.analyzer().type_name(&create.base)?;
    let base_row = catalog.type_(base.oid)?;
    if !matches!(base_row.typtype, b'b' | b'c' | b'd' | b'e' | b'r' | b'm') {
        let text = format!("\"{}\" is not a valid base type for a domain", context.session.type_name(base.oid)?);
        return Err(context.place(Error::new(SqlState::DATATYPE_MISMATCH, text), create.base.location));
    }
    catalog.require_privileges(Privileged::Type, base.oid, catalog::acl::Privileges::USAGE)?;
    if let Some(clause) = &create.collation {
        if !base.collation.is_valid() {
            let text = format!("collations are not supported by type {}", context.session.type_name(base.oid)?);
            return Err(context.place(Error::new(SqlState::DATATYPE_MISMATCH, text), create.base.location));
        }
        base.collation = context.analyzer().collate_clause(clause, base)?;
    }
    let mut row = PgType {
        typname: name.to_string().into(),
        typnamespace: schema,
        typowner: catalog.current_user(),
        typlen: base_row.typlen,
        typbyval: base_row.typbyval,
        typtype: b'd',
        typcategory: base_row.typcategory,
        typisdefined: true,
        typdelim: base_row.typdelim,
        typinput: DOMAIN_IN,
        typoutput: base_row.typoutput,
        typreceive: DOMAIN_RECV,
        typsend: base_row.typsend,
        typanalyze: base_row.typanalyze,
        typalign: base_row.typalign,
        typstorage: base_row.typstorage,
        typbasetype: base.oid,
        typtypmod: base.typmod,
        typndims: create.base.array_bounds.len() as i32,
        typcollation: base.collation,
        // What the base type has unless the domain says otherwise.
        typdefault: base_row.typdefault.clone(),
        typdefaultbin: base_row.typdefaultbin.clone(),
        ..Default::default()
    };
    let mut default_needs = Vec::new();
    let (mut has_default, mut null_said) = (false, None);
    for constraint in &create.constraints {
        if constraint.attributes.deferrable.is_some() || constraint.attributes.initially_deferred.is_some() {
            let text = "specifying constraint deferrability not supported for domains";
            let error = Error::new(SqlState::FEATURE_NOT_SUPPORTED, text);
            return Err(context.place(error, constraint.location));
        }
        match &constraint.kind {
            ConstraintKind::Default(value) => {
                if std::mem::replace(&mut has_default, true) {
                    let error = Error::new(SqlState::SYNTAX_ERROR, "multiple default expressions");
                    return Err(context.place(error, constraint.location));
                }
                default_needs = set_default(context, &mut row, base, Some(value))?;
            }
            ConstraintKind::NotNull { .. } | ConstraintKind::Null => {
                let not_null = matches!(constraint.kind, ConstraintKind::NotNull { .. });
                if not_null && constraint.attributes.no_inherit {
                    let text = "not-null constraints for domains cannot be marked NO INHERIT";
                    let error = Error::new(SqlState::INVALID_OBJECT_DEFINITION, text);
                    return Err(context.place(error, constraint.location));
                }
                if null_said.is_some_and(|said| said != not_null) {
                    let error = Error::new(SqlState::SYNTAX_ERROR, "conflicting NULL/NOT NULL constraints");
                    return Err(context.place(error, constraint.location));
                }
                if null_said == Some(true) {
                    let text = "redundant NOT NULL constraint definition";
                    let error = Error::new(SqlState::INVALID_OBJECT_DEFINITION, text);
                    return Err(context.place(error, constraint.location));
                }
                null_said = Some(not_null);
                row.typnotnull = not_null;
            }
            ConstraintKind::Check(_) => {
                if constraint.attributes.no_inherit {
                    let text = "check constraints for domains cannot be marked NO INHERIT";
                    let error = Error::new(SqlState::INVALID_OBJECT_DEFINITION, text);
                    return Err(context.place(error, constraint.location));
                }
            }
            _ => return Err(not_for_domains(context, constraint)),
        }
    }
    row.oid = catalog.create_type(row.clone(), true)?;
    let this = Object::of::<PgType>(row.oid);
    catalog.record_dependencies(this, &default_needs, catalog::Dependency::Normal)?;
    for constraint in &create.constraints {
        match &constraint.kind {
            ConstraintKind::NotNull { .. } => add_not_null(context, &row, constraint.name.as_deref())?,
            ConstraintKind::Check(_) => add_check(context, &row, constraint)?,
            _ => {}
        }
    }
    Ok(())
}

/// `domain_in` and `domain_recv`.
const DOMAIN_IN: ids::Oid = ids::Oid(2597);
const DOMAIN_RECV: ids::Oid = ids::Oid(2598);

#[cold]
fn not_for_domains(context: &Context<'_>, constraint: &Constraint) -> Error {
    let (state, what) = match &constraint.kind {
        ConstraintKind::Unique(unique) if unique.primary => (SqlState::SYNTAX_ERROR, "primary key constraints"),
        ConstraintKind::Unique(_) => (SqlState::SYNTAX_ERROR, "unique constraints"),
        ConstraintKind::Exclusion(_) => (SqlState::SYNTAX_ERROR, "exclusion constraints"),
        ConstraintKind::ForeignKey(_) => (SqlState::SYNTAX_ERROR, "foreign key constraints"),
        ConstraintKind::Generated { .. } | ConstraintKind::Identity { .. } => {
            let text = "specifying GENERATED not supported for domains";
            return context.place(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text), constraint.location);
        }
        _ => (SqlState::FEATURE_NOT_SUPPORTED, "such constraints"),
    };
    context.place(Error::new(state, format!("{what} not possible for domains")), constraint.location)
}

/// Puts a default into a domain's row; gives what it needs. `DEFAULT NULL` takes the base type's away, too.
fn set_default(
    context: &Context<'_>,
    row: &mut PgType,
    base: SqlType,
    value: Option<&ast::Expr>,
) -> Result<Vec<Object>> {
    row.typdefault = None;
    row.typdefaultbin = None;
    let Some(value) = value else { return Ok(Vec::new()) };
    let name = row.typname.to_string();
    let wanted = Wanted::Column { name: &name, ty: base, what: "default expression" };
    let stored = expression::store(context, value, Place::ColumnDefault, None, wanted)?;
    if matches!(&stored.expr.kind, ExprKind::Const(value) if value.is_null()) {
        return Ok(Vec::new());
    }
    let text = analyzer::deparse::expression_text(context.catalog(), &stored.expr)?;
    row.typdefault = Some(text.into());
    row.typdefaultbin = Some(stored.text.into());
    Ok(stored.objects)
}

fn base_of(row: &PgType) -> SqlType {
    SqlType { oid: row.typbasetype, typmod: row.typtypmod, collation: row.typcollation }
}

/// Makes the row behind NOT NULL.
fn add_not_null(context: &Context<'_>, domain: &PgType, name: Option<&str>) -> Result<()> {
    let name = constraint_name(context, domain, name, "not_null")?;
    let row = super::constraint_row(domain, &name, b'n');
    context.catalog().create_constraint(&NewConstraint { row, objects: Vec::new() }).map(|_| ())
}

fn constraint_name(context: &Context<'_>, domain: &PgType, name: Option<&str>, suffix: &str) -> Result<String> {
    match name {
        Some(name) => {
            if try_constraint(context, domain, name)?.is_some() {
                let text = format!("constraint \"{name}\" for domain \"{}\" already exists", domain.typname);
                return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
            }
            Ok(name.to_string())
        }
        None => context.catalog().choose_name(domain.typnamespace, &domain.typname, "", suffix, &|_| false),
    }
}

/// Makes a CHECK constraint.
fn add_check(context: &Context<'_>, domain: &PgType, constraint: &Constraint) -> Result<()> {
    let ConstraintKind::Check(check) = &constraint.kind else { return Ok(()) };
    let name = constraint_name(context, domain, constraint.name.as_deref(), "check")?;
    let expr = context.analyzer().domain_check(check, base_of(domain))?;
    let (objects, _) = needs::of_expression(context.catalog(), &expr);
    let mut row = super::constraint_row(domain, &name, b'c');
    row.conbin = Some(to_text(&expr).into());
    row.convalidated = !constraint.attributes.not_valid;
    context.catalog().create_constraint(&NewConstraint { row, objects }).map(|_| ())
}

/// A domain's constraint by its name, if it has one.
pub(super) fn try_constraint(
    context: &Context<'_>,
    domain: &PgType,
    name: &str,
) -> Result<Option<Entry<PgConstraint>>> {
    context.catalog().domain_constraint(domain.oid, name)
}

/// A domain's constraint by its name; 42704 if it has none.
pub(super) fn constraint(context: &Context<'_>, domain: &PgType, name: &str) -> Result<Entry<PgConstraint>> {
    match try_constraint(context, domain, name)? {
        Some(row) => Ok(row),
        None => {
            let domain = context.session.type_name(domain.oid)?;
            let text = format!("constraint \"{name}\" for domain {domain} does not exist");
            Err(Error::new(SqlState::UNDEFINED_OBJECT, text))
        }
    }
}

/// The constraint that `CONSTRAINT name ON DOMAIN domain` names.
pub(crate) fn find_constraint(context: &Context<'_>, domain: &TypeName, name: &str) -> Result<Object> {
    let row = context.catalog().type_(type_of(context, domain)?)?;
    if row.typtype != b'd' {
        let text = format!("{} is not a domain", context.session.type_name(row.oid)?);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    Ok(Object::of::<PgConstraint>(constraint(context, &row, name)?.oid))
}

/// ALTER DOMAIN
pub(crate) fn alter(context: &Context<'_>, alter: &AlterDomain) -> Result<()> {
    let catalog = context.catalog();
    let domain = super::find_domain(context, &alter.name)?;
    super::require_owner(context, &domain)?;
    let this = Object::of::<PgType>(domain.oid);
    match &alter.action {
        AlterDomainAction::Default(value) => {
            let mut row = PgType::clone(&domain);
            let objects = set_default(context, &mut row, base_of(&domain), value.as_ref())?;
            catalog.alter_type(domain.oid, |to| {
                to.typdefault = row.typdefault;
                to.typdefaultbin = row.typdefaultbin;
            })?;
            catalog.record_dependencies(this, &objects, catalog::Dependency::Normal)
        }
        AlterDomainAction::NotNull(true) => {
            if domain.typnotnull {
                return Ok(());
            }
            add_not_null(context, &domain, None)?;
            validate_not_null(context, &domain)?;
            catalog.alter_type(domain.oid, |row| row.typnotnull = true)
        }
        AlterDomainAction::NotNull(false) => {
            if !domain.typnotnull {
                return Ok(());
            }
            for row in catalog.domain_constraints(domain.oid)?.iter().filter(|row| row.contype == b'n') {
                catalog.drop_internal(Object::of::<PgConstraint>(row.oid))?;
            }
            catalog.alter_type(domain.oid, |row| row.typnotnull = false)
        }
        AlterDomainAction::AddConstraint(constraint) => match &constraint.kind {
            ConstraintKind::Check(_) => {
                add_check(context, &domain, constraint)?;
                if !constraint.attributes.not_valid {
                    validate_checks(context, &domain)?;
                }
                Ok(())
            }
            ConstraintKind::NotNull { .. } => {
                if domain.typnotnull {
                    return Ok(());
                }
                add_not_null(context, &domain, constraint.name.as_deref())?;
                validate_not_null(context, &domain)?;
                catalog.alter_type(domain.oid, |row| row.typnotnull = true)
            }
            _ => Err(not_for_domains(context, constraint)),
        },
        AlterDomainAction::DropConstraint { name, if_exists, behavior } => {
            let Some(row) = try_constraint(context, &domain, name)? else {
                let of = context.session.type_name(domain.oid)?;
                let text = format!("constraint \"{name}\" of domain \"{of}\" does not exist");
                if !if_exists {
                    return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
                }
                context.inform(SqlState::UNDEFINED_OBJECT, format!("{text}, skipping"));
                return Ok(());
            };
            let object = Object::of::<PgConstraint>(row.oid);
            notice(context, catalog.drop_object(object, drop_behavior(*behavior))?);
            if row.contype == b'n' {
                catalog.alter_type(domain.oid, |row| row.typnotnull = false)?;
            }
            Ok(())
        }
        AlterDomainAction::ValidateConstraint(name) => {
            let of = context.session.type_name(domain.oid)?;
            let Some(row) = try_constraint(context, &domain, name)? else {
                let text = format!("constraint \"{name}\" of domain \"{of}\" does not exist");
                return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
            };
            if row.contype != b'c' {
                let text = format!("constraint \"{name}\" of domain \"{of}\" is not a check constraint");
                return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
            }
            validate_checks(context, &domain)?;
            catalog.validate_constraint(row.oid)
        }
    }
}

/// The columns that a narrowing of a domain concerns, locked; refused where its values are within others.
fn columns(context: &Context<'_>, domain: &PgType) -> Result<Vec<Column>> {
    let uses = super::uses(context, domain.oid)?;
    if let Some(&column) = uses.within.first() {
        return Err(super::in_use(context, domain.oid, column)?);
    }
    let catalog = context.catalog();
    let mut found = Vec::new();
    for (table, number) in uses.columns {
        executor::lock_relation(context.session, table, 5)?;
        let relation = catalog.relation(table)?;
        let Some(column) = relation.column(number).filter(|column| !column.attisdropped) else { continue };
        let schema = catalog.schema_name(relation.class.relnamespace)?.unwrap_or_default();
        let quote = catalog::format::quote_identifier;
        found.push(Column {
            table: relation.name().to_string(),
            from: format!("ONLY {}.{}", quote(&schema), quote(relation.name())),
            name: column.attname.to_string(),
            value: quote(&column.attname),
        });
    }
    Ok(found)
}

/// A column whose values are to be checked.
struct Column {
    table: String,
    /// What to select from.
    from: String,
    name: String,
    /// The column, quoted.
    value: String,
}

fn validate_not_null(context: &Context<'_>, domain: &PgType) -> Result<()> {
    for column in columns(context, domain)? {
        if super::finds_row(context, &format!("SELECT 1 FROM {} WHERE {} IS NULL LIMIT 1", column.from, column.value))?
        {
            let text = format!("column \"{}\" of table \"{}\" contains null values", column.name, column.table);
            return Err(Error::new(SqlState::NOT_NULL_VIOLATION, text).table(column.table).column(column.name));
        }
    }
    Ok(())
}

/// Casts all stored values from the base type to the domain, which checks all constraints that it has now.
fn validate_checks(context: &Context<'_>, domain: &PgType) -> Result<()> {
    let catalog = context.catalog();
    let base = catalog.format_type_qualified(domain.typbasetype, domain.typtypmod)?;
    let name = catalog.format_type_qualified(domain.oid, -1)?;
    for column in columns(context, domain)? {
        let text = format!(
            "SELECT 1 FROM {} WHERE {value} IS NOT NULL AND (({value}::{base})::{name}) IS NULL",
            column.from,
            value = column.value
        );
        if let Err(error) = super::finds_row(context, &text) {
            if error.state() != SqlState::CHECK_VIOLATION {
                return Err(error);
            }
            let text = format!(
                "column \"{}\" of table \"{}\" contains values that violate the new constraint",
                column.name, column.table
            );
            return Err(Error::new(SqlState::CHECK_VIOLATION, text).table(column.table).column(column.name));
        }
    }
    Ok(())
}
