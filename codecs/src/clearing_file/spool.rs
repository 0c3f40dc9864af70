//! Writes a file durably while the next part of it is still being made.
//!
//! A thread of its own takes full buffers, writes them and has the disk begin with them, so that the sync at the end
//! finds little left to do. Three buffers go round: memory is constant, and a slow disk slows the maker down.

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

const BUFFER_BYTES: usize = 256 * 1024;
const BUFFERS: usize = 3;

/// After so many bytes the disk is told to begin.
const SYNC_BYTES: usize = 16 * 1024 * 1024;

/// A file that is written in the background. What was written counts only after [`Spool::finish`].
pub struct Spool {
    full: Option<SyncSender<Vec<u8>>>,
    empty: Receiver<Vec<u8>>,
    current: Vec<u8>,
    thread: Option<JoinHandle<io::Result<File>>>,
}

impl Spool {
    /// Writes to `file` from where it stands.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn new(file: File) -> io::Result<Self> {
        let (full, to_write) = sync_channel::<Vec<u8>>(BUFFERS);
        let (written, empty) = sync_channel(BUFFERS);
        for _ in 1..BUFFERS {
            // The queue has room for all of them.
            let _ = written.try_send(Vec::with_capacity(BUFFER_BYTES));
        }
        let thread = std::thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || write(file, &to_write, &written))?;
        Ok(Self { full: Some(full), empty, current: Vec::with_capacity(BUFFER_BYTES), thread: Some(thread) })
    }

    /// Writes what is left, syncs, and gives the file back.
    ///
    /// # Errors
    /// The first error of the disk.
    pub fn finish(mut self) -> io::Result<File> {
        let last = std::mem::take(&mut self.current);
        if let Some(full) = self.full.take() {
            // An error is the thread's, which says it below.
            let _ = full.send(last);
        }
        self.join()
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let sent = match &self.full {
            Some(full) => full.send(std::mem::take(&mut self.current)).is_ok(),
            None => false,
        };
        match self.empty.recv() {
            Ok(empty) if sent => {
                self.current = empty;
                Ok(())
            }
            _ => self.join().and_then(|_| Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn join(&mut self) -> io::Result<File> {
        self.full = None;
        let thread = self.thread.take().ok_or(io::ErrorKind::BrokenPipe)?;
        thread.join().unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.current.len() + bytes.len() > BUFFER_BYTES && !self.current.is_empty() {
            self.hand_over()?;
        }
        let taken = bytes.len().min(BUFFER_BYTES);
        self.current.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    /// Nothing is durable before [`Spool::finish`]: there is nothing to gain by waiting here.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let _ = self.join();
    }
}

fn write(mut file: File, full: &Receiver<Vec<u8>>, empty: &SyncSender<Vec<u8>>) -> io::Result<File> {
    let mut unsynced = 0;
    while let Ok(mut buffer) = full.recv() {
        file.write_all(&buffer)?;
        unsynced += buffer.len();
        buffer.clear();
        // Nobody takes it any more when the maker is done.
        let _ = empty.try_send(buffer);
        if unsynced >= SYNC_BYTES {
            file.sync_data()?;
            unsynced = 0;
        }
    }
    file.sync_all()?;
    Ok(file)
}
