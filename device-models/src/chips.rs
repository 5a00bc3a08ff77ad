//! The shipped chips, as the texts of their files. Reading them is the business of `formats`.

/// Name and chip file of every shipped chip.
pub static SHIPPED: [(&str, &str); 11] = [
    ("brainscales2", include_str!("../data/brainscales2/chip.toml")),
    ("brainscales2-uncalibrated", include_str!("../data/brainscales2-uncalibrated/chip.toml")),
    ("dynapse2", include_str!("../data/dynapse2/chip.toml")),
    ("ideal", include_str!("../data/ideal/chip.toml")),
    ("ideal-mismatched", include_str!("../data/ideal-mismatched/chip.toml")),
    ("loihi-brian2", include_str!("../data/loihi-brian2/chip.toml")),
    ("loihi-lava", include_str!("../data/loihi-lava/chip.toml")),
    ("loihi-nengo", include_str!("../data/loihi-nengo/chip.toml")),
    ("xylo-audio2", include_str!("../data/xylo-audio2/chip.toml")),
    ("xylo-audio3", include_str!("../data/xylo-audio3/chip.toml")),
    ("xylo-imu", include_str!("../data/xylo-imu/chip.toml")),
];
