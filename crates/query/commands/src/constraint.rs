//! Constraints of tables: making them, checking the rows there are, handing them down to children.

use analyzer::Wanted;
use analyzer::query::Expr;
use analyzer::scope::Place;
use catalog::relation::kind;
use catalog::rows::PgConstraint;
use catalog::{Dependency, DropBehavior, Entry, NewConstraint, Object, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{self, Constraint, ConstraintKind, ExclusionConstraint, UniqueConstraint};

use crate::column::{Column, Model};
use crate::create_index::{self, IndexPlan};
use crate::not_null::{self, NotNull};
use crate::{Context, expression, foreign_key, merge, partition, rows};

/// Marks the columns of a primary key as not null.
pub(crate) fn mark_primary_key(
    context: &Context<'_>,
    constraint: &Constraint,
    columns: &mut [Column<'_>],
) -> Result<()> {
    let ConstraintKind::Unique(unique) = &constraint.kind else { return Ok(()) };
    if !unique.primary {
        return Ok(());
    }
    for name in &unique.columns {
        let column = columns.iter_mut().find(|column| column.new.name == **name);
        let column = column.ok_or_else(|| no_key_column(context, name, constraint))?;
        not_null::imply(column, true)?;
    }
    Ok(())
}

fn no_key_column(context: &Context<'_>, name: &str, constraint: &Constraint) -> Error {
    let text = format!("column \"{name}\" named in key does not exist");
    context.place(Error::new(SqlState::UNDEFINED_COLUMN, text), constraint.location)
}

/// Adds a constraint to a new table, which has neither rows nor children.
pub(crate) fn add_new(context: &Context<'_>, table: Oid, constraint: &Constraint, column: Option<i16>) -> Result<()> {
    match &constraint.kind {
        // It has no partitions yet.
        ConstraintKind::ForeignKey(key) => foreign_key::add(context, table, constraint, key, column, true),
        _ => add(context, table, constraint, column, false),
    }
}

/// Adds a constraint to a table (and its children, if `recurse`): of one column, or of those it names.
pub(crate) fn add(
    context: &Context<'_>,
    table: Oid,
    constraint: &Constraint,
    column: Option<i16>,
    recurse: bool,
) -> Result<()> {
    match &constraint.kind {
        ConstraintKind::Unique(unique) => add_unique(context, table, constraint, unique, column, recurse),
        ConstraintKind::NotNull { column: Some(name) } => {
            let relation = context.catalog().relation(table)?;
            let number = context.column(&relation, name)?;
            let how = NotNull {
                no_inherit: constraint.attributes.no_inherit,
                not_valid: constraint.attributes.not_valid,
                ..NotNull::local(constraint.name.as_deref())
            };
            not_null::add(context, table, number, how, recurse)
        }
        ConstraintKind::Check(condition) => add_check(context, table, constraint, condition, recurse),
        ConstraintKind::Exclusion(exclusion) => add_exclusion(context, table, constraint, exclusion, recurse),
        ConstraintKind::ForeignKey(key) => foreign_key::add(context, table, constraint, key, column, recurse),
        _ => Err(Error::internal("not a table constraint")),
    }
}

/// The same for a table that was made before. Errors of conditions do not say where they stand, nor do those about columns that are missing.
pub(crate) fn add_later(
    context: &Context<'_>,
    table: Oid,
    constraint: &Constraint,
    column: Option<i16>,
    recurse: bool,
) -> Result<()> {
    let silent = context.without_text();
    if let (ConstraintKind::Unique(unique), None) = (&constraint.kind, column) {
        let relation = context.catalog().relation(table)?;
        let gone = |name: &&ast::Name| relation.column_by_name(name).is_none();
        if let Some(name) = unique.columns.iter().find(gone) {
            return Err(match unique.primary {
                true => {
                    let text = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name());
                    Error::new(SqlState::UNDEFINED_COLUMN, text)
                }
                false => no_key_column(&silent, name, constraint),
            });
        }
        if unique.primary {
            one_primary_key(&silent, &relation, constraint)?;
        }
    }
    match &constraint.kind {
        ConstraintKind::Check(_) => add(&silent, table, constraint, column, recurse),
        _ => add(context, table, constraint, column, recurse),
    }
}

/// A table has one primary key at most.
fn one_primary_key(context: &Context<'_>, relation: &Relation, constraint: &Constraint) -> Result<()> {
    if !relation.constraints.iter().any(|constraint| constraint.contype == b'p') {
        return Ok(());
    }
    let text = format!("multiple primary keys for table \"{}\" are not allowed", relation.name());
    Err(context.place(Error::new(SqlState::INVALID_TABLE_DEFINITION, text), constraint.location))
}

fn add_unique(
    context: &Context<'_>,
    table: Oid,
    constraint: &Constraint,
    unique: &UniqueConstraint,
    column: Option<i16>,
    recurse: bool,
) -> Result<()> {
    let deferred = constraint.attributes.initially_deferred == Some(true);
    let deferrable = constraint.attributes.deferrable == Some(true) || deferred;
    if let Some(index) = &unique.index {
        if deferrable {
            return Err(Error::not_implemented("deferrable constraints with USING INDEX"));
        }
        return use_index(context, table, constraint, unique, index);
    }
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let numbers: Vec<i16> = match column {
        Some(number) => vec![number],
        None => (unique.columns.iter())
            .map(|name| {
                let column = relation.column_by_name(name).map(|column| column.attnum);
                column.ok_or_else(|| no_key_column(context, name, constraint))
            })
            .collect::<Result<_>>()?,
    };
    for (at, number) in numbers.iter().enumerate() {
        if numbers[..at].contains(number) {
            let name = relation.column(*number).map_or("", |column| &column.attname);
            let kind = if unique.primary { "primary key" } else { "unique" };
            let text = format!("column \"{name}\" appears twice in {kind} constraint");
            return Err(context.place(Error::new(SqlState::DUPLICATE_COLUMN, text), constraint.location));
        }
    }
    if unique.without_overlaps {
        let &[.., last] = &numbers[..] else { return Err(Error::internal("a key without columns")) };
        if numbers.len() < 2 {
            let text = "constraint using WITHOUT OVERLAPS needs at least two columns";
            return Err(Error::new(SqlState::SYNTAX_ERROR, text));
        }
        if let Some(column) = relation.column(last) {
            let base = catalog.base_type(column.atttypid, -1)?.0;
            if !matches!(catalog.type_(base)?.typtype, b'r' | b'm') {
                let text =
                    format!("column \"{}\" in WITHOUT OVERLAPS is not a range or multirange type", column.attname);
                return Err(context.place(Error::new(SqlState::DATATYPE_MISMATCH, text), constraint.location));
            }
        }
    }
    let is_virtual = |number: &i16| relation.column(*number).is_some_and(|column| column.attgenerated == b'v');
    if numbers.iter().any(is_virtual) {
        let what = if unique.primary { "primary keys" } else { "unique constraints" };
        let text = format!("{what} on virtual generated columns are not supported");
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    if unique.primary {
        one_primary_key(context, &relation, constraint)?;
        not_null::for_primary_key(context, &relation, &numbers, recurse)?;
    }
    let included = unique.including.iter().map(|name| context.column(&relation, name)).collect::<Result<Vec<_>>>()?;
    let base = match unique.without_overlaps {
        true => create_index::without_overlaps(context, &relation, &numbers, &included)?,
        false => IndexPlan::of_columns(context, table, &numbers, &included)?,
    };
    let plan = IndexPlan {
        name: constraint.name.as_deref().map(str::to_string),
        unique: true,
        primary: unique.primary,
        nulls_not_distinct: unique.nulls_not_distinct,
        for_constraint: true,
        immediate: !deferrable,
        options: crate::storage_options::of_index(&unique.options, base.method.1)?,
        tablespace: IndexPlan::place(context, &relation, unique.tablespace.as_deref())?,
        ..base
    };
    let only = IndexPlan { only: true, ..plan };
    let (index, name) = create_index::create(context, &only)?;
    let model = PgConstraint {
        contype: if unique.primary { b'p' } else { b'u' },
        connoinherit: true,
        condeferrable: deferrable,
        condeferred: deferred,
        conkey: Some(numbers),
        conperiod: unique.without_overlaps,
        conexclop: unique.without_overlaps.then(|| only.excluding.clone()),
        ..Default::default()
    };
    own_index_as(context, table, index, &name, model)?;
    own_partitions(context, &relation, index, recurse)
}

/// EXCLUDE.
fn add_exclusion(
    context: &Context<'_>,
    table: Oid,
    constraint: &Constraint,
    exclusion: &ExclusionConstraint,
    recurse: bool,
) -> Result<()> {
    let deferred = constraint.attributes.initially_deferred == Some(true);
    let deferrable = constraint.attributes.deferrable == Some(true) || deferred;
    let relation = context.catalog().relation(table)?;
    let plan = create_index::for_exclusion(context, &relation, exclusion)?;
    let plan =
        IndexPlan { name: constraint.name.as_deref().map(str::to_string), immediate: !deferrable, only: true, ..plan };
    let (index, name) = create_index::create(context, &plan)?;
    let model = PgConstraint {
        contype: b'x',
        connoinherit: true,
        condeferrable: deferrable,
        condeferred: deferred,
        conkey: Some(plan.columns[..plan.keys].iter().map(|column| column.number).collect()),
        conexclop: Some(plan.excluding.clone()),
        ..Default::default()
    };
    own_index_as(context, table, index, &name, model)?;
    own_partitions(context, &relation, index, recurse)
}

/// Gives the partitions of a partitioned table indexes like a new one of its own.
pub(crate) fn own_partitions(context: &Context<'_>, relation: &Relation, index: Oid, recurse: bool) -> Result<()> {
    if relation.kind() != kind::PARTITIONED_TABLE {
        return Ok(());
    }
    let children = context.catalog().children(relation.oid)?;
    if !recurse {
        return Ok(());
    }
    for child in children {
        executor::lock_relation(context.session, child, 8)?;
        create_index::for_partition(context, index, child, false)?;
    }
    create_index::validate_parent(context, index)
}

/// Makes the constraint that an index serves, like another one; its object id.
///
/// `partition`: it comes with the parent's.
pub(crate) fn own_index(
    context: &Context<'_>,
    table: Oid,
    index: Oid,
    name: &str,
    like: &PgConstraint,
    partition: bool,
) -> Result<Oid> {
    let row = context.catalog().relation(index)?.index.clone();
    let row = row.ok_or_else(|| Error::internal("a constraint's index is none"))?;
    let model = PgConstraint {
        contype: like.contype,
        connoinherit: !partition,
        condeferrable: like.condeferrable,
        condeferred: like.condeferred,
        conkey: Some(row.indkey[..row.indnkeyatts as usize].to_vec()),
        conperiod: like.conperiod,
        conexclop: like.conexclop.clone(),
        ..Default::default()
    };
    own_index_as(context, table, index, name, model)
}

fn own_index_as(context: &Context<'_>, table: Oid, index: Oid, name: &str, model: PgConstraint) -> Result<Oid> {
    let row = PgConstraint {
        conname: name.to_string().into(),
        connamespace: context.catalog().relation(table)?.class.relnamespace,
        conenforced: true,
        convalidated: true,
        conrelid: table,
        conindid: index,
        confupdtype: b' ',
        confdeltype: b' ',
        confmatchtype: b' ',
        conislocal: true,
        ..model
    };
    let catalog = context.catalog();
    let oid = catalog.create_constraint(&NewConstraint { row: row.clone(), objects: Vec::new() })?;
    if row.condeferrable {
        crate::triggers::recheck_keys(context, &PgConstraint { oid, ..row.clone() })?;
    }
    let relation = catalog.relation(table)?;
    if row.conexclop.is_some() && relation.kind() != kind::PARTITIONED_TABLE {
        // What a unique index finds while it is built.
        let plan = context.services.plan_rows(&relation, Vec::new())?;
        executor::check_exclusion(context.session, plan, table, index, context.services.work_mem())?;
    }
    Ok(oid)
}

/// Makes a partition's constraint part of its parent's.
pub(crate) fn set_parent(context: &Context<'_>, own: Oid, parent: Oid, table: Oid) -> Result<()> {
    let catalog = context.catalog();
    catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &[own.into()], |row| {
        row.conparentid = parent;
        row.conislocal = false;
        row.coninhcount += 1;
    })?;
    let this = Object::of::<PgConstraint>(own);
    catalog.record_dependency(this, Object::of::<PgConstraint>(parent), Dependency::PartitionPrimary)?;
    catalog.record_dependency(this, Object::relation(table), Dependency::PartitionSecondary)?;
    catalog.next_command()
}

/// ADD CONSTRAINT … USING INDEX.
fn use_index(
    context: &Context<'_>,
    table: Oid,
    constraint: &Constraint,
    unique: &UniqueConstraint,
    name: &ast::Name,
) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let state = SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE;
    let fail = |state: SqlState, text: String| Err(context.place(Error::new(state, text), constraint.location));
    if relation.kind() == kind::PARTITIONED_TABLE {
        let text = "ALTER TABLE / ADD CONSTRAINT USING INDEX is not supported on partitioned tables";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let Some(found) = context.in_schema(relation.class.relnamespace, name, 8)? else {
        return fail(SqlState::UNDEFINED_OBJECT, format!("index \"{name}\" does not exist"));
    };
    let Some(row) = found.index.clone().filter(|_| found.kind() == kind::INDEX) else {
        return fail(SqlState::WRONG_OBJECT_TYPE, format!("\"{name}\" is not an index"));
    };
    if row.indrelid != table {
        return fail(state, format!("index \"{name}\" does not belong to table \"{}\"", relation.name()));
    }
    if catalog.constraint_of_index(found.oid)?.is_some() {
        return fail(state, format!("index \"{name}\" is already associated with a constraint"));
    }
    if !row.indisvalid {
        return fail(state, format!("index \"{name}\" is not valid"));
    }
    let detail = "Cannot create a primary key or unique constraint using such an index.";
    let reject = |text: String| {
        let error = Error::new(SqlState::WRONG_OBJECT_TYPE, text).detail(detail);
        Err(context.place(error, constraint.location))
    };
    if !row.indisunique {
        return reject(format!("\"{name}\" is not a unique index"));
    }
    if row.indexprs.is_some() {
        return reject(format!("index \"{name}\" contains expressions"));
    }
    if row.indpred.is_some() {
        return reject(format!("\"{name}\" is a partial index"));
    }
    let keys = row.indkey[..row.indnkeyatts as usize].to_vec();
    for (at, &number) in keys.iter().enumerate() {
        let (ty, collation) =
            relation.column(number).map_or_else(Default::default, |column| (column.atttypid, column.attcollation));
        if row.indoption.get(at).copied().unwrap_or(0) != 0
            || row.indcollation.get(at).copied() != Some(collation)
            || catalog.default_opclass(catalog::objects::BTREE, ty)? != row.indclass.get(at).copied()
        {
            let text = format!("index \"{name}\" column number {} does not have default sorting behavior", at + 1);
            return reject(text);
        }
    }
    if unique.primary {
        if row.indnullsnotdistinct {
            let text = "primary keys cannot use NULLS NOT DISTINCT indexes";
            return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
        }
        if relation.constraints.iter().any(|constraint| constraint.contype == b'p') {
            let text = format!("multiple primary keys for table \"{}\" are not allowed", relation.name());
            return fail(SqlState::INVALID_TABLE_DEFINITION, text);
        }
        not_null::for_primary_key(context, &relation, &keys, true)?;
        let key = [found.oid.into()];
        catalog
            .change::<catalog::rows::PgIndex>(index::PG_INDEX_INDEXRELID_INDEX, &key, |row| row.indisprimary = true)?;
        catalog.next_command()?;
    }
    let final_name = constraint.name.as_deref().unwrap_or(name).to_string();
    if final_name != **name {
        let text = format!("ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index \"{name}\" to \"{final_name}\"");
        context.inform(SqlState::SUCCESSFUL_COMPLETION, text);
        catalog.rename_relation(found.oid, &final_name)?;
    }
    let model = PgConstraint {
        contype: if unique.primary { b'p' } else { b'u' },
        connoinherit: true,
        conkey: Some(keys),
        ..Default::default()
    };
    own_index_as(context, table, found.oid, &final_name, model).map(|_| ())
}

/// Adds a CHECK, after a look at the rows there are, to a table and its children.
fn add_check(
    context: &Context<'_>,
    table: Oid,
    constraint: &Constraint,
    condition: &ast::Expr,
    recurse: bool,
) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let wanted = Wanted::Condition("CHECK");
    let stored = expression::store(context, condition, Place::CheckConstraint, Some(&relation), wanted)?;
    if let Some(&system) = stored.columns.iter().find(|&&number| number < 0 && number != -6) {
        let name = catalog::relation::system_columns().iter().find(|column| column.attnum == system);
        let name = name.map_or("", |column| &column.attname);
        let text = format!("system column \"{name}\" reference in check constraint is invalid");
        return Err(context.place(Error::new(SqlState::INVALID_COLUMN_REFERENCE, text), constraint.location));
    }
    let schema = relation.class.relnamespace;
    let name = match &constraint.name {
        Some(name) => name.to_string(),
        None => {
            // Named after the column that it reads if that is just one, wherever it is written.
            let number = match stored.columns[..] {
                [number] => Some(number),
                _ => None,
            };
            let columns = number.and_then(|n| relation.column(n)).map_or("", |column| &column.attname).to_string();
            catalog.choose_name(schema, relation.name(), &columns, "check", &|_| false)?
        }
    };
    if constraint.attributes.no_inherit && relation.kind() == kind::PARTITIONED_TABLE {
        let text = format!("cannot add NO INHERIT constraint to partitioned table \"{}\"", relation.name());
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    }
    let check = NewCheck {
        name: &name,
        enforced: constraint.attributes.enforced != Some(false),
        validated: !constraint.attributes.not_valid && constraint.attributes.enforced != Some(false),
        no_inherit: constraint.attributes.no_inherit,
    };
    let children = catalog.children(table)?;
    if !recurse && !children.is_empty() && !check.no_inherit {
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, "constraint must be added to child tables too"));
    }
    check_on(context, table, &check, &stored.expr, true, recurse)
}

