//! Foreign-data wrappers, servers, user mappings and options of foreign tables, as objects of the catalogs.
//!
//! A wrapper without a handler can be defined and used in definitions, and nothing can be read through it; there are no handlers yet, since these
//! are written in C. Options are `name=value` in an array of text, as in PostgreSQL; a validator, where there is one, is asked about them.

use catalog::acl::Privileges;
use catalog::field::Text;
use catalog::privileges::ObjectKind as Privileged;
use catalog::relation::kind;
use catalog::rows::*;
use catalog::{Dependency, DropBehavior, Entry, Object, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{
    AlterServer, ConstraintKind, CreateServer, CreateTable, DefinitionAction, DefinitionItem, DefinitionValue,
    ForeignDataWrapper, ImportForeignSchema, RoleKind, RoleSpec, TableElement, UserMapping,
};

use crate::{Context, object, options};

/// `postgresql_fdw_validator`, the one validator that is built in.
const POSTGRESQL_VALIDATOR: Oid = Oid(2316);

/// The type `fdw_handler`.
const FDW_HANDLER: Oid = Oid(3115);

/// Makes a foreign-data wrapper.
pub(crate) fn create_wrapper(context: &Context<'_>, create: &ForeignDataWrapper) -> Result<()> {
    let catalog = context.catalog();
    let me = catalog.current_user();
    if !catalog.is_superuser(me)? {
        let text = format!("permission denied to create foreign-data wrapper \"{}\"", create.name);
        let hint = "Must be superuser to create a foreign-data wrapper.";
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).hint(hint));
    }
    let unique = index::PG_FOREIGN_DATA_WRAPPER_NAME_INDEX;
    if catalog.row::<PgForeignDataWrapper>(unique, &[(&*create.name).into()])?.is_some() {
        let text = format!("foreign-data wrapper \"{}\" already exists", create.name);
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
    }
    let (handler, validator) = functions(context, &create.functions)?;
    let (handler, validator) = (handler.unwrap_or_default(), validator.unwrap_or_default());
    let found = changed(&None, &create.options)?;
    validate(context, validator, PgForeignDataWrapper::RELATION, &found)?;
    let oid = catalog.new_oid::<PgForeignDataWrapper>(index::PG_FOREIGN_DATA_WRAPPER_OID_INDEX)?;
    catalog.insert(&PgForeignDataWrapper {
        oid,
        fdwname: create.name.to_string().into(),
        fdwowner: me,
        fdwhandler: handler,
        fdwvalidator: validator,
        fdwacl: None,
        fdwoptions: found,
    })?;
    let this = Object::of::<PgForeignDataWrapper>(oid);
    let needs: Vec<Object> =
        [handler, validator].into_iter().filter(|f| f.is_valid()).map(Object::of::<PgProc>).collect();
    catalog.record_dependencies(this, &needs, Dependency::Normal)?;
    catalog.record_owner(this, me)?;
    catalog.next_command()
}

/// Changes a foreign-data wrapper.
pub(crate) fn alter_wrapper(context: &Context<'_>, alter: &ForeignDataWrapper) -> Result<()> {
    let catalog = context.catalog();
    if !catalog.is_superuser(catalog.current_user())? {
        let text = format!("permission denied to alter foreign-data wrapper \"{}\"", alter.name);
        let hint = "Must be superuser to alter a foreign-data wrapper.";
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).hint(hint));
    }
    let unique = index::PG_FOREIGN_DATA_WRAPPER_NAME_INDEX;
    let mut row = (*object::by_name::<PgForeignDataWrapper>(context, unique, &alter.name)?).clone();
    let (handler, validator) = functions(context, &alter.functions)?;
    let this = Object::of::<PgForeignDataWrapper>(row.oid);
    let warn = |text: &str| {
        context.notice(Error::new(SqlState::WARNING, text).severity(error::Severity::Warning));
    };
    if let Some(handler) = handler {
        row.fdwhandler = handler;
        warn("changing the foreign-data wrapper handler can change behavior of existing foreign tables");
    }
    if let Some(validator) = validator {
        row.fdwvalidator = validator;
        if validator.is_valid() {
            warn(
                "changing the foreign-data wrapper validator can cause the options for dependent objects to become invalid",
            );
        }
    }
    if !alter.options.is_empty() {
        row.fdwoptions = changed(&row.fdwoptions, &alter.options)?;
        validate(context, row.fdwvalidator, PgForeignDataWrapper::RELATION, &row.fdwoptions)?;
    }
    if handler.is_some() || validator.is_some() {
        catalog.forget_dependencies(this, Some(Dependency::Normal), Some(PgProc::RELATION))?;
        let functions = [row.fdwhandler, row.fdwvalidator].into_iter().filter(|f| f.is_valid());
        let needs: Vec<Object> = functions.map(Object::of::<PgProc>).collect();
        catalog.record_dependencies(this, &needs, Dependency::Normal)?;
    }
    let key = [row.oid.into()];
    catalog.change::<PgForeignDataWrapper>(index::PG_FOREIGN_DATA_WRAPPER_OID_INDEX, &key, |stored| *stored = row)?;
    catalog.next_command()
}

