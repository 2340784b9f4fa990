//! Choice of the proxy for a host.

use std::net::IpAddr;

use super::proxy::Proxy;
use crate::failure::{Failure, Result};

/// A proxy from a flag, or from the environment with exceptions.
#[derive(Debug, Default)]
pub(super) struct ProxyChoice {
    proxy: Option<Proxy>,
    except: Vec<NoProxyRule>,
}

/// An entry of `no_proxy`.
#[derive(Debug, PartialEq, Eq)]
enum NoProxyRule {
    All,
    /// A host and its subdomains.
    Domain(String),
    Network {
        address: IpAddr,
        bits: u32,
    },
}

impl ProxyChoice {
    /// Takes the proxy from the flag, which applies to all hosts (`none` disables proxies), else from `ftp_proxy`, else
    /// from `all_proxy`, in lower or upper case, for all hosts except those in `no_proxy`.
    pub(super) fn new(flag: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        if let Some(word) = flag {
            let proxy = (word != "none").then(|| Proxy::new(&with_scheme(word.to_owned()))).transpose()?;
            return Ok(Self { proxy, except: Vec::new() });
        }
        let set = |names: &[&'static str]| {
            names.iter().find_map(|name| Some((*name, variable(name).filter(|value| !value.is_empty())?)))
        };
        let Some((name, word)) = set(&["ftp_proxy", "FTP_PROXY", "all_proxy", "ALL_PROXY"]) else {
            return Ok(Self::default());
        };
        let proxy = Proxy::new(&with_scheme(word)).map_err(|failure| within(name, failure))?;
        let except =
            set(&["no_proxy", "NO_PROXY"]).map(|(_, list)| no_proxy_rules(&list)).unwrap_or_default();
        Ok(Self { proxy: Some(proxy), except })
    }

    /// Returns whether a proxy is set.
    pub(super) fn is_any(&self) -> bool {
        self.proxy.is_some()
    }

    /// Returns the proxy for this host.
    pub(super) fn for_host(&self, host: &str) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|_| !self.except.iter().any(|exception| exception.holds(host)))
    }
}

impl NoProxyRule {
    fn holds(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Domain(domain) => {
                let host = host.trim_end_matches('.').to_ascii_lowercase();
                host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            Self::Network { address, bits } => {
                host.parse().is_ok_and(|host| prefix(host, *bits) == prefix(*address, *bits))
            }
        }
    }
}

/// Parses a list separated by commas or blanks: names, addresses, networks such as `10.0.0.0/8`, or `*`.
fn no_proxy_rules(list: &str) -> Vec<NoProxyRule> {
    let words = list.split([',', ' ', '\t']).filter(|word| !word.is_empty());
    words.map(|word| network(word).unwrap_or_else(|| named(word))).collect()
}

fn named(word: &str) -> NoProxyRule {
    match word {
        "*" => NoProxyRule::All,
        name => NoProxyRule::Domain(name.trim_matches('.').to_ascii_lowercase()),
    }
}

fn network(word: &str) -> Option<NoProxyRule> {
    let (address, bits) = match word.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse().ok()?)),
        None => (word, None),
    };
    let address: IpAddr = address.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    let all = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(all);
    (bits <= all).then_some(NoProxyRule::Network { address, bits })
}

/// Returns the first bits of an address, which differ between the two families.
fn prefix(address: IpAddr, bits: u32) -> (bool, u128) {
    let (whole, all) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    (address.is_ipv4(), whole.checked_shr(all - bits).unwrap_or(0))
}

/// Proxies are often written as a host and a port only, which means HTTP.
fn with_scheme(word: String) -> String {
    if word.contains("://") { word } else { format!("http://{word}") }
}

fn within(variable: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Usage(why) => Failure::Usage(format!("environment variable {variable}: {why}")),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(flag: Option<&str>, set: &[(&str, &str)]) -> ProxyChoice {
        let variable = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, it)| (*it).to_owned());
        ProxyChoice::new(flag, variable).unwrap()
    }

    #[test]
    fn proxy_flag_precedes_ftp_proxy_and_all_proxy() {
        let both = [("all_proxy", "socks5://all"), ("ftp_proxy", "proxy:3128")];

        let shown = |choice: ProxyChoice| format!("{:?}", choice.for_host("h"));
        assert!(shown(choice(Some("socks4a://flag"), &both)).contains("flag"));
        assert!(shown(choice(None, &both)).contains("proxy"));
        assert!(shown(choice(None, &both[..1])).contains("all"));
        assert!(shown(choice(None, &[("FTP_PROXY", "http://capitals")])).contains("capitals"));
        assert!(!choice(Some("none"), &both).is_any());
        assert!(!choice(None, &[("ftp_proxy", "")]).is_any());
    }

    #[test]
    fn hosts_in_no_proxy_are_reached_directly() {
        let listed = "localhost, .example.org intranet,10.0.0.0/8,2001:db8::/32,192.0.2.7";
        let choice = choice(None, &[("ftp_proxy", "http://p"), ("no_proxy", listed)]);

        for host in [
            "localhost",
            "example.org",
            "a.EXAMPLE.org",
            "x.intranet",
            "10.1.2.3",
            "2001:db8::1",
            "192.0.2.7",
        ] {
            assert!(choice.for_host(host).is_none(), "{host}");
        }
        for host in
            ["example.com", "badexample.org", "11.0.0.1", "2001:db9::1", "192.0.2.8", "::ffff:a01:203"]
        {
            assert!(choice.for_host(host).is_some(), "{host}");
        }
    }

    #[test]
    fn no_proxy_star_matches_all_hosts() {
        assert!(choice(None, &[("ftp_proxy", "http://p"), ("NO_PROXY", "*")]).for_host("h").is_none());
        assert!(choice(Some("http://p"), &[("no_proxy", "*")]).for_host("h").is_some());
    }

    #[test]
    fn wrong_proxy_variable_is_reported_without_password() {
        let failure =
            ProxyChoice::new(None, |name| (name == "all_proxy").then(|| "gopher://u:hush@h".to_owned()));
        let Err(Failure::Usage(why)) = failure else { panic!("{failure:?}") };
        assert!(why.contains("all_proxy") && !why.contains("hush"), "{why}");
    }
}
