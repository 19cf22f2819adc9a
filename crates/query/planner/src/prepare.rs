//! Before joins are ordered: subqueries and sublinks become part of the join tree where that changes no result, and outer
//! joins become inner ones where a condition above rejects their nulls anyway.

use analyzer::node::{Node as _, Visitor, VisitorMut};
use analyzer::query::{
    self as q, Command, Cte, EntryKind, Expr, ExprKind, FromItem, JoinKind, Query, RangeTableEntry, SubLinkKind,
};
use analyzer::{shift_levels, shift_query_levels};
use catalog::Catalog;
use error::Result;

use crate::fold::{Folder, is_boolean};
use crate::level::Planner;
use crate::placeholder::placeholder;
use crate::plan::JoinType;

/// A set of entries of the range table.
pub(crate) type Relids = u128;

/// The most entries of a range table.
pub(crate) const RELATIONS_MAX: usize = 128;

/// A join tree.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    /// An entry of the range table.
    Relation(usize),
    /// Inner join of all items under all conditions.
    Group { items: Vec<Tree>, quals: Vec<Expr> },
    /// Left, Full, Semi or Anti.
    Join { join: JoinType, left: Box<Tree>, right: Box<Tree>, on: Vec<Expr> },
}

impl Tree {
    /// The entries under it.
    pub fn relids(&self) -> Relids {
        match self {
            Tree::Relation(at) => 1 << at,
            Tree::Group { items, .. } => items.iter().fold(0, |set, item| set | item.relids()),
            Tree::Join { left, right, .. } => left.relids() | right.relids(),
        }
    }

    /// Lets a function change all of its conditions.
    pub fn for_each_qual(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        match self {
            Tree::Relation(_) => {}
            Tree::Group { items, quals } => {
                quals.iter_mut().for_each(&mut *f);
                items.iter_mut().for_each(|item| item.for_each_qual(f));
            }
            Tree::Join { left, right, on, .. } => {
                on.iter_mut().for_each(&mut *f);
                left.for_each_qual(f);
                right.for_each_qual(f);
            }
        }
    }
}

/// The entries of the query itself that an expression uses, also within its sublinks.
pub(crate) fn relids_of(expr: &Expr) -> Relids {
    let mut finder = Relations { depth: 0, found: 0, outer: false };
    finder.expr(expr);
    finder.found
}

/// Relations whose columns a query that stands beside them uses (LATERAL).
pub(crate) fn relids_around(query: &Query) -> Relids {
    let mut finder = Relations { depth: 0, found: 0, outer: false };
    Visitor::query(&mut finder, query);
    finder.found
}

/// The same of all expressions of a query, one's own.
pub(crate) fn relids_in(query: &Query) -> Relids {
    let mut finder = Relations { depth: 0, found: 0, outer: false };
    query.visit_children(&mut finder);
    finder.found
}

/// Whether an expression uses columns of queries further out.
pub(crate) fn looks_outside(expr: &Expr) -> bool {
    let mut finder = Relations { depth: 0, found: 0, outer: false };
    finder.expr(expr);
    finder.outer
}

struct Relations {
    depth: u32,
    found: Relids,
    /// Columns of queries further out occur.
    outer: bool,
}

