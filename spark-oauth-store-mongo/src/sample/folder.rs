//! An export of the sample's databases: a folder with a file for each collection, or
//! one file.

use std::path::{Path, PathBuf};
use std::{fs, io};

use spark_oauth_core::import::{Kind, Sample, UnreadableRecord};

use super::export::{Contents, read};
use super::kinds::{add, kind_of};
use super::{SampleCollections, SampleError};

const ENDINGS: [&str; 3] = ["json", "jsonl", "ndjson"];

/// An export that was read.
#[derive(Debug, Default)]
pub struct SampleExport {
    /// The records.
    pub sample: Sample,
    /// Which files were read.
    pub files: Vec<PathBuf>,
    /// Which files were not.
    pub skipped: Vec<Skipped>,
}

/// A file that looks like a part of an export by its ending, and is none.
#[derive(Debug)]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// Why it was not read.
    pub reason: &'static str,
}

impl SampleExport {
    /// Reads a folder or a file. The name of a file tells what is in it
    /// (`tokenCenterCollection.json`); where it does not, the fields of the records do.
    ///
    /// # Errors
    /// [`SampleError`] says what cannot be read.
    pub fn read(path: &Path, collections: &SampleCollections) -> Result<Self, SampleError> {
        let mut export = Self::default();
        for file in files(path).map_err(|source| failed(path, source))? {
            export.add(file, collections)?;
        }
        if export.files.is_empty() {
            return Err(SampleError::NoExport {
                path: path.to_owned(),
                token_db: collections.token_db.clone(),
                admin_db: collections.admin_db.clone(),
            });
        }
        Ok(export)
    }

    fn add(&mut self, path: PathBuf, collections: &SampleCollections) -> Result<(), SampleError> {
        let bytes = fs::read(&path).map_err(|source| failed(&path, source))?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let named = collections.kind_of_file(&stem);
        let contents = match read(&path, &bytes) {
            Err(_) if named.is_none() => {
                let reason = "it cannot be read as JSON";
                self.skipped.push(Skipped { path, reason });
                return Ok(());
            }
            contents => contents?,
        };
        if named.is_none()
            && !contents
                .records
                .iter()
                .any(|record| kind_of(record).is_some())
        {
            let reason = "it holds no record of the sample";
            self.skipped.push(Skipped { path, reason });
            return Ok(());
        }
        self.take(contents, named);
        self.files.push(path);
        Ok(())
    }

    fn take(&mut self, contents: Contents, named: Option<Kind>) {
        let first = contents.records.iter().find_map(kind_of);
        let kind = named.or(first).unwrap_or(Kind::Token);
        for unreadable in contents.unreadable {
            self.sample.unreadable.push(UnreadableRecord {
                kind,
                place: unreadable.place,
                fault: unreadable.fault,
            });
        }
        for record in contents.records {
            add(&mut self.sample, named, record);
        }
    }
}

/// The files to read, in the order of their names.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let ending = path.extension().unwrap_or_default();
        if ENDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
            && path.is_file()
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn failed(path: &Path, source: io::Error) -> SampleError {
    SampleError::Read {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn read(path: &Path) -> Result<SampleExport, SampleError> {
        SampleExport::read(path, &SampleCollections::default())
    }

    #[test]
    fn a_name_tells_what_a_file_holds_and_else_its_records_do() {
        let folder = folder(&[
            ("tokenCenterCollection.json", "{\"email\":\"a@b\"}\n"),
            (
                "adminUsers.adminUsersCollection.JSON",
                "[{\"email\":\"a@b\"}]",
            ),
            (
                "mixed.ndjson",
                "{\"access_token\":\"a\"}\n{\"username\":\"a\"}\n{\"other\":1}\n",
            ),
            ("config.json", "{\"server\":{\"port\":1}}"),
            ("broken.json", "[{"),
            ("tokenCenterCollection.bson", "{\"access_token\":\"b\"}"),
        ]);
        let export = read(folder.path()).unwrap();
        assert_eq!(export.sample.tokens.len(), 2);
        assert_eq!(export.sample.admins.len(), 2);
        assert_eq!(export.sample.unreadable.len(), 1);
        assert_eq!(export.files.len(), 3);
        let skipped: Vec<_> = export
            .skipped
            .iter()
            .map(|skipped| skipped.path.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(skipped, ["broken.json", "config.json"]);
    }

    #[test]
    fn one_file_is_an_export_too() {
        let folder = folder(&[("anything.txt", "{\"access_token\":\"a\"}\n")]);
        let export = read(&folder.path().join("anything.txt")).unwrap();
        assert_eq!(export.sample.tokens.len(), 1);
    }

    #[test]
    fn an_empty_collection_is_an_export_and_an_empty_folder_is_none() {
        let exported = folder(&[("tokenCenterCollection.json", "")]);
        assert_eq!(read(exported.path()).unwrap().files.len(), 1);
        let empty = folder(&[]);
        let error = read(empty.path()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("mongoexport -d tokenCenter -c tokenCenterCollection"),
            "{error}"
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = folder(&[("adminUsersCollection.json", "[{\"password\":\"sesame\"")]);
        let error = read(folder.path()).unwrap_err();
        assert!(
            error.to_string().contains("adminUsersCollection.json"),
            "{error}"
        );
        let absent = folder.path().join("absent");
        let error = read(&absent).unwrap_err();
        assert!(matches!(error, SampleError::Read { .. }), "{error:?}");
        assert!(error.to_string().contains("absent"), "{error}");
    }
}
