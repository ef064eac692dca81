//! Names and passwords.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::challenge::{challenge, credentials, quoted};
use crate::http::{Layer, Next, Reception, Request, Response};

/// Lets in who knows a name and its password (`Basic`, RFC 7617); others are answered 401, before
/// their body has come.
///
/// Passwords go over the connection as they are: use it with TLS. The handler finds the name with
/// `request.get::<User>()`.
///
/// ```
/// use sockeye::http::{Request, Router, layers::{BasicAuth, User}};
///
/// let router = Router::new()
///     .get("/", |request: &mut Request<'_>| {
///         format!("Hello, {}!", request.get::<User>().map_or("nobody", |user| user.name()))
///     })
///     .layer(BasicAuth::new("The club").user("ishmael", "call me"));
/// ```
#[derive(Clone)]
pub struct BasicAuth {
    challenge: Arc<str>,
    users: Vec<(String, String)>,
    check: Option<Arc<Check>>,
}

type Check = dyn Fn(&str, &str) -> bool + Send + Sync;

/// Who has proved himself to [`BasicAuth`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User(Box<str>);

impl User {
    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl BasicAuth {
    /// For nobody yet; the realm is what browsers show when they ask for the password.
    ///
    /// # Panics
    ///
    /// When there is a control character in the realm.
    #[track_caller]
    pub fn new(realm: &str) -> Self {
        let challenge = format!("Basic realm={}, charset=\"UTF-8\"", quoted(realm));
        Self { challenge: challenge.into(), users: Vec::new(), check: None }
    }

    /// Lets one more user in. How long the comparison takes does not tell how much of a name or
    /// password was right.
    ///
    /// # Panics
    ///
    /// When there is a colon in the name: nobody could say it.
    #[must_use]
    #[track_caller]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        let name = name.into();
        assert!(!name.contains(':'), "a colon in the name `{name}`");
        self.users.push((name, password.into()));
        self
    }

    /// Also lets those in of whose name and password this says so. It should not block, and should
    /// compare with hashes of passwords.
    #[must_use]
    pub fn check(mut self, check: impl Fn(&str, &str) -> bool + Send + Sync + 'static) -> Self {
        self.check = Some(Arc::new(check));
        self
    }

    fn enter(&self, request: &mut Request<'_>) -> Result<(), Response> {
        match self.user_of(request) {
            Some(user) => {
                request.insert(user);
                Ok(())
            }
            None => Err(challenge(&self.challenge)),
        }
    }

    fn user_of(&self, request: &Request<'_>) -> Option<User> {
        let decoded = BASE64.decode(credentials(request, "Basic")?).ok()?;
        let (name, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        // All of them, each as long as it takes.
        let known = self.users.iter().fold(false, |known, (user, its)| {
            known | (is_same(name, user) & is_same(password, its))
        });
        let known = known || self.check.as_ref().is_some_and(|check| check(name, password));
        known.then(|| User(name.into()))
    }
}

impl Layer for BasicAuth {
    fn handle(&self, request: &mut Request<'_>, next: Next<'_>) -> Response {
        next.run_checked(self.enter(request), request)
    }

    fn begin(&self, request: &mut Request<'_>, next: Next<'_>) -> Reception {
        next.begin_checked(self.enter(request), request)
    }
}

/// Takes as long as `given` is long, wherever they differ.
fn is_same(given: &str, known: &str) -> bool {
    let known = known.as_bytes();
    let mut differences = u8::from(given.len() != known.len());
    for (at, byte) in given.bytes().enumerate() {
        // What is compared behind the end does not matter, but that something is.
        differences |=
            byte ^ black_box(known.get(at % known.len().max(1)).copied().unwrap_or(!byte));
    }
    black_box(differences) == 0
}

/// With padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Without passwords.
impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let users = self.users.iter().map(|(name, _)| name).collect::<Vec<_>>();
        f.debug_struct("BasicAuth").field("users", &users).finish_non_exhaustive()
    }
}
