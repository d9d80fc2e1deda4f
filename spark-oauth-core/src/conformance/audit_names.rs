//! By which names a search of the [`AuditLog`](crate::ports::AuditLog) finds who acted
//! and to whom.

use super::audit_search::{
    append_all, assert_found, by, of_actor, of_api_key, of_subject, service,
};
use super::samples::{self, admin};
use crate::audit::{Actor, AuditEntry};
use crate::ids::ApiKeyId;
use crate::ports::{Stores, SystemRandom};

pub(super) fn api_key(name: &str) -> Actor {
    Actor::ApiKey {
        id: ApiKeyId::generate(samples::NOW, &SystemRandom),
        name: name.to_owned(),
    }
}

/// Whoever has a name is found by it, whatever the kind of actor; who has none is
/// found by no name.
pub async fn an_actor_is_found_by_its_name(stores: &Stores) {
    let entries: Vec<_> = [
        Actor::Person {
            email: Some("ann@example.com".to_owned()),
        },
        Actor::Admin {
            id: admin(1).id,
            username: "ann@example.com".to_owned(),
        },
        Actor::Claimed {
            username: "ann@example.com".to_owned(),
        },
        service("ann@example.com"),
        api_key("ann@example.com"),
        Actor::Person { email: None },
        Actor::Unauthenticated,
        Actor::Operator,
        Actor::System,
        api_key("nightly report"),
        Actor::Claimed {
            username: String::new(),
        },
    ]
    .into_iter()
    .zip(0..)
    .map(|(actor, number)| by(number, actor))
    .collect();
    append_all(stores, &entries).await;
    let found = [0, 1, 2, 3, 4];
    assert_found(stores, &of_actor("ann@example.com"), &entries, &found).await;
    assert_found(stores, &of_actor("nightly report"), &entries, &[9]).await;
    assert_found(stores, &of_actor(""), &entries, &[10]).await;
    for nobody in [
        "system",
        "operator",
        "unauthenticated",
        "person",
        "bob",
        "null",
    ] {
        assert_found(stores, &of_actor(nobody), &entries, &[]).await;
    }
}

/// Keys of one name are found together by it, and each by itself by its identifier.
pub async fn keys_of_one_name_are_told_apart(stores: &Stores) {
    let keys = [samples::api_key(1).id, samples::api_key(2).id];
    let entries: Vec<_> = (0..6)
        .map(|number| {
            let id = keys[number as usize % 2];
            let name = "nightly report".to_owned();
            AuditEntry {
                api_key: Some(id),
                ..by(number, Actor::ApiKey { id, name })
            }
        })
        .collect();
    append_all(stores, &entries).await;
    let all = [0, 1, 2, 3, 4, 5];
    assert_found(stores, &of_actor("Nightly report"), &entries, &all).await;
    assert_found(stores, &of_api_key(keys[0]), &entries, &[0, 2, 4]).await;
    assert_found(stores, &of_api_key(keys[1]), &entries, &[1, 3, 5]).await;
}

/// Names and subjects are compared without regard to ASCII case, and addresses as
/// [`EmailAddress`](crate::EmailAddress) compares them: no other folding makes one
/// person another.
pub async fn a_search_does_not_regard_case(stores: &Stores) {
    let names = [
        "Zoë@Bücher.example",
        "ΣΟΦΟΣ",
        "straße",
        "İzmir",
        "\u{212a}elvin",
    ];
    let entries: Vec<_> = (0..)
        .zip(names)
        .map(|(number, name)| AuditEntry {
            subject: Some(name.to_owned()),
            ..by(number, service(name))
        })
        .collect();
    append_all(stores, &entries).await;
    for (asked, found) in [
        ("ZOë@bücher.example", Some(0)),
        ("zoë@XN--BCHER-KVA.example", Some(0)),
        ("ZOË@bücher.example", None),
        ("zoe@bücher.example", None),
        ("σοφοσ", None),
        ("ΣΟΦΟΣ", Some(1)),
        ("STRASSE", None),
        ("STRAßE", Some(2)),
        ("İZMIR", Some(3)),
        ("izmir", None),
        ("\u{212a}ELVIN", Some(4)),
        ("kelvin", None),
    ] {
        let found: Vec<_> = found.into_iter().collect();
        assert_found(stores, &of_actor(asked), &entries, &found).await;
        assert_found(stores, &of_subject(asked), &entries, &found).await;
    }
}

/// Names and subjects are compared as a whole, and each character stands for itself.
pub async fn a_search_compares_the_whole(stores: &Stores) {
    let long = "8 KiB é".repeat(1_024);
    let texts = [
        "ann@example.com",
        "ann",
        "ann@example.com ",
        "a%",
        "a_n",
        "ann\u{0}@example.com",
        "' OR 1=1 --",
        "a.n",
        "^a",
        "$ne",
        &long,
        "",
    ];
    let entries: Vec<_> = (0..)
        .zip(texts)
        .map(|(number, text)| AuditEntry {
            subject: Some(text.to_owned()),
            ..by(number, service(text))
        })
        .collect();
    append_all(stores, &entries).await;
    for (place, text) in texts.into_iter().enumerate() {
        assert_found(stores, &of_actor(text), &entries, &[place]).await;
        assert_found(stores, &of_subject(text), &entries, &[place]).await;
    }
    for text in [
        "an",
        "%",
        "_",
        ".*",
        "ann@example",
        "\u{0}",
        "ann\u{0}",
        "a*",
    ] {
        assert_found(stores, &of_actor(text), &entries, &[]).await;
        assert_found(stores, &of_subject(text), &entries, &[]).await;
    }
}
