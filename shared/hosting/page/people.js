/** All people who contributed, bots and agents too. */

import * as e from "./elements.js";

export async function view(api) {
  const people = await api.read("/v1/contributors?sort=contributions&limit=50");
  const content = [
    e.element("h1", {}, "People"),
    e.element("p", { class: "lead" }, "Who contributed, all of somebody’s addresses as one."),
    e.asOf(people),
    ...listed(people, api),
  ];
  return { title: "People", content };
}

const listed = (answer, api) =>
  e.table(
    "People, who has most contributions first",
    [
      {
        label: "Name",
        name: true,
        cell: (p) => [e.person(p.id, p.name ?? p.email), e.kind(p.contributor_type)],
      },
      { label: "Contributions", number: true, cell: (p) => e.number(p.contribution_count) },
      {
        label: "With assistance",
        number: true,
        rare: true,
        cell: (p) => e.percent(p.assisted_count, p.contribution_count),
      },
      { label: "Latest", number: true, rare: true, cell: (p) => e.time(p.last_contribution_at) },
      { label: "Cost", number: true, cell: (p) => e.money(p.total_cost) },
    ],
    answer,
    api,
  );
