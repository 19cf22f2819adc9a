//! New constraints and column defaults.

use crate::catalog::Catalog;
use crate::depend::{Dependency, Object};
use crate::index;
use crate::rows::*;
use error::{Error, Result, SqlState};
use ids::Oid;

/// A constraint to be made: its row, and what it depends on.
#[derive(Clone, Debug)]
pub struct NewConstraint {
    /// The row; `oid` is filled in, and `connamespace` if it is invalid.
    pub row: PgConstraint,
    /// Objects besides table, columns, index and referenced table that its expression or operators need.
    pub objects: Vec<Object>,
}

impl Catalog {
    /// Whether a table has a constraint of this name.
    pub fn constraint_by_name(&self, table: Oid, name: &str) -> Result<Option<crate::Entry<PgConstraint>>> {
        let key = [table.into(), Oid::INVALID.into(), name.into()];
        self.row(index::PG_CONSTRAINT_CONRELID_CONTYPID_CONNAME_INDEX, &key)
    }

    /// A name for a constraint or index that its schema does not have yet: `table_columns_suffix`, cut to length, with a number
    /// if it must be. `taken` says of other names that they are not free.
    pub fn choose_name(
        &self,
        schema: Oid,
        table: &str,
        columns: &str,
        suffix: &str,
        taken: &dyn Fn(&str) -> bool,
    ) -> Result<String> {
        for number in 0u32.. {
            let suffix = if number == 0 { suffix.to_string() } else { format!("{suffix}{number}") };
            let name = object_name(table, columns, &suffix);
            let constraint = self
                .rows::<PgConstraint>(index::PG_CONSTRAINT_CONNAME_NSP_INDEX, &[name.as_str().into(), schema.into()])?;
            if constraint.is_empty() && self.relation_in_schema(schema, &name)?.is_none() && !taken(&name) {
                return Ok(name);
            }
        }
        Err(Error::internal("no free name"))
    }

    /// A constraint's name followed by the first number, `_1` or more, with which no constraint of the schema has it yet.
    pub fn choose_numbered_name(&self, schema: Oid, name: &str) -> Result<String> {
        for number in 1u32.. {
            let name = object_name(name, "", &number.to_string());
            let key = [name.as_str().into(), schema.into()];
            if self.rows::<PgConstraint>(index::PG_CONSTRAINT_CONNAME_NSP_INDEX, &key)?.is_empty() {
                return Ok(name);
            }
        }
        Err(Error::internal("no free name"))
    }

