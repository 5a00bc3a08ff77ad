//! A program, loaded: what it runs on, what its parts are called, and its connections, compiled once.

use crate::{Session, SessionError};
use chip::{ChipSpec, CoreModel, Program, Symbols};
use device_models::{DieParameters, MismatchSetting};
use disorder::Die;
use emulator::{Emulator, EmulatorError, Fabric, Snapshot};
use mapper::{MapperOptions, Mapping};
use network::Network;
use std::sync::Arc;
use units::{DieId, InputId, NeuronAddress, NeuronId};

/// A program loaded into a board of chips, ready to run on any die of them. Copies share everything.
#[derive(Clone, Debug)]
pub struct Board {
    loaded: Arc<Loaded>,
    fabric: Arc<Fabric>,
}

#[derive(Debug)]
struct Loaded {
    spec: ChipSpec,
    program: Program,
    symbols: Symbols,
    /// By core and circuit: population and index of the neuron.
    members: Members,
}

/// By core and circuit: population and index of the neuron.
type Members = Vec<Vec<Option<(u32, u32)>>>;

impl Board {
    /// `program` on the chip `spec`, with the names `symbols`; a program that nobody asks by name needs none
    /// ([`Symbols::default`]).
    ///
    /// # Errors
    /// A program for another chip or that this one cannot hold, and names that do not fit the program.
    pub fn new(spec: ChipSpec, program: Program, symbols: Symbols) -> Result<Self, SessionError> {
        if program.chip != spec.name {
            return Err(SessionError::OtherChip { program: program.chip, chip: spec.name });
        }
        let spec = spec.at_clock(program.clock.as_ref())?;
        let fabric = Arc::new(Fabric::build(&spec, &program).map_err(EmulatorError::from)?);
        let members = members(&program, &symbols)?;
        check_names(&program, &symbols, &fabric)?;
        Ok(Self { loaded: Arc::new(Loaded { spec, program, symbols, members }), fabric })
    }

    /// A mapping on the chip that it was made for.
    ///
    /// # Errors
    /// As [`Board::new`].
    pub fn load(spec: ChipSpec, mapping: Mapping) -> Result<Self, SessionError> {
        Self::new(spec, mapping.program, mapping.symbols)
    }

    /// `network`, mapped onto the chip `spec`. For the report of what the mapping kept and lost, call
    /// [`mapper::map`], then [`Board::load`].
    ///
    /// # Errors
    /// A network that does not fit the chip, or as [`Board::new`].
    pub fn map(spec: ChipSpec, network: &Network, options: &MapperOptions) -> Result<Self, SessionError> {
        let mapping = mapper::map(network, &spec, options)?;
        Self::load(spec, mapping)
    }

    /// The same program on `spec`, a chip that differs from this one in its disorder or its prices only. The compiled
    /// connections are shared.
    #[must_use]
    pub fn with_spec(&self, spec: ChipSpec) -> Self {
        let Loaded { program, symbols, members, .. } = &*self.loaded;
        let loaded = Loaded { spec, program: program.clone(), symbols: symbols.clone(), members: members.clone() };
        Self { loaded: Arc::new(loaded), fabric: Arc::clone(&self.fabric) }
    }

    /// Die `id` of the chip, of the dies that `seed` numbers, with the mismatch and faults of the chip file.
    ///
    /// # Errors
    /// Impossible mismatch.
    pub fn die(&self, seed: u64, id: u32) -> Result<DieParameters, SessionError> {
        let die = Die { root_seed: seed, id: DieId(id) };
        Ok(DieParameters::new(self.spec(), die, MismatchSetting::default())?)
    }

    /// What is to be said if the program was made for another die than `die`.
    pub fn other_die(&self, die: &DieParameters) -> Option<String> {
        let made_for = self.symbols().die.as_ref()?;
        (made_for.fingerprint != die.fingerprint(self.spec(), self.program())).then(|| {
            format!(
                "the program was made for {}, and its circuits are not those of this die: map the network for this \
                 die, or run the program on its own",
                made_for.name
            )
        })
    }

