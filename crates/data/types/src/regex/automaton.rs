//! Tree → nondeterministic automaton, and its simulation (Thompson, 1968): all states at once, so that the time is at most
//! the product of the text's length and the automaton's size.

use super::invalid;
use super::parse::{Anchor, Class, Node};
use error::Result;

/// One state.
#[derive(Debug)]
enum Step {
    /// Takes a character of the set.
    Take(usize),
    /// Goes on at both.
    Split(usize, usize),
    /// Goes on there.
    Jump(usize),
    /// Goes on behind it if the place is right.
    Check(Anchor),
    /// Goes on behind it if what is ahead or behind matches, or not.
    Look { program: usize, ahead: bool, negated: bool },
    /// Never goes on (an expression that cannot be simulated).
    Fail,
    /// A match ends here.
    Done,
}

/// An automaton.
#[derive(Debug, Default)]
pub struct Program {
    steps: Vec<Step>,
    classes: Vec<Class>,
    looks: Vec<Program>,
}

/// The most states.
const MAX_STEPS: usize = 50_000;

impl Program {
    /// Compiles a tree.
    pub fn new(node: &Node) -> Result<Program> {
        let mut program = Program::default();
        program.compile(node)?;
        program.steps.push(Step::Done);
        Ok(program)
    }

    fn emit(&mut self, step: Step) -> Result<usize> {
        if self.steps.len() >= MAX_STEPS {
            return Err(invalid("regular expression is too complex"));
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }

    fn compile(&mut self, node: &Node) -> Result<()> {
        match node {
            Node::Empty => {}
            Node::Set(class) => {
                self.classes.push(class.clone());
                self.emit(Step::Take(self.classes.len() - 1))?;
            }
            Node::At(anchor) => {
                self.emit(Step::Check(*anchor))?;
            }
            Node::Look { ahead, negated, inner } => {
                self.looks.push(Program::new(inner)?);
                self.emit(Step::Look { program: self.looks.len() - 1, ahead: *ahead, negated: *negated })?;
            }
            Node::Group(inner, _) => self.compile(inner)?,
            Node::Concat(parts) => parts.iter().try_for_each(|part| self.compile(part))?,
            Node::Choice(branches) => {
                let mut ends = Vec::new();
                for (at, branch) in branches.iter().enumerate() {
                    if at + 1 == branches.len() {
                        self.compile(branch)?;
                        break;
                    }
                    let split = self.emit(Step::Fail)?;
                    self.compile(branch)?;
                    ends.push(self.emit(Step::Fail)?);
                    self.steps[split] = Step::Split(split + 1, self.steps.len());
                }
                let end = self.steps.len();
                ends.into_iter().for_each(|at| self.steps[at] = Step::Jump(end));
            }
            Node::Repeat { inner, least, most, .. } => {
                for _ in 0..*least {
                    self.compile(inner)?;
                }
                match most {
                    None => {
                        let split = self.emit(Step::Fail)?;
                        self.compile(inner)?;
                        self.emit(Step::Jump(split))?;
                        self.steps[split] = Step::Split(split + 1, self.steps.len());
                    }
                    Some(most) => {
                        let mut splits = Vec::new();
                        for _ in *least..*most {
                            splits.push(self.emit(Step::Fail)?);
                            self.compile(inner)?;
                        }
                        let end = self.steps.len();
                        splits.into_iter().for_each(|at| self.steps[at] = Step::Split(at + 1, end));
                    }
                }
            }
            Node::Back(..) => {
                self.emit(Step::Fail)?;
            }
        }
        Ok(())
    }

    /// Adds a state and all that follow from it without a character; `start` is where its match began.
    fn add(&self, states: &mut States, step: usize, text: &[char], at: usize, start: usize) {
        let mut stack = vec![step];
        while let Some(step) = stack.pop() {
            if states.starts[step] <= start {
                continue;
            }
            if states.starts[step] == usize::MAX {
                states.list.push(step);
            }
            states.starts[step] = start;
            match &self.steps[step] {
                Step::Jump(to) => stack.push(*to),
                Step::Split(a, b) => stack.extend([*b, *a]),
                Step::Check(anchor) if holds(*anchor, text, at) => stack.push(step + 1),
                Step::Look { program, ahead, negated } => {
                    let program = &self.looks[*program];
                    let found = if *ahead { program.first_end(text, at).is_some() } else { program.ends_at(text, at) };
                    if found != *negated {
                        stack.push(step + 1);
                    }
                }
                _ => {}
            }
        }
    }

    /// The states after a character.
    fn advance(&self, now: &States, next: &mut States, text: &[char], at: usize) {
        let c = text[at];
        for &step in &now.list {
            if let Step::Take(class) = self.steps[step]
                && self.classes[class].has(c)
            {
                self.add(next, step + 1, text, at + 1, now.starts[step]);
            }
        }
    }

    fn states(&self) -> (States, States) {
        let new = || States { list: Vec::new(), starts: vec![usize::MAX; self.steps.len()] };
        (new(), new())
    }

    fn done(&self) -> usize {
        self.steps.len() - 1
    }

    /// Whether a match stands anywhere in the text.
    pub fn matches_somewhere(&self, text: &[char]) -> bool {
        let (mut now, mut next) = self.states();
        for at in 0..=text.len() {
            self.add(&mut now, 0, text, at, 0);
            if now.starts[self.done()] != usize::MAX {
                return true;
            }
            if at < text.len() {
                self.advance(&now, &mut next, text, at);
                now.clear();
                std::mem::swap(&mut now, &mut next);
            }
        }
        false
    }

    /// The match that begins first at `from` or later, as long or as short as possible.
    pub fn find(&self, text: &[char], from: usize, longest: bool) -> Option<(usize, usize)> {
        let (mut now, mut next) = self.states();
        let mut best: Option<(usize, usize)> = None;
        for at in from..=text.len() {
            if best.is_none() {
                self.add(&mut now, 0, text, at, at);
            }
            let start = now.starts[self.done()];
            if start != usize::MAX {
                best = match best {
                    Some((first, _)) if start > first => best,
                    Some((first, _)) if start == first && !longest => best,
                    _ => Some((start, at)),
                };
            }
            if let Some((first, _)) = best {
                let keep = |start: usize| if longest { start <= first } else { start < first };
                let States { list, starts } = &mut now;
                list.retain(|&step| {
                    let kept = keep(starts[step]);
                    if !kept {
                        starts[step] = usize::MAX;
                    }
                    kept
                });
                if now.list.is_empty() {
                    break;
                }
            }
            if at < text.len() {
                self.advance(&now, &mut next, text, at);
                now.clear();
                std::mem::swap(&mut now, &mut next);
            }
        }
        best
    }

    /// Where the shortest match that begins at `at` ends.
    fn first_end(&self, text: &[char], at: usize) -> Option<usize> {
        let mut first = None;
        self.each_end(text, at, text.len(), |end| {
            first = Some(end);
            false
        });
        first
    }

    /// Calls `f` with every end, up to `limit`, of matches that begin at `start`, until it returns false.
    pub fn each_end(&self, text: &[char], start: usize, limit: usize, mut f: impl FnMut(usize) -> bool) {
        let (mut now, mut next) = self.states();
        self.add(&mut now, 0, text, start, start);
        for at in start..=limit {
            if now.starts[self.done()] != usize::MAX && !f(at) || now.list.is_empty() {
                return;
            }
            if at < limit {
                self.advance(&now, &mut next, text, at);
                now.clear();
                std::mem::swap(&mut now, &mut next);
            }
        }
    }

    /// Whether some match ends exactly at `end`.
    fn ends_at(&self, text: &[char], end: usize) -> bool {
        let (mut now, mut next) = self.states();
        for at in 0..=end {
            self.add(&mut now, 0, text, at, 0);
            if at == end {
                break;
            }
            self.advance(&now, &mut next, text, at);
            now.clear();
            std::mem::swap(&mut now, &mut next);
        }
        now.starts[self.done()] != usize::MAX
    }
}

/// A set of states, each with the earliest start of the matches that are in it.
struct States {
    list: Vec<usize>,
    starts: Vec<usize>,
}

impl States {
    fn clear(&mut self) {
        for &step in &self.list {
            self.starts[step] = usize::MAX;
        }
        self.list.clear();
    }
}

/// Whether a place is what an anchor asks for.
pub fn holds(anchor: Anchor, text: &[char], at: usize) -> bool {
    let word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
    let before = at.checked_sub(1).and_then(|at| text.get(at));
    let after = text.get(at);
    match anchor {
        Anchor::TextStart => at == 0,
        Anchor::TextEnd => at == text.len(),
        Anchor::LineStart => before.is_none_or(|&c| c == '\n'),
        Anchor::LineEnd => after.is_none_or(|&c| c == '\n'),
        Anchor::WordStart => !word(before) && word(after),
        Anchor::WordEnd => word(before) && !word(after),
        Anchor::WordBoundary => word(before) != word(after),
        Anchor::NotWordBoundary => word(before) == word(after),
    }
}
