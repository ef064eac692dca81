//! What users write to say where to listen or whom to connect to: parsed, but not resolved.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use super::{Endpoint, UnixName};
use crate::error::{Error, ErrorKind, Result};

/// An address, parsed but not resolved: parsing asks no name server and blocks nothing.
///
/// | text | means |
/// |---|---|
/// | `127.0.0.1:80`, `[::1]:80` | this IP address |
/// | `[fe80::1%2]:80` | on this interface (by number, or on Unix by name: `%eth0`) |
/// | `localhost:80` | whatever the name resolves to, once it is listened on or connected to |
/// | `localhost:http` | a service by its name in the system's list |
/// | `:80`, `*:80` | every address of this machine, IPv6 and IPv4 |
/// | `unix:/run/site.sock`, `unix:site.sock` | a Unix socket's file; not on Windows |
/// | `unix:@name` | an abstract name: a Unix socket without a file; Linux only |
/// | `memory:name` | in-memory streams within one service, for tests; only with the feature `testing` |
///
/// What the platform or the features lack fails with [`ErrorKind::Unsupported`]: names in memory
/// when they are parsed, Unix sockets when they are listened on or connected to.
///
/// ```
/// use sockeye::{Address, ErrorKind};
///
/// let address: Address = ":80".parse()?;
/// assert_eq!(address, Address::from(80));
/// let error = "localhost".parse::<Address>().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::AddressInvalid);
/// # Ok::<(), sockeye::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address(Form);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Form {
    /// Every address of this machine.
    Any(Service),
    Literal(SocketAddr),
    /// Something that only the resolver understands. The host has no brackets here.
    Named(String, Service),
    Unix(UnixName),
    Memory(Arc<str>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Service {
    Port(u16),
    Name(String),
}

impl Address {
    /// Where that is, if no name has to be resolved for it. Every address of this machine is
    /// `[::]`, which a dual-stack listener serves to both families.
    pub(crate) fn literal(&self) -> Option<Endpoint> {
        match &self.0 {
            Form::Any(Service::Port(port)) => {
                Some(Endpoint::Inet((Ipv6Addr::UNSPECIFIED, *port).into()))
            }
            Form::Literal(addr) => Some(Endpoint::Inet(*addr)),
            Form::Any(Service::Name(_)) | Form::Named(..) => None,
            Form::Unix(name) => Some(Endpoint::Unix(name.clone())),
            Form::Memory(name) => Some(Endpoint::MemoryName(Arc::clone(name))),
        }
    }

    /// The host, as a resolver or a certificate wants it: a name, or an IP address, no brackets.
    /// What is not on the network is on this machine.
    pub(crate) fn host(&self) -> Cow<'_, str> {
        match &self.0 {
            Form::Any(_) => "::".into(),
            Form::Literal(SocketAddr::V6(addr)) if addr.scope_id() != 0 => {
                format!("{}%{}", addr.ip(), addr.scope_id()).into()
            }
            Form::Literal(addr) => addr.ip().to_string().into(),
            Form::Named(host, _) => host.into(),
            Form::Unix(_) | Form::Memory(_) => "localhost".into(),
        }
    }

    /// The port as text, or the service's name; nothing where there are no ports.
    pub(crate) fn service(&self) -> String {
        match &self.0 {
            Form::Any(service) | Form::Named(_, service) => service.to_string(),
            Form::Literal(addr) => addr.port().to_string(),
            Form::Unix(_) | Form::Memory(_) => String::new(),
        }
    }

    /// The address of an end that one can connect to, or why one cannot.
    pub(super) fn of_end(end: &Endpoint) -> Result<Self> {
        let form = match end {
            Endpoint::Inet(addr) => Ok(Form::Literal(*addr)),
            Endpoint::Unix(UnixName::Unnamed) => Err("a socket without a name"),
            Endpoint::Unix(name) => Ok(Form::Unix(name.clone())),
            Endpoint::Memory(_) => Err("a pair in memory has no name"),
            Endpoint::MemoryName(name) => Ok(Form::Memory(Arc::clone(name))),
        };
        form.map(Self).map_err(|why| invalid(end, why))
    }

    /// The address of a Unix socket's file.
    pub(super) fn of_path(path: &std::path::Path) -> Result<Self> {
        let named = UnixName::of_path(path).map(|name| Self(Form::Unix(name)));
        named.map_err(|why| invalid(format_args!("unix:{}", path.display()), why))
    }

    /// A host without brackets and a port, as users give them in a pair.
    pub(super) fn of_pair(host: &str, port: u16) -> Result<Self> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok((ip, port).into());
        }
        let bare = host.contains(':') && !host.starts_with('[');
        let text = if bare { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        parse(&text).map(Self).map_err(|why| invalid(text, why))
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let form = match text.split_once(':') {
            Some(("unix", name)) => UnixName::parse(name).map(Form::Unix),
            Some(("memory", _)) if !cfg!(feature = "testing") => {
                let error = Error::new(ErrorKind::Unsupported, "parse").on(text);
                return Err(error.because("addresses in memory need the feature `testing`"));
            }
            Some(("memory", name)) => parse_memory(name),
            _ => parse(text),
        };
        form.map(Self).map_err(|why| invalid(text, why))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Any(service) => write!(f, "*:{service}"),
            Form::Literal(addr) => addr.fmt(f),
            Form::Named(host, service) if host.contains(':') => write!(f, "[{host}]:{service}"),
            Form::Named(host, service) => write!(f, "{host}:{service}"),
            Form::Unix(name) => name.fmt(f),
            Form::Memory(name) => write!(f, "memory:{name}"),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port) => port.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(addr: SocketAddr) -> Self {
        Self(Form::Literal(addr))
    }
}

