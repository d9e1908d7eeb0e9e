//! Whom to believe that a server is the one it says it is.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Certificate authorities that may sign a server's certificate.
#[derive(Clone)]
pub struct Roots {
    client: MakeRustlsConnect,
    certificates: usize,
}

impl Roots {
    /// Those of Amazon RDS in all regions, which come with this crate.
    ///
    /// # Errors
    ///
    /// Never, as the crate's tests show.
    pub fn amazon_rds() -> Result<Self, InvalidRoots> {
        Self::from_pem(include_bytes!("../../data/rds-bundle.pem"))
    }

    /// All certificates of a text in PEM form.
    ///
    /// # Errors
    ///
    /// When there is none, or one that can't be read.
    pub fn from_pem(pem: &[u8]) -> Result<Self, InvalidRoots> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| InvalidRoots)?;
            roots.add(certificate).map_err(|_| InvalidRoots)?;
        }
        if roots.is_empty() {
            return Err(InvalidRoots);
        }
        let certificates = roots.len();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| InvalidRoots)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { client: MakeRustlsConnect::new(client), certificates })
    }

    /// A client that verifies certificates with these roots.
    pub(super) fn client(&self) -> MakeRustlsConnect {
        self.client.clone()
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Roots({} certificates)", self.certificates)
    }
}

/// The text holds no certificates, or one that can't be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not certificates in PEM form")]
pub struct InvalidRoots;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_certificates_is_refused() {
        for text in ["", "password", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert_eq!(Roots::from_pem(text.as_bytes()).err(), Some(InvalidRoots), "{text}");
        }
    }
}
