//! One suite of checks per port.
