/**
 * Months: what was contributed in each, as a chart with a table under it, and as a sparkline; and a
 * view's list of contributions, which can be that of a month.
 *
 * Bars are drawn in a box of one unit a month and stretched to the room that there is, so words
 * stand beside the drawing and never in it.
 */

import * as e from "./elements.js";

const { drawing, element, month, number, plural } = e;

const HEIGHT = 100;
// Months beyond this would be thinner than a line on a telephone; years are drawn then.
const MOST_BARS = 120;
// Fewer would be as wide as a wall.
const FEWEST_BARS = 12;
const MOST_LABELS = 8;
const SPARK_MONTHS = 24;
const PAGE = 50;

const SERIES = [
  {
    name: "humans",
    one: "by a human",
    many: "by humans",
    of: (m) => m.contribution_count - (m.bot_count ?? 0) - (m.agent_count ?? 0),
  },
  { name: "agents", one: "by an agent", many: "by agents", of: (m) => m.agent_count ?? 0 },
  { name: "bots", one: "by a bot", many: "by bots", of: (m) => m.bot_count ?? 0 },
];

/** How many months there were before this one, in all. */
function placeOf(name) {
  const [year, number] = name.split("-");
  return 12 * year + (number - 1);
}

/** So many months up to the last one, as `2026-11`. */
function upTo(last, count) {
  return Array.from({ length: count }, (_, at) => {
    const place = placeOf(last) - count + 1 + at;
    return `${Math.floor(place / 12)}-${String((place % 12) + 1).padStart(2, "0")}`;
  });
}

/**
 * A chart of months with its legend, and the same as a table. A month leads to its contributions, by
 * `at`, which gives their address; the chosen one is marked.
 */
