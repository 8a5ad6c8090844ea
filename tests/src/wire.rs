//! A strict reader of HTTP/1.1 messages, independent of the one under test: it accepts only what every reader reads
//! alike, and says what it does not.

/// A message.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Request line or status line.
    pub line: String,
    /// In order.
    pub fields: Fields,
    /// Without its coding.
    pub body: Vec<u8>,
    /// Sizes of the chunks, the last excepted; empty where the body was not chunked.
    pub chunks: Vec<usize>,
    /// Behind a chunked body.
    pub trailers: Fields,
}

/// Names and values, in order.
pub type Fields = Vec<(String, Vec<u8>)>;

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Fixed(usize),
    Chunked,
    UntilClose,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, to: &mut std::fmt::Formatter) -> std::fmt::Result {
        writeln!(to, "{}", self.line)?;
        for (name, value) in self.fields.iter().chain(&self.trailers) {
            writeln!(to, "{name}: {}", value.escape_ascii())?;
        }
        write!(to, "{} bytes: {}", self.body.len(), self.body.get(..400).unwrap_or(&self.body).escape_ascii())
    }
}

impl Message {
    /// The status of an answer.
    pub fn status(&self) -> u16 {
        self.line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// The target of a request.
    pub fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// The values of a field.
    pub fn all(&self, name: &str) -> Vec<String> {
        let named = self.fields.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.escape_ascii().to_string()).collect()
    }

    /// The value of a field that is there at most once.
    pub fn field(&self, name: &str) -> Option<String> {
        let mut all = self.all(name);
        assert!(all.len() < 2, "{name} is there more than once: {all:?}");
        all.pop()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        self.body.escape_ascii().to_string()
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// Reads all requests of a connection: those that are whole, and whether another had begun.
pub fn requests(mut bytes: &[u8]) -> Result<(Vec<Message>, bool), String> {
    let mut all = Vec::new();
    while let Some((message, len)) = request(bytes)? {
        all.push(message);
        bytes = &bytes[len..];
    }
    Ok((all, !bytes.is_empty()))
}

/// Reads a request and says how long it is.
pub fn request(bytes: &[u8]) -> Result<Option<(Message, usize)>, String> {
    let Some((line, fields, len)) = head(bytes)? else { return Ok(None) };
    let mut words = line.split(' ');
    let (method, target, version) = (words.next().unwrap_or(""), words.next().unwrap_or(""), words.next());
    if method.is_empty() || !method.bytes().all(token) {
        return Err(format!("bad method: {line}"));
    }
    if !target.starts_with('/') && target != "*" || !target.bytes().all(|byte| (0x21..0x7f).contains(&byte)) {
        return Err(format!("bad target: {line}"));
    }
    if version != Some("HTTP/1.1") || words.next().is_some() {
        return Err(format!("bad version: {line}"));
    }
    if fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host")).count() != 1 {
        return Err("not one Host".into());
    }
    let length = declared(&fields)?.unwrap_or(Length::Fixed(0));
    body(line, fields, length, &bytes[len..], false)
        .map(|read| read.map(|(message, rest)| (message, len + rest)))
}

/// Reads an answer and says how long it is. `bodiless`: it answers HEAD. `ended`: nothing follows `bytes`.
pub fn answer(bytes: &[u8], bodiless: bool, ended: bool) -> Result<Option<(Message, usize)>, String> {
    let Some((line, fields, len)) = head(bytes)? else { return Ok(None) };
    let mut words = line.splitn(3, ' ');
    if words.next() != Some("HTTP/1.1") {
        return Err(format!("bad version: {line}"));
    }
    let status = words.next().filter(|text| text.len() == 3).and_then(|text| text.parse::<u16>().ok());
    let (Some(status @ 100..=599), Some(_)) = (status, words.next()) else {
        return Err(format!("bad status line: {line}"));
    };
    let declared = declared(&fields)?;
    if declared.is_some() && (status < 200 || status == 204) {
        return Err(format!("{status} declares a body"));
    }
    let none = bodiless || status < 200 || status == 204 || status == 304;
    let length = if none { Length::Fixed(0) } else { declared.unwrap_or(Length::UntilClose) };
    body(line, fields, length, &bytes[len..], ended)
        .map(|read| read.map(|(message, rest)| (message, len + rest)))
}

fn head(bytes: &[u8]) -> Result<Option<(String, Fields, usize)>, String> {
    let Some(end) = find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let line_end = find(bytes, b"\r\n").unwrap_or(0);
    let line = bytes[..line_end].to_vec();
    if line.iter().any(u8::is_ascii_control) || line.is_empty() {
        return Err(format!("control bytes in {}", line.escape_ascii()));
    }
    let line = String::from_utf8(line).map_err(|_| "a line that is not UTF-8".to_owned())?;
    let lines = if end > line_end { &bytes[line_end + 2..end] } else { b"" };
    Ok(Some((line, fields(lines)?, end + 4)))
}

/// Lines without the last CR LF.
fn fields(mut lines: &[u8]) -> Result<Fields, String> {
    let mut all = Vec::new();
    while !lines.is_empty() {
        let end = find(lines, b"\r\n").unwrap_or(lines.len());
        let (line, rest) = lines.split_at(end);
        lines = rest.get(2..).unwrap_or_default();
        let said = || line.escape_ascii().to_string();
        let colon =
            line.iter().position(|byte| *byte == b':').ok_or_else(|| format!("no colon: {}", said()))?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.is_empty() || !name.iter().copied().all(token) {
            return Err(format!("bad name: {}", said()));
        }
        if value.iter().any(|byte| *byte != b'\t' && byte.is_ascii_control()) {
            return Err(format!("bad value: {}", said()));
        }
        all.push((String::from_utf8(name.to_vec()).unwrap(), value.to_vec()));
    }
    Ok(all)
}

fn declared(fields: &Fields) -> Result<Option<Length>, String> {
    let values = |wanted: &str| -> Vec<&[u8]> {
        let named = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        named.map(|(_, value)| value.as_slice()).collect()
    };
    match (values("content-length").as_slice(), values("transfer-encoding").as_slice()) {
        ([], []) => Ok(None),
        ([], [b"chunked"]) => Ok(Some(Length::Chunked)),
        ([digits], []) if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            let text = str::from_utf8(digits).unwrap();
            text.parse().map(|length| Some(Length::Fixed(length))).map_err(|_| format!("length {text}"))
        }
        other => Err(format!("ambiguous framing: {other:?}")),
    }
}

