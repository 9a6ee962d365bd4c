//! The texts that people find in the folder: the README, and the note beside a file. Pure.
//!
//! For accountants, who see the folder and nothing else. The rule: a note says what happened, what was sent and what to do,
//! in this order.

use std::fmt::Write as _;

use super::folder::Taken;
use super::{Lane, needs_leave};
use crate::ledger::RunId;

/// Limit: problems that a person reads one by one; the results have all of them.
const MOST: usize = 30;

/// What was said while a file was loaded.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// The run, if it came to one.
    pub run: Option<RunId>,
    /// Whether a gate held it back, so that nothing of it left.
    pub held_back: bool,
    /// What became of the rows, in a sentence.
    pub verdict: String,
    /// What went wrong, each with its way out.
    pub problems: Vec<(String, Option<String>)>,
    /// What the outcomes ask for, a sentence each.
    pub next: Vec<String>,
    /// Whether a corrections workbook was written beside the file.
    pub to_correct: bool,
}

impl Told {
    /// The same with what stands for nothing to its reader left out of every text.
    #[must_use]
    pub fn without(mut self, words: &str) -> Told {
        let clean = |text: &mut String| *text = text.replace(words, "");
        for (problem, hint) in &mut self.problems {
            clean(problem);
            hint.iter_mut().for_each(clean);
        }
        self.next.iter_mut().for_each(clean);
        self
    }

    /// The first thing that is wrong, for a line of the log.
    pub fn first_problem(&self) -> &str {
        self.problems.first().map_or(self.verdict.as_str(), |(problem, _)| problem)
    }

    fn write(&self, text: &mut String) {
        if !self.verdict.is_empty() {
            line(text, &self.verdict);
        }
        if !self.problems.is_empty() {
            if !self.verdict.is_empty() {
                line(text, "");
            }
            line(text, "What is wrong:");
        }
        for (problem, hint) in self.problems.iter().take(MOST) {
            line(text, &format!("- {problem}"));
            if let Some(hint) = hint {
                line(text, &format!("  Way out: {hint}"));
            }
        }
        if self.problems.len() > MOST {
            line(text, &format!("- and {} more", self.problems.len() - MOST));
        }
        if !self.next.is_empty() {
            line(text, "");
            line(text, "What to do:");
        }
        for step in &self.next {
            line(text, &format!("- {step}"));
        }
    }
}

fn line(text: &mut String, words: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{words}");
}

/// Where a file of this kind is dropped.
fn inbox(taken: &Taken) -> String {
    format!("inbox/{}/{}", taken.profile, super::folder_name(taken.operation))
}

/// The note beside a file whose run is finished, where not every row was accepted.
pub fn done(taken: &Taken, told: &Told) -> String {
    let mut text = String::new();
    line(&mut text, &format!("{} is done, but not all of its rows were accepted.", taken.name));
    line(&mut text, "");
    told.write(&mut text);
    line(&mut text, "");
    if told.to_correct {
        line(
            &mut text,
            "With this folder: correct the rows in the corrections workbook beside the sheet, or write retry or",
        );
        line(&mut text, &format!("drop beside them, save it, and drop it into {}.", inbox(taken)));
        line(&mut text, "");
    }
    line(&mut text, "The results file beside it has a line for every row, with its outcome and the reason.");
    line(
        &mut text,
        "What is corrected later is counted there and in the page (.report.html); this note stays as it is.",
    );
    text
}

/// The beginning of every note about what passes by itself.
const PASSING: &str = " waits and is tried again by itself.";

/// The note beside a file that waits for something to pass.
pub(super) fn passing(name: &str, reason: &str) -> String {
    let mut text = String::new();
    line(&mut text, &format!("{name}{PASSING}"));
    line(&mut text, "");
    line(&mut text, &format!("What it waits for: {reason}"));
    line(&mut text, "");
    line(&mut text, "Leave it here: it goes on once that has passed, nothing is lost, and this note goes away.");
    text
}

/// Whether a note is one of those, which a later one replaces.
pub(super) fn is_passing(name: &str, note: &str) -> bool {
    note.strip_prefix(name).is_some_and(|rest| rest.starts_with(PASSING))
}

/// The note beside a file that a person has to look at; `flags` are those that reach its ledger and account.
pub fn failed(taken: &Taken, flags: &str, told: &Told) -> String {
    let mut text = String::new();
    let name = &taken.name;
    let folder = inbox(taken);
    match told.run {
        None => line(&mut text, &format!("{name} could not be loaded. Nothing of it was sent.")),
        Some(_) if told.held_back => line(&mut text, &format!("{name} was held back. Nothing of it was sent.")),
        Some(run) => line(&mut text, &format!("{name} could not be finished. Its run is number {run}.")),
    }
    line(&mut text, "");
    told.write(&mut text);
    line(&mut text, "");
    match told.run {
        None => line(&mut text, &format!("Once it is put right, drop it into {folder} again.")),
        Some(run) => {
            line(&mut text, "The results file beside it says what became of each row.");
            if taken.operation.is_guarded() {
                line(&mut text, "What was accepted is never sent twice.");
            }
            line(&mut text, &format!("Who runs arload sees more with: arload runs show {run}{flags}"));
            line(&mut text, &format!("Once it is put right, drop it into {folder} again."));
        }
    }
    text
}

