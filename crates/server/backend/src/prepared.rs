//! Statements, analysed and planned: the prepared ones, and those of simple queries.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use analyzer::Params;

use batch::Datum;
use catalog::Relation;
use error::{Error, Result, bail};
use ids::{Fork, Oid};
use parser::ast::Statement;
use planner::plan::Plan;
use types::TypeIo;
use wire::Format;

use crate::portal::Running;
use crate::session::Session;
use executor::PlanLocks;

/// The type `text`.
pub(crate) const TEXT: Oid = Oid(25);

/// A column of a result, as clients are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResultColumn {
    pub name: String,
    pub table: Oid,
    pub number: i16,
    /// The base type, if it is a domain.
    pub type_oid: Oid,
    pub type_size: i16,
    pub typmod: i32,
}

/// What a statement prepared earlier keeps to of its result: names and types. The table may be another of the same name by now.
fn promised(columns: &Option<Vec<ResultColumn>>) -> Option<Vec<(&str, Oid, i32)>> {
    let columns = columns.as_ref()?.iter();
    Some(columns.map(|column| (column.name.as_str(), column.type_oid, column.typmod)).collect())
}

/// A statement, ready to be bound.
pub(crate) struct Prepared {
    /// The text it stands in.
    pub text: Rc<str>,
    /// What it says; `None` if the text is empty.
    pub statement: Option<Statement>,
    /// Types of `$1`, `$2` …
    pub params: Vec<Oid>,
    /// Columns of its result; `None` if it returns no rows.
    pub result: Option<Vec<ResultColumn>>,
    /// Its plan, and the generation of the catalogs for which it holds.
    plan: RefCell<Option<(Arc<Plan>, u64, u64)>>,
    /// The types as the client gave them, to analyse it anew.
    given: Params,
    /// When, in microseconds of the Unix epoch.
    made_us: i64,
    /// By SQL's PREPARE, rather than a message.
    pub from_sql: Cell<bool>,
    /// How often it was executed.
    uses: Cell<i64>,
    /// Its operators after an execution, waiting for the next.
    pub resting: RefCell<Option<Box<Running>>>,
}

impl Prepared {
    /// Whether it has a plan, as queries have.
    pub fn is_planned(&self) -> bool {
        self.plan.borrow().is_some()
    }

    /// Whether a client gave these types for its parameters, and left the others to the statement.
    pub fn was_given(&self, types: &[Oid]) -> bool {
        self.given.variable && self.given.types == types
    }
}

