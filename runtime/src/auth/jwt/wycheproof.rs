//! Every signature and key of the Wycheproof project (`runtime/tests/wycheproof`), held against what verifies tokens here: what is
//! invalid is refused, and what is valid is accepted, but for what is refused by decision.

use serde_json::Value;

use super::keys::{ALL, Algorithm, Key, KeySet};
use super::token::{LastHeader, Token};
use crate::auth::base64::{Alphabet, decode};

const FILES: [(&str, &str); 3] = [
    ("signature", include_str!("../../../tests/wycheproof/json_web_signature_test.json")),
    ("key", include_str!("../../../tests/wycheproof/json_web_key_test.json")),
    ("crypto", include_str!("../../../tests/wycheproof/json_web_crypto_test.json")),
];

/// Valid to the project, and refused here.
const REFUSED: &[(&str, u64, &str)] = &[
    ("signature", 346, "the key is said to be for `PS256`, and the token is signed by PS384"),
    ("signature", 350, "the same"),
    ("signature", 347, "the key is said to be for `ES521`, which is no algorithm (RFC 7518 section 3.1)"),
    ("signature", 351, "the same"),
    ("signature", 372, "base64 has one spelling: a character that is none of it is not passed over"),
    ("signature", 373, "the same"),
];

/// Invalid to the project, and accepted here.
const ACCEPTED: &[(&str, u64, &str)] = &[
    (
        "signature",
        367,
        "it is 357, which is valid, letter for letter: the padding that it is about is not in the file",
    ),
    ("signature", 370, "the same"),
];

/// The keys of a group as an operator gives them: public ones as a JWK set, secrets one by one.
fn keys(group: &Value) -> Option<KeySet> {
    let mut set = KeySet::default();
    let given = group.get("public").or_else(|| group.get("private"))?;
    let all = given.get("keys").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![given.clone()]);
    let public: Vec<&Value> = all.iter().filter(|jwk| jwk["kty"] != "oct").collect();
    if public.is_empty() {
        for jwk in &all {
            let text = |name: &str| jwk.get(name).and_then(Value::as_str);
            let algorithm = Algorithm::named(text("alg")?)?;
            let secret = decode(text("k")?.as_bytes(), Alphabet::Url)?;
            let id = text("kid").map(str::to_owned);
            // The compiler refuses two keys of one name.
            if set.keys.iter().any(|known| known.is_named(id.as_deref())) {
                return None;
            }
            set.keys.push(Key::secret(id, algorithm, &secret)?);
        }
    } else {
        let accepted: Vec<Algorithm> =
            ALL.iter().copied().filter(|algorithm| !algorithm.name.starts_with("HS")).collect();
        set.read(serde_json::json!({ "keys": public }).to_string().as_bytes(), &accepted).ok()?;
    }
    Some(set)
}

/// Whether a token is signed by one of the keys, and can be read at all.
fn accepts(keys: &KeySet, jws: &str) -> bool {
    let Some(token) = Token::read(jws.as_bytes(), &LastHeader::default()) else { return false };
    let is_signed = keys
        .find(&token.header.algorithm, token.header.key.as_deref())
        .iter()
        .any(|key| key.verifies(token.message, &token.signature));
    let payload = token.message.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    is_signed && decode(payload, Alphabet::Url).is_some()
}

#[test]
fn every_vector_is_accepted_or_refused_as_it_should_be() {
    let (mut count, mut wrong) = (0, Vec::new());
    for (file, text) in FILES {
        let vectors: Value = serde_json::from_str(text).unwrap();
        for group in vectors["testGroups"].as_array().unwrap() {
            let keys = keys(group);
            for test in group["tests"].as_array().unwrap() {
                // Encryption is not read here.
                let Some(jws) = test.get("jws") else { continue };
                count += 1;
                // One that is JSON, and not three parts, is passed on as its text.
                let jws = jws.as_str().map_or_else(|| jws.to_string(), str::to_owned);
                let is_accepted = keys.as_ref().is_some_and(|keys| accepts(keys, &jws));
                let id = test["tcId"].as_u64().unwrap();
                let exceptions = if is_accepted { ACCEPTED } else { REFUSED };
                let is_listed = exceptions.iter().any(|(own, number, _)| (*own, *number) == (file, id));
                if (is_accepted == (test["result"] == "valid")) == is_listed {
                    wrong.push(format!("{file} {id}: {} is {}", test["comment"], test["result"]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(count, 401 + 26 + 49);
}
