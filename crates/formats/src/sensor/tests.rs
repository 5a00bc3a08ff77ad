//! What recordings say, and what is wrong with bad ones.

use super::*;
use proptest::prelude::*;

const SENSOR: Sensor = Sensor::Pixels { width: 34, height: 30 };

/// An event as the sensor's own software packs it: fields from the highest bit on.
fn packed(x: u64, y: u64, p: u64, t: u64) -> [u8; 5] {
    let word = x << 32 | y << 24 | p << 23 | t;
    word.to_be_bytes()[3..].try_into().unwrap()
}

fn bs2(bytes: &[u8], order: Order) -> Result<Vec<SensorEvent>, String> {
    read_bs2(bytes, "r.bs2", SENSOR, order).map_err(|e| e.to_string())
}

fn aer(text: &str, order: Order) -> Result<Vec<SensorEvent>, String> {
    read_aer(text, "r.aer", Sensor::Channels(10), order).map_err(|e| e.to_string())
}

fn event(time_us: u64, address: u32) -> SensorEvent {
    SensorEvent { time_us, address }
}

#[test]
fn addresses_are_polarity_y_x() {
    let events = [packed(0, 0, 0, 0), packed(33, 0, 0, 5), packed(0, 1, 0, 5), packed(2, 3, 1, (1 << 23) - 1)].concat();
    let second = 34 * 30 + 3 * 34 + 2;
    assert_eq!(
        bs2(&events, Order::Required).unwrap(),
        [event(0, 0), event(5, 33), event(5, 34), event((1 << 23) - 1, second)]
    );
    assert_eq!(SENSOR.addresses(), 2040);
}

#[test]
fn wrong_recordings_say_where() {
    let two = [packed(1, 1, 0, 9), packed(1, 1, 0, 8)].concat();
    for (bytes, expected) in [
        (
            &[1, 2, 3, 4][..],
            "r.bs2: it ends within event 0: byte 0 starts an event of 5 bytes, but 4 are left\nhelp: copy or make the \
             file again",
        ),
        (
            &[&packed(1, 1, 0, 0)[..], &[7]].concat(),
            "r.bs2: it ends within event 1: byte 5 starts an event of 5 bytes, but 1 are left\nhelp: copy or make the \
             file again",
        ),
        (
            &packed(34, 1, 0, 0),
            "r.bs2: event 0 at byte 0: x is 34, but the sensor has 34\nhelp: give the size of the sensor that was recorded",
        ),
        (
            &packed(1, 30, 0, 0),
            "r.bs2: event 0 at byte 0: y is 30, but the sensor has 30\nhelp: give the size of the sensor that was recorded",
        ),
        (
            &two,
            "r.bs2: event 1 at byte 5: its time of 8 us comes after 9 us\nhelp: sort the recording, or ask for it to be \
             sorted",
        ),
    ] {
        assert_eq!(bs2(bytes, Order::Required).unwrap_err(), expected);
    }
    assert_eq!(bs2(&two, Order::Sort).unwrap(), [event(8, 35), event(9, 35)]);
    let channels = read_bs2(&[], "r.bs2", Sensor::Channels(3), Order::Required).unwrap_err();
    assert_eq!(
        channels.to_string(),
        "r.bs2: it holds events of pixels, but the sensor has 3 channels\nhelp: give the size of the sensor that was \
         recorded"
    );
}

#[test]
fn text_is_read_and_checked_line_by_line() {
    let good = "# a recording\n5 0\n\n  5\t9 \r\n70000000000 3\n";
    assert_eq!(aer(good, Order::Required).unwrap(), [event(5, 0), event(5, 9), event(70_000_000_000, 3)]);
    assert_eq!(aer("", Order::Required).unwrap(), []);
    for (text, expected) in [
        ("5 0\n5\n", "r.aer:2:1: this line has 1 fields, but 2 are needed"),
        ("5 0 1\n", "r.aer:1:1: this line has 3 fields, but 2 are needed"),
        ("5 10\n", "r.aer:1:3: 10 is outside the range from 0 to 9"),
        ("-5 1\n", "r.aer:1:1: expected a whole number, found text"),
        ("5 1.0\n", "r.aer:1:3: expected a whole number, found text"),
        (
            "6 1\n  5 1\n",
            "r.aer:2:3: the time of 5 us comes after 6 us\nhelp: sort the recording, or ask for it to be sorted",
        ),
        (
            "5 1\n6 1",
            "r.aer:2:4: the file ends within a line: it was cut off\nhelp: copy or make the file again, or end its last \
             line with a line break",
        ),
    ] {
        assert_eq!(aer(text, Order::Required).unwrap_err(), expected, "{text:?}");
    }
    assert_eq!(aer("6 1\n5 2\n6 0\n", Order::Sort).unwrap(), [event(5, 2), event(6, 1), event(6, 0)]);
}

