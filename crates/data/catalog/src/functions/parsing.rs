//! `ts_debug`: what a text search configuration makes of a text, token by token.

use super::catalog_of;
use super::rows::made;
use crate::field::{Field, Text};
use crate::index;
use crate::rows::PgTsConfigMap;
use batch::{Column, DatumRef, Repr};
use error::Result;
use ids::Oid;
use types::textsearch::TOKEN_TYPES;
use types::textsearch::dictionary::Lexized;
use types::{Context, RowSource, oid};

/// By the default configuration.
pub(super) fn debug(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let name = context.env.setting("default_text_search_config").unwrap_or_default();
    let configuration = context.env.object_by_name(oid::REGCONFIG, &name)?.unwrap_or(Oid::INVALID);
    tokens(configuration, args.first().copied(), context)
}

/// By a configuration.
pub(super) fn debug_by_configuration(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let configuration = args.first().and_then(|arg| arg.as_oid()).unwrap_or(Oid::INVALID);
    tokens(configuration, args.get(1).copied(), context)
}

/// Alias, description, token, dictionaries, the dictionary that knows it, its lexemes.
fn tokens(configuration: Oid, text: Option<DatumRef<'_>>, context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let catalog = catalog_of(&context)?;
    let forms = [Repr::Bytes, Repr::Bytes, Repr::Bytes, Repr::Bytes, Repr::B4, Repr::Bytes];
    let mut columns = forms.map(Column::new);
    let Some(text) = text.as_ref().and_then(|text| text.as_str()) else { return made(columns.into()) };
    // It fails for a parser that is not the server's, as ts_parse does.
    catalog.text_search_configuration(configuration)?;
    let rows = catalog.rows::<PgTsConfigMap>(index::PG_TS_CONFIG_MAP_INDEX, &[configuration.into()])?;
    let mut mapped: Vec<(i32, i32, Oid)> =
        rows.iter().map(|row| (row.maptokentype, row.mapseqno, row.mapdict)).collect();
    mapped.sort_unstable();
    let parsed = types::textsearch::parse_tokens(text, context.env);
    for (kind, token) in parsed {
        let (alias, description) = TOKEN_TYPES
            .iter()
            .find(|(number, ..)| *number == kind)
            .map_or(("", ""), |(_, alias, description)| (*alias, *description));
        let dictionaries: Vec<Oid> = mapped.iter().filter(|row| row.0 == kind).map(|row| row.2).collect();
        let mut known = None;
        for &dictionary in &dictionaries {
            if let Lexized::Known(lexemes) = catalog.text_search_dictionary(dictionary)?.lexize(token, context.env)? {
                known = Some((dictionary, lexemes));
                break;
            }
        }
        columns[0].push(DatumRef::Bytes(alias.as_bytes()));
        columns[1].push(DatumRef::Bytes(description.as_bytes()));
        columns[2].push(DatumRef::Bytes(token.as_bytes()));
        let mut list = Vec::new();
        let items = dictionaries.iter().map(|dictionary| DatumRef::B4(dictionary.0 as i32));
        crate::arrays::write(&mut list, oid::REGDICTIONARY, Repr::B4, 1, items);
        columns[3].push(DatumRef::Bytes(&list));
        match known {
            Some((dictionary, lexemes)) => {
                columns[4].push(DatumRef::B4(dictionary.0 as i32));
                let lexemes: Vec<Text> = lexemes.into_iter().map(|lexeme| lexeme.text.into()).collect();
                lexemes.append_to(&mut columns[5]);
            }
            None => columns[4..].iter_mut().for_each(Column::push_null),
        }
    }
    made(columns.into())
}