impl Visitor for Relations {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Var(var) if var.level == self.depth => self.found |= 1 << var.relation,
            ExprKind::Var(var) if var.level > self.depth => self.outer = true,
            ExprKind::PlaceHolder { relations, level, .. } => {
                if *level == self.depth {
                    self.found |= relations;
                }
                expr.visit_children(self);
            }
            ExprKind::CurrentOf { relation, .. } if self.depth == 0 => self.found |= 1 << relation,
            ExprKind::Aggregate(a) if a.level > self.depth => {
                self.outer = true;
                expr.visit_children(self);
            }
            _ => expr.visit_children(self),
        }
    }
    fn query(&mut self, query: &Query) {
        self.depth += 1;
        query.visit_children(self);
        self.depth -= 1;
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

/// The entries of the next outer query that a query uses; and whether it uses queries further out.
pub(crate) fn outer_relids(query: &Query) -> (Relids, bool) {
    let mut finder = Relations { depth: 0, found: 0, outer: false };
    Visitor::query(&mut finder, query);
    (finder.found, finder.outer)
}

/// The conditions that AND joins.
pub(crate) fn conjuncts(expr: Expr, into: &mut Vec<Expr>) {
    match expr.kind {
        ExprKind::And(args) => args.into_iter().for_each(|arg| conjuncts(arg, into)),
        ExprKind::Or(arms) => factor_out(arms, expr.ty, expr.location, into),
        _ if is_boolean(&expr, true) => {}
        _ => into.push(expr),
    }
}

/// What all arms of an OR ask for becomes a condition of its own: `(a AND b) OR (a AND c)` is `a AND (b OR c)`. So a join
/// condition that is repeated in every arm is one.
fn factor_out(arms: Vec<Expr>, ty: q::SqlType, location: u32, into: &mut Vec<Expr>) {
    let or = |arms| Expr { kind: ExprKind::Or(arms), ty, location };
    if !arms.iter().all(|arm| matches!(arm.kind, ExprKind::And(_))) {
        let common = arms.iter().find(|arm| {
            let asked_by = |other: &Expr| match &other.kind {
                ExprKind::And(args) => args.contains(arm),
                _ => other == *arm,
            };
            !matches!(arm.kind, ExprKind::And(_)) && arms.iter().all(asked_by)
        });
        // With it as an arm of its own, the others add nothing.
        into.push(common.cloned().unwrap_or_else(|| or(arms)));
        return;
    }
    let mut parts: Vec<Vec<Expr>> = Vec::with_capacity(arms.len());
    for arm in arms {
        let mut args = Vec::new();
        conjuncts(arm, &mut args);
        parts.push(args);
    }
    let (first, others) = parts.split_at_mut(1);
    let mut common = Vec::new();
    first[0].retain(|part| {
        let everywhere = others.iter().all(|other| other.contains(part));
        if everywhere {
            common.push(part.clone());
        }
        !everywhere
    });
    others.iter_mut().for_each(|other| other.retain(|part| !common.contains(part)));
    into.append(&mut common);
    if parts.iter().any(Vec::is_empty) {
        return;
    }
    let arms = parts.into_iter().map(|mut arm| match arm.len() {
        1 => arm.swap_remove(0),
        _ => Expr { kind: ExprKind::And(arm), ty, location },
    });
    into.push(or(arms.collect()));
}

/// Whether an expression calls a volatile function.
pub(crate) fn is_volatile(catalog: &Catalog, expr: &Expr) -> Result<bool> {
    let mut finder = Volatile { catalog, found: Ok(false), sets: false, stable: false };
    finder.expr(expr);
    finder.found
}

/// Whether an expression calls a function that is not immutable.
pub(crate) fn is_mutable(catalog: &Catalog, expr: &Expr) -> Result<bool> {
    let mut finder = Volatile { catalog, found: Ok(false), sets: false, stable: true };
    finder.expr(expr);
    finder.found
}

/// Whether a query calls a volatile function anywhere.
pub(crate) fn query_is_volatile(catalog: &Catalog, query: &Query) -> Result<bool> {
    let mut finder = Volatile { catalog, found: Ok(false), sets: false, stable: false };
    Visitor::query(&mut finder, query);
    finder.found
}

struct Volatile<'a> {
    catalog: &'a Catalog,
    found: Result<bool>,
    sets: bool,
    /// Stable functions count, too.
    stable: bool,
}

impl Volatile<'_> {
    /// Whether a type's output (or input) function is not immutable.
    fn io_is_mutable(&self, ty: ids::Oid, output: bool) -> Result<bool> {
        let row = self.catalog.type_(ty)?;
        let function = if output { row.typoutput } else { row.typinput };
        Ok(self.catalog.function(function)?.provolatile != b'i')
    }
}

/// `textanycat` and `anytextcat`.
const TEXTANYCAT: ids::Oid = ids::Oid(2003);
const ANYTEXTCAT: ids::Oid = ids::Oid(2004);

