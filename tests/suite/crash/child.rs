//! The run that is killed: the library's pipeline over its own ledger and client, in a process of its own.
//!
//! The test binary starts itself with this test alone and says by the environment what to do. The rule: it is put
//! together as the program puts itself together, but for the seams.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::process::Command;
use std::sync::Arc;

use arload::api::client::{HttpApi, HttpSettings};
use arload::api::guard::LoginGuard;
use arload::clock::SystemClock;
use arload::config::Target;
use arload::config::account::AccountKey;
use arload::config::given::FlagValues;
use arload::config::layers::{Layers, Purpose};
use arload::event::{Event, Observer};
use arload::ledger::sqlite::SqliteLedger;
use arload::operation::Operation;
use arload::pipeline::{Pipeline, lock};
use arload::sandbox::Sandbox;
use arload::stop::Stop;

use super::seams::{Points, StoppingApi, StoppingLedger};
use crate::world::World;

/// The step to be killed at; its presence makes [`a_process_that_is_told_to_be_a_run`] one.
const FATAL: &str = "CRASH_FATAL";
/// Where the names of steps are written.
const LOG: &str = "steps.log";

/// The command of a run that is killed at a step, counted from 1; 0 lets it live.
pub(super) fn command(world: &World, api: &Sandbox, fatal: u64) -> Command {
    let client = world.client(api, &[]);
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = concat!(module_path!(), "::a_process_that_is_told_to_be_a_run");
    let name = name.split_once("::").expect("the path begins with the crate").1;
    command.args(["--exact", name, "--nocapture"]).env_clear();
    command.envs(client.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env(FATAL, fatal.to_string()).env("ARLOAD_STATE", world.state());
    command.current_dir(world.path("")).stdin(std::process::Stdio::null());
    command
}

/// The steps of the last run, by name.
pub(super) fn steps(world: &World) -> Vec<String> {
    String::from_utf8(world.read(LOG)).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_process_that_is_told_to_be_a_run() {
    // Without the word it is a test among others, and has nothing to do.
    let Ok(fatal) = std::env::var(FATAL) else { return };
    std::process::exit(run(fatal.parse().unwrap()));
}

struct Talk;

impl Observer for Talk {
    fn event(&self, event: &Event) {
        if let Event::Stopping { reason } = event {
            eprintln!("stopping: {reason}");
        }
    }
}

fn run(fatal: u64) -> i32 {
    let environment: BTreeMap<String, String> =
        std::env::vars().filter(|(name, _)| name.starts_with("ARLOAD_")).collect();
    let operation = Operation::by_name("invoices create").unwrap();
    let state = environment["ARLOAD_STATE"].clone();
    let layers = Layers {
        flags: &FlagValues::default(),
        environment: &environment,
        file: None,
        default_state: state.as_ref(),
        purpose: Purpose::Sheets(operation),
    };
    let settings = layers.settle().unwrap().settings;
    let account = AccountKey::of(&settings).unwrap().to_string();
    let stop = Stop::default();
    fs::create_dir_all(&settings.places.state).unwrap();
    let _lock = lock::take(&settings.places.state, &account, false, &stop).unwrap();
    let clock = Arc::new(SystemClock::default());
    let Target::Server(base_url) = settings.target.clone() else { panic!("a run needs a server") };
    let api = HttpApi::new(
        HttpSettings {
            base_url: base_url.clone(),
            credentials: settings.credentials.clone().unwrap(),
            timeout: settings.sending.timeout,
            concurrency: settings.sending.concurrency,
            max_reply_bytes: settings.sending.max_reply_bytes,
            token_lifetime: settings.sending.token_lifetime,
            guard: Some(LoginGuard::new(settings.places.state.join("log-in"))),
            routes: arload::operation::routes::Routes::default(),
            uploads: arload::upload::Uploads::default(),
        },
        Arc::<SystemClock>::clone(&clock),
    )
    .unwrap();
    let points = Points::new(File::create(LOG).unwrap(), fatal);
    let ledger = SqliteLedger::open(&settings.places.state.join("ledger.db")).unwrap();
    let ledger = StoppingLedger { inner: ledger, points: &points };
    let pipeline = Pipeline {
        settings: &settings,
        account: &account,
        host: &base_url,
        ledger: &ledger,
        earlier: Some(&ledger),
        api: Some(&StoppingApi { inner: api, points: &points }),
        clock,
        stop: &stop,
        observer: &Talk,
    };
    match pipeline.run_sheets(operation, &["sheet.csv".to_owned()], Box::new(std::io::empty())) {
        Ok(report) => i32::from(report.exit.code()),
        Err(error) => {
            eprintln!("{error}");
            -2
        }
    }
}
