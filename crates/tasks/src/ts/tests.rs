//! Tests of `ts`.

use super::*;
use proptest::prelude::*;

const HEADER: &str =
    "# comment\n@problemName Two words\n@univariate false\n@dimensions 2\n@classLabel true a b\n@data\n";

#[track_caller]
fn check(body: &str, expected: &str) {
    let got = match read_ts(format!("{HEADER}{body}"), "x.ts") {
        Ok(data) => format!("{} utterances", data.utterances.len()),
        Err(error) => error.to_string(),
    };
    assert!(got.starts_with(expected), "{body:?}: {got}");
}

#[track_caller]
fn check_header(text: &str, expected: &str) {
    let got = read_ts(text, "x.ts").unwrap_err().to_string();
    assert!(got.starts_with(expected), "{text:?}: {got}");
}

#[test]
fn utterances_are_read_in_frames() {
    let data = read_ts(format!("{HEADER}1,2.5,-3:0,-1e-1,7:b\r\n\n# rest\n4:5:a"), "x.ts").unwrap();
    assert_eq!((data.name.as_str(), data.channels, data.classes.join(" ").as_str()), ("Two words", 2, "a b"));
    let [first, second] = &data.utterances[..] else { panic!("{data:?}") };
    assert_eq!((first.class, first.signal.len(), second.class, second.signal.len()), (1, 3, 0, 1));
    let tenth = Real::from_decimal("-0.1".parse().unwrap()).unwrap();
    assert_eq!(first.signal.frame(1), &[Real::from_ratio(5, 2), tenth]);
    assert_eq!(second.signal.frame(0), &[Real::from_integer(4), Real::from_integer(5)]);
}

#[test]
fn headers_may_be_spelled_as_archives_do() {
    let data = read_ts("@UNIVARIATE TRUE\n@ClassLabel True 1 2\n@data\n1,2:2\n", "x.ts").unwrap();
    assert_eq!((data.channels, data.utterances[0].class), (1, 1));
    assert!(read_ts("@dimension 1\n@univariate true\n@classLabel true 1\n@data\n1:1\n", "x.ts").is_ok());
}

#[test]
fn wrong_data_lines_say_where() {
    check("1,2:3,4:a\n1:2:b\n", "2 utterances");
    check("1,2:3,nan:a\n", "x.ts:7:7: `nan`: `nan` and `inf` are not numbers");
    check("1,2: 3, inf:a\n", "x.ts:7:9: `inf`: `nan` and `inf` are not numbers");
    check("1,2:3,?:a\n", "x.ts:7:7: missing value (`?`)");
    check("1,2:3,:a\n", "x.ts:7:7: ``: not a decimal number");
    check("1,2:3;4:a\n", "x.ts:7:5: `3;4`: not a decimal number");
    check("1,2::a\n", "x.ts:7:5: channel 2 has no value");
    check("1,2:3:a\n", "x.ts:7:5: channel 2 has 1 values, but channel 1 of this utterance has 2");
    check("1:2:a\n1:2:c\n", "x.ts:8:5: unknown class `c`; the classes are a, b");
    check("1:a\n", "x.ts:7:3: 1 channels before the last field, but the data set has 2");
    check("1:2:3:a\n", "x.ts:7:5: 3 channels before the last field, but the data set has 2");
    check("1:2147483648:a\n", "x.ts:7:3: 2.147483648e9 is too large: samples go from");
    check("1:12345678901234567891:a\n", "x.ts:7:3: `12345678901234567891`: at most 18 significant digits");
    check("", "x.ts:6:1: no utterance after `@data`");
    check("this is a very long line that is no data\n", "x.ts:7:1: 0 channels before the last field");
    check("a:this is a very long line\n", "x.ts:7:1: `a`: not a decimal number");
}

