//! What a server says of itself in OpenAPI 3.0 or 3.1: which paths it has, what it takes there, and what it answers. Only what is asked
//! for is looked at, so that a contract may have whatever nobody here uses.

mod schema;
mod tree;

use crate::ty::Ty;

pub(crate) use schema::{fits, ty};
pub(crate) use tree::{Node, Refused};

/// References that may lead to each other.
const MOST_REFERENCES: usize = 32;

/// The methods that a path may have in a contract.
const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The statuses of success without content (RFC 9110 sections 15.3.5 and 15.3.6).
const EMPTY: &[&str] = &["204", "205"];

/// A contract that has been read.
#[derive(Debug)]
pub(crate) struct Contract {
    /// The name of its file.
    pub(crate) file: String,
    root: Node,
    /// The path of its server, which stands before each of its own.
    base: Vec<String>,
}

/// A segment of a path that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// This text.
    Text(String),
    /// Values of a type, one for each request.
    Value(Ty),
    /// Any number of segments.
    Rest,
}

/// What may be asked at a path with a method.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation<'c> {
    contract: &'c Contract,
    pub(crate) template: &'c str,
    path: &'c Node,
    node: &'c Node,
}

/// Something that an operation takes.
#[derive(Debug)]
pub(crate) struct Parameter<'c> {
    pub(crate) name: &'c str,
    pub(crate) is_query: bool,
    pub(crate) is_required: bool,
    pub(crate) schema: Option<&'c Node>,
    pub(crate) line: usize,
}

/// Why nothing can be asked so.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing<'c> {
    /// There is no such path.
    Path,
    /// There is, but not with this method: the path, its line, and the methods that it has.
    Method(&'c str, usize, Vec<String>),
}

impl Contract {
    /// Reads a contract.
    pub(crate) fn read(file: String, text: &str) -> Result<Self, Refused> {
        let root = tree::read(text)?;
        let version =
            root.get("openapi").ok_or_else(|| Refused::new(root.line, "it does not say `openapi`"))?;
        let said = version.text().unwrap_or_default();
        if !["3.0.", "3.1."].iter().any(|known| said.starts_with(known)) {
            return Err(Refused::new(
                version.line,
                format!("it is of OpenAPI `{said}`, and only 3.0 and 3.1 are read"),
            ));
        }
        let none = Node { line: root.line, is: tree::Is::Map(Vec::new()) };
        for (template, item) in root.get("paths").unwrap_or(&none).members() {
            if !template.starts_with('/') {
                return Err(Refused::new(
                    item.line,
                    format!("the path `{template}` does not begin with `/`"),
                ));
            }
        }
        let base = base(&root)?;
        Ok(Self { file, root, base })
    }

    /// All paths, as they are asked for: with that of the server in front.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (String, usize)> {
        let base = self.base.iter().fold(String::new(), |base, segment| base + "/" + segment);
        self.all().map(move |(template, item)| (format!("{base}{template}"), item.line))
    }

    fn all(&self) -> impl Iterator<Item = (&str, &Node)> {
        let members = self.root.get("paths").map(Node::members).unwrap_or_default();
        members.iter().map(|(template, item)| (template.as_str(), item))
    }

    /// What is asked at a path with a method: at the path with the most text, where several fit (OpenAPI 3.1, "Path Templating Matching").
    pub(crate) fn find(&self, asked: &[Segment], method: &str) -> Result<Operation<'_>, Missing<'_>> {
        let Some(own) = self.below(asked) else { return Err(Missing::Path) };
        let fitting = self.all().filter(|(template, _)| fits_template(own, template));
        let Some((template, path)) = fitting.min_by_key(|(template, _)| template.matches('{').count()) else {
            return Err(Missing::Path);
        };
        let item = self.followed(path).unwrap_or(path);
        // A HEAD is asked where a GET is (RFC 9110 section 9.3.2).
        let lower = method.to_ascii_lowercase();
        let node = item.get(&lower).or_else(|| if lower == "head" { item.get("get") } else { None });
        if let Some(node) = node {
            return Ok(Operation { contract: self, template, path: item, node });
        }
        let known = item.members().iter().filter(|(word, _)| METHODS.contains(&word.as_str()));
        let known = known.map(|(word, _)| word.to_ascii_uppercase());
        Err(Missing::Method(template, path.line, known.collect()))
    }

    /// What of a path lies below that of the server.
    fn below<'s>(&self, asked: &'s [Segment]) -> Option<&'s [Segment]> {
        let (base, own) = asked.split_at_checked(self.base.len())?;
        let is_it = |(own, known): (&Segment, &String)| matches!(own, Segment::Text(text) if text == known);
        base.iter().zip(&self.base).all(is_it).then_some(own)
    }

    /// What a reference within the contract leads to; the node itself, if it is none.
    pub(crate) fn followed<'n>(&'n self, node: &'n Node) -> Result<&'n Node, String> {
        let mut at = node;
        for _ in 0..MOST_REFERENCES {
            let Some(reference) = at.get("$ref").and_then(Node::text) else { return Ok(at) };
            let Some(pointer) = reference.strip_prefix("#/") else {
                return Err(format!("`{reference}` leads to another document, and that is not read"));
            };
            at = pointer
                .split('/')
                .try_fold(&self.root, |node, part| {
                    // RFC 6901 section 4.
                    let key = part.replace("~1", "/").replace("~0", "~");
                    node.get(&key)
                })
                .ok_or_else(|| format!("`{reference}` leads nowhere"))?;
        }
        Err("references lead to each other".to_owned())
    }
}

