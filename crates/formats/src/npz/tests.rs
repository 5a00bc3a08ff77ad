//! Tests of the npz reader.

use super::*;
use proptest::prelude::*;

const STORED: &[u8] = include_bytes!("../../testdata/stored.npz");
const DEFLATED: &[u8] = include_bytes!("../../testdata/deflated.npz");

fn open(bytes: &[u8]) -> Result<Npz, FormatError> {
    Npz::from_bytes(bytes.to_vec(), "a.npz")
}

fn both() -> [Npz; 2] {
    [STORED, DEFLATED].map(|bytes| open(bytes).unwrap())
}

#[test]
fn arrays_of_numpy_are_read() {
    for npz in both() {
        assert_eq!(npz.names().count(), 17);
        assert!(npz.has("i8") && !npz.has("i9"));
        assert_eq!(npz.vector::<i16>("i8").unwrap(), [-128, 127]);
        assert_eq!(npz.vector::<i64>("u8").unwrap(), [0, 255]);
        assert_eq!(npz.vector::<i16>("i16").unwrap(), [i16::MIN, i16::MAX]);
        assert_eq!(npz.vector::<i32>("i32").unwrap(), [i32::MIN, i32::MAX]);
        assert_eq!(npz.vector::<i64>("i64").unwrap(), [i64::MIN, i64::MAX]);
        assert_eq!(npz.vector::<u64>("u64").unwrap(), [0, u64::MAX]);
        assert_eq!(npz.vector::<i32>("big").unwrap(), [1, -2, 258]);
        assert_eq!(npz.vector::<u8>("flag").unwrap(), [1, 0]);
        assert_eq!(npz.vector::<f64>("f32").unwrap(), [0.5, -1.25]);
        assert_eq!(npz.vector_of::<f64>("f64", 2).unwrap(), [0.1, -3e300]);
        assert_eq!(npz.vector::<i16>("empty").unwrap(), [0i16; 0]);
        assert_eq!(npz.number::<u32>("scalar").unwrap(), 7);
        let matrix = Array { shape: vec![2, 3], data: vec![0i64, 1, 2, 3, 4, 5] };
        assert_eq!(npz.array::<i64>("matrix").unwrap(), matrix);
        assert_eq!(npz.array::<i64>("columns").unwrap(), matrix);
    }
}

#[test]
fn what_does_not_fit_says_why() {
    #[track_caller]
    fn check<T>(result: Result<T, FormatError>, expected: &str) {
        let error = result.err().expect("this is refused").to_string();
        assert_eq!(error, expected);
    }
    for npz in both() {
        check(npz.vector::<i32>("i33"), "a.npz: array `i33`: there is no such array\nhelp: did you mean `i32`?");
        check(
            npz.vector::<i16>("i32"),
            "a.npz: array `i32`: element 0 is -2147483648, outside the range from -32768 to 32767",
        );
        let range = "outside the range from -9223372036854775808 to 9223372036854775807";
        check(npz.vector::<i64>("u64"), &format!("a.npz: array `u64`: element 1 is 18446744073709551615, {range}"));
        check(
            npz.vector::<i64>("f64"),
            "a.npz: array `f64`: its elements have the type `<f8`, but whole numbers are needed",
        );
        let floats = "but decimal numbers (`f4` or `f8`) are needed";
        check(npz.vector::<f64>("i32"), &format!("a.npz: array `i32`: its elements have the type `<i4`, {floats}"));
        check(npz.vector::<f64>("text"), &format!("a.npz: array `text`: its elements have the type `<U2`, {floats}"));
        check(npz.vector::<f64>("hole"), "a.npz: array `hole`: element 1 is nan, which is no number that can be used");
        check(npz.vector::<i32>("matrix"), "a.npz: array `matrix`: its shape is [2, 3], but one dimension is needed");
        check(npz.vector_of::<f64>("f64", 3), "a.npz: array `f64`: its shape is [2], but [3] is needed");
        check(npz.number::<i32>("i32"), "a.npz: array `i32`: its shape is [2], but a single number is needed");
        check(
            npz.array::<i32>("record"),
            "a.npz: array `record`: its elements have the type `[('a', '<i4'), ('b', '<f8')]`, but whole numbers are needed",
        );
    }
    check(open(b""), "a.npz: this is no npz archive, or it was cut off");
    check(open(&[b'x'; 100]), "a.npz: this is no npz archive, or it was cut off");
}

