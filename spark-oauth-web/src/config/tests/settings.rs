//! Single settings, and how they hang together.

use spark_oauth_core::webex::TokenAuth;

use super::*;

#[test]
fn scopes_may_be_plain_or_encoded() {
    for text in [
        "spark:people_read spark:rooms_write",
        "spark%3Apeople_read%20spark%3Arooms_write",
        "spark%3Apeople_read+spark%3Arooms_write",
    ] {
        let (config, _) = load(&with("oauth.scope", json!(text))).unwrap();
        assert_eq!(
            config.integration.scopes.to_string(),
            "spark:people_read spark:rooms_write"
        );
    }
    assert!(mistake("oauth.scope", json!("spark%3")).contains("percent-encoding is broken"));
    assert!(mistake("oauth.scope", json!("a \"b\"")).contains("not a scope"));
}

#[test]
fn scopes_that_cannot_look_a_person_up_are_warned_of() {
    let (_, warnings) = load(&with("oauth.scope", json!("spark:rooms_write"))).unwrap();
    assert_eq!(places(&warnings), ["oauth.scope"]);
    let (_, warnings) = load(&with("oauth.scope", json!("spark:all"))).unwrap();
    assert_eq!(warnings, []);
}

#[test]
fn the_redirect_uri_may_stand_once_in_either_form() {
    let plain = "http://127.0.0.1:3000/auth/spark/callback";
    let encoded = "http%3A%2F%2F127.0.0.1%3A3000%2Fauth%2Fspark%2Fcallback";
    for text in [plain, encoded] {
        let mut json = with("oauth.redirectURI", json!(text));
        assert!(load(&json).is_ok());
        json["oauth"]
            .as_object_mut()
            .unwrap()
            .remove("redirectURIUnencoded");
        let (config, _) = load(&json).unwrap();
        assert_eq!(config.integration.redirect_uri.as_str(), plain);
    }
}

#[test]
fn two_redirect_uris_that_disagree_are_refused() {
    let other = "http%3A%2F%2F127.0.0.1%3A3001%2Fauth%2Fspark%2Fcallback";
    assert_eq!(
        mistake("oauth.redirectURI", json!(other)),
        "oauth.redirectURI: names \"http://127.0.0.1:3001/auth/spark/callback\" while \
         oauth.redirectURIUnencoded names \"http://127.0.0.1:3000/auth/spark/callback\"; remove \
         it, or make both name the same URI"
    );
}

#[test]
fn a_redirect_uri_with_another_path_cannot_work() {
    let line = mistake(
        "oauth.redirectURIUnencoded",
        json!("https://a.example/callback?x=1"),
    );
    assert!(
        line.ends_with(
            "register https://a.example/auth/spark/callback with your integration, and write it \
             here"
        ),
        "{line}"
    );
}

#[test]
fn what_oauth_fixes_cannot_be_changed() {
    assert!(mistake("oauth.responseType", json!("token")).contains("expected \"code\""));
    assert!(mistake("oauth.grantType", json!("password")).contains("authorization_code"));
    assert!(mistake("oauth.refreshToken_type", json!("x")).contains("refresh_token"));
}

#[test]
fn the_public_url_is_the_redirect_uris_unless_it_is_given() {
    let https = "https://a.example/auth/spark/callback";
    let mut json = with("oauth.redirectURIUnencoded", json!(https));
    let (config, warnings) = load(&json).unwrap();
    assert_eq!(config.public_url.as_str(), "https://a.example/");
    assert_eq!(warnings, []);

    json["publicUrl"] = json!("https://b.example");
    let (config, warnings) = load(&json).unwrap();
    assert_eq!(config.public_url.as_str(), "https://b.example/");
    assert_eq!(places(&warnings), ["publicUrl"]);

    for wrong in [
        "b.example",
        "ftp://b.example",
        "https://b.example/x",
        "https://b.example/?a",
    ] {
        assert!(
            mistake("publicUrl", json!(wrong)).contains("scheme and host alone"),
            "{wrong}"
        );
    }
}

#[test]
fn clear_text_over_the_network_is_warned_of() {
    let http = "http://a.example/auth/spark/callback";
    let (_, warnings) = load(&with("oauth.redirectURIUnencoded", json!(http))).unwrap();
    assert!(warnings[0].text.contains("use https"), "{warnings:?}");
    let (_, warnings) = load(&with("provider.apiBase", json!("http://a.example/v1"))).unwrap();
    assert_eq!(places(&warnings), ["provider.apiBase"]);
}

#[test]
fn a_port_that_browsers_are_not_sent_to_is_warned_of() {
    let (_, warnings) = load(&with("server.port", json!(3100))).unwrap();
    assert_eq!(places(&warnings), ["publicUrl"]);
    let (_, warnings) = load(&with("server.port", json!(0))).unwrap();
    assert_eq!(warnings, []);
}

