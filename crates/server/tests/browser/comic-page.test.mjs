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

/** The page at which a key has left, once it is loaded. */
async function press(page, key) {
  await Promise.all([page.waitForEvent('load'), page.keyboard.press(key)]);
  return new URL(page.url()).pathname;
}

/** Presses keys that must lead nowhere, and then one that leads on, so that nothing can come late. */
async function assertInert(page, keys, before, leads = 'ArrowRight') {
  const here = page.url();
  await page.evaluate(() => { window.stayed = true; });
  for (const key of keys) await page.keyboard.press(key);
  assert.equal(await page.evaluate(() => window.stayed), true, `${keys} led away`);
  assert.equal(page.url(), here);
  await before?.();
  if (leads) assert.notEqual(await press(page, leads), new URL(here).pathname);
}

test('arrows lead to the neighbours and r to a random comic', async () => {
  await openPage({}, async (page) => {
    await page.goto(`${app.url}/1000002/`);
    assert.equal(await press(page, 'ArrowRight'), '/1000003/');
    assert.equal(await press(page, 'ArrowLeft'), '/1000002/');
    assert.match(await press(page, 'r'), /^\/1\d{6}\/$/u);
    await assertComplete(page);
  });
});

test('r leads to a comic from a page without one, where the legend has no arrows', async () => {
  await openPage({}, async (page) => {
    await page.goto(`${app.url}/1000002/`);
    assert.equal(await page.locator('.keys').innerText(), 'Keys: ← previous, → next, r random');
    for (const path of ['/about/', '/archive/', '/popular/', '/search/']) {
      await page.goto(app.url + path);
      assert.equal(await page.locator('.keys').innerText(), 'Keys: r random');
      await assertInert(page, ['ArrowLeft', 'ArrowRight'], undefined, 'r');
      await assertComplete(page);
    }
  });
});

test('keys with a modifier and keys in an input do nothing', async () => {
  await openPage({}, async (page) => {
    await page.goto(`${app.url}/1000002/`);
    // Not Alt+Left and Control+r, which the browser itself acts on.
    await assertInert(page, ['Shift+ArrowRight', 'Shift+ArrowLeft', 'Control+ArrowRight', 'Meta+ArrowRight', 'Alt+r', 'Shift+r']);
    await page.goto(`${app.url}/search/`);
    await page.locator('#q').focus();
    await assertInert(page, ['r', 'ArrowLeft', 'ArrowRight'], () => page.locator('#q').blur(), 'r');
  });
});

test('keys can be turned off, and stay so on the next page', async () => {
  await openPage({}, async (page) => {
    await page.goto(`${app.url}/1000002/`);
    const keys = page.locator('#keys');
    await keys.uncheck();
    await keys.blur();
    await assertInert(page, ['ArrowRight', 'ArrowLeft', 'r'], undefined, null);
    await page.goto(`${app.url}/1000005/`);
    assert.equal(await keys.isChecked(), false);
    await assertInert(page, ['ArrowRight', 'r'], async () => {
      await keys.check();
      await keys.blur();
    });
  });
});

test('keys work in a browser that keeps nothing for sites', async () => {
  await openPage({}, async (page) => {
    await page.addInitScript(() => {
      Object.defineProperty(window, 'localStorage', {
        get() {
          throw new DOMException('The operation is insecure.', 'SecurityError');
        },
      });
    });
    await page.goto(`${app.url}/1000002/`);
    assert.equal(await page.locator('#keys').isVisible(), true);
    await page.locator('#keys').uncheck();
    await page.locator('#keys').check();
    await page.locator('#keys').blur();
    assert.equal(await press(page, 'ArrowRight'), '/1000003/');
  });
});

test('what other sites show of a page is under absolute addresses', async () => {
  await openPage({}, async (page) => {
    await page.goto(`${app.url}/1000002/`);
    const content = (name) => page.locator(`meta[property="${name}"], meta[name="${name}"]`).getAttribute('content');
    for (const name of ['og:url', 'og:image', 'twitter:image']) {
      assert.ok((await content(name)).startsWith(`${app.url}/`), `${name}: ${await content(name)}`);
    }
    for (const name of ['og:site_name', 'og:type', 'og:title', 'og:description', 'og:image:alt', 'twitter:card', 'twitter:title']) {
      assert.ok((await content(name)).trim() !== '', `${name} is empty`);
    }
    assert.equal(await content('og:title'), await page.title());
    assert.equal((await page.request.get(await content('og:image'))).status(), 200);
  });
});
