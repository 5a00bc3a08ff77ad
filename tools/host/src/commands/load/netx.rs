//! Nets of lava-dl: read, and made into a network for a Loihi chip.

use crate::errors::HostError;
use chip::ChipSpec;
use formats::netx::NetxFile;
use graph::{GraphError, Netx};
use network::Network;
use serde_json::{Value, json};
use std::path::Path;
use warnings::{Kind, Warnings};

/// A net, in words.
pub(crate) struct LoadedNet {
    layers: Vec<String>,
    notes: Vec<(String, String)>,
}

/// Reads the net at `path` for `spec`.
pub(super) fn load(path: &Path, spec: &ChipSpec) -> Result<(Network, LoadedNet), HostError> {
    let wrong = |error: GraphError| HostError::Graph { file: path.display().to_string(), error: Box::new(error) };
    let Netx { network, layers, notes } = Netx::new(&NetxFile::open(path)?, spec).map_err(wrong)?;
    Ok((network, LoadedNet { layers, notes }))
}

impl LoadedNet {
    /// What of the file the network does not have.
    pub(super) fn warnings(&self) -> Warnings {
        let mut warnings = Warnings::default();
        self.notes.iter().for_each(|(layer, text)| warnings.push(Kind::Graph, layer, text));
        warnings
    }

    /// Its layers, in lines.
    pub(crate) fn text(&self) -> String {
        let head = format!("net of lava-dl: {} layers\n", self.layers.len());
        self.layers.iter().fold(head, |text, layer| format!("{text}  {layer}\n"))
    }

    /// The same as JSON.
    pub(crate) fn json(&self) -> Value {
        json!({ "layers": self.layers })
    }
}
