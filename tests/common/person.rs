//! Somebody who talks to a server in lines, through a plain socket: as with `nc`.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use super::LIMIT;

pub struct Person {
    reader: BufReader<TcpStream>,
    /// All lines that have come and were looked at.
    heard: Vec<String>,
}

impl Person {
    pub fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        Self { reader: BufReader::new(stream), heard: Vec::new() }
    }

    pub fn say(&mut self, line: impl AsRef<[u8]>) {
        self.send([line.as_ref(), b"\n"].concat());
    }

    /// Sends bytes, whether they are a line or not.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.reader.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// Waits for a line that begins so, and returns it.
    #[track_caller]
    pub fn hear(&mut self, beginning: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.reader.read_line(&mut line);
            assert!(
                read.is_ok() && line.ends_with('\n'),
                "no {beginning:?} after {:#?}: {read:?}",
                self.heard
            );
            self.heard.push(line.trim_end().to_string());
            if line.starts_with(beginning) {
                return line.trim_end().to_string();
            }
        }
    }

    /// Sends no more.
    pub fn finish(&self) {
        self.reader.get_ref().shutdown(Shutdown::Write).unwrap();
    }

    /// Waits until there is nothing more to read, and says whether that is because the server has
    /// ended or cut the connection, and not because it is silent.
    pub fn wait_cut_off(mut self) -> bool {
        match self.reader.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }

    /// Waits for the server's end, and returns all lines there have been.
    #[track_caller]
    pub fn hear_all(mut self) -> Vec<String> {
        let mut rest = String::new();
        self.reader.read_to_string(&mut rest).unwrap();
        self.heard.extend(rest.lines().map(ToString::to_string));
        self.heard
    }
}
