//! The samples for running arload with nobody watching: what they start exists, and nothing is started again in vain.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::world::{World, ended};

/// The command lines of the deployment samples: the words after the program's name, by file.
fn deployed() -> Vec<(String, Vec<String>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples/deploy");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
            if let Some(line) = line.strip_prefix("ExecStart=/usr/local/bin/arload ") {
                assert!(!line.replace("%%", "").contains('%'), "{name}: a per cent sign is written %% there");
                found.push((name.clone(), words(&line.replace("%%", "%"))));
            } else if let Some((_, line)) = line.split_once("  /usr/local/bin/arload ") {
                assert!(!line.replace("\\%", "").contains('%'), "{name}: a per cent sign ends the line there");
                found.push((name.clone(), words(&line.replace("\\%", "%"))));
            } else if let Some(line) = line.trim().strip_prefix("<Arguments>") {
                found.push((name.clone(), words(line.strip_suffix("</Arguments>").unwrap())));
            } else if let Some(line) = line.strip_prefix("CMD ") {
                found.push((name.clone(), serde_json::from_str(line).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_flag_of_the_deployment_samples_exists() {
    let world = World::new();
    let found = deployed();
    let files: BTreeSet<&str> = found.iter().map(|(file, _)| file.as_str()).collect();
    let expected = [
        "Containerfile",
        "arload-task.xml",
        "arload-watch.service",
        "arload-work.service",
        "arload.cron",
        "arload.service",
    ];
    assert_eq!(files.into_iter().collect::<Vec<_>>(), expected);
    for (file, words) in &found {
        let depth = if ["watch", "work"].contains(&words[0].as_str()) { 1 } else { 2 };
        let mut help = Command::new(env!("CARGO_BIN_EXE_arload"));
        let help =
            ended(help.args(&words[..depth]).arg("--help").env_clear().env("HOME", world.path("home"))).expect(0);
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            let known = help.out.split_whitespace().any(|word| word == flag);
            assert!(known, "{file}: {flag} is no flag of {:?}", &words[..depth]);
        }
    }
}

#[test]
fn the_papers_name_every_deployment_sample_and_call_nothing_absent_that_exists() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    let table = read("samples/deploy/README.md");
    for entry in fs::read_dir(root.join("samples/deploy")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(
            name == "README.md" || table.contains(&format!("`{name}`")),
            "{name} is not in samples/deploy/README.md"
        );
    }
    let readme = read("README.md");
    let absent = readme.split("## What is not in this version yet").nth(1).unwrap().split("\n## ").next().unwrap();
    for (_, words) in deployed() {
        assert!(!absent.contains(&format!("`{}`", words[0])), "the README calls {} absent", words[0]);
    }
}

#[test]
fn the_units_start_nothing_again_that_wants_a_person() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples/deploy");
    for name in ["arload.service", "arload-watch.service", "arload-work.service"] {
        let unit = fs::read_to_string(folder.join(name)).unwrap();
        let kept = unit.lines().find_map(|line| line.strip_prefix("RestartPreventExitStatus=")).unwrap();
        let kept: Vec<&str> = kept.split_whitespace().collect();
        assert!(["1", "2", "4", "5"].iter().all(|code| kept.contains(code)), "{name}: {kept:?}");
        assert!(unit.contains("Restart=on-failure\n") && !kept.contains(&"3"), "{name}");
        // No secret stands in a unit.
        assert_eq!(unit.matches("LoadCredential=").count(), unit.matches("_FILE=%d/").count(), "{name}");
        assert!(!unit.contains("ARLOAD_PASSWORD=") && !unit.contains("ARLOAD_CLIENT_SECRET="), "{name}");
    }
    // Every tag that is opened is closed, in order.
    let task = fs::read_to_string(folder.join("arload-task.xml")).unwrap();
    assert!(!task.contains("RestartOnFailure"));
    let mut open = Vec::new();
    let body = &task[task.find("-->").unwrap() + 3..];
    for tag in body.split('<').skip(1).map(|part| part.split('>').next().unwrap()) {
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split_whitespace().next().unwrap()),
        }
    }
    assert_eq!(open, [""; 0]);
}

#[test]
fn the_samples_hold_for_the_programs_that_read_them() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    // The published schema and what Windows writes order the parts of a trigger differently; these two stand in both so.
    let task = read("samples/deploy/arload-task.xml");
    let trigger = task.split("<CalendarTrigger>").nth(1).unwrap().split("</CalendarTrigger>").next().unwrap();
    let parts: Vec<&str> =
        trigger.lines().filter(|line| line.starts_with("      <") && !line.contains("</Sched")).collect();
    let names: Vec<&str> = parts.iter().filter_map(|part| part.trim().split(['<', '>']).nth(1)).collect();
    assert_eq!(names, ["StartBoundary", "ScheduleByWeek"]);
    // A built tree is gigabytes that an image has no use for, and secrets that others can read are warned of.
    let left_out = read(".dockerignore");
    assert!([".git", "target"].iter().all(|name| left_out.lines().any(|line| line == *name)), "{left_out}");
    let container = read("samples/deploy/Containerfile");
    let user = container.split("--uid ").nth(1).unwrap().split_whitespace().next().unwrap();
    for secret in ["password", "client-secret"] {
        assert!(container.contains(&format!("--secret {secret},uid={user},mode=0400")), "{secret}");
    }
}
