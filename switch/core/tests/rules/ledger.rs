//! I1: the books balance after every row, no floor breaks, a refused row leaves
//! no trace, and a promise ends once.

use proptest::prelude::*;
use switch_core::accounts::Account;
use switch_core::clock::{BusinessDate, Timestamp};
use switch_core::id::{AccountId, ClientId};
use switch_core::ledger::{Ledger, LedgerError, Transfer, TransferKind, UNWIND_SEQ, pending_seq};
use switch_core::money::{Currency, Money};

use crate::property::check;

/// Three accounts of each of two currencies; the first of each has a floor of
/// zero as a float has, the second one below zero.
const ACCOUNTS: [(AccountId, Currency, Option<i64>); 6] = [
    (AccountId(1), Currency::Ils, Some(0)),
    (AccountId(2), Currency::Ils, Some(-40)),
    (AccountId(3), Currency::Ils, None),
    (AccountId(4), Currency::Jod, Some(0)),
    (AccountId(5), Currency::Jod, Some(-40)),
    (AccountId(6), Currency::Jod, None),
];

const KINDS: [TransferKind; 4] =
    [TransferKind::Pending, TransferKind::Post, TransferKind::Void, TransferKind::Book];

fn new_ledger() -> Ledger {
    let mut ledger = Ledger::default();
    for (account, _, floor) in ACCOUNTS {
        if let Some(floor) = floor {
            ledger.set_floor(account, floor);
        }
    }
    ledger
}

/// A row as a program with every mistake might ask for it.
fn any_row() -> impl Strategy<Value = Transfer> {
    (
        1..=3i64,
        1..=6i32,
        prop::sample::select(KINDS.to_vec()),
        any::<bool>(),
        0..3usize,
        0..3usize,
        -1..=60i64,
    )
        .prop_map(|(cause, seq, kind, dinars, debit, credit, minor)| {
            let currency = usize::from(dinars) * 3;
            Transfer {
                cause,
                seq,
                kind,
                debit: ACCOUNTS[currency + debit].0,
                credit: ACCOUNTS[currency + credit].0,
                amount: Money::new(minor, ACCOUNTS[currency].1),
                at: Timestamp(0),
                business_date: BusinessDate(20_261_122),
            }
        })
}

/// A row out of nothing, or one that ends a row that was written: as it must, or changed.
#[derive(Debug, Clone)]
enum Asked {
    Row(Transfer),
    End { which: prop::sample::Index, kind: TransferKind, minor_more: i64, swapped: bool },
}

fn any_history() -> impl Strategy<Value = Vec<Asked>> {
    let end = (
        any::<prop::sample::Index>(),
        prop::sample::select(vec![TransferKind::Post, TransferKind::Void]),
        prop_oneof![8 => Just(0), 1 => Just(1)],
        prop::bool::weighted(0.1),
    )
        .prop_map(|(which, kind, minor_more, swapped)| Asked::End { which, kind, minor_more, swapped });
    prop::collection::vec(prop_oneof![3 => any_row().prop_map(Asked::Row), 2 => end], 0..40)
}

impl Asked {
    fn row(self, written: &[Transfer]) -> Option<Transfer> {
        match self {
            Self::Row(row) => Some(row),
            Self::End { .. } if written.is_empty() => None,
            Self::End { which, kind, minor_more, swapped } => {
                let row = which.get(written).ended(kind, Timestamp(1));
                let (debit, credit) = if swapped { (row.credit, row.debit) } else { (row.debit, row.credit) };
                let amount = Money::new(row.amount.minor() + minor_more, row.amount.currency());
                Some(Transfer { debit, credit, amount, ..row })
            }
        }
    }
}

/// Credits less debits, from the rows alone.
fn balance(rows: &[Transfer], account: AccountId) -> i128 {
    let moved = rows.iter().filter(|row| row.kind == TransferKind::Post || row.kind == TransferKind::Book);
    moved.fold(0, |sum, row| {
        let minor = i128::from(row.amount.minor());
        sum + i128::from(row.credit == account) * minor - i128::from(row.debit == account) * minor
    })
}

fn floor(account: AccountId) -> Option<i128> {
    ACCOUNTS.iter().find(|(id, ..)| *id == account).and_then(|(.., floor)| floor.map(i128::from))
}

