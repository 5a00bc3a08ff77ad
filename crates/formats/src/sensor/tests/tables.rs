//! Texts and arrays.

use super::encode::npy;
use super::*;
use proptest::prelude::*;

fn channels(text: &str, change: impl Fn(&mut Options)) -> Result<Recording, String> {
    let mut options = Options::of(Sensor::Channels(10));
    change(&mut options);
    read_as(text.as_bytes(), "r.txt", &options)
}

fn columns(names: &'static str) -> impl Fn(&mut Options) {
    move |options| options.columns = Some(names.parse().unwrap())
}

#[test]
fn text_is_read_and_checked_line_by_line() {
    let good = "# a recording\n5 0\n\n  5\t9 \r\n70000000000 3\n";
    assert_eq!(channels(good, |_| ()).unwrap().events, [event(5, 0), event(5, 9), event(70_000_000_000, 3)]);
    assert_eq!(channels("", |_| ()).unwrap().events, []);
    assert_eq!(channels("# nothing\n", |_| ()).unwrap().events, []);
    for text in ["\u{feff}0 1\n500 2\n", "0,1\n500,2\n", "0;1\n500;2\n", "0\t1\r\n500\t2\r\n", "0.0 1.0\n5e2 2\n"] {
        assert_eq!(channels(text, |_| ()).unwrap().events, [event(0, 1), event(500, 2)], "{text:?}");
    }
    for (text, expected) in [
        ("5 0\n5\n", "r.txt:2:1: this line has 1 fields, but 2 are needed"),
        ("5 0 1\n", "r.txt:1:1: this line has 3 fields, and nothing says what they are"),
        ("5 10\n6 1\n", "r.txt:1:3: 10 is outside the range from 0 to 9"),
        ("5 -1\n", "r.txt:1:3: -1 is outside the range from 0 to 9"),
        ("-5 x\n", "r.txt:1:1: -5 is outside the range from 0 to 18446744073709551615"),
        ("5 1.5\n", "r.txt:1:3: expected a whole number, found text"),
        ("5,\n", "r.txt:1:3: expected a whole number, found nothing"),
        ("5 nan\n", "r.txt:1:3: expected a whole number, found text"),
        ("6 2\n  5 1\n", "r.txt:2:3: the time of 5 us comes after 6 us"),
        ("5 1\n6 1", "r.txt:2:4: the file ends within a line: it was cut off"),
        ("0.5 1\n", "r.txt:1:1: a time of 0.5 has a fraction, but times are in microseconds"),
        ("this is no recording\n", "r.txt:1:1: these are no columns of a recording: no column holds times"),
        ("t,x,y\n", "r.txt:1:1: these are no columns of a recording: events need addresses, or x, y and polarity"),
        ("t,time,x,y,p\n", "r.txt:1:1: these are no columns of a recording: two columns hold times"),
        ("tick,channel\n0,1\n", "r.txt:1:1: this is a list of input events, whose times are ticks, and no recording"),
    ] {
        let error = channels(text, |_| ()).unwrap_err();
        assert_eq!(error.lines().next().unwrap(), expected, "{text:?}");
    }
    let sort = |options: &mut Options| options.order = Order::Sort;
    assert_eq!(channels("6 1\n5 2\n6 0\n", sort).unwrap().events, [event(5, 2), event(6, 1), event(6, 0)]);
}

#[test]
fn columns_have_the_names_that_people_give_them() {
    let pixels = |text: &str| events(text.as_bytes(), "r.csv").map_err(|e| e.lines().next().unwrap().to_string());
    let expected = [event(5, 34 * 30 + 2 * 34 + 1), event(6, 4 * 34 + 3)];
    for text in [
        "t,x,y,p\n5,1,2,1\n6,3,4,0\n",
        "x,y,p,t\n1,2,1,5\n3,4,0,6\n",
        "Polarity;Timestamp [us];Y;X\n1;5;2;1\n0;6;4;3\n",
        "# t x y p\n5 1 2 1\n6 3 4 0\n",
        "# made by hand\nx_addr,y_addr,trial,pol,\"t_ns\"\n1,2,9,True,5000\n3,4,9,-1,6000\n",
        "time(ms),col,row,on\n0.005,1,2,1\n0.006,3,4,0\n",
        "timestamp_s\tx\ty\tp\n0.000005\t1\t2\t1\n6e-6\t3\t4\t0\n",
        "5,1,2,1\n6,3,4,0\n",
    ] {
        assert_eq!(pixels(text).unwrap(), expected, "{text:?}");
    }
    let unit = |text: &str, unit: &str| {
        let options = Options { time_unit: Some(unit.parse().unwrap()), ..Options::of(Sensor::Channels(9)) };
        read_as(text.as_bytes(), "r.csv", &options).map(|r| r.events[0].time_us)
    };
    // Exactly, and to the nearest microsecond.
    assert_eq!(unit("1468940293.844375944 1\n", "s").unwrap(), 1_468_940_293_844_376);
    assert_eq!(unit("1499,1\n", "ns").unwrap(), 1);
    assert_eq!(unit("1500,1\n", "ns").unwrap(), 2);
    assert!("parsec".parse::<TimeUnit>().is_err());
    for wrong in ["", "t,x,y", "x,y,p", "t,t,x,y,p", "t,address,x", "time,adress"] {
        assert!(wrong.parse::<Columns>().is_err(), "{wrong}");
    }
    assert_eq!("Time, -, Address".parse::<Columns>().unwrap().to_string(), "time,-,address");
}

