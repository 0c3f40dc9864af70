//! The program. Everything is in the library beside it (`lib.rs` says why).
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    switchd::main()
}
