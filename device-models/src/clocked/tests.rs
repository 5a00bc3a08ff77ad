//! What every clocked core refuses to be, and what cores can share, on the models with sums of either width.

use crate::testing::{core, spec};
use crate::{
    ClockedState, Core, CoreParameters, CoreState, DieParameters, EventCore, InputLayout, LifCore, LifParameters,
    LifState, RateState,
};
use alloc::sync::Arc;
use alloc::vec;
use chip::CoreModel;
use units::{NeuronId, Tick};

/// Three neurons of a model, and where their synapses point: of kinds 0 and 2 for `lif`, 4 for `rate`.
fn build(model: CoreModel) -> (Core, InputLayout) {
    let (spec, program) = (spec(), core(model, 3, &[]));
    let graded = model == CoreModel::Rate;
    let layout = InputLayout::new(&spec, &program, &[!graded, false, !graded, false, graded]).unwrap();
    (Core::new(&spec, &program, layout.clone(), &DieParameters::nominal()).unwrap(), layout)
}

/// `core` takes `good`, refuses what `change` makes of it, and is then as it was.
#[track_caller]
fn check_refused<S: Clone>(core: &mut Core, good: &S, wrap: impl Fn(S) -> CoreState, change: impl FnOnce(&mut S)) {
    assert!(core.restore(&wrap(good.clone())));
    let mut bad = good.clone();
    change(&mut bad);
    assert!(!core.restore(&wrap(bad)));
    assert_eq!(core.save(), wrap(good.clone()), "nothing may have changed");
}

#[test]
fn sums_that_nothing_can_have_made_are_refused() {
    let (mut lif, _) = build(CoreModel::Lif);
    let neurons = LifState { v: vec![0; 3], refractory: vec![0; 3], currents: vec![vec![0; 3]], begins: vec![] };
    let good = ClockedState { neurons, sums: vec![vec![0, super::ARRIVED_MAX, 0], vec![0; 3]], touched: true };
    let mut check = |change: fn(&mut ClockedState<LifState, i32>)| {
        check_refused(&mut lif, &good, CoreState::Lif, change);
    };
    check(|s| s.sums[0][1] += 1);
    check(|s| s.sums[1][0] = i32::MIN);
    check(|s| s.sums[1].truncate(2));
    check(|s| s.sums.truncate(1));
    check(|s| s.touched = false);
    check(|s| s.neurons.begins = vec![0; 3]);
    // A model that keeps its sums has them whether something arrived or not.
    let (mut rate, _) = build(CoreModel::Rate);
    let good = ClockedState { neurons: RateState { x: vec![0; 3] }, sums: vec![vec![1; 3]], touched: false };
    let mut check = |change: fn(&mut ClockedState<RateState, i64>)| {
        check_refused(&mut rate, &good, CoreState::Rate, change);
    };
    check(|s| s.sums[0][2] = -1 << 56);
    check(|s| s.sums.clear());
    check(|s| s.neurons.x[1] = (1 << 28) + 1);
    check(|s| s.neurons.x.truncate(1));
}

#[test]
fn the_state_of_another_model_is_refused() {
    let ((mut lif, _), (rate, _)) = (build(CoreModel::Lif), build(CoreModel::Rate));
    let before = lif.save();
    assert!(!lif.restore(&rate.save()));
    assert_eq!(lif.save(), before);
}

/// Saved between two steps, with input that waits, and gone on with: nothing shows.
#[test]
fn a_core_goes_on_from_a_saved_state() {
    for (model, kind) in [(CoreModel::Lif, 0), (CoreModel::Rate, 4)] {
        let (mut straight, layout) = build(model);
        let row = [layout.pack(kind, 1, 900).unwrap()];
        for tick in 0..40 {
            straight.deliver(&row, 7);
            let (mut resumed, _) = build(model);
            assert!(resumed.restore(&straight.save()));
            assert_eq!(resumed.is_touched(), straight.is_touched());
            assert_eq!(resumed.advance(Tick(tick)), straight.advance(Tick(tick)), "{model}, tick {tick}");
            assert_eq!(resumed.save(), straight.save(), "{model}, tick {tick}");
        }
    }
}

#[test]
fn cores_share_their_parameters_and_nothing_else() {
    let (_, layout) = build(CoreModel::Lif);
    let row = [layout.pack(0, 2, 500).unwrap()];
    let (spec, program) = (spec(), core(CoreModel::Lif, 3, &[]));
    let shared = Arc::new(LifParameters::build(&spec, &program, layout, &DieParameters::nominal()).unwrap());
    let mut cores = [LifCore::new(shared.clone()), LifCore::new(shared.clone())];
    assert!(cores.iter().all(|core| Arc::ptr_eq(core.parameters(), &shared)));
    cores[0].deliver(&row, 1);
    let [first, second] = cores.each_mut().map(|core| {
        core.advance(Tick(0));
        core.probe(0, NeuronId(2), Tick(0))
    });
    assert_eq!(first - second, 500 << 10, "the weight exponent of the test core is 10");
}
