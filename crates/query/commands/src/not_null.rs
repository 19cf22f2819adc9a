//! NOT NULL constraints: declared with a new table's columns, added to a table and its children, inherited, validated.
//!
//! A column that refuses nulls has one constraint that says so, a row of `pg_constraint`, and the mark `attnotnull`. The mark stands from the
//! start; a constraint that is NOT VALID says that rows from before may still hold nulls. One that is NO INHERIT stays with its table.

use catalog::relation::kind;
use catalog::rows::PgConstraint;
use catalog::{Entry, NewConstraint, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;

use crate::column::Column;
use crate::{Context, expression, inherit, rows};

const MAKE_INHERITABLE: &str =
    "You might need to make the existing constraint inheritable using ALTER TABLE ... ALTER CONSTRAINT ... INHERIT.";
const VALIDATE: &str = "You might need to validate it using ALTER TABLE ... VALIDATE CONSTRAINT.";

fn invalid(text: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_TABLE_DEFINITION, text)
}

fn prerequisite(text: String) -> Error {
    Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text)
}

/// NOT NULL as a definition says it of a column.
#[derive(Clone, Default)]
pub(crate) struct Declared {
    pub name: Option<String>,
    pub no_inherit: bool,
}

/// Notes a NOT NULL that is written beside a column or, `of_table`, among a table's constraints.
pub(crate) fn declare(column: &mut Column<'_>, name: Option<&str>, no_inherit: bool, of_table: bool) -> Result<()> {
    column.new.not_null = true;
    let conflict = match &column.not_null {
        Some(have) => have.no_inherit != no_inherit,
        None => no_inherit && column.implied_not_null,
    };
    if conflict {
        return Err(conflicting_inheritance(&column.new.name, of_table));
    }
    let declared = column.not_null.get_or_insert(Declared { name: None, no_inherit });
    match (&declared.name, name) {
        (Some(have), Some(name)) if have != name => {
            let text = format!("conflicting not-null constraint names \"{have}\" and \"{name}\"");
            Err(Error::new(SqlState::SYNTAX_ERROR, text))
        }
        (None, Some(name)) => {
            declared.name = Some(name.to_string());
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Notes that something else that is said of a column (a primary key, an identity, a `serial`) makes it NOT NULL, for children as well.
pub(crate) fn imply(column: &mut Column<'_>, of_table: bool) -> Result<()> {
    column.new.not_null = true;
    column.implied_not_null = true;
    match &column.not_null {
        Some(have) if have.no_inherit => Err(conflicting_inheritance(&column.new.name, of_table)),
        _ => Ok(()),
    }
}

fn conflicting_inheritance(column: &str, of_table: bool) -> Error {
    let what = if of_table { "declaration for not-null constraint" } else { "declarations for not-null constraints" };
    Error::new(SqlState::SYNTAX_ERROR, format!("conflicting NO INHERIT {what} on column \"{column}\""))
}

/// How a NOT NULL constraint comes to a table.
#[derive(Clone, Copy, Default)]
pub(crate) struct NotNull<'s> {
    /// Its name; one is chosen if there is none.
    pub name: Option<&'s str>,
    /// It was written for this table.
    pub local: bool,
    /// How many parents have it.
    pub inherited: i16,
    /// Children do not inherit it.
    pub no_inherit: bool,
    /// Rows that are there already are not looked at.
    pub not_valid: bool,
}

impl NotNull<'_> {
    /// Written for the table itself.
    pub fn local(name: Option<&str>) -> NotNull<'_> {
        NotNull { name, local: true, ..Default::default() }
    }
}

