//! Where to import from: a server, or an export.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;

use crate::config::{InvalidMongoUri, MongoUri};

/// Where to import from.
#[derive(Debug)]
pub(super) enum Origin {
    /// The sample's server.
    Server(MongoUri),
    /// A folder or file of `mongoexport`.
    Export(PathBuf),
}

/// Why an argument names no origin. The argument may hold a password, and is never
/// shown.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidOrigin {
    #[error(
        "the URI cannot be used: {0}; expected mongodb://[user:password@]host[:port]/, with user \
         and password percent-encoded"
    )]
    Uri(#[from] InvalidMongoUri),
    #[error("import takes a mongodb:// or mongodb+srv:// URI, or a folder")]
    Scheme,
    #[error("import takes a mongodb:// URI or a folder, and was given an empty text")]
    Empty,
}

impl Origin {
    pub(super) fn parse(argument: &OsStr) -> Result<Self, InvalidOrigin> {
        match argument.to_str() {
            Some("") => Err(InvalidOrigin::Empty),
            Some(text) if MongoUri::is_meant_by(text) => Ok(Self::Server(MongoUri::parse(text)?)),
            Some(text) if text.contains("://") => Err(InvalidOrigin::Scheme),
            _ => Ok(Self::Export(PathBuf::from(argument))),
        }
    }
}

impl fmt::Display for Origin {
    /// Without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(uri) => uri.fmt(f),
            Self::Export(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Origin, InvalidOrigin> {
        Origin::parse(OsStr::new(text))
    }

    #[test]
    fn a_uri_is_a_server_and_everything_else_a_folder() {
        let server = parse("mongodb://u:sesame@h:1/?tls=true").unwrap();
        assert_eq!(server.to_string(), "mongodb://h:1/");
        assert!(!format!("{server:?}").contains("sesame"));
        assert!(matches!(parse("mongodb+srv://h/"), Ok(Origin::Server(_))));
        for folder in ["export", "./export/", "/a b/c", "mongodb"] {
            assert!(matches!(parse(folder), Ok(Origin::Export(_))), "{folder}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_the_argument() {
        for text in [
            "",
            "mongodb:/u:sesame@h",
            "mongodb://u:se/same@h/",
            "mongodb:///sesame",
            "postgres://u:sesame@h/",
            "mongo://u:sesame@h/",
        ] {
            let error = parse(text).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("same"), "{text}: {shown}");
        }
    }
}
