//! The routes of a gateway as they will run, in order of precedence, read from the tables that are emitted: what a person
//! compares before and after a change.

pub(crate) mod aggregate;
pub(crate) mod expr;
mod host;
pub(crate) mod written;

use std::collections::BTreeMap;

use gatewright_dsl::schema::Depends;

use self::expr::Reader;
use crate::checked::{Place, Trail};
use crate::ir::{self, EndKind, Piece};

/// A gateway as it will run, for those who want to look at it.
#[derive(Debug)]
pub struct Plan(pub(crate) ir::Program);

/// One route as it will run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The methods that it names, in one order; `*` is every method.
    pub methods: Vec<String>,
    /// The path that it matches.
    pub pattern: String,
    /// The other form of that path, with a slash at its end or without, where it takes both.
    pub also: Option<Box<Also>>,
    /// The hosts that it is on, with types in the place of captures; none if it is on every host.
    pub hosts: Vec<String>,
    /// What runs before the end, in running order.
    pub steps: Vec<Step>,
    /// How it ends, as it would be written.
    pub terminal: String,
    /// Where it leads to, if it forwards.
    pub upstream: Option<Box<Upstream>>,
    /// If it makes one answer of several: who is asked when, and what all of it comes to at most. If it has several ways: how each
    /// calls its upstream.
    pub plan: Vec<String>,
    /// The number of its chain: routes with the same one run the same function, each with values of its own.
    pub chain: usize,
    /// The file that declares it.
    pub file: String,
    /// Its line there, from 1.
    pub line: u32,
}

/// The other form of a route's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Also {
    /// The path.
    pub pattern: String,
    /// The setting that says so.
    pub from: Origin,
}

/// An upstream as it will be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Its name.
    pub name: String,
    /// What it has beside its servers: how they are chosen, when they are left out, how much they are given.
    pub parts: Vec<Step>,
}

/// One step of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// As it would be written with every value.
    pub text: String,
    /// The settings that it comes from; none where it holds by itself.
    pub from: Vec<Origin>,
    /// What it needs that may not be there, and what becomes of requests then.
    pub needs: Vec<&'static Depends>,
}

/// A setting where it is written, and how it comes to a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The setting, or the head of what it came through, as it is written.
    pub text: String,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What it came through, the outermost first: groups, uses of policies, upstreams.
    pub through: Vec<Origin>,
}

impl Listed {
    /// Methods and pattern: the name that the access log gives it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.methods.join(", "), self.pattern)
    }

    /// The same with its hosts.
    #[must_use]
    pub fn title(&self) -> String {
        match self.hosts.as_slice() {
            [] => self.name(),
            hosts => format!("{} on {}", self.name(), hosts.join(", ")),
        }
    }
}

/// What a request gives to the captures of a route.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) path: Vec<String>,
    /// Of the host, from the right.
    pub(crate) host: Vec<String>,
}

impl Given {
    /// The text of the capture of this number. Those of the host have numbers of their own.
    pub(crate) fn text(&self, number: u8) -> Option<&str> {
        let (texts, at) = match number.checked_sub(expr::HOST) {
            Some(at) => (&self.host, at),
            None => (&self.path, number),
        };
        texts.get(usize::from(at)).map(String::as_str)
    }
}

impl Plan {
    /// The name of the gateway.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// All routes, in order of precedence.
    #[must_use]
    pub fn routes(&self) -> Vec<Listed> {
        let hosts = host::hosts(&self.0);
        let routes = self.0.routes.iter().enumerate();
        routes.map(|(at, route)| self.listed(route, hosts.get(&at), None)).collect()
    }

    /// The route of this number. Its path is shown with the texts that a request gave its captures, where there is a request.
    pub(crate) fn with_hosts(&self, number: usize, given: Option<&Given>) -> Option<Listed> {
        Some(self.listed(self.0.routes.get(number)?, host::hosts(&self.0).get(&number), given))
    }

    /// For each route that is one of hosts, these.
    pub(crate) fn hosts(&self) -> BTreeMap<usize, Vec<String>> {
        host::hosts(&self.0)
    }

    /// The names of a route's captures, as far as they are known.
    pub(crate) fn captures(&self, route: &ir::Route) -> Vec<String> {
        let label = self.0.text.at(route.label);
        names(label.split_once(" /").map_or("", |(_, pattern)| pattern)).unwrap_or_default()
    }

