//! CREATE OPERATOR CLASS and ALTER OPERATOR FAMILY: what an access method can do with a type, and by which operators and functions.
//!
//! Anybody's classes stand in the catalogs. An index can use one if its functions are those of a class of the server's own: keys are
//! encoded, not compared by functions ([`catalog::Catalog::class_is_known`]).

use catalog::objects::{BTREE, HASH};
use catalog::rows::*;
use catalog::{Dependency, DropBehavior, Entry, Object, index};
use error::{Error, Result, SqlState, bail};
use ids::Oid;
use parser::ast::{
    AlterOperatorFamily, AlterOperatorFamilyAction, CreateOperatorClass, ObjectKind, ObjectName, ObjectReference,
    OperatorClassItem, OperatorFamilyMember, OperatorSignature, TypeName,
};
use types::oid;

use crate::function::lookup::{self, type_of};
use crate::{Context, object};

const INTERNAL: Oid = Oid(2281);

/// What an access method allows.
struct Method {
    oid: Oid,
    name: String,
    operators: i32,
    functions: i32,
    /// Which function reads a class's options.
    options: i32,
    /// Whether what is stored may be of another type.
    storage: bool,
    /// Whether there are operators to order by.
    orders: bool,
}

impl Method {
    fn of(context: &Context<'_>, name: &str) -> Result<Method> {
        let row = context.catalog().access_method_by_name(name)?;
        let row = row.ok_or_else(|| object::missing("access method", name))?;
        let any = i32::from(i16::MAX);
        let (operators, functions, options, storage, orders) = match row.oid.0 {
            403 => (5, 6, 5, false, false),
            405 => (1, 3, 3, false, false),
            783 => (any, 12, 10, true, true),
            2742 => (any, 7, 7, true, false),
            4000 => (any, 7, 6, true, true),
            3580 => (any, 15, 5, true, false),
            _ => (any, any, 0, true, true),
        };
        let name = row.amname.to_string();
        Ok(Method { oid: row.oid, name, operators, functions, options, storage, orders })
    }

    fn check_number(&self, function: bool, number: i32) -> Result<i16> {
        let (what, most) = if function { ("function", self.functions) } else { ("operator", self.operators) };
        if !(1..=most).contains(&number) {
            bail!(INVALID_OBJECT_DEFINITION, "invalid {what} number {number}, must be between 1 and {most}");
        }
        Ok(number as i16)
    }
}

/// An operator or function of a class or family.
struct Member {
    function: bool,
    number: i16,
    object: Oid,
    left: Oid,
    right: Oid,
    /// The family that it orders by.
    order: Oid,
}

/// What is defined: the types that members are for by default, and where they go.
struct Definition<'c> {
    context: &'c Context<'c>,
    method: Method,
    /// A class's type; invalid for a family.
    of_type: Oid,
    members: Vec<Member>,
}

