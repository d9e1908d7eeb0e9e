// Every page through every gate.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { inspect, VARIANTS } from './inspection.mjs';
import { observatory } from './gates/headers.mjs';
import { lighthouseFaults } from './gates/performance.mjs';
import { markupFaults } from './gates/markup.mjs';
import { printFaults } from './gates/print.mjs';
import { scriptsOffFaults } from './gates/scripts-off.mjs';
import { sizeFaults } from './gates/size.mjs';
import { PAGES } from './pages.mjs';
import { approach, startApps, startSurroundings } from './site.mjs';

const TARGET = join(import.meta.dirname, '../../../../..', 'target');
const SCREENSHOTS = join(TARGET, 'screenshots');
const REPORTS = join(TARGET, 'lighthouse');
const BUILT_IN_COMICS = Array.from({ length: 20 }, (_, index) => {
  const number = 1_000_001 + index;
  return { name: `${number}`, app: 'built-in', path: `/${number}/` };
});

let surroundings;
let apps;

before(async () => {
  await Promise.all([SCREENSHOTS, REPORTS].map((folder) => mkdir(folder, { recursive: true })));
  surroundings = await startSurroundings();
  apps = await startApps(surroundings.certificate);
});

after(async () => {
  await apps?.stop();
  await surroundings?.stop();
});

const visit = (page) => approach(surroundings.browser, page, apps.urls[page.app]);

// As many pages at once as a small machine has cores. Lighthouse measures time, and has it to itself below.
describe('a look at', { concurrency: 2 }, () => {
  for (const page of PAGES) describe(`${page.name}, ${page.path}`, { concurrency: 1 }, () => look(page));
});

describe('in Lighthouse', () => {
  for (const page of PAGES.filter(({ state }) => !state)) {
    test(`${page.name}, ${page.path}, has 100`, async () => {
      const report = join(REPORTS, `${page.name}.html`);
      assert.deepEqual(await lighthouseFaults(await visit(page), surroundings.launchBrowser, { report }), []);
    });
  }
});

function look(page) {
  for (const variant of VARIANTS) {
    test(`holds at ${variant.width} px, ${variant.colorScheme}`, async () => {
      const screenshot = join(SCREENSHOTS, `${page.name}-${variant.width}-${variant.colorScheme}.png`);
      assert.deepEqual(await inspect(surroundings.browser, await visit(page), variant, screenshot), []);
    });
  }

  test('is the same without scripts', async () => {
    assert.deepEqual(await scriptsOffFaults(surroundings.browser, await visit(page)), []);
  });

  if (page.comic) {
    test('comes out of a printer on one sheet', async () => {
      assert.deepEqual(await printFaults(surroundings.browser, await visit(page)), []);
    });

    test('is small', async () => {
      assert.deepEqual(await sizeFaults(await visit(page)), []);
    });
  }
}

test('documents, style sheets and drawings are valid', async () => {
  const files = new Map();
  for (const page of [...PAGES, ...BUILT_IN_COMICS]) await collectFiles(await visit(page), files);
  const paths = [...files.keys()].map((name) => join(surroundings.folder, name));
  await Promise.all([...files.values()].map((text, index) => writeFile(paths[index], text)));
  const drawings = paths.filter((path) => path.endsWith('.svg'));
  assert.ok(drawings.length > BUILT_IN_COMICS.length, `only ${drawings.length} drawings`);
  assert.ok(paths.some((path) => path.endsWith('.css')), 'no style sheet');
  assert.deepEqual(await markupFaults(paths), []);
});

/** Adds a page, and the style sheets and drawings that it names, to the texts by file name. */
async function collectFiles({ name, url, cookie, status = 200, document }, files) {
  const headers = cookie ? { Cookie: cookie } : {};
  const answer = document ? new Response(document.body, { status: document.status }) : await fetch(url, { headers });
  assert.equal(answer.status, status, url);
  const html = await answer.text();
  files.set(`${name}.html`, html);
  for (const [, path] of html.matchAll(/(?:href|src)="(\/[^"]+\.(?:css|svg))"/gu)) {
    if (files.has(basename(path))) continue;
    files.set(basename(path), await (await fetch(new URL(path, url), { headers })).text());
  }
}

for (const { path } of PAGES.filter(({ scanned }) => scanned)) {
  test(`the Observatory gives ${path} at least 130`, async (t) => {
    const { score, faults } = await observatory(`${apps.front}${path}`, surroundings.certificate);
    t.diagnostic(`${path} has ${score}`);
    assert.deepEqual(faults, []);
  });
}
