//! Roles.

use super::Parser;
use super::option::{boolean, item};
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Result, SqlState};

impl Parser<'_> {
    /// `ROLE|USER|GROUP …`, behind CREATE.
    pub(super) fn create_role(&mut self) -> Result<Statement> {
        let word = self.role_word()?;
        let name = self.role_name()?;
        self.accept(K::With);
        let mut options = Vec::new();
        while let Some(option) = self.role_option(true)? {
            options.push(option);
        }
        Ok(Statement::CreateRole(Box::new(CreateRole { word, name, options })))
    }

    /// `ROLE | USER | GROUP`
    fn role_word(&mut self) -> Result<RoleWord> {
        let word = match self.keyword() {
            Some(K::Role) => RoleWord::Role,
            Some(K::User) => RoleWord::User,
            Some(K::Group) => RoleWord::Group,
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        Ok(word)
    }

    fn role_option(&mut self, create: bool) -> Result<Option<DefinitionItem>> {
        let token = self.token();
        let location = token.start;
        let roles = |p: &mut Self, name: &str| -> Result<Option<DefinitionItem>> {
            Ok(Some(item(name, Some(DefinitionValue::Roles(p.roles()?)), location)))
        };
        match token.keyword {
            Some(K::Password | K::Encrypted) => {
                let encrypted = self.accept(K::Encrypted);
                self.expect(K::Password)?;
                if !encrypted && self.accept(K::Null) {
                    return Ok(Some(item("password", None, location)));
                }
                Ok(Some(item("password", Some(DefinitionValue::String(self.string()?)), location)))
            }
            Some(K::Unencrypted) => {
                self.advance();
                self.expect(K::Password)?;
                self.string()?;
                let message = "UNENCRYPTED PASSWORD is no longer supported";
                Err(self
                    .error(SqlState::FEATURE_NOT_SUPPORTED, message, location)
                    .hint("Remove UNENCRYPTED to store the password in encrypted form instead."))
            }
            Some(K::Inherit) => {
                self.advance();
                Ok(Some(item("inherit", boolean(true), location)))
            }
            Some(K::Connection) => {
                self.advance();
                self.expect(K::Limit)?;
                let limit = DefinitionValue::Integer(self.signed_integer()?);
                Ok(Some(item("connectionlimit", Some(limit), location)))
            }
            Some(K::Valid) => {
                self.advance();
                self.expect(K::Until)?;
                Ok(Some(item("validUntil", Some(DefinitionValue::String(self.string()?)), location)))
            }
            Some(K::User) => {
                self.advance();
                roles(self, "rolemembers")
            }
            Some(K::Sysid) if create => {
                self.advance();
                let value = DefinitionValue::Integer(self.unsigned_integer()?);
                Ok(Some(item("sysid", Some(value), location)))
            }
            Some(K::Admin) if create => {
                self.advance();
                roles(self, "adminmembers")
            }
            Some(K::Role) if create => {
                self.advance();
                roles(self, "rolemembers")
            }
            Some(K::In) if create => {
                self.advance();
                if !self.accept(K::Role) {
                    self.expect(K::Group)?;
                }
                roles(self, "addroleto")
            }
            None if matches!(token.kind, TokenKind::Identifier | TokenKind::QuotedIdentifier) => {
                let word = self.name()?;
                let (name, value) = match &*word {
                    "superuser" => ("superuser", true),
                    "nosuperuser" => ("superuser", false),
                    "createrole" => ("createrole", true),
                    "nocreaterole" => ("createrole", false),
                    "replication" => ("isreplication", true),
                    "noreplication" => ("isreplication", false),
                    "createdb" => ("createdb", true),
                    "nocreatedb" => ("createdb", false),
                    "login" => ("canlogin", true),
                    "nologin" => ("canlogin", false),
                    "bypassrls" => ("bypassrls", true),
                    "nobypassrls" => ("bypassrls", false),
                    "noinherit" => ("inherit", false),
                    _ => {
                        let message = format!("unrecognized role option \"{word}\"");
                        return Err(self.error(SqlState::SYNTAX_ERROR, message, location));
                    }
                };
                Ok(Some(item(name, boolean(value), location)))
            }
            _ => Ok(None),
        }
    }

    /// `ROLE|USER|GROUP …`, behind ALTER.
    pub(super) fn alter_role(&mut self) -> Result<Statement> {
        let word = self.role_word()?;
        if word != RoleWord::Group && self.accept(K::All) {
            let database = self.in_database()?;
            let setting = Box::new(self.set_or_reset_clause(true)?);
            let alter = AlterRoleSet { role: None, database, setting };
            return Ok(Statement::AlterRoleSet(Box::new(alter)));
        }
        let at = self.location();
        if self.is_at(1, K::Rename) {
            let name = self.role_name()?;
            self.expect_all(&[K::Rename, K::To])?;
            let new_name = self.role_name()?;
            return Ok(Statement::Rename(Box::new(Rename {
                kind: ObjectKind::Role,
                relation_kind: None,
                object: ObjectReference::Name(ObjectName::unqualified(name, at)),
                part: None,
                new_name,
                if_exists: false,
                behavior: DropBehavior::Restrict,
            })));
        }
        let role = self.role()?;
        if word == RoleWord::Group {
            let location = self.location();
            let add = self.accept(K::Add);
            if !add {
                self.expect(K::Drop)?;
            }
            self.expect(K::User)?;
            let members = DefinitionValue::Roles(self.roles()?);
            let options = vec![item("rolemembers", Some(members), location)];
            return Ok(Statement::AlterRole(Box::new(AlterRole { role, add, options })));
        }
        if self.is_any(&[K::In, K::Set, K::Reset]) {
            let database = self.in_database()?;
            let setting = Box::new(self.set_or_reset_clause(true)?);
            let alter = AlterRoleSet { role: Some(role), database, setting };
            return Ok(Statement::AlterRoleSet(Box::new(alter)));
        }
        self.accept(K::With);
        let mut options = Vec::new();
        while let Some(option) = self.role_option(false)? {
            options.push(option);
        }
        Ok(Statement::AlterRole(Box::new(AlterRole { role, add: true, options })))
    }

    /// `[IN DATABASE name]`
    fn in_database(&mut self) -> Result<Option<Name>> {
        if !self.accept(K::In) {
            return Ok(None);
        }
        self.expect(K::Database)?;
        Ok(Some(self.name()?))
    }

    /// `ROLE|USER|GROUP …`, behind DROP.
    pub(super) fn drop_role(&mut self) -> Result<Statement> {
        self.role_word()?;
        let if_exists = self.if_exists()?;
        Ok(Statement::DropRole(DropRole { roles: self.roles()?, if_exists }))
    }

    /// `OWNED BY roles`, behind DROP.
    pub(super) fn drop_owned(&mut self) -> Result<Statement> {
        self.expect_all(&[K::Owned, K::By])?;
        let roles = self.roles()?;
        Ok(Statement::DropOwned(DropOwned { roles, behavior: self.drop_behavior() }))
    }

    pub(super) fn reassign_owned(&mut self) -> Result<Statement> {
        self.expect_all(&[K::Reassign, K::Owned, K::By])?;
        let roles = self.roles()?;
        self.expect(K::To)?;
        Ok(Statement::ReassignOwned(ReassignOwned { roles, new_owner: self.role()? }))
    }
}
