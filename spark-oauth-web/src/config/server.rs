//! Section `server`: where to listen, and whom to believe.

use super::hsts::Hsts;
use super::listen_address::ListenAddress;
use super::reader::Reader;
use super::schema::Setting;
use super::trusted_proxies::TrustedProxies;

const HOST: Setting = Setting::plain("server.host");
const PORT: Setting = Setting::plain("server.port");
const MANAGEMENT: Setting = Setting::plain("server.management");
const TRUSTED_PROXIES: Setting = Setting::plain("server.trustedProxies");
const HSTS: Setting = Setting::plain("server.hsts");

pub(super) const SETTINGS: &[Setting] = &[HOST, PORT, MANAGEMENT, TRUSTED_PROXIES, HSTS];

const HSTS_ADVICE: &str =
    "give off, or the value of the header, such as max-age=63072000; includeSubDomains";

/// Section `server`.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// The public listener.
    pub listen: ListenAddress,
    /// The operator's listener, with metrics and details; absent by default.
    pub management: Option<ListenAddress>,
    /// Whose `X-Forwarded-*` fields count.
    pub trusted_proxies: TrustedProxies,
    /// What `Strict-Transport-Security` says over https; `None` sends none.
    pub hsts: Option<Hsts>,
}

pub(super) fn read(reader: &mut Reader) -> Option<ServerConfig> {
    let port = reader.integer(PORT, &(0..=u16::MAX)).unwrap_or(3000);
    let host = reader.text(HOST).unwrap_or_else(|| "127.0.0.1".to_owned());
    let listen = ListenAddress::new(host.trim(), port);
    if let Err(error) = &listen {
        reader.wrong(HOST, error.to_string(), "give 127.0.0.1, 0.0.0.0 or a name");
    }
    let advice = "give HOST:PORT, such as 127.0.0.1:3001";
    let management = reader.parsed(MANAGEMENT, advice, ListenAddress::parse);
    if let (Ok(listen), Some(management)) = (&listen, &management)
        && listen.collides_with(management)
    {
        let fault = format!("{management} is the public listener's own address");
        reader.wrong(MANAGEMENT, fault, "give it another port");
    }
    Some(ServerConfig {
        listen: listen.ok()?,
        management,
        trusted_proxies: trusted_proxies(reader),
        hsts: reader
            .parsed(HSTS, HSTS_ADVICE, Hsts::parse)
            .unwrap_or_else(|| Some(Hsts::default())),
    })
}

fn trusted_proxies(reader: &mut Reader) -> TrustedProxies {
    let texts = reader.list(TRUSTED_PROXIES).unwrap_or_default();
    match TrustedProxies::parse(texts.iter().map(String::as_str)) {
        Ok(proxies) => {
            if proxies.trusts_everybody() {
                let text = "trusts everybody, so that anybody can feign an address; \
                            name the proxies alone";
                reader.warn(TRUSTED_PROXIES, text);
            }
            proxies
        }
        Err(error) => {
            let advice = "give addresses or networks in CIDR notation";
            reader.wrong(TRUSTED_PROXIES, error.to_string(), advice);
            TrustedProxies::default()
        }
    }
}
