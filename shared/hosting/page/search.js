/** Search: repositories by the beginning of a name, and with a key people by that or an address. */

import { element, person, repository } from "./elements.js";

const PAUSE_MS = 200;
const MOST = 8;

/** Show under the field what its text finds; Enter opens the first, Escape ends it. */
export function listen(field, api) {
  const box = field.form.querySelector(".found");
  const list = box.querySelector("ul");
  const count = box.querySelector("[role=status]");
  let waiting, latest;

  const close = () => {
    box.hidden = true;
  };
  const search = async () => {
    const text = field.value.trim();
    const asked = (latest = Symbol(text));
    list.replaceChildren();
    if (!text) return close();
    const { found, told } = await find(api, text);
    if (asked !== latest) return;
    list.replaceChildren(...found.map((one) => element("li", {}, one)));
    count.replaceChildren(told);
    box.hidden = false;
  };

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, PAUSE_MS);
  });
  field.form.addEventListener("submit", async () => {
    clearTimeout(waiting);
    await search();
    list.querySelector("a")?.click();
  });
  field.form.addEventListener("keydown", (event) =>
    move(event, [field, ...list.querySelectorAll("a")], close),
  );
  // Where a click takes the focus from the field and gives it to no link, none would be followed.
  box.addEventListener("mousedown", (event) => event.preventDefault());
  field.form.addEventListener("focusout", ({ relatedTarget }) => {
    if (!field.form.contains(relatedTarget)) close();
  });
  if (field.value) search();
}

function move(event, stops, close) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") {
    close();
    stops[0].focus();
  } else if (step) {
    const next = stops[stops.indexOf(document.activeElement) + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  }
}

async function find(api, text) {
  const query = `=${encodeURIComponent(text)}&limit=${MOST}`;
  // A key that may not see addresses finds nobody, and still finds repositories.
  const people = (by) => api.read(`/v1/contributors?${by}${query}`).catch(() => ({ body: [] }));
  try {
    const [assets, ...somebody] = await Promise.all([
      api.read(`/v1/assets?name${query}`),
      ...(api.key ? [people("name"), people("email")] : []),
    ]);
    const byId = new Map(somebody.flatMap((answer) => answer.body.map((p) => [p.id, p])));
    const found = [
      ...assets.body.map((a) => repository(a.name, a.id)),
      ...[...byId.values()].map((p) => person(p.id, p.name ?? p.email)),
    ];
    const hint = api.key ? "" : " People are found with a key.";
    return { found, told: `${found.length || "None"} found.${hint}` };
  } catch (problem) {
    const told = problem.refused
      ? "Reading this ledger needs a key that may read."
      : "The ledger does not answer; try again.";
    return { found: [], told };
  }
}
