//! Many callers at once.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// How many callers take part in a race.
pub(super) const RUNNERS: u32 = 32;

/// Starts one task for each number below `runners`, lets all go at the same
/// moment, and answers what they answered.
pub(super) async fn race<T, F>(runners: u32, run: impl Fn(u32) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let line = Arc::new(Barrier::new(usize::try_from(runners).unwrap_or(usize::MAX)));
    let mut tasks = JoinSet::new();
    for number in 0..runners {
        let (line, running) = (line.clone(), run(number));
        tasks.spawn(async move {
            line.wait().await;
            running.await
        });
    }
    tasks.join_all().await
}

/// Counts the answers for which `wins` holds, and panics where it is not one.
pub(super) fn assert_one_winner<T: std::fmt::Debug>(
    answers: &[T],
    wins: impl Fn(&T) -> bool,
    what: &str,
) {
    let winners = answers.iter().filter(|answer| wins(answer)).count();
    assert_eq!(winners, 1, "exactly one caller must {what}: {answers:?}");
}
