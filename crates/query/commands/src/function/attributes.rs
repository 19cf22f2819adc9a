//! The options of CREATE and ALTER FUNCTION.

use catalog::rows::PgProc;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{DefinitionItem, DefinitionValue, ObjectName, SetAction, SetStatement};
use types::oid;

use crate::{Context, options};

/// Each option at most once.
#[derive(Default)]
pub(super) struct Attributes<'s> {
    pub body: Option<(&'s DefinitionItem, Vec<&'s str>)>,
    pub language: Option<String>,
    pub transform: Option<&'s DefinitionItem>,
    pub window: bool,
    pub volatility: Option<u8>,
    pub strict: Option<bool>,
    pub security_definer: Option<bool>,
    pub leakproof: Option<bool>,
    pub cost: Option<f64>,
    pub rows: Option<f64>,
    pub support: Option<&'s ObjectName>,
    pub settings: Vec<&'s SetStatement>,
    pub parallel: Option<u8>,
}

fn put<T>(context: &Context<'_>, item: &DefinitionItem, slot: &mut Option<T>, value: T) -> Result<()> {
    if slot.replace(value).is_some() {
        let error = Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options");
        return Err(context.place(error, item.location));
    }
    Ok(())
}

impl<'s> Attributes<'s> {
    /// Reads a list of options. A procedure has only some of them.
    pub fn read(context: &Context<'_>, items: &'s [DefinitionItem], procedure: bool) -> Result<Attributes<'s>> {
        let mut found = Attributes::default();
        let mut window = None;
        for item in items {
            let functions_only =
                matches!(&*item.name, "volatility" | "strict" | "leakproof" | "cost" | "rows" | "support" | "parallel");
            if procedure && (functions_only || &*item.name == "window") {
                let text = "invalid attribute in procedure definition";
                let error = Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text);
                return Err(context.place(error, item.location));
            }
            let word = || options::text(item).unwrap_or_default();
            let on = || !matches!(item.value, Some(DefinitionValue::Boolean(false)));
            let number = || word().parse::<f64>().unwrap_or(0.0);
            match &*item.name {
                "as" => {
                    let parts = match &item.value {
                        Some(DefinitionValue::List(list)) => list
                            .iter()
                            .map(|part| match part {
                                DefinitionValue::String(text) => &**text,
                                _ => "",
                            })
                            .collect(),
                        _ => Vec::new(),
                    };
                    put(context, item, &mut found.body, (item, parts))?;
                }
                "language" => put(context, item, &mut found.language, word())?,
                "transform" => put(context, item, &mut found.transform, item)?,
                "window" => put(context, item, &mut window, true)?,
                "volatility" => {
                    let letter = word().as_bytes().first().copied().unwrap_or(b'v').to_ascii_lowercase();
                    put(context, item, &mut found.volatility, letter)?;
                }
                "strict" => put(context, item, &mut found.strict, on())?,
                "security" => put(context, item, &mut found.security_definer, on())?,
                "leakproof" => put(context, item, &mut found.leakproof, on())?,
                "cost" => put(context, item, &mut found.cost, number())?,
                "rows" => put(context, item, &mut found.rows, number())?,
                "support" => {
                    if let Some(DefinitionValue::Name(name)) = &item.value {
                        put(context, item, &mut found.support, name)?;
                    }
                }
                "set" => {
                    if let Some(DefinitionValue::Setting(setting)) = &item.value {
                        found.settings.push(setting);
                    }
                }
                "parallel" => {
                    let letter = match &*word() {
                        "safe" => b's',
                        "restricted" => b'r',
                        "unsafe" => b'u',
                        _ => {
                            let text = "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE";
                            return Err(Error::new(SqlState::SYNTAX_ERROR, text));
                        }
                    };
                    put(context, item, &mut found.parallel, letter)?;
                }
                other => return Err(Error::internal(format!("option \"{other}\" not recognized"))),
            }
        }
        found.window = window.is_some();
        let invalid = |text: &str| Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
        if found.cost.is_some_and(|cost| cost <= 0.0) {
            return invalid("COST must be positive");
        }
        if found.rows.is_some_and(|rows| rows <= 0.0) {
            return invalid("ROWS must be positive");
        }
        if found.transform.is_some() {
            return Err(Error::not_implemented("TRANSFORM of functions"));
        }
        Ok(found)
    }

    /// Brings what is given into a function's row.
    pub fn apply(&self, context: &Context<'_>, row: &mut PgProc) -> Result<()> {
        let catalog = context.catalog();
        if self.leakproof == Some(true) && !catalog.is_superuser(catalog.current_user())? {
            let text = "only superuser can define a leakproof function";
            return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
        }
        if let Some(rows) = self.rows {
            if !row.proretset {
                let text = "ROWS is not applicable when function does not return a set";
                return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
            }
            row.prorows = rows as f32;
        }
        row.provolatile = self.volatility.unwrap_or(row.provolatile);
        row.proisstrict = self.strict.unwrap_or(row.proisstrict);
        row.prosecdef = self.security_definer.unwrap_or(row.prosecdef);
        row.proleakproof = self.leakproof.unwrap_or(row.proleakproof);
        row.procost = self.cost.map_or(row.procost, |cost| cost as f32);
        row.proparallel = self.parallel.unwrap_or(row.proparallel);
        if let Some(name) = self.support {
            row.prosupport = support_function(context, name)?;
        }
        for setting in &self.settings {
            apply_setting(context, row, setting)?;
        }
        Ok(())
    }
}

