//! The files of an Ispell dictionary: rules in Ispell's form or in that of MySpell and Hunspell, and words with flags.
//!
//! What a file of rules is shows in its first keyword. Of Hunspell's options those count that PostgreSQL's documentation names; all others are
//! passed over.

use super::affix::{Affix, Condition, Flag};
use super::{Word, compound};
use error::{Error, Result, SqlState};
use hashbrown::HashMap;

/// How flags are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum FlagForm {
    /// A character each.
    #[default]
    Char,
    /// Two characters each.
    Long,
    /// Numbers with commas.
    Number,
}

/// What a file of rules says.
#[derive(Debug, Default)]
pub struct Rules {
    form: FlagForm,
    /// Sets of flags that are named by their numbers, from 1; none if flags stand for themselves.
    aliases: Vec<String>,
    /// Flags that say something of compound words, with their bits.
    compound: Vec<(Flag, u8)>,
    pub affixes: Vec<Affix>,
}

#[cold]
fn broken(message: String) -> Error {
    Error::new(SqlState::CONFIG_FILE_ERROR, message)
}

impl Rules {
    /// Whether words can be put together.
    pub fn uses_compounds(&self) -> bool {
        !self.compound.is_empty()
    }

    /// The flags of a text.
    fn flags(&self, text: &str) -> Result<Vec<Flag>> {
        match self.form {
            FlagForm::Char => Ok(text.chars().map(Flag::from).collect()),
            FlagForm::Long => {
                let chars: Vec<Flag> = text.chars().map(Flag::from).collect();
                let pair = |pair: &[Flag]| match pair {
                    [a, b] => Ok(a << 32 | b),
                    _ => Err(broken(format!("invalid affix flag \"{text}\" with \"long\" flag value"))),
                };
                chars.chunks(2).map(pair).collect()
            }
            FlagForm::Number => {
                let number = |part: &str| match part.trim().parse::<Flag>() {
                    Ok(number) if number <= 1 << 16 => Ok(number),
                    Ok(_) => Err(broken(format!("affix flag \"{text}\" is out of range"))),
                    Err(_) => Err(broken(format!("invalid affix flag \"{text}\""))),
                };
                text.split(',').filter(|part| !part.trim().is_empty()).map(number).collect()
            }
        }
    }

    /// The text behind a word's `/`: itself, or the set that its number names.
    fn resolved<'a>(&'a self, text: &'a str) -> Result<&'a str> {
        if self.aliases.is_empty() || text.is_empty() {
            return Ok(text);
        }
        let invalid = || broken(format!("invalid affix alias \"{text}\""));
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number: usize = text[..end].parse().map_err(|_| invalid())?;
        match number.checked_sub(1).and_then(|at| self.aliases.get(at)) {
            Some(set) => Ok(set),
            None if end < text.len() => Err(invalid()),
            None => Ok(""),
        }
    }

    /// What flags say of compound words.
    fn compound_bits(&self, flags: &[Flag]) -> u8 {
        self.compound.iter().filter(|(flag, _)| flags.contains(flag)).fold(0, |bits, (_, more)| bits | more)
    }
}

/// Reads a file of rules.
///
/// # Errors
/// F0000 for what cannot be understood.
pub fn rules(text: &str) -> Result<Rules> {
    let keywords = ["COMPOUND", "ONLYINCOMPOUND", "PFX", "SFX", "FLAG ", "FLAG\t", "AF ", "AF\t"];
    if text.lines().any(|line| keywords.iter().any(|keyword| line.starts_with(keyword))) {
        hunspell(text)
    } else {
        ispell(text)
    }
}

/// `flag *S:`, and below it lines such as `[^AEIOU]Y > -Y,IES`.
fn ispell(text: &str) -> Result<Rules> {
    let mut rules = Rules::default();
    let mut is_suffix = None;
    let mut flag: Option<(Flag, bool, bool)> = None;
    for line in text.lines() {
        let line = line.trim();
        let lower = line.to_lowercase();
        if line.is_empty() || line.starts_with('#') {
            continue;
        } else if lower.starts_with("compoundwords") {
            if let Some(flag) = line.split_whitespace().last().and_then(|word| word.chars().next()) {
                rules.compound.push((flag.into(), compound::BEGIN | compound::MIDDLE | compound::LAST));
            }
        } else if lower.starts_with("suffixes") {
            (is_suffix, flag) = (Some(true), None);
        } else if lower.starts_with("prefixes") {
            (is_suffix, flag) = (Some(false), None);
        } else if let Some(rest) = lower.strip_prefix("flag").map(|rest| &line[line.len() - rest.len()..]) {
            let mut rest = rest.trim_start();
            let (mut cross_product, mut only) = (false, false);
            while let Some(tail) = rest.strip_prefix(['*', '~']) {
                cross_product |= rest.starts_with('*');
                only |= rest.starts_with('~');
                rest = tail;
            }
            let rest = rest.strip_prefix('\\').unwrap_or(rest);
            let letter = rest.chars().next().ok_or_else(|| broken("syntax error".into()))?;
            flag = Some((letter.into(), cross_product, only));
        } else if let (Some(is_suffix), Some((flag, cross_product, only))) = (is_suffix, flag) {
            let rule: String =
                lower.split('#').next().unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
            let Some((condition, change)) = rule.split_once('>') else { return Err(broken("syntax error".into())) };
            let (strips, adds) = match change.strip_prefix('-') {
                Some(change) => change.split_once(',').unwrap_or((change, "")),
                None => ("", change),
            };
            rules.affixes.push(Affix {
                flag,
                is_suffix,
                cross_product,
                compound: if only { compound::ONLY } else { 0 },
                adds: adds.trim_matches('-').to_string(),
                strips: strips.to_string(),
                condition: Condition::new(condition, is_suffix)?,
            });
        }
    }
    Ok(rules)
}

