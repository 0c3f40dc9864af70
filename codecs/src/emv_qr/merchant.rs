//! What the objects of a merchant's QR code mean (tables 3.1 to 3.9).

use super::{Object, Path, QrError, QrProblem, build, objects, parse, template, unique};
use crate::amount::Decimal;
use crate::iso4217::Currency;

/// A merchant's QR code. Read it with [`MerchantQr::parse`], or fill one in and [`build`](MerchantQr::build) it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantQr {
    /// Object 01: for one payment or for many.
    pub initiation: Option<Initiation>,
    /// Objects 02 to 51, at least one: where the money goes.
    pub accounts: Vec<Account>,
    /// Object 52: the merchant category code of ISO 18245, four digits.
    pub category: String,
    /// Object 53.
    pub currency: Currency,
    /// Object 54; without it the payer enters the amount. Never zero.
    pub amount: Option<Decimal>,
    /// Objects 55 to 57.
    pub tip: Option<Tip>,
    /// Object 58: two letters of ISO 3166-1.
    pub country: String,
    /// Object 59, up to 25 characters.
    pub name: String,
    /// Object 60, up to 15 characters.
    pub city: String,
    /// Object 61, up to 10 characters.
    pub postal_code: Option<String>,
    /// Object 62: bill number (1), mobile number (2), store (3), loyalty (4), reference (5), customer (6), terminal (7),
    /// purpose (8), data asked of the consumer (9), tax number (10), channel (11), templates of payment systems (50-99).
    pub additional: Vec<Field>,
    /// Object 64: name and city in another language.
    pub language: Option<Language>,
    /// Objects 65 to 99 as they stand: reserved ones, and templates of anybody.
    pub others: Vec<Field>,
}

/// Whether a code is for one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initiation {
    /// 11: printed, for many payments.
    Static,
    /// 12: shown for one payment.
    Dynamic,
}

/// Where the money goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// Objects 02 to 25: a value of a card scheme.
    Scheme(Field),
    /// Objects 26 to 51: a template.
    Template {
        /// 26 to 51.
        id: u8,
        /// Its object 00, up to 32 characters: whose template it is.
        unique_id: String,
        /// Its other objects.
        fields: Vec<Field>,
    },
}

/// An object with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// 0 to 99.
    pub id: u8,
    /// 1 to 99 characters.
    pub value: String,
}

/// What is added to the amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tip {
    /// 01: the payer is asked.
    Asked,
    /// 02: this amount (object 56).
    Fixed(Decimal),
    /// 03: so many hundredths of a percent (object 57), 1 to 9999.
    BasisPoints(u16),
}

/// Name and city in another language. Any script, as the only object besides those of payment systems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// Two letters of ISO 639, such as `AR`.
    pub code: String,
    /// Up to 25 characters.
    pub name: String,
    /// Up to 15 characters.
    pub city: Option<String>,
}

/// Which characters a value may have (section 4.6).
#[derive(Clone, Copy, PartialEq)]
enum Set {
    /// `N`: digits.
    Digits,
    /// `ans`: printable ASCII.
    Printable,
    /// `S`: anything but control characters.
    Unicode,
}

