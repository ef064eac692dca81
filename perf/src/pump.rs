//! The source of a multicast.

use std::thread;
use std::time::{Duration, Instant};

use sockeye::raw::Group;
use sockeye::{Sent, Service};

use crate::multicast::Numbered;
use crate::options::MulticastServerOptions;

/// Sends messages to all members of a group, on a thread of its own, while the service runs.
///
/// It never outruns a member: it waits for whoever lags behind, and all others with it.
pub fn start(service: &Service, group: &Group, options: &MulticastServerOptions) {
    let pump = Pump {
        service: service.clone(),
        group: group.clone(),
        messages: Numbered::new(options.size.get()),
        message: Vec::new(),
        congested: false,
    };
    let (batch, rate) = ((BATCH / options.size.get()).max(1) as u64, options.rate);
    thread::spawn(move || pump.run(batch, rate));
}

struct Pump {
    service: Service,
    group: Group,
    messages: Numbered,
    message: Vec<u8>,
    congested: bool,
}

impl Pump {
    fn run(mut self, batch: u64, rate: Option<f64>) {
        let (start, mut sent) = (Instant::now(), 0);
        while self.service.is_running() {
            let count = match rate {
                Some(rate) => (start.elapsed().as_secs_f64() * rate) as u64 - sent,
                None if self.group.is_empty() => 0,
                None => batch,
            };
            if count == 0 {
                thread::sleep(PAUSE);
                continue;
            }
            self.wait_for_the_slow();
            (0..count.min(batch)).for_each(|_| self.send());
            sent += count.min(batch);
        }
    }

    /// Waits for one at most: the others may have caught up meanwhile.
    fn wait_for_the_slow(&self) {
        let members = self.group.members();
        if let Some(slow) = members.iter().find(|member| member.pending() > AHEAD) {
            let _ = slow.flush(PATIENCE);
        }
    }

    fn send(&mut self) {
        self.message.clear();
        self.messages.write(&mut self.message);
        if !self.congested {
            let sent = self.group.send(&self.message);
            self.congested = sent != Sent::Queued;
            if sent.is_queued() {
                return;
            }
        }
        while self.group.send_within(self.message.clone(), PATIENCE).is_err() {
            if !self.service.is_running() {
                return;
            }
        }
        self.congested = false;
    }
}

/// Bytes sent to everybody before looking who is slow.
const BATCH: usize = 64 * 1024;
/// Bytes that may wait for one member before all others wait too. What the group still holds
/// comes on top, and all that must fit into the member's queue.
const AHEAD: usize = 256 * 1024;
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_micros(500);
