//! Requests to one cluster inside one time budget: retries, paging words, size limits.

use super::{
    exec,
    fault::{self, Fault, Transport},
    kubeconfig::Access,
};
use crate::model::value::{Unread, UnreadCause};
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use kube::client::{Body, Client};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// A page larger than this is refused: etcd's objects are 1.5 MiB, a page has 500.
pub(super) const MAX_BODY: usize = 256 << 20;
/// Requests in flight at a time, per cluster.
pub(super) const IN_FLIGHT: usize = 4;
/// One request waits no longer than this for its answer.
const ONE_REQUEST: Duration = Duration::from_secs(30);
/// How often a request that is needed is tried again; what only helps is tried again once.
const RETRIES: u32 = 8;

const JSON: &str = "application/json";
/// Aggregated discovery (GA in 1.30, v2beta1 since 1.26); older servers answer the last.
pub(super) const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// A connected cluster.
pub(super) struct Api {
    client: Client,
    end: Instant,
    /// `context prod-eu`.
    pub(super) who: Box<str>,
    retry_from: Duration,
}

/// One request.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    /// Path and query, encoded.
    pub(super) path: &'a str,
    /// What the answer should be.
    pub(super) accept: &'a str,
    /// A body makes it a POST.
    pub(super) body: Option<&'a [u8]>,
    /// How often it is tried again.
    pub(super) retries: u32,
}

impl<'a> Ask<'a> {
    /// A GET of JSON.
    pub(super) fn get(path: &'a str) -> Ask<'a> {
        Ask {
            path,
            accept: JSON,
            body: None,
            retries: RETRIES,
        }
    }

    /// Something that only helps is not worth much of the budget.
    pub(super) fn help(self) -> Ask<'a> {
        Ask { retries: 1, ..self }
    }
}

/// The head of a `Status` object.
#[derive(Default, Deserialize)]
struct Status {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Default, Deserialize)]
struct Details {
    #[serde(default)]
    name: String,
}

impl Api {
    /// Gets credentials and makes a client; sends nothing yet.
    pub(super) async fn connect(access: &Access, end: Instant) -> Result<Api, Fault> {
        let mut config = access.config.clone();
        if let Some(plugin) = &access.exec {
            let left = end.saturating_duration_since(Instant::now());
            exec::log_in(access, plugin, &mut config.auth_info, left)
                .await
                .map_err(Fault::Credentials)?;
        }
        check_token(&config.auth_info, &access.who)?;
        let client = Client::try_from(config).map_err(|e| fault::of_client(&e))?;
        Ok(Api {
            client,
            end,
            who: access.who.clone(),
            retry_from: Duration::from_millis(200),
        })
    }

    /// What is left of the budget.
    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Sends a request until there is an answer, it cannot help to try again, or the budget is used up.
    pub(super) async fn send(&self, ask: Ask<'_>) -> Result<Vec<u8>, Fault> {
        let mut pause = self.retry_from;
        let mut tried = 0;
        loop {
            let left = self.left();
            if left.is_zero() {
                return Err(Fault::TimedOut);
            }
            let fault = match timeout(left.min(ONE_REQUEST), self.once(ask)).await {
                Ok(Ok(body)) => return Ok(body),
                Ok(Err(fault)) => fault,
                Err(_) => Fault::TimedOut,
            };
            // A hanging or cutting server is tried again once; a busy one says so and is tried often.
            let most = match &fault {
                Fault::Status { .. } => ask.retries,
                Fault::Transport(_) => ask.retries.min(3),
                _ => 1,
            };
            if !fault.is_passing() || tried >= most {
                return Err(fault);
            }
            tried += 1;
            let wait = match &fault {
                Fault::Status {
                    retry_after: Some(t),
                    ..
                } => *t,
                _ => pause,
            };
            pause = (pause * 2).min(Duration::from_secs(8));
            if wait >= self.left() {
                return Err(fault);
            }
            sleep(wait).await;
        }
    }

    async fn once(&self, ask: Ask<'_>) -> Result<Vec<u8>, Fault> {
        let request = Request::builder()
            .method(if ask.body.is_some() {
                Method::POST
            } else {
                Method::GET
            })
            .uri(ask.path)
            .header(header::ACCEPT, ask.accept)
            .header(header::CONTENT_TYPE, JSON)
            .body(Body::from(ask.body.unwrap_or_default().to_vec()))
            .map_err(|_| Fault::Malformed("a path that can be asked for"))?;
        let answer = self
            .client
            .send(request)
            .await
            .map_err(|e| match fault::of_client(&e) {
                // Before there is an answer, a connection that ends is one that broke.
                Fault::CutOff => Fault::Transport(Transport::Reset),
                fault => fault,
            })?;
        let status = answer.status();
        let retry_after = retry_after(answer.headers());
        let body = collect(answer.into_body()).await;
        if status.is_success() {
            return body;
        }
        Err(fault_of(status, retry_after, &body.unwrap_or_default()))
    }

    /// A fault in words.
    pub(super) fn unread(&self, fault: &Fault, what: &str) -> Unread {
        fault.unread(what, &self.who)
    }
}

/// The client panics at a token that is no header value (`AddAuthorizationLayer::bearer`).
fn check_token(auth: &kube::config::AuthInfo, who: &str) -> Result<(), Fault> {
    // The token shows itself to serde only.
    let auth = serde_json::to_value(auth).unwrap_or_default();
    let token = auth["token"].as_str().unwrap_or_default();
    match http::HeaderValue::from_str(token) {
        Ok(_) => Ok(()),
        Err(_) => Err(Fault::Credentials(
            format!("the token of {who} holds characters that no token has (a line break?)").into(),
        )),
    }
}

fn fault_of(status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Fault {
    // Only what is a `Status` speaks for the API server; a proxy's page does not.
    let said: Status = serde_json::from_slice(body)
        .ok()
        .filter(|s: &Status| s.kind == "Status")
        .unwrap_or_default();
    Fault::Status {
        code: status.as_u16(),
        reason: said.reason.into(),
        name: said.details.unwrap_or_default().name.into(),
        retry_after,
    }
}

/// Seconds; the other form of the header (a date) is not used by API servers.
fn retry_after(headers: &http::HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

async fn collect(mut body: Body) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| match fault::of_client(&e) {
            Fault::TimedOut => Fault::TimedOut,
            _ => Fault::CutOff,
        })?;
        if let Ok(data) = frame.into_data() {
            if out.len() + data.len() > MAX_BODY {
                return Err(Fault::TooLarge);
            }
            out.extend_from_slice(&data);
        }
    }
    Ok(out)
}

/// A name as one step of a path. Names that could be more than one step exist on no server
/// (`ValidatePathSegmentName` of k8s.io/apimachinery), and git may hold any text.
pub(super) fn step(name: &str, what: &str) -> Result<String, Fault> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '%']) {
        return Err(Fault::Other(
            UnreadCause::Malformed,
            format!("`{name}` cannot be the name of a {what}: names are not empty, `.` or `..`, and have no `/` or `%`").into(),
        ));
    }
    Ok(encode(name))
}

/// Percent-encodes all but RFC 3986's unreserved characters.
pub(super) fn encode(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}
