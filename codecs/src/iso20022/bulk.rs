//! Files of many payments, one payment at a time: nothing is held but the payment at hand.
//!
//! A `pacs.008` is a header and its payments; a `pain.001` a header and batches of them. What is written is counted and
//! summed, and must come to what the header announced.

use std::fmt;
use std::io::{self, BufRead, Write};

use super::header::{InitiationHeader, TransferHeader};
use super::message::{Message, finish, start};
use super::money::{Amount, ZERO};
use super::pacs008::{CreditTransfer, Pacs008};
use super::pain001::{Pain001, PaymentBatch, TransferOrder};
use super::part::{Content, Part};
use super::read::{Children, PassedOver, Reading};
use super::rule::Problem;
use super::version::Version;
use super::write::{BuildError, Writer};
use super::xml::Reader;
use super::{Limits, XmlError};
use crate::amount::Decimal;

/// Reads the payments of a `pacs.008` one by one, each held against the schema.
#[derive(Debug)]
pub struct TransferReader<R> {
    from: Reading<R>,
    root: Children,
    children: Children,
    header: TransferHeader,
    is_done: bool,
}

impl<R: BufRead> TransferReader<R> {
    /// Reads up to the end of the header.
    ///
    /// # Errors
    /// What [`parse`](super::parse) refuses.
    pub fn new(source: R, limits: Limits) -> Result<Self, XmlError> {
        let mut from = start(Reader::new(source, limits).validating())?;
        from.begin_one();
        let root = enter::<Pacs008, R>(&mut from)?;
        let mut children = Children::new(Pacs008::ROWS);
        let header = Pacs008::read_rows(&mut children, &mut from, 1)?.header;
        Ok(Self { from, root, children, header, is_done: false })
    }

    /// `GrpHdr`
    pub fn header(&self) -> &TransferHeader {
        &self.header
    }

    /// The version of the message.
    pub fn version(&self) -> Version {
        self.from.version
    }

    /// What was passed over up to here.
    pub fn passed_over(&self) -> &PassedOver {
        &self.from.passed_over
    }

    fn step(&mut self) -> Result<Option<CreditTransfer>, XmlError> {
        self.from.begin_one();
        if self.children.take(&mut self.from)? {
            return CreditTransfer::read(self.children.elem(), &mut self.from).map(Some);
        }
        self.children.end(&mut self.from)?;
        leave(&mut self.root, &mut self.from)?;
        Ok(None)
    }
}

impl<R: BufRead> Iterator for TransferReader<R> {
    type Item = Result<CreditTransfer, XmlError>;

    /// The next payment. After an error, or the end of the document, there is none.
    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let step = self.step().transpose();
        self.is_done = !matches!(step, Some(Ok(_)));
        step
    }
}

/// What comes next in a `pain.001`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    /// A batch begins. Its `transactions` are empty: they follow.
    Batch(Box<PaymentBatch>),
    /// A payment of the batch that began last.
    Transaction(Box<TransferOrder>),
}

/// Reads the batches and payments of a `pain.001` one by one, each held against the schema.
#[derive(Debug)]
pub struct OrderReader<R> {
    from: Reading<R>,
    root: Children,
    children: Children,
    batch: Option<Children>,
    header: InitiationHeader,
    is_done: bool,
}

/// The row of `CdtTrfTxInf` in a batch: its last.
const TRANSACTIONS: usize = PaymentBatch::ROWS.len() - 1;

impl<R: BufRead> OrderReader<R> {
    /// Reads up to the end of the header.
    ///
    /// # Errors
    /// What [`parse`](super::parse) refuses.
    pub fn new(source: R, limits: Limits) -> Result<Self, XmlError> {
        let mut from = start(Reader::new(source, limits).validating())?;
        from.begin_one();
        let root = enter::<Pain001, R>(&mut from)?;
        let mut children = Children::new(Pain001::ROWS);
        let header = Pain001::read_rows(&mut children, &mut from, 1)?.header;
        Ok(Self { from, root, children, batch: None, header, is_done: false })
    }

    /// `GrpHdr`
    pub fn header(&self) -> &InitiationHeader {
        &self.header
    }

    /// The version of the message.
    pub fn version(&self) -> Version {
        self.from.version
    }

    /// What was passed over up to here.
    pub fn passed_over(&self) -> &PassedOver {
        &self.from.passed_over
    }

    fn step(&mut self) -> Result<Option<OrderEvent>, XmlError> {
        self.from.begin_one();
        if let Some(batch) = &mut self.batch {
            if batch.take(&mut self.from)? {
                let order = TransferOrder::read(batch.elem(), &mut self.from)?;
                return Ok(Some(OrderEvent::Transaction(Box::new(order))));
            }
            batch.end(&mut self.from)?;
            self.batch = None;
        }
        if self.children.take(&mut self.from)? {
            let mut children = Children::new(PaymentBatch::ROWS);
            let batch = PaymentBatch::read_rows(&mut children, &mut self.from, TRANSACTIONS)?;
            self.batch = Some(children);
            return Ok(Some(OrderEvent::Batch(Box::new(batch))));
        }
        self.children.end(&mut self.from)?;
        leave(&mut self.root, &mut self.from)?;
        Ok(None)
    }
}

