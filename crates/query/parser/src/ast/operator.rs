//! Operators, their classes and families, and casts.

use super::{DefinitionItem, FunctionSignature, Name, ObjectName, TypeName};

/// An operator with its operand types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorSignature {
    /// The operator.
    pub operator: super::Operator,
    /// Left operand; `None` for a prefix operator.
    pub left: Option<Box<TypeName>>,
    /// Right operand; `None` for `NONE`.
    pub right: Option<Box<TypeName>>,
}

/// `ALTER OPERATOR o SET (…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterOperator {
    /// Which.
    pub operator: OperatorSignature,
    /// The options.
    pub options: Vec<DefinitionItem>,
}

/// `CREATE OPERATOR CLASS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateOperatorClass {
    /// Its name.
    pub name: ObjectName,
    /// `DEFAULT`.
    pub default: bool,
    /// `FOR TYPE`.
    pub type_name: TypeName,
    /// `USING`.
    pub method: Name,
    /// `FAMILY`.
    pub family: Option<ObjectName>,
    /// Its items.
    pub items: Vec<OperatorClassItem>,
}

/// An item of an operator class or family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorClassItem {
    /// `OPERATOR number operator (types) FOR …`.
    Operator {
        /// The strategy.
        number: i32,
        /// The operator.
        operator: super::Operator,
        /// Its operand types, if given.
        types: Option<(Option<Box<TypeName>>, Option<Box<TypeName>>)>,
        /// `FOR ORDER BY family`.
        order_family: Option<ObjectName>,
    },
    /// `FUNCTION number (types) function`.
    Function {
        /// The support number.
        number: i32,
        /// The types it is for.
        types: Vec<TypeName>,
        /// The function.
        function: FunctionSignature,
    },
    /// `STORAGE type`.
    Storage(TypeName),
}

/// `CREATE OPERATOR FAMILY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateOperatorFamily {
    /// Its name.
    pub name: ObjectName,
    /// `USING`.
    pub method: Name,
}

/// `ALTER OPERATOR FAMILY … ADD|DROP`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterOperatorFamily {
    /// Which.
    pub name: ObjectName,
    /// `USING`.
    pub method: Name,
    /// What to do.
    pub action: AlterOperatorFamilyAction,
}

/// Actions of ALTER OPERATOR FAMILY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterOperatorFamilyAction {
    /// `ADD`.
    Add(Vec<OperatorClassItem>),
    /// `DROP`.
    Drop(Vec<OperatorFamilyMember>),
}

/// A member of an operator family, by number and types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorFamilyMember {
    /// `FUNCTION` rather than `OPERATOR`.
    pub function: bool,
    /// The number.
    pub number: i32,
    /// The types.
    pub types: Vec<TypeName>,
}

/// `CREATE CAST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateCast {
    /// From.
    pub source: TypeName,
    /// To.
    pub target: TypeName,
    /// By what.
    pub method: CastMethod,
    /// Where it applies by itself.
    pub context: CastContext,
}

/// How a cast converts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CastMethod {
    /// `WITH FUNCTION`.
    Function(FunctionSignature),
    /// `WITHOUT FUNCTION`.
    Binary,
    /// `WITH INOUT`.
    InOut,
}

/// Where a cast applies by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CastContext {
    /// Nowhere.
    #[default]
    Explicit,
    /// `AS ASSIGNMENT`.
    Assignment,
    /// `AS IMPLICIT`.
    Implicit,
}