    /// Shows expressions of this program.
    pub(crate) fn reader<'a>(&'a self, captures: &'a [String]) -> Reader<'a> {
        Reader { functions: &self.0.functions, params: &self.0.params, captures, host: &[] }
    }

    /// The condition of this number, as it would be written.
    pub(crate) fn condition(&self, number: usize) -> String {
        let reader =
            Reader { functions: &self.0.functions, params: &self.0.params, captures: &[], host: &[] };
        self.0.conditions.get(number).map_or_else(String::new, |function| reader.function(*function))
    }

    fn listed(&self, route: &ir::Route, hosts: Option<&Vec<String>>, given: Option<&Given>) -> Listed {
        let label = self.0.text.at(route.label);
        let (methods, pattern) = label.split_once(" /").unwrap_or((label, ""));
        let named = given.map_or_else(|| names(pattern).unwrap_or_default(), |given| given.path.clone());
        let host = given.map_or(&[][..], |given| &given.host);
        let reader = Reader { functions: &self.0.functions, params: &self.0.params, captures: &named, host };
        let other =
            || pattern.strip_suffix('/').map_or_else(|| format!("/{pattern}/"), |it| format!("/{it}"));
        Listed {
            also: route.either.as_ref().map(|trail| Box::new(Also { pattern: other(), from: origin(trail) })),
            methods: methods.split(", ").map(str::to_owned).collect(),
            pattern: format!("/{pattern}"),
            hosts: hosts.cloned().unwrap_or_default(),
            steps: self.steps(route, &reader),
            terminal: self.terminal(route, &reader),
            upstream: self.upstream(route),
            plan: self.plan(route),
            chain: route.chain,
            file: route.place.file.clone(),
            line: route.place.line,
        }
    }

    pub(crate) fn record(&self, route: &ir::Route) -> Option<(&ir::Chain, &[usize])> {
        let chain = self.0.chains.get(route.chain)?;
        Some((chain, chain.records.get(route.record)?))
    }

    fn steps(&self, route: &ir::Route, reader: &Reader<'_>) -> Vec<Step> {
        let Some((chain, record)) = self.record(route) else { return Vec::new() };
        let places = chain.steps.iter().zip(record).zip(&route.trails);
        let steps = places.filter_map(|((table, config), trails)| {
            let table = self.0.steps.get(*table)?;
            let text = written::step(table.home, table.configs.get(*config)?, reader);
            let from = trails.iter().map(|trail| origin(trail)).collect();
            Some(Step { text, from, needs: self.needs(table, table.configs.get(*config)?) })
        });
        steps.collect()
    }

