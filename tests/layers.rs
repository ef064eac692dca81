//! Who may use whom: reads the paths in `src/` and fails on an arrow that is not in the table.
//!
//! What it sees: `use` trees and paths in code that begin at `crate`, `super`, `self` or an
//! external crate, test modules included. What it does not see: names that a macro puts together.

mod source;

use std::collections::BTreeMap;

use source::{File, LITERAL, Token, files, read, tokens};

/// The folders of `src/`, and the folders each may use besides itself and `error`.
const LAYERS: &[(&str, &[&str])] = &[
    ("raw", PROTOCOL),
    ("framed", PROTOCOL),
    // What a connection speaks behind HTTP may be raw bytes.
    ("http", &["raw", "session", "server", "client", "codec", "testing"]),
    ("ws", &["http", "session", "server", "client", "service", "codec", "testing"]),
    ("sp", PROTOCOL),
    ("fbe", PROTOCOL),
    ("middleware", &["session", "server", "service", "net", "codec"]),
    ("server", &["session", "service", "net"]),
    ("client", &["session", "service", "net"]),
    ("metrics", &["server", "client", "udp", "session", "service"]),
    ("session", &["service", "net"]),
    ("udp", &["service", "net"]),
    ("net", &["codec"]),
    ("service", &[]),
    ("codec", &[]),
    ("error", &[]),
    // A page, without code.
    ("platforms", &[]),
    // The harness drives a handler of any protocol, so that it knows none.
    ("testing", &["server", "client", "session", "udp", "service", "net", "codec"]),
];

const PROTOCOL: &[&str] = &["session", "server", "client", "codec", "testing"];

/// The dependencies, and the files that may name them, by how their names begin.
const CRATES: &[(&str, &[&str])] = &[
    ("base64", &["src/codec/http/", "src/codec/ws/", "src/http/"]),
    ("bytes", &["src/"]),
    ("core_affinity", &["src/service/"]),
    ("dns_lookup", &["src/net/"]),
    ("flate2", &["src/codec/ws/deflate/", "src/http/"]),
    ("getrandom", &["src/ws/"]),
    ("httparse", &["src/codec/http/"]),
    ("ipnet", &["src/net/"]),
    ("libc", &["src/net/mmsg.rs"]),
    ("log", ABOVE_CODEC),
    ("loom", &["src/service/"]),
    ("matchit", &["src/http/router/"]),
    ("memchr", &["src/codec/"]),
    ("metrics", &["src/metrics/facade.rs"]),
    ("mime_guess", &["src/http/files/"]),
    ("mio", &["src/net/", "src/service/"]),
    ("nix", &["src/net/"]),
    ("notify", &["src/http/files/"]),
    ("p12_keystore", &["src/net/tls/"]),
    ("percent_encoding", &["src/codec/http/"]),
    ("pkcs8", &["src/net/tls/"]),
    ("rustix", &["src/net/"]),
    ("rustls", &["src/net/tls/"]),
    ("rustls_platform_verifier", &["src/net/tls/"]),
    ("serde", HTTP),
    ("serde_json", HTTP),
    ("sha1", &["src/codec/ws/handshake/"]),
    ("slab", ABOVE_CODEC),
    ("socket2", &["src/net/"]),
    ("url", &["src/codec/http/"]),
    ("uuid", ABOVE_CODEC),
    ("webpki", &["src/net/tls/"]),
];

const HTTP: &[&str] = &["src/codec/http/", "src/http/"];

const ABOVE_CODEC: &[&str] = &[
    "src/raw/",
    "src/framed/",
    "src/http/",
    "src/ws/",
    "src/sp/",
    "src/fbe/",
    "src/middleware/",
    "src/server/",
    "src/client/",
    "src/session/",
    "src/udp/",
    "src/net/",
    "src/service/",
    "src/testing",
];

