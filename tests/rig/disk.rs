//! A disk that forgets, fills up, and fails: the half of `disk.c` that is on the test's side. It reads the log of
//! what changed under a daemon and of what was made durable, and after the daemon was killed it takes back what a
//! power cut takes: everything that was not synced, or any part of it, down to sectors of a write.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::chance::Chance;

const SECTOR: usize = 512;
const HEAD: usize = 9 * 8;

/// Places of the control page, in words of eight bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Control {
    /// Bytes by which files may still grow.
    Room = 0,
    /// Syncs of files so far.
    Syncs = 1,
    /// The sync with this number gives EIO.
    FailAt = 2,
    /// The sync with this number kills the process.
    KillAt = 3,
    /// Syncs say yes and do nothing.
    Lies = 4,
    /// Writes refused for want of room.
    Refused = 5,
    /// Not 0: the next sync of a file that is not a write-ahead log gives EIO.
    FailMain = 6,
}

/// What a power cut leaves of what was not synced.
pub(crate) enum Cut<'a> {
    /// Nothing.
    Everything,
    /// Any part.
    AnyPart(&'a mut Chance),
}

/// What a power cut did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Changes in the log.
    pub(crate) changes: usize,
    /// Of them not synced.
    pub(crate) unsynced: usize,
    /// Of those gone, whole or in part.
    pub(crate) gone: usize,
}

/// A disk under one folder.
pub(crate) struct Disk {
    side: PathBuf,
    watched: PathBuf,
    library: PathBuf,
    control: File,
}

impl Disk {
    /// Puts the layer under `watched`; its log lies in `side`, which must be on the same file system.
    pub(crate) fn under(watched: &Path, side: &Path) -> Self {
        std::fs::create_dir_all(side).expect("a folder");
        let library = side.join("libdisk.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rig/disk.c");
        let compiled = Command::new("cc")
            .args(["-Wall", "-O1", "-shared", "-fPIC", "-o"])
            .arg(&library)
            .arg(source)
            .status();
        assert!(compiled.expect("a C compiler is there").success(), "{source} does not compile");
        let control = side.join("control");
        std::fs::write(&control, [0; 4096]).expect("a page");
        let control = OpenOptions::new().read(true).write(true).open(control).expect("a page");
        let disk = Self { side: side.to_owned(), watched: watched.to_owned(), library, control };
        disk.insert();
        disk
    }

    /// What the daemon's environment must say.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_str().expect("a plain path").to_owned();
        vec![
            ("LD_PRELOAD", text(&self.library)),
            ("RIG_DISK_FOLDER", text(&self.watched)),
            ("RIG_DISK_SIDE", text(&self.side)),
        ]
    }

    /// A healthy disk with an empty log, before a daemon is started: what is there now is durable.
    pub(crate) fn insert(&self) {
        for entry in std::fs::read_dir(&self.side).expect("a folder").flatten() {
            if entry.file_name().to_string_lossy().starts_with("kept-") {
                std::fs::remove_file(entry.path()).expect("a file of ours");
            }
        }
        std::fs::write(self.side.join("log"), "").expect("a log");
        self.control.write_all_at(&[0; 4096], 0).expect("a page");
        self.set(Control::Room, u64::MAX);
    }

    pub(crate) fn set(&self, word: Control, value: u64) {
        self.control.write_all_at(&value.to_ne_bytes(), word as u64 * 8).expect("a page");
    }

    pub(crate) fn get(&self, word: Control) -> u64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, word as u64 * 8).expect("a page");
        u64::from_ne_bytes(bytes)
    }

    /// Cuts the power. The daemon must be dead.
    pub(crate) fn cut(&self, mut cut: Cut<'_>) -> Lost {
        let bytes = std::fs::read(self.side.join("log")).expect("a log");
        let log = Log::read(&bytes);
        let mut image = Image::of(&log);
        let changes = || log.records.iter().filter(|record| record.is_change());
        changes().rev().for_each(|change| image.undo(change));
        let mut lost = Lost::default();
        for change in changes() {
            lost.changes += 1;
            let durable = log.is_durable(change);
            lost.unsynced += usize::from(!durable);
            let kept = match &mut cut {
                _ if durable => Kept::Whole,
                Cut::Everything => Kept::Not,
                Cut::AnyPart(chance) => match chance.below(4) {
                    0 | 1 => Kept::Whole,
                    2 => Kept::Sectors(chance.next()),
                    _ => Kept::Not,
                },
            };
            lost.gone += usize::from(!matches!(kept, Kept::Whole));
            image.redo(change, &kept);
        }
        image.write();
        // Shared memory is made new by whoever opens the database first.
        for entry in std::fs::read_dir(&self.watched).expect("a folder").flatten() {
            if entry.file_name().to_string_lossy().ends_with("-shm") {
                std::fs::remove_file(entry.path()).expect("a file of the database");
            }
        }
        lost
    }
}

const WRITE: u64 = 1;
const TRUNCATE: u64 = 2;
const CREATE: u64 = 3;
const UNLINK: u64 = 4;
const SYNC: u64 = 6;
const SYNC_FOLDER: u64 = 7;
const LOST: u64 = 8;
const OPEN: u64 = 9;

/// How much of a change is on the disk.
enum Kept {
    Whole,
    /// Sectors by the bits of a number, again and again.
    Sectors(u64),
    Not,
}

