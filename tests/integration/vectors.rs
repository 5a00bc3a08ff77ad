//! Hot loops are compiled for several sets of vector instructions; which of them runs shows in no result.

use crate::cores::recipes;
use crate::support::TICKS;
use emulator::Spike;
use proptest::prelude::*;
use simd::Level;
use units::Tick;

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Tests beside this one may run with any level meanwhile, and do not mind either.
    #[test]
    fn every_level_gives_the_same_run(recipe in any::<bool>().prop_flat_map(recipes)) {
        let runs = Level::ALL.map(|most| {
            simd::limit(most);
            let mut case = recipe.build();
            let mut emulator = case.emulator();
            let mut spikes: Vec<Spike> = Vec::new();
            emulator.run_until(Tick(TICKS), &mut spikes);
            (emulator.digest(), emulator.counters().clone(), spikes)
        });
        simd::limit(Level::Avx512);
        prop_assert_eq!(&runs[0], &runs[1]);
        prop_assert_eq!(&runs[0], &runs[2]);
    }
}
