//! The running app: built from a configuration, run until it is told to stop. Shared by `serve` and the tests.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix_web::dev::{Server, ServerHandle};
use actix_web::web;
use time::OffsetDateTime;
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout_at};
use xkcd_domain::views::ViewBatch;
use xkcd_group_commit::UnwrittenBatch;

use crate::admin::Admin;
use crate::app::AppState;
use crate::assets::{Assets, Document};
use crate::catalogue::Catalogue;
use crate::composition::{ComposeError, Parts};
use crate::config::{self, Config, PublicUrl};
use crate::counts::MostViewed;
use crate::deck_cookie::DeckCookie;
use crate::metrics::Metrics;
use crate::middleware::SecurityHeaders;
use crate::pages::{HTML, PageFailure, Pages};
use crate::serving;
use crate::shutdown::{Timetable, Traffic};
use crate::telemetry;

/// How long the reader of the log may take for the views that could not be written.
const TIME_FOR_UNWRITTEN: Duration = Duration::from_secs(5);
/// How often a stopping app looks whether it is left alone.
const LOOK_AROUND: Duration = Duration::from_millis(100);

/// The app, listening.
pub struct Application {
    state: web::Data<AppState>,
    server: Server,
    metrics_server: Option<Server>,
    url: String,
    shutdown: Duration,
}

