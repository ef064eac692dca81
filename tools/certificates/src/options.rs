//! What the command line says.

use std::path::PathBuf;

use clap::Parser;

/// Makes certificates for development: an authority, and a server's and a client's certificate of
/// it, as PEM and as PKCS#12. Whoever has `ca-key.pem` can be any server for those who trust
/// `ca.pem`: trust it on machines of developers only.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Options {
    /// The folder to write to; it is made if need be
    #[arg(long, default_value = "certs")]
    pub(crate) out: PathBuf,
    /// A name or an IP address of the server; may be given several times
    #[arg(long = "name", default_values = ["localhost", "127.0.0.1", "::1"])]
    pub(crate) names: Vec<String>,
    /// The client's name
    #[arg(long, default_value = "client")]
    pub(crate) client: String,
    /// For how many days the certificates are valid
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(crate) days: u32,
    /// The password of the PKCS#12 files
    #[arg(long, default_value = "qwerty")]
    pub(crate) password: String,
    /// Whether files that are there already are replaced
    #[arg(long)]
    pub(crate) force: bool,
}
