//! A fake of Discord's REST API, with the parts that a bot with commands needs.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{BOT_ID, FakeHistory};

/// A request that a bot made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Requested {
    /// The whole body.
    pub body: Vec<u8>,
    /// The HTTP method, such as `GET`.
    pub method: String,
    /// The path below the version, such as `/gateway/bot`.
    pub path: String,
    /// The query, such as `limit=100`. Empty if there is none.
    pub query: String,
}

impl Requested {
    /// Returns `true` if the body contains this text, even within a part of a form.
    #[must_use]
    pub fn has(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.body).contains(text)
    }
}

/// The running API. Dropping it ends it.
#[derive(Debug)]
pub struct FakeRest {
    accepting: JoinHandle<()>,
    address: SocketAddr,
    changed: watch::Receiver<usize>,
    history: Arc<Mutex<FakeHistory>>,
    requests: Arc<Mutex<Vec<Requested>>>,
}

impl FakeRest {
    /// Starts the API. `gateway` is the URL of the gateway that it returns to bots.
    ///
    /// # Errors
    ///
    /// Returns an error if no port of the loopback interface can be opened.
    pub async fn start(gateway: String) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (sender, changed) = watch::channel(0);
        let history = Arc::<Mutex<FakeHistory>>::default();
        let api = Api { changed: sender, gateway, history: Arc::clone(&history), requests: Arc::clone(&requests) };
        Ok(Self { accepting: tokio::spawn(accept(listener, Arc::new(api))), address, changed, history, requests })
    }

    /// Returns `host:port`.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Changes the history that the API returns. It is empty at first.
    pub fn change_history(&self, change: impl FnOnce(&mut FakeHistory)) {
        change(&mut self.history.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits for the first request for which `wanted` returns `true`. It may have arrived already.
    ///
    /// # Errors
    ///
    /// Returns an error with the paths of all requests if that takes longer than 30 seconds.
    pub async fn wait(&self, wanted: impl Fn(&Requested) -> bool) -> io::Result<Requested> {
        let find = || self.requests().into_iter().find(|request| wanted(request));
        let mut changed = self.changed.clone();
        let waited = tokio::time::timeout(Duration::from_secs(30), changed.wait_for(|_| find().is_some()));
        // The channel stays open while the API runs.
        drop(waited.await);
        find().ok_or_else(|| {
            let paths: Vec<String> = self.requests().into_iter().map(|request| request.path).collect();
            io::Error::new(io::ErrorKind::TimedOut, format!("{paths:?}"))
        })
    }

    /// Returns all requests so far, in their order.
    #[must_use]
    pub fn requests(&self) -> Vec<Requested> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for FakeRest {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

struct Api {
    changed: watch::Sender<usize>,
    gateway: String,
    history: Arc<Mutex<FakeHistory>>,
    requests: Arc<Mutex<Vec<Requested>>>,
}

async fn accept(listener: TcpListener, api: Arc<Api>) {
    while let Ok((stream, _)) = listener.accept().await {
        let api = Arc::clone(&api);
        tokio::spawn(async move {
            let service = service_fn(|request| api.answer(request));
            // A client may disconnect at any time.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

impl Api {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let path = head.uri.path().trim_start_matches("/api/v10").to_owned();
        let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        let query = head.uri.query().unwrap_or_default().to_owned();
        let requested = Requested { body, method: head.method.to_string(), path, query };
        let (status, answer) = self.respond(&requested);
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(requested);
        self.changed.send_modify(|count| *count += 1);
        let body = if status == StatusCode::NO_CONTENT { String::new() } else { answer.to_string() };
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        Ok(response)
    }

    fn respond(&self, requested: &Requested) -> (StatusCode, Value) {
        if requested.method == "GET" {
            let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(answer) = history.answer(&requested.path, &requested.query) {
                return answer;
            }
        }
        let answer = match requested.path.as_str() {
            "/applications/@me" => json!({
                "id": BOT_ID.to_string(), "name": "mocha", "icon": null, "description": "", "bot_public": true,
                "bot_require_code_grant": false, "verify_key": "00", "team": null, "flags": 0,
            }),
            "/gateway/bot" => json!({
                "url": self.gateway, "shards": 1,
                "session_start_limit": { "total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1 },
            }),
            "/gateway" => json!({ "url": self.gateway }),
            "/users/@me" => json!({
                "id": BOT_ID.to_string(), "username": "mocha", "discriminator": "0", "avatar": null, "bot": true,
            }),
            path if path.ends_with("/commands") => json!([]),
            path if path.ends_with("/callback") => return (StatusCode::NO_CONTENT, Value::Null),
            path if path.ends_with("/messages/@original") => json!({ "id": "1" }),
            _ => return (StatusCode::NOT_FOUND, json!({ "code": 0, "message": "404: Not Found" })),
        };
        (StatusCode::OK, answer)
    }
}
