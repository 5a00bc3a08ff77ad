//! Wrong files of digital chips: rules, axons, registers, prices.

use super::{Case, check_shipped};

#[test]
fn one_wrong_line_gives_one_clear_error() {
    check_shipped("loihi-lava", CASES);
}

/// What to replace, by what, the error without its place.
pub(super) const CASES: &[Case] = &[
    (
        "profile = \"loihi-lava\"",
        "profile = \"lohi-lava\"",
        "`rules.profile`: `lohi-lava` is not a profile of digital rules\nhelp: did you mean `loihi-lava`?",
    ),
    (
        "profile = \"loihi-lava\"",
        "profile = \"loihi-lava\"\nweigths = \"towards-zero\"",
        "unknown key `weigths` in `rules`\nhelp: did you mean `weights`?",
    ),
    (
        "profile = \"loihi-lava\"",
        "profile = \"loihi-lava\"\nweights = \"toward-zero\"",
        "`rules.weights`: `toward-zero` is not a choice for `weights`\nhelp: did you mean `towards-zero`?",
    ),
    (
        "profile = \"loihi-lava\"",
        "profile = \"loihi-lava\"\ncurrent = \"modulo-40\"",
        "`rules.current`: `modulo-40` is not a choice for `current`\nhelp: did you mean `modulo-N`?",
    ),
    (
        "profile = \"loihi-lava\"",
        "profile = \"xylo-v2\"\nweights = \"towards-zero\"",
        "`rules.weights`: the rules `xylo-v2` have no options: remove this [rules-exist]",
    ),
    (
        "[rules]\nprofile = \"loihi-lava\"\n",
        "",
        "`models[0]`: core model `loihi` needs a table `[rules]` with a `profile` [rules-belong-to-models]",
    ),
    (
        "low = { value = -8,",
        "low = { value = -9,",
        "`router.weight_exponent.low`: this is -9, but must be a whole number from -8 to 7 \
         [exponents-are-an-interval]",
    ),
    (
        "spike = { value = 69.3, unit = \"pJ\"",
        "spike = { value = 69.3, unit = \"pA\"",
        "`energy.spike`: this is 69.3 pA, but must be an energy of at least 0, such as 24 pJ [energies-are-energies]",
    ),
    (
        "spike = { value = 69.3",
        "spikes = { value = 69.3",
        "`energy.spikes`: `spikes` is not an operation that is counted\nhelp: did you mean `spike`?",
    ),
    (
        "cores_per_tile = { value = 4,",
        "cores_per_tile = { value = 3,",
        "`mesh`: it has room for 96 cores, but a chip has 128 [mesh-holds-cores]",
    ),
    (
        "width = { value = 8,",
        "width = { value = 0,",
        "`mesh.width`: this is 0, but must be a whole number of at least 1 [counts-are-positive]",
    ),
    ("[mesh]", "[meshes]", "unknown key `meshes`\nhelp: did you mean `mesh`?"),
    (
        "hop_east_west = { value = 3.0, unit = \"pJ\"",
        "hop_east_west = { value = 3.0, unit = \"ns\"",
        "`energy.hop_east_west`: this is 3 ns, but must be an energy of at least 0, such as 24 pJ \
         [energies-are-energies]",
    ),
    (
        "spike = { value = 30, unit = \"ns\"",
        "spike = { value = 30.0001, unit = \"ns\"",
        "`latency.spike`: this is 30.0001 ns, but must be a whole number of picoseconds, such as 3.8 ns \
         [latencies-are-times]",
    ),
    (
        "event_received = { value = 16",
        "event_recieved = { value = 16",
        "unknown key `event_recieved` in `latency`\nhelp: did you mean `event_received`?",
    ),
    (
        "cores_min = 13",
        "cores_min = 5",
        "`latency.barrier[2].cores_min`: this is 5, but must be more than 5: barriers ascend [latencies-are-times]",
    ),
    (
        "synapse_bits = { value = 1048576,",
        "synapse_bits = { value = 0,",
        "`router.synapse_bits`: this is 0, but must be a whole number of at least 1 [counts-are-positive]",
    ),
    (
        "kind = \"register\", index = 0",
        "kind = \"register\", index = 300",
        "`synapses[0].kinetics.index`: 300 is outside the range from 0 to 255",
    ),
    (
        "kind = \"register\", index = 0 }",
        "kind = \"register\", index = 0 }\ngain = \"decay_u\"",
        "`synapses[0].gain`: a synapse of core model `loihi` has no gain: remove it [synapses-match-models]",
    ),
];
