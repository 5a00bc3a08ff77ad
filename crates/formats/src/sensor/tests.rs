//! What recordings say, and what is wrong with bad ones.

mod cameras;
mod cases;
mod encode;
mod hostile;
mod others;
mod packed;
mod tables;

use super::*;

const SENSOR: Sensor = Sensor::Pixels { width: 34, height: 30 };

fn event(time_us: u64, address: u32) -> SensorEvent {
    SensorEvent { time_us, address }
}

/// The recording in `bytes`, whose file is called `file`.
fn read_as(bytes: &[u8], file: &str, options: &Options) -> Result<Recording, String> {
    read(bytes, file, options).map_err(|errors| errors.to_string())
}

/// Its events on the usual sensor.
fn events(bytes: &[u8], file: &str) -> Result<Vec<SensorEvent>, String> {
    read_as(bytes, file, &Options::of(SENSOR)).map(|recording| recording.events)
}

/// What is wrong with it, without the help.
fn refused(bytes: &[u8], file: &str, options: &Options) -> String {
    let error = read_as(bytes, file, options).unwrap_err();
    error.lines().next().unwrap_or_default().to_string()
}

#[test]
fn names_choose_the_reader_where_bytes_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let read = |path: &Path| {
        let read = load(path, &Options::of(SENSOR)).map(|recording| recording.events);
        read.map_err(|e| e.to_string().replace(&*dir.path().to_string_lossy(), "DIR"))
    };
    assert_eq!(read(&write("a.bs2", &[3, 0, 0, 0, 7])).unwrap(), [event(7, 3)]);
    assert_eq!(read(&write("a.BIN", &[3, 0, 0, 0, 7])).unwrap(), [event(7, 3)]);
    assert_eq!(read(&write("a.aer", b"7 3\n")).unwrap(), [event(7, 3)]);
    let unknown = read(&write("a.wav", b"")).unwrap_err();
    assert!(unknown.starts_with("DIR/a.wav: neither its first bytes nor its name tell its format"), "{unknown}");
    assert!(unknown.contains("name it with `--format`: one of bs2, bs1,"), "{unknown}");
    assert_eq!(read(&write("a.npz", b"PK")).unwrap_err(), "DIR/a.npz: this is no npz archive, or it was cut off");
    assert_eq!(
        read(&dir.path().join("b.bs2")).unwrap_err(),
        "DIR/b.bs2: cannot be read: there is no such file or directory"
    );
    assert_eq!(read(dir.path()).unwrap_err(), "DIR: cannot be read: this is a directory");
    // Bytes have precedence over the name, and what was asked for over both.
    let es = encode::es(&[(7, 3, 0, 0)], 34, 30);
    assert_eq!(read(&write("wrong.bs2", &es)).unwrap(), [event(7, 3)]);
    let options = Options { format: SensorFormat::named("bs2"), ..Options::of(SENSOR) };
    assert_eq!(load(&write("b.dat", &[3, 0, 0, 0, 7]), &options).unwrap().events, [event(7, 3)]);
}

#[test]
fn recordings_are_told_from_lists_of_events() {
    let dir = tempfile::tempdir().unwrap();
    let recognised = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        recognise(&path).unwrap().map(|format| format.name)
    };
    assert_eq!(recognised("a.csv", b"tick,channel\n1,2\n"), None);
    assert_eq!(recognised("a.txt", b"# quenched-events 1, 0 entries\ntick,channel\n"), None);
    assert_eq!(recognised("a.csv", b"0,1\n"), None, "numbers alone may be anything");
    assert_eq!(recognised("a.csv", b"\xef\xbb\xbfTimestamp [us],X,Y,Polarity\n"), Some("text"));
    assert_eq!(recognised("a.txt", b"# t x y p\n0 1 1 1\n"), Some("text"));
    assert_eq!(recognised("a.aer", b"0 1\n"), Some("text"));
    assert_eq!(recognised("a.bin", b""), Some("bs2"));
    assert_eq!(recognised("a.h5", b""), Some("shd"));
    assert_eq!(recognised("a", b"#!AER-DAT4.0\r\n"), Some("aedat4"));
    assert_eq!(recognised("a", b"% evt 3.0\n"), Some("evt3"));
    assert_eq!(recognised("a", b"% format EVT21;height=720;width=1280\n"), Some("raw"));
    assert_eq!(recognised("a", b"% Version 2\n\x0c\x08"), Some("dat"));
    assert_eq!(recognised("a", b"0 1\n"), None);
}

