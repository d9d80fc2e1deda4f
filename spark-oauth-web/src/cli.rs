//! The command line.

mod api_key;
mod audit;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use api_key::{ApiKeyCommand, CreateKeyArguments};
pub use audit::{AuditCommand, AuditExportArguments};

/// What stands below every help text.
const AFTER_HELP: &str = "\
Environment:
  SPARK_OAUTH__SECTION__KEY       overrides a key of the configuration file, such as
                                  SPARK_OAUTH__SERVER__PORT for server.port
  SPARK_OAUTH__SECTION__KEY_FILE  the same for a secret, read from a file
  SPARK_OAUTH_KEYS                the keys that seal the tokens, in base64
  SPARK_OAUTH_KEYS_FILE           a mounted file with these keys
  SPARK_OAUTH_LOG                 filter directives for the log, such as
                                  warn,spark_oauth_web=trace

  conf/README.md describes every key.

Exit codes:
  0  done, or stopped as asked
  1  something failed
  2  a wrong call or configuration";

/// What the binary was called with.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "spark-oauth-web",
    version,
    about = "Holds Webex tokens that people granted once, and keeps them valid",
    after_help = AFTER_HELP,
    subcommand_required = false,
    arg_required_else_help = false
)]
pub struct Arguments {
    /// The configuration file, JSON [default: conf/config.json]
    ///
    /// The default file may be absent where the environment sets all that is needed.
    #[arg(long, value_name = "PATH", global = true)]
    pub config: Option<PathBuf>,

    /// What to do; `serve` where nothing is named.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the binary can do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serve the pages until SIGTERM or Ctrl-C; this is the default
    ///
    /// Prints the address on standard output once it listens and, while there is no
    /// super admin, the link under which one is set up.
    #[command(after_help = AFTER_HELP)]
    Serve,
    /// Import the tokens and admins of the Node.js sample
    ///
    /// Reads the sample's two databases, from their server or from what mongoexport
    /// wrote of them, into the store of the configuration. Running it twice changes
    /// nothing more, and it may run while the server does. What is left out is listed,
    /// one by one; that alone leaves the exit code 0.
    #[command(after_help = AFTER_HELP)]
    Import(ImportArguments),
    /// Copy everything into another store
    ///
    /// Stop the servers first: two stores that refresh the same token end each
    /// other's. It may be interrupted and run again. Afterwards point `store` at the
    /// new one, and start no server on the old one any more.
    #[command(after_help = AFTER_HELP)]
    Copy(CopyArguments),
    /// Seal every token again under the first key of the key file
    ///
    /// Put the new key as the first line into the key file, then run this, while
    /// servers run: they take the new key over within seconds. Afterwards the older
    /// keys can go. It may be interrupted and run again.
    #[command(after_help = AFTER_HELP)]
    RotateKey,
    /// Manage the API keys of services from the command line
    #[command(subcommand, after_help = AFTER_HELP)]
    ApiKey(ApiKeyCommand),
    /// Look into the audit log from the command line
    #[command(subcommand, after_help = AFTER_HELP)]
    Audit(AuditCommand),
    /// Manage the admins from the command line
    #[command(subcommand, after_help = AFTER_HELP)]
    Admin(AdminCommand),
}

/// What to import, and how.
#[derive(Clone, Debug, Args)]
pub struct ImportArguments {
    /// The mongodb:// URI of the sample's server, or a folder with a file of
    /// mongoexport for each of its collections
    #[arg(value_name = "URI_OR_FOLDER")]
    pub source: SourceArgument,
    /// Show what would be done, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Delete from the server what was imported, after everything was read back from
    /// the store and opened; not with a folder
    #[arg(long, conflicts_with = "dry_run")]
    pub delete_source: bool,
}

/// Where to copy to.
#[derive(Clone, Debug, Args)]
pub struct CopyArguments {
    /// The store to copy into, written like `store` in the configuration:
    /// sqlite:PATH or mongodb://...
    #[arg(long = "to", value_name = "STORE")]
    pub target: SourceArgument,
}

