//! What proxies send.

/// Of version 1, from this client.
pub(crate) fn line(client: &str) -> Vec<u8> {
    let client: std::net::SocketAddr = client.parse().unwrap();
    let (ip, port) = (client.ip(), client.port());
    match client.is_ipv4() {
        true => format!("PROXY TCP4 {ip} 203.0.113.1 {port} 443\r\n"),
        false => format!("PROXY TCP6 {ip} 2001:db8::ffff {port} 443\r\n"),
    }
    .into_bytes()
}

/// Of version 2, with this command, family and block.
pub(crate) fn binary(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let length = u16::try_from(block.len()).unwrap().to_be_bytes();
    [b"\r\n\r\n\0\r\nQUIT\n", &[command, family][..], &length, block].concat()
}

/// Of version 2, from 192.0.2.1:8080, with these values.
pub(crate) fn with_values(values: &[u8]) -> Vec<u8> {
    binary(0x21, 0x11, &[&[192, 0, 2, 1, 203, 0, 113, 1, 0x1f, 0x90, 1, 187], values].concat())
}

/// A value of this type.
pub(crate) fn value(kind: u8, data: &[u8]) -> Vec<u8> {
    [&[kind], &u16::try_from(data.len()).unwrap().to_be_bytes()[..], data].concat()
}