/// The first rule, in their order, that a row would break after `rows`.
fn broken(rows: &[Transfer], row: &Transfer) -> Option<LedgerError> {
    let at = |seq: i32| rows.iter().find(|r| (r.cause, r.seq) == (row.cause, seq));
    let ends = matches!(row.kind, TransferKind::Post | TransferKind::Void);
    let promise = at(row.seq - 1).filter(|r| r.kind == TransferKind::Pending);
    let left = balance(rows, row.debit) - i128::from(row.amount.minor());
    let short = floor(row.debit).is_some_and(|floor| left < floor);
    let moves = matches!(row.kind, TransferKind::Post | TransferKind::Book);
    let differs =
        promise.is_some_and(|p| p.debit != row.debit || p.credit != row.credit || p.amount != row.amount);
    [
        (row.amount.minor() <= 0 || row.debit == row.credit, LedgerError::Empty),
        (at(row.seq).is_some(), LedgerError::Exists),
        (ends && promise.is_none(), LedgerError::NothingPending),
        (ends && differs, LedgerError::DiffersFromPending),
        (moves && short, LedgerError::FloorBroken),
    ]
    .into_iter()
    .find_map(|(is_broken, error)| is_broken.then_some(error))
}

#[test]
fn i1_every_history_balances_and_breaks_no_rule() {
    check(any_history(), |history| {
        let mut ledger = new_ledger();
        let mut written: Vec<Transfer> = vec![];
        for asked in history {
            let Some(row) = asked.row(&written) else { continue };
            let expected = broken(&written, &row);
            prop_assert_eq!(ledger.record(row).err(), expected, "{:?}", row);
            if expected.is_none() {
                written.push(row);
            }
            prop_assert_eq!(ledger.total(), 0);
            for currency in [Currency::Ils, Currency::Jod] {
                let of_currency = ACCOUNTS.iter().filter(|(_, c, _)| *c == currency);
                let sum: i128 = of_currency.map(|(id, ..)| ledger.balance(*id)).sum();
                prop_assert_eq!(sum, 0, "{}", currency);
            }
            for (account, _, floor) in ACCOUNTS {
                let is = ledger.balance(account);
                prop_assert_eq!(is, balance(&written, account), "{:?}", account);
                prop_assert!(floor.is_none_or(|floor| is >= i128::from(floor)), "{:?} at {}", account, is);
            }
        }
        Ok(())
    });
}

#[test]
fn i1_a_refused_row_leaves_no_trace() {
    check(any_history(), |history| {
        let (mut with_refused, mut without) = (new_ledger(), new_ledger());
        let mut written: Vec<Transfer> = vec![];
        for asked in history {
            let Some(row) = asked.row(&written) else { continue };
            if with_refused.record(row).is_ok() {
                prop_assert_eq!(without.record(row), Ok(()));
                written.push(row);
            }
        }
        prop_assert_eq!(format!("{with_refused:?}"), format!("{without:?}"));
        Ok(())
    });
}

#[test]
fn i1_a_promise_is_kept_or_taken_back_once() {
    let ends =
        prop::collection::vec(prop::sample::select(vec![TransferKind::Post, TransferKind::Void]), 1..5);
    check((any_row(), 1..400i32, ends), |(row, attempt_no, ends)| {
        let promise = Transfer {
            seq: pending_seq(attempt_no),
            kind: TransferKind::Pending,
            debit: AccountId(3),
            credit: AccountId(1),
            amount: Money::new(row.amount.minor().abs() + 1, Currency::Ils),
            ..row
        };
        let mut ledger = new_ledger();
        prop_assert_eq!(ledger.record(promise), Ok(()));
        prop_assert_eq!(ledger.balance(AccountId(1)), 0, "a promise moves nothing");
        for (i, kind) in ends.iter().enumerate() {
            let expected = if i == 0 { Ok(()) } else { Err(LedgerError::Exists) };
            prop_assert_eq!(ledger.record(promise.ended(*kind, Timestamp(1))), expected);
        }
        let posted = ends.first() == Some(&TransferKind::Post);
        let minor = i128::from(promise.amount.minor());
        prop_assert_eq!(ledger.balance(AccountId(1)), if posted { minor } else { 0 });
        Ok(())
    });
}

