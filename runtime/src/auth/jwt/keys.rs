//! Keys that signatures are verified with. Each is bound to one algorithm (RFC 8725 section 3.1): what a token says it was signed
//! by only chooses among them.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};

use super::roca;
use super::token::DEEPEST;
use crate::auth::base64::{Alphabet, decode};
use crate::json_tree::{self, Json};

/// Keys that a set may have.
const MOST: usize = 100;
/// Keys that a token which names none is tried with.
const TRIED: usize = 4;

/// An algorithm (RFC 7518 section 3.1, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) name: &'static str,
    by: By,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Secret(u16),
    Rsa(u16),
    Pss(u16),
    Ec(u16),
    Ed,
}

pub(super) const ALL: &[Algorithm] = &[
    Algorithm { name: "HS256", by: By::Secret(256) },
    Algorithm { name: "HS384", by: By::Secret(384) },
    Algorithm { name: "HS512", by: By::Secret(512) },
    Algorithm { name: "RS256", by: By::Rsa(256) },
    Algorithm { name: "RS384", by: By::Rsa(384) },
    Algorithm { name: "RS512", by: By::Rsa(512) },
    Algorithm { name: "PS256", by: By::Pss(256) },
    Algorithm { name: "PS384", by: By::Pss(384) },
    Algorithm { name: "PS512", by: By::Pss(512) },
    Algorithm { name: "ES256", by: By::Ec(256) },
    Algorithm { name: "ES384", by: By::Ec(384) },
    Algorithm { name: "ES512", by: By::Ec(512) },
    Algorithm { name: "EdDSA", by: By::Ed },
];

impl Algorithm {
    /// Names are compared as they are: `none` in any case is none of them.
    pub(super) fn named(name: &str) -> Option<Self> {
        ALL.iter().copied().find(|known| known.name == name)
    }

    fn rsa(self) -> Option<&'static RsaParameters> {
        Some(match self.by {
            By::Rsa(256) => &signature::RSA_PKCS1_2048_8192_SHA256,
            By::Rsa(384) => &signature::RSA_PKCS1_2048_8192_SHA384,
            By::Rsa(_) => &signature::RSA_PKCS1_2048_8192_SHA512,
            By::Pss(256) => &signature::RSA_PSS_2048_8192_SHA256,
            By::Pss(384) => &signature::RSA_PSS_2048_8192_SHA384,
            By::Pss(_) => &signature::RSA_PSS_2048_8192_SHA512,
            _ => return None,
        })
    }

    fn public(self) -> Option<&'static dyn VerificationAlgorithm> {
        match self.by {
            By::Ec(256) => Some(&signature::ECDSA_P256_SHA256_FIXED),
            By::Ec(384) => Some(&signature::ECDSA_P384_SHA384_FIXED),
            By::Ec(_) => Some(&signature::ECDSA_P521_SHA512_FIXED),
            By::Ed => Some(&signature::ED25519),
            _ => self.rsa().map(|rsa| rsa as &dyn VerificationAlgorithm),
        }
    }
}

enum Material {
    Public(ParsedPublicKey),
    Secret(Box<hmac::Key>),
}

/// One key for one algorithm.
pub(super) struct Key {
    id: Option<String>,
    pub(super) algorithm: Algorithm,
    material: Material,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm.name)
            .finish_non_exhaustive()
    }
}

impl Key {
    /// A public key in DER: a `SubjectPublicKeyInfo` (RFC 5280 section 4.1).
    pub(super) fn public(id: Option<String>, algorithm: Algorithm, der: &[u8]) -> Option<Self> {
        let material = Material::Public(ParsedPublicKey::new(algorithm.public()?, der).ok()?);
        let is_weak = algorithm.rsa().is_some() && roca::modulus(der).is_none_or(roca::is_weak);
        (!is_weak).then_some(Self { id, algorithm, material })
    }

    /// Whether it has this name.
    pub(super) fn is_named(&self, id: Option<&str>) -> bool {
        self.id.as_deref() == id
    }

    /// A secret, which is at least as long as the hash (RFC 7518 section 3.2).
    pub(super) fn secret(id: Option<String>, algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        let By::Secret(bits) = algorithm.by else { return None };
        let hash = match bits {
            256 => hmac::HMAC_SHA256,
            384 => hmac::HMAC_SHA384,
            _ => hmac::HMAC_SHA512,
        };
        let is_long = secret.len() >= usize::from(bits / 8);
        is_long.then(|| Self {
            id,
            algorithm,
            material: Material::Secret(Box::new(hmac::Key::new(hash, secret))),
        })
    }

    /// Whether a signature is one of this key, over this message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Public(key) => key.verify_sig(message, signature).is_ok(),
            Material::Secret(key) => hmac::verify(key, message, signature).is_ok(),
        }
    }
}

/// The keys of one `auth`.
#[derive(Debug, Default)]
pub(super) struct KeySet {
    pub(super) keys: Vec<Key>,
}

