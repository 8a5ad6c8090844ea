//! Types held against schemas: whether whatever a schema allows can be read as a type, and whether all values of a type are allowed.

use super::{Contract, Node};
use crate::ty::{Field, Range, Record, Ty};

/// What a contract says otherwise.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The field, from the whole: `lines[*].sku`; empty: the whole.
    pub(crate) at: String,
    /// That there is no such field, and the like.
    pub(crate) what: String,
    /// The line in the contract.
    pub(crate) line: usize,
}

/// Words of schemas that say more than what is read here.
const BEYOND: &[&str] = &["oneOf", "anyOf", "not", "if", "discriminator", "patternProperties", "$dynamicRef"];

/// How many schemas are read for one type, written out: `allOf` can name a few of them very often.
const MOST: usize = 10_000;

/// What a schema says otherwise than a type, of what is read.
pub(crate) fn fits(contract: &Contract, schema: &Node, ty: &Ty) -> Vec<Wrong> {
    let mut holding = Holding { contract, found: Vec::new(), left: MOST };
    holding.holds(schema, ty, "");
    holding.found
}

/// How deep the parts of a type may lie in each other that a contract says.
const DEEPEST: usize = 16;

/// The type of what a schema says, and whether it may be `null`: as much of it as has a type here. A field that is not understood is
/// none.
///
/// # Errors
///
/// Why the whole has none, with its line.
pub(crate) fn ty(contract: &Contract, schema: &Node) -> Result<(Ty, bool), (usize, String)> {
    Writing { contract, open: Vec::new(), left: MOST }.ty(schema)
}

struct Writing<'c> {
    contract: &'c Contract,
    /// The schemas that are being read, each within the one before.
    open: Vec<&'c Node>,
    /// Schemas that may still be read.
    left: usize,
}

impl<'c> Writing<'c> {
    /// The type of a part, and whether it may be `null`.
    fn ty(&mut self, schema: &'c Node) -> Result<(Ty, bool), (usize, String)> {
        let line = schema.line;
        let own = self.contract.followed(schema).map_err(|why| (line, why))?;
        if self.open.iter().any(|open| std::ptr::eq(*open, own)) {
            return Err((line, "it lies in itself".to_owned()));
        }
        if self.open.len() > DEEPEST {
            return Err((line, "its parts lie too deep in each other".to_owned()));
        }
        self.open.push(own);
        let found = self.of(own);
        self.open.pop();
        found
    }

    fn of(&mut self, schema: &'c Node) -> Result<(Ty, bool), (usize, String)> {
        let mut said = Said::of(schema.line);
        said.read(self.contract, schema, (0, &mut self.left))?;
        let [kind] = said.kinds.as_slice() else {
            return Err((said.line, "it is not of one type".to_owned()));
        };
        let mut of = |part: &'c Node| self.ty(part);
        let ty = match (*kind, said.format) {
            ("boolean", _) => Ty::Bool,
            ("integer", _) => Ty::INT,
            ("number", _) => Ty::DECIMAL,
            ("string", Some("uuid")) => Ty::Uuid,
            ("string", Some("date")) => Ty::Date,
            ("string", _) => Ty::STRING,
            ("array", _) => {
                let items =
                    said.items.ok_or((said.line, "it does not say what the list holds".to_owned()))?;
                let (item, may_be_null) = of(items)?;
                if may_be_null {
                    return Err((items.line, "what the list holds may be `null`".to_owned()));
                }
                Ty::List(item.into(), Range::ALL)
            }
            ("object", _) if said.fields.is_empty() => {
                let others = said
                    .others
                    .ok_or((said.line, "it does not say what stands under its names".to_owned()))?;
                let (value, may_be_null) = of(others)?;
                if may_be_null {
                    return Err((others.line, "what stands under its names may be `null`".to_owned()));
                }
                Ty::Map(value.into())
            }
            ("object", _) => {
                let mut fields: Vec<Field> = Vec::new();
                for (name, schema) in &said.fields {
                    let is_known = fields.iter().any(|field| field.name == *name);
                    let Ok((ty, may_be_null)) = of(schema) else { continue };
                    if is_known || !is_name(name) {
                        continue;
                    }
                    let may_lack = may_be_null || !said.required.contains(name);
                    fields.push(Field::new(name, if may_lack { ty.optional() } else { ty }));
                }
                if fields.is_empty() {
                    return Err((said.line, "none of its fields is understood".to_owned()));
                }
                Ty::Record(Record { name: None, fields, open: true }.into())
            }
            (kind, _) => return Err((said.line, format!("`{kind}` is no type here"))),
        };
        Ok((ty, said.may_be_null))
    }
}

