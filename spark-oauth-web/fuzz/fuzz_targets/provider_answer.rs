#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spark_oauth_fuzz::provider_answer::run(input));