impl Visitor for Volatile<'_> {
    fn expr(&mut self, expr: &Expr) {
        if !matches!(self.found, Ok(false)) {
            return;
        }
        let function = match &expr.kind {
            ExprKind::Function(call) => {
                self.sets |= call.set;
                call.function
            }
            // `text || any`, which is as mutable as the output of the other value.
            ExprKind::Operator(call) if self.stable && [TEXTANYCAT, ANYTEXTCAT].contains(&call.function) => {
                let other = call.args.get(usize::from(call.function == TEXTANYCAT));
                self.found = other.map_or(Ok(false), |other| self.io_is_mutable(other.ty.oid, true));
                return expr.visit_children(self);
            }
            ExprKind::Operator(call) | ExprKind::Distinct(call) | ExprKind::NullIf(call) => call.function,
            ExprKind::ScalarArray { call, .. } => call.function,
            ExprKind::NextValue(_) => {
                self.found = Ok(true);
                return;
            }
            ExprKind::SqlValue(_) if self.stable => {
                self.found = Ok(true);
                return;
            }
            // A path may depend on the time zone; one that is not known, too.
            ExprKind::JsonPath(path) if self.stable => {
                let variables: Vec<(&str, ids::Oid)> =
                    path.passing.iter().map(|(name, value)| (name.as_str(), value.ty.oid)).collect();
                let mutable = match &path.path.kind {
                    ExprKind::Const(value) => value
                        .as_bytes()
                        .map(|text| types::jsonpath::Path::parse(text).map(|parsed| parsed.is_mutable(&variables))),
                    _ => Some(Ok(true)),
                };
                match mutable {
                    Some(Ok(false)) | None => {}
                    Some(found) => {
                        self.found = found;
                        return;
                    }
                }
                return expr.visit_children(self);
            }
            // Input and output functions of both types take part.
            ExprKind::CoerceViaIo(arg, _) if self.stable => {
                self.found = self.io_is_mutable(arg.ty.oid, true);
                if let Ok(false) = self.found {
                    self.found = self.io_is_mutable(expr.ty.oid, false);
                }
                return expr.visit_children(self);
            }
            _ => return expr.visit_children(self),
        };
        match self.catalog.function(function) {
            Ok(row) if row.provolatile == b'v' || self.stable && row.provolatile != b'i' => self.found = Ok(true),
            Ok(_) => expr.visit_children(self),
            Err(e) => self.found = Err(e),
        }
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

/// What EXISTS does not need: the targets, their order, how many rows.
pub(crate) fn simplify_exists(query: &mut Query) {
    // One row is all that is asked for.
    if let Some(limit) = &query.limit
        && !query.with_ties
        && match &limit.kind {
            ExprKind::Const(batch::Datum::Null) => true,
            ExprKind::Const(batch::Datum::B8(count)) => *count > 0,
            _ => false,
        }
    {
        query.limit = None;
    }
    let plain = query.command == Command::Select
        && query.set_operation.is_none()
        && !query.has.aggregates
        && query.grouping_sets.is_none()
        && !query.has.windows
        && !query.has.target_sets
        && query.having.is_none()
        && query.offset.is_none()
        && query.limit.is_none()
        && !query.has.for_update
        && query.ctes.is_empty();
    if plain {
        query.targets.clear();
        query.group_by.clear();
        query.distinct.clear();
        query.distinct_on = false;
        query.order_by.clear();
        query.windows.clear();
    }
}

/// A query that can be dissolved into the one around it.
pub(crate) fn is_simple(query: &Query) -> bool {
    query.command == Command::Select
        && query.set_operation.is_none()
        && !query.has.aggregates
        && query.group_by.is_empty()
        && query.grouping_sets.is_none()
        && query.having.is_none()
        && query.windows.is_empty()
        && !query.has.windows
        && !query.has.target_sets
        && query.distinct.is_empty()
        && query.order_by.is_empty()
        && query.limit.is_none()
        && query.offset.is_none()
        && query.row_marks.is_empty()
        && !query.has.for_update
        && query.ctes.is_empty()
}

/// References to a WITH query become subqueries.
pub(crate) fn replace_cte(query: &mut Query, cte: &Cte) {
    replace_cte_below(query, cte, 0);
}

/// The same in a query that is `depth` levels below the one with the clause.
pub(crate) fn replace_cte_below(query: &mut Query, cte: &Cte, depth: u32) {
    struct Replace<'c> {
        cte: &'c Cte,
        depth: u32,
    }
    impl Replace<'_> {
        fn entries(&mut self, query: &mut Query) {
            for entry in &mut query.range_table {
                if let EntryKind::Cte { name, levels_up, recursive: false, .. } = &entry.kind
                    && *levels_up == self.depth
                    && *name == self.cte.name
                {
                    let mut inner = self.cte.query.clone();
                    // It stood one level below the clause, and now stands one below this query.
                    shift_query_levels(&mut inner, self.depth as i32, 1);
                    entry.kind = EntryKind::Subquery {
                        query: Box::new(inner),
                        view: ids::Oid::INVALID,
                        security_barrier: false,
                    };
                }
            }
        }
    }
    impl VisitorMut for Replace<'_> {
        fn query(&mut self, query: &mut Query) {
            self.depth += 1;
            self.entries(query);
            query.visit_children_mut(self);
            self.depth -= 1;
        }
        fn as_dyn(&mut self) -> &mut dyn VisitorMut {
            self
        }
    }
    let mut replace = Replace { cte, depth };
    replace.entries(query);
    query.visit_children_mut(&mut replace);
}

/// Refuses a range table that [`Relids`] cannot hold.
fn check_size(entries: usize) -> Result<()> {
    if entries > RELATIONS_MAX {
        return Err(error::Error::not_implemented("a query of more than 128 relations"));
    }
    Ok(())
}

