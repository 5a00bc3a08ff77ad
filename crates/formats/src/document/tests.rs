//! Tests of the strict TOML reader.

use super::*;
use units::{Decimal, Quantity};

const FORMAT: Format = Format { name: "test", version: 1 };
const HEAD: &str = "format = \"test\"\nversion = 1\n";

/// Reads `body` with `read` at the top level, which may have the keys `a` and `b`.
fn outcome<T: std::fmt::Debug>(body: &str, read: impl Fn(&Table<'_>) -> Option<T>) -> String {
    let text = format!("{HEAD}{body}");
    let document = match Document::parse(&text, "f", FORMAT) {
        Ok(document) => document,
        Err(errors) => return errors.to_string(),
    };
    let value = read(&document.root(&["a", "b"]));
    match document.finish(value) {
        Ok(value) => format!("{value:?}"),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn values_are_read_from_their_text() {
    let decimal = |text: &str| outcome(&format!("a = {text}"), |t| Some(t.required::<Decimal>("a")?.to_string()));
    assert_eq!(decimal("0.1"), "\"0.1\"");
    // 17 digits would be lost in a float.
    assert_eq!(decimal("0.12345678901234567"), "\"0.12345678901234567\"");
    assert_eq!(decimal("-1_000e-9"), "\"-1e-6\"");
    assert_eq!(decimal("0xff"), "\"255\"");
    assert_eq!(decimal("true"), "f:3:5: `a`: expected a number, found a boolean");
    let quantity = |text: &str| outcome(&format!("a = {text}"), |t| Some(t.required::<Quantity>("a")?.to_string()));
    assert_eq!(quantity("\"20 ms\""), "\"20 ms\"");
    assert_eq!(quantity("{ value = 20, unit = \"ms\" }"), "\"20 ms\"");
    assert_eq!(quantity("\"-3 %\""), "\"-3 %\"");
    let missing = "a quantity is a number, a space and a unit, such as `20 ms`; a pure number has the unit `1`";
    assert_eq!(quantity("20"), format!("f:3:5: `a`: {missing}"));
    assert_eq!(quantity("\"20\""), format!("f:3:5: `a`: {missing}"));
    assert_eq!(quantity("\"20 mss\""), "f:3:5: `a`: unknown unit `mss`\nhelp: did you mean `ms`?");
    assert_eq!(quantity("\"inf ms\""), "f:3:5: `a`: `nan` and `inf` are not numbers that a chip can have");
    assert_eq!(quantity("[1]"), "f:3:5: `a`: expected a quantity such as \"20 ms\", found an array");
    let float = |text: &str| outcome(&format!("a = {text}"), |t| t.required::<f64>("a"));
    assert_eq!(float("1e-3"), "0.001");
    assert_eq!(float("3"), "3.0");
    assert_eq!(float("nan"), "f:3:5: `a`: `nan` and `inf` are not numbers that a chip can have");
    let small = |text: &str| outcome(&format!("a = {text}"), |t| t.required::<u8>("a"));
    assert_eq!(small("255"), "255");
    assert_eq!(small("0b11"), "3");
    assert_eq!(small("256"), "f:3:5: `a`: 256 is outside the range from 0 to 255");
    assert_eq!(small("-1"), "f:3:5: `a`: -1 is outside the range from 0 to 255");
    assert_eq!(small("99999999999999999999"), "f:3:5: `a`: 99999999999999999999 is outside the range from 0 to 255");
    assert_eq!(small("1.0"), "f:3:5: `a`: expected a whole number, found a decimal number");
}

#[test]
fn absent_values_are_told_from_wrong_ones() {
    let optional = |body: &str| outcome(body, |t| t.optional::<bool>("a"));
    assert_eq!(optional(""), "None");
    assert_eq!(optional("a = true"), "Some(true)");
    assert_eq!(optional("a = 1"), "f:3:5: `a`: expected `true` or `false`, found a whole number");
    let or = |body: &str| outcome(body, |t| t.or("a", 7u32));
    assert_eq!(or(""), "7");
    assert_eq!(or("a = 8"), "8");
    assert_eq!(outcome("", |t| t.required::<bool>("a")), "f:1:1: the file needs the key `a`");
    assert_eq!(
        outcome("[a]", |t| t.required_with("a", |v| v.table(&["c"])?.required::<bool>("c"))),
        "f:3:1: `a` needs the key `c`"
    );
}

#[test]
fn every_wrong_element_is_found_in_its_place() {
    let text = "a = [\n  1,\n  \"x\", 300,\n]\n\nc = 1\n\"b \u{e9}\" = 2\n";
    assert_eq!(
        outcome(text, |t| t.required::<Vec<u8>>("a")),
        "f:5:3: `a[1]`: expected a whole number, found a string\n\
         f:5:8: `a[2]`: 300 is outside the range from 0 to 255\n\
         f:8:1: unknown key `c`\nhelp: the keys here are: `format`, `version`, `a`, `b`\n\
         f:9:1: unknown key `b \u{e9}`\nhelp: the keys here are: `format`, `version`, `a`, `b`"
    );
    // Columns count characters, and Windows line ends are no part of a line.
    let text = "a = { \"\u{e9}\u{e9}\" = 1, x = 2 }\r\nb = 3\r\n";
    let document = format!("{HEAD}{text}");
    let document = Document::parse(&document, "f", FORMAT).unwrap();
    document.report("a.x", Problem::CutOff);
    document.report("b", Problem::CutOff);
    let errors = document.finish(Some(())).unwrap_err();
    let places: Vec<_> = errors.iter().map(|e| e.place().unwrap().clone()).collect();
    assert_eq!((places[0].line, places[0].column), (3, 21));
    assert_eq!(&places[0].excerpt[places[0].span.clone()], "2");
    assert_eq!((places[1].line, places[1].column, places[1].excerpt.as_str()), (4, 5, "b = 3"));
}

#[test]
fn entries_come_in_the_order_of_the_file() {
    let names = |t: &Table<'_>| {
        t.required_with("a", |v| Some(v.open_table()?.entries().into_iter().map(|e| e.name).collect::<Vec<_>>()))
    };
    assert_eq!(outcome("a.z = 1\na.b = 2\na.m = 3\n", names), "[\"z\", \"b\", \"m\"]");
}

#[test]
fn paths_lead_to_the_deepest_part_that_is_there() {
    let text = format!("{HEAD}[a.\"x.y\"]\nz = [1, {{ w = 5 }}]\n[b]\n");
    let document = Document::parse(&text, "f", FORMAT).unwrap();
    let at = |path: &str| &text[document.locate(path)];
    assert_eq!(at("a.x.y.z[1].w"), "5");
    assert_eq!(at("a.x.y.z[0]"), "1");
    assert_eq!(at("a.x.y.z[7].w"), "[1, { w = 5 }]");
    assert_eq!(at("a.x.y.none"), "[a.\"x.y\"]");
    assert_eq!(at("b.none.none"), "[b]");
    assert_eq!(at("none"), "");
    assert_eq!(at("a[["), at("a"));
}

#[test]
fn rules_of_the_reader_have_a_name() {
    let rejected =
        outcome("a = 3", |t| t.required_with("a", |v| v.reject::<u8>("is-even", "3 is odd: take an even number")));
    assert_eq!(rejected, "f:3:5: `a`: 3 is odd: take an even number [is-even]");
    let choice =
        |text: &str| outcome(text, |t| t.required_with("a", |v| v.one_of("a colour", &[("red", 1), ("blue", 2)])));
    assert_eq!(choice("a = \"blue\""), "2");
    assert_eq!(choice("a = \"bleu\""), "f:3:5: `a`: `bleu` is not a colour\nhelp: did you mean `blue`?");
}

#[test]
#[should_panic(expected = "a value that is missing has an error that says why")]
fn giving_up_without_an_error_is_a_bug() {
    outcome::<u8>("", |_| None);
}

/// Time grows as the file does, whatever is wrong with it, and only the first errors are listed.
#[test]
fn a_long_file_full_of_mistakes_is_read_to_its_end() {
    type Spoilt = fn(usize) -> String;
    let spoilt: [(&str, Spoilt); 7] = [
        ("commas in a row", |n| format!("a = [{}]\n", ",".repeat(n))),
        ("commas in lines", |n| format!("a = [\n{}]\n", ",\n".repeat(n))),
        ("commas in a table", |n| format!("a = {{{}}}\n", ",".repeat(n))),
        ("no values", |n| "a\n".repeat(n)),
        ("unknown keys", |n| (0..n).map(|i| format!("k{i} = 1\n")).collect()),
        ("open strings", |n| "a = \"\n".repeat(n)),
        ("the same key", |n| "a = 1\n".repeat(n)),
    ];
    for (what, text) in spoilt {
        // A reader whose time grows with the square of this number takes minutes.
        let text = format!("{HEAD}{}", text(160_000));
        let errors = match Document::parse(&text, "x.toml", FORMAT) {
            Err(errors) => errors,
            Ok(document) => {
                let root = document.root(&["a"]);
                root.report(Problem::CutOff);
                drop(root);
                document.finish(None::<()>).unwrap_err()
            }
        };
        assert!(errors.len() <= 20, "{what}: {}", errors.len());
        assert!(errors.len() == 1 || errors.to_string().ends_with(" more errors"), "{what}: {errors}");
    }
}

/// What is set from outside replaces what the file says, and errors in it name where it came from.
#[test]
fn entries_can_be_set() {
    let text = format!("{HEAD}a = 1\nb = [{{ c = 2 }}, {{ c = 3 }}]\n[t]\nx = [5, \"six\"]\n");
    let read = |sets: &[(&str, &str)], from: Option<(&str, usize)>| {
        let mut document = Document::parse(&text, "f", FORMAT)?;
        for (path, value) in sets {
            document.set(path, value, &format!("--set {path}"))?;
        }
        if let Some((path, index)) = from {
            document.set_from(path, ("t", "x", index))?;
        }
        let root = document.root(&["a", "b", "t", "n"]);
        let a: Option<u8> = root.required("a");
        let c =
            |v: Value<'_>| v.array()?.iter().map(|e| e.table(&["c"])?.required::<u8>("c")).collect::<Option<Vec<_>>>();
        let b = root.required_with("b", c);
        let n = root.optional_with("n", |v| v.table(&["m"])?.required::<String>("m"));
        document.finish(a.zip(b).zip(n))
    };
    let shown = |sets: &[(&str, &str)], from| match read(sets, from) {
        Ok(((a, b), n)) => format!("{a} {b:?} {n:?}"),
        Err(errors) => errors.to_string(),
    };
    assert_eq!(shown(&[], None), "1 [2, 3] None");
    assert_eq!(shown(&[("a", "7"), ("b.c", "9"), ("b[1].c", "8"), ("n.m", "20 ms")], None), "7 [9, 8] Some(\"20 ms\")");
    assert_eq!(shown(&[("n.m", "\"q\"")], Some(("a", 0))), "5 [2, 3] Some(\"q\")");
    for (sets, from, expected) in [
        (&[("a", "true")][..], None, "--set a:1:1: `a`: "),
        (&[("b.c", "-1")][..], None, "--set b.c:1:1: `b[0].c`: "),
        (&[("a.z", "1")][..], None, "`a` is no table"),
        (&[("b[2].c", "1")][..], None, "`b` has 2 elements, the first is 0, and none is 2"),
        (&[("b..c", "1")][..], None, "is no path of keys"),
        (&[("n.k", "1")][..], None, "unknown key `k`"),
        (&[][..], Some(("a", 1)), "f:6:9: `a`: "),
    ] {
        let error = shown(sets, from);
        assert!(error.contains(expected), "{error}");
    }
}
