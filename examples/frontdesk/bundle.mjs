// Bundles the official Centrifuge client into one minified ES module that the
// pages import, headed by the licence of every package that ended up in it.
import { build } from "esbuild";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(here, "desk/static/desk/vendor/centrifuge.js");

const result = await build({
  absWorkingDir: here,
  stdin: { contents: 'export * from "centrifuge";', resolveDir: here },
  bundle: true,
  format: "esm",
  legalComments: "none", // the full texts below say more
  metafile: true,
  minify: true,
  outfile: out,
  platform: "browser",
  target: "es2022",
  write: false,
});

async function licence(name) {
  const folder = join(here, "node_modules", name);
  const about = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const files = await readdir(folder);
  const file = files.find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? await readFile(join(folder, file), "utf8") : about.license;
  return `${name} ${about.version}\n\n${text.trim()}`;
}

const packages = new Set(
  Object.keys(result.metafile.inputs)
    .map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1])
    .filter(Boolean),
);
const notices = await Promise.all([...packages].sort().map(licence));

// Renamed into place, so that a page never loads half a file.
await mkdir(dirname(out), { recursive: true });
const header = `/*!\n${notices.join("\n\n---\n\n")}\n*/\n`;
await writeFile(`${out}.new`, header + result.outputFiles[0].text);
await rename(`${out}.new`, out);
