//! From parsed arguments to [`FlagValues`], group by group.
//!
//! The rule: every flag of a setting arrives under the key of its own name; the tests compare both sides.

use arload::config::given::FlagValues;

use crate::args::{
    AccountArgs, AskingArgs, AuthCheckArgs, CompareArgs, ConfigShowArgs, CorrectionsArgs, CustomersArgs, GateArgs,
    InspectArgs, LedgerArgs, LedgerBackupArgs, LedgerCopyArgs, LedgerPolicyArgs, LedgerSeedArgs, MappingArgs,
    OutputArgs, PaceArgs, ReadingArgs, ReportingArgs, ResultsArgs, RunApproveArgs, RunArgs, RunEvidenceArgs,
    RunResultsArgs, RunSendArgs, RunShowArgs, RunsArgs, RunsExpectedArgs, RunsForgetArgs, RunsListArgs, RunsVerifyArgs,
    ServerArgs, SheetArgs, StateArgs, WaitArgs, WatchArgs, WorkArgs, YesArgs,
};

/// A group of flags that settings are made of.
pub(crate) trait Flags {
    /// Adds what was given.
    fn add_to(&self, flags: &mut FlagValues);

    /// What was given, alone.
    fn values(&self) -> FlagValues {
        let mut flags = FlagValues::default();
        self.add_to(&mut flags);
        flags
    }
}

impl Flags for AccountArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.profile.clone_from(&self.profile);
        flags.config.clone_from(&self.config);
    }
}

impl Flags for ServerArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.switch("sandbox", self.sandbox);
        flags.text("base-url", self.base_url.clone());
    }
}

impl Flags for ReadingArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.texts("sheet", self.sheet.clone());
        flags.text("header-row", self.header_row.clone());
        flags.text("delimiter", self.delimiter.clone());
        flags.text("encoding", self.encoding.clone());
        flags.text("date-order", self.date_order.clone());
        flags.text("hidden-rows", self.hidden_rows.clone());
    }
}

impl Flags for MappingArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.texts("map", self.map.clone());
        flags.texts("set", self.set.clone());
        flags.text("mapping", self.mapping.clone());
        flags.switch("group", self.group);
    }
}

impl Flags for CustomersArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.text("customers", self.customers.clone());
    }
}

impl Flags for GateArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.switch("dry-run", self.dry_run);
        flags.switch("plan", self.plan);
        flags.switch("strict", self.strict);
        flags.text("max-invalid", self.max_invalid.clone());
        flags.text("expect-rows", self.expect_rows.clone());
        flags.text("expect-total", self.expect_total.clone());
        flags.text("period", self.period.clone());
        flags.switch("allow-empty", self.allow_empty);
        flags.text("tolerate", self.tolerate.clone());
        flags.switch("new-run", self.new_run);
        flags.switch("retry-rejected", self.retry_rejected);
        flags.switch("first-use", self.first_use);
    }
}

impl Flags for YesArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.switch("yes", self.yes);
    }
}

impl Flags for WaitArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.switch("wait", self.wait);
    }
}

impl Flags for PaceArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.text("rate", self.rate.clone());
        flags.text("burst", self.burst.clone());
        flags.text("concurrency", self.concurrency.clone());
        flags.text("per-day", self.per_day.clone());
        flags.text("max-chunk-rows", self.max_chunk_rows.clone());
        flags.text("max-chunk-bytes", self.max_chunk_bytes.clone());
        flags.text("canary", self.canary.clone());
        flags.text("attempts", self.attempts.clone());
        flags.text("timeout", self.timeout.clone());
        flags.text("refusal-budget", self.refusal_budget.clone());
    }
}

impl Flags for ResultsArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.text("results", self.results.clone());
    }
}

impl Flags for CorrectionsArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.text("split-by", self.split_by.clone());
    }
}

impl Flags for StateArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.text("state", self.state.clone());
        flags.text("ledger", self.ledger.clone());
    }
}

impl Flags for OutputArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.text("threads", self.threads.clone());
        flags.switch("json", self.json);
        flags.switch("quiet", self.quiet);
        flags.text("progress", self.progress.clone());
    }
}

impl Flags for ReportingArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.text("log", self.log.clone());
        flags.text("log-format", self.log_format.clone());
        flags.text("metrics", self.metrics.clone());
        flags.text("notify", self.notify.clone());
    }
}

impl Flags for CompareArgs {
    fn add_to(&self, flags: &mut FlagValues) {
        flags.text("period", self.period.clone());
        self.reading.add_to(flags);
        self.mapping.add_to(flags);
        self.customers.add_to(flags);
        self.results.add_to(flags);
        self.asking.add_to(flags);
    }
}

