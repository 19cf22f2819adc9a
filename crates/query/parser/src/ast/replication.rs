//! Publications and subscriptions.

use super::{DefinitionItem, DropBehavior, Expr, Name, RelationRef};

/// `CREATE PUBLICATION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatePublication {
    /// Its name.
    pub name: Name,
    /// `FOR ALL TABLES`.
    pub all_tables: bool,
    /// What it publishes.
    pub objects: Vec<PublicationObject>,
    /// `WITH (…)`.
    pub options: Vec<DefinitionItem>,
}

/// What a publication publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicationObject {
    /// `TABLE t (columns) WHERE (…)`.
    Table {
        /// Which.
        relation: RelationRef,
        /// The columns; empty: all.
        columns: Vec<Name>,
        /// The rows.
        filter: Option<Expr>,
        /// Where it stands.
        location: u32,
    },
    /// `TABLES IN SCHEMA s`; `None` is `CURRENT_SCHEMA`.
    TablesInSchema {
        /// Which.
        schema: Option<Name>,
        /// Where it stands.
        location: u32,
    },
}

/// `ALTER PUBLICATION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterPublication {
    /// Which.
    pub name: Name,
    /// What to do.
    pub action: AlterPublicationAction,
}

/// Actions of ALTER PUBLICATION.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterPublicationAction {
    /// `SET (…)`.
    Options(Vec<DefinitionItem>),
    /// `ADD`.
    Add(Vec<PublicationObject>),
    /// `SET`.
    Set(Vec<PublicationObject>),
    /// `DROP`.
    Drop(Vec<PublicationObject>),
}

/// `CREATE SUBSCRIPTION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateSubscription {
    /// Its name.
    pub name: Name,
    /// `CONNECTION`.
    pub connection: Name,
    /// `PUBLICATION`.
    pub publications: Vec<Name>,
    /// `WITH (…)`.
    pub options: Vec<DefinitionItem>,
}

/// `ALTER SUBSCRIPTION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterSubscription {
    /// Which.
    pub name: Name,
    /// What to do.
    pub action: AlterSubscriptionAction,
    /// `WITH (…)`; for `Options` and `Skip` what stands in the parentheses.
    pub options: Vec<DefinitionItem>,
}

/// Actions of ALTER SUBSCRIPTION.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterSubscriptionAction {
    /// `SET (…)`.
    Options,
    /// `SKIP (…)`.
    Skip,
    /// `CONNECTION`.
    Connection(Name),
    /// `REFRESH PUBLICATION`.
    Refresh,
    /// `SET PUBLICATION`.
    SetPublications(Vec<Name>),
    /// `ADD PUBLICATION`.
    AddPublications(Vec<Name>),
    /// `DROP PUBLICATION`.
    DropPublications(Vec<Name>),
    /// `ENABLE`, `DISABLE`.
    Enable(bool),
}

/// `DROP SUBSCRIPTION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropSubscription {
    /// Which.
    pub name: Name,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// For what depends on it.
    pub behavior: DropBehavior,
}
