//! Runs each fuzz target over its seeds, so that targets and seeds stay true between runs of
//! libFuzzer.

#![expect(
    clippy::expect_used,
    unreachable_pub,
    reason = "fuzz targets panic where the product is wrong, and are a crate of their own"
)]

use std::fs;
use std::path::Path;

#[path = "../../fuzz/src/lib.rs"]
mod targets;

#[test]
fn every_seed_of_every_fuzz_target_passes() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for (name, run) in targets::TARGETS {
        let mut files = 0;
        for file in fs::read_dir(seeds.join(name)).expect("a folder of seeds") {
            let path = file.expect("a seed").path();
            println!("{}", path.display());
            run(&fs::read(path).expect("a seed"));
            files += 1;
        }
        assert!(files > 1, "{name} has no seeds");
    }
}
