//! Published tables: UPDATE and DELETE must be able to tell subscribers which row they mean.
//!
//! A publication that publishes the change asks for a replica identity of the table, and may use only its columns in its condition, and
//! leave none of them out of its list of columns.

use std::collections::BTreeSet;

use analyzer::node::Visitor;
use analyzer::query::{Command, Expr, ExprKind};
use catalog::relation::kind;
use catalog::rows::{PgIndex, PgPublication, PgPublicationNamespace, PgPublicationRel};
use catalog::{Catalog, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;

/// Refuses a change of a table that its publications could not tell of.
///
/// # Errors
/// `55000` without replica identity, `42P10` if a publication's condition or columns do not fit it.
pub(crate) fn check(catalog: &Catalog, table: &Relation, command: Command) -> Result<()> {
    let publishable = matches!(table.kind(), kind::TABLE | kind::PARTITIONED_TABLE)
        && table.oid >= Oid::FIRST_NORMAL
        && table.class.relpersistence == b'p';
    if !publishable {
        return Ok(());
    }
    let publications: Vec<PgPublication> =
        catalog.scan_all::<PgPublication>()?.into_iter().map(|stored| stored.row).collect();
    if publications.is_empty() {
        return Ok(());
    }
    let mut lineage = vec![table.oid];
    if table.class.relispartition {
        let mut at = table.oid;
        while let Some(&parent) = catalog.parents(at)?.first() {
            lineage.push(parent);
            at = parent;
        }
    }
    let mut concerned = Vec::new();
    for publication in publications {
        let publishes = match command {
            Command::Update => publication.pubupdate,
            _ => publication.pubdelete,
        };
        if publishes && holds(catalog, &publication, &lineage)? {
            concerned.push(publication);
        }
    }
    if concerned.is_empty() {
        return Ok(());
    }
    let identity = identity(catalog, table)?;
    let verb = if command == Command::Update { "update" } else { "delete from" };
    let refuse = |detail: &str| {
        let text = format!("cannot {verb} table \"{}\"", table.name());
        Err(Error::new(SqlState::INVALID_COLUMN_REFERENCE, text).detail(detail))
    };
    let mut found = [false; 3];
    for publication in &concerned {
        let wrong = misfits(catalog, publication, table, &lineage, &identity)?;
        found.iter_mut().zip(wrong).for_each(|(found, wrong)| *found |= wrong);
    }
    if found[0] {
        return refuse("Column used in the publication WHERE expression is not part of the replica identity.");
    }
    if found[1] {
        return refuse("Column list used by the publication does not cover the replica identity.");
    }
    if found[2] {
        return refuse("Replica identity must not contain unpublished generated columns.");
    }
    if !matches!(identity, Identity::Nothing) {
        return Ok(());
    }
    let (doing, plural) = match command {
        Command::Update => ("updating", "updates"),
        _ => ("deleting from", "deletes"),
    };
    let text = format!(
        "cannot {verb} table \"{}\" because it does not have a replica identity and publishes {plural}",
        table.name()
    );
    let hint = format!("To enable {doing} the table, set REPLICA IDENTITY using ALTER TABLE.");
    Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text).hint(hint))
}

/// Whether a publication has one of these tables, by itself or with its schema.
fn holds(catalog: &Catalog, publication: &PgPublication, tables: &[Oid]) -> Result<bool> {
    if publication.puballtables {
        return Ok(true);
    }
    for &table in tables {
        if member(catalog, publication.oid, table)?.is_some() {
            return Ok(true);
        }
        let schema = catalog.class(table)?.map_or(Oid::INVALID, |class| class.relnamespace);
        let key = [schema.into(), publication.oid.into()];
        let unique = index::PG_PUBLICATION_NAMESPACE_PNNSPID_PNPUBID_INDEX;
        if catalog.row::<PgPublicationNamespace>(unique, &key)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn member(catalog: &Catalog, publication: Oid, table: Oid) -> Result<Option<catalog::Entry<PgPublicationRel>>> {
    let key = [table.into(), publication.into()];
    catalog.row::<PgPublicationRel>(index::PG_PUBLICATION_REL_PRRELID_PRPUBID_INDEX, &key)
}

/// By what subscribers find a row.
enum Identity {
    /// Nothing.
    Nothing,
    /// The whole row.
    Full,
    /// These columns.
    Columns(BTreeSet<i16>),
}

fn identity(catalog: &Catalog, table: &Relation) -> Result<Identity> {
    if table.class.relreplident == b'f' {
        return Ok(Identity::Full);
    }
    for &oid in &table.indexes {
        let row: catalog::Entry<PgIndex> = catalog.index_row(oid)?;
        let fits = match table.class.relreplident {
            b'd' => row.indisprimary && row.indimmediate,
            b'i' => row.indisreplident,
            _ => false,
        };
        if fits {
            let keys = row.indkey.iter().take(row.indnkeyatts as usize).copied();
            return Ok(Identity::Columns(keys.collect()));
        }
    }
    Ok(Identity::Nothing)
}

/// The columns that an expression over one table reads.
#[derive(Default)]
struct Columns(BTreeSet<i16>);

impl Visitor for Columns {
    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Var(var) = &expr.kind {
            self.0.insert(var.column);
        }
        expr.visit_children(self);
    }

    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

/// Whether a publication's condition, its list of columns, and what it does of generated columns do not fit a table's identity.
fn misfits(
    catalog: &Catalog,
    publication: &PgPublication,
    table: &Relation,
    lineage: &[Oid],
    identity: &Identity,
) -> Result<[bool; 3]> {
    let nothing = BTreeSet::new();
    let (keys, full) = match identity {
        Identity::Nothing => (&nothing, false),
        Identity::Full => (&nothing, true),
        Identity::Columns(keys) => (keys, false),
    };
    // As whom the table is published: the uppermost of its ancestors that the publication has.
    let mut publisher = table.oid;
    if publication.pubviaroot {
        for &ancestor in lineage.iter().skip(1) {
            if holds(catalog, publication, &[ancestor])? {
                publisher = ancestor;
            }
        }
    }
    let own = member(catalog, publication.oid, publisher)?;
    let above = catalog.relation(publisher)?;
    // A column of the publisher as one of the table, and the other way around.
    let counterpart = |number: i16, from: &Relation, to: &Relation| match from.oid == to.oid {
        true => Some(number),
        false => {
            let name = from.column(number).map(|column| column.attname.clone())?;
            to.column_by_name(&name).map(|column| column.attnum)
        }
    };
    let mut wrong = [false; 3];
    if let (Some(condition), false) = (own.as_ref().and_then(|own| own.prqual.as_deref()), full) {
        let mut used = Columns::default();
        used.expr(&analyzer::node::from_text::<Expr>(condition)?);
        wrong[0] = used.0.iter().any(|&number| {
            counterpart(number, &above, table).is_none_or(|number| number > 0 && !keys.contains(&number))
        });
    }
    let listed = own.as_ref().and_then(|own| own.prattrs.as_ref());
    if full {
        wrong[1] = listed.is_some();
        wrong[2] = table.live_columns().any(|column| match column.attgenerated {
            b's' => publication.pubgencols != b's',
            b'v' => true,
            _ => false,
        });
        return Ok(wrong);
    }
    for &number in keys {
        match listed {
            None => {
                let generated = table.column(number).map_or(0, |column| column.attgenerated);
                wrong[2] |= generated == b's' && publication.pubgencols != b's' || generated == b'v';
            }
            Some(listed) => {
                wrong[1] |= counterpart(number, table, &above).is_none_or(|number| !listed.contains(&number));
            }
        }
    }
    Ok(wrong)
}