#[test]
fn i1_unwinding_a_posting_leaves_the_books_as_they_were() {
    check((any_history(), 1..=60i64), |(history, minor)| {
        let mut ledger = new_ledger();
        let mut written: Vec<Transfer> = vec![];
        for asked in history {
            let Some(row) = asked.row(&written) else { continue };
            if ledger.record(row).is_ok() {
                written.push(row);
            }
        }
        let before = ACCOUNTS.map(|(id, ..)| ledger.balance(id));
        let promise = Transfer {
            cause: 99,
            seq: pending_seq(1),
            kind: TransferKind::Pending,
            debit: AccountId(3),
            credit: AccountId(1),
            amount: Money::new(minor, Currency::Ils),
            at: Timestamp(0),
            business_date: BusinessDate(20_261_122),
        };
        let post = promise.ended(TransferKind::Post, Timestamp(1));
        let unwind = Transfer {
            seq: UNWIND_SEQ,
            kind: TransferKind::Book,
            debit: post.credit,
            credit: post.debit,
            ..post
        };
        prop_assert_eq!([promise, post, unwind].map(|row| ledger.record(row)), [Ok(()); 3]);
        prop_assert_eq!(ACCOUNTS.map(|(id, ..)| ledger.balance(id)), before);
        prop_assert_eq!(ledger.record(unwind), Err(LedgerError::Exists), "it unwinds once");
        Ok(())
    });
}

#[test]
fn a_float_is_spent_to_its_last_agora_and_not_further() {
    let book = |seq, debit, credit, minor| Transfer {
        cause: 7,
        seq,
        kind: TransferKind::Book,
        debit,
        credit,
        amount: Money::new(minor, Currency::Ils),
        at: Timestamp(0),
        business_date: BusinessDate(20_261_122),
    };
    let (float, bank) = (AccountId(1), AccountId(3));
    let mut ledger = new_ledger();
    for (row, expected, left) in [
        (book(1, float, bank, 1), Err(LedgerError::FloorBroken), 0),
        (book(2, bank, float, 5000), Ok(()), 5000),
        (book(3, float, bank, 5001), Err(LedgerError::FloorBroken), 5000),
        (book(3, float, bank, 4999), Ok(()), 1),
        (book(4, float, bank, 2), Err(LedgerError::FloorBroken), 1),
        (book(4, float, bank, 1), Ok(()), 0),
        (book(5, float, bank, 1), Err(LedgerError::FloorBroken), 0),
    ] {
        assert_eq!(ledger.record(row), expected, "{row:?}");
        assert_eq!(ledger.balance(float), left, "{row:?}");
    }
}

#[test]
fn the_promises_of_all_attempts_have_places_of_their_own_before_the_unwinding() {
    let mut taken = std::collections::BTreeSet::new();
    assert_eq!([1, 2, 3].map(pending_seq), [1, 3, 5], "they are in the database of every release");
    for attempt_no in 1..=499 {
        let pending = pending_seq(attempt_no);
        assert!(taken.insert(pending) && taken.insert(pending + 1), "attempt {attempt_no}");
    }
    assert!(taken.iter().all(|seq| (1..UNWIND_SEQ).contains(seq)));
}

#[test]
fn an_account_is_named_by_its_meaning_and_only_a_float_has_a_floor() {
    let currency = Currency::Ils;
    let text = str::to_owned;
    for (account, code, floor) in [
        (
            Account::Receivable { counterparty: text("card-sandbox"), currency },
            "receivable:card-sandbox:ILS",
            None,
        ),
        (
            Account::Payable { department: text("MOI"), account: text("main"), currency: Currency::Jod },
            "payable:MOI:main:JOD",
            None,
        ),
        (Account::Float { agent: ClientId(17), currency }, "float:17:ILS", Some(0)),
        (
            Account::Bank { account: text("PS92PALS000000000400123456702"), currency },
            "bank:PS92PALS000000000400123456702:ILS",
            None,
        ),
        (
            Account::Suspense { counterparty: text("card-sandbox"), currency },
            "suspense:card-sandbox:ILS",
            None,
        ),
    ] {
        assert_eq!(account.to_string(), code);
        assert_eq!(account.floor_minor(), floor, "{code}");
        assert!(code.ends_with(account.currency().alpha()), "{code}");
    }
}
