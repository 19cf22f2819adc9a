//! What conditions say of a partition key.
//!
//! A [`KeyTest`] is the part of a statement's conditions that tells partitions apart, apart from the values that they compare with: those are constants
//! when a statement is planned, and parameters, results of subqueries or columns of other tables when it runs. Whoever knows them asks
//! [`super::prune::keep`].

use analyzer::node::Visitor;
use analyzer::query::{Expr, ExprKind, OperatorCall, SubLinkKind};
use error::Result;
use ids::Oid;

use super::{PartitionKey, Partitioned, Strategy};
use crate::level::Planner;
use crate::prepare::{is_volatile, outer_relids, relids_of};
use crate::scan::stripped;

/// The strategy number of equality among those of a B-tree, which all tests are in.
pub(super) const EQUAL: i16 = 3;

/// What conditions say of a partition key; `E` is what gives the values.
#[derive(Clone, Debug)]
pub enum KeyTest<E> {
    /// All of these hold; of none, nothing is said.
    All(Vec<KeyTest<E>>),
    /// One of these holds.
    Any(Vec<KeyTest<E>>),
    /// Nothing can be true.
    Never,
    /// Something holds of a column of the key, by its place.
    Column(usize, KeyFact<E>),
}

/// What a condition says of a column of a partition key.
#[derive(Clone, Debug)]
pub enum KeyFact<E> {
    /// It compares so (1, 2, 3, 4, 5: `<`, `<=`, `=`, `>=`, `>`) with a value of a type; a null is not met.
    Compare(i16, E, Oid),
    /// It differs from a value of a type, and is not null.
    Differs(E, Oid),
    /// It is equal to an element of an array, whose elements are of a type.
    In(E, Oid),
    /// It is equal to all elements of an array.
    EqualsAll(E, Oid),
    /// It differs from all elements of an array.
    NotIn(E, Oid),
    /// It is this truth value.
    Truth(bool),
    /// It is null.
    Null,
    /// It is not null.
    NotNull,
}

impl<E> KeyTest<E> {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        matches!(self, KeyTest::All(parts) if parts.iter().all(KeyTest::is_empty))
    }

    /// Calls `f` with all that gives values.
    pub fn for_each(&self, f: &mut dyn FnMut(&E)) {
        match self {
            KeyTest::All(parts) | KeyTest::Any(parts) => parts.iter().for_each(|part| part.for_each(f)),
            KeyTest::Never => {}
            KeyTest::Column(_, fact) => match fact {
                KeyFact::Compare(_, value, _) | KeyFact::Differs(value, _) => f(value),
                KeyFact::In(value, _) | KeyFact::EqualsAll(value, _) | KeyFact::NotIn(value, _) => f(value),
                KeyFact::Truth(_) | KeyFact::Null | KeyFact::NotNull => {}
            },
        }
    }

    /// The same test with values from elsewhere.
    pub fn map<F>(&self, f: &mut dyn FnMut(&E) -> Result<F>) -> Result<KeyTest<F>> {
        let mut all = |parts: &[KeyTest<E>]| parts.iter().map(|part| part.map(f)).collect::<Result<Vec<_>>>();
        Ok(match self {
            KeyTest::All(parts) => KeyTest::All(all(parts)?),
            KeyTest::Any(parts) => KeyTest::Any(all(parts)?),
            KeyTest::Never => KeyTest::Never,
            KeyTest::Column(column, fact) => KeyTest::Column(
                *column,
                match fact {
                    KeyFact::Compare(strategy, value, ty) => KeyFact::Compare(*strategy, f(value)?, *ty),
                    KeyFact::Differs(value, ty) => KeyFact::Differs(f(value)?, *ty),
                    KeyFact::In(value, ty) => KeyFact::In(f(value)?, *ty),
                    KeyFact::EqualsAll(value, ty) => KeyFact::EqualsAll(f(value)?, *ty),
                    KeyFact::NotIn(value, ty) => KeyFact::NotIn(f(value)?, *ty),
                    KeyFact::Truth(truth) => KeyFact::Truth(*truth),
                    KeyFact::Null => KeyFact::Null,
                    KeyFact::NotNull => KeyFact::NotNull,
                },
            ),
        })
    }
}

/// Which values a test may ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// Those known while planning.
    Constants,
    /// Those known before the first row is read: parameters, and what stable functions make of them.
    Start,
    /// All that do not depend on the table's own rows.
    All,
}

impl Values {
    fn has(self, planner: &Planner<'_>, value: &Expr, at: usize) -> Result<bool> {
        if matches!(stripped(value).kind, ExprKind::Const(_)) {
            return Ok(true);
        }
        Ok(match self {
            Values::Constants => false,
            Values::Start => !crate::upper::reads_rows(value) && !is_volatile(planner.ctx.catalog, value)?,
            Values::All => {
                relids_of(value) >> at & 1 == 0 && is_one_value(value) && !is_volatile(planner.ctx.catalog, value)?
            }
        })
    }
}

