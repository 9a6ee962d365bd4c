//! The Prometheus text format: families of samples, each with its help and type.
//!
//! Pure. The rule: what comes out is what the format allows, whatever stands in a label.

use std::fmt::{Display, Write as _};

/// What kind of figure a family holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It only rises.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// Metrics of one name.
#[derive(Debug)]
pub(super) struct Family {
    name: &'static str,
    help: &'static str,
    kind: Kind,
    samples: String,
}

impl Family {
    pub(super) fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        Self { name, help, kind, samples: String::new() }
    }

    /// Adds a sample; a figure is a decimal or whole number as text.
    pub(super) fn add(&mut self, labels: &[(&str, &str)], figure: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        writeln!(self.samples, "{}{{{}}} {figure}", self.name, labels.join(",")).expect("a string takes any text");
    }

    /// Writes the family; one without samples says nothing.
    pub(super) fn write(&self, out: &mut String) {
        if self.samples.is_empty() {
            return;
        }
        let kind = match self.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        writeln!(out, "# HELP {} {}\n# TYPE {0} {kind}", self.name, self.help).expect("a string takes any text");
        out.push_str(&self.samples);
    }
}

/// A label's value as the format wants it.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_written_with_help_and_type_and_escaped_labels() {
        let mut family = Family::new("arload_x_seconds", Kind::Gauge, "Seconds of x.");
        let mut text = String::new();
        family.write(&mut text);
        assert_eq!(text, "");
        family.add(&[("due", "a\"b\\c\nd"), ("host", "h")], "1.50");
        family.write(&mut text);
        let lines = "# HELP arload_x_seconds Seconds of x.\n# TYPE arload_x_seconds gauge\n";
        assert_eq!(text, format!("{lines}arload_x_seconds{{due=\"a\\\"b\\\\c\\nd\",host=\"h\"}} 1.50\n"));
    }
}