export function chart(months, { at: addressOf, chosen }) {
  if (!months.length) return element("p", { class: "aside" }, "No month has contributions.");
  const byKind = "bot_count" in months[0];
  const bars = barsOf(months);
  const top = nice(Math.max(...bars.map((bar) => bar.contribution_count)));
  const most = bars.reduce((a, b) => (b.contribution_count > a.contribution_count ? b : a));
  const told =
    `Contributions from ${bars[0].label} to ${bars.at(-1).label}; ` +
    `the most, ${number(most.contribution_count)}, in ${most.label}.`;
  const drawn = drawing(
    "svg",
    {
      class: "bars",
      viewBox: `0 0 ${bars.length} ${HEIGHT}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    ...[0.5, 1].map((part) =>
      drawing("line", {
        class: "grid",
        x1: 0,
        x2: bars.length,
        y1: HEIGHT * (1 - part),
        y2: HEIGHT * (1 - part),
      }),
    ),
    ...bars.map((bar, at) => {
      const leads = bar.month && bar.contribution_count;
      // For a pointer: by keyboard the table's links are nearer.
      const around = leads ? ["a", { href: addressOf(bar.month), tabindex: "-1" }] : ["g", {}];
      return drawing(...around, ...column(bar, at, top, chosen));
    }),
  );
  return element(
    "figure",
    { class: "months" },
    byKind ? legend(months) : null,
    element("p", { class: "unseen" }, told),
    element(
      "div",
      { class: "plot", "aria-hidden": "true" },
      ...[top, top / 2, 0].map((value) => element("span", {}, number(value))),
    ),
    drawn,
    axis(bars),
    asTable(months, byKind, addressOf, chosen),
  );
}

function barsOf(months) {
  const [first, last] = [months[0].month, months.at(-1).month];
  const byName = new Map(months.map((m) => [m.month, m]));
  const all = upTo(last, Math.max(FEWEST_BARS, placeOf(last) - placeOf(first) + 1)).map((name) => ({
    contribution_count: 0,
    ...byName.get(name),
    label: month(name),
  }));
  if (all.length <= MOST_BARS) return all;
  const years = new Map();
  for (const { label: name, ...m } of all) {
    const label = name.slice(-4);
    const year = years.get(label) ?? { label, contribution_count: 0, bot_count: 0, agent_count: 0 };
    for (const count of ["contribution_count", "bot_count", "agent_count"])
      year[count] += m[count] ?? 0;
    years.set(label, year);
  }
  return [...years.values()];
}

function column(bar, at, top, chosen) {
  const scale = HEIGHT / top;
  let base = HEIGHT;
  const parts = SERIES.map((series) => {
    const height = series.of(bar) * scale;
    base -= height;
    return height
      ? drawing("rect", { class: series.name, x: at + 0.1, width: 0.8, y: base, height })
      : null;
  });
  const told = [
    `${bar.label}: ${plural(bar.contribution_count, "contribution", "contributions")}`,
  ].concat(
    SERIES.slice(1)
      .filter((s) => s.of(bar))
      .map((s) => `${number(s.of(bar))} ${s.of(bar) === 1 ? s.one : s.many}`),
  );
  const hit = bar.month && bar.month === chosen ? "hit chosen" : "hit";
  return [
    drawing("title", {}, told.join(", ")),
    drawing("rect", { class: hit, x: at, width: 1, y: 0, height: HEIGHT }),
    ...parts,
  ];
}

/** The least round number that holds a count, and whose half is a whole one. */
function nice(most) {
  for (let unit = 1; ; unit *= 10) {
    const steps = [1, 1.5, 2, 3, 4, 5, 6, 8].map((step) => step * unit);
    const found = steps.find((step) => step >= most && step % 2 === 0);
    if (found) return found;
  }
}

/** Words under the bars: years where they begin, and months at the ends where that says too little. */
function axis(bars) {
  const all = bars.length;
  const years = bars
    .map(({ label }, at) => ({ at, text: label.replace("Jan ", "") }))
    .filter(({ text }) => /^\d+$/.test(text));
  const every = Math.ceil(years.length / MOST_LABELS);
  const labels = years.filter(({ at }, number) => number % every === 0 && at < all * 0.93);
  if (!labels.length || labels[0].at > all * 0.2) labels.unshift({ at: 0, text: bars[0].label });
  const last = all > 1 && labels.at(-1).at < all * 0.75 ? bars.at(-1).label : null;
  return drawing(
    "svg",
    { class: "axis", "aria-hidden": "true" },
    ...labels.map(({ at, text }) => drawing("text", { x: `${(at / all) * 100}%`, y: "1em" }, text)),
    last && drawing("text", { class: "last", x: "100%", y: "1em" }, last),
  );
}

function legend(months) {
  const sums = SERIES.map((series) => [series, months.reduce((sum, m) => sum + series.of(m), 0)]);
  return element(
    "ul",
    { class: "legend" },
    ...sums
      .filter(([, sum]) => sum)
      .map(([series, sum]) =>
        element(
          "li",
          {},
          element("span", { class: `swatch ${series.name}` }),
          `${series.many} `,
          element("b", {}, number(sum)),
        ),
      ),
  );
}

function asTable(months, byKind, addressOf, chosen) {
  const counts = byKind
    ? [
        ["Agents", "agent_count"],
        ["Bots", "bot_count"],
      ]
    : [];
  const columns = [
    {
      label: "Month",
      cell: ({ month: name }) =>
        element(
          "a",
          { href: addressOf(name), "aria-current": name === chosen && "page" },
          month(name),
        ),
    },
    { label: "Contributions", number: true, cell: (m) => number(m.contribution_count) },
    ...counts.map(([label, name]) => ({ label, number: true, cell: (m) => number(m[name]) })),
    { label: "With assistance", number: true, rare: true, cell: (m) => number(m.assisted_count) },
    { label: "Cost", number: true, cell: (m) => e.money(m.total_cost) },
  ];
  const rows = { body: months.toReversed() };
  return element(
    "details",
    {},
    element("summary", {}, "The same as a table"),
    e.table("Contributions by month", columns, rows),
  );
}

/** The months of a row of a table, up to `last`; `most` is the highest bar of all rows. */
export function sparkline(counts, last, most) {
  const months = upTo(last, SPARK_MONTHS);
  const told = `${plural(months.filter((m) => counts[m]).length, "month", "months")} of the last ${SPARK_MONTHS} with contributions`;
  return drawing(
    "svg",
    {
      class: "spark",
      viewBox: `0 0 ${SPARK_MONTHS} ${HEIGHT}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": told,
    },
    drawing("title", {}, told),
    ...months.map((m, at) => {
      const height = counts[m] ? Math.max(8, (counts[m] / most) * HEIGHT) : 0;
      return height
        ? drawing("rect", { class: "humans", x: at + 0.1, width: 0.8, y: HEIGHT - height, height })
        : null;
    }),
  );
}

/** The path of a view's list of contributions: so many of the newest, or those that it chooses. */
export function listAt(path, { few, ...chosen }) {
  const query = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value));
  query.set("limit", query.size ? PAGE : few);
  return `${path}?${query}`;
}

/** Of which contributions a list is: `to` a repository, of a month; of the newest without either. */
export function titleOf({ to, month: name }) {
  const parts = [to && `to ${to}`, name && `of ${month(name, { whole: true })}`].filter(Boolean);
  return parts.length ? `Contributions ${parts.join(" ")}` : "Newest contributions";
}

/** The list; a chosen one with its figures, where an account `of` it is known, and the way to `all`. */
export function listed(answer, api, { to, month, of, all, ...how }) {
  const title = titleOf({ to, month });
  const counted = of
    ? `${plural(of.contribution_count, "contribution", "contributions")} at a cost of ${e.money(of.total_cost)}. `
    : null;
  return e.section(title, answer, ({ length }) => [
    to || month ? element("p", {}, counted, e.link(all, "All contributions")) : null,
    length ? e.contributions(title, answer, api, how) : element("p", { class: "aside" }, "None."),
  ]);
}
