//! Who is called what: names are unique, whatever their case.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sockeye::Key;
use sockeye::raw::Handle;

/// What a guest is called; for other guests and the console, on whatever thread.
pub(crate) static NAME: Key<String> = Key::new("rooms.name");

/// Letters of a guest's or a room's name.
pub(crate) const MAX_NAME: usize = 20;

/// Bytes that may be said at once.
pub(crate) const MAX_TEXT: usize = 1000;

/// The room that everybody is in at first.
pub(crate) const LOBBY: &str = "lobby";

/// The names of all guests.
#[derive(Clone, Default)]
pub(crate) struct Names(Arc<Mutex<Taken>>);

#[derive(Default)]
struct Taken {
    guests: HashMap<String, Handle>,
    /// How many have come.
    count: u64,
}

impl Names {
    /// A name for somebody who has not said one.
    pub(crate) fn enter(&self, guest: &Handle) -> String {
        let mut taken = self.lock();
        loop {
            taken.count += 1;
            let name = format!("guest-{}", taken.count);
            if !taken.guests.contains_key(&name) {
                taken.guests.insert(name.clone(), guest.clone());
                return name;
            }
        }
    }

    /// Takes `new` for `old`; false when somebody else has it.
    pub(crate) fn change(&self, old: &str, new: &str, guest: &Handle) -> bool {
        let mut taken = self.lock();
        if taken.guests.get(&new.to_lowercase()).is_some_and(|other| other != guest) {
            return false;
        }
        taken.guests.remove(&old.to_lowercase());
        taken.guests.insert(new.to_lowercase(), guest.clone());
        true
    }

    /// Gives a name back.
    pub(crate) fn leave(&self, name: &str) {
        self.lock().guests.remove(&name.to_lowercase());
    }

    /// The guest of this name.
    pub(crate) fn find(&self, name: &str) -> Option<Handle> {
        self.lock().guests.get(&name.to_lowercase()).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What these guests are called, sorted.
pub(crate) fn names(guests: &[Handle]) -> Vec<String> {
    let names = guests.iter().filter_map(|guest| guest.get(&NAME));
    let mut names = names.map(|name| name.to_string()).collect::<Vec<_>>();
    names.sort_unstable();
    names
}

/// Whether guests and rooms may be called so.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = (1..=MAX_NAME).contains(&text.chars().count());
    fits && text.chars().all(|letter| letter.is_alphanumeric() || "-_".contains(letter))
}
