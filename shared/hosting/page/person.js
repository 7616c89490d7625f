/** A person, bot or agent: months, the repositories contributed to, and under which addresses. */

import * as e from "./elements.js";
import { chart, listAt, listed, sparkline, titleOf } from "./months.js";

export async function view(api, id, { month, repository }) {
  const path = `/v1/contributors/${encodeURIComponent(id)}`;
  const chosen = repository
    ? listAt(`/v1/assets/${e.addressOf(repository)}/contributions`, { contributor: id, month })
    : listAt(`${path}/contributions`, { month, few: 20 });
  const [person, months, assets, newest] = await Promise.all([
    api.read(path),
    api.part(`${path}/months`),
    api.part(`${path}/assets`),
    api.part(chosen),
  ]);
  const { body } = person;
  const shown = body.name ?? body.email;
  const names = new Map([[body.id, shown]]);
  const within = assets.body?.find((a) => [a.name, a.asset_id].includes(repository));
  const how = { to: repository && (within?.name ?? repository), month };
  const list = listed(newest, api, {
    ...how,
    of: repository ? !month && within : months.body?.find((m) => m.month === month),
    all: e.personAt(id),
    names,
    without: repository && "Repository",
  });
  const content = [
    e.element("h1", {}, e.foreign(shown), e.kind(body.contributor_type)),
    e.element(
      "p",
      { class: "aside" },
      ...[body.email, ...body.aliases].flatMap((a, at) => [at ? ", " : "", e.foreign(a)]),
    ),
    e.element("div", { class: "totals" }, totals(body), e.asOf(person, months, assets, newest)),
    ...(repository || month ? [list] : []),
    e.section("Months", months, (body) =>
      chart(body, { at: (name) => `${e.personAt(id)}&month=${name}`, chosen: month }),
    ),
    e.section("Repositories", assets, () => contributed(assets, body, api)),
    ...(repository || month ? [] : [list]),
  ];
  return { title: repository || month ? `${titleOf(how)} · ${shown}` : shown, content };
}

const totals = (person) =>
  e.figures(
    ["Contributions", e.number(person.contribution_count)],
    ["Cost", e.money(person.total_cost)],
    ["With assistance", e.percent(person.assisted_count, person.contribution_count)],
    ["First", e.time(person.first_contribution_at)],
    ["Latest", e.time(person.last_contribution_at)],
  );

function contributed(answer, person, api) {
  const last = person.last_contribution_at?.slice(0, 7);
  const most = Math.max(1, ...answer.body.flatMap((a) => Object.values(a.months ?? {})));
  return e.table(
    "Repositories, the largest part first",
    [
      { label: "Repository", name: true, cell: (a) => e.repository(a.name, a.asset_id) },
      {
        label: "Last two years",
        rare: true,
        cell: (a) => (last ? sparkline(a.months, last, most) : "–"),
      },
      {
        label: "Contributions",
        number: true,
        cell: (a) => e.part(a, { ...a, id: a.asset_id }, person),
      },
      { label: "Latest", number: true, rare: true, cell: (a) => e.time(a.last_contribution_at) },
      { label: "Cost", number: true, cell: (a) => e.money(a.total_cost) },
    ],
    answer,
    api,
  );
}
