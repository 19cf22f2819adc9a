//! Types, functions, operators, casts, operator classes: rows by number, and the questions that overload resolution and the
//! planner ask.

use crate::catalog::Catalog;
use crate::entry::Entry;
use crate::field::Part;
use crate::index;
use crate::rows::*;
use error::Result;
use ids::Oid;

/// Object ids of types that rules of the type system name.
#[allow(missing_docs)] // the names are PostgreSQL's
pub mod pseudo {
    use ids::Oid;
    pub const RECORD: Oid = Oid(2249);
    pub const RECORD_ARRAY: Oid = Oid(2287);
    pub const ANY: Oid = Oid(2276);
    pub const ANYARRAY: Oid = Oid(2277);
    pub const ANYELEMENT: Oid = Oid(2283);
    pub const ANYNONARRAY: Oid = Oid(2776);
    pub const ANYENUM: Oid = Oid(3500);
    pub const ANYRANGE: Oid = Oid(3831);
    pub const ANYMULTIRANGE: Oid = Oid(4537);
    pub const ANYCOMPATIBLE: Oid = Oid(5077);
    pub const ANYCOMPATIBLEARRAY: Oid = Oid(5078);
    pub const UNKNOWN: Oid = Oid(705);
}

/// The subscripting handler of true arrays.
const ARRAY_SUBSCRIPT_HANDLER: Oid = Oid(6179);

/// The B-tree access method.
pub const BTREE: Oid = Oid(403);
/// The hash access method.
pub const HASH: Oid = Oid(405);

/// The B-tree classes `text_pattern_ops`, `varchar_pattern_ops` and `bpchar_pattern_ops`: texts in the order of their bytes, whatever
/// their collation.
pub const PATTERN_CLASSES: [Oid; 3] = [Oid(4217), Oid(4218), Oid(4219)];

