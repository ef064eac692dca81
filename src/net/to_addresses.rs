//! Whatever can be given where addresses are wanted.

use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::path::{Path, PathBuf};

use super::{Address, Endpoint};
use crate::error::{Error, ErrorKind, Result};

/// What can be given where an address, or several, are wanted: a text as [`Address`] explains it,
/// a port (every address of this machine), a socket address, a pair of host and port, the path of
/// a Unix socket, or a list of any of these.
///
/// Unlike [`std::net::ToSocketAddrs`] it resolves no names, so that it never blocks.
///
/// ```
/// use sockeye::ToAddresses;
///
/// let [address] = &*8080.to_addresses()? else { unreachable!() };
/// assert_eq!(address.to_string(), "*:8080");
/// assert_eq!(["127.0.0.1:1", "[::1]:1"].to_addresses()?.len(), 2);
/// # Ok::<(), sockeye::Error>(())
/// ```
pub trait ToAddresses {
    /// The addresses, in the order given: at least one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AddressInvalid`] if a text is not an address or a list is empty,
    /// [`ErrorKind::Unsupported`] if it is in memory and the feature `testing` is not there.
    fn to_addresses(&self) -> Result<Vec<Address>>;
}

impl ToAddresses for Address {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        Ok(vec![self.clone()])
    }
}

impl ToAddresses for str {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        Ok(vec![self.parse()?])
    }
}

impl ToAddresses for String {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        self.as_str().to_addresses()
    }
}

/// Every address of this machine, at this port.
impl ToAddresses for u16 {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        Ok(vec![Address::from(*self)])
    }
}

/// Where another socket is, such as what a server's `local_addr` tells.
impl ToAddresses for Endpoint {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        Ok(vec![Address::of_end(self)?])
    }
}

/// A Unix socket's file.
impl ToAddresses for Path {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        Ok(vec![Address::of_path(self)?])
    }
}

/// A Unix socket's file.
impl ToAddresses for PathBuf {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        self.as_path().to_addresses()
    }
}

impl ToAddresses for SocketAddr {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        Ok(vec![Address::from(*self)])
    }
}

impl ToAddresses for SocketAddrV4 {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        SocketAddr::from(*self).to_addresses()
    }
}

impl ToAddresses for SocketAddrV6 {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        SocketAddr::from(*self).to_addresses()
    }
}

impl ToAddresses for (IpAddr, u16) {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        Ok(vec![Address::from(*self)])
    }
}

/// A host name or IP address and a port; an IPv6 address needs no brackets here.
impl ToAddresses for (&str, u16) {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        Ok(vec![Address::of_pair(self.0, self.1)?])
    }
}

impl<T: ToAddresses + ?Sized> ToAddresses for &T {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        (**self).to_addresses()
    }
}

impl<T: ToAddresses> ToAddresses for [T] {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        if self.is_empty() {
            return Err(Error::new(ErrorKind::AddressInvalid, "parse").because("there is none"));
        }
        let lists = self.iter().map(T::to_addresses).collect::<Result<Vec<_>>>()?;
        Ok(lists.concat())
    }
}

impl<T: ToAddresses, const N: usize> ToAddresses for [T; N] {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        self.as_slice().to_addresses()
    }
}

impl<T: ToAddresses> ToAddresses for Vec<T> {
    fn to_addresses(&self) -> Result<Vec<Address>> {
        self.as_slice().to_addresses()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(addresses: impl ToAddresses) -> String {
        let addresses = addresses.to_addresses().unwrap();
        addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn everything_that_names_an_address_is_taken() {
        let socket_addr: SocketAddr = "127.0.0.1:80".parse().unwrap();
        let SocketAddr::V4(v4) = socket_addr else { unreachable!() };
        let v6 = SocketAddrV6::new(std::net::Ipv6Addr::LOCALHOST, 80, 0, 0);
        assert_eq!(shown("localhost:80"), "localhost:80");
        assert_eq!(shown(String::from(":80")), "*:80");
        assert_eq!(shown(80), "*:80");
        assert_eq!(shown(socket_addr), "127.0.0.1:80");
        assert_eq!(shown(v4), "127.0.0.1:80");
        assert_eq!(shown(v6), "[::1]:80");
        assert_eq!(shown((socket_addr.ip(), 81)), "127.0.0.1:81");
        assert_eq!(shown(("::1", 81)), "[::1]:81");
        assert_eq!(shown(Address::from(80)), "*:80");
        assert_eq!(shown(Path::new("/run/a")), "unix:/run/a");
        assert_eq!(shown(PathBuf::from("@a")), "unix:./@a");
        assert_eq!(shown(Endpoint::Inet(socket_addr)), "127.0.0.1:80");
        assert_eq!(shown([":80", ":81"]), "*:80 *:81");
        assert_eq!(shown(&[80, 81][..]), "*:80 *:81");
        assert_eq!(shown(vec![&":80", &":81"]), "*:80 *:81");
    }

    #[test]
    fn one_bad_address_spoils_the_list() {
        let error = [":80", "nowhere"].to_addresses().unwrap_err();
        assert_eq!(error.address(), Some("nowhere"));
    }

    #[test]
    fn an_empty_list_is_a_mistake() {
        let error = Vec::<Address>::new().to_addresses().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddressInvalid);
    }
}
