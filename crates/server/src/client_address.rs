//! Who asks: the address of the client, behind as many proxies as the operator says there are.

use std::net::IpAddr;

use actix_web::http::header::HeaderMap;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The client's address: with `trusted_proxies` in front that entry of `X-Forwarded-For`, counted from the
/// right, since each proxy adds the peer it saw at the end and a client may have sent the rest. The peer's
/// address when there is no proxy, or no such entry.
#[must_use]
pub fn client_address(headers: &HeaderMap, peer: Option<IpAddr>, trusted_proxies: u8) -> Option<IpAddr> {
    forwarded(headers, trusted_proxies).or(peer)
}

fn forwarded(headers: &HeaderMap, trusted_proxies: u8) -> Option<IpAddr> {
    let from_the_right = usize::from(trusted_proxies).checked_sub(1)?;
    // Several headers are one list (RFC 9110, section 5.3).
    let lists: Vec<_> = headers.get_all(FORWARDED_FOR).collect();
    let entries = lists.iter().rev().flat_map(|list| list.as_bytes().rsplit(|byte| *byte == b','));
    let entry = std::str::from_utf8(entries.into_iter().nth(from_the_right)?).ok()?.trim();
    let without_port = entry.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(host, _)| host);
    let address = without_port.unwrap_or(entry);
    // An IPv4 address may come with a port; one of IPv6 without brackets never does.
    address.parse().ok().or_else(|| address.rsplit_once(':')?.0.parse().ok().filter(IpAddr::is_ipv4))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    fn of(lists: &[impl AsRef<[u8]>], trusted_proxies: u8) -> String {
        let mut headers = HeaderMap::new();
        for list in lists {
            let value = HeaderValue::from_bytes(list.as_ref()).unwrap();
            headers.append(HeaderName::from_static(FORWARDED_FOR), value);
        }
        client_address(&headers, Some(PEER), trusted_proxies).unwrap().to_string()
    }

    #[test]
    fn without_proxies_the_header_is_not_read() {
        assert_eq!(of(&["203.0.113.7"], 0), "10.0.0.1");
    }

    #[test]
    fn the_entry_is_counted_from_the_right_whatever_a_client_sent_before() {
        assert_eq!(of(&["6.6.6.6, 203.0.113.7"], 1), "203.0.113.7");
        assert_eq!(of(&["6.6.6.6", "203.0.113.7"], 1), "203.0.113.7");
        assert_eq!(of(&["6.6.6.6, 203.0.113.7", "198.51.100.9"], 2), "203.0.113.7");
    }

    #[test]
    fn addresses_may_have_ports() {
        assert_eq!(of(&["203.0.113.7:4711"], 1), "203.0.113.7");
        assert_eq!(of(&["[2001:db8::7]:4711"], 1), "2001:db8::7");
        assert_eq!(of(&["2001:db8::7"], 1), "2001:db8::7");
    }

    #[test]
    fn a_list_that_is_missing_short_or_unreadable_gives_the_peer() {
        for lists in [&[][..], &["203.0.113.7"], &["x, y"], &["unknown, 203.0.113.7"], &["", ""]] {
            assert_eq!(of(lists, 2), "10.0.0.1", "{lists:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_client_sends_before_a_proxy_adds_to_it_changes_nothing(
            bytes in prop::collection::vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..], 0..200), apart: bool, proxies in 0_u8..4,
        ) {
            let added = b"203.0.113.7, 198.51.100.9".to_vec();
            let lists = if apart { vec![bytes, added] } else { vec![[bytes, added].join(&b',')] };
            let found = of(&lists, proxies);
            match proxies {
                0 => prop_assert_eq!(found, "10.0.0.1"),
                1 => prop_assert_eq!(found, "198.51.100.9"),
                2 => prop_assert_eq!(found, "203.0.113.7"),
                // What nobody who is trusted has added.
                _ => prop_assert!(!found.is_empty()),
            }
        }
    }
}
