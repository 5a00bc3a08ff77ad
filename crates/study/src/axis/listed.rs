//! The axes whose values a study file lists under keys of their own.
//!
//! Owns the statement of each: its words, how a value is read, and what it sets. It deliberately knows no order of
//! runs.

use super::{Axis, AxisValue, Change, Contrast, Listed, Part, RateArm, Role, Scale};
use crate::reservoir::per_65536;
use crate::values::fraction;
use disorder::Family;
use network::Recurrence;
use std::collections::BTreeSet;
use units::Decimal;

pub(super) const RECURRENCE: Listed = Listed {
    axis: Axis {
        key: "recurrence",
        label: "recurrence",
        quantity: "recurrence",
        title: "recurrence",
        meaning: "what becomes of the recurrent connections",
        definition: "Connections between neurons of the reservoir. Removed: none is mapped, and what they would have taken \
                     of the chip is free. A fraction: that share of the connections, chosen by the seed, is mapped.",
        words: |_, name| match name {
            "full" => "full recurrence".into(),
            "removed" => "recurrence removed".into(),
            kept => format!("{kept} of recurrence kept"),
        },
        all_words: |_, names| format!("recurrence {names}"),
        contrast: Some(Contrast { from: "full", to: "removed", words: "Removing recurrence" }),
        scale: Scale::Names(&["full", "removed"]),
        role: Role::Condition,
        part: Part::Program,
    },
    read: |value| {
        let full = || AxisValue::new("full", Change::Recurrence(Recurrence::Full));
        let removed = || AxisValue::new("removed", Change::Recurrence(Recurrence::Removed));
        if value.is_string() {
            let full_or_removed = value.one_of("a recurrence", &[("full", true), ("removed", false)])?;
            return Some(if full_or_removed { full() } else { removed() });
        }
        Some(match fraction(value)? {
            Decimal::ZERO => removed(),
            kept if kept == Decimal::integer(1) => full(),
            kept => {
                let kept_per_65536 = per_65536(kept);
                AxisValue::new(kept, Change::Recurrence(Recurrence::Pruned { kept_per_65536 }))
            }
        })
    },
    usual: Some(|| AxisValue::new("full", Change::Recurrence(Recurrence::Full))),
};

pub(super) const FAMILY: Listed = Listed {
    axis: Axis {
        key: "family",
        label: "family",
        quantity: "family of mismatch",
        title: "family of mismatch",
        meaning: "the family of the chip's mismatch",
        definition: "Distribution that every mismatch of the chip is drawn from, each with mean and coefficient of \
                     variation as before: what differs is skew and tails.",
        words: |_, name| format!("{name} mismatch"),
        all_words: |_, names| format!("family {names}"),
        contrast: None,
        scale: Scale::Names(&[]),
        role: Role::Condition,
        part: Part::Die,
    },
    read: |value| {
        let family = value.one_of("a family", &Family::ALL.map(|f| (f.name(), f)))?;
        Some(AxisValue::new(family, Change::Family(family)))
    },
    usual: None,
};

/// Name of all parameters among groups of them.
const EVERY_PARAMETER: &str = "all";

pub(super) const PARAMETER: Listed = Listed {
    axis: Axis {
        key: "parameter",
        label: "parameter",
        quantity: "parameters with mismatch",
        title: "parameters with mismatch",
        meaning: "the parameters that have mismatch",
        definition: "Parameters whose devices differ; all others are nominal.",
        words: |_, name| match name {
            EVERY_PARAMETER => "mismatch of all parameters".into(),
            names => format!("mismatch of {} alone", names.replace('+', " and ")),
        },
        all_words: |_, names| format!("mismatch of {names}"),
        contrast: None,
        scale: Scale::Names(&[]),
        role: Role::Condition,
        part: Part::Die,
    },
    read: |value| {
        let text: String = value.read()?;
        if text == EVERY_PARAMETER {
            return Some(AxisValue::new(text, Change::Parameters(None)));
        }
        let names: BTreeSet<String> = text.split('+').map(|name| name.trim().to_owned()).collect();
        if names.contains("") {
            return value.reject(
                "parameters",
                "name parameters with `+` between them, such as `tau_mem+v_threshold`, or `all`",
            );
        }
        Some(AxisValue::new(text.replace(' ', ""), Change::Parameters(Some(names))))
    },
    usual: None,
};

pub(super) const RATE: Listed = Listed {
    axis: Axis {
        key: "rate",
        label: "rate",
        quantity: "firing rate",
        title: "firing rate",
        meaning: "what becomes of the firing rate where there is mismatch",
        definition: "Free: as it comes. Matched: the input weights of each condition are multiplied by one factor, for \
                     which the mean rate of its networks over the training data is that without mismatch; it is found on \
                     dies that have no row here. What mismatch changes at a matched rate is not one of the operating point.",
        words: |_, name| match name {
            "matched" => "the firing rate matched".into(),
            _ => "the firing rate as it comes".into(),
        },
        all_words: |_, names| format!("firing rate {names}"),
        contrast: Some(Contrast { from: "free", to: "matched", words: "Matching the firing rate" }),
        scale: Scale::Names(&["free", "matched"]),
        role: Role::Condition,
        part: Part::Die,
    },
    read: |value| {
        let rate = value.one_of("what becomes of the firing rate", &RateArm::NAMES)?;
        let name = if rate == RateArm::Matched { "matched" } else { "free" };
        Some(AxisValue::new(name, Change::Rate(rate)))
    },
    usual: None,
};

/// Name of the chip's own mismatch among CVs.
const CHIPS_OWN: &str = "chip";

pub(super) const CV: Listed = Listed {
    axis: Axis {
        key: "cv",
        label: "CV",
        quantity: "mismatch",
        title: "mismatch CV",
        meaning: "the coefficient of variation that the chip's mismatch was scaled to",
        definition: "Coefficient of variation, standard deviation over mean, of the chip's reference parameter. Scaling to \
                     a CV scales the mismatch of all parameters by the same factor. CV 0 is the nominal chip.",
        words: |_, name| if name == CHIPS_OWN { "the chip's own mismatch".into() } else { format!("CV {name}") },
        all_words: |_, names| match names {
            CHIPS_OWN => "with the mismatch of its chip file".into(),
            _ => format!("with its mismatch scaled to CV {names}"),
        },
        contrast: None,
        scale: Scale::Numbers,
        role: Role::Condition,
        part: Part::Die,
    },
    read: |value| {
        let cv: Decimal = value.read()?;
        if cv.signum() >= 0 {
            return Some(AxisValue::new(cv, Change::Cv(Some(cv))));
        }
        value.reject("cv-not-negative", format!("a coefficient of variation of {cv} is impossible; use 0 or more"))
    },
    usual: Some(|| AxisValue::new(CHIPS_OWN, Change::Cv(None))),
};
