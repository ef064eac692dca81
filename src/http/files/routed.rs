//! Folders within routers.

use std::sync::Arc;

use super::Files;
use crate::http::{Handler, Reception, Request, Response, Router};

impl Router {
    /// Serves the files of a folder for what is below a prefix, which is `/` or has no slash at its
    /// end. Other routes may be there too: what is text counts before a file of that name. For what
    /// is no file, there is [`Files::not_found`].
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use sockeye::http::{Files, Router};
    ///
    /// let site = Router::new()
    ///     .files("/", "www")
    ///     .files("/images", Files::new("/srv/images").max_age(Duration::from_secs(86_400)))
    ///     .get("/api/version", "1.0");
    /// ```
    ///
    /// # Panics
    ///
    /// As all that take a path.
    #[must_use]
    #[track_caller]
    pub fn files(self, prefix: &str, files: impl Into<Files>) -> Self {
        let routed = Arc::new(Routed(files.into().prefix(prefix)));
        let prefix = if prefix == "/" { "" } else { prefix };
        // Within a router that is nested, `/` would be the prefix without its slash.
        let (folder, slash) = if prefix.is_empty() { ("/", "//") } else { (prefix, "/") };
        let slash = format!("{prefix}{slash}");
        self.get(folder, Arc::clone(&routed))
            .get(&slash, Arc::clone(&routed))
            .get(&format!("{prefix}/{{*{REST}}}"), routed)
    }
}

/// Files whose prefix is wherever the router has them.
struct Routed(Files);

impl Handler for Routed {
    #[inline]
    fn handle(&self, request: &mut Request<'_>) -> Response {
        let raw = request.raw_path();
        let rest = match request.params.find(REST, raw) {
            Some(rest) => rest.len() + 1,
            None => raw.len() - raw.trim_end_matches('/').len(),
        };
        self.0.get(request, raw.len().saturating_sub(rest))
    }

    fn begin(&self, request: &mut Request<'_>) -> Reception {
        self.0.begin(request)
    }
}

/// A name that no prefix is likely to have.
const REST: &str = "path of the file";
