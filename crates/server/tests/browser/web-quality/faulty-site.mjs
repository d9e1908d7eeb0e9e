// A page with one fault for each gate, and no header that makes a browser strict.

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

/** Starts it; everything but the page itself is missing. */
export async function startFaultySite() {
  const server = createServer((request, response) => {
    const found = request.url === '/';
    response.writeHead(found ? 200 : 404, { 'Content-Type': 'text/html; charset=utf-8' });
    response.end(found ? PAGE : 'missing');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, stop };
}
