//! The whole program, run against the sandbox over HTTP in temporary folders.

mod tidy;
