//! Wrong lines of the small chip: parameters, mismatch, weights, faults and noise.

use super::Case;

pub(super) const CASES: &[Case] = &[
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
        "76:11: `parameters.v_threshold.nominal`: this is a time, but a voltage is needed here: core model \
         `lif` reads \
         it [dimensions-match]",
    ),
    (
        "value = 20, unit = \"mV\"",
        "value = -20, unit = \"mV\"",
        "76:11: `parameters.v_threshold.nominal`: this is -20 mV, but core model `lif` needs a value above 0 \
         and below \
         512 mV [values-are-possible]",
    ),
    (
        "value = 0, unit = \"mV\"",
        "value = 5e7, unit = \"V\"",
        "72:11: `parameters.drive.nominal`: this is 50000000 V, but core model `lif` needs a value between -2^31 and \
         2^31 times the nominal threshold of 20 mV [values-are-possible]",
    ),
    (
        "value = 20, unit = \"mV\"",
        "value = 1, unit = \"1\"",
        "72:11: `parameters.drive.nominal`: this is a voltage, but `v_threshold` is a pure number: levels of \
         one membrane \
         share one unit [dimensions-match]",
    ),
    (
        "value = 5, unit = \"ms\"",
        "value = 0, unit = \"ms\"",
        "59:11: `parameters.tau_syn.nominal`: this is 0 ms, but synapse kind `up` needs a value above 0 (at \
         least 2^-32 \
         ms) [values-are-possible]",
    ),
    (
        "value = 5, unit = \"ms\"",
        "value = 1e10, unit = \"s\"",
        "59:11: `parameters.tau_syn.nominal`: this is 1e10 s, but synapse kind `up` needs a value between -2^31 and \
         2^31 ms [values-are-possible]",
    ),
    (
        "low = { value = 1, unit = \"ms\"",
        "low = { value = 21, unit = \"ms\"",
        "45:13: `parameters.tau_mem.range.low`: 21 ms is above the nominal value, 20 ms [ranges-hold-the-nominal]",
    ),
    (
        "high = { value = 1, unit = \"s\"",
        "high = { value = 1, unit = \"V\"",
        "46:14: `parameters.tau_mem.range.high`: this is a voltage, but a time is needed here: the nominal value is \
         20 ms [ranges-hold-the-nominal]",
    ),
    (
        "high = { value = 1, unit = \"s\"",
        "high = { value = 1, unit = \"s\", source = \"bench\", evidence = \"assumed\" }\n\
         trim_codes = { value = 100, unit = \"1\"",
        "47:14: `parameters.tau_mem.trim_codes`: single circuits cannot be trimmed on a chip whose neurons share their \
         parameters [trims-have-codes-and-a-range]",
    ),
    // Mismatch.
    (
        "family = \"normal\"",
        "family = \"gaussian\"",
        "49:10: `parameters.tau_mem.mismatch.family`: `gaussian` is not a family of mismatch\n\
         help: there are: `normal`, `log-normal`, `gamma`, `uniform`, `mirrored-log-normal`, `two-point`",
    ),
    (
        "family = \"normal\"",
        "family = \"norml\"",
        "49:10: `parameters.tau_mem.mismatch.family`: `norml` is not a family of mismatch\n\
         help: did you mean `normal`?",
    ),
    (
        "cv = { value = 20, unit = \"%\"",
        "cv = { value = -1, unit = \"1\"",
        "50:6: `parameters.tau_mem.mismatch.cv`: a coefficient of variation of -1 is not possible: it is a spread, so \
         0 or more [cv-is-not-negative]",
    ),
    (
        "cv = { value = 20, unit = \"%\"",
        "cv = { value = 20, unit = \"ms\"",
        "50:6: `parameters.tau_mem.mismatch.cv`: this is a time, but a pure number is needed here: write `unit \
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
        "51:18: `parameters.tau_mem.mismatch.truncation.low`: the lowest factor, 3, must be below the highest, \
         3 [truncation-is-an-interval]",
    ),
    (
        "low = { value = 0.1, unit = \"1\"",
        "low = { value = 1.5, unit = \"1\"",
        "51:18: `parameters.tau_mem.mismatch.truncation.low`: this is 1.5, but the lowest factor must be below 1, the \
         nominal one [truncation-is-an-interval]",
    ),
    (
        "high = { value = 3, unit = \"1\"",
        "high = { value = 0.5, unit = \"1\"",
        "52:19: `parameters.tau_mem.mismatch.truncation.high`: this is 0.5, but the highest factor must be above 1, \
         the nominal one [truncation-is-an-interval]",
    ),
    (
        "low = { value = 0.1, unit = \"1\"",
        "low = { value = -0.1, unit = \"1\"",
        "48:1: `parameters.tau_mem.mismatch`: this mismatch has factors of 0 and below, but core model `lif` \
         needs `tau_mem` \
         above 0: add a `truncation` whose `low` is above 0, or use the family `log-normal` or `gamma` \
         [factors-stay-positive]",
    ),
    ("family = \"log-normal\"", "family = \"uniform\"", "good"),
    (
        "family = \"log-normal\"",
        "family = \"mirrored-log-normal\"",
        "61:1: `parameters.tau_syn.mismatch`: this mismatch has factors of 0 and below, but synapse kind `up` needs \
         `tau_syn` above 0: add a `truncation` whose `low` is above 0, or use the family `log-normal` or \
         `gamma` [factors-stay-positive]",
    ),
    (
        "circuit = { value = 0.7",
        "circuit = { value = 0.71",
        "53:1: `parameters.tau_mem.mismatch.shares`: the shares of die, core and circuit add up to 1.01, but \
         must add \
         up to 1 [shares-add-up]",
    ),
    (
        "die = { value = 0.25",
        "die = { value = -0.25",
        "53:14: `parameters.tau_mem.mismatch.shares.die`: a share of -0.25 is not possible: it is from 0 to 1 \
         [shares-add-up]",
    ),
    (
        "cv = { value = 0.3",
        "cv = { value = 30",
        "63:6: `parameters.tau_syn.mismatch.cv`: coefficients of variation up to 4 are supported, but this is 30; was \
         a percentage meant? [mismatch-can-be-drawn]",
    ),
    (
        "with = \"tau_mem\"",
        "with = \"tau_syn\"",
        "64:24: `parameters.tau_syn.mismatch.correlation.with`: `tau_syn` cannot be correlated with itself: \
         name another \
         parameter [correlations-are-pairs]",
    ),
    (
        "with = \"tau_mem\"",
        "with = \"tau_men\"",
        "64:24: `parameters.tau_syn.mismatch.correlation.with`: `tau_men` is not a parameter of this chip\n\
         help: did you mean `tau_mem`?",
    ),
    (
        "with = \"tau_mem\"",
        "with = \"gain\"",
        "64:24: `parameters.tau_syn.mismatch.correlation.with`: `gain` has no mismatch that `tau_syn` could be \
         correlated \
         with [correlations-are-pairs]",
    ),
    (
        "rho = { value = 0.5",
        "rho = { value = 1.5",
        "64:41: `parameters.tau_syn.mismatch.correlation.rho`: a correlation of 1.5 is not possible: it is from -1 to \
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
        "shares.die",
        "correlation = { with = \"tau_syn\", rho = { value = 0.5, unit = \"1\", source = \"here\", evidence = \
         \"assumed\" } }\nshares.die",
        "53:24: `parameters.tau_mem.mismatch.correlation.with`: `tau_syn` is itself correlated with another \
         parameter: \
         correlate both with the same, uncorrelated one [correlations-are-pairs]\n\
         65:24: `parameters.tau_syn.mismatch.correlation.with`: `tau_mem` is itself correlated with another \
         parameter: \
         correlate both with the same, uncorrelated one [correlations-are-pairs]",
    ),
    // Weights, faults and noise.
    (
        "value = 0.12,",
        "value = -0.12,",
        "84:6: `weights.mismatch.cv`: a coefficient of variation of -0.12 is not possible: it is a spread, so 0 or \
         more [cv-is-not-negative]",
    ),
    (
        "[weights.mismatch]\nfamily = \"gamma\"",
        "[weights.mismatch]\ncorrelation = 1\nfamily = \"gamma\"",
        "83:1: unknown key `correlation` in `weights.mismatch`\nhelp: the keys here are: `family`, `cv`, `truncation`, \
         `shares`",
    ),
    (
        "dead_neuron =",
        "dead_neurons =",
        "89:1: unknown key `dead_neurons` in `faults`\nhelp: did you mean `dead_neuron`?",
    ),
    (
        "hot_neuron = { value = 0.001,",
        "hot_neuron = { value = 1.001,",
        "90:14: `faults.hot_neuron`: a probability of 1.001 is not possible: it is from 0 to 1 \
         [probabilities-are-possible]",
    ),
    (
        "weight_bit_flip = { value = 0.0004, unit = \"1\"",
        "weight_bit_flip = { value = 0.0004, unit = \"ms\"",
        "93:19: `faults.weight_bit_flip`: this is a time, but a pure number is needed here: write `unit = \"1\"` \
         [probabilities-are-possible]",
    ),
    (
        "weight_bit_flip =",
        "weight_bits = { value = 4, unit = \"1\", source = \"here\", evidence = \"assumed\" }\nweight_bit_flip =",
        "93:15: `faults.weight_bits`: the router `tag-cam` has `weight_bits` of its own: remove this one \
         [flipped-bits-exist]",
    ),
    (
        "value = 0.022",
        "value = 4.022",
        "97:17: `noise.run_weight_cv`: a coefficient of variation of 4.022 is not possible: it is from 0 to 4 \
         [noise-is-possible]",
    ),
    (
        "value = 7,",
        "value = 7.5,",
        "100:22: `noise.event_jitter_ticks`: this is 7.5, but jitter is a whole number of ticks, 0 to 65535 \
         [noise-is-possible]",
    ),
    (
        "event_weight_cv =",
        "event_cv =",
        "98:1: unknown key `event_cv` in `noise`\nhelp: the keys here are: `run_threshold_cv`, `run_weight_cv`, \
         `event_weight_cv`, `event_threshold_cv`, `event_jitter_ticks`, `event_jitter_median`, \
         `event_jitter_sd`, `event_jitter_fold`",
    ),
    (
        "event_threshold_cv =",
        "event_treshold_cv =",
        "99:1: unknown key `event_treshold_cv` in `noise`\nhelp: did you mean `event_threshold_cv`?",
    ),
    (
        "event_threshold_cv = { value = 0.044, unit = \"1\",",
        "event_threshold_cv = { value = 0.044, unit = \"mV\",",
        "99:22: `noise.event_threshold_cv`: this is a voltage, but a pure number is needed here: write `unit = \"1\"` \
         [noise-is-possible]",
    ),
    (
        "value = 0.044,",
        "value = -0.044,",
        "99:22: `noise.event_threshold_cv`: a coefficient of variation of -0.044 is not possible: it is from 0 to 4 \
         [noise-is-possible]",
    ),
    (
        "value = 0.044,",
        "value = 4.044,",
        "99:22: `noise.event_threshold_cv`: a coefficient of variation of 4.044 is not possible: it is from 0 to 4 \
         [noise-is-possible]",
    ),
    (
        "event_threshold_cv = { value = 0.044, unit = \"1\", source = \"here\",",
        "event_threshold_cv = { value = 0.044, unit = \"1\", source = \"nowhere\",",
        "99:60: `noise.event_threshold_cv.source`: `nowhere` is not a key of `sources`\nhelp: did you mean `here`?",
    ),
];
