//! A session as bytes: the version, the time, the epoch, the token, and the name at the end.

use time::OffsetDateTime;
use xkcd_domain::account::{InvalidUsername, SessionEpoch};
use xkcd_domain::session::{CsrfToken, Session};

/// The first byte. A later release that writes another form still reads this one.
const VERSION: u8 = 1;

pub(super) fn write(session: &Session) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend(session.signed_in_at.unix_timestamp().to_be_bytes());
    bytes.extend(session.epoch.0.to_be_bytes());
    bytes.extend(session.csrf_token.expose());
    bytes.extend(session.username.as_str().as_bytes());
    bytes
}

pub(super) fn read(bytes: &[u8]) -> Result<Session, SessionFormatError> {
    let (version, rest) = bytes.split_first().ok_or(SessionFormatError::TooShort)?;
    if *version != VERSION {
        return Err(SessionFormatError::Version(*version));
    }
    let (signed_in_at, rest) = rest.split_first_chunk().ok_or(SessionFormatError::TooShort)?;
    let (epoch, rest) = rest.split_first_chunk().ok_or(SessionFormatError::TooShort)?;
    let (csrf_token, username) = rest.split_first_chunk().ok_or(SessionFormatError::TooShort)?;
    let signed_in_at = OffsetDateTime::from_unix_timestamp(i64::from_be_bytes(*signed_in_at))
        .map_err(|_| SessionFormatError::Time)?;
    let username = std::str::from_utf8(username).map_err(|_| InvalidUsername)?.parse()?;
    Ok(Session {
        username,
        epoch: SessionEpoch(i64::from_be_bytes(*epoch)),
        signed_in_at,
        csrf_token: CsrfToken::from_bytes(*csrf_token),
    })
}

/// Why bytes are no session. The bytes are not told: there may be a token in them.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SessionFormatError {
    #[error("it is of the unknown version {0}")]
    Version(u8),
    #[error("it is too short")]
    TooShort,
    #[error("its time is none")]
    Time,
    #[error("its name is none")]
    Username(#[from] InvalidUsername),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session {
            username: "randall@example.org".parse().unwrap(),
            epoch: SessionEpoch(7_000_000_000),
            signed_in_at: OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap(),
            csrf_token: CsrfToken::from_bytes([0xA5; 32]),
        }
    }

    #[test]
    fn a_session_comes_back_as_it_was_written() {
        let bytes = write(&session());

        assert_eq!(bytes.len(), 49 + "randall@example.org".len());
        assert_eq!(read(&bytes), Ok(session()));
    }

    #[test]
    fn the_first_version_stays_readable() {
        let mut bytes = vec![1];
        bytes.extend([0, 0, 0, 0, 0x6B, 0x49, 0xD2, 0x00, 0, 0, 0, 1, 0xA1, 0x3B, 0x86, 0x00]);
        bytes.extend([0xA5; 32]);
        bytes.extend(b"randall@example.org");

        assert_eq!(read(&bytes), Ok(session()));
    }

    #[test]
    fn what_is_no_session_is_told() {
        let bytes = write(&session());
        for length in 1..49 {
            assert_eq!(read(&bytes[..length]), Err(SessionFormatError::TooShort), "of {length} bytes");
        }
        assert_eq!(read(&bytes[..49]), Err(SessionFormatError::Username(InvalidUsername)));
        assert_eq!(read(b""), Err(SessionFormatError::TooShort));
        assert_eq!(read(b"{\"user\": 1}"), Err(SessionFormatError::Version(b'{')));
        let mut bad_time = bytes.clone();
        bad_time[1..9].fill(0x7F);
        assert_eq!(read(&bad_time), Err(SessionFormatError::Time));
        let mut bad_name = bytes;
        bad_name.push(0xFF);
        assert_eq!(read(&bad_name), Err(SessionFormatError::Username(InvalidUsername)));
    }
}
