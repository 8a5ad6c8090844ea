//! What an answer says, part by part: which fields are gone, which are new, and which say something else.

use super::alike::bare;
use super::content::Both;
use super::part::draft;
use super::setting::Draft;
use super::{Class, Said};
use crate::checked::Told;
use crate::ir::expr::{Constant, Expr, Kind};
use crate::ir::{self, Respond};
use crate::json;
use crate::routes::expr::{Reader, constant};
use crate::routes::written::{in_full, told_apart};
use crate::ty::inclusion::{self, Held, Wire};
use crate::ty::{Range, Ty};

/// The media type of JSON.
const JSON: &str = "application/json";

/// Characters of what is said that are shown.
const SHOWN: usize = 120;

/// Two answers, and what is otherwise in the second.
pub(super) struct Answers<'a> {
    pub(super) both: Both<'a>,
    pub(super) readers: (&'a Reader<'a>, &'a Reader<'a>),
    /// Where they are written.
    pub(super) told: (&'a Told, &'a Told),
    /// How they are written as a whole.
    pub(super) whole: (String, String),
    pub(super) drafts: Vec<Draft>,
}

/// A part of an answer.
#[derive(Clone)]
enum Part<'a> {
    Expr(&'a Expr),
    /// JSON that is written out.
    Text(String),
    /// Whatever of a type stands in a document.
    Of(&'a Ty),
}

impl<'a> Answers<'a> {
    /// Of stated answers.
    pub(super) fn responds(&mut self, a: &'a Respond, b: &'a Respond) {
        let Respond { status, body } = a;
        if *status != b.status {
            let what = format!("its status was `{status}`, and is `{}`", b.status);
            self.say((Class::Breaking, "answer_status", what), "", [None, None]);
        }
        let ((media, own), (other, new)) = match (body, &b.body) {
            (Some(a), Some(b)) => (a, b),
            (None, None) => return,
            (Some(_), None) => {
                let what = "its answer has no body any more".to_owned();
                return self.say((Class::Breaking, "answer_removed", what), "", [None, None]);
            }
            (None, Some(_)) => {
                let what = "its answer has a body, and had none".to_owned();
                return self.say((Class::Changed, "answer_added", what), "", [None, None]);
            }
        };
        if media != other {
            let what = format!("its answer was `{media}`, and is `{other}`");
            self.say((Class::Breaking, "answer", what), "", [None, None]);
        } else if *media == JSON {
            if let (Some(a), Some(b)) = (said(self.both.a.program, own), said(self.both.b.program, new)) {
                self.part("", &a, &b);
            }
        } else {
            let is_same = match (own, new) {
                (ir::Said::Text(a), ir::Said::Text(b)) => a == b,
                (ir::Said::Expr(a), ir::Said::Expr(b)) => self.both.same(*a, *b, None),
                _ => false,
            };
            let shown = |said: &ir::Said, reader: &Reader<'_>| match said {
                ir::Said::Text(text) => format!("{text:?}"),
                ir::Said::Expr(number) => reader.function(*number),
            };
            if !is_same {
                let texts = [shown(own, self.readers.0), shown(new, self.readers.1)];
                self.became(Class::Changed, "", texts);
            }
        }
    }

    /// Of answers that are made of calls, by the numbers of their functions.
    pub(super) fn composed(&mut self, a: usize, b: usize) {
        let expr = |program: &'a ir::Program, number: usize| {
            program.functions.exprs.get(number).map(|function| Part::Expr(&function.expr))
        };
        let whole = |reader: &Reader<'_>, number| format!("respond {}", reader.function(number));
        self.whole = (whole(self.readers.0, a), whole(self.readers.1, b));
        if let (Some(a), Some(b)) = (expr(self.both.a.program, a), expr(self.both.b.program, b)) {
            self.part("", &a, &b);
        }
    }

    fn part(&mut self, path: &str, a: &Part<'a>, b: &Part<'a>) {
        match (a, b) {
            _ if a.written().is_some_and(|written| b.written() == Some(written)) => return,
            (Part::Of(a), Part::Of(b)) => return self.types(path, a, b),
            (Part::Expr(x), Part::Expr(y)) => {
                if self.both.alike(x, y, None) {
                    return self.types(path, &x.ty, &y.ty);
                }
                if let (Kind::Each(list, _, own), Kind::Each(other, _, new)) = (&bare(x).kind, &bare(y).kind)
                    && self.both.alike(list, other, None)
                {
                    return self.part(&format!("{path}[*]"), &Part::Expr(own), &Part::Expr(new));
                }
            }
            _ => {}
        }
        if (a.is_made() || b.is_made())
            && (a.may_lack() || !b.may_lack())
            && let (Some(old), Some(new)) = (a.fields(), b.fields())
        {
            return self.fields(path, &old, &new);
        }
        let class = if a.leads_to(b) { Class::Changed } else { Class::Breaking };
        self.became(class, path, [self.shown(a, 0), self.shown(b, 1)]);
    }

    fn fields(&mut self, path: &str, old: &[(String, Part<'a>)], new: &[(String, Part<'a>)]) {
        let before = self.drafts.len();
        let dot = if path.is_empty() { "" } else { "." };
        for (name, a) in old {
            let own = format!("{path}{dot}{name}");
            if let Some((_, b)) = new.iter().find(|(other, _)| other == name) {
                self.part(&own, a, b);
            } else {
                let what = format!("`{own}` of its answer is gone");
                self.say((Class::Breaking, "answer_removed", what), &own, [Some(self.shown(a, 0)), None]);
            }
        }
        for (name, b) in new.iter().filter(|(name, _)| old.iter().all(|(other, _)| other != name)) {
            let own = format!("{path}{dot}{name}");
            let shown = self.shown(b, 1);
            let what = format!("`{own}` of its answer is new: `{shown}`");
            self.say((Class::Neutral, "answer_added", what), &own, [None, Some(shown)]);
        }
        let is_turned = old.iter().map(|(name, _)| name).ne(new.iter().map(|(name, _)| name));
        if self.drafts.len() == before && is_turned {
            let of =
                if path.is_empty() { "its answer".to_owned() } else { format!("`{path}` of its answer") };
            let what = format!("the fields of {of} stand in another order");
            self.say((Class::Neutral, "answer_order", what), path, [None, None]);
        }
    }

    /// What stands in the same place of the same thing may be of another type.
    fn types(&mut self, path: &str, a: &'a Ty, b: &'a Ty) {
        if a == b {
            return;
        }
        let (old, was_optional) = a.present();
        let (new, is_optional) = b.present();
        let inner = match (old, new) {
            _ if is_optional && !was_optional => None,
            (Ty::Record(_), Ty::Record(_)) => {
                if let (Some(old), Some(new)) = (Part::Of(old).fields(), Part::Of(new).fields()) {
                    self.fields(path, &old, &new);
                }
                return;
            }
            (Ty::List(a, range), Ty::List(b, other)) if range == other => Some((a, b)),
            (Ty::Map(a), Ty::Map(b)) => Some((a, b)),
            _ => None,
        };
        if let Some((a, b)) = inner {
            return self.types(&format!("{path}[*]"), a, b);
        }
        let class = match inclusion::compared(b, a, Wire::Loose) {
            Held::Fewer => Class::Breaking,
            Held::Unknown => Class::Changed,
            // What clients had to understand they still do; that there is less of it is said where it comes from.
            Held::Same | Held::More => return,
        };
        self.became(class, path, told_apart(a, b));
    }

    fn became(&mut self, class: Class, path: &str, [old, new]: [String; 2]) {
        let of = if path.is_empty() { "its answer".to_owned() } else { format!("`{path}` of its answer") };
        let what = if old == new {
            format!("{of} is made in another way")
        } else {
            format!("{of} was `{}`, and is `{}`", short(&old), short(&new))
        };
        self.say((class, "answer", what), path, [Some(old), Some(new)]);
    }

    fn say(
        &mut self,
        (class, kind, what): (Class, &'static str, String),
        path: &str,
        [old, new]: [Option<String>; 2],
    ) {
        let is_gone = kind == "answer_removed" && !path.is_empty();
        let is_new = kind == "answer_added" && !path.is_empty();
        let before = if is_new { Vec::new() } else { place(self.told.0, path, old, &self.whole.0) };
        let after = if is_gone { Vec::new() } else { place(self.told.1, path, new, &self.whole.1) };
        self.drafts.push(draft(class, kind, what).said(before, after));
    }

    fn shown(&self, part: &Part<'_>, side: usize) -> String {
        let reader = if side == 0 { self.readers.0 } else { self.readers.1 };
        let shown = match part {
            Part::Expr(expr) => reader.expr(expr),
            Part::Text(text) => text.clone(),
            Part::Of(ty) => in_full(ty),
        };
        short(&shown)
    }
}

