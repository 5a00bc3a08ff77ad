//! Wrong lines of the small chip: the form of the file, its keys, facts, names and sources.

use super::Case;

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
        "67:1: unknown key `colour` in `parameters.gain`\n\
         help: the keys here are: `summary`, `nominal`, `range`, `trim_codes`, `mismatch`",
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
         help: there are: `measured`, `vendor-limit`, `vendor-simulated`, `simulator-default`, `assumed`",
    ),
    (
        "value = 0.5, unit = \"ms\", source = \"here\", evidence = \"assumed\"",
        "value = 0.5, unit = \"ms\", source = \"here\", evidence = \"mesured\"",
        "11:64: `tick.evidence`: `mesured` is not a grade of evidence\n\
         help: did you mean `measured`?",
    ),
    (
        "tick = { value = 0.5, unit = \"ms\", source = \"here\", evidence = \"assumed\" }",
        "tick = \"0.5\"",
        "11:8: `tick`: a quantity is a number, a space and a unit, such as `20 ms`; a pure number has the unit `1`",
    ),
    (
        "tick = { value = 0.5, unit = \"ms\", source = \"here\", evidence = \"assumed\" }",
        "tick = { value = 0.5, unit = \"ms\", source = \"here\", evidence = \"unstated\" }",
        "11:64: `tick.evidence`: `unstated` is not a grade of evidence\nhelp: there are: `measured`, \
         `vendor-limit`, `vendor-simulated`, `simulator-default`, `assumed`",
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
];
