/** A repository, or another asset: its months, the people who contributed to it, its badge. */

import * as e from "./elements.js";
import { chart, listAt, listed, sparkline, titleOf } from "./months.js";

export async function view(api, name, { month }) {
  const path = `/v1/assets/${e.addressOf(name)}`;
  const [asset, months, people, newest] = await Promise.all([
    api.read(path),
    api.part(`${path}/months`),
    api.part(`${path}/contributors?limit=50`),
    api.part(listAt(`${path}/contributions`, { month, few: 20 })),
  ]);
  const shown = asset.body.name ?? "Without a name";
  const names = new Map((people.body ?? []).map((p) => [p.contributor_id, p.name]));
  const all = e.repositoryAt(asset.body.name, asset.body.id);
  const list = listed(newest, api, {
    month,
    of: months.body?.find((m) => m.month === month),
    all,
    names,
    without: "Repository",
  });
  const content = [
    e.element("h1", {}, e.foreign(shown)),
    ...about(asset.body),
    e.element(
      "div",
      { class: "totals" },
      totals(asset.body),
      e.asOf(asset, months, people, newest),
    ),
    ...(month ? [list] : []),
    e.section("Months", months, (body) =>
      chart(body, { at: (name) => `${all}&month=${name}`, chosen: month }),
    ),
    e.section("People", people, () => contributed(people, asset.body, api)),
    ...(month ? [] : [list]),
    ...(asset.body.name?.includes("/") ? [badge(asset.body.name)] : []),
  ];
  return { title: month ? `${titleOf({ month })} · ${shown}` : shown, content };
}

function about({ description, former_names }) {
  // What a recorder writes for want of anything better says no more than the name.
  const said = /^GitHub repository: \S+$/.test(description) ? null : description;
  return [
    said && e.element("p", { class: "lead" }, e.foreign(said)),
    former_names.length
      ? e.element(
          "p",
          { class: "aside" },
          "Formerly ",
          ...former_names.flatMap((n, at) => [at ? ", " : "", e.foreign(n)]),
        )
      : null,
  ].filter(Boolean);
}

const totals = (asset) =>
  e.figures(
    ["Contributions", e.number(asset.contribution_count)],
    ["Cost", e.money(asset.total_cost)],
    ["With assistance", e.percent(asset.assisted_count, asset.contribution_count)],
    ["First", e.time(asset.first_contribution_at)],
    ["Latest", e.time(asset.last_contribution_at)],
  );

function contributed(answer, asset, api) {
  const last = asset.last_contribution_at?.slice(0, 7);
  const most = Math.max(1, ...answer.body.flatMap((p) => Object.values(p.months ?? {})));
  const columns = [
    {
      label: "Name",
      name: true,
      cell: (p) => [e.person(p.contributor_id, p.name ?? p.email), e.kind(p.contributor_type)],
    },
    {
      label: "Last two years",
      rare: true,
      cell: (p) => (last ? sparkline(p.months, last, most) : "–"),
    },
    { label: "Contributions", number: true, cell: (p) => e.part(p, asset, { ...p, id: p.contributor_id }) },
    { label: "Score", number: true, rare: true, cell: score },
    { label: "Share", number: true, cell: (p) => e.percent(p.total_cost, asset.total_cost) },
    { label: "Cost", number: true, cell: (p) => e.money(p.total_cost) },
  ];
  return [
    ...e.table("People, the largest share first", columns, answer, api),
    e.element(
      "p",
      { class: "aside" },
      "A share is somebody's part of the cost, co-authors' parts included; the score is the mean of the contributions' scores, weighed by those parts.",
    ),
  ];
}

/** A part weighs its cost by half (score 0) up to one and a half (score 1). */
function score({ weight, total_cost }) {
  return Number(total_cost) ? (Number(weight) / Number(total_cost) - 0.5).toFixed(2) : "–";
}

function badge(name) {
  const image = `/v1/assets/${name}/badge`;
  const picture = e.element("img", { src: image, alt: `Contributions to ${name}`, height: "20" });
  // Where reading needs a key there is none to be seen.
  picture.addEventListener("error", () => picture.remove());
  const markdown = `[![Contributions to ${name}](${location.origin}${image})](${location.origin}/?repository=${name})`;
  const field = e.element(
    "textarea",
    { id: "markdown", readonly: "", rows: "3", spellcheck: "false" },
    markdown,
  );
  const button = e.element("button", { type: "button" }, "Copy");
  const said = e.element("span", { role: "status" });
  button.addEventListener("click", async () => {
    field.select();
    await navigator.clipboard.writeText(markdown).then(
      () => said.replaceChildren("Copied"),
      () => said.replaceChildren("Copy it with Ctrl-C"),
    );
  });
  return e.element(
    "section",
    { class: "screen", "aria-labelledby": "badge" },
    e.element("h2", { id: "badge" }, "Badge"),
    e.element("p", {}, picture),
    e.element("label", { for: "markdown" }, "Markdown for a README, with its text alternative"),
    field,
    e.element("p", {}, button, " ", said),
  );
}