/// Where a part is written; of what is not written by itself, where that is of which it is a part.
fn place(told: &Told, path: &str, shown: Option<String>, whole: &str) -> Vec<Said> {
    let mut at = path;
    loop {
        if let Some(place) = told.get(at) {
            let text = match (at, shown) {
                ("", _) => short(whole),
                (at, Some(shown)) if at == path => format!("{at}: {}", short(&shown)),
                (at, _) => at.to_owned(),
            };
            return vec![Said::of(text, place)];
        }
        if at.is_empty() {
            return Vec::new();
        }
        let around = at.strip_suffix("[*]").or_else(|| at.rsplit_once('.').map(|(around, _)| around));
        at = around.unwrap_or_default();
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// What a stated answer says, as JSON.
fn said<'a>(program: &'a ir::Program, said: &ir::Said) -> Option<Part<'a>> {
    match said {
        ir::Said::Text(text) => Some(Part::Text(text.clone())),
        ir::Said::Expr(number) => Some(Part::Expr(&program.functions.exprs.get(*number)?.expr)),
    }
}

impl<'a> Part<'a> {
    /// Whether its fields are written out.
    fn is_made(&self) -> bool {
        match self {
            Self::Expr(expr) => matches!(bare(expr).kind, Kind::Record(_)),
            Self::Text(_) => true,
            Self::Of(_) => false,
        }
    }

