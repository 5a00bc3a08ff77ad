//! The text of the figure: what is in it, where it stands, and what it says of what it cannot show.

use super::*;

fn span(end: u64) -> TimeSpan {
    TimeSpan { first: 0, end, tick_seconds: Some(1e-3) }
}

fn group(name: &str, neurons: u32, spikes: Vec<(u64, u32)>) -> SpikeGroup {
    SpikeGroup { name: name.into(), neurons, spikes }
}

fn trace(population: &str, neuron: u32, quantity: &str, unit: &str, samples: Vec<(u64, f64)>) -> Trace {
    Trace { population: population.into(), neuron, quantity: quantity.into(), unit: unit.into(), samples }
}

fn figure(raster: Vec<SpikeGroup>, traces: Vec<Trace>, end: u64) -> RunFigure {
    RunFigure { title: "a <run>".into(), time: span(end), raster: Some(raster), traces }
}

/// All texts of a picture, in order.
fn texts(svg: &str) -> Vec<String> {
    let texts = svg.split("<text ").skip(1).filter_map(|t| t.split_once('>')?.1.split("</text>").next());
    texts.map(|t| t.rsplit('>').next().unwrap_or_default().to_string()).collect()
}

/// The attribute `name` of every element whose beginning is `element`.
fn attributes<'a>(svg: &'a str, element: &str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    svg.split(element).skip(1).filter_map(|e| e.split_once('>')?.0.split_once(&start)?.1.split('"').next()).collect()
}

/// Places of the marks in paths of spikes.
fn marks(svg: &str) -> Vec<(f64, f64)> {
    let paths = svg.split("<path class=\"l").skip(1).filter_map(|p| p.split_once(" d=\"")?.1.split('"').next());
    let marks = paths.flat_map(|path| path.split('M').skip(1));
    marks
        .map(|mark| {
            let (x, rest) = mark.split_once(' ').unwrap();
            let (y, height) = rest.split_once('v').unwrap();
            (x.parse().unwrap(), y.parse::<f64>().unwrap() + height.parse::<f64>().unwrap() / 2.0)
        })
        .collect()
}

#[test]
fn spikes_stand_at_their_time_and_neuron() {
    let spikes = vec![(0, 0), (99, 0), (50, 9)];
    let svg = figure(vec![group("reservoir", 10, spikes)], vec![], 100).svg();
    let pitch = (RIGHT - LEFT) / 100.0;
    let (bottom, row) = (TOP + 60.0, 6.0);
    let expected = [(50.5, bottom - 9.5 * row), (0.5, bottom - 0.5 * row), (99.5, bottom - 0.5 * row)];
    let found = marks(&svg);
    assert_eq!(found.len(), 3);
    for ((x, y), (ticks, place)) in found.into_iter().zip(expected) {
        assert!((x - LEFT - ticks * pitch).abs() <= 0.5, "{x}");
        assert!((y - place).abs() <= 0.55, "{y} is not {place}");
    }
    let texts = texts(&svg);
    for text in ["a &lt;run&gt;", "3 spikes of 10 neurons, ticks 0 to 100", "spikes (neuron)", "reservoir", "time (ms)"]
    {
        assert!(texts.iter().any(|t| t == text), "{text} is not in {texts:?}");
    }
    assert!(!svg.contains("share one") && !svg.contains("NaN"), "nothing to note");
}

#[test]
fn the_picture_is_stable_needs_nothing_and_knows_both_papers() {
    let figure =
        figure(vec![group("a", 3, vec![(1, 2)])], vec![trace("a", 0, "v", "mV", vec![(0, 0.5), (1, 1.5)])], 10);
    let svg = figure.svg();
    assert_eq!(svg, figure.svg());
    for unwanted in ["var(", "<script", "href", "url(", "@import"] {
        assert!(!svg.contains(unwanted), "{unwanted}");
    }
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("@media (prefers-color-scheme:dark)"));
    let html = figure.html();
    assert!(html.contains("<title>a &lt;run&gt;</title>") && html.contains("</svg>") && !html.contains("http"));
    // Every class that changes its colour on dark paper has a rule there, and every series its own colours.
    for class in attributes(&svg, "<", "class") {
        assert!(svg.contains(&format!(".{class}{{")), "{class} has no rule");
    }
    let mut colours: Vec<&str> = (0..SERIES.len()).map(series_colour).collect();
    colours.sort_unstable();
    colours.dedup();
    assert_eq!(colours.len(), SERIES.len());
}

#[test]
fn groups_stand_above_each_other_from_the_bottom() {
    let groups =
        vec![group("first", 4, vec![(0, 0)]), group("second", 1, vec![(0, 0)]), group("third", 2, vec![(0, 1)])];
    let svg = figure(groups, vec![], 10).svg();
    // The paths are written from the top.
    let rows: Vec<f64> = marks(&svg).iter().map(|mark| mark.1).collect();
    assert!(rows.is_sorted() && rows.len() == 3, "{rows:?}");
    let names: Vec<String> = texts(&svg).into_iter().filter(|t| ["first", "second", "third"].contains(&&**t)).collect();
    assert_eq!(names, ["third", "second", "first"]);
}

