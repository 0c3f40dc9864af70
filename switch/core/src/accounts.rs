//! The chart of accounts. An account's code says what it is; its currency is
//! part of the code, so a transfer can never mix two.

use std::fmt;

use crate::id::ClientId;
use crate::money::Currency;

/// An account of the ledger by its meaning.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Account {
    /// What a counterparty has taken from citizens and owes us.
    Receivable {
        /// Profile id of the connector.
        counterparty: String,
        /// Currency.
        currency: Currency,
    },
    /// What we owe a department, per bank account it named.
    Payable {
        /// Department code.
        department: String,
        /// Name of the bank account, such as `main`.
        account: String,
        /// Currency.
        currency: Currency,
    },
    /// What an agent has paid in before selling. Never below zero.
    Float {
        /// The agent.
        agent: ClientId,
        /// Currency.
        currency: Currency,
    },
    /// Our money at a bank, the source of float top-ups.
    Bank {
        /// Name or IBAN of the account.
        account: String,
        /// Currency.
        currency: Currency,
    },
    /// Money at a counterparty that no payment explains.
    Suspense {
        /// Profile id of the connector.
        counterparty: String,
        /// Currency.
        currency: Currency,
    },
}

impl Account {
    /// The currency of the account.
    #[must_use]
    pub fn currency(&self) -> Currency {
        match self {
            Self::Receivable { currency, .. }
            | Self::Payable { currency, .. }
            | Self::Float { currency, .. }
            | Self::Bank { currency, .. }
            | Self::Suspense { currency, .. } => *currency,
        }
    }

    /// The least the account may owe (credits less debits), minor units; `None`
    /// where it may go either way. Only accounts with a floor keep a balance row.
    #[must_use]
    pub fn floor_minor(&self) -> Option<i64> {
        match self {
            Self::Float { .. } => Some(0),
            Self::Receivable { .. } | Self::Payable { .. } | Self::Bank { .. } | Self::Suspense { .. } => {
                None
            }
        }
    }
}

/// The code in the database: `receivable:card-sandbox:ILS`.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receivable { counterparty, currency } => {
                write!(f, "receivable:{counterparty}:{currency}")
            }
            Self::Payable { department, account, currency } => {
                write!(f, "payable:{department}:{account}:{currency}")
            }
            Self::Float { agent, currency } => write!(f, "float:{}:{currency}", agent.0),
            Self::Bank { account, currency } => write!(f, "bank:{account}:{currency}"),
            Self::Suspense { counterparty, currency } => {
                write!(f, "suspense:{counterparty}:{currency}")
            }
        }
    }
}
