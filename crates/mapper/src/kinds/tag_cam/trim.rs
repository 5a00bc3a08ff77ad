//! The CAM words of one channel of a neuron, chosen anew for another sum.
//!
//! All of them answer to the tag of the channel; each adds one of the few weights that the core has, and words of both
//! signs may stand beside each other. Other words are not touched.

use chip::{CamWord, InputRoute, TagCamCore};
use units::{CoreAddress, InputId, Tag};

/// What a step down in the other sign must gain to be worth it: two words that nearly cancel each other on a nominal
/// die are apart on a real one.
const CANCELLED: f64 = 0.1;

/// The tag under which the core `core` hears channel `channel`; `None` if it does not.
pub(crate) fn bias_tag(inputs: &[InputRoute], channel: InputId, core: CoreAddress) -> Option<Tag> {
    let route = inputs.iter().find(|route| route.input == channel)?;
    let hears = |event: &&chip::HostEvent| event.chip == core.chip && event.core_mask >> core.core.0 & 1 == 1;
    route.events.iter().find(hears).map(|event| event.tag)
}

/// A weight that a word can have.
#[derive(Clone, Copy)]
struct Choice {
    value: f64,
    synapse: u8,
    bits: u8,
}

/// Moves the sum of the words of `tag` in neuron `neuron` by `by`, with at most `limit` words in all; what it was moved
/// by, and whether words were short. `kinds` are the excitatory and the inhibitory kind with what a step of the core's
/// currents counts there.
pub(crate) fn shift(
    core: &mut TagCamCore,
    neuron: usize,
    tag: Tag,
    (kinds, steps): ([u8; 2], [f64; 2]),
    limit: usize,
    by: f64,
) -> (f64, bool) {
    let sum_of = |bits: u8| -> f64 {
        let on = core.weight_currents.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
        on.map(|(_, current)| f64::from(*current)).sum()
    };
    let signed = |synapse: u8, bits: u8| match kinds.iter().position(|kind| *kind == synapse) {
        Some(0) => sum_of(bits) * steps[0],
        Some(_) => -sum_of(bits) * steps[1],
        None => 0.0,
    };
    let words = &core.cam[neuron];
    let own = words.iter().filter(|word| word.tag == tag);
    let before: f64 = own.clone().map(|word| signed(word.synapse, word.weight_bits)).sum();
    let delay = own.clone().map(|word| word.delay).next().unwrap_or(0);
    let room = limit.saturating_sub(words.len() - own.count());
    let codes = 1..1u16 << core.weight_currents.len();
    let choices: Vec<Choice> = kinds
        .into_iter()
        .flat_map(|synapse| codes.clone().map(move |bits| (synapse, bits as u8)))
        .map(|(synapse, bits)| Choice { value: signed(synapse, bits), synapse, bits })
        .filter(|choice| choice.value != 0.0)
        .collect();
    let (chosen, error) = choose(&choices, before + by, room);
    let finest = choices.iter().map(|choice| choice.value.abs()).fold(f64::INFINITY, f64::min);
    let short = chosen.len() == room && error.abs() > finest;
    let kept = core.cam[neuron].iter().filter(|word| word.tag != tag).copied();
    let new = chosen.iter().map(|choice| CamWord { tag, synapse: choice.synapse, weight_bits: choice.bits, delay });
    core.cam[neuron] = kept.chain(new).collect();
    (chosen.iter().map(|choice| choice.value).sum::<f64>() - before, short)
}

/// At most `room` of `choices` (each any number of times) whose sum is near to `wanted`, and what is missing: the
/// largest ones while they leave more than one, then the best one or two. Of equally good ones the first, with the
/// fewest words.
fn choose(choices: &[Choice], wanted: f64, room: usize) -> (Vec<Choice>, f64) {
    let mut chosen = Vec::new();
    let mut missing = wanted;
    let largest = |missing: f64| {
        let same_sign = choices.iter().filter(move |choice| choice.value * missing > 0.0);
        same_sign.max_by(|a, b| a.value.abs().total_cmp(&b.value.abs())).copied()
    };
    while chosen.len() + 2 < room {
        match largest(missing) {
            Some(choice) if choice.value.abs() < missing.abs() => {
                missing -= choice.value;
                chosen.push(choice);
            }
            _ => break,
        }
    }
    let mut best: (f64, Vec<Choice>) = (missing.abs(), Vec::new());
    let left = room - chosen.len();
    for (i, a) in choices.iter().enumerate().filter(|_| left > 0) {
        let alone = (missing - a.value).abs();
        if alone < best.0 {
            best = (alone, vec![*a]);
        }
        for b in choices[i..].iter().filter(|_| left > 1) {
            let opposed = if a.value * b.value < 0.0 { a.value.abs().min(b.value.abs()) } else { 0.0 };
            let cost = (missing - a.value - b.value).abs() + CANCELLED * opposed;
            if cost < best.0 {
                best = (cost, vec![*a, *b]);
            }
        }
    }
    missing -= best.1.iter().map(|choice| choice.value).sum::<f64>();
    chosen.extend(best.1);
    (chosen, missing)
}
