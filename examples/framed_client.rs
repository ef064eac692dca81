//! A client that sends each line of its input as a message, and prints what comes back and when.
//!
//! ```text
//! cargo run --example framed_client -- [--codec length|lines] [--address ADDRESS] [--ask] [--within SECONDS]
//! ```
//!
//! The default address is localhost:4444, where `framed_server` listens; both have to speak in the
//! same codec. Messages are sent as fast as they are typed, and answers printed when they come. With
//! `--ask` the next line is read when there is an answer to this one, or none has come within the
//! time, five seconds by default.

#![allow(clippy::print_stdout, reason = "this is what the program is for")]

mod options;

use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

use options::Options;
use sockeye::framed::{self, Codec, LengthPrefix, Lines};
use sockeye::{Client, CloseReason, Service, client};

const USAGE: &str = "usage: framed_client [--codec length|lines] [--address ADDRESS] [--ask] \
                     [--within SECONDS]";

/// How long it takes to connect, or to say goodbye, at most.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is told beside the answers.
struct Watch;

impl client::Events for Watch {
    fn on_disconnected(&self, reason: &CloseReason) {
        println!("Disconnected: {reason}");
    }
}

struct Settings {
    address: String,
    ask: bool,
    within: Duration,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options::new(USAGE);
    let codec: String = options.value("--codec", "length".into())?;
    let address = options.value("--address", "localhost:4444".into())?;
    let ask = options.flag("--ask");
    let within = Duration::try_from_secs_f64(options.value("--within", 5.0)?).map_err(|_| USAGE)?;
    options.end()?;

    let settings = Settings { address, ask, within };
    match &*codec {
        "length" => run(LengthPrefix::u32(), &settings),
        "lines" => run(Lines::new(), &settings),
        _ => Err(USAGE.into()),
    }
}

fn run<C>(codec: C, settings: &Settings) -> Result<(), Box<dyn Error>>
where
    C: Codec<Message: ToOwned<Owned: AsRef<[u8]> + Send> + AsRef<[u8]>>,
{
    let service = Service::builder().threads(1).start()?;
    if settings.ask {
        ask(&service, codec, settings)?;
    } else {
        talk(&service, codec, settings)?;
    }
    service.stop()?;
    println!("Done!");
    Ok(())
}

/// Sends without waiting for answers.
fn talk<C>(service: &Service, codec: C, settings: &Settings) -> Result<(), Box<dyn Error>>
where
    C: Codec<Message: AsRef<[u8]>>,
{
    let start = Instant::now();
    let print = move |_: &mut framed::Session<'_>, message: &C::Message| {
        println!("After {}: {}", seconds(start), text(message));
    };
    let client = connect(service, framed::client(codec, print), settings)?;
    for line in io::stdin().lines() {
        let sent = client.handle().send(line?);
        if !sent.is_queued() {
            println!("Not sent: {sent:?}");
        }
    }
    // The server gets the end behind the messages, and ends the session behind its answers.
    if client.handle().post(|session| session.finish()).is_ok() {
        client.wait_disconnected(PATIENCE)?;
    }
    Ok(())
}

/// Sends one message at a time, and waits for the answer.
fn ask<C>(service: &Service, codec: C, settings: &Settings) -> Result<(), Box<dyn Error>>
where
    C: Codec<Message: ToOwned<Owned: AsRef<[u8]> + Send> + AsRef<[u8]>>,
{
    let (protocol, requests) = framed::requests(service, codec).build();
    let client = connect(service, protocol, settings)?;
    for line in io::stdin().lines() {
        let (line, start) = (line?, Instant::now());
        match requests.call(line, settings.within) {
            Ok(answer) => println!("Answer after {}: {}", seconds(start), text(&answer)),
            Err(error) => println!("No answer: {error}"),
        }
    }
    client.disconnect();
    client.wait_disconnected(PATIENCE)?;
    Ok(())
}

fn connect(
    service: &Service,
    protocol: framed::ClientProtocol,
    settings: &Settings,
) -> sockeye::Result<Client> {
    let client = Client::builder(service, protocol).events(Watch).connect(&*settings.address)?;
    client.wait_connected(PATIENCE)?;
    println!("Connected. Type lines; the end of input (Ctrl+D) ends the client.");
    Ok(client)
}

fn seconds(since: Instant) -> String {
    format!("{:.6} s", since.elapsed().as_secs_f64())
}

fn text(message: &(impl AsRef<[u8]> + ?Sized)) -> String {
    String::from_utf8_lossy(message.as_ref()).into_owned()
}
