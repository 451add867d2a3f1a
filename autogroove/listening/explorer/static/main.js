// The page: boot, the release in view, and what the parts tell one another.

import * as api from "./api.js";
import { MOST_GENRES, colourCluster, colourGenre, colourTempo, css, FAST_BPM, rampCss, SLOW_BPM } from "./colours.js";
import { announce, byId, make, notice, words } from "./dom.js";
import { PointMap } from "./map.js";
import { forget, onPlaying, toggle } from "./player.js";
import { addSong, clearPlaylist, pathTo, refreshPlaylist, seedFrom, startPlaylist, trackIds } from "./playlist.js";
import { showReleasePanel } from "./release.js";
import { startSearch } from "./search.js";
import { actions, describe } from "./songs.js";
import { openStation, setStations, startStations } from "./stations.js";
import { onNeighbours, showNoTrack, showTrackPanel, useClipLength } from "./track.js";
import { useParts } from "./weighing.js";

const state = { release: null, points: null, index: new Map(), genres: [], station: null, genre: null, selected: null };
const map = new PointMap(byId("map"), byId("points"), byId("overlay"), {
  onpick: (index) => select(state.points.ids[index]),
  onhover: hover,
});

/* Tabs */
const tabs = [...document.querySelectorAll('[role="tab"]')];
function openTab(name, focus = false) {
  map.setMarks({ view: name });
  for (const tab of tabs) {
    const isThis = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(isThis));
    tab.tabIndex = isThis ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !isThis;
    if (isThis && focus) tab.focus();
  }
}
tabs.forEach((tab, at) => {
  tab.addEventListener("click", () => openTab(tab.id.slice(4)));
  tab.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) openTab(tabs[(at + by + tabs.length) % tabs.length].id.slice(4), true);
  });
});

/* The map's colours, legend and labels */
const colouring = () => document.querySelector('input[name="colour"]:checked').value;

function paint() {
  const { points } = state;
  if (!points) return;
  const by = colouring();
  const value = { cluster: points.clusters, genre: points.genres, tempo: points.tempos }[by];
  const colour = { cluster: colourCluster, genre: colourGenre, tempo: colourTempo }[by];
  const known = new Map();
  const colours = new Uint8Array(4 * points.count);
  const dimmed = new Uint8Array(points.count);
  for (let i = 0; i < points.count; i += 1) {
    const key = by === "tempo" ? Math.round(value[i]) : value[i];
    if (!known.has(key)) known.set(key, colour(key));
    dimmed[i] = (state.station !== null && points.clusters[i] !== state.station) || (state.genre !== null && points.genres[i] !== state.genre) ? 1 : 0;
    colours.set(known.get(key), 4 * i);
    colours[4 * i + 3] = dimmed[i] ? 26 : 228;
  }
  map.setMarks({ dimmed });
  map.setColours(colours);
  legend(by);
}

function legend(by) {
  const place = byId("legend");
  if (by === "tempo") {
    const known = state.points.tempos.some(Number.isFinite);
    place.replaceChildren(known
      ? make("span", { class: "ramp" }, `${SLOW_BPM}`, make("i", { style: { background: rampCss() } }), `${FAST_BPM} bpm`)
      : make("span", {}, "No tempo is known in the tags of this collection."));
  } else if (by === "genre") {
    place.replaceChildren(...state.genres.slice(0, MOST_GENRES).map((name, at) => make("button", {
      "aria-pressed": String(state.genre === at),
      onclick: () => { state.genre = state.genre === at ? null : at; paint(); },
    }, make("span", { class: "swatch", style: { background: css(colourGenre(at)) } }), words(name))));
    if (!state.genres.length) place.replaceChildren(make("span", {}, "No genre is known in this collection."));
  } else place.replaceChildren();
  if (state.station !== null) {
    place.prepend(make("button", { "aria-pressed": "true", onclick: () => { highlight(null); openStation(null); } }, `Only station ${state.station} ×`));
  }
}

function highlight(cluster) {
  state.station = cluster;
  paint();
}

document.querySelectorAll('input[name="colour"]').forEach((input) => input.addEventListener("change", () => { state.genre = null; paint(); }));
window.matchMedia("(prefers-color-scheme: light)").addEventListener("change", paint);
byId("zoom-in").addEventListener("click", () => map.zoomBy(1.5));
byId("zoom-out").addEventListener("click", () => map.zoomBy(1 / 1.5));
byId("zoom-all").addEventListener("click", () => map.showAll());