/// A codec is given its bytes, the time and random numbers. So it has no business here.
const NOT_IN_CODECS: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::sync",
    "std::thread",
    "std::time",
];

/// ... except for what is only a value.
const IN_CODECS: &[&str] = &[
    "std::net::IpAddr",
    "std::net::Ipv4Addr",
    "std::net::Ipv6Addr",
    "std::net::SocketAddr",
    "std::time::Duration",
];

#[test]
fn every_arrow_is_in_the_table() {
    let sources = files("src", &[".rs"]);
    let exports = exports(&read("src/lib.rs"));
    let mut found = sources.iter().flat_map(|file| violations(file, &exports)).collect::<Vec<_>>();
    found.extend(unknown_crates(&read("Cargo.toml")));
    found.extend(second_file_of("libc", &sources));
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

fn violations(file: &File, exports: &Exports) -> Vec<String> {
    let layer = layer(&file.name);
    if layer == "lib" {
        return Vec::new();
    }
    let Some(&(_, may_use)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        return vec![format!("{}: `{layer}` is in no layer: give it a row", file.name)];
    };
    let objections = paths(file).into_iter().filter_map(|path| {
        let objection = match &*path.names[0] {
            "crate" => inner(layer, may_use, &path.names, exports),
            _ => outer(&file.name, layer, &path.names),
        };
        Some(format!("{}:{}: {}", file.name, path.line, objection?))
    });
    let mut objections = objections.collect::<Vec<_>>();
    // A name may be said twice on one line; once is enough to know.
    objections.dedup();
    objections
}

/// The objection against an arrow from one folder to another.
fn inner(layer: &str, may_use: &[&str], names: &[String], exports: &Exports) -> Option<String> {
    let path = names.join("::");
    let Some(target) = names.get(1).filter(|name| *name != "*") else {
        return Some(format!("`{path}` hides whom `{layer}` uses: name it"));
    };
    if LAYERS.iter().any(|(name, _)| name == target) {
        let allowed = target == layer || target == "error" || may_use.contains(&&**target);
        return (!allowed)
            .then(|| format!("`{layer}` must not use `{target}` (`{path}`), only {may_use:?}"));
    }
    // The public interface is everybody's vocabulary, except for those it stands on.
    let origin = exports.get(target)?;
    (origin != layer && reaches(origin, layer))
        .then(|| format!("`{layer}` must not use `{origin}` (`{path}`), which stands on it"))
}

/// The objection against an arrow from a file to another crate.
fn outer(file: &str, layer: &str, names: &[String]) -> Option<String> {
    let path = names.join("::");
    if layer == "codec" {
        let below = |list: &[&str]| list.iter().any(|prefix| begins(names, prefix));
        if below(NOT_IN_CODECS) && !below(IN_CODECS) {
            return Some(format!("`codec` must not use `{path}`: it is sans-IO"));
        }
    }
    let (name, places) = CRATES.iter().find(|(name, _)| *name == names[0])?;
    let allowed = places.iter().any(|place| file.starts_with(place));
    (!allowed)
        .then(|| format!("`{layer}` must not use the crate `{name}` (`{path}`), only {places:?}"))
}

/// Whether one folder uses the other, itself or through those it may use.
fn reaches(from: &str, to: &str) -> bool {
    let row = LAYERS.iter().find(|(name, _)| *name == from);
    to == "error" || row.is_some_and(|(_, uses)| uses.iter().any(|of| *of == to || reaches(of, to)))
}

/// A dependency that is in no row could be used by everybody, unseen.
fn unknown_crates(manifest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == "[dependencies]" || line.ends_with(".dependencies]");
            inside &= !line.starts_with("[workspace");
        } else if let Some((key, _)) = line.split_once('=').filter(|_| inside) {
            let name = key.trim().split('.').next().unwrap_or_default().replace('-', "_");
            if !line.starts_with(['#', ' ']) && !CRATES.iter().any(|(known, _)| *known == name) {
                found.push(format!("Cargo.toml: `{name}` is in no row of `CRATES`"));
            }
        }
    }
    found
}

