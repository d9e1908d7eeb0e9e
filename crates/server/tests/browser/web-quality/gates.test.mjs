// Each gate finds the fault that is there for it: a gate that can't fail shows nothing.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { observatory } from './gates/headers.mjs';
import { markupFaults } from './gates/markup.mjs';
import { lighthouseFaults } from './gates/performance.mjs';
import { printFaults } from './gates/print.mjs';
import { scriptsOffFaults } from './gates/scripts-off.mjs';
import { sizeFaults } from './gates/size.mjs';
import { DRAWING, startFaultySite, STYLE } from './faulty-site.mjs';
import { inspect } from './inspection.mjs';
import { approach, startSurroundings } from './site.mjs';
import { startTlsFront } from './tls-front.mjs';

let surroundings;
let site;

before(async () => {
  surroundings = await startSurroundings();
  site = await startFaultySite();
});

after(async () => {
  site?.stop();
  await surroundings?.stop();
});

function assertFound(faults, expected) {
  for (const pattern of expected) {
    assert.ok(faults.some((fault) => pattern.test(fault)), `not found: ${pattern} in\n${faults.join('\n')}`);
  }
}

test('a page that needs a session is looked at with it', async () => {
  const prepare = (context, url) => context.addCookies([{ name: 'signed', value: 'in', url }]);
  const page = { path: '/signed-in', prepare };
  const visit = await approach(surroundings.browser, page, new URL(site.url).origin);
  assert.deepEqual(await inspect(surroundings.browser, visit, { width: 320, colorScheme: 'light' }), []);
  assert.deepEqual(await scriptsOffFaults(surroundings.browser, visit), []);
  const faults = await lighthouseFaults(visit, surroundings.launchBrowser, { runs: 1 });
  assert.ok(!faults.some((fault) => /403|no run/u.test(fault)), faults.join('\n'));

  const unprepared = await approach(surroundings.browser, { ...page, prepare: undefined }, new URL(site.url).origin);
  assertFound(await inspect(surroundings.browser, unprepared, { width: 320, colorScheme: 'light' }), [/answers 403/u]);
  assertFound(await lighthouseFaults(unprepared, surroundings.launchBrowser, { runs: 1 }), [/403/u]);
});

test('a look at a page finds what axe, the layout and the requests have against it', async () => {
  const visit = { url: site.url };
  const faults = await inspect(surroundings.browser, visit, { width: 320, colorScheme: 'dark' });
  assertFound(faults, [
    /^axe: color-contrast/u,
    /^axe: html-has-lang/u,
    /^axe: image-alt/u,
    /^axe: landmark-one-main|^axe: page-has-heading-one/u,
    /^layout: 14\d\d px of content in 320 px/u,
    /^layout: a target of 10 x 10 px/u,
    /^layout: a drawing is shown through invert/u,
    /^requests: foreign request: http:\/\/tracker\.example/u,
    /^requests: 404: .*missing\.png/u,
  ]);
  const elsewhere = await inspect(surroundings.browser, { ...visit, status: 503 }, { width: 320, colorScheme: 'dark' });
  assertFound(elsewhere, [/answers 200/u]);
});

test('axe finds targets that are too small', async () => {
  const faults = await inspect(surroundings.browser, { url: site.url }, { width: 1280, colorScheme: 'light' });
  assertFound(faults, [/^axe: target-size/u]);
});

test('without scripts, missing texts, dead links and dead searches are found', async () => {
  const faults = await scriptsOffFaults(surroundings.browser, { url: site.url });
  assertFound(faults, [
    /^scripts off: another text/u,
    /^scripts off: .*\/nowhere answers 404/u,
    /^scripts off: a search answers 404/u,
  ]);
});

test('a print of more than one sheet, or without the licence, is found', async () => {
  assertFound(await printFaults(surroundings.browser, { url: site.url }), [
    /^print: without its \.credit/u,
    /^print: \d sheets of A4/u,
    /^print: \d sheets of Letter/u,
  ]);
});

test('a page that is too large is found', async () => {
  assertFound(await sizeFaults({ url: site.url }), [/^size: /u]);
});

test('Lighthouse finds something in every category', async () => {
  const faults = await lighthouseFaults({ url: site.url }, surroundings.launchBrowser, { runs: 1 });
  assertFound(faults, [
    /^lighthouse: performance \d+: .*total-blocking-time/u,
    /^lighthouse: accessibility \d+: .*color-contrast/u,
    /^lighthouse: best-practices \d+: .*errors-in-console/u,
    /^lighthouse: seo \d+: .*meta-description/u,
  ]);
});

test('the HTML checker finds faults in documents, style sheets and drawings', async () => {
  const files = { 'faulty.html': await (await fetch(site.url)).text(), 'faulty.css': STYLE, 'faulty.svg': DRAWING };
  const paths = Object.keys(files).map((name) => join(surroundings.folder, name));
  await Promise.all(Object.values(files).map((text, index) => writeFile(paths[index], text)));
  const faults = await markupFaults(paths);
  assertFound(faults, [
    /^vnu: faulty\.html:.*center/u,
    /^vnu: faulty\.html:\d+: warning: .*lang/u,
    /^vnu: faulty\.css:.*colour/u,
    /^vnu: faulty\.svg:.*rectangle/u,
  ]);
});

test('the Observatory finds that headers are missing', async () => {
  const front = await startTlsFront(surroundings.certificate);
  front.forwardTo(site.url);
  const { score, faults } = await observatory(`${front.url}/`, surroundings.certificate);
  front.stop();
  assert.ok(score < 100, `${score}`);
  assertFound(faults, [/content-security-policy: csp-not-implemented/u, /strict-transport-security: hsts-not-implemented/u]);
});
