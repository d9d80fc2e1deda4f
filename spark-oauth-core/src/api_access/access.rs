//! Who calls, and whether they may.

use std::borrow::Cow;
use std::sync::Arc;

use crate::api_access::{AccessRefusal, NotAdmitted};
use crate::api_keys::{ApiKey, ApiKeyService, KeyScope};
use crate::audit::{Actor, AuditAction, Caller, Origin, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::broker::Broker;
use crate::consent_links::ConsentLinkService;
use crate::ids::TokenId;

/// A call as it came in.
#[derive(Clone, Debug)]
pub struct ApiCall {
    /// Method and route, such as `GET /api/v1/tokens/{id}`: what the audit log names.
    pub name: Cow<'static, str>,
    /// From where.
    pub origin: Origin,
}

/// What a call says of who makes it.
#[derive(Clone, Copy, Debug)]
pub enum Credential<'a> {
    /// Nothing.
    Missing,
    /// The text of a key.
    Key(&'a str),
    /// The address holds what is a key, or claims to be one.
    InUrl(&'a str),
}

/// A call whose key is good.
#[derive(Clone, Debug)]
pub struct Admitted {
    key: Arc<ApiKey>,
    caller: Caller,
    call: Cow<'static, str>,
}

impl Admitted {
    /// The key.
    pub fn key(&self) -> &ApiKey {
        &self.key
    }

    /// Who calls, for the rules and the audit log.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }
}

/// Lets services in. Cheap to clone: the clones share everything.
#[derive(Clone, Debug)]
pub struct ApiAccess(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) keys: ApiKeyService,
    pub(super) broker: Broker,
    pub(super) links: ConsentLinkService,
    auditor: Auditor,
}

impl ApiAccess {
    pub(crate) fn new(
        keys: ApiKeyService,
        broker: Broker,
        links: ConsentLinkService,
        auditor: Auditor,
    ) -> Self {
        Self(Arc::new(Inner {
            keys,
            broker,
            links,
            auditor,
        }))
    }

    /// Lets a call in whose key is good now. A refusal is in the audit log when it is
    /// answered, where it is the first of its kind in a second: for one reason, of one
    /// key or of none that is known, from one network.
    ///
    /// # Errors
    /// [`AccessError::Refused`](crate::api_access::AccessError::Refused) or the store's,
    /// with the key, where it is known.
    pub async fn authenticate(
        &self,
        credential: Credential<'_>,
        call: ApiCall,
    ) -> Result<Admitted, NotAdmitted> {
        let keys = &self.0.keys;
        let (key, refusal) = match credential {
            Credential::Missing => (None, AccessRefusal::KeyMissing),
            // Whose it is helps whoever must revoke it now.
            Credential::InUrl(text) => (keys.find(text).await?.ok(), AccessRefusal::KeyInUrl),
            Credential::Key(text) => match keys.find(text).await? {
                Err(refusal) => (None, refusal.into()),
                Ok(key) => match keys.accept(&key) {
                    Ok(()) => return Ok(admitted(key, call)),
                    Err(refusal) => (Some(key), refusal.into()),
                },
            },
        };
        let caller = caller(key.as_deref(), call.origin);
        self.note_first(&caller, &call.name, refusal).await;
        Err(NotAdmitted {
            key,
            source: refusal.into(),
        })
    }

    /// Lets the call go on where its key has the scope. A refusal is in the audit log
    /// when it is answered.
    ///
    /// # Errors
    /// [`AccessRefusal::ScopeMissing`].
    pub async fn authorize(
        &self,
        admitted: &Admitted,
        scope: KeyScope,
    ) -> Result<(), AccessRefusal> {
        if admitted.key.scopes.allow(scope) {
            return Ok(());
        }
        let refusal = AccessRefusal::ScopeMissing(scope);
        self.refuse(admitted, refusal, None).await;
        Err(refusal)
    }

    /// Notes that the key made more calls than it may: once a second for each network.
    pub async fn rate_limited(&self, admitted: &Admitted) -> AccessRefusal {
        let refusal = AccessRefusal::RateLimited;
        self.note_first(&admitted.caller, &admitted.call, refusal)
            .await;
        refusal
    }

    /// Writes the refusal of a call with a good key.
    pub(super) async fn refuse(
        &self,
        admitted: &Admitted,
        refusal: AccessRefusal,
        token: Option<TokenId>,
    ) {
        let subject = Subject::call(&admitted.call, token);
        let (caller, action) = (&admitted.caller, AuditAction::ApiCalled);
        self.0
            .auditor
            .record(caller, action, subject, outcome(refusal))
            .await;
    }

    /// Writes the refusal of a call that can be made as often as somebody likes.
    async fn note_first(&self, caller: &Caller, call: &str, refusal: AccessRefusal) {
        let (action, subject) = (AuditAction::ApiCalled, Subject::call(call, None));
        self.0
            .auditor
            .record_refusal(caller, action, subject, outcome(refusal))
            .await;
    }
}

fn outcome(refusal: AccessRefusal) -> Outcome {
    Outcome::Refused(refusal.reason().to_owned())
}

fn admitted(key: Arc<ApiKey>, call: ApiCall) -> Admitted {
    Admitted {
        caller: caller(Some(&key), call.origin),
        call: call.name,
        key,
    }
}

fn caller(key: Option<&ApiKey>, origin: Origin) -> Caller {
    let actor = key.map_or(Actor::Unauthenticated, |key| Actor::ApiKey {
        id: key.id,
        name: key.name.as_str().to_owned(),
    });
    Caller { actor, origin }
}
