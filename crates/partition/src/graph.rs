//! Hypergraphs in compressed rows: the vertices of each net, and the nets of each vertex.

/// Vertices with weights and classes, and the nets that join them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hypergraph {
    dims: usize,
    /// By vertex, then resource.
    weights: Vec<u64>,
    classes: Vec<u32>,
    net_weights: Vec<u64>,
    pin_starts: Vec<usize>,
    pins: Vec<u32>,
    net_starts: Vec<usize>,
    nets: Vec<u32>,
}

impl Hypergraph {
    /// Vertices without nets. `weights` has `dims` numbers a vertex: what it takes of each resource of its part.
    /// `classes` has a number a vertex: it may sit in parts of that class only.
    ///
    /// # Panics
    /// If the two lists speak of different numbers of vertices.
    pub fn new(dims: usize, weights: Vec<u64>, classes: Vec<u32>) -> Self {
        assert_eq!(weights.len(), dims * classes.len(), "each vertex has a weight a resource");
        let vertices = classes.len();
        let (pin_starts, net_starts) = (vec![0], vec![0; vertices + 1]);
        Self { dims, weights, classes, pin_starts, net_starts, ..Self::default() }
    }

    /// Adds nets, each with its weight and its vertices; a vertex that is named twice counts once.
    ///
    /// # Panics
    /// If a net names a vertex that does not exist.
    #[must_use]
    pub fn with_nets(mut self, nets: impl IntoIterator<Item = (u64, Vec<u32>)>) -> Self {
        for (weight, mut pins) in nets {
            pins.sort_unstable();
            pins.dedup();
            assert!(pins.last().is_none_or(|last| (*last as usize) < self.len()), "nets join vertices of the graph");
            self.push(weight, &pins);
        }
        self.index();
        self
    }

    fn push(&mut self, weight: u64, pins: &[u32]) {
        self.pins.extend_from_slice(pins);
        self.pin_starts.push(self.pins.len());
        self.net_weights.push(weight);
    }

    /// Lists the nets of each vertex. A net of one vertex cannot be cut, and is in no list.
    fn index(&mut self) {
        let mut counts = vec![0; self.len() + 1];
        for net in 0..self.net_count() {
            let pins = self.pins(net);
            pins.iter().filter(|_| pins.len() > 1).for_each(|pin| counts[*pin as usize + 1] += 1);
        }
        for vertex in 0..self.len() {
            counts[vertex + 1] += counts[vertex];
        }
        self.net_starts = counts.clone();
        self.nets = vec![0; counts[self.len()]];
        for net in 0..self.net_count() {
            let range = self.pin_starts[net]..self.pin_starts[net + 1];
            for at in range.clone().filter(|_| range.len() > 1) {
                let next = &mut counts[self.pins[at] as usize];
                self.nets[*next] = net as u32;
                *next += 1;
            }
        }
    }

    /// Number of vertices.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether there is no vertex.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// Number of resources.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// Number of nets, those of one vertex counted.
    pub fn net_count(&self) -> usize {
        self.net_weights.len()
    }

    /// What net `net` costs for each part beyond its first.
    pub fn net_weight(&self, net: usize) -> u64 {
        self.net_weights[net]
    }

    /// The vertices of net `net`, sorted.
    pub fn pins(&self, net: usize) -> &[u32] {
        &self.pins[self.pin_starts[net]..self.pin_starts[net + 1]]
    }

    /// All vertices of all nets together.
    pub(crate) fn pin_count(&self) -> usize {
        self.pins.len()
    }

    /// The nets of vertex `vertex` that have another vertex too.
    pub fn nets(&self, vertex: usize) -> &[u32] {
        &self.nets[self.net_starts[vertex]..self.net_starts[vertex + 1]]
    }

    /// What vertex `vertex` takes of each resource.
    pub fn weight(&self, vertex: usize) -> &[u64] {
        &self.weights[vertex * self.dims..][..self.dims]
    }

    /// The class of the parts that vertex `vertex` may sit in.
    pub fn class(&self, vertex: usize) -> u32 {
        self.classes[vertex]
    }

    /// The graph of `count` clusters, of which `cluster` names one for each vertex. Nets keep their numbers.
    pub(crate) fn contracted(&self, cluster: &[u32], count: usize) -> Self {
        let (mut weights, mut classes) = (vec![0; count * self.dims], vec![0; count]);
        for (vertex, &cluster) in cluster.iter().enumerate() {
            classes[cluster as usize] = self.classes[vertex];
            let sums = &mut weights[cluster as usize * self.dims..][..self.dims];
            sums.iter_mut().zip(self.weight(vertex)).for_each(|(sum, weight)| *sum += weight);
        }
        let mut coarse = Self::new(self.dims, weights, classes);
        let mut last = vec![u32::MAX; count];
        let mut pins = Vec::new();
        for net in 0..self.net_count() {
            pins.clear();
            for pin in self.pins(net) {
                let cluster = cluster[*pin as usize];
                if std::mem::replace(&mut last[cluster as usize], net as u32) != net as u32 {
                    pins.push(cluster);
                }
            }
            if pins.len() < 2 {
                pins.clear();
            }
            pins.sort_unstable();
            coarse.push(self.net_weights[net], &pins);
        }
        coarse.index();
        coarse
    }
}
