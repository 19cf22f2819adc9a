//! CREATE INDEX: on columns and expressions, whole or partial, of tables and of trees of partitions.
//!
//! An index of a partitioned table has no entries; each partition has one that belongs to it. What is in [`crate::index_build`] fills them.

use access::Method;
use analyzer::Wanted;
use analyzer::query::{Expr, ExprKind, NO_LOCATION, SqlType};
use analyzer::scope::Place;
use catalog::objects::BTREE;
use catalog::relation::kind;
use catalog::rows::{PgIndex, PgInherits};
use catalog::{Dependency, Entry, NewIndex, NewIndexColumn, Object, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{
    self, CreateIndex, ExclusionConstraint, IndexElement, IndexKey, ObjectName, SortDirection, SortNulls,
};

use crate::{Context, expression, index_build, partition, storage_options};

/// An index to be made on a table.
#[derive(Clone)]
pub(crate) struct IndexPlan {
    pub table: Oid,
    pub name: Option<String>,
    /// The access method's row in `pg_am`, and what it is.
    pub method: (Oid, Method),
    pub columns: Vec<NewIndexColumn>,
    pub keys: usize,
    pub unique: bool,
    pub primary: bool,
    pub nulls_not_distinct: bool,
    pub for_constraint: bool,
    /// The operators that exclude, by key column; empty if it serves no exclusion constraint.
    pub excluding: Vec<Oid>,
    /// Uniqueness is checked at once: the constraint is not deferrable.
    pub immediate: bool,
    pub options: Option<Vec<catalog::field::Text>>,
    /// What the columns with number zero are, in order.
    pub expressions: Vec<Expr>,
    pub predicate: Option<Expr>,
    /// The index of the partitioned table that this one belongs to.
    pub parent: Oid,
    /// Partitions get none (ONLY).
    pub only: bool,
    /// Its tablespace, as `pg_class.reltablespace` has it; none if settings decide.
    pub tablespace: Option<Oid>,
    /// It is only put into the catalogs, neither ready nor valid: [`crate::concurrently`] does the rest.
    pub concurrently: bool,
}

impl IndexPlan {
    /// A plain B-tree index on columns, with others included.
    pub fn of_columns(context: &Context<'_>, table: Oid, keys: &[i16], included: &[i16]) -> Result<IndexPlan> {
        let relation = context.catalog().relation(table)?;
        let mut columns = keys.iter().map(|&n| column_key(context, &relation, n)).collect::<Result<Vec<_>>>()?;
        columns.extend(included.iter().map(|&number| NewIndexColumn::of(number)));
        Ok(IndexPlan { columns, keys: keys.len(), ..IndexPlan::empty(table) })
    }

    /// The tablespace that a statement names for an index.
    pub fn place(context: &Context<'_>, table: &Relation, name: Option<&str>) -> Result<Option<Oid>> {
        let partitioned = table.kind() == kind::PARTITIONED_TABLE;
        let persistence = table.class.relpersistence;
        name.map(|name| crate::tablespace::for_new(context, Some(name), Oid::INVALID, persistence, partitioned))
            .transpose()
    }

    fn empty(table: Oid) -> IndexPlan {
        IndexPlan {
            table,
            name: None,
            method: (BTREE, Method::Btree),
            columns: Vec::new(),
            keys: 0,
            unique: false,
            primary: false,
            nulls_not_distinct: false,
            for_constraint: false,
            excluding: Vec::new(),
            immediate: true,
            options: None,
            expressions: Vec::new(),
            predicate: None,
            parent: Oid::INVALID,
            only: false,
            tablespace: None,
            concurrently: false,
        }
    }

    /// An index like one of another table, whose columns have the same names.
    pub fn like(context: &Context<'_>, index: Oid, model: &Relation, table: &Relation) -> Result<IndexPlan> {
        let catalog = context.catalog();
        let class = catalog.relation(index)?;
        let row = class.index.clone().ok_or_else(|| Error::internal(format!("relation {index} is no index")))?;
        let place = |name: &str| table.column_by_name(name).map(|column| column.attnum);
        let moved = |expr: &Expr| expression::transplant(context, expr, model, &place).map(|stored| stored.expr);
        let mut columns = Vec::new();
        for (at, &number) in row.indkey.iter().enumerate() {
            let own = class.columns.get(at).ok_or_else(|| Error::internal("an index column is missing"))?;
            let number = match number {
                0 => 0,
                number => {
                    let name = model.column(number).map_or("", |column| &column.attname);
                    place(name).ok_or_else(|| Error::internal(format!("column {name} has no counterpart")))?
                }
            };
            columns.push(NewIndexColumn {
                number,
                name: (number == 0).then(|| own.attname.to_string()),
                expression_type: (own.atttypid, own.atttypmod),
                opclass: row.indclass.get(at).copied().unwrap_or_default(),
                collation: row.indcollation.get(at).copied().unwrap_or_default(),
                option: row.indoption.get(at).copied().unwrap_or_default(),
                opclass_options: own.attoptions.clone(),
            });
        }
        let expressions = match &row.indexprs {
            Some(text) => analyzer::node::from_text::<Vec<Expr>>(text)?.iter().map(moved).collect::<Result<_>>()?,
            None => Vec::new(),
        };
        let predicate = match &row.indpred {
            Some(text) => Some(moved(&expression::read(context, text)?)?),
            None => None,
        };
        let method = class.class.relam;
        let constraint = match catalog.constraint_of_index(index)? {
            Some(constraint) => Some(catalog.constraint(constraint)?),
            None => None,
        };
        let excluding = constraint.as_ref().and_then(|row| row.conexclop.clone()).unwrap_or_default();
        Ok(IndexPlan {
            excluding,
            method: (method, catalog.index_method(method)?),
            columns,
            keys: row.indnkeyatts as usize,
            unique: row.indisunique,
            primary: row.indisprimary,
            nulls_not_distinct: row.indnullsnotdistinct,
            for_constraint: constraint.is_some(),
            immediate: row.indimmediate,
            options: class.class.reloptions.clone(),
            tablespace: Some(class.class.reltablespace).filter(|tablespace| tablespace.is_valid()),
            expressions,
            predicate,
            ..IndexPlan::empty(table.oid)
        })
    }

    /// Whether an index that a partition has already would do.
    fn fits(&self, context: &Context<'_>, candidate: &Relation) -> Result<bool> {
        let Some(row) = &candidate.index else { return Ok(false) };
        let columns = self.columns.iter().enumerate().all(|(at, column)| {
            row.indkey.get(at) == Some(&column.number)
                && (at >= self.keys
                    || row.indclass.get(at) == Some(&column.opclass)
                        && row.indcollation.get(at) == Some(&column.collation))
        });
        if !columns
            || candidate.class.relam != self.method.0
            || row.indkey.len() != self.columns.len()
            || row.indnkeyatts as usize != self.keys
            || row.indisunique != self.unique
            || row.indnullsnotdistinct != self.nulls_not_distinct
            || row.indisexclusion == self.excluding.is_empty()
        {
            return Ok(false);
        }
        let expressions = match &row.indexprs {
            Some(text) => analyzer::node::from_text::<Vec<Expr>>(text)?,
            None => Vec::new(),
        };
        let predicate = row.indpred.as_ref().map(|text| expression::read(context, text)).transpose()?;
        if row.indisexclusion {
            let constraint = context.catalog().constraint_of_index(candidate.oid)?;
            let constraint = constraint.map(|constraint| context.catalog().constraint(constraint)).transpose()?;
            if constraint.and_then(|row| row.conexclop.clone()).as_ref() != Some(&self.excluding) {
                return Ok(false);
            }
        }
        Ok(expressions == self.expressions && predicate == self.predicate)
    }
}

/// A key column with its default operator class.
fn column_key(context: &Context<'_>, relation: &Relation, number: i16) -> Result<NewIndexColumn> {
    let column = relation.column(number).ok_or_else(|| Error::internal("an index column is gone"))?;
    let ty = SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
    key_of(context, ty, NewIndexColumn::of(number))
}

fn key_of(context: &Context<'_>, ty: SqlType, column: NewIndexColumn) -> Result<NewIndexColumn> {
    let opclass = default_class(context, ty.oid, BTREE)?;
    Ok(NewIndexColumn { opclass, collation: ty.collation, ..column })
}

/// The default operator class of a type for an access method.
fn default_class(context: &Context<'_>, ty: Oid, method: Oid) -> Result<Oid> {
    let name = &context.catalog().access_method(method)?.amname;
    context.catalog().default_opclass(method, ty)?.ok_or_else(|| {
        let text = format!(
            "data type {} has no default operator class for access method \"{name}\"",
            context.session.type_name(ty).unwrap_or_default()
        );
        Error::new(SqlState::UNDEFINED_OBJECT, text).hint(
            "You must specify an operator class for the index or define a default operator class for the data type.",
        )
    })
}

/// CREATE INDEX.
pub(crate) fn create_index(context: &Context<'_>, create: &CreateIndex) -> Result<()> {
    let catalog = context.catalog();
    let relation = context.open(&create.relation.name, if create.concurrently { 4 } else { 5 })?;
    context.require_owner(&relation)?;
    if !matches!(relation.kind(), kind::TABLE | kind::MATERIALIZED_VIEW | kind::PARTITIONED_TABLE) {
        let text = format!("cannot create index on relation \"{}\"", relation.name());
        let detail = catalog::relation::not_supported_for(relation.kind());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text).detail(detail));
    }
    if create.concurrently && relation.kind() == kind::PARTITIONED_TABLE {
        let text = format!("cannot create index on partitioned table \"{}\" concurrently", relation.name());
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    if let Some(name) = &create.name
        && create.if_not_exists
        && catalog.relation_in_schema(relation.class.relnamespace, name)?.is_some()
    {
        context.inform(SqlState::DUPLICATE_TABLE, format!("relation \"{name}\" already exists, skipping"));
        return Ok(());
    }
    let method = method_of(context, create)?;
    let mut plan = IndexPlan {
        name: create.name.as_deref().map(str::to_string),
        unique: create.unique,
        nulls_not_distinct: create.nulls_not_distinct,
        options: storage_options::of_index(&create.options, method.1)?,
        method,
        only: !create.relation.inherit,
        // Nobody else sees a temporary table.
        concurrently: create.concurrently && relation.class.relpersistence != b't',
        tablespace: IndexPlan::place(context, &relation, create.tablespace.as_deref())?,
        ..IndexPlan::empty(relation.oid)
    };
    if let Some(filter) = &create.filter {
        plan.predicate = Some(predicate(context, &relation, filter)?);
    }
    for element in &create.elements {
        let column = element_key(context, &relation, element, &mut plan)?;
        plan.columns.push(column);
    }
    plan.keys = plan.columns.len();
    for element in &create.including {
        let IndexKey::Column(name) = &element.key else {
            let text = "expressions are not supported in included columns";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        };
        plan.columns.push(NewIndexColumn::of(number_of(&relation, name)?));
    }
    let (index, _) = self::create(context, &plan)?;
    match plan.concurrently {
        true => crate::concurrently::build(context, plan.table, index, plan.method.1),
        false => Ok(()),
    }
}

