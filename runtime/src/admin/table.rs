//! Tables of the live page: one description, written as HTML for who reads it at once and as JSON for the script that keeps it up to date,
//! so that both say the same.

use std::fmt::{self, Display, Formatter, Write};

/// A table.
pub(super) struct Table {
    /// The name of it within the page: letters only.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// What a screen reader says of it.
    pub(super) caption: &'static str,
    /// What is true of the rows that are shown.
    pub(super) note: String,
    /// What stands in its place where there are no rows.
    pub(super) empty: &'static str,
    /// It takes the whole width where there is much; others stand beside each other.
    pub(super) is_wide: bool,
    pub(super) columns: &'static [Column],
    pub(super) rows: Vec<Row>,
}

/// A column.
pub(super) struct Column {
    pub(super) head: &'static str,
    /// What exactly stands there.
    pub(super) title: &'static str,
    pub(super) kind: Kind,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What a row is called; one in each table.
    Name,
    Text,
    Number,
    /// A line of the last quarter of an hour.
    Trend,
}

/// A row; the key is its own for as long as it is shown.
pub(super) struct Row {
    pub(super) key: String,
    pub(super) cells: Vec<Cell>,
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    /// What stands beside it, smaller.
    pub(super) more: String,
    /// How it looks: a class of the style sheet.
    pub(super) class: &'static str,
    /// What it is sorted by, where that is not its text.
    pub(super) sort: Option<u64>,
    /// Heights from 0 to 15 in hexadecimal digits, the oldest first.
    pub(super) trend: String,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(super) fn number(text: impl Into<String>, sort: u64) -> Self {
        Self { text: text.into(), sort: Some(sort), ..Self::default() }
    }

    /// There is nothing to tell.
    pub(super) fn none() -> Self {
        Self { text: "–".to_owned(), class: "nil", sort: Some(0), ..Self::default() }
    }

    pub(super) fn with(self, more: impl Into<String>) -> Self {
        Self { more: more.into(), ..self }
    }

    pub(super) fn class(self, class: &'static str) -> Self {
        Self { class, ..self }
    }

    /// A line through these values, of which the greatest is the highest.
    pub(super) fn trend(values: &[u64]) -> Self {
        let most = values.iter().copied().max().unwrap_or(0).max(1);
        // What is more than nothing is seen.
        let height = |value: u64| if value == 0 { 0 } else { (value.saturating_mul(15) / most).max(1) };
        let trend =
            values.iter().filter_map(|value| char::from_digit(u32::try_from(height(*value)).ok()?, 16));
        Self { trend: trend.collect(), sort: values.last().copied(), ..Self::default() }
    }
}

impl Table {
    pub(super) fn html(&self, out: &mut String) -> fmt::Result {
        write!(out, "<table id=\"{}\"><caption>{}</caption><thead><tr>", self.id, self.caption)?;
        for Column { head, title, kind } in self.columns {
            write!(out, "<th scope=\"col\" class=\"{}\" title=\"{title}\">{head}</th>", kind.class())?;
        }
        out.push_str("</tr></thead><tbody>\n");
        for row in &self.rows {
            write!(out, "<tr data-key=\"{}\">", Escaped(&row.key))?;
            for (cell, column) in row.cells.iter().zip(self.columns) {
                cell.html(column, out)?;
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody></table>");
        Ok(())
    }

    /// `{"id":…,"note":…,"rows":[[key,cell,…],…]}`.
    pub(super) fn json(&self, out: &mut String) -> fmt::Result {
        write!(out, "{{\"id\":\"{}\",\"note\":{},\"rows\":[", self.id, Quoted(&self.note))?;
        for (at, row) in self.rows.iter().enumerate() {
            write!(out, "{}[{}", if at == 0 { "" } else { "," }, Quoted(&row.key))?;
            for cell in &row.cells {
                out.push(',');
                cell.json(out)?;
            }
            out.push(']');
        }
        out.push_str("]}");
        Ok(())
    }
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Text => "words",
            Self::Number => "number",
            Self::Trend => "trend",
        }
    }
}

impl Cell {
    fn html(&self, column: &Column, out: &mut String) -> fmt::Result {
        let (element, scope) = if column.kind == Kind::Name { ("th", " scope=\"row\"") } else { ("td", "") };
        write!(out, "<{element}{scope} class=\"{}", column.kind.class())?;
        if !self.class.is_empty() {
            write!(out, " {}", self.class)?;
        }
        write!(out, "\" data-head=\"{}\"", column.head)?;
        if let Some(sort) = self.sort {
            write!(out, " data-sort=\"{sort}\"")?;
        }
        out.push('>');
        if column.kind == Kind::Trend {
            write!(
                out,
                "<svg viewBox=\"0 0 90 16\" width=\"90\" height=\"16\" aria-hidden=\"true\" focusable=\"false\"><path d=\"{}\"/></svg>",
                Line(&self.trend)
            )?;
        } else {
            write!(out, "<span>{}</span>", Escaped(&self.text))?;
            if !self.more.is_empty() {
                write!(out, " <small>{}</small>", Escaped(&self.more))?;
            }
        }
        write!(out, "</{element}>")
    }