impl<R: BufRead> Iterator for OrderReader<R> {
    type Item = Result<OrderEvent, XmlError>;

    /// The next batch or payment. After an error, or the end of the document, there is none.
    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let step = self.step().transpose();
        self.is_done = !matches!(step, Some(Ok(_)));
        step
    }
}

/// From the root, just started, into the message.
fn enter<M: Message, R: BufRead>(from: &mut Reading<R>) -> Result<Children, XmlError> {
    if from.version.family() != M::FAMILY {
        return Err(from.error(Problem::OtherFamily(from.version)));
    }
    let mut root = Children::new(M::ELEMENT);
    match root.take(from)? {
        true => Ok(root),
        false => Err(from.missing(&M::ELEMENT[0])),
    }
}

/// From the end of the message out of the document.
fn leave<R: BufRead>(root: &mut Children, from: &mut Reading<R>) -> Result<(), XmlError> {
    root.end(from)?;
    finish(from)
}

/// A file that was not written: it is not to be used, however much of it is there.
#[derive(Debug)]
pub enum BulkError {
    /// A payment or the header is not what the schema takes, or the payments do not come to what was announced.
    Build(BuildError),
    /// The output did not take it.
    Io(io::Error),
}

impl fmt::Display for BulkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BulkError::Build(error) => error.fmt(f),
            BulkError::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BulkError {}

impl From<BuildError> for BulkError {
    fn from(error: BuildError) -> Self {
        BulkError::Build(error)
    }
}

impl From<io::Error> for BulkError {
    fn from(error: io::Error) -> Self {
        BulkError::Io(error)
    }
}

/// What was written, against what was announced.
#[derive(Clone, Copy, Debug)]
struct Tally {
    count: u64,
    /// `None` when it grew beyond all amounts.
    sum: Option<Decimal>,
    /// True while all amounts are of one currency, that of the first.
    currency: Option<Amount>,
    is_one_currency: bool,
}

impl Tally {
    const NONE: Self = Self { count: 0, sum: Some(ZERO), currency: None, is_one_currency: true };

    fn add(&mut self, amount: Amount) {
        self.count += 1;
        self.sum = self.sum.and_then(|sum| sum.checked_add(amount.value));
        let first = *self.currency.get_or_insert(amount);
        self.is_one_currency &= first.currency == amount.currency;
    }

    fn check(&self, count: Option<u64>, control_sum: Option<Decimal>) -> Result<(), Problem> {
        match () {
            () if count.is_some_and(|count| count != self.count) => Err(Problem::Count),
            () if control_sum.is_some() && control_sum != self.sum => Err(Problem::Sum),
            () => Ok(()),
        }
    }

    fn check_total(&self, total: Option<Amount>) -> Result<(), Problem> {
        let Some(total) = total else { return Ok(()) };
        let is_its = self.currency.is_none_or(|first| first.currency == total.currency);
        if self.is_one_currency && is_its && self.sum == Some(total.value) {
            Ok(())
        } else {
            Err(Problem::Sum)
        }
    }
}

/// Writes the payments of a `pacs.008` one by one, after its header.
#[derive(Debug)]
pub struct TransferWriter<W> {
    sink: W,
    to: Writer,
    tally: Tally,
    announced: (u64, Option<Decimal>, Option<Amount>),
}

impl<W: Write> TransferWriter<W> {
    /// Writes the beginning and the header, whose count and sums will be held against what follows.
    ///
    /// # Errors
    /// The version is of another family; the header is not what the schema takes; the output does not take it.
    pub fn new(sink: W, version: Version, header: &TransferHeader) -> Result<Self, BulkError> {
        let mut to = begin::<Pacs008>(version)?;
        header.write(&Pacs008::ROWS[0], &mut to)?;
        let announced = (header.count, header.control_sum, header.total);
        let mut writer = Self { sink, to, tally: Tally::NONE, announced };
        drain(&mut writer.to, &mut writer.sink)?;
        Ok(writer)
    }

    /// Writes one payment.
    ///
    /// # Errors
    /// It is not what the schema takes; the output does not take it.
    pub fn write(&mut self, transfer: &CreditTransfer) -> Result<(), BulkError> {
        self.tally.add(transfer.settlement_amount);
        self.to.number = self.tally.count;
        transfer.write(&Pacs008::ROWS[1], &mut self.to)?;
        drain(&mut self.to, &mut self.sink)
    }

