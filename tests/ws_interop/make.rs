//! The libraries of others, and the scripts beside that use them.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use crate::common::Running;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Make {
    Python,
    JavaScript,
}

impl Make {
    /// Those that are there; a word to who reads the test's output about those that are not.
    #[expect(clippy::print_stderr, reason = "who reads the test's output shall see it")]
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        [Self::Python, Self::JavaScript].into_iter().filter(|make| {
            let there = make.interpreter().is_some();
            if !there {
                eprintln!("SKIPPED: there is no WebSocket of {make:?} on this machine");
            }
            there
        })
    }

    /// Runs `client` or `server` in a folder.
    pub(crate) fn run(self, script: &str, folder: &Path, args: &[&str]) -> Running {
        let script = self.script(script);
        let script = [self.flag(), &script];
        let interpreter = self.interpreter().expect("one of those that are there");
        Running::start(interpreter, folder, &[&script, args].concat())
    }

    fn interpreter(self) -> Option<&'static str> {
        static PYTHON: LazyLock<Option<&str>> = LazyLock::new(|| Make::Python.find());
        static JAVASCRIPT: LazyLock<Option<&str>> = LazyLock::new(|| Make::JavaScript.find());
        match self {
            Self::Python => *PYTHON,
            Self::JavaScript => *JAVASCRIPT,
        }
    }

    /// The system's own packages are for the system's own interpreter.
    fn find(self) -> Option<&'static str> {
        let candidates = match self {
            Self::Python => ["python3", "/usr/bin/python3"],
            Self::JavaScript => ["node", "/usr/bin/node"],
        };
        candidates.into_iter().find(|interpreter| {
            let mut command = Command::new(interpreter);
            let output = command.args([self.flag(), &self.script("library")]).output();
            output.is_ok_and(|output| output.status.success())
        })
    }

    fn script(self, name: &str) -> String {
        let ending = if self == Self::Python { "py" } else { "js" };
        format!("{}/tests/ws_interop/{name}.{ending}", env!("CARGO_MANIFEST_DIR"))
    }

    /// Leaves nothing beside the script; does without what would be told.
    fn flag(self) -> &'static str {
        if self == Self::Python { "-B" } else { "--no-warnings" }
    }
}
