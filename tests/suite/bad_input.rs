//! Bad input: one clear message, the right exit code, no panic, no half-written result, and nothing sent.

use std::process::Command;

use arload::sandbox::Sandbox;

use crate::world::{World, begun, end_of, ended, invoices, sandbox, state, statuses, stored_numbers, table};

/// Runs `invoices create` over what a case made, and expects a refusal before anything was sent or written.
#[track_caller]
fn refused(api: &Sandbox, world: &World, arguments: &[&str]) -> String {
    let ended = world.run(api, &[&["invoices", "create"], arguments].concat()).expect(2);
    assert_eq!((state(api, "logins/ok"), state(api, "uploads")), (0, 0), "{arguments:?}");
    assert_eq!(world.results(), Vec::<String>::new(), "{arguments:?}");
    ended.problems(world)
}

const NONE: &str = "arload: no sheet could be read; nothing was sent\n";

const HEADINGS: &str = "Invoice Number,Customer Id,Invoice Date,Due Date,Taxable Value";
const ROW: &str = "T-1,KC0123456789ABCD,01/07/2026,25/08/2026,1000";

#[test]
fn files_that_are_no_sheets_are_refused_by_name() {
    let api = sandbox(|_| {});
    let world = World::new();
    world.write("empty.csv", "");
    world.write("mark.csv", b"\xEF\xBB\xBF");
    world.write("binary.csv", [0_u8; 300]);
    world.write("letter.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n");
    world.write("packed.csv", b"\x1f\x8b\x08\0\0\0\0\0");
    world.write("cut.xlsx", b"PK\x03\x04broken");
    world.write("locked.xlsx", encrypted_workbook());
    std::fs::create_dir(world.path("folder")).unwrap();
    for (name, message, hint) in [
        (
            "gone.csv",
            "gone.csv: no such file",
            "check the path; a folder or a pattern such as \"march/*.xlsx\" also works",
        ),
        (
            "none/*.csv",
            "none/*.csv: no file matches",
            "check the pattern; put it in quotation marks so that the shell leaves it alone",
        ),
        (
            "folder",
            "folder: no sheets in it",
            "expected files ending in csv, tsv, txt, xlsx, xlsm, xls, xlsb or ods, or such a file packed as gz or zip",
        ),
        ("empty.csv", "empty.csv: has no rows", "check that the right file or sheet was exported"),
        ("mark.csv", "mark.csv: has no rows", "check that the right file or sheet was exported"),
        (
            "binary.csv",
            "binary.csv: is a binary file, neither text nor a workbook",
            "save it as xlsx or csv from the program that wrote it",
        ),
        (
            "letter.csv",
            "letter.csv: is a PDF document, neither text nor a workbook",
            "save it as xlsx or csv from the program that wrote it",
        ),
        (
            "cut.xlsx",
            "cut.xlsx: is damaged: it ends too early, as a broken download does",
            "open it in Excel and save it again, or download it again",
        ),
    ] {
        let problems = refused(&api, &world, &[name]);
        assert_eq!(problems, format!("arload: {message}\nhint: {hint}\n{NONE}"), "{name}");
    }
    for (name, part) in [("packed.csv", "damaged"), ("locked.xlsx", "password")] {
        let problems = refused(&api, &world, &[name]);
        assert!(problems.contains(&format!("arload: {name}: ")) && problems.contains(part), "{name}: {problems}");
        assert_eq!(problems.lines().count(), 3, "{name}: {problems}");
    }
}

#[test]
fn headings_without_rows_are_a_run_of_no_rows_and_a_note() {
    let api = sandbox(|_| {});
    let world = World::new();
    world.write("header.csv", format!("{HEADINGS}\n"));
    let ended = world.run(&api, &["invoices", "create", "header.csv"]).expect(0);
    assert!(ended.err.contains("there are no rows below the headings of row 1"), "{}", ended.err);
    assert_eq!((state(&api, "uploads"), world.results().is_empty()), (0, false));
    let ended = world.run(&api, &["invoices", "create", "header.csv", "--expect-rows", "3", "--new-run"]).expect(2);
    assert!(ended.err.contains("--expect-rows: 3 rows expected, 0 rows read; nothing was sent"), "{}", ended.err);
}

