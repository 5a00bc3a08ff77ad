//! Generated `neuro-golden/1` cases: every kind, model and form of parameter, against sums over the whole past.

use super::draft::Draft;
use super::{Dice, error, fail, pass};
use proptest::prelude::*;
use serde_json::{Value, json};

struct Source {
    name: String,
    n: usize,
    /// What it emitted, a row per step.
    rows: Vec<Vec<i64>>,
}

struct Population {
    source: usize,
    model: &'static str,
    du: Vec<i64>,
    dv: Vec<i64>,
    high: Vec<i64>,
    low: Vec<i64>,
    bias: Vec<i64>,
    reset: (u64, u64),
    u: Vec<i64>,
    v: Vec<i64>,
    u_rows: Vec<i64>,
    v_rows: Vec<i64>,
}

struct Connection {
    pre: usize,
    post: usize,
    weights: Vec<i64>,
    delays: Vec<i64>,
    exponent: i64,
    graded: bool,
}

/// A parameter as a number or as an array, and its value for each neuron.
fn parameter(
    dice: &mut Dice,
    draft: &mut Draft,
    key: &str,
    n: usize,
    range: std::ops::RangeInclusive<i64>,
) -> (Value, Vec<i64>) {
    if dice.roll(0..=1) == 0 {
        let value = dice.roll(range);
        return (json!(value), vec![value; n]);
    }
    let values = dice.list(n, range);
    if dice.roll(0..=1) == 0 {
        draft.int32(key, &[n], &values);
    } else {
        draft.int64(key, &[n], &values);
    }
    (json!(key), values)
}

fn stored(w: i64, bits: i64, sign: &str) -> i64 {
    let k = 8 - bits + i64::from(sign == "mixed");
    let cut = |w: i64| w.div_euclid(1 << k) * (1 << k);
    match sign {
        "mixed" => cut(w.clamp(-256, 255)),
        "exc" => cut(w.clamp(0, 255)),
        _ => -cut((-w).clamp(0, 255)),
    }
}

