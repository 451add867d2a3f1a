// A release as a whole: coverage, the card as a picture, what changed since the one before.

import * as api from "./api.js";
import { byId, draw, make, notice, words } from "./dom.js";
import { songRow } from "./songs.js";

const panel = byId("panel-release");
let turn = 0;

export async function showReleasePanel(release) {
  const mine = ++turn;
  const card = make("div", { class: "stack" }, make("p", { class: "quiet" }, "…"));
  const changes = make("div", { class: "stack" }, make("p", { class: "quiet" }, "…"));
  panel.replaceChildren(make("div", { class: "stack" },
    make("div", {}, make("h2", {}, `Release ${release.release}`), make("div", { class: "quiet" }, describe(release))),
    facts(release), coverage(release), policy(release),
    make("h3", {}, "Card: does it hear the groove?"), card,
    release.pictures.length ? make("h3", {}, "Pictures") : null, pictures(release),
    make("h3", {}, "What changed"), changes,
    make("p", { class: "quiet" }, make("a", { href: "docs" }, "API of this explorer"))));
  const fill = async (place, ask, show) => {
    try {
      const found = await ask();
      if (mine === turn) place.replaceChildren(...[show(found)].flat().filter(Boolean));
    } catch (error) {
      if (mine === turn) place.replaceChildren(notice(error.message, place === card));
    }
  };
  await Promise.all([fill(card, api.showCard, showCard), release.parent ? fill(changes, api.showChanges, showChanges) : changes.replaceChildren(make("p", { class: "quiet" }, "This is the first release."))]);
}