#[test]
fn a_file_that_is_cut_off_says_so() {
    let whole = "0.5,1.25:2,3.75:a\n-0.5,1:2e1,3:b\n";
    // Every cut within the last line, but for the one that leaves it whole.
    let start = whole.find('\n').unwrap() + 1;
    for end in start + 1..whole.len() - 1 {
        let error = read_ts(format!("{HEADER}{}", &whole[..end]), "x.ts").unwrap_err();
        let TaskError::File { line: 8, column, problem: FileProblem::CutOff { .. }, .. } = error else {
            panic!("{:?}: {error}", &whole[..end]);
        };
        assert_eq!(column, end - start + 1);
    }
    check(&whole[..whole.len() - 1], "2 utterances");
    let message = "x.ts:7:8: the file ends in the middle of an utterance (1 channels before the last field, but the \
                   data set has 2); it seems to be cut off";
    check("0.5,1:2", message);
    // What more text cannot cure keeps its own message.
    check("0.5,nan:1", "x.ts:7:5: `nan`");
    check("0.5,?:1", "x.ts:7:5: missing value");
}

#[test]
fn wrong_headers_say_where() {
    check_header("", "x.ts:1:1: the header has no `@data` line; is the file complete?");
    check_header("@dimensions 2\n@classLabel true a\n", "x.ts:2:1: the header has no `@data`");
    check_header("@dimensions 2\n@data\n1:2\n", "x.ts:2:1: the header has no `@classLabel`");
    check_header("@classLabel true a\n@data\n1:a\n", "x.ts:2:1: the header has no `@dimensions`");
    check_header("1,2:3,4:a\n", "x.ts:1:1: the header has no `@data` line");
    check_header("@dimensoins 2\n", "x.ts:1:1: unknown header line `@dimensoins`; a .ts file has @problemName");
    check_header("@dimensions 2\n@Dimensions 2\n", "x.ts:2:1: `@dimensions` appears twice");
    check_header("@dimensions two\n", "x.ts:1:13: `@dimensions` is `two`, but must be a number of channels");
    check_header("@dimensions 0\n", "x.ts:1:13: `@dimensions` is `0`");
    check_header("@dimensions 99999999999\n", "x.ts:1:13: `@dimensions` is `99999999999`");
    check_header("@dimensions\n", "x.ts:1:12: `@dimensions` is ``");
    check_header("@univariate true\n@dimensions 3\n", "x.ts:2:13: `@dimensions` is `3 after 1`");
    check_header("@timeStamps true\n", "x.ts:1:13: `@timeStamps` is `true`, but must be `false`: samples with time");
    check_header("@targetLabel true\n", "x.ts:1:14: `@targetLabel` is `true`, but must be `false`: classes are needed");
    check_header("@missing maybe\n", "x.ts:1:10: `@missing` is `maybe`, but must be `true` or `false`");
    check_header("@classLabel false\n", "x.ts:1:13: `@classLabel` is `false`");
    check_header("@classLabel true\n", "x.ts:1:13: `@classLabel` is `true`");
    check_header("@classLabel true a b a\n", "x.ts:1:13: `@classLabel` is `true a b a`, but must be `true` and");
}

/// The archives describe a data set in prose before its header; what is no header later is still refused.
#[test]
fn prose_before_the_header_is_skipped() {
    let text = "The data were recorded\n in 1998: see below, 1:2:a\n\n@dimensions 1\n@classLabel true a\n@data\n1:a\n";
    assert_eq!(read_ts(text, "x.ts").unwrap().utterances.len(), 1);
    check_header("only prose\nand more", "x.ts:2:1: the header has no `@data` line");
    check_header("prose\n@dimensions 1\nprose\n", "x.ts:3:1: expected a header line");
}

