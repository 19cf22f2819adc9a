//! New types: row types of relations, arrays, enums, domains.

use super::create::NewRelation;
use crate::catalog::Catalog;
use crate::depend::{Dependency, Object};
use crate::index;
use crate::relation::kind;
use crate::rows::*;
use error::{Error, Result, SqlState};
use ids::Oid;

/// Bytes of a name, without the end.
const NAME_LENGTH: usize = 63;

/// The support functions that all arrays share.
fn array_row(oid: Oid, element: &PgType, name: String) -> PgType {
    PgType {
        oid,
        typname: name.into(),
        typnamespace: element.typnamespace,
        typowner: element.typowner,
        typlen: -1,
        typtype: b'b',
        typcategory: b'A',
        typisdefined: true,
        typdelim: element.typdelim,
        typsubscript: Oid(6179),
        typelem: element.oid,
        typinput: Oid(750),
        typoutput: Oid(751),
        typreceive: Oid(2400),
        typsend: Oid(2401),
        typanalyze: Oid(3816),
        typalign: if element.typalign == b'd' { b'd' } else { b'i' },
        typstorage: b'x',
        typtypmod: -1,
        typmodin: element.typmodin,
        typmodout: element.typmodout,
        typcollation: element.typcollation,
        ..Default::default()
    }
}

impl Catalog {
    /// The type of this name in a schema, a shell, too.
    pub fn type_in_schema(&self, schema: Oid, name: &str) -> Result<Option<crate::Entry<PgType>>> {
        self.row::<PgType>(index::PG_TYPE_TYPNAME_NSP_INDEX, &[name.into(), schema.into()])
    }

    /// A free name for the array type of a type: the name behind an underscore, and before a number if it must be.
    pub fn array_type_name(&self, schema: Oid, name: &str) -> Result<String> {
        let mut suffix = String::new();
        for number in 1.. {
            let candidate = super::constraint::object_name("", name, &suffix);
            if self.type_in_schema(schema, &candidate)?.is_none() {
                return Ok(candidate);
            }
            suffix = number.to_string();
        }
        Err(Error::internal("no name is left for an array type"))
    }

    /// Moves an automatic array type that has the name of a type to be made out of the way; refuses other types.
    pub(super) fn make_room_for_type(&self, schema: Oid, name: &str) -> Result<()> {
        let Some(existing) = self.type_in_schema(schema, name)? else { return Ok(()) };
        let is_array = self.element_type(existing.oid)?.is_some();
        let owned_by_element =
            is_array && self.find_type(existing.typelem)?.is_some_and(|e| e.typarray == existing.oid);
        if !owned_by_element {
            return Err(Error::new(SqlState::DUPLICATE_OBJECT, format!("type \"{name}\" already exists"))
                .hint("A relation has an associated type of the same name, so you must use a name that doesn't conflict with any existing type."));
        }
        let new_name = self.array_type_name(schema, name)?;
        self.change::<PgType>(index::PG_TYPE_OID_INDEX, &[existing.oid.into()], |row| row.typname = new_name.into())?;
        self.next_command()
    }

    /// Makes the name of a new type free: an automatic array type moves away, a shell stays to be filled in.
    ///
    /// # Errors
    /// `42710` for any other type of that name.
    pub fn make_room_for_new_type(&self, schema: Oid, name: &str) -> Result<()> {
        match self.type_in_schema(schema, name)? {
            Some(row) if !row.typisdefined => Ok(()),
            _ => self.make_room_for_type(schema, name).map_err(|error| match error.state() {
                SqlState::DUPLICATE_OBJECT => {
                    Error::new(SqlState::DUPLICATE_OBJECT, format!("type \"{name}\" already exists"))
                }
                _ => error,
            }),
        }
    }

