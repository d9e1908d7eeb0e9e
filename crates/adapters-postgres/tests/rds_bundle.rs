//! The certificate authorities of Amazon RDS that come with the crate.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::BasicConstraints;
use xkcd_adapters_postgres::Roots;

const BUNDLE: &[u8] = include_bytes!("../data/rds-bundle.pem");
/// How long before the first of them expires the bundle has to be made anew: scripts/update-rds-bundle.
const NOTICE: Duration = Duration::from_hours(24 * 365);

fn certificates() -> Vec<Certificate> {
    let der = CertificateDer::pem_slice_iter(BUNDLE).map(Result::unwrap);
    der.map(|der| Certificate::from_der(&der).unwrap()).collect()
}

#[test]
fn all_of_them_can_be_used() {
    let begins = BUNDLE.windows(17).filter(|it| it == b"BEGIN CERTIFICATE").count();
    assert!(begins > 80, "{begins}");
    assert_eq!(certificates().len(), begins);
    assert_eq!(format!("{:?}", Roots::amazon_rds().unwrap()), format!("Roots({begins} certificates)"));
}

#[test]
fn each_is_an_authority_of_amazon_rds_and_valid_for_another_year() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    for Certificate { tbs_certificate: certificate, .. } in certificates() {
        let subject = certificate.subject.to_string();
        assert!(subject.contains("Amazon RDS") && subject.contains("O=Amazon Web Services"), "{subject}");
        let (_, constraints) = certificate.get::<BasicConstraints>().unwrap().unwrap();
        assert!(constraints.ca, "{subject}");
        assert!(certificate.validity.not_before.to_unix_duration() < now, "{subject}");
        assert!(certificate.validity.not_after.to_unix_duration() > now + NOTICE, "{subject}");
    }
}

#[test]
fn none_is_there_twice() {
    let mut serials: Vec<_> = certificates()
        .iter()
        .map(|it| {
            (it.tbs_certificate.subject.to_string(), it.tbs_certificate.serial_number.to_der().unwrap())
        })
        .collect();
    let all = serials.len();
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), all);
}
