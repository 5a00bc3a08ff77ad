//! A program on a die, step by step.

use crate::die::Die;
use crate::error::PythonError;
use crate::program::Program;
use crate::run::{Columns, Keep, of_bit};
use crate::watch::Ear;
use numpy::PyArray1;
use pyo3::prelude::*;
use session::Session;
use units::{InputId, Tick};

/// A program on a die that is stepped from outside: for closed loops and test benches.
///
/// Parameters
/// ----------
/// program : Program
/// die : Die
/// trial : int
///     Number of the run, for the sources of its network.
///
/// Notes
/// -----
/// The same steps and events give the same digest as :func:`run`.
#[pyclass(module = "quenched", name = "_Simulator")]
pub(crate) struct Simulator {
    session: Session,
}

#[pymethods]
impl Simulator {
    #[new]
    #[pyo3(signature = (program, die, trial = 0))]
    fn new(program: &Program, die: &Die, trial: u64) -> Result<Self, PythonError> {
        let mut session = crate::run::board_of(program, die)?.on(&die.parameters)?;
        session.set_sources(die.seed, trial);
        Ok(Self { session })
    }

    #[getter]
    fn now(&self) -> u64 {
        self.session.now().0
    }

    #[pyo3(signature = (channel, payload = 1, tick = None))]
    fn inject(&mut self, channel: u32, payload: i32, tick: Option<u64>) -> Result<(), PythonError> {
        let tick = tick.map_or(self.session.now(), Tick);
        Ok(self.session.send(InputId(channel), tick, payload)?)
    }

    fn step<'py>(&mut self, py: Python<'py>, ticks: u64) -> PyResult<Columns<'py>> {
        let until = self.session.now().0.checked_add(ticks);
        let until = until.ok_or_else(|| PythonError::Value(format!("there are no {ticks} ticks more")))?;
        let board = self.session.board().clone();
        let mut keep = Keep::new(&board);
        let session = &mut self.session;
        let ear = Ear::default();
        py.detach(|| session.run_until_while(Tick(until), &mut keep, || ear.goes_on()));
        match ear.into_heard() {
            Some(stopped) => Err(stopped),
            None => Ok(keep.columns(py)),
        }
    }

    fn state<'py>(
        &self,
        py: Python<'py>,
        population: &str,
        quantity: &str,
    ) -> Result<(Bound<'py, PyArray1<f64>>, String), PythonError> {
        let state = self.session.state(population, quantity)?;
        let unit = state.first().map_or_else(|| "1".into(), |(kind, _)| kind.unit.clone());
        let value = |(kind, bits): &(device_models::ProbeKind, i64)| *bits as f64 * of_bit(kind);
        Ok((PyArray1::from_iter(py, state.iter().map(value)), unit))
    }

    #[getter]
    fn digest(&self) -> String {
        format!("{:016x}", self.session.digest())
    }

    fn reset(&mut self) {
        self.session.reset();
    }
}
