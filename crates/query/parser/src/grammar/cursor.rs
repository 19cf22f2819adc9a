//! The cursor over the tokens, errors, names, and the bounds on recursion.

use crate::ParserOptions;
use crate::ast::{DropBehavior, Name, ObjectName, RelationName, RoleKind, RoleSpec};
use crate::keywords::{Category, Keyword};
use crate::lexer::{Token, TokenKind, Tokens, char_position, tokenize, truncate_identifier};
use error::{Error, Result, SqlState};

/// The greatest height of a tree: so deep that no one writes it, so low that dropping it fits any thread's stack.
const MAX_HEIGHT: u32 = 5000;

/// How much of `max_stack_depth` is left to those above and below the parser on the stack, in bytes.
const STACK_MARGIN: usize = 512 * 1024;

/// A reader of one text.
pub(crate) struct Parser<'a> {
    pub source: &'a str,
    scanned: Tokens,
    /// The index of the token that is looked at.
    at: usize,
    /// Where the current statement begins.
    pub start: u32,
    /// An error that gives way to any error further on.
    deferred: Option<Error>,
    /// The height of the highest tree made since the enclosing [`Parser::nested`] began.
    height: u32,
    stack_base: usize,
    stack_limit: usize,
    options: &'a ParserOptions,
}

