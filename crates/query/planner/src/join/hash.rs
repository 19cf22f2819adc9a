//! Hash joins: the inner side's rows are put into a table by the keys, in which each outer row is looked up.

use std::rc::Rc;

use analyzer::query::Expr;
use error::Result;

use super::order::Rel;
use super::ways::{JoinPath, Method, Pair};
use super::work::{self, Bucket};
use crate::cost::whole_rows;
use crate::level::Planner;
use crate::path::{Path, PathKind};

impl Planner<'_> {
    pub(super) fn hashes(
        &mut self,
        pair: &Pair<'_>,
        outers: &[Rc<Path>],
        inners: &[Rc<Path>],
        into: &mut Rel,
    ) -> Result<()> {
        let (mut keys, mut buckets) = (Vec::new(), Vec::new());
        for (key, bucket) in pair.keys.iter().zip(&pair.buckets).filter(|(key, _)| key.can_hash) {
            keys.push(key.clone());
            buckets.push(Bucket { distinct: bucket.0, nulls: bucket.1, most_common: bucket.2 });
        }
        if keys.is_empty() {
            return Ok(());
        }
        let costs = self.ctx.costs.clone();
        let shown: Vec<Expr> = keys.iter().map(|key| key.qual.clone()).collect();
        let hash_selectivity = if keys.len() == pair.quals.len() {
            pair.selectivity
        } else {
            self.selectivity_of_all(&shown)?.max(pair.selectivity)
        };
        let keys = Rc::new(keys);
        let (Some(outer), Some(inner)) = (pair.cheapest(outers).cloned(), pair.cheapest(inners).cloned()) else {
            return Ok(());
        };
        let mut choices = vec![(outer.clone(), inner.clone())];
        if let Some(first) = outers
            .iter()
            .filter(|path| path.requires == 0)
            .min_by(|a, b| a.disabled.cmp(&b.disabled).then(a.startup.total_cmp(&b.startup)))
            && !Rc::ptr_eq(first, &outer)
        {
            choices.push((first.clone(), inner.clone()));
        }
        for (outer, inner) in choices {
            let pairs = whole_rows(outer.rows * inner.rows * hash_selectivity);
            let work = work::hash_join(
                &costs,
                &outer,
                &inner,
                keys.len() as f64,
                &buckets,
                pair.inner_unique,
                pairs,
                &pair.facts,
            );
            let path = Path {
                kind: PathKind::Join(Box::new(JoinPath {
                    method: Method::Hash,
                    join: pair.join,
                    outer: outer.clone(),
                    inner: inner.clone(),
                    quals: pair.quals.clone(),
                    filter: pair.filter.clone(),
                    keys: keys.clone(),
                    inner_unique: pair.inner_unique,
                })),
                units: pair.units,
                requires: (outer.requires | inner.requires) & !(pair.left | pair.right),
                rows: pair.rows,
                startup: work.startup,
                total: work.total,
                disabled: outer.disabled + inner.disabled + u32::from(!costs.enable_hashjoin),
                order: Rc::default(),
            };
            self.add(pair, into, path)?;
        }
        Ok(())
    }
}
