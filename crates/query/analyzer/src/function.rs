//! Function calls: which function a name means for its arguments, defaults, VARIADIC, named notation.

use std::cmp::Ordering;

use catalog::Entry;
use catalog::rows::PgProc;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast;
use types::oid;

use crate::Analyzer;
use crate::coerce::{Coercion, Path};
use crate::operator::Choice;
use crate::query::*;
use crate::routine::WrittenOutput;
use crate::types::{self as ty, UNKNOWN};

/// The most arguments of a function.
pub(crate) const ARGUMENTS_MAX: usize = 100;

/// A function as it would be called with the given number of arguments.
pub(crate) struct Candidate {
    pub row: Entry<PgProc>,
    position: usize,
    /// Parameter types, by argument as given, then those to be filled by defaults.
    params: Vec<Oid>,
    /// Which declared parameter each of `params` is.
    numbers: Vec<usize>,
    /// How many of `params` are given.
    given: usize,
    /// How many last arguments make up the VARIADIC array; zero if it is not expanded.
    variadic: usize,
    /// How many first arguments are given without a name.
    positional: usize,
    /// Another one fits this call as well, as one of the two has more defaults.
    ambiguous: bool,
}

impl Candidate {
    /// Itself, or `Err(true)`.
    fn unless_ambiguous(self) -> std::result::Result<Candidate, bool> {
        if self.ambiguous { Err(true) } else { Ok(self) }
    }
}

/// A function chosen for a call.
pub(crate) struct Resolved {
    pub row: Entry<PgProc>,
    /// Arguments in declared order, converted, defaults filled in, VARIADIC ones gathered.
    pub args: Vec<Expr>,
    pub result: Oid,
    /// The last argument is an array for a VARIADIC parameter.
    pub variadic: bool,
    /// See [`FunctionCall::written`].
    pub written: Option<Vec<WrittenArgument>>,
}

