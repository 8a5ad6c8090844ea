//! RSA keys that a library for chips has made so that they can be factored (CVE-2017-15361): their primes are powers of 65537 modulo
//! many small primes, and so is their product.

/// The small primes for which the powers of 65537 are not all there is: an honest key is among them for each with a chance of a half
/// or less, and for all of them with one of 2^-27.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether a modulus, as bytes from the most significant on, is of such a key.
pub(super) fn is_weak(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| {
        is_power(modulus.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime), *prime)
    })
}

/// Whether a number is a power of 65537 modulo a prime.
fn is_power(number: u32, prime: u32) -> bool {
    let mut power = 1;
    for _ in 0..prime {
        if power == number {
            return true;
        }
        power = power * 65_537 % prime;
    }
    false
}

/// The modulus of an RSA key in DER: a `SubjectPublicKeyInfo` (RFC 5280 section 4.1) with an `RSAPublicKey` (RFC 8017 section A.1.1) in it.
pub(super) fn modulus(der: &[u8]) -> Option<&[u8]> {
    let (info, _) = element(der, 0x30)?;
    let (_, behind) = element(info, 0x30)?;
    let (bits, _) = element(behind, 0x03)?;
    let (key, _) = element(bits.get(1..)?, 0x30)?;
    element(key, 0x02).map(|(modulus, _)| modulus)
}

/// What an element of a tag holds, and what stands behind it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (own, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 3))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length).filter(|_| *own == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modulus_of_a_public_key_is_found() {
        let pem = include_str!("../../../../tests/gateways/keys/rsa.pub");
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der =
            crate::auth::base64::decode(body.as_bytes(), crate::auth::base64::Alphabet::Standard).unwrap();
        let modulus = modulus(&der).unwrap();
        assert!(matches!(modulus.len(), 257) && modulus[0] == 0, "a positive number of 2048 bits");
        assert!(!is_weak(modulus));
        assert!(super::modulus(&der[..40]).is_none() && super::modulus(b"").is_none());
    }

    #[test]
    fn products_of_powers_are_weak() {
        // 65537 squared, and one more.
        let square = 65_537_u64 * 65_537;
        assert!(is_weak(&square.to_be_bytes()) && !is_weak(&(square + 2).to_be_bytes()));
    }
}
