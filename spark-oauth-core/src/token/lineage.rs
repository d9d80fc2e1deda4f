//! What is known of a token's last refreshes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ports::{ErrorClass, TrackingId};
use crate::timestamp::Timestamp;

/// What made a token be refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshTrigger {
    /// A service asked for a token that lives long enough.
    Checkout,
    /// An admin asked for it.
    Admin,
    /// The background worker found the token due.
    Worker,
    /// A service asked for a refresh.
    Api,
}

impl RefreshTrigger {
    /// Every trigger.
    pub const ALL: [Self; 4] = [Self::Checkout, Self::Admin, Self::Worker, Self::Api];
}

impl fmt::Display for RefreshTrigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Checkout => "checkout",
            Self::Admin => "admin",
            Self::Worker => "worker",
            Self::Api => "api",
        })
    }
}

/// A refresh that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRefresh {
    /// When the answer came.
    pub at: Timestamp,
    /// What asked for it.
    pub by: RefreshTrigger,
}

/// A refresh that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastFailure {
    /// When it failed.
    pub at: Timestamp,
    /// The class of the error, which decides its consequence.
    pub class: ErrorClass,
    /// What happened, in words for an admin; holds no secret.
    pub summary: String,
    /// The provider's reference of the call.
    pub tracking_id: Option<TrackingId>,
}
