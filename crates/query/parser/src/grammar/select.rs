//! Query expressions: SELECT, VALUES, TABLE, set operations, and the clauses around them.

use super::Parser;
use super::expression::{Context, expr};
use super::type_name::integer;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Result, Severity, SqlState};

impl Parser<'_> {
    /// Whether a query without parentheses around it begins here.
    #[inline]
    pub(super) fn at_select(&self) -> bool {
        self.at_select_n(0)
    }

    fn at_select_n(&self, n: usize) -> bool {
        match self.keyword_at(n) {
            Some(K::Select | K::Table | K::With) => true,
            // VALUES can also be a column.
            Some(K::Values) => self.kind_at(n + 1) == TokenKind::LeftParen,
            _ => false,
        }
    }

    /// Whether, behind all parentheses that open here, a query begins.
    pub(super) fn at_nested_select(&self) -> bool {
        let mut n = 0;
        while self.kind_at(n) == TokenKind::LeftParen {
            n += 1;
        }
        self.at_select_n(n)
    }

    /// Whether a query in parentheses goes on here with a set operation or a clause.
    pub(super) fn continues_select(&self) -> bool {
        self.is_any(&[K::Union, K::Intersect, K::Except, K::Order, K::Limit, K::Offset, K::Fetch, K::For])
    }

    /// `(query)`
    pub(super) fn parenthesized_select(&mut self) -> Result<Select> {
        self.nested(|p| {
            p.expect_kind(TokenKind::LeftParen)?;
            let select = p.select_without_parentheses()?;
            p.expect_kind(TokenKind::RightParen)?;
            Ok(select)
        })
    }

    /// A query. (It may consist of parentheses only.)
    pub(super) fn select_without_parentheses(&mut self) -> Result<Select> {
        self.nested(|p| {
            let with = p.with_clause()?;
            p.select_after_with(with)
        })
    }

    /// A query whose WITH is read.
    pub(super) fn select_after_with(&mut self, with: Option<Box<With>>) -> Result<Select> {
        let first = self.set_operand()?;
        let select = self.set_operations(first, 0)?;
        self.select_clauses(select, with)
    }

    /// A query whose first operand is read.
    pub(super) fn select_rest(&mut self, first: Select) -> Result<Select> {
        let select = self.set_operations(first, 0)?;
        self.select_clauses(select, None)
    }

    fn set_operand(&mut self) -> Result<Select> {
        match self.keyword() {
            Some(K::Select) => self.simple_select(),
            Some(K::Values) => self.values(),
            Some(K::Table) => self.table_command(),
            _ if self.is_kind(TokenKind::LeftParen) => self.parenthesized_select(),
            _ => Err(self.syntax_error()),
        }
    }

    /// UNION and EXCEPT are of level 1, INTERSECT of level 2.
    #[inline(never)]
    fn set_operations(&mut self, mut left: Select, minimum: u8) -> Result<Select> {
        loop {
            let (operator, level) = match self.keyword() {
                Some(K::Union) => (SetOperator::Union, 1),
                Some(K::Except) => (SetOperator::Except, 1),
                Some(K::Intersect) => (SetOperator::Intersect, 2),
                _ => return Ok(left),
            };
            if level < minimum {
                return Ok(left);
            }
            self.advance();
            let all = self.accept(K::All);
            if !all {
                self.accept(K::Distinct);
            }
            let right = self.set_operand()?;
            let right = self.set_operations(right, level + 1)?;
            let step = SetStep { operator, all, right };
            let bare =
                left.with.is_none() && left.order_by.is_empty() && left.limit.is_none() && left.locking.is_empty();
            if bare && let SelectBody::SetOperation { rest, .. } = &mut left.body {
                rest.push(step);
                continue;
            }
            self.grow()?;
            let location = left.location;
            let body = SelectBody::SetOperation { first: Box::new(left), rest: vec![step] };
            left = select(body, location);
        }
    }

    #[inline(never)]
    fn values(&mut self) -> Result<Select> {
        let location = self.location();
        self.expect(K::Values)?;
        let rows = self.comma_list(|p| p.parenthesized_list(Self::expr))?;
        Ok(select(SelectBody::Values(rows), location))
    }

    /// `TABLE t`, which is `SELECT * FROM t`.
    #[inline(never)]
    fn table_command(&mut self) -> Result<Select> {
        let location = self.location();
        self.expect(K::Table)?;
        let relation = self.relation_ref()?;
        let star = expr(ExprKind::Star { qualifiers: Vec::new() }, NO_LOCATION);
        let mut simple = empty_simple_select();
        simple.targets.push(Target { name: None, value: star, location: NO_LOCATION });
        simple.from.push(TableRef::Relation { relation, alias: None });
        Ok(select(SelectBody::Simple(Box::new(simple)), location))
    }

    fn simple_select(&mut self) -> Result<Select> {
        self.nested(|p| {
            let location = p.location();
            p.expect(K::Select)?;
            let mut simple = empty_simple_select();
            if p.accept(K::Distinct) {
                simple.distinct = Some(p.distinct_rest()?);
                simple.targets = p.targets()?;
            } else {
                p.accept(K::All);
                simple.targets = p.optional_targets()?;
            }
            if p.accept(K::Into) {
                simple.into = Some(Box::new(p.target_of_into()?));
            }
            p.select_core(&mut simple)?;
            Ok(select(SelectBody::Simple(Box::new(simple)), location))
        })
    }

    /// `[ON (…)]` behind DISTINCT.
    fn distinct_rest(&mut self) -> Result<Distinct> {
        if self.accept(K::On) {
            return Ok(Distinct::On(self.parenthesized_list(Self::expr)?));
        }
        Ok(Distinct::All)
    }

    /// From FROM to WINDOW.
    #[inline(never)]
    fn select_core(&mut self, simple: &mut SimpleSelect) -> Result<()> {
        if self.accept(K::From) {
            simple.from = self.table_refs()?;
        }
        simple.filter = self.where_clause()?;
        if self.accept(K::Group) {
            self.expect(K::By)?;
            simple.group_distinct = self.accept(K::Distinct);
            if !simple.group_distinct {
                self.accept(K::All);
            }
            simple.group_by = self.comma_list(Self::group_item)?;
        }
        if self.accept(K::Having) {
            simple.having = Some(self.expr()?);
        }
        if self.accept(K::Window) {
            simple.windows = self.comma_list(|p| {
                let name = p.name()?;
                p.expect(K::As)?;
                Ok(WindowDefinition { name, specification: p.window_specification()? })
            })?;
        }
        Ok(())
    }

    /// PL/pgSQL's expression: a SELECT without the word, and without INTO and set operations.
    pub fn plpgsql_expression(&mut self) -> Result<RawStatement> {
        let start = self.location();
        let query = self.wordless_select()?;
        self.expect_kind(TokenKind::End)?;
        let len = self.source.len() as u32 - start;
        Ok(RawStatement { statement: Statement::Select(Box::new(query)), start, len })
    }

    fn wordless_select(&mut self) -> Result<Select> {
        let location = self.location();
        let mut simple = empty_simple_select();
        if self.accept(K::Distinct) {
            simple.distinct = Some(self.distinct_rest()?);
        }
        simple.targets = self.optional_targets()?;
        self.select_core(&mut simple)?;
        self.select_clauses(select(SelectBody::Simple(Box::new(simple)), location), None)
    }

    /// PL/pgSQL's assignment: `target := …`.
    pub fn plpgsql_assignment(&mut self, names: u8) -> Result<RawStatement> {
        let start = self.location();
        let name = if self.is_kind(TokenKind::Parameter) {
            let token = self.token();
            self.advance();
            self.text(token).into()
        } else {
            self.name()?
        };
        let path = self.accessors()?;
        if !self.accept_kind(TokenKind::ColonEquals) {
            self.expect_kind(TokenKind::Equals)?;
        }
        let value = Box::new(self.wordless_select()?);
        self.expect_kind(TokenKind::End)?;
        let extra_names = u32::from(names.saturating_sub(1));
        let assign = Assign { name, extra_names, path, value, location: start };
        let len = self.source.len() as u32 - start;
        Ok(RawStatement { statement: Statement::Assign(Box::new(assign)), start, len })
    }

    /// `[target, …]`
    fn optional_targets(&mut self) -> Result<Vec<Target>> {
        if self.begins_target() { self.targets() } else { Ok(Vec::new()) }
    }

    /// Whether a select list's item can begin with the current token.
    fn begins_target(&self) -> bool {
        let token = self.token();
        match token.kind {
            TokenKind::Identifier => match token.keyword {
                Some(keyword) if keyword.category() == crate::keywords::Category::Reserved => {
                    matches!(
                        keyword,
                        K::Case
                            | K::Cast
                            | K::Array
                            | K::Not
                            | K::Null
                            | K::True
                            | K::False
                            | K::Default
                            | K::Unique
                            | K::CurrentCatalog
                            | K::CurrentDate
                            | K::CurrentRole
                            | K::CurrentTime
                            | K::CurrentTimestamp
                            | K::CurrentUser
                            | K::Localtime
                            | K::Localtimestamp
                            | K::SessionUser
                            | K::SystemUser
                            | K::User
                    )
                }
                _ => true,
            },
            TokenKind::QuotedIdentifier
            | TokenKind::String
            | TokenKind::BinaryString
            | TokenKind::HexString
            | TokenKind::Integer
            | TokenKind::Float
            | TokenKind::Parameter
            | TokenKind::Operator
            | TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Star
            | TokenKind::LeftParen => true,
            _ => false,
        }
    }

    /// `target, target, …`
    pub(super) fn targets(&mut self) -> Result<Vec<Target>> {
        self.comma_list(|p| {
            let location = p.location();
            if p.accept_kind(TokenKind::Star) {
                let value = expr(ExprKind::Star { qualifiers: Vec::new() }, location);
                return Ok(Target { name: None, value, location });
            }
            let value = p.expr_at(0, Context::Target)?;
            let name = if p.accept(K::As) || Self::is_bare_label(p.token()) { Some(p.label()?) } else { None };
            Ok(Target { name, value, location })
        })
    }

    fn group_item(&mut self) -> Result<GroupItem> {
        let location = self.location();
        let next = self.kind_at(1);
        match self.keyword() {
            None if self.is_kind(TokenKind::LeftParen) && next == TokenKind::RightParen => {
                self.skip(2);
                return Ok(GroupItem::Empty { location });
            }
            Some(keyword @ (K::Rollup | K::Cube)) if next == TokenKind::LeftParen => {
                self.advance();
                let items = self.parenthesized_list(Self::expr)?;
                return Ok(match keyword {
                    K::Rollup => GroupItem::Rollup { items, location },
                    _ => GroupItem::Cube { items, location },
                });
            }
            Some(K::Grouping) if self.is_at(1, K::Sets) => {
                self.skip(2);
                let items = self.nested(|p| p.parenthesized_list(Self::group_item))?;
                return Ok(GroupItem::GroupingSets { items, location });
            }
            _ => {}
        }
        Ok(GroupItem::Expr(self.expr()?))
    }

    /// `[TEMPORARY|UNLOGGED|…] [TABLE] name` behind INTO.
    #[inline(never)]
    fn target_of_into(&mut self) -> Result<IntoClause> {
        let (persistence, worded) = self.temporary_words()?;
        if worded || self.is(K::Table) {
            self.accept(K::Table);
        }
        let relation = self.relation_name()?;
        Ok(IntoClause {
            relation,
            persistence,
            columns: Vec::new(),
            access_method: None,
            options: Vec::new(),
            on_commit: OnCommit::Unspecified,
            tablespace: None,
            no_data: false,
        })
    }

    /// `[[LOCAL|GLOBAL] TEMP[ORARY] | UNLOGGED]` where a name may stand instead, if those words are not one.
    fn temporary_words(&mut self) -> Result<(Persistence, bool)> {
        let follows = |p: &Self, n: usize| p.is_at(n, K::Table) || Self::is_column_name(p.token_at(n));
        match self.keyword() {
            Some(K::Temp | K::Temporary) if follows(self, 1) => {
                self.advance();
                Ok((Persistence::Temporary, true))
            }
            Some(K::Unlogged) if follows(self, 1) => {
                self.advance();
                Ok((Persistence::Unlogged, true))
            }
            Some(K::Local | K::Global) if self.is_any_at(1, &[K::Temp, K::Temporary]) => {
                if self.is(K::Global) {
                    self.warn_of_global();
                }
                self.skip(2);
                Ok((Persistence::Temporary, true))
            }
            _ => Ok((Persistence::Permanent, false)),
        }
    }

    pub(super) fn warn_of_global(&mut self) {
        let location = self.location();
        let warning = self.error(SqlState::WARNING, "GLOBAL is deprecated in temporary table creation", location);
        self.notice(warning.severity(Severity::Warning));
    }

    /// ORDER BY, LIMIT, OFFSET, FETCH, FOR, added to a query that may have some of them inside its parentheses.
    #[inline(never)]
    fn select_clauses(&mut self, mut select: Select, with: Option<Box<With>>) -> Result<Select> {
        let order_at = self.token_at(2).start;
        let order_by = self.order_by()?;
        if !order_by.is_empty() {
            if !select.order_by.is_empty() {
                let message = "multiple ORDER BY clauses not allowed";
                return Err(self.error(SqlState::SYNTAX_ERROR, message, order_at));
            }
            select.order_by = order_by;
        }
        if self.is_any(&[K::For, K::Limit, K::Offset, K::Fetch]) {
            let mut locking = Vec::new();
            let first = self.is(K::For);
            if first {
                self.locking_clauses(&mut locking)?;
            }
            let limit = self.limit_clauses()?;
            if !first {
                self.locking_clauses(&mut locking)?;
            }
            select.locking.extend(locking);
            self.add_limit(&mut select, limit)?;
        }
        if let Some(with) = with {
            if select.with.is_some() {
                let message = "multiple WITH clauses not allowed";
                return Err(self.error(SqlState::SYNTAX_ERROR, message, with.location));
            }
            select.with = Some(with);
        }
        Ok(select)
    }

    fn add_limit(&mut self, select: &mut Select, read: LimitClauses) -> Result<()> {
        let problem =
            |p: &Self, message: &str, at: u32| -> Result<()> { Err(p.error(SqlState::SYNTAX_ERROR, message, at)) };
        if read.offset.is_none() && read.count.is_none() {
            return Ok(());
        }
        let limit = select.limit.get_or_insert_default();
        if let Some((offset, at)) = read.offset
            && limit.offset.replace(offset).is_some()
        {
            return problem(self, "multiple OFFSET clauses not allowed", at);
        }
        if let Some((count, at)) = read.count
            && limit.count.replace(count).is_some()
        {
            return problem(self, "multiple LIMIT clauses not allowed", at);
        }
        if let Some(at) = read.ties_at {
            limit.with_ties = true;
            if select.order_by.is_empty() {
                return problem(self, "WITH TIES cannot be specified without ORDER BY clause", at);
            }
            if select.locking.iter().any(|clause| clause.wait == LockWait::SkipLocked) {
                return problem(self, "SKIP LOCKED and WITH TIES options cannot be used together", at);
            }
        }
        Ok(())
    }

    fn limit_clauses(&mut self) -> Result<LimitClauses> {
        let mut read = LimitClauses::default();
        loop {
            let at = self.location();
            match self.keyword() {
                Some(K::Limit) if read.count.is_none() => {
                    self.advance();
                    let value_at = self.location();
                    let value = if self.accept(K::All) {
                        expr(ExprKind::Constant(Constant::Null), value_at)
                    } else {
                        self.expr()?
                    };
                    if self.accept_kind(TokenKind::Comma) {
                        self.expr()?;
                        return Err(self
                            .error(SqlState::SYNTAX_ERROR, "LIMIT #,# syntax is not supported", at)
                            .hint("Use separate LIMIT and OFFSET clauses."));
                    }
                    read.count = Some((value, at));
                }
                Some(K::Fetch) if read.count.is_none() => {
                    self.advance();
                    if !self.accept(K::First) {
                        self.expect(K::Next)?;
                    }
                    let bare = self.is_any(&[K::Row, K::Rows]) && self.is_any_at(1, &[K::Only, K::With]);
                    let value = if bare { integer(1, NO_LOCATION) } else { self.fetch_value(true)? };
                    if !self.accept(K::Row) {
                        self.expect(K::Rows)?;
                    }
                    let ties_at = self.location();
                    if self.accept(K::With) {
                        self.expect(K::Ties)?;
                        read.ties_at = Some(ties_at);
                    } else {
                        self.expect(K::Only)?;
                    }
                    read.count = Some((value, at));
                }
                Some(K::Offset) if read.offset.is_none() => {
                    self.advance();
                    let value = self.fetch_value(false)?;
                    read.offset = Some((value, at));
                }
                _ => return Ok(read),
            }
        }
    }

    /// A number of rows: a primary, or a number with a sign. For OFFSET (not `strict`) also any expression, unless
    /// ROW or ROWS follows, which are taken then.
    fn fetch_value(&mut self, strict: bool) -> Result<Expr> {
        let rows = |p: &Self| p.is_any(&[K::Row, K::Rows]);
        let sign = matches!(self.kind(), TokenKind::Plus | TokenKind::Minus);
        let signed_number = sign && matches!(self.kind_at(1), TokenKind::Integer | TokenKind::Float);
        if signed_number && (strict || self.is_any_at(2, &[K::Row, K::Rows])) {
            let value = self.expr_at(super::expression::level::SIGN, Context::General)?;
            if !strict {
                self.advance();
            }
            return Ok(value);
        }
        if !strict && (sign || self.is_kind(TokenKind::Operator) || self.is_any(&[K::Not, K::Default, K::Operator])) {
            return self.expr();
        }
        self.nested(|p| {
            let value = p.primary()?;
            if strict {
                return Ok(value);
            }
            if rows(p) {
                p.advance();
                return Ok(value);
            }
            p.infix(value, 0, Context::General)
        })
    }

    fn locking_clauses(&mut self, clauses: &mut Vec<LockingClause>) -> Result<()> {
        if self.is(K::For) && self.is_at(1, K::Read) {
            self.skip(2);
            return self.expect(K::Only);
        }
        while self.accept(K::For) {
            let strength = match self.keyword() {
                Some(K::Update) => LockStrength::Update,
                Some(K::Share) => LockStrength::Share,
                Some(K::Key) => {
                    self.advance();
                    if !self.is(K::Share) {
                        return Err(self.syntax_error());
                    }
                    LockStrength::KeyShare
                }
                Some(K::No) => {
                    self.advance();
                    self.expect(K::Key)?;
                    if !self.is(K::Update) {
                        return Err(self.syntax_error());
                    }
                    LockStrength::NoKeyUpdate
                }
                _ => return Err(self.syntax_error()),
            };
            self.advance();
            let relations = if self.accept(K::Of) { self.relation_names()? } else { Vec::new() };
            let wait = if self.accept(K::Nowait) {
                LockWait::NoWait
            } else if self.accept(K::Skip) {
                self.expect(K::Locked)?;
                LockWait::SkipLocked
            } else {
                LockWait::Wait
            };
            clauses.push(LockingClause { strength, relations, wait });
        }
        Ok(())
    }

    /// `[WITH [RECURSIVE] name AS (…), …]`
    #[inline(never)]
    pub(super) fn with_clause(&mut self) -> Result<Option<Box<With>>> {
        let location = self.location();
        if !self.accept(K::With) {
            return Ok(None);
        }
        // RECURSIVE can also be a query's name.
        let recursive = self.is(K::Recursive) && Self::is_column_name(self.token_at(1));
        if recursive {
            self.advance();
        }
        let queries = self.comma_list(Self::common_table_expr)?;
        Ok(Some(Box::new(With { recursive, queries, location })))
    }

    fn common_table_expr(&mut self) -> Result<CommonTableExpr> {
        let location = self.location();
        let name = self.name()?;
        let columns = self.optional_names()?;
        self.expect(K::As)?;
        let materialized = if self.accept(K::Materialized) {
            Some(true)
        } else if self.accept(K::Not) {
            self.expect(K::Materialized)?;
            Some(false)
        } else {
            None
        };
        self.expect_kind(TokenKind::LeftParen)?;
        let query = Box::new(self.nested(|p| p.preparable_statement())?);
        self.expect_kind(TokenKind::RightParen)?;
        let search = self.search_clause()?;
        let cycle = self.cycle_clause()?;
        Ok(CommonTableExpr { name, columns, materialized, query, search, cycle, location })
    }

    fn search_clause(&mut self) -> Result<Option<Box<SearchClause>>> {
        let location = self.location();
        if !self.accept(K::Search) {
            return Ok(None);
        }
        let breadth_first = self.accept(K::Breadth);
        if !breadth_first {
            self.expect(K::Depth)?;
        }
        self.expect_all(&[K::First, K::By])?;
        let columns = self.names()?;
        self.expect(K::Set)?;
        let sequence_column = self.name()?;
        Ok(Some(Box::new(SearchClause { breadth_first, columns, sequence_column, location })))
    }

    fn cycle_clause(&mut self) -> Result<Option<Box<CycleClause>>> {
        let location = self.location();
        if !self.accept(K::Cycle) {
            return Ok(None);
        }
        let columns = self.names()?;
        self.expect(K::Set)?;
        let mark_column = self.name()?;
        let boolean = |value| expr(ExprKind::Constant(Constant::Boolean(value)), NO_LOCATION);
        let (mut mark_value, mut mark_default) = (boolean(true), boolean(false));
        if self.accept(K::To) {
            mark_value = self.constant_expr()?;
            self.expect(K::Default)?;
            mark_default = self.constant_expr()?;
        }
        self.expect(K::Using)?;
        let path_column = self.name()?;
        Ok(Some(Box::new(CycleClause { columns, mark_column, mark_value, mark_default, path_column, location })))
    }

    /// A literal, also a typed one.
    fn constant_expr(&mut self) -> Result<Expr> {
        let token = self.token();
        let value = self.primary()?;
        match &value.kind {
            ExprKind::Constant(_) | ExprKind::Cast { .. } if token.kind != TokenKind::LeftParen => Ok(value),
            // A name could have been a type's, so what is missing is the literal behind it.
            ExprKind::Column(_) => Err(self.syntax_error()),
            _ => Err(self.syntax_error_at(token)),
        }
    }
}