    /// Ends the document and gives the output back.
    ///
    /// # Errors
    /// Count or sum are not what the header announced; there was no payment; the output does not take it.
    pub fn finish(self) -> Result<W, BulkError> {
        let (count, control_sum, total) = self.announced;
        let checked = self.tally.check(Some(count), control_sum).and_then(|()| self.tally.check_total(total));
        checked.map_err(|problem| self.to.error(&Pacs008::ROWS[0], problem))?;
        if self.tally.count == 0 {
            return Err(self.to.error(&Pacs008::ROWS[1], Problem::Missing).into());
        }
        end(self.to, self.sink)
    }
}

/// Writes the batches and payments of a `pain.001` one by one, after its header.
#[derive(Debug)]
pub struct OrderWriter<W> {
    sink: W,
    to: Writer,
    all: Tally,
    announced: (u64, Option<Decimal>),
    /// Of the batch that is open.
    batch: Option<(Tally, Option<u64>, Option<Decimal>)>,
    batches: u64,
}

impl<W: Write> OrderWriter<W> {
    /// Writes the beginning and the header, whose count and sum will be held against what follows.
    ///
    /// # Errors
    /// The version is of another family; the header is not what the schema takes; the output does not take it.
    pub fn new(sink: W, version: Version, header: &InitiationHeader) -> Result<Self, BulkError> {
        let mut to = begin::<Pain001>(version)?;
        header.write(&Pain001::ROWS[0], &mut to)?;
        let announced = (header.count, header.control_sum);
        let mut writer = Self { sink, to, all: Tally::NONE, announced, batch: None, batches: 0 };
        drain(&mut writer.to, &mut writer.sink)?;
        Ok(writer)
    }

    /// Begins a batch, and writes the payments it already has.
    ///
    /// # Errors
    /// The batch before has no payment, or its count or sum are not what it announced; the batch is not what the schema
    /// takes; the output does not take it.
    pub fn batch(&mut self, batch: &PaymentBatch) -> Result<(), BulkError> {
        self.end_batch()?;
        self.batches += 1;
        self.to.number = self.batches;
        self.to.open(Pain001::ROWS[1].name(self.to.version));
        batch.write_rows(&mut self.to, TRANSACTIONS)?;
        self.batch = Some((Tally::NONE, batch.count, batch.control_sum));
        drain(&mut self.to, &mut self.sink)?;
        batch.transactions.iter().try_for_each(|order| self.write(order))
    }

    /// Writes one payment of the batch.
    ///
    /// # Errors
    /// No batch was begun; the payment is not what the schema takes; the output does not take it.
    pub fn write(&mut self, order: &TransferOrder) -> Result<(), BulkError> {
        let Some((tally, ..)) = &mut self.batch else {
            return Err(self.to.error(&Pain001::ROWS[1], Problem::Missing).into());
        };
        tally.add(order.amount.amount());
        self.all.add(order.amount.amount());
        self.to.number = tally.count;
        order.write(&PaymentBatch::ROWS[TRANSACTIONS], &mut self.to)?;
        drain(&mut self.to, &mut self.sink)
    }

    /// Ends the document and gives the output back.
    ///
    /// # Errors
    /// Count or sum are not what the header or the last batch announced; there was no payment; the output does not take it.
    pub fn finish(mut self) -> Result<W, BulkError> {
        self.end_batch()?;
        let (count, control_sum) = self.announced;
        let checked = self.all.check(Some(count), control_sum);
        checked.map_err(|problem| self.to.error(&Pain001::ROWS[0], problem))?;
        if self.batches == 0 {
            return Err(self.to.error(&Pain001::ROWS[1], Problem::Missing).into());
        }
        end(self.to, self.sink)
    }

    fn end_batch(&mut self) -> Result<(), BulkError> {
        let Some((tally, count, control_sum)) = self.batch.take() else { return Ok(()) };
        let row = &PaymentBatch::ROWS[TRANSACTIONS];
        tally.check(count, control_sum).map_err(|problem| self.to.error(row, problem))?;
        if tally.count == 0 {
            return Err(self.to.error(row, Problem::Missing).into());
        }
        self.to.close();
        Ok(())
    }
}

fn begin<M: Message>(version: Version) -> Result<Writer, BuildError> {
    let mut to = Writer::new(version);
    if version.family() != M::FAMILY {
        return Err(to.error(&M::ELEMENT[0], Problem::OtherFamily(version)));
    }
    to.declaration();
    to.declare_namespace();
    to.open("Document");
    to.open(M::ELEMENT[0].name(version));
    Ok(to)
}

fn drain<W: Write>(to: &mut Writer, sink: &mut W) -> Result<(), BulkError> {
    let written = sink.write_all(&to.out);
    to.out.clear();
    Ok(written?)
}

fn end<W: Write>(mut to: Writer, mut sink: W) -> Result<W, BulkError> {
    to.close();
    to.close();
    drain(&mut to, &mut sink)?;
    sink.flush()?;
    Ok(sink)
}
