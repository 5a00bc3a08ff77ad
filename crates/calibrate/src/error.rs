//! Why a network cannot be calibrated.

use mapper::MapperError;
use score::ScoreError;
use session::SessionError;
use thiserror::Error;

/// Why a network cannot be calibrated. Nothing is left behind; correct what it names and begin again.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CalibrateError {
    /// The network does not fit the chip, whatever its factors.
    #[error(transparent)]
    Mapper(#[from] MapperError),
    /// Its program does not run.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The samples cannot be shown.
    #[error(transparent)]
    Score(#[from] ScoreError),
}
