// Stands where the load balancer stands: TLS for the app behind it, and plain HTTP is sent to TLS.

import { once } from 'node:events';
import { createServer as createHttpServer, request as forward } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer } from 'node:net';

// The first byte of a TLS connection says "handshake"; no method of HTTP begins with it.
const HANDSHAKE = 0x16;

/** Starts on one port for both, since whoever scans a site gives one name for both. */
export async function startTlsFront({ key, cert }) {
  let app;
  const tls = createHttpsServer({ key, cert }, (request, response) => pass(request, response, app));
  const plain = createHttpServer((request, response) => {
    response.writeHead(301, { Location: `https://${request.headers.host}${request.url}` }).end();
  });
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)).on('error', () => socket.destroy()));
    socket.once('data', (head) => {
      socket.pause();
      socket.unshift(head);
      (head[0] === HANDSHAKE ? tls : plain).emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  const url = `https://localhost:${server.address().port}`;
  return { url, forwardTo: (address) => { app = address; }, stop };
}

function pass(request, response, app) {
  const { method, headers, url } = request;
  const onward = forward(new URL(url, app), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.once('error', () => response.destroy());
  request.pipe(onward);
}
