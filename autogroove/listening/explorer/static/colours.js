// Colours of points: by station, genre or tempo. Both themes use the same hues at other lightness.

export const isDark = () => !window.matchMedia("(prefers-color-scheme: light)").matches;

/** OKLCH to sRGB: equal lightness looks equally light in every hue (Ottosson, 2020). */
function fromOklch(lightness, chroma, hue) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const [l, m, s] = [
    lightness + 0.3963377774 * a + 0.2158037573 * b,
    lightness - 0.1055613458 * a - 0.0638541728 * b,
    lightness - 0.0894841775 * a - 1.291485548 * b,
  ].map((root) => root ** 3);
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((linear) => {
    const light = Math.max(0, Math.min(1, linear));
    return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
  });
}

/** Neighbouring numbers get far hues: steps of the golden angle. */
export function colourCluster(cluster) {
  if (cluster < 0) return [130, 136, 150];
  const hue = (cluster * 137.508 + 290) % 360;
  const tier = (cluster % 3) * 0.05;
  return isDark() ? fromOklch(0.72 + tier, 0.16, hue) : fromOklch(0.56 - tier, 0.17, hue);
}

const GENRES = [290, 180, 70, 350, 240, 140, 25, 105, 265, 320, 160, 50];
export const MOST_GENRES = GENRES.length;

export function colourGenre(genre) {
  if (genre >= GENRES.length) return isDark() ? [110, 116, 132] : [150, 155, 168];
  const tier = (genre % 2) * 0.07;
  return isDark() ? fromOklch(0.72 + tier, 0.16, GENRES[genre]) : fromOklch(0.57 - tier, 0.17, GENRES[genre]);
}

const RAMP = [[68, 72, 200], [30, 150, 200], [40, 195, 150], [170, 210, 70], [250, 185, 60], [240, 95, 70]];
export const SLOW_BPM = 70;
export const FAST_BPM = 180;

export function colourTempo(bpm) {
  if (!Number.isFinite(bpm)) return isDark() ? [95, 100, 115] : [165, 170, 182];
  const share = Math.log2(bpm / SLOW_BPM) / Math.log2(FAST_BPM / SLOW_BPM);
  const at = Math.max(0, Math.min(0.9999, share)) * (RAMP.length - 1);
  const low = RAMP[Math.floor(at)];
  const high = RAMP[Math.floor(at) + 1];
  return low.map((value, i) => Math.round(value + (at % 1) * (high[i] - value)));
}

export const rampCss = () => `linear-gradient(90deg, ${RAMP.map((c) => `rgb(${c.join(" ")})`).join(",")})`;
export const css = (colour) => `rgb(${colour.join(" ")})`;
