//! Tests that need a process of their own, for its file descriptors: they run this binary again,
//! for the one test, under a limit.

use std::env;
use std::io::{self, Read};
use std::process::{self, Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use super::{Design, LIMIT};

/// Names the test that runs in a process of its own, and what that process does for it.
const TEST: &str = "SOCKEYE_TEST";
const ROLE: &str = "SOCKEYE_TEST_ROLE";
const DESCRIPTORS: &str = "SOCKEYE_TEST_DESCRIPTORS";

/// Runs `body` in a process of its own with so many file descriptors, or as many as it may have.
/// `test` is the function, with the modules it is in.
pub fn in_a_process(test: &str, design: Design, descriptors: u32, body: impl FnOnce()) {
    let (modules, function) = test.rsplit_once("::").map_or(("", test), |pair| pair);
    let path = [modules, design.module(), function];
    let path = path.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("::");
    if env::var(TEST).is_ok_and(|running| running == path) {
        end_with_parent();
        return body();
    }
    let mut child = start(&path, "", descriptors);
    let leash = child.stdin.take();
    let (sender, receiver) = channel();
    let waiting = thread::spawn(move || sender.send(child.wait_with_output()));
    let output = receiver.recv_timeout(3 * LIMIT);
    drop(leash);
    let output = output.expect("the process ends within the limit").unwrap();
    waiting.join().unwrap().unwrap();
    let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (told, errors) = (told(&output.stdout), told(&output.stderr));
    assert!(output.status.success(), "in its own process:\n{told}\n{errors}");
    assert!(told.contains("1 passed"), "there is no test '{path}':\n{told}");
}

/// What the process is to do; empty for the test itself.
pub fn role() -> String {
    env::var(ROLE).unwrap_or_default()
}

/// Starts a further process of the running test. It ends when its stdin does.
pub fn spawn_role(role: &str) -> Child {
    start(&env::var(TEST).unwrap(), role, 0)
}

/// The limit of file descriptors that this process got.
pub fn descriptors() -> usize {
    env::var(DESCRIPTORS).unwrap().parse().unwrap()
}

fn start(test: &str, role: &str, descriptors: u32) -> Child {
    let limited = r#"
        [ "$0" = 0 ] || ulimit -n "$0" 2>/dev/null || ulimit -n "$(ulimit -H -n)"
        export SOCKEYE_TEST_DESCRIPTORS="$(ulimit -n)"
        exec "$@"
    "#;
    Command::new("sh")
        .args(["-c", limited, &descriptors.to_string()])
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads", "1"])
        .env(TEST, test)
        .env(ROLE, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A process whose parent has failed is not to stay.
fn end_with_parent() {
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        process::exit(1);
    });
}