/// The access method of a new index, if it can do what is asked.
fn method_of(context: &Context<'_>, create: &CreateIndex) -> Result<(Oid, Method)> {
    let asked = Asked {
        unique: create.unique,
        columns: create.elements.len(),
        included: create.including.len(),
        exclusion: false,
    };
    method_named(context, create.access_method.as_deref().unwrap_or("btree"), asked)
}

/// What a new index asks of its access method.
struct Asked {
    unique: bool,
    columns: usize,
    included: usize,
    exclusion: bool,
}

fn method_named(context: &Context<'_>, name: &str, asked: Asked) -> Result<(Oid, Method)> {
    let catalog = context.catalog();
    // What the method was called before GiST took its types over.
    let name = if name == "rtree" && catalog.access_method_by_name(name)?.is_none() {
        context.inform(
            SqlState::SUCCESSFUL_COMPLETION,
            "substituting access method \"gist\" for obsolete method \"rtree\"",
        );
        "gist"
    } else {
        name
    };
    let row = match catalog.access_method_by_name(name)? {
        Some(row) => row,
        None => {
            let text = format!("access method \"{name}\" does not exist");
            return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
        }
    };
    if row.amtype != b'i' {
        let text = format!("access method \"{name}\" is not of type INDEX");
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    let method = catalog.index_method(row.oid)?;
    let traits = method.traits();
    let refuse = |what: &str| {
        let text = format!("access method \"{name}\" does not support {what}");
        Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text))
    };
    if asked.unique && !traits.can_unique {
        return refuse("unique indexes");
    }
    if asked.included > 0 && !traits.can_include {
        return refuse("included columns");
    }
    if asked.columns > 1 && !traits.can_multi_column {
        return refuse("multicolumn indexes");
    }
    if asked.exclusion && !traits.can_exclude {
        return refuse("exclusion constraints");
    }
    Ok((row.oid, method))
}

