//! Blocks and statements.

use analyzer::query::SqlType;
use error::{Error, Result, Severity, SqlState};
use parser::ast::FetchDirection;
use parser::lexer::TokenKind;
use types::oid;

use super::{DEPTH_MAX, Parser};
use crate::tree::*;

impl Parser<'_> {
    /// The routine's own block.
    pub(super) fn outer_block(&mut self) -> Result<Block> {
        let label = self.label()?;
        self.block(label)
    }

    /// `<<label>>`, if there is one.
    fn label(&mut self) -> Result<String> {
        if !self.accept_operator("<<") {
            return Ok(String::new());
        }
        let label = self.name()?;
        if !self.accept_operator(">>") {
            return Err(self.syntax_error());
        }
        Ok(label)
    }

    fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH_MAX {
            return Err(Error::new(SqlState::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded"));
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    /// `[DECLARE …] BEGIN … END [label]`
    fn block(&mut self, label: String) -> Result<Block> {
        let outside = self.last;
        self.push_name(&label, Named::Block);
        let declared = match self.accept("declare") {
            true => self.declarations()?,
            false => Vec::new(),
        };
        let line = self.line();
        self.expect("begin")?;
        let body = self.deeper(|this| this.statements(&["exception", "end"]))?;
        let handlers = match self.accept("exception") {
            true => Some(self.deeper(Self::handlers)?),
            false => None,
        };
        self.expect("end")?;
        self.end_label(&label)?;
        self.last = outside;
        Ok(Block { line, label, declared, body, handlers })
    }

    /// The label behind END must be the one in front.
    fn end_label(&mut self, label: &str) -> Result<()> {
        let token = self.token();
        if matches!(self.kind(), TokenKind::Semicolon | TokenKind::End) {
            return Ok(());
        }
        let Some(end) = self.identifier_of(token) else { return Err(self.syntax_error()) };
        if label.is_empty() {
            let text = format!("end label \"{end}\" specified for unlabeled block");
            return Err(self.error(SqlState::SYNTAX_ERROR, text));
        }
        if end != label {
            let text = format!("end label \"{end}\" differs from block's label \"{label}\"");
            return Err(self.error(SqlState::SYNTAX_ERROR, text));
        }
        self.at += 1;
        Ok(())
    }

    fn handlers(&mut self) -> Result<Handlers> {
        let line = self.line();
        let text = SqlType { oid: oid::TEXT, typmod: -1, collation: self.catalog.type_(oid::TEXT)?.typcollation };
        let state = self.declare("sqlstate", VariableKind::Scalar(text), line);
        let message = self.declare("sqlerrm", VariableKind::Scalar(text), line);
        self.variables[state].constant = true;
        self.variables[message].constant = true;
        let mut list = Vec::new();
        while self.accept("when") {
            let mut conditions = Vec::new();
            loop {
                let at = self.token().start;
                let name = self.name()?;
                if name == "sqlstate" {
                    let token = self.token();
                    if token.kind != TokenKind::String {
                        return Err(self.syntax_error());
                    }
                    let Some(state) = SqlState::from_code(&self.content(token)) else {
                        return Err(self.error(SqlState::SYNTAX_ERROR, "invalid SQLSTATE code"));
                    };
                    self.at += 1;
                    conditions.push(Condition::State(state));
                } else if name == "others" {
                    conditions.push(Condition::Others);
                } else {
                    let found = states_named(&name);
                    if found.is_empty() {
                        let text = format!("unrecognized exception condition \"{name}\"");
                        return Err(self.error_at(SqlState::UNDEFINED_OBJECT, text, at));
                    }
                    conditions.extend(found.into_iter().map(Condition::State));
                }
                if !self.accept("or") {
                    break;
                }
            }
            self.expect("then")?;
            list.push((conditions, self.statements(&["when", "end"])?));
        }
        if list.is_empty() {
            return Err(self.syntax_error());
        }
        Ok(Handlers { state, message, list })
    }

    /// Statements up to one of these words, which stays.
    fn statements(&mut self, ends: &[&str]) -> Result<Vec<Statement>> {
        let mut list = Vec::new();
        loop {
            if ends.iter().any(|word| self.is(word)) {
                return Ok(list);
            }
            if matches!(self.kind(), TokenKind::End | TokenKind::Invalid) {
                return Err(self.syntax_error());
            }
            let line = self.line();
            if let Some(kind) = self.statement()? {
                list.push(Statement { line, kind });
            }
        }
    }

    fn semicolon(&mut self) -> Result<()> {
        self.expect_kind(TokenKind::Semicolon)
    }

    fn statement(&mut self) -> Result<Option<Kind>> {
        let label = self.label()?;
        if !label.is_empty() {
            let kind = match () {
                () if self.is("declare") || self.is("begin") => Kind::Block(Box::new(self.block(label)?)),
                () => self.loop_statement(label)?.ok_or_else(|| self.syntax_error())?,
            };
            self.semicolon()?;
            return Ok(Some(kind));
        }
        if let Some(assignment) = self.assignment()? {
            return Ok(Some(assignment));
        }
        let token = self.token();
        let word = match token.kind {
            TokenKind::Identifier => self.source(token).to_ascii_lowercase(),
            TokenKind::LeftParen => String::new(),
            _ => return Err(self.syntax_error()),
        };
        // Words of the language that may be SQL's, too.
        let kind = match word.as_str() {
            "declare" | "begin" => Kind::Block(Box::new(self.block(String::new())?)),
            "if" => self.if_statement()?,
            "case" => self.case_statement()?,
            "loop" | "while" | "for" | "foreach" => {
                self.loop_statement(String::new())?.ok_or_else(|| self.syntax_error())?
            }
            "exit" | "continue" => return self.exit_statement(word == "exit").map(Some),
            "return" => return self.return_statement().map(Some),
            "raise" => return self.raise_statement().map(Some),
            "assert" => {
                self.at += 1;
                let condition = self.expression_until(&[TokenKind::Comma, TokenKind::Semicolon])?;
                let message = match self.accept_kind(TokenKind::Comma) {
                    true => Some(self.expression_until(&[TokenKind::Semicolon])?),
                    false => None,
                };
                Kind::Assert { condition, message }
            }
            "execute" => self.execute_statement()?,
            "perform" => {
                let start = self.token().start;
                self.at += 1;
                let from = self.token().start;
                let end = self.skip_until(&|p| p.is_kind(TokenKind::Semicolon), ";", true)?;
                let text = format!("SELECT {}", &self.text[from as usize..end as usize]);
                Kind::Perform(self.fragment_of(&text, start, Mode::Statement)?)
            }
            "get" => self.diagnostics_statement()?,
            "open" => self.open_statement()?,
            "fetch" | "move" => self.fetch_statement(word == "move")?,
            "close" => {
                self.at += 1;
                Kind::Close { cursor: self.cursor_variable()? }
            }
            "null" => {
                self.at += 1;
                Kind::Null
            }
            "commit" | "rollback" => {
                self.at += 1;
                let mut chain = false;
                if self.accept("and") {
                    chain = !self.accept("no");
                    self.expect("chain")?;
                }
                Kind::EndTransaction { commit: word == "commit", chain }
            }
            "call" | "do" => {
                let start = self.token().start;
                let end = self.skip_until(&|p| p.is_kind(TokenKind::Semicolon), ";", false)?;
                Kind::Call { statement: self.fragment(start, end, Mode::Statement)? }
            }
            _ => {
                self.refuse_unknown_variable()?;
                self.sql_statement()?
            }
        };
        self.semicolon()?;
        Ok(Some(kind))
    }

    /// `variable := expression;`, if that is what comes.
    fn assignment(&mut self) -> Result<Option<Kind>> {
        let Some((number, parts, used, ahead)) = self.peek_variable() else { return Ok(None) };
        let next = self.token_at(ahead).kind;
        if !matches!(next, TokenKind::ColonEquals | TokenKind::Equals | TokenKind::LeftBracket | TokenKind::Dot) {
            return Ok(None);
        }
        // `found = …` may begin nothing else, but `x.y (` might: brackets and dots must lead to an assignment.
        let start = self.token().start;
        self.check_assignable(number)?;
        self.at += ahead;
        let deep = matches!(next, TokenKind::LeftBracket | TokenKind::Dot);
        // A row's field is a place of its own; what follows it is a part of the field's value.
        let is_record = matches!(self.variables[number].kind, VariableKind::Record(_));
        let field = (is_record && parts.len() > used).then(|| parts[used].clone());
        let own = used + field.is_some() as usize;
        let path = deep || parts.len() > own;
        let end = self.skip_until(&|p| p.is_kind(TokenKind::Semicolon), ";", true)?;
        let value = self.fragment(start, end, Mode::Assignment(own as u8))?;
        self.semicolon()?;
        Ok(Some(Kind::Assign { target: number, value, path, field }))
    }

    /// `name := …` of a name that is no variable's.
    fn refuse_unknown_variable(&self) -> Result<()> {
        let mut parts = Vec::new();
        let mut ahead = 0;
        while let Some(part) = self.identifier_of(self.token_at(ahead)) {
            parts.push(part);
            ahead += 1;
            if self.token_at(ahead).kind != TokenKind::Dot {
                break;
            }
            ahead += 1;
        }
        let next = self.token_at(ahead).kind;
        if matches!(next, TokenKind::ColonEquals | TokenKind::Equals | TokenKind::LeftBracket) {
            let text = format!("\"{}\" is not a known variable", parts.join("."));
            return Err(self.error(SqlState::SYNTAX_ERROR, text));
        }
        Ok(())
    }

    fn check_assignable(&self, number: Number) -> Result<()> {
        let variable = &self.variables[number];
        if variable.constant {
            let text = format!("variable \"{}\" is declared CONSTANT", variable.name);
            return Err(self.error(SqlState::ERROR_IN_ASSIGNMENT, text));
        }
        Ok(())
    }

    fn if_statement(&mut self) -> Result<Kind> {
        self.at += 1;
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        let ends = ["elsif", "elseif", "else", "end"];
        loop {
            let condition = self.expression_until_word("then")?;
            let body = self.deeper(|this| this.statements(&ends))?;
            branches.push(Branch { condition, body });
            if self.accept("elsif") || self.accept("elseif") {
                continue;
            }
            if self.accept("else") {
                otherwise = self.deeper(|this| this.statements(&["end"]))?;
            }
            break;
        }
        self.expect("end")?;
        self.expect("if")?;
        Ok(Kind::If { branches, otherwise })
    }

    fn case_statement(&mut self) -> Result<Kind> {
        let line = self.line();
        self.at += 1;
        let outside = self.last;
        let subject = match self.is("when") {
            true => None,
            false => {
                let start = self.token().start;
                let end = self.skip_until(&|p| p.is("when"), "WHEN", true)?;
                let fragment = self.fragment(start, end, Mode::Expression)?;
                // The type is known when the value is.
                let name = format!("__Case__Variable_{}__", self.variables.len());
                let number = self.declare(&name, VariableKind::Scalar(SqlType::plain(oid::UNKNOWN)), line);
                Some((fragment, number, name))
            }
        };
        let mut branches = Vec::new();
        while self.accept("when") {
            let condition = match &subject {
                None => self.expression_until_word("then")?,
                Some((_, _, name)) => {
                    let start = self.token().start;
                    let end = self.skip_until(&|p| p.is("then"), "THEN", true)?;
                    let text = format!("\"{name}\" IN ({})", &self.text[start as usize..end as usize]);
                    let fragment = self.fragment_of(&text, start, Mode::Expression)?;
                    self.at += 1;
                    fragment
                }
            };
            let body = self.deeper(|this| this.statements(&["when", "else", "end"]))?;
            branches.push(Branch { condition, body });
        }
        if branches.is_empty() {
            return Err(self.syntax_error());
        }
        let otherwise = match self.accept("else") {
            true => Some(self.deeper(|this| this.statements(&["end"]))?),
            false => None,
        };
        self.expect("end")?;
        self.expect("case")?;
        self.last = outside;
        Ok(Kind::Case { subject: subject.map(|(fragment, number, _)| (fragment, number)), branches, otherwise })
    }

    /// LOOP, WHILE, FOR, FOREACH.
    fn loop_statement(&mut self, label: String) -> Result<Option<Kind>> {
        let outside = self.last;
        self.push_name(&label, Named::Loop);
        let kind = match () {
            () if self.accept("loop") => {
                let body = self.loop_body(&label)?;
                Kind::Loop { label, body }
            }
            () if self.accept("while") => {
                let condition = self.expression_until_word("loop")?;
                let body = self.loop_body(&label)?;
                Kind::While { label, condition, body }
            }
            () if self.accept("for") => self.for_statement(label)?,
            () if self.accept("foreach") => self.foreach_statement(label)?,
            () => {
                self.last = outside;
                return Ok(None);
            }
        };
        self.last = outside;
        Ok(Some(kind))
    }

    fn loop_body(&mut self, label: &str) -> Result<Vec<Statement>> {
        let body = self.deeper(|this| this.statements(&["end"]))?;
        self.expect("end")?;
        self.expect("loop")?;
        self.end_label(label)?;
        Ok(body)
    }

    fn for_statement(&mut self, label: String) -> Result<Kind> {
        let line = self.line();
        let at = self.token();
        // What the loop assigns to is known once IN's other side is.
        let mark = self.at;
        let mut names = Vec::new();
        loop {
            let mut parts = vec![self.name()?];
            while self.accept_kind(TokenKind::Dot) {
                parts.push(self.name()?);
            }
            names.push(parts);
            if !self.accept_kind(TokenKind::Comma) {
                break;
            }
        }
        self.expect("in")?;
        if self.is("execute") {
            self.at += 1;
            let target = self.loop_target(mark, &names)?;
            let query = self.expression_before(&["loop", "using"], &[])?;
            let mut using = Vec::new();
            if self.accept("using") {
                loop {
                    using.push(self.expression_before(&["loop"], &[TokenKind::Comma])?);
                    if !self.accept_kind(TokenKind::Comma) {
                        break;
                    }
                }
            }
            self.expect("loop")?;
            let body = self.loop_body(&label)?;
            return Ok(Kind::ForExecute { label, target, query, using, body });
        }
        if let Some((cursor, parts, used, ahead)) = self.peek_variable()
            && used == parts.len()
            && self.is_cursor(cursor)
            && (self.is_word_at(ahead, "loop") || self.token_at(ahead).kind == TokenKind::LeftParen)
        {
            self.at += ahead;
            if !matches!(self.variables[cursor].kind, VariableKind::Cursor(_)) {
                let text = "cursor FOR loop must use a bound cursor variable";
                return Err(self.error(SqlState::SYNTAX_ERROR, text));
            }
            let arguments = self.cursor_arguments(cursor)?;
            let [parts] = &names[..] else {
                return Err(self.error_at(
                    SqlState::SYNTAX_ERROR,
                    "cursor FOR loop must have only one target variable",
                    at.start,
                ));
            };
            self.expect("loop")?;
            // Its own row variable.
            let number = self.declare(&parts[0], VariableKind::Record(oid::RECORD), line);
            let body = self.loop_body(&label)?;
            return Ok(Kind::ForCursor { label, target: Target::Record(number), cursor, arguments, body });
        }
        let reverse = self.is("reverse");
        if reverse {
            self.at += 1;
        }
        let start = self.token().start;
        let end = self.skip_until(&|p| p.is("loop") || p.is_kind(TokenKind::DotDot), "LOOP", false)?;
        if self.is_kind(TokenKind::DotDot) {
            let from = self.fragment(start, end, Mode::Expression)?;
            self.at += 1;
            let to = self.expression_before(&["loop", "by"], &[])?;
            let step = match self.accept("by") {
                true => Some(self.expression_before(&["loop"], &[])?),
                false => None,
            };
            self.expect("loop")?;
            let [parts] = &names[..] else {
                return Err(self.error_at(
                    SqlState::SYNTAX_ERROR,
                    "integer FOR loop must have only one target variable",
                    at.start,
                ));
            };
            let variable = self.declare(&parts[0], VariableKind::Scalar(SqlType::plain(oid::INT4)), line);
            let body = self.loop_body(&label)?;
            return Ok(Kind::ForInteger { label, variable, from, to, step, reverse, body });
        }
        if reverse {
            return Err(self.error_at(SqlState::SYNTAX_ERROR, "cannot specify REVERSE in query FOR loop", at.start));
        }
        let query = self.fragment(start, end, Mode::Statement)?;
        let target = self.loop_target(mark, &names)?;
        self.expect("loop")?;
        let body = self.loop_body(&label)?;
        Ok(Kind::ForQuery { label, target, query, body })
    }

    fn loop_target(&mut self, mark: usize, names: &[Vec<String>]) -> Result<Target> {
        let places = names.iter().map(|parts| self.place_of(parts, mark)).collect::<Result<Vec<_>>>()?;
        let wrong = "loop variable of loop over rows must be a record variable or list of scalar variables";
        match &places[..] {
            [Some(Place::Variable(number))] => Ok(self.target_of(vec![Place::Variable(*number)])),
            _ => match places.into_iter().collect::<Option<Vec<_>>>() {
                Some(places) => Ok(Target::Several(places)),
                None => {
                    let offset = self.tokens.tokens[mark].start;
                    Err(self.error_at(SqlState::DATATYPE_MISMATCH, wrong, offset))
                }
            },
        }
    }

    fn foreach_statement(&mut self, label: String) -> Result<Kind> {
        let mark = self.at;
        let mut names = Vec::new();
        loop {
            let mut parts = vec![self.name()?];
            while self.accept_kind(TokenKind::Dot) {
                parts.push(self.name()?);
            }
            names.push(parts);
            if !self.accept_kind(TokenKind::Comma) {
                break;
            }
        }
        let mut slice = 0;
        if self.accept("slice") {
            let token = self.token();
            if token.kind != TokenKind::Integer {
                return Err(self.syntax_error());
            }
            slice = token.value as i32;
            self.at += 1;
        }
        self.expect("in")?;
        self.expect("array")?;
        let array = self.expression_until_word("loop")?;
        let target = match self.loop_target(mark, &names) {
            Ok(target) => target,
            Err(_) => {
                let offset = self.tokens.tokens[mark].start;
                let text = "loop variable of FOREACH must be a known variable or list of variables";
                return Err(self.error_at(SqlState::SYNTAX_ERROR, text, offset));
            }
        };
        let body = self.loop_body(&label)?;
        Ok(Kind::ForEach { label, target, slice, array, body })
    }

    fn exit_statement(&mut self, exit: bool) -> Result<Kind> {
        let at = self.token().start;
        self.at += 1;
        let mut label = String::new();
        if !self.is("when") && !self.is_kind(TokenKind::Semicolon) {
            let label_at = self.token().start;
            label = self.name()?;
            match self.has_label(&label) {
                None => {
                    let text =
                        format!("there is no label \"{label}\" attached to any block or loop enclosing this statement");
                    return Err(self.error_at(SqlState::SYNTAX_ERROR, text, label_at));
                }
                Some(Named::Block) if !exit => {
                    let text = format!("block label \"{label}\" cannot be used in CONTINUE");
                    return Err(self.error_at(SqlState::SYNTAX_ERROR, text, label_at));
                }
                _ => (),
            }
        } else if !self.is_in_loop() {
            let text = match exit {
                true => "EXIT cannot be used outside a loop, unless it has a label",
                false => "CONTINUE cannot be used outside a loop",
            };
            return Err(self.error_at(SqlState::SYNTAX_ERROR, text, at));
        }
        let condition = match self.accept("when") {
            true => Some(self.expression_until(&[TokenKind::Semicolon])?),
            false => None,
        };
        self.semicolon()?;
        Ok(Kind::Exit { exit, label, condition })
    }

    fn return_statement(&mut self) -> Result<Kind> {
        self.at += 1;
        let header = self.header;
        let wrong = |this: &Self, text: &str| Err(this.error(SqlState::DATATYPE_MISMATCH, text));
        if self.is("next") && !self.is_word_at(0, "nextval") {
            self.at += 1;
            if !header.set {
                return wrong(self, "cannot use RETURN NEXT in a non-SETOF function");
            }
            if header.arguments.iter().any(|(_, _, mode)| matches!(mode, b'o' | b'b' | b't')) {
                if !self.is_kind(TokenKind::Semicolon) {
                    return wrong(self, "RETURN NEXT cannot have a parameter in function with OUT parameters");
                }
                self.semicolon()?;
                return Ok(Kind::ReturnNext(None));
            }
            if let Some(number) = self.lone_row()? {
                return Ok(Kind::ReturnNextVariable(number));
            }
            let value = self.expression_until(&[TokenKind::Semicolon])?;
            self.semicolon()?;
            return Ok(Kind::ReturnNext(Some(value)));
        }
        if self.is("query") {
            self.at += 1;
            if !header.set {
                return wrong(self, "cannot use RETURN QUERY in a non-SETOF function");
            }
            if self.accept("execute") {
                let query = self.expression_before(&["using"], &[TokenKind::Semicolon])?;
                let using = self.using()?;
                self.semicolon()?;
                return Ok(Kind::ReturnExecute { query, using });
            }
            let start = self.token().start;
            let end = self.skip_until(&|p| p.is_kind(TokenKind::Semicolon), ";", false)?;
            let query = self.fragment(start, end, Mode::Statement)?;
            self.semicolon()?;
            return Ok(Kind::ReturnQuery(query));
        }
        let bare = self.is_kind(TokenKind::Semicolon);
        let has_outputs = header.arguments.iter().any(|(_, _, mode)| matches!(mode, b'o' | b'b' | b't'));
        let refusal = match () {
            () if header.set => Some("RETURN cannot have a parameter in function returning set"),
            () if header.procedure && header.result == ResultKind::Nothing => {
                Some("RETURN cannot have a parameter in a procedure")
            }
            () if has_outputs => Some("RETURN cannot have a parameter in function with OUT parameters"),
            () if header.result == ResultKind::Nothing => {
                Some("RETURN cannot have a parameter in function returning void")
            }
            () => None,
        };
        match refusal {
            Some(_) if bare => {
                self.semicolon()?;
                return Ok(Kind::Return(None));
            }
            Some(text) => {
                let error = self.error(SqlState::DATATYPE_MISMATCH, text);
                return Err(match header.set {
                    true => error.hint("Use RETURN NEXT or RETURN QUERY."),
                    false => error,
                });
            }
            None if bare && header.result == ResultKind::EventTrigger => {
                self.semicolon()?;
                return Ok(Kind::Return(None));
            }
            None if bare => return Err(self.near("missing expression")),
            None => (),
        }
        if let Some(number) = self.lone_row()? {
            return Ok(Kind::ReturnVariable(number));
        }
        let value = self.expression_until(&[TokenKind::Semicolon])?;
        self.semicolon()?;
        Ok(Kind::Return(Some(value)))
    }

    /// `row;`
    fn lone_row(&mut self) -> Result<Option<Number>> {
        if let Some((number, parts, used, ahead)) = self.peek_variable()
            && used == parts.len()
            && self.token_at(ahead).kind == TokenKind::Semicolon
            && matches!(self.variables[number].kind, VariableKind::Record(_))
        {
            self.at += ahead + 1;
            return Ok(Some(number));
        }
        Ok(None)
    }

    fn using(&mut self) -> Result<Vec<Fragment>> {
        let mut list = Vec::new();
        if self.accept("using") {
            loop {
                list.push(self.expression_before(&["into"], &[TokenKind::Comma, TokenKind::Semicolon])?);
                if !self.accept_kind(TokenKind::Comma) {
                    break;
                }
            }
        }
        Ok(list)
    }

    fn raise_statement(&mut self) -> Result<Kind> {
        self.at += 1;
        let mut raise = Raise {
            severity: Severity::Error,
            condition: None,
            format: None,
            parameters: Vec::new(),
            options: Vec::new(),
        };
        let levels = [
            ("exception", Severity::Error),
            ("warning", Severity::Warning),
            ("notice", Severity::Notice),
            ("info", Severity::Info),
            ("log", Severity::Log),
            ("debug", Severity::Debug1),
        ];
        for (word, severity) in levels {
            if self.accept(word) {
                raise.severity = severity;
                break;
            }
        }
        if self.is_kind(TokenKind::String) {
            raise.format = Some(self.content(self.token()));
            self.at += 1;
            while self.accept_kind(TokenKind::Comma) {
                let parameter = self.expression_before(&["using"], &[TokenKind::Comma, TokenKind::Semicolon])?;
                raise.parameters.push(parameter);
            }
        } else if !self.is_kind(TokenKind::Semicolon) && !self.is("using") {
            let at = self.token().start;
            let name = self.name()?;
            raise.condition = Some(if name == "sqlstate" && self.is_kind(TokenKind::String) {
                let code = self.content(self.token());
                let Some(state) = SqlState::from_code(&code) else {
                    return Err(self.error(SqlState::SYNTAX_ERROR, "invalid SQLSTATE code"));
                };
                self.at += 1;
                (code, state)
            } else {
                let Some(&state) = states_named(&name).first() else {
                    let text = format!("unrecognized exception condition \"{name}\"");
                    return Err(self.error_at(SqlState::UNDEFINED_OBJECT, text, at));
                };
                (name, state)
            });
        }
        if self.accept("using") {
            loop {
                let word = self.name()?;
                let Some((_, option)) = RaiseOption::WORDS.iter().find(|(known, _)| *known == word) else {
                    self.at -= 1;
                    return Err(self.near("unrecognized RAISE statement option"));
                };
                if !self.accept_kind(TokenKind::Equals) && !self.accept_kind(TokenKind::ColonEquals) {
                    return Err(self.near("syntax error, expected \"=\""));
                }
                let value = self.expression_until(&[TokenKind::Comma, TokenKind::Semicolon])?;
                raise.options.push((*option, value));
                if !self.accept_kind(TokenKind::Comma) {
                    break;
                }
            }
        }
        if let Some(format) = &raise.format {
            let wanted = format.replace("%%", "").matches('%').count();
            let text = match wanted.cmp(&raise.parameters.len()) {
                std::cmp::Ordering::Less => "too many parameters specified for RAISE",
                std::cmp::Ordering::Greater => "too few parameters specified for RAISE",
                std::cmp::Ordering::Equal => "",
            };
            if !text.is_empty() {
                return Err(Error::new(SqlState::SYNTAX_ERROR, text));
            }
        }
        self.semicolon()?;
        Ok(Kind::Raise(Box::new(raise)))
    }

    fn execute_statement(&mut self) -> Result<Kind> {
        self.at += 1;
        let query = self.expression_before(&["into", "using"], &[TokenKind::Semicolon])?;
        let (mut into, mut strict, mut using) = (None, false, Vec::new());
        loop {
            if self.is("into") {
                if into.is_some() {
                    return Err(self.syntax_error());
                }
                self.at += 1;
                (into, strict) = self.destination().map(|(target, strict)| (Some(target), strict))?;
            } else if self.is("using") {
                if !using.is_empty() {
                    return Err(self.syntax_error());
                }
                using = self.using()?;
            } else {
                return Ok(Kind::Execute { query, into, strict, using });
            }
        }
    }

    /// `[STRICT] target, …`, behind INTO.
    fn destination(&mut self) -> Result<(Target, bool)> {
        let strict = self.accept("strict");
        let mut places = Vec::new();
        loop {
            let mark = self.at;
            if self.is_kind(TokenKind::Parameter) {
                let name = self.source(self.token()).to_string();
                self.at += 1;
                match self.place_of(&[name], mark)? {
                    Some(place) => places.push(place),
                    None => return Err(self.syntax_error()),
                }
            } else {
                let mut parts = vec![self.name()?];
                while self.accept_kind(TokenKind::Dot) {
                    parts.push(self.name()?);
                }
                let Some(place) = self.place_of(&parts, mark)? else {
                    let text = format!("\"{}\" is not a known variable", parts.join("."));
                    let offset = self.tokens.tokens[mark].start;
                    return Err(self.error_at(SqlState::SYNTAX_ERROR, text, offset));
                };
                places.push(place);
            }
            if !self.accept_kind(TokenKind::Comma) {
                break;
            }
        }
        if places.len() > 1
            && let Some(Place::Variable(number)) =
                places.iter().find(|place| matches!(place, Place::Variable(n) if self.is_row(*n)))
        {
            let text = match places.first() == Some(&Place::Variable(*number)) {
                true => "record variable cannot be part of multiple-item INTO list".to_string(),
                false => format!("\"{}\" is not a scalar variable", self.variables[*number].name),
            };
            return Err(self.error(SqlState::SYNTAX_ERROR, text));
        }
        Ok((self.target_of(places), strict))
    }

    fn is_row(&self, number: Number) -> bool {
        matches!(self.variables[number].kind, VariableKind::Record(_))
    }

    fn target_of(&self, places: Vec<Place>) -> Target {
        match &places[..] {
            [Place::Variable(number)] if self.is_row(*number) => Target::Record(*number),
            _ => Target::Several(places),
        }
    }

    /// The place that a name means, if it is a variable; it must be one that may be assigned.
    fn place_of(&self, parts: &[String], mark: usize) -> Result<Option<Place>> {
        let words: Vec<&str> = parts.iter().map(String::as_str).collect();
        let Some((number, used)) = self.find(&words) else { return Ok(None) };
        let variable = &self.variables[number];
        if variable.constant {
            let text = format!("variable \"{}\" is declared CONSTANT", variable.name);
            return Err(self.error_at(SqlState::ERROR_IN_ASSIGNMENT, text, self.tokens.tokens[mark].start));
        }
        match parts.len() - used {
            0 => Ok(Some(Place::Variable(number))),
            1 if self.is_row(number) => Ok(Some(Place::Field(number, parts[used].clone()))),
            _ => Ok(None),
        }
    }

    fn diagnostics_statement(&mut self) -> Result<Kind> {
        self.at += 1;
        let stacked = self.accept("stacked");
        if !stacked {
            self.accept("current");
        }
        self.expect("diagnostics")?;
        let mut items = Vec::new();
        loop {
            let mark = self.at;
            let mut parts = vec![self.name()?];
            while self.accept_kind(TokenKind::Dot) {
                parts.push(self.name()?);
            }
            let Some(place) = self.place_of(&parts, mark)? else {
                let text = format!("\"{}\" is not a known variable", parts.join("."));
                return Err(self.error_at(SqlState::SYNTAX_ERROR, text, self.tokens.tokens[mark].start));
            };
            if matches!(&place, Place::Variable(number) if self.is_row(*number)) {
                let text = format!("\"{}\" is not a scalar variable", parts.join("."));
                return Err(self.error_at(SqlState::SYNTAX_ERROR, text, self.tokens.tokens[mark].start));
            }
            if !self.accept_kind(TokenKind::Equals) && !self.accept_kind(TokenKind::ColonEquals) {
                return Err(self.syntax_error());
            }
            let word = self.name()?;
            let Some((_, item, of_error)) = Diagnostic::WORDS.iter().find(|(known, _, _)| *known == word) else {
                self.at -= 1;
                return Err(self.near("unrecognized GET DIAGNOSTICS item"));
            };
            if *of_error != stacked {
                let (item, kind) = (word.to_ascii_uppercase(), if stacked { "STACKED" } else { "CURRENT" });
                let text = format!("diagnostics item {item} is not allowed in GET {kind} DIAGNOSTICS");
                return Err(self.error(SqlState::SYNTAX_ERROR, text));
            }
            items.push((place, *item));
            if !self.accept_kind(TokenKind::Comma) {
                return Ok(Kind::Diagnostics { stacked, items });
            }
        }
    }

    fn is_cursor(&self, number: Number) -> bool {
        match &self.variables[number].kind {
            VariableKind::Cursor(_) => true,
            VariableKind::Scalar(ty) => ty.oid == oid::REFCURSOR,
            VariableKind::Record(_) => false,
        }
    }

    fn cursor_variable(&mut self) -> Result<Number> {
        let Some((number, parts, used, ahead)) = self.peek_variable() else {
            let token = self.token();
            let text = format!("\"{}\" is not a known variable", self.source(token));
            return Err(self.error(SqlState::SYNTAX_ERROR, text));
        };
        if used < parts.len() || self.is_row(number) {
            return Err(self.error(SqlState::DATATYPE_MISMATCH, "cursor variable must be a simple variable"));
        }
        if !self.is_cursor(number) {
            let text = format!("variable \"{}\" must be of type cursor or refcursor", self.variables[number].name);
            return Err(self.error(SqlState::DATATYPE_MISMATCH, text));
        }
        self.at += ahead;
        Ok(number)
    }

    /// `(arguments)` of a bound cursor, as `SELECT` of its arguments in order.
    fn cursor_arguments(&mut self, cursor: Number) -> Result<Option<Fragment>> {
        let VariableKind::Cursor(bound) = &self.variables[cursor].kind else { return Ok(None) };
        let (wanted, name) = (bound.arguments.clone(), self.variables[cursor].name.clone());
        let start = self.token().start;
        if !self.accept_kind(TokenKind::LeftParen) {
            if !wanted.is_empty() {
                return Err(self.error(SqlState::SYNTAX_ERROR, format!("cursor \"{name}\" has arguments")));
            }
            return Ok(None);
        }
        if wanted.is_empty() {
            return Err(self.error(SqlState::SYNTAX_ERROR, format!("cursor \"{name}\" has no arguments")));
        }
        let mut values: Vec<Option<String>> = vec![None; wanted.len()];
        let mut at = 0;
        loop {
            let mut place = at;
            let named = self
                .identifier_of(self.token())
                .filter(|_| matches!(self.token_at(1).kind, TokenKind::ColonEquals | TokenKind::EqualsGreater));
            if let Some(argument) = named {
                let found = wanted.iter().position(|&number| self.variables[number].name == argument);
                let Some(found) = found else {
                    let text = format!("cursor \"{name}\" has no argument named \"{argument}\"");
                    return Err(self.error(SqlState::SYNTAX_ERROR, text));
                };
                place = found;
                self.at += 2;
            }
            let from = self.token().start;
            let end = self.skip_until(&|p| matches!(p.kind(), TokenKind::Comma | TokenKind::RightParen), ")", true)?;
            let Some(slot) = values.get_mut(place) else {
                return Err(self.error(SqlState::SYNTAX_ERROR, format!("too many arguments for cursor \"{name}\"")));
            };
            if slot.is_some() {
                let argument = &self.variables[wanted[place]].name;
                let text = format!("value for parameter \"{argument}\" of cursor \"{name}\" specified more than once");
                return Err(self.error(SqlState::SYNTAX_ERROR, text));
            }
            *slot = Some(self.text[from as usize..end as usize].to_string());
            at += 1;
            if !self.accept_kind(TokenKind::Comma) {
                break;
            }
        }
        let Some(values) = values.into_iter().collect::<Option<Vec<_>>>() else {
            return Err(self.error(SqlState::SYNTAX_ERROR, format!("not enough arguments for cursor \"{name}\"")));
        };
        self.expect_kind(TokenKind::RightParen)?;
        self.fragment_of(&format!("SELECT {}", values.join(", ")), start, Mode::Statement).map(Some)
    }

    fn open_statement(&mut self) -> Result<Kind> {
        self.at += 1;
        let cursor = self.cursor_variable()?;
        if let VariableKind::Cursor(bound) = &self.variables[cursor].kind {
            let scroll = bound.scroll;
            let arguments = self.cursor_arguments(cursor)?;
            return Ok(Kind::Open { cursor, scroll, what: Opened::Bound { arguments } });
        }
        let scroll = match () {
            () if self.is("no") => {
                self.at += 1;
                self.expect("scroll")?;
                Some(false)
            }
            () if self.accept("scroll") => Some(true),
            () => None,
        };
        if !self.accept("for") {
            return Err(self.near("syntax error, expected \"FOR\""));
        }
        if self.accept("execute") {
            let query = self.expression_before(&["using"], &[TokenKind::Semicolon])?;
            let using = self.using()?;
            return Ok(Kind::Open { cursor, scroll, what: Opened::Execute { query, using } });
        }
        let start = self.token().start;
        let end = self.skip_until(&|p| p.is_kind(TokenKind::Semicolon), ";", false)?;
        let query = self.fragment(start, end, Mode::Statement)?;
        Ok(Kind::Open { cursor, scroll, what: Opened::Query(query) })
    }

    fn fetch_statement(&mut self, is_move: bool) -> Result<Kind> {
        self.at += 1;
        let mut direction = Direction { kind: FetchDirection::Forward, count: None, number: 1, many: false };
        let mut wants_from = true;
        let all = i64::MAX;
        let words = [
            ("next", FetchDirection::Forward, 1, false),
            ("prior", FetchDirection::Backward, 1, false),
            ("first", FetchDirection::Absolute, 1, false),
            ("last", FetchDirection::Absolute, -1, false),
            ("all", FetchDirection::Forward, all, true),
        ];
        // A variable may be called as a direction is.
        let lone = self.peek_variable().is_some_and(|(number, _, _, ahead)| {
            self.is_cursor(number)
                && (self.is_word_at(ahead, "into") || self.token_at(ahead).kind == TokenKind::Semicolon)
        });
        let count = |this: &mut Self| this.expression_before(&["from", "in"], &[TokenKind::Semicolon]);
        if lone {
            wants_from = false;
        } else if let Some((_, kind, number, many)) = words.into_iter().find(|(word, ..)| self.is(word)) {
            self.at += 1;
            (direction.kind, direction.number, direction.many) = (kind, number, many);
        } else if self.is("absolute") || self.is("relative") {
            direction.kind = if self.is("absolute") { FetchDirection::Absolute } else { FetchDirection::Relative };
            self.at += 1;
            direction.count = Some(count(self)?);
        } else if self.is("forward") || self.is("backward") {
            direction.kind = if self.is("forward") { FetchDirection::Forward } else { FetchDirection::Backward };
            self.at += 1;
            if self.accept("all") {
                (direction.number, direction.many) = (all, true);
            } else if !self.is("from") && !self.is("in") {
                if self.peek_variable().is_none() {
                    direction.count = Some(count(self)?);
                    direction.many = true;
                } else {
                    wants_from = false;
                }
            }
        } else if self.is("from") || self.is("in") {
        } else {
            direction.count = Some(count(self)?);
            direction.many = true;
        }
        if wants_from && !self.accept("from") {
            self.expect("in")?;
        }
        let cursor = self.cursor_variable()?;
        if is_move {
            return Ok(Kind::Fetch { cursor, direction, target: None });
        }
        if direction.many {
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "FETCH statement cannot return multiple rows"));
        }
        self.expect("into")?;
        let (target, _) = self.destination()?;
        Ok(Kind::Fetch { cursor, direction, target: Some(target) })
    }

    /// Any statement of SQL, with INTO taken out.
    fn sql_statement(&mut self) -> Result<Kind> {
        let start = self.token().start;
        let first = self.token();
        let import = self.is("import");
        let mut into: Option<(Target, bool)> = None;
        let mut text = String::new();
        let mut from = start;
        let mut depth = 0usize;
        let mut atomic = 0usize;
        let begin = self.at;
        loop {
            match self.kind() {
                TokenKind::End | TokenKind::Invalid => return Err(self.near("unexpected end of function definition")),
                TokenKind::Semicolon if depth == 0 && atomic == 0 => break,
                TokenKind::LeftParen => depth += 1,
                TokenKind::RightParen => depth = depth.saturating_sub(1),
                // A function with a body in SQL holds semicolons.
                _ if self.is("atomic") && self.at > begin => atomic += 1,
                _ if atomic > 0 && self.is("case") => atomic += 1,
                _ if atomic > 0 && self.is("end") => atomic -= 1,
                _ if self.is("into") && !import => {
                    let before = self.tokens.tokens[self.at.saturating_sub(1)];
                    let word = self.source(before).to_ascii_lowercase();
                    if self.at > begin && !matches!(word.as_str(), "insert" | "merge") {
                        if into.is_some() {
                            return Err(self.syntax("INTO specified more than once"));
                        }
                        text.push_str(&self.text[from as usize..self.token().start as usize]);
                        self.at += 1;
                        into = Some(self.destination()?);
                        from = self.token().start;
                        continue;
                    }
                }
                _ => (),
            }
            self.at += 1;
        }
        let end = self.tokens.tokens[self.at - 1].end.max(from);
        text.push_str(&self.text[from as usize..end as usize]);
        if self.at == begin {
            return Err(self.syntax_error());
        }
        // What begins as no statement of SQL does is told as such.
        let fragment = self.fragment_of(text.trim_end(), first.start, Mode::Statement)?;
        let (into, strict) = match into {
            Some((target, strict)) => (Some(target), strict),
            None => (None, false),
        };
        Ok(Kind::Sql { statement: fragment, into, strict })
    }
}

/// The states that a condition's name stands for.
pub(crate) fn states_named(name: &str) -> Vec<SqlState> {
    SqlState::ALL.iter().filter(|(_, condition)| *condition == name).map(|(state, _)| *state).collect()
}
