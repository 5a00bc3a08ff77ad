//! Everything that can end a command early, and how it looks in the terminal.

use crate::commands::load::help_in_study;
use crate::commands::ways;
use crate::output::{visible, visible_line};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use formats::{FormatError, FormatErrors, Place};
use serde_json::{Value, json};
use std::ops::Range;
use thiserror::Error;

/// Why a command failed.
#[derive(Debug, Error)]
pub(crate) enum HostError {
    /// Something is wrong with a file, or with writing one.
    #[error(transparent)]
    Files(#[from] FormatErrors),
    /// An argument has a value that this command cannot use.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// A graph of a trained net is not one, or cannot be what is asked of it.
    #[error("{file}: {error}")]
    Graph {
        /// Its file.
        file: String,
        /// Why.
        error: Box<graph::GraphError>,
    },
    /// The network cannot be mapped onto the chip.
    #[error("{file}: {error}")]
    Mapper {
        /// The network file.
        file: String,
        /// Where in it the part of the network stands that the refusal is about, if it is a text and about one part.
        place: Option<Box<Place>>,
        /// What can be done about it, with what that costs.
        ways: Vec<mapper::WayOut>,
        /// Why.
        error: Box<mapper::MapperError>,
    },
    /// None of the chips holds the network. The reasons, already printed, say why.
    #[error("{file}: none of the {chips} chips can hold this network")]
    NoChip {
        /// The network file.
        file: String,
        /// How many were tried.
        chips: usize,
    },
    /// A program cannot be run, or an event not be sent.
    #[error("{file}: {error}")]
    Session {
        /// The network, program, event list or snapshot.
        file: String,
        /// Why.
        error: Box<session::SessionError>,
    },
    /// The die of a chip cannot be made.
    #[error("chip `{chip}`: {error}")]
    Device {
        /// The chip.
        chip: String,
        /// Why.
        error: Box<device_models::DeviceModelError>,
    },
    /// More memory or time would be needed than is taken unasked.
    #[error("{error}")]
    Budget {
        /// How much, and for what.
        error: budget::OverBudget,
        /// What to do.
        help: String,
    },
    /// A labelled set cannot be read, or not be shown.
    #[error(transparent)]
    Score(Box<score::ScoreError>),
    /// A run recorded more than is kept unasked.
    #[error("{message}")]
    Records {
        /// How much, when, and the limit.
        message: String,
        /// What to do.
        help: String,
    },
    /// A golden case is damaged, or is none that can be a network.
    #[error(transparent)]
    Case(Box<conform::ConformError>),
    /// A task does not exist or cannot be made, or a data set is damaged.
    #[error(transparent)]
    Task(Box<tasks::TaskError>),
    /// A study cannot run, or was interrupted.
    #[error(transparent)]
    Study(Box<study::StudyError>),
    /// A study ended before its end, and has kept the runs that were done.
    #[error("{error}; {done} runs are kept")]
    Kept {
        /// Why it ended.
        error: Box<study::StudyError>,
        /// Runs that are done.
        done: usize,
        /// Where.
        directory: String,
    },
    /// States were cut or registers overflowed in a strict run.
    #[error("{count} states were cut at the end of their format or overflowed; the report tells which")]
    Strict {
        /// How many.
        count: u64,
    },
    /// There are warnings, and `--deny-warnings` makes them errors. They, already printed, say what.
    #[error("{count} warnings, and `--deny-warnings` makes them errors")]
    DeniedWarnings {
        /// How many.
        count: usize,
    },
    /// Golden cases differ from their replay, are damaged, or were not found. The result, already printed, says which.
    #[error("{failed} of {cases} golden cases differ from their replay, and {damaged} cannot be replayed")]
    Conform {
        /// Cases with a difference.
        failed: usize,
        /// Cases that are damaged, and paths without a case.
        damaged: usize,
        /// All of them.
        cases: usize,
    },
    /// Something is wrong with files that were checked. What, is already printed.
    #[error("something is wrong with {failed} of {files} files")]
    Check {
        /// Files with an error.
        failed: usize,
        /// All of them.
        files: usize,
    },
    /// Standard output was closed by its reader.
    #[error("standard output was closed")]
    OutputClosed,
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {reason}")]
    Output {
        /// Why.
        reason: String,
    },
}

impl From<budget::OverBudget> for HostError {
    fn from(error: budget::OverBudget) -> Self {
        Self::Budget { help: error.help(), error }
    }
}

impl From<study::StudyError> for HostError {
    fn from(error: study::StudyError) -> Self {
        Self::Study(Box::new(error))
    }
}

impl From<study::StoreError> for HostError {
    fn from(error: study::StoreError) -> Self {
        study::StudyError::from(error).into()
    }
}

impl From<tasks::TaskError> for HostError {
    fn from(error: tasks::TaskError) -> Self {
        Self::Task(Box::new(error))
    }
}

impl From<conform::ConformError> for HostError {
    fn from(error: conform::ConformError) -> Self {
        Self::Case(Box::new(error))
    }
}

impl From<score::ScoreError> for HostError {
    fn from(error: score::ScoreError) -> Self {
        match error {
            // Files are shown with their lines, whoever reads them.
            score::ScoreError::Files(errors) => Self::Files(errors),
            error => Self::Score(Box::new(error)),
        }
    }
}

impl From<FormatError> for HostError {
    fn from(error: FormatError) -> Self {
        Self::Files(error.into())
    }
}

/// What to do about a tuned network that is best at the end of its grid.
const EDGE_HELP: &str = "give `[tune]` values beyond these, or let `edge` be \"warn\" there";

impl HostError {
    /// The exit status of the process.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } => 2,
            Self::Study(error) | Self::Kept { error, .. }
                if matches!(**error, study::StudyError::Interrupted { .. }) =>
            {
                130
            }
            _ => 1,
        }
    }

    /// What to do about it.
    fn help(&self) -> Option<String> {
        match self {
            Self::Usage { help, .. } => help.clone(),
            Self::Mapper { ways, .. } => ways::help(ways),
            Self::Budget { help, .. } | Self::Records { help, .. } => Some(help.clone()),
            Self::Score(error) => error.help(),
            Self::Kept { error, directory, .. } => match &**error {
                study::StudyError::Mapping { error, .. } => help_in_study(error),
                study::StudyError::Interrupted { .. } => Some(format!("`quenched study resume {directory}` goes on")),
                study::StudyError::Edge { .. } => Some(EDGE_HELP.into()),
                _ => Some(format!("`quenched study resume {directory}` goes on, if what is wrong is not in the study")),
            },
            Self::Device { error, .. } => match &**error {
                device_models::DeviceModelError::NoMismatchOf { parameter, known, .. } => {
                    formats::nearest(parameter, known.iter().map(String::as_str))
                        .map(|name| format!("did you mean `{name}`?"))
                }
                _ => None,
            },
            Self::Study(error) => match &**error {
                study::StudyError::Mapping { error, .. } => help_in_study(error),
                study::StudyError::Store(error) => error.help().map(String::from),
                study::StudyError::Edge { .. } => Some(EDGE_HELP.into()),
                study::StudyError::Unfinished { .. } => Some(
                    "`quenched study resume` makes them; `quenched study status` says which shards are at work".into(),
                ),
                _ => None,
            },
            _ => None,
        }
    }

    /// The error as JSON: `{"error": {...}}`.
    pub(crate) fn as_json(&self) -> Value {
        let mut error = json!({ "message": self.to_string(), "help": self.help(), "exit_status": self.exit_code() });
        if let Self::Files(errors) = self {
            let each = errors.iter().map(|error| {
                let place = error.place();
                json!({
                    "file": error.file(),
                    "line": place.map(|place| place.line),
                    "column": place.map(|place| place.column),
                    "entry": place.map(|place| &place.path).filter(|path| !path.is_empty()),
                    "message": error.message(),
                    "help": error.help(),
                })
            });
            error["errors"] = each.collect();
            error["more_errors"] = json!(errors.more());
        }
        match self {
            Self::Mapper { file, place, ways, error: why } => {
                error["file"] = json!(file);
                if let Some(place) = place {
                    error["line"] = json!(place.line);
                    error["column"] = json!(place.column);
                }
                error["ways_out"] = json!(ways);
                if let mapper::MapperError::Tags { need, .. } = &**why {
                    error["certificate"] = json!(need);
                }
            }
            Self::NoChip { file, .. } | Self::Session { file, .. } => error["file"] = json!(file),
            _ => {}
        }
        json!({ "error": error })
    }

    /// The error as text: `error: ...`, for a place in a file with file, line, column and the line itself, and what to
    /// do after `help:`.
    pub(crate) fn render(&self, colours: bool) -> String {
        let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
        match self {
            Self::Files(errors) => {
                let mut text: Vec<String> = errors.iter().map(|error| render_format(error, &renderer)).collect();
                match (text.len(), errors.more()) {
                    (1, 0) => {}
                    (shown, 0) => text.push(format!("{shown} errors in this file")),
                    (shown, more) => text.push(format!("{} errors in this file; {shown} are shown", shown + more)),
                }
                text.join("\n\n")
            }
            Self::Mapper { place: Some(place), error, .. } => {
                render_at(place, &error.to_string(), self.help().as_deref(), &renderer)
            }
            other => render_plain(&other.to_string(), other.help().as_deref(), &renderer),
        }
    }
}

