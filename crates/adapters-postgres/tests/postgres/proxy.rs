//! A connection that can be cut at the worst moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use xkcd_adapters_postgres::PostgresConfig;

/// Stands between a store and its server and passes on what it does not understand.
pub(crate) struct Proxy {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    cuts_next_answer: AtomicBool,
    swallows: AtomicBool,
    /// How often it began to swallow answers.
    holes: AtomicU32,
}

impl Proxy {
    pub(crate) async fn before(config: &PostgresConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self { port: listener.local_addr().unwrap().port(), state: Arc::default() };
        let (target, state) = ((config.host.clone(), config.port), Arc::clone(&proxy.state));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&target).await.unwrap();
                tokio::spawn(pass_on(client, server, Arc::clone(&state)));
            }
        });
        proxy
    }

    /// The way through the proxy.
    pub(crate) fn config(&self, config: PostgresConfig) -> PostgresConfig {
        PostgresConfig { host: "127.0.0.1".to_owned(), port: self.port, ..config }
    }

    /// The server gets what is sent next; its answer never arrives, and the connection breaks.
    pub(crate) fn cut_next_answer(&self) {
        self.state.cuts_next_answer.store(true, Ordering::SeqCst);
    }

    /// All answers are lost without a word, as in a network that has a hole.
    pub(crate) fn swallow_answers(&self) {
        self.state.holes.fetch_add(1, Ordering::SeqCst);
        self.state.swallows.store(true, Ordering::SeqCst);
    }

    /// The hole is closed: for new connections. Those from before it stay dead, as when a router has
    /// forgotten them.
    pub(crate) fn answer_new_connections(&self) {
        self.state.swallows.store(false, Ordering::SeqCst);
    }
}

async fn pass_on(mut client: TcpStream, mut server: TcpStream, state: Arc<State>) {
    let holes = state.holes.load(Ordering::SeqCst);
    let (mut from_client, mut from_server) = (vec![0; 16_384], vec![0; 16_384]);
    loop {
        tokio::select! {
            Ok(length) = client.read(&mut from_client) => {
                if length == 0 || server.write_all(&from_client[..length]).await.is_err() { return }
            }
            Ok(length) = server.read(&mut from_server) => {
                if length == 0 || state.cuts_next_answer.swap(false, Ordering::SeqCst) { return }
                let is_lost = state.swallows.load(Ordering::SeqCst)
                    || state.holes.load(Ordering::SeqCst) > holes;
                if !is_lost && client.write_all(&from_server[..length]).await.is_err() { return }
            }
            else => return,
        }
    }
}