impl KeySet {
    /// The keys that a token may have been signed with. One that names a key has those of that name, and those that have none.
    pub(super) fn find<'s>(&'s self, algorithm: &str, id: Option<&str>) -> Vec<&'s Key> {
        let named = self.keys.iter().filter(|key| key.algorithm.name == algorithm);
        let named = named.filter(|key| id.is_none_or(|id| key.id.as_deref().is_none_or(|own| own == id)));
        let found: Vec<&Key> = named.take(TRIED + 1).collect();
        if found.len() > TRIED { Vec::new() } else { found }
    }

    /// Adds the public keys of a text: a JWK set or one JWK (RFC 7517), or public keys in PEM (RFC 7468). A key of a kind or for a
    /// use that is not wanted here is passed over.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, without anything of it.
    pub(super) fn read(&mut self, text: &[u8], accepted: &[Algorithm]) -> Result<(), String> {
        let before = self.keys.len();
        if text.trim_ascii_start().starts_with(b"-----BEGIN") {
            self.pem(text, accepted)?;
        } else {
            let json = json_tree::read(text, DEEPEST)
                .map_err(|_| "it is neither JSON, each member once, nor PEM")?;
            let one = std::slice::from_ref(&json);
            let all = match json.member("keys") {
                Some(Json::List(all)) => all.as_slice(),
                Some(_) => return Err("its `keys` are no list".to_owned()),
                None => one,
            };
            for jwk in all {
                self.jwk(jwk, accepted)?;
            }
        }
        match self.keys.len() {
            count if count == before => Err("it has no key for an algorithm that is accepted".to_owned()),
            count if count > MOST => Err(format!("it has more than {MOST} keys")),
            _ => Ok(()),
        }
    }

    fn pem(&mut self, text: &[u8], accepted: &[Algorithm]) -> Result<(), String> {
        let text = std::str::from_utf8(text).map_err(|_| "it is not UTF-8".to_owned())?;
        for block in text.split("-----BEGIN PUBLIC KEY-----").skip(1) {
            let (body, _) = block.split_once("-----END PUBLIC KEY-----").ok_or("a key in it never ends")?;
            let body: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
            let der = decode(&body, Alphabet::Standard).ok_or("a key in it is not base64")?;
            let keys = accepted.iter().filter_map(|algorithm| Key::public(None, *algorithm, &der));
            self.keys.extend(keys);
        }
        Ok(())
    }

    fn jwk(&mut self, jwk: &Json<'_>, accepted: &[Algorithm]) -> Result<(), String> {
        let text = |name: &str| jwk.member(name).and_then(Json::text);
        let is_for_signatures = jwk.member("use").is_none_or(|it| it.text() == Some("sig"));
        let verifies = jwk.member("key_ops").is_none_or(|it| match it {
            Json::List(all) => all.iter().any(|it| it.text() == Some("verify")),
            _ => false,
        });
        if !is_for_signatures || !verifies {
            return Ok(());
        }
        let bytes = |name: &str| {
            let wrong = || format!("`{name}` of a key is not base64url");
            text(name).and_then(|text| decode(text.as_bytes(), Alphabet::Url)).ok_or_else(wrong)
        };
        for algorithm in
            accepted.iter().filter(|it| jwk.member("alg").is_none_or(|alg| alg.text() == Some(it.name)))
        {
            let material = match (text("kty"), algorithm.by) {
                (Some("RSA"), By::Rsa(_) | By::Pss(_)) => {
                    let (n, e) = (bytes("n")?, bytes("e")?);
                    let rsa = algorithm.rsa().filter(|_| !roca::is_weak(&n));
                    rsa.and_then(|rsa| RsaPublicKeyComponents { n, e }.to_parsed_public_key(rsa).ok())
                }
                (Some("EC"), By::Ec(bits)) => {
                    let (curve, size) = match bits {
                        256 => ("P-256", 32),
                        384 => ("P-384", 48),
                        _ => ("P-521", 66),
                    };
                    if text("crv") != Some(curve) {
                        continue;
                    }
                    let (x, y) = (bytes("x")?, bytes("y")?);
                    // RFC 7518 section 6.2.1.2: of full length each.
                    let point = [&[4][..], &x, &y].concat();
                    let is_whole = x.len() == size && y.len() == size;
                    algorithm
                        .public()
                        .filter(|_| is_whole)
                        .and_then(|it| ParsedPublicKey::new(it, point).ok())
                }
                (Some("OKP"), By::Ed) if text("crv") == Some("Ed25519") => {
                    let x = bytes("x")?;
                    algorithm.public().and_then(|it| ParsedPublicKey::new(it, x).ok())
                }
                _ => continue,
            };
            let id = text("kid").map(str::to_owned);
            let named = id.as_deref().unwrap_or("without a name").escape_debug().to_string();
            let material =
                material.ok_or_else(|| format!("the key `{named}` is none for {}", algorithm.name))?;
            self.keys.push(Key { id, algorithm: *algorithm, material: Material::Public(material) });
        }
        Ok(())
    }
}
