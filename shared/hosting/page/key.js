/**
 * The key: given by hand, kept in `sessionStorage` until the tab is closed, sent to the API alone.
 * With one, addresses are shown in full, and people are found by name.
 */

import { element } from "./elements.js";

/** A form to give a key, or to forget it; either way the page is read anew. */
export function form(api) {
  const field = element("input", {
    id: "key-text",
    type: "password",
    autocomplete: "off",
    // What a header can hold.
    pattern: "[ -~]+",
    spellcheck: "false",
    required: "",
  });
  const made = element(
    "form",
    { class: "key" },
    element("label", { for: "key-text" }, "Key"),
    field,
    element("button", { type: "submit" }, "Use it"),
    api.key ? forget(api) : null,
    element(
      "p",
      { class: "aside" },
      "It stays in this tab until you close it, and goes nowhere but to this ledger.",
    ),
  );
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    use(api, field.value.trim());
  });
  return made;
}

/** The form in a dialog. */
export function open(api) {
  const dialog = element(
    "dialog",
    { "aria-labelledby": "key-title" },
    element("h2", { id: "key-title" }, api.key ? "A key is in use" : "Use a key"),
    element(
      "p",
      {},
      "With a key that may read, addresses are shown in full and people are found by name.",
    ),
    form(api),
    element("form", { method: "dialog" }, element("button", {}, "Close")),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function forget(api) {
  const button = element("button", { type: "button" }, "Forget it");
  button.addEventListener("click", () => use(api, ""));
  return button;
}

function use(api, key) {
  api.key = key;
  location.reload();
}