#[test]
fn the_size_of_the_sensor_is_that_of_the_file_and_must_agree() {
    let es = encode::es(&[(7, 3, 1, 1)], 34, 30);
    let of = |sensor| read_as(&es, "e.es", &Options { sensor, ..Options::default() });
    let recording = of(None).unwrap();
    assert_eq!((recording.sensor, recording.format), (SENSOR, "es"));
    assert_eq!(of(Some(SENSOR)).unwrap(), recording);
    assert_eq!(
        of(Some(Sensor::Pixels { width: 30, height: 34 })).unwrap_err(),
        "e.es: it says that its sensor has 34 x 30 pixels, but 30 x 34 pixels were asked for\nhelp: leave `--sensor` \
         out, or give the size that the file states"
    );
    assert_eq!(
        of(Some(Sensor::Channels(64))).unwrap_err().lines().next().unwrap(),
        "e.es: it says that its sensor has 34 x 30 pixels, but 64 channels were asked for"
    );
    let without = read_as(&[0; 5], "a.bs2", &Options::default()).unwrap_err();
    assert!(without.starts_with("a.bs2: it does not say how large its sensor is\nhelp: give it: `--sensor 34x34`"));
    let channels = Options { channels: Some(9), ..Options::default() };
    assert_eq!(read_as(&[0, 8, 0, 0, 5], "a.bs1", &channels).unwrap().sensor, Sensor::Channels(9));
    assert_eq!(
        refused(&[], "a.bs2", &Options::of(Sensor::Channels(3))),
        "a.bs2: it holds events of pixels, but the sensor has 3 channels"
    );
    let large = Options::of(Sensor::Pixels { width: u16::MAX, height: u16::MAX });
    assert!(refused(&[], "a.bs2", &large).contains("a sensor of 65535 x 65535 pixels"), "32 bits do not count them");
}

#[test]
fn options_that_say_nothing_about_a_format_are_refused() {
    let options = [
        (Options { columns: Some("t,x,y,p".parse().unwrap()), ..Options::of(SENSOR) }, "--columns"),
        (Options { time_unit: Some(TimeUnit::Seconds), ..Options::of(SENSOR) }, "--time-unit"),
        (Options { clock_bits: Some(16), ..Options::of(SENSOR) }, "--clock-bits"),
        (Options { sample: Some(0), ..Options::of(SENSOR) }, "--sample"),
    ];
    for (options, name) in options {
        let expected = format!("a.bs2: `{name}` says nothing about a recording of the format `bs2`");
        assert_eq!(refused(&[], "a.bs2", &options), expected);
    }
}

#[test]
fn times_become_ticks_by_whole_division() {
    let events = [event(0, 1), event(999, 0), event(999, 1), event(1000, 1), event(1999, 1), event(3000, 1)];
    let inputs = |tick: &str, from: Option<&str>| {
        let from = from.map(|from| from.parse().unwrap());
        let (inputs, before) = to_inputs(&events, tick.parse().unwrap(), from).unwrap();
        (inputs.iter().map(|e| (e.tick.0, e.channel.0)).collect::<Vec<_>>(), before)
    };
    assert_eq!(inputs("1 ms", None), (vec![(0, 1), (0, 0), (0, 1), (1, 1), (1, 1), (3, 1)], 0));
    assert_eq!(inputs("1 ms", Some("999 us")), (vec![(0, 0), (0, 1), (0, 1), (1, 1), (2, 1)], 1));
    assert_eq!(inputs("0.3 us", Some("1 ms")), (vec![(0, 1), (3330, 1), (6666, 1)], 3));
    assert_eq!(inputs("8 ns", Some("2999.999 us")).0, [(0, 1)]);
    assert!(to_inputs(&events, "1 mV".parse().unwrap(), None).is_err());
    assert!(to_inputs(&events, "1 ms".parse().unwrap(), Some("1 mV".parse().unwrap())).is_err());
}

#[test]
fn times_of_the_day_become_ticks() {
    let second = 1_700_000_000_000_000;
    let events = [event(second, 0), event(second + 2500, 1)];
    let (inputs, before) =
        to_inputs(&events, "1 ms".parse().unwrap(), Some("1700000000000000 us".parse().unwrap())).unwrap();
    assert_eq!((inputs[0].tick.0, inputs[1].tick.0, before), (0, 2, 0));
    let (inputs, _) = to_inputs(&events, "1 ms".parse().unwrap(), None).unwrap();
    assert_eq!(inputs[0].tick.0, 1_700_000_000_000);
}
