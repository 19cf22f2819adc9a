//! The names of locales: ICU's, libc's and the builtin ones.
//!
//! ICU takes names of two kinds, BCP 47 language tags (`de-u-co-phonebk`) and older ones with keywords (`de@collation=phonebook`); the
//! standard form of both is a tag. libc's are `ll_CC.codeset@modifier`.

use std::collections::BTreeMap;
use std::fmt::Write;

use error::{Error, Result, SqlState};
use icu_collator::options::{AlternateHandling, CaseLevel, CollatorOptions, MaxVariable, Strength};
use icu_collator::{CollatorBorrowed, CollatorPreferences};
use icu_locale_core::Locale;
use icu_locale_core::subtags::Language;

use crate::cases::Cases;

/// Languages with an order of their own: the CLDR's, by what PostgreSQL with ICU shows of them in `pg_collation`.
const TAILORED: &str = "\
    af am ar as az be bg blo bn bo br bs ceb chr cs cy da dsb ee el eo es et fa fi fil fo fy gl gu ha \
    haw he hi hr hsb hu hy ig is ja ka kk kl km kn ko kok ku ky lkt ln lo lt lv mk ml mn mr mt my nb ne \
    nn no nso om or pa pl ps ro ru se si sk sl smn sq sr sv ta te th tk tn to tr ug uk ur uz vi wo yi yo \
    yue zh";

/// Of these, those whose orders the compiled data lacks.
const LACKING: [&str; 5] = ["haw", "kl", "lkt", "se", "smn"];

/// Languages in the root's order.
const PLAIN: &str = "\
    agq ak asa ast ba bas bem bez bgc bho bm brx bua ca ccp ce cgg ckb csw cv dav de dje doi dua dyo dz \
    ebu en eu ewo ff fr fur ga gaa gd gsw guz gv ia id ie ii it jgo jmc jv kab kam kde kea kgp khq ki \
    kkj kln ks ksb ksf ksh kw kxv lag lb lg lij lmo lrc lu luo luy mai mas mer mfe mg mgh mgo mi mni ms \
    mua mzn naq nd nds nl nmg nnh nqo nus nyn oc os pcm pms prg pt qu raj rm rn rof rw rwk sa sah saq \
    sat sbp sc scn sd seh ses sg shi shn sn so st su sw syr szl teo tg ti tok tt twq tyv tzm vai vec vmw \
    vun wae xh xnr xog yav yrl za zgh zu";

/// Whether a language is one that ICU knows.
pub fn is_known_language(language: &str) -> bool {
    matches!(language, "" | "und" | "root")
        || TAILORED.split(' ').chain(PLAIN.split(' ')).any(|known| known == language)
}

/// A name taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tag {
    /// In lower case; `und` if there is none.
    language: String,
    /// `Latn`.
    script: String,
    /// `US`, `419`.
    region: String,
    variants: Vec<String>,
    /// Attributes and keywords of `-u-`; empty for `true`.
    keywords: BTreeMap<String, String>,
    /// Other extensions and private use, as written.
    rest: String,
}

/// The keyword that one of ICU's long names stands for.
fn short_keyword(name: &str) -> Option<&'static str> {
    const NAMES: [(&str, &str); 17] = [
        ("calendar", "ca"),
        ("colalternate", "ka"),
        ("colbackwards", "kb"),
        ("colcasefirst", "kf"),
        ("colcaselevel", "kc"),
        ("colhiraganaquaternary", "kh"),
        ("collation", "co"),
        ("colnormalization", "kk"),
        ("colnumeric", "kn"),
        ("colreorder", "kr"),
        ("colstrength", "ks"),
        ("currency", "cu"),
        ("hours", "hc"),
        ("measure", "ms"),
        ("numbers", "nu"),
        ("timezone", "tz"),
        ("variabletop", "vt"),
    ];
    NAMES.iter().find(|(long, short)| *long == name || *short == name).map(|(_, short)| *short)
}

