//! Families of mismatch.

use core::fmt;
use serde::{Deserialize, Serialize};

/// Family of a mismatch factor. Every family has mean 1 and the asked-for coefficient of variation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Gaussian.
    Normal,
    /// Log-normal: right-skewed, as subthreshold currents are under Gaussian threshold-voltage mismatch.
    LogNormal,
    /// Gamma with shape 1/CV^2: right-skewed.
    Gamma,
    /// Uniform: no tail, no skew.
    Uniform,
    /// The log-normal reflected at its mean: the same spread with the opposite skew.
    MirroredLogNormal,
    /// Two values, one below and one above the mean, equally likely.
    TwoPoint,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 6] =
        [Self::Normal, Self::LogNormal, Self::Gamma, Self::Uniform, Self::MirroredLogNormal, Self::TwoPoint];

    /// The spelling used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::LogNormal => "log-normal",
            Self::Gamma => "gamma",
            Self::Uniform => "uniform",
            Self::MirroredLogNormal => "mirrored-log-normal",
            Self::TwoPoint => "two-point",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};

    #[test]
    fn names_are_the_spelling_of_files() {
        for family in Family::ALL {
            let text: StrDeserializer<'_, Error> = family.name().into_deserializer();
            assert_eq!(Family::deserialize(text), Ok(family));
        }
        let text: StrDeserializer<'_, Error> = "lognormal".into_deserializer();
        assert!(Family::deserialize(text).is_err());
    }
}
