//! Folders that are served, and the cache.

mod basics;
mod cache;
mod changes;
mod codings;
mod conditions;
mod names;
mod ranges;
mod routed;
mod streaming;
mod traversal;

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use sockeye::http::{self, Fields, Files, Handler};
use sockeye::testing::Harness;

use crate::answer::Answer;
use crate::common::Folder;

/// A client that asks one thing after another.
struct Site {
    peer: Harness,
}

impl Site {
    fn new(handler: impl Handler) -> Self {
        Self { peer: Harness::new(http::server(handler)) }
    }

    /// Of what is in a folder, without options.
    fn of(folder: &Folder) -> Self {
        Self::new(Files::new(folder.path()))
    }

    #[track_caller]
    fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }

    #[track_caller]
    fn get_with(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, fields)
    }

    #[track_caller]
    fn ask(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n");
        for (name, value) in fields {
            request += &format!("{name}: {value}\r\n");
        }
        let bytes = self.peer.feed(request + "\r\n");
        let mut rest = &*bytes;
        let answer = Answer::take(&mut rest, method.parse().unwrap());
        assert_eq!(rest, b"", "behind the answer");
        for (name, _) in answer.fields.iter() {
            assert_eq!(answer.fields.all(name).count(), 1, "{name}");
        }
        answer
    }
}

/// Status and fields of an answer, but for the date.
fn head(answer: &Answer) -> (u16, Fields) {
    let mut fields = answer.fields.clone();
    fields.remove("date");
    (answer.status, fields)
}

/// A file that was changed long ago, at this second of Unix time.
fn old_file(folder: &Folder, name: &str, contents: impl AsRef<[u8]>, changed: u64) {
    if let Some((parent, _)) = name.rsplit_once('/') {
        fs::create_dir_all(folder.path().join(parent)).unwrap();
    }
    set_changed(&folder.file(name, contents), changed);
}

fn set_changed(path: &Path, seconds: u64) {
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    File::options().write(true).open(path).unwrap().set_modified(changed).unwrap();
}

/// Sun, 06 Nov 1994 08:49:37 GMT
const LONG_AGO: u64 = 784_111_777;

const LONG_AGO_TEXT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