/// Every address of this machine, as `":port"`.
impl From<u16> for Address {
    fn from(port: u16) -> Self {
        Self(Form::Any(Service::Port(port)))
    }
}

impl From<(IpAddr, u16)> for Address {
    fn from(pair: (IpAddr, u16)) -> Self {
        Self(Form::Literal(pair.into()))
    }
}

fn invalid(text: impl fmt::Display, why: &str) -> Error {
    Error::new(ErrorKind::AddressInvalid, "parse").on(text).because(why)
}

/// Or what is wrong with the text.
type Parsed<T> = std::result::Result<T, &'static str>;

fn parse(text: &str) -> Parsed<Form> {
    if let Ok(addr) = text.parse() {
        return Ok(Form::Literal(addr));
    }
    let (host, service) = match text.rsplit_once(':') {
        Some((host, service)) if !text.ends_with(']') => (host, parse_service(service)?),
        _ => return Err("a port is missing: host:port"),
    };
    if host.is_empty() || host == "*" {
        return Ok(Form::Any(service));
    }
    match host.strip_prefix('[') {
        Some(rest) => parse_bracketed(rest, service),
        None => parse_name(host, service),
    }
}

/// RFC 6335 5.1: a service's name has a letter in it; the system's lists have a few marks besides.
fn parse_service(text: &str) -> Parsed<Service> {
    let of_name = |c: char| c.is_ascii_alphanumeric() || "-_+.".contains(c);
    if text.is_empty() {
        Err("the port is empty")
    } else if text.bytes().all(|c| c.is_ascii_digit()) {
        text.parse().map(Service::Port).map_err(|_| "a port is at most 65535")
    } else if text.contains(|c: char| c.is_ascii_alphabetic()) && text.chars().all(of_name) {
        Ok(Service::Name(text.to_owned()))
    } else {
        Err("that is neither a port nor the name of a service")
    }
}

