// The apps that show the pages, with all that they need around them, and browsers that reach nothing else.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as chromeLauncher from 'chrome-launcher';
import { chromium } from 'playwright-core';

import { startApp } from '../app.mjs';
import { CHROMIUM, FLAGS } from '../chromium.mjs';
import { ADMIN } from './pages.mjs';
import { COMICS, NEWEST, startDocuments, startImages } from './stub-xkcd.mjs';
import { makeCertificate } from './throwaway-certificate.mjs';
import { startTlsFront } from './tls-front.mjs';

// On loopback nothing listens at port 1.
const NOTHING = 'http://127.0.0.1:1';
const REQUESTS_AT_ONCE = 8;

/** Starts what the gates need, apps aside. */
export async function startSurroundings() {
  const folder = await mkdtemp(join(tmpdir(), 'xkcdapp-web-quality-'));
  const certificate = await makeCertificate(folder);
  const images = await startImages(certificate);
  const flags = [
    ...FLAGS,
    '--no-proxy-server',
    `--host-resolver-rules=MAP imgs.xkcd.com 127.0.0.1:${images.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
    `--ignore-certificate-errors-spki-list=${certificate.fingerprint}`,
  ];
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: flags });
  // For Lighthouse, which wants browsers of its own.
  const launchBrowser = () => chromeLauncher.launch({ chromePath: CHROMIUM, chromeFlags: ['--headless=new', ...flags] });
  const stop = async () => {
    await browser.close();
    images.stop();
    await rm(folder, { recursive: true });
  };
  return { folder, certificate, browser, launchBrowser, stop };
}

/** Starts an app for each name that a page may give as `app`; resolves to their addresses. */
export async function startApps(certificate) {
  const documents = await startDocuments();
  const front = await startTlsFront(certificate);
  const fromStub = { XKCDAPP_COMICS: 'xkcd', XKCDAPP_XKCD_URL: `http://127.0.0.1:${documents.port}` };
  const apps = {
    xkcd: await startApp({ ...fromStub, accounts: [ADMIN] }),
    'built-in': await startApp(),
    unreachable: await startApp({ XKCDAPP_COMICS: 'xkcd', XKCDAPP_XKCD_URL: NOTHING }),
    'behind-tls': await startApp({ ...fromStub, XKCDAPP_PUBLIC_URL: front.url }),
  };
  front.forwardTo(apps['behind-tls'].url);
  await visitEveryComic(apps.xkcd.url);
  const urls = Object.fromEntries(Object.entries(apps).map(([name, app]) => [name, app.url]));
  const stop = async () => {
    await Promise.all(Object.values(apps).map((app) => app.stop()));
    front.stop();
    documents.stop();
  };
  return { urls, front: front.url, stop };
}

/** A visit makes the app fetch a comic, keep it and count it; some comics are visited more than once. */
async function visitEveryComic(url) {
  const all = Array.from({ length: NEWEST }, (_, index) => index + 1).filter((number) => number !== 404);
  const often = Object.values(COMICS).flatMap((number, rank) => Array(3 * (rank + 1)).fill(number));
  const waiting = [...all, ...often];
  const visit = async () => {
    for (let number = waiting.pop(); number; number = waiting.pop()) {
      const { ok, status } = await fetch(`${url}/${number}/`);
      if (!ok) throw new Error(`/${number}/ answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, visit));
}

/** A page as a browser comes to it: with its address, the session that it needs, and what answered a form. */
export async function approach(browser, page, app) {
  const url = app + page.path;
  if (!page.prepare) return { ...page, url };
  const context = await browser.newContext();
  await page.prepare(context, url);
  const document = page.sent && (await send(context.request, url, page.sent));
  const storageState = await context.storageState();
  await context.close();
  const cookie = storageState.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  return { ...page, url, storageState, cookie, document };
}

/** The answer to a form, in the form in which a browser can be given it in the place of another. */
async function send(request, url, fields) {
  const form = await (await request.get(new URL('/admin/', url).href)).text();
  const [, token] = /name="csrf_token" value="([^"]+)"/u.exec(form);
  const answer = await request.post(url, { form: { csrf_token: token, ...fields } });
  const { 'content-encoding': _, 'content-length': __, ...headers } = answer.headers();
  return { status: answer.status(), headers, body: await answer.text() };
}
