//! What is in the way of a connection, and what to do about it.

use std::io;

use rustls::CertificateError;
use tokio_postgres::error::SqlState;

use super::PostgresConfig;
use super::causes::causes;

/// What to do about an error met on the way to a connection. The error itself follows as its cause.
pub(super) fn advice(config: &PostgresConfig, error: &tokio_postgres::Error) -> String {
    if let Some(code) = error.code() {
        return advice_on_refusal(config, code);
    }
    let server = config.server();
    match io_error(error) {
        Some(error) => match tls_error(error) {
            Some(error) => advice_on_tls(config, error),
            None => advice_on_network(config, error),
        },
        // tokio-postgres says it in no other way.
        None if causes(error).any(|it| it.to_string() == "server does not support TLS") => {
            format!("the server at {server} offers no TLS: switch it on there")
        }
        None => not_postgres(config),
    }
}

fn advice_on_refusal(config: &PostgresConfig, code: &SqlState) -> String {
    let PostgresConfig { database, user, .. } = config;
    let server = config.server();
    match *code {
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            format!("{server} refuses the user {user}: check DATABASE_USER and DATABASE_PASSWORD")
        }
        SqlState::INVALID_CATALOG_NAME => {
            format!("{server} has no database {database}: check DATABASE_NAME, or create it")
        }
        SqlState::INSUFFICIENT_PRIVILEGE => {
            format!("the user {user} may not connect to the database {database}: grant it CONNECT")
        }
        SqlState::TOO_MANY_CONNECTIONS => {
            format!("{server} takes no more connections: raise its limit, or run fewer instances")
        }
        SqlState::CANNOT_CONNECT_NOW => format!("{server} is starting or stopping: wait"),
        _ => format!("{server} refuses the connection"),
    }
}

fn advice_on_tls(config: &PostgresConfig, error: &rustls::Error) -> String {
    let server = config.server();
    match error {
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => format!(
            "the certificate of {server} is another host's: DATABASE_HOST has to be a name in the certificate"
        ),
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => format!(
            "the certificate of {server} is signed by an authority that is not trusted: check \
             XKCDAPP_DATABASE_CA"
        ),
        _ => format!(
            "no TLS connection to {server} can be made: check its certificate and XKCDAPP_DATABASE_CA"
        ),
    }
}

fn advice_on_network(config: &PostgresConfig, error: &io::Error) -> String {
    let server = config.server();
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => format!(
            "nothing listens at {server}: check DATABASE_HOST and DATABASE_PORT, and that the server runs"
        ),
        io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            no_answer(config)
        }
        // What target_session_attrs finds.
        io::ErrorKind::PermissionDenied => {
            format!(
                "{server} does not allow writes: name the primary in DATABASE_HOST, or wait for a failover"
            )
        }
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            format!(
                "{server} closes the connection: check DATABASE_HOST and DATABASE_PORT, and the server's log"
            )
        }
        // What is no error of the system is one of a look-up, or of what reads messages.
        _ if error.raw_os_error().is_none() && !is_about_look_up(error) => not_postgres(config),
        _ if error.raw_os_error().is_none() => {
            format!("the host {} has no address: check DATABASE_HOST", config.host)
        }
        _ => format!("{server} can't be reached"),
    }
}

fn not_postgres(config: &PostgresConfig) -> String {
    format!(
        "what answers at {} does not speak like PostgreSQL: check DATABASE_HOST and DATABASE_PORT",
        config.server()
    )
}

/// The advice when nothing comes back.
pub(super) fn no_answer(config: &PostgresConfig) -> String {
    format!("{} does not answer: check DATABASE_HOST, and that the network lets us through", config.server())
}

fn io_error(error: &tokio_postgres::Error) -> Option<&io::Error> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// rustls puts its errors into those of the system, which name them as no source.
fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// The standard library and tokio-postgres have no better name for it than these words.
fn is_about_look_up(error: &io::Error) -> bool {
    let text = error.to_string();
    text.starts_with("failed to lookup address") || text.starts_with("could not resolve any addresses")
}
