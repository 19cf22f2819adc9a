//! Statements: the list of them, and which function reads which.

use super::Parser;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::Result;

impl Parser<'_> {
    /// All statements of the text.
    pub fn statements(&mut self) -> Result<Vec<RawStatement>> {
        let mut statements = Vec::with_capacity(1);
        loop {
            while self.accept_kind(TokenKind::Semicolon) {}
            if self.is_kind(TokenKind::End) {
                self.check_deferred()?;
                return Ok(statements);
            }
            let start = self.location();
            self.start = start;
            let statement = self.statement(true)?;
            let len = self.end_of_statement()? - start;
            statements.push(RawStatement { statement, start, len });
        }
    }

    /// A statement ends at a semicolon or at the end of the text.
    fn end_of_statement(&self) -> Result<u32> {
        match self.kind() {
            TokenKind::Semicolon => Ok(self.location()),
            TokenKind::End => Ok(self.source.len() as u32),
            _ => Err(self.syntax_error()),
        }
    }

    /// A statement. BEGIN and END are statements only at the top level, not inside of functions.
    pub(super) fn statement(&mut self, top: bool) -> Result<Statement> {
        self.nested(|p| p.any_statement(top))
    }

    fn any_statement(&mut self, top: bool) -> Result<Statement> {
        let Some(keyword) = self.keyword() else {
            if self.is_kind(TokenKind::LeftParen) {
                return self.preparable_statement();
            }
            return Err(self.syntax_error());
        };
        match keyword {
            K::Select | K::Insert | K::Update | K::Delete | K::With | K::Values | K::Table | K::Merge => {
                self.preparable_statement()
            }
            K::Begin | K::End if !top => Err(self.syntax_error()),
            K::Begin | K::Start | K::Commit | K::End | K::Rollback | K::Abort | K::Savepoint | K::Release => {
                self.transaction()
            }
            K::Set => self.set_command(),
            K::Reset => Ok(Statement::Set(Box::new(self.reset()?))),
            K::Show => self.show(),
            K::Copy => self.copy(),
            K::Prepare => self.prepare(),
            K::Execute => self.execute(),
            K::Deallocate => self.deallocate(),
            K::Declare => self.declare_cursor(),
            K::Fetch | K::Move => self.fetch(),
            K::Close => self.close(),
            K::Explain => self.explain(),
            K::Vacuum => self.vacuum(),
            K::Analyze | K::Analyse => self.analyze(),
            K::Cluster => self.cluster(),
            K::Reindex => self.reindex(),
            K::Checkpoint => {
                self.advance();
                Ok(Statement::Checkpoint)
            }
            K::Truncate => self.truncate(),
            K::Lock => self.lock(),
            K::Listen => self.listen(),
            K::Unlisten => self.unlisten(),
            K::Notify => self.notify(),
            K::Load => {
                self.advance();
                Ok(Statement::Load(Load { file: self.string()? }))
            }
            K::Discard => self.discard(),
            K::Do => self.do_block(),
            K::Call => self.call(),
            K::Create => self.create(),
            K::Alter => self.alter(),
            K::Drop => self.drop(),
            K::Refresh => self.refresh(),
            K::Grant => self.grant(),
            K::Revoke => self.revoke(),
            K::Comment => self.comment(),
            K::Security => self.security_label(),
            K::Import => self.import_foreign_schema(),
            K::Reassign => self.reassign_owned(),
            _ => Err(self.syntax_error()),
        }
    }

    /// SELECT, INSERT, UPDATE, DELETE or MERGE, perhaps with WITH.
    pub(super) fn preparable_statement(&mut self) -> Result<Statement> {
        let with = self.with_clause()?;
        match self.keyword() {
            Some(K::Insert) => self.insert(with),
            Some(K::Update) => self.update(with),
            Some(K::Delete) => self.delete(with),
            Some(K::Merge) => self.merge(with),
            _ => Ok(Statement::Select(Box::new(self.select_after_with(with)?))),
        }
    }

    fn create(&mut self) -> Result<Statement> {
        self.expect(K::Create)?;
        let or_replace = self.accept(K::Or);
        if or_replace {
            self.expect(K::Replace)?;
        }
        let Some(keyword) = self.keyword() else { return Err(self.syntax_error()) };
        match keyword {
            K::Function | K::Procedure => return self.create_function(or_replace),
            K::Aggregate => return self.create_aggregate(or_replace),
            K::Trusted | K::Procedural | K::Language => return self.create_language(or_replace),
            K::Transform => return self.create_transform(or_replace),
            K::Rule => return self.create_rule(or_replace),
            K::Trigger => return self.create_trigger(or_replace),
            K::Constraint => return self.create_trigger(or_replace),
            K::Temp | K::Temporary | K::Local | K::Global | K::Unlogged | K::View | K::Recursive => {
                return self.create_relation(or_replace);
            }
            _ if or_replace => return Err(self.syntax_error()),
            _ => {}
        }
        match keyword {
            K::Table | K::Sequence | K::Materialized => self.create_relation(false),
            K::Unique | K::Index => self.create_index(),
            K::Statistics => self.create_statistics(),
            K::Schema => self.create_schema(),
            K::Database => self.create_database(),
            K::Role | K::Group => self.create_role(),
            K::User if self.is_at(1, K::Mapping) && self.is_any_at(2, &[K::For, K::If]) => self.create_user_mapping(),
            K::User => self.create_role(),
            K::Operator => self.create_operator(),
            K::Type => self.create_type(),
            K::Domain => self.create_domain(),
            K::Text => self.create_text_search(),
            K::Collation => self.create_collation(),
            K::Conversion | K::Default => self.create_conversion(),
            K::Cast => self.create_cast(),
            K::Event => self.create_event_trigger(),
            K::Policy => self.create_policy(),
            K::Extension => self.create_extension(),
            K::Foreign => self.create_foreign(),
            K::Server => self.create_server(),
            K::Publication => self.create_publication(),
            K::Subscription => self.create_subscription(),
            K::Access => self.create_access_method(),
            K::Tablespace => self.create_tablespace(),
            K::Assertion => self.create_assertion(),
            _ => Err(self.syntax_error()),
        }
    }
}
