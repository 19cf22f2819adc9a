//! `ts_rank` and `ts_rank_cd`: how well a document matches a query.
//!
//! `ts_rank` counts occurrences, and for AND how near they are to each other. `ts_rank_cd` is cover density ranking (Clarke, Cormack and Tudhope,
//! "Relevance Ranking for One to Three Term Queries", 1999): it looks for the shortest stretches that match the query.

use super::matching::{Match, Places, Prepared, Source, entries};
use super::query::{Item, Operand, Operator};
use super::vector::{MAX_POSITION, Position, Vector};
use crate::array::View;
use batch::DatumRef;
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Functions that rank.
    pub static TSRANKS =
    3703 ts_rank_wttf each(&[u8], &[u8], &[u8], i32) |w, t, q, n| rank(Some(w), t, q, n);
    3704 ts_rank_wtt each(&[u8], &[u8], &[u8]) |w, t, q| rank(Some(w), t, q, 0);
    3705 ts_rank_ttf each(&[u8], &[u8], i32) |t, q, n| rank(None, t, q, n);
    3706 ts_rank_tt each(&[u8], &[u8]) |t, q| rank(None, t, q, 0);
    3707 ts_rankcd_wttf each(&[u8], &[u8], &[u8], i32) |w, t, q, n| rank_by_covers(Some(w), t, q, n);
    3708 ts_rankcd_wtt each(&[u8], &[u8], &[u8]) |w, t, q| rank_by_covers(Some(w), t, q, 0);
    3709 ts_rankcd_ttf each(&[u8], &[u8], i32) |t, q, n| rank_by_covers(None, t, q, n);
    3710 ts_rankcd_tt each(&[u8], &[u8]) |t, q| rank_by_covers(None, t, q, 0);
}

const BY_LOG_LENGTH: i32 = 1;
const BY_LENGTH: i32 = 2;
const BY_DISTANCE: i32 = 4;
const BY_WORDS: i32 = 8;
const BY_LOG_WORDS: i32 = 16;
const BELOW_ONE: i32 = 32;

/// What a position counts, from D to A.
const DEFAULT_WEIGHTS: [f32; 4] = [0.1, 0.2, 0.4, 1.0];

fn weights(array: Option<&[u8]>) -> Result<[f32; 4]> {
    let mut weights = DEFAULT_WEIGHTS;
    let Some(array) = array else { return Ok(weights) };
    let view = View::new(array)?;
    let wrong = |message: &str| Error::new(SqlState::ARRAY_SUBSCRIPT_ERROR, message);
    if view.dimensions().len() != 1 {
        return Err(wrong("array of weight must be one-dimensional"));
    }
    if view.len() < 4 {
        return Err(wrong("array of weight is too short"));
    }
    if view.has_nulls() {
        return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, "array of weight must not contain nulls"));
    }
    for (weight, value) in weights.iter_mut().zip(view.iter()) {
        if let DatumRef::B4(bits) = value {
            let value = f32::from_bits(bits as u32);
            if value >= 0.0 {
                *weight = value;
            }
        }
        if *weight > 1.0 {
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "weight out of range"));
        }
    }
    Ok(weights)
}

/// How many positions the document has, a lexeme without any counting as one.
fn length(vector: &Vector<'_>) -> usize {
    (0..vector.len()).map(|at| vector.positions(at).len().max(1)).sum()
}

/// How much nearness counts.
fn nearness(distance: u32) -> f32 {
    if distance > 100 {
        return 1e-30;
    }
    (1.0 / (1.005 + 0.05 * (distance as f32 as f64 / 1.5 - 2.0).exp())) as f32
}

fn positions_of(vector: &Vector<'_>, at: usize, without: Position) -> Vec<Position> {
    let positions = vector.positions(at);
    if positions.is_empty() { vec![without] } else { positions.iter().collect() }
}

/// The query's lexemes, each once.
fn unique_operands<'q>(query: &'q Prepared<'_>) -> Vec<Operand<'q>> {
    let mut operands: Vec<Operand<'q>> = query.query.operands().copied().collect();
    operands.sort_by(|a, b| a.lexeme.cmp(b.lexeme));
    operands.dedup_by(|a, b| a.lexeme == b.lexeme);
    operands
}

