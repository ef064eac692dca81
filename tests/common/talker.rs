//! Somebody who talks to a server in texts of WebSocket, through a plain socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::Value;

use super::LIMIT;

/// Of a stream that carries it: a socket, or TLS.
pub struct Talker<S = TcpStream> {
    stream: BufReader<S>,
    /// All that was heard and looked at.
    heard: Vec<String>,
}

impl Talker {
    pub fn connect(address: &str, path: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        Self::over(stream, path)
    }
}

impl<S: Read + Write> Talker<S> {
    /// Asks for WebSocket, which must be granted.
    pub fn over(mut stream: S, path: &str) -> Self {
        let fields = "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                      Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
        stream.write_all(format!("GET {path} HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes()).unwrap();
        let mut stream = BufReader::new(stream);
        let head = stream.by_ref().lines().map(Result::unwrap);
        let head = head.take_while(|line| !line.is_empty()).collect::<Vec<_>>();
        assert_eq!(head[0], "HTTP/1.1 101 Switching Protocols", "{head:#?}");
        // The answer to this key in RFC 6455 1.3.
        let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
        assert!(head.iter().any(|line| line == accept), "{head:#?}");
        Self { stream, heard: Vec::new() }
    }

    pub fn say(&mut self, text: &str) {
        self.send(1, text.as_bytes());
    }

    /// Sends a frame, masked with what nobody need guess here.
    pub fn send(&mut self, opcode: u8, data: &[u8]) {
        const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
        let mut frame = vec![0x80 | opcode];
        match u8::try_from(data.len()) {
            Ok(len @ ..=125) => frame.push(0x80 | len),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            }
        }
        frame.extend(MASK);
        frame.extend(data.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.stream.get_mut().write_all(&frame).unwrap();
    }

    /// Waits for a text that begins so, and returns it.
    #[track_caller]
    pub fn hear(&mut self, beginning: &str) -> String {
        self.find(beginning, |text| text.starts_with(beginning))
    }

    /// Waits for a JSON text whose `type` is this one, and returns it.
    #[track_caller]
    pub fn hear_type(&mut self, kind: &str) -> Value {
        let of = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        of(&self.find(kind, |text| of(text)["type"] == kind))
    }

    /// Waits for the server's close, answers it, hangs up when the stream has ended, and returns the
    /// code and its words.
    #[track_caller]
    pub fn hear_close(mut self) -> (u16, String) {
        let begun = Instant::now();
        loop {
            let (opcode, data) = self.next(begun);
            if opcode == 8 {
                self.send(8, &data[..2]);
                let code = u16::from_be_bytes([data[0], data[1]]);
                assert_eq!(self.stream.read(&mut [0]).unwrap(), 0, "then the stream ends");
                return (code, String::from_utf8(data[2..].to_vec()).unwrap());
            }
            self.heard.push(String::from_utf8(data).unwrap());
        }
    }

    /// All texts that were looked at.
    pub fn heard(&self) -> &[String] {
        &self.heard
    }

    #[track_caller]
    fn find(&mut self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let (opcode, data) = self.next(begun);
            let text = String::from_utf8_lossy(&data).into_owned();
            assert_eq!(opcode, 1, "no {what:?} but {text:?} after {:#?}", self.heard);
            self.heard.push(text.clone());
            if is_it(&text) {
                return text;
            }
        }
    }

    /// The next frame, which is whole and not masked; pings are answered. A server that only shows that
    /// it is alive is waited for no longer than one that is silent.
    #[track_caller]
    fn next(&mut self, begun: Instant) -> (u8, Vec<u8>) {
        loop {
            assert!(begun.elapsed() < LIMIT, "not within the limit: {:#?}", self.heard);
            let [first, second] = self.read::<2>();
            assert_eq!(first & 0xF0, 0x80, "one frame, nothing reserved");
            let len = match second {
                126 => u16::from_be_bytes(self.read()).into(),
                127 => usize::try_from(u64::from_be_bytes(self.read())).unwrap(),
                len => usize::from(len),
            };
            let mut data = vec![0; len];
            self.stream.read_exact(&mut data).unwrap();
            match first & 0x0F {
                9 => self.send(10, &data),
                opcode => return (opcode, data),
            }
        }
    }

    #[track_caller]
    fn read<const N: usize>(&mut self) -> [u8; N] {
        let mut data = [0; N];
        if let Err(error) = self.stream.read_exact(&mut data) {
            panic!("{error} after {:#?}", self.heard);
        }
        data
    }
}
