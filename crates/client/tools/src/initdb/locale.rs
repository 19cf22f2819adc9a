//! Which locale, provider and encoding a new cluster gets.
//!
//! Oliphant computes collation and character classes itself: byte order for `C` and `POSIX`, code point order with Unicode's
//! character classes for everything else (the builtin provider's `C.UTF-8`). A name of a libc locale is accepted, so that scripts
//! work; a notice says what is used.

use super::options::{Complaint, LocaleOptions};

/// The choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Locale {
    /// `b`, `c` or `i`.
    pub provider: u8,
    /// The provider's locale; none for libc.
    pub name: Option<String>,
    /// By category.
    pub collate: String,
    /// By category.
    pub ctype: String,
    /// By category.
    pub messages: String,
    /// By category.
    pub monetary: String,
    /// By category.
    pub numeric: String,
    /// By category.
    pub time: String,
    /// The encoding's number.
    pub encoding: i32,
    /// A libc locale that is replaced by the builtin provider.
    pub replaced: Option<String>,
}

/// Whether a name is that of byte order.
fn is_c(name: &str) -> bool {
    matches!(name, "C" | "POSIX")
}

fn is_c_utf8(name: &str) -> bool {
    matches!(name, "C.UTF-8" | "C.UTF8" | "C.utf8")
}

/// Whether a name looks like one of libc's: `ll[_CC][.codeset][@modifier]`.
fn is_libc_name(name: &str) -> bool {
    let name = name.split('@').next().unwrap_or_default();
    let (language, codeset) = name.split_once('.').map_or((name, None), |(l, c)| (l, Some(c)));
    let (language, country) = language.split_once('_').map_or((language, None), |(l, c)| (l, Some(c)));
    let lower = |text: &str| text.bytes().all(|c| c.is_ascii_lowercase());
    (2..=3).contains(&language.len())
        && lower(language)
        && country.is_none_or(|country| country.len() == 2 && country.bytes().all(|c| c.is_ascii_uppercase()))
        && codeset.is_none_or(|codeset| {
            !codeset.is_empty() && codeset.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
        })
}

fn checked(name: String) -> Result<String, Complaint> {
    if is_c(&name) || is_c_utf8(&name) || is_libc_name(&name) {
        return Ok(name);
    }
    Err(Complaint::new(format!("invalid locale name \"{name}\""))
        .hint("If the locale name is specific to ICU, use --icu-locale."))
}

impl Locale {
    /// The choice by the options and the environment (`LC_ALL`, then the category's variable, then `LANG`).
    pub fn choose(
        options: &LocaleOptions,
        encoding: Option<&str>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Locale, Complaint> {
        let category = |given: &Option<String>, variable: &str| -> Result<String, Complaint> {
            if let Some(name) = given.as_ref().or(options.all.as_ref()).filter(|name| !name.is_empty()) {
                return checked(name.clone());
            }
            let set = |name: &str| environment(name).filter(|value| !value.is_empty());
            let name = set("LC_ALL").or_else(|| set(variable)).or_else(|| set("LANG"));
            // A setting of the environment that means nothing is no reason to refuse.
            Ok(name.and_then(|name| checked(name).ok()).unwrap_or_else(|| "C".into()))
        };
        let collate = category(&options.collate, "LC_COLLATE")?;
        let ctype = category(&options.ctype, "LC_CTYPE")?;
        let messages = category(&options.messages, "LC_MESSAGES")?;
        let monetary = category(&options.monetary, "LC_MONETARY")?;
        let numeric = category(&options.numeric, "LC_NUMERIC")?;
        let time = category(&options.time, "LC_TIME")?;
        let encoding = match encoding {
            Some(name) => encoding_number(name)?,
            None => 6,
        };
        let mut replaced = None;
        let (provider, name) = match options.provider {
            Some(b'i') => return Err(Complaint::new("ICU is not supported in this build")),
            Some(b'b') => {
                let name = options.builtin.clone().or_else(|| options.all.clone());
                let name = name.ok_or_else(|| Complaint::new("locale must be specified if provider is builtin"))?;
                let name = match name.as_str() {
                    name if is_c(name) => "C".to_string(),
                    name if is_c_utf8(name) => "C.UTF-8".to_string(),
                    "PG_UNICODE_FAST" => name,
                    _ => return Err(Complaint::new(format!("invalid locale name \"{name}\" for builtin provider"))),
                };
                if name != "C" && encoding != 6 {
                    return Err(Complaint::new("encoding mismatch").hint(format!(
                        "The encoding you selected ({}) and the encoding that the builtin locale \"{name}\" uses (UTF8) do not match.",
                        catalog::functions::encoding_name(encoding).unwrap_or_default()
                    )));
                }
                (b'b', Some(name))
            }
            _ if options.builtin.is_some() => {
                return Err(Complaint::new(
                    "--builtin-locale cannot be specified unless locale provider \"builtin\" is chosen",
                ));
            }
            _ if options.icu.is_some() => {
                return Err(Complaint::new(
                    "--icu-locale cannot be specified unless locale provider \"icu\" is chosen",
                ));
            }
            _ if is_c(&collate) && is_c(&ctype) || is_c_utf8(&collate) && is_c_utf8(&ctype) => (b'c', None),
            _ => {
                replaced = Some(if is_c(&collate) { ctype.clone() } else { collate.clone() });
                (b'b', Some("C.UTF-8".to_string()))
            }
        };
        Ok(Locale { provider, name, collate, ctype, messages, monetary, numeric, time, encoding, replaced })
    }

    /// The lines in which initdb tells its choice.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        let all = [&self.ctype, &self.messages, &self.monetary, &self.numeric, &self.time];
        if self.provider == b'c' && all.iter().all(|name| **name == self.collate) {
            text.push_str(&format!("The database cluster will be initialized with locale \"{}\".\n", self.collate));
        } else {
            let provider = if self.provider == b'b' { "builtin" } else { "libc" };
            text.push_str("The database cluster will be initialized with this locale configuration:\n");
            text.push_str(&format!("  locale provider:   {provider}\n"));
            if let Some(name) = &self.name {
                text.push_str(&format!("  default collation: {name}\n"));
            }
            for (category, name) in [
                ("LC_COLLATE:  ", &self.collate),
                ("LC_CTYPE:    ", &self.ctype),
                ("LC_MESSAGES: ", &self.messages),
                ("LC_MONETARY: ", &self.monetary),
                ("LC_NUMERIC:  ", &self.numeric),
                ("LC_TIME:     ", &self.time),
            ] {
                text.push_str(&format!("  {category}{name}\n"));
            }
        }
        if let Some(name) = &self.replaced {
            text.push_str(&format!(
                "Locale \"{name}\" is not available here; the builtin locale \"C.UTF-8\" is used for sorting and character classes.\n"
            ));
        }
        text
    }

