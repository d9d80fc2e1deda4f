//! The environment as a source.

use super::*;

#[test]
fn a_variable_overrides_the_file_whatever_its_case() {
    for name in ["SPARK_OAUTH__SERVER__PORT", "spark_oauth__Server__port"] {
        let (config, _) = load_with_environment(&minimal(), &[(name, " 0 ")]).unwrap();
        assert_eq!(config.server.listen.port(), 0, "{name}");
    }
}

#[test]
fn values_of_every_type_come_from_text() {
    let (config, _) = load_with_environment(
        &minimal(),
        &[
            ("SPARK_OAUTH__HANDOFF__INCLUDEREFRESHTOKEN", "true"),
            (
                "SPARK_OAUTH__SERVER__TRUSTEDPROXIES",
                "10.0.0.0/8, 127.0.0.1",
            ),
            ("SPARK_OAUTH__REFRESH__MARGIN", "0.3"),
            ("SPARK_OAUTH__OAUTH__REFRESHTOKEN_TYPE", "refresh_token"),
            ("SPARK_OAUTH__STORE", "sqlite::memory:"),
        ],
    )
    .unwrap();
    assert!(config.handoff.include_refresh_token);
    assert!(
        config
            .server
            .trusted_proxies
            .contains("127.0.0.1".parse().unwrap())
    );
    assert_eq!(config.store.to_string(), "sqlite::memory:");
}

#[test]
fn an_unknown_variable_ends_the_start_with_a_guess() {
    let pairs = [
        ("SPARK_OAUTH__OAUTH__CLIENT_SECRET", "sesame"),
        ("SPARK_OAUTH__QQQ", "1"),
    ];
    let found = mistakes(load_with_environment(&minimal(), &pairs));
    assert_eq!(
        found,
        [
            "SPARK_OAUTH__OAUTH__CLIENT_SECRET: sets no setting that exists; did you mean \
             SPARK_OAUTH__OAUTH__CLIENTSECRET?",
            "SPARK_OAUTH__QQQ: sets no setting that exists; unset it; conf/README.md lists the \
             variables",
        ]
    );
}

#[test]
fn a_variable_that_only_looks_like_ours_is_warned_of() {
    let pairs = [
        ("SPARK_OAUTH_SERVER_PORT", "1"),
        ("SPARK_OAUTH_TEST_MONGO_URI", "x"),
    ];
    let (_, warnings) = load_with_environment(&minimal(), &pairs).unwrap();
    assert_eq!(
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "SPARK_OAUTH_SERVER_PORT: not read by this program; did you mean \
             SPARK_OAUTH__SERVER__PORT?"
        ]
    );
}

#[test]
fn two_spellings_of_one_variable_are_refused() {
    let pairs = [
        ("SPARK_OAUTH__LOGLEVEL", "info"),
        ("spark_oauth__loglevel", "debug"),
    ];
    let found = mistakes(load_with_environment(&minimal(), &pairs));
    assert!(
        found[0].contains("differs from it only in case"),
        "{found:?}"
    );
}

#[test]
fn a_secret_may_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let name = path.to_str().unwrap();
    let variable = "SPARK_OAUTH__OAUTH__CLIENTSECRET_FILE";
    for content in ["from-a-file", "from-a-file\n", "from-a-file\r\n"] {
        std::fs::write(&path, content).unwrap();
        let (config, _) = load_with_environment(&minimal(), &[(variable, name)]).unwrap();
        assert_eq!(
            config.integration.client_secret.expose_secret(),
            "from-a-file"
        );
    }

    let both = [
        (variable, name),
        ("SPARK_OAUTH__OAUTH__CLIENTSECRET", "sesame"),
    ];
    let found = mistakes(load_with_environment(&minimal(), &both));
    assert_eq!(
        found,
        [
            "SPARK_OAUTH__OAUTH__CLIENTSECRET_FILE: SPARK_OAUTH__OAUTH__CLIENTSECRET gives the \
             same setting; unset one of them"
        ]
    );

    std::fs::remove_file(&path).unwrap();
    let found = mistakes(load_with_environment(&minimal(), &[(variable, name)]));
    assert!(found[0].contains("cannot read"), "{found:?}");
}

#[test]
fn every_secret_file_that_does_not_hold_a_secret_alone_is_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let name = path.to_str().unwrap();
    let utf_16: Vec<u8> = "\u{feff}sesame"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let contents: [(&[u8], &str); 9] = [
        (b"", "it is empty"),
        (
            b"sesame\n\n",
            "more than one line: the first ends with the character U+000A",
        ),
        (
            b"sesame\r",
            "more than one line: the first ends with the character U+000D",
        ),
        (b"sesame\r\r\n", "U+000D"),
        (b"sesame \n", "a space (the character U+0020)"),
        (b"ses\0ame", "U+0000 (NUL)"),
        (b"sesame\xe2\x80\x8b", "U+200B (zero width space)"),
        (&utf_16, "it is UTF-16; save it as UTF-8"),
        (
            b"sesam\xe9",
            "it is not UTF-8: the byte 6 is not part of a character",
        ),
    ];
    for setting in settings().filter(|setting| setting.is_secret()) {
        let variable = format!("{}_FILE", setting.variable());
        for (content, expected) in contents {
            std::fs::write(&path, content).unwrap();
            let found = mistakes(load_with_environment(&minimal(), &[(&variable, name)]));
            let told = found.iter().any(|found| {
                found.starts_with(&variable) && found.contains(name) && found.contains(expected)
            });
            assert!(told, "{variable}, {expected}: {found:?}");
            assert!(!found.concat().contains("sesame"), "{found:?}");
        }
        let directory = [(&*variable, folder.path().to_str().unwrap())];
        let found = mistakes(load_with_environment(&minimal(), &directory));
        assert!(found[0].contains("Is a directory"), "{found:?}");
    }
}