/// With a zone or service by name, which only the system's resolver can turn into a number: the
/// others were socket addresses. RFC 4007 11: the zone follows the percent sign.
fn parse_bracketed(rest: &str, service: Service) -> Parsed<Form> {
    let inner = rest.strip_suffix(']').ok_or("a bracket does not close")?;
    let (ip, zone) = inner.split_once('%').unwrap_or((inner, "0"));
    if ip.parse::<Ipv6Addr>().is_err() {
        Err("that is no IPv6 address in the brackets")
    } else if zone.is_empty() || zone.contains(|c: char| !c.is_ascii_graphic() || "[]%".contains(c))
    {
        Err("that is no interface after the percent sign")
    } else {
        Ok(Form::Named(inner.to_owned(), service))
    }
}

fn parse_name(host: &str, service: Service) -> Parsed<Form> {
    let last_label = host.strip_suffix('.').unwrap_or(host).rsplit('.').next().unwrap_or(host);
    let stray = |c: char| c.is_whitespace() || c.is_control() || "[]/\\%*?#@<>^|\"".contains(c);
    if host.contains(':') {
        Err("an IPv6 address needs brackets: [::1]:80")
    } else if host.len() > 254 || last_label.is_empty() || host.contains(stray) {
        Err("that is no host name") // RFC 1035 2.3.4: 255 octets as encoded
    } else if last_label.bytes().all(|c| c.is_ascii_digit()) && host.parse::<Ipv4Addr>().is_err() {
        Err("that is no IPv4 address") // RFC 1123 2.1: no top-level domain is a number
    } else {
        Ok(Form::Named(host.to_owned(), service))
    }
}

