//! Outcomes of tests as `JUnit` XML, in the form that GitLab and Jenkins read.

use std::fmt::Write as _;

use super::Outcome;

/// The whole document.
pub(crate) fn document(gateway: &str, outcomes: &[Outcome<'_>]) -> String {
    let failed = outcomes.iter().filter(|outcome| !outcome.failures.is_empty()).count();
    let took: f64 = outcomes.iter().map(|outcome| outcome.took.as_secs_f64()).sum();
    let counts =
        format!("tests=\"{}\" failures=\"{failed}\" errors=\"0\" time=\"{took:.3}\"", outcomes.len());
    let name = escaped(gateway);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{name}\" {counts}>\n  <testsuite name=\"{name}\" {counts}>\n"
    );
    for outcome in outcomes {
        case(&name, outcome, &mut text);
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn case(gateway: &str, outcome: &Outcome<'_>, out: &mut String) {
    let (name, file, line) =
        (escaped(&outcome.test.name), escaped(&outcome.test.place.file), outcome.test.place.line);
    let took = outcome.took.as_secs_f64();
    let head = format!(
        "    <testcase classname=\"{gateway}\" name=\"{name}\" file=\"{file}\" line=\"{line}\" time=\"{took:.3}\""
    );
    let Some(first) = outcome.failures.first() else {
        // Writing into a string cannot fail.
        let _ = writeln!(out, "{head}/>");
        return;
    };
    let message = escaped(&format!("{}:{}  {}", first.place.file, first.place.line, first.what));
    // Readers of the format keep one failure for each test.
    let said: Vec<String> = outcome.failures.iter().flat_map(super::Failure::said).collect();
    let said = escaped(&said.join("\n"));
    let _ = writeln!(
        out,
        "{head}>\n      <failure message=\"{message}\" type=\"failure\">{said}</failure>\n    </testcase>"
    );
}

/// Text as it stands in an element or in an attribute. What no XML 1.0 document can have, becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // In an attribute these would be read as blanks.
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gatewright_compiler::suite::{Place, Test};

    use super::*;
    use crate::testing::Failure;

    fn place(line: u32) -> Place {
        Place { file: "a&b.gw".to_owned(), line }
    }

    #[test]
    fn what_xml_means_something_by_is_escaped() {
        let test = |name: &str, line| Test {
            name: name.to_owned(),
            place: place(line),
            given: Vec::new(),
            steps: Vec::new(),
        };
        let (first, second) = (test("a < \"b\"", 3), test("well", 9));
        let lines = vec!["expected  <p>\u{1}".to_owned(), "found     ]]>".to_owned()];
        let failure = Failure { place: place(4), what: "GET /x?a=1&b=2".to_owned(), lines };
        let outcome =
            |test, failures| Outcome { test, took: Duration::from_millis(20), failures, reached: Vec::new() };
        let outcomes = [outcome(&first, vec![failure]), outcome(&second, Vec::new())];
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="shop" tests="2" failures="1" errors="0" time="0.040">
  <testsuite name="shop" tests="2" failures="1" errors="0" time="0.040">
    <testcase classname="shop" name="a &lt; &quot;b&quot;" file="a&amp;b.gw" line="3" time="0.020">
      <failure message="a&amp;b.gw:4  GET /x?a=1&amp;b=2" type="failure">a&amp;b.gw:4  GET /x?a=1&amp;b=2&#10;    expected  &lt;p&gt;&#65533;&#10;    found     ]]&gt;</failure>
    </testcase>
    <testcase classname="shop" name="well" file="a&amp;b.gw" line="9" time="0.020"/>
  </testsuite>
</testsuites>
"#;
        assert_eq!(document("shop", &outcomes), expected.replace("&#65533;", "\u{fffd}"));
    }
}