/// A CHECK to be made.
struct NewCheck<'s> {
    name: &'s str,
    enforced: bool,
    validated: bool,
    no_inherit: bool,
}

/// Makes a CHECK on a table and, unless it is not inherited, on its children.
fn check_on(
    context: &Context<'_>,
    table: Oid,
    check: &NewCheck<'_>,
    expr: &Expr,
    local: bool,
    recurse: bool,
) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let name = check.name;
    if let Some((have, other)) = merge::check_of(context, &relation, name)? {
        let model = |expr: &Expr| Model { expr: expr.clone(), table: relation.clone() };
        // One that was inherited when the table was made, or that a child has already.
        if merge::same(context, &model(&other), &model(expr))? && (!local || have.coninhcount > 0 && !have.conislocal) {
            if have.connoinherit {
                let text = format!(
                    "constraint \"{name}\" conflicts with non-inherited constraint on relation \"{}\"",
                    relation.name()
                );
                return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
            }
            let conflict = |with: &str| {
                let text = format!(
                    "constraint \"{name}\" conflicts with {with} constraint on relation \"{}\"",
                    relation.name()
                );
                Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text))
            };
            if local && check.no_inherit {
                return conflict("inherited");
            }
            // What is enforced above is enforced below.
            if local && !check.enforced && have.conenforced || !local && check.enforced && !have.conenforced {
                return conflict("NOT ENFORCED");
            }
            if check.validated && have.conenforced && !have.convalidated {
                return conflict("NOT VALID");
            }
            let text = format!("merging constraint \"{name}\" with inherited definition");
            context.inform(SqlState::SUCCESSFUL_COMPLETION, text);
            let key = [have.oid.into()];
            catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| {
                match local {
                    true => row.conislocal = true,
                    false => row.coninhcount += 1,
                }
                if check.enforced && !row.conenforced {
                    (row.conenforced, row.convalidated) = (true, true);
                }
            })?;
            return catalog.next_command();
        }
    }
    let stored = expression::stored(context, expr.clone());
    let row = PgConstraint {
        conname: name.to_string().into(),
        connamespace: relation.class.relnamespace,
        contype: b'c',
        conenforced: check.enforced,
        convalidated: check.validated,
        conrelid: table,
        confupdtype: b' ',
        confdeltype: b' ',
        confmatchtype: b' ',
        conislocal: local,
        coninhcount: i16::from(!local),
        connoinherit: check.no_inherit,
        conkey: (!stored.columns.is_empty()).then_some(stored.columns),
        conbin: Some(stored.text.into()),
        ..Default::default()
    };
    catalog.create_constraint(&NewConstraint { row, objects: stored.objects })?;
    if check.validated {
        check_rows(context, &relation, name, expr)?;
    }
    if check.no_inherit || !recurse {
        return Ok(());
    }
    for child in catalog.children(table)? {
        executor::lock_relation(context.session, child, 8)?;
        let below = catalog.relation(child)?;
        let place = |name: &str| below.column_by_name(name).map(|column| column.attnum);
        let moved = expression::transplant(context, expr, &relation, &place)?;
        check_on(context, child, check, &moved.expr, false, true)?;
    }
    Ok(())
}

