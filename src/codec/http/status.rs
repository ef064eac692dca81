//! How a request went.

use std::fmt;

/// How a request went (RFC 9110 15).
///
/// ```
/// use sockeye::http::Status;
///
/// assert_eq!(Status::NOT_FOUND.code(), 404);
/// assert_eq!(Status::NOT_FOUND.to_string(), "404 Not Found");
/// assert_eq!(Status::new(299).map(Status::phrase), Some(""));
/// assert_eq!(Status::new(42), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(u16);

impl Status {
    /// The status of this code; `None` if it has not three digits, or begins with 0.
    pub const fn new(code: u16) -> Option<Self> {
        if code < 100 || code > 999 { None } else { Some(Self(code)) }
    }

    /// The number, 100 to 999.
    pub const fn code(self) -> u16 {
        self.0
    }

    /// 1xx: not the last answer.
    pub const fn is_informational(self) -> bool {
        self.class() == 1
    }

    /// 2xx.
    pub const fn is_success(self) -> bool {
        self.class() == 2
    }

    /// 3xx: something else is to be asked.
    pub const fn is_redirection(self) -> bool {
        self.class() == 3
    }

    /// 4xx: the request is at fault.
    pub const fn is_client_error(self) -> bool {
        self.class() == 4
    }

    /// 5xx: the server is at fault.
    pub const fn is_server_error(self) -> bool {
        self.class() == 5
    }

    /// Whether an answer of this status never has a body (RFC 9112 6.3).
    pub(crate) const fn is_bodiless(self) -> bool {
        self.is_informational() || self.0 == 204 || self.0 == 304
    }

    const fn class(self) -> u16 {
        self.0 / 100
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.phrase() {
            "" => write!(f, "{}", self.0),
            phrase => write!(f, "{} {phrase}", self.0),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Status({})", self.0)
    }
}

/// The registered ones, each a constant with its phrase.
macro_rules! registered {
    ($($name:ident = $code:literal $phrase:literal,)+) => {
        impl Status {
            $(
                #[doc = concat!("`", $code, " ", $phrase, "`")]
                pub const $name: Self = Self($code);
            )+

            /// The reason phrase; empty for codes that are not registered.
            pub const fn phrase(self) -> &'static str {
                match self.0 {
                    $($code => $phrase,)+
                    _ => "",
                }
            }
        }
    };
}

registered! {
    CONTINUE = 100 "Continue",
    SWITCHING_PROTOCOLS = 101 "Switching Protocols",
    PROCESSING = 102 "Processing",
    EARLY_HINTS = 103 "Early Hints",
    OK = 200 "OK",
    CREATED = 201 "Created",
    ACCEPTED = 202 "Accepted",
    NON_AUTHORITATIVE_INFORMATION = 203 "Non-Authoritative Information",
    NO_CONTENT = 204 "No Content",
    RESET_CONTENT = 205 "Reset Content",
    PARTIAL_CONTENT = 206 "Partial Content",
    MULTI_STATUS = 207 "Multi-Status",
    ALREADY_REPORTED = 208 "Already Reported",
    IM_USED = 226 "IM Used",
    MULTIPLE_CHOICES = 300 "Multiple Choices",
    MOVED_PERMANENTLY = 301 "Moved Permanently",
    FOUND = 302 "Found",
    SEE_OTHER = 303 "See Other",
    NOT_MODIFIED = 304 "Not Modified",
    USE_PROXY = 305 "Use Proxy",
    TEMPORARY_REDIRECT = 307 "Temporary Redirect",
    PERMANENT_REDIRECT = 308 "Permanent Redirect",
    BAD_REQUEST = 400 "Bad Request",
    UNAUTHORIZED = 401 "Unauthorized",
    PAYMENT_REQUIRED = 402 "Payment Required",
    FORBIDDEN = 403 "Forbidden",
    NOT_FOUND = 404 "Not Found",
    METHOD_NOT_ALLOWED = 405 "Method Not Allowed",
    NOT_ACCEPTABLE = 406 "Not Acceptable",
    PROXY_AUTHENTICATION_REQUIRED = 407 "Proxy Authentication Required",
    REQUEST_TIMEOUT = 408 "Request Timeout",
    CONFLICT = 409 "Conflict",
    GONE = 410 "Gone",
    LENGTH_REQUIRED = 411 "Length Required",
    PRECONDITION_FAILED = 412 "Precondition Failed",
    CONTENT_TOO_LARGE = 413 "Content Too Large",
    URI_TOO_LONG = 414 "URI Too Long",
    UNSUPPORTED_MEDIA_TYPE = 415 "Unsupported Media Type",
    RANGE_NOT_SATISFIABLE = 416 "Range Not Satisfiable",
    EXPECTATION_FAILED = 417 "Expectation Failed",
    MISDIRECTED_REQUEST = 421 "Misdirected Request",
    UNPROCESSABLE_CONTENT = 422 "Unprocessable Content",
    LOCKED = 423 "Locked",
    FAILED_DEPENDENCY = 424 "Failed Dependency",
    TOO_EARLY = 425 "Too Early",
    UPGRADE_REQUIRED = 426 "Upgrade Required",
    PRECONDITION_REQUIRED = 428 "Precondition Required",
    TOO_MANY_REQUESTS = 429 "Too Many Requests",
    REQUEST_HEADER_FIELDS_TOO_LARGE = 431 "Request Header Fields Too Large",
    UNAVAILABLE_FOR_LEGAL_REASONS = 451 "Unavailable For Legal Reasons",
    INTERNAL_SERVER_ERROR = 500 "Internal Server Error",
    NOT_IMPLEMENTED = 501 "Not Implemented",
    BAD_GATEWAY = 502 "Bad Gateway",
    SERVICE_UNAVAILABLE = 503 "Service Unavailable",
    GATEWAY_TIMEOUT = 504 "Gateway Timeout",
    HTTP_VERSION_NOT_SUPPORTED = 505 "HTTP Version Not Supported",
    VARIANT_ALSO_NEGOTIATES = 506 "Variant Also Negotiates",
    INSUFFICIENT_STORAGE = 507 "Insufficient Storage",
    LOOP_DETECTED = 508 "Loop Detected",
    NOT_EXTENDED = 510 "Not Extended",
    NETWORK_AUTHENTICATION_REQUIRED = 511 "Network Authentication Required",
}
