//! A protocol of one's own: commands in frames with a magic byte, a length and a checksum, of which
//! handlers see nothing.
//!
//! ```text
//! cargo run --example framed_custom
//! ```
//!
//! A server adds what its clients send it. One client speaks as it should, another one does not.
//!
//! | a frame | |
//! |---|---|
//! | 1 byte | 0xa5 |
//! | 2 bytes | the length of the command, the higher byte first |
//! | 1 byte | the command's kind |
//! | as many as the length says, less one | what the command needs |
//! | 1 byte | the sum of the command's bytes |

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use std::error::Error;
use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use sockeye::framed::{self, Codec, Decoded, Frame};
use sockeye::{Client, CloseReason, Server, Service, Violation};

/// What both sides say to each other.
#[derive(Clone, Debug, PartialEq)]
enum Command {
    Hello { name: String },
    Add { number: i32 },
    Sum { number: i64 },
}

impl Command {
    fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Hello { name } => [b"h", name.as_bytes()].concat(),
            Self::Add { number } => [&b"+"[..], &number.to_be_bytes()].concat(),
            Self::Sum { number } => [&b"="[..], &number.to_be_bytes()].concat(),
        }
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Violation> {
        match *bytes {
            [b'h', ref name @ ..] => {
                let name = str::from_utf8(name).map_err(|_| Violation::NotUtf8)?.to_string();
                Ok(Self::Hello { name })
            }
            [b'+', a, b, c, d] => Ok(Self::Add { number: i32::from_be_bytes([a, b, c, d]) }),
            [b'=', a, b, c, d, e, f, g, h] => {
                Ok(Self::Sum { number: i64::from_be_bytes([a, b, c, d, e, f, g, h]) })
            }
            _ => Err(Violation::malformed("a command that nobody knows")),
        }
    }
}

/// How commands lie in the stream.
#[derive(Clone, Default)]
struct Commands {
    /// The one that the handler is looking at.
    command: Option<Command>,
}

const MAGIC: u8 = 0xa5;

impl Codec for Commands {
    type Message = Command;

    fn decode(&mut self, data: &[u8]) -> Result<Decoded, Violation> {
        let end = match *data {
            [MAGIC, high, low, ..] => 3 + usize::from(u16::from_be_bytes([high, low])) + 1,
            [MAGIC, ..] => return Ok(Decoded::Incomplete { wanted: 3 }),
            _ => return Err(Violation::malformed("a frame without its magic byte")),
        };
        if data.len() < end {
            return Ok(Decoded::Incomplete { wanted: end });
        }
        let payload = 3..end - 1;
        if data[end - 1] != checksum(&data[payload.clone()]) {
            return Err(Violation::malformed("a frame with a wrong checksum"));
        }
        Ok(Decoded::Frame { payload, end })
    }

    fn read<'a>(&'a mut self, payload: &'a [u8]) -> Result<&'a Command, Violation> {
        Ok(self.command.insert(Command::from_bytes(payload)?))
    }

    fn encode(&self, message: &[u8], frame: &mut Frame<'_>) -> Result<(), Violation> {
        let too_long = |_| Violation::TooLong { limit: usize::from(u16::MAX) };
        let length = u16::try_from(message.len()).map_err(too_long)?;
        frame.put(&[MAGIC]);
        frame.put(&length.to_be_bytes());
        frame.message();
        frame.put(&[checksum(message)]);
        Ok(())
    }

    fn max_frame(&self) -> usize {
        3 + usize::from(u16::MAX) + 1
    }
}

fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// A client's session, in the server.
struct Adder {
    name: String,
    sum: i64,
    ended: Sender<String>,
}

impl framed::Handler<Command> for Adder {
    fn on_message(&mut self, session: &mut framed::Session<'_>, command: &Command) {
        match command {
            Command::Hello { name } => self.name.clone_from(name),
            Command::Add { number } => {
                self.sum += i64::from(*number);
                session.send(Command::Sum { number: self.sum }.to_bytes());
            }
            Command::Sum { .. } => session.close_because("a sum is for the server to say"),
        }
    }

    fn on_close(&mut self, _session: &mut framed::Session<'_>, reason: &CloseReason) {
        let _ = self.ended.send(format!("{}: {reason}", self.name));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let patience = Duration::from_secs(10);
    let service = Service::builder().threads(1).start()?;
    let (ended, ends) = channel();
    let adder = move |_: &_| Adder { name: "somebody".into(), sum: 0, ended: ended.clone() };
    let protocol = framed::server(Commands::default(), adder);
    let server = Server::builder(&service, protocol).listen("127.0.0.1:0")?;

    let (sums, sum) = channel();
    let tell = move |_: &mut framed::Session<'_>, command: &Command| {
        let _ = sums.send(command.clone());
    };
    let client = Client::builder(&service, framed::client(Commands::default(), tell))
        .connect(server.local_addr())?;
    client.wait_connected(patience)?;
    client.handle().send(Command::Hello { name: "Ada".into() }.to_bytes());
    for number in [1, 20, -300] {
        client.handle().send(Command::Add { number }.to_bytes());
        println!("{:?} gives {:?}", Command::Add { number }, sum.recv_timeout(patience)?);
    }
    client.handle().close();
    println!("Session ended: {}", ends.recv_timeout(patience)?);

    vandalize(&server)?;
    println!("Session ended: {}", ends.recv_timeout(patience)?);
    service.stop()?;
    Ok(())
}

/// Sends a command byte by byte, and a damaged one behind it.
fn vandalize(server: &Server) -> io::Result<()> {
    let address = server.local_addr().socket_addr().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    for byte in b"\xa5\0\x04hBob\x7b" {
        stream.write_all(&[*byte])?;
    }
    stream.write_all(b"\xa5\0\x05+\0\0\0\x01\xff")
}
