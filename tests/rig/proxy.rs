//! A network that misbehaves: a proxy between the switch and a neighbour. It knows the frames of the card host
//! (two bytes of length) and takes everything else as the bytes of one read.
//!
//! What it does wrong is a list of rules, tried in order, with a share of a thousand each, drawn from one seed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::chance::Chance;

/// Nothing longer is taken for a unit.
const UNIT_MAX: usize = 64 * 1024;
/// A unit that waits for another to overtake it waits no longer than this.
const HELD_MAX: Duration = Duration::from_millis(100);

/// Whom the proxy stands in front of.
#[derive(Debug, Clone)]
pub(crate) enum Neighbour {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// What is passed on, delayed or lost as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Units {
    /// Two bytes of length, most significant first, and so many bytes.
    Frames,
    /// What one read brings.
    Reads,
}

/// Seen from the side that connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Out,
    Back,
}

/// What happens to a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It comes later, and everything behind it.
    Delay(Duration),
    /// Some of its bytes are passed on, then both connections are reset.
    Cut,
    /// It is not passed on, and both connections are reset.
    CutBefore,
    /// One bit of it is another.
    Corrupt,
    /// It comes twice.
    Duplicate,
    /// The next one overtakes it.
    Overtaken,
    /// It does not come.
    Drop,
    /// It does not come and nothing after it does, in neither direction. The connections stay up.
    HalfOpen,
    /// It does not come and nothing after it in this direction. The connections stay up.
    Deaf,
}

/// When something happens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) fault: Fault,
    pub(crate) direction: Direction,
    /// Out of a thousand units that fit.
    pub(crate) share: u32,
    /// Only on connections on which these bytes went out before.
    pub(crate) after: &'static [u8],
    /// Only to units with these bytes in them.
    pub(crate) with: &'static [u8],
}

impl Rule {
    /// To any unit of a direction.
    pub(crate) fn any(fault: Fault, direction: Direction, share: u32) -> Self {
        Self { fault, direction, share, after: b"", with: b"" }
    }
}

/// A proxy. It ends with its handle, and its connections with it.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    neighbour: Mutex<Neighbour>,
    units: Units,
    rules: Mutex<Vec<Rule>>,
    chance: Mutex<Chance>,
    faults: AtomicU64,
    end: CancellationToken,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics holding it")
}

impl Proxy {
    pub(crate) async fn start(neighbour: Neighbour, units: Units, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            neighbour: Mutex::new(neighbour),
            units,
            rules: Mutex::default(),
            chance: Mutex::new(Chance::of(seed)),
            faults: AtomicU64::new(0),
            end: CancellationToken::new(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, task }
    }

    /// From now on it stands in front of another one.
    pub(crate) fn lead_to(&self, neighbour: Neighbour) {
        *lock(&self.shared.neighbour) = neighbour;
    }

    /// From now on this goes wrong and nothing else.
    pub(crate) fn misbehave(&self, rules: &[Rule]) {
        *lock(&self.shared.rules) = rules.to_vec();
    }

    /// New units and connections pass. What is half open stays so: finding out is the switch's part.
    pub(crate) fn heal(&self) {
        self.misbehave(&[]);
    }

    /// How often something went wrong.
    pub(crate) fn faults(&self) -> u64 {
        self.shared.faults.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.end.cancel();
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((caller, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let neighbour = lock(&shared.neighbour).clone();
            match neighbour {
                Neighbour::Tcp(address) => {
                    let Ok(called) = TcpStream::connect(address).await else { return reset(&caller) };
                    let _nodelay = (caller.set_nodelay(true), called.set_nodelay(true));
                    let linger = called.set_zero_linger();
                    let (read, write) = called.into_split();
                    connect(caller, read, write, &shared).await;
                    drop(linger);
                }
                Neighbour::Unix(path) => {
                    let Ok(called) = UnixStream::connect(path).await else { return reset(&caller) };
                    let (read, write) = called.into_split();
                    connect(caller, read, write, &shared).await;
                }
            }
        });
    }
}

/// Closing it will be a reset.
fn reset(stream: &TcpStream) {
    let _unneeded = stream.set_zero_linger();
}

/// What the two directions of a connection have in common.
struct Line<'a> {
    shared: &'a Shared,
    /// Nothing passes any more.
    half_open: AtomicBool,
    /// The bytes of a rule's `after` went by.
    marked: AtomicBool,
}