impl Definition<'_> {
    fn add(&mut self, member: Member) -> Result<()> {
        let same = |other: &Member| {
            (other.function, other.number, other.left, other.right)
                == (member.function, member.number, member.left, member.right)
        };
        if self.members.iter().any(same) {
            let what = if member.function { "function" } else { "operator" };
            let types = types_text(self.context, member.left, member.right)?;
            bail!(INVALID_OBJECT_DEFINITION, "{what} number {} for ({types}) appears more than once", member.number);
        }
        self.members.push(member);
        Ok(())
    }

    fn operator(
        &mut self,
        number: i32,
        operator: &parser::ast::Operator,
        types: Option<&(Option<Box<TypeName>>, Option<Box<TypeName>>)>,
        order: Option<&ObjectName>,
    ) -> Result<()> {
        let (context, catalog) = (self.context, self.context.catalog());
        let number = self.method.check_number(false, number)?;
        let row = match types {
            Some((left, right)) => {
                let signature =
                    OperatorSignature { operator: operator.clone(), left: left.clone(), right: right.clone() };
                object::operator(context, &signature)?
            }
            None if !self.of_type.is_valid() => {
                bail!(SYNTAX_ERROR, "operator argument types must be specified in ALTER OPERATOR FAMILY")
            }
            None => {
                let schema = operator.qualifiers.last().map(|schema| &**schema);
                let found = catalog.operator_exact(schema, &operator.symbol, self.of_type, self.of_type)?;
                let Some(found) = found else {
                    let name = catalog.type_name(self.of_type)?;
                    bail!(UNDEFINED_FUNCTION, "operator does not exist: {name} {} {name}", operator.symbol);
                };
                catalog.operator(found)?
            }
        };
        if !row.oprleft.is_valid() || !row.oprright.is_valid() {
            bail!(INVALID_OBJECT_DEFINITION, "index operators must be binary");
        }
        let order = match order {
            Some(name) => {
                let method = "btree".into();
                let reference = ObjectReference::OperatorClass { name: name.clone(), method };
                if !self.method.orders {
                    let name = &self.method.name;
                    bail!(INVALID_OBJECT_DEFINITION, "access method \"{name}\" does not support ordering operators");
                }
                object::find(context, ObjectKind::OperatorFamily, &reference)?.oid
            }
            None if row.oprresult != oid::BOOL => {
                bail!(INVALID_OBJECT_DEFINITION, "index search operators must return boolean")
            }
            None => Oid::INVALID,
        };
        self.add(Member { function: false, number, object: row.oid, left: row.oprleft, right: row.oprright, order })
    }

    fn function(&mut self, number: i32, types: &[TypeName], function: &parser::ast::FunctionSignature) -> Result<()> {
        let context = self.context;
        let number = self.method.check_number(true, number)?;
        let (mut left, mut right) = match types {
            [] => (Oid::INVALID, Oid::INVALID),
            types => two_types(context, types)?,
        };
        let row = lookup::require(context, ObjectKind::Function, function)?;
        let (arguments, result): (&[Oid], Oid) = (&row.proargtypes, row.prorettype);
        let require = |holds: bool, text: &str| match holds {
            true => Ok(()),
            false => Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text)),
        };
        let internal_void = |what: &str| {
            require(arguments == [INTERNAL], &format!("{what} functions must accept type \"internal\""))?;
            require(result == oid::VOID, &format!("{what} functions must return void"))
        };
        if i32::from(number) == self.method.options {
            require(
                left == right,
                "left and right associated data types for operator class options parsing functions must match",
            )?;
            if arguments != [INTERNAL] || result != oid::VOID {
                let text = "invalid operator class options parsing function";
                let hint = "Valid signature of operator class options parsing function is (internal) RETURNS void.";
                return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text).hint(hint));
            }
        } else if self.method.oid == BTREE {
            match number {
                1 => {
                    require(arguments.len() == 2, "ordering comparison functions must have two arguments")?;
                    require(result == oid::INT4, "ordering comparison functions must return integer")?;
                }
                2 => internal_void("ordering sort support")?,
                3 => {
                    require(arguments.len() == 5, "ordering in_range functions must have five arguments")?;
                    require(result == oid::BOOL, "ordering in_range functions must return boolean")?;
                }
                4 => {
                    require(arguments.len() == 1, "ordering equal image functions must have one argument")?;
                    require(result == oid::BOOL, "ordering equal image functions must return boolean")?;
                    require(left == right, "ordering equal image functions must not be cross-type")?;
                }
                _ => {
                    internal_void("btree skip support")?;
                    require(left == right, "btree skip support functions must not be cross-type")?;
                }
            }
            if !left.is_valid() {
                (left, right) = match (number, arguments) {
                    (1, &[left, right]) => (left, right),
                    (3, &[left, _, right, ..]) => (left, right),
                    _ => (left, right),
                };
            }
        } else if self.method.oid == HASH {
            match number {
                1 => {
                    require(arguments.len() == 1, "hash function 1 must have one argument")?;
                    require(result == oid::INT4, "hash function 1 must return integer")?;
                }
                _ => {
                    require(arguments.len() == 2, "hash function 2 must have two arguments")?;
                    require(result == oid::INT8, "hash function 2 must return bigint")?;
                }
            }
            if let (false, Some(&argument)) = (left.is_valid(), arguments.first()) {
                (left, right) = (argument, argument);
            }
        }
        // Of other functions nothing says for what they are, but that they are a class's.
        if !left.is_valid() {
            (left, right) = (self.of_type, self.of_type);
        }
        if !left.is_valid() || !right.is_valid() {
            bail!(INVALID_OBJECT_DEFINITION, "associated data types must be specified for index support function");
        }
        self.add(Member { function: true, number, object: row.oid, left, right, order: Oid::INVALID })
    }

    /// Stores the members; those of a class belong to it as far as they are for its type alone.
    fn store(&self, family: Oid, class: Option<Oid>) -> Result<()> {
        let catalog = self.context.catalog();
        let name = catalog.opfamily(family)?.opfname.to_string();
        let whole = Object::of::<PgOpfamily>(family);
        for member in &self.members {
            let key = [family.into(), member.left.into(), member.right.into(), member.number.into()];
            let exists = match member.function {
                true => catalog.row::<PgAmproc>(index::PG_AMPROC_FAM_PROC_INDEX, &key)?.is_some(),
                false => catalog.row::<PgAmop>(index::PG_AMOP_FAM_STRAT_INDEX, &key)?.is_some(),
            };
            let what = if member.function { "function" } else { "operator" };
            if exists {
                let types = types_text(self.context, member.left, member.right)?;
                let number = member.number;
                bail!(DUPLICATE_OBJECT, "{what} {number}({types}) already exists in operator family \"{name}\"");
            }
            let (this, on) = match member.function {
                true => {
                    let oid = catalog.new_oid::<PgAmproc>(index::PG_AMPROC_OID_INDEX)?;
                    catalog.insert(&PgAmproc {
                        oid,
                        amprocfamily: family,
                        amproclefttype: member.left,
                        amprocrighttype: member.right,
                        amprocnum: member.number,
                        amproc: member.object,
                    })?;
                    (Object::of::<PgAmproc>(oid), Object::of::<PgProc>(member.object))
                }
                false => {
                    let oid = catalog.new_oid::<PgAmop>(index::PG_AMOP_OID_INDEX)?;
                    catalog.insert(&PgAmop {
                        oid,
                        amopfamily: family,
                        amoplefttype: member.left,
                        amoprighttype: member.right,
                        amopstrategy: member.number,
                        amoppurpose: if member.order.is_valid() { b'o' } else { b's' },
                        amopopr: member.object,
                        amopmethod: self.method.oid,
                        amopsortfamily: member.order,
                    })?;
                    (Object::of::<PgAmop>(oid), Object::of::<PgOperator>(member.object))
                }
            };
            let own = class.filter(|_| member.left == self.of_type && member.right == self.of_type);
            match own {
                Some(class) => {
                    catalog.record_dependency(this, on, Dependency::Normal)?;
                    catalog.record_dependency(this, Object::of::<PgOpclass>(class), Dependency::Internal)?;
                }
                None => {
                    catalog.record_dependency(this, on, Dependency::Auto)?;
                    catalog.record_dependency(this, whole, Dependency::Auto)?;
                }
            }
            if member.order.is_valid() {
                let kind = if own.is_some() { Dependency::Normal } else { Dependency::Auto };
                catalog.record_dependency(this, Object::of::<PgOpfamily>(member.order), kind)?;
            }
        }
        catalog.next_command()
    }
}