#[test]
fn regressions_have_a_number_for_each_series() {
    const HEADER: &str = "Heart rates\n@problemName Beats\n@univariate false\n@dimensions 2\n@targetlabel true\n";
    let read = |text: &str| read_ts_regression(format!("{HEADER}{text}"), "x.ts");
    let data = read("@data\n1,2:3,4:71.25\n5:6:-1.5e-12\n").unwrap();
    assert_eq!((data.name.as_str(), data.channels, data.signals.len()), ("Beats", 2, 2));
    assert_eq!(data.targets, [71.25, -1.5e-12]);
    assert_eq!(data.signals[0].frame(1), [Real::from_integer(2), Real::from_integer(4)]);
    assert!(read("@classLabel false\n@data\n1:2:3\n").is_ok());
    let error = |text: &str| read(text).unwrap_err().to_string();
    assert!(error("@data\n1:2:high\n").starts_with("x.ts:7:5: `high`: not a decimal number"));
    assert!(error("@data\n1:2:?\n").starts_with("x.ts:7:5: missing value"));
    assert!(error("@data\n1:2:3\n1:2:nan\n").starts_with("x.ts:8:5: `nan`"));
    assert!(error("@data\n1:2\n").starts_with("x.ts:7:3: 1 channels before"));
    assert!(
        error("@classLabel true a\n@data\n").starts_with("x.ts:6:13: `@classLabel` is `true a`, but must be `false`")
    );
    assert!(error("@data\n").ends_with("no utterance after `@data`"));
    let error = |text: &str| read_ts_regression(text, "x.ts").unwrap_err().to_string();
    assert!(error("@dimensions 1\n@data\n1:2\n").starts_with("x.ts:2:1: the header has no `@targetLabel`"));
    assert!(error("@targetLabel false\n").starts_with("x.ts:1:14: `@targetLabel` is `false`, but must be `true`"));
}

#[test]
fn bytes_that_are_no_text_say_where() {
    let error = read_ts([b"@dimensions 2\n@cl".as_slice(), &[0xff, 0xfe]].concat(), "x.ts").unwrap_err();
    assert_eq!(error.to_string(), "x.ts:2:4: not text (invalid UTF-8); is this the data file?");
}

proptest! {
    /// Damaged files are read or refused, never more; and what is read has the shape that it says.
    #[test]
    fn damaged_text_never_panics(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 0..6),
    ) {
        let mut bytes = format!("{HEADER}0.5,1.25,-3:2,3.75,1e-3:a\n-0.5,1:2e1,3:b\n7:8:a\n").into_bytes();
        for (at, byte, action) in cuts {
            let at = at.index(bytes.len().max(1)).min(bytes.len());
            match action {
                0 if at < bytes.len() => bytes[at] = byte,
                1 => bytes.insert(at, b"0123456789.,:-e@#? \nab"[usize::from(byte) % 22]),
                _ => bytes.truncate(at),
            }
        }
        if let Ok(data) = read_ts(&bytes, "x.ts") {
            prop_assert!(!data.utterances.is_empty());
            for utterance in &data.utterances {
                prop_assert_eq!(utterance.signal.channels(), data.channels);
                prop_assert!(!utterance.signal.is_empty() && utterance.class < data.classes.len());
            }
        }
    }

    #[test]
    fn any_text_never_panics(text in ".{0,200}") {
        let _ = read_ts(&text, "x.ts");
        let _ = read_ts(format!("{HEADER}{text}"), "x.ts");
        let _ = read_ts_regression(format!("@dimensions 1\n@targetLabel true\n@data\n{text}"), "x.ts");
    }

    /// What is written is read.
    #[test]
    fn values_survive(
        utterances in prop::collection::vec(
            (prop::collection::vec((any::<i32>(), any::<i32>()), 1..6), any::<bool>()), 1..6,
        ),
    ) {
        let mut text = HEADER.to_owned();
        for (frames, class) in &utterances {
            let channel = |pick: fn(&(i32, i32)) -> i32| {
                frames.iter().map(|f| format!("{}e-3", pick(f))).collect::<Vec<_>>().join(",")
            };
            text += &format!("{}:{}:{}\n", channel(|f| f.0), channel(|f| f.1), if *class { "b" } else { "a" });
        }
        let data = read_ts(&text, "x.ts").unwrap();
        prop_assert_eq!(data.utterances.len(), utterances.len());
        for (read, (frames, class)) in data.utterances.iter().zip(&utterances) {
            prop_assert_eq!(read.class, usize::from(*class));
            for (read, frame) in read.signal.frames().zip(frames) {
                let thousandth = |v: i32| Real::from_ratio(i64::from(v), 1000);
                prop_assert_eq!(read, &[thousandth(frame.0), thousandth(frame.1)]);
            }
        }
    }
}
