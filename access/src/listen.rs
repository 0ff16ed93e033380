//! A listener with or without TLS, the same for all ports.
//!
//! Handshakes go on beside each other, so a slow one holds up nobody. At `handshakes_max` the oldest is closed: who
//! opens connections only to hold them loses them first.

use crate::places::{Place, Places};
use crate::tls::{Shared, Tls};
use axum::serve::Listener;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::{Connected, TcpConnectInfo};

/// Connections that wait to be taken by the server.
const WAITING_MAX: usize = 64;
/// Pause after an error that would come again at once, such as too many open files.
const PAUSE: Duration = Duration::from_millis(500);

/// A bound port.
#[derive(Debug)]
pub struct Incoming {
    addr: SocketAddr,
    accept: Accept,
    places: Option<Places>,
}

#[derive(Debug)]
enum Accept {
    Plain(TcpListener),
    Tls { ready: mpsc::Receiver<Connection>, accepting: JoinHandle<()> },
}

/// A connection that may be read and written.
#[derive(Debug)]
pub struct Connection {
    remote: Option<SocketAddr>,
    stream: Stream,
    place: Option<Arc<Place>>,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Incoming {
    /// Binds an address; port 0 takes any.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(addr: SocketAddr, tls: Option<&Tls>) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let accept = match tls {
            None => Accept::Plain(listener),
            Some(tls) => {
                let (done, ready) = mpsc::channel(WAITING_MAX);
                let accepting = tokio::spawn(shake_hands(listener, Arc::clone(&tls.shared), done));
                Accept::Tls { ready, accepting }
            }
        };
        Ok(Self { addr, accept, places: None })
    }

    /// The same port, whose connections need a place.
    #[must_use]
    pub fn with_places(self, places: Places) -> Self {
        Self { places: Some(places), ..self }
    }

    /// The address that was bound.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The next connection. Safe to cancel. It never ends: what fails is tried again.
    async fn next(&mut self) -> Connection {
        let mut connection = match &mut self.accept {
            Accept::Plain(listener) => tcp(listener).await,
            Accept::Tls { ready, .. } => match ready.recv().await {
                Some(connection) => connection,
                // The other task only ends with the process.
                None => std::future::pending().await,
            },
        };
        connection.place = self.places.as_ref().map(Places::take);
        connection
    }

    /// All connections to come, as tonic takes them.
    pub fn into_stream(self) -> impl tokio_stream::Stream<Item = io::Result<Connection>> {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut incoming = self;
            loop {
                tokio::select! {
                    connection = incoming.next() => {
                        if sender.send(Ok(connection)).await.is_err() {
                            return;
                        }
                    }
                    // The server has stopped: the port is given back.
                    () = sender.closed() => return,
                }
            }
        });
        tokio_stream::wrappers::ReceiverStream::new(receiver)
    }
}

impl Drop for Accept {
    fn drop(&mut self) {
        if let Self::Tls { accepting, .. } = self {
            accepting.abort();
        }
    }
}

/// The next TCP connection.
async fn tcp(listener: &TcpListener) -> Connection {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                // Answers are whole when they are written: waiting for more would only delay them.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection went away at once");
                }
                return Connection { remote: Some(remote), stream: Stream::Plain(stream), place: None };
            }
            Err(error) if of_the_peer(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections; trying again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionRefused | ConnectionAborted | ConnectionReset)
}

/// Accepts, and hands over what has shaken hands.
async fn shake_hands(listener: TcpListener, shared: Arc<Shared>, done: mpsc::Sender<Connection>) {
    let mut open: VecDeque<JoinHandle<()>> = VecDeque::new();
    loop {
        let connection = tcp(&listener).await;
        open.retain(|handshake| !handshake.is_finished());
        if open.len() >= shared.config.handshakes_max
            && let Some(oldest) = open.pop_front()
        {
            oldest.abort();
            shared.metrics.handshake("crowded_out");
        }
        open.push_back(tokio::spawn(handshake(connection, Arc::clone(&shared), done.clone())));
    }
}

async fn handshake(connection: Connection, shared: Arc<Shared>, done: mpsc::Sender<Connection>) {
    let Connection { remote, stream: Stream::Plain(stream), .. } = connection else { return };
    let acceptor = TlsAcceptor::from(shared.current.load_full());
    match tokio::time::timeout(shared.config.handshake_timeout, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => {
            shared.metrics.handshake("done");
            let connection = Connection { remote, stream: Stream::Tls(Box::new(stream)), place: None };
            // A server that stopped takes nothing any more.
            let taken = done.send(connection).await;
            drop(taken);
        }
        Ok(Err(error)) => {
            shared.metrics.handshake("failed");
            tracing::debug!(%error, ?remote, "a TLS handshake failed");
        }
        Err(_) => shared.metrics.handshake("slow"),
    }
}

impl Listener for Incoming {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let connection = self.next().await;
        let remote = connection.remote.unwrap_or(self.addr);
        (connection, remote)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.addr)
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        TcpConnectInfo { local_addr: None, remote_addr: self.remote }
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { stream, place, .. } = self.get_mut();
        if place.as_ref().is_some_and(|place| place.is_lost(cx.waker())) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let before = buf.filled().len();
        let polled = match stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        };
        if let Some(place) = place.as_ref().filter(|_| buf.filled().len() > before) {
            place.heard();
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }
}

#[cfg(test)]
mod tests;
