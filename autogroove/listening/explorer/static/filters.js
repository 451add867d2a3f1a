// What is kept in and left out, in every list on the page.

import { make } from "./dom.js";

const FIELDS = [
  ["genre", "Genre has", "any", "text"],
  ["folder", "Folder", "any, or Jazz/*", "text"],
  ["exclude_folder", "Not in folder", "Audiobooks/*", "text"],
  ["year", "Years", "1990-1999", "text"],
  ["tempo", "Tempo in bpm", "90-120", "text"],
  ["track_length", "Length", "2:00-6:00", "text"],
  ["licence", "Licence has", "any", "text"],
  ["added_since", "Added since", "", "date"],
];
const LISTS = { genre: "genres", folder: "folders", exclude_folder: "exclude_folders", licence: "licences" };
const RANGES = { year: "years", tempo: "tempo", track_length: "lengths", added_since: "added_since" };
const PATIENCE_MS = 500;

const wanted = Object.fromEntries(FIELDS.map(([name]) => [name, ""]));
const watchers = new Set();

const split = (text) => text.split(",").map((word) => word.trim()).filter(Boolean);

/** For an address: pairs, lists by repeating a name. */
export function filterPairs() {
  return Object.entries(wanted).flatMap(([name, text]) => (LISTS[name] ? split(text) : [text.trim()].filter(Boolean)).map((word) => [name, word]));
}

/** For a body. */
export function filterBody() {
  const lists = Object.entries(LISTS).map(([name, key]) => [key, split(wanted[name])]);
  const ranges = Object.entries(RANGES).map(([name, key]) => [key, wanted[name].trim()]);
  return Object.fromEntries([...lists, ...ranges]);
}

/** Fields for a panel; `onchange` is called when they rest. */
export function filterControls(onchange) {
  let waiting = 0;
  const summary = make("summary", {});
  const inputs = FIELDS.map(([name, label, placeholder, type]) => {
    const input = make("input", { type, name: `filter-${name}`, placeholder });
    input.addEventListener("input", () => {
      wanted[name] = input.value;
      watchers.forEach((each) => { if (each.element !== element) each.show(); });
      count();
      clearTimeout(waiting);
      waiting = setTimeout(onchange, PATIENCE_MS);
    });
    return { name, input, element: make("label", {}, label, input) };
  });
  const count = () => {
    const num = Object.values(wanted).filter((text) => text.trim()).length;
    summary.textContent = num ? `Only some tracks (${num} ${num === 1 ? "filter" : "filters"})` : "Only some tracks";
  };
  const show = () => { inputs.forEach(({ name, input }) => { input.value = wanted[name]; }); count(); };
  const element = make("details", { class: "filters" }, summary, make("div", { class: "form" }, inputs.map((each) => each.element)));
  show();
  watchers.forEach((each) => { if (!each.element.isConnected) watchers.delete(each); });
  watchers.add({ element, show });
  return element;
}