impl<'a> Parser<'a> {
    pub fn new(source: &'a str, options: &'a ParserOptions) -> Parser<'a> {
        Parser {
            source,
            scanned: tokenize(source, options),
            at: 0,
            start: 0,
            deferred: None,
            height: 0,
            stack_base: stack_address(),
            stack_limit: (options.max_stack_depth_kb as usize * 1024).saturating_sub(STACK_MARGIN),
            options,
        }
    }

    /// The notices of the whole text.
    pub fn take_notices(&mut self) -> Vec<Error> {
        std::mem::take(&mut self.scanned.notices).into_iter().map(|(_, notice)| notice).collect()
    }

    /// Keeps an error for the end of the text, where it is reported if nothing else is wrong.
    pub fn defer(&mut self, error: Error) {
        self.deferred.get_or_insert(error);
    }

    /// The error kept by [`Parser::defer`].
    pub fn check_deferred(&mut self) -> Result<()> {
        self.deferred.take().map_or(Ok(()), Err)
    }

    /// Adds a notice or warning.
    pub fn notice(&mut self, notice: Error) {
        let location = self.location();
        self.scanned.notices.push((location, notice));
    }

    // Looking.

    /// The current token.
    #[inline]
    pub fn token(&self) -> Token {
        self.scanned.tokens[self.at]
    }

    /// The token `n` further on; the last one beyond the end.
    #[inline]
    pub fn token_at(&self, n: usize) -> Token {
        let tokens = &self.scanned.tokens;
        tokens[(self.at + n).min(tokens.len() - 1)]
    }

    /// What the current token is.
    #[inline]
    pub fn kind(&self) -> TokenKind {
        self.token().kind
    }

    /// What the token `n` further on is.
    #[inline]
    pub fn kind_at(&self, n: usize) -> TokenKind {
        self.token_at(n).kind
    }

    /// The current token's key word.
    #[inline]
    pub fn keyword(&self) -> Option<Keyword> {
        self.token().keyword
    }

    /// The key word of the token `n` further on.
    #[inline]
    pub fn keyword_at(&self, n: usize) -> Option<Keyword> {
        self.token_at(n).keyword
    }

    /// Whether the current token is this key word.
    #[inline]
    pub fn is(&self, keyword: Keyword) -> bool {
        self.token().keyword == Some(keyword)
    }

    /// Whether the token `n` further on is this key word.
    #[inline]
    pub fn is_at(&self, n: usize, keyword: Keyword) -> bool {
        self.token_at(n).keyword == Some(keyword)
    }

    /// Whether the current token is one of these key words.
    #[inline]
    pub fn is_any(&self, keywords: &[Keyword]) -> bool {
        self.token().keyword.is_some_and(|keyword| keywords.contains(&keyword))
    }

    /// Whether the next tokens are these key words.
    pub fn are(&self, keywords: &[Keyword]) -> bool {
        keywords.iter().enumerate().all(|(n, &keyword)| self.is_at(n, keyword))
    }

    /// Whether the current token is of this kind.
    #[inline]
    pub fn is_kind(&self, kind: TokenKind) -> bool {
        self.token().kind == kind
    }

    /// Where the current token begins.
    #[inline]
    pub fn location(&self) -> u32 {
        self.token().start
    }

    /// Where the current statement begins.
    pub fn statement_start(&self) -> u32 {
        self.start
    }

    /// Where the token before the current one ends.
    pub fn previous_end(&self) -> u32 {
        self.at.checked_sub(1).map_or(0, |before| self.scanned.tokens[before].end)
    }

    /// The text of a token.
    #[inline]
    pub fn text(&self, token: Token) -> &'a str {
        &self.source[token.start as usize..token.end as usize]
    }

    // Taking.

    /// Goes past the current token, which is not the last one.
    #[inline]
    pub fn advance(&mut self) {
        debug_assert!(self.at + 1 < self.scanned.tokens.len());
        self.at += 1;
    }

    /// Goes past `n` tokens that were looked at.
    pub fn skip(&mut self, n: usize) {
        debug_assert!(self.at + n < self.scanned.tokens.len());
        self.at += n;
    }

    /// Takes this key word if it is the current token.
    #[inline]
    pub fn accept(&mut self, keyword: Keyword) -> bool {
        let found = self.is(keyword);
        if found {
            self.at += 1;
        }
        found
    }

    /// Takes these key words if they are the next tokens; takes none otherwise.
    pub fn accept_all(&mut self, keywords: &[Keyword]) -> bool {
        let found = self.are(keywords);
        if found {
            self.at += keywords.len();
        }
        found
    }

    /// Takes a token of this kind if it is the current one.
    #[inline]
    pub fn accept_kind(&mut self, kind: TokenKind) -> bool {
        let found = self.is_kind(kind);
        if found {
            self.at += 1;
        }
        found
    }

    /// Takes this key word, which must be here.
    #[inline]
    pub fn expect(&mut self, keyword: Keyword) -> Result<()> {
        if self.accept(keyword) { Ok(()) } else { Err(self.syntax_error()) }
    }

    /// Takes these key words, which must be here.
    pub fn expect_all(&mut self, keywords: &[Keyword]) -> Result<()> {
        keywords.iter().try_for_each(|&keyword| self.expect(keyword))
    }

    /// Takes a token of this kind, which must be here.
    #[inline]
    pub fn expect_kind(&mut self, kind: TokenKind) -> Result<()> {
        if self.accept_kind(kind) { Ok(()) } else { Err(self.syntax_error()) }
    }

    /// `item, item, …`
    pub fn comma_list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.accept_kind(TokenKind::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// `(item, item, …)`
    pub fn parenthesized_list<T>(&mut self, item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect_kind(TokenKind::LeftParen)?;
        let items = self.comma_list(item)?;
        self.expect_kind(TokenKind::RightParen)?;
        Ok(items)
    }

    // Errors.

    /// The current token cannot stand here.
    #[cold]
    pub fn syntax_error(&self) -> Error {
        self.syntax_error_at(self.token())
    }

    /// This token cannot stand where it does. If it is the scanner's error, that.
    #[cold]
    pub fn syntax_error_at(&self, token: Token) -> Error {
        if token.kind == TokenKind::Invalid
            && let Some(error) = &self.scanned.error
        {
            return error.clone();
        }
        self.near("syntax error", token)
    }

    /// `message at or near "token"`.
    #[cold]
    pub fn near(&self, message: &str, token: Token) -> Error {
        let message = match token.kind {
            TokenKind::End => format!("{message} at end of input"),
            _ => format!("{message} at or near \"{}\"", self.text(token)),
        };
        self.error(SqlState::SYNTAX_ERROR, message, token.start)
    }

    /// An error at a place.
    #[cold]
    pub fn error(&self, state: SqlState, message: impl Into<String>, location: u32) -> Error {
        Error::new(state, message).position(char_position(self.source, location))
    }

    // Bounds.

    /// Runs one level of recursion: checks the stack and the memory that the tree takes, and counts the height of the tree that comes out.
    #[inline]
    pub fn nested<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.stack_base.abs_diff(stack_address()) > self.stack_limit {
            return Err(self.too_deep());
        }
        sys::memory::check()?;
        let outer = std::mem::replace(&mut self.height, 0);
        let result = run(self)?;
        self.grow()?;
        self.height = self.height.max(outer);
        Ok(result)
    }

    /// Counts one level of height that no recursion made: a postfix operator, a join.
    #[inline]
    pub fn grow(&mut self) -> Result<()> {
        self.height += 1;
        if self.height > MAX_HEIGHT { Err(self.too_deep()) } else { Ok(()) }
    }

    #[cold]
    fn too_deep(&self) -> Error {
        Error::new(SqlState::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded").hint(format!(
            "Increase the configuration parameter \"max_stack_depth\" (currently {}kB), after ensuring the platform's \
             stack depth limit is adequate.",
            self.options.max_stack_depth_kb
        ))
    }

    // Names.

    /// The value of a token that is an identifier or a key word.
    pub fn identifier_text(&mut self, token: Token) -> Name {
        match token.kind {
            TokenKind::QuotedIdentifier => self.token_text(token),
            _ => {
                if let Some(keyword) = token.keyword {
                    return keyword.word().into();
                }
                let text = self.text(token);
                let mut name: Name = truncate_identifier(text).into();
                name.make_ascii_lowercase();
                name
            }
        }
    }

    /// The value of a string, bit string or quoted identifier. It is moved out: each is asked for once.
    pub fn token_text(&mut self, token: Token) -> Name {
        match token.value {
            Token::DIRECT => self.source[token.start as usize + 1..token.end as usize - 1].into(),
            index => std::mem::take(&mut self.scanned.texts[index as usize]),
        }
    }

    /// Whether a token can be a name, judged by the categories of key words that can.
    #[inline]
    fn is_name(token: Token, accept: impl FnOnce(Category) -> bool) -> bool {
        match token.kind {
            TokenKind::Identifier => {
                token.keyword.is_none_or(|keyword| accept(keyword.category()) && token.value != Token::NO_NAME)
            }
            TokenKind::QuotedIdentifier => true,
            _ => false,
        }
    }

    /// Whether it can name a column, table …
    #[inline]
    pub fn is_column_name(token: Token) -> bool {
        Self::is_name(token, |category| matches!(category, Category::Unreserved | Category::ColumnName))
    }

    /// Whether it can name a type or function.
    #[inline]
    pub fn is_type_or_function_name(token: Token) -> bool {
        Self::is_name(token, |category| matches!(category, Category::Unreserved | Category::TypeOrFunction))
    }

    /// Whether it is a name or a key word that is not reserved.
    pub fn is_nonreserved_word(token: Token) -> bool {
        Self::is_name(token, |category| category != Category::Reserved)
    }

    /// Whether it is a name or any key word.
    #[inline]
    pub fn is_label(token: Token) -> bool {
        Self::is_name(token, |_| true)
    }

    /// Whether it can be a column label without AS.
    #[inline]
    pub fn is_bare_label(token: Token) -> bool {
        match token.kind {
            TokenKind::Identifier => {
                token.keyword.is_none_or(|keyword| keyword.info().bare_label && token.value != Token::NO_NAME)
            }
            TokenKind::QuotedIdentifier => true,
            _ => false,
        }
    }

    fn take_name(&mut self, accept: impl FnOnce(Token) -> bool) -> Result<Name> {
        let token = self.token();
        if !accept(token) {
            return Err(self.syntax_error());
        }
        self.at += 1;
        Ok(self.identifier_text(token))
    }

    /// The name of a column, table, alias, …
    #[inline]
    pub fn name(&mut self) -> Result<Name> {
        self.take_name(Self::is_column_name)
    }

    /// The name of a type, function or parameter.
    pub fn type_or_function_name(&mut self) -> Result<Name> {
        self.take_name(Self::is_type_or_function_name)
    }

    /// A word that is not reserved.
    pub fn nonreserved_word(&mut self) -> Result<Name> {
        self.take_name(Self::is_nonreserved_word)
    }

    /// Any word: after AS, and after a dot.
    #[inline]
    pub fn label(&mut self) -> Result<Name> {
        self.take_name(Self::is_label)
    }

    /// `name, name, …`
    pub fn names(&mut self) -> Result<Vec<Name>> {
        self.comma_list(Self::name)
    }

    /// `(name, name, …)`
    pub fn parenthesized_names(&mut self) -> Result<Vec<Name>> {
        self.parenthesized_list(Self::name)
    }

    /// `[(name, name, …)]`; empty if there is none.
    pub fn optional_names(&mut self) -> Result<Vec<Name>> {
        if self.is_kind(TokenKind::LeftParen) { self.parenthesized_names() } else { Ok(Vec::new()) }
    }

    /// `name.name.…`, any number of parts.
    pub fn any_name(&mut self) -> Result<ObjectName> {
        let location = self.location();
        let first = self.name()?;
        self.qualified_rest(first, location)
    }

    /// The parts after the first of a name.
    pub fn qualified_rest(&mut self, first: Name, location: u32) -> Result<ObjectName> {
        let mut object = ObjectName { qualifiers: Vec::new(), name: first, location };
        while self.accept_kind(TokenKind::Dot) {
            let next = self.label()?;
            object.qualifiers.push(std::mem::replace(&mut object.name, next));
        }
        Ok(object)
    }

    /// The name of a function: a name that need not be qualified if it is a type-or-function word.
    pub fn function_name(&mut self) -> Result<ObjectName> {
        let token = self.token();
        let location = token.start;
        let qualified =
            matches!(self.kind_at(1), TokenKind::Dot | TokenKind::LeftBracket) && Self::is_column_name(token);
        if !qualified && !Self::is_type_or_function_name(token) {
            // A column name must go on with a dot, so the error is at what stands instead of it.
            if Self::is_column_name(token) {
                self.advance();
            }
            return Err(self.syntax_error());
        }
        self.advance();
        let first = self.identifier_text(token);
        if qualified { self.indirected_name(first, location) } else { Ok(ObjectName::unqualified(first, location)) }
    }

    /// The name of a relation.
    pub fn relation_name(&mut self) -> Result<RelationName> {
        let location = self.location();
        let name = self.name()?;
        self.relation_name_rest(name, location)
    }

    /// The parts after the first of a relation's name.
    pub fn relation_name_rest(&mut self, first: Name, location: u32) -> Result<RelationName> {
        if !matches!(self.kind(), TokenKind::Dot | TokenKind::LeftBracket) {
            return Ok(RelationName { database: None, schema: None, name: first, location });
        }
        let object = self.indirected_name(first, location)?;
        self.relation_from_object(object)
    }

    /// The parts after the first of a name that the grammar reads like a column reference: stars and subscripts are
    /// refused only behind all of it.
    pub fn indirected_name(&mut self, first: Name, location: u32) -> Result<ObjectName> {
        let mut improper = false;
        let mut object = ObjectName { qualifiers: Vec::new(), name: first, location };
        while self.is_kind(TokenKind::Dot) || self.is_kind(TokenKind::LeftBracket) {
            let token = self.token();
            if token.kind == TokenKind::LeftBracket {
                self.subscript()?;
                improper = true;
                continue;
            }
            self.advance();
            if self.is_kind(TokenKind::Star) {
                self.advance();
                improper = true;
                continue;
            }
            let next = self.label()?;
            object.qualifiers.push(std::mem::replace(&mut object.name, next));
        }
        if improper { Err(self.syntax_error()) } else { Ok(object) }
    }

    /// An object's name as a relation's.
    pub fn relation_from_object(&self, object: ObjectName) -> Result<RelationName> {
        let ObjectName { qualifiers, name, location } = object;
        let mut qualifiers = qualifiers.into_iter();
        match qualifiers.len() {
            0 => Ok(RelationName { database: None, schema: None, name, location }),
            1 => Ok(RelationName { database: None, schema: qualifiers.next(), name, location }),
            2 => Ok(RelationName { database: qualifiers.next(), schema: qualifiers.next(), name, location }),
            _ => {
                let mut all: Vec<Name> = qualifiers.collect();
                all.push(name);
                let message = format!("improper qualified name (too many dotted names): {}", all.join("."));
                Err(self.error(SqlState::SYNTAX_ERROR, message, location))
            }
        }
    }

    /// `name, name, …` of objects.
    pub fn any_names(&mut self) -> Result<Vec<ObjectName>> {
        self.comma_list(Self::any_name)
    }

    /// `name, name, …` of relations.
    pub fn relation_names(&mut self) -> Result<Vec<RelationName>> {
        self.comma_list(Self::relation_name)
    }

    /// A string constant.
    pub fn string(&mut self) -> Result<Name> {
        let token = self.token();
        if token.kind != TokenKind::String {
            return Err(self.syntax_error());
        }
        self.at += 1;
        Ok(self.token_text(token))
    }

    /// An integer constant without a sign.
    pub fn unsigned_integer(&mut self) -> Result<i32> {
        let token = self.token();
        self.expect_kind(TokenKind::Integer)?;
        Ok(token.value as i32)
    }

    /// An integer constant with or without a sign.
    pub fn signed_integer(&mut self) -> Result<i32> {
        if self.accept_kind(TokenKind::Minus) {
            return Ok(-self.unsigned_integer()?);
        }
        self.accept_kind(TokenKind::Plus);
        self.unsigned_integer()
    }

    /// A role: any word that is not reserved, or one of the words for the current role.
    pub fn role(&mut self) -> Result<RoleSpec> {
        let token = self.token();
        let kind = match token.keyword {
            Some(Keyword::CurrentRole) => RoleKind::CurrentRole,
            Some(Keyword::CurrentUser) => RoleKind::CurrentUser,
            Some(Keyword::SessionUser) => RoleKind::SessionUser,
            _ if Self::is_nonreserved_word(token) => {
                let name = self.identifier_text(token);
                match &*name {
                    "public" => RoleKind::Public,
                    "none" => {
                        let message = "role name \"none\" is reserved";
                        return Err(self.error(SqlState::RESERVED_NAME, message, token.start));
                    }
                    _ => RoleKind::Named(name),
                }
            }
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        Ok(RoleSpec { kind, location: token.start })
    }

    /// `role, role, …`
    pub fn roles(&mut self) -> Result<Vec<RoleSpec>> {
        self.comma_list(Self::role)
    }

    /// A role that must be named: no word for the current one.
    pub fn role_name(&mut self) -> Result<Name> {
        let role = self.role()?;
        let message = match role.kind {
            RoleKind::Named(name) => return Ok(name),
            RoleKind::Public => "role name \"public\" is reserved",
            RoleKind::CurrentRole => "CURRENT_ROLE cannot be used as a role name here",
            RoleKind::CurrentUser => "CURRENT_USER cannot be used as a role name here",
            RoleKind::SessionUser => "SESSION_USER cannot be used as a role name here",
        };
        Err(self.error(SqlState::RESERVED_NAME, message, role.location))
    }

    /// `[CASCADE | RESTRICT]`
    pub fn drop_behavior(&mut self) -> DropBehavior {
        if self.accept(Keyword::Cascade) {
            return DropBehavior::Cascade;
        }
        self.accept(Keyword::Restrict);
        DropBehavior::Restrict
    }

    /// `[IF EXISTS]`
    pub fn if_exists(&mut self) -> Result<bool> {
        if !self.is(Keyword::If) || !self.is_at(1, Keyword::Exists) {
            return Ok(false);
        }
        self.skip(2);
        Ok(true)
    }

    /// `[IF EXISTS]` where no name can follow, so that IF is the key word.
    pub fn if_exists_nameless(&mut self) -> Result<bool> {
        if !self.accept(Keyword::If) {
            return Ok(false);
        }
        self.expect(Keyword::Exists)?;
        Ok(true)
    }

    /// `[IF NOT EXISTS]`
    pub fn if_not_exists(&mut self) -> Result<bool> {
        if !self.is(Keyword::If) || !self.is_at(1, Keyword::Not) {
            return Ok(false);
        }
        self.skip(2);
        self.expect(Keyword::Exists)?;
        Ok(true)
    }
}

/// Roughly where the stack's top is.
#[inline(always)]
fn stack_address() -> usize {
    let here = 0u8;
    std::ptr::from_ref(std::hint::black_box(&here)).addr()
}