/// Whether a field can be named behind a dot.
fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// What a schema says, references and `allOf` written out.
struct Said<'c> {
    line: usize,
    /// The names of types, without `null`.
    kinds: Vec<&'c str>,
    may_be_null: bool,
    format: Option<&'c str>,
    /// With the places of their schemas.
    fields: Vec<(&'c str, &'c Node)>,
    required: Vec<&'c str>,
    items: Option<&'c Node>,
    others: Option<&'c Node>,
}

struct Holding<'c> {
    contract: &'c Contract,
    found: Vec<Wrong>,
    /// Schemas that may still be read.
    left: usize,
}

impl<'c> Holding<'c> {
    fn wrong(&mut self, at: &str, line: usize, what: impl Into<String>) {
        self.found.push(Wrong { at: at.to_owned(), what: what.into(), line });
    }

    fn holds(&mut self, schema: &'c Node, ty: &Ty, at: &str) {
        let (present, is_optional) = ty.present();
        let mut said = Said::of(schema.line);
        if let Err((line, why)) = said.read(self.contract, schema, (0, &mut self.left)) {
            return self.wrong(at, line, why);
        }
        // Of a field that may be absent, `null` is read as its absence.
        if said.may_be_null && !is_optional {
            return self.wrong(at, said.line, "it may be `null` there, and not here");
        }
        let expected: &[&str] = match present {
            Ty::Bool => &["boolean"],
            Ty::Int(_) => &["integer"],
            Ty::Decimal(_) => &["number", "integer"],
            Ty::List(..) => &["array"],
            Ty::Map(_) | Ty::Record(_) => &["object"],
            _ => &["string"],
        };
        if said.kinds.is_empty() || !said.kinds.iter().all(|kind| expected.contains(kind)) {
            let is = if said.kinds.is_empty() {
                "of no type".to_owned()
            } else {
                format!("`{}`", said.kinds.join("` or `"))
            };
            return self.wrong(at, said.line, format!("it is {is} there, and `{present}` here"));
        }
        let format = match present {
            Ty::Uuid => Some("uuid"),
            Ty::Date => Some("date"),
            Ty::Time => Some("time"),
            Ty::Ip => Some("ipv4"),
            Ty::Url => Some("uri"),
            _ => None,
        };
        if let Some(format) = format
            && said.format != Some(format)
            && !(format == "ipv4" && said.format == Some("ipv6"))
        {
            return self.wrong(
                at,
                said.line,
                format!("it is not said to be of the format `{format}`, as `{present}` is"),
            );
        }
        match present {
            Ty::Record(record) => self.record(&said, record, at),
            Ty::List(item, _) => match said.items {
                Some(items) => self.holds(items, item, &format!("{at}[*]")),
                None => self.wrong(at, said.line, "it does not say what the list holds"),
            },
            Ty::Map(item) => {
                // Those that have a name there stand under it too.
                for (name, schema) in &said.fields {
                    self.holds(schema, item, &format!("{at}[\"{name}\"]"));
                }
                match said.others {
                    Some(others) => self.holds(others, item, &format!("{at}[…]")),
                    None => self.wrong(at, said.line, "it does not say what stands under its names"),
                }
            }
            _ => {}
        }
    }

