//! The sandbox's HTTP server: starting, stopping, and the way of a request through the parts.
//!
//! Owns the threads and the order of things: limit, fault, token, work, count, delay. The parts decide; this file
//! carries out. The one rule: a request is counted with what was truly done before its reply, or the lack of one,
//! reaches the client.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest, Multipart, Query, Request, State};
use axum::http::{StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::auth::Tokens;
use super::bulk;
use super::faults::{Fault, Place, choose};
use super::limit::Limit;
use super::own_routes;
use super::reply::{Refusal, RefusalKind, Reply, Stamp};
use super::route::Route;
use super::search;
use super::settings::SandboxSettings;
use super::spoil;
use super::state::{Arrival, Counts, Page, overview, records};
use super::store::{Resource, Store};
use super::swallow::swallow;
use super::task::{self, Task};
use super::wire::{Cut, Wire, WireListener};
use crate::clock::{Clock, SystemClock};
use crate::operation::Operation;

// Limit: a body is held in memory; uploads of arload are far smaller.
const LARGEST_BODY: usize = 64 << 20;

/// A running sandbox; it stops when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    desk: Arc<Desk>,
    runtime: Option<Runtime>,
}

/// Starts a sandbox on threads of its own; when this returns, the socket listens. Port 0 takes any free port.
///
/// # Errors
/// An address of another than this host (unless `allow-remote`), one in use, or a store that cannot be read; a store
/// that another sandbox has open is [`io::ErrorKind::WouldBlock`].
pub fn start(listen: SocketAddr, settings: SandboxSettings) -> io::Result<Sandbox> {
    start_with_clock(listen, settings, Arc::new(SystemClock::default()))
}

/// Starts a sandbox whose tokens, limit and stamps follow a clock of the caller; delays take real time.
pub fn start_with_clock(listen: SocketAddr, settings: SandboxSettings, clock: Arc<dyn Clock>) -> io::Result<Sandbox> {
    if !listen.ip().is_loopback() && !settings.allow_remote {
        let message = format!(
            "{listen}: the sandbox listens to this host only, its records are open to all; \
             use 127.0.0.1, or set allow-remote = true"
        );
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    let store = Store::open(settings.store.as_deref())?;
    let listener = std::net::TcpListener::bind(listen)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("sandbox").enable_all().build()?;
    let desk = Arc::new(Desk {
        started: clock.elapsed(),
        clock,
        settings: RwLock::new(Arc::new(settings)),
        front: Mutex::default(),
        store: Mutex::new(store),
    });
    let listener = {
        let _inside = runtime.enter();
        WireListener(tokio::net::TcpListener::from_std(listener)?)
    };
    let service = router(Arc::clone(&desk)).into_make_service_with_connect_info::<Wire>();
    runtime.spawn(async move { axum::serve(listener, service).await });
    Ok(Sandbox { address, desk, runtime: Some(runtime) })
}

impl Sandbox {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL that a client is given.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The settings it runs with now.
    pub fn settings(&self) -> SandboxSettings {
        (*self.desk.settings()).clone()
    }

    /// Changes the settings while it runs; another store or address takes a new start.
    pub fn change(&self, change: impl FnOnce(&mut SandboxSettings)) {
        let mut settings = self.settings();
        change(&mut settings);
        self.desk.set(settings);
    }

    /// What `GET /sandbox/state` answers, without a request.
    pub fn state(&self) -> Value {
        self.desk.overview()
    }

    /// Stops it; requests in flight are cut.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Limit: handlers are short but for their delays, which are cut at once.
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
    }
}

/// What all requests share.
struct Desk {
    clock: Arc<dyn Clock>,
    started: Duration,
    settings: RwLock<Arc<SandboxSettings>>,
    front: Mutex<Front>,
    store: Mutex<Store>,
}

