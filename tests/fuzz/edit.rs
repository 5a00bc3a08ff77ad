//! Changes of a file, as damage, carelessness and malice make them.

use bolero::TypeGenerator;

/// One change. Places and lengths are taken modulo what the file has.
#[derive(Clone, Debug, TypeGenerator)]
pub(crate) enum Edit {
    /// A bit turned.
    Flip { at: u32, bit: u8 },
    /// A byte of another value.
    Put { at: u32, value: u8 },
    /// An integer of 1, 2, 4 or 8 bytes at the end of its range, or next to it.
    Extreme { at: u32, width: u8, which: u8, big_endian: bool },
    /// The file ends here.
    Cut { at: u32 },
    /// Bytes taken out.
    Remove { at: u32, length: u8 },
    /// Bytes said several times.
    Repeat { at: u32, length: u8, times: u8 },
    /// Bytes of one place over those of another.
    Copy { from: u32, to: u32, length: u8 },
    /// A word that readers of text care for, in place of the word or number that stands here.
    Word { at: u32, which: u8 },
}

/// Numbers and words that mean something, or should not.
const WORDS: [&str; 32] = [
    "0",
    "-1",
    "1e308",
    "1e-308",
    "nan",
    "inf",
    "18446744073709551616",
    "9223372036854775807",
    "4294967296",
    "65536",
    "2147483647",
    "-0",
    "0.5",
    "1 ms",
    "\"1 mV\"",
    "\"\"",
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    "\n",
    "\r\n",
    "\u{feff}",
    "#",
    "true",
    "[[population]]",
    "\"lif\"",
    "\u{1b}[31m",
    "'''",
    "\0",
];

impl Edit {
    /// Makes the change.
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let place = |at: u32| at as usize % bytes.len();
        let span = |at: u32, length: u8| place(at)..(place(at) + usize::from(length)).min(bytes.len());
        match *self {
            Self::Flip { at, bit } => {
                let at = place(at);
                bytes[at] ^= 1 << (bit % 8);
            }
            Self::Put { at, value } => {
                let at = place(at);
                bytes[at] = value;
            }
            Self::Extreme { at, width, which, big_endian } => {
                let width = 1 << (width % 4);
                let most = u64::MAX >> (64 - 8 * width);
                let value = [0, 1, most, most - 1, most / 2, most / 2 + 1][usize::from(which) % 6];
                let mut written = value.to_le_bytes()[..width].to_vec();
                if big_endian {
                    written.reverse();
                }
                let range = span(at, width as u8);
                written.truncate(range.len());
                bytes[range].copy_from_slice(&written);
            }
            Self::Cut { at } => {
                let at = place(at);
                bytes.truncate(at);
            }
            Self::Remove { at, length } => {
                let range = span(at, length);
                bytes.drain(range);
            }
            Self::Repeat { at, length, times } => {
                let range = span(at, length);
                let again = bytes[range.clone()].repeat(usize::from(times % 16));
                bytes.splice(range.end..range.end, again);
            }
            Self::Copy { from, to, length } => {
                let from = bytes[span(from, length)].to_vec();
                let to = span(to, length);
                let common = from.len().min(to.len());
                bytes[to.start..to.start + common].copy_from_slice(&from[..common]);
            }
            Self::Word { at, which } => {
                let inside = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-+".contains(byte);
                let at = place(at);
                let start = bytes[..at].iter().rposition(|byte| !inside(byte)).map_or(0, |before| before + 1);
                let end = bytes[at..].iter().position(|byte| !inside(byte)).map_or(bytes.len(), |length| at + length);
                let word = WORDS[usize::from(which) % WORDS.len()];
                bytes.splice(start..end.max(start), word.bytes());
            }
        }
    }
}

/// `file` with all changes, in their order.
pub(crate) fn edited(file: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = file.to_vec();
    edits.iter().for_each(|edit| edit.apply(&mut bytes));
    bytes
}

#[test]
fn changes_stay_within_their_file() {
    let file = b"a = 17\n";
    let changed = |edit| String::from_utf8_lossy(&edited(file, &[edit])).into_owned();
    assert_eq!(changed(Edit::Word { at: 5, which: 1 }), "a = -1\n");
    assert_eq!(changed(Edit::Cut { at: 8 }), "a");
    assert_eq!(changed(Edit::Remove { at: 5, length: 255 }), "a = 1");
    assert_eq!(changed(Edit::Repeat { at: 4, length: 1, times: 2 }), "a = 1117\n");
    assert_eq!(changed(Edit::Copy { from: 0, to: 6, length: 3 }), "a = 17a");
    let extreme = Edit::Extreme { at: 6, width: 3, which: 2, big_endian: true };
    assert_eq!(edited(file, &[extreme]), b"a = 17\xff");
    assert!(edited(&[], &[Edit::Flip { at: 9, bit: 9 }]).is_empty());
}
