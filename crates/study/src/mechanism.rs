//! Why a network does well: the shape of its states, and how targets lie in them.
//!
//! This module owns what of it a row of results has. The measures are those of [`statistics::mechanism`]; it
//! deliberately judges nothing by them.

use readout::Rows;
use statistics::StatisticsError;
use statistics::mechanism::Spectrum;

/// Measures of the states of one run.
pub(crate) struct Mechanism {
    /// Participation ratio of the states: how many directions they fill.
    pub(crate) participation_ratio: f64,
    /// For each target, how far it lies in the large components of the states, from 0 to 1.
    pub(crate) alignments: Vec<f64>,
}

impl Mechanism {
    /// Of states and the targets of the same samples. States that do not vary have none.
    pub(crate) fn of(states: Rows<'_>, targets: Rows<'_>) -> Result<Self, StatisticsError> {
        let spectrum = Spectrum::of(states)?;
        let alignment = |target| {
            let values: Vec<f64> = targets.column(target).collect();
            Ok(spectrum.alignment(&values)?.leading())
        };
        let alignments = (0..targets.columns()).map(alignment).collect::<Result<_, StatisticsError>>()?;
        Ok(Self { participation_ratio: spectrum.participation_ratio(), alignments })
    }
}
