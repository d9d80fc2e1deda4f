//! `spark-oauth-web import URI_OR_FOLDER`: moving in from the Node.js sample.

mod origin;
mod progress;
mod reading;
mod summary;
mod target;

use std::process::ExitCode;

use spark_oauth_core::import::{Report, Sample, SampleCleaner};

use super::trouble::{WRONG_CALL, complain, not_started, say, tell};
use crate::cli::ImportArguments;
use crate::config::{Config, ConfigSources};

use origin::Origin;
use progress::Bar;
use reading::read;
use summary::Summary;
use target::{Failure, carry_out, plan};

/// Imports the sample's tokens and admins into the configured store.
pub async fn import(sources: &ConfigSources, arguments: &ImportArguments) -> ExitCode {
    let origin = match Origin::parse(arguments.source.expose_secret()) {
        Ok(origin) => origin,
        Err(error) => return complain(&error, WRONG_CALL),
    };
    if let (Origin::Export(path), true) = (&origin, arguments.delete_source) {
        say(&format!(
            "error: --delete-source deletes from a server; once everything is imported, delete \
             {} yourself\n",
            path.display()
        ));
        return ExitCode::from(WRONG_CALL);
    }
    let config = match Config::load(sources) {
        Ok((config, _)) => config,
        Err(errors) => return complain(&errors, WRONG_CALL),
    };
    if config.placeholders().contains(&"oauth.clientID") {
        say(
            "warning: oauth.clientID still has the sample's value: the tokens are imported for \
             that client ID, and only an integration that has it can refresh them\n",
        );
    }
    let reading = match read(&origin, &config.sample_databases).await {
        Ok(reading) => reading,
        Err(error) => {
            let code = complain(&*error.source, error.code);
            if matches!(origin, Origin::Server(_)) && error.code != WRONG_CALL {
                say("or export both collections with mongoexport, and import the folder\n");
            }
            return code;
        }
    };
    for skipped in &reading.skipped {
        say(&format!("not read: {skipped}\n"));
    }
    let call = Call {
        config: &config,
        origin: &origin,
        sample: &reading.sample,
    };
    if arguments.dry_run {
        call.plan().await
    } else {
        let cleaner = reading.cleaner.as_deref();
        call.carry_out(cleaner.filter(|_| arguments.delete_source))
            .await
    }
}

/// What to import, and into what.
struct Call<'c> {
    config: &'c Config,
    origin: &'c Origin,
    sample: &'c Sample,
}

impl Call<'_> {
    async fn plan(&self) -> ExitCode {
        match plan(self.config, self.sample).await {
            Ok(report) => {
                self.show(&report, true, false);
                exit_code(&report)
            }
            Err(error) => failed(error),
        }
    }

    async fn carry_out(&self, cleaner: Option<&dyn SampleCleaner>) -> ExitCode {
        let mut report = Report::default();
        let bar = Bar::default();
        let done = carry_out(self.config, self.sample, cleaner, &bar, &mut report).await;
        bar.finish();
        if report != Report::default() || done.is_ok() {
            self.show(&report, false, cleaner.is_some() && report.is_sound());
        }
        if let Err(error) = done {
            return failed(error);
        }
        if cleaner.is_some() && !report.is_sound() {
            say(
                "nothing was deleted from the source, since not every record could be imported, \
                 read back and opened\n",
            );
        }
        exit_code(&report)
    }

    fn show(&self, report: &Report, planned: bool, deleted: bool) {
        let summary = Summary {
            origin: self.origin.to_string(),
            store: self.config.store.place(),
            report,
            planned,
            deleted,
        };
        tell(&summary.to_string());
    }
}

/// What was left out is no failure; what could not be written or opened is one.
fn exit_code(report: &Report) -> ExitCode {
    if report.is_sound() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn failed(error: Failure) -> ExitCode {
    match error {
        Failure::Start(error) => not_started(&error),
        Failure::Import(error) => complain(&error, 1),
        error @ Failure::Memory => complain(&error, WRONG_CALL),
    }
}