/// HANDLER and VALIDATOR: none if not said, zero for NO.
fn functions(context: &Context<'_>, items: &[DefinitionItem]) -> Result<(Option<Oid>, Option<Oid>)> {
    let (mut handler, mut validator) = (None, None);
    for item in items {
        let is_handler = &*item.name == "handler";
        let slot = if is_handler { &mut handler } else { &mut validator };
        if slot.is_some() {
            let error = Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options");
            return Err(context.place(error, item.location));
        }
        let name = match &item.value {
            Some(DefinitionValue::Name(name)) => name.clone(),
            Some(DefinitionValue::Type(name)) => name.name.clone(),
            Some(DefinitionValue::String(name)) => parser::ast::ObjectName::unqualified(name.clone(), item.location),
            _ => {
                *slot = Some(Oid::INVALID);
                continue;
            }
        };
        const TEXT_ARRAY: Oid = Oid(1009);
        let arguments: &[Oid] = if is_handler { &[] } else { &[TEXT_ARRAY, types::oid::OID] };
        let catalog = context.catalog();
        let schema = name.qualifiers.last().map(|schema| &**schema);
        let candidates = catalog.functions_by_name(schema, &name.name)?;
        let found = candidates.iter().find(|candidate| *candidate.row.proargtypes == *arguments);
        let Some(found) = found else {
            let types: Vec<String> = arguments.iter().map(|&ty| catalog.type_name(ty)).collect::<Result<_>>()?;
            let text = format!("function {name}({}) does not exist", types.join(", "));
            return Err(Error::new(SqlState::UNDEFINED_FUNCTION, text));
        };
        if is_handler && found.row.prorettype != FDW_HANDLER {
            let text = format!("function {} must return type fdw_handler", found.row.proname);
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
        }
        *slot = Some(found.row.oid);
    }
    Ok((handler, validator))
}

/// Options after a list of additions, replacements and removals; none if there are none left.
pub(crate) fn changed(have: &Option<Vec<Text>>, items: &[DefinitionItem]) -> Result<Option<Vec<Text>>> {
    let mut all: Vec<(String, String)> = (have.iter().flatten())
        .map(|option| option.split_once('=').map_or((option.to_string(), String::new()), |(n, v)| (n.into(), v.into())))
        .collect();
    for item in items {
        let name = item.name.to_string();
        let at = all.iter().position(|(have, _)| *have == name);
        let missing = || Error::new(SqlState::UNDEFINED_OBJECT, format!("option \"{name}\" not found"));
        if name.contains('=') {
            let text = format!("invalid option name \"{name}\": must not contain \"=\"");
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
        }
        match item.action {
            DefinitionAction::Drop => {
                all.remove(at.ok_or_else(missing)?);
            }
            DefinitionAction::Set => {
                all[at.ok_or_else(missing)?].1 = options::text(item).unwrap_or_default();
            }
            DefinitionAction::Add | DefinitionAction::Unspecified => {
                if at.is_some() {
                    let text = format!("option \"{name}\" provided more than once");
                    return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
                }
                all.push((name, options::text(item).unwrap_or_default()));
            }
        }
    }
    Ok((!all.is_empty()).then(|| all.into_iter().map(|(name, value)| format!("{name}={value}").into()).collect()))
}

