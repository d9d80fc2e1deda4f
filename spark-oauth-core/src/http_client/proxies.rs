//! Chooses the proxy of a request.

use std::env;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use reqwest::{ClientBuilder, Proxy};
use url::{Host, Position, Url};

/// The variables, lower case first as curl reads them.
const HTTP: [&str; 2] = ["http_proxy", "HTTP_PROXY"];
const HTTPS: [&str; 2] = ["https_proxy", "HTTPS_PROXY"];
const ALL: [&str; 2] = ["all_proxy", "ALL_PROXY"];
const NONE: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// Set by a web server for a CGI program, whose `HTTP_PROXY` is then the header
/// `Proxy` of a request (CVE-2016-5385).
const CGI: &str = "REQUEST_METHOD";

/// The proxies of outgoing requests, and the hosts that are reached without one.
///
/// Requests to this machine never use a proxy: `localhost`, names below it, and loopback
/// addresses. `Debug` and `Display` show no credentials.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    direct: Vec<Direct>,
}

/// Hosts that are reached without a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Direct {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    All,
    /// A name and everything below it.
    Domain(String),
    Network(IpNet),
}

/// Invalid proxy settings. A proxy URL may contain a password, so none is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidProxies(Vec<(String, String)>);

impl Proxies {
    /// The names of the environment variables that are read.
    pub const VARIABLES: [&str; 9] = [
        HTTP[0], HTTP[1], HTTPS[0], HTTPS[1], ALL[0], ALL[1], NONE[0], NONE[1], CGI,
    ];

    /// Every request goes to its host directly.
    pub const fn none() -> Self {
        Self {
            http: None,
            https: None,
            direct: Vec::new(),
        }
    }

    /// The proxies that the environment of this process names: `HTTP_PROXY`,
    /// `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in lower case too, which comes first.
    ///
    /// A proxy is `http`, `https`, `socks4`, `socks4a`, `socks5` or `socks5h`; without
    /// a scheme, `http`. `NO_PROXY` lists names (with everything below them),
    /// addresses and networks, each with a port if wanted, or `*`.
    ///
    /// # Errors
    /// [`InvalidProxies`] names every invalid variable.
    pub fn from_environment() -> Result<Self, InvalidProxies> {
        Self::from_variables(|name| env::var_os(name).map(|v| v.to_string_lossy().into_owned()))
    }

