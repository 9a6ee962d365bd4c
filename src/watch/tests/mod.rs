//! The whole loop over real folders, with a clock that moves when told and a loader that says what the test wants.

mod world;

use std::fs;
use std::time::Duration;

use jiff::tz::TimeZone;

use self::world::{POLL, Script, TODAY, World, fails};
use super::verdict::Verdict;
use crate::exit::ExitCode;

#[test]
fn a_first_start_makes_the_folders_and_says_what_they_are_for() {
    let world = World::new();
    let root = world.root.path();
    for part in ["inbox/live/invoices-create", "inbox/uat/customers-create", "working", "done", "failed"] {
        assert!(root.join(part).is_dir(), "{part}");
    }
    let readme = fs::read_to_string(root.join("templates/README.txt")).unwrap();
    assert!(readme.contains("inbox/live\r\n") && readme.contains("invoices-create"));
    assert!(root.join("templates/invoices-create.xlsx").is_file());
    // What people changed stays.
    fs::write(root.join("templates/README.txt"), "ours").unwrap();
    world.prepared();
    assert_eq!(fs::read_to_string(root.join("templates/README.txt")).unwrap(), "ours");
}

#[test]
fn files_end_with_their_results_and_broken_ones_block_nobody() {
    let world = World::new();
    for name in ["live/invoices-create/a.csv", "live/invoices-create/bad.csv", "uat/customers-create/a.csv"] {
        world.drop(name, "x");
    }
    let mut script = Script::default().with("bad.csv", &[fails(ExitCode::Usage)]);
    let (exit, heard) = world.watch(&mut script, None);
    assert_eq!(exit, ExitCode::NotAllAccepted);
    assert_eq!(
        world.files(),
        [
            &format!("{TODAY}/a-2.csv"),
            &format!("{TODAY}/a-2.results.csv"),
            &format!("{TODAY}/a.csv"),
            &format!("{TODAY}/a.results.csv"),
            "failed/bad.csv",
            "failed/bad.note.txt"
        ]
    );
    assert_eq!(heard.len(), 3, "{heard:?}");
    assert_eq!(script.moved, ["a.csv a.csv", "bad.csv bad.csv", "a.csv a-2.csv"]);
}

#[test]
fn the_oldest_file_goes_first_and_what_is_dropped_later_after_it() {
    let world = World::new();
    for (name, age) in [("new.csv", 10), ("old.csv", 1_000), ("middle.csv", 100)] {
        world.drop(&format!("live/invoices-create/{name}"), "x");
        let file =
            fs::File::options().write(true).open(world.root.path().join("inbox/live/invoices-create").join(name));
        file.unwrap().set_modified(std::time::SystemTime::now() - Duration::from_secs(age)).unwrap();
    }
    let mut script = Script::default();
    world.watch(&mut script, None);
    assert_eq!(script.loaded, ["old.csv", "middle.csv", "new.csv"]);
}

#[test]
fn what_is_no_sheet_stays_and_is_told_once() {
    let world = World::new();
    for name in [
        "live/invoices-create/notes.pdf",
        "live/invoices-create/~$march.xlsx",
        "live/invoices-create/march.csv.part",
        "live/invoices-create/.hidden.csv",
        "live/invoices-create/march.results.csv",
        "live/invoices-create/april.note.txt",
        "live/invoices-create/lone.control",
        "live/invoices-delete/a.csv",
        "live/invoice-create/a.csv",
        "old/invoices-create/a.csv",
        "loose.csv",
    ] {
        world.drop(name, "x");
    }
    fs::create_dir(world.root.path().join("inbox/live/invoices-create/may.csv")).unwrap();
    let before = world.files();
    let mut script = Script::default();
    let (exit, mut heard) = world.watch(&mut script, Some(5));
    assert_eq!((exit, script.loaded.len()), (ExitCode::Success, 0));
    heard.sort();
    let sheets = "sheets end in csv, tsv, txt, xlsx, xlsm, xls, xlsb or ods";
    let delete = "list \"invoices delete\" in watch-allow of profile live and start again";
    let lies = "lies in no folder of an operation; put it into the one that says what is to be done with it";
    assert_eq!(
        heard,
        [
            "inbox/live/invoice-create: is not the folder of an operation; its files are left alone".to_owned(),
            "inbox/live/invoices-create/april.note.txt: is a note of arload".to_owned(),
            "inbox/live/invoices-create/lone.control: is a control file without its sheet; drop the control file first, or both together".to_owned(),
            "inbox/live/invoices-create/march.results.csv: is named as a result of arload".to_owned(),
            "inbox/live/invoices-create/may.csv: is a folder; only files are taken".to_owned(),
            format!("inbox/live/invoices-create/notes.pdf: is no sheet by its name; {sheets}"),
            format!("inbox/live/invoices-delete: is not watched; {delete}"),
            format!("inbox/loose.csv: {lies}"),
            "inbox/old: is not the folder of a profile that is watched; a new profile is watched after a restart".to_owned(),
        ]
    );
    assert_eq!(world.files(), before);
}

