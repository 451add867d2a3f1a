// The player: one audio element, a queue, and "play just this clip".

import { audioUrl } from "./api.js";
import { announce, byId, formatTime } from "./dom.js";

const audio = byId("audio");
const seek = byId("seek");
let queue = [];
let current = null;
let stopAt = null;
let onchange = () => {};

export const playingId = () => (audio.paused ? null : current?.track_id);

export function onPlaying(callback) {
  onchange = callback;
}

/** Play a track; `from` and `seconds` play a part of it; `list` is what follows. */
export async function play(song, { from = 0, seconds = null, list = null } = {}) {
  if (list) queue = list.slice();
  else if (!queue.some((each) => each.track_id === song.track_id)) queue = [song];
  const isOther = current?.track_id !== song.track_id || !audio.src;
  current = song;
  stopAt = seconds === null ? null : from + seconds;
  if (isOther) audio.src = audioUrl(song.track_id);
  show();
  try {
    if (isOther && from) await new Promise((done) => audio.addEventListener("loadedmetadata", done, { once: true }));
    if (isOther ? from : true) audio.currentTime = from;
    await audio.play();
  } catch (error) {
    if (error.name === "AbortError") return;
    byId("playing-licence").textContent = `Cannot be played: ${error.message}`;
    announce(`${song.name} cannot be played`);
  }
}

export function toggle() {
  if (!current) return;
  stopAt = null;
  if (audio.paused) audio.play().catch(() => {});
  else audio.pause();
}

export function forget() {
  audio.pause();
  audio.removeAttribute("src");
  current = null;
  queue = [];
  byId("playing").textContent = "Pick a point, or search";
  byId("playing-licence").textContent = "";
  for (const id of ["play", "previous", "next", "seek"]) byId(id).disabled = true;
}

function step(by) {
  const at = queue.findIndex((each) => each.track_id === current?.track_id);
  const song = queue[at + by];
  if (song) play(song);
}

function show() {
  const at = queue.findIndex((each) => each.track_id === current.track_id);
  byId("playing").textContent = current.name;
  byId("playing").dir = "auto";
  byId("playing-licence").textContent = current.licence || "Licence not stated";
  byId("play").disabled = seek.disabled = false;
  byId("previous").disabled = at <= 0;
  byId("next").disabled = at < 0 || at >= queue.length - 1;
}

function refresh() {
  byId("play").classList.toggle("on", !audio.paused);
  byId("play").setAttribute("aria-label", audio.paused ? "Play" : "Pause");
  onchange(playingId());
}

audio.addEventListener("play", refresh);
audio.addEventListener("pause", refresh);
audio.addEventListener("ended", () => { refresh(); step(1); });
audio.addEventListener("error", () => {
  if (current && audio.src) byId("playing-licence").textContent = "This file cannot be played here.";
});
audio.addEventListener("timeupdate", () => {
  if (stopAt !== null && audio.currentTime >= stopAt) { stopAt = null; audio.pause(); }
  byId("elapsed").textContent = formatTime(audio.currentTime);
  byId("total").textContent = formatTime(audio.duration);
  if (audio.duration && document.activeElement !== seek) seek.value = audio.currentTime / audio.duration;
});
seek.addEventListener("input", () => {
  stopAt = null;
  if (audio.duration) audio.currentTime = seek.value * audio.duration;
});
byId("play").addEventListener("click", toggle);
byId("previous").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => step(1));