    /// The same, from another source of variables.
    ///
    /// # Errors
    /// As [`from_environment`](Self::from_environment).
    pub fn from_variables(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, InvalidProxies> {
        let is_cgi = variable(CGI).is_some();
        let mut faults = Vec::new();
        let given = |names: [&str; 2]| {
            let mut names = names.into_iter();
            names.find_map(|name| {
                let value = variable(name).filter(|_| !(is_cgi && name == "HTTP_PROXY"))?;
                let value = value.trim().to_owned();
                (!value.is_empty()).then(|| (name.to_owned(), value))
            })
        };
        let mut proxy = |names| {
            let (name, value) = given(names)?;
            let parsed = parse_proxy(&value);
            parsed.map_err(|fault| faults.push((name, fault))).ok()
        };
        let (http, https, all) = (proxy(HTTP), proxy(HTTPS), proxy(ALL));
        let mut direct = Vec::new();
        if let Some((name, list)) = given(NONE) {
            for entry in list.split(|c: char| c == ',' || c.is_whitespace()) {
                match parse_direct(entry) {
                    _ if entry.is_empty() => {}
                    Some(hosts) => direct.push(hosts),
                    None => {
                        let fault = format!(
                            "{entry:?} is not a host; write names, addresses or networks such as \
                             internal.example,10.0.0.0/8"
                        );
                        faults.push((name.clone(), fault));
                    }
                }
            }
        }
        if !faults.is_empty() {
            return Err(InvalidProxies(faults));
        }
        Ok(Self {
            http: http.or_else(|| all.clone()),
            https: https.or(all),
            direct,
        })
    }

    pub(super) fn apply(&self, builder: ClientBuilder) -> ClientBuilder {
        // Otherwise reqwest reads the environment itself.
        let builder = builder.no_proxy();
        if self.http.is_none() && self.https.is_none() {
            return builder;
        }
        let proxies = self.clone();
        builder.proxy(Proxy::custom(move |url| proxies.of(url).cloned()))
    }

    /// The proxy for a request to `url`.
    fn of(&self, url: &Url) -> Option<&Url> {
        let proxy = match url.scheme() {
            "https" => self.https.as_ref(),
            _ => self.http.as_ref(),
        };
        let is_direct = is_loopback(url) || self.direct.iter().any(|hosts| hosts.contain(url));
        proxy.filter(|_| !is_direct)
    }
}

impl Direct {
    fn contain(&self, url: &Url) -> bool {
        let port = self.port;
        if port.is_some() && port != url.port_or_known_default() {
            return false;
        }
        match (&self.hosts, url.host()) {
            (Hosts::All, _) => true,
            (Hosts::Domain(domain), Some(Host::Domain(name))) => {
                let name = name.trim_end_matches('.');
                let below = name.strip_suffix(domain.as_str());
                below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
            }
            (Hosts::Network(network), Some(Host::Ipv4(address))) => {
                network.contains(&IpAddr::V4(address))
            }
            (Hosts::Network(network), Some(Host::Ipv6(address))) => {
                network.contains(&IpAddr::V6(address))
            }
            _ => false,
        }
    }
}

fn parse_proxy(text: &str) -> Result<Url, String> {
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let advice = "write it as http://proxy.example:3128";
    let url = Url::parse(&with_scheme).map_err(|error| format!("not a URL ({error}); {advice}"))?;
    let known = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
    if !known.contains(&url.scheme()) {
        return Err(format!(
            "proxies of the kind {:?} are not supported; use one of {}",
            url.scheme(),
            known.join(", ")
        ));
    }
    let surplus = !matches!(url.path(), "" | "/") || url.query().is_some();
    if surplus || url.fragment().is_some() || url.host_str().is_none_or(str::is_empty) {
        return Err(format!("not scheme, host and port alone; {advice}"));
    }
    Ok(url)
}

fn parse_direct(entry: &str) -> Option<Direct> {
    if let Some(hosts) = parse_hosts(entry) {
        return Some(Direct { hosts, port: None });
    }
    let (hosts, port) = entry.rsplit_once(':')?;
    Some(Direct {
        hosts: parse_hosts(hosts)?,
        port: Some(port.parse().ok()?),
    })
}

fn parse_hosts(text: &str) -> Option<Hosts> {
    if text == "*" {
        return Some(Hosts::All);
    }
    let address = text.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = address.parse::<IpAddr>() {
        return Some(Hosts::Network(address.into()));
    }
    if let Ok(network) = text.parse::<IpNet>() {
        return Some(Hosts::Network(network));
    }
    let name = text.strip_prefix('*').unwrap_or(text);
    let name = name.strip_prefix('.').unwrap_or(name);
    match Host::parse(name).ok()? {
        Host::Domain(name) if !name.contains('*') => {
            Some(Hosts::Domain(name.trim_end_matches('.').to_owned()))
        }
        // An incomplete address, such as `192.168.`, would match nothing.
        _ => None,
    }
}

/// Whether `url` leads to this machine: `localhost` or a name below it (RFC 6761
/// section 6.3), a loopback address, or the unspecified one, which is taken as such.
pub fn is_loopback(url: &Url) -> bool {
    let address = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            return name == "localhost" || name.ends_with(".localhost");
        }
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical(),
        None => return false,
    };
    address.is_loopback() || address.is_unspecified()
}

impl fmt::Display for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = |url: &Url| {
            let host = &url[Position::BeforeHost..Position::AfterPort];
            format!("{}://{host}", url.scheme())
        };
        match (&self.http, &self.https) {
            (None, None) => f.write_str("none"),
            (http, Some(https)) if http.as_ref() == Some(https) => f.write_str(&origin(https)),
            (http, https) => {
                let of = |proxy: &Option<Url>| proxy.as_ref().map_or("none".to_owned(), origin);
                write!(f, "{} for http, {} for https", of(http), of(https))
            }
        }
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxies({self}, except {:?})", self.direct)
    }
}

impl InvalidProxies {
    /// Each invalid variable, and why it is invalid.
    pub fn faults(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, fault)| (&**name, &**fault))
    }
}

impl fmt::Display for InvalidProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, fault)) in self.faults().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{name}: {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidProxies {}

#[cfg(test)]
mod tests;
