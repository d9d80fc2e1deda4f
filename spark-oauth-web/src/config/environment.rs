//! The process environment as a source of settings.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use spark_oauth_core::http_client::Proxies;

use super::document::Raw;
use super::file;
use super::keys;
use super::log;
use super::problem::Findings;
use super::reader::Origin;
use super::schema::{self, PREFIX, Setting, settings};
use super::secret_text::secret_in;

/// What marks the form that names a file with the value.
const FILE_SUFFIX: &str = "_FILE";

/// The environment variables that concern this program, by name in upper case.
///
/// `Debug` shows the names alone, since a value may be a secret.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, Vec<Variable>>,
    /// The variables that name proxies, as they are written.
    proxies: BTreeMap<String, OsString>,
}

#[derive(Clone)]
struct Variable {
    name: String,
    value: OsString,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// The value of a variable outside the settings, such as `SPARK_OAUTH_LOG`.
    /// What is wrong with it is reported.
    pub(super) fn text(&self, name: &str, findings: &mut Findings) -> Option<String> {
        let variable = single(self.variables.get(name)?, findings)?;
        unicode(variable, findings).map(str::to_owned)
    }

    /// The proxies that the proxy variables name; reports each mistake.
    pub(super) fn proxies(&self, findings: &mut Findings) -> Option<Proxies> {
        let variable = |name: &str| Some(self.proxies.get(name)?.to_string_lossy().into_owned());
        match Proxies::from_variables(variable) {
            Ok(proxies) => Some(proxies),
            Err(error) => {
                for (name, fault) in error.faults() {
                    findings.problem(name, fault, "correct it, or unset it");
                }
                None
            }
        }
    }

    /// Whether any variable sets a setting.
    pub(super) fn names_a_setting(&self) -> bool {
        self.variables.keys().any(|name| name.starts_with(PREFIX))
    }

    /// The values by setting. What belongs to none is reported.
    pub(super) fn values(&self, findings: &mut Findings) -> Vec<(Setting, Raw, Origin)> {
        let mut known = BTreeSet::new();
        let mut values = Vec::new();
        for setting in settings() {
            let direct = setting.variable();
            let from_file = format!("{direct}{FILE_SUFFIX}");
            let value = self.value(setting, &direct, &from_file, findings);
            values.extend(value.map(|(raw, origin)| (setting, raw, origin)));
            known.extend([direct, from_file]);
        }
        for (name, variables) in &self.variables {
            if !known.contains(name) {
                for variable in variables {
                    report_unknown(name, &variable.name, findings);
                }
            }
        }
        values
    }

    fn value(
        &self,
        setting: Setting,
        direct: &str,
        from_file: &str,
        findings: &mut Findings,
    ) -> Option<(Raw, Origin)> {
        match (self.variables.get(direct), self.variables.get(from_file)) {
            (None, None) => None,
            (Some(_), Some(_)) => {
                let fault = format!("{direct} gives the same setting");
                findings.problem(from_file, fault, "unset one of them");
                None
            }
            (Some(variables), None) => {
                let variable = single(variables, findings)?;
                let text = unicode(variable, findings)?;
                let raw = if setting.is_secret() {
                    secret_variable(&variable.name, text, findings)?
                } else {
                    Raw::text(text)
                };
                Some((raw, Origin::Variable(variable.name.clone())))
            }
            (None, Some(variables)) => {
                let variable = single(variables, findings)?;
                if !setting.is_secret() {
                    let advice = format!("set {direct} to the value itself");
                    findings.problem(&variable.name, "only secrets come from a file", advice);
                    return None;
                }
                let raw = secret_file(&variable.name, &variable.value, findings)?;
                Some((raw, Origin::Variable(variable.name.clone())))
            }
        }
    }
}