    /// The program on `die`, in its initial state at tick 0.
    ///
    /// # Errors
    /// Parameters that a core cannot have on this die; see [`Emulator::new`].
    pub fn on(&self, die: &DieParameters) -> Result<Session, SessionError> {
        let emulator = Emulator::with_fabric(self.spec(), self.program(), Arc::clone(&self.fabric), die)?;
        Ok(Session::new(self.clone(), die.clone(), emulator))
    }

    /// The program on `die`, going on where `snapshot` was taken: connections that were muted then are muted.
    ///
    /// # Errors
    /// As [`Board::on`], and a snapshot of another program, die or noise.
    pub fn resume(&self, die: &DieParameters, snapshot: &Snapshot) -> Result<Session, SessionError> {
        let emulator = Emulator::resume(self.spec(), self.program(), die, snapshot)?;
        Ok(Session::new(self.clone(), die.clone(), emulator))
    }

    /// The chip.
    pub fn spec(&self) -> &ChipSpec {
        &self.loaded.spec
    }

    /// What is loaded into the chips.
    pub fn program(&self) -> &Program {
        &self.loaded.program
    }

    /// What the parts of the program are called.
    pub fn symbols(&self) -> &Symbols {
        &self.loaded.symbols
    }

    /// The compiled connections, with the weights of the program; a die may change them.
    pub const fn fabric(&self) -> &Arc<Fabric> {
        &self.fabric
    }

    /// The index of the population called `name`.
    ///
    /// # Errors
    /// There is none; the error names those that there are.
    pub fn population(&self, name: &str) -> Result<usize, SessionError> {
        self.symbols().population(name).ok_or_else(|| SessionError::UnknownPopulation {
            name: name.into(),
            known: self.symbols().populations.iter().map(|p| p.name.clone()).collect(),
        })
    }

    /// The model of population `population`; `None` if the program has no such population.
    pub fn model_of(&self, population: usize) -> Option<CoreModel> {
        self.place(population, 0).map(|(core, _)| self.program().cores[core].model)
    }

    /// Channel `index` of the input group called `group`.
    ///
    /// # Errors
    /// There is no such group or channel.
    pub fn channel(&self, group: &str, index: u32) -> Result<InputId, SessionError> {
        let inputs = &self.symbols().inputs;
        let found = inputs.iter().position(|input| input.name == group).ok_or_else(|| SessionError::UnknownInput {
            name: group.into(),
            known: inputs.iter().map(|input| input.name.clone()).collect(),
        })?;
        let channels = inputs[found].channels;
        if index >= channels {
            return Err(SessionError::UnknownChannel { name: group.into(), index, channels });
        }
        Ok(InputId(self.symbols().first_channel(found).0 + index))
    }

    /// The core (index into the program) and circuit of neuron `index` of population `population`; `None` if there is
    /// no such neuron.
    pub fn place(&self, population: usize, index: u32) -> Option<(usize, NeuronId)> {
        let mut segments = self.symbols().segments_of(population);
        let segment = segments.find(|s| index.checked_sub(s.first_index).is_some_and(|offset| offset < s.count))?;
        let core = self.program().cores.binary_search_by_key(&segment.core, |core| core.address).ok()?;
        Some((core, NeuronId((segment.first_circuit + index - segment.first_index) as u16)))
    }

    /// The population and index of a neuron of core `core` (index into the program); `None` if it belongs to none.
    pub fn member(&self, core: usize, neuron: NeuronId) -> Option<(usize, u32)> {
        let (population, index) = (*self.loaded.members.get(core)?.get(neuron.index())?)?;
        Some((population as usize, index))
    }

    /// The address on the board of a neuron of core `core` (index into the program).
    ///
    /// # Panics
    /// If the program does not have that core.
    pub fn address(&self, core: usize, neuron: NeuronId) -> NeuronAddress {
        NeuronAddress { core: self.program().cores[core].address, neuron }
    }
}

