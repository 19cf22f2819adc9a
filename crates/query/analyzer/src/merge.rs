//! MERGE.
//!
//! The target and the source stay two items of FROM; what joins them depends on which WHEN clauses there are, and is the planner's
//! to choose. An action sees of the two what its WHEN says is there.

use catalog::Relation;
use catalog::relation::kind;
use error::{Error, Result, SqlState};
use parser::ast::{self, MergeActionKind, MergeMatch};

use crate::Analyzer;
use crate::query::*;
use crate::scope::{Place, Scope, Visible};

impl Analyzer<'_> {
    pub(crate) fn merge_statement(&mut self, merge: &ast::Merge) -> Result<Query> {
        self.scopes.push(Scope::new(Command::Merge));
        if let Some(with) = &merge.with {
            if with.recursive {
                let text = "WITH RECURSIVE is not supported for MERGE statement";
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            self.with_clause(with)?;
        }
        let mut required = 0;
        for (at, clause) in merge.clauses.iter().enumerate() {
            required |= match clause.action {
                MergeActionKind::Insert { .. } => acl::INSERT,
                MergeActionKind::Update(_) => acl::UPDATE,
                MergeActionKind::Delete => acl::DELETE,
                MergeActionKind::Nothing => 0,
            };
            let mut before = merge.clauses[..at].iter();
            if before.any(|earlier| earlier.matching == clause.matching && earlier.condition.is_none()) {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    "unreachable WHEN clause specified after unconditional WHEN clause",
                ));
            }
        }
        // Who does nothing looks at the table all the same.
        let required = if required == 0 { acl::SELECT } else { required };
        let relation =
            self.open_target(&merge.relation.name, merge.alias.as_ref(), merge.relation.inherit, required)?;
        check_target(&relation)?;
        let at = self.scope().query.result_relation.unwrap_or(0);
        let target = self.show_entry(at);
        // The source does not see the target.
        let (source, source_names) = self.deeper(|this| this.join_item(&merge.source))?;
        if let Some(clash) = source_names.iter().find(|v| v.by_name && v.name == target.name) {
            let name = clash.name.as_deref().unwrap_or_default();
            return Err(Error::new(SqlState::DUPLICATE_ALIAS, format!("name \"{name}\" specified more than once"))
                .detail("The name is used both as MERGE target table and data source."));
        }
        self.scope().query.from = vec![FromItem::Relation(at), source];
        let shown = |target_is: bool, source_is: bool| {
            let mut names = vec![with_visibility(&target, target_is)];
            names.extend(source_names.iter().map(|name| with_visibility(name, source_is)));
            names
        };
        self.scope().names = shown(true, true);
        let condition = self.condition_at(Place::JoinOn, &merge.condition, "JOIN/ON")?;
        self.scope().query.merge_condition = Some(condition);
        let mut actions = Vec::with_capacity(merge.clauses.len());
        for clause in &merge.clauses {
            let (when, names) = match clause.matching {
                MergeMatch::Matched => (MergeWhen::Matched, shown(true, true)),
                MergeMatch::NotMatchedBySource => (MergeWhen::NotMatchedBySource, shown(true, false)),
                MergeMatch::NotMatchedByTarget => (MergeWhen::NotMatchedByTarget, shown(false, true)),
            };
            self.scope().names = names;
            actions.push(self.merge_action(&relation, when, clause)?);
        }
        self.scope().query.merge_actions = actions;
        self.scope().names = shown(true, true);
        if let Some(returning) = &merge.returning {
            self.returning(returning, Place::MergeReturning)?;
        }
        let mut query = self.pop_scope()?;
        self.assign_query_collations(&mut query)?;
        Ok(query)
    }

    fn merge_action(&mut self, relation: &Relation, when: MergeWhen, clause: &ast::MergeClause) -> Result<MergeAction> {
        let condition = match &clause.condition {
            Some(condition) => Some(self.condition_at(Place::MergeWhen, condition, "WHEN")?),
            None => None,
        };
        let mut action = MergeAction {
            when,
            condition,
            command: Command::Nothing,
            overriding: Overriding::None,
            targets: Vec::new(),
        };
        match &clause.action {
            MergeActionKind::Nothing => {}
            MergeActionKind::Delete => action.command = Command::Delete,
            MergeActionKind::Update(assignments) => {
                action.command = Command::Update;
                action.targets = self.assignments(relation, assignments)?;
            }
            MergeActionKind::Insert { columns: written, overriding, values } => {
                action.command = Command::Insert;
                action.overriding = Overriding::of(*overriding);
                let columns = self.insert_columns(relation, written)?;
                if let Some(values) = values {
                    let row = self.at_place(Place::ValuesSingle, |this| this.value_row(values))?;
                    action.targets = self.insert_row(relation, row, &columns, written)?;
                }
                for target in &action.targets {
                    self.mark_inserted(target.number);
                }
            }
        }
        Ok(action)
    }
}

/// A name that can be used, or one that is known but out of reach.
fn with_visibility(name: &Visible, visible: bool) -> Visible {
    Visible { by_name: name.by_name && visible, by_column: name.by_column && visible, ..name.clone() }
}

/// Whether a relation can be the target.
fn check_target(relation: &Relation) -> Result<()> {
    let detail = match relation.kind() {
        kind::TABLE | kind::PARTITIONED_TABLE | kind::VIEW => {
            if relation.rules.iter().all(|rule| rule.ev_type == b'1' || rule.ev_enabled == b'D') {
                return Ok(());
            }
            "MERGE is not supported for relations with rules.".to_string()
        }
        kind::FOREIGN_TABLE => "This operation is not supported for foreign tables.".to_string(),
        _ => "This operation is not supported for this kind of relation.".to_string(),
    };
    let text = format!("cannot execute MERGE on relation \"{}\"", relation.name());
    Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).detail(detail))
}