    fn record(&mut self, said: &Said<'c>, record: &Record, at: &str) {
        for field in record.fields.iter().filter(|field| !field.is_skipped) {
            let name = field.on_wire();
            let place = if at.is_empty() { field.name.clone() } else { format!("{at}.{}", field.name) };
            let Some((_, schema)) = said.fields.iter().find(|(known, _)| *known == name) else {
                let known: Vec<&str> = said.fields.iter().map(|(known, _)| *known).collect();
                let what = match gatewright_dsl::problem::nearest::nearest(name, known.iter().copied()) {
                    Some(near) => format!("there is no field `{name}` there, but `{near}`"),
                    None => format!("there is no field `{name}` there"),
                };
                self.wrong(&place, said.line, what);
                continue;
            };
            if may_lack(field) || said.required.contains(&name) {
                self.holds(schema, &field.ty, &place);
            } else {
                self.wrong(&place, schema.line, format!("`{name}` may be absent there, and not here"));
            }
        }
    }
}

/// Whether a document may lack a field.
fn may_lack(field: &Field) -> bool {
    field.default.is_some() || matches!(field.ty, Ty::Optional(_))
}

impl<'c> Said<'c> {
    fn of(line: usize) -> Self {
        Self {
            line,
            kinds: Vec::new(),
            may_be_null: false,
            format: None,
            fields: Vec::new(),
            required: Vec::new(),
            items: None,
            others: None,
        }
    }