/// A command's flags are those of its groups.
macro_rules! groups {
    ($($command:ty: $($group:ident),+;)+) => {
        $(impl Flags for $command {
            fn add_to(&self, flags: &mut FlagValues) {
                $(self.$group.add_to(flags);)+
            }
        })+
    };
}

groups! {
    SheetArgs: account, server, reading, mapping, customers, gate, yes, wait, pace, results, corrections, state, output, reporting;
    ConfigShowArgs: account, server, reading, mapping, customers, gate, yes, wait, pace, results, corrections, state, output, reporting;
    InspectArgs: account, reading, mapping;
    AuthCheckArgs: account, server, state, output;
    RunsArgs: account, server, state, output;
    RunsListArgs: shared;
    RunApproveArgs: run;
    RunsForgetArgs: shared;
    LedgerPolicyArgs: shared;
    RunArgs: shared;
    RunSendArgs: run, yes, wait, pace, results, corrections, reporting;
    RunShowArgs: run, results;
    RunsExpectedArgs: shared, reporting;
    RunResultsArgs: run, results, corrections;
    RunEvidenceArgs: shared;
    RunsVerifyArgs: shared;
    LedgerArgs: account, server, state, output;
    AskingArgs: account, server, wait, pace, state, output;
    WatchArgs: account, server, wait, pace, state, output, reporting;
    WorkArgs: account, server, pace, state, output, reporting;
    LedgerBackupArgs: shared;
    LedgerCopyArgs: shared;
    LedgerSeedArgs: account, server, reading, mapping, customers, wait, state, output;
}

#[cfg(test)]
mod tests {
    use arload::config::keys::{Form, KEYS};
    use clap::{CommandFactory as _, Parser as _};

    use super::*;
    use crate::args::{Arguments, Command, InvoicesCommand};

    fn sheet_flags(words: &[&str]) -> FlagValues {
        let words = ["arload", "invoices", "create", "a.csv"].iter().chain(words);
        match Arguments::try_parse_from(words).unwrap().command {
            Command::Invoices(InvoicesCommand::Create(sheets)) => sheets.values(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_flag_of_a_setting_arrives_under_its_key() {
        for key in KEYS.iter().filter(|key| key.flag) {
            let flag = format!("--{}", key.name);
            let value = match key.name {
                "date-order" => "dmy",
                "hidden-rows" => "skip",
                "log-format" => "json",
                "progress" => "auto",
                _ => "1",
            };
            let words = if key.form == Form::Switch { vec![flag.as_str()] } else { vec![flag.as_str(), value] };
            let given: Vec<&str> = sheet_flags(&words).keys().collect();
            assert_eq!(given, [key.name]);
        }
    }

    #[test]
    fn every_flag_is_a_setting_or_chooses_them() {
        let mut command = Arguments::command();
        let create = command.find_subcommand_mut("invoices").unwrap().find_subcommand_mut("create").unwrap();
        for flag in create.get_arguments().filter_map(|argument| argument.get_long()) {
            let setting = KEYS.iter().any(|key| key.flag && key.name == flag);
            assert!(setting || ["profile", "config", "help", "version"].contains(&flag), "--{flag}");
        }
        assert!(create.get_arguments().all(|argument| !argument.is_hide_set()));
    }

    #[test]
    fn contradicting_flags_and_unknown_commands_are_refused() {
        for words in [
            &["arload", "invoices", "create"][..],
            &["arload", "invoices", "creat", "a.csv"],
            &["arload", "invoices", "create", "a.csv", "--password", "hunter2"],
            &["arload", "invoices", "create", "a.csv", "--sandbox", "--base-url", "https://a.example"],
            &["arload", "invoices", "create", "a.csv", "--dry-run", "--plan"],
            &["arload", "invoices", "create", "a.csv", "--progress", "sometimes"],
        ] {
            assert_eq!(Arguments::try_parse_from(words).unwrap_err().exit_code(), 2, "{words:?}");
        }
    }

    #[test]
    fn the_help_of_an_operation_lists_its_fields() {
        let mut command = Arguments::command();
        let create = command.find_subcommand_mut("invoices").unwrap().find_subcommand_mut("create").unwrap();
        let help = create.render_long_help().to_string();
        for part in ["Examples:", "invoiceNumber", "required", "dispatchNow", "guarded", "Before sending:"] {
            assert!(help.contains(part), "{part}");
        }
    }
}
