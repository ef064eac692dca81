//! A browser, driven as WebDriver says (<https://www.w3.org/TR/webdriver2/>): with the library's own
//! client.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sockeye::http::{Client, Method};
use sockeye::{ErrorKind, Service, Uuid};

use super::common::{Folder, LIMIT, eventually};

/// The program that drives browsers. It is killed when dropped.
pub(crate) struct Driver {
    child: Child,
    pub(crate) client: Client,
    base: String,
    profiles: Folder,
    _service: Service,
}

impl Driver {
    /// None if there is none on this machine.
    pub(crate) fn start() -> Option<Self> {
        let started = Self::find();
        if started.is_none() {
            eprintln!("SKIPPED: there is no Chromium with its driver on this machine");
        }
        started
    }

    fn find() -> Option<Self> {
        for name in ["chromium", "chromedriver"] {
            Command::new(name).arg("--version").stdout(Stdio::null()).status().ok()?;
        }
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = "ChromeDriver was started successfully on port ";
        let mut ports = lines
            .map_while(Result::ok)
            .filter_map(|line| Some(line.strip_prefix(told)?.trim_end_matches('.').to_owned()));
        let base = format!("http://127.0.0.1:{}", ports.next().unwrap());
        let service = Service::builder().threads(1).start().unwrap();
        let client = Client::builder(&service).timeout(3 * LIMIT).head_timeout(3 * LIMIT);
        let client = client.build().unwrap();
        Some(Self { child, client, base, profiles: Folder::new(), _service: service })
    }

    /// A browser of its own with this page, in a window of this size.
    pub(crate) fn open(&self, url: &str, (width, height): (u32, u32)) -> Page<'_> {
        // Two browsers cannot have the same.
        let profile = self.profiles.path().join(Uuid::new_v4().to_string());
        let profile = format!("--user-data-dir={}", profile.display());
        let size = format!("--window-size={width},{height}");
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            &size,
            &profile,
        ];
        let options = json!({ "args": arguments });
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let answer = self.ask(Method::Post, "/session", Some(wanted)).unwrap();
        let session = format!("/session/{}", answer["sessionId"].as_str().unwrap());
        let page = Page { driver: self, session };
        page.go(url);
        page
    }

    fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
        let mut call = self.client.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            call = call.json(&body);
        }
        let answer = call.send().unwrap();
        let value = answer.json::<Value>().unwrap()["value"].take();
        match answer.status().is_success() {
            true => Ok(value),
            false => Err(value["message"].to_string()),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Page<'d> {
    driver: &'d Driver,
    session: String,
}

impl Page<'_> {
    pub(crate) fn go(&self, url: &str) {
        self.post("/url", json!({ "url": url }));
    }

    /// Types it into a field, instead of what is there.
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        let field = self.find(selector).unwrap();
        self.post(&format!("/element/{field}/clear"), json!({}));
        self.post(&format!("/element/{field}/value"), json!({ "text": text }));
    }

    pub(crate) fn click(&self, selector: &str) {
        let button = self.find(selector).unwrap();
        self.post(&format!("/element/{button}/click"), json!({}));
    }

    /// What a function's body of JavaScript returns.
    pub(crate) fn run(&self, script: &str, arguments: &[&str]) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": arguments }))
    }

    #[track_caller]
    pub(crate) fn wait_for_text(&self, selector: &str, beginning: &str) {
        eventually(&format!("{selector} says {beginning:?}"), || {
            self.text(selector).is_ok_and(|text| text.starts_with(beginning))
        });
    }

    /// What the first such element shows.
    pub(crate) fn text(&self, selector: &str) -> Result<String, String> {
        let path = format!("{}/element/{}/text", self.session, self.find(selector)?);
        let text = self.driver.ask(Method::Get, &path, None)?;
        Ok(text.as_str().unwrap().to_owned())
    }

    /// Writes a picture of the window to the folder for what tests make.
    pub(crate) fn screenshot(&self, name: &str) {
        let file = [env!("CARGO_TARGET_TMPDIR"), name].iter().collect::<PathBuf>();
        let path = format!("{}/screenshot", self.session);
        let picture = self.driver.ask(Method::Get, &path, None).unwrap();
        let picture = BASE64_STANDARD.decode(picture.as_str().unwrap()).unwrap();
        assert!(picture.starts_with(b"\x89PNG"), "it is a picture");
        fs::write(file, picture).unwrap();
    }

    fn find(&self, selector: &str) -> Result<String, String> {
        let by = json!({ "using": "css selector", "value": selector });
        let path = format!("{}/element", self.session);
        let element = self.driver.ask(Method::Post, &path, Some(by))?;
        let (_, id) = element.as_object().unwrap().iter().next().unwrap();
        Ok(id.as_str().unwrap().to_owned())
    }

    fn post(&self, path: &str, body: Value) -> Value {
        let path = format!("{}{path}", self.session);
        self.driver.ask(Method::Post, &path, Some(body)).unwrap()
    }
}

/// Closes the browser.
impl Drop for Page<'_> {
    fn drop(&mut self) {
        let closed =
            self.driver.client.delete(format!("{}{}", self.driver.base, self.session)).send();
        if let Err(error) = closed {
            assert_ne!(error.kind(), ErrorKind::Invalid);
        }
    }
}