/// Whether an expression can be computed once for all rows: the subqueries in it depend on none.
fn is_one_value(expr: &Expr) -> bool {
    struct Finder(bool);
    impl Visitor for Finder {
        fn expr(&mut self, expr: &Expr) {
            match &expr.kind {
                ExprKind::SubLink(link) => {
                    let plain = matches!(link.kind, SubLinkKind::Scalar | SubLinkKind::Exists | SubLinkKind::Array);
                    self.0 &= plain && outer_relids(&link.query) == (0, false);
                }
                ExprKind::Aggregate(_) | ExprKind::Grouping { .. } | ExprKind::Window(_) => self.0 = false,
                _ => expr.visit_children(self),
            }
        }
        fn as_dyn(&mut self) -> &mut dyn Visitor {
            self
        }
    }
    let mut finder = Finder(true);
    finder.expr(expr);
    finder.0
}

/// What conditions (all of which hold) of the table at a place of the range table say of its partition key.
pub(crate) fn key_test(
    planner: &Planner<'_>,
    table: &Partitioned,
    at: usize,
    quals: &[Expr],
    values: Values,
) -> Result<KeyTest<Expr>> {
    let exprs = table.key.exprs.iter().map(|expr| {
        let mut expr = expr.clone();
        crate::scan::renumber(&mut expr, at);
        expr
    });
    let reader = Reader { planner, key: &table.key, exprs: exprs.collect(), at, values };
    reader.all(quals)
}

struct Reader<'r, 'p> {
    planner: &'r Planner<'p>,
    key: &'r PartitionKey,
    /// The key's columns and expressions, over the table's place.
    exprs: Vec<Expr>,
    at: usize,
    values: Values,
}

impl Reader<'_, '_> {
    fn all(&self, quals: &[Expr]) -> Result<KeyTest<Expr>> {
        let mut parts = Vec::with_capacity(quals.len());
        for qual in quals {
            parts.extend(self.test(qual)?.filter(|test| !test.is_empty()));
        }
        Ok(KeyTest::All(parts))
    }

    fn test(&self, qual: &Expr) -> Result<Option<KeyTest<Expr>>> {
        Ok(match &qual.kind {
            ExprKind::Const(value) if value.as_bool() != Some(true) => Some(KeyTest::Never),
            ExprKind::Or(arms) => {
                let mut tests = Vec::with_capacity(arms.len());
                for arm in arms {
                    let mut parts = Vec::new();
                    crate::prepare::conjuncts(arm.clone(), &mut parts);
                    tests.push(self.all(&parts)?);
                }
                (!tests.iter().any(KeyTest::is_empty)).then_some(KeyTest::Any(tests))
            }
            ExprKind::And(parts) => Some(self.all(parts)?),
            ExprKind::NullTest { arg, is_null, row: false } => self
                .column(arg, Oid::INVALID)
                .map(|n| KeyTest::Column(n, if *is_null { KeyFact::Null } else { KeyFact::NotNull })),
            ExprKind::BooleanTest { arg, value, negated } => {
                let Some(n) = self.column(arg, Oid::INVALID) else { return Ok(None) };
                Some(match (value, negated) {
                    (Some(truth), false) => KeyTest::Column(n, KeyFact::Truth(*truth)),
                    (Some(truth), true) => KeyTest::Any(vec![
                        KeyTest::Column(n, KeyFact::Truth(!*truth)),
                        KeyTest::Column(n, KeyFact::Null),
                    ]),
                    (None, false) => KeyTest::Column(n, KeyFact::Null),
                    (None, true) => KeyTest::Column(n, KeyFact::NotNull),
                })
            }
            ExprKind::Not(_) | ExprKind::Var(_) => {
                let found = self.truth_column(qual).filter(|_| qual.ty.oid == types::oid::BOOL);
                found.map(|(n, truth)| KeyTest::Column(n, KeyFact::Truth(truth)))
            }
            ExprKind::Operator(call) => self.comparison(call)?,
            ExprKind::ScalarArray { call, any } => self.array(call, *any)?,
            _ => None,
        })
    }

    /// The column of the key that an expression is, under a collation; none under another collation, which says nothing of the partitions' order.
    fn column(&self, expr: &Expr, collation: Oid) -> Option<usize> {
        (0..self.exprs.len()).find(|&n| {
            let own = self.key.collations[n];
            stripped(&self.exprs[n]) == stripped(expr) && (!collation.is_valid() || !own.is_valid() || own == collation)
        })
    }

