//! Results, as the terminal shows them.

use crate::measure::Reading;

pub(crate) const HEADER: [&str; 6] = ["", "messages/s", "p50", "p90", "p99", "max"];

impl Reading {
    pub(crate) fn row(&self, name: &str) -> [String; 6] {
        let time = |nanos: Option<u32>| nanos.map_or_else(|| "-".into(), time);
        [
            name.to_string(),
            grouped(self.rate as u64),
            time(self.p50),
            time(self.p90),
            time(self.p99),
            time(self.max),
        ]
    }
}

/// The first column to the left, the others to the right.
pub(crate) fn print_table(rows: &[[String; 6]]) {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; 6] = std::array::from_fn(|column| width(column).unwrap_or(0));
    for [name, numbers @ ..] in rows {
        print!("{name:<0$}", widths[0]);
        for (number, width) in numbers.iter().zip(&widths[1..]) {
            print!("   {number:>width$}");
        }
        println!();
    }
}

fn time(nanos: u32) -> String {
    let micros = f64::from(nanos) / 1e3;
    if micros < 1e3 { format!("{micros:.0} µs") } else { format!("{:.2} ms", micros / 1e3) }
}

/// 1234567 as 1,234,567.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
