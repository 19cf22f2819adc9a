//! Expressions.

use super::{Name, ObjectName, Select, TypeName};
use std::borrow::Cow;

/// An expression, and where PostgreSQL's error cursor for it stands: at the operator for operators, at the beginning
/// for most others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Byte offset in the text.
    pub location: u32,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExprKind {
    /// A literal.
    Constant(Constant),
    /// `c`, `t.c`, `s.t.c` … The last name is the column (or a whole row, or a function in attribute notation).
    Column(ObjectName),
    /// `*`, `t.*`, `s.t.*`.
    Star {
        /// What stands before the star, outermost first.
        qualifiers: Vec<Name>,
    },
    /// `$n`, from 1 (0 can be written, and is an error later).
    Parameter(i32),
    /// `base[1].field …`. A path that begins with a field has a base in parentheses: `(a).b` is a field of column `a`,
    /// while `a.b` is a [`ExprKind::Column`].
    Indirection {
        /// What is taken apart.
        base: Box<Expr>,
        /// The steps, in order; never empty.
        path: Vec<Accessor>,
    },
    /// Binary operators that lean to the left: `first op₁ e₁ op₂ e₂ …` means `((first op₁ e₁) op₂ e₂) …`, whatever
    /// their precedences (parentheses have been heeded). The expression's location is the last operator's.
    Binary {
        /// The leftmost operand.
        first: Box<Expr>,
        /// The operators and their right operands; never empty.
        rest: Vec<BinaryStep>,
    },
    /// A prefix operator.
    Unary {
        /// Which.
        operator: Operator,
        /// Its operand.
        operand: Box<Expr>,
    },
    /// `a AND b AND …`, two or more. `(a AND b) AND c` is flat too, `a AND (b AND c)` is not.
    And(Vec<Expr>),
    /// `a OR b OR …`, two or more.
    Or(Vec<Expr>),
    /// `NOT a`.
    Not(Box<Expr>),
    /// `a IS [NOT] …`.
    Is {
        /// What is tested.
        operand: Box<Expr>,
        /// For what.
        test: IsTest,
        /// `NOT`.
        negated: bool,
    },
    /// `left IS [NOT] DISTINCT FROM right`.
    IsDistinctFrom {
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
        /// `NOT`.
        negated: bool,
    },
    /// `[NOT] BETWEEN`.
    Between(Box<Between>),
    /// `[NOT] IN`.
    In(Box<In>),
    /// `[NOT] LIKE`, `ILIKE`, `SIMILAR TO`.
    Like(Box<Like>),
    /// `left op ANY|ALL (…)`.
    Quantified(Box<Quantified>),
    /// `CASE`.
    Case(Box<Case>),
    /// `COALESCE(…)`.
    Coalesce(Vec<Expr>),
    /// `GREATEST(…)`.
    Greatest(Vec<Expr>),
    /// `LEAST(…)`.
    Least(Vec<Expr>),
    /// `NULLIF(a, b)`.
    NullIf(Box<[Expr; 2]>),
    /// `CAST(a AS t)`, `a::t`, `t 'literal'`.
    Cast {
        /// What is converted.
        operand: Box<Expr>,
        /// To what.
        target: Box<TypeName>,
    },
    /// `a COLLATE c`.
    Collate {
        /// What is collated.
        operand: Box<Expr>,
        /// By what.
        collation: Box<ObjectName>,
    },
    /// A function call, also in one of SQL's special spellings.
    Call(Box<FunctionCall>),
    /// `CURRENT_DATE` and its like.
    SqlValue(SqlValue),
    /// `ROW(…)` or `(a, b, …)`.
    Row {
        /// The fields.
        fields: Vec<Expr>,
        /// Whether the word `ROW` is written.
        explicit: bool,
    },
    /// `ARRAY[…]`; an inner `[…]` of a multidimensional one is an `Array` too.
    Array(Vec<Expr>),
    /// `(SELECT …)` as a value.
    Subquery(Box<Select>),
    /// `EXISTS (SELECT …)`.
    Exists(Box<Select>),
    /// `ARRAY(SELECT …)`.
    ArraySubquery(Box<Select>),
    /// `GROUPING(…)`.
    Grouping(Vec<Expr>),
    /// `MERGE_ACTION()`.
    MergeAction,
    /// `DEFAULT`, in INSERT's VALUES and UPDATE's SET.
    Default,
    /// `WHERE CURRENT OF cursor`.
    CurrentOf(Name),
    /// SQL/XML.
    Xml(Box<XmlExpr>),
    /// SQL/JSON.
    Json(Box<JsonExpr>),
}

