//! The text format of OpenMetrics 1.0. Pure: from a catalog to text.

use std::fmt::{self, Write};
use std::time::Duration;

use super::Distribution;
use super::catalog::{Catalog, Family, Kind, Sample, Value};

/// Bounds of histograms: powers of two nanoseconds, from about a microsecond to about 18 minutes.
/// Where buckets of a [`Histogram`](super::Histogram) end, so that what is told is exact.
const BOUNDS: std::ops::RangeInclusive<u32> = 10..=40;

pub(super) fn write(catalog: &Catalog, out: &mut impl Write) -> fmt::Result {
    catalog.families.iter().try_for_each(|family| write_family(family, out))?;
    out.write_str("# EOF\n")
}

fn write_family(family: &Family, out: &mut impl Write) -> fmt::Result {
    let Family { name, kind, unit, help, samples } = family;
    let kind_name = match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    writeln!(out, "# TYPE {name} {kind_name}")?;
    if let Some(unit) = unit {
        writeln!(out, "# UNIT {name} {}", unit.name())?;
    }
    writeln!(out, "# HELP {name} {}.", Escaped(help))?;
    samples.iter().try_for_each(|sample| write_sample(name, *kind, sample, out))
}

fn write_sample(name: &str, kind: Kind, sample: &Sample, out: &mut impl Write) -> fmt::Result {
    let labels = Labels(&sample.labels, None);
    match &sample.value {
        Value::Count(count) if kind == Kind::Counter => {
            writeln!(out, "{name}_total{labels} {count}")
        }
        Value::Count(count) => writeln!(out, "{name}{labels} {count}"),
        Value::Times(times) => write_histogram(name, sample, times, out),
    }
}

fn write_histogram(
    name: &str,
    sample: &Sample,
    times: &Distribution,
    out: &mut impl Write,
) -> fmt::Result {
    let mut buckets = times.buckets().peekable();
    let mut so_far = 0;
    for power in BOUNDS {
        let bound = Duration::from_nanos(1 << power);
        while let Some((_, count)) = buckets.next_if(|(longest, _)| *longest < bound) {
            so_far += count;
        }
        let labels = Labels(&sample.labels, Some(Bound(Some(bound))));
        writeln!(out, "{name}_bucket{labels} {so_far}")?;
    }
    let count = so_far + buckets.map(|(_, count)| count).sum::<u64>();
    let all = Labels(&sample.labels, Some(Bound(None)));
    writeln!(out, "{name}_bucket{all} {count}")?;
    let (labels, sum) = (Labels(&sample.labels, None), times.sum());
    writeln!(out, "{name}_count{labels} {count}")?;
    writeln!(out, "{name}_sum{labels} {}.{:09}", sum.as_secs(), sum.subsec_nanos())
}

/// The labels of a sample, `le` last where there is one.
struct Labels<'a>(&'a [(&'static str, String)], Option<Bound>);

impl fmt::Display for Labels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(labels, bound) = self;
        f.write_char('{')?;
        let mut comma = "";
        for (name, value) in *labels {
            write!(f, "{comma}{name}=\"{}\"", Escaped(value))?;
            comma = ",";
        }
        if let Some(bound) = bound {
            write!(f, "{comma}le=\"{bound}\"")?;
        }
        f.write_char('}')
    }
}

/// The longest duration of a bucket; none: any.
struct Bound(Option<Duration>);

impl fmt::Display for Bound {
    /// As the format wants numbers in labels: short, with a point, and below 0.0001 with an exponent
    /// of two digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(bound) = self.0 else { return f.write_str("+Inf") };
        let seconds = bound.as_secs_f64();
        if seconds >= 1e-4 {
            return write!(f, "{seconds:?}");
        }
        let text = format!("{seconds:e}");
        match text.split_once("e-") {
            Some((digits, exponent)) => write!(f, "{digits}e-{exponent:0>2}"),
            None => f.write_str(&text),
        }
    }
}

/// Text between quotation marks, and in help.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            char => f.write_char(char),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Histogram;
    use super::super::catalog::Unit;
    use super::*;

    fn family(kind: Kind, unit: Option<Unit>, name: &str, values: Vec<Value>) -> Family {
        let labels = || vec![("name", "a \"b\"\\\n".to_owned())];
        let samples = values.into_iter().map(|value| Sample { labels: labels(), value }).collect();
        Family { name: name.into(), kind, unit, help: "What it is", samples }
    }

    fn text(families: Vec<Family>) -> String {
        let mut text = String::new();
        write(&Catalog { families }, &mut text).unwrap();
        text
    }

    #[test]
    fn nothing_ends_too() {
        assert_eq!(text(Vec::new()), "# EOF\n");
    }

    #[test]
    fn counters_have_a_suffix_and_labels_are_escaped() {
        let counter = family(Kind::Counter, Some(Unit::Bytes), "x_bytes", vec![Value::Count(7)]);
        let gauge = family(Kind::Gauge, None, "y", vec![Value::Count(0)]);
        assert_eq!(
            text(vec![counter, gauge]),
            "# TYPE x_bytes counter\n# UNIT x_bytes bytes\n# HELP x_bytes What it is.\n\
             x_bytes_total{name=\"a \\\"b\\\"\\\\\\n\"} 7\n\
             # TYPE y gauge\n# HELP y What it is.\ny{name=\"a \\\"b\\\"\\\\\\n\"} 0\n# EOF\n"
        );
    }

    #[test]
    fn histograms_count_up_to_all() {
        let times = Histogram::new();
        for nanos in [0, 1023, 1024, 3_000_000_000, 5_000_000_000_000] {
            times.record(Duration::from_nanos(nanos));
        }
        let times = vec![Value::Times(times.read())];
        let text = text(vec![family(Kind::Histogram, Some(Unit::Seconds), "t_seconds", times)]);
        let value = |begin: &str, end: &str| {
            let mut lines = text.lines();
            let line = lines.find(|line| line.starts_with(begin) && line.contains(end)).unwrap();
            line.rsplit_once(' ').unwrap().1.to_owned()
        };
        for (bound, count) in [
            ("le=\"1.024e-06\"", "2"),
            ("le=\"2.048e-06\"", "3"),
            ("le=\"0.000131072\"", "3"),
            ("le=\"2.147483648\"", "3"),
            ("le=\"4.294967296\"", "4"),
            ("le=\"1099.511627776\"", "4"),
            ("le=\"+Inf\"", "5"),
        ] {
            assert_eq!(value("t_seconds_bucket", bound), count, "{bound}");
        }
        assert_eq!(value("t_seconds_count", ""), "5");
        assert_eq!(value("t_seconds_sum", ""), "5003.000002047");
    }
}
