//! Types, fields, and the bodies of type declarations.

use super::literal::regex_text;
use super::reader::Reader;
use super::strict::END;
use super::{Pair, Rule};
use crate::ast::{Bounds, Field, Name, Text, Type, TypeBody, TypeKind};
use crate::problem::syntax;
use crate::source::Span;
use std::collections::BTreeMap;

impl Reader<'_> {
    /// A type as written.
    pub(super) fn ty(&mut self, pair: Pair<'_>) -> Option<Type> {
        let at = self.span(&pair);
        self.deeper(at, |reader| reader.ty_inside(pair))
    }

    fn ty_inside(&mut self, pair: Pair<'_>) -> Option<Type> {
        let span = self.span(&pair);
        let (mut name, mut of, mut bounds, mut kind) = (None, None, None, None);
        let mut optional = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::enum_type => kind = self.enumeration(part),
                Rule::type_name => name = Some(self.name(&part)),
                Rule::r#type => of = Some(self.ty(part)?),
                Rule::bounds => bounds = Some(self.bounds(part)?),
                Rule::optional => optional = true,
                Rule::type_group => {
                    let inner = part.into_inner().find(|part| part.as_rule() == Rule::r#type)?;
                    kind = Some(self.ty(inner)?.kind);
                }
                _ => {}
            }
        }
        let kind = match (kind, name, of) {
            (Some(kind), ..) => kind,
            (None, Some(name), Some(of)) => TypeKind::Generic { name, of: Box::new(of), bounds },
            (None, name, None) => TypeKind::Named { name: name?, bounds },
            (None, None, _) => return None,
        };
        if !optional {
            return Some(Type { span, kind });
        }
        let inner = Span { end: span.end - 1, ..span };
        Some(Type { span, kind: TypeKind::Optional(Box::new(Type { span: inner, kind })) })
    }

    fn enumeration(&mut self, pair: Pair<'_>) -> Option<TypeKind> {
        let span = self.span(&pair);
        let mut words: Vec<Text> = Vec::new();
        let mut seen = BTreeMap::new();
        for part in pair.into_inner() {
            let at = self.span(&part);
            if part.as_rule() == Rule::optional {
                let written = self.slice(Span { end: at.start, ..span });
                let help = format!("write `({written})?`");
                self.report(
                    syntax::unexpected_text(at, "?", "parentheses around the words before `?`").help(help),
                );
                return None;
            }
            let value = self.plain_string(at);
            self.only_once(&mut seen, at, &value);
            words.push(Text { span: at, value });
        }
        Some(TypeKind::Enum(words))
    }

    fn bounds(&mut self, pair: Pair<'_>) -> Option<Bounds> {
        let inner = pair.into_inner().next()?;
        let span = self.span(&inner);
        if inner.as_rule() == Rule::regex {
            return Some(Bounds::Regex(Text { span, value: regex_text(inner.as_str()).to_owned() }));
        }
        Some(Bounds::Range(Box::new(self.value(inner)?)))
    }

    /// `name: type [from "wire"] [= default] [as other]`; of a record, behind `from` may stand several. Where it declares a name, that
    /// may be no word of the language; a field of a record is only ever behind a dot.
    pub(super) fn field(&mut self, pair: Pair<'_>, declares: bool) -> Option<Field> {
        let span = self.span(&pair);
        let (mut name, mut ty, mut wire, mut default, mut alias) = (None, None, None, None, None);
        let (mut whole, mut inside) = (true, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::field_name => name = Some(self.name(&part)),
                Rule::colon => {}
                Rule::missing_type => {
                    let at = self.trimmed(Span { end: span.end, ..span }).after();
                    let written = name.as_ref().map_or("", |name| name.text.as_str());
                    self.report(syntax::missing_value(at, "a type", &format!("{written}:")));
                }
                Rule::r#type => ty = self.ty(part),
                Rule::as_name => {
                    alias = self.alias(part);
                    whole &= alias.is_some();
                }
                Rule::from | Rule::from_inside => {
                    inside = part.clone().into_inner().skip(1).map(|name| self.quoted(&name)).collect();
                    wire = self.quoted_behind(part, "from");
                    whole &= wire.is_some();
                }
                _ => {
                    // Without it, the name is declared all the same; that something is wrong is known.
                    default = self.assigned(part);
                }
            }
        }
        let name = name?;
        if declares && alias.is_none() {
            self.not_reserved(&name);
        }
        let ty = ty.filter(|_| whole)?;
        Some(Field { span, name, ty, wire, inside, default, alias })
    }

    /// The name behind `as`.
    pub(super) fn alias(&mut self, pair: Pair<'_>) -> Option<Name> {
        let span = self.span(&pair);
        let Some(name) = pair.into_inner().next() else {
            self.report(syntax::missing_value(span.after(), "a name", "as"));
            return None;
        };
        Some(self.chosen_name(&name))
    }

    /// The string behind a word.
    pub(super) fn quoted_behind(&mut self, pair: Pair<'_>, word: &str) -> Option<Text> {
        let span = self.span(&pair);
        let Some(string) = pair.into_inner().next() else {
            self.report(syntax::missing_value(self.trimmed(span).after(), "a string", word));
            return None;
        };
        Some(self.quoted(&string))
    }

    /// A string that holds no values.
    pub(super) fn quoted(&mut self, string: &Pair<'_>) -> Text {
        let span = self.span(string);
        Text { span, value: self.plain_string(span) }
    }

    /// `{ name: type, … }`
    pub(super) fn fields(&mut self, pair: Pair<'_>) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        let mut seen = BTreeMap::new();
        for part in pair.into_inner() {
            let at = self.span(&part);
            if part.as_rule() == Rule::field_junk {
                self.explain(Rule::strict_field, at.start, at, "a field such as `name: string`");
                continue;
            }
            for inner in part.into_inner() {
                let span = self.span(&inner);
                match inner.as_rule() {
                    Rule::record_field => {
                        let field = self.field(inner, false);
                        self.add_field(&mut fields, &mut seen, field);
                    }
                    _ => self.explain(Rule::strict_field, at.start, span, END),
                }
            }
        }
        fields
    }

    /// `(name: type, …)`
    pub(super) fn params(&mut self, pair: Pair<'_>) -> Option<Vec<Field>> {
        let span = self.span(&pair);
        if pair.as_rule() == Rule::bad_params {
            self.explain(Rule::strict_params, span.start, span, "a parameter such as `name: string`");
            return None;
        }
        let mut fields = Vec::new();
        let mut seen = BTreeMap::new();
        for part in pair.into_inner().filter(|part| part.as_rule() == Rule::field) {
            let field = self.field(part, true);
            self.add_field(&mut fields, &mut seen, field);
        }
        Some(fields)
    }

    fn add_field(
        &mut self,
        fields: &mut Vec<Field>,
        seen: &mut BTreeMap<String, Span>,
        field: Option<Field>,
    ) {
        let Some(field) = field else { return };
        self.only_once(seen, field.name.span, &field.name.text);
        fields.push(field);
    }

    /// Reports a name that was seen already.
    pub(super) fn only_once(&mut self, seen: &mut BTreeMap<String, Span>, at: Span, name: &str) {
        if let Some(first) = seen.get(name) {
            self.report(syntax::repeated_field(at, *first, name));
        } else {
            seen.insert(name.to_owned(), at);
        }
    }

    /// `= TYPE`
    pub(super) fn alias_body(&mut self, pair: Pair<'_>) -> Option<TypeBody> {
        let span = self.span(&pair);
        let Some(ty) = pair.into_inner().next() else {
            self.report(syntax::missing_value(self.trimmed(span).after(), "a type", "="));
            return None;
        };
        self.ty(ty).map(TypeBody::Alias)
    }
}
