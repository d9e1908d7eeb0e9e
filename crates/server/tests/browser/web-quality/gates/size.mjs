// The bytes of a page on the wire.

import { once } from 'node:events';
import { get } from 'node:http';

const LARGEST_COMIC_PAGE = 4096;

export async function sizeFaults({ url }) {
  const request = get(url, { headers: { 'Accept-Encoding': 'gzip' } });
  const [response] = await once(request, 'response');
  let bytes = 0;
  for await (const part of response) bytes += part.length;
  const encoding = response.headers['content-encoding'];
  if (encoding !== 'gzip') return [`size: the page is not compressed: ${encoding}`];
  return bytes > LARGEST_COMIC_PAGE ? [`size: ${bytes} bytes, more than ${LARGEST_COMIC_PAGE}`] : [];
}