/* Hovering */
let hovered = -1;
async function hover(index, px, py) {
  const tip = byId("tip");
  if (index < 0) { hovered = -1; tip.hidden = true; return; }
  const frame = byId("map");
  const place = () => {
    tip.style.left = `${Math.min(px + 14, frame.clientWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.max(8, Math.min(py + 14, frame.clientHeight - tip.offsetHeight - 8))}px`;
  };
  if (index === hovered) { place(); return; }
  hovered = index;
  await new Promise((done) => setTimeout(done, 40));
  if (hovered !== index) return;
  try {
    const song = await api.showTrack(state.points.ids[index]);
    if (hovered !== index) return;
    tip.replaceChildren(words(song.title, "b"), make("div", { class: "quiet" }, words(describe(song))));
    tip.hidden = false;
    place();
  } catch {
    tip.hidden = true;
  }
}

/* What the parts ask for */
async function select(id, { open = true } = {}) {
  state.selected = id;
  map.setMarks({ selected: state.index.get(id) ?? -1, neighbours: [] });
  if (state.index.has(id)) map.reveal(state.index.get(id));
  if (open) openTab("track");
  remember();
  await showTrackPanel(id);
}

onNeighbours((song, neighbours) => {
  if (state.selected !== song.track_id) return;
  map.setMarks({ neighbours: neighbours.map((each) => state.index.get(each.track_id)).filter((at) => at !== undefined) });
  announce(`${song.name}, ${neighbours.length} neighbours`);
});

Object.assign(actions, {
  select,
  add: addSong,
  seed: (song) => { openTab("playlist"); seedFrom(song); },
  pathTo: async (song) => {
    openTab("playlist");
    await pathTo(song, null);
  },
  station: (cluster) => { openTab("stations"); highlight(cluster); openStation(cluster); },
});
startSearch((id) => select(id));
startStations(highlight);
startPlaylist(() => {
  map.setMarks({ trail: trackIds().map((id) => state.index.get(id)).filter((at) => at !== undefined) });
});
onPlaying((id) => {
  document.querySelectorAll(".song").forEach((row) => row.classList.toggle("playing-now", Number(row.dataset.id) === id));
});

document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "radio";
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") byId("search").focus();
  else if (event.key === " " && event.target.tagName !== "BUTTON" && event.target.tagName !== "SUMMARY") toggle();
  else if (/^[1-4]$/.test(event.key)) openTab(tabs[event.key - 1].id.slice(4), true);
  else return;
  event.preventDefault();
});

/* Releases */
function remember() {
  const parts = new URLSearchParams();
  if (state.release) parts.set("release", state.release);
  if (state.selected !== null) parts.set("track", state.selected);
  history.replaceState(null, "", `#${parts}`);
}

async function showRelease(number) {
  state.release = number;
  Object.assign(state, { points: null, station: null, genre: null, selected: null });
  api.useRelease(number);
  forget();
  clearPlaylist();
  showNoTrack();
  map.setMarks({ selected: -1, neighbours: [], trail: [], labels: [], dimmed: null });
  remember();
  const [release, points, stations] = await Promise.all([api.showRelease(), api.loadPoints(), api.listStations()]);
  if (state.release !== number) return;
  state.points = points;
  state.genres = release.genres;
  state.index = new Map(Array.from(points.ids, (id, at) => [id, at]));
  useClipLength(release.settings?.clip?.clip_seconds);
  useParts(release.parts);
  refreshPlaylist();
  map.setPoints(points);
  paint();
  map.setMarks({ labels: stations.slice(0, 40).map((each) => ({ index: state.index.get(each.exemplar), name: shorten(each.exemplar_title) })) });
  setStations(stations, release.genres);
  byId("map").dataset.points = points.count;
  if (!points.count) showNoTrack("This release holds no tracks. Its Release tab says what happened to them.");
  showReleasePanel(release);
}

const shorten = (text) => (text.length > 26 ? `${text.slice(0, 25)}…` : text);

async function boot() {
  const chooser = byId("release");
  try {
    const { default: first, releases } = await api.listReleases();
    chooser.replaceChildren(...releases.map((each) => make("option", { value: each.release }, `${each.release} · ${each.tracks} tracks${each.rolled_back_from ? " · rolled back" : ""}`)));
    if (!first) {
      chooser.disabled = true;
      for (const name of ["track", "playlist", "stations", "release"]) byId(`panel-${name}`).replaceChildren(make("p", { class: "empty" }, "This store holds no release yet. ", make("kbd", {}, "autogroove run"), " publishes one; then load this page again."));
      return;
    }
    const wanted = new URLSearchParams(location.hash.slice(1));
    const asked = Number(wanted.get("release"));
    const number = releases.some((each) => each.release === asked) ? asked : first;
    chooser.value = number;
    chooser.addEventListener("change", () => open(Number(chooser.value)));
    await open(number);
    const track = Number(wanted.get("track"));
    if (wanted.has("track") && state.index.has(track)) select(track);
  } catch (error) {
    byId("panel-track").replaceChildren(notice(error.message, true));
  }
}

async function open(number) {
  try {
    await showRelease(number);
    announce(`Release ${number}`);
  } catch (error) {
    byId("panel-track").replaceChildren(notice(error.message, true));
  }
  document.body.dataset.ready = number;
}

boot();
