//! Arguments, declarations and types.

use analyzer::query::SqlType;
use analyzer::{Analyzer, Params};
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use parser::lexer::TokenKind;
use types::oid;

use super::Parser;
use crate::tree::*;

/// What a trigger's function is told besides the rows, with the types.
const TRIGGER_FACTS: [(&str, Oid); 10] = [
    ("tg_name", oid::NAME),
    ("tg_when", oid::TEXT),
    ("tg_level", oid::TEXT),
    ("tg_op", oid::TEXT),
    ("tg_relid", oid::OID),
    ("tg_relname", oid::NAME),
    ("tg_table_name", oid::NAME),
    ("tg_table_schema", oid::NAME),
    ("tg_nargs", oid::INT4),
    ("tg_argv", oid::TEXT_ARRAY),
];

impl Parser<'_> {
    /// The whole text.
    pub(super) fn routine(&mut self) -> Result<Routine> {
        let header = self.header;
        // The outermost block is the routine itself; its name qualifies the arguments.
        self.push_name(&header.name, Named::Block);
        let mut arguments = Vec::new();
        let mut outputs = Vec::new();
        for (at, (name, ty, mode)) in header.arguments.iter().enumerate() {
            let kind = self.kind_of_type(*ty)?;
            let shown = if name.is_empty() { format!("${}", at + 1) } else { name.clone() };
            let number = self.add(&shown, kind, 0);
            if matches!(mode, b'i' | b'b' | b'v') {
                arguments.push(number);
            }
            if matches!(mode, b'o' | b'b' | b't') {
                outputs.push(number);
            }
            if *mode != b't' {
                self.push_name(&format!("${}", at + 1), Named::Variable(number));
            }
            if !name.is_empty() {
                if self.find(&[name]).is_some() {
                    let text = format!("parameter name \"{name}\" used more than once");
                    return Err(Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text));
                }
                self.push_name(name, Named::Variable(number));
            }
        }
        let trigger = self.trigger_variables(header.result)?;
        let found = self.declare("found", VariableKind::Scalar(SqlType::plain(oid::BOOL)), 0);
        self.options_of_text()?;
        let body = self.outer_block()?;
        self.accept_kind(TokenKind::Semicolon);
        if !self.is_kind(TokenKind::End) {
            return Err(self.syntax_error());
        }
        Ok(Routine {
            signature: header.signature.as_str().into(),
            variables: std::mem::take(&mut self.variables),
            names: std::mem::take(&mut self.names),
            body,
            arguments,
            outputs,
            found,
            trigger,
            precedence: self.precedence,
            print_strict_params: self.print_strict_params,
            warnings: std::mem::take(&mut self.warnings),
            result: header.result,
            result_type: header.result_type,
            set: header.set,
        })
    }

    fn trigger_variables(&mut self, result: ResultKind) -> Result<Option<TriggerVariables>> {
        let scalar = |this: &Self, oid: Oid| -> Result<VariableKind> {
            let collation = this.catalog.type_(oid)?.typcollation;
            Ok(VariableKind::Scalar(SqlType { oid, typmod: -1, collation }))
        };
        match result {
            ResultKind::Trigger => {
                let rows = ["new", "old"].map(|name| self.declare(name, VariableKind::Record(oid::RECORD), 0));
                let mut facts = Vec::new();
                for (name, type_oid) in TRIGGER_FACTS {
                    let kind = scalar(self, type_oid)?;
                    facts.push((name, self.declare(name, kind, 0)));
                }
                Ok(Some(TriggerVariables { rows, facts }))
            }
            ResultKind::EventTrigger => {
                let mut facts = Vec::new();
                for name in ["tg_event", "tg_tag"] {
                    let kind = scalar(self, oid::TEXT)?;
                    facts.push((name, self.declare(name, kind, 0)));
                }
                Ok(Some(TriggerVariables { rows: [0, 0], facts }))
            }
            _ => Ok(None),
        }
    }

    /// What a variable of a type holds.
    pub(super) fn kind_of_type(&self, ty: SqlType) -> Result<VariableKind> {
        let row = self.catalog.type_(self.catalog.base_type(ty.oid, ty.typmod)?.0)?;
        match row.typtype {
            b'c' => Ok(VariableKind::Record(ty.oid)),
            b'p' if ty.oid == oid::RECORD => Ok(VariableKind::Record(oid::RECORD)),
            b'p' => {
                let name = self.catalog.format_type(ty.oid, -1)?;
                let text = format!("variable \"{}\" has pseudo-type {name}", "?");
                Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text))
            }
            _ => Ok(VariableKind::Scalar(ty)),
        }
    }

    /// DECLARE's items, up to BEGIN.
    pub(super) fn declarations(&mut self) -> Result<Vec<Number>> {
        let mut declared = Vec::new();
        let block = self.last;
        while !self.is("begin") {
            if self.accept("declare") {
                continue;
            }
            if self.is_operator("<<") {
                return Err(self.syntax("block label must be placed before DECLARE, not after"));
            }
            let line = self.line();
            let at = self.token();
            let name = self.name()?;
            if self.is_declared_since(block, &name) {
                return Err(self.error_at(
                    SqlState::SYNTAX_ERROR,
                    format!("syntax error at or near \"{}\"", self.source(at)),
                    at.start,
                ));
            }
            self.check_shadowed(&name, at.start)?;
            if self.accept("alias") {
                self.expect("for")?;
                let Some((number, parts, used, ahead)) = self.peek_variable() else {
                    let token = self.token();
                    let text = format!("variable \"{}\" does not exist", self.source(token));
                    return Err(self.error(SqlState::UNDEFINED_OBJECT, text));
                };
                if used < parts.len() {
                    return Err(self.syntax_error());
                }
                self.at += ahead;
                self.expect_kind(TokenKind::Semicolon)?;
                self.push_name(&name, Named::Variable(number));
                continue;
            }
            let scroll = match () {
                () if self.is("no") && self.is_word_at(1, "scroll") => {
                    self.at += 2;
                    Some(false)
                }
                () if self.is("scroll") => {
                    self.at += 1;
                    Some(true)
                }
                () => None,
            };
            if self.accept("cursor") {
                declared.push(self.cursor(&name, scroll, line)?);
                continue;
            }
            if scroll.is_some() {
                return Err(self.syntax_error());
            }
            let constant = self.accept("constant");
            let ty = self.data_type()?;
            let mut kind = self.kind_of_named_type(&name, ty)?;
            if self.accept("collate") {
                let collation = self.collation()?;
                match &mut kind {
                    VariableKind::Scalar(ty) if ty.collation.is_valid() => ty.collation = collation,
                    _ => {
                        let name = self.catalog.format_type(ty.oid, -1)?;
                        let text = format!("collations are not supported by type {name}");
                        return Err(self.error(SqlState::DATATYPE_MISMATCH, text));
                    }
                }
            }
            let not_null = self.accept("not");
            if not_null {
                self.expect("null")?;
            }
            let has_default = self.accept_kind(TokenKind::ColonEquals)
                || self.accept_kind(TokenKind::Equals)
                || self.accept("default");
            let default = match has_default {
                true => Some(self.expression_until(&[TokenKind::Semicolon])?),
                false => None,
            };
            if not_null && default.is_none() {
                let text = format!("variable \"{name}\" must have a default value, since it's declared NOT NULL");
                return Err(self.error_at(SqlState::NULL_VALUE_NOT_ALLOWED, text, at.start));
            }
            self.expect_kind(TokenKind::Semicolon)?;
            let number = self.declare(&name, kind, line);
            let variable = &mut self.variables[number];
            (variable.constant, variable.not_null, variable.default) = (constant, not_null, default);
            declared.push(number);
        }
        Ok(declared)
    }

    /// The check `shadowed_variables`: `plpgsql.extra_warnings`, `plpgsql.extra_errors`.
    fn check_shadowed(&mut self, name: &str, start: u32) -> Result<()> {
        let Some(severity) = self.header.shadowed.filter(|_| self.find(&[name]).is_some()) else { return Ok(()) };
        let text = format!("variable \"{name}\" shadows a previously defined variable");
        let error = self.error_at(SqlState::DUPLICATE_ALIAS, text, start).severity(severity);
        if severity >= Severity::Error {
            return Err(error);
        }
        self.warnings.push(error);
        Ok(())
    }

    fn is_declared_since(&self, block: Option<usize>, name: &str) -> bool {
        let mut at = self.last;
        while at != block {
            let Some(known) = at.map(|at| &self.names[at]) else { return false };
            if known.name == name {
                return true;
            }
            at = known.before;
        }
        false
    }

    fn kind_of_named_type(&self, name: &str, ty: SqlType) -> Result<VariableKind> {
        self.kind_of_type(ty).map_err(|mut error| {
            let text = error.message().replace("\"?\"", &format!("\"{name}\""));
            error.fields_mut().message = text;
            error
        })
    }

    fn collation(&mut self) -> Result<Oid> {
        let mut parts = vec![self.name()?];
        while self.accept_kind(TokenKind::Dot) {
            parts.push(self.name()?);
        }
        let name = parts.pop().unwrap_or_default();
        let found = self.catalog.collation_by_name(parts.last().map(String::as_str), &name)?;
        found.ok_or_else(|| {
            let text = format!("collation \"{name}\" for encoding \"UTF8\" does not exist");
            Error::new(SqlState::UNDEFINED_OBJECT, text)
        })
    }

    /// `[(arguments)] FOR|IS query;`
    fn cursor(&mut self, name: &str, scroll: Option<bool>, line: u32) -> Result<Number> {
        let before = self.last;
        self.push_name("", Named::Block);
        let mut arguments = Vec::new();
        if self.accept_kind(TokenKind::LeftParen) {
            loop {
                let (line, start) = (self.line(), self.token().start);
                let name = self.name()?;
                self.check_shadowed(&name, start)?;
                let ty = self.data_type()?;
                let kind = self.kind_of_named_type(&name, ty)?;
                arguments.push(self.declare(&name, kind, line));
                if !self.accept_kind(TokenKind::Comma) {
                    break;
                }
            }
            self.expect_kind(TokenKind::RightParen)?;
        }
        if !self.accept("is") {
            self.expect("for")?;
        }
        let start = self.token().start;
        let end = self.skip_until(&|p| p.is_kind(TokenKind::Semicolon), ";", false)?;
        let query = self.fragment(start, end, Mode::Statement)?;
        self.at += 1;
        self.last = before;
        let bound = BoundCursor { arguments, query, scroll };
        Ok(self.declare(name, VariableKind::Cursor(Box::new(bound)), line))
    }

    /// A type: up to what may follow one in a declaration.
    pub(super) fn data_type(&mut self) -> Result<SqlType> {
        // `variable%TYPE`, `relation%ROWTYPE`, and arrays of them.
        if let Some(ty) = self.referring_type()? {
            return Ok(ty);
        }
        let start = self.token();
        let mut depth = 0usize;
        let first = self.at;
        loop {
            match self.kind() {
                TokenKind::End | TokenKind::Invalid => {
                    return Err(match depth {
                        0 => self.syntax("incomplete data type declaration"),
                        _ => self.syntax("mismatched parentheses"),
                    });
                }
                TokenKind::LeftParen | TokenKind::LeftBracket => depth += 1,
                TokenKind::RightParen | TokenKind::RightBracket if depth > 0 => depth -= 1,
                TokenKind::RightParen
                | TokenKind::Semicolon
                | TokenKind::Comma
                | TokenKind::ColonEquals
                | TokenKind::Equals
                    if depth == 0 =>
                {
                    break;
                }
                _ if depth == 0 && ["collate", "not", "default"].iter().any(|word| self.is(word)) => break,
                _ => (),
            }
            self.at += 1;
        }
        if self.at == first {
            return Err(self.syntax("missing data type declaration"));
        }
        let end = self.tokens.tokens[self.at - 1].end;
        let text = &self.text[start.start as usize..end as usize];
        let place = |mut error: Error| {
            error.fields_mut().position = None;
            error.position(parser::lexer::char_position(self.text, start.start))
        };
        let name = parser::parse_type_name(text).map_err(place)?;
        let mut ty = Analyzer::new(self.catalog, self.env, text, Params::default()).type_name(&name).map_err(place)?;
        if ty.collation.is_valid() && self.header.collation.is_valid() {
            ty.collation = self.header.collation;
        }
        Ok(ty)
    }

    fn referring_type(&mut self) -> Result<Option<SqlType>> {
        let mut parts = Vec::new();
        let mut ahead = 0;
        loop {
            let Some(part) = self.identifier_of(self.token_at(ahead)) else { return Ok(None) };
            parts.push(part);
            ahead += 1;
            if self.token_at(ahead).kind != TokenKind::Dot {
                break;
            }
            ahead += 1;
        }
        if self.token_at(ahead).kind != TokenKind::Percent {
            return Ok(None);
        }
        let row = self.is_word_at(ahead + 1, "rowtype");
        if !row && !self.is_word_at(ahead + 1, "type") {
            return Ok(None);
        }
        let start = self.token().start;
        let words: Vec<&str> = parts.iter().map(String::as_str).collect();
        let ty = if row { self.row_type(&words) } else { self.type_like(&words) };
        let mut ty = ty.map_err(|error| match error.fields().position {
            Some(_) => error,
            None => error.position(parser::lexer::char_position(self.text, start)),
        })?;
        self.at += ahead + 2;
        let mut array = self.accept("array");
        while self.accept_kind(TokenKind::LeftBracket) {
            array = true;
            self.accept_kind(TokenKind::Integer);
            self.expect_kind(TokenKind::RightBracket)?;
        }
        if array && !analyzer::types::element_type(self.catalog, ty.oid)?.is_valid() {
            let Some(found) = self.catalog.array_type(ty.oid)? else {
                let name = self.catalog.format_type(ty.oid, -1)?;
                let text = format!("could not find array type for data type {name}");
                return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
            };
            ty.oid = found;
        }
        Ok(Some(ty))
    }

    fn row_type(&self, parts: &[&str]) -> Result<SqlType> {
        let (schema, name) = match parts {
            [name] => (None, *name),
            [schema, name] | [_, schema, name] => (Some(*schema), *name),
            _ => return Err(self.syntax_error()),
        };
        let Some(relation) = self.catalog.relation_by_name(schema, name)? else {
            let text = format!("relation \"{}\" does not exist", parts.join("."));
            return Err(Error::new(SqlState::UNDEFINED_TABLE, text));
        };
        let row_type = self.catalog.relation(relation)?.class.reltype;
        if !row_type.is_valid() {
            let text = format!("relation \"{name}\" does not have a composite type");
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
        }
        Ok(SqlType::plain(row_type))
    }

    fn type_like(&self, parts: &[&str]) -> Result<SqlType> {
        if let Some((number, used)) = self.find(parts) {
            let variable = &self.variables[number];
            if used == parts.len() {
                return match &variable.kind {
                    VariableKind::Scalar(ty) => Ok(*ty),
                    VariableKind::Cursor(_) => Ok(SqlType::plain(oid::REFCURSOR)),
                    VariableKind::Record(row_type) => Ok(SqlType::plain(*row_type)),
                };
            }
        }
        let (schema, table, column) = match parts {
            [table, column] => (None, *table, *column),
            [schema, table, column] | [_, schema, table, column] => (Some(*schema), *table, *column),
            [only] => {
                let text = format!("variable \"{only}\" does not exist");
                return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
            }
            _ => return Err(self.syntax_error()),
        };
        let Some(relation) = self.catalog.relation_by_name(schema, table)? else {
            let text = format!("relation \"{}\" does not exist", parts[..parts.len() - 1].join("."));
            return Err(Error::new(SqlState::UNDEFINED_TABLE, text));
        };
        let relation = self.catalog.relation(relation)?;
        let Some(found) = relation.column_by_name(column) else {
            let text = format!("column \"{column}\" of relation \"{table}\" does not exist");
            return Err(Error::new(SqlState::UNDEFINED_COLUMN, text));
        };
        Ok(SqlType { oid: found.atttypid, typmod: found.atttypmod, collation: found.attcollation })
    }
}
