//! `quenched plot`: spikes and traces as a picture.

use crate::args::{FigureKind, PlotArgs};
use crate::errors::HostError;
use crate::outputs::Outputs;
use chip::ChipSpec;
use formats::events::SpikeEvent;
use formats::traces::Traces;
use report::{RunFigure, SpikeGroup, TimeSpan, Trace};
use std::collections::BTreeMap;
use std::path::Path;
use units::{CoreAddress, Quantity, Unit};

/// `quenched plot`.
pub(crate) fn run(args: &PlotArgs) -> Result<(), HostError> {
    let tick = match (&args.tick, &args.chip) {
        (Some(tick), _) => Some(*tick),
        (None, Some(chip)) => Some(formats::chip::resolve(chip)?.tick.quantity),
        (None, None) => None,
    };
    let mut outputs = Outputs::new(false);
    outputs.reads_all_so_far()?;
    outputs.reads(args.spikes.iter().chain(&args.traces))?;
    let id = outputs.file("--out", &args.out.path)?;
    outputs.give_up_on_interrupt();
    let spikes = args.spikes.as_deref().map(formats::events::load_spikes).transpose()?;
    let traces = args.traces.as_deref().map(formats::traces::load_traces).transpose()?;
    let raster = spikes.map(|spikes| groups(&spikes));
    let traces = traces.map_or_else(Vec::new, series);
    let time = TimeSpan { tick_seconds: tick.and_then(seconds), ..extent(raster.as_deref(), &traces) };
    let files = [&args.spikes, &args.traces];
    let title = args.title.clone().unwrap_or_else(|| {
        let names: Vec<String> = files.into_iter().flatten().map(|path| name(path)).collect();
        names.join(", ")
    });
    outputs.write(id, text(args.out.kind, &RunFigure { title, time, raster, traces }).as_bytes())?;
    let done = outputs.commit()?;
    done.print(done.text().trim_start())
}

/// `figure` as the text of a file.
pub(crate) fn text(kind: FigureKind, figure: &RunFigure) -> String {
    match kind {
        FigureKind::Svg => figure.svg(),
        FigureKind::Html => figure.html(),
    }
}

/// Length of a tick of `spec` in seconds.
pub(crate) fn tick_seconds(spec: &ChipSpec) -> Option<f64> {
    seconds(spec.tick.quantity)
}

/// A time in seconds.
pub(crate) fn seconds(time: Quantity) -> Option<f64> {
    time.value_in(Unit::SECOND).ok()?.to_string().parse().ok()
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The spikes of each core. A list of spikes does not say how many neurons a core has: as many as the highest that
/// spiked needs.
fn groups(spikes: &[SpikeEvent]) -> Vec<SpikeGroup> {
    let mut cores: BTreeMap<CoreAddress, SpikeGroup> = BTreeMap::new();
    for spike in spikes {
        let core = spike.neuron.core;
        let group = cores.entry(core).or_insert_with(|| SpikeGroup { name: core.to_string(), ..SpikeGroup::default() });
        let neuron = u32::from(spike.neuron.neuron.0);
        group.neurons = group.neurons.max(neuron + 1);
        group.spikes.push((spike.tick.0, neuron));
    }
    cores.into_values().collect()
}

fn series(traces: Traces) -> Vec<Trace> {
    let Traces { ticks, columns } = traces;
    let column = |(name, values): (formats::traces::TraceName, Vec<f64>)| Trace {
        population: name.population,
        neuron: name.neuron,
        quantity: name.quantity,
        unit: name.unit,
        samples: ticks.iter().map(|tick| tick.0).zip(values).collect(),
    };
    columns.into_iter().map(column).collect()
}

/// From the first tick of anything to the last; from 0 if little is empty then.
fn extent(raster: Option<&[SpikeGroup]>, traces: &[Trace]) -> TimeSpan {
    let spikes = raster.unwrap_or_default().iter().flat_map(|group| group.spikes.iter().map(|(tick, _)| *tick));
    let samples = traces.iter().flat_map(|trace| trace.samples.iter().map(|(tick, _)| *tick));
    let (first, last) = spikes.chain(samples).fold((u64::MAX, 0), |(a, b), tick| (a.min(tick), b.max(tick)));
    let first = if first > last || first < last.div_ceil(4) { 0 } else { first };
    TimeSpan { first, end: last.saturating_add(1), tick_seconds: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use units::{NeuronAddress, NeuronId, Tick};

    fn spike(tick: u64, core: u16, neuron: u16) -> SpikeEvent {
        let neuron = NeuronAddress { core: CoreAddress::new(0, core), neuron: NeuronId(neuron) };
        SpikeEvent { tick: Tick(tick), neuron, value: 1 }
    }

    #[test]
    fn every_core_is_a_group() {
        let groups = groups(&[spike(3, 1, 7), spike(4, 0, 0), spike(5, 1, 2)]);
        let summary: Vec<(&str, u32, usize)> =
            groups.iter().map(|g| (g.name.as_str(), g.neurons, g.spikes.len())).collect();
        assert_eq!(summary, [("chip 0 core 0", 1, 1), ("chip 0 core 1", 8, 2)]);
    }

    #[test]
    fn time_is_that_of_the_data() {
        let extent = |ticks: &[u64]| {
            let spikes: Vec<SpikeEvent> = ticks.iter().map(|&t| spike(t, 0, 0)).collect();
            let span = super::extent(Some(&groups(&spikes)), &[]);
            (span.first, span.end)
        };
        assert_eq!(extent(&[]), (0, 1));
        assert_eq!(extent(&[3, 200]), (0, 201), "an empty beginning is shown");
        assert_eq!(extent(&[900, 1000]), (900, 1001), "unless it is most of the picture");
    }
}
