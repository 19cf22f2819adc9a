//! Which locale, provider and encoding a new cluster gets.
//!
//! Oliphant links no locales of the operating system: the crate `collation` knows which names there are, and serves libc's, ICU's and
//! the builtin ones alike.

use collation::locale::{self, Libc};

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
    /// Rules on top of an ICU locale's.
    pub rules: Option<String>,
    /// The encoding's number.
    pub encoding: i32,
    /// What is said about the choice before all else.
    pub remarks: Vec<String>,
}

fn checked(name: String) -> Result<String, Complaint> {
    if Libc::parse(&name).is_some() {
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
        let provider = options.provider.unwrap_or(b'c');
        let chosen = encoding.map(encoding_number).transpose()?;
        let encoding = chosen.unwrap_or(6);
        let mut remarks = Vec::new();
        let own = |given: &Option<String>| given.clone().or_else(|| options.all.clone());
        let name = match provider {
            b'b' => {
                let name = own(&options.builtin);
                let name = name.ok_or_else(|| Complaint::new("locale must be specified if provider is builtin"))?;
                let Some(known) = locale::builtin(&name) else {
                    return Err(Complaint::new(format!("invalid locale name \"{name}\" for builtin provider")));
                };
                if known != "C" && encoding != 6 {
                    let text = format!("builtin provider locale \"{known}\" requires encoding \"UTF-8\"");
                    return Err(Complaint::new(text));
                }
                Some(known.to_string())
            }
            b'i' => {
                let name =
                    own(&options.icu).ok_or_else(|| Complaint::new("locale must be specified if provider is icu"))?;
                let tag = locale::language_tag(&name).ok_or_else(|| {
                    let text = "U_ILLEGAL_ARGUMENT_ERROR";
                    Complaint::new(format!("could not convert locale name \"{name}\" to language tag: {text}"))
                })?;
                remarks.push(format!("Using language tag \"{tag}\" for ICU locale \"{name}\"."));
                let language = locale::language(&tag);
                if !locale::is_known_language(&language) {
                    return Err(Complaint::new(format!("locale \"{tag}\" has unknown language \"{language}\"")));
                }
                if encoding == 0 {
                    return Err(Complaint::new("encoding mismatch").hint(
                        "Rerun initdb and either do not specify an encoding explicitly, or choose a matching combination.",
                    ));
                }
                Some(tag)
            }
            _ => None,
        };
        // What cannot be opened is refused now.
        let definition = collation::Definition {
            provider,
            locale: name.as_deref(),
            collate: Some(&collate),
            ctype: Some(&ctype),
            rules: options.rules.as_deref(),
            deterministic: true,
        };
        collation::Collation::open(&definition).map_err(|error| Complaint::new(error.message()))?;
        if encoding == 6
            && let Some(libc) = Libc::parse(&ctype).filter(|libc| !libc.is_utf8())
            && let Libc::Language { codeset, .. } = libc
        {
            let text = format!("encoding of locale \"{ctype}\" ({codeset}) is not implemented");
            return Err(Complaint::new(text));
        }
        let rules = options.rules.clone();
        Ok(Locale { provider, name, collate, ctype, messages, monetary, numeric, time, rules, encoding, remarks })
    }

    /// The lines in which initdb tells its choice.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        let all = [&self.ctype, &self.messages, &self.monetary, &self.numeric, &self.time];
        if self.provider == b'c' && all.iter().all(|name| **name == self.collate) {
            text.push_str(&format!("The database cluster will be initialized with locale \"{}\".\n", self.collate));
        } else {
            let provider = match self.provider {
                b'b' => "builtin",
                b'i' => "icu",
                _ => "libc",
            };
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
        assert_eq!((english.provider, english.name.as_deref()), (b'c', None));
        assert!(english.describe().contains("with locale \"en_US.UTF-8\""));
        let icu = |name: &str| LocaleOptions { provider: Some(b'i'), icu: Some(name.into()), ..Default::default() };
        let german = choose(icu("de_AT"), None, None).expect("accepted");
        assert_eq!((german.provider, german.name.as_deref()), (b'i', Some("de-AT")));
        assert_eq!(german.remarks[0], "Using language tag \"de-AT\" for ICU locale \"de_AT\".");
        assert!(german.describe().contains("locale provider:   icu"));
        assert!(choose(icu("de-u-ks-foo"), None, None).is_err());
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
