//! Vertices in parts, with what every move would change.
//!
//! Two layers count: nets cost for each part that they reach, and for each group of parts. Both are kept in the same
//! tables, of which a layer has its own: how many vertices of a net are where, what a vertex would save by leaving, and
//! which weight of its nets is present where.

use crate::{Hypergraph, Parts};

/// Multipliers of parts count in this unit.
pub(crate) const UNIT: u64 = 16;

/// What is counted of one layer.
struct Layer {
    groups: usize,
    /// By part: its group in this layer.
    group_of: Vec<u32>,
    /// By net: what it costs for each group that it reaches.
    weights: Vec<u64>,
    /// By group: what reaching it costs, in [`UNIT`].
    prices: Vec<u64>,
    /// By net and group: how many of its vertices are there.
    counts: Vec<u32>,
    /// By vertex: the weight of its nets that have no other vertex in its group.
    alone: Vec<i64>,
    /// By vertex and group: the weight of its nets that have some vertex there.
    present: Vec<i64>,
    /// By vertex: the weight of its nets.
    all: Vec<i64>,
}

/// What the layers cost and how full parts may be, for every level alike.
#[derive(Clone)]
pub(crate) struct Costs {
    /// By layer and net.
    pub(crate) weights: Vec<Vec<u64>>,
    /// By layer and group, in [`UNIT`].
    pub(crate) prices: Vec<Vec<u64>>,
}

impl Costs {
    /// The weights of the nets for parts, and `group_weight` times as much for groups; 0: groups do not count.
    pub(crate) fn new(graph: &Hypergraph, parts: &Parts, group_weight: u64) -> Self {
        let own: Vec<u64> = (0..graph.net_count()).map(|net| graph.net_weight(net)).collect();
        let (mut weights, mut prices) = (vec![own], vec![vec![UNIT; parts.len()]]);
        let groups = parts.group_count();
        if groups > 1 && group_weight > 0 {
            weights.push(weights[0].iter().map(|weight| weight * group_weight).collect());
            prices.push(vec![UNIT; groups]);
        }
        Self { weights, prices }
    }
}

/// Vertices in parts.
pub(crate) struct State<'a> {
    pub(crate) graph: &'a Hypergraph,
    pub(crate) parts: &'a Parts,
    /// By part and resource: how much of it may be taken at this level.
    pub(crate) limits: Vec<u64>,
    part: Vec<u32>,
    members: Vec<Vec<u32>>,
    /// By vertex: where it stands in the list of its part.
    spot: Vec<u32>,
    loads: Vec<u64>,
    layers: Vec<Layer>,
    cost: i64,
    /// Entries touched: what the work is measured by, as no clock may be asked.
    pub(crate) work: u64,
    /// Vertices that a move may have made more worth moving, each with the part that it concerns.
    pub(crate) raised: Vec<(u32, u32)>,
}

impl<'a> State<'a> {
    pub(crate) fn new(
        graph: &'a Hypergraph,
        parts: &'a Parts,
        costs: &Costs,
        limits: Vec<u64>,
        part: Vec<u32>,
    ) -> Self {
        let mut members = vec![Vec::new(); parts.len()];
        let mut loads = vec![0; parts.len() * graph.dims()];
        let mut spot = vec![0; graph.len()];
        for (vertex, &own) in part.iter().enumerate() {
            spot[vertex] = members[own as usize].len() as u32;
            members[own as usize].push(vertex as u32);
            for (dim, weight) in graph.weight(vertex).iter().enumerate() {
                loads[own as usize * graph.dims() + dim] += weight;
            }
        }
        let layer = |(index, (weights, prices)): (usize, (&Vec<u64>, &Vec<u64>))| {
            let group_of = if index == 0 { (0..parts.len() as u32).collect() } else { parts.groups().to_vec() };
            Layer::new(graph, &part, group_of, weights.clone(), prices.clone())
        };
        let layers: Vec<Layer> = costs.weights.iter().zip(&costs.prices).enumerate().map(layer).collect();
        let cost = layers.iter().map(|layer| layer.cost(graph)).sum();
        let work = (graph.pin_count() * layers.len() * 2) as u64;
        Self { graph, parts, limits, part, members, spot, loads, layers, cost, work, raised: Vec::new() }
    }

