//! `spark-oauth-web audit export`: the audit log as JSON Lines.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use spark_oauth_core::audit::{AuditExport, AuditLine, Caller};

use super::trouble::complain;
use super::with_application::with_application;
use crate::cli::AuditExportArguments;
use crate::config::ConfigSources;

/// Writes the entries to standard output, newest first, also while servers run.
pub async fn export_audit(sources: &ConfigSources, arguments: AuditExportArguments) -> ExitCode {
    with_application(sources, async |application| {
        let audit = &application.services().audit;
        let export = audit.export(arguments.into(), &Caller::operator()).await;
        write_all(export).await
    })
    .await
}

async fn write_all(mut export: AuditExport) -> ExitCode {
    loop {
        let page = match export.next_page().await {
            Ok(Some(page)) => page,
            Ok(None) => return ExitCode::SUCCESS,
            Err(error) => return complain(&error, 1),
        };
        match write(page.iter().map(AuditLine::from)) {
            Ok(()) => {}
            // Whoever reads has enough, as `head` has.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Err(error) => return complain(&error, 1),
        }
    }
}

fn write<'e>(lines: impl Iterator<Item = AuditLine<'e>>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}
