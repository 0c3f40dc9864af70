//! Properties: the same ten thousand cases on every machine, and the seed in
//! every failure.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseResult, TestRunner};

const CASES: u32 = 10_000;
const SEED: u64 = 0x0053_7769_7463_6864;

/// Runs a property. `PROPTEST_CASES` asks for more cases, `PROPTEST_RNG_SEED` for others.
pub(crate) fn check<S: Strategy>(cases: S, test: impl Fn(S::Value) -> TestCaseResult) {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    let seed = config.rng_seed;
    if let Err(failure) = TestRunner::new(config).run(&cases, test) {
        panic!("PROPTEST_RNG_SEED={seed} shows it again: {failure}");
    }
}
