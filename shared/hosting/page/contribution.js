/** One contribution: who is credited with what, how its score came about, what became of it. */

import * as e from "./elements.js";

// Others of a crowd of co-authors stand there by address.
const MOST_NAMED = 10;

const BASIS = {
  submitted: "as it was reported",
  estimated: "estimated from files and lines",
  actual_verified: "with evidence that somebody can check",
  declared_unverified: "as it was declared, without evidence",
};

const COMPONENTS = new Map([
  ["base", "Every contribution begins with"],
  ["has_tests", "It comes with tests"],
  ["has_docs", "It comes with documentation"],
  ["low_complexity", "Its complexity is said to be low"],
  ["files_changed", "It changes files"],
  ["lines_added", "It adds 100 lines or more"],
]);

const METADATA = new Map([
  ["files_changed", "Files changed"],
  ["lines_added", "Lines added"],
  ["lines_deleted", "Lines deleted"],
  ["has_tests", "With tests"],
  ["has_docs", "With documentation"],
]);

export async function view(api, id) {
  const one = await api.read(`/v1/contributions/${encodeURIComponent(id)}`);
  const { body } = one;
  const people = await Promise.all(
    body.credits
      .slice(0, MOST_NAMED)
      .map((credit) => api.part(`/v1/contributors/${credit.contributor_id}`)),
  );
  const title = body.commit_hash
    ? `Commit ${body.commit_hash.slice(0, 10)}`
    : "Contribution by hand";
  const content = [
    e.element("h1", {}, title),
    e.element(
      "p",
      { class: "lead" },
      "In ",
      whereOf(body),
      ", by ",
      nameOf(body.credits[0], people[0]),
    ),
    fate(body),
    e.element(
      "div",
      { class: "totals" },
      e.figures(
        ["Cost", e.money(body.cost_amount, { exact: true })],
        ["Score", body.coherence_score.toFixed(1)],
        ["When", e.time(body.timestamp, { minute: true })],
      ),
      e.asOf(one),
    ),
    e.section("Credits", one, () => credits(body, people)),
    e.section("Score", one, score),
    e.section("Facts", one, facts),
  ].filter(Boolean);
  return { title, content };
}

/** That it was voided, is corrected, or corrects another one. */
function fate({ voided, voided_at, voided_by, void_reason, corrected_by, corrects }) {
  if (!voided && !corrects) return null;
  const lines = [
    voided &&
      [
        e.element("b", {}, "Voided"),
        " on ",
        e.time(voided_at),
        voided_by ? [" by ", e.foreign(voided_by)] : null,
        ": it counts in no figure any more.",
      ].flat(),
    void_reason && ["Why: ", e.foreign(void_reason)],
    corrected_by && [
      "The right figures are in ",
      e.link(`/?contribution=${corrected_by}`, "its correction"),
      ".",
    ],
    corrects && ["It corrects ", e.link(`/?contribution=${corrects}`, "a voided one"), "."],
  ].filter(Boolean);
  return e.element("div", { class: "notice" }, ...lines.map((line) => e.element("p", {}, ...line)));
}

const whereOf = ({ repository, asset_id }) => e.repository(repository, asset_id);

const nameOf = (credit, person) =>
  e.person(credit.contributor_id, person?.body?.name ?? credit.email);

function credits(body, people) {
  const credited = (credit) => {
    const person = people[body.credits.indexOf(credit)];
    return [nameOf(credit, person), e.kind(person?.body?.contributor_type ?? "HUMAN")];
  };
  return e.table(
    "Who is credited with how much",
    [
      { label: "Name", name: true, cell: credited },
      { label: "As", cell: (c) => (c.role === "author" ? "author" : "co-author") },
      { label: "Share", number: true, cell: (c) => e.percent(c.share_amount, body.cost_amount) },
      { label: "Amount", number: true, cell: (c) => e.money(c.share_amount, { exact: true }) },
    ],
    { body: body.credits },
  );
}

/** What an object holds: what has a word for it in the order of these, then all else. */
function inOrder(words, object) {
  const place = ([name]) => [...words.keys(), name].indexOf(name);
  return Object.entries(object).sort((a, b) => place(a) - place(b));
}

/** A component of the score in words. The fewer lines are the ones that add more. */
function because([name, value]) {
  if (name === "lines_added" && value > 0.1) return "It adds 1 to 99 lines";
  return COMPONENTS.get(name) ?? e.foreign(name);
}

function score({ coherence, coherence_score }) {
  const parts = inOrder(COMPONENTS, coherence.components);
  const sum = parts.reduce((total, [, value]) => total + Math.round(value * 10), 0);
  return [
    ...e.table(
      "How the score came about",
      [
        { label: "Because", cell: because },
        { label: "Adds", number: true, cell: ([, value]) => value.toFixed(1) },
      ],
      { body: [...parts, ...(sum > 10 ? [["More than 1 is cut off", 1 - sum / 10]] : [])] },
    ),
    e.element(
      "p",
      { class: "aside" },
      `Together ${coherence_score.toFixed(1)} of 1, by version ${coherence.version} of the formula. It judges how a commit was made as far as its report tells, not whether it is right or needed.`,
    ),
  ];
}

function facts(body) {
  const { metadata, assistance } = body;
  return e.facts(
    body.commit_hash && [
      "Commit",
      e.element("code", {}, body.url ? e.outside(body.url, body.commit_hash) : body.commit_hash),
    ],
    !body.commit_hash && body.url && ["Address", e.outside(body.url, e.foreign(body.url))],
    ["Cost", BASIS[body.cost_basis] ?? body.cost_basis],
    [
      "Recorded",
      e.time(body.recorded_at, { minute: true }),
      " by ",
      e.foreign(body.recorded_by ?? "somebody unknown"),
    ],
    assistance.length && [
      "Assisted by",
      ...assistance.map(({ agent, model }) =>
        e.element("p", {}, e.foreign(agent), model ? [" (", e.foreign(model), ")"] : []),
      ),
    ],
    ...inOrder(METADATA, metadata).map(([name, value]) => [
      METADATA.get(name) ?? e.foreign(name),
      told(value),
    ]),
    ["Id", e.element("code", {}, body.id)],
  );
}

/** A value of the metadata, which can be any JSON. */
function told(value) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return e.number(value);
  return e.foreign(typeof value === "string" ? value : JSON.stringify(value));
}