/// What shall be easy to exchange has one file.
fn second_file_of(name: &str, sources: &[File]) -> Vec<String> {
    let uses = |file: &&File| paths(file).iter().any(|path| path.names[0] == name);
    let second = sources.iter().filter(uses).skip(1);
    second.map(|file| format!("{}: `{name}` has its one file already", file.name)).collect()
}

/// The names at the crate's root, and the folder each comes from.
type Exports = BTreeMap<String, String>;

fn exports(lib: &str) -> Exports {
    let file = File { name: "src/lib.rs".into(), text: lib.into() };
    let ours = |name: &String| LAYERS.iter().any(|(layer, _)| layer == name);
    let mut found = Exports::new();
    for Path { names, .. } in paths(&file) {
        let mut names = names.iter().skip_while(|name| *name == "crate");
        if let (Some(origin), Some(name)) = (names.next().filter(|name| ours(name)), names.last()) {
            found.insert(name.clone(), origin.clone());
        }
    }
    found
}

/// `src/net/tcp.rs` and `src/net.rs` are `net`.
fn layer(file: &str) -> &str {
    let inside = file.strip_prefix("src/").unwrap_or(file);
    let top = inside.split('/').next().unwrap_or(inside);
    top.strip_suffix(".rs").unwrap_or(top)
}

fn begins(names: &[String], prefix: &str) -> bool {
    prefix.split("::").enumerate().all(|(at, part)| names.get(at).is_some_and(|name| name == part))
}

/// A path from its root: `crate` or the name of another crate; `*` stands for all.
#[derive(Debug, PartialEq, Eq)]
struct Path {
    names: Vec<String>,
    line: usize,
}

/// The paths a file names that lead out of the module they are in.
fn paths(file: &File) -> Vec<Path> {
    let tokens = tokens(&file.text);
    let mut reader = Reader { tokens: &tokens, module: module(&file.name), paths: Vec::new() };
    reader.read();
    reader.paths
}

/// Where a file's items are: `crate` first.
fn module(file: &str) -> Vec<String> {
    let inside = file.trim_start_matches("src/").trim_end_matches(".rs");
    let names = inside.split('/').filter(|name| !["lib", "mod"].contains(name));
    ["crate"].into_iter().chain(names).map(String::from).collect()
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    module: Vec<String>,
    paths: Vec<Path>,
}

