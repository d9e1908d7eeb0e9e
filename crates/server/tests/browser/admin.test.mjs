// The admin site as an admin sees it: in Chromium, with and without scripts, narrow and wide, light and dark.

import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

import { startApp } from './app.mjs';
import { CHROMIUM, FLAGS } from './chromium.mjs';

const SCREENSHOTS = join(import.meta.dirname, '../../../..', 'target', 'screenshots');

const ADA = { username: 'ada', password: 'kettle-moss-tricycle', role: 'superuser' };
const VERA = { username: 'vera', password: 'barrel-of-violins', role: 'viewer' };
// Whose password changes.
const GRACE = { username: 'grace', password: 'lantern-and-herring', role: 'superuser' };

let app;
let browser;

before(async () => {
  await mkdir(SCREENSHOTS, { recursive: true });
  app = await startApp({ accounts: [ADA, VERA, GRACE] });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  await view(1_000_001, 12);
  await view(1_000_002, 60);
  for (let number = 1_000_003; number <= 1_000_020; number += 1) await view(number, 1 + (number % 7));
});

after(async () => {
  await browser?.close();
  await app?.stop();
});

/** Looks at a comic's page, as so many visitors do at once. */
async function view(number, times) {
  const visits = Array.from({ length: times }, async () => {
    const answer = await fetch(`${app.url}/${number}/`);
    assert.equal(answer.status, 200);
    await answer.arrayBuffer();
  });
  await Promise.all(visits);
}

/** A page of its own browser profile, and the scripts that failed on it. */
async function openPage(options, act) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('console', (message) => {
    const isStatus = message.text().startsWith('Failed to load resource: the server responded with a status of 4');
    if (['error', 'warning'].includes(message.type()) && !isStatus) faults.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(app.url)) faults.push(`foreign request: ${request.url()}`);
  });
  try {
    await act(page, context);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
  }
}

const path = (page) => new URL(page.url()).pathname;
const heading = (page) => page.locator('h1').innerText();
const open = (page, to) => page.goto(`${app.url}${to}`);
const numbers = async (page) => (await page.locator('tbody th[scope=row] a').allInnerTexts()).map(Number);

