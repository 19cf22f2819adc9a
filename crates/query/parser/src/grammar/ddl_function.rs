//! Functions, procedures, aggregates, and how they are named elsewhere.

use super::Parser;
use super::option::{boolean, item};
use super::type_name::is_builtin_type_word;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::{Token, TokenKind};
use error::{Result, SqlState};

impl Parser<'_> {
    /// `FUNCTION|PROCEDURE …`, behind CREATE [OR REPLACE].
    pub(super) fn create_function(&mut self, or_replace: bool) -> Result<Statement> {
        let procedure = self.is(K::Procedure);
        self.advance();
        let name = self.function_name()?;
        let mut parameters = self.parameters(true)?;
        let mut returns = None;
        if !procedure && self.is(K::Returns) && !self.is_at(1, K::Null) {
            self.advance();
            let table_at = self.location();
            if self.accept(K::Table) {
                let columns = self.parenthesized_list(|p| {
                    let location = p.location();
                    let name = Some(p.type_or_function_name()?);
                    let type_name = p.function_type_name()?;
                    Ok(FunctionParameter { name, type_name, mode: ParameterMode::Table, default: None, location })
                })?;
                let wrong = |p: &FunctionParameter| matches!(p.mode, ParameterMode::Out | ParameterMode::InOut);
                if let Some(parameter) = parameters.iter().find(|parameter| wrong(parameter)) {
                    let message = "OUT and INOUT arguments aren't allowed in TABLE functions";
                    return Err(self.error(SqlState::SYNTAX_ERROR, message, parameter.location));
                }
                let mut result = match &columns[..] {
                    [only] => only.type_name.clone(),
                    _ => TypeName::plain(ObjectName::system("record", table_at)),
                };
                result.setof = true;
                result.location = table_at;
                returns = Some(result);
                parameters.extend(columns);
            } else {
                returns = Some(self.function_type_name()?);
            }
        }
        let mut options = Vec::new();
        while let Some(option) = self.create_function_option()? {
            options.push(option);
        }
        let body = self.routine_body()?;
        let function = CreateFunction { name, procedure, or_replace, parameters, returns, options, body };
        Ok(Statement::CreateFunction(Box::new(function)))
    }

    /// `(parameter, …)`
    pub(super) fn parameters(&mut self, defaults: bool) -> Result<Vec<FunctionParameter>> {
        self.expect_kind(TokenKind::LeftParen)?;
        let mut parameters = Vec::new();
        if !self.is_kind(TokenKind::RightParen) {
            parameters = self.comma_list(|p| {
                let mut parameter = p.parameter()?;
                if defaults && (p.accept(K::Default) || p.accept_kind(TokenKind::Equals)) {
                    parameter.default = Some(p.expr()?);
                }
                Ok(parameter)
            })?;
        }
        self.expect_kind(TokenKind::RightParen)?;
        Ok(parameters)
    }

    /// `[mode] [name] type` or `name mode type`
    fn parameter(&mut self) -> Result<FunctionParameter> {
        let location = self.location();
        let mut mode = self.parameter_mode();
        let mut name = None;
        if self.names_parameter() {
            name = Some(self.type_or_function_name()?);
            if mode == ParameterMode::Default {
                mode = self.parameter_mode();
            }
        }
        let type_name = self.function_type_name()?;
        Ok(FunctionParameter { name, type_name, mode, default: None, location })
    }

    fn parameter_mode(&mut self) -> ParameterMode {
        let mode = match self.keyword() {
            Some(K::In) if self.is_at(1, K::Out) => {
                self.advance();
                ParameterMode::InOut
            }
            Some(K::In) => ParameterMode::In,
            Some(K::Out) => ParameterMode::Out,
            Some(K::Inout) => ParameterMode::InOut,
            Some(K::Variadic) => ParameterMode::Variadic,
            _ => return ParameterMode::Default,
        };
        self.advance();
        mode
    }

    /// Whether the current word is a parameter's name: then a type or a mode follows it.
    fn names_parameter(&self) -> bool {
        if !Self::is_type_or_function_name(self.token()) || self.is(K::Double) && self.is_at(1, K::Precision) {
            return false;
        }
        let next = self.token_at(1);
        Self::begins_type(next) || self.is_any_at(1, &[K::In, K::Out, K::Inout, K::Variadic])
    }

    fn begins_type(token: Token) -> bool {
        Self::is_type_or_function_name(token)
            || token.keyword.is_some_and(|word| matches!(word, K::Setof | K::Interval) || is_builtin_type_word(word))
    }

    fn create_function_option(&mut self) -> Result<Option<DefinitionItem>> {
        let location = self.location();
        let option = match self.keyword() {
            Some(K::As) => {
                self.advance();
                let mut parts = vec![DefinitionValue::String(self.string()?)];
                if self.accept_kind(TokenKind::Comma) {
                    parts.push(DefinitionValue::String(self.string()?));
                }
                item("as", Some(DefinitionValue::List(parts)), location)
            }
            Some(K::Language) => {
                self.advance();
                item("language", Some(DefinitionValue::String(self.word_or_string()?)), location)
            }
            Some(K::Transform) => {
                self.advance();
                let types = self.comma_list(|p| {
                    p.expect_all(&[K::For, K::Type])?;
                    Ok(DefinitionValue::Type(Box::new(p.type_name()?)))
                })?;
                item("transform", Some(DefinitionValue::List(types)), location)
            }
            Some(K::Window) => {
                self.advance();
                item("window", boolean(true), location)
            }
            _ => return self.common_function_option(),
        };
        Ok(Some(option))
    }

    /// What CREATE and ALTER FUNCTION share.
    fn common_function_option(&mut self) -> Result<Option<DefinitionItem>> {
        let location = self.location();
        let word = |text: &str| Some(DefinitionValue::String(text.into()));
        let Some(keyword) = self.keyword() else { return Ok(None) };
        if matches!(keyword, K::Set | K::Reset) {
            let setting = DefinitionValue::Setting(Box::new(self.set_or_reset_clause(false)?));
            return Ok(Some(item("set", Some(setting), location)));
        }
        let option = match keyword {
            K::Called | K::Returns => {
                self.advance();
                if keyword == K::Returns {
                    self.expect(K::Null)?;
                }
                self.expect_all(&[K::On, K::Null, K::Input])?;
                return Ok(Some(item("strict", boolean(keyword == K::Returns), location)));
            }
            K::Strict => ("strict", boolean(true)),
            K::Immutable | K::Stable | K::Volatile => ("volatility", word(keyword.word())),
            K::External | K::Security => {
                if self.accept(K::External) && !self.is(K::Security) {
                    return Err(self.syntax_error());
                }
                self.advance();
                let definer = self.is(K::Definer);
                if !definer && !self.is(K::Invoker) {
                    return Err(self.syntax_error());
                }
                ("security", boolean(definer))
            }
            K::Leakproof => ("leakproof", boolean(true)),
            K::Not => {
                self.advance();
                if !self.is(K::Leakproof) {
                    return Err(self.syntax_error());
                }
                ("leakproof", boolean(false))
            }
            K::Cost | K::Rows => {
                self.advance();
                let value = self.number()?;
                return Ok(Some(item(keyword.word(), Some(value), location)));
            }
            K::Support => {
                self.advance();
                let name = self.any_name()?;
                return Ok(Some(item("support", Some(DefinitionValue::Name(name)), location)));
            }
            K::Parallel => {
                self.advance();
                let value = self.name()?;
                return Ok(Some(item("parallel", Some(DefinitionValue::String(value)), location)));
            }
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some(item(option.0, option.1, location)))
    }

    /// The options of ALTER FUNCTION, at least one.
    pub(super) fn alter_function_options(&mut self) -> Result<Vec<DefinitionItem>> {
        let mut options = Vec::new();
        while let Some(option) = self.common_function_option()? {
            options.push(option);
        }
        if options.is_empty() {
            return Err(self.syntax_error());
        }
        self.accept(K::Restrict);
        Ok(options)
    }

    /// `[RETURN expression | BEGIN ATOMIC statements END]`
    fn routine_body(&mut self) -> Result<Option<Box<SqlBody>>> {
        if self.accept(K::Return) {
            return Ok(Some(Box::new(SqlBody::Return(self.expr()?))));
        }
        if !self.accept(K::Begin) {
            return Ok(None);
        }
        self.expect(K::Atomic)?;
        let mut statements = Vec::new();
        loop {
            while self.accept_kind(TokenKind::Semicolon) {}
            if self.accept(K::End) {
                return Ok(Some(Box::new(SqlBody::Atomic(statements))));
            }
            let start = self.location();
            let statement = if self.accept(K::Return) {
                RoutineStatement::Return(self.expr()?)
            } else {
                let statement = self.statement(false)?;
                let len = self.previous_end() - start;
                RoutineStatement::Statement(RawStatement { statement, start, len })
            };
            self.expect_kind(TokenKind::Semicolon)?;
            statements.push(statement);
        }
    }

    /// `DO [LANGUAGE l] 'text'`
    pub(super) fn do_block(&mut self) -> Result<Statement> {
        self.expect(K::Do)?;
        let mut options = Vec::new();
        loop {
            let location = self.location();
            if self.is_kind(TokenKind::String) {
                options.push(item("as", Some(DefinitionValue::String(self.string()?)), location));
            } else if self.accept(K::Language) {
                options.push(item("language", Some(DefinitionValue::String(self.word_or_string()?)), location));
            } else if options.is_empty() {
                return Err(self.syntax_error());
            } else {
                return Ok(Statement::Do(Do { options }));
            }
        }
    }

    // References.

    /// `name [(parameters)]`
    pub(super) fn function_signature(&mut self) -> Result<FunctionSignature> {
        let token = self.token();
        let location = token.start;
        let column = Self::is_column_name(token);
        if !column && !Self::is_type_or_function_name(token) {
            return Err(self.syntax_error());
        }
        self.advance();
        let first = self.identifier_text(token);
        let name =
            if column { self.indirected_name(first, location)? } else { ObjectName::unqualified(first, location) };
        let callable = !name.qualifiers.is_empty() || Self::is_type_or_function_name(token);
        let mut parameters = None;
        if self.is_kind(TokenKind::LeftParen) && callable {
            parameters = Some(self.parameters(false)?);
        }
        Ok(FunctionSignature { name, parameters })
    }

    /// `name (arguments)` of an aggregate.
    pub(super) fn aggregate_signature(&mut self) -> Result<FunctionSignature> {
        let name = self.function_name()?;
        let parameters = self.aggregate_parameters()?.parameters;
        Ok(FunctionSignature { name, parameters: Some(parameters) })
    }

    /// `(*)`, `(parameters)` or `(parameters ORDER BY parameters)`
    fn aggregate_parameters(&mut self) -> Result<AggregateParameters> {
        self.expect_kind(TokenKind::LeftParen)?;
        let mut parameters = Vec::new();
        let mut direct = None;
        if !self.accept_kind(TokenKind::Star) {
            if !self.is(K::Order) {
                parameters = self.comma_list(Self::aggregate_parameter)?;
            }
            if self.accept(K::Order) {
                self.expect(K::By)?;
                direct = Some(parameters.len() as u32);
                let ordered = self.comma_list(Self::aggregate_parameter)?;
                let variadic = parameters.last().filter(|last| last.mode == ParameterMode::Variadic);
                match (variadic, &ordered[..]) {
                    // The same parameter in both places is written twice, and counts once.
                    (Some(last), [only]) if only.mode == ParameterMode::Variadic && same_type(last, only) => {}
                    (Some(_), [first, ..]) => {
                        let message = "an ordered-set aggregate with a VARIADIC direct argument must have one VARIADIC \
                                       aggregated argument of the same data type";
                        return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, first.location));
                    }
                    _ => parameters.extend(ordered),
                }
            }
        }
        self.expect_kind(TokenKind::RightParen)?;
        Ok(AggregateParameters { parameters, direct })
    }

    fn aggregate_parameter(&mut self) -> Result<FunctionParameter> {
        let parameter = self.parameter()?;
        if matches!(parameter.mode, ParameterMode::Out | ParameterMode::InOut) {
            let message = "aggregates cannot have output arguments";
            return Err(self.error(SqlState::FEATURE_NOT_SUPPORTED, message, parameter.location));
        }
        Ok(parameter)
    }

    /// `AGGREGATE …`, behind CREATE [OR REPLACE].
    pub(super) fn create_aggregate(&mut self, or_replace: bool) -> Result<Statement> {
        self.expect(K::Aggregate)?;
        let name = self.function_name()?;
        let mut define = Define {
            kind: ObjectKind::Aggregate,
            name,
            or_replace,
            if_not_exists: false,
            parameters: None,
            from: None,
            options: Vec::new(),
        };
        // The old syntax has only the options.
        let first = self.token_at(1);
        let identifier =
            first.kind == TokenKind::QuotedIdentifier || first.kind == TokenKind::Identifier && first.keyword.is_none();
        if self.is_kind(TokenKind::LeftParen) && identifier && self.kind_at(2) == TokenKind::Equals {
            define.options = self.parenthesized_list(|p| {
                let token = p.token();
                if token.keyword.is_some() {
                    return Err(p.syntax_error());
                }
                let name = p.name()?;
                p.expect_kind(TokenKind::Equals)?;
                Ok(item(name, Some(p.definition_value()?), token.start))
            })?;
        } else {
            define.parameters = Some(self.aggregate_parameters()?);
            define.options = self.definition()?;
        }
        Ok(Statement::Define(Box::new(define)))
    }

    /// `operator (left, right)`
    pub(super) fn operator_signature(&mut self) -> Result<OperatorSignature> {
        let operator = self.any_operator()?;
        let (left, right) = self.operand_types()?;
        Ok(OperatorSignature { operator, left, right })
    }

    /// `(left, right)`, where either may be NONE.
    pub(super) fn operand_types(&mut self) -> Result<(Option<Box<TypeName>>, Option<Box<TypeName>>)> {
        self.expect_kind(TokenKind::LeftParen)?;
        let left = if self.accept(K::None) { None } else { Some(Box::new(self.type_name()?)) };
        let at = self.location();
        if left.is_some() && self.accept_kind(TokenKind::RightParen) {
            return Err(self
                .error(SqlState::SYNTAX_ERROR, "missing argument", at)
                .hint("Use NONE to denote the missing argument of a unary operator."));
        }
        self.expect_kind(TokenKind::Comma)?;
        let right = if left.is_some() && self.accept(K::None) { None } else { Some(Box::new(self.type_name()?)) };
        self.expect_kind(TokenKind::RightParen)?;
        Ok((left, right))
    }
}

/// Whether two parameters have the same type, wherever they stand.
fn same_type(a: &FunctionParameter, b: &FunctionParameter) -> bool {
    a.type_name.name.parts().eq(b.type_name.name.parts())
        && a.type_name.setof == b.type_name.setof
        && a.type_name.percent_type == b.type_name.percent_type
        && a.type_name.array_bounds == b.type_name.array_bounds
        && a.type_name.modifiers.len() == b.type_name.modifiers.len()
}
