//! Sets of addresses: sorted, disjoint ranges, searched by halves.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A set of addresses. IPv4 and IPv6 are told apart; an IPv4 network in the form of an IPv6 one is IPv4.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    four: Vec<(u32, u32)>,
    six: Vec<(u128, u128)>,
}

impl Networks {
    /// All addresses of these networks: an address and the number of bits that count. Bits behind them do not matter.
    pub(crate) fn new(networks: &[(IpAddr, u8)]) -> Self {
        let mut set = Self::default();
        for (address, bits) in networks {
            match (address, *bits) {
                (IpAddr::V4(four), bits) => set.four.push(range_of_four(*four, bits)),
                (IpAddr::V6(six), bits) => match six.to_ipv4_mapped() {
                    Some(four) if bits >= 96 => set.four.push(range_of_four(four, bits - 96)),
                    _ => set.six.push(range_of_six(*six, bits)),
                },
            }
        }
        join(&mut set.four, |end| end.checked_add(1));
        join(&mut set.six, |end| end.checked_add(1));
        set
    }

    /// Whether an address, which is not an IPv4 one in the form of an IPv6 one, belongs to the set.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(four) => holds(&self.four, four.to_bits()),
            IpAddr::V6(six) => holds(&self.six, six.to_bits()),
        }
    }
}

fn range_of_four(address: Ipv4Addr, bits: u8) -> (u32, u32) {
    let rest = u32::MAX.checked_shr(u32::from(bits)).unwrap_or(0);
    (address.to_bits() & !rest, address.to_bits() | rest)
}

fn range_of_six(address: Ipv6Addr, bits: u8) -> (u128, u128) {
    let rest = u128::MAX.checked_shr(u32::from(bits)).unwrap_or(0);
    (address.to_bits() & !rest, address.to_bits() | rest)
}

/// Sorts ranges, and makes one of those that meet or touch.
fn join<T: Copy + Ord>(ranges: &mut Vec<(T, T)>, next: impl Fn(T) -> Option<T>) {
    ranges.sort_unstable();
    ranges.dedup_by(|(start, end), (_, before)| {
        let touches = next(*before).is_none_or(|next| *start <= next);
        if touches {
            *before = (*before).max(*end);
        }
        touches
    });
}

fn holds<T: Copy + Ord>(ranges: &[(T, T)], address: T) -> bool {
    let after = ranges.partition_point(|(start, _)| *start <= address);
    after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|(_, end)| address <= *end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(networks: &[(&str, u8)]) -> Networks {
        let networks: Vec<_> =
            networks.iter().map(|(address, bits)| (address.parse().unwrap(), *bits)).collect();
        Networks::new(&networks)
    }

    fn has(set: &Networks, address: &str) -> bool {
        set.contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_in_the_set_if_it_is_in_a_network() {
        let set = set(&[("10.0.0.0", 8), ("192.0.2.7", 32), ("10.1.0.0", 16), ("2001:db8::", 32)]);
        for inside in ["10.0.0.0", "10.255.255.255", "10.1.2.3", "192.0.2.7", "2001:db8:ffff::1"] {
            assert!(has(&set, inside), "{inside}");
        }
        for outside in ["9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.8", "2001:db9::", "::", "::a00:1"]
        {
            assert!(!has(&set, outside), "{outside}");
        }
    }

    #[test]
    fn everything_is_everything_of_its_family() {
        let four = set(&[("0.0.0.0", 0)]);
        assert!(has(&four, "0.0.0.0") && has(&four, "255.255.255.255") && !has(&four, "::1"));
        let six = set(&[("::", 0)]);
        assert!(has(&six, "::") && has(&six, "ffff::") && !has(&six, "10.0.0.1"));
        assert!(!has(&set(&[]), "10.0.0.1"));
    }

    #[test]
    fn an_ipv4_network_may_be_written_as_an_ipv6_one() {
        let set = set(&[("::ffff:10.0.0.0", 104), ("::ffff:192.0.2.7", 128)]);
        assert!(has(&set, "10.9.9.9") && has(&set, "192.0.2.7") && !has(&set, "11.0.0.0"));
    }

    proptest! {
        #[test]
        fn agrees_with_a_look_at_each_network(
            networks in prop::collection::vec((0..64_u32, 26..=32_u8), 0..12),
            address in 0..64_u32,
        ) {
            let listed: Vec<_> =
                networks.iter().map(|(at, bits)| (IpAddr::V4(Ipv4Addr::from(*at)), *bits)).collect();
            let expected = networks.iter().any(|(at, bits)| (at ^ address) >> (32 - u32::from(*bits)) == 0);
            let found = Networks::new(&listed).contains(IpAddr::V4(Ipv4Addr::from(address)));
            prop_assert_eq!(found, expected);
        }
    }
}
