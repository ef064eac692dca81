//! curl asks the library's server.

use sockeye::Sent;
use sockeye::http::Event;

use crate::common::{LIMIT, Running, Said, Setting, is_there};
use crate::on_sockets;
use crate::site::{GATHERED, LARGE, Site, UNPACKED, content, summary};

on_sockets!(
    curl_gets,
    curl_asks_for_the_head,
    curl_keeps_its_connection,
    curl_speaks_http_1_0,
    curl_uploads_when_it_is_asked_to,
    curl_uploads_in_chunks,
    curl_is_refused_before_it_uploads,
    curl_asks_for_ranges,
    curl_asks_whether_it_has_it,
    curl_unpacks,
    curl_listens_to_events,
    curl_sends_a_form,
    curl_asks_for_much_at_once,
);

/// curl, and whom it asks.
struct Scene {
    site: Site,
}

impl Scene {
    /// `None` where there is no curl.
    fn new(setting: Setting) -> Option<Self> {
        is_there("curl", "--version").then(|| Self { site: Site::new(setting) })
    }

    fn start(&self, args: &[&str]) -> Running {
        // The first has it read no file of its user's.
        let mut all = vec!["-q", "-sS", "--max-time", "18", "--cacert", "ca.pem", "--noproxy", "*"];
        let socket = self.site.socket();
        if let Some(socket) = &socket {
            all.extend(["--unix-socket", socket]);
        }
        all.extend(args);
        Running::start("curl", self.site.folder.path(), &all)
    }

    fn run(&self, args: &[&str]) -> Said {
        self.start(args).finish(Vec::new())
    }

    fn url(&self, path: &str) -> String {
        self.site.url(path)
    }
}