    fn may_lack(&self) -> bool {
        match self {
            Self::Expr(expr) => matches!(expr.ty, Ty::Optional(_)),
            Self::Of(ty) => matches!(ty, Ty::Optional(_)),
            Self::Text(_) => false,
        }
    }

    fn fields(&self) -> Option<Vec<(String, Self)>> {
        let of_type = |ty: &'a Ty| match ty.present().0 {
            Ty::Record(record) => {
                let read = record.fields.iter().filter(|field| !field.is_skipped);
                Some(read.map(|field| (field.on_wire().to_owned(), Self::Of(&field.ty))).collect())
            }
            _ => None,
        };
        match self {
            Self::Expr(expr) => match &bare(expr).kind {
                Kind::Record(fields) => {
                    Some(fields.iter().map(|(name, value)| (name.clone(), Self::Expr(value))).collect())
                }
                _ => of_type(&expr.ty),
            },
            Self::Text(text) => {
                let members = members(text)?.into_iter();
                Some(members.map(|(name, text)| (name, Self::Text(text))).collect())
            }
            Self::Of(ty) => of_type(ty),
        }
    }

    /// Whether a client that understands all that the first may be understands the second: as far as types say it.
    fn leads_to(&self, new: &Self) -> bool {
        if new.may_lack() && !self.may_lack() {
            return false;
        }
        match (self.written(), new.written()) {
            (Some(old), Some(new)) => Sort::of_text(&old) == Sort::of_text(&new),
            // One text or number was all that there was, and may have been any.
            (Some(old), None) => new.ty().is_none_or(|ty| Sort::of_type(ty) == Sort::of_text(&old)),
            (None, Some(new)) => self.ty().is_none_or(|ty| match exact(&new) {
                Some(one) => inclusion::compared(&one, ty.present().0, Wire::Loose) != Held::Fewer,
                None => Sort::of_type(ty) == Sort::of_text(&new),
            }),
            (None, None) => match (self.ty(), new.ty()) {
                (Some(old), Some(new)) => inclusion::compared(new, old, Wire::Loose) != Held::Fewer,
                _ => true,
            },
        }
    }

    fn ty(&self) -> Option<&'a Ty> {
        match self {
            Self::Expr(expr) => Some(&expr.ty),
            Self::Of(ty) => Some(ty),
            Self::Text(_) => None,
        }
    }

    /// The JSON of what is the same for each request.
    fn written(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.trim().to_owned()),
            Self::Expr(expr) => match &bare(expr).kind {
                Kind::Constant(Constant::Text(text)) => {
                    let mut out = String::new();
                    json::string(text, &mut out);
                    Some(out)
                }
                Kind::Constant(it @ (Constant::Bool(_) | Constant::Int(_) | Constant::Decimal(_))) => {
                    Some(constant(it))
                }
                Kind::List(items) => {
                    let items: Option<Vec<String>> =
                        items.iter().map(|item| Part::Expr(item).written()).collect();
                    Some(format!("[{}]", items?.join(",")))
                }
                _ => None,
            },
            Self::Of(_) => None,
        }
    }
}

