//! rustls without its buffers: either side of a connection, one step at a time.

use std::sync::{Arc, OnceLock};

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ResolvesServerCert, UnbufferedServerConnection};
use rustls::sign::CertifiedKey;
use rustls::unbuffered::{
    AppDataRecord, ConnectionState, EncodeError, EncodeTlsData, EncryptError, UnbufferedStatus,
    WriteTraffic,
};
use rustls::{ClientConfig, CommonState, Error, ServerConfig};

pub(super) enum Engine {
    Server(UnbufferedServerConnection, Arc<AskedName>),
    Client(UnbufferedClientConnection, Option<Box<str>>),
}

/// What a step has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// There may be more to do.
    Again,
    /// More input is needed.
    Starved,
    /// The peer has said `close_notify`; there may be more to do.
    PeerClosed,
}

/// Both sides have the same states, of different types.
macro_rules! on_either {
    ($engine:expr, $incoming:expr, $handle:expr) => {
        match $engine {
            Engine::Server(server, _) => $handle(server.process_tls_records($incoming)),
            Engine::Client(client, _) => $handle(client.process_tls_records($incoming)),
        }
    };
}

impl Engine {
    pub(super) fn server(config: &ServerConfig) -> Result<Self, Error> {
        let asked = Arc::new(AskedName {
            resolver: Arc::clone(&config.cert_resolver),
            name: OnceLock::new(),
        });
        let mut config = config.clone();
        config.cert_resolver = Arc::clone(&asked) as Arc<dyn ResolvesServerCert>;
        Ok(Self::Server(UnbufferedServerConnection::new(Arc::new(config))?, asked))
    }

    pub(super) fn client(
        config: &Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<Self, Error> {
        // Nobody is asked for an IP address (RFC 6066 3).
        let asked = match &name {
            ServerName::DnsName(name) => Some(name.as_ref().into()),
            _ => None,
        };
        Ok(Self::Client(UnbufferedClientConnection::new(Arc::clone(config), name)?, asked))
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.common().is_handshaking()
    }

    pub(super) fn common(&self) -> &CommonState {
        match self {
            Self::Server(server, _) => server,
            Self::Client(client, _) => client,
        }
    }

    /// The name that the client asked for.
    pub(super) fn server_name(&self) -> Option<&str> {
        match self {
            Self::Server(_, asked) => asked.name.get().map(|name| &**name),
            Self::Client(_, name) => name.as_deref(),
        }
    }

    /// Takes the next record from the front of `incoming`; how much of it is done with is told in
    /// any case. What is to be sent is appended to `outgoing`, also the alert after an error.
    pub(super) fn step(
        &mut self,
        incoming: &mut [u8],
        outgoing: &mut Vec<u8>,
        mut plain: impl FnMut(&[u8]),
    ) -> (usize, Result<Step, Error>) {
        let (done, outcome) =
            on_either!(self, incoming, |status| step(status, outgoing, &mut plain));
        let mut rest = outcome.as_ref().err().and_then(|_| incoming.get_mut(done..));
        // Comes before anything else is looked at, piece by piece.
        while let Some(rest) = rest.as_deref_mut().filter(|_| self.common().wants_write()) {
            if on_either!(self, rest, |status| step(status, outgoing, &mut plain).1).is_err() {
                break;
            }
        }
        (done, outcome)
    }

    /// Encrypts to the front of `sealed`; what has to go before it is appended to `outgoing`.
    /// `kept` is the input that is not complete yet.
    pub(super) fn encrypt(
        &mut self,
        data: &[u8],
        kept: &mut [u8],
        outgoing: &mut Vec<u8>,
        sealed: &mut [u8],
    ) -> Result<usize, Error> {
        self.when_open(kept, outgoing, |traffic, _| traffic.encrypt(data, sealed))
    }

    /// Appends `close_notify` (RFC 8446 6.1).
    pub(super) fn close_notify(
        &mut self,
        kept: &mut [u8],
        outgoing: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.when_open(kept, outgoing, |traffic, outgoing| {
            append(outgoing, |room| traffic.queue_close_notify(room))
        })
    }

    fn when_open<R>(
        &mut self,
        kept: &mut [u8],
        outgoing: &mut Vec<u8>,
        mut write: impl FnMut(&mut dyn Traffic, &mut Vec<u8>) -> Result<R, EncryptError>,
    ) -> Result<R, Error> {
        for _ in 0..PENDING {
            let written = on_either!(self, kept, |status| write_open(status, outgoing, &mut write));
            if let Some(written) = written? {
                return written.map_err(|error| Error::General(error.to_string()));
            }
        }
        Err(Error::HandshakeNotComplete)
    }
}

/// Messages of its own that a connection may have to send before it can send data: an answer to a
/// key update and tickets, above all.
const PENDING: usize = 64;

/// [`WriteTraffic`] of either side.
trait Traffic {
    fn encrypt(&mut self, data: &[u8], sealed: &mut [u8]) -> Result<usize, EncryptError>;
    fn queue_close_notify(&mut self, sealed: &mut [u8]) -> Result<usize, EncryptError>;
}

impl<D> Traffic for WriteTraffic<'_, D> {
    fn encrypt(&mut self, data: &[u8], sealed: &mut [u8]) -> Result<usize, EncryptError> {
        WriteTraffic::encrypt(self, data, sealed)
    }

