//! What a newcomer reads.

use std::fmt;
use std::io::IsTerminal;
use std::path::Path;

use crate::Demo;
use crate::config::{FILE, REQUESTER, SUPER_ADMIN};

/// The text that the demo prints once it serves.
#[derive(Clone, Copy, Debug)]
pub struct Greeting<'a> {
    pub(crate) demo: &'a Demo,
    pub(crate) folder: &'a Path,
    pub(crate) colours: bool,
}

/// Whether what is written there is for a terminal, and its user did not ask for
/// plain text (<https://no-color.org>).
pub fn wants_colours(stream: &impl IsTerminal) -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !plain
}

impl Greeting<'_> {
    fn title<T>(&self, text: T) -> Styled<T> {
        Styled {
            text,
            code: self.colours.then_some("1"),
        }
    }

    fn link<T>(&self, text: T) -> Styled<T> {
        Styled {
            text,
            code: self.colours.then_some("36"),
        }
    }

    fn entrances(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pages = format!("http://{}", self.demo.address());
        let title = self.title("Open");
        let home = self.link(&pages);
        write!(
            f,
            "{title}\n  {home}\n    Grant access, as Alice, Bob or Carol.\n"
        )?;
        let after_set_up = if let Some(link) = self.demo.set_up_link() {
            let text = "Set up the super admin, once. Choose a password.";
            write!(f, "  {}\n    {text}\n", self.link(link))?;
            ""
        } else {
            ", with the password you chose"
        };
        let admin = self.link(format!("{pages}/admin"));
        write!(
            f,
            "  {admin}\n    The admin centre. Sign in as {SUPER_ADMIN}{after_set_up}.\n"
        )
    }

    fn suggestions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let control = self.demo.emulator().control_url();
        let title = self.title("Try");
        let rooms = self.link(format!("{control}/rooms"));
        write!(
            f,
            "\
{title}
  1. Grant access as Alice. On the receipt, hand the token over in a room:
     {REQUESTER}, who asks for it, becomes a member. The emulator shows it:
     {rooms}
  2. In the admin centre, find the token by \"ali\". Refresh it, reveal it.
  3. Let Alice withdraw at Webex, wait half a minute, and refresh again:
     curl -d '{{\"email\":\"alice@example.com\"}}' {control}/revoke
  4. Create another admin. Sign in as that one in a private window.
"
        )
    }

    fn remains(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.title(self.folder.display());
        let kept = match self.demo.reminded() {
            0 => "A restart keeps tokens and admins, not rooms.".to_owned(),
            1 => "1 token is there from before, and still good.".to_owned(),
            count => format!("{count} tokens are there from before, and still good."),
        };
        let config = self.folder.join(FILE);
        let config = config.display();
        write!(
            f,
            "\
Database, key, logs and configuration are in {folder}, and nothing is anywhere else.
Commands reach it by its configuration, from this working directory:
  cargo run -p spark-oauth-web -- --config {config} api-key list
{kept} --fresh begins anew. Ctrl-C ends it.
"
        )
    }
}

impl fmt::Display for Greeting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\nspark-oauth runs, with a stand-in for Webex. No account is needed.\n"
        )?;
        self.entrances(f)?;
        writeln!(f)?;
        self.suggestions(f)?;
        writeln!(f)?;
        self.remains(f)
    }
}

/// A text in the colours of a terminal.
struct Styled<T> {
    text: T,
    code: Option<&'static str>,
}

impl<T: fmt::Display> fmt::Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "\x1b[{code}m{}\x1b[0m", self.text),
            None => self.text.fmt(f),
        }
    }
}
