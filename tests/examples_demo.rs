//! The program `examples/demo`, and what its page is told.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;

use common::program::Program;
use common::{LIMIT, Talker};
use serde_json::Value;

#[test]
fn it_measures_both_designs() {
    let output = Program::start("demo", &["1", "8"]).finish();
    assert!(output[0].starts_with("8 clients and a server on "), "{output:#?}");
    let seconds = output.iter().filter(|line| line.starts_with("  second  1 ")).count();
    assert_eq!(seconds, 2, "{output:#?}");
    let [header, loops, pool] = output.last_chunk().unwrap();
    let width = header.chars().count();
    for (name, row) in [("I/O loop per thread", loops), ("thread pool", pool)] {
        assert_eq!(row.chars().count(), width, "{output:#?}");
        let numbers = row.strip_prefix(name).unwrap().split_whitespace().collect::<Vec<_>>();
        // Messages, and four times a number with its unit.
        assert_eq!(numbers.len(), 1 + 4 * 2, "{output:#?}");
        assert!(numbers[0].replace(',', "").parse::<u32>().unwrap() > 0, "{output:#?}");
    }
}

#[test]
fn its_page_is_told_what_happens() {
    let mut demo = Program::start("demo", &["1", "8"]);
    let address = address(&mut demo);
    let mut page = Talker::connect(&address, "/live");
    let mut readings = 0;
    for design in ["I/O loop per thread", "thread pool"] {
        let run = next(&mut page);
        assert_eq!((&run["type"], &run["design"]), (&"run".into(), &design.into()), "{run}");
        assert_eq!(run["clients"], 8, "{run}");
        let mut messages = 0;
        for _ in 0..2 {
            let reading = next(&mut page);
            assert_eq!((&reading["type"], &reading["connections"]), (&"reading".into(), &8.into()));
            messages += reading["messages"].as_u64().unwrap();
            ascending(&reading);
            readings += 1;
        }
        let result = next(&mut page);
        assert_eq!((&result["type"], &result["design"]), (&"result".into(), &design.into()));
        // And those that were under way at the end.
        let all = result["messages"].as_u64().unwrap();
        assert!((messages..=messages + 1000).contains(&all), "{messages} of {result}");
        ascending(&result);
    }
    assert_eq!((readings, &next(&mut page)["type"]), (4, &"done".into()));
    assert_eq!(page.hear_close().0, 1001);
    demo.finish();
}

#[cfg(unix)]
#[test]
fn its_page_stays_if_it_is_to() {
    use std::process::Command;

    let mut demo = Program::start("demo", &["1", "8", "--stay"]);
    let address = address(&mut demo);
    demo.expect("The page stays at ");
    let answer = get(&address);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("<canvas"), "{answer}");
    // Who comes late is told all.
    let mut page = Talker::connect(&address, "/live");
    let types = [(); 9].map(|()| next(&mut page)["type"].as_str().unwrap().to_owned());
    let of_a_run = ["run", "reading", "reading", "result"];
    assert_eq!(types[..], [&of_a_run[..], &of_a_run, &["done"]].concat());
    let process = demo.id().to_string();
    assert!(Command::new("kill").args(["-INT", &process]).status().unwrap().success());
    assert_eq!(page.hear_close().0, 1001);
    demo.finish();
}

fn address(demo: &mut Program) -> String {
    let line = demo.expect("See it live at http://");
    line.trim_start_matches("See it live at http://").trim_end_matches('/').to_owned()
}

/// The page itself.
#[cfg_attr(not(unix), expect(dead_code))]
fn get(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn next(page: &mut Talker) -> Value {
    let told = serde_json::from_str::<Value>(&page.hear("{")).unwrap();
    told["news"].clone()
}

/// Of the times of round trips, none is above the next.
fn ascending(reading: &Value) {
    let times = ["p50", "p90", "p99", "max"].map(|name| reading[name].as_u64());
    assert!(times.is_sorted() && times[0] > Some(0), "{reading}");
}
