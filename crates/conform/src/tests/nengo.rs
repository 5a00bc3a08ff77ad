//! Generated `nengo-loihi-golden/1` cases: several cores, noise, shared weights and atoms, and their resources.

use super::draft::Draft;
use super::{Dice, error, fail, pass};
use proptest::prelude::*;
use serde_json::{Value, json};

struct Core {
    n: usize,
    vmin: i64,
    vmax: i64,
    noise: (i64, i64, i64),
    lists: [Vec<i64>; 6],
    u: Vec<i64>,
    v: Vec<i64>,
    left: Vec<i64>,
    spikes: Vec<Vec<i64>>,
    u_rows: Vec<i64>,
    v_rows: Vec<i64>,
}

struct Group {
    block: usize,
    /// rows[set][atom]: (index, weight).
    rows: Vec<Vec<Vec<(i64, i64)>>>,
    sets: Vec<i64>,
    bases: Vec<i64>,
}

struct Line {
    /// Inputs first, then blocks.
    source: usize,
    group: usize,
    target: Vec<i64>,
    atom: Vec<i64>,
}

fn wrapped(x: i64, bits: u32) -> i64 {
    (x + (1 << (bits - 1))).rem_euclid(1 << bits) - (1 << (bits - 1))
}

fn generate(seed: u64) -> Draft {
    let mut dice = Dice(seed);
    let steps = dice.roll(2..=30) as usize;
    let mut draft = Draft::new(json!({"format": "nengo-loihi-golden/1", "name": "generated", "steps": steps}));
    let (mut inputs, mut spikes_in) = (Vec::new(), Vec::new());
    for index in 0..dice.roll(1..=2) {
        let (name, n) = (format!("in{index}"), dice.roll(1..=6) as usize);
        let data = dice.sparse(steps * n, 2, 1..=1);
        draft.int8(&format!("{name}.spikes"), &[steps, n], &data);
        inputs.push(json!({"name": name, "n": n, "spikes": format!("{name}.spikes")}));
        spikes_in.push(data.chunks(n).map(<[i64]>::to_vec).collect::<Vec<_>>());
    }
    let (mut blocks, mut cores) = (Vec::new(), Vec::new());
    for index in 0..dice.roll(1..=3) {
        let (name, n) = (format!("b{index}"), dice.roll(1..=8) as usize);
        let mut enable = dice.list(n, 0..=1);
        if dice.roll(0..=1) == 0 {
            enable.fill(0);
        }
        let lists = [
            dice.list(n, 0..=4095),
            dice.list(n, 0..=4095),
            dice.list(n, 1..=40_000),
            dice.list(n, -5000..=5000),
            dice.list(n, 0..=6),
            enable,
        ];
        let mut params = json!({});
        for (field, list) in ["decay_u", "decay_v", "vth", "bias", "refract_delay", "enable_noise"].iter().zip(&lists) {
            params[*field] = json!(format!("{name}.{field}"));
            draft.int32(&format!("{name}.{field}"), &[n], list);
        }
        let vmin = dice.choose(&[0, -8_388_607, -131_071, -i64::from(i32::MAX)]);
        let vmax = dice.choose(&[8_388_607, 131_071]);
        let noise = (dice.roll(1..=23), dice.roll(-9..=9), dice.roll(0..=1));
        blocks.push(json!({
            "name": name, "n": n, "vmin": vmin, "vmax": vmax, "noise_exp": noise.0, "noise_offset": noise.1,
            "noise_at_membrane": noise.2, "params": params,
            "traces": {"u": format!("{name}.u"), "v": format!("{name}.v"), "s": format!("{name}.s")},
        }));
        let zeros = vec![0; n];
        cores.push(Core {
            n,
            vmin,
            vmax,
            noise,
            lists,
            u: zeros.clone(),
            v: zeros.clone(),
            left: zeros,
            spikes: Vec::new(),
            u_rows: Vec::new(),
            v_rows: Vec::new(),
        });
    }
    let (mut synapses, mut groups, mut kinds) = (Vec::new(), Vec::new(), Vec::new());
    for index in 0..dice.roll(1..=3) {
        let name = format!("syn{index}");
        let block = dice.roll(0..=cores.len() as i64 - 1) as usize;
        let compartments = cores[block].n as i64;
        let kind = dice.choose(&[0, 16, 32]);
        let (axons, sets, atoms) = match kind {
            0 => {
                let axons = dice.roll(1..=5);
                (axons, axons, 1)
            }
            _ => (dice.roll(1..=5), dice.roll(1..=3), dice.roll(1..=4)),
        };
        let reach = dice.roll(1..=compartments);
        let exponent = dice.roll(0..=7);
        let rows: Vec<Vec<Vec<(i64, i64)>>> = (0..sets)
            .map(|_| {
                let width = dice.roll(0..=6);
                let entry = |dice: &mut Dice| (dice.roll(0..=reach - 1), dice.roll(-255..=255) << (6 + exponent));
                (0..atoms).map(|_| (0..width).map(|_| entry(&mut dice)).collect()).collect()
            })
            .collect();
        let (mut w, mut idx, mut ptr) = (Vec::new(), Vec::new(), vec![0]);
        for row in rows.iter().flatten() {
            idx.extend(row.iter().map(|pair| pair.0));
            w.extend(row.iter().map(|pair| pair.1));
            ptr.push(w.len() as i64);
        }
        draft.int32(&format!("{name}.w"), &[w.len()], &w);
        draft.int32(&format!("{name}.idx"), &[idx.len()], &idx);
        draft.int64(&format!("{name}.ptr"), &[ptr.len()], &ptr);
        draft.int32(&format!("{name}.n_atoms"), &[sets as usize], &vec![atoms; sets as usize]);
        let each = 8 + if kind == 0 { 0 } else { 6 };
        let bits: i64 = rows
            .iter()
            .map(|set| {
                let mut left = set.iter().map(Vec::len).sum::<usize>() as i64;
                let mut bits = 0;
                while left > 0 {
                    bits += (left.min(16) * each + 10 + 63) / 64 * 64;
                    left -= 16;
                }
                bits
            })
            .sum();
        let mut fields = json!({
            "name": name, "block": format!("b{block}"), "n_axons": axons, "pop_type": kind,
            "w": format!("{name}.w"), "idx": format!("{name}.idx"), "ptr": format!("{name}.ptr"),
            "n_atoms": format!("{name}.n_atoms"), "bits": bits,
            "cfg": {"weight_exp": exponent, "weight_bits": 7, "idx_bits": 1, "delay_bits": 0, "tag_bits": 0,
                    "n_synapses": 15, "compression": if kind == 0 { 3 } else { 0 }, "fanout_type": 1},
        });
        let (mut axon_sets, mut bases) = ((0..axons).collect::<Vec<_>>(), vec![0; axons as usize]);
        if kind != 0 {
            axon_sets = dice.list(axons as usize, 0..=sets - 1);
            bases = dice.list(axons as usize, -1..=compartments - reach);
            if kind == 16 {
                bases.iter_mut().for_each(|base| *base = *base / 4 * 4);
            }
            draft.int32(&format!("{name}.axon_to_weight"), &[axons as usize], &axon_sets);
            draft.int32(&format!("{name}.base"), &[axons as usize], &bases);
            fields["axon_to_weight"] = json!(format!("{name}.axon_to_weight"));
            fields["base"] = json!(format!("{name}.base"));
        }
        synapses.push(fields);
        groups.push(Group { block, rows, sets: axon_sets, bases });
        kinds.push((kind, axons, bits));
    }
    let (mut axon_fields, mut lines) = (Vec::new(), Vec::new());
    for index in 0..dice.roll(1..=4) {
        let name = format!("ax{index}");
        let source = dice.roll(0..=(inputs.len() + cores.len()) as i64 - 1) as usize;
        let (from, n) = match source.checked_sub(inputs.len()) {
            None => (format!("in{source}"), spikes_in[source][0].len()),
            Some(block) => (format!("b{block}"), cores[block].n),
        };
        let group = dice.roll(0..=groups.len() as i64 - 1) as usize;
        let atoms = groups[group].rows[0].len() as i64;
        let target = dice.list(n, -1..=groups[group].sets.len() as i64 - 1);
        let atom = dice.list(n, 0..=atoms - 1);
        draft.int32(&format!("{name}.target"), &[n], &target);
        draft.int32(&format!("{name}.atom"), &[n], &atom);
        axon_fields.push(json!({
            "name": name, "source": from, "synapse": format!("syn{group}"), "target": format!("{name}.target"),
            "atom": format!("{name}.atom"),
        }));
        lines.push(Line { source, group, target, atom });
    }
    let columns: usize = cores.iter().map(|core| core.n).sum();
    let draws = dice.list(steps * columns, -127..=127);
    if cores.iter().any(|core| core.lists[5].contains(&1)) {
        draft.int8("draws", &[steps, columns], &draws);
        draft.json["noise_draws"] = json!("draws");
    }

    let mut events = Vec::new();
    for t in 0..steps {
        let mut q: Vec<Vec<i64>> = cores.iter().map(|core| vec![0; core.n]).collect();
        for line in lines.iter().filter(|_| t > 0) {
            let group = &groups[line.group];
            let fired = match line.source.checked_sub(inputs.len()) {
                None => &spikes_in[line.source][t - 1],
                Some(block) => &cores[block].spikes[t - 1],
            };
            for sender in (0..fired.len()).filter(|&i| fired[i] != 0 && line.target[i] >= 0) {
                let axon = line.target[sender] as usize;
                if group.bases[axon] < 0 {
                    continue;
                }
                let before = q[group.block].clone();
                for &(index, weight) in &group.rows[group.sets[axon] as usize][line.atom[sender] as usize] {
                    let at = (group.bases[axon] + index) as usize;
                    q[group.block][at] = before[at] + weight;
                }
            }
        }
        let mut lost = [false; 3];
        let mut start = t * columns;
        for (core, q) in cores.iter_mut().zip(q) {
            let [decay_u, decay_v, vth, bias, period, enable] = &core.lists;
            let (exponent, offset, membrane) = core.noise;
            let mut s = vec![0; core.n];
            for i in 0..core.n {
                let draw = draws[start + i] as f64 + 64.0 * offset as f64;
                let noise = (draw * 2f64.powi(exponent as i32 - 7)) as i64 * enable[i];
                let (at_u, at_v) = if membrane == 1 { (0, noise) } else { (noise, 0) };
                let mut wrap = |x: i64, bits, which: usize| {
                    let y = wrapped(x, bits);
                    lost[which] |= x != y;
                    y
                };
                let shrink = |x: i64, keep: i64| x.signum() * ((x.abs() * keep) >> 12);
                let accumulated = wrap(q[i] + at_u, 22, 0);
                let u = wrap(shrink(core.u[i], 4095 - decay_u[i]) + accumulated, 24, 1);
                let u2 = wrap(u + bias[i] + at_v, 24, 2);
                let mut v = (shrink(core.v[i], 4096 - decay_v[i]) + u2).clamp(core.vmin, core.vmax);
                if core.left[i] > 0 {
                    v = 0;
                }
                s[i] = i64::from(v > vth[i]);
                core.left[i] = (if s[i] == 1 { period[i] } else { core.left[i] } - 1).max(0);
                core.u[i] = u;
                core.v[i] = if s[i] == 1 { 0 } else { v };
            }
            start += core.n;
            core.u_rows.extend(&core.u);
            core.v_rows.extend(&core.v);
            core.spikes.push(s);
        }
        for (name, _) in ["q0", "current", "u2"].iter().zip(lost).filter(|(_, lost)| *lost) {
            events.push(json!([t + 1, format!("Overflow in {name}")]));
        }
    }
    for (index, (core, block)) in cores.iter().zip(&mut blocks).enumerate() {
        let shape = [steps, core.n];
        draft.int32(&format!("b{index}.u"), &shape, &core.u_rows);
        draft.int32(&format!("b{index}.v"), &shape, &core.v_rows);
        draft.int8(&format!("b{index}.s"), &shape, &core.spikes.concat());
        let own = || groups.iter().zip(&kinds).filter(|(group, _)| group.block == index).map(|(_, kind)| kind);
        let outgoing = lines.iter().filter(|line| line.source == inputs.len() + index);
        let slots: i64 = outgoing
            .map(|line| if kinds[line.group].0 == 32 { 2 } else { 1 } * kinds[line.group].1.max(core.n as i64))
            .sum();
        block["utilization"] = json!({
            "compartments": [core.n, 1024],
            "in-axons": [own().map(|kind| kind.1).sum::<i64>(), 4096],
            "out-axons": [slots, 4096],
            "synapses": [own().map(|kind| kind.2).sum::<i64>(), 1_048_576],
        });
        block["validate"] = json!(true);
    }
    draft.json["n_overflow_events"] = json!(events.len());
    draft.json["overflow_events"] = Value::Array(events);
    draft.json["inputs"] = Value::Array(inputs);
    draft.json["blocks"] = Value::Array(blocks);
    draft.json["synapses"] = Value::Array(synapses);
    draft.json["axons"] = Value::Array(axon_fields);
    draft
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Passes as generated; a flipped bit in any trace is found at its place.
    #[test]
    fn generated_cases(seed in any::<u64>(), element in any::<prop::sample::Index>(), bit in 0..32usize) {
        let mut draft = generate(seed);
        let steps = draft.json["steps"].as_u64().unwrap() as usize;
        let blocks = draft.json["blocks"].as_array().unwrap().clone();
        let neurons: u64 = blocks.iter().map(|block| block["n"].as_u64().unwrap()).sum();
        prop_assert!(pass(&draft) > 3 * neurons * steps as u64);

        let which = seed as usize % blocks.len();
        let n = blocks[which]["n"].as_u64().unwrap() as usize;
        for (quantity, size) in [("u", 4), ("v", 4), ("s", 1)] {
            let key = format!("b{which}.{quantity}");
            let element = element.index(n * steps);
            draft.flip(&key, element, size, bit % (8 * size));
            let found = fail(&draft);
            prop_assert_eq!((found.row, found.neuron), (Some(element / n), Some(element % n)));
            prop_assert_eq!((found.key, found.differing), (key.clone(), 1));
            draft.flip(&key, element, size, bit % (8 * size));
        }
    }
}

