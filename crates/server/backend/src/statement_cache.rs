//! Plans of simple queries that differ in nothing but their constants.
//!
//! A client of the simple protocol writes its values into the text: `… WHERE aid = 4711`, then `… WHERE aid = 4712`. The first time
//! that a text's key comes ([`parser::normalize`]: the text with its literals taken out) it is only noted; the second time the statement
//! is planned once more with parameters in the place of its literals, as a *template*; from then on such texts are neither parsed nor
//! analysed nor planned.
//!
//! # What makes that right
//!
//! - Literals become parameters in the analysed tree, where their types are known, and only where the literal's text, read as the
//!   template will read it, gives the very constant that the analyser made. Literals that are part of anything else (a type's length, a
//!   column's number) are no such constants: they must be the same in every text that uses the template.
//! - Only in statements whose plan cannot depend on them: a row inserted, or rows of one table that a unique key picks, with
//!   literals among the values written and in the key. Whatever constants stand there, the planner expects one row. Other constants in
//!   conditions stay constants, which must be the same. And the template is kept only if it costs what the plan with constants does.
//! - A template dies with the generation of the catalogs and settings that it was made for, as all kept plans do.
//! - A text that fails in any way (a string that its type does not take) goes the long way, which words the error.

use std::collections::HashMap;
use std::rc::Rc;

use analyzer::Params;
use analyzer::node::VisitorMut;
use analyzer::query::{Command, EntryKind, Expr, ExprKind, FromItem, Query, SqlType};
use batch::Datum;
use error::Result;
use ids::Oid;
use parser::ParserOptions;
use parser::ast::Statement;
use parser::lexer::TokenKind;
use parser::normalize::{Literal, Normalizer};
use types::oid;

use crate::prepared::Prepared;
use crate::session::Session;

/// Texts up to this length have keys.
const TEXT_MAX: usize = 2048;
/// As many keys are known.
const KEYS_MAX: usize = 256;

/// What is known of a key.
enum Entry {
    /// A text with it was run.
    Seen,
    /// No template can be made.
    Unfit,
    /// It can be run without parsing.
    Template(Rc<Template>),
}

/// A plan with parameters in the place of literals.
pub(crate) struct Template {
    pub prepared: Prepared,
    params: Vec<Source>,
    /// Literals that are no parameters, by their numbers, with the texts that they must have.
    fixed: Vec<(usize, Box<str>)>,
}

/// The literal that a parameter gets its value from.
#[derive(Clone, Copy, PartialEq)]
struct Source {
    literal: usize,
    /// The minus before it belongs to it.
    negated: bool,
    ty: SqlType,
}

/// A session's templates.
#[derive(Default)]
pub(crate) struct StatementCache {
    normalizer: Normalizer,
    entries: HashMap<String, Entry>,
}

impl StatementCache {
    /// Forgets all templates.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Normalises a text. False if it has no key.
    fn normalize(&mut self, text: &str) -> bool {
        text.len() <= TEXT_MAX && self.normalizer.normalize(text, &ParserOptions::default())
    }

    /// Whether the last text has the literals that a template is made for.
    fn fits(&self, text: &str, template: &Template) -> bool {
        let literals = self.normalizer.literals();
        let same = |(at, wanted): &(usize, Box<str>)| {
            literals.get(*at).is_some_and(|literal| self.normalizer.text(text, literal) == &**wanted)
        };
        template.fixed.iter().all(same)
    }
}

