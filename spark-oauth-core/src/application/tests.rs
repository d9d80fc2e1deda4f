//! No secret shows: not in a log line, an error, an audit entry or a `Debug` text,
//! whatever goes right or wrong.

use std::fmt::{Debug, Write as _};
use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::admins::{AdminInput, NewPassword, ProfileInput};
use crate::consent::{BrowserSecret, Callback, State};
use crate::handoff::RoomName;
use crate::ids::TokenId;
use crate::ports::{MembershipId, MessageId, Revocation, RoomId, SparkErrorKind};
use crate::secret::{AccessToken, AuthorizationCode, Password};
use crate::testing::scene::{MINUTE, Scene, answer, caller, origin, person, scene};
use crate::testing::{Reply, StoreCall, StoreFault};
use crate::token::{RefreshTrigger, RevokedBy};

/// Everything that a person could read afterwards.
#[derive(Clone, Debug, Default)]
struct Shown(Arc<Mutex<Vec<u8>>>);

impl Shown {
    /// The log from here on, down to the finest level.
    fn log(&self) -> tracing::subscriber::DefaultGuard {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(self.clone())
            .set_default()
    }

    /// The `Debug` text of a value; of an error also what lies behind it.
    fn show<T: Debug, E: std::error::Error>(&self, outcome: &Result<T, E>) {
        let mut text = format!("{outcome:?} {outcome:#?}\n");
        let mut error: Option<&dyn std::error::Error> = outcome.as_ref().err().map(|e| e as _);
        while let Some(cause) = error {
            writeln!(text, "{cause} {cause:?}").unwrap();
            error = cause.source();
        }
        self.add(&text);
    }

