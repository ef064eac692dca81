//! The page of `ws_chat_server`.

use super::common::eventually;
use super::driver::{Driver, Page};
use super::served;

#[test]
fn two_pages_chat_with_each_other() {
    let Some(driver) = Driver::start() else { return };
    let (mut server, port) = served("ws_chat_server", "www/chat");
    let url = format!("http://localhost:{port}/");
    let [ada, bob] = ["Ada", "Bob"].map(|name| {
        let page = driver.open(&url, (900, 720));
        come_in(&page, name);
        page
    });
    for page in [&ada, &bob] {
        wait_for_people(page, &["Ada", "Bob"]);
    }
    say(&ada, "Good morning! Is anybody here?");
    wait_for_message(&bob, "Ada", "Good morning! Is anybody here?");
    say(&bob, "I am.");
    wait_for_message(&ada, "Bob", "I am.");
    server.say("The kettle is on");
    wait_for_message(&ada, "(admin)", "The kettle is on");
    say(&ada, "Coming: a minute");
    wait_for_message(&bob, "Ada", "Coming: a minute");
    ada.screenshot("chat.png");

    // Both come back by themselves.
    server.say("!");
    server.expect("Server restarting...");
    for _ in 0..2 {
        server.expect_with(" connected: ");
    }
    for page in [&ada, &bob] {
        page.wait_for_text("#status", "Connected");
        wait_for_people(page, &["Ada", "Bob"]);
    }
    say(&bob, "Here <b>again</b>: 👋");
    wait_for_message(&ada, "Bob", "Here <b>again</b>: 👋");

    say(&bob, "!");
    bob.wait_for_text("#status", "You have left");
    wait_for_people(&ada, &["Ada"]);
    come_in(&bob, "Bo");
    wait_for_people(&ada, &["Ada", "Bo"]);
    drop([ada, bob]);
    server.say("");
    server.done();
}

fn come_in(page: &Page<'_>, name: &str) {
    page.fill("#name", name);
    page.click("#entrance button");
    page.wait_for_text("#status", "Connected");
}

fn say(page: &Page<'_>, text: &str) {
    let typed = "document.querySelector('#text').value = arguments[0]";
    page.run(typed, &[text]);
    page.click("#talk button");
}

#[track_caller]
fn wait_for_people(page: &Page<'_>, names: &[&str]) {
    eventually(&format!("{names:?} are seen"), || {
        let script =
            "return [...document.querySelectorAll('#people span')].map((one) => one.textContent)";
        page.run(script, &[]) == serde_json::json!(names)
    });
}

/// Waits for what somebody has said, or for news of nobody's.
#[track_caller]
fn wait_for_message(page: &Page<'_>, who: &str, what: &str) {
    eventually(&format!("{who:?} is seen to say {what:?}"), || {
        let script = "return [...document.querySelectorAll('#messages li')].some((item) =>
            (item.querySelector('b')?.firstChild.textContent ?? '') === arguments[0]
                && item.querySelector('span').textContent.startsWith(arguments[1]))";
        page.run(script, &[who, what]) == true
    });
}