/// Where to import from or to copy to. It may hold a password, and is never shown.
#[derive(Clone)]
pub struct SourceArgument(OsString);

impl SourceArgument {
    /// The argument as it was given.
    pub fn expose_secret(&self) -> &OsStr {
        &self.0
    }
}

impl From<OsString> for SourceArgument {
    fn from(argument: OsString) -> Self {
        Self(argument)
    }
}

impl fmt::Debug for SourceArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SourceArgument([redacted])")
    }
}

/// What can be done with an admin.
#[derive(Clone, Debug, Subcommand)]
pub enum AdminCommand {
    /// Set a new password for an admin, and end every session of that admin
    ///
    /// The password is asked for twice on a terminal; otherwise it is the first line
    /// of standard input. It works while the server runs.
    #[command(after_help = AFTER_HELP)]
    ResetPassword {
        /// The username, without regard to case
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(std::iter::once(&"spark-oauth-web").chain(arguments))
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn serve_is_what_happens_without_a_word() {
        let arguments = parse(&[]).unwrap();
        assert!(arguments.command.is_none() && arguments.config.is_none());
        let arguments = parse(&["--config", "a.json", "serve"]).unwrap();
        assert!(matches!(arguments.command, Some(Command::Serve)));
        assert_eq!(arguments.config, Some(PathBuf::from("a.json")));
    }

    #[test]
    fn the_configuration_may_be_named_before_or_behind_the_command() {
        for arguments in [
            ["--config", "a.json", "admin", "reset-password", "alice"],
            ["admin", "reset-password", "alice", "--config", "a.json"],
        ] {
            let arguments = parse(&arguments).unwrap();
            assert_eq!(arguments.config, Some(PathBuf::from("a.json")));
            let Some(Command::Admin(AdminCommand::ResetPassword { name })) = arguments.command
            else {
                panic!("{arguments:?}");
            };
            assert_eq!(name, "alice");
        }
    }

    #[test]
    fn the_source_of_an_import_is_taken_as_it_is_and_never_shown() {
        let arguments = parse(&["import", "mongodb://u:sesame@h/", "--dry-run"]).unwrap();
        let shown = format!("{arguments:?}");
        assert!(!shown.contains("sesame"), "{shown}");
        let Some(Command::Import(import)) = arguments.command else {
            panic!("{shown}");
        };
        assert_eq!(import.source.expose_secret(), "mongodb://u:sesame@h/");
        assert!(import.dry_run && !import.delete_source);
    }

    #[test]
    fn a_wrong_call_exits_with_2() {
        for arguments in [
            &["--port", "1"][..],
            &["serve", "now"],
            &["admin"],
            &["admin", "reset-password"],
            &["import"],
            &["import", "a", "b"],
            &["import", "a", "--dry-run", "--delete-source"],
            &["--config"],
            &["api-key"],
            &["api-key", "create", "--name", "a"],
            &["api-key", "create", "--scope", "tokens:use"],
            &["api-key", "create", "--name", "a", "--scope", "tokens"],
            &["api-key", "revoke", "1"],
            &["audit"],
            &["audit", "export", "--outcome", "well"],
        ] {
            assert_eq!(
                parse(arguments).unwrap_err().exit_code(),
                2,
                "{arguments:?}"
            );
        }
    }

    #[test]
    fn help_tells_of_the_environment_and_the_exit_codes() {
        for arguments in [
            &["--help"][..],
            &["-h"],
            &["serve", "--help"],
            &["admin", "reset-password", "--help"],
            &["import", "--help"],
        ] {
            let help = parse(arguments).unwrap_err();
            assert_eq!(help.exit_code(), 0);
            let text = help.to_string();
            assert!(text.contains("SPARK_OAUTH__SECTION__KEY"), "{text}");
            assert!(
                text.contains("Exit codes:") && text.contains("--config <PATH>"),
                "{text}"
            );
        }
        let version = parse(&["--version"]).unwrap_err();
        assert_eq!(version.exit_code(), 0);
        assert!(version.to_string().starts_with("spark-oauth-web "));
    }
}