/// A literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constant {
    /// `NULL`.
    Null,
    /// `TRUE`, `FALSE`.
    Boolean(bool),
    /// A whole number that fits 32 bits.
    Integer(i32),
    /// Any other number: the digits as written (underscores and base prefixes too; a sign only if the grammar folded it).
    Float(Name),
    /// A string, its escapes resolved.
    String(Name),
    /// `B'…'` or `X'…'`: the digits after a leading `b` or `x`.
    BitString(Name),
}

/// A step into a composite value or array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accessor {
    /// `.name`.
    Field(Name),
    /// `.*`, only as the last step.
    Star,
    /// `[i]`.
    Subscript(Box<Expr>),
    /// `[lower:upper]`.
    Slice {
        /// Left of the colon.
        lower: Option<Box<Expr>>,
        /// Right of the colon.
        upper: Option<Box<Expr>>,
    },
}

/// An operator: its symbol, perhaps qualified by `OPERATOR(schema.symbol)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The qualification, outermost first; mostly empty.
    pub qualifiers: Vec<Name>,
    /// The symbol. `!=` is `<>` here.
    pub symbol: Cow<'static, str>,
    /// Where it stands.
    pub location: u32,
}

impl Operator {
    /// An operator of the grammar's own, unqualified.
    pub const fn known(symbol: &'static str, location: u32) -> Operator {
        Operator { qualifiers: Vec::new(), symbol: Cow::Borrowed(symbol), location }
    }
}

/// One operator of a chain, with its right operand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinaryStep {
    /// The operator.
    pub operator: Operator,
    /// Its right operand.
    pub right: Expr,
}

/// What `IS` tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IsTest {
    /// `NULL`.
    Null,
    /// `TRUE`.
    True,
    /// `FALSE`.
    False,
    /// `UNKNOWN`.
    Unknown,
    /// `DOCUMENT`.
    Document,
    /// `[NFC|NFD|NFKC|NFKD] NORMALIZED`.
    Normalized(Option<Name>),
    /// `JSON [VALUE|ARRAY|OBJECT|SCALAR] [WITH UNIQUE KEYS]`.
    Json {
        /// Of which kind.
        kind: JsonValueKind,
        /// `WITH UNIQUE`.
        unique_keys: bool,
    },
}

/// Kinds of JSON values that `IS JSON` tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonValueKind {
    /// Any.
    Any,
    /// `OBJECT`.
    Object,
    /// `ARRAY`.
    Array,
    /// `SCALAR`.
    Scalar,
}

/// `operand [NOT] BETWEEN [SYMMETRIC] low AND high`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Between {
    /// What is compared.
    pub operand: Expr,
    /// Lower bound.
    pub low: Expr,
    /// Upper bound.
    pub high: Expr,
    /// `SYMMETRIC`: the bounds in either order.
    pub symmetric: bool,
    /// `NOT`.
    pub negated: bool,
}

/// `operand [NOT] IN (…)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct In {
    /// What is looked for.
    pub operand: Expr,
    /// Where.
    pub set: InSet,
    /// `NOT`.
    pub negated: bool,
}

/// The right side of `IN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InSet {
    /// `(a, b, …)`.
    List(Vec<Expr>),
    /// `(SELECT …)`.
    Subquery(Box<Select>),
}

/// Pattern matching operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LikeKind {
    /// `LIKE`: operator `~~`.
    Like,
    /// `ILIKE`: operator `~~*`.
    Ilike,
    /// `SIMILAR TO`: operator `~` on `similar_to_escape(pattern)`.
    SimilarTo,
}

/// `operand [NOT] LIKE pattern [ESCAPE escape]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Like {
    /// Which operator.
    pub kind: LikeKind,
    /// The text.
    pub operand: Expr,
    /// The pattern.
    pub pattern: Expr,
    /// `ESCAPE`.
    pub escape: Option<Expr>,
    /// `NOT`.
    pub negated: bool,
}

/// `left op ANY|ALL (array)` or `(SELECT …)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantified {
    /// What is compared.
    pub left: Expr,
    /// By which operator (`LIKE` and `ILIKE` come as `~~`, `!~~`, `~~*`, `!~~*`).
    pub operator: Operator,
    /// `ALL` rather than `ANY`.
    pub all: bool,
    /// With what.
    pub right: QuantifiedSet,
}

/// The right side of `ANY` and `ALL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuantifiedSet {
    /// An array.
    Array(Expr),
    /// A subquery.
    Subquery(Box<Select>),
}