/// A text whose first column cannot be a time is refused with both readings, and read once it is said what it is.
#[test]
fn a_first_column_that_is_no_time_is_refused_with_both_readings() {
    let reckon = "3 0\n1 5\n7 9\n-2 100\n-1 200\n";
    let error = channels(reckon, |_| ()).unwrap_err();
    assert_eq!(
        error,
        "r.txt:2:1: this cannot be `time,address`, but the whole text can be `address,time`: the one makes time 1, \
         address 5 of this line (the time of 1 us comes after 3 us), the other address 1, time 5\nhelp: say what the \
         columns are: `--columns address,time`"
    );
    // Sorting does not make times of it.
    assert_eq!(channels(reckon, |options| options.order = Order::Sort).unwrap_err(), error);
    let recording = channels(reckon, columns("address,time")).unwrap();
    assert_eq!(recording.events, [event(0, 3), event(5, 1), event(9, 7)]);
    assert_eq!(recording.skipped, [("marks (negative addresses)", 2)]);
    // Addresses that do not fall, but times that are no addresses.
    let sorted = channels("0 0\n1 500\n2 1000\n", |_| ()).unwrap_err();
    assert!(sorted.contains("the other address 1, time 500"), "{sorted}");
    // Prophesee's own order of four columns.
    let four = "28,21,1,0\n9,10,0,500\n2,0,0,1000\n";
    let error = events(four.as_bytes(), "r.csv").unwrap_err();
    assert!(error.contains("the one makes time 9, x 10, y 0, polarity 500 of this line"), "{error}");
    assert!(error.ends_with("help: say what the columns are: `--columns x,y,p,t`"), "{error}");
    let options = Options { columns: Some("x,y,p,t".parse().unwrap()), ..Options::of(SENSOR) };
    assert_eq!(read_as(four.as_bytes(), "r.csv", &options).unwrap().events.len(), 3);
    // Where the other order is none either, the fault is that of the first.
    let neither = channels("5 1\n4 0\n", |_| ()).unwrap_err();
    assert!(neither.starts_with("r.txt:2:1: the time of 4 us comes after 5 us"), "{neither}");
}

#[test]
fn clocks_of_texts_are_followed_if_their_width_is_said() {
    for bits in [16, 23, 24, 32] {
        let range = 1u64 << bits;
        let text = format!("{} 1\n{} 2\n3 3\n{} 4\n2 5\n", range - 9, range - 1, range - 5);
        let refused = channels(&text, |_| ()).unwrap_err();
        assert!(refused.contains("`--clock-bits N`"), "{refused}");
        let recording = channels(&text, |options| options.clock_bits = Some(bits)).unwrap();
        let times: Vec<u64> = recording.events.iter().map(|e| e.time_us).collect();
        assert_eq!((times, recording.wraps), (vec![range - 9, range - 1, range + 3, 2 * range - 5, 2 * range + 2], 2));
    }
}

fn records(descr: &str, count: usize, content: &[u8]) -> Vec<u8> {
    npy(descr, &format!("({count},)"), content)
}

