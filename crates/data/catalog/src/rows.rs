//! The catalogs' rows as Rust structs, one list for all: field names, types and order are the columns' of PostgreSQL 18.
//!
//! A field is an `Option` where the column may be null. What each column means is told in PostgreSQL's chapter "System
//! Catalogs". `Text` that stands in a `pg_node_tree` column is the analyzer's serialised form, or SQL text behind a leading `@`.

use crate::acl::Acl;
use crate::data::Table;
use crate::field::{Field, Int2Vector, OidVector, Part, Raw, Text, Xid32};
use batch::{Column, Repr};
use error::{Error, Result};
use ids::Oid;
use std::sync::LazyLock;

/// A row of a system catalog.
pub trait CatalogRow: Clone + std::fmt::Debug + Send + Sync + Sized + 'static {
    /// The catalog's object id.
    const RELATION: Oid;
    /// The catalog's name.
    const NAME: &'static str;
    /// Its columns, in order: names and forms.
    const COLUMNS: &'static [(&'static str, Repr)];

    /// The row that these fields of a data file hold.
    fn parse(fields: &mut dyn Iterator<Item = &'static str>) -> Result<Self>;

    /// Row `row` of these columns, which are all of the catalog's.
    fn read(columns: &[Column], row: usize) -> Result<Self>;

    /// Appends the row to these columns, which are all of the catalog's.
    fn append_to(&self, columns: &mut [Column]);

    /// The value of column `number` (from 1), for comparing with a key.
    fn part(&self, number: usize) -> Part<'_>;

    /// The rows that every new database has.
    fn builtin() -> &'static Table<Self>;
}

/// What is known of a catalog without its row type.
#[derive(Clone, Copy, Debug)]
pub struct CatalogInfo {
    /// Its object id.
    pub relation: Oid,
    /// Its name.
    pub name: &'static str,
    /// Its columns, in order: names and forms.
    pub columns: &'static [(&'static str, Repr)],
}

macro_rules! catalogs {
    ($($Row:ident = $oid:literal $name:literal { $($field:ident: $type:ty,)* })*) => {
        $(
            #[doc = concat!("A row of `", $name, "`.")]
            #[allow(missing_docs)] // the columns are PostgreSQL's, see the module
            #[derive(Clone, Debug, Default, PartialEq)]
            pub struct $Row {
                $(pub $field: $type,)*
            }

            impl CatalogRow for $Row {
                const RELATION: Oid = Oid($oid);
                const NAME: &'static str = $name;
                const COLUMNS: &'static [(&'static str, Repr)] =
                    &[$((stringify!($field), <$type as Field>::REPR)),*];

                fn parse(fields: &mut dyn Iterator<Item = &'static str>) -> Result<Self> {
                    Ok($Row { $($field: match fields.next() {
                        Some(text) => <$type as Field>::parse(text)?,
                        None => return Err(short_row($name)),
                    },)* })
                }

                fn read(columns: &[Column], row: usize) -> Result<Self> {
                    let mut columns = columns.iter();
                    Ok($Row { $($field: match columns.next() {
                        Some(column) => <$type as Field>::read(column.get(row))
                            .map_err(|e| e.context(concat!("reading ", $name, ".", stringify!($field))))?,
                        None => return Err(short_row($name)),
                    },)* })
                }

                fn append_to(&self, columns: &mut [Column]) {
                    let mut columns = columns.iter_mut();
                    $(if let Some(column) = columns.next() {
                        self.$field.append_to(column);
                    })*
                }

                fn part(&self, number: usize) -> Part<'_> {
                    let mut at = 0;
                    $(at += 1;
                    if at == number {
                        return self.$field.part();
                    })*
                    let _ = at;
                    Part::Null
                }

                fn builtin() -> &'static Table<Self> {
                    static TABLE: LazyLock<Table<$Row>> =
                        LazyLock::new(|| Table::load(include_str!(concat!("../data/", $name, ".tsv"))));
                    &TABLE
                }
            }
        )*

        /// All catalogs, by name.
        pub const CATALOGS: &[CatalogInfo] = &[
            $(CatalogInfo { relation: <$Row as CatalogRow>::RELATION, name: $name, columns: <$Row as CatalogRow>::COLUMNS },)*
        ];

        /// Something to do for every catalog, whatever its row type.
        pub trait ForEachCatalog {
            /// Does it for one.
            fn visit<T: CatalogRow>(&mut self) -> Result<()>;
        }

        /// Does `what` for every catalog, by name.
        pub fn for_each_catalog(what: &mut impl ForEachCatalog) -> Result<()> {
            $(what.visit::<$Row>()?;)*
            Ok(())
        }
    };
}

