// Looks at the live page in Chromium: `node page.mjs CLAIMS ADDRESS`, with `MODULES` the folder in which playwright-core is installed.
// It ends with the line `all claims hold`, or says which does not.
import { createRequire } from "node:module";
import { existsSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";

const [, , claims, address] = process.argv;
const modules = process.env.MODULES;
const { chromium } = createRequire(join(modules, "package.json"))("playwright-core");
const folders = (process.env.PATH || "").split(delimiter);
const found = folders.flatMap((folder) => [join(folder, "chromium"), join(folder, "chromium-browser")]).find(existsSync);
if (!found) throw new Error("chromium is missing: `apt-get install chromium`");

const PATIENCE = 15000;
const pictures = join(modules, "pictures");
mkdirSync(pictures, { recursive: true });

const hold = (claim, holds, seen) => {
  if (!holds) throw new Error(`it does not hold that ${claim}: ${JSON.stringify(seen)}`);
  console.log(`it holds that ${claim}`);
};

// As root there is no sandbox to be had.
const args = ["--disable-dev-shm-usage", ...(process.getuid() === 0 ? ["--no-sandbox"] : [])];
const browser = await chromium.launch({ executablePath: found, args });

// A page, and everything that it has to complain of.
const open = async (options, query = "") => {
  const context = await browser.newContext({ locale: "en", ...options });
  const page = await context.newPage();
  const complaints = [];
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  // What the browser itself breaks off, since it leaves the page, is nobody's failure.
  page.on("requestfailed", (request) => { const why = request.failure()?.errorText; if (why !== "net::ERR_ABORTED") complaints.push(`${request.url()}: ${why}`); });
  page.on("response", (response) => { if (response.status() >= 400) complaints.push(`${response.url()} is ${response.status()}`); });
  if (options.javaScriptEnabled !== false) {
    await page.addInitScript(() => addEventListener("securitypolicyviolation", (event) => console.error(`violates ${event.violatedDirective}: ${event.blockedURI}`)));
  }
  await page.goto(address + query);
  return { page, complaints, close: () => context.close() };
};

const cell = (page, table, name, head) => page.locator(`#${table} tbody tr`).filter({ has: page.getByText(name, { exact: true }) }).locator(`[data-head="${head}"]`).first();
const number = (text) => Number(text.replace(/,/g, ""));
const names = (page, table) => page.locator(`#${table} tbody th span`).allTextContents();
const isWide = (page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

const live = async () => {
  const { page, complaints, close } = await open({ viewport: { width: 1280, height: 900 } });
  await page.getByText("Live", { exact: true }).waitFor();
  const total = cell(page, "routes", "GET /products", "Total");
  const before = number(await total.textContent());
  await page.waitForFunction((before) => {
    const rows = [...document.querySelectorAll("#routes tbody tr")];
    const row = rows.find((row) => row.querySelector("th span").textContent === "GET /products");
    const of = (head) => Number(row.querySelector(`[data-head="${head}"] span`).textContent.replace(/,/g, ""));
    return of("Total") > before + 20 && of("10 s") > 1;
  }, before, { timeout: PATIENCE });
  hold("numbers move", true);
  await page.waitForFunction(() => document.querySelectorAll("#latest tbody tr").length > 3, null, { timeout: PATIENCE });
  hold("refusals appear", (await names(page, "reasons")).includes("not_found"), await names(page, "reasons"));
  await page.waitForFunction(() => document.querySelector("#alerts:not([hidden]) ul")?.textContent.includes("users"), null, { timeout: PATIENCE });
  hold("what needs a look is said", true);
  await page.waitForFunction((wanted) => {
    const states = new Set([...document.querySelectorAll("#servers td.state > span")].map((node) => node.textContent));
    return wanted.every((state) => states.has(state));
  }, ["healthy", "unhealthy", "ejected", "in", "not watched", "3 of 3 in"], { timeout: PATIENCE });
  hold("servers have their states", true);
  // Text that stays the same is not touched: what is selected stays selected.
  const touched = await page.evaluate(() => new Promise((done) => {
    let count = 0;
    const watch = new MutationObserver((all) => { count += all.length; });
    watch.observe(document.querySelector("#connection"), { childList: true, characterData: true, subtree: true, attributes: true });
    watch.observe(document.querySelector("#routes tbody th span"), { childList: true, characterData: true, subtree: true });
    setTimeout(() => done(count), 2500);
  }));
  hold("what stays the same is left alone", touched === 0, touched);

  // By keyboard: down to the head of a column, and to the other way.
  const head = page.locator("#routes thead th", { hasText: "1 min" });
  await head.getByRole("button").focus();
  await page.keyboard.press("Enter");
  hold("a column is sorted", (await head.getAttribute("aria-sort")) === "descending", await head.getAttribute("aria-sort"));
  const sorts = () => page.locator("#routes tbody [data-head='1 min']").evaluateAll((cells) => cells.map((cell) => Number(cell.dataset.sort)));
  const down = await sorts();
  hold("the greatest comes first", down.every((value, at) => at === 0 || down[at - 1] >= value), down);
  await page.keyboard.press("Enter");
  const up = await sorts();
  hold("and then the least", up.every((value, at) => at === 0 || up[at - 1] <= value), up);
  await page.keyboard.press("Enter");
  const order = await page.locator("#routes tbody [data-head='#'] span").allTextContents();
  const numbers = order.filter((text) => text !== "–").map(Number);
  hold("and then what takes precedence", (await head.getAttribute("aria-sort")) === null && numbers.every((value, at) => at === 0 || numbers[at - 1] < value), order);

  await page.getByLabel("Filter").fill("payments");
  await page.waitForFunction(() => document.querySelectorAll("#upstreams tbody tr").length === 1, null, { timeout: PATIENCE });
  hold("a filter leaves rows that hold it", (await names(page, "upstreams")).join() === "payments", await names(page, "upstreams"));
  hold("and stands in the address", page.url().endsWith("/?q=payments"), page.url());
  await page.getByLabel("Filter").fill("<img src=x onerror=alert(1)>");
  await page.getByText("No route matches the filter.").waitFor();
  hold("a filter is only text", (await page.locator("img").count()) === 0);
  await page.getByLabel("Filter").fill("");
  await page.waitForFunction(() => document.querySelectorAll("#upstreams tbody tr").length === 5, null, { timeout: PATIENCE });

  const pause = page.getByRole("button", { name: "Pause" });
  await pause.click();
  await page.getByText("Paused", { exact: true }).waitFor();
  const at = await page.locator("#at").textContent();
  await page.waitForTimeout(2200);
  hold("a paused page stays as it is", at === (await page.locator("#at").textContent()));
  await page.getByRole("button", { name: "Go on" }).click();
  await page.waitForFunction((at) => document.querySelector("#at").textContent !== at, at, { timeout: PATIENCE });
  hold("and goes on when asked", true);
  hold("nothing is complained of", complaints.length === 0, complaints);
  await close();
};

const still = async () => {
  const { page, complaints, close } = await open({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
  hold("routes are there without scripts", (await names(page, "routes")).includes("GET /orders/{id: int}"), await names(page, "routes"));
  const before = number(await cell(page, "routes", "GET /products", "Total").textContent());
  hold("no button is there that does nothing", (await page.locator("button:visible").count()) === 0 && (await page.locator("input:visible").count()) === 0);
  hold("it is said that scripts are off", await page.getByText("Scripts are off").isVisible());
  let after = before;
  for (const end = Date.now() + PATIENCE; after <= before && Date.now() < end;) {
    await Promise.all([page.waitForEvent("load"), page.getByRole("link", { name: "Reload" }).click()]);
    after = number(await cell(page, "routes", "GET /products", "Total").textContent());
  }
  hold("a reload brings it up to date", after > before, [before, after]);
  await page.goto(`${address}?q=reports`);
  hold("the address filters", (await names(page, "upstreams")).join() === "reports", await names(page, "upstreams"));
  const tables = page.locator("table");
  const captions = await page.locator("table > caption").count();
  hold("each table has a caption and heads", (await tables.count()) === captions && captions === 6 && (await page.locator("thead th[scope=col]").count()) > 30);
  await page.screenshot({ path: join(pictures, "still.png"), fullPage: true });
  hold("nothing is complained of", complaints.length === 0, complaints);
  await close();
};

// Contrast of text with what is behind it (WCAG 2.2, 1.4.3), of all text that is seen.
const faint = (page) => page.evaluate(() => {
  const read = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((value) => { const part = value / 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = read(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const bad = new Set();
  for (const node of document.querySelectorAll("body *")) {
    const hasText = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!hasText || !node.checkVisibility()) continue;
    const [one, other] = [light(read(getComputedStyle(node).color)), light(behind(node))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) bad.add(`${node.tagName}.${node.className}: ${contrast.toFixed(2)}`);
  }
  return [...bad];
});

const fits = async () => {
  for (const [name, width, colorScheme] of [["light", 1440, "light"], ["dark", 1440, "dark"], ["middle", 900, "light"], ["narrow", 375, "light"], ["narrow-dark", 320, "dark"]]) {
    const { page, complaints, close } = await open({ viewport: { width, height: 900 }, colorScheme, deviceScaleFactor: Number(process.env.SCALE || 1) });
    await page.getByText("Live", { exact: true }).waitFor();
    if (name === "light" && process.env.WARM) await page.waitForTimeout(1000 * Number(process.env.WARM));
    await page.waitForFunction(() => document.querySelectorAll("#latest tbody tr").length > 3, null, { timeout: PATIENCE });
    hold(`at ${width} pixels nothing stands beyond the edge`, !(await isWide(page)));
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const brightness = ground.match(/\d+/g).map(Number).reduce((sum, value) => sum + value) / 3;
    hold(`it is ${colorScheme}`, colorScheme === "dark" ? brightness < 60 : brightness > 200, ground);
    const bad = await faint(page);
    hold("all text stands out", bad.length === 0, bad);
    hold("a route is read in full", await page.locator("#routes tbody th").first().isVisible());
    hold("nothing is complained of", complaints.length === 0, complaints);
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
    await page.screenshot({ path: join(pictures, `${name}-top.png`) });
    await close();
  }
};

try {
  await { live, still, fits }[claims]();
  console.log("all claims hold");
} finally {
  await browser.close();
}