fn types_text(context: &Context<'_>, left: Oid, right: Oid) -> Result<String> {
    let catalog = context.catalog();
    Ok(format!("{},{}", catalog.type_name(left)?, catalog.type_name(right)?))
}

fn two_types(context: &Context<'_>, types: &[TypeName]) -> Result<(Oid, Oid)> {
    match types {
        [one] => type_of(context, one).map(|one| (one, one)),
        [left, right] => Ok((type_of(context, left)?, type_of(context, right)?)),
        _ => bail!(SYNTAX_ERROR, "one or two argument types must be specified"),
    }
}

/// Makes an operator class, and its family if it has none.
pub(crate) fn create(context: &Context<'_>, create: &CreateOperatorClass) -> Result<()> {
    let catalog = context.catalog();
    let name = &*create.name.name;
    let schema = context.creation_schema(&create.name.to_relation())?;
    let method = Method::of(context, &create.method)?;
    let me = catalog.current_user();
    if !catalog.is_superuser(me)? {
        bail!(INSUFFICIENT_PRIVILEGE, "must be superuser to create an operator class");
    }
    let of_type = type_of(context, &create.type_name)?;
    let named = |name: &ObjectName| {
        let reference = ObjectReference::OperatorClass { name: name.clone(), method: create.method.clone() };
        object::find(context, ObjectKind::OperatorFamily, &reference).map(|found| found.oid)
    };
    let own = [method.oid.into(), name.into(), schema.into()];
    let family = match &create.family {
        Some(family) => Some(named(family)?),
        None => catalog.row::<PgOpfamily>(index::PG_OPFAMILY_AM_NAME_NSP_INDEX, &own)?.map(|row| row.oid),
    };
    let mut definition = Definition { context, method, of_type, members: Vec::new() };
    let mut storage = None;
    for item in &create.items {
        match item {
            OperatorClassItem::Operator { number, operator, types, order_family } => {
                definition.operator(*number, operator, types.as_ref(), order_family.as_ref())?;
            }
            OperatorClassItem::Function { number, types, function } => definition.function(*number, types, function)?,
            OperatorClassItem::Storage(_) if storage.is_some() => {
                bail!(INVALID_OBJECT_DEFINITION, "storage type specified more than once")
            }
            OperatorClassItem::Storage(name) => storage = Some(type_of(context, name)?),
        }
    }
    let method = &definition.method;
    let storage = storage.filter(|&storage| storage != of_type).unwrap_or_default();
    if storage.is_valid() && !method.storage {
        let method = &method.name;
        let text = format!("storage type cannot be different from data type for access method \"{method}\"");
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    }
    if catalog.row::<PgOpclass>(index::PG_OPCLASS_AM_NAME_NSP_INDEX, &own)?.is_some() {
        let method = &method.name;
        bail!(DUPLICATE_OBJECT, "operator class \"{name}\" for access method \"{method}\" already exists");
    }
    if create.default {
        let classes = catalog.rows::<PgOpclass>(index::PG_OPCLASS_AM_NAME_NSP_INDEX, &[method.oid.into()])?;
        if let Some(other) = classes.iter().find(|class| class.opcdefault && class.opcintype == of_type) {
            let ty = &create.type_name.name;
            let text = format!("could not make operator class \"{name}\" be default for type {ty}");
            let detail = format!("Operator class \"{}\" already is the default.", other.opcname);
            return Err(Error::new(SqlState::DUPLICATE_OBJECT, text).detail(detail));
        }
    }
    let family = match family {
        Some(family) => family,
        None => {
            let (name, method) = (create.name.clone(), create.method.clone());
            let made = parser::ast::CreateOperatorFamily { name, method };
            crate::operator::create_family(context, &made)?;
            let row = catalog.row::<PgOpfamily>(index::PG_OPFAMILY_AM_NAME_NSP_INDEX, &own)?;
            let oid = row.ok_or_else(|| Error::internal("a new operator family is gone"))?.oid;
            catalog.note_command("CREATE OPERATOR FAMILY", Object::of::<PgOpfamily>(oid));
            oid
        }
    };
    let oid = catalog.new_oid::<PgOpclass>(index::PG_OPCLASS_OID_INDEX)?;
    catalog.insert(&PgOpclass {
        oid,
        opcmethod: method.oid,
        opcname: name.to_string().into(),
        opcnamespace: schema,
        opcowner: me,
        opcfamily: family,
        opcintype: of_type,
        opcdefault: create.default,
        opckeytype: storage,
    })?;
    let this = Object::of::<PgOpclass>(oid);
    catalog.record_dependency(this, Object::of::<PgAm>(method.oid), Dependency::Auto)?;
    catalog.record_dependency(this, Object::of::<PgNamespace>(schema), Dependency::Normal)?;
    catalog.record_dependency(this, Object::of::<PgOpfamily>(family), Dependency::Auto)?;
    catalog.record_dependency(this, Object::of::<PgType>(of_type), Dependency::Normal)?;
    if storage.is_valid() {
        catalog.record_dependency(this, Object::of::<PgType>(storage), Dependency::Normal)?;
    }
    catalog.record_owner(this, me)?;
    catalog.note_command("CREATE OPERATOR CLASS", this);
    definition.store(family, Some(oid))
}

