//! Wrong lines of the small chip: geometry, router, tick, models and synapses.

use super::Case;

const TICK: &str = "tick = { value = 0.5, unit = \"ms\"";

/// A step before the tick.
macro_rules! step {
    ($value:literal, $unit:literal) => {
        concat!(
            "step = { value = ",
            $value,
            ", unit = \"",
            $unit,
            "\", source = \"here\", evidence = \"assumed\" }\ntick = { value = 0.5, unit = \"ms\""
        )
    };
}

pub(super) const CASES: &[Case] = &[
    // Geometry, router, tick.
    (
        "value = 4, unit = \"1\"",
        "value = 0, unit = \"1\"",
        "19:18: `geometry.cores_per_chip`: this is 0, but must be a whole number of at least 1 [counts-are-positive]",
    ),
    (
        "value = 4, unit = \"1\"",
        "value = -4, unit = \"1\"",
        "19:18: `geometry.cores_per_chip`: this is -4, but must be a whole number of at least 1 [counts-are-positive]",
    ),
    (
        "value = 4, unit = \"1\"",
        "value = 3.5, unit = \"1\"",
        "19:18: `geometry.cores_per_chip`: this is 3.5, but must be a whole number of at least 1 \
         [counts-are-positive]",
    ),
    (
        "value = 4, unit = \"1\"",
        "value = 4, unit = \"ms\"",
        "19:18: `geometry.cores_per_chip`: this is a time, but a pure number is needed here: write `unit = \
         \"1\"` [counts-are-positive]",
    ),
    (
        "value = 4, unit = \"1\"",
        "value = 17, unit = \"1\"",
        "19:18: `geometry.cores_per_chip`: this is 17, but can be at most 16: the core mask of an event has 16 bits \
         [counts-fit]",
    ),
    (
        "chips = { value = 2",
        "chips = { value = 65537",
        "18:9: `geometry.chips`: this is 65537, but can be at most 65536: a chip id has 16 bits [counts-fit]",
    ),
    (
        "chips = { value = 2",
        "chips = { value = 1e30",
        "18:9: `geometry.chips`: this is 1e30, but can be at most 65536: a chip id has 16 bits [counts-fit]",
    ),
    (
        "value = 64, unit = \"1\"",
        "value = 65536, unit = \"1\"",
        "20:20: `geometry.neurons_per_core`: 65536 neurons (padded to a multiple of 32) times 2 synapse kinds \
         is 131072, \
         but a synapse can name at most 65536 places of a core: use more, smaller cores [accumulators-fit]",
    ),
    (
        "value = 64, unit = \"1\"",
        "value = 70000, unit = \"1\"",
        "20:20: `geometry.neurons_per_core`: this is 70000, but can be at most 65536: a neuron id has 16 bits \
         [counts-fit]",
    ),
    (
        "value = 10, unit = \"1\"",
        "value = 17, unit = \"1\"",
        "27:12: `router.tag_bits`: this is 17, but can be at most 16: a tag is kept in 16 bits [counts-fit]",
    ),
    (
        "weight_bits = { value = 2",
        "weight_bits = { value = 9",
        "28:15: `router.weight_bits`: this is 9, but can be at most 8: the weight bits of a CAM word are kept \
         in 8 bits \
         [counts-fit]",
    ),
    (
        "hop_max = { value = 1",
        "hop_max = { value = 128",
        "29:11: `router.hop_max`: this is 128, but can be at most 127: a hop is kept in 8 bits with sign [counts-fit]",
    ),
    (
        "hop_max = { value = 1",
        "delay_bits = { value = 2, unit = \"1\", source = \"here\", evidence = \"assumed\" }\nhop_max = { value = 1",
        "29:14: `router.delay_bits`: there is no `delay_max`: how long can a delay be? [delays-have-a-limit]",
    ),
    (
        "hop_max = { value = 1",
        "delay_max = { value = 9, unit = \"1\", source = \"here\", evidence = \"assumed\" }\nhop_max = { value = 1",
        "29:13: `router.delay_max`: there are no `delay_bits` that could select a delay: add them \
         [delays-have-a-limit]",
    ),
    (
        "sram_words_for_monitor = { value = 1",
        "sram_words_for_monitor = { value = 2",
        "26:26: `router.sram_words_for_monitor`: the monitor takes 2 of 2 SRAM words, so that no neuron could \
         send [monitor-leaves-sram]",
    ),
    (
        "kind = \"tag-cam\"",
        "kind = \"tagcam\"",
        "23:8: `router.kind`: `tagcam` is not a kind of router\n\
         help: did you mean `tag-cam`?",
    ),
    (
        "kind = \"tag-cam\"",
        "kind = \"ideal\"",
        "24:1: unknown key `cam_words_per_neuron` in `router`\n\
         help: the keys here are: `kind`\n\
         25:1: unknown key `sram_words_per_neuron` in `router`\n\
         help: the keys here are: `kind`\n\
         26:1: unknown key `sram_words_for_monitor` in `router`\n\
         help: the keys here are: `kind`\n\
         27:1: unknown key `tag_bits` in `router`\n\
         help: the keys here are: `kind`\n\
         28:1: unknown key `weight_bits` in `router`\n\
         help: the keys here are: `kind`\n\
         29:1: unknown key `hop_max` in `router`\n\
         help: the keys here are: `kind`",
    ),
    (
        TICK,
        "tick = { value = 0.5, unit = \"mV\"",
        "11:8: `tick`: this is a voltage, but a tick is a time, such as 1 ms [tick-is-a-time]",
    ),
    (
        TICK,
        "tick = { value = 0, unit = \"ms\"",
        "11:8: `tick`: a tick of 0 ms is not possible: from 2^-32 ms to 2^31 ms, and more than 0 [tick-is-a-time]",
    ),
    (
        TICK,
        "tick = { value = 1e-15, unit = \"s\"",
        "11:8: `tick`: a tick of 1e-15 s is not possible: from 2^-32 ms to 2^31 ms, and more than 0 [tick-is-a-time]",
    ),
    (TICK, step!("2", "ms"), "good"),
    (
        TICK,
        step!("2", "mV"),
        "11:8: `step`: this is a voltage, but a step is a time, such as 1 ms [step-is-whole-ticks]",
    ),
    (
        TICK,
        step!("1.25", "ms"),
        "11:8: `step`: a step of 1.25 ms is not a whole number of ticks of 0.5 ms: choose a multiple [step-is-whole-ticks]",
    ),
    (
        TICK,
        step!("0", "ms"),
        "11:8: `step`: a step of 0 ms is not possible: from one tick to 2^31 ms [step-is-whole-ticks]",
    ),
    (
        TICK,
        step!("-1", "ms"),
        "11:8: `step`: a step of -1 ms is not possible: from one tick to 2^31 ms [step-is-whole-ticks]",
    ),
    (
        TICK,
        step!("3e9", "ms"),
        "11:8: `step`: a step of 3e9 ms is not possible: from one tick to 2^31 ms [step-is-whole-ticks]",
    ),
    (
        TICK,
        step!("250", "us"),
        "11:8: `step`: a step of 250 us is not a whole number of ticks of 0.5 ms: choose a multiple [step-is-whole-ticks]",
    ),
    // Models and synapses.
    (
        "models = [\"lif\"]",
        "models = []",
        "8:10: `models`: a chip needs at least one core model; there are lif, analog-lif, dpi, rate, loihi, xylo, cuba-lif \
         [models-are-listed]",
    ),
    (
        "models = [\"lif\"]",
        "models = [\"lif\", \"lif\"]",
        "8:18: `models[1]`: core model `lif` is listed twice [models-are-listed]",
    ),
    (
        "models = [\"lif\"]",
        "models = [\"liff\"]",
        "8:11: `models[0]`: `liff` is not a core model\n\
         help: did you mean `lif`?",
    ),
    (
        "models = [\"lif\"]",
        "models = [\"rate\"]",
        "8:11: `models[0]`: core model `rate` needs a synapse kind with kinetics `graded` or `linear`; there is none \
         [synapses-match-models]\n\
         8:11: `models[0]`: core model `rate` needs the parameter `leak` or `tau_unit`: add `[parameters.leak]` or, for \
         units whose time constants differ, `[parameters.tau_unit]` [rate-units-leak-once]\n\
         34:12: `synapses[0].kinetics`: synapse kind `up` is for core model `lif` or `analog-lif`, which \
         `models` does not list [synapses-match-models]\n\
         40:12: `synapses[1].kinetics`: synapse kind `down` is for core model `lif` or `analog-lif`, which \
         `models` does not list [synapses-match-models]",
    ),
    (
        "models = [\"lif\"]",
        "models = [\"analog-lif\", \"analog\"]",
        "8:25: `models[1]`: `analog` is not a core model\n\
         help: did you mean `analog-lif`?",
    ),
    ("models = [\"lif\"]", "models = \"lif\"", "8:10: `models`: expected an array, found a string"),
    (
        "name = \"down\"",
        "name = \"up\"",
        "38:8: `synapses[1].name`: the synapse kind `up` is defined twice [synapse-names-differ]",
    ),
    (
        "sign = \"inhibitory\"",
        "sign = \"negative\"",
        "39:8: `synapses[1].sign`: `negative` is not a sign of a synapse\n\
         help: there are: `excitatory`, `inhibitory`, `signed`",
    ),
    (
        "kinetics = { kind = \"delta\" }",
        "kinetics = { kind = \"graded\" }",
        "40:12: `synapses[1].kinetics`: synapse kind `down` is for core model `rate`, which `models` does not \
         list [synapses-match-models]",
    ),
    (
        "kinetics = { kind = \"delta\" }",
        "kinetics = { kind = \"delta\", tau = \"tau_syn\" }",
        "40:30: unknown key `tau` in `synapses[1].kinetics`\n\
         help: the keys here are: `kind`",
    ),
    (
        "kinetics = { kind = \"delta\" }",
        "kinetics = \"delta\"",
        "40:12: `synapses[1].kinetics`: expected a table, found a string",
    ),
    (
        "tau = \"tau_syn\"",
        "tau = \"tau_sny\"",
        "34:42: `synapses[0].kinetics.tau`: `tau_sny` is not a parameter of this chip\n\
         help: did you mean `tau_syn`?",
    ),
    (
        "tau = \"tau_syn\"",
        "tau = \"gain\"",
        "68:11: `parameters.gain.nominal`: this is a pure number, but a time is needed here: synapse kind `up` reads \
         it [dimensions-match]",
    ),
    (
        "gain = \"gain\"",
        "gain = \"gain\"\ngate = \"gaba\"",
        "36:8: `synapses[0].gate`: synapse kind `up` is for core model `dpi`, which `models` does not list \
         [synapses-match-models]\n\
         36:8: `synapses[0].gate`: the gate `gaba` is inhibitory, but the sign of `up` is not [gates-fit]",
    ),
    (
        "gain = \"gain\"",
        "gain = \"tau_syn\"",
        "59:11: `parameters.tau_syn.nominal`: this is a time, but a pure number is needed here: synapse kind \
         `up` reads \
         it [dimensions-match]",
    ),
    (
        "kinetics = { kind = \"delta\" }",
        "kinetics = { kind = \"exponential\", tau = \"tau_syn\" }\n\n[[synapses]]\nname = \"c\"\nsign = \
         \"signed\"\nkinetics = { kind = \"exponential\", tau = \"tau_syn\" }\n\n[[synapses]]\nname = \
         \"d\"\nsign = \"signed\"\nkinetics = { kind = \"exponential\", tau = \"tau_syn\" \
         }\n\n[[synapses]]\nname = \"e\"\nsign = \"signed\"\nkinetics = { kind = \"exponential\", tau = \"tau_syn\" }",
        "55:12: `synapses[4].kinetics`: synapse kind `e` is one exponential kind too many: a neuron has at most \
         4 [exponential-kinds-fit]",
    ),
    (
        "kinetics = { kind = \"delta\" }",
        "kinetics = { kind = \"slice\", shift = 49 }",
        "40:12: `synapses[1].kinetics`: synapse kind `down` is for core model `cuba-lif`, which `models` does not list \
         [synapses-match-models]\n\
         40:38: `synapses[1].kinetics.shift`: the shift of a slice is 49, but must be from 0 to 48 [slices-fit]",
    ),
];
