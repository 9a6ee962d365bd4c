//! How a sandbox behaves: credentials, limits, and the switches of contract section 11.
//!
//! Owns the settings and their defaults; every part reads what concerns it. Unknown keys are refused, so that a
//! misspelt switch is noticed. The one rule: the defaults are the contract's defaults.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::faults::FaultSettings;
use crate::operation::routes::Routes;
use crate::upload::Uploads;

/// What a sandbox is like; every key has a default, and all but the store can be changed while it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, and a key of the settings file")]
pub struct SandboxSettings {
    /// What a log-in must carry.
    pub credentials: Credentials,
    /// The company that a client of the sandbox would name; other well-formed ids are served too.
    pub company_id: String,
    /// A file of JSON lines that keeps the records for the next process; none keeps them in memory only.
    pub store: Option<PathBuf>,
    /// Whether uploads are answered as if every row were stored, while none is looked at or kept.
    pub store_nothing: bool,
    /// Whether other hosts may be listened to.
    pub allow_remote: bool,
    /// Whether uploads and new invoices may name any customer whose id has the right shape.
    pub lenient_customers: bool,
    /// Customers whose rows are refused although nothing is wrong with them.
    pub refuse_customers: Vec<String>,
    /// Invoices, by id or number, that are not changed, dispatched or deleted although nothing is wrong with them.
    pub refuse_invoices: Vec<String>,
    /// Ids of customers and invoices that are taken to be another company's.
    pub foreign_ids: Vec<String>,
    /// Start of every random draw, so that a run can be repeated.
    pub seed: u64,
    /// Two columns of uploaded files that are read in each other's place; empty swaps none.
    pub swap_columns: Vec<String>,
    /// Requests a second that are let through; none is no limit.
    pub rate: Option<f64>,
    /// Requests that may come at once; by default a tenth of the rate and at least 2.
    pub burst: Option<u32>,
    /// Whether a 429 says how long to wait.
    pub retry_after: bool,
    /// Time every reply takes at least.
    pub latency_ms: u64,
    /// Time a reply takes beyond that, evenly drawn from zero to this.
    pub jitter_ms: u64,
    /// How far its clock is ahead of this host's, or behind, in stamps and in the `Date` header.
    pub clock_offset_s: i64,
    /// Routes served beside the contract's, as the client's settings name them.
    pub routes: Routes,
    /// The form of uploaded files, as the client's settings name it.
    pub uploads: Uploads,
    /// Tokens and log-ins.
    pub token: TokenSettings,
    /// The shape of replies.
    pub replies: ReplySettings,
    /// What goes wrong on purpose.
    pub faults: FaultSettings,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            credentials: Self::demo_credentials(),
            company_id: "CEK0SANDBX".to_owned(),
            store: None,
            store_nothing: false,
            allow_remote: false,
            lenient_customers: true,
            refuse_customers: Vec::new(),
            refuse_invoices: Vec::new(),
            foreign_ids: Vec::new(),
            seed: 1,
            swap_columns: Vec::new(),
            rate: None,
            burst: None,
            retry_after: true,
            latency_ms: 0,
            jitter_ms: 0,
            clock_offset_s: 0,
            routes: Routes::default(),
            uploads: Uploads::default(),
            token: TokenSettings::default(),
            replies: ReplySettings::default(),
            faults: FaultSettings::default(),
        }
    }
}

impl SandboxSettings {
    /// The credentials that a sandbox takes unless told otherwise; they open nothing but a sandbox.
    pub fn demo_credentials() -> Credentials {
        Credentials {
            client_id: "CEK0SANDBX".to_owned(),
            client_secret: "sandbox-client".to_owned(),
            username: "demo@sandbox.example".to_owned(),
            password: "sandbox-user".to_owned(),
        }
    }
}

/// What a log-in must carry (contract 3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Credentials {
    /// User of the Basic header.
    pub client_id: String,
    /// Password of the Basic header.
    pub client_secret: String,
    /// Form field `username`.
    pub username: String,
    /// Form field `password`.
    pub password: String,
}

