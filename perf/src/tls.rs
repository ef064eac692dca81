//! What the programs over TLS are told besides, and how they shake hands then.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser};
use rcgen::generate_simple_self_signed;
use sockeye::Result;
use sockeye::tls::{ClientConfig, Identity, Roots, ServerConfig};

use crate::console;

/// A command line over TLS: that of the same program over TCP, and some options more.
#[derive(Clone, Debug, Parser)]
pub struct OverTls<O: Args, T: Args> {
    /// What it is told over TCP too.
    #[command(flatten)]
    pub options: O,
    /// What concerns TLS.
    #[command(flatten)]
    pub tls: T,
}

/// How a server shakes hands.
#[derive(Args, Clone, Debug)]
pub struct TlsServerOptions {
    /// PEM file with the server's certificate and those above it; without it, one is made for
    /// localhost that nobody vouches for
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// PEM file with the certificate's private key
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Let no client resume its session: send no tickets, and keep nothing
    #[arg(long)]
    pub no_tickets: bool,
}

impl TlsServerOptions {
    /// The configuration.
    ///
    /// # Errors
    ///
    /// Those of [`Identity::from_pem_files`].
    pub fn config(&self) -> Result<ServerConfig> {
        let identity = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => Identity::from_pem_files(cert, key)?,
            _ => self_signed()?,
        };
        let config = ServerConfig::builder(identity);
        match self.no_tickets {
            true => config.tickets(false).session_cache(0).build(),
            false => config.build(),
        }
    }
}

/// How a client shakes hands.
#[derive(Args, Clone, Debug)]
pub struct TlsClientOptions {
    /// PEM file with the authorities to trust; without it, whoever answers is trusted
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

impl TlsClientOptions {
    /// Runs a client program with the configuration.
    pub fn with_config(&self, run: impl FnOnce(&ClientConfig) -> ExitCode) -> ExitCode {
        match self.config() {
            Ok(config) => run(&config),
            Err(error) => {
                console::complain(error);
                ExitCode::FAILURE
            }
        }
    }

    fn config(&self) -> Result<ClientConfig> {
        let config = ClientConfig::builder();
        match &self.ca {
            Some(file) => config.roots(Roots::from_pem_file(file)?).build(),
            None => {
                console::warn("without --ca the server's certificate is not verified");
                config.dangerously_skip_verification().build()
            }
        }
    }
}

fn self_signed() -> Result<Identity> {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let made = generate_simple_self_signed(names).expect("the names are sound");
    Identity::from_pem(made.cert.pem(), made.signing_key.serialize_pem())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::options::{EchoOptions, ServerOptions};

    #[test]
    fn commands_are_sound() {
        OverTls::<ServerOptions, TlsServerOptions>::command().debug_assert();
        OverTls::<EchoOptions, TlsClientOptions>::command().debug_assert();
    }

    #[test]
    fn a_certificate_comes_with_its_key() {
        let parse = |options: &[&str]| {
            let words = ["server", "--port", "0"].iter().chain(options);
            OverTls::<ServerOptions, TlsServerOptions>::try_parse_from(words)
        };
        assert!(parse(&["--cert", "a.pem", "--key", "b.pem", "--no-tickets"]).is_ok());
        assert!(parse(&["--cert", "a.pem"]).is_err());
        assert!(parse(&["--key", "b.pem"]).is_err());
    }
}
