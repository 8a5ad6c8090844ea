//! Random requests, as bytes and as what an expression reads of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use super::chance::Random;
use super::eval::World;
use super::values::expr::Value;
use super::values::lets;

/// What start-up gives for parameters, where it gives anything.
pub const GIVEN: [(&str, &str); 11] = [
    ("p-int", "-9223372036854775808"),
    ("p-low", "5"),
    ("p-dec", "-0.000000001"),
    ("p-text", "a \"b\" é"),
    ("p-word", ""),
    ("p-dur", "2h"),
    ("p-bool", "false"),
    ("p-date", "1999-12-31"),
    ("p-ip", "2001:db8::7"),
    ("p-ints", "9223372036854775807"),
    ("p-texts", "Hello,free"),
];

/// A request.
pub struct Asked {
    target: String,
    lines: String,
    pub world: World,
}

impl Asked {
    pub fn bytes(&self) -> String {
        format!("GET {} HTTP/1.1\r\nHost: Shop.EXAMPLE.:8080\r\n{}\r\n", self.target, self.lines)
    }

    pub fn shown(&self) -> String {
        format!("{}{:?}", self.bytes(), self.world)
    }

    /// One to a route of a program whose parameters are as declared, or are given.
    pub fn random(random: &mut Random, route: usize, given: bool) -> Self {
        let mut asked = Self { target: String::new(), lines: String::new(), world: World::default() };
        asked.world.names = params(given);
        asked.path(random, route);
        asked.query(random);
        asked.head(random);
        let said = [("request.method", "GET"), ("request.host", "shop.example")];
        for (name, text) in said {
            asked.world.said.insert(name, Value::Text(text.to_owned()));
        }
        asked.world.said.insert("client.ip", Value::Ip(IpAddr::from([127, 0, 0, 1])));
        for (name, _, expr) in lets() {
            let value = asked.world.eval(&expr);
            asked.world.names.insert(name, value);
        }
        asked
    }

    fn name(&mut self, name: &'static str, value: Option<Value>) {
        self.world.names.insert(name, value);
    }

    fn path(&mut self, random: &mut Random, route: usize) {
        let n = random.of(&[0, 7, -7, 42, i64::MAX, i64::MIN]);
        let s = random.of(&[
            "a",
            "Hello",
            "a b/".trim_end_matches('/'),
            "ÄÖ",
            "free",
            "%41",
            "{x}",
            "the shop",
            "...",
        ]);
        let day = random.of(&["2024-02-29", "1999-12-31", "0000-01-01", "9999-12-31"]);
        let id = random.of(&["6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10", "00000000-0000-0000-0000-00000000000A"]);
        let b = random.of(&[true, false]);
        let path = format!("/{n}/{}/{day}/{id}/{b}/r{route}", in_path(s));
        self.name("n", Some(Value::Int(n)));
        self.name("s", Some(text(s)));
        self.name("day", Some(Value::Date(day.to_owned())));
        self.name("id", Some(Value::Uuid(id.to_lowercase())));
        self.name("b", Some(Value::Bool(b)));
        self.world.said.insert("request.path", text(&path));
        self.target = path;
    }

    fn query(&mut self, random: &mut Random) {
        let mut pairs: Vec<(&str, String)> = Vec::new();
        for (name, default, choices) in numbers().into_iter().chain(others()) {
            let (sent, value) = choices[random.below(choices.len())].clone();
            // Of those that may be left out, many are.
            if random.one_in(2) {
                self.name(name, default);
            } else {
                pairs.push((name, sent.to_owned()));
                self.name(name, Some(value));
            }
        }
        let ints = [0, 7, 42, i64::MIN];
        let many: Vec<i64> = (0..random.below(4)).map(|_| random.of(&ints)).collect();
        pairs.extend(many.iter().map(|number| ("q-ints", number.to_string())));
        let default = if many.is_empty() { vec![7] } else { many };
        self.name("q-ints", Some(Value::List(default.into_iter().map(Value::Int).collect())));
        // Without a default there is at least one.
        let texts = ["a", "Hello", "", "b,c", "é"];
        let many: Vec<&str> = (0..=random.below(3)).map(|_| random.of(&texts)).collect();
        pairs.extend(many.iter().map(|text| ("q-texts", (*text).to_owned())));
        self.name("q-texts", Some(Value::List(many.into_iter().map(text).collect())));
        for (name, choices) in [("raw", ["x", "a", "GET"]), ("a b", ["", "the shop", "ö ü"])] {
            let sent: Vec<&str> = (0..random.below(3)).map(|_| random.of(&choices)).collect();
            pairs.extend(sent.iter().map(|text| (name, (*text).to_owned())));
            self.field("query", name, &sent);
        }
        // The order of names means nothing, that of one name's values does.
        let mut names: Vec<&str> = pairs.iter().map(|(name, _)| *name).collect();
        for at in (1..names.len()).rev() {
            let other = random.below(at + 1);
            names.swap(at, other);
        }
        let mut next = |name: &str| {
            let at = pairs.iter().position(|(own, _)| *own == name).expect("one for each name");
            pairs.remove(at).1
        };
        let pairs: Vec<(&str, String)> = names.into_iter().map(|name| (name, next(name))).collect();
        for (at, (name, value)) in pairs.iter().enumerate() {
            self.target += if at == 0 { "?" } else { "&" };
            self.target += &in_query(name, random);
            self.target += "=";
            self.target += &in_query(value, random);
        }
    }