#[test]
fn a_file_that_keeps_growing_waits_and_is_taken_when_it_is_complete() {
    let world = World::new();
    world.drop("live/invoices-create/a.csv", "x");
    world.drop("live/invoices-create/b.csv", "");
    let path = world.root.path().join("inbox/live/invoices-create/a.csv");
    let mut script = Script::default();
    let grow = move |now: Duration| {
        if now < POLL * 20 {
            fs::write(&path, "x".repeat(now.as_secs() as usize)).unwrap();
        }
    };
    let (_, heard) = world.watch_with(&mut script, Some(25), grow);
    let told: Vec<&String> = heard.iter().filter(|line| line.contains("still being written")).collect();
    assert_eq!(told.len(), 1, "{heard:?}");
    // The empty one is taken after a minute, and refused by whoever reads it.
    assert_eq!(script.loaded, ["b.csv", "a.csv"]);
    assert_eq!(fs::read_to_string(world.root.path().join(TODAY).join("a.csv")).unwrap().len(), 190);
}

#[test]
fn an_outage_holds_its_profile_and_no_other_and_passes() {
    let world = World::new();
    for name in ["live/invoices-create/a.csv", "live/invoices-create/b.csv", "uat/invoices-create/c.csv"] {
        world.drop(name, "x");
    }
    let outage = (Verdict::HOLD, ExitCode::StoppedEarly);
    let mut script = Script::default().with("a.csv", &[outage.clone(), outage.clone(), outage]);
    let (exit, heard) = world.watch(&mut script, Some(20));
    assert_eq!(exit, ExitCode::Success);
    assert_eq!(script.loaded, ["a.csv", "c.csv", "a.csv", "a.csv", "a.csv", "b.csv"]);
    assert_eq!(heard.iter().filter(|line| line.contains("waits")).count(), 1, "{heard:?}");
    assert_eq!(world.files().len(), 6);
}

#[test]
fn what_waits_for_something_to_pass_says_so_beside_it_and_a_later_note_takes_its_place() {
    let world = World::new();
    world.drop("live/invoices-create/a.csv", "x");
    let note = |world: &World| {
        let path = world.files().into_iter().find(|file| file.ends_with("a.note.txt"));
        path.map(|path| fs::read_to_string(world.root.path().join(path)).unwrap())
    };
    let pass = |verdict: Verdict, exit| {
        world.watch(&mut Script::default().with("a.csv", &[(verdict, exit)]), None);
        note(&world)
    };
    let waits = pass(Verdict::HOLD, ExitCode::StoppedEarly).unwrap();
    assert!(waits.starts_with("a.csv waits and is tried again by itself.\r\n"), "{waits}");
    assert!(waits.contains(ExitCode::StoppedEarly.meaning()), "{waits}");
    // What is planned by now has more to say, and says it through the next outage too.
    assert_eq!(pass(Verdict::Waiting, ExitCode::NotAllAccepted).unwrap(), "why\r\n");
    assert_eq!(pass(Verdict::HOLD, ExitCode::StoppedEarly).unwrap(), "why\r\n");
    assert_eq!(pass(Verdict::Done(TimeZone::UTC), ExitCode::Success), None);
}

