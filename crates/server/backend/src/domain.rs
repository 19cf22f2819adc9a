//! Checks of single values against their domains, for who reads values outside of a plan: input functions of arrays and rows
//! of domains, PL/pgSQL's variables.
//!
//! A domain's constraints are expressions of SQL, so the check is a plan: a cast of its parameter from the base type to the
//! domain. Plans are kept for the session, as long as the catalogs stay as they were.

use std::rc::Rc;
use std::sync::Arc;

use analyzer::Params;
use batch::DatumRef;
use error::{Error, Result};
use executor::Execution;
use executor::execution::Options;
use ids::Oid;
use planner::plan::Plan;

use crate::session::Session;

/// The plan that checks a domain's values.
pub(crate) struct DomainCheck {
    /// Of the catalogs when it was made.
    generation: u64,
    plan: Arc<Plan>,
}

impl Session<'_> {
    /// Fails if the domain's constraints do not hold for a value of its base type.
    pub fn check_domain_value(&self, domain: Oid, value: DatumRef<'_>) -> Result<()> {
        let check = self.domain_check(domain)?;
        let session = self.executor();
        let snapshot = self.transaction.snapshot()?;
        let options = Options { params: vec![value.to_datum()], work_mem: self.memory(), instrument: false };
        let mut execution = Execution::start(&session, check.plan.clone(), snapshot, options)?;
        let mut batch = execution.batch();
        execution.next(&session, &mut batch).map(|_| ())
    }

    fn domain_check(&self, domain: Oid) -> Result<Rc<DomainCheck>> {
        let catalog = self.catalog();
        let generation = catalog.generation();
        if let Some(check) = self.domain_checks.borrow().get(&domain)
            && check.generation == generation
        {
            return Ok(check.clone());
        }
        let (base, typmod) = catalog.base_type(domain, -1)?;
        let text = format!(
            "SELECT $1::{}::{}",
            catalog.format_type_qualified(base, typmod)?,
            catalog.format_type_qualified(domain, -1)?
        );
        let statements = parser::parse(&text)?;
        let [raw] = &statements[..] else { return Err(Error::internal("one statement was expected")) };
        let (plan, _) = self.plan(&text, &raw.statement, Params::fixed(vec![base]))?;
        let check = Rc::new(DomainCheck { generation, plan });
        self.domain_checks.borrow_mut().insert(domain, check.clone());
        Ok(check)
    }
}