/// `CASE [argument] WHEN … THEN … [ELSE …] END`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What the conditions are compared with.
    pub argument: Option<Expr>,
    /// The arms; never empty.
    pub arms: Vec<CaseArm>,
    /// `ELSE`.
    pub otherwise: Option<Expr>,
}

/// `WHEN condition THEN result`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseArm {
    /// `WHEN`.
    pub condition: Expr,
    /// `THEN`.
    pub result: Expr,
    /// Where `WHEN` stands.
    pub location: u32,
}

/// A function call with all its clauses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionCall {
    /// The function.
    pub name: ObjectName,
    /// The arguments.
    pub arguments: Vec<Argument>,
    /// `f(*)`.
    pub star: bool,
    /// The last argument is written `VARIADIC`.
    pub variadic: bool,
    /// `DISTINCT`.
    pub distinct: bool,
    /// `ORDER BY` inside the parentheses or after `WITHIN GROUP`.
    pub order_by: Vec<SortBy>,
    /// Whether `order_by` is that of `WITHIN GROUP`.
    pub within_group: bool,
    /// `FILTER (WHERE …)`.
    pub filter: Option<Expr>,
    /// `OVER`.
    pub over: Option<Over>,
    /// How it is written.
    pub form: CallForm,
}

impl FunctionCall {
    /// A plain call.
    pub fn new(name: ObjectName, arguments: Vec<Argument>) -> FunctionCall {
        FunctionCall {
            name,
            arguments,
            star: false,
            variadic: false,
            distinct: false,
            order_by: Vec::new(),
            within_group: false,
            filter: None,
            over: None,
            form: CallForm::Ordinary,
        }
    }
}

/// How a call is written, for printing it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallForm {
    /// `f(…)`.
    Ordinary,
    /// In a syntax of its own: `EXTRACT(year FROM d)`, `a AT TIME ZONE z`, `a OVERLAPS b`, `SUBSTRING(s FROM 1)` …
    /// The name is the `pg_catalog` function it stands for, the arguments are in that function's order.
    SqlSyntax,
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// `name =>`.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
    /// Where the name or the value begins.
    pub location: u32,
}

/// What `OVER` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Over {
    /// `OVER w`.
    Window {
        /// The window of the WINDOW clause.
        name: Name,
        /// Where it stands.
        location: u32,
    },
    /// `OVER (…)`.
    Inline(Box<WindowSpecification>),
}

/// What stands in a window's parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowSpecification {
    /// The window that this one extends.
    pub base: Option<Name>,
    /// `PARTITION BY`.
    pub partition_by: Vec<Expr>,
    /// `ORDER BY`.
    pub order_by: Vec<SortBy>,
    /// The frame, if one is written.
    pub frame: Option<WindowFrame>,
    /// Where it begins.
    pub location: u32,
}

/// `RANGE|ROWS|GROUPS … [EXCLUDE …]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowFrame {
    /// What the offsets count.
    pub units: FrameUnits,
    /// Where it starts.
    pub start: FrameBound,
    /// Where it ends; `None` if `BETWEEN` is not written (then it is the current row).
    pub end: Option<FrameBound>,
    /// `EXCLUDE`.
    pub exclusion: FrameExclusion,
}

/// What a frame's offsets count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameUnits {
    /// Distances of the ordering value.
    Range,
    /// Rows.
    Rows,
    /// Groups of peers.
    Groups,
}

/// An end of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameBound {
    /// `UNBOUNDED PRECEDING`.
    UnboundedPreceding,
    /// `n PRECEDING`.
    Preceding(Box<Expr>),
    /// `CURRENT ROW`.
    CurrentRow,
    /// `n FOLLOWING`.
    Following(Box<Expr>),
    /// `UNBOUNDED FOLLOWING`.
    UnboundedFollowing,
}

/// `EXCLUDE …`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FrameExclusion {
    /// `NO OTHERS`.
    #[default]
    NoOthers,
    /// `CURRENT ROW`.
    CurrentRow,
    /// `GROUP`.
    Group,
    /// `TIES`.
    Ties,
}

/// An item of ORDER BY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortBy {
    /// What is sorted by.
    pub value: Expr,
    /// In which direction.
    pub direction: SortDirection,
    /// Where nulls go.
    pub nulls: SortNulls,
}

/// The direction of a sort.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SortDirection {
    /// Nothing is written: ascending.
    #[default]
    Default,
    /// `ASC`.
    Ascending,
    /// `DESC`.
    Descending,
    /// `USING operator`.
    Using(Operator),
}