    /// What a step needs, and the `auth`s that it asks.
    fn needs(&self, table: &ir::StepTable, config: &[ir::Field]) -> Vec<&'static Depends> {
        fn asked(content: &ir::Content, found: &mut Vec<u16>) {
            match content {
                ir::Content::Auth(number, _) => found.push(*number),
                ir::Content::List(items) => items.iter().for_each(|item| asked(item, found)),
                ir::Content::Option(Some(inner)) | ir::Content::Is(inner) => asked(inner, found),
                _ => {}
            }
        }
        let mut auths = Vec::new();
        for field in config {
            asked(&field.content, &mut auths);
        }
        let auths = auths.into_iter().filter_map(|number| self.0.auths.get(usize::from(number)));
        table.depends.iter().chain(auths.flat_map(|auth| auth.depends)).collect()
    }

    fn upstream(&self, route: &ir::Route) -> Option<Box<Upstream>> {
        let (chain, [.., end]) = self.record(route)? else { return None };
        chain.end.filter(|end| *end == EndKind::Forward)?;
        let (number, _) = self.0.ends.forwards.get(*end)?;
        let upstream = self.0.upstreams.get(*number)?;
        // What they know of a request is known of all: nothing of a path.
        let reader =
            Reader { functions: &self.0.functions, params: &self.0.params, captures: &[], host: &[] };
        let parts = upstream.parts.iter().filter_map(|part| {
            let text = written::step(part.home, part.config.as_ref()?, &reader);
            let from = part.trails.iter().map(|trail| origin(trail)).collect();
            Some(Step { text, from, needs: part.depends.iter().collect() })
        });
        let mut parts: Vec<Step> = parts.collect();
        if let Some(split) = &upstream.split {
            // What is about servers is said by those that have them.
            parts.clear();
            parts.extend(self.shares(split, &reader));
        }
        Some(Box::new(Upstream { name: upstream.name.clone(), parts }))
    }

    /// How an upstream shares requests out.
    pub(crate) fn shares(&self, split: &ir::Split, reader: &Reader<'_>) -> Vec<Step> {
        let step = |text, trail| Step { text, from: vec![origin(trail)], needs: Vec::new() };
        let by = split.by.iter().map(|(by, trail)| step(format!("split by {}", reader.function(*by)), trail));
        let shares = split.shares.iter().map(|share| {
            let name = self.0.upstreams.get(share.upstream).map_or("", |upstream| upstream.name.as_str());
            let weight = match &share.weight {
                crate::checked::Given::Is(weight) => weight.to_string(),
                crate::checked::Given::Param(name) => name.clone(),
            };
            let pin = share.pin.map(|pin| format!(" pin {}", reader.function(pin))).unwrap_or_default();
            step(format!("split {name} weight {weight}{pin}"), &share.trail)
        });
        by.chain(shares).collect()
    }

    fn terminal(&self, route: &ir::Route, reader: &Reader<'_>) -> String {
        self.end(route.chain, route.record, reader)
    }

    pub(crate) fn end(&self, chain: usize, record: usize, reader: &Reader<'_>) -> String {
        let Some(chain) = self.0.chains.get(chain) else { return String::new() };
        let Some([.., end]) = chain.records.get(record).map(Vec::as_slice) else { return String::new() };
        let ends = &self.0.ends;
        let shown = match chain.end {
            None | Some(EndKind::Branch) => None,
            Some(EndKind::Match) => ends.matches.get(*end).map(|of| self.arms(of, reader)),
            Some(EndKind::Aggregate) => {
                ends.aggregates.get(*end).map(|of| aggregate::shown(&self.0, of, reader))
            }
            Some(EndKind::Forward) => ends.forwards.get(*end).map(|(upstream, target)| {
                let name = self.0.upstreams.get(*upstream).map_or("", |upstream| upstream.name.as_str());
                match target {
                    None => format!("-> {name}"),
                    Some(pieces) => format!("-> {name} {}", path(pieces, reader)),
                }
            }),
            Some(EndKind::Handler) => {
                ends.handlers.get(*end).map(|handler| written::handler(handler, reader))
            }
            Some(EndKind::Respond) => ends.responds.get(*end).map(|answer| written::respond(answer, reader)),
            Some(EndKind::Redirect) => ends
                .redirects
                .get(*end)
                .map(|(status, location)| format!("redirect {status} {}", path(location, reader))),
        };
        shown.unwrap_or_default()
    }
}

impl Plan {
    /// A match on one line.
    fn arms(&self, of: &ir::Match, reader: &Reader<'_>) -> String {
        let arms = of.arms.iter().map(|arm| {
            let end = self.end(arm.chain, arm.record, reader);
            format!("{} {end}", written::values(&arm.values, &self.0.functions, of.on))
        });
        let arms: Vec<String> = arms.collect();
        format!("match {} {{ {} }}", reader.function(of.on), arms.join("; "))
    }

    /// For each way of a match that forwards, what is said of its call.
    fn calls(&self, of: &ir::Match) -> Vec<String> {
        let reader =
            Reader { functions: &self.0.functions, params: &self.0.params, captures: &[], host: &[] };
        let lines = of.arms.iter().filter_map(|arm| {
            let chain = self.0.chains.get(arm.chain)?;
            let record = chain.records.get(arm.record)?;
            let steps = chain.steps.iter().zip(record).filter_map(|(table, config)| {
                let table = self.0.steps.get(*table)?;
                Some(written::step(table.home, table.configs.get(*config)?, &reader))
            });
            let steps: Vec<String> = steps.collect();
            let values = written::values(&arm.values, &self.0.functions, of.on);
            (!steps.is_empty()).then(|| format!("{values}: {}", steps.join("; ")))
        });
        lines.collect()
    }

    /// Who is asked when, and what it comes to.
    fn plan(&self, route: &ir::Route) -> Vec<String> {
        let Some((chain, [.., end])) = self.record(route) else { return Vec::new() };
        if chain.end == Some(EndKind::Match) {
            return self.0.ends.matches.get(*end).map(|of| self.calls(of)).unwrap_or_default();
        }
        let of = (chain.end == Some(EndKind::Aggregate)).then(|| self.0.ends.aggregates.get(*end)).flatten();
        of.map(|of| aggregate::plan(&self.0, of)).unwrap_or_default()
    }
}

