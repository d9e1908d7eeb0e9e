// The Nu HTML checker, on documents, style sheets and drawings, with warnings counted as errors.

import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { promisify } from 'node:util';

// The package's main file downloads a Java; the one of the system does.
const JAR = createRequire(import.meta.url).resolve('vnu-jar/build/dist/vnu.jar');

/** What is wrong with files whose names end in `.html`, `.css` and `.svg`: all at once, since Java starts slowly. */
export async function markupFaults(files) {
  const options = ['--Werror', '--also-check-css', '--also-check-svg', '--format', 'json', '--stdout'];
  const { stdout, code } = await promisify(execFile)('java', ['-jar', JAR, ...options, ...files], {
    maxBuffer: 64 * 1024 * 1024,
  }).then(
    ({ stdout }) => ({ stdout, code: 0 }),
    (error) => {
      if (typeof error.code !== 'number' || !error.stdout) throw error;
      return error;
    },
  );
  const { messages } = JSON.parse(stdout);
  const faults = messages.map(
    ({ url, lastLine, type, subType, message, extract }) =>
      `vnu: ${basename(url ?? '')}:${lastLine}: ${subType ?? type}: ${message}: ${extract ?? ''}`,
  );
  return code !== 0 && faults.length === 0 ? [`vnu: ended with ${code}`] : faults;
}