/// Looks whether the rows of a table meet a CHECK.
pub(crate) fn check_rows(context: &Context<'_>, relation: &Entry<Relation>, name: &str, expr: &Expr) -> Result<()> {
    if relation.kind() != kind::TABLE {
        return Ok(());
    }
    let mut evaluator = expression::evaluator(context, relation, vec![expr.clone()])?;
    rows::for_each(context, relation, |batch| {
        evaluator.evaluate(context.session, batch)?;
        let holds = evaluator.column(0, batch);
        if batch.rows().iter().any(|row| holds.get(row).as_bool() == Some(false)) {
            let text =
                format!("check constraint \"{name}\" of relation \"{}\" is violated by some row", relation.name());
            return Err(Error::new(SqlState::CHECK_VIOLATION, text).table(relation.name()).constraint(name));
        }
        Ok(())
    })
}

/// VALIDATE CONSTRAINT: looks at the rows that were there before a constraint that is NOT VALID.
pub(crate) fn validate(context: &Context<'_>, table: Oid, name: &str, recurse: bool) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let constraint = find(context, &relation, name)?;
    let wrong = |text: String| Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    if !matches!(constraint.contype, b'f' | b'c' | b'n') {
        let text = format!("cannot validate constraint \"{name}\" of relation \"{}\"", relation.name());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text)
            .detail("This operation is not supported for this type of constraint."));
    }
    if !constraint.conenforced {
        return wrong("cannot validate NOT ENFORCED constraint".into());
    }
    if constraint.convalidated {
        return Ok(());
    }
    match constraint.contype {
        b'f' => return foreign_key::set_validated(context, &constraint),
        b'c' => {
            let children = catalog.children(table)?;
            if !constraint.connoinherit {
                if !recurse && !children.is_empty() {
                    let text = "constraint must be validated on child tables too";
                    return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
                }
                for child in children {
                    validate(context, child, name, true)?;
                }
            }
            if let Some((_, expr)) = merge::check_of(context, &relation, name)? {
                check_rows(context, &relation, name, &expr)?;
            }
        }
        _ => return not_null::validate(context, &relation, &constraint),
    }
    let key = [constraint.oid.into()];
    catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| row.convalidated = true)?;
    catalog.next_command()
}

