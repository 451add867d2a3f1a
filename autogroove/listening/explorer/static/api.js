// Asking the server. Every answer is about one release. Addresses are relative to the page: it may be below a prefix.

import { filterPairs } from "./filters.js";

let number = null;

export function useRelease(release) {
  number = release;
}

async function ask(path, options) {
  const response = await fetch(path, options);
  if (response.ok) return response;
  let detail = `${response.status} ${response.statusText}`;
  try {
    const body = await response.json();
    detail = typeof body.detail === "string" ? body.detail : detail;
  } catch {
    // The answer was no JSON: its status has to do.
  }
  throw new Error(detail);
}

const here = (path) => `api/releases/${number}${path}`;
const get = async (path) => (await ask(path)).json();
const post = (path, body) =>
  ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

export const listReleases = () => get("api/releases");
export const showRelease = () => get(here(""));
export const showChanges = (since) => get(here(`/changes${since ? `?since=${since}` : ""}`));
export const showCard = () => get(here("/card"));
export const listStations = () => get(here("/stations"));
export const showStation = (cluster) => get(here(`/stations/${cluster}`));
const query = (pairs) => new URLSearchParams([...pairs, ...filterPairs()].filter(([, value]) => value));
export const search = (text) => get(here(`/search?${query([["q", text]])}`));
export const findSimilar = (id, weigh) => get(here(`/tracks/${id}/similar?${query([["weigh", weigh]])}`));
export const makePlaylist = async (question) => (await post(here("/playlist"), question)).json();
export const findPath = (start, goal, { length, weigh }) =>
  get(here(`/path?${query([["start", String(start)], ["goal", String(goal)], ["length", length], ["weigh", weigh]])}`));
export const exportPlaylist = async (question) => (await post(here("/export"), question)).blob();
export const audioUrl = (id) => here(`/tracks/${id}/audio`);
export const spectrogramUrl = (id, clip) => here(`/tracks/${id}/spectrogram/${clip}.png`);
export const reconstructionUrl = (id, clip) => here(`/tracks/${id}/reconstruction/${clip}.png`);
export const pictureUrl = (name) => here(`/pictures/${encodeURIComponent(name)}.png`);

const songs = new Map();

/** One track; remembered, for the map asks on every hover. */
export async function showTrack(id) {
  const key = `${number}/${id}`;
  if (!songs.has(key)) {
    if (songs.size > 2000) songs.clear();
    songs.set(key, get(here(`/tracks/${id}`)).catch((error) => { songs.delete(key); throw error; }));
  }
  return songs.get(key);
}

/** The map, unpacked: see `pack_points` on the server. */
export async function loadPoints() {
  const data = await (await ask(here("/points"))).arrayBuffer();
  const count = data.byteLength / (8 + 8 + 4 + 4 + 1 + 1);
  let at = 0;
  const take = (Kind, num) => {
    const part = new Kind(data, at, num);
    at += part.byteLength;
    return part;
  };
  return {
    count,
    ids: take(Float64Array, count),
    places: take(Float32Array, 2 * count),
    tempos: take(Float32Array, count),
    clusters: take(Int32Array, count),
    genres: take(Uint8Array, count),
    exemplars: take(Uint8Array, count),
  };
}
