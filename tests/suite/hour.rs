//! The first hour: settings from flags, codes explained, words that were mistyped, completions, and what a terminal is shown.

use std::process::Command;

use arload::explain;

use crate::world::{World, ended, sandbox};

/// What a script gets of a listing: one line a code.
#[test]
fn every_code_is_listed_and_explained_and_a_mistyped_one_is_guessed() {
    let world = World::new();
    let listed = ended(&mut world.arload(&["explain"])).expect(0).out;
    for one in explain::all() {
        let line = listed.lines().find(|line| line.split_whitespace().next() == Some(one.code.as_str()));
        assert!(line.is_some(), "{}", one.code);
    }
    // As the column `code` of results joins them.
    let told = ended(&mut world.arload(&["explain", "amount-ambiguous; date-future", "exit-4"])).expect(0).out;
    for part in ["amount-ambiguous: a finding, error", "date-future: a finding", "4: an exit code", "way out: "] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let json = ended(&mut world.arload(&["explain", "--json", "unknown"])).expect(0).out;
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&document["group"], &document["code"]), (&"status".into(), &"unknown".into()));

    let wrong = ended(&mut world.arload(&["explain", "amount-ambigous"])).expect(2);
    assert!(
        wrong.err.contains("\"amount-ambigous\" is no code of arload; did you mean amount-ambiguous?"),
        "{}",
        wrong.err
    );
}

#[test]
fn mistyped_words_of_every_kind_are_guessed() {
    let world = World::with_samples(&["invoices.csv"]);
    world.write("arload.toml", "[profiles.live]\nrate = \"1/s\"\n");
    world.write("tally.mapping.toml", "[columns]\n");
    for (words, guess) in [
        (&["invoice", "create", "invoices.csv"][..], "'invoices'"),
        (&["invoices", "creat", "invoices.csv"], "'create'"),
        (&["create", "invoices", "invoices.csv"], "run \"arload invoices create\""),
        (&["invoices", "create", "invoices.csv", "--dry-rum"], "'--dry-run'"),
        (&["invoices", "create", "invoices.csv", "--dry-run", "--profile", "lvie"], "did you mean live?"),
        (
            &["invoices", "create", "invoices.csv", "--dry-run", "--set", "invoiceNumbr=1"],
            "did you mean invoiceNumber?",
        ),
        (&["invoices", "create", "invoices.csv", "--dry-run", "--map", "Invoice Nummer=invoiceNumber"], "did you mean"),
        (&["invoices", "create", "invoices.csv", "--dry-run", "--mapping", "talli"], "did you mean tally?"),
        (&["template", "invoices", "crate"], "did you mean create?"),
        (&["inspect", "invoices.csv", "--as", "invoices creat"], "did you mean \"invoices create\"?"),
        (&["runs", "list", "--operation", "invoices creat"], "did you mean invoices create?"),
    ] {
        let told = ended(&mut world.arload(words)).expect(2).err;
        assert!(told.contains(guess), "{words:?}: {told}");
    }
    world.write("arload.toml", "[profiles.live]\nratte = \"1/s\"\n");
    let told = ended(&mut world.arload(&["config", "show", "--profile", "live"])).expect(2).err;
    assert!(told.contains("did you mean rate?") && told.contains("arload explain settings-line"), "{told}");
}

const INIT: [&str; 10] = [
    "config",
    "init",
    "arload.toml",
    "--company-id",
    "CEK0SANDBX",
    "--client-id",
    "CEK0SANDBX",
    "--username",
    "demo@sandbox.example",
    "--base-url",
];