/// Makes the constraint behind a new table's column that is NOT NULL.
pub(crate) fn create_for(context: &Context<'_>, table: Oid, number: i16, column: &Column<'_>) -> Result<()> {
    let (inherited, theirs) = match &column.inherited_not_null {
        Some((name, count)) => (*count, Some(name.as_str())),
        None => (0, None),
    };
    let local = column.not_null.is_some() || column.implied_not_null || inherited == 0;
    let no_inherit = column.not_null.as_ref().is_some_and(|declared| declared.no_inherit);
    if no_inherit && inherited > 0 {
        let text = format!("cannot define not-null constraint with NO INHERIT on column \"{}\"", column.new.name);
        return Err(
            Error::new(SqlState::DATATYPE_MISMATCH, text).detail("The column has an inherited not-null constraint.")
        );
    }
    if no_inherit && context.catalog().relation(table)?.kind() == kind::PARTITIONED_TABLE {
        let text = "not-null constraints on partitioned tables cannot be NO INHERIT";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let own = column.not_null.as_ref().and_then(|declared| declared.name.as_deref());
    let name = own.or(theirs.filter(|_| !local));
    let how = NotNull { name, local, inherited, no_inherit, not_valid: false };
    create(context, table, number, &column.new.name, how)
}

/// Makes the constraint behind a column that is NOT NULL.
pub(crate) fn create(context: &Context<'_>, table: Oid, number: i16, column: &str, how: NotNull<'_>) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let schema = relation.class.relnamespace;
    let taken = |name: &str| relation.constraints.iter().any(|constraint| constraint.conname == *name);
    let name = match how.name {
        // An inherited name gives way to a constraint of the table's own.
        Some(name) if how.local || !taken(name) => name.to_string(),
        _ => catalog.choose_name(schema, relation.name(), column, "not_null", &|_| false)?,
    };
    let row = PgConstraint {
        conname: name.into(),
        connamespace: schema,
        contype: b'n',
        conenforced: true,
        convalidated: !how.not_valid,
        conrelid: table,
        confupdtype: b' ',
        confdeltype: b' ',
        confmatchtype: b' ',
        conislocal: how.local,
        coninhcount: how.inherited,
        connoinherit: how.no_inherit,
        conkey: Some(vec![number]),
        ..Default::default()
    };
    catalog.create_constraint(&NewConstraint { row, objects: Vec::new() }).map(|_| ())
}

/// The NOT NULL constraint of a column, if it has one.
pub(crate) fn of(relation: &Relation, number: i16) -> Option<&PgConstraint> {
    let own =
        |constraint: &&PgConstraint| constraint.contype == b'n' && constraint.conkey.as_deref() == Some(&[number]);
    relation.constraints.iter().find(own)
}

/// ALTER COLUMN … SET NOT NULL: a constraint that is there already becomes valid, in children as well.
pub(crate) fn set(context: &Context<'_>, relation: &Entry<Relation>, number: i16, recurse: bool) -> Result<()> {
    let has_children = !context.catalog().children(relation.oid)?.is_empty();
    if !recurse && has_children && relation.kind() == kind::PARTITIONED_TABLE {
        return Err(invalid("constraint must be added to child tables too").hint("Do not specify the ONLY keyword."));
    }
    // Of a table that is not partitioned, ONLY means that children need not follow.
    let no_inherit = !recurse && has_children;
    match of(relation, number) {
        Some(have) if have.connoinherit && recurse && has_children => Err(unchangeable(have, relation)),
        Some(have) if !have.convalidated => validate(context, relation, have),
        Some(have) => {
            let key = [have.oid.into()];
            context
                .catalog()
                .change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| row.conislocal = true)?;
            context.catalog().next_command()
        }
        None => add(context, relation.oid, number, NotNull { no_inherit, ..NotNull::local(None) }, recurse),
    }
}

fn unchangeable(have: &PgConstraint, relation: &Relation) -> Error {
    prerequisite(format!(
        "cannot change NO INHERIT status of NOT NULL constraint \"{}\" on relation \"{}\"",
        have.conname,
        relation.name()
    ))
}

fn incompatible(have: &PgConstraint, relation: &Relation) -> Error {
    prerequisite(format!("incompatible NOT VALID constraint \"{}\" on relation \"{}\"", have.conname, relation.name()))
        .hint(VALIDATE)
}

/// Makes a column refuse nulls, after a look at the rows there are; and the columns of children, if `recurse`.
pub(crate) fn add(context: &Context<'_>, table: Oid, number: i16, how: NotNull<'_>, recurse: bool) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?.clone();
    if how.no_inherit && relation.kind() == kind::PARTITIONED_TABLE {
        let text = "not-null constraints on partitioned tables cannot be NO INHERIT";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    if let Some(have) = of(&relation, number) {
        if have.connoinherit != how.no_inherit {
            return Err(unchangeable(have, &relation).hint(MAKE_INHERITABLE));
        }
        if !how.not_valid && !have.convalidated {
            return Err(incompatible(have, &relation));
        }
        if let Some(name) = how.name.filter(|_| how.local)
            && have.conname != *name
        {
            let text = format!(
                "cannot create not-null constraint \"{name}\" on column \"{}\" of table \"{}\"",
                column.attname,
                relation.name()
            );
            return Err(prerequisite(text)
                .detail(format!("A not-null constraint named \"{}\" already exists for this column.", have.conname)));
        }
        let key = [have.oid.into()];
        catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| {
            row.conislocal |= how.local;
            row.coninhcount += how.inherited;
        })?;
        return catalog.next_command();
    }
    let children = if how.no_inherit { Vec::new() } else { catalog.children(table)? };
    if !recurse && !children.is_empty() {
        return Err(invalid("constraint must be added to child tables too"));
    }
    if !how.not_valid {
        refuse_nulls(context, &relation, number, &column.attname)?;
    }
    catalog.alter_column(table, number, |row| row.attnotnull = true)?;
    create(context, table, number, &column.attname, how)?;
    hand_down(context, table, number, children)
}