    fn read(
        &mut self,
        contract: &'c Contract,
        schema: &'c Node,
        (depth, left): (usize, &mut usize),
    ) -> Result<(), (usize, String)> {
        if depth > 16 {
            return Err((schema.line, "`allOf` leads too deep".to_owned()));
        }
        let Some(rest) = left.checked_sub(1) else {
            return Err((schema.line, "`allOf` leads to too many schemas".to_owned()));
        };
        *left = rest;
        let line = schema.line;
        let schema = contract.followed(schema).map_err(|why| (line, why))?;
        if let Some(word) = BEYOND.iter().find(|word| schema.get(word).is_some()) {
            return Err((schema.line, format!("it says `{word}`, which is not understood")));
        }
        for part in schema.get("allOf").map(Node::items).unwrap_or_default() {
            self.read(contract, part, (depth + 1, &mut *left))?;
        }
        self.line = schema.line;
        match schema.get("type") {
            Some(kind) if kind.text().is_some() => self.kinds = kind.text().into_iter().collect(),
            Some(kinds) => self.kinds = kinds.items().iter().filter_map(Node::text).collect(),
            None if schema.get("properties").is_some() => self.kinds = vec!["object"],
            None => {}
        }
        self.may_be_null |= self.kinds.contains(&"null") || schema.get("nullable").is_some_and(Node::is_true);
        self.kinds.retain(|kind| *kind != "null");
        self.format = schema.get("format").and_then(Node::text).or(self.format);
        let fields = schema.get("properties").map(Node::members).unwrap_or_default();
        self.fields.extend(fields.iter().map(|(name, schema)| (name.as_str(), schema)));
        self.required.extend(
            schema.get("required").map(Node::items).unwrap_or_default().iter().filter_map(Node::text),
        );
        self.items = schema.get("items").or(self.items);
        self.others = schema.get("additionalProperties").filter(|node| node.text().is_none()).or(self.others);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(schema: &str, ty: &Ty) -> Vec<String> {
        let text = format!(
            "openapi: 3.1.0\ncomponents: {{schemas: {{Id: {{type: string, format: uuid}}, Circle: {{allOf: [{{$ref: '#/components/schemas/Circle'}}]}}}}}}\nit: {schema}\n"
        );
        let contract = Contract::read(String::new(), &text).unwrap();
        let found = fits(&contract, contract.root.get("it").unwrap(), ty);
        found.into_iter().map(|wrong| format!("{}: {}", wrong.at, wrong.what)).collect()
    }

    fn record(fields: &[(&str, Ty)]) -> Ty {
        let fields = fields.iter().map(|(name, ty)| Field::new(name, ty.clone())).collect();
        Ty::Record(Record { name: Some("R".to_owned()), fields, open: false }.into())
    }

    #[test]
    fn what_agrees_is_silent() {
        let ty = record(&[
            ("id", Ty::Uuid),
            ("total", Ty::DECIMAL),
            ("tags", Ty::List(Ty::STRING.into(), crate::ty::Range::ALL)),
            ("note", Ty::STRING.optional()),
        ]);
        let schema = "{allOf: [{properties: {id: {$ref: '#/components/schemas/Id'}}, required: [id]}, {type: object, required: [total, tags], properties: {total: {type: number}, tags: {type: array, items: {type: string}}, note: {type: string}}}]}";
        assert_eq!(wrong(schema, &ty), Vec::<String>::new());
        let nullable = "{properties: {a: {type: [string, 'null']}, b: {type: string, nullable: true}}}";
        let ty = record(&[("a", Ty::STRING.optional()), ("b", Ty::STRING.optional())]);
        assert_eq!(wrong(nullable, &ty), Vec::<String>::new());
        assert_eq!(
            wrong("{type: object, additionalProperties: {type: integer}}", &Ty::Map(Ty::INT.into())),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_has_a_name_stands_in_a_map_too() {
        let schema = "{properties: {total: {type: string}, count: {type: integer}}, additionalProperties: {type: integer}}";
        assert_eq!(
            wrong(schema, &Ty::Map(Ty::INT.into())),
            ["[\"total\"]: it is `string` there, and `int` here"]
        );
        let schema = "{properties: {count: {type: integer}}, additionalProperties: {type: integer}}";
        assert_eq!(wrong(schema, &Ty::Map(Ty::INT.into())), Vec::<String>::new());
    }

    #[test]
    fn parts_that_double_are_not_read_for_ever() {
        let mut text = "openapi: 3.1.0\nS16: {type: string}\n".to_owned();
        for number in 0..16 {
            let next = format!("{{$ref: '#/S{}'}}", number + 1);
            text.extend(["S", &number.to_string(), ": {allOf: [", &[next.as_str(); 10].join(", "), "]}\n"]);
        }
        let contract = Contract::read(String::new(), &text).unwrap();
        let found = fits(&contract, contract.root.get("S0").unwrap(), &Ty::STRING);
        assert!(found[0].what.contains("too many schemas"), "{found:?}");
    }

    #[test]
    fn what_does_not_agree_is_said_with_its_place() {
        let ty = record(&[
            ("id", Ty::Uuid),
            ("total", Ty::INT),
            ("naem", Ty::STRING),
            ("tags", Ty::List(Ty::INT.into(), crate::ty::Range::ALL)),
        ]);
        let schema = "{properties: {id: {type: string}, total: {type: number}, name: {type: string}, tags: {type: array, items: {type: string}}}, required: [id, total, tags]}";
        assert_eq!(
            wrong(schema, &ty),
            [
                "id: it is not said to be of the format `uuid`, as `uuid` is",
                "total: it is `number` there, and `int` here",
                "naem: there is no field `naem` there, but `name`",
                "tags[*]: it is `string` there, and `int` here",
            ]
        );
        assert_eq!(
            wrong("{properties: {total: {type: integer}}}", &record(&[("total", Ty::INT)])),
            ["total: `total` may be absent there, and not here"]
        );
        assert_eq!(
            wrong("{type: [string, 'null']}", &Ty::STRING),
            [": it may be `null` there, and not here"]
        );
        assert_eq!(
            wrong("{type: string, nullable: true}", &Ty::STRING),
            [": it may be `null` there, and not here"]
        );
    }

    #[test]
    fn what_is_not_understood_is_said_where_it_is_used() {
        assert_eq!(
            wrong("{oneOf: [{type: string}]}", &Ty::STRING),
            [": it says `oneOf`, which is not understood"]
        );
        assert_eq!(wrong("{$ref: '#/components/schemas/Circle'}", &Ty::STRING), [": `allOf` leads too deep"]);
        assert_eq!(wrong("{}", &Ty::STRING), [": it is of no type there, and `string` here"]);
        let unused = "{properties: {a: {type: string}, b: {oneOf: []}}, required: [a]}";
        assert_eq!(wrong(unused, &record(&[("a", Ty::STRING)])), Vec::<String>::new());
    }
}