#[test]
fn settings_are_made_from_flags_and_never_replaced_unasked() {
    let api = sandbox(|_| {});
    let url = api.base_url();
    let world = World::new();
    let init: Vec<&str> = INIT.into_iter().chain([url.as_str()]).collect();
    let told = ended(&mut world.arload(&init)).expect(0).err;
    assert!(told.contains("next: export ARLOAD_CLIENT_SECRET and ARLOAD_PASSWORD"), "{told}");
    // It lies in the current directory, and secrets of the environment go only where a named file says.
    assert!(told.contains("next: arload auth check --config arload.toml"), "{told}");
    let first = world.read("arload.toml");
    only_the_owner_reads(&world, "arload.toml");
    let refused = ended(&mut world.arload(&init)).expect(2).err;
    assert!(refused.contains("arload.toml: already exists, nothing written"), "{refused}");
    assert_eq!(world.read("arload.toml"), first);

    let live: Vec<&str> = init.iter().copied().chain(["--add", "--profile", "live"]).collect();
    ended(&mut world.arload(&live)).expect(0);
    assert!(world.read("arload.toml").starts_with(&first));
    ended(&mut world.arload(&live)).expect(2);
    let shown = ended(&mut world.arload(&["config", "show", "--profile", "live"])).expect(0).out;
    let company = |line: &str| line.split_whitespace().take(3).eq(["company-id", "=", "CEK0SANDBX"]);
    assert!(shown.lines().any(company), "{shown}");
    let bad = ended(&mut world.arload(&["config", "init", "x.toml", "--company-id", "12"])).expect(2).err;
    assert!(bad.contains("--company-id: \"12\" is not an Enkash company id"), "{bad}");
    assert!(!world.path("x.toml").exists());
}

#[test]
fn the_log_in_is_tried_when_asked_and_secrets_are_written_only_when_told() {
    let api = sandbox(|_| {});
    let url = api.base_url();
    let world = World::new();
    let credentials = api.settings().credentials;
    let init = |more: &[&'static str]| {
        let words: Vec<&str> = INIT.into_iter().chain([url.as_str()]).chain(more.iter().copied()).collect();
        let mut command = world.arload(&words);
        command.env("ARLOAD_CLIENT_SECRET", &credentials.client_secret).env("ARLOAD_PASSWORD", &credentials.password);
        ended(&mut command)
    };
    let tried = init(&["--test"]).expect(0);
    assert!(tried.out.contains("log-in: accepted"), "{}", tried.out);
    assert!(!String::from_utf8_lossy(&world.read("arload.toml")).contains(credentials.password.as_str()));

    init(&["--force", "--secrets", "clear"]).expect(0);
    assert!(String::from_utf8_lossy(&world.read("arload.toml")).contains(credentials.password.as_str()));
    only_the_owner_reads(&world, "arload.toml");
    // What stands there is enough for a real upload.
    world.copy_sample("invoices.csv", "invoices.csv");
    let run = ["invoices", "create", "invoices.csv", "--rate", "1000/s", "--canary", "0"];
    let report = ended(&mut world.arload(&run)).expect(0).out;
    assert!(report.contains("250 accepted of 250 rows"), "{report}");

    // Files that hold them alone need no variable at run time.
    world.write("password", &credentials.password);
    world.write("secret", &credentials.client_secret);
    let files = ["--force", "--password-file", "password", "--client-secret-file", "secret", "--test"];
    let words: Vec<&str> = INIT.into_iter().chain([url.as_str()]).chain(files).collect();
    let tried = ended(&mut world.arload(&words)).expect(0);
    assert!(tried.out.contains("log-in: accepted"), "{}", tried.out);
    assert!(!String::from_utf8_lossy(&world.read("arload.toml")).contains(credentials.password.as_str()));
}

/// What the README tells a newcomer to do, with nothing but variables for the secrets.
#[cfg(unix)]
#[test]
fn settings_made_without_a_name_are_found_by_every_command() {
    let api = sandbox(|_| {});
    let url = api.base_url();
    let world = World::with_samples(&["invoices.csv"]);
    let credentials = api.settings().credentials;
    let run = |words: &[&str]| {
        let mut command = world.arload(words);
        command.env("ARLOAD_CLIENT_SECRET", &credentials.client_secret).env("ARLOAD_PASSWORD", &credentials.password);
        ended(&mut command)
    };
    let init: Vec<&str> = INIT.into_iter().filter(|word| *word != "arload.toml").chain([url.as_str()]).collect();
    let told = run(&init).expect(0).err;
    assert!(told.contains("next: arload auth check\n"), "{told}");
    only_the_owner_reads(&world, "home/.config/arload/arload.toml");
    run(&["auth", "check"]).expect(0);
    let report = run(&["invoices", "create", "invoices.csv", "--rate", "1000/s"]).expect(0).out;
    assert!(report.contains("250 accepted of 250 rows"), "{report}");
}

