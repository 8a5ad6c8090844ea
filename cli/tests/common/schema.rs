//! Holds a document against the schema of its command in `docs/schema`. It knows only the words of JSON Schema that stand
//! there, and fails at any other, so that a schema cannot say more than is checked.

use std::path::Path;

use serde_json::Value;

/// Fails where the document is not what the schema says. Members that the schema does not name fail too: they are to be
/// described.
pub fn validate(command: &str, document: &Value) {
    let schema = read(&format!("{command}.json"));
    if let Err(why) = check(document, &schema, &schema, "$") {
        panic!("{why}\n{document:#}");
    }
}

fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn check(value: &Value, rule: &Value, root: &Value, at: &str) -> Result<(), String> {
    for (word, said) in rule.as_object().unwrap() {
        let wrong = || Err(format!("{at}: {value} is not `{word}: {said}`"));
        let holds = match word.as_str() {
            "$schema" | "title" | "$defs" => true,
            "$ref" => {
                // A definition of this file, or of another.
                let (file, name) = said.as_str().unwrap().split_once("#/$defs/").unwrap();
                let other = if file.is_empty() { root.clone() } else { read(file) };
                check(value, &other["$defs"][name], &other, at)?;
                true
            }
            "const" => value == said,
            "enum" => said.as_array().unwrap().contains(value),
            "type" => {
                said.as_array().map_or_else(|| is(value, said), |all| all.iter().any(|one| is(value, one)))
            }
            "oneOf" => {
                said.as_array().unwrap().iter().filter(|one| check(value, one, root, at).is_ok()).count() == 1
            }
            "required" => {
                said.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            "properties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    let rule = said.get(name).ok_or_else(|| format!("{at}: `{name}` is not described"))?;
                    check(member, rule, root, &format!("{at}.{name}"))?;
                }
                true
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(item, said, root, &format!("{at}[{index}]"))?;
                }
                true
            }
            // The one pattern that there is: a name.
            "pattern" => {
                assert_eq!(said, "^[a-z][a-z_]*$");
                let name = value.as_str().unwrap_or_default();
                name.starts_with(|c: char| c.is_ascii_lowercase())
                    && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            }
            other => panic!("the schema uses `{other}`, which is not checked here"),
        };
        if !holds {
            return wrong();
        }
    }
    Ok(())
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        other => panic!("the schema uses the type `{other}`"),
    }
}

#[test]
fn what_is_not_described_fails() {
    let document =
        serde_json::json!({ "schema": 1, "ok": true, "problems": [], "result": { "entries": [] } });
    validate("check", &document);
    for (member, value) in
        [("ok", Value::Null), ("more", Value::Bool(true)), ("result", serde_json::json!({}))]
    {
        let mut wrong = document.clone();
        wrong[member] = value;
        assert!(std::panic::catch_unwind(|| validate("check", &wrong)).is_err(), "{member}");
    }
}
