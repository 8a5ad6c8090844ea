//! The dashboard and the alerts in `deploy/` are made of the metrics that the pages describe: the two files are written here, and
//! every name in them must be one of a gateway's. The units and the manifest must fit the gateway of their page.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::place::ROOT;

/// A panel: its title, its unit as Grafana calls it, and what it draws with the legend of each series.
type Panel = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const PANELS: &[Panel] = &[
    (
        "Requests",
        "reqps",
        &[("sum by (status) (rate(gatewright_requests_total[$__rate_interval]))", "{{status}}")],
    ),
    (
        "Failures by route",
        "reqps",
        &[(
            "sum by (route) (rate(gatewright_requests_total{status=\"5xx\"}[$__rate_interval]))",
            "{{route}}",
        )],
    ),
    (
        "Time of a request",
        "s",
        &[
            (
                "histogram_quantile(0.5, sum by (le) (rate(gatewright_request_seconds_bucket[$__rate_interval])))",
                "half",
            ),
            (
                "histogram_quantile(0.99, sum by (le) (rate(gatewright_request_seconds_bucket[$__rate_interval])))",
                "99 of 100",
            ),
        ],
    ),
    (
        "Answers of the gateway's own",
        "reqps",
        &[("sum by (reason) (rate(gatewright_reasons_total[$__rate_interval]))", "{{reason}}")],
    ),
    (
        "Tries of servers",
        "reqps",
        &[(
            "sum by (upstream, server) (rate(gatewright_upstream_tries_total[$__rate_interval]))",
            "{{upstream}} {{server}}",
        )],
    ),
    (
        "Tries that got no answer",
        "reqps",
        &[(
            "sum by (upstream, server) (rate(gatewright_upstream_unanswered_total[$__rate_interval]))",
            "{{upstream}} {{server}}",
        )],
    ),
    (
        "Tries under way",
        "short",
        &[("sum by (upstream, server) (gatewright_upstream_in_flight)", "{{upstream}} {{server}}")],
    ),
    (
        "First byte of servers, 99 of 100",
        "s",
        &[(
            "histogram_quantile(0.99, sum by (upstream, le) (rate(gatewright_upstream_first_byte_seconds_bucket[$__rate_interval])))",
            "{{upstream}}",
        )],
    ),
    (
        "Servers that can be asked",
        "short",
        &[("sum by (upstream, server) (gatewright_upstream_in)", "{{upstream}} {{server}}")],
    ),
    (
        "Requests that wait for an upstream",
        "short",
        &[("sum by (upstream) (gatewright_upstream_queue)", "{{upstream}}")],
    ),
    (
        "Breakers that are not closed",
        "short",
        &[("sum by (upstream) (gatewright_upstream_breaker{state!=\"closed\"})", "{{upstream}}")],
    ),
    (
        "Connections of clients",
        "short",
        &[("sum by (instance) (gatewright_worker_connections)", "{{instance}}")],
    ),
    (
        "Bytes",
        "Bps",
        &[
            ("sum(rate(gatewright_received_bytes_total[$__rate_interval]))", "received"),
            ("sum(rate(gatewright_sent_bytes_total[$__rate_interval]))", "sent"),
        ],
    ),
    ("Processor", "percentunit", &[("rate(process_cpu_seconds_total[$__rate_interval])", "{{instance}}")]),
    ("Memory", "bytes", &[("process_resident_memory_bytes", "{{instance}}")]),
    ("Descriptors", "percentunit", &[("process_open_fds / process_max_fds", "{{instance}}")]),
];

