//! Files that are there, are not, are no files, and hold what they should not.
#![allow(clippy::panic, reason = "tests fail by it")]

use super::*;
use crate::{
    classify::ByNameAndLook,
    document,
    model::{
        secret::DigestKey,
        setting::KeyStyle,
        target::FileFormat,
        value::{Plain, Value},
    },
    snapshot::{self, Section, SourceName},
    source::{Variables, kind_of},
};
use std::{
    os::unix::fs::{PermissionsExt, symlink},
    sync::Arc,
};
use tempfile::TempDir;

const CANARY: &str = "s3cr3t-canary-7741";

struct Disk {
    folder: TempDir,
    repository: Option<std::path::PathBuf>,
}

impl Disk {
    fn new() -> Disk {
        Disk {
            folder: tempfile::tempdir().expect("a folder"),
            repository: None,
        }
    }

    fn root(&self) -> std::path::PathBuf {
        self.folder.path().canonicalize().expect("it is there")
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> &Disk {
        let path = self.root().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
        self
    }

    fn source(&self, spec: &LiveSpec) -> Result<Box<dyn Source>, Unread> {
        let root = self.root();
        let variables: Variables = Arc::new(|name| panic!("{name} was looked up"));
        let cx = ConnectContext {
            directory: &root,
            repository: self.repository.as_deref(),
            kubeconfig: None,
            variables: &variables,
            own_credentials: &[],
        };
        (kind_of(spec).connect)(spec, &cx)
    }

    fn observe(&self, spec: &LiveSpec) -> Observation {
        let source = self.source(spec).expect("a format");
        run(async |cx| source.read(&Wanted::default(), cx).await)
    }

    fn settings(&self, spec: &LiveSpec) -> LayerSettings {
        (KIND.settings.expect("it has settings"))(spec, &self.observe(spec))
    }

    /// `name=value` of each setting, or why there is none.
    fn lines(&self, spec: &LiveSpec) -> Vec<String> {
        let found = self.settings(spec);
        let lines = found.entries.iter().map(|e| {
            let value = match &e.entry.value {
                Value::Plain(plain) => plain.text().to_string(),
                other => format!("{other:?}"),
            };
            format!("{}={value}", e.name)
        });
        lines
            .chain(found.unread.iter().map(|u| format!("{:?}: {u}", u.cause)))
            .collect()
    }
}

fn run<T>(f: impl AsyncFnOnce(&ReadContext<'_>) -> T) -> T {
    let key = DigestKey::parse(&DigestKey::new_text(&[7; 32])).expect("our own key");
    let cx = ReadContext {
        key: &key,
        classifier: &ByNameAndLook,
        limit: Duration::from_secs(5),
        progress: &|_| {},
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let out = runtime.block_on(f(&cx));
    runtime.shutdown_background();
    out
}

fn spec(path: &str, format: Option<FileFormat>, select: Option<&str>) -> LiveSpec {
    LiveSpec::File(LiveFileSpec {
        path: path.into(),
        format,
        select: select.map(|s| s.parse().expect("a path")),
    })
}

fn plain(path: &str) -> LiveSpec {
    spec(path, None, None)
}

#[test]
fn settings_come_from_a_file_in_the_format_of_its_name_or_of_the_spec() {
    let disk = Disk::new();
    disk.file(
        "a/app.yml",
        "db:\n  timeout: 10s\n  hosts: [a, b]\nempty: {}\n",
    )
    .file("app.json", r#"{"db":{"timeout":"10s"}}"#)
    .file("settings", "DB_TIMEOUT=10s\n")
    .file("app.properties", "db.timeout=10s\n");
    let lines = |spec| disk.lines(&spec);
    assert_eq!(
        lines(plain("a/app.yml")),
        ["db.timeout=10s", r#"db.hosts=["a","b"]"#, "empty={}"]
    );
    assert_eq!(lines(plain("app.json")), ["db.timeout=10s"]);
    assert_eq!(lines(plain("app.properties")), ["db.timeout=10s"]);
    let below = spec("app.properties", None, Some("db"));
    assert_eq!(lines(below), ["timeout=10s"]);
    let dotenv = spec("settings", Some(FileFormat::Dotenv), None);
    assert_eq!(lines(dotenv.clone()), ["DB_TIMEOUT=10s"]);
    assert_eq!(
        disk.settings(&dotenv).entries[0].style,
        KeyStyle::Environment
    );
    let absolute = disk.root().join("app.json").display().to_string();
    assert_eq!(lines(plain(&absolute)), ["db.timeout=10s"]);
}

#[test]
fn a_selected_part_is_the_layer() {
    let disk = Disk::new();
    disk.file(
        "values.yaml",
        "apps:\n- name: api\n  env: [{name: A, value: '1'}, {name: B, value: '2'}]\n  config: {x: {y: 3}}\n  empty:\n- name: web\n",
    );
    let selected = |select| spec("values.yaml", None, Some(select));
    assert_eq!(disk.lines(&selected("apps[api].env")), ["A=1", "B=2"]);
    let config = disk.settings(&selected("apps[api].config"));
    assert_eq!(&*config.entries[0].name, "x.y");
    assert_eq!(config.entries[0].path.to_string(), "x.y");
    let origin = config.entries[0].entry.origin().expect("an origin");
    assert_eq!(origin.path.to_string(), "apps[api].config.x.y");
    for nothing in ["apps[web].config", "apps[other]", "apps[api].empty"] {
        assert!(disk.lines(&selected(nothing)).is_empty(), "{nothing}");
    }
    for (wrong, place) in [("apps", "`apps`"), ("apps[api].name", "`apps[api].name`")] {
        let lines = disk.lines(&selected(wrong));
        assert!(
            lines[0].starts_with("Malformed: ") && lines[0].contains(place),
            "{lines:?}"
        );
    }
}

#[test]
fn a_file_that_does_not_exist_is_absent_and_an_empty_one_has_no_settings() {
    let disk = Disk::new();
    disk.file("empty.yml", "# nothing yet\n");
    symlink(
        disk.root().join("gone.yml"),
        disk.root().join("dangling.yml"),
    )
    .expect("a link");
    for path in ["gone.yml", "no/such/folder.yml", "dangling.yml"] {
        let read = disk.observe(&plain(path));
        let id = ItemId::Document(path.into());
        assert!(matches!(read.find(&id), Reading::Absent(_)), "{path}");
        assert!(disk.lines(&plain(path)).is_empty());
    }
    let empty = disk.observe(&plain("empty.yml"));
    assert!(matches!(
        empty.find(&ItemId::Document("empty.yml".into())),
        Reading::Present(_)
    ));
    assert!(disk.lines(&plain("empty.yml")).is_empty());
}

#[test]
fn what_is_no_readable_file_is_unknown_and_never_absent() {
    let disk = Disk::new();
    disk.file("broken.yml", format!("password: {CANARY}\n  x: [\n"))
        .file("two.yml", "a: 1\n---\nb: 2\n")
        .file("list.yml", "- a\n- b\n")
        .file("latin.yml", b"name: caf\xe9\n")
        .file("app.yml", "a: 1\n");
    std::fs::create_dir(disk.root().join("folder.yml")).expect("a folder");
    let pipe = disk.root().join("pipe.yml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    let _socket = std::os::unix::net::UnixListener::bind(disk.root().join("socket.yml"));
    symlink("loop.yml", disk.root().join("loop.yml")).expect("a link");
    symlink("/dev/zero", disk.root().join("zero.yml")).expect("a link");
    for (path, said) in [
        ("broken.yml", "Malformed: broken.yml:"),
        ("two.yml", "Malformed: two.yml: it holds 2 documents"),
        ("list.yml", "Malformed: list.yml: its top is a list"),
        ("latin.yml", "Malformed: latin.yml:1: "),
        (
            "app.yml/x.yml",
            "Malformed: app.yml/x.yml: a part of this path is a file",
        ),
        ("folder.yml", "Malformed: folder.yml: it is a folder"),
        ("pipe.yml", "Malformed: pipe.yml: it is no regular file"),
        ("socket.yml", "Malformed: socket.yml: it is no regular file"),
        ("zero.yml", "Malformed: zero.yml: it is no regular file"),
        ("loop.yml", "Unreachable: loop.yml: it can't be read"),
    ] {
        let lines = disk.lines(&plain(path));
        assert!(lines.len() == 1 && lines[0].starts_with(said), "{lines:?}");
        assert!(!lines[0].contains("canary"), "{lines:?}");
    }
}

#[test]
fn what_may_not_be_read_is_forbidden() {
    let disk = Disk::new();
    disk.file("locked.yml", "a: 1\n");
    let path = disk.root().join("locked.yml");
    let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
    mode(0o000).expect("a mode");
    if std::fs::read(&path).is_ok() {
        return; // the superuser may read everything
    }
    let lines = disk.lines(&plain("locked.yml"));
    assert!(
        lines[0].starts_with("Forbidden: locked.yml: permission denied"),
        "{lines:?}"
    );
}

#[test]
fn a_file_beyond_the_limit_is_refused_unread() {
    let disk = Disk::new();
    let file = std::fs::File::create(disk.root().join("large.yml")).expect("a file");
    // Without content on the disk.
    file.set_len(document::MAX_BYTES as u64 + 1)
        .expect("a size");
    let lines = disk.lines(&plain("large.yml"));
    assert!(lines[0].starts_with("TooLarge: large.yml: "), "{lines:?}");
}

#[test]
fn an_unknown_format_is_asked_for() {
    let disk = Disk::new();
    disk.file("settings", "A=1\n");
    let why = disk.source(&plain("settings")).err().expect("no format");
    assert!(why.detail.contains("say `format`"), "{why}");
}

#[test]
fn a_link_in_the_repository_may_not_lead_out_of_it() {
    let mut disk = Disk::new();
    disk.file("outside.yml", "a: 1\n")
        .file("repository/inside.yml", "b: 2\n")
        .file("repository/.git/config.ini", "[c]\nd = 3\n");
    let repository = disk.root().join("repository");
    let link = |to: &str, name: &str| symlink(to, repository.join(name)).expect("a link");
    link("../outside.yml", "out.yml");
    link("inside.yml", "in.yml");
    link(".git/config.ini", "git.ini");
    link("..", "up");
    symlink("repository/inside.yml", disk.root().join("to-inside.yml")).expect("a link");
    disk.repository = Some(repository);
    for refused in [
        "repository/out.yml",
        "repository/git.ini",
        "repository/up/outside.yml",
        "repository/../repository/out.yml",
    ] {
        let lines = disk.lines(&plain(refused));
        assert!(
            lines.len() == 1 && lines[0].contains("leads out"),
            "{refused}: {lines:?}"
        );
    }
    assert_eq!(disk.lines(&plain("repository/in.yml")), ["b=2"]);
    assert_eq!(disk.lines(&plain("to-inside.yml")), ["b=2"]);
    assert_eq!(disk.lines(&plain("outside.yml")), ["a=1"]);
    disk.repository = None;
    assert_eq!(disk.lines(&plain("repository/out.yml")), ["a=1"]);
}

#[test]
fn secrets_are_sealed_and_a_snapshot_reads_back_the_same() {
    let disk = Disk::new();
    disk.file(
        "app.yml",
        format!(
            "db:\n  password: {CANARY}\n  url: postgres://app:{CANARY}@db.example.com/app\n  ratio: 1.50\n  timeout: 10s\n"
        ),
    );
    let spec = plain("app.yml");
    let read = disk.observe(&spec);
    let found = disk.settings(&spec);
    let secrets = found
        .entries
        .iter()
        .filter(|e| matches!(e.entry.value, Value::Secret(_)));
    assert_eq!(secrets.count(), 2);
    let ratio = &found.entries[2].entry.value;
    assert!(matches!(ratio, Value::Plain(Plain::Number(n)) if &**n == "1.50"));
    let key = DigestKey::parse(&DigestKey::new_text(&[7; 32])).expect("our own key");
    let name = SourceName {
        name: "file".into(),
        describe: describe(&spec),
    };
    let section = Section {
        environment: Some("local"),
        source: &name,
        taken: None,
        observation: &read,
    };
    let mut bytes = Vec::new();
    snapshot::write(&[section], &key, &mut bytes).expect("written to memory");
    assert!(!String::from_utf8_lossy(&bytes).contains("canary"));
    assert!(!format!("{read:?}{found:?}").contains("canary"));
    let again = snapshot::read(&mut &*bytes, Some(&key)).expect("our own snapshot");
    assert_eq!(again[0].observation, read);
}

#[test]
fn the_doctor_tells_there_from_absent_from_unreadable() {
    let disk = Disk::new();
    disk.file("app.yml", format!("a: 1\npassword: {CANARY}\n"))
        .file("broken.yml", "a: [\n");
    let seen = |path: &str| {
        let source = disk.source(&plain(path)).expect("a format");
        let mut found = run(async |cx| source.inspect(&Wanted::default(), cx).await);
        assert_eq!(found.seen.len(), 1);
        match found.seen.remove(0) {
            Ok(text) => text.to_string(),
            Err(why) => format!("unread: {why}"),
        }
    };
    assert_eq!(seen("app.yml"), "app.yml can be read, with 2 settings");
    assert!(seen("gone.yml").starts_with("gone.yml does not exist"));
    assert!(seen("broken.yml").starts_with("unread: broken.yml:"));
}

#[test]
fn a_file_read_in_two_ways_is_two_systems() {
    let by_name = plain("/etc/api/config.json");
    let said = spec("/etc/api/config.json", Some(FileFormat::Jsonc), None);
    let selected = spec("/etc/api/config.json", None, Some("api"));
    assert_ne!((KIND.identity)(&by_name), (KIND.identity)(&said));
    assert_eq!((KIND.identity)(&by_name), (KIND.identity)(&selected));
    assert!((KIND.is_recorded_as)(
        &selected,
        "/etc/api/config.json",
        false
    ));
    assert!(!(KIND.is_recorded_as)(&said, "/etc/api/config.json", true));
    assert_eq!(
        (KIND.rights)(&[(by_name, Wanted::default())]),
        "# file: the user that driftgate runs as must be able to read /etc/api/config.json, and to enter its folders.\n"
    );
}
