//! The rules against slow references that follow the published text, one neuron and one synapse at a time.

mod limits;
mod neurons;
mod synapses;