impl Planner<'_> {
    /// The join tree of the current query, everything done that can be done before joins are ordered. Its FROM and WHERE
    /// clauses are empty afterwards.
    pub fn prepare(&mut self) -> Result<Tree> {
        let (catalog, env) = (self.ctx.catalog, self.ctx.env);
        check_size(self.level().query.range_table.len())?;
        Folder::query_expressions(catalog, env, &mut self.level().query)?;
        let query = &mut self.level().query;
        let from = std::mem::take(&mut query.from);
        let mut quals = Vec::new();
        if let Some(condition) = query.where_clause.take() {
            conjuncts(condition, &mut quals);
        }
        let items = from.into_iter().map(tree_of).collect();
        let mut tree = match query.command {
            Command::Merge => merge_tree(query, items, quals),
            _ => Tree::Group { items, quals },
        };
        if self.level().query.has.sublinks {
            tree = self.pull_up_sublinks(tree)?;
        }
        self.pull_up_subqueries(&mut tree)?;
        self.settle_placeholders(&mut tree);
        reduce_outer_joins(catalog, &mut tree, 0)?;
        if self.level().query.command == Command::Select {
            self.find_antijoins(&mut tree)?;
            self.remove_joins(&mut tree)?;
            self.reduce_semijoins(&mut tree)?;
            self.remove_self_joins(&mut tree)?;
        }
        check_size(self.level().query.range_table.len())?;
        Ok(tree)
    }

    /// EXISTS and IN in WHERE become semijoins, NOT EXISTS antijoins.
    fn pull_up_sublinks(&mut self, tree: Tree) -> Result<Tree> {
        let Tree::Group { items, quals } = tree else { return Ok(tree) };
        let mut kept = Vec::with_capacity(quals.len());
        let mut joins: Vec<(JoinType, Tree, Vec<Expr>)> = Vec::new();
        let mut waiting: std::collections::VecDeque<Expr> = quals.into();
        while let Some(qual) = waiting.pop_front() {
            let (link, negated) = match &qual.kind {
                ExprKind::SubLink(link) => (link, false),
                ExprKind::Not(arg) => match &arg.kind {
                    ExprKind::SubLink(link) => (link, true),
                    _ => {
                        kept.push(qual);
                        continue;
                    }
                },
                _ => {
                    kept.push(qual);
                    continue;
                }
            };
            let pulled = match link.kind {
                SubLinkKind::Exists => self.pull_up_exists(&link.query)?,
                SubLinkKind::Any if !negated => self.pull_up_any(link)?,
                _ => None,
            };
            match pulled {
                Some((right, mut on)) => {
                    if !negated {
                        // What a semi-join asks of the outer row alone is a condition like others, perhaps a sublink itself.
                        let inside = right.relids();
                        let (outer, between) = on.into_iter().partition(|qual| relids_of(qual) & inside == 0);
                        waiting.extend::<Vec<Expr>>(outer);
                        on = between;
                    }
                    joins.push((if negated { JoinType::Anti } else { JoinType::Semi }, right, on));
                }
                None => kept.push(qual),
            }
        }
        self.hash_exists(&mut kept)?;
        let mut tree = Tree::Group { items, quals: kept };
        for (join, right, on) in joins {
            tree = Tree::Join { join, left: Box::new(tree), right: Box::new(right), on };
        }
        Ok(match tree {
            group @ Tree::Group { .. } => group,
            other => Tree::Group { items: vec![other], quals: Vec::new() },
        })
    }

    fn pull_up_exists(&mut self, query: &Query) -> Result<Option<(Tree, Vec<Expr>)>> {
        let mut inner = query.clone();
        if let Some(limit) = &mut inner.limit {
            Folder::fold(self.ctx.catalog, self.ctx.env, limit)?;
        }
        simplify_exists(&mut inner);
        if !is_simple(&inner) || query_is_volatile(self.ctx.catalog, &inner)? {
            return Ok(None);
        }
        let Some(condition) = inner.where_clause.take() else { return Ok(None) };
        // Only the condition may look outside.
        let (outside, further) = outer_relids(&inner);
        if outside != 0 || further {
            return Ok(None);
        }
        let mut quals = Vec::new();
        let mut condition = condition;
        Folder::fold(self.ctx.catalog, self.ctx.env, &mut condition)?;
        conjuncts(condition, &mut quals);
        let from = std::mem::take(&mut inner.from);
        let mut tree_items: Vec<Tree> = from.into_iter().map(tree_of).collect();
        let offset = self.adopt_entries(&mut inner)?;
        for item in &mut tree_items {
            adopt_tree(item, offset);
        }
        let (mut own, mut on) = (Vec::new(), Vec::new());
        let mut joined = false;
        let inside: Relids = tree_items.iter().fold(0, |set, item| set | item.relids());
        for mut qual in quals {
            adopt_expr(&mut qual, offset);
            let used = relids_of(&qual);
            if used & !inside != 0 {
                joined |= used & inside != 0;
                on.push(qual);
            } else {
                own.push(qual);
            }
        }
        if !joined {
            // Not related to the outer rows: better asked once.
            self.level().query.range_table.truncate(offset);
            return Ok(None);
        }
        Ok(Some((Tree::Group { items: tree_items, quals: own }, on)))
    }

    fn pull_up_any(&mut self, link: &q::SubLink) -> Result<Option<(Tree, Vec<Expr>)>> {
        let (outside, further) = outer_relids(&link.query);
        let test = link.test.iter().fold(0, |set, test| set | relids_of(test));
        if outside != 0 || further || test == 0 || link.operator_name != "=" && link.test.len() > 1 {
            return Ok(None);
        }
        let mut volatile = query_is_volatile(self.ctx.catalog, &link.query)?;
        for test in &link.test {
            volatile |= is_volatile(self.ctx.catalog, test)?;
        }
        if volatile || self.level().query.range_table.len() == RELATIONS_MAX {
            return Ok(None);
        }
        let columns: Vec<q::EntryColumn> =
            link.query.output().map(|t| q::EntryColumn { name: t.name.clone(), ty: t.expr.ty }).collect();
        let entry = RangeTableEntry {
            kind: EntryKind::Subquery {
                query: Box::new(link.query.clone()),
                view: ids::Oid::INVALID,
                security_barrier: false,
            },
            alias: None,
            column_aliases: false,
            name: "ANY_subquery".into(),
            columns,
            lateral: false,
            in_from: false,
            permission: None,
            security: Vec::new(),
        };
        let table = &mut self.level().query.range_table;
        table.push(entry);
        let at = table.len() - 1;
        let mut on = Vec::with_capacity(link.test.len());
        for (n, ((test, cast), operator)) in link.test.iter().zip(&link.casts).zip(&link.operators).enumerate() {
            let column = self.var(at, n as i16 + 1);
            let mut right = cast.clone();
            replace_case_test(&mut right, &column);
            let mut call = operator.clone();
            call.args = vec![test.clone(), right];
            on.push(analyzer::types::condition(ExprKind::Operator(call), q::NO_LOCATION));
        }
        Ok(Some((Tree::Relation(at), on)))
    }

    /// Moves the range table of a query into the current one; returns where it begins.
    fn adopt_entries(&mut self, inner: &mut Query) -> Result<usize> {
        let offset = self.level().query.range_table.len();
        check_size(offset + inner.range_table.len())?;
        let mut entries = std::mem::take(&mut inner.range_table);
        for entry in &mut entries {
            let mut adopt = Adopt { offset, depth: 0 };
            entry.visit_mut(&mut adopt);
            if let EntryKind::Cte { levels_up, .. } = &mut entry.kind {
                *levels_up -= 1;
            }
            if let Some(permission) = &entry.permission {
                self.permissions.push((**permission).clone());
            }
        }
        self.level().query.range_table.extend(entries);
        Ok(offset)
    }

    /// Dissolves simple subqueries in FROM.
    fn pull_up_subqueries(&mut self, tree: &mut Tree) -> Result<()> {
        let mut done = false;
        while !done {
            done = !self.pull_up_one(tree)?;
        }
        Ok(())
    }

    fn pull_up_one(&mut self, tree: &mut Tree) -> Result<bool> {
        let mut candidates = Vec::new();
        find_subqueries(tree, Above { nullable: false, outer_join: None }, &mut candidates);
        let mut alone = Vec::new();
        beside_others(tree, &mut alone);
        for (at, Above { nullable, outer_join }) in candidates {
            let table = &self.level().query.range_table;
            let EntryKind::Subquery { query, security_barrier: false, .. } = &table[at].kind else { continue };
            if !is_simple(query) || query.from.is_empty() && !alone.contains(&at) {
                continue;
            }
            if table[at].lateral && looks_past_outer_joins(query, outer_join) {
                continue;
            }
            if table.len() + query.range_table.len() > RELATIONS_MAX {
                continue;
            }
            let query = query.clone();
            let mut fits = true;
            for target in &query.targets {
                fits &= !is_volatile(self.ctx.catalog, &target.expr)?;
            }
            if let Some(condition) = &query.where_clause {
                fits &= !is_volatile(self.ctx.catalog, condition)?;
            }
            if !fits || nullable && (query.has.sublinks || !self.can_hold_places(tree, at, &query)?) {
                continue;
            }
            self.dissolve(tree, at, *query, nullable)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Whether the columns of a subquery whose rows may be missing can be values of this query: as they are, or by placeholders, which hold
    /// nothing of the rows beside them.
    fn can_hold_places(&mut self, tree: &mut Tree, at: usize, query: &Query) -> Result<bool> {
        let whole = self.uses_whole_row(tree, at);
        if self.level().query.command != Command::Select {
            // What a changed row is made of is found again column by column.
            let plain = |expr: &Expr| matches!(&expr.kind, ExprKind::Var(v) if v.level == 0 && v.column != 0);
            return Ok(!whole && query.targets.iter().all(|target| plain(&target.expr)));
        }
        for target in &query.targets {
            let mut beside = Relations { depth: 1, found: 0, outer: false };
            beside.expr(&target.expr);
            if beside.found != 0 && (whole || !is_missing_with_row(self.ctx.catalog, &target.expr)?) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the row of an entry is used as one value.
    fn uses_whole_row(&mut self, tree: &mut Tree, at: usize) -> bool {
        struct Finder(usize, u32, bool);
        impl Visitor for Finder {
            fn expr(&mut self, expr: &Expr) {
                match &expr.kind {
                    ExprKind::Var(var) => self.2 |= var.level == self.1 && var.relation == self.0 && var.column == 0,
                    _ => expr.visit_children(self),
                }
            }
            fn query(&mut self, query: &Query) {
                self.1 += 1;
                query.visit_children(self);
                self.1 -= 1;
            }
            fn as_dyn(&mut self) -> &mut dyn Visitor {
                self
            }
        }
        let mut finder = Finder(at, 0, false);
        tree.for_each_qual(&mut |qual| finder.expr(qual));
        self.level().query.visit_children(&mut finder);
        finder.2
    }

    fn dissolve(&mut self, tree: &mut Tree, at: usize, mut inner: Query, nullable: bool) -> Result<()> {
        Folder::query_expressions(self.ctx.catalog, self.ctx.env, &mut inner)?;
        let from = std::mem::take(&mut inner.from);
        let mut items: Vec<Tree> = from.into_iter().map(tree_of).collect();
        let mut quals = Vec::new();
        if let Some(condition) = inner.where_clause.take() {
            conjuncts(condition, &mut quals);
        }
        let mut targets: Vec<Expr> = inner.output().map(|t| t.expr.clone()).collect();
        let mut held = Vec::with_capacity(targets.len());
        for target in &targets {
            held.push(nullable && !is_missing_with_row(self.ctx.catalog, target)?);
        }
        // As they are called here: an alias may have renamed them.
        let entry = &self.level().query.range_table[at];
        let names: Vec<String> = entry.columns.iter().map(|column| column.name.clone()).collect();
        let has_sublinks = inner.has.sublinks;
        let offset = self.adopt_entries(&mut inner)?;
        items.iter_mut().for_each(|item| adopt_tree(item, offset));
        quals.iter_mut().for_each(|qual| adopt_expr(qual, offset));
        targets.iter_mut().for_each(|target| adopt_expr(target, offset));
        let mut group = Tree::Group { items, quals };
        if has_sublinks {
            self.level().query.has.sublinks = true;
            group = self.pull_up_sublinks(group)?;
        }
        // Its columns become the expressions behind them, wherever they are used.
        let relations = group.relids();
        let mut substitute = Substitute {
            relation: at,
            targets: &targets,
            names: &names,
            depth: 0,
            held: Vec::new(),
            relations,
            nullable,
        };
        for (target, held) in targets.iter().zip(held) {
            let place = placeholder(target.clone(), relations);
            self.level().has_placeholders |= held;
            substitute.held.push(if held { place } else { target.clone() });
        }
        // A row that is not there is null as a whole, not a row of nulls.
        self.level().has_placeholders |= nullable;
        replace_relation(tree, at, group);
        tree.for_each_qual(&mut |qual| substitute.expr(qual));
        let query = &mut self.level().query;
        // The entry stays as a name for EXPLAIN, but holds nothing.
        query.range_table[at].kind = EntryKind::Result;
        query.visit_children_mut(&mut substitute);
        Ok(())
    }
}

/// How MERGE's target and source are joined: so that rows without match are there if some action is for them. `quals` are
/// conditions that rows of the target must meet to be seen at all.
fn merge_tree(query: &Query, items: Vec<Tree>, quals: Vec<Expr>) -> Tree {
    let mut on = Vec::new();
    if let Some(condition) = &query.merge_condition {
        conjuncts(condition.clone(), &mut on);
    }
    let mut items = items.into_iter();
    let (Some(target), Some(source)) = (items.next(), items.next()) else {
        return Tree::Group { items: Vec::new(), quals: Vec::new() };
    };
    let target = if quals.is_empty() { target } else { Tree::Group { items: vec![target], quals } };
    let wants = |when| query.merge_actions.iter().any(|action| action.when == when);
    let join = |join, left, right, on| {
        let joined = Tree::Join { join, left: Box::new(left), right: Box::new(right), on };
        Tree::Group { items: vec![joined], quals: Vec::new() }
    };
    match (wants(q::MergeWhen::NotMatchedByTarget), wants(q::MergeWhen::NotMatchedBySource)) {
        (false, false) => Tree::Group { items: vec![target, source], quals: on },
        (true, false) => join(JoinType::Left, source, target, on),
        (false, true) => join(JoinType::Left, target, source, on),
        (true, true) => join(JoinType::Full, target, source, on),
    }
}

/// Brings expressions of an inner query, which is being dissolved, to the outer one.
struct Adopt {
    offset: usize,
    depth: u32,
}

impl VisitorMut for Adopt {
    fn expr(&mut self, expr: &mut Expr) {
        match &mut expr.kind {
            ExprKind::Var(var) => {
                if var.level == self.depth {
                    var.relation += self.offset;
                } else if var.level > self.depth {
                    var.level -= 1;
                }
            }
            ExprKind::Aggregate(a) if a.level > self.depth => {
                a.level -= 1;
                expr.visit_children_mut(self);
            }
            ExprKind::Grouping { level, .. } if *level > self.depth => {
                *level -= 1;
                expr.visit_children_mut(self);
            }
            ExprKind::CurrentOf { relation, .. } if self.depth == 0 => *relation += self.offset,
            // Its own it cannot have yet.
            ExprKind::PlaceHolder { level, .. } if *level > self.depth => {
                *level -= 1;
                expr.visit_children_mut(self);
            }
            _ => expr.visit_children_mut(self),
        }
    }
    fn query(&mut self, query: &mut Query) {
        self.depth += 1;
        for entry in &mut query.range_table {
            if let EntryKind::Cte { levels_up, .. } = &mut entry.kind
                && *levels_up > self.depth
            {
                *levels_up -= 1;
            }
        }
        query.visit_children_mut(self);
        self.depth -= 1;
    }
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}

pub(crate) fn adopt_expr(expr: &mut Expr, offset: usize) {
    Adopt { offset, depth: 0 }.expr(expr);
}

fn adopt_tree(tree: &mut Tree, offset: usize) {
    match tree {
        Tree::Relation(at) => *at += offset,
        Tree::Group { items, quals } => {
            items.iter_mut().for_each(|item| adopt_tree(item, offset));
            quals.iter_mut().for_each(|qual| adopt_expr(qual, offset));
        }
        Tree::Join { left, right, on, .. } => {
            adopt_tree(left, offset);
            adopt_tree(right, offset);
            on.iter_mut().for_each(|qual| adopt_expr(qual, offset));
        }
    }
}

/// Puts expressions in place of a relation's columns.
struct Substitute<'t> {
    relation: usize,
    targets: &'t [Expr],
    names: &'t [String],
    depth: u32,
    /// The same, those that need it as placeholders.
    held: Vec<Expr>,
    /// What it is made of now.
    relations: Relids,
    /// Its rows may be missing.
    nullable: bool,
}

impl VisitorMut for Substitute<'_> {
    fn expr(&mut self, expr: &mut Expr) {
        if let ExprKind::PlaceHolder { level, relations, .. } = &mut expr.kind
            && *level == self.depth
            && *relations >> self.relation & 1 == 1
        {
            *relations = *relations & !(1 << self.relation) | self.relations;
        }
        let ExprKind::Var(var) = &expr.kind else { return expr.visit_children_mut(self) };
        if var.level != self.depth || var.relation != self.relation {
            return;
        }
        let mut value = if var.column == 0 {
            let row = ExprKind::Row { fields: self.targets.to_vec(), names: self.names.to_vec(), explicit: true };
            let row = Expr { kind: row, ty: expr.ty, location: expr.location };
            if self.nullable { placeholder(row, self.relations) } else { row }
        } else {
            match self.held.get(var.column as usize - 1) {
                Some(target) => target.clone(),
                None => return,
            }
        };
        shift_levels(&mut value, self.depth);
        *expr = value;
    }
    fn query(&mut self, query: &mut Query) {
        self.depth += 1;
        query.visit_children_mut(self);
        self.depth -= 1;
    }
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}

fn replace_case_test(expr: &mut Expr, value: &Expr) {
    struct Replace<'v>(&'v Expr);
    impl VisitorMut for Replace<'_> {
        fn expr(&mut self, expr: &mut Expr) {
            if matches!(expr.kind, ExprKind::CaseTest) {
                *expr = self.0.clone();
            } else {
                expr.visit_children_mut(self);
            }
        }
        fn query(&mut self, _: &mut Query) {}
        fn as_dyn(&mut self) -> &mut dyn VisitorMut {
            self
        }
    }
    VisitorMut::expr(&mut Replace(value), expr);
}

