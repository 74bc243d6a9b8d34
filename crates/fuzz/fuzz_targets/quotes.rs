#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| cloze_fuzz::targets::quotes(data));
