//! Whose `X-Forwarded-*` fields count.

use std::net::IpAddr;

use ipnet::IpNet;

/// The reverse proxies in front of us; none by default, since everybody can send
/// `X-Forwarded-For`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// A text that is neither an IP address nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an IP address nor a network like 10.0.0.0/8")]
pub struct InvalidProxy(String);

impl TrustedProxies {
    /// Reads addresses and networks in CIDR notation (RFC 4632).
    ///
    /// # Errors
    /// [`InvalidProxy`] names the first text that is neither.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidProxy> {
        texts
            .into_iter()
            .map(|text| {
                text.parse::<IpNet>()
                    .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
                    .map_err(|_| InvalidProxy(text.to_owned()))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether `address` is one of them. An IPv4 address in IPv6 form counts as
    /// the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether somebody is trusted at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether everybody is trusted, of one family at least.
    pub(super) fn trusts_everybody(&self) -> bool {
        self.0.iter().any(|network| network.prefix_len() == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trusts_addresses_and_networks() {
        let proxies = TrustedProxies::parse(["127.0.0.1", "10.0.0.0/8", "fd00::/8"]).unwrap();
        for inside in ["127.0.0.1", "10.1.2.3", "::ffff:10.1.2.3", "fd12::1"] {
            assert!(proxies.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["127.0.0.2", "11.0.0.1", "::1"] {
            assert!(!proxies.contains(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn trusts_nobody_by_default() {
        assert!(!TrustedProxies::default().contains("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn names_what_is_no_network() {
        let error = TrustedProxies::parse(["127.0.0.1", "proxy.local"]).unwrap_err();
        assert_eq!(error, InvalidProxy("proxy.local".to_owned()));
        assert!(TrustedProxies::parse(["10.0.0.0/33"]).is_err());
    }
}
