//! Which inputs of an Append over partitions are read: those that may have rows, by what is known when it starts.

use std::collections::HashMap;
use std::sync::Arc;

use batch::Datum;
use error::Result;
use planner::partition::{KeyTest, keep};
use planner::plan::{AppendPruning, Expr, Node, NodeKind, Plan, PruneChild};
use txn::ActiveSnapshot;

use crate::Session;
use crate::expression::{Compiled, compile};
use crate::run::{Run, State};

/// The values that one test of a table compares its key with, and the test over their places.
struct Test {
    values: Vec<Compiled>,
    test: KeyTest<usize>,
}

impl Test {
    fn new(test: &KeyTest<Expr>) -> Result<Test> {
        let mut values = Vec::new();
        let test = test.map(&mut |value| {
            values.push(compile(value)?);
            Ok(values.len() - 1)
        })?;
        Ok(Test { values, test })
    }
}

/// The tests of an Append's partitioned tables.
pub(super) struct Pruner {
    pruning: Box<AppendPruning>,
    start: Vec<Test>,
    all: Vec<Test>,
    inputs: usize,
    /// The inputs that are left when the statement starts; none before.
    started: Option<Vec<bool>>,
}

impl Pruner {
    pub fn new(pruning: &AppendPruning, inputs: usize) -> Result<Pruner> {
        let start = pruning.levels.iter().map(|level| Test::new(&level.start)).collect::<Result<_>>()?;
        let all = pruning.levels.iter().map(|level| Test::new(&level.all)).collect::<Result<_>>()?;
        Ok(Pruner { pruning: Box::new(pruning.clone()), start, all, inputs, started: None })
    }

    /// Which inputs are to be read, under the values of now.
    pub fn wanted(&mut self, run: &mut Run<'_>) -> Result<Vec<bool>> {
        let mut wanted = match &self.started {
            Some(started) => started.clone(),
            None => {
                let started = self.left_at_start(run)?;
                self.started.insert(started).clone()
            }
        };
        if self.pruning.again {
            let mut now = vec![false; self.inputs];
            look(&self.pruning, &mut self.all, 0, run, &mut now)?;
            wanted.iter_mut().zip(now).for_each(|(wanted, now)| *wanted &= now);
        }
        Ok(wanted)
    }

    fn left_at_start(&mut self, run: &mut Run<'_>) -> Result<Vec<bool>> {
        if !self.pruning.at_start {
            return Ok(vec![true; self.inputs]);
        }
        let mut left = vec![false; self.inputs];
        look(&self.pruning, &mut self.start, 0, run, &mut left)?;
        Ok(left)
    }
}

/// Marks the inputs below a level that its test leaves.
fn look(
    pruning: &AppendPruning,
    tests: &mut [Test],
    level: usize,
    run: &mut Run<'_>,
    wanted: &mut [bool],
) -> Result<()> {
    let at = &pruning.levels[level];
    let Test { values, test } = &mut tests[level];
    let env = run.env();
    let kept = keep(&at.table, test, None, env, &mut |value: &usize| values[*value].value(run).map(Some))?;
    for (child, _) in at.children.iter().zip(kept).filter(|(_, kept)| *kept) {
        match child {
            Some(PruneChild::Input(input)) => wanted[*input] = true,
            Some(PruneChild::Level(level)) => look(pruning, tests, *level, run, wanted)?,
            None => {}
        }
    }
    Ok(())
}

/// The inputs that Appends leave out from the start of a statement with these parameters: by node, whether each is left. For EXPLAIN.
///
/// # Errors
/// Those of computing the values that partition keys are compared with.
pub fn left_at_start(
    session: &Session<'_>,
    plan: &Arc<Plan>,
    params: Vec<Datum>,
    snapshot: &ActiveSnapshot,
) -> Result<HashMap<u32, Vec<bool>>> {
    fn walk<'n>(node: &'n Node, found: &mut Vec<(u32, &'n AppendPruning, usize)>) {
        if let NodeKind::Append { inputs, pruning: Some(pruning) }
        | NodeKind::MergeAppend { inputs, pruning: Some(pruning), .. } = &node.kind
            && pruning.at_start
        {
            found.push((node.id, pruning, inputs.len()));
        }
        node.inputs().into_iter().for_each(|input| walk(input, found));
    }
    let mut found = Vec::new();
    walk(&plan.root, &mut found);
    plan.subplans.iter().for_each(|tree| walk(&tree.node, &mut found));
    if found.is_empty() {
        return Ok(HashMap::new());
    }
    let mut state = State::new(plan.clone(), params, 0);
    let mut run = Run { session, snapshot, state: &mut state };
    let one = |(id, pruning, inputs): (u32, &AppendPruning, usize)| {
        Ok((id, Pruner::new(pruning, inputs)?.left_at_start(&mut run)?))
    };
    found.into_iter().map(one).collect()
}