fn body(
    line: String,
    fields: Fields,
    length: Length,
    bytes: &[u8],
    ended: bool,
) -> Result<Option<(Message, usize)>, String> {
    let mut message = Message { line, fields, body: Vec::new(), chunks: Vec::new(), trailers: Vec::new() };
    match length {
        Length::Fixed(length) if bytes.len() < length => Ok(None),
        Length::UntilClose if !ended => Ok(None),
        Length::Fixed(length) => {
            message.body = bytes[..length].to_vec();
            Ok(Some((message, length)))
        }
        Length::UntilClose => {
            message.body = bytes.to_vec();
            Ok(Some((message, bytes.len())))
        }
        Length::Chunked => Ok(chunked(bytes, &mut message)?.map(|len| (message, len))),
    }
}

/// Reads a chunked body and says how long it is on the wire.
fn chunked(bytes: &[u8], into: &mut Message) -> Result<Option<usize>, String> {
    let mut at = 0;
    loop {
        let Some(end) = find(&bytes[at..], b"\r\n") else { return Ok(None) };
        let digits = str::from_utf8(&bytes[at..at + end]).unwrap_or_default();
        if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!("chunk size {}", bytes[at..at + end].escape_ascii()));
        }
        let size = usize::from_str_radix(digits, 16).unwrap();
        at += end + 2;
        if size == 0 {
            break;
        }
        let Some(chunk) = bytes.get(at..at + size + 2) else { return Ok(None) };
        if !chunk.ends_with(b"\r\n") {
            return Err("a chunk does not end where it should".into());
        }
        into.body.extend_from_slice(&chunk[..size]);
        into.chunks.push(size);
        at += size + 2;
    }
    let rest = &bytes[at..];
    if rest.starts_with(b"\r\n") {
        return Ok(Some(at + 2));
    }
    let Some(end) = find(rest, b"\r\n\r\n") else { return Ok(None) };
    into.trailers = fields(&rest[..end])?;
    Ok(Some(at + end + 4))
}

fn token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Where `wanted` begins.
pub fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
