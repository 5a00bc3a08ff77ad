//! A good chip file with one thing changed, and the errors that this gives, to the letter.

use super::*;
use proptest::prelude::*;

const GOOD: &str = include_str!("../../testdata/small_chip.toml");

/// What reading `text` says, without the name of the file.
fn outcome(text: &str) -> String {
    match read(text, "") {
        Ok(_) => "good".into(),
        Err(errors) => {
            errors.iter().map(|e| e.to_string().trim_start_matches(':').to_string()).collect::<Vec<_>>().join("\n")
        }
    }
}

/// `good` with `old`, which it has exactly once, replaced.
fn spoilt(good: &str, old: &str, new: &str) -> String {
    assert_eq!(good.matches(old).count(), 1, "`{old}` must be there once");
    good.replace(old, new)
}

/// The good file with `old`, which it has exactly once, replaced.
fn edited(old: &str, new: &str) -> String {
    spoilt(GOOD, old, new)
}

/// Spoils the shipped chip `name` in each way of `cases`, whose errors are given without their places: lines of a
/// shipped chip move when a source is added.
fn check_shipped(name: &str, cases: &[Case]) {
    let good = shipped_text(name).unwrap();
    let mut failed = String::new();
    for (old, new, expected) in cases {
        let found = outcome(&spoilt(good, old, new));
        let found = found.split_once(": ").map_or(found.as_str(), |(_, what)| what);
        if found != *expected {
            failed += &format!("{old} -> {new}: {found:?}\n");
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

mod crossbar;
mod digital;
mod small;

#[test]
fn the_good_file_is_good() {
    assert_eq!(outcome(GOOD), "good");
    for name in shipped_names() {
        assert_eq!(shipped(name).unwrap().name, name);
        assert_eq!(resolve(name).unwrap(), shipped(name).unwrap());
    }
}

#[test]
fn one_wrong_line_gives_one_clear_error() {
    let mut failed = String::new();
    for (index, (old, new, expected)) in small::cases().enumerate() {
        let found = outcome(&edited(old, new));
        if found != *expected {
            failed += &format!("{index} {old} -> {new}: {found:?}\n");
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

#[test]
fn every_rule_is_broken_once() {
    for rule in chip::RULES {
        // A source that does not exist is told as a wrong name.
        let sign = if rule.name == "sources-exist" { "a key of `sources`".into() } else { format!("[{}]", rule.name) };
        assert!(
            small::cases()
                .chain(digital::CASES)
                .chain(crossbar::CASES)
                .chain(XYLO)
                .any(|(.., errors)| errors.contains(&sign)),
            "{}",
            rule.name
        );
    }
}

#[test]
fn one_wrong_line_of_a_xylo_chip_gives_one_clear_error() {
    let good = shipped_text("xylo-audio3").unwrap();
    for (old, new, expected) in XYLO {
        let found = outcome(&spoilt(good, old, new));
        let first = found.split('\n').next().unwrap();
        let (place, message) = first.split_once(": ").unwrap();
        assert!(place.split(':').all(|n| n.parse::<u32>().is_ok()), "{found}");
        assert!(found.contains(expected) && message.starts_with('`'), "{old} -> {new}: {found:?}");
    }
}

/// (what to replace in the file of XyloAudio 3, by what, part of the error)
const XYLO: &[Case] = &[
    (
        "profile = \"xylo-v2\"",
        "profile = \"xylo-v22\"",
        "`rules.profile`: `xylo-v22` is not a profile of digital rules\nhelp: did you mean `xylo-v2`?",
    ),
    (
        "[rules]\nprofile = \"xylo-v2\"\n",
        "",
        "`models[0]`: core model `xylo` needs a table `[rules]` with a `profile` [rules-belong-to-models]",
    ),
    (
        "value = 2, unit = \"1\", source = \"single\"",
        "value = 3, unit = \"1\", source = \"single\"",
        "`geometry.cores_per_chip`: this is 3, but a Xylo chip stands alone, with a hidden and an output layer: write \
         2 [xylo-has-two-layers]",
    ),
    (
        "output_neurons = { value = 32,",
        "output_neurons = { value = 993,",
        "`router.output_neurons`: 993 output neurons are more than the 992 neurons of a core [xylo-has-two-layers]",
    ),
    (
        "kinetics = { kind = \"register\", index = 1 }",
        "kinetics = { kind = \"register\", index = 2 }",
        "`synapses[1].kinetics.index`: synapse kind `i_syn2` feeds register 2, but there are 0 and 1",
    ),
    (
        "weight_shift_max = { value = 7,",
        "weight_shift_max = { value = 9,",
        "`router.weight_shift_max`: this is 9, but can be at most 8: a shifted weight is kept in 16 bits [counts-fit]",
    ),
];

/// What to replace, by what, the errors.
type Case = (&'static str, &'static str, &'static str);

/// The dotted paths of `chip` are those of the file: a finding about a number is shown where the number stands.
#[test]
fn every_number_is_found_in_the_file() {
    for (text, least) in [(GOOD, 25), (shipped_text("dynapse2").unwrap(), 70), (shipped_text("ideal").unwrap(), 10)] {
        let spec = read(text, "f").unwrap();
        let facts = spec.facts();
        assert!(facts.len() >= least, "{} numbers", facts.len());
        for (path, fact) in facts {
            let document = Document::parse(text, "f", FORMAT).unwrap();
            document.report(&path, Problem::CutOff);
            let errors = document.finish(Some(())).unwrap_err();
            let place = errors.first().place().unwrap();
            let shown = &place.excerpt[place.span.clone()];
            let value = format!("{{ value = {}, ", fact.quantity.value);
            assert!(shown.starts_with(&value) && shown.ends_with('}'), "{path}: {shown}");
        }
    }
}

#[test]
fn several_errors_are_reported_in_the_order_of_the_file() {
    let text = edited("family = \"normal\"", "family = \"norm\"")
        .replace("sign = \"excitatory\"", "sign = \"exitatory\"")
        .replace("chips = { value = 2, unit = \"1\"", "chips = { value = 2, unit = \"m\"");
    assert_eq!(
        outcome(&text),
        "18:29: `geometry.chips.unit`: unknown unit `m`\nhelp: did you mean `ms`?\n\
         33:8: `synapses[0].sign`: `exitatory` is not a sign of a synapse\nhelp: did you mean `excitatory`?\n\
         49:10: `parameters.tau_mem.mismatch.family`: `norm` is not a family of mismatch\nhelp: did you mean `normal`?"
    );
}

#[test]
fn a_file_that_ends_early_is_refused() {
    // All before the tables that may be absent is needed, but for white space at the end.
    let needed = &GOOD[..GOOD.find("[weights.mismatch]").unwrap()];
    for (at, _) in needed.char_indices().filter(|(at, _)| at % 7 == 0) {
        if !needed[at..].trim().is_empty() {
            assert_ne!(outcome(&GOOD[..at]), "good", "{}", &GOOD[at.saturating_sub(40)..at]);
        }
    }
}

#[test]
fn bits_that_flip_need_a_width_on_the_ideal_router() {
    let ideal = shipped_text("ideal").unwrap();
    let source = read(ideal, "f").unwrap().sources.keys().next().unwrap().clone();
    let outcome = |faults: &[(&str, &str)]| {
        let number = |(key, value): &(&str, &str)| {
            format!("{key} = {{ value = {value}, unit = \"1\", source = \"{source}\", evidence = \"assumed\" }}\n")
        };
        let text = format!("{ideal}\n[faults]\n{}", faults.iter().map(number).collect::<String>());
        let outcome = outcome(&text);
        outcome.split_once("`: ").map_or(outcome.clone(), |(_, message)| message.to_string())
    };
    let flip = ("weight_bit_flip", "0.01");
    assert_eq!(outcome(&[("dead_synapse", "0.01")]), "good");
    assert_eq!(outcome(&[flip, ("weight_bits", "8")]), "good");
    let message = "bits of what? Add `weight_bits`, the bits of a stored weight, from 2 to 16 [flipped-bits-exist]";
    assert_eq!(outcome(&[flip]), message);
    for bits in ["1", "17", "2.5"] {
        let message = format!("this is {bits}, but a stored weight has from 2 to 16 bits [flipped-bits-exist]");
        assert_eq!(outcome(&[flip, ("weight_bits", bits)]), message);
    }
}

#[test]
fn names_and_paths_are_told_apart() {
    let error = |name: &str| resolve(name).unwrap_err().to_string();
    assert_eq!(
        error("dynaps2"),
        "there is no chip `dynaps2`\nhelp: did you mean `dynapse2`? A chip file of your own is named by its \
         path, such as `./dynaps2.toml`"
    );
    assert_eq!(
        error("loihi"),
        "there is no chip `loihi`\nhelp: did you mean `loihi-lava`? A chip file of your own is named by its path, such as \
         `./loihi.toml`"
    );
    assert_eq!(error("./none.toml"), "./none.toml: cannot be read: there is no such file or directory");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine");
    std::fs::write(&path, GOOD).unwrap();
    assert_eq!(resolve(path.to_str().unwrap()).unwrap().name, "small");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A changed character never panics, and an error always lies within the file.
    #[test]
    fn damage_is_an_error_with_a_place(at: prop::sample::Index, new in "[ -~\n\u{e9}]{0,3}") {
        let mut text = GOOD.to_string();
        let at = at.index(text.len());
        text.replace_range(at..at + 1, &new);
        if let Err(errors) = read(&text, "f") {
            for error in &errors {
                let place = error.place().unwrap();
                let line = text.split('\n').nth(place.line - 1).unwrap().trim_end_matches('\r');
                prop_assert_eq!(line, &place.excerpt);
                prop_assert!(place.column <= line.chars().count() + 1);
                prop_assert!(place.excerpt.get(place.span.clone()).is_some());
            }
        }
    }
}

#[test]
fn a_quantity_alone_is_a_number_of_which_nothing_is_said() {
    let stated = "nominal = { value = 20, unit = \"ms\", source = \"bench\", evidence = \"measured\" }";
    let spec = read(&spoilt(GOOD, stated, "nominal = \"20 ms\""), "small.toml").unwrap();
    let nominal = &spec.parameters["tau_mem"].nominal;
    assert_eq!((nominal.quantity.to_string(), nominal.source.as_str()), ("20 ms".into(), ""));
    assert_eq!(nominal.evidence, chip::Evidence::Unstated);
    // Otherwise the same chip, and no shipped one has such a number.
    assert_eq!(nominal.quantity, read(GOOD, "small.toml").unwrap().parameters["tau_mem"].nominal.quantity);
    for name in shipped_names() {
        let spec = shipped(name).unwrap();
        assert!(spec.facts().iter().all(|(_, fact)| fact.evidence != chip::Evidence::Unstated), "{name}");
    }
}
