//! Encoders of the formats, after their specifications and independent of the readers. An event is (time, x, y,
//! polarity); times are those that go on, and each encoder cuts them to the clock of its format.

pub(super) type Event = (u64, u16, u16, u8);

/// 40 bits: x, y, polarity, time of 23 bits.
pub(super) fn bs2(events: &[Event]) -> Vec<u8> {
    let word = |&(t, x, y, p): &Event| {
        (u64::from(x) << 32 | u64::from(y) << 24 | u64::from(p) << 23 | (t % (1 << 23))).to_be_bytes()
    };
    events.iter().flat_map(|event| word(event)[3..].to_vec()).collect()
}

/// 56 bits: x and y of 12, channel of 8, time of 24 bits.
pub(super) fn bs3(events: &[Event]) -> Vec<u8> {
    let word = |&(t, x, y, p): &Event| {
        (u64::from(x) << 44 | u64::from(y) << 32 | u64::from(p) << 24 | (t % (1 << 24))).to_be_bytes()
    };
    events.iter().flat_map(|event| word(event)[1..].to_vec()).collect()
}

/// 40 bits: number of 16, time of 24 bits.
pub(super) fn bs1(events: &[(u64, u16)]) -> Vec<u8> {
    let word = |&(t, id): &(u64, u16)| ((u64::from(id) << 24) | (t % (1 << 24))).to_be_bytes();
    events.iter().flat_map(|event| word(event)[3..].to_vec()).collect()
}

pub(super) fn aedat2(chip: &str, events: &[Event]) -> Vec<u8> {
    let mut bytes = b"#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n".to_vec();
    bytes.extend_from_slice(format!("# AEChip: eu.seebetter.ini.chips.{chip}\r\n").as_bytes());
    for &(t, x, y, p) in events {
        let (x, y, p) = (u32::from(x), u32::from(y), u32::from(p));
        let address = if chip.contains("davis") { y << 22 | x << 12 | p << 11 } else { y << 8 | x << 1 | p };
        bytes.extend_from_slice(&address.to_be_bytes());
        bytes.extend_from_slice(&(t as u32).to_be_bytes());
    }
    bytes
}

pub(super) fn aedat3_header(source: &str) -> Vec<u8> {
    format!("#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: {source}\r\n#Start-Time: 2016-10-13\r\n#!END-HEADER\r\n")
        .into_bytes()
}

pub(super) fn aedat3_packet(kind: u16, size: u32, overflows: u32, count: u32, events: &[u8]) -> Vec<u8> {
    let mut bytes = [kind.to_le_bytes(), 1u16.to_le_bytes()].concat();
    bytes.extend([size, 4, overflows, count, count, count].iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend_from_slice(events);
    bytes
}

/// Packets of at most seven events with one overflow.
pub(super) fn aedat3(source: &str, events: &[Event]) -> Vec<u8> {
    let mut bytes = aedat3_header(source);
    for same in events.chunk_by(|a, b| a.0 >> 31 == b.0 >> 31) {
        for packet in same.chunks(7) {
            let event = |&(t, x, y, p): &Event| {
                let data = u32::from(x) << 17 | u32::from(y) << 2 | u32::from(p) << 1 | 1;
                [data.to_le_bytes(), ((t & 0x7fff_ffff) as u32).to_le_bytes()].concat()
            };
            let content: Vec<u8> = packet.iter().flat_map(event).collect();
            bytes.extend(aedat3_packet(1, 8, (packet[0].0 >> 31) as u32, packet.len() as u32, &content));
        }
    }
    bytes
}

/// A FlatBuffer without its size: a table whose fields lie one after the other, with what they point at behind it.
/// `fields` are 4 or 8 bytes of a number, or what follows a vector's length, with the length.
enum Field {
    Int(i32),
    Long(i64),
    Vector(u32, Vec<u8>),
}

fn flat(identifier: &[u8; 4], fields: &[Field]) -> Vec<u8> {
    let table_list = 4 + 2 * fields.len();
    let list_at = 8usize;
    let table_at = (list_at + table_list).next_multiple_of(8) + 4;
    let mut inline = Vec::new();
    let mut offsets = Vec::new();
    for field in fields {
        let at = 4 + inline.len();
        offsets.push(at as u16);
        match field {
            Field::Int(value) => inline.extend_from_slice(&value.to_le_bytes()),
            Field::Long(value) => inline.extend_from_slice(&value.to_le_bytes()),
            Field::Vector(..) => inline.extend_from_slice(&[0; 4]),
        }
    }
    let mut bytes = (table_at as u32).to_le_bytes().to_vec();
    bytes.extend_from_slice(identifier);
    bytes.extend_from_slice(&(table_list as u16).to_le_bytes());
    bytes.extend_from_slice(&((4 + inline.len()) as u16).to_le_bytes());
    offsets.iter().for_each(|offset| bytes.extend_from_slice(&offset.to_le_bytes()));
    bytes.resize(table_at, 0);
    bytes.extend_from_slice(&((table_at - list_at) as i32).to_le_bytes());
    bytes.extend_from_slice(&inline);
    for (field, offset) in fields.iter().zip(&offsets) {
        if let Field::Vector(count, content) = field {
            let at = table_at + usize::from(*offset);
            // The elements, which follow the length, start at a multiple of 8.
            bytes.resize((bytes.len() + 4).next_multiple_of(8) - 4, 0);
            let here = (bytes.len() - at) as u32;
            bytes[at..at + 4].copy_from_slice(&here.to_le_bytes());
            bytes.extend_from_slice(&count.to_le_bytes());
            bytes.extend_from_slice(content);
        }
    }
    bytes
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_le_bytes(), bytes].concat()
}

