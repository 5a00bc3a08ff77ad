//! The Japanese Vowels data set (Kudo, Toyama & Shimbo 1999), bundled under CC BY 4.0; see
//! `data/japanese-vowels/README.md`.

use crate::{Classification, TaskError, TsData, read_ts};
use flate2::read::GzDecoder;
use std::io::Read;

const TRAIN: &[u8] = include_bytes!("../data/japanese-vowels/train.ts.gz");
const TEST: &[u8] = include_bytes!("../data/japanese-vowels/test.ts.gz");

fn unpack(name: &'static str, packed: &[u8]) -> Result<TsData, TaskError> {
    let mut text = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut text).map_err(|_| TaskError::Bundle { name })?;
    read_ts(text, name)
}

pub(crate) fn classification() -> Result<Classification, TaskError> {
    Classification::from_ts(unpack("japanese-vowels/train.ts", TRAIN)?, unpack("japanese-vowels/test.ts", TEST)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use units::Decimal;

    /// The counts that the authors of the data give.
    #[test]
    fn the_data_are_complete() {
        let data = classification().unwrap();
        assert_eq!((data.channels, data.classes.len()), (12, 9));
        assert_eq!((data.train.len(), data.validation.len(), data.test.len()), (180, 90, 370));
        let per_class = |part: &[crate::Utterance]| {
            let count = |class| part.iter().filter(|u| u.class == class).count();
            (0..9).map(count).collect::<Vec<_>>()
        };
        assert_eq!(per_class(&data.train), [20; 9]);
        assert_eq!(per_class(&data.validation), [10; 9]);
        assert_eq!(per_class(&data.test), [31, 35, 88, 44, 29, 24, 40, 50, 29]);
        let lengths = data.utterances().map(|u| u.signal.len());
        assert_eq!((lengths.clone().min(), lengths.max()), (Some(7), Some(29)));
        assert_eq!(data.frames_max(), 29);
    }

    /// Decimals are rounded once, from their text.
    #[test]
    fn the_first_frame_is_exact() {
        let data = classification().unwrap();
        let frame = data.train[0].signal.frame(0);
        let bits = |text: &str| text.parse::<Decimal>().unwrap().to_bits(32).unwrap();
        assert_eq!((frame[0].to_bits(), frame[1].to_bits()), (bits("1.860936"), bits("-0.207383")));
    }

    #[test]
    fn a_damaged_bundle_is_an_error() {
        let half = &TEST[..TEST.len() / 2];
        assert_eq!(unpack("test.ts", half).unwrap_err(), TaskError::Bundle { name: "test.ts" });
    }
}
