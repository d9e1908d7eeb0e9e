//! `serve`: the app, until SIGTERM or SIGINT.

use std::time::Duration;

use crate::application::Application;
use crate::config::{self, Config};
use crate::shutdown;
use crate::telemetry;

use super::CommandError;

/// What still blocks when all else has ended, such as a request to xkcd.com, is left behind.
const TIME_FOR_LEFTOVERS: Duration = Duration::from_millis(200);

pub(super) fn run(config: &Config) -> Result<(), CommandError> {
    let log = telemetry::start(&config.log);
    let served = serve(config);
    log.finish();
    served
}

fn serve(config: &Config) -> Result<(), CommandError> {
    for name in config::unknown_variables() {
        tracing::warn!(event = "config.unknown", name, "looks like a setting and is none");
    }
    let runtime = super::runtime()?;
    let served = actix_web::rt::System::new().block_on(async {
        let application = Application::build(config, runtime.handle()).await?;
        let stop = async {
            match shutdown::asked_to_stop().await {
                Ok(signal) => tracing::info!(event = "server.signal", signal),
                // Without signals the supervisor can still kill: better served than not.
                Err(error) => {
                    tracing::error!(event = "server.signal", %error, "can't listen to signals");
                    std::future::pending::<()>().await;
                }
            }
        };
        application.run_until_stopped(stop).await.map_err(CommandError::from)
    });
    runtime.shutdown_timeout(TIME_FOR_LEFTOVERS);
    served
}
