//! HTTP/2 by hand: frames as they are asked for, right or wrong.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::connect;

/// What a client says first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The method that is called.
pub const CHECK: &str = "/consent.v1.DecisionService/CheckSend";

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RESET: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// A frame, whatever is in it.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// The headers of a call, none of them indexed.
pub fn call(path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let fixed = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    ];
    let mut block = Vec::new();
    for (name, value) in fixed.iter().chain(more) {
        block.push(0);
        for text in [name, value] {
            length(text.len(), &mut block);
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// A length as HPACK has it: seven bits, and what is left in seven bits each.
fn length(length: usize, into: &mut Vec<u8>) {
    if length < 127 {
        return into.push(u8::try_from(length).unwrap());
    }
    into.push(127);
    let mut left = length - 127;
    while left >= 128 {
        into.push(u8::try_from(left % 128).unwrap() | 128);
        left /= 128;
    }
    into.push(u8::try_from(left).unwrap());
}

/// A message as gRPC frames it.
pub fn message(bytes: &[u8]) -> Vec<u8> {
    let mut framed = vec![0];
    framed.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
    framed.extend_from_slice(bytes);
    framed
}

/// A connection that has said hello, with these settings.
pub fn hello(address: SocketAddr, settings: &[(u16, u32)]) -> TcpStream {
    let mut stream = connect(address);
    let mut payload = Vec::new();
    for (name, value) in settings {
        payload.extend_from_slice(&name.to_be_bytes());
        payload.extend_from_slice(&value.to_be_bytes());
    }
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &payload)].concat()).unwrap();
    stream
}

/// Writes for as long as the other side takes it; whether all was taken.
pub fn pour(stream: &mut TcpStream, bytes: impl Iterator<Item = Vec<u8>>) -> bool {
    for bytes in bytes {
        if stream.write_all(&bytes).is_err() {
            return false;
        }
    }
    true
}

/// A frame that was read.
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

/// The next frame; none where the connection ended before.
pub fn next(stream: &mut TcpStream) -> Option<Frame> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).ok()?;
    let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
    Some(Frame { kind: head[3], flags: head[4], stream: id, payload })
}

/// Reads frames until one is as looked for; none where the connection ended before.
pub fn until(stream: &mut TcpStream, is_it: impl Fn(u8, u32, &[u8]) -> bool) -> Option<(u8, Vec<u8>)> {
    loop {
        let frame = next(stream)?;
        if is_it(frame.kind, frame.stream, &frame.payload) {
            return Some((frame.kind, frame.payload));
        }
    }
}

/// Whether the server ends the connection, be it with a GOAWAY that names an error.
pub fn is_ended(stream: &mut TcpStream) -> bool {
    until(stream, |kind, _, payload| kind == GOAWAY && payload.get(4..8).is_some_and(|code| code != [0; 4])).is_some()
        || !matches!(stream.read(&mut [0; 1]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}