impl Session<'_> {
    /// Analyses and plans one statement of `text`.
    ///
    /// # Errors
    /// Those of the analysis.
    pub fn prepare(&self, text: Rc<str>, statement: Option<Statement>, params: Params) -> Result<Prepared> {
        let mut prepared = Prepared {
            text,
            statement,
            params: params.types.clone(),
            result: None,
            plan: RefCell::new(None),
            given: params,
            made_us: log::time::now_us(),
            from_sql: Cell::new(false),
            uses: Cell::new(0),
            resting: RefCell::new(None),
        };
        let Some(statement) = &prepared.statement else { return Ok(prepared) };
        if analyzer::is_query(statement) {
            let mut generations = (0, 0);
            let make = || {
                generations = self.generations();
                self.analyze_and_plan(&prepared.text, statement, prepared.given.clone())
            };
            let (plan, types) = self.locked(make, |(plan, _)| plan)?;
            prepared.result = self.result_of(&plan)?;
            prepared.plan.replace(Some((plan, generations.0, generations.1)));
            prepared.params = types;
        } else if let Statement::Call(call) = statement {
            (prepared.params, prepared.result) = self.describe_call(&prepared.text, call, prepared.given.clone())?;
        } else {
            prepared.result = self.utility_result(statement)?;
            if prepared.params.iter().any(|oid| !oid.is_valid()) {
                bail!(INDETERMINATE_DATATYPE, "could not determine data type of parameter $1");
            }
        }
        Ok(prepared)
    }

    /// The rows of `pg_prepared_statement`. A plan serves all parameters, so all are generic.
    pub fn prepared_statements(&self) -> Result<Vec<Vec<Datum>>> {
        const REGTYPE_ARRAY: Oid = Oid(2211);
        let oids = |oids: &mut dyn Iterator<Item = Oid>| {
            let words: Vec<String> = oids.map(|oid| oid.0.to_string()).collect();
            types::input(REGTYPE_ARRAY, &format!("{{{}}}", words.join(",")), -1, self)
        };
        let row = |(name, prepared): (&String, &Rc<Prepared>)| -> Result<Vec<Datum>> {
            Ok(vec![
                Datum::text(name),
                Datum::text(&prepared.text),
                crate::statistics::time(prepared.made_us),
                oids(&mut prepared.params.iter().copied())?,
                match &prepared.result {
                    Some(columns) => oids(&mut columns.iter().map(|column| column.type_oid))?,
                    None => Datum::Null,
                },
                Datum::bool(prepared.from_sql.get()),
                Datum::B8(prepared.uses.get()),
                Datum::B8(0),
            ])
        };
        // The unnamed statement is not shown.
        self.prepared.borrow().iter().filter(|(name, _)| !name.is_empty()).map(row).collect()
    }

    /// The rows of `pg_cursor`.
    pub fn cursors(&self) -> Vec<Vec<Datum>> {
        let row = |(name, portal): (&String, &crate::portal::Portal)| {
            vec![
                Datum::text(name),
                Datum::text(&portal.prepared.text),
                Datum::bool(portal.hold),
                Datum::bool(portal.formats.first() == Some(&Format::Binary)),
                Datum::bool(portal.scrolls),
                crate::statistics::time(portal.made_us),
            ]
        };
        self.portals.borrow().iter().map(row).collect()
    }

    /// A plan as a prepared statement without text to analyse anew: for cursors of routines.
    pub fn prepared_for_routine(&self, text: &str, plan: Arc<Plan>) -> Result<Prepared> {
        let mut prepared = self.prepare(text.into(), None, Params::default())?;
        prepared.result = self.result_of(&plan)?;
        Ok(prepared)
    }

    /// A statement with a plan that was made of it, beginning at these generations, with parameters of the plan's types.
    pub fn prepared_of(
        &self,
        text: Rc<str>,
        statement: Statement,
        plan: Arc<Plan>,
        (catalog, settings): (u64, u64),
    ) -> Result<Prepared> {
        Ok(Prepared {
            text,
            statement: Some(statement),
            params: plan.params.clone(),
            result: self.result_of(&plan)?,
            given: Params::fixed(plan.params.clone()),
            made_us: log::time::now_us(),
            from_sql: Cell::new(false),
            uses: Cell::new(0),
            resting: RefCell::new(None),
            plan: RefCell::new(Some((plan, catalog, settings))),
        })
    }

    /// The plan of a statement, its relations locked, if neither the catalogs nor the settings changed since it was made.
    ///
    /// # Errors
    /// Those of waiting for locks.
    pub fn current_plan(&self, prepared: &Prepared) -> Result<Option<Arc<Plan>>> {
        self.catalog().absorb();
        let plan = match &*prepared.plan.borrow() {
            Some((plan, catalog, settings)) if (*catalog, *settings) == self.generations() => plan.clone(),
            _ => return Ok(None),
        };
        executor::lock_plan(&self.executor(), &plan)?;
        Ok(self.is_current(prepared).then_some(plan))
    }

    /// Forgets the plans of simple queries.
    pub fn forget_plans(&self) {
        self.plans.borrow_mut().clear();
        self.parsed.borrow_mut().clear();
        self.statement_cache.borrow_mut().clear();
    }

    /// What plans depend on besides the relations that they lock: the catalogs; the settings and, once row security has been met, the role. (The
    /// settings' number counts changes in this session; it takes the lower half.)
    pub fn generations(&self) -> (u64, u64) {
        let role = u64::from(self.catalog().plan_role().0);
        (self.catalog().generation(), self.settings.borrow().generation() ^ role << 32)
    }

    /// Whether neither the catalogs, nor the settings, nor the role (where that matters) changed since a statement was planned.
    pub fn is_current(&self, prepared: &Prepared) -> bool {
        self.catalog().absorb();
        let generations = self.generations();
        prepared.plan.borrow().as_ref().is_some_and(|(_, catalog, settings)| (*catalog, *settings) == generations)
    }

    /// The plan of a prepared statement, its relations locked; made anew if the catalogs or settings changed.
    ///
    /// # Errors
    /// Those of the analysis and of waiting for locks; `0A000` if the result has other columns now.
    pub fn plan_of(&self, prepared: &Prepared) -> Result<Arc<Plan>> {
        prepared.uses.set(prepared.uses.get() + 1);
        self.locked(|| self.cached_plan(prepared), |plan| plan)
    }

    fn cached_plan(&self, prepared: &Prepared) -> Result<Arc<Plan>> {
        let generations = self.generations();
        if let Some((plan, catalog, settings)) = &*prepared.plan.borrow()
            && (*catalog, *settings) == generations
        {
            return Ok(plan.clone());
        }
        let Some(statement) = &prepared.statement else {
            return Err(Error::internal("an empty statement has no plan"));
        };
        let (query, types) =
            analyzer::analyze(self.catalog(), self, &prepared.text, statement, prepared.given.clone())?;
        let plan = self.make_plan(query, types.clone())?;
        let result = self.result_of(&plan)?;
        if promised(&result) != promised(&prepared.result) || types != prepared.params {
            bail!(FEATURE_NOT_SUPPORTED, "cached plan must not change result type");
        }
        prepared.plan.replace(Some((plan.clone(), generations.0, generations.1)));
        Ok(plan)
    }

    /// The plan of a query, its relations locked, and the types of its parameters.
    pub fn plan(&self, text: &str, statement: &Statement, params: Params) -> Result<(Arc<Plan>, Vec<Oid>)> {
        self.locked(|| self.analyze_and_plan(text, statement, params.clone()), |(plan, _)| plan)
    }

    fn analyze_and_plan(&self, text: &str, statement: &Statement, params: Params) -> Result<(Arc<Plan>, Vec<Oid>)> {
        let (query, types) = analyzer::analyze(self.catalog(), self, text, statement, params)?;
        Ok((self.make_plan(query, types.clone())?, types))
    }

    /// The plan of an analysed query with parameters of these types, its relations locked.
    pub fn plan_analyzed(&self, query: &analyzer::query::Query, types: &[Oid]) -> Result<Arc<Plan>> {
        self.locked(|| self.make_plan(query.clone(), types.to_vec()), |plan| plan)
    }

    /// The plan of an analysed query with parameters of these types. Somebody has to lock its relations before it runs.
    pub fn make_plan(&self, query: analyzer::query::Query, types: Vec<Oid>) -> Result<Arc<Plan>> {
        self.with_planner(|context| planner::plan(query, types, context)).map(Arc::new)
    }

    /// What `make` gives, with the relations of its plan locked: made again if the catalogs changed before all locks were held, for
    /// whoever waits for a lock waits for a change of the table more often than not.
    pub fn locked<T>(&self, mut make: impl FnMut() -> Result<T>, plan: impl Fn(&T) -> &Plan) -> Result<T> {
        let catalog = self.catalog();
        let mut locks = PlanLocks::default();
        loop {
            catalog.absorb();
            let before = catalog.generation();
            let made = make()?;
            let were_locked = locks.take(&self.executor(), plan(&made))?;
            catalog.absorb();
            if were_locked || catalog.generation() == before {
                return Ok(made);
            }
        }
    }

    /// Lets something be planned with what the session knows.
    pub fn with_planner<T>(&self, plan: impl FnOnce(&planner::Context<'_>) -> Result<T>) -> Result<T> {
        let costs = planner::Costs::of(&self.settings.borrow());
        let storage = self.shared.engine.storage();
        plan(&planner::Context {
            catalog: self.catalog(),
            env: self,
            costs: &costs,
            keeps_outputs: self.shows_outputs.get(),
            block_count: &|relation: &Relation| storage.block_count(relation.locator, Fork::Main).ok(),
        })
    }

    /// How values of these columns are held.
    pub fn reprs_of(&self, columns: &[ResultColumn]) -> Result<Vec<batch::Repr>> {
        let repr = |column: &ResultColumn| {
            let row = self.catalog().type_(column.type_oid)?;
            Ok(types::repr_of(row.typlen, row.typbyval))
        };
        columns.iter().map(repr).collect()
    }

    pub fn result_of(&self, plan: &Plan) -> Result<Option<Vec<ResultColumn>>> {
        // Statements without RETURNING have no columns; a SELECT without any still returns rows.
        if plan.output.is_empty() && plan.command != planner::plan::Command::Select {
            return Ok(None);
        }
        let columns = plan.output.iter().map(|column| {
            let (type_oid, typmod) = self.catalog().base_type(column.ty.oid, column.ty.typmod)?;
            let type_size = match types::builtin_type(type_oid) {
                Some(builtin) => builtin.length,
                None => self.catalog().type_(type_oid)?.typlen,
            };
            Ok(ResultColumn {
                name: column.name.clone(),
                table: column.table,
                number: column.number,
                type_oid,
                type_size,
                typmod,
            })
        });
        columns.collect::<Result<_>>().map(Some)
    }

    /// Tells the client of a result's columns.
    pub fn describe_result(&self, columns: &[ResultColumn], formats: &[Format]) {
        let fields = columns.iter().enumerate().map(|(n, column)| wire::backend::Field {
            name: &column.name,
            table: column.table.0,
            column: column.number,
            type_oid: column.type_oid.0,
            type_size: column.type_size,
            type_modifier: column.typmod,
            format: format_of(formats, n),
        });
        wire::backend::row_description(self.connection.borrow_mut().out(), fields);
    }
}

/// A column that is text.
pub(crate) fn text_column(name: &str) -> ResultColumn {
    ResultColumn { name: name.into(), table: Oid::INVALID, number: 0, type_oid: TEXT, type_size: -1, typmod: -1 }
}

/// The format of item `n`: none given means text, one means all.
pub(crate) fn format_of(formats: &[Format], n: usize) -> Format {
    match formats {
        [] => Format::Text,
        [one] => *one,
        each => each.get(n).copied().unwrap_or_default(),
    }
}

/// How a column's values are written.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    pub type_oid: Oid,
    pub io: TypeIo,
    pub format: Format,
}
