//! Reasons without what they carry, to be counted by.

use super::{CloseReason, Limit};

/// A [`CloseReason`] without what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Local,
    Aborted,
    Remote,
    Farewell,
    Reset,
    Truncated,
    Tls,
    TimeoutIdle,
    TimeoutHandshake,
    TimeoutProxyHeader,
    TimeoutClose,
    TimeoutGoodbye,
    TimeoutPong,
    TimeoutHead,
    TimeoutBody,
    TimeoutRequest,
    TimeoutKeepAlive,
    TimeoutSend,
    Overflow,
    Protocol,
    RateLimited,
    Because,
    Panic,
    Shutdown,
    /// The last one: it gives [`Kind::ALL`] its length.
    Io,
}

pub(super) const KINDS: usize = Kind::Io as usize + 1;

impl Kind {
    pub(super) const ALL: [Self; KINDS] = [
        Self::Local,
        Self::Aborted,
        Self::Remote,
        Self::Farewell,
        Self::Reset,
        Self::Truncated,
        Self::Tls,
        Self::TimeoutIdle,
        Self::TimeoutHandshake,
        Self::TimeoutProxyHeader,
        Self::TimeoutClose,
        Self::TimeoutGoodbye,
        Self::TimeoutPong,
        Self::TimeoutHead,
        Self::TimeoutBody,
        Self::TimeoutRequest,
        Self::TimeoutKeepAlive,
        Self::TimeoutSend,
        Self::Overflow,
        Self::Protocol,
        Self::RateLimited,
        Self::Because,
        Self::Panic,
        Self::Shutdown,
        Self::Io,
    ];

    pub(super) fn of(reason: &CloseReason) -> Self {
        match reason {
            CloseReason::Local => Self::Local,
            CloseReason::Aborted => Self::Aborted,
            CloseReason::Remote => Self::Remote,
            CloseReason::Farewell(_) => Self::Farewell,
            CloseReason::Reset => Self::Reset,
            CloseReason::Truncated => Self::Truncated,
            CloseReason::Tls(_) => Self::Tls,
            CloseReason::Timeout(Limit::Idle) => Self::TimeoutIdle,
            CloseReason::Timeout(Limit::Handshake) => Self::TimeoutHandshake,
            CloseReason::Timeout(Limit::ProxyHeader) => Self::TimeoutProxyHeader,
            CloseReason::Timeout(Limit::Close) => Self::TimeoutClose,
            CloseReason::Timeout(Limit::Goodbye) => Self::TimeoutGoodbye,
            CloseReason::Timeout(Limit::Pong) => Self::TimeoutPong,
            CloseReason::Timeout(Limit::Head) => Self::TimeoutHead,
            CloseReason::Timeout(Limit::Body) => Self::TimeoutBody,
            CloseReason::Timeout(Limit::Request) => Self::TimeoutRequest,
            CloseReason::Timeout(Limit::KeepAlive) => Self::TimeoutKeepAlive,
            CloseReason::Timeout(Limit::Send) => Self::TimeoutSend,
            CloseReason::Overflow => Self::Overflow,
            CloseReason::Protocol(_) => Self::Protocol,
            CloseReason::RateLimited => Self::RateLimited,
            CloseReason::Because(_) => Self::Because,
            CloseReason::Panic(_) => Self::Panic,
            CloseReason::Shutdown => Self::Shutdown,
            CloseReason::Io(_) => Self::Io,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Aborted => "aborted",
            Self::Remote => "remote",
            Self::Farewell => "farewell",
            Self::Reset => "reset",
            Self::Truncated => "truncated",
            Self::Tls => "tls",
            Self::TimeoutIdle => "timeout_idle",
            Self::TimeoutHandshake => "timeout_handshake",
            Self::TimeoutProxyHeader => "timeout_proxy_header",
            Self::TimeoutClose => "timeout_close",
            Self::TimeoutGoodbye => "timeout_goodbye",
            Self::TimeoutPong => "timeout_pong",
            Self::TimeoutHead => "timeout_head",
            Self::TimeoutBody => "timeout_body",
            Self::TimeoutRequest => "timeout_request",
            Self::TimeoutKeepAlive => "timeout_keep_alive",
            Self::TimeoutSend => "timeout_send",
            Self::Overflow => "overflow",
            Self::Protocol => "protocol",
            Self::RateLimited => "rate_limited",
            Self::Because => "because",
            Self::Panic => "panic",
            Self::Shutdown => "shutdown",
            Self::Io => "io",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_kind_has_its_place_and_its_name() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index, "{kind:?}");
        }
        let names: HashSet<_> = Kind::ALL.into_iter().map(Kind::name).collect();
        assert_eq!(names.len(), KINDS);
    }
}
