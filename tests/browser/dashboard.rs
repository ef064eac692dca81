//! The live page of `demo`.

use super::common::eventually;
use super::common::program::Program;
use super::driver::{Driver, Page};

#[test]
fn the_dashboard_moves() {
    let Some(driver) = Driver::start() else { return };
    // A browser takes its time to start.
    let page = driver.open("about:blank", (1100, 1345));
    let mut demo = Program::start("demo", &["8", "20", "--stay"]);
    page.go(demo.expect("See it live at ").trim_start_matches("See it live at "));
    page.wait_for_text("#status", "Live");
    page.wait_for_text("#connections", "20");
    let first = seen(&page);
    assert!(
        first[..3].iter().all(|reading| reading.chars().any(|sign| sign.is_ascii_digit())),
        "{first:?}"
    );
    let mut changed = vec![false; first.len()];
    eventually("each reading has changed", || {
        for (index, now) in seen(&page).iter().enumerate() {
            changed[index] |= *now != first[index];
        }
        changed.iter().all(|changed| *changed)
    });
    page.wait_for_text("#run", "thread pool: 20 clients and a server on ");
    page.wait_for_text("#status", "Done");
    page.wait_for_text("tbody tr:nth-child(1)", "I/O loop per thread ");
    page.wait_for_text("tbody tr:nth-child(2)", "thread pool ");
    page.screenshot("dashboard.png");
}

/// What figures it shows, and what it has drawn.
fn seen(page: &Page<'_>) -> Vec<String> {
    let figures = ["#rate", "#p50", "#p99"].map(|figure| page.text(figure).unwrap());
    let drawn = ["rates", "latencies"].map(|canvas| {
        let picture =
            page.run("return document.getElementById(arguments[0]).toDataURL()", &[canvas]);
        picture.as_str().unwrap().to_owned()
    });
    [&figures[..], &drawn].concat()
}