pub(super) fn aedat4_header(compression: i32, streams: &str) -> Vec<u8> {
    let fields =
        [Field::Int(compression), Field::Long(-1), Field::Vector(streams.len() as u32, streams.as_bytes().to_vec())];
    [b"#!AER-DAT4.0\r\n".to_vec(), sized(&flat(b"IOHE", &fields))].concat()
}

pub(super) fn aedat4_packet(stream: i32, events: &[Event]) -> Vec<u8> {
    let event =
        |&(t, x, y, p): &Event| [&t.to_le_bytes()[..], &x.to_le_bytes(), &y.to_le_bytes(), &[p, 0, 0, 0]].concat();
    let content: Vec<u8> = events.iter().flat_map(event).collect();
    let packet = sized(&flat(b"EVTS", &[Field::Vector(events.len() as u32, content)]));
    [&stream.to_le_bytes()[..], &(packet.len() as u32).to_le_bytes(), &packet].concat()
}

/// What DV writes about a stream of events.
pub(super) fn aedat4_stream(number: u32, kind: &str, width: u16, height: u16) -> String {
    format!(
        "<node name=\"{number}\" path=\"/mainloop/Recorder/outInfo/{number}/\">\
         <attr key=\"typeIdentifier\" type=\"string\">{kind}</attr>\
         <node name=\"info\" path=\"/mainloop/Recorder/outInfo/{number}/info/\">\
         <attr key=\"sizeX\" type=\"int\">{width}</attr><attr key=\"sizeY\" type=\"int\">{height}</attr></node></node>"
    )
}

pub(super) fn aedat4(events: &[Event], width: u16, height: u16) -> Vec<u8> {
    let streams = format!("<dv version=\"2.0\">{}</dv>", aedat4_stream(0, "EVTS", width, height));
    let mut bytes = aedat4_header(0, &streams);
    events.chunks(5).for_each(|packet| bytes.extend(aedat4_packet(0, packet)));
    bytes
}

pub(super) fn evt2(header: &str, events: &[Event]) -> Vec<u8> {
    let (mut bytes, mut high) = (header.as_bytes().to_vec(), None);
    for &(t, x, y, p) in events {
        let of = (t >> 6) as u32 & 0x0fff_ffff;
        if high != Some(of) {
            bytes.extend_from_slice(&(8 << 28 | of).to_le_bytes());
            high = Some(of);
        }
        let word = u32::from(p) << 28 | (t as u32 & 63) << 22 | u32::from(x) << 11 | u32::from(y);
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// Words are written where they change something, as by the camera; the high part of the time also where it does not.
pub(super) fn evt3(header: &str, events: &[Event]) -> Vec<u8> {
    let mut bytes = header.as_bytes().to_vec();
    let (mut high, mut low, mut row) = (None, None, None);
    for (index, &(t, x, y, p)) in events.iter().enumerate() {
        let (time_high, time_low) = ((t >> 12) as u16 & 0xfff, t as u16 & 0xfff);
        let mut word = |word: u16| bytes.extend_from_slice(&word.to_le_bytes());
        if high != Some(time_high) || index % 3 == 0 {
            word(8 << 12 | time_high);
            low = if high == Some(time_high) { low } else { None };
            high = Some(time_high);
        }
        if low != Some(time_low) {
            word(6 << 12 | time_low);
            low = Some(time_low);
        }
        if row != Some(y) {
            word(y);
            row = Some(y);
        }
        word(2 << 12 | u16::from(p) << 11 | x);
    }
    bytes
}

pub(super) fn dat(header: &str, events: &[Event]) -> Vec<u8> {
    let mut bytes = header.as_bytes().to_vec();
    let is_new = header.contains("Version 2");
    if !header.is_empty() {
        bytes.extend_from_slice(&[0x0c, 8]);
    }
    for &(t, x, y, p) in events {
        let (x, y, p) = (u32::from(x), u32::from(y), u32::from(p));
        let data = if is_new { p << 28 | y << 14 | x } else { p << 17 | y << 9 | x };
        bytes.extend_from_slice(&(t as u32).to_le_bytes());
        bytes.extend_from_slice(&data.to_le_bytes());
    }
    bytes
}

fn es_head(kind: u8, width: u16, height: u16) -> Vec<u8> {
    let head = [&b"Event Stream\x02\x00\x00"[..], &[kind], &width.to_le_bytes(), &height.to_le_bytes()];
    head.concat()
}

pub(super) fn es(events: &[Event], width: u16, height: u16) -> Vec<u8> {
    let (mut bytes, mut last) = (es_head(1, width, height), 0);
    for &(t, x, y, p) in events {
        let since = t - last;
        last = t;
        bytes.extend(std::iter::repeat_n(0xff, (since / 127) as usize));
        bytes.push(((since % 127) as u8) << 1 | p);
        bytes.extend(x.to_le_bytes().into_iter().chain(y.to_le_bytes()));
    }
    bytes
}

/// The same as a stream of an ATIS, which counts up to three overflows in a byte.
pub(super) fn es_atis(events: &[Event], width: u16, height: u16) -> Vec<u8> {
    let (mut bytes, mut last) = (es_head(2, width, height), 0);
    for &(t, x, y, p) in events {
        let (mut overflows, rest) = ((t - last) / 63, (t - last) % 63);
        last = t;
        while overflows > 0 {
            let some = overflows.min(3);
            bytes.push(0xfc | some as u8);
            overflows -= some;
        }
        bytes.push((rest as u8) << 2 | p << 1);
        bytes.extend(x.to_le_bytes().into_iter().chain(y.to_le_bytes()));
    }
    bytes
}

/// An npy file of version 1.
pub(super) fn npy(descr: &str, shape: &str, content: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}");
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(content);
    bytes
}
