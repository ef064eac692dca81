//! Which pages may open connections.

/// Where browsers may come from.
#[derive(Clone, Debug, Default)]
pub(super) enum Origins {
    /// From what this server has served.
    #[default]
    Same,
    Any,
    These(Vec<String>),
}

impl Origins {
    pub(super) fn of<N: Into<String>>(origins: impl IntoIterator<Item = N>) -> Self {
        let origins: Vec<String> = origins.into_iter().map(Into::into).collect();
        match origins.iter().any(|origin| origin == "*") {
            true => Self::Any,
            false => Self::These(origins),
        }
    }

    /// `host`: that of the request. Who sends no origin is no browser.
    pub(super) fn allow(&self, origin: Option<&str>, host: &str) -> bool {
        let Some(origin) = origin else { return true };
        match self {
            Self::Any => true,
            // RFC 6454 6.2: a scheme, a host and a port that is not the scheme's own.
            Self::Same => {
                let rest = origin.split_once("://").map(|(_, authority)| authority);
                rest.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
            }
            Self::These(list) => list.iter().any(|one| one.eq_ignore_ascii_case(origin)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_origins_are_let_in() {
        let same = Origins::default();
        let these = Origins::of(["https://example.com"]);
        let any = Origins::of(["*"]);
        let table = [
            (None, [true, true, true]),
            (Some("https://example.com"), [true, true, true]),
            (Some("HTTPS://EXAMPLE.com"), [true, true, true]),
            (Some("http://example.com"), [true, false, true]),
            (Some("https://example.com:8443"), [false, false, true]),
            (Some("https://example.com.evil.org"), [false, false, true]),
            (Some("null"), [false, false, true]),
            (Some(""), [false, false, true]),
        ];
        for (origin, expected) in table {
            let found = [&same, &these, &any].map(|origins| origins.allow(origin, "example.com"));
            assert_eq!(found, expected, "{origin:?}");
        }
    }
}