/// The note beside a file that is planned and waits for somebody's yes.
pub fn waiting(taken: &Taken, flags: &str, told: &Told) -> String {
    let mut text = String::new();
    let name = &taken.name;
    let run = told.run.map(|run| run.to_string()).unwrap_or_default();
    line(&mut text, &format!("{name} is checked and planned as run {run}. Nothing was sent: a person has to say yes."));
    line(&mut text, "");
    told.write(&mut text);
    line(&mut text, "");
    line(&mut text, "Who runs arload looks at the plan:");
    line(&mut text, &format!("  arload runs show {run}{flags}"));
    if needs_leave(taken.operation) {
        line(&mut text, "Another user of the system than the one who runs the drop folder approves it:");
    } else {
        line(&mut text, "Where the ledger demands approval, another user of the system gives it:");
    }
    line(&mut text, &format!("  arload runs approve {run}{flags}"));
    line(&mut text, "And either of them lets it go:");
    let yes = if taken.operation.needs_yes() { " --yes" } else { "" };
    line(&mut text, &format!("  arload runs send {run}{flags}{yes}"));
    line(&mut text, "");
    line(
        &mut text,
        "The file moves to \"done\" by itself once its run is finished. If it is not to be sent at all, delete it here.",
    );
    text
}

/// The text of `templates/README.txt`.
pub fn readme(lanes: &[Lane]) -> String {
    let mut text = "How to load sheets with this folder

1. Take the sheet that your program exports, or fill a template from this folder.
2. Put a copy into the folder under \"inbox\" that says what is to be done with it, such as
   inbox/default/invoices-create. Close it in Excel first.
3. Wait a moment. arload takes it away once it is complete, a few seconds after it was copied.
4. Look into \"done\", in the folder of today: your sheet lies there, and beside it
     NAME.report.html       a page for people: what became of the rows, with the totals
     NAME.results.csv       a line for every row: accepted, rejected and why, invalid and why
     NAME.corrections.xlsx  only the rows that are left: correct them there and drop it into the same
                            folder of the inbox
     NAME.summary.json      the totals, for programs
     NAME.note.txt          only where somebody has to do something: what, in words
5. If it lies in \"failed\", NAME.note.txt beside it says why. Put it right and drop it into the inbox again.
6. What is in \"working\" is under way, or waits for Enkash, or for somebody's yes, as its NAME.note.txt
   says. Leave it there.

Good to know
- A sheet dropped twice does no harm: what was created is recognised and not sent again, and a change
  made twice changes nothing.
- A corrected sheet of new invoices or customers may hold all rows again; only what is not there yet is sent.
- Sheets may be csv, tsv, txt, xlsx, xlsm, xls, xlsb or ods, also packed with gzip or zip.
- Files named ~$..., hidden files and unfinished downloads are left alone, and so are folders.
- A control file (march.control for march.xlsx) is taken with its sheet: drop it first.

The folders of the inbox
"
    .to_owned();
    let mut last = None;
    for lane in lanes {
        if last != Some(&lane.profile) {
            line(&mut text, &format!("\ninbox/{}", lane.profile));
            last = Some(&lane.profile);
        }
        let leave = if needs_leave(lane.operation) { " (planned only; another person approves)" } else { "" };
        line(&mut text, &format!("  {:24} {}{leave}", lane.folder_name(), lane.operation.about));
    }
    for_any_editor(&text)
}

/// A text with the line ends that every editor shows.
pub(super) fn for_any_editor(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{ALL, Operation};

    #[test]
    fn a_note_says_what_happened_and_what_to_do() {
        let told = Told {
            problems: vec![("/srv/x/march.csv: has no rows".to_owned(), Some("fill it".to_owned())); 40],
            next: vec!["look".to_owned()],
            ..Told::default()
        };
        let dropped = |operation| Taken::of("march.csv", "live", Operation::by_name(operation).unwrap());
        let text = failed(&dropped("invoices create"), " --profile live", &told.clone().without("/srv/x/"));
        for part in [
            "Nothing of it was sent",
            "- march.csv: has no rows\n  Way out: fill it\n",
            "- and 10 more",
            "inbox/live/invoices-create",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("/srv/x/"));
        let planned = Told { run: Some(RunId(7)), ..told };
        let text = waiting(&dropped("invoices delete"), " --profile live", &planned);
        for part in ["Another user", "arload runs approve 7 --profile live", "arload runs send 7 --profile live --yes"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(waiting(&dropped("invoices create"), "", &planned).contains("Where the ledger demands approval"));
        assert!(failed(&dropped("invoices delete"), "", &planned).contains("runs show 7"));
        assert!(done(&dropped("invoices create"), &planned).contains("this note stays as it is"));
    }

    #[test]
    fn a_note_about_what_is_left_names_the_folder_to_drop_the_workbook_into() {
        let taken = Taken::of("march.csv", "live", Operation::by_name("invoices create").unwrap());
        for to_correct in [true, false] {
            let text = done(&taken, &Told { to_correct, ..Told::default() });
            assert_eq!(text.contains("drop it into inbox/live/invoices-create."), to_correct, "{text}");
        }
        assert!(is_passing("march.csv", &passing("march.csv", "an outage")));
        assert!(!is_passing("march.csv", &done(&taken, &Told::default())));
    }

    #[test]
    fn the_readme_names_every_folder() {
        let lanes: Vec<Lane> = ALL.iter().map(|operation| Lane { profile: "live".to_owned(), operation }).collect();
        let text = readme(&lanes);
        assert!(lanes.iter().all(|lane| text.contains(&lane.folder_name())));
        assert!(text.matches('\n').count() == text.matches("\r\n").count());
    }
}
