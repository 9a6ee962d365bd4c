//! A code for every reason that ends a command or leaves a sheet out, with an example and the way out.
//!
//! Owns [`ErrorCode`], the one list of them. The errors themselves say what happened and where; here stands what that
//! means in general. The rule: every error has a code ([`From`] is exhaustive), and codes are only ever added.

use crate::config::error::ConfigError;
use crate::error::RunError;
use crate::ledger::LedgerError;
use crate::mapping::MappingError;
use crate::sheet::error::SheetError;
use crate::stop::StopReason;

macro_rules! errors {
    ($($name:ident = $text:literal: $meaning:literal; $example:literal => $way_out:literal;)+) => {
        /// Stable code of an error, as `arload explain` takes it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $(#[doc = $meaning] $name,)+ }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$name,)+];

            /// The code as users see it.
            pub fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$name => $text,)+ }
            }

            /// What it means, an example, and the way out.
            pub(super) fn words(self) -> (&'static str, &'static str, &'static str) {
                match self { $(ErrorCode::$name => ($meaning, $example, $way_out),)+ }
            }
        }
    };
}

errors! {
    SettingsFile = "settings-file": "The settings file could not be read or written.";
        "--config points to a file that is not there" => "name another file with --config FILE; arload config init writes one";
    SettingsFileRefused = "settings-file-refused": "The settings file could be changed by somebody else, or is no text file of its size.";
        "arload.toml has the mode 0664" => "make the file your own and run: chmod go-w arload.toml";
    SettingsLine = "settings-line": "A line of the settings file is not understood.";
        "a key that does not exist: baseurl" => "correct the line that the message names; arload config init writes a file that lists every key";
    SettingsValue = "settings-value": "A value is not of the kind that its flag, variable or key takes.";
        "--rate fast" => "write it as the message says; arload config show tells what is in force and who said it";
    NoProfile = "no-profile": "No profile has the name that was asked for.";
        "--profile liv where the file has live" => "name one of the profiles that the message lists";
    SettingsContradict = "settings-contradict": "Two sources name different hosts, or a secret would go to a host that it does not belong to.";
        "ARLOAD_BASE_URL names another host than --profile live" => "unset the variable, or keep a profile for each host";
    SettingsMissing = "settings-missing": "Settings that a real upload needs are not there.";
        "no company-id anywhere" => "run arload config init, or set the variables that the message names; --sandbox and --dry-run need none";
    SecretUnavailable = "secret-unavailable": "A password or client secret could not be had.";
        "password-command ends with an error" => "run the command by hand; it must print the secret alone";

    Temporary = "temporary-folder": "The temporary folder cannot hold the rows while they are read.";
        "the disk of /tmp is full" => "free some space, or set TMPDIR to a larger disk";
    NoSheets = "no-sheets": "Not one of the sheets could be read; nothing was sent.";
        "the only file is protected with a password" => "each sheet says above why; arload inspect FILE shows more";
    Input = "put-right-first": "Something has to be put right before anything is sent; the message says what.";
        "--expect-total differs from what was read" => "follow the hint below the message";
    Unapproved = "not-approved": "The ledger asks for an approval by another person, and nobody has given it yet; nothing was sent.";
        "arload runs send 7 by the person who planned run 7" => "ask one of those whom the message names: arload runs show 7, then arload runs approve 7";
    NotLookedUp = "not-looked-up": "What the API has already could not be looked up, so no plan was made; nothing was sent.";
        "the search answers with an error before the first create" => "run it again once the API answers; --first-use goes without, where the account has no such records";
    Corrections = "corrections-misfit": "A corrections workbook belongs elsewhere or lacks what tells its rows; it is left out whole.";
        "the workbook of a sandbox run given to a real account" => "give it to the command, account and ledger that wrote it, with its hidden sheet";
    Results = "results-not-written": "Results could not be written.";
        "the folder of the sheet is read-only" => "name another folder with --results DIR; arload runs results ID writes them again from the ledger";
    Evidence = "evidence-not-written": "A run's evidence could not be written.";
        "run-7.evidence.zip exists" => "name another file with --out, or pass --force";
    Totals = "totals-disagree": "The outcomes do not add up to the rows read, which is a bug of arload; nothing was called done.";
        "369 rows read and 368 with an outcome" => "keep the ledger and report it; nothing more is sent";
    Locked = "locked": "Another run is sending for the same account, or another arload watches the same folder.";
        "the cron job of the last hour is not done" => "wait for it to end, or pass --wait";
    Lock = "lock-not-taken": "The system refused the lock that keeps two runs apart.";
        "the state folder is read-only" => "name a folder that you can write to with --state DIR";
    NoRun = "no-run": "The ledger has no run of this number.";
        "arload runs show 7 where six runs are" => "arload runs list shows them; those of the sandbox need --sandbox";
    Export = "export-stopped": "An export or a comparison stopped before it was complete; nothing half was written.";
        "the connection broke at page 12" => "run the same command again; an export to a file goes on where it stopped";
    NotExported = "export-not-written": "An export could not be written.";
        "the file exists" => "pass --force to replace it, or name another file with --output";
    Interrupted = "interrupted": "Ctrl-C or SIGTERM came.";
        "Ctrl-C during the third upload" => "run the same command again; it goes on where it stopped";
    LoginRefused = "login-refused": "Enkash refused the log-in; the same credentials are not tried again, because accounts lock after three refusals.";
        "the password was changed last week" => "correct username, password, client-id and client-secret, then try them with arload auth check";
    RequestRefused = "request-refused": "Enkash does not let this account do it (403), or does not know the route (404).";
        "a route that Enkash calls otherwise" => "ask Enkash for the right, or for the route, and set it under [profiles.NAME.routes]";
    Outage = "outage": "Enkash gave no useful answer for too long; what is not sent stays in the plan.";
        "503 for a minute" => "run the same command again later";
    Quota = "quota": "The requests of the day (--per-day) are used up.";
        "--per-day 1000, and a run of 1,200 requests" => "run the same command again tomorrow, or raise --per-day";
    LedgerStopped = "ledger-stopped": "The ledger could not record what happens, so nothing more was sent.";
        "the disk is full" => "free some space, then run the same command again";
    Canary = "first-rows-differ": "The first rows to a new upload do not stand at Enkash as they were sent; the rest was held back.";
        "baseAmount and netAmount in each other's place" => "compare the differences that were named; set the form of the upload in the profile (upload)";
    RefusalBudget = "refusal-budget": "As many uploads were refused whole as --refusal-budget allows.";
        "200 files refused without a row named" => "look at the messages of the refusals; correct the sheet, then run the same command again";

    LedgerStorage = "ledger-not-usable": "The ledger's store refused: the disk is full, the file is taken, or it is broken.";
        "database disk image is malformed" => "follow the hint; keep the file as it is and restore a backup if it is broken";
    LedgerOpen = "ledger-not-opened": "The ledger's file or folder cannot be made or opened.";
        "the state folder belongs to another user" => "name a folder that you can write to with --state DIR";
    LedgerNetwork = "ledger-on-network": "The ledger lies on a network file system, whose locks and syncs are not reliable.";
        "--state on an NFS share" => "name a folder on a disk of this machine with --state DIR";
    LedgerNewer = "ledger-newer": "A newer arload wrote the ledger.";
        "the program was put back to last year's" => "install the newer arload, or name another folder with --state";
    LedgerOlder = "ledger-older": "An earlier arload wrote the ledger, and this command does not bring it up to date.";
        "runs list right after an update" => "run arload ledger migrate, which keeps a copy";
    LedgerDamaged = "ledger-damaged": "A stored record cannot be read back.";
        "a disk fault" => "run arload runs verify, and restore the ledger from a backup";
    LedgerDatabase = "ledger-database": "The ledger's database refused a statement.";
        "the role may not write to a table" => "follow the hint; arload ledger migrate says what the role needs";
    LedgerAway = "ledger-away": "The ledger's database does not answer.";
        "the database server is restarted" => "wait until it answers and run the same command again; nothing is lost";
    LedgerMoved = "ledger-moved": "The ledger's history went into a database, and is gone on with there alone.";
        "a cron job that still names the old state folder" => "name the database with --ledger, or in the profile";
    LedgerMissing = "ledger-missing": "The database has none of the ledger's tables.";
        "--ledger names a new database" => "run arload ledger init once, with a role that may make tables";
    LedgerPlace = "ledger-place": "The place of the ledger's database cannot be used as it is given.";
        "--ledger postgres://host without a database" => "write postgres://USER@HOST/DATABASE, and the password apart from it";
    LedgerLost = "ledger-lost": "Another process took over what this one had, because it gave no sign of life for too long.";
        "a laptop that slept while it sent" => "run the same command again; it goes on where the others are";

    FileNotFound = "file-not-found": "There is no such file.";
        "arload invoices create marhc.xlsx" => "check the path; a folder or a pattern such as \"march/*.xlsx\" also works";
    FileUnreadable = "file-unreadable": "The system refused to open or read the file.";
        "the file belongs to another user" => "close it in other programs, and check that you may read it";
    NotAFile = "not-a-file": "A folder or a pipe stands where a file is needed.";
        "a folder named march.xlsx" => "name the file; pass data through standard input with - as the file name";
    NoMatch = "no-match": "A pattern matches no file, or is none.";
        "\"inbox/*.xslx\"" => "check the pattern; put it in quotation marks so that the shell leaves it alone";
    NothingInside = "nothing-inside": "A folder or pattern holds nothing that could be a sheet.";
        "a folder of PDF files" => "files ending in csv, tsv, txt, xlsx, xlsm, xls, xlsb or ods are read";
    NotInput = "not-input": "The file is something that arload or Excel wrote beside sheets.";
        "march.results.csv, or ~$march.xlsx" => "pass the sheet itself";
    Empty = "empty": "There are no rows.";
        "an export of the wrong month" => "check that the right file or sheet was exported";
    Compressed = "compressed": "The file is packed in a way that is not read.";
        "march.7z" => "unpack it first";
    Archive = "archive": "The archive around the sheet is not one that is read.";
        "a zip with two workbooks" => "unpack it first, or pack one sheet alone and without a password";
    EndlessLine = "endless-line": "The text goes on and on without a line end.";
        "a database file that was renamed to .csv" => "save the data as xlsx or csv from the program that wrote it";
    Foreign = "not-a-sheet": "The file is neither text nor a workbook.";
        "a PDF that was renamed to .xlsx" => "save it as xlsx or csv from the program that wrote it";
    Password = "password-protected": "The workbook is encrypted.";
        "Excel asks for a password when it opens" => "save a copy without a password: in Excel under File, Info, Protect Workbook";
    Damaged = "damaged": "The workbook cannot be understood.";
        "a download that was cut off" => "open it in Excel and save it again, or download it again";
    ReaderEnded = "reader-ended": "The process that decoded the workbook came to an end over it.";
        "a workbook made to eat memory" => "save it again as xlsx from Excel or LibreOffice; clear cells that stand far from the table";
    TooMuch = "unpacks-too-large": "A packed file holds more than a real sheet of its size does.";
        "a formatted cell in the last row of the worksheet" => "clear cells that stand far from the table, or save it as csv";
    NoReader = "no-reader": "The program that reads workbooks could not be started.";
        "the program file was moved while it ran" => "check that arload's program file is in its place, and the limit on processes";
    NoWorksheet = "no-worksheet": "The workbook has no visible worksheet.";
        "all worksheets are hidden" => "name a hidden one: --sheet NAME";
    TooManySheets = "too-many-sheets": "The workbook has more worksheets than are read in one go.";
        "a worksheet for each day of ten years" => "choose some with --sheet NAME, or split the workbook";
    HiddenUnknown = "hidden-rows-unknown": "Hidden rows were to be left out of a format that does not tell them.";
        "--hidden-rows skip with an .xls file" => "save it as xlsx, or pass --hidden-rows read";
    NoSuchSheet = "no-such-sheet": "--sheet names a worksheet that the workbook does not have.";
        "--sheet Marhc" => "pass one of the names that the message lists";
    NoHeader = "no-header": "No row looks like headings.";
        "a cover sheet, or rows without headings" => "pass --header-row N if row N holds the headings";
    BlankHeader = "blank-header": "The row given as header is blank or lies below the end.";
        "--header-row 50 for a sheet of 20 rows" => "pass the number of the row that holds the headings, or leave --header-row out";
    TooWide = "header-too-wide": "The header has more columns than a spreadsheet can hold.";
        "a text file that was split at the wrong character" => "check --delimiter and --header-row";
    UnknownEncoding = "unknown-encoding": "--encoding names no known encoding.";
        "--encoding ansi-7" => "use a name such as utf-8, windows-1252 or utf-16le";
    BadDelimiter = "bad-delimiter": "--delimiter cannot separate cells.";
        "--delimiter with a quotation mark" => "use one of , ; | or tab";
    InputNotKept = "standard-input": "Standard input could not be kept for reading, or is too long.";
        "the temporary folder is full" => "free some space, pass the file's name, or split the data";
    TooLong = "too-many-rows": "The file has more rows than can be numbered.";
        "more than four billion lines" => "split the data into several files";
    Changed = "changed-while-read": "The sheet changed while it was read, so half of it may be missing.";
        "a program still writes the file" => "wait until it has finished, and run the same command again";
    RowsFall = "rows-out-of-order": "Row numbers of the workbook do not rise, so the file is damaged.";
        "a workbook written by a faulty program" => "open it in Excel and save it again";

    UnknownHeading = "unknown-heading": "--map or a saved mapping names a heading that the sheet does not have.";
        "--map \"Bil No=invoiceNumber\"" => "write the heading as the sheet has it; arload inspect FILE lists them";
    MappingMisfit = "mapping-misfit": "The saved mapping does not fit the sheet or the operation.";
        "a column of the mapping is gone from this month's export" => "inspect the sheet and save the mapping again: arload inspect FILE --as OPERATION --save-mapping NAME";
    SeveralHeadings = "several-headings": "--map names a heading that several columns have.";
        "two columns headed Amount" => "rename one of them, or give the heading exactly as the sheet writes it";
    UnknownField = "unknown-field": "--map or --set names a field that the operation does not have.";
        "--set invoiceNo=7" => "use a field of the list at the end of the operation's --help";
    MappedTwice = "mapped-twice": "A column or a field is given twice.";
        "--map \"A=dueDate\" --map \"B=dueDate\"" => "leave one of the two out";
    Guarded = "guarded-field": "A field that moves money or sends mail is mapped or set without the profile's leave.";
        "--set dispatchNow=true" => "set allow-guarded = true in the profile if that is meant";
    MissingColumn = "missing-column": "The sheet has no column for a field that is required.";
        "a sheet of invoices without a date" => "name the column with --map \"HEADING=FIELD\", or give all rows the same with --set FIELD=VALUE";
    ColumnsTied = "columns-tied": "Several columns fit a required field equally well.";
        "Invoice Date and Bill Date" => "choose one with --map \"HEADING=FIELD\"";
    OnlyTotal = "only-total": "The sheet has one amount, and nobody said whether it is the taxable value or the total.";
        "a sheet with the column Amount alone" => "set only-amount = \"baseAmount\" or \"netAmount\" in the profile";
    Unit = "unit-not-rupees": "The amounts are in lakhs, thousands or another currency.";
        "the heading \"Amount (\u{20b9} lakh)\"" => "write the amounts in rupees in the sheet";
    OtherOperation = "other-operation": "The columns look like those of another operation.";
        "a sheet of customers given to invoices create" => "run the operation that the hint names";
    Lines = "lines-not-joined": "The sheet has several rows an invoice, or its rows cannot be joined for certain.";
        "a Zoho export with one row for each item" => "pass --group; name the columns to sum in a mapping file if asked to";
    OtherDocuments = "other-documents": "A title, or the worksheet's name, says that the rows are no invoices.";
        "a worksheet called Credit Notes" => "leave it out; if its rows are invoices, rename it or delete that line";
    OtherTable = "second-table": "A second table stands below the first, and is not read.";
        "a list of payments below the invoices" => "put it into a sheet of its own";
    DoubtfulTotal = "doubtful-total": "A row may be a total or a line of an invoice.";
        "Opening Balance in a column of items" => "delete it if it is a total, or call the line something else";
    SwappedDates = "swapped-dates": "A spreadsheet set to month first has swapped days and months; no date of the sheet can be trusted.";
        "a CSV with days first, opened and saved in an Excel with months first" => "export it again, and do not save it in that spreadsheet";
}