/// A random case with the traces that it must have.
fn generate(seed: u64) -> Draft {
    let mut dice = Dice(seed);
    let steps = dice.roll(1..=40) as usize;
    let mut draft = Draft::new(json!({"format": "neuro-golden/1", "name": "generated", "steps": steps}));
    let mut sources = Vec::new();
    let mut inputs = Vec::new();
    for index in 0..dice.roll(0..=2) {
        let (name, n) = (format!("in{index}"), dice.roll(1..=5) as usize);
        let rarity = dice.roll(1..=4);
        let data = dice.sparse(steps * n, rarity, -100..=100);
        draft.int32(&format!("{name}.data"), &[steps, n], &data);
        inputs.push(json!({"name": name, "n": n, "data": format!("{name}.data")}));
        let rows = data.chunks(n).map(<[i64]>::to_vec).collect();
        sources.push(Source { name, n, rows });
    }
    let first = sources.len();
    let (mut populations, mut described) = (Vec::new(), Vec::new());
    for index in 0..dice.roll(1..=3) {
        let (name, n) = (format!("p{index}"), dice.roll(1..=6) as usize);
        let model = dice.choose(&["lif", "ternary_lif", "lif_reset"]);
        let mut fields = json!({"name": name, "n": n, "model": model});
        let mut set = |field: &str, range| {
            let (value, values) = parameter(&mut dice, &mut draft, &format!("{name}.{field}"), n, range);
            fields[field] = value;
            values
        };
        let (du, dv) = (set("du", 0..=4095), set("dv", 0..=4095));
        let (mantissa, exponent) = (set("bias_mant", -4000..=4000), set("bias_exp", -3..=7));
        let (u0, v0) = (set("u0", -90_000..=90_000), set("v0", -90_000..=90_000));
        let (high, low) = match model {
            "ternary_lif" => (set("vth_hi", 0..=900), set("vth_lo", -900..=0)),
            _ => (set("vth", 0..=900), vec![i64::MIN / 64; n]),
        };
        let mut reset = (u64::MAX, 1);
        if model == "lif_reset" {
            reset = (dice.roll(1..=9) as u64, dice.roll(0..=12) as u64);
            fields["reset_interval"] = json!(reset.0);
            fields["reset_offset"] = json!(reset.1);
        }
        let bias = mantissa
            .iter()
            .zip(&exponent)
            .map(|(&m, &e)| if e >= 0 { m << e } else { m.div_euclid(1 << -e) })
            .collect();
        fields["traces"] = json!({"u": format!("{name}.u"), "v": format!("{name}.v"), "s": format!("{name}.s")});
        described.push(fields);
        populations.push(Population {
            source: sources.len(),
            model,
            du,
            dv,
            high,
            low,
            bias,
            reset,
            u: u0,
            v: v0,
            u_rows: Vec::new(),
            v_rows: Vec::new(),
        });
        sources.push(Source { name, n, rows: Vec::new() });
    }
    let (mut connections, mut lines) = (Vec::new(), Vec::new());
    for index in 0..dice.roll(0..=5) {
        let name = format!("c{index}");
        let pre = dice.roll(0..=sources.len() as i64 - 1) as usize;
        let post = dice.roll(first as i64..=sources.len() as i64 - 1) as usize;
        let shape = [sources[post].n, sources[pre].n];
        let given = match dice.roll(0..=2) {
            0 => dice.sparse(shape[0] * shape[1], 2, -300..=300),
            1 => dice.list(shape[0] * shape[1], 0..=255),
            _ => dice.list(shape[0] * shape[1], -256..=0),
        };
        draft.int32(&format!("{name}.w"), &shape, &given);
        let (bits, exponent) = (dice.roll(1..=8), dice.roll(-8..=7));
        let mode = dice.choose(&["auto", "mixed", "exc", "inh"]);
        let sign = match mode {
            "auto" if given.iter().all(|&w| w >= 0) => "exc",
            "auto" if given.iter().all(|&w| w <= 0) => "inh",
            "auto" => "mixed",
            given => given,
        };
        let kind = dice.choose(&["dense", "sparse", "delay_dense", "delay_sparse"]);
        let message_bits = dice.choose(&[0, 0, 2, 8, 24]);
        let mut fields = json!({
            "name": name, "pre": sources[pre].name, "post": sources[post].name, "kind": kind,
            "weights": format!("{name}.w"), "weight_exp": exponent, "num_weight_bits": bits, "sign_mode": mode,
            "num_message_bits": message_bits,
        });
        let delays = if kind.starts_with("delay") {
            let most = dice.choose(&[3, 63]);
            let delays = dice.list(shape[0] * shape[1], 0..=most);
            draft.int32(&format!("{name}.d"), &shape, &delays);
            fields["delays"] = json!(format!("{name}.d"));
            delays
        } else {
            vec![0; given.len()]
        };
        let weights = given.iter().map(|&w| stored(w, bits, sign)).collect();
        connections.push(fields);
        lines.push(Connection { pre, post, weights, delays, exponent, graded: message_bits > 0 });
    }

    for t in 0..steps {
        let mut spikes = Vec::new();
        for population in &mut populations {
            let n = population.u.len();
            if (t as u64 + 1) % population.reset.0 == population.reset.1 % population.reset.0
                && population.model == "lif_reset"
            {
                population.u.fill(0);
                population.v.fill(0);
            }
            let mut s = vec![0; n];
            for (post, s) in s.iter_mut().enumerate() {
                let mut a = 0;
                for line in lines.iter().filter(|line| line.post == population.source) {
                    let m = sources[line.pre].n;
                    for delay in 0..=63 {
                        let Some(sent) = t.checked_sub(1 + delay) else { break };
                        let sum: i64 = (0..m)
                            .filter(|pre| line.delays[post * m + pre] == delay as i64)
                            .map(|pre| {
                                let payload = sources[line.pre].rows[sent][pre];
                                let payload = if line.graded { payload } else { i64::from(payload != 0) };
                                line.weights[post * m + pre] * payload
                            })
                            .sum();
                        a += if line.exponent >= 0 { sum << line.exponent } else { sum >> -line.exponent };
                    }
                }
                let shrink = |x: i64, keep: i64| x.signum() * ((x.abs() * keep) >> 12);
                let mut u = shrink(population.u[post], 4095 - population.du[post]) + (a << 6);
                u += if u > 1 << 23 {
                    -(1 << 24)
                } else if u <= -(1 << 23) {
                    1 << 24
                } else {
                    0
                };
                let v = shrink(population.v[post], 4096 - population.dv[post]) + u + population.bias[post];
                let v = v.clamp(1 - (1 << 23), (1 << 23) - 1);
                *s = i64::from(v > population.high[post] * 64) - i64::from(v < population.low[post] * 64);
                population.u[post] = u;
                population.v[post] = if *s == 0 { v } else { 0 };
            }
            population.u_rows.extend(&population.u);
            population.v_rows.extend(&population.v);
            spikes.push(s);
        }
        for (population, s) in populations.iter().zip(spikes) {
            sources[population.source].rows.push(s);
        }
    }
    for population in &populations {
        let source = &sources[population.source];
        let shape = [steps, source.n];
        draft.int32(&format!("{}.u", source.name), &shape, &population.u_rows);
        draft.int32(&format!("{}.v", source.name), &shape, &population.v_rows);
        draft.int8(&format!("{}.s", source.name), &shape, &source.rows.concat());
    }
    draft.json["inputs"] = Value::Array(inputs);
    draft.json["populations"] = Value::Array(described);
    draft.json["connections"] = Value::Array(connections);
    draft
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Passes as generated; a flipped bit in any trace is found at its place.
    #[test]
    fn generated_cases(seed in any::<u64>(), element in any::<prop::sample::Index>(), bit in 0..32usize) {
        let mut draft = generate(seed);
        let steps = draft.json["steps"].as_u64().unwrap();
        let populations = draft.json["populations"].as_array().unwrap().clone();
        let neurons: u64 = populations.iter().map(|p| p["n"].as_u64().unwrap()).sum();
        prop_assert_eq!(pass(&draft), 3 * neurons * steps);

        let population = &populations[seed as usize % populations.len()];
        let n = population["n"].as_u64().unwrap() as usize;
        for (quantity, size) in [("u", 4), ("v", 4), ("s", 1)] {
            let key = population["traces"][quantity].as_str().unwrap();
            let element = element.index(n * steps as usize);
            draft.flip(key, element, size, bit % (8 * size));
            let found = fail(&draft);
            prop_assert_eq!(found.key.as_str(), key);
            prop_assert_eq!((found.row, found.neuron), (Some(element / n), Some(element % n)));
            prop_assert_eq!(found.differing, 1);
            draft.flip(key, element, size, bit % (8 * size));
        }
    }
}

