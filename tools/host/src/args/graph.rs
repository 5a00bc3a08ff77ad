//! What a graph of a trained net leaves open: the rules of its simulator and the length of its steps.

use super::ClapArgs;
use super::values::time;
use crate::commands::plot::seconds;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use graph::{GraphError, Like, Options};
use units::Quantity;

/// How a graph is read. For files of other kinds none of these can be given.
#[derive(ClapArgs, Clone, Debug, Default)]
#[command(next_help_heading = "Graphs of trained nets (NIR)")]
pub(crate) struct GraphFlags {
    /// The simulator whose rules the graph is run by; `euler` if not given
    #[arg(long, value_name = "SIMULATOR", value_parser = like())]
    pub(crate) like: Option<Like>,

    /// Length of a step: a time such as 0.1ms, or a number as the file counts it (sinabs and Spyx count steps). That of
    /// the simulator if not given
    #[arg(long, value_name = "TIME|N", value_parser = step, allow_hyphen_values = true)]
    pub(crate) dt: Option<f64>,

    /// A field of the rules for all nodes, or for one: `reset=zero`, `lif1.reset-when=next`; docs/formats/nir.md lists
    /// them. May be given several times
    #[arg(long = "rule", value_name = "[NODE.]FIELD=WORD", value_parser = rule)]
    pub(crate) rules: Vec<String>,

    /// Which edge of a loop is late by a step: the one `into` the neurons that the input reaches first, or the one
    /// `out-of` the neurons of the loop. As the simulator does if not given
    #[arg(long, value_name = "WHICH", value_parser = PossibleValuesParser::new(["into", "out-of"]))]
    pub(crate) late: Option<String>,

    /// An edge that is late by a step, in place of those that are found. May be given several times
    #[arg(long = "late-edge", value_name = "FROM:TO", value_parser = edge, conflicts_with = "late")]
    pub(crate) late_edges: Vec<(String, String)>,

    /// Inputs are numbers, such as currents, and not spikes. Arrays of floats are taken so without this
    #[arg(long)]
    pub(crate) input_numbers: bool,

    /// How long a step takes on a chip with a clock of its own, such as 1us; its length if not given
    #[arg(long, value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
    pub(crate) step_time: Option<Quantity>,
}

impl GraphFlags {
    /// The first flag that was given.
    pub(crate) fn first(&self) -> Option<&'static str> {
        let given = [
            ("--like", self.like.is_some()),
            ("--dt", self.dt.is_some()),
            ("--rule", !self.rules.is_empty()),
            ("--late", self.late.is_some()),
            ("--late-edge", !self.late_edges.is_empty()),
            ("--input-numbers", self.input_numbers),
            ("--step-time", self.step_time.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }

    /// As the reader of graphs takes it. `numbers` says that the input is known to be numbers.
    pub(crate) fn options(&self, numbers: bool) -> Result<Options, GraphError> {
        let mut options = Options::of(self.like.unwrap_or_default());
        options.step = self.dt;
        options.numbers = numbers || self.input_numbers;
        if let Some(late) = &self.late {
            options.set_late(late)?;
        }
        if !self.late_edges.is_empty() {
            options.late_edges = Some(self.late_edges.clone());
        }
        for rule in &self.rules {
            options.set(rule)?;
        }
        Ok(options)
    }

    /// Seconds that a step takes on a chip with its own clock.
    pub(crate) fn step_seconds(&self) -> Option<f64> {
        self.step_time.and_then(seconds)
    }
}

fn like() -> impl TypedValueParser<Value = Like> {
    let names = Like::ALL.map(|like| PossibleValue::new(like.name()));
    PossibleValuesParser::new(names).map(|name: String| {
        Like::ALL.into_iter().find(|like| like.name() == name).expect("only names of simulators are possible")
    })
}

fn step(text: &str) -> Result<f64, String> {
    let seconds = match text.parse::<f64>() {
        Ok(number) => Some(number),
        Err(_) => time(text).ok().and_then(seconds),
    };
    seconds
        .filter(|step| *step > 0.0 && step.is_finite())
        .ok_or_else(|| "write a time above 0 such as 0.1ms, or a number as the file counts time".to_owned())
}

fn rule(text: &str) -> Result<String, String> {
    Options::default().set(text).map(|()| text.to_owned()).map_err(|error| match error {
        GraphError::Option { reason, .. } => reason,
        other => other.to_string(),
    })
}

fn edge(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => Ok((from.to_owned(), to.to_owned())),
        _ => Err("write the names of both nodes, as in `lif:w_rec`".to_owned()),
    }
}
