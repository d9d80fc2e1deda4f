//! A provider that answers by script.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::{Semaphore, watch};
use url::Url;

use crate::consent::CodeVerifier;
use crate::email::EmailAddress;
use crate::integration::{ClientId, Integration};
use crate::person::Person;
use crate::ports::{
    AuthorizationRequest, MembershipId, MessageId, Revocation, RoomId, SparkClient, SparkError,
    SparkErrorKind, TokenAnswer,
};
use crate::secret::{AccessToken, AuthorizationCode, RefreshToken};

/// A call of [`SparkClient`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is named like the port's method")]
pub enum ProviderCall {
    ExchangeCode,
    Refresh,
    Me,
    Revoke,
    CreateRoom,
    DeleteRoom,
    AddMember,
    PostMessage,
    MessagePerson,
}

/// One answer of the script.
#[derive(Debug)]
pub struct Reply<T> {
    outcome: Option<Result<T, SparkError>>,
    gate: Option<Arc<Semaphore>>,
}

impl<T> Reply<T> {
    /// An answer.
    pub const fn of(answer: T) -> Self {
        Self {
            outcome: Some(Ok(answer)),
            gate: None,
        }
    }

    /// An error without particulars.
    pub const fn error(kind: SparkErrorKind) -> Self {
        Self {
            outcome: Some(Err(SparkError::of(kind))),
            gate: None,
        }
    }

    /// A client that panics.
    pub const fn panic() -> Self {
        Self {
            outcome: None,
            gate: None,
        }
    }

    /// The same, once the gate has a permit, which is used up.
    #[must_use]
    pub fn behind(mut self, gate: &Arc<Semaphore>) -> Self {
        self.gate = Some(gate.clone());
        self
    }
}

/// A [`SparkClient`] that gives the answers a test has lined up, and remembers
/// what it was asked. A call for which nothing is lined up answers
/// [`SparkErrorKind::Unexpected`].
#[derive(Clone, Default)]
pub struct ScriptedClient(Arc<Inner>);

#[derive(Default)]
struct Inner {
    script: Mutex<Script>,
    calls: watch::Sender<usize>,
}

#[derive(Default)]
struct Script {
    replies: HashMap<ProviderCall, VecDeque<Box<dyn Any + Send>>>,
    asked: Vec<(ProviderCall, String)>,
    refresh_tokens: Vec<RefreshToken>,
}

impl fmt::Debug for ScriptedClient {
    /// Without the script: it holds the tokens of the test.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedClient").finish_non_exhaustive()
    }
}

