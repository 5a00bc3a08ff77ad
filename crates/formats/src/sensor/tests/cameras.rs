//! Formats of cameras: what their headers say, and their records.

use super::encode::*;
use super::*;
use proptest::prelude::*;

const FREE: Options = Options {
    sensor: None,
    channels: None,
    order: Order::Required,
    format: None,
    columns: None,
    time_unit: None,
    clock_bits: None,
    sample: None,
};

fn places(recording: &Recording) -> Vec<Event> {
    let Sensor::Pixels { width, height } = recording.sensor else { panic!("pixels") };
    let (width, height) = (u32::from(width), u32::from(height));
    let place = |e: &SensorEvent| {
        let (row, x) = (e.address / width, e.address % width);
        (e.time_us, x as u16, (row % height) as u16, (row / height) as u8)
    };
    recording.events.iter().map(place).collect()
}

#[test]
fn aedat2_has_the_layout_of_its_chip() {
    let list = [(10, 3, 100, 1), (20, 127, 0, 0)];
    let dvs = read_as(&aedat2("dvs128.DVS128", &list), "a.aedat", &FREE).unwrap();
    assert_eq!((places(&dvs), dvs.sensor), (list.to_vec(), Sensor::Pixels { width: 128, height: 128 }));
    let davis = read_as(&aedat2("davis.Davis346blue", &[(7, 345, 259, 1)]), "a.aedat", &FREE).unwrap();
    assert_eq!(places(&davis), [(7, 345, 259, 1)]);
    // Frames, acceleration and external events are counted, and no events.
    let mut bytes = aedat2("davis.Davis240C", &[(1, 2, 3, 0)]);
    for address in [1u32 << 31, 1 << 31 | 5 << 12, 1 << 10] {
        bytes.extend(address.to_be_bytes().into_iter().chain(2u32.to_be_bytes()));
    }
    let recording = read_as(&bytes, "a.aedat", &FREE).unwrap();
    assert_eq!(recording.skipped, [("samples of frames and of the accelerometer", 2), ("external events", 1)]);
    // A header that names no chip: a DVS128, unless addresses or the user say otherwise.
    let headless = |bytes: &[u8]| {
        let at = bytes.windows(10).position(|w| w == b"# AEChip: ").unwrap();
        let end = at + bytes[at..].iter().position(|b| *b == b'\n').unwrap() + 1;
        [&bytes[..at], &bytes[end..]].concat()
    };
    let dvs = headless(&aedat2("dvs128", &list));
    assert!(refused(&dvs, "a.aedat", &FREE).ends_with("it does not say how large its sensor is"));
    let sized = Options::of(Sensor::Pixels { width: 128, height: 128 });
    assert_eq!(places(&read_as(&dvs, "a.aedat", &sized).unwrap()), list);
    let davis = headless(&aedat2("davis240", &[(1, 2, 3, 0)]));
    let sized = Options::of(Sensor::Pixels { width: 240, height: 180 });
    assert!(refused(&davis, "a.aedat", &sized).contains("`--format aedat2-davis`"));
    let named = Options { format: SensorFormat::named("aedat2-davis"), ..sized };
    assert_eq!(places(&read_as(&davis, "a.aedat", &named).unwrap()), [(1, 2, 3, 0)]);
}

#[test]
fn aedat3_counts_what_is_no_event() {
    let mut bytes = aedat3("DVS128", &[(5, 1, 2, 1), ((3 << 31) + 4, 3, 4, 0)]);
    bytes.extend(aedat3_packet(0, 8, 0, 2, &[0; 16]));
    bytes.extend(aedat3_packet(2, 36, 0, 1, &[0; 36]));
    bytes.extend(aedat3_packet(1, 8, 3, 1, &[0; 8]));
    let recording = read_as(&bytes, "a.aedat", &FREE).unwrap();
    assert_eq!(places(&recording), [(5, 1, 2, 1), ((3 << 31) + 4, 3, 4, 0)]);
    let skipped =
        [("special events", 2), ("events of frames and other devices", 1), ("events that are marked as not valid", 1)];
    assert_eq!(recording.skipped, skipped);
    for (from, to, expected) in [
        ("DAT3.1", "DAT3.0", "it has version 3.0 of AEDAT, which is not read"),
        ("Format: RAW", "Format: Serial", "it has packets in the format `Serial`, which is not read"),
        ("#!END", "#-END", "its header does not end with the line `#!END-HEADER`"),
    ] {
        let text: Vec<u8> = aedat3_header("DVS128");
        let changed = String::from_utf8(text).unwrap().replace(from, to);
        let error = refused(changed.as_bytes(), "a.aedat", &FREE);
        assert!(error.ends_with(expected), "{error}");
    }
    let packet = [aedat3_header("DVS128"), aedat3_packet(1, 8, 0, 1 << 30, &[0; 12])].concat();
    assert!(refused(&packet, "a.aedat", &FREE).contains("starts a record of 8 bytes, but 4 are left"));
    let compressed = [aedat3_header("DVS128"), aedat3_packet(0x8001, 8, 0, 0, &[])].concat();
    assert!(refused(&compressed, "a.aedat", &FREE).contains("compressed packets"));
}