/// One neuron fed by one channel through delay 2, in all three ways that a difference is explained.
#[test]
fn a_difference_names_what_arrived() {
    let mut draft = Draft::new(json!({
        "format": "neuro-golden/1", "steps": 6,
        "inputs": [{"name": "in0", "n": 2, "data": "x"}],
        "populations": [{"name": "p0", "n": 1, "model": "lif", "du": 4095, "dv": 0, "vth": 1000,
                         "traces": {"u": "u", "v": "v"}}],
        "connections": [{"name": "c0", "pre": "in0", "post": "p0", "kind": "delay_dense", "weights": "w",
                         "delays": "d", "num_message_bits": 8}],
    }));
    draft.int32("x", &[6, 2], &[0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    draft.int32("w", &[1, 2], &[10, -20]);
    draft.int32("d", &[1, 2], &[2, 0]);
    draft.int32("u", &[6, 1], &[0, 0, -1280, 0, 1920, 0]);
    draft.int32("v", &[6, 1], &[0, 0, -1280, -1280, 640, 640]);
    assert_eq!(pass(&draft), 12);

    draft.int32("u", &[6, 1], &[0, 0, -1280, 0, 1921, 0]);
    draft.int32("v", &[6, 1], &[0, 0, -1280, -1281, 641, 640]);
    let found = fail(&draft);
    assert_eq!(
        found.to_string(),
        "\
first difference: row 3, p0[0], v
  expected -1281  0xfffffaff
  got      -1280  0xfffffb00
  no event arrived in this row
  row     1:  u 0  v 0
  row     2:  u -1280  v -1280
  row     3:  u 0  v -1281 (got -1280)
  3 of 12 values differ"
    );
    draft.int32("v", &[6, 1], &[0, 0, -1280, -1280, 641, 640]);
    let text = fail(&draft).to_string();
    assert!(text.contains("row 4, p0[0], u"), "{text}");
    assert!(text.contains("    c0: in0[0] sent in row 1, payload 3, weight 10\n"), "{text}");
}

/// Payloads of any size and sign multiply weights where a connection takes messages and count as 1 where it does not;
/// what a negative exponent rounds down is the sum of a step.
#[test]
fn payloads_reach_connections_as_they_ask() {
    let mut draft = Draft::new(json!({
        "format": "neuro-golden/1", "steps": 5,
        "inputs": [{"name": "in0", "n": 2, "data": "x"}],
        "populations": [
            {"name": "p0", "n": 1, "model": "lif", "du": 4095, "dv": 4095, "vth": 131071, "traces": {"u": "a"}},
            {"name": "p1", "n": 1, "model": "lif", "du": 4095, "dv": 4095, "vth": 131071, "traces": {"u": "b"}},
        ],
        "connections": [
            {"name": "c0", "pre": "in0", "post": "p0", "kind": "dense", "weights": "w", "num_message_bits": 16,
             "weight_exp": -2},
            {"name": "c1", "pre": "in0", "post": "p1", "kind": "dense", "weights": "w"},
        ],
    }));
    draft.int32("x", &[5, 2], &[1000, 0, -301, 1, 0, 0, 1, 1, 0, 0]);
    draft.int32("w", &[1, 2], &[3, 1]);
    // floor(3000 / 4), floor(-902 / 4), floor(4 / 4), each times 64.
    draft.int32("a", &[5, 1], &[0, 48_000, -14_464, 0, 64]);
    draft.int32("b", &[5, 1], &[0, 192, 256, 0, 256]);
    assert_eq!(pass(&draft), 10);
}

/// Every field that a user can get wrong is named.
#[test]
fn fields_are_checked() {
    // A generated case that has all that is changed below.
    let seed = (0..)
        .find(|&seed| {
            let json = generate(seed).json;
            let kinds = |list: &str, field: &str, value: &str| {
                json[list].as_array().unwrap().iter().any(|entry| entry[field].as_str() == Some(value))
            };
            kinds("connections", "kind", "delay_dense")
                && kinds("connections", "pre", "in0")
                && json["populations"][0]["model"] == "lif_reset"
                && json["connections"][0]["kind"] == "delay_dense"
                && json["steps"].as_u64() > Some(2)
        })
        .unwrap();
    let cases: [(&str, Value, &str); 22] = [
        ("/steps", json!(-1), "'steps' is -1"),
        ("/steps", json!(1), "shape"),
        ("/inputs", Value::Null, "'inputs' is missing"),
        ("/inputs/0/n", json!(0), "'inputs[0].n' is 0"),
        ("/inputs/0/n", json!(7), "shape"),
        ("/inputs/0/data", json!("nothing"), "no array 'nothing' (named by the field 'inputs[0].data')"),
        ("/inputs/0/name", json!("p0"), "'populations[0].name' is \"p0\""),
        ("/populations/0/model", json!("alif"), "'populations[0].model' is \"alif\""),
        ("/populations/0/du", json!(4096), "decay_u is 4096"),
        ("/populations/0/du", json!(1.5), "'populations[0].du' is 1.5"),
        ("/populations/0/dv", json!(-1), "decay_v is -1"),
        ("/populations/0/dv", json!("c0.w"), "the array 'c0.w' has the shape"),
        ("/populations/0/reset_interval", json!(0), "'populations[0].reset_interval' is 0"),
        ("/populations/0/traces", json!({"w": "p0.u"}), "'populations[0].traces.w' asks for a quantity other"),
        ("/populations/0/traces/u", json!("p0.s"), "must have int32"),
        ("/connections/0/kind", json!("conv"), "'connections[0].kind' is \"conv\""),
        ("/connections/0/pre", json!("p9"), "'connections[0].pre' is \"p9\""),
        ("/connections/0/weight_exp", json!(99), "'connections[0].weight_exp' is 99"),
        ("/connections/0/num_weight_bits", json!(9), "'connections[0].num_weight_bits' is 9"),
        ("/connections/0/sign_mode", json!(1), "'connections[0].sign_mode' is 1"),
        ("/connections/0/delays", Value::Null, "'connections[0].delays' is missing"),
        ("/stats", json!({"p0.x": 3}), "'stats.p0.x' is 3"),
    ];
    for (pointer, value, message) in cases {
        let mut draft = generate(seed);
        draft.set(pointer, value);
        let text = error(&draft);
        assert!(text.contains(message), "{pointer}: {text}");
        assert!(text.contains("case."), "{pointer}: no file in {text}");
    }
    let mut draft = generate(seed);
    let rows = draft.json["populations"].as_array().unwrap().iter();
    let posts = rows.filter(|p| p["name"] == draft.json["connections"][0]["post"]).map(|p| p["n"].as_u64());
    let post = posts.flatten().next().unwrap() as usize;
    let pre = draft.elements("c0.d", 4) / post;
    draft.int32("c0.d", &[post, pre], &vec![64; post * pre]);
    assert!(error(&draft).contains("the array 'c0.d' holds 64 at [0, 0]"), "{}", error(&draft));
    let mut draft = generate(seed);
    for population in draft.json["populations"].as_array_mut().unwrap() {
        population.as_object_mut().unwrap().remove("traces");
    }
    assert!(error(&draft).contains("nothing to compare"));
}
