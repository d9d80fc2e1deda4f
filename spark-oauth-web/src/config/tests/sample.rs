//! The file of the Node.js sample, and our own.

use super::*;

#[test]
fn the_node_samples_file_works_unchanged() {
    let (config, warnings) = load_text(NODE_SAMPLE).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(
        config.integration.redirect_uri.as_str(),
        "http://127.0.0.1:3000/auth/spark/callback"
    );
    assert_eq!(
        config.integration.scopes.to_string(),
        "spark:memberships_read spark:memberships_write spark:messages_read \
         spark:messages_write spark:people_read spark:rooms_read spark:rooms_write"
    );
    assert_eq!(config.public_url.as_str(), "http://127.0.0.1:3000/");
    assert_eq!(
        config.provider.api_base.as_str(),
        "https://webexapis.com/v1"
    );
    assert_eq!(config.super_admin.username.as_str(), "admin");
    let StoreChoice::Mongo {
        uri,
        admin_db,
        token_db,
    } = &config.store
    else {
        panic!("{:?}", config.store);
    };
    assert_eq!(uri.expose_secret(), "mongodb://127.0.0.1:27017");
    assert_eq!(
        (admin_db.as_str(), token_db.as_str()),
        ("adminUsers", "tokenCenter")
    );
    assert_eq!(
        places(&warnings),
        [
            "oauth.state",
            "oauth.clientID",
            "oauth.clientSecret",
            "oauth.contactEmail",
            "superAdminAccount.email",
            "superAdminAccount.password",
        ]
    );
    assert_eq!(
        warnings[1].to_string(),
        "oauth.clientID: still holds the sample value \"your_clientID\"; put the client ID of \
         your integration there"
    );
    assert!(
        !warnings[2].text.contains("your_clientSecret"),
        "{warnings:?}"
    );
}

#[test]
fn numbers_may_stand_as_numbers_in_the_node_samples_file() {
    let text = NODE_SAMPLE
        .replace("\"3000\"", "3000")
        .replace("\"27017\"", "27017");
    assert!(load_text(&text).is_ok());
}

#[test]
fn a_byte_order_mark_does_not_matter() {
    assert!(load_text(&format!("\u{feff}{NODE_SAMPLE}")).is_ok());
}

#[test]
fn our_own_sample_asks_for_three_values_alone() {
    let text = include_str!("../../../../conf/config.json");
    let (config, warnings) = load_text(text).unwrap();
    assert_eq!(
        places(&warnings),
        ["oauth.clientID", "oauth.clientSecret", "oauth.contactEmail"]
    );
    assert_eq!(config.placeholders(), places(&warnings));
    assert_eq!(config.store.to_string(), "sqlite:data/spark-oauth.db");
    assert_eq!(
        config.server.management.unwrap().to_string(),
        "127.0.0.1:3001"
    );

    let filled = text
        .replace("your_clientID", "C0123")
        .replace("your_clientSecret", "s3cr3t")
        .replace("your_email@example.com", "alice@example.com");
    let (filled, warnings) = load_text(&filled).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(filled.placeholders(), [""; 0]);
}

#[test]
fn the_least_that_works_has_sensible_defaults() {
    let (config, warnings) = load(&minimal()).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.server.management, None);
    assert!(config.server.trusted_proxies.is_empty());
    assert_eq!(config.store.to_string(), "sqlite:data/spark-oauth.db");
    assert!(config.keys.to_string().ends_with("/conf/spark-oauth.keys"));
    assert_eq!(config.super_admin.username.as_str(), "admin");
    assert!(config.super_admin.password.is_none());
    assert_eq!(config.password_hash_cost, 12);
    assert!(!config.handoff.include_refresh_token);
    assert_eq!(config.log.directory, Some("logs".into()));
    assert_eq!(config.log.format, LogFormat::Text);
}

#[test]
fn neither_debug_nor_the_summary_shows_a_secret() {
    let mut json = with("superAdminAccount.password", json!("sesame-of-the-admin"));
    json["store"] = json!("mongodb://user:sesame-of-the-store@db.example/");
    let keys = [("SPARK_OAUTH_KEYS", "sesame-of-the-ring")];
    let (config, warnings) = load_with_environment(&json, &keys).unwrap();
    let shown = format!("{config:?} {config:#?} {} {warnings:?}", config.summary());
    assert!(
        !shown.contains("sesame") && !shown.contains("s3cr3t"),
        "{shown}"
    );
    assert!(shown.contains("mongodb://db.example/"), "{shown}");
}
