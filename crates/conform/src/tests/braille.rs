//! Cases whose weights are in another file: replayed where it is found, else checked against themselves and never
//! called passed.

use super::draft::Draft;
use super::{Dice, error, fail, pass};
use crate::{CaseResult, ConformError, run};
use hdf5_pure::FileBuilder;
use serde_json::json;
use std::path::Path;

/// Two neurons, one output of which wins, and the rasters of two platforms.
fn small() -> Draft {
    let mut draft = Draft::new(json!({
        "format": "nir-braille-golden/1", "nir_file": "nets/small.nir", "dt": 0.0001, "steps": 3,
        "n_in": 1, "n_hidden": 2, "n_out": 2, "label": 1,
        "hidden": {
            "a": {"key": "hidden_a", "spikes": 3, "exact_rule": "any"},
            "b": {"key": "hidden_b", "spikes": 4},
        },
        "out_counts_snntorch_rule": [1, 2],
    }));
    draft.array("input", "|u1", &[3, 1], vec![1, 0, 1]);
    draft.array("hidden_a", "<i2", &[3, 2], vec![1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
    draft.array("hidden_b", "<i2", &[3, 2], vec![2, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
    draft.array("out_snntorch_rule", "|u1", &[3, 2], vec![1, 1, 0, 1, 0, 0]);
    draft
}

#[test]
fn a_whole_case_is_skipped_with_the_reason() {
    let draft = small();
    let path = draft.write();
    let report = run(&[path]);
    let CaseResult::Skipped(reason) = &report.cases[0].result else { panic!("{}", report.text()) };
    assert_eq!(
        reason,
        "the weights of this net are in 'nets/small.nir', which is neither beside the case nor in a folder `nir` there \
         or above: only its 4 spike counts and its label were compared with its rasters"
    );
    // Asked for alone it is no success: nothing was replayed.
    assert!(report.failed() && matches!(report.cases[1].result, CaseResult::Error(ConformError::NoCase { .. })));
}

#[test]
fn contradictions_are_differences() {
    for (key, element, size, field, values) in [
        ("hidden_a", 5, 2, "hidden.a.spikes", ("3", "4")),
        ("hidden_b", 0, 2, "hidden.b.spikes", ("4", "5")),
        ("out_snntorch_rule", 4, 1, "out_counts_snntorch_rule[0]", ("1", "2")),
    ] {
        let mut draft = small();
        draft.flip(key, element, size, 0);
        let found = fail(&draft);
        assert_eq!((found.quantity.as_str(), found.expected.as_str(), found.got.as_str()), (field, values.0, values.1));
    }
    let mut draft = small();
    draft.set("/label", json!(0));
    assert_eq!(fail(&draft).quantity, "label");
}

#[test]
fn damage_is_refused_by_name() {
    let check = |change: &dyn Fn(&mut Draft), message: &str| {
        let mut draft = small();
        change(&mut draft);
        let text = error(&draft);
        assert!(text.contains(message), "'{message}' is not in {text}");
    };
    check(&|d| d.set("/nir_file", json!(null)), "the field 'nir_file' is missing");
    check(
        &|d| d.set("/hidden/a/key", json!("hidden_c")),
        "holds no array 'hidden_c' (named by the field 'hidden.a.key')",
    );
    check(&|d| d.set("/n_hidden", json!(3)), "the array 'hidden_a' has the shape [3, 2]; it must have [3, 3]");
    check(&|d| d.set("/label", json!(2)), "the field 'label' is 2; it must be an integer from 0 to 1");
    check(&|d| d.set("/out_counts_snntorch_rule", json!([1])), "it must be a list of 2 counts");
    check(&|d| d.array("input", "|u1", &[3, 1], vec![1, 7, 0]), "the array 'input' holds 7 at [1, 0]");
    check(&|d| d.array("hidden_a", "|u1", &[3, 2], vec![0; 6]), "elements of type '|u1'; it must have int16");
    check(&|d| d.set("/steps", json!(1 << 27)), "the field 'n_hidden' is 2; it must be at most 1 for 134217728 steps");
    check(&|d| d.set("/steps", json!(1 << 26)), "has the shape [3, 1]");
}

/// A net: all numbers are multiples of 1/16, so that double precision is exact.
struct Net {
    sizes: [usize; 3],
    /// Weights and biases of input, recurrent and readout.
    affine: [(Vec<f64>, Vec<f64>); 3],
    /// Decay factors of current and voltage, of hidden and output.
    keep: [[f64; 2]; 2],
}

const STEP: f64 = 0.25;

impl Net {
    fn new(dice: &mut Dice) -> Self {
        let sizes = [0; 3].map(|_| dice.roll(1..=6) as usize);
        let [i, h, o] = sizes;
        let mut list = |n: usize| dice.list(n, -24..=40).iter().map(|&x| x as f64 / 16.0).collect::<Vec<_>>();
        let affine = [(h, i), (h, h), (o, h)].map(|(rows, columns)| (list(rows * columns), list(rows)));
        let keep = [0; 2].map(|_| [0; 2].map(|_| dice.choose(&[0.0, 0.5, 0.75])));
        Net { sizes, affine, keep }
    }

    /// Spikes for spikes, by the book.
    fn layer(&self, steps: usize, at: usize, input: &[u8], reset: &str, skip_first: bool) -> Vec<u8> {
        let (n, (weights, bias)) = (self.sizes[at + 1], &self.affine[2 * at]);
        let columns = self.sizes[at];
        let [keep_i, keep_v] = self.keep[at];
        let (mut i, mut v, mut z) = (vec![0.0; n], vec![0.0; n], vec![0u8; n]);
        let mut raster = Vec::new();
        for step in 0..steps {
            let before = z.clone();
            for k in 0..n {
                let dot = |w: &[f64], s: &[u8]| w.iter().zip(s).map(|(w, s)| w * f64::from(*s)).sum::<f64>();
                let mut x = bias[k] + dot(&weights[k * columns..][..columns], &input[step * columns..][..columns]);
                if at == 0 && !(skip_first && step == 0) {
                    x += self.affine[1].1[k] + dot(&self.affine[1].0[k * n..][..n], &before);
                }
                let owed = f64::from(u8::from(reset == "ahead" && v[k] > 1.0));
                i[k] = keep_i * i[k] + x;
                v[k] = keep_v * v[k] + i[k] - owed;
                z[k] = u8::from(v[k] > 1.0);
                match reset {
                    "zero" => v[k] *= 1.0 - f64::from(z[k]),
                    _ => v[k] -= f64::from(z[k]) - owed,
                }
            }
            raster.extend(&z);
        }
        raster
    }

    /// The file, with one parameter of the hidden neurons changed if `change` says so.
    fn file(&self, change: Option<(&str, f64)>) -> Vec<u8> {
        let mut builder = FileBuilder::new();
        let mut graph = builder.create_group("node");
        graph.create_dataset("type").with_vlen_strings(&["NIRGraph"]).with_shape(&[]);
        let edges = ["x", "in", "in", "hid", "hid", "rec", "rec", "hid", "hid", "out", "out", "last", "last", "y"];
        graph.create_dataset("edges").with_vlen_strings(&edges).with_shape(&[7, 2]);
        let mut nodes = graph.create_group("nodes");
        let [i, h, o] = self.sizes;
        for (name, kind) in [("x", "Input"), ("y", "Output")] {
            let mut node = nodes.create_group(name);
            node.create_dataset("type").with_vlen_strings(&[kind]).with_shape(&[]);
            nodes.add_group(node.finish());
        }
        for (name, at, rows, columns) in [("in", 0, h, i), ("rec", 1, h, h), ("out", 2, o, h)] {
            let (weights, bias) = &self.affine[at];
            let mut node = nodes.create_group(name);
            node.create_dataset("type").with_vlen_strings(&["Affine"]).with_shape(&[]);
            node.create_dataset("weight").with_f64_data(weights).with_shape(&[rows as u64, columns as u64]);
            node.create_dataset("bias").with_f64_data(bias).with_shape(&[rows as u64]);
            nodes.add_group(node.finish());
        }
        for (name, at, n) in [("hid", 0, h), ("last", 1, o)] {
            let mut node = nodes.create_group(name);
            node.create_dataset("type").with_vlen_strings(&["CubaLIF"]).with_shape(&[]);
            let tau = self.keep[at].map(|keep| STEP / (1.0 - keep));
            for (part, value) in [
                ("tau_syn", tau[0]),
                ("tau_mem", tau[1]),
                ("w_in", tau[0] / STEP),
                ("r", tau[1] / STEP),
                ("v_threshold", 1.0),
                ("v_leak", 0.0),
            ] {
                let value = change.filter(|(name, _)| at == 0 && *name == part).map_or(value, |(_, value)| value);
                node.create_dataset(part).with_f64_data(&vec![value; n]).with_shape(&[n as u64]);
            }
            nodes.add_group(node.finish());
        }
        graph.add_group(nodes.finish());
        builder.add_group(graph.finish());
        builder.finish().unwrap()
    }
}

/// A case of three platforms that follow their rules and one that follows none, and its net.
fn generate(seed: u64) -> (Draft, Net) {
    let mut dice = Dice(seed);
    let (net, steps) = (Net::new(&mut dice), dice.roll(1..=30) as usize);
    let [inputs, hidden, outputs] = net.sizes;
    let input: Vec<u8> = dice.list(steps * inputs, 0..=1).iter().map(|&x| x as u8).collect();
    let zero = dice.roll(0..=1) == 0;
    let reset = if zero { "zero" } else { "ahead" };
    let snntorch = net.layer(steps, 0, &input, reset, false);
    let mut spyx = net.layer(steps, 0, &input, "subtract", false);
    spyx.rotate_right(hidden);
    spyx[..hidden].fill(0);
    let norse = net.layer(steps, 0, &input, "zero", true);
    let other = vec![1; steps * hidden];
    let out = net.layer(steps, 1, &snntorch, reset, false);
    let counts: Vec<u64> =
        (0..outputs).map(|k| out.iter().skip(k).step_by(outputs).map(|&z| u64::from(z)).sum()).collect();
    let most = counts.iter().max().unwrap();
    let label = counts.iter().position(|count| count == most);
    let mut draft = Draft::new(json!({
        "format": "nir-braille-golden/1", "nir_file": "far/away/net.nir", "dt": STEP, "steps": steps,
        "reset": if zero { "zero" } else { "subtract" },
        "n_in": inputs, "n_hidden": hidden, "n_out": outputs, "label": label, "out_counts_snntorch_rule": counts,
        "hidden": {},
    }));
    draft.array("input", "|u1", &[steps, inputs], input);
    draft.array("out_snntorch_rule", "|u1", &[steps, outputs], out);
    for (platform, raster) in [("snntorch", &snntorch), ("spyx", &spyx), ("norse", &norse), ("other", &other)] {
        let (key, spikes) = (format!("hidden_{platform}"), raster.iter().map(|&z| u64::from(z)).sum::<u64>());
        draft.json["hidden"][platform] = json!({"key": key, "spikes": spikes, "exact_rule": "by the book"});
        draft.array(&key, "<i2", &[steps, hidden], raster.iter().flat_map(|&z| [z, 0]).collect());
    }
    std::fs::write(draft.folder().join("net.nir"), net.file(None)).unwrap();
    (draft, net)
}

#[test]
fn nets_are_replayed_spike_for_spike() {
    let mut spikes = 0;
    for seed in 0..200 {
        let (draft, net) = generate(seed);
        let [_, hidden, outputs] = net.sizes;
        let steps = draft.json["steps"].as_u64().unwrap();
        assert_eq!(pass(&draft), steps * (3 * hidden + outputs) as u64 + 5 + outputs as u64, "seed {seed}");
        spikes += draft.json["hidden"]["snntorch"]["spikes"].as_u64().unwrap();
    }
    assert!(spikes > 1000, "{spikes}");
    let text = run(&[generate(1).0.write()]).text();
    assert!(text.contains("note: not replayed, because no rule is known: other"), "{text}");
    assert!(!text.contains("claims"), "{text}");
}

/// What a case does not claim to be exact is not compared, and said to be so; the outputs are compared all the same.
#[test]
fn rasters_without_a_claim_are_not_replayed() {
    for claim in [json!(null), json!(false), json!(true), json!(0), json!(["by the book"])] {
        let (mut draft, net) = generate(7);
        let [_, hidden, outputs] = net.sizes;
        let steps = draft.json["steps"].as_u64().unwrap();
        draft.set("/hidden/snntorch/exact_rule", claim.clone());
        assert_eq!(pass(&draft), steps * (2 * hidden + outputs) as u64 + 5 + outputs as u64, "{claim}");
        let text = run(&[draft.write()]).text();
        assert!(text.contains("note: not replayed, because the case claims no exact rule: snntorch"), "{text}");
    }
}

/// A net alone is no replay.
#[test]
fn a_case_of_which_nothing_is_replayed_does_not_pass() {
    let (mut draft, _) = generate(7);
    let other = draft.json["hidden"]["other"].clone();
    let spikes = draft.json["hidden"]["norse"]["spikes"].as_u64().unwrap();
    let unclaimed = json!({"norse": {"key": "hidden_norse", "spikes": spikes}});
    for hidden in [json!({}), json!({"lava": other}), unclaimed.clone()] {
        draft.set("/hidden", hidden);
        let report = run(&[draft.write()]);
        let CaseResult::Skipped(reason) = &report.cases[0].result else { panic!("{}", report.text()) };
        assert!(reason.starts_with("no platform in 'hidden' has both an `exact_rule` and a rule that is"), "{reason}");
        assert!(report.failed(), "{}", report.text());
    }
    // A contradiction is a difference even so.
    draft.set("/hidden", unclaimed);
    draft.set("/hidden/norse/spikes", json!(spikes + 1));
    assert_eq!(fail(&draft).quantity, "hidden.norse.spikes");
}

/// The field counts, or else the name of the file; never the name of a folder.
#[test]
fn how_the_net_was_trained_is_told_by_the_field_or_the_file() {
    let seed = (0..).find(|&seed| generate(seed).0.json["reset"] == "subtract").unwrap();
    for (field, named) in [
        (json!("subtract"), "zero/zero.nir"),
        (json!("subtract"), "net.nir"),
        (json!(null), "a_subtract.nir"),
        (json!(null), "zero/b_subtract.zero"),
    ] {
        let (mut draft, net) = generate(seed);
        draft.set("/reset", field);
        draft.set("/nir_file", json!(named));
        std::fs::write(draft.folder().join(Path::new(named).file_name().unwrap()), net.file(None)).unwrap();
        pass(&draft);
    }
    for (field, named, message) in [
        (json!(1), "zero.nir", "the field 'reset' is 1; it must be a text"),
        (json!("nonzero"), "zero.nir", "the field 'reset' is \"nonzero\"; it must be zero or subtract"),
        (json!(null), "zero/net.nir", "the field 'reset' is missing; it must be zero or subtract; the name of the net"),
        (json!(null), "zero_subtract.nir", "the net, 'zero_subtract', does not say which"),
    ] {
        let (mut draft, net) = generate(seed);
        draft.set("/reset", field);
        draft.set("/nir_file", json!(named));
        std::fs::write(draft.folder().join(Path::new(named).file_name().unwrap()), net.file(None)).unwrap();
        let text = error(&draft);
        assert!(text.contains(message), "'{message}' is not in {text}");
    }
}

#[test]
fn a_spike_that_differs_is_found() {
    for (key, size, population) in [("hidden_spyx", 2, "hidden"), ("out_snntorch_rule", 1, "output")] {
        let (mut draft, _) = generate(7);
        let last = draft.elements(key, size) - 1;
        draft.flip(key, last, size, 0);
        let found = fail(&draft);
        assert_eq!((found.population.as_str(), found.key.as_str()), (population, key), "{found}");
    }
}

/// As named, without its first folders, in a folder `nir`, and above; never outside.
#[test]
fn the_net_is_looked_for_near_the_case() {
    let (draft, net) = generate(3);
    let folder = draft.folder();
    std::fs::remove_file(folder.join("net.nir")).unwrap();
    let skipped = |draft: &Draft| matches!(run(&[draft.write()]).cases[0].result, CaseResult::Skipped(_));
    assert!(skipped(&draft));
    for place in ["net.nir", "away/net.nir", "far/away/net.nir", "nir/net.nir", "nir/away/net.nir"] {
        let path = folder.join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, net.file(None)).unwrap();
        pass(&draft);
        std::fs::remove_file(path).unwrap();
    }
    std::fs::write(folder.join("net.nir"), net.file(None)).unwrap();
    for named in ["net.nir", "./net.nir", "./far/./net.nir"] {
        let (mut draft, _) = generate(3);
        draft.set("/nir_file", json!(named));
        pass(&draft);
    }
    for named in [".", "../net.nir", "/net.nir", "far/../net.nir", "", &format!("{}net.nir", "far/".repeat(16))] {
        let (mut draft, _) = generate(3);
        draft.set("/nir_file", json!(named));
        assert!(skipped(&draft), "{named}");
    }
}

#[test]
fn nets_that_do_not_fit_are_refused() {
    let check = |file: &dyn Fn(&Net) -> Vec<u8>, change: &dyn Fn(&mut Draft), message: &str| {
        let (mut draft, net) = generate(5);
        std::fs::write(draft.folder().join("net.nir"), file(&net)).unwrap();
        change(&mut draft);
        let text = error(&draft);
        assert!(text.contains(message), "'{message}' is not in {text}");
    };
    let nothing = |_: &mut Draft| {};
    let whole = |net: &Net| net.file(None);
    check(&|_| b"no file".to_vec(), &nothing, "net.nir: the object '/': ");
    check(&|net| net.file(Some(("v_leak", 0.5))), &nothing, "'/node/nodes/hid/v_leak': element 0 is not 0");
    check(&|net| net.file(Some(("tau_mem", 0.1))), &nothing, "hid/tau_mem': element 0 is 0.1 s; it must be the step");
    check(&|net| net.file(Some(("tau_syn", f64::NAN))), &nothing, "hid/tau_syn': element 0 is NaN");
    check(&|net| net.file(Some(("r", 1e9))), &nothing, "hid/r': element 0 is 1000000000; at most 65536 is replayed");
    check(&whole, &|d| d.set("/dt", json!(0)), "the field 'dt' is 0");
    check(&whole, &|d| d.set("/reset", json!("none")), "the field 'reset' is \"none\"; it must be zero or subtract");
    let larger = |net: &Net| {
        let [i, h, o] = net.sizes.map(|n| n + 1);
        let list = |n: usize| vec![0.0; n];
        let affine = [(list(h * i), list(h)), (list(h * h), list(h)), (list(o * h), list(o))];
        Net { sizes: [i, h, o], affine, keep: net.keep }.file(None)
    };
    check(&larger, &nothing, "/node/nodes/in/weight': its shape is");
    let mut empty = FileBuilder::new();
    let mut graph = empty.create_group("node");
    graph.create_dataset("type").with_vlen_strings(&["NIRGraph"]).with_shape(&[]);
    graph.create_dataset("edges").with_vlen_strings(&["a", "b"]).with_shape(&[1, 2]);
    let nodes = graph.create_group("nodes").finish();
    graph.add_group(nodes);
    empty.add_group(graph.finish());
    let empty = empty.finish().unwrap();
    check(&|_| empty.clone(), &nothing, "'/node/edges': 0 nodes of type Input where one is needed");
}

/// The recorded cases, where they lie beside the workspace: every one of them is replayed.
#[test]
#[allow(clippy::print_stderr, reason = "a skipped test must say so")]
fn recorded_nets_are_replayed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden/braille");
    if !folder.is_dir() {
        eprintln!("skipped: there is no folder {}", folder.display());
        return;
    }
    let report = run(&[folder]);
    assert!(report.cases.len() == 2 && !report.failed(), "{}", report.text());
}
