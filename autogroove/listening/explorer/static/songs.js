// A row of a list: one track, with what can be done with it.

import { colourCluster, css } from "./colours.js";
import { make, words } from "./dom.js";
import { play, playingId } from "./player.js";

/** What rows may call; main sets it. */
export const actions = { select: () => {}, add: () => {}, list: () => null };

export function swatch(song) {
  return make("span", { class: "swatch", style: { background: css(colourCluster(song.cluster ?? -1)) }, "aria-hidden": "true" });
}

export function describe(song) {
  const tempo = song.tempo_bpm ? `${Math.round(song.tempo_bpm)} bpm` : "";
  return [song.artist, song.genre, tempo].filter(Boolean).join(" · ");
}

/** `options`: tail (extra elements), list (what plays after it), add (show a + button), lead and after. */
export function songRow(song, options = {}) {
  const playButton = make("button", {
    class: "small plain", "aria-label": `Play ${song.name}`,
    onclick: () => play(song, { list: options.list }),
  }, "▶");
  const add = options.add === false ? null : make("button", {
    class: "small plain", "aria-label": `Add ${song.name} to the playlist`, title: "Add to playlist",
    onclick: () => actions.add(song),
  }, "+");
  return make("li", { class: playingId() === song.track_id ? "song playing-now" : "song", "data-id": song.track_id },
    make("span", { class: "row" }, options.lead ?? null, swatch(song)),
    make("button", { class: "name", onclick: () => actions.select(song.track_id) },
      words(song.title, "b"), words(describe(song), "small")),
    make("span", { class: "tail" }, options.tail ?? null, playButton, add, options.after ?? null));
}

export function scoreBar(score) {
  const share = Math.round(100 * Math.max(0, Math.min(1, score)));
  return make("span", { class: "score", title: `nearness ${share} %`, role: "img", "aria-label": `nearness ${share} percent` },
    make("i", { style: { width: `${share}%` } }));
}
