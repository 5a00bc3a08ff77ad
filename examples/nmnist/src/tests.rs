//! The classifier on the real recordings, where they are, and on a small network of its own.

use super::*;
use std::io::Write;

/// The recordings and the network, which are not part of this repository.
#[allow(clippy::print_stderr, reason = "a skipped test must say so")]
fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/nmnist");
    if !folder.is_dir() {
        eprintln!("skipped: there is no {}", folder.display());
        return None;
    }
    Some(folder)
}

fn chip() -> ChipSpec {
    formats::chip::shipped("loihi-lava").unwrap()
}

#[test]
fn every_test_sample_is_classified_correctly() {
    let Some(folder) = data() else { return };
    let samples = samples(&folder.join("test.csv")).unwrap();
    let network = network(&folder.join("trained_loihi_net.npz")).unwrap();
    let classifier = Classifier::new(chip(), &network).unwrap();
    let mut shown = 0;
    let score = classifier.classify(&samples, classifier.spec(), &DieParameters::nominal(), || shown += 1).unwrap();
    assert_eq!((score.correct, score.samples, shown), (50, 50, 50));
    assert_eq!(score.counters.losses.total(), 0);
}

/// The published ranges of five chips on 100 samples, wider by 0.02: here it is one die on 25 samples, of which one
/// more or less may be wrong.
#[test]
fn disorder_costs_as_much_as_it_did_for_others() {
    let Some(folder) = data() else { return };
    let samples = samples(&folder.join("test.csv")).unwrap().split_off(25);
    let network = network(&folder.join("trained_loihi_net.npz")).unwrap();
    let classifier = Classifier::new(chip(), &network).unwrap();
    for (spread, low) in [("0.1", 0.97), ("0.3", 0.94), ("0.5", 0.79)] {
        let spec = with_disorder(classifier.spec(), spread.parse().unwrap());
        let die = die(&spec, 1, 0).unwrap();
        let accuracy = classifier.classify(&samples, &spec, &die, || ()).unwrap().accuracy();
        assert!(accuracy >= low - 0.04, "spread {spread}: {accuracy}");
    }
}

#[test]
fn dies_differ_in_weights_and_thresholds() {
    let spec = with_disorder(&chip(), "0.3".parse().unwrap());
    let [one, same, other] = [(1, 0), (1, 0), (1, 1)].map(|(seed, id)| die(&spec, seed, id).unwrap());
    let core = units::CoreAddress::new(0, 0);
    let factors = |die: &DieParameters| {
        (0..8).map(|n| die.factor("v_threshold", core, units::NeuronId(n)).to_bits()).collect::<Vec<_>>()
    };
    assert_eq!(factors(&one), factors(&same));
    assert_ne!(factors(&one), factors(&other));
    let slot = |die: &DieParameters| die.weight_mismatch(core, units::NeuronId(0), 7).to_bits();
    assert_ne!(slot(&one), slot(&other));
}

#[test]
fn lists_of_samples_are_read_or_refused_with_their_line() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"sample,label\n60001,7\n\n60002, 3\n").unwrap();
    let all = samples(file.path()).unwrap();
    assert_eq!(all.iter().map(|s| s.label).collect::<Vec<_>>(), [7, 3]);
    assert!(all[1].path.ends_with("samples/60002.bs2"));
    file.write_all(b"60003\n").unwrap();
    let error = samples(file.path()).unwrap_err().to_string();
    assert!(error.contains(":5: `60003` is not a sample and its label"), "{error}");
    let mut empty = tempfile::NamedTempFile::new().unwrap();
    empty.write_all(b"sample,label\n").unwrap();
    assert!(samples(empty.path()).unwrap_err().to_string().contains("names no samples"));
    assert!(samples(Path::new("no/such/list.csv")).unwrap_err().to_string().contains("list.csv"));
}

#[test]
fn what_is_no_network_is_refused() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"PK\x03\x04 but no more").unwrap();
    let error = network(file.path()).unwrap_err().to_string();
    assert!(error.contains(&file.path().display().to_string()), "{error}");
}
