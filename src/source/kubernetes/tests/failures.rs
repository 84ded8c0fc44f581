//! Everything that can go wrong between here and there. Nothing of it is ever "absent".

use super::{
    server::{data, file, json, not_found},
    *,
};
use crate::model::value::Reading;

/// The list of ConfigMaps answers like this; everything else as recorded.
fn list_answers(reply: impl Fn(&server::Asked) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |asked| asked.target.contains("/configmaps?").then(|| reply(asked)))
}

/// Only the second page answers like this.
fn second_page_answers(reply: impl Fn(&server::Asked) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |asked| asked.target.contains("continue=").then(|| reply(asked)))
}

fn short(server: &Server) -> Setup {
    Setup::of(server).within(Duration::from_millis(1500))
}

#[test]
fn credentials_that_are_not_accepted() {
    let server = Server::start(|_| Some(file(401, "401.json")));
    let wanted = Wanted {
        helps: [WantedKind::new("", "Pod", Some("bulk"))].into(),
        objects: [ObjectId::new("apps", "Deployment", Some("bulk"), "api")].into(),
        ..config_maps()
    };
    let o = Setup::of(&server).read(&wanted);
    assert_eq!(
        failure(&o),
        ("failed", UnreadCause::Unauthenticated, "the credentials of context prod-eu are not accepted (401): they may have expired; log in again".into())
    );
    let pods = outcome(&o, &Scope::kind("", "Pod", Some("bulk")));
    assert!(
        matches!(&pods.outcome, Outcome::Skipped(u) if u.cause == UnreadCause::Unauthenticated)
    );
    let object = o.find(&object("apps", "Deployment", Some("bulk"), "api"));
    assert!(matches!(object, Reading::Unknown(u) if u.cause == UnreadCause::Unauthenticated));
    assert!(
        server.log().len() <= 2,
        "one refusal is enough: {:?}",
        server.log()
    );
}

#[test]
fn what_may_not_be_read_is_said_with_the_right_that_is_missing() {
    let server = Server::start(|asked| {
        let forbidden = asked.target.contains("/configmaps?")
            || asked.target.contains("/pods?")
            || asked.target.contains("/namespaces/");
        forbidden.then(|| file(403, "403.json"))
    });
    let wanted = Wanted {
        helps: [WantedKind::new("", "Pod", Some("bulk"))].into(),
        ..config_maps()
    };
    let o = Setup::of(&server).read(&wanted);
    let (how, cause, text) = failure(&o);
    assert_eq!((how, cause), ("failed", UnreadCause::Forbidden));
    assert!(
        text.contains("list configmaps in bulk") && text.contains("driftgate doctor --rbac"),
        "{text}"
    );
    let pods = outcome(&o, &Scope::kind("", "Pod", Some("bulk")));
    assert!(matches!(&pods.outcome, Outcome::Skipped(u) if u.cause == UnreadCause::Forbidden));
    assert_eq!(o.system(), None);
    for name in ["bulk", "kube-system"] {
        let scope = Scope::Item(object("", "Namespace", None, name));
        assert!(
            matches!(outcome(&o, &scope).outcome, Outcome::Skipped(_)),
            "{name}"
        );
    }
    assert_eq!(
        server.count("/configmaps?"),
        1,
        "asking again does not help"
    );
}

#[test]
fn a_namespace_that_does_not_exist() {
    let server = Server::start(|asked| {
        if asked.target.contains("/configmaps?") {
            return Some(file(200, "list-missing-namespace.json"));
        }
        (asked.target == "/api/v1/namespaces/bulk").then(|| not_found("namespaces", "bulk"))
    });
    let o = Setup::of(&server).read(&config_maps());
    let (how, cause, text) = failure(&o);
    assert_eq!((how, cause), ("failed", UnreadCause::NamespaceMissing));
    assert!(text.contains("no namespace bulk"), "{text}");
}

#[test]
fn a_namespace_that_a_proxy_does_not_know_may_exist() {
    let server = Server::start(|asked| {
        (asked.target == "/api/v1/namespaces/bulk").then(|| file(404, "404-group.txt"))
    });
    let o = Setup::of(&server).read(&config_maps());
    assert_eq!(o.objects().count(), 40);
}

#[test]
fn kinds_that_are_not_served() {
    let server = Server::start(|_| None);
    let wanted = kinds(&[
        ("example.io", "Gadget", Some("shop")),
        ("", "ConfigMop", Some("shop")),
    ]);
    let o = Setup::of(&server).read(&wanted);
    let detail = |group, kind| match &outcome(&o, &Scope::kind(group, kind, Some("shop"))).outcome {
        Outcome::Failed(u) if u.cause == UnreadCause::NotServed => u.detail.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        detail("example.io", "Gadget"),
        "the cluster of context prod-eu does not serve Gadget (example.io): is its CRD installed?"
    );
    assert!(detail("", "ConfigMop").contains("spelled right"));
}

