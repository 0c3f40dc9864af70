//! Identity through its router, on both engines: what people and relying parties see.

/// Runs each story on both engines, each time on a database of its own.
macro_rules! suite {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                let bed = crate::support::bed::Bed::sqlite().await;
                super::$story(&bed).await;
                bed.clear_away().await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                let bed = crate::support::bed::Bed::postgres().await;
                super::$story(&bed).await;
                bed.clear_away().await;
            })+
        }
    };
}

mod activation;
mod admin;
mod client_validation;
mod desk;
mod keys;
mod messages;
mod oidc_authorize;
mod oidc_basic;
mod oidc_consent;
mod oidc_discovery;
mod oidc_logout;
mod oidc_pushed;
mod pages;
mod recover;
mod registration;
mod registry;
mod schema;
mod sessions;
mod sign_in;
mod sign_in_guesses;
mod sign_in_passkey;
mod support;
mod token_device;
mod token_fapi;
mod token_jose;
mod token_refresh;
mod token_refused;
mod token_resource;
