//! Why a connection is closed, as numbers.

use std::fmt;

/// Why a connection is closed (RFC 6455 7.4, and what has been registered since).
///
/// 3000 to 3999 are registered for libraries and frameworks, 4000 to 4999 are the program's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// What the connection was for is done.
    pub const NORMAL: Self = Self(1000);
    /// A server goes down, or somebody has left the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer has broken the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// A kind of data that is not accepted: binary where only text is, say.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// The peer has closed without a code. Never sent.
    pub const NO_STATUS: Self = Self(1005);
    /// The connection ended without being closed. Never sent.
    pub const ABNORMAL: Self = Self(1006);
    /// Data that is not what it says it is: text that is not UTF-8, say.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// A message against the rules, where no other code fits.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// A message that is too big.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// The client wants an extension that the server has not agreed to.
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    /// Something unexpected keeps the peer from going on.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// The server starts again; clients come back after a random delay.
    pub const SERVICE_RESTART: Self = Self(1012);
    /// The server is overloaded; clients come back later, or elsewhere.
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// A gateway got no valid answer from the server behind it.
    pub const BAD_GATEWAY: Self = Self(1014);

    /// The number itself.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Whether it may stand in a close frame: 1000 to 1003, 1007 to 1014, 3000 to 4999. The others
    /// are reserved, say what no frame can (1005, 1006, 1015), or mean nothing.
    pub const fn may_be_sent(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }

    const fn name(self) -> &'static str {
        match self.0 {
            1000 => "normal",
            1001 => "going away",
            1002 => "protocol error",
            1003 => "unsupported data",
            1005 => "no status",
            1006 => "abnormal",
            1007 => "invalid payload",
            1008 => "policy violation",
            1009 => "message too big",
            1010 => "mandatory extension",
            1011 => "internal error",
            1012 => "service restart",
            1013 => "try again later",
            1014 => "bad gateway",
            1015 => "TLS handshake",
            3000..=3999 => "registered",
            4000..=4999 => "private",
            _ => "reserved",
        }
    }
}

impl From<u16> for Code {
    fn from(code: u16) -> Self {
        Self(code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0, self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_sent_is_what_the_registry_says() {
        let may = (0..=u16::MAX).filter(|&code| Code::from(code).may_be_sent());
        let expected = (1000..=1003).chain(1007..=1014).chain(3000..=4999);
        assert!(may.eq(expected));
    }

    #[test]
    fn a_code_says_its_number_and_name() {
        assert_eq!(Code::GOING_AWAY.to_string(), "1001 (going away)");
        assert_eq!(Code::from(4001).to_string(), "4001 (private)");
        assert_eq!(Code::from(1004).to_string(), "1004 (reserved)");
        assert_eq!(Code::from(4001).get(), 4001);
    }
}
