// What "similar" means to the listener: how much tempo, rhythm and sound count, for every list on the page.

import { make } from "./dom.js";

const PARTS = ["tempo", "rhythm", "sound"];
const GESTURES = [
  ["As usual", "tempo, rhythm and sound", [1, 1, 1]],
  ["Same groove", "in any sound", [1, 1, 0]],
  ["Same sound", "in any groove", [0, 0, 1]],
];
const PATIENCE_MS = 250;

const factors = { tempo: 1, rhythm: 1, sound: 1 };
const watchers = new Set();
let parts = [];

/** Which parts the release in view can weigh; none in releases that hear a track as one whole. */
export function useParts(names) {
  parts = PARTS.filter((name) => names.includes(name));
  PARTS.forEach((name) => { factors[name] = 1; });
}

/** `rhythm=2,sound=0`, or nothing where all counts as usual. */
export function weigh() {
  const usual = new Set(parts.map((name) => factors[name])).size <= 1;
  return usual ? "" : parts.map((name) => `${name}=${factors[name]}`).join(",");
}

/** Sliders for a panel; `onchange` is called when they rest. Null where nothing can be weighed. */
export function weighingControls(onchange) {
  if (!parts.length) return null;
  let waiting = 0;
  const changed = () => { clearTimeout(waiting); waiting = setTimeout(onchange, PATIENCE_MS); };
  const sliders = parts.map((name) => {
    const shown = make("output", {});
    const slider = make("input", { type: "range", name: `weigh-${name}`, min: 0, max: 3, step: 0.25 });
    const show = () => { slider.value = factors[name]; shown.textContent = `× ${factors[name]}`; };
    slider.addEventListener("input", () => {
      const before = factors[name];
      factors[name] = Number(slider.value);
      if (parts.every((each) => !factors[each])) factors[name] = before || 0.25; // something has to count
      refresh();
      changed();
    });
    show();
    return { show, element: make("label", {}, make("span", {}, name), slider, shown) };
  });
  const gestures = GESTURES.map(([label, title, values]) => {
    const button = make("button", {
      class: "plain", title, onclick: () => {
        PARTS.forEach((name, at) => { factors[name] = values[at]; });
        refresh();
        changed();
      },
    }, label);
    const show = () => button.setAttribute("aria-pressed", String(parts.every((name) => factors[name] === values[PARTS.indexOf(name)])));
    show();
    return { show, element: button };
  });
  const element = make("div", { class: "weighing", role: "group", "aria-label": "What similar means" },
    make("div", { class: "row" }, gestures.map((each) => each.element)), sliders.map((each) => each.element));
  watchers.forEach((each) => { if (!each.element.isConnected) watchers.delete(each); });
  watchers.add({ element, show: () => [...sliders, ...gestures].forEach((each) => each.show()) });
  return element;
}

function refresh() {
  watchers.forEach((each) => each.show());
}
