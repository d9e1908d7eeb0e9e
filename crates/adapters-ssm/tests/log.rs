//! What the provider and the SDK log. In a process of its own: what a thread without a subscriber logs first can be taken
//! for what nobody wants to hear.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails a test")]

#[expect(dead_code, reason = "shared with the other tests")]
#[path = "ssm/fixtures.rs"]
mod fixtures;
#[expect(dead_code, reason = "shared with the other tests")]
#[path = "ssm/stub.rs"]
mod stub;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use xkcd_domain::ports::secret_provider::SecretProvider;

use crate::fixtures::{SECRET_KEY, provider, provider_within, stub};
use crate::stub::Mode;

const SOON: Duration = Duration::from_secs(2);

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_value_is_in_the_log_however_much_is_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    for mode in [Mode::Answers, Mode::Babbles, Mode::HangsUp, Mode::Refuses(400, "AccessDeniedException")] {
        let stub = stub();
        stub.set_mode(mode);
        let outcome = provider_within(&stub, SOON).get(&[SECRET_KEY], &[]).await;
        tracing::error!(?outcome, secrets = ?provider(&stub));
    }

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("GetParametersByPath"), "the SDK's own lines are there");
    assert!(!text.contains("hunter2"), "a value is in the log");
}
