//! A group's members on one home, and what is to be delivered to them.
//!
//! Small messages that have piled up are joined and delivered together, so that each member is
//! told once. Senders touch the queue only, and never wait for a delivery.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use slab::Slab;
use uuid::Uuid;

use super::group::UsualFraming;
use super::link::Link;
use super::once::Once;
use super::tag::Part;
use super::terms::{Framing, Speech, framed};
use super::{CloseReason, Tag};
use crate::service::{Ending, Home, Next, Ready, Seat, Task, Watched, Worker, lock};

/// Members that one turn of a shard delivers to, or slots it looks at in vain.
const SLICE: usize = 256;

/// Bytes up to which waiting messages are joined into one delivery.
const JOINED: usize = 64 * 1024;

/// Bytes that may wait in a shard before sends are refused, and before they report congestion.
pub(super) const QUEUE: usize = 16 << 20;
pub(super) const HIGH: usize = 1 << 20;

/// Messages that may wait in a shard, however small.
const MESSAGES: usize = 1 << 17;

pub(super) struct Shard {
    seat: Seat,
    members: Mutex<Slab<Arc<Link>>>,
    /// The number of members, for senders, who shall not wait for a delivery.
    count: AtomicUsize,
    queue: Mutex<Queue>,
    /// What is being delivered, and the first slot that has not got it. The turn's own.
    delivery: Mutex<Option<(Delivery, usize)>>,
    room: Arc<Watched<()>>,
    framing: Arc<UsualFraming>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Message>,
    bytes: usize,
}

#[derive(Default)]
pub(super) struct Message {
    pub(super) tag: Tag,
    pub(super) data: Bytes,
    /// The data with the group's framing, if it has one.
    pub(super) frame: Option<Bytes>,
    pub(super) except: Option<Uuid>,
    /// It goes to other groups, too.
    pub(super) once: Option<Arc<Once>>,
    /// Not data, but the end.
    pub(super) end: Option<CloseReason>,
}

/// Messages on their way to all members.
struct Delivery {
    /// As they are sent, one behind the other.
    joined: Bytes,
    /// The same one by one, for members with middleware or a framing of their own.
    messages: Vec<Message>,
    /// As members with other framings send them.
    forms: Vec<(Arc<dyn Framing>, Bytes)>,
}

/// Other framings that a delivery makes frames with once for all.
const FORMS: usize = 8;

impl Shard {
    pub(super) fn new(
        home: &Arc<Home>,
        room: Arc<Watched<()>>,
        framing: Arc<UsualFraming>,
    ) -> Self {
        Self {
            seat: Seat::new(home),
            members: Mutex::default(),
            count: AtomicUsize::new(0),
            queue: Mutex::default(),
            delivery: Mutex::default(),
            room,
            framing,
        }
    }

    pub(super) fn insert(&self, make: impl FnOnce(usize) -> Arc<Link>) -> (Arc<Link>, usize) {
        let mut members = lock(&self.members);
        let entry = members.vacant_entry();
        let slot = entry.key();
        let link = make(slot);
        entry.insert(Arc::clone(&link));
        self.count.store(members.len(), Ordering::Release);
        (link, slot)
    }

    pub(super) fn remove(&self, slot: usize) {
        let mut members = lock(&self.members);
        let member = members.try_remove(slot);
        if members.is_empty() {
            members.shrink_to_fit();
        }
        self.count.store(members.len(), Ordering::Release);
        drop(members);
        drop(member);
    }

    pub(super) fn get(&self, slot: usize) -> Option<Arc<Link>> {
        lock(&self.members).get(slot).cloned()
    }

    pub(super) fn members(&self) -> Vec<Arc<Link>> {
        lock(&self.members).iter().map(|(_, link)| Arc::clone(link)).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    pub(super) fn has_room(&self, limit: usize) -> bool {
        let queue = lock(&self.queue);
        queue.bytes < limit && queue.waiting.len() < MESSAGES
    }

    /// True when the queue is above the mark.
    pub(super) fn push(this: &Arc<Self>, message: Message) -> bool {
        if this.len() == 0 {
            return false;
        }
        let mut queue = lock(&this.queue);
        queue.bytes += message.weight();
        queue.waiting.push_back(message);
        let congested = queue.bytes > HIGH;
        drop(queue);
        Seat::notify(this, Ready::MAIL);
        congested
    }

    fn next_delivery(&self) -> Option<(Delivery, usize)> {
        if let Some(delivery) = lock(&self.delivery).take() {
            return Some(delivery);
        }
        let batch = lock(&self.queue).take_batch();
        Some((Delivery::of(batch)?, 0))
    }

    /// Delivers to a slice of the members from a slot on; the next slot, if there are more.
    fn deliver(&self, delivery: &mut Delivery, first: usize) -> Option<usize> {
        let members = lock(&self.members);
        let last = (first + SLICE).min(members.capacity());
        for link in (first..last).filter_map(|slot| members.get(slot)) {
            delivery.deliver(link, &self.framing);
        }
        (last < members.capacity()).then_some(last)
    }
}

impl Task for Shard {
    fn seat(&self) -> &Seat {
        &self.seat
    }

