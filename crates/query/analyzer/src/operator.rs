//! Operators: which one a symbol means for its operands, and the choice among overloaded candidates in general.

use catalog::Entry;
use catalog::rows::PgOperator;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast;
use types::oid;

use crate::Analyzer;
use crate::coerce::Coercion;
use crate::query::{CallForm, Expr, ExprKind, NO_LOCATION, OperatorCall, RowComparison, SqlType};
use crate::types::{self as ty, UNKNOWN};

/// What a look-up among overloaded candidates found.
pub(crate) enum Choice {
    /// Nothing fits.
    None,
    /// This one (an index).
    One(usize),
    /// Several fit equally well.
    Ambiguous,
}

impl Analyzer<'_> {
    /// Chooses among candidates, all with as many parameters as there are arguments: first by what can be given at all,
    /// then by the rules of the chapter "Type Conversion", steps 3 and 4.
    pub(crate) fn choose(&self, inputs: &[Oid], candidates: &[&[Oid]]) -> Result<Choice> {
        let mut left = Vec::new();
        for (at, params) in candidates.iter().enumerate() {
            if self.can_coerce(inputs, params, Coercion::Implicit)? {
                left.push(at);
            }
        }
        match left[..] {
            [] => return Ok(Choice::None),
            [one] => return Ok(Choice::One(one)),
            _ => {}
        }
        let base: Vec<Oid> = inputs
            .iter()
            .map(|&t| if t == UNKNOWN { Ok(t) } else { Ok(self.catalog.base_type(t, -1)?.0) })
            .collect::<Result<_>>()?;
        let unknowns = base.iter().filter(|&&t| t == UNKNOWN).count();
        // Most exact matches.
        let keep_best = |left: &mut Vec<usize>, score: &dyn Fn(usize) -> Result<usize>| -> Result<()> {
            let scores = left.iter().map(|&at| score(at)).collect::<Result<Vec<_>>>()?;
            let best = scores.iter().copied().max().unwrap_or(0);
            let mut scores = scores.into_iter();
            left.retain(|_| scores.next() == Some(best));
            Ok(())
        };
        keep_best(&mut left, &|at| {
            Ok(base.iter().zip(candidates[at]).filter(|&(&b, &p)| b != UNKNOWN && b == p).count())
        })?;
        if let [one] = left[..] {
            return Ok(Choice::One(one));
        }
        // Most exact matches or preferred types, where a conversion is needed.
        keep_best(&mut left, &|at| {
            let mut score = 0;
            for (&b, &p) in base.iter().zip(candidates[at]) {
                if b != UNKNOWN {
                    let (category, preferred) = self.category(p)?;
                    score += (b == p || preferred && category == self.category(b)?.0) as usize;
                }
            }
            Ok(score)
        })?;
        if let [one] = left[..] {
            return Ok(Choice::One(one));
        }
        if unknowns == 0 {
            return Ok(Choice::Ambiguous);
        }
        // Categories for the unknown ones: string if any candidate takes one, else what all agree on.
        let mut slots = Vec::with_capacity(base.len());
        let mut resolved = true;
        for (at, &b) in base.iter().enumerate() {
            if b != UNKNOWN {
                slots.push(None);
                continue;
            }
            let (mut slot, mut has_preferred) = self.category(candidates[left[0]][at])?;
            let mut conflict = false;
            for &candidate in &left[1..] {
                let (category, preferred) = self.category(candidates[candidate][at])?;
                if category == slot {
                    has_preferred |= preferred;
                } else if category == b'S' {
                    slot = category;
                    has_preferred = preferred;
                } else {
                    conflict = true;
                }
            }
            if conflict && slot != b'S' {
                resolved = false;
                break;
            }
            slots.push(Some((slot, has_preferred)));
        }
        if resolved {
            let mut kept = Vec::new();
            'candidates: for &candidate in &left {
                for (slot, &param) in slots.iter().zip(candidates[candidate]) {
                    if let &Some((slot, has_preferred)) = slot {
                        let (category, preferred) = self.category(param)?;
                        if category != slot || has_preferred && !preferred {
                            continue 'candidates;
                        }
                    }
                }
                kept.push(candidate);
            }
            if !kept.is_empty() {
                left = kept;
            }
            if let [one] = left[..] {
                return Ok(Choice::One(one));
            }
        }
        // All known arguments of one type: take the unknown ones as that, too.
        if unknowns < base.len() {
            let mut known = base.iter().copied().filter(|&t| t != UNKNOWN);
            let first = known.next().unwrap_or(UNKNOWN);
            if known.all(|t| t == first) {
                let assumed = vec![first; base.len()];
                let mut fits = Vec::new();
                for &candidate in &left {
                    if self.can_coerce(&assumed, candidates[candidate], Coercion::Implicit)? {
                        fits.push(candidate);
                    }
                }
                if let [one] = fits[..] {
                    return Ok(Choice::One(one));
                }
            }
        }
        Ok(Choice::Ambiguous)
    }

    fn category(&self, type_oid: Oid) -> Result<(u8, bool)> {
        self.catalog.type_category(type_oid)
    }

    /// The operator that a symbol means for operand types (`left` zero for a prefix operator), if one does.
    pub(crate) fn find_operator(
        &self,
        schema: Option<&str>,
        symbol: &str,
        left: Oid,
        right: Oid,
    ) -> Result<std::result::Result<Entry<PgOperator>, bool>> {
        let unary = !left.is_valid();
        let exact = |left, right| self.catalog.operator_exact(schema, symbol, left, right);
        let (mut l, mut r) = (left, right);
        if !unary {
            if l == UNKNOWN && r != UNKNOWN {
                l = r;
            } else if r == UNKNOWN && l != UNKNOWN {
                r = l;
            }
        }
        if let Some(found) = exact(l, r)? {
            return Ok(Ok(self.catalog.operator(found)?));
        }
        if !unary && (left == UNKNOWN) != (right == UNKNOWN) {
            let base = self.catalog.base_type(l, -1)?.0;
            if base != l
                && let Some(found) = exact(base, base)?
            {
                return Ok(Ok(self.catalog.operator(found)?));
            }
        }
        let candidates = self.catalog.operators_by_name(schema, symbol)?;
        let candidates: Vec<_> = candidates.iter().filter(|c| c.row.oprleft.is_valid() != unary).collect();
        let params: Vec<Vec<Oid>> = candidates
            .iter()
            .map(|c| if unary { vec![c.row.oprright] } else { vec![c.row.oprleft, c.row.oprright] })
            .collect();
        let params: Vec<&[Oid]> = params.iter().map(Vec::as_slice).collect();
        let inputs = if unary { vec![right] } else { vec![left, right] };
        Ok(match self.choose(&inputs, &params)? {
            Choice::One(at) => Ok(candidates[at].row.clone()),
            Choice::None => Err(false),
            Choice::Ambiguous => Err(true),
        })
    }

    /// The operator a symbol means, or PostgreSQL's error.
    pub fn operator(&self, name: &ast::Operator, left: Oid, right: Oid, location: u32) -> Result<Entry<PgOperator>> {
        let schema = self.qualifier(&name.qualifiers, &name.symbol)?;
        match self.find_operator(schema, &name.symbol, left, right)? {
            Ok(row) if row.oprcode.is_valid() => Ok(row),
            Ok(_) => {
                let message = format!("operator is only a shell: {}", self.operator_signature(name, left, right)?);
                Err(self.error(SqlState::UNDEFINED_FUNCTION, message, location))
            }
            Err(ambiguous) => {
                let signature = self.operator_signature(name, left, right)?;
                Err(if ambiguous {
                    self.error(SqlState::AMBIGUOUS_FUNCTION, format!("operator is not unique: {signature}"), location)
                        .hint("Could not choose a best candidate operator. You might need to add explicit type casts.")
                } else {
                    self.error(SqlState::UNDEFINED_FUNCTION, format!("operator does not exist: {signature}"), location).hint(
                        if left.is_valid() {
                            "No operator matches the given name and argument types. You might need to add explicit type casts."
                        } else {
                            "No operator matches the given name and argument type. You might need to add an explicit type cast."
                        },
                    )
                })
            }
        }
    }

    fn operator_signature(&self, name: &ast::Operator, left: Oid, right: Oid) -> Result<String> {
        let mut text = String::new();
        if left.is_valid() {
            text = format!("{} ", self.catalog.format_type(left, -1)?);
        }
        for part in &name.qualifiers {
            text.push_str(part);
            text.push('.');
        }
        Ok(format!("{text}{} {}", name.symbol, self.catalog.format_type(right, -1)?))
    }

    /// A call of an operator, its operands converted.
    pub(crate) fn make_operator(
        &mut self,
        name: &ast::Operator,
        left: Option<Expr>,
        right: Expr,
        location: u32,
    ) -> Result<Expr> {
        let left_type = left.as_ref().map_or(Oid::INVALID, |l| l.ty.oid);
        let row = self.operator(name, left_type, right.ty.oid, location)?;
        let args: Vec<Expr> = left.into_iter().chain([right]).collect();
        let mut params = if args.len() == 1 { vec![row.oprright] } else { vec![row.oprleft, row.oprright] };
        let inputs: Vec<Oid> = args.iter().map(|a| a.ty.oid).collect();
        let result = self
            .resolve_polymorphic(&inputs, &mut params, row.oprresult, false)
            .map_err(|e| self.place(e, location))?;
        let args = self.convert_arguments(args, &params)?;
        let function = self.catalog.function(row.oprcode)?;
        let call = OperatorCall {
            operator: row.oid,
            function: row.oprcode,
            args,
            input_collation: Oid::INVALID,
            set: function.proretset,
        };
        if call.set {
            self.check_set_function(location)?;
        }
        let collation = self.catalog.type_(result)?.typcollation;
        Ok(Expr { kind: ExprKind::Operator(call), ty: SqlType { oid: result, typmod: -1, collation }, location })
    }

    /// Implicit conversions of arguments to parameter types.
    pub(crate) fn convert_arguments(&mut self, args: Vec<Expr>, params: &[Oid]) -> Result<Vec<Expr>> {
        args.into_iter()
            .zip(params)
            .map(|(arg, &param)| {
                if arg.ty.oid == param {
                    return Ok(arg);
                }
                self.coerce(arg, param, -1, Coercion::Implicit, CallForm::ImplicitCast, NO_LOCATION)
            })
            .collect()
    }

    /// `left op ANY|ALL (array)`.
    pub(crate) fn make_array_comparison(
        &mut self,
        name: &ast::Operator,
        any: bool,
        left: Expr,
        right: Expr,
        location: u32,
    ) -> Result<Expr> {
        let element = if right.ty.oid == UNKNOWN {
            UNKNOWN
        } else {
            let element = ty::element_type(self.catalog, right.ty.oid)?;
            if !element.is_valid() {
                return Err(self.error(
                    SqlState::WRONG_OBJECT_TYPE,
                    "op ANY/ALL (array) requires array on right side",
                    location,
                ));
            }
            element
        };
        let row = self.operator(name, left.ty.oid, element, location)?;
        let mut params = vec![row.oprleft, row.oprright];
        let result = self.resolve_polymorphic(&[left.ty.oid, element], &mut params, row.oprresult, false)?;
        if result != oid::BOOL {
            return Err(self.error(
                SqlState::WRONG_OBJECT_TYPE,
                "op ANY/ALL (array) requires operator to yield boolean",
                location,
            ));
        }
        if self.catalog.function(row.oprcode)?.proretset {
            return Err(self.error(
                SqlState::WRONG_OBJECT_TYPE,
                "op ANY/ALL (array) requires operator not to return a set",
                location,
            ));
        }
        let array = if crate::polymorphic::is_polymorphic(params[1]) {
            right.ty.oid
        } else {
            match self.catalog.array_type(params[1])? {
                Some(array) => array,
                None => {
                    let message =
                        format!("could not find array type for data type {}", self.catalog.format_type(params[1], -1)?);
                    return Err(self.error(SqlState::UNDEFINED_OBJECT, message, location));
                }
            }
        };
        let args = self.convert_arguments(vec![left, right], &[params[0], array])?;
        let call =
            OperatorCall { operator: row.oid, function: row.oprcode, args, input_collation: Oid::INVALID, set: false };
        Ok(ty::condition(ExprKind::ScalarArray { call, any }, location))
    }

    /// `ROW(…) op ROW(…)`.
    pub(crate) fn make_row_comparison(
        &mut self,
        name: &ast::Operator,
        left: Vec<Expr>,
        right: Vec<Expr>,
        location: u32,
    ) -> Result<Expr> {
        if left.len() != right.len() {
            return Err(self.error(SqlState::SYNTAX_ERROR, "unequal number of entries in row expressions", location));
        }
        if left.is_empty() {
            return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, "cannot compare rows of zero length", location));
        }
        let mut calls = Vec::with_capacity(left.len());
        for (l, r) in left.into_iter().zip(right) {
            let expr = self.make_operator(name, Some(l), r, location)?;
            if expr.ty.oid != oid::BOOL {
                let message = format!(
                    "row comparison operator must yield type boolean, not type {}",
                    self.catalog.format_type(expr.ty.oid, -1)?
                );
                return Err(self.error(SqlState::DATATYPE_MISMATCH, message, location));
            }
            calls.push(expr);
        }
        if calls.len() == 1 {
            return Ok(calls.swap_remove(0));
        }
        self.combine_row_comparison(calls, &name.symbol, location)
    }

    /// What several comparisons of columns by one operator symbol mean together.
    fn combine_row_comparison(&mut self, calls: Vec<Expr>, symbol: &str, location: u32) -> Result<Expr> {
        // The B-tree strategy that all operators have in some common family.
        let mut common: Option<Vec<(Oid, i16)>> = None;
        for call in &calls {
            let ExprKind::Operator(op) = &call.kind else { continue };
            let mut found = Vec::new();
            for member in self.catalog.operator_families(op.operator)?.iter() {
                if member.amopmethod == catalog::objects::BTREE && member.amoppurpose == b's' {
                    found.push((member.amopfamily, member.amopstrategy));
                } else if member.amopmethod == catalog::objects::HASH {
                    continue;
                }
            }
            if found.is_empty()
                && let Some(negator) = Some(self.catalog.operator(op.operator)?.oprnegate).filter(|n| n.is_valid())
            {
                for member in self.catalog.operator_families(negator)?.iter() {
                    if member.amopmethod == catalog::objects::BTREE && member.amopstrategy == 3 {
                        found.push((member.amopfamily, 6));
                    }
                }
            }
            let strategies: Vec<i16> = found.iter().map(|&(_, s)| s).collect();
            common = Some(match common {
                None => found,
                Some(before) => before.into_iter().filter(|(_, s)| strategies.contains(s)).collect(),
            });
        }
        let Some(&(_, strategy)) = common.as_ref().and_then(|c| c.first()) else {
            return Err(self
                .error(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    format!("could not determine interpretation of row comparison operator {symbol}"),
                    location,
                )
                .hint("Row comparison operators must be associated with btree operator families."));
        };
        let comparison = match strategy {
            3 => return Ok(ty::condition(ExprKind::And(calls), location)),
            6 => return Ok(ty::condition(ExprKind::Or(calls), location)),
            1 => RowComparison::Less,
            2 => RowComparison::LessOrEqual,
            4 => RowComparison::GreaterOrEqual,
            _ => RowComparison::Greater,
        };
        let (mut operators, mut functions, mut left, mut right) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for call in calls {
            if let ExprKind::Operator(op) = call.kind {
                operators.push(op.operator);
                functions.push(op.function);
                let mut args = op.args.into_iter();
                left.extend(args.next());
                right.extend(args.next());
            }
        }
        let input_collations = vec![Oid::INVALID; operators.len()];
        Ok(ty::condition(
            ExprKind::RowCompare { comparison, operators, functions, input_collations, left, right },
            location,
        ))
    }

    /// `left IS DISTINCT FROM right` for two values.
    pub(crate) fn make_distinct(&mut self, left: Expr, right: Expr, location: u32) -> Result<Expr> {
        let name = ast::Operator::known("=", location);
        let result = self.make_operator(&name, Some(left), right, location)?;
        if result.ty.oid != oid::BOOL {
            return Err(self.error(
                SqlState::DATATYPE_MISMATCH,
                "IS DISTINCT FROM requires = operator to yield boolean",
                location,
            ));
        }
        match result.kind {
            ExprKind::Operator(call) if !call.set => Ok(ty::condition(ExprKind::Distinct(call), location)),
            _ => Err(Error::internal("comparison by = is no operator call")),
        }
    }
}
