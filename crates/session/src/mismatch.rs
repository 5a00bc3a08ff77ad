//! Mismatch that does not reach a core: its grid of time, or its registers, are coarser than the spread.

use crate::Session;
use device_models::{Grid, effective};
use std::collections::BTreeMap;
use warnings::{Kind, Warnings};

/// Sums of the deviations of a parameter, of what was drawn and of what the core uses.
#[derive(Default)]
struct Spread {
    drawn: f64,
    used: f64,
    cores: u64,
    of_cores: u64,
    grid: Option<Grid>,
}

/// The sum of the squared distances of some values from their mean, relative to that mean.
fn squares(bits: impl Iterator<Item = i64>) -> f64 {
    let numbers: Vec<f64> = bits.map(|bits| bits as f64).collect();
    let first = numbers.first().copied().unwrap_or(0.0);
    let mean = first + numbers.iter().map(|number| number - first).sum::<f64>() / numbers.len().max(1) as f64;
    if mean == 0.0 {
        return 0.0;
    }
    numbers.iter().map(|number| ((number - mean) / mean) * ((number - mean) / mean)).sum()
}

impl Session {
    /// Parameters of which less than half of the spread is left in the cores in use: each by its name, with the CV that
    /// was drawn and the one that is left, over the neurons of the core that lose most.
    pub(crate) fn swallowed(&self, warnings: &mut Warnings) {
        let (board, die) = (self.board(), self.die());
        if die.mismatched().next().is_none() {
            return;
        }
        let mut spreads: BTreeMap<String, Spread> = BTreeMap::new();
        for core in &board.program().cores {
            // A core that could not be built is no core of a session.
            for parameter in effective(board.spec(), core, die).unwrap_or_default() {
                let count = parameter.value.len() as f64;
                let all = [&parameter.value, &parameter.used];
                let [drawn, used] = all.map(|all| (squares(all.iter().map(|v| v.to_bits())) / count).sqrt());
                let spread = spreads.entry(parameter.parameter).or_default();
                spread.of_cores += 1;
                if count > 1.0 && drawn > 0.0 && used < drawn / 2.0 {
                    spread.cores += 1;
                    if spread.cores == 1 {
                        (spread.drawn, spread.used, spread.grid) = (drawn, used, Some(parameter.grid));
                    }
                }
            }
        }
        for (parameter, Spread { drawn, used, cores, of_cores, grid }) in spreads {
            if let Some(grid) = grid {
                let finer = match grid {
                    Grid::Steps(_) => "a finer `step`, or ",
                    Grid::Ticks(_) => "a finer `tick`, or ",
                    Grid::Register | Grid::Leak | Grid::Bits(_) => "",
                };
                let text = format!(
                    "mismatch of CV {:.2} % is {:.2} % after rounding to {grid}, on {cores} of {of_cores} cores in use: \
                     give it a larger value or take another core model in the network, or give a chip file of your own \
                     (`quenched chip NAME --toml` prints one) {finer}no mismatch of it; `quenched die --effective` \
                     shows what is left",
                    drawn * 100.0,
                    used * 100.0
                );
                warnings.push(Kind::Mismatch, parameter, text);
            }
        }
    }
}
