//! Random requests, as bytes and as what an expression reads of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use super::eval::World;
use super::values::chance::Random;
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
        let mut field = |asked: &mut Self, name, default: Option<Value>, choices: &[(&str, Value)]| {
            let (sent, value) = &choices[random.below(choices.len())];
            // Of those that may be left out, many are.
            if random.one_in(2) {
                asked.name(name, default);
            } else {
                pairs.push((name, (*sent).to_owned()));
                asked.name(name, Some(value.clone()));
            }
        };
        let int = |number: i64| Value::Int(number);
        field(
            self,
            "q-int",
            Some(int(3)),
            &[("0", int(0)), ("-7", int(-7)), ("9223372036854775807", int(i64::MAX))],
        );
        field(
            self,
            "q-may",
            None,
            &[("7", int(7)), ("42", int(42)), ("-9223372036854775808", int(i64::MIN))],
        );
        field(
            self,
            "q-text",
            None,
            &[
                ("", text("")),
                ("a", text("a")),
                ("line\nbreak\t", text("line\nbreak\t")),
                ("Ä \"&=+%", text("Ä \"&=+%")),
            ],
        );
        field(
            self,
            "q-dec",
            None,
            &[
                ("9.95", Value::Decimal(9_950_000_000)),
                ("7", Value::Decimal(7_000_000_000)),
                ("-0.50", Value::Decimal(-500_000_000)),
            ],
        );
        field(
            self,
            "q-dur",
            Some(Value::Duration(1_000)),
            &[("250ms", Value::Duration(250)), ("60s", Value::Duration(60_000)), ("0s", Value::Duration(0))],
        );
        field(
            self,
            "q-size",
            None,
            &[
                ("64KiB", Value::Size(65_536)),
                ("0B", Value::Size(0)),
                ("1KB", Value::Size(1_000)),
                ("1024B", Value::Size(1_024)),
            ],
        );
        field(
            self,
            "q-pct",
            None,
            &[
                ("5%", Value::Percent(50_000)),
                ("0.25%", Value::Percent(2_500)),
                ("100%", Value::Percent(1_000_000)),
            ],
        );
        field(
            self,
            "q-ip",
            None,
            &[
                ("10.9.8.7", ip("10.9.8.7")),
                ("::1", ip("::1")),
                ("2001:DB8:0::7", ip("2001:db8::7")),
                ("::ffff:10.1.2.3", ip("10.1.2.3")),
            ],
        );
        field(
            self,
            "q-uuid",
            None,
            &[(
                "6F1C0D6E-2F63-4C11-9C54-0C8A3F1F7A10",
                Value::Uuid("6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10".into()),
            )],
        );
        field(
            self,
            "q-date",
            None,
            &[
                ("2024-02-29", Value::Date("2024-02-29".into())),
                ("2023-01-31", Value::Date("2023-01-31".into())),
            ],
        );
        field(
            self,
            "q-time",
            Some(Value::Time("00:00:00".into())),
            &[("21:55:00", Value::Time("21:55:00".into())), ("23:59:59", Value::Time("23:59:59".into()))],
        );
        field(self, "q-bool", None, &[("true", Value::Bool(true)), ("false", Value::Bool(false))]);
        field(self, "q-word", Some(text("pro")), &[("free", text("free")), ("two words", text("two words"))]);
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
