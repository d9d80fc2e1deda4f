//! Looking again until something has happened that nobody tells of.

use std::time::Duration;

/// How long it may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(20);

/// Looks until there is something to see: what goes on in the background goes on in
/// its own time.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        let mut looks = tokio::time::interval(EVERY);
        loop {
            looks.tick().await;
            if let Some(seen) = look().await {
                return seen;
            }
        }
    };
    let seen = tokio::time::timeout(PATIENCE, looking).await;
    seen.unwrap_or_else(|_| panic!("this never happened: {what}"))
}
