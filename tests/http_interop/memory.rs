//! Bodies that are far larger than what memory they may take.

use std::io::{self, Read};
use std::time::Duration;
use std::{fs, thread};

use sockeye::http::{self, Body, BodyReader, Client, Later, Request, Response, Router, Source};
use sockeye::{Bytes, Server};

use crate::common::{Design, in_a_process};
use crate::on_both_designs;

on_both_designs!(large_downloads_leave_no_memory_behind, large_uploads_leave_no_memory_behind,);

/// Bytes of a body. Ten times as many take no more memory.
const SIZE: u64 = 1 << 30;

/// How much more memory there may be at the worst.
const GROWTH: u64 = 64 << 20;

fn large_downloads_leave_no_memory_behind(design: Design) {
    measured("memory::large_downloads_leave_no_memory_behind", design, |client, url| {
        let answer = client.get(format!("{url}/down")).stream().unwrap();
        assert_eq!(checked(answer).unwrap(), SIZE);
    });
}

fn large_uploads_leave_no_memory_behind(design: Design) {
    measured("memory::large_uploads_leave_no_memory_behind", design, |client, url| {
        for len in [Some(SIZE / 2), None] {
            let body = Body::source(Pattern { at: 0, len: SIZE / 2 }, len);
            let answer = client.put(format!("{url}/up")).body(body).send().unwrap();
            assert_eq!(answer.text().unwrap(), (SIZE / 2).to_string());
        }
    });
}

/// Runs it with a server of both, in a process of its own, and looks how much memory that takes.
fn measured(test: &str, design: Design, run: impl FnOnce(&Client, &str)) {
    if memory("VmRSS").is_none() {
        return;
    }
    in_a_process(test, design, 0, || {
        let service = design.service();
        let router = Router::new()
            .get("/down", |_: &mut Request<'_>| {
                let body = Body::source(Pattern { at: 0, len: SIZE }, None);
                Response::content("application/octet-stream", body)
            })
            .put("/up", http::streamed(count));
        let server = Server::builder(&service, http::server(router)).listen("127.0.0.1:0").unwrap();
        let client = Client::new(&service).unwrap();
        let before = memory("VmRSS").unwrap();
        run(&client, &format!("http://{}", server.local_addr()));
        let grown = memory("VmHWM").unwrap().saturating_sub(before);
        assert!(grown < GROWTH, "{grown} bytes more at the worst");
    });
}

fn count(_: &mut Request<'_>, body: BodyReader, later: Later) {
    thread::spawn(move || later.answer(checked(body).unwrap().to_string()));
}

/// A body with another byte in each [`STRIPE`], so that a missing piece shows.
struct Pattern {
    at: u64,
    len: u64,
}

impl Source for Pattern {
    fn next(&mut self, most: usize) -> io::Result<Option<Bytes>> {
        let stripe = stripe(self.at, most.min((self.len - self.at) as usize));
        self.at += stripe.len() as u64;
        Ok(Some(stripe).filter(|stripe| !stripe.is_empty()).map(Bytes::from))
    }
}

const STRIPE: u64 = 64 << 10;

/// What there is from here to the end of a stripe, or so many bytes.
fn stripe(at: u64, most: usize) -> Vec<u8> {
    let left = STRIPE - at % STRIPE;
    vec![(at / STRIPE) as u8; most.min(left as usize)]
}

/// How many bytes there are, all of them right. Who sends them has to wait at first.
fn checked(mut body: impl Read) -> io::Result<u64> {
    let (mut count, mut buffer) = (0, vec![0; 64 << 10]);
    thread::sleep(PAUSE);
    loop {
        let read = body.read(&mut buffer)?;
        if read == 0 {
            return Ok(count);
        }
        let mut rest = &buffer[..read];
        while !rest.is_empty() {
            let wanted = stripe(count, rest.len());
            assert!(rest[..wanted.len()] == wanted, "behind {count} bytes");
            count += wanted.len() as u64;
            rest = &rest[wanted.len()..];
        }
    }
}

/// Long enough for what is not held up to pile up.
const PAUSE: Duration = Duration::from_millis(500);

/// What the system tells of this process's memory (`proc(5)`), in bytes.
fn memory(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}