impl Session<'_> {
    /// The template for a text that has one, if it still holds. A transaction has begun, or it is not asked whether it holds.
    pub(crate) fn find_template(&self, text: &str) -> Option<Rc<Template>> {
        let mut cache = self.statement_cache.borrow_mut();
        // A session that never repeats itself pays for one look.
        if !cache.normalize(text) {
            return None;
        }
        match cache.entries.get(cache.normalizer.key()) {
            Some(Entry::Template(template)) if cache.fits(text, template) => Some(template.clone()),
            _ => None,
        }
    }

    /// The values that a text, for which [`Session::find_template`] found this one just now, has for its parameters. `None` if
    /// one cannot be read.
    pub(crate) fn template_values(&self, text: &str, template: &Template) -> Option<Vec<Datum>> {
        let cache = self.statement_cache.borrow();
        let literals = cache.normalizer.literals();
        let value =
            |source: &Source| self.literal_value(&cache.normalizer, text, literals.get(source.literal)?, source);
        template.params.iter().map(value).collect()
    }

    /// Forgets a template that no longer holds.
    pub(crate) fn drop_template(&self) {
        let mut cache = self.statement_cache.borrow_mut();
        let StatementCache { normalizer, entries } = &mut *cache;
        entries.remove(normalizer.key());
    }

    /// Notes that a text is run, of which this is the one statement; makes a template when its key has been seen before. True if
    /// there is one now.
    pub(crate) fn note_statement(&self, text: &str, prepared: &Prepared) -> Result<bool> {
        let mut cache = std::mem::take(&mut *self.statement_cache.borrow_mut());
        let result = self.note(&mut cache, text, prepared);
        *self.statement_cache.borrow_mut() = cache;
        result
    }

    fn note(&self, cache: &mut StatementCache, text: &str, prepared: &Prepared) -> Result<bool> {
        if !cache.normalize(text) || cache.normalizer.literals().is_empty() {
            return Ok(false);
        }
        let entry = match cache.entries.get(cache.normalizer.key()) {
            None => Entry::Seen,
            Some(Entry::Seen) => match self.make_template(&cache.normalizer, text, prepared)? {
                Some(template) => Entry::Template(Rc::new(template)),
                None => Entry::Unfit,
            },
            // A template that is not for this text has other fixed literals.
            Some(Entry::Unfit | Entry::Template(_)) => return Ok(false),
        };
        if cache.entries.len() >= KEYS_MAX {
            cache.entries.clear();
        }
        let has_template = matches!(entry, Entry::Template(_));
        cache.entries.insert(cache.normalizer.key().to_string(), entry);
        Ok(has_template)
    }

    /// A template for a text that is about to run with constants.
    fn make_template(&self, normalizer: &Normalizer, text: &str, prepared: &Prepared) -> Result<Option<Template>> {
        let Some(statement) = &prepared.statement else { return Ok(None) };
        // The key does not tell bits from hexadecimal digits.
        let is_bits = |literal: &Literal| matches!(literal.token.kind, TokenKind::BinaryString | TokenKind::HexString);
        if normalizer.literals().iter().any(is_bits) {
            return Ok(None);
        }
        let generations = self.generations();
        let (mut query, _) = analyzer::analyze(self.catalog(), self, text, statement, Params::default())?;
        if !self.is_fit(&query)? {
            return Ok(None);
        }
        let mut claims = Claims { session: self, normalizer, text, params: Vec::new() };
        query.targets.iter_mut().for_each(|target| claims.expr(&mut target.expr));
        if let Some(condition) = &mut query.where_clause {
            conjuncts(condition, &mut |conjunct| {
                if key_column(conjunct).is_some() {
                    claims.expr(conjunct);
                }
            });
        }
        let params = claims.params;
        if params.is_empty() {
            return Ok(None);
        }
        let fixed = (normalizer.literals().iter().enumerate())
            .filter(|(n, _)| !params.iter().any(|source| source.literal == *n))
            .map(|(n, literal)| (n, normalizer.text(text, literal).into()))
            .collect();
        let types: Vec<Oid> = params.iter().map(|source| source.ty.oid).collect();
        let plan = self.plan_analyzed(&query, &types)?;
        let cost_with_constants = self.plan_of(prepared)?.root.cost.total;
        if plan.root.cost.total > cost_with_constants * 1.01 {
            return Ok(None);
        }
        let statement: Statement = statement.clone();
        let prepared = self.prepared_of(prepared.text.clone(), statement, plan, generations)?;
        Ok(Some(Template { prepared, params, fixed }))
    }

    /// Whether the constants among a statement's values, and in conditions that compare a key, leave its plan as it is.
    fn is_fit(&self, query: &Query) -> Result<bool> {
        let has = query.has;
        let plain = query.ctes.is_empty()
            && query.on_conflict.is_none()
            && query.check_options.is_empty()
            && query.merge_actions.is_empty()
            && query.group_by.is_empty()
            && query.grouping_sets.is_none()
            && query.having.is_none()
            && query.windows.is_empty()
            && query.distinct.is_empty()
            && query.order_by.is_empty()
            && query.limit.is_none()
            && query.offset.is_none()
            && query.row_marks.is_empty()
            && query.set_operation.is_none()
            && query.companions.is_none()
            && !(has.aggregates
                || has.windows
                || has.target_sets
                || has.sublinks
                || has.modifying_cte
                || has.for_update);
        let [entry] = &query.range_table[..] else { return Ok(false) };
        let EntryKind::Relation { oid: table, relkind: b'r', sample: None, .. } = entry.kind else { return Ok(false) };
        if !plain || !entry.security.is_empty() || !query.from.iter().all(|item| matches!(item, FromItem::Relation(0)))
        {
            return Ok(false);
        }
        match query.command {
            Command::Insert => return Ok(query.from.is_empty() && query.where_clause.is_none()),
            Command::Select | Command::Update | Command::Delete => {}
            _ => return Ok(false),
        }
        let mut columns = Vec::new();
        let Some(mut condition) = query.where_clause.clone() else { return Ok(false) };
        conjuncts(&mut condition, &mut |conjunct| columns.extend(key_column(conjunct)));
        let relation = self.catalog().relation(table)?;
        // A parent's key says nothing about its children's rows.
        if relation.class.relhassubclass {
            return Ok(false);
        }
        for &index in &relation.indexes {
            let index = self.catalog().relation(index)?;
            let Some(row) = &index.index else { continue };
            let keys = &row.indkey[..(row.indnkeyatts as usize).min(row.indkey.len())];
            if row.indisunique
                && !row.indisexclusion
                && row.indisvalid
                && row.indpred.is_none()
                && keys.iter().all(|key| columns.contains(key))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The value that a literal has as a constant of a type; `None` if it cannot be that.
    fn literal_value(&self, normalizer: &Normalizer, text: &str, literal: &Literal, source: &Source) -> Option<Datum> {
        let Source { negated, ty, .. } = *source;
        let written = normalizer.text(text, literal);
        let signed = || if negated { format!("-{written}") } else { written.to_string() };
        match (literal.token.kind, ty.oid) {
            (TokenKind::Integer, oid::INT4) => {
                let value: i32 = written.parse().ok()?;
                Some(Datum::B4(if negated { -value } else { value }))
            }
            (TokenKind::Float, oid::INT8) => Some(Datum::B8(signed().parse().ok()?)),
            (TokenKind::Float, oid::NUMERIC) => types::input(oid::NUMERIC, &signed(), -1, self).ok(),
            (TokenKind::String, type_oid) if !negated => {
                let typmod = if type_oid == oid::INTERVAL { ty.typmod } else { -1 };
                types::input(type_oid, written, typmod, self).ok()
            }
            _ => None,
        }
    }
}

/// Makes parameters of the constants that literals of the text became.
struct Claims<'a, 's> {
    session: &'a Session<'s>,
    normalizer: &'a Normalizer,
    text: &'a str,
    params: Vec<Source>,
}

impl VisitorMut for Claims<'_, '_> {
    fn expr(&mut self, expr: &mut Expr) {
        let ExprKind::Const(value) = &expr.kind else { return expr.visit_children_mut(self) };
        let Some((literal, negated)) = self.normalizer.find(expr.location) else { return };
        let source = Source { literal, negated, ty: expr.ty };
        let token = &self.normalizer.literals()[literal];
        if self.session.literal_value(self.normalizer, self.text, token, &source).as_ref() != Some(value) {
            return;
        }
        let number = self.params.iter().position(|param| *param == source).unwrap_or_else(|| {
            self.params.push(source);
            self.params.len() - 1
        });
        expr.kind = ExprKind::Param(number as u32 + 1);
    }

    fn query(&mut self, _: &mut Query) {}

    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}

/// Visits the conditions that all must hold.
fn conjuncts(condition: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
    match &mut condition.kind {
        ExprKind::And(args) => args.iter_mut().for_each(|arg| conjuncts(arg, visit)),
        _ => visit(condition),
    }
}

/// The column that a condition `column = constant` compares by the type's own equality.
fn key_column(condition: &Expr) -> Option<i16> {
    let ExprKind::Operator(call) = &condition.kind else { return None };
    let (left, right) = match &call.args[..] {
        [left, right] => (left, right),
        _ => return None,
    };
    let (var, other) = match (&left.kind, &right.kind) {
        (ExprKind::Var(var), ExprKind::Const(_)) => (var, right),
        (ExprKind::Const(_), ExprKind::Var(var)) => (var, left),
        _ => return None,
    };
    let is_null = matches!(other.kind, ExprKind::Const(Datum::Null));
    (var.level == 0 && var.column > 0 && !is_null && is_equality(call.operator)).then_some(var.column)
}

/// Whether an operator is the equality that B-trees of a common type, or of two kinds of integers, go by.
fn is_equality(operator: Oid) -> bool {
    // =: int2, int4, int8 and each with each other; text, bpchar, name, oid, uuid, numeric, date, timestamp, timestamptz, bytea.
    const EQUALITIES: [u32; 19] =
        [94, 96, 410, 15, 416, 532, 533, 1862, 1868, 98, 1054, 93, 607, 2972, 1752, 1093, 2060, 1320, 1955];
    EQUALITIES.contains(&operator.0)
}
