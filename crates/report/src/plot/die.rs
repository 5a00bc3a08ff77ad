//! A die, drawn as the floor of its chip: every neuron circuit in the colour of a parameter's factor.
//!
//! Owns the drawing. Which die and which parameters are said by the manifest; it deliberately draws no deviate.

use super::{Plot, heading, text};
use crate::chart::WIDTH;
use formats::csv::line;
use std::fmt::Write;
use study::{DrawnDie, DrawnParameter};

/// Steps of colour on each side of the nominal value.
const STEPS: usize = 5;

/// Room above and around cores.
const TOP: f64 = 28.0;
const GAP: f64 = 16.0;
const LEFT: f64 = 6.0;

/// A figure a parameter.
pub(crate) fn floors(die: &DrawnDie) -> Vec<Plot> {
    die.parameters.iter().filter_map(|parameter| floor(die, parameter)).collect()
}

/// The smallest side of a square of `count` places.
fn side(count: usize) -> usize {
    (1..).find(|side| side * side >= count).unwrap_or(1)
}

fn floor(die: &DrawnDie, DrawnParameter { name, factors }: &DrawnParameter) -> Option<Plot> {
    let kept = die.kept as usize;
    if kept == 0 || factors.len() < kept {
        return None;
    }
    let cores = factors.len() / kept;
    let (columns, across) = (side(kept), side(cores));
    let size = ((WIDTH - 2.0 * LEFT - GAP * (across - 1) as f64) / across as f64).min(250.0);
    let cell = size / columns as f64;
    let rows = kept.div_ceil(columns);
    let pitch = (size + GAP, rows as f64 * cell + GAP + 6.0);
    // Colours go as far as nine in ten factors, so that a few extreme ones do not bleach the others.
    let mut off: Vec<f64> = factors.iter().map(|factor| (factor - 1.0).abs()).collect();
    off.sort_by(f64::total_cmp);
    let most = off[(off.len() - 1) * 9 / 10].max(1e-4);
    let step = |factor: f64| {
        let share = ((factor - 1.0) / most * STEPS as f64 + 0.5).floor();
        share.clamp(-(STEPS as f64), STEPS as f64) as isize
    };
    let mut svg = heading(&format!("Factors of {name}"));
    let mut paths = vec![String::new(); 2 * STEPS + 1];
    let mut grids = Vec::new();
    for core in 0..cores {
        let (x, y) = (LEFT + pitch.0 * (core % across) as f64, TOP + 12.0 + pitch.1 * (core / across) as f64);
        svg.push_str(&text((x, y - 3.0), 10.0, "start", "var(--soft)", &format!("core {core}")));
        grids.push(format!("{x:.2} {y:.2} {cell:.4} {cell:.4} {columns} {rows}"));
        for (index, factor) in factors[core * kept..][..kept].iter().enumerate() {
            let (x, y) = (x + cell * (index % columns) as f64, y + cell * (index / columns) as f64);
            let path = &mut paths[(step(*factor) + STEPS as isize) as usize];
            let w = cell - if cell > 4.0 { 0.5 } else { 0.0 };
            let _ = write!(path, "M{x:.1} {y:.1}h{w:.1}v{w:.1}h-{w:.1}z");
        }
    }
    let look = |index: usize| {
        let step = index as f64 - STEPS as f64;
        (if step < 0.0 { "var(--removed)" } else { "var(--full)" }, 0.06 + 0.88 * step.abs() / STEPS as f64)
    };
    for (index, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        let (colour, opacity) = look(index);
        let _ = write!(svg, "<path d=\"{path}\" fill=\"{colour}\" fill-opacity=\"{opacity:.2}\"/>");
    }
    let bottom = TOP + 12.0 + pitch.1 * cores.div_ceil(across) as f64;
    for index in 0..paths.len() {
        let ((colour, opacity), x) = (look(index), LEFT + 70.0 + 16.0 * index as f64);
        let _ = write!(
            svg,
            "<rect x=\"{x}\" y=\"{}\" width=\"16\" height=\"9\" fill=\"{colour}\" fill-opacity=\"{opacity:.2}\"/>",
            bottom - 9.0
        );
    }
    let ends = [(LEFT + 64.0, "end", 1.0 - most), (LEFT + 76.0 + 16.0 * paths.len() as f64, "start", 1.0 + most)];
    for (x, anchor, factor) in ends {
        svg.push_str(&text((x, bottom), 11.0, anchor, "var(--soft)", &format!("{factor:.2}")));
    }
    let mut data = line(["core", "neuron", "factor"]);
    for (index, factor) in factors.iter().enumerate() {
        data.push_str(&line([(index / kept).to_string(), (index % kept).to_string(), factor.to_string()]));
    }
    let attributes = format!(" data-grid=\"{}\"", grids.join(";"));
    let title = format!("Factors of {name}, {}", die.name);
    Some(Plot { name: format!("die-{name}"), title, svg, size: (WIDTH, bottom + 10.0), attributes, data })
}

/// What is drawn, in a few sentences.
pub(crate) fn caption(die: &DrawnDie) -> String {
    let cores = die.parameters.first().map_or(0, |own| own.factors.len() / (die.kept as usize).max(1));
    let shown = if cores as u32 == die.cores && die.kept == die.neurons {
        "All circuits of the chip are drawn".to_owned()
    } else {
        format!("The first {} of {} circuits are drawn, of {cores} of {} cores", die.kept, die.neurons, die.cores)
    };
    format!(
        "The first die of the first network: {}. A square is a neuron circuit; its colour is its factor, the value over \
         the nominal one. {shown}, used or not.",
        die.name
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_circuit_is_a_square() {
        let factors: Vec<f64> = (0..512).map(|i| 0.8 + f64::from(i % 17) / 40.0).collect();
        let parameters = vec![DrawnParameter { name: "tau_mem".into(), factors }];
        let die = DrawnDie { name: "die 0, CV 0.2".into(), cores: 4, neurons: 256, kept: 256, parameters };
        let plots = floors(&die);
        assert_eq!(plots.len(), 1);
        assert_eq!(plots[0].svg.matches("h-").count(), 512);
        assert_eq!((plots[0].data.lines().count(), plots[0].attributes.matches(';').count()), (513, 1));
        assert!(plots[0].svg.len() < 20_000, "{}", plots[0].svg.len());
        assert!(
            caption(&die).contains("The first 256 of 256 circuits are drawn, of 2 of 4 cores, used or not."),
            "{}",
            caption(&die)
        );
        let broken = DrawnDie { kept: 0, ..die };
        assert!(floors(&broken).is_empty());
    }
}
