/** The rest of a list: its next page, and all of it as a file. */

import { element, notice, plural } from "./elements.js";

// A part of a file is sent for up to 45 seconds.
const PART_MS = 60_000;
const ENDED = /^# complete: \d+ rows\r\n$/;
const GOES_ON = /^# continues: page_token=(\S+)\r\n$/;

/** Add the next page; the path of the one after it. Without one, the button goes. */
export async function more(button, next, api, add) {
  button.disabled = true;
  try {
    const answer = await api.read(next);
    await add(answer.body);
    next = answer.next;
    if (!next) button.remove();
  } catch (problem) {
    button.parentElement.append(notice(problem));
  }
  button.disabled = false;
  return next;
}

/**
 * Save what a link leads to. A service ends a file after some megabytes and says where it goes on, so
 * it is read part by part. Without a key a part is a hundred rows: then it is the first one, and says so.
 */
export async function save(api, link) {
  const said = statusBeside(link);
  const parts = [];
  let token = null;
  try {
    do {
      const part = await read(api, link.href, token);
      parts.push(new Blob([part.text]));
      token = part.token;
      said.replaceChildren(`Reading, ${plural(parts.length, "part", "parts")} so far`);
    } while (token && api.key);
  } catch (error) {
    said.replaceChildren(`The file could not be read: ${error.message}.`);
    return;
  }
  const address = URL.createObjectURL(new Blob(["\ufeff", ...parts], { type: "text/csv" }));
  element("a", { href: address, download: link.download }).click();
  said.replaceChildren(
    token ? "The file holds the first hundred rows only; with a key that may read it holds all." : "",
  );
}

/** A part of a file, of which only the first has the heads of its columns; and where it goes on. */
async function read(api, href, token) {
  const path = token ? `${href}&page_token=${encodeURIComponent(token)}` : href;
  const response = await api.ask(path, PART_MS);
  // Without the byte order mark.
  const text = await response.text();
  if (!response.ok) throw new Error(`the ledger answered ${response.status}`);
  const last = text.lastIndexOf("\n", text.length - 2) + 1;
  const ending = text.slice(last);
  const goesOn = GOES_ON.exec(ending)?.[1];
  if (!goesOn && !ENDED.test(ending)) throw new Error("it broke off");
  return { text: text.slice(token ? text.indexOf("\n") + 1 : 0, last), token: goesOn };
}

function statusBeside(link) {
  const beside = link.parentElement.querySelector("[role=status]");
  if (beside) return beside;
  const made = element("span", { role: "status", class: "aside" });
  link.after(made);
  return made;
}