/// The one spelling that was used; more than one is reported.
fn single<'a>(variables: &'a [Variable], findings: &mut Findings) -> Option<&'a Variable> {
    match variables {
        [variable] => Some(variable),
        [first, second, ..] => {
            let fault = format!("{} differs from it only in case", second.name);
            findings.problem(&first.name, fault, "unset one of them");
            None
        }
        [] => None,
    }
}

fn unicode<'a>(variable: &'a Variable, findings: &mut Findings) -> Option<&'a str> {
    let text = variable.value.to_str();
    if text.is_none() {
        findings.problem(&variable.name, "its value is no UTF-8", "write it in UTF-8");
    }
    text
}

/// The secret in the file that `variable` names.
fn secret_file(variable: &str, path: &OsStr, findings: &mut Findings) -> Option<Raw> {
    let path = PathBuf::from(path);
    let text = match file::read_text(&path) {
        Ok(text) => text,
        Err(error) => {
            let fault = format!("cannot read {} ({error})", path.display());
            let advice = "name a readable file in UTF-8 that holds the value alone";
            findings.problem(variable, fault, advice);
            return None;
        }
    };
    match secret_in(&text) {
        Ok(secret) => Some(Raw::text(secret)),
        Err(error) => {
            let fault = format!("cannot use {}: {error}", path.display());
            let advice = format!(
                "write the value alone into it, for instance with: printf %s 'VALUE' > {}",
                path.display()
            );
            findings.problem(variable, fault, advice);
            None
        }
    }
}

/// The secret in a variable: an orchestrator may fill it from a file.
fn secret_variable(variable: &str, text: &str, findings: &mut Findings) -> Option<Raw> {
    if text.is_empty() {
        // How to leave out what is optional.
        return Some(Raw::text(text));
    }
    match secret_in(text) {
        Ok(secret) => Some(Raw::text(secret)),
        Err(error) => {
            let fault = format!("cannot use its value: {error}");
            findings.problem(variable, fault, "set it to the value alone");
            None
        }
    }
}

/// A variable with the prefix of the settings that names none ends the start; one
/// that only begins like ours may belong to something else, and is warned of.
fn report_unknown(name: &str, written: &str, findings: &mut Findings) {
    let others = [keys::VARIABLE, keys::FILE_VARIABLE, log::FILTER_VARIABLE];
    if let Some(setting) = name.strip_prefix(PREFIX) {
        let advice = match nearest_variable(setting) {
            Some(meant) => format!("did you mean {meant}?"),
            None => "unset it; conf/README.md lists the variables".to_owned(),
        };
        findings.problem(written, "sets no setting that exists", advice);
    } else if !others.contains(&name) && !name.starts_with("SPARK_OAUTH_TEST_") {
        let bare = name.trim_start_matches("SPARK_OAUTH").trim_matches('_');
        let guess = nearest_variable(bare);
        let hint = guess.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
        findings.warn(written, format!("not read by this program{hint}"));
    }
}

/// The variable whose setting is nearest to `name`, which lacks the prefix.
fn nearest_variable(name: &str) -> Option<String> {
    let path = name.to_ascii_lowercase().replacen("__", ".", 1);
    let with_dot = path.replacen('_', ".", 1);
    schema::nearest(&path)
        .or_else(|| schema::nearest(&with_dot))
        .and_then(schema::find)
        .map(Setting::variable)
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut variables: BTreeMap<String, Vec<Variable>> = BTreeMap::new();
        let mut proxies = BTreeMap::new();
        for (name, value) in pairs {
            let name = name.into().to_string_lossy().into_owned();
            let upper = name.to_ascii_uppercase();
            if Proxies::VARIABLES.contains(&&*name) {
                proxies.insert(name, value.into());
            } else if upper.starts_with("SPARK_OAUTH_") {
                let value = value.into();
                variables
                    .entry(upper)
                    .or_default()
                    .push(Variable { name, value });
            }
        }
        Self { variables, proxies }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.variables.keys().chain(self.proxies.keys());
        f.debug_set().entries(names).finish()
    }
}