/// Numbers are what pairs without a name are shown as.
fn parse_memory(name: &str) -> Parsed<Form> {
    if name.is_empty() {
        Err("the name is empty")
    } else if name.bytes().all(|c| c.is_ascii_digit()) {
        Err("a name has something besides digits")
    } else if name.contains(|c: char| c.is_control() || c.is_whitespace()) {
        Err("that is no name")
    } else {
        Ok(Form::Memory(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn every_form_is_understood() {
        // text, shown as, host, service, needs no resolver, any
        let table = [
            ("127.0.0.1:80", "127.0.0.1:80", "127.0.0.1", "80", true),
            ("0.0.0.0:0", "0.0.0.0:0", "0.0.0.0", "0", true),
            ("[::1]:80", "[::1]:80", "::1", "80", true),
            ("[::]:80", "[::]:80", "::", "80", true),
            ("[fe80::1%2]:80", "[fe80::1%2]:80", "fe80::1%2", "80", true),
            ("[fe80::1%eth0]:80", "[fe80::1%eth0]:80", "fe80::1%eth0", "80", false),
            ("[::1]:http", "[::1]:http", "::1", "http", false),
            (":80", "*:80", "::", "80", true),
            ("*:80", "*:80", "::", "80", true),
            (":http", "*:http", "::", "http", false),
            ("localhost:80", "localhost:80", "localhost", "80", false),
            ("localhost:http", "localhost:http", "localhost", "http", false),
            ("127.0.0.1:http", "127.0.0.1:http", "127.0.0.1", "http", false),
            ("a.example.:00080", "a.example.:80", "a.example.", "80", false),
            ("bücher.example:1", "bücher.example:1", "bücher.example", "1", false),
        ];
        for (text, shown, host, service, literal) in table {
            let address = address(text);
            assert_eq!(address.to_string(), shown, "{text}");
            assert_eq!(address.to_string().parse::<Address>().unwrap(), address, "{text}");
            assert_eq!((&*address.host(), &*address.service()), (host, service), "{text}");
            assert_eq!(address.literal().is_some(), literal, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let long = format!("{}:80", "a".repeat(255));
        let table = [
            ("", "a port is missing"),
            ("localhost", "a port is missing"),
            ("80", "a port is missing"),
            ("[::1]", "a port is missing"),
            (":", "the port is empty"),
            ("localhost:", "the port is empty"),
            (":65536", "at most 65535"),
            (":99999999999999999999", "at most 65535"),
            (":-1", "neither a port"),
            (": 80", "neither a port"),
            ("localhost:80 ", "neither a port"),
            ("[::1:80", "bracket does not close"),
            ("[localhost]:80", "no IPv6 address in the brackets"),
            ("[127.0.0.1]:80", "no IPv6 address in the brackets"),
            ("[::1%]:80", "no interface"),
            ("[::1%a b]:80", "no interface"),
            ("::1:80", "needs brackets"),
            ("http://localhost:80", "needs brackets"),
            ("//localhost:80", "no host name"),
            ("local host:80", "no host name"),
            ("local\0host:80", "no host name"),
            (".:80", "no host name"),
            ("a..:80", "no host name"),
            (&long, "no host name"),
            ("256.0.0.1:80", "no IPv4 address"),
            ("127.0.0.01:80", "no IPv4 address"),
            ("1.2.3:80", "no IPv4 address"),
            ("unix:", "path is empty"),
            ("unix:@", "name is empty"),
            ("unix:/a\0", "zero byte"),
        ];
        #[cfg(feature = "testing")]
        let table = table.into_iter().chain([
            ("memory:", "name is empty"),
            ("memory:80", "besides digits"),
            ("memory:a b", "no name"),
        ]);
        for (text, why) in table {
            let error = text.parse::<Address>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddressInvalid, "{text}");
            assert_eq!((error.attempt(), error.address()), ("parse", Some(text)));
            assert!(error.to_string().contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn unix_sockets_are_understood() {
        for (text, shown) in [
            ("unix:/run/site.sock", "unix:/run/site.sock"),
            ("unix:site.sock", "unix:site.sock"),
            ("unix:../a b:c", "unix:../a b:c"),
            ("unix:80", "unix:80"),
            ("unix:@name", "unix:@name"),
            ("unix:./@name", "unix:./@name"),
        ] {
            let address = address(text);
            assert_eq!((address.to_string().as_str(), &*address.host()), (shown, "localhost"));
            let end = address.literal().unwrap();
            assert_eq!(
                (end.to_string().as_str(), &Address::of_end(&end).unwrap()),
                (shown, &address)
            );
        }
        assert_eq!(address("unix:a"), Address::of_path("a".as_ref()).unwrap());
        assert_ne!(address("unix:@a"), Address::of_path("@a".as_ref()).unwrap());
    }

    #[test]
    #[cfg(feature = "testing")]
    fn names_in_memory_are_understood() {
        let end = address("memory:a-1").literal().unwrap();
        assert_eq!(end, Endpoint::MemoryName("a-1".into()));
        assert_eq!(Address::of_end(&end).unwrap(), address("memory:a-1"));
    }

    #[test]
    #[cfg(not(feature = "testing"))]
    fn names_in_memory_need_the_feature() {
        let error = "memory:name".parse::<Address>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("`testing`"), "{error}");
    }

    #[test]
    fn what_is_not_named_cannot_be_connected_to() {
        for end in [Endpoint::Memory(7), Endpoint::Unix(UnixName::Unnamed)] {
            assert_eq!(Address::of_end(&end).unwrap_err().kind(), ErrorKind::AddressInvalid);
        }
    }

    #[test]
    fn numeric_scopes_reach_the_socket_address() {
        let Some(Endpoint::Inet(SocketAddr::V6(addr))) = address("[fe80::1%7]:80").literal() else {
            panic!("needs no resolver")
        };
        assert_eq!((addr.scope_id(), addr.port()), (7, 80));
    }

    #[test]
    fn pairs_need_no_brackets() {
        let shown = |host| Address::of_pair(host, 80).map(|address| address.to_string());
        assert_eq!(shown("::1").unwrap(), "[::1]:80");
        assert_eq!(shown("[::1]").unwrap(), "[::1]:80");
        assert_eq!(shown("fe80::1%2").unwrap(), "[fe80::1%2]:80");
        assert_eq!(shown("localhost").unwrap(), "localhost:80");
        assert_eq!(shown("").unwrap(), "*:80");
        assert_eq!(Address::of_pair("unix", 80).unwrap().host(), "unix");
        assert!(shown("a:b").is_err());
    }
}
