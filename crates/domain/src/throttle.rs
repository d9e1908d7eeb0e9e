//! How often somebody may try to sign in.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use sha2::{Digest, Sha256};

/// Failures that are forgiven, and for how long they are remembered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignInLimits {
    /// Attempts for one name from one address.
    pub per_name_and_address: u32,
    /// Attempts from one address, whatever the names.
    pub per_address: u32,
    /// How long an attempt is remembered.
    pub window: Duration,
}

/// The limits that the app enforces.
pub const SIGN_IN_LIMITS: SignInLimits =
    SignInLimits { per_name_and_address: 5, per_address: 20, window: Duration::from_mins(15) };

/// Who tries to sign in: an address, and a name that may not exist.
///
/// The name is kept as a hash, so that neither its length nor its content reaches a store. An IPv6 address
/// is kept as its /64 network, which is what one household or one server is given.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SignInAttempt {
    name: [u8; 16],
    address: IpAddr,
}

impl SignInAttempt {
    /// An attempt for the name as it was submitted.
    #[must_use]
    pub fn new(submitted_name: &str, address: IpAddr) -> Self {
        let mut name = [0; 16];
        name.copy_from_slice(&Sha256::digest(submitted_name.as_bytes())[..16]);
        let address = match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            address @ IpAddr::V4(_) => address,
        };
        Self { name, address }
    }

    /// The key of the address, whatever the name.
    #[must_use]
    pub fn address_key(&self) -> impl fmt::Display + use<> {
        self.address
    }

    /// The key of the name at the address.
    #[must_use]
    pub fn name_and_address_key(&self) -> impl fmt::Display + use<> {
        format!("{:032x}@{}", u128::from_be_bytes(self.name), self.address)
    }
}

/// What a throttle says to an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignInVerdict {
    /// Check the password.
    Allowed,
    /// Do not: too many attempts. Another may be made after this long.
    Wait(Duration),
}