    fn field(&mut self, part: &'static str, name: &str, values: &[&str]) {
        if !values.is_empty() {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            self.world.fields.insert((part, name.to_owned()), values);
        }
    }

    fn head(&mut self, random: &mut Random) {
        let mut line = |asked: &mut Self, name: &str, value: &str| {
            let name = if random.one_in(2) { name.to_uppercase() } else { name.to_owned() };
            let blank = random.of(&["", " ", "  \t"]);
            write!(asked.lines, "{name}:{blank}{value}{blank}\r\n").unwrap();
        };
        let mut pick = Random(random_seed(&self.target));
        let low = pick.below(12);
        if low < 10 {
            line(self, "x-low", &low.to_string());
        }
        self.name("h-low", Some(Value::Int(if low < 10 { i64::try_from(low).unwrap() } else { 3 })));
        let text_field = pick.of(&["", "plain", "with, comma", "é \"x\""]);
        let is_sent = pick.one_in(2);
        if is_sent {
            line(self, "x-text", text_field);
        }
        self.name("h-text", is_sent.then(|| text(text_field)));
        let mut list = Vec::new();
        for _ in 0..pick.below(3) {
            let members: Vec<&str> = (0..pick.below(3)).map(|_| pick.of(&["a", "b", "c"])).collect();
            line(self, "x-list", &members.join(pick.of(&[",", ", ", " ,, "])));
            list.extend(members.into_iter().map(text));
        }
        self.name("h-list", Some(Value::List(list)));
        for (name, choices) in [("x-a", ["x", "a, b", "the shop"]), ("accept", ["", "*/*", "Hello"])] {
            let sent: Vec<&str> = (0..pick.below(3)).map(|_| pick.of(&choices)).collect();
            for value in &sent {
                line(self, name, value);
            }
            self.field("header", name, &sent);
        }
        let mut cookies = Vec::new();
        let text_cookie = pick.of(&["x", "a=b", "\"q\"", "0123456789"]);
        let is_sent = pick.one_in(2);
        cookies.extend(is_sent.then(|| format!("c-text={text_cookie}")));
        self.name("c-text", Some(text(if is_sent { text_cookie } else { "none" })));
        let int_cookie = pick.of(&[7, 0, -1]);
        let is_sent = pick.one_in(2);
        cookies.extend(is_sent.then(|| format!("c-int={int_cookie}")));
        self.name("c-int", is_sent.then_some(Value::Int(int_cookie)));
        for (name, choices) in [("s", ["x", "", "GET"]), ("t", ["a", "b", "c"])] {
            let sent: Vec<&str> = (0..pick.below(3)).map(|_| pick.of(&choices)).collect();
            cookies.extend(sent.iter().map(|value| format!("{name}={value}")));
            self.field("cookie", name, &sent);
        }
        let at = pick.below(cookies.len() + 1);
        let (first, second) = cookies.split_at(at);
        for line in [first, second].iter().filter(|line| !line.is_empty()) {
            write!(self.lines, "Cookie: {}\r\n", line.join("; ")).unwrap();
        }
    }
}

/// A field of the query: its name, what it is where it is not sent, and what may be sent.
type Declared = (&'static str, Option<Value>, Vec<(&'static str, Value)>);

