//! Connections switched off, and on again, while a program runs.
//!
//! What a chip sends from a neuron to a core serves every projection between the two, so that is the least that can be
//! switched: a projection that shares it with another is refused, unless both are switched together.

use crate::{Session, SessionError};
use chip::{Endpoint, ProjectionSymbol, Source};
use std::collections::BTreeSet;

impl Session {
    /// Switches all connections of the projections called `names` off, until [`Session::unmute`]. What is on its way
    /// already arrives; events are still sent and counted, but not delivered.
    ///
    /// # Errors
    /// An unknown name, and a projection that cannot be switched without another one that is on; nothing is changed
    /// then.
    pub fn mute<S: AsRef<str>>(&mut self, names: &[S]) -> Result<(), SessionError> {
        self.switch(names, true)
    }

    /// Switches all connections of the projections called `names` on again.
    ///
    /// # Errors
    /// An unknown name, and a projection that cannot be switched without another one that is off; nothing is changed
    /// then.
    pub fn unmute<S: AsRef<str>>(&mut self, names: &[S]) -> Result<(), SessionError> {
        self.switch(names, false)
    }

    /// Switches those connections off for which `hits` says so; the others stay as they are. It is asked with the
    /// source of a connection and the index of the core where it ends.
    pub fn mute_where(&mut self, hits: impl FnMut(Source, usize) -> bool) {
        self.set_muted(true, hits);
    }

    /// Switches those connections on again for which `hits` says so; the others stay as they are.
    pub fn unmute_where(&mut self, hits: impl FnMut(Source, usize) -> bool) {
        self.set_muted(false, hits);
    }

    /// The projections that are off: those that reach somebody, and all of whose connections are muted.
    pub fn muted(&self) -> Vec<&str> {
        let projections = &self.board().symbols().projections;
        let off = self.off();
        projections.iter().zip(off).filter(|(_, off)| *off).map(|(projection, _)| projection.name.as_str()).collect()
    }

    fn switch<S: AsRef<str>>(&mut self, names: &[S], off: bool) -> Result<(), SessionError> {
        if names.is_empty() {
            return Ok(());
        }
        let board = self.board().clone();
        let projections = &board.symbols().projections;
        if let Some(unknown) = names.iter().find(|name| projections.iter().all(|p| p.name != name.as_ref())) {
            let mut known: Vec<String> = Vec::new();
            for projection in projections {
                if !known.contains(&projection.name) {
                    known.push(projection.name.clone());
                }
            }
            return Err(SessionError::UnknownProjection { name: unknown.as_ref().into(), known });
        }
        let asked = |projection: &ProjectionSymbol| names.iter().any(|name| name.as_ref() == projection.name);
        let (wanted, others): (Vec<_>, Vec<_>) = {
            let now = projections.iter().zip(self.off()).filter(|(p, _)| p.synapses > 0);
            now.partition(|(projection, _)| asked(projection))
        };
        for (projection, _) in &wanted {
            let cores = self.cores_of(projection.post);
            let common = |other: &ProjectionSymbol| {
                let reached = (other.pre == projection.pre).then(|| self.cores_of(other.post))?;
                reached.intersection(&cores).next().copied()
            };
            let shared = others.iter().filter(|(_, is_off)| *is_off != off);
            let shared: Vec<_> = shared.filter_map(|(other, _)| Some((common(other)?, other.name.clone()))).collect();
            if let Some((core, _)) = shared.first() {
                return Err(SessionError::SharedRoutes {
                    projection: projection.name.clone(),
                    core: board.program().cores[*core].address,
                    shared: shared.into_iter().map(|(_, name)| name).collect(),
                });
            }
        }
        let wanted = wanted.into_iter().map(|(projection, _)| (projection, self.cores_of(projection.post)));
        let wanted: Vec<_> = wanted.collect();
        self.set_muted(off, |origin, core| {
            let end = board.endpoint(origin);
            wanted.iter().any(|(projection, cores)| end == Some(projection.pre) && cores.contains(&core))
        });
        Ok(())
    }

    /// Indices of the cores in which population `population` sits.
    fn cores_of(&self, population: usize) -> BTreeSet<usize> {
        let program = self.board().program();
        let segments = self.board().symbols().segments_of(population);
        segments.filter_map(|s| program.cores.binary_search_by_key(&s.core, |core| core.address).ok()).collect()
    }

    /// By projection, whether it reaches somebody and is switched off.
    fn off(&self) -> Vec<bool> {
        let flags = self.emulator().muted();
        let projections = &self.board().symbols().projections;
        if flags.is_empty() {
            return vec![false; projections.len()];
        }
        let mut on = vec![false; projections.len()];
        let mut any = vec![false; projections.len()];
        let cores: Vec<_> = projections.iter().map(|projection| self.cores_of(projection.post)).collect();
        for ((origin, core), muted) in self.emulator().route_ends().zip(flags) {
            let end = self.board().endpoint(origin);
            for (index, projection) in projections.iter().enumerate() {
                if end == Some(projection.pre) && cores[index].contains(&core) {
                    any[index] = true;
                    on[index] |= !muted;
                }
            }
        }
        any.into_iter().zip(on).map(|(any, on)| any && !on).collect()
    }
}

impl crate::Board {
    /// The population or input group of a source; `None` if it has no name.
    pub(crate) fn endpoint(&self, source: Source) -> Option<Endpoint> {
        match source {
            Source::Neuron(address) => {
                let core = self.program().cores.binary_search_by_key(&address.core, |core| core.address).ok()?;
                self.member(core, address.neuron).map(|(index, _)| Endpoint::Population(index))
            }
            Source::Input(input) => {
                let mut end = 0;
                let group = self.symbols().inputs.iter().position(|group| {
                    end += group.channels;
                    input.0 < end
                });
                group.map(Endpoint::Input)
            }
        }
    }
}