    fn turn(&self, _ready: Ready, _worker: &mut Worker) -> Next {
        let Some((mut delivery, first)) = self.next_delivery() else { return Next::Idle };
        if let Some(next) = self.deliver(&mut delivery, first) {
            *lock(&self.delivery) = Some((delivery, next));
            return Next::Again;
        }
        self.room.update(|()| ());
        if lock(&self.queue).waiting.is_empty() { Next::Idle } else { Next::Again }
    }
}

impl Queue {
    /// Takes the first message, and those behind it that can be joined to it.
    fn take_batch(&mut self) -> Vec<Message> {
        let mut batch: Vec<Message> = Vec::new();
        let mut bytes = 0;
        while let Some(next) = self.waiting.front() {
            if batch.first().is_some_and(|first| !first.joins(next, bytes)) {
                break;
            }
            bytes += next.wire().len();
            self.bytes -= next.weight();
            batch.extend(self.waiting.pop_front());
        }
        batch
    }
}

impl Message {
    /// As members with the group's framing send it.
    fn wire(&self) -> &Bytes {
        self.frame.as_ref().unwrap_or(&self.data)
    }

    /// Bytes that it keeps while it waits.
    fn weight(&self) -> usize {
        self.wire().len() + self.once.as_ref().map_or(0, |once| once.weight())
    }

    fn joins(&self, next: &Self, so_far: usize) -> bool {
        let alike = self.tag.part == next.tag.part
            && self.except == next.except
            && self.frame.is_some() == next.frame.is_some()
            && self.once.is_none()
            && next.once.is_none()
            && self.end.is_none()
            && next.end.is_none();
        alike && so_far + next.wire().len() <= JOINED
    }

    /// Whether a member sends the message as it is.
    fn suits(&self, link: &Link, usual: &UsualFraming) -> bool {
        let framed = match (link.speech(), usual.get()) {
            (Speech::Raw, _) => self.frame.is_none(),
            (Speech::Framed(own), Some(Some(usual))) => {
                self.frame.is_some() && Arc::ptr_eq(own, usual)
            }
            _ => false,
        };
        // What goes beside messages finds its place in the session's turn.
        framed && !link.terms.intercepted && self.tag.part != Part::Beside
    }
}

impl Delivery {
    /// All messages as one, so that each member is told once.
    fn of(messages: Vec<Message>) -> Option<Self> {
        let joined = match &messages[..] {
            [] => return None,
            [one] => one.wire().clone(),
            several => {
                let len = several.iter().map(|one| one.wire().len()).sum();
                let mut joined = BytesMut::with_capacity(len);
                several.iter().for_each(|one| joined.extend_from_slice(one.wire()));
                joined.freeze()
            }
        };
        Some(Self { joined, messages, forms: Vec::new() })
    }

    fn deliver(&mut self, link: &Arc<Link>, usual: &UsualFraming) {
        let first = &self.messages[0];
        if let Some(reason) = &first.end {
            let words = matches!(reason, CloseReason::Farewell(_));
            // Who has no words is not spoken to.
            if !(words && matches!(link.speech(), Speech::Mute)) {
                link.end(reason.clone(), Ending::Graceful);
            }
            return;
        }
        if first.except == Some(link.id) {
            return;
        }
        match first.once.clone() {
            Some(once) => once.serve(link, || self.hand_over(link, usual)),
            None => self.hand_over(link, usual),
        }
    }

    fn hand_over(&mut self, link: &Arc<Link>, usual: &UsualFraming) {
        let whole = match self.messages[0].suits(link, usual) {
            true => Some(self.joined.clone()),
            false => self.form(link),
        };
        // Each member's own policy deals with what it does not take.
        if let Some(whole) = whole {
            let count = u32::try_from(self.messages.len()).unwrap_or(u32::MAX);
            let _ = link.deliver(whole, count);
            return;
        }
        for message in &self.messages {
            let _ = link.deliver_message(message.tag, message.data.clone());
        }
    }

    /// All messages as members that speak like this one send them; made for the first of them.
    fn form(&mut self, link: &Link) -> Option<Bytes> {
        let Speech::Framed(framing) = link.speech() else { return None };
        if link.terms.intercepted || self.messages[0].tag.part == Part::Beside {
            return None;
        }
        if let Some((_, form)) = self.forms.iter().find(|(other, _)| Arc::ptr_eq(other, framing)) {
            return Some(form.clone());
        }
        if self.forms.len() == FORMS {
            return None;
        }
        let frames = self.messages.iter().map(|one| framed(&**framing, one.tag, &one.data));
        let form = match &frames.collect::<Result<Vec<_>, _>>().ok()?[..] {
            [one] => one.clone(),
            several => several.concat().into(),
        };
        self.forms.push((Arc::clone(framing), form.clone()));
        Some(form)
    }
}
