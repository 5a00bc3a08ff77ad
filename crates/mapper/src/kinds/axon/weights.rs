//! Which mantissas, exponents, bits and sign modes the weights of a projection become on a core that it reaches.
//!
//! All synapses of a projection onto a core are one group: they share a sign mode, bits and a power of two. What a
//! network does not state ([`network::WeightFormat`]) is chosen here: the sign mode by what the group holds, all bits
//! that the chip has, and the exponent of least error; of several that are as good, the one nearest to 0. Integers that
//! the chip holds are so kept as they are.
//!
//! A core adds up in the finest power of two of its groups. Since its weights have 16 bits there, groups that are too
//! far apart, and sums that would not fit, make the finest ones coarser.

use crate::wish::{Link, Wish};
use crate::{MapperError, SmallWeights, WeightGoal};
use chip::{AxonLimits, WeightSigns};
use device_models::loihi::{LoihiRules, Mantissas, SignMode, WeightFormat};
use fx::Weight;
use std::collections::BTreeMap;

/// The exponent of a program with which a weight of 1 is 1.
const UNIT_EXPONENT: i8 = Weight::FRACTION_BITS as i8;

/// Most powers of two between the groups of a core: a mantissa has 8 bits and a sign, a weight of a core has 16.
const SPREAD_MAX: i8 = 7;

/// How the weights of a group become mantissas.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    pub(super) signs: WeightSigns,
    pub(super) bits: u8,
    pub(super) exponent: i8,
    pub(super) mantissas: Mantissas,
}

impl Format {
    fn new(rules: &LoihiRules, signs: WeightSigns, bits: u8, exponent: i8) -> Self {
        let sign = match signs {
            WeightSigns::Mixed => SignMode::Mixed,
            WeightSigns::Excitatory => SignMode::Excitatory,
            WeightSigns::Inhibitory => SignMode::Inhibitory,
        };
        let mantissas = rules.mantissas(WeightFormat { bits, sign, exponent });
        Self { signs, bits, exponent, mantissas: mantissas.expect("bits and exponent were checked against the chip") }
    }

    /// The mantissa nearest to a weight in units of 2^-20, halves away from 0.
    fn nearest(&self, weight: i64) -> i32 {
        let Mantissas { least, most, step } = self.mantissas;
        let unit = i64::from(step) << (UNIT_EXPONENT + self.exponent);
        let steps = (weight.abs() + unit / 2) / unit;
        let magnitude = (steps * i64::from(step)).min(1 << 16) as i32;
        (if weight < 0 { -magnitude } else { magnitude }).clamp(least, most)
    }

    /// The mantissa of a connection.
    pub(super) fn mantissa(&self, weight: i64, small_weights: SmallWeights) -> i32 {
        let Mantissas { least, most, step } = self.mantissas;
        match (self.nearest(weight), small_weights) {
            (0, SmallWeights::Keep) => (step * weight.signum() as i32).clamp(least, most),
            (mantissa, _) => mantissa,
        }
    }

    /// What a mantissa weighs, in units of 2^-20.
    pub(super) fn weight(&self, mantissa: i32) -> i64 {
        i64::from(mantissa) << (UNIT_EXPONENT + self.exponent)
    }

    /// How bad the weights get that are nearest to `weights`, each of which is there so many times; 0: none changes.
    fn cost(&self, weights: &[(i64, u64)], goal: WeightGoal) -> f64 {
        let mut cost = 0.0f64;
        for &(weight, count) in weights {
            let error = (self.weight(self.nearest(weight)) - weight).unsigned_abs() as f64;
            let relative = error / weight.unsigned_abs() as f64;
            match goal {
                WeightGoal::Rms => cost += error * error * count as f64,
                WeightGoal::Relative => cost += relative * relative * count as f64,
                WeightGoal::Max => cost = cost.max(error),
            }
        }
        cost
    }
}

/// The formats of all groups: by projection, by core that it reaches.
pub(super) type Formats = Vec<BTreeMap<usize, Format>>;

/// What formats depend on besides the weights.
pub(super) struct Chooser<'a> {
    pub(super) limits: AxonLimits,
    pub(super) rules: &'a LoihiRules,
    pub(super) goal: WeightGoal,
}

