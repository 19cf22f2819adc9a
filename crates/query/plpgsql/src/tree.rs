//! A routine as a tree: what parsing its text gives and running it walks over.
//!
//! Expressions and SQL statements stay text until they are first run ([`Fragment`]). Every variable of the routine, whatever block declares
//! it, has a number of its own; what names mean at a place is a chain of [`Name`]s, the innermost last.

use std::cell::RefCell;
use std::rc::Rc;

use analyzer::query::SqlType;
use analyzer::routine::Precedence;
use ids::Oid;

use crate::run::plan::Planned;

/// The number of a variable.
pub type Number = usize;

/// A routine, parsed.
pub struct Routine {
    /// How contexts call it: `f(integer)`, or `inline_code_block`.
    pub signature: Rc<str>,
    /// Its variables.
    pub variables: Vec<Variable>,
    /// What names mean.
    pub names: Vec<Name>,
    /// Its body.
    pub body: Block,
    /// The variables of its input arguments.
    pub arguments: Vec<Number>,
    /// The variables that its result is made of, if it has OUT arguments (or columns of TABLE).
    pub outputs: Vec<Number>,
    /// `FOUND`.
    pub found: Number,
    /// What a trigger's function is told.
    pub trigger: Option<TriggerVariables>,
    /// Who wins if a name could be a variable and a column.
    pub precedence: Precedence,
    /// `#print_strict_params`.
    pub print_strict_params: bool,
    /// What parsing found odd, with places in the text.
    pub warnings: Vec<error::Error>,
    /// The declared result.
    pub result: ResultKind,
    /// What it returns if it does not return rows: a type to cast to.
    pub result_type: SqlType,
    /// It returns a set.
    pub set: bool,
}

/// What a routine returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultKind {
    /// Nothing: procedures without outputs, DO, `void`.
    Nothing,
    /// A value.
    Scalar,
    /// A row.
    Row,
    /// What a trigger makes of a row.
    Trigger,
    /// An event trigger's nothing.
    EventTrigger,
}

/// The variables of a trigger's function.
pub struct TriggerVariables {
    /// `NEW` and `OLD`.
    pub rows: [Number; 2],
    /// `TG_NAME` and the others, by name.
    pub facts: Vec<(&'static str, Number)>,
}

/// A variable.
pub struct Variable {
    /// Its name, for messages.
    pub name: String,
    /// The line that declares it.
    pub line: u32,
    /// What it holds.
    pub kind: VariableKind,
    /// CONSTANT: it may not be assigned.
    pub constant: bool,
    /// NOT NULL.
    pub not_null: bool,
    /// `:=` or DEFAULT.
    pub default: Option<Fragment>,
}

/// What a variable holds.
pub enum VariableKind {
    /// A value of a type.
    Scalar(SqlType),
    /// A cursor bound to a query.
    Cursor(Box<BoundCursor>),
    /// A row of a composite type; of any shape, if that is `record`.
    Record(Oid),
}

/// `CURSOR (arguments) FOR query`.
pub struct BoundCursor {
    /// The variables of its arguments.
    pub arguments: Vec<Number>,
    /// The query.
    pub query: Fragment,
    /// SCROLL, NO SCROLL, or neither.
    pub scroll: Option<bool>,
}

/// A name of a block, in the chain that a [`Fragment`] begins to look at.
pub struct Name {
    /// The name before it.
    pub before: Option<usize>,
    /// The name; a label may be empty.
    pub name: String,
    /// What it stands for.
    pub what: Named,
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A block; the names in front of it (up to the next label) are its variables'.
    Block,
    /// A loop.
    Loop,
    /// A variable.
    Variable(Number),
}

/// An expression or statement of SQL within a routine.
pub struct Fragment {
    /// Its text.
    pub text: Rc<str>,
    /// What it is.
    pub mode: Mode,
    /// Where names are looked up: the last name that is seen.
    pub names: Option<usize>,
    /// Its plan, once it was needed.
    pub planned: RefCell<Option<Rc<Planned>>>,
}

/// What a fragment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// An expression.
    Expression,
    /// `target := expression`; as many parts of the target's name are the variable's.
    Assignment(u8),
    /// A statement.
    Statement,
}

/// Where values go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A row variable, whole.
    Record(Number),
    /// Variables and fields of rows.
    Several(Vec<Place>),
}

/// A variable or a field of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A variable.
    Variable(Number),
    /// A row's field.
    Field(Number, String),
}

/// `DECLARE … BEGIN … EXCEPTION … END`.
pub struct Block {
    /// Its line.
    pub line: u32,
    /// Its label, or empty.
    pub label: String,
    /// The variables that it declares.
    pub declared: Vec<Number>,
    /// Its statements.
    pub body: Vec<Statement>,
    /// EXCEPTION.
    pub handlers: Option<Handlers>,
}

