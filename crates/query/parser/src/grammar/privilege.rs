//! GRANT, REVOKE, ALTER DEFAULT PRIVILEGES.

use super::Parser;
use super::option::{boolean, item};
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::Result;

/// What stands before ON, TO or FROM.
enum Privileges {
    /// `ALL [PRIVILEGES] [(columns)]`.
    All(Vec<Privilege>),
    /// By name; without ON these are roles.
    Listed(Vec<Privilege>),
}

impl Parser<'_> {
    pub(super) fn grant(&mut self) -> Result<Statement> {
        self.expect(K::Grant)?;
        let privileges = match self.privileges()? {
            Privileges::Listed(roles) if self.is(K::To) => {
                self.advance();
                let grantees = self.roles()?;
                let mut options = Vec::new();
                if self.accept(K::With) {
                    options = self.comma_list(Self::grant_role_option)?;
                }
                let grantor = self.granted_by()?;
                let behavior = DropBehavior::Restrict;
                let grant = GrantRole { is_grant: true, roles, grantees, options, grantor, behavior };
                return Ok(Statement::GrantRole(Box::new(grant)));
            }
            Privileges::Listed(list) | Privileges::All(list) => list,
        };
        self.expect(K::On)?;
        let objects = self.grant_objects()?;
        self.expect(K::To)?;
        let grantees = self.grantees()?;
        let grant_option = self.with_grant_option()?;
        let grantor = self.granted_by()?;
        Ok(Statement::Grant(Box::new(Grant {
            is_grant: true,
            privileges,
            objects,
            grantees,
            grant_option,
            grantor,
            behavior: DropBehavior::Restrict,
        })))
    }

    pub(super) fn revoke(&mut self) -> Result<Statement> {
        self.expect(K::Revoke)?;
        let option_at = self.location();
        let grant_option = self.grant_option_for()?;
        // `ADMIN OPTION FOR` and its like.
        let mut options = Vec::new();
        if !grant_option && Self::is_column_name(self.token()) && self.is_at(1, K::Option) {
            let name = self.name()?;
            self.expect_all(&[K::Option, K::For])?;
            options.push(item(name, boolean(false), option_at));
        }
        let only_roles = !options.is_empty();
        let privileges = match self.privileges()? {
            Privileges::Listed(roles) if self.is(K::From) && !grant_option => {
                self.advance();
                let grantees = self.roles()?;
                let grantor = self.granted_by()?;
                let behavior = self.drop_behavior();
                let grant = GrantRole { is_grant: false, roles, grantees, options, grantor, behavior };
                return Ok(Statement::GrantRole(Box::new(grant)));
            }
            Privileges::Listed(list) | Privileges::All(list) => list,
        };
        if only_roles {
            return Err(self.syntax_error());
        }
        self.expect(K::On)?;
        let objects = self.grant_objects()?;
        self.expect(K::From)?;
        let grantees = self.grantees()?;
        let grantor = self.granted_by()?;
        let behavior = self.drop_behavior();
        let grant = Grant { is_grant: false, privileges, objects, grantees, grant_option, grantor, behavior };
        Ok(Statement::Grant(Box::new(grant)))
    }

    /// `[GRANT OPTION FOR]`
    fn grant_option_for(&mut self) -> Result<bool> {
        if !self.accept(K::Grant) {
            return Ok(false);
        }
        self.expect_all(&[K::Option, K::For])?;
        Ok(true)
    }

    /// `[WITH GRANT OPTION]`
    fn with_grant_option(&mut self) -> Result<bool> {
        if !self.accept(K::With) {
            return Ok(false);
        }
        self.expect_all(&[K::Grant, K::Option])?;
        Ok(true)
    }

    /// `[GRANTED BY role]`
    fn granted_by(&mut self) -> Result<Option<RoleSpec>> {
        if !self.accept(K::Granted) {
            return Ok(None);
        }
        self.expect(K::By)?;
        Ok(Some(self.role()?))
    }

    fn grant_role_option(&mut self) -> Result<DefinitionItem> {
        let location = self.location();
        let name = self.label()?;
        let value = self.is_any(&[K::Option, K::True]);
        if !value && !self.is(K::False) {
            return Err(self.syntax_error());
        }
        self.advance();
        Ok(item(name, boolean(value), location))
    }

    fn privileges(&mut self) -> Result<Privileges> {
        if self.accept(K::All) {
            self.accept(K::Privileges);
            let columns = self.optional_names()?;
            let all = if columns.is_empty() { Vec::new() } else { vec![Privilege { name: None, columns }] };
            return Ok(Privileges::All(all));
        }
        let list = self.comma_list(|p| {
            if p.accept(K::Alter) {
                p.expect(K::System)?;
                return Ok(Privilege { name: Some("alter system".into()), columns: Vec::new() });
            }
            let name = if p.is_any(&[K::Select, K::References, K::Create]) { p.label()? } else { p.name()? };
            Ok(Privilege { name: Some(name), columns: p.optional_names()? })
        })?;
        Ok(Privileges::Listed(list))
    }

    /// `[GROUP] role, …`
    fn grantees(&mut self) -> Result<Vec<RoleSpec>> {
        self.comma_list(|p| {
            p.accept(K::Group);
            p.role()
        })
    }

    fn grant_objects(&mut self) -> Result<GrantObjects> {
        let objects = |kind, objects| Ok(GrantObjects::Objects { kind, objects });
        // A kind's word can also be a table's name.
        let next = self.kind_at(1);
        let is_name = matches!(next, TokenKind::Comma | TokenKind::Dot | TokenKind::LeftBracket | TokenKind::End)
            || self.is_any_at(1, &[K::To, K::From]);
        let keyword = if is_name && Self::is_column_name(self.token()) { None } else { self.keyword() };
        let kind = match keyword {
            Some(K::All) => return self.grant_all_in_schema(),
            Some(K::Table) => {
                self.advance();
                ObjectKind::Table
            }
            Some(K::Sequence) => {
                self.advance();
                ObjectKind::Sequence
            }
            Some(K::Foreign) => {
                self.advance();
                let kind = if self.accept(K::Server) {
                    ObjectKind::ForeignServer
                } else {
                    self.expect_all(&[K::Data, K::Wrapper])?;
                    ObjectKind::ForeignDataWrapper
                };
                return objects(kind, self.name_references()?);
            }
            Some(keyword @ (K::Function | K::Procedure | K::Routine)) => {
                self.advance();
                let kind = match keyword {
                    K::Function => ObjectKind::Function,
                    K::Procedure => ObjectKind::Procedure,
                    _ => ObjectKind::Routine,
                };
                let functions = self.comma_list(|p| Ok(ObjectReference::Function(p.function_signature()?)))?;
                return objects(kind, functions);
            }
            Some(keyword @ (K::Database | K::Language | K::Schema | K::Tablespace)) => {
                self.advance();
                let kind = match keyword {
                    K::Database => ObjectKind::Database,
                    K::Language => ObjectKind::Language,
                    K::Schema => ObjectKind::Schema,
                    _ => ObjectKind::Tablespace,
                };
                return objects(kind, self.name_references()?);
            }
            Some(keyword @ (K::Domain | K::Type)) => {
                self.advance();
                let kind = if keyword == K::Domain { ObjectKind::Domain } else { ObjectKind::Type };
                let names = self.any_names()?.into_iter().map(ObjectReference::Name).collect();
                return objects(kind, names);
            }
            Some(K::Large) => {
                self.advance();
                self.expect(K::Object)?;
                let numbers = self.comma_list(|p| p.large_object())?;
                return objects(ObjectKind::LargeObject, numbers);
            }
            Some(K::Parameter) => {
                self.advance();
                return Ok(GrantObjects::Parameters(self.comma_list(|p| {
                    let mut name = p.name()?;
                    while p.accept_kind(TokenKind::Dot) {
                        name = format!("{name}.{}", p.name()?).into();
                    }
                    Ok(name)
                })?));
            }
            _ => ObjectKind::Table,
        };
        let relations = self.comma_list(|p| {
            let name = p.relation_name()?;
            Ok(ObjectReference::Relation(RelationRef { name, inherit: true }))
        })?;
        objects(kind, relations)
    }

    /// `name, name, …` as references.
    pub(super) fn name_references(&mut self) -> Result<Vec<ObjectReference>> {
        self.comma_list(|p| {
            let location = p.location();
            Ok(ObjectReference::Name(ObjectName::unqualified(p.name()?, location)))
        })
    }

    fn grant_all_in_schema(&mut self) -> Result<GrantObjects> {
        self.expect(K::All)?;
        let kind = match self.keyword() {
            Some(K::Tables) => ObjectKind::Table,
            Some(K::Sequences) => ObjectKind::Sequence,
            Some(K::Functions) => ObjectKind::Function,
            Some(K::Procedures) => ObjectKind::Procedure,
            Some(K::Routines) => ObjectKind::Routine,
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        self.expect_all(&[K::In, K::Schema])?;
        Ok(GrantObjects::AllInSchema { kind, schemas: self.names()? })
    }

    /// `DEFAULT PRIVILEGES …`, behind ALTER.
    pub(super) fn alter_default_privileges(&mut self) -> Result<Statement> {
        self.expect_all(&[K::Default, K::Privileges])?;
        let (mut schemas, mut roles) = (Vec::new(), Vec::new());
        let (mut schemas_seen, mut roles_seen) = (false, false);
        loop {
            let location = self.location();
            let seen = if self.accept(K::In) {
                self.expect(K::Schema)?;
                schemas = self.names()?;
                &mut schemas_seen
            } else if self.accept(K::For) {
                if !self.accept(K::Role) {
                    self.expect(K::User)?;
                }
                roles = self.roles()?;
                &mut roles_seen
            } else {
                break;
            };
            if std::mem::replace(seen, true) {
                return Err(self.conflicting_options(location));
            }
        }
        let is_grant = self.accept(K::Grant);
        if !is_grant {
            self.expect(K::Revoke)?;
        }
        let mut grant_option = !is_grant && self.grant_option_for()?;
        let (Privileges::All(privileges) | Privileges::Listed(privileges)) = self.privileges()?;
        self.expect(K::On)?;
        let kind = match self.keyword() {
            Some(K::Tables) => ObjectKind::Table,
            Some(K::Functions | K::Routines) => ObjectKind::Function,
            Some(K::Sequences) => ObjectKind::Sequence,
            Some(K::Types) => ObjectKind::Type,
            Some(K::Schemas) => ObjectKind::Schema,
            Some(K::Large) => {
                self.advance();
                if !self.is(K::Objects) {
                    return Err(self.syntax_error());
                }
                ObjectKind::LargeObject
            }
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        self.expect(if is_grant { K::To } else { K::From })?;
        let grantees = self.grantees()?;
        let mut behavior = DropBehavior::Restrict;
        if is_grant {
            grant_option = self.with_grant_option()?;
        } else {
            behavior = self.drop_behavior();
        }
        let objects = GrantObjects::Defaults { kind };
        let grant = Grant { is_grant, privileges, objects, grantees, grant_option, grantor: None, behavior };
        Ok(Statement::AlterDefaultPrivileges(Box::new(AlterDefaultPrivileges { schemas, roles, grant })))
    }
}
