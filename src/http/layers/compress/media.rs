//! What becomes shorter.

/// Whether content of this type is likely to become shorter when it is compressed: pictures, films and
/// archives are compressed already.
pub(super) fn is_compressible(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((main, sub)) = media.split_once('/') else { return false };
    match main {
        "text" => true,
        "application" => {
            APPLICATIONS.contains(&sub) || sub.ends_with("+json") || sub.ends_with("+xml")
        }
        "font" => matches!(sub, "ttf" | "otf" | "collection"),
        "image" => matches!(sub, "svg+xml" | "bmp" | "x-icon" | "vnd.microsoft.icon"),
        "model" => sub.ends_with("+xml") || sub.ends_with("+json") || sub == "obj",
        _ => false,
    }
}

const APPLICATIONS: [&str; 12] = [
    "ecmascript",
    "graphql",
    "javascript",
    "json",
    "openmetrics-text",
    "rtf",
    "sql",
    "vnd.ms-fontobject",
    "wasm",
    "x-javascript",
    "x-ndjson",
    "xml",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_the_like_is_compressible() {
        for media in [
            "text/html; charset=utf-8",
            "TEXT/plain",
            "text/event-stream",
            "application/json",
            "application/problem+json;x=y",
            "application/xhtml+xml",
            "application/wasm",
            "image/svg+xml",
        ] {
            assert!(is_compressible(media), "{media}");
        }
        for media in ["image/png", "video/mp4", "application/zip", "font/woff2", "text", "", "/"] {
            assert!(!is_compressible(media), "{media}");
        }
    }
}
