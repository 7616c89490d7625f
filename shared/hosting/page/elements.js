/**
 * Elements: what views are made of, and how figures, times and names are written.
 *
 * Whatever comes from the API is text and stays text: nothing here takes markup, and only addresses
 * of http and https become links that lead away.
 */

const SVG = "http://www.w3.org/2000/svg";
const MICROS = 1_000_000n;
const NUMBER = new Intl.NumberFormat("en");
const PERCENT = new Intl.NumberFormat("en", {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const MONTHS =
  "January February March April May June July August September October November December".split(" ");

/** An HTML element. Attributes and children that are null or false are left out. */
export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** An SVG element. */
export function drawing(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== false));
  return made;
}

export const number = (value) => NUMBER.format(value);
export const percent = (part, whole) =>
  Number(whole) ? PERCENT.format(Number(part) / Number(whole)) : "–";
export const plural = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

/** An amount of the API in millionths. */
export function micros(amount) {
  const [whole, fraction = ""] = amount.split(".");
  return BigInt(whole) * MICROS + BigInt(fraction.padEnd(6, "0"));
}

/** An amount with two decimals, rounded half up; all of them where it stands by itself. */
export function money(amount, { exact = false } = {}) {
  const value = typeof amount === "bigint" ? amount : micros(amount);
  const places = exact && value % 10_000n ? 6 : 2;
  const unit = 10n ** BigInt(6 - places);
  const rounded = (value + unit / 2n) / unit;
  const scale = 10n ** BigInt(places);
  const fraction = String(rounded % scale)
    .padStart(places, "0")
    .replace(/(?<=\d\d)0+$/, "");
  return `${NUMBER.format(rounded / scale)}.${fraction}`;
}

/** A time of the API, in UTC: the day, or the minute. */
export function time(text, { minute = false } = {}) {
  if (!text) return "–";
  const [, day, clock] = /^(.*)T(.{5})/.exec(text);
  const shown = `${Number(day.slice(-2))} ${month(day.slice(0, -3))}${minute ? `, ${clock} UTC` : ""}`;
  return element("time", { datetime: text }, shown);
}

/** `2026-11` as `Nov 2026`, or with the month's whole name. */
export function month(text, { whole = false } = {}) {
  const [year, number] = text.split("-");
  const name = MONTHS[number - 1];
  return `${whole ? name : name.slice(0, 3)} ${year}`;
}

/** A link within the page. */
export const link = (href, ...children) => element("a", { href }, ...children);

/** A link that leads away, or its text where that is no address of the web. */
export function outside(address, ...children) {
  const web = URL.canParse(address) && ["http:", "https:"].includes(new URL(address).protocol);
  return web
    ? element("a", { href: address, rel: "noreferrer" }, ...children)
    : element("span", {}, ...children);
}

/** Text that somebody else wrote: whatever its direction, it turns nothing around it. */
export const foreign = (text, attributes = {}) => element("bdi", attributes, text);

/** Text in an address, where a slash may stay. */
export const addressOf = (text) => encodeURIComponent(text).replaceAll("%2F", "/");

/** The addresses of views: of a repository, or another asset, which may have no name; of somebody. */
export const repositoryAt = (name, id) =>
  `/?repository=${addressOf(/^[^/\s]+\/[^/\s]+$/.test(name ?? "") ? name : id)}`;
export const personAt = (id) => `/?contributor=${addressOf(id)}`;

export const repository = (name, id) =>
  link(repositoryAt(name, id), foreign(name ?? "Without a name"));

/** Somebody by name, or by an address, masked as the API has it. */
export const person = (id, name) => link(personAt(id), foreign(name ?? "Without a name"));

/** How many contributions of somebody count in a repository, as the way to them. */
export function part({ contribution_count: count }, asset, { id, name, email }) {
  const told = `${plural(count, "contribution", "contributions")} by ${name ?? email} to ${asset.name}`;
  const href = `${personAt(id)}&${repositoryAt(asset.name, asset.id).slice(2)}`;
  return element("a", { href, "aria-label": told }, number(count));
}

export const kind = (type) =>
  type === "HUMAN" ? null : element("span", { class: "kind" }, type.toLowerCase());

/** The short hash of a commit; what was recorded by ids has none. */
export const commit = (hash) => (hash ? element("code", {}, hash.slice(0, 8)) : "by hand");

/** Figures side by side: pairs of a label and a value. */
export function figures(...pairs) {
  const items = pairs
    .filter(Boolean)
    .map(([label, value]) =>
      element("div", {}, element("dt", {}, label), element("dd", {}, value)),
    );
  return element("dl", { class: "figures" }, ...items);
}

/** Facts one below the other: pairs of a label and a value. */
export function facts(...pairs) {
  const items = pairs
    .filter(Boolean)
    .map(([label, ...value]) => [element("dt", {}, label), element("dd", {}, ...value)]);
  return element("dl", { class: "facts" }, ...items.flat());
}

/** A section of a view: its part of the answer as `render` shows it, or why there is none. */
export function section(title, answer, render) {
  const id = title.toLowerCase().replace(/\W+/g, " ").trim().replaceAll(" ", "-");
  const shown = answer.problem ? notice(answer.problem) : render(answer.body);
  return element("section", { "aria-labelledby": id }, element("h2", { id }, title), shown);
}