#[test]
fn arrays_of_records_are_read_whatever_their_order_and_types() {
    let bytes = records(
        "[('p', '|b1'), ('t', '<u4'), ('x', '>i2'), ('y', '|i1')]",
        2,
        &[
            1, 5, 0, 0, 0, 0, 1, 2, //
            0, 6, 0, 0, 0, 0, 3, 4,
        ],
    );
    assert_eq!(events(&bytes, "r.npy").unwrap(), [event(5, 34 * 30 + 2 * 34 + 1), event(6, 4 * 34 + 3)]);
    let floats: Vec<u8> = [1.0f64, 2.0].into_iter().flat_map(f64::to_le_bytes).collect();
    let channel = records("[('time', '<f8'), ('neuron', '<f8')]", 1, &floats);
    assert_eq!(read_as(&channel, "r.npy", &Options::of(Sensor::Channels(9))).unwrap().events, [event(1, 2)]);
    // A clock of 16 or 32 bits without sign starts again.
    let wrapped = records("[('t', '<u2'), ('id', '|u1')]", 2, &[0xff, 0xff, 1, 4, 0, 2]);
    let recording = read_as(&wrapped, "r.npy", &Options::of(Sensor::Channels(9))).unwrap();
    assert_eq!((recording.events, recording.wraps), (vec![event(65_535, 1), event(65_540, 2)], 1));
    for (descr, content, expected) in [
        ("[('t', '<i2'), ('x', '<i2')]", &[0; 4][..], "it has no column of y: its columns are `t`, `x`"),
        ("[('x', '<i2'), ('y', '<i2')]", &[0; 4], "it has no column of times: its columns are `x`, `y`"),
        ("[('t', '<i2'), ('name', '<U8')]", &[0; 34], "its npy header cannot be read"),
        ("[('t', '<i2', (3,))]", &[0; 6], "its npy header cannot be read"),
        ("[('t', '<i2'), ('id', '<i2')]", &[0; 3], "its shape needs 4 bytes, but it has 3"),
        ("[]", &[], "its npy header cannot be read"),
        ("'|O'", &[0; 8], "its elements have the type `|O`, but numbers or records of numbers are needed"),
        ("'<i4'", &[0; 4], "it has no column of times: its columns are without names"),
    ] {
        let error = refused(&records(descr, 1, content), "r.npy", &Options::of(SENSOR));
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn rows_without_names_need_them() {
    let rows: Vec<u8> = [1i16, 2, 5, 1, 3, 4, 6, 0].into_iter().flat_map(i16::to_le_bytes).collect();
    let bytes = npy("'<i2'", "(2, 4)", &rows);
    assert!(events(&bytes, "r.npy").unwrap_err().contains("name them in their order, such as `--columns t,x,y,p`"));
    let named = |names: &str| {
        let options = Options { columns: Some(names.parse().unwrap()), ..Options::of(SENSOR) };
        read_as(&bytes, "r.npy", &options).map(|recording| recording.events)
    };
    assert_eq!(named("x,y,t,p").unwrap(), [event(5, 34 * 30 + 2 * 34 + 1), event(6, 4 * 34 + 3)]);
    assert!(named("time,address").unwrap_err().contains("it has 4 columns, and `--columns` names 2"));
    assert_eq!(named("time,-,address,-").unwrap(), [event(1, 5), event(3, 6)]);
}

/// A npz archive of event lists, made by `testdata/make_events.py`.
fn archive(sensor: Sensor) -> Result<Vec<SensorEvent>, String> {
    let bytes = include_bytes!("../../../testdata/events.npz");
    read_as(bytes, "e.npz", &Options::of(sensor)).map(|recording| recording.events)
}

#[test]
fn archives_hold_pixels_or_channels() {
    // t = [0, 10, 10], x = [1, 2, 33], y = [0, 5, 29], p = [0, 1, 1], id = [4, 0, 9].
    let second = 34 * 30 + 5 * 34 + 2;
    assert_eq!(archive(SENSOR).unwrap(), [event(0, 1), event(10, second), event(10, 2039)]);
    assert_eq!(archive(Sensor::Channels(10)).unwrap(), [event(0, 4), event(10, 0), event(10, 9)]);
    let first = |sensor| archive(sensor).unwrap_err().lines().next().unwrap().to_string();
    assert_eq!(first(Sensor::Channels(9)), "e.npz: event 2: id is 9, but the sensor has 9");
    assert_eq!(first(Sensor::Pixels { width: 33, height: 30 }), "e.npz: event 2: x is 33, but the sensor has 33");
}

proptest! {
    /// No text panics, and an error lies in the text.
    #[test]
    fn any_text_is_read_or_refused(text in "([0-9 #x.,t\n-]|\u{e9}){0,60}", head in "(t,x\n|time address\n|# t id\n)?") {
        let text = head + &text;
        match read(text.as_bytes(), "f.txt", &Options::of(Sensor::Channels(100))) {
            Ok(recording) => prop_assert!(recording.events.iter().all(|e| e.address < 100)),
            Err(errors) => {
                // What is wrong with the file as a whole has no line.
                let line = errors.first().place().map_or(1, |place| place.line);
                prop_assert!(line <= text.split('\n').count());
            }
        }
    }

    /// A text says the same however its columns stand and are separated.
    #[test]
    fn the_order_of_columns_does_not_matter(
        list in prop::collection::vec((0u64..1 << 40, 0u16..34, 0u16..30, 0u8..2), 0..20),
        order in Just(["t", "x", "y", "p"]).prop_shuffle(),
        separator in prop::sample::select(vec![",", ";", "\t", " ", ", "]),
    ) {
        let mut list = list;
        list.sort();
        let line = |e: &(u64, u16, u16, u8)| {
            let field = |name: &&str| match *name {
                "t" => e.0.to_string(),
                "x" => e.1.to_string(),
                "y" => e.2.to_string(),
                _ => e.3.to_string(),
            };
            order.iter().map(field).collect::<Vec<_>>().join(separator) + "\n"
        };
        let text = order.join(separator) + "\n" + &list.iter().map(line).collect::<String>();
        let expected: Vec<_> = list
            .iter()
            .map(|e| event(e.0, (u32::from(e.3) * 30 + u32::from(e.2)) * 34 + u32::from(e.1)))
            .collect();
        prop_assert_eq!(events(text.as_bytes(), "f.csv").unwrap(), expected);
    }
}
