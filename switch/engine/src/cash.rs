//! Cash at an agent's terminal: paid from the float at once, repeated without a
//! second effect, taken back by a movement of its own.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use switch_core::accounts::Account;
use switch_core::agent::{
    BillQuote, CashDesk, CashOrder, CashReceipt, CashRefusal, CashReversal, CashReversed, Terminal,
};
use switch_core::bill::BillState;
use switch_core::clock::{BusinessDate, Timestamp};
use switch_core::connector::{Method, Reply};
use switch_core::fault::{self, KillPoint, Planted};
use switch_core::id::{AttemptId, BillId, EventId, PaymentId, Rrn};
use switch_core::idempotency::Fingerprint;
use switch_core::ledger::{Transfer, TransferKind, UNWIND_SEQ};
use switch_core::limits;
use switch_core::payment::{Channel, Payment, PaymentState, RefusedReason};
use switch_store::bill::BillView;
use switch_store::cash::{self, CashIntake, CashVerdict};
use switch_store::outbox::News;
use switch_store::payment::PaymentView;
use switch_store::{StoreError, transact};

use crate::Engine;

/// The engine as a point of sale sees it.
pub struct Desk {
    engine: Arc<Engine>,
}

/// A refusal of the store is the switch's own trouble: nothing is said of the bill.
fn unavailable(error: StoreError) -> CashRefusal {
    tracing::error!(%error, "a terminal's request could not be answered");
    CashRefusal::Unavailable
}

impl Desk {
    /// The desk of an engine.
    #[must_use]
    pub fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// Runs to its end even when the terminal hangs up.
    async fn to_the_end<T: Send + 'static>(
        &self,
        story: impl Future<Output = Result<T, CashRefusal>> + Send + 'static,
    ) -> Result<T, CashRefusal> {
        self.engine.to_the_end(story).await.unwrap_or(Err(CashRefusal::Unavailable))
    }
}

impl CashDesk for Desk {
    fn terminal<'a>(&'a self, id: &'a str) -> Reply<'a, Result<Terminal, CashRefusal>> {
        Box::pin(async move {
            let found = switch_store::agent::find_terminal(&self.engine.db, id).await;
            found.map_err(unavailable)?.ok_or(CashRefusal::UnknownTerminal)
        })
    }

    fn inquire<'a>(
        &'a self,
        _terminal: &'a Terminal,
        bill: &'a str,
    ) -> Reply<'a, Result<BillQuote, CashRefusal>> {
        Box::pin(async move {
            let view = self.engine.payable_bill(bill).await?;
            Ok(BillQuote {
                bill: self.engine.public_ids.show("bil", view.bill.id.0),
                amount: view.bill.amount,
                department: view.bill.department,
                service: view.bill.service,
            })
        })
    }

    fn pay(&self, order: CashOrder) -> Reply<'_, Result<CashReceipt, CashRefusal>> {
        let engine = Arc::clone(&self.engine);
        Box::pin(self.to_the_end(async move { engine.pay_cash(order).await }))
    }

    fn reverse(&self, reversal: CashReversal) -> Reply<'_, Result<CashReversed, CashRefusal>> {
        let engine = Arc::clone(&self.engine);
        Box::pin(self.to_the_end(async move { engine.reverse_cash(reversal).await }))
    }
}

fn fingerprint(terminal: &Terminal, bill: &str, amount: switch_core::money::Money) -> Fingerprint {
    let minor = amount.minor().to_string();
    Fingerprint::of(&["cash", &terminal.id, bill, &minor, amount.currency().alpha()])
}

impl Engine {
    async fn bill_of(&self, public: &str) -> Result<BillView, CashRefusal> {
        let id = self.public_ids.read("bil", public.trim());
        let id = BillId(id.map_err(|_| CashRefusal::UnknownBill)?);
        let found = switch_store::bill::find(&self.db, id).await.map_err(unavailable)?;
        found.ok_or(CashRefusal::UnknownBill)
    }

    async fn payable_bill(&self, public: &str) -> Result<BillView, CashRefusal> {
        let view = self.bill_of(public).await?;
        match refusal_of(view.state(self.clock.now())) {
            Some(reason) => Err(reason.into()),
            None => Ok(view),
        }
    }