/// Gives children the NOT NULL constraint that a column of their parent has.
fn hand_down(context: &Context<'_>, table: Oid, number: i16, children: Vec<Oid>) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let Some(above) = of(&relation, number) else { return Ok(()) };
    let name = above.conname.to_string();
    let column = Box::from(relation.column(number).map_or("", |column| &*column.attname));
    for child in children {
        executor::lock_relation(context.session, child, 8)?;
        let own = context.column(&*catalog.relation(child)?, &column)?;
        let how = NotNull {
            name: Some(&name),
            local: false,
            inherited: 1,
            no_inherit: false,
            not_valid: !above.convalidated,
        };
        add(context, child, own, how, true)?;
    }
    Ok(())
}

/// ALTER CONSTRAINT … [NO] INHERIT.
pub(crate) fn set_inheritable(
    context: &Context<'_>,
    relation: &Relation,
    found: &PgConstraint,
    inheritable: bool,
) -> Result<()> {
    let catalog = context.catalog();
    if !inheritable && relation.kind() == kind::PARTITIONED_TABLE {
        let text = format!(
            "not-null constraint \"{}\" on partitioned table \"{}\" cannot be NO INHERIT",
            found.conname,
            relation.name()
        );
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    if inheritable != found.connoinherit {
        return Ok(());
    }
    if found.coninhcount > 0 {
        let text =
            format!("cannot alter inherited constraint \"{}\" on relation \"{}\"", found.conname, relation.name());
        return Err(invalid(text));
    }
    let key = [found.oid.into()];
    catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| row.connoinherit = !inheritable)?;
    catalog.next_command()?;
    let number = found.conkey.as_ref().and_then(|key| key.first().copied()).unwrap_or_default();
    let children = catalog.children(relation.oid)?;
    if inheritable {
        return hand_down(context, relation.oid, number, children).map_err(|mut error| {
            // The hint would tell of what is being done.
            error.fields_mut().hint = None;
            error
        });
    }
    let column = relation.column(number).map_or("", |column| &*column.attname);
    for child in children {
        executor::lock_relation(context.session, child, 8)?;
        let below = catalog.relation(child)?;
        let own = below.column_by_name(column).and_then(|column| of(&below, column.attnum));
        if let Some(own) = own.filter(|own| own.coninhcount > 0) {
            let key = [own.oid.into()];
            catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| {
                row.coninhcount -= 1;
                row.conislocal = true;
            })?;
            catalog.next_command()?;
        }
    }
    Ok(())
}

/// Sees to it that the columns of a new primary key are NOT NULL; of children as well, with `recurse`, else they must be so already.
pub(crate) fn for_primary_key(
    context: &Context<'_>,
    relation: &Relation,
    numbers: &[i16],
    recurse: bool,
) -> Result<()> {
    let catalog = context.catalog();
    for &number in numbers {
        let column = relation.column(number).map_or("", |column| &*column.attname);
        for child in catalog.children(relation.oid)?.into_iter().filter(|_| !recurse) {
            let below = catalog.relation(child)?;
            let own = below.column_by_name(column).and_then(|column| of(&below, column.attnum));
            let Some(own) = own else {
                let text = format!("column \"{column}\" of table \"{}\" is not marked NOT NULL", below.name());
                return Err(invalid(text));
            };
            fits_primary_key(own, &below, column)?;
        }
        match of(relation, number) {
            Some(have) => fits_primary_key(have, relation, column)?,
            None => {
                let whole = relation.kind() == kind::PARTITIONED_TABLE;
                // The children of a partitioned table have theirs already.
                match !recurse && whole {
                    true => {
                        catalog.alter_column(relation.oid, number, |row| row.attnotnull = true)?;
                        create(context, relation.oid, number, column, NotNull::local(None))?;
                        for child in catalog.children(relation.oid)? {
                            let below = catalog.relation(child)?;
                            let own = below.column_by_name(column).and_then(|column| of(&below, column.attnum));
                            if let Some(own) = own {
                                let key = [own.oid.into()];
                                catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| {
                                    row.coninhcount += 1
                                })?;
                            }
                        }
                        catalog.next_command()?;
                    }
                    false => add(context, relation.oid, number, NotNull::local(None), recurse)?,
                }
            }
        }
    }
    Ok(())
}