macro_rules! by_oid {
    ($($(#[$doc:meta])* $find:ident, $must:ident: $Row:ident by $index:ident as $what:literal;)*) => {
        impl Catalog {
            $($(#[$doc])*
            #[doc = "; `None` if there is none."]
            pub fn $find(&self, oid: Oid) -> Result<Option<Entry<$Row>>> {
                self.row(index::$index, &[oid.into()])
            }

            $(#[$doc])*
            #[doc = "; `XX000` if there is none."]
            pub fn $must(&self, oid: Oid) -> Result<Entry<$Row>> {
                self.must(index::$index, oid, $what)
            })*
        }
    };
}

by_oid! {
    /// The type with this object id
    find_type, type_: PgType by PG_TYPE_OID_INDEX as "type";
    /// The function, procedure or aggregate with this object id
    find_function, function: PgProc by PG_PROC_OID_INDEX as "function";
    /// What is special of the aggregate with this function's object id
    find_aggregate, aggregate: PgAggregate by PG_AGGREGATE_FNOID_INDEX as "aggregate";
    /// The operator with this object id
    find_operator, operator: PgOperator by PG_OPERATOR_OID_INDEX as "operator";
    /// The operator class with this object id
    find_opclass, opclass: PgOpclass by PG_OPCLASS_OID_INDEX as "opclass";
    /// The operator family with this object id
    find_opfamily, opfamily: PgOpfamily by PG_OPFAMILY_OID_INDEX as "operator family";
    /// The collation with this object id
    find_collation, collation: PgCollation by PG_COLLATION_OID_INDEX as "collation";
    /// The access method with this object id
    find_access_method, access_method: PgAm by PG_AM_OID_INDEX as "access method";
    /// The language with this object id
    find_language, language: PgLanguage by PG_LANGUAGE_OID_INDEX as "language";
    /// The constraint with this object id
    find_constraint, constraint: PgConstraint by PG_CONSTRAINT_OID_INDEX as "constraint";
    /// What is special of the index with this object id
    find_index, index_row: PgIndex by PG_INDEX_INDEXRELID_INDEX as "index";
    /// The sequence with this relation's object id
    find_sequence, sequence: PgSequence by PG_SEQUENCE_SEQRELID_INDEX as "sequence";
    /// The range type with this type's object id
    find_range, range: PgRange by PG_RANGE_RNGTYPID_INDEX as "range type";
    /// The range type with this multirange type's object id
    find_multirange, multirange: PgRange by PG_RANGE_RNGMULTITYPID_INDEX as "multirange type";
    /// The trigger with this object id
    find_trigger, trigger: PgTrigger by PG_TRIGGER_OID_INDEX as "trigger";
    /// The rule with this object id
    find_rule, rule: PgRewrite by PG_REWRITE_OID_INDEX as "rule";
}

impl Catalog {
    /// The access method with this name.
    pub fn access_method_by_name(&self, name: &str) -> Result<Option<Entry<PgAm>>> {
        self.row(index::PG_AM_NAME_INDEX, &[name.into()])
    }

    /// The language with this name.
    pub fn language_by_name(&self, name: &str) -> Result<Option<Entry<PgLanguage>>> {
        self.row(index::PG_LANGUAGE_NAME_INDEX, &[name.into()])
    }

    /// The cast between two types, as declared in `pg_cast`; nothing is said of equal types or domains.
    pub fn cast(&self, source: Oid, target: Oid) -> Result<Option<Entry<PgCast>>> {
        self.row(index::PG_CAST_SOURCE_TARGET_INDEX, &[source.into(), target.into()])
    }

    /// The labels of an enum type, in order.
    pub fn enum_labels(&self, enum_type: Oid) -> Result<Vec<Entry<PgEnum>>> {
        let mut labels = self.rows::<PgEnum>(index::PG_ENUM_TYPID_LABEL_INDEX, &[enum_type.into()])?.to_vec();
        labels.sort_by(|a, b| a.enumsortorder.total_cmp(&b.enumsortorder));
        Ok(labels)
    }

    /// The element type of a true array type; `None` for other types.
    pub fn element_type(&self, array: Oid) -> Result<Option<Oid>> {
        let row = self.find_type(array)?;
        Ok(row.filter(|row| row.typsubscript == ARRAY_SUBSCRIPT_HANDLER).map(|row| row.typelem))
    }

    /// The type of arrays of a type, if it has one.
    pub fn array_type(&self, element: Oid) -> Result<Option<Oid>> {
        Ok(self.find_type(element)?.map(|row| row.typarray).filter(|oid| oid.is_valid()))
    }

    /// The type under a domain, however deep, and its modifier (`typmod` if it is no domain).
    pub fn base_type(&self, type_: Oid, typmod: i32) -> Result<(Oid, i32)> {
        let (mut oid, mut modifier) = (type_, typmod);
        for _ in 0..10_000 {
            let row = self.type_(oid)?;
            if row.typtype != b'd' {
                break;
            }
            (oid, modifier) = (row.typbasetype, row.typtypmod);
        }
        Ok((oid, modifier))
    }

    /// Category of a type, and whether it is preferred within it.
    pub fn type_category(&self, type_: Oid) -> Result<(u8, bool)> {
        let row = self.type_(type_)?;
        Ok((row.typcategory, row.typispreferred))
    }

    /// Whether a value of `source` is a value of `target` without any computation.
    pub fn is_binary_coercible(&self, source: Oid, target: Oid) -> Result<bool> {
        use pseudo::*;
        if source == target || matches!(target, ANY | ANYELEMENT | ANYCOMPATIBLE) {
            return Ok(true);
        }
        let (source, _) = if source.is_valid() { self.base_type(source, -1)? } else { (source, -1) };
        if source == target {
            return Ok(true);
        }
        let row = self.find_type(source)?;
        let is_array = row.as_ref().is_some_and(|row| row.typsubscript == ARRAY_SUBSCRIPT_HANDLER);
        let kind = row.as_ref().map_or(0, |row| row.typtype);
        let fits = match target {
            ANYARRAY | ANYCOMPATIBLEARRAY => is_array,
            ANYNONARRAY => !is_array,
            ANYENUM => kind == b'e',
            ANYRANGE => kind == b'r',
            ANYMULTIRANGE => kind == b'm',
            RECORD => kind == b'c',
            RECORD_ARRAY if is_array => {
                let element = row.map_or(Oid::INVALID, |row| row.typelem);
                self.find_type(element)?.is_some_and(|row| row.typtype == b'c')
            }
            _ => false,
        };
        if fits {
            return Ok(true);
        }
        let cast = self.cast(source, target)?;
        Ok(cast.is_some_and(|cast| cast.castmethod == b'b' && cast.castcontext == b'i'))
    }

    /// The operator class that an index of access method `method` uses for a column of this type when none is named.
    pub fn default_opclass(&self, method: Oid, type_: Oid) -> Result<Option<Oid>> {
        let (type_, _) = self.base_type(type_, -1)?;
        let (category, _) = self.type_category(type_)?;
        let classes = self.rows::<PgOpclass>(index::PG_OPCLASS_AM_NAME_NSP_INDEX, &[method.into()])?;
        // Those of users first have to be known.
        let mut known = Vec::with_capacity(classes.len());
        for class in classes.iter().filter(|class| class.opcdefault) {
            if class.oid < Oid::FIRST_NORMAL || self.class_is_known(class)? {
                known.push(class);
            }
        }
        let defaults = || known.iter().copied();
        if let Some(exact) = defaults().find(|class| class.opcintype == type_) {
            return Ok(Some(exact.oid));
        }
        let (mut compatible, mut preferred) = (Vec::new(), Vec::new());
        for class in defaults() {
            if !self.is_binary_coercible(type_, class.opcintype)? {
                continue;
            }
            match self.type_category(class.opcintype)? {
                (c, true) if c == category => preferred.push(class.oid),
                _ => compatible.push(class.oid),
            }
        }
        Ok(match (&preferred[..], &compatible[..]) {
            ([one], _) => Some(*one),
            ([], [one]) => Some(*one),
            _ => None,
        })
    }

    /// Whether a class does what one of the server's own does: then its indexes are known to work. Of others only the functions know how
    /// their values are ordered, and these nobody calls.
    pub fn class_is_known(&self, class: &PgOpclass) -> Result<bool> {
        if class.oid < Oid::FIRST_NORMAL {
            return Ok(true);
        }
        if !matches!(class.opcmethod, BTREE | HASH) || class.opckeytype.is_valid() {
            return Ok(false);
        }
        let classes = self.rows::<PgOpclass>(index::PG_OPCLASS_AM_NAME_NSP_INDEX, &[class.opcmethod.into()])?;
        let ty = class.opcintype;
        let model =
            classes.iter().find(|model| model.oid < Oid::FIRST_NORMAL && model.opcdefault && model.opcintype == ty);
        let Some(model) = model else { return Ok(false) };
        let function = |family: Oid| self.family_function(family, ty, ty, 1);
        let most = if class.opcmethod == BTREE { 5 } else { 1 };
        for strategy in 1..=most {
            let operator = |family: Oid| self.family_operator(family, ty, ty, strategy);
            if operator(class.opcfamily)? != operator(model.opcfamily)? {
                return Ok(false);
            }
        }
        Ok(function(class.opcfamily)? == function(model.opcfamily)?)
    }

    /// The operator that does `strategy` for these argument types in a family.
    pub fn family_operator(&self, family: Oid, left: Oid, right: Oid, strategy: i16) -> Result<Option<Oid>> {
        let key = [family.into(), left.into(), right.into(), strategy.into()];
        let rows = self.rows::<PgAmop>(index::PG_AMOP_FAM_STRAT_INDEX, &key)?;
        Ok(rows.first().map(|row| row.amopopr))
    }

    /// All members of a family.
    pub fn family_members(&self, family: Oid) -> Result<std::sync::Arc<[Entry<PgAmop>]>> {
        self.rows(index::PG_AMOP_FAM_STRAT_INDEX, &[family.into()])
    }

    /// The families that an operator is in, searching (`amoppurpose` `s`) or ordering (`o`). What users added to families is left out: it says
    /// nothing of how values are encoded.
    pub fn operator_families(&self, operator: Oid) -> Result<std::sync::Arc<[Entry<PgAmop>]>> {
        let rows = self.rows::<PgAmop>(index::PG_AMOP_OPR_FAM_INDEX, &[operator.into()])?;
        match rows.iter().any(|row| row.oid >= Oid::FIRST_NORMAL) {
            false => Ok(rows),
            true => Ok(rows.iter().filter(|row| row.oid < Oid::FIRST_NORMAL).cloned().collect()),
        }
    }

    /// The strategy number of an operator in a family, for searches.
    pub fn operator_strategy(&self, operator: Oid, family: Oid) -> Result<Option<i16>> {
        let key = [operator.into(), Part::Int(b's' as i64), family.into()];
        Ok(self.rows::<PgAmop>(index::PG_AMOP_OPR_FAM_INDEX, &key)?.first().map(|row| row.amopstrategy))
    }

    /// Support function `number` of a family for these argument types.
    pub fn family_function(&self, family: Oid, left: Oid, right: Oid, number: i16) -> Result<Option<Oid>> {
        let key = [family.into(), left.into(), right.into(), number.into()];
        let rows = self.rows::<PgAmproc>(index::PG_AMPROC_FAM_PROC_INDEX, &key)?;
        Ok(rows.first().map(|row| row.amproc))
    }

    /// The encoding number of the database (6 is UTF8).
    pub fn encoding(&self) -> Result<i32> {
        Ok(self.database_row(self.database())?.map_or(6, |row| row.encoding))
    }

    /// The database with this object id, if it exists.
    pub fn database_row(&self, oid: Oid) -> Result<Option<Entry<PgDatabase>>> {
        self.row(index::PG_DATABASE_OID_INDEX, &[oid.into()])
    }

    /// The database with this name, if it exists.
    pub fn database_by_name(&self, name: &str) -> Result<Option<Entry<PgDatabase>>> {
        self.row(index::PG_DATABASE_DATNAME_INDEX, &[name.into()])
    }

    /// The tablespace with this object id, if it exists.
    pub fn tablespace(&self, oid: Oid) -> Result<Option<Entry<PgTablespace>>> {
        self.row(index::PG_TABLESPACE_OID_INDEX, &[oid.into()])
    }

    /// The tablespace with this name, if it exists.
    pub fn tablespace_by_name(&self, name: &str) -> Result<Option<Entry<PgTablespace>>> {
        self.row(index::PG_TABLESPACE_SPCNAME_INDEX, &[name.into()])
    }

    /// The extension with this name, if it exists.
    pub fn extension_by_name(&self, name: &str) -> Result<Option<Entry<PgExtension>>> {
        self.row(index::PG_EXTENSION_NAME_INDEX, &[name.into()])
    }

    /// The comment on an object (its catalog, its object id, its column number or 0).
    pub fn description(&self, class: Oid, object: Oid, sub: i32) -> Result<Option<String>> {
        let key = [object.into(), class.into(), sub.into()];
        let row = self.row::<PgDescription>(index::PG_DESCRIPTION_O_C_O_INDEX, &key)?;
        Ok(row.map(|row| row.description.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_operator_classes() {
        let catalog = Catalog::builtin();
        let class = |type_: u32| {
            let oid = catalog.default_opclass(BTREE, Oid(type_)).expect("asks").expect("has one");
            catalog.opclass(oid).expect("exists").opcname.to_string()
        };
        assert_eq!(class(23), "int4_ops");
        assert_eq!(class(25), "text_ops");
        assert_eq!(class(1043), "text_ops"); // varchar, by binary coercion
        assert_eq!(class(1007), "array_ops"); // integer[]
        assert_eq!(catalog.default_opclass(BTREE, Oid(600)).expect("asks"), None); // point
    }

    #[test]
    fn families() {
        let catalog = Catalog::builtin();
        let family = catalog.opclass(Oid(1978)).expect("int4_ops").opcfamily;
        assert_eq!(catalog.family_operator(family, Oid(23), Oid(20), 3).expect("asks"), Some(Oid(15)));
        assert_eq!(catalog.operator_strategy(Oid(97), family).expect("asks"), Some(1));
        assert_eq!(catalog.family_function(family, Oid(23), Oid(23), 1).expect("asks"), Some(Oid(351)));
    }
}
