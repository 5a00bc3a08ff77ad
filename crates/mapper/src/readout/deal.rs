//! Which neuron of a class gets which of its inputs.
//!
//! A class is a sum over all features, and its neurons each make a part of it. Features of a reservoir are much
//! alike: what they have in common cancels in the whole sum and would not in its parts, so that neurons leave the
//! linear part of their range for the sake of something that nobody wants to know. Parts that vary little each follow
//! the whole.

use super::Input;

/// Sweeps over all pairs of inputs, at most.
const SWEEPS: usize = 8;

/// A sweep that lowers the variance of the parts by less than this share is the last one.
const WORTH: f64 = 1e-3;

/// Deals inputs, sorted by weight, to `parts` neurons in turns, back and forth: the sums come out similar, and the
/// numbers differ by at most one. With the covariance of `features` features, pairs of inputs of different neurons then
/// change places while that lowers the sum of the variances of all neurons.
///
/// Every `copy` begins each turn with another neuron ([`first`]), so that its neurons have other inputs: on devices
/// that do not differ, neurons with the same inputs spike in the same steps, and say nothing that one of them does
/// not.
pub(super) fn deal(
    inputs: &[Input],
    (parts, copy): (usize, usize),
    covariance: &[f64],
    features: usize,
) -> Vec<Vec<Input>> {
    let mut sorted = inputs.to_vec();
    sorted.sort_by_key(|input| (input.weight, input.feature));
    let mut part_of = vec![0; sorted.len()];
    for (turn, hand) in part_of.chunks_mut(parts).enumerate() {
        for (place, part) in hand.iter_mut().enumerate() {
            let place = if turn % 2 == 0 { place } else { parts - 1 - place };
            *part = (place + first(turn, copy, parts)) % parts;
        }
    }
    if !covariance.is_empty() && parts > 1 {
        exchange(&sorted, parts, covariance, features, &mut part_of);
    }
    let mut dealt = vec![Vec::new(); parts];
    for (input, part) in sorted.iter().zip(part_of) {
        dealt[part].push(*input);
    }
    dealt
}

/// The neuron that a turn of a copy begins with: the digits of both, in base `parts`, multiplied and summed. For two
/// neurons these are the Walsh functions; in general any two copies agree in one of `parts` turns. Copy 0 begins with
/// neuron 0.
const fn first(mut turn: usize, mut copy: usize, parts: usize) -> usize {
    let mut sum = 0;
    while parts > 1 && turn > 0 && copy > 0 {
        sum += (turn % parts) * (copy % parts);
        (turn, copy) = (turn / parts, copy / parts);
    }
    sum
}

/// Changes places of pairs of inputs. With `a(i, j)` the covariance of what inputs i and j bring in and `m(i, p)`
/// that of input i with part p, an exchange of i in p and j in q changes the sum of the variances by twice `a(i, i) +
/// a(j, j) - 2 a(i, j) + m(j, p) - m(i, p) + m(i, q) - m(j, q)`.
fn exchange(inputs: &[Input], parts: usize, covariance: &[f64], features: usize, part_of: &mut [usize]) {
    let count = inputs.len();
    let weight = |i: usize| f64::from(inputs[i].weight.to_bits());
    let mut a = vec![0.0; count * count];
    for i in 0..count {
        for j in 0..count {
            let at = inputs[i].feature as usize * features + inputs[j].feature as usize;
            a[i * count + j] = weight(i) * weight(j) * covariance[at];
        }
    }
    let mut m = vec![0.0; count * parts];
    for i in 0..count {
        for j in 0..count {
            m[i * parts + part_of[j]] += a[i * count + j];
        }
    }
    for _ in 0..SWEEPS {
        let before: f64 = (0..count).map(|i| m[i * parts + part_of[i]]).sum();
        let mut gained = 0.0;
        for i in 0..count {
            for j in i + 1..count {
                let (p, q) = (part_of[i], part_of[j]);
                if p == q {
                    continue;
                }
                let apart = a[i * count + i] + a[j * count + j] - 2.0 * a[i * count + j];
                let change = apart + m[j * parts + p] - m[i * parts + p] + m[i * parts + q] - m[j * parts + q];
                if change >= 0.0 {
                    continue;
                }
                gained -= 2.0 * change;
                (part_of[i], part_of[j]) = (q, p);
                for k in 0..count {
                    let moved = a[k * count + j] - a[k * count + i];
                    m[k * parts + p] += moved;
                    m[k * parts + q] -= moved;
                }
            }
        }
        if gained <= WORTH * before {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fx::Weight;

    fn inputs(count: u32) -> Vec<Input> {
        (0..count).map(|feature| Input { feature, weight: Weight::from_bits(1000 + feature as i32) }).collect()
    }

    #[test]
    fn copies_have_every_input_once_and_share_one_of_parts_with_each_other() {
        for (parts, copies) in [(2, 8), (3, 9), (5, 25)] {
            let inputs = inputs(parts as u32 * 150);
            let dealt: Vec<Vec<Vec<Input>>> =
                (0..copies).map(|copy| deal(&inputs, (parts, copy), &[], inputs.len())).collect();
            let features = |part: &[Input]| part.iter().map(|input| input.feature).collect::<Vec<_>>();
            for copy in &dealt {
                let mut all: Vec<u32> = copy.iter().flat_map(|part| features(part)).collect();
                all.sort_unstable();
                assert_eq!(all, (0..inputs.len() as u32).collect::<Vec<_>>());
                assert!(copy.iter().all(|part| part.len() == 150));
            }
            for (a, b) in (0..copies).flat_map(|a| (0..a).map(move |b| (a, b))) {
                let (mine, other) = (features(&dealt[a][0]), features(&dealt[b][0]));
                let shared = mine.iter().filter(|feature| other.contains(feature)).count();
                assert!(shared * parts <= 150 * 3 / 2, "{parts} parts, copies {a} and {b}: {shared} of 150");
            }
        }
    }

    #[test]
    fn one_part_is_all_inputs_in_every_copy() {
        assert_eq!(deal(&inputs(7), (1, 5), &[], 7)[0].len(), 7);
    }
}