/// The handlers of a block.
pub struct Handlers {
    /// `SQLSTATE` and `SQLERRM`.
    pub state: Number,
    /// See `state`.
    pub message: Number,
    /// `WHEN conditions THEN statements`.
    pub list: Vec<(Vec<Condition>, Vec<Statement>)>,
}

/// A condition of a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Everything but QUERY_CANCELED and ASSERT_FAILURE.
    Others,
    /// A state; one that ends in `000` stands for its class.
    State(error::SqlState),
}

/// A statement and its line.
pub struct Statement {
    /// Its line in the routine's text.
    pub line: u32,
    /// What it does.
    pub kind: Kind,
}

/// A WHEN of CASE or an IF, ELSIF.
pub struct Branch {
    /// The condition.
    pub condition: Fragment,
    /// What to do.
    pub body: Vec<Statement>,
}

/// Statements.
#[allow(missing_docs)] // the names are PL/pgSQL's
pub enum Kind {
    Block(Box<Block>),
    Assign {
        target: Number,
        value: Fragment,
        path: bool,
        field: Option<String>,
    },
    If {
        branches: Vec<Branch>,
        otherwise: Vec<Statement>,
    },
    /// `subject` is assigned to the variable, against which the branches' conditions test.
    Case {
        subject: Option<(Fragment, Number)>,
        branches: Vec<Branch>,
        otherwise: Option<Vec<Statement>>,
    },
    Loop {
        label: String,
        body: Vec<Statement>,
    },
    While {
        label: String,
        condition: Fragment,
        body: Vec<Statement>,
    },
    ForInteger {
        label: String,
        variable: Number,
        from: Fragment,
        to: Fragment,
        step: Option<Fragment>,
        reverse: bool,
        body: Vec<Statement>,
    },
    ForQuery {
        label: String,
        target: Target,
        query: Fragment,
        body: Vec<Statement>,
    },
    ForExecute {
        label: String,
        target: Target,
        query: Fragment,
        using: Vec<Fragment>,
        body: Vec<Statement>,
    },
    ForCursor {
        label: String,
        target: Target,
        cursor: Number,
        arguments: Option<Fragment>,
        body: Vec<Statement>,
    },
    ForEach {
        label: String,
        target: Target,
        slice: i32,
        array: Fragment,
        body: Vec<Statement>,
    },
    /// EXIT, or CONTINUE.
    Exit {
        exit: bool,
        label: String,
        condition: Option<Fragment>,
    },
    Return(Option<Fragment>),
    ReturnVariable(Number),
    ReturnNext(Option<Fragment>),
    ReturnNextVariable(Number),
    ReturnQuery(Fragment),
    ReturnExecute {
        query: Fragment,
        using: Vec<Fragment>,
    },
    Raise(Box<Raise>),
    Assert {
        condition: Fragment,
        message: Option<Fragment>,
    },
    Sql {
        statement: Fragment,
        into: Option<Target>,
        strict: bool,
    },
    Perform(Fragment),
    Call {
        statement: Fragment,
    },
    Execute {
        query: Fragment,
        into: Option<Target>,
        strict: bool,
        using: Vec<Fragment>,
    },
    Diagnostics {
        stacked: bool,
        items: Vec<(Place, Diagnostic)>,
    },
    Open {
        cursor: Number,
        scroll: Option<bool>,
        what: Opened,
    },
    Fetch {
        cursor: Number,
        direction: Direction,
        target: Option<Target>,
    },
    Close {
        cursor: Number,
    },
    /// COMMIT, or ROLLBACK.
    EndTransaction {
        commit: bool,
        chain: bool,
    },
    Null,
}

/// What OPEN opens.
#[allow(missing_docs)] // the names are the statements' and options' own
pub enum Opened {
    Bound { arguments: Option<Fragment> },
    Query(Fragment),
    Execute { query: Fragment, using: Vec<Fragment> },
}

/// Where FETCH goes.
pub struct Direction {
    /// How.
    pub kind: parser::ast::FetchDirection,
    /// How many, if it is written as an expression.
    pub count: Option<Fragment>,
    /// How many otherwise.
    pub number: i64,
    /// FORWARD ALL, BACKWARD n: MOVE only.
    pub many: bool,
}

/// `RAISE`.
pub struct Raise {
    /// The level, as an error's severity.
    pub severity: error::Severity,
    /// The condition's name, as written, or a state.
    pub condition: Option<(String, error::SqlState)>,
    /// The format.
    pub format: Option<String>,
    /// Its parameters.
    pub parameters: Vec<Fragment>,
    /// USING.
    pub options: Vec<(RaiseOption, Fragment)>,
}