/// A seed whose case has overflow events and a group of shared weights.
fn rich() -> u64 {
    (0..)
        .find(|&seed| {
            let json = generate(seed).json;
            let shared = json["synapses"].as_array().unwrap().iter().any(|group| group.get("base").is_some());
            shared && json["overflow_events"].as_array().unwrap().len() > 3 && json["synapses"][0].get("base").is_some()
        })
        .unwrap()
}

/// What is recorded beside the traces is compared too.
#[test]
fn facts_are_compared() {
    let seed = rich();
    let cases: [(&str, Value, &str); 8] = [
        ("/overflow_events/1", json!([1, "Overflow in nothing"]), "overflow_events[1]"),
        ("/overflow_events/0/0", json!(9999), "overflow_events[0]"),
        ("/n_overflow_events", json!(0), "n_overflow_events"),
        ("/blocks/0/utilization/compartments", json!([3000, 1024]), "blocks[0].utilization.compartments"),
        ("/blocks/0/utilization/in-axons/1", json!(4095), "blocks[0].utilization.in-axons"),
        ("/blocks/0/utilization/out-axons", json!([5000, 4096]), "blocks[0].utilization.out-axons"),
        ("/synapses/0/bits", json!(1), "synapses[0].bits"),
        ("/blocks/0/validate", json!("Number of compartments (1025) exceeded max (1024)"), "blocks[0].validate"),
    ];
    for (pointer, value, field) in cases {
        let mut draft = generate(seed);
        draft.set(pointer, value);
        let found = fail(&draft);
        assert_eq!((found.quantity.as_str(), found.row), (field, None), "{found}");
    }
    // The list may be cut short as long as the total is there.
    let mut draft = generate(seed);
    draft.json["overflow_events"].as_array_mut().unwrap().truncate(2);
    pass(&draft);
    draft.json.as_object_mut().unwrap().remove("n_overflow_events");
    assert!(fail(&draft).quantity.starts_with("overflow_events["));
}

