//! Which counterparties may take a payment, in the order they are tried. Pure:
//! it reads the profiles and whether each link is up.

use crate::connector::{Method, Profile};
use crate::limits;
use crate::money::Money;

/// Why no counterparty can take a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRoute {
    /// No counterparty offers the method.
    #[error("the method is not offered")]
    MethodNotOffered,
    /// None of them takes the currency.
    #[error("the currency is not taken for this method")]
    CurrencyNotTaken,
    /// The amount is above every limit.
    #[error("the amount is above the limit of this method")]
    AmountAboveLimit,
    /// Those that could are not reachable now.
    #[error("no counterparty can be reached now")]
    NoneReachable,
}

/// The positions of the profiles that may take the payment, best first.
///
/// # Errors
/// [`NoRoute`] names the first filter that left none.
pub fn route(candidates: &[(&Profile, bool)], method: Method, amount: Money) -> Result<Vec<usize>, NoRoute> {
    let mut left: Vec<usize> = (0..candidates.len()).collect();
    let mut keep = |rule: &dyn Fn(&(&Profile, bool)) -> bool, error| {
        left.retain(|i| rule(&candidates[*i]));
        if left.is_empty() { Err(error) } else { Ok(()) }
    };
    keep(&|(p, _)| p.methods.contains(&method), NoRoute::MethodNotOffered)?;
    keep(&|(p, _)| p.currencies.contains(&amount.currency()), NoRoute::CurrencyNotTaken)?;
    keep(&|(p, _)| limits::check(amount, p.amount_max_minor).is_ok(), NoRoute::AmountAboveLimit)?;
    keep(&|(_, reachable)| *reachable, NoRoute::NoneReachable)?;
    left.sort_by_key(|i| candidates[*i].0.priority);
    Ok(left)
}
