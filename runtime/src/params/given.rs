//! Where the values of parameters and secrets come from: a flag before the environment, the environment before the
//! default; a secret from the environment or from a file, and never from a flag, where every process can read it.
//!
//! Everything that is wrong is said at once, before any socket is opened.

use std::collections::BTreeMap;

use super::{Live, Param, Params, Secret, value};
use crate::program::Program;

/// A text that was given for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The name of the parameter or secret, as declared.
    pub name: String,
    /// The text; of a list, all of them for a person.
    pub text: String,
    /// The texts of a list that is not one text with commas.
    pub items: Option<Vec<String>>,
    /// Where it was found, as an operator would look for it: `--orders-at`, `ORDERS_AT`.
    pub place: String,
}

/// The flag of a parameter: `--orders-at`.
#[must_use]
pub fn flag(name: &str) -> String {
    format!("--{}", name.replace('_', "-"))
}

/// The variable of a parameter or secret: `ORDERS_AT`.
#[must_use]
pub fn variable(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}

/// The values of a program's parameters. Of several texts for one name, the first counts. `file` reads what a file says of a
/// live value.
///
/// # Errors
///
/// All that is missing or wrong, a paragraph for each.
pub fn read(
    program: &Program,
    given: &[Text],
    file: impl Fn(&Param, &'static str) -> Result<super::Value, String>,
) -> Result<Params, String> {
    let mut texts: BTreeMap<&str, &Text> = BTreeMap::new();
    for text in given {
        texts.entry(&text.name).or_insert(text);
    }
    let mut params = Params::default();
    let mut wrong = Vec::new();
    for param in program.params {
        let value = match param.live {
            Some(Live::File(path)) => file(param, path),
            _ => self::param(param, texts.get(param.name).copied()),
        };
        match value {
            Ok(value) => params.push(value),
            Err(problem) => wrong.push(problem),
        }
    }
    for secret in program.secrets {
        match texts.get(secret.name) {
            Some(text) if !text.text.is_empty() => params.secrets.push(text.text.clone().leak()),
            found => wrong.push(missing_secret(secret, found.copied())),
        }
    }
    if wrong.is_empty() { Ok(params) } else { Err(wrong.join("\nerror: ")) }
}

fn param(param: &Param, given: Option<&Text>) -> Result<super::Value, String> {
    let texts: Vec<&str> = match (given, param.default) {
        (Some(Text { items: Some(items), .. }), _) => items.iter().map(String::as_str).collect(),
        (Some(given), _) if param.list.is_some() => items(&given.text),
        (Some(given), _) => vec![&given.text],
        (None, Some(default)) => default.to_vec(),
        (None, None) => {
            let Param { name, .. } = param;
            let expected = param.expected();
            return Err(format!(
                "`{name}` must be given: {expected}\n  = help: `{} …` or `{}=…`",
                flag(name),
                variable(name)
            ));
        }
    };
    let value = match (param.list, texts.as_slice()) {
        (None, [text]) => value::one(param.kind, text),
        (None, _) => None,
        (Some((min, max)), texts) => u32::try_from(texts.len())
            .ok()
            .filter(|count| (min..=max).contains(count))
            .and_then(|_| value::list(param.kind, texts)),
    };
    // INVARIANT: the compiler has held the default against the type.
    value.filter(|value| param.takes(value)).ok_or_else(|| {
        format!("`{}` must be {}, found {}", param.name, param.expected(), found(param, given))
    })
}

/// What a parameter was found to be, and where.
pub(crate) fn found(param: &Param, given: Option<&Text>) -> String {
    match (given, param.default) {
        (Some(given), _) => format!("{:?} in `{}`", given.text, given.place),
        (None, Some(texts)) => format!("{:?} by default", texts.join(",")),
        (None, None) => "nothing".into(),
    }
}

/// The items of a list, separated by commas. An empty text is an empty list.
fn items(text: &str) -> Vec<&str> {
    if text.trim().is_empty() { Vec::new() } else { text.split(',').map(str::trim).collect() }
}

fn missing_secret(secret: &Secret, found: Option<&Text>) -> String {
    let variable = variable(secret.name);
    match found {
        Some(text) => format!("the secret `{}` is empty in `{}`", secret.name, text.place),
        None => format!(
            "the secret `{}` must be given\n  = help: `{variable}=…`, or `{variable}_FILE=…` with the path of a file that holds it",
            secret.name
        ),
    }
}

/// What the arguments of the process say, and what its environment does. `file` reads a mounted file.
///
/// # Errors
///
/// All that cannot be understood or read, a paragraph for each.
pub fn collect(
    program: &Program,
    arguments: &[String],
    variable_of: impl Fn(&str) -> Result<Option<String>, String>,
    file: impl Fn(&str) -> Result<String, String>,
) -> Result<Vec<Text>, String> {
    let mut texts = Vec::new();
    let mut wrong = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let (name, own) = argument.split_once('=').map_or((argument.as_str(), None), |(a, b)| (a, Some(b)));
        let Some(param) = settable(program).find(|param| flag(param.name) == name) else {
            wrong.push(unknown(program, name));
            continue;
        };
        let Some(text) = own.map(str::to_owned).or_else(|| arguments.next().cloned()) else {
            wrong.push(format!("`{name}` needs a value: {}", param.expected()));
            continue;
        };
        if texts.iter().any(|known: &Text| known.name == param.name) {
            wrong.push(format!("`{name}` is given twice"));
        }
        texts.push(Text { name: param.name.to_owned(), text, items: None, place: name.to_owned() });
    }
    for param in settable(program) {
        let place = variable(param.name);
        match variable_of(&place) {
            Ok(text) => {
                texts.extend(text.map(|text| Text { name: param.name.to_owned(), text, items: None, place }));
            }
            Err(problem) => wrong.push(problem),
        }
    }
    for secret in program.secrets {
        match self::secret(secret, &variable_of, &file) {
            Ok(text) => texts.extend(text),
            Err(problem) => wrong.push(problem),
        }
    }
    if wrong.is_empty() { Ok(texts) } else { Err(wrong.join("\nerror: ")) }
}