#[test]
fn names_choose_the_reader() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let read = |path: &Path| {
        load(path, SENSOR, Order::Required).map_err(|e| e.to_string().replace(&*dir.path().to_string_lossy(), "DIR"))
    };
    assert_eq!(read(&write("a.bs2", &packed(3, 0, 0, 7))).unwrap(), [event(7, 3)]);
    assert_eq!(read(&write("a.aer", b"7 3\n")).unwrap(), [event(7, 3)]);
    assert_eq!(
        read(&write("a.dat", b"")).unwrap_err(),
        "DIR/a.dat: its name ends in none of .bs2, .npz, .aer and .txt, so that its format is not known"
    );
    assert_eq!(read(&write("a.npz", b"PK")).unwrap_err(), "DIR/a.npz: this is no npz archive, or it was cut off");
    assert_eq!(
        read(&dir.path().join("b.bs2")).unwrap_err(),
        "DIR/b.bs2: cannot be read: there is no such file or directory"
    );
}

/// A npz archive of event lists, made by `testdata/make_events.py`.
fn archive(sensor: Sensor) -> Result<Vec<SensorEvent>, String> {
    let bytes = include_bytes!("../../testdata/events.npz").to_vec();
    let npz = Npz::from_bytes(bytes, "e.npz").unwrap();
    read_npz(&npz, "e.npz", sensor, Order::Required).map_err(|e| e.to_string())
}

#[test]
fn archives_hold_pixels_or_channels() {
    // t = [0, 10, 10], x = [1, 2, 33], y = [0, 5, 29], p = [0, 1, 1], id = [4, 0, 9].
    let second = 34 * 30 + 5 * 34 + 2;
    assert_eq!(archive(SENSOR).unwrap(), [event(0, 1), event(10, second), event(10, 2039)]);
    assert_eq!(archive(Sensor::Channels(10)).unwrap(), [event(0, 4), event(10, 0), event(10, 9)]);
    assert_eq!(
        archive(Sensor::Channels(9)).unwrap_err(),
        "e.npz: event 2: id is 9, but the sensor has 9\nhelp: give the size of the sensor that was recorded"
    );
    assert_eq!(
        archive(Sensor::Pixels { width: 33, height: 30 }).unwrap_err(),
        "e.npz: event 2: x is 33, but the sensor has 33\nhelp: give the size of the sensor that was recorded"
    );
}

#[test]
fn times_become_ticks_by_whole_division() {
    let events = [event(0, 1), event(999, 0), event(999, 1), event(1000, 1), event(1999, 1), event(3000, 1)];
    let inputs = |tick: &str, end: Option<u64>| {
        let inputs = to_inputs(&events, tick.parse().unwrap(), end.map(Tick)).unwrap();
        inputs.iter().map(|e| (e.tick.0, e.channel.0, e.payload)).collect::<Vec<_>>()
    };
    assert_eq!(inputs("1 ms", None), [(0, 0, 1), (0, 1, 2), (1, 1, 2), (3, 1, 1)]);
    assert_eq!(inputs("1 ms", Some(3)), [(0, 0, 1), (0, 1, 2), (1, 1, 2)]);
    assert_eq!(inputs("0.3 us", Some(3331)), [(0, 1, 1), (3330, 0, 1), (3330, 1, 1)]);
    assert!(to_inputs(&events, "1 mV".parse().unwrap(), None).is_err());
}

proptest! {
    /// What was packed is what is read, and any change or cut is read or refused, never a panic.
    #[test]
    fn packing_is_undone(
        list in prop::collection::vec((0u64..34, 0u64..30, 0u64..2, 0u64..1 << 23), 0..40),
        cut in any::<prop::sample::Index>(),
        change in any::<u8>(),
    ) {
        let mut list = list;
        list.sort_by_key(|e| e.3);
        let mut bytes: Vec<u8> = list.iter().flat_map(|&(x, y, p, t)| packed(x, y, p, t)).collect();
        let read = bs2(&bytes, Order::Required).unwrap();
        let expected: Vec<_> = list.iter().map(|&(x, y, p, t)| event(t, ((p * 30 + y) * 34 + x) as u32)).collect();
        prop_assert_eq!(read, expected);
        if !bytes.is_empty() {
            let at = cut.index(bytes.len());
            prop_assert_eq!(bs2(&bytes[..at], Order::Required).is_ok(), at % 5 == 0);
            bytes[at] ^= change;
            if let Ok(events) = bs2(&bytes, Order::Sort) {
                prop_assert!(events.is_sorted_by_key(|e| e.time_us));
                prop_assert!(events.iter().all(|e| e.address < SENSOR.addresses()));
            }
        }
    }

    /// No text panics, and an error lies in the text.
    #[test]
    fn any_text_is_read_or_refused(text in "([0-9 #x.\n-]|\u{e9}){0,60}") {
        match read_aer(&text, "f", Sensor::Channels(100), Order::Required) {
            Ok(events) => prop_assert!(events.iter().all(|e| e.address < 100)),
            Err(errors) => {
                let place = errors.first().place().unwrap();
                prop_assert!(place.line <= text.split('\n').count());
            }
        }
    }
}
