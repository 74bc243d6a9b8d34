//! Groups of recognisers, which are chosen together.

/// A group of recognisers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Group {
    /// E-mail, web addresses, phones, social handles.
    Contact,
    /// Addresses of machines.
    Network,
    /// Accounts, banks and cards.
    Bank,
    /// Numbers given by authorities: tax, insurance, health, passports, licences, vehicles.
    Government,
    /// Dates, dates of birth and high ages.
    Date,
    /// Coordinates.
    Place,
    /// Parts of postal addresses.
    Address,
    /// Names of people.
    Name,
    /// Addresses of crypto-currencies.
    Crypto,
    /// Passwords, keys and tokens.
    Secret,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 10] = [
        Self::Contact,
        Self::Network,
        Self::Bank,
        Self::Government,
        Self::Date,
        Self::Place,
        Self::Address,
        Self::Name,
        Self::Crypto,
        Self::Secret,
    ];

    /// The word by which it is chosen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Network => "network",
            Self::Bank => "bank",
            Self::Government => "government",
            Self::Date => "dates",
            Self::Place => "places",
            Self::Address => "addresses",
            Self::Name => "names",
            Self::Crypto => "crypto",
            Self::Secret => "secrets",
        }
    }
}
