//! Whether a process lives. A crash is the end of everything it does at its ports:
//! nothing is sent any more, and no answer is read.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// The life of one process. (Not a `watch`: that wakes those who wait in an order
/// which no seed decides.)
#[derive(Clone, Debug, Default)]
pub(crate) struct Power(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    is_off: AtomicBool,
    cut: Notify,
}

impl Power {
    pub(crate) fn is_on(&self) -> bool {
        !self.0.is_off.load(Ordering::SeqCst)
    }

    /// Ends the process; `false` where it has ended before.
    pub(crate) fn cut(&self) -> bool {
        let is_first = !self.0.is_off.swap(true, Ordering::SeqCst);
        self.0.cut.notify_waiters();
        is_first
    }

    /// Waits for the end.
    pub(crate) async fn cut_off(&self) {
        let cut = self.0.cut.notified();
        if self.is_on() {
            cut.await;
        }
    }

    /// Goes on at once in a process that lives, and never in another.
    pub(crate) async fn needed(&self) {
        if !self.is_on() {
            pending::<()>().await;
        }
    }
}