impl MerchantQr {
    /// Reads a payload.
    ///
    /// # Errors
    /// Those of [`parse`](super::parse), then the first object in ascending order that is missing or wrong.
    pub fn parse(text: &str) -> Result<Self, QrError> {
        let mut read = parse(text)?;
        read.sort_by_key(|object| object.id);
        let find = |id: u8| read.iter().find(|object| object.id == id).map(|object| object.value);
        let need = |id: u8| find(id).ok_or(Path::of(id).wrong(QrProblem::Missing));
        let wrong = |id: u8, problem| Path::of(id).wrong(problem);

        let initiation = match find(1) {
            None => None,
            Some("11") => Some(Initiation::Static),
            Some("12") => Some(Initiation::Dynamic),
            Some(_) => return Err(wrong(1, QrProblem::Code)),
        };
        let accounts: Vec<Account> = read
            .iter()
            .filter(|object| (2..=51).contains(&object.id))
            .map(|object| Account::read(*object))
            .collect::<Result<_, _>>()?;
        let currency = number_of(need(53)?).and_then(Currency::by_number);
        let currency = currency.ok_or(wrong(53, QrProblem::Code))?;
        let amount = find(54).map(|text| amount_of(text, currency).ok_or(wrong(54, QrProblem::Amount)));
        let tip = match (find(55), find(56), find(57)) {
            (None, None, None) => None,
            (Some("01"), None, None) => Some(Tip::Asked),
            (Some("02"), Some(fixed), None) => {
                Some(Tip::Fixed(amount_of(fixed, currency).ok_or(wrong(56, QrProblem::Amount))?))
            }
            (Some("03"), None, Some(percent)) => {
                Some(Tip::BasisPoints(basis_points_of(percent).ok_or(wrong(57, QrProblem::Amount))?))
            }
            (Some("02"), None, _) => return Err(wrong(56, QrProblem::Missing)),
            (Some("03"), _, None) => return Err(wrong(57, QrProblem::Missing)),
            (Some("01" | "03") | None, Some(_), _) => return Err(wrong(56, QrProblem::Misplaced)),
            (Some("01" | "02") | None, _, Some(_)) => return Err(wrong(57, QrProblem::Misplaced)),
            (Some(_), _, _) => return Err(wrong(55, QrProblem::Code)),
        };
        let fields = |id: u8| match find(id) {
            Some(value) => unique(objects(value), Path::of(id)),
            None => Ok(Vec::new()),
        };
        let language = if find(64).is_some() { Some(Language::read(&fields(64)?)?) } else { None };
        let qr = MerchantQr {
            initiation,
            accounts,
            category: need(52)?.to_owned(),
            currency,
            amount: amount.transpose()?,
            tip,
            country: need(58)?.to_owned(),
            name: need(59)?.to_owned(),
            city: need(60)?.to_owned(),
            postal_code: find(61).map(str::to_owned),
            additional: fields(62)?.into_iter().map(Field::of).collect(),
            language,
            others: read.iter().filter(|object| object.id > 64).map(|object| Field::of(*object)).collect(),
        };
        qr.check()?;
        Ok(qr)
    }

    /// Writes the payload, objects in ascending order.
    ///
    /// # Errors
    /// The first object that the standard does not allow so.
    pub fn build(&self) -> Result<String, QrError> {
        self.check()?;
        let mut fields = vec![Field::new(0, "01")];
        let mut add = |id, value: Option<String>| fields.extend(value.map(|value| Field { id, value }));
        add(1, self.initiation.map(|i| if i == Initiation::Static { "11" } else { "12" }.to_owned()));
        for account in &self.accounts {
            let (id, value) = account.write()?;
            add(id, Some(value));
        }
        add(52, Some(self.category.clone()));
        add(53, Some(format!("{:03}", self.currency.number())));
        add(54, self.amount.map(|amount| amount.to_string()));
        match self.tip {
            None => {}
            Some(Tip::Asked) => add(55, Some("01".into())),
            Some(Tip::Fixed(amount)) => {
                add(55, Some("02".into()));
                add(56, Some(amount.to_string()));
            }
            Some(Tip::BasisPoints(points)) => {
                add(55, Some("03".into()));
                add(57, Some(format!("{}.{:02}", points / 100, points % 100)));
            }
        }
        add(58, Some(self.country.clone()));
        add(59, Some(self.name.clone()));
        add(60, Some(self.city.clone()));
        add(61, self.postal_code.clone());
        if !self.additional.is_empty() {
            add(62, Some(template_of(62, &self.additional)?));
        }
        if let Some(language) = &self.language {
            add(64, Some(template_of(64, &language.write())?));
        }
        for other in &self.others {
            add(other.id, Some(other.value.clone()));
        }
        build(&fields.iter().map(Field::object).collect::<Vec<_>>())
    }