/// A core that is too full says so with both numbers, in whatever words.
#[test]
fn the_validator_is_followed() {
    let mut draft = Draft::new(json!({
        "format": "nengo-loihi-golden/1", "steps": 0, "inputs": [], "axons": [], "synapses": [],
        "blocks": [{"name": "b0", "n": 1025, "vmin": 0, "vmax": 8_388_607,
                    "params": {"decay_u": "z", "decay_v": "z", "vth": "z", "bias": "z", "refract_delay": "z",
                               "enable_noise": "z"},
                    "validate": "LoihiBlock(x): Number of compartments (1025) exceeded max (1024)"}],
    }));
    draft.int32("z", &[1025], &[0; 1025]);
    assert_eq!(pass(&draft), 1);
    draft.json["blocks"][0]["validate"] = json!("Number of compartments (1026) exceeded max (1024)");
    assert_eq!(fail(&draft).got, "compartments (1025) exceeded max (1024)");
    draft.json["blocks"][0]["validate"] = json!(true);
    assert_eq!(fail(&draft).expected, "true");
}

/// A format of synapses that the chip does not have is what the validator complains about; the emulator runs it all the
/// same, and so does the replay.
#[test]
fn formats_of_synapses_that_do_not_exist_are_replayed() {
    let mut draft = Draft::new(json!({
        "format": "nengo-loihi-golden/1", "steps": 2, "axons": [],
        "inputs": [{"name": "in0", "n": 1, "spikes": "in"}],
        "blocks": [{"name": "b0", "n": 1, "vmin": 0, "vmax": 8_388_607,
                    "params": {"decay_u": "z", "decay_v": "z", "vth": "vth", "bias": "z", "refract_delay": "z",
                               "enable_noise": "z"},
                    "traces": {"u": "u"}, "validate": "AssertionError"}],
        "synapses": [{"name": "syn0", "block": "b0", "n_axons": 1, "pop_type": 0, "w": "w", "idx": "idx",
                      "ptr": "ptr", "n_atoms": "one",
                      "cfg": {"weight_exp": 8, "weight_bits": 7, "idx_bits": 1, "delay_bits": 0, "tag_bits": 0,
                              "n_synapses": 63, "compression": 3, "fanout_type": 1}}],
    }));
    draft.json["axons"] = json!([{"name": "ax0", "source": "in0", "synapse": "syn0", "target": "z", "atom": "z"}]);
    for (key, values) in [("z", &[0][..]), ("vth", &[1 << 22]), ("w", &[100 << 14]), ("idx", &[0]), ("ptr", &[0, 1])] {
        draft.int32(key, &[values.len()], values);
    }
    draft.int32("one", &[1], &[1]);
    draft.int8("in", &[2, 1], &[1, 0]);
    draft.int32("u", &[2, 1], &[0, 100 << 14]);
    assert_eq!(pass(&draft), 3);
    draft.json["blocks"][0]["validate"] = json!(true);
    assert_eq!(fail(&draft).got, "weight_exp is 8, not -7 to 7");
    draft.set("/synapses/0/cfg/weight_exp", json!(7));
    let text = crate::run(&[draft.write()]).text();
    assert!(!text.contains("mantissa") && text.contains("pass"), "{text}");
    draft.int32("w", &[1], &[101 << 12]);
    draft.int32("u", &[2, 1], &[0, 101 << 12]);
    draft.set("/synapses/0/cfg/weight_exp", json!(-1));
    let text = crate::run(&[draft.write()]).text();
    assert!(
        text.contains("pass") && text.contains("syn0: 1 weights are no mantissa of -256 to 255 times 2^5"),
        "{text}"
    );
    // Only multiples of the step count, and down to the smallest step nothing slips through.
    draft.json["blocks"][0]["validate"] = json!(null);
    for (weight, exponent, is_given) in [
        (32, -1, true),
        (33, -1, false),
        (-256 * 32, -1, true),
        (256 * 32, -1, false),
        (0, 64, true),
        (1, 64, false),
        (-1, -14, true),
        (1, -14, false),
        (-2, -14, false),
        (0, -64, true),
        (1, -64, false),
        (-1 << 20, -64, false),
    ] {
        draft.int32("w", &[1], &[weight.into()]);
        draft.int32("u", &[2, 1], &[0, weight.into()]);
        draft.set("/synapses/0/cfg/weight_exp", json!(exponent));
        let text = crate::run(&[draft.write()]).text();
        assert_eq!(
            (text.contains("pass"), !text.contains("no mantissa")),
            (true, is_given),
            "{weight} {exponent}: {text}"
        );
    }
    draft.int32("u", &[2, 1], &[0, 0]);
    draft.int32("w", &[1], &[0]);
    draft.set("/synapses/0/cfg/weight_exp", json!(0));
    draft.json["blocks"][0]["validate"] = json!(true);
    for name in ["idx_mult", "idx_offset"] {
        draft.json["synapses"][0]["cfg"][name] = json!(16);
        assert_eq!(fail(&draft).got, format!("{name} is 16, not 0 to 15"));
        draft.json["synapses"][0]["cfg"][name] = json!(15);
    }
    // What may be left out is 0, which is no type of fan-out; the rest must be there.
    draft.json["synapses"][0]["cfg"]["idx_mult"] = json!(null);
    draft.json["synapses"][0]["cfg"]["fanout_type"] = json!(null);
    assert_eq!(fail(&draft).got, "fanout_type is 0, not 1 to 3");
    draft.json["synapses"][0]["cfg"]["tag_bits"] = json!(null);
    assert!(error(&draft).contains("the field 'synapses[0].cfg.tag_bits' is missing"));
}

