// Lighthouse, as PageSpeed Insights runs it: a phone with a slow processor on a slow network, both simulated.

import { writeFile } from 'node:fs/promises';
import lighthouse from 'lighthouse';

const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'];
// The simulation starts from what was measured, so that a busy machine makes a page look slower, never faster:
// the best of some runs is nearest to the page. On a very busy one a run may end without a measurement. What is
// not timing comes out the same each time.
const RUNS = 3;
// It asks the browser about each of the archive's links.
const LONGEST_RUN_MS = 180_000;
const MAY_BE_BETTER = /^lighthouse: (?:performance|no run)/u;

// An error page answers with an error, which Chromium writes to its console.
const NOT_FOR_ERRORS = ['http-status-code', 'errors-in-console'];

/** What keeps a page from 100 in every category; the report is left under `report`. */
export async function lighthouseFaults({ url, status = 200, cookie }, launchBrowser, { report, runs = RUNS } = {}) {
  const settings = {
    onlyCategories: CATEGORIES,
    skipAudits: status >= 400 ? NOT_FOR_ERRORS : [],
    ignoreStatusCode: status >= 400,
    extraHeaders: cookie ? { Cookie: cookie } : null,
    // It is in no score.
    disableFullPageScreenshot: true,
  };
  let faults;
  for (let run = 0; run < runs; run += 1) {
    const result = await measure(url, settings, launchBrowser).catch((error) => ({ lhr: { runtimeError: error } }));
    if (report && result.report) await writeFile(report, result.report);
    faults = shortfalls(result.lhr);
    if (!faults.some((fault) => MAY_BE_BETTER.test(fault))) break;
  }
  return faults;
}

/** One run, in a browser that nothing was done in before, and that ends even when Lighthouse does not. */
async function measure(url, settings, launchBrowser) {
  const browser = await launchBrowser();
  let timer;
  const tooLate = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${LONGEST_RUN_MS} ms`)), LONGEST_RUN_MS);
  });
  const flags = { port: browser.port, logLevel: 'silent', output: 'html' };
  try {
    return await Promise.race([lighthouse(url, flags, { extends: 'lighthouse:default', settings }), tooLate]);
  } finally {
    clearTimeout(timer);
    browser.kill();
  }
}

function shortfalls({ runtimeError, categories, audits }) {
  if (runtimeError) return [`lighthouse: no run: ${runtimeError.message}`];
  return CATEGORIES.flatMap((id) => {
    const { score, auditRefs } = categories[id];
    if (score === 1) return [];
    const reasons = auditRefs
      .map((reference) => ({ ...audits[reference.id], weight: reference.weight }))
      .filter((audit) => audit.weight > 0 && audit.score < 1)
      .map((audit) => `${audit.id} (${audit.displayValue ?? audit.explanation ?? audit.title})`);
    return [`lighthouse: ${id} ${Math.round(score * 100)}: ${reasons.join(', ')}`];
  });
}