/// The path of the server, where all servers have one.
fn base(root: &Node) -> Result<Vec<String>, Refused> {
    let mut found: Option<Vec<String>> = None;
    for server in root.get("servers").map(Node::items).unwrap_or_default() {
        let Some(url) = server.get("url") else { continue };
        let text = url.text().unwrap_or_default();
        let path = match text.split_once("://") {
            Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
            None => text.trim_start_matches('/'),
        };
        let segments: Vec<String> =
            path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        if segments.iter().any(|segment| segment.contains('{')) {
            return Err(Refused::new(url.line, format!("the path of the server `{text}` has a variable")));
        }
        if found.as_ref().is_some_and(|known| *known != segments) {
            return Err(Refused::new(url.line, "its servers have different paths"));
        }
        found = Some(segments);
    }
    Ok(found.unwrap_or_default())
}

fn fits_template(asked: &[Segment], template: &str) -> bool {
    let own: Vec<&str> = template.trim_start_matches('/').split('/').collect();
    own.len() == asked.len()
        && asked.iter().zip(own).all(|(asked, own)| match asked {
            Segment::Text(text) => text == own || is_parameter(own) && !text.is_empty(),
            Segment::Value(_) => is_parameter(own),
            Segment::Rest => false,
        })
}

/// Whether a segment of a template is one parameter.
fn is_parameter(segment: &str) -> bool {
    segment
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|name| !name.contains(['{', '}']))
}

