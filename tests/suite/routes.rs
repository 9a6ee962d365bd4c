//! Routes and forms of files that the settings put in place of arload's own, and guesses that no real host gets unasked.

use crate::world::{Ended, World, ended, records, sandbox};

const LOG_IN: &str = "company-id = \"CEK1234567\"\nclient-id = \"c\"\nclient-secret = \"s\"\nusername = \"u\"\n\
                      password = \"p\"\n";
const IDS: &str = "invoiceId\nINV1\n";

/// Runs an operation over a sheet of ids with a profile of these lines; a host that does not exist stands for a real one.
fn with_profile(lines: &str, arguments: &[&str]) -> (World, Ended) {
    let world = World::new();
    world.write("ids.csv", IDS);
    world.write("own.toml", format!("[profiles.live]\nbase-url = \"https://api.invalid\"\n{LOG_IN}{lines}"));
    // Others may write files of the test's folder on some machines, and settings then are not trusted.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(world.path("own.toml"), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let mut command = world.arload(arguments);
    let ended = ended(command.args(["--config", "own.toml", "--profile", "live"]));
    (world, ended)
}

#[test]
fn a_guessed_route_is_refused_on_a_real_host_before_anything_is_planned() {
    for arguments in
        [&["invoices", "delete", "ids.csv", "--yes"][..], &["invoices", "delete", "ids.csv", "--yes", "--plan"]]
    {
        let (world, ended) = with_profile("", arguments);
        let ended = ended.expect(2);
        assert_eq!(
            ended.problems(&world),
            "arload: invoices delete: Enkash's portal names no route for it, and the guess POST \
             /api/v0/invoice/bulk/delete is not tried on https://api.invalid\n\
             hint: once Enkash has told you the route, write below [profiles.live.routes]: \"invoices delete\" = \
             \"POST /api/v0/invoice/bulk/delete\"; or write below [profiles.live] to have guesses called: \
             allow-assumed = true\n"
        );
        assert_eq!(world.count("select count(*) from run"), 0);
    }
}

#[test]
fn a_malformed_route_is_refused_with_its_key() {
    for (line, part) in [
        ("routes = { \"invoices delete\" = \"GET /x\" }", "own.toml:8: routes: \"invoices delete\": \"GET /x\" cannot"),
        ("routes = { \"invoices burn\" = \"POST /x\" }", "own.toml:8: routes: \"invoices burn\" is nothing"),
        ("routes = { \"reminders list\" = \"GET /x\" }", "must name {customerId}"),
    ] {
        let (_, ended) = with_profile(line, &["config", "show"]);
        assert!(ended.expect(2).err.contains(part), "{line}");
    }
}

#[test]
fn the_list_of_routes_says_how_sure_each_is() {
    let (_, ended) =
        with_profile("routes = { \"invoices delete\" = \"DELETE /v1/gone\" }", &["config", "show", "--routes"]);
    let out = ended.expect(0).out;
    let line = |name: &str| out.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {out}"));
    assert!(line("invoices create ").ends_with("documented"));
    assert!(line("customers contacts").ends_with("assumed"));
    assert!(line("invoices delete").ends_with("yours (instead of POST /api/v0/invoice/bulk/delete)"));
    assert!(line("invoices delete").contains("DELETE  /v1/gone"));
    assert!(line("token").contains("/oauth/token") && line("customers search").contains("POST"));
}

const OWN: &str = "[profiles.default.routes]\n\"customers create\" = \"POST /v9/customers\"\n\
                   \"customers search\" = \"POST /v9/find\"\ntoken = \"POST /v9/log-in\"\n";

#[test]
fn requests_leave_on_the_users_routes() {
    let world = World::with_samples(&["customers.xlsx"]);
    world.write("arload.toml", OWN);
    let told = sandbox(|settings| {
        let own = [
            ("customers create", "POST /v9/customers"),
            ("customers search", "POST /v9/find"),
            ("token", "POST /v9/log-in"),
        ];
        for (name, route) in own {
            settings.routes.put(name, route).unwrap();
        }
    });
    let untold = sandbox(|_| {});
    let create = ["customers", "create", "customers.xlsx"];
    let ended = world.run(&untold, &create);
    assert!(ended.err.contains("no token") || ended.code == 2, "{}", ended.err);
    assert_eq!(records(&untold, "customers").len(), 0);
    world.run(&told, &create).expect(0);
    assert!(!records(&told, "customers").is_empty());
    // The one inside the program is told by the program.
    world.alone(&create).expect(0);
}

#[test]
fn files_leave_in_the_form_of_the_settings() {
    let world = World::with_samples(&["customers.xlsx"]);
    let form = [
        ("customers create.format", "xlsx"),
        ("customers create.part", "document"),
        ("customers create.heading.legalName", "Registered Name"),
        ("customers create.list-separator", "|"),
    ];
    let lines: Vec<String> = form.iter().map(|(key, value)| format!("\"{key}\" = \"{value}\"\n")).collect();
    world.write("arload.toml", format!("[profiles.default.upload]\n{}", lines.concat()));
    let told = sandbox(|settings| {
        for (key, value) in form {
            settings.uploads.put(key, value).unwrap();
        }
    });
    let untold = sandbox(|_| {});
    let create = ["customers", "create", "customers.xlsx"];
    let missed = world.run(&untold, &create);
    assert!(missed.code != 0 && records(&untold, "customers").is_empty(), "{}", missed.err);
    world.run(&told, &create).expect(0);
    let stored = records(&told, "customers");
    assert!(stored.len() == 40 && stored.iter().all(|customer| customer["legalName"].is_string()), "{stored:?}");
    // The one inside the program is told by the program.
    world.alone(&create).expect(0);

    world.write("arload.toml", "[profiles.default]\nupload = { \"invoices get.format\" = \"xlsx\" }\n");
    let refused = world.alone(&create).expect(2);
    assert!(refused.err.contains("arload.toml:2: upload: \"invoices get\" posts no file"), "{}", refused.err);
}
