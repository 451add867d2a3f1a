// The playlist: seeds and rules, the list itself, its order, paths and files.

import * as api from "./api.js";
import { filterBody, filterControls } from "./filters.js";
import { announce, byId, formatTime, make, notice, words } from "./dom.js";
import { play } from "./player.js";
import { songRow } from "./songs.js";
import { weigh, weighingControls } from "./weighing.js";

const panel = byId("panel-playlist");
let songs = [];
let title = "";
let notes = [];
let busy = false;
let onchange = () => {};
const wanted = { length: 20, minutes: "", variety: 0.3, perArtist: 2, spacing: 8, perAlbum: true };

export const trackIds = () => songs.map((song) => song.track_id);

export function startPlaylist(callback) {
  onchange = callback;
  render();
}

/** Another release can weigh other parts. */
export function refreshPlaylist() {
  render();
}

export function clearPlaylist() {
  songs = [];
  notes = [];
  title = "";
  render();
}

export function addSong(song) {
  if (songs.some((each) => each.track_id === song.track_id)) { announce(`${song.name} is in the playlist already`); return; }
  songs.push(song);
  announce(`${song.name} added, ${songs.length} in the playlist`);
  render();
}

export async function seedFrom(song) {
  await fill(() => api.makePlaylist({ seeds: [song.track_id], ...rules() }));
}

/** From the last track of the list (or the one before it) to a song. */
export async function pathTo(song, from) {
  const start = songs.at(-1) && songs.at(-1).track_id !== song.track_id ? songs.at(-1) : from;
  if (!start || start.track_id === song.track_id) {
    notes = ["A path needs two tracks: add one to the playlist first, then choose “Path to here” on another."];
    songs = songs.length ? songs : [song];
    render();
    return;
  }
  await fill(() => api.findPath(start.track_id, song.track_id, { weigh: weigh() }));
}

function rules() {
  return {
    length: Number(wanted.length) || 20,
    duration_minutes: Number(wanted.minutes) > 0 ? Number(wanted.minutes) : null,
    variety: Number(wanted.variety),
    tracks_per_artist: Number(wanted.perArtist) || null,
    artist_spacing: Number(wanted.spacing) || 0,
    tracks_per_album: wanted.perAlbum ? 1 : null,
    filters: filterBody(),
    weigh: weigh(),
  };
}

async function fill(question) {
  busy = true;
  render();
  try {
    const found = await question();
    ({ tracks: songs, title, notes } = found);
    announce(`Playlist of ${songs.length} tracks`);
  } catch (error) {
    notes = [error.message];
  }
  busy = false;
  render();
}

function move(from, to) {
  if (to < 0 || to >= songs.length || from === to) return;
  const [song] = songs.splice(from, 1);
  songs.splice(to, 0, song);
  announce(`${song.name} is now number ${to + 1} of ${songs.length}`);
  render();
  panel.querySelectorAll(".handle")[to]?.focus();
}

function remove(at) {
  const [song] = songs.splice(at, 1);
  announce(`${song.name} removed`);
  render();
  (panel.querySelectorAll(".remove")[Math.min(at, songs.length - 1)] ?? panel).focus();
}

function render() {
  const count = byId("count");
  count.textContent = songs.length;
  count.hidden = !songs.length;
  const total = songs.reduce((sum, song) => sum + (song.duration_seconds || 0), 0);
  panel.replaceChildren(make("div", { class: "stack" },
    songs.length ? make("div", {}, make("h2", {}, words(title || "Your list")),
      make("div", { class: "quiet" }, `${songs.length} tracks · ${formatTime(total)}`)) : null,
    busy ? make("p", { class: "quiet", role: "status" }, "Listening…") : null,
    songs.length ? buttons() : make("p", { class: "empty" }, "Nothing here yet. Open a track and choose “Playlist from here”, or add tracks with +."),
    notes.length ? notice(notes.map((text) => make("div", {}, text))) : null,
    make("ol", { class: "list", id: "playlist" }, songs.map(row)),
    options()));
  onchange();
}