impl<'c> Operation<'c> {
    /// What it takes; what is said beside the method counts before what is said for the whole path.
    pub(crate) fn parameters(&self) -> Result<Vec<Parameter<'c>>, String> {
        let mut found: Vec<Parameter<'c>> = Vec::new();
        for from in [self.node, self.path] {
            for node in from.get("parameters").map(Node::items).unwrap_or_default() {
                let node = self.contract.followed(node)?;
                let (Some(name), Some(place)) =
                    (node.get("name").and_then(Node::text), node.get("in").and_then(Node::text))
                else {
                    continue;
                };
                let is_query = place == "query";
                let is_known = found.iter().any(|known| known.name == name && known.is_query == is_query);
                if (is_query || place == "path") && !is_known {
                    let is_required = node.get("required").is_some_and(Node::is_true);
                    found.push(Parameter {
                        name,
                        is_query,
                        is_required,
                        schema: node.get("schema"),
                        line: node.line,
                    });
                }
            }
        }
        Ok(found)
    }

    /// The names of the parameters of its path, in order, each with the place of its segment.
    pub(crate) fn captured(&self) -> impl Iterator<Item = (usize, &'c str)> {
        let before = self.contract.base.len();
        let segments = self.template.trim_start_matches('/').split('/').enumerate();
        segments
            .filter(|(_, segment)| is_parameter(segment))
            .map(move |(at, segment)| (before + at, segment.trim_matches(['{', '}'])))
    }

    /// Where it stands.
    pub(crate) fn line(&self) -> usize {
        self.node.line
    }

    /// Whether it may succeed and say nothing.
    pub(crate) fn may_have_no_content(&self) -> bool {
        let responses = self.node.get("responses").map(Node::members).unwrap_or_default();
        responses.iter().any(|(status, _)| EMPTY.contains(&status.as_str()))
    }

    /// The schema of the JSON that it answers with where it succeeds.
    pub(crate) fn answer(&self) -> Result<&'c Node, String> {
        let responses = self.node.get("responses").map(Node::members).unwrap_or_default();
        let of = |fits: &dyn Fn(&str) -> bool| {
            responses.iter().find(|(status, _)| fits(status)).map(|(_, node)| node)
        };
        let response = of(&|status| status == "200")
            .or_else(|| of(&|status| status.starts_with('2') && !EMPTY.contains(&status)))
            .or_else(|| of(&|status| status.starts_with('2')))
            .or_else(|| of(&|status| status == "default"))
            .ok_or("it names no answer of success")?;
        let content = self.contract.followed(response)?.get("content").map(Node::members).unwrap_or_default();
        let is_json = |kind: &str| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind == "application/json" || kind.ends_with("+json") || kind == "*/*" || kind == "application/*"
        };
        let media = content.iter().find(|(kind, _)| is_json(kind)).map(|(_, media)| media);
        media
            .and_then(|media| media.get("schema"))
            .ok_or_else(|| "its answer of success is not said to be JSON".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = "openapi: 3.0.3\nservers:\n  - url: https://a.example/v2\npaths:\n  /orders:\n    get: {}\n    post: {}\n  /orders/{id}:\n    get: {}\n  /orders/open:\n    get: {}\n  /x/{a}.{b}: {get: {}}\n";

    fn text(path: &str) -> Vec<Segment> {
        let segment = |part: &str| match part {
            "*" => Segment::Rest,
            "{}" => Segment::Value(Ty::INT),
            text => Segment::Text(text.to_owned()),
        };
        path.trim_start_matches('/').split('/').map(segment).collect()
    }

    #[test]
    fn the_path_with_the_most_text_is_found_below_that_of_the_server() {
        let shop = Contract::read("a.yaml".to_owned(), SHOP).unwrap();
        let found = |path: &str, method: &str| shop.find(&text(path), method).map(|found| found.template);
        assert_eq!(found("/v2/orders", "POST"), Ok("/orders"));
        assert_eq!(found("/v2/orders/{}", "GET"), Ok("/orders/{id}"));
        assert_eq!(found("/v2/orders/{}", "HEAD"), Ok("/orders/{id}"));
        assert_eq!(found("/v2/orders/open", "GET"), Ok("/orders/open"));
        assert_eq!(found("/v2/orders/7", "GET"), Ok("/orders/{id}"));
        for path in ["/orders", "/v2/orders/", "/v2/orders/*", "/v2/{}", "/v2/orders/7/lines", "/v2/x/{}"] {
            assert_eq!(found(path, "GET"), Err(Missing::Path), "{path}");
        }
        let known = vec!["GET".to_owned(), "POST".to_owned()];
        assert_eq!(found("/v2/orders", "PUT"), Err(Missing::Method("/orders", 6, known)));
    }

    #[test]
    fn what_is_no_contract_is_refused() {
        let why = |text: &str| Contract::read(String::new(), text).unwrap_err().why;
        assert!(why("swagger: '2.0'\n").contains("does not say `openapi`"));
        assert!(why("openapi: 3.2.0\n").contains("only 3.0 and 3.1"));
        assert!(why("openapi: 3.0.0\npaths: {orders: {}}\n").contains("does not begin"));
        assert!(why("openapi: 3.0.0\nservers: [{url: '/{v}'}]\n").contains("variable"));
        assert!(why("openapi: 3.0.0\nservers: [{url: /a}, {url: /b}]\n").contains("different paths"));
    }

    #[test]
    fn references_are_followed_within_the_document_and_not_in_circles() {
        let text = "openapi: 3.1.0\na: {$ref: '#/b'}\nb: {$ref: '#/c~1d'}\nc/d: {x: 1}\ne: {$ref: '#/e'}\nf: {$ref: other.yaml}\ng: {$ref: '#/h'}\n";
        let contract = Contract::read(String::new(), text).unwrap();
        let followed = |key: &str| contract.followed(contract.root.get(key).unwrap()).map(|node| node.line);
        assert_eq!(followed("a"), Ok(4));
        assert!(followed("e").unwrap_err().contains("each other"));
        assert!(followed("f").unwrap_err().contains("another document"));
        assert!(followed("g").unwrap_err().contains("nowhere"));
    }
}