/// `SFX S Y 1`, and below it lines such as `SFX S y ies [^aeiou]y`.
fn hunspell(text: &str) -> Result<Rules> {
    let mut rules = Rules::default();
    let mut aliases_follow = false;
    let mut crosses: HashMap<(bool, Flag), bool, foldhash::fast::FixedState> = HashMap::default();
    // Flags are written in the form that the file names, wherever it does.
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if words.next() == Some("FLAG") {
            rules.form = match words.next() {
                Some("long") => FlagForm::Long,
                Some("num") => FlagForm::Number,
                Some("default" | "UTF-8") | None => FlagForm::Char,
                Some(_) => {
                    let text = "Ispell dictionary supports only \"default\", \"long\", and \"num\" flag values";
                    return Err(broken(text.into()));
                }
            };
        }
    }
    let whole = compound::BEGIN | compound::MIDDLE | compound::LAST;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let bits = match words.first().copied() {
            Some("COMPOUNDFLAG") => whole,
            Some("COMPOUNDBEGIN") => compound::BEGIN,
            Some("COMPOUNDMIDDLE") => compound::MIDDLE,
            Some("COMPOUNDEND" | "COMPOUNDLAST") => compound::LAST,
            Some("ONLYINCOMPOUND") => compound::ONLY,
            Some("COMPOUNDPERMITFLAG") => compound::PERMIT,
            Some("COMPOUNDFORBIDFLAG") => compound::FORBID,
            _ => 0,
        };
        match words.as_slice() {
            [_, flag, ..] if bits != 0 => {
                let flags = rules.flags(flag)?;
                rules.compound.extend(flags.into_iter().map(|flag| (flag, bits)));
            }
            // The first of these lines says how many follow.
            ["AF", set, ..] if aliases_follow => rules.aliases.push(set.to_string()),
            ["AF", count, ..] if count.bytes().all(|c| c.is_ascii_digit()) => aliases_follow = true,
            ["AF", ..] => return Err(broken("invalid number of flag vector aliases".into())),
            _ => {}
        }
    }
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_suffix = match words.first().copied() {
            Some("PFX") => false,
            Some("SFX") => true,
            _ => continue,
        };
        let Some(flag) = words.get(1) else { continue };
        let flag = match rules.flags(flag)?.as_slice() {
            [flag] => *flag,
            _ => return Err(broken(format!("invalid affix flag \"{flag}\""))),
        };
        match words.as_slice() {
            [_, _, cross @ ("Y" | "N" | "y" | "n"), count] if count.bytes().all(|c| c.is_ascii_digit()) => {
                crosses.insert((is_suffix, flag), cross.eq_ignore_ascii_case("y"));
            }
            [_, _, strips, adds, rest @ ..] => {
                let (adds, flags) = adds.split_once('/').unwrap_or((adds, ""));
                let flags = rules.flags(rules.resolved(flags)?)?;
                let text = |text: &str| if text == "0" { String::new() } else { text.to_lowercase() };
                // What looks like a comment is none here: a condition may be anything.
                let condition = rest.first().map_or_else(String::new, |condition| condition.to_lowercase());
                let affix = Affix {
                    flag,
                    is_suffix,
                    cross_product: crosses.get(&(is_suffix, flag)).copied().unwrap_or(false),
                    compound: rules.compound_bits(&flags),
                    adds: text(adds),
                    strips: text(strips),
                    condition: Condition::new(&condition, is_suffix)?,
                };
                rules.affixes.push(affix);
            }
            _ => {}
        }
    }
    Ok(rules)
}

/// Reads a list of words: `word/FLAGS`, one a line. The same word may stand there several times.
///
/// # Errors
/// F0000 for flags that the rules' form of flags does not allow.
pub(super) fn words(text: &str, rules: &Rules) -> Result<HashMap<String, Word, foldhash::fast::FixedState>> {
    let mut list: Vec<(String, &str)> = Vec::new();
    for line in text.lines() {
        let (word, flags) = line.split_once('/').unwrap_or((line, ""));
        let end = flags.find(|c: char| c.is_whitespace() || c.is_control()).unwrap_or(flags.len());
        let word = word.trim().to_lowercase();
        if !word.is_empty() {
            list.push((word, rules.resolved(&flags[..end])?));
        }
    }
    // Which of several wrong flags is complained of goes by the words' order.
    list.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut words: HashMap<String, Word, foldhash::fast::FixedState> = HashMap::default();
    for (word, flags) in list {
        let flags = rules.flags(flags)?;
        let bits = rules.compound_bits(&flags);
        let entry = words.entry(word).or_default();
        entry.flags.extend(flags);
        entry.compound |= bits;
    }
    Ok(words)
}
