//! What systems make of names: those that find a file by several, and how they write a path.

use std::borrow::Cow;
use std::io;
use std::path::Path;

/// Whether the system finds a file by other names than its own, as Windows and macOS do, whose file
/// systems by default do not look at the case of letters. A path then gets past whoever looks for its
/// name, such as a layer that asks for a password below `/internal`.
pub(super) const HAS_ALIASES: bool = cfg!(any(windows, target_vendor = "apple"));

/// Whether a file below a folder has another name than it was asked for by: in other case, or a short
/// one of Windows (`PROGRA~1`). Both paths are relative to the folder.
///
/// What a link leads to is no alias; nor are the two ways to write an `ü`, of which macOS keeps the
/// one and clients send the other.
pub(super) fn is_alias(asked: &str, real: &Path) -> bool {
    let asked = asked.split('/').filter(|name| !name.is_empty());
    let real = real.components().map(|name| name.as_os_str().to_string_lossy());
    let mut pairs = asked.zip(real);
    pairs.any(|(asked, real)| asked != real && (is_short(asked) || folded(asked) == folded(&real)))
}

/// Whether a program that has the file open lets nobody else read it. Only Windows has such.
pub(super) fn is_locked(error: &io::Error) -> bool {
    cfg!(windows) && error.raw_os_error().is_some_and(|code| LOCKED.contains(&code))
}

/// A path as people write it. Windows' canonical ones begin with `\\?\`.
pub(super) fn plain(path: &str) -> Cow<'_, str> {
    let Some(rest) = path.strip_prefix(r"\\?\") else { return path.into() };
    match rest.strip_prefix(r"UNC\") {
        Some(share) => format!(r"\\{share}").into(),
        None => rest.into(),
    }
}

fn folded(name: &str) -> String {
    name.to_lowercase()
}

fn is_short(name: &str) -> bool {
    let behind = name.rsplit_once('~').map_or("", |(_, behind)| behind);
    behind.starts_with(|c: char| c.is_ascii_digit())
}

/// ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION.
const LOCKED: [i32; 2] = [32, 33];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_other_case_are_aliases() {
        for (asked, real) in [
            ("A.txt", "a.txt"),
            ("a.txt", "A.TXT"),
            ("Sub/b.txt", "sub/b.txt"),
            ("sub/B.txt", "sub/b.txt"),
            ("ÄRGER", "ärger"),
            ("link/B.txt", "sub/b.txt"),
            ("PROGRA~1/a", "Programs of mine/a"),
            ("INDEX~1.HTM", "index.html"),
        ] {
            assert!(is_alias(asked, Path::new(real)), "{asked} for {real}");
        }
    }

    #[test]
    fn what_a_link_leads_to_is_none() {
        for (asked, real) in [
            ("", ""),
            ("a.txt", "a.txt"),
            ("sub/b.txt", "sub/b.txt"),
            ("link", "a.txt"),
            ("link/b.txt", "sub/b.txt"),
            ("Link", "sub/link2"),
            ("backup~", "a.txt"),
            ("a~1", "a~1"),
            // Composed, and decomposed.
            ("\u{fc}", "u\u{308}"),
        ] {
            assert!(!is_alias(asked, Path::new(real)), "{asked} for {real}");
        }
    }

    #[test]
    fn canonical_paths_are_written_as_others() {
        for (canonical, written) in [
            (r"\\?\C:\www", r"C:\www"),
            (r"\\?\UNC\host\share\www", r"\\host\share\www"),
            (r"C:\www", r"C:\www"),
            ("/srv/www", "/srv/www"),
        ] {
            assert_eq!(plain(canonical), written);
        }
    }

    #[test]
    fn locks_are_told_from_other_failures() {
        for code in LOCKED {
            assert_eq!(is_locked(&io::Error::from_raw_os_error(code)), cfg!(windows));
        }
        assert!(!is_locked(&io::ErrorKind::PermissionDenied.into()));
        assert!(!is_locked(&io::Error::from_raw_os_error(5)));
    }
}
