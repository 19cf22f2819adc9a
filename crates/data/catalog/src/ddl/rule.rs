//! Rules: what a view is made of.

use crate::catalog::Catalog;
use crate::depend::{Dependency, Object};
use crate::index;
use crate::relation::Relation;
use crate::rows::*;
use error::Result;
use ids::Oid;

/// The name of the rule that makes a relation a view.
pub const RETURN_RULE: &str = "_RETURN";

impl Catalog {
    /// Makes a relation a view of a stored query, or replaces the query of one. `objects` is what the query needs; the rule, and so
    /// the view, depends on it.
    pub fn set_view_query(&self, view: Oid, stored: &str, objects: &[Object]) -> Result<()> {
        let key = [view.into(), RETURN_RULE.into()];
        let found = self.row::<PgRewrite>(index::PG_REWRITE_REL_RULENAME_INDEX, &key)?.map(|row| row.oid);
        let rule = match found {
            Some(rule) => {
                self.change::<PgRewrite>(index::PG_REWRITE_REL_RULENAME_INDEX, &key, |row| {
                    row.ev_action = stored.to_string().into()
                })?;
                self.forget_dependencies(Object::of::<PgRewrite>(rule), Some(Dependency::Normal), None)?;
                rule
            }
            None => {
                let rule = self.new_oid::<PgRewrite>(index::PG_REWRITE_OID_INDEX)?;
                self.insert(&PgRewrite {
                    oid: rule,
                    rulename: RETURN_RULE.into(),
                    ev_class: view,
                    ev_type: b'1',
                    ev_enabled: b'O',
                    is_instead: true,
                    ev_qual: "<>".into(),
                    ev_action: stored.to_string().into(),
                })?;
                let this = Object::of::<PgRewrite>(rule);
                self.record_dependency(this, Object::relation(view), Dependency::Internal)?;
                rule
            }
        };
        self.record_dependencies(Object::of::<PgRewrite>(rule), objects, Dependency::Normal)?;
        // The relation's descriptor holds its rules: a change of its row makes all sessions read it again.
        self.alter_class(view, |row| row.relhasrules = true)
    }

    /// The relations that a view's query names, wherever in it, each once, in the order of their object ids. Those of the system are not among
    /// them.
    pub fn relations_read_by(&self, view: &Relation) -> Result<Vec<Oid>> {
        let mut found = Vec::new();
        for rule in view.rules.iter().filter(|rule| rule.rulename == *RETURN_RULE) {
            let key = [PgRewrite::RELATION.into(), rule.oid.into()];
            let needs = self.read_rows::<PgDepend>(index::PG_DEPEND_DEPENDER_INDEX, &key)?;
            let needs = needs.iter().filter(|row| row.refclassid == PgClass::RELATION && row.refobjid != view.oid);
            found.extend(needs.map(|row| row.refobjid));
        }
        found.sort();
        found.dedup();
        Ok(found)
    }
}
