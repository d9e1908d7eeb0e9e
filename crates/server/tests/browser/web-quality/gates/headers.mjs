// MDN's HTTP Observatory, by its own command, on an address behind TLS.

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const LOWEST_SCORE = 130;
const SOURCE = dirname(fileURLToPath(import.meta.resolve('@mdn/mdn-http-observatory')));

/** Scans `https://HOST:PORT/PATH`; resolves to its score and what is short of it. */
export async function observatory(url, { certPath }) {
  // Installing the package would download the list of hosts that browsers know to have TLS; none of them is ours.
  await writeFile(join(SOURCE, '..', 'conf', 'hsts-preload.json'), '{}');
  const env = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: certPath };
  const target = url.replace(/^https:\/\//u, '');
  const scan = promisify(execFile)(process.execPath, [join(SOURCE, 'scan.js'), target], { env });
  const report = JSON.parse((await scan.catch((error) => error)).stdout);
  if (report.error) return { score: 0, faults: [`observatory: ${report.error}`] };
  const { score, grade } = report.scan;
  if (score >= LOWEST_SCORE) return { score, faults: [] };
  const short = Object.entries(report.tests).map(([name, { result, scoreModifier }]) => `${name}: ${result} (${scoreModifier})`);
  return { score, faults: [`observatory: ${score}, ${grade}: ${short.join(', ')}`] };
}
