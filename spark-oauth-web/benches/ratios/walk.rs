//! An order in which neighbours are not met one after the other.

/// A walk through so many numbers in which none comes after its neighbour.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    next: usize,
    count: usize,
}

/// Prime to the numbers of tokens that are stored.
const STEP: usize = 7_919;

impl Walk {
    pub(crate) const fn through(count: usize) -> Self {
        Self { next: 0, count }
    }

    pub(crate) fn step(&mut self) -> usize {
        self.next = (self.next + STEP) % self.count;
        self.next
    }
}
