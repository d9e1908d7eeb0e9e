//! Takes connections in, unless they are to be refused.

use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::connection::Connection;
use crate::network::Network;

/// What the listener does, from the moment on that `done` hears of it.
pub(crate) struct ListenerOrder {
    pub(crate) action: ListenerAction,
    pub(crate) done: mpsc::Sender<io::Result<()>>,
}

#[derive(Clone, Copy)]
pub(crate) enum ListenerAction {
    Listen,
    Refuse,
    /// Cuts all connections, those too that the system accepted and this task has not seen yet.
    CutAll,
}

pub(crate) struct Acceptor {
    network: Arc<Network>,
    target: SocketAddr,
    address: SocketAddr,
    /// Keeps the port for the proxy while nobody listens; bound, it refuses connections.
    _reservation: TcpSocket,
    listener: Option<TcpListener>,
}

impl Acceptor {
    /// Called on a runtime.
    pub(crate) fn bind(target: SocketAddr, network: Arc<Network>) -> io::Result<Self> {
        let reservation = bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = reservation.local_addr()?;
        let listener = Some(listen(address)?);
        Ok(Self { network, target, address, _reservation: reservation, listener })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn run(mut self, mut orders: UnboundedReceiver<ListenerOrder>) {
        loop {
            tokio::select! {
                biased;
                order = orders.recv() => {
                    let Some(order) = order else { return };
                    // Whoever gave the order may have stopped waiting; it is carried out all the same.
                    let _ = order.done.send(self.carry_out(order.action));
                }
                accepted = accept(self.listener.as_ref()) => {
                    if let Ok(client) = accepted {
                        tokio::spawn(Connection::new(client, Arc::clone(&self.network)).run(self.target));
                    }
                }
            }
        }
    }

    fn carry_out(&mut self, action: ListenerAction) -> io::Result<()> {
        match action {
            ListenerAction::Refuse => self.listener = None,
            ListenerAction::Listen if self.listener.is_some() => {}
            ListenerAction::Listen => self.listener = Some(listen(self.address)?),
            ListenerAction::CutAll => {
                // The new one listens before the old one's queue is reset: nobody is refused.
                if self.listener.is_some() {
                    self.listener = Some(listen(self.address)?);
                }
                self.network.orders.send_modify(|it| it.cuts += 1);
            }
        }
        Ok(())
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => Ok(listener.accept().await?.0),
        None => pending().await,
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    const BACKLOG: u32 = 1024;
    bind(address)?.listen(BACKLOG)
}

/// The reservation and its listeners share the port. Nobody else can have it: address reuse, which most
/// servers ask for, is not enough beside a socket that has port reuse alone.
fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}