/// Where nulls go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortNulls {
    /// Nothing is written: last when ascending, first when descending.
    #[default]
    Default,
    /// `NULLS FIRST`.
    First,
    /// `NULLS LAST`.
    Last,
}

/// SQL's parameterless functions that are written without parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlValue {
    /// `CURRENT_DATE`.
    CurrentDate,
    /// `CURRENT_TIME [(precision)]`.
    CurrentTime(Option<i32>),
    /// `CURRENT_TIMESTAMP [(precision)]`.
    CurrentTimestamp(Option<i32>),
    /// `LOCALTIME [(precision)]`.
    LocalTime(Option<i32>),
    /// `LOCALTIMESTAMP [(precision)]`.
    LocalTimestamp(Option<i32>),
    /// `CURRENT_ROLE`.
    CurrentRole,
    /// `CURRENT_USER`.
    CurrentUser,
    /// `USER`.
    User,
    /// `SESSION_USER`.
    SessionUser,
    /// `CURRENT_CATALOG`.
    CurrentCatalog,
    /// `CURRENT_SCHEMA`.
    CurrentSchema,
}

/// SQL/XML's special forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XmlExpr {
    /// `XMLCONCAT(…)`.
    Concat(Vec<Expr>),
    /// `XMLELEMENT(NAME n, XMLATTRIBUTES(…), …)`.
    Element {
        /// The element's name.
        name: Name,
        /// Its attributes.
        attributes: Vec<XmlAttribute>,
        /// Its content.
        content: Vec<Expr>,
    },
    /// `XMLFOREST(…)`.
    Forest(Vec<XmlAttribute>),
    /// `XMLPARSE(DOCUMENT|CONTENT text …)`.
    Parse {
        /// A document, or content.
        option: XmlOption,
        /// The text.
        text: Expr,
        /// `PRESERVE WHITESPACE`.
        preserve_whitespace: bool,
    },
    /// `XMLPI(NAME n, content)`.
    ProcessingInstruction {
        /// Its name.
        name: Name,
        /// Its content.
        content: Option<Expr>,
    },
    /// `XMLROOT(value, VERSION …, STANDALONE …)`.
    Root {
        /// The value.
        value: Expr,
        /// `VERSION`; `None` is `NO VALUE`.
        version: Option<Expr>,
        /// `STANDALONE`.
        standalone: XmlStandalone,
    },
    /// `XMLSERIALIZE(DOCUMENT|CONTENT value AS type …)`.
    Serialize {
        /// A document, or content.
        option: XmlOption,
        /// The value.
        value: Expr,
        /// The result's type.
        target: TypeName,
        /// `INDENT`.
        indent: bool,
    },
}

/// `value [AS name]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlAttribute {
    /// The value.
    pub value: Expr,
    /// Its name; taken from the value (a column) if absent.
    pub name: Option<Name>,
    /// Where it begins.
    pub location: u32,
}

/// `DOCUMENT` or `CONTENT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XmlOption {
    /// `DOCUMENT`.
    Document,
    /// `CONTENT`.
    Content,
}

/// XMLROOT's `STANDALONE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XmlStandalone {
    /// Not written.
    Omitted,
    /// `YES`.
    Yes,
    /// `NO`.
    No,
    /// `NO VALUE`.
    NoValue,
}

/// SQL/JSON's special forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonExpr {
    /// `JSON_OBJECT(…)`.
    Object {
        /// The members.
        members: Vec<JsonMember>,
        /// `ABSENT ON NULL`.
        absent_on_null: bool,
        /// `WITH UNIQUE KEYS`.
        unique_keys: bool,
        /// `RETURNING`.
        returning: Option<JsonOutput>,
    },
    /// `JSON_ARRAY(…)`.
    Array {
        /// The elements.
        elements: Vec<JsonValue>,
        /// `ABSENT ON NULL`, the default.
        absent_on_null: bool,
        /// `RETURNING`.
        returning: Option<JsonOutput>,
    },
    /// `JSON_ARRAY(SELECT …)`.
    ArrayQuery {
        /// The query.
        query: Box<Select>,
        /// The elements' format.
        format: Option<JsonFormat>,
        /// `RETURNING`.
        returning: Option<JsonOutput>,
    },
    /// `JSON_OBJECTAGG(…)`.
    ObjectAggregate {
        /// The member.
        member: JsonMember,
        /// `ABSENT ON NULL`.
        absent_on_null: bool,
        /// `WITH UNIQUE KEYS`.
        unique_keys: bool,
        /// What every aggregate has.
        aggregate: JsonAggregate,
    },
    /// `JSON_ARRAYAGG(…)`.
    ArrayAggregate {
        /// The element.
        element: JsonValue,
        /// `ORDER BY`.
        order_by: Vec<SortBy>,
        /// `ABSENT ON NULL`, the default.
        absent_on_null: bool,
        /// What every aggregate has.
        aggregate: JsonAggregate,
    },
    /// `JSON(text …)`.
    Parse {
        /// The text.
        value: JsonValue,
        /// `WITH UNIQUE KEYS`.
        unique_keys: bool,
    },
    /// `JSON_SCALAR(value)`.
    Scalar(Expr),
    /// `JSON_SERIALIZE(value …)`.
    Serialize {
        /// The value.
        value: JsonValue,
        /// `RETURNING`.
        returning: Option<JsonOutput>,
    },
    /// `JSON_EXISTS`, `JSON_QUERY`, `JSON_VALUE`.
    Path(Box<JsonPathExpr>),
    /// A value with its format, as an argument of an aggregate. The analyzer makes it; no text is read as one.
    Value(Box<JsonValue>),
}

