//! Tokens (`auth NAME jwt`) from raw bytes. They are signed by jsonwebtoken, which knows nothing of the gateway.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program;
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;

pub(super) const RSA: &[u8] = include_bytes!("../../gateways/keys/rsa.pem");
pub(super) const OTHER_RSA: &[u8] = include_bytes!("../../gateways/keys/other_rsa.pem");
const RSA_PUBLIC: &[u8] = include_bytes!("../../gateways/keys/rsa.pub");
const EC: &[u8] = include_bytes!("../../gateways/keys/ec.pem");
const ED: &[u8] = include_bytes!("../../gateways/keys/ed.pem");
const SECRET: &str = "a secret of more than thirty-two bytes";
const ADA: &str = "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10";

fn gate(server: &Server) -> Gate {
    Setup { program: program::tokens(), ..Setup::app(server) }.give("shared_secret", SECRET).start()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// What a good token says, with some members changed; `null` takes one out.
pub(super) fn says(changes: Value) -> Value {
    let mut claims = json!({
        "iss": "https://id.example/", "aud": "shop", "exp": now() + 600, "sub": ADA, "scope": "orders:read orders:write",
    });
    let Value::Object(changes) = changes else { panic!("an object") };
    for (name, value) in changes {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(&name)),
            value => claims[name] = value,
        }
    }
    claims
}

pub(super) fn header(algorithm: Algorithm, kid: Option<&str>) -> Header {
    Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) }
}

fn rsa(claims: &Value) -> String {
    encode(&header(Algorithm::RS256, Some("rsa-1")), claims, &EncodingKey::from_rsa_pem(RSA).unwrap())
        .unwrap()
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.as_ref().chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..=group.len() {
            text.push(char::from(LETTERS[(bits >> (18 - 6 * at)) as usize & 63]));
        }
    }
    text
}

/// A token with these very texts as its first two parts, really signed.
fn raw(header: &str, payload: &str) -> String {
    let message = format!("{}.{}", base64(header), base64(payload));
    let key = EncodingKey::from_rsa_pem(RSA).unwrap();
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::RS256).unwrap();
    format!("{message}.{signature}")
}

pub(super) fn ask(gate: &Gate, target: &str, token: &str) -> Message {
    gate.ask(format!("GET {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"))
}

#[test]
fn a_token_of_each_kind_of_key_is_known_and_its_claims_have_types() {
    let server = Server::ok();
    let gate = gate(&server);
    let claims = says(
        json!({ "plan": "pro", "cognito:groups": ["a b", "c"], "seats": 7, "email_verified": true, "credit": 1.50 }),
    );
    let expected = json!({
        "sub": ADA, "plan": "pro", "scopes": 2, "groups": 2, "seats": 7, "verified": true, "reads": true, "credit": 1.5,
    });
    let (rsa_key, ec, ed) = (
        EncodingKey::from_rsa_pem(RSA).unwrap(),
        EncodingKey::from_ec_pem(EC).unwrap(),
        EncodingKey::from_ed_pem(ED).unwrap(),
    );
    for (algorithm, kid, key) in [
        (Algorithm::RS256, Some("rsa-1"), &rsa_key),
        (Algorithm::RS256, Some("rsa-ps"), &rsa_key),
        (Algorithm::PS256, Some("rsa-ps"), &rsa_key),
        (Algorithm::ES256, Some("ec-1"), &ec),
        (Algorithm::EdDSA, Some("ed-1"), &ed),
        (Algorithm::RS256, None, &rsa_key),
        (Algorithm::ES256, None, &ec),
    ] {
        let token = encode(&header(algorithm, kid), &claims, key).unwrap();
        // Once verified, and once remembered.
        for _ in 0..2 {
            let answer = ask(&gate, "/me", &token);
            assert_eq!(answer.status(), 200, "{algorithm:?} {kid:?} {answer:?}");
            assert_eq!(answer.json(), expected, "{algorithm:?} {kid:?}");
        }
    }
    let ecdsa = encode(&header(Algorithm::ES256, Some("pinned")), &claims, &ec).unwrap();
    assert_eq!(ask(&gate, "/pinned", &ecdsa).status(), 200);
    let shared = EncodingKey::from_secret(SECRET.as_bytes());
    let machine = encode(&header(Algorithm::HS256, Some("one")), &claims, &shared).unwrap();
    assert_eq!(ask(&gate, "/machine", &machine).status(), 200);
}