/// A keyword's value, of which ICU's older names have longer forms.
fn short_value(keyword: &str, value: &str) -> String {
    let known = match (keyword, value) {
        ("ka", "non-ignorable") => "noignore",
        ("ks", "primary") => "level1",
        ("ks", "secondary") => "level2",
        ("ks", "tertiary") => "level3",
        ("ks", "quaternary" | "quarternary") => "level4",
        ("ks", "identical") => "identic",
        ("co", "phonebook") => "phonebk",
        ("co", "traditional") => "trad",
        ("co", "dictionary") => "dict",
        ("co", "gb2312han") => "gb2312",
        (_, "yes") => "true",
        (_, "no") => "false",
        _ => value,
    };
    known.to_string()
}

impl Tag {
    fn parse(name: &str) -> Option<Tag> {
        let (base, old) = name.split_once('@').map_or((name, None), |(base, old)| (base, Some(old)));
        // What ICU ignores: a codeset.
        let base = base.split('.').next().unwrap_or_default().replace('_', "-").to_ascii_lowercase();
        let mut tag = Tag { language: "und".into(), ..Tag::default() };
        let mut parts = base.split('-').peekable();
        let letters = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphabetic());
        let word = |part: &str| !part.is_empty() && part.len() <= 8 && part.bytes().all(|c| c.is_ascii_alphanumeric());
        if let Some(language) = parts.next_if(|part| part.is_empty() || letters(part)) {
            match language {
                "" | "root" => {}
                _ if (2..=8).contains(&language.len()) && language.len() != 4 => tag.language = language.to_string(),
                _ => return None,
            }
        } else {
            return None;
        }
        if let Some(script) = parts.next_if(|part| part.len() == 4 && letters(part)) {
            tag.script = script[..1].to_ascii_uppercase() + &script[1..];
        }
        let digits = |part: &str| part.bytes().all(|c| c.is_ascii_digit());
        if let Some(region) = parts.next_if(|part| part.len() == 2 && letters(part) || part.len() == 3 && digits(part))
        {
            tag.region = region.to_ascii_uppercase();
        }
        while let Some(variant) = parts
            .next_if(|part| word(part) && (part.len() >= 5 || part.len() == 4 && part.as_bytes()[0].is_ascii_digit()))
        {
            // CLDR's name for this one is a keyword.
            match variant {
                "posix" => drop(tag.keywords.insert("va".into(), "posix".into())),
                variant => tag.variants.push(variant.to_string()),
            }
        }
        while let Some(singleton) = parts.next() {
            if singleton.len() != 1 || !word(singleton) {
                return None;
            }
            if singleton != "u" {
                let until = |part: &&str| singleton == "x" || part.len() > 1;
                let _ = write!(tag.rest, "-{singleton}");
                let start = tag.rest.len();
                while let Some(part) = parts.next_if(until) {
                    if !word(part) {
                        return None;
                    }
                    let _ = write!(tag.rest, "-{part}");
                }
                if tag.rest.len() == start {
                    return None;
                }
                continue;
            }
            while let Some(key) = parts.next_if(|part| part.len() > 1) {
                if !word(key) {
                    return None;
                }
                let mut value = String::new();
                while let Some(part) = parts.next_if(|part| key.len() == 2 && part.len() > 2) {
                    if !word(part) {
                        return None;
                    }
                    value.push_str(if value.is_empty() { "" } else { "-" });
                    value.push_str(part);
                }
                tag.keyword(key, value);
            }
        }
        for item in old.unwrap_or_default().split(';').filter(|item| !item.trim().is_empty()) {
            let (key, value) = item.split_once('=')?;
            let key = short_keyword(&key.trim().to_ascii_lowercase())?;
            let value = short_value(key, &value.trim().to_ascii_lowercase());
            if !value.split('-').all(|part| part.len() > 2 && word(part)) {
                return None;
            }
            tag.keyword(key, value);
        }
        Some(tag)
    }

    fn keyword(&mut self, key: &str, value: String) {
        let value = if value == "true" { String::new() } else { value };
        self.keywords.entry(key.to_string()).or_insert(value);
    }

    fn text(&self) -> String {
        let mut text = self.language.clone();
        for part in [&self.script, &self.region].into_iter().chain(&self.variants).filter(|part| !part.is_empty()) {
            let _ = write!(text, "-{part}");
        }
        if !self.keywords.is_empty() {
            text.push_str("-u");
            // Attributes, which are longer, stand before keywords.
            let attribute = |key: &String| key.len() > 2;
            for (key, value) in self.keywords.iter().filter(|(key, _)| attribute(key)) {
                let _ = write!(text, "-{key}{value}");
            }
            for (key, value) in self.keywords.iter().filter(|(key, _)| !attribute(key)) {
                let _ = write!(text, "-{key}");
                if !value.is_empty() {
                    let _ = write!(text, "-{value}");
                }
            }
        }
        text + &self.rest
    }

    /// A keyword of two values: absent, or whether it is on.
    fn switch(&self, key: &str) -> Result<Option<bool>, Refused> {
        match self.keywords.get(key).map(String::as_str) {
            None => Ok(None),
            Some("") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(Refused::Illegal),
        }
    }

    /// Whether the order differs from the root's.
    fn is_tailored(&self) -> bool {
        match self.language.as_str() {
            "en" => self.region == "US" && self.keywords.get("va").is_some_and(|variant| variant == "posix"),
            "fr" => self.region == "CA",
            "ff" => self.script == "Adlm",
            "de" => self.keywords.get("co").is_some_and(|order| order == "phonebk" || order == "search"),
            language => TAILORED.split(' ').any(|tailored| tailored == language),
        }
    }
}

