//! What can be seen of the hash of a password: whether it is one, and what it costs to verify. The runtime holds files against the
//! same bounds.

/// What is wrong with a hash.
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) help: &'static str,
}

const ARGON2: &str = "the `argon2` program makes one: `argon2 \"$SALT\" -id -k 19456 -t 2 -p 1 -e`";
const BCRYPT: &str = "`htpasswd -nBC 12 NAME` makes one";

/// Kibibytes of memory.
const MEMORY: (u64, u64) = (7 * 1024, 256 * 1024);
/// Kibibytes that all passes together fill.
const FILLED: (u64, u64) = (35 * 1024, 1024 * 1024);
const LANES: (u64, u64) = (1, 16);
/// Powers of two.
const ROUNDS: (u64, u64) = (10, 14);

/// What is wrong with a hash, if anything is. No part of it is repeated but its costs.
pub(super) fn wrong(text: &str) -> Option<Wrong> {
    let mut parts = text.split('$');
    if parts.next() != Some("") {
        return Some(no_hash());
    }
    let kind = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    match (kind, rest.as_slice()) {
        ("argon2id", [version, costs, salt, hash]) => argon2(version, costs, salt, hash),
        ("2a" | "2b" | "2y", [cost, rest]) => bcrypt(cost, rest),
        ("argon2i" | "argon2d", _) => {
            Some(Wrong { message: format!("`{kind}` is not verified here, only `argon2id`"), help: ARGON2 })
        }
        _ => Some(no_hash()),
    }
}

fn no_hash() -> Wrong {
    Wrong {
        message: "expected `$argon2id$v=19$m=…,t=…,p=…$SALT$HASH`, or `$2b$COST$…`".into(), help: ARGON2
    }
}

fn argon2(version: &str, costs: &str, salt: &str, hash: &str) -> Option<Wrong> {
    let no_cost = || Wrong { message: "expected the costs as `m=19456,t=2,p=1`".into(), help: ARGON2 };
    if version != "v=19" {
        return Some(Wrong { message: "expected version 19 of Argon2: `v=19`".into(), help: ARGON2 });
    }
    let costs: Vec<&str> = costs.split(',').collect();
    let [memory, passes, lanes] = costs.as_slice() else { return Some(no_cost()) };
    let read = |text: &str, name: &str| number(text.strip_prefix(name)?);
    let (Some(memory), Some(passes), Some(lanes)) =
        (read(memory, "m="), read(passes, "t="), read(lanes, "p="))
    else {
        return Some(no_cost());
    };
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    // What is left over of the last letter is zero.
    let ends_well = |text: &str| match (text.len() % 4, text.bytes().next_back()) {
        (0, _) => true,
        (2, Some(last)) => b"AQgw".contains(&last),
        (3, Some(last)) => b"AEIMQUYcgkosw048".contains(&last),
        _ => false,
    };
    let is_text = |text: &str, (min, max)| {
        (min..=max).contains(&text.len()) && text.bytes().all(is_letter) && ends_well(text)
    };
    if !is_text(salt, (11, 64)) || !is_text(hash, (22, 86)) {
        return Some(Wrong {
            message: "expected a salt of 8 to 48 bytes and a hash of 16 to 64, in base64 without padding"
                .into(),
            help: ARGON2,
        });
    }
    let filled = memory.saturating_mul(passes);
    let within = |value: u64, (min, max): (u64, u64)| (min..=max).contains(&value);
    (!within(memory, MEMORY) || passes == 0 || !within(filled, FILLED) || !within(lanes, LANES)).then(|| {
        let weak = memory < MEMORY.0 || filled < FILLED.0;
        let why = if weak { "too cheap to try out" } else { "too dear for each request" };
        Wrong {
            message: format!(
                "`m={memory},t={passes},p={lanes}` is {why}: expected 7 to 256 MiB of memory, 35 to 1024 MiB filled by all passes, and 1 to 16 lanes"
            ),
            help: ARGON2,
        }
    })
}

fn bcrypt(cost: &str, rest: &str) -> Option<Wrong> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"./".contains(&byte);
    let Some(rounds) = number(cost.strip_prefix('0').unwrap_or(cost)).filter(|_| cost.len() == 2) else {
        return Some(Wrong { message: "expected the cost of bcrypt as two digits".into(), help: BCRYPT });
    };
    if rest.len() != 53 || !rest.bytes().all(is_letter) {
        return Some(Wrong {
            message: "expected 53 letters of salt and hash behind the cost of bcrypt".into(),
            help: BCRYPT,
        });
    }
    if rounds < ROUNDS.0 {
        return Some(Wrong {
            message: format!("a cost of {rounds} is too cheap to try out: expected 10 to 14"),
            help: BCRYPT,
        });
    }
    (rounds > ROUNDS.1).then(|| Wrong {
        message: format!("a cost of {rounds} is too dear for each request: expected 10 to 14"),
        help: BCRYPT,
    })
}

/// A number as people write it: digits, and no zero in front.
fn number(text: &str) -> Option<u64> {
    let is_number = text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_zero = text.len() > 1 && text.starts_with('0');
    text.parse().ok().filter(|_| is_number && !has_zero)
}
