//! The programs in `examples/`, as somebody at a terminal runs them.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use super::{LIMIT, eventually};

/// A running example. It is killed when dropped.
pub struct Program {
    name: &'static str,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    /// What it has printed and was looked at.
    output: Vec<String>,
}

impl Program {
    pub fn start(name: &'static str, args: &[&str]) -> Self {
        let mut child = Command::new(binary(name))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in stdout.lines() {
                if sender.send(line.unwrap()).is_err() {
                    break;
                }
            }
        });
        Self { name, stdin: child.stdin.take(), child, lines, output: Vec::new() }
    }

    /// Types a line.
    pub fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Ends its standard input.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Waits for a line that begins so, and returns it.
    pub fn expect(&mut self, beginning: &str) -> String {
        self.find(beginning, |line| line.starts_with(beginning))
    }

    /// Waits for a line that has this in it, and returns it.
    pub fn expect_with(&mut self, part: &str) -> String {
        self.find(part, |line| line.contains(part))
    }

    /// Waits until it says that it is done, and ends.
    pub fn done(mut self) {
        self.expect("Done!");
        self.finish();
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends, which it must do with success, and returns all that it has printed.
    pub fn finish(mut self) -> Vec<String> {
        while self.next().is_some() {}
        let mut status = None;
        eventually("the program ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        assert!(status.unwrap().success(), "{}: {:#?}", self.name, self.output);
        std::mem::take(&mut self.output)
    }

    fn find(&mut self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        loop {
            let Some(line) = self.next() else {
                panic!("{}: no {what:?} at the end of {:#?}", self.name, self.output);
            };
            if is_it(&line) {
                return line;
            }
        }
    }

    /// The next line, or `None` at the end.
    fn next(&mut self) -> Option<String> {
        match self.lines.recv_timeout(LIMIT) {
            Ok(line) => {
                self.output.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("{}: nothing more within the limit after {:#?}", self.name, self.output)
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Examples are built beside the folder that this test is in.
pub fn binary(name: &str) -> PathBuf {
    let mut path = env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.extend(["examples", name]);
    path.set_extension(env::consts::EXE_EXTENSION);
    assert!(path.exists(), "build them first: cargo build --examples");
    path
}
