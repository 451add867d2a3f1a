// The map: points in WebGL, what is chosen on a 2-D layer above, panning, zooming, picking.

const VERTEX = `
attribute vec2 place; attribute vec4 colour; attribute float size;
uniform vec2 scale, shift; uniform mediump float unit;
varying vec4 shade;
void main() {
  gl_Position = vec4(place * scale + shift, 0.0, 1.0);
  gl_PointSize = unit * size;
  shade = colour;
}`;
const FRAGMENT = `
precision mediump float; varying vec4 shade; uniform mediump float unit;
void main() {
  float away = length(gl_PointCoord - 0.5) * 2.0;
  float edge = 1.0 - smoothstep(1.0 - min(0.6, 3.0 / max(unit, 4.0)), 1.0, away);
  if (edge <= 0.01) discard;
  gl_FragColor = vec4(shade.rgb * (1.06 - 0.18 * away), shade.a * edge);
}`;
const PICK_PIXELS = 16;
const MOST_ZOOM = 400;
/** The map's middle is this much below the frame's, for the tools are above. */
const LOWERED = 18;

export class PointMap {
  /** Calls `onpick(index)` and `onhover(index or -1, x, y)`. */
  constructor(frame, canvas, overlay, { onpick, onhover }) {
    Object.assign(this, { frame, canvas, overlay, onpick, onhover });
    this.centre = [0, 0];
    this.zoom = 1;
    this.points = null;
    this.share = 1;
    this.took = 0;
    this.stirred = 0;
    this.marks = { selected: -1, neighbours: [], trail: [], labels: [], dimmed: null, view: "track" };
    this.pointers = new Map();
    this.ground = overlay.getContext("2d");
    this.gl = canvas.getContext("webgl", { antialias: false, alpha: true, premultipliedAlpha: false });
    if (this.gl) this.#prepare();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => { this.#prepare(); this.#upload(); this.ask(); });
    new ResizeObserver(() => this.#resize()).observe(frame);
    this.#listen();
  }

  setPoints(points) {
    this.points = points;
    this.sizes = new Float32Array(points.count);
    for (let i = 0; i < points.count; i += 1) this.sizes[i] = points.exemplars[i] ? 1.45 : 1;
    this.extent = [0, 1].map((axis) => {
      let most = 0.05;
      for (let i = axis; i < 2 * points.count; i += 2) most = Math.max(most, Math.abs(points.places[i]));
      return most;
    });
    this.#index();
    this.showAll();
  }

  /** `colours` is Uint8Array (4 n). */
  setColours(colours) {
    this.colours = colours;
    this.#upload();
    this.ask();
  }

  setMarks(marks) {
    Object.assign(this.marks, marks);
    this.ask();
  }

  showAll() {
    this.centre = [0, 0];
    this.zoom = 1;
    this.ask();
  }

  /** Bring a point into view: no further than needed, and not at all where everything is. */
  reveal(index) {
    if (this.zoom > 1.2) {
      const { width, height } = this.#size();
      const [px, py] = this.#toScreen(...this.#place(index));
      const unit = this.#unit();
      const over = (at, low, high) => at - Math.max(low, Math.min(high, at));
      this.centre[0] += over(px, 0.12 * width, 0.88 * width) / unit;
      this.centre[1] -= over(py, 0.2 * height, 0.85 * height) / unit;
    }
    this.ask();
  }

  zoomBy(factor, px, py) {
    const { width, height } = this.#size();
    const at = this.#toMap(px ?? width / 2, py ?? height / 2);
    this.zoom = Math.min(MOST_ZOOM, Math.max(0.6, this.zoom * factor));
    const now = this.#toMap(px ?? width / 2, py ?? height / 2);
    this.centre = [this.centre[0] + at[0] - now[0], this.centre[1] + at[1] - now[1]];
    this.#stir();
  }

  /** The point nearest to a place on the screen, or -1. */
  pick(px, py, reach = PICK_PIXELS) {
    if (!this.points?.count) return -1;
    const [x, y] = this.#toMap(px, py);
    const radius = reach / this.#unit();
    let best = -1;
    let least = radius * radius;
    const [left, top] = this.#cell(x - radius, y - radius);
    const [right, bottom] = this.#cell(x + radius, y + radius);
    for (let row = top; row <= bottom; row += 1) {
      for (let column = left; column <= right; column += 1) {
        const cell = row * this.side + column;
        for (let k = this.starts[cell]; k < this.starts[cell + 1]; k += 1) {
          const i = this.order[k];
          if (this.marks.dimmed?.[i]) continue;
          const dx = this.points.places[2 * i] - x;
          const dy = this.points.places[2 * i + 1] - y;
          const away = dx * dx + dy * dy;
          if (away < least) { least = away; best = i; }
        }
      }
    }
    return best;
  }

  pickCentre() {
    const { width, height } = this.#size();
    return this.pick(width / 2, height / 2, Math.hypot(width, height));
  }

  /** Draw at the next frame, once. */
  ask() {
    if (this.asked) return;
    this.asked = requestAnimationFrame((now) => { this.asked = 0; this.#pace(now); this.#draw(); this.#settle(); });
  }

  /** While the map moves, a slow machine is given fewer points; at rest it gets them all. */
  #stir() {
    if (!this.stirred) this.framed = performance.now();
    this.stirred = performance.now();
    this.ask();
  }

  /** After the last frame of a movement, and not between two slow ones, everything is drawn. */
  #settle() {
    clearTimeout(this.rest);
    if (this.stirred) this.rest = setTimeout(() => { this.stirred = 0; this.ask(); }, Math.max(180, 3 * this.took));
  }

  #pace(now) {
    const took = now - (this.framed ?? now);
    this.framed = now;
    this.took = took;
    if (!this.stirred || took <= 0) return;
    if (took > 45) this.share = Math.max(0.03, this.share * (took > 150 ? 0.25 : 0.6));
    else if (took < 24) this.share = Math.min(1, this.share * 1.15);
  }

