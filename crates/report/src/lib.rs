//! What people read after a study or a run: terminal tables, figures and one self-contained HTML page.
//!
//! This crate turns result rows into text: [`terminal_table`] and [`findings`] for the terminal, [`figure_svg`] for a
//! picture that stands alone, [`Page`] for the report. [`RunFigure`] is the picture of one run: spikes and traces;
//! [`MappingPage`] is the page of a mapping: floor plan, weights and tables.
//! [`histogram`], [`sparkline`] and [`text_table`] serve other commands of the host. The same input gives the same
//! bytes: nothing here reads a clock, a machine or a terminal.
//!
//! It deliberately prints and writes nothing, and knows no chip and no emulator: the host hands it rows and plain text.
//!
//! ```
//! assert_eq!(quenched_report::sparkline(&[0.0, 1.0, 2.0]).chars().count(), 3);
//! let header = ["die", "score"].map(String::from);
//! let table = quenched_report::text_table(&header, vec![vec!["0".into(), "97.3".into()]], &[0]);
//! assert!(table.contains("97.3"));
//! ```

mod activity;
mod blame;
mod budget;
mod chart;
mod compare;
mod controls;
#[cfg(test)]
mod example;
mod families;
mod figure;
mod findings;
mod floor;
mod html;
mod mapping;
mod page;
mod plot;
mod scale;
mod score;
mod series;
mod sizes;
mod summary;
mod svg;
mod table;
mod text;
mod weights;
mod yields;

pub use activity::{RunFigure, SpikeGroup, TimeSpan, Trace};
pub use controls::Beside;
pub use figure::figure_svg;
pub use findings::{TaskFindings, findings};
pub use floor::{FloorCell, FloorLink, floor_svg};
pub use mapping::{MappingPage, MappingTable};
pub use page::{ChipNumber, ChipSection, Page};
pub use score::ScoreFormat;
pub use summary::{AxisValues, Setting, Spread, Stage, TaskResults, condensed};
pub use table::{stage_key, terminal_table, text_table};
pub use text::{histogram, sparkline};
pub use weights::WeightPlot;
