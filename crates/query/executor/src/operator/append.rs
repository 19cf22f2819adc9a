//! Several inputs, one after the other or merged.

use batch::{BATCH_ROWS, Batch, ByteValues, Repr};
use error::Result;
use planner::plan::{AppendPruning, Node, SortKey};

use super::prune::Pruner;
use super::sort::{KeyColumns, key_columns};
use super::{Builder, Operator, Stage, reprs};
use crate::run::Run;

struct Append {
    inputs: Vec<Stage>,
    at: usize,
    pruner: Option<Pruner>,
    /// Which inputs are read in this round; empty until it is known, all without a pruner.
    wanted: Vec<bool>,
}

fn stages(builder: &Builder<'_>, inputs: &[Node]) -> Result<(Vec<Stage>, Vec<Repr>)> {
    let forms = inputs.first().map(|input| reprs(&input.output)).unwrap_or_default();
    Ok((inputs.iter().map(|input| builder.stage(input)).collect::<Result<_>>()?, forms))
}

pub(super) fn build(
    builder: &Builder<'_>,
    inputs: &[Node],
    pruning: Option<&AppendPruning>,
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let pruner = pruning.map(|pruning| Pruner::new(pruning, inputs.len())).transpose()?;
    let (inputs, forms) = stages(builder, inputs)?;
    Ok((Box::new(Append { inputs, at: 0, pruner, wanted: Vec::new() }), forms))
}

impl Operator for Append {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        if let Some(pruner) = &mut self.pruner
            && self.wanted.is_empty()
        {
            self.wanted = pruner.wanted(run)?;
        }
        while let Some(input) = self.inputs.get_mut(self.at) {
            if self.wanted.get(self.at) != Some(&false) && input.next(run, out)? {
                return Ok(true);
            }
            self.at += 1;
        }
        Ok(false)
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.at = 0;
        self.wanted.clear();
        self.inputs.iter_mut().try_for_each(|input| input.rewind(run))
    }
}

/// An input of a merge: its batch, the keys of that, and the next row.
struct Source {
    stage: Stage,
    batch: Batch,
    keys: ByteValues,
    at: usize,
    started: bool,
    done: bool,
}

struct MergeAppend {
    sources: Vec<Source>,
    keys: KeyColumns,
    pruner: Option<Pruner>,
    started: bool,
}

pub(super) fn build_merge(
    builder: &Builder<'_>,
    inputs: &[Node],
    keys: &[SortKey],
    pruning: Option<&AppendPruning>,
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let columns = inputs.first().map(|input| &input.output[..]).unwrap_or_default();
    let keys = key_columns(columns, keys);
    let pruner = pruning.map(|pruning| Pruner::new(pruning, inputs.len())).transpose()?;
    let (stages, forms) = stages(builder, inputs)?;
    let sources = stages.into_iter().map(|stage| {
        let batch = stage.batch();
        Source { stage, batch, keys: ByteValues::new(), at: 0, started: false, done: false }
    });
    Ok((Box::new(MergeAppend { sources: sources.collect(), keys, pruner, started: false }), forms))
}

impl Source {
    /// Makes sure that `at` is a row, unless there are no more.
    fn fill(&mut self, keys: &KeyColumns, run: &mut Run<'_>) -> Result<()> {
        while !self.done && (!self.started || self.at == self.batch.row_count()) {
            self.started = true;
            self.at = 0;
            self.done = !self.stage.next(run, &mut self.batch)?;
            keys.encode(&self.batch, self.batch.rows(), run, &mut self.keys)?;
        }
        Ok(())
    }
}

impl Operator for MergeAppend {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        if !std::mem::replace(&mut self.started, true)
            && let Some(pruner) = &mut self.pruner
        {
            let wanted = pruner.wanted(run)?;
            self.sources.iter_mut().zip(wanted).for_each(|(source, wanted)| source.done |= !wanted);
        }
        let mut count = 0;
        while count < BATCH_ROWS {
            for source in &mut self.sources {
                source.fill(&self.keys, run)?;
            }
            let open = self.sources.iter_mut().filter(|source| !source.done);
            let Some(least) = open.min_by(|a, b| a.keys.get(a.at).cmp(b.keys.get(b.at))) else { break };
            let row = least.batch.rows().position(least.at);
            for (to, from) in out.columns.iter_mut().zip(&least.batch.columns) {
                to.push(from.get(row));
            }
            least.at += 1;
            count += 1;
        }
        out.set_len(count);
        Ok(count > 0)
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.started = false;
        for source in &mut self.sources {
            (source.at, source.started, source.done) = (0, false, false);
            source.stage.rewind(run)?;
        }
        Ok(())
    }
}