impl Default for Credentials {
    fn default() -> Self {
        SandboxSettings::demo_credentials()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Tokens and log-ins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TokenSettings {
    /// Which of the two spellings the reply has.
    pub spelling: Spelling,
    /// How long a token is taken.
    pub lifetime_s: u64,
    /// Whether the reply says so.
    pub lifetime_in_reply: bool,
    /// Whether three refused log-ins in a row lock the account.
    pub lock_out: bool,
    /// Status of a refused user, 400 or 401; a refused client is 401 always.
    pub refusal_status: u16,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            spelling: Spelling::CamelCase,
            lifetime_s: 86_399,
            lifetime_in_reply: true,
            lock_out: true,
            refusal_status: 400,
        }
    }
}

/// The shape of replies: the switches of contract section 11.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReplySettings {
    /// Status of a success; any from 200 to 299.
    pub success_status: u16,
    /// What headers of a success say about the request limit.
    pub rate_headers: RateHeaders,
    /// Status of a well-formed request with a wrong field: 422 or 400.
    pub validation_status: u16,
    /// How a well-formed request is refused.
    pub business_failure: BusinessFailure,
    /// What `payload` is in a refusal.
    pub failure_payload: FailurePayload,
    /// What `errorResponse` is in a success.
    pub error_response_on_success: SuccessError,
    /// Body of a reply with an error status.
    pub error_body: ErrorBody,
    /// Shape of a search's payload.
    pub search_reply: SearchReply,
    /// What `offset` of a search counts.
    pub search_offset: OffsetUnit,
    /// Records of a search's page, whatever is asked for; none gives as many as asked, up to 5,000.
    pub page_cap: Option<usize>,
    /// How items of an upload's reply name their row.
    pub bulk_items: BulkItems,
    /// Where such an item has its message.
    pub message_key: MessageKey,
    /// Whether an upload's reply counts, and how well.
    pub bulk_counts: BulkCounts,
    /// Which rows of an upload are refused although nothing is wrong with them.
    pub refuse_rows: Refused,
    /// Whether one bad row refuses its whole file.
    pub file_refusal: FileRefusal,
    /// What becomes of a record whose business key is stored already.
    pub duplicates: Duplicates,
}

impl Default for ReplySettings {
    fn default() -> Self {
        Self {
            success_status: 200,
            rate_headers: RateHeaders::Absent,
            validation_status: 422,
            business_failure: BusinessFailure::Status,
            failure_payload: FailurePayload::Absent,
            error_response_on_success: SuccessError::Absent,
            error_body: ErrorBody::Envelope,
            search_reply: SearchReply::Array,
            search_offset: OffsetUnit::Rows,
            page_cap: None,
            bulk_items: BulkItems::RowNumber,
            message_key: MessageKey::ErrorMessage,
            bulk_counts: BulkCounts::Right,
            refuse_rows: Refused::None,
            file_refusal: FileRefusal::Never,
            duplicates: Duplicates::Refused,
        }
    }
}

macro_rules! switches {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $about:literal])+ $choice:ident,)+ })+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(rename_all = "kebab-case")]
            pub enum $name { $($(#[doc = $about])+ $choice,)+ }
        )+
    };
}