#[test]
fn the_providers_addresses_follow_its_base() {
    for base in ["http://127.0.0.1:3210/v1", "http://127.0.0.1:3210/v1/"] {
        let (config, warnings) = load(&with("provider.apiBase", json!(base))).unwrap();
        let provider = config.provider;
        assert_eq!(provider.api_base.as_str(), "http://127.0.0.1:3210/v1");
        assert_eq!(
            provider.authorize_url.as_str(),
            "http://127.0.0.1:3210/v1/authorize"
        );
        assert_eq!(
            provider.token_url.as_str(),
            "http://127.0.0.1:3210/v1/access_token"
        );
        assert_eq!(warnings, []);
    }
    let (config, _) = load(&with("provider.apiBase", json!("http://127.0.0.1:3210"))).unwrap();
    assert_eq!(
        config.provider.token_url.as_str(),
        "http://127.0.0.1:3210/access_token"
    );
}

#[test]
fn an_endpoint_of_the_provider_is_kept_as_it_is_written() {
    for url in [
        "https://a.example/o/token/",
        "https://a.example/t?resource=https://b/",
        "https://a.example/authorize?prompt=consent&access_type=offline",
    ] {
        for key in ["provider.tokenUrl", "provider.authorizeUrl"] {
            let (config, warnings) = load(&with(key, json!(url))).unwrap();
            let provider = config.provider;
            let kept = match key {
                "provider.tokenUrl" => provider.token_url,
                _ => provider.authorize_url,
            };
            assert_eq!(kept.as_str(), url);
            assert_eq!(warnings, [], "{url}");
        }
    }
    assert!(mistake("provider.apiBase", json!("https://a.example/v1?x=1")).contains("a query"));
    assert!(mistake("provider.tokenUrl", json!("https://a.example/t#x")).contains("a fragment"));
}

#[test]
fn parameters_that_every_consent_sets_are_warned_of() {
    let url = "https://a.example/authorize?state=1&x=2&sc%6fpe=a";
    let (_, warnings) = load(&with("provider.authorizeUrl", json!(url))).unwrap();
    let texts: Vec<_> = warnings.iter().map(|warning| &*warning.text).collect();
    assert_eq!(places(&warnings), ["provider.authorizeUrl"; 2]);
    assert!(
        texts[0].contains("`state`") && texts[1].contains("`scope`"),
        "{texts:?}"
    );
    let url = "https://a.example/authorize?response_mode=form_post";
    let fault = mistake("provider.authorizeUrl", json!(url));
    assert!(
        fault.contains("response_mode") && fault.contains("form_post"),
        "{fault}"
    );
    let url = "https://a.example/authorize?response_mode=query";
    load(&with("provider.authorizeUrl", json!(url))).unwrap();
}

#[test]
fn the_token_endpoint_is_told_who_asks_in_one_of_two_ways() {
    let auth = |text| {
        load(&with("provider.tokenAuth", json!(text)))
            .unwrap()
            .0
            .provider
            .token_auth
    };
    assert_eq!(
        load(&minimal()).unwrap().0.provider.token_auth,
        TokenAuth::Post
    );
    assert_eq!(auth("post"), TokenAuth::Post);
    assert_eq!(auth("basic"), TokenAuth::Basic);
    for wrong in ["Basic", "client_secret_basic", "none", "private_key_jwt"] {
        let fault = mistake("provider.tokenAuth", json!(wrong));
        assert!(fault.starts_with("provider.tokenAuth: "), "{fault}");
        assert!(fault.contains("write post"), "{fault}");
    }
}

#[test]
fn an_issuer_is_kept_byte_by_byte() {
    for issuer in [
        "https://a.example",
        "https://a.example/",
        "http://127.0.0.1:9000/realms/x",
    ] {
        let (config, _) = load(&with("provider.issuer", json!(issuer))).unwrap();
        assert_eq!(config.provider.issuer.as_deref(), Some(issuer));
    }
    for wrong in [
        "a.example",
        "https://a.example/?x",
        "https://a.example/#x",
        "urn:a",
        " ",
    ] {
        let fault = mistake("provider.issuer", json!(wrong));
        assert!(fault.starts_with("provider.issuer"), "{fault}");
    }
}

#[test]
fn the_store_is_what_it_says() {
    for (text, shown) in [
        ("sqlite:data/a.db", "sqlite:data/a.db"),
        ("sqlite:///var/lib/a.db", "sqlite:/var/lib/a.db"),
        ("sqlite::memory:", "sqlite::memory:"),
        (
            "mongodb://u:p@a.example:1,b.example/?w=majority",
            "mongodb://a.example:1,b.example/",
        ),
        ("mongodb+srv://a.example", "mongodb+srv://a.example"),
    ] {
        let (config, _) = load(&with("store", json!(text))).unwrap();
        assert_eq!(config.store.to_string(), shown);
    }
    for wrong in [
        "data/a.db",
        "sqlite:",
        "sqlite:data/",
        "sqlite:a.db?mode=ro",
        "mongodb://",
    ] {
        assert!(
            mistake("store", json!(wrong)).contains("sqlite:PATH"),
            "{wrong}"
        );
    }
}

