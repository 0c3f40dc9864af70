//! What can be changed with four eyes, as one JSON document a kind.

use serde::{Deserialize, Serialize};

use crate::client::Registration;
use crate::fault::Fault;
use crate::role::Permission;
use crate::store::office::Office;
use crate::store::role::Role;

/// A change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Content {
    /// Somebody may act as something.
    GrantRole {
        /// Who.
        account: i64,
        /// As what.
        role: Role,
        /// Where: a department, an office, or empty.
        scope: String,
    },
    /// Somebody may not any more.
    WithdrawRole {
        /// Who.
        account: i64,
        /// As what.
        role: Role,
        /// Where.
        scope: String,
    },
    /// A locked account of staff opens again.
    UnlockAccount {
        /// Whose.
        account: i64,
    },
    /// An account ends for good.
    CloseAccount {
        /// Whose.
        account: i64,
    },
    /// A new client.
    AddClient {
        /// Its identifier.
        client: String,
        /// What it registers as.
        registration: Box<Registration>,
        /// The client of the payment API it acts as.
        api_client: Option<i64>,
    },
    /// A client registers as something else.
    ChangeClient {
        /// Its identifier.
        client: String,
        /// What it registers as.
        registration: Box<Registration>,
    },
    /// A suspended client works again.
    ResumeClient {
        /// Its identifier.
        client: String,
    },
    /// A new office.
    AddOffice {
        /// As it shall be; its version says nothing.
        office: Box<Office>,
    },
    /// An office is, or opens, otherwise.
    ChangeOffice {
        /// As it shall be; its version says nothing.
        office: Box<Office>,
    },
}

impl Content {
    /// The document.
    ///
    /// # Errors
    /// [`Fault::Corrupt`], which no content is.
    pub fn text(&self) -> Result<String, Fault> {
        serde_json::to_string(self).map_err(|_| Fault::Corrupt("change.content"))
    }

    /// Reads a document of ours.
    ///
    /// # Errors
    /// [`Fault::Corrupt`].
    pub fn read(text: &str) -> Result<Self, Fault> {
        serde_json::from_str(text).map_err(|_| Fault::Corrupt("change.content"))
    }

    /// The word of its kind, which is also the end of the key of its name on pages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::GrantRole { .. } => "grant-role",
            Self::WithdrawRole { .. } => "withdraw-role",
            Self::UnlockAccount { .. } => "unlock-account",
            Self::CloseAccount { .. } => "close-account",
            Self::AddClient { .. } => "add-client",
            Self::ChangeClient { .. } => "change-client",
            Self::ResumeClient { .. } => "resume-client",
            Self::AddOffice { .. } => "add-office",
            Self::ChangeOffice { .. } => "change-office",
        }
    }

    /// The act in the audit log when it is applied.
    #[must_use]
    pub fn act(&self) -> &'static str {
        match self {
            Self::GrantRole { .. } => "role grant",
            Self::WithdrawRole { .. } => "role withdraw",
            Self::UnlockAccount { .. } => "account unlock",
            Self::CloseAccount { .. } => "account close",
            Self::AddClient { .. } => "client add",
            Self::ChangeClient { .. } => "client change",
            Self::ResumeClient { .. } => "client resume",
            Self::AddOffice { .. } => "office add",
            Self::ChangeOffice { .. } => "office change",
        }
    }

    /// What it takes to propose it, and to approve it.
    #[must_use]
    pub fn permissions(&self) -> (Permission, Permission) {
        match self {
            Self::GrantRole { .. } | Self::WithdrawRole { .. } => {
                (Permission::RolesPropose, Permission::RolesApprove)
            }
            Self::UnlockAccount { .. } | Self::CloseAccount { .. } => {
                (Permission::AccountsPropose, Permission::AccountsApprove)
            }
            Self::AddClient { .. } | Self::ChangeClient { .. } | Self::ResumeClient { .. } => {
                (Permission::ClientsPropose, Permission::ClientsApprove)
            }
            Self::AddOffice { .. } | Self::ChangeOffice { .. } => {
                (Permission::OfficesPropose, Permission::OfficesApprove)
            }
        }
    }

    /// The account it is about.
    #[must_use]
    pub fn account(&self) -> Option<i64> {
        match self {
            Self::GrantRole { account, .. }
            | Self::WithdrawRole { account, .. }
            | Self::UnlockAccount { account }
            | Self::CloseAccount { account } => Some(*account),
            _ => None, // clients and offices
        }
    }

    /// The account that may do more afterwards: its owner does not propose it. Giving a role back is free.
    #[must_use]
    pub fn gains(&self) -> Option<i64> {
        match self {
            Self::GrantRole { account, .. } | Self::UnlockAccount { account } => Some(*account),
            _ => None, // the rest gives nobody more
        }
    }

    /// The client it is about.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        match self {
            Self::AddClient { client, .. }
            | Self::ChangeClient { client, .. }
            | Self::ResumeClient { client } => Some(client),
            _ => None, // accounts and offices
        }
    }

    /// The office it is about.
    #[must_use]
    pub fn office(&self) -> Option<&str> {
        match self {
            Self::AddOffice { office } | Self::ChangeOffice { office } => Some(&office.code),
            _ => None, // accounts and clients
        }
    }

    /// What it is about, as the audit log names it.
    #[must_use]
    pub fn subject(&self) -> String {
        match (self.account(), self.client()) {
            (Some(account), _) => format!("account {account}"),
            (None, Some(client)) => format!("client {client}"),
            (None, None) => format!("office {}", self.office().unwrap_or("")),
        }
    }

    /// It in a few words, for the audit log.
    #[must_use]
    pub fn brief(&self) -> String {
        match self {
            Self::GrantRole { role, scope, .. } | Self::WithdrawRole { role, scope, .. } => {
                let at = if scope.is_empty() { "everywhere" } else { scope };
                format!("{} {}@{at}", self.act(), role.as_str())
            }
            _ => self.act().to_owned(),
        }
    }
}