/// An alert: its name, what must hold, for how long, how bad it is, and what it says.
const ALERTS: &[(&str, &str, &str, &str, &str)] = &[
    (
        "GatewrightFailures",
        "sum by (instance) (rate(gatewright_requests_total{status=\"5xx\"}[5m])) > 0.05 * sum by (instance) (rate(gatewright_requests_total[5m]))",
        "5m",
        "page",
        "more than 5 % of the requests to {{ $labels.instance }} end in 5xx",
    ),
    (
        "GatewrightNoServer",
        "sum by (instance, upstream) (gatewright_upstream_in) == 0",
        "1m",
        "page",
        "no server of {{ $labels.upstream }} can be asked",
    ),
    (
        "GatewrightServerOut",
        "gatewright_upstream_in == 0",
        "10m",
        "ticket",
        "{{ $labels.server }} of {{ $labels.upstream }} cannot be asked",
    ),
    (
        "GatewrightBreakerOpen",
        "gatewright_upstream_breaker{state=\"open\"} == 1",
        "1m",
        "page",
        "the breaker of {{ $labels.upstream }} is open",
    ),
    (
        "GatewrightOverloaded",
        "sum by (instance) (rate(gatewright_reasons_total{reason=~\"overloaded|queue_full|queue_timeout\"}[5m])) > 0",
        "5m",
        "page",
        "{{ $labels.instance }} refuses requests because it, or an upstream, has as many as it may have",
    ),
    (
        "GatewrightPanic",
        "increase(gatewright_reasons_total{reason=\"panic\"}[1h]) > 0",
        "0m",
        "ticket",
        "an exchange of {{ $labels.instance }} met a bug; its standard error says where",
    ),
    (
        "GatewrightNamesOld",
        "gatewright_dns_age_seconds > 600",
        "5m",
        "ticket",
        "the name {{ $labels.server }} has not been found for 10 minutes",
    ),
    (
        "GatewrightLogDropped",
        "increase(gatewright_log_lines_dropped_total[15m]) > 0",
        "0m",
        "ticket",
        "{{ $labels.instance }} has dropped lines of its access log",
    ),
    (
        "GatewrightSpansDropped",
        "increase(gatewright_trace_spans_dropped_total[15m]) > 0",
        "15m",
        "ticket",
        "{{ $labels.instance }} has dropped spans",
    ),
    (
        "GatewrightLiveFileRefused",
        "gatewright_live_file_refused == 1",
        "5m",
        "ticket",
        "what the file of {{ $labels.name }} says does not hold",
    ),
    (
        "GatewrightAuthFileRefused",
        "gatewright_auth_file_refused == 1",
        "5m",
        "page",
        "what a file of {{ $labels.auth }} says does not hold",
    ),
    (
        "GatewrightDescriptors",
        "process_open_fds > 0.9 * process_max_fds",
        "5m",
        "page",
        "{{ $labels.instance }} has nearly as many files open as it may",
    ),
];

fn dashboard() -> String {
    let panels: Vec<Value> = PANELS
        .iter()
        .enumerate()
        .map(|(at, (title, unit, targets))| {
            let targets: Vec<Value> = targets
                .iter()
                .zip('A'..)
                .map(|((expr, legend), id)| json!({ "refId": id.to_string(), "expr": expr, "legendFormat": legend }))
                .collect();
            json!({
                "id": at + 1,
                "type": "timeseries",
                "title": title,
                "datasource": { "type": "prometheus", "uid": "${source}" },
                "gridPos": { "h": 8, "w": 12, "x": 12 * (at % 2), "y": 8 * (at / 2) },
                "fieldConfig": { "defaults": { "unit": unit, "min": 0 }, "overrides": [] },
                "targets": targets,
            })
        })
        .collect();
    let dashboard = json!({
        "title": "Gatewright",
        "uid": "gatewright",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": { "from": "now-1h", "to": "now" },
        "templating": { "list": [{ "name": "source", "type": "datasource", "query": "prometheus" }] },
        "panels": panels,
    });
    serde_json::to_string_pretty(&dashboard).unwrap() + "\n"
}

fn alerts() -> String {
    let mut text = "# Alerts for Prometheus. Written by `cargo xtask generate`.\ngroups:\n  - name: gatewright\n    rules:\n".to_owned();
    for (name, expr, wait, severity, summary) in ALERTS {
        // What JSON writes as a string, YAML reads as the same one.
        let [expr, summary] = [expr, summary].map(|text| Value::from(*text).to_string());
        let _ = write!(
            text,
            "      - alert: {name}\n        expr: {expr}\n        for: {wait}\n        labels: {{ severity: {severity} }}\n        annotations: {{ summary: {summary} }}\n"
        );
    }
    text
}

