//! The HTTP server: listens, and bounds what a connection may take.

mod connection;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_http::{HttpService, Protocol};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, map_config};
use actix_web::dev::{AppConfig, Server, fn_service};
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpResponse, HttpServer, web};

use crate::app::{AppState, app};
use crate::metrics;
use connection::Connection;

/// Above the idle time of load balancers (60 s with AWS), which must be the ones to close.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// The first head of a connection has to be there by then.
const TIME_FOR_HEAD: Duration = Duration::from_secs(5);
/// How long a client may take to close its side.
const TIME_TO_DISCONNECT: Duration = Duration::from_secs(2);
/// For how many milliseconds a client may take nothing of what waits for it, before the system ends the connection.
#[cfg(target_os = "linux")]
const TIME_TO_READ: u32 = 20_000;
/// How many new connections wait to be taken.
const BACKLOG: u32 = 2048;

/// Opens a port.
///
/// # Errors
///
/// When it is taken, or the address is none of this machine.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket =
        if address.is_ipv4() { tokio::net::TcpSocket::new_v4() } else { tokio::net::TcpSocket::new_v6() }?;
    // Without it a restart would have to wait for the connections of the process before.
    socket.set_reuseaddr(true)?;
    // The connections take it over from their listener. Where a sandbox does not know it there is no limit.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(&socket, TIME_TO_READ) {
        tracing::debug!(event = "server.readers", %error, "who reads nothing is not sent away");
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Serves the app. After [`stop`](actix_web::dev::ServerHandle::stop) requests in flight have `time_to_stop`.
///
/// # Errors
///
/// When the listener can't be used.
pub(crate) fn serve(
    listener: TcpListener,
    state: &web::Data<AppState>,
    time_to_stop: Duration,
) -> io::Result<Server> {
    // What `HttpServer` of actix-web does, which takes no connections but its own.
    let builder = Server::build().shutdown_timeout(time_to_stop.as_secs()).disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let state = state.clone();
    let service = move || {
        let (state, stopping, timed_out) =
            (state.clone(), stopping.clone(), state.metrics.connections_timed_out.clone());
        let app = app(state).into_factory().map_err(|error| error.error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(TIME_FOR_HEAD)
            .client_disconnect_timeout(TIME_TO_DISCONNECT)
            .finish(map_config(app, |()| AppConfig::default()));
        let connect = move |stream: TcpStream| {
            let timed_out = timed_out.clone();
            async move {
                // An answer in two writes would wait for the word that the first has arrived: 40 ms and more.
                stream.set_nodelay(true)?;
                let peer = stream.peer_addr().ok();
                Ok((Connection::new(stream, timed_out), Protocol::Http1, peer))
            }
        };
        fn_service(connect).and_then(http)
    };
    Ok(builder.listen("app", listener, service)?.run())
}

/// Serves `/metrics` alone.
///
/// # Errors
///
/// When the listener can't be used.
pub(crate) fn serve_metrics(listener: TcpListener, state: web::Data<AppState>) -> io::Result<Server> {
    async fn metrics(state: web::Data<AppState>) -> HttpResponse {
        match state.metrics.encode() {
            Ok(text) => HttpResponse::Ok().content_type(metrics::CONTENT_TYPE).body(text),
            Err(_) => HttpResponse::InternalServerError().finish(),
        }
    }
    let app = move || App::new().app_data(state.clone()).route("/metrics", web::get().to(metrics));
    Ok(HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run())
}