fn rank(array: Option<&[u8]>, vector: &[u8], query: &[u8], method: i32) -> Result<f32> {
    let weights = weights(array)?;
    let (vector, query) = (Vector::new(vector), Prepared::new(query)?);
    if vector.is_empty() || query.query.items.is_empty() {
        return Ok(0.0);
    }
    let operands = unique_operands(&query);
    let root = query.query.items.last();
    let all = matches!(root, Some(Item::Operation { operator: Operator::And | Operator::Phrase(_), .. }));
    let mut result = if all && operands.len() > 1 {
        by_nearness(&weights, &vector, &operands)
    } else {
        by_occurrences(&weights, &vector, &operands)
    };
    if result < 0.0 {
        result = 1e-20;
    }
    if method & BY_LOG_LENGTH != 0 {
        result = (result as f64 / (((length(&vector) + 1) as f64).ln() / 2f64.ln())) as f32;
    }
    if method & BY_LENGTH != 0 {
        result /= length(&vector) as f32;
    }
    if method & BY_WORDS != 0 {
        result /= vector.len() as f32;
    }
    if method & BY_LOG_WORDS != 0 {
        result = (result as f64 / (((vector.len() + 1) as f64).ln() / 2f64.ln())) as f32;
    }
    if method & BELOW_ONE != 0 {
        result /= result + 1.0;
    }
    Ok(result)
}

fn by_occurrences(weights: &[f32; 4], vector: &Vector<'_>, operands: &[Operand<'_>]) -> f32 {
    let mut result = 0f32;
    for operand in operands {
        for entry in entries(vector, operand) {
            let (mut sum, mut best, mut at_best) = (0f32, -1f32, 0usize);
            for (at, position) in positions_of(vector, entry, Position::new(0, 0)).iter().enumerate() {
                let weight = weights[position.weight() as usize];
                sum += weight / ((at + 1) * (at + 1)) as f32;
                if weight > best {
                    (best, at_best) = (weight, at);
                }
            }
            // The sum of all 1/n² is π²/6.
            let rest = best + sum - best / ((at_best + 1) * (at_best + 1)) as f32;
            result = (result as f64 + rest as f64 / 1.64493406685) as f32;
        }
    }
    if operands.is_empty() { result } else { result / operands.len() as f32 }
}

fn by_nearness(weights: &[f32; 4], vector: &Vector<'_>, operands: &[Operand<'_>]) -> f32 {
    let nowhere = Position::new(MAX_POSITION as u32, 0);
    let mut found: Vec<Option<(Vec<Position>, bool)>> = vec![None; operands.len()];
    let mut result = -1f32;
    for at in 0..operands.len() {
        for entry in entries(vector, &operands[at]) {
            let placed = !vector.positions(entry).is_empty();
            let own = positions_of(vector, entry, nowhere);
            for (others, others_placed) in found[..at].iter().flatten() {
                for p in &own {
                    for q in others {
                        let mut distance = p.place().abs_diff(q.place()) as u32;
                        if distance == 0 {
                            if placed && *others_placed {
                                continue;
                            }
                            distance = MAX_POSITION as u32 + 1;
                        }
                        let product = weights[p.weight() as usize] * weights[q.weight() as usize] * nearness(distance);
                        let current = (product as f64).sqrt() as f32;
                        result = if result < 0.0 {
                            current
                        } else {
                            (1.0 - (1.0 - result as f64) * (1.0 - current as f64)) as f32
                        };
                    }
                }
            }
            found[at] = Some((own, placed));
        }
    }
    result
}

/// A place of the document with the operands that stand there.
struct Spot {
    position: Position,
    entry: usize,
    operands: Vec<usize>,
}

/// The places of each operand within the stretch that is looked at.
struct Seen {
    places: Vec<Vec<u32>>,
    operands: Vec<(Vec<u8>, u8, bool)>,
}

impl Seen {
    fn number(&self, operand: &Operand<'_>) -> Option<usize> {
        self.operands.iter().position(|(lexeme, weights, prefix)| {
            lexeme == operand.lexeme && *weights == operand.weights && *prefix == operand.prefix
        })
    }

    fn clear(&mut self) {
        self.places.iter_mut().for_each(Vec::clear);
    }

