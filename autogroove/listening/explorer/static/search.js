// Search as one types: a combobox by the ARIA pattern.

import * as api from "./api.js";
import { byId, make, words } from "./dom.js";
import { describe } from "./songs.js";

export function startSearch(onchoose) {
  const input = byId("search");
  const list = byId("found");
  let songs = [];
  let active = -1;
  let asked = 0;
  let answered = "";
  let timer = 0;

  const close = () => {
    list.hidden = true;
    active = -1;
    answered = "";
    list.setAttribute("aria-busy", "false");
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (at) => {
    if (!songs[at]) return;
    close();
    input.value = "";
    input.blur();
    onchoose(songs[at].track_id);
  };
  const mark = (at) => {
    active = at;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
    list.children[at]?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", at >= 0 ? `found-${at}` : "");
  };
  const show = (text) => {
    list.replaceChildren(...songs.map((song, at) => make("li",
      { id: `found-${at}`, role: "option", "aria-selected": "false", onclick: () => choose(at) },
      words(song.title, "b"), make("div", { class: "quiet" }, words([describe(song), song.album].filter(Boolean).join(" · "))))));
    if (!songs.length) list.append(make("li", { class: "none" }, "Nothing has ", words(text, "b"), " in its title, artist, album or genre."));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(songs.length ? 0 : -1);
  };
  const ask = async () => {
    clearTimeout(timer);
    const text = input.value.trim();
    const turn = ++asked;
    if (!text) { close(); return; }
    try {
      const found = await api.search(text);
      if (turn !== asked) return;
      songs = found;
      answered = text;
      show(text);
    } catch (error) {
      if (turn !== asked) return;
      songs = [];
      list.replaceChildren(make("li", { class: "none" }, error.message));
      list.hidden = false;
    }
    list.setAttribute("aria-busy", "false");
  };

  // Whoever types fast presses Enter before the answer is there: never take that of fewer letters.
  const enter = async () => {
    const text = input.value.trim();
    if (text && text !== answered) {
      await ask();
      if (text !== answered) return;
    }
    choose(active);
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    list.setAttribute("aria-busy", "true");
    timer = setTimeout(ask, 90);
  });
  input.addEventListener("focus", () => input.value.trim() && ask());
  input.addEventListener("blur", () => setTimeout(close, 150));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!songs.length || list.hidden) return;
      const by = event.key === "ArrowDown" ? 1 : -1;
      mark((active + by + songs.length) % songs.length);
    } else if (event.key === "Enter") enter();
    else if (event.key === "Escape") { input.value = ""; close(); input.blur(); }
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault());
}
