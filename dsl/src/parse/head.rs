//! The declarations one by one, all but routes: from the parts that were found to the tree.

use super::Rule;
use super::declaration::Parts;
use super::reader::Reader;
use super::setting::Holder;
use crate::ast::{
    Auth, Block, Declaration, Gateway, Group, Host, Import, Live, Name, Param, PolicyDeclaration, Secret,
    Text, TypeBody, TypeDeclaration, Upstream, Value,
};
use crate::problem::syntax;
use crate::source::Span;

impl Reader<'_> {
    pub(super) fn named(&mut self, mut parts: Parts<'_>, kind: &'static str) -> Option<Declaration> {
        let name = self.declared_name(&mut parts, kind);
        let before = self.problems.len();
        let block = self.own_block(&mut parts, kind, before)?;
        let Parts { docs, span, .. } = parts;
        Some(if kind == "gateway" {
            Declaration::Gateway(Gateway { span, docs, name, block })
        } else {
            Declaration::Upstream(Upstream { span, docs, name, block })
        })
    }

    pub(super) fn auth(&mut self, mut parts: Parts<'_>) -> Option<Declaration> {
        let before = self.problems.len();
        let name = self.declared_name(&mut parts, "auth");
        let kind = parts.take(Rule::auth_kind).map(|kind| self.name(&kind));
        if kind.is_none() && self.problems.len() == before && !parts.has_junk {
            self.report(syntax::missing_value(name.span.after(), "a kind such as `api_key`", &name.text));
        }
        let broken = self.is_broken(&parts, before);
        let block = self.own_block(&mut parts, "auth", before)?;
        let Parts { docs, span, .. } = parts;
        let kind = kind.unwrap_or_else(|| Name { span: name.span.after(), text: String::new() });
        Some(Declaration::Auth(Auth { span, docs, name, kind, block, broken }))
    }

    pub(super) fn policy(&mut self, mut parts: Parts<'_>) -> Option<Declaration> {
        let before = self.problems.len();
        let name = self.declared_name(&mut parts, "policy");
        let written = parts.take(Rule::params).or_else(|| parts.take(Rule::bad_params));
        let params = written.map(|pair| self.params(pair));
        let broken = self.is_broken(&parts, before) || params.as_ref().is_some_and(Option::is_none);
        let block = self.own_block(&mut parts, "policy", before)?;
        let Parts { docs, span, .. } = parts;
        let params = params.flatten().unwrap_or_default();
        Some(Declaration::Policy(PolicyDeclaration { span, docs, name, params, block, broken }))
    }

    pub(super) fn group(&mut self, mut parts: Parts<'_>) -> Option<Declaration> {
        let before = self.problems.len();
        let written = parts.take(Rule::pattern);
        let prefix = written.map(|pair| self.pattern(pair));
        let when = self.condition(&mut parts);
        let broken = self.is_broken(&parts, before);
        let block = self.own_block(&mut parts, "group", before)?;
        let Parts { docs, span, head, .. } = parts;
        let prefix = prefix.flatten();
        Some(Declaration::Group(Box::new(Group { span, head, docs, prefix, when, block, broken })))
    }

    pub(super) fn host(&mut self, mut parts: Parts<'_>) -> Option<Declaration> {
        let before = self.problems.len();
        let written = parts.take(Rule::hosts);
        if written.is_none() && !parts.has_junk {
            self.report(syntax::missing_value(parts.word.after(), "a host", "host"));
        }
        let patterns = written.and_then(|pair| self.hosts(pair)).unwrap_or_default();
        let when = self.condition(&mut parts);
        let broken = self.is_broken(&parts, before);
        let block = self.own_block(&mut parts, "host", before)?;
        let Parts { docs, span, head, .. } = parts;
        Some(Declaration::Host(Box::new(Host { span, head, docs, patterns, when, block, broken })))
    }

    pub(super) fn import(&mut self, mut parts: Parts<'_>) -> Declaration {
        let before = self.problems.len();
        let written = parts.take(Rule::string);
        if written.is_none() && !parts.has_junk {
            self.report(syntax::missing_value(parts.word.after(), "a file in quotes", "import"));
        }
        let path = written.map(|string| self.quoted(&string));
        let alias = parts.take(Rule::as_name).and_then(|pair| self.alias(pair));
        self.no_block(&mut parts);
        let broken = self.is_broken(&parts, before);
        let Parts { docs, span, word, .. } = parts;
        let path = path.unwrap_or_else(|| Text { span: word.after(), value: String::new() });
        Declaration::Import(Import { span, docs, path, alias, broken })
    }

    pub(super) fn param(&mut self, mut parts: Parts<'_>) -> Option<Declaration> {
        let before = self.problems.len();
        let written = parts.take(Rule::field);
        if written.is_none() && !parts.has_junk {
            self.report(syntax::missing_value(parts.word.after(), "a name and a type", "param"));
        }
        let field = written.and_then(|field| self.field(field, true));
        self.no_block(&mut parts);
        let broken = self.is_broken(&parts, before);
        let field = field?;
        let alias = field.alias.as_ref().map(|alias| (alias.span, "as"));
        let surplus = field.wire.as_ref().map(|wire| (wire.span, "from")).or(alias);
        if let Some((at, word)) = surplus {
            self.report(syntax::unexpected_text(at, word, "nothing but a name, a type and a default"));
        }
        let Parts { docs, span, .. } = parts;
        let (name, ty, default) = (field.name, field.ty, field.default);
        let broken = broken || surplus.is_some();
        Some(Declaration::Param(Param { span, docs, name, ty, default, broken }))
    }

    pub(super) fn live(&mut self, mut parts: Parts<'_>) -> Option<Declaration> {
        let before = self.problems.len();
        let written = parts.take(Rule::field);
        if written.is_none() && !parts.has_junk {
            self.report(syntax::missing_value(parts.word.after(), "a name and a type", "live"));
        }
        let field = written.and_then(|field| self.field(field, true));
        self.no_block(&mut parts);
        let field = field?;
        if let Some(alias) = &field.alias {
            self.report(syntax::unexpected_text(
                alias.span,
                "as",
                "nothing but a name, a type and a default",
            ));
        }
        let span = parts.span;
        match (&field.wire, &field.default) {
            (Some(_), Some(default)) => {
                let problem = syntax::unexpected_text(
                    default.span,
                    self.slice(default.span),
                    "nothing behind the file",
                );
                self.report(
                    problem.help("the file says what it is, from the start on: leave the default out"),
                );
            }
            (None, None) if self.problems.len() == before => {
                let problem =
                    syntax::missing_value(field.ty.span.after(), "`= VALUE` or `from \"FILE\"`", "live");
                self.report(problem);
            }
            _ => {}
        }
        let broken = self.is_broken(&parts, before);
        let (docs, from) = (parts.docs, field.wire);
        let (name, ty, default) = (field.name, field.ty, field.default);
        Some(Declaration::Live(Box::new(Live { span, docs, name, ty, default, from, broken })))
    }

    pub(super) fn secret(&mut self, mut parts: Parts<'_>) -> Declaration {
        let before = self.problems.len();
        let name = self.declared_name(&mut parts, "secret");
        self.no_block(&mut parts);
        let broken = self.is_broken(&parts, before);
        let Parts { docs, span, .. } = parts;
        Declaration::Secret(Secret { span, docs, name, broken })
    }

    pub(super) fn type_declaration(&mut self, mut parts: Parts<'_>) -> Option<Declaration> {
        let before = self.problems.len();
        let name = self.declared_name(&mut parts, "type");
        let open = parts.take(Rule::open_word);
        let alias = parts.take(Rule::type_alias);
        let fields = parts.take(Rule::type_fields);
        let body = match (alias, fields) {
            (Some(_), Some(fields)) => {
                let at = self.span(&fields);
                let brace = Span { end: at.start + 1, ..at };
                self.report(syntax::unexpected_text(brace, "{", "a type after `=`, or fields without `=`"));
                None
            }
            (Some(alias), None) => {
                if let Some(open) = open {
                    let at = self.span(&open);
                    self.report(syntax::unexpected_text(at, "open", "`=`: only a record is `open`"));
                }
                self.alias_body(alias)
            }
            (None, Some(fields)) => {
                Some(TypeBody::Record { fields: self.fields(fields), open: open.is_some() })
            }
            (None, None) => {
                if !parts.has_junk && self.problems.len() == before {
                    self.report(syntax::missing_block(parts.span, "type"));
                }
                None
            }
        };
        let broken = self.is_broken(&parts, before);
        let Parts { docs, span, .. } = parts;
        Some(Declaration::Type(TypeDeclaration { span, docs, name, body: body?, broken }))
    }

    /// `when EXPRESSION`
    pub(super) fn condition(&mut self, parts: &mut Parts<'_>) -> Option<Value> {
        let when = parts.take(Rule::when)?;
        let span = self.span(&when);
        let Some(expression) = when.into_inner().next() else {
            self.report(syntax::missing_value(self.trimmed(span).after(), "a condition", "when"));
            return None;
        };
        self.expression(expression)
    }

    /// The block that a declaration must have.
    fn own_block(&mut self, parts: &mut Parts<'_>, kind: &'static str, before: usize) -> Option<Block> {
        let Some(block) = parts.take(Rule::block) else {
            // A head that could not be read may have taken it.
            if !parts.has_junk && self.problems.len() == before {
                self.report(syntax::missing_block(parts.span, kind));
            }
            return None;
        };
        Some(self.block(block, Holder::declaration(kind)))
    }

    pub(super) fn no_block(&mut self, parts: &mut Parts<'_>) {
        if let Some(block) = parts.take(Rule::block) {
            let at = self.span(&block);
            let brace = Span { end: at.start + 1, ..at };
            self.report(syntax::unexpected_text(brace, "{", "the end of the line"));
            self.forget_docs(at.start, at.end);
        }
    }

    pub(super) fn is_broken(&self, parts: &Parts<'_>, before: usize) -> bool {
        parts.has_junk || self.problems.len() > before || self.is_damaged(parts.head)
    }
}
