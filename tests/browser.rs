//! The page of `http_server` in a browser, driven as WebDriver says (<https://www.w3.org/TR/webdriver2/>):
//! with the library's own client.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stderr, reason = "to say what is skipped")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sockeye::http::{Client, Method};
use sockeye::{ErrorKind, Service};

use common::program::Program;
use common::{Folder, LIMIT, eventually};

#[test]
fn the_page_puts_a_value_and_gets_it() {
    let Some(driver) = Driver::start() else {
        eprintln!("SKIPPED: there is no Chromium with its driver on this machine");
        return;
    };
    let www = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/www");
    let mut server = Program::start("http_server", &["0", www]);
    let line = server.expect("Server listening on ");
    let port = line.rsplit(':').next().unwrap();

    let page = driver.open(&format!("http://localhost:{port}/"));
    page.wait_for_text("h1", "Cache 1.0.0");
    page.try_operation("put", &[("path:key", "the colour?"), ("body", "crimson & more")]);
    page.wait_for_text("#put output .status", "201 Created");
    page.try_operation("get", &[("path:key", "the colour?")]);
    page.wait_for_text("#get output .status", "200 OK");
    page.wait_for_text("#get output .body", "crimson & more");
    // The value is really on the server.
    let url = format!("http://localhost:{port}/api/cache/the%20colour%3F");
    assert_eq!(driver.client.get(url).send().unwrap().text().unwrap(), "crimson & more");
    page.screenshot(Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/page.png")));
    page.try_operation("delete", &[("path:key", "the colour?")]);
    page.wait_for_text("#delete output .body", "crimson & more");
    page.try_operation("get", &[("path:key", "the colour?")]);
    page.wait_for_text("#get output .status", "404 Not Found");

    drop(page);
    server.say("");
    server.done();
}

/// The program that drives browsers. It is killed when dropped.
struct Driver {
    child: Child,
    client: Client,
    base: String,
    profile: Folder,
    _service: Service,
}

impl Driver {
    fn start() -> Option<Self> {
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
        Some(Self { child, client, base, profile: Folder::new(), _service: service })
    }

    /// A browser with this page.
    fn open(&self, url: &str) -> Page<'_> {
        let profile = format!("--user-data-dir={}", self.profile.path().display());
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
            "--window-size=1000,1400",
            &profile,
        ];
        let options = json!({ "args": arguments });
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let answer = self.ask(Method::Post, "/session", Some(wanted)).unwrap();
        let session = format!("/session/{}", answer["sessionId"].as_str().unwrap());
        let page = Page { driver: self, session };
        page.post("/url", json!({ "url": url }));
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

struct Page<'d> {
    driver: &'d Driver,
    session: String,
}

impl Page<'_> {
    /// Opens an operation, fills in its form, and sends it.
    fn try_operation(&self, id: &str, fields: &[(&str, &str)]) {
        self.post(
            "/execute/sync",
            json!({
                "script": "document.getElementById(arguments[0]).open = true", "args": [id],
            }),
        );
        for (name, value) in fields {
            let field = self.find(&format!("#{id} [name='{name}']")).unwrap();
            self.post(&format!("/element/{field}/clear"), json!({}));
            self.post(&format!("/element/{field}/value"), json!({ "text": value }));
        }
        let button = self.find(&format!("#{id} button")).unwrap();
        self.post(&format!("/element/{button}/click"), json!({}));
    }

    fn wait_for_text(&self, selector: &str, beginning: &str) {
        let mut text = Err(String::new());
        eventually(&format!("{selector} says {beginning:?}"), || {
            text = self.find(selector).and_then(|element| {
                let path = format!("{}/element/{element}/text", self.session);
                self.driver.ask(Method::Get, &path, None)
            });
            text.as_ref().is_ok_and(|text| text.as_str().unwrap().starts_with(beginning))
        });
    }

    fn screenshot(&self, file: &Path) {
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
