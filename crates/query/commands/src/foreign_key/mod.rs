//! Foreign keys.
//!
//! A foreign key is a row of `pg_constraint` and four internal triggers, as in PostgreSQL: two on the referencing table (INSERT, UPDATE) and
//! two on the referenced one (DELETE, UPDATE). One that is NOT ENFORCED has none. Here is how a definition becomes a constraint;
//! [`tree`] makes rows and triggers, of the partitions of both tables as well, and [`check`] is what the triggers do.

mod check;
mod tree;

pub(crate) use check::fire;
pub(crate) use tree::{adopt, before_detach, can_wait, release, set_enforced, set_validated};

use analyzer::coerce::Coercion;
use catalog::acl::Privileges;
use catalog::privileges::ObjectKind;
use catalog::relation::kind;
use catalog::rows::PgConstraint;
use catalog::{Entry, NewConstraint, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{self, Constraint, MatchType, ReferentialAction};

use crate::Context;

fn letter(action: ReferentialAction) -> u8 {
    match action {
        ReferentialAction::NoAction => b'a',
        ReferentialAction::Restrict => b'r',
        ReferentialAction::Cascade => b'c',
        ReferentialAction::SetNull => b'n',
        ReferentialAction::SetDefault => b'd',
    }
}

/// Adds a foreign key to a table and, with `recurse`, its partitions.
pub(crate) fn add(
    context: &Context<'_>,
    table: Oid,
    constraint: &Constraint,
    key: &ast::ForeignKey,
    column: Option<i16>,
    recurse: bool,
) -> Result<()> {
    let invalid = |text: &str| Err(Error::new(SqlState::INVALID_FOREIGN_KEY, text));
    if key.referenced_period && !key.period {
        return invalid("foreign key uses PERIOD on the referenced table but not the referencing table");
    }
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let referenced = context.open(&key.table, 6)?;
    if !recurse && relation.kind() == kind::PARTITIONED_TABLE {
        let text = format!(
            "cannot use ONLY for foreign key on partitioned table \"{}\" referencing relation \"{}\"",
            relation.name(),
            referenced.name()
        );
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    if !matches!(referenced.kind(), kind::TABLE | kind::PARTITIONED_TABLE) {
        let text = format!("referenced relation \"{}\" is not a table", referenced.name());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    check_persistence(&relation, &referenced)?;
    let columns = match column {
        Some(number) => vec![number],
        None => numbers(&relation, &key.columns)?,
    };
    let mut set_columns: Vec<i16> = Vec::new();
    for (number, name) in numbers(&relation, &key.set_columns)?.into_iter().zip(&key.set_columns) {
        if !columns.contains(&number) {
            let text = format!("column \"{name}\" referenced in ON DELETE SET action must be part of foreign key");
            return Err(Error::new(SqlState::INVALID_COLUMN_REFERENCE, text));
        }
        if !set_columns.contains(&number) {
            set_columns.push(number);
        }
    }
    let wanted = numbers(&referenced, &key.referenced)?;
    if key.period && !key.referenced_period && !wanted.is_empty() {
        return invalid("foreign key uses PERIOD on the referencing table but not the referenced table");
    }
    let named = !wanted.is_empty();
    let found = referenced_key(context, &referenced, wanted, key.period)?;
    let Referenced { index, columns: wanted, classes, without_overlaps } = found;
    if without_overlaps && !key.period {
        return invalid(match named {
            true => "foreign key must use PERIOD when referencing a primary key using WITHOUT OVERLAPS",
            false => "foreign key uses PERIOD on the referenced table but not the referencing table",
        });
    }
    if key.period && !without_overlaps {
        return invalid("foreign key uses PERIOD on the referencing table but not the referenced table");
    }
    may_refer(context, &referenced, &wanted)?;
    if columns.len() != wanted.len() {
        let text = "number of referencing and referenced columns for foreign key disagree";
        return Err(Error::new(SqlState::INVALID_FOREIGN_KEY, text));
    }
    let names: Vec<String> = columns.iter().map(|&n| column_name(&relation, n)).collect();
    let name = match &constraint.name {
        Some(name) => name.to_string(),
        None => {
            catalog.choose_name(relation.class.relnamespace, relation.name(), &names.join("_"), "fkey", &|_| false)?
        }
    };
    let [mut pf, mut pp, mut ff] = [const { Vec::new() }; 3];
    for (at, ((&from, &to), &class)) in columns.iter().zip(&wanted).zip(&classes).enumerate() {
        check_collations(context, &name, (&relation, from), (&referenced, to))?;
        let strategy = match key.period {
            false => EQUAL,
            // Those of GiST's classes.
            true if at + 1 == columns.len() => 3,
            true => 18,
        };
        let found = equality(context, class, strategy, column_type(&relation, from), column_type(&referenced, to))?;
        let Some([by_both, by_referenced, by_referencing]) = found else {
            let shown = |relation: &Relation, number| catalog.format_type(column_type(relation, number), -1);
            let text = format!("foreign key constraint \"{name}\" cannot be implemented");
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, text).detail(format!(
                "Key columns \"{}\" of the referencing table and \"{}\" of the referenced table are of incompatible types: \
                 {} and {}.",
                column_name(&relation, from),
                column_name(&referenced, to),
                shown(&relation, from)?,
                shown(&referenced, to)?
            )));
        };
        pf.push(by_both);
        pp.push(by_referenced);
        ff.push(by_referencing);
    }
    if key.period {
        for (action, word) in [(key.on_update, "ON UPDATE"), (key.on_delete, "ON DELETE")] {
            if action != ReferentialAction::NoAction {
                let text = format!("unsupported {word} action for foreign key constraint using PERIOD");
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
        }
    }
    let enforced = constraint.attributes.enforced != Some(false);
    let deferred = constraint.attributes.initially_deferred == Some(true);
    let row = PgConstraint {
        conname: name.into(),
        connamespace: relation.class.relnamespace,
        contype: b'f',
        condeferrable: constraint.attributes.deferrable == Some(true) || deferred,
        condeferred: deferred,
        conenforced: enforced,
        convalidated: !constraint.attributes.not_valid && enforced,
        conrelid: table,
        conindid: index,
        confrelid: referenced.oid,
        confupdtype: letter(key.on_update),
        confdeltype: letter(key.on_delete),
        confmatchtype: if key.matching == MatchType::Full { b'f' } else { b's' },
        conislocal: true,
        conperiod: key.period,
        connoinherit: relation.kind() != kind::PARTITIONED_TABLE,
        conkey: Some(columns),
        confkey: Some(wanted),
        conpfeqop: Some(pf),
        conppeqop: Some(pp),
        conffeqop: Some(ff),
        confdelsetcols: (!set_columns.is_empty()).then_some(set_columns),
        ..Default::default()
    };
    check_columns(&relation, &row)?;
    let oid = catalog.create_constraint(&NewConstraint { row: row.clone(), objects: Vec::new() })?;
    tree::complete(context, &PgConstraint { oid, ..row })
}

/// The numbers of the columns that a foreign key names.
fn numbers(relation: &Relation, names: &[ast::Name]) -> Result<Vec<i16>> {
    let number = |name: &ast::Name| match relation.column_by_name(name) {
        Some(column) => Ok(column.attnum),
        None if catalog::relation::system_column_by_name(name).is_some() => {
            Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "system columns cannot be used in foreign keys"))
        }
        None => {
            let text = format!("column \"{name}\" referenced in foreign key constraint does not exist");
            Err(Error::new(SqlState::UNDEFINED_COLUMN, text))
        }
    };
    names.iter().map(number).collect()
}

