//! Which neurons may sit together: SRAM words and tags, counted for a placement before it is mapped.

use crate::optimise::{Nets, Sender};
use chip::TagCamLimits;
use partition::{Blame, Hypergraph, Limits, Parts, Verdict};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The limits of a board of these chips.
pub(super) struct Words<'a> {
    pub(super) limits: TagCamLimits,
    pub(super) nets: &'a Nets,
    pub(super) cores_per_chip: usize,
}

impl Limits for Words<'_> {
    fn judge(&self, _: &Hypergraph, parts: &Parts, assignment: &[u32]) -> Verdict {
        let mut verdict = Verdict::default();
        // By chip: how many signals reach which of its cores.
        let chips = parts.len().div_ceil(self.cores_per_chip);
        let mut signals: Vec<BTreeMap<u16, usize>> = vec![BTreeMap::new(); chips];
        let mut masks: Vec<(usize, u16)> = Vec::new();
        for (index, net) in self.nets.nets.iter().enumerate() {
            masks.clear();
            for listener in &net.listeners {
                let core = assignment[*listener as usize] as usize;
                let (chip, bit) = (core / self.cores_per_chip, 1u16 << (core % self.cores_per_chip));
                match masks.iter_mut().find(|(known, _)| *known == chip) {
                    Some((_, mask)) => *mask |= bit,
                    None => masks.push((chip, bit)),
                }
            }
            masks.iter().for_each(|(chip, mask)| *signals[*chip].entry(*mask).or_default() += 1);
            let over = masks.len().saturating_sub(self.limits.sram_words_per_neuron);
            if over > 0 && matches!(net.sender, Sender::Neuron(_)) {
                verdict.excess += over as u64;
                verdict.blame.push(Blame::NetGroups(index as u32));
            }
        }
        // A core has a tag for each signal that it hears. In more cores no fewer signals are heard.
        let heard = |(mask, count): (&u16, &usize)| mask.count_ones() as usize * count;
        let all: usize = signals.iter().flatten().map(heard).sum();
        verdict.wanted = all.div_ceil(self.limits.tag_count.max(1));
        for (chip, signals) in signals.iter().enumerate() {
            let over = tags(signals).saturating_sub(self.limits.tag_count);
            if over == 0 {
                continue;
            }
            verdict.excess += over as u64;
            let cores = chip * self.cores_per_chip..((chip + 1) * self.cores_per_chip).min(parts.len());
            let heard = |core: &usize| {
                let bit = 1u16 << (core % self.cores_per_chip);
                signals.iter().filter(|(mask, _)| **mask & bit != 0).map(|(_, count)| count).sum::<usize>()
            };
            let full: Vec<usize> = cores.clone().filter(|core| heard(core) > self.limits.tag_count).collect();
            let blamed = if full.is_empty() { cores.collect() } else { full };
            verdict.blame.extend(blamed.into_iter().map(|core| Blame::Part(core as u32)));
        }
        verdict
    }
}

/// Tags that the signals of a chip need, given out as the mapping gives them out: those with more cores first, each the
/// lowest that is free in all of them.
fn tags(signals: &BTreeMap<u16, usize>) -> usize {
    let mut order: Vec<(u16, usize)> = signals.iter().map(|(mask, count)| (*mask, *count)).collect();
    order.sort_by_key(|(mask, _)| (Reverse(mask.count_ones()), *mask));
    let mut taken: Vec<u16> = Vec::new();
    for (mask, mut count) in order {
        for cores in taken.iter_mut().filter(|cores| **cores & mask == 0) {
            if count == 0 {
                break;
            }
            *cores |= mask;
            count -= 1;
        }
        taken.extend(std::iter::repeat_n(mask, count));
    }
    taken.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimise::Net;

    /// Four cores of two tags; three sources that all of them hear want six cores.
    #[test]
    fn signals_that_are_heard_tell_how_many_cores_are_wanted() {
        let net = |sender, listeners: &[u32]| Net { sender, listeners: listeners.to_vec(), weight: 1 };
        let mut nets = Nets { first: vec![0], neurons: 4, nets: Vec::new() };
        nets.nets.extend((0..3).map(|_| net(Sender::Input, &[0, 1, 2, 3])));
        let parts = Parts::equal(4, &[1]);
        let judge = |nets: &Nets| {
            let chip::RouterSpec::TagCam(router) = crate::testing::tag_cam().router else { panic!("a chip with tags") };
            let limits = TagCamLimits { tag_count: 2, ..router.limits() };
            let words = Words { limits, nets, cores_per_chip: 4 };
            let verdict = words.judge(&nets.graph(vec![0; 4], None), &parts, &[0, 1, 2, 3]);
            (verdict.excess, verdict.wanted)
        };
        assert_eq!(judge(&nets), (1, 6));
        nets.nets.pop();
        assert_eq!(judge(&nets), (0, 4));
        nets.nets[1].listeners.truncate(1);
        assert_eq!(judge(&nets), (0, 3));
    }

    #[test]
    fn signals_of_different_cores_share_tags() {
        assert_eq!(tags(&BTreeMap::from([(0b0011, 5), (0b1100, 3), (0b0100, 2), (0b1111, 1)])), 6);
        assert_eq!(tags(&BTreeMap::from([(0b0111, 5), (0b1000, 7)])), 7);
        assert_eq!(tags(&BTreeMap::from([(0b0011, 5), (0b0110, 5)])), 10);
        assert_eq!(tags(&BTreeMap::new()), 0);
    }
}
