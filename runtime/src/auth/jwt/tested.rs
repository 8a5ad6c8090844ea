//! Tokens of tests: signed with a key that is made when the gateway of a test starts, in the place of those that it declares.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaEncoding, RsaKeyPair};

use super::claims::Asked;
use super::keys::{Algorithm, Key};
use super::token::DEEPEST;
use crate::auth::base64::{self, Alphabet};
use crate::json_tree;

/// How long a token holds where a test does not say it, in seconds.
const HOLDS: u64 = 3_600;

/// What signs.
enum By {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Secret(Box<hmac::Key>),
}

/// Signs tokens by one of the algorithms that are accepted.
pub(super) struct Signer {
    algorithm: Algorithm,
    by: By,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("algorithm", &self.algorithm.name).finish_non_exhaustive()
    }
}

impl Signer {
    /// One with a new key, and the key that verifies what it signs. Of several algorithms the one whose key is made soonest.
    pub(super) fn new(accepted: &[Algorithm]) -> Option<(Self, Key)> {
        let is_quick = |algorithm: &&Algorithm| algorithm.name.starts_with('E');
        let algorithm = *accepted.iter().find(is_quick).or(accepted.first())?;
        let ec = |with| {
            let pair = EcdsaKeyPair::generate(with).ok()?;
            let public: PublicKeyX509Der<'_> = signature::KeyPair::public_key(&pair).as_der().ok()?;
            let public = public.as_ref().to_vec();
            Some((By::Ec(pair), public))
        };
        let rsa = |encoding: &'static dyn RsaEncoding| {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
            let public: PublicKeyX509Der<'_> = signature::KeyPair::public_key(&pair).as_der().ok()?;
            let public = public.as_ref().to_vec();
            Some((By::Rsa(pair, encoding), public))
        };
        let (by, public) = match algorithm.name {
            "ES256" => ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING)?,
            "ES384" => ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING)?,
            "ES512" => ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING)?,
            "EdDSA" => {
                let pair = Ed25519KeyPair::generate().ok()?;
                let public: PublicKeyX509Der<'_> = signature::KeyPair::public_key(&pair).as_der().ok()?;
                let public = public.as_ref().to_vec();
                (By::Ed(pair), public)
            }
            "RS256" => rsa(&signature::RSA_PKCS1_SHA256)?,
            "RS384" => rsa(&signature::RSA_PKCS1_SHA384)?,
            "RS512" => rsa(&signature::RSA_PKCS1_SHA512)?,
            "PS256" => rsa(&signature::RSA_PSS_SHA256)?,
            "PS384" => rsa(&signature::RSA_PSS_SHA384)?,
            "PS512" => rsa(&signature::RSA_PSS_SHA512)?,
            name => {
                let with = match name {
                    "HS256" => hmac::HMAC_SHA256,
                    "HS384" => hmac::HMAC_SHA384,
                    _ => hmac::HMAC_SHA512,
                };
                let mut secret = [0; 64];
                rand::fill(&mut secret).ok()?;
                let key = Key::secret(None, algorithm, &secret)?;
                return Some((
                    Self { algorithm, by: By::Secret(Box::new(hmac::Key::new(with, &secret))) },
                    key,
                ));
            }
        };
        let key = Key::public(None, algorithm, &public)?;
        Some((Self { algorithm, by }, key))
    }

    /// A token that says this, and what must be said, where this does not.
    ///
    /// # Errors
    ///
    /// What is wrong with that which is said.
    pub(super) fn token(&self, asked: &Asked, said: &str, now: u64) -> Result<String, String> {
        let known = json_tree::read(said.as_bytes(), DEEPEST)?;
        let inner = said.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let inner = inner.ok_or_else(|| "no object is said".to_owned())?.trim();
        let text = |all: &[&str]| format!("{:?}", all.first().copied().unwrap_or_default());
        let more = [
            ("iss", text(asked.issuers)),
            ("aud", text(asked.audiences)),
            ("exp", now.saturating_add(HOLDS).to_string()),
        ];
        let more = more.iter().filter(|(name, _)| known.member(name).is_none());
        let mut members: Vec<String> = more.map(|(name, value)| format!("\"{name}\":{value}")).collect();
        if !inner.is_empty() {
            members.push(inner.to_owned());
        }
        let head = format!("{{\"alg\":\"{}\",\"typ\":\"JWT\"}}", self.algorithm.name);
        let message =
            format!("{}.{}", url(head.as_bytes()), url(format!("{{{}}}", members.join(",")).as_bytes()));
        let signature = self.sign(message.as_bytes()).ok_or_else(|| "it cannot be signed".to_owned())?;
        Ok(format!("{message}.{}", url(&signature)))
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.by {
            By::Ec(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            By::Ed(pair) => Some(pair.sign(message).as_ref().to_vec()),
            By::Secret(key) => Some(hmac::sign(key, message).as_ref().to_vec()),
            By::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).ok()?;
                Some(signature)
            }
        }
    }
}

fn url(bytes: &[u8]) -> String {
    base64::encode(bytes, Alphabet::Url)
}

#[cfg(test)]
mod tests {
    use super::super::token::{LastHeader, Token};
    use super::*;

    #[test]
    fn each_algorithm_signs_what_its_key_verifies() {
        for name in ["ES256", "ES384", "ES512", "EdDSA", "RS256", "PS384", "HS256", "HS512"] {
            let algorithm = Algorithm::named(name).unwrap();
            let (signer, key) = Signer::new(&[algorithm]).unwrap();
            let asked = Asked { issuers: &["i"], audiences: &["a"], leeway: 0 };
            let token = signer.token(&asked, "{\"sub\":\"s\",\"exp\":7}", 5).unwrap();
            let token = Token::read(token.as_bytes(), &LastHeader::default()).unwrap();
            assert_eq!(token.header.algorithm, name);
            assert!(key.verifies(token.message, &token.signature), "{name}");
            let payload = token.payload(|payload| {
                let issuer = payload.member("iss")?.text().map(str::to_owned);
                Some((issuer, payload.member("exp") == Some(&json_tree::Json::Number("7"))))
            });
            assert_eq!(payload, Some((Some("i".to_owned()), true)), "{name}");
        }
    }
}
