//! What running statements may ask of the session: [`types::Environment`] and the executor's [`Host`].

use std::any::Any;
use std::cell::Ref;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use batch::{Column, Datum, DatumRef, Repr, Rows};
use catalog::trigger::Event;
use collation::CollationRef;
use encoding::Encoding;
use error::{Error, Result, Severity};
use executor::{Host, QueuedTrigger, StatementTriggers, TriggerCall, TriggerOutcome};
use ids::{Oid, TupleId};
use planner::plan::ColumnType;
use settings::{Settings, id};
use txn::ActiveSnapshot;
use types::datetime::TimeZone;
use types::environment::{ByteaOutput, DateOrder, DateStyle, IntervalStyle, TypeFacts};
use types::textsearch::{Configuration, dictionary::Dictionary};
use types::{Context, Environment, RowSource};

use crate::session::Session;

/// Microseconds from 1970 to 2000.
const EPOCH_US: i64 = 946_684_800_000_000;

/// The settings that functions look at for every value, understood.
pub(crate) struct Formats {
    /// Of the settings that this was made from.
    generation: u64,
    zone: Arc<TimeZone>,
    date: (DateStyle, DateOrder),
    interval: IntervalStyle,
    float_digits: i32,
    bytea: ByteaOutput,
    array_nulls: bool,
}

impl Formats {
    pub fn new(settings: &Settings) -> Formats {
        let date = settings.string(id::DATESTYLE).to_ascii_lowercase();
        let has = |word: &str| date.split(',').any(|part| part.trim().starts_with(word));
        let style = match () {
            () if has("sql") => DateStyle::Sql,
            () if has("postgres") => DateStyle::Postgres,
            () if has("german") => DateStyle::German,
            () => DateStyle::Iso,
        };
        let order = match () {
            () if has("dmy") || has("euro") => DateOrder::Dmy,
            () if has("ymd") => DateOrder::Ymd,
            () => DateOrder::Mdy,
        };
        Formats {
            generation: settings.generation(),
            zone: TimeZone::named(settings.string(id::TIMEZONE)).unwrap_or_else(TimeZone::utc),
            date: (style, order),
            interval: match settings.enumeration(id::INTERVALSTYLE) {
                "postgres_verbose" => IntervalStyle::PostgresVerbose,
                "sql_standard" => IntervalStyle::SqlStandard,
                "iso_8601" => IntervalStyle::Iso8601,
                _ => IntervalStyle::Postgres,
            },
            float_digits: settings.int(id::EXTRA_FLOAT_DIGITS),
            bytea: match settings.enumeration(id::BYTEA_OUTPUT) {
                "escape" => ByteaOutput::Escape,
                _ => ByteaOutput::Hex,
            },
            array_nulls: settings.bool(id::ARRAY_NULLS),
        }
    }
}

impl Session<'_> {
    fn formats(&self) -> Ref<'_, Formats> {
        let settings = self.settings.borrow();
        if self.formats.borrow().generation != settings.generation() {
            *self.formats.borrow_mut() = Formats::new(&settings);
        }
        self.formats.borrow()
    }
}