impl Analyzer<'_> {
    /// A call with all its clauses.
    pub(crate) fn function_call(&mut self, call: &ast::FunctionCall, location: u32) -> Result<Expr> {
        let (mut args, mut names) = self.call_arguments(call, location)?;
        let plain = !call.star
            && !call.distinct
            && call.order_by.is_empty()
            && call.filter.is_none()
            && call.over.is_none()
            && !call.variadic;
        if plain
            && let [arg] = &args[..]
            && names == [None]
            && let Some((number, ty)) = self.field_called(&call.name, arg)?
        {
            let arg = Box::new(args.swap_remove(0));
            return Ok(Expr { kind: ExprKind::Field { arg, number }, ty, location });
        }
        // WITHIN GROUP's expressions are arguments, too.
        let direct = args.len();
        if call.within_group {
            for sort in &call.order_by {
                args.push(self.expr(&sort.value)?);
                names.push(None);
            }
        }
        let inputs: Vec<Oid> = args.iter().map(|a| a.ty.oid).collect();
        if plain && let Some(cast) = self.function_as_cast(&call.name, &mut args, &names, location)? {
            return Ok(cast);
        }
        let row = match self.find_function(&call.name, &inputs, &names, !call.variadic, false, location)? {
            Ok(found) => found,
            Err(ambiguous) => {
                return Err(self.no_function(
                    &call.name,
                    &inputs,
                    &names,
                    ambiguous,
                    !call.order_by.is_empty() && !call.within_group,
                    location,
                )?);
            }
        };
        if row.row.prokind == b'p' {
            let text = self.call_signature(&call.name, &inputs, &names)?;
            return Err(self
                .error(SqlState::WRONG_OBJECT_TYPE, format!("{text} is a procedure"), location)
                .hint("To call a procedure, use CALL."));
        }
        self.check_call(call, &row.row, args.is_empty(), location)?;
        let is_aggregate = row.row.prokind == b'a';
        let resolved = self.apply_function(row, args)?;
        if is_aggregate && call.over.is_none() {
            return self.aggregate_call(call, resolved, direct, location);
        }
        if call.over.is_some() {
            return self.window_call(call, resolved, is_aggregate, location);
        }
        let form = match call.form {
            ast::CallForm::Ordinary => CallForm::Call,
            ast::CallForm::SqlSyntax => CallForm::SqlSyntax,
        };
        self.plain_call(resolved, form, location)
    }

    /// The arguments of a call, and the names that some were given.
    fn call_arguments<'c>(
        &mut self,
        call: &'c ast::FunctionCall,
        location: u32,
    ) -> Result<(Vec<Expr>, Vec<Option<&'c str>>)> {
        let mut args = Vec::with_capacity(call.arguments.len());
        let mut names: Vec<Option<&str>> = Vec::new();
        for argument in &call.arguments {
            if argument.name.is_none() && names.last().is_some_and(Option::is_some) {
                return Err(self.error(
                    SqlState::SYNTAX_ERROR,
                    "positional argument cannot follow named argument",
                    argument.location,
                ));
            }
            if let Some(name) = argument.name.as_deref()
                && names.contains(&Some(name))
            {
                return Err(self.error(
                    SqlState::SYNTAX_ERROR,
                    format!("argument name \"{name}\" used more than once"),
                    argument.location,
                ));
            }
            names.push(argument.name.as_deref());
            args.push(self.expr(&argument.value)?);
        }
        if args.len() > ARGUMENTS_MAX {
            return Err(self.error(
                SqlState::TOO_MANY_ARGUMENTS,
                format!("cannot pass more than {ARGUMENTS_MAX} arguments to a function"),
                location,
            ));
        }
        Ok((args, names))
    }

    /// `f(row)` may be the field f of the row: its number and type then.
    fn field_called(&mut self, name: &ast::ObjectName, arg: &Expr) -> Result<Option<(i16, SqlType)>> {
        if !name.qualifiers.is_empty()
            || !ty::is_composite(self.catalog, arg.ty.oid)?
            || !self.catalog.functions_by_name(None, &name.name)?.is_empty()
        {
            return Ok(None);
        }
        let columns = self.row_columns(arg)?;
        let at = columns.iter().position(|(field, _)| **field == *name.name);
        Ok(at.map(|at| (at as i16 + 1, columns[at].1)))
    }

    /// Refuses clauses that do not go with the kind of function that is called.
    fn check_call(&self, call: &ast::FunctionCall, row: &PgProc, no_args: bool, location: u32) -> Result<()> {
        let word = &row.proname;
        let not_aggregate = |what: String| Err(self.error(SqlState::WRONG_OBJECT_TYPE, what, location));
        match row.prokind {
            b'a' => {}
            b'w' => {
                if call.over.is_none() {
                    return not_aggregate(format!("window function {word} requires an OVER clause"));
                }
                if call.within_group {
                    return not_aggregate(format!("window function {word} cannot have WITHIN GROUP"));
                }
            }
            _ => {
                if call.star {
                    return not_aggregate(format!("{word}(*) specified, but {word} is not an aggregate function"));
                }
                if call.distinct {
                    return not_aggregate(format!("DISTINCT specified, but {word} is not an aggregate function"));
                }
                if call.within_group {
                    return not_aggregate(format!("WITHIN GROUP specified, but {word} is not an aggregate function"));
                }
                if !call.order_by.is_empty() {
                    return not_aggregate(format!("ORDER BY specified, but {word} is not an aggregate function"));
                }
                if call.filter.is_some() {
                    return not_aggregate(format!("FILTER specified, but {word} is not an aggregate function"));
                }
                if call.over.is_some() {
                    return not_aggregate(format!(
                        "OVER specified, but {word} is not a window function nor an aggregate function"
                    ));
                }
            }
        }
        if row.prokind == b'a' {
            let kind = self.catalog.aggregate(row.oid)?.aggkind;
            if call.within_group && kind == b'n' {
                return not_aggregate(format!(
                    "{word} is not an ordered-set aggregate, so it cannot have WITHIN GROUP"
                ));
            }
            if !call.within_group && kind != b'n' && call.over.is_none() {
                return not_aggregate(format!("WITHIN GROUP is required for ordered-set aggregate {word}"));
            }
            if kind != b'n' && call.over.is_some() {
                return Err(self.error(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    format!("OVER is not supported for ordered-set aggregate {word}"),
                    location,
                ));
            }
            if no_args && !call.star && kind == b'n' {
                return not_aggregate(format!("{word}(*) must be used to call a parameterless aggregate function"));
            }
        }
        Ok(())
    }

    fn plain_call(&mut self, resolved: Resolved, form: CallForm, location: u32) -> Result<Expr> {
        if resolved.row.proretset {
            self.check_set_function(location)?;
        }
        let collation = self.catalog.type_(resolved.result)?.typcollation;
        let call = FunctionCall {
            function: resolved.row.oid,
            args: resolved.args,
            input_collation: Oid::INVALID,
            set: resolved.row.proretset,
            variadic: resolved.variadic,
            form,
            written: resolved.written,
        };
        Ok(Expr {
            kind: ExprKind::Function(call),
            ty: SqlType { oid: resolved.result, typmod: -1, collation },
            location,
        })
    }

    /// A call of a `pg_catalog` function that syntax stands for.
    pub(crate) fn call_named(&mut self, name: &str, args: Vec<Expr>, location: u32) -> Result<Expr> {
        let name = ast::ObjectName::system(name, location);
        let inputs: Vec<Oid> = args.iter().map(|a| a.ty.oid).collect();
        let names = vec![None; args.len()];
        match self.find_function(&name, &inputs, &names, true, false, location)? {
            Ok(found) => {
                let resolved = self.apply_function(found, args)?;
                self.plain_call(resolved, CallForm::SqlSyntax, location)
            }
            Err(ambiguous) => Err(self.no_function(&name, &inputs, &names, ambiguous, false, location)?),
        }
    }

    /// A call of a plain function, if one fits.
    pub(crate) fn call_if_exists(
        &mut self,
        name: &ast::ObjectName,
        args: Vec<Expr>,
        location: u32,
    ) -> Result<Option<Expr>> {
        let inputs: Vec<Oid> = args.iter().map(|a| a.ty.oid).collect();
        let names = vec![None; args.len()];
        match self.find_function(name, &inputs, &names, false, false, location)? {
            Ok(found) if found.row.prokind == b'f' => {
                let resolved = self.apply_function(found, args)?;
                Ok(Some(self.plain_call(resolved, CallForm::Call, location)?))
            }
            _ => Ok(None),
        }
    }

    /// A set-returning function must be allowed here.
    pub(crate) fn check_set_function(&mut self, location: u32) -> Result<()> {
        let place = self.scope().place;
        if let Some(words) = place.without_sets() {
            return Err(self.error(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!("set-returning functions are not allowed in {words}"),
                location,
            ));
        }
        self.scope().query.has.target_sets |= !matches!(place, crate::scope::Place::FromFunction);
        Ok(())
    }

    /// `typename(x)`: a cast if no function fits exactly and it can be one.
    fn function_as_cast(
        &mut self,
        name: &ast::ObjectName,
        args: &mut Vec<Expr>,
        names: &[Option<&str>],
        location: u32,
    ) -> Result<Option<Expr>> {
        if args.len() != 1 || names != [None] {
            return Ok(None);
        }
        let schema = self.qualifier(&name.qualifiers, &name.name)?;
        let Ok(Some(target)) = self.catalog.type_by_name(schema, &name.name) else { return Ok(None) };
        let source = args[0].ty.oid;
        let exact = self
            .catalog
            .functions_by_name(schema, &name.name)
            .map(|found| found.iter().any(|c| c.row.proargtypes.len() == 1 && c.row.proargtypes[0] == source))?;
        if exact || self.catalog.type_(target)?.typtype == b'p' {
            return Ok(None);
        }
        let is_cast = source == UNKNOWN
            || match self.coercion_path(source, target, Coercion::Explicit)? {
                Some(Path::Relabel) => true,
                Some(Path::ViaIo) => {
                    !(ty::is_composite(self.catalog, source)? && self.catalog.type_category(target)?.0 == b'S')
                }
                _ => false,
            };
        if !is_cast {
            return Ok(None);
        }
        let arg = args.swap_remove(0);
        Ok(Some(self.coerce(arg, target, -1, Coercion::Explicit, CallForm::ExplicitCast, location)?))
    }

    /// The candidate for these arguments. `Err(true)` if several fit equally well.
    pub(crate) fn find_function(
        &mut self,
        name: &ast::ObjectName,
        inputs: &[Oid],
        names: &[Option<&str>],
        expand_variadic: bool,
        outputs: bool,
        location: u32,
    ) -> Result<std::result::Result<Candidate, bool>> {
        let schema = self.qualifier(&name.qualifiers, &name.name)?;
        let found = self.catalog.functions_by_name(schema, &name.name).map_err(|e| self.place(e, location))?;
        let mut candidates: Vec<Candidate> = Vec::new();
        for one in found {
            let Some(candidate) = expand(one.row, one.position, inputs.len(), names, expand_variadic, outputs) else {
                continue;
            };
            // Of two that look alike to this call, the nearer in the path, the one without VARIADIC; defaults tell nothing.
            let same = candidates.iter().position(|c| c.params[..c.given] == candidate.params[..candidate.given]);
            match same {
                Some(at) => {
                    let rank = |c: &Candidate| (c.position, c.variadic);
                    match rank(&candidate).cmp(&rank(&candidates[at])) {
                        Ordering::Less => candidates[at] = candidate,
                        Ordering::Equal => candidates[at].ambiguous = true,
                        Ordering::Greater => (),
                    }
                }
                None => candidates.push(candidate),
            }
        }
        if let Some(at) = candidates.iter().position(|c| c.params[..c.given] == *inputs) {
            return Ok(candidates.swap_remove(at).unless_ambiguous());
        }
        let params: Vec<&[Oid]> = candidates.iter().map(|c| &c.params[..c.given]).collect();
        Ok(match self.choose(inputs, &params)? {
            Choice::One(at) => candidates.swap_remove(at).unless_ambiguous(),
            Choice::None => Err(false),
            Choice::Ambiguous => Err(true),
        })
    }

    /// The procedure that CALL means, its input arguments in declared order, and which arguments stand for outputs.
    pub(crate) fn procedure_call(
        &mut self,
        call: &ast::FunctionCall,
        location: u32,
    ) -> Result<(Entry<PgProc>, Vec<Expr>, Vec<WrittenOutput>)> {
        let mut args = Vec::with_capacity(call.arguments.len());
        let mut names: Vec<Option<&str>> = Vec::new();
        for argument in &call.arguments {
            if argument.name.is_none() && names.last().is_some_and(Option::is_some) {
                let text = "positional argument cannot follow named argument";
                return Err(self.error(SqlState::SYNTAX_ERROR, text, argument.location));
            }
            names.push(argument.name.as_deref());
            args.push(self.expr(&argument.value)?);
        }
        let inputs: Vec<Oid> = args.iter().map(|a| a.ty.oid).collect();
        let candidate = match self.find_function(&call.name, &inputs, &names, !call.variadic, true, location)? {
            Ok(found) => found,
            Err(ambiguous) => {
                let signature = self.call_signature(&call.name, &inputs, &names)?;
                return Err(match ambiguous {
                    true => self
                        .error(SqlState::AMBIGUOUS_FUNCTION, format!("procedure {signature} is not unique"), location)
                        .hint("Could not choose a best candidate procedure. You might need to add explicit type casts."),
                    false => self
                        .error(
                            SqlState::UNDEFINED_FUNCTION,
                            format!("procedure {signature} does not exist"),
                            location,
                        )
                        .hint(
                            "No procedure matches the given name and argument types. You might need to add explicit type casts.",
                        ),
                });
            }
        };
        if candidate.row.prokind != b'p' {
            let text = self.call_signature(&call.name, &inputs, &names)?;
            return Err(self
                .error(SqlState::WRONG_OBJECT_TYPE, format!("{text} is not a procedure"), location)
                .hint("To call a function, use SELECT."));
        }
        let numbers = candidate.numbers.clone();
        let given = candidate.given;
        let resolved = self.apply_function(candidate, args)?;
        let modes = resolved.row.proargmodes.clone().unwrap_or_default();
        let mode = |at: usize| modes.get(at).copied().unwrap_or(b'i');
        let mut outputs = Vec::new();
        let mut output = 0;
        let mut kept = Vec::new();
        for (at, arg) in resolved.args.into_iter().enumerate() {
            if matches!(mode(at), b'o' | b'b') {
                if let Some(argument) = numbers[..given.min(numbers.len())].iter().position(|&number| number == at) {
                    outputs.push(WrittenOutput { output, argument });
                }
                output += 1;
            }
            if mode(at) != b'o' {
                kept.push(arg);
            }
        }
        Ok((resolved.row, kept, outputs))
    }

    /// Puts a call's arguments in order and converts them.
    fn apply_function(&mut self, candidate: Candidate, args: Vec<Expr>) -> Result<Resolved> {
        let Candidate { row, mut params, numbers, given, variadic, positional, .. } = candidate;
        let mut args: Vec<Expr> = args;
        let written = (self.stores && (positional < given || params.len() > given)).then(|| {
            let argument = |at: usize| WrittenArgument {
                number: numbers[at] as u16,
                name: if at < positional {
                    None
                } else {
                    parameter_names(&row).get(numbers[at]).map(|n| n.to_string())
                },
            };
            (0..given).map(argument).collect()
        });
        // Defaults for what was not given.
        if params.len() > given {
            let defaults = self.function_defaults(&row)?;
            let first = row.pronargs as usize - defaults.len();
            let inputs = declared(&row, params.len() > row.proargtypes.len());
            for &number in &numbers[given..] {
                let input = inputs.get(number).and_then(|parameter| parameter.input);
                let default = input.and_then(|number| number.checked_sub(first)).and_then(|at| defaults.get(at));
                args.push(default.cloned().ok_or_else(|| Error::internal("a function has too few defaults"))?);
            }
        }
        let inputs: Vec<Oid> = args.iter().map(|a| a.ty.oid).collect();
        let result = self.resolve_polymorphic(&inputs, &mut params, row.prorettype, false)?;
        let args = self.convert_arguments(args, &params)?;
        let mut slots: Vec<Option<Expr>> = (0..args.len()).map(|_| None).collect();
        for (at, arg) in args.into_iter().enumerate() {
            let number = numbers.get(at).copied().unwrap_or(at);
            slots[number] = Some(arg);
        }
        let mut args: Vec<Expr> = slots.into_iter().flatten().collect();
        let mut is_variadic = false;
        if variadic > 0 && row.provariadic != oid::ANY {
            let elements = args.split_off(args.len() - variadic);
            let element_type = elements[0].ty.oid;
            let element_type = self.catalog.base_type(element_type, -1).map(|_| element_type)?;
            let Some(array) = self.catalog.array_type(element_type)? else {
                let message =
                    format!("could not find array type for data type {}", self.catalog.format_type(element_type, -1)?);
                return Err(self.error(SqlState::UNDEFINED_OBJECT, message, elements[0].location));
            };
            let at = elements[0].location;
            let collation = self.catalog.type_(array)?.typcollation;
            args.push(Expr {
                kind: ExprKind::Array { elements, element_type, nested: false },
                ty: SqlType { oid: array, typmod: -1, collation },
                location: at,
            });
            is_variadic = true;
        } else if row.provariadic.is_valid() && variadic == 0 {
            is_variadic = true;
        }
        Ok(Resolved { row, args, result, variadic: is_variadic, written })
    }

    /// The stored defaults of a function's last parameters.
    fn function_defaults(&mut self, row: &PgProc) -> Result<Vec<Expr>> {
        let Some(text) = &row.proargdefaults else { return Ok(Vec::new()) };
        match text.strip_prefix('@') {
            None => crate::node::from_text(text),
            Some(sql) => crate::rewrite::parse_list(self.catalog, self.env, sql),
        }
    }

    pub(crate) fn call_signature(
        &self,
        name: &ast::ObjectName,
        inputs: &[Oid],
        names: &[Option<&str>],
    ) -> Result<String> {
        let mut list = Vec::with_capacity(inputs.len());
        for (at, &input) in inputs.iter().enumerate() {
            let text = self.catalog.format_type(input, -1)?;
            list.push(match names.get(at).copied().flatten() {
                Some(name) => format!("{name} => {text}"),
                None => text,
            });
        }
        Ok(format!("{name}({})", list.join(", ")))
    }

    #[cold]
    fn no_function(
        &self,
        name: &ast::ObjectName,
        inputs: &[Oid],
        names: &[Option<&str>],
        ambiguous: bool,
        sorted: bool,
        location: u32,
    ) -> Result<Error> {
        let signature = self.call_signature(name, inputs, names)?;
        Ok(if ambiguous {
            self.error(SqlState::AMBIGUOUS_FUNCTION, format!("function {signature} is not unique"), location)
                .hint("Could not choose a best candidate function. You might need to add explicit type casts.")
        } else {
            self.error(SqlState::UNDEFINED_FUNCTION, format!("function {signature} does not exist"), location).hint(if sorted {
                "No aggregate function matches the given name and argument types. Perhaps you misplaced ORDER BY; ORDER BY must appear after all regular arguments of the aggregate."
            } else {
                "No function matches the given name and argument types. You might need to add explicit type casts."
            })
        })
    }
}

