//! `ts_headline`: the part of a document that shows best what a query found, with the query's words marked.
//!
//! The document is kept token by token. A *cover* is a stretch of it that has a match of the query; headlines are covers, lengthened or cut to
//! the number of words that is asked for, beginning and ending where possible with words that say something.

use super::configuration::{Configuration, all_letters, normalize, text_of, with_configuration};
use super::matching::{Match, Places, Prepared, Source};
use super::options::read_options;
use super::parser::{self, Parser};
use super::query::{Item, Operand, Operator};
use super::vector::MAX_POSITION;
use crate::Environment;
use crate::call::Call;
use crate::json::{Event, Kind, Reader, Value, View, write_string};
use batch::DatumRef;
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Functions that make headlines.
    pub static TSHEADLINES =
    3743 ts_headline_byid_opt raw() |call: &mut Call<'_>| headlines(call, true, Form::Text);
    3744 ts_headline_byid raw() |call: &mut Call<'_>| headlines(call, true, Form::Text);
    3754 ts_headline_opt raw() |call: &mut Call<'_>| headlines(call, false, Form::Text);
    3755 ts_headline raw() |call: &mut Call<'_>| headlines(call, false, Form::Text);
    4201 ts_headline_jsonb_byid_opt raw() |call: &mut Call<'_>| headlines(call, true, Form::Jsonb);
    4202 ts_headline_jsonb_byid raw() |call: &mut Call<'_>| headlines(call, true, Form::Jsonb);
    4203 ts_headline_jsonb_opt raw() |call: &mut Call<'_>| headlines(call, false, Form::Jsonb);
    4204 ts_headline_jsonb raw() |call: &mut Call<'_>| headlines(call, false, Form::Jsonb);
    4205 ts_headline_json_byid_opt raw() |call: &mut Call<'_>| headlines(call, true, Form::Json);
    4206 ts_headline_json_byid raw() |call: &mut Call<'_>| headlines(call, true, Form::Json);
    4207 ts_headline_json_opt raw() |call: &mut Call<'_>| headlines(call, false, Form::Json);
    4208 ts_headline_json raw() |call: &mut Call<'_>| headlines(call, false, Form::Json);
}

#[derive(Clone, Copy)]
enum Form {
    Text,
    Json,
    Jsonb,
}

/// The options.
struct Options {
    start: String,
    stop: String,
    delimiter: String,
    most_words: usize,
    least_words: usize,
    short_word: usize,
    fragments: usize,
    all: bool,
}

impl Options {
    fn read(text: &str) -> Result<Options> {
        let mut options = Options {
            start: "<b>".into(),
            stop: "</b>".into(),
            delimiter: " ... ".into(),
            most_words: 35,
            least_words: 15,
            short_word: 3,
            fragments: 0,
            all: false,
        };
        let (mut most, mut least, mut short, mut fragments) = (35, 15, 3, 0);
        for (name, value) in read_options(text)? {
            let number = || match crate::int::parse_integer(value.as_bytes(), i32::MIN as i64, i32::MAX as i64) {
                Some(Some(number)) => Ok(number as i32),
                Some(None) => Err(crate::int::integer_range()),
                None => Err(crate::int::invalid_input("integer", &value)),
            };
            match name.to_ascii_lowercase().as_str() {
                "maxwords" => most = number()?,
                "minwords" => least = number()?,
                "shortword" => short = number()?,
                "maxfragments" => fragments = number()?,
                "startsel" => options.start = value,
                "stopsel" => options.stop = value,
                "fragmentdelimiter" => options.delimiter = value,
                "highlightall" => {
                    options.all =
                        matches!(value.to_ascii_lowercase().as_str(), "1" | "on" | "true" | "t" | "y" | "yes");
                }
                _ => {
                    let message = format!("unrecognized headline parameter: \"{name}\"");
                    return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
                }
            }
        }
        let check = |wrong: bool, message: &str| match wrong {
            true => Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message)),
            false => Ok(()),
        };
        check(!options.all && least >= most, "MinWords must be less than MaxWords")?;
        check(!options.all && least <= 0, "MinWords must be positive")?;
        check(!options.all && short < 0, "ShortWord must be >= 0")?;
        check(!options.all && fragments < 0, "MaxFragments must be >= 0")?;
        let marks =
            [("StartSel", &options.start), ("StopSel", &options.stop), ("FragmentDelimiter", &options.delimiter)];
        for (name, value) in marks {
            check(value.len() > i16::MAX as usize, &format!("value for \"{name}\" is too long"))?;
        }
        options.most_words = most.max(0) as usize;
        options.least_words = least.max(0) as usize;
        options.short_word = short.max(0) as usize;
        options.fragments = fragments.max(0) as usize;
        Ok(options)
    }
}

