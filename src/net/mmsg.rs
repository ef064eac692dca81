//! Many datagrams in one system call: `recvmmsg(2)` and `sendmmsg(2)` of Linux, and what the
//! kernel says beside the data. The only file with `unsafe` in it.
//!
//! Of the crates that wrap these calls, nix (0.31) loses control data when its headers are used
//! again and has one set of it for all messages, rustix (1.1) has no `recvmmsg`, and quinn-udp
//! (0.6) has no `sendmmsg` and forbids fragments. Headers live on the stack here and are written
//! as far as they are used, so that a batch of one costs no more than `recvmsg`.

#![allow(clippy::unnecessary_cast, reason = "C's integers differ from platform to platform")]
#![allow(unsafe_code, reason = "system calls that no crate offers as they are needed here")]

use std::io;
use std::mem::{self, MaybeUninit};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use super::arena::{Details, Received};
use super::datagram::Parcel;

/// Datagrams in one call, at most.
pub(super) const MOST: usize = 64;

/// Fills `slots` with a datagram each, [`MOST`] at most, and tells of each in the slots' order.
/// `control`: the socket was told to say more than data and address.
pub(super) fn receive<'a>(
    socket: BorrowedFd<'_>,
    slots: impl Iterator<Item = &'a mut [u8]>,
    control: bool,
    mut tell: impl FnMut(Received),
) -> io::Result<usize> {
    let mut names = [const { MaybeUninit::<libc::sockaddr_storage>::uninit() }; MOST];
    let mut controls = [const { MaybeUninit::<Control>::uninit() }; MOST];
    let mut vectors = [const { MaybeUninit::<libc::iovec>::uninit() }; MOST];
    let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; MOST];
    let mut count = 0;
    for slot in slots.take(MOST) {
        let vector = libc::iovec { iov_base: slot.as_mut_ptr().cast(), iov_len: slot.len() };
        let mut header = header(vectors[count].write(vector));
        header.msg_hdr.msg_name = names[count].as_mut_ptr().cast();
        header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as _;
        if control {
            header.msg_hdr.msg_control = controls[count].as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = size_of::<Control>() as _;
        }
        headers[count].write(header);
        count += 1;
    }
    // SAFETY: the first `count` headers are written; what they point to is writable, as long as
    // they say, and lives to the end of this function.
    let got = unsafe {
        let headers = headers.as_mut_ptr().cast();
        libc::recvmmsg(socket.as_raw_fd(), headers, count as _, 0, ptr::null_mut())
    };
    let got = usize::try_from(got).map_err(|_| io::Error::last_os_error())?;
    for (header, name) in headers.iter().zip(&names).take(got) {
        // SAFETY: the kernel has completed the first `got` headers, and written their names and
        // control data.
        unsafe {
            let header = header.assume_init_ref();
            let (details, segment) = read_control(&header.msg_hdr);
            tell(Received {
                from: read_name(name),
                details,
                truncated: header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0,
                len: header.msg_len as usize,
                segment,
            });
        }
    }
    Ok(got)
}

/// Sends the first parcels, [`MOST`] at most, and returns how many the socket took. An error is
/// the first one's.
pub(super) fn send<'a>(
    socket: BorrowedFd<'_>,
    parcels: impl Iterator<Item = Parcel<'a>>,
) -> io::Result<usize> {
    let mut names = [const { MaybeUninit::<libc::sockaddr_storage>::uninit() }; MOST];
    let mut controls = [const { MaybeUninit::<Segment>::uninit() }; MOST];
    let mut vectors = [const { MaybeUninit::<libc::iovec>::uninit() }; MOST];
    let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; MOST];
    let mut count = 0;
    for parcel in parcels.take(MOST) {
        // The kernel only reads from it.
        let base = parcel.data.as_ptr().cast_mut().cast();
        let vector = libc::iovec { iov_base: base, iov_len: parcel.data.len() };
        let mut header = header(vectors[count].write(vector));
        if let Some(to) = parcel.to {
            header.msg_hdr.msg_name = names[count].as_mut_ptr().cast();
            header.msg_hdr.msg_namelen = write_name(&mut names[count], to);
        }
        if let Some(size) = parcel.segment {
            header.msg_hdr.msg_control = controls[count].write(Segment::new(size)).as_mut_ptr();
            header.msg_hdr.msg_controllen = size_of::<Segment>() as _;
        }
        headers[count].write(header);
        count += 1;
    }
    // SAFETY: the first `count` headers are written, and what they point to lives to the end of
    // this function; the data is borrowed for longer.
    let sent =
        unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr().cast(), count as _, 0) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Has the kernel say where each datagram was sent to and through which interface it came.
pub(super) fn tell_destination(socket: BorrowedFd<'_>, is_ipv6: bool) -> io::Result<()> {
    let for_ipv4 = set(socket, libc::IPPROTO_IP, libc::IP_PKTINFO);
    if is_ipv6 { set(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO) } else { for_ipv4 }
}

/// Has the kernel hand over datagrams of one sender and size in one piece (UDP GRO).
pub(super) fn coalesce(socket: BorrowedFd<'_>) -> io::Result<()> {
    set(socket, libc::SOL_UDP, libc::UDP_GRO)
}

