//! The whole program, run against the sandbox over HTTP in temporary folders.
//!
//! Each file holds the tests of one promise. [`world`] gives every test a home, a sandbox and a way to look at what
//! was left behind. The rule: tests share nothing and wait for what happens, never for time to pass.

mod bad_input;
mod controls;
mod crash;
mod docs;
mod exporters;
mod faults;
mod findings;
mod gateway;
mod group;
mod inspect;
mod main_job;
mod mappings;
mod messy;
mod resume;
mod stub;
mod threads;
mod tidy;
mod workbooks;
mod world;
mod wounds;
