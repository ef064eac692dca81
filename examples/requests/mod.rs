//! What `http_client` and `https_client` have in common: requests as they are typed.

use std::error::Error;
use std::io;

use sockeye::http::{Client, ClientResponse, Method};

/// Asks what is typed, line by line, of the server at this URL.
pub(crate) fn converse(client: &Client, server: &str) -> Result<(), Box<dyn Error>> {
    println!("Type METHOD /path [body], or only Enter to stop the client.");
    println!("For example: PUT /api/cache/colour crimson");
    for line in io::stdin().lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        let mut words = line.trim().splitn(3, ' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));
        match ask(client, method, &format!("{server}{path}"), words.next()) {
            Ok(()) => {}
            Err(error) => println!("{error}"),
        }
    }
    Ok(())
}

/// Asks once, and shows the answer.
pub(crate) fn ask(
    client: &Client,
    method: &str,
    url: &str,
    body: Option<&str>,
) -> Result<(), Box<dyn Error>> {
    let method: Method = method.to_ascii_uppercase().parse()?;
    let mut call = client.request(method, url);
    if let Some(body) = body {
        call = call.header("Content-Type", "text/plain; charset=utf-8").body(body.to_owned());
    }
    show(&call.send()?)
}

fn show(answer: &ClientResponse) -> Result<(), Box<dyn Error>> {
    println!("{} {}", answer.version(), answer.status());
    for (name, value) in answer.headers().iter() {
        println!("{name}: {}", String::from_utf8_lossy(value));
    }
    println!("\n{}", String::from_utf8_lossy(answer.bytes()).trim_end());
    Ok(())
}
