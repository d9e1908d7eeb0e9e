// A page without JavaScript: it says the same, its links lead somewhere, its searches find.

const ORIGIN = (url) => new URL(url).origin;

export async function scriptsOffFaults(browser, { url, status = 200, cookie, storageState, document: given }) {
  const faults = [];
  const texts = [];
  // The same document with and without: another visit may be another comic, and counts.
  const document = given ?? (await fetchDocument(url, cookie));
  for (const javaScriptEnabled of [true, false]) {
    const context = await browser.newContext({ javaScriptEnabled, storageState });
    const page = await context.newPage();
    await page.route(url, (route) => route.fulfill(document));
    await page.goto(url);
    texts.push(await page.locator('main').innerText());
    if (!javaScriptEnabled && status < 500) {
      faults.push(...(await deadLinks(page, url)), ...(await deadSearches(page, url)));
    }
    await context.close();
  }
  if (texts[0] !== texts[1]) faults.push(`another text: ${JSON.stringify(texts)}`);
  if (texts[1].trim() === '') faults.push('no text');
  return faults.map((fault) => `scripts off: ${fault}`);
}

async function fetchDocument(url, cookie) {
  const answer = await fetch(url, { headers: cookie ? { Cookie: cookie } : {} });
  const { 'content-encoding': _, 'content-length': __, ...headers } = Object.fromEntries(answer.headers);
  return { status: answer.status, headers, body: await answer.text() };
}

/** Links to this site alone: the others are not there to be reached. */
async function deadLinks(page, url) {
  const links = await page.locator('a[href]').evaluateAll((all) => all.map(({ href }) => href.replace(/#.*/u, '')));
  const faults = [];
  const leadElsewhere = links.filter((it) => ORIGIN(it) === ORIGIN(url) && it !== url);
  for (const link of new Set(leadElsewhere)) {
    const { ok, status } = await fetch(link, { method: 'HEAD' });
    if (!ok) faults.push(`${link} answers ${status}`);
  }
  return faults;
}

async function deadSearches(page, url) {
  const faults = [];
  const forms = page.locator('form:not([method="post" i])');
  for (let index = 0; index < (await forms.count()); index += 1) {
    const form = forms.nth(index);
    await form.locator('input:not([type="hidden"])').first().fill('kettle');
    const [response] = await Promise.all([page.waitForNavigation(), form.locator('[type="submit"], button').first().click()]);
    if (response?.status() !== 200) faults.push(`a search answers ${response?.status()}`);
    await page.goto(url);
  }
  return faults;
}
