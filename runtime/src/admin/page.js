// Keeps the live page up to date: reads one event each second, and puts into the tables what has changed. Whatever it shows is set as
// text, never as markup. Without it the page is the same, as of the moment when it was loaded.
"use strict";
(() => {
  const by = (id) => document.getElementById(id);
  const build = document.documentElement.dataset.build;
  const sorts = new Map();
  const SILENCE = 5000;
  let filter = new URLSearchParams(location.search).get("q") || "";
  let source = null;
  let paused = false;
  let heard = Date.now();
  let again = 0;

  // Sets only what is different: nothing that is selected or read aloud is disturbed.
  const say = (node, text) => { if (node.textContent !== text) node.textContent = text; };
  const mark = (node, name) => { if (node.className !== name) node.className = name; };
  const tell = (word, kind) => { say(by("connection"), word); mark(by("connection"), kind); };

  const part = (cell, name) => {
    let node = cell.querySelector(name);
    if (!node) { node = document.createElement(name); if (name === "small") cell.append(" "); cell.append(node); }
    return node;
  };
  const drawing = (cell) => {
    let path = cell.querySelector("path");
    if (!path) {
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      for (const [key, value] of [["viewBox", "0 0 90 16"], ["width", "90"], ["height", "16"], ["aria-hidden", "true"]]) svg.setAttribute(key, value);
      path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      svg.append(path);
      cell.append(svg);
    }
    return path;
  };

  const fill = (cell, head, value) => {
    const data = typeof value === "string" ? { t: value } : value;
    const kind = head.dataset.kind;
    mark(cell, data.c ? `${kind} ${data.c}` : kind);
    if (kind === "trend") {
      const path = drawing(cell);
      const line = data.p || "";
      if (path.getAttribute("d") !== line) path.setAttribute("d", line);
    } else {
      say(part(cell, "span"), data.t);
      if (data.m || cell.querySelector("small")) say(part(cell, "small"), data.m || "");
    }
    if (data.s === undefined) delete cell.dataset.sort; else cell.dataset.sort = data.s;
  };

  const compare = (index, sign) => (one, other) => {
    const [a, b] = [one.cells[index], other.cells[index]];
    if (a.dataset.sort !== undefined && b.dataset.sort !== undefined) return sign * (Number(a.dataset.sort) - Number(b.dataset.sort));
    return sign * a.textContent.localeCompare(b.textContent, "en", { numeric: true });
  };

  // Rows in the order that is wanted; a row that stands right is not moved.
  const arrange = (table) => {
    const body = table.tBodies[0];
    const wanted = [...body.rows].sort((one, other) => one.rank - other.rank);
    const sort = sorts.get(table.id);
    if (sort) wanted.sort(compare(sort.index, sort.sign));
    wanted.forEach((row, at) => { if (body.rows[at] !== row) body.insertBefore(row, body.rows[at] || null); });
  };

  const show = (data) => {
    const table = by(data.id);
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const known = new Map([...body.rows].map((row) => [row.dataset.key, row]));
    data.rows.forEach(([key, ...cells], rank) => {
      let row = known.get(key);
      known.delete(key);
      if (!row) {
        row = document.createElement("tr");
        row.dataset.key = key;
        for (const head of heads) {
          const cell = document.createElement(head.dataset.kind === "name" ? "th" : "td");
          if (cell.tagName === "TH") cell.scope = "row";
          cell.dataset.head = head.textContent;
          row.append(cell);
        }
        body.append(row);
      }
      row.rank = rank;
      cells.forEach((value, at) => fill(row.cells[at], heads[at], value));
    });
    known.forEach((row) => row.remove());
    arrange(table);
    say(by(`${data.id}-note`), data.note);
    by(`${data.id}-none`).hidden = data.rows.length > 0;
  };

  const update = (data) => {
    // Another gateway answers, which may have other tables.
    if (data.build !== build) { location.reload(); return; }
    say(by("state"), data.state[1]);
    mark(by("state"), `state ${data.state[0]}`);
    say(by("at"), data.at);
    for (const [key, text] of Object.entries(data.facts)) say(by(`fact-${key}`), text);
    const list = by("alert-list");
    if ([...list.children].map((item) => item.textContent).join("\n") !== data.alerts.join("\n")) {
      list.replaceChildren(...data.alerts.map((text) => { const item = document.createElement("li"); item.textContent = text; return item; }));
    }
    by("alerts").hidden = data.alerts.length === 0;
    data.tables.forEach(show);
  };

  const stop = () => { clearTimeout(again); if (source) source.close(); source = null; };
  const start = () => {
    stop();
    if (paused || document.hidden) return;
    source = new EventSource(filter ? `/events?q=${encodeURIComponent(filter)}` : "/events");
    source.onmessage = (event) => { heard = Date.now(); tell("Live", "good"); update(JSON.parse(event.data)); };
    source.onerror = () => {
      tell("Not live, trying again", "bad");
      // It was refused: a browser does not come again by itself.
      if (source && source.readyState === EventSource.CLOSED) { stop(); again = setTimeout(start, 2000); }
    };
  };

  for (const table of document.querySelectorAll("table")) {
    [...table.tHead.rows[0].cells].forEach((head, index) => {
      head.dataset.kind = head.className;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      // The way that is asked for first, the other one, and the order in which rows come.
      const first = head.className === "number" || head.className === "trend" ? -1 : 1;
      button.addEventListener("click", () => {
        const sort = sorts.get(table.id);
        const sign = !sort || sort.index !== index ? first : sort.sign === first ? -first : 0;
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        if (sign) { sorts.set(table.id, { index, sign }); head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending"); } else sorts.delete(table.id);
        arrange(table);
      });
    });
    [...table.tBodies[0].rows].forEach((row, rank) => { row.rank = rank; });
  }

  by("filtering").hidden = false;
  by("pause").hidden = false;
  by("reload").hidden = true;
  by("still").hidden = true;
  by("pause").addEventListener("click", () => {
    paused = !paused;
    by("pause").setAttribute("aria-pressed", String(paused));
    say(by("pause"), paused ? "Go on" : "Pause");
    if (paused) { stop(); tell("Paused", "warn"); } else start();
  });
  let typing = 0;
  by("filter").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      filter = by("filter").value.trim();
      history.replaceState(null, "", filter ? `/?q=${encodeURIComponent(filter)}` : "/");
      // Who has paused sees the filter's rows once, as they are by then.
      if (paused) by("pause").click(); else start();
    }, 250);
  });
  // A page that nobody sees takes no place among the few readers.
  document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); else start(); });
  setInterval(() => {
    if (source && Date.now() - heard > SILENCE) tell("Not live, trying again", "bad");
  }, 1000);
  start();
})();