/// What is settled before the work on a request begins.
#[derive(Default)]
struct Front {
    tokens: Tokens,
    limit: Limit,
    counts: Counts,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Desk").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What the front says of a request.
struct Admission {
    /// Which request it is of its kind.
    ordinal: u64,
    /// What goes wrong on purpose.
    fault: Option<Fault>,
    /// How long it must wait, if the limit refuses it.
    wait: Option<Duration>,
}

/// A request in the hands of the server.
struct Call {
    route: Route,
    parts: Parts,
    admission: Admission,
    settings: Arc<SandboxSettings>,
}

impl Desk {
    fn settings(&self) -> Arc<SandboxSettings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, settings: SandboxSettings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    fn front(&self) -> MutexGuard<'_, Front> {
        self.front.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn overview(&self) -> Value {
        let settings = self.settings();
        let front = self.front();
        overview(&front.counts, &front.tokens, &self.store(), &settings)
    }

    fn admit(&self, route: &Route, path: &str, settings: &SandboxSettings) -> Admission {
        let log_in = *route == Route::LogIn;
        let mut front = self.front();
        let now = self.clock.elapsed();
        let (ordinal, of_path) = front.counts.place(path, route.known(), log_in);
        front.counts.pace(route.name(path), now.saturating_sub(self.started));
        let wait = match settings.rate {
            Some(rate) if !log_in => front.limit.admit(now, rate, settings.burst).err(),
            _ => None,
        };
        front.counts.limited += u64::from(wait.is_some());
        let place = Place { path, log_in, ordinal, of_path };
        let fault = if wait.is_some() { None } else { choose(&settings.faults, settings.seed, place) };
        Admission { ordinal, fault, wait }
    }

    /// What a request is answered before anything is done: refusals of the limit and faults before storing.
    fn forestall(&self, call: &Call) -> Option<Reply> {
        let replies = &call.settings.replies;
        let refuse = |kind, message: &str| Reply::refusal(replies, &Refusal::new(kind, message), self.stamp(call));
        let faults = &call.settings.faults;
        if let Some(wait) = call.admission.wait {
            let mut reply = refuse(RefusalKind::TooMany, "Too many requests");
            // A client that waits the full seconds is let through.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            reply.retry_after_s = call.settings.retry_after.then_some(seconds.max(1));
            return Some(reply);
        }
        match call.admission.fault? {
            Fault::Throttled => {
                let mut reply = refuse(RefusalKind::TooMany, "Too many requests");
                reply.retry_after_s = call.settings.retry_after.then_some(faults.retry_after_s);
                Some(reply)
            }
            Fault::Unavailable => {
                let mut reply = refuse(RefusalKind::Unavailable, "Not available at the moment");
                reply.retry_after_s = Some(faults.retry_after_s);
                Some(reply)
            }
            Fault::TokenRefused => Some(refuse(RefusalKind::Unauthorized, "The access token has expired")),
            Fault::TokenExpired => {
                self.front().tokens.expire_all();
                Some(refuse(RefusalKind::Unauthorized, "The access token has expired"))
            }
            Fault::ErrorBeforeStoring | Fault::ResetBeforeStoring => {
                Some(refuse(RefusalKind::Broken, "Something went wrong"))
            }
            Fault::HtmlError => Some(Reply::page(502, "Bad Gateway")),
            _ => None,
        }
    }

    fn stamp(&self, call: &Call) -> Stamp {
        Stamp { now: self.now(&call.settings), request: call.admission.ordinal }
    }

    /// The time as this server knows it.
    fn now(&self, settings: &SandboxSettings) -> Timestamp {
        let now = self.clock.now();
        now.checked_add(SignedDuration::from_secs(settings.clock_offset_s)).unwrap_or(now)
    }

    /// Does what the request asks for.
    async fn answer(&self, call: &Call, body: Bytes) -> Reply {
        let done = match &call.route {
            Route::LogIn => {
                let now = self.clock.elapsed();
                return self.front().tokens.log_in(&call.settings, authorization(&call.parts), &body, now);
            }
            Route::Unknown => Err(Refusal::missing("No such route")),
            Route::WrongMethod(methods) => {
                let refusal = Refusal::new(RefusalKind::WrongMethod, "No such method on this route");
                let mut reply = Reply::refusal(&call.settings.replies, &refusal, self.stamp(call));
                reply.headers.push(("allow", methods.join(", ")));
                return reply;
            }
            Route::Work(operation) if operation.is_upload() => match self.admit_token(call) {
                Ok(()) => self.upload(call, operation, body).await,
                Err(refusal) => Err(refusal),
            },
            Route::Work(operation) => self.admit_token(call).and_then(|()| self.work(call, operation, &body)),
            Route::Search(resource) => self.admit_token(call).and_then(|()| {
                search::search(&self.store(), &call.settings.replies, *resource, &query(&call.parts)?, &body)
            }),
        };
        done.unwrap_or_else(|refusal| Reply::refusal(&call.settings.replies, &refusal, self.stamp(call)))
    }