struct Record<'a> {
    kind: u64,
    seq: u64,
    inode: u64,
    /// Of a write or a truncation; of a sync the last change it covers.
    offset: u64,
    old_size: u64,
    path: PathBuf,
    kept_at: PathBuf,
    old: &'a [u8],
    new: &'a [u8],
}

impl Record<'_> {
    fn is_change(&self) -> bool {
        matches!(self.kind, WRITE | TRUNCATE | CREATE | UNLINK)
    }
}

struct Log<'a> {
    records: Vec<Record<'a>>,
}

impl<'a> Log<'a> {
    fn read(mut rest: &'a [u8]) -> Self {
        let mut records = Vec::new();
        // A last record that is cut stands for a change that was never made.
        while let Some((record, after)) = Record::read(rest) {
            records.push(record);
            rest = after;
        }
        Self { records }
    }

    /// A change is durable when a sync that covers it came before any failed one that did.
    fn is_durable(&self, change: &Record<'_>) -> bool {
        let after = self.records.partition_point(|record| record.seq <= change.seq);
        let ends = |record: &&Record<'_>| match (change.kind, record.kind) {
            (WRITE | TRUNCATE, SYNC | LOST) => record.offset >= change.seq && record.inode == change.inode,
            (CREATE | UNLINK, SYNC_FOLDER) => record.offset >= change.seq,
            _ => false,
        };
        self.records[after..].iter().find(ends).is_some_and(|record| record.kind != LOST)
    }
}

/// The files of the folder, in memory.
#[derive(Default)]
struct Image {
    files: HashMap<u64, Vec<u8>>,
    /// Every name there ever was, and what it stands for.
    names: HashMap<PathBuf, Option<u64>>,
}

impl Image {
    /// As they are now.
    fn of(log: &Log<'_>) -> Self {
        let mut image = Self::default();
        for record in &log.records {
            match record.kind {
                OPEN | CREATE => drop(image.names.insert(record.path.clone(), Some(record.inode))),
                UNLINK => {
                    image.names.insert(record.path.clone(), None);
                    image.files.insert(record.inode, std::fs::read(&record.kept_at).expect("it was kept"));
                }
                _ => {}
            }
        }
        for (path, inode) in &image.names {
            if let Some(inode) = inode {
                image.files.insert(*inode, std::fs::read(path).expect("a file of the database"));
            }
        }
        image
    }

    fn file(&mut self, inode: u64) -> &mut Vec<u8> {
        self.files.get_mut(&inode).expect("a file is opened before it is written")
    }

    fn put(&mut self, inode: u64, offset: usize, bytes: &[u8]) {
        let file = self.file(inode);
        if file.len() < offset + bytes.len() {
            file.resize(offset + bytes.len(), 0);
        }
        file[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    fn undo(&mut self, change: &Record<'_>) {
        match change.kind {
            WRITE | TRUNCATE => {
                self.put(change.inode, change.offset as usize, change.old);
                self.file(change.inode).resize(change.old_size as usize, 0);
            }
            CREATE => drop(self.names.insert(change.path.clone(), None)),
            UNLINK => drop(self.names.insert(change.path.clone(), Some(change.inode))),
            kind => panic!("{kind} is no change"),
        }
    }

    fn redo(&mut self, change: &Record<'_>, kept: &Kept) {
        let offset = change.offset as usize;
        match (change.kind, kept) {
            (_, Kept::Not) | (TRUNCATE | CREATE | UNLINK, Kept::Sectors(_)) => {}
            (WRITE, Kept::Whole) => self.put(change.inode, offset, change.new),
            (WRITE, Kept::Sectors(bits)) => {
                let (mut at, mut sector) = (0, 0);
                while at < change.new.len() {
                    let end = (at + SECTOR - (offset + at) % SECTOR).min(change.new.len());
                    if bits >> (sector % 64) & 1 == 1 {
                        self.put(change.inode, offset + at, &change.new[at..end]);
                    }
                    (at, sector) = (end, sector + 1);
                }
            }
            (TRUNCATE, Kept::Whole) => self.file(change.inode).resize(offset, 0),
            (CREATE, Kept::Whole) => drop(self.names.insert(change.path.clone(), Some(change.inode))),
            (UNLINK, Kept::Whole) => drop(self.names.insert(change.path.clone(), None)),
            (kind, _) => panic!("{kind} is no change"),
        }
    }

    fn write(&self) {
        for (path, inode) in &self.names {
            let written = match inode {
                Some(inode) => std::fs::write(path, &self.files[inode]),
                None if path.exists() => std::fs::remove_file(path),
                None => Ok(()),
            };
            written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}

impl<'a> Record<'a> {
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (head, mut rest) = bytes.split_at_checked(HEAD)?;
        let word = |i: usize| u64::from_ne_bytes(head[i * 8..i * 8 + 8].try_into().expect("eight bytes"));
        let mut take = |count: u64| {
            let (part, after) = rest.split_at_checked(usize::try_from(count).ok()?)?;
            rest = after;
            Some(part)
        };
        let (old_bytes, new_bytes, path_bytes, side_bytes) = (word(5), word(6), word(7), word(8));
        let (path, side) = (take(path_bytes)?, take(side_bytes)?);
        let (old, new) = (take(old_bytes)?, take(new_bytes)?);
        let text = |bytes: &[u8]| PathBuf::from(String::from_utf8_lossy(bytes).into_owned());
        let record = Self {
            kind: word(0),
            seq: word(1),
            inode: word(2),
            offset: word(3),
            old_size: word(4),
            path: text(path),
            kept_at: text(side),
            old,
            new,
        };
        Some((record, rest))
    }
}
