//! The ideal router: rows as the program has them, no limit, no loss.

use crate::RouterError;
use crate::draft::Draft;
use crate::kinds::Kind;
use crate::kinds::rows::{self, Row};
use crate::weights::Scales;
use chip::{ChipSpec, IdealRow, Program};

/// The rows of a program.
pub(crate) struct Rows<'a> {
    pub(crate) rows: &'a [IdealRow],
}

impl<'a> Kind<'a> for Rows<'a> {
    fn follow(
        &self,
        spec: &'a ChipSpec,
        program: &'a Program,
        scales: Option<&mut Scales<'_>>,
    ) -> Result<Draft<'a>, RouterError> {
        rows::follow(spec, program, self.rows.iter().map(Row::from), scales)
    }
}