    fn admit_token(&self, call: &Call) -> Result<(), Refusal> {
        self.front().tokens.admit(authorization(&call.parts), self.clock.elapsed())
    }

    fn work(&self, call: &Call, operation: &'static Operation, body: &[u8]) -> Result<Reply, Refusal> {
        let task = Task {
            operation,
            settings: &call.settings,
            path: call.parts.uri.path(),
            query: &query(&call.parts)?,
            now: self.now(&call.settings),
            ordinal: call.admission.ordinal,
        };
        let mut store = self.store();
        let done = task::answer(&mut store, task, body);
        // A list can be refused although some of it was done.
        commit(&mut store)?;
        done
    }

    async fn upload(&self, call: &Call, operation: &'static Operation, body: Bytes) -> Result<Reply, Refusal> {
        let query = query(&call.parts)?;
        let account = task::account(operation, &query)?.unwrap_or(&call.settings.company_id);
        let uploads = &call.settings.uploads;
        let file = file_part(call, body, uploads.part(operation)).await?;
        let unreadable = |error: String| Refusal::unreadable(format!("The file cannot be read: {error}"));
        let file = uploads.unpack(operation, &file).map_err(unreadable)?;
        if call.settings.store_nothing {
            return swallow(operation, &call.settings.replies, call.admission.ordinal, &file);
        }
        let rows = bulk::read(operation, &call.settings, &file)?;
        let upload = bulk::Upload { operation, account, now: self.now(&call.settings) };
        let mut store = self.store();
        let reply = bulk::store(&mut store, &call.settings, upload, rows)?;
        commit(&mut store)?;
        Ok(reply)
    }
}

fn commit(store: &mut Store) -> Result<(), Refusal> {
    store.commit().map_err(|error| Refusal::new(RefusalKind::Broken, format!("The store failed: {error}")))
}

fn authorization(parts: &Parts) -> Option<&str> {
    parts.headers.get(header::AUTHORIZATION)?.to_str().ok()
}

fn query(parts: &Parts) -> Result<BTreeMap<String, String>, Refusal> {
    let unreadable = |_| Refusal::unreadable("The query cannot be read");
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(unreadable)?;
    let mut query = BTreeMap::new();
    for (name, value) in pairs {
        if query.contains_key(&name) {
            return Err(Refusal::invalid(format!("{name}: is given twice")));
        }
        query.insert(name, value);
    }
    Ok(query)
}

/// The bytes of the part of a name.
async fn file_part(call: &Call, body: Bytes, name: &str) -> Result<Bytes, Refusal> {
    let unreadable = |error: &dyn std::fmt::Display| Refusal::unreadable(format!("The form cannot be read: {error}"));
    let request = Request::from_parts(call.parts.clone(), Body::from(body));
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| unreadable(&error))?;
    let mut file = None;
    while let Some(part) = form.next_field().await.map_err(|error| unreadable(&error))? {
        let found = part.name().unwrap_or_default().to_owned();
        if found != name || file.is_some() {
            return Err(Refusal::unreadable(format!("Unexpected part {found}")));
        }
        file = Some(part.bytes().await.map_err(|error| unreadable(&error))?);
    }
    file.ok_or_else(|| Refusal::unreadable("The file part is missing"))
}