    /// The value of an object of 62, such as the bill number (1) or the reference (5).
    #[must_use]
    pub fn additional(&self, id: u8) -> Option<&str> {
        self.additional.iter().find(|field| field.id == id).map(|field| field.value.as_str())
    }

    /// What the standard says of each value, in ascending order of the objects.
    fn check(&self) -> Result<(), QrError> {
        if self.accounts.is_empty() {
            // The first id money can go to stands for all.
            return Err(Path::of(2).wrong(QrProblem::Missing));
        }
        for account in &self.accounts {
            account.check()?;
        }
        check(Path::of(52), &self.category, 4, 4, Set::Digits)?;
        for (id, amount) in [(54, self.amount), (56, self.tip.and_then(Tip::amount))] {
            let is_good = |amount: Decimal| amount_of(&amount.to_string(), self.currency).is_some();
            if amount.is_some_and(|amount| !is_good(amount)) {
                return Err(Path::of(id).wrong(QrProblem::Amount));
            }
        }
        if matches!(self.tip, Some(Tip::BasisPoints(0 | 10_000..))) {
            return Err(Path::of(57).wrong(QrProblem::Amount));
        }
        letters(Path::of(58), &self.country)?;
        if self.country.bytes().any(|letter| letter.is_ascii_lowercase()) {
            return Err(Path::of(58).wrong(QrProblem::Code));
        }
        check(Path::of(59), &self.name, 1, 25, Set::Printable)?;
        check(Path::of(60), &self.city, 1, 15, Set::Printable)?;
        if let Some(code) = &self.postal_code {
            check(Path::of(61), code, 1, 10, Set::Printable)?;
        }
        for Field { id, value } in &self.additional {
            let path = Path::within(62, *id);
            match id {
                1..=8 => check(path, value, 1, 25, Set::Printable)?,
                9 => {
                    check(path, value, 1, 3, Set::Printable)?;
                    if !value.chars().all(|c| matches!(c, 'A' | 'M' | 'E')) {
                        return Err(path.wrong(QrProblem::Code));
                    }
                }
                10 => check(path, value, 1, 20, Set::Printable)?,
                11 => check(path, value, 3, 3, Set::Printable)?,
                _ => check(path, value, 1, 99, Set::Unicode)?,
            }
        }
        if let Some(language) = &self.language {
            letters(Path::within(64, 0), &language.code)?;
            check(Path::within(64, 1), &language.name, 1, 25, Set::Unicode)?;
            if let Some(city) = &language.city {
                check(Path::within(64, 2), city, 1, 15, Set::Unicode)?;
            }
        }
        for Field { id, value } in &self.others {
            if !(65..=99).contains(id) {
                return Err(Path::of(*id).wrong(QrProblem::Misplaced));
            }
            check(Path::of(*id), value, 1, 99, Set::Unicode)?;
        }
        Ok(())
    }
}

impl Account {
    fn read(object: Object<'_>) -> Result<Self, QrError> {
        let id = object.id;
        if id <= 25 {
            return Ok(Account::Scheme(Field::of(object)));
        }
        let mut fields = unique(objects(object.value), Path::of(id))?;
        let place = fields.iter().position(|field| field.id == 0);
        let unique_id = fields.remove(place.ok_or(Path::within(id, 0).wrong(QrProblem::Missing))?);
        Ok(Account::Template {
            id,
            unique_id: unique_id.value.to_owned(),
            fields: fields.into_iter().map(Field::of).collect(),
        })
    }

    fn write(&self) -> Result<(u8, String), QrError> {
        match self {
            Account::Scheme(field) => Ok((field.id, field.value.clone())),
            Account::Template { id, unique_id, fields } => {
                let mut all = vec![Field::new(0, unique_id)];
                all.extend_from_slice(fields);
                Ok((*id, template_of(*id, &all)?))
            }
        }
    }

