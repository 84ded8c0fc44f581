//! No value of a Secret, no credential and no byte of a server's error reaches anything printable.

use super::{server::json, *};
use crate::model::{tree::Kind, value::Reading};

/// In base64, so that a search finds both forms.
const CANARY: &str = "c4nary-hunter2";
const CANARY_64: &str = "YzRuYXJ5LWh1bnRlcjI=";

fn secret_list() -> String {
    format!(
        r#"{{"kind":"SecretList","apiVersion":"v1","metadata":{{}},"items":[{{"metadata":{{"name":"db","namespace":"shop",
        "annotations":{{"kubectl.kubernetes.io/last-applied-configuration":"{{\"data\":{{\"PW\":\"{CANARY_64}\"}}}}"}},
        "managedFields":[{{"manager":"kubectl","operation":"Update","fieldsV1":{{"f:data":{{"f:PW":{{}}}}}}}}]}},
        "type":"Opaque","data":{{"PW":"{CANARY_64}"}}}}]}}"#
    )
}

fn hidden(texts: &[String]) {
    for text in texts {
        assert!(
            !text.contains(CANARY) && !text.contains(CANARY_64),
            "{text}"
        );
    }
}

fn server() -> Server {
    Server::start(|asked| {
        asked
            .target
            .contains("/secrets?")
            .then(|| json(secret_list()))
    })
}

fn secrets() -> Wanted {
    kinds(&[("", "Secret", Some("shop"))])
}

#[test]
fn references_reads_no_secret_at_all() {
    let server = server();
    let o = Setup::of(&server).read(&secrets());
    assert_eq!(server.count("secrets"), 0);
    let found = o.find(&object("", "Secret", Some("shop"), "db"));
    assert!(matches!(found, Reading::Unknown(u) if u.cause == UnreadCause::NotAsked));
}

#[test]
fn presence_keeps_keys_and_digest_keeps_seals() {
    for (mode, kind) in [
        (SecretsMode::Presence, Kind::Opaque),
        (SecretsMode::Digest, Kind::Sealed),
    ] {
        let server = server();
        let mut setup = Setup::of(&server);
        setup.secrets = mode;
        let o = setup.read(&secrets());
        let (_, item) = o.objects().next().expect("a Secret");
        let leaf = item.tree.root().at(&["data", "PW"]).expect("its key");
        assert_eq!(leaf.kind(), kind);
        hidden(&[
            format!("{o:?}"),
            setup.progress.lock().expect("no panic").join("\n"),
        ]);
        let release = object("", "Secret", Some("shop"), "sh.helm.release.v1.api.v3");
        assert!(matches!(o.find(&release), Reading::Unknown(_)));
        assert!(matches!(
            o.find(&object("", "Secret", Some("shop"), "x")),
            Reading::Absent(_)
        ));
    }
}

#[test]
fn what_a_server_says_in_an_error_is_not_repeated() {
    for code in [400, 401, 403, 404, 409, 410, 429, 500, 503] {
        let server = Server::start(move |asked| {
            asked.target.contains("/secrets?").then(|| {
                let body = format!(r#"{{"kind":"Status","reason":"{CANARY}","message":"{CANARY}","details":{{"name":"{CANARY}"}}}}"#);
                Reply::Answer(code, "", body.into())
            })
        });
        let mut setup = Setup::of(&server).within(Duration::from_millis(900));
        setup.secrets = SecretsMode::Digest;
        let o = setup.read(&secrets());
        assert!(
            matches!(o.reads()[0].outcome, Outcome::Failed(_)),
            "{code}: {:?}",
            o.reads()
        );
        hidden(&[format!("{o:?}")]);
    }
}

#[test]
fn broken_json_is_not_quoted() {
    let whole = secret_list();
    for cut in [
        whole.len() / 2,
        whole.len() - 3,
        whole.find(CANARY_64).expect("in it") + 5,
    ] {
        let body = whole[..cut].to_owned();
        let server = Server::start(move |asked| {
            asked
                .target
                .contains("/secrets?")
                .then(|| json(body.clone()))
        });
        let mut setup = Setup::of(&server);
        setup.secrets = SecretsMode::Digest;
        let o = setup.read(&secrets());
        assert!(matches!(o.reads()[0].outcome, Outcome::Failed(_)));
        hidden(&[format!("{o:?}")]);
    }
}

#[test]
fn credentials_are_in_no_description() {
    let server = Server::start(|_| Some(server::file(401, "401.json")));
    for user in [
        format!("{{ token: \"{CANARY}\" }}"),
        format!("{{ token: \"{CANARY}\\nx\" }}"),
        format!("{{ username: a, password: \"{CANARY}\" }}"),
        format!("{{ client-certificate-data: \"{CANARY_64}\", client-key-data: \"{CANARY_64}\" }}"),
        format!("{{ exec: {{ command: echo, args: [\"{CANARY}\"] }} }}"),
    ] {
        let setup = Setup::new(&server.url(), &user);
        let o = setup.read(&config_maps());
        let d = setup.inspect(&config_maps());
        assert!(d.reached.is_err(), "{user}");
        hidden(&[
            format!("{o:?}"),
            format!("{d:?}"),
            setup.source().describe().into(),
        ]);
    }
}
