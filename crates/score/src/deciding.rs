//! Which population decides, and by which rule.

use crate::{Rule, ScoreError};
use chip::{Endpoint, Symbols};

/// What the graph of a trained net calls one of its outputs.
#[derive(Clone, Copy, Debug)]
pub struct NamedOutput<'a> {
    /// Its node.
    pub node: &'a str,
    /// The population that it reads.
    pub population: &'a str,
    /// Whether it is spikes, and not voltages.
    pub spikes: bool,
}

/// The population that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deciding {
    /// Its name.
    pub population: String,
    /// Its neurons, one a class.
    pub neurons: u32,
    /// How they decide.
    pub rule: Rule,
}

impl Deciding {
    /// The population of `symbols` called `output`, or like one of the outputs `of_graph`; if none is named, the only
    /// one that it can be: the output of a graph, or the population that sends nothing. It decides by `rule`, or else
    /// by the number of its spikes, or by its voltages if it is a voltage.
    ///
    /// # Errors
    /// There is no such population, it is not plain which one is meant, or it never spikes and is to decide by spikes.
    pub fn find(
        symbols: &Symbols,
        of_graph: &[NamedOutput<'_>],
        output: Option<&str>,
        rule: Option<Rule>,
    ) -> Result<Self, ScoreError> {
        let known = || symbols.populations.iter().map(|population| population.name.clone()).collect::<Vec<_>>();
        let name = match output {
            Some(name) => match of_graph.iter().find(|output| output.node == name) {
                Some(output) if symbols.population(name).is_none() => output.population,
                _ => name,
            },
            None => {
                let sends =
                    |population: usize| symbols.projections.iter().any(|p| p.pre == Endpoint::Population(population));
                let ends = symbols.populations.iter().enumerate().filter(|(index, _)| !sends(*index));
                let candidates: Vec<&str> = match of_graph {
                    [] => ends.map(|(_, population)| population.name.as_str()).collect(),
                    outputs => outputs.iter().map(|output| output.population).collect(),
                };
                let [one] = candidates[..] else { return Err(ScoreError::ManyOutputs { known: known() }) };
                one
            }
        };
        let Some(index) = symbols.population(name) else {
            return Err(ScoreError::UnknownOutput { name: name.into(), known: known() });
        };
        let spikes = of_graph.iter().find(|output| output.population == name).is_none_or(|output| output.spikes);
        let rule = rule.unwrap_or(if spikes { Rule::Count } else { Rule::Last });
        if !spikes && !rule.is_by_voltage() {
            return Err(ScoreError::NoSpikes { output: name.into(), rule: rule.name() });
        }
        Ok(Self { population: name.into(), neurons: symbols.populations[index].size, rule })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols() -> Symbols {
        const NETWORK: &str = r#"
format = "quenched-network"
version = 1
[[population]]
name = "a"
size = 2
[[population]]
name = "b"
size = 3
[[projection]]
name = "p"
pre = "a"
post = "b"
connect = "all-to-all"
weight = "1 threshold"
"#;
        let spec = formats::chip::shipped("ideal").unwrap();
        let network = formats::network::read(NETWORK, "n", std::path::Path::new("."), &spec).unwrap();
        mapper::map(&network, &spec, &mapper::MapperOptions::default()).unwrap().symbols
    }

    fn find(of_graph: &[NamedOutput<'_>], output: Option<&str>, rule: Option<Rule>) -> Result<Deciding, String> {
        Deciding::find(&symbols(), of_graph, output, rule).map_err(|error| error.to_string())
    }

    #[test]
    fn the_population_that_sends_nothing_decides() {
        let b = Deciding { population: "b".into(), neurons: 3, rule: Rule::Count };
        assert_eq!(find(&[], None, None), Ok(b.clone()));
        assert_eq!(find(&[], Some("a"), Some(Rule::First)).unwrap().neurons, 2);
        let node = NamedOutput { node: "out", population: "b", spikes: false };
        let voltage = Deciding { rule: Rule::Last, ..b };
        assert_eq!(find(&[node], None, None), Ok(voltage.clone()));
        assert_eq!(find(&[node], Some("out"), None), Ok(voltage));
    }

    #[test]
    fn what_is_not_plain_is_refused() {
        assert_eq!(find(&[], Some("c"), None).unwrap_err(), "there is no population `c` to decide");
        let voltage = NamedOutput { node: "out", population: "b", spikes: false };
        let wrong = find(&[voltage], None, Some(Rule::Count)).unwrap_err();
        assert_eq!(wrong, "to decide by `count`: the output `b` is a voltage and never spikes");
        let two = [voltage, NamedOutput { node: "other", population: "a", spikes: true }];
        assert_eq!(find(&two, None, None).unwrap_err(), "it is not plain which population decides");
    }
}
