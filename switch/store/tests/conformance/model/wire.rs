//! The wire to the private PostgreSQL, which loses a commit or the reply to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

/// Wires of this process, for their names.
static LAID: AtomicU64 = AtomicU64::new(0);

/// What is lost next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Lose {
    Nothing = 0,
    /// The commit on its way there: it is not done.
    Commit = 1,
    /// Its reply on the way back: it is done.
    Reply = 2,
    /// The same of whatever is said next, for a writer that commits with each statement.
    Statement = 3,
    StatementReply = 4,
}

pub(super) struct Wire {
    /// The address of the same database through the wire.
    pub(super) url: String,
    folder: PathBuf,
    next: Arc<AtomicU8>,
    carrier: JoinHandle<()>,
}

impl Wire {
    pub(super) fn to(url: &str) -> Self {
        let server = url.split("host=").nth(1).and_then(|rest| rest.split('&').next());
        let server = server.expect("the private PostgreSQL has a socket").to_owned();
        let name = format!("w{}-{}", std::process::id(), LAID.fetch_add(1, Ordering::Relaxed));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).expect("a folder for the socket");
        let listener = UnixListener::bind(folder.join(".s.PGSQL.5432")).expect("a short enough path");
        let next = Arc::new(AtomicU8::new(0));
        let socket = Path::new(&server).join(".s.PGSQL.5432");
        let carrier = tokio::spawn(carry(listener, socket, Arc::clone(&next)));
        Self { url: url.replace(&server, &folder.display().to_string()), folder, next, carrier }
    }

    pub(super) fn lose(&self, what: Lose) {
        self.next.store(what as u8, Ordering::SeqCst);
    }

    pub(super) fn take_away(self) {
        self.carrier.abort();
        std::fs::remove_dir_all(&self.folder).expect("the folder can go");
    }
}

async fn carry(listener: UnixListener, server: PathBuf, next: Arc<AtomicU8>) {
    while let Ok((client, _)) = listener.accept().await {
        let Ok(upstream) = UnixStream::connect(&server).await else { return };
        let next = Arc::clone(&next);
        tokio::spawn(async move {
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = upstream.into_split();
            let cut = AtomicBool::new(false);
            let asks = async {
                let mut bytes = vec![0; 65_536];
                while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
                    let said = &bytes[..length];
                    let is_commit = said.windows(7).any(|word| word == b"COMMIT\0");
                    let lose = match next.load(Ordering::SeqCst) {
                        lose @ 1..=2 if is_commit => lose,
                        lose @ 3..=4 => lose - 2,
                        _ => 0,
                    };
                    if lose > 0 {
                        next.store(Lose::Nothing as u8, Ordering::SeqCst);
                        cut.store(true, Ordering::SeqCst);
                    }
                    if lose == 1 || to_server.write_all(said).await.is_err() {
                        return;
                    }
                }
            };
            let answers = async {
                let mut bytes = vec![0; 65_536];
                while let Ok(length @ 1..) = from_server.read(&mut bytes).await {
                    if cut.load(Ordering::SeqCst) || to_client.write_all(&bytes[..length]).await.is_err() {
                        return;
                    }
                }
            };
            tokio::select! { () = asks => {}, () = answers => {} }
        });
    }
}
