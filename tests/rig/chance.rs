//! Chance from a seed: one seed, one sequence, on every machine.

/// SplitMix64.
pub(crate) struct Chance {
    pub(crate) seed: u64,
    state: u64,
}

impl Chance {
    /// `RIG_SEED` when it is set, else a new one. A test prints it, and a failure shows what a test printed.
    pub(crate) fn new(rig: &str) -> Self {
        let asked = std::env::var("RIG_SEED").ok();
        let seed = asked.map_or_else(fresh, |text| text.parse().expect("RIG_SEED is a number"));
        eprintln!("{rig}: RIG_SEED={seed}");
        Self::of(seed)
    }

    pub(crate) fn of(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// Below `end`, which is above 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True so many times in a thousand.
    pub(crate) fn permille(&mut self, share: u32) -> bool {
        self.below(1000) < u64::from(share)
    }
}

#[expect(clippy::disallowed_methods, reason = "each run of the tests has a sequence of its own")]
fn fresh() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(1, |since| since.subsec_nanos().into())
}
