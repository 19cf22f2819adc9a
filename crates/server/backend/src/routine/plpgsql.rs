//! Functions and procedures in PL/pgSQL, and DO: what the language asks of the session ([`plpgsql::Host`]).

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use analyzer::query::{Query, SqlType};
use analyzer::routine::{Precedence, RoutineResult, Variables};
use analyzer::{Analyzer, Params};
use batch::{Batch, Column, Datum};
use catalog::Entry;
use catalog::rows::PgProc;
use error::{Error, Result, SqlState};
use executor::PlanLocks;
use executor::scalar::Scalar;
use executor::store::rows::RowStore;
use ids::Oid;
use parser::ast::{DefinitionValue, Do, FetchDirection, Statement};
use planner::plan::{Command, Plan};
use plpgsql::parse::Header;
use plpgsql::run::{Outcome, frame::Row};
use plpgsql::tree::{ResultKind, Routine};
use plpgsql::{CallScope, Called, Sink};
use txn::ActiveSnapshot;
use types::oid;

use super::Invocation;
use crate::block::Block;
use crate::cursor::Kept;
use crate::portal::{Portal, State};
use crate::prepared::{Prepared, ResultColumn};
use crate::session::Session;

/// What decides about a routine's tree: itself, and what polymorphic arguments it is called with.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    function: Oid,
    arguments: Vec<Oid>,
    result: Oid,
    collation: Oid,
    /// The table of the trigger that calls: OLD and NEW are its rows.
    table: Oid,
}

/// A routine, parsed, and the row that it was parsed from.
pub(super) struct Parsed {
    row: Entry<PgProc>,
    generation: u64,
    routine: Routine,
    result: RoutineResult,
}

/// As many routines are kept.
const KEPT_MAX: usize = 512;

/// The settings of the language that sessions have without having set them.
fn language_setting(session: &Session<'_>, name: &str) -> Option<String> {
    let settings = session.settings.borrow();
    settings.find(name).map(|id| settings.show_id(id))
}

