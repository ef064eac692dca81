//! A strict reader of OpenMetrics 1.0, as far as counters, gauges and histograms go.

use std::collections::{BTreeMap, HashSet};

/// Samples by name and labels, as written.
pub(crate) type Samples = BTreeMap<String, f64>;

/// Reads a text; panics with the line that is wrong.
#[track_caller]
pub(crate) fn parse(text: &str) -> Samples {
    let body = text.strip_suffix("# EOF\n").expect("the end is marked");
    let mut reader = Reader::default();
    for line in body.lines() {
        reader.line(line).unwrap_or_else(|wrong| panic!("{wrong}: {line}"));
    }
    reader.end_family().unwrap_or_else(|wrong| panic!("{wrong}: {}", reader.family));
    reader.samples
}

#[derive(Default)]
struct Reader {
    names: HashSet<String>,
    family: String,
    kind: String,
    unit: Option<String>,
    samples: Samples,
    /// Of the histogram being read: bounds and counts.
    buckets: Vec<(f64, f64)>,
}

type Read = Result<(), &'static str>;

fn check(right: bool, wrong: &'static str) -> Read {
    if right { Ok(()) } else { Err(wrong) }
}

impl Reader {
    fn line(&mut self, line: &str) -> Read {
        match line.strip_prefix("# ") {
            Some(told) => self.tell(told),
            None => self.sample(line),
        }
    }

    fn tell(&mut self, told: &str) -> Read {
        let (what, told) = told.split_once(' ').ok_or("no name")?;
        let (name, text) = told.split_once(' ').ok_or("nothing told")?;
        if what == "TYPE" {
            self.end_family()?;
            check(self.names.insert(name.into()), "a name comes twice")?;
            check(is_name(name), "no name")?;
            check(["counter", "gauge", "histogram"].contains(&text), "an unknown type")?;
            (self.family, self.kind, self.unit) = (name.into(), text.into(), None);
            return Ok(());
        }
        check(name == self.family, "told of another family")?;
        match what {
            "UNIT" => {
                check(name.ends_with(&format!("_{text}")), "a unit that the name does not have")?;
                self.unit = Some(text.into());
            }
            "HELP" => check(!text.is_empty() && !text.contains('"'), "no help")?,
            _ => return Err("an unknown remark"),
        }
        Ok(())
    }

    fn sample(&mut self, line: &str) -> Read {
        let open = line.find('{').ok_or("no labels")?;
        let (name, rest) = line.split_at(open);
        let (labels, value) = labels(&rest[1..])?;
        let value: f64 = value.strip_prefix(' ').ok_or("no space")?.parse().or(Err("no number"))?;
        check(value >= 0.0, "a negative number")?;
        let suffix = name.strip_prefix(&*self.family).ok_or("of another family")?;
        let allowed: &[&str] = match &*self.kind {
            "counter" => &["_total"],
            "gauge" => &[""],
            _ => &["_bucket", "_count", "_sum"],
        };
        check(allowed.contains(&suffix), "a suffix that the type does not have")?;
        self.bucket(suffix, &labels, value)?;
        let known =
            self.samples.insert(line[..line.len() - rest.len()].to_owned() + rest_of(rest), value);
        check(known.is_none(), "a sample comes twice")
    }

    fn bucket(&mut self, suffix: &str, labels: &[(String, String)], value: f64) -> Read {
        let bound = labels.iter().find(|(name, _)| name == "le").map(|(_, bound)| bound.as_str());
        check(bound.is_some() == (suffix == "_bucket"), "a bound where there is none, or none")?;
        if let Some(bound) = bound {
            check(bound == "+Inf" || bound.contains(['.', 'e']), "a bound that is not canonical")?;
            let bound = bound.parse().or(Err("a bound that is no number"))?;
            if let Some((before, count)) = self.buckets.last() {
                check(*before < bound && *count <= value, "buckets that fall")?;
            }
            self.buckets.push((bound, value));
        }
        if suffix == "_count" {
            let last = self.buckets.pop().ok_or("no buckets")?;
            check(last == (f64::INFINITY, value), "a last bucket without all")?;
            self.buckets.clear();
        }
        Ok(())
    }

    fn end_family(&self) -> Read {
        check(self.buckets.is_empty(), "a histogram without a count")?;
        let unitless = ["_seconds", "_bytes"].iter().all(|unit| !self.family.ends_with(unit));
        check(self.unit.is_some() != unitless, "a unit without a remark")
    }
}

/// The labels as written.
fn rest_of(rest: &str) -> &str {
    rest.rsplit_once(' ').map_or(rest, |(labels, _)| labels)
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

type Labels = Vec<(String, String)>;

/// Labels behind an opening brace, unescaped, and what follows the closing one.
fn labels(mut text: &str) -> Result<(Labels, &str), &'static str> {
    let mut labels = Labels::new();
    loop {
        let (name, rest) = text.split_once("=\"").ok_or("a label without a value")?;
        check(is_name(name), "a label without a name")?;
        let (value, rest) = quoted(rest)?;
        check(labels.iter().all(|(known, _)| known != name), "a label comes twice")?;
        labels.push((name.into(), value));
        match rest.split_at_checked(1) {
            Some((",", more)) => text = more,
            Some(("}", rest)) => return Ok((labels, rest)),
            _ => return Err("labels that do not end"),
        }
    }
}

/// Text up to a quotation mark, and what follows it.
fn quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, char @ ('\\' | '"'))) => value.push(char),
                _ => return Err("an unknown escape"),
            },
            char => value.push(char),
        }
    }
    Err("a value that does not end")
}
