//! Nested units: networks, their dies, the trials of a die.
//!
//! It owns the shape and what can be read off it; units at one level all count alike, however many parts they have.

use crate::StatisticsError;
use crate::error::check_finite;

/// Values of nested units. All leaves lie equally deep, and no group is empty: [`Tree::from_rows`] sees to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree<T> {
    root: Node<T>,
    depth: usize,
}

/// A unit with what it is made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node<T> {
    Leaf(T),
    Group(Vec<Node<T>>),
}

impl<T: Copy> Tree<T> {
    /// A tree of rows, each with the numbers of its units from the top level on: `([network, die, trial], score)`. The
    /// order of rows does not matter, only that of the numbers does.
    ///
    /// # Errors
    /// [`StatisticsError::TooFew`] without a row or level, [`StatisticsError::Size`] if paths differ in length,
    /// [`StatisticsError::Duplicate`] if a unit of the lowest level stands twice.
    pub fn from_rows<P: AsRef<[u64]>>(rows: &[(P, T)]) -> Result<Self, StatisticsError> {
        let mut sorted: Vec<(&[u64], T)> = rows.iter().map(|(path, value)| (path.as_ref(), *value)).collect();
        let depth = sorted.first().map_or(0, |(path, _)| path.len());
        crate::error::check_count("rows", sorted.len(), 1)?;
        crate::error::check_count("levels of a unit", depth, 1)?;
        for (path, _) in &sorted {
            crate::error::check_size("levels of a unit", path.len(), depth)?;
        }
        sorted.sort_by_key(|(path, _)| *path);
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(StatisticsError::Duplicate { path: pair[0].0.to_vec() });
        }
        Ok(Self { root: group(&sorted, 0, depth), depth })
    }

    /// A tree of one level.
    ///
    /// # Errors
    /// [`StatisticsError::TooFew`] without a value.
    pub fn flat(values: &[T]) -> Result<Self, StatisticsError> {
        crate::error::check_count("values", values.len(), 1)?;
        Ok(Self { root: Node::Group(values.iter().map(|value| Node::Leaf(*value)).collect()), depth: 1 })
    }

    /// Levels: 1 of a plain list of values.
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// The number of units at the top level.
    pub fn len(&self) -> usize {
        self.top().len()
    }

    /// Never: a tree has a unit.
    pub fn is_empty(&self) -> bool {
        self.top().is_empty()
    }

    /// The same units with other values.
    pub fn map<U>(&self, convert: impl Fn(T) -> U) -> Tree<U> {
        Tree { root: self.root.map(&convert), depth: self.depth }
    }

    pub(crate) fn root(&self) -> &Node<T> {
        &self.root
    }

    pub(crate) fn top(&self) -> &[Node<T>] {
        self.root.parts()
    }

    /// All values, in the order of their units.
    pub fn leaves(&self) -> Vec<T> {
        let mut leaves = Vec::new();
        self.root.leaves_into(&mut leaves);
        leaves
    }
}

impl Tree<f64> {
    /// Refuses a NaN or an infinity.
    pub(crate) fn check_finite(&self, what: &'static str) -> Result<(), StatisticsError> {
        check_finite(what, &self.leaves())
    }
}

fn group<T: Copy>(rows: &[(&[u64], T)], level: usize, depth: usize) -> Node<T> {
    if level == depth {
        return Node::Leaf(rows[0].1);
    }
    let parts = rows.chunk_by(|a, b| a.0[level] == b.0[level]);
    Node::Group(parts.map(|part| group(part, level + 1, depth)).collect())
}

impl<T: Copy> Node<T> {
    /// What a unit is made of; nothing of a leaf.
    pub(crate) fn parts(&self) -> &[Self] {
        match self {
            Self::Leaf(_) => &[],
            Self::Group(parts) => parts,
        }
    }

    fn map<U>(&self, convert: &impl Fn(T) -> U) -> Node<U> {
        match self {
            Self::Leaf(value) => Node::Leaf(convert(*value)),
            Self::Group(parts) => Node::Group(parts.iter().map(|part| part.map(convert)).collect()),
        }
    }

    fn leaves_into(&self, leaves: &mut Vec<T>) {
        match self {
            Self::Leaf(value) => leaves.push(*value),
            Self::Group(parts) => parts.iter().for_each(|part| part.leaves_into(leaves)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_units_in_any_order() {
        let rows = [([1, 0], 3.0), ([0, 7], 2.0), ([0, 2], 1.0)];
        let tree = Tree::from_rows(&rows).unwrap();
        assert_eq!((tree.len(), tree.depth(), tree.leaves()), (2, 2, vec![1.0, 2.0, 3.0]));
        let turned: Vec<_> = rows.iter().rev().copied().collect();
        assert_eq!(Tree::from_rows(&turned).unwrap(), tree);
        assert_eq!(tree.map(|x| x * 2.0).leaves(), [2.0, 4.0, 6.0]);
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        let none: [([u64; 1], f64); 0] = [];
        assert!(matches!(Tree::from_rows(&none), Err(StatisticsError::TooFew { found: 0, .. })));
        assert!(matches!(Tree::from_rows(&[(vec![], 1.0)]), Err(StatisticsError::TooFew { .. })));
        let uneven = [(vec![0, 1], 1.0), (vec![2], 1.0)];
        let size = StatisticsError::Size { what: "levels of a unit", expected: 2, found: 1 };
        assert_eq!(Tree::from_rows(&uneven), Err(size));
        let twice = [([3, 1], 1.0), ([3, 1], 2.0)];
        assert_eq!(Tree::from_rows(&twice), Err(StatisticsError::Duplicate { path: vec![3, 1] }));
        assert!(Tree::<f64>::flat(&[]).is_err());
        let nan = Tree::flat(&[0.0, f64::NAN]).unwrap().check_finite("scores").unwrap_err();
        assert!(nan.to_string().starts_with("scores: value 1 is NaN"), "{nan}");
    }
}
