//! The page of `http_server`.

use super::driver::{Driver, Page};
use super::served;

#[test]
fn the_page_puts_a_value_and_gets_it() {
    let Some(driver) = Driver::start() else { return };
    let (mut server, port) = served("http_server", "www");

    let page = driver.open(&format!("http://localhost:{port}/"), (1000, 1400));
    page.wait_for_text("h1", "Cache 1.0.0");
    try_operation(&page, "put", &[("path:key", "the colour?"), ("body", "crimson & more")]);
    page.wait_for_text("#put output .status", "201 Created");
    try_operation(&page, "get", &[("path:key", "the colour?")]);
    page.wait_for_text("#get output .status", "200 OK");
    page.wait_for_text("#get output .body", "crimson & more");
    // The value is really on the server.
    let url = format!("http://localhost:{port}/api/cache/the%20colour%3F");
    assert_eq!(driver.client.get(url).send().unwrap().text().unwrap(), "crimson & more");
    page.screenshot("page.png");
    try_operation(&page, "delete", &[("path:key", "the colour?")]);
    page.wait_for_text("#delete output .body", "crimson & more");
    try_operation(&page, "get", &[("path:key", "the colour?")]);
    page.wait_for_text("#get output .status", "404 Not Found");

    drop(page);
    server.say("");
    server.done();
}

/// Opens an operation, fills in its form, and sends it.
fn try_operation(page: &Page<'_>, id: &str, fields: &[(&str, &str)]) {
    page.run("document.getElementById(arguments[0]).open = true", &[id]);
    for (name, value) in fields {
        page.fill(&format!("#{id} [name='{name}']"), value);
    }
    page.click(&format!("#{id} button"));
}
