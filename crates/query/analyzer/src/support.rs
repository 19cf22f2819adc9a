//! The functions that an aggregate is made of: found by name, for a state and arguments whose types may be polymorphic still.

use catalog::Catalog;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast;
use types::Environment;

use crate::polymorphic::is_polymorphic;
use crate::query::NO_LOCATION;
use crate::{Analyzer, Params};

/// A function that does a part of an aggregate's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupportFunction {
    /// The function.
    pub oid: Oid,
    /// What it returns for these arguments.
    pub result: Oid,
    /// It returns null for a null argument, without being called.
    pub strict: bool,
}

impl Analyzer<'_> {
    /// The function that an aggregate calls with these types; `variadic` is the element type of the aggregate's VARIADIC parameter,
    /// or zero.
    ///
    /// # Errors
    /// `42883` if there is none, `42725` if there are several; `42804` for one that returns a set, or needs its arguments converted.
    pub fn support_function(
        &mut self,
        name: &ast::ObjectName,
        inputs: &[Oid],
        variadic: Oid,
    ) -> Result<SupportFunction> {
        let names = vec![None; inputs.len()];
        let signature = |this: &Self, types: &[Oid]| this.call_signature(name, types, &names);
        let row = match self.find_function(name, inputs, &names, false, false, NO_LOCATION)? {
            Ok(candidate) => candidate.row,
            Err(ambiguous) => {
                let text = signature(self, inputs)?;
                return Err(match ambiguous {
                    true => Error::new(SqlState::AMBIGUOUS_FUNCTION, format!("function {text} is not unique")),
                    false => Error::new(SqlState::UNDEFINED_FUNCTION, format!("function {text} does not exist")),
                });
            }
        };
        if !matches!(row.prokind, b'f' | b'w') {
            let text = format!("function {} does not exist", signature(self, inputs)?);
            return Err(Error::new(SqlState::UNDEFINED_FUNCTION, text));
        }
        let mismatch = |text: String| Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
        if row.proretset {
            return mismatch(format!("function {} returns a set", signature(self, inputs)?));
        }
        // The aggregate hands its arguments over as they come.
        if variadic == types::oid::ANY && row.provariadic != types::oid::ANY {
            let text =
                format!("function {} must accept VARIADIC ANY to be used in this aggregate", signature(self, inputs)?);
            return mismatch(text);
        }
        // What is polymorphic in the aggregate itself says nothing about a polymorphic parameter.
        let mut declared = row.proargtypes.to_vec();
        let telling = |(input, declared): &(Oid, Oid)| !is_polymorphic(*declared) || input != declared;
        let pairs: Vec<(Oid, Oid)> = inputs.iter().copied().zip(declared.iter().copied()).filter(telling).collect();
        let (given, mut wanted): (Vec<Oid>, Vec<Oid>) = pairs.into_iter().unzip();
        let mut result = row.prorettype;
        if wanted.iter().any(|&ty| is_polymorphic(ty)) {
            result = self.resolve_polymorphic(&given, &mut wanted, result, true)?;
            let mut resolved = wanted.into_iter();
            for (input, ty) in inputs.iter().zip(&mut declared) {
                if telling(&(*input, *ty)) {
                    *ty = resolved.next().unwrap_or(*ty);
                }
            }
        }
        for (&input, &ty) in inputs.iter().zip(&declared) {
            if input != ty && !self.catalog.is_binary_coercible(input, ty)? {
                let text = format!("function {} requires run-time type coercion", signature(self, &declared)?);
                return mismatch(text);
            }
        }
        Ok(SupportFunction { oid: row.oid, result, strict: row.proisstrict })
    }
}

/// The type that a polymorphic type of a routine stands for when its parameters are given these types.
///
/// # Errors
/// `42804` if the arguments do not tell it.
pub fn actual_type(catalog: &Catalog, env: &dyn Environment, inputs: &[Oid], declared: &[Oid], ty: Oid) -> Result<Oid> {
    let mut declared = declared.to_vec();
    Analyzer::new(catalog, env, "", Params::default()).resolve_polymorphic(inputs, &mut declared, ty, false)
}
