//! A line of the log: an event with its time, its level and the run that it belongs to.
//!
//! As JSON it is the object that `--json` prints, with `time`, `level` and `run` before it; as text the same parts as words.
//! Pure. The rule: a line is one line, whatever an event holds.

use std::fmt::Write as _;

use jiff::Zoned;
use serde_json::Value;

use crate::config::LogFormat;
use crate::event::Event;
use crate::exit::ExitCode;

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// All is as it should be.
    Info,
    /// Somebody should know.
    Warning,
    /// Somebody should look.
    Error,
}

impl Level {
    /// The word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }

    /// How much an event matters; none where it only says how far things are, many times a second.
    pub fn of(event: &Event) -> Option<Level> {
        match event {
            Event::Checked { .. }
            | Event::Stage { .. }
            | Event::Progress { .. }
            | Event::FirstUseProgress { .. }
            | Event::SearchProgress { .. } => None,
            Event::Stopping { .. } | Event::ExpectedMissed { .. } | Event::Failed { .. } => Some(Level::Error),
            Event::SheetRefused { .. } | Event::Withheld { .. } | Event::Warning { .. } | Event::Recovered { .. } => {
                Some(Level::Warning)
            }
            Event::FileWaits { .. } => Some(Level::Warning),
            Event::FileEnded { exit, .. } if *exit != ExitCode::Success.code() => Some(Level::Warning),
            Event::Attempt { message, .. } if !message.is_empty() => Some(Level::Warning),
            Event::Finished { exit, .. } if *exit == ExitCode::NotAllAccepted.code() => Some(Level::Warning),
            Event::Finished { exit, .. } if *exit != ExitCode::Success.code() => Some(Level::Error),
            _ => Some(Level::Info),
        }
    }
}

/// The time as lines have it.
pub fn time(at: &Zoned) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// An event as a line with its end; none where it is not logged.
pub fn line(format: LogFormat, at: &Zoned, run: Option<i64>, event: &Event) -> Option<String> {
    let level = Level::of(event)?;
    Some(match format {
        LogFormat::Json => json(at, level, run, event),
        LogFormat::Text => text(at, level, run, event),
    })
}

/// An event as a JSON object with its end of line.
pub fn json(at: &Zoned, level: Level, run: Option<i64>, event: &Event) -> String {
    let event = tame(serde_json::to_string(event).expect("events have string keys only"));
    // A quotation mark inside a text is escaped, so that this is a key.
    let run = run.filter(|_| !event.contains("\"run\":")).map(|run| format!("\"run\":{run},")).unwrap_or_default();
    let (time, level) = (time(at), level.as_str());
    format!("{{\"time\":\"{time}\",\"level\":\"{level}\",{run}{}\n", &event[1..])
}

fn text(at: &Zoned, level: Level, run: Option<i64>, event: &Event) -> String {
    let mut line = format!("{} {:7}", time(at), level.as_str());
    let Ok(Value::Object(parts)) = serde_json::to_value(event) else { unreachable!("an event is an object") };
    if let Some(run) = run.filter(|_| !parts.contains_key("run")) {
        write!(line, " run={run}").expect("a string takes any text");
    }
    let name = parts.get("event").and_then(Value::as_str).unwrap_or_default();
    write!(line, " {name}").expect("a string takes any text");
    for (key, value) in parts.iter().filter(|(key, value)| *key != "event" && !value.is_null() && *value != "") {
        let plain = value.as_str().filter(|text| !text.is_empty() && text.chars().all(is_plain));
        // JSON escapes what would end the line.
        let value = plain.map_or_else(|| tame(value.to_string()), str::to_owned);
        write!(line, " {key}={value}").expect("a string takes any text");
    }
    line.push('\n');
    line
}

/// JSON leaves some control characters as they are, and a terminal that shows the log may obey them; they stand within
/// quotation marks only.
fn tame(json: String) -> String {
    if !json.contains(char::is_control) {
        return json;
    }
    let mut tamed = String::with_capacity(json.len() + 8);
    for letter in json.chars() {
        if letter.is_control() {
            write!(tamed, "\\u{:04x}", u32::from(letter)).expect("a string takes any text");
        } else {
            tamed.push(letter);
        }
    }
    tamed
}

fn is_plain(letter: char) -> bool {
    letter.is_ascii_graphic() && !matches!(letter, '"' | '=' | '{' | '[' | '\\')
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcome::Totals;

    fn at() -> Zoned {
        "2026-11-22T18:00:04.5+05:30[Asia/Kolkata]".parse().unwrap()
    }

    #[test]
    fn an_event_is_one_line_in_either_form() {
        let attempt = Event::Attempt {
            chunk: 3,
            number: 1,
            status: Some(429),
            message: "not acted on\n\"again\"".to_owned(),
            took: Duration::from_millis(1500),
        };
        let json = line(LogFormat::Json, &at(), Some(7), &attempt).unwrap();
        assert_eq!(
            json,
            "{\"time\":\"2026-11-22T18:00:04.500+05:30\",\"level\":\"warning\",\"run\":7,\"event\":\"attempt\",\
             \"chunk\":3,\"number\":1,\"status\":429,\"message\":\"not acted on\\n\\\"again\\\"\",\"took\":1.5}\n"
        );
        assert!(serde_json::from_str::<Value>(&json).is_ok());
        assert_eq!(
            line(LogFormat::Text, &at(), Some(7), &attempt).unwrap(),
            "2026-11-22T18:00:04.500+05:30 warning run=7 attempt chunk=3 message=\"not acted on\\n\\\"again\\\"\" \
             number=1 status=429 took=1.5\n"
        );
    }

    #[test]
    fn a_line_commands_no_terminal() {
        let sly = Event::Warning { message: "a\u{9b}31m\u{7f}\u{1b}[2J.csv".to_owned(), hint: None };
        for format in [LogFormat::Json, LogFormat::Text] {
            let line = line(format, &at(), Some(7), &sly).unwrap();
            assert!(line.contains("a\\u009b31m\\u007f\\u001b[2J.csv"), "{line}");
            assert!(!line.trim_end().contains(char::is_control), "{line}");
        }
    }

    #[test]
    fn a_run_that_an_event_names_itself_is_named_once() {
        let recovered = Event::Recovered { run: 6, chunks: 1 };
        for format in [LogFormat::Json, LogFormat::Text] {
            let line = line(format, &at(), Some(7), &recovered).unwrap();
            assert_eq!((line.matches("run").count(), line.contains('7')), (1, false), "{line}");
        }
        let sly = Event::Warning { message: "\"run\":1".to_owned(), hint: None };
        let line = line(LogFormat::Json, &at(), Some(7), &sly).unwrap();
        assert!(line.contains("\"run\":7,"), "{line}");
    }

    #[test]
    fn how_much_a_line_matters_follows_from_the_end_of_the_run() {
        for (exit, level) in [(0, Level::Info), (1, Level::Warning), (4, Level::Error), (130, Level::Error)] {
            let finished = Event::Finished {
                run: Some(7),
                totals: Totals::default(),
                exit,
                tolerated: 0,
                next: Vec::new(),
                head: String::new(),
            };
            assert_eq!(Level::of(&finished), Some(level), "{exit}");
        }
        assert_eq!(Level::of(&Event::Checked { rows: 1000, total: crate::money::Total(0) }), None);
    }
}