/// A token of the document.
struct Word<'t> {
    text: &'t str,
    kind: i32,
    position: u32,
    /// The query's operands that it matches.
    operands: Vec<usize>,
    shown: bool,
}

impl Word<'_> {
    fn found(&self) -> bool {
        !self.operands.is_empty()
    }

    /// Whether it counts as a word: not blanks and tags, nor what is given again in parts.
    fn counts(&self) -> bool {
        self.kind != parser::BLANK && self.kind != parser::TAG && !self.in_parts()
    }

    /// Whether it is given again in parts.
    fn in_parts(&self) -> bool {
        matches!(self.kind, parser::URL | parser::NUMHWORD | parser::ASCIIHWORD | parser::HWORD)
    }

    /// Whether a headline had better not begin or end with it.
    fn bad_end(&self, short: usize) -> bool {
        let number = matches!(self.kind, parser::SFLOAT | parser::VERSION | parser::FLOAT | parser::INT | parser::UINT);
        let markup = matches!(self.kind, parser::PROTOCOL | parser::ENTITY);
        (!self.counts() || number || markup || self.text.len() <= short) && !self.found()
    }
}

/// A stretch of the document's words, as far as it answers the query.
struct Stretch<'w, 't, 'q> {
    words: &'w [Word<'t>],
    operands: &'w [Operand<'q>],
}

impl Stretch<'_, '_, '_> {
    fn number(&self, operand: &Operand<'_>) -> Option<usize> {
        self.operands.iter().position(|other| other == operand)
    }
}

impl Source for Stretch<'_, '_, '_> {
    fn matches(&self, operand: &Operand<'_>) -> Match {
        self.places(operand).found
    }

    fn places(&self, operand: &Operand<'_>) -> Places {
        let Some(number) = self.number(operand) else { return Places::none() };
        let mut places: Vec<u32> =
            self.words.iter().filter(|word| word.operands.contains(&number)).map(|word| word.position).collect();
        places.dedup();
        Places::at(places)
    }
}

struct Document<'t, 'q> {
    words: Vec<Word<'t>>,
    operands: Vec<Operand<'q>>,
    query: &'q Prepared<'q>,
    /// Where each part of the query that must be there is found: first and last place of each occurrence.
    locations: Vec<Vec<(u32, u32)>>,
    options: &'q Options,
}

/// A part of the document, by its first and last word.
#[derive(Clone, Copy)]
struct Fragment {
    first: usize,
    last: usize,
    words: usize,
    found: usize,
    taken: bool,
    excluded: bool,
}

impl Document<'_, '_> {
    fn bad_end(&self, at: usize) -> bool {
        self.words[at].bad_end(self.options.short_word)
    }

