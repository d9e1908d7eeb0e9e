// A page with one fault for each gate, and no header that makes a browser strict; and a page for those with a
// session that has no fault.

import { once } from 'node:events';
import { createServer } from 'node:http';

const PAGE = `<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<style>
  body { width: 1400px; }
  figure { filter: invert(1); }
  figcaption { height: 200vh; }
  .pale { color: #ccc; background: #fff; }
  @media print { .credit { display: none; } }
</style>
<script src="http://tracker.example/script.js"></script>
</head>
<body>
<main>
<center class="pale">Can you read this?</center>
<a href="/nowhere" style="display: block; width: 10px; height: 10px; overflow: hidden">to nowhere</a>
<form action="/nowhere"><input name="q" aria-label="Words"><button>Search</button></form>
<figure><img src="/missing.png"><figcaption>Two sheets long</figcaption></figure>
<p class="credit">A licence</p>
<p id="written"></p>
</main>
<!-- ${Array.from({ length: 2500 }, (_, index) => Math.imul(index, 2_654_435_761).toString(36)).join(' ')} -->
<script>
  document.getElementById('written').textContent = 'Only scripts say this.';
  const began = performance.now();
  while (performance.now() - began < 1500);
</script>
</body>
</html>`;

export const STYLE = 'a { colour: red; }';
export const DRAWING = '<svg xmlns="http://www.w3.org/2000/svg"><rectangle/></svg>';

const SIGNED_IN = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Signed in</title><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head>
<body><main><h1>Signed in</h1><p>Welcome back.</p></main></body>
</html>`;

function answerTo({ url, headers }) {
  if (url === '/') return [200, PAGE];
  if (url === '/signed-in') return headers.cookie === 'signed=in' ? [200, SIGNED_IN] : [403, 'forbidden'];
  return [404, 'missing'];
}

/** Starts it; everything but these pages is missing. */
export async function startFaultySite() {
  const server = createServer((request, response) => {
    const [status, body] = answerTo(request);
    response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, stop };
}