impl From<&ConfigError> for ErrorCode {
    fn from(error: &ConfigError) -> Self {
        match error {
            ConfigError::File { .. } => Self::SettingsFile,
            ConfigError::Refused { .. } => Self::SettingsFileRefused,
            ConfigError::Line { .. } => Self::SettingsLine,
            ConfigError::Value { .. } => Self::SettingsValue,
            ConfigError::NoProfile { .. } => Self::NoProfile,
            ConfigError::Contradiction { .. } => Self::SettingsContradict,
            ConfigError::Missing { .. } => Self::SettingsMissing,
            ConfigError::Secret { .. } => Self::SecretUnavailable,
        }
    }
}

impl From<&LedgerError> for ErrorCode {
    fn from(error: &LedgerError) -> Self {
        match error {
            LedgerError::Storage { .. } => Self::LedgerStorage,
            LedgerError::Open { .. } => Self::LedgerOpen,
            LedgerError::Network { .. } => Self::LedgerNetwork,
            LedgerError::Newer { .. } => Self::LedgerNewer,
            LedgerError::Older { .. } => Self::LedgerOlder,
            LedgerError::Damaged(_) => Self::LedgerDamaged,
            LedgerError::Database { .. } => Self::LedgerDatabase,
            LedgerError::Away { .. } => Self::LedgerAway,
            LedgerError::Moved { .. } => Self::LedgerMoved,
            LedgerError::Missing { .. } => Self::LedgerMissing,
            LedgerError::Place(_) => Self::LedgerPlace,
            LedgerError::Lost(_) => Self::LedgerLost,
        }
    }
}

