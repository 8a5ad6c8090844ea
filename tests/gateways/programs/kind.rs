//! The types of a random program: how they are written, and values of them.

use super::chance::Random;

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Bool,
    Int(i64, i64),
    Decimal,
    Text,
    Bounded(usize, usize),
    Words(Vec<&'static str>),
    Duration,
    Size,
    Percent,
    Ip,
    Cidr,
    Uuid,
    Date,
    Time,
    Url,
    /// Written in parameters only: of limits, of upstreams, of the gateway.
    Rate,
    Servers,
    Listener,
    /// The rest of a path.
    Path,
    List(Box<Kind>),
    Maybe(Box<Kind>),
}

const WORDS: [&str; 6] = ["free", "pro", "", "two words", "qu\\\"ote", "ä"];
const BOUNDS: [(i64, i64); 6] = [(1, 50), (-5, 5), (0, 1), (7, 7), (i64::MIN, i64::MAX), (i64::MIN, 0)];
const TEXTS: [&str; 8] =
    ["", "a", "Hello", "\\\"quoted\\\"", "line\\nbreak", "\\{brace\\}", "äöü 🦀", "\\\\ back \\u{41}"];

impl Kind {
    /// One that a text can hold.
    pub fn scalar(random: &mut Random) -> Self {
        match random.below(17) {
            0 => Self::Bool,
            1 | 2 => {
                let (min, max) = random.of(&BOUNDS);
                Self::Int(min, max)
            }
            3 => Self::Decimal,
            4 | 5 => Self::Text,
            6 => Self::Bounded(random.below(3), 3 + random.below(30)),
            7 | 8 => {
                let start = random.below(WORDS.len() - 1);
                let end = (start + 1 + random.below(4)).min(WORDS.len());
                Self::Words(WORDS[start..end].to_vec())
            }
            9 => Self::Duration,
            10 => Self::Size,
            11 => Self::Percent,
            12 => Self::Ip,
            13 => Self::Cidr,
            14 => Self::Uuid,
            15 => Self::Date,
            _ if random.one_in(2) => Self::Time,
            _ => Self::Url,
        }
    }

    /// Whether no expression names it.
    pub fn is_set_only(&self) -> bool {
        matches!(self, Self::Rate | Self::Servers | Self::Listener)
    }

    /// One that a segment of a path can hold, or a label of a host.
    pub fn captured(random: &mut Random, is_segment: bool) -> Self {
        loop {
            let kind = Self::scalar(random);
            match kind {
                Self::Bounded(..) | Self::Bool | Self::Int(..) | Self::Text | Self::Uuid | Self::Date => {
                    return kind;
                }
                Self::Words(words) if is_segment && !words.contains(&"") => return Self::Words(words),
                _ => {}
            }
        }
    }

    pub fn or_list(self, random: &mut Random) -> Self {
        if random.one_in(5) { Self::List(self.into()) } else { self }
    }

    /// As a program writes it.
    pub fn written(&self) -> String {
        match self {
            Self::Bool => "bool".into(),
            Self::Int(i64::MIN, i64::MAX) => "int".into(),
            Self::Int(i64::MIN, max) => format!("int(..{max})"),
            Self::Int(min, i64::MAX) => format!("int({min}..)"),
            Self::Int(min, max) => format!("int({min}..{max})"),
            Self::Decimal => "decimal".into(),
            Self::Text => "string".into(),
            Self::Bounded(min, max) => format!("string({min}..{max})"),
            Self::Words(words) => {
                words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" | ")
            }
            Self::Duration => "duration(..1h)".into(),
            Self::Size => "size(0B..)".into(),
            Self::Percent => "percent(0%..100%)".into(),
            Self::Ip => "ip".into(),
            Self::Cidr => "cidr".into(),
            Self::Uuid => "uuid".into(),
            Self::Date => "date".into(),
            Self::Time => "time".into(),
            Self::Url => "url".into(),
            Self::Rate => "rate(1/day..1000000000/s)".into(),
            Self::Servers => "list<url>(1..4)".into(),
            Self::Listener => "addr".into(),
            Self::Path => "path".into(),
            Self::List(item) => format!("list<{}>", item.written()),
            Self::Maybe(inner) => match &**inner {
                Self::Words(_) => format!("({})?", inner.written()),
                inner => format!("{}?", inner.written()),
            },
        }
    }

    /// A literal of it.
    pub fn literal(&self, random: &mut Random) -> String {
        match self {
            Self::Bool => random.of(&["true", "false"]).into(),
            Self::Int(min, max) => {
                let near = [0, 1, -1, 7, 42, *min, *max];
                let inside: Vec<i64> = near.into_iter().filter(|it| (min..=max).contains(&it)).collect();
                random.of(&inside).to_string()
            }
            Self::Decimal => random.of(&["9.95", "-0.5", "0.000000001", "12", "-3"]).into(),
            Self::Text => format!("\"{}\"", random.of(&TEXTS)),
            Self::Bounded(_, max) => {
                format!("\"{}\"", "abcäxyz".chars().cycle().take(*max).collect::<String>())
            }
            Self::Words(words) => format!("\"{}\"", random.of(words)),
            Self::Duration => random.of(&["250ms", "2s", "5m", "1h", "1ms"]).into(),
            Self::Size => random.of(&["0B", "64KiB", "10MB", "1GiB"]).into(),
            Self::Percent => random.of(&["5%", "0%", "100%", "0.25%"]).into(),
            Self::Ip => random.of(&["10.1.2.3", "::1", "2001:db8::7", "127.0.0.1"]).into(),
            Self::Cidr => random.of(&["10.0.0.0/8", "2001:db8::/32", "192.168.1.0/24", "0.0.0.0/0"]).into(),
            Self::Uuid => random
                .of(&["\"6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10\"", "\"00000000-0000-0000-0000-00000000000A\""])
                .into(),
            Self::Date => random.of(&["\"2024-02-29\"", "\"1999-12-31\""]).into(),
            Self::Time => random.of(&["\"21:55:00\"", "\"00:00:00\""]).into(),
            Self::Url => random.of(&["\"https://example.com/a?b=c\"", "\"http://127.0.0.1:9000\""]).into(),
            Self::Servers => random
                .of(&["[\"http://10.0.0.1:9000\"]", "[\"http://10.0.0.2\", \"http://[::1]:9003\"]"])
                .into(),
            Self::Listener => random.of(&["127.0.0.1:3", "[::1]:3"]).into(),
            Self::Rate => random.of(&["100/s", "20/10s", "10000/day"]).into(),
            Self::Path => "\"a/b\"".into(),
            Self::List(item) => {
                let items: Vec<String> = (0..=random.below(2)).map(|_| item.literal(random)).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Maybe(inner) => inner.literal(random),
        }
    }

    pub fn is_ordered(&self) -> bool {
        matches!(
            self,
            Self::Int(..)
                | Self::Decimal
                | Self::Duration
                | Self::Size
                | Self::Percent
                | Self::Date
                | Self::Time
        )
    }

    /// Whether its values may be a part of a path's segment.
    pub fn is_in_path(&self) -> bool {
        !matches!(self, Self::Cidr | Self::Url | Self::Rate | Self::Path | Self::List(_) | Self::Maybe(_))
    }

    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Bounded(..) | Self::Words(_) | Self::Url | Self::Path)
    }
}
