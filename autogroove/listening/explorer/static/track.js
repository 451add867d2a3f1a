// One track: what it is, how it looks, what it is near and which clips say so.

import * as api from "./api.js";
import { byId, formatTime, isWeb, make, notice, words } from "./dom.js";
import { filterControls, filterPairs } from "./filters.js";
import { play } from "./player.js";
import { actions, scoreBar, songRow, swatch } from "./songs.js";
import { weigh, weighingControls } from "./weighing.js";

const panel = byId("panel-track");
let turn = 0;
let clipSeconds = 10;
let remakes = false; // The server loads the model to make a clip again: only when asked for.

export function useClipLength(seconds) {
  clipSeconds = seconds || 10;
}

export function showNoTrack(text = "Pick a point on the map, search above, or tune in to a station.") {
  turn += 1;
  panel.replaceChildren(make("p", { class: "empty" }, text));
}

/** Called with a track and its neighbours whenever they are listed. */
let onneighbours = () => {};
export function onNeighbours(callback) {
  onneighbours = callback;
}

/** Shows a track; resolves when its neighbours are listed. */
export async function showTrackPanel(id) {
  const mine = ++turn;
  try {
    const song = await api.showTrack(id);
    if (mine !== turn) return;
    const near = make("div", { class: "stack" }, make("p", { class: "quiet" }, "Looking for neighbours…"));
    const clips = pictures(song);
    const again = () => { if (mine === turn) listNeighbours(song, near, clips, mine); };
    panel.replaceChildren(make("div", { class: "stack" }, head(song), clips.element, make("h3", {}, "Sounds like"), weighingControls(again), filterControls(again), near));
    panel.scrollTop = 0;
    await listNeighbours(song, near, clips, mine);
  } catch (error) {
    if (mine === turn) panel.replaceChildren(notice(error.message, true));
  }
}

async function listNeighbours(song, near, clips, mine) {
  const asking = () => `${weigh()} ${filterPairs()}`;
  const asked = asking();
  near.setAttribute("aria-busy", "true");
  try {
    const neighbours = await api.findSimilar(song.track_id, weigh());
    if (mine !== turn || asked !== asking()) return;
    near.replaceChildren(neighbours.length
      ? make("ul", { class: "list", id: "neighbours" }, neighbours.map((other) => neighbourRow(song, other, neighbours, clips.show)))
      : make("p", { class: "quiet" }, filterPairs().length ? "No other track passes the filters." : "It is the only track of this release."));
    near.removeAttribute("aria-busy");
    onneighbours(song, neighbours);
  } catch (error) {
    if (mine === turn) near.replaceChildren(notice(error.message, true));
  }
}

function head(song) {
  const facts = [
    song.album, song.genre, song.tempo_bpm ? `${Math.round(song.tempo_bpm)} bpm` : null,
    song.duration_seconds ? formatTime(song.duration_seconds) : null,
  ].filter(Boolean);
  return make("div", { class: "stack" },
    make("div", {}, make("h2", { id: "track-title" }, words(song.title)), words(song.artist || "Unknown artist", "div", { class: "quiet" })),
    make("p", { class: "meta" }, facts.map((text) => words(text, "span", { class: "chip" })),
      song.cluster === null ? null : make("button", { class: "chip", onclick: () => actions.station(song.cluster) }, swatch(song), `Station ${song.cluster}`)),
    make("div", { class: "quiet" }, words(song.licence || "Licence not stated"),
      isWeb(song.url) ? [" · ", make("a", { href: song.url, rel: "noreferrer noopener", target: "_blank" }, "source")] : null),
    make("div", { class: "row" },
      make("button", { class: "main", id: "play-track", onclick: () => play(song) }, "▶ Play"),
      make("button", { id: "seed-track", onclick: () => actions.seed(song) }, "Playlist from here"),
      make("button", { onclick: () => actions.add(song) }, "+ Add"),
      make("button", { title: "Walk from the last track of the playlist to this one", onclick: () => actions.pathTo(song) }, "Path to here")));
}

function pictures(song) {
  const figure = (caption, label) => {
    const image = make("img", { alt: "", loading: "lazy" });
    return { image, label, element: make("figure", {}, image, make("figcaption", {}, caption)) };
  };
  const heard = figure("What it hears: low notes below", "Spectrogram");
  const made = figure("What it kept: made again from its code", "Reconstruction");
  const ask = make("button", { class: "ask", id: "show-kept", onclick: () => { remakes = true; ask.replaceWith(made.image); show(shown); } }, "Show what it kept");
  if (!remakes) made.image.replaceWith(ask);
  const buttons = [...Array(song.clips).keys()].map((clip) => make("button", { onclick: () => show(clip), "aria-pressed": "false" }, clipName(song, clip)));
  const listen = make("button", { class: "plain" }, "▶ hear this clip");
  let shown = 0;
  listen.addEventListener("click", () => play(song, { from: song.clip_starts[shown] ?? 0, seconds: clipSeconds }));
  function show(clip) {
    shown = clip;
    heard.image.src = api.spectrogramUrl(song.track_id, clip);
    if (remakes) made.image.src = api.reconstructionUrl(song.track_id, clip);
    for (const each of [heard, made]) each.image.alt = `${each.label} of ${song.name}, ${clipName(song, clip)}`;
    buttons.forEach((button, at) => { button.setAttribute("aria-pressed", String(at === clip)); button.classList.toggle("main", at === clip); });
  }
  if (song.clips) show(0);
  const element = make("div", { class: "stack" },
    make("div", { class: "row spread" }, make("div", { class: "row", role: "group", "aria-label": "Clips" }, buttons), listen),
    make("div", { class: "pictures" }, heard.element, made.element));
  return { element, show };
}

function clipName(song, clip) {
  const start = song.clip_starts[clip];
  return start === undefined ? `Clip ${clip + 1}` : `at ${formatTime(start)}`;
}

function neighbourRow(song, other, list, showClip) {
  const { match } = other;
  const here = match.seed_start_seconds;
  const there = match.other_start_seconds;
  const known = here !== null && there !== null;
  const button = make("button", {
    class: "match", title: "Hear the clip of it that matched, and see which clip of this track it matched",
    onclick: () => { showClip(match.seed_clip); play(other, { from: there ?? 0, seconds: known ? clipSeconds : null, list }); },
  }, known ? `${formatTime(here)} ↔ ${formatTime(there)}` : `clip ${match.seed_clip + 1} ↔ ${match.other_clip + 1}`);
  button.setAttribute("aria-label", `Hear the matching clip of ${other.name}`);
  return songRow(other, { list, tail: [scoreBar(other.score), button] });
}
