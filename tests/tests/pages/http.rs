//! The `http` blocks of a page: a request as it is typed, and what must come back. Either one exchange over several lines,
//! or one exchange on each line.

use gatewright_tests::wire::Message;
use serde_json::Value;

/// A request and what must come back.
#[derive(Debug, PartialEq)]
pub struct Exchange {
    /// The bytes to send.
    pub request: String,
    /// The answer has no body.
    pub is_head: bool,
    status: u16,
    /// The third word of the line: a reason, a path that the server saw, or a `Location`.
    word: Option<String>,
    /// `None`: the field must not be there.
    fields: Vec<(String, Option<String>)>,
    body: Option<String>,
}

/// What a block says.
pub fn read(block: &str) -> Result<Vec<Exchange>, String> {
    if block.lines().next().is_some_and(|line| line.contains(" => ")) {
        return block.lines().filter(|line| !line.trim().is_empty()).map(on_one_line).collect();
    }
    let at = block.find("\n=> ").ok_or("no line begins with `=> `")?;
    let (request, expected) = block.split_at(at + 1);
    Ok(vec![exchange(request, expected)?])
}

fn on_one_line(line: &str) -> Result<Exchange, String> {
    let (request, expected) = line.split_once(" => ").ok_or_else(|| format!("`=>` is missing: {line}"))?;
    exchange(request.trim_end(), &format!("=> {}", expected.trim()))
}

fn exchange(request: &str, expected: &str) -> Result<Exchange, String> {
    let (head, body) = expected.split_once("\n\n").unwrap_or((expected, ""));
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split_whitespace().skip(1);
    let status = words.next().and_then(|word| word.parse().ok()).ok_or("no status behind `=>`")?;
    let word = words.next().map(str::to_owned);
    let fields = lines
        .map(|line| {
            let (name, value) = line.split_once(':').ok_or_else(|| format!("no field: {line}"))?;
            let value = value.trim();
            Ok((name.to_owned(), (value != "(none)").then(|| value.to_owned())))
        })
        .collect::<Result<_, String>>()?;
    let body = Some(body.trim_end()).filter(|body| !body.is_empty()).map(str::to_owned);
    let is_head = request.starts_with("HEAD ");
    Ok(Exchange { request: typed(request), is_head, status, word, fields, body })
}

/// The request with what nobody types: line ends, version, `Host`, `Content-Length`, chunks.
fn typed(request: &str) -> String {
    let (head, body) = request.split_once("\n\n").unwrap_or((request.trim_end(), ""));
    let body = body.trim_end();
    let mut lines: Vec<String> = head.lines().map(str::to_owned).collect();
    if lines[0].split(' ').count() == 2 {
        lines[0].push_str(" HTTP/1.1");
    }
    let has = |lines: &[String], name: &str| lines.iter().any(|line| line.to_lowercase().starts_with(name));
    if !has(&lines, "host:") && lines[0].ends_with("1.1") {
        lines.insert(1, "Host: shop.example".to_owned());
    }
    if has(&lines, "transfer-encoding:") {
        return format!("{}\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", lines.join("\r\n"), body.len());
    }
    if !body.is_empty() && !has(&lines, "content-length:") {
        lines.push(format!("Content-Length: {}", body.len()));
    }
    format!("{}\r\n\r\n{body}", lines.join("\r\n"))
}

impl Exchange {
    /// Holds an answer against what must come back.
    pub fn compare(&self, answer: &Message) -> Result<(), String> {
        if answer.status() != self.status {
            return Err(format!("the status is {}, not {}", answer.status(), self.status));
        }
        if let Some(word) = &self.word {
            self.compare_word(word, answer)?;
        }
        for (name, value) in &self.fields {
            let all = values(answer, name);
            match value {
                None if all.is_empty() => {}
                Some(value) if value == "…" && !all.is_empty() => {}
                Some(value) if all == [value.as_str()] => {}
                other => return Err(format!("{name} is {all:?}, not {other:?}")),
            }
        }
        match &self.body {
            None => Ok(()),
            Some(body) if body.starts_with(['{', '[']) => {
                let expected = serde_json::from_str(body).map_err(|error| format!("{body}: {error}"))?;
                let found = serde_json::from_slice(&answer.body)
                    .map_err(|error| format!("{error}: {}", answer.text()))?;
                within(&expected, &found, "")
            }
            Some(body) if String::from_utf8_lossy(&answer.body).trim_end() == body => Ok(()),
            Some(body) => Err(format!("the body is {:?}, not {body:?}", answer.text())),
        }
    }

