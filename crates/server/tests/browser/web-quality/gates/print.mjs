// What comes out of a printer: comic, caption and licence on one sheet.

const FORMATS = ['A4', 'Letter'];
const ON_THE_SHEET = ['figure', 'figcaption', '.credit'];

export async function printFaults(browser, { url, storageState }) {
  const context = await browser.newContext({ colorScheme: 'dark', storageState });
  const page = await context.newPage();
  await page.goto(url);
  await page.emulateMedia({ media: 'print' });
  const faults = [];
  for (const selector of ON_THE_SHEET) {
    // A comic without a caption prints none.
    const hidden = await page.locator(selector).evaluateAll((all) => all.some((it) => !it.checkVisibility()));
    if (hidden) faults.push(`print: without its ${selector}`);
  }
  if ((await page.locator('.credit').count()) === 0) faults.push('print: without a licence');
  for (const format of FORMATS) {
    const pdf = (await page.pdf({ format })).toString('latin1');
    const sheets = pdf.match(/\/Type\s*\/Page\b/gu)?.length ?? 0;
    if (sheets !== 1) faults.push(`print: ${sheets} sheets of ${format}`);
  }
  await context.close();
  return faults;
}