#[test]
fn a_single_pass_leaves_what_waits_and_ends_with_what_counts_most() {
    let world = World::new();
    for name in ["live/invoices-create/a.csv", "live/invoices-create/b.csv", "uat/invoices-create/c.csv"] {
        world.drop(name, "x");
    }
    let mut script = Script::default()
        .with("a.csv", &[(Verdict::HOLD, ExitCode::LoginRefused)])
        .with("c.csv", &[(Verdict::Done(TimeZone::UTC), ExitCode::NotAllAccepted)]);
    let (exit, _) = world.watch(&mut script, None);
    assert_eq!(exit, ExitCode::LoginRefused);
    assert_eq!(script.loaded, ["a.csv", "c.csv"]);
    assert!(world.root.path().join("inbox/live/invoices-create/b.csv").exists());
    // The next pass takes up what waits before what was dropped.
    let mut script = Script::default();
    assert_eq!(world.watch(&mut script, None).0, ExitCode::Success);
    assert_eq!(script.loaded, ["a.csv", "b.csv"]);
}

#[test]
fn a_file_that_stays_unknown_fails_after_some_tries() {
    let world = World::new();
    world.drop("live/invoices-create/a.csv", "x");
    let unknown = (Verdict::AGAIN, ExitCode::UnknownOutcomes);
    let mut script = Script::default().with("a.csv", &vec![unknown; 20]);
    world.watch(&mut script, Some(200));
    assert_eq!(script.loaded.len(), 6);
    assert_eq!(world.files(), ["failed/a.csv", "failed/a.note.txt"]);
}

#[test]
fn what_waits_for_a_person_stays_in_the_working_folder_with_its_note() {
    let world = World::new();
    world.drop("live/invoices-create/a.csv", "x");
    let waiting = (Verdict::Waiting, ExitCode::Success);
    let mut script = Script::default().with("a.csv", &[waiting.clone(), waiting.clone(), waiting]);
    let (exit, heard) = world.watch(&mut script, Some(3));
    assert_eq!(exit, ExitCode::Success);
    assert!(world.files().iter().all(|file| file.starts_with("working/live/invoices-create/")), "{:?}", world.files());
    assert_eq!(heard.iter().filter(|line| line.contains("a.csv: ")).count(), 1, "{heard:?}");
    assert_eq!(world.watch(&mut Script::default(), Some(2)).0, ExitCode::Success);
    assert_eq!(world.files().iter().filter(|file| file.starts_with(TODAY)).count(), 2);
}

#[test]
fn what_cannot_be_put_away_stays_until_it_can() {
    let world = World::new();
    world.drop("live/invoices-create/a.csv", "x");
    world.drop("live/invoices-create/b.csv", "x");
    // A file where the folder of the day would be, as good as a full disk.
    let day = world.root.path().join(TODAY);
    fs::write(&day, "in the way").unwrap();
    let clear = move |now: Duration| {
        if now > POLL * 6 && day.is_file() {
            fs::remove_file(&day).unwrap();
        }
    };
    let (exit, heard) = world.watch_with(&mut Script::default(), Some(20), clear);
    assert_eq!(exit, ExitCode::Success);
    let told: Vec<&String> = heard.iter().filter(|line| line.contains("cannot be put away")).collect();
    assert_eq!(told.len(), 1, "{heard:?}");
    assert_eq!(
        world.files(),
        ["a.csv", "a.results.csv", "b.csv", "b.results.csv"].map(|name| format!("{TODAY}/{name}"))
    );
}

#[test]
fn a_folder_that_goes_away_for_a_while_loses_nothing() {
    let world = World::new();
    world.drop("live/invoices-create/a.csv", "x");
    world.drop("live/invoices-create/b.csv", "x");
    let (root, away) = (world.root.path().to_owned(), world.root.path().with_extension("away"));
    let share = move |now: Duration| {
        if now > POLL * 2 && now < POLL * 8 && root.exists() {
            fs::rename(&root, &away).unwrap();
        } else if now >= POLL * 8 && away.exists() {
            fs::rename(&away, &root).unwrap();
        }
    };
    let mut script = Script::default().with("a.csv", &[(Verdict::HOLD, ExitCode::StoppedEarly)]);
    let (_, heard) = world.watch_with(&mut script, Some(30), share);
    let told = |words: &str| heard.iter().filter(|line| line.contains(words)).count();
    assert_eq!((told("cannot be looked into"), told("cannot be reached")), (1, 1), "{heard:?}");
    assert_eq!(
        world.files(),
        ["a.csv", "a.results.csv", "b.csv", "b.results.csv"].map(|name| format!("{TODAY}/{name}"))
    );
}