/// The standard form of an ICU locale's name; none for what is no such name.
pub fn language_tag(name: &str) -> Option<String> {
    Tag::parse(name).map(|tag| tag.text())
}

/// The language of an ICU locale's name, in lower case; empty for the root.
pub fn language(name: &str) -> String {
    let end = name.find(['-', '_', '@', '.']).unwrap_or(name.len());
    match name[..end].to_ascii_lowercase().as_str() {
        "root" | "und" => String::new(),
        language => language.to_string(),
    }
}

/// Why there is no order for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refused {
    /// ICU refuses it, too.
    Illegal,
    /// What is not there.
    Missing(String),
}

impl Refused {
    fn error(self, name: &str) -> Error {
        match self {
            Refused::Illegal => Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("could not open collator for locale \"{name}\": U_ILLEGAL_ARGUMENT_ERROR"),
            ),
            Refused::Missing(what) => Error::not_implemented(what),
        }
    }
}

/// The order and the cases of an ICU locale. A name that ICU does not know stands for the root, as it does there.
///
/// # Errors
/// 22023 for options that have no meaning, 0A000 for those that are not there.
pub fn open_icu(name: &str) -> Result<(CollatorBorrowed<'static>, Cases)> {
    let tag = Tag::parse(name).unwrap_or_else(|| Tag { language: "und".into(), ..Tag::default() });
    let language = Language::try_from_str(&tag.language).unwrap_or(Language::UNKNOWN);
    open(&tag).map(|collator| (collator, Cases::Language(language))).map_err(|refused| refused.error(name))
}