/// The index of an exclusion constraint.
pub(crate) fn for_exclusion(
    context: &Context<'_>,
    relation: &Relation,
    constraint: &ExclusionConstraint,
) -> Result<IndexPlan> {
    let asked = Asked {
        unique: false,
        columns: constraint.elements.len(),
        included: constraint.including.len(),
        exclusion: true,
    };
    let method = method_named(context, constraint.access_method.as_deref().unwrap_or("btree"), asked)?;
    let mut plan = IndexPlan {
        options: storage_options::of_index(&constraint.options, method.1)?,
        tablespace: IndexPlan::place(context, relation, constraint.tablespace.as_deref())?,
        method,
        for_constraint: true,
        ..IndexPlan::empty(relation.oid)
    };
    plan.predicate = match &constraint.filter {
        Some(filter) => Some(predicate(context, relation, filter)?),
        None => None,
    };
    let catalog = context.catalog();
    for (element, operator) in &constraint.elements {
        let column = element_key(context, relation, element, &mut plan)?;
        let ty = match column.number {
            0 => column.expression_type.0,
            number => relation.column(number).map_or(Oid::INVALID, |column| column.atttypid),
        };
        let refuse = |text: String, detail: &str| Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text).detail(detail));
        let found = context.analyzer().operator(operator, ty, ty, NO_LOCATION)?;
        let text = catalog.operator_text(found.oid)?.unwrap_or_default();
        if found.oprcom != found.oid {
            let detail = "Only commutative operators can be used in exclusion constraints.";
            return refuse(format!("operator {text} is not commutative"), detail);
        }
        let family = catalog.opclass(column.opclass)?.opcfamily;
        if catalog.operator_strategy(found.oid, family)?.is_none() {
            let family = catalog.opfamily(family)?.opfname.to_string();
            let detail = "The exclusion operator must be related to the index operator class for the constraint.";
            return refuse(format!("operator {text} is not a member of operator family \"{family}\""), detail);
        }
        plan.excluding.push(found.oid);
        plan.columns.push(column);
    }
    plan.keys = plan.columns.len();
    for name in &constraint.including {
        plan.columns.push(NewIndexColumn::of(number_of(relation, name)?));
    }
    Ok(plan)
}

