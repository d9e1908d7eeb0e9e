//! What the test ordered and what came of it: shared by the handle and all connections.

use std::num::NonZeroU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::answer_cuts::AnswerDice;

/// A way through the proxy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// What has happened so far, over all connections.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Counters {
    /// Connections that were accepted.
    pub connections: u64,
    /// Those of them that have not ended yet.
    pub open: u64,
    /// What [`Mode::Hold`](crate::Mode::Hold) holds at the moment: new connections, and directions in which
    /// bytes, or the end of them, wait.
    pub held: u64,
    /// Answers of the server: what it sent after the client had sent bytes. Those of TLS and of the
    /// sign-in are among them.
    pub answers: u64,
    /// Answers that were thrown away, and their connections cut: see [`AnswerCuts`](crate::AnswerCuts).
    pub answers_cut: u64,
    /// Connections cut for any reason of the test's: orders and answers.
    pub cuts: u64,
}

/// The orders that connections follow. Connections compare the numbers of cuts and half-closes with those at
/// their beginning.
#[derive(Clone, Copy, Default)]
pub(crate) struct Orders {
    pub(crate) hold: bool,
    pub(crate) cuts: u64,
    pub(crate) to_server: LinkOrders,
    pub(crate) to_client: LinkOrders,
}

/// The orders for one direction.
#[derive(Clone, Copy, Default)]
pub(crate) struct LinkOrders {
    pub(crate) delay: Duration,
    pub(crate) bytes_per_second: Option<NonZeroU64>,
    pub(crate) half_closes: u64,
}

impl Orders {
    pub(crate) fn link(&self, direction: Direction) -> &LinkOrders {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }

    pub(crate) fn link_mut(&mut self, direction: Direction) -> &mut LinkOrders {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }
}

#[derive(Default)]
pub(crate) struct Network {
    pub(crate) orders: watch::Sender<Orders>,
    pub(crate) counters: watch::Sender<Counters>,
    answers: Mutex<AnswerDice>,
}

impl Network {
    pub(crate) fn set_answers(&self, dice: AnswerDice) {
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner) = dice;
    }

    /// Counts an answer, the `nth` of its connection, and decides on it.
    pub(crate) fn is_answer_cut(&self, nth: u64) -> bool {
        let cut = self.answers.lock().unwrap_or_else(PoisonError::into_inner).cuts(nth);
        self.counters.send_modify(|it| {
            it.answers += 1;
            it.answers_cut += u64::from(cut);
        });
        cut
    }
}
