//! One connection, from client to server and back.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::network::{Direction, Network, Orders};

const LARGEST_CHUNK: usize = 16 * 1024;

/// A limited rate is kept by forwarding a twentieth of a second's worth at a time.
const CHUNKS_PER_SECOND: u64 = 20;

pub(crate) struct Connection {
    client: TcpStream,
    network: Arc<Network>,
    orders: watch::Receiver<Orders>,
    /// The orders when it began: later cuts and half-closes are meant for it.
    beginning: Orders,
}

/// Why forwarding ended early.
enum Broken {
    /// The test wanted it so.
    OnOrder,
    /// One of the two sides broke it.
    Side,
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Self::Side
    }
}

impl Connection {
    pub(crate) fn new(client: TcpStream, network: Arc<Network>) -> Self {
        let orders = network.orders.subscribe();
        let beginning = *orders.borrow();
        network.counters.send_modify(|it| {
            it.connections += 1;
            it.open += 1;
        });
        Self { client, network, orders, beginning }
    }

    /// Forwards until both sides are done, one of them breaks off, or the test cuts it.
    pub(crate) async fn run(mut self, target: SocketAddr) {
        let mut server = None;
        let mut orders = self.orders.clone();
        let cuts = self.beginning.cuts;
        let broken = tokio::select! {
            biased;
            _ = orders.wait_for(|it| it.cuts != cuts) => Err(Broken::OnOrder),
            forwarded = self.forward(target, &mut server) => forwarded,
        };
        if broken.is_err() {
            // Both sides see a reset at once, whatever they have sent or not yet read.
            for stream in [Some(&self.client), server.as_ref()].into_iter().flatten() {
                let _ = stream.set_zero_linger();
            }
        }
        let cut = matches!(broken, Err(Broken::OnOrder));
        drop(server);
        drop(self.client);
        self.network.counters.send_modify(|it| {
            it.open -= 1;
            it.cuts += u64::from(cut);
        });
    }

    async fn forward(&mut self, target: SocketAddr, server: &mut Option<TcpStream>) -> Result<(), Broken> {
        wait_while_held(&self.network, &mut self.orders).await;
        let server = server.insert(TcpStream::connect(target).await?);
        for stream in [&self.client, &*server] {
            stream.set_nodelay(true)?;
        }
        let asked = AtomicBool::new(false);
        let (from_client, to_client) = self.client.split();
        let (from_server, to_server) = server.split();
        let lane = |direction| Lane {
            direction,
            network: &self.network,
            orders: self.orders.clone(),
            beginning: self.beginning,
            asked: &asked,
            answers: 0,
        };
        tokio::try_join!(
            lane(Direction::ToServer).forward(from_client, to_server),
            lane(Direction::ToClient).forward(from_server, to_client),
        )?;
        Ok(())
    }
}

/// One direction of a connection.
struct Lane<'a> {
    direction: Direction,
    network: &'a Network,
    orders: watch::Receiver<Orders>,
    beginning: Orders,
    /// Whether the client has sent something since the server last did.
    asked: &'a AtomicBool,
    answers: u64,
}

impl Lane<'_> {
    /// Forwards until the sender is done or the direction is closed on order; passes either on.
    async fn forward(mut self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> Result<(), Broken> {
        let direction = self.direction;
        let half_closes = self.beginning.link(direction).half_closes;
        let mut orders = self.orders.clone();
        tokio::select! {
            biased;
            _ = orders.wait_for(|it| it.link(direction).half_closes != half_closes) => {}
            forwarded = self.forward_all(&mut from, &mut to) => forwarded?,
        }
        to.shutdown().await?;
        Ok(())
    }

    async fn forward_all(&mut self, from: &mut ReadHalf<'_>, to: &mut WriteHalf<'_>) -> Result<(), Broken> {
        let mut buffer = vec![0; LARGEST_CHUNK];
        loop {
            from.readable().await?;
            let rate = self.orders.borrow().link(self.direction).bytes_per_second;
            let limit = rate.map_or(LARGEST_CHUNK, |it| chunk_size(it.get()));
            let length = from.read(&mut buffer[..limit]).await?;
            wait_while_held(self.network, &mut self.orders).await;
            if length == 0 {
                return Ok(());
            }
            if self.is_answer_to_be_cut() {
                return Err(Broken::OnOrder);
            }
            let delay = self.orders.borrow().link(self.direction).delay;
            if delay > Duration::ZERO {
                sleep(delay).await;
                wait_while_held(self.network, &mut self.orders).await;
            }
            to.write_all(&buffer[..length]).await?;
            if let Some(rate) = rate {
                sleep(Duration::from_secs(length as u64) / u32::try_from(rate.get()).unwrap_or(u32::MAX))
                    .await;
            }
        }
    }

    fn is_answer_to_be_cut(&mut self) -> bool {
        if self.direction == Direction::ToServer {
            self.asked.store(true, Ordering::Relaxed);
            return false;
        }
        let is_answer = self.asked.swap(false, Ordering::Relaxed);
        self.answers += u64::from(is_answer);
        is_answer && self.network.is_answer_cut(self.answers)
    }
}

fn chunk_size(bytes_per_second: u64) -> usize {
    usize::try_from(bytes_per_second / CHUNKS_PER_SECOND).unwrap_or(LARGEST_CHUNK).clamp(1, LARGEST_CHUNK)
}

async fn wait_while_held(network: &Network, orders: &mut watch::Receiver<Orders>) {
    if orders.borrow().hold {
        let _held = Held::count(network);
        let _ = orders.wait_for(|it| !it.hold).await;
    }
}

/// Counts what is held until it goes on or its connection is cut.
struct Held<'a>(&'a Network);

impl<'a> Held<'a> {
    fn count(network: &'a Network) -> Self {
        network.counters.send_modify(|it| it.held += 1);
        Self(network)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.counters.send_modify(|it| it.held -= 1);
    }
}