fn fits_primary_key(have: &PgConstraint, relation: &Relation, column: &str) -> Result<()> {
    let (mark, hint) = match (have.connoinherit, have.convalidated) {
        (true, _) => ("NO INHERIT", MAKE_INHERITABLE),
        (_, false) => ("NOT VALID", VALIDATE),
        _ => return Ok(()),
    };
    Err(prerequisite(format!("cannot create primary key on column \"{column}\""))
        .detail(format!(
            "The constraint \"{}\" on column \"{column}\" of table \"{}\", marked {mark}, is incompatible with a primary key.",
            have.conname,
            relation.name()
        ))
        .hint(hint))
}

/// A column that shall be an identity must have a constraint that holds for all rows.
pub(crate) fn must_be_valid(relation: &Relation, number: i16) -> Result<()> {
    match of(relation, number) {
        Some(have) if !have.convalidated => Err(incompatible(have, relation)),
        _ => Ok(()),
    }
}

/// VALIDATE CONSTRAINT: looks at the rows of a table and of those below it.
pub(crate) fn validate(context: &Context<'_>, relation: &Entry<Relation>, found: &PgConstraint) -> Result<()> {
    let catalog = context.catalog();
    let number = found.conkey.as_ref().and_then(|key| key.first().copied()).unwrap_or_default();
    let column = relation.column(number).map_or(String::new(), |column| column.attname.to_string());
    let below = if found.connoinherit { vec![relation.oid] } else { inherit::tree(context, relation.oid, 8)? };
    for member in below {
        let member = catalog.relation(member)?;
        let own = member.column_by_name(&column).and_then(|column| of(&member, column.attnum));
        let Some(own) = own.filter(|own| !own.convalidated) else { continue };
        let number = own.conkey.as_ref().and_then(|key| key.first().copied()).unwrap_or_default();
        refuse_nulls(context, &member, number, &column)?;
        let key = [own.oid.into()];
        catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| row.convalidated = true)?;
        // Plans may know now that there are no nulls.
        catalog.alter_class(member.oid, |_| ())?;
        catalog.next_command()?;
    }
    Ok(())
}

/// Looks for nulls among the rows of a table.
pub(crate) fn refuse_nulls(context: &Context<'_>, relation: &Entry<Relation>, number: i16, name: &str) -> Result<()> {
    if relation.kind() != kind::TABLE {
        return Ok(());
    }
    let virtual_column = relation.column(number).is_some_and(|column| column.attgenerated == b'v');
    let mut evaluator = match virtual_column {
        true => {
            let text = relation.default_of(number).unwrap_or_default();
            Some(expression::evaluator(context, relation, vec![expression::read(context, text)?])?)
        }
        false => None,
    };
    rows::for_each(context, relation, |batch| {
        let column = match &mut evaluator {
            Some(evaluator) => {
                evaluator.evaluate(context.session, batch)?;
                evaluator.column(0, batch)
            }
            None => &batch.columns[number as usize - 1],
        };
        if batch.rows().iter().any(|row| column.is_null(row)) {
            let text = format!("column \"{name}\" of relation \"{}\" contains null values", relation.name());
            return Err(Error::new(SqlState::NOT_NULL_VIOLATION, text).table(relation.name()).column(name));
        }
        Ok(())
    })
}

/// Columns of a primary key and identity columns cannot be null.
pub(crate) fn check_may_be_null(relation: &Relation, number: i16, column: &str) -> Result<()> {
    let primary = relation.constraints.iter().any(|constraint| {
        constraint.contype == b'p' && constraint.conkey.as_ref().is_some_and(|key| key.contains(&number))
    });
    if primary {
        return Err(invalid(format!("column \"{column}\" is in a primary key")));
    }
    if relation.column(number).is_some_and(|column| column.attidentity != 0) {
        let text = format!("column \"{column}\" of relation \"{}\" is an identity column", relation.name());
        return Err(Error::new(SqlState::SYNTAX_ERROR, text));
    }
    Ok(())
}