fn replace_relation(tree: &mut Tree, at: usize, new: Tree) {
    fn walk(tree: &mut Tree, at: usize, new: &mut Option<Tree>) {
        match tree {
            Tree::Relation(found) if *found == at => {
                if let Some(new) = new.take() {
                    *tree = new;
                }
            }
            Tree::Relation(_) => {}
            Tree::Group { items, .. } => items.iter_mut().for_each(|item| walk(item, at, new)),
            Tree::Join { left, right, .. } => {
                walk(left, at, new);
                walk(right, at, new);
            }
        }
    }
    walk(tree, at, &mut Some(new));
}

/// The entries that stand beside others in an inner join: without them the rest is still there.
fn beside_others(tree: &Tree, found: &mut Vec<usize>) {
    match tree {
        Tree::Relation(_) => {}
        Tree::Group { items, .. } => {
            let several = items.iter().filter(|item| item.relids() != 0).count() > 1;
            for item in items {
                match item {
                    Tree::Relation(at) if several => found.push(*at),
                    _ => beside_others(item, found),
                }
            }
        }
        Tree::Join { left, right, .. } => {
            beside_others(left, found);
            beside_others(right, found);
        }
    }
}

/// What stands above an entry of a tree.
#[derive(Clone, Copy)]
struct Above {
    /// An outer join may make it null.
    nullable: bool,
    /// What the lowest join above it that is not an inner one joins.
    outer_join: Option<Relids>,
}

