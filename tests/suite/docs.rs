//! What the papers promise is what the program does.

use std::fs;
use std::path::Path;

use arload::config::template::TEMPLATE;
use arload::exit::ExitCode;

use crate::world::{World, ended, sample};

#[test]
fn the_readme_lists_every_exit_code_and_no_other() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let section = readme.split("Exit codes\n").nth(1).expect("a heading \"Exit codes\"");
    let section = section.split("\n#").next().unwrap();
    let listed: Vec<u8> = section
        .lines()
        .filter_map(|line| line.trim().strip_prefix('|')?.split('|').next())
        .filter_map(|cell| cell.trim().trim_matches('*').parse().ok())
        .collect();
    let codes: Vec<u8> = ExitCode::ALL.iter().map(|code| code.code()).collect();
    assert_eq!(listed, codes);
}

#[test]
fn the_help_page_lists_every_exit_code_with_its_meaning() {
    let help = ended(&mut World::new().arload(&["--help"])).expect(0).out;
    for code in ExitCode::ALL {
        let line = format!("{:>5}  {}", code.code(), code.meaning());
        assert!(help.contains(&line), "{line}\n{help}");
    }
}

#[test]
fn the_sample_settings_are_those_that_config_init_writes() {
    let world = World::new();
    ended(&mut world.arload(&["config", "init"])).expect(0);
    let written = world.read("arload.toml");
    assert_eq!(String::from_utf8_lossy(&written), TEMPLATE);
    assert_eq!(String::from_utf8_lossy(&fs::read(sample("arload.toml")).unwrap()), TEMPLATE);
}
