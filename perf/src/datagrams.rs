//! Messages that are datagrams, each with its number: what is in flight, what came back, and what
//! was lost on the way and is sent again.
//!
//! A message is its number (eight bytes, little-endian) and a part of the client's stream that
//! depends on it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sockeye::{CloseReason, Error, Service, Timer, udp};

use crate::client::Link;
use crate::echo::Pace;
use crate::pattern::Stream;
use crate::run::Run;

/// The shortest message.
pub(crate) const SHORTEST: usize = NUMBER;

/// One client's messages, shared by its handler, its timer, and the thread that sends the first
/// ones.
#[derive(Clone, Debug)]
pub struct Datagrams(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    run: Arc<Run>,
    client: usize,
    size: usize,
    pace: Pace,
    flight: Flight,
    /// Messages of the first sending, or of the schedule.
    planned: u64,
    buffer: Vec<u8>,
    ended: bool,
}

impl Datagrams {
    /// A client that has sent nothing yet.
    pub(crate) fn new(run: Arc<Run>, client: usize, size: usize, pace: Pace) -> Self {
        let planned = match pace {
            Pace::InFlight(messages) => messages,
            Pace::Due(schedule) => schedule.messages(client),
        };
        let flight = Flight::default();
        let buffer = Vec::with_capacity(size);
        let state = State { run, client, size, pace, flight, planned, buffer, ended: false };
        Self(Arc::new(Mutex::new(state)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends again what has been away for too long.
    fn send_lost(&self, socket: &udp::Handle) {
        let mut state = self.lock();
        let now = state.run.now();
        for number in state.flight.lost(now) {
            state.run.statistics().of(state.client).lost += 1;
            state.write(number);
            // What cannot be queued is lost again.
            let _ = socket.send(&state.buffer);
        }
    }
}

impl State {
    fn write(&mut self, number: u64) {
        let Self { buffer, client, size, .. } = self;
        write(buffer, Stream::new(*client), number, *size);
    }

    /// True when another message is to follow.
    fn received(&mut self, now: u64, data: &[u8]) -> Result<bool, String> {
        let number = check(data, Stream::new(self.client), self.size)?;
        let Some(sent) = self.flight.back(number)? else { return Ok(false) };
        let mut sample = self.run.statistics().of(self.client);
        sample.bytes += data.len() as u64;
        sample.messages += 1;
        sample.last = sample.last.max(now);
        // The time of one that was lost says how patient this client is, and nothing else.
        if let Some(sent) = sent {
            let since = match &self.pace {
                Pace::InFlight(_) => sent,
                Pace::Due(schedule) => self.run.begin() + schedule.due(self.client, number),
            };
            sample.record(now.saturating_sub(since), 1);
        }
        drop(sample);
        if matches!(self.pace, Pace::InFlight(_)) && self.run.goes_on(now) {
            return Ok(true);
        }
        if self.flight.is_empty() && self.flight.next >= self.planned {
            self.ended = true;
            self.run.finished();
        }
        Ok(false)
    }

    fn fail(&mut self, error: &str) {
        if !self.ended && !self.run.is_closing() {
            self.ended = true;
            self.run.failed(format!("client {}: {error}", self.client));
        }
    }
}

impl udp::Handler for Datagrams {
    fn on_datagram(&mut self, socket: &mut udp::Session<'_>, _from: SocketAddr, data: &[u8]) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        let now = state.run.now();
        match state.received(now, data) {
            Ok(true) => {
                let number = state.flight.send(now);
                state.write(number);
                socket.send(&state.buffer);
            }
            Ok(false) => {}
            Err(error) => state.fail(&error),
        }
    }

    fn on_error(&mut self, _socket: &mut udp::Session<'_>, error: &Error) {
        self.lock().fail(&error.to_string());
    }

    fn on_close(&mut self, _socket: &mut udp::Session<'_>, reason: &CloseReason) {
        self.lock().fail(&reason.to_string());
    }
}

/// A client's socket, and the timer that looks after what is lost.
#[derive(Debug)]
pub struct DatagramLink {
    socket: udp::Socket,
    messages: Datagrams,
    _timer: Timer,
}

impl DatagramLink {
    /// Looks after the messages of a socket.
    pub(crate) fn new(service: &Service, socket: udp::Socket, messages: Datagrams) -> Self {
        let (handle, lost) = (socket.handle(), messages.clone());
        let timer = service.every(LOOK, move || lost.send_lost(&handle));
        Self { socket, messages, _timer: timer }
    }
}

impl Link for DatagramLink {
    fn wait_connected(&self, _within: Duration) -> sockeye::Result<()> {
        Ok(())
    }

    /// As many messages as `data` has the length of; what is in them is told by their numbers.
    fn send(&self, data: &[u8]) -> sockeye::Result<()> {
        let count = data.len() / self.messages.lock().size;
        for _ in 0..count {
            let mut state = self.messages.lock();
            let now = state.run.now();
            let number = state.flight.send(now);
            state.write(number);
            let message = state.buffer.clone();
            drop(state);
            self.socket.send_within(message, PATIENCE)?;
        }
        Ok(())
    }
}

/// The numbers that are on their way.
#[derive(Debug, Default)]
struct Flight {
    next: u64,
    /// From the oldest that is missing to the newest.
    window: VecDeque<Option<Away>>,
}

#[derive(Clone, Copy, Debug)]
struct Away {
    since: u64,
    again: bool,
}

impl Flight {
    fn send(&mut self, now: u64) -> u64 {
        self.window.push_back(Some(Away { since: now, again: false }));
        self.next += 1;
        self.next - 1
    }

    fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    /// When a message was sent that came back, if it was sent once; nothing if it has come before.
    fn back(&mut self, number: u64) -> Result<Option<Option<u64>>, String> {
        if number >= self.next {
            return Err(format!("message {number} was never sent"));
        }
        let oldest = self.next - self.window.len() as u64;
        let slot = number.checked_sub(oldest).and_then(|at| self.window.get_mut(at as usize));
        let away = slot.and_then(Option::take);
        while let Some(None) = self.window.front() {
            self.window.pop_front();
        }
        Ok(away.map(|away| (!away.again).then_some(away.since)))
    }

    /// What has been away for too long, which is sent again now.
    fn lost(&mut self, now: u64) -> Vec<u64> {
        let oldest = self.next - self.window.len() as u64;
        let mut lost = Vec::new();
        for (at, slot) in self.window.iter_mut().enumerate() {
            if let Some(away) = slot.as_mut().filter(|away| now.saturating_sub(away.since) > LOST) {
                *away = Away { since: now, again: true };
                lost.push(oldest + at as u64);
                if lost.len() == AT_ONCE {
                    break;
                }
            }
        }
        lost
    }
}

/// The server's and the clients' side of a multicast: messages by their numbers.
pub(crate) fn write(out: &mut Vec<u8>, stream: Stream, number: u64, size: usize) {
    out.clear();
    out.extend_from_slice(&number.to_le_bytes());
    stream.pieces(number, (size - NUMBER) as u64).for_each(|piece| out.extend_from_slice(piece));
}

/// The number of a message that is what it must be.
pub(crate) fn check(data: &[u8], stream: Stream, size: usize) -> Result<u64, String> {
    let (Some((head, body)), true) = (data.split_first_chunk(), data.len() == size) else {
        return Err(format!("a message of {} bytes instead of {size}", data.len()));
    };
    let number = u64::from_le_bytes(*head);
    match stream.mismatch(number, body) {
        None => Ok(number),
        Some(_) => Err(format!("message {number} is not what was sent")),
    }
}

/// Bytes of a number.
const NUMBER: usize = 8;
/// Nanoseconds after which a message is lost.
const LOST: u64 = 200_000_000;
/// How often lost messages are looked for.
const LOOK: Duration = Duration::from_millis(50);
/// Lost messages that are sent again at once: all of them would be lost again together.
const AT_ONCE: usize = 64;
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_sent_again_once_in_a_while() {
        let mut flight = Flight::default();
        assert_eq!([0, 10, 20].map(|now| flight.send(now)), [0, 1, 2]);
        assert_eq!(flight.back(1), Ok(Some(Some(10))));
        assert_eq!(flight.lost(LOST), [0; 0]);
        assert_eq!(flight.lost(LOST + 15), [0]);
        assert_eq!(flight.lost(LOST + 15), [0; 0]);
        assert_eq!(flight.lost(LOST + 21), [2]);
        // It counts, but has no time; and it counts once.
        assert_eq!(flight.back(0), Ok(Some(None)));
        assert_eq!(flight.back(0), Ok(None));
        assert_eq!(flight.back(2), Ok(Some(None)));
        assert!(flight.is_empty());
        assert!(flight.back(3).is_err());
    }

    #[test]
    fn harm_is_found() {
        let (mut message, stream) = (Vec::new(), Stream::new(3));
        write(&mut message, stream, 7, 32);
        assert_eq!(check(&message, stream, 32), Ok(7));
        assert!(check(&message, Stream::new(4), 32).is_err());
        assert!(check(&message[..31], stream, 32).is_err());
        message[20] ^= 1;
        assert!(check(&message, stream, 32).is_err());
    }
}