#[derive(Default)]
struct LimitClauses {
    count: Option<(Expr, u32)>,
    offset: Option<(Expr, u32)>,
    ties_at: Option<u32>,
}

fn select(body: SelectBody, location: u32) -> Select {
    Select { with: None, body, order_by: Vec::new(), limit: None, locking: Vec::new(), location }
}

fn empty_simple_select() -> SimpleSelect {
    SimpleSelect {
        distinct: None,
        targets: Vec::new(),
        into: None,
        from: Vec::new(),
        filter: None,
        group_by: Vec::new(),
        group_distinct: false,
        having: None,
        windows: Vec::new(),
    }
}

/// A query that selects all columns of a relation's or common table expression's.
pub(super) fn recursive_view_query(name: Name, columns: Vec<Name>, query: Select) -> Select {
    let targets = columns.iter().map(|column| {
        let value = expr(ExprKind::Column(ObjectName::unqualified(column.clone(), NO_LOCATION)), NO_LOCATION);
        Target { name: None, value, location: NO_LOCATION }
    });
    let mut simple = empty_simple_select();
    simple.targets = targets.collect();
    let relation = RelationName { database: None, schema: None, name: name.clone(), location: NO_LOCATION };
    simple.from.push(TableRef::Relation { relation: RelationRef { name: relation, inherit: true }, alias: None });
    let mut outer = select(SelectBody::Simple(Box::new(simple)), NO_LOCATION);
    let cte = CommonTableExpr {
        name,
        columns,
        materialized: None,
        query: Box::new(Statement::Select(Box::new(query))),
        search: None,
        cycle: None,
        location: NO_LOCATION,
    };
    outer.with = Some(Box::new(With { recursive: true, queries: vec![cte], location: NO_LOCATION }));
    outer
}
