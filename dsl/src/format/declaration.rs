//! Declarations and terminals.

use super::bracket::{CALL, FIELDS};
use super::printer::Printer;
use crate::ast::{
    AnswerBody, Block, Declaration, Field, Host, Import, Live, Name, Param, Route, Target, Terminal,
    TerminalKind, TypeBody, TypeDeclaration, Value,
};
use crate::source::Span;

impl Printer<'_> {
    pub(super) fn declaration(&mut self, declaration: &Declaration) {
        self.push(declaration.word());
        match declaration {
            Declaration::Import(it) => self.import(it),
            Declaration::Gateway(it) => self.named(&it.name, &it.block),
            Declaration::Upstream(it) => self.named(&it.name, &it.block),
            Declaration::Param(it) => self.param(it),
            Declaration::Live(it) => self.live(it),
            Declaration::Secret(it) => self.blank_and(&it.name.text),
            Declaration::Type(it) => self.type_declaration(it),
            Declaration::Auth(it) => {
                self.blank_and(&it.name.text);
                self.named(&it.kind, &it.block);
            }
            Declaration::Policy(it) => {
                self.blank_and(&it.name.text);
                if !it.params.is_empty() {
                    self.fields(CALL, (it.name.span.end, it.block.span.start), &it.params);
                }
                self.own_block(&it.block);
            }
            Declaration::Group(it) => {
                let mut end = it.span.start + "group".len();
                if let Some(prefix) = &it.prefix {
                    self.push(" ");
                    self.copy(prefix.span);
                    end = prefix.span.end;
                }
                self.when(it.when.as_ref(), end);
                self.own_block(&it.block);
            }
            Declaration::Host(it) => self.host(it),
            Declaration::Route(it) => self.route(it),
            Declaration::Assertion(it) => self.assertion(it),
            Declaration::Test(it) => self.test(it),
        }
    }

    fn blank_and(&mut self, text: &str) {
        self.push(" ");
        self.push(text);
    }

    fn own_block(&mut self, block: &Block) {
        self.push(" ");
        self.block(block);
    }

    fn named(&mut self, name: &Name, block: &Block) {
        self.blank_and(&name.text);
        self.own_block(block);
    }

    fn import(&mut self, import: &Import) {
        self.push(" ");
        self.copy(import.path.span);
        if let Some(alias) = &import.alias {
            self.push(" as ");
            self.push(&alias.text);
        }
    }

    fn param(&mut self, param: &Param) {
        self.blank_and(&param.name.text);
        self.push(": ");
        self.ty(&param.ty);
        self.default(param.default.as_ref());
    }

    fn live(&mut self, live: &Live) {
        self.blank_and(&live.name.text);
        self.push(": ");
        self.ty(&live.ty);
        if let Some(from) = &live.from {
            self.push(" from ");
            self.copy(from.span);
        }
        self.default(live.default.as_ref());
    }

    pub(super) fn default(&mut self, default: Option<&Value>) {
        if let Some(default) = default {
            self.push(" = ");
            self.value(default);
        }
    }

    fn type_declaration(&mut self, declared: &TypeDeclaration) {
        self.blank_and(&declared.name.text);
        match &declared.body {
            TypeBody::Alias(ty) => {
                self.push(" = ");
                self.ty(ty);
            }
            TypeBody::Record { fields, open } => {
                self.push(if *open { " open " } else { " " });
                self.fields(FIELDS, (declared.name.span.end, declared.span.end), fields);
            }
        }
    }

    fn fields(&mut self, bracket: super::bracket::Bracket, region: (usize, usize), fields: &[Field]) {
        let items: Vec<(Span, &Field)> = fields.iter().map(|field| (field.span, field)).collect();
        self.bracketed(bracket, region, &items, |printer, field| printer.field(field));
    }

    fn host(&mut self, host: &Host) {
        let mut end = host.span.start;
        for (index, pattern) in host.patterns.iter().enumerate() {
            self.push(if index > 0 { ", " } else { " " });
            self.copy(pattern.span);
            end = pattern.span.end;
        }
        self.when(host.when.as_ref(), end);
        self.own_block(&host.block);
    }

    /// `when …`; gives back where what is written so far ends in the source.
    fn when(&mut self, when: Option<&Value>, end: usize) -> usize {
        let Some(when) = when else { return end };
        self.next_part(end, when.span.start);
        self.push("when ");
        self.value(when);
        when.span.end
    }

    fn route(&mut self, route: &Route) {
        self.push(" ");
        self.methods(&route.methods);
        self.push(" ");
        self.copy(route.pattern.span);
        let end = self.when(route.when.as_ref(), route.pattern.span.end);
        let end = match &route.head_setting {
            Some(setting) => {
                self.push(" ");
                self.setting(setting);
                setting.span.end
            }
            None => end,
        };
        if let Some(terminal) = &route.head_terminal {
            self.next_part(end, terminal.span.start);
            self.terminal(terminal);
        }
        if let Some(block) = &route.block {
            self.own_block(block);
        }
    }

    pub(super) fn terminal(&mut self, terminal: &Terminal) {
        self.push(terminal.word());
        match &terminal.kind {
            TerminalKind::Forward { upstream, path } => {
                self.blank_and(&upstream.text);
                if let Some(path) = path {
                    self.push(" ");
                    self.copy(path.span);
                }
            }
            TerminalKind::Respond { status, body } => {
                self.push(" ");
                self.copy(status.span);
                match body {
                    None => {}
                    Some(AnswerBody::Json(value)) => {
                        self.push(" json ");
                        self.value(value);
                    }
                    Some(AnswerBody::Text(value)) => {
                        self.push(" text ");
                        self.value(value);
                    }
                    Some(AnswerBody::File(text)) => {
                        self.push(" file ");
                        self.copy(text.span);
                    }
                }
            }
            TerminalKind::Aggregate(it) => self.aggregate(it),
            TerminalKind::Handler(it) => {
                self.blank_and(&it.path.value);
                if !it.arguments.is_empty() {
                    self.arguments((it.path.span.end, it.call.end), &it.arguments);
                }
                self.push(" within ");
                self.copy(it.within.span);
            }
            TerminalKind::Match(it) => self.match_on(it),
            TerminalKind::Redirect { status, target, query } => {
                self.push(" ");
                self.copy(status.span);
                self.push(" ");
                match target {
                    Target::Url(text) => self.copy(text.span),
                    Target::Path(template) => self.copy(template.span),
                    Target::Elsewhere { span, .. } => self.copy(*span),
                }
                if let Some(word) = query {
                    self.push(" ");
                    self.copy(*word);
                }
            }
        }
    }
}
