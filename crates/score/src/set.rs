//! A labelled set as a network gets it: events at ticks, and classes that are numbers of output neurons.

use crate::ScoreError;
use chip::InputEvent;
use std::collections::BTreeSet;

/// A sample: what is sent, and which class it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// What its user knows it by: a file, or a number in one.
    pub name: String,
    /// Its class: the output neuron that should decide for it.
    pub label: u32,
    /// What is sent.
    pub events: Vec<InputEvent>,
    /// How long it is in ticks, where its file says so.
    pub ticks: Option<u64>,
    /// Events of its file that come before it begins.
    pub before: u64,
    /// Records of its file that are no events.
    pub skipped: u64,
}

/// Samples, and what their classes are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelledSet {
    /// The name of each class; class i is output neuron i.
    pub classes: Vec<String>,
    /// The samples, in the order of the set.
    pub samples: Vec<Sample>,
}

impl LabelledSet {
    /// The set of `samples` with `labels`, one each, for `outputs` output neurons. Labels that are all whole numbers
    /// are numbers of output neurons; others are names, in the order of `order` or else of the alphabet.
    ///
    /// # Errors
    /// As many labels as samples are needed, and each must be a class.
    pub fn new(
        samples: Vec<Sample>,
        labels: &[String],
        order: Option<&[String]>,
        outputs: u32,
    ) -> Result<Self, ScoreError> {
        if labels.len() != samples.len() {
            let reason = format!("there are {} labels of {} samples", labels.len(), samples.len());
            let help = Some("give one label for each sample".to_owned());
            return Err(ScoreError::Set { file: "labels".into(), reason, help });
        }
        let places: Vec<Label<'_>> =
            samples.iter().zip(labels).map(|(sample, text)| Label { text, place: sample.name.clone() }).collect();
        let (found, classes) = classes(&places, order, outputs)?;
        let samples = samples.into_iter().zip(found).map(|(sample, label)| Sample { label, ..sample }).collect();
        Ok(Self { classes, samples })
    }
}

/// A label and where it stands.
pub(crate) struct Label<'a> {
    pub(crate) text: &'a str,
    /// Line or sample.
    pub(crate) place: String,
}

/// The class of each of `labels` among `outputs` output neurons, and what all classes are called. Labels that are all
/// whole numbers are numbers of output neurons; others are names, of which there must be as many as there are output
/// neurons, in the order of `order` or else of the alphabet.
///
/// # Errors
/// A label that is no class.
pub(crate) fn classes(
    labels: &[Label<'_>],
    order: Option<&[String]>,
    outputs: u32,
) -> Result<(Vec<u32>, Vec<String>), ScoreError> {
    let refused = |place: &str, reason: String, help: &str| ScoreError::Set {
        file: place.to_owned(),
        reason,
        help: Some(help.to_owned()),
    };
    if let Some(order) = order {
        if order.len() > outputs as usize {
            let (count, place) = (order.len(), labels.first().map_or("labels", |label| &label.place));
            let reason = format!("there are {count} classes, and only {outputs} output neurons to decide for them");
            return Err(refused(place, reason, "name the population that decides with `--output`"));
        }
        let class = |label: &Label<'_>| match order.iter().position(|name| name == label.text) {
            Some(class) => Ok(class as u32),
            None => {
                let reason = format!("the label `{}` is not among the classes {}", label.text, order.join(", "));
                Err(refused(&label.place, reason, "name every class, in the order of the output neurons"))
            }
        };
        let found = labels.iter().map(class).collect::<Result<_, _>>()?;
        return Ok((found, order.to_vec()));
    }
    let number = |label: &Label<'_>| label.text.parse::<u64>().ok();
    if labels.iter().all(|label| number(label).is_some()) {
        let class = |label: &Label<'_>| match number(label).filter(|number| *number < u64::from(outputs)) {
            Some(number) => Ok(number as u32),
            None => {
                let reason =
                    format!("the label {} is no output neuron: there are {outputs}, counted from 0", label.text);
                Err(refused(
                    &label.place,
                    reason,
                    "`--classes` names the classes in the order of the output neurons, `--output` the population that \
                     decides",
                ))
            }
        };
        let found = labels.iter().map(class).collect::<Result<_, _>>()?;
        return Ok((found, (0..outputs).map(|class| class.to_string()).collect()));
    }
    let names: BTreeSet<&str> = labels.iter().map(|label| label.text).collect();
    if names.len() != outputs as usize {
        let place = labels.first().map_or("labels", |label| &label.place);
        // With a class missing, all after it would be taken for others.
        let reason = format!("the labels have {} names, and there are {outputs} output neurons", names.len());
        return Err(refused(place, reason, "name the classes in the order of the output neurons with `--classes`"));
    }
    let order: Vec<String> = names.into_iter().map(str::to_owned).collect();
    classes(labels, Some(&order), outputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(texts: &[&str], order: Option<&str>, outputs: u32) -> Result<(Vec<u32>, Vec<String>), String> {
        let labels: Vec<Label<'_>> =
            texts.iter().enumerate().map(|(i, text)| Label { text, place: format!("set:{i}") }).collect();
        let order: Option<Vec<String>> = order.map(|order| order.split(' ').map(str::to_owned).collect());
        classes(&labels, order.as_deref(), outputs).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_are_output_neurons_and_names_are_sorted() {
        let names = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(found(&["2", "0"], None, 3), Ok((vec![2, 0], names("0 1 2"))));
        assert_eq!(found(&["b", "a", "b"], None, 2), Ok((vec![1, 0, 1], names("a b"))));
        assert_eq!(found(&["b", "c"], Some("c b"), 2), Ok((vec![1, 0], names("c b"))));
        assert_eq!(found(&["1", "9"], Some("1 5 9"), 4), Ok((vec![0, 2], names("1 5 9"))));
    }

    #[test]
    fn a_set_has_a_label_for_each_sample() {
        let sample =
            |name: &str| Sample { name: name.into(), label: 0, events: Vec::new(), ticks: None, before: 0, skipped: 0 };
        let set = |labels: &[&str]| {
            let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
            LabelledSet::new(vec![sample("x"), sample("y")], &labels, None, 2)
        };
        let made = set(&["b", "a"]).unwrap();
        assert_eq!((made.classes[1].as_str(), made.samples[0].label, made.samples[1].label), ("b", 1, 0));
        assert_eq!(set(&["a"]).unwrap_err().to_string(), "labels: there are 1 labels of 2 samples");
        assert!(set(&["0", "2"]).unwrap_err().to_string().starts_with("y: the label 2 is no output neuron"));
    }

    #[test]
    fn what_is_no_class_is_refused_with_its_place() {
        let refused = |texts: &[&str], order, outputs, expected: &str| {
            let error = found(texts, order, outputs).unwrap_err();
            assert!(error.contains(expected), "{expected}: {error}");
        };
        refused(&["0", "3"], None, 3, "set:1: the label 3 is no output neuron: there are 3");
        refused(&["a", "c"], None, 3, "the labels have 2 names, and there are 3 output neurons");
        refused(&["a", "c"], Some("a b"), 3, "set:1: the label `c` is not among the classes a, b");
        refused(&["a"], Some("a b c"), 2, "there are 3 classes, and only 2 output neurons");
    }
}
