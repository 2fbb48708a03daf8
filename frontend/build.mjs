// Bundle the front end: one script and one style sheet for every page, one script per island.
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const OUTPUT = "../src/kniga/web/static/build";
// Every file carries its content's hash in its name and the manifest is put in place last, so that a server which
// runs meanwhile goes on serving whole files; yesterday's are removed after a week.
const DRAFT = "build";
const WEEK = 7 * 24 * 3600 * 1000;

async function entryPoints() {
  const entries = [
    { in: "src/app.ts", out: "app" },
    { in: "src/css/app.css", out: "app" },
    { in: "src/designer/designer.css", out: "designer" },
  ].filter((entry) => existsSync(entry.in));
  const islands = existsSync("src/islands") ? await readdir("src/islands") : [];
  for (const file of islands.filter((name) => name.endsWith(".ts"))) {
    entries.push({ in: `src/islands/${file}`, out: `islands/${file.slice(0, -3)}` });
  }
  return entries;
}

async function bundle() {
  const { metafile } = await build({
    entryPoints: await entryPoints(),
    outdir: DRAFT,
    bundle: true,
    splitting: true,
    format: "esm",
    target: ["es2022"],
    minify: true,
    legalComments: "linked",
    metafile: true,
    entryNames: "[dir]/[name]-[hash]",
    chunkNames: "chunks/[name]-[hash]",
    assetNames: "assets/[name]-[hash]",
    loader: { ".woff2": "file", ".svg": "file", ".png": "file" },
    logLevel: "warning",
  });
  const made = Object.keys(metafile.outputs).map((file) => file.slice(DRAFT.length + 1));
  const files = [...made, ...(await compress(made))];
  const entries = Object.entries(metafile.outputs)
    .filter(([, output]) => output.entryPoint)
    .map(([file]) => file.slice(DRAFT.length + 1))
    .map((file) => [file.replace(/-[0-9A-Z]{8}(\.\w+)$/, "$1"), file]);
  return { files, manifest: Object.fromEntries(entries.sort()), needs: neededChunks(metafile.outputs) };
}

/* Beside each file what a browser that takes compressed ones is sent; what packing does not make smaller is left out. */
async function compress(files) {
  const packed = [];
  for (const file of files.filter((name) => /\.(js|css|svg)$/.test(name))) {
    const bytes = await readFile(join(DRAFT, file));
    for (const [ending, pack] of [[".gz", gzipSync], [".br", brotliCompressSync]]) {
      const small = pack(bytes);
      if (small.length > 0.95 * bytes.length) continue;
      await writeFile(join(DRAFT, file + ending), small);
      packed.push(file + ending);
    }
  }
  return packed;
}

function neededChunks(outputs) {
  const strip = (file) => file.slice(DRAFT.length + 1);
  const needed = (file, found) => {
    for (const { path, kind } of outputs[file].imports) {
      if (kind !== "import-statement" || found.has(path)) continue;
      needed(path, found.add(path));
    }
    return found;
  };
  const entries = Object.keys(outputs).filter((file) => outputs[file].entryPoint);
  return Object.fromEntries(entries.map((file) => [strip(file), [...needed(file, new Set())].map(strip)]));
}

async function putInPlace({ files, manifest }) {
  for (const file of files) {
    await mkdir(join(OUTPUT, dirname(file)), { recursive: true });
    await rename(join(DRAFT, file), join(OUTPUT, file));
  }
  await writeFile(`${DRAFT}/manifest.json`, JSON.stringify(manifest, null, 1));
  await rename(`${DRAFT}/manifest.json`, `${OUTPUT}/manifest.json`);
}

async function removeOld({ files }) {
  const current = new Set([...files, "manifest.json", ".sources"]);
  for (const file of await readdir(OUTPUT, { recursive: true })) {
    const { mtimeMs } = await stat(join(OUTPUT, file));
    if (!current.has(file) && /\.\w+$/.test(file) && Date.now() - mtimeMs > WEEK) await rm(join(OUTPUT, file));
  }
}

/* What each page fetches: the entry itself and the chunks it cannot do without. */
async function weigh({ manifest, needs }) {
  for (const name of ["app.js", "app.css", "islands/designer.js", "designer.css"]) {
    const files = [manifest[name], ...(needs[manifest[name]] ?? [])];
    const parts = await Promise.all(files.map((file) => readFile(`${OUTPUT}/${file}`)));
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const compressed = parts.reduce((sum, part) => sum + gzipSync(part).length, 0);
    console.log(`front end: ${name} ${Math.round(bytes / 1024)} KB, ${Math.round(compressed / 1024)} KB compressed`);
  }
}

await rm(DRAFT, { recursive: true, force: true });
await mkdir(DRAFT);
const built = await bundle();
await putInPlace(built);
await removeOld(built);
await rm(DRAFT, { recursive: true, force: true });
await weigh(built);