#[test]
fn fields_are_checked() {
    let seed = rich();
    let cases: [(&str, Value, &str); 14] = [
        ("/steps", json!(1000), "shape"),
        ("/inputs/0/spikes", json!("b0.u"), "must have int8"),
        ("/blocks/0/vmin", json!(9_000_000), "vmin is 9000000"),
        ("/blocks/0/vmin", Value::Null, "'blocks[0].vmin' is missing"),
        ("/blocks/0/params/vth", json!("b9.vth"), "no array 'b9.vth' (named by the field 'blocks[0].params.vth')"),
        ("/blocks/0/noise_at_membrane", json!(2), "'blocks[0].noise_at_membrane' is 2"),
        ("/synapses/0/block", json!("b9"), "'synapses[0].block' is \"b9\""),
        ("/synapses/0/learning", json!(true), "'synapses[0].learning' asks for learning"),
        ("/synapses/0/pop_type", json!(8), "'synapses[0].pop_type' is 8"),
        ("/synapses/0/n_axons", json!(77), "shape"),
        ("/synapses/0/idx", json!("syn0.ptr"), "shape"),
        ("/axons/0/source", json!("syn0"), "'axons[0].source' is \"syn0\""),
        ("/axons/0/synapse", json!("b0"), "'axons[0].synapse' is \"b0\""),
        ("/axons/0/target", json!("syn0.w"), "shape"),
    ];
    for (pointer, value, message) in cases {
        let mut draft = generate(seed);
        draft.set(pointer, value);
        let text = error(&draft);
        assert!(text.contains(message), "{pointer}: {text}");
    }
    let list = |draft: &mut Draft, key: &str, value: i64| {
        let n = draft.elements(key, 4);
        draft.int32(key, &[n], &vec![value; n]);
    };
    for (key, value, message) in [
        ("b0.decay_u", 4096, "'b0': neuron 0: decay_u is 4096"),
        ("b0.refract_delay", -1, "'b0': neuron 0: refractory is -1"),
        ("syn0.idx", -1, "idx[0] is -1"),
        ("syn0.axon_to_weight", 9, "there is no such set of weights"),
        ("ax0.target", 99, "axon 99"),
        ("ax0.atom", 99, "atom 99"),
    ] {
        // Not every seed uses the parts that are spoilt here.
        let text = (seed..seed + 500).find_map(|seed| {
            let mut draft = generate(seed);
            let usable = draft.json["synapses"][0].get("base").is_some()
                && draft.elements("syn0.w", 4) > 0
                && draft.json["axons"][0]["synapse"] == "syn0";
            if !usable {
                return None;
            }
            list(&mut draft, key, value);
            let report = crate::run(&[draft.write()]).text();
            report.contains(message).then_some(report)
        });
        assert!(text.is_some(), "{key}: nothing says '{message}'");
    }
    let mut noisy = (0..).map(generate).find(|draft| draft.arrays.contains_key("draws")).unwrap();
    noisy.json.as_object_mut().unwrap().remove("noise_draws");
    assert!(error(&noisy).contains("'noise_draws' is missing"));
}