    /// Makes a type and its array type, with their dependencies; `row.oid` and `row.typarray` are filled in. The type's id.
    ///
    /// # Errors
    /// `42710` if the schema has a type of that name.
    pub fn create_type(&self, mut row: PgType, with_array: bool) -> Result<Oid> {
        if let Some(existing) = self.type_in_schema(row.typnamespace, &row.typname)? {
            if existing.typisdefined {
                return Err(Error::new(SqlState::DUPLICATE_OBJECT, format!("type \"{}\" already exists", row.typname)));
            }
            row.oid = existing.oid;
            self.delete_all::<PgType>(index::PG_TYPE_OID_INDEX, &[existing.oid.into()])?;
            self.forget_dependencies(Object::of::<PgType>(existing.oid), None, None)?;
            self.next_command()?;
        }
        if with_array {
            row.typarray = self.new_oid::<PgType>(index::PG_TYPE_OID_INDEX)?;
        }
        if !row.oid.is_valid() {
            row.oid = self.new_oid::<PgType>(index::PG_TYPE_OID_INDEX)?;
        }
        if row.typacl.is_none() {
            row.typacl = self.initial_acl(crate::privileges::ObjectKind::Type, row.typowner, row.typnamespace)?;
        }
        self.insert(&row)?;
        let this = Object::of::<PgType>(row.oid);
        self.record_dependency(this, Object::of::<PgNamespace>(row.typnamespace), Dependency::Normal)?;
        let functions = [
            row.typinput,
            row.typoutput,
            row.typreceive,
            row.typsend,
            row.typmodin,
            row.typmodout,
            row.typanalyze,
            row.typsubscript,
        ];
        let functions: Vec<Object> =
            functions.iter().filter(|f| f.is_valid()).map(|&f| Object::of::<PgProc>(f)).collect();
        self.record_dependencies(this, &functions, Dependency::Normal)?;
        if row.typbasetype.is_valid() {
            self.record_dependency(this, Object::of::<PgType>(row.typbasetype), Dependency::Normal)?;
        }
        if row.typcollation.is_valid() {
            self.record_dependency(this, Object::of::<PgCollation>(row.typcollation), Dependency::Normal)?;
        }
        self.record_owner(this, row.typowner)?;
        self.record_acl(this, row.typowner, row.typacl.as_ref())?;
        if with_array {
            let name = self.array_type_name(row.typnamespace, &row.typname)?;
            self.insert(&array_row(row.typarray, &row, name))?;
            self.record_dependency(Object::of::<PgType>(row.typarray), this, Dependency::Internal)?;
        }
        self.next_command()?;
        Ok(row.oid)
    }

    /// The row type of a new relation, and its array type.
    pub(super) fn create_row_type(&self, new: &NewRelation, relation: Oid, oid: Oid, array: Oid) -> Result<()> {
        let row = PgType {
            oid,
            typname: new.name.clone().into(),
            typnamespace: new.schema,
            typowner: new.owner,
            typlen: -1,
            typtype: b'c',
            typcategory: b'C',
            typisdefined: true,
            typdelim: b',',
            typrelid: relation,
            typarray: array,
            typinput: Oid(2290),
            typoutput: Oid(2291),
            typreceive: Oid(2402),
            typsend: Oid(2403),
            typalign: b'd',
            typstorage: b'x',
            typtypmod: -1,
            ..Default::default()
        };
        self.insert(&row)?;
        let this = Object::of::<PgType>(oid);
        if new.kind == kind::COMPOSITE_TYPE {
            self.record_dependency(this, Object::of::<PgNamespace>(new.schema), Dependency::Normal)?;
            self.record_owner(this, new.owner)?;
        } else {
            self.record_dependency(this, Object::relation(relation), Dependency::Internal)?;
        }
        let name = self.array_type_name(new.schema, &new.name)?;
        self.insert(&array_row(array, &row, name))?;
        self.record_dependency(Object::of::<PgType>(array), this, Dependency::Internal)
    }

