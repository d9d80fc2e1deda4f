//! Two sides in turn, so that whatever else the machine does meets both.

use crate::Outcome;

/// What two sides achieved, slice by slice.
#[derive(Debug, Default)]
pub(crate) struct Pairs(Vec<(f64, f64)>);

impl Pairs {
    /// Measures `ours` and `other` in turn: A B, B A, A B, …
    pub(crate) async fn interleave(
        rounds: usize,
        mut ours: impl AsyncFnMut() -> Outcome<f64>,
        mut other: impl AsyncFnMut() -> Outcome<f64>,
    ) -> Outcome<Self> {
        let mut pairs = Self::default();
        for round in 0..rounds {
            if round % 2 == 0 {
                let first = ours().await?;
                pairs.push(first, other().await?);
            } else {
                let first = other().await?;
                pairs.push(ours().await?, first);
            }
        }
        Ok(pairs)
    }

    pub(crate) fn push(&mut self, ours: f64, other: f64) {
        self.0.push((ours, other));
    }

    /// The median of the ratios of the pairs: ours to the other side.
    pub(crate) fn ratio(&self) -> f64 {
        median(self.0.iter().map(|(ours, other)| ours / other))
    }

    /// The smallest and the largest of these ratios.
    pub(crate) fn spread(&self) -> (f64, f64) {
        let ratios = self.0.iter().map(|(ours, other)| ours / other);
        ratios.fold((f64::INFINITY, 0.0), |(least, most), ratio| {
            (ratio.min(least), ratio.max(most))
        })
    }

    pub(crate) fn ours(&self) -> f64 {
        median(self.0.iter().map(|(ours, _)| *ours))
    }

    pub(crate) fn other(&self) -> f64 {
        median(self.0.iter().map(|(_, other)| *other))
    }
}

impl FromIterator<(f64, f64)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (f64, f64)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// The middle one; not a number where there is none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}
