//! Programs of other makes: whether they are there, and what comes of them.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::{LIMIT, eventually};

/// Whether the program says its version; a word to who reads the test's output if not.
#[expect(clippy::print_stderr, reason = "who reads the test's output shall see it")]
pub fn is_there(program: &str, version: &str) -> bool {
    let said = Command::new(program).arg(version).output();
    // LibreSSL goes by that name too, as on macOS, and has other options.
    let is_it = |said: &[u8]| program != "openssl" || said.starts_with(b"OpenSSL");
    let there = said.is_ok_and(|out| out.status.success() && is_it(&out.stdout));
    if !there {
        eprintln!("SKIPPED: there is no {program} on this machine");
    }
    there
}

/// What a program has said until it ended.
#[derive(Debug)]
pub struct Said {
    pub output: Vec<u8>,
    pub errors: String,
    /// What it ended with; `None` if it was by a signal.
    pub code: Option<i32>,
}

impl Said {
    /// The output, of a program that has succeeded.
    #[track_caller]
    pub fn good(self) -> Vec<u8> {
        let output = String::from_utf8_lossy(&self.output[..self.output.len().min(2000)]);
        assert_eq!(self.code, Some(0), "{output}\n{}", self.errors);
        self.output
    }

    /// The same as text.
    #[track_caller]
    pub fn text(self) -> String {
        String::from_utf8(self.good()).unwrap()
    }
}

/// A program that runs; it ends with the test.
pub struct Running {
    child: Child,
    output: Option<BufReader<ChildStdout>>,
    errors: Receiver<String>,
}

impl Running {
    pub fn start(program: &str, folder: &Path, args: &[impl AsRef<OsStr>]) -> Self {
        let mut command = Command::new(program);
        command.args(args).current_dir(folder);
        for name in ["http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (output, errors) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (told, errors) = (channel(), errors);
        drain(errors, move |said| drop(told.0.send(String::from_utf8_lossy(&said).into_owned())));
        Self { child, output: Some(BufReader::new(output)), errors: told.1 }
    }

    /// The next line that it says, without its end.
    #[track_caller]
    pub fn line(&mut self) -> String {
        let mut output = self.output.take().unwrap();
        let (told, line) = channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = output.read_line(&mut line).map(|_| line);
            let _ = told.send((read, output));
        });
        let (line, output) = line.recv_timeout(LIMIT).expect("it says something within the limit");
        self.output = Some(output);
        line.unwrap().trim_end().to_owned()
    }

    /// Whether it still runs.
    pub fn lives(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What it has complained of until it ended.
    #[track_caller]
    pub fn errors(&self) -> String {
        self.errors.recv_timeout(LIMIT).expect("it ends within the limit")
    }

    /// Gives it this input, and waits for its end.
    #[track_caller]
    pub fn finish(mut self, input: Vec<u8>) -> Said {
        if let Some(mut stdin) = self.child.stdin.take() {
            // It need not read all of it.
            thread::spawn(move || drop(stdin.write_all(&input)));
        }
        let (told, output) = channel();
        drain(self.output.take().unwrap(), move |said| drop(told.send(said)));
        let output = output.recv_timeout(LIMIT).expect("it ends within the limit");
        let errors = self.errors();
        eventually("it ends", || !self.lives());
        Said { output, errors, code: self.child.wait().unwrap().code() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn drain(mut from: impl Read + Send + 'static, told: impl FnOnce(Vec<u8>) + Send + 'static) {
    thread::spawn(move || {
        let mut said = Vec::new();
        let _ = from.read_to_end(&mut said);
        told(said);
    });
}