/// Names of a function's input parameters, in order; none if it has no names.
pub(crate) fn parameter_names(row: &PgProc) -> Vec<&str> {
    let is_input = |at: usize| match &row.proargmodes {
        Some(modes) => matches!(modes.get(at), Some(b'i' | b'b' | b'v')),
        None => true,
    };
    let names = row.proargnames.iter().flatten().enumerate();
    names.filter(|&(at, _)| is_input(at)).map(|(_, name)| &**name).collect()
}

/// A parameter as a call sees it.
struct Parameter<'r> {
    ty: Oid,
    name: &'r str,
    /// Its place among the input parameters; none for OUT.
    input: Option<usize>,
}

/// The parameters that a call gives arguments for: the inputs; with `outputs` (CALL), the OUT parameters, too.
fn declared(row: &PgProc, outputs: bool) -> Vec<Parameter<'_>> {
    let types: &[Oid] = row.proallargtypes.as_deref().unwrap_or(&row.proargtypes);
    let mut inputs = 0;
    let mut found = Vec::with_capacity(types.len());
    for (at, &ty) in types.iter().enumerate() {
        let mode = row.proargmodes.as_ref().and_then(|modes| modes.get(at).copied()).unwrap_or(b'i');
        let name = row.proargnames.as_ref().and_then(|names| names.get(at)).map_or("", |name| &**name);
        match mode {
            b'i' | b'b' | b'v' => {
                found.push(Parameter { ty, name, input: Some(inputs) });
                inputs += 1;
            }
            b'o' if outputs => found.push(Parameter { ty, name, input: None }),
            _ => (),
        }
    }
    found
}