fn open(tag: &Tag) -> Result<CollatorBorrowed<'static>, Refused> {
    let keyword = |key: &str| tag.keywords.get(key).map(String::as_str);
    let missing = |key: &str, value: &str| Refused::Missing(format!("collation option {key}-{value}"));
    let mut options = CollatorOptions::default();
    options.strength = match keyword("ks") {
        None => None,
        Some("level1") => Some(Strength::Primary),
        Some("level2") => Some(Strength::Secondary),
        Some("level3") => Some(Strength::Tertiary),
        Some("level4") => Some(Strength::Quaternary),
        Some("identic") => Some(Strength::Identical),
        Some(_) => return Err(Refused::Illegal),
    };
    options.alternate_handling = match keyword("ka") {
        None => None,
        Some("noignore") => Some(AlternateHandling::NonIgnorable),
        Some("shifted") => Some(AlternateHandling::Shifted),
        Some(_) => return Err(Refused::Illegal),
    };
    options.max_variable = match keyword("kv") {
        None => None,
        Some("space") => Some(MaxVariable::Space),
        Some("punct") => Some(MaxVariable::Punctuation),
        Some("symbol") => Some(MaxVariable::Symbol),
        Some("currency") => Some(MaxVariable::Currency),
        Some(_) => return Err(Refused::Illegal),
    };
    options.case_level = tag.switch("kc")?.map(|on| if on { CaseLevel::On } else { CaseLevel::Off });
    // Texts are always normalised: `kk` can change nothing; `kh` has no meaning any more.
    tag.switch("kk")?;
    let mut text = tag.language.clone();
    let (mut script, mut region) = (&*tag.script, &*tag.region);
    let tailored = tag.is_tailored();
    match tag.switch("kb")? {
        // The only order with it is that of Canadian French, which differs from the root's in nothing else.
        Some(true) if !tailored => {
            (text, script, region) = ("fr".into(), "", "CA");
        }
        Some(true) if (&*tag.language, region) != ("fr", "CA") => return Err(missing("kb", "true")),
        Some(false) if (&*tag.language, region) == ("fr", "CA") => region = "",
        _ => {}
    }
    for key in ["kr", "vt"] {
        if let Some(value) = keyword(key) {
            return Err(missing(key, value));
        }
    }
    if tag.language == "en" && tailored {
        return Err(missing("va", "posix"));
    }
    let cyrillic = tag.language == "az" && tag.script == "Cyrl";
    if LACKING.contains(&&*tag.language) || cyrillic {
        return Err(Refused::Missing(format!("the order of language {}", tag.language)));
    }
    // Names of languages that are no longer used.
    match &*text {
        "mo" => text = "ro".into(),
        "sh" => (text, script) = ("sr".into(), if script.is_empty() { "Latn" } else { script }),
        _ => {}
    }
    if let Some(order @ ("search" | "searchjl" | "big5han" | "gb2312" | "direct" | "reformed" | "ducet" | "phonetic")) =
        keyword("co")
    {
        return Err(missing("co", order));
    }
    for part in [script, region].into_iter().filter(|part| !part.is_empty()) {
        let _ = write!(text, "-{part}");
    }
    let mut keywords = String::new();
    if let Some(order) = keyword("co") {
        let _ = write!(keywords, "-co-{order}");
    }
    match keyword("kf") {
        None => {}
        Some(first @ ("upper" | "lower" | "false")) => {
            let _ = write!(keywords, "-kf-{first}");
        }
        Some(_) => return Err(Refused::Illegal),
    }
    if let Some(on) = tag.switch("kn")? {
        let _ = write!(keywords, "-kn-{on}");
    }
    if !keywords.is_empty() {
        text = format!("{text}-u{keywords}");
    }
    // A language that is none has the root's order.
    let locale = Locale::try_from_str(&text).or_else(|_| Locale::try_from_str(&format!("und-u{keywords}")));
    let preferences =
        locale.map_or_else(|_| CollatorPreferences::default(), |locale| CollatorPreferences::from(&locale));
    CollatorBorrowed::try_new(preferences, options)
        .map_err(|error| Refused::Missing(format!("this collation ({error})")))
}

/// The version of the order that an ICU locale has now, in ICU's notation: of the root (Unicode 17), and behind it of the
/// language's own part (CLDR 48).
pub fn icu_version(name: &str) -> &'static str {
    match Tag::parse(name) {
        Some(tag) if tag.is_tailored() => "153.136.48",
        _ => "153.136",
    }
}

/// The version of Unicode's tables.
pub const UNICODE_VERSION: &str = "17.0";

/// The builtin provider's name for a locale; none if it has no such.
pub fn builtin(name: &str) -> Option<&'static str> {
    match name {
        "C" => Some("C"),
        "C.UTF-8" | "C.UTF8" => Some("C.UTF-8"),
        "PG_UNICODE_FAST" => Some("PG_UNICODE_FAST"),
        _ => None,
    }
}

