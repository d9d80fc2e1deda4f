//! Which passwords may be set. An old one that would not pass still signs in.

use zxcvbn::{Score, zxcvbn};

use crate::secret::Password;

/// The rules for a password that is set.
#[derive(Clone, Copy, Debug, Default)]
pub struct PasswordPolicy;

/// Why a password cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusablePassword {
    /// Fewer characters than the least.
    #[error(
        "a password has at least {} characters",
        PasswordPolicy::LEAST_CHARACTERS
    )]
    TooShort,
    /// More than bcrypt reads; nothing is cut off.
    #[error("a password has at most {max} bytes, this one has {0}", max = PasswordPolicy::MOST_BYTES)]
    TooLong(usize),
    /// A NUL character ends a password for some implementations of bcrypt.
    #[error("a password holds no NUL character")]
    HasNul,
    /// On the lists that attackers try first, or close to the name or address.
    #[error("this password is easy to guess: use a few unrelated words")]
    Guessable,
}

impl PasswordPolicy {
    /// The least length, in characters.
    pub const LEAST_CHARACTERS: usize = 8;
    /// The most that bcrypt reads, in bytes.
    pub const MOST_BYTES: usize = 72;

    /// Judges a password. `related` are words that an attacker would try first:
    /// the username, the e-mail address, the product.
    ///
    /// # Errors
    /// [`UnusablePassword`] says why the password cannot be set.
    pub fn judge(password: &Password, related: &[&str]) -> Result<(), UnusablePassword> {
        let text = password.expose_secret();
        if text.chars().count() < Self::LEAST_CHARACTERS {
            return Err(UnusablePassword::TooShort);
        }
        if text.len() > Self::MOST_BYTES {
            return Err(UnusablePassword::TooLong(text.len()));
        }
        if text.contains('\0') {
            return Err(UnusablePassword::HasNul);
        }
        let mut words: Vec<&str> = vec!["sparkoauth", "spark", "webex", "cisco"];
        words.extend(related);
        if zxcvbn(text, &words).score() < Score::Two {
            return Err(UnusablePassword::Guessable);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str) -> Result<(), UnusablePassword> {
        PasswordPolicy::judge(&Password::new(text), &["alice", "alice@example.com"])
    }

    #[test]
    fn counts_the_least_in_characters_and_the_most_in_bytes() {
        assert_eq!(judge("123456"), Err(UnusablePassword::TooShort));
        assert_eq!(judge("kö9!ßzq"), Err(UnusablePassword::TooShort));
        let longest = "correct horse battery staple ".repeat(3);
        assert_eq!(judge(&longest[..72]), Ok(()));
        assert_eq!(judge(&longest[..73]), Err(UnusablePassword::TooLong(73)));
        assert_eq!(judge(&"ü".repeat(37)), Err(UnusablePassword::TooLong(74)));
    }

    #[test]
    fn refuses_what_is_guessed_first() {
        for text in [
            "password1",
            "12345678",
            "alice@example.com",
            "qwertyuiop",
            "sparkoauth",
        ] {
            assert_eq!(judge(text), Err(UnusablePassword::Guessable), "{text}");
        }
        assert_eq!(judge("tulip harbour 42 quill"), Ok(()));
        assert_eq!(judge("tulip\0harbour 42"), Err(UnusablePassword::HasNul));
    }
}