/// The smallest compound file that holds an encrypted workbook, as Excel writes one when it asks for a password.
fn encrypted_workbook() -> Vec<u8> {
    const FREE: u32 = 0xFFFF_FFFF;
    const END: u32 = 0xFFFF_FFFE;
    let mut file = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    file.extend([0; 16]);
    for half in [0x3E_u16, 3, 0xFFFE, 9, 6, 0, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    // Counts of sectors, the first of the directory and of the small streams, and the one sector of the table.
    for word in [0_u32, 1, 1, 0, 4096, END, 0, END, 0, 0] {
        file.extend(word.to_le_bytes());
    }
    file.resize(512, 0xFF);
    for word in [0xFFFF_FFFD_u32, END, 3, 4, 5, 6, 7, 8, 9, END] {
        file.extend(word.to_le_bytes());
    }
    file.resize(1024, 0xFF);
    let entry = |name: &str, kind: u8, child: u32, start: u32, size: u32| {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = entry.len() as u16 + 2;
        entry.resize(64, 0);
        entry.extend(length.to_le_bytes());
        entry.extend([kind, 1]);
        for word in [FREE, FREE, child] {
            entry.extend(word.to_le_bytes());
        }
        entry.resize(116, 0);
        entry.extend(start.to_le_bytes());
        entry.extend(size.to_le_bytes());
        entry.resize(128, 0);
        entry
    };
    file.extend(entry("Root Entry", 5, 1, END, 0));
    file.extend(entry("EncryptedPackage", 2, FREE, 2, 4096));
    file.resize(1536, 0);
    file.resize(1536 + 8 * 512, 0x5A);
    file
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_be_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    world.write("secret.csv", invoices(3));
    std::fs::set_permissions(world.path("secret.csv"), std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(world.path("secret.csv")).is_ok() {
        // Nothing is forbidden to root: a loop of links is what even root cannot read.
        std::fs::remove_file(world.path("secret.csv")).unwrap();
        std::os::unix::fs::symlink("secret.csv", world.path("secret.csv")).unwrap();
    }
    let problems = refused(&sandbox(|_| {}), &world, &["secret.csv"]);
    assert!(problems.starts_with("arload: secret.csv: "), "{problems}");
    assert!(problems.ends_with(NONE), "{problems}");
}

#[test]
fn columns_that_do_not_fit_are_named_with_the_flag_that_helps() {
    let api = sandbox(|_| {});
    let world = World::new();
    world.write("twice.csv", format!("{HEADINGS},Taxable Amount\n{ROW},5\n"));
    world.write("same.csv", format!("{HEADINGS},Invoice Number\n{ROW},S-2\n"));
    world.write(
        "nodue.csv",
        "Invoice Number,Customer Id,Invoice Date,Taxable Value\nT-1,KC0123456789ABCD,01/07/2026,9\n",
    );
    world.write("good.csv", format!("{HEADINGS}\n{ROW}\n"));
    for (arguments, message, hint) in [
        (
            &["twice.csv"][..],
            "twice.csv: several columns fit baseAmount: Taxable Value, Taxable Amount",
            Some("pass --map \"Taxable Value=baseAmount\" to choose one"),
        ),
        (
            &["good.csv", "--map", "Taxable Value=baseAmount", "--map", "Due Date=baseAmount"],
            "good.csv: --map: two columns for baseAmount: \"Taxable Value\" and \"Due Date\"",
            Some("leave one --map out"),
        ),
        (
            &["same.csv"],
            "same.csv: several columns fit invoiceNumber: Invoice Number, Invoice Number (2)",
            Some("pass --map \"Invoice Number=invoiceNumber\" to choose one"),
        ),
        (
            &["nodue.csv"],
            "nodue.csv: no column for dueDate; found: Invoice Number, Customer Id, Invoice Date, Taxable Value",
            Some(
                "pass --map \"HEADING=dueDate\" with the heading of the column, \
                 or --set creditDays=30 to count 30 days from the invoice date",
            ),
        ),
        (
            &["good.csv", "--map", "Nope=invoiceNumber"],
            "good.csv: --map: no column is headed \"Nope\"; \
             found: Invoice Number, Customer Id, Invoice Date, Due Date, Taxable Value",
            None,
        ),
        (
            &["good.csv", "--map", "Taxable Value=baseAmnt"],
            "good.csv: --map: no field is called \"baseAmnt\"",
            Some("did you mean baseAmount?"),
        ),
    ] {
        let hint = hint.map_or_else(String::new, |hint| format!("hint: {hint}\n"));
        assert_eq!(refused(&api, &world, arguments), format!("arload: {message}\n{hint}{NONE}"), "{arguments:?}");
    }
}

#[test]
fn a_bad_flag_value_is_quoted_with_the_form_that_is_expected() {
    let api = sandbox(|_| {});
    let world = World::new();
    world.write("good.csv", format!("{HEADINGS}\n{ROW}\n"));
    for (flag, value, message) in [
        ("--rate", "fast", "\"fast\" is not a rate; expected a form like 5/s, 300/min or 1000/h"),
        ("--max-chunk-rows", "0", "0 is too small; expected 1 to 10,000"),
        ("--max-invalid", "200%", "\"200%\" is not a share; expected a form like 5% or 0.05, up to 100%"),
        ("--timeout", "0s", "\"0s\" is too short; expected 1ms to 1h"),
        ("--period", "2026-13", "\"2026-13\" is not a month; expected a form like 2026-03"),
        ("--expect-total", "abc", "\"abc\" is not an amount; expected a form like 481203.50 or 4,81,203.50"),
        ("--threads", "0", "0 is too small; expected 1 to 256"),
        ("--delimiter", "xx", "\"xx\" is not a delimiter; expected one of , ; | or tab"),
        ("--encoding", "klingon", "\"klingon\" is not a known encoding; expected one like utf-8 or windows-1252"),
        ("--results", "", "the path is blank"),
    ] {
        assert_eq!(refused(&api, &world, &["good.csv", flag, value]), format!("arload: {flag}: {message}\n"));
    }
    let unknown = world.run(&api, &["invoices", "create", "good.csv", "--date-order", "xyz"]).expect(2);
    assert!(unknown.err.contains("[possible values: dmy, mdy, ymd]"), "{}", unknown.err);
}

#[test]
fn sheets_that_are_not_those_expected_send_nothing() {
    let api = sandbox(|_| {});
    let world = World::new();
    world.write("good.csv", invoices(3));
    assert_eq!(
        refused(&api, &world, &["good.csv", "--expect-rows", "4"]),
        "arload: --expect-rows: 4 rows expected, 3 rows read; nothing was sent\n\
         hint: look for missing or extra rows, or mend the number\n"
    );
    let problems = refused(&api, &world, &["good.csv", "--expect-total", "1.00"]);
    assert!(problems.starts_with("arload: --expect-total: "), "{problems}");
    // 1001 + 1002 + 1003 rupees and 18 % on them.
    world.run(&api, &["invoices", "create", "good.csv", "--expect-rows", "3", "--expect-total", "3,547.08"]).expect(0);
}

#[test]
fn sheets_that_say_that_their_rows_are_no_invoices_send_nothing() {
    let api = sandbox(|_| {});
    let world = World::new();
    world.write("title.csv", format!("Credit Note Register,,,,\n{}", invoices(3)));
    let message = "title.csv: row 1 says \"Credit Note Register\": its rows are no invoices";
    let problems = refused(&api, &world, &["title.csv"]);
    assert!(problems.starts_with(&format!("arload: {message}\nhint: the API takes invoices only; ")), "{problems}");
    assert!(problems.ends_with(NONE), "{problems}");

    world.write("below.csv", format!("{}\nNote: all amounts are in Rs. lakhs\n", invoices(6)));
    let problems = refused(&api, &world, &["below.csv"]);
    let message = "below.csv: row 9 says \"Note: all amounts are in Rs. lakhs\": the amounts do not count rupees";
    assert!(problems.starts_with(&format!("arload: {message}; nothing was sent\nhint: ")), "{problems}");

    // Rows below a caption of their own are not read, and the others are sent.
    let credits = invoices(2).split_once('\n').unwrap().1.replace("T/26", "C/26");
    world.write("both.csv", format!("{}CREDIT NOTES\n{credits}", invoices(3)));
    let problems = world.run(&api, &["invoices", "create", "both.csv"]).expect(1).problems(&world);
    assert!(problems.contains("both.csv: row 5 begins another table; its 2 rows are not read"), "{problems}");
    assert_eq!(state(&api, "rows_stored"), 3);
}

#[test]
fn missing_credentials_are_all_named_at_once() {
    let world = World::new();
    world.write("good.csv", invoices(1));
    let missing = ended(&mut world.arload(&["invoices", "create", "good.csv"])).expect(2);
    insta::assert_snapshot!(missing.problems(&world), @r#"
    arload: settings: missing base-url, company-id, client-id, client-secret, username, password
    hint: set ARLOAD_BASE_URL, ARLOAD_COMPANY_ID, ARLOAD_CLIENT_ID, ARLOAD_CLIENT_SECRET, ARLOAD_USERNAME, ARLOAD_PASSWORD, or write the keys below [profiles.default] in arload.toml ("arload config init" writes one); to try without an account: --dry-run or --sandbox
    "#);
    let api = sandbox(|_| {});
    let mut command = world.client(&api, &["invoices", "create", "good.csv"]);
    let one = ended(command.env_remove("ARLOAD_PASSWORD")).expect(2);
    assert!(one.err.starts_with("arload: settings: missing password\nhint: set ARLOAD_PASSWORD, "), "{}", one.err);
    let remote = ended(command.env("ARLOAD_BASE_URL", "http://api.example.com")).expect(2);
    assert_eq!(
        remote.problems(&world),
        "arload: ARLOAD_BASE_URL: \"http://api.example.com\" is plain http to another machine; expected https\n"
    );
    assert!(!world.state().exists(), "nothing was planned");
}

#[test]
fn results_that_cannot_be_written_are_noticed_before_anything_is_sent() {
    let api = sandbox(|_| {});
    let world = World::new();
    world.write("good.csv", invoices(3));
    world.write("file", "in the way");
    assert_eq!(
        refused(&api, &world, &["good.csv", "--results", "file/below"]),
        "arload: file/below: results cannot be written: Not a directory (os error 20)\n\
         hint: name a folder that you can write to with --results\n"
    );
}

#[test]
fn a_ledger_that_cannot_be_made_sends_nothing() {
    let api = sandbox(|_| {});
    let world = World::new();
    world.write("good.csv", invoices(3));
    world.write("file", "in the way");
    assert_eq!(
        refused(&api, &world, &["good.csv", "--state", "file/below"]),
        "arload: file/below/locks: the lock cannot be taken: Not a directory (os error 20)\n\
         hint: name a folder that you can write to with --state\n"
    );
    // A ledger that is no ledger.
    std::fs::create_dir(world.path("state")).unwrap();
    world.write("state/ledger.db", "this is no database, and longer than the header of one ".repeat(40));
    let ended = world.run(&api, &["invoices", "create", "good.csv", "--state", "state"]).expect(3);
    let problems = ended.problems(&world);
    assert!(problems.starts_with("arload: state/ledger.db: the ledger cannot be used: "), "{problems}");
    assert_eq!(state(&api, "logins/ok"), 0);
}

/// The program with a limit on the size of every file it writes, in KiB: to it, the disk is full from there on.
fn on_a_small_disk(command: &Command, kibibytes: u64) -> Command {
    let mut limited = Command::new("/bin/bash");
    let script = format!("trap '' XFSZ; ulimit -f {kibibytes}; exec \"$0\" \"$@\"");
    limited.arg("-c").arg(script).arg(command.get_program()).args(command.get_args()).env_clear();
    limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited.current_dir(command.get_current_dir().unwrap());
    limited
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_sends_nothing_that_is_not_in_the_ledger_and_the_run_goes_on_later() {
    let sheet = ["invoices", "create", "sheet.csv", "--max-chunk-rows", "10"];
    let mut codes = Vec::new();
    for kibibytes in [0, 24, 40, 80, 120, 160, 200, 260, 320, 2_000, 20_000] {
        let api = sandbox(|_| {});
        let world = World::new();
        world.write("sheet.csv", invoices(400));
        let full = end_of(begun(&mut on_a_small_disk(&world.client(&api, &sheet), kibibytes)));
        codes.push(full.code);
        assert!(!full.err.contains("panicked"), "{kibibytes}: {}", full.err);
        assert!([0, 3, 4].contains(&full.code), "{kibibytes}: {} {}", full.code, full.err);
        if full.code != 0 {
            assert!(full.err.contains("arload: ") && full.err.contains("hint: "), "{kibibytes}: {}", full.err);
        }
        for name in world.results() {
            assert!(!name.contains(".tmp"), "{kibibytes}: {name}");
        }
        let uploads = state(&api, "uploads");
        if uploads > 0 {
            assert!(world.count("SELECT count(*) FROM attempt") >= uploads, "{kibibytes}");
        }

        let later = world.run(&api, &sheet);
        assert!([0, 4].contains(&later.code), "{kibibytes}: {}", later.err);
        let lines = world.lines("sheet.results.csv");
        let counts = statuses(&lines);
        let count = |status: &str| counts.get(status).copied().unwrap_or_default();
        assert_eq!(count("accepted") + count("already-accepted") + count("unknown"), 400, "{kibibytes}: {counts:?}");
        assert_eq!(state(&api, "duplicate_rows"), 0, "{kibibytes}");
        let stored = stored_numbers(&api);
        for line in lines.iter().filter(|line| line["status"].contains("accepted")) {
            assert!(stored.binary_search(&line["key"]).is_ok(), "{kibibytes}: {line:?}");
        }
    }
    assert!(codes.contains(&3) && codes.contains(&0), "the limits were too alike: {codes:?}");
}

#[test]
fn a_misspelt_setting_is_refused_with_a_suggestion() {
    let world = World::new();
    world.write("good.csv", invoices(1));
    world.write("arload.toml", "[profiles.default]\nrat = \"5/s\"\n");
    let refused = world.alone(&["invoices", "create", "good.csv"]).expect(2);
    assert_eq!(
        refused.problems(&world),
        "arload: arload.toml:2: unknown key \"rat\"; did you mean rate?\n\
         hint: \"arload config init\" writes a file that lists every key\n"
    );
}

#[cfg(unix)]
#[test]
fn a_file_here_that_is_anothers_names_a_program_only_to_those_who_name_the_file() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;
    let world = World::new();
    world.write("arload.toml", "[profiles.default]\nrate = \"1/s\"\nnotify = \"cat\"\n");
    world.alone(&["config", "show"]).expect(0);
    // Only root can leave a file behind that another user may trust and does not own.
    if std::fs::metadata(world.path("arload.toml")).unwrap().uid() != 0 {
        return;
    }
    let open = |name: &str, mode| {
        std::fs::set_permissions(world.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    std::fs::copy(env!("CARGO_BIN_EXE_arload"), world.path("program")).unwrap();
    open("", 0o755);
    open("program", 0o755);
    open("arload.toml", 0o644);
    let as_another = |arguments: &[&str]| {
        let of_root = world.arload(arguments);
        let mut command = Command::new(world.path("program"));
        command.args(arguments).env_clear().current_dir(world.path("")).uid(65_534).gid(65_534);
        command.envs(of_root.get_envs().filter_map(|(name, value)| Some((name, value?))));
        ended(&mut command)
    };
    assert_eq!(
        as_another(&["config", "show"]).expect(2).problems(&world),
        "arload: arload.toml:3: notify: the file belongs to root, and only your own file here may name a program to run\n\
         hint: if you trust it, name it with --config arload.toml or ARLOAD_CONFIG\n"
    );
    as_another(&["config", "show", "--config", "arload.toml"]).expect(0);
    world.write("arload.toml", "[profiles.default]\nrate = \"1/s\"\n");
    as_another(&["config", "show"]).expect(0);
}

#[test]
fn a_run_that_does_not_exist_is_said_so() {
    let world = World::new();
    for id in ["7", "abc", "-1"] {
        for command in ["show", "send", "results"] {
            let ended = ended(&mut world.arload(&["runs", command, "--sandbox", "--", id])).expect(2);
            let expected = format!(
                "arload: there is no run {id}\nhint: \"arload runs list\" shows the runs there are; those of the sandbox need --sandbox\n"
            );
            assert_eq!(ended.problems(&world), expected, "runs {command} {id}");
        }
    }
}

#[test]
fn workbooks_whose_rows_or_cells_stand_out_of_order_are_refused_whole() {
    let (world, api) = (World::new(), sandbox(|_| {}));
    for (name, part) in [
        ("row-twice.xlsx", "row 2 names its cells out of order, or one of them twice"),
        ("cells-out-of-order.xlsx", "row 3 names its cells out of order, or one of them twice"),
        ("rows-fall.xlsx", "row 3 stands below a row with the same or a higher number"),
    ] {
        let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
        std::fs::copy(from, world.path(name)).unwrap();
        let problems = refused(&api, &world, &[name]);
        assert!(problems.contains(part), "{name}: {problems}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_whose_name_is_no_unicode_is_read_and_its_results_stand_beside_it() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    let named = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    let world = World::new();
    std::fs::create_dir(world.path("in")).unwrap();
    for (place, argument, run_id) in [(&b"m\xe4rz.csv"[..], &b"m\xe4rz.csv"[..], "1"), (b"in/\xff.csv", b"in", "2")] {
        std::fs::write(world.path("").join(named(place)), invoices(3)).unwrap();
        let mut command = world.arload(&["invoices", "create", "--sandbox"]);
        let run = ended(command.arg(named(argument))).expect(0);
        let shown = String::from_utf8_lossy(place).into_owned();
        let name = shown.rsplit('/').next().unwrap();
        assert!(
            run.err.contains(name.trim_end_matches(".csv")) || run.out.contains(name.trim_end_matches(".csv")),
            "{run:?}"
        );
        let results = [place.strip_suffix(b".csv").unwrap(), b".sandbox.results.csv"].concat();
        let results = world.path("").join(named(&results));
        let before = std::fs::read(&results).unwrap();
        assert_eq!(statuses(&table(&before)).len(), 1);
        // From the ledger, which knows the name to the letter.
        std::fs::remove_file(&results).unwrap();
        ended(&mut world.arload(&["runs", "results", run_id, "--sandbox"])).expect(0);
        assert_eq!(std::fs::read(&results).unwrap(), before);
    }
    let mut inspect = world.arload(&["inspect", "--json"]);
    let shown = ended(inspect.arg(named(b"m\xe4rz.csv"))).expect(0);
    assert!(shown.out.contains("m\u{fffd}rz.csv"), "{}", shown.out);
}
