/** The ledger as a whole: its figures, months, repositories and newest contributions. */

import * as e from "./elements.js";
import { chart, listAt, listed, titleOf } from "./months.js";

export async function view(api, _, { month }) {
  const [tracking, months, repositories, newest] = await Promise.all([
    api.read("/v1/health/tracking"),
    api.part("/v1/months"),
    api.part("/v1/assets?sort=recent&limit=20"),
    api.part(listAt("/v1/contributions", { month, few: 10 })),
  ]);
  const content = [
    e.element("h1", {}, "The ledger"),
    e.element("p", { class: "lead" }, "Who contributed what to which repository, at what cost."),
  ];
  if (tracking.body.status === "empty") return { content: [...content, start()] };
  const list = listed(newest, api, {
    month,
    of: months.body?.find((m) => m.month === month),
    all: "/",
  });
  content.push(
    totals(tracking, months, e.asOf(tracking, months, repositories, newest)),
    ...(month ? [list] : []),
    e.section("Months", months, (body) =>
      chart(body, { at: (name) => `/?month=${name}`, chosen: month }),
    ),
    e.section("Repositories", repositories, () => changed(repositories, api)),
    ...(month ? [] : [list]),
    e.section("Is it tracking?", tracking, tracked),
  );
  return { title: month && titleOf({ month }), content };
}

function totals(tracking, months, asOf) {
  const sum = (of) => (months.body ?? []).reduce((total, m) => total + of(m), 0n);
  const counted = sum((m) => BigInt(m.contribution_count));
  const assisted = sum((m) => BigInt(m.assisted_count));
  const { contributions, contributors, assets, status } = tracking.body;
  return e.element(
    "div",
    { class: "totals" },
    e.figures(
      ["Contributions", e.number(contributions)],
      ["Contributors’ addresses", e.link("/?people", e.number(contributors))],
      ["Repositories", e.number(assets)],
      months.body && ["Cost", e.money(sum((m) => e.micros(m.total_cost)))],
      months.body && ["With assistance", e.percent(assisted, counted)],
    ),
    e.element(
      "div",
      { class: "beside" },
      e.element("a", { href: "#is-it-tracking", class: `status ${status}` }, STATUS[status]),
      asOf,
    ),
  );
}

const STATUS = { receiving: "Receiving commits", quiet: "Quiet", empty: "Empty" };

function changed(answer, api) {
  return e.table(
    "Repositories, the one that changed last first",
    [
      { label: "Repository", name: true, cell: (a) => e.repository(a.name, a.id) },
      { label: "Contributions", number: true, cell: (a) => e.number(a.contribution_count) },
      {
        label: "With assistance",
        number: true,
        rare: true,
        cell: (a) => e.percent(a.assisted_count, a.contribution_count),
      },
      { label: "Latest", number: true, rare: true, cell: (a) => e.time(a.last_contribution_at) },
      { label: "Cost", number: true, cell: (a) => e.money(a.total_cost) },
    ],
    answer,
    api,
  );
}

function tracked({
  status,
  newest_at,
  newest_repository,
  recorded_today,
  quiet_after_hours,
  latest_rejection: rejection,
}) {
  const advice =
    status === "quiet"
      ? `Nothing was recorded in the last ${quiet_after_hours} hours. If somebody has pushed since, look at what was turned away, and at the latest run of the workflow or delivery of the webhook that reports.`
      : null;
  return [
    e.element("p", {}, e.element("span", { class: `status ${status}` }, STATUS[status])),
    advice && e.element("p", {}, advice),
    e.facts(
      [
        "Newest",
        e.time(newest_at, { minute: true }),
        newest_repository ? " in " : null,
        newest_repository ? e.repository(newest_repository) : null,
      ],
      ["Recorded today", `${e.number(recorded_today)} since midnight UTC`],
      ["Turned away last", ...(rejection ? refusal(rejection) : ["nothing is known"])],
    ),
  ].filter(Boolean);
}

const refusal = ({ at, code, reason, repository }) => [
  e.time(at, { minute: true }),
  repository ? " for " : null,
  repository ? e.foreign(repository) : null,
  e.element("p", { class: "reason" }, e.element("code", {}, code), " ", e.foreign(reason)),
];

/** What to do with a ledger that holds nothing. */
function start() {
  const report = JSON.stringify({
    contributor_email: "test@example.com",
    repository: "owner/name",
    commit_hash: "abc123",
  });
  const command = `curl -X POST ${location.origin}/v1/contributions/github -H 'X-API-Key: KEY' -H 'Content-Type: application/json' -d '${report}'`;
  return e.element(
    "div",
    { class: "notice" },
    e.element("h2", {}, "Nothing is recorded yet"),
    e.element(
      "p",
      {},
      "The first commit that is reported makes this page: with the workflow, with a webhook, or by hand.",
    ),
    e.element("pre", { tabindex: "0" }, command),
    e.element("p", {}, e.link("/docs", "Try the API"), " with a key that may record."),
  );
}