switches! {
    /// Spelling of the token's fields.
    Spelling {
        /// `accessToken`, `expiresIn`.
        CamelCase,
        /// `access_token`, `expires_in`.
        SnakeCase,
    }

    /// What headers of a success say about the request limit.
    RateHeaders {
        /// There are none.
        Absent,
        /// `RateLimit-*`, with nothing left for a second.
        NoneLeft,
        /// `X-RateLimit-*`, with nothing left for a second.
        XNoneLeft,
    }

    /// How a well-formed request is refused.
    BusinessFailure {
        /// With the validation status.
        Status,
        /// With HTTP 200 and a code other than 0.
        Code,
        /// With HTTP 200 and the message `FAILURE`, nothing else.
        Message,
    }

    /// What `payload` is in a refusal.
    FailurePayload {
        /// Not there.
        Absent,
        /// The message as a plain string.
        Text,
    }

    /// What `errorResponse` is in a success.
    SuccessError {
        /// Not there.
        Absent,
        /// There, and null.
        Null,
    }

    /// Body of a reply with an error status.
    ErrorBody {
        /// The API's envelope.
        Envelope,
        /// A gateway's page.
        Html,
        /// Nothing.
        Empty,
    }

    /// Shape of a search's payload.
    SearchReply {
        /// The records themselves.
        Array,
        /// The records under `data`, and how many match under `count`.
        Data,
    }

    /// What `offset` of a search counts.
    OffsetUnit {
        /// Rows to leave out.
        Rows,
        /// Pages of `limit` rows to leave out.
        Pages,
    }

    /// How items of an upload's reply name their row.
    BulkItems {
        /// By number and business key.
        RowNumber,
        /// By business key alone.
        BusinessKey,
        /// Not at all.
        Neither,
        /// By a number that is one too high, beside the business key.
        OffByOne,
        /// There are no lists of items, only counts.
        CountsOnly,
    }

    /// Where an item has its message.
    MessageKey {
        /// Under `errorMessage`.
        ErrorMessage,
        /// Under `message`.
        Message,
        /// Under `reason`.
        Reason,
        /// Under `error`.
        Error,
        /// Nowhere.
        None,
    }

    /// Whether an upload's reply counts, and how well.
    BulkCounts {
        /// As it was.
        Right,
        /// No counts and no total.
        Absent,
        /// One success too many.
        Wrong,
    }

    /// Which good rows are refused.
    Refused {
        /// None.
        None,
        /// Every third row of a file or id of a list, beginning with the first, and every third request for one record.
        Some,
        /// All.
        All,
    }

    /// Whether one bad row refuses its whole file.
    FileRefusal {
        /// No, the row is an item of the reply.
        Never,
        /// Yes, without saying which row it is.
        AnyBadRow,
        /// Yes, but the rows above it are stored all the same.
        FromBadRow,
        /// Yes, but its good rows are stored all the same.
        AllButBad,
    }

    /// What becomes of a record whose business key is stored already.
    Duplicates {
        /// Its row is refused.
        Refused,
        /// It is stored beside the first.
        StoredTwice,
    }
}

impl MessageKey {
    /// The JSON name, where there is one.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            MessageKey::ErrorMessage => Some("errorMessage"),
            MessageKey::Message => Some("message"),
            MessageKey::Reason => Some("reason"),
            MessageKey::Error => Some("error"),
            MessageKey::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_from_toml_keep_defaults_and_refuse_unknown_keys() {
        let settings: SandboxSettings = toml::from_str(
            "rate = 5.0\n[token]\nspelling = \"snake-case\"\n[replies]\nbulk-items = \"off-by-one\"\n\
             [faults.rates]\nreply-lost = 0.1\n[[faults.schedule]]\nrequest = 3\nfault = \"not-json\"\n",
        )
        .unwrap();
        assert_eq!(settings.rate, Some(5.0));
        assert_eq!(settings.token.spelling, Spelling::SnakeCase);
        assert_eq!(settings.token.lifetime_s, 86_399);
        assert_eq!(settings.replies.bulk_items, BulkItems::OffByOne);
        assert_eq!(settings.faults.schedule.len(), 1);
        for bad in
            ["speed = 1", "[token]\nlife = 3", "[replies]\nbulk-items = \"sometimes\"", "[faults.rates]\nfire = 1"]
        {
            assert!(toml::from_str::<SandboxSettings>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn secrets_do_not_appear_when_settings_are_shown() {
        let shown = format!("{:?}", SandboxSettings::default());
        assert!(!shown.contains("sandbox-client") && !shown.contains("sandbox-user"), "{shown}");
    }
}
