//! Where a request comes from.

use core::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, HeaderName, request::Parts},
};

use crate::server::App;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where a request comes from: one end of a connection, or of one through a proxy of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Address(pub(crate) IpAddr);

impl Address {
    /// The peer, unless it is a proxy of ours: then whom the proxy names last. What is before that, the peer of the proxy
    /// wrote itself.
    pub(crate) fn of(peer: Option<SocketAddr>, headers: &HeaderMap, proxies: &[IpAddr]) -> Self {
        let peer = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip());
        if !proxies.contains(&peer) {
            return Self(peer);
        }
        let named = headers.get_all(FORWARDED_FOR).iter().next_back();
        let last = named.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        Self(last.unwrap_or(peer))
    }

    /// What one household or office has: an IPv4 address, or the 64 bits before an IPv6 host. RFC 4291, 2.5.4.
    pub(crate) fn network(self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        }
    }
}

impl FromRequestParts<App> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
        Ok(Self::of(peer, &parts.headers, &app.proxies))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_proxy_of_ours_may_say_whom_it_speaks_for() {
        let proxy: IpAddr = "127.0.0.1".parse().unwrap();
        let address = |peer: &str, forwarded: &[&'static str]| {
            let headers =
                forwarded.iter().map(|value| (FORWARDED_FOR, HeaderValue::from_static(value))).collect();
            Address::of(Some(peer.parse().unwrap()), &headers, &[proxy]).0.to_string()
        };
        assert_eq!(address("203.0.113.9:1", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(address("127.0.0.1:1", &["6.6.6.6, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(address("127.0.0.1:1", &["6.6.6.6", "198.51.100.1"]), "198.51.100.1");
        for useless in [&[][..], &[""], &["unknown"], &["198.51.100.1, x"]] {
            assert_eq!(address("127.0.0.1:1", useless), "127.0.0.1");
        }
    }

    #[test]
    fn all_addresses_of_one_network_count_as_one() {
        let network = |text: &str| Address(text.parse().unwrap()).network().to_string();
        assert_eq!(network("198.51.100.1"), "198.51.100.1");
        assert_eq!(network("::ffff:198.51.100.1"), "198.51.100.1");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    }
}
