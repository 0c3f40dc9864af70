//! JSON lines, written by programs that are killed in the middle of a line and go on behind it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::AuditError;

/// Gives every line to `take`; how many lines nobody can read.
pub(crate) fn each<T: DeserializeOwned>(file: &Path, mut take: impl FnMut(T)) -> Result<u64, AuditError> {
    let failed = |error| AuditError::File { file: file.to_path_buf(), error };
    let mut reader = BufReader::new(File::open(file).map_err(failed)?);
    let (mut line, mut unreadable) = (Vec::new(), 0);
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(unreadable);
        }
        let is_whole = line.ends_with(b"\n");
        match read(&line) {
            Some(value) => take(value),
            // The last line may still be in the making, or was cut by a kill.
            None => unreadable += u64::from(is_whole && !line.trim_ascii().is_empty()),
        }
    }
}

/// A line, or what was written behind the beginning of one that a kill cut short.
fn read<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    let whole = serde_json::from_slice(line).ok();
    whole.or_else(|| {
        let start = line.iter().rposition(|byte| *byte == b'{')?;
        serde_json::from_slice(&line[start..]).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Line {
        n: u32,
    }

    #[test]
    fn what_a_kill_cut_short_hides_nothing_that_follows() {
        let file = std::env::temp_dir().join(format!("switch-audit-lines-{}", std::process::id()));
        std::fs::write(&file, "{\"n\":1}\n{\"n\":2,\"m{\"n\":3}\n\nnot JSON\n{\"n\":4}\n{\"n\":5")
            .expect("a file");
        let mut read = Vec::new();
        let unreadable = each(&file, |line: Line| read.push(line.n));
        std::fs::remove_file(&file).expect("it was written");
        assert_eq!((read, unreadable.expect("it can be read")), (vec![1, 3, 4], 1));
    }
}
