//! What goes when somebody is verified again at a desk: everything the account was proven with.

use switch_store::{StoreError, Tx, statements, values};

statements! {
    REMOVE_PASSWORD = portable("DELETE FROM sso_password WHERE account_id = $1");
    REMOVE_PASSKEYS = portable("DELETE FROM sso_passkey WHERE account_id = $1");
    REMOVE_TOTP = portable("DELETE FROM sso_totp WHERE account_id = $1");
    REMOVE_RECOVERY_CODES = portable("DELETE FROM sso_recovery_code WHERE account_id = $1");
    REMOVE_MOBILE = portable("DELETE FROM sso_mobile_factor WHERE account_id = $1");
}

/// Removes all of it.
///
/// # Errors
/// The engine's own.
pub async fn remove_factors(tx: &mut Tx, account: i64) -> Result<(), StoreError> {
    for statement in STATEMENTS {
        tx.execute(statement, values![account]).await?;
    }
    Ok(())
}