/// The strategies by which GiST's operator classes know equality and overlapping.
const EQUAL: i16 = 18;
const OVERLAPS: i16 = 3;

/// The index of a key WITHOUT OVERLAPS.
pub(crate) fn without_overlaps(
    context: &Context<'_>,
    relation: &Relation,
    numbers: &[i16],
    included: &[i16],
) -> Result<IndexPlan> {
    let catalog = context.catalog();
    let asked = Asked { unique: false, columns: numbers.len(), included: included.len(), exclusion: true };
    let method = method_named(context, "gist", asked)?;
    let mut plan = IndexPlan { method, for_constraint: true, ..IndexPlan::empty(relation.oid) };
    for (at, &number) in numbers.iter().enumerate() {
        let row = relation.column(number).ok_or_else(|| Error::internal("an index column is gone"))?;
        let opclass = default_class(context, row.atttypid, method.0)?;
        let class = catalog.opclass(opclass)?;
        let (strategy, word) = if at + 1 == numbers.len() { (OVERLAPS, "overlaps") } else { (EQUAL, "equality") };
        let operator = catalog.family_operator(class.opcfamily, class.opcintype, class.opcintype, strategy)?;
        let Some(operator) = operator else {
            let name = context.session.type_name(row.atttypid)?;
            let text = format!("could not identify an {word} operator for type {name}");
            return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
        };
        plan.excluding.push(operator);
        plan.columns.push(NewIndexColumn { opclass, collation: row.attcollation, ..NewIndexColumn::of(number) });
    }
    plan.keys = plan.columns.len();
    plan.columns.extend(included.iter().map(|&number| NewIndexColumn::of(number)));
    Ok(plan)
}

