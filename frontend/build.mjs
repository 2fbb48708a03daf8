// Bundle the front end: one script and one style sheet for every page, one script per island.
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const OUTPUT = "../src/kniga/web/static/build";
// Built beside and put in place at the end, so that a page asked for meanwhile finds a whole bundle.
const DRAFT = "build";

async function entryPoints() {
  const entries = [
    { in: "src/app.ts", out: "app" },
    { in: "src/css/app.css", out: "app" },
  ].filter((entry) => existsSync(entry.in));
  const islands = existsSync("src/islands") ? await readdir("src/islands") : [];
  for (const file of islands.filter((name) => name.endsWith(".ts"))) {
    entries.push({ in: `src/islands/${file}`, out: `islands/${file.slice(0, -3)}` });
  }
  return entries;
}

async function bundle() {
  await build({
    entryPoints: await entryPoints(),
    outdir: DRAFT,
    bundle: true,
    splitting: true,
    format: "esm",
    target: ["es2022"],
    minify: true,
    legalComments: "linked",
    chunkNames: "chunks/[name]-[hash]",
    assetNames: "assets/[name]-[hash]",
    loader: { ".woff2": "file", ".svg": "file", ".png": "file" },
    logLevel: "warning",
  });
}

async function weigh() {
  for (const name of ["app.js", "app.css"].filter((file) => existsSync(`${OUTPUT}/${file}`))) {
    const bytes = await readFile(`${OUTPUT}/${name}`);
    const compressed = gzipSync(bytes).length;
    console.log(`front end: ${name} ${Math.round(bytes.length / 1024)} KB, ${Math.round(compressed / 1024)} KB compressed`);
  }
}

await rm(DRAFT, { recursive: true, force: true });
await mkdir(DRAFT);
await bundle();
await rm(OUTPUT, { recursive: true, force: true });
await rename(DRAFT, OUTPUT);
await weigh();