proptest! {
    /// Every element by its three indices, instead of by strides.
    #[test]
    fn columns_are_put_into_rows(a in 0..5u64, b in 0..5u64, c in 0..5u64) {
        let columns: Vec<(u64, u64, u64)> =
            (0..c).flat_map(|k| (0..b).flat_map(move |j| (0..a).map(move |i| (i, j, k)))).collect();
        let rows: Vec<(u64, u64, u64)> =
            (0..a).flat_map(|i| (0..b).flat_map(move |j| (0..c).map(move |k| (i, j, k)))).collect();
        prop_assert_eq!(in_rows(&[a, b, c], &columns), rows);
    }
}

#[test]
fn every_cut_is_noticed() {
    for archive in [STORED, DEFLATED] {
        for length in 0..archive.len() {
            assert!(open(&archive[..length]).is_err(), "{length}");
        }
    }
}

/// An npy file with this header text and these elements.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn headers_are_read_strictly() {
    let check = |header: &str, expected: Result<&[u64], &str>| {
        let bytes = npy(header, &[0; 24]);
        let shape = Header::read(&bytes).map(|(h, _)| h.shape).map_err(|e| e.to_string());
        assert_eq!(shape, expected.map(<[u64]>::to_vec).map_err(String::from), "{header}");
    };
    check("{'descr': '<i4', 'fortran_order': False, 'shape': (6,), }    \n", Ok(&[6]));
    check("{\"shape\":(2,3),\"fortran_order\":True,\"descr\":\"<i4\"}", Ok(&[2, 3]));
    check("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 1)}", Ok(&[3, 1]));
    let bad = Err("its npy header cannot be read: it is no description of a plain array of numbers");
    for header in [
        "",
        "{}",
        "[1]",
        "{'descr': '<i4', 'fortran_order': False}",
        "{'descr': '<i4', 'fortran_order': 0, 'shape': (6,)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (-6,)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (6,, )}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': 6}",
        "{'descr': '<i4', 'descr': '<i4', 'fortran_order': False, 'shape': (6,)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (6,), 'more': 1}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<i4",
    ] {
        check(header, bad);
    }
    let claim = "{'descr': '<i4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}";
    check(claim, Err("its shape needs 18446744073709551615 bytes, but it has 24"));
    // Nor may a type that is not read claim more elements than can be counted.
    let claim = "{'descr': '|S3', 'fortran_order': False, 'shape': (9223372036854775808, 4)}";
    check(claim, Err("its shape needs 18446744073709551615 bytes, but it has 24"));
    let claim = "{'descr': '<i4', 'fortran_order': False, 'shape': (7,)}";
    check(claim, Err("its shape needs 28 bytes, but it has 24"));
}

proptest! {
    /// Any damage gives an error or the same numbers, never others and never a panic.
    #[test]
    fn damage_is_noticed(deflated: bool, at: prop::sample::Index, value: u8) {
        let mut bytes = if deflated { DEFLATED } else { STORED }.to_vec();
        let at = at.index(bytes.len());
        bytes[at] = value;
        let Ok(npz) = open(&bytes) else { return Ok(()) };
        for (name, expected) in [("i32", [i64::from(i32::MIN), i64::from(i32::MAX)]), ("i64", [i64::MIN, i64::MAX])] {
            if let Ok(found) = npz.vector::<i64>(name) {
                prop_assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn hostile_headers_are_refused(text in "[{}'descrshape:(),0-9<if]{0,60}") {
        let bytes = npy(&text, &[]);
        if let Ok((header, data)) = Header::read(&bytes) {
            prop_assert!(data.is_empty() && (header.shape.contains(&0) || numbers_of(&header).is_none()));
        }
    }
}

fn numbers_of(header: &Header) -> Option<usize> {
    header::numbers(&header.descr, &[]).map(|n| n.len())
}
