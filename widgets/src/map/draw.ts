/** Draws the points: by WebGL from the bytes as they came, or, where there is none, some of them on a plain canvas. */
import type { Camera, Size } from "./camera";
import { rgb } from "./palette";
import type { Points } from "./points";

const VERTEX = `#version 300 es
in float x; in float y; in float code; in float chosen;
uniform vec4 view; uniform float size; uniform vec2 alpha; uniform highp sampler2D palette;
out vec4 ink;
void main() {
  gl_Position = vec4((x - view.x) * view.z, (y - view.y) * view.w, 0.0, 1.0);
  gl_PointSize = chosen > 0.0 ? size : max(1.0, size * 0.8);
  vec3 color = texelFetch(palette, ivec2(int(code), 0), 0).rgb;
  float a = chosen > 0.0 ? alpha.x : alpha.y;
  ink = vec4(color * a, a);
}`;

// `round` is the diameter in pixels, whose last one fades; 0 for points so small that they are squares.
const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 ink; uniform float round; out vec4 color;
void main() {
  float edge = round > 0.0 ? clamp(round * (0.5 - length(gl_PointCoord - 0.5)) + 0.5, 0.0, 1.0) : 1.0;
  color = ink * edge;
}`;

export interface Drawer {
  colour(codes: Uint8Array, colours: string[]): void;
  choose(chosen: Uint8Array | null): void;
  /** Draws the first `count` points, less opaque by a factor. */
  draw(camera: Camera, size: Size, pale: number, count: number): void;
  end(): void;
}

/** Diameter of a point in pixels, and how opaque it is: many points are small and pale. */
export function look(count: number, zoom: number): { size: number; alpha: number } {
  const size = Math.min(9, Math.max(1, 34 * Math.max(count, 30) ** -0.24) * zoom ** 0.35);
  return { size: Math.max(1.5, size), alpha: Math.min(0.9, Math.max(0.15, 5 * Math.max(count, 1) ** -0.22)) };
}

export function drawer(canvas: HTMLCanvasElement, points: Points): Drawer {
  const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true, depth: false });
  return gl ? fast(gl, canvas, points) : plain(canvas, points);
}

function program(gl: WebGL2RenderingContext): WebGLProgram {
  const made = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(gl.getProgramInfoLog(made) ?? "The shaders do not link.");
  }
  return made;
}

function fast(gl: WebGL2RenderingContext, canvas: HTMLCanvasElement, points: Points): Drawer {
  const made = program(gl);
  gl.useProgram(made);
  const upload = (name: string, data: Uint8Array | Uint16Array, buffer = gl.createBuffer()) => {
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    const at = gl.getAttribLocation(made, name);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, 1, data instanceof Uint16Array ? gl.UNSIGNED_SHORT : gl.UNSIGNED_BYTE, false, 0, 0);
    return buffer;
  };
  upload("x", points.x);
  upload("y", points.y);
  const none = new Uint8Array(points.count).fill(1);
  const buffers = { code: upload("code", new Uint8Array(points.count)), chosen: upload("chosen", none) };
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const uniform = (name: string) => gl.getUniformLocation(made, name);
  let some = false;
  return {
    colour(codes, colours) {
      upload("code", codes, buffers.code);
      const texels = new Uint8Array(256 * 4);
      colours.forEach((color, i) => {
        texels.set([...rgb(color), 255], i * 4);
      });
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
    },
    choose(chosen) {
      some = chosen !== null;
      upload("chosen", chosen ?? none, buffers.chosen);
    },
    draw(camera, { width, height }, pale, count) {
      const ratio = canvas.width / width;
      const { size, alpha: full } = look(points.count, (camera.scale * 65_535) / Math.min(width, height));
      const alpha = full * pale;
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform4f(uniform("view"), camera.x, camera.y, (2 * camera.scale) / width, (2 * camera.scale) / height);
      gl.uniform1f(uniform("size"), size * ratio);
      gl.uniform1f(uniform("round"), size * ratio > 2.5 ? size * ratio : 0);
      gl.uniform2f(uniform("alpha"), some ? Math.min(0.95, alpha * 1.3) : alpha, alpha * 0.1);
      gl.drawArrays(gl.POINTS, 0, count);
    },
    end() {
      gl.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
}

/** Points that a plain canvas can draw in a frame. */
const FEW = 20_000;

function plain(canvas: HTMLCanvasElement, points: Points): Drawer {
  const context = canvas.getContext("2d");
  let codes = new Uint8Array(points.count);
  let inks: string[] = [];
  let chosen: Uint8Array | null = null;
  return {
    colour(next, colours) {
      [codes, inks] = [next as Uint8Array<ArrayBuffer>, colours];
    },
    choose(next) {
      chosen = next;
    },
    draw(camera, { width, height }, pale, count) {
      if (!context) return;
      const ratio = canvas.width / width;
      const { size, alpha: full } = look(Math.min(count, FEW), 1);
      const alpha = full * pale;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      for (let i = 0; i < Math.min(count, FEW); i++) {
        context.globalAlpha = !chosen || chosen[i] ? alpha : alpha * 0.1;
        context.fillStyle = inks[codes[i]!] ?? "#8b919b";
        const x = (points.x[i]! - camera.x) * camera.scale + width / 2;
        const y = height / 2 - (points.y[i]! - camera.y) * camera.scale;
        context.fillRect(x - size / 2, y - size / 2, size, size);
      }
    },
    end() {},
  };
}
