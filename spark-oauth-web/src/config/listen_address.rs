//! A host and a port to listen on.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use url::Host;

/// A host name or IP address, and a port; port 0 lets the system choose one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    host: String,
    port: u16,
}

/// A text that is no address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidListenAddress {
    /// The host is neither a name nor an IP address.
    #[error("not a host name or an IP address")]
    Host,
    /// The port is missing or no number up to 65535.
    #[error("no port from 0 to 65535 after the last colon")]
    Port,
}

impl ListenAddress {
    /// Joins a host and a port. An IPv6 address may stand in brackets.
    ///
    /// # Errors
    /// [`InvalidListenAddress::Host`] where the host is none.
    pub fn new(host: &str, port: u16) -> Result<Self, InvalidListenAddress> {
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let host = match (bare, host.parse::<IpAddr>()) {
            (Some(bare), _) => bare
                .parse::<Ipv6Addr>()
                .map_err(|_| InvalidListenAddress::Host)?
                .to_string(),
            (None, Ok(address)) => address.to_string(),
            (None, Err(_)) => Host::parse(host)
                .map_err(|_| InvalidListenAddress::Host)?
                .to_string(),
        };
        Ok(Self { host, port })
    }

    /// Reads `HOST:PORT`.
    ///
    /// # Errors
    /// [`InvalidListenAddress`] says which half is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidListenAddress> {
        let (host, port) = text.rsplit_once(':').ok_or(InvalidListenAddress::Port)?;
        let port = port.parse().map_err(|_| InvalidListenAddress::Port)?;
        Self::new(host, port)
    }

    /// The host, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What `TcpListener::bind` takes.
    pub fn as_pair(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// Whether both name the same port of the same host as they are written.
    pub(super) fn collides_with(&self, other: &Self) -> bool {
        self == other && self.port != 0
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_addresses_of_both_families() {
        for (text, shown) in [
            ("127.0.0.1:3001", "127.0.0.1:3001"),
            ("localhost:0", "localhost:0"),
            ("[::1]:3001", "[::1]:3001"),
            ("::1:3001", "[::1]:3001"),
        ] {
            assert_eq!(ListenAddress::parse(text).unwrap().to_string(), shown);
        }
        assert_eq!(ListenAddress::new("::", 80).unwrap().as_pair(), ("::", 80));
    }

    #[test]
    fn refuses_what_nobody_can_listen_on() {
        for (text, why) in [
            ("127.0.0.1", InvalidListenAddress::Port),
            ("127.0.0.1:65536", InvalidListenAddress::Port),
            (":3000", InvalidListenAddress::Host),
            ("a b:3000", InvalidListenAddress::Host),
            ("[127.0.0.1]:3000", InvalidListenAddress::Host),
            ("http://localhost:3000", InvalidListenAddress::Host),
        ] {
            assert_eq!(ListenAddress::parse(text).unwrap_err(), why, "{text}");
        }
    }
}