    /// Makes an enum type with these labels, in order.
    ///
    /// # Errors
    /// `42710` for a type of that name, `22023`-like complaints about labels that are too long, `23505` for a label given twice.
    pub fn create_enum(&self, name: &str, schema: Oid, owner: Oid, labels: &[String]) -> Result<Oid> {
        labels.iter().try_for_each(|label| check_label(label))?;
        let oid = self.create_type(
            PgType {
                typname: name.to_string().into(),
                typnamespace: schema,
                typowner: owner,
                typlen: 4,
                typbyval: true,
                typtype: b'e',
                typcategory: b'E',
                typisdefined: true,
                typdelim: b',',
                typinput: Oid(3506),
                typoutput: Oid(3507),
                typreceive: Oid(3532),
                typsend: Oid(3533),
                typalign: b'i',
                typstorage: b'p',
                typtypmod: -1,
                ..Default::default()
            },
            true,
        )?;
        self.own_changes().enums.push(oid);
        // Labels' ids rise with their order, and are even: so ids alone compare while no label was added later.
        for (at, label) in labels.iter().enumerate() {
            let value = loop {
                let value = self.new_oid::<PgEnum>(index::PG_ENUM_OID_INDEX)?;
                if value.0 % 2 == 0 {
                    break value;
                }
            };
            self.insert(&PgEnum {
                oid: value,
                enumtypid: oid,
                enumsortorder: (at + 1) as f32,
                enumlabel: label.clone().into(),
            })?;
        }
        self.next_command()?;
        Ok(oid)
    }

    /// Adds a label to an enum; answers whether it did (not if the label was there already and that is allowed).
    ///
    /// # Errors
    /// `42602` for a label that is too long, `42710` for one that is there, `22023` for a neighbour that is not.
    pub fn add_enum_label(&self, type_: Oid, new: &NewLabel<'_>, if_not_exists: bool) -> Result<bool> {
        check_label(new.label)?;
        let labels = self.enum_labels(type_)?;
        if labels.iter().any(|row| *row.enumlabel == *new.label) {
            return match if_not_exists {
                true => Ok(false),
                false => Err(label_exists(new.label)),
            };
        }
        let mut order: Vec<(Oid, f32)> = labels.iter().map(|row| (row.oid, row.enumsortorder)).collect();
        let at = match new.neighbor {
            None => order.len(),
            Some((after, neighbor)) => {
                let at = labels.iter().position(|row| *row.enumlabel == *neighbor).ok_or_else(|| no_label(neighbor))?;
                at + after as usize
            }
        };
        let between = |order: &[(Oid, f32)]| match (at.checked_sub(1).map(|k| order[k].1), order.get(at)) {
            (None, None) => 1.0,
            (Some(before), None) => before + 1.0,
            (None, Some((_, after))) => after - 1.0,
            (Some(before), Some((_, after))) => (before + after) / 2.0,
        };
        let mut position = between(&order);
        if order.iter().any(|(_, taken)| *taken == position) {
            // No number is left between the neighbours: all are numbered anew.
            // From the last on, so that no two have the same number in between.
            for (k, (oid, number)) in order.iter_mut().enumerate().rev() {
                *number = (k + 1) as f32;
                let new = *number;
                self.change::<PgEnum>(index::PG_ENUM_OID_INDEX, &[(*oid).into()], |row| row.enumsortorder = new)?;
            }
            position = between(&order);
        }
        let oid = self.new_oid::<PgEnum>(index::PG_ENUM_OID_INDEX)?;
        self.insert(&PgEnum {
            oid,
            enumtypid: type_,
            enumsortorder: position,
            enumlabel: new.label.to_string().into(),
        })?;
        {
            let mut own = self.own_changes();
            if !own.enums.contains(&type_) {
                own.labels.push(oid);
            }
        }
        self.next_command()?;
        Ok(true)
    }

    /// Gives a label of an enum another name.
    ///
    /// # Errors
    /// `22023` if there is none of the old name, `42710` if there is one of the new.
    pub fn rename_enum_label(&self, type_: Oid, from: &str, to: &str) -> Result<()> {
        check_label(to)?;
        let labels = self.enum_labels(type_)?;
        let old = labels.iter().find(|row| *row.enumlabel == *from).ok_or_else(|| no_label(from))?;
        if labels.iter().any(|row| *row.enumlabel == *to) {
            return Err(label_exists(to));
        }
        let key = [old.oid.into()];
        self.change::<PgEnum>(index::PG_ENUM_OID_INDEX, &key, |row| row.enumlabel = to.to_string().into())?;
        self.next_command()
    }

