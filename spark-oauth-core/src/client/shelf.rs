//! Where fetched tokens are kept, each in a place of its own that one caller fills
//! while the others wait.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as Turn;

use super::fetched::{Asked, FetchedToken};

/// How many places there are before those are cleared whose token has ended.
const MOST_PLACES: usize = 10_000;

pub(super) type Place = Arc<Turn<Option<FetchedToken>>>;

/// The places, by what was asked for.
#[derive(Default)]
pub(super) struct Shelf(Mutex<HashMap<Asked, Place>>);

impl fmt::Debug for Shelf {
    /// Without the persons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf").finish_non_exhaustive()
    }
}

impl Shelf {
    pub(super) fn place(&self, asked: &Asked) -> Place {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(asked) {
            return place.clone();
        }
        if places.len() >= MOST_PLACES {
            places.retain(|_, place| is_in_use(place));
        }
        if places.len() >= MOST_PLACES {
            // Each of them holds a token that lives: forgetting one costs a request.
            places.clear();
        }
        places.entry(asked.clone()).or_default().clone()
    }

    /// The place where what was asked for stands, where there is one.
    pub(super) fn existing(&self, asked: &Asked) -> Option<Place> {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.get(asked).cloned()
    }
}

fn is_in_use(place: &Place) -> bool {
    // Locked: somebody fetches it now.
    place.try_lock().map_or(true, |kept| {
        kept.as_ref()
            .is_some_and(|token| token.remaining_life() > Duration::ZERO)
    })
}
