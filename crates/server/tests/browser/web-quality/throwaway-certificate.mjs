// A certificate for loopback and for xkcd's image host, made for one run and trusted by nobody else.

import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const NAMES = ['localhost', 'imgs.xkcd.com'];

/** Makes one in a folder; resolves to its texts, where it lies, and the fingerprint by which Chromium trusts it. */
export async function makeCertificate(folder) {
  const [keyPath, certPath] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${NAMES[0]}`, '-addext', `subjectAltName=${NAMES.map((name) => `DNS:${name}`)}`],
    ...['-keyout', keyPath, '-out', certPath],
  ]);
  const [key, cert] = await Promise.all([readFile(keyPath, 'utf8'), readFile(certPath, 'utf8')]);
  const publicKey = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  return { key, cert, certPath, fingerprint: createHash('sha256').update(publicKey).digest('base64') };
}