/// Asks a wrapper's validator about the options of an object of a catalog.
pub(crate) fn validate(context: &Context<'_>, validator: Oid, class: Oid, found: &Option<Vec<Text>>) -> Result<()> {
    if !validator.is_valid() {
        return Ok(());
    }
    if validator == POSTGRESQL_VALIDATOR {
        return validate_as_libpq(class, found);
    }
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let elements: Vec<String> = found.iter().flatten().map(|option| quoted(option)).collect();
    let catalog = context.catalog();
    let row = catalog.function(validator)?;
    let schema = catalog.schema_name(row.pronamespace)?.unwrap_or_default();
    let (schema, name) = (catalog::format::quote_identifier(&schema), catalog::format::quote_identifier(&row.proname));
    let list = format!("{{{}}}", elements.join(",")).replace('\'', "''").replace('\\', "\\\\");
    let text = format!("SELECT {schema}.{name}(E'{list}'::pg_catalog.text[], {}::pg_catalog.oid)", class.0);
    let plan = context.services.plan_text(&text, &[])?;
    let session = context.session;
    let run = executor::Options { params: Vec::new(), work_mem: context.services.work_mem(), instrument: false };
    let mut execution = executor::Execution::start(session, plan, session.transaction.latest_snapshot()?, run)?;
    let mut batch = execution.batch();
    while execution.next(session, &mut batch)? {}
    Ok(())
}

/// The options that `postgresql_fdw_validator` knows: those of a connection.
fn validate_as_libpq(class: Oid, found: &Option<Vec<Text>>) -> Result<()> {
    const SERVER: [&str; 10] = [
        "authtype",
        "service",
        "connect_timeout",
        "dbname",
        "host",
        "hostaddr",
        "port",
        "tty",
        "options",
        "requiressl",
    ];
    const MORE: [&str; 3] = ["sslmode", "gsslib", "gssdelegation"];
    const USER: [&str; 2] = ["user", "password"];
    let known = |name: &str| match class {
        PgForeignServer::RELATION => SERVER.contains(&name) || MORE.contains(&name),
        PgUserMapping::RELATION => USER.contains(&name),
        _ => false,
    };
    for option in found.iter().flatten() {
        let name = option.split_once('=').map_or(&**option, |(name, _)| name);
        if known(name) {
            continue;
        }
        let all: Vec<&str> = SERVER.iter().chain(&MORE).chain(&USER).copied().filter(|name| known(name)).collect();
        let error = Error::new(SqlState::SYNTAX_ERROR, format!("invalid option \"{name}\""));
        let close = all.iter().find(|have| is_close(name, have));
        return Err(match close {
            Some(close) => error.hint(format!("Perhaps you meant the option \"{close}\".")),
            None if all.is_empty() => error.hint("There are no valid options in this context."),
            None => error,
        });
    }
    Ok(())
}

/// Whether one word may be a slip of another: at most 4 edits, and fewer than half of its letters.
fn is_close(word: &str, other: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (word.chars().take(64).collect(), other.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (corner + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()] <= 4 && row[b.len()] <= a.len() / 2
}

fn wrapper(context: &Context<'_>, name: &str) -> Result<Entry<PgForeignDataWrapper>> {
    object::by_name(context, index::PG_FOREIGN_DATA_WRAPPER_NAME_INDEX, name)
}

/// The server of this name.
pub(crate) fn server(context: &Context<'_>, name: &str) -> Result<Entry<PgForeignServer>> {
    object::by_name(context, index::PG_FOREIGN_SERVER_NAME_INDEX, name)
}

fn validator_of(context: &Context<'_>, wrapper: Oid) -> Result<Oid> {
    let key = [wrapper.into()];
    let row = context.catalog().row::<PgForeignDataWrapper>(index::PG_FOREIGN_DATA_WRAPPER_OID_INDEX, &key)?;
    Ok(row.map_or(Oid::INVALID, |row| row.fdwvalidator))
}

/// IMPORT FOREIGN SCHEMA: the wrapper's handler would say what there is to import.
pub(crate) fn import_schema(context: &Context<'_>, import: &ImportForeignSchema) -> Result<()> {
    let catalog = context.catalog();
    let key = [(&*import.server).into()];
    let server = catalog.row::<PgForeignServer>(index::PG_FOREIGN_SERVER_NAME_INDEX, &key)?;
    let server = server.ok_or_else(|| crate::object::missing("server", &import.server))?;
    catalog.require_privileges(Privileged::ForeignServer, server.oid, Privileges::USAGE)?;
    let schema = catalog.require_schema(&import.local_schema)?;
    catalog.require_privileges(Privileged::Schema, schema, Privileges::CREATE)?;
    let wrapper = [server.srvfdw.into()];
    let wrapper = catalog.row::<PgForeignDataWrapper>(index::PG_FOREIGN_DATA_WRAPPER_OID_INDEX, &wrapper)?;
    let wrapper = wrapper.ok_or_else(|| Error::internal("a foreign-data wrapper is gone"))?;
    if !wrapper.fdwhandler.is_valid() {
        let text = format!("foreign-data wrapper \"{}\" has no handler", wrapper.fdwname);
        return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text));
    }
    Err(Error::not_implemented("IMPORT FOREIGN SCHEMA"))
}