/// What JSON tells apart.
#[derive(PartialEq, Eq)]
enum Sort {
    Bool,
    Number,
    Text,
    List,
    Record,
}

impl Sort {
    fn of_text(json: &str) -> Self {
        match json.bytes().next() {
            Some(b'{') => Self::Record,
            Some(b'[') => Self::List,
            Some(b'"') => Self::Text,
            Some(b't' | b'f') => Self::Bool,
            _ => Self::Number,
        }
    }

    fn of_type(ty: &Ty) -> Self {
        match ty.present().0 {
            Ty::Bool => Self::Bool,
            Ty::Int(_) | Ty::Decimal(_) => Self::Number,
            Ty::List(..) => Self::List,
            Ty::Record(_) | Ty::Map(_) => Self::Record,
            _ => Self::Text,
        }
    }
}

/// The type that has this one text or number. Escapes of a text are looked at by nobody.
fn exact(json: &str) -> Option<Ty> {
    match Sort::of_text(json) {
        Sort::Bool => Some(Ty::Bool),
        Sort::Number => match json.parse() {
            Ok(one) => Some(Ty::Int(Range { min: Some(one), max: Some(one) })),
            Err(_) => Some(Ty::DECIMAL),
        },
        Sort::Text if !json.contains('\\') => Some(Ty::Enum([json.trim_matches('"').to_owned()].into())),
        Sort::Text => Some(Ty::STRING),
        Sort::List | Sort::Record => None,
    }
}

/// The members of an object: their names, and what each is. `None`: it is none.
fn members(json: &str) -> Option<Vec<(String, String)>> {
    let inside = json.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut members = Vec::new();
    let (mut depth, mut is_text, mut is_escaped) = (0_u32, false, false);
    let (mut start, mut name) = (0, None);
    let mut push = |name: Option<&str>, value: &str| {
        members.extend(name.map(|name| (name.to_owned(), value.trim().to_owned())));
    };
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b':' if depth == 0 => {
                name = Some(inside.get(start..at)?.trim().strip_prefix('"')?.strip_suffix('"')?);
                start = at + 1;
            }
            b',' if depth == 0 => {
                push(name.take(), inside.get(start..at)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    push(name, inside.get(start..)?);
    Some(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_told_apart() {
        let of = |json: &str| {
            let members = members(json).unwrap_or_default();
            members.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(
            of(r#"{"a":1,"b":{"c":[1,2],"d":"x,\"}"},"e":[]}"#),
            r#"a 1; b {"c":[1,2],"d":"x,\"}"}; e []"#
        );
        assert_eq!(of(" {\n \"a\" : \"b:c\" , \"d\": 2\n} "), "a \"b:c\"; d 2");
        assert_eq!((of("{}"), members("[1]").is_none()), (String::new(), true));
    }

    #[test]
    fn a_part_is_where_it_or_what_is_around_it_is_written() {
        let line = |line| crate::checked::Place { file: "a.gw".to_owned(), line };
        let told: Told = [("", 1), ("a", 2), ("a.b", 3), ("c[*].d", 4), ("c", 5)]
            .map(|(path, at)| (path.to_owned(), line(at)))
            .into();
        for (path, at) in [
            ("", 1),
            ("a.b", 3),
            ("a.b[*].x", 3),
            ("a.y", 2),
            ("c[*]", 5),
            ("c[*].d", 4),
            ("c[*].e", 5),
            ("z", 1),
        ] {
            assert_eq!(place(&told, path, None, "respond").first().map(|said| said.line), Some(at), "{path}");
        }
    }
}
