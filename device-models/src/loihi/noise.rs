//! Noise from numbers that are drawn elsewhere.

use super::error::LoihiError;
use alloc::vec::Vec;

/// Where noise is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoiseTarget {
    /// To the synaptic accumulator, before it overflows.
    Current,
    /// To current plus bias, before that overflows.
    Membrane,
}

/// Noise of a core: `trunc((draw + 64 * offset) * 2^(exponent - 7))`, a draw being uniform in -127..=127. Who draws is
/// no matter of the core: a draw arrives like an event, and is 0 where none does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoiseSettings<'a> {
    /// Which neurons have noise.
    pub enabled: &'a [bool],
    /// From 0 to 23.
    pub exponent: i32,
    /// From -256 to 256.
    pub offset: i32,
    /// Where it is added.
    pub target: NoiseTarget,
}

/// Noise of a core, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Noise {
    mask: Vec<i32>,
    shift: i32,
    offset: i32,
    pub(super) target: NoiseTarget,
}

impl Noise {
    /// None if no neuron has noise.
    pub(super) fn new(settings: &NoiseSettings<'_>, neurons: usize) -> Result<Option<Self>, LoihiError> {
        if settings.enabled.len() != neurons {
            return Err(LoihiError::Length { parameter: "noise enable", found: settings.enabled.len(), neurons });
        }
        if !settings.enabled.contains(&true) {
            return Ok(None);
        }
        let check = |parameter, value: i32, least: i32, most: i32| match (least..=most).contains(&value) {
            true => Ok(()),
            false => {
                Err(LoihiError::Setting { parameter, value: value.into(), least: least.into(), most: most.into() })
            }
        };
        check("noise exponent", settings.exponent, 0, 23)?;
        check("noise offset", settings.offset, -256, 256)?;
        Ok(Some(Noise {
            mask: settings.enabled.iter().map(|&on| -i32::from(on)).collect(),
            shift: settings.exponent - 7,
            offset: settings.offset * 64,
            target: settings.target,
        }))
    }

    /// What a draw adds to a neuron. It fits 32 bits if the draw has 8: |draw + 64 * offset| < 2^15, and the shift is
    /// at most 16.
    pub(super) fn amount(&self, neuron: usize, draw: i32) -> i32 {
        let raw = draw.wrapping_add(self.offset);
        let scaled =
            if self.shift >= 0 { raw.wrapping_shl(self.shift as u32) } else { raw / (1 << self.shift.unsigned_abs()) };
        scaled & self.mask[neuron]
    }
}
