//! What is no configuration, and how it is said.

use super::*;

#[test]
fn all_mistakes_are_reported_at_once() {
    let found = mistakes(load(&json!({
        "server": { "port": "http", "hots": "127.0.0.1" },
        "oauth": { "clientID": 12, "scope": "spark:people_read" },
        "sever": {},
        "logLevel": "loud",
        "superAdminAccount": { "username": "a" },
    })));
    let places: Vec<_> = found
        .iter()
        .filter_map(|line| line.split(':').next())
        .collect();
    assert_eq!(
        places,
        [
            "server.hots",
            "sever",
            "server.port",
            "oauth.clientID",
            "oauth.clientSecret",
            "oauth.redirectURIUnencoded",
            "oauth.contactEmail",
            "superAdminAccount.username",
            "logLevel",
        ],
        "{found:#?}"
    );
}

#[test]
fn what_is_missing_is_named_with_its_variable() {
    let found = mistakes(load_text("{}"));
    assert_eq!(
        found[0],
        "oauth.clientID: missing; add the client ID of your integration, or set \
         SPARK_OAUTH__OAUTH__CLIENTID"
    );
    assert_eq!(found.len(), 5, "{found:#?}");
}

#[test]
fn an_unknown_key_is_named_with_what_was_probably_meant() {
    assert_eq!(
        mistake("oauth.clientId", json!("C1")),
        "oauth.clientId: no such key; did you mean oauth.clientID?"
    );
    assert_eq!(
        mistake("clientSecret", json!("s3cr3t")),
        "clientSecret: no such key; did you mean oauth.clientSecret?"
    );
    assert_eq!(
        mistake("somethingElse", json!({})),
        "somethingElse: no such key; remove it from config.json; conf/README.md lists the keys"
    );
    let dotted = mistakes(load_text(&minimal().to_string().replacen(
        '{',
        r#"{"server.port":1,"#,
        1,
    )));
    assert_eq!(
        dotted,
        ["server.port: no such key; put port into the section server"]
    );
}

#[test]
fn an_odd_key_cannot_break_the_line() {
    let line = mistake("evil\n\u{1b}[31mkey", json!(1));
    assert!(!line.contains(['\n', '\u{1b}']), "{line}");
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    let text = minimal().to_string();
    let twice = text.replacen('{', r#"{"logLevel":"info","logLevel":"debug","#, 1);
    assert_eq!(
        mistakes(load_text(&twice)),
        ["logLevel: stands twice in config.json; remove one of them"]
    );
    let nested = text.replacen(r#""oauth":{"#, r#""oauth":{"scope":"a","#, 1);
    let found = mistakes(load_text(&nested));
    assert_eq!(
        found,
        ["oauth.scope: stands twice in config.json; remove one of them"]
    );
}

#[test]
fn broken_json_is_named_with_its_place() {
    let found = mistakes(load_text("{\n  \"server\": {\n    \"port\": 3000,\n  }\n}"));
    assert!(found[0].contains("line 4 column 3"), "{found:?}");
    assert!(found[0].starts_with("config.json: "), "{found:?}");
}

#[test]
fn a_wrong_type_is_named_with_what_was_found() {
    assert_eq!(
        mistake("server.host", json!(12)),
        "server.host: found the number 12, expected a text; write it in quotes"
    );
    assert_eq!(
        mistake("server.port", json!(3000.5)),
        "server.port: found the number 3000.5, expected a whole number from 0 to 65535; give one"
    );
    assert_eq!(
        mistake("server.port", json!("70000")),
        "server.port: found \"70000\", expected a whole number from 0 to 65535; give one"
    );
    assert_eq!(
        mistake("handoff.includeRefreshToken", json!("maybe")),
        "handoff.includeRefreshToken: found \"maybe\", expected true or false; write one of the \
         two"
    );
    assert_eq!(
        mistake("server", json!("127.0.0.1")),
        "server: found a text instead of a section; put its keys between { and }"
    );
    assert!(mistake("publicUrl", json!(null)).contains("found null"));
    assert!(mistake("server.trustedProxies", json!("10.0.0.1")).contains("a list"));
    assert!(mistakes(load(&json!([1])))[0].contains("holds a list"));
}

#[test]
fn a_secret_never_stands_in_a_mistake() {
    for (path, value) in [
        ("oauth.clientSecret", json!("sesame open")),
        ("oauth.clientSecret", json!(["sesame"])),
        ("superAdminAccount.password", json!({ "is": "sesame" })),
        ("store", json!("postgres://user:sesame@host/db")),
        ("store", json!("mongodb://user:ses@me-sesame@host/db")),
        ("publicUrl", json!("https://user:sesame@host/")),
        ("provider.apiBase", json!("https://user:sesame@host/v1")),
        (
            "oauth.redirectURIUnencoded",
            json!("https://user:sesame@host/auth/spark/callback"),
        ),
    ] {
        let line = mistake(path, value);
        assert!(!line.contains("sesame"), "{line}");
        assert!(line.starts_with(path), "{line}");
    }
}

#[test]
fn an_empty_value_is_a_mistake() {
    for path in [
        "oauth.clientID",
        "oauth.scope",
        "store",
        "publicUrl",
        "keyFile",
    ] {
        assert!(mistake(path, json!(" ")).contains("is empty"), "{path}");
    }
}

#[test]
fn a_missing_file_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.json");
    let named = ConfigSources {
        path: Some(path.clone()),
        environment: [("SPARK_OAUTH__SERVER__PORT", "1")].into_iter().collect(),
    };
    let found = mistakes(Config::load(&named));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].starts_with(&path.display().to_string()),
        "{found:?}"
    );
    assert!(found[0].contains("copy conf/config.json"), "{found:?}");
}

#[test]
fn a_file_that_is_no_text_or_endless_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    for content in [vec![0xff, 0xfe, b'{', 0], vec![b' '; (1 << 20) + 1]] {
        std::fs::write(&path, content).unwrap();
        let sources = ConfigSources {
            path: Some(path.clone()),
            environment: Environment::default(),
        };
        assert!(mistakes(Config::load(&sources))[0].contains("save it as JSON in UTF-8"));
    }
}

/// Tests run in the folder of the crate, where there is no `conf/config.json`.
#[test]
fn the_default_file_may_be_absent_where_the_environment_says_all() {
    let needed = [
        ("SPARK_OAUTH__OAUTH__CLIENTID", "C0123"),
        ("SPARK_OAUTH__OAUTH__CLIENTSECRET", "s3cr3t"),
        ("SPARK_OAUTH__OAUTH__SCOPE", "spark:all"),
        ("SPARK_OAUTH__OAUTH__CONTACTEMAIL", "alice@example.com"),
        (
            "SPARK_OAUTH__OAUTH__REDIRECTURIUNENCODED",
            "http://127.0.0.1:3000/auth/spark/callback",
        ),
    ];
    let load = |pairs: &[(&str, &str)]| {
        Config::load(&ConfigSources {
            path: None,
            environment: pairs.iter().copied().collect(),
        })
    };
    let (_, warnings) = load(&needed).unwrap();
    assert_eq!(places(&warnings), [DEFAULT_PATH]);

    let found = mistakes(load(&needed[1..]));
    assert!(found[0].contains("there is no such file"), "{found:#?}");
    assert!(
        found[1].starts_with("oauth.clientID: missing"),
        "{found:#?}"
    );

    let found = mistakes(load(&[]));
    assert_eq!(found.len(), 1, "{found:#?}");
}