/// The constraint of a table that a statement names.
pub(crate) fn find(context: &Context<'_>, relation: &Relation, name: &str) -> Result<PgConstraint> {
    let found = context.catalog().constraint_by_name(relation.oid, name)?;
    found.map(|constraint| PgConstraint::clone(&constraint)).ok_or_else(|| {
        let text = format!("constraint \"{name}\" of relation \"{}\" does not exist", relation.name());
        Error::new(SqlState::UNDEFINED_OBJECT, text)
    })
}

/// DROP CONSTRAINT: of a table, and of its children, where they have it from there alone.
pub(crate) fn drop_one(
    context: &Context<'_>,
    table: Oid,
    constraint: &PgConstraint,
    behavior: DropBehavior,
    recurse: bool,
    from_above: bool,
) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let name = constraint.conname.to_string();
    if constraint.coninhcount > 0 && !from_above {
        let text = format!("cannot drop inherited constraint \"{name}\" of relation \"{}\"", relation.name());
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    }
    let number = constraint.conkey.as_ref().and_then(|key| key.first().copied()).unwrap_or_default();
    let column = relation.column(number).map_or(String::new(), |column| column.attname.to_string());
    if constraint.contype == b'n' {
        not_null::check_may_be_null(&relation, number, &column)?;
    }
    notice(context, catalog.drop_object(Object::of::<PgConstraint>(constraint.oid), behavior)?);
    if !matches!(constraint.contype, b'c' | b'n') || constraint.connoinherit {
        return Ok(());
    }
    let children = catalog.children(table)?;
    if !recurse && !children.is_empty() && relation.kind() == kind::PARTITIONED_TABLE && constraint.contype == b'c' {
        let text = "cannot remove constraint from only the partitioned table when partitions exist";
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text).hint("Do not specify the ONLY keyword."));
    }
    for child in children {
        executor::lock_relation(context.session, child, 8)?;
        let below = catalog.relation(child)?;
        let own = match constraint.contype {
            b'c' => below.constraints.iter().find(|own| own.contype == b'c' && own.conname == *name),
            _ => below.column_by_name(&column).and_then(|column| not_null::of(&below, column.attnum)),
        };
        let Some(own) = own.cloned() else { continue };
        if own.coninhcount <= 0 {
            continue;
        }
        if recurse && own.coninhcount == 1 && !own.conislocal {
            drop_one(context, child, &own, behavior, true, true)?;
            continue;
        }
        let key = [own.oid.into()];
        catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| {
            row.coninhcount -= 1;
            row.conislocal |= !recurse;
        })?;
        catalog.next_command()?;
    }
    Ok(())
}

/// Whether a column of a table is part of the key that says which partition a row belongs to; then much cannot be done to it.
pub(crate) fn refuse_key_column(context: &Context<'_>, relation: &Relation, number: i16, what: &str) -> Result<()> {
    let name = relation.column(number).map_or("", |column| &column.attname);
    let text = match partition::uses_column(context, relation, number)? {
        None => return Ok(()),
        Some(_) => {
            format!(
                "cannot {what} column \"{name}\" because it is part of the partition key of relation \"{}\"",
                relation.name()
            )
        }
    };
    Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text))
}

/// RESTRICT or CASCADE.
pub(crate) fn drop_behavior(behavior: ast::DropBehavior) -> DropBehavior {
    match behavior {
        ast::DropBehavior::Restrict => DropBehavior::Restrict,
        ast::DropBehavior::Cascade => DropBehavior::Cascade,
    }
}

/// Passes a notice on.
pub(crate) fn notice(context: &Context<'_>, notice: Option<Error>) {
    if let Some(notice) = notice {
        context.notice(notice);
    }
}
