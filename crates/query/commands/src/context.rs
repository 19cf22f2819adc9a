//! What a utility statement runs in.

use std::sync::Arc;

use analyzer::query::SqlType;
use analyzer::{Analyzer, Params};
use catalog::Relation;
use catalog::acl::Privileges;
use catalog::privileges::ObjectKind;
use catalog::{Catalog, Entry};
use error::{Error, Result, SqlState};
use executor::Session;
use ids::Oid;
use locks::LockWait;
use parser::ast::{Name, Persistence, RelationName, RoleKind, RoleSpec, TypeName};
use planner::plan::Plan;

/// What the session does for utility statements, besides what it does for plans.
pub trait Services {
    /// Begins a COPY FROM STDIN of so many columns and gives where its data comes from.
    fn copy_in(&self, columns: usize, binary: bool) -> Result<Box<dyn CopyReader + '_>>;

    /// Begins a COPY TO STDOUT of so many columns and gives where its data goes.
    fn copy_out(&self, columns: usize, binary: bool) -> Result<Box<dyn CopyWriter + '_>>;

    /// Whether triggers that have still to fire are about rows of this table.
    fn has_pending_triggers(&self, table: Oid) -> bool;

    /// Whether a cursor that has not come to its end reads this table.
    fn is_read_by_cursor(&self, table: Oid) -> bool;

    /// Asks for a checkpoint and waits for it.
    fn checkpoint(&self) -> Result<()>;

    /// Commits the current transaction and starts another: what VACUUM does between tables.
    fn next_transaction(&self) -> Result<()>;

    /// A role's new password as it is to be stored: a secret made from it, unless it is one already. `None` for the empty one, which
    /// nobody may have, in whatever form.
    fn password_secret(&self, role: &str, password: &str) -> Result<Option<String>>;

    /// The data directory.
    fn data_directory(&self) -> std::path::PathBuf;

    /// A setting's value as an integer in its base unit.
    fn setting_int(&self, name: &str) -> Result<i64>;

    /// The plan of a statement that this crate wrote, with parameters of these types.
    fn plan_text(&self, text: &str, params: &[Oid]) -> Result<Arc<Plan>>;

    /// The same for an INSERT that no rule changes.
    fn plan_insertion(&self, text: &str, params: &[Oid]) -> Result<Arc<Plan>>;

    /// The query of a prepared statement, as views are stored, with the values of its parameters in it; `text` is where the EXECUTE stands.
    ///
    /// # Errors
    /// `42809` if it is no SELECT.
    fn prepared_query(&self, execute: &parser::ast::Execute, text: &str) -> Result<analyzer::query::Query>;

    /// The plan of a query that was analysed before.
    fn plan_query(&self, query: analyzer::query::Query) -> Result<Arc<Plan>>;

    /// The plan of expressions over a table's rows, for [`executor::RowEvaluator`].
    fn plan_rows(&self, table: &Relation, exprs: Vec<analyzer::query::Expr>) -> Result<Arc<Plan>>;

    /// The partitions of a table.
    fn partitions(&self, table: Oid) -> Result<Arc<planner::partition::Partitioned>>;

    /// The plan of a query that stands in the client's text.
    fn plan_statement(&self, statement: &parser::ast::Statement, text: &str) -> Result<Arc<Plan>>;

    /// A setting's value as a real number in its base unit.
    fn setting_real(&self, name: &str) -> Result<f64>;

    /// What processes are doing, to tell of progress.
    fn activities(&self) -> stats::Activities;

    /// The name of the session's database.
    fn database_name(&self) -> String;

    /// Whether the client has begun a transaction block.
    fn is_in_block(&self) -> bool;

    /// The session's number among those that run: no two have the same at a time.
    fn session_number(&self) -> u32;

    /// What happens to the session's temporary tables at commit.
    fn at_commit(&self) -> &crate::temporary::AtCommit;
    /// The text that the values of `SET name = values` mean, checked as one that could be set.
    fn checked_setting(&self, setting: &parser::ast::SetStatement) -> Result<String>;

    /// Lets a routine's language look at its body, as far as `check_function_bodies` wants it. Warnings, which it gives, and
    /// errors have their place in the body.
    fn check_routine(&self, routine: &catalog::rows::PgProc) -> Result<Vec<Error>>;

