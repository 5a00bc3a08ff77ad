//! The cases that lie in the repository: one of each format, as public simulators and a chip recorded them.

use super::draft::Draft;
use super::{fail, pass};

#[test]
fn pass_with_every_recorded_value() {
    for (name, values) in
        [("l07_one_bit", 22_503), ("n11_u_overflow", 6124), ("b07_integrator", 24_251), ("loihi2_lif", 2000)]
    {
        assert_eq!(pass(&Draft::golden(name)), values, "{name}");
    }
}

#[test]
fn a_flipped_bit_of_the_chip_is_found() {
    let mut draft = Draft::golden("loihi2_lif");
    draft.flip("spike", 500, 1, 0);
    let found = fail(&draft);
    assert_eq!((found.key.as_str(), found.row, found.neuron, found.differing), ("spike", Some(500), Some(0), 1));
}
