//! The rule "which route wins" by its words, slowly: all routes that match, compared in pairs, component by component.
//!
//! It reads the text of a gateway itself and shares nothing with the compiler or the runtime but the bits of methods.

use gatewright_runtime::generated::method;

use super::request::{Request, encoded};

/// A route with one method.
#[derive(Clone, Debug)]
pub struct Route {
    /// From 1.
    pub line: u32,
    pub method: String,
    pub segments: Vec<Set>,
    /// Whether one or more segments follow, of which the last may be empty.
    pub rest: bool,
}

/// The texts that a segment may have, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Set {
    Literal(String),
    Int(i64, i64),
    Uuid,
    Date,
    Any,
}

/// What must happen to a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Expected {
    Route { line: u32, captures: Vec<String> },
    OtherMethods(u16),
    Nothing,
}

/// The routes of a gateway that has each of them on a line of its own.
pub fn routes(text: &str) -> Vec<Route> {
    let mut routes = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let Some(route) = text.strip_prefix("route ") else { continue };
        let (methods, rest) = route.split_once(" /").unwrap();
        let end =
            [" respond ", " redirect ", " -> "].iter().filter_map(|word| rest.find(word)).min().unwrap();
        let mut segments: Vec<&str> = rest[..end].split('/').collect();
        let has_rest = segments.pop_if(|segment| *segment == "{rest: path}").is_some();
        let mut forms = vec![segments.clone()];
        if rest[end..].contains("slash either") {
            if segments.pop_if(|last| last.is_empty()).is_none() {
                segments.push("");
            }
            forms.push(segments);
        }
        for segments in &forms {
            routes.extend(methods.split(", ").map(|method| Route {
                line,
                method: method.to_owned(),
                segments: segments.iter().map(|segment| Set::read(segment)).collect(),
                rest: has_rest,
            }));
        }
    }
    routes
}

/// The routes that match a request.
pub fn candidates<'a>(routes: &'a [Route], request: &Request) -> Vec<&'a Route> {
    routes.iter().filter(|route| route.has(&request.segments) && route.takes(request.method)).collect()
}

/// The most specific of them, or why there is none.
pub fn expected(routes: &[Route], request: &Request) -> Expected {
    let candidates = candidates(routes, request);
    let mut best = candidates.iter().filter(|route| candidates.iter().all(|other| route.wins(other)));
    match (best.next(), best.next()) {
        (Some(route), None) => {
            Expected::Route { line: route.line, captures: route.captures(&request.segments) }
        }
        (Some(_), Some(_)) => panic!("two routes are most specific: {request:?}"),
        (None, _) if !candidates.is_empty() => panic!("no route is most specific: {request:?}"),
        _ => match routes
            .iter()
            .filter(|route| route.has(&request.segments))
            .fold(0, |all, it| all | it.bits())
        {
            0 => Expected::Nothing,
            methods => Expected::OtherMethods(methods),
        },
    }
}

impl Route {
    fn has(&self, path: &[String]) -> bool {
        let enough =
            if self.rest { path.len() > self.segments.len() } else { path.len() == self.segments.len() };
        enough && self.segments.iter().zip(path).all(|(set, text)| set.has(text))
    }

    fn takes(&self, method: &str) -> bool {
        match self.method.as_str() {
            "*" => method != "TRACE" && method != "CONNECT",
            "GET" => method == "GET" || method == "HEAD",
            own => own == method,
        }
    }

    fn bits(&self) -> u16 {
        match self.method.as_str() {
            "*" => method::ANY,
            "GET" => method::GET | method::HEAD,
            own => super::request::bit(own),
        }
    }

    /// Whether it is itself, or wins over another route that matches the same request: the first component that differs
    /// decides, and there the smaller set wins.
    fn wins(&self, other: &Self) -> bool {
        for at in 0..self.segments.len().max(other.segments.len()) {
            // Where one has ended, its rest takes over: it holds every segment, and more.
            match (self.segments.get(at), other.segments.get(at)) {
                (Some(own), Some(other)) if own.is_in(other) && other.is_in(own) => {}
                (Some(own), Some(other)) => return own.is_in(other),
                (own, _) => return own.is_some(),
            }
        }
        let size = |method: &str| match method {
            "*" => 3,
            "GET" => 2,
            _ => 1,
        };
        size(&self.method) < size(&other.method) || std::ptr::eq(self, other)
    }

    /// In the spelling of the path.
    fn captures(&self, path: &[String]) -> Vec<String> {
        // What has one text is not noted: a target has it from the compiler.
        let is_noted =
            |set: &Set| !matches!(set, Set::Literal(_)) && !matches!(set, Set::Int(a, b) if a == b);
        let own = self.segments.iter().zip(path).filter(|(set, _)| is_noted(set));
        let mut captures: Vec<String> = own.map(|(_, text)| encoded(text)).collect();
        if self.rest {
            let rest: Vec<String> = path[self.segments.len()..].iter().map(|text| encoded(text)).collect();
            captures.push(rest.join("/"));
        }
        captures
    }
}

impl Set {
    /// As a gateway writes it.
    pub fn read(written: &str) -> Self {
        let Some(inside) = written.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return Self::Literal(decoded(written));
        };
        match inside.split_once(':').map_or("", |(_, ty)| ty.trim()) {
            "" | "string" => Self::Any,
            "uuid" => Self::Uuid,
            "date" => Self::Date,
            "int" => Self::Int(i64::MIN, i64::MAX),
            ty => {
                let bounds = ty.strip_prefix("int(").unwrap().strip_suffix(')').unwrap();
                let (min, max) = bounds.split_once("..").unwrap();
                Self::Int(min.parse().unwrap(), max.parse().unwrap())
            }
        }
    }

    pub fn has(&self, text: &str) -> bool {
        match self {
            Self::Literal(own) => own == text,
            // One spelling for each number: the one in which it is printed.
            Self::Int(min, max) => {
                text.parse::<i64>().is_ok_and(|it| it.to_string() == text && (min..=max).contains(&&it))
            }
            Self::Uuid => {
                let groups: Vec<&str> = text.split('-').collect();
                groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
                    && groups.concat().chars().all(|digit| digit.is_ascii_hexdigit())
            }
            Self::Date => text.is_ascii() && text.len() == 10 && is_day(text),
            Self::Any => !text.is_empty(),
        }
    }

    fn is_in(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(text), other) => other.has(text),
            (Self::Int(a, b), Self::Int(c, d)) => c <= a && b <= d,
            (Self::Int(a, b), Self::Literal(text)) => a == b && a.to_string() == *text,
            (own, Self::Any) => own != &Self::Literal(String::new()),
            (own, other) => own == other,
        }
    }
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let digits = [year, month, day].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let (Ok(year), Ok(month), Ok(day)) = (year.parse::<u32>(), month.parse::<usize>(), day.parse::<u32>())
    else {
        return false;
    };
    let is_leap = year.is_multiple_of(400) || year.is_multiple_of(4) && !year.is_multiple_of(100);
    let days = [31, 28 + u32::from(is_leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    digits && (1..=12).contains(&month) && (1..=days[month - 1]).contains(&day)
}

fn decoded(written: &str) -> String {
    let mut parts = written.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}