    async fn pay_cash(&self, order: CashOrder) -> Result<CashReceipt, CashRefusal> {
        let bill = order.bill.trim().to_ascii_uppercase();
        let fingerprint = fingerprint(&order.terminal, &bill, order.amount);
        let agent = order.terminal.agent;
        // A repeat is answered as before, whatever today's rules say.
        let seen = switch_store::payment::find_by_key(&self.db, agent, &order.key);
        if let Some(view) = seen.await.map_err(unavailable)? {
            return self.repeat_cash(&fingerprint, &view);
        }
        if !self.alarms.is_kept(self.clock.now()) {
            return Err(CashRefusal::Unavailable);
        }
        let view = self.bill_of(&order.bill).await?;
        let now = self.clock.now();
        let within_limit = limits::check(order.amount, order.terminal.amount_max_minor).is_ok();
        let refused = refusal_of(view.state(now))
            .or((view.bill.amount != order.amount).then_some(RefusedReason::AmountDiffers))
            .or((!within_limit).then_some(RefusedReason::AmountAboveLimit));
        let payment = Payment {
            id: PaymentId(self.new_id()),
            client: agent,
            key: order.key.clone(),
            fingerprint,
            bill: Some(view.bill.id),
            method: Method::Cash,
            amount: order.amount,
            channel: Channel::Pos,
            card: None,
            created_at: now,
            business_date: self.clock.business_date(now),
        };
        let verdict = match refused {
            Some(reason) => self.write_refusal(&payment, reason).await,
            None => self.write_cash(&payment, &view).await,
        };
        match verdict.map_err(unavailable)? {
            CashVerdict::Paid => {
                self.count_end(PaymentState::Paid);
                Ok(receipt(&payment, &approval_code(self, payment.id)))
            }
            CashVerdict::Refused(reason) => {
                self.count_end(PaymentState::Refused);
                if reason == RefusedReason::FloatShort {
                    self.counters.float_exhausted.fetch_add(1, Relaxed);
                }
                Err(reason.into())
            }
            CashVerdict::KeyUsed => {
                let seen = switch_store::payment::find_by_key(&self.db, agent, &order.key);
                let view = seen.await.map_err(unavailable)?.ok_or(CashRefusal::Unavailable)?;
                self.repeat_cash(&fingerprint, &view)
            }
        }
    }

    async fn write_refusal(
        &self,
        payment: &Payment,
        reason: RefusedReason,
    ) -> Result<CashVerdict, StoreError> {
        transact!(self.db, tx => cash::refuse(tx, payment, reason).await)
    }

    async fn write_cash(&self, payment: &Payment, view: &BillView) -> Result<CashVerdict, StoreError> {
        let (float, payable) = (self.float_of(payment).await?, self.payable(&view.bill).await?);
        let transfer = Transfer {
            cause: payment.id.0,
            seq: 1,
            kind: TransferKind::Book,
            debit: float,
            credit: payable,
            amount: payment.amount,
            at: payment.created_at,
            business_date: payment.business_date,
        };
        let code = approval_code(self, payment.id);
        let intake = CashIntake { payment, bill: view.bill.id, transfer, approval_code: &code };
        let wants = self.is_subscriber(view.bill.client).await?;
        let (event, state) = (EventId(self.new_id()), PaymentState::Paid);
        let (client, at) = (view.bill.client, payment.created_at);
        let news = News { event, client, payment: payment.id, state, at };
        let verdict = transact!(self.db, tx => {
            let verdict = cash::pay(tx, &intake).await?;
            if verdict == CashVerdict::Paid && wants {
                switch_store::outbox::publish(tx, &news).await?;
            }
            fault::at(KillPoint::CashWritten);
            Ok(verdict)
        })?;
        fault::at(KillPoint::CashTaken);
        if wants {
            self.news.notify_one();
        }
        Ok(verdict)
    }

    async fn float_of(&self, payment: &Payment) -> Result<switch_core::id::AccountId, StoreError> {
        let (agent, currency) = (payment.client, payment.amount.currency());
        self.account(Account::Float { agent, currency }).await
    }

    /// The stored answer of a key, in the words it was given.
    fn repeat_cash(&self, asked: &Fingerprint, view: &PaymentView) -> Result<CashReceipt, CashRefusal> {
        self.counters.replays.fetch_add(1, Relaxed);
        if view.reason.as_deref() == Some("tombstone") {
            return Err(CashRefusal::AlreadyReversed);
        }
        if view.payment.fingerprint != *asked {
            return Err(CashRefusal::KeyReused);
        }
        match (view.state, view.reason.as_deref()) {
            (PaymentState::Paid, _) => {
                let code = view.approval_code.clone().unwrap_or_default();
                Ok(receipt(&view.payment, &code))
            }
            (PaymentState::Reversed, _) => Err(CashRefusal::AlreadyReversed),
            (PaymentState::Refused, reason) => {
                Err(reason.and_then(RefusedReason::parse).unwrap_or(RefusedReason::BillTaken).into())
            }
            _ => Err(CashRefusal::Unavailable),
        }
    }