/// What JSON aggregates have besides their arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonAggregate {
    /// `RETURNING`.
    pub returning: Option<JsonOutput>,
    /// `FILTER (WHERE …)`.
    pub filter: Option<Expr>,
    /// `OVER`.
    pub over: Option<Over>,
}

/// `key : value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonMember {
    /// The key.
    pub key: Expr,
    /// The value.
    pub value: JsonValue,
}

/// `value [FORMAT JSON …]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonValue {
    /// The value.
    pub value: Expr,
    /// `FORMAT`.
    pub format: Option<JsonFormat>,
}

/// `FORMAT JSON [ENCODING …]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonFormat {
    /// `ENCODING`.
    pub encoding: Option<JsonEncoding>,
    /// Where it stands.
    pub location: u32,
}

/// Encodings that FORMAT JSON knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonEncoding {
    /// UTF-8.
    Utf8,
    /// UTF-16.
    Utf16,
    /// UTF-32.
    Utf32,
}

/// `RETURNING type [FORMAT …]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonOutput {
    /// The type.
    pub target: TypeName,
    /// `FORMAT`.
    pub format: Option<JsonFormat>,
}

/// The functions over SQL/JSON paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonPathFunction {
    /// `JSON_EXISTS`.
    Exists,
    /// `JSON_QUERY`.
    Query,
    /// `JSON_VALUE`.
    Value,
}

/// `JSON_QUERY(context, path PASSING … RETURNING … …)` and its like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPathExpr {
    /// Which.
    pub function: JsonPathFunction,
    /// The document.
    pub context: JsonValue,
    /// The path.
    pub path: Expr,
    /// `PASSING`.
    pub passing: Vec<JsonPassing>,
    /// `RETURNING`.
    pub returning: Option<JsonOutput>,
    /// `WITH WRAPPER`.
    pub wrapper: JsonWrapper,
    /// `KEEP|OMIT QUOTES`.
    pub quotes: JsonQuotes,
    /// `ON EMPTY`.
    pub on_empty: Option<JsonBehavior>,
    /// `ON ERROR`.
    pub on_error: Option<JsonBehavior>,
}

/// `value AS name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPassing {
    /// The value.
    pub value: JsonValue,
    /// The path variable.
    pub name: Name,
}

/// Whether a result is wrapped in an array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JsonWrapper {
    /// Nothing is written.
    #[default]
    Unspecified,
    /// `WITHOUT WRAPPER`.
    Without,
    /// `WITH UNCONDITIONAL WRAPPER`.
    Unconditional,
    /// `WITH CONDITIONAL WRAPPER`.
    Conditional,
}

/// Whether a string result keeps its quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JsonQuotes {
    /// Nothing is written.
    #[default]
    Unspecified,
    /// `KEEP QUOTES`.
    Keep,
    /// `OMIT QUOTES`.
    Omit,
}

/// What to answer `ON EMPTY` or `ON ERROR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonBehavior {
    /// Which answer.
    pub kind: JsonBehaviorKind,
    /// Where it stands.
    pub location: u32,
}

/// Answers `ON EMPTY` and `ON ERROR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonBehaviorKind {
    /// `NULL`.
    Null,
    /// `ERROR`.
    Error,
    /// `EMPTY`, `EMPTY ARRAY`.
    EmptyArray,
    /// `EMPTY OBJECT`.
    EmptyObject,
    /// `TRUE`.
    True,
    /// `FALSE`.
    False,
    /// `UNKNOWN`.
    Unknown,
    /// `DEFAULT value`.
    Default(Box<Expr>),
}
