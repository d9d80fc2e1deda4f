//! Values that must never be seen by accident.
//!
//! Each kind of secret is a type of its own. None can be printed, compared with
//! `==` or serialised; each is overwritten when it is dropped. The one way to
//! the text is `expose_secret`, easy to find in a review.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

macro_rules! secret {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// Takes the text into keeping.
            pub fn new(text: impl Into<String>) -> Self {
                Self(SecretString::from(text.into()))
            }

            /// The bare text. Whoever calls this answers for where it goes: never
            /// to a log, an error, a URL or a page that did not ask for it.
            pub fn expose_secret(&self) -> &str {
                self.0.expose_secret()
            }

            /// Compares in a time that does not depend on where the texts differ.
            pub fn matches(&self, other: &Self) -> bool {
                self.expose_secret().as_bytes().ct_eq(other.expose_secret().as_bytes()).into()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}

secret! {
    /// An access token (RFC 6749 section 1.4): opaque, up to 8 KiB.
    AccessToken
}
secret! {
    /// A refresh token (RFC 6749 section 1.5): opaque.
    RefreshToken
}
secret! {
    /// The secret of an integration (RFC 6749 section 2.3.1).
    ClientSecret
}
secret! {
    /// The password of an admin, as it was typed.
    Password
}
secret! {
    /// The secret part of an API key.
    ApiKeySecret
}
secret! {
    /// The code that the provider hands to the browser (RFC 6749 section 4.1.2).
    AuthorizationCode
}
secret! {
    /// The one-time code under which the super admin is set up.
    SetUpCode
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatting_a_secret_shows_nothing_of_it() {
        let shown = format!(
            "{:?} {:#?} {:?}",
            AccessToken::new("sesame"),
            Password::new("sesame"),
            Some(RefreshToken::new("sesame")),
        );
        assert!(!shown.contains("sesame"), "{shown}");
        assert!(shown.contains("AccessToken([redacted])"), "{shown}");
    }

    #[test]
    fn only_the_same_text_matches() {
        assert!(SetUpCode::new("abc").matches(&SetUpCode::new("abc")));
        assert!(!SetUpCode::new("abc").matches(&SetUpCode::new("abd")));
        assert!(!SetUpCode::new("abc").matches(&SetUpCode::new("abcd")));
    }
}