/// The predicate of a partial index.
fn predicate(context: &Context<'_>, relation: &Relation, filter: &ast::Expr) -> Result<Expr> {
    let wanted = Wanted::Condition("WHERE");
    let stored = expression::store(context, filter, Place::IndexPredicate, Some(relation), wanted)?;
    refuse_system_columns(&stored)?;
    if expression::is_mutable(context, &stored.expr)? {
        let text = "functions in index predicate must be marked IMMUTABLE";
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    }
    Ok(stored.expr)
}

/// A row's place and its transactions change without its indexes being told.
fn refuse_system_columns(stored: &expression::Stored) -> Result<()> {
    match stored.columns.iter().any(|&number| number < 0) {
        true => Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "index creation on system columns is not supported")),
        false => Ok(()),
    }
}

fn number_of(relation: &Relation, name: &str) -> Result<i16> {
    if catalog::relation::system_column_by_name(name).is_some() {
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "index creation on system columns is not supported"));
    }
    relation
        .column_by_name(name)
        .map(|column| column.attnum)
        .ok_or_else(|| Error::new(SqlState::UNDEFINED_COLUMN, format!("column \"{name}\" does not exist")))
}

/// One key of CREATE INDEX; an expression goes to the plan's.
fn element_key(
    context: &Context<'_>,
    relation: &Relation,
    element: &IndexElement,
    plan: &mut IndexPlan,
) -> Result<NewIndexColumn> {
    let catalog = context.catalog();
    let (ty, mut column) = match &element.key {
        IndexKey::Column(name) => {
            let number = number_of(relation, name)?;
            let row = relation.column(number).ok_or_else(|| Error::internal("an index column is gone"))?;
            let ty = SqlType { oid: row.atttypid, typmod: row.atttypmod, collation: row.attcollation };
            if row.attgenerated == b'v' {
                let text = match plan.unique {
                    false => "indexes on virtual generated columns are not supported",
                    true => "unique constraints on virtual generated columns are not supported",
                };
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            (ty, NewIndexColumn::of(number))
        }
        IndexKey::Expr(expr) => {
            let stored = expression::store(context, expr, Place::IndexExpression, Some(relation), Wanted::Any)?;
            refuse_system_columns(&stored)?;
            if expression::is_mutable(context, &stored.expr)? {
                let text = "functions in index expression must be marked IMMUTABLE";
                return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
            }
            let ty = stored.expr.ty;
            let base = analyzer::output_name(expr).unwrap_or_else(|| "expr".into());
            crate::column::check_type(context, &base, ty)?;
            let mut name = base.clone();
            let taken = |name: &str, plan: &IndexPlan| {
                plan.columns.iter().any(|column| match (&column.name, column.number) {
                    (Some(other), _) => other == name,
                    (None, number) => relation.column(number).is_some_and(|c| c.attname == *name),
                })
            };
            for n in 1.. {
                if !taken(&name, plan) {
                    break;
                }
                name = format!("{base}{n}");
            }
            // `(x COLLATE c)` is `x COLLATE c`.
            let mut indexed = stored.expr;
            while let ExprKind::Collate(arg) = indexed.kind {
                indexed = *arg;
            }
            match &indexed.kind {
                ExprKind::Var(var) if var.column > 0 => (ty, NewIndexColumn::of(var.column)),
                _ => {
                    plan.expressions.push(indexed);
                    let expression_type = (ty.oid, ty.typmod);
                    (ty, NewIndexColumn { name: Some(name), expression_type, ..NewIndexColumn::of(0) })
                }
            }
        }
    };
    column.collation = ty.collation;
    if let Some(collation) = &element.collation {
        if !catalog.type_(ty.oid)?.typcollation.is_valid() {
            let text = format!("collations are not supported by type {}", context.session.type_name(ty.oid)?);
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
        }
        let name = ObjectName { location: NO_LOCATION, ..collation.clone() };
        column.collation = context.analyzer().collation_name_of(&name)?;
    }
    if catalog.type_(ty.oid)?.typcollation.is_valid() && !column.collation.is_valid() {
        let text = "could not determine which collation to use for index expression";
        return Err(Error::new(SqlState::INDETERMINATE_COLLATION, text)
            .hint("Use the COLLATE clause to set the collation explicitly."));
    }
    column.opclass = match &element.operator_class {
        None => default_class(context, ty.oid, plan.method.0)?,
        Some(class) => {
            let schema = class.qualifiers.last().map(|schema| &**schema);
            let method = &catalog.access_method(plan.method.0)?.amname;
            let found = catalog.opclass_by_name(plan.method.0, schema, &class.name)?.ok_or_else(|| {
                let text = format!("operator class \"{class}\" does not exist for access method \"{method}\"");
                Error::new(SqlState::UNDEFINED_OBJECT, text)
            })?;
            let input = catalog.opclass(found)?.opcintype;
            if input != ty.oid && !catalog.is_binary_coercible(ty.oid, input)? {
                let name = context.session.type_name(ty.oid)?;
                let text = format!("operator class \"{class}\" does not accept data type {name}");
                return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
            }
            crate::operator_class::require_known(context, found)?;
            found
        }
    };
    if catalog::objects::PATTERN_CLASSES.contains(&column.opclass)
        && types::text::resolve_weak(column.collation, context.session.env())?.is_some()
    {
        let class = &catalog.opclass(column.opclass)?.opcname;
        let text = format!("nondeterministic collations are not supported for operator class \"{class}\"");
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    column.opclass_options =
        storage_options::of_class(context, column.opclass, plan.method.1, &element.operator_class_options)?;
    if !plan.method.1.traits().can_order {
        let name = &catalog.access_method(plan.method.0)?.amname;
        let refuse = |what: &str| {
            let text = format!("access method \"{name}\" does not support {what} options");
            Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text))
        };
        if element.direction != SortDirection::Default {
            return refuse("ASC/DESC");
        }
        if element.nulls != SortNulls::Default {
            return refuse("NULLS FIRST/LAST");
        }
        return Ok(column);
    }
    let descending = element.direction == SortDirection::Descending;
    let nulls_first = match element.nulls {
        SortNulls::First => true,
        SortNulls::Last => false,
        SortNulls::Default => descending,
    };
    column.option = descending as i16 | (nulls_first as i16) << 1;
    Ok(column)
}

