//! What goes over the bus to the civil registry and back: the service `getPerson` as JSON.

use serde::{Deserialize, Serialize};

use super::Record;
use crate::person::Name;

/// The service of the registry that is asked.
pub(crate) const SERVICE_VERSION: &str = "v1";

/// A person as the registry writes one.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WirePerson {
    pub(crate) id: String,
    pub(crate) first_name: String,
    pub(crate) father_name: String,
    pub(crate) grandfather_name: String,
    pub(crate) family_name: String,
    pub(crate) birth_date: jiff::civil::Date,
    pub(crate) status: Status,
}

/// Whether somebody lives, as the registry says it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Status {
    Active,
    Deceased,
}

impl From<WirePerson> for Record {
    fn from(wire: WirePerson) -> Self {
        Self {
            number: wire.id,
            name: Name {
                given: wire.first_name,
                father: wire.father_name,
                grandfather: wire.grandfather_name,
                family: wire.family_name,
            },
            born: wire.birth_date,
            is_deceased: wire.status == Status::Deceased,
        }
    }
}

/// What a security server or the service says when it cannot.
#[derive(Serialize, Deserialize)]
pub(crate) struct WireError {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) message: String,
    pub(crate) detail: String,
}