impl Session<'_> {
    fn header(
        &self,
        row: &PgProc,
        arg_types: &[Oid],
        result_type: Oid,
        collation: Oid,
        check: bool,
    ) -> Result<(Header, RoutineResult)> {
        let catalog = self.catalog();
        let result = RoutineResult::of(catalog, row, arg_types, result_type)?;
        let typed = |type_oid: Oid| -> Result<SqlType> {
            let own = catalog.type_(type_oid)?.typcollation;
            let collation = if own.is_valid() && collation.is_valid() { collation } else { own };
            Ok(SqlType { oid: type_oid, typmod: -1, collation })
        };
        let declared: &[Oid] = row.proallargtypes.as_deref().unwrap_or(&row.proargtypes);
        let (mut inputs, mut outputs) = (arg_types.iter(), 0);
        let mut arguments = Vec::with_capacity(declared.len());
        for (at, &type_oid) in declared.iter().enumerate() {
            let mode = row.proargmodes.as_ref().and_then(|modes| modes.get(at).copied()).unwrap_or(b'i');
            let name = row.proargnames.as_ref().and_then(|names| names.get(at)).map_or("", |name| &**name);
            let is_output = matches!(mode, b'o' | b'b' | b't');
            let ty = match mode {
                b'i' | b'b' | b'v' => inputs.next().copied().unwrap_or(type_oid),
                _ => match &result.columns {
                    Some(columns) if row.prorettype == oid::RECORD => {
                        columns.get(outputs).map_or(type_oid, |(_, ty)| ty.oid)
                    }
                    _ => result_type,
                },
            };
            outputs += is_output as usize;
            arguments.push((name.to_string(), typed(ty)?, mode));
        }
        let kind = match result_type {
            oid::TRIGGER => ResultKind::Trigger,
            oid::EVENT_TRIGGER => ResultKind::EventTrigger,
            oid::VOID => ResultKind::Nothing,
            _ if result.is_composite() => ResultKind::Row,
            _ => ResultKind::Scalar,
        };
        let types = row.proargtypes.iter().map(|&oid| catalog.type_name(oid)).collect::<Result<Vec<_>>>()?;
        let name = match catalog.function_is_visible(row.oid)? {
            Some(false) => {
                let schema = catalog.schema_name(row.pronamespace)?.unwrap_or_default();
                let quote = catalog::format::quote_identifier;
                format!("{}.{}", quote(&schema), quote(&row.proname))
            }
            _ => catalog::format::quote_identifier(&row.proname),
        };
        let header = Header {
            signature: format!("{name}({})", types.join(",")),
            name: row.proname.to_string(),
            arguments,
            result: kind,
            result_type: typed(result_type)?,
            set: row.proretset,
            procedure: row.prokind == b'p',
            collation,
            precedence: self.variable_conflict(),
            print_strict_params: language_setting(self, "plpgsql.print_strict_params")
                .is_some_and(|value| ["on", "true", "yes", "1"].contains(&value.to_ascii_lowercase().as_str())),
            check,
            shadowed: match check {
                true => plpgsql::extra_check(&|name| language_setting(self, name), "shadowed_variables"),
                false => None,
            },
        };
        Ok((header, result))
    }

    fn variable_conflict(&self) -> Precedence {
        match language_setting(self, "plpgsql.variable_conflict").as_deref() {
            Some("use_variable") => Precedence::Variable,
            Some("use_column") => Precedence::Column,
            _ => Precedence::Neither,
        }
    }

    fn plpgsql_routine(&self, invocation: &Invocation<'_>) -> Result<Rc<Parsed>> {
        let key = Key {
            function: invocation.row.oid,
            arguments: invocation.arg_types.to_vec(),
            result: invocation.result_type,
            collation: invocation.collation,
            table: Oid::INVALID,
        };
        self.parsed_routine(invocation.row, key)
    }

    /// A routine that does not return the rows of a query: a trigger's function.
    pub(super) fn plpgsql_trigger(
        &self,
        row: &Entry<PgProc>,
        table: Oid,
        call: plpgsql::run::TriggerCall,
    ) -> Result<Outcome> {
        let (result, collation) = (row.prorettype, Oid::INVALID);
        let parsed =
            self.parsed_routine(row, Key { function: row.oid, arguments: Vec::new(), result, collation, table })?;
        let host = Host::new(self, None);
        plpgsql::run::call(&host, &parsed.routine, row.oid, Vec::new(), Some(call), false, &[], None)
    }

    fn parsed_routine(&self, row: &Entry<PgProc>, key: Key) -> Result<Rc<Parsed>> {
        self.catalog().absorb();
        let generation = self.catalog().generation();
        if let Some(found) = self.routines.plpgsql.borrow().get(&key)
            && (found.generation == generation || *found.row == **row)
        {
            return Ok(found.clone());
        }
        let (header, result) = self.header(row, &key.arguments, key.result, key.collation, false)?;
        let routine = plpgsql::parse::parse(self.catalog(), self, &row.prosrc, &header)
            .map_err(|error| analyzer::routine::in_body(error, &row.prosrc))?;
        let parsed = Rc::new(Parsed { row: row.clone(), generation, routine, result });
        let mut kept = self.routines.plpgsql.borrow_mut();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, parsed.clone());
        Ok(parsed)
    }

    /// Looks at a body when its routine is made.
    pub(super) fn check_plpgsql(&self, row: &PgProc) -> Result<Vec<Error>> {
        let catalog = self.catalog();
        let polymorphic = analyzer::types::is_polymorphic;
        let is_pseudo = |oid: Oid| -> Result<bool> { Ok(catalog.type_(oid)?.typtype == b'p') };
        let result = row.prorettype;
        let allowed = matches!(result, oid::TRIGGER | oid::EVENT_TRIGGER | oid::VOID | oid::RECORD);
        if is_pseudo(result)? && !allowed && !polymorphic(result) {
            let name = catalog.format_type(result, -1)?;
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!("PL/pgSQL functions cannot return type {name}"),
            ));
        }
        for &input in row.proargtypes.iter() {
            if is_pseudo(input)? && input != oid::RECORD && !polymorphic(input) {
                let name = catalog.format_type(input, -1)?;
                let text = format!("PL/pgSQL functions cannot accept type {name}");
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
        }
        if matches!(result, oid::TRIGGER | oid::EVENT_TRIGGER) && row.pronargs > 0 {
            let invalid = |text: &str| Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text);
            return Err(match result {
                oid::TRIGGER => invalid("trigger functions cannot have declared arguments")
                    .hint("The arguments of the trigger can be accessed through TG_NARGS and TG_ARGV instead."),
                _ => invalid("event trigger functions cannot have declared arguments"),
            });
        }
        if !self.settings.borrow().bool(settings::id::CHECK_FUNCTION_BODIES) {
            return Ok(Vec::new());
        }
        // Polymorphic types stand for integers here, as for PostgreSQL.
        let stand_in = |oid: Oid| match oid {
            oid::ANYARRAY | oid::ANYCOMPATIBLEARRAY => oid::INT4_ARRAY,
            oid::ANYRANGE | oid::ANYCOMPATIBLERANGE => oid::INT4RANGE,
            oid::ANYMULTIRANGE | oid::ANYCOMPATIBLEMULTIRANGE => oid::INT4MULTIRANGE,
            other if polymorphic(other) => oid::INT4,
            other => other,
        };
        let types: Vec<Oid> = row.proargtypes.iter().map(|&oid| stand_in(oid)).collect();
        let (header, _) = self.header(row, &types, stand_in(result), Oid::INVALID, true)?;
        let routine = plpgsql::parse::parse(catalog, self, &row.prosrc, &header).map_err(|mut error| {
            // Shown in the statement that makes the function, it needs no other context.
            if error.fields().position.is_some() {
                error.fields_mut().context = None;
            }
            error
        })?;
        Ok(routine.warnings)
    }

    fn call_plpgsql(
        &self,
        invocation: &Invocation<'_>,
        parsed: &Parsed,
        columns: &[SqlType],
        sink: Option<Sink<'_>>,
    ) -> Result<Outcome> {
        let read_only = parsed.row.provolatile != b'v';
        let host = Host::new(self, invocation.snapshot.filter(|_| read_only).map(ActiveSnapshot::register_again));
        let args = invocation.args.clone();
        plpgsql::run::call(&host, &parsed.routine, parsed.row.oid, args, None, read_only, columns, sink)
    }

    /// A call that gives one value.
    pub(super) fn plpgsql_value(&self, invocation: &Invocation<'_>) -> Result<Datum> {
        let parsed = self.plpgsql_routine(invocation)?;
        match self.call_plpgsql(invocation, &parsed, &[], None)? {
            Outcome::Value(value) => Ok(value),
            Outcome::Nothing if invocation.result_type == oid::VOID => Ok(match types::repr(oid::VOID) {
                Some(batch::Repr::B4) => Datum::B4(0),
                _ => Datum::Null,
            }),
            Outcome::Nothing => Ok(Datum::Null),
            Outcome::Row(row) => self.row_datum(invocation.result_type, row),
        }
    }

    fn row_datum(&self, row_type: Oid, row: Row) -> Result<Datum> {
        let (Some(columns), Some(values)) = (row.columns, row.values) else { return Ok(Datum::Null) };
        let types: Vec<Oid> = columns.iter().map(|(_, ty)| ty.oid).collect();
        types::record::assemble(row_type, columns.iter().map(|(name, _)| name.as_str()), &types, &values, self)
    }

    /// A call that gives one row, in columns.
    pub(super) fn plpgsql_row(&self, invocation: &Invocation<'_>, sink: super::Sink<'_>) -> Result<()> {
        let parsed = self.plpgsql_routine(invocation)?;
        let outcome = self.call_plpgsql(invocation, &parsed, &[], None)?;
        let mut one = Batch::new(invocation.columns.iter().map(|column| column.repr));
        match outcome {
            Outcome::Row(Row { columns: Some(columns), values: Some(values) }) => {
                let wanted = invocation.columns.iter().filter(|column| column.oid.is_valid());
                let mismatch = |detail: String| {
                    let text = "function return row and query-specified return row do not match";
                    Err(Error::new(SqlState::DATATYPE_MISMATCH, text).detail(detail))
                };
                let count = wanted.clone().count();
                if count != values.len() {
                    let plural = super::sql::plural(values.len());
                    return mismatch(format!(
                        "Returned row contains {} attribute{plural}, but query expects {count}.",
                        values.len()
                    ));
                }
                for (at, (wanted, (_, given))) in wanted.zip(columns.iter()).enumerate() {
                    if wanted.oid != given.oid && given.oid != oid::UNKNOWN {
                        let (given, wanted) = (self.type_name_of(given.oid)?, self.type_name_of(wanted.oid)?);
                        return mismatch(format!(
                            "Returned type {given} at ordinal position {}, but query expects {wanted}.",
                            at + 1
                        ));
                    }
                }
                let mut values = values.iter();
                for (to, column) in one.columns.iter_mut().zip(invocation.columns) {
                    match (column.oid.is_valid(), values.as_slice().first()) {
                        (true, Some(value)) => {
                            to.push(value.as_ref());
                            values.next();
                        }
                        _ => to.push_null(),
                    }
                }
            }
            Outcome::Value(value) if one.columns.len() == 1 => one.columns[0].push(value.as_ref()),
            _ => one.columns.iter_mut().for_each(Column::push_null),
        }
        one.set_len(1);
        sink(&one).map(|_| ())
    }

    /// A call that gives a set.
    pub(super) fn plpgsql_rows(&self, invocation: &Invocation<'_>, sink: super::Sink<'_>) -> Result<()> {
        let parsed = self.plpgsql_routine(invocation)?;
        let as_values =
            parsed.result.is_composite() && matches!(invocation.columns, [only] if only.oid == invocation.result_type);
        let columns: Vec<(String, SqlType)> = match &parsed.result.columns {
            Some(columns) => columns.clone(),
            None if parsed.result.type_oid == oid::RECORD && as_values => {
                let text = "materialize mode required, but it is not allowed in this context";
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            None if parsed.result.type_oid == oid::RECORD => {
                let column = |column: &planner::plan::ColumnType| {
                    (String::new(), SqlType { oid: column.oid, typmod: column.typmod, collation: column.collation })
                };
                invocation.columns.iter().map(column).collect()
            }
            None => vec![(String::new(), parsed.routine.result_type)],
        };
        let types: Vec<SqlType> = columns.iter().map(|(_, ty)| *ty).collect();
        let dropped = !as_values && invocation.columns.iter().any(|column| !column.oid.is_valid());
        let mut give = |batch: &Batch| -> Result<bool> {
            if !as_values && !dropped {
                return sink(batch);
            }
            let mut rows = Batch::new(invocation.columns.iter().map(|column| column.repr));
            for row in batch.rows().iter() {
                let values: Vec<Datum> = batch.columns.iter().map(|column| column.datum(column.index(row))).collect();
                if as_values {
                    let row = Row::new(columns.clone().into(), values);
                    rows.columns[0].push(self.row_datum(invocation.result_type, row)?.as_ref());
                    continue;
                }
                let mut values = values.iter();
                for (to, column) in rows.columns.iter_mut().zip(invocation.columns) {
                    match column.oid.is_valid() {
                        true => to.push(values.next().map_or(batch::DatumRef::Null, Datum::as_ref)),
                        false => to.push_null(),
                    }
                }
            }
            rows.set_len(batch.row_count());
            sink(&rows)
        };
        self.call_plpgsql(invocation, &parsed, &types, Some(&mut give)).map(|_| ())
    }

    /// DO
    pub fn run_do(&self, text: &str, statement: &Do) -> Result<()> {
        let mut body = None;
        let mut language = "plpgsql".to_string();
        let redundant = || Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options");
        let mut named = false;
        for option in &statement.options {
            let Some(DefinitionValue::String(value)) = &option.value else { continue };
            match &*option.name {
                "as" if body.is_some() => return Err(redundant()),
                "as" => body = Some(value.to_string()),
                _ if named => return Err(redundant()),
                _ => (language, named) = (value.to_string(), true),
            }
        }
        let Some(body) = body else {
            return Err(Error::new(SqlState::SYNTAX_ERROR, "no inline code specified"));
        };
        let catalog = self.catalog();
        let Some(row) = catalog.language_by_name(&language)? else {
            let text = format!("language \"{language}\" does not exist");
            return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
        };
        let kind = catalog::privileges::ObjectKind::Language;
        match row.lanpltrusted {
            true => catalog.require_privileges(kind, row.oid, catalog::acl::Privileges::USAGE)?,
            false if !catalog.is_superuser(catalog.current_user())? => return Err(catalog.denied(kind, row.oid)?),
            false => (),
        }
        if !row.laninline.is_valid() {
            let text = format!("language \"{}\" does not support inline code execution", row.lanname);
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        if !self.is_plpgsql(row.oid)? {
            return Err(Error::not_implemented(format_args!("DO in language {}", row.lanname)));
        }
        self.check_stack()?;
        let header = Header {
            signature: "inline_code_block".into(),
            name: "inline_code_block".into(),
            arguments: Vec::new(),
            result: ResultKind::Nothing,
            result_type: SqlType::plain(oid::VOID),
            set: false,
            procedure: true,
            collation: Oid::INVALID,
            precedence: self.variable_conflict(),
            print_strict_params: false,
            check: true,
            shadowed: None,
        };
        let routine = plpgsql::parse::parse(catalog, self, &body, &header).map_err(|mut error| {
            if error.fields().position.is_some() {
                error.fields_mut().context = None;
            }
            commands::transpose(text, error, &body).0
        })?;
        let host = Host::new(self, None);
        let may_end = self.block.get() == Block::Single && !self.routines.busy.get();
        let before = (self.routines.may_end.replace(may_end), self.routines.busy.replace(true));
        let result = plpgsql::run::call(&host, &routine, Oid::INVALID, Vec::new(), None, false, &[], None);
        self.routines.may_end.set(before.0);
        self.routines.busy.set(before.1);
        result.map(|_| ())
    }

    /// Whether a language's routines are handled as PL/pgSQL's are.
    pub fn is_plpgsql(&self, language: Oid) -> Result<bool> {
        let handler = self.catalog().language(language)?.lanplcallfoid;
        Ok(self.catalog().find_function(handler)?.is_some_and(|row| *row.prosrc == *commands::PLPGSQL_HANDLER))
    }
}

/// The session as PL/pgSQL sees it during a call.
struct Host<'s, 'a> {
    session: &'s Session<'a>,
    /// What a stable routine's caller sees.
    fixed: Option<ActiveSnapshot>,
    /// For expressions that look at no data.
    any: RefCell<Option<ActiveSnapshot>>,
    /// The settings' levels of the subtransactions that were opened.
    levels: RefCell<Vec<u32>>,
}

impl<'s, 'a> Host<'s, 'a> {
    fn new(session: &'s Session<'a>, fixed: Option<ActiveSnapshot>) -> Host<'s, 'a> {
        Host { session, fixed, any: RefCell::new(None), levels: RefCell::default() }
    }

    fn snapshot(&self, read_only: bool) -> Result<ActiveSnapshot> {
        match &self.fixed {
            Some(fixed) if read_only => Ok(fixed.register_again()),
            _ => {
                if !read_only {
                    self.session.transaction.next_command()?;
                }
                self.session.transaction.snapshot()
            }
        }
    }
}

impl Host<'_, '_> {
    /// A name that no cursor has: the given one, or one of our own.
    fn cursor_name(&self, name: Option<&str>) -> Result<String> {
        let session = self.session;
        let Some(name) = name else {
            let number = session.routines.portals.get() + 1;
            session.routines.portals.set(number);
            return Ok(format!("<unnamed portal {number}>"));
        };
        if session.portals.borrow().contains_key(name) {
            let text = format!("cursor \"{name}\" already in use");
            return Err(Error::new(SqlState::DUPLICATE_CURSOR, text));
        }
        Ok(name.to_string())
    }

    fn add_cursor(&self, name: &str, prepared: Prepared, kept: Kept) {
        let mut portal = Portal::new(
            Rc::new(prepared),
            Vec::new(),
            Vec::new(),
            State::Kept(Box::new(kept)),
            self.session.portal_level(),
        );
        portal.is_cursor = true;
        // The rows of a loop outlive a COMMIT in its body.
        portal.hold = self.session.routines.may_end.get();
        self.session.portals.borrow_mut().insert(name.to_string(), portal);
    }

    fn typed(&self, column: &ResultColumn) -> Result<(String, SqlType)> {
        let collation = self.session.catalog().type_(column.type_oid)?.typcollation;
        Ok((column.name.clone(), SqlType { oid: column.type_oid, typmod: column.typmod, collation }))
    }
}

impl plpgsql::Host for Host<'_, '_> {
    fn catalog(&self) -> &catalog::Catalog {
        self.session.catalog()
    }

    fn env(&self) -> &dyn types::Environment {
        self.session
    }

    fn generations(&self) -> (u64, u64) {
        self.session.catalog().absorb();
        self.session.generations()
    }

    fn analyze(&self, text: &str, statement: &Statement, variables: &dyn Variables) -> Result<Query> {
        let analyzer = Analyzer::new(self.session.catalog(), self.session, text, Params::default());
        analyzer.with_variables(variables).routine_query(statement, false)
    }

    fn plan(&self, query: Query, types: Vec<Oid>) -> Result<Arc<Plan>> {
        let analyzer = Analyzer::new(self.session.catalog(), self.session, "", Params::default());
        self.session.make_plan(analyzer.finish_routine_query(query)?, types)
    }

    fn lock(&self, plan: &Plan, locks: &mut PlanLocks) -> Result<bool> {
        locks.take(&self.session.executor(), plan)
    }

    fn run(&self, plan: &Arc<Plan>, params: Vec<Datum>, read_only: bool, sink: Sink<'_>) -> Result<u64> {
        if read_only && (!plan.read_only || plan.command != Command::Select) {
            return Err(super::sql::not_volatile(crate::portal::command_word(plan.command)));
        }
        self.session.run_nested(plan, params, self.snapshot(read_only)?, sink)
    }

    fn evaluate(&self, scalar: &mut Scalar, params: &[Datum], read_only: bool) -> Result<Datum> {
        let session = self.session.executor();
        let memory = 4 << 20;
        if scalar.calls_routines() {
            return scalar.evaluate(&session, &self.snapshot(read_only)?, params, memory);
        }
        let mut any = self.any.borrow_mut();
        if any.is_none() {
            *any = Some(self.session.transaction.snapshot()?);
        }
        match &*any {
            Some(snapshot) => scalar.evaluate(&session, snapshot, params, memory),
            None => Err(Error::internal("there is no snapshot")),
        }
    }

    fn utility(&self, text: &str, statement: &Statement, read_only: bool) -> Result<String> {
        super::sql::check_allowed(statement, !read_only)?;
        self.session.transaction.next_command()?;
        let tag = match statement {
            Statement::Do(block) => self.session.run_do(text, block).map(|()| "DO".to_string()),
            other => self.session.run_utility(&Rc::from(text), other, &[]),
        }?;
        self.any.replace(None);
        Ok(tag)
    }

    fn utility_columns(&self, statement: &Statement) -> Result<Option<Vec<(String, SqlType)>>> {
        match self.session.utility_result(statement)? {
            Some(columns) if !matches!(statement, Statement::Fetch(_)) => {
                columns.iter().map(|column| self.typed(column)).collect::<Result<_>>().map(Some)
            }
            _ => Ok(None),
        }
    }

    fn utility_rows(
        &self,
        text: &str,
        statement: &Statement,
        scope: &dyn CallScope,
        read_only: bool,
        sink: Sink<'_>,
    ) -> Result<u64> {
        super::sql::check_allowed(statement, !read_only)?;
        let session = self.session;
        let text: Rc<str> = text.into();
        let rows = match statement {
            Statement::Execute(execute) => {
                let (prepared, params) = session.prepared_with_params(&text, execute)?;
                if let Some(inner) = prepared.statement.as_ref().filter(|inner| !analyzer::is_query(inner)) {
                    return self.utility_rows(&prepared.text, inner, scope, read_only, sink);
                }
                return self.run(&session.plan_of(&prepared)?, params, read_only, sink);
            }
            Statement::Explain(explain) => {
                let depth = session.triggers.borrow_mut().enter();
                session.transaction.next_command()?;
                let plan = || session.plan_to_explain(&text, explain, Some(scope));
                let rows = session.explain(&text, explain, &plan);
                session.triggers.borrow_mut().leave(depth);
                Some(rows?)
            }
            other => session.utility_rows(&text, other, &[], &[])?,
        };
        let Some(rows) = rows else {
            return Err(Error::internal("a statement that gives rows gave none"));
        };
        self.any.replace(None);
        let columns = session.utility_result(statement)?.unwrap_or_default();
        let mut batch = Batch::new(session.reprs_of(&columns)?);
        let count = rows.rows.len();
        for row in rows.rows {
            for ((to, column), value) in batch.columns.iter_mut().zip(&columns).zip(row) {
                match value {
                    Some(value) => to.push(types::input(column.type_oid, &value, -1, session)?.as_ref()),
                    None => to.push_null(),
                }
            }
        }
        batch.set_len(count);
        if count > 0 {
            sink(&batch)?;
        }
        Ok(count as u64)
    }

    fn call(&self, text: &str, call: &parser::ast::Call, scope: &dyn CallScope, may_end: bool) -> Result<Called> {
        self.session.transaction.next_command()?;
        let may_end = may_end && self.session.routines.may_end.get();
        let called = self.session.call_within(text, call, scope, may_end);
        self.any.replace(None);
        called
    }

    fn begin_subtransaction(&self) -> Result<()> {
        self.session.transaction.next_command()?;
        self.session.transaction.begin_subtransaction()?;
        self.levels.borrow_mut().push(self.session.settings.borrow_mut().begin_level());
        self.any.replace(None);
        Ok(())
    }

    fn commit_subtransaction(&self) -> Result<()> {
        self.session.transaction.next_command()?;
        self.session.transaction.commit_subtransaction()?;
        self.session.triggers.borrow_mut().merge_level(self.session.transaction.level() + 1);
        self.session.raise_portals(self.session.transaction.level());
        if let Some(level) = self.levels.borrow_mut().pop() {
            self.session.settings.borrow_mut().end_level(level, true);
        }
        self.any.replace(None);
        Ok(())
    }

    fn abort_subtransaction(&self, level: u32) -> Result<()> {
        self.session.drop_portals_from(level + 1);
        while self.session.transaction.level() > level {
            self.session.transaction.abort_subtransaction()?;
        }
        self.session.triggers.borrow_mut().forget_level(level + 1);
        if let Some(level) = self.levels.borrow_mut().pop() {
            self.session.settings.borrow_mut().end_level(level, false);
        }
        self.session.follow_settings();
        self.any.replace(None);
        Ok(())
    }

    fn level(&self) -> u32 {
        self.session.transaction.level()
    }

    fn end_transaction(&self, commit: bool, chain: bool) -> Result<()> {
        let session = self.session;
        if !session.routines.may_end.get() {
            return Err(Error::new(SqlState::INVALID_TRANSACTION_TERMINATION, "invalid transaction termination"));
        }
        self.any.replace(None);
        let modes = chain.then(|| session.modes());
        match commit {
            true => session.commit()?,
            false => session.rollback(),
        }
        session.begin_transaction(modes)?;
        session.block.set(Block::Single);
        Ok(())
    }

    fn open(
        &self,
        name: Option<&str>,
        text: &str,
        plan: Arc<Plan>,
        params: Vec<Datum>,
        scroll: Option<bool>,
        read_only: bool,
    ) -> Result<String> {
        let session = self.session;
        if read_only && (!plan.read_only || plan.command != Command::Select) {
            return Err(super::sql::not_volatile(crate::portal::command_word(plan.command)));
        }
        let name = self.cursor_name(name)?;
        let prepared = session.prepared_for_routine(text, plan.clone())?;
        if plan.command != Command::Select {
            // It changes all rows before the first is fetched, and its triggers fire.
            let columns = prepared.result.as_deref().unwrap_or_default();
            let reprs = session.reprs_of(columns)?;
            let mut rows = RowStore::new(reprs.clone(), session.memory(), session.executor().temporary_space());
            self.run(&plan, params, read_only, &mut |batch| rows.append(batch).map(|()| true))?;
            let kept = session.keep_rows(rows, &reprs, session.outputs(columns, &[])?, scroll != Some(false));
            self.add_cursor(&name, prepared, kept);
            return Ok(name);
        }
        let running = session.start_plan(plan, params, self.snapshot(read_only)?, prepared.result.as_deref(), &[])?;
        let kept = session.keep(Box::new(running), scroll != Some(false));
        self.add_cursor(&name, prepared, kept);
        Ok(name)
    }

    fn open_utility(
        &self,
        name: Option<&str>,
        text: &str,
        statement: &Statement,
        scope: &dyn CallScope,
        scroll: Option<bool>,
        read_only: bool,
    ) -> Result<String> {
        let session = self.session;
        let name = self.cursor_name(name)?;
        let mut prepared = session.prepare(text.into(), None, Params::default())?;
        prepared.result = session.utility_result(statement)?;
        let columns = prepared.result.as_deref().unwrap_or_default();
        let reprs = session.reprs_of(columns)?;
        let mut rows = RowStore::new(reprs.clone(), session.memory(), session.executor().temporary_space());
        self.utility_rows(text, statement, scope, read_only, &mut |batch| rows.append(batch).map(|()| true))?;
        let kept = session.keep_rows(rows, &reprs, session.outputs(columns, &[])?, scroll != Some(false));
        self.add_cursor(&name, prepared, kept);
        Ok(name)
    }

    fn fetch(&self, cursor: &str, direction: FetchDirection, count: i64, moves: bool, sink: Sink<'_>) -> Result<u64> {
        let session = self.session;
        session.find_cursor(cursor)?;
        let mut portal = session.take_portal(cursor)?;
        // Behind these may stand where the rows come from.
        let width = portal.prepared.result.as_ref().map_or(0, Vec::len);
        let result = match &mut portal.state {
            State::Kept(kept) => session.move_kept(kept, direction, count, &mut |batch, row| {
                if moves {
                    return Ok(());
                }
                let mut one = Batch::new(batch.columns.iter().take(width).map(Column::repr));
                for (to, from) in one.columns.iter_mut().zip(&batch.columns) {
                    to.push(from.get(from.index(row)));
                }
                one.set_len(1);
                sink(&one).map(|_| ())
            }),
            State::Running(_) => Err(Error::not_implemented("FETCH of a cursor without SCROLL within a function")),
            _ => Ok(0),
        };
        session.portals.borrow_mut().insert(cursor.to_string(), portal);
        result
    }

    fn cursor_columns(&self, cursor: &str) -> Result<Vec<(String, SqlType)>> {
        self.session.find_cursor(cursor)?;
        let portals = self.session.portals.borrow();
        let columns = portals.get(cursor).and_then(|portal| portal.prepared.result.as_ref());
        columns.into_iter().flatten().map(|column| self.typed(column)).collect()
    }

    fn close(&self, cursor: &str) -> Result<()> {
        self.session.find_cursor(cursor)?;
        let portal = self.session.portals.borrow_mut().remove(cursor);
        drop(portal);
        Ok(())
    }

    fn notice(&self, notice: Error) {
        self.session.send_notice(&notice);
    }

    fn check_interrupts(&self) -> Result<()> {
        self.session.process.check_interrupts()
    }

    fn setting(&self, name: &str) -> Option<String> {
        language_setting(self.session, name)
    }

    fn check_stack(&self) -> Result<()> {
        self.session.check_stack()
    }

    fn enter(&self, signature: &Rc<str>, line: u32, words: &'static str) {
        self.session.routines.places.borrow_mut().push((signature.clone(), line, words));
    }

    fn leave(&self) {
        self.session.routines.places.borrow_mut().pop();
    }

    fn context(&self) -> String {
        let places = self.session.routines.places.borrow();
        let mut lines: Vec<String> = Vec::new();
        let mut depth = usize::MAX;
        // Of one call's statements, only the innermost counts.
        let mut last: Option<&Rc<str>> = None;
        for (signature, line, words) in places.iter().rev() {
            if last.is_some_and(|last| Rc::ptr_eq(last, signature)) {
                continue;
            }
            last = Some(signature);
            depth = depth.saturating_sub(1);
            lines.push(format!("PL/pgSQL function {signature} line {line} at {words}"));
        }
        lines.join("\n")
    }
}