function describe(release) {
  const when = new Date(release.published_at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const back = release.rolled_back_from ? ` · rolled back from ${release.rolled_back_from}` : "";
  return `published ${when} · ${release.preset ?? "own settings"} preset${back}`;
}

function facts(release) {
  const pair = (name, value) => make("div", {}, make("dt", {}, name), make("dd", { class: "big" }, value.toLocaleString()));
  return make("dl", { class: "facts" }, pair("tracks", release.tracks), pair("stations", release.clusters), pair("clips", release.clips));
}

function coverage(release) {
  const { source, stored, quarantined, excluded } = release.coverage;
  const part = (count, colour) => count && make("i", { style: { width: `${(100 * count) / Math.max(1, source)}%`, background: colour } });
  const text = `${source} in the source: ${stored} stored, ${quarantined} quarantined, ${excluded} excluded`;
  return make("div", {},
    make("div", { class: "coverage", role: "img", "aria-label": text }, [part(stored, "var(--second)"), part(quarantined, "var(--warn)"), part(excluded, "var(--quiet)")].filter(Boolean)),
    make("div", { class: "quiet" }, text));
}

function policy(release) {
  const lines = Object.entries(release.policy).map(([name, each]) => make("div", { class: "quiet" }, make("b", {}, `${name} ${each.decision}`), `: ${each.why}`));
  return lines.length ? make("div", {}, lines) : null;
}

function pictures(release) {
  return make("div", { class: "stack" }, release.pictures.map((name) => make("figure", { style: { margin: "0" } },
    make("img", { src: api.pictureUrl(name), alt: name, loading: "lazy", style: { width: "100%", borderRadius: "10px", background: "#fff" } }),
    make("figcaption", { class: "quiet" }, name))));
}

function showCard(card) {
  const rows = card.rows ?? [];
  const measured = rows.filter((row) => row.value !== null && row.value !== undefined);
  const silent = rows.filter((row) => row.value === null && row.note);
  return [
    measured.length ? make("div", { class: "quiet" }, "● this release with its 95 % interval, ○ baselines; a value in colour beats every baseline.") : notice("The card has no measured rows."),
    make("div", {}, measured.map(cardRow)),
    silent.length ? make("details", {}, make("summary", {}, `${silent.length} not measured here`),
      silent.map((row) => make("div", { class: "quiet" }, make("b", {}, row.name ?? row.key), `: ${row.note}`))) : null,
  ];
}

const number = (value) => (Math.abs(value) < 10 ? value.toFixed(3) : value.toFixed(1));

function cardRow(row) {
  const baselines = Object.entries(row.baselines ?? {}).map(([name, each]) => [name, typeof each === "number" ? each : each.value]).filter(([, value]) => Number.isFinite(value));
  const better = { higher: Math.max, lower: Math.min }[row.better];
  const best = better && baselines.length ? better(...baselines.map(([, value]) => value)) : null;
  const beats = best !== null && (row.better === "higher" ? row.value > best : row.value < best);
  const arrow = { higher: "↑", lower: "↓" }[row.better] ?? "";
  return make("div", { class: beats ? "card-row beats" : "card-row" },
    make("div", { class: "row spread" }, make("span", {}, row.name ?? row.key, " ", make("span", { class: "quiet", title: `${row.better ?? ""} is better` }, arrow)),
      make("span", { class: "value" }, number(row.value))),
    strip(row, baselines, beats));
}

function strip(row, baselines, beats) {
  const values = [row.value, row.low, row.high, ...baselines.map(([, value]) => value)].filter(Number.isFinite);
  let [low, high] = [Math.min(0, ...values), Math.max(...values)];
  if (high <= 1 && high > 0.3) high = 1;
  if (high === low) high = low + 1;
  const x = (value) => 4 + (392 * (value - low)) / (high - low);
  const text = [`${row.name ?? row.key}: ${number(row.value)}`, ...baselines.map(([name, value]) => `${name} ${number(value)}`)].join(", ");
  const picture = draw("svg", { viewBox: "0 0 400 30", role: "img", "aria-label": text, preserveAspectRatio: "none" });
  picture.append(draw("title", {}, text));
  picture.append(draw("line", { x1: 4, x2: 396, y1: 9, y2: 9, stroke: "var(--line)", "stroke-width": 2 }));
  let end = -99;
  for (const [name, value] of baselines.sort((a, b) => a[1] - b[1])) {
    picture.append(draw("circle", { cx: x(value), cy: 9, r: 4, fill: "var(--raised)", stroke: "var(--quiet)", "stroke-width": 1.5 }));
    const long = 5.2 * name.length;
    const middle = Math.max(long / 2, Math.min(400 - long / 2, x(value)));
    if (middle - long / 2 > end + 4) {
      picture.append(draw("text", { x: middle, y: 27, "text-anchor": "middle" }, name));
      end = middle + long / 2;
    }
  }
  const colour = beats ? "var(--second)" : "var(--accent)";
  if (Number.isFinite(row.low) && Number.isFinite(row.high)) {
    picture.append(draw("line", { x1: x(row.low), x2: x(row.high), y1: 9, y2: 9, stroke: colour, "stroke-width": 5, "stroke-linecap": "round", opacity: 0.45 }));
  }
  picture.append(draw("circle", { cx: x(row.value), cy: 9, r: 5.5, fill: colour }));
  return picture;
}

function showChanges(found) {
  if (found.same_content) return notice(`The same content as release ${found.before}.`);
  const group = (name, part) => part.count ? make("details", {},
    make("summary", {}, `${part.count} ${name}`),
    make("ul", { class: "list" }, part.tracks.map((song) => songRow(song, {}))),
    part.tracks.length < part.count ? make("p", { class: "quiet" }, `and ${part.count - part.tracks.length} more`) : "") : null;
  const table = (name, rows) => rows.length ? make("details", {}, make("summary", {}, `${rows.length} ${name}`),
    make("table", { class: "changes" }, rows.slice(0, 200).map((row) => make("tr", {},
      make("th", {}, row.name), words(brief(row.before), "td"), make("td", {}, "→"), words(brief(row.after), "td"))))) : null;
  return [
    make("div", {}, `Since release ${found.before}: `, make("b", {}, `${found.added.count} added, ${found.removed.count} removed, ${found.changed.count} changed`),
      `; the model was ${found.model_changed ? "trained anew" : "kept"}; stations agree to ${Math.round(100 * found.cluster_agreement)} %.`),
    group("tracks added", found.added), group("tracks removed", found.removed), group("tracks with other audio", found.changed),
    group("tracks changed station", found.moved), table("settings differ", found.settings), table("card values differ", found.card),
  ];
}

function brief(value) {
  const text = typeof value === "number" ? number(value) : JSON.stringify(value ?? null);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
