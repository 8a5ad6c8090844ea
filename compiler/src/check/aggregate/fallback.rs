//! What stands in the place of an answer: a value that is written out.

use gatewright_dsl::Problem;
use gatewright_dsl::ast::{Value, ValueKind};
use gatewright_dsl::problem::setting::wrong_type;

use crate::check::expr::literal;
use crate::check::problem;
use crate::emit::expr::constant;
use crate::json;
use crate::ty::Ty;

/// A value that is written out, as JSON of a type, under the names of the wire.
pub(super) fn as_json(value: &Value, ty: &Ty, out: &mut String) -> Result<(), Box<Problem>> {
    match (ty, &value.kind) {
        (Ty::Optional(inner), _) => as_json(value, inner, out),
        (Ty::Record(record), ValueKind::Record(entries)) => {
            out.push('{');
            for (at, entry) in entries.iter().enumerate() {
                let known = || record.fields.iter().map(|field| field.name.as_str());
                let Some(field) = record.fields.iter().find(|field| field.name == entry.name.text) else {
                    let known: Vec<&str> = known().collect();
                    let of = format!("`{ty}`");
                    return Err(Box::new(problem::unknown_member(
                        &of,
                        &entry.name.text,
                        entry.name.span,
                        &known,
                    )));
                };
                out.push_str(if at == 0 { "" } else { "," });
                json::string(field.on_wire(), out);
                out.push(':');
                as_json(&entry.value, &field.ty, out)?;
            }
            out.push('}');
            let is_missing = |field: &&crate::ty::Field| {
                field.default.is_none()
                    && !matches!(field.ty, Ty::Optional(_))
                    && !entries.iter().any(|entry| entry.name.text == field.name)
            };
            match record.fields.iter().find(is_missing) {
                Some(field) => {
                    let found = format!("one without `{}`", field.name);
                    let problem = wrong_type(value.span, &format!("`{ty}`"), &found);
                    Err(Box::new(problem.help("write every field that must be there")))
                }
                None => Ok(()),
            }
        }
        (Ty::Map(item), ValueKind::Record(entries)) => {
            out.push('{');
            for (at, entry) in entries.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                json::string(&entry.name.text, out);
                out.push(':');
                as_json(&entry.value, item, out)?;
            }
            out.push('}');
            Ok(())
        }
        (Ty::List(item, range), ValueKind::List(items))
            if range.holds(&i64::try_from(items.len()).unwrap_or(i64::MAX)) =>
        {
            out.push('[');
            for (at, entry) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                as_json(entry, item, out)?;
            }
            out.push(']');
            Ok(())
        }
        _ => {
            constant::write_json(&literal::constant(value, ty)?, out);
            Ok(())
        }
    }
}