/// The columns with names that differ: a column that is there again gets a number.
fn named_columns(table: &Relation, columns: &[NewIndexColumn]) -> Vec<NewIndexColumn> {
    let mut taken: Vec<String> = Vec::with_capacity(columns.len());
    let named = columns.iter().map(|column| {
        let own = match &column.name {
            Some(name) => name.clone(),
            None => table.column(column.number).map_or("expr", |c| &c.attname).to_string(),
        };
        let mut name = own.clone();
        for n in 1.. {
            if !taken.contains(&name) {
                break;
            }
            name = format!("{own}{n}");
        }
        taken.push(name.clone());
        NewIndexColumn { name: if name == own { column.name.clone() } else { Some(name) }, ..column.clone() }
    });
    named.collect()
}

/// Makes an index and fills it, and those of partitions below it; its object id and name.
pub(crate) fn create(context: &Context<'_>, plan: &IndexPlan) -> Result<(Oid, String)> {
    let catalog = context.catalog();
    let relation = catalog.relation(plan.table)?;
    context.check_not_in_use(&relation, "CREATE INDEX")?;
    let partitioned = relation.kind() == kind::PARTITIONED_TABLE;
    if partitioned && (plan.unique || !plan.excluding.is_empty()) {
        partition::check_unique(context, &relation, plan)?;
    }
    let schema = relation.class.relnamespace;
    let columns = named_columns(&relation, &plan.columns);
    let name = match &plan.name {
        Some(name) => name.clone(),
        None => {
            let name = |column: &NewIndexColumn| match &column.name {
                Some(name) => name.clone(),
                None => relation.column(column.number).map_or("expr", |c| &c.attname).to_string(),
            };
            let names: Vec<String> = columns.iter().map(name).collect();
            match (plan.primary, plan.for_constraint) {
                (true, _) => catalog.choose_name(schema, relation.name(), "", "pkey", &|_| false)?,
                (false, true) if !plan.excluding.is_empty() && !plan.unique => {
                    catalog.choose_name(schema, relation.name(), &names.join("_"), "excl", &|_| false)?
                }
                (false, true) => catalog.choose_name(schema, relation.name(), &names.join("_"), "key", &|_| false)?,
                (false, false) => catalog.choose_name(schema, relation.name(), &names.join("_"), "idx", &|_| false)?,
            }
        }
    };
    let mut new = NewIndex::new(name.clone(), plan.table, columns);
    new.method = plan.method.0;
    new.keys = Some(plan.keys);
    new.unique = plan.unique;
    new.exclusion = !plan.excluding.is_empty();
    new.primary = plan.primary;
    new.immediate = plan.immediate;
    new.nulls_not_distinct = plan.nulls_not_distinct;
    new.for_constraint = plan.for_constraint;
    new.options = plan.options.clone();
    new.parent = plan.parent;
    if plan.concurrently {
        (new.ready, new.valid) = (false, false);
    }
    new.partitioned = partitioned;
    new.tablespace = match plan.tablespace {
        Some(tablespace) => tablespace,
        None => {
            let persistence = relation.class.relpersistence;
            crate::tablespace::for_new(context, None, Oid::INVALID, persistence, partitioned)?
        }
    };
    for expr in plan.expressions.iter().chain(&plan.predicate) {
        let stored = expression::stored(context, expr.clone());
        new.expression_objects.extend(stored.objects);
        new.expression_columns.extend(stored.columns);
    }
    new.expressions = (!plan.expressions.is_empty()).then(|| analyzer::node::to_text(&plan.expressions));
    new.predicate = plan.predicate.as_ref().map(analyzer::node::to_text);
    let index = catalog.create_index(&new)?;
    if plan.parent.is_valid() {
        link(context, index, plan.parent)?;
    }
    if plan.concurrently {
        return Ok((index, name));
    }
    if !partitioned {
        index_build::fill(context, plan.table, index, index_build::How::Alone)?;
        return Ok((index, name));
    }
    let children = catalog.children(plan.table)?;
    if plan.only {
        if !children.is_empty() {
            set_valid(context, index, false)?;
        }
        return Ok((index, name));
    }
    let mut valid = true;
    for child in children {
        executor::lock_relation(context.session, child, 5)?;
        valid &= for_partition(context, index, child, false)?;
    }
    if !valid {
        set_valid(context, index, false)?;
    }
    Ok((index, name))
}

