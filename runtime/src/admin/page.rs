//! The live page: its frame around the tables, and the files that it loads. All of it is in the binary, and the same for every gateway
//! but for what is escaped here.

use std::fmt::Write;

use super::answer::Answer;
use super::table::{Escaped, Table};
use super::view::View;

const CSS: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const ICON: &str = include_str!("icon.svg");

/// A file that the page loads.
pub(super) fn file(path: &[u8]) -> Option<Answer> {
    let (kind, text) = match path {
        b"/page.css" => ("text/css; charset=utf-8", CSS),
        b"/page.js" => ("text/javascript; charset=utf-8", SCRIPT),
        b"/icon.svg" => ("image/svg+xml", ICON),
        _ => return None,
    };
    Some(Answer::of(kind, text.to_owned()))
}

/// The page as it is read without scripts, which only bring it up to date.
pub(super) fn html(view: &View) -> String {
    let mut out = String::with_capacity(64 * 1024);
    // Writing into a string cannot fail.
    let _ = write(&mut out, view);
    out
}

fn write(out: &mut String, view: &View) -> std::fmt::Result {
    let (name, filter) = (Escaped(view.name), Escaped(&view.filter));
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\" data-build=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{name}: live</title>\n\
         <link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\">\n<link rel=\"stylesheet\" href=\"/page.css\">\n\
         <script src=\"/page.js\" defer></script>\n</head>\n<body>\n<a class=\"skip\" href=\"#routes\">Skip to routes</a>\n\
         <header>\n<h1>{name} <span id=\"state\" class=\"state {}\">{}</span></h1>\n<p class=\"built\">{}</p>\n\
         <nav aria-label=\"Tables\"><ul>",
        Escaped(&view.build),
        view.state.0,
        view.state.1,
        Escaped(&view.built),
    )?;
    for table in &view.tables {
        write!(out, "<li><a href=\"#{}\">{}</a></li>", table.id, table.title)?;
    }
    write!(
        out,
        "</ul></nav>\n<div class=\"tools\"><label id=\"filtering\" hidden>Filter <input id=\"filter\" type=\"search\" \
         maxlength=\"64\" value=\"{filter}\" autocomplete=\"off\" spellcheck=\"false\"></label>\
         <button id=\"pause\" type=\"button\" hidden>Pause</button>\
         <span id=\"connection\" role=\"status\"></span> <a id=\"reload\" href=\"{}\">Reload</a> \
         <span class=\"at\">as of <span id=\"at\">{}</span></span></div>\n</header>\n<main>\n",
        Escaped(&view.address()),
        view.at,
    )?;
    out.push_str("<dl id=\"facts\">");
    for fact in &view.facts {
        write!(
            out,
            "<div><dt>{}</dt><dd id=\"fact-{}\">{}</dd></div>",
            fact.label,
            fact.key,
            Escaped(&fact.text)
        )?;
    }
    write!(
        out,
        "</dl>\n<section id=\"alerts\" aria-labelledby=\"alerts-title\"{}>",
        hidden(view.alerts.is_empty())
    )?;
    out.push_str("<h2 id=\"alerts-title\">Needs a look</h2><ul id=\"alert-list\" aria-live=\"polite\">");
    for alert in &view.alerts {
        write!(out, "<li>{}</li>", Escaped(alert))?;
    }
    out.push_str("</ul></section>\n");
    for tables in view.tables.chunk_by(|one, next| one.is_wide == next.is_wide) {
        let is_beside = tables.iter().any(|table| !table.is_wide);
        out.push_str(if is_beside { "<div class=\"halves\">\n" } else { "" });
        for table in tables {
            section(out, table)?;
        }
        out.push_str(if is_beside { "</div>\n" } else { "" });
    }
    write!(
        out,
        "</main>\n<footer><p>Rates are of the last 10 seconds, minute and 5 minutes, or of the time since the start where that is less. \
         Quantiles are of the last 5 to 6 minutes, as Prometheus finds them from the same buckets. The same numbers: <a href=\"/metrics\">/metrics</a>, \
         <a href=\"/build\">/build</a>.</p><p id=\"still\">Scripts are off: the page shows what was when it was loaded. \
         <code>/?q=orders</code> shows only rows that say so.</p></footer>\n</body>\n</html>\n"
    )
}

fn hidden(is_hidden: bool) -> &'static str {
    if is_hidden { " hidden" } else { "" }
}

fn section(out: &mut String, table: &Table) -> std::fmt::Result {
    let (id, title) = (table.id, table.title);
    write!(
        out,
        "<section aria-labelledby=\"{id}-title\"><div class=\"top\"><h2 id=\"{id}-title\">{title}</h2>\
         <p class=\"note\" id=\"{id}-note\">{}</p></div>\n<div class=\"scroll\">",
        Escaped(&table.note)
    )?;
    table.html(out)?;
    writeln!(
        out,
        "</div><p class=\"none\" id=\"{id}-none\"{}>{}</p></section>",
        hidden(!table.rows.is_empty()),
        table.empty
    )
}