/// Adds members to an operator family, or drops some.
pub(crate) fn alter_family(context: &Context<'_>, alter: &AlterOperatorFamily) -> Result<()> {
    let catalog = context.catalog();
    let method = Method::of(context, &alter.method)?;
    let reference = ObjectReference::OperatorClass { name: alter.name.clone(), method: alter.method.clone() };
    let family = object::find(context, ObjectKind::OperatorFamily, &reference)?.oid;
    if !catalog.is_superuser(catalog.current_user())? {
        bail!(INSUFFICIENT_PRIVILEGE, "must be superuser to alter an operator family");
    }
    let row = catalog.opfamily(family)?;
    match &alter.action {
        AlterOperatorFamilyAction::Add(items) => {
            let mut definition = Definition { context, method, of_type: Oid::INVALID, members: Vec::new() };
            for item in items {
                match item {
                    OperatorClassItem::Operator { number, operator, types, order_family } => {
                        definition.operator(*number, operator, types.as_ref(), order_family.as_ref())?;
                    }
                    OperatorClassItem::Function { number, types, function } => {
                        definition.function(*number, types, function)?;
                    }
                    OperatorClassItem::Storage(_) => {
                        bail!(SYNTAX_ERROR, "STORAGE cannot be specified in ALTER OPERATOR FAMILY")
                    }
                }
            }
            definition.store(family, None)?;
        }
        AlterOperatorFamilyAction::Drop(members) => {
            for member in members {
                drop_member(context, &method, &row, member)?;
            }
        }
    }
    catalog.note_command("ALTER OPERATOR FAMILY", Object::of::<PgOpfamily>(family));
    Ok(())
}

