// Every page through every gate.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { inspect, VARIANTS } from './inspection.mjs';
import { observatory } from './gates/headers.mjs';
import { lighthouseFaults } from './gates/performance.mjs';
import { markupFaults } from './gates/markup.mjs';
import { scriptsOffFaults } from './gates/scripts-off.mjs';
import { sizeFaults } from './gates/size.mjs';
import { PAGES } from './pages.mjs';
import { startApps, startSurroundings } from './site.mjs';

const TARGET = join(dirname(process.env.XKCDAPP_TEST_BINARY ?? ''), '..');
const SCREENSHOTS = join(TARGET, 'screenshots');
const REPORTS = join(TARGET, 'lighthouse');
const BUILT_IN_COMICS = 20;

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

/** A page as a browser comes to it: its address, and the session that it needs. */
async function visit(page) {
  const url = apps.urls[page.app] + page.path;
  if (!page.prepare) return { ...page, url };
  const context = await surroundings.browser.newContext();
  await page.prepare(context, url);
  const storageState = await context.storageState();
  await context.close();
  return { ...page, url, storageState, cookie: storageState.cookies.map(({ name, value }) => `${name}=${value}`).join('; ') };
}

for (const page of PAGES.filter(({ coming }) => !coming)) {
  describe(`${page.name}, ${page.path}`, () => {
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
      test('is small', async () => {
        assert.deepEqual(await sizeFaults(await visit(page)), []);
      });
    }

    if (!page.state) {
      test('has 100 in Lighthouse', async () => {
        const report = join(REPORTS, `${page.name}.html`);
        assert.deepEqual(await lighthouseFaults(await visit(page), surroundings.lighthousePort, { report }), []);
      });
    }
  });
}

for (const page of PAGES.filter(({ coming }) => coming)) {
  test(`${page.name} is not there yet, or its mark must go`, async () => {
    const { status } = await fetch((await visit(page)).url);
    assert.equal(status, 404, `${page.path} is there: take "coming" off it in pages.mjs`);
  });
}

test('documents, style sheets and drawings are valid', async () => {
  const files = new Map();
  const builtIn = Array.from({ length: BUILT_IN_COMICS }, (_, index) => `/${1_000_001 + index}/`);
  const pages = [...PAGES.filter(({ coming }) => !coming), ...builtIn.map((path) => ({ name: path.replaceAll('/', ''), app: 'built-in', path }))];
  for (const page of pages) {
    const { url, cookie, status = 200 } = await visit(page);
    const answer = await fetch(url, cookie ? { headers: { Cookie: cookie } } : {});
    assert.equal(answer.status, status, url);
    const html = await answer.text();
    files.set(`${page.name}.html`, html);
    for (const [, path] of html.matchAll(/(?:href|src)="(\/[^"]+\.(?:css|svg))"/gu)) {
      files.set(basename(path), files.get(basename(path)) ?? (await (await fetch(new URL(path, url))).text()));
    }
  }
  for (const [name, text] of files) await writeFile(join(surroundings.folder, name), text);
  const paths = [...files.keys()].map((name) => join(surroundings.folder, name));
  assert.ok(paths.filter((path) => path.endsWith('.svg')).length > BUILT_IN_COMICS, 'drawings are missing');
  assert.ok(paths.some((path) => path.endsWith('.css')), 'the style sheet is missing');
  assert.deepEqual(await markupFaults(paths), []);
});

// The page at the address, and later the one where passwords are typed.
for (const path of ['/', '/1/']) {
  test(`the Observatory gives ${path} at least 130`, async (t) => {
    const { score, faults } = await observatory(`${apps.front}${path}`, surroundings.certificate);
    t.diagnostic(`${path} has ${score}`);
    assert.deepEqual(faults, []);
  });
}
