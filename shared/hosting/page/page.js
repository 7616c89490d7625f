/**
 * The page: reads from the API what its address names, and shows it.
 *
 * `/` is the ledger, `/?people` are all who contributed; `/?repository=owner/name`, `/?contributor=ID`
 * and `/?contribution=ID` are one of each. `month=2026-10` chooses the contributions of a month, and
 * `repository` those of a contributor to it. A view is a module that is handed the API, so it asks
 * nobody else; links are plain ones, and going back and forward is the browser's own affair.
 */

import { element, loading, notice } from "./elements.js";

const KEY = "ledger-key";
const PATIENCE_MS = 30_000;

const STIRRING = ["pointermove", "pointerdown", "keydown", "scroll"];
const THINGS = { repository: "repository", contributor: "person", contribution: "contribution" };

// The first of these that an address has is what it shows.
const VIEWS = {
  contribution: () => import("./contribution.js"),
  contributor: () => import("./person.js"),
  repository: () => import("./repository.js"),
  people: () => import("./people.js"),
};
const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

/** Why there is no answer: the problem that the API told, or one of our own words for none. */
export class Problem extends Error {
  constructor({ status = 0, code = "unreachable", detail = "" }) {
    super(detail);
    Object.assign(this, { status, code, detail });
  }

  /** Whether another key, or one at all, would help. */
  get refused() {
    return this.status === 401 || this.status === 403;
  }

  /** What is wrong in the view of this name, and what to do: a title and a sentence or two. */
  words(name) {
    const { status, code, detail } = this;
    const it = name === "contribution" ? "its repository" : "it";
    if (code === "being_built")
      return [
        "Being counted anew",
        "After an upgrade these figures are counted from the contributions. They are here as " +
          "soon as an operator has run “make reconcile REPAIR=1”.",
      ];
    if (status === 401)
      return [
        "This is shown with a key only",
        `${detail}. Whoever runs this ledger can give you one that may read.`,
      ];
    if (status === 403)
      return [
        "This key may not read",
        `${detail}. Use one that may, or forget it and read as everybody does.`,
      ];
    if (code === "no_month")
      return ["There is no such month", "Look at the address again: it names one as 2026-10."];
    if (status === 404 || status === 422)
      return [
        `There is no such ${THINGS[name] ?? "page"}`,
        `Look at its address again, or find ${it} with the field above.`,
      ];
    if (status === 503)
      return ["The ledger cannot answer now", "Nothing is lost. Wait a moment and try again."];
    if (code === "unreachable")
      return [
        "The ledger cannot be reached",
        "Look whether you are online and whether the ledger is up, then try again.",
      ];
    return [
      "Something is broken here",
      "Try again. If it stays like this, tell whoever runs the ledger.",
    ];
  }
}

/** The public API, read with the key of this tab if there is one. */
export class Api {
  constructor(storage = window.sessionStorage) {
    this.storage = storage;
    this.kept = new Map();
    /** Fulfilled when somebody does something for the first time. */
    this.stirred = new Promise((resolve) => {
      for (const event of STIRRING) addEventListener(event, resolve, { once: true });
    });
  }

  get key() {
    return this.storage.getItem(KEY) ?? "";
  }

  set key(text) {
    if (text) this.storage.setItem(KEY, text);
    else this.storage.removeItem(KEY);
  }

  /** The response to a path. */
  ask(path, patience = PATIENCE_MS) {
    const headers = this.key ? { "X-API-Key": this.key } : {};
    return fetch(path, { headers, signal: AbortSignal.timeout(patience) });
  }

  /** What a path answers, as of when, and the path of the next page; throws `Problem`. */
  async read(path) {
    let response, body;
    try {
      response = await this.ask(path);
      body = await response.json();
    } catch {
      throw new Problem({ status: response?.ok ? 0 : response?.status });
    }
    if (!response.ok) throw new Problem({ status: response.status, ...body });
    const asOf = new Date(response.headers.get("Date") ?? Date.now()).toISOString();
    return { body, path, asOf, next: nextOf(response, path) };
  }

  /** The same for a part of a view, which goes on without it: a problem is its answer then. */
  async part(path) {
    try {
      return await this.read(path);
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.refused) throw problem;
      return { problem };
    }
  }

  /** Add to `names` those of people by their ids: of all at once, so that no list shows half of them. */
  async learn(names, ids) {
    const named = async (id) => {
      if (!this.kept.has(id)) this.kept.set(id, this.part(`/v1/contributors/${id}`).catch(() => ({})));
      return [id, (await this.kept.get(id)).body?.name];
    };
    const learnt = await Promise.all([...ids].filter((id) => !names.has(id)).map(named));
    for (const [id, name] of learnt) names.set(id, name);
  }
}

/** The path of the next page. Where a link leads elsewhere, only its query is taken. */
function nextOf(response, path) {
  const link = /<([^>]*)>; rel="next"/.exec(response.headers.get("Link") ?? "");
  return link && path.split("?")[0] + new URL(link[1], location.href).search;
}

/** Show the view that an address names, or what to do where that is impossible. */
async function show(main, api, address) {
  const asked = address.searchParams;
  const name = Object.keys(VIEWS).find((name) => asked.has(name));
  const [value, month, repository] = [name, "month", "repository"].map((name) => asked.get(name));
  main.replaceChildren(loading());
  main.ariaBusy = "true";
  try {
    if (name in THINGS && !value) throw new Problem({ status: 404, code: "not_found" });
    if (month && !MONTH.test(month)) throw new Problem({ status: 404, code: "no_month" });
    const view = name ? await VIEWS[name]() : await import("./ledger.js");
    const { title, content } = await view.view(api, value, { month, repository });
    document.title = title ? `${title} · Contribution ledger` : "Contribution ledger";
    main.replaceChildren(...content);
  } catch (error) {
    main.replaceChildren(await state(error, api, name));
  } finally {
    main.ariaBusy = "false";
  }
}

/** What to do where a view cannot be shown. */
async function state(error, api, name) {
  const problem = error instanceof Problem ? error : new Problem({ code: "broken" });
  if (!(error instanceof Problem)) console.error(error);
  document.title = `${problem.words(name)[0]} · Contribution ledger`;
  const shown = notice(problem, name, "h1");
  if (problem.refused) {
    const { form } = await import("./key.js");
    shown.append(form(api));
  }
  return shown;
}

/** The parts of the page that wait until somebody uses them. */
function listen(api) {
  const field = document.getElementById("search");
  const search = async () => (await import("./search.js")).listen(field, api);
  field.addEventListener("focus", search, { once: true });
  field.form.addEventListener("submit", (event) => event.preventDefault());
  const button = document.getElementById("key");
  if (api.key)
    button.replaceChildren(
      "Key ",
      element("span", { class: "dot" }),
      element("span", { class: "unseen" }, "in use"),
    );
  button.addEventListener("click", async () => (await import("./key.js")).open(api));
}

const api = new Api();
listen(api);
show(document.getElementById("main"), api, new URL(location.href));