async function fillIn(page, { username, password }) {
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function signIn(page, account = ADA) {
  await open(page, '/admin/');
  await fillIn(page, account);
  assert.equal(path(page), '/admin/');
}

/** A page that somebody has signed in on. */
const asAdmin = (act, options = {}) =>
  openPage(options, async (page, context) => {
    await signIn(page);
    await act(page, context);
  });

for (const javaScriptEnabled of [true, false]) {
  test(`a day's work, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
    await openPage({ javaScriptEnabled }, async (page) => {
      // A deep link survives signing in.
      await open(page, '/admin/comics/?order=-views');
      assert.equal(path(page), '/admin/login/');
      await fillIn(page, { ...ADA, password: 'wrong-wrong-wrong' });
      assert.match(await page.getByRole('alert').innerText(), /do not belong together/u);
      await page.getByLabel('Password').fill(ADA.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      assert.equal(new URL(page.url()).search, '?order=-views');
      const shown = await page.locator('td[data-views]').evaluateAll((cells) => cells.map((cell) => Number(cell.dataset.views)));
      assert.deepEqual(shown, [...shown].sort((one, other) => other - one));

      // Sort and search.
      await page.getByRole('link', { name: 'Number', exact: true }).click();
      assert.deepEqual((await numbers(page)).slice(0, 2), [1_000_001, 1_000_002]);
      await page.getByLabel('Number or words of the title').fill('exact count');
      await page.getByRole('button', { name: 'Show' }).click();
      assert.deepEqual(await numbers(page), [1_000_001]);

      // Edit.
      await page.getByRole('link', { name: '1000001', exact: true }).click();
      const field = page.getByLabel('Count of views');
      const seen = Number(await field.inputValue());
      await view(1_000_001, 3);
      await field.fill(String(seen + 1_000));
      await page.getByRole('button', { name: 'Change the count' }).click();
      assert.match(await page.getByRole('status').innerText(), /was changed/u);
      assert.equal(await page.locator('.facts [data-views]').getAttribute('data-views'), String(seen + 1_003));

      // History.
      await page.getByRole('link', { name: 'All changes of this row' }).click();
      assert.match(await page.locator('tbody tr').first().innerText(), /ada[^]*#1000001[^]*Changed[^]*\+1,000/u);

      // Bulk reset, after a look at what it is about.
      await page.getByRole('link', { name: 'Counts', exact: true }).click();
      await page.getByLabel('Select 1000004').check();
      await page.getByLabel('Select 1000005').check();
      await page.getByRole('button', { name: 'Reset to 0…' }).click();
      assert.equal(await heading(page), 'Reset these counts to 0?');
      assert.deepEqual(await page.locator('tbody th').allInnerTexts(), ['1000004', '1000005']);
      await page.getByRole('button', { name: 'Reset 2 rows' }).click();
      await page.getByRole('link', { name: 'Without views' }).click();
      assert.deepEqual((await numbers(page)).slice(0, 2), [1_000_004, 1_000_005]);
      await view(1_000_004, 20);
      await view(1_000_005, 9);

      // Sign out.
      await page.getByRole('button', { name: 'Sign out' }).click();
      assert.equal(path(page), '/admin/login/');
      await open(page, '/admin/comics/');
      assert.equal(path(page), '/admin/login/');
    });
  });
}

test('the second of two tabs sees both values and decides', async () => {
  await asAdmin(async (page, context) => {
    const other = await context.newPage();
    await open(page, '/admin/comics/1000006/');
    await open(other, '/admin/comics/1000006/');
    const change = async (tab, to) => {
      await tab.getByLabel('Count of views').fill(String(to));
      await tab.getByRole('button', { name: 'Change the count' }).click();
    };
    await change(page, 500);
    await change(other, 700);
    assert.match(await other.getByRole('alert').innerText(), /Somebody else changed this row/u);
    const values = await other.locator('.conflict').innerText();
    assert.match(values, /You wanted\s+700[^]*It is now\s+500/u);
    await other.screenshot({ path: join(SCREENSHOTS, 'admin-conflict.png'), fullPage: true });
    await other.getByRole('button', { name: 'Change the count' }).click();
    assert.equal(await other.locator('.facts [data-views]').getAttribute('data-views'), '700');
  });
});

test('the list is exported as a file', async () => {
  await asAdmin(async (page) => {
    await open(page, '/admin/comics/');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export as CSV' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'views.csv');
    const lines = (await readFile(await download.path(), 'utf8')).split('\r\n').join('\n').trim().split('\n');
    assert.equal(lines[0], 'number,title,views');
    assert.equal(lines.length, 21);
    assert.match(lines[2], /^1000002,Unknown Error,\d+$/u);
  });
});

test('changing the password leaves the other browser outside', async () => {
  await openPage({}, async (page) => {
    await openPage({}, async (elsewhere) => {
      await signIn(page, GRACE);
      await signIn(elsewhere, GRACE);
      await page.getByTitle('Change your password').click();
      await page.getByLabel('Current password').fill(GRACE.password);
      await page.getByLabel('New password', { exact: true }).fill('a-different-herring');
      await page.getByLabel('New password again').fill('a-different-herring');
      await page.getByRole('button', { name: 'Change password' }).click();
      assert.match(await page.getByRole('status').innerText(), /password was changed/u);
      await open(elsewhere, '/admin/comics/');
      assert.equal(path(elsewhere), '/admin/login/');
      await open(page, '/admin/comics/');
      assert.equal(path(page), '/admin/comics/');
    });
  });
});

test('a form that was left open while the session ended anew is shown again with what was typed', async () => {
  await asAdmin(async (page, context) => {
    await open(page, '/admin/comics/1000007/');
    await page.getByLabel('Count of views').fill('4321');
    const other = await context.newPage();
    await other.goto(`${app.url}/admin/login/`);
    await fillIn(other, ADA);
    await page.getByRole('button', { name: 'Change the count' }).click();
    assert.match(await page.getByRole('alert').innerText(), /too old/u);
    assert.equal(await page.getByLabel('Count of views').inputValue(), '4321');
    await page.getByRole('button', { name: 'Change the count' }).click();
    assert.match(await page.getByRole('status').innerText(), /was changed/u);
  });
});

test('a viewer sees everything and finds nothing to change', async () => {
  await openPage({}, async (page) => {
    await signIn(page, VERA);
    for (const to of ['/admin/comics/', '/admin/comics/1000002/', '/admin/history/']) {
      await open(page, to);
      assert.deepEqual(await page.getByRole('button').allInnerTexts(), to.endsWith('comics/') ? ['Sign out', 'Show'] : ['Sign out']);
      assert.equal(await page.getByRole('checkbox').count(), 0);
    }
  });
});

test('the keyboard alone does', async () => {
  await openPage({}, async (page) => {
    await open(page, '/admin/login/');
    await page.getByLabel('Username').focus();
    await page.keyboard.type(ADA.username);
    await page.keyboard.press('Tab');
    await page.keyboard.type(ADA.password);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${app.url}/admin/`);
    await open(page, '/admin/comics/');
    await page.getByLabel('Select 1000003').focus();
    await page.keyboard.press('Space');
    assert.equal(await page.getByLabel('Select 1000003').isChecked(), true);
    await page.getByRole('button', { name: 'Delete…' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`${app.url}/admin/comics/bulk/`);
    assert.equal(await heading(page), 'Delete these rows?');
  });
});

const PAGES = {
  'sign-in': '/admin/login/',
  dashboard: '/admin/',
  counts: '/admin/comics/',
  change: '/admin/comics/1000002/',
  add: '/admin/comics/add/',
  history: '/admin/history/',
  accounts: '/admin/accounts/',
  password: '/admin/password/',
};

for (const width of [320, 1280]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`every page fits ${width} px, ${colorScheme}`, async () => {
      await asAdmin(
        async (page) => {
          const show = async (name) => {
            const [content, window] = await page.evaluate(() => {
              const root = document.documentElement;
              return [root.scrollWidth, root.clientWidth];
            });
            const file = join(SCREENSHOTS, `admin-${name}-${width}-${colorScheme}.png`);
            await page.screenshot({ path: file, fullPage: true });
            assert.ok(content <= window, `${name}: ${content} px of content in ${window} px`);
          };
          for (const [name, to] of Object.entries(PAGES)) {
            await open(page, to);
            await show(name);
          }
          await open(page, '/admin/comics/');
          await page.getByLabel('Select 1000002').check();
          await page.getByLabel('Select 1000008').check();
          await page.getByRole('button', { name: 'Delete…' }).click();
          await show('confirm');
        },
        { viewport: { width, height: 900 }, colorScheme },
      );
    });
  }
}