#[test]
fn aedat4_takes_the_stream_of_events() {
    let list = [(1_700_000_000_000_000, 5, 6, 1), (1_700_000_000_000_009, 0, 179, 0)];
    let recording = read_as(&aedat4(&list, 240, 180), "a.aedat4", &FREE).unwrap();
    assert_eq!(places(&recording), list);
    // Two cameras, and frames between their packets.
    let streams = [(0, "FRME", 1, 1), (1, "EVTS", 34, 34), (2, "EVTS", 10, 10)];
    let streams: String = streams.iter().map(|&(n, kind, w, h)| aedat4_stream(n, kind, w, h)).collect();
    let mut bytes = aedat4_header(0, &streams);
    let frame: Vec<u8> = aedat4_packet(0, &[]);
    let at = frame.windows(4).position(|w| w == b"EVTS").unwrap();
    let frame = [&frame[..at], b"FRME", &frame[at + 4..]].concat();
    bytes.extend([frame, aedat4_packet(2, &[(1, 1, 1, 1)]), aedat4_packet(1, &[(2, 33, 1, 0)])].concat());
    let recording = read_as(&bytes, "a.aedat4", &FREE).unwrap();
    assert_eq!(places(&recording), [(2, 33, 1, 0)]);
    assert_eq!(recording.skipped, [("packets of frames and other data", 1), ("events of further cameras", 1)]);
    let unknown = [aedat4_header(9, ""), Vec::new()].concat();
    assert!(refused(&unknown, "a.aedat4", &FREE).contains("packets in the compression number 9"));
    let zeros = [b"#!AER-DAT4.0\r\n".to_vec(), vec![0; 64]].concat();
    assert_eq!(refused(&zeros, "a.aedat4", &FREE), "a.aedat4: byte 14: its header is no FlatBuffer of type IOHE");
    let claim = [aedat4_header(0, ""), [0u32.to_le_bytes(), (1u32 << 27).to_le_bytes()].concat()].concat();
    let sized = Options::of(SENSOR);
    assert!(refused(&claim, "a.aedat4", &sized).contains("starts a record of 134217728 bytes, but 0 are left"));
    let negative = [aedat4_header(0, ""), aedat4_packet(0, &[(u64::MAX, 1, 1, 1)])].concat();
    assert!(refused(&negative, "a.aedat4", &sized).contains("an event with a negative time"));
}

#[test]
fn raw_files_say_their_encoding_and_size() {
    let list = [(5, 3, 4, 1), (70, 1279, 719, 0)];
    let head = "% camera_integrator_name Prophesee\n% format EVT3;height=720;width=1280\n% end\n";
    let recording = read_as(&evt3(head, &list), "a.raw", &FREE).unwrap();
    assert_eq!((places(&recording), recording.format), (list.to_vec(), "evt3"));
    let recording = read_as(&evt2("% evt 2.0\n% geometry 1280x720\n", &list), "a.raw", &FREE).unwrap();
    assert_eq!((places(&recording), recording.format), (list.to_vec(), "evt2"));
    for (head, expected) in [
        ("% evt 2.1\n% end\n", "it has events in the encoding EVT 2.1, which is not read"),
        ("% format EVT4;height=1;width=1\n% end\n", "it has events in the encoding EVT 4.0, which is not read"),
        ("% date today\n% end\n", "it has no word about its encoding, which is not read"),
    ] {
        assert!(refused(head.as_bytes(), "a.raw", &FREE).ends_with(expected), "{head}");
    }
    let big = "% evt 3.0\n% format EVT3;endianness=big\n% end\n";
    assert!(refused(big.as_bytes(), "a.raw", &FREE).contains("whose most significant byte comes first"));
    // Without a word in the header the user says it.
    let options = Options { format: SensorFormat::named("evt3"), ..Options::of(SENSOR) };
    assert_eq!(places(&read_as(&evt3("", &[(5, 3, 4, 1)]), "a.raw", &options).unwrap()), [(5, 3, 4, 1)]);
}

fn words(words: &[u16]) -> Vec<u8> {
    let head = b"% evt 3.0\n% geometry 1280x720\n".to_vec();
    [head, words.iter().flat_map(|word| word.to_le_bytes()).collect()].concat()
}

#[test]
fn groups_of_evt3_are_pixels_in_a_row() {
    let bytes = words(&[
        0x2005, // an event before any time and row
        0x8001,
        0x6002,
        0x0007, // time 4098, row 7
        0x3800 | 100,
        0x4000 | 0b1000_0000_0001,
        0x5000 | 0b1000_0010,
        0x2003, // rising light from x = 100 on
        0xa001,
        0xe123,
        0xf001,
        0x7001, // trigger, and words of the vendor
        0x6003,
        0x8001,
        0x2804, // the high part again: the low one stays
    ]);
    let recording = read_as(&bytes, "a.raw", &FREE).unwrap();
    let t = 4098;
    let expected = [(t, 100, 7, 1), (t, 111, 7, 1), (t, 113, 7, 1), (t, 119, 7, 1), (t, 3, 7, 0), (t + 1, 4, 7, 1)];
    assert_eq!(places(&recording), expected);
    let skipped = [("events before the first time and row", 1), ("triggers", 1), ("words of the vendor", 3)];
    assert_eq!(recording.skipped, skipped);
    assert!(refused(&words(&[0x9000]), "a.raw", &FREE).ends_with("EVT 3.0 has no words of type 9"));
    let outside = words(&[0x8000, 0x6000, 0x0000, 0x3000 | 1275, 0x4fff]);
    assert!(refused(&outside, "a.raw", &FREE).contains("x is 1280, but the sensor has 1280"));
}