/// Makes a server.
pub(crate) fn create_server(context: &Context<'_>, create: &CreateServer) -> Result<()> {
    let catalog = context.catalog();
    let me = catalog.current_user();
    let unique = index::PG_FOREIGN_SERVER_NAME_INDEX;
    if catalog.row::<PgForeignServer>(unique, &[(&*create.name).into()])?.is_some() {
        let text = format!("server \"{}\" already exists", create.name);
        if create.if_not_exists {
            context.inform(SqlState::DUPLICATE_OBJECT, format!("{text}, skipping"));
            return Ok(());
        }
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
    }
    let wrapper = wrapper(context, &create.wrapper)?;
    catalog.require_privileges(Privileged::ForeignDataWrapper, wrapper.oid, Privileges::USAGE)?;
    let found = changed(&None, &create.options)?;
    validate(context, wrapper.fdwvalidator, PgForeignServer::RELATION, &found)?;
    let oid = catalog.new_oid::<PgForeignServer>(index::PG_FOREIGN_SERVER_OID_INDEX)?;
    catalog.insert(&PgForeignServer {
        oid,
        srvname: create.name.to_string().into(),
        srvowner: me,
        srvfdw: wrapper.oid,
        srvtype: create.server_type.as_ref().map(|text| text.to_string().into()),
        srvversion: create.version.as_ref().map(|text| text.to_string().into()),
        srvacl: None,
        srvoptions: found,
    })?;
    let this = Object::of::<PgForeignServer>(oid);
    catalog.record_dependency(this, Object::of::<PgForeignDataWrapper>(wrapper.oid), Dependency::Normal)?;
    catalog.record_owner(this, me)?;
    catalog.next_command()
}

/// Changes a server.
pub(crate) fn alter_server(context: &Context<'_>, alter: &AlterServer) -> Result<()> {
    let catalog = context.catalog();
    let mut row = (*server(context, &alter.name)?).clone();
    object::require_owner(context, Object::of::<PgForeignServer>(row.oid), false)?;
    if let Some(version) = &alter.version {
        row.srvversion = version.as_ref().map(|text| text.to_string().into());
    }
    if !alter.options.is_empty() {
        row.srvoptions = changed(&row.srvoptions, &alter.options)?;
        validate(context, validator_of(context, row.srvfdw)?, PgForeignServer::RELATION, &row.srvoptions)?;
    }
    let key = [row.oid.into()];
    catalog.change::<PgForeignServer>(index::PG_FOREIGN_SERVER_OID_INDEX, &key, |stored| *stored = row)?;
    catalog.next_command()
}

/// The role of a user mapping (zero for PUBLIC), and its name in messages.
fn mapped_role(context: &Context<'_>, role: &RoleSpec) -> Result<(Oid, String)> {
    if role.kind == RoleKind::Public {
        return Ok((Oid::INVALID, "public".into()));
    }
    let oid = context.role(role)?;
    Ok((oid, context.catalog().role_name(oid)?.unwrap_or_default()))
}

/// Who owns a server may map anybody; who may use it, himself.
fn check_mapping(context: &Context<'_>, server: &PgForeignServer, role: Oid) -> Result<()> {
    let catalog = context.catalog();
    let me = catalog.current_user();
    if catalog.has_privileges_of(me, server.srvowner)? {
        return Ok(());
    }
    if role == me {
        return catalog.require_privileges(Privileged::ForeignServer, server.oid, Privileges::USAGE);
    }
    let text = format!("must be owner of foreign server {}", server.srvname);
    Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text))
}

