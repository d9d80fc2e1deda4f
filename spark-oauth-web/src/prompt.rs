//! Asking for a new password.

use std::io::{self, BufRead, IsTerminal};

use spark_oauth_core::Password;
use zeroize::Zeroizing;

use crate::config::{UnusableSecret, secret_in};

/// No line with a password is longer, in bytes: bcrypt reads 72.
const LONGEST_LINE: u64 = 4096;

/// Asks for a new password, twice and unseen on a terminal; otherwise takes the first
/// line of standard input. Whether it may be set is for the rules of core to say.
///
/// # Errors
/// Where nothing can be read, where nothing was given, and where the two inputs on a
/// terminal differ.
pub fn new_password() -> io::Result<Password> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        asked_twice(|question| rpassword::prompt_password(question).map(Zeroizing::new))
    } else {
        first_line(stdin.lock())
    }
}

/// Asks until nothing is in doubt: the second input must repeat the first.
fn asked_twice(mut ask: impl FnMut(&str) -> io::Result<Zeroizing<String>>) -> io::Result<Password> {
    let password = ask("New password: ")?;
    if password.is_empty() {
        return Err(nothing_given());
    }
    if *ask("The same again: ")? == *password {
        Ok(Password::new(password.as_str()))
    } else {
        let text = "the two passwords differ; nothing was changed";
        Err(io::Error::new(io::ErrorKind::InvalidInput, text))
    }
}

/// The first line, without its end.
fn first_line(input: impl BufRead) -> io::Result<Password> {
    let mut line = Zeroizing::new(String::new());
    input.take(LONGEST_LINE + 1).read_line(&mut line)?;
    if line.len() as u64 > LONGEST_LINE {
        let text = "the first line of standard input is too long for a password";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    match secret_in(&line) {
        Ok(password) => Ok(Password::new(password)),
        Err(UnusableSecret::Empty) => Err(nothing_given()),
        Err(error) => {
            let text = format!("cannot use the first line of standard input: {error}");
            Err(io::Error::new(io::ErrorKind::InvalidInput, text))
        }
    }
}

fn nothing_given() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "no password was given; nothing was changed",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// What somebody types, one line after the other.
    fn typing(lines: &[&str]) -> io::Result<Password> {
        let mut lines: VecDeque<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        asked_twice(|_| {
            lines
                .pop_front()
                .map(Zeroizing::new)
                .ok_or_else(nothing_given)
        })
    }

    fn piping(bytes: &[u8]) -> io::Result<Password> {
        first_line(bytes)
    }

    #[test]
    fn what_is_typed_must_be_typed_twice() {
        assert_eq!(
            typing(&["sesame ", "sesame "]).unwrap().expose_secret(),
            "sesame "
        );
        let error = typing(&["sesame", "Sesame"]).unwrap_err().to_string();
        assert!(
            error.contains("differ") && !error.to_lowercase().contains("sesame"),
            "{error}"
        );
        assert!(typing(&["", ""]).is_err());
        assert!(typing(&["sesame"]).is_err());
    }

    #[test]
    fn what_is_piped_counts_up_to_the_first_line_end() {
        for bytes in [
            &b"sesame"[..],
            b"sesame\n",
            b"sesame\r\n",
            b"sesame\nmore\n",
        ] {
            assert_eq!(piping(bytes).unwrap().expose_secret(), "sesame");
        }
        let marked = "\u{feff}open sesame\r\n";
        let read = piping(marked.as_bytes()).unwrap();
        assert_eq!(read.expose_secret(), "open sesame");
    }

    #[test]
    fn what_nobody_sees_is_refused_and_named() {
        for (bytes, named) in [
            (&b"sesame \n"[..], "U+0020"),
            (b"sesame\r\r\n", "U+000D"),
            (b"ses\0ame\n", "U+0000"),
        ] {
            let refused = piping(bytes).unwrap_err().to_string();
            assert!(refused.contains(named), "{refused}");
            assert!(!refused.contains("sesame"), "{refused}");
        }
    }

    #[test]
    fn an_empty_or_endless_or_foreign_input_is_refused() {
        assert!(piping(b"").is_err());
        assert!(piping(b"\n").is_err());
        assert!(piping(&[b'a'; 5000]).is_err());
        assert!(piping(&[0xff, 0xfe, b'\n']).is_err());
        let longest = vec![b'a'; 4096];
        assert!(piping(&longest).is_ok());
    }
}