    async fn reverse_cash(&self, reversal: CashReversal) -> Result<CashReversed, CashRefusal> {
        let agent = reversal.terminal.agent;
        for _ in 0..2 {
            let seen = switch_store::payment::find_by_key(&self.db, agent, &reversal.original);
            match seen.await.map_err(unavailable)? {
                Some(view) => return self.unwind_cash(&reversal, &view).await,
                None if self.leave_tombstone(&reversal).await.map_err(unavailable)? => {
                    return Ok(CashReversed::Tombstone);
                }
                // The original came between the look and the tombstone.
                None => {}
            }
        }
        Err(CashRefusal::Unavailable)
    }

    async fn leave_tombstone(&self, reversal: &CashReversal) -> Result<bool, StoreError> {
        if fault::planted(Planted::NoTombstone) {
            return Ok(true);
        }
        let now = self.clock.now();
        let payment = Payment {
            id: PaymentId(self.new_id()),
            client: reversal.terminal.agent,
            key: reversal.original.clone(),
            fingerprint: fingerprint(&reversal.terminal, "", reversal.amount),
            bill: None,
            method: Method::Cash,
            amount: reversal.amount,
            channel: Channel::Pos,
            card: None,
            created_at: now,
            business_date: self.clock.business_date(now),
        };
        transact!(self.db, tx => cash::tombstone(tx, &payment).await)
    }

    async fn unwind_cash(
        &self,
        reversal: &CashReversal,
        view: &PaymentView,
    ) -> Result<CashReversed, CashRefusal> {
        let now = self.clock.now();
        if view.reason.as_deref() == Some("tombstone") {
            return Ok(CashReversed::Tombstone);
        }
        if view.payment.amount != reversal.amount {
            return Err(CashRefusal::AmountDiffers);
        }
        match view.state {
            PaymentState::Paid => {}
            PaymentState::Reversed if fault::planted(Planted::UnwoundTwice) => {}
            // It took nothing, or gave it back before: there is nothing to take back.
            PaymentState::Reversed | PaymentState::Refused => return Ok(CashReversed::Reversed),
            _ => return Err(CashRefusal::Unavailable),
        }
        if self.clock.business_date(now) != view.payment.business_date {
            return Err(CashRefusal::TooLateToReverse);
        }
        self.write_unwind(&view.payment, now, view.payment.business_date).await.map_err(unavailable)?;
        self.count_end(PaymentState::Reversed);
        Ok(CashReversed::Reversed)
    }

    async fn write_unwind(
        &self,
        payment: &Payment,
        now: Timestamp,
        business_date: BusinessDate,
    ) -> Result<(), StoreError> {
        let id = payment.bill.ok_or_else(|| StoreError::Corrupt("a paid tombstone".into()))?;
        let bill = switch_store::bill::find(&self.db, id).await?;
        let bill = bill.ok_or_else(|| StoreError::Corrupt(format!("bill {} has no row", id.0)))?;
        let (float, payable) = (self.float_of(payment).await?, self.payable(&bill.bill).await?);
        let back = Transfer {
            cause: payment.id.0,
            seq: UNWIND_SEQ,
            kind: TransferKind::Book,
            debit: payable,
            credit: float,
            amount: payment.amount,
            at: now,
            business_date,
        };
        let wants = self.is_subscriber(bill.bill.client).await?;
        let (event, state) = (EventId(self.new_id()), PaymentState::Reversed);
        let client = bill.bill.client;
        let news = News { event, client, payment: payment.id, state, at: now };
        transact!(self.db, tx => {
            let unwound = cash::unwind(tx, payment.id, payment.bill, &back, float).await?;
            if !unwound && fault::planted(Planted::UnwoundTwice) {
                let again = Transfer { seq: back.seq + 100, ..back };
                switch_store::ledger::book_floored(tx, &again, float).await?;
            }
            if unwound && wants {
                switch_store::outbox::publish(tx, &news).await?;
            }
            fault::at(KillPoint::UnwindWritten);
            Ok(())
        })?;
        fault::at(KillPoint::Unwound);
        Ok(())
    }
}

fn refusal_of(state: BillState) -> Option<RefusedReason> {
    match state {
        BillState::Open => None,
        BillState::InPayment => Some(RefusedReason::BillTaken),
        BillState::Paid => Some(RefusedReason::BillPaid),
        BillState::Cancelled => Some(RefusedReason::BillCancelled),
        BillState::Expired => Some(RefusedReason::BillExpired),
    }
}

fn receipt(payment: &Payment, approval_code: &str) -> CashReceipt {
    CashReceipt {
        payment: payment.id,
        rrn: Rrn::of(AttemptId(payment.id.0)).as_str().to_owned(),
        approval_code: approval_code.to_owned(),
        at: payment.created_at,
        business_date: payment.business_date,
    }
}

/// Six characters that follow from the payment: the same on every repeat.
fn approval_code(engine: &Engine, id: PaymentId) -> String {
    let public = engine.public_ids.show("", id.0);
    public.chars().skip(1).take(6).collect()
}