fn short_row(name: &str) -> Error {
    Error::corrupted(format!("a row of {name} has too few columns"))
}

catalogs! {
    PgAggregate = 2600 "pg_aggregate" {
        aggfnoid: Oid,
        aggkind: u8,
        aggnumdirectargs: i16,
        aggtransfn: Oid,
        aggfinalfn: Oid,
        aggcombinefn: Oid,
        aggserialfn: Oid,
        aggdeserialfn: Oid,
        aggmtransfn: Oid,
        aggminvtransfn: Oid,
        aggmfinalfn: Oid,
        aggfinalextra: bool,
        aggmfinalextra: bool,
        aggfinalmodify: u8,
        aggmfinalmodify: u8,
        aggsortop: Oid,
        aggtranstype: Oid,
        aggtransspace: i32,
        aggmtranstype: Oid,
        aggmtransspace: i32,
        agginitval: Option<Text>,
        aggminitval: Option<Text>,
    }
    PgAm = 2601 "pg_am" {
        oid: Oid,
        amname: Text,
        amhandler: Oid,
        amtype: u8,
    }
    PgAmop = 2602 "pg_amop" {
        oid: Oid,
        amopfamily: Oid,
        amoplefttype: Oid,
        amoprighttype: Oid,
        amopstrategy: i16,
        amoppurpose: u8,
        amopopr: Oid,
        amopmethod: Oid,
        amopsortfamily: Oid,
    }
    PgAmproc = 2603 "pg_amproc" {
        oid: Oid,
        amprocfamily: Oid,
        amproclefttype: Oid,
        amprocrighttype: Oid,
        amprocnum: i16,
        amproc: Oid,
    }
    PgAttrdef = 2604 "pg_attrdef" {
        oid: Oid,
        adrelid: Oid,
        adnum: i16,
        adbin: Text,
    }
    PgAttribute = 1249 "pg_attribute" {
        attrelid: Oid,
        attname: Text,
        atttypid: Oid,
        attlen: i16,
        attnum: i16,
        atttypmod: i32,
        attndims: i16,
        attbyval: bool,
        attalign: u8,
        attstorage: u8,
        attcompression: u8,
        attnotnull: bool,
        atthasdef: bool,
        atthasmissing: bool,
        attidentity: u8,
        attgenerated: u8,
        attisdropped: bool,
        attislocal: bool,
        attinhcount: i16,
        attcollation: Oid,
        attstattarget: Option<i16>,
        attacl: Option<Acl>,
        attoptions: Option<Vec<Text>>,
        attfdwoptions: Option<Vec<Text>>,
        attmissingval: Option<Raw>,
    }
    PgAuthMembers = 1261 "pg_auth_members" {
        oid: Oid,
        roleid: Oid,
        member: Oid,
        grantor: Oid,
        admin_option: bool,
        inherit_option: bool,
        set_option: bool,
    }
    PgAuthid = 1260 "pg_authid" {
        oid: Oid,
        rolname: Text,
        rolsuper: bool,
        rolinherit: bool,
        rolcreaterole: bool,
        rolcreatedb: bool,
        rolcanlogin: bool,
        rolreplication: bool,
        rolbypassrls: bool,
        rolconnlimit: i32,
        rolpassword: Option<Text>,
        rolvaliduntil: Option<i64>,
    }
    PgCast = 2605 "pg_cast" {
        oid: Oid,
        castsource: Oid,
        casttarget: Oid,
        castfunc: Oid,
        castcontext: u8,
        castmethod: u8,
    }
    PgClass = 1259 "pg_class" {
        oid: Oid,
        relname: Text,
        relnamespace: Oid,
        reltype: Oid,
        reloftype: Oid,
        relowner: Oid,
        relam: Oid,
        relfilenode: Oid,
        reltablespace: Oid,
        relpages: i32,
        reltuples: f32,
        relallvisible: i32,
        relallfrozen: i32,
        reltoastrelid: Oid,
        relhasindex: bool,
        relisshared: bool,
        relpersistence: u8,
        relkind: u8,
        relnatts: i16,
        relchecks: i16,
        relhasrules: bool,
        relhastriggers: bool,
        relhassubclass: bool,
        relrowsecurity: bool,
        relforcerowsecurity: bool,
        relispopulated: bool,
        relreplident: u8,
        relispartition: bool,
        relrewrite: Oid,
        relfrozenxid: Xid32,
        relminmxid: Xid32,
        relacl: Option<Acl>,
        reloptions: Option<Vec<Text>>,
        relpartbound: Option<Text>,
    }
    PgCollation = 3456 "pg_collation" {
        oid: Oid,
        collname: Text,
        collnamespace: Oid,
        collowner: Oid,
        collprovider: u8,
        collisdeterministic: bool,
        collencoding: i32,
        collcollate: Option<Text>,
        collctype: Option<Text>,
        colllocale: Option<Text>,
        collicurules: Option<Text>,
        collversion: Option<Text>,
    }
    PgConstraint = 2606 "pg_constraint" {
        oid: Oid,
        conname: Text,
        connamespace: Oid,
        contype: u8,
        condeferrable: bool,
        condeferred: bool,
        conenforced: bool,
        convalidated: bool,
        conrelid: Oid,
        contypid: Oid,
        conindid: Oid,
        conparentid: Oid,
        confrelid: Oid,
        confupdtype: u8,
        confdeltype: u8,
        confmatchtype: u8,
        conislocal: bool,
        coninhcount: i16,
        connoinherit: bool,
        conperiod: bool,
        conkey: Option<Vec<i16>>,
        confkey: Option<Vec<i16>>,
        conpfeqop: Option<Vec<Oid>>,
        conppeqop: Option<Vec<Oid>>,
        conffeqop: Option<Vec<Oid>>,
        confdelsetcols: Option<Vec<i16>>,
        conexclop: Option<Vec<Oid>>,
        conbin: Option<Text>,
    }
    PgConversion = 2607 "pg_conversion" {
        oid: Oid,
        conname: Text,
        connamespace: Oid,
        conowner: Oid,
        conforencoding: i32,
        contoencoding: i32,
        conproc: Oid,
        condefault: bool,
    }
    PgDatabase = 1262 "pg_database" {
        oid: Oid,
        datname: Text,
        datdba: Oid,
        encoding: i32,
        datlocprovider: u8,
        datistemplate: bool,
        datallowconn: bool,
        dathasloginevt: bool,
        datconnlimit: i32,
        datfrozenxid: Xid32,
        datminmxid: Xid32,
        dattablespace: Oid,
        datcollate: Text,
        datctype: Text,
        datlocale: Option<Text>,
        daticurules: Option<Text>,
        datcollversion: Option<Text>,
        datacl: Option<Acl>,
    }
    PgDbRoleSetting = 2964 "pg_db_role_setting" {
        setdatabase: Oid,
        setrole: Oid,
        setconfig: Option<Vec<Text>>,
    }
    PgDefaultAcl = 826 "pg_default_acl" {
        oid: Oid,
        defaclrole: Oid,
        defaclnamespace: Oid,
        defaclobjtype: u8,
        defaclacl: Acl,
    }
    PgDepend = 2608 "pg_depend" {
        classid: Oid,
        objid: Oid,
        objsubid: i32,
        refclassid: Oid,
        refobjid: Oid,
        refobjsubid: i32,
        deptype: u8,
    }
    PgDescription = 2609 "pg_description" {
        objoid: Oid,
        classoid: Oid,
        objsubid: i32,
        description: Text,
    }
    PgEnum = 3501 "pg_enum" {
        oid: Oid,
        enumtypid: Oid,
        enumsortorder: f32,
        enumlabel: Text,
    }
    PgEventTrigger = 3466 "pg_event_trigger" {
        oid: Oid,
        evtname: Text,
        evtevent: Text,
        evtowner: Oid,
        evtfoid: Oid,
        evtenabled: u8,
        evttags: Option<Vec<Text>>,
    }
    PgExtension = 3079 "pg_extension" {
        oid: Oid,
        extname: Text,
        extowner: Oid,
        extnamespace: Oid,
        extrelocatable: bool,
        extversion: Text,
        extconfig: Option<Vec<Oid>>,
        extcondition: Option<Vec<Text>>,
    }
    PgForeignDataWrapper = 2328 "pg_foreign_data_wrapper" {
        oid: Oid,
        fdwname: Text,
        fdwowner: Oid,
        fdwhandler: Oid,
        fdwvalidator: Oid,
        fdwacl: Option<Acl>,
        fdwoptions: Option<Vec<Text>>,
    }
    PgForeignServer = 1417 "pg_foreign_server" {
        oid: Oid,
        srvname: Text,
        srvowner: Oid,
        srvfdw: Oid,
        srvtype: Option<Text>,
        srvversion: Option<Text>,
        srvacl: Option<Acl>,
        srvoptions: Option<Vec<Text>>,
    }
    PgForeignTable = 3118 "pg_foreign_table" {
        ftrelid: Oid,
        ftserver: Oid,
        ftoptions: Option<Vec<Text>>,
    }
    PgIndex = 2610 "pg_index" {
        indexrelid: Oid,
        indrelid: Oid,
        indnatts: i16,
        indnkeyatts: i16,
        indisunique: bool,
        indnullsnotdistinct: bool,
        indisprimary: bool,
        indisexclusion: bool,
        indimmediate: bool,
        indisclustered: bool,
        indisvalid: bool,
        indcheckxmin: bool,
        indisready: bool,
        indislive: bool,
        indisreplident: bool,
        indkey: Int2Vector,
        indcollation: OidVector,
        indclass: OidVector,
        indoption: Int2Vector,
        indexprs: Option<Text>,
        indpred: Option<Text>,
    }
    PgInherits = 2611 "pg_inherits" {
        inhrelid: Oid,
        inhparent: Oid,
        inhseqno: i32,
        inhdetachpending: bool,
    }
    PgInitPrivs = 3394 "pg_init_privs" {
        objoid: Oid,
        classoid: Oid,
        objsubid: i32,
        privtype: u8,
        initprivs: Acl,
    }
    PgLanguage = 2612 "pg_language" {
        oid: Oid,
        lanname: Text,
        lanowner: Oid,
        lanispl: bool,
        lanpltrusted: bool,
        lanplcallfoid: Oid,
        laninline: Oid,
        lanvalidator: Oid,
        lanacl: Option<Acl>,
    }
    PgLargeobject = 2613 "pg_largeobject" {
        loid: Oid,
        pageno: i32,
        data: Raw,
    }
    PgLargeobjectMetadata = 2995 "pg_largeobject_metadata" {
        oid: Oid,
        lomowner: Oid,
        lomacl: Option<Acl>,
    }
    PgNamespace = 2615 "pg_namespace" {
        oid: Oid,
        nspname: Text,
        nspowner: Oid,
        nspacl: Option<Acl>,
    }
    PgOpclass = 2616 "pg_opclass" {
        oid: Oid,
        opcmethod: Oid,
        opcname: Text,
        opcnamespace: Oid,
        opcowner: Oid,
        opcfamily: Oid,
        opcintype: Oid,
        opcdefault: bool,
        opckeytype: Oid,
    }
    PgOperator = 2617 "pg_operator" {
        oid: Oid,
        oprname: Text,
        oprnamespace: Oid,
        oprowner: Oid,
        oprkind: u8,
        oprcanmerge: bool,
        oprcanhash: bool,
        oprleft: Oid,
        oprright: Oid,
        oprresult: Oid,
        oprcom: Oid,
        oprnegate: Oid,
        oprcode: Oid,
        oprrest: Oid,
        oprjoin: Oid,
    }
    PgOpfamily = 2753 "pg_opfamily" {
        oid: Oid,
        opfmethod: Oid,
        opfname: Text,
        opfnamespace: Oid,
        opfowner: Oid,
    }
    PgParameterAcl = 6243 "pg_parameter_acl" {
        oid: Oid,
        parname: Text,
        paracl: Option<Acl>,
    }
    PgPartitionedTable = 3350 "pg_partitioned_table" {
        partrelid: Oid,
        partstrat: u8,
        partnatts: i16,
        partdefid: Oid,
        partattrs: Int2Vector,
        partclass: OidVector,
        partcollation: OidVector,
        partexprs: Option<Text>,
    }
    PgPolicy = 3256 "pg_policy" {
        oid: Oid,
        polname: Text,
        polrelid: Oid,
        polcmd: u8,
        polpermissive: bool,
        polroles: Vec<Oid>,
        polqual: Option<Text>,
        polwithcheck: Option<Text>,
    }
    PgProc = 1255 "pg_proc" {
        oid: Oid,
        proname: Text,
        pronamespace: Oid,
        proowner: Oid,
        prolang: Oid,
        procost: f32,
        prorows: f32,
        provariadic: Oid,
        prosupport: Oid,
        prokind: u8,
        prosecdef: bool,
        proleakproof: bool,
        proisstrict: bool,
        proretset: bool,
        provolatile: u8,
        proparallel: u8,
        pronargs: i16,
        pronargdefaults: i16,
        prorettype: Oid,
        proargtypes: OidVector,
        proallargtypes: Option<Vec<Oid>>,
        proargmodes: Option<Vec<u8>>,
        proargnames: Option<Vec<Text>>,
        proargdefaults: Option<Text>,
        protrftypes: Option<Vec<Oid>>,
        prosrc: Text,
        probin: Option<Text>,
        prosqlbody: Option<Text>,
        proconfig: Option<Vec<Text>>,
        proacl: Option<Acl>,
    }
    PgPublication = 6104 "pg_publication" {
        oid: Oid,
        pubname: Text,
        pubowner: Oid,
        puballtables: bool,
        pubinsert: bool,
        pubupdate: bool,
        pubdelete: bool,
        pubtruncate: bool,
        pubviaroot: bool,
        pubgencols: u8,
    }
    PgPublicationNamespace = 6237 "pg_publication_namespace" {
        oid: Oid,
        pnpubid: Oid,
        pnnspid: Oid,
    }
    PgPublicationRel = 6106 "pg_publication_rel" {
        oid: Oid,
        prpubid: Oid,
        prrelid: Oid,
        prqual: Option<Text>,
        prattrs: Option<Int2Vector>,
    }
    PgRange = 3541 "pg_range" {
        rngtypid: Oid,
        rngsubtype: Oid,
        rngmultitypid: Oid,
        rngcollation: Oid,
        rngsubopc: Oid,
        rngcanonical: Oid,
        rngsubdiff: Oid,
    }
    PgReplicationOrigin = 6000 "pg_replication_origin" {
        roident: Oid,
        roname: Text,
    }
    PgRewrite = 2618 "pg_rewrite" {
        oid: Oid,
        rulename: Text,
        ev_class: Oid,
        ev_type: u8,
        ev_enabled: u8,
        is_instead: bool,
        ev_qual: Text,
        ev_action: Text,
    }
    PgSeclabel = 3596 "pg_seclabel" {
        objoid: Oid,
        classoid: Oid,
        objsubid: i32,
        provider: Text,
        label: Text,
    }
    PgSequence = 2224 "pg_sequence" {
        seqrelid: Oid,
        seqtypid: Oid,
        seqstart: i64,
        seqincrement: i64,
        seqmax: i64,
        seqmin: i64,
        seqcache: i64,
        seqcycle: bool,
    }
    PgShdepend = 1214 "pg_shdepend" {
        dbid: Oid,
        classid: Oid,
        objid: Oid,
        objsubid: i32,
        refclassid: Oid,
        refobjid: Oid,
        deptype: u8,
    }
    PgShdescription = 2396 "pg_shdescription" {
        objoid: Oid,
        classoid: Oid,
        description: Text,
    }
    PgShseclabel = 3592 "pg_shseclabel" {
        objoid: Oid,
        classoid: Oid,
        provider: Text,
        label: Text,
    }
    PgStatistic = 2619 "pg_statistic" {
        starelid: Oid,
        staattnum: i16,
        stainherit: bool,
        stanullfrac: f32,
        stawidth: i32,
        stadistinct: f32,
        stakind1: i16,
        stakind2: i16,
        stakind3: i16,
        stakind4: i16,
        stakind5: i16,
        staop1: Oid,
        staop2: Oid,
        staop3: Oid,
        staop4: Oid,
        staop5: Oid,
        stacoll1: Oid,
        stacoll2: Oid,
        stacoll3: Oid,
        stacoll4: Oid,
        stacoll5: Oid,
        stanumbers1: Option<Vec<f32>>,
        stanumbers2: Option<Vec<f32>>,
        stanumbers3: Option<Vec<f32>>,
        stanumbers4: Option<Vec<f32>>,
        stanumbers5: Option<Vec<f32>>,
        stavalues1: Option<Raw>,
        stavalues2: Option<Raw>,
        stavalues3: Option<Raw>,
        stavalues4: Option<Raw>,
        stavalues5: Option<Raw>,
    }
    PgStatisticExt = 3381 "pg_statistic_ext" {
        oid: Oid,
        stxrelid: Oid,
        stxname: Text,
        stxnamespace: Oid,
        stxowner: Oid,
        stxkeys: Int2Vector,
        stxstattarget: Option<i16>,
        stxkind: Vec<u8>,
        stxexprs: Option<Text>,
    }
    PgStatisticExtData = 3429 "pg_statistic_ext_data" {
        stxoid: Oid,
        stxdinherit: bool,
        stxdndistinct: Option<Raw>,
        stxddependencies: Option<Raw>,
        stxdmcv: Option<Raw>,
        stxdexpr: Option<Raw>,
    }
    PgSubscription = 6100 "pg_subscription" {
        oid: Oid,
        subdbid: Oid,
        subskiplsn: i64,
        subname: Text,
        subowner: Oid,
        subenabled: bool,
        subbinary: bool,
        substream: u8,
        subtwophasestate: u8,
        subdisableonerr: bool,
        subpasswordrequired: bool,
        subrunasowner: bool,
        subfailover: bool,
        subconninfo: Text,
        subslotname: Option<Text>,
        subsynccommit: Text,
        subpublications: Vec<Text>,
        suborigin: Option<Text>,
    }
    PgSubscriptionRel = 6102 "pg_subscription_rel" {
        srsubid: Oid,
        srrelid: Oid,
        srsubstate: u8,
        srsublsn: Option<i64>,
    }
    PgTablespace = 1213 "pg_tablespace" {
        oid: Oid,
        spcname: Text,
        spcowner: Oid,
        spcacl: Option<Acl>,
        spcoptions: Option<Vec<Text>>,
    }
    PgTransform = 3576 "pg_transform" {
        oid: Oid,
        trftype: Oid,
        trflang: Oid,
        trffromsql: Oid,
        trftosql: Oid,
    }
    PgTrigger = 2620 "pg_trigger" {
        oid: Oid,
        tgrelid: Oid,
        tgparentid: Oid,
        tgname: Text,
        tgfoid: Oid,
        tgtype: i16,
        tgenabled: u8,
        tgisinternal: bool,
        tgconstrrelid: Oid,
        tgconstrindid: Oid,
        tgconstraint: Oid,
        tgdeferrable: bool,
        tginitdeferred: bool,
        tgnargs: i16,
        tgattr: Int2Vector,
        tgargs: Raw,
        tgqual: Option<Text>,
        tgoldtable: Option<Text>,
        tgnewtable: Option<Text>,
    }
    PgTsConfig = 3602 "pg_ts_config" {
        oid: Oid,
        cfgname: Text,
        cfgnamespace: Oid,
        cfgowner: Oid,
        cfgparser: Oid,
    }
    PgTsConfigMap = 3603 "pg_ts_config_map" {
        mapcfg: Oid,
        maptokentype: i32,
        mapseqno: i32,
        mapdict: Oid,
    }
    PgTsDict = 3600 "pg_ts_dict" {
        oid: Oid,
        dictname: Text,
        dictnamespace: Oid,
        dictowner: Oid,
        dicttemplate: Oid,
        dictinitoption: Option<Text>,
    }
    PgTsParser = 3601 "pg_ts_parser" {
        oid: Oid,
        prsname: Text,
        prsnamespace: Oid,
        prsstart: Oid,
        prstoken: Oid,
        prsend: Oid,
        prsheadline: Oid,
        prslextype: Oid,
    }
    PgTsTemplate = 3764 "pg_ts_template" {
        oid: Oid,
        tmplname: Text,
        tmplnamespace: Oid,
        tmplinit: Oid,
        tmpllexize: Oid,
    }
    PgType = 1247 "pg_type" {
        oid: Oid,
        typname: Text,
        typnamespace: Oid,
        typowner: Oid,
        typlen: i16,
        typbyval: bool,
        typtype: u8,
        typcategory: u8,
        typispreferred: bool,
        typisdefined: bool,
        typdelim: u8,
        typrelid: Oid,
        typsubscript: Oid,
        typelem: Oid,
        typarray: Oid,
        typinput: Oid,
        typoutput: Oid,
        typreceive: Oid,
        typsend: Oid,
        typmodin: Oid,
        typmodout: Oid,
        typanalyze: Oid,
        typalign: u8,
        typstorage: u8,
        typnotnull: bool,
        typbasetype: Oid,
        typtypmod: i32,
        typndims: i32,
        typcollation: Oid,
        typdefaultbin: Option<Text>,
        typdefault: Option<Text>,
        typacl: Option<Acl>,
    }
    PgUserMapping = 1418 "pg_user_mapping" {
        oid: Oid,
        umuser: Oid,
        umserver: Oid,
        umoptions: Option<Vec<Text>>,
    }
}
