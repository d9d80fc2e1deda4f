//! What the demo is called with.

use std::path::PathBuf;

use clap::Parser;

/// Try spark-oauth without a Webex account: everything runs in this one process
#[derive(Clone, Debug, Parser)]
#[command(
    name = "demo",
    version,
    after_help = "\
Everything is kept in the folder that --data names, and nothing anywhere else.
The variables SPARK_OAUTH__… of the product have no effect here."
)]
pub struct Options {
    /// Port of the pages on 127.0.0.1; 0 for any free one
    #[arg(long, default_value_t = Self::PORT)]
    pub port: u16,

    /// Port of the Webex emulator; another one is taken where this is in use
    #[arg(long, value_name = "PORT", default_value_t = Self::EMULATOR_PORT)]
    pub emulator_port: u16,

    /// Folder for the database, the keys and the logs
    #[arg(long, value_name = "FOLDER", default_value = Self::FOLDER)]
    pub data: PathBuf,

    /// Forget everything that an earlier demo left in the folder
    #[arg(long)]
    pub fresh: bool,
}

impl Options {
    /// Where the pages are, unless told otherwise.
    pub const PORT: u16 = 3000;
    /// Where the emulator is, unless told otherwise or taken.
    pub const EMULATOR_PORT: u16 = 3210;
    /// Where everything is kept, unless told otherwise.
    pub const FOLDER: &str = "demo-data";

    /// The defaults, with another folder.
    pub fn at(data: impl Into<PathBuf>) -> Self {
        Self {
            port: Self::PORT,
            emulator_port: Self::EMULATOR_PORT,
            data: data.into(),
            fresh: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Options::command().debug_assert();
    }

    #[test]
    fn without_a_word_the_defaults_hold() {
        let options = Options::parse_from(["demo"]);
        assert_eq!((options.port, options.emulator_port), (3000, 3210));
        assert_eq!(options.data, PathBuf::from("demo-data"));
        assert!(!options.fresh);
    }

    #[test]
    fn a_wrong_call_exits_with_2() {
        for wrong in [&["demo", "--port", "70000"][..], &["demo", "now"]] {
            assert_eq!(Options::try_parse_from(wrong).unwrap_err().exit_code(), 2);
        }
    }
}
