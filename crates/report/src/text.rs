//! Texts: small pictures made of characters, for the terminal, and texts that must fit.

use crate::scale::Scale;
use std::fmt::Write;

const EIGHTHS: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A histogram of `values` as lines `from .. to  bar  count`, in bins with round edges; `unit` stands behind the
/// edges and `bar_width` is the length of the longest bar in characters.
///
/// Values that are all the same make one line. Empty input makes no line.
pub fn histogram(values: &[f64], unit: &str, bar_width: usize) -> String {
    let (Some(low), Some(high)) = (values.iter().copied().reduce(f64::min), values.iter().copied().reduce(f64::max))
    else {
        return String::new();
    };
    let unit = if unit == "1" || unit.is_empty() { String::new() } else { format!(" {unit}") };
    if low == high {
        return format!("  {}{unit}  {}  {}\n", short(low), bar(1.0, bar_width.min(12)), values.len());
    }
    let scale = Scale::covering(low, high, 14);
    let bins = scale.steps();
    let mut counts = vec![0usize; bins];
    for value in values {
        // The comparison is with the same edges that are printed; the last bin is closed.
        let bin = (1..bins).take_while(|&i| *value >= scale.mark(i)).count();
        counts[bin] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let edge = |i: usize| scale.label(i);
    let edge_width = (0..=bins).map(|i| edge(i).len()).max().unwrap_or(0);
    let count_width = most.to_string().len();
    let mut text = String::new();
    for (i, &count) in counts.iter().enumerate() {
        let share = count as f64 / most as f64;
        let _ = writeln!(
            text,
            "  {:>edge_width$} .. {:>edge_width$}{unit}  {count:>count_width$}  {}",
            edge(i),
            edge(i + 1),
            bar(share, bar_width).trim_end(),
        );
    }
    // A trailing space behind an empty bar would make the text differ from what an editor saves.
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// One character a value, from the lowest (`▁`) to the highest (`█`); values that are all the same are in the middle.
pub fn sparkline(values: &[f64]) -> String {
    let (Some(low), Some(high)) = (values.iter().copied().reduce(f64::min), values.iter().copied().reduce(f64::max))
    else {
        return String::new();
    };
    let level = |value: f64| match high - low {
        span if span > 0.0 => (((value - low) / span) * 7.0 + 0.5) as usize,
        _ => 3,
    };
    values.iter().map(|&v| LEVELS[level(v).min(7)]).collect()
}

/// A bar of `share` (0 to 1) of `width` characters, to an eighth of a character; what is not zero is visible.
fn bar(share: f64, width: usize) -> String {
    let eighths = (share * width as f64 * 8.0 + 0.5) as usize;
    let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
    let mut text: String = std::iter::repeat_n('█', eighths / 8).collect();
    if !eighths.is_multiple_of(8) {
        text.push(EIGHTHS[eighths % 8]);
    }
    text
}

/// A value with at most six decimals and no trailing zeros.
pub(crate) fn short(value: f64) -> String {
    let text = format!("{value:.6}");
    match text.trim_end_matches('0').trim_end_matches('.') {
        "" | "-0" => "0".into(),
        trimmed => trimmed.into(),
    }
}

/// `text` with at most `letters` letters; an ellipsis stands for what is missing.
pub(crate) fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.into();
    }
    text.chars().take(letters - 1).chain(['\u{2026}']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histogram_counts_every_value_once() {
        let values: Vec<f64> = (0..200).map(|i| 10.0 + f64::from(i % 40) * 0.25 + f64::from(i % 7) * 0.25).collect();
        let text = histogram(&values, "ms", 24);
        let counted: usize = text.lines().map(|l| l.split_whitespace().nth(4).unwrap().parse::<usize>().unwrap()).sum();
        assert_eq!(counted, 200, "{text}");
        assert!(text.starts_with("  10 .. 11 ms  "), "{text}");
        assert!(text.lines().all(|l| l.chars().count() <= 50 && l == l.trim_end()), "{text}");
    }

    #[test]
    fn equal_values_are_one_line_and_none_is_no_line() {
        assert_eq!(histogram(&[20.0; 256], "ms", 40), "  20 ms  ████████████  256\n");
        assert_eq!(histogram(&[], "ms", 40), "");
    }

    #[test]
    fn bars_are_proportional() {
        assert_eq!(
            histogram(&[0.0, 1.0, 1.1, 1.15, 1.2, 2.0], "1", 4).lines().collect::<Vec<_>>(),
            [
                "  0.0 .. 0.2  1  █▍",
                "  0.2 .. 0.4  0",
                "  0.4 .. 0.6  0",
                "  0.6 .. 0.8  0",
                "  0.8 .. 1.0  0",
                "  1.0 .. 1.2  3  ████",
                "  1.2 .. 1.4  1  █▍",
                "  1.4 .. 1.6  0",
                "  1.6 .. 1.8  0",
                "  1.8 .. 2.0  1  █▍",
            ]
            .map(|l| l.to_string())
        );
    }

    #[test]
    fn sparklines_span_the_range() {
        assert_eq!(sparkline(&[0.0, 0.5, 1.0]), "▁▅█");
        assert_eq!(sparkline(&[2.0, 2.0]), "▄▄");
        assert_eq!(sparkline(&[]), "");
    }
}