#[test]
fn a_group_whose_server_is_down_is_not_one_without_kinds() {
    let server = Server::start(|asked| {
        (asked.target == "/apis").then(|| {
            json(r#"{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"example.io"},"versions":[{"version":"v1","freshness":"Stale"}]}]}"#)
        })
    });
    let o = Setup::of(&server).read(&kinds(&[("example.io", "Widget", Some("shop"))]));
    let read = outcome(&o, &Scope::kind("example.io", "Widget", Some("shop")));
    assert!(
        matches!(&read.outcome, Outcome::Failed(u) if u.cause == UnreadCause::ServerError),
        "{read:?}"
    );
}

#[test]
fn a_group_that_is_gone_since_discovery() {
    let server = list_answers(|_| file(404, "404-group.txt"));
    let (how, cause, _) = failure(&Setup::of(&server).read(&config_maps()));
    assert_eq!((how, cause), ("failed", UnreadCause::NotServed));
    let server = list_answers(|_| file(404, "404.json"));
    let (how, cause, _) = failure(&Setup::of(&server).read(&config_maps()));
    assert_eq!((how, cause), ("failed", UnreadCause::NotServed));
}

#[test]
fn a_token_that_is_too_old_starts_the_list_anew_once() {
    let server = second_page_answers(|asked| match asked.nth {
        0 => Reply::Answer(410, "", data("410-continue.txt")),
        _ => json(
            r#"{"kind":"ConfigMapList","metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"last","namespace":"bulk"}}]}"#,
        ),
    });
    let o = Setup::of(&server).read(&config_maps());
    assert_eq!(o.reads()[0].outcome, Outcome::Complete);
    assert_eq!(o.objects().count(), 21);
    assert_eq!(server.count("/configmaps?"), 4);

    let server = second_page_answers(|_| Reply::Answer(410, "", data("410-continue.txt")));
    let o = Setup::of(&server).read(&config_maps());
    let (how, cause, _) = failure(&o);
    assert_eq!((how, cause), ("partial", UnreadCause::CutOff));
    assert_eq!(o.objects().count(), 20, "what was read is kept");
    let unknown = o.find(&object("", "ConfigMap", Some("bulk"), "on-page-two"));
    assert!(
        matches!(unknown, Reading::Unknown(_)),
        "and proves no absence"
    );
}

#[test]
fn throttling_is_waited_out_as_the_server_asks() {
    let server = list_answers(|asked| match asked.nth {
        0 => Reply::Answer(429, "retry-after: 1\r\n", data("429.txt")),
        _ => json(r#"{"kind":"ConfigMapList","metadata":{},"items":[]}"#),
    });
    let start = Instant::now();
    let o = Setup::of(&server).read(&config_maps());
    assert_eq!(o.reads()[0].outcome, Outcome::Complete);
    assert!(start.elapsed() >= Duration::from_secs(1));

    let server = list_answers(|_| Reply::Answer(429, "retry-after: 3600\r\n", data("429.txt")));
    let start = Instant::now();
    let (how, cause, _) = failure(&short(&server).read(&config_maps()));
    assert_eq!((how, cause), ("failed", UnreadCause::Throttled));
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "an hour is more than is left"
    );
}

#[test]
fn a_server_that_fails_for_a_while() {
    for code in [500, 502, 503, 504] {
        let server = list_answers(move |asked| match asked.nth {
            0 | 1 => Reply::Answer(code, "", b"upstream".to_vec()),
            _ => json(r#"{"kind":"ConfigMapList","metadata":{},"items":[]}"#),
        });
        let o = Setup::of(&server).read(&config_maps());
        assert_eq!(o.reads()[0].outcome, Outcome::Complete, "{code}");
    }
    let server = list_answers(|_| Reply::Answer(503, "", b"upstream".to_vec()));
    let (how, cause, text) = failure(&short(&server).read(&config_maps()));
    assert_eq!((how, cause), ("failed", UnreadCause::ServerError));
    assert!(!text.contains("upstream"), "{text}");
    assert!(server.count("/configmaps?") > 1);
}

#[test]
fn a_server_that_never_answers() {
    let server = list_answers(|_| Reply::Hang);
    let (how, cause, _) = failure(&short(&server).read(&config_maps()));
    assert_eq!((how, cause), ("failed", UnreadCause::TimedOut));
    let server = second_page_answers(|_| Reply::Hang);
    let (how, cause, _) = failure(&short(&server).read(&config_maps()));
    assert_eq!((how, cause), ("partial", UnreadCause::TimedOut));
    let server = Server::start(|_| Some(Reply::Hang));
    let (how, cause, _) = failure(&short(&server).read(&config_maps()));
    assert_eq!((how, cause), ("failed", UnreadCause::TimedOut));
}

#[test]
fn an_answer_that_ends_too_early() {
    let half = || data("list-limit500.json")[..5000].to_vec();
    let server = list_answers(move |_| Reply::Cut(half()));
    let (how, cause, _) = failure(&Setup::of(&server).read(&config_maps()));
    assert_eq!((how, cause), ("failed", UnreadCause::CutOff));
    let server = second_page_answers(move |_| Reply::Cut(half()));
    let (how, cause, _) = failure(&Setup::of(&server).read(&config_maps()));
    assert_eq!((how, cause), ("partial", UnreadCause::CutOff));
    // Cut, and passed on by a proxy as if it were whole.
    let server = list_answers(move |_| json(half()));
    let (how, cause, _) = failure(&Setup::of(&server).read(&config_maps()));
    assert_eq!((how, cause), ("failed", UnreadCause::Malformed));
}

#[test]
fn a_connection_that_breaks_once() {
    let server = list_answers(|asked| match asked.nth {
        0 => Reply::Close,
        _ => json(r#"{"kind":"ConfigMapList","metadata":{},"items":[]}"#),
    });
    let o = Setup::of(&server).read(&config_maps());
    assert_eq!(o.reads()[0].outcome, Outcome::Complete);
    let server = list_answers(|_| Reply::Close);
    let (how, cause, _) = failure(&Setup::of(&server).read(&config_maps()));
    assert_eq!((how, cause), ("failed", UnreadCause::Unreachable));
}

#[test]
fn pages_that_are_no_lists() {
    for body in [
        r#"<html><title>Sign in</title></html>"#,
        "{}",
        r#"{"kind":"Status","status":"Success"}"#,
        "",
    ] {
        let server = list_answers(move |_| json(body));
        let (how, cause, _) = failure(&Setup::of(&server).read(&config_maps()));
        assert_eq!((how, cause), ("failed", UnreadCause::Malformed), "{body}");
    }
    let server =
        list_answers(|_| Reply::Answer(302, "location: https://login.example.com/\r\n", vec![]));
    let (_, cause, text) = failure(&Setup::of(&server).read(&config_maps()));
    assert_eq!(cause, UnreadCause::Malformed);
    assert!(
        text.contains("302") && !text.contains("login.example.com"),
        "{text}"
    );
    let server = Server::start(|asked| (asked.target == "/api").then(|| json("<html>")));
    let (_, cause, _) = failure(&Setup::of(&server).read(&config_maps()));
    assert_eq!(cause, UnreadCause::Malformed);
}

#[test]
fn a_list_without_an_end() {
    let server = list_answers(|_| {
        json(r#"{"kind":"ConfigMapList","metadata":{"continue":"again"},"items":[]}"#)
    });
    let (how, cause, _) = failure(&Setup::of(&server).read(&config_maps()));
    assert_eq!((how, cause), ("partial", UnreadCause::Malformed));
    assert_eq!(server.count("/configmaps?"), 2);
}

#[test]
fn no_way_there() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", free.local_addr().expect("bound"));
    drop(free);
    let (_, cause, text) = failure(&Setup::new(&url, "{}").read(&config_maps()));
    assert_eq!(cause, UnreadCause::Unreachable);
    assert!(text.contains("refused"), "{text}");

    // A label that no resolver asks a server about: it is too long.
    let url = format!("http://{}.invalid", "a".repeat(70));
    let (_, cause, text) = failure(&Setup::new(&url, "{}").read(&config_maps()));
    assert_eq!(cause, UnreadCause::Unreachable);
    assert!(text.contains("DNS"), "{text}");

    let server = Server::start(|_| None);
    let (_, cause, text) = failure(&Setup::new(&server.https(), "{}").read(&config_maps()));
    assert_eq!(cause, UnreadCause::Unreachable);
    assert!(text.contains("does not speak TLS"), "{text}");

    // What a TLS server says to somebody who speaks http.
    let server = Server::start(|_| Some(Reply::Raw(b"\x15\x03\x01\x00\x02\x02\x46")));
    let (_, cause, text) = failure(&Setup::of(&server).read(&config_maps()));
    assert_eq!(cause, UnreadCause::Unreachable);
    assert!(text.contains("does not speak HTTP"), "{text}");
}

#[test]
fn a_namespace_that_is_no_name() {
    let server = Server::start(|_| None);
    for hostile in ["../../apis", "a/b", "a%2fb", "..", ""] {
        let o = Setup::of(&server).read(&kinds(&[("", "ConfigMap", Some(hostile))]));
        let read = outcome(&o, &Scope::kind("", "ConfigMap", Some(hostile)));
        assert!(
            matches!(&read.outcome, Outcome::Failed(u) if u.cause == UnreadCause::Malformed),
            "{hostile}: {read:?}"
        );
    }
    assert_eq!(server.count("configmaps"), 0);
    let o = Setup::of(&server).read(&kinds(&[("", "ConfigMap", Some("a?x=1&y#z b"))]));
    assert_eq!(
        server.count("/namespaces/a%3Fx%3D1%26y%23z%20b/configmaps?limit=500"),
        1,
        "{:?}",
        o.reads()
    );
}
