//! Records without a header: N-MNIST, N-Caltech101 and SLAYER.

use super::encode::{bs1, bs2, bs3};
use super::*;

#[test]
fn addresses_are_polarity_y_x() {
    let list = [(0, 0, 0, 0), (5, 33, 0, 0), (5, 0, 1, 0), ((1 << 23) - 1, 2, 3, 1)];
    let second = 34 * 30 + 3 * 34 + 2;
    let expected = [event(0, 0), event(5, 33), event(5, 34), event((1 << 23) - 1, second)];
    assert_eq!(events(&bs2(&list), "r.bs2").unwrap(), expected);
    assert_eq!(events(&bs2(&list), "r.bin").unwrap(), expected, "the name that the data set itself has");
    assert_eq!(events(&bs3(&list), "r.bs3").unwrap(), expected);
    assert_eq!(SENSOR.addresses(), 2040);
}

#[test]
fn wrong_recordings_say_where() {
    let two = bs2(&[(9, 1, 1, 0), (8, 1, 1, 0)]);
    let refused = |bytes: &[u8]| read_as(bytes, "r.bs2", &Options::of(SENSOR)).unwrap_err();
    for (bytes, expected) in [
        (
            &[1, 2, 3, 4][..],
            "r.bs2: it was cut off: byte 0 starts a record of 5 bytes, but 4 are left\nhelp: copy or make the file again",
        ),
        (
            &[&bs2(&[(0, 1, 1, 0)])[..], &[7]].concat(),
            "r.bs2: it was cut off: byte 5 starts a record of 5 bytes, but 1 are left\nhelp: copy or make the file again",
        ),
        (
            &bs2(&[(0, 34, 1, 0)]),
            "r.bs2: event 0 at byte 0: x is 34, but the sensor has 34\nhelp: give the size of the sensor that was recorded",
        ),
        (
            &bs2(&[(0, 1, 2, 1), (0, 1, 30, 0)]),
            "r.bs2: event 1 at byte 5: y is 30, but the sensor has 30\nhelp: give the size of the sensor that was recorded",
        ),
    ] {
        assert_eq!(refused(bytes), expected);
    }
    let back = refused(&two);
    assert!(back.starts_with("r.bs2: event 1 at byte 5: its time of 8 us comes after 9 us\nhelp: `--sort-events`"));
    let sorted = Options { order: Order::Sort, ..Options::of(SENSOR) };
    assert_eq!(read_as(&two, "r.bs2", &sorted).unwrap().events, [event(8, 35), event(9, 35)]);
}

/// A clock of 23 bits starts again after 8.4 s: sorted, its events would all lie within that.
#[test]
fn a_clock_that_wraps_is_followed() {
    let range = 1u64 << 23;
    // From one event to the next it goes on by less than half of its range.
    let ahead = range + 4_000_000;
    let times = [range - 3000, range - 1, range, range + 5, ahead, ahead + 4_000_000, 2 * range + 100, 2 * range + 100];
    let list: Vec<_> = times.iter().map(|&t| (t, 1, 1, 0)).collect();
    for order in [Order::Required, Order::Sort] {
        let options = Options { order, ..Options::of(SENSOR) };
        let recording = read_as(&bs2(&list), "r.bs2", &options).unwrap();
        assert_eq!(recording.wraps, 2);
        assert_eq!(recording.events.iter().map(|e| e.time_us).collect::<Vec<_>>(), times);
    }
    // Out of order around a wrap: an event from before it, and not one from nearly a range later.
    let list = [(range - 10, 1, 1, 0), (range + 5, 2, 1, 0), (range - 2, 3, 1, 0), (range + 6, 4, 1, 0)];
    let options = Options { order: Order::Sort, ..Options::of(SENSOR) };
    let recording = read_as(&bs2(&list), "r.bs2", &options).unwrap();
    let got: Vec<_> = recording.events.iter().map(|e| (e.time_us, e.address - 34)).collect();
    assert_eq!(got, [(range - 10, 1), (range - 2, 3), (range + 5, 2), (range + 6, 4)]);
    let three = bs3(&[((1 << 24) - 1, 1, 1, 0), (1 << 24, 1, 1, 0)]);
    assert_eq!(events(&three, "r.bs3").unwrap()[1].time_us, 1 << 24);
    let one = bs1(&[((1 << 24) - 1, 7), ((1 << 24) + 3, 8)]);
    let channels = Options::of(Sensor::Channels(9));
    assert_eq!(read_as(&one, "r.bs1", &channels).unwrap().events, [event((1 << 24) - 1, 7), event((1 << 24) + 3, 8)]);
    assert_eq!(refused(&bs1(&[(0, 9)]), "r.bs1", &channels), "r.bs1: event 0 at byte 0: id is 9, but the sensor has 9");
}

/// In N-Caltech101 (180 rows) a record with y = 240 says that the camera's clock of 13 bits overflowed.
#[test]
fn marks_of_an_overflow_shift_what_follows() {
    let step = 1u64 << 13;
    let list = [(8000, 5, 5, 1), (10, 0, 240, 0), (20, 6, 5, 0), (30, 0, 240, 1), (31, 7, 5, 1)];
    let caltech = Options::of(Sensor::Pixels { width: 240, height: 180 });
    let recording = read_as(&bs2(&list), "c.bin", &caltech).unwrap();
    let times: Vec<u64> = recording.events.iter().map(|e| e.time_us).collect();
    assert_eq!((times, recording.wraps), (vec![8000, step + 20, 2 * step + 31], 2));
    assert_eq!(recording.skipped, []);
    // A sensor that has a row 240 has events there.
    let tall = Options::of(Sensor::Pixels { width: 250, height: 250 });
    let recording = read_as(&bs2(&[(8, 3, 240, 0)]), "c.bin", &tall).unwrap();
    assert_eq!(recording.events, [event(8, 240 * 250 + 3)]);
}
