//! Says how risky an order is. It knows nothing of the gateway that calls it.

use std::fmt;

use http::Response;
use serde_json::json;

/// An order, as the gateway has read it: the `type NewOrder` of `gateway.gw`.
#[derive(Debug)]
pub struct NewOrder {
    /// Who pays.
    pub email: String,
    /// What is ordered.
    pub lines: Vec<Line>,
    /// What else is to be known.
    pub note: Option<String>,
}

/// A line of an order.
#[derive(Debug)]
pub struct Line {
    /// What.
    pub sku: String,
    /// How many.
    pub quantity: i64,
}

/// Why there is no score.
#[derive(Debug)]
pub enum Error {
    /// The model knows nothing of what is ordered.
    UnknownGoods(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownGoods(sku) => write!(f, "the model does not know `{sku}`"),
        }
    }
}

/// A score from 0 to 100, and why.
///
/// # Errors
///
/// [`Error::UnknownGoods`].
#[allow(clippy::unused_async, reason = "a gateway waits for it, and a real model would have it wait")]
pub async fn score(country: String, strict: bool, order: NewOrder) -> Result<Response<String>, Error> {
    if let Some(line) = order.lines.iter().find(|line| line.sku.starts_with('x')) {
        return Err(Error::UnknownGoods(line.sku.clone()));
    }
    let mut reasons = Vec::new();
    let count: i64 = order.lines.iter().map(|line| line.quantity).sum();
    if count > 50 {
        reasons.push("many");
    }
    if !order.email.ends_with(&format!(".{country}")) {
        reasons.push("abroad");
    }
    if order.note.is_some_and(|note| note.contains("urgent")) {
        reasons.push("urgent");
    }
    let score = reasons.len() * if strict { 40 } else { 20 };
    let body = json!({ "score": score, "reasons": reasons }).to_string();
    let mut response = Response::new(body);
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    Ok(response)
}
