//! What the proxy stands between.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use xkcd_breakable_proxy::BreakableProxy;

/// Nothing here takes as long, unless it is broken.
pub(crate) const LONG: Duration = Duration::from_secs(10);

/// Sends back what it gets, and "bye" at its end.
pub(crate) struct EchoServer {
    address: SocketAddr,
    seen: Arc<watch::Sender<Seen>>,
}

/// What the server saw.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    pub(crate) received: Vec<u8>,
    pub(crate) ends: usize,
    pub(crate) resets: usize,
}

impl EchoServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(watch::Sender::default());
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                shared.send_modify(|it: &mut Seen| it.connections += 1);
                tokio::spawn(echo(connection, Arc::clone(&shared)));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.borrow().connections
    }

    pub(crate) fn received(&self) -> Vec<u8> {
        self.seen.borrow().received.clone()
    }

    pub(crate) fn ends(&self) -> usize {
        self.seen.borrow().ends
    }

    pub(crate) async fn until(&self, wanted: impl FnMut(&Seen) -> bool) {
        let mut seen = self.seen.subscribe();
        timeout(LONG, seen.wait_for(wanted)).await.expect("the server never saw it").unwrap();
    }
}

async fn echo(mut connection: TcpStream, seen: Arc<watch::Sender<Seen>>) {
    let mut buffer = [0; 1024];
    loop {
        match connection.read(&mut buffer).await {
            Ok(0) => {
                seen.send_modify(|it| it.ends += 1);
                let _ = connection.write_all(b"bye").await;
                return;
            }
            Ok(length) => {
                seen.send_modify(|it| it.received.extend_from_slice(&buffer[..length]));
                if connection.write_all(&buffer[..length]).await.is_err() {
                    return;
                }
            }
            Err(_) => {
                seen.send_modify(|it| it.resets += 1);
                return;
            }
        }
    }
}

pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) async fn connect(proxy: &BreakableProxy) -> Self {
        Self(TcpStream::connect(proxy.address()).await.unwrap())
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        timeout(LONG, self.0.write_all(bytes)).await.expect("nobody takes it").unwrap();
    }

    pub(crate) async fn receive(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        timeout(LONG, self.0.read_exact(&mut bytes)).await.expect("no answer")?;
        Ok(bytes)
    }

    /// Sends and waits until it comes back.
    pub(crate) async fn ask(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        assert_eq!(self.receive(bytes.len()).await?, bytes);
        Ok(())
    }

    /// Ends what is sent; the answers go on.
    pub(crate) async fn end(&mut self) {
        self.0.shutdown().await.unwrap();
    }

    /// What comes until the server's end.
    pub(crate) async fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        timeout(LONG, self.0.read_to_end(&mut bytes)).await.expect("no end")?;
        Ok(bytes)
    }
}
