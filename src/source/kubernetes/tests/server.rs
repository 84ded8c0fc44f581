//! A small HTTP/1.1 server: one thread per connection, answers from a function.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

/// What is answered.
pub(super) enum Reply {
    /// Status, further header lines, body.
    Answer(u16, &'static str, Vec<u8>),
    /// A body that ends before its declared length.
    Cut(Vec<u8>),
    /// Nothing, for ever.
    Hang,
    /// The connection is closed instead.
    Close,
    /// These bytes, which are no HTTP.
    Raw(&'static [u8]),
}

/// A request as it came.
pub(super) struct Asked {
    pub(super) target: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
    /// How often this target was asked before.
    pub(super) nth: usize,
}

type Handler = dyn Fn(&Asked) -> Reply + Send + Sync;

pub(super) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    handler: Box<Handler>,
    log: Mutex<Vec<String>>,
    stop: AtomicBool,
    busy: AtomicUsize,
    most_busy: AtomicUsize,
}

impl Server {
    /// Answers what `special` knows; everything else as a recorded cluster does.
    pub(super) fn start(
        special: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared {
            handler: Box::new(move |asked| special(asked).unwrap_or_else(|| recorded(asked))),
            log: Mutex::default(),
            stop: AtomicBool::new(false),
            busy: AtomicUsize::new(0),
            most_busy: AtomicUsize::new(0),
        });
        let inner = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if inner.stop.load(Ordering::SeqCst) {
                    return;
                }
                let inner = inner.clone();
                std::thread::spawn(move || serve(stream, &inner));
            }
        });
        Server { address, shared }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn https(&self) -> String {
        format!("https://{}", self.address)
    }

    /// All targets in the order they were asked for.
    pub(super) fn log(&self) -> Vec<String> {
        self.shared.log.lock().expect("no panic").clone()
    }

    /// How often something with `part` in its target was asked for.
    pub(super) fn count(&self, part: &str) -> usize {
        self.log().iter().filter(|t| t.contains(part)).count()
    }

    /// The largest number of requests that were being answered at a time.
    pub(super) fn most_at_once(&self) -> usize {
        self.shared.most_busy.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    while let Some(asked) = next(&mut reader, &mut stream, shared) {
        let busy = shared.busy.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_busy.fetch_max(busy, Ordering::SeqCst);
        let reply = (shared.handler)(&asked);
        let goes_on = answer(&mut stream, reply, shared);
        shared.busy.fetch_sub(1, Ordering::SeqCst);
        if !goes_on {
            return;
        }
    }
}

fn next(
    reader: &mut BufReader<TcpStream>,
    stream: &mut TcpStream,
    shared: &Shared,
) -> Option<Asked> {
    // A TLS handshake; Go's server answers it like this.
    if reader.fill_buf().ok()?.first() == Some(&0x16) {
        let _ = stream.write_all(
            b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
        );
        return None;
    }
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let target = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let len = headers
        .get("content-length")
        .and_then(|l| l.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; len];
    reader.read_exact(&mut body).ok()?;
    let mut log = shared.log.lock().expect("no panic");
    let nth = log.iter().filter(|t| **t == target).count();
    log.push(target.clone());
    Some(Asked {
        target,
        headers,
        body: String::from_utf8(body).ok()?,
        nth,
    })
}

fn answer(stream: &mut TcpStream, reply: Reply, shared: &Shared) -> bool {
    let head = |code, extra: &str, len| {
        format!(
            "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\n{extra}content-length: {len}\r\n\r\n"
        )
    };
    match reply {
        Reply::Answer(code, extra, body) => {
            let head = head(code, extra, body.len());
            stream.write_all(head.as_bytes()).is_ok() && stream.write_all(&body).is_ok()
        }
        Reply::Cut(body) => {
            let _ = stream.write_all(head(200, "", body.len() + 100).as_bytes());
            let _ = stream.write_all(&body);
            false
        }
        Reply::Hang => {
            while !shared.stop.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
            }
            false
        }
        Reply::Close => false,
        Reply::Raw(bytes) => {
            let _ = stream.write_all(bytes);
            false
        }
    }
}

/// 200 with this body.
pub(super) fn json(body: impl Into<Vec<u8>>) -> Reply {
    Reply::Answer(200, "", body.into())
}

/// A recorded answer with its own status and headers.
pub(super) fn file(code: u16, name: &str) -> Reply {
    Reply::Answer(code, "", data(name))
}

/// Recorded bytes.
pub(super) fn data(name: &str) -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/kubernetes/http/");
    let bytes = std::fs::read(format!("{path}{name}")).expect("a recorded answer");
    if !name.ends_with(".txt") || name == "404-group.txt" {
        return bytes;
    }
    // Recorded with its head.
    let text = String::from_utf8(bytes)
        .expect("text")
        .replace("\r\n", "\n");
    let (_, body) = text.split_once("\n\n").expect("a head and a body");
    body.as_bytes().to_vec()
}

/// A `NotFound` as an API server words it.
pub(super) fn not_found(kind: &str, name: &str) -> Reply {
    let body = serde_json::json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": format!("{kind} \"{name}\" not found"), "reason": "NotFound",
        "details": { "name": name, "kind": kind }, "code": 404 });
    Reply::Answer(404, "", body.to_string().into())
}

/// The cluster that everything was recorded from.
fn recorded(asked: &Asked) -> Reply {
    let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
    match path {
        "/version" => json(r#"{"major":"1","minor":"36","gitVersion":"v1.36.2","goVersion":"go1.26"}"#),
        "/api" => file(200, "disco-api.json"),
        "/apis" => file(200, "disco-apis.json"),
        "/openapi/v3" => json(
            r#"{"paths":{"apis/example.io/v1":{"serverRelativeURL":"/openapi/v3/apis/example.io/v1?hash=AB"}}}"#,
        ),
        "/openapi/v3/apis/example.io/v1" => file(200, "openapi-example.io-v1.json"),
        "/api/v1/namespaces/bulk/configmaps" if query.contains("continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MTg0MSwic3RhcnQiOiIvYnVsay9idWxrLTA0OTlcdTAwMDAifQ") => {
            // The second of the recorded pages, made the last.
            let mut page: serde_json::Value =
                serde_json::from_slice(&data("list-limit500-p2.json")).expect("JSON");
            page["metadata"]["continue"] = "".into();
            json(page.to_string())
        }
        "/api/v1/namespaces/bulk/configmaps" if !query.contains("continue") => {
            file(200, "list-limit500.json")
        }
        _ => match path.strip_prefix("/api/v1/namespaces/") {
            Some(name) if !name.contains('/') => json(format!(
                r#"{{"kind":"Namespace","apiVersion":"v1","metadata":{{"name":"{name}","uid":"uid-of-{name}"}}}}"#
            )),
            _ => file(404, "404-group.txt"),
        },
    }
}
