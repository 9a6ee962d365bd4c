//! `arload auth check`: it asks once, tells what counts, and is the way back after a refusal.

use arload::sandbox::Spelling;

use crate::world::{World, ended, invoices, sandbox, state};

#[test]
fn a_log_in_that_goes_well_says_account_host_and_life_and_no_token() {
    for (spelling, in_reply, life) in [
        (Spelling::CamelCase, true, "lives 23 h 59 min 59 s; the reply spells it accessToken"),
        (Spelling::SnakeCase, true, "lives 23 h 59 min 59 s; the reply spells it access_token"),
        (Spelling::SnakeCase, false, "its life is not said; 4 min are assumed; the reply spells it access_token"),
    ] {
        let (world, api) = (
            World::new(),
            sandbox(|settings| {
                settings.token.spelling = spelling;
                settings.token.lifetime_in_reply = in_reply;
            }),
        );
        let shown = world.run(&api, &["auth", "check"]).expect(0);
        let out = world.redacted(&shown.out);
        assert_eq!(
            out,
            format!(
                "host: http://127.0.0.1:[PORT]\ncompany: CEK0SANDBX\nuser: demo@sandbox.example, client CEK0SANDBX\n\
                 log-in: accepted\ntoken: {life}\n"
            )
        );
        assert_eq!(state(&api, "logins/ok"), 1);
        assert!(!world.state().join("ledger.db").exists());
    }
    let world = World::new();
    let alone = ended(&mut world.arload(&["auth", "check", "--sandbox", "--json"])).expect(0).out;
    let line: serde_json::Value = serde_json::from_str(&alone).unwrap();
    assert_eq!((line["log-in"].as_str(), line["host"].as_str()), (Some("accepted"), Some("sandbox")));
    assert_eq!(line["token-life-s"], 86_399);
}

#[test]
fn a_refusal_is_remembered_and_a_later_success_forgets_it() {
    let (world, api) = (World::new(), sandbox(|_| {}));
    world.write("a.csv", invoices(2));
    let right = api.settings().credentials;
    api.change(|settings| settings.credentials.password = "something-else".to_owned());
    // The program was given what the sandbox took before.
    let with_old = |arguments: &[&str]| ended(world.client(&api, arguments).env("ARLOAD_PASSWORD", &right.password));
    let refused = with_old(&["auth", "check"]).expect(5);
    assert!(
        refused.err.contains("auth check: http://127.0.0.1:") && refused.err.contains("was refused"),
        "{}",
        refused.err
    );
    assert!(!refused.err.contains(&right.password) && refused.out.is_empty());
    assert_eq!(state(&api, "logins/failed"), 1);

    let kept_off = with_old(&["invoices", "create", "a.csv"]).expect(5);
    assert!(kept_off.err.contains("arload auth check"), "{}", kept_off.err);
    assert_eq!(state(&api, "logins/failed"), 1, "no other command tries refused credentials");

    api.change(|settings| settings.credentials = right.clone());
    let accepted = with_old(&["auth", "check"]).expect(0);
    assert!(accepted.err.contains("these credentials were refused at"), "{}", accepted.err);
    assert!(accepted.out.contains("the earlier refusal is forgotten"), "{}", accepted.out);
    with_old(&["invoices", "create", "a.csv"]).expect(0);
}

#[test]
fn no_answer_is_no_refusal() {
    let (world, api) = (World::new(), sandbox(|_| {}));
    let mut command = world.client(&api, &["auth", "check"]);
    api.stop();
    let silent = ended(&mut command).expect(3);
    assert!(silent.err.contains("this was no refusal"), "{}", silent.err);
}