macro_rules! lines_up {
    ($($(#[$docs:meta])* $name:ident: $call:ident -> $answer:ty;)*) => {$(
        $(#[$docs])*
        pub fn $name(&self, reply: Reply<$answer>) -> &Self {
            self.line_up(ProviderCall::$call, reply)
        }
    )*};
}

impl ScriptedClient {
    /// A client without a script.
    pub fn new() -> Self {
        Self::default()
    }

    lines_up! {
        /// Lines up an answer of [`SparkClient::exchange_code`].
        on_exchange: ExchangeCode -> TokenAnswer;
        /// Lines up an answer of [`SparkClient::refresh`].
        on_refresh: Refresh -> TokenAnswer;
        /// Lines up an answer of [`SparkClient::me`].
        on_me: Me -> Person;
        /// Lines up an answer of [`SparkClient::revoke`].
        on_revoke: Revoke -> Revocation;
        /// Lines up an answer of [`SparkClient::create_room`].
        on_create_room: CreateRoom -> RoomId;
        /// Lines up an answer of [`SparkClient::delete_room`].
        on_delete_room: DeleteRoom -> ();
        /// Lines up an answer of [`SparkClient::add_member`].
        on_add_member: AddMember -> MembershipId;
        /// Lines up an answer of [`SparkClient::post_message`].
        on_post_message: PostMessage -> MessageId;
        /// Lines up an answer of [`SparkClient::message_person`].
        on_message_person: MessagePerson -> MessageId;
    }

    fn line_up<T: Send + 'static>(&self, call: ProviderCall, reply: Reply<T>) -> &Self {
        let mut script = self.script();
        script
            .replies
            .entry(call)
            .or_default()
            .push_back(Box::new(reply));
        drop(script);
        self
    }

    /// The calls so far, in their order.
    pub fn calls(&self) -> Vec<ProviderCall> {
        self.script().asked.iter().map(|(call, _)| *call).collect()
    }

    /// How often a call was made so far.
    pub fn count(&self, call: ProviderCall) -> usize {
        self.arguments(call).len()
    }

    /// What a call was made with, each time: the room's title, the room, the
    /// address or the text; address and text of a direct message, each on a line.
    /// Empty for the others.
    pub fn arguments(&self, call: ProviderCall) -> Vec<String> {
        let script = self.script();
        let made = script.asked.iter().filter(|(made, _)| *made == call);
        made.map(|(_, argument)| argument.clone()).collect()
    }

    /// The refresh tokens that were sent, in their order.
    pub fn refresh_tokens(&self) -> Vec<RefreshToken> {
        self.script().refresh_tokens.clone()
    }

    /// Waits until a call was made `times` times.
    pub async fn called(&self, call: ProviderCall, times: usize) {
        let mut calls = self.0.calls.subscribe();
        // It fails only where the sender is gone, which `self` holds.
        let _ = calls.wait_for(|_| self.count(call) >= times).await;
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn play<T: Send + 'static>(
        &self,
        call: ProviderCall,
        argument: &str,
    ) -> Result<T, SparkError> {
        let next = {
            let mut script = self.script();
            script.asked.push((call, argument.to_owned()));
            script.replies.get_mut(&call).and_then(VecDeque::pop_front)
        };
        self.0.calls.send_modify(|calls| *calls += 1);
        let Some(reply) = next.and_then(|reply| reply.downcast::<Reply<T>>().ok()) else {
            return Err(SparkError::of(SparkErrorKind::Unexpected));
        };
        if let Some(gate) = &reply.gate
            && let Ok(permit) = gate.acquire().await
        {
            permit.forget();
        }
        #[expect(clippy::panic, reason = "the script wants a client that panics")]
        reply
            .outcome
            .unwrap_or_else(|| panic!("the script wants a panic at {call:?}"))
    }
}

#[async_trait]
impl SparkClient for ScriptedClient {
    /// `https://provider.example/authorize` with the parameters that a test reads.
    #[expect(clippy::expect_used, reason = "a constant URL is one")]
    #[expect(clippy::elidable_lifetime_names, reason = "as in the port")]
    fn authorization_url<'a>(&self, request: &AuthorizationRequest<'a>) -> Url {
        let mut url = Url::parse("https://provider.example/authorize").expect("a URL");
        url.query_pairs_mut()
            .append_pair("scope", &request.scopes.to_string())
            .append_pair("state", request.state.expose_secret())
            .append_pair("code_challenge", request.challenge.as_str());
        if let Some(email) = request.login_hint {
            url.query_pairs_mut()
                .append_pair("login_hint", email.as_str());
        }
        if request.select_account {
            url.query_pairs_mut()
                .append_pair("prompt", "select_account");
        }
        url
    }

    async fn exchange_code(
        &self,
        _: &Integration,
        _: &AuthorizationCode,
        _: &CodeVerifier,
    ) -> Result<TokenAnswer, SparkError> {
        self.play(ProviderCall::ExchangeCode, "").await
    }

    async fn refresh(
        &self,
        _: &Integration,
        refresh_token: &RefreshToken,
    ) -> Result<TokenAnswer, SparkError> {
        self.script().refresh_tokens.push(refresh_token.clone());
        self.play(ProviderCall::Refresh, "").await
    }

    async fn me(&self, _: &AccessToken) -> Result<Person, SparkError> {
        self.play(ProviderCall::Me, "").await
    }

    async fn revoke(&self, _: &ClientId, _: &AccessToken) -> Result<Revocation, SparkError> {
        self.play(ProviderCall::Revoke, "").await
    }

    async fn create_room(&self, _: &AccessToken, title: &str) -> Result<RoomId, SparkError> {
        self.play(ProviderCall::CreateRoom, title).await
    }

    async fn delete_room(&self, _: &AccessToken, room: &RoomId) -> Result<(), SparkError> {
        self.play(ProviderCall::DeleteRoom, room.as_str()).await
    }

    async fn add_member(
        &self,
        _: &AccessToken,
        _: &RoomId,
        email: &EmailAddress,
    ) -> Result<MembershipId, SparkError> {
        self.play(ProviderCall::AddMember, email.as_str()).await
    }

    async fn post_message(
        &self,
        _: &AccessToken,
        _: &RoomId,
        text: &str,
    ) -> Result<MessageId, SparkError> {
        self.play(ProviderCall::PostMessage, text).await
    }

    async fn message_person(
        &self,
        _: &AccessToken,
        email: &EmailAddress,
        text: &str,
    ) -> Result<MessageId, SparkError> {
        let argument = format!("{email}\n{text}");
        self.play(ProviderCall::MessagePerson, &argument).await
    }
}
