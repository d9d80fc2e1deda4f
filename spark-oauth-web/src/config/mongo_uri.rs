//! The connection string of MongoDB, which may hold a password.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A `mongodb://` or `mongodb+srv://` URI. It is shown without credentials and
/// options.
#[derive(Clone)]
pub struct MongoUri {
    uri: SecretString,
    shown: String,
}

/// Why a text is no connection string. The text itself is never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMongoUri {
    /// Another scheme.
    #[error("not a mongodb:// or mongodb+srv:// URI")]
    Scheme,
    /// There is no host.
    #[error("names no host")]
    Host,
    /// The credentials cannot be told from the rest.
    #[error("the user name or password holds one of / ? # @ as it is")]
    Credentials,
}

impl MongoUri {
    /// Whether a text means to be a connection string, well-formed or not.
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with("mongodb:") || text.starts_with("mongodb+srv:")
    }

    /// Reads a connection string, as far as is needed to show it safely; the
    /// driver reads the rest.
    ///
    /// # Errors
    /// [`InvalidMongoUri`] says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, InvalidMongoUri> {
        let (scheme, rest) = text
            .split_once("://")
            .filter(|(scheme, _)| matches!(*scheme, "mongodb" | "mongodb+srv"))
            .ok_or(InvalidMongoUri::Scheme)?;
        let reserved = ['/', '?', '#', '@'];
        let hosts_and_path = match rest.rsplit_once('@') {
            Some((credentials, _)) if credentials.contains(reserved) => {
                return Err(InvalidMongoUri::Credentials);
            }
            Some((_, after)) => after,
            None => rest,
        };
        let shown = hosts_and_path.split(['?', '#']).next().unwrap_or_default();
        if shown.is_empty() || shown.starts_with('/') {
            return Err(InvalidMongoUri::Host);
        }
        Ok(Self {
            uri: SecretString::from(text.to_owned()),
            shown: format!("{scheme}://{shown}"),
        })
    }

    /// The whole URI, with the password, for the driver alone.
    pub fn expose_secret(&self) -> &str {
        self.uri.expose_secret()
    }
}

impl fmt::Display for MongoUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for MongoUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MongoUri({:?})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shows_neither_credentials_nor_options() {
        let uri = MongoUri::parse(
            "mongodb://user:sesame@a.example:27017,b.example/db?tlsCertificateKeyFilePassword=open",
        )
        .unwrap();
        let shown = format!("{uri} {uri:?}");
        assert!(
            !shown.contains("sesame") && !shown.contains("open"),
            "{shown}"
        );
        assert_eq!(uri.to_string(), "mongodb://a.example:27017,b.example/db");
        assert!(uri.expose_secret().contains("sesame"));
    }

    #[test]
    fn refuses_credentials_that_cannot_be_told_apart() {
        for text in [
            "mongodb://u:p@ss@h",
            "mongodb://u:p/s@h",
            "mongodb://h/?a=b@c",
        ] {
            assert_eq!(
                MongoUri::parse(text).unwrap_err(),
                InvalidMongoUri::Credentials,
                "{text}"
            );
        }
        assert_eq!(
            MongoUri::parse("mongodb:///db").unwrap_err(),
            InvalidMongoUri::Host
        );
        assert_eq!(
            MongoUri::parse("http://h").unwrap_err(),
            InvalidMongoUri::Scheme
        );
    }

    proptest! {
        #[test]
        fn a_password_is_never_shown(password in "[ -~]{8,30}") {
            if let Ok(uri) = MongoUri::parse(&format!("mongodb://user:{password}@host/db")) {
                prop_assert_eq!(uri.to_string(), "mongodb://host/db");
            }
        }
    }
}