fn origin(trail: &Trail) -> Origin {
    let of = |text: &str, place: &Place, through| Origin {
        text: text.to_owned(),
        file: place.file.clone(),
        line: place.line,
        through,
    };
    let through = trail.through.iter().map(|(text, place)| of(text, place, Vec::new()));
    of(&trail.text, &trail.place, through.collect())
}

/// A path with what its captures are, or with their numbers where that is not known.
pub(crate) fn path(pieces: &[Piece], reader: &Reader<'_>) -> String {
    let shown = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Capture(index) => reader.capture(*index),
        Piece::Value(number) | Piece::Query(number) => format!("{{{}}}", reader.function(*number)),
        Piece::Asked => format!(" {}", gatewright_dsl::schema::Source::Query.word()),
    });
    shown.collect()
}

/// The names of a pattern's captures, each in its braces. None where a capture has one text only, which is no capture when
/// it runs.
fn names(pattern: &str) -> Option<Vec<String>> {
    let inside = pattern.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or_default());
    let name = |inside: &str| {
        let (name, ty) = inside.split_once(':').unwrap_or((inside, ""));
        let is_single = ty.contains('"') && !ty.contains('|')
            || ty.split_once("..").is_some_and(|(low, high)| {
                low.split('(').next_back().map(str::trim) == high.split(')').next().map(str::trim)
            });
        (!is_single).then(|| format!("{{{name}}}"))
    };
    inside.map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatewright_dsl::{Catalogue, Source};

    fn plan(text: &str) -> Plan {
        crate::plan(&[Source::new("gateway.gw", text)], &Catalogue::standard()).unwrap()
    }

    const SHOP: &str = "gateway shop { listen http :8080 }
upstream orders { server \"http://127.0.0.1:9001\" }
route GET, POST /orders/{id: int} -> orders /v2/{id} { timeout 2s }
route GET /orders/7 respond 200 json { ok: true }
route * /{rest: path} redirect 302 /orders/{rest}
";

    #[test]
    fn routes_stand_in_order_of_precedence_with_all_that_runs() {
        let routes = plan(SHOP).routes();
        let names: Vec<String> = routes.iter().map(Listed::name).collect();
        assert_eq!(names, ["GET /orders/7", "GET, POST /orders/{id: int}", "* /{rest: path}"]);
        let terminals: Vec<&str> = routes.iter().map(|route| route.terminal.as_str()).collect();
        assert_eq!(
            terminals,
            ["respond 200 json {\"ok\":true}", "-> orders /v2/{id}", "redirect 302 /orders/{rest}"]
        );
        let timeout = routes[1].steps.iter().find(|step| step.text.starts_with("timeout total 2s connect "));
        let from = &timeout.unwrap().from;
        assert_eq!((from[0].text.as_str(), from[0].line, from.len()), ("timeout 2s", 3, 1), "{from:?}");
        assert!(routes[1].steps.iter().any(|step| step.from.is_empty()), "{routes:?}");
        assert_eq!((routes[1].file.as_str(), routes[1].line), ("gateway.gw", 3));
    }

    #[test]
    fn a_flag_is_shown_by_its_name_where_it_is_set() {
        let of = |settings: &str| {
            let gateway = "gateway shop { listen http :8080 }\nroute GET / respond 200";
            let routes = plan(&format!("{gateway} {{ {settings} }}\n")).routes();
            routes[0].steps.iter().map(|step| step.text.clone()).collect::<Vec<_>>()
        };
        assert_eq!(of("log sample 10%"), ["log sample 10%"]);
        let limited = of("limit 1/s per client.ip dry_run");
        assert!(limited[0].contains(" dry_run") && !limited[0].contains("true"), "{limited:?}");
    }

    #[test]
    fn a_capture_of_one_text_is_shown_by_its_number() {
        assert_eq!(names("a/{x}/{y: int(1..2)}"), Some(vec!["{x}".to_owned(), "{y}".to_owned()]));
        assert_eq!(names("{x: int(7..7)}/{y}"), None);
        let reader = Reader { functions: &ir::Functions::default(), params: &[], captures: &[], host: &[] };
        assert_eq!(path(&[Piece::Text("/a/".into()), Piece::Capture(0)], &reader), "/a/{1}");
    }
}
