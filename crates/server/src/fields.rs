//! The fields of a form or of an address: names with values, in any number.

use std::str::FromStr;

use actix_web::HttpRequest;

use crate::error::AppError;

/// The fields of a form or of a query.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Fields in the order in which they came.
    pub(crate) fn new(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// The fields of an address. Nothing in it is refused: bytes that are no text become replacement characters.
    pub(crate) fn of_query(request: &HttpRequest) -> Self {
        Self::of_text(request.query_string())
    }

    /// The fields of what stands in an address behind the question mark.
    pub(crate) fn of_text(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The first value of a field, empty when it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// All values of a field.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// A field's value, when it is there. What can't be read is an error that says what it has to be.
    pub(crate) fn optional<T: FromStr>(
        &self,
        name: &str,
        advice: &'static str,
    ) -> Result<Option<T>, AppError> {
        match self.get(name).trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| AppError::Parameter(advice)),
        }
    }

    /// A field's value, when it is there and can be read.
    pub(crate) fn parse<T: FromStr>(&self, name: &str) -> Option<T> {
        self.get(name).trim().parse().ok()
    }
}