#[test]
fn a_password_is_never_kept_with_what_nobody_sees() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    let variable = "SPARK_OAUTH__SUPERADMINACCOUNT__PASSWORD";
    let from_file = format!("{variable}_FILE");
    let password = "correct horse battery staple";
    for content in [
        password.to_owned(),
        format!("{password}\n"),
        format!("{password}\r\n"),
        format!("\u{feff}{password}"),
    ] {
        std::fs::write(&path, &content).unwrap();
        for pair in [
            (&*from_file, path.to_str().unwrap()),
            // Kubernetes fills variables from files, with their line ends.
            (variable, &*content),
        ] {
            let (config, _) = load_with_environment(&minimal(), &[pair]).unwrap();
            let read = config.super_admin.password.unwrap();
            assert_eq!(read.expose_secret(), password, "{content:?}");
        }
    }
    let found = mistakes(load_with_environment(
        &minimal(),
        &[(variable, "sesame\nsesame\n")],
    ));
    assert_eq!(
        found,
        [format!(
            "{variable}: cannot use its value: it has more than one line: the first ends with \
             the character U+000A; set it to the value alone"
        )]
    );
}

#[test]
fn only_secrets_come_from_files() {
    let pairs = [("SPARK_OAUTH__SERVER__PORT_FILE", "/dev/null")];
    let found = mistakes(load_with_environment(&minimal(), &pairs));
    assert!(
        found[0].contains("set SPARK_OAUTH__SERVER__PORT to the value"),
        "{found:?}"
    );
}

#[test]
fn a_wrong_value_names_the_variable_it_came_from() {
    let pairs = [("SPARK_OAUTH__SERVER__PORT", "http")];
    let found = mistakes(load_with_environment(&minimal(), &pairs));
    assert!(
        found[0].starts_with("server.port (from SPARK_OAUTH__SERVER__PORT): found \"http\""),
        "{found:?}"
    );
}

#[test]
fn debug_shows_no_value() {
    let environment: Environment = [("SPARK_OAUTH_KEYS", "sesame")].into_iter().collect();
    assert_eq!(format!("{environment:?}"), r#"{"SPARK_OAUTH_KEYS"}"#);
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_a_mistake_not_a_panic() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let odd = OsString::from_vec(vec![0xff, 0xfe]);
    let environment: Environment = [
        ("SPARK_OAUTH__SERVER__HOST", odd.clone()),
        ("SPARK_OAUTH_KEYS", odd.clone()),
        ("SPARK_OAUTH_LOG", odd),
    ]
    .into_iter()
    .collect();
    let found = mistakes(Config::from_json("c", &minimal().to_string(), &environment));
    assert_eq!(found.len(), 3, "{found:#?}");
}

#[test]
fn filter_directives_are_checked() {
    let good = [("SPARK_OAUTH_LOG", "warn,spark_oauth_web=trace")];
    let (config, _) = load_with_environment(&minimal(), &good).unwrap();
    assert_eq!(
        config.log.filter.as_deref(),
        Some("warn,spark_oauth_web=trace")
    );
    let found = mistakes(load_with_environment(
        &minimal(),
        &[("SPARK_OAUTH_LOG", "a=b=c")],
    ));
    assert!(found[0].starts_with("SPARK_OAUTH_LOG: "), "{found:?}");
}

#[test]
fn proxies_come_from_the_variables_of_curl() {
    let pairs = [
        ("https_proxy", "http://user:sesame@proxy.example:3128"),
        ("NO_PROXY", "internal.example"),
    ];
    let (config, warnings) = load_with_environment(&minimal(), &pairs).unwrap();
    let summary = config.summary();
    assert!(
        summary.ends_with("proxy none for http, http://proxy.example:3128 for https"),
        "{summary}"
    );
    assert_eq!(warnings, []);
    let (config, _) = load_with_environment(&minimal(), &[]).unwrap();
    assert!(config.summary().ends_with("proxy none"));
}

#[test]
fn a_proxy_that_is_not_understood_ends_the_start() {
    let pairs = [
        ("HTTPS_PROXY", "ftp://user:sesame@proxy.example"),
        ("no_proxy", "192.168."),
        ("SPARK_OAUTH__SERVER__PORT", "70000"),
    ];
    let found = mistakes(load_with_environment(&minimal(), &pairs));
    assert_eq!(found.len(), 3, "{found:#?}");
    for name in ["HTTPS_PROXY: ", "no_proxy: "] {
        assert!(
            found.iter().any(|fault| fault.starts_with(name)),
            "{found:#?}"
        );
    }
    assert!(!found.join(" ").contains("sesame"), "{found:#?}");
}
