//! Writes of one moment in one transaction. A commit waits for the disk, and a thousand requests a second
//! cannot each wait for their own: commands queue, whatever is queued when the last group is durable is
//! the next group, and each is answered for itself. There is no timer.

use std::collections::HashSet;
use std::sync::OnceLock;

use switch_store::{Db, StoreError, Tx, transact};
use tokio::sync::{mpsc, oneshot};

use super::code;
use super::family::{self, Family, Rotation};
use super::used::{self, Once};

/// Commands that may wait before a caller has to.
const QUEUE_MAX: usize = 4_096;
/// Commands of one transaction: bounds the wait of those behind it.
const GROUP_MAX: usize = 256;

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// A code that is used, and the family that begins with it.
pub struct Redemption {
    /// The digest of the code.
    pub code: Vec<u8>,
    /// The family.
    pub family: Family,
}

enum Command {
    Remember(Once, Reply<bool>),
    Redeem(Box<Redemption>, Reply<bool>),
    Rotate(Rotation, Reply<bool>),
}

/// The handle to the writer of a database; the writer starts with the first command.
#[derive(Default)]
pub struct Together {
    queue: OnceLock<mpsc::Sender<Command>>,
}

impl Together {
    /// Remembers something that is good once; durable when it returns. `false`: it was used before.
    ///
    /// # Errors
    /// [`StoreError`]: whether it was remembered is unknown.
    pub async fn remember(&self, db: &Db, once: Once) -> Result<bool, StoreError> {
        self.ask(db, |reply| Command::Remember(once, reply)).await
    }

    /// Uses a code and begins its family; durable when it returns. `false`: the code was used before, and
    /// nothing was begun.
    ///
    /// # Errors
    /// [`StoreError`]: whether it was used is unknown.
    pub async fn redeem(&self, db: &Db, redemption: Redemption) -> Result<bool, StoreError> {
        self.ask(db, |reply| Command::Redeem(Box::new(redemption), reply)).await
    }

    /// Rotates a refresh token; durable when it returns. `false`: the token was not the one in use.
    ///
    /// # Errors
    /// [`StoreError`]: whether it was rotated is unknown.
    pub async fn rotate(&self, db: &Db, rotation: Rotation) -> Result<bool, StoreError> {
        self.ask(db, |reply| Command::Rotate(rotation, reply)).await
    }

    async fn ask<T>(&self, db: &Db, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, StoreError> {
        let queue = self.queue.get_or_init(|| start(db.clone()));
        let (reply, answer) = oneshot::channel();
        queue.send(command(reply)).await.map_err(|_| StoreError::Stopped)?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }
}

fn start(db: Db) -> mpsc::Sender<Command> {
    let (queue, mut commands) = mpsc::channel(QUEUE_MAX);
    tokio::spawn(async move {
        let mut waiting = Vec::with_capacity(GROUP_MAX);
        while commands.recv_many(&mut waiting, GROUP_MAX).await > 0 {
            Group::of(waiting.drain(..)).write(&db).await;
        }
    });
    queue
}

/// Commands of one moment, by what they do, and whom to tell.
#[derive(Default)]
struct Group {
    remember: Vec<Once>,
    redeem: Vec<Redemption>,
    rotate: Vec<Rotation>,
    replies: [Vec<Reply<bool>>; 3],
}

/// The digests that won, in the order of [`Group::replies`].
type Won = [Vec<Vec<u8>>; 3];

impl Group {
    fn of(commands: impl Iterator<Item = Command>) -> Self {
        let mut group = Self::default();
        let [remember, redeem, rotate] = &mut group.replies;
        for command in commands {
            match command {
                Command::Remember(once, reply) => {
                    group.remember.push(once);
                    remember.push(reply);
                }
                Command::Redeem(redemption, reply) => {
                    group.redeem.push(*redemption);
                    redeem.push(reply);
                }
                Command::Rotate(rotation, reply) => {
                    group.rotate.push(rotation);
                    rotate.push(reply);
                }
            }
        }
        group
    }

    /// One transaction; then everybody is told.
    async fn write(self, db: &Db) {
        match transact!(*db, tx => self.within(tx).await) {
            Ok(won) => self.tell(won),
            Err(error) => {
                tracing::error!(%error, "a group of writes failed");
                let everybody = self.replies.into_iter().flatten();
                everybody.for_each(|reply| drop(reply.send(Err(StoreError::Stopped))));
            }
        }
    }

    async fn within(&self, tx: &mut Tx) -> Result<Won, StoreError> {
        let remembered = used::add(tx, &self.remember).await?;
        let codes: Vec<_> = self.redeem.iter().map(|r| (r.code.clone(), r.family.created_at)).collect();
        let redeemed = code::redeem(tx, &codes).await?;
        // Two that show one code at one moment have families of one number; the first is the one that is.
        let mut begun: Vec<&Family> = Vec::new();
        for redemption in self.redeem.iter().filter(|r| redeemed.contains(&r.code)) {
            if begun.iter().all(|family| family.id != redemption.family.id) {
                begun.push(&redemption.family);
            }
        }
        family::add(tx, &begun).await?;
        Ok([remembered, redeemed, family::rotate(tx, &self.rotate).await?])
    }

    fn tell(self, won: Won) {
        let [remembered, redeemed, rotated] = won;
        let [remember, redeem, rotate] = self.replies;
        tell_each(self.remember.iter().map(|once| &once.digest), remember, remembered);
        tell_each(self.redeem.iter().map(|r| &r.code), redeem, redeemed);
        tell_each(self.rotate.iter().map(|r| &r.new), rotate, rotated);
    }
}

/// Of two with one digest in one group, the first to come is the one that won.
fn tell_each<'a>(asked: impl Iterator<Item = &'a Vec<u8>>, replies: Vec<Reply<bool>>, won: Vec<Vec<u8>>) {
    let mut won: HashSet<Vec<u8>> = won.into_iter().collect();
    for (digest, reply) in asked.zip(replies) {
        drop(reply.send(Ok(won.remove(digest))));
    }
}