    fn add(&mut self, spot: &Spot, backwards: bool) {
        let place = spot.position.place() as u32;
        for &operand in &spot.operands {
            let places = &mut self.places[operand];
            if backwards {
                if places.first() != Some(&place) {
                    places.insert(0, place);
                }
            } else if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
}

impl Source for Seen {
    fn matches(&self, operand: &Operand<'_>) -> Match {
        match self.number(operand) {
            Some(number) if !self.places[number].is_empty() => Match::Yes,
            _ => Match::No,
        }
    }

    fn places(&self, operand: &Operand<'_>) -> Places {
        match self.number(operand) {
            Some(number) => Places::at(self.places[number].clone()),
            None => Places::none(),
        }
    }
}

fn spots(vector: &Vector<'_>, seen: &Seen) -> Vec<Spot> {
    let mut spots = Vec::new();
    for (number, (lexeme, weights, prefix)) in seen.operands.iter().enumerate() {
        let operand = Operand { lexeme, weights: *weights, prefix: *prefix };
        for entry in entries(vector, &operand) {
            // What has no positions is nowhere.
            for position in vector.positions(entry).iter() {
                if *weights == 0 || weights >> position.weight() & 1 != 0 {
                    spots.push(Spot { position, entry, operands: vec![number] });
                }
            }
        }
    }
    let order = |s: &Spot| (s.position.place(), s.position.weight(), s.entry);
    spots.sort_by_key(order);
    spots.dedup_by(|later, earlier| {
        let same = order(later) == order(earlier);
        if same {
            earlier.operands.append(&mut later.operands);
        }
        same
    });
    spots
}

/// A stretch of the document that matches the query, and that no shorter one within it does: its first and last spot.
fn next_cover(
    spots: &[Spot],
    query: &Prepared<'_>,
    seen: &mut Seen,
    start: &mut usize,
    last_end: &mut u16,
) -> Option<(usize, usize)> {
    while *start < spots.len() {
        seen.clear();
        let end = (*start..spots.len()).find(|&at| {
            seen.add(&spots[at], false);
            query.execute(seen, false) != Match::No
        })?;
        if spots[end].position.place() <= *last_end {
            return None;
        }
        *last_end = spots[end].position.place();
        seen.clear();
        let begin = (*start..=end).rev().find(|&at| {
            seen.add(&spots[at], true);
            query.execute(seen, false) != Match::No
        });
        if let Some(begin) = begin {
            *start = begin + 1;
            return Some((begin, end));
        }
        *start += 1;
    }
    None
}

fn rank_by_covers(array: Option<&[u8]>, vector: &[u8], query: &[u8], method: i32) -> Result<f32> {
    let weights = weights(array)?;
    let inverse = weights.map(|weight| 1.0 / weight as f64);
    let (vector, query) = (Vector::new(vector), Prepared::new(query)?);
    let mut operands: Vec<(Vec<u8>, u8, bool)> =
        query.query.operands().map(|o| (o.lexeme.to_vec(), o.weights, o.prefix)).collect();
    operands.sort();
    operands.dedup();
    let mut seen = Seen { places: vec![Vec::new(); operands.len()], operands };
    let spots = spots(&vector, &seen);
    if spots.is_empty() || query.query.items.is_empty() {
        return Ok(0.0);
    }
    let (mut result, mut distances, mut covers, mut previous) = (0f64, 0f64, 0usize, 0f64);
    let (mut start, mut last_end) = (0, 0);
    while let Some((begin, end)) = next_cover(&spots, &query, &mut seen, &mut start, &mut last_end) {
        let sum: f64 = spots[begin..=end].iter().map(|spot| inverse[spot.position.weight() as usize]).sum();
        let density = (end - begin + 1) as f64 / sum;
        let (first, last) = (spots[begin].position.place() as i64, spots[end].position.place() as i64);
        let words = (end - begin) as i64;
        let noise = if last - first - words < 0 { words / 2 } else { last - first - words };
        result += density / (1 + noise) as f64;
        let middle = (last + first) as f64 / 2.0;
        if covers > 0 && middle > previous {
            distances += 1.0 / (middle - previous);
        }
        previous = middle;
        covers += 1;
    }
    if method & BY_LOG_LENGTH != 0 {
        result /= ((length(&vector) + 1) as f64).ln();
    }
    if method & BY_LENGTH != 0 {
        result /= length(&vector) as f64;
    }
    if method & BY_DISTANCE != 0 && covers > 0 && distances > 0.0 {
        result /= covers as f64 / distances;
    }
    if method & BY_WORDS != 0 {
        result /= vector.len() as f64;
    }
    if method & BY_LOG_WORDS != 0 {
        result /= ((vector.len() + 1) as f64).ln() / 2f64.ln();
    }
    if method & BELOW_ONE != 0 {
        result /= result + 1.0;
    }
    Ok(result as f32)
}