    fn queue_close_notify(&mut self, sealed: &mut [u8]) -> Result<usize, EncryptError> {
        WriteTraffic::queue_close_notify(self, sealed)
    }
}

fn step<D>(
    status: UnbufferedStatus<'_, '_, D>,
    outgoing: &mut Vec<u8>,
    plain: &mut impl FnMut(&[u8]),
) -> (usize, Result<Step, Error>) {
    let UnbufferedStatus { mut discard, state } = status;
    let step = match state {
        Err(error) => Err(error),
        Ok(ConnectionState::ReadTraffic(mut traffic)) => loop {
            match traffic.next_record() {
                Some(Ok(AppDataRecord { discard: more, payload, .. })) => {
                    discard += more;
                    plain(payload);
                }
                Some(Err(error)) => break Err(error),
                None => break Ok(Step::Again),
            }
        },
        Ok(ConnectionState::EncodeTlsData(data)) => encode(data, outgoing).map(|()| Step::Again),
        Ok(ConnectionState::TransmitTlsData(transmit)) => {
            transmit.done();
            Ok(Step::Again)
        }
        Ok(ConnectionState::PeerClosed) => Ok(Step::PeerClosed),
        // No early data is ever offered or accepted.
        Ok(_) => Ok(Step::Starved),
    };
    (discard, step)
}

/// `None`: there was something else to be sent first.
fn write_open<D, R>(
    status: UnbufferedStatus<'_, '_, D>,
    outgoing: &mut Vec<u8>,
    write: &mut impl FnMut(&mut dyn Traffic, &mut Vec<u8>) -> Result<R, EncryptError>,
) -> Result<Option<Result<R, EncryptError>>, Error> {
    match status.state? {
        ConnectionState::WriteTraffic(mut traffic) => Ok(Some(write(&mut traffic, outgoing))),
        ConnectionState::EncodeTlsData(data) => encode(data, outgoing).map(|()| None),
        ConnectionState::TransmitTlsData(transmit) => {
            transmit.done();
            Ok(None)
        }
        ConnectionState::PeerClosed => Ok(None),
        _ => Err(Error::HandshakeNotComplete),
    }
}

fn encode<D>(mut data: EncodeTlsData<'_, D>, outgoing: &mut Vec<u8>) -> Result<(), Error> {
    append(outgoing, |room| data.encode(room)).map_err(|error| Error::General(error.to_string()))
}

/// Appends what may only tell in vain how much room it needs.
fn append<E: TellsRoom>(
    outgoing: &mut Vec<u8>,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, E>,
) -> Result<(), E> {
    let at = outgoing.len();
    let written = match write(&mut []) {
        Err(error) if error.room().is_some() => {
            outgoing.resize(at + error.room().unwrap_or_default(), 0);
            write(&mut outgoing[at..])
        }
        written => written,
    };
    outgoing.truncate(at + *written.as_ref().unwrap_or(&0));
    written.map(drop)
}

trait TellsRoom {
    fn room(&self) -> Option<usize>;
}

impl TellsRoom for EncodeError {
    fn room(&self) -> Option<usize> {
        match self {
            Self::InsufficientSize(size) => Some(size.required_size),
            Self::AlreadyEncoded => None,
        }
    }
}

impl TellsRoom for EncryptError {
    fn room(&self) -> Option<usize> {
        match self {
            Self::InsufficientSize(size) => Some(size.required_size),
            Self::EncryptExhausted => None,
        }
    }
}

/// Remembers for one connection what its client asked for: rustls 0.23 tells it only to who
/// chooses the certificate. The copy of the configuration that this takes is one allocation.
#[derive(Debug)]
pub(super) struct AskedName {
    resolver: Arc<dyn ResolvesServerCert>,
    name: OnceLock<Box<str>>,
}

impl ResolvesServerCert for AskedName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if let Some(name) = hello.server_name() {
            let _ = self.name.set(name.into());
        }
        self.resolver.resolve(hello)
    }

    fn only_raw_public_keys(&self) -> bool {
        self.resolver.only_raw_public_keys()
    }
}
