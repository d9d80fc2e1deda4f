//! Which troubles stand at the moment.

use std::time::Duration;

use spark_oauth_core::ports::SparkErrorKind;

/// Which troubles stand at the moment.
#[derive(Debug)]
pub(crate) struct Weather {
    /// Whether anything goes wrong at all.
    pub(crate) is_stormy: bool,
    /// For each replica: its connection to the store is down.
    pub(crate) store_away: Vec<bool>,
    pub(crate) provider: Trouble,
}

/// How the provider stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    Down,
    TooManyCalls(Option<Duration>),
    RefusesIntegration,
}

impl Trouble {
    pub(crate) const fn error(self) -> Option<SparkErrorKind> {
        match self {
            Self::None => None,
            Self::Down => Some(SparkErrorKind::Unavailable { retry_after: None }),
            Self::TooManyCalls(retry_after) => Some(SparkErrorKind::RateLimited { retry_after }),
            Self::RefusesIntegration => Some(SparkErrorKind::IntegrationRefused),
        }
    }
}

impl Weather {
    pub(crate) fn calm(replicas: usize) -> Self {
        Self {
            is_stormy: false,
            store_away: vec![false; replicas],
            provider: Trouble::None,
        }
    }

    pub(crate) fn calm_down(&mut self) {
        *self = Self::calm(self.store_away.len());
    }
}
