//! Where a request comes from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use spark_oauth_core::audit::Origin;

use crate::config::TrustedProxies;
use crate::http::RequestId;
use crate::site::Site;

/// The address of the client: the peer's, or what a trusted proxy says of it.
#[derive(Clone, Debug)]
pub(crate) struct ClientAddress {
    pub(crate) origin: Origin,
}

impl<S> FromRequestParts<S> for ClientAddress
where
    S: Send + Sync,
    Arc<Site>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let site = <Arc<Site>>::from_ref(state);
        Ok(Self::of(&parts.extensions, &parts.headers, &site))
    }
}

impl ClientAddress {
    /// The address that a request comes from.
    pub(crate) fn of(extensions: &Extensions, headers: &HeaderMap, site: &Site) -> Self {
        let request_id = extensions.get::<RequestId>().map(ToString::to_string);
        Self {
            origin: Origin {
                address: client_address(extensions, headers, site),
                request_id,
            },
        }
    }
}

/// The address of the client, where the connection has one.
pub(super) fn client_address(
    extensions: &Extensions,
    headers: &HeaderMap,
    site: &Site,
) -> Option<IpAddr> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip();
    Some(behind(peer, headers, &site.trusted_proxies))
}

/// The first address, counted from us, that no trusted proxy has. What stands to
/// the left of it anybody could have written.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusted.contains(peer) {
        return peer;
    }
    let mut nearest = peer;
    let hops = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect::<Vec<_>>();
    for hop in hops.into_iter().rev() {
        let Some(address) = parse_hop(hop) else { break };
        nearest = address.to_canonical();
        if !trusted.contains(nearest) {
            break;
        }
    }
    nearest
}

/// An address, perhaps with a port.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    hop.parse()
        .or_else(|_| hop.parse::<SocketAddr>().map(|address| address.ip()))
        .or_else(|_| hop.trim_matches(['[', ']']).parse())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted = TrustedProxies::parse(trusted.iter().copied()).unwrap();
        behind(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn without_a_trusted_proxy_the_header_does_not_count() {
        assert_eq!(client("192.0.2.9", &["203.0.113.7"], &[]), "192.0.2.9");
        assert_eq!(
            client("192.0.2.9", &["203.0.113.7"], &["10.0.0.0/8"]),
            "192.0.2.9"
        );
    }

    #[test]
    fn behind_trusted_proxies_the_nearest_stranger_is_the_client() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(
            client("10.0.0.1", &["203.0.113.7"], &trusted),
            "203.0.113.7"
        );
        let forged = ["198.51.100.1, 203.0.113.7", "10.0.0.2"];
        assert_eq!(client("10.0.0.1", &forged, &trusted), "203.0.113.7");
        assert_eq!(
            client("::ffff:10.0.0.1", &["[2001:db8::1]:443"], &trusted),
            "2001:db8::1"
        );
        assert_eq!(client("10.0.0.1", &["unknown"], &trusted), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[], &trusted), "10.0.0.1");
    }
}
