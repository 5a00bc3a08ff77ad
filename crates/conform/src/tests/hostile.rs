//! Files that were damaged, or written to do harm: always an error that names the file, never a panic.

use super::draft::{Draft, npy, zip};
use super::{error, pass};
use crate::run;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::panic::catch_unwind;

const GOLDEN: [&str; 4] = ["loihi2_lif", "n11_u_overflow", "b07_integrator", "l07_one_bit"];

/// The traces are the reference for everything below.
fn small() -> Draft {
    Draft::golden("loihi2_lif")
}

#[test]
fn arrays_of_the_wrong_kind() {
    let ones = |n: usize| vec![1u8; n];
    let cases: [(&str, Vec<u8>, &str); 13] = [
        ("float", npy("<f4", false, &[1000], &ones(4000)), "elements of type '<f4'; it must have int8"),
        ("wider", npy("<i4", false, &[1000], &ones(4000)), "elements of type '<i4'; it must have int8"),
        ("unsigned", npy("|u1", false, &[1000], &ones(1000)), "elements of type '|u1'; it must have int8"),
        ("objects", npy("|O", false, &[1000], &ones(8000)), "elements of type '|O'; it must have int8"),
        ("two dimensions", npy("|i1", false, &[1000, 1], &ones(1000)), "has the shape [1000, 1]"),
        ("short", npy("|i1", false, &[999], &ones(999)), "has the shape [999]; it must have [1000]"),
        ("truncated", npy("|i1", false, &[1000], &ones(500)), "damaged: its shape needs 1000 bytes, but it has 500"),
        ("trailing", npy("|i1", false, &[1000], &ones(1001)), "damaged: its shape needs 1000 bytes, but it has 1001"),
        ("empty", Vec::new(), "the array 'spike' is damaged"),
        ("no header", b"\x93NUMPY\x01\x00".to_vec(), "the array 'spike' is damaged"),
        ("huge header", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}".to_vec(), "the array 'spike' is damaged"),
        ("no version", b"\x93NUMPY\x09\x00\x04\x00{}  ".to_vec(), "the array 'spike' is damaged"),
        (
            "huge shape",
            npy("|i1", false, &[1000, usize::MAX, 3], &[]),
            "damaged: its shape needs 18446744073709551615 bytes",
        ),
    ];
    for (name, bytes, message) in cases {
        let mut draft = small();
        draft.arrays.insert("spike".to_owned(), bytes);
        let text = error(&draft);
        assert!(text.contains(message) && text.contains("case.npz"), "{name}: {text}");
    }
    let mut draft = small();
    draft.arrays.insert("v_probe".to_owned(), npy(">i4", false, &[1000], &ones(4000)));
    assert!(error(&draft).contains("elements of type '>i4'; it must have int32"));
    draft.arrays.remove("v_probe");
    assert!(
        error(&draft).contains("holds no array 'v_probe' (named by the field 'format'); it holds 'input', 'spike'")
    );
}

/// numpy writes transposed arrays column by column, which changes nothing of what they hold.
#[test]
fn arrays_may_be_stored_column_by_column() {
    let mut draft = Draft::golden("l07_one_bit");
    let rows: Vec<[u8; 4]> = draft.arrays["c0.w"][draft.data("c0.w")..].as_chunks().0.to_vec();
    assert_eq!(rows.len(), 30 * 40);
    let columns: Vec<u8> = (0..30 * 40).flat_map(|at| rows[at % 30 * 40 + at / 30]).collect();
    draft.arrays.insert("c0.w".to_owned(), npy("<i4", true, &[30, 40], &columns));
    pass(&draft);
}

#[test]
fn files_that_are_no_case() {
    let draft = small();
    let path = draft.write();
    let npz = path.with_extension("npz");
    let whole = std::fs::read(&npz).unwrap();
    let check = |message: &str| {
        let text = run(std::slice::from_ref(&path)).text();
        assert!(text.contains(message), "'{message}' is not in {text}");
    };
    std::fs::write(&npz, &whole[..whole.len() / 2]).unwrap();
    check("case.npz: is no readable npz archive");
    std::fs::write(&npz, b"PK").unwrap();
    check("case.npz: is no readable npz archive");
    std::fs::remove_file(&npz).unwrap();
    check("case.npz: cannot be read");
    std::fs::write(&npz, &whole).unwrap();
    for (content, message) in [
        ("", "case.json:1:0: is no valid JSON"),
        ("{\"format\": ", "case.json:1:11: is no valid JSON"),
        ("[1]", "is no valid JSON"),
        ("{}", "case.json: the field 'format' is missing"),
        ("{\"format\": 3}", "case.json: the field 'format' is 3"),
        ("{\"format\": \"neuro-golden/9\"}", "the format 'neuro-golden/9' is not known; known are neuro-golden/1"),
        (&"[".repeat(100_000), "is no valid JSON"),
    ] {
        std::fs::write(&path, content).unwrap();
        check(message);
    }
    std::fs::write(&path, [b'{', 0xff, b'}']).unwrap();
    check("is no valid JSON");
    std::fs::remove_file(&path).unwrap();
    check("case.json: cannot be read");
}