    /// The text search configuration that goes with the locale.
    pub fn text_search(&self) -> &'static str {
        const LANGUAGES: &[(&str, &str)] = &[
            ("ar", "arabic"),
            ("ca", "catalan"),
            ("C", "english"),
            ("POSIX", "english"),
            ("da", "danish"),
            ("nl", "dutch"),
            ("en", "english"),
            ("et", "estonian"),
            ("eu", "basque"),
            ("fi", "finnish"),
            ("fr", "french"),
            ("de", "german"),
            ("el", "greek"),
            ("hi", "hindi"),
            ("hu", "hungarian"),
            ("hy", "armenian"),
            ("id", "indonesian"),
            ("ga", "irish"),
            ("it", "italian"),
            ("lt", "lithuanian"),
            ("ne", "nepali"),
            ("nb", "norwegian"),
            ("no", "norwegian"),
            ("pt", "portuguese"),
            ("ro", "romanian"),
            ("ru", "russian"),
            ("sr", "serbian"),
            ("es", "spanish"),
            ("sv", "swedish"),
            ("ta", "tamil"),
            ("tr", "turkish"),
            ("yi", "yiddish"),
        ];
        let language = self.ctype.split(['_', '.', '@']).next().unwrap_or_default();
        LANGUAGES.iter().find(|(code, _)| *code == language).map_or("simple", |(_, name)| name)
    }
}

fn encoding_number(name: &str) -> Result<i32, Complaint> {
    let number = name.parse().ok().filter(|&n| catalog::functions::encoding_name(n).is_some());
    let number = number.or_else(|| catalog::functions::encoding_number(name));
    match number {
        Some(number @ (0 | 6)) => Ok(number),
        // The last seven are for clients only.
        Some(number) if number < 35 => Err(Complaint::new(format!(
            "encoding \"{}\" is not implemented",
            catalog::functions::encoding_name(number).unwrap_or(name)
        ))),
        _ => Err(Complaint::new(format!("\"{name}\" is not a valid server encoding name"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(options: LocaleOptions, encoding: Option<&str>, lang: Option<&str>) -> Result<Locale, String> {
        let environment = |name: &str| (name == "LANG").then(|| lang.map(str::to_string)).flatten();
        Locale::choose(&options, encoding, &environment).map_err(|complaint| complaint.message)
    }

    #[test]
    fn locales_and_providers() {
        let plain = choose(LocaleOptions::default(), None, None).expect("C");
        assert_eq!((plain.provider, plain.collate.as_str(), plain.encoding), (b'c', "C", 6));
        let utf8 = choose(LocaleOptions::default(), None, Some("C.UTF-8")).expect("C.UTF-8");
        assert_eq!((utf8.provider, utf8.collate.as_str()), (b'c', "C.UTF-8"));
        let all = |name: &str| LocaleOptions { all: Some(name.into()), ..Default::default() };
        let english = choose(all("en_US.UTF-8"), None, None).expect("accepted");
        assert_eq!((english.provider, english.name.as_deref()), (b'b', Some("C.UTF-8")));
        assert!(english.describe().contains("en_US.UTF-8"));
        assert_eq!(english.text_search(), "english");
        assert_eq!(choose(all("no such"), None, None), Err("invalid locale name \"no such\"".into()));
        let builtin = LocaleOptions { provider: Some(b'b'), ..Default::default() };
        assert_eq!(choose(builtin, None, None), Err("locale must be specified if provider is builtin".into()));
        assert_eq!(
            choose(LocaleOptions::default(), Some("nope"), None),
            Err("\"nope\" is not a valid server encoding name".into())
        );
    }
}