fn mapping(context: &Context<'_>, role: Oid, server: Oid) -> Result<Option<Entry<PgUserMapping>>> {
    context.catalog().row(index::PG_USER_MAPPING_USER_SERVER_INDEX, &[role.into(), server.into()])
}

/// Makes a user mapping.
pub(crate) fn create_mapping(context: &Context<'_>, create: &UserMapping) -> Result<()> {
    let catalog = context.catalog();
    let (role, name) = mapped_role(context, &create.user)?;
    let server = server(context, &create.server)?;
    check_mapping(context, &server, role)?;
    if mapping(context, role, server.oid)?.is_some() {
        let text = format!("user mapping for \"{name}\" already exists for server \"{}\"", server.srvname);
        if create.if_exists {
            context.inform(SqlState::DUPLICATE_OBJECT, format!("{text}, skipping"));
            return Ok(());
        }
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
    }
    let found = changed(&None, &create.options)?;
    validate(context, validator_of(context, server.srvfdw)?, PgUserMapping::RELATION, &found)?;
    let oid = catalog.new_oid::<PgUserMapping>(index::PG_USER_MAPPING_OID_INDEX)?;
    catalog.insert(&PgUserMapping { oid, umuser: role, umserver: server.oid, umoptions: found })?;
    let this = Object::of::<PgUserMapping>(oid);
    catalog.record_dependency(this, Object::of::<PgForeignServer>(server.oid), Dependency::Normal)?;
    if role.is_valid() {
        catalog.record_owner(this, role)?;
    }
    catalog.next_command()
}

/// Changes a user mapping.
pub(crate) fn alter_mapping(context: &Context<'_>, alter: &UserMapping) -> Result<()> {
    let catalog = context.catalog();
    let (role, name) = mapped_role(context, &alter.user)?;
    let server = server(context, &alter.server)?;
    let Some(row) = mapping(context, role, server.oid)? else {
        return Err(no_mapping(&name, &server.srvname));
    };
    check_mapping(context, &server, role)?;
    let mut row = (*row).clone();
    if !alter.options.is_empty() {
        row.umoptions = changed(&row.umoptions, &alter.options)?;
        validate(context, validator_of(context, server.srvfdw)?, PgUserMapping::RELATION, &row.umoptions)?;
    }
    let key = [row.oid.into()];
    catalog.change::<PgUserMapping>(index::PG_USER_MAPPING_OID_INDEX, &key, |stored| *stored = row)?;
    catalog.next_command()
}

fn no_mapping(role: &str, server: &str) -> Error {
    let text = format!("user mapping for \"{role}\" does not exist for server \"{server}\"");
    Error::new(SqlState::UNDEFINED_OBJECT, text)
}

/// Drops a user mapping.
pub(crate) fn drop_mapping(context: &Context<'_>, drop: &UserMapping) -> Result<()> {
    let skip = |error: Error| match drop.if_exists {
        true => {
            context.inform(error.state(), format!("{}, skipping", error.message()));
            Ok(())
        }
        false => Err(error),
    };
    let (role, name) = match mapped_role(context, &drop.user) {
        Ok(found) => found,
        Err(error) if object::is_missing(&error) => return skip(error),
        Err(error) => return Err(error),
    };
    let server = match server(context, &drop.server) {
        Ok(server) => server,
        Err(error) if object::is_missing(&error) => return skip(error),
        Err(error) => return Err(error),
    };
    let Some(row) = mapping(context, role, server.oid)? else {
        return skip(no_mapping(&name, &server.srvname));
    };
    check_mapping(context, &server, role)?;
    context.catalog().drop_object(Object::of::<PgUserMapping>(row.oid), DropBehavior::Cascade).map(|_| ())
}

/// Notes the server and options of a new foreign table.
pub(crate) fn table(context: &Context<'_>, table: Oid, server_name: &str, items: &[DefinitionItem]) -> Result<()> {
    let catalog = context.catalog();
    let server = server(context, server_name)?;
    catalog.require_privileges(Privileged::ForeignServer, server.oid, Privileges::USAGE)?;
    let found = changed(&None, items)?;
    validate(context, validator_of(context, server.srvfdw)?, PgForeignTable::RELATION, &found)?;
    catalog.insert(&PgForeignTable { ftrelid: table, ftserver: server.oid, ftoptions: found })?;
    catalog.record_dependency(
        Object::relation(table),
        Object::of::<PgForeignServer>(server.oid),
        Dependency::Normal,
    )?;
    catalog.next_command()
}