/// The entries of a tree.
fn find_subqueries(tree: &Tree, above: Above, found: &mut Vec<(usize, Above)>) {
    match tree {
        Tree::Relation(at) => found.push((*at, above)),
        Tree::Group { items, .. } => items.iter().for_each(|item| find_subqueries(item, above, found)),
        Tree::Join { join, left, right, .. } => {
            let outer_join = Some(tree.relids());
            let side = |nulls: bool| Above { nullable: above.nullable || nulls, outer_join };
            find_subqueries(left, side(*join == JoinType::Full), found);
            find_subqueries(right, side(matches!(join, JoinType::Left | JoinType::Full)), found);
        }
    }
}

/// Whether conditions of a LATERAL subquery could, once it is dissolved, not be asked where they belong: in an outer join they tell which rows
/// match, and so must name nothing but what it joins.
fn looks_past_outer_joins(query: &Query, outer_join: Option<Relids>) -> bool {
    fn condition(expr: &Option<Expr>, known: Option<Relids>) -> bool {
        let mut finder = Relations { depth: 1, found: 0, outer: false };
        expr.iter().for_each(|expr| finder.expr(expr));
        known.is_some_and(|known| finder.found & !known != 0)
    }
    fn item(from: &FromItem, known: Option<Relids>) -> bool {
        let FromItem::Join(join) = from else { return false };
        let known = if join.kind == JoinKind::Inner { known } else { Some(0) };
        condition(&join.on, known) || item(&join.left, known) || item(&join.right, known)
    }
    condition(&query.where_clause, outer_join) || query.from.iter().any(|from| item(from, outer_join))
}

