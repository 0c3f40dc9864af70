//! Bills and cards by the hundred thousand, written with SQL of the bench's own,
//! while no daemon is running.
#![expect(clippy::disallowed_methods, reason = "seeded rows are of the present")]

use switch_core::card::{Card, Pan};
use switch_core::clock::Timestamp;
use switch_core::id::{CardId, ClientId, IdSequence, PublicIds};
use switch_engine::vault::Vault;

/// Keys the daemon under test is given.
pub(crate) const IDS_KEY: [u8; 16] = [0x42; 16];
pub(crate) const VAULT_KEY: [u8; 32] = [0x17; 32];
pub(crate) const VAULT_KEY_ID: &str = "bench";

/// A published test number that the sandbox approves.
pub(crate) const GOOD_CARD: &str = "4111111111111111";

/// What the load generator needs to ask for payments.
pub(crate) struct Seeds {
    /// An access token of the client.
    pub(crate) token: String,
    /// Public numbers of a bill and a card.
    pub(crate) pairs: Vec<(String, String)>,
}

/// A row of each table, ready to be inserted.
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) card: i64,
    pub(crate) pan: Vec<u8>,
    pub(crate) expiry: Vec<u8>,
}

pub(crate) struct Seeder {
    ids: IdSequence,
    public: PublicIds,
    vault: Vault,
    client: i64,
    made: usize,
    /// An access token of the client; the database makes it.
    pub(crate) token: String,
    /// Card numbers, in turn; what the card host does with them is in its table.
    pub(crate) cards: Vec<&'static str>,
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since.expect("after 1970").as_millis() as i64)
}

impl Seeder {
    pub(crate) fn new() -> Self {
        let mut ids = IdSequence::new(63, 0);
        let client = ids.next(now());
        let keys = [(VAULT_KEY_ID.to_owned(), VAULT_KEY)];
        let vault = Vault::new(&keys).expect("one key");
        Self {
            ids,
            public: PublicIds::new(IDS_KEY),
            vault,
            client,
            made: 0,
            token: String::new(),
            cards: vec![GOOD_CARD],
        }
    }

    /// The number of the client.
    pub(crate) fn client(&self) -> ClientId {
        ClientId(self.client)
    }

    fn rows(&mut self, count: usize) -> (Vec<Row>, Vec<(String, String)>) {
        let expires = now().plus_ms(86_400_000);
        let (mut rows, mut pairs) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for i in 0..count {
            let pan = Pan::parse(self.cards[i % self.cards.len()]).expect("public test number");
            let card = Card::new(pan, "3012").expect("valid expiry");
            let (id, token) = (self.ids.next(now()), self.ids.next(now()));
            let sealed = self
                .vault
                .seal(CardId(token), ClientId(self.client), &card, expires)
                .expect("the cipher works");
            pairs.push((self.public.show("bil", id), self.public.show("crd", token)));
            rows.push(Row { id, card: token, pan: sealed.pan, expiry: sealed.expiry });
        }
        (rows, pairs)
    }