#[test]
fn labels_of_one_column_never_overlap() {
    check_columns((0..40).map(|i| group(&format!("core {i}"), 1 + i * 7 % 13, vec![])).collect());
    check_columns((0..9).map(|i| group(&format!("core {i}"), 200 + i * 11, vec![])).collect());
    check_columns((0..3).map(|i| group(&format!("core {i}"), 1 + i * 37, vec![])).collect());
}

#[track_caller]
fn check_columns(many: Vec<SpikeGroup>) {
    let flat = |n: u32| trace("a", n, "v", "1", vec![(0, 1.0), (9, 1.0)]);
    let svg = figure(many, (0..6).map(flat).collect(), 10).svg();
    let mut columns: std::collections::BTreeMap<String, Vec<f64>> = std::collections::BTreeMap::new();
    for element in svg.split("<text ").skip(1) {
        let element = format!("<{element}");
        let (x, y) = (attributes(&element, "<", "x")[0], attributes(&element, "<", "y")[0]);
        columns.entry(x.to_string()).or_default().push(y.parse().unwrap());
    }
    for (x, mut ys) in columns {
        ys.sort_by(f64::total_cmp);
        assert!(ys.windows(2).all(|w| w[1] - w[0] >= 11.0), "{x}: {ys:?}");
    }
}

#[test]
fn the_unit_of_time_follows_the_length_of_the_run() {
    let unit = |end, tick_seconds| {
        let figure = RunFigure { time: TimeSpan { first: 0, end, tick_seconds }, ..figure(vec![], vec![], 1) };
        texts(&figure.svg()).last().unwrap().clone()
    };
    assert_eq!(unit(100, None), "time (ticks)");
    assert_eq!(unit(5000, Some(1e-3)), "time (s)");
    assert_eq!(unit(100, Some(1e-3)), "time (ms)");
    assert_eq!(unit(100, Some(1e-6)), "time (\u{b5}s)");
    // Marks are at round times within the run, wherever it begins.
    let axis = Axis::new(TimeSpan { first: 950, end: 1050, tick_seconds: Some(1e-3) });
    let marks = axis.marks();
    assert_eq!(marks.iter().map(|m| m.1.as_str()).collect::<Vec<_>>()[..3], ["950", "960", "970"]);
    assert_eq!((marks[0].0, marks[10].0), (LEFT, RIGHT));
}

#[test]
fn nothing_to_show_is_said() {
    let svg = figure(vec![group("a", 5, vec![])], vec![trace("a", 1, "v", "1", vec![])], 10).svg();
    let texts = texts(&svg);
    assert!(texts.contains(&"no spikes".to_string()) && texts.contains(&"no samples".to_string()), "{texts:?}");
    let svg = figure(vec![], vec![], 0).svg();
    assert!(svg.contains("no spikes") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    let only_traces = RunFigure { raster: None, ..figure(vec![], vec![trace("a", 1, "v", "1", vec![(0, 2.0)])], 10) };
    assert!(!only_traces.svg().contains("spikes"));
}

#[test]
fn what_is_outside_the_time_is_told() {
    let svg = figure(
        vec![group("a", 2, vec![(3, 0), (10, 0), (4, 2)])],
        vec![trace("a", 0, "v", "1", vec![(1, 0.0), (10, 1.0)])],
        10,
    )
    .svg();
    assert_eq!(marks(svg.split("a: v").next().unwrap()).len(), 1);
    assert!(svg.contains("2 spikes are before or after the time of this figure, or of no neuron in it."), "{svg}");
    assert!(svg.contains("Not drawn: 1 sample before or after the time of this figure."));
}

#[test]
fn spikes_in_one_place_share_a_mark() {
    // 100,000 ticks on 662 points: neighbours in time fall together.
    let spikes = (0..10_000).map(|i| (i, 0)).collect();
    let svg = figure(vec![group("a", 1, spikes)], vec![], 100_000).svg();
    let count = marks(&svg).len();
    assert!(count < 10_000 && svg.contains(&format!("10,000 spikes make {count} marks")), "{count}");
}

#[test]
fn too_many_spikes_become_a_map_of_densities() {
    let mut spikes: Vec<(u64, u32)> =
        (0..400_000u64).map(|i| (i * 7 % 2000, ((i / 2000 + i * 13) % 400) as u32)).collect();
    spikes.sort_unstable();
    let figure = figure(vec![group("a", 400, spikes.clone()), group("b", 3, vec![(7, 1)])], vec![], 2000);
    let svg = figure.svg();
    assert!(svg.len() < 1_000_000, "{} bytes", svg.len());
    assert!(svg.contains("400,001 spikes are too many for marks of their own. Each cell is "), "a note says so");
    assert!(svg.contains("Every spike is counted."));
    assert_eq!(marks(&svg.replace("class=\"l", "class=\"x")).len(), 0);
    // The fullest cell is the one of the note. The 403 neurons share 400 points, so the first group has 99 rows.
    let axis = Axis::new(figure.time);
    let columns = ((RIGHT - LEFT) / 4.0) as u64;
    let mut cells = std::collections::BTreeMap::new();
    for (tick, neuron) in spikes {
        let column = ((axis.x(tick) - LEFT) / 4.0) as u64;
        *cells.entry((column.min(columns - 1), (neuron * 2 + 1) * 99 / 800)).or_insert(0u32) += 1;
    }
    let most = cells.values().max().unwrap();
    assert!(svg.contains(&format!("stands for up to {most} spikes")), "{most}");
}

#[test]
fn traces_have_a_plot_for_each_quantity_and_a_line_a_neuron() {
    let samples = |offset: f64| (0..10).map(|t| (t, offset + t as f64)).collect();
    let traces = vec![
        trace("a", 0, "v", "mV", samples(0.0)),
        trace("a", 7, "v", "mV", samples(1.0)),
        trace("a", 0, "i_AMPA", "1", samples(0.0)),
        trace("b", 0, "v", "mV", samples(0.0)),
    ];
    let svg = figure(vec![], traces, 10).svg();
    let texts = texts(&svg);
    let headings: Vec<&String> = texts.iter().filter(|t| t.contains(": ")).collect();
    assert_eq!(headings, ["a: v (mV)", "a: i_AMPA", "b: v (mV)"]);
    assert_eq!(texts.iter().filter(|t| *t == "neuron 0").count(), 3);
    assert_eq!(texts.iter().filter(|t| *t == "neuron 7").count(), 1);
    let lines = attributes(&svg, "<path class=\"l", "d");
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line.matches('L').count() == 9));
    // The scale of the first plot is from 0 to 10: 0 at the bottom, 10 at the top.
    let top = TOP + 40.0 + GAP;
    assert!(lines[0].starts_with(&format!("M{:.1} {:.1}L", LEFT + 0.05 * (RIGHT - LEFT), top + 112.0)), "{}", lines[0]);
    assert!(lines[1].ends_with(&format!(" {top:.1}")), "{}", lines[1]);
}

