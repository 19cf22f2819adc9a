//! Interrupting a running command.

use crate::Error;
use crate::connect::{CancelTarget, Established};

/// What it takes to interrupt the command that a session runs. It opens a connection of its own, so it may be used while another
/// thread waits for the answer, and outlives the session harmlessly.
#[derive(Clone, Debug)]
pub struct CancelHandle {
    target: Option<CancelTarget>,
}

impl CancelHandle {
    pub(crate) fn new(established: &Established) -> CancelHandle {
        CancelHandle { target: established.cancel_target() }
    }

    /// Asks the server to interrupt the command. That it succeeds does not mean that the command is interrupted: it may be done
    /// already.
    ///
    /// # Errors
    /// If the server cannot be reached.
    pub fn cancel(&self) -> Result<(), Error> {
        match &self.target {
            None => Err(Error::new("no cancellation key received")),
            Some(target) => target.send(),
        }
    }
}
