//! What pages of other origins may do.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::codec::http::{Method, Status};
use crate::http::{Layer, Next, Reception, Request, Response};

/// Says which pages of other origins may use what is here (CORS,
/// <https://fetch.spec.whatwg.org/#http-cors-protocol>), and answers browsers that ask beforehand
/// (preflight).
///
/// By default none may. Browsers heed it; requests are not refused for their origin.
///
/// ```
/// use std::time::Duration;
/// use sockeye::http::{Method, Router, layers::Cors};
///
/// let cors = Cors::new()
///     .origin("https://app.example.com")
///     .methods([Method::Get, Method::Put])
///     .headers(["Content-Type", "X-Request-Id"])
///     .max_age(Duration::from_secs(3600));
/// let router = Router::new().layer(cors);
/// ```
#[derive(Clone)]
pub struct Cors(Arc<Rules>);

#[derive(Clone)]
struct Rules {
    origins: Origins,
    methods: String,
    /// `None`: those that are asked for.
    headers: Option<String>,
    exposed: String,
    credentials: bool,
    max_age: Option<String>,
}

#[derive(Clone)]
enum Origins {
    Any,
    Listed(Vec<String>),
    Which(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

impl Cors {
    /// For no origin, with the methods GET, HEAD, POST, PUT, PATCH and DELETE, and the fields that
    /// need no permission.
    pub fn new() -> Self {
        let methods = "GET, HEAD, POST, PUT, PATCH, DELETE".into();
        Self(Arc::new(Rules {
            origins: Origins::Listed(Vec::new()),
            methods,
            headers: Some(String::new()),
            exposed: String::new(),
            credentials: false,
            max_age: None,
        }))
    }

    /// Lets pages of one more origin in, such as `https://example.com` or `http://localhost:3000`:
    /// as browsers send it, without a path, and without the port that is the scheme's own.
    #[must_use]
    pub fn origin(self, origin: impl Into<String>) -> Self {
        self.with(|rules| match &mut rules.origins {
            Origins::Listed(listed) => listed.push(origin.into()),
            origins => *origins = Origins::Listed(vec![origin.into()]),
        })
    }

    /// Lets pages of any origin in.
    ///
    /// # Panics
    ///
    /// With [credentials](Cors::credentials): any page could act in the name of its visitor.
    #[must_use]
    #[track_caller]
    pub fn any_origin(self) -> Self {
        self.with(|rules| rules.origins = Origins::Any).checked()
    }

    /// Lets pages of the origins in of which this says so.
    #[must_use]
    pub fn origins(self, which: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.with(|rules| rules.origins = Origins::Which(Arc::new(which)))
    }

    /// The methods that pages may use.
    #[must_use]
    pub fn methods(self, methods: impl IntoIterator<Item = Method>) -> Self {
        let methods = methods.into_iter().map(|method| method.to_string()).collect::<Vec<_>>();
        self.with(|rules| rules.methods = methods.join(", "))
    }

    /// The fields that pages may send beside those that need no permission.
    #[must_use]
    pub fn headers<'n>(self, names: impl IntoIterator<Item = &'n str>) -> Self {
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        self.with(|rules| rules.headers = Some(names))
    }

    /// Pages may send whatever fields they like.
    #[must_use]
    pub fn any_header(self) -> Self {
        self.with(|rules| rules.headers = None)
    }

    /// The fields of answers that pages may see beside those that need no permission.
    #[must_use]
    pub fn expose<'n>(self, names: impl IntoIterator<Item = &'n str>) -> Self {
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        self.with(|rules| rules.exposed = names)
    }

    /// Whether pages may ask in the name of their visitor, with his cookies. Default: no.
    ///
    /// # Panics
    ///
    /// With [any origin](Cors::any_origin): any page could.
    #[must_use]
    #[track_caller]
    pub fn credentials(self, allowed: bool) -> Self {
        self.with(|rules| rules.credentials = allowed).checked()
    }

    /// How long browsers may remember what they have asked. By default as long as they like, which
    /// is 5 s mostly.
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        self.with(|rules| rules.max_age = Some(age.as_secs().to_string()))
    }

    fn with(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    #[track_caller]
    fn checked(self) -> Self {
        let open = matches!(self.0.origins, Origins::Any) && self.0.credentials;
        assert!(!open, "credentials for any origin: any page could act in the name of its visitor");
        self
    }

    /// What becomes of the answer.
    fn answering(&self, request: &Request<'_>) -> impl FnOnce(Response) -> Response + Send + use<> {
        let rules = Arc::clone(&self.0);
        let allowed = request.header("origin").and_then(|origin| rules.allowed(origin));
        move |answer| rules.mark(answer, allowed.as_deref())
    }
}

impl Default for Cors {
    fn default() -> Self {
        Self::new()
    }
}

impl Layer for Cors {
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        if is_preflight(request) {
            return self.0.preflight(request);
        }
        let answering = self.answering(request);
        next.run(request).map(answering)
    }

    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        if is_preflight(request) {
            return Reception::answer(self.0.preflight(request));
        }
        let answering = self.answering(request);
        next.begin(request).map(answering)
    }
}

fn is_preflight(request: &Request<'_>) -> bool {
    let has = |name| request.headers().get(name).is_some();
    request.method() == Method::Options && has("origin") && has("access-control-request-method")
}

impl Rules {
    /// What the answer says of this origin, if it is let in.
    fn allowed(&self, origin: &str) -> Option<String> {
        match &self.origins {
            Origins::Any => Some("*".into()),
            Origins::Listed(listed) => listed.iter().find(|known| *known == origin).cloned(),
            Origins::Which(which) => which(origin).then(|| origin.into()),
        }
    }

    fn mark(&self, mut answer: Response, allowed: Option<&str>) -> Response {
        // Caches must not show one origin what was said to another, or to none.
        if !matches!(self.origins, Origins::Any) {
            answer.add_header("Vary", "Origin");
        }
        if let Some(allowed) = allowed {
            answer.set_header("Access-Control-Allow-Origin", allowed);
            if self.credentials {
                answer.set_header("Access-Control-Allow-Credentials", "true");
            }
            if !self.exposed.is_empty() {
                answer.set_header("Access-Control-Expose-Headers", &self.exposed);
            }
        }
        answer
    }

    fn preflight(&self, request: &Request<'_>) -> Response {
        let mut answer = Response::new(Status::NO_CONTENT);
        answer.add_header(
            "Vary",
            "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        );
        let allowed = request.header("origin").and_then(|origin| self.allowed(origin));
        let Some(allowed) = allowed else { return answer };
        answer.set_header("Access-Control-Allow-Origin", allowed);
        answer.set_header("Access-Control-Allow-Methods", &self.methods);
        let asked = request.header("access-control-request-headers").unwrap_or_default();
        let headers = self.headers.as_deref().unwrap_or(asked);
        if !headers.is_empty() {
            answer.set_header("Access-Control-Allow-Headers", headers);
        }
        if self.credentials {
            answer.set_header("Access-Control-Allow-Credentials", "true");
        }
        if let Some(age) = &self.max_age {
            answer.set_header("Access-Control-Max-Age", age);
        }
        answer
    }
}

impl fmt::Debug for Cors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Cors");
        match &self.0.origins {
            Origins::Any => shown.field("origins", &"any"),
            Origins::Listed(listed) => shown.field("origins", listed),
            Origins::Which(_) => shown.field("origins", &".."),
        };
        shown.field("methods", &self.0.methods).finish_non_exhaustive()
    }
}
