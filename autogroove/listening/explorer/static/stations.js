// Stations: the clusters, each under the name of its exemplar.

import * as api from "./api.js";
import { colourCluster, colourGenre, css } from "./colours.js";
import { byId, make, notice, words } from "./dom.js";
import { play } from "./player.js";
import { actions, scoreBar, songRow } from "./songs.js";

const panel = byId("panel-stations");
const AT_ONCE = 60;
let stations = [];
let genres = [];
let shown = AT_ONCE;
let open = null;
let onopen = () => {};

export function startStations(callback) {
  onopen = callback;
}

export function setStations(found, names) {
  stations = found;
  genres = names;
  shown = AT_ONCE;
  open = null;
  render();
}

/** Open one station, scrolled to; null closes all. */
export function openStation(cluster) {
  open = cluster;
  const at = stations.findIndex((station) => station.cluster === cluster);
  if (at >= shown) shown = at + 1;
  render();
  panel.querySelector(`[data-cluster="${cluster}"]`)?.scrollIntoView({ block: "start" });
}

function render() {
  if (!stations.length) {
    panel.replaceChildren(make("p", { class: "empty" }, "This release has no stations."));
    return;
  }
  panel.replaceChildren(make("div", { class: "stack" },
    make("p", { class: "quiet" }, `${stations.length} stations, each named by the track that stands for it.`),
    stations.slice(0, shown).map(card),
    shown < stations.length ? make("button", { onclick: () => { shown += AT_ONCE; render(); } }, `Show more (${stations.length - shown})`) : null));
}

function card(station) {
  const isOpen = station.cluster === open;
  const inside = make("div", { class: "inside" });
  if (isOpen) fill(station, inside);
  return make("article", { class: "station", "data-cluster": station.cluster },
    make("button", {
      "aria-expanded": String(isOpen),
      onclick: () => { open = isOpen ? null : station.cluster; onopen(open); render(); },
    },
      make("span", { class: "swatch", style: { background: css(colourCluster(station.cluster)), width: "16px", height: "16px" } }),
      make("span", {}, words(station.exemplar_title, "b"), words(subtitle(station), "small"), genreBar(station)),
      make("span", { class: "big", title: "tracks" }, String(station.size))),
    isOpen ? inside : null);
}

function subtitle(station) {
  const tempo = station.tempo_range_bpm?.map(Math.round);
  const speed = tempo ? (tempo[0] === tempo[1] ? `${tempo[0]} bpm` : `${tempo[0]}–${tempo[1]} bpm`) : null;
  return [station.exemplar_artist, speed, station.genres.slice(0, 2).map(([name]) => name).join(", ")].filter(Boolean).join(" · ");
}

function genreBar(station) {
  if (!station.genres.length) return null;
  const text = station.genres.map(([name, count]) => `${name} ${count}`).join(", ");
  return make("span", { class: "genres", role: "img", "aria-label": text, title: text },
    station.genres.map(([name, count]) => make("i", {
      style: { width: `${(100 * count) / station.size}%`, background: css(colourGenre(genres.indexOf(name) < 0 ? 99 : genres.indexOf(name))) },
    })));
}

async function fill(station, inside) {
  inside.append(make("p", { class: "quiet" }, "…"));
  try {
    const { tracks } = await api.showStation(station.cluster);
    inside.replaceChildren(
      make("div", { class: "row" },
        make("button", { class: "main", onclick: () => play(tracks[0], { list: tracks }) }, "▶ Tune in"),
        make("button", { onclick: () => actions.seed(tracks[0]) }, "Playlist from exemplar")),
      make("ul", { class: "list" }, tracks.map((song) => songRow(song, { list: tracks, tail: scoreBar(song.score) }))),
      tracks.length < station.size ? make("p", { class: "quiet" }, `The ${tracks.length} nearest of ${station.size}.`) : null ?? "");
  } catch (error) {
    inside.replaceChildren(notice(error.message, true));
  }
}