/// A function as it would be called with `count` arguments of which the last have these names; `None` if it cannot.
fn expand(
    row: Entry<PgProc>,
    position: usize,
    count: usize,
    names: &[Option<&str>],
    expand_variadic: bool,
    outputs: bool,
) -> Option<Candidate> {
    let outputs = outputs && row.prokind == b'p' && row.proallargtypes.is_some();
    let all = if outputs || names.iter().any(Option::is_some) { Some(declared(&row, outputs)) } else { None };
    let types: Vec<Oid> = match &all {
        Some(all) => all.iter().map(|parameter| parameter.ty).collect(),
        None => row.proargtypes.to_vec(),
    };
    let wanted = types.len();
    let defaults = row.pronargdefaults as usize;
    let without = row.proargtypes.len() - defaults;
    let has_default = |number: usize| match &all {
        Some(all) => all[number].input.is_some_and(|input| input >= without),
        None => number >= without,
    };
    let named = names.iter().filter(|n| n.is_some()).count();
    if named > 0 {
        if count > wanted || count + defaults < wanted {
            return None;
        }
        let positional = count - named;
        let mut numbers: Vec<usize> = (0..positional).collect();
        for name in names.iter().flatten() {
            match all.iter().flatten().position(|parameter| !name.is_empty() && parameter.name == *name) {
                Some(at) if at >= positional && !numbers.contains(&at) => numbers.push(at),
                _ => return None,
            }
        }
        for number in 0..wanted {
            if !numbers.contains(&number) {
                if !has_default(number) {
                    return None;
                }
                numbers.push(number);
            }
        }
        let params = numbers.iter().map(|&n| types[n]).collect();
        return Some(Candidate {
            row,
            position,
            params,
            numbers,
            given: count,
            variadic: 0,
            positional,
            ambiguous: false,
        });
    }
    if expand_variadic && row.provariadic.is_valid() && count >= wanted && wanted > 0 {
        let mut params: Vec<Oid> = types[..wanted - 1].to_vec();
        let element = row.provariadic;
        let variadic = count - (wanted - 1);
        params.extend(std::iter::repeat_n(element, variadic));
        let numbers = (0..count).collect();
        return Some(Candidate {
            row,
            position,
            params,
            numbers,
            given: count,
            variadic,
            positional: count,
            ambiguous: false,
        });
    }
    if count > wanted || count + defaults < wanted || !(count..wanted).all(has_default) {
        return None;
    }
    Some(Candidate {
        row,
        position,
        params: types,
        numbers: (0..wanted).collect(),
        given: count,
        variadic: 0,
        positional: count,
        ambiguous: false,
    })
}
