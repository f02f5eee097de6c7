// Writes the bundles that ship with the Python package. `node build.mjs [OUT]`; same sources, same bytes.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "../llmscope/widgets/static"));

const bundle = async (entry, options = {}) => {
  const { outputFiles } = await build({
    entryPoints: [join(here, "src", entry)],
    absWorkingDir: here,
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".css": "text" },
    logLevel: "warning",
    ...options,
  });
  return outputFiles[0].contents;
};

const save = (name, contents) => {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, name), contents);
  console.log(`${name}  ${(contents.length / 1000).toFixed(1)} kB`);
};

const widgets = await bundle("index.ts");
save("llmscope.js", widgets);

// Widgets made by one version of the bundle find each other by its hash, and only those.
const hash = createHash("sha256").update(widgets).digest("hex").slice(0, 16);
save("loader.js", await bundle("loader.ts", { define: { BUNDLE_HASH: JSON.stringify(hash) } }));

// The host that shows the same widgets in an exported report.
if (existsSync(join(here, "src/host/index.ts"))) save("host.js", await bundle("host/index.ts"));