/// Takes any request that is not for `/sandbox/` from arrival to reply.
///
/// The work is a task of its own, because it goes on when the client hangs up, as a real server's does.
async fn serve(State(desk): State<Arc<Desk>>, ConnectInfo(wire): ConnectInfo<Wire>, request: Request) -> Response {
    let work = tokio::spawn(work(desk, wire, request));
    work.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn work(desk: Arc<Desk>, wire: Wire, request: Request) -> Response {
    let arrived = desk.clock.elapsed().saturating_sub(desk.started);
    let settings = desk.settings();
    let (mut parts, body) = request.into_parts();
    own_routes::lead_back(&settings.routes, &mut parts);
    let route = Route::of(&parts.method, parts.uri.path());
    let admission = desk.admit(&route, route.pattern(parts.uri.path()), &settings);
    let call = Call { route, parts, admission, settings };
    // The body is read even where it is not looked at: a client in the middle of sending would miss the reply.
    let body = to_bytes(body, LARGEST_BODY).await;
    tokio::time::sleep(spoil::delay_before(&call.settings, call.admission.fault)).await;
    let mut reply = match (body, desk.forestall(&call)) {
        (_, Some(reply)) => reply,
        (Ok(body), None) => desk.answer(&call, body).await,
        (Err(_), None) => {
            let refusal = Refusal::new(RefusalKind::TooLarge, "The body is too long or broke off");
            Reply::refusal(&call.settings.replies, &refusal, desk.stamp(&call))
        }
    };
    let fault = call.admission.fault;
    let stamp = desk.stamp(&call);
    let cut = spoil::spoil(&mut reply, &call.settings, fault, stamp);
    spoil::dress(&mut reply, &call.settings, fault, stamp.now);
    let status = match cut {
        Some(Cut::NoReply) => "no-reply".to_owned(),
        Some(Cut::HalfBody) => "cut".to_owned(),
        Some(Cut::Reset) => "reset".to_owned(),
        None => reply.status.to_string(),
    };
    let name = call.route.name(call.parts.uri.path());
    let upload = call.route.is_upload();
    desk.front().counts.record(Arrival::new(name, status, arrived, reply.rows, fault), upload);
    let delay = spoil::delay(&call.settings, fault, call.admission.ordinal);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if let Some(cut) = cut {
        wire.cut(cut);
    }
    reply.into_response()
}

fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/sandbox/state", get(async |State(desk): State<Arc<Desk>>| Json(desk.overview())))
        .route("/sandbox/records", get(show_records))
        .route("/sandbox/requests", get(show_requests))
        .route("/sandbox/reset", post(reset))
        .route("/sandbox/settings", post(change_settings))
        .fallback(serve)
        .layer(DefaultBodyLimit::disable())
        .with_state(desk)
}

async fn show_records(State(desk): State<Arc<Desk>>, Query(page): Query<Page>) -> Response {
    let Some(resource) = Resource::by_name(page.resource.as_deref().unwrap_or("invoices")) else {
        return refused("resource: must be invoices or customers");
    };
    Json(records(&desk.store(), resource, &page)).into_response()
}

async fn show_requests(State(desk): State<Arc<Desk>>, Query(page): Query<Page>) -> Response {
    Json(desk.front().counts.arrivals(&page)).into_response()
}

async fn reset(State(desk): State<Arc<Desk>>) -> Response {
    *desk.front() = Front::default();
    match desk.store().clear() {
        Ok(()) => Json(json!({"ok": true})).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("store: {error}")).into_response(),
    }
}

async fn change_settings(State(desk): State<Arc<Desk>>, Json(change): Json<Value>) -> Response {
    if let Some(fixed) = ["store", "allow-remote"].iter().find(|key| change.get(key).is_some()) {
        return refused(&format!("{fixed}: can be set at the start only"));
    }
    let mut merged = serde_json::to_value(&*desk.settings()).unwrap_or_default();
    overlay(&mut merged, change);
    match serde_json::from_value(merged) {
        Ok(settings) => {
            desk.set(settings);
            Json(json!({"ok": true})).into_response()
        }
        Err(error) => refused(&error.to_string()),
    }
}

fn refused(message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"ok": false, "error": message}))).into_response()
}

/// Lays a partial object over a whole one; `faults.rates` is replaced, as a rate left out is no rate.
fn overlay(whole: &mut Value, part: Value) {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (key, value) in part {
                match whole.get_mut(&key) {
                    Some(old) if key != "rates" => overlay(old, value),
                    _ => drop(whole.insert(key, value)),
                }
            }
        }
        (whole, part) => *whole = part,
    }
}
