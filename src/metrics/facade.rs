//! The way to the recorder of the `metrics` facade.

use std::collections::HashMap;
use std::sync::Mutex;

use metrics::{Key, KeyName, Label, Level, Metadata, Recorder, SharedString, with_recorder};

use super::Distribution;
use super::catalog::{Catalog, Family, Kind, Sample, Unit, Value};
use crate::service::lock;

/// Values of one histogram that are recorded in one call: a recorder may take them one by one.
const VALUES: u64 = 1 << 16;

/// What has been told of histograms already. Not there while somebody publishes.
pub(super) struct Published(Mutex<Option<Told>>);

type Told = HashMap<(String, Vec<(&'static str, String)>), Distribution>;

impl Default for Published {
    fn default() -> Self {
        Self(Mutex::new(Some(Told::new())))
    }
}

impl Published {
    /// Tells the recorder what there is to `read`. The recorder, which is not ours, runs without a
    /// lock.
    pub(super) fn publish(&self, read: impl FnOnce() -> Catalog) {
        let Some(told) = lock(&self.0).take() else { return };
        let mut turn = Turn { published: self, told, now: Told::new() };
        for family in read().families {
            with_recorder(|recorder| turn.family(family, recorder));
        }
    }
}

/// One call's work. What it has told is kept even if the recorder panics.
struct Turn<'a> {
    published: &'a Published,
    told: Told,
    now: Told,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Else what is left belongs to those that are gone.
        if std::thread::panicking() {
            self.now.extend(self.told.drain());
        }
        *lock(&self.published.0) = Some(std::mem::take(&mut self.now));
    }
}

impl Turn<'_> {
    fn family(&mut self, family: Family, recorder: &dyn Recorder) {
        describe(&family, recorder);
        for Sample { labels, value } in family.samples {
            let marks = labels.iter().map(|(name, value)| Label::new(*name, value.clone()));
            let key = Key::from_parts(family.name.clone(), marks.collect::<Vec<_>>());
            match value {
                Value::Count(count) if family.kind == Kind::Counter => {
                    recorder.register_counter(&key, &METADATA).absolute(count);
                }
                Value::Count(count) => {
                    #[expect(clippy::cast_precision_loss, reason = "gauges are so")]
                    recorder.register_gauge(&key, &METADATA).set(count as f64);
                }
                Value::Times(times) => {
                    let place = (family.name.clone(), labels);
                    let before = self.told.remove(&place).unwrap_or_default();
                    let fresh = fresh(&times, &before);
                    // Said before it is done: who panics is not told the same again.
                    self.now.insert(place, times);
                    let histogram = recorder.register_histogram(&key, &METADATA);
                    for (seconds, count) in fresh {
                        histogram.record_many(seconds, count);
                    }
                }
            }
        }
    }
}

const METADATA: Metadata<'static> = Metadata::new("sockeye", Level::INFO, Some(module_path!()));

/// What has come since, in seconds; of very much, an even share.
fn fresh(times: &Distribution, before: &Distribution) -> Vec<(f64, usize)> {
    let all: u64 = times.since(before).map(|(_, count)| count).sum();
    let share = all.div_ceil(VALUES).max(1);
    let some = |count: u64| usize::try_from(count.div_ceil(share)).unwrap_or(usize::MAX);
    times.since(before).map(|(time, count)| (time.as_secs_f64(), some(count))).collect()
}

fn describe(family: &Family, recorder: &dyn Recorder) {
    let name = KeyName::from(family.name.clone());
    let unit = family.unit.map(|unit| match unit {
        Unit::Bytes => metrics::Unit::Bytes,
        Unit::Seconds => metrics::Unit::Seconds,
    });
    let help = SharedString::const_str(family.help);
    match family.kind {
        Kind::Counter => recorder.describe_counter(name, unit, help),
        Kind::Gauge => recorder.describe_gauge(name, unit, help),
        Kind::Histogram => recorder.describe_histogram(name, unit, help),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Histogram;
    use super::*;

    #[test]
    fn of_very_many_times_an_even_share_is_told() {
        let histogram = Histogram::new();
        histogram.record_alone(Duration::from_millis(1), 9_000_000);
        histogram.record_alone(Duration::from_millis(100), 1_000_000);
        histogram.record_alone(Duration::from_secs(10), 1);
        let told = fresh(&histogram.read(), &Distribution::default());
        let counts: Vec<_> = told.iter().map(|(_, count)| *count).collect();
        assert!(counts.iter().sum::<usize>() <= 65_536 + 3, "{counts:?}");
        assert!(counts[0].abs_diff(9 * counts[1]) <= 9 && counts[2] == 1, "{counts:?}");
        assert!(fresh(&histogram.read(), &histogram.read()).is_empty());
    }
}
