//! Fuzzes the target `input`.
#![no_main]

#[path = "../targets.rs"]
#[expect(dead_code, reason = "a program has one of them")]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::input(bytes));