    /// A label that the current transaction added to an enum of an earlier one cannot be used before it is committed: an
    /// index might keep the value though the transaction fails.
    ///
    /// # Errors
    /// `55P04` for such a label.
    pub fn check_label_is_safe(&self, label: &PgEnum) -> Result<()> {
        if !self.own_changes().labels.contains(&label.oid) {
            return Ok(());
        }
        let text = format!(
            "unsafe use of new value \"{}\" of enum type {}",
            label.enumlabel,
            self.format_type(label.enumtypid, -1)?
        );
        Err(Error::new(SqlState::UNSAFE_NEW_ENUM_VALUE_USAGE, text)
            .hint("New enum values must be committed before they can be used."))
    }

    /// Makes a shell: a name for a type to come.
    pub fn create_shell(&self, name: &str, schema: Oid, owner: Oid) -> Result<Oid> {
        if self.type_in_schema(schema, name)?.is_some() {
            return Err(Error::new(SqlState::DUPLICATE_OBJECT, format!("type \"{name}\" already exists")));
        }
        self.create_type(
            PgType {
                typname: name.to_string().into(),
                typnamespace: schema,
                typowner: owner,
                typlen: 4,
                typbyval: true,
                typtype: b'p',
                typcategory: b'P',
                typdelim: b',',
                typinput: Oid(2398),
                typoutput: Oid(2399),
                typalign: b'i',
                typstorage: b'p',
                typtypmod: -1,
                ..Default::default()
            },
            false,
        )
    }

    /// Makes a range type, its multirange type, their constructors and the cast between them. The range type's id.
    pub fn create_range(&self, range: PgType, multirange: PgType, details: PgRange) -> Result<Oid> {
        let (name, multirange_name) = (range.typname.to_string(), multirange.typname.to_string());
        let owner = range.typowner;
        let oid = self.create_type(range, true)?;
        let multirange_schema = multirange.typnamespace;
        let multirange = self.create_type(multirange, true)?;
        let (this, other) = (Object::of::<PgType>(oid), Object::of::<PgType>(multirange));
        self.record_dependency(other, this, Dependency::Internal)?;
        let mut needs = vec![Object::of::<PgType>(details.rngsubtype), Object::of::<PgOpclass>(details.rngsubopc)];
        needs.extend([details.rngcanonical, details.rngsubdiff].iter().map(|&f| Object::of::<PgProc>(f)));
        needs.push(Object::of::<PgCollation>(details.rngcollation));
        needs.retain(|object| object.oid.is_valid());
        self.record_dependencies(this, &needs, Dependency::Normal)?;
        let subtype = details.rngsubtype;
        self.insert(&PgRange { rngtypid: oid, rngmultitypid: multirange, ..details })?;
        let schema = self.type_(oid)?.typnamespace;
        let array = self.type_(oid)?.typarray;
        let text = Oid(25);
        let function = |name: &str, schema: Oid, source: &str, args: &[Oid], result: Oid, variadic: Oid| PgProc {
            proname: name.to_string().into(),
            pronamespace: schema,
            proowner: owner,
            prolang: Oid(12),
            procost: 1.0,
            provariadic: variadic,
            prokind: b'f',
            proisstrict: result == multirange,
            provolatile: b'i',
            proparallel: b's',
            pronargs: args.len() as i16,
            prorettype: result,
            proargtypes: crate::field::OidVector(args.to_vec()),
            prosrc: source.to_string().into(),
            proargmodes: variadic.is_valid().then(|| vec![b'v']),
            proallargtypes: variadic.is_valid().then(|| args.to_vec()),
            ..Default::default()
        };
        let none = Oid::INVALID;
        let at = multirange_schema;
        self.add_constructor(function(&name, schema, "range_constructor2", &[subtype, subtype], oid, none), this)?;
        let args = [subtype, subtype, text];
        self.add_constructor(function(&name, schema, "range_constructor3", &args, oid, none), this)?;
        let name = &multirange_name;
        self.add_constructor(function(name, at, "multirange_constructor0", &[], multirange, none), other)?;
        let one =
            self.add_constructor(function(name, at, "multirange_constructor1", &[oid], multirange, none), other)?;
        self.add_constructor(function(name, at, "multirange_constructor2", &[array], multirange, oid), other)?;
        let cast = self.new_oid::<PgCast>(index::PG_CAST_OID_INDEX)?;
        self.insert(&PgCast {
            oid: cast,
            castsource: oid,
            casttarget: multirange,
            castfunc: one,
            castcontext: b'e',
            castmethod: b'f',
        })?;
        let cast = Object::of::<PgCast>(cast);
        self.record_dependencies(cast, &[this, other, Object::of::<PgProc>(one)], Dependency::Internal)?;
        self.next_command()?;
        Ok(oid)
    }