    fn matches(&self, words: &[Word<'_>]) -> bool {
        let stretch = Stretch { words, operands: &self.operands };
        self.query.execute(&stretch, false) != Match::No
    }

    /// The next cover that begins at a lexeme's position of `next` or later: its first and last word.
    fn cover(&self, next: &mut u32) -> Option<(usize, usize)> {
        let mut position = *next;
        loop {
            let mut end = None;
            for places in &self.locations {
                let first = places.iter().map(|(_, last)| *last).find(|last| *last >= position)?;
                end = end.max(Some(first));
            }
            let end = end?;
            let mut begin = u32::MAX - 1;
            for places in &self.locations {
                let last = places.iter().rev().map(|(first, _)| *first).find(|first| *first <= end);
                begin = begin.min(last.unwrap_or(0));
            }
            let begin = begin.max(position);
            if begin <= end {
                let found = |word: &Word<'_>| word.found() && word.position >= begin && word.position <= end;
                let first = self.words.iter().position(found);
                let last = self.words.iter().rposition(found);
                if let (Some(first), Some(last)) = (first, last)
                    && self.matches(&self.words[first..=last])
                {
                    *next = begin + 1;
                    return Some((first, last));
                }
            }
            position = begin + 1;
        }
    }

    fn show(&mut self, first: usize, last: usize) {
        self.words[first..=last].iter_mut().for_each(|word| word.shown = true);
    }

    /// Shows the document's first words.
    fn show_beginning(&mut self) {
        let (mut words, mut last) = (0, None);
        for (at, word) in self.words.iter().enumerate() {
            if words >= self.options.least_words {
                break;
            }
            words += word.counts() as usize;
            last = Some(at);
        }
        if let Some(last) = last {
            self.show(0, last);
        }
    }

    /// Shows the best cover with what stands around it.
    fn show_best(&mut self) {
        struct Best {
            first: usize,
            last: usize,
            found: usize,
            whole: bool,
        }
        let (most, least) = (self.options.most_words, self.options.least_words);
        let mut best: Option<Best> = None;
        let mut next = 0;
        while let Some((p, q)) = self.cover(&mut next) {
            let (mut first, mut last, mut words, mut found) = (p, p, 0, 0);
            let mut at = p;
            while at <= q && words < most {
                words += self.words[at].counts() as usize;
                found += self.words[at].found() as usize;
                last = at;
                at += 1;
            }
            if words < most {
                // There is room behind it, up to a good end.
                at -= 1;
                while at < self.words.len() && words < most {
                    if at > q {
                        words += self.words[at].counts() as usize;
                        found += self.words[at].found() as usize;
                    }
                    last = at;
                    if !self.bad_end(at) && words >= least {
                        break;
                    }
                    at += 1;
                }
                if words < least {
                    // The document is over: room before it.
                    first = 0;
                    for at in (0..p).rev() {
                        words += self.words[at].counts() as usize;
                        found += self.words[at].found() as usize;
                        if words >= most || !self.bad_end(at) && words >= least {
                            first = at;
                            break;
                        }
                    }
                }
            } else {
                // It is full; a bad end goes.
                at = at.min(q);
                while words > least && at > 0 && self.bad_end(at) {
                    words -= self.words[at].counts() as usize;
                    found -= self.words[at].found() as usize;
                    at -= 1;
                    last = at;
                }
            }
            let whole = first <= p && last >= q;
            let better = best.as_ref().is_none_or(|best| {
                (whole, found) > (best.whole, best.found)
                    || (whole, found) == (best.whole, best.found) && !self.bad_end(last) && self.bad_end(best.last)
            });
            if better {
                best = Some(Best { first, last, found, whole });
            }
        }
        match best {
            Some(best) => self.show(best.first, best.last),
            None => self.show_beginning(),
        }
    }

    /// The part of a cover that begins with a found word, has at most as many words as a headline may have, and ends with a found word.
    fn part(&self, first: usize, last: usize) -> Fragment {
        let found = |at: &usize| self.words[*at].found();
        let first = (first..=last).find(found).unwrap_or(last);
        let (mut words, mut count, mut at) = (0, 0, first);
        while at <= last && words < self.options.most_words {
            words += self.words[at].counts() as usize;
            count += self.words[at].found() as usize;
            at += 1;
        }
        let mut end = last;
        if last > at {
            end = at;
            while end > first && !self.words[end].found() {
                words -= (self.words[end].counts() as usize).min(words);
                end -= 1;
            }
        }
        Fragment { first, last: end, words, found: count, taken: false, excluded: false }
    }

    /// Shows some parts of the document.
    fn show_fragments(&mut self) {
        let most = self.options.most_words;
        let mut fragments: Vec<Fragment> = Vec::new();
        let mut next = 0;
        while let Some((p, q)) = self.cover(&mut next) {
            let mut first = p;
            while first <= q {
                let part = self.part(first, q);
                fragments.push(part);
                first = part.last + 1;
            }
        }
        let mut shown = 0;
        while shown < self.options.fragments {
            let free = fragments.iter().enumerate().filter(|(_, f)| !f.taken && !f.excluded && f.found > 0);
            let best = free.max_by(|(i, a), (j, b)| a.found.cmp(&b.found).then(b.words.cmp(&a.words)).then(j.cmp(i)));
            let Some(chosen) = best.map(|(at, _)| at) else { break };
            fragments[chosen].taken = true;
            let Fragment { mut first, mut last, mut words, .. } = fragments[chosen];
            if words < most {
                // Half of the room goes before it, back to a good beginning; the rest behind it.
                let room = (most - words) / 2;
                let (mut stretched, mut edge) = (0, first);
                while edge > 0 && stretched < room && !self.words[edge - 1].shown {
                    edge -= 1;
                    stretched += self.words[edge].counts() as usize;
                }
                words += stretched;
                while edge < first && self.bad_end(edge) {
                    words -= self.words[edge].counts() as usize;
                    edge += 1;
                }
                first = edge;
                edge = last;
                while edge + 1 < self.words.len() && words < most && !self.words[edge + 1].shown {
                    edge += 1;
                    words += self.words[edge].counts() as usize;
                }
                while edge > last && self.bad_end(edge) {
                    edge -= 1;
                }
                last = edge;
            }
            self.show(first, last);
            shown += 1;
            for fragment in &mut fragments {
                let inside = |at: usize| at >= first && at <= last;
                let overlaps =
                    inside(fragment.first) || inside(fragment.last) || fragment.first < first && fragment.last > last;
                fragment.excluded |= overlaps;
            }
        }
        if shown == 0 {
            self.show_beginning();
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (mut inside, mut fragments) = (false, 0);
        for word in &self.words {
            if !word.shown {
                inside = false;
                continue;
            }
            if !inside {
                inside = true;
                fragments += 1;
                if fragments > 1 {
                    out.extend_from_slice(self.options.delimiter.as_bytes());
                }
            }
            if word.kind == parser::TAG && !self.options.all {
                out.push(b' ');
            } else if !word.in_parts() {
                if word.found() {
                    out.extend_from_slice(self.options.start.as_bytes());
                }
                out.extend_from_slice(word.text.as_bytes());
                if word.found() {
                    out.extend_from_slice(self.options.stop.as_bytes());
                }
            }
        }
    }
}

/// Where the parts of a query that must be there are found in a document; `None` if it does not match.
fn locations(query: &Prepared<'_>, stretch: &Stretch<'_, '_, '_>) -> Option<Vec<Vec<(u32, u32)>>> {
    type Found = Option<Vec<Vec<(u32, u32)>>>;
    let items = &query.query.items;
    let mut stack: Vec<Found> = Vec::new();
    let mut at = 0;
    // Whole phrases are looked for at once.
    let mut phrase_at = vec![None; items.len()];
    for (root, item) in items.iter().enumerate() {
        if let Item::Operation { operator: Operator::Phrase(_), start, .. } = item {
            let outermost: &mut Option<usize> = &mut phrase_at[*start as usize];
            *outermost = Some(outermost.map_or(root, |other| other.max(root)));
        }
    }
    while at < items.len() {
        if let Some(root) = phrase_at[at] {
            let (places, width, found) = query.phrase(root, stretch);
            stack.push(found.then(|| {
                if places.is_empty() {
                    Vec::new()
                } else {
                    vec![places.iter().map(|p| (p.saturating_sub(width), *p)).collect()]
                }
            }));
            at = root + 1;
            continue;
        }
        let value = match items[at] {
            Item::Value(operand) => {
                let places = stretch.places(&operand);
                (places.found == Match::Yes).then(|| vec![places.places.iter().map(|p| (*p, *p)).collect()])
            }
            Item::Operation { operator: Operator::Not, .. } => match stack.pop()? {
                Some(_) => None,
                None => Some(Vec::new()),
            },
            Item::Operation { operator, .. } => {
                let (right, left) = (stack.pop()?, stack.pop()?);
                match (operator, left, right) {
                    (Operator::And, Some(mut left), Some(right)) => {
                        left.extend(right);
                        Some(left)
                    }
                    (Operator::And, ..) => None,
                    (_, Some(left), Some(right)) if !left.is_empty() && !right.is_empty() => {
                        // Either of the left and either of the right: all pairs.
                        let mut pairs = Vec::new();
                        for a in &left {
                            for b in &right {
                                let mut both: Vec<(u32, u32)> = a.iter().chain(b).copied().collect();
                                both.sort_by_key(|(first, last)| (*last, *first));
                                both.dedup_by_key(|(_, last)| *last);
                                pairs.push(both);
                            }
                        }
                        pairs.truncate(1024);
                        Some(pairs)
                    }
                    (_, Some(one), Some(other)) => Some(if one.is_empty() { other } else { one }),
                    (_, one, other) => one.or(other),
                }
            }
        };
        stack.push(value);
        at += 1;
    }
    stack.pop()?
}

fn headline(
    configuration: &Configuration,
    text: &str,
    query: &Prepared<'_>,
    options: &Options,
    env: &dyn Environment,
    out: &mut Vec<u8>,
) -> Result<()> {
    let mut operands: Vec<Operand<'_>> = Vec::new();
    for operand in query.query.operands() {
        if !operands.contains(operand) {
            operands.push(*operand);
        }
    }
    let mut words: Vec<Word<'_>> = Parser::new(text, all_letters(env))
        .map(|token| Word { text: token.text, kind: token.kind, position: 0, operands: Vec::new(), shown: false })
        .collect();
    let indexed: Vec<usize> = (0..words.len()).filter(|&at| !configuration.of(words[at].kind).is_empty()).collect();
    let tokens: Vec<(i32, &str)> = indexed.iter().map(|&at| (words[at].kind, words[at].text)).collect();
    let mut position = 0;
    normalize(configuration, &tokens, env, &mut |normalized| {
        position += 1;
        let place = |position: u32| position.min(MAX_POSITION as u32);
        for lexeme in &normalized.lexemes {
            position += lexeme.next_position as u32;
            for (number, operand) in operands.iter().enumerate() {
                let text = lexeme.text.as_bytes();
                let same = if operand.prefix { text.starts_with(operand.lexeme) } else { text == operand.lexeme };
                if same {
                    for &at in &indexed[normalized.token..normalized.token + normalized.count] {
                        let word = &mut words[at];
                        word.position = place(position);
                        if !word.operands.contains(&number) {
                            word.operands.push(number);
                        }
                    }
                }
            }
        }
        Ok(())
    })?;
    let found = if query.query.items.is_empty() {
        None
    } else {
        locations(query, &Stretch { words: &words, operands: &operands })
    };
    let locations = found.unwrap_or_default();
    let mut document = Document { words, operands, query, locations, options };
    match (options.all, options.fragments) {
        (true, 0) => document.words.iter_mut().for_each(|word| word.shown = true),
        (_, 0) => document.show_best(),
        _ => document.show_fragments(),
    }
    document.write(out);
    Ok(())
}

fn headlines(call: &mut Call<'_>, explicit: bool, form: Form) -> Result<()> {
    let env = call.context.env;
    with_configuration(call, explicit, |args, row, configuration, out| {
        let options = Options::read(if args.len() > 2 { text_of(args, 2, row)? } else { "" })?;
        let query = Prepared::new(args[1].get(row).as_bytes().unwrap_or_default())?;
        let mut one = |text: &[u8], out: &mut Vec<u8>| {
            let text = std::str::from_utf8(text).map_err(|_| Error::corrupted("a text is not valid UTF-8"))?;
            headline(configuration, text, &query, &options, env, out)
        };
        let value = match args[0].get(row) {
            DatumRef::Bytes(value) => value,
            other => return Err(crate::io::wrong_form(crate::oid::TEXT, other)),
        };
        match form {
            Form::Text => one(value, out),
            Form::Jsonb => {
                let changed = in_jsonb(View::new(value), &mut one)?;
                changed.encode(out)
            }
            Form::Json => in_json(value, &mut one, out),
        }
    })
}

type One<'f> = dyn FnMut(&[u8], &mut Vec<u8>) -> Result<()> + 'f;

/// A jsonb with headlines in the place of its strings.
fn in_jsonb<'v>(view: View<'v>, one: &mut One<'_>) -> Result<Value<'v>> {
    Ok(match view.kind() {
        Kind::String(text) => {
            let mut out = Vec::new();
            one(text, &mut out)?;
            Value::String(out.into())
        }
        Kind::Array(array) => Value::Array(array.iter().map(|element| in_jsonb(element, one)).collect::<Result<_>>()?),
        Kind::Object(object) => {
            let members = object.iter().map(|(key, value)| Ok((key.into(), in_jsonb(value, one)?)));
            Value::Object(members.collect::<Result<_>>()?)
        }
        _ => Value::opened(view),
    })
}

/// A JSON text with headlines in the place of its strings, and no blanks.
fn in_json(text: &[u8], one: &mut One<'_>, out: &mut Vec<u8>) -> Result<()> {
    let mut reader = Reader::new(text, true);
    // Whether a value stands before what comes next, in each open container.
    let mut behind = false;
    loop {
        let event = reader.next_event()?;
        if behind && !matches!(event, Event::EndArray | Event::EndObject | Event::End) {
            out.push(b',');
        }
        behind = true;
        match event {
            Event::BeginObject | Event::BeginArray => {
                out.push(if event == Event::BeginObject { b'{' } else { b'[' });
                behind = false;
            }
            Event::EndObject => out.push(b'}'),
            Event::EndArray => out.push(b']'),
            Event::Key => {
                write_string(reader.string(), out);
                out.push(b':');
                behind = false;
            }
            Event::String => {
                let mut changed = Vec::new();
                one(reader.string(), &mut changed)?;
                write_string(&changed, out);
            }
            Event::Number | Event::Bool(_) | Event::Null => out.extend_from_slice(reader.token()),
            Event::End => return Ok(()),
        }
    }
}