/// `invalid locale name … for builtin provider`
#[cold]
pub fn invalid_builtin(name: &str) -> Error {
    Error::new(SqlState::WRONG_OBJECT_TYPE, format!("invalid locale name \"{name}\" for builtin provider"))
}

/// A libc locale's name taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Libc {
    /// `C` and `POSIX`.
    C,
    /// `C.UTF-8`, however written.
    CUtf8,
    /// A language, and perhaps a country.
    Language {
        /// `de`.
        language: String,
        /// `AT`; empty if there is none.
        country: String,
        /// The codeset as written; empty if there is none.
        codeset: String,
        /// Behind `@`; empty if there is none.
        modifier: String,
    },
}

impl Libc {
    /// Takes a name apart; none for one that cannot be a locale's.
    pub fn parse(name: &str) -> Option<Libc> {
        match name {
            "C" | "POSIX" => return Some(Libc::C),
            _ if name.starts_with("C.") => {
                let codeset = name[2..].to_ascii_lowercase();
                return matches!(codeset.as_str(), "utf-8" | "utf8").then_some(Libc::CUtf8);
            }
            _ => {}
        }
        let (name, modifier) = name.split_once('@').unwrap_or((name, ""));
        let (name, codeset) = name.split_once('.').unwrap_or((name, ""));
        let (language, country) = name.split_once('_').unwrap_or((name, ""));
        let lower = |text: &str| text.bytes().all(|c| c.is_ascii_lowercase());
        let codesets = |text: &str| text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        let valid = (2..=3).contains(&language.len())
            && lower(language)
            && is_known_language(language)
            && (country.is_empty() || country.len() == 2 && country.bytes().all(|c| c.is_ascii_uppercase()))
            && codesets(codeset)
            && codesets(modifier);
        valid.then(|| Libc::Language {
            language: language.into(),
            country: country.into(),
            codeset: codeset.into(),
            modifier: modifier.into(),
        })
    }

    /// Whether its texts are in UTF-8, or in any encoding. A name without a codeset is taken for UTF-8.
    pub fn is_utf8(&self) -> bool {
        match self {
            Libc::C | Libc::CUtf8 => true,
            Libc::Language { codeset, .. } => {
                codeset.is_empty() || matches!(codeset.to_ascii_lowercase().as_str(), "utf8" | "utf-8")
            }
        }
    }

    fn tag(&self) -> Option<Tag> {
        let Libc::Language { language, country, modifier, .. } = self else { return None };
        let script = match modifier.as_str() {
            "latin" => "Latn",
            "cyrillic" => "Cyrl",
            "devanagari" => "Deva",
            _ => "",
        };
        // glibc's order looks at spaces, punctuation and symbols last of all.
        let keywords = [("ka", "shifted"), ("ks", "level4"), ("kv", "symbol")];
        Some(Tag {
            language: language.clone(),
            region: country.clone(),
            script: script.into(),
            keywords: keywords.map(|(key, value)| (key.to_string(), value.to_string())).into(),
            ..Tag::default()
        })
    }
}

/// `could not create locale …`
#[cold]
pub fn no_libc_locale(name: &str) -> Error {
    Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("could not create locale \"{name}\": No such file or directory"),
    )
    .detail(format!("The operating system could not find any locale data for the locale name \"{name}\"."))
}

/// The order of a libc locale; none for one that orders by bytes.
///
/// # Errors
/// 22023 for a name that is no locale's.
pub fn open_libc(name: &str) -> Result<Option<CollatorBorrowed<'static>>> {
    let libc = Libc::parse(name).ok_or_else(|| no_libc_locale(name))?;
    libc.tag().map(|tag| open(&tag).map_err(|refused| refused.error(name))).transpose()
}

/// The cases of a libc locale: one character for one.
///
/// # Errors
/// 22023 for a name that is no locale's.
pub fn libc_cases(name: &str) -> Result<Cases> {
    Ok(match Libc::parse(name).ok_or_else(|| no_libc_locale(name))? {
        Libc::C => Cases::Ascii,
        Libc::Language { language, .. } if matches!(&*language, "tr" | "az") => Cases::LibcTurkic,
        _ => Cases::Libc,
    })
}

