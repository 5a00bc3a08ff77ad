//! The judge of values, and the pages that are made from the tables.

mod demand;
mod docs;
mod section;
