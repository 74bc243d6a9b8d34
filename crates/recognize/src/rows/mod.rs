//! The recognisers, by kind and country.
/// Names of a domain, in one script each: Latin to Armenian, or others.
macro_rules! domain {
    () => {
        r"(?:(?:[A-Za-z0-9\x{C0}-\x{58F}](?:[A-Za-z0-9\x{C0}-\x{58F}-]*[A-Za-z0-9\x{C0}-\x{58F}])?|[[\x{590}-\x{10FFFF}]&&[\pL\pM\pN]]+)\.)+(?:xn--[A-Za-z0-9-]{2,59}|[A-Za-z\x{C0}-\x{58F}]{2,}|[[\x{590}-\x{10FFFF}]&&[\pL\pM\pN]]{2,})"
    };
}

/// Port, path, query and fragment behind the host of a web address.
macro_rules! path {
    () => {
        r#"(?::[0-9]{1,5})?(?:[/?#][^\s<>"`{}|\\^。，、；）」』】》“”]*)?"#
    };
}

mod address;
mod age;
mod bank;
mod card;
mod contact;
mod crypto;
mod dates;
mod documents;
mod europe;
mod iberia_italy;
mod india_australia;
mod key;
mod network;
mod north_america;
mod password;
mod person;
pub(crate) mod phone;
mod phone_words;
mod place;
mod plan;
mod united_kingdom;
mod vehicle;
mod web;

#[cfg(test)]
mod tests;

use crate::row::Row;

/// Words before numbers that are no one's: orders, invoices, versions, amounts.
const NO_ONES: &[&str] = &[
    "order",
    "order no",
    "order number",
    "invoice",
    "ref",
    "reference",
    "ticket",
    "isbn",
    "issn",
    "ean",
    "upc",
    "sku",
    "version",
    "build",
    "tracking",
    "tracking number",
    "part number",
    "serial",
    "serial number",
    "item",
    "product",
    "quantity",
    "qty",
    "price",
    "total",
    "amount",
    "page",
    "commit",
    "revision",
    "batch",
    "timestamp",
    "transaction id",
    "bestellnummer",
    "bestellung",
    "rechnung",
    "rechnungsnummer",
    "auftragsnummer",
    "artikelnummer",
    "sendungsnummer",
    "commande",
    "facture",
    "pedido",
    "factura",
    "ordine",
    "fattura",
    "factuur",
    "bestelnummer",
    "faktura",
    "encomenda",
    "fatura",
    "epoch",
    "checksum",
    "hash",
];

/// Every recogniser: the first of two wins where nothing else decides.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    [
        password::ROWS,
        key::ROWS,
        web::ROWS,
        contact::ROWS,
        network::ROWS,
        bank::ROWS,
        card::ROWS,
        north_america::ROWS,
        united_kingdom::ROWS,
        europe::ROWS,
        iberia_italy::ROWS,
        india_australia::ROWS,
        documents::ROWS,
        vehicle::ROWS,
        dates::ROWS,
        age::ROWS,
        place::ROWS,
        address::ROWS,
        person::ROWS,
        crypto::ROWS,
        // Last: plans of some countries take nearly any digits.
        phone::ROWS,
    ]
    .into_iter()
    .flatten()
}