/// The join tree as it was written; right joins turned round.
fn tree_of(item: FromItem) -> Tree {
    match item {
        FromItem::Relation(at) => Tree::Relation(at),
        FromItem::Join(join) => {
            let mut on = Vec::new();
            if let Some(condition) = join.on {
                conjuncts(condition, &mut on);
            }
            let (left, right) = (tree_of(join.left), tree_of(join.right));
            let outer = |join, left, right, on| Tree::Join { join, left: Box::new(left), right: Box::new(right), on };
            match join.kind {
                JoinKind::Inner => Tree::Group { items: vec![left, right], quals: on },
                JoinKind::Left => outer(JoinType::Left, left, right, on),
                JoinKind::Right => outer(JoinType::Left, right, left, on),
                JoinKind::Full => outer(JoinType::Full, left, right, on),
            }
        }
    }
}

/// Outer joins whose nulls a condition above rejects become inner ones. `rejected` are entries whose null rows do not matter.
fn reduce_outer_joins(catalog: &Catalog, tree: &mut Tree, rejected: Relids) -> Result<()> {
    match tree {
        Tree::Relation(_) => {}
        Tree::Group { items, quals } => {
            let mut rejected = rejected;
            for qual in quals.iter() {
                rejected |= null_rejecting(catalog, qual)?;
            }
            for item in items {
                reduce_outer_joins(catalog, item, rejected)?;
            }
        }
        Tree::Join { join, left, right, on } => {
            match *join {
                JoinType::Left if right.relids() & rejected != 0 => *join = JoinType::Inner,
                JoinType::Full => {
                    let (l, r) = (left.relids() & rejected != 0, right.relids() & rejected != 0);
                    match (l, r) {
                        (true, true) => *join = JoinType::Inner,
                        (true, false) => *join = JoinType::Left,
                        (false, true) => {
                            std::mem::swap(left, right);
                            *join = JoinType::Left;
                        }
                        (false, false) => {}
                    }
                }
                _ => {}
            }
            let mut on_rejects = 0;
            for qual in on.iter() {
                on_rejects |= null_rejecting(catalog, qual)?;
            }
            let (below_left, below_right) = match *join {
                JoinType::Inner => (rejected | on_rejects, rejected | on_rejects),
                JoinType::Left | JoinType::Anti => (rejected, on_rejects),
                JoinType::Semi => (rejected | on_rejects, on_rejects),
                _ => (0, 0),
            };
            reduce_outer_joins(catalog, left, below_left)?;
            reduce_outer_joins(catalog, right, below_right)?;
            if *join == JoinType::Inner {
                let items = vec![
                    std::mem::replace(&mut **left, Tree::Relation(0)),
                    std::mem::replace(&mut **right, Tree::Relation(0)),
                ];
                *tree = Tree::Group { items, quals: std::mem::take(on) };
            }
        }
    }
    Ok(())
}