/// Refuses what foreign tables cannot have.
pub(crate) fn check_constraints(context: &Context<'_>, create: &CreateTable) -> Result<()> {
    for element in &create.elements {
        let constraints = match element {
            TableElement::Column(column) => &column.constraints[..],
            TableElement::Constraint(constraint) => std::slice::from_ref(&**constraint),
            _ => continue,
        };
        for constraint in constraints {
            let what = match &constraint.kind {
                ConstraintKind::Unique(unique) if unique.primary => "primary key",
                ConstraintKind::Unique(_) => "unique",
                ConstraintKind::ForeignKey(_) => "foreign key",
                ConstraintKind::Exclusion(_) => "exclusion",
                _ => continue,
            };
            let text = format!("{what} constraints are not supported on foreign tables");
            return Err(context.place(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text), constraint.location));
        }
    }
    Ok(())
}

/// Notes the options of a new foreign table's columns.
pub(crate) fn column_options(context: &Context<'_>, table: Oid, create: &CreateTable) -> Result<()> {
    for element in &create.elements {
        if let TableElement::Column(column) = element
            && !column.options.is_empty()
        {
            let relation = context.catalog().relation(table)?;
            alter_column_options(context, &relation, &column.name, &column.options)?;
        }
    }
    Ok(())
}

/// The validator for a foreign table.
fn validator_of_table(context: &Context<'_>, table: Oid) -> Result<(PgForeignTable, Oid)> {
    let catalog = context.catalog();
    let row = catalog.row::<PgForeignTable>(index::PG_FOREIGN_TABLE_RELID_INDEX, &[table.into()])?;
    let row = row.ok_or_else(|| Error::internal(format!("relation {table} is no foreign table")))?;
    let server = catalog.row::<PgForeignServer>(index::PG_FOREIGN_SERVER_OID_INDEX, &[row.ftserver.into()])?;
    let server = server.ok_or_else(|| Error::internal("a foreign table's server is gone"))?;
    Ok(((*row).clone(), validator_of(context, server.srvfdw)?))
}

fn check_foreign(relation: &Relation) -> Result<()> {
    if relation.kind() == kind::FOREIGN_TABLE {
        return Ok(());
    }
    let text = format!("\"{}\" is not a foreign table", relation.name());
    Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text))
}

/// `ALTER FOREIGN TABLE … OPTIONS (…)`
pub(crate) fn alter_table_options(context: &Context<'_>, relation: &Relation, items: &[DefinitionItem]) -> Result<()> {
    check_foreign(relation)?;
    let catalog = context.catalog();
    let (row, validator) = validator_of_table(context, relation.oid)?;
    let found = changed(&row.ftoptions, items)?;
    validate(context, validator, PgForeignTable::RELATION, &found)?;
    let key = [relation.oid.into()];
    catalog.change::<PgForeignTable>(index::PG_FOREIGN_TABLE_RELID_INDEX, &key, |stored| stored.ftoptions = found)?;
    catalog.alter_class(relation.oid, |_| ())
}

/// `ALTER COLUMN … OPTIONS (…)` of a foreign table.
pub(crate) fn alter_column_options(
    context: &Context<'_>,
    relation: &Relation,
    name: &str,
    items: &[DefinitionItem],
) -> Result<()> {
    check_foreign(relation)?;
    let Some(column) = relation.column_by_name(name) else {
        if catalog::relation::system_column_by_name(name).is_some() {
            let text = format!("cannot alter system column \"{name}\"");
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        let text = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name());
        return Err(Error::new(SqlState::UNDEFINED_COLUMN, text));
    };
    let (_, validator) = validator_of_table(context, relation.oid)?;
    let found = changed(&column.attfdwoptions, items)?;
    validate(context, validator, PgAttribute::RELATION, &found)?;
    context.catalog().alter_column(relation.oid, column.attnum, |row| row.attfdwoptions = found)
}
