//! Fields that answers have unless they say otherwise.

use std::sync::Arc;

use crate::codec::http::Fields;
use crate::http::{Layer, Next, Reception, Request, Response};

/// Adds fields to all answers that don't have them: those that browsers heed for safety, say.
///
/// ```
/// use sockeye::http::{Router, layers::DefaultHeaders};
///
/// let router = Router::new().layer(
///     DefaultHeaders::new()
///         .header("X-Content-Type-Options", "nosniff")
///         .header("Strict-Transport-Security", "max-age=31536000"),
/// );
/// ```
#[derive(Clone, Debug, Default)]
pub struct DefaultHeaders(Arc<Fields>);

impl DefaultHeaders {
    /// Without a field.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a further field.
    ///
    /// # Panics
    ///
    /// When the name is no token, or there is a control character in the value.
    #[must_use]
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Err(invalid) = Arc::make_mut(&mut self.0).append(name, value) {
            panic!("`{name}` cannot be added to answers: it is {invalid}");
        }
        self
    }

    fn adding(&self) -> impl FnOnce(Response) -> Response + Send + use<> {
        let fields = Arc::clone(&self.0);
        move |answer| add(answer, &fields)
    }
}

impl Layer for DefaultHeaders {
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        next.run(request).map(self.adding())
    }

    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        next.begin(request).map(self.adding())
    }
}

fn add(mut answer: Response, fields: &Fields) -> Response {
    let has = |name: &str| answer.get(name).is_some() || answer.fields().contains(name);
    let missing = fields.iter().map(|(name, _)| !has(name)).collect::<Vec<_>>();
    for ((name, value), missing) in fields.iter().zip(missing) {
        if missing && let Ok(value) = std::str::from_utf8(value) {
            answer.add_header(name, value);
        }
    }
    answer
}