/// Why the app can't start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An address can't be listened on.
    #[error("can't listen on {address}: stop what is listening there, or set {setting} to another address")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The setting it came from.
        setting: &'static str,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// A part can't be had.
    #[error(transparent)]
    Parts(#[from] ComposeError),
    /// The pages are not fit.
    #[error("the pages can't be read")]
    Pages(#[from] PageFailure),
}

/// Why the app stopped by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A part can't be used, as was found right after the start.
    #[error(transparent)]
    Refused(ComposeError),
    /// Nobody can come any more.
    #[error("the listener broke down")]
    Listener(#[source] io::Error),
    /// Views that are not written could not be logged.
    #[error("standard output can't be written")]
    Log(#[source] io::Error),
}

impl Application {
    /// Listens, and opens what the app needs. What reaches outside lives on `runtime`.
    ///
    /// # Errors
    ///
    /// When an address is taken, or a part can't be had.
    pub async fn build(config: &Config, runtime: &Handle) -> Result<Self, StartError> {
        let listener = listen(config.http.listen, config::LISTEN.name)?;
        let address = listener.local_addr().unwrap_or(config.http.listen);
        let metrics_listener = match config.http.metrics_listen {
            Some(address) => {
                let listener = listen(address, config::METRICS_LISTEN.name)?;
                let address = listener.local_addr().unwrap_or(address);
                tracing::info!(event = "metrics.listening", url = %format_args!("http://{address}/metrics"));
                Some((listener, address))
            }
            None => None,
        };
        let public_url = public_url(config, address);
        let parts = Arc::new(Parts::start(config, runtime).await?);
        let assets = assets(&parts);
        let pages = Pages::new(&public_url, &assets)?;
        let state = web::Data::new(AppState {
            admin: Admin::new(parts.admin_ports(), &public_url, parts.secret_key.expose()),
            about: Document::new(HTML, pages.about()?.into()),
            pages,
            assets,
            catalogue: Catalogue::default(),
            counts: MostViewed::default(),
            allowed_hosts: config.http.allowed_hosts.clone(),
            trusted_proxies: config.http.trusted_proxies,
            deck_cookie: DeckCookie::new(public_url.is_https()),
            security_headers: SecurityHeaders::new(&public_url),
            metrics: Metrics::new(Arc::clone(&parts)),
            traffic: Traffic::default(),
            draining: AtomicBool::new(false),
            parts,
            public_url,
        });
        let failed = |setting, address| move |cause| StartError::Listen { address, setting, cause };
        let time_to_stop = Duration::from_secs(config.shutdown.as_secs().div_ceil(2));
        let server =
            serving::serve(listener, &state, time_to_stop).map_err(failed(config::LISTEN.name, address))?;
        let metrics_server = match metrics_listener {
            Some((listener, address)) => {
                let failed = failed(config::METRICS_LISTEN.name, address);
                Some(serving::serve_metrics(listener, state.clone()).map_err(failed)?)
            }
            None => None,
        };
        let url = PublicUrl::of_listener(address).as_str().to_owned();
        Ok(Self { state, server, metrics_server, url, shutdown: config.shutdown })
    }

    /// Where it listens, as a URL that this machine can open.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Serves until `stop` is done, then ends in good order.
    ///
    /// # Errors
    ///
    /// When it had to stop by itself, or the last views could not be logged.
    pub async fn run_until_stopped(self, stop: impl Future<Output = ()>) -> Result<(), RunError> {
        let handles: Vec<ServerHandle> = [Some(&self.server), self.metrics_server.as_ref()]
            .into_iter()
            .flatten()
            .map(Server::handle)
            .collect();
        let mut server = tokio::task::spawn_local(self.server);
        if let Some(metrics_server) = self.metrics_server {
            tokio::task::spawn_local(metrics_server);
        }
        let watch = tokio::task::spawn_local(watch_pending(Arc::clone(&self.state.parts)));
        tracing::info!(event = "server.listening", url = self.url, "listening");
        let failure = tokio::select! {
            () = stop => None,
            refused = self.state.parts.refused() => Some(RunError::Refused(refused)),
            ended = &mut server => Some(RunError::Listener(match ended {
                Ok(Ok(())) => io::Error::other("it ended by itself"),
                Ok(Err(error)) => error,
                Err(panicked) => io::Error::other(panicked),
            })),
        };
        let table = Timetable::new(Instant::now(), self.shutdown);
        drain(&self.state, table).await;
        for handle in &handles {
            if timeout_at(table.answered.into(), handle.stop(true)).await.is_err() {
                handle.stop(false).await;
            }
        }
        watch.abort();
        report_unwritten(self.state.parts.finish(table.written).await).map_err(RunError::Log)?;
        tracing::info!(event = "server.stopped", "stopped");
        failure.map_or(Ok(()), Err)
    }
}

/// Lets visitors go elsewhere: health checks say that the app is leaving, answers close their connections.
async fn drain(state: &AppState, table: Timetable) {
    tracing::info!(event = "server.stopping", "stopping");
    state.draining.store(true, Ordering::Relaxed);
    while Instant::now() < table.drained && !state.traffic.is_quiet() {
        sleep(LOOK_AROUND).await;
    }
}

/// What could not be written goes to the log, where `replay-views` finds it; past any filter, since these
/// lines are the only copy of those views.
fn report_unwritten(batches: Vec<ViewBatch>) -> io::Result<()> {
    let at = OffsetDateTime::now_utc();
    let lines = batches.into_iter().map(|batch| UnwrittenBatch { batch, at }.to_line()).collect();
    telemetry::print_lines(lines, TIME_FOR_UNWRITTEN)
}

/// Says how many views wait, when that begins, when it ends, and every minute in between.
async fn watch_pending(parts: Arc<Parts>) {
    const LOOK: Duration = Duration::from_secs(1);
    const REMIND: Duration = Duration::from_mins(1);
    let mut said: Option<Instant> = None;
    let mut written_before = 0;
    loop {
        sleep(LOOK).await;
        let views = parts.views.status();
        // Under load some views are always on their way. They wait when nothing is written any more.
        let stuck = views.degraded || views.batches_written == written_before;
        written_before = views.batches_written;
        let waiting = if stuck { views.pending } else { 0 };
        let due = match said {
            None => waiting > 0,
            Some(said) => waiting == 0 || said.elapsed() >= REMIND,
        };
        if due {
            tracing::info!(target: telemetry::PENDING, event = "views.pending", count = waiting);
            said = (waiting > 0).then(Instant::now);
        }
    }
}

fn assets(parts: &Parts) -> Assets {
    let mut assets = Assets::embedded();
    for (path, drawing) in parts.drawings() {
        assets.insert(path, drawing);
    }
    assets
}

fn public_url(config: &Config, address: SocketAddr) -> PublicUrl {
    if let Some(given) = &config.http.public_url {
        return given.clone();
    }
    let url = PublicUrl::of_listener(address);
    if address.ip().is_unspecified() {
        tracing::warn!(
            event = "config.public_url",
            url = url.as_str(),
            "XKCDAPP_PUBLIC_URL is not set: links and allowed hosts are those of this machine"
        );
    }
    url
}

fn listen(address: SocketAddr, setting: &'static str) -> Result<TcpListener, StartError> {
    serving::listen(address).map_err(|cause| StartError::Listen { address, setting, cause })
}
