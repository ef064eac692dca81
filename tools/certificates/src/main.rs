//! Makes a certificate authority for development, and a server's and a client's certificate of it.

mod issue;
mod options;
mod write;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

use options::Options;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The program's own words go where errors of command lines go.
            #[expect(clippy::print_stderr, reason = "this is a program")]
            {
                eprintln!("sockeye-certificates: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is a program")]
fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let set = issue::issue(options)?;
    for file in write::write(&set, options)? {
        println!("{}", file.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