    fn compare_word(&self, word: &str, answer: &Message) -> Result<(), String> {
        let found = if (300..400).contains(&self.status) {
            values(answer, "location").concat()
        } else if word.starts_with('/') {
            let seen: Value = answer.json();
            let path = seen["path"].as_str().unwrap_or_default();
            seen["query"].as_str().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
        } else {
            let proxy = values(answer, "proxy-status").concat();
            if !proxy.ends_with(&format!("; details=\"{word}\"")) {
                return Err(format!("Proxy-Status is `{proxy}`, without `{word}`"));
            }
            // The answer to HEAD has no body.
            if self.is_head {
                return Ok(());
            }
            answer.json()["reason"].as_str().unwrap_or_default().to_owned()
        };
        if found == word { Ok(()) } else { Err(format!("it is `{found}`, not `{word}`")) }
    }
}

/// The values of a field, as they stand in it.
fn values(answer: &Message, name: &str) -> Vec<String> {
    let named = answer.fields.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
    named.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
}

/// Whether everything that is expected was found. `"…"` stands for any value, `null` for a member that is not there.
pub fn within(expected: &Value, found: &Value, at: &str) -> Result<(), String> {
    match (expected, found) {
        (Value::String(any), _) if any == "…" => Ok(()),
        (Value::Object(expected), Value::Object(found)) => {
            expected.iter().try_for_each(|(name, expected)| {
                let place = format!("{at}.{name}");
                match found.get(name) {
                    Some(found) => within(expected, found, &place),
                    None if expected.is_null() => Ok(()),
                    None => Err(format!("{place} is missing in {}", serde_json::to_string(found).unwrap())),
                }
            })
        }
        _ if expected == found => Ok(()),
        _ => Err(format!("{at} is {found}, not {expected}")),
    }
}

#[test]
fn reads_an_exchange_over_several_lines() {
    let read = read("POST /a\nx: 1\n\nhi\n\n=> 404 not_found\nallow: (none)\n\nbody\n").unwrap();
    assert_eq!(
        read[0].request,
        "POST /a HTTP/1.1\r\nHost: shop.example\r\nx: 1\r\nContent-Length: 2\r\n\r\nhi"
    );
    assert_eq!((read[0].status, read[0].word.as_deref()), (404, Some("not_found")));
    assert_eq!(read[0].fields, [("allow".to_owned(), None)]);
    assert_eq!(read[0].body.as_deref(), Some("body"));
}

#[test]
fn reads_an_exchange_on_each_line() {
    let read = read("GET /a HTTP/1.0 => 200\nHEAD /b   => 308 /c\n").unwrap();
    assert_eq!(read[0].request, "GET /a HTTP/1.0\r\n\r\n");
    assert_eq!((read[1].is_head, read[1].word.as_deref()), (true, Some("/c")));
}

#[test]
fn finds_what_is_missing_and_what_should_be() {
    let json = |text: &str| serde_json::from_str(text).unwrap();
    let found = json(r#"{"a":{"b":1},"c":"x"}"#);
    assert_eq!(within(&json(r#"{"a":{"b":1},"d":null,"c":"…"}"#), &found, ""), Ok(()));
    assert!(within(&json(r#"{"a":{"b":2}}"#), &found, "").is_err());
    assert!(within(&json(r#"{"a":{"x":1}}"#), &found, "").is_err());
    assert!(within(&json(r#"{"c":null}"#), &found, "").is_err());
}
