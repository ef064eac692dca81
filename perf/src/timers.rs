//! What timers cost while very many are pending.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use sockeye::{Expiry, Service, Timer};

use crate::console;
use crate::options::TimersOptions;
use crate::report::period;
use crate::statistics::Sample;

/// Arms timers, moves them, cancels them, and lets them expire.
pub fn run(options: &TimersOptions) -> ExitCode {
    match measure(options) {
        Ok(costs) => {
            console::print(&if options.json { costs.json() } else { costs.text() });
            ExitCode::SUCCESS
        }
        Err(error) => {
            console::complain(error);
            ExitCode::FAILURE
        }
    }
}

struct Costs {
    timers: usize,
    insert: Cost,
    rearm: Cost,
    cancel: Cost,
    expire: Cost,
    late: Sample,
}

/// Nanoseconds per timer.
#[derive(Clone, Copy)]
struct Cost {
    /// As the caller sees it.
    wall: f64,
    /// Processor time of all threads, with the callbacks.
    cpu: f64,
}

impl Costs {
    fn text(&self) -> String {
        let mut out = format!("Timers: {}\n\n", self.timers);
        for (name, cost) in
            [("Insert", self.insert), ("Rearm", self.rearm), ("Cancel", self.cancel)]
        {
            let (wall, cpu) = (period(cost.wall), period(cost.cpu));
            let _ = writeln!(out, "{name}: {wall} (CPU with callback: {cpu})");
        }
        let _ = writeln!(out, "Expiry: CPU with callback: {}", period(self.expire.cpu));
        for (name, share) in [("p50", 0.5), ("p99", 0.99), ("max", 1.0)] {
            let _ = writeln!(out, "Late {name}: {}", period(self.late(share) as f64));
        }
        out
    }

    fn json(&self) -> String {
        let cost = |cost: Cost| format!("{{\"wall\":{:.1},\"cpu\":{:.1}}}", cost.wall, cost.cpu);
        format!(
            "{{\"timers\":{},\"insert_ns\":{},\"rearm_ns\":{},\"cancel_ns\":{},\
             \"expire_ns\":{{\"cpu\":{:.1}}},\"late_ns\":{{\"p50\":{},\"p99\":{},\"max\":{}}}}}\n",
            self.timers,
            cost(self.insert),
            cost(self.rearm),
            cost(self.cancel),
            self.expire.cpu,
            self.late(0.5),
            self.late(0.99),
            self.late(1.0),
        )
    }

    fn late(&self, share: f64) -> u64 {
        self.late.latency(share).unwrap_or_default()
    }
}

/// What the callbacks tell.
#[derive(Default)]
struct Ends {
    expired: AtomicU64,
    canceled: AtomicU64,
    early: AtomicU64,
    late: Mutex<Sample>,
}

impl Ends {
    fn count(&self, expiry: Expiry) {
        let counter = if expiry == Expiry::Expired { &self.expired } else { &self.canceled };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn late(&self, by: Duration) {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        late.record(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX), 1);
    }
}

fn measure(options: &TimersOptions) -> Result<Costs, String> {
    let (timers, total) = (options.timers.get(), options.timers.get() as u64);
    let service = options.workers.start().map_err(|error| error.to_string())?;
    let ends = Arc::new(Ends::default());
    let mut pending = Vec::with_capacity(timers);
    let insert = per(
        timers,
        || pending.extend((0..timers).map(|index| far_timer(&service, &ends, index))),
        || Ok(()),
    )?;
    let rearm = per(
        timers,
        || pending.iter().rev().enumerate().for_each(|(index, timer)| timer.after(far(index))),
        || wait(&ends.canceled, total),
    )?;
    let cancel = per(
        timers,
        || {
            for timer in &pending {
                timer.cancel();
            }
        },
        || wait(&ends.canceled, 2 * total),
    )?;
    drop(pending);
    let expire = expire(&service, &ends, timers)?;
    let late = ends.late.lock().unwrap_or_else(PoisonError::into_inner).clone();
    service.stop().map_err(|error| error.to_string())?;
    Ok(Costs { timers, insert, rearm, cancel, expire, late })
}

/// Lets timers expire, a million per second.
fn expire(service: &Service, ends: &Arc<Ends>, timers: usize) -> Result<Cost, String> {
    let step = Duration::from_micros(1);
    let first = Instant::now() + Duration::from_millis(200) + 2 * step * timers as u32;
    let due = |index| first + step * index as u32;
    let pending: Vec<Timer> =
        (0..timers).map(|index| near_timer(service, ends, index, due(index))).collect();
    let left = first.saturating_duration_since(Instant::now());
    thread::sleep(left);
    let cost =
        per(timers, || thread::sleep(step * timers as u32), || wait(&ends.expired, timers as u64));
    drop(pending);
    match ends.early.load(Ordering::Relaxed) {
        0 if !left.is_zero() => cost,
        0 => Err("arming took so long that timers expired meanwhile".to_owned()),
        early => Err(format!("{early} timers expired early")),
    }
}

/// A timer that does not expire while the benchmark runs.
fn far_timer(service: &Service, ends: &Arc<Ends>, index: usize) -> Timer {
    let ends = Arc::clone(ends);
    let timer = service.timer(move |expiry| ends.count(expiry));
    timer.after(far(index));
    timer
}

/// A timer that notes when it expires: every 64th how late, as that takes time too.
fn near_timer(service: &Service, ends: &Arc<Ends>, index: usize, due: Instant) -> Timer {
    let ends = Arc::clone(ends);
    let timer = service.timer(move |expiry| {
        if index.is_multiple_of(64) {
            match Instant::now().checked_duration_since(due) {
                Some(by) => ends.late(by),
                None => drop(ends.early.fetch_add(1, Ordering::Relaxed)),
            }
        }
        ends.count(expiry);
    });
    timer.after(due.saturating_duration_since(Instant::now()));
    timer
}

/// Times in no order, one to two hours ahead.
fn far(index: usize) -> Duration {
    let milliseconds = (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) % 3_600_000;
    Duration::from_secs(3600) + Duration::from_millis(milliseconds)
}

/// What `act` costs until it has settled.
fn per(
    timers: usize,
    act: impl FnOnce(),
    settle: impl FnOnce() -> Result<(), String>,
) -> Result<Cost, String> {
    let (clock, cpu) = (Instant::now(), ProcessTime::now());
    act();
    let wall = clock.elapsed();
    settle()?;
    let each = |time: Duration| time.as_nanos() as f64 / timers as f64;
    Ok(Cost { wall: each(wall), cpu: each(cpu.elapsed()) })
}

fn wait(counter: &AtomicU64, target: u64) -> Result<(), String> {
    let limit = Instant::now() + Duration::from_secs(30);
    while counter.load(Ordering::Relaxed) < target {
        if Instant::now() > limit {
            return Err(format!("only {counter:?} of {target} callbacks came"));
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
