//! RAISE and ASSERT.

use error::{Error, Result, Severity, SqlState};

use super::Run;
use crate::parse::states_named;
use crate::tree::*;

impl<'r> Run<'r, '_> {
    pub(super) fn raise(&mut self, raise: &'r Raise) -> Result<()> {
        if raise.format.is_none()
            && raise.condition.is_none()
            && raise.options.is_empty()
            && raise.parameters.is_empty()
        {
            let Some(error) = self.errors.last().cloned() else {
                let text = "RAISE without parameters cannot be used outside an exception handler";
                return Err(Error::new(SqlState::STACKED_DIAGNOSTICS_ACCESSED_WITHOUT_ACTIVE_HANDLER, text));
            };
            // It goes on as it came; where it happened is told already.
            self.told = true;
            return Err(error);
        }
        let mut state = raise.condition.as_ref().map(|(_, state)| *state);
        let mut message = raise.condition.as_ref().map(|(name, _)| name.clone());
        if let Some(format) = &raise.format {
            message = Some(self.format(format, &raise.parameters)?);
        }
        let mut given: Vec<(RaiseOption, String)> = Vec::new();
        for (option, fragment) in &raise.options {
            let Some(value) = self.text(fragment)? else {
                let text = "RAISE statement option cannot be null";
                return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, text));
            };
            let twice = given.iter().any(|(known, _)| known == option)
                || *option == RaiseOption::Errcode && state.is_some()
                || *option == RaiseOption::Message && raise.format.is_some();
            if twice {
                let text = format!("RAISE option already specified: {}", option.word());
                return Err(Error::new(SqlState::SYNTAX_ERROR, text));
            }
            if *option == RaiseOption::Errcode {
                state = Some(match SqlState::from_code(&value) {
                    Some(state) => state,
                    None => states_named(&value).first().copied().ok_or_else(|| {
                        let text = format!("unrecognized exception condition \"{value}\"");
                        Error::new(SqlState::UNDEFINED_OBJECT, text)
                    })?,
                });
            }
            given.push((*option, value));
        }
        let level = raise.severity;
        let default =
            if level >= Severity::Error { SqlState::RAISE_EXCEPTION } else { SqlState::SUCCESSFUL_COMPLETION };
        let state = state.unwrap_or(match level {
            Severity::Warning => SqlState::WARNING,
            _ => default,
        });
        let own = given.iter().find(|(option, _)| *option == RaiseOption::Message).map(|(_, value)| value.clone());
        let message = own.or(message).unwrap_or_else(|| {
            let code = given.iter().find(|(option, _)| *option == RaiseOption::Errcode).map(|(_, value)| value.clone());
            code.unwrap_or_else(|| state.code().to_string())
        });
        let mut error = Error::new(state, message).severity(level);
        for (option, value) in given {
            error = match option {
                RaiseOption::Detail => error.detail(value),
                RaiseOption::Hint => error.hint(value),
                RaiseOption::Column => error.column(value),
                RaiseOption::Constraint => error.constraint(value),
                RaiseOption::Datatype => error.data_type(value),
                RaiseOption::Table => error.table(value),
                RaiseOption::Schema => error.schema(value),
                RaiseOption::Message | RaiseOption::Errcode => error,
            };
        }
        if level >= Severity::Error {
            return Err(error);
        }
        // A notice's context is that of all statements under way.
        let context = self.host.context();
        self.host.notice(error.context(context));
        Ok(())
    }

    /// Puts the parameters in the places of `%`.
    fn format(&mut self, format: &str, parameters: &'r [Fragment]) -> Result<String> {
        let mut out = String::new();
        let mut parameters = parameters.iter();
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
            } else if chars.next_if_eq(&'%').is_some() {
                out.push('%');
            } else if let Some(parameter) = parameters.next() {
                out.push_str(&self.text(parameter)?.unwrap_or_else(|| "<NULL>".into()));
            }
        }
        Ok(out)
    }

    pub(super) fn assert(&mut self, condition: &Fragment, message: Option<&Fragment>) -> Result<()> {
        if self.host.setting("plpgsql.check_asserts").is_some_and(|value| value == "off")
            || self.condition(condition)?
        {
            return Ok(());
        }
        let text = match message {
            Some(message) => self.text(message)?,
            None => None,
        };
        Err(Error::new(SqlState::ASSERT_FAILURE, text.unwrap_or_else(|| "assertion failed".into())))
    }
}
