//! Tables with others below them: partitions, or children by INHERITS.
//!
//! A query names the whole tree by one entry of its range table. Each member that has rows is planned as if it stood there by itself: for
//! as long as its paths are looked for, or its nodes are made, the entry *is* the member ([`Planner::enter`]), with the tree's columns
//! under the member's numbers. What comes out are scans whose columns stand in the order of the tree's, which an Append puts one behind
//! the other.
//!
//! Which members a query cannot need at all is decided before any of them is looked at ([`Planner::partitions`]).

use std::rc::Rc;

use analyzer::node::VisitorMut;
use analyzer::query::{self as q, EntryColumn, EntryKind, Expr, ExprKind};
use catalog::relation::kind;
use catalog::{Entry, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;

use crate::estimate::BaseRelation;
use crate::join::{Problem, Unit, UnitKind};
use crate::level::{Built, Class, Layout, PathKey, Planner};
use crate::partition::{Branch, Turn};
use crate::path::{AppendPath, Path, PathKind, add_path, is_sorted};
use crate::plan::*;
use crate::prepare::Relids;

/// How many tables a tree may have.
pub(crate) const MEMBERS_MAX: usize = 1 << 16;

/// Of how many orders of rows a tree's Append is looked at.
const ORDERS_MAX: usize = 8;

/// A tree of tables in a query.
pub(crate) struct Tree {
    /// Its place in the range table.
    pub relation: usize,
    /// The table that was named.
    pub top: Entry<Relation>,
    /// Conditions on it.
    pub quals: Vec<Expr>,
    /// How many of them may be computed in any order ([`UnitKind::Base`]).
    pub usable: usize,
    /// The tables whose rows count; none before [`Planner::size_tree`].
    pub members: Vec<Member>,
    /// The partitioned tables above them, the top first; none of a tree by INHERITS.
    pub branches: Vec<Branch>,
}

/// A table of a tree.
pub(crate) struct Member {
    pub base: BaseRelation,
    /// Its numbers of the tree's columns, by number minus one; zero for dropped ones.
    pub numbers: Rc<Vec<i16>>,
    /// The conditions in its own numbers.
    pub quals: Vec<Expr>,
    /// As the tree's.
    pub usable: usize,
    pub rows: f64,
    pub alias: String,
    /// Its entry among the plan's names.
    pub name: usize,
}

/// What an entry of the range table was before a member took its place.
pub(crate) struct Entered {
    relation: usize,
    kind: EntryKind,
    name: String,
    columns: Vec<EntryColumn>,
    needed: Vec<i16>,
    /// The classes of equal columns, if the member's numbers are others.
    classes: Option<Vec<Class>>,
}

/// A scan of a member, once made.
#[derive(Clone)]
pub(crate) struct MemberScan {
    pub oid: Oid,
    /// Index in [`Plan::relations`].
    pub relation: usize,
}

impl Planner<'_> {
    /// Whether an entry stands for more than one table's own rows.
    pub fn is_tree(&self, relation: &Relation, inherit: bool) -> Result<bool> {
        if relation.kind() == kind::PARTITIONED_TABLE {
            return Ok(true);
        }
        Ok(inherit && relation.class.relhassubclass && !self.ctx.catalog.children(relation.oid)?.is_empty())
    }

    /// The same of an entry of the current query.
    pub fn is_tree_entry(&mut self, at: usize) -> Result<bool> {
        match self.level().query.range_table[at].kind {
            EntryKind::Relation { oid, inherit, .. } => {
                let relation = self.ctx.catalog.relation(oid)?;
                self.is_tree(&relation, inherit)
            }
            _ => Ok(false),
        }
    }

    /// Finds the members of a tree whose conditions are known, and says how many rows they give.
    pub fn size_tree(&mut self, tree: &mut Tree) -> Result<f64> {
        let (inherit, sample) = match &self.level().query.range_table[tree.relation].kind {
            EntryKind::Relation { inherit, sample, .. } => (*inherit, sample.clone()),
            _ => (false, None),
        };
        let tables = match tree.top.kind() {
            kind::PARTITIONED_TABLE if !inherit => Vec::new(),
            kind::PARTITIONED_TABLE => {
                let (leaves, branches) = self.partitions(&tree.top, tree.relation, &tree.quals)?;
                tree.branches = branches;
                leaves
            }
            _ => self.descendants(tree.top.oid)?,
        };
        let alias = self.level().query.range_table[tree.relation].name.clone();
        let mut total = 0.0;
        for oid in tables {
            let mut base = self.base_relation(oid)?;
            if let Some(sample) = &sample {
                self.size_sample(&mut base, sample)?;
            }
            if base.relation.kind() == kind::FOREIGN_TABLE {
                return Err(self.ctx.catalog.no_handler(oid)?);
            }
            let numbers = Rc::new(numbers(&tree.top, &base.relation)?);
            let columns = base.relation.columns.iter().map(|column| column.attname.to_string()).collect();
            self.names.push(EntryName { alias: alias.clone(), columns });
            let quals = tree
                .quals
                .iter()
                .map(|qual| translate(qual, tree.relation, &numbers, &tree.top, &base.relation))
                .collect();
            let (usable, name) = (tree.usable, self.names.len() - 1);
            let mut member = Member { base, numbers, quals, usable, rows: 0.0, alias: alias.clone(), name };
            let entered = self.enter(tree.relation, &member);
            let selectivity = self.selectivity_of_all(&member.quals);
            self.leave(entered);
            let tuples = member.base.sample.as_ref().map_or(member.base.tuples, |sample| sample.tuples);
            member.rows = (tuples * selectivity?).round_ties_even().max(1.0);
            total += member.rows;
            tree.members.push(member);
        }
        Ok(total.max(1.0))
    }

    /// A table and all below it by INHERITS, each once.
    fn descendants(&self, table: Oid) -> Result<Vec<Oid>> {
        let mut tables = vec![table];
        let mut next = 0;
        while next < tables.len() {
            if self.ctx.catalog.class(tables[next])?.is_some_and(|class| class.relhassubclass) {
                for child in self.ctx.catalog.children(tables[next])? {
                    if !tables.contains(&child) {
                        tables.push(child);
                    }
                }
            }
            next += 1;
            if tables.len() > MEMBERS_MAX {
                return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "too many tables in an inheritance tree"));
            }
        }
        Ok(tables)
    }

    /// Puts a member into the place of its tree.
    pub fn enter(&mut self, at: usize, member: &Member) -> Entered {
        let columns = member.base.relation.columns.iter().map(|column| EntryColumn {
            name: if column.attisdropped { String::new() } else { column.attname.to_string() },
            ty: q::SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation },
        });
        let level = self.level();
        level.member = Some((at, member.name));
        let needed = level.needed.get(at).cloned().unwrap_or_default();
        if let Some(list) = level.needed.get_mut(at) {
            *list = needed.iter().map(|&number| own_number(number, &member.numbers)).collect();
        }
        let classes = (!member.is_alike()).then(|| {
            let renumbered = |class: &Class| Class { members: member.renumbered(at, &class.members), ..*class };
            let own = level.classes.iter().map(renumbered).collect();
            std::mem::replace(&mut level.classes, own)
        });
        let entry = &mut level.query.range_table[at];
        let mut kind = entry.kind.clone();
        if let EntryKind::Relation { oid, relkind, inherit, .. } = &mut kind {
            (*oid, *relkind, *inherit) = (member.base.relation.oid, member.base.relation.kind(), false);
        }
        Entered {
            relation: at,
            kind: std::mem::replace(&mut entry.kind, kind),
            name: std::mem::replace(&mut entry.name, member.alias.clone()),
            columns: std::mem::replace(&mut entry.columns, columns.collect()),
            needed,
            classes,
        }
    }

    /// Puts the tree back.
    pub fn leave(&mut self, entered: Entered) {
        let level = self.level();
        level.member = None;
        if let Some(classes) = entered.classes {
            level.classes = classes;
        }
        if let Some(list) = level.needed.get_mut(entered.relation) {
            *list = entered.needed;
        }
        let entry = &mut level.query.range_table[entered.relation];
        (entry.kind, entry.name, entry.columns) = (entered.kind, entered.name, entered.columns);
    }

    /// The ways to read a tree: each member by its best path, one after the other, or merged where all are sorted.
    pub fn tree_paths(
        &mut self,
        unit_at: usize,
        (tree, lateral): (&Tree, Relids),
        joins: &[Expr],
        wanted: &[PathKey],
        others: &[(Relids, f64)],
    ) -> Result<Vec<Rc<Path>>> {
        let at = tree.relation;
        // A merge compares columns that the members give.
        let needed = self.level().needed.get(at).cloned().unwrap_or_default();
        let given = |expr: &Expr| match &crate::scan::stripped(expr).kind {
            ExprKind::Var(var) => var.level == 0 && var.relation == at && needed.contains(&var.column),
            _ => false,
        };
        // Orders that a path of some member has by itself, and the one that is wanted.
        let mut orders: Vec<Vec<PathKey>> = vec![wanted.to_vec()];
        let mut all: Vec<Vec<Rc<Path>>> = Vec::with_capacity(tree.members.len());
        for member in &tree.members {
            let map = |expr: &Expr| translate(expr, at, &member.numbers, &tree.top, &member.base.relation);
            let joins: Vec<Expr> = joins.iter().map(map).collect();
            let unit = member.unit(at, lateral);
            let entered = self.enter(at, member);
            let paths = self.base_paths(unit_at, &unit, &joins, others);
            self.leave(entered);
            let paths = paths?;
            for path in paths.iter().filter(|path| path.requires == 0 && member.is_alike()) {
                if !path.order.is_empty() && orders.len() < ORDERS_MAX && !orders.contains(&path.order) {
                    orders.push(path.order.to_vec());
                }
            }
            all.push(paths);
        }
        orders.retain(|order| !order.is_empty());
        let mut requires = vec![0];
        for path in all.iter().flatten() {
            if !requires.contains(&path.requires) {
                requires.push(path.requires);
            }
        }
        let mut found = Vec::new();
        for given in requires {
            let chosen: Option<Vec<Rc<Path>>> = all
                .iter()
                .map(|paths| {
                    let fitting = paths.iter().filter(|path| path.requires & !given == 0);
                    fitting.min_by(|a, b| a.by_total(b)).cloned()
                })
                .collect();
            let Some(chosen) = chosen else { continue };
            if given != 0 && chosen.iter().all(|path| path.requires != given) {
                continue;
            }
            let enforced = if given == 0 { Vec::new() } else { self.enforced(tree, joins, &chosen) };
            add_path(&mut found, self.append(unit_at, chosen, given, None, enforced));
        }
        for order in orders {
            // A merge compares columns that the members give; so does a sort of a member.
            let comparable = order.iter().all(|key| given(&key.expr));
            let turn = self.turn(tree, &order)?;
            if turn.is_none() && !comparable {
                continue;
            }
            let Some(chosen) = self.sorted_members(tree, &all, &order, comparable)? else { continue };
            let path = self.append(unit_at, chosen, 0, Some(&order), Vec::new());
            add_path(&mut found, turn.map_or_else(|| path.clone(), |turn| self.in_turn(&path, turn)));
        }
        Ok(found)
    }

    /// The members' cheapest paths in an order, where one at least has that order by itself. Without `sort`, all must.
    fn sorted_members(
        &mut self,
        tree: &Tree,
        all: &[Vec<Rc<Path>>],
        order: &[PathKey],
        sort: bool,
    ) -> Result<Option<Vec<Rc<Path>>>> {
        let mut chosen = Vec::with_capacity(all.len());
        let mut any = false;
        for (member, paths) in tree.members.iter().zip(all) {
            let moved = |expr: &Expr| translate(expr, tree.relation, &member.numbers, &tree.top, &member.base.relation);
            let own: Vec<PathKey> = order.iter().map(|key| PathKey { expr: moved(&key.expr), ..key.clone() }).collect();
            let free = || paths.iter().filter(|path| path.requires == 0);
            let sorted = free().filter(|path| is_sorted(&path.order, &own)).min_by(|a, b| a.by_total(b)).cloned();
            any |= sorted.is_some();
            let Some(path) = free().min_by(|a, b| a.by_total(b)) else { return Ok(None) };
            let width = 64.0;
            let path = match sorted {
                Some(sorted) => sorted,
                None if !sort => return Ok(None),
                None => self.sorted(path, &own, width)?,
            };
            chosen.push(path);
        }
        Ok((any && !chosen.is_empty()).then_some(chosen))
    }

    /// An Append of members that are read one after the other though an order is asked for.
    fn in_turn(&self, path: &Path, turn: Turn) -> Path {
        let PathKind::Append(append) = &path.kind else { return path.clone() };
        let costs = &self.ctx.costs;
        let several = append.members.len() > 1;
        let rows: f64 = append.members.iter().map(|path| path.rows).sum();
        let total: f64 = append.members.iter().map(|path| path.total).sum();
        let reversed = turn == Turn::Backward;
        let first = if reversed { append.members.last() } else { append.members.first() };
        let startup = first.map_or(0.0, |path| path.startup);
        let total = total + if several { 0.5 * costs.cpu_tuple_cost * rows } else { 0.0 };
        let kind = PathKind::Append(Box::new(AppendPath { merged: false, reversed, ..(**append).clone() }));
        Path { kind, startup, total, ..path.clone() }
    }

    /// The conditions with other relations that each member's path checks.
    fn enforced(&self, tree: &Tree, joins: &[Expr], chosen: &[Rc<Path>]) -> Vec<Expr> {
        let checked = |join: &Expr| {
            tree.members.iter().zip(chosen).all(|(member, path)| {
                let own = translate(join, tree.relation, &member.numbers, &tree.top, &member.base.relation);
                match &path.kind {
                    PathKind::Index { access, .. } => access.quals.contains(&own),
                    PathKind::Bitmap { tree, .. } => {
                        let mut quals = Vec::new();
                        tree.quals(&mut quals);
                        quals.contains(&own)
                    }
                    _ => false,
                }
            })
        };
        joins.iter().filter(|join| checked(join)).cloned().collect()
    }

    fn append(
        &self,
        unit: usize,
        members: Vec<Rc<Path>>,
        requires: crate::prepare::Relids,
        keys: Option<&[PathKey]>,
        enforced: Vec<Expr>,
    ) -> Path {
        let costs = &self.ctx.costs;
        let rows: f64 = members.iter().map(|path| path.rows).sum();
        let several = members.len() > 1;
        let members_disabled = members.iter().map(|path| path.disabled).sum();
        let mut total: f64 = members.iter().map(|path| path.total).sum();
        let mut startup = members.first().map_or(0.0, |path| path.startup);
        if several {
            total += 0.5 * costs.cpu_tuple_cost * rows;
        }
        if keys.is_some() && several {
            startup = members.iter().map(|path| path.startup).sum();
            total += rows * 2.0 * costs.cpu_operator_cost * (members.len() as f64).log2();
        }
        Path {
            kind: PathKind::Append(Box::new(AppendPath {
                unit,
                members,
                enforced,
                merged: keys.is_some(),
                reversed: false,
            })),
            units: 1 << unit,
            requires,
            rows: rows.max(1.0),
            startup,
            total,
            disabled: members_disabled,
            order: Rc::new(keys.map(<[_]>::to_vec).unwrap_or_default()),
        }
    }

    /// Makes the nodes of a tree's scan.
    pub fn build_append(&mut self, problem: &mut Problem, path: &Path, append: &AppendPath) -> Result<Built> {
        let empty = UnitKind::Built(None);
        let UnitKind::Tree(tree) = std::mem::replace(&mut problem.units[append.unit].kind, empty) else {
            return Err(Error::internal("a tree was built twice"));
        };
        let at = tree.relation;
        let columns = self.level().needed[at].clone();
        let layout: Layout = columns.iter().map(|&n| self.var(at, n)).collect();
        let mut inputs = Vec::with_capacity(append.members.len());
        let mut scans = Vec::new();
        for (member, path) in tree.members.iter().zip(&append.members) {
            problem.units[append.unit].kind = member.unit(at, 0).kind;
            let entered = self.enter(at, member);
            let built = self.build_path(problem, path);
            self.leave(entered);
            inputs.push(built?.node);
            if let Some(&relation) = self.level().scanned.get(&at) {
                scans.push(MemberScan { oid: member.base.relation.oid, relation });
            }
        }
        self.level().scanned.remove(&at);
        self.level().trees.insert(at, scans);
        self.level().partitioned |= tree.top.kind() == kind::PARTITIONED_TABLE;
        let width = self.width(&layout);
        let cost = Cost { startup: path.startup, total: path.total, rows: path.rows.round_ties_even(), width };
        if append.reversed {
            inputs.reverse();
        }
        let pruning = match inputs.len() {
            0 | 1 => None,
            _ => {
                let name = self.level().names_offset + at;
                self.tree_names.push(name);
                let quals: Vec<Expr> = tree.quals.iter().chain(&append.enforced).cloned().collect();
                self.append_pruning(&tree, &quals, append.reversed)?
            }
        };
        let node = match inputs.len() {
            0 => return self.nothing(layout),
            1 => inputs.remove(0),
            _ if append.merged && !path.order.is_empty() => {
                let mut keys = Vec::new();
                let mut texts = Vec::new();
                for key in path.order.iter() {
                    let column =
                        layout.iter().position(|have| crate::scan::stripped(have) == crate::scan::stripped(&key.expr));
                    let column = column.ok_or_else(|| Error::internal("a sort key is not read"))?;
                    let ty = self.column_type(key.expr.ty)?;
                    keys.push(self.sort_key_by(column, ty, key.operator, key.descending, key.nulls_first)?);
                    texts.push(self.sort_suffix(key)?);
                }
                let exprs: Vec<Expr> =
                    path.order.iter().map(|key| crate::upper::sort_shown(&key.expr).clone()).collect();
                let mut node = self.node(NodeKind::MergeAppend { inputs, keys, pruning }, &layout, cost)?;
                self.detail(&mut node, "Sort Key", &exprs);
                if let Some(detail) = node.details.last_mut() {
                    detail.texts = texts;
                }
                node
            }
            _ => self.node(NodeKind::Append { inputs, pruning }, &layout, cost)?,
        };
        Ok(Built { node, layout, order: path.order.to_vec() })
    }

    /// A node without rows that has these columns.
    fn nothing(&mut self, layout: Layout) -> Result<Built> {
        let never = analyzer::types::boolean(false);
        let condition = self.compile_all(std::slice::from_ref(&never), &[])?;
        let mut node = self.node(NodeKind::Result { input: None, condition }, &layout, Cost::default())?;
        let nulls = layout.iter().map(|e| {
            let ty = self.column_type(e.ty)?;
            Ok(crate::plan::Expr { kind: crate::plan::ExprKind::Const(batch::Datum::Null), ty })
        });
        node.project = Some(nulls.collect::<Result<_>>()?);
        self.detail(&mut node, "One-Time Filter", &[never]);
        Ok(Built { node, layout, order: Vec::new() })
    }
}