#[test]
fn what_the_store_makes_idle_is_warned_of() {
    let mut json = with("dbConfig.host", json!("db.example"));
    json["store"] = json!("sqlite:a.db");
    assert_eq!(places(&load(&json).unwrap().1), ["dbConfig"]);
    json["store"] = json!("mongodb://other.example");
    json["dbConfig"]["tokenDBName"] = json!("mine");
    let (config, warnings) = load(&json).unwrap();
    assert_eq!(places(&warnings), ["dbConfig.host"]);
    assert!(matches!(config.store, StoreChoice::Mongo { token_db, .. } if token_db == "mine"));
    assert!(mistake("dbConfig.tokenDBName", json!("a.b")).contains("not a name"));
}

#[test]
fn the_management_listener_is_another_one() {
    let line = mistake("server.management", json!("127.0.0.1:3000"));
    assert!(line.contains("public listener's own"), "{line}");
    assert!(mistake("server.management", json!("3001")).contains("HOST:PORT"));
}

#[test]
fn the_cost_of_a_password_has_bounds() {
    for (cost, warned) in [(4, true), (9, true), (10, false), (15, false), (16, true)] {
        let (config, warnings) = load(&with("passwordHashCost", json!(cost))).unwrap();
        assert_eq!(config.password_hash_cost, cost);
        assert_eq!(!warnings.is_empty(), warned, "{cost}");
    }
    assert!(mistake("passwordHashCost", json!(3)).contains("from 4 to 18"));
    assert!(mistake("passwordHashCost", json!(19)).contains("from 4 to 18"));
}

#[test]
fn trusting_everybody_is_warned_of() {
    let (_, warnings) = load(&with("server.trustedProxies", json!(["0.0.0.0/0"]))).unwrap();
    assert_eq!(places(&warnings), ["server.trustedProxies"]);
    assert!(mistake("server.trustedProxies", json!(["proxy"])).contains("\"proxy\""));
    assert!(mistake("server.trustedProxies", json!([1])).contains("a list of texts"));
}

#[test]
fn a_weak_password_is_not_a_mistake_of_the_file() {
    let load = |password: &str| load(&with("superAdminAccount.password", json!(password))).unwrap();
    let (config, warnings) = load("123456");
    assert!(config.super_admin.unusable_password().is_some());
    assert_eq!(
        warnings[0].to_string(),
        "superAdminAccount.password: not used (a password has at least 8 characters); the set-up \
         page asks for another"
    );
    let (config, warnings) = load("");
    assert!(config.super_admin.password.is_none());
    assert_eq!(warnings, []);
    let (config, warnings) = load("tulip harbour 42 quill");
    assert!(config.super_admin.unusable_password().is_none());
    assert_eq!(warnings, []);
}

#[test]
fn what_leaves_the_vault_is_warned_of() {
    let (config, warnings) = load(&with("handoff.includeRefreshToken", json!(true))).unwrap();
    assert!(config.handoff.include_refresh_token);
    assert_eq!(places(&warnings), ["handoff.includeRefreshToken"]);
}

#[test]
fn the_refresh_settings_are_checked() {
    let (config, warnings) = load(&with("refresh.margin", json!("0.5"))).unwrap();
    assert!((config.refresh.margin - 0.5).abs() < f64::EPSILON);
    assert_eq!(warnings, []);
    let (config, warnings) = load(&with("refresh.journalDirectory", json!("off"))).unwrap();
    assert_eq!(config.refresh.journal, Journal::Off);
    assert_eq!(places(&warnings), ["refresh.journalDirectory"]);
    assert!(mistake("refresh.margin", json!(1.5)).contains("from 0.01 to 0.9"));
    assert!(mistake("refresh.margin", json!("NaN")).contains("from 0.01 to 0.9"));
    assert!(mistake("refresh.concurrency", json!(0)).contains("from 1 to 1024"));
}

#[test]
fn the_levels_are_the_node_samples() {
    for level in ["trace", "debug", "info", "warn", "error", "fatal", "DEBUG"] {
        assert!(load(&with("logLevel", json!(level))).is_ok(), "{level}");
    }
    assert!(mistake("logLevel", json!("loud")).contains("give trace, debug"));
    let (config, _) = load(&with("log.directory", json!("off"))).unwrap();
    assert_eq!(config.log.directory, None);
}

#[test]
fn places_to_return_to_are_origins_or_beginnings_of_addresses() {
    let setting = "consentLinks.returnTo";
    let allowed = json!(["https://app.example.com", "https://b.example/done"]);
    let (config, warnings) = load(&with(setting, allowed)).unwrap();
    assert!(!config.consent_links.return_to.is_empty());
    assert!(warnings.is_empty(), "{warnings:?}");
    let (_, warnings) = load(&with(setting, json!(["http://app.example.com"]))).unwrap();
    assert_eq!(places(&warnings), [setting]);
    for wrong in [
        "https://*.example.com",
        "app.example.com",
        "https://u@b.example",
    ] {
        assert!(mistake(setting, json!([wrong])).contains(wrong));
    }
    assert!(mistake(setting, json!("https://b.example")).contains("a list"));
}
