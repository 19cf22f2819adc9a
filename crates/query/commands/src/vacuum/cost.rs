//! Cost-based delay: vacuum and analyze sleep after so much work, to leave the disk to others.
//!
//! Every page costs something: little if it was in the pool, more if it was read, most if it was made dirty. When the sum reaches
//! `vacuum_cost_limit`, the process sleeps for `vacuum_cost_delay` (longer if the sum is above the limit, up to four times).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use error::Result;
use shm::{Process, WaitEvent};
use storage::Storage;

use super::Maintenance;
use crate::Context;

/// The delay of one command.
pub(crate) struct CostDelay {
    process: Arc<Process>,
    storage: Storage,
    delay: Duration,
    limit: i64,
    /// Of a page found, read, made dirty.
    costs: [i64; 3],
    balance: AtomicI64,
    seen: [AtomicU64; 3],
}

impl CostDelay {
    pub fn new(context: &Context<'_>, request: &Maintenance) -> Result<CostDelay> {
        let services = context.services;
        let (delay_ms, limit) = match &request.automatic {
            Some(automatic) => (automatic.cost_delay_ms, automatic.cost_limit),
            None => (services.setting_real("vacuum_cost_delay")?, services.setting_int("vacuum_cost_limit")?),
        };
        let storage = context.session.store.storage;
        let used = storage.usage();
        Ok(CostDelay {
            process: context.session.transaction.process().clone(),
            storage,
            delay: Duration::from_secs_f64(delay_ms.clamp(0.0, 100.0) / 1000.0),
            limit: limit.max(1),
            costs: [
                services.setting_int("vacuum_cost_page_hit")?,
                services.setting_int("vacuum_cost_page_miss")?,
                services.setting_int("vacuum_cost_page_dirty")?,
            ],
            balance: AtomicI64::new(0),
            seen: [used.hits, used.reads, used.dirtied].map(AtomicU64::new),
        })
    }

    /// To be called between pages, no lock held: raises interrupts, and sleeps if it is time to.
    ///
    /// # Errors
    /// Interrupts.
    pub fn pause(&self) -> Result<()> {
        self.process.check_interrupts()?;
        if self.delay.is_zero() {
            return Ok(());
        }
        let used = self.storage.usage();
        let mut cost = 0;
        for ((now, seen), price) in [used.hits, used.reads, used.dirtied].into_iter().zip(&self.seen).zip(self.costs) {
            cost += (now - seen.swap(now, Relaxed)) as i64 * price;
        }
        let balance = self.balance.fetch_add(cost, Relaxed) + cost;
        if balance < self.limit {
            return Ok(());
        }
        self.balance.store(0, Relaxed);
        let factor = (balance as f64 / self.limit as f64).min(4.0);
        let end = Instant::now() + self.delay.mul_f64(factor);
        loop {
            self.process.latch().reset();
            self.process.check_interrupts()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.process.wait(&[], Some(left), WaitEvent::TIMEOUT_VACUUM_DELAY)?;
        }
    }
}
