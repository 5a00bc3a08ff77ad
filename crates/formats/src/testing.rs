//! Files for tests, as NumPy would write them.

/// An npy file of elements that NumPy spells `descr`.
pub(crate) fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// An archive of npy files, stored as they are.
pub(crate) fn npz(arrays: &[(&str, &[u8])]) -> Vec<u8> {
    crate::npz::archive(arrays.iter().copied())
}
