//! The bias generator of DYNAP-SE2: coarse and fine codes to currents and back.
//!
//! A bias has 6 coarse ranges of 256 fine codes, for each type of transistor. On the chip, and in Rockpool 3.1.0, the
//! currents are a measured table. **That table is not here.** This one is made from numbers that describe it: the
//! current at fine code 255 and the slope of each range, the codes at which the current falls although the code rises,
//! the size of the largest fall (4 % at 127 to 128), and 0.4 to 1.1 pA at code 0. The numbers are read from Rockpool's
//! package source (evidence: simulator-default); what is assumed is that a range is a straight line between its falls,
//! that the other falls are 1 % (0.1 to 4 % is what is known), and 0.75 pA at code 0. The measured table is straight to
//! 3 to 6 %, so a current from here may be off by that much.
//!
//! A bias current reaches its circuit through a mirror: what a circuit gets is the current times the factor in
//! [`BIASES`].

/// Type of the transistor that a bias drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transistor {
    /// n-type.
    N,
    /// p-type.
    P,
}

/// A setting of a bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BiasCode {
    /// The range, from 0 to 5.
    pub coarse: u8,
    /// The place in the range.
    pub fine: u8,
}

/// Ranges of a bias.
pub const COARSE_COUNT: u8 = 6;

/// Current at fine code 255 and slope per code of each range, in fA.
const RANGES: [[(i64, i64); COARSE_COUNT as usize]; 2] = [
    [
        (71_800, 277),
        (573_000, 2_210),
        (4_570_000, 17_600),
        (36_400_000, 139_000),
        (290_000_000, 1_110_000),
        (2_280_000_000, 8_870_000),
    ],
    [
        (66_900, 259),
        (536_000, 2_070),
        (4_300_000, 16_600),
        (34_500_000, 132_000),
        (277_000_000, 1_060_000),
        (2_250_000_000, 8_790_000),
    ],
];

/// Current at fine code 0 of every range, in fA.
const AT_ZERO: i64 = 750;

/// Codes between two falls.
const SEGMENT: i64 = 32;

impl Transistor {
    /// The current of a code in fA; `None` for a range that does not exist.
    pub fn current_of(self, code: BiasCode) -> Option<i64> {
        let &(last, slope) = RANGES[self as usize].get(usize::from(code.coarse))?;
        if code.fine == 0 {
            return Some(AT_ZERO);
        }
        let fine = i64::from(code.fine);
        let line = |fine: i64| last - slope * (255 - fine);
        // At the first code of a segment the current is lower than at the code before by `fall`, so the line is left by
        // half of that and of its own rise, downwards after the fall and upwards before the next one.
        let half = |start: i64| {
            let per_mille = if start == 128 { 40 } else { 10 };
            if start == 0 || start == 256 { 0 } else { (slope + line(start) * per_mille / 1000) / 2 }
        };
        let start = fine / SEGMENT * SEGMENT;
        let (low, high) = (-half(start), half(start + SEGMENT));
        Some(line(fine) + low + (high - low) * (fine - start) / (SEGMENT - 1))
    }

    /// The code whose current is nearest to `current` (fA): the nearest of each range, then the best range; the lower
    /// code if two are equally near.
    pub fn nearest(self, current: i64) -> BiasCode {
        let all = (0..COARSE_COUNT).flat_map(|coarse| (0..=u8::MAX).map(move |fine| BiasCode { coarse, fine }));
        let off = |code: &BiasCode| self.current_of(*code).map_or(u64::MAX, |found| found.abs_diff(current));
        all.min_by_key(off).unwrap_or(BiasCode { coarse: 0, fine: 0 })
    }
}

/// A bias and the parameter of the chip that it sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bias {
    /// The parameter, such as `i_tau_mem`.
    pub parameter: &'static str,
    /// Name on the chip.
    pub name: &'static str,
    /// Its transistors.
    pub transistor: Transistor,
    /// What a circuit gets of its current, in hundredths.
    pub percent: i64,
}

const fn bias(parameter: &'static str, name: &'static str, transistor: Transistor, percent: i64) -> Bias {
    Bias { parameter, name, transistor, percent }
}

