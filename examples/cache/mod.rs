//! The service of `http_server` and `https_server`: values by key, for whoever asks.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use sockeye::http::layers::AccessLog;
use sockeye::http::{self, Files, IntoResponse, Limits, Request, Response, Router, Status};
use sockeye::raw::ServerProtocol;

/// What the server speaks: HTTP, with the values at `/api/cache`, and a page that explains and tries
/// them.
pub(crate) fn protocol(www: &Path) -> ServerProtocol {
    http::server_with(Limits::default().body(LARGEST), site(www))
}

fn site(www: &Path) -> Router {
    let cache = Router::new()
        .get("/api/cache", all_or_one)
        .put("/api/cache", put)
        .post("/api/cache", put)
        .delete("/api/cache", delete)
        .trace("/api/cache", trace)
        .get("/api/cache/{key}", one)
        .put("/api/cache/{key}", put)
        .post("/api/cache/{key}", put)
        .delete("/api/cache/{key}", delete)
        .trace("/api/cache/{key}", trace)
        .state(Cache::default());
    Router::new().nest("/", cache).files("/", Files::new(www)).layer(AccessLog::new())
}

/// The values, in the order of their keys.
#[derive(Default)]
struct Cache(Mutex<BTreeMap<String, Vec<u8>>>);

impl Cache {
    fn of<'r>(request: &'r Request<'_>) -> MutexGuard<'r, BTreeMap<String, Vec<u8>>> {
        let cache = request.state::<Self>().expect("the router has it");
        cache.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A value, as the list of all shows it.
#[derive(Serialize)]
struct Entry<'a> {
    key: &'a str,
    value: Cow<'a, str>,
}

/// The key in the path, or in the query.
fn key(request: &Request<'_>) -> Option<String> {
    let key = request.param("key").or_else(|| request.query("key"))?;
    (!key.is_empty()).then(|| key.into_owned())
}

fn all_or_one(request: &mut Request<'_>) -> Response {
    if key(request).is_some() {
        return one(request);
    }
    let entries = Cache::of(request);
    let entries =
        entries.iter().map(|(key, value)| Entry { key, value: String::from_utf8_lossy(value) });
    Response::json(&entries.collect::<Vec<_>>())
}

fn one(request: &mut Request<'_>) -> Response {
    let Some(key) = key(request) else { return NO_KEY.into_response() };
    match Cache::of(request).get(&key) {
        Some(value) => Response::text(value.clone()),
        None => Response::error(Status::NOT_FOUND, format!("No value for the key: {key}")),
    }
}

fn put(request: &mut Request<'_>) -> Response {
    let Some(key) = key(request) else { return NO_KEY.into_response() };
    let value = request.body().to_vec();
    let mut entries = Cache::of(request);
    if entries.len() >= MOST && !entries.contains_key(&key) {
        return Response::error(Status::INSUFFICIENT_STORAGE, "There are too many values");
    }
    match entries.insert(key, value) {
        Some(_) => Response::ok(),
        None => Response::new(Status::CREATED),
    }
}

fn delete(request: &mut Request<'_>) -> Response {
    let Some(key) = key(request) else { return NO_KEY.into_response() };
    match Cache::of(request).remove(&key) {
        Some(value) => Response::text(value),
        None => Response::error(Status::NOT_FOUND, format!("No value for the key: {key}")),
    }
}

fn trace(request: &mut Request<'_>) -> Response {
    Response::trace(request)
}

const NO_KEY: (Status, &str) = (Status::BAD_REQUEST, "Which key?");

/// Bytes of a value at most, and values at most.
const LARGEST: usize = 64 << 10;
const MOST: usize = 10_000;
