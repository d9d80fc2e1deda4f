//! Which addresses count as one client.

use std::net::{IpAddr, Ipv6Addr};

/// Whoever has one IPv6 address has the whole /64: it counts as one. An IPv4
/// address is the same however it is written.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_one_ipv6_network_count_as_one() {
        let one = network("2001:db8::1".parse().unwrap());
        assert_eq!(one, network("2001:db8::ffff:1".parse().unwrap()));
        assert_ne!(one, network("2001:db8:0:1::1".parse().unwrap()));
        let four = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), four);
    }
}
