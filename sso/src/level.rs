//! Levels of assurance and how somebody authenticated: `acr`, `amr` (RFC 8176), and what follows from
//! them.

use std::fmt;

/// How sure the switch is of who is acting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loa {
    /// Registered from home, not seen by anyone: no service with personal data.
    Registered,
    /// Verified in person, with a password.
    Verified,
    /// Verified, with a second factor.
    SecondFactor,
    /// Verified, with a passkey (phishing-resistant) or with an officer present.
    Passkey,
}

impl Loa {
    /// All of them, the lowest first.
    pub const ALL: [Self; 4] = [Self::Registered, Self::Verified, Self::SecondFactor, Self::Passkey];

    /// 0 to 3.
    #[must_use]
    pub fn number(self) -> i64 {
        self as i64
    }

    /// The level of a number.
    #[must_use]
    pub fn of(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|loa| loa.number() == number)
    }

    /// The value of the claim `acr`.
    #[must_use]
    pub fn acr(self) -> &'static str {
        match self {
            Self::Registered => "urn:hukumati:loa:0",
            Self::Verified => "urn:hukumati:loa:1",
            Self::SecondFactor => "urn:hukumati:loa:2",
            Self::Passkey => "urn:hukumati:loa:3",
        }
    }

    /// The level of an `acr` value.
    #[must_use]
    pub fn parse(acr: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|loa| loa.acr() == acr)
    }
}

/// What an authentication was done with (RFC 8176 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// A password.
    Password,
    /// A time-based one-time password, or a recovery code.
    OneTimePassword,
    /// A code by SMS, the weakest second factor.
    Sms,
    /// A passkey that verified its user.
    Passkey,
}

impl Method {
    const ALL: [Self; 4] = [Self::Password, Self::OneTimePassword, Self::Sms, Self::Passkey];

    /// The value in `amr`.
    #[must_use]
    pub fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::OneTimePassword => "otp",
            Self::Sms => "sms",
            // Whether the key lies in hardware is not known without attestation: neither hwk nor swk.
            Self::Passkey => "pop",
        }
    }
}

/// The methods of one authentication, each once, in the order of strength.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Methods(Vec<Method>);

impl Methods {
    /// Of these.
    #[must_use]
    pub fn of(methods: &[Method]) -> Self {
        let mut methods = methods.to_vec();
        methods.sort_unstable();
        methods.dedup();
        Self(methods)
    }

    /// And one more.
    #[must_use]
    pub fn with(&self, method: Method) -> Self {
        Self::of(&[&self.0[..], &[method]].concat())
    }

    /// Whether a method was used.
    #[must_use]
    pub fn has(&self, method: Method) -> bool {
        self.0.contains(&method)
    }

    /// Whether two kinds of factor were used, or one that is two by itself.
    #[must_use]
    pub fn is_multi_factor(&self) -> bool {
        self.has(Method::Passkey)
            || self.has(Method::Password) && (self.has(Method::OneTimePassword) || self.has(Method::Sms))
    }

    /// The claim `amr`, `mfa` included where it holds.
    #[must_use]
    pub fn amr(&self) -> Vec<&'static str> {
        let mfa = self.is_multi_factor().then_some("mfa");
        self.0.iter().map(|method| method.amr()).chain(mfa).collect()
    }

    /// The level reached by somebody whose identity was or was not verified in person.
    #[must_use]
    pub fn level(&self, verified_in_person: bool) -> Loa {
        match (verified_in_person, self.has(Method::Passkey), self.is_multi_factor()) {
            (false, _, _) => Loa::Registered,
            (true, true, _) => Loa::Passkey,
            (true, false, true) => Loa::SecondFactor,
            (true, false, false) => Loa::Verified,
        }
    }

    /// The words in the database, with spaces between.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let known = text.split(' ').filter_map(|word| Method::ALL.into_iter().find(|m| m.amr() == word));
        Self::of(&known.collect::<Vec<_>>())
    }
}

impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(|method| method.amr()).collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_decides_the_level() {
        use Method::{OneTimePassword, Passkey, Password, Sms};
        for (methods, in_person, level, amr) in [
            (&[Password][..], false, Loa::Registered, "pwd"),
            (&[Passkey], false, Loa::Registered, "pop mfa"),
            (&[Password], true, Loa::Verified, "pwd"),
            (&[Sms], true, Loa::Verified, "sms"),
            (&[Password, Sms], true, Loa::SecondFactor, "pwd sms mfa"),
            (&[OneTimePassword, Password], true, Loa::SecondFactor, "pwd otp mfa"),
            (&[OneTimePassword, Sms], true, Loa::Verified, "otp sms"),
            (&[Passkey], true, Loa::Passkey, "pop mfa"),
        ] {
            let methods = Methods::of(methods);
            assert_eq!(methods.level(in_person), level, "{methods}");
            assert_eq!(methods.amr().join(" "), amr);
            assert_eq!(Methods::parse(&methods.to_string()), methods);
        }
        for loa in Loa::ALL {
            assert_eq!(Loa::parse(loa.acr()), Some(loa));
            assert_eq!(Loa::of(loa.number()), Some(loa));
        }
        assert_eq!((Loa::parse("urn:hukumati:loa:4"), Loa::of(4)), (None, None));
    }
}
