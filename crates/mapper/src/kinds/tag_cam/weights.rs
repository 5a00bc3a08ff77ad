//! The weights of a core: one codebook for all kinds of synapse, and a gain for each that has one.
//!
//! A weight is a sum of the core's currents times the gain of its kind. Where kinds have gains that may be changed,
//! factors on them are searched for together with the currents, with each kind judged by its own root mean square; they
//! are set to what the biases of the chip can make, and the currents are searched for again beside them. Gains stay as
//! asked for where the search gains little from them.

use super::codebook::{Codebook, nearest};
use super::search::Search;
use crate::fit::Group;
use crate::gains::{Factor, Gain, Means};
use crate::placement::PlacedCore;
use crate::wish::{Link, Wish};
use crate::{MapperOptions, SmallWeights};
use std::collections::BTreeMap;

/// Gains are changed where that leaves less than this of the error's square.
const WORTH: f64 = 0.5;

/// A mean square error relative to the weights that is good enough without gains: 0.1 %, squared.
const GOOD: f64 = 1e-6;

/// What the synapses of a core hold, and what becomes of it.
#[derive(Clone)]
pub(super) struct CoreWeights {
    codebook: Codebook,
    pub(super) gains: Vec<Gain>,
    small_weights: SmallWeights,
    /// By kind of synapse: its factor, and every weight with its code, from small to large.
    kinds: Vec<(Factor, Vec<(u64, u8)>)>,
}

impl CoreWeights {
    /// The best weights for `links`, which are all of one core, in steps of `2^finest` or more.
    pub(super) fn fit(
        wish: &Wish<'_>,
        core: &PlacedCore,
        links: &[Link],
        (bits, finest): (usize, u8),
        options: &MapperOptions,
    ) -> Self {
        let (codebook, gains) = fit(wish, core, links, bits, options);
        Self::with(wish, codebook.no_finer(finest), gains, options.small_weights)
    }

    fn with(wish: &Wish<'_>, codebook: Codebook, gains: Vec<Gain>, small_weights: SmallWeights) -> Self {
        let of_kind = |kind: usize| {
            let gain = gains.iter().find(|gain| gain.is_of(wish.spec, kind as u8));
            let factor = gain.map_or(Factor::ONE, Gain::factor);
            let levels = codebook.levels().map(|(weight, code)| (factor.of(weight as i64) as u64, code));
            (factor, levels.collect())
        };
        let kinds = (0..wish.spec.synapses.len()).map(of_kind).collect();
        Self { codebook, gains, small_weights, kinds }
    }

    /// The same with a step of twice the size.
    pub(super) fn coarser(&self, wish: &Wish<'_>) -> Option<Self> {
        Some(Self::with(wish, self.codebook.coarser()?, self.gains.clone(), self.small_weights))
    }

    /// The code of a connection; `None` if the nearest weight is 0.
    pub(super) fn code(&self, link: &Link) -> Option<u8> {
        nearest(&self.kinds[usize::from(link.kind)].1, link.magnitude(), self.small_weights)
    }

    /// What a connection with `code` gets, in units of 2^-20.
    pub(super) fn weight(&self, link: &Link, code: u8) -> u64 {
        self.kinds[usize::from(link.kind)].0.of(self.codebook.weight(code) as i64) as u64
    }

    /// The factor on the weights of the kind of a connection.
    pub(super) fn factor(&self, link: &Link) -> Factor {
        self.kinds[usize::from(link.kind)].0
    }

    /// Whether a connection asks for more than the largest weight, by more than half of its distance to the next.
    pub(super) fn clips(&self, link: &Link) -> bool {
        let factor = self.kinds[usize::from(link.kind)].0;
        2 * i64::from(link.magnitude()) > factor.of(self.codebook.twice_end() as i64)
    }

    /// What the synapse of a connection holds, in steps; 0 if it has none.
    pub(super) fn steps(&self, link: &Link) -> u32 {
        self.code(link).map_or(0, |code| self.codebook.steps(code))
    }

    pub(super) fn codebook(&self) -> &Codebook {
        &self.codebook
    }
}

fn fit(
    wish: &Wish<'_>,
    core: &PlacedCore,
    links: &[Link],
    bits: usize,
    options: &MapperOptions,
) -> (Codebook, Vec<Gain>) {
    let MapperOptions { small_weights, weight_goal: goal, .. } = *options;
    let mut kinds: BTreeMap<u8, Vec<u32>> = BTreeMap::new();
    links.iter().for_each(|link| kinds.entry(link.kind).or_default().push(link.magnitude()));
    // Kinds without a gain that may be changed are one group, and so are kinds that share a gain.
    let mut groups: BTreeMap<Option<&str>, (Option<Means<'_>>, Vec<u32>)> = BTreeMap::new();
    for (kind, magnitudes) in kinds {
        let means = Means::new(wish.network, wish.spec, core, kind);
        let entry = groups.entry(means.as_ref().map(|means| means.parameter)).or_default();
        entry.0 = means;
        entry.1.extend(magnitudes);
    }
    let (means, magnitudes): (Vec<Option<Means<'_>>>, Vec<Vec<u32>>) = groups.into_values().unzip();
    let several = magnitudes.len() > 1;
    let built = magnitudes.iter().map(|all| Group::new(all, goal, several)).collect();
    let search = Search::new(built, bits, small_weights, goal);
    let mut factors = vec![1.0; magnitudes.len()];
    let (error, codebook) = search.fixed(&factors);
    if !several || error <= GOOD * search.share() {
        return (codebook, Vec::new());
    }
    // Factors are relative: one group keeps its gain, that with the largest weights if all could change theirs.
    let mut free: Vec<bool> = means.iter().map(Option::is_some).collect();
    if free.iter().all(|free| *free) {
        let largest = |group: &usize| magnitudes[*group].iter().max();
        // Of equal ones the first.
        let fixed = (0..free.len()).rev().max_by_key(largest).expect("there are several groups");
        free[fixed] = false;
    }
    let (best, point) = search.moving(&free);
    if best > WORTH * error {
        return (codebook, Vec::new());
    }
    let all = common(&means, &point.factors);
    let mut gains = Vec::new();
    for (group, means) in means.iter().enumerate() {
        let nearest = means.as_ref().and_then(|means| means.nearest(all * point.factors[group]));
        if let Some((gain, factor)) = nearest {
            (factors[group], _) = (factor, gains.push(gain));
        }
    }
    let (tuned, changed) = search.fixed(&factors);
    // The biases may be too coarse for what the search has found.
    if tuned <= WORTH * error { (changed, gains) } else { (codebook, Vec::new()) }
}

/// What all factors can be multiplied with, as only their ratios matter: as much as their biases allow, until no
/// synapse holds more than the weight asked for. What a synapse holds is what its current sums up, so that large
/// factors keep the input of a weak kind away from the end of its range.
fn common(means: &[Option<Means<'_>>], factors: &[f64]) -> f64 {
    let least = factors.iter().copied().fold(1.0, f64::min);
    let room = |(means, factor): (&Option<Means<'_>>, &f64)| means.as_ref().map_or(1.0, Means::most) / factor;
    means.iter().zip(factors).map(room).fold(1.0 / least, f64::min)
}
