//! Hashes of passwords: Argon2id (RFC 9106) as a PHC string, and bcrypt.
//!
//! What one costs is bounded both ways: one that is cheap to try out hides nothing, and one that is dear is a weapon in the hand of
//! whoever sends passwords. The compiler holds the texts of a program against the same bounds.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;

use crate::auth::base64::{Alphabet, decode};
use crate::memory::{Passwords, Place};

/// Kibibytes of memory.
const MEMORY: std::ops::RangeInclusive<u32> = 7 * 1024..=256 * 1024;
/// Kibibytes that all passes together fill.
const FILLED: std::ops::RangeInclusive<u32> = 35 * 1024..=1024 * 1024;
const LANES: std::ops::RangeInclusive<u32> = 1..=16;
/// Powers of two.
const ROUNDS: std::ops::RangeInclusive<u32> = 10..=14;
/// Bytes of a password that bcrypt looks at.
const SEEN: usize = 72;

/// A hash that a password can be held against.
pub(super) struct Stored(Kind);

enum Kind {
    Argon2 { params: Params, salt: Vec<u8>, hash: Vec<u8> },
    Bcrypt { cost: u32, salt: [u8; 16], hash: [u8; 23] },
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored").finish_non_exhaustive()
    }
}

/// Memory that a hash is made in, and that the next may use.
#[derive(Default)]
pub(super) struct Room {
    blocks: Vec<Block>,
    /// Where that of the process is bounded, and what is taken of it.
    bounded: Option<(Arc<Passwords>, Option<Place>)>,
}

/// Blocks for which an allocator asks the kernel, and which it gives back when they are free: 33 MiB. Fewer it may keep for the thread that
/// had them. What is never written takes no memory.
const OWN: usize = 33 << 10;

impl Room {
    /// Nothing, so far.
    pub(super) fn new(passwords: Option<&Arc<Passwords>>) -> Self {
        Self { blocks: Vec::new(), bounded: passwords.map(|passwords| (Arc::clone(passwords), None)) }
    }

    /// Lets go of it.
    pub(super) fn clear(&mut self) {
        self.blocks = Vec::new();
        if let Some((_, place)) = &mut self.bounded {
            *place = None;
        }
    }

    /// Lets go of it where another waits for memory.
    pub(super) fn make_way(&mut self) {
        if self.bounded.as_ref().is_some_and(|(passwords, _)| passwords.is_waited_for()) {
            self.clear();
        }
    }

    /// So many blocks, perhaps after a wait.
    fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.blocks.len() < count {
            if self.bounded.is_some() {
                self.clear();
            }
            if let Some((passwords, place)) = &mut self.bounded {
                *place = Some(passwords.wait(bytes(count)));
                self.blocks.reserve_exact(count.max(OWN));
            }
            self.blocks.resize(count, Block::default());
        }
        self.blocks.get_mut(..count).unwrap_or_default()
    }
}

fn bytes(blocks: usize) -> u64 {
    (blocks as u64).saturating_mul(size_of::<Block>() as u64)
}

impl Stored {
    /// Reads a hash.
    ///
    /// # Errors
    ///
    /// What is wrong with it, without any part of it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut parts = text.split('$');
        let (first, kind) = (parts.next(), parts.next());
        let rest: Vec<&str> = parts.collect();
        match (first, kind, rest.as_slice()) {
            (Some(""), Some("argon2id"), [version, costs, salt, hash]) => argon2(version, costs, salt, hash),
            (Some(""), Some("2a" | "2b" | "2y"), [cost, rest]) => bcrypt(cost, rest),
            _ => Err("expected `$argon2id$…` or `$2b$…` as the hash".to_owned()),
        }
    }

    /// Bytes of memory that it takes to make it, where they are worth counting.
    pub(super) fn needs(&self) -> u64 {
        match &self.0 {
            Kind::Argon2 { params, .. } => bytes(params.block_count()),
            Kind::Bcrypt { .. } => 0,
        }
    }

    /// Whether it is the hash of this password.
    pub(super) fn is_of(&self, password: &str, room: &mut Room) -> bool {
        match &self.0 {
            Kind::Argon2 { params, salt, hash } => {
                let mut made = vec![0; hash.len()];
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
                let blocks = room.blocks(params.block_count());
                let is_made =
                    argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut made, blocks);
                is_made.is_ok() && verify_slices_are_equal(&made, hash).is_ok()
            }
            // Of a longer one only the beginning would have to be right.
            Kind::Bcrypt { .. } if password.len() > SEEN => false,
            Kind::Bcrypt { cost, salt, hash } => {
                let mut bytes = password.as_bytes().to_vec();
                bytes.push(0);
                bytes.truncate(SEEN);
                let made = ::bcrypt::bcrypt(*cost, *salt, &bytes);
                verify_slices_are_equal(made.get(..hash.len()).unwrap_or_default(), hash).is_ok()
            }
        }
    }
}