/// The unique key that a foreign key refers to.
struct Referenced {
    index: Oid,
    /// In the order in which the foreign key names them.
    columns: Vec<i16>,
    /// The index's operator classes of these columns.
    classes: Vec<Oid>,
    /// Its last column is a period.
    without_overlaps: bool,
}

/// Looks for the unique index of these columns; of the primary key, if none are named. `period`: one WITHOUT OVERLAPS.
fn referenced_key(
    context: &Context<'_>,
    referenced: &Entry<Relation>,
    wanted: Vec<i16>,
    period: bool,
) -> Result<Referenced> {
    let catalog = context.catalog();
    let primary = wanted.is_empty();
    if (1..wanted.len()).any(|at| wanted[..at].contains(&wanted[at])) {
        let text = "foreign key referenced-columns list must not contain duplicates";
        return Err(Error::new(SqlState::INVALID_FOREIGN_KEY, text));
    }
    let mut deferrable = false;
    for &oid in &referenced.indexes {
        let index = catalog.relation(oid)?;
        let Some(row) = &index.index else { continue };
        let keys = &row.indkey[..row.indnkeyatts as usize];
        let fits = match primary {
            true => row.indisprimary,
            false => {
                (if period { row.indisexclusion } else { row.indisunique })
                    && row.indpred.is_none()
                    && keys.len() == wanted.len()
                    && wanted.iter().all(|number| keys.contains(number))
            }
        };
        if !fits {
            continue;
        }
        if !row.indimmediate {
            deferrable = true;
            continue;
        }
        let columns = if primary { keys.to_vec() } else { wanted };
        let class = |number| keys.iter().position(|key| key == number).and_then(|at| row.indclass.get(at).copied());
        let classes = columns.iter().map(|number| class(number).unwrap_or_default()).collect();
        return Ok(Referenced { index: oid, columns, classes, without_overlaps: row.indisexclusion });
    }
    if deferrable {
        let what = if primary { "primary key" } else { "unique constraint" };
        let text = format!("cannot use a deferrable {what} for referenced table \"{}\"", referenced.name());
        return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text));
    }
    if primary {
        let text = format!("there is no primary key for referenced table \"{}\"", referenced.name());
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
    }
    let text =
        format!("there is no unique constraint matching given keys for referenced table \"{}\"", referenced.name());
    Err(Error::new(SqlState::INVALID_FOREIGN_KEY, text))
}

