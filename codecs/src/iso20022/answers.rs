//! Answers: from what was received or sent to the message about it, with the references to the original filled.
//!
//! Pure: identifications and times are given by the caller. An answer to a message of the edition of 2009 is made for the
//! version it will be built in: where the transaction cannot name its group, the group stands before it.

use super::agents::{Agent, PartyOrAgent};
use super::camt029::{Camt029, Outcome, RecallStatus, ResolutionDetails};
use super::camt056::{Camt056, Recall, Recalled};
use super::elem::since_2019;
use super::header::{CustomerReportHeader, ReportHeader, TransferHeader};
use super::leaf::DateTime;
use super::money::Amount;
use super::original::{Assignment, GroupStatus, OriginalGroup, ReasonInformation};
use super::pacs002::{Pacs002, PaymentStatus};
use super::pacs004::{Pacs004, PaymentReturn, ReturnHeader};
use super::pacs008::CreditTransfer;
use super::pacs028::{Pacs028, StatusRequest};
use super::pain001::{Pain001, TransferOrder};
use super::pain002::{BatchStatus, OrderStatus, Pain002};
use super::pain013::{Pain013, PaymentRequest};
use super::pain014::{Pain014, RequestBatchStatus, RequestStatus};
use super::status::{Resolution, Status};
use super::version::Version;

/// What a new message is called and when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// `MsgId`, or `Assgnmt/Id`.
    pub id: String,
    /// `CreDtTm`
    pub created: DateTime,
}

/// Why no return is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReturnError {
    /// The currency is not that of the original.
    #[error("the return is of another currency than the payment")]
    OtherCurrency,
    /// More than was paid.
    #[error("the return is above the payment")]
    AbovePayment,
    /// Nothing or less.
    #[error("the return is not above zero")]
    NotPositive,
}

/// A credit transfer of a `pacs.008` and the message it came in: what answers refer to.
#[derive(Clone, Copy, Debug)]
pub struct Transfer<'a> {
    /// The version of the `pacs.008`.
    pub version: Version,
    /// Its header.
    pub header: &'a TransferHeader,
    /// The transfer.
    pub transfer: &'a CreditTransfer,
}