#[test]
fn claims_inside_of_others_are_found_by_their_names() {
    let server = Server::ok();
    let gate = gate(&server);
    let staff = |changes: Value| {
        let answer = ask(&gate, "/staff", &rsa(&says(changes)));
        if answer.status() == 200 { answer.json() } else { answer.status().into() }
    };
    let none = json!({ "roles": 0, "admin": false, "shop": false, "dotted": "", "team": "" });
    assert_eq!(
        staff(json!({
            "realm_access": { "roles": ["user", "admin"], "more": { "roles": [] } },
            "resource_access": { "other": { "roles": ["all"] }, "shop": { "roles": ["orders:read"] } },
            "https://hasura.io/jwt/claims": { "x-hasura-team": "blue" },
            "realm_access.roles": "a name with a dot",
        })),
        json!({ "roles": 2, "admin": true, "shop": true, "dotted": "a name with a dot", "team": "blue" })
    );
    // What is not there is not there, at every depth.
    for nothing in [
        json!({}),
        json!({ "realm_access": {}, "resource_access": { "shop": {} }, "https://hasura.io/jwt/claims": {} }),
        json!({ "resource_access": { "other": { "roles": ["orders:read"] } }, "roles": ["admin"], "x-hasura-team": "red" }),
        json!({ "realm_access": { "roles": null }, "resource_access": { "shop": null } }),
    ] {
        assert_eq!(staff(nothing.clone()), none, "{nothing}");
    }
    // What is something else is no token for this gateway.
    for wrong in [
        json!({ "realm_access": "admin" }),
        json!({ "realm_access": ["roles", "admin"] }),
        json!({ "realm_access": { "roles": { "admin": true } } }),
        json!({ "realm_access": { "roles": [["admin"]] } }),
        json!({ "resource_access": { "shop": 7 } }),
        json!({ "resource_access": [{ "shop": { "roles": ["orders:read"] } }] }),
        json!({ "https://hasura.io/jwt/claims": { "x-hasura-team": {} } }),
        json!({ "https://hasura.io/jwt/claims": "{\"x-hasura-team\":\"blue\"}" }),
    ] {
        assert_eq!(staff(wrong.clone()), 401, "{wrong}");
    }
}

#[test]
fn what_a_token_may_leave_out_has_its_default() {
    let server = Server::ok();
    let gate = gate(&server);
    let answer = ask(
        &gate,
        "/me",
        &rsa(&says(json!({ "scope": null, "aud": ["other", "shop-next"], "iss": "https://old.example/" }))),
    );
    let expected = json!({
        "sub": ADA, "plan": "free", "scopes": 0, "groups": 0, "seats": 0, "verified": false, "reads": false, "credit": 0,
    });
    assert_eq!(answer.json(), expected);
}

