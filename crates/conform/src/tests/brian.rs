//! Generated `brian2loihi-golden/1` cases.

use super::draft::Draft;
use super::{Dice, error, fail, pass};
use proptest::prelude::*;
use serde_json::{Value, json};

struct Line {
    recurrent: bool,
    delay: usize,
    synapses: Vec<(usize, usize, i64)>,
}

fn generate(seed: u64) -> Draft {
    let mut dice = Dice(seed);
    let (steps, n, channels) = (dice.roll(1..=80) as usize, dice.roll(1..=6) as usize, dice.roll(1..=6) as usize);
    let (decay_u, decay_v) = (dice.roll(0..=4096), dice.choose(&[0, 4096, 17, 900]));
    let (vth, refractory) = (dice.roll(0..=900), dice.roll(1..=64));
    let mut draft = Draft::new(json!({
        "format": "brian2loihi-golden/1", "name": "generated", "steps": steps, "n": n, "n_in": channels,
        "decay_v": decay_v, "decay_I": decay_u, "vth_mant": vth, "refractory": refractory,
    }));
    let input = dice.sparse(steps * channels, 3, 1..=1);
    draft.int8("in.spikes", &[steps, channels], &input);
    let (mut connections, mut lines) = (Vec::new(), Vec::new());
    for index in 0..dice.roll(1..=3) {
        let name = format!("c{index}");
        let (recurrent, mode) = (dice.roll(0..=2) == 0, dice.roll(1..=3));
        let (bits, exponent) = (dice.roll(0..=8), dice.roll(-8..=7));
        let delay = dice.choose(&[0, 1, 62]);
        let count = dice.roll(0..=12) as usize;
        let senders = if recurrent { n } else { channels };
        let (pre, post) = (dice.list(count, 0..=senders as i64 - 1), dice.list(count, 0..=n as i64 - 1));
        let range = match mode {
            1 => -256..=254,
            2 => 0..=255,
            _ => -256..=0,
        };
        let w = dice.list(count, range);
        let step = 1 << (8 - (bits - i64::from(mode == 1)));
        let act: Vec<i64> = w
            .iter()
            .map(|w| {
                let mantissa = w / step * step;
                let scaled = mantissa as f64 * 2f64.powi(6 + exponent as i32) / 64.0;
                ((scaled.floor() * 64.0) as i64).clamp(64 - (1 << 21), (1 << 21) - 64)
            })
            .collect();
        for (part, values) in [("pre", &pre), ("post", &post), ("w", &w), ("w_act", &act)] {
            draft.int32(&format!("{name}.{part}"), &[count], values);
        }
        connections.push(json!({
            "name": name, "pre": if recurrent { "p0" } else { "in" }, "post": "p0", "delay": delay,
            "weight_exp": exponent, "sign_mode": mode, "num_weight_bits": bits,
        }));
        let synapses = (0..count).map(|i| (pre[i] as usize, post[i] as usize, act[i])).collect();
        lines.push(Line { recurrent, delay: delay as usize, synapses });
    }
    draft.json["connections"] = Value::Array(connections);

    let (mut current, mut v, mut left) = (vec![0i64; n], vec![0i64; n], vec![0; n]);
    let (mut u_rows, mut v_rows, mut s_rows): (Vec<i64>, Vec<i64>, Vec<i64>) = Default::default();
    let lose = |x: i64, decay: i64| x - x.signum() * (x.abs() * decay + 4095).div_euclid(4096);
    for t in 0..steps {
        for line in &lines {
            let Some(sent) = t.checked_sub(line.delay + usize::from(line.recurrent)) else { continue };
            for &(pre, post, weight) in &line.synapses {
                let fired = if line.recurrent { s_rows[sent * n + pre] } else { input[sent * channels + pre] };
                current[post] += weight * fired;
            }
        }
        let mut s = vec![0; n];
        for i in 0..n {
            if left[i] == 0 {
                v[i] = lose(v[i], decay_v) + current[i];
                s[i] = i64::from(v[i] > vth * 64);
            }
            if s[i] == 1 {
                (v[i], left[i]) = (0, refractory);
            }
            left[i] = (left[i] - 1i64).max(0);
        }
        u_rows.extend(&current);
        v_rows.extend(&v);
        s_rows.extend(&s);
        current.iter_mut().for_each(|i| *i = lose(*i, decay_u));
    }
    draft.int32("p0.u", &[steps, n], &u_rows.iter().map(|&x| x.clamp(-(1 << 31), (1 << 31) - 1)).collect::<Vec<_>>());
    draft.int32("p0.v", &[steps, n], &v_rows.iter().map(|&x| x.clamp(-(1 << 31), (1 << 31) - 1)).collect::<Vec<_>>());
    draft.int8("p0.s", &[steps, n], &s_rows);
    // Doubles hold what 32 bits do not; such a case could not have been recorded.
    let held = u_rows.iter().chain(&v_rows).all(|x| x.abs() < 1 << 31);
    if held { draft } else { generate(seed.wrapping_mul(31).wrapping_add(7)) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Passes as generated; a flipped bit in any trace or effective weight is found at its place.
    #[test]
    fn generated_cases(seed in any::<u64>(), element in any::<prop::sample::Index>(), bit in 0..32usize) {
        let mut draft = generate(seed);
        let (n, steps) = (draft.json["n"].as_u64().unwrap() as usize, draft.json["steps"].as_u64().unwrap() as usize);
        prop_assert!(pass(&draft) >= 3 * (n * steps) as u64);
        for (key, size) in [("p0.u", 4), ("p0.v", 4), ("p0.s", 1)] {
            let element = element.index(n * steps);
            draft.flip(key, element, size, bit % (8 * size));
            let found = fail(&draft);
            prop_assert_eq!((found.row, found.neuron), (Some(element / n), Some(element % n)));
            prop_assert_eq!((found.key.as_str(), found.differing), (key, 1));
            draft.flip(key, element, size, bit % (8 * size));
        }
        if draft.elements("c0.w_act", 4) > 0 {
            draft.flip("c0.w_act", 0, 4, bit);
            prop_assert_eq!(fail(&draft).quantity, "c0.w_act[0]");
        }
    }
}

#[test]
fn fields_are_checked() {
    let with_synapses = |seed: &u64| generate(*seed).elements("c0.w", 4) > 0;
    let seed = (0..).find(with_synapses).unwrap();
    let cases: [(&str, Value, &str); 11] = [
        ("/n", json!(0), "'n' is 0"),
        ("/n", json!(7), "the array 'p0.u' has the shape"),
        ("/n_in", json!(7), "the array 'in.spikes' has the shape"),
        ("/decay_v", json!(4097), "'decay_v' is 4097"),
        ("/refractory", json!(65), "'refractory' is 65"),
        ("/connections/0/delay", json!(63), "'connections[0].delay' is 63; it must be an integer from 0 to 62"),
        ("/connections/0/pre", json!("in0"), "'connections[0].pre' is \"in0\""),
        ("/connections/0/post", json!("in"), "'connections[0].post' is \"in\""),
        ("/connections/0/name", json!("d"), "no array 'd.pre'"),
        ("/connections/0/sign_mode", json!(4), "'connections[0].sign_mode' is 4"),
        ("/connections/0/weight_exp", json!(8), "'connections[0].weight_exp' is 8"),
    ];
    for (pointer, value, message) in cases {
        let mut draft = generate(seed);
        if pointer == "/n" {
            draft.json["connections"] = json!([]);
        }
        draft.set(pointer, value);
        let text = error(&draft);
        assert!(text.contains(message), "{pointer}: {text}");
    }
    for (key, value, message) in [
        ("c0.pre", 99, "the array 'c0.pre' holds 99 at [0]"),
        ("c0.post", -1, "the array 'c0.post' holds -1 at [0]"),
        ("c0.w", 300, "'c0.w[0]': the weight 300 is outside"),
    ] {
        let mut draft = generate(seed);
        let n = draft.elements(key, 4);
        draft.int32(key, &[n], &vec![value; n]);
        assert!(error(&draft).contains(message), "{}", error(&draft));
    }
    let mut draft = generate(seed);
    let shape = [draft.json["steps"].as_u64().unwrap() as usize, draft.json["n_in"].as_u64().unwrap() as usize];
    draft.int8("in.spikes", &shape, &vec![2; shape[0] * shape[1]]);
    assert!(error(&draft).contains("the array 'in.spikes' holds 2 at [0, 0]; it must be 0 or 1"));
}
