//! Delays on every chip: those that it has are kept, a stated one that it has not is refused, and those of single
//! connections become the nearest, with a warning.

use crate::*;
use chip::Routing;
use std::collections::BTreeSet;
use std::path::Path;

/// A network in no chip's words: eight channels onto eight neurons, and those onto eight others, with `delay` between.
fn network(chip: &ChipSpec, delay: &str) -> Network {
    let text = format!(
        r#"
        format = "quenched-network"
        version = 1
        seed = 5
        input = [{{ name = "in", channels = 8 }}]
        population = [{{ name = "a", size = 8 }}, {{ name = "b", size = 8 }}]
        [[projection]]
        name = "drive"
        pre = "in"
        post = "a"
        connect = "one-to-one"
        weight = "0.5 threshold"
        [[projection]]
        name = "on"
        pre = "a"
        post = "b"
        connect = "all-to-all"
        weight = "0.25 threshold"
        delay = {delay}
        "#
    );
    formats::network::read(&text, "network", Path::new("."), chip).unwrap()
}

/// What a mapping says of the delays of `on`: those decoded, and the text of its warnings; or the refusal.
fn mapped(chip: &str, delay: &str) -> Result<(BTreeSet<u16>, String), String> {
    let spec = formats::chip::shipped(chip).unwrap();
    let network = network(&spec, delay);
    let Mapping { program, placement, report, .. } =
        map(&network, &spec, &MapperOptions::default()).map_err(|error| error.to_string())?;
    let found = decode(&program, &placement, &network, &spec).unwrap();
    let delays = found.iter().filter(|c| c.post == 1).map(|c| c.delay_ticks).collect();
    assert!(
        found
            .iter()
            .filter(|c| c.post == 0)
            .all(|c| c.delay_ticks == 1 || matches!(program.routing, Routing::Axon { .. }))
    );
    let about = report.warnings.iter().filter(|w| w.kind == warnings::Kind::Delays);
    Ok((delays, about.map(ToString::to_string).collect::<Vec<_>>().join("; ")))
}

#[test]
fn stated_delays_are_kept_or_refused() {
    // By chip: the longest stated delay that it has, and what it says of the next one.
    for (chip, longest, refusal) in [
        ("ideal", 65535, None),
        ("dynapse2", 65535, None),
        ("loihi-lava", 64, Some("delays of 1 to 64 ticks, the nearest is 64")),
        ("loihi-brian2", 63, Some("delays of 1 to 63 ticks, the nearest is 63")),
        ("loihi-nengo", 1, Some("a delay of 1 tick only")),
        ("brainscales2", 1, Some("a delay of 1 tick only")),
        ("brainscales2-uncalibrated", 1, Some("a delay of 1 tick only")),
        ("xylo-audio3", 1, Some("a delay of 1 tick only")),
    ] {
        for delay in [1, longest] {
            let (delays, _) = mapped(chip, &delay.to_string()).unwrap();
            assert_eq!(delays, BTreeSet::from([delay]), "{chip}");
        }
        let Some(refusal) = refusal else { continue };
        let expected = format!("projection `on`: a delay of {} ticks; chip `{chip}` has {refusal}", longest + 1);
        assert_eq!(mapped(chip, &(longest + 1).to_string()), Err(expected));
    }
}

#[test]
fn delays_of_single_connections_become_the_nearest_with_a_warning() {
    let law = "{ low = 1, high = 100 }";
    let (all, quiet) = mapped("ideal", law).unwrap();
    assert!(all.len() > 30 && quiet.is_empty(), "{quiet}");
    let (capped, warning) = mapped("loihi-lava", law).unwrap();
    assert_eq!(capped, all.iter().map(|delay| (*delay).min(64)).collect());
    assert!(warning.contains("warning: on: ") && warning.contains("of 64 delays are not as asked for"), "{warning}");
    let (one, warning) = mapped("brainscales2", law).unwrap();
    assert_eq!((one, warning.contains("has a delay of 1 tick only")), (BTreeSet::from([1]), true), "{warning}");
    // Three delays a core beside one tick: those chosen are among the range, and each connection has the nearest.
    let (few, warning) = mapped("dynapse2", law).unwrap();
    assert!((2..=4).contains(&few.len()), "{few:?}");
    assert!(warning.contains("a delay of 1 tick and, in each core, up to 3 others of 2 to 65535 ticks"), "{warning}");
    // As many as fit are kept to the tick; below one tick is a change too.
    let (kept, warning) = mapped("dynapse2", "{ low = 1, high = 4 }").unwrap();
    assert_eq!((kept, warning.contains("not as asked for")), ((1..=4).collect(), false), "{warning}");
    let (least, warning) = mapped("ideal", "{ low = 0, high = 1 }").unwrap();
    assert_eq!((least, warning.contains("by up to 1 ticks of 1 ms")), (BTreeSet::from([1]), true), "{warning}");
}

#[test]
fn delays_between_the_steps_of_a_model_are_warned_of() {
    let text = |delay: &str| mapped("dynapse2", delay).unwrap().1;
    assert_eq!(text("2000"), "");
    assert_eq!(text("1"), "");
    assert!(text("2500").contains("64 of 64 delays are no whole steps of 1 ms: `b` has core model `lif`"));
    // BrainScaleS-2's default has no steps.
    assert_eq!(mapped("ideal", "7").unwrap().1, "");
}

#[test]
fn a_core_has_only_so_many_stated_delays() {
    let spec = formats::chip::shipped("dynapse2").unwrap();
    let with = |ticks: &[u16]| {
        let mut network = network(&spec, "1");
        let one = network.projections[1].clone();
        for ticks in ticks {
            network.projections.push(network::Projection {
                name: format!("d{ticks}"),
                delay_ticks: *ticks,
                ..one.clone()
            });
        }
        map(&network, &spec, &MapperOptions::default())
    };
    assert!(with(&[5, 9, 5, 70]).is_ok());
    let refusal = with(&[5, 9, 70, 71]).unwrap_err().to_string();
    assert_eq!(
        refusal.split_once(" is to have ").unwrap().1,
        "4 delays beside one tick (5, 9, 70, 71 ticks, of the projections `d5`, `d9`, `d70`, `d71`), but has 3: state \
         fewer different ones, or give each of these populations a core of its own"
    );
}