async fn connect<R, W>(caller: TcpStream, read: R, write: W, shared: &Shared)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    reset(&caller);
    let (caller_read, caller_write) = caller.into_split();
    let line = Line { shared, half_open: AtomicBool::new(false), marked: AtomicBool::new(false) };
    // Whichever ends first ends both.
    tokio::select! {
        () = shared.end.cancelled() => {}
        () = line.pass(Direction::Out, caller_read, write) => {}
        () = line.pass(Direction::Back, read, caller_write) => {}
    }
}

impl Line<'_> {
    async fn pass<R, W>(&self, direction: Direction, mut read: R, mut write: W)
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut held: Option<Vec<u8>> = None;
        let mut deaf = false;
        let mut reader = UnitReader::new(self.shared.units);
        loop {
            // A read that is given up keeps what it has in the reader.
            let unit = match timeout(HELD_MAX, reader.next(&mut read)).await {
                Ok(Some(unit)) => unit,
                Ok(None) => return,
                Err(_) => {
                    if let Some(late) = held.take()
                        && write.write_all(&late).await.is_err()
                    {
                        return;
                    }
                    continue;
                }
            };
            let fault = self.fault(direction, &unit);
            deaf |= fault == Some(Fault::Deaf);
            if fault == Some(Fault::HalfOpen) {
                self.half_open.store(true, Ordering::Relaxed);
            }
            if deaf || self.half_open.load(Ordering::Relaxed) {
                continue;
            }
            let written = match fault {
                Some(Fault::CutBefore) => return,
                Some(Fault::Cut) => {
                    let some = 1 + self.below(unit.len().max(2) - 1);
                    // The rest never comes: whether this part did is not known either.
                    let _some = write.write_all(&unit[..some.min(unit.len())]).await;
                    return;
                }
                Some(Fault::Overtaken) if held.is_none() => {
                    held = Some(unit);
                    continue;
                }
                Some(Fault::Drop) => continue,
                Some(Fault::Delay(time)) => {
                    tokio::time::sleep(time).await;
                    write.write_all(&unit).await
                }
                Some(Fault::Corrupt) => write.write_all(&self.corrupted(unit)).await,
                Some(Fault::Duplicate) => write.write_all(&unit.repeat(2)).await,
                Some(Fault::Overtaken | Fault::HalfOpen | Fault::Deaf) | None => write.write_all(&unit).await,
            };
            if written.is_err() {
                return;
            }
            if let Some(late) = held.take()
                && write.write_all(&late).await.is_err()
            {
                return;
            }
        }
    }

    fn below(&self, end: usize) -> usize {
        lock(&self.shared.chance).below(end as u64) as usize
    }

    /// A bit of what the frame carries: its length stays right.
    fn corrupted(&self, mut unit: Vec<u8>) -> Vec<u8> {
        let start = if self.shared.units == Units::Frames { 2 } else { 0 };
        if unit.len() > start {
            let place = start + self.below(unit.len() - start);
            unit[place] ^= 1 << self.below(8);
        }
        unit
    }

    fn fault(&self, direction: Direction, unit: &[u8]) -> Option<Fault> {
        let rules = lock(&self.shared.rules);
        let has = |part: &[u8]| part.is_empty() || unit.windows(part.len()).any(|window| window == part);
        if direction == Direction::Out && rules.iter().any(|rule| !rule.after.is_empty() && has(rule.after)) {
            self.marked.store(true, Ordering::Relaxed);
        }
        let marked = self.marked.load(Ordering::Relaxed);
        let fits = |rule: &&Rule| {
            rule.direction == direction
                && (rule.after.is_empty() || marked)
                && has(rule.with)
                && lock(&self.shared.chance).permille(rule.share)
        };
        let fault = rules.iter().find(fits).map(|rule| rule.fault);
        self.shared.faults.fetch_add(u64::from(fault.is_some()), Ordering::Relaxed);
        fault
    }
}

/// Cuts a stream into units.
struct UnitReader {
    units: Units,
    buffer: Vec<u8>,
}

impl UnitReader {
    fn new(units: Units) -> Self {
        Self { units, buffer: Vec::with_capacity(UNIT_MAX) }
    }

    /// The next unit; `None` at the end. May be dropped at any point without losing anything.
    async fn next(&mut self, read: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
        loop {
            let whole = match (self.units, &*self.buffer) {
                (Units::Reads, bytes) => (!bytes.is_empty()).then_some(bytes.len()),
                (Units::Frames, [high, low, ..]) => {
                    let length = 2 + usize::from(u16::from_be_bytes([*high, *low]));
                    (self.buffer.len() >= length).then_some(length)
                }
                (Units::Frames, _) => None,
            };
            if let Some(length) = whole {
                return Some(self.buffer.drain(..length).collect());
            }
            match read.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
