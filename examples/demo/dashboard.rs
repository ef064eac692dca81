//! The live page: the library serves it, and tells it over WebSocket what happens.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use sockeye::http::{self, Response, Router};
use sockeye::ws::{self, Opening};
use sockeye::{Server, Service};

use crate::measure::Reading;

const PAGE: &str = include_str!("page.html");

/// News that a page gets which comes later.
const KEPT: usize = 2000;

/// What pages are told.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum News<'a> {
    /// A run begins.
    Run { design: &'a str, clients: usize, threads: usize },
    /// What happened in half a second; `at` in seconds since the demo has begun.
    Reading {
        at: f64,
        #[serde(flatten)]
        reading: &'a Reading,
    },
    /// What came of a run.
    Result {
        design: &'a str,
        #[serde(flatten)]
        reading: &'a Reading,
    },
    /// Nothing more will happen.
    Done,
}

/// It has a service of its own, whose thread does nothing unless a page is open.
pub(crate) struct Dashboard {
    service: Service,
    server: Server,
    pages: Pages,
}

impl Dashboard {
    pub(crate) fn start(port: u16) -> sockeye::Result<Self> {
        let service = Service::builder().threads(1).start()?;
        let pages = Pages { all: ws::Group::new(&service), told: Arc::default() };
        let page = pages.clone();
        let site = Router::new()
            .get("/", |_: &mut http::Request<'_>| Response::html(PAGE))
            .websocket("/live", move |_| page.clone());
        let server = Server::builder(&service, http::server(site)).listen(("127.0.0.1", port))?;
        Ok(Self { service, server, pages })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.server.local_addr())
    }

    pub(crate) fn tell(&self, news: &News<'_>) {
        let mut told = self.pages.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.count += 1;
        let text = serde_json::json!({ "number": told.count, "news": news }).to_string();
        self.pages.all.text(&text);
        if told.texts.len() == KEPT {
            told.texts.pop_front();
        }
        told.texts.push_back(text);
    }

    /// Pages get what they have yet to be told.
    pub(crate) fn stop(self, within: Duration) -> sockeye::Result<()> {
        self.service.shutdown(within)
    }
}

/// All pages that are open; and the handler of one, which has nothing of its own.
#[derive(Clone)]
struct Pages {
    all: ws::Group,
    told: Arc<Mutex<Told>>,
}

#[derive(Default)]
struct Told {
    count: u64,
    texts: VecDeque<String>,
}

impl ws::Handler for Pages {
    fn on_open(&mut self, session: &mut ws::Session<'_>, _: &Opening) {
        // What is told meanwhile comes behind, perhaps for a second time: that is what the numbers
        // are for.
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        session.join(&self.all);
        for text in &told.texts {
            session.text(text);
        }
    }
}