#[test]
fn dat_files_of_all_versions_are_read() {
    let list = [(5, 300, 200, 1), (70, 0, 0, 0)];
    let head = "% Data file containing CD events\n% Version 2\n% Width 304\n% Height 240\n";
    assert_eq!(places(&read_as(&dat(head, &list), "a.dat", &FREE).unwrap()), list);
    let old = Options::of(Sensor::Pixels { width: 304, height: 240 });
    assert_eq!(places(&read_as(&dat("% Version 1\n", &list), "a.dat", &old).unwrap()), list);
    assert_eq!(places(&read_as(&dat("", &list), "a.dat", &old).unwrap()), list);
    let kind = |kind: u8, size: u8| [head.as_bytes(), &[kind, size], &[0; 8]].concat();
    let triggers = read_as(&kind(0x0e, 8), "a.dat", &FREE).unwrap();
    assert_eq!((triggers.events.len(), triggers.skipped), (0, vec![("triggers", 1)]));
    assert!(refused(&kind(0x33, 8), "a.dat", &FREE).contains("events of type 0x33"));
    assert!(refused(&kind(0x0c, 9), "a.dat", &FREE).contains("its events have 9 bytes and not 8"));
    assert!(refused(head.as_bytes(), "a.dat", &FREE).contains("starts a record of 2 bytes, but 0 are left"));
}

#[test]
fn event_streams_of_other_kinds_are_refused() {
    let change = |at: usize, value: u8| {
        let mut bytes = es(&[(1, 1, 1, 1)], 34, 30);
        bytes[at] = value;
        refused(&bytes, "a.es", &FREE)
    };
    assert!(change(12, 1).contains("version 1.0.0 of Event Stream"));
    assert!(change(15, 0).contains("a stream of type 0"));
    assert!(change(16, 0).contains("x is 1") || change(16, 0).contains("a sensor of 0 x 30 pixels"));
    // A measurement of exposure moves time on, and is no event; a reset does nothing.
    let mut bytes = es_atis(&[(1, 1, 1, 1)], 34, 30);
    bytes.extend([0xfc, 0xfc, 4 << 2 | 1, 2, 0, 2, 0, 5 << 2 | 2, 3, 0, 3, 0]);
    let recording = read_as(&bytes, "a.es", &FREE).unwrap();
    assert_eq!(places(&recording), [(1, 1, 1, 1), (10, 3, 3, 1)]);
    assert_eq!(recording.skipped, [("measurements of exposure", 1)]);
}

/// Events on 34 x 30 pixels whose times rise by less than `step`.
fn list(step: u64) -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec((0..step, 0u16..34, 0u16..30, 0u8..2), 0..60).prop_map(|list| {
        let mut time = 0;
        let go_on = |(step, x, y, p)| {
            time += step;
            (time, x, y, p)
        };
        list.into_iter().map(go_on).collect()
    })
}

proptest! {
    /// What was written is what is read, for any number of wraps of the clock.
    #[test]
    fn what_was_written_is_read(short in list(1 << 13), middle in list(1 << 22), long in list(1 << 31)) {
        let sized = Options::of(SENSOR);
        let read = |bytes: Vec<u8>, file: &str| read_as(&bytes, file, &sized).map(|recording| places(&recording));
        prop_assert_eq!(read(bs2(&middle), "a.bs2").unwrap(), middle.clone());
        prop_assert_eq!(read(bs3(&middle), "a.bs3").unwrap(), middle.clone());
        prop_assert_eq!(read(es(&short, 34, 30), "a.es").unwrap(), short.clone());
        prop_assert_eq!(read(es_atis(&short, 34, 30), "a.es").unwrap(), short);
        prop_assert_eq!(read(evt3("% evt 3.0\n% end\n", &middle), "a.raw").unwrap(), middle);
        prop_assert_eq!(read(evt2("% evt 2.0\n% end\n", &long), "a.raw").unwrap(), long.clone());
        prop_assert_eq!(read(dat("% Version 2\n", &long), "a.dat").unwrap(), long.clone());
        prop_assert_eq!(read(aedat3("none", &long), "a.aedat").unwrap(), long.clone());
        prop_assert_eq!(read(aedat4(&long, 34, 30), "a.aedat4").unwrap(), long.clone());
        prop_assert_eq!(read(aedat2("other", &long), "a.aedat").unwrap(), long);
    }
}