function buttons() {
  const again = async () => fill(() => api.makePlaylist({ seeds: trackIds().slice(0, 50), ...rules(), length: Math.max(rules().length, songs.length + 5) }));
  return make("div", { class: "row" },
    make("button", { class: "main", onclick: () => play(songs[0], { list: songs }) }, "▶ Play all"),
    make("button", { onclick: again, title: "Keep these tracks and add more like them" }, "Extend"),
    songs.length > 1 ? make("button", { id: "path", onclick: () => fill(() => api.findPath(songs[0].track_id, songs.at(-1).track_id, { length: Math.max(2, Number(wanted.length) || 20), weigh: weigh() })), title: "Walk from the first track to the last in small steps" }, "Path first → last") : null,
    make("button", { onclick: clearPlaylist }, "Clear"),
    exporting());
}

function exporting() {
  const format = make("select", { "aria-label": "File format", id: "format" },
    ["m3u8", "xspf", "jspf", "csv", "json"].map((name) => make("option", { value: name }, name)));
  const save = async () => {
    try {
      const blob = await api.exportPlaylist({ track_ids: trackIds(), format: format.value, title: title || "Autogroove" });
      const link = make("a", { href: URL.createObjectURL(blob), download: `autogroove.${format.value}` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      notes = [error.message];
      render();
    }
  };
  return make("span", { class: "row" }, format, make("button", { id: "export", onclick: save }, "Export"));
}

function row(song, at) {
  const handle = make("button", {
    class: "handle plain", title: "Drag, or arrow keys, to reorder",
    "aria-label": `${song.name}, number ${at + 1} of ${songs.length}. Arrow up and down move it`,
    onkeydown: (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      move(at, at + by);
    },
  }, "⠿");
  handle.addEventListener("pointerdown", (event) => drag(event, at));
  const away = make("button", { class: "small plain remove", "aria-label": `Remove ${song.name}`, onclick: () => remove(at) }, "×");
  return songRow(song, { list: songs, add: false, lead: handle, after: away });
}

/** Dragging by pointer works for mouse and touch alike. */
function drag(event, from) {
  if (event.button) return;
  event.preventDefault();
  const rows = [...panel.querySelectorAll("#playlist > li")];
  const handle = event.currentTarget;
  handle.setPointerCapture(event.pointerId);
  handle.focus();
  rows[from].classList.add("dragged");
  let to = from;
  const follow = (moving) => {
    rows.forEach((each) => each.classList.remove("target-above", "target-below"));
    const over = rows.findIndex((each) => { const box = each.getBoundingClientRect(); return moving.clientY < box.bottom; });
    to = over < 0 ? rows.length - 1 : over;
    if (to !== from) rows[to].classList.add(to < from ? "target-above" : "target-below");
  };
  const end = () => {
    handle.removeEventListener("pointermove", follow);
    rows.forEach((each) => each.classList.remove("dragged", "target-above", "target-below"));
    move(from, to);
  };
  handle.addEventListener("pointermove", follow);
  handle.addEventListener("pointerup", end, { once: true });
  handle.addEventListener("pointercancel", () => { to = from; end(); }, { once: true });
}

function options() {
  const field = (label, name, properties, wide = false) => make("label", { class: wide ? "wide" : null }, label,
    make("input", { name, ...properties, value: wanted[name], oninput: (event) => { wanted[name] = event.target.value; } }));
  const album = make("input", { type: "checkbox", name: "perAlbum" });
  album.checked = wanted.perAlbum;
  album.addEventListener("change", () => { wanted.perAlbum = album.checked; });
  return make("details", {}, make("summary", {}, "Rules for the next playlist"),
    weighingControls(() => {}),
    filterControls(() => {}),
    make("div", { class: "form" },
      field("Tracks", "length", { type: "number", min: 1, max: 500 }),
      field("or minutes", "minutes", { type: "number", min: 1, max: 1440, placeholder: "any" }),
      field("Tracks an artist", "perArtist", { type: "number", min: 1, max: 500 }),
      field("Places between an artist’s tracks", "spacing", { type: "number", min: 0, max: 500 }),
      field("Closer ↔ more varied", "variety", { type: "range", min: 0, max: 1, step: 0.05 }, true),
      make("label", { class: "row wide" }, make("span", { class: "row" }, album, "One track an album"))));
}
