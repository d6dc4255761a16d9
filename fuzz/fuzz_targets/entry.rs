#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| consent_ledger_fuzz::entry::check(bytes));