    fn add(&self, text: &str) {
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Shown {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const SECRETS: [&str; 12] = [
    "old-access",
    "old-refresh",
    "secret-access",
    "secret-refresh",
    "the-code",
    "the-client-secret",
    "secret tulip harbour 42",
    "secret walnut 77 fjord",
    "secret wrong guess 11",
    "$2b$",
    "state-of-nobody",
    "secret in the name field!",
];

#[tokio::test(start_paused = true)]
async fn no_secret_shows_wherever_a_person_could_read() {
    let scene = scene().await;
    let shown = Shown::default();
    let _log = shown.log();
    let mut random_secrets = Vec::new();
    consents(&scene, &shown, &mut random_secrets).await;
    Box::pin(tokens(&scene, &shown)).await;
    hand_overs(&scene, &shown).await;
    admins(&scene, &shown, &mut random_secrets).await;
    scene.oauth.settle().await;
    shown.add(&format!("{:?}", scene.oauth));
    shown.add(&format!("{:#?}", scene.stores));
    shown.add(&format!("{:?}", scene.stores.audit_entries()));
    let text = shown.text();
    // What must be there, or the test looks at nothing.
    for seen in [
        "a refresh failed",
        "new tokens wait for the store",
        "asking again who consented",
        "a room was left behind",
        "the audit log did not take an entry",
        "[redacted]",
        "Sealed(",
        "TokenHandedOver",
    ] {
        assert!(text.contains(seen), "{seen:?} is missing");
    }
    let secrets = SECRETS.into_iter().map(str::to_owned);
    for secret in secrets.chain(random_secrets) {
        let place = text.find(&secret).map(|at| {
            let (from, to) = (at.saturating_sub(200), (at + 200).min(text.len()));
            String::from_utf8_lossy(&text.as_bytes()[from..to]).into_owned()
        });
        assert_eq!(place, None, "{secret} shows");
    }
}

async fn consents(scene: &Scene, shown: &Shown, secrets: &mut Vec<String>) {
    let replies = [
        Reply::of(answer("secret-access", Some("secret-refresh"))),
        Reply::of(answer("secret-access", Some("secret-refresh"))),
        Reply::error(SparkErrorKind::GrantRefused),
        Reply::panic(),
    ];
    let consents = &scene.oauth.consents;
    for reply in replies {
        let browser = BrowserSecret::generate(scene.random());
        let url = consents.begin(&browser, &origin(1)).await.unwrap();
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        let (_, state) = pairs.into_iter().find(|(key, _)| key == "state").unwrap();
        shown.add(&format!("{browser:?} {:?}", scene.stores.consents()));
        scene.client.on_exchange(reply);
        scene
            .client
            .on_me(Reply::error(SparkErrorKind::Unreachable))
            .on_me(Reply::of(person("ann")));
        let callback = Callback {
            state: Some(State::from_callback(state.as_str())),
            code: Some(AuthorizationCode::new("the-code")),
            refusal: None,
            issuer: None,
        };
        shown.add(&format!("{callback:?}"));
        let outcome = consents
            .complete(callback, Some(&browser), &origin(1))
            .await;
        shown.show(&outcome);
        secrets.extend([state, browser.expose_secret().to_owned()]);
    }
    let stranger = Callback {
        state: Some(State::from_callback("state-of-nobody")),
        code: Some(AuthorizationCode::new("the-code")),
        refusal: None,
        issuer: None,
    };
    let refused = consents.complete(stranger, None, &origin(1)).await;
    shown.show(&refused);
}

async fn tokens(scene: &Scene, shown: &Shown) {
    let broker = &scene.oauth.broker;
    for reply in [
        Reply::of(answer("secret-access", Some("secret-refresh"))),
        Reply::error(SparkErrorKind::Unavailable { retry_after: None }),
        Reply::error(SparkErrorKind::IntegrationRefused),
        Reply::error(SparkErrorKind::GrantRefused),
        Reply::panic(),
    ] {
        let id = fresh_token(scene);
        scene.client.on_refresh(reply);
        shown.show(&broker.check_out(id, 90 * MINUTE, &caller()).await);
        let trigger = RefreshTrigger::Admin;
        shown.show(&broker.refresh(id, trigger, &caller()).await);
        shown.show(&broker.reveal(id, &caller()).await);
        scene.client.on_revoke(Reply::of(Revocation::Confirmed));
        let by = RevokedBy::Admin;
        shown.show(&broker.revoke(id, by, &caller()).await);
        shown.show(&broker.withdraw(id, &caller()).await);
    }
    // A store that is away when the answer comes.
    let id = fresh_token(scene);
    let stores = scene.stores.clone();
    let late = answer("secret-access", Some("secret-refresh"));
    scene.client.on_refresh(Reply::of(late));
    scene.stores.before(StoreCall::TokenUpdate, move || {
        stores.fail(StoreCall::TokenUpdate, StoreFault::Away, 60);
        stores.fail(StoreCall::AuditAppend, StoreFault::Conflict, 1);
    });
    shown.show(&broker.check_out(id, 90 * MINUTE, &caller()).await);
    scene.oauth.settle().await;
    // A value that was moved here from another record.
    let other = scene.token_of("bob", "spark:rooms_read");
    scene
        .stores
        .change_token(id, |token| token.access = other.access);
    shown.show(&broker.reveal(id, &caller()).await);
    shown.show(&broker.remove(id, &caller()).await);
}

fn fresh_token(scene: &Scene) -> TokenId {
    let token = scene.token_of("bob", "spark:rooms_read");
    for stale in scene.stores.tokens() {
        scene.stores.drop_token(stale.id);
    }
    scene.stores.put_token(token.clone());
    token.id
}

async fn hand_overs(scene: &Scene, shown: &Shown) {
    let service = &scene.oauth.hand_over;
    for (posted, deleted) in [
        (Reply::of(MessageId::new("message-1")), None),
        (Reply::error(SparkErrorKind::TimedOut), Some(Reply::of(()))),
        (
            Reply::error(SparkErrorKind::TimedOut),
            Some(Reply::error(SparkErrorKind::Unreachable)),
        ),
    ] {
        let id = fresh_token(scene);
        scene
            .client
            .on_create_room(Reply::of(RoomId::new("room-1")))
            .on_add_member(Reply::of(MembershipId::new("membership-1")))
            .on_post_message(posted);
        if let Some(deleted) = deleted {
            scene.client.on_delete_room(deleted);
        }
        let name = RoomName::parse("A room").unwrap();
        let outcome = service
            .create_and_join_room(id, name, &caller(), |_| async { true })
            .await;
        shown.show(&outcome);
    }
    let id = fresh_token(scene);
    let long = AccessToken::new("secret-access".repeat(1_000));
    let sealed = scene.ring.seal_access(id, &long);
    scene.stores.change_token(id, |token| token.access = sealed);
    let name = RoomName::parse("A room").unwrap();
    let outcome = service
        .create_and_join_room(id, name, &caller(), |_| async { true })
        .await;
    shown.show(&outcome);
}

async fn admins(scene: &Scene, shown: &Shown, secrets: &mut Vec<String>) {
    let admins = &scene.oauth.admins;
    let (good, better) = ("secret tulip harbour 42", "secret walnut 77 fjord");
    let twice = |text: &str| NewPassword {
        password: Password::new(text),
        password_again: Password::new(text),
    };
    let code = admins.set_up_code().await.unwrap().unwrap();
    secrets.push(code.expose_secret().to_owned());
    let given = twice(good);
    let set_up = admins.set_up(&code, Some(&given), &origin(1)).await;
    shown.show(&set_up);
    let root = set_up.unwrap();
    for text in [good, "secret"] {
        let form = AdminInput {
            username: "Alice".into(),
            email: "alice@example.com".into(),
            password: twice(text),
        };
        shown.add(&format!("{form:?}"));
        shown.show(&admins.create(&root, &form, &origin(1)).await);
        shown.show(&admins.change(&root, root.id, &form, &origin(1)).await);
    }
    for name in ["alice", "nobody", "secret in the name field!"] {
        let guess = Password::new("secret wrong guess 11");
        shown.show(&admins.sign_in(name, &guess, &origin(2)).await);
    }
    let alice = admins
        .sign_in("alice", &Password::new(good), &origin(1))
        .await;
    shown.show(&alice);
    let form = ProfileInput {
        current_password: Password::new(good),
        email: "alice@example.com".into(),
        password: twice(better),
    };
    shown.add(&format!("{form:?}"));
    let changed = admins
        .change_profile(&alice.unwrap(), &form, &origin(1))
        .await;
    shown.show(&changed);
}
