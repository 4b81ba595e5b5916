//! Parquet files as polars frames, in the dialect that `scale.md` found fastest to read again:
//! uncompressed, no statistics, no embedded arrow schema, one row group.

use std::fs::File;
use std::path::Path;

use polars::io::SerReader;
use polars::io::parquet::read::{ParallelStrategy, ParquetReader};
use polars::io::parquet::write::{
    KeyValueMetadata, ParquetCompression, ParquetMetadataContext, ParquetWriter, StatisticsOptions,
};
use polars::prelude::{DataFrame, PolarsError};

use super::{StoreError, write_atomically};

/// Key of the format version in the file's key-value metadata.
const FORMAT_KEY: &str = "repro.format";
const FORMAT: &str = "1";

/// Reads every column of `path`.
pub(super) fn read(path: &Path) -> Result<DataFrame, StoreError> {
    let file = File::open(path).map_err(StoreError::io(path, "opening"))?;
    let mut reader = ParquetReader::new(file).read_parallel(ParallelStrategy::None);
    let metadata = reader.get_metadata().map_err(damaged(path))?;
    let format = metadata
        .key_value_metadata()
        .as_ref()
        .and_then(|pairs| pairs.iter().find(|pair| pair.key == FORMAT_KEY))
        .and_then(|pair| pair.value.clone());
    match format.as_deref().map(str::parse::<u64>) {
        None | Some(Ok(..=1)) => reader.finish().map_err(damaged(path)),
        Some(Ok(found)) => Err(StoreError::FormatTooNew {
            path: path.to_owned(),
            found,
            writer: None,
        }),
        Some(Err(_)) => Err(StoreError::InvalidTable {
            path: path.to_owned(),
            message: format!("`{FORMAT_KEY}` in its metadata is no number"),
        }),
    }
}

/// Writes `frame` to `path` atomically; the same frame gives the same bytes.
pub(super) fn write(path: &Path, frame: &DataFrame) -> Result<(), StoreError> {
    write_atomically(path, &encode(frame).map_err(damaged(path))?)
}

fn encode(frame: &DataFrame) -> Result<Vec<u8>, PolarsError> {
    let mut bytes = Vec::new();
    let mut writer = ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Uncompressed)
        .with_statistics(StatisticsOptions::empty())
        .set_parallel(false)
        .batched(frame.schema())?;
    writer.write_batch(frame)?;
    // `finish` would embed the arrow schema; ending the file by hand leaves it out.
    let metadata = KeyValueMetadata::from_static(vec![(FORMAT_KEY.into(), FORMAT.into())])
        .collect(ParquetMetadataContext { arrow_schema: "" })?;
    writer
        .get_writer()
        .lock()
        .expect("no writer panicked")
        .end(Some(metadata))?;
    drop(writer);
    Ok(bytes)
}

pub(super) fn damaged(path: &Path) -> impl FnOnce(PolarsError) -> StoreError {
    let path = path.to_owned();
    move |error| StoreError::InvalidTable {
        path,
        message: error.to_string(),
    }
}