    /// Refuses a statement, called `what`, inside of a transaction block.
    fn refuse_block(&self, what: &str) -> Result<()>;

    /// A table is about to be written anew by ALTER; the bits of `reason` say why: 1 for its persistence, 2 for a default, 4 for a column, 8 for its
    /// access method. Event triggers may refuse it.
    fn rewrites_table(&self, table: Oid, reason: i32) -> Result<()>;

    /// Memory for one operator before it uses temporary files, in bytes (`work_mem`).
    fn work_mem(&self) -> usize;
}

/// Data of a COPY FROM STDIN.
pub trait CopyReader {
    /// Appends the next piece of data to `to`; false at the end.
    fn read(&mut self, to: &mut Vec<u8>) -> Result<bool>;
}

/// Data of a COPY TO STDOUT.
pub trait CopyWriter {
    /// Sends a piece of data: whole rows.
    fn write(&mut self, data: &[u8]) -> Result<()>;
}

/// A utility statement's session, and the text it stands in.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The session's handles.
    pub session: &'a Session<'a>,
    /// What the session does besides.
    pub services: &'a dyn Services,
    /// The text of the statement, in which locations count.
    pub text: &'a str,
}

impl<'a> Context<'a> {
    /// The catalogs.
    pub fn catalog(&self) -> &'a Catalog {
        self.session.catalog
    }

    /// Whether a setting is on.
    pub fn setting_on(&self, name: &str) -> bool {
        self.session.env().setting(name).as_deref() == Some("on")
    }

    /// Sends a notice to the client.
    pub fn notice(&self, notice: Error) {
        self.session.env().notice(notice);
    }

    /// `INFO`, for VERBOSE.
    pub fn tell(&self, text: impl Into<String>) {
        self.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(error::Severity::Info));
    }

    /// `NOTICE`, with this state and text.
    pub fn inform(&self, state: SqlState, text: impl Into<String>) {
        self.notice(Error::new(state, text).severity(error::Severity::Notice));
    }

    /// The same for parts of a statement about which errors do not say where they stand: ALTER TABLE's expressions.
    pub fn without_text(&self) -> Context<'a> {
        Context { text: "", session: self.session, services: self.services }
    }

    /// An analyzer for parts of the statement.
    pub fn analyzer(&self) -> Analyzer<'a> {
        Analyzer::new(self.session.catalog, self.session.env(), self.text, Params::default())
    }

    /// Refuses a statement that would change or drop a table that a cursor reads, or about whose rows triggers have still to fire.
    pub fn check_not_in_use(&self, relation: &Relation, statement: &str) -> Result<()> {
        if self.services.is_read_by_cursor(relation.oid) {
            let name = relation.name();
            let text =
                format!("cannot {statement} \"{name}\" because it is being used by active queries in this session");
            return Err(Error::new(SqlState::OBJECT_IN_USE, text));
        }
        if !self.services.has_pending_triggers(relation.oid) {
            return Ok(());
        }
        let text = format!("cannot {statement} \"{}\" because it has pending trigger events", relation.name());
        Err(Error::new(SqlState::OBJECT_IN_USE, text))
    }

    /// Gives an error its place in the text.
    pub fn place(&self, error: Error, location: u32) -> Error {
        match self.text.get(..location as usize) {
            Some(before) => error.position(before.chars().count() as u32 + 1),
            None => error,
        }
    }

    fn check_database(&self, name: &RelationName) -> Result<()> {
        let Some(database) = &name.database else { return Ok(()) };
        let current = self.catalog().database_row(self.catalog().database())?;
        if current.is_some_and(|row| row.datname == **database) {
            return Ok(());
        }
        Err(Error::not_implemented(format_args!("cross-database references are not implemented: {name}")))
    }

    /// The schema that a new permanent relation goes to; the role may create there.
    pub fn creation_schema(&self, name: &RelationName) -> Result<Oid> {
        self.creation_place(name, Persistence::Permanent).map(|(schema, _)| schema)
    }

    /// The schema that a new relation goes to, in which the role may create, and the relation's persistence (`p`, `u` or `t`): one that
    /// goes to the session's schema for temporary objects is temporary, whether the statement says so or not.
    pub fn creation_place(&self, name: &RelationName, wanted: Persistence) -> Result<(Oid, u8)> {
        self.check_database(name)?;
        let catalog = self.catalog();
        let refuse = |text: &str| {
            let error = Error::new(SqlState::INVALID_TABLE_DEFINITION, text);
            Err(self.place(error, name.location))
        };
        let schema = match &name.schema {
            Some(schema) if &**schema == "pg_temp" => self.temporary_schema()?,
            Some(schema) => catalog.require_schema(schema)?,
            None if wanted == Persistence::Temporary || catalog.search_path()?.creates_temporary => {
                self.temporary_schema()?
            }
            None => catalog
                .search_path()?
                .creation
                .ok_or_else(|| Error::new(SqlState::INVALID_SCHEMA_NAME, "no schema has been selected to create in"))?,
        };
        let temporary = catalog.temporary_schema_if_any() == Some(schema);
        let persistence = match wanted {
            Persistence::Permanent if temporary => b't',
            Persistence::Permanent => b'p',
            Persistence::Temporary if temporary => b't',
            Persistence::Temporary => return refuse("cannot create temporary relation in non-temporary schema"),
            Persistence::Unlogged if temporary => {
                return refuse("only temporary relations may be created in temporary schemas");
            }
            Persistence::Unlogged => b'u',
        };
        if temporary {
            return Ok((schema, persistence));
        }
        let relation = &name.name;
        let name = catalog.schema_name(schema)?.unwrap_or_default();
        if name == "pg_catalog" && !self.setting_on("allow_system_table_mods") {
            let text = format!("permission denied to create \"{name}.{relation}\"");
            return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text)
                .detail("System catalog modifications are currently disallowed."));
        }
        if name.starts_with("pg_temp_") || name.starts_with("pg_toast_temp_") {
            return refuse("cannot create relations in temporary schemas of other sessions");
        }
        catalog.require_privileges(ObjectKind::Schema, schema, catalog::acl::Privileges::CREATE)?;
        Ok((schema, persistence))
    }

    /// The session's schema for temporary objects, made now if it has none yet; the role may make some.
    fn temporary_schema(&self) -> Result<Oid> {
        let catalog = self.catalog();
        if catalog.temporary_schema_if_any().is_none() {
            let (database, wanted) = (catalog.database(), catalog::acl::Privileges::TEMPORARY);
            if catalog.require_privileges(ObjectKind::Database, database, wanted).is_err() {
                let name = self.services.database_name();
                let text = format!("permission denied to create temporary tables in database \"{name}\"");
                return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
            }
        }
        catalog.temporary_schema(self.services.session_number())
    }

    /// The relation of this name, if there is one.
    pub fn find_relation(&self, name: &RelationName) -> Result<Option<Oid>> {
        self.check_database(name)?;
        self.catalog().relation_by_name(name.schema.as_deref(), &name.name)
    }

    /// The relation of this name, locked in a mode (1 to 8).
    ///
    /// # Errors
    /// `42P01` if there is none.
    pub fn open(&self, name: &RelationName, mode: u8) -> Result<Entry<Relation>> {
        self.try_open(name, mode)?.ok_or_else(|| no_relation(name))
    }

    /// The same; `check` is asked before the lock is waited for: who may not do it shall not stand in anybody's way.
    pub fn open_if(
        &self,
        name: &RelationName,
        mode: u8,
        wait: LockWait,
        check: impl Fn(&Relation) -> Result<()>,
    ) -> Result<Entry<Relation>> {
        self.open_checked(name, mode, wait, check)?.ok_or_else(|| no_relation(name))
    }

    /// The relation of this name, locked in a mode (1 to 8), if there is one. Another transaction may rename or drop it while this
    /// one waits for the lock: then the name is looked up again.
    pub fn try_open(&self, name: &RelationName, mode: u8) -> Result<Option<Entry<Relation>>> {
        self.open_checked(name, mode, LockWait::Block, |_| Ok(()))
    }

    /// The relation that something is dropped from, locked against all others. With IF EXISTS it or its schema may be missing: the client
    /// is told so, and there is nothing to do.
    pub fn open_to_drop_from(&self, name: &RelationName, if_exists: bool) -> Result<Option<Entry<Relation>>> {
        if !if_exists {
            return self.open(name, 8).map(Some);
        }
        if let Some(schema) = &name.schema
            && self.catalog().schema_by_name(schema)?.is_none()
        {
            self.inform(SqlState::INVALID_SCHEMA_NAME, format!("schema \"{schema}\" does not exist, skipping"));
            return Ok(None);
        }
        let found = self.try_open(name, 8)?;
        if found.is_none() {
            let full = match &name.schema {
                Some(schema) => format!("{schema}.{}", name.name),
                None => name.name.to_string(),
            };
            self.inform(SqlState::UNDEFINED_TABLE, format!("relation \"{full}\" does not exist, skipping"));
        }
        Ok(found)
    }

    fn open_checked(
        &self,
        name: &RelationName,
        mode: u8,
        wait: LockWait,
        check: impl Fn(&Relation) -> Result<()>,
    ) -> Result<Option<Entry<Relation>>> {
        let mut locked = None;
        loop {
            let found = self.find_relation(name)?;
            if found == locked {
                return match found {
                    None => Ok(None),
                    Some(oid) => self.catalog().relation(oid).map(Some),
                };
            }
            let Some(oid) = found else { return Ok(None) };
            check(&*self.catalog().relation(oid)?)?;
            if !executor::try_lock_relation(self.session, oid, mode, wait)? {
                let text = format!("could not obtain lock on relation \"{}\"", name.name);
                return Err(Error::new(SqlState::LOCK_NOT_AVAILABLE, text));
            }
            locked = found;
        }
    }

    /// The relation of this name in a schema, locked in a mode (1 to 8), if there is one.
    pub fn in_schema(&self, schema: Oid, name: &str, mode: u8) -> Result<Option<Entry<Relation>>> {
        let schema = self.catalog().schema_name(schema)?.unwrap_or_default();
        let Some(found) = self.catalog().relation_by_name(Some(&schema), name)? else { return Ok(None) };
        executor::lock_relation(self.session, found, mode)?;
        self.catalog().relation(found).map(Some)
    }

    /// The relation must belong to the current role (or one it is a member of), and not to the system.
    pub fn require_owner(&self, relation: &Relation) -> Result<()> {
        if relation.is_system() {
            let text = format!("permission denied: \"{}\" is a system catalog", relation.name());
            return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
        }
        self.catalog().require_owner(ObjectKind::Relation, relation.oid)
    }

    /// The type that a statement names for a column or attribute, which the role must be allowed to use.
    pub(crate) fn column_type(&self, name: &TypeName) -> Result<SqlType> {
        let ty = self.analyzer().type_name(name)?;
        self.require_usage(ty.oid)?;
        Ok(ty)
    }

    /// The current role must be allowed to use a type.
    pub(crate) fn require_usage(&self, type_oid: Oid) -> Result<()> {
        let row = self.catalog().type_(type_oid)?;
        // Arrays are used by who may use their elements.
        let element = if row.typelem.is_valid() && row.typlen == -1 { row.typelem } else { type_oid };
        self.catalog().require_privileges(ObjectKind::Type, element, Privileges::USAGE)
    }

    /// The role that a statement names.
    pub fn role(&self, role: &RoleSpec) -> Result<Oid> {
        match &role.kind {
            RoleKind::Named(name) => self.catalog().require_role(name).map(|row| row.oid),
            RoleKind::CurrentRole | RoleKind::CurrentUser => Ok(self.catalog().current_user()),
            RoleKind::SessionUser => Ok(self.catalog().session_user()),
            RoleKind::Public => {
                let error = Error::new(SqlState::UNDEFINED_OBJECT, "role \"public\" does not exist");
                Err(self.place(error, role.location))
            }
        }
    }

    /// The number of a column by its name.
    ///
    /// # Errors
    /// `42703` if the relation has no such column.
    pub fn column(&self, relation: &Relation, name: &Name) -> Result<i16> {
        relation.column_by_name(name).map(|column| column.attnum).ok_or_else(|| {
            let text = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name());
            Error::new(SqlState::UNDEFINED_COLUMN, text)
        })
    }
}

#[cold]
fn no_relation(name: &RelationName) -> Error {
    let text = match &name.schema {
        Some(schema) => format!("relation \"{schema}.{}\" does not exist", name.name),
        None => format!("relation \"{}\" does not exist", name.name),
    };
    Error::new(SqlState::UNDEFINED_TABLE, text)
}