/// Fields with a number.
fn numbers() -> [Declared; 6] {
    let int = |text: &'static str, number: i64| (text, Value::Int(number));
    let decimal = |text, units: i128| (text, Value::Decimal(units));
    let duration = |text, millis| (text, Value::Duration(millis));
    let size = |text, bytes| (text, Value::Size(bytes));
    let percent = |text, millionths| (text, Value::Percent(millionths));
    let least = int("-9223372036854775808", i64::MIN);
    let most = int("9223372036854775807", i64::MAX);
    [
        ("q-int", Some(Value::Int(3)), vec![int("0", 0), int("-7", -7), most]),
        ("q-may", None, vec![int("7", 7), int("42", 42), least]),
        (
            "q-dec",
            None,
            vec![decimal("9.95", 9_950_000_000), decimal("7", 7_000_000_000), decimal("-0.50", -500_000_000)],
        ),
        (
            "q-dur",
            Some(Value::Duration(1_000)),
            vec![duration("250ms", 250), duration("60s", 60_000), duration("0s", 0)],
        ),
        (
            "q-size",
            None,
            vec![size("64KiB", 65_536), size("0B", 0), size("1KB", 1_000), size("1024B", 1_024)],
        ),
        ("q-pct", None, vec![percent("5%", 50_000), percent("0.25%", 2_500), percent("100%", 1_000_000)]),
    ]
}

/// Fields with something else.
fn others() -> [Declared; 7] {
    let words = |all: &[&'static str]| all.iter().map(|it| (*it, text(it))).collect();
    let ips = |all: &[(&'static str, &str)]| all.iter().map(|(sent, is)| (*sent, ip(is))).collect();
    let uuid = "6F1C0D6E-2F63-4C11-9C54-0C8A3F1F7A10";
    let date = |text: &'static str| (text, Value::Date(text.to_owned()));
    let time = |text: &'static str| (text, Value::Time(text.to_owned()));
    let addresses = [
        ("10.9.8.7", "10.9.8.7"),
        ("::1", "::1"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
    ];
    [
        ("q-text", None, words(&["", "a", "line\nbreak\t", "Ä \"&=+%"])),
        ("q-ip", None, ips(&addresses)),
        ("q-uuid", None, vec![(uuid, Value::Uuid(uuid.to_lowercase()))]),
        ("q-date", None, vec![date("2024-02-29"), date("2023-01-31")]),
        ("q-time", Some(time("00:00:00").1), vec![time("21:55:00"), time("23:59:59")]),
        ("q-bool", None, vec![("true", Value::Bool(true)), ("false", Value::Bool(false))]),
        ("q-word", Some(text("pro")), words(&["free", "two words"])),
    ]
}

fn random_seed(text: &str) -> u64 {
    text.bytes().fold(7, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn ip(text: &str) -> Value {
    Value::Ip(text.parse().unwrap())
}

/// What parameters are.
fn params(given: bool) -> BTreeMap<&'static str, Option<Value>> {
    let list = |items: Vec<Value>| Value::List(items);
    let (int, texts) = (Value::Int, |all: &[&str]| all.iter().map(|it| text(it)).collect::<Vec<_>>());
    let either = |declared: Value, other: Value| Some(if given { other } else { declared });
    BTreeMap::from([
        ("p-int", either(int(7), int(i64::MIN))),
        ("p-low", either(int(-5), int(5))),
        ("p-dec", either(Value::Decimal(9_950_000_000), Value::Decimal(-1))),
        ("p-text", either(text("the shop"), text("a \"b\" é"))),
        ("p-word", either(text("free"), text(""))),
        ("p-dur", either(Value::Duration(1_500), Value::Duration(7_200_000))),
        ("p-size", Some(Value::Size(65_536))),
        ("p-pct", Some(Value::Percent(2_500))),
        ("p-bool", either(Value::Bool(true), Value::Bool(false))),
        ("p-date", either(Value::Date("2024-02-29".into()), Value::Date("1999-12-31".into()))),
        ("p-time", Some(Value::Time("21:55:00".into()))),
        ("p-ip", either(ip("10.1.2.3"), ip("2001:db8::7"))),
        ("p-uuid", Some(Value::Uuid("6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10".into()))),
        ("p-ints", either(list(vec![int(1), int(-7), int(42)]), list(vec![int(i64::MAX)]))),
        ("p-texts", either(list(texts(&["a", "Hello", ""])), list(texts(&["Hello", "free"])))),
    ])
}

/// A text as a segment of a path, in its one spelling.
fn in_path(text: &str) -> String {
    escaped(text, |byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte))
}

/// A text as a part of a query, in one of its spellings.
fn in_query(text: &str, random: &mut Random) -> String {
    let escapes_all = random.one_in(6);
    let spelled = escaped(text, |byte| {
        byte == b' ' || !escapes_all && (byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    });
    spelled.replace(' ', random.of(&["+", "%20"]))
}

fn escaped(text: &str, is_plain: impl Fn(u8) -> bool) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
        out
    })
}