/** As of when the figures of some answers are true: of the oldest one. */
export function asOf(...answers) {
  const oldest = answers
    .map((answer) => answer.asOf)
    .filter(Boolean)
    .sort()[0];
  return element("p", { class: "as-of" }, "All figures as of ", time(oldest, { minute: true }));
}

/**
 * A table; a column is `{label, cell, name?, number?, rare?}`, and rare ones go first where room is
 * short, or all are stacked there. With a next page, a button adds it when its items are `ready`, and
 * what was read from a path is there as a file too.
 */
export function table(caption, columns, answer, api, { stacked = false, ready } = {}) {
  const attributes = (column) => ({
    class: ["name", "number", "rare"].filter((kind) => column[kind]).join(" ") || null,
  });
  // Rows that are stacked are no longer tables to a browser, unless their roles say so.
  const rows = (items) =>
    items.map((item) =>
      element(
        "tr",
        { role: "row" },
        ...columns.map((column, at) =>
          element(
            at ? "td" : "th",
            { ...attributes(column), scope: at ? null : "row", role: at ? "cell" : "rowheader" },
            column.cell(item),
          ),
        ),
      ),
    );
  const heads = columns.map((column) =>
    element("th", { ...attributes(column), scope: "col", role: "columnheader" }, column.label),
  );
  const body = element("tbody", { role: "rowgroup" }, ...rows(answer.body));
  const made = element(
    "table",
    { role: "table", class: stacked && "stacked" },
    element("caption", { class: "unseen" }, caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...heads)),
    body,
  );
  if (!answer.path) return [made];
  const add = async (items) => {
    await ready?.(items);
    body.append(...rows(items));
  };
  const next = answer.next ? more(caption, answer.next, api, add) : null;
  return [made, element("div", { class: "more" }, next, file(caption, answer.path, api))];
}

/** A button that adds the next page of a table, until there is none. */
function more(caption, next, api, add) {
  const button = element(
    "button",
    { type: "button" },
    "Show more",
    element("span", { class: "unseen" }, ` of: ${caption}`),
  );
  button.addEventListener("click", async () => {
    const { more } = await import("./rest.js");
    next = await more(button, next, api, add);
  });
  return button;
}

/** A link to all that a table is the beginning of, as CSV, which is read part by part. */
function file(caption, path, api) {
  const [list, query] = path.split("?");
  const wanted = new URLSearchParams(query);
  wanted.delete("limit");
  wanted.set("format", "csv");
  const name = `${list.slice(list.lastIndexOf("/") + 1)}.csv`;
  const made = element(
    "a",
    { href: `${list}?${wanted}`, download: name },
    "As CSV",
    element("span", { class: "unseen" }, ` of: ${caption}`),
  );
  made.addEventListener("click", async (event) => {
    event.preventDefault();
    (await import("./rest.js")).save(api, made);
  });
  return made;
}

export const loading = () => element("p", { class: "loading", role: "status" }, "Loading…");

/** A problem where its answer would stand, with a button to try again where that can help. */
export function notice(problem, name, heading = "h3") {
  const [title, advice] = problem.words(name);
  const again = element("button", { type: "button" }, "Try again");
  again.addEventListener("click", () => location.reload());
  const helps = problem.status === 0 || problem.status >= 500;
  return element(
    "div",
    { class: "notice", role: "alert" },
    element(heading, {}, title),
    element("p", {}, advice),
    helps ? again : null,
  );
}

/**
 * Does it once, when something is printed or near to be seen. Until somebody stirs it is not, so that
 * what a view shows at first does not wait for it.
 */
async function whenNear(made, api, act) {
  addEventListener("beforeprint", act, { once: true });
  await api.stirred;
  const watch = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      act();
    },
    { rootMargin: "100%" },
  );
  watch.observe(made);
}

/** Contributions, newest first; `names` knows some people by id. */
export function contributions(caption, answer, api, { names = new Map(), without = "" } = {}) {
  const unnamed = [];
  const learn = (items) => api.learn(names, new Set(items.map((c) => c.contributor_id)));
  const author = ({ contributor_id: id, contributor_email: email }) => {
    const made = person(id, names.get(id) ?? email);
    if (!names.has(id)) unnamed.push([id, made]);
    return made;
  };
  const columns = [
    { label: "Contribution", cell: (c) => link(`/?contribution=${c.id}`, commit(c.commit_hash)) },
    {
      label: "Repository",
      name: true,
      cell: (c) => repository(c.repository, c.asset_id),
    },
    { label: "By", name: true, cell: author },
    { label: "When", cell: (c) => time(c.timestamp) },
    { label: "Score", number: true, rare: true, cell: (c) => c.coherence_score.toFixed(1) },
    { label: "Cost", number: true, cell: (c) => money(c.cost_amount) },
  ];
  const made = table(
    caption,
    columns.filter((column) => column.label !== without),
    answer,
    api,
    { stacked: true, ready: learn },
  );
  whenNear(made[0], api, async () => {
    await learn(answer.body);
    for (const [id, link] of unnamed)
      if (names.get(id)) link.replaceChildren(foreign(names.get(id)));
  });
  return made;
}