/// The version of the order that a libc locale has now; none for one that orders by bytes.
pub fn libc_version(name: &str) -> Option<&'static str> {
    let tag = Libc::parse(name)?.tag()?;
    Some(if tag.is_tailored() { "153.136.48" } else { "153.136" })
}

/// The version of the order that a provider (`b`, `c`, `i`) has for a locale now.
pub fn version(provider: u8, name: &str) -> Option<&'static str> {
    match provider {
        b'i' => Some(icu_version(name)),
        b'b' => builtin(name).map(|_| "1"),
        b'c' => libc_version(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_standard_forms() {
        for (name, tag) in [
            ("", "und"),
            ("root", "und"),
            ("POSIX", "posix"),
            ("en_US.UTF-8", "en-US"),
            ("zh_Hant_TW@collation=stroke;colstrength=primary", "zh-Hant-TW-u-co-stroke-ks-level1"),
            ("en-u-kn-true-ks-level1", "en-u-kn-ks-level1"),
            ("EN-latn-us-u-KN", "en-Latn-US-u-kn"),
            ("en-US-x-foo", "en-US-x-foo"),
            ("en@ks=level2", "en-u-ks-level2"),
            ("en_US_POSIX", "en-US-u-va-posix"),
            ("nonsense-nowhere", "nonsense-nowhere"),
            ("@colStrength=primary;colCaseLevel=yes", "und-u-kc-ks-level1"),
            ("@colAlternate=shifted", "und-u-ka-shifted"),
            ("@colNumeric=lower", "und-u-kn-lower"),
            ("de@collation=phonebook", "de-u-co-phonebk"),
            ("fr-u-kr-latn-digit", "fr-u-kr-latn-digit"),
        ] {
            assert_eq!(language_tag(name).as_deref(), Some(tag), "{name}");
        }
        for name in ["C", "123", "@colStrength=primary;nonsense=yes", "en-u-\u{e4}", "en-x"] {
            assert_eq!(language_tag(name), None, "{name}");
        }
        assert_eq!(language("en-US"), "en");
        assert_eq!(language("und-u-kn"), "");
        assert!(is_known_language("de") && !is_known_language("nonsense"));
    }

    #[test]
    fn what_is_not_there_is_refused() {
        let state = |name: &str| open_icu(name).err().map(|error| error.state());
        assert_eq!(state("und-u-kn-lower"), Some(SqlState::INVALID_PARAMETER_VALUE));
        assert_eq!(state("de-u-ks-foo"), Some(SqlState::INVALID_PARAMETER_VALUE));
        assert_eq!(state("fr-u-kr-latn-digit"), Some(SqlState::FEATURE_NOT_SUPPORTED));
        assert_eq!(state("en-US-u-va-posix"), Some(SqlState::FEATURE_NOT_SUPPORTED));
        assert_eq!(state("sv-u-kb"), Some(SqlState::FEATURE_NOT_SUPPORTED));
        assert_eq!(state("haw"), Some(SqlState::FEATURE_NOT_SUPPORTED));
        assert_eq!(state("nonsense-nowhere"), None);
        assert_eq!(state("de-AT-u-co-foo"), None);
    }

    #[test]
    fn libc_names() {
        assert_eq!(Libc::parse("POSIX"), Some(Libc::C));
        assert_eq!(Libc::parse("C.utf8"), Some(Libc::CUtf8));
        assert!(Libc::parse("de_AT.utf8@euro").is_some_and(|name| name.is_utf8()));
        assert!(!Libc::parse("de_DE.ISO-8859-1").expect("a name").is_utf8());
        assert_eq!(Libc::parse("xx_YY"), None);
        assert_eq!(Libc::parse("no such"), None);
        assert_eq!(libc_version("sv_SE.UTF-8"), Some("153.136.48"));
        assert_eq!(libc_version("en_US.UTF-8"), Some("153.136"));
        assert_eq!(libc_version("C.UTF-8"), None);
        assert_eq!(libc_cases("tr_TR.utf8").expect("Turkish"), Cases::LibcTurkic);
    }
}