/// By core and circuit of `program`: population and index of the neuron.
fn members(program: &Program, symbols: &Symbols) -> Result<Members, SessionError> {
    let wrong = |what: String| SessionError::Symbols { what };
    let mut members: Members = program.cores.iter().map(|core| vec![None; core.neuron_count as usize]).collect();
    let mut segments = symbols.segments.iter().peekable();
    for (population, symbol) in symbols.populations.iter().enumerate() {
        let name = &symbol.name;
        let mut next = 0;
        while let Some(segment) = segments.next_if(|segment| segment.population == population) {
            let core = program.cores.binary_search_by_key(&segment.core, |core| core.address);
            let core = core.map_err(|_| wrong(format!("`{name}` sits in {}, which is not in use", segment.core)))?;
            let circuits = segment.first_circuit as usize..segment.first_circuit as usize + segment.count as usize;
            let free = members[core].get_mut(circuits).filter(|circuits| circuits.iter().all(Option::is_none));
            let Some(free) = free.filter(|_| segment.first_index == next && segment.count > 0) else {
                return Err(wrong(format!("neuron {next} of `{name}` has no circuit of its own in {}", segment.core)));
            };
            for (index, circuit) in (next..).zip(free) {
                *circuit = Some((population as u32, index));
            }
            next += segment.count;
        }
        if next != symbol.size || next == 0 {
            return Err(wrong(format!("`{name}` has {} neurons, of which {next} have a circuit", symbol.size)));
        }
    }
    match segments.next() {
        None => Ok(members),
        Some(segment) => Err(wrong(format!("{} holds neurons of a population that is not named", segment.core))),
    }
}

/// Checks what does not concern circuits.
fn check_names(program: &Program, symbols: &Symbols, fabric: &Fabric) -> Result<(), SessionError> {
    let wrong = |what: String| Err(SessionError::Symbols { what });
    let channels: u64 = symbols.inputs.iter().map(|input| u64::from(input.channels)).sum();
    if !symbols.inputs.is_empty() && channels != u64::from(program.input_count) {
        return wrong(format!("its input groups have {channels} channels, and the program {}", program.input_count));
    }
    for (group, input) in symbols.inputs.iter().enumerate() {
        let Some(source) = &input.source else { continue };
        if !source.fits(input.channels) {
            return wrong(format!("the source of `{}` does not fit its {} channels", input.name, input.channels));
        }
        let first = symbols.first_channel(group).0;
        let is_graded = |channel| fabric.input_model(InputId(channel)).is_some_and(CoreModel::is_graded);
        if (first..first + input.channels).any(is_graded) {
            return wrong(format!("the source of `{}` sends spikes to units that take levels", input.name));
        }
    }
    for symbol in &symbols.populations {
        let Some(of) = symbol.copy_of else { continue };
        let original = symbols.populations.get(of.population).filter(|own| own.copy_of.is_none());
        if symbol.size != 1 || original.is_none_or(|own| of.index >= own.size) {
            return wrong(format!("`{}` is called a copy of a neuron that is not there", symbol.name));
        }
    }
    let projections = symbols.projections.iter().map(|projection| &projection.name);
    let inputs = symbols.inputs.iter().map(|input| &input.name);
    for name in symbols.populations.iter().map(|population| &population.name).chain(inputs).chain(projections) {
        if let Some(hidden) = chip::hidden_character(name) {
            return wrong(format!("a name has the control or invisible character U+{:04X}", u32::from(hidden)));
        }
    }
    let populations = symbols.populations.iter().map(|population| &population.name);
    let mut names: Vec<&String> = populations.chain(symbols.inputs.iter().map(|input| &input.name)).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return wrong(format!("the name `{}` is used twice", twice[0]));
    }
    for projection in &symbols.projections {
        let pre = match projection.pre {
            chip::Endpoint::Population(index) => index < symbols.populations.len(),
            chip::Endpoint::Input(index) => index < symbols.inputs.len(),
        };
        if !pre || projection.post >= symbols.populations.len() {
            return wrong(format!("projection `{}` has no beginning or no end", projection.name));
        }
    }
    Ok(())
}