  #size() {
    return { width: this.frame.clientWidth || 1, height: this.frame.clientHeight || 1 };
  }

  /** Screen pixels in one unit of the map. */
  #unit() {
    const { width, height } = this.#size();
    const [x, y] = this.extent ?? [1, 1];
    return Math.min(width / x, (height - 60) / y) * 0.45 * this.zoom;
  }

  #toScreen(x, y) {
    const { width, height } = this.#size();
    const unit = this.#unit();
    return [width / 2 + (x - this.centre[0]) * unit, height / 2 + LOWERED - (y - this.centre[1]) * unit];
  }

  #toMap(px, py) {
    const { width, height } = this.#size();
    const unit = this.#unit();
    return [this.centre[0] + (px - width / 2) / unit, this.centre[1] - (py - height / 2 - LOWERED) / unit];
  }

  #place(index) {
    return [this.points.places[2 * index], this.points.places[2 * index + 1]];
  }

  #cell(x, y) {
    const clamp = (value) => Math.max(0, Math.min(this.side - 1, Math.floor(((value + 1.001) / 2.002) * this.side)));
    return [clamp(x), clamp(y)];
  }

  /** Points sorted by the cell of a square grid, so that picking looks at few. */
  #index() {
    const { count } = this.points;
    this.side = Math.max(1, Math.min(512, Math.ceil(Math.sqrt(count / 4))));
    const cells = new Int32Array(count);
    this.starts = new Int32Array(this.side * this.side + 1);
    for (let i = 0; i < count; i += 1) {
      const [column, row] = this.#cell(...this.#place(i));
      cells[i] = row * this.side + column;
      this.starts[cells[i] + 1] += 1;
    }
    for (let c = 0; c < this.side * this.side; c += 1) this.starts[c + 1] += this.starts[c];
    const next = this.starts.slice();
    this.order = new Int32Array(count);
    for (let i = 0; i < count; i += 1) { this.order[next[cells[i]]] = i; next[cells[i]] += 1; }
  }

  #prepare() {
    const { gl } = this;
    const compile = (kind, text) => {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      return shader;
    };
    this.program = gl.createProgram();
    gl.attachShader(this.program, compile(gl.VERTEX_SHADER, VERTEX));
    gl.attachShader(this.program, compile(gl.FRAGMENT_SHADER, FRAGMENT));
    gl.linkProgram(this.program);
    if (!gl.getProgramParameter(this.program, gl.LINK_STATUS) && !gl.isContextLost()) {
      console.warn("The map is drawn without WebGL:", gl.getProgramInfoLog(this.program));
      this.gl = null;
      return;
    }
    gl.useProgram(this.program);
    this.buffers = { place: gl.createBuffer(), colour: gl.createBuffer(), size: gl.createBuffer() };
    this.uniforms = Object.fromEntries(["scale", "shift", "unit"].map((name) => [name, gl.getUniformLocation(this.program, name)]));
    gl.enable(gl.BLEND);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  #upload() {
    const { gl, points, colours } = this;
    if (!gl || !points || !colours) return;
    const put = (name, data, size, kind, normal) => {
      const where = gl.getAttribLocation(this.program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(where);
      gl.vertexAttribPointer(where, size, kind, normal, 0, 0);
    };
    put("place", points.places, 2, gl.FLOAT, false);
    put("colour", colours, 4, gl.UNSIGNED_BYTE, true);
    put("size", this.sizes, 1, gl.FLOAT, false);
  }

  #resize() {
    const { width, height } = this.#size();
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    for (const canvas of [this.canvas, this.overlay]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.ratio = ratio;
    this.#draw();
  }

  /** Diameter of a point in screen pixels. */
  #diameter() {
    const usual = Math.max(2.2, Math.min(13, 190 / Math.sqrt(this.points.count + 1)));
    return Math.min(22, usual * Math.pow(this.zoom, 0.35));
  }

  #draw() {
    if (!this.points || !this.colours) return this.ground.clearRect(0, 0, this.overlay.width, this.overlay.height);
    if (this.gl) this.#drawPoints();
    this.#drawMarks();
    return undefined;
  }

  #drawPoints() {
    const { gl } = this;
    const { width, height } = this.#size();
    const unit = this.#unit();
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const [sx, sy] = [(2 * unit) / width, (2 * unit) / height];
    gl.uniform2f(this.uniforms.scale, sx, sy);
    gl.uniform2f(this.uniforms.shift, -this.centre[0] * sx, -this.centre[1] * sy - (2 * LOWERED) / height);
    gl.uniform1f(this.uniforms.unit, this.#diameter() * this.ratio);
    const { count } = this.points;
    gl.drawArrays(gl.POINTS, 0, this.stirred ? Math.min(count, Math.max(4000, Math.round(count * this.share))) : count);
  }

  #drawMarks() {
    const { ground, marks } = this;
    const style = getComputedStyle(this.frame);
    const [text, accent, second, raised] = ["--text", "--accent", "--second", "--raised"].map((name) => style.getPropertyValue(name));
    ground.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    ground.clearRect(0, 0, this.overlay.width, this.overlay.height);
    if (!this.gl) this.#drawPlainPoints();
    const at = (index) => this.#toScreen(...this.#place(index));
    const radius = this.#diameter() / 2;
    ground.lineWidth = 1.6;
    ground.lineJoin = "round";
    if (marks.selected >= 0) {
      ground.strokeStyle = accent;
      for (const index of marks.view === "track" ? marks.neighbours : []) {
        ground.globalAlpha = 0.55;
        ground.beginPath();
        ground.moveTo(...at(marks.selected));
        ground.lineTo(...at(index));
        ground.stroke();
        ground.globalAlpha = 1;
        this.#ring(...at(index), radius + 3, accent, 1.6);
      }
    }
    if (marks.view === "playlist") this.#drawTrail(marks.trail.map(at), radius, second, raised);
    if (marks.selected >= 0) {
      this.#ring(...at(marks.selected), radius + 6, text, 3);
      this.#ring(...at(marks.selected), radius + 6, accent, 1.5);
    }
    this.#drawLabels(marks.labels, text, raised, radius);
  }

  #drawPlainPoints() {
    const radius = this.#diameter() / 2;
    for (let i = 0; i < this.points.count; i += 1) {
      const [px, py] = this.#toScreen(...this.#place(i));
      const c = this.colours.subarray(4 * i, 4 * i + 4);
      this.ground.fillStyle = `rgb(${c[0]} ${c[1]} ${c[2]} / ${c[3] / 255})`;
      this.ground.beginPath();
      this.ground.arc(px, py, radius * this.sizes[i], 0, 7);
      this.ground.fill();
    }
  }

  #ring(px, py, radius, colour, width) {
    this.ground.strokeStyle = colour;
    this.ground.lineWidth = width;
    this.ground.beginPath();
    this.ground.arc(px, py, radius, 0, 7);
    this.ground.stroke();
  }

  #drawTrail(spots, radius, colour, back) {
    const { ground } = this;
    ground.strokeStyle = colour;
    ground.lineWidth = 2;
    ground.beginPath();
    spots.forEach(([px, py], i) => (i ? ground.lineTo(px, py) : ground.moveTo(px, py)));
    ground.stroke();
    ground.font = "700 10px system-ui, sans-serif";
    ground.textAlign = "center";
    ground.textBaseline = "middle";
    spots.forEach(([px, py], i) => {
      ground.fillStyle = colour;
      ground.beginPath();
      ground.arc(px, py, Math.max(radius, 8.5), 0, 7);
      ground.fill();
      ground.fillStyle = back;
      ground.fillText(String(i + 1), px, py + 0.5);
    });
  }

  /** Names that fit without covering one another, in the order given. */
  #drawLabels(labels, text, back, radius) {
    const { ground } = this;
    const { width, height } = this.#size();
    const taken = [];
    ground.font = "600 12px system-ui, sans-serif";
    ground.textAlign = "center";
    ground.textBaseline = "bottom";
    ground.lineJoin = "round";
    for (const { index, name } of labels) {
      const [px, py] = this.#toScreen(...this.#place(index));
      const long = ground.measureText(name).width;
      const box = [px - long / 2 - 6, py - radius - 22, px + long / 2 + 6, py - radius];
      const outside = box[0] < 4 || box[2] > width - 56 || box[1] < 56 || box[3] > height - 44;
      if (outside || taken.some((o) => box[0] < o[2] && box[2] > o[0] && box[1] < o[3] && box[3] > o[1])) continue;
      taken.push(box);
      ground.lineWidth = 4;
      ground.strokeStyle = back;
      ground.strokeText(name, px, py - radius - 5);
      ground.fillStyle = text;
      ground.fillText(name, px, py - radius - 5);
    }
  }

  #listen() {
    const { frame } = this;
    const spot = (event) => {
      const box = frame.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    frame.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...spot(event));
    }, { passive: false });
    frame.addEventListener("pointerdown", (event) => {
      frame.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, spot(event));
      this.moved = this.pointers.size > 1 ? 99 : 0;
    });
    frame.addEventListener("pointermove", (event) => this.#move(event, spot(event)));
    frame.addEventListener("pointerup", (event) => {
      const known = this.pointers.delete(event.pointerId);
      frame.classList.remove("dragging");
      if (known && this.moved < 6) {
        const found = this.pick(...spot(event), event.pointerType === "touch" ? 26 : PICK_PIXELS);
        if (found >= 0) this.onpick(found);
      }
    });
    frame.addEventListener("pointercancel", (event) => this.pointers.delete(event.pointerId));
    frame.addEventListener("pointerleave", () => this.onhover(-1));
    frame.addEventListener("dblclick", (event) => this.zoomBy(2, ...spot(event)));
    frame.addEventListener("keydown", (event) => this.#press(event));
  }

  #move(event, [px, py]) {
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      const found = event.pointerType === "mouse" ? this.pick(px, py) : -1;
      this.frame.classList.toggle("over", found >= 0);
      this.onhover(found, px, py);
      return;
    }
    this.moved += Math.hypot(px - before[0], py - before[1]);
    if (this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, where]) => where);
      const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
      const is = Math.hypot(px - other[0], py - other[1]);
      this.zoomBy(is / Math.max(was, 1), (px + other[0]) / 2, (py + other[1]) / 2);
    } else if (this.moved > 4) {
      this.frame.classList.add("dragging");
      this.onhover(-1);
      const unit = this.#unit();
      this.centre = [this.centre[0] - (px - before[0]) / unit, this.centre[1] + (py - before[1]) / unit];
      this.#stir();
    }
    this.pointers.set(event.pointerId, [px, py]);
  }

  #press(event) {
    const step = 60 / this.#unit();
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (event.key in moves) {
      this.centre = this.centre.map((value, i) => value + moves[event.key][i]);
      this.#stir();
    } else if (event.key === "+" || event.key === "=") this.zoomBy(1.4);
    else if (event.key === "-") this.zoomBy(1 / 1.4);
    else if (event.key === "0") this.showAll();
    else if (event.key === "Enter") {
      const found = this.pickCentre();
      if (found >= 0) this.onpick(found);
    } else return;
    event.preventDefault();
  }
}
