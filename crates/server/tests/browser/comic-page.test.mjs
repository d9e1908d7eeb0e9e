// The comic page as a person sees it: in Chromium, narrow and wide, light and dark, with and without scripts.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

import { startApp } from './app.mjs';
import { CHROMIUM, FLAGS } from './chromium.mjs';

const SCREENSHOTS = join(import.meta.dirname, '../../../..', 'target', 'screenshots');

let app;
let browser;

before(async () => {
  await mkdir(SCREENSHOTS, { recursive: true });
  app = await startApp();
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
});

after(async () => {
  await browser?.close();
  await app?.stop();
});

/** A page of its own browser profile, and everything that went wrong on it. */
async function openPage(options, act) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('requestfailed', (request) => {
    // A click that comes soon ends what the page before was still loading.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') faults.push(`failed: ${request.url()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(app.url)) faults.push(`foreign request: ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.status()}: ${response.url()}`);
  });
  try {
    await act(page);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
  }
}

const heading = (page) => page.locator('h1').innerText();
const anotherOne = (page) =>
  Promise.all([page.waitForEvent('load'), page.getByRole('link', { name: 'Another One' }).first().click()]);

/** What every visitor must find on a comic page. */
async function assertComplete(page) {
  assert.match(await heading(page), /^#\d+ \| \S/u);
  const views = page.locator('[data-views]');
  assert.equal(await views.count(), 1);
  assert.match(await views.getAttribute('data-views'), /^[1-9]\d*$/u);
  const image = page.locator('figure img');
  assert.ok((await image.getAttribute('alt')).trim() !== '');
  await image.evaluate((element) => element.decode());
  assert.ok((await image.evaluate((element) => element.naturalWidth)) > 0, 'the image did not load');
  assert.ok((await page.locator('figcaption').innerText()).trim() !== '');
}

for (const width of [320, 1280]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`the comic page is whole at ${width} px, ${colorScheme}`, async () => {
      await openPage({ viewport: { width, height: 900 }, colorScheme }, async (page) => {
        await page.goto(app.url);
        await assertComplete(page);

        const [content, window] = await page.evaluate(() => {
          const root = document.documentElement;
          return [root.scrollWidth, root.clientWidth];
        });
        assert.ok(content <= window, `${content} px of content in ${window} px`);

        const filters = await page.locator('figure img').evaluate((image) => {
          const found = [];
          for (let element = image; element; element = element.parentElement) {
            found.push(getComputedStyle(element).filter);
          }
          return found;
        });
        assert.deepEqual([...new Set(filters)], ['none'], 'the drawing is not shown as it was drawn');

        const path = join(SCREENSHOTS, `comic-${width}-${colorScheme}.png`);
        await page.screenshot({ path, fullPage: true });
      });
    });
  }
}

test('light and dark differ', async () => {
  const backgrounds = [];
  for (const colorScheme of ['light', 'dark']) {
    await openPage({ colorScheme }, async (page) => {
      await page.goto(app.url);
      backgrounds.push(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor));
    });
  }
  assert.notEqual(backgrounds[0], backgrounds[1]);
});

test('"Another One" shows another comic, and Back the same ones again', async () => {
  await openPage({}, async (page) => {
    await page.goto(app.url);
    const seen = [await heading(page)];
    for (let step = 0; step < 3; step += 1) {
      await anotherOne(page);
      await assertComplete(page);
      seen.push(await heading(page));
    }
    assert.equal(new Set(seen).size, seen.length, `a comic came twice: ${seen}`);

    for (const earlier of seen.reverse().slice(1)) {
      await page.goBack();
      assert.equal(await heading(page), earlier);
    }
  });
});

test('without scripts the page is whole, "Another One" works, and so does Back to a shared address', async () => {
  await openPage({ javaScriptEnabled: false }, async (page) => {
    await page.goto(`${app.url}/1000001/`);
    await assertComplete(page);
    const shared = await heading(page);
    const seen = new Set([shared]);
    for (let step = 0; step < 3; step += 1) {
      await anotherOne(page);
      await assertComplete(page);
      seen.add(await heading(page));
    }
    assert.ok(seen.size >= 3, `"Another One" repeats itself: ${[...seen]}`);

    await page.goto(`${app.url}/1000001/`);
    await anotherOne(page);
    await page.goBack();
    assert.equal(await heading(page), shared);
  });
});

test('the page at / can be shared: its address becomes that of its comic', async () => {
  await openPage({}, async (page) => {
    await page.goto(app.url);
    const number = /^#(\d+)/u.exec(await heading(page))[1];
    assert.equal(new URL(page.url()).pathname, `/${number}/`);
    await page.reload();
    assert.match(await heading(page), new RegExp(`^#${number} `, 'u'));
  });
});