/// Marks an index as usable or not.
pub(crate) fn set_valid(context: &Context<'_>, index: Oid, valid: bool) -> Result<()> {
    let catalog = context.catalog();
    let key = [index.into()];
    catalog.change::<PgIndex>(index::PG_INDEX_INDEXRELID_INDEX, &key, |row| row.indisvalid = valid)?;
    catalog.next_command()
}

/// Records that a partition's index belongs to one of its parent.
fn link(context: &Context<'_>, index: Oid, parent: Oid) -> Result<()> {
    let catalog = context.catalog();
    catalog.insert(&PgInherits { inhrelid: index, inhparent: parent, inhseqno: 1, inhdetachpending: false })?;
    catalog.alter_class(parent, |class| class.relhassubclass = true)
}

/// Makes an existing index of a partition part of its parent's, with its constraint.
pub(crate) fn attach(context: &Context<'_>, index: Oid, parent: Oid) -> Result<()> {
    let catalog = context.catalog();
    link(context, index, parent)?;
    catalog.alter_class(index, |class| class.relispartition = true)?;
    let table = catalog.relation(index)?.index.as_ref().map_or(Oid::INVALID, |row| row.indrelid);
    let this = Object::relation(index);
    catalog.record_dependency(this, Object::relation(parent), Dependency::PartitionPrimary)?;
    catalog.record_dependency(this, Object::relation(table), Dependency::PartitionSecondary)?;
    if let (Some(own), Some(theirs)) = (catalog.constraint_of_index(index)?, catalog.constraint_of_index(parent)?) {
        crate::constraint::set_parent(context, own, theirs, table)?;
    }
    catalog.next_command()
}

