//! Bytes that were changed, cut or made up: an answer or an error, never a panic, and never more memory than a
//! multiple of what was read.

use super::encode::*;
use super::*;
use proptest::prelude::*;

/// Good files of every format, small.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let list: Vec<Event> = (0..12u16).map(|n| (u64::from(n) * 900, n, n / 2, (n % 2) as u8)).collect();
    let file = |bytes: &[u8]| bytes.to_vec();
    vec![
        ("bs1", bs1(&[(1, 2), (3, 4)])),
        ("bs2", bs2(&list)),
        ("bs3", bs3(&list)),
        ("aedat2", aedat2("dvs128", &list)),
        ("aedat2-davis", aedat2("davis240", &list)),
        ("aedat3", aedat3("none", &list)),
        ("aedat4", aedat4(&list, 34, 30)),
        ("aedat4", file(include_bytes!("../../../testdata/recordings/lz4.aedat4"))),
        ("aedat4", file(include_bytes!("../../../testdata/recordings/zstd.aedat4"))),
        ("evt2", evt2("% evt 2.0\n% end\n", &list)),
        ("evt3", evt3("% evt 3.0\n% format EVT3;height=30;width=34\n% end\n", &list)),
        ("raw", evt3("% evt 3.0\n% end\n", &list)),
        ("dat", dat("% Version 2\n", &list)),
        ("es", es(&list, 34, 30)),
        ("es", es_atis(&list, 34, 30)),
        ("npz", file(include_bytes!("../../../testdata/events.npz"))),
        ("npz", file(include_bytes!("../../../testdata/recordings/records.npz"))),
        ("npy", npy("[('t', '<u2'), ('x', '|u1'), ('y', '|u1'), ('p', '|b1')]", "(2,)", &[1; 10])),
        ("npy", npy("'<i2'", "(2, 4)", &[0; 16])),
        ("shd", file(include_bytes!("../../../testdata/recordings/shd.h5"))),
        ("text", b"t,x,y,p\n1,2,3,1\n4,5,6,0\n".to_vec()),
        ("text", b"# a\n0 3\n5 4\n".to_vec()),
    ]
}

/// Reads `bytes` as `format` in every way that the options allow.
fn read_all(format: &'static SensorFormat, bytes: &[u8]) {
    let sensors = [None, Some(SENSOR), Some(Sensor::Channels(9)), Some(Sensor::Pixels { width: 240, height: 180 })];
    for sensor in sensors {
        for order in [Order::Required, Order::Sort] {
            let sample = (format.name == "shd").then_some(0);
            let options =
                Options { sensor, order, format: Some(format), channels: Some(9), sample, ..Options::default() };
            if let Ok(recording) = read(bytes, "f", &options) {
                // A group of EVT 3.0 is 12 events in 2 bytes; packed arrays are less dense than that.
                assert!(recording.events.len() <= 1032 * bytes.len(), "{}", format.name);
                assert!(recording.events.iter().all(|e| e.address < recording.sensor.addresses()));
                assert!(recording.events.is_sorted_by_key(|e| e.time_us), "{}", format.name);
            }
        }
    }
}

#[test]
fn every_cut_of_every_format_is_harmless() {
    for (name, bytes) in seeds() {
        let format = SensorFormat::named(name).unwrap();
        let step = bytes.len().div_ceil(300);
        for length in (0..bytes.len()).step_by(step) {
            read_all(format, &bytes[..length]);
        }
    }
}

#[test]
fn every_format_has_a_seed() {
    let seeds = seeds();
    for format in FORMATS {
        assert!(seeds.iter().any(|(name, _)| *name == format.name), "{}", format.name);
    }
}

/// Lengths that a header claims are not believed.
#[test]
fn claims_are_not_allocated() {
    let shape = npy("[('t', '<i8'), ('id', '<i8')]", "(1152921504606846976,)", &[0; 16]);
    assert!(refused(&shape, "a.npy", &Options::of(Sensor::Channels(9))).contains("its shape needs"));
    let mut packet = aedat4_packet(0, &[(1, 1, 1, 1)]);
    let at = packet.windows(4).rposition(|w| w == 1u32.to_le_bytes()).unwrap();
    packet[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let _ = read(&[aedat4_header(0, ""), packet].concat()[..], "a.aedat4", &Options::of(SENSOR));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Some bytes of a good file are changed, and some put in.
    #[test]
    fn changed_files_are_read_or_refused(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        put_in in prop::option::of((any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 1..9))),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let seeds = seeds();
        let (name, mut bytes) = seeds[which.index(seeds.len())].clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some((at, more)) = put_in {
            let at = at.index(bytes.len());
            bytes.splice(at..at, more);
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_all(SensorFormat::named(name).unwrap(), &bytes);
    }

    /// Bytes of any kind, as each of the formats, and as the one that they seem to be.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in FORMATS {
            read_all(format, &bytes);
        }
        let _ = read(&bytes[..], "f.csv", &Options::of(SENSOR));
    }
}
