//! Where the keys come from.

use std::fs;
use std::sync::{Arc, Barrier};

use spark_oauth_core::keyring::{KeyFingerprint, KeyRing};
use spark_oauth_core::ports::SystemRandom;

use super::*;

const KEY: &str = "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=";

fn source(pairs: &[(&str, &str)]) -> KeySource {
    load_with_environment(&minimal(), pairs).unwrap().0.keys
}

fn read(source: &KeySource) -> Result<Keys, KeyError> {
    source.read(Arc::new(SystemRandom))
}

fn ring(source: &KeySource) -> KeyRing {
    match read(source).unwrap() {
        Keys::Ring(ring) => ring,
        Keys::Missing(file) => panic!("{file:?}"),
    }
}

fn create(source: &KeySource) -> Result<KeyRing, KeyError> {
    match read(source).unwrap() {
        Keys::Missing(file) => file.create(Arc::new(SystemRandom)),
        Keys::Ring(ring) => Ok(ring),
    }
}

fn fingerprint(ring: &KeyRing) -> KeyFingerprint {
    ring.fingerprints().next().unwrap()
}

#[test]
fn keys_come_from_a_variable() {
    let source = source(&[("SPARK_OAUTH_KEYS", KEY)]);
    assert_eq!(source.to_string(), "SPARK_OAUTH_KEYS");
    assert_eq!(ring(&source).fingerprints().count(), 1);
}

#[test]
fn wrong_keys_are_refused_without_being_shown() {
    let error = read(&source(&[("SPARK_OAUTH_KEYS", "c2VzYW1l")])).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap();
    let shown = format!("{error}: {cause} {error:?}");
    assert!(
        shown.starts_with("wrong keys in SPARK_OAUTH_KEYS: key number 1"),
        "{shown}"
    );
    assert!(!shown.contains("c2VzYW1l"), "{shown}");
}

#[test]
fn a_mounted_file_may_be_readable_by_all_but_must_exist() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    fs::write(&path, KEY).unwrap();
    let source = source(&[("SPARK_OAUTH_KEYS_FILE", path.to_str().unwrap())]);
    assert_eq!(ring(&source).fingerprints().count(), 1);
    fs::remove_file(&path).unwrap();
    assert!(matches!(read(&source).unwrap_err(), KeyError::Read { .. }));
}

#[test]
fn keys_are_read_as_editors_write_them_and_foreign_characters_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let source = source(&[("SPARK_OAUTH_KEYS_FILE", path.to_str().unwrap())]);
    for text in [
        format!("{KEY}\n"),
        format!("\u{feff}{KEY}\r\n"),
        format!("\u{feff}# remark\r\n{KEY}\r\n\r\n"),
        format!("  {KEY}\t\n\n"),
    ] {
        fs::write(&path, &text).unwrap();
        assert_eq!(ring(&source).fingerprints().count(), 1, "{text:?}");
    }
    let utf_16: Vec<u8> = format!("\u{feff}{KEY}")
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let texts = [
        (format!("{KEY}\0").into_bytes(), "U+0000"),
        (format!("\u{200b}{KEY}").into_bytes(), "U+200B"),
        (format!("{KEY}\u{a0}{KEY}").into_bytes(), "U+00A0"),
        (utf_16, "it is UTF-16; save it as UTF-8"),
        (b"\n".to_vec(), "there is no key"),
        (b"# remark\r".to_vec(), "there is no key"),
    ];
    for (bytes, expected) in texts {
        fs::write(&path, &bytes).unwrap();
        let error = read(&source).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap();
        let shown = format!("{error}: {cause}");
        assert!(shown.contains(expected), "{shown}");
        assert!(shown.contains(path.to_str().unwrap()), "{shown}");
        assert!(!shown.contains(KEY), "{shown}");
    }
}

#[test]
fn both_variables_are_refused_and_an_idle_key_file_is_warned_of() {
    let both = [("SPARK_OAUTH_KEYS", KEY), ("SPARK_OAUTH_KEYS_FILE", "x")];
    let found = mistakes(load_with_environment(&minimal(), &both));
    assert!(found[0].contains("unset one of them"), "{found:?}");
    let (_, warnings) =
        load_with_environment(&with("keyFile", json!("k")), &[("SPARK_OAUTH_KEYS", KEY)]).unwrap();
    assert_eq!(places(&warnings), ["keyFile"]);
}

#[test]
fn a_missing_key_file_is_created_once_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/spark-oauth.keys");
    let source = KeySource::File(path.clone());
    let created = create(&source).unwrap();
    assert_eq!(fingerprint(&created), fingerprint(&ring(&source)));
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# The keys"), "{text}");
    let left: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn who_comes_second_reads_the_keys_of_the_first() {
    const WORKERS: usize = 8;
    let folder = tempfile::tempdir().unwrap();
    let source = KeySource::File(folder.path().join("spark-oauth.keys"));
    let start = Barrier::new(WORKERS);
    let rings: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| {
                scope.spawn(|| {
                    let Ok(Keys::Missing(file)) = read(&source) else {
                        panic!("nobody has created it before the barrier");
                    };
                    start.wait();
                    file.create(Arc::new(SystemRandom)).unwrap()
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect()
    });
    let first = fingerprint(&rings[0]);
    assert!(rings.iter().all(|ring| fingerprint(ring) == first));
}

#[cfg(unix)]
#[test]
fn a_key_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/spark-oauth.keys");
    let source = KeySource::File(path.clone());
    create(&source).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for (mode, good) in [
        (0o400, true),
        (0o640, false),
        (0o604, false),
        (0o620, false),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        match read(&source) {
            Ok(_) => assert!(good, "{mode:o}"),
            Err(error) => {
                assert!(!good, "{mode:o}");
                assert!(error.to_string().contains("chmod 600"), "{error}");
            }
        }
    }
}

#[test]
fn a_folder_that_cannot_be_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let source = KeySource::File(file.join("below/spark-oauth.keys"));
    // Some systems say so when it is read, others when it is created.
    let error = match read(&source) {
        Ok(Keys::Missing(file)) => file.create(Arc::new(SystemRandom)).unwrap_err(),
        Ok(Keys::Ring(ring)) => panic!("{ring:?}"),
        Err(error) => error,
    };
    assert!(error.to_string().contains("spark-oauth.keys"), "{error}");
}