    /// Makes a constraint with its dependencies; keeps `relchecks` and the ownership of its index right. Its object id.
    ///
    /// # Errors
    /// `42710` if the table has one of that name.
    pub fn create_constraint(&self, new: &NewConstraint) -> Result<Oid> {
        let mut row = new.row.clone();
        let table = row.conrelid;
        if table.is_valid() {
            let relation = self.relation(table)?;
            if self.constraint_by_name(table, &row.conname)?.is_some() {
                return Err(Error::new(
                    SqlState::DUPLICATE_OBJECT,
                    format!("constraint \"{}\" for relation \"{}\" already exists", row.conname, relation.name()),
                ));
            }
            if !row.connamespace.is_valid() {
                row.connamespace = relation.class.relnamespace;
            }
        }
        row.oid = self.new_oid::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX)?;
        self.insert(&row)?;
        let this = Object::of::<PgConstraint>(row.oid);
        let columns = |relation: Oid, numbers: &Option<Vec<i16>>| -> Vec<Object> {
            match numbers.as_deref() {
                Some(numbers) if !numbers.is_empty() => numbers.iter().map(|&n| Object::column(relation, n)).collect(),
                _ => vec![Object::relation(relation)],
            }
        };
        if table.is_valid() {
            self.record_dependencies(this, &columns(table, &row.conkey), Dependency::Auto)?;
        }
        if row.contypid.is_valid() {
            self.record_dependency(this, Object::of::<PgType>(row.contypid), Dependency::Auto)?;
        }
        if row.confrelid.is_valid() {
            self.record_dependencies(this, &columns(row.confrelid, &row.confkey), Dependency::Normal)?;
        }
        let owns_index = matches!(row.contype, b'p' | b'u' | b'x');
        if row.conindid.is_valid() {
            let index = Object::relation(row.conindid);
            if owns_index {
                self.forget_dependencies(index, Some(Dependency::Auto), Some(PgClass::RELATION))?;
                self.record_dependency(index, this, Dependency::Internal)?;
            } else {
                self.record_dependency(this, index, Dependency::Normal)?;
            }
        }
        self.record_dependencies(this, &new.objects, Dependency::Normal)?;
        if row.contype == b'c' && table.is_valid() {
            self.change::<PgClass>(index::PG_CLASS_OID_INDEX, &[table.into()], |class| class.relchecks += 1)?;
        }
        self.next_command()?;
        Ok(row.oid)
    }

    /// Sets the default (or generation) expression of a column, in the analyzer's stored form, replacing an earlier one.
    /// `objects` are what it depends on besides the column.
    pub fn set_default(&self, table: Oid, column: i16, expression: &str, objects: &[Object]) -> Result<Oid> {
        self.drop_default(table, column)?;
        let oid = self.new_oid::<PgAttrdef>(index::PG_ATTRDEF_OID_INDEX)?;
        self.insert(&PgAttrdef { oid, adrelid: table, adnum: column, adbin: expression.to_string().into() })?;
        let key = [table.into(), column.into()];
        self.change::<PgAttribute>(index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &key, |row| row.atthasdef = true)?;
        let this = Object::of::<PgAttrdef>(oid);
        // A generated column is nothing without its expression: who drops what that needs drops the column.
        let generated = self.relation(table)?.column(column).is_some_and(|column| column.attgenerated != 0);
        let kind = if generated { Dependency::Internal } else { Dependency::Auto };
        self.record_dependency(this, Object::column(table, column), kind)?;
        self.record_dependencies(this, objects, Dependency::Normal)?;
        self.next_command()?;
        Ok(oid)
    }

    /// Removes the default of a column; answers whether it had one.
    pub fn drop_default(&self, table: Oid, column: i16) -> Result<bool> {
        let key = [table.into(), column.into()];
        let Some(stored) = self.stored_row::<PgAttrdef>(index::PG_ATTRDEF_ADRELID_ADNUM_INDEX, &key)? else {
            return Ok(false);
        };
        self.drop_internal(Object::of::<PgAttrdef>(stored.row.oid))?;
        Ok(true)
    }
}

/// `table_columns_suffix`, the longer of the first two cut until it fits a name.
pub fn object_name(table: &str, columns: &str, suffix: &str) -> String {
    const LENGTH: usize = 63;
    let (mut a, mut b) = (table.to_string(), columns.to_string());
    let overhead =
        |b: &str| (if b.is_empty() { 0 } else { 1 }) + (if suffix.is_empty() { 0 } else { suffix.len() + 1 });
    while a.len() + b.len() + overhead(&b) > LENGTH && !(a.is_empty() && b.is_empty()) {
        if a.len() > b.len() {
            a.pop()
        } else {
            b.pop()
        };
    }
    let mut name = a;
    for part in [b.as_str(), suffix] {
        if !part.is_empty() {
            name.push('_');
            name.push_str(part);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::object_name;

    #[test]
    fn names_are_cut_evenly() {
        assert_eq!(object_name("t", "a_b", "key"), "t_a_b_key");
        assert_eq!(object_name("t", "", "pkey"), "t_pkey");
        let long = object_name(&"x".repeat(80), &"y".repeat(20), "idx");
        assert_eq!(long.len(), 63);
        assert!(long.ends_with(&format!("_{}_idx", "y".repeat(20))));
    }
}