#[test]
fn many_traces_are_a_band_and_a_note() {
    let traces = (0..20).map(|n| trace("a", n, "v", "1", vec![(0, 0.0), (5, f64::from(n))])).collect();
    let svg = figure(vec![], traces, 10).svg();
    assert!(
        svg.contains("a: v: 6 of 20 traces are lines; the band is from the lowest to the highest of all."),
        "{svg}"
    );
    assert_eq!(attributes(&svg, "<path class=\"l", "d").len(), 6);
    assert_eq!(svg.matches("fill-opacity=\"0.14\"").count(), 1);
    let quantities = (0..15).map(|i| trace(&format!("p{i}"), 0, "v", "1", vec![(0, 1.0)])).collect();
    let svg = figure(vec![], quantities, 10).svg();
    assert!(svg.contains("Not drawn, for want of room: p12: v, p13: v, p14: v."));
}

#[test]
fn long_traces_keep_their_extremes() {
    let mut samples: Vec<(u64, f64)> = (0..200_000).map(|t| (t, (t % 100) as f64 / 100.0)).collect();
    samples[123_456].1 = 40.0;
    samples[77_777].1 = -20.0;
    let svg = figure(vec![], vec![trace("a", 0, "v", "1", samples)], 200_000).svg();
    let line = attributes(&svg, "<path class=\"l", "d")[0];
    assert!(line.len() < 200_000, "{} bytes", line.len());
    let ys: Vec<f64> = line[1..].split('L').map(|p| p.split(' ').nth(1).unwrap().parse().unwrap()).collect();
    let (top, height) = (TOP + 40.0 + GAP, 112.0);
    assert_eq!(ys.iter().copied().reduce(f64::min), Some(top));
    assert_eq!(ys.iter().copied().reduce(f64::max), Some(top + height));
    assert!(svg.contains("a line goes through the first, lowest, highest and last of them."));
}

#[test]
fn names_and_notes_are_kept_in_bounds() {
    assert_eq!(shortened("reservoir", 18), "reservoir");
    assert_eq!(shortened("a-very-long-population-name", 10), "a-very-lo\u{2026}");
    let lengths = [12.3456, 1.0, 0.0241689, 0.0].map(|ms| Axis::new(span(100)).length(ms));
    assert_eq!(lengths, ["12.35 ms", "1.00 ms", "0.0242 ms", "0.000000000 ms"]);
    assert_eq!(wrapped("aa bb cc", 5), ["aa bb", "cc"]);
    assert_eq!(counted(1, "spike"), "1 spike");
    assert_eq!(counted(1_234_567, "spike"), "1,234,567 spikes");
    let svg = figure(vec![group("a-very-long-population-name", 1, vec![])], vec![], 10).svg();
    assert!(svg.contains("<title>a-very-long-population-name</title>"));
}
