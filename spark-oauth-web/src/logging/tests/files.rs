//! Hourly files: names, modes, how long they are kept, and what may go wrong.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tracing::info;

use super::*;

const HOUR: Duration = Duration::from_hours(1);

/// What the files had to say to the operator.
type Notices = Arc<Mutex<Vec<String>>>;

fn open(directory: &Path, keep_days: u32, clock: &Arc<ManualClock>) -> (HourlyFiles, Notices) {
    let notices = Notices::default();
    let heard = Arc::clone(&notices);
    let notice = Box::new(move |text| heard.lock().unwrap().push(text));
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    (
        HourlyFiles::open(directory, keep_days, clock, notice),
        notices,
    )
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn read(directory: &Path, name: &str) -> String {
    fs::read_to_string(directory.join(name)).unwrap()
}

#[test]
fn each_hour_has_a_file_and_a_restart_appends() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("logs");
    let clock = clock();
    let (mut files, _) = open(&directory, 14, &clock);
    files.write_all(b"one\n").unwrap();
    clock.advance(Duration::from_millis(877));
    files.write_all(b"two\n").unwrap();
    drop(files);
    let (mut files, notices) = open(&directory, 14, &clock);
    files.write_all(b"three\n").unwrap();

    let expected = [
        "spark-oauth.2025-11-25-13.log",
        "spark-oauth.2025-11-25-14.log",
    ];
    assert_eq!(names(&directory), expected);
    assert_eq!(read(&directory, expected[0]), "one\n");
    assert_eq!(read(&directory, expected[1]), "two\nthree\n");
    assert_eq!(*notices.lock().unwrap(), [""; 0]);
}

#[test]
fn old_files_of_our_own_go_at_the_start_and_with_each_hour() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path();
    let foreign = [
        "notes.log",
        "spark-oauth.2001-01-01.log",
        "spark-oauth.2001-01-01-00.log.gz",
    ];
    let ours = [
        "spark-oauth.2001-01-01-00.log",
        "spark-oauth.2025-11-23-12.log",
        "spark-oauth.2025-11-23-13.log",
        "spark-oauth.2025-11-25-12.log",
    ];
    for name in foreign.iter().chain(&ours) {
        fs::write(directory.join(name), "").unwrap();
    }
    let clock = clock();
    let (mut files, _) = open(directory, 2, &clock);
    let left = names(directory);
    assert!(
        foreign
            .iter()
            .all(|name| left.contains(&(*name).to_owned())),
        "{left:?}"
    );
    let kept = |name: &str| names(directory).contains(&name.to_owned());
    assert_eq!(ours.map(kept), [false, false, true, true]);

    clock.advance(HOUR);
    files.write_all(b"one\n").unwrap();
    assert_eq!(ours.map(kept), [false, false, false, true]);
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("logs");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let clock = clock();
    let file = directory.join("spark-oauth.2025-11-25-13.log");
    let (files, _) = open(&directory, 14, &clock);
    assert_eq!((mode(&directory), mode(&file)), (0o700, 0o600));
    drop(files);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let _files = open(&directory, 14, &clock);
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn a_directory_that_cannot_be_written_is_told_once_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("logs");
    fs::write(&directory, "a file stands in the way").unwrap();
    let clock = clock();
    let (mut files, notices) = open(&directory, 14, &clock);
    for _ in 0..3 {
        files.write_all(b"lost\n").unwrap();
        clock.advance(Duration::from_mins(2));
    }
    let heard = notices.lock().unwrap().clone();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].contains("cannot write the log to"), "{heard:?}");

    fs::remove_file(&directory).unwrap();
    files.write_all(b"kept\n").unwrap();
    assert_eq!(read(&directory, "spark-oauth.2025-11-25-14.log"), "kept\n");
    let heard = notices.lock().unwrap().clone();
    assert!(heard[1].ends_with("again"), "{heard:?}");
}

#[test]
fn a_failure_is_not_tried_again_for_every_line() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("logs");
    fs::write(&directory, "a file stands in the way").unwrap();
    let clock = clock();
    let (mut files, _) = open(&directory, 14, &clock);
    fs::remove_file(&directory).unwrap();
    files.write_all(b"lost\n").unwrap();
    assert!(!directory.exists());
    clock.advance(Duration::from_mins(1));
    files.write_all(b"kept\n").unwrap();
    assert!(directory.exists());
}

#[test]
fn without_its_directory_the_log_goes_on_and_says_so_on_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("logs");
    fs::write(&directory, "a file stands in the way").unwrap();
    let config = LogConfig {
        directory: Some(directory),
        ..config()
    };
    let text = logged(&config, || info!("hello"));
    let lines: Vec<_> = text.lines().collect();
    assert!(
        lines[0].contains("WARN") && lines[0].contains("cannot write the log"),
        "{text}"
    );
    assert!(lines[1].ends_with("hello"), "{text}");
}

#[test]
fn standard_error_and_the_file_have_the_same_lines() {
    let folder = tempfile::tempdir().unwrap();
    let directory: PathBuf = folder.path().to_owned();
    let config = LogConfig {
        directory: Some(directory.clone()),
        ..config()
    };
    let text = logged(&config, || (0..100).for_each(|line| info!(line, "hello")));
    assert_eq!(text.lines().count(), 100);
    assert_eq!(read(&directory, "spark-oauth.2025-11-25-13.log"), text);
}
