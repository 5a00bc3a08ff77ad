//! Writing arrays and archives of them, stored as they are: `numpy.load` reads them.

/// An archive of one-dimensional arrays, each with its name, its type as NumPy spells it, how many elements it has, and
/// their bytes. The same arrays give the same bytes everywhere.
pub fn write_arrays(arrays: &[(String, &str, usize, Vec<u8>)]) -> Vec<u8> {
    let files: Vec<_> = arrays.iter().map(|(name, kind, count, data)| (name, npy(kind, &[*count], data))).collect();
    archive(files.iter().map(|(name, file)| (name.as_str(), file.as_slice())))
}

/// An archive of `.npy` files, each with the name of its array, stored as they are.
pub fn archive<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let (mut archive, mut directory, mut count) = (Vec::new(), Vec::new(), 0u16);
    for (name, content) in files {
        let name = format!("{name}.npy");
        let mut sum = flate2::Crc::new();
        sum.update(content);
        let at = (archive.len() as u32).to_le_bytes();
        // Version 2.0, no flags, stored; the earliest day that can be named, so that no clock is in the file.
        let mut entry = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        entry.extend(sum.sum().to_le_bytes());
        entry.extend((content.len() as u32).to_le_bytes());
        entry.extend((content.len() as u32).to_le_bytes());
        entry.extend((name.len() as u16).to_le_bytes());
        entry.extend([0, 0]);
        archive.extend(b"PK\x03\x04");
        archive.extend(&entry);
        archive.extend(name.as_bytes());
        archive.extend(content);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&entry);
        directory.extend([0; 10]);
        directory.extend(at);
        directory.extend(name.as_bytes());
        count += 1;
    }
    let start = archive.len() as u32;
    let size = directory.len() as u32;
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\x00\x00\x00\x00");
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(size.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

/// A `.npy` file of one array: its type as NumPy spells it, its shape, its elements row by row. Its header is filled up
/// so that the elements begin at a multiple of 64 bytes.
pub fn npy(kind: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    // As Python prints a tuple: one length has a comma behind it.
    let lengths: Vec<_> = shape.iter().map(ToString::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let shape = format!("({}{comma})", lengths.join(", "));
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    let length = (header.len() + 11).next_multiple_of(64) - 10;
    header.extend(std::iter::repeat_n(' ', length - 1 - header.len()));
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(data);
    file
}