#[test]
fn a_wish_to_stop_leaves_the_file_for_the_next_start() {
    let world = World::new();
    world.drop("live/invoices-create/a.csv", "x");
    let mut script = Script::default().with("a.csv", &[(Verdict::Stopped, ExitCode::Interrupted)]);
    assert_eq!(world.watch(&mut script, Some(9)).0, ExitCode::Interrupted);
    let mut script = Script::default();
    assert_eq!(world.watch(&mut script, None).0, ExitCode::Success);
    assert_eq!(script.loaded, ["a.csv"]);
    assert_eq!(world.files().len(), 2);
}

#[test]
fn control_files_travel_with_their_sheets() {
    let world = World::new();
    world.drop("live/invoices-create/a.control", "rows = 1");
    world.drop("live/invoices-create/a.csv", "x");
    let (_, heard) = world.watch(&mut Script::default(), None);
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(world.files(), ["a.control", "a.csv", "a.results.csv"].map(|name| format!("{TODAY}/{name}")));
}

/// Files by their path, with what stands in them; `T/` is the folder in the working folder.
type Files<'a> = &'a [(&'a str, &'a str)];

/// Makes every state that a process can be killed in while it takes a file or puts it away.
#[test]
fn whatever_step_was_cut_off_the_next_start_finishes_or_undoes_it() {
    let slip = r#"{"name":"a.csv","place":null}"#;
    let decided = format!(r#"{{"name":"a.csv","place":{{"folder":"{TODAY}","root":"a","exit":0}}}}"#);
    let cases: [(&str, Files<'_>, &[&str]); 8] = [
        ("the folder was made", &[("inbox/live/invoices-create/a.csv", "x")], &["a.csv"]),
        (
            "the slip was half written",
            &[("inbox/live/invoices-create/a.csv", "x"), ("T/.arload-1.tmp", "{")],
            &["a.csv"],
        ),
        (
            "the slip was written",
            &[("inbox/live/invoices-create/a.csv", "x"), ("T/.arload-slip.json", slip)],
            &["a.csv"],
        ),
        (
            "the control file was moved",
            &[("inbox/live/invoices-create/a.csv", "x"), ("T/.arload-slip.json", slip), ("T/a.control", "rows = 1")],
            &["a.csv"],
        ),
        ("the sheet was moved", &[("T/a.csv", "x"), ("T/.arload-slip.json", slip)], &["a.csv"]),
        (
            "the place was decided",
            &[("T/a.csv", "x"), ("T/a.results.csv", "r"), ("T/.arload-slip.json", &decided)],
            &[],
        ),
        (
            "the results were put away",
            &[("T/a.csv", "x"), ("done/2026-11-22/a.results.csv", "r"), ("T/.arload-slip.json", &decided)],
            &[],
        ),
        (
            "the sheet was put away",
            &[
                ("done/2026-11-22/a.csv", "x"),
                ("done/2026-11-22/a.results.csv", "r"),
                ("T/.arload-slip.json", &decided),
            ],
            &[],
        ),
    ];
    for (step, files, loaded) in cases {
        let world = World::new();
        let ticket = world.root.path().join("working/live/invoices-create/20261122T063000.000000001Z");
        fs::create_dir_all(&ticket).unwrap();
        for (name, text) in files {
            let path = name.strip_prefix("T/").map_or_else(|| world.root.path().join(name), |name| ticket.join(name));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut script = Script::default();
        let (exit, heard) = world.watch(&mut script, None);
        assert_eq!(
            (exit, script.loaded.as_slice()),
            (ExitCode::Success, loaded.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice()),
            "{step}: {heard:?}"
        );
        let mut expected = vec![format!("{TODAY}/a.csv"), format!("{TODAY}/a.results.csv")];
        if step.contains("control") {
            expected.insert(0, format!("{TODAY}/a.control"));
        }
        assert_eq!(world.files(), expected, "{step}");
        assert_eq!(script.moved, ["a.csv a.csv"], "{step}");
        assert!(!ticket.exists(), "{step}");
    }
}
