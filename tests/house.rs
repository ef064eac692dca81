//! The house rules about size and `unsafe` (CONTRIBUTING.md, "Size"), kept by counting.

mod source;

use source::{File, LITERAL, Token, files, tokens};

/// More than this is two files.
const LINES_OF_A_FILE: usize = 600;

/// More than this is two functions.
const LINES_OF_A_FUNCTION: usize = 100;

/// Where `unsafe` may be written: one small module per platform need.
const UNSAFE_ALLOWED: &[&str] = &["src/net/mmsg.rs"];

#[test]
fn files_are_short() {
    let long = tree(&[".rs", ".py", ".sh"]).iter().filter_map(too_long).collect::<Vec<_>>();
    assert!(long.is_empty(), "\n{}\n", long.join("\n"));
}

#[test]
fn functions_are_short() {
    let long = tree(&[".rs"]).iter().flat_map(long_functions).collect::<Vec<_>>();
    assert!(long.is_empty(), "\n{}\n", long.join("\n"));
}

#[test]
fn nothing_is_unsafe() {
    let found = tree(&[".rs"]).iter().flat_map(unsafe_words).collect::<Vec<_>>();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

fn tree(endings: &[&str]) -> Vec<File> {
    let folders = ["src", "perf", "examples", "tools", "fuzz/src", "fuzz/fuzz_targets"];
    let found = folders.iter().flat_map(|folder| files(folder, endings)).collect::<Vec<_>>();
    assert!(found.iter().any(|file| file.name == "src/lib.rs"), "this is not the library's tree");
    found
}

fn too_long(file: &File) -> Option<String> {
    let lines = file.text.lines().count();
    (lines > LINES_OF_A_FILE)
        .then(|| format!("{}: {lines} lines, at most {LINES_OF_A_FILE}", file.name))
}

fn long_functions(file: &File) -> Vec<String> {
    let functions = functions(&tokens(&file.text));
    let long = functions.iter().filter(|function| function.lines > LINES_OF_A_FUNCTION);
    long.map(|Function { name, line, lines }| {
        format!("{}:{line}: fn {name}: {lines} lines, at most {LINES_OF_A_FUNCTION}", file.name)
    })
    .collect()
}

fn unsafe_words(file: &File) -> Vec<String> {
    if UNSAFE_ALLOWED.contains(&&*file.name) {
        return Vec::new();
    }
    let tokens = tokens(&file.text);
    let found = tokens.iter().filter(|token| token.text == "unsafe");
    found
        .map(|token| format!("{}:{}: `unsafe` is not for this file", file.name, token.line))
        .collect()
}

#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

/// Every function with a body, also those inside of others.
fn functions(tokens: &[Token<'_>]) -> Vec<Function> {
    let mut found = Vec::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        // `fn(` is a type; `fn $name` is a macro's.
        if pair[0].text != "fn" || !(pair[1].is_word() || pair[1].text == "$") {
            continue;
        }
        let line = pair[0].line;
        if let Some(last) = body(&tokens[at..]).and_then(|body| end_of_block(&tokens[at + body..]))
        {
            found.push(Function { name: pair[1].text.into(), line, lines: last - line + 1 });
        }
    }
    found
}

/// Where the signature's body opens; none for a trait's function without one.
fn body(signature: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0;
    for (at, token) in signature.iter().enumerate() {
        match token.text {
            "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            "{" if depth == 0 => return Some(at),
            ";" if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The line on which the block closes that `tokens` begin with.
fn end_of_block(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0;
    for token in tokens {
        match token.text {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(token.line);
        }
    }
    None
}

/// The checks themselves: that they can fail, and that they are not fooled.
mod checks {
    use super::*;

    #[test]
    fn a_file_may_have_600_lines() {
        assert_eq!(too_long(&file(&"\n".repeat(600))), None);
        let long = too_long(&file(&"\n".repeat(601)));
        assert_eq!(long.unwrap(), "src/a.rs: 601 lines, at most 600");
    }

    #[test]
    fn a_function_may_have_100_lines() {
        let of = |lines: usize| format!("\n  fn long() {{{}}}", "\n".repeat(lines - 1));
        assert!(long_functions(&file(&of(100))).is_empty());
        let long = long_functions(&file(&of(101)));
        assert_eq!(long, ["src/a.rs:2: fn long: 101 lines, at most 100"]);
    }

    #[test]
    fn braces_in_literals_and_comments_do_not_count() {
        let text = "fn a() {\n '{'; \"{\"; r#\"{\"#; /* { */ // {\n}\nfn b(x: [u8; 4])\n{\n}\n";
        assert_eq!(seen(text), ["a 1+3", "b 4+3"]);
    }

    #[test]
    fn only_bodies_are_functions() {
        let text = "trait T { fn a(&self); fn b(&self) { struct S; } }\n type F = fn(u8) -> u8;";
        assert_eq!(seen(text), ["b 1+1"]);
    }

    #[test]
    fn functions_in_functions_and_macros_are_seen() {
        let text = "fn a() {\n fn b() {\n }\n}\nmacro_rules! m { ($n:ident) => { fn $n() {\n} } }";
        assert_eq!(seen(text), ["a 1+4", "b 2+2", "$ 5+2"]);
    }

    #[test]
    fn unsafe_is_found_where_it_is_code() {
        let text = "// unsafe\n#![forbid(unsafe_code)]\n\"unsafe\"; unsafe { }";
        assert_eq!(unsafe_words(&file(text)), ["src/a.rs:3: `unsafe` is not for this file"]);
    }

    fn file(text: &str) -> File {
        File { name: "src/a.rs".into(), text: text.into() }
    }

    /// Name, first line and number of lines.
    fn seen(text: &str) -> Vec<String> {
        let found = functions(&tokens(text)).into_iter();
        found.map(|Function { name, line, lines }| format!("{name} {line}+{lines}")).collect()
    }
}

/// The reading of sources beneath.
mod reading {
    use super::*;

    #[test]
    fn words_and_signs_carry_their_lines() {
        assert_eq!(seen("fn a()\n{ b::c }"), ["fn", "a", "(", ")", "{", "b", "::", "c", "}"]);
        let last = *tokens("a\n/* x\ny */ \"\n\"\nb").last().unwrap();
        assert_eq!((last.text, last.line), ("b", 5));
    }

    #[test]
    fn comments_are_dropped() {
        assert_eq!(seen("a // unsafe {\nb /* { /* } */ unsafe */ c /// d"), ["a", "b", "c"]);
    }

    #[test]
    fn literals_are_hollow() {
        for literal in [
            r#""}""#,
            r#""\"{""#,
            r##"r"\""##,
            r###"r#"a"b"#"###,
            r##"b"{""##,
            r##"c"{""##,
            r###"br#"{"#"###,
            "'{'",
            r"'\''",
            r"'\\'",
            r"'\u{7d}'",
            r"b'{'",
            "'é'",
            "\"a\nb\"",
        ] {
            assert_eq!(seen(&format!("a {literal} b")), ["a", LITERAL, "b"], "{literal}");
        }
    }

    #[test]
    fn lifetimes_and_raw_names_are_words() {
        assert_eq!(seen("&'a str, 'b: r#type"), ["&", "'a", "str", ",", "'b", ":", "r#type"]);
        assert_eq!(seen("f::<'a, 'b>()"), ["f", "::", "<", "'a", ",", "'b", ">", "(", ")"]);
    }

    #[test]
    fn what_never_ends_ends_with_the_text() {
        for text in ["\"a", "r#\"a", "/* a", "'\\", "r#", "'", "b'"] {
            tokens(text);
        }
    }

    fn seen(text: &str) -> Vec<&str> {
        tokens(text).iter().map(|token| token.text).collect()
    }
}