fn set(socket: BorrowedFd<'_>, level: libc::c_int, name: libc::c_int) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the value is an integer, and its size is said.
    let outcome = unsafe {
        let value = ptr::from_ref(&on).cast();
        libc::setsockopt(socket.as_raw_fd(), level, name, value, size_of_val(&on) as _)
    };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Room for what a dual-stack socket is told of a datagram: about 150 bytes.
#[repr(C, align(8))]
struct Control([u8; 192]);

/// The control message that says how to cut a piece into datagrams (UDP GSO).
#[repr(C)]
struct Segment {
    header: libc::cmsghdr,
    size: u16,
    /// The kernel's messages are aligned (`CMSG_ALIGN`).
    padding: [u8; size_of::<usize>() - 2],
}

impl Segment {
    fn new(size: u16) -> Self {
        // SAFETY: plain data, for which zeros are valid; musl has padding in it.
        let mut header: libc::cmsghdr = unsafe { mem::zeroed() };
        header.cmsg_level = libc::SOL_UDP;
        header.cmsg_type = libc::UDP_SEGMENT;
        header.cmsg_len = (mem::offset_of!(Self, size) + size_of::<u16>()) as _;
        Self { header, size, padding: [0; size_of::<usize>() - 2] }
    }

    fn as_mut_ptr(&mut self) -> *mut libc::c_void {
        ptr::from_mut(self).cast()
    }
}

/// A header for data, without name and control data.
fn header(vector: &mut libc::iovec) -> libc::mmsghdr {
    // SAFETY: plain data, for which zeros are valid; musl has padding in it.
    let mut header: libc::mmsghdr = unsafe { mem::zeroed() };
    header.msg_hdr.msg_iov = vector;
    header.msg_hdr.msg_iovlen = 1;
    header
}

fn write_name(name: &mut MaybeUninit<libc::sockaddr_storage>, addr: SocketAddr) -> libc::socklen_t {
    match addr {
        SocketAddr::V4(addr) => {
            let value = libc::sockaddr_in {
                sin_family: libc::AF_INET as _,
                sin_port: addr.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(addr.ip().octets()) },
                sin_zero: [0; 8],
            };
            // SAFETY: the storage is large enough and aligned for every kind of address.
            unsafe { name.as_mut_ptr().cast::<libc::sockaddr_in>().write(value) };
            size_of_val(&value) as _
        }
        SocketAddr::V6(addr) => {
            let value = libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as _,
                sin6_port: addr.port().to_be(),
                sin6_flowinfo: addr.flowinfo(),
                sin6_addr: libc::in6_addr { s6_addr: addr.ip().octets() },
                sin6_scope_id: addr.scope_id(),
            };
            // SAFETY: as above.
            unsafe { name.as_mut_ptr().cast::<libc::sockaddr_in6>().write(value) };
            size_of_val(&value) as _
        }
    }
}

/// # Safety
///
/// The kernel has written an IPv4 or IPv6 address into it.
unsafe fn read_name(name: &MaybeUninit<libc::sockaddr_storage>) -> SocketAddr {
    let name = name.as_ptr();
    // SAFETY: each kind of address begins with its family, and is as long as its family says.
    unsafe {
        if (*name.cast::<libc::sa_family_t>()) == libc::AF_INET as libc::sa_family_t {
            let name = &*name.cast::<libc::sockaddr_in>();
            let ip = Ipv4Addr::from(name.sin_addr.s_addr.to_ne_bytes());
            return SocketAddrV4::new(ip, u16::from_be(name.sin_port)).into();
        }
        let name = &*name.cast::<libc::sockaddr_in6>();
        let ip = Ipv6Addr::from(name.sin6_addr.s6_addr);
        let port = u16::from_be(name.sin6_port);
        SocketAddrV6::new(ip, port, name.sin6_flowinfo, name.sin6_scope_id).into()
    }
}

/// What the kernel said of a datagram, and into which size of datagrams to cut it; 0: not at all.
///
/// # Safety
///
/// The kernel has completed the header.
unsafe fn read_control(header: &libc::msghdr) -> (Details, usize) {
    let (mut details, mut segment) = (Details::default(), 0);
    // SAFETY: these walk through what the header says that was written, and end with it.
    unsafe {
        let mut next = libc::CMSG_FIRSTHDR(header);
        while let Some(message) = next.as_ref() {
            match (message.cmsg_level, message.cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    if let Some(info) = value::<libc::in_pktinfo>(next) {
                        let ip = Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes());
                        details.destination = Some(IpAddr::V4(ip));
                        details.interface = u32::try_from(info.ipi_ifindex).ok();
                    }
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    if let Some(info) = value::<libc::in6_pktinfo>(next) {
                        let ip = IpAddr::from(info.ipi6_addr.s6_addr);
                        details.destination = Some(ip.to_canonical());
                        // Android has it signed.
                        details.interface = Some(info.ipi6_ifindex as u32);
                    }
                }
                (libc::IPPROTO_IP, libc::IP_TOS) => {
                    details.ecn = value::<u8>(next).map(|octet| octet & 3);
                }
                (libc::IPPROTO_IPV6, libc::IPV6_TCLASS) => {
                    details.ecn = value::<libc::c_int>(next).map(|octet| (octet & 3) as u8);
                }
                (libc::SOL_UDP, libc::UDP_GRO) => {
                    let size = value::<libc::c_int>(next).unwrap_or_default();
                    segment = usize::try_from(size).unwrap_or_default();
                }
                _ => {}
            }
            next = libc::CMSG_NXTHDR(header, next);
        }
    }
    (details, segment)
}

/// The value of a control message, if it is large enough to be one.
///
/// # Safety
///
/// The message is one of the kernel's, and `T` plain data.
unsafe fn value<T: Copy>(message: *const libc::cmsghdr) -> Option<T> {
    // SAFETY: the message is as long as it says; it may be aligned for less than a `T`.
    unsafe {
        let wanted = libc::CMSG_LEN(size_of::<T>() as _) as usize;
        ((*message).cmsg_len as usize >= wanted)
            .then(|| ptr::read_unaligned(libc::CMSG_DATA(message).cast::<T>()))
    }
}
