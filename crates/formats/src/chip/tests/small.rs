//! Wrong lines of the small chip: the form of the file, every key, every rule.

use super::Case;

/// What to replace in the small chip, by what, the errors with their places.
pub(super) const CASES: &[Case] = &[
    // The form of the file.
    ("version = 1\n", "version = 1\nversion = 1\n", "3:1: not valid TOML: the key `version` is there twice"),
    ("[geometry]", "[geometry", "17:10: not valid TOML: unclosed table, expected `]`"),
    ("name = \"small\"", "name = small", "4:8: not valid TOML: string values must be quoted, expected literal string"),
    (
        "format = \"quenched-chip\"",
        "format = \"quenched-network\"",
        "1:10: `format`: this is a `quenched-network` file, but a `quenched-chip` file is needed",
    ),
    ("format = \"quenched-chip\"\n", "", "1:1: the file needs the key `format`"),
    (
        "version = 1",
        "version = 2",
        "2:11: `version`: this file has version 2 of `quenched-chip`, but only versions up to 1 can be read\n\
         help: use a newer release of quenched",
    ),
    ("version = 1", "version = 0", "2:11: `version`: 0 is outside the range from 1 to 1"),
    ("version = 1", "version = \"1\"", "2:11: `version`: expected a whole number, found a string"),
    // Keys.
    (
        "cores_per_chip = ",
        "cores_per_chp = ",
        "19:1: unknown key `cores_per_chp` in `geometry`\n\
         help: did you mean `cores_per_chip`?",
    ),
    (
        "family = \"test\"",
        "familly = \"test\"",
        "5:1: unknown key `familly`\n\
         help: did you mean `family`?",
    ),
    (
        "[parameters.gain]",
        "[parameters.gain]\ncolour = \"red\"",
        "73:1: unknown key `colour` in `parameters.gain`\n\
         help: the keys here are: `summary`, `nominal`, `range`, `mismatch`",
    ),
    (
        "gain = \"gain\"",
        "gian = \"gain\"",
        "35:1: unknown key `gian` in `synapses[0]`\n\
         help: did you mean `gain`?",
    ),
    (
        "tick = {",
        "tock = {",
        "11:1: unknown key `tock`\n\
         help: did you mean `tick`?",
    ),
    // Facts.
    ("value = 0.5, unit = \"ms\", source", "value = 0.5, source", "11:8: `tick` needs the key `unit`"),
    (
        "value = 0.5, unit = \"ms\"",
        "value = 0.5, unit = \"msec\"",
        "11:30: `tick.unit`: unknown unit `msec`\n\
         help: did you mean `ms`?",
    ),
    (
        "value = 0.5, unit = \"ms\"",
        "value = 0.5, unit = \"mS\"",
        "11:30: `tick.unit`: unknown unit `mS`\n\
         help: did you mean `ms`?",
    ),
    (
        "value = 0.5, unit = \"ms\"",
        "value = nan, unit = \"ms\"",
        "11:18: `tick.value`: `nan` and `inf` are not numbers that a chip can have",
    ),
    (
        "value = 0.5, unit = \"ms\"",
        "value = -inf, unit = \"ms\"",
        "11:18: `tick.value`: `nan` and `inf` are not numbers that a chip can have",
    ),
    (
        "value = 0.5, unit = \"ms\"",
        "value = \"0.5\", unit = \"ms\"",
        "11:18: `tick.value`: expected a number, found a string",
    ),
    (
        "value = 0.5, unit = \"ms\"",
        "value = 1e400, unit = \"ms\"",
        "11:18: `tick.value`: at most 18 significant digits and exponents from -300 to 300 are kept",
    ),
    ("value = 0.5, unit = \"ms\"", "value = 0x10, unit = \"ms\"", "good"),
    (
        "value = 0.5, unit = \"ms\", source = \"here\"",
        "value = 0.5, unit = \"ms\", source = \"hier\"",
        "11:45: `tick.source`: `hier` is not a key of `sources`\n\
         help: did you mean `here`?",
    ),
    (
        "value = 0.5, unit = \"ms\", source = \"here\", evidence = \"assumed\"",
        "value = 0.5, unit = \"ms\", source = \"here\", evidence = \"guessed\"",
        "11:64: `tick.evidence`: `guessed` is not a grade of evidence\n\
         help: there are: `measured`, `vendor-limit`, `simulator-default`, `assumed`",
    ),
    (
        "value = 0.5, unit = \"ms\", source = \"here\", evidence = \"assumed\"",
        "value = 0.5, unit = \"ms\", source = \"here\", evidence = \"mesured\"",
        "11:64: `tick.evidence`: `mesured` is not a grade of evidence\n\
         help: did you mean `measured`?",
    ),
    (
        "tick = { value = 0.5, unit = \"ms\", source = \"here\", evidence = \"assumed\" }",
        "tick = \"0.5 ms\"",
        "11:8: `tick`: expected a table, found a string",
    ),
    // Names and sources.
    (
        "name = \"small\"",
        "name = \"small chip\"",
        "4:8: `name`: `small chip` is not a name: use ASCII letters, digits, `_` and `-` [names-are-plain]",
    ),
    (
        "name = \"up\"",
        "name = \"\"",
        "32:8: `synapses[0].name`: `` is not a name: use ASCII letters, digits, `_` and `-` [names-are-plain]",
    ),
    (
        "here = \"Made up for a test\"",
        "here = \" \"",
        "14:8: `sources.here`: source `here` says nothing: cite what was read, and where [sources-are-used]",
    ),
    (
        "bench = \"Measured for a test\"",
        "bench = \"Measured for a test\"\nspare = \"A book\"",
        "16:9: `sources.spare`: no number refers to source `spare`: remove it, or name it where it was used \
         [sources-are-used]",
    ),
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
        "20:20: `geometry.neurons_per_core`: 65536 neurons (padded to a multiple of 16) times 2 synapse kinds \
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
        "tick = { value = 0.5, unit = \"ms\"",
        "tick = { value = 0.5, unit = \"mV\"",
        "11:8: `tick`: this is a voltage, but a tick is a time, such as 1 ms [tick-is-a-time]",
    ),
    (
        "tick = { value = 0.5, unit = \"ms\"",
        "tick = { value = 0, unit = \"ms\"",
        "11:8: `tick`: a tick of 0 ms is not possible: from 2^-32 ms to 2^31 ms, and more than 0 [tick-is-a-time]",
    ),
    (
        "tick = { value = 0.5, unit = \"ms\"",
        "tick = { value = 1e-15, unit = \"s\"",
        "11:8: `tick`: a tick of 1e-15 s is not possible: from 2^-32 ms to 2^31 ms, and more than 0 [tick-is-a-time]",
    ),
    (
        "tick = { value = 0.5, unit = \"ms\"",
        "step = { value = 2, unit = \"ms\", source = \"here\", evidence = \"assumed\" }\n\
         tick = { value = 0.5, unit = \"ms\"",
        "good",
    ),
    (
        "tick = { value = 0.5, unit = \"ms\"",
        "step = { value = 2, unit = \"mV\", source = \"here\", evidence = \"assumed\" }\n\
         tick = { value = 0.5, unit = \"ms\"",
        "11:8: `step`: this is a voltage, but a step is a time, such as 1 ms [step-is-whole-ticks]",
    ),
    (
        "tick = { value = 0.5, unit = \"ms\"",
        "step = { value = 1.25, unit = \"ms\", source = \"here\", evidence = \"assumed\" }\n\
         tick = { value = 0.5, unit = \"ms\"",
        "11:8: `step`: a step of 1.25 ms is not a whole number of ticks of 0.5 ms: choose a multiple [step-is-whole-ticks]",
    ),
    (
        "tick = { value = 0.5, unit = \"ms\"",
        "step = { value = 0, unit = \"ms\", source = \"here\", evidence = \"assumed\" }\n\
         tick = { value = 0.5, unit = \"ms\"",
        "11:8: `step`: a step of 0 ms is not possible: from one tick to 2^31 ms [step-is-whole-ticks]",
    ),
    (
        "tick = { value = 0.5, unit = \"ms\"",
        "step = { value = -1, unit = \"ms\", source = \"here\", evidence = \"assumed\" }\n\
         tick = { value = 0.5, unit = \"ms\"",
        "11:8: `step`: a step of -1 ms is not possible: from one tick to 2^31 ms [step-is-whole-ticks]",
    ),
    (
        "tick = { value = 0.5, unit = \"ms\"",
        "step = { value = 3e9, unit = \"ms\", source = \"here\", evidence = \"assumed\" }\n\
         tick = { value = 0.5, unit = \"ms\"",
        "11:8: `step`: a step of 3e9 ms is not possible: from one tick to 2^31 ms [step-is-whole-ticks]",
    ),
    (
        "tick = { value = 0.5, unit = \"ms\"",
        "step = { value = 250, unit = \"us\", source = \"here\", evidence = \"assumed\" }\n\
         tick = { value = 0.5, unit = \"ms\"",
        "11:8: `step`: a step of 250 us is not a whole number of ticks of 0.5 ms: choose a multiple [step-is-whole-ticks]",
    ),
    // Models and synapses.
    (
        "models = [\"lif\"]",
        "models = []",
        "8:10: `models`: a chip needs at least one core model; there are lif, analog-lif, dpi, rate, loihi, xylo \
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
        "8:11: `models[0]`: core model `rate` needs a synapse kind with kinetics `graded`; there is none \
         [synapses-match-models]\n\
         8:11: `models[0]`: core model `rate` needs the parameter `leak`: add `[parameters.leak]` [parameters-exist]\n\
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
        "74:11: `parameters.gain.nominal`: this is a pure number, but a time is needed here: synapse kind `up` reads \
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
        "65:11: `parameters.tau_syn.nominal`: this is a time, but a pure number is needed here: synapse kind \
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
    // Parameters.
    (
        "[parameters.t_refractory]",
        "[parameters.t_refrac]",
        "8:11: `models[0]`: core model `lif` needs the parameter `t_refractory`: add \
         `[parameters.t_refractory]` [parameters-exist]",
    ),
    (
        "value = 20, unit = \"mV\"",
        "value = 20, unit = \"ms\"",
        "82:11: `parameters.v_threshold.nominal`: this is a time, but a voltage is needed here: core model \
         `lif` reads \
         it [dimensions-match]",
    ),
    (
        "value = 20, unit = \"mV\"",
        "value = -20, unit = \"mV\"",
        "82:11: `parameters.v_threshold.nominal`: this is -20 mV, but core model `lif` needs a value above 0 \
         and below \
         512 mV [values-are-possible]",
    ),
    (
        "value = 20, unit = \"mV\"",
        "value = 0.6, unit = \"V\"",
        "82:11: `parameters.v_threshold.nominal`: this is 0.6 V, but core model `lif` needs a value above 0 and below \
         512 mV [values-are-possible]",
    ),
    (
        "value = 20, unit = \"mV\"",
        "value = 1, unit = \"1\"",
        "78:11: `parameters.drive.nominal`: this is a voltage, but `v_threshold` is a pure number: levels of \
         one membrane \
         share one unit [dimensions-match]",
    ),
    (
        "value = 5, unit = \"ms\"",
        "value = 0, unit = \"ms\"",
        "65:11: `parameters.tau_syn.nominal`: this is 0 ms, but synapse kind `up` needs a value above 0 (at \
         least 2^-32 \
         ms) [values-are-possible]",
    ),
    (
        "value = 5, unit = \"ms\"",
        "value = 1e10, unit = \"s\"",
        "65:11: `parameters.tau_syn.nominal`: this is 1e10 s, but synapse kind `up` needs a value between -2^31 and \
         2^31 ms [values-are-possible]",
    ),
    (
        "low = { value = 1, unit = \"ms\"",
        "low = { value = 21, unit = \"ms\"",
        "46:11: `parameters.tau_mem.range.low`: 21 ms is above the nominal value, 20 ms [ranges-hold-the-nominal]",
    ),
    (
        "high = { value = 1, unit = \"s\"",
        "high = { value = 1, unit = \"V\"",
        "47:12: `parameters.tau_mem.range.high`: this is a voltage, but a time is needed here: the nominal value is \
         20 ms [ranges-hold-the-nominal]",
    ),
    // Mismatch.
    (
        "family = \"normal\"",
        "family = \"gaussian\"",
        "51:10: `parameters.tau_mem.mismatch.family`: `gaussian` is not a family of mismatch\n\
         help: there are: `normal`, `log-normal`, `gamma`, `uniform`, `mirrored-log-normal`, `two-point`",
    ),
    (
        "family = \"normal\"",
        "family = \"norml\"",
        "51:10: `parameters.tau_mem.mismatch.family`: `norml` is not a family of mismatch\n\
         help: did you mean `normal`?",
    ),
    (
        "cv = { value = 20, unit = \"%\"",
        "cv = { value = -1, unit = \"1\"",
        "52:6: `parameters.tau_mem.mismatch.cv`: a coefficient of variation of -1 is not possible: it is a spread, so \
         0 or more [cv-is-not-negative]",
    ),
    (
        "cv = { value = 20, unit = \"%\"",
        "cv = { value = 20, unit = \"ms\"",
        "52:6: `parameters.tau_mem.mismatch.cv`: this is a time, but a pure number is needed here: write `unit \
         = \"1\"` \
         [cv-is-not-negative]",
    ),
    (
        "cv = { value = 20, unit = \"%\"",
        "cv = { value = 0, unit = \"%\"",
        "10:22: `mismatch_reference`: `tau_mem` has CV 0, so the mismatch of the chip cannot be scaled by it \
         [reference-has-mismatch]",
    ),
    (
        "low = { value = 0.1, unit = \"1\"",
        "low = { value = 3, unit = \"1\"",
        "54:11: `parameters.tau_mem.mismatch.truncation.low`: the lowest factor, 3, must be below the highest, \
         3 [truncation-is-an-interval]",
    ),
    (
        "low = { value = 0.1, unit = \"1\"",
        "low = { value = 1.5, unit = \"1\"",
        "54:11: `parameters.tau_mem.mismatch.truncation.low`: this is 1.5, but the lowest factor must be below 1, the \
         nominal one [truncation-is-an-interval]",
    ),
    (
        "high = { value = 3, unit = \"1\"",
        "high = { value = 0.5, unit = \"1\"",
        "55:12: `parameters.tau_mem.mismatch.truncation.high`: this is 0.5, but the highest factor must be above 1, \
         the nominal one [truncation-is-an-interval]",
    ),
    (
        "low = { value = 0.1, unit = \"1\"",
        "low = { value = -0.1, unit = \"1\"",
        "50:1: `parameters.tau_mem.mismatch`: this mismatch has factors of 0 and below, but core model `lif` \
         needs `tau_mem` \
         above 0: add a `truncation` whose `low` is above 0, or use the family `log-normal` or `gamma` \
         [factors-stay-positive]",
    ),
    ("family = \"log-normal\"", "family = \"uniform\"", "good"),
    (
        "family = \"log-normal\"",
        "family = \"mirrored-log-normal\"",
        "67:1: `parameters.tau_syn.mismatch`: this mismatch has factors of 0 and below, but synapse kind `up` needs \
         `tau_syn` above 0: add a `truncation` whose `low` is above 0, or use the family `log-normal` or \
         `gamma` [factors-stay-positive]",
    ),
    (
        "circuit = { value = 0.7",
        "circuit = { value = 0.71",
        "57:10: `parameters.tau_mem.mismatch.shares`: the shares of die, core and circuit add up to 1.01, but \
         must add \
         up to 1 [shares-add-up]",
    ),
    (
        "die = { value = 0.25",
        "die = { value = -0.25",
        "58:11: `parameters.tau_mem.mismatch.shares.die`: a share of -0.25 is not possible: it is from 0 to 1 \
         [shares-add-up]",
    ),
    (
        "cv = { value = 0.3",
        "cv = { value = 30",
        "69:6: `parameters.tau_syn.mismatch.cv`: coefficients of variation up to 4 are supported, but this is 30; was \
         a percentage meant? [mismatch-can-be-drawn]",
    ),
    (
        "with = \"tau_mem\"",
        "with = \"tau_syn\"",
        "70:24: `parameters.tau_syn.mismatch.correlation.with`: `tau_syn` cannot be correlated with itself: \
         name another \
         parameter [correlations-are-pairs]",
    ),
    (
        "with = \"tau_mem\"",
        "with = \"tau_men\"",
        "70:24: `parameters.tau_syn.mismatch.correlation.with`: `tau_men` is not a parameter of this chip\n\
         help: did you mean `tau_mem`?",
    ),
    (
        "with = \"tau_mem\"",
        "with = \"gain\"",
        "70:24: `parameters.tau_syn.mismatch.correlation.with`: `gain` has no mismatch that `tau_syn` could be \
         correlated \
         with [correlations-are-pairs]",
    ),
    (
        "rho = { value = 0.5",
        "rho = { value = 1.5",
        "70:41: `parameters.tau_syn.mismatch.correlation.rho`: a correlation of 1.5 is not possible: it is from -1 to \
         1 [rho-is-a-correlation]",
    ),
    (
        "mismatch_reference = \"tau_mem\"\n",
        "",
        "1:1: `mismatch_reference`: a chip with mismatch needs `mismatch_reference`: the parameter whose CV is meant \
         when the mismatch of the whole chip is scaled [reference-has-mismatch]",
    ),
    (
        "mismatch_reference = \"tau_mem\"",
        "mismatch_reference = \"tau\"",
        "10:22: `mismatch_reference`: `tau` is not a parameter of this chip\nhelp: did you mean `tau_mem`?",
    ),
    (
        "mismatch_reference = \"tau_mem\"",
        "mismatch_reference = \"gain\"",
        "10:22: `mismatch_reference`: `gain` has no mismatch, so nothing can be scaled to its CV \
         [reference-has-mismatch]",
    ),
    (
        "shares = {\n",
        "correlation = { with = \"tau_syn\", rho = { value = 0.5, unit = \"1\", source = \"here\", evidence = \
         \"assumed\" } }\nshares = {\n",
        "57:24: `parameters.tau_mem.mismatch.correlation.with`: `tau_syn` is itself correlated with another \
         parameter: \
         correlate both with the same, uncorrelated one [correlations-are-pairs]\n\
         71:24: `parameters.tau_syn.mismatch.correlation.with`: `tau_mem` is itself correlated with another \
         parameter: \
         correlate both with the same, uncorrelated one [correlations-are-pairs]",
    ),
    // Weights, faults and noise.
    (
        "value = 0.12,",
        "value = -0.12,",
        "90:6: `weights.mismatch.cv`: a coefficient of variation of -0.12 is not possible: it is a spread, so 0 or \
         more [cv-is-not-negative]",
    ),
    (
        "[weights.mismatch]\nfamily = \"gamma\"",
        "[weights.mismatch]\ncorrelation = 1\nfamily = \"gamma\"",
        "89:1: unknown key `correlation` in `weights.mismatch`\nhelp: the keys here are: `family`, `cv`, `truncation`, \
         `shares`",
    ),
    (
        "dead_neuron =",
        "dead_neurons =",
        "97:1: unknown key `dead_neurons` in `faults`\nhelp: did you mean `dead_neuron`?",
    ),
    (
        "hot_neuron = { value = 0.001,",
        "hot_neuron = { value = 1.001,",
        "98:14: `faults.hot_neuron`: a probability of 1.001 is not possible: it is from 0 to 1 \
         [probabilities-are-possible]",
    ),
    (
        "weight_bit_flip = { value = 0.0004, unit = \"1\"",
        "weight_bit_flip = { value = 0.0004, unit = \"ms\"",
        "101:19: `faults.weight_bit_flip`: this is a time, but a pure number is needed here: write `unit = \"1\"` \
         [probabilities-are-possible]",
    ),
    (
        "weight_bit_flip =",
        "weight_bits = { value = 4, unit = \"1\", source = \"here\", evidence = \"assumed\" }\nweight_bit_flip =",
        "101:15: `faults.weight_bits`: the router `tag-cam` has `weight_bits` of its own: remove this one \
         [flipped-bits-exist]",
    ),
    (
        "value = 0.022",
        "value = 4.022",
        "105:17: `noise.run_weight_cv`: a coefficient of variation of 4.022 is not possible: it is from 0 to 4 \
         [noise-is-possible]",
    ),
    (
        "value = 7,",
        "value = 7.5,",
        "108:22: `noise.event_jitter_ticks`: this is 7.5, but jitter is a whole number of ticks, 0 to 1000 \
         [noise-is-possible]",
    ),
    (
        "event_weight_cv =",
        "event_cv =",
        "106:1: unknown key `event_cv` in `noise`\nhelp: the keys here are: `run_threshold_cv`, `run_weight_cv`, \
         `event_weight_cv`, `event_threshold_cv`, `event_jitter_ticks`",
    ),
    (
        "event_threshold_cv =",
        "event_treshold_cv =",
        "107:1: unknown key `event_treshold_cv` in `noise`\nhelp: did you mean `event_threshold_cv`?",
    ),
    (
        "event_threshold_cv = { value = 0.044, unit = \"1\",",
        "event_threshold_cv = { value = 0.044, unit = \"mV\",",
        "107:22: `noise.event_threshold_cv`: this is a voltage, but a pure number is needed here: write `unit = \"1\"` \
         [noise-is-possible]",
    ),
    (
        "value = 0.044,",
        "value = -0.044,",
        "107:22: `noise.event_threshold_cv`: a coefficient of variation of -0.044 is not possible: it is from 0 to 4 \
         [noise-is-possible]",
    ),
    (
        "value = 0.044,",
        "value = 4.044,",
        "107:22: `noise.event_threshold_cv`: a coefficient of variation of 4.044 is not possible: it is from 0 to 4 \
         [noise-is-possible]",
    ),
    (
        "event_threshold_cv = { value = 0.044, unit = \"1\", source = \"here\",",
        "event_threshold_cv = { value = 0.044, unit = \"1\", source = \"nowhere\",",
        "107:60: `noise.event_threshold_cv.source`: `nowhere` is not a key of `sources`\nhelp: did you mean `here`?",
    ),
];
