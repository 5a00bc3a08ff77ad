//! The bias generator of DYNAP-SE2: coarse and fine codes to currents and back.
//!
//! A bias has 6 coarse ranges of 256 fine codes, for each type of transistor. The currents are those of a published
//! table (`TABLE`): at its 36 codes exactly, between two of them on the straight line that joins them. The current
//! falls at some codes although the code rises; the falls at 32, 64, 128, 192 and 224 are in the table, those at 96 and
//! 160 lie between two of its codes, so that the codes before them may be off by the size of a fall (those of the table
//! are 0.05 to 5.5 %). The table has no code 0: 0.75 pA is assumed there, within the 0.4 to 1.1 pA that Rockpool's
//! package source describes.
//!
//! A bias current reaches its circuit through a mirror: what a circuit gets is the current times the factor in
//! [`BIASES`].

mod table;

use table::TABLE;

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

/// Current at fine code 0 of every range, in fA.
const AT_ZERO: i64 = 750;

impl Transistor {
    /// The current of a code in fA; `None` for a range that does not exist.
    pub fn current_of(self, code: BiasCode) -> Option<i64> {
        let coarse = usize::from(code.coarse);
        if code.coarse >= COARSE_COUNT {
            return None;
        }
        let at = |index: usize| (i64::from(TABLE[index].0), TABLE[index].1[self as usize][coarse]);
        let next = match TABLE.binary_search_by_key(&code.fine, |entry| entry.0) {
            Ok(index) => return Some(at(index).1),
            Err(index) => index,
        };
        if next == 0 {
            return Some(AT_ZERO);
        }
        let ((low, from), (high, to)) = (at(next - 1), at(next));
        Some(from + (to - from) * (i64::from(code.fine) - low) / (high - low))
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

    /// Codes at which the table falls in every range.
    const FALLS: [u8; 5] = [32, 64, 128, 192, 224];

    fn current(kind: Transistor, coarse: u8, fine: u8) -> i64 {
        kind.current_of(BiasCode { coarse, fine }).unwrap()
    }

    #[test]
    fn currents_rise_but_where_the_table_falls() {
        for (kind, coarse) in [Transistor::N, Transistor::P].into_iter().flat_map(|k| (0..6).map(move |c| (k, c))) {
            for fine in 2..=255u8 {
                let (before, now) = (current(kind, coarse, fine - 1), current(kind, coarse, fine));
                assert_eq!(now < before, FALLS.contains(&fine), "{kind:?} {coarse} {fine}: {before} to {now}");
                assert!((before - now) * 1000 <= 56 * before, "{kind:?} {coarse} {fine}: falls by at most 5.6 %");
            }
        }
        assert_eq!(Transistor::N.current_of(BiasCode { coarse: 6, fine: 1 }), None);
        assert_eq!(Transistor::P.current_of(BiasCode { coarse: 0, fine: 0 }), Some(AT_ZERO));
    }

    #[test]
    fn low_codes_are_those_of_the_table_and_not_of_a_line() {
        // A straight line from the upper codes gave 154 pA at the first of these, and 6.4 times too much at the second.
        assert_eq!(current(Transistor::N, 2, 4), 78_990);
        assert_eq!(current(Transistor::N, 3, 1), 171_500);
        assert_eq!(current(Transistor::P, 5, 255), 2_245_000_000);
        // Between two codes of the table.
        assert_eq!(current(Transistor::N, 2, 5), (78_990 + 119_300) / 2);
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
        // The lowest current of the table, which is below what is assumed of code 0.
        assert_eq!(Transistor::N.nearest(i64::MIN), BiasCode { coarse: 0, fine: 1 });
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
