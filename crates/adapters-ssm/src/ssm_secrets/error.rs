//! Why there are no secrets, in words that never have one in them.

use std::error::Error;
use std::time::Duration;

use aws_sdk_ssm::config::http::HttpResponse;
use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::operation::get_parameters_by_path::GetParametersByPathError;
use xkcd_domain::ports::Cause;
use xkcd_domain::ports::secret_provider::SecretProviderError;

use super::SsmConfig;

/// Why Parameter Store gave no parameters. Says what to do about it.
///
/// The causes are texts. The SDK's own errors hold the whole answer, with the values in it, and show it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SsmError {
    /// Nothing says which region to ask.
    #[error("no AWS region is known: set AWS_REGION, or a region in the AWS profile")]
    NoRegion,
    /// The role lacks a right.
    #[error(
        "Parameter Store in {region} denies access: the role needs ssm:GetParametersByPath on \
         parameter{path}, and kms:Decrypt on the key of its parameters"
    )]
    Denied {
        /// The region.
        region: String,
        /// The path of the parameters.
        path: String,
        /// What AWS said.
        #[source]
        source: Cause,
    },
    /// The credentials are none, are not valid here or not valid any more.
    #[error("AWS does not accept the credentials: check the role, the profile or AWS_ACCESS_KEY_ID")]
    Credentials(#[source] Cause),
    /// Too many ask at once.
    #[error("Parameter Store is asked too often: try again later")]
    Throttled(#[source] Cause),
    /// AWS refuses it for another reason.
    #[error("Parameter Store refuses to give parameters")]
    Refused(#[source] Cause),
    /// Something is wrong on its side.
    #[error("Parameter Store has a failure of its own: try again later")]
    Failed(#[source] Cause),
    /// Nobody answers, or not in time, or it is not known as whom to ask.
    #[error(
        "Parameter Store in {region} can't be asked: check the network (a way out, or an endpoint for ssm), \
         the region and that there are credentials"
    )]
    Unreachable {
        /// The region.
        region: String,
        /// What was said about it.
        #[source]
        source: Cause,
    },
    /// The whole took too long.
    #[error("Parameter Store in {region} did not answer within {} ms", limit.as_millis())]
    TooLate {
        /// The region.
        region: String,
        /// How long it had.
        limit: Duration,
    },
    /// It is not Parameter Store that answers.
    #[error("the answer is none of Parameter Store: check AWS_ENDPOINT_URL and proxies")]
    Garbage(#[source] Cause),
}

impl SsmError {
    /// Why a request failed.
    pub(super) fn of(
        error: SdkError<GetParametersByPathError, HttpResponse>,
        config: &SsmConfig,
        region: &str,
    ) -> Self {
        match error {
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                Self::of_answer(answer.err(), status, config, region)
            }
            SdkError::ResponseError(_) => Self::Garbage("it can't be read".into()),
            // Neither has anything of an answer in it.
            other => Self::Unreachable { region: region.to_owned(), source: told(&other) },
        }
    }

    fn of_answer(error: &GetParametersByPathError, status: u16, config: &SsmConfig, region: &str) -> Self {
        let Some(code) = error.code() else {
            return Self::Garbage(format!("HTTP status {status} without a code").into());
        };
        let source: Cause = format!("{code}: {}", error.message().unwrap_or("no message")).into();
        match code {
            "AccessDeniedException" | "AccessDenied" => {
                Self::Denied { region: region.to_owned(), path: config.prefix.path().to_owned(), source }
            }
            "ExpiredToken"
            | "ExpiredTokenException"
            | "IncompleteSignature"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "MissingAuthenticationToken"
            | "OptInRequired"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException" => Self::Credentials(source),
            "RequestLimitExceeded"
            | "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "TooManyRequestsException" => Self::Throttled(source),
            _ if status == 429 => Self::Throttled(source),
            _ if status >= 500 => Self::Failed(source),
            _ => Self::Refused(source),
        }
    }

    /// Whether it may be over in a moment.
    pub(super) const fn may_pass(&self) -> bool {
        matches!(self, Self::Throttled(_) | Self::Failed(_) | Self::Unreachable { .. } | Self::Garbage(_))
    }
}

/// The causes of an error, without itself: it says no more than that there is one.
fn told(error: &dyn Error) -> Cause {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        cause = error.source();
    }
    if causes.is_empty() { error.to_string().into() } else { causes.join(": ").into() }
}

impl From<SsmError> for SecretProviderError {
    fn from(error: SsmError) -> Self {
        match error {
            SsmError::Garbage(_) => Self::Corrupt(error.into()),
            _ => Self::Unavailable(error.into()),
        }
    }
}