impl Transfer<'_> {
    /// `OrgnlGrpInf`
    #[must_use]
    pub fn group(&self) -> OriginalGroup {
        OriginalGroup {
            message_id: self.header.message_id.clone(),
            message_name: self.version.name().to_owned(),
            created: None,
        }
    }

    /// `TxInfAndSts`: where this transfer stands.
    #[must_use]
    pub fn status(&self, status: Status, reasons: Vec<ReasonInformation>) -> PaymentStatus {
        let id = &self.transfer.id;
        PaymentStatus {
            group: Some(self.group()),
            instruction: id.instruction.clone(),
            end_to_end: Some(id.end_to_end.clone()),
            transaction: id.transaction.clone(),
            uetr: id.uetr.clone(),
            clearing: id.clearing.clone(),
            status: Some(status),
            reasons,
            ..PaymentStatus::default()
        }
    }

    /// A `pacs.002` for this transfer, to be built in `version`.
    #[must_use]
    pub fn report(&self, stamp: Stamp, version: Version, mut status: PaymentStatus) -> Pacs002 {
        let groups = match status.group.take_if(|_| !since_2019(version)) {
            None => Vec::new(),
            Some(OriginalGroup { message_id, message_name, created }) => {
                status.uetr = None;
                vec![GroupStatus { message_id, message_name, created, ..GroupStatus::default() }]
            }
        };
        let (instructed, instructing) = self.agents();
        let header = ReportHeader {
            message_id: stamp.id,
            created: stamp.created,
            instructing_agent: instructing,
            instructed_agent: instructed,
        };
        Pacs002 { header, groups, transactions: vec![status] }
    }

    /// A `pacs.028` that asks where this transfer stands, from its sender.
    #[must_use]
    pub fn status_request(&self, stamp: Stamp, request_id: &str) -> Pacs028 {
        let id = &self.transfer.id;
        let request = StatusRequest {
            request_id: Some(request_id.to_owned()),
            group: Some(self.group()),
            instruction: id.instruction.clone(),
            end_to_end: Some(id.end_to_end.clone()),
            transaction: id.transaction.clone(),
            uetr: id.uetr.clone(),
            accepted: self.transfer.accepted.clone(),
            clearing: id.clearing.clone(),
            ..StatusRequest::default()
        };
        let (instructing_agent, instructed_agent) = self.agents();
        let header = ReportHeader {
            message_id: stamp.id,
            created: stamp.created,
            instructing_agent,
            instructed_agent,
        };
        Pacs028 { header, groups: Vec::new(), transactions: vec![request] }
    }

    /// A `pacs.004` that gives `amount` of this transfer back, all of it or less.
    ///
    /// # Errors
    /// The amount is of another currency, above the payment, or not above zero. What was returned before is the
    /// caller's to know.
    pub fn give_back(
        &self,
        stamp: Stamp,
        return_id: &str,
        amount: Amount,
        reason: ReasonInformation,
    ) -> Result<Pacs004, ReturnError> {
        let paid = self.transfer.settlement_amount;
        match () {
            () if amount.currency != paid.currency => return Err(ReturnError::OtherCurrency),
            () if amount.value > paid.value => return Err(ReturnError::AbovePayment),
            () if amount.value.units() <= 0 => return Err(ReturnError::NotPositive),
            () => {}
        }
        let id = &self.transfer.id;
        let given_back = PaymentReturn {
            return_id: Some(return_id.to_owned()),
            group: Some(self.group()),
            instruction: id.instruction.clone(),
            end_to_end: Some(id.end_to_end.clone()),
            transaction: id.transaction.clone(),
            uetr: id.uetr.clone(),
            original_clearing: id.clearing.clone(),
            original_amount: Some(paid),
            original_settlement_date: self.settlement_date(),
            returned_amount: amount,
            reasons: vec![reason],
            ..PaymentReturn::default()
        };
        let (instructed_agent, instructing_agent) = self.agents();
        let header = ReturnHeader {
            message_id: stamp.id,
            created: stamp.created,
            count: 1,
            settlement: self.header.settlement.clone(),
            instructing_agent,
            instructed_agent,
            ..ReturnHeader::default()
        };
        Ok(Pacs004 { header, group: None, transactions: vec![given_back] })
    }

    /// A `camt.056` that recalls this transfer.
    #[must_use]
    pub fn recall(&self, assignment: Assignment, recall_id: &str, reason: ReasonInformation) -> Camt056 {
        let id = &self.transfer.id;
        let recall = Recall {
            recall_id: Some(recall_id.to_owned()),
            group: Some(self.group()),
            instruction: id.instruction.clone(),
            end_to_end: Some(id.end_to_end.clone()),
            transaction: id.transaction.clone(),
            uetr: id.uetr.clone(),
            clearing: id.clearing.clone(),
            amount: Some(self.transfer.settlement_amount),
            settlement_date: self.settlement_date(),
            reasons: vec![reason],
            ..Recall::default()
        };
        let underlying = vec![Recalled { group: None, transactions: vec![recall] }];
        Camt056 { assignment, underlying, ..Camt056::default() }
    }

    /// The assignment of a case by who sent the transfer to whom it was sent.
    #[must_use]
    pub fn assignment(&self, stamp: Stamp) -> Assignment {
        let (from, to) = self.agents();
        Assignment {
            id: stamp.id,
            assigner: PartyOrAgent::Agent(from.unwrap_or_else(|| self.transfer.debtor_agent.clone())),
            assignee: PartyOrAgent::Agent(to.unwrap_or_else(|| self.transfer.creditor_agent.clone())),
            created: stamp.created,
        }
    }

    /// Who instructed whom: as the transfer says, or else its header.
    fn agents(&self) -> (Option<Agent>, Option<Agent>) {
        let own = |agent: &Option<Box<Agent>>| agent.as_deref().cloned();
        (
            own(&self.transfer.instructing_agent).or_else(|| self.header.instructing_agent.clone()),
            own(&self.transfer.instructed_agent).or_else(|| self.header.instructed_agent.clone()),
        )
    }

    fn settlement_date(&self) -> Option<super::Date> {
        self.transfer.settlement_date.clone().or_else(|| self.header.settlement_date.clone())
    }
}

impl Camt056 {
    /// A `camt.029` that answers every recall of this message in the same way.
    #[must_use]
    pub fn resolve(&self, stamp: Stamp, resolution: &Resolution, reasons: &[ReasonInformation]) -> Camt029 {
        // The transactions have a list of their own: what is confirmed as cancelled is accepted there.
        let status = match resolution {
            Resolution::Rjcr | Resolution::Pdcr => Some(resolution.clone()),
            Resolution::Cncl | Resolution::Accr => Some(Resolution::Accr),
            _ => None,
        };
        let answer = |recall: &Recall| RecallStatus {
            recall_id: recall.recall_id.clone(),
            resolved_case: recall.case.clone(),
            group: recall.group.clone(),
            instruction: recall.instruction.clone(),
            end_to_end: recall.end_to_end.clone(),
            transaction: recall.transaction.clone(),
            clearing: recall.clearing.clone(),
            uetr: recall.uetr.clone(),
            status: status.clone(),
            reasons: reasons.to_vec(),
            amount: recall.amount,
            settlement_date: recall.settlement_date.clone(),
            ..RecallStatus::default()
        };
        let details = self.underlying.iter().map(|recalled| ResolutionDetails {
            group: None,
            transactions: recalled.transactions.iter().map(answer).collect(),
        });
        Camt029 {
            assignment: Assignment {
                id: stamp.id,
                assigner: self.assignment.assignee.clone(),
                assignee: self.assignment.assigner.clone(),
                created: stamp.created,
            },
            resolved_case: self.case.clone(),
            outcome: Outcome::Confirmed(resolution.clone()),
            details: details.collect(),
        }
    }
}

