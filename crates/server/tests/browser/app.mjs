// The release binary, as a process of its own on a port of its own with data of its own.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const STARTS_WITHIN_MS = 10_000;

/**
 * Starts the app, with the comics it brings along unless the settings say otherwise; resolves to its address
 * and a way to stop it. Accounts of the admin site, each { username, password, role }, are made first.
 */
export async function startApp({ accounts = [], ...settings } = {}) {
  const binary = process.env.XKCDAPP_TEST_BINARY;
  if (!binary) throw new Error('XKCDAPP_TEST_BINARY is not set: run scripts/test');
  const data = await mkdtemp(join(tmpdir(), 'xkcdapp-browser-'));
  const env = {
    PATH: process.env.PATH,
    XKCDAPP_LISTEN: '127.0.0.1:0',
    XKCDAPP_COMICS: 'built-in',
    XKCDAPP_DATA: data,
    XKCDAPP_LOG_FORMAT: 'json',
    XKCDAPP_SHUTDOWN_SECONDS: '5',
    ...settings,
  };
  for (const { username, password, role } of accounts) {
    await promisify(execFile)(binary, ['create-admin', '--no-input', '--role', role], {
      env: { ...env, XKCDAPP_ADMIN_USERNAME: username, XKCDAPP_ADMIN_PASSWORD: password },
    });
  }
  const child = spawn(binary, ['serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    const [code, signal] = await ended;
    await rm(data, { recursive: true });
    if (code !== 0) throw new Error(`the app ended with ${code ?? signal}`);
  };
  try {
    return { url: await listening(child), stop };
  } catch (error) {
    child.kill('SIGKILL');
    await rm(data, { recursive: true });
    throw error;
  }
}

/** The address in the line that says that the app is ready. */
function listening(child) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the app does not say that it listens')), STARTS_WITHIN_MS);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the app ended with ${code} before it listened`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { event, url } = JSON.parse(line);
      if (event !== 'server.listening') return;
      clearTimeout(late);
      resolve(url);
    });
  });
}