    pub(crate) fn part(&self, vertex: usize) -> usize {
        self.part[vertex] as usize
    }

    pub(crate) fn assignment(&self) -> &[u32] {
        &self.part
    }

    pub(crate) fn members(&self, part: usize) -> &[u32] {
        &self.members[part]
    }

    pub(crate) fn cost(&self) -> i64 {
        self.cost
    }

    fn load(&self, part: usize) -> &[u64] {
        &self.loads[part * self.graph.dims()..][..self.graph.dims()]
    }

    fn limit(&self, part: usize) -> &[u64] {
        &self.limits[part * self.graph.dims()..][..self.graph.dims()]
    }

    /// Whether a part holds more than it may.
    pub(crate) fn is_over(&self, part: usize) -> bool {
        self.load(part).iter().zip(self.limit(part)).any(|(load, limit)| load > limit)
    }

    /// The parts that hold more than they may.
    pub(crate) fn over(&self) -> Vec<usize> {
        (0..self.parts.len()).filter(|part| self.is_over(*part)).collect()
    }

    /// How much all parts together hold too much, each resource as a part of what there may be, in 2^-16.
    pub(crate) fn excess(&self) -> u64 {
        let over = self.loads.iter().zip(&self.limits).filter(|(load, limit)| load > limit);
        over.map(|(load, limit)| (((load - limit) << 16) / (*limit).max(1)).max(1)).sum()
    }

    /// Whether `vertex` fits into `part` besides what is there.
    pub(crate) fn has_room(&self, part: usize, vertex: usize) -> bool {
        let weights = self.graph.weight(vertex);
        self.load(part).iter().zip(self.limit(part)).zip(weights).all(|((load, limit), weight)| load + weight <= *limit)
    }

    /// Whether `vertex` may ever sit in `part`.
    pub(crate) fn may(&self, part: usize, vertex: usize) -> bool {
        self.parts.class(part) == self.graph.class(vertex)
    }

    /// How much less is paid if `vertex` goes to each of the parts, in their order.
    pub(crate) fn gains(&self, vertex: usize) -> impl Iterator<Item = i64> + '_ {
        let own = self.part(vertex);
        let (first, others) = self.layers.split_first().expect("the first layer is always there");
        // Groups of the first layer are the parts.
        let present = &first.present[vertex * first.groups..][..first.groups];
        let (all, leaves) = (first.all[vertex], first.alone[vertex] * first.prices[own] as i64);
        present.iter().zip(&first.prices).enumerate().map(move |(to, (present, price))| {
            if to == own {
                return 0;
            }
            let others = if others.is_empty() { 0 } else { others.iter().map(|l| l.gain(vertex, own, to)).sum() };
            leaves - (all - present) * *price as i64 + others
        })
    }

    /// How much less is paid if `vertex` goes to `to`.
    pub(crate) fn gain(&self, vertex: usize, to: usize) -> i64 {
        self.layers.iter().map(|layer| layer.gain(vertex, self.part(vertex), to)).sum()
    }

    /// The weight of the nets of `vertex` that reach `part`.
    pub(crate) fn attraction(&self, vertex: usize, part: usize) -> i64 {
        let layer = &self.layers[0];
        layer.present[vertex * layer.groups + part]
    }

    /// Whether some net of `vertex` reaches more than one part.
    pub(crate) fn is_at_border(&self, vertex: usize) -> bool {
        let layer = &self.layers[0];
        let present: i64 = layer.present[vertex * layer.groups..][..layer.groups].iter().sum();
        present > layer.all[vertex]
    }

    /// Moves `vertex` to `to`.
    pub(crate) fn shift(&mut self, vertex: usize, to: usize) {
        let from = self.part(vertex);
        self.cost -= self.gain(vertex, to);
        for layer in &mut self.layers {
            self.work += layer.shift(self.graph, &self.part, vertex, (from, to), &mut self.raised);
        }
        let spot = self.spot[vertex] as usize;
        self.members[from].swap_remove(spot);
        if let Some(&other) = self.members[from].get(spot) {
            self.spot[other as usize] = spot as u32;
        }
        self.spot[vertex] = self.members[to].len() as u32;
        self.members[to].push(vertex as u32);
        self.part[vertex] = to as u32;
        let dims = self.graph.dims();
        for (dim, weight) in self.graph.weight(vertex).iter().enumerate() {
            self.loads[from * dims + dim] -= weight;
            self.loads[to * dims + dim] += weight;
        }
    }
}