#[cfg(unix)]
fn only_the_owner_reads(world: &World, name: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(world.path(name).metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(not(unix))]
fn only_the_owner_reads(_: &World, _: &str) {}

/// What bash offers for a command line whose last word is being typed.
#[cfg(unix)]
fn offered(world: &World, line: &str) -> Vec<String> {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_arload"));
    let folder = program.parent().unwrap().display();
    let script = format!(
        "PATH={folder}:$PATH; source completions.bash; COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; \
         read -ra COMP_WORDS <<< \"$COMP_LINE\"; [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=(''); \
         COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
         _arload_with_words arload \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let mut command = Command::new("bash");
    command.args(["--norc", "-c", &script]).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command.env("HOME", world.path("home")).current_dir(world.path(""));
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.stderr.is_empty(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn completions_of_bash_know_profiles_runs_and_codes() {
    let world = World::with_samples(&["invoices.csv"]);
    world.write("arload.toml", "[profiles.live]\n[profiles.uat]\n[profiles.default]\n");
    let script = ended(&mut world.arload(&["completions", "bash"])).expect(0).out;
    world.write("completions.bash", script);
    world.alone(&["invoices", "create", "invoices.csv"]).expect(0);
    for (line, expected) in [
        ("arload invoices create march.xlsx --profile l", &["live"][..]),
        ("arload config show --profile ", &["default", "live", "uat"]),
        ("arload runs show --sandbox ", &["1"]),
        ("arload runs send ", &[]),
        ("arload explain amount-am", &["amount-ambiguous"]),
        ("arload runs rec", &["reconcile"]),
        ("arload invoices crea", &["create"]),
    ] {
        assert_eq!(offered(&world, line), expected, "{line}");
    }
}

#[test]
fn sheets_that_are_not_read_are_named_once_more_at_the_end() {
    let world = World::with_samples(&["invoices.csv"]);
    let mut words = vec!["invoices".to_owned(), "create".to_owned(), "--dry-run".to_owned(), "invoices.csv".to_owned()];
    for number in 1..=14 {
        let name = format!("broken-{number:02}.xlsx");
        world.write(&name, "%PDF-1.4 this is no workbook");
        words.push(name);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let told = ended(&mut world.arload(&words)).expect(1);
    assert_eq!(told.err.matches("hint: ").count(), 10, "further ones say the same: {}", told.err);
    assert_eq!(told.err.matches("broken-").count(), 14);
    assert!(told.out.contains("not read: 14 sheets\n  broken-01.xlsx: "), "{}", told.out);
    assert!(told.out.contains("  and 4 more, named above\n"), "{}", told.out);
}

#[test]
fn colours_are_shown_only_where_they_are_wanted() {
    let world = World::with_samples(&["invoices.csv"]);
    let run = |variables: &[(&str, &str)]| {
        let mut command = world.arload(&["invoices", "create", "invoices.csv", "--dry-run"]);
        ended(command.envs(variables.iter().copied())).expect(0).out
    };
    assert!(!run(&[]).contains('\u{1b}'));
    assert!(run(&[("CLICOLOR_FORCE", "1")]).contains("\u{1b}[33m  not-sent "));
    assert!(!run(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).contains('\u{1b}'));
}

#[test]
fn a_page_of_the_manual_stands_for_every_command() {
    let world = World::new();
    ended(&mut world.arload(&["man", "pages"])).expect(0);
    let page = String::from_utf8(world.read("pages/arload-explain.1")).unwrap();
    assert!(page.contains("arload explain amount") && page.contains("Examples:"), "{page}");
    for name in ["arload", "arload-config-init", "arload-runs-send", "arload-invoices-get"] {
        assert!(world.path(&format!("pages/{name}.1")).is_file(), "{name}");
    }
    assert!(!world.path("pages/arload-complete-words.1").exists());
}