    /// A function that belongs to a type.
    fn add_constructor(&self, mut row: PgProc, owner: Object) -> Result<Oid> {
        row.oid = self.new_oid::<PgProc>(index::PG_PROC_OID_INDEX)?;
        self.insert(&row)?;
        let this = Object::of::<PgProc>(row.oid);
        let mut needs = vec![Object::of::<PgNamespace>(row.pronamespace), Object::of::<PgType>(row.prorettype)];
        needs.extend(row.proargtypes.iter().map(|&arg| Object::of::<PgType>(arg)));
        self.record_dependencies(this, &needs, Dependency::Normal)?;
        self.record_owner(this, row.proowner)?;
        self.record_dependency(this, owner, Dependency::Internal)?;
        Ok(row.oid)
    }

    /// Changes the row of a type.
    pub fn alter_type(&self, type_: Oid, how: impl FnOnce(&mut PgType)) -> Result<()> {
        if !self.change::<PgType>(index::PG_TYPE_OID_INDEX, &[type_.into()], how)? {
            return Err(Error::internal(format!("cache lookup failed for type {type_}")));
        }
        self.next_command()
    }

    /// Gives a type that is no table's another owner, with its array type and, of a composite type, its relation, of a range
    /// type, its multirange type.
    pub fn set_type_owner(&self, type_: Oid, owner: Oid) -> Result<()> {
        let row = self.type_(type_)?;
        if row.typrelid.is_valid() {
            self.alter_class(row.typrelid, |class| class.relowner = owner)?;
        }
        let old = row.typowner;
        let mut all = vec![type_, row.typarray];
        if row.typtype == b'r' {
            let multirange = self.range(type_)?.rngmultitypid;
            all.extend([multirange, self.type_(multirange)?.typarray]);
        }
        for oid in all.into_iter().filter(|oid| oid.is_valid()) {
            let acl = self.type_(oid)?.typacl.as_ref().map(|acl| acl.with_owner(old, owner));
            self.alter_type(oid, |row| {
                row.typowner = owner;
                row.typacl = acl.clone();
            })?;
            if oid != row.typarray {
                self.change_recorded_owner(Object::of::<PgType>(oid), owner)?;
            }
        }
        self.next_command()
    }