    pub(crate) fn sqlite(&mut self, path: &std::path::Path, count: usize) -> Seeds {
        let mut db = rusqlite::Connection::open(path).expect("the database exists");
        db.execute_batch("PRAGMA synchronous=OFF; PRAGMA cache_size=-100000").expect("pragmas");
        let (rows, pairs) = self.rows(count);
        let (at, expires) = (now().0, now().0 + 86_400_000);
        let tx = db.transaction().expect("nobody else writes");
        {
            tx.execute(
                "INSERT INTO client (id, name, kind, created_at)
                 VALUES (?1, 'bench', 'api', ?2) ON CONFLICT DO NOTHING",
                rusqlite::params![self.client, at],
            )
            .expect("the client");
            tx.execute(
                "INSERT INTO client (id, name, kind, created_at) VALUES (?1, 'agent', 'agent', ?2)
                 ON CONFLICT DO NOTHING",
                rusqlite::params![self.client + 1, at],
            )
            .expect("the agent");
            tx.execute(
                "INSERT INTO terminal (id, agent_id, amount_max_minor, created_at)
                 VALUES ('TERM0001', ?1, 1000000, ?2) ON CONFLICT DO NOTHING",
                rusqlite::params![self.client + 1, at],
            )
            .expect("the terminal");
            let mut bill = tx
                .prepare(
                    "INSERT INTO bill (id, client_id, department, service, reference, payer_kind,
                         payer_number, amount_minor, currency, description, created_at)
                     VALUES (?1, ?2, 'MOI', 'PASS-REN', ?3, 'national_id', '400000006', 5000,
                         'ILS', 'bench', ?4)",
                )
                .expect("prepares");
            let mut card = tx.prepare("INSERT INTO card VALUES (?1, ?2, ?3, ?4, ?5, ?6)").expect("prepares");
            for row in &rows {
                self.made += 1;
                let reference = format!("B-{}-{}", self.client, self.made);
                bill.execute(rusqlite::params![row.id, self.client, reference, at]).expect("a bill");
                card.execute(rusqlite::params![
                    row.card,
                    self.client,
                    VAULT_KEY_ID,
                    row.pan,
                    row.expiry,
                    expires
                ])
                .expect("a card");
            }
        }
        tx.commit().expect("commits");
        db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("checkpoints");
        Seeds { token: self.token.clone(), pairs }
    }

    /// A history of `count` paid payments, made by SQL alone, older than anything seeded.
    pub(crate) fn sqlite_history(&self, path: &std::path::Path, count: usize) {
        let db = rusqlite::Connection::open(path).expect("the database exists");
        db.execute_batch("PRAGMA synchronous=OFF; PRAGMA cache_size=-400000").expect("pragmas");
        for statement in history(count, "BLOB") {
            db.execute_batch(&statement).expect("rows of the past");
            db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("checkpoints");
        }
    }

    /// The same on PostgreSQL.
    pub(crate) async fn postgres_history(&self, url: &str, count: usize) {
        use sqlx::{Connection, Executor};
        let mut db = sqlx::PgConnection::connect(url).await.expect("PostgreSQL is up");
        for statement in history(count, "BYTEA") {
            db.execute(sqlx::AssertSqlSafe(statement)).await.expect("rows of the past");
        }
        for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
            db.execute(statement).await.expect(statement);
        }
    }

    pub(crate) async fn postgres(&mut self, url: &str, count: usize) -> Seeds {
        use sqlx::Connection;
        let mut db = sqlx::PgConnection::connect(url).await.expect("PostgreSQL is up");
        let (rows, pairs) = self.rows(count);
        let (at, expires) = (now().0, now().0 + 86_400_000);
        sqlx::query(
            "INSERT INTO client (id, name, kind, created_at)
             VALUES ($1, 'bench', 'api', $2) ON CONFLICT DO NOTHING",
        )
        .bind(self.client)
        .bind(at)
        .execute(&mut db)
        .await
        .expect("the client");
        for chunk in rows.chunks(10_000) {
            let references: Vec<String> = chunk
                .iter()
                .map(|_| {
                    self.made += 1;
                    format!("B-{}-{}", self.client, self.made)
                })
                .collect();
            sqlx::query(
                "INSERT INTO bill (id, client_id, department, service, reference, payer_kind,
                     payer_number, amount_minor, currency, description, created_at)
                 SELECT id, $3, 'MOI', 'PASS-REN', reference, 'national_id', '400000006', 5000,
                     'ILS', 'bench', $4
                 FROM unnest($1::bigint[], $2::text[]) AS t (id, reference)",
            )
            .bind(chunk.iter().map(|r| r.id).collect::<Vec<_>>())
            .bind(references)
            .bind(self.client)
            .bind(at)
            .execute(&mut db)
            .await
            .expect("bills");
            sqlx::query(
                "INSERT INTO card SELECT id, $4, $5, pan, expiry, $6
                 FROM unnest($1::bigint[], $2::bytea[], $3::bytea[]) AS t (id, pan, expiry)",
            )
            .bind(chunk.iter().map(|r| r.card).collect::<Vec<_>>())
            .bind(chunk.iter().map(|r| r.pan.clone()).collect::<Vec<_>>())
            .bind(chunk.iter().map(|r| r.expiry.clone()).collect::<Vec<_>>())
            .bind(self.client)
            .bind(VAULT_KEY_ID)
            .bind(expires)
            .execute(&mut db)
            .await
            .expect("cards");
        }
        for statement in ["ANALYZE bill", "ANALYZE card", "CHECKPOINT"] {
            sqlx::query(statement).execute(&mut db).await.expect(statement);
        }
        Seeds { token: self.token.clone(), pairs }
    }
}

/// Statements both engines understand: payments 1 to `count` of client 1, each of
/// its own bill, paid and posted.
fn history(count: usize, bytes: &str) -> Vec<String> {
    let numbers =
        format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})");
    let transfer = |seq: u32, kind: &str| {
        format!(
            "{numbers} INSERT INTO transfer (cause, seq, kind, debit, credit, amount_minor, currency, at,
                 business_date)
             SELECT i, {seq}, '{kind}', 1, 2, 5000, 'ILS', 1700000000000, 20231114 FROM n"
        )
    };
    vec![
        format!(
            "{numbers} INSERT INTO payment (id, client_id, key, fingerprint, bill_id, method, channel,
                 amount_minor, currency, created_at, business_date)
             SELECT i, 1, 'history-key-of-payment-' || i, CAST('0123456789abcdef0123456789abcdef' AS {bytes}),
                 i, 'card', 'api', 5000, 'ILS', 1700000000000, 20231114 FROM n"
        ),
        format!(
            "{numbers} INSERT INTO bill_claim (bill_id, payment_id, at) SELECT i, i, 1700000000000 FROM n"
        ),
        format!(
            "{numbers} INSERT INTO outcome (payment_id, state, connector, attempt_id, stan, approval_code,
                 response_code, answer_status, answer_body, at)
             SELECT i, 'PAID', 'card', i, 1, '000001', '00', 201,
                 '{{\"id\":\"pay_0123456789ABCDE\",\"status\":\"PAID\",\"amount\":{{\"amount\":\"50.00\"}}}}',
                 1700000000000 FROM n"
        ),
        transfer(1, "PENDING"),
        transfer(2, "POST"),
    ]
}
