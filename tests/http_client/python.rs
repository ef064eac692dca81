//! A server of somebody else: Python's.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use sockeye::http::{Client, Status};

use crate::common::{Folder, Setting};
use crate::on_tcp;

on_tcp!(pythons_files_are_got);

fn pythons_files_are_got(setting: Setting) {
    let folder = Folder::new();
    let text = "a line\n".repeat(100_000);
    std::fs::write(folder.path().join("some text.txt"), &text).unwrap();
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    let Some(server) = Python::serve(&folder) else { return };
    let service = setting.service();
    let client = Client::new(&service).unwrap();
    let get = |path: &str| client.get(format!("{}{path}", server.url));
    for _ in 0..3 {
        let answer = get("/some text.txt").send().unwrap();
        assert_eq!((answer.status(), answer.text().unwrap()), (Status::OK, &*text));
        assert_eq!(answer.header("content-type"), Some("text/plain"));
    }
    let answer = get("/inner").send().unwrap();
    assert_eq!((answer.status(), answer.url().path()), (Status::OK, "/inner/"));
    assert_eq!(get("/nothing").send().unwrap().status(), Status::NOT_FOUND);
    assert_eq!(client.post(format!("{}/", server.url)).send().unwrap().status().code(), 501);
    let mut streamed = String::new();
    get("/some text.txt").stream().unwrap().read_to_string(&mut streamed).unwrap();
    assert_eq!(streamed, text);
    let head = client.head(format!("{}/some%20text.txt", server.url)).send().unwrap();
    assert_eq!(head.header("content-length"), Some(&*text.len().to_string()));
}

struct Python {
    child: Child,
    url: String,
}

impl Python {
    /// `None` where there is no Python.
    fn serve(folder: &Folder) -> Option<Self> {
        let child = Command::new("python3")
            .args(["-u", "-m", "http.server", "--protocol", "HTTP/1.1", "--bind", "127.0.0.1", "0"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.ok()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take()?).read_line(&mut line).unwrap();
        // "Serving HTTP on 127.0.0.1 port 43210 (http://127.0.0.1:43210/) ..."
        let url = line.split(['(', ')']).nth(1).unwrap().trim_end_matches('/').to_owned();
        Some(Self { child, url })
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
