//! Runs a fuzz target without a fuzzer: everything committed for it, then seeded mutations of that.
//!
//! The tests of every package with targets use it, so continuous integration needs neither a nightly compiler nor
//! luck: the same seed is the same run. `FUZZ_CASES` and `FUZZ_SEED` ask for more and for others.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

/// Mutated inputs a target unless told otherwise.
const CASES: u64 = 10_000;
const SEED: u64 = 0x8583_2026_1122;

/// SplitMix64: small, seeded, the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound.max(1) as u64) as usize
    }

    /// One to four changes: a bit, a byte, a digit counted on, a cut, a piece taken out, doubled, or taken from
    /// another input.
    fn mutate(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(8)).min(bytes.len());
            match self.below(9) {
                _ if bytes.is_empty() => bytes.push(self.roll() as u8),
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.roll() as u8,
                2 => bytes[at] = bytes[at].wrapping_add(1),
                3 => bytes.insert(at, self.roll() as u8),
                4 => bytes.truncate(at),
                5 => drop(bytes.drain(at..end)),
                6 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
                7 => bytes[at] = b"09AZaz \"=[]{}\\/.:-\n\0\xFF"[self.below(21)],
                _ => {
                    let from = self.below(other.len());
                    let to = (from + self.below(24)).min(other.len());
                    drop(bytes.splice(at..end, other[from..to].iter().copied()));
                }
            }
        }
    }
}

/// Calls `target` with every file of `corpus/<name>` and `regressions/<name>` in `folder`, then with mutations.
///
/// # Panics
/// With the input, and how to make it again, when the target does; when nothing is committed for it; and when every
/// input was accepted or every one refused, because then nothing was tried.
pub(crate) fn replay(folder: &Path, name: &str, target: fn(&[u8]) -> bool) {
    let seeds: Vec<(String, Vec<u8>)> =
        ["corpus", "regressions"].iter().flat_map(|kind| files(&folder.join(kind).join(name))).collect();
    assert!(!seeds.is_empty(), "{name} has no corpus");
    let mut counts = [0_u64; 2];
    let mut run =
        |bytes: &[u8], origin: &dyn Fn() -> String| match catch_unwind(AssertUnwindSafe(|| target(bytes))) {
            Ok(accepted) => counts[usize::from(accepted)] += 1,
            Err(panic) => {
                eprintln!("{name}: {}\ninput: {:?}", origin(), String::from_utf8_lossy(bytes));
                eprintln!("in hexadecimal: {}", bytes.iter().map(|b| format!("{b:02x}")).collect::<String>());
                resume_unwind(panic);
            }
        };
    for (file, bytes) in &seeds {
        run(bytes, &|| file.clone());
    }
    let (cases, seed) = (number("FUZZ_CASES", CASES), number("FUZZ_SEED", SEED));
    let mut dice = Dice(seed);
    for case in 0..cases {
        let mut bytes = seeds[dice.below(seeds.len())].1.clone();
        let other = dice.below(seeds.len());
        dice.mutate(&mut bytes, &seeds[other].1);
        run(&bytes, &|| format!("case {case} of FUZZ_SEED={seed}"));
    }
    let [refused, accepted] = counts;
    assert!(refused > 0 && accepted > 0, "{name}: {accepted} accepted, {refused} refused: nothing was tried");
}

/// Every target has its corpus, its program, and its entry in the manifest; nothing is left over.
///
/// # Panics
/// With what is missing or left over.
pub(crate) fn complete(folder: &Path, names: &[&str]) {
    let mut expected: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    expected.sort();
    let listed = |kind: &str| {
        let entries = std::fs::read_dir(folder.join(kind)).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let mut found: Vec<String> = entries
            .map(|entry| {
                entry.expect("an entry").file_name().to_string_lossy().trim_end_matches(".rs").to_owned()
            })
            .filter(|name| name != "README.md")
            .collect();
        found.sort();
        found
    };
    assert_eq!(listed("corpus"), expected, "corpus");
    assert_eq!(listed("fuzz_targets"), expected, "fuzz_targets");
    assert!(listed("regressions").iter().all(|name| expected.contains(name)), "regressions");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("the manifest");
    for name in &expected {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in Cargo.toml");
        let path = folder.join("fuzz_targets").join(format!("{name}.rs"));
        let program = std::fs::read_to_string(&path).expect("a program");
        assert!(
            program.lines().count() <= 5,
            "{}: what it does belongs in the function it calls",
            path.display()
        );
    }
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.display().to_string(), std::fs::read(&path).expect("a file of the corpus")))
        .collect();
    found.sort();
    found
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable)
        .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable}={text}")))
}