/// Sees to it that a partition has an index for one of its parent; whether it is complete. An index of a partition that is only now being attached
/// must be valid to serve.
pub(crate) fn for_partition(context: &Context<'_>, parent_index: Oid, partition: Oid, attaching: bool) -> Result<bool> {
    let catalog = context.catalog();
    let parent = catalog.relation(parent_index)?;
    let table = parent.index.as_ref().map_or(Oid::INVALID, |row| row.indrelid);
    let (table, child) = (catalog.relation(table)?, catalog.relation(partition)?);
    if child.kind() == kind::FOREIGN_TABLE {
        return Ok(true);
    }
    let plan =
        IndexPlan { parent: parent_index, options: None, ..IndexPlan::like(context, parent_index, &table, &child)? };
    let constraint = catalog.constraint_of_index(parent_index)?;
    for &candidate in &child.indexes {
        let found = catalog.relation(candidate)?;
        if found.class.relispartition || attaching && !is_valid(&found) || !plan.fits(context, &found)? {
            continue;
        }
        if let Some(theirs) = constraint {
            let Some(own) = catalog.constraint_of_index(candidate)? else { continue };
            let (own, theirs) = (catalog.constraint(own)?, catalog.constraint(theirs)?);
            if (own.contype, own.condeferrable) != (theirs.contype, theirs.condeferrable) {
                continue;
            }
        }
        attach(context, candidate, parent_index)?;
        return Ok(is_valid(&found));
    }
    if plan.primary && child.constraints.iter().any(|own| own.contype == b'p') {
        let text = format!("multiple primary keys for table \"{}\" are not allowed", child.name());
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    }
    let options = parent.class.reloptions.clone();
    // Those of partitions below belong to its constraint, if it has one, so that comes first.
    let only = constraint.is_some();
    let (index, name) = create(context, &IndexPlan { options, only, ..plan })?;
    if let Some(theirs) = constraint {
        let row = catalog.constraint(theirs)?;
        let own = crate::constraint::own_index(context, partition, index, &name, &row, true)?;
        crate::constraint::set_parent(context, own, theirs, partition)?;
        crate::constraint::own_partitions(context, &child, index, true)?;
    }
    // One of a partitioned table is as good as those that it found below.
    Ok(is_valid(&*catalog.relation(index)?))
}

fn is_valid(index: &Relation) -> bool {
    index.index.as_ref().is_some_and(|row| row.indisvalid)
}

/// ALTER INDEX … ATTACH PARTITION.
pub(crate) fn attach_partition(context: &Context<'_>, parent: &Entry<Relation>, child: &Entry<Relation>) -> Result<()> {
    let catalog = context.catalog();
    let (Some(parent_row), Some(child_row)) = (&parent.index, &child.index) else {
        let text = format!("\"{}\" is not an index", child.name());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    };
    let already = catalog.parents(child.oid)?;
    if already.contains(&parent.oid) {
        // It may have become valid since.
        return validate_parent(context, parent.oid);
    }
    let cannot = |detail: String| {
        let text = format!("cannot attach index \"{}\" as a partition of index \"{}\"", child.name(), parent.name());
        Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text).detail(detail))
    };
    if !already.is_empty() {
        return cannot(format!("Index \"{}\" is already attached to another index.", child.name()));
    }
    let (table, partition) = (catalog.relation(parent_row.indrelid)?, catalog.relation(child_row.indrelid)?);
    if !catalog.children(table.oid)?.contains(&partition.oid) {
        return cannot(format!(
            "Index \"{}\" is not an index on any partition of table \"{}\".",
            child.name(),
            table.name()
        ));
    }
    let plan = IndexPlan::like(context, parent.oid, &table, &partition)?;
    if !plan.fits(context, child)? {
        return cannot("The index definitions do not match.".into());
    }
    if catalog.constraint_of_index(parent.oid)?.is_some() && catalog.constraint_of_index(child.oid)?.is_none() {
        return cannot(format!(
            "The index \"{}\" belongs to a constraint in table \"{}\" but no constraint exists for index \"{}\".",
            parent.name(),
            table.name(),
            child.name()
        ));
    }
    for &other in &partition.indexes {
        if catalog.parents(other)?.contains(&parent.oid) {
            return cannot(format!("Another index is already attached for partition \"{}\".", partition.name()));
        }
    }
    attach(context, child.oid, parent.oid)?;
    validate_parent(context, parent.oid)
}

/// An index of a partitioned table is valid once all partitions have a valid one for it.
pub(crate) fn validate_parent(context: &Context<'_>, parent: Oid) -> Result<()> {
    let catalog = context.catalog();
    let Some(row) = catalog.relation(parent)?.index.clone() else { return Ok(()) };
    if row.indisvalid {
        return Ok(());
    }
    let mut valid = 0;
    for child in catalog.children(parent)? {
        valid += usize::from(is_valid(&*catalog.relation(child)?));
    }
    if valid == catalog.children(row.indrelid)?.len() {
        set_valid(context, parent, true)?;
        for above in catalog.parents(parent)? {
            validate_parent(context, above)?;
        }
    }
    Ok(())
}