fn curl_gets(setting: Setting) {
    let Some(scene) = Scene::new(setting) else { return };
    assert_eq!(scene.run(&[&scene.url("/hello")]).text(), "hello\n");
    assert_eq!(scene.run(&[&scene.url("/late")]).text(), "late\n");
    assert_eq!(scene.run(&["-L", &scene.url("/moved")]).text(), "hello\n");
    let large = scene.run(&[&scene.url("/stream?bytes=3000000")]).good();
    assert!(large == content(3_000_000));
    let missing = scene.run(&["-o", "-", "-w", " %{http_code}", &scene.url("/nowhere")]).text();
    assert!(missing.ends_with(" 404"), "{missing}");
    // It asks for HTTP/2 with `Upgrade`, or with ALPN, and goes on with what it gets.
    let told = scene.run(&["--http2", "-w", "%{http_version}", &scene.url("/hello")]).text();
    assert_eq!(told, "hello\n1.1");
    for method in ["OPTIONS", "PURGE", "PATCH", "DELETE"] {
        let said = scene.run(&["-i", "-X", method, &scene.url("/echo")]).text();
        assert!(said.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
        assert!(said.contains(&format!("\r\nX-Method: {method}\r\n")), "{said}");
    }
}

fn curl_asks_for_the_head(setting: Setting) {
    let Some(scene) = Scene::new(setting) else { return };
    for (path, line) in [
        ("/hello", "\r\nContent-Length: 6\r\n"),
        ("/stream?bytes=5", "\r\nTransfer-Encoding: chunked\r\n"),
        ("/files/large.bin", "\r\nContent-Length: 1000000\r\n"),
    ] {
        // A second request finds the connection free: there was no body.
        let url = scene.url(path);
        let told = ["-I", "-w", "%{num_connects}\n", &url, &url];
        let said = scene.run(&told).text();
        assert!(said.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
        assert!(said.to_lowercase().contains(&line.to_lowercase()), "{said}");
        assert!(said.contains("\r\n\r\n1\n") && said.ends_with("\r\n\r\n0\n"), "{said}");
    }
}

fn curl_keeps_its_connection(setting: Setting) {
    let Some(scene) = Scene::new(setting) else { return };
    let mut args = vec!["-w".to_owned(), "%{http_code} %{num_connects}\n".to_owned()];
    for path in ["/hello", "/stream?bytes=100000", "/empty", "/nowhere", "/files/large.bin"] {
        args.extend(["-o".to_owned(), "/dev/null".to_owned(), scene.url(path)]);
    }
    let args: Vec<&str> = args.iter().map(|arg| &**arg).collect();
    assert_eq!(scene.run(&args).text(), "200 1\n200 0\n204 0\n404 0\n200 0\n");
    let close = scene.run(&["-i", "-H", "Connection: close", &scene.url("/hello")]).text();
    assert!(close.to_lowercase().contains("\r\nconnection: close\r\n"), "{close}");
}

fn curl_speaks_http_1_0(setting: Setting) {
    let Some(scene) = Scene::new(setting) else { return };
    let whole = scene.run(&["--http1.0", "-i", &scene.url("/hello")]).text();
    assert!(whole.ends_with("\r\n\r\nhello\n"), "{whole}");
    // Of unknown length, which only the end of the connection can tell.
    let streamed = scene.run(&["--http1.0", &scene.url("/stream?bytes=300000")]).good();
    assert!(streamed == content(300_000));
    let posted = scene.run(&["--http1.0", "-d", "a=b", &scene.url("/echo")]).text();
    assert_eq!(posted, "a=b");
    let (format, url) = ("%{num_connects}\n", scene.url("/hello"));
    let kept = ["--http1.0", "-H", "Connection: keep-alive", "-w", format, &url, &url];
    assert_eq!(scene.run(&kept).text(), "hello\n1\nhello\n0\n");
}

/// It waits for `100 Continue` where it has over a mebibyte.
fn curl_uploads_when_it_is_asked_to(setting: Setting) {
    let Some(scene) = Scene::new(setting) else { return };
    let data = content(3 << 20);
    scene.site.folder.file("data", &data);
    let said = scene.run(&["-v", "--data-binary", "@data", &scene.url("/echo")]);
    assert!(said.errors.contains("< HTTP/1.1 100 Continue"), "{}", said.errors);
    assert!(said.good() == data);
    let said = scene.run(&["-v", "-T", "data", &scene.url("/count")]);
    assert!(said.errors.contains("< HTTP/1.1 100 Continue"), "{}", said.errors);
    assert_eq!(said.text(), summary(&*data).unwrap());
    // Who does not wait gets no word in between.
    let said = scene.run(&["-v", "-H", "Expect:", "-T", "data", &scene.url("/count")]);
    assert!(!said.errors.contains("100 Continue"), "{}", said.errors);
    assert_eq!(said.text(), summary(&*data).unwrap());
}

fn curl_uploads_in_chunks(setting: Setting) {
    let Some(scene) = Scene::new(setting) else { return };
    let data = content(700_000);
    let upload = |path: &str, more: &[&str]| {
        let url = scene.url(path);
        let args = [more, &["-T", "-", &url]].concat();
        scene.start(&args).finish(data.clone())
    };
    assert_eq!(upload("/count", &[]).text(), summary(&*data).unwrap());
    let said = upload("/echo", &["-D", "head"]).good();
    assert!(said == data);
    let head = std::fs::read_to_string(scene.site.folder.path().join("head")).unwrap();
    assert!(head.contains("X-Framing: chunked\r\n"), "{head}");
    let posted = ["-X", "POST", "-H", "Transfer-Encoding: chunked", "-d", "a=b"];
    let said = scene.run(&[&posted[..], &[&scene.url("/echo")]].concat());
    assert_eq!(said.text(), "a=b");
}

/// It never sends what is too large, and is told so at once.
fn curl_is_refused_before_it_uploads(setting: Setting) {
    let Some(scene) = Scene::new(setting) else { return };
    scene.site.folder.file("data", content(GATHERED + 1));
    let format = "%{http_code} %{size_upload}";
    let args = ["-o", "/dev/null", "-w", format, "-T", "data", &scene.url("/echo")];
    assert_eq!(scene.run(&args).text(), "413 0");
}

fn curl_asks_for_ranges(setting: Setting) {
    let Some(scene) = Scene::new(setting) else { return };
    let (data, url) = (content(LARGE), scene.url("/files/large.bin"));
    assert!(scene.run(&["-r", "10-20009", &url]).good() == data[10..20_010]);
    assert!(scene.run(&["-r", "-10", &url]).good() == data[LARGE - 10..]);
    let parts = scene.run(&["-i", "-r", "0-9,900000-900009", &url]).good();
    let text = String::from_utf8_lossy(&parts);
    assert!(text.starts_with("HTTP/1.1 206 Partial Content\r\n"), "{text}");
    assert!(text.contains("multipart/byteranges") && text.contains("bytes 900000-900009/1000000"));
    let beyond = scene.run(&["-r", "1000000-", "-o", "/dev/null", "-w", "%{http_code}", &url]);
    assert_eq!(beyond.text(), "416");
    scene.site.folder.file("begun", &data[..400_000]);
    scene.run(&["-C", "-", "-o", "begun", &url]).good();
    assert!(std::fs::read(scene.site.folder.path().join("begun")).unwrap() == data);
}

fn curl_asks_whether_it_has_it(setting: Setting) {
    let Some(scene) = Scene::new(setting) else { return };
    let url = scene.url("/files/large.bin");
    let get = |more: &[&str]| {
        let format = ["-w", "%{http_code} %{size_download}", "-o", "copy", &url];
        scene.run(&[more, &format].concat()).text()
    };
    assert_eq!(get(&["-R", "--etag-save", "tag"]), "200 1000000");
    assert_eq!(get(&["--etag-compare", "tag"]), "304 0");
    assert_eq!(get(&["-z", "copy"]), "304 0");
    assert_eq!(get(&["-z", "Sun, 06 Nov 1994 08:49:37 GMT"]), "200 1000000");
}

fn curl_unpacks(setting: Setting) {
    let Some(scene) = Scene::new(setting) else { return };
    let url = scene.url("/files/page.html");
    assert_eq!(scene.run(&["--compressed", &url]).text(), UNPACKED);
    assert_eq!(scene.run(&[&url]).text(), "<p>plain</p>");
    let (data, url) = (content(700_000), scene.url("/packed/stream?bytes=700000&text=1"));
    for coding in ["gzip", "deflate"] {
        let accepts = format!("Accept-Encoding: {coding}");
        let args = ["--compressed", "-H", &accepts, "-D", "head", &url];
        assert!(scene.run(&args).good() == data);
        let head = std::fs::read_to_string(scene.site.folder.path().join("head")).unwrap();
        assert!(head.contains(&format!("Content-Encoding: {coding}\r\n")), "{head}");
    }
    assert!(scene.run(&[&url]).good() == data);
}

fn curl_listens_to_events(setting: Setting) {
    let Some(scene) = Scene::new(setting) else { return };
    let mut curl = scene.start(&["-N", &scene.url("/events")]);
    let events = scene.site.events.recv_timeout(LIMIT).unwrap();
    for number in ["one", "two"] {
        // Each is there before there is another one.
        assert_eq!(events.send(&Event::new("a\nb").id(number)), Sent::Queued);
        let lines: Vec<String> = (0..4).map(|_| curl.line()).collect();
        assert_eq!(lines, [&format!("id: {number}"), "data: a", "data: b", ""]);
    }
    events.finish();
    assert_eq!(curl.finish(Vec::new()).text(), "");
}

fn curl_sends_a_form(setting: Setting) {
    let Some(scene) = Scene::new(setting) else { return };
    let data = content(2_000_000);
    scene.site.folder.file("data.bin", &data);
    let said = scene.run(&[
        "-F",
        "title=A fish",
        "-F",
        "photo=@data.bin;filename=\"a; b, c.png\";type=image/png",
        "-F",
        "empty=",
        &scene.url("/form"),
    ]);
    let sum = |data: &[u8]| summary(data).unwrap();
    let photo = format!("photo Some(\"a; b, c.png\") {}", sum(&data));
    let wanted = format!("title None {}\n{photo}\nempty None {}\n", sum(b"A fish"), sum(b""));
    assert_eq!(said.text(), wanted);
}

fn curl_asks_for_much_at_once(setting: Setting) {
    let Some(scene) = Scene::new(setting) else { return };
    let url = scene.url("/stream?bytes=[50001-50040]");
    let args = ["-Z", "--parallel-max", "20", "-w", "%{http_code} %{size_download}\n"];
    let said = scene.run(&[&args[..], &["-o", "/dev/null", &url]].concat()).text();
    let mut lines: Vec<&str> = said.lines().collect();
    lines.sort_unstable();
    let wanted: Vec<String> = (50_001..=50_040).map(|bytes| format!("200 {bytes}")).collect();
    assert_eq!(lines, wanted);
}