/// Prometheus itself reads the alerts, and what the dashboard asks for.
#[test]
fn prometheus_accepts_the_alerts_and_the_expressions_of_the_dashboard() {
    let promtool = |arguments: &[&str]| {
        let output =
            Command::new("promtool").args(arguments).output().expect("`cargo xtask test` installs promtool");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let path = Path::new(ROOT).join("deploy/prometheus/alerts.yml");
    let said = promtool(&["check", "rules", path.to_str().unwrap()]);
    assert!(said.contains(&format!("{} rules found", ALERTS.len())), "{said}");
    // A rule that records holds an expression as a panel does.
    let mut rules = "groups:\n  - name: panels\n    rules:\n".to_owned();
    let drawn: Vec<&str> =
        PANELS.iter().flat_map(|(.., targets)| targets.iter().map(|(expr, _)| *expr)).collect();
    for (number, expr) in drawn.iter().enumerate() {
        let expr = Value::from(expr.replace("$__rate_interval", "1m")).to_string();
        writeln!(rules, "      - record: panel:{number}\n        expr: {expr}").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panels.yml");
    std::fs::write(&path, rules).unwrap();
    let said = promtool(&["check", "rules", path.to_str().unwrap()]);
    assert!(said.contains(&format!("{} rules found", drawn.len())), "{said}");
}

/// systemd itself reads the units. What they start need only be there.
#[test]
fn systemd_accepts_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no"]);
    for name in ["shop.service", "shop.socket"] {
        let text = deployed(&format!("systemd/{name}")).replace("/usr/local/bin/shop", "/bin/true");
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        verify.arg(path);
    }
    let output = verify.output().expect("`cargo xtask test` installs systemd-analyze");
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    // What it does not know it only mentions.
    assert!(output.status.success() && !said.contains("shop."), "{said}");
}

/// Whoever stops a gateway leaves it the time to drain, and asks it where it listens.
#[test]
fn what_is_deployed_fits_the_gateway_of_the_page() {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/deploy.md")).unwrap();
    let number = |text: &str, behind: &str| -> u64 {
        let (_, rest) = text.split_once(behind).unwrap_or_else(|| panic!("{behind:?} is nowhere"));
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    };
    let (within, wait) = (number(&page, "drain within "), number(&page, "s wait "));
    let (service, pod) = (deployed("systemd/shop.service"), deployed("kubernetes/shop.yaml"));
    assert!(number(&service, "TimeoutStopSec=") > within + wait);
    assert!(number(&pod, "terminationGracePeriodSeconds: ") > within + wait);
    assert!(number(&pod, "limits: { cpu: \"2\", memory: ") > number(&page, "capacity memory "));
    assert_eq!(number(&pod, "name: http, containerPort: "), number(&page, "listen http :"));
    assert_eq!(number(&pod, "name: admin, containerPort: "), number(&page, "admin :"));
    assert_eq!(number(&deployed("systemd/shop.socket"), "ListenStream="), number(&page, "listen http :"));
}

fn deployed(path: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join("deploy").join(path)).unwrap()
}

/// The names of metrics in an expression.
fn names(expr: &str) -> Vec<&str> {
    let words = expr.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("gatewright_") || word.starts_with("process_")).collect()
}

#[test]
fn what_is_deployed_asks_for_metrics_that_there_are() {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/metrics.md")).unwrap();
    let known = |name: &str| page.contains(&format!("`{}`", name.strip_suffix("_bucket").unwrap_or(name)));
    let drawn = PANELS.iter().flat_map(|(.., targets)| targets.iter().map(|(expr, _)| *expr));
    let mut asked = 0;
    for expr in drawn.chain(ALERTS.iter().map(|(_, expr, ..)| *expr)) {
        for name in names(expr) {
            asked += 1;
            assert!(known(name), "{name} of {expr} is none of the gateway's");
        }
    }
    assert!(asked > PANELS.len() + ALERTS.len());
    for (path, anew) in
        [("deploy/grafana/dashboard.json", dashboard()), ("deploy/prometheus/alerts.yml", alerts())]
    {
        let path = Path::new(ROOT).join(path);
        if std::fs::read_to_string(&path).is_ok_and(|text| text == anew) {
            continue;
        }
        assert!(
            std::env::var_os("UPDATE").is_some(),
            "{} is stale: run `cargo xtask generate`",
            path.display()
        );
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, anew).unwrap();
    }
}
