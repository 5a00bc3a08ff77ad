//! Files that other programs wrote, by `testdata/make_recordings.py`: the same events in every format.

use super::*;

const SQUARE: Sensor = Sensor::Pixels { width: 34, height: 34 };

macro_rules! file {
    ($name:literal) => {
        ($name, &include_bytes!(concat!("../../../testdata/recordings/", $name))[..])
    };
}

/// The events as text, which is the reference for all others.
fn reference() -> Vec<SensorEvent> {
    let (name, bytes) = file!("events.csv");
    let events = read_as(bytes, name, &Options::of(SQUARE)).unwrap().events;
    assert_eq!(events.len(), 60);
    assert!(events[59].time_us > 1 << 24, "they last longer than a clock of 24 bits");
    events
}

#[test]
fn all_say_the_same() {
    for (name, bytes) in [
        file!("events.dat"),
        file!("evt2.raw"),
        file!("none.aedat4"),
        file!("lz4.aedat4"),
        file!("zstd.aedat4"),
        file!("records.npz"),
        file!("aligned.npy"),
    ] {
        let recording = read_as(bytes, name, &Options::of(SQUARE)).unwrap();
        assert_eq!(recording.events, reference(), "{name}");
    }
    for (name, bytes) in [file!("rows.npy"), file!("columns.npy")] {
        let options = Options { columns: Some("x,y,t,p".parse().unwrap()), ..Options::of(SQUARE) };
        assert_eq!(read_as(bytes, name, &options).unwrap().events, reference(), "{name}");
    }
    let (name, bytes) = file!("events.es");
    let hundredth = |e: &SensorEvent| event(e.time_us / 100, e.address);
    let es = read_as(bytes, name, &Options::default()).unwrap();
    assert_eq!(es.events, reference().iter().map(hundredth).collect::<Vec<_>>());
    assert_eq!(es.sensor, SQUARE);
}

#[test]
fn cameras_of_dv_state_their_size() {
    let (name, bytes) = file!("zstd.aedat4");
    assert_eq!(read_as(bytes, name, &Options::default()).unwrap().sensor, SQUARE);
    // A packet that was changed is no packet.
    for (name, bytes) in [file!("lz4.aedat4"), file!("zstd.aedat4")] {
        let at = bytes.len() - 300;
        let mut changed = bytes.to_vec();
        changed[at..at + 8].fill(0xff);
        assert!(read_as(&changed, name, &Options::default()).is_err(), "{name}");
    }
}

#[test]
fn seconds_are_said_to_be_seconds() {
    let (name, bytes) = file!("seconds.npz");
    let channels = Options::of(Sensor::Channels(34));
    let error = read_as(bytes, name, &channels).unwrap_err();
    assert!(error.contains("which is no time from 0 on in whole microseconds"), "{error}");
    assert!(error.contains("`--time-unit s`"), "{error}");
    let options = Options { time_unit: Some(TimeUnit::Seconds), ..channels };
    let times: Vec<u64> = read_as(bytes, name, &options).unwrap().events.iter().map(|e| e.time_us).collect();
    assert_eq!(times, reference().iter().map(|e| e.time_us).collect::<Vec<_>>());
}

#[test]
fn samples_of_the_heidelberg_digits_are_chosen() {
    let (name, bytes) = file!("shd.h5");
    let of = |sample| read_as(bytes, name, &Options { sample, ..Options::of(Sensor::Channels(700)) });
    let first = of(Some(0)).unwrap();
    assert_eq!(first.events, [event(0, 0), event(125_000, 100), event(250_000, 200), event(375_000, 300)]);
    assert_eq!(first.label, Some(3));
    let empty = of(Some(1)).unwrap();
    assert_eq!((empty.events.len(), empty.label), (0, Some(1)));
    assert_eq!(of(Some(2)).unwrap().events, [event(500_000, 2), event(625_000, 102)]);
    assert_eq!(
        of(None).unwrap_err(),
        "shd.h5: it has 3 samples, and none is chosen\nhelp: choose one with `--sample N`, counted from 0"
    );
    assert_eq!(of(Some(3)).unwrap_err(), "shd.h5: it has 3 samples, counted from 0, and no sample 3");
    let small = Options { sample: Some(0), ..Options::of(Sensor::Channels(300)) };
    assert_eq!(refused(bytes, name, &small), "shd.h5: event 3: id is 300, but the sensor has 300");
    for length in (0..bytes.len()).step_by(61) {
        let options = Options { sample: Some(0), ..Options::of(Sensor::Channels(700)) };
        let _ = read(&bytes[..length], name, &options);
    }
}
