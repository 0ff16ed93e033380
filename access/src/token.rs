//! The text of tokens: `errata_pat_<id>_<secret>`.
//!
//! The id is public: it finds the stored row and may be logged. The secret has 238 random bits, so one SHA-256 over it
//! is as good as a slow hash would be for a password. The prefix lets scanners for secrets (and our own masking) find a
//! token that leaked.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const PREFIX: &str = "errata_pat_";
const ID_CHARS: usize = 12;
const SECRET_CHARS: usize = 40;
const LETTERS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// How many of them an id is made of: none that a person could take for another case.
const ID_LETTERS: u8 = 36;

/// A token that was just made. Only here is its whole text.
#[derive(Debug)]
pub struct Issued {
    /// The public part.
    pub id: String,
    /// What its user sends.
    pub text: String,
    /// What is stored of the secret: its SHA-256, as hex.
    pub secret_sha256: String,
}

/// Makes a token.
///
/// # Errors
/// When the machine gives no random bytes.
pub fn issue() -> std::io::Result<Issued> {
    let id = random(ID_CHARS, ID_LETTERS)?;
    // Each secret has a digit, by which maskers tell keys from names.
    let secret = loop {
        let secret = random(SECRET_CHARS, LETTERS.len() as u8)?;
        if secret.bytes().any(|b| b.is_ascii_digit()) {
            break secret;
        }
    };
    let text = format!("{PREFIX}{id}_{secret}");
    Ok(Issued { id, text, secret_sha256: hex::encode(hash(&secret)) })
}

/// Letters that are each as likely as any other of the first `letters`.
fn random(chars: usize, letters: u8) -> std::io::Result<String> {
    let mut text = String::with_capacity(chars);
    let mut bytes = [0_u8; 64];
    let fair = u8::MAX - u8::MAX % letters;
    while text.len() < chars {
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        let chosen =
            bytes.iter().filter(|byte| **byte < fair).map(|byte| LETTERS[usize::from(byte % letters)]);
        text.extend(chosen.take(chars - text.len()).map(char::from));
    }
    Ok(text)
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Id and secret of a token's text; `None` where it has another form.
pub(crate) fn parse(text: &str) -> Option<(&str, &str)> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let letters =
        |text: &str, chars: usize| text.len() == chars && text.bytes().all(|b| b.is_ascii_alphanumeric());
    (letters(id, ID_CHARS) && letters(secret, SECRET_CHARS)).then_some((id, secret))
}

/// Whether a secret is the one that was stored, in a time that does not tell how near it is.
pub(crate) fn is_secret(secret: &str, stored: &[u8]) -> bool {
    hash(secret).as_slice().ct_eq(stored).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn issued_tokens_parse_and_match_only_themselves() {
        let (one, two) = (issue().unwrap(), issue().unwrap());
        let (id, secret) = parse(&one.text).unwrap();
        assert_eq!(id, one.id);
        assert!(is_secret(secret, &hex::decode(&one.secret_sha256).unwrap()));
        assert!(!is_secret(secret, &hex::decode(&two.secret_sha256).unwrap()));
        assert!(!is_secret(secret, &[]));
        assert!(!one.secret_sha256.contains(secret));
    }

    #[test]
    fn random_letters_are_all_used() {
        let text = random(20_000, ID_LETTERS).unwrap();
        let used = LETTERS.iter().filter(|letter| text.contains(char::from(**letter))).count();
        assert_eq!(used, usize::from(ID_LETTERS));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_fail(text in "(errata_pat_)?[a-zA-Z0-9_]{0,60}|\\PC{0,80}") {
            if let Some((id, secret)) = parse(&text) {
                prop_assert_eq!(format!("errata_pat_{id}_{secret}"), text);
            }
        }
    }
}