    fn check(&self) -> Result<(), QrError> {
        match self {
            Account::Scheme(Field { id, value }) if (2..=25).contains(id) => {
                check(Path::of(*id), value, 1, 99, Set::Printable)
            }
            Account::Template { id, unique_id, fields } if (26..=51).contains(id) => {
                check(Path::within(*id, 0), unique_id, 1, 32, Set::Printable)?;
                for field in fields {
                    check(Path::within(*id, field.id), &field.value, 1, 99, Set::Printable)?;
                }
                Ok(())
            }
            Account::Scheme(Field { id, .. }) | Account::Template { id, .. } => {
                Err(Path::of(*id).wrong(QrProblem::Misplaced))
            }
        }
    }
}

impl Language {
    fn read(fields: &[Object<'_>]) -> Result<Self, QrError> {
        let find = |id: u8| fields.iter().find(|field| field.id == id).map(|field| field.value.to_owned());
        let need = |id: u8| find(id).ok_or(Path::within(64, id).wrong(QrProblem::Missing));
        Ok(Language { code: need(0)?, name: need(1)?, city: find(2) })
    }

    fn write(&self) -> Vec<Field> {
        let mut fields = vec![Field::new(0, &self.code), Field::new(1, &self.name)];
        fields.extend(self.city.as_deref().map(|city| Field::new(2, city)));
        fields
    }
}

impl Tip {
    const fn amount(self) -> Option<Decimal> {
        match self {
            Tip::Fixed(amount) => Some(amount),
            Tip::Asked | Tip::BasisPoints(_) => None,
        }
    }
}

impl Field {
    /// An object with that value.
    #[must_use]
    pub fn new(id: u8, value: &str) -> Self {
        Field { id, value: value.to_owned() }
    }

    fn of(object: Object<'_>) -> Self {
        Field::new(object.id, object.value)
    }

    fn object(&self) -> Object<'_> {
        Object { id: self.id, value: &self.value }
    }
}

fn template_of(id: u8, fields: &[Field]) -> Result<String, QrError> {
    let objects: Vec<_> = fields.iter().map(Field::object).collect();
    template(&objects).map_err(|error| match error.path.id {
        Some(within) => Path::within(id, within).wrong(error.problem),
        None => Path::of(id).wrong(error.problem),
    })
}

fn check(path: Path, value: &str, min: usize, max: usize, set: Set) -> Result<(), QrError> {
    let is_of_set = |c: char| match set {
        Set::Digits => c.is_ascii_digit(),
        Set::Printable => matches!(c, ' '..='~'),
        Set::Unicode => !c.is_control(),
    };
    if !(min..=max).contains(&value.chars().count()) {
        Err(path.wrong(QrProblem::Length))
    } else if !value.chars().all(is_of_set) {
        Err(path.wrong(QrProblem::Character))
    } else {
        Ok(())
    }
}

/// Two capital or small letters.
fn letters(path: Path, value: &str) -> Result<(), QrError> {
    match value.as_bytes() {
        [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => Ok(()),
        _ => Err(path.wrong(QrProblem::Code)),
    }
}

/// The value of exactly three digits.
fn number_of(text: &str) -> Option<u16> {
    (text.len() == 3 && text.bytes().all(|digit| digit.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Up to 13 characters, above zero, a point even without decimals, no more of those than the currency has.
fn amount_of(text: &str, currency: Currency) -> Option<Decimal> {
    if text.len() > 13 {
        return None;
    }
    let amount = Decimal::parse(text.strip_suffix('.').unwrap_or(text)).ok()?;
    let fits = amount.units() > 0 && amount.scale() <= currency.decimals()?;
    fits.then_some(amount)
}

/// 0.01 to 99.99 percent, in hundredths, up to five characters.
fn basis_points_of(text: &str) -> Option<u16> {
    let percent = Decimal::parse(text.strip_suffix('.').unwrap_or(text)).ok()?.to_scale(2).ok()?;
    u16::try_from(percent.units()).ok().filter(|points| text.len() <= 5 && (1..=9_999).contains(points))
}