    /// Its text, or where there is more to it an object: `t` text, `m` more, `c` class, `s` sort, `p` path.
    fn json(&self, out: &mut String) -> fmt::Result {
        if *self == Self::text(self.text.as_str()) {
            return write!(out, "{}", Quoted(&self.text));
        }
        write!(out, "{{\"t\":{}", Quoted(&self.text))?;
        for (key, text) in [("m", self.more.as_str()), ("c", self.class)] {
            if !text.is_empty() {
                write!(out, ",\"{key}\":{}", Quoted(text))?;
            }
        }
        if !self.trend.is_empty() {
            write!(out, ",\"p\":\"{}\"", Line(&self.trend))?;
        }
        if let Some(sort) = self.sort {
            write!(out, ",\"s\":{sort}")?;
        }
        out.push('}');
        Ok(())
    }
}

/// The outline of steps that stand on the ground, of which the last is at the right end.
struct Line<'a>(&'a str);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let first = 90_usize.saturating_sub(self.0.len());
        let mut before = None;
        for (at, digit) in self.0.chars().enumerate() {
            let height = 15 - digit.to_digit(16).unwrap_or(0);
            // What stays at one height is one stroke.
            let (x, is_last) = (first + at, at + 1 == self.0.len());
            match before {
                None => write!(f, "M{x} 16V{height}H{}", x + 1)?,
                Some(same) if same == height && !is_last => {}
                Some(same) if same == height => write!(f, "H{}", x + 1)?,
                Some(_) => write!(f, "H{x}V{height}H{}", x + 1)?,
            }
            before = Some(height);
        }
        if before.is_some() { f.write_str("V16") } else { Ok(()) }
    }
}

/// Text within HTML, between elements or in a quoted attribute.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// A string of JSON (RFC 8259 section 7), without a byte that could end a line or a script.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\u{7f}'..='\u{9f}' => {
                    write!(f, "\\u{:04x}", u32::from(c))?;
                }
                c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column { head: "Route", title: "the route", kind: Kind::Name },
        Column { head: "1 m", title: "a minute", kind: Kind::Number },
        Column { head: "Trend", title: "a quarter of an hour", kind: Kind::Trend },
    ];

    fn table(name: &str) -> Table {
        let cells = vec![
            Cell::text(name).with("a.gw:3"),
            Cell::number("2.0", 2_000).class("bad"),
            Cell::trend(&[0, 1, 1, 300]),
        ];
        let rows = vec![Row { key: name.to_owned(), cells }];
        Table {
            id: "routes",
            title: "Routes",
            caption: "Routes",
            note: name.to_owned(),
            empty: "",
            is_wide: true,
            columns: COLUMNS,
            rows,
        }
    }

    #[test]
    fn what_a_name_holds_is_text_in_html_and_in_json() {
        let table = table("</script><img src=x onerror='a(\"b\")'>&\n\u{2028}");
        let (mut html, mut json) = (String::new(), String::new());
        table.html(&mut html).unwrap();
        table.json(&mut json).unwrap();
        let name = "&lt;/script&gt;&lt;img src=x onerror=&#39;a(&quot;b&quot;)&#39;&gt;&amp;\n\u{2028}";
        assert!(html.contains(&format!("<tr data-key=\"{name}\"><th scope=\"row\" class=\"name\" data-head=\"Route\"><span>{name}</span> <small>a.gw:3</small></th>")), "{html}");
        let name = r#""\u003c/script\u003e\u003cimg src=x onerror='a(\"b\")'\u003e\u0026\u000a\u2028""#;
        assert_eq!(
            json,
            format!(
                r#"{{"id":"routes","note":{name},"rows":[[{name},{{"t":{name},"m":"a.gw:3"}},{{"t":"2.0","c":"bad","s":2000}},{{"t":"","p":"M86 16V15H87H87V14H88H89V0H90V16","s":300}}]]}}"#
            )
        );
    }

    #[test]
    fn a_trend_has_its_newest_value_at_the_right() {
        assert_eq!(Line("").to_string(), "");
        assert_eq!(Line("f").to_string(), "M89 16V0H90V16");
        assert_eq!(Line("000f").to_string(), "M86 16V15H87H89V0H90V16");
        assert_eq!(Line("0000").to_string(), "M86 16V15H87H90V16");
        assert_eq!(Cell::trend(&[]).trend, "");
        assert_eq!(Cell::trend(&[0, 0]).trend, "00");
        assert_eq!(Cell::trend(&[1, 1_000_000, 500_000]).trend, "1f7");
    }
}