impl Chooser<'_> {
    /// The format of each group by itself.
    pub(super) fn formats(&self, wish: &Wish<'_>) -> Result<Formats, MapperError> {
        let of = |index: usize| {
            self.check_stated(wish, index)?;
            let mut groups: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
            for link in wish.links(index).filter(Link::is_wanted) {
                groups.entry(link.core).or_default().push(link.weight);
            }
            let format = |(core, weights): (usize, Vec<i64>)| Ok((core, self.format(wish, index, weights)?));
            groups.into_iter().map(format).collect()
        };
        (0..wish.network.projections.len()).map(of).collect()
    }

    /// Refuses a stated format that the chip does not have.
    fn check_stated(&self, wish: &Wish<'_>, index: usize) -> Result<(), MapperError> {
        let projection = &wish.network.projections[index];
        let stated = projection.weight_format;
        let refuse = |reason| Err(MapperError::WeightFormat { projection: projection.name.clone(), reason });
        let (low, high) = self.limits.weight_exponent;
        if let Some(bits) = stated.bits.filter(|bits| !(1..=self.limits.weight_bits).contains(bits)) {
            return refuse(format!("the chip has weights of 1 to {} bits, not {bits}", self.limits.weight_bits));
        }
        if let Some(exponent) = stated.exponent.filter(|exponent| !(low..=high).contains(exponent)) {
            return refuse(format!("the chip has weight exponents from {low} to {high}, not {exponent}"));
        }
        let wrong = |link: &Link| match stated.signs {
            Some(WeightSigns::Excitatory) => link.weight < 0,
            Some(WeightSigns::Inhibitory) => link.weight > 0,
            Some(WeightSigns::Mixed) | None => false,
        };
        match wish.links(index).filter(Link::is_wanted).find(wrong) {
            None => Ok(()),
            Some(link) => {
                let (Link { pre, post, .. }, weight) = (link, wish.spelled(&link));
                refuse(format!("the weight {weight} from {pre} to {post} has the other sign: state `mixed`, or none"))
            }
        }
    }

    fn format(&self, wish: &Wish<'_>, index: usize, mut weights: Vec<i64>) -> Result<Format, MapperError> {
        let projection = &wish.network.projections[index];
        let stated = projection.weight_format;
        weights.sort_unstable();
        let weights: Vec<(i64, u64)> =
            weights.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64)).collect();
        let (lowest, highest) = (weights[0].0, weights[weights.len() - 1].0);
        let signs = stated.signs.unwrap_or(match (lowest < 0, highest > 0) {
            (true, true) => WeightSigns::Mixed,
            (true, false) => WeightSigns::Inhibitory,
            _ => WeightSigns::Excitatory,
        });
        let bits = stated.bits.unwrap_or(self.limits.weight_bits);
        let format = |exponent| Format::new(self.rules, signs, bits, exponent);
        if let Some(exponent) = stated.exponent {
            return Ok(format(exponent));
        }
        let (low, high) = self.limits.weight_exponent;
        // An exponent that no weight ends beyond: coarser ones are never better, since their weights lie among its own.
        let holds = |format: &Format, weight: i64| {
            let beyond = (weight - format.weight(format.nearest(weight))).abs();
            beyond << 1 <= format.weight(format.mantissas.step)
        };
        let fits = |exponent: &i8| [lowest, highest].iter().all(|weight| holds(&format(*exponent), *weight));
        let Some(coarsest) = (low..=high).find(fits) else {
            let largest = if lowest.unsigned_abs() > highest.unsigned_abs() { lowest } else { highest };
            let Mantissas { least, most, .. } = format(high).mantissas;
            let limit = if largest < 0 { least } else { most }.unsigned_abs();
            let of_largest = |link: &Link| link.is_wanted() && link.weight == largest;
            let link = wish.links(index).find(of_largest).expect("the group has it");
            return Err(MapperError::WeightRange {
                projection: projection.name.clone(),
                pre: link.pre,
                post: link.post,
                weight: wish.spelled(&link),
                limit: u64::from(limit) << high,
            });
        };
        let exact = |format: &Format| weights.iter().all(|(w, _)| format.weight(format.nearest(*w)) == *w);
        let nearest_to_0 = |exponent: &i8| (exponent.unsigned_abs(), *exponent);
        // Whatever holds all weights as they are is also among the coarser ones.
        if let Some(exponent) = (low..=high).filter(|e| exact(&format(*e))).min_by_key(nearest_to_0) {
            return Ok(format(exponent));
        }
        let mut best = (format(coarsest).cost(&weights, self.goal), coarsest);
        for exponent in (low..coarsest).rev() {
            let cost = format(exponent).cost(&weights, self.goal);
            if cost < best.0 || (cost == best.0 && nearest_to_0(&exponent) < nearest_to_0(&best.1)) {
                best = (cost, exponent);
            }
        }
        Ok(format(best.1))
    }

    /// The format in a core whose sums are kept in steps of 2^`least`.
    fn in_core(&self, format: Format, least: i8) -> Format {
        if format.exponent >= least { format } else { Format::new(self.rules, format.signs, format.bits, least) }
    }

    /// The exponent of each core that its groups need, before sums are looked at.
    pub(super) fn least(&self, wish: &Wish<'_>, formats: &Formats) -> Vec<i8> {
        let of_core = |core: usize| {
            let exponents = || formats.iter().filter_map(|groups| Some(groups.get(&core)?.exponent));
            let (finest, coarsest) = (exponents().min().unwrap_or(0), exponents().max().unwrap_or(0));
            finest.max(coarsest - SPREAD_MAX)
        };
        (0..wish.cores.len()).map(of_core).collect()
    }

    /// The formats in cores with these exponents.
    ///
    /// # Errors
    /// [`MapperError::WeightFormat`] for a stated exponent that cannot be had there.
    pub(super) fn settled(&self, wish: &Wish<'_>, formats: &Formats, least: &[i8]) -> Result<Formats, MapperError> {
        let group = |index: usize, (core, format): (&usize, &Format)| {
            let projection = &wish.network.projections[index];
            let least = least[*core];
            match projection.weight_format.exponent {
                Some(stated) if stated < least => {
                    let place = wish.cores[*core].address;
                    let reason = format!(
                        "the weight exponent {stated} cannot be had in {place}, where the sums of all weights need {least} \
                         or more: scale the other weights of this core down, or state {least}"
                    );
                    Err(MapperError::WeightFormat { projection: projection.name.clone(), reason })
                }
                _ => Ok((*core, self.in_core(*format, least))),
            }
        };
        let of = |(index, groups): (usize, &BTreeMap<usize, Format>)| groups.iter().map(|g| group(index, g)).collect();
        formats.iter().enumerate().map(of).collect()
    }

    /// The weight of a connection in a core whose sums are kept in steps of 2^`least`, in these steps and without sign.
    pub(super) fn steps(&self, format: Format, least: i8, weight: i64, small_weights: SmallWeights) -> u32 {
        let format = self.in_core(format, least);
        format.mantissa(weight, small_weights).unsigned_abs() << (format.exponent - least)
    }
}

/// The exponent of a core as a program has it.
pub(super) fn program_exponent(least: i8) -> u8 {
    (UNIT_EXPONENT + least) as u8
}