impl Member {
    /// Whether its columns have the tree's numbers.
    fn is_alike(&self) -> bool {
        self.numbers.iter().enumerate().all(|(at, &number)| number == 0 || usize::from(number as u16) == at + 1)
    }

    /// Columns of the tree as columns of the member; others as they are.
    fn renumbered(&self, at: usize, exprs: &[Expr]) -> Vec<Expr> {
        let own = |expr: &Expr| {
            let mut expr = expr.clone();
            if let ExprKind::Var(var) = &mut expr.kind
                && (var.level, var.relation) == (0, at)
            {
                var.column = own_number(var.column, &self.numbers);
            }
            expr
        };
        exprs.iter().map(own).collect()
    }

    /// The member as a base relation; `lateral` as the tree's.
    fn unit(&self, at: usize, lateral: Relids) -> Unit {
        Unit {
            kind: UnitKind::Base {
                relation: at,
                base: self.base.clone(),
                quals: self.quals.clone(),
                usable: self.usable,
            },
            ..Unit::new(1 << at, UnitKind::Built(None), self.rows, lateral)
        }
    }
}

fn own_number(number: i16, numbers: &[i16]) -> i16 {
    match number {
        1.. => numbers.get(number as usize - 1).copied().unwrap_or(number),
        system => system,
    }
}