#[test]
fn what_a_token_says_decides() {
    let server = Server::ok();
    let gate = gate(&server);
    let (now, other) = (now(), "https://evil.example/");
    for (what, changes) in [
        ("another issuer", json!({ "iss": other })),
        ("no issuer", json!({ "iss": null })),
        ("an issuer that only begins so", json!({ "iss": "https://id.example/x" })),
        ("two issuers", json!({ "iss": ["https://id.example/", other] })),
        ("another audience", json!({ "aud": "other" })),
        ("no audience", json!({ "aud": null })),
        ("an empty list of audiences", json!({ "aud": [] })),
        ("a list of something else", json!({ "aud": ["shop", 7] })),
        ("over", json!({ "exp": now - 1 })),
        ("no end", json!({ "exp": null })),
        ("an end that is a text", json!({ "exp": (now + 600).to_string() })),
        ("an end before the beginning of time", json!({ "exp": -1 })),
        ("an end that is too large", json!({ "exp": 1e300 })),
        ("not yet", json!({ "nbf": now + 600 })),
        ("a beginning that is none", json!({ "nbf": "now" })),
        ("a time of making that is none", json!({ "iat": true })),
        ("nobody", json!({ "sub": null })),
        ("somebody of another type", json!({ "sub": "ada" })),
        ("a plan that there is not", json!({ "plan": "gold" })),
        ("too many seats", json!({ "seats": 51 })),
        ("seats that are a list", json!({ "seats": [7] })),
        ("seats that are a record", json!({ "seats": { "a": 7 } })),
        ("a group that is no text", json!({ "cognito:groups": [{ "a": 1 }] })),
    ] {
        let answer = ask(&gate, "/me", &rsa(&says(changes)));
        assert_eq!(answer.status(), 401, "{what}");
        refused(&answer, 401, "credential_invalid");
        let challenge = answer.field("www-authenticate").unwrap().replace('\\', "");
        assert_eq!(challenge, "Bearer realm=\"tested\", error=\"invalid_token\"", "{what}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn no_attack_on_a_token_is_let_in() {
    let server = Server::ok();
    let gate = gate(&server);
    let good = rsa(&says(json!({})));
    let payload = says(json!({})).to_string();
    let [head, body, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let with_header = |text: &str| format!("{}.{body}.{signature}", base64(text));
    let public_as_secret = {
        let key = EncodingKey::from_secret(RSA_PUBLIC);
        encode(&header(Algorithm::HS256, Some("rsa-1")), &says(json!({})), &key).unwrap()
    };
    let by = |algorithm, kid: Option<&str>, key: &EncodingKey| {
        encode(&header(algorithm, kid), &says(json!({})), key).unwrap()
    };
    let ec = EncodingKey::from_ec_pem(EC).unwrap();
    let (rsa_key, other) =
        (EncodingKey::from_rsa_pem(RSA).unwrap(), EncodingKey::from_rsa_pem(OTHER_RSA).unwrap());
    let mut flipped = signature.to_owned().into_bytes();
    flipped[10] = if flipped[10] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let inside = payload.replacen('{', "{\"realm_access\":{\"roles\":[],\"roles\":[\"admin\"]},", 1);
    let twice = payload.replacen('{', "{\"sub\":\"00000000-0000-0000-0000-000000000000\",", 1);
    let escaped = payload.replacen('{', r#"{"s\u0075b":"00000000-0000-0000-0000-000000000000","#, 1);
    let attacks = [
        ("alg none", format!("{}.{body}.", base64(r#"{"alg":"none"}"#))),
        ("alg none, with a signature", with_header(r#"{"alg":"none","kid":"rsa-1"}"#)),
        ("alg NoNe", format!("{}.{body}.AA", base64(r#"{"alg":"NoNe"}"#))),
        ("alg in lower case", raw(r#"{"alg":"rs256","kid":"rsa-1"}"#, &payload)),
        ("alg of another type", raw(r#"{"alg":["RS256"],"kid":"rsa-1"}"#, &payload)),
        ("no alg", raw(r#"{"kid":"rsa-1"}"#, &payload)),
        ("two algs", raw(r#"{"alg":"none","alg":"RS256","kid":"rsa-1"}"#, &payload)),
        ("the public key as a secret", public_as_secret),
        ("an algorithm that is not accepted", by(Algorithm::RS512, Some("rsa-ps"), &rsa_key)),
        ("an algorithm that the key is not for", by(Algorithm::PS256, Some("rsa-1"), &rsa_key)),
        ("the name of a key of another kind", by(Algorithm::ES256, Some("rsa-1"), &ec)),
        ("a key that is for encryption", by(Algorithm::RS256, Some("for-encryption"), &rsa_key)),
        ("another key under a known name", by(Algorithm::RS256, Some("rsa-1"), &other)),
        ("another key without a name", by(Algorithm::RS256, None, &other)),
        ("an unknown key", by(Algorithm::RS256, Some("rsa-2"), &rsa_key)),
        ("a path as a key", by(Algorithm::RS256, Some("../../gateways/keys/rsa.pub"), &rsa_key)),
        ("a command as a key", by(Algorithm::RS256, Some("rsa-1' OR '1'='1"), &rsa_key)),
        ("an empty name of a key", by(Algorithm::RS256, Some(""), &rsa_key)),
        ("a long name of a key", by(Algorithm::RS256, Some(&"k".repeat(300)), &rsa_key)),
        ("a name of a key that is no text", raw(r#"{"alg":"RS256","kid":7}"#, &payload)),
        ("a name of a key that is nothing", raw(r#"{"alg":"RS256","kid":null}"#, &payload)),
        (
            "a key that the token brings",
            raw(
                r#"{"alg":"RS256","kid":"mine","jwk":{"kty":"RSA","n":"AQAB","e":"AQAB"},"jku":"http://127.0.0.1:9/"}"#,
                &payload,
            ),
        ),
        ("crit", raw(r#"{"alg":"RS256","kid":"rsa-1","crit":["exp"]}"#, &payload)),
        ("crit that is empty", raw(r#"{"alg":"RS256","kid":"rsa-1","crit":[]}"#, &payload)),
        ("crit and b64", raw(r#"{"alg":"RS256","kid":"rsa-1","crit":["b64"],"b64":false}"#, &payload)),
        ("another type of token", raw(r#"{"alg":"RS256","kid":"rsa-1","typ":"dpop+jwt"}"#, &payload)),
        ("a header that is no object", raw(r#"["RS256"]"#, &payload)),
        ("a header that is no JSON", raw("alg: RS256", &payload)),
        ("a payload that is no object", raw(r#"{"alg":"RS256","kid":"rsa-1"}"#, "[]")),
        ("a member twice", raw(r#"{"alg":"RS256","kid":"rsa-1"}"#, &twice)),
        ("a member twice, inside", raw(r#"{"alg":"RS256","kid":"rsa-1"}"#, &inside)),
        ("a member twice, escaped", raw(r#"{"alg":"RS256","kid":"rsa-1"}"#, &escaped)),
        ("text behind the payload", raw(r#"{"alg":"RS256","kid":"rsa-1"}"#, &format!("{payload}x"))),
        ("two payloads", raw(r#"{"alg":"RS256","kid":"rsa-1"}"#, &format!("{payload}{payload}"))),
        ("no signature", format!("{head}.{body}.")),
        ("no third part", format!("{head}.{body}")),
        ("four parts", format!("{good}.{signature}")),
        ("five parts", format!("{good}.{signature}.{signature}")),
        ("one part", head.to_owned()),
        ("only dots", "..".to_owned()),
        ("cut off", good[..good.len() - 4].to_owned()),
        ("a bit of the signature", format!("{head}.{body}.{flipped}")),
        (
            "another payload",
            format!("{head}.{}.{signature}", base64(says(json!({ "scope": "admin" })).to_string())),
        ),
        ("padding", format!("{good}==")),
        ("base64 with other letters", good.replace('_', "/").replace('-', "+") + "+"),
        ("oversized", rsa(&says(json!({ "filler": "x".repeat(9000) })))),
        (
            "deeply nested",
            rsa(&says(
                json!({ "filler": serde_json::from_str::<Value>(&("[".repeat(60) + &"]".repeat(60))).unwrap() }),
            )),
        ),
    ];
    for (what, token) in &attacks {
        assert_ne!(token, &good, "{what}");
        let answer = ask(&gate, "/me", token);
        assert_eq!(answer.status(), 401, "{what}: {token}");
        refused(&answer, 401, "credential_invalid");
    }
    // What was refused is not remembered, and what was good still is.
    assert_eq!(ask(&gate, "/me", &good).status(), 200);
    assert_eq!(ask(&gate, "/me", &attacks[0].1).status(), 401);
    let lines = format!("{:?}", gate.log(attacks.len() + 2));
    assert!(!lines.contains(signature) && !lines.contains(body), "no token is in the log");
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_secret_is_for_tokens_that_are_signed_with_it_and_for_no_others() {
    let server = Server::ok();
    let gate = gate(&server);
    let sign = |algorithm, secret: &[u8]| {
        encode(&header(algorithm, Some("one")), &says(json!({})), &EncodingKey::from_secret(secret)).unwrap()
    };
    assert_eq!(ask(&gate, "/machine", &sign(Algorithm::HS256, SECRET.as_bytes())).status(), 200);
    for token in [
        sign(Algorithm::HS256, b"another secret of thirty-two bytes and more"),
        sign(Algorithm::HS256, b""),
        sign(Algorithm::HS512, SECRET.as_bytes()),
        rsa(&says(json!({}))),
    ] {
        refused(&ask(&gate, "/machine", &token), 401, "credential_invalid");
    }
}

#[test]
fn clocks_may_differ_by_the_leeway_and_long_tokens_are_not_read() {
    let server = Server::ok();
    let gate = gate(&server);
    let status = |changes: Value| ask(&gate, "/forgetful", &rsa(&says(changes))).status();
    let now = now();
    assert_eq!(status(json!({ "exp": now - 30, "nbf": now + 30 })), 200);
    assert_eq!(status(json!({ "exp": now - 61 })), 401);
    assert_eq!(status(json!({ "nbf": now + 90 })), 401);
    assert_eq!(status(json!({ "filler": "x".repeat(200) })), 401);
}

#[test]
fn whoever_is_known_is_told_to_the_server_and_the_token_is_not() {
    let server = Server::ok();
    let gate = gate(&server);
    assert_eq!(ask(&gate, "/orders", &rsa(&says(json!({})))).status(), 200);
    let request = server.only();
    assert_eq!(request.field("x-customer").as_deref(), Some(ADA));
    assert_eq!(request.field("authorization"), None);
    refused(&ask(&gate, "/orders", &rsa(&says(json!({ "scope": "orders:write" })))), 403, "not_allowed");
}

#[test]
fn a_secret_that_is_too_short_stops_the_start() {
    let server = Server::ok();
    let setup = Setup { program: program::tokens(), ..Setup::app(&server) }.give("shared_secret", "short");
    let error = setup.try_start().expect_err("it does not start");
    assert!(error.contains("`machine`") && error.contains("HS256") && !error.contains("short\""), "{error}");
}