    /// Moves a type that is no table's to another schema, with its array type, its constraints (of a domain) and its
    /// relation (of a composite type).
    ///
    /// # Errors
    /// `42710` if the schema has a type of that name.
    pub fn set_type_schema(&self, type_: Oid, schema: Oid) -> Result<()> {
        let row = self.type_(type_)?;
        let old = row.typnamespace;
        if old == schema {
            return Ok(());
        }
        if self.type_in_schema(schema, &row.typname)?.is_some() {
            let name = self.schema_name(schema)?.unwrap_or_default();
            let text = format!("type \"{}\" already exists in schema \"{name}\"", row.typname);
            return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
        }
        self.alter_type(type_, |row| row.typnamespace = schema)?;
        let (from, to) = (Object::of::<PgNamespace>(old), Object::of::<PgNamespace>(schema));
        self.change_dependency(Object::of::<PgType>(type_), from, to)?;
        if row.typrelid.is_valid() {
            self.alter_class(row.typrelid, |class| class.relnamespace = schema)?;
        }
        for constraint in self.domain_constraints(type_)?.iter() {
            let key = [constraint.oid.into()];
            self.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| row.connamespace = schema)?;
        }
        if row.typarray.is_valid() {
            let name = self.array_type_name(schema, &row.typname)?;
            self.alter_type(row.typarray, |row| {
                row.typnamespace = schema;
                row.typname = name.into();
            })?;
        }
        self.next_command()
    }

    /// A domain's constraints, by name.
    pub fn domain_constraints(&self, domain: Oid) -> Result<Vec<crate::Entry<PgConstraint>>> {
        let rows = self.rows::<PgConstraint>(index::PG_CONSTRAINT_CONTYPID_INDEX, &[domain.into()])?;
        let mut rows = rows.to_vec();
        rows.sort_by(|a, b| a.conname.cmp(&b.conname));
        Ok(rows)
    }

    /// A domain's constraint by its name.
    pub fn domain_constraint(&self, domain: Oid, name: &str) -> Result<Option<crate::Entry<PgConstraint>>> {
        Ok(self.domain_constraints(domain)?.into_iter().find(|row| *row.conname == *name))
    }

    /// Notes that all rows were found to hold a constraint.
    pub fn validate_constraint(&self, constraint: Oid) -> Result<()> {
        let key = [constraint.into()];
        self.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| row.convalidated = true)?;
        self.next_command()
    }

    /// Gives a column another type, in the catalogs alone: for relations without stored rows.
    pub fn set_column_type(&self, relation: Oid, number: i16, type_: Oid, typmod: i32, collation: Oid) -> Result<()> {
        let row = self.type_(type_)?;
        let (length, by_value, alignment, storage) = (row.typlen, row.typbyval, row.typalign, row.typstorage);
        self.alter_column(relation, number, |column| {
            column.atttypid = type_;
            column.atttypmod = typmod;
            column.attcollation = collation;
            (column.attlen, column.attbyval) = (length, by_value);
            (column.attalign, column.attstorage) = (alignment, storage);
        })?;
        self.forget_dependencies(Object::column(relation, number), Some(Dependency::Normal), Some(PgType::RELATION))?;
        self.forget_dependencies(
            Object::column(relation, number),
            Some(Dependency::Normal),
            Some(PgCollation::RELATION),
        )?;
        self.record_column_dependencies(relation, number, type_, collation)?;
        self.next_command()
    }

    /// What depends on an object directly.
    pub fn dependents_of(&self, object: Object) -> Result<Vec<Object>> {
        let key = [object.class.into(), object.oid.into()];
        let rows = self.read_rows::<PgDepend>(index::PG_DEPEND_REFERENCE_INDEX, &key)?;
        Ok(rows.iter().map(|row| Object { class: row.classid, oid: row.objid, sub: row.objsubid }).collect())
    }
}

/// A label to be added to an enum.
#[derive(Clone, Copy, Debug)]
pub struct NewLabel<'n> {
    /// The label.
    pub label: &'n str,
    /// Next to which one: true for behind it. None for the end.
    pub neighbor: Option<(bool, &'n str)>,
}

fn check_label(label: &str) -> Result<()> {
    if label.len() <= NAME_LENGTH {
        return Ok(());
    }
    Err(Error::new(SqlState::INVALID_NAME, format!("invalid enum label \"{label}\""))
        .detail(format!("Labels must be {NAME_LENGTH} bytes or less.")))
}

#[cold]
fn no_label(label: &str) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("\"{label}\" is not an existing enum label"))
}

#[cold]
fn label_exists(label: &str) -> Error {
    Error::new(SqlState::DUPLICATE_OBJECT, format!("enum label \"{label}\" already exists"))
}
