//! What handlers may return.

use bytes::Bytes;

use super::Response;
use crate::codec::http::Status;

/// What a handler may return: a [`Response`], or what stands for one.
///
/// | type | answer |
/// |---|---|
/// | `&'static str`, `String` | 200 with text |
/// | `Vec<u8>`, [`Bytes`] | 200 with `application/octet-stream` |
/// | [`Status`] | the status, without a body |
/// | `()` | 204 |
/// | `(Status, T)` | that of `T`, with another status |
/// | `Option<T>` | that of `T`, or 404 |
/// | `Result<T, E>` | that of either |
pub trait IntoResponse {
    /// The response.
    fn into_response(self) -> Response;
}

impl IntoResponse for Response {
    #[inline]
    fn into_response(self) -> Response {
        self
    }
}

impl IntoResponse for &'static str {
    fn into_response(self) -> Response {
        Response::text(self)
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Response {
        Response::text(self)
    }
}

impl IntoResponse for Vec<u8> {
    fn into_response(self) -> Response {
        Bytes::from(self).into()
    }
}

impl IntoResponse for Bytes {
    fn into_response(self) -> Response {
        self.into()
    }
}

impl IntoResponse for Status {
    fn into_response(self) -> Response {
        Response::new(self)
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Response {
        Response::new(Status::NO_CONTENT)
    }
}

impl<T: IntoResponse> IntoResponse for (Status, T) {
    fn into_response(self) -> Response {
        self.1.into_response().with_status(self.0)
    }
}

impl<T: IntoResponse> IntoResponse for Option<T> {
    fn into_response(self) -> Response {
        self.map_or_else(|| Response::new(Status::NOT_FOUND), T::into_response)
    }
}

impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(answer) => answer.into_response(),
            Err(error) => error.into_response(),
        }
    }
}
