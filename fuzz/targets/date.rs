#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| arload_fuzz::date::check(data));