/// What became of one order: its status and why.
pub type Verdict = (Status, Vec<ReasonInformation>);

impl Pain001 {
    /// A `pain.002` for this message, which came in `version`; `verdict` says what became of each order.
    #[must_use]
    pub fn report(
        &self,
        stamp: Stamp,
        version: Version,
        mut verdict: impl FnMut(&TransferOrder) -> Verdict,
    ) -> Pain002 {
        let mut batches = Vec::new();
        for batch in &self.batches {
            let transactions: Vec<_> = batch
                .transactions
                .iter()
                .map(|order| {
                    let (status, reasons) = verdict(order);
                    OrderStatus {
                        instruction: order.id.instruction.clone(),
                        end_to_end: Some(order.id.end_to_end.clone()),
                        uetr: order.id.uetr.clone(),
                        status: Some(status),
                        reasons,
                        ..OrderStatus::default()
                    }
                })
                .collect();
            let status = together(transactions.iter().filter_map(|order| order.status.as_ref()));
            batches.push(BatchStatus {
                batch_id: batch.id.clone(),
                status,
                transactions,
                ..BatchStatus::default()
            });
        }
        let all = batches.iter().flat_map(|batch| &batch.transactions);
        let group = GroupStatus {
            message_id: self.header.message_id.clone(),
            message_name: version.name().to_owned(),
            created: Some(self.header.created.clone()),
            count: Some(self.header.count),
            control_sum: self.header.control_sum,
            status: together(all.filter_map(|order| order.status.as_ref())),
            ..GroupStatus::default()
        };
        let header =
            CustomerReportHeader { message_id: stamp.id, created: stamp.created, ..Default::default() };
        Pain002 { header, group, batches }
    }
}

impl Pain013 {
    /// A `pain.014` for this request to pay, which came in `version`; `verdict` says what became of each request. A
    /// batch without an identification is named `NOTPROVIDED`.
    #[must_use]
    pub fn report(
        &self,
        stamp: Stamp,
        version: Version,
        mut verdict: impl FnMut(&PaymentRequest) -> Verdict,
    ) -> Pain014 {
        let mut batches = Vec::new();
        for batch in &self.batches {
            let transactions: Vec<_> = batch
                .transactions
                .iter()
                .map(|request| {
                    let (status, reasons) = verdict(request);
                    RequestStatus {
                        instruction: request.id.instruction.clone(),
                        end_to_end: Some(request.id.end_to_end.clone()),
                        uetr: request.id.uetr.clone(),
                        status: Some(status),
                        reasons,
                        ..RequestStatus::default()
                    }
                })
                .collect();
            let status = together(transactions.iter().filter_map(|request| request.status.as_ref()));
            let batch_id = batch.id.clone().unwrap_or_else(|| "NOTPROVIDED".to_owned());
            batches.push(RequestBatchStatus { batch_id, status, transactions, ..Default::default() });
        }
        let group = GroupStatus {
            message_id: self.header.message_id.clone(),
            message_name: version.name().to_owned(),
            created: Some(self.header.created.clone()),
            count: Some(self.header.count),
            control_sum: self.header.control_sum,
            ..GroupStatus::default()
        };
        let header = CustomerReportHeader {
            message_id: stamp.id,
            created: stamp.created,
            initiating_party: Some(self.header.initiating_party.clone()),
            ..CustomerReportHeader::default()
        };
        Pain014 { header, group, batches }
    }
}

/// The status of a group: that of all, `PART` when some are rejected, none when it cannot be said in one word.
fn together<'a>(mut statuses: impl Iterator<Item = &'a Status> + Clone) -> Option<Status> {
    let mut again = statuses.clone();
    let first = statuses.next()?;
    if statuses.all(|status| status == first) {
        return Some(first.clone());
    }
    again.any(|status| *status == Status::Rjct).then_some(Status::Part)
}