/// Whoever makes a foreign key needs REFERENCES on the table it refers to, or on each of the columns.
fn may_refer(context: &Context<'_>, referenced: &Relation, columns: &[i16]) -> Result<()> {
    let (catalog, wanted) = (context.catalog(), Privileges::REFERENCES);
    let whole = catalog.require_privileges(ObjectKind::Relation, referenced.oid, wanted);
    let Err(refused) = whole else { return Ok(()) };
    for &column in columns {
        if !catalog.column_privileges(referenced.oid, column, catalog.current_user(), wanted)?.contains(wanted) {
            return Err(refused);
        }
    }
    Ok(())
}

/// The strategy of equality in a B-tree.
const EQUAL: i16 = 3;

/// The operators by which a referencing column's values are equal to those of a referenced one (referenced on the left), and those of each to
/// their own kind: referenced, referencing. None if the operator class of the referenced key has none. (Of a period: those of overlapping.)
fn equality(context: &Context<'_>, class: Oid, strategy: i16, from: Oid, to: Oid) -> Result<Option<[Oid; 3]>> {
    let catalog = context.catalog();
    let class = catalog.opclass(class)?;
    let (family, input) = (class.opcfamily, class.opcintype);
    let from = catalog.base_type(from, -1)?.0;
    let Some(same) = catalog.family_operator(family, input, input, strategy)? else { return Ok(None) };
    let both = catalog.family_operator(family, input, from, strategy)?;
    let own = catalog.family_operator(family, from, from, strategy)?;
    if let (Some(both), Some(own)) = (both, own) {
        return Ok(Some([both, same, own]));
    }
    // Both as the class's own type, where they become that by themselves.
    let fits = match analyzer::is_polymorphic(input) {
        true => catalog.base_type(to, -1)?.0 == from,
        false => context.analyzer().can_coerce(&[to, from], &[input, input], Coercion::Implicit)?,
    };
    Ok(fits.then_some([same; 3]))
}

/// Rows that outlive others cannot refer to them.
fn check_persistence(relation: &Relation, referenced: &Relation) -> Result<()> {
    let refuse = |text: &str| Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    match (relation.class.relpersistence, referenced.class.relpersistence) {
        (b'p', b'u' | b't') => refuse("constraints on permanent tables may reference only permanent tables"),
        (b'u', b't') => refuse("constraints on unlogged tables may reference only permanent or unlogged tables"),
        (b't', b'p' | b'u') => refuse("constraints on temporary tables may reference only temporary tables"),
        _ => Ok(()),
    }
}

/// What a foreign key would do to generated columns must be possible.
fn check_columns(relation: &Relation, row: &PgConstraint) -> Result<()> {
    for &number in row.conkey.iter().flatten() {
        let Some(column) = relation.column(number).filter(|column| column.attgenerated != 0) else { continue };
        let invalid = |clause: &str| {
            let text = format!("invalid {clause} action for foreign key constraint containing generated column");
            Err(Error::new(SqlState::SYNTAX_ERROR, text))
        };
        if matches!(row.confupdtype, b'n' | b'd' | b'c') {
            return invalid("ON UPDATE");
        }
        if matches!(row.confdeltype, b'n' | b'd') {
            return invalid("ON DELETE");
        }
        if column.attgenerated == b'v' {
            let text = "foreign key constraints on virtual generated columns are not supported";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
    }
    Ok(())
}

/// Columns whose equality is more than that of bytes must have the same: else what one side finds equal differs from what the other finds.
fn check_collations(
    context: &Context<'_>,
    name: &str,
    (relation, from): (&Relation, i16),
    (referenced, to): (&Relation, i16),
) -> Result<()> {
    let (Some(from), Some(to)) = (relation.column(from), referenced.column(to)) else { return Ok(()) };
    let (ours, theirs) = (from.attcollation, to.attcollation);
    let env = context.session.env();
    let weak = |collation: Oid| types::text::resolve_weak(collation, env).map(|weak| weak.is_some());
    if ours == theirs || !ours.is_valid() || !theirs.is_valid() || !weak(ours)? && !weak(theirs)? {
        return Ok(());
    }
    let called = |collation: Oid| context.catalog().collation(collation).map(|row| row.collname.to_string());
    let text = format!("foreign key constraint \"{name}\" cannot be implemented");
    Err(Error::new(SqlState::COLLATION_MISMATCH, text).detail(format!(
        "Key columns \"{}\" of the referencing table and \"{}\" of the referenced table have incompatible collations: \"{}\" and \"{}\".  \
         If either collation is nondeterministic, then both collations have to be the same.",
        from.attname,
        to.attname,
        called(ours)?,
        called(theirs)?
    )))
}

fn column_name(relation: &Relation, number: i16) -> String {
    relation.column(number).map_or_else(String::new, |column| column.attname.to_string())
}

fn column_type(relation: &Relation, number: i16) -> Oid {
    relation.column(number).map_or(Oid::INVALID, |column| column.atttypid)
}
