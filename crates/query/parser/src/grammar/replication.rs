//! Publications and subscriptions.

use super::Parser;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Error, Result, SqlState};

impl Parser<'_> {
    /// `PUBLICATION …`, behind CREATE.
    pub(super) fn create_publication(&mut self) -> Result<Statement> {
        self.expect(K::Publication)?;
        let name = self.name()?;
        let mut all_tables = false;
        let mut objects = Vec::new();
        if self.accept(K::For) {
            all_tables = self.accept(K::All);
            if all_tables {
                self.expect(K::Tables)?;
            } else {
                objects = self.publication_objects()?;
            }
        }
        let options = self.with_definition()?;
        let publication = CreatePublication { name, all_tables, objects, options };
        Ok(Statement::CreatePublication(Box::new(publication)))
    }

    /// `TABLE t …, TABLES IN SCHEMA s, …`; what follows a comma without a word is of the same kind.
    fn publication_objects(&mut self) -> Result<Vec<PublicationObject>> {
        let mut objects = Vec::new();
        let mut schemas = None;
        let mut problem: Option<Error> = None;
        loop {
            let location = self.location();
            if self.accept(K::Table) {
                schemas = Some(false);
            } else if self.are(&[K::Tables, K::In]) {
                self.skip(2);
                self.expect(K::Schema)?;
                schemas = Some(true);
                if self.accept(K::CurrentSchema) {
                    objects.push(PublicationObject::TablesInSchema { schema: None, location });
                } else {
                    let schema = Some(self.name()?);
                    objects.push(PublicationObject::TablesInSchema { schema, location });
                }
                if !self.accept_kind(TokenKind::Comma) {
                    break;
                }
                continue;
            } else if schemas.is_none() {
                let error = self.error(SqlState::SYNTAX_ERROR, "invalid publication object list", location).detail(
                    "One of TABLE or TABLES IN SCHEMA must be specified before a standalone table or schema name.",
                );
                problem.get_or_insert(error);
            }
            let worded = location != self.location();
            let at = self.location();
            if !worded && self.accept(K::CurrentSchema) {
                if schemas == Some(false) {
                    problem.get_or_insert(self.error(SqlState::SYNTAX_ERROR, "invalid table name", at));
                }
                objects.push(PublicationObject::TablesInSchema { schema: None, location });
            } else {
                let relation = self.relation_ref()?;
                let columns = self.optional_names()?;
                let filter = if self.accept(K::Where) { Some(self.parenthesized_expr()?) } else { None };
                if schemas == Some(true) {
                    let message = if filter.is_some() {
                        "WHERE clause not allowed for schema"
                    } else if !columns.is_empty() {
                        "column specification not allowed for schema"
                    } else if relation.name.schema.is_some() || !relation.inherit {
                        "invalid schema name"
                    } else {
                        ""
                    };
                    if !message.is_empty() {
                        problem.get_or_insert(self.error(SqlState::SYNTAX_ERROR, message, at));
                    }
                    let schema = Some(relation.name.name);
                    objects.push(PublicationObject::TablesInSchema { schema, location });
                } else {
                    objects.push(PublicationObject::Table { relation, columns, filter, location });
                }
            }
            if !self.accept_kind(TokenKind::Comma) {
                break;
            }
        }
        match problem {
            Some(problem) => Err(problem),
            None => Ok(objects),
        }
    }

    /// What follows ALTER PUBLICATION's name.
    pub(super) fn alter_publication_action(&mut self) -> Result<AlterPublicationAction> {
        match self.keyword() {
            Some(K::Add) => {
                self.advance();
                Ok(AlterPublicationAction::Add(self.publication_objects()?))
            }
            Some(K::Drop) => {
                self.advance();
                Ok(AlterPublicationAction::Drop(self.publication_objects()?))
            }
            Some(K::Set) => {
                self.advance();
                if self.is_kind(TokenKind::LeftParen) {
                    return Ok(AlterPublicationAction::Options(self.definition()?));
                }
                Ok(AlterPublicationAction::Set(self.publication_objects()?))
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// `SUBSCRIPTION …`, behind CREATE.
    pub(super) fn create_subscription(&mut self) -> Result<Statement> {
        self.expect(K::Subscription)?;
        let name = self.name()?;
        self.expect(K::Connection)?;
        let connection = self.string()?;
        self.expect(K::Publication)?;
        let publications = self.names()?;
        let options = self.with_definition()?;
        let subscription = CreateSubscription { name, connection, publications, options };
        Ok(Statement::CreateSubscription(Box::new(subscription)))
    }

    /// What follows ALTER SUBSCRIPTION's name.
    pub(super) fn alter_subscription_rest(&mut self, name: Name) -> Result<Statement> {
        let keyword = self.keyword();
        let fits = [K::Set, K::Skip, K::Connection, K::Refresh, K::Add, K::Drop, K::Enable, K::Disable];
        if !self.is_any(&fits) {
            return Err(self.syntax_error());
        }
        self.advance();
        let mut options = Vec::new();
        let action = match keyword {
            Some(K::Set) if self.is_kind(TokenKind::LeftParen) => {
                options = self.definition()?;
                AlterSubscriptionAction::Options
            }
            Some(K::Skip) => {
                options = self.definition()?;
                AlterSubscriptionAction::Skip
            }
            Some(K::Connection) => AlterSubscriptionAction::Connection(self.string()?),
            Some(K::Enable) => AlterSubscriptionAction::Enable(true),
            Some(K::Disable) => AlterSubscriptionAction::Enable(false),
            _ => {
                self.expect(K::Publication)?;
                let action = match keyword {
                    Some(K::Refresh) => AlterSubscriptionAction::Refresh,
                    Some(K::Add) => AlterSubscriptionAction::AddPublications(self.names()?),
                    Some(K::Drop) => AlterSubscriptionAction::DropPublications(self.names()?),
                    _ => AlterSubscriptionAction::SetPublications(self.names()?),
                };
                options = self.with_definition()?;
                action
            }
        };
        let alter = AlterSubscription { name, action, options };
        Ok(Statement::AlterSubscription(Box::new(alter)))
    }

    /// `SUBSCRIPTION …`, behind DROP.
    pub(super) fn drop_subscription(&mut self) -> Result<Statement> {
        self.expect(K::Subscription)?;
        let if_exists = self.if_exists()?;
        let name = self.name()?;
        let behavior = self.drop_behavior();
        Ok(Statement::DropSubscription(DropSubscription { name, if_exists, behavior }))
    }
}
