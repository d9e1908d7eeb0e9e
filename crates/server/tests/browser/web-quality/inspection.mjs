// One look at a page in a browser, through all gates that need nothing but that look.

import { accessibilityFaults } from './gates/accessibility.mjs';
import { layoutFaults } from './gates/layout.mjs';
import { watchRequests } from './gates/requests.mjs';

export const VARIANTS = [320, 1280].flatMap((width) =>
  ['light', 'dark'].map((colorScheme) => ({ width, colorScheme })),
);

// Chromium draws no picture higher than 16,384 px, and nobody looks at one.
const HIGHEST_SCREENSHOT = 4000;

/** The faults of a page, of which a picture is left under `screenshot`. */
export async function inspect(browser, visit, { width, colorScheme }, screenshot) {
  const viewport = { width, height: 900 };
  const { storageState } = visit;
  const context = await browser.newContext({ viewport, colorScheme, storageState, reducedMotion: 'reduce' });
  try {
    const page = await context.newPage();
    const requestFaults = watchRequests(page, visit);
    if (visit.document) await page.route(visit.url, (route) => route.fulfill(visit.document));
    const response = await page.goto(visit.url);
    const faults = response.status() === (visit.status ?? 200) ? [] : [`${visit.url} answers ${response.status()}`];
    if (screenshot) await takePicture(page, width, screenshot);
    faults.push(...(await layoutFaults(page)), ...(await accessibilityFaults(page)));
    return [...faults, ...requestFaults()];
  } finally {
    await context.close();
  }
}

async function takePicture(page, width, path) {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const clip = { x: 0, y: 0, width, height: Math.min(height, HIGHEST_SCREENSHOT) };
  await page.screenshot({ path, clip, fullPage: true });
}
