// Which browser the tests run in, and how it is started.

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

// Chromium refuses its sandbox to root, and what a fresh profile asks the network for is no part of a test.
export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
