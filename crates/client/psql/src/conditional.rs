//! `\if … \elif … \else … \endif`: which parts of a script are active.

use crate::lexer::Nesting;

/// A block's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Branch {
    /// This branch is active; later ones will not be.
    True,
    /// No branch has been active so far.
    False,
    /// An earlier branch was active, or the whole block stands in an inactive branch.
    Ignored,
    /// `\else` is active.
    ElseTrue,
    /// `\else` is not.
    ElseFalse,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    branch: Branch,
    /// How much the query buffer held, and where the scanner was, when the branch began.
    saved: Option<(usize, Nesting)>,
}

/// The blocks that are open, in one script.
#[derive(Debug, Default)]
pub struct Conditions(Vec<Block>);

impl Conditions {
    /// Whether what is read now counts.
    pub fn active(&self) -> bool {
        self.0.last().is_none_or(|block| matches!(block.branch, Branch::True | Branch::ElseTrue))
    }

    /// Whether no block is open.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `\if` in an active place.
    pub fn begin(&mut self, condition: bool) {
        self.0.push(Block { branch: if condition { Branch::True } else { Branch::False }, saved: None });
    }

    /// `\if` in an inactive place.
    pub fn begin_ignored(&mut self) {
        self.0.push(Block { branch: Branch::Ignored, saved: None });
    }

    /// Whether the condition of an `\elif` counts; if not, [`Conditions::ignore`] it.
    ///
    /// # Errors
    /// What is wrong with having an `\elif` here.
    pub fn elif_counts(&self) -> Result<bool, &'static str> {
        match self.0.last().map(|block| block.branch) {
            None => Err("no matching \\if"),
            Some(Branch::ElseTrue | Branch::ElseFalse) => Err("cannot occur after \\else"),
            Some(branch) => Ok(branch == Branch::False),
        }
    }

    /// `\elif` whose condition counts.
    pub fn elif(&mut self, condition: bool) {
        if let Some(block) = self.0.last_mut() {
            block.branch = if condition { Branch::True } else { Branch::False };
        }
    }

    /// `\elif` behind a branch that was active.
    pub fn ignore(&mut self) {
        if let Some(block) = self.0.last_mut() {
            block.branch = Branch::Ignored;
        }
    }

    /// `\else`.
    ///
    /// # Errors
    /// What is wrong with having one here.
    pub fn otherwise(&mut self) -> Result<(), &'static str> {
        let block = self.0.last_mut().ok_or("no matching \\if")?;
        block.branch = match block.branch {
            Branch::False => Branch::ElseTrue,
            Branch::True | Branch::Ignored => Branch::ElseFalse,
            Branch::ElseTrue | Branch::ElseFalse => return Err("cannot occur after \\else"),
        };
        Ok(())
    }

    /// `\endif`, or Ctrl-C.
    ///
    /// # Errors
    /// No block is open.
    pub fn end(&mut self) -> Result<(), &'static str> {
        self.0.pop().map(|_| ()).ok_or("no matching \\if")
    }

    /// A branch begins: remembers how much of the query buffer counts if it is inactive.
    pub fn save(&mut self, query_length: usize, nesting: Nesting) {
        if let Some(block) = self.0.last_mut() {
            block.saved = Some((query_length, nesting));
        }
    }

    /// What [`Conditions::save`] remembered for the innermost block.
    pub fn saved(&self) -> Option<(usize, Nesting)> {
        self.0.last().and_then(|block| block.saved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_branch_is_active() {
        let mut conditions = Conditions::default();
        assert!(conditions.active());
        conditions.begin(false);
        assert!(!conditions.active());
        conditions.begin_ignored();
        assert_eq!(conditions.elif_counts(), Ok(false));
        conditions.ignore();
        conditions.otherwise().unwrap();
        assert!(!conditions.active());
        conditions.end().unwrap();
        assert_eq!(conditions.elif_counts(), Ok(true));
        conditions.elif(true);
        assert!(conditions.active());
        conditions.otherwise().unwrap();
        assert!(!conditions.active());
        assert_eq!(conditions.otherwise(), Err("cannot occur after \\else"));
        assert_eq!(conditions.elif_counts(), Err("cannot occur after \\else"));
        conditions.end().unwrap();
        assert!(conditions.active() && conditions.end().is_err());
    }
}
