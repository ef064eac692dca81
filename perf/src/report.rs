//! What a client program prints.

use std::fmt::Write as _;
use std::time::Duration;

use crate::statistics::Sample;

/// The results of one run.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// How often something went wrong that must not.
    pub(crate) errors: u64,
    /// What was counted.
    pub(crate) counted: Sample,
    /// How long the clock ran.
    pub(crate) elapsed: Duration,
    /// Messages may be lost, and are counted then.
    pub(crate) loses: bool,
    /// Processor time of this process meanwhile.
    pub(crate) cpu: Duration,
}

impl Report {
    /// Lines for people, named as in the programs this one is to be compared with. "Message
    /// latency" is therefore the time per message; what a message really took on its way there
    /// and back follows as round trips, where it is known.
    pub(crate) fn text(&self) -> String {
        let Sample { bytes, messages, .. } = self.counted;
        let mut out = format!("Errors: {}\n\n", self.errors);
        let mut line = |name: &str, value: String| {
            let _ = writeln!(out, "{name}: {value}");
        };
        line("Total time", period(self.elapsed.as_nanos() as f64));
        line("Total data", data(bytes as f64));
        line("Total messages", grouped(messages));
        if self.loses {
            line("Lost messages", grouped(self.counted.lost));
        }
        line("Data throughput", format!("{}/s", data(self.per_second(bytes))));
        if messages > 0 {
            let each = self.elapsed.as_nanos() as f64 / messages as f64;
            line("Message latency", period(each));
            let throughput = grouped(self.per_second(messages) as u64);
            line("Message throughput", format!("{throughput} msg/s"));
        }
        for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)] {
            if let Some(latency) = self.counted.latency(share) {
                line(&format!("Round trip {name}"), period(latency as f64));
            }
        }
        if let Some(longest) = self.counted.latency(1.0) {
            line("Round trip max", period(longest as f64));
        }
        line("CPU time", period(self.cpu.as_nanos() as f64));
        out
    }

    /// The same as one line of JSON; latencies that are not known are `null`.
    pub(crate) fn json(&self) -> String {
        let Sample { bytes, messages, .. } = self.counted;
        let latency = |share| {
            self.counted.latency(share).map_or_else(|| "null".to_owned(), |value| value.to_string())
        };
        let lost = match self.loses {
            true => format!("\"lost\":{},", self.counted.lost),
            false => String::new(),
        };
        format!(
            "{{\"errors\":{},\"seconds\":{:.6},\"bytes\":{bytes},\"messages\":{messages},\
             {lost}\"messages_per_second\":{:.3},\"bytes_per_second\":{:.3},\"latency_ns\":{{\
             \"p50\":{},\"p90\":{},\"p99\":{},\"p999\":{},\"max\":{}}},\"cpu_seconds\":{:.6}}}\n",
            self.errors,
            self.elapsed.as_secs_f64(),
            self.per_second(messages),
            self.per_second(bytes),
            latency(0.5),
            latency(0.9),
            latency(0.99),
            latency(0.999),
            latency(1.0),
            self.cpu.as_secs_f64(),
        )
    }

    fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}

/// A time in the unit that suits it.
pub(crate) fn period(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n >= 1e9 => format!("{:.3} s", n / 1e9),
        n if n >= 1e6 => format!("{:.3} ms", n / 1e6),
        n if n >= 1e3 => format!("{:.3} mcs", n / 1e3),
        n => format!("{n:.0} ns"),
    }
}

/// An amount of data in the unit that suits it.
fn data(bytes: f64) -> String {
    const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
    const UNITS: [(&str, f64); 4] =
        [("TiB", 1024.0 * GIB), ("GiB", GIB), ("MiB", GIB / 1024.0), ("KiB", 1024.0)];
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{:.3} {name}", bytes / unit),
        None => format!("{bytes:.0} bytes"),
    }
}

/// A number with a comma at every thousand.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(messages: u64) -> Report {
        let mut counted = Sample::default();
        counted.messages = messages;
        counted.bytes = messages * 32;
        counted.record(1_500, messages);
        Report {
            errors: 0,
            counted,
            loses: false,
            elapsed: Duration::from_secs(10),
            cpu: Duration::from_millis(2500),
        }
    }

    #[test]
    fn text_has_the_classic_lines() {
        let expected = "Errors: 0\n\n\
            Total time: 10.000 s\n\
            Total data: 1.147 GiB\n\
            Total messages: 38,503,396\n\
            Data throughput: 117.503 MiB/s\n\
            Message latency: 260 ns\n\
            Message throughput: 3,850,339 msg/s\n\
            Round trip p50: 1.500 mcs\n\
            Round trip p90: 1.500 mcs\n\
            Round trip p99: 1.500 mcs\n\
            Round trip p99.9: 1.500 mcs\n\
            Round trip max: 1.500 mcs\n\
            CPU time: 2.500 s\n";
        assert_eq!(report(38_503_396).text(), expected);
    }

    #[test]
    fn json_is_one_line() {
        let expected = "{\"errors\":0,\"seconds\":10.000000,\"bytes\":320,\"messages\":10,\
            \"messages_per_second\":1.000,\"bytes_per_second\":32.000,\
            \"latency_ns\":{\"p50\":1500,\"p90\":1500,\"p99\":1500,\"p999\":1500,\"max\":1500},\
            \"cpu_seconds\":2.500000}\n";
        assert_eq!(report(10).json(), expected);
    }

    #[test]
    fn losses_are_told_where_there_may_be_some() {
        let mut report = Report { loses: true, ..report(10) };
        report.counted.lost = 1234;
        assert!(report.text().contains("\nLost messages: 1,234\n"));
        assert!(report.json().contains(",\"lost\":1234,\"messages_per_second\":"));
    }

    #[test]
    fn nothing_measured_is_not_zero() {
        let report = report(0);
        assert!(report.json().contains("\"p50\":null"));
        assert!(!report.text().contains("latency") && !report.text().contains("Round trip"));
    }

    #[test]
    fn numbers_are_grouped() {
        let numbers = [0, 12, 999, 1000, 123_456, 1_234_567].map(grouped);
        assert_eq!(numbers, ["0", "12", "999", "1,000", "123,456", "1,234,567"]);
    }

    #[test]
    fn units_suit() {
        assert_eq!(
            [0.4, 999.0, 1e3, 2e6, 3e9].map(period),
            ["0 ns", "999 ns", "1.000 mcs", "2.000 ms", "3.000 s"]
        );
        assert_eq!(
            [0.0, 1023.0, 1024.0, 3e9].map(data),
            ["0 bytes", "1023 bytes", "1.000 KiB", "2.794 GiB"]
        );
    }
}
