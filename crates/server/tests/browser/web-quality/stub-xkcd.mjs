// Stands in for xkcd.com and its image host: half as many comics as there are, all invented. Tools that look at each
// link of the archive take minutes for all of them.

import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { crc32, deflateSync } from 'node:zlib';

export const NEWEST = 1800;

/** Comics that are unlike the others. */
export const COMICS = {
  transcribed: 2,
  enlarged: 657,
  interactive: 1005,
  withoutImage: 1608,
  tall: 1732,
  undated: 1790,
  garbled: 1791,
};

// The median of the real ones.
const USUAL_SIZE = [525, 400];
const SIZES = { [COMICS.tall]: [740, 14_957] };

const SUBJECTS = ['Lighthouse', 'Compiler', 'Tea Kettle', 'Telescope', 'Ferry', 'Backup', 'Turtle', 'Map'];
const MOODS = ['Patient', 'Sorted', 'Unsigned', 'Approximate', 'Recursive', 'Late', 'Borrowed'];

function document(number) {
  const title = `${MOODS[number % MOODS.length]} ${SUBJECTS[number % SUBJECTS.length]}`;
  const day = new Date(Date.UTC(2006, 0, 2 + number * 2));
  return {
    num: number,
    title,
    safe_title: title,
    img: `https://imgs.xkcd.com/comics/${number}.png`,
    alt: `What the ${title.toLowerCase()} says when nobody listens, for the ${number}th time.`,
    transcript: '',
    link: '',
    news: '',
    year: `${day.getUTCFullYear()}`,
    month: `${day.getUTCMonth() + 1}`,
    day: `${day.getUTCDate()}`,
    ...SPECIAL[number],
  };
}

const SPECIAL = {
  [COMICS.transcribed]: {
    transcript: '[[Two people look at a kettle.]]\nFirst: It boils.\nSecond: Eventually.\n{{Title text: Tea.}}',
    alt: 'A long caption, as long as the longest that there is. '.repeat(15),
  },
  [COMICS.enlarged]: { link: `https://imgs.xkcd.com/comics/${COMICS.enlarged}_large.png` },
  [COMICS.interactive]: {
    link: 'https://www.example.org/a/long/address/that/goes/on/and/on/without/any/place/to/break/it/at/all',
    extra_parts: { pre: '', headerextra: '', post: '<script>this is never run</script>', imgAttr: '' },
  },
  // Between two comics of one year.
  [COMICS.undated]: { year: '', month: '', day: '' },
  // With characters that no page and no feed can hold.
  [COMICS.garbled]: { title: 'Garbled Kettle\uffff', alt: 'Ã©\ufffe it says.\u0000\ufdd0' },
  [COMICS.withoutImage]: { img: 'https://imgs.xkcd.com/comics/', alt: '', extra_parts: {} },
};

/** Starts xkcd.com: plain HTTP on loopback, as the app accepts it there. */
export async function startDocuments() {
  return listen(
    createHttpServer((request, response) => {
      const asked = /^\/(?:(\d+)\/)?info\.0\.json$/u.exec(request.url);
      const number = asked && Number(asked[1] ?? NEWEST);
      const found = number >= 1 && number <= NEWEST && number !== 404;
      response.writeHead(found ? 200 : 404, { 'Content-Type': found ? 'application/json' : 'text/html' });
      response.end(found ? JSON.stringify(document(number)) : '<html>404 Not Found</html>');
    }),
  );
}

/** Starts imgs.xkcd.com: over TLS, as pages ask for it. */
export async function startImages({ key, cert }) {
  return listen(
    createHttpsServer({ key, cert }, (request, response) => {
      const number = /^\/comics\/(\d+)(?:_large)?\.png$/u.exec(request.url)?.[1];
      response.writeHead(number ? 200 : 404, { 'Content-Type': 'image/png', 'Cache-Control': 'max-age=300' });
      response.end(number && drawing(...(SIZES[number] ?? USUAL_SIZE)));
    }),
  );
}

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port: server.address().port, stop };
}

/** A PNG in black and white: a frame, and a hatching that takes as many bytes as a drawing does. */
function drawing(width, height) {
  const bytes = Math.ceil(width / 8);
  const rows = Buffer.alloc((bytes + 1) * height, 0xff);
  for (let y = 0; y < height; y += 1) {
    const row = rows.subarray(y * (bytes + 1));
    row[0] = 0;
    const inFrame = y > 3 && y < height - 4;
    for (let x = 1; x <= bytes; x += 1) {
      if (!inFrame || x === 1 || x === bytes) row[x] = 0;
      else if (y % 100 > 50) row[x] = hash(x, y);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

const hash = (x, y) => (Math.imul(x * 374_761_393 + y * 668_265_263, 1_274_126_177) >>> 13) & 0xff;
