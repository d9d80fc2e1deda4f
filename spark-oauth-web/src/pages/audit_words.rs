//! The audit log in plain words.

use spark_oauth_core::audit::{Actor, AuditAction};

/// What was done, as somebody would say what they are about to do: it may have been
/// refused.
pub const fn action_words(action: AuditAction) -> &'static str {
    match action {
        AuditAction::ConsentGranted => "Grant access",
        AuditAction::ConsentFailed => "Try to grant access",
        AuditAction::ConsentWithdrawn => "Withdraw a consent",
        AuditAction::TokenCheckedOut => "Fetch an access token",
        AuditAction::TokenRefreshed => "Refresh a token",
        AuditAction::TokenRevealed => "Look at the secrets of a token",
        AuditAction::TokenRevoked => "Revoke a token",
        AuditAction::TokenRemoved => "Remove a token",
        AuditAction::TokenHandedOver => "Hand a token over in a room",
        AuditAction::RoomDeleted => "Delete the room of a hand-over",
        AuditAction::SignIn => "Sign in",
        AuditAction::SignOut => "Sign out",
        AuditAction::SuperAdminSetUp => "Set up the super admin",
        AuditAction::AdminCreated => "Create an admin",
        AuditAction::AdminChanged => "Change an admin",
        AuditAction::AdminRemoved => "Remove an admin",
        AuditAction::PasswordReset => "Reset a password",
        AuditAction::ApiKeyCreated => "Create an API key",
        AuditAction::ApiKeyRevoked => "Revoke an API key",
        AuditAction::ApiCalled => "Call the API",
        AuditAction::ConsentLinkCreated => "Make a consent link",
        AuditAction::ConsentLinkSent => "Send a consent link",
        AuditAction::ConsentLinkEnded => "End a consent link",
        AuditAction::AuditExported => "Export the audit log",
        AuditAction::DeliveryResumed => "Resume webhooks",
        AuditAction::KeysRotated => "Seal everything under a new key",
        AuditAction::StoreCopied => "Copy everything into this store",
        AuditAction::TokenImported => "Import a token",
        AuditAction::AdminImported => "Import an admin",
    }
}

/// What kind of actor it is.
pub const fn actor_words(actor: &Actor) -> &'static str {
    match actor {
        Actor::Person { .. } => "person",
        Actor::Admin { .. } => "admin",
        Actor::Claimed { .. } => "not signed in",
        Actor::Service { .. } => "service",
        Actor::ApiKey { .. } => "API key",
        Actor::Unauthenticated => "without a good API key",
        Actor::Operator => "at the command line",
        Actor::System => "by itself",
    }
}

/// Who it is where nobody has a name.
pub const fn nameless(actor: &Actor) -> &'static str {
    match actor {
        Actor::Person { .. } => "Somebody",
        Actor::Admin { .. } | Actor::Claimed { .. } => "Somebody without a username",
        Actor::Service { .. } | Actor::ApiKey { .. } | Actor::Unauthenticated => "A service",
        Actor::Operator => "The operator",
        Actor::System => "spark-oauth",
    }
}

/// Why it was refused or failed: the words of the log as a sentence. A reason that is
/// not known here is shown as it is, without its underscores.
pub fn reason_words(reason: &str) -> String {
    let known = REASONS.iter().find(|(word, _)| *word == reason);
    known.map_or_else(
        || super::sentence(&reason.replace('_', " ")),
        |(_, words)| (*words).to_owned(),
    )
}

static REASONS: &[(&str, &str)] = &[
    ("already_granted", "The person has consented already"),
    ("already_set_up", "The super admin stands already"),
    (
        "backing_off",
        "It failed a moment ago, and is not tried again yet",
    ),
    ("busy", "Too much was under way"),
    ("other_issuer", "The callback came from another server"),
    ("code_missing", "Webex sent no code"),
    ("conflict", "Somebody else was faster"),
    ("declined", "The person declined"),
    ("ended", "The link has ended"),
    ("exchange_failed", "Webex did not take the code"),
    ("expired", "It came too late"),
    ("incomplete", "Something could not be done"),
    ("interrupted", "It was interrupted"),
    ("invalid", "A field was wrong"),
    ("key_expired", "The API key has expired"),
    ("key_malformed", "What was sent is no API key"),
    ("key_mistyped", "The API key was mistyped"),
    ("key_revoked", "The API key was revoked"),
    ("key_unknown", "Nobody knows the API key"),
    ("needs_consent", "The person must consent again"),
    ("not_found", "There is none"),
    ("not_permitted", "Webex does not let the integration do it"),
    ("not_super_admin", "Only the super admin may do it"),
    ("not_stored", "The grant could not be stored"),
    ("older_key_in_use", "A server still uses an older key"),
    ("other_browser", "It was begun in another browser"),
    ("paused", "Refreshing pauses for the integration"),
    ("person_unknown", "Webex did not say who it is"),
    ("provider", "Webex did not do it"),
    ("provider_refused", "Webex refused"),
    (
        "room_deleted",
        "The room could not be recorded, and was deleted",
    ),
    ("room_left_behind", "A room was left behind"),
    ("same_person", "The person is the requester"),
    ("store", "The store failed"),
    ("super_admin_stays", "The super admin stays"),
    ("superseded", "The token changed meanwhile"),
    ("throttled", "Too many attempts"),
    ("too_long", "The message would be too long"),
    ("vault", "A sealed value does not open"),
    ("wrong_set_up_code", "The set-up code is wrong"),
    ("wrong_username_or_password", "Wrong username or password"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_action_has_words_of_its_own() {
        let words: BTreeSet<_> = AuditAction::ALL.map(action_words).into();
        assert_eq!(words.len(), AuditAction::ALL.len());
    }

    #[test]
    fn an_unknown_reason_is_still_read() {
        assert_eq!(reason_words("throttled"), "Too many attempts");
        assert_eq!(reason_words("quite_new"), "Quite new");
        assert_eq!(reason_words(""), "");
    }
}