/// The numbers that a table has for the columns of one above it.
pub(crate) fn numbers(top: &Relation, table: &Relation) -> Result<Vec<i16>> {
    let number = |(at, column): (usize, &catalog::rows::PgAttribute)| -> Result<i16> {
        if column.attisdropped {
            return Ok(0);
        }
        // As a rule they stand at the same places.
        let own = table.columns.get(at).filter(|own| !own.attisdropped && own.attname == column.attname);
        let own = own.or_else(|| table.column_by_name(&column.attname));
        own.map(|own| own.attnum).ok_or_else(|| {
            let text =
                format!("could not find inherited attribute \"{}\" of relation \"{}\"", column.attname, table.name());
            Error::internal(text)
        })
    };
    top.columns.iter().enumerate().map(number).collect()
}

/// An expression over a tree as one over its member.
pub(crate) fn translate(expr: &Expr, at: usize, numbers: &[i16], top: &Relation, member: &Relation) -> Expr {
    struct Translate<'t> {
        at: usize,
        depth: u32,
        numbers: &'t [i16],
        types: (Oid, Oid),
    }
    impl VisitorMut for Translate<'_> {
        fn expr(&mut self, expr: &mut Expr) {
            let ExprKind::Var(var) = &mut expr.kind else { return expr.visit_children_mut(self) };
            if var.level != self.depth || var.relation != self.at {
                return;
            }
            if var.column == 0 && self.types.0 != self.types.1 {
                // A whole row of the member, as one of the tree.
                let (var, tree) = (*var, expr.ty);
                let own = q::SqlType { oid: self.types.1, ..tree };
                let row = Expr { kind: ExprKind::Var(var), ty: own, location: q::NO_LOCATION };
                expr.kind = ExprKind::ConvertRow(Box::new(row), q::CallForm::ImplicitCast);
                return;
            }
            var.column = own_number(var.column, self.numbers);
        }
        fn query(&mut self, query: &mut q::Query) {
            self.depth += 1;
            query.visit_children_mut(self);
            self.depth -= 1;
        }
        fn as_dyn(&mut self) -> &mut dyn VisitorMut {
            self
        }
    }
    let mut expr = expr.clone();
    let types = (top.class.reltype, member.class.reltype);
    Translate { at, depth: 0, numbers, types }.expr(&mut expr);
    expr
}
