//! The whole program, run against the sandbox over HTTP in temporary folders.
//!
//! Each file holds the tests of one promise. [`world`] gives every test a home, a sandbox and a way to look at what
//! was left behind. The rule: tests share nothing and wait for what happens, never for time to pass.

mod approval;
mod auth;
mod bad_input;
mod bench;
mod contract;
mod controls;
mod corrected_twice;
mod corrections;
mod crash;
mod deploy;
mod docs;
mod evidence;
mod exporters;
mod exports;
mod faults;
mod findings;
mod first_use;
mod forget;
mod gateway;
mod group;
mod group_doubts;
mod hour;
mod inspect;
mod ledgers;
mod main_job;
mod mappings;
mod messy;
mod operations;
mod report;
mod resume;
mod routes;
mod samples;
mod scheduled;
mod shared;
mod stub;
mod templates;
#[path = "../../src/sheet/test_zip.rs"]
mod test_zip;
mod threads;
mod tidy;
mod watch;
mod workbooks;
mod world;
mod wounds;
