//! Containers made on purpose: any content under a header, length and digest that fit it. Built from the table in the
//! documentation of `formats::container`, not with its code.

/// Bytes before the content.
const HEADER: usize = 64;

/// `file`, a container, with the content that `change` makes of its own.
pub(crate) fn forged(file: &[u8], change: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let content = change(&file[HEADER..]);
    let mut bytes = file[..24].to_vec();
    bytes.extend((content.len() as u64).to_le_bytes());
    let digest = blake3::hash(&[&bytes[..], &content[..]].concat());
    bytes.extend(digest.as_bytes());
    bytes.extend(content);
    bytes
}

#[test]
fn a_container_with_its_own_content_is_itself() {
    let kind = formats::container::Kind { name: "test", version: 7 };
    let file = formats::container::encode(kind, &(1u32, "two"));
    assert_eq!(forged(&file, <[u8]>::to_vec), file);
    let other = forged(&file, |content| [&[9], &content[1..]].concat());
    assert_eq!(formats::container::decode(kind, &other), Ok((9u32, "two".to_owned())));
}
