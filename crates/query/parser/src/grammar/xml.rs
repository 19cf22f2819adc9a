//! SQL/XML.

use super::Parser;
use crate::ast::*;
use crate::keywords::Keyword as K;
use crate::lexer::TokenKind;
use error::{Result, SqlState};

impl Parser<'_> {
    /// What stands in the parentheses of an XML function.
    pub(super) fn xml_function(&mut self, keyword: K) -> Result<XmlExpr> {
        Ok(match keyword {
            K::Xmlconcat => XmlExpr::Concat(self.exprs()?),
            K::Xmlforest => XmlExpr::Forest(self.comma_list(Self::xml_attribute)?),
            K::Xmlelement => self.xml_element()?,
            K::Xmlparse => {
                let option = self.xml_option()?;
                let text = self.expr()?;
                let preserve_whitespace = self.accept(K::Preserve);
                if preserve_whitespace || self.accept(K::Strip) {
                    self.expect(K::Whitespace)?;
                }
                XmlExpr::Parse { option, text, preserve_whitespace }
            }
            K::Xmlpi => {
                self.expect(K::Name)?;
                let name = self.label()?;
                let content = if self.accept_kind(TokenKind::Comma) { Some(self.expr()?) } else { None };
                XmlExpr::ProcessingInstruction { name, content }
            }
            K::Xmlroot => {
                let value = self.expr()?;
                self.expect_kind(TokenKind::Comma)?;
                self.expect(K::Version)?;
                // NO can also be a column.
                let version = if self.accept_all(&[K::No, K::Value]) { None } else { Some(self.expr()?) };
                let mut standalone = XmlStandalone::Omitted;
                if self.accept_kind(TokenKind::Comma) {
                    self.expect(K::Standalone)?;
                    standalone = if self.accept(K::Yes) {
                        XmlStandalone::Yes
                    } else {
                        self.expect(K::No)?;
                        if self.accept(K::Value) { XmlStandalone::NoValue } else { XmlStandalone::No }
                    };
                }
                XmlExpr::Root { value, version, standalone }
            }
            _ => {
                let option = self.xml_option()?;
                let value = self.expr()?;
                self.expect(K::As)?;
                let target = self.simple_type_name()?;
                let mut indent = self.accept(K::Indent);
                if !indent && self.accept(K::No) {
                    self.expect(K::Indent)?;
                    indent = false;
                }
                XmlExpr::Serialize { option, value, target, indent }
            }
        })
    }

    /// `DOCUMENT | CONTENT`
    fn xml_option(&mut self) -> Result<XmlOption> {
        if self.accept(K::Document) {
            return Ok(XmlOption::Document);
        }
        self.expect(K::Content)?;
        Ok(XmlOption::Content)
    }

    /// `NAME name [, XMLATTRIBUTES (…)] [, content …]`
    fn xml_element(&mut self) -> Result<XmlExpr> {
        self.expect(K::Name)?;
        let name = self.label()?;
        let mut attributes = Vec::new();
        let mut content = Vec::new();
        if self.accept_kind(TokenKind::Comma) {
            let mut more = true;
            if self.is(K::Xmlattributes) && self.kind_at(1) == TokenKind::LeftParen {
                self.advance();
                attributes = self.parenthesized_list(Self::xml_attribute)?;
                more = self.accept_kind(TokenKind::Comma);
            }
            if more {
                content = self.exprs()?;
            }
        }
        Ok(XmlExpr::Element { name, attributes, content })
    }

    /// `value [AS name]`
    fn xml_attribute(&mut self) -> Result<XmlAttribute> {
        let location = self.location();
        let value = self.expr()?;
        let name = if self.accept(K::As) { Some(self.label()?) } else { None };
        Ok(XmlAttribute { value, name, location })
    }

    /// `PASSING [BY REF|VALUE] document [BY REF|VALUE]`
    pub(super) fn xml_passing(&mut self) -> Result<Expr> {
        self.expect(K::Passing)?;
        self.xml_passing_mechanism()?;
        let document = self.primary()?;
        self.xml_passing_mechanism()?;
        Ok(document)
    }

    fn xml_passing_mechanism(&mut self) -> Result<()> {
        if self.accept(K::By) && !self.accept(K::Ref) {
            self.expect(K::Value)?;
        }
        Ok(())
    }

    /// `XMLTABLE (…)`; the alias is the caller's affair.
    pub(super) fn xml_table(&mut self, lateral: bool) -> Result<XmlTable> {
        let location = self.location();
        self.expect(K::Xmltable)?;
        self.expect_kind(TokenKind::LeftParen)?;
        let mut namespaces = Vec::new();
        if self.is(K::Xmlnamespaces) && self.kind_at(1) == TokenKind::LeftParen {
            self.advance();
            namespaces = self.parenthesized_list(Self::xml_namespace)?;
            self.expect_kind(TokenKind::Comma)?;
        }
        let row = self.primary()?;
        let document = self.xml_passing()?;
        self.expect(K::Columns)?;
        let columns = self.comma_list(Self::xml_table_column)?;
        self.expect_kind(TokenKind::RightParen)?;
        Ok(XmlTable { lateral, namespaces, row, document, columns, alias: None, location })
    }

    fn xml_namespace(&mut self) -> Result<XmlNamespace> {
        let location = self.location();
        if self.accept(K::Default) {
            return Ok(XmlNamespace { uri: self.restricted_expr()?, prefix: None, location });
        }
        let uri = self.restricted_expr()?;
        self.expect(K::As)?;
        Ok(XmlNamespace { uri, prefix: Some(self.label()?), location })
    }

    fn xml_table_column(&mut self) -> Result<XmlTableColumn> {
        let location = self.location();
        let name = self.name()?;
        let mut column = XmlTableColumn { name, type_name: None, path: None, default: None, not_null: false, location };
        if self.accept(K::For) {
            self.expect(K::Ordinality)?;
            return Ok(column);
        }
        column.type_name = Some(self.type_name()?);
        let mut nullability = false;
        loop {
            let token = self.token();
            let problem = |p: &Self, message: String| Err(p.error(SqlState::SYNTAX_ERROR, message, token.start));
            match token.keyword {
                Some(K::Default) => {
                    self.advance();
                    let value = self.restricted_expr()?;
                    if column.default.replace(value).is_some() {
                        return problem(self, "only one DEFAULT value is allowed".to_string());
                    }
                }
                Some(K::Path) => {
                    self.advance();
                    let value = self.restricted_expr()?;
                    if column.path.replace(value).is_some() {
                        return problem(self, "only one PATH value per column is allowed".to_string());
                    }
                }
                Some(K::Not | K::Null) => {
                    column.not_null = self.accept(K::Not);
                    self.expect(K::Null)?;
                    if std::mem::replace(&mut nullability, true) {
                        let message = format!(
                            "conflicting or redundant NULL / NOT NULL declarations for column \"{}\"",
                            column.name
                        );
                        return problem(self, message);
                    }
                }
                None if matches!(token.kind, TokenKind::Identifier | TokenKind::QuotedIdentifier) => {
                    self.advance();
                    let option = self.identifier_text(token);
                    self.restricted_expr()?;
                    if &*option == "__pg__is_not_null" {
                        // PostgreSQL keeps this name for its own use.
                        return problem(self, format!("option name \"{option}\" cannot be used in XMLTABLE"));
                    }
                    return problem(self, format!("unrecognized column option \"{option}\""));
                }
                _ => return Ok(column),
            }
        }
    }
}