fn support_function(context: &Context<'_>, name: &ObjectName) -> Result<Oid> {
    let catalog = context.catalog();
    let schema = name.qualifiers.last().map(|schema| &**schema);
    let found = catalog.functions_by_name(schema, &name.name)?;
    let Some(found) = found.iter().find(|found| *found.row.proargtypes == [oid::INTERNAL]) else {
        let text = format!("function {name}(internal) does not exist");
        return Err(Error::new(SqlState::UNDEFINED_FUNCTION, text));
    };
    if found.row.prorettype != oid::INTERNAL {
        let text = format!("support function {name} must return type internal");
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    }
    if !catalog.is_superuser(catalog.current_user())? {
        let text = "must be superuser to specify a support function";
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
    }
    Ok(found.row.oid)
}

/// `SET name = value`, `SET name FROM CURRENT`, `RESET name`, `RESET ALL`.
fn apply_setting(context: &Context<'_>, row: &mut PgProc, setting: &SetStatement) -> Result<()> {
    let (name, value) = match &setting.action {
        SetAction::Values { name, .. } => (name, Some(context.services.checked_setting(setting)?)),
        SetAction::FromCurrent { name } => {
            let value = context.session.env().setting(name);
            let missing = || {
                let text = format!("unrecognized configuration parameter \"{name}\"");
                Error::new(SqlState::UNDEFINED_OBJECT, text)
            };
            (name, Some(value.ok_or_else(missing)?))
        }
        SetAction::Default { name } | SetAction::Reset { name } => (name, None),
        SetAction::ResetAll => {
            row.proconfig = None;
            return Ok(());
        }
        _ => return Err(Error::not_implemented("this form of SET for a function")),
    };
    let mut all = row.proconfig.take().unwrap_or_default();
    let of = |entry: &str| entry.split('=').next().is_some_and(|known| known.eq_ignore_ascii_case(name));
    match value {
        Some(value) => {
            let entry = format!("{name}={value}");
            match all.iter_mut().find(|entry| of(entry)) {
                Some(old) => *old = entry.into(),
                None => all.push(entry.into()),
            }
        }
        None => all.retain(|entry| !of(entry)),
    }
    row.proconfig = (!all.is_empty()).then_some(all);
    Ok(())
}