impl From<StopReason> for ErrorCode {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::Interrupted => Self::Interrupted,
            StopReason::LoginRefused => Self::LoginRefused,
            StopReason::Refused => Self::RequestRefused,
            StopReason::Outage => Self::Outage,
            StopReason::Quota => Self::Quota,
            StopReason::Ledger => Self::LedgerStopped,
            StopReason::Canary => Self::Canary,
            StopReason::RefusalBudget => Self::RefusalBudget,
        }
    }
}

impl From<&RunError> for ErrorCode {
    fn from(error: &RunError) -> Self {
        match error {
            RunError::Ledger(error) => Self::from(error),
            RunError::Spool(_) => Self::Temporary,
            RunError::NoSheets => Self::NoSheets,
            RunError::Input { .. } => Self::Input,
            RunError::Unapproved(_) => Self::Unapproved,
            RunError::NotLookedUp { .. } => Self::NotLookedUp,
            RunError::Results { .. } => Self::Results,
            RunError::Evidence { .. } => Self::Evidence,
            RunError::Sheet(error) => Self::from(error),
            RunError::TotalsDisagree(_) => Self::Totals,
            RunError::Locked(_) | RunError::Watched(_) => Self::Locked,
            RunError::Lock { .. } => Self::Lock,
            RunError::Interrupted => Self::Interrupted,
            RunError::Stopped { reason, .. } | RunError::Export { reason: Some(reason), .. } => Self::from(*reason),
            RunError::Export { reason: None, .. } => Self::Export,
            RunError::NotExported { .. } => Self::NotExported,
            RunError::NoRun(_) => Self::NoRun,
        }
    }
}