/// Options of RAISE … USING.
#[allow(missing_docs)] // the names are the statements' and options' own
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RaiseOption {
    Message,
    Detail,
    Hint,
    Errcode,
    Column,
    Constraint,
    Datatype,
    Table,
    Schema,
}

impl RaiseOption {
    /// The words that name the options.
    pub const WORDS: [(&'static str, RaiseOption); 9] = [
        ("message", RaiseOption::Message),
        ("detail", RaiseOption::Detail),
        ("hint", RaiseOption::Hint),
        ("errcode", RaiseOption::Errcode),
        ("column", RaiseOption::Column),
        ("constraint", RaiseOption::Constraint),
        ("datatype", RaiseOption::Datatype),
        ("table", RaiseOption::Table),
        ("schema", RaiseOption::Schema),
    ];

    /// Its word in messages.
    pub fn word(self) -> String {
        let word = RaiseOption::WORDS.iter().find(|(_, option)| *option == self).map_or("", |(word, _)| word);
        word.to_ascii_uppercase()
    }
}

/// Items of GET DIAGNOSTICS.
#[allow(missing_docs)] // the names are the statements' and options' own
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Diagnostic {
    RowCount,
    RoutineOid,
    Context,
    ErrorContext,
    ErrorDetail,
    ErrorHint,
    State,
    Column,
    Constraint,
    Datatype,
    Message,
    Table,
    Schema,
}

impl Diagnostic {
    /// The words that name the items; whether they are of an error.
    pub const WORDS: [(&'static str, Diagnostic, bool); 13] = [
        ("row_count", Diagnostic::RowCount, false),
        ("pg_routine_oid", Diagnostic::RoutineOid, false),
        ("pg_context", Diagnostic::Context, false),
        ("pg_exception_context", Diagnostic::ErrorContext, true),
        ("pg_exception_detail", Diagnostic::ErrorDetail, true),
        ("pg_exception_hint", Diagnostic::ErrorHint, true),
        ("returned_sqlstate", Diagnostic::State, true),
        ("column_name", Diagnostic::Column, true),
        ("constraint_name", Diagnostic::Constraint, true),
        ("pg_datatype_name", Diagnostic::Datatype, true),
        ("message_text", Diagnostic::Message, true),
        ("table_name", Diagnostic::Table, true),
        ("schema_name", Diagnostic::Schema, true),
    ];
}

impl Kind {
    /// How contexts call a statement.
    pub fn words(&self) -> &'static str {
        match self {
            Kind::Block(_) => "statement block",
            Kind::Assign { .. } => "assignment",
            Kind::If { .. } => "IF",
            Kind::Case { .. } => "CASE",
            Kind::Loop { .. } => "LOOP",
            Kind::While { .. } => "WHILE",
            Kind::ForInteger { .. } => "FOR with integer loop variable",
            Kind::ForQuery { .. } => "FOR over SELECT rows",
            Kind::ForExecute { .. } => "FOR over EXECUTE statement",
            Kind::ForCursor { .. } => "FOR over cursor",
            Kind::ForEach { .. } => "FOREACH over array",
            Kind::Exit { exit: true, .. } => "EXIT",
            Kind::Exit { exit: false, .. } => "CONTINUE",
            Kind::Return(_) | Kind::ReturnVariable(_) => "RETURN",
            Kind::ReturnNext(_) | Kind::ReturnNextVariable(_) => "RETURN NEXT",
            Kind::ReturnQuery(_) | Kind::ReturnExecute { .. } => "RETURN QUERY",
            Kind::Raise(_) => "RAISE",
            Kind::Assert { .. } => "ASSERT",
            Kind::Sql { .. } => "SQL statement",
            Kind::Perform(_) => "PERFORM",
            Kind::Call { .. } => "CALL",
            Kind::Execute { .. } => "EXECUTE",
            Kind::Diagnostics { stacked: true, .. } => "GET STACKED DIAGNOSTICS",
            Kind::Diagnostics { stacked: false, .. } => "GET DIAGNOSTICS",
            Kind::Open { .. } => "OPEN",
            Kind::Fetch { target: Some(_), .. } => "FETCH",
            Kind::Fetch { target: None, .. } => "MOVE",
            Kind::Close { .. } => "CLOSE",
            Kind::EndTransaction { commit: true, .. } => "COMMIT",
            Kind::EndTransaction { commit: false, .. } => "ROLLBACK",
            Kind::Null => "NULL",
        }
    }
}
