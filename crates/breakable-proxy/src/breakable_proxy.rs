//! The handle that a test gives its orders to.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::acceptor::{Acceptor, ListenerAction, ListenerOrder};
use crate::answer_cuts::{AnswerCuts, AnswerDice};
use crate::network::{Counters, Direction, Network};

/// What the network does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Connections are accepted and bytes forwarded.
    Pass,
    /// Nobody listens: new connections are refused. Those there are go on; see
    /// [`BreakableProxy::cut_connections`].
    Refuse,
    /// Connections are accepted, and nothing is forwarded on any, neither bytes nor an end. When the mode
    /// changes, everything that was sent meanwhile goes on, as after a network's outage; a connection that
    /// was cut is gone.
    Hold,
}

/// A proxy between one or more clients and a server. See the crate's front page.
///
/// Its orders hold as soon as they return. It ends, and its connections with it, when it is dropped.
pub struct BreakableProxy {
    address: SocketAddr,
    network: Arc<Network>,
    listener: UnboundedSender<ListenerOrder>,
    /// There until the end.
    runtime: Option<Runtime>,
}

impl BreakableProxy {
    /// Listens on a free port of 127.0.0.1 and forwards to the target.
    ///
    /// # Errors
    ///
    /// When there is no free port, file or thread left.
    pub fn start(target: SocketAddr) -> io::Result<Self> {
        // Of its own, so that a test may pause its clock, block its threads or end its runtime.
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("breakable-proxy")
            .enable_all()
            .build()?;
        let network = Arc::new(Network::default());
        let acceptor = {
            let _inside = runtime.enter();
            Acceptor::bind(target, Arc::clone(&network))?
        };
        let address = acceptor.address();
        let (listener, orders) = unbounded_channel();
        runtime.spawn(acceptor.run(orders));
        Ok(Self { address, network, listener, runtime: Some(runtime) })
    }

    /// Where clients connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Passes, refuses or holds from now on.
    ///
    /// # Errors
    ///
    /// When nothing can be made to listen again, because no file is left.
    pub fn set_mode(&self, mode: Mode) -> io::Result<()> {
        self.network.orders.send_modify(|it| it.hold = mode == Mode::Hold);
        self.order(if mode == Mode::Refuse { ListenerAction::Refuse } else { ListenerAction::Listen })
    }

    /// Cuts every connection there is: both sides see it reset. New ones are treated as the mode says.
    ///
    /// # Errors
    ///
    /// When nothing can be made to listen again, because no file is left.
    pub fn cut_connections(&self) -> io::Result<()> {
        self.order(ListenerAction::CutAll)
    }

    /// Closes one direction of every accepted connection: who receives there sees the end of the stream,
    /// what is sent there goes nowhere. The other direction goes on.
    pub fn half_close_connections(&self, direction: Direction) {
        self.network.orders.send_modify(|it| it.link_mut(direction).half_closes += 1);
    }

    /// From now on holds back each chunk of bytes in this direction for as long before it is forwarded. What
    /// arrives meanwhile waits for its turn, so that a message of several chunks takes up to twice as long.
    pub fn set_delay(&self, direction: Direction, delay: Duration) {
        self.network.orders.send_modify(|it| it.link_mut(direction).delay = delay);
    }

    /// Limits how much each connection carries in this direction, or no longer does so.
    pub fn set_bytes_per_second(&self, direction: Direction, limit: Option<NonZeroU64>) {
        self.network.orders.send_modify(|it| it.link_mut(direction).bytes_per_second = limit);
    }

    /// Throws answers away from now on, each with its connection, after the server has given them.
    pub fn cut_answers(&self, rule: AnswerCuts) {
        self.network.set_answers(AnswerDice::new(rule));
    }

    /// What has happened so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        *self.network.counters.borrow()
    }

    /// Waits until the counters are as wanted, and gives them. On any runtime, or without one.
    pub async fn until(&self, wanted: impl FnMut(&Counters) -> bool) -> Counters {
        let mut counters = self.network.counters.subscribe();
        let reached = counters.wait_for(wanted).await;
        // The sender lives as long as the proxy, so that there is always an answer.
        reached.map_or_else(|_| self.counters(), |it| *it)
    }

    fn order(&self, action: ListenerAction) -> io::Result<()> {
        let (done, answer) = mpsc::channel();
        let ended = || io::Error::other("the proxy has ended");
        self.listener.send(ListenerOrder { action, done }).map_err(|_| ended())?;
        answer.recv().map_err(|_| ended())?
    }
}

impl Drop for BreakableProxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A runtime may not be waited for inside another one.
            runtime.shutdown_background();
        }
    }
}
