//! Bills: made, found again by the department's own number, withdrawn.

use switch_core::bill::{Bill, BillState};
use switch_core::clock::Timestamp;
use switch_core::id::{BillId, ClientId};
use switch_core::money::Money;
use switch_core::person::Payer;
use switch_store::bill::{self, BillView};
use switch_store::{StoreError, transact};

use crate::Engine;

/// A bill as a department asks for it.
#[derive(Debug, Clone)]
pub struct NewBill {
    /// Who makes it.
    pub client: ClientId,
    /// Department code.
    pub department: String,
    /// Service code.
    pub service: String,
    /// The department's own number.
    pub reference: String,
    /// Who owes it.
    pub payer: Payer,
    /// What is owed.
    pub amount: Money,
    /// Free text for the payer.
    pub description: String,
    /// From this moment it is not accepted any more.
    pub expires_at: Option<Timestamp>,
}

/// A bill that exists now.
#[derive(Debug, Clone)]
pub struct CreatedBill {
    /// The bill and who holds it.
    pub view: BillView,
    /// Made by this call; `false` for one that was there with the same content.
    pub fresh: bool,
}

/// Why a bill is not made or withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum BillRefusal {
    /// The department has another bill of this reference.
    #[error("the reference names another bill")]
    ReferenceReused,
    /// No such bill of this client.
    #[error("there is no such bill")]
    UnknownBill,
    /// It is paid, or being paid.
    #[error("the bill cannot be withdrawn: {0:?}")]
    NotOpen(BillState),
    /// The store's own.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl Engine {
    /// Makes a bill, or finds the one this reference made before.
    ///
    /// # Errors
    /// [`BillRefusal`].
    pub async fn create_bill(&self, new: NewBill) -> Result<CreatedBill, BillRefusal> {
        let made = Bill {
            id: BillId(self.new_id()),
            client: new.client,
            department: new.department,
            service: new.service,
            reference: new.reference,
            payer: new.payer,
            amount: new.amount,
            description: new.description,
            created_at: self.clock.now(),
            expires_at: new.expires_at,
        };
        if transact!(self.db, tx => bill::add(tx, &made).await)? {
            let view = BillView { bill: made, claim: None, paid: false };
            return Ok(CreatedBill { view, fresh: true });
        }
        let found = bill::find_by_reference(&self.db, &made.department, &made.reference).await?;
        let view = found.ok_or(BillRefusal::ReferenceReused)?;
        let asked = Bill { id: view.bill.id, created_at: view.bill.created_at, ..made };
        if asked == view.bill {
            Ok(CreatedBill { view, fresh: false })
        } else {
            Err(BillRefusal::ReferenceReused)
        }
    }

    /// Withdraws an open bill of the client. Withdrawing twice is once.
    ///
    /// # Errors
    /// [`BillRefusal`].
    pub async fn withdraw_bill(&self, client: ClientId, id: BillId) -> Result<BillView, BillRefusal> {
        let own = |view: &BillView| view.bill.client == client;
        let found = bill::find(&self.db, id).await?;
        found.filter(own).ok_or(BillRefusal::UnknownBill)?;
        let now = self.clock.now();
        transact!(self.db, tx => bill::withdraw(tx, id, now).await)?;
        let view = bill::find(&self.db, id).await?.ok_or(BillRefusal::UnknownBill)?;
        match view.state(now) {
            BillState::Cancelled => Ok(view),
            other => Err(BillRefusal::NotOpen(other)),
        }
    }
}