/// The entries of which a row of nulls makes the condition false or null.
pub(crate) fn null_rejecting(catalog: &Catalog, qual: &Expr) -> Result<Relids> {
    Ok(match &qual.kind {
        ExprKind::And(args) => {
            let mut found = 0;
            for arg in args {
                found |= null_rejecting(catalog, arg)?;
            }
            found
        }
        ExprKind::Or(args) => {
            let mut found = Relids::MAX;
            for arg in args {
                found &= null_rejecting(catalog, arg)?;
            }
            found
        }
        ExprKind::NullTest { arg, is_null: false, row: false } => null_makes_null(catalog, arg)?,
        ExprKind::BooleanTest { arg, value: Some(_), negated: false } => null_makes_null(catalog, arg)?,
        _ => null_makes_null(catalog, qual)?,
    })
}

/// Whether a column of a subquery is null by itself where the subquery's rows are missing: because the rows that it is made of are.
pub(crate) fn is_missing_with_row(catalog: &Catalog, target: &Expr) -> Result<bool> {
    Ok(null_makes_null(catalog, target)? != 0)
}

/// The entries of which a row of nulls makes the expression null.
fn null_makes_null(catalog: &Catalog, expr: &Expr) -> Result<Relids> {
    let all = |args: &[Expr]| -> Result<Relids> {
        let mut found = 0;
        for arg in args {
            found |= null_makes_null(catalog, arg)?;
        }
        Ok(found)
    };
    Ok(match &expr.kind {
        ExprKind::Var(var) if var.level == 0 && var.column != 0 => 1 << var.relation,
        ExprKind::Function(call) if !call.set && catalog.function(call.function)?.proisstrict => all(&call.args)?,
        ExprKind::Operator(call) if !call.set && catalog.function(call.function)?.proisstrict => all(&call.args)?,
        ExprKind::ScalarArray { call, any: true } if catalog.function(call.function)?.proisstrict => {
            match call.args.first() {
                Some(left) => null_makes_null(catalog, left)?,
                None => 0,
            }
        }
        ExprKind::Not(arg) | ExprKind::Relabel(arg, _) | ExprKind::Collate(arg) | ExprKind::CoerceViaIo(arg, _) => {
            null_makes_null(catalog, arg)?
        }
        // Null without its rows; of several relations only all together can be meant, which joins within may not be.
        ExprKind::PlaceHolder { arg, level: 0, relations } => {
            let own = if relations.count_ones() == 1 { *relations } else { 0 };
            own | null_makes_null(catalog, arg)?
        }
        _ => 0,
    })
}
