//! What a service's loops have measured of themselves.

use super::distribution::Distribution;
use super::inner::Inner;

/// What a service's loops have measured and counted since it was made, over all of its threads.
///
/// Read without stopping anything: of a turn that ends meanwhile some may be told and some not.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Loops {
    /// How long turns took, where there was something to do: from the moment that a thread learned
    /// what is ready until it had run all of that. Their count is the number of turns, their sum the
    /// time that the threads were busy.
    pub turns: Distribution,
    /// How long something that becomes ready, be it data or a timer, waits until its loop looks for
    /// what is ready; it is run in the turn that follows, behind what was ready before it. Sampled
    /// at every millisecond of each loop by the clock, so that 0.99 of it is what 99 % of the time is
    /// kept. A loop that sleeps looks at once. Of a service whose loop the program runs, the time in
    /// which it does not counts too.
    pub lag: Distribution,
    /// Jobs posted that have not been run yet.
    pub jobs: usize,
    /// Panics told to the service's [`on_error`](crate::service::Builder::on_error): those of jobs,
    /// timers, hooks, events and UDP handlers.
    pub panics: u64,
    /// Other errors told to it.
    pub errors: u64,
}

impl Loops {
    pub(crate) fn of(service: &Inner) -> Self {
        let mut loops = Self { jobs: service.jobs(), ..Self::default() };
        (loops.panics, loops.errors) = service.hooks().faults.read();
        for home in service.homes() {
            home.turns.for_each(|turns| loops.turns.merge(&turns.read()));
            loops.lag.merge(&home.lag.read());
        }
        loops
    }
}