impl<'a> Reader<'a> {
    fn read(&mut self) {
        let (mut at, mut depth) = (0, 0);
        let mut opened = Vec::new();
        while at < self.tokens.len() {
            match self.text(at) {
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    if opened.last() == Some(&depth) {
                        opened.pop();
                        self.module.pop();
                    }
                }
                "mod" if self.text(at + 2) == "{" => {
                    opened.push(depth);
                    self.module.push(self.text(at + 1).into());
                }
                // `use<'a>` is not one of ours.
                "use" if self.text(at + 1) != "<" => {
                    at = self.tree(at + 1, &[]);
                    continue;
                }
                "extern" if self.text(at + 1) == "crate" => self.found(at, &[self.text(at + 2)]),
                _ if self.starts_path(at) => at = self.path(at),
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads a `use` tree, and gives the index of what follows it.
    fn tree(&mut self, mut at: usize, prefix: &[&'a str]) -> usize {
        let mut names = prefix.to_vec();
        while at < self.tokens.len() {
            match self.text(at) {
                "{" => {
                    at += 1;
                    while at < self.tokens.len() && self.text(at) != "}" {
                        at = self.tree(at, &names);
                        at += usize::from(self.text(at) == ",");
                    }
                    return at + 1;
                }
                "," | "}" | ")" | ";" => break,
                "::" => {}
                "as" => at += 1,
                name => names.push(name),
            }
            at += 1;
        }
        self.found(at - 1, &names);
        // A parenthesis belongs to a macro's pattern, not to the tree.
        at + usize::from(self.text(at) == ")")
    }

    /// Reads a path in code, and gives the index of its last name.
    fn path(&mut self, at: usize) -> usize {
        let mut last = at;
        while self.text(last + 1) == "::" && self.is_word(last + 2) {
            last += 2;
        }
        let names = (at..=last).step_by(2).map(|at| self.text(at)).collect::<Vec<_>>();
        self.found(at, &names);
        last
    }

    fn starts_path(&self, at: usize) -> bool {
        let root = self.text(at);
        let known = ["crate", "self", "super", "std"].contains(&root)
            || CRATES.iter().any(|(name, _)| *name == root);
        let before = |back: usize| at.checked_sub(back).map_or(LITERAL, |at| self.text(at));
        let continues = before(1) == "::" && (before(2) == ">" || at > 1 && self.is_word(at - 2));
        known && self.text(at + 1) == "::" && !continues
    }

    /// Keeps the path whose line is that of the token at `at`.
    fn found(&mut self, at: usize, names: &[&str]) {
        let names = match names {
            [names @ .., "self"] if !names.is_empty() => names,
            _ => names,
        };
        let mut absolute = match names.first() {
            Some(&("self" | "super")) => self.module.clone(),
            Some(_) => Vec::new(),
            None => return,
        };
        for name in names {
            match *name {
                "self" => {}
                "super" => absolute.truncate(absolute.len().max(2) - 1),
                name => absolute.push(name.into()),
            }
        }
        self.paths.push(Path { names: absolute, line: self.tokens[at].line });
    }

    fn is_word(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(Token::is_word)
    }

    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or(LITERAL, |token| token.text)
    }
}

/// The checker itself: that it can fail, and that it is not fooled.
mod checks {
    use super::*;

    #[test]
    fn what_the_table_allows_passes() {
        for (name, text) in [
            (
                "src/raw/mod.rs",
                "use crate::session::Io; use crate::{server::Server, error::Error};",
            ),
            ("src/session/turn.rs", "use crate::net::Stream; use super::limits::Limits;"),
            ("src/net/tcp.rs", "use mio::net::TcpStream; fn f() { socket2::Socket::new() }"),
            ("src/net/tls/layer.rs", "use rustls::ServerConnection;"),
            ("src/service/mod.rs", "use crate::service::worker; use self::home::Home;"),
            ("src/testing.rs", "use crate::{client, server, session::Io};"),
            ("src/lib.rs", "pub use raw::Handler; pub use net::Addr;"),
            ("src/codec/ws.rs", "use std::time::Duration; use std::fmt;"),
        ] {
            assert_eq!(seen(name, text), [""; 0], "{name}: {text}");
        }
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_named() {
        assert_eq!(
            seen("src/net/tcp.rs", "\nuse crate::session::Io;"),
            ["src/net/tcp.rs:2: `net` must not use `session` (`crate::session::Io`), \
              only [\"codec\"]"]
        );
        assert_eq!(
            seen("src/raw/mod.rs", "use mio::Token;"),
            ["src/raw/mod.rs:1: `raw` must not use the crate `mio` (`mio::Token`), \
              only [\"src/net/\", \"src/service/\"]"]
        );
        assert_eq!(
            seen("src/codec/http.rs", "use std::time::{Duration, Instant};"),
            ["src/codec/http.rs:1: `codec` must not use `std::time::Instant`: it is sans-IO"]
        );
    }

    #[test]
    fn arrows_do_not_hide() {
        for (name, text) in [
            ("src/net/tcp.rs", "use crate::{error::Error, session::{handle::{self}}};"),
            ("src/net/tcp.rs", "use {crate::{\n session}};"),
            ("src/net/tcp.rs", "pub(crate) use crate::session::Io as Other;"),
            ("src/net/tcp.rs", "fn f() -> crate::session::Io { }"),
            ("src/net/tcp.rs", "fn f() { g::<crate::session::Io>() }"),
            ("src/net/tcp.rs", "use super::super::session;"),
            ("src/net/mod.rs", "use super::session::Io;"),
            ("src/net.rs", "fn f() { super::session::Io::new() }"),
            ("src/net.rs", "mod a { mod b { use super::super::super::session; } }"),
            ("src/net.rs", "mod a { } fn f() { super::session::Io::new() }"),
            ("src/net.rs", "#[cfg(test)] mod tests { use crate::session::Io; }"),
            ("src/net.rs", "macro_rules! m { () => { $crate::session::Io } }"),
            ("src/net.rs", "use crate::*;"),
            ("src/net.rs", "use crate as root;"),
            ("src/net/mod.rs", "use super::*;"),
            ("src/session/mod.rs", "use ::mio::Token;"),
            ("src/session/mod.rs", "fn f(x: ::mio::Token) {}"),
            ("src/session/mod.rs", "use mio as io;"),
            ("src/session/mod.rs", "extern crate mio;"),
            ("src/service/mod.rs", "use rustls::ServerConnection;"),
            ("src/net/tcp.rs", "use rustls::ServerConnection;"),
            ("src/codec/ws.rs", "use log::debug;"),
            ("src/codec/ws.rs", "fn f() { std::thread::yield_now() }"),
            ("src/error.rs", "fn f() { crate::net::f() }"),
            ("src/stray/mod.rs", ""),
        ] {
            assert_eq!(seen(name, text).len(), 1, "{name}: {text}");
        }
    }

    #[test]
    fn what_is_no_path_is_no_arrow() {
        for text in [
            "// use crate::session::Io;",
            "/// [`Io`](crate::session::Io)",
            "fn f() { \"crate::session::Io\"; r#\"use mio;\"#; }",
            "fn f() -> impl Fn() + use<'_> { }",
            "fn f() { g::mio::h(); a.mio(); let mio = 1; }",
            "pub(crate) struct A; pub(in crate::net) struct B;",
            "mod tests { use super::*; }",
            "use super::options::*;",
        ] {
            assert_eq!(seen("src/net/tcp.rs", text), [""; 0], "{text}");
        }
    }

    #[test]
    fn the_public_interface_is_for_those_above() {
        let lib = "mod net; pub use session::{CloseReason, handle::Handle}; pub use net::Addr;
            pub use crate::error::Error; pub use bytes::Bytes;";
        let seen = |name: &str, text: &str| violations(&file(name, text), &exports(lib));
        let text = "use crate::{Addr, CloseReason, Error, Handle};";
        assert_eq!(seen("src/raw/mod.rs", text), [""; 0]);
        assert_eq!(seen("src/session/mod.rs", text), [""; 0]);
        assert_eq!(
            seen("src/net/mod.rs", text),
            ["CloseReason", "Handle"].map(|name| format!(
                "src/net/mod.rs:1: `net` must not use `session` (`crate::{name}`), \
                 which stands on it"
            ))
        );
    }

    #[test]
    fn every_dependency_has_a_row() {
        let manifest =
            "[package]\nname = \"x\"\n[dependencies]\nmio = \"1\"\nnew-one.workspace = true
[dev-dependencies]\ny = \"1\"\n[target.'cfg(z)'.dependencies]\nz = { path = \"z\" }\n";
        assert_eq!(
            unknown_crates(manifest),
            ["new_one", "z"].map(|name| format!("Cargo.toml: `{name}` is in no row of `CRATES`"))
        );
    }

    fn seen(name: &str, text: &str) -> Vec<String> {
        violations(&file(name, text), &Exports::new())
    }

    fn file(name: &str, text: &str) -> File {
        File { name: name.into(), text: text.into() }
    }
}