fn argon2(version: &str, costs: &str, salt: &str, hash: &str) -> Result<Stored, String> {
    if version != "v=19" {
        return Err("expected version 19 of Argon2: `v=19`".to_owned());
    }
    let costs: Vec<&str> = costs.split(',').collect();
    let read = |at: usize, name: &str| costs.get(at).and_then(|text| number(text.strip_prefix(name)?));
    let (Some(memory), Some(passes), Some(lanes), 3) =
        (read(0, "m="), read(1, "t="), read(2, "p="), costs.len())
    else {
        return Err("expected the costs as `m=19456,t=2,p=1`".to_owned());
    };
    let bytes = |text: &str, wanted: std::ops::RangeInclusive<usize>| {
        decode(text.as_bytes(), Alphabet::Bare).filter(|bytes| wanted.contains(&bytes.len()))
    };
    let (Some(salt), Some(hash)) = (bytes(salt, 8..=48), bytes(hash, 16..=64)) else {
        return Err(
            "expected a salt of 8 to 48 bytes and a hash of 16 to 64, in base64 without padding".into()
        );
    };
    let fits = MEMORY.contains(&memory)
        && passes > 0
        && FILLED.contains(&memory.saturating_mul(passes))
        && LANES.contains(&lanes);
    let params = fits.then(|| Params::new(memory, passes, lanes, Some(hash.len())).ok()).flatten();
    let params = params.ok_or_else(|| {
        format!(
            "`m={memory},t={passes},p={lanes}`: expected 7 to 256 MiB of memory, 35 to 1024 MiB filled by all passes, and 1 to 16 lanes"
        )
    })?;
    Ok(Stored(Kind::Argon2 { params, salt, hash }))
}

fn bcrypt(cost: &str, rest: &str) -> Result<Stored, String> {
    let number = number(cost.strip_prefix('0').unwrap_or(cost)).filter(|_| cost.len() == 2);
    let cost = number.ok_or("expected the cost of bcrypt as two digits")?;
    let parts = rest.split_at_checked(22).filter(|_| rest.len() == 53);
    let read = parts.and_then(|(salt, hash)| Some((letters(salt)?, letters(hash)?)));
    let (salt, hash) = read.ok_or("expected 53 letters of salt and hash behind the cost of bcrypt")?;
    if !ROUNDS.contains(&cost) {
        return Err(format!("a cost of {cost}: expected 10 to 14"));
    }
    Ok(Stored(Kind::Bcrypt { cost, salt, hash }))
}

/// So many bytes in the base64 of bcrypt, whose alphabet begins otherwise. What is left over of the last letter says nothing.
fn letters<const N: usize>(text: &str) -> Option<[u8; N]> {
    let value = |byte: u8| match byte {
        b'.' => Some(0),
        b'/' => Some(1),
        b'A'..=b'Z' => Some(byte - b'A' + 2),
        b'a'..=b'z' => Some(byte - b'a' + 28),
        b'0'..=b'9' => Some(byte - b'0' + 54),
        _ => None,
    };
    let (mut bytes, mut bits, mut held) = (Vec::with_capacity(N), 0_u32, 0);
    for byte in text.bytes() {
        bits = bits << 6 | u32::from(value(byte)?);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.extend((bits >> held).to_le_bytes().first());
            bits &= (1 << held) - 1;
        }
    }
    bytes.try_into().ok()
}

/// A number as people write it: digits, and no zero in front.
fn number(text: &str) -> Option<u32> {
    let is_number = text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_zero = text.len() > 1 && text.starts_with('0');
    text.parse().ok().filter(|_| is_number && !has_zero)
}
