//! The statements of a table, in one place.

/// Defines the statements of a table as constants, and lists them all, so that a
/// test can look at the plan of each.
macro_rules! statements {
    ($($(#[$docs:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$docs])* const $name: &str = $sql;)+

        /// Every statement by its name.
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}

pub(crate) use statements;