impl Layer {
    fn new(graph: &Hypergraph, part: &[u32], group_of: Vec<u32>, weights: Vec<u64>, prices: Vec<u64>) -> Self {
        let groups = prices.len();
        let mut layer = Self {
            groups,
            counts: vec![0; graph.net_count() * groups],
            alone: vec![0; graph.len()],
            present: vec![0; graph.len() * groups],
            all: vec![0; graph.len()],
            group_of,
            weights,
            prices,
        };
        for net in (0..graph.net_count()).filter(|net| graph.pins(*net).len() > 1) {
            let counts = &mut layer.counts[net * groups..][..groups];
            let weight = layer.weights[net] as i64;
            let group = |pin: u32| layer.group_of[part[pin as usize] as usize] as usize;
            graph.pins(net).iter().for_each(|pin| counts[group(*pin)] += 1);
            let reached: Vec<usize> = (0..groups).filter(|group| counts[*group] > 0).collect();
            for pin in graph.pins(net) {
                let vertex = *pin as usize;
                layer.all[vertex] += weight;
                reached.iter().for_each(|group| layer.present[vertex * groups + group] += weight);
                if counts[group(*pin)] == 1 {
                    layer.alone[vertex] += weight;
                }
            }
        }
        layer
    }

    fn cost(&self, graph: &Hypergraph) -> i64 {
        let of_net = |net: usize| {
            let counts = self.counts[net * self.groups..][..self.groups].iter().zip(&self.prices);
            counts.filter(|(count, _)| **count > 0).map(|(_, price)| price * self.weights[net]).sum::<u64>() as i64
        };
        (0..graph.net_count()).map(of_net).sum()
    }

    fn gain(&self, vertex: usize, from: usize, to: usize) -> i64 {
        let (from, to) = (self.group_of[from] as usize, self.group_of[to] as usize);
        if from == to {
            return 0;
        }
        let fresh = self.all[vertex] - self.present[vertex * self.groups + to];
        self.alone[vertex] * self.prices[from] as i64 - fresh * self.prices[to] as i64
    }

    fn shift(
        &mut self,
        graph: &Hypergraph,
        part: &[u32],
        vertex: usize,
        (from, to): (usize, usize),
        raised: &mut Vec<(u32, u32)>,
    ) -> u64 {
        let (old, new) = (self.group_of[from] as usize, self.group_of[to] as usize);
        if old == new {
            return 1;
        }
        let Self { groups, group_of, counts, alone, present, .. } = self;
        let groups = *groups;
        let mut work = 1;
        let mut own = 0;
        for &net in graph.nets(vertex) {
            let net = net as usize;
            let weight = self.weights[net] as i64;
            let counts = &mut counts[net * groups..][..groups];
            counts[old] -= 1;
            counts[new] += 1;
            let pins = graph.pins(net);
            work += 1;
            let other = |group: usize| {
                let mut others = pins.iter().map(|pin| *pin as usize).filter(|pin| *pin != vertex);
                others.find(|pin| group_of[part[*pin] as usize] as usize == group).expect("the count says so")
            };
            match counts[old] {
                0 => {
                    pins.iter().for_each(|pin| present[*pin as usize * groups + old] -= weight);
                    work += pins.len() as u64;
                }
                1 => {
                    let pin = other(old);
                    alone[pin] += weight;
                    raised.push((pin as u32, u32::MAX));
                    work += pins.len() as u64 / 2;
                }
                _ => {}
            }
            match counts[new] {
                1 => {
                    own += weight;
                    for pin in pins {
                        present[*pin as usize * groups + new] += weight;
                        raised.push((*pin, to as u32));
                    }
                    work += 2 * pins.len() as u64;
                }
                2 => {
                    alone[other(new)] -= weight;
                    work += pins.len() as u64 / 2;
                }
                _ => {}
            }
        }
        alone[vertex] = own;
        work
    }
}
