//! `results.parquet`: the rows of `results.csv` as typed columns, for tools that read Parquet.
//!
//! Owns how columns become Parquet's. Every column may be null, where the table has nothing; nothing is compressed, and
//! the same rows make the same bytes. It deliberately reads nothing: the table is what a report is made from.

use crate::table::{Cell, ColumnKind, cells, columns};
use crate::{Row, StudyError};
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use std::sync::Arc;

/// Rows that are put into columns at a time.
const ROWS_OF_GROUP: usize = 65_536;

/// The rows as a Parquet file: text as strings, counts as unsigned numbers of 32 and 64 bits, scores and axes of plain
/// numbers as doubles.
///
/// # Errors
/// [`StudyError::Parquet`] if there are more columns or rows than the format has room for.
pub fn parquet(rows: &[Row]) -> Result<Vec<u8>, StudyError> {
    write(rows).map_err(|error| StudyError::Parquet { reason: error.to_string() })
}

fn write(rows: &[Row]) -> Result<Vec<u8>, ParquetError> {
    let columns = columns(rows);
    let fields = columns.iter().map(|(name, kind)| field(name, *kind)).collect::<Result<Vec<_>, _>>()?;
    let schema = Arc::new(Type::group_type_builder("results").with_fields(fields).build()?);
    let properties = WriterProperties::builder().set_created_by(concat!("quenched ", env!("CARGO_PKG_VERSION")).into());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build()))?;
    let mut all = cells(rows);
    loop {
        let part: Vec<Vec<Cell<'_>>> = all.by_ref().take(ROWS_OF_GROUP).collect();
        if part.is_empty() {
            return file.into_inner();
        }
        let mut group = file.next_row_group()?;
        for (index, (_, kind)) in columns.iter().enumerate() {
            column(&mut group, *kind, part.iter().map(|row| &row[index]))?;
        }
        group.close()?;
    }
}

fn field(name: &str, kind: ColumnKind) -> Result<Arc<Type>, ParquetError> {
    let (physical, logical) = match kind {
        ColumnKind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnKind::Count => (Physical::INT32, Some(LogicalType::integer(32, false))),
        ColumnKind::Whole => (Physical::INT64, Some(LogicalType::integer(64, false))),
        ColumnKind::Real => (Physical::DOUBLE, None),
    };
    let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
    Ok(Arc::new(builder.with_logical_type(logical).build()?))
}

fn column<'a>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    kind: ColumnKind,
    cells: impl Iterator<Item = &'a Cell<'a>>,
) -> Result<(), ParquetError> {
    match kind {
        ColumnKind::Text => typed::<ByteArrayType>(
            group,
            cells.map(|cell| cell.words().map(|text| ByteArray::from(text.as_bytes().to_vec()))),
        ),
        // Unsigned numbers stand in the bits of signed ones.
        ColumnKind::Count => typed::<Int32Type>(group, cells.map(|cell| cell.whole().map(|n| n as u32 as i32))),
        ColumnKind::Whole => typed::<Int64Type>(group, cells.map(|cell| cell.whole().map(|n| n as i64))),
        ColumnKind::Real => typed::<DoubleType>(group, cells.map(Cell::number)),
    }
}

fn typed<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    cells: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        levels.push(i16::from(cell.is_some()));
        values.extend(cell);
    }
    let mut column = group.next_column()?.ok_or_else(|| ParquetError::General("a column too many".into()))?;
    column.typed::<T>().write_batch(&values, Some(&levels), None)?;
    column.close()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::example_rows;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    #[test]
    fn what_was_written_is_read_by_the_reader_of_the_format() {
        let rows = example_rows();
        let bytes = parquet(&rows).expect("a file");
        assert_eq!(bytes, parquet(&rows).expect("a file"), "the same bytes");
        let file = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("a Parquet file");
        let columns = columns(&rows);
        let found: Vec<_> = file.get_row_iter(None).expect("rows").map(|row| row.expect("a row")).collect();
        assert_eq!(found.len(), rows.len());
        let wanted: Vec<_> = cells(&rows).collect();
        for (found, wanted) in found.iter().zip(&wanted) {
            assert_eq!(found.len(), columns.len());
            for ((name, field), (cell, (column, kind))) in found.get_column_iter().zip(wanted.iter().zip(&columns)) {
                assert_eq!(name, column);
                let expected = match kind {
                    ColumnKind::Text => cell.words().map(|text| Field::Str(text.into())),
                    ColumnKind::Count => cell.whole().map(|n| Field::UInt(n as u32)),
                    ColumnKind::Whole => cell.whole().map(Field::ULong),
                    ColumnKind::Real => cell.number().map(Field::Double),
                };
                assert_eq!(*field, expected.unwrap_or(Field::Null), "{name}");
            }
        }
        assert_eq!(columns.iter().find(|(name, _)| name == "cv").map(|(_, kind)| *kind), Some(ColumnKind::Real));
        assert!(!parquet(&[]).expect("a file without rows").is_empty());
    }
}
