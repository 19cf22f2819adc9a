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
    fn type_in_schema(&self, schema: Oid, name: &str) -> Result<Option<crate::Entry<PgType>>> {
        self.row::<PgType>(index::PG_TYPE_TYPNAME_NSP_INDEX, &[name.into(), schema.into()])
    }

    /// A free name for the array type of a type: the name behind underscores, cut to length.
    pub fn array_type_name(&self, schema: Oid, name: &str) -> Result<String> {
        let mut underscores = String::new();
        loop {
            underscores.push('_');
            let mut candidate = format!("{underscores}{name}");
            while candidate.len() > NAME_LENGTH {
                candidate.pop();
            }
            if self.type_in_schema(schema, &candidate)?.is_none() || underscores.len() >= NAME_LENGTH {
                return Ok(candidate);
            }
        }
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
        for label in labels {
            if label.len() > NAME_LENGTH {
                return Err(Error::new(SqlState::INVALID_NAME, format!("invalid enum label \"{label}\""))
                    .detail(format!("Labels must be {NAME_LENGTH} bytes or less.")));
            }
        }
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
}
