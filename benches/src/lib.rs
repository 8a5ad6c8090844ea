//! The gateways that the benches measure: their text, their patterns as the baseline writes them, and requests that
//! each route wins.

use std::fmt::Write as _;

/// How many routes a gateway has.
pub const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

/// The sizes at which a router is measured.
pub const ROUTER_SIZES: [usize; 3] = [10, 1_000, 10_000];

/// What the routes of a gateway look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `GET /api/svcK/items/{id}/detail`.
    Uniform,
    /// Literals, typed parameters, a rest, and a parameter with many literals behind it, in turn.
    Mixed,
}

/// All of them.
pub const SHAPES: [Shape; 2] = [Shape::Uniform, Shape::Mixed];

/// One route, in three spellings.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// As a `.gw` file writes it.
    pub pattern: String,
    /// As `matchit` writes it.
    pub baseline: String,
    /// The path of a request that it wins.
    pub path: String,
}

impl Shape {
    /// One word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Mixed => "mixed",
        }
    }

    /// The `k`-th route.
    #[must_use]
    pub fn route(self, k: usize) -> Route {
        let same = |method, before: String, behind: &str, ty: &str, path: String| {
            let pattern = format!("{before}{{id{ty}}}{behind}");
            Route { method, pattern, baseline: format!("{before}{{id}}{behind}"), path }
        };
        match (self, k % 5) {
            (Self::Uniform, _) => same(
                "GET",
                format!("/api/svc{k}/items/"),
                "/detail",
                "",
                format!("/api/svc{k}/items/{}/detail", k * 7),
            ),
            (_, 0) => {
                let path = format!("/v1/service-{k}/status");
                Route { method: "GET", pattern: path.clone(), baseline: path.clone(), path }
            }
            (_, 1) => same("GET", format!("/v1/r{k}/"), "", ": int", format!("/v1/r{k}/{}", k * 7)),
            (_, 2) => {
                let path = format!("/v1/orders{k}/6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10/lines");
                same("GET", format!("/v1/orders{k}/"), "/lines", ": uuid", path)
            }
            (_, 3) => Route {
                method: "GET",
                pattern: format!("/static/s{k}/{{rest: path}}"),
                baseline: format!("/static/s{k}/{{*rest}}"),
                path: format!("/static/s{k}/css/site.css"),
            },
            _ => {
                let path = format!("/tenants/t{}/projects/p{k}/members", k % 97);
                same("GET", "/tenants/".to_owned(), &format!("/projects/p{k}/members"), "", path)
            }
        }
    }

    /// The first `size` routes.
    pub fn routes(self, size: usize) -> impl Iterator<Item = Route> {
        (0..size).map(move |k| self.route(k))
    }

    /// The text of a gateway with `size` routes.
    #[must_use]
    pub fn text(self, size: usize) -> String {
        let mut text = String::from(
            "gateway bench { listen http 127.0.0.1:8080; log none }\nupstream app { server \"http://127.0.0.1:9000\" }\n",
        );
        for Route { method, pattern, .. } in self.routes(size) {
            // What is captured is named by the target, as it is in a gateway that somebody wrote.
            let target = pattern.replace(": int", "").replace(": uuid", "").replace(": path", "");
            // Writing into a string cannot fail.
            let _ = writeln!(text, "route {method} {pattern} -> app {target}");
        }
        text
    }
}