fn secret(
    secret: &Secret,
    variable_of: impl Fn(&str) -> Result<Option<String>, String>,
    file: impl Fn(&str) -> Result<String, String>,
) -> Result<Option<Text>, String> {
    let place = variable(secret.name);
    let path = variable_of(&format!("{place}_FILE"))?;
    let text = match (variable_of(&place)?, path) {
        (Some(_), Some(_)) => {
            return Err(format!(
                "the secret `{}` is given twice: in `{place}` and in `{place}_FILE`",
                secret.name
            ));
        }
        (Some(text), None) => text,
        (None, Some(path)) => {
            let text = file(&path).map_err(|error| {
                format!("the secret `{}` cannot be read from `{path}`: {error}", secret.name)
            })?;
            // Editors and `echo` end a file with a line end that is no part of the secret.
            text.strip_suffix('\n')
                .map(|text| text.strip_suffix('\r').unwrap_or(text).to_owned())
                .unwrap_or(text)
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(Text { name: secret.name.to_owned(), text, items: None, place }))
}

/// The parameters that a start may set: live values are set while it runs.
fn settable(program: &Program) -> impl Iterator<Item = &'static Param> {
    program.params.iter().filter(|param| param.live.is_none())
}

fn unknown(program: &Program, name: &str) -> String {
    if program.secrets.iter().any(|secret| flag(secret.name) == name) {
        let variable = variable(name.trim_start_matches('-'));
        return format!(
            "`{name}` is a secret, and every process can read a flag\n  = help: `{variable}=…` or `{variable}_FILE=…`"
        );
    }
    let flags: Vec<String> = settable(program).map(|param| format!(", `{}`", flag(param.name))).collect();
    format!(
        "unknown argument `{name}`\n  = help: there are `--version`, `--params`, `--check`{}",
        flags.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Value};
    use super::*;

    const PARAM: Param = Param {
        name: "orders_at",
        doc: "Where orders are.",
        written: "list<url>(1..2)",
        kind: Kind::Url,
        list: Some((1, 2)),
        default: Some(&["http://127.0.0.1:9001"]),
        least: None,
        most: None,
        live: None,
    };
    const MOST: Param = Param {
        name: "most",
        doc: "",
        written: "int(1..50)",
        kind: Kind::Int { min: 1, max: 50 },
        list: None,
        default: None,
        least: None,
        most: None,
        live: None,
    };
    const PATIENCE: Param = Param {
        name: "patience",
        doc: "",
        written: "duration",
        kind: Kind::Duration,
        list: None,
        default: Some(&["2s"]),
        least: Some("1ms"),
        most: Some("24h"),
        live: None,
    };
    const RATE: Param = Param {
        name: "calls",
        written: "rate",
        kind: Kind::Rate,
        default: Some(&["100/s"]),
        least: Some("1/8760h"),
        most: Some("1000000/s"),
        ..PATIENCE
    };

    #[test]
    fn the_bounds_of_settings_hold_for_what_stands_in_their_place() {
        const BOUNDED: Program = Program { params: &[PATIENCE, RATE], ..Program::EMPTY };
        let read = |name: &str, text: &str| {
            let text = Text { name: name.into(), text: text.into(), items: None, place: "there".into() };
            super::read(&BOUNDED, &[text], |_, _| Err(String::new())).map(|_| ())
        };
        for (name, text) in
            [("patience", "1ms"), ("patience", "24h"), ("calls", "1000000/s"), ("calls", "7/m")]
        {
            assert_eq!(read(name, text), Ok(()), "{text}");
        }
        let said = "`patience` must be duration from 1ms to 24h, found \"0s\" in `there`";
        assert_eq!(read("patience", "0s"), Err(said.into()));
        for (name, text) in [("patience", "25h"), ("calls", "1000001/s"), ("calls", "2000/ms")] {
            assert!(read(name, text).is_err(), "{text}");
        }
    }

    const PROGRAM: Program = Program {
        params: &[PARAM, MOST],
        secrets: &[Secret { name: "session_key", doc: "" }],
        ..Program::EMPTY
    };

    /// What a start with these flags, variables and files makes of the parameters, or says.
    fn texts(texts: &[&str]) -> Value {
        Value::Texts(texts.iter().map(|text| Box::from(*text)).collect())
    }

    fn check(flags: &str, environment: &[(&str, &str)], file: Option<&str>) -> Result<Params, String> {
        let flags: Vec<String> = flags.split_whitespace().map(str::to_owned).collect();
        let find = |name: &str| environment.iter().find(|(own, _)| *own == name);
        let variable = |name: &str| Ok(find(name).map(|(_, text)| (*text).to_owned()));
        let file = |_: &str| file.map(str::to_owned).ok_or_else(|| "no such file".to_owned());
        read(&PROGRAM, &collect(&PROGRAM, &flags, variable, file)?, |_, _| Err(String::new()))
    }

    #[test]
    fn a_flag_beats_the_environment_and_that_the_default() {
        let key = ("SESSION_KEY", "k");
        let values = |flags, environment: &[_]| check(flags, environment, None).unwrap().values;
        assert_eq!(values("--most 7", &[key]), [texts(&["http://127.0.0.1:9001"]), Value::Int(7)]);
        assert_eq!(
            values("--most=7", &[key, ("MOST", "8"), ("ORDERS_AT", "http://a, http://b:81")]),
            [texts(&["http://a", "http://b:81"]), Value::Int(7)]
        );
        assert_eq!(values("", &[key, ("MOST", "8")]).get(1), Some(&Value::Int(8)));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let said = check("--most 70", &[("ORDERS_AT", "ftp://a")], None).unwrap_err();
        assert_eq!(
            said,
            "`orders_at` must be list<url>(1..2), found \"ftp://a\" in `ORDERS_AT`\n\
             error: `most` must be int(1..50), found \"70\" in `--most`\n\
             error: the secret `session_key` must be given\n  = help: `SESSION_KEY=…`, or `SESSION_KEY_FILE=…` with the path of a file that holds it"
        );
        let said = check("--moist 7 --session-key k --most", &[("SESSION_KEY_FILE", "x")], None).unwrap_err();
        for part in ["`--moist`", "`--session-key` is a secret", "`--most` needs a value", "no such file"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let said = check("--most 1 --most 2", &[], None).unwrap_err();
        assert!(said.contains("given twice"), "{said}");
        let said = check("", &[("SESSION_KEY", "")], None).unwrap_err();
        assert!(said.contains("`most` must be given") && said.contains("empty in `SESSION_KEY`"), "{said}");
    }

    #[test]
    fn a_list_has_as_many_items_as_it_may() {
        for text in ["http://a,http://b,http://c", "", "http://a,"] {
            let said = check("--most 1", &[("SESSION_KEY", "k"), ("ORDERS_AT", text)], None).unwrap_err();
            assert!(said.starts_with("`orders_at` must be list<url>(1..2)"), "{said}");
        }
    }

    #[test]
    fn a_secret_comes_from_its_file_without_the_line_end() {
        let params = check("--most 1", &[("SESSION_KEY_FILE", "/run/secrets/k")], Some("hush\r\n")).unwrap();
        assert_eq!(params.secret(0), "hush");
        assert!(!format!("{params:?}").contains("hush"));
        let both = [("SESSION_KEY", "k"), ("SESSION_KEY_FILE", "/k")];
        assert!(check("--most 1", &both, Some("k")).unwrap_err().contains("given twice"));
    }
}