fn render_format(error: &FormatError, renderer: &Renderer) -> String {
    let (message, help) = (error.message(), error.help());
    match error.place() {
        Some(place) => render_at(place, &message, help.as_deref(), renderer),
        None if error.file().is_empty() => render_plain(&message, help.as_deref(), renderer),
        None => render_plain(&format!("{}: {message}", error.file()), help.as_deref(), renderer),
    }
}

/// A message about a place in a file, which is shown.
fn render_at(place: &Place, message: &str, help: Option<&str>, renderer: &Renderer) -> String {
    let words = |text: &str| visible(&shown(text)).into_owned();
    let (message, help, path) = (words(message), help.map(words), visible(&place.file));
    // Characters that are replaced may have other lengths.
    let cut = |range: Range<usize>| visible_line(&place.excerpt[range]).into_owned();
    let Range { start, end } = place.span;
    let (before, meant, after) = (cut(0..start), cut(start..end), cut(end..place.excerpt.len()));
    let span = before.len()..before.len() + meant.len();
    let excerpt = before + &meant + &after;
    let snippet = Snippet::source(excerpt.as_str())
        .line_start(place.line)
        .path(path.as_ref())
        .annotation(AnnotationKind::Primary.span(span));
    let mut group: Group<'_> = Level::ERROR.primary_title(message).element(snippet);
    if let Some(help) = help {
        group = group.element(Level::HELP.message(help));
    }
    renderer.render(&[group])
}

/// `text` with what a terminal would act on, or not show, written as an escape: messages quote what they were given.
fn shown(text: &str) -> String {
    let plain = |c: char| c == '\n' || c == '\t' || chip::hidden_character(c.encode_utf8(&mut [0; 4])).is_none();
    text.chars().map(|c| if plain(c) { c.to_string() } else { c.escape_unicode().to_string() }).collect()
}

fn render_plain(message: &str, help: Option<&str>, renderer: &Renderer) -> String {
    let (message, help) = (&shown(message), help.map(shown));
    let help = help.as_deref();
    let title = |level: Level<'static>, text: &str| {
        renderer.render(&[Group::with_title(level.primary_title(text.to_string()))])
    };
    let error = title(Level::ERROR, &visible(message));
    help.map_or(error.clone(), |help| format!("{error}\n{}", title(Level::HELP, &visible(help))))
}
