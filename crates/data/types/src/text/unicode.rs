//! Normal forms, and what is known of Unicode.

use collation::locale::UNICODE_VERSION;
use collation::normal::{Form, is_assigned};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Functions of Unicode.
    pub static UNICODE =
    4350 unicode_normalize_func arena(&[u8], &[u8]) normalize;
    4351 unicode_is_normalized each(&[u8], &[u8]) is_normalized;
    6099 icu_unicode_version each() || UNICODE_VERSION;
    4549 unicode_version each() || UNICODE_VERSION;
    6105 unicode_assigned each(&[u8]) |text: &[u8]| is_assigned(&String::from_utf8_lossy(text));
}

fn form(name: &[u8]) -> Result<Form> {
    let name = String::from_utf8_lossy(name);
    Form::named(&name)
        .ok_or_else(|| Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("invalid normalization form: {name}")))
}

fn normalize(text: &[u8], name: &[u8], out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(form(name)?.normalize(&String::from_utf8_lossy(text)).as_bytes());
    Ok(())
}

fn is_normalized(text: &[u8], name: &[u8]) -> Result<bool> {
    Ok(form(name)?.is_normalized(&String::from_utf8_lossy(text)))
}