impl From<&SheetError> for ErrorCode {
    fn from(error: &SheetError) -> Self {
        match error {
            SheetError::NotFound { .. } => Self::FileNotFound,
            SheetError::Unreadable { .. } => Self::FileUnreadable,
            SheetError::NotAFile { .. } => Self::NotAFile,
            SheetError::NoMatch { .. } | SheetError::BadPattern { .. } => Self::NoMatch,
            SheetError::NothingInside { .. } => Self::NothingInside,
            SheetError::NotInput { .. } => Self::NotInput,
            SheetError::Empty { .. } => Self::Empty,
            SheetError::Compressed { .. } => Self::Compressed,
            SheetError::Archive { .. } => Self::Archive,
            SheetError::EndlessLine { .. } => Self::EndlessLine,
            SheetError::Foreign { .. } => Self::Foreign,
            SheetError::Password { .. } => Self::Password,
            SheetError::Damaged { .. } => Self::Damaged,
            SheetError::ReaderEnded { .. } => Self::ReaderEnded,
            SheetError::TooMuch { .. } => Self::TooMuch,
            SheetError::NoReader { .. } => Self::NoReader,
            SheetError::NoSheets { .. } => Self::NoWorksheet,
            SheetError::TooManySheets { .. } => Self::TooManySheets,
            SheetError::HiddenUnknown { .. } => Self::HiddenUnknown,
            SheetError::NoSuchSheet { .. } => Self::NoSuchSheet,
            SheetError::NoHeader { .. } => Self::NoHeader,
            SheetError::BlankHeader { .. } => Self::BlankHeader,
            SheetError::TooWide { .. } => Self::TooWide,
            SheetError::UnknownEncoding { .. } => Self::UnknownEncoding,
            SheetError::BadDelimiter { .. } => Self::BadDelimiter,
            SheetError::Spool { .. } | SheetError::SpoolTooLong { .. } => Self::InputNotKept,
            SheetError::TooLong { .. } => Self::TooLong,
        }
    }
}

impl From<&MappingError> for ErrorCode {
    fn from(error: &MappingError) -> Self {
        match error {
            MappingError::UnknownHeading { .. } => Self::UnknownHeading,
            MappingError::Saved { .. } => Self::MappingMisfit,
            MappingError::SeveralHeadings { .. } => Self::SeveralHeadings,
            MappingError::UnknownField { .. } => Self::UnknownField,
            MappingError::FieldTwice { .. }
            | MappingError::ColumnTwice { .. }
            | MappingError::ConstantTwice { .. }
            | MappingError::ConstantAndColumn { .. } => Self::MappedTwice,
            MappingError::Guarded { .. } => Self::Guarded,
            MappingError::MissingColumn { .. } => Self::MissingColumn,
            MappingError::Tied { .. } => Self::ColumnsTied,
            MappingError::OnlyTotal { .. } => Self::OnlyTotal,
            MappingError::CoarseUnit { .. }
            | MappingError::ForeignCurrency { .. }
            | MappingError::AnnouncedUnit { .. } => Self::Unit,
            MappingError::AnnouncedKind { .. } => Self::OtherDocuments,
        }
    }
}
