//! One suite, two engines: what the store promises is promised on both. A story
//! is a function over a [`bed::Bed`]; `suite!` runs it on SQLite and on
//! PostgreSQL, each time on a database of its own.

/// Runs each story on both engines: `journal::sqlite::…`, `journal::postgres::…`.
macro_rules! suite {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                let bed = crate::bed::Bed::sqlite().await;
                super::$story(&bed).await;
                bed.clear_away().await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                let bed = crate::bed::Bed::postgres().await;
                super::$story(&bed).await;
                bed.clear_away().await;
            })+
        }
    };
}

mod attempts;
mod audit_log;
mod bed;
mod cash;
mod contention;
mod fence;
mod group;
mod journal;
mod ledger;
mod model;
mod outbox;
mod reading;
mod schema;
mod trouble;
mod unknown_commit;
mod write_ahead_log;
