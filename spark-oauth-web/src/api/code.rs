//! The documented list of `code`s: what a program tells errors apart by.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! codes {
    ($($code:ident $status:ident $word:literal $title:literal $explanation:literal)+) => {
        /// What went wrong, as a program tells it apart. A code never changes its
        /// meaning; new ones may come.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum Code {
            $(#[doc = $explanation] $code,)+
        }

        impl Code {
            /// Every code, by status.
            pub(crate) const ALL: &[Self] = &[$(Self::$code),+];

            /// The code as it is written.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $word,)+ }
            }

            /// The status that it comes with.
            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status,)+ }
            }

            /// What happened, in a few words.
            pub(crate) const fn title(self) -> &'static str {
                match self { $(Self::$code => $title,)+ }
            }

            /// What it means and what to do.
            pub(crate) const fn explanation(self) -> &'static str {
                match self { $(Self::$code => $explanation,)+ }
            }
        }
    };
}

codes! {
    InvalidRequest BAD_REQUEST "invalid_request" "The request is wrong"
        "A parameter, a field or the body is wrong; `detail` names it."
    KeyMissing UNAUTHORIZED "key_missing" "No API key was sent"
        "Send the key as `Authorization: Bearer spoa_…`."
    KeyInUrl UNAUTHORIZED "key_in_url" "An API key stands in the address"
        "Addresses are kept by logs and proxies: revoke the key, make a new one, and send it in \
         the header `Authorization`."
    KeyMalformed UNAUTHORIZED "key_malformed" "That is no API key"
        "What was sent as a key has not the form of one."
    KeyMistyped UNAUTHORIZED "key_mistyped" "The API key was mistyped"
        "The checksum in the key is wrong: a character was lost or changed on the way."
    KeyUnknown UNAUTHORIZED "key_unknown" "The API key is not known"
        "No such key was made here."
    KeyExpired UNAUTHORIZED "key_expired" "The API key has expired"
        "Ask an admin for a new key."
    KeyRevoked UNAUTHORIZED "key_revoked" "The API key was revoked"
        "Ask an admin for a new key."
    InsufficientScope FORBIDDEN "insufficient_scope" "The API key may not do this"
        "The key lacks the scope that `scope` names."
    PersonNotAllowed FORBIDDEN "person_not_allowed" "The API key is not good for this person"
        "The key is limited to other addresses or domains."
    TokenNotFound NOT_FOUND "token_not_found" "There is no such token"
        "It was removed, or the identifier is mistyped."
    PersonNotFound NOT_FOUND "person_not_found" "No token of this person fits"
        "The person to whom this address belongs has no token here, or none whose scopes hold the \
         asked ones."
    LinkNotFound NOT_FOUND "link_not_found" "There is no such consent link"
        "It was removed long after its end, or the identifier is mistyped."
    NoSuchPath NOT_FOUND "no_such_path" "There is no such path"
        "The API has no call at this path."
    MethodNotAllowed METHOD_NOT_ALLOWED "method_not_allowed" "This path does not know the method"
        "The header `Allow` names the methods that it knows."
    NeedsConsent CONFLICT "needs_consent" "The person must consent again"
        "Send the person to `consent_url`, where there is one; `reason` says what was lost."
    TokenRevoked CONFLICT "token_revoked" "The token was revoked"
        "It cannot be used any more. The person can grant access again."
    TokenChanged CONFLICT "token_changed" "The token changed meanwhile"
        "Somebody granted, revoked or removed it at the same time. Read it again."
    Ambiguous CONFLICT "ambiguous" "Two persons have this address"
        "Webex confirmed the address for both. `ids` names their tokens: fetch one by its \
         identifier."
    IntegrationUnknown CONFLICT "integration_unknown" "Another integration obtained the token"
        "Its client ID is not configured, so that the token is not refreshed; `detail` names it. \
         Ask the operator to configure that integration, or send the person to `consent_url`."
    RevocationNotPermitted CONFLICT "revocation_not_permitted" "Webex does not allow revoking"
        "The integration may not revoke tokens, and nothing was changed. The record can be \
         removed without `revoke`."
    RevocationNotConfirmed CONFLICT "revocation_not_confirmed"
        "Webex did not confirm the revocation"
        "Webex does not know the authorization, or no valid access token is left to revoke with. \
         Nothing was changed. Delete the record without `revoke`; the person can remove the \
         integration in the Webex settings."
    ScopeNotRegistered CONFLICT "scope_not_registered" "The integration may not ask for this"
        "It is not registered for one of the scopes; `detail` names them."
    ReturnNotAllowed CONFLICT "return_not_allowed" "Nobody may be sent back there"
        "The setting `consentLinks.returnTo` does not list the place in `return_to`."
    LinkClosed CONFLICT "link_closed" "The consent link has ended"
        "It expired, or the person has consented already."
    LinkUnaddressed CONFLICT "link_unaddressed" "The consent link can be sent to nobody"
        "It names nobody as `expected_email`, or the very person in whose name it would be sent."
    NoSender CONFLICT "no_sender" "Nobody can send the message"
        "There is no active token of the integration's contact that may write messages; `detail` \
         says which. Or hand the link over in another way."
    BodyTooLarge PAYLOAD_TOO_LARGE "body_too_large" "The body is too large"
        "Bodies are read up to 32 KiB."
    UnsupportedMediaType UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" "The body is not JSON"
        "Send the body as `Content-Type: application/json`."
    InvalidValue UNPROCESSABLE_ENTITY "invalid_value" "A value breaks a rule"
        "The body can be read, but what a field says is not possible; `detail` names it."
    RateLimited TOO_MANY_REQUESTS "rate_limited" "The API key makes too many requests"
        "`Retry-After` says when the next one is answered."
    Internal INTERNAL_SERVER_ERROR "internal" "A defect of ours"
        "The log has more, under the identifier in `request_id`."
    SecretUnreadable INTERNAL_SERVER_ERROR "secret_unreadable" "A stored secret does not open"
        "It was changed or moved from outside. A new grant by the same person replaces it."
    ProviderRefused BAD_GATEWAY "provider_refused" "Webex refused the call"
        "The access that was granted does not include it. `tracking_id` is the reference for \
         the support of Webex."
    RefreshInProgress SERVICE_UNAVAILABLE "refresh_in_progress" "The token is being refreshed"
        "Another process is busy with it. `Retry-After` says when to come back."
    BackingOff SERVICE_UNAVAILABLE "backing_off" "The last refresh failed a moment ago"
        "It is tried again by itself. `Retry-After` says when to come back."
    RefreshingPaused SERVICE_UNAVAILABLE "refreshing_paused" "Refreshing pauses"
        "It pauses for the whole integration; `reason` says why, `Retry-After` until when."
    IntegrationRefused SERVICE_UNAVAILABLE "integration_refused" "Webex refuses the integration"
        "Its client ID, secret or redirect URI is wrong. Only the operator can mend that; no \
         token was lost."
    ProviderUnavailable SERVICE_UNAVAILABLE "provider_unavailable" "Webex does not answer"
        "It cannot be reached, has a fault, or asks for fewer calls. Come back later."
    StoreUnavailable SERVICE_UNAVAILABLE "store_unavailable" "The store does not answer"
        "Nothing was lost that was confirmed before. Come back later."
    TimedOut GATEWAY_TIMEOUT "timed_out" "It took too long"
        "Webex or our store did not answer in time. What was asked for may still happen. Come back \
         later."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_json() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn every_title_and_word_is_its_own() {
        for (at, code) in Code::ALL.iter().enumerate() {
            for other in &Code::ALL[at + 1..] {
                assert_ne!(code.as_str(), other.as_str());
                assert_ne!(code.title(), other.title());
            }
        }
    }
}
