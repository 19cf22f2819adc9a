//! Text search configurations and dictionaries, made ready for use from their rows, and kept for the session.
//!
//! A dictionary is made once and stays until its row says something else: its files are read again by new sessions, or after an ALTER.

use crate::catalog::Catalog;
use crate::index;
use crate::names::split_qualified;
use crate::rows::{PgTsConfig, PgTsConfigMap, PgTsDict, PgTsParser, PgTsTemplate};
use error::{Error, Result, SqlState};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use ids::Oid;
use std::path::PathBuf;
use std::sync::Arc;
use types::textsearch::dictionary::{Dictionary, DictionaryOption, Files};
use types::textsearch::{Configuration, read_options};

/// What a session has made ready so far.
#[derive(Default)]
pub(crate) struct TextSearch {
    /// With the catalogs' generation at which it was made.
    configurations: HashMap<Oid, (u64, Arc<Configuration>), FixedState>,
    /// With the template and options that it was made of.
    dictionaries: HashMap<Oid, (Oid, Option<String>, Arc<Dictionary>), FixedState>,
}

/// Files of the installation, and the catalog's other dictionaries.
struct Installed<'a>(&'a Catalog);

/// Where the installation's files are: `share` beside the directory of the program.
pub fn share_directory() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let base = program.parent().and_then(|bin| bin.parent()).map(PathBuf::from).unwrap_or_default();
    base.join("share")
}

impl Files for Installed<'_> {
    fn read(&self, name: &str, extension: &str, what: &str) -> Result<String> {
        // A name is no path: it cannot leave the directory.
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            let message = format!("invalid text search configuration file name \"{name}\"");
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
        }
        let path = share_directory().join("tsearch_data").join(format!("{name}.{extension}"));
        let text = std::fs::read_to_string(&path).or_else(|error| {
            // The samples that PostgreSQL's documentation speaks of need no file.
            types::textsearch::dictionary::samples::file(name, extension).map(str::to_string).ok_or(error)
        });
        let text = text.map_err(|error| {
            let reason = match error.kind() {
                std::io::ErrorKind::NotFound => "No such file or directory".to_string(),
                _ => error.to_string(),
            };
            let message = format!("could not open {what} file \"{}\": {reason}", path.display());
            Error::new(SqlState::CONFIG_FILE_ERROR, message)
        })?;
        Ok(text.strip_prefix('\u{FEFF}').map(str::to_string).unwrap_or(text))
    }

    fn dictionary(&self, name: &str) -> Result<Arc<Dictionary>> {
        let parts = split_qualified(name).unwrap_or_default();
        let found = match parts.as_slice() {
            [name] => self.0.ts_dict_by_name(None, name)?,
            [schema, name] => self.0.ts_dict_by_name(Some(schema), name)?,
            _ => None,
        };
        let oid = found.ok_or_else(|| {
            let message = format!("text search dictionary \"{name}\" does not exist");
            Error::new(SqlState::UNDEFINED_OBJECT, message)
        })?;
        self.0.text_search_dictionary(oid)
    }
}

impl Catalog {
    /// A configuration, ready for use.
    pub fn text_search_configuration(&self, configuration: Oid) -> Result<Arc<Configuration>> {
        let generation = self.generation();
        if let Some((made, ready)) = self.text_search().configurations.get(&configuration)
            && *made == generation
        {
            return Ok(ready.clone());
        }
        let row = self.must::<PgTsConfig>(index::PG_TS_CONFIG_OID_INDEX, configuration, "text search configuration")?;
        self.require_default_parser(row.cfgparser)?;
        let mut ready = Configuration::default();
        let rows = self.rows::<PgTsConfigMap>(index::PG_TS_CONFIG_MAP_INDEX, &[configuration.into()])?;
        let mut rows: Vec<_> = rows.iter().map(|row| (row.maptokentype, row.mapseqno, row.mapdict)).collect();
        rows.sort();
        for (kind, _, dictionary) in rows {
            let kind = usize::try_from(kind).unwrap_or_default().min(255);
            if ready.dictionaries.len() <= kind {
                ready.dictionaries.resize(kind + 1, Vec::new());
            }
            ready.dictionaries[kind].push(self.text_search_dictionary(dictionary)?);
        }
        let ready = Arc::new(ready);
        self.text_search().configurations.insert(configuration, (generation, ready.clone()));
        Ok(ready)
    }

    /// A dictionary, ready for use.
    pub fn text_search_dictionary(&self, dictionary: Oid) -> Result<Arc<Dictionary>> {
        let row = self.must::<PgTsDict>(index::PG_TS_DICT_OID_INDEX, dictionary, "text search dictionary")?;
        let options = row.dictinitoption.as_deref();
        if let Some((template, made_of, ready)) = self.text_search().dictionaries.get(&dictionary)
            && *template == row.dicttemplate
            && made_of.as_deref() == options
        {
            return Ok(ready.clone());
        }
        let ready = Arc::new(self.make_dictionary(row.dicttemplate, &read_options(options.unwrap_or_default())?)?);
        let made = (row.dicttemplate, options.map(str::to_string), ready.clone());
        self.text_search().dictionaries.insert(dictionary, made);
        Ok(ready)
    }

    /// Makes a dictionary of a template, or says what is wrong with its options.
    pub fn make_dictionary(&self, template: Oid, options: &[DictionaryOption]) -> Result<Dictionary> {
        let row = self.must::<PgTsTemplate>(index::PG_TS_TEMPLATE_OID_INDEX, template, "text search template")?;
        // A template is what its function makes of it, whatever its name.
        let function = self.function(row.tmpllexize)?;
        let name = match &*function.prosrc {
            "dsimple_lexize" => "simple",
            "dsynonym_lexize" => "synonym",
            "dispell_lexize" => "ispell",
            "thesaurus_lexize" => "thesaurus",
            "dsnowball_lexize" => "snowball",
            _ => return Err(Error::not_implemented(format_args!("text search template {}", row.tmplname))),
        };
        Dictionary::new(name, options, &Installed(self))
    }

    /// Fails for a parser that is not the built-in one, under whatever name.
    pub fn require_default_parser(&self, parser: Oid) -> Result<()> {
        const DEFAULT_NEXT_TOKEN: Oid = Oid(3718);
        let row = self.must::<PgTsParser>(index::PG_TS_PARSER_OID_INDEX, parser, "text search parser")?;
        if row.prstoken == DEFAULT_NEXT_TOKEN {
            return Ok(());
        }
        Err(Error::not_implemented("a text search parser other than the default one"))
    }
}
