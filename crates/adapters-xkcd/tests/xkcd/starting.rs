//! Settings that are refused.

use std::sync::Arc;

use xkcd_adapters_xkcd::{NoArchive, XkcdComics, XkcdConfig, XkcdConfigError};

fn refused(base_url: &str) -> Option<XkcdConfigError> {
    let config = XkcdConfig::new(base_url.to_owned(), "a test".to_owned());
    XkcdComics::start(config, Arc::new(NoArchive)).err()
}

#[test]
fn outside_a_runtime_nothing_starts() {
    assert_eq!(refused("https://xkcd.com"), Some(XkcdConfigError::NoRuntime));
}

#[tokio::test]
async fn plain_http_to_another_host_is_refused() {
    assert_eq!(refused("http://xkcd.com"), Some(XkcdConfigError::BaseUrl));
}