fn drop_member(
    context: &Context<'_>,
    method: &Method,
    family: &Entry<PgOpfamily>,
    member: &OperatorFamilyMember,
) -> Result<()> {
    let catalog = context.catalog();
    let number = method.check_number(member.function, member.number)?;
    let (left, right) = two_types(context, &member.types)?;
    let key = [family.oid.into(), left.into(), right.into(), number.into()];
    let found = match member.function {
        true => {
            catalog.row::<PgAmproc>(index::PG_AMPROC_FAM_PROC_INDEX, &key)?.map(|row| Object::of::<PgAmproc>(row.oid))
        }
        false => catalog.row::<PgAmop>(index::PG_AMOP_FAM_STRAT_INDEX, &key)?.map(|row| Object::of::<PgAmop>(row.oid)),
    };
    let Some(found) = found else {
        let what = if member.function { "function" } else { "operator" };
        let types = types_text(context, left, right)?;
        bail!(UNDEFINED_OBJECT, "{what} {number}({types}) does not exist in operator family \"{}\"", family.opfname);
    };
    catalog.drop_object(found, DropBehavior::Restrict)?;
    Ok(())
}

/// A class that an index is to use must be one whose functions are known.
pub(crate) fn require_known(context: &Context<'_>, class: Oid) -> Result<()> {
    let catalog = context.catalog();
    match catalog.class_is_known(&*catalog.opclass(class)?)? {
        true => Ok(()),
        false => {
            let name = catalog.object_description(Object::of::<PgOpclass>(class))?;
            Err(Error::not_implemented(format_args!("an index by {name}, whose functions are not the server's own,")))
        }
    }
}