/// A claim of memory that the file does not hold.
#[test]
fn claims_cost_nothing() {
    let claims = [
        json!({"format": "neuro-golden/1", "steps": 1 << 30, "inputs": [], "connections": [],
               "populations": [{"name": "p", "n": 1 << 20, "model": "lif", "du": 0, "dv": 0, "vth": 1}]}),
        json!({"format": "nengo-loihi-golden/1", "steps": 1 << 30, "inputs": [], "axons": [], "synapses": [],
               "blocks": [{"name": "b", "n": 1 << 20}]}),
        json!({"format": "brian2loihi-golden/1", "steps": 1 << 30, "n": 1 << 20, "n_in": 1}),
    ];
    for claim in claims {
        let text = error(&Draft::new(claim));
        assert!(text.contains("must be at most 0 for 1073741824 steps"), "{text}");
    }
}

/// Every place in a JSON value, as pointers.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(map) => map.iter().for_each(|(key, v)| places(v, &format!("{at}/{key}"), out)),
        Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| places(v, &format!("{at}/{i}"), out)),
        _ => {}
    }
}

fn survives(draft: &Draft) -> Result<(), TestCaseError> {
    let path = draft.write();
    let outcome = catch_unwind(|| run(&[path]).text());
    prop_assert!(outcome.is_ok());
    prop_assert!(!outcome.unwrap_or_default().is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Bytes of the archive itself.
    #[test]
    fn mutated_archives(
        which in 0..GOLDEN.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        tail in any::<bool>(),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let draft = Draft::golden(GOLDEN[which]);
        let path = draft.write();
        let mut bytes = zip(&draft.arrays);
        // Half of the edits go to the directory at the end, where the lengths and offsets are.
        let from = if tail { bytes.len().saturating_sub(400) } else { 0 };
        for (at, byte) in edits {
            let at = from + at.index(bytes.len() - from);
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        std::fs::write(path.with_extension("npz"), bytes).unwrap();
        let outcome = catch_unwind(|| run(&[path]).text());
        prop_assert!(outcome.is_ok());
    }

    /// Bytes of the arrays, in archives whose checksums are right.
    #[test]
    fn mutated_arrays(
        which in 0..GOLDEN.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..6),
        header in any::<bool>(),
    ) {
        let mut draft = Draft::golden(GOLDEN[which]);
        let keys: Vec<String> = draft.arrays.keys().cloned().collect();
        for (key, at, byte) in edits {
            let bytes = draft.arrays.get_mut(&keys[key.index(keys.len())]).unwrap();
            let length = if header { bytes.len().min(128) } else { bytes.len() };
            bytes[at.index(length)] = byte;
        }
        survives(&draft)?;
    }

    /// Bytes of the description: mostly no JSON any more, now and then another number or key.
    #[test]
    fn mutated_texts(
        which in 0..GOLDEN.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let draft = Draft::golden(GOLDEN[which]);
        let path = draft.write();
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, byte, digit) in edits {
            let at = at.index(bytes.len());
            bytes[at] = if digit { b'0' + byte % 10 } else { byte };
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        std::fs::write(&path, bytes).unwrap();
        let outcome = catch_unwind(|| run(&[path]).text());
        prop_assert!(outcome.is_ok());
    }

    /// Values of the description.
    #[test]
    fn mutated_descriptions(
        which in 0..GOLDEN.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..16usize), 1..3),
    ) {
        let mut draft = Draft::golden(GOLDEN[which]);
        for (at, what) in edits {
            let mut pointers = Vec::new();
            places(&draft.json, "", &mut pointers);
            let strange = [
                Value::Null, json!(true), json!(-1), json!(0), json!(1), json!(2), json!(64), json!(4096),
                json!(i64::MAX), json!(i64::MIN), json!(1e300), json!(0.5), json!(""), json!("p0.u"), json!([]),
                json!({}),
            ];
            *draft.json.pointer_mut(&pointers[at.index(pointers.len())]).unwrap() = strange[what].clone();
        }
        survives(&draft)?;
    }
}
