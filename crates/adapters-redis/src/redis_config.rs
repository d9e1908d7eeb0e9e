//! Where Redis is, and how it is talked to.

use std::fmt;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, TlsCertificates,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use xkcd_domain::ports::Cause;
use xkcd_domain::secret::{SecretName, SecretValue};

/// Where Redis is, and how it is talked to.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether the connection is encrypted. There is no fallback from one to the other.
    pub tls: RedisTls,
    /// The password as it was when the process started; without one none is sent.
    pub password: Option<SecretValue>,
    /// What the secret provider knows the password by. It is asked again when Redis refuses the password.
    pub password_name: SecretName,
    /// What all keys begin with.
    pub key_prefix: String,
    /// How many connections there are at most.
    pub connections: usize,
    /// How long a call may take, with everything that it does: waiting, connecting, trying again.
    pub answer_within: Duration,
}

impl RedisConfig {
    /// The settings that the app uses, without a password.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16, tls: RedisTls) -> Self {
        Self {
            host: host.into(),
            port,
            tls,
            password: None,
            password_name: SecretName::new("ELASTICACHE_AUTH_TOKEN"),
            key_prefix: "xkcdapp:".to_owned(),
            connections: 4,
            answer_within: Duration::from_secs(1),
        }
    }

    /// Host and port, for messages.
    pub(crate) fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// What the client connects with.
    pub(crate) fn connection_info(
        &self,
        password: Option<&SecretValue>,
    ) -> Result<ConnectionInfo, RedisConfigError> {
        let mut settings = RedisConnectionInfo::default();
        if let Some(password) = password {
            settings = settings.set_password(password.expose());
        }
        let info = match &self.tls {
            RedisTls::Disabled => ConnectionAddr::Tcp(self.host.clone(), self.port).into_connection_info(),
            RedisTls::Verified => self.verified(None)?.into_connection_info(),
            RedisTls::VerifiedBy(pem) => self.verified(Some(pem))?.into_connection_info(),
        };
        let info = info.map_err(|error| RedisConfigError::Client(error.into()))?;
        Ok(info.set_redis_settings(settings).set_tcp_settings(TcpSettings::default().set_nodelay(true)))
    }

    fn verified(&self, authorities: Option<&[u8]>) -> Result<ConnectionInfo, RedisConfigError> {
        if ServerName::try_from(self.host.as_str()).is_err() {
            return Err(RedisConfigError::Host(self.host.clone()));
        }
        if let Some(pem) = authorities {
            demand_certificates(pem)?;
        }
        let address = ConnectionAddr::TcpTls {
            host: self.host.clone(),
            port: self.port,
            insecure: false,
            tls_params: None,
        };
        // The only way to give a client authorities of its own; without any it trusts Mozilla's.
        let certificates = TlsCertificates { client_tls: None, root_cert: authorities.map(<[u8]>::to_vec) };
        let client = address
            .into_connection_info()
            .and_then(|info| Client::build_with_tls(info, certificates))
            .map_err(|error| RedisConfigError::Client(error.into()))?;
        Ok(client.get_connection_info().clone())
    }
}

/// Without this a file that is not PEM at all would be taken for one that trusts nobody.
fn demand_certificates(pem: &[u8]) -> Result<(), RedisConfigError> {
    let unusable = |reason: &dyn fmt::Display| RedisConfigError::Authorities(reason.to_string().into());
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(&error))?;
    if certificates.is_empty() {
        return Err(unusable(&"it has no certificate in it"));
    }
    Ok(())
}

/// Whether the connection is encrypted, and whose word is taken for who answers.
#[derive(Clone)]
pub enum RedisTls {
    /// Plain text: for a network that is this machine's own.
    Disabled,
    /// The server's certificate is verified by Mozilla's authorities, which are built in.
    Verified,
    /// It is verified by these authorities, in PEM form, and no other.
    VerifiedBy(Vec<u8>),
}

impl fmt::Debug for RedisTls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Disabled => "Disabled",
            Self::Verified => "Verified",
            Self::VerifiedBy(_) => "VerifiedBy(…)",
        })
    }
}

/// Why nothing can be connected to with this configuration, now or later.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisConfigError {
    /// The host can't be on a certificate.
    #[error("the host of Redis, {0:?}, is neither a DNS name nor an address, so TLS can't verify it")]
    Host(String),
    /// The file of authorities is no such file.
    #[error("the certificate authorities for Redis can't be used: a PEM file of certificates is needed")]
    Authorities(#[source] Cause),
    /// The client library refuses it.
    #[error("the Redis client can't be set up")]
    Client(#[source] Cause),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_no_authority() {
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let broken = "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----\n";
        let wrong = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for pem in ["", "not PEM", key, broken] {
            let config = RedisConfig::new("redis.example.org", 6379, RedisTls::VerifiedBy(pem.into()));

            let error = config.connection_info(None).unwrap_err();

            assert!(matches!(error, RedisConfigError::Authorities(_)), "{pem:?}: {error}");
        }
        let config = RedisConfig::new("redis.example.org", 6379, RedisTls::VerifiedBy(wrong.into()));
        assert!(matches!(config.connection_info(None).unwrap_err(), RedisConfigError::Client(_)));
    }

    #[test]
    fn a_host_that_no_certificate_can_have_is_refused() {
        for host in ["", "redis://example.org", "two words"] {
            let config = RedisConfig::new(host, 6379, RedisTls::Verified);

            let error = config.connection_info(None).unwrap_err();

            assert!(matches!(error, RedisConfigError::Host(_)), "{host:?}: {error}");
        }
        for host in ["redis.example.org", "127.0.0.1", "::1"] {
            assert!(RedisConfig::new(host, 6379, RedisTls::Verified).connection_info(None).is_ok());
        }
    }

    #[test]
    fn debug_output_has_no_password_in_it() {
        let mut config = RedisConfig::new("redis.example.org", 6379, RedisTls::Verified);
        config.password = Some(SecretValue::new("hunter2-hunter2".to_owned()));

        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