impl Environment for Session<'_> {
    fn transaction_timestamp(&self) -> i64 {
        match self.transaction.start_us() {
            0 => self.statement_timestamp(),
            us => us - EPOCH_US,
        }
    }

    fn statement_timestamp(&self) -> i64 {
        self.statement_us.get() - EPOCH_US
    }

    fn client_encoding(&self) -> Option<Encoding> {
        self.client_encoding.get()
    }

    fn time_zone(&self) -> Arc<TimeZone> {
        self.formats().zone.clone()
    }

    fn date_style(&self) -> (DateStyle, DateOrder) {
        self.formats().date
    }

    fn interval_style(&self) -> IntervalStyle {
        self.formats().interval
    }

    fn extra_float_digits(&self) -> i32 {
        self.formats().float_digits
    }

    fn bytea_output(&self) -> ByteaOutput {
        self.formats().bytea
    }

    fn array_nulls(&self) -> bool {
        self.formats().array_nulls
    }

    fn collation(&self, collation: Oid) -> Result<CollationRef> {
        if let Some(known) = self.collations.borrow().get(&collation) {
            return Ok(known.clone());
        }
        let (opened, warning) = self.catalog().open_collation(collation)?;
        if let Some(warning) = warning {
            self.send_notice(&warning);
        }
        self.collations.borrow_mut().insert(collation, opened.clone());
        Ok(opened)
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.settings.borrow().show(name).ok()
    }

    fn set_setting(&self, name: &str, value: Option<&str>, local: bool) -> Result<()> {
        self.set_one(name, value, if local { settings::Action::Local } else { settings::Action::Set })
    }

    fn setting_rows(&self) -> Vec<[Option<String>; 17]> {
        self.rows_of_settings()
    }

    /// xorshift64* (Marsaglia; Vigna 2016), seeded at the session's first use of it.
    fn random(&self) -> u64 {
        let mut state = self.random.get();
        if state == 0 {
            let mut seed = [0; 8];
            let _ = auth::secret::random(&mut seed);
            state = u64::from_ne_bytes(seed) | 1;
        }
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        self.random.set(state);
        state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn seed_random(&self, seed: u64) {
        self.random.set(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    }

    fn notice(&self, notice: Error) {
        self.send_notice(&notice);
    }

    fn check_interrupts(&self) -> Result<()> {
        self.process.check_interrupts()
    }

    fn type_facts(&self, type_oid: Oid) -> Result<Arc<TypeFacts>> {
        self.catalog().type_facts(type_oid)
    }

    fn type_name(&self, type_oid: Oid) -> Result<Option<String>> {
        self.catalog().format_type(type_oid, -1).map(Some)
    }

    fn enum_label(&self, _type_oid: Oid, value: Oid) -> Result<String> {
        self.catalog().enum_label(value)
    }

    fn enum_value(&self, type_oid: Oid, label: &str) -> Result<Option<Oid>> {
        self.catalog().enum_value(type_oid, label)
    }

    fn enum_values(&self, type_oid: Oid) -> Result<Vec<Oid>> {
        self.catalog().enum_values(type_oid)
    }

    fn call_function(&self, function: Oid, args: &[DatumRef<'_>], collation: Oid) -> Result<Datum> {
        let row = self.catalog().function(function)?;
        let result = self.type_facts(row.prorettype)?.repr;
        let arg_types = row.proargtypes.to_vec();
        let context =
            Context { env: self, collation, result_type: row.prorettype, arg_types: &arg_types, variadic: false };
        if let Some(builtin) = types::function(function) {
            return builtin.evaluate_one(args, context, result);
        }
        let columns = args.iter().zip(&arg_types).map(|(&value, &of)| {
            let form = value.repr().map_or_else(|| self.type_facts(of).map(|facts| facts.repr), Ok)?;
            Ok(Column::constant(form, value))
        });
        let columns = columns.collect::<Result<Vec<Column>>>()?;
        let columns: Vec<&Column> = columns.iter().collect();
        let mut out = Column::new(result);
        out.reset(1);
        let snapshot = self.transaction.snapshot()?;
        self.call_on_rows(function, &columns, Rows::All(1), 1, context, &snapshot, &mut out)?;
        Ok(out.datum(0))
    }

    fn check_enum_value(&self, value: Oid) -> Result<()> {
        self.catalog().check_enum_value(value)
    }

    fn check_domain(&self, domain: Oid, value: DatumRef<'_>) -> Result<()> {
        self.check_domain_value(domain, value)
    }

    fn enum_position(&self, value: Oid) -> Result<f32> {
        self.catalog().enum_position(value)
    }

    fn object_name(&self, alias: Oid, object: Oid) -> Result<Option<String>> {
        self.catalog().alias_text(alias, object)
    }

    fn object_by_name(&self, alias: Oid, name: &str) -> Result<Option<Oid>> {
        self.catalog().alias_object(alias, name)
    }

    fn query_rows(
        &self,
        text: &str,
        check: &mut dyn FnMut(&[Oid]) -> Result<()>,
        row: &mut dyn FnMut(&[DatumRef<'_>]) -> Result<()>,
    ) -> Result<()> {
        self.check_stack()?;
        let in_text = |error: Error| analyzer::routine::in_body(error, text);
        let statements = parser::parse(text).map_err(in_text)?;
        let [raw] = &statements[..] else {
            return Err(Error::new(
                error::SqlState::INVALID_CURSOR_DEFINITION,
                "cannot open multi-query plan as cursor",
            ));
        };
        let statement = &raw.statement;
        if !matches!(statement, parser::ast::Statement::Select(_)) {
            let text = format!("cannot open {} query as cursor", statement.name());
            return Err(Error::new(error::SqlState::INVALID_CURSOR_DEFINITION, text));
        }
        let _within = self.within_statement();
        let (plan, _) = self.plan(text, statement, analyzer::Params::fixed(Vec::new())).map_err(in_text)?;
        let types: Vec<Oid> = plan.root.output.iter().map(|column| column.oid).collect();
        check(&types)?;
        let snapshot = self.transaction.snapshot()?;
        let mut failed = None;
        self.run_nested(&plan, Vec::new(), snapshot, &mut |batch| {
            for at in batch.rows().iter() {
                let values: Vec<DatumRef<'_>> =
                    batch.columns[..types.len()].iter().map(|column| column.get(at)).collect();
                if let Err(error) = row(&values) {
                    failed = Some(error);
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
        failed.map_or(Ok(()), Err)
    }

    fn object_address(
        &self,
        kind: &str,
        address: &mut dyn FnMut() -> Result<(Vec<String>, Vec<String>)>,
    ) -> Result<(Oid, Oid, i32)> {
        let session = self.executor();
        let context = commands::Context { session: &session, services: self, text: "" };
        commands::address::object_address(&context, kind, address).map(|found| (found.class, found.oid, found.sub))
    }

    fn trigger_depth(&self) -> i32 {
        Session::trigger_depth(self)
    }

    fn text_search_configuration(&self, configuration: Oid) -> Result<Arc<Configuration>> {
        self.catalog().text_search_configuration(configuration)
    }

    fn text_search_dictionary(&self, dictionary: Oid) -> Result<Arc<Dictionary>> {
        self.catalog().text_search_dictionary(dictionary)
    }

    fn session_rows(&self, function: u32) -> Result<Vec<Vec<Datum>>> {
        match function {
            2510 => self.prepared_statements(),
            _ => Ok(self.cursors()),
        }
    }

    fn session(&self) -> Option<&dyn Any> {
        Some(&self.handle)
    }
}

impl Host for Session<'_> {
    fn current_row(&self, cursor: &str, table: Oid) -> Result<Option<TupleId>> {
        Session::current_row(self, cursor, table)
    }

    fn next_value(&self, sequence: Oid) -> Result<i64> {
        let context = Context::plain(self);
        crate::sequence::session(&context)?.next(sequence, false)
    }

    fn call_on_rows(
        &self,
        function: Oid,
        args: &[&Column],
        rows: Rows<'_>,
        len: usize,
        context: Context<'_>,
        snapshot: &ActiveSnapshot,
        out: &mut Column,
    ) -> Result<()> {
        self.call_for_rows(function, args, rows, len, context, snapshot, out)
    }

    fn row_source(
        &self,
        function: Oid,
        args: &[DatumRef<'_>],
        columns: &[ColumnType],
        context: Context<'_>,
        snapshot: &ActiveSnapshot,
    ) -> Result<Box<dyn RowSource>> {
        self.call_for_source(function, args, columns, context, snapshot)
    }

    fn partitions(&self, table: Oid) -> Result<Arc<planner::partition::Partitioned>> {
        self.with_planner(|context| planner::partition::Partitioned::of(context, table))
    }

    fn target(&self, table: Oid) -> Result<Arc<planner::plan::TargetTable>> {
        self.with_planner(|context| planner::plan_target(table, context))
    }

    fn call_trigger(&self, call: TriggerCall<'_>) -> Result<TriggerOutcome> {
        let (trigger, began) = (call.trigger.clone(), self.begin_trigger());
        let outcome = self.trigger_function(call);
        if let Some(began) = began {
            self.end_trigger(&trigger.row, began);
        }
        outcome
    }

    fn key_trigger_begins(&self) -> Option<Instant> {
        self.begin_trigger()
    }

    fn key_trigger_ended(&self, trigger: &catalog::rows::PgTrigger, began: Instant) {
        self.end_trigger(trigger, began);
    }

    fn queue_trigger(&self, queued: QueuedTrigger) -> Result<()> {
        let (level, user) = (self.transaction.level(), self.catalog().current_user());
        self.triggers.borrow_mut().push(queued, level, user);
        Ok(())
    }

    fn companion_rows(&self, plan: &planner::plan::Plan, rows: Option<&batch::Batch>) -> Result<()> {
        self.send_companion_rows(plan, rows)
    }

    fn end_query(&self) -> Result<()> {
        self.fire_triggers(false)
    }

    fn statement_triggers(&self, table: Oid, event: Event, wanted: [bool; 2], forms: &[Repr]) -> Rc<StatementTriggers> {
        let memory = self.memory();
        self.triggers.borrow_mut().statement(table, event, wanted, forms, memory, &self.executor().temporary_space())
    }

    fn transition_table(&self, name: &str) -> Result<(Rc<StatementTriggers>, bool)> {
        self.transition(name)
    }

    fn is_replica(&self) -> bool {
        self.settings.borrow().enumeration(settings::id::SESSION_REPLICATION_ROLE) == "replica"
    }
}

/// The order in which `client_min_messages` and `log_min_messages` count severities.
pub(crate) fn severity_of_word(word: &str) -> Severity {
    match word {
        "debug5" => Severity::Debug5,
        "debug4" => Severity::Debug4,
        "debug3" => Severity::Debug3,
        "debug2" => Severity::Debug2,
        "debug1" => Severity::Debug1,
        "log" => Severity::Log,
        "info" => Severity::Info,
        "notice" => Severity::Notice,
        "warning" => Severity::Warning,
        _ => Severity::Error,
    }
}
