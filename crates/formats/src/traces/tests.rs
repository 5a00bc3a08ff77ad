//! Exact decimals, the round trip, and files that are wrong.

use super::*;
use proptest::prelude::*;

fn name(population: &str, neuron: u32, quantity: &str, unit: &str) -> TraceName {
    TraceName { population: population.into(), neuron, quantity: quantity.into(), unit: unit.into() }
}

fn errors(text: &str) -> String {
    read_traces(text, "f").map_or_else(|errors| errors.to_string(), |traces| format!("{} samples", traces.ticks.len()))
}

#[test]
fn every_digit_is_written() {
    let check = |bits, fraction_bits, expected: &str| {
        assert_eq!(exact_decimal(bits, fraction_bits, Decimal::integer(1)), expected)
    };
    check(0, 20, "0");
    check(1 << 20, 20, "1");
    check(-3 << 19, 20, "-1.5");
    check(1, 20, "0.00000095367431640625");
    check(-1, 28, "-0.0000000037252902984619140625");
    check(i64::MIN, 0, "-9223372036854775808");
    check(i64::MIN, 63, "-1");
    check(i64::MAX, 1, "4611686018427387903.5");
}

#[test]
fn a_file_is_written_as_specified() {
    let recording = |name, fraction_bits, bits: &[i64]| Recording {
        name,
        fraction_bits,
        scale: Decimal::integer(1),
        bits: bits.to_vec(),
    };
    let text = write_traces(
        &[Tick(0), Tick(5)],
        &[
            recording(name("reservoir", 3, "v", "mV"), 20, &[1 << 18, -(1 << 20)]),
            recording(name("a, \"b\"", 0, "refractory", "step"), 0, &[0, 2]),
        ],
    );
    let expected = "# quenched-traces 1, 2 entries\n\
                    tick,reservoir[3]:v (mV),\"a, \"\"b\"\"[0]:refractory (step)\"\n\
                    0,0.25,0\n\
                    5,-1,2\n";
    assert_eq!(text, expected);
    let traces = read_traces(&text, "f").unwrap();
    assert_eq!(traces.columns[1].0.population, "a, \"b\"");
    assert_eq!(traces.columns[0].1, [0.25, -1.0]);
}

#[test]
fn files_made_by_hand_are_read() {
    let traces = read_traces("# mine\n\n tick , a[0]:v (1) \r\n 3 , 1e-3 \r\n", "f").unwrap();
    assert_eq!((traces.ticks, traces.columns), (vec![Tick(3)], vec![(name("a", 0, "v", "1"), vec![0.001])]));
    assert_eq!(errors("tick\n4\n"), "1 samples");
    assert_eq!(errors("tick,a[0]:v (1)\n"), "0 samples");
}

#[test]
fn wrong_files_are_refused_in_their_place() {
    let check = |text: &str, expected: &str| assert_eq!(errors(text), expected, "{text:?}");
    let head = "tick,a[0]:v (mV)\n";
    check("", "f:1:1: expected the columns `tick,POPULATION[NEURON]:QUANTITY (UNIT),...`, found ``");
    check(
        "time,a[0]:v (mV)\n",
        "f:1:1: expected the columns `tick,POPULATION[NEURON]:QUANTITY (UNIT),...`, found `time,a[0]:v (mV)`",
    );
    let unnamed = |cell: &str| {
        format!("f:1:6: `{cell}` does not name a trace: write `POPULATION[NEURON]:QUANTITY (UNIT)` [trace-column]")
    };
    for cell in ["a", "a[0]:v", "a[x]:v (1)", "a[-1]:v (1)", "a:v (1)", "[0]:v (1)", "a[0]: (1)", ""] {
        check(&format!("tick,{cell}\n"), &unnamed(cell));
    }
    check("tick,a[0]:v (1),a[0]:v (1)\n", "f:1:17: there are two columns `a[0]:v` [trace-column]");
    check(&format!("{head}1\n"), "f:2:1: this line has 1 fields, but 2 are needed");
    check(&format!("{head}1,2,3\n"), "f:2:1: this line has 3 fields, but 2 are needed");
    check(&format!("{head}x,2\n"), "f:2:1: expected a whole number, found text");
    check(&format!("{head}1,\n"), "f:2:3: expected a decimal number, found nothing");
    for word in ["nan", "inf", "infinity", "1e999", "0x10", "1.2.3"] {
        check(&format!("{head}1,{word}\n"), "f:2:3: expected a decimal number, found text");
    }
    check(&format!("{head}5,1\n4,1\n"), "f:3:1: tick 4 comes after tick 5: events are listed in the order of time");
    check(
        "# quenched-spikes 1, 0 entries\n",
        "f:1:1: this is a `quenched-spikes` file, but a `quenched-traces` file is needed",
    );
    let many = errors(&format!("{head}{}", "x,0\n".repeat(100)));
    assert_eq!(many.lines().count(), 20);
}

#[test]
fn every_cut_of_a_written_file_is_noticed() {
    let recording = Recording {
        name: name("a", 0, "v", "mV"),
        fraction_bits: 20,
        scale: Decimal::integer(1),
        bits: vec![1 << 19, 3, -70],
    };
    let text = write_traces(&[Tick(0), Tick(10), Tick(20)], &[recording]);
    for length in 0..text.len() {
        assert!(read_traces(&text[..length], "f").is_err(), "{:?}", &text[..length]);
    }
}

proptest! {
    #[test]
    fn states_survive_the_file(
        columns in prop::collection::vec(("[ -~\u{e9}]{1,6}", 0u32..9, 0u32..=32, any::<[i32; 4]>()), 0..5)
    ) {
        let ticks = [0, 1, 1, 9].map(Tick);
        let recordings: Vec<Recording> = columns.iter().enumerate().map(|(i, column)| {
            let (population, neuron, fraction_bits, bits) = column;
            let quantity = format!("q{i}");
            Recording {
                name: name(population, *neuron, &quantity, "1"),
                fraction_bits: *fraction_bits,
                scale: Decimal::integer(1),
                bits: bits.map(i64::from).to_vec(),
            }
        }).collect();
        let traces = read_traces(&write_traces(&ticks, &recordings), "f").unwrap();
        prop_assert_eq!(&traces.ticks, &ticks);
        for (recording, (name, values)) in recordings.iter().zip(&traces.columns) {
            prop_assert_eq!(&recording.name, name);
            let unit = (1u64 << recording.fraction_bits) as f64;
            let bits: Vec<i64> = values.iter().map(|value| (value * unit) as i64).collect();
            prop_assert_eq!(&recording.bits, &bits);
        }
    }

    #[test]
    fn damaged_files_never_panic(first: bool, body in "([0-9,. \u{e9}xe\"#-]{0,8}\r?\n){0,4}[0-9,]{0,3}") {
        let first = if first { "# quenched-traces 1, 2 entries\n" } else { "" };
        let _ = read_traces(&format!("{first}{body}"), "f");
        let _ = read_traces(&format!("{first}tick,a[0]:v (1)\n{body}"), "f");
    }
}
