//! `quenched lockstep`: a run that another program steps, line by line.
//!
//! Owns the language of the lines (docs/formats/lockstep.md). A line that cannot be carried out changes nothing and
//! ends nothing: it is answered with why.

use crate::args::{ForDie, LockstepArgs};
use crate::commands::die::parameters_of;
use crate::commands::load::{load, refused};
use crate::errors::HostError;
use crate::output::{note, print};
use emulator::Observer;
use formats::traces::exact_decimal;
use session::{Board, Session};
use std::fmt::Write;
use std::io::BufRead;
use std::str::{FromStr, SplitWhitespace};
use units::{InputId, NeuronId, Tick};

/// `quenched lockstep`.
pub(crate) fn run(args: &LockstepArgs, quiet: bool) -> Result<(), HostError> {
    let which = &args.which;
    let for_die = ForDie { die: None, seed: which.seed, cv: which.cv, no_faults: which.no_faults };
    let loaded = load(&args.what, false, &for_die)?;
    let die = parameters_of(&loaded.spec, which)?;
    let warnings = loaded.report.as_ref().map(|report| report.warnings.clone()).unwrap_or_default();
    let board = loaded.board(&args.what.network)?;
    let mut session = board.on(&die).map_err(|error| refused(&args.what.network, error))?;
    session.set_sources(which.seed, args.trial);
    if !warnings.is_empty() && !quiet {
        note(warnings.to_string().trim_end());
    }
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| HostError::Usage {
            message: format!("standard input cannot be read: {error}"),
            help: None,
        })?;
        match answer(&mut session, &board, &line) {
            Ok(Some(lines)) => print(&format!("{lines}ok\n"))?,
            Ok(None) => return print("ok\n"),
            Err(why) => print(&format!("error {}\n", why.replace('\n', " ")))?,
        }
    }
    Ok(())
}

/// What the commands are, for who asked for another.
const KNOWN: &str = "the commands are inject, step, state, now, digest, reset and quit";

/// Lines that answer `line`, each with a line feed; none if it asks for the end.
fn answer(session: &mut Session, board: &Board, line: &str) -> Result<Option<String>, String> {
    let mut words = line.split_whitespace();
    // Empty lines and comments are for whoever wrote them.
    let Some(command) = words.next().filter(|word| !word.starts_with('#')) else { return Ok(Some(String::new())) };
    let text = match command {
        "inject" => {
            let channel = number::<u32>(&mut words, "channel")?;
            let payload = optional::<i32>(&mut words, "payload")?.unwrap_or(1);
            let tick = optional::<u64>(&mut words, "tick")?.map_or(session.now(), Tick);
            end(words)?;
            session.send(InputId(channel), tick, payload).map_err(|error| error.to_string())?;
            String::new()
        }
        "step" => {
            let ticks = number::<u64>(&mut words, "number of ticks")?;
            end(words)?;
            let until = session.now().0.checked_add(ticks).ok_or("there are no such ticks")?;
            let mut spikes = Spikes { board, text: String::new() };
            session.run_until(Tick(until), &mut spikes);
            spikes.text
        }
        "state" => {
            let (Some(population), Some(quantity)) = (words.next(), words.next()) else {
                return Err("`state` wants a population and a quantity".into());
            };
            end(words)?;
            let state = session.state(population, quantity).map_err(|error| error.to_string())?;
            let unit = state.first().map_or("1", |(kind, _)| kind.unit.as_str());
            let values: Vec<String> =
                state.iter().map(|(kind, bits)| exact_decimal(*bits, kind.fraction_bits, kind.scale)).collect();
            format!("state {unit} {}\n", values.join(" "))
        }
        "now" => end(words).map(|()| format!("now {}\n", session.now()))?,
        "digest" => end(words).map(|()| format!("digest {:016x}\n", session.digest()))?,
        "reset" => {
            end(words)?;
            session.reset();
            String::new()
        }
        "quit" => return end(words).map(|()| None),
        other => return Err(format!("there is no `{other}`: {KNOWN}")),
    };
    Ok(Some(text))
}

/// The next word as a number.
fn number<T: FromStr>(words: &mut SplitWhitespace<'_>, what: &str) -> Result<T, String> {
    optional(words, what)?.ok_or_else(|| format!("the {what} is missing"))
}

/// The next word as a number, if there is one.
fn optional<T: FromStr>(words: &mut SplitWhitespace<'_>, what: &str) -> Result<Option<T>, String> {
    let parse = |word: &str| word.parse().map_err(|_| format!("`{word}` cannot be the {what}"));
    words.next().map(parse).transpose()
}

/// That nothing follows.
fn end(mut words: SplitWhitespace<'_>) -> Result<(), String> {
    words.next().map_or(Ok(()), |word| Err(format!("`{word}` is one word too many")))
}

/// Writes a line for each spike of a neuron that has a name.
struct Spikes<'a> {
    board: &'a Board,
    text: String,
}

impl Observer for Spikes<'_> {
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        if let Some((population, index)) = self.board.member(core, neuron) {
            let name = &self.board.symbols().populations[population].name;
            let _ = writeln!(self.text, "spike {tick} {name} {index} {value}");
        }
    }
}