    /// The column of the key that tells whether an expression is true, and which truth value it has then.
    fn truth_column(&self, expr: &Expr) -> Option<(usize, bool)> {
        if let Some(n) = self.column(expr, Oid::INVALID) {
            return Some((n, true));
        }
        if let ExprKind::Not(arg) = &expr.kind {
            return self.column(arg, Oid::INVALID).map(|n| (n, false));
        }
        let negated = |key: &Expr| matches!(&key.kind, ExprKind::Not(arg) if stripped(arg) == stripped(expr));
        self.exprs.iter().position(negated).map(|n| (n, false))
    }

    /// Whether a comparison comes to the same now as when the statement runs, if that matters.
    fn is_settled(&self, function: Oid) -> Result<bool> {
        let row = self.planner.ctx.catalog.function(function)?;
        Ok(row.proisstrict && (row.provolatile == b'i' || self.values != Values::Constants && row.provolatile == b's'))
    }

    /// The place of an operator among those of a column's class, as a B-tree numbers them.
    fn strategy(&self, operator: Oid, column: usize) -> Result<Option<i16>> {
        let catalog = self.planner.ctx.catalog;
        let family = catalog.opclass(self.key.classes[column])?.opcfamily;
        let found = catalog.operator_strategy(operator, family)?;
        Ok(match self.key.strategy {
            Strategy::Hash => found.filter(|strategy| *strategy == 1).map(|_| EQUAL),
            _ => found,
        })
    }

    fn comparison(&self, call: &OperatorCall) -> Result<Option<KeyTest<Expr>>> {
        let [left, right] = &call.args[..] else { return Ok(None) };
        let catalog = self.planner.ctx.catalog;
        for (side, other, commuted) in [(left, right, false), (right, left, true)] {
            let Some(n) = self.column(side, call.input_collation) else { continue };
            if !self.values.has(self.planner, other, self.at)? {
                continue;
            }
            if !self.is_settled(call.function)? {
                return Ok(None);
            }
            let operator = if commuted { catalog.operator(call.operator)?.oprcom } else { call.operator };
            if !operator.is_valid() {
                return Ok(None);
            }
            let (value, ty) = (other.clone(), stripped(other).ty.oid);
            if let Some(strategy) = self.strategy(operator, n)? {
                return Ok(Some(KeyTest::Column(n, KeyFact::Compare(strategy, value, ty))));
            }
            // `<>` is the negator of a member.
            let negator = catalog.operator(operator)?.oprnegate;
            if self.key.strategy == Strategy::List && negator.is_valid() && self.strategy(negator, n)? == Some(EQUAL) {
                return Ok(Some(KeyTest::Column(n, KeyFact::Differs(value, ty))));
            }
            return Ok(None);
        }
        Ok(None)
    }

    fn array(&self, call: &OperatorCall, any: bool) -> Result<Option<KeyTest<Expr>>> {
        let [left, array] = &call.args[..] else { return Ok(None) };
        let catalog = self.planner.ctx.catalog;
        let Some(n) = self.column(left, call.input_collation) else { return Ok(None) };
        if !self.is_settled(call.function)? {
            return Ok(None);
        }
        let element = analyzer::types::element_type(catalog, stripped(array).ty.oid)?;
        // An array that is computed from its elements, some of which are not known yet.
        if let ExprKind::Array { elements, nested: false, .. } = &array.kind
            && any
            && self.strategy(call.operator, n)? == Some(EQUAL)
        {
            let mut tests = Vec::with_capacity(elements.len());
            for value in elements {
                if !self.values.has(self.planner, value, self.at)? {
                    return Ok(None);
                }
                tests.push(KeyTest::Column(n, KeyFact::Compare(EQUAL, value.clone(), stripped(value).ty.oid)));
            }
            return Ok(Some(KeyTest::Any(tests)));
        }
        let whole = matches!(stripped(array).kind, ExprKind::Const(_) | ExprKind::Param(_));
        if !whole || !self.values.has(self.planner, array, self.at)? {
            return Ok(None);
        }
        let value = array.clone();
        if self.strategy(call.operator, n)? == Some(EQUAL) {
            let fact = if any { KeyFact::In(value, element) } else { KeyFact::EqualsAll(value, element) };
            return Ok(Some(KeyTest::Column(n, fact)));
        }
        // `<> ALL`: its negator is a member.
        let negator = catalog.operator(call.operator)?.oprnegate;
        let excludes = !any
            && self.key.strategy == Strategy::List
            && negator.is_valid()
            && self.strategy(negator, n)? == Some(EQUAL);
        Ok(excludes.then_some(KeyTest::Column(n, KeyFact::NotIn(value, element))))
    }
}