/// The biases of a core, with the factors of Rockpool 3.1.0 (simulator-default).
pub const BIASES: &[Bias] = &[
    bias("i_dc", "SOIF_DC_P", Transistor::P, 38),
    bias("i_tau_mem", "SOIF_LEAK_N", Transistor::N, 61),
    bias("i_gain_mem", "SOIF_GAIN_N", Transistor::N, 105),
    bias("i_refractory", "SOIF_REFR_N", Transistor::N, 105),
    bias("i_threshold", "SOIF_SPKTHR_P", Transistor::P, 38),
    bias("i_pulse", "SYPD_EXT_N", Transistor::N, 92),
    bias("i_tau_ampa", "DEAM_ETAU_P", Transistor::P, 20),
    bias("i_gain_ampa", "DEAM_EGAIN_P", Transistor::P, 68),
    bias("i_tau_nmda", "DENM_ETAU_P", Transistor::P, 20),
    bias("i_gain_nmda", "DENM_EGAIN_P", Transistor::P, 68),
    bias("i_tau_gaba", "DEGA_ITAU_P", Transistor::P, 20),
    bias("i_gain_gaba", "DEGA_IGAIN_P", Transistor::P, 68),
    bias("i_tau_shunt", "DESC_ITAU_P", Transistor::P, 20),
    bias("i_gain_shunt", "DESC_IGAIN_P", Transistor::P, 68),
    bias("i_tau_ahp", "SOAD_TAU_P", Transistor::P, 20),
    bias("i_gain_ahp", "SOAD_GAIN_P", Transistor::P, 68),
    bias("i_w_ahp", "SOAD_W_N", Transistor::N, 92),
    bias("i_pulse_ahp", "SOAD_PWTAU_N", Transistor::N, 92),
    bias("i_nmda_gate", "DENM_NMREV_N", Transistor::N, 105),
    bias("i_w_0", "SYAM_W0_P", Transistor::P, 22),
    bias("i_w_1", "SYAM_W1_P", Transistor::P, 22),
    bias("i_w_2", "SYAM_W2_P", Transistor::P, 22),
    bias("i_w_3", "SYAM_W3_P", Transistor::P, 22),
];

impl Bias {
    /// The bias of a parameter of the chip.
    pub fn of(parameter: &str) -> Option<&'static Self> {
        BIASES.iter().find(|bias| bias.parameter == parameter)
    }

    /// What a circuit gets with this code, in fA, rounded down; `None` for a range that does not exist.
    pub fn current_of(&self, code: BiasCode) -> Option<i64> {
        Some(self.transistor.current_of(code)? * self.percent / 100)
    }

    /// The code with which a circuit gets a current nearest to `current` (fA).
    pub fn nearest(&self, current: i64) -> BiasCode {
        self.transistor.nearest(current.saturating_mul(100) / self.percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FALLS: [u8; 7] = [32, 64, 96, 128, 160, 192, 224];

    fn current(kind: Transistor, coarse: u8, fine: u8) -> i64 {
        kind.current_of(BiasCode { coarse, fine }).unwrap()
    }

    #[test]
    fn currents_rise_but_at_seven_codes() {
        for (kind, coarse) in [Transistor::N, Transistor::P].into_iter().flat_map(|k| (0..6).map(move |c| (k, c))) {
            for fine in 1..=255u8 {
                let (before, now) = (current(kind, coarse, fine - 1), current(kind, coarse, fine));
                if FALLS.contains(&fine) {
                    let per_mille = (before - now) * 1000 / before;
                    let expected = if fine == 128 { 37..=41 } else { 8..=11 };
                    assert!(expected.contains(&per_mille), "{kind:?} {coarse} {fine}: falls by {per_mille}/1000");
                } else {
                    assert!(now > before, "{kind:?} {coarse} {fine}");
                }
                let (last, slope) = RANGES[kind as usize][usize::from(coarse)];
                let line = last - slope * (255 - i64::from(fine));
                assert!((now - line).abs() * 100 <= 6 * line + 100 * slope, "straight to 6 % or a code");
            }
            assert_eq!(current(kind, coarse, 255), RANGES[kind as usize][usize::from(coarse)].0);
        }
        assert_eq!(Transistor::N.current_of(BiasCode { coarse: 6, fine: 0 }), None);
    }

    #[test]
    fn codes_lead_back_to_their_current() {
        for kind in [Transistor::N, Transistor::P] {
            for (coarse, fine) in (0..6).flat_map(|c| (0..=255u8).step_by(3).map(move |f| (c, f))) {
                let wanted = current(kind, coarse, fine);
                assert_eq!(kind.current_of(kind.nearest(wanted)), Some(wanted), "{kind:?} {coarse} {fine}");
            }
        }
    }

    #[test]
    fn any_current_is_met_within_half_a_step() {
        // From 10 pA to the largest current: 1.8 % is half of the largest step.
        let mut wanted = 10_000i64;
        while wanted < 2_200_000_000 {
            for kind in [Transistor::N, Transistor::P] {
                let found = kind.current_of(kind.nearest(wanted)).unwrap();
                assert!(found.abs_diff(wanted) * 1000 <= 18 * wanted as u64, "{kind:?} {wanted}: {found}");
            }
            wanted += wanted / 7;
        }
        assert_eq!(Transistor::N.nearest(i64::MIN), BiasCode { coarse: 0, fine: 0 });
        assert_eq!(Transistor::N.nearest(i64::MAX), BiasCode { coarse: 5, fine: 255 });
    }

    #[test]
    fn defaults_come_back_within_two_percent() {
        for (parameter, wanted) in [("i_tau_mem", 5_319), ("i_gain_ampa", 8_688_000), ("i_threshold", 100_000_000)] {
            let bias = Bias::of(parameter).unwrap();
            let found = bias.current_of(bias.nearest(wanted)).unwrap();
            assert!(found.abs_diff(wanted) * 50 <= wanted as u64, "{parameter}: {found}");
        }
        assert_eq!(Bias::of("c_mem"), None);
    }
}
