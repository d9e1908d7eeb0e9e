// What a page asks the network for, and what goes wrong on the way.

const IMAGES = 'https://imgs.xkcd.com/';

/** Watches a page from now on; what it returns tells the faults so far. */
export function watchRequests(page, { url, status = 200 }) {
  const home = `${new URL(url).origin}/`;
  const faults = [];
  const isExpected = (address, answered) => address === url && answered === status;
  page.on('request', (request) => {
    const address = request.url();
    if (!address.startsWith(home) && !address.startsWith(IMAGES)) faults.push(`foreign request: ${address}`);
  });
  page.on('requestfailed', (request) => faults.push(`failed: ${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    const [address, answered] = [response.url(), response.status()];
    if (answered >= 400 && !isExpected(address, answered)) faults.push(`${answered}: ${address}`);
  });
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('console', (message) => {
    // Chromium reports the status of an error page there as well.
    if (message.location().url === url && status >= 400) return;
    if (['error', 'warning'].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  return () => faults.map((fault) => `requests: ${fault}`);
}
