// The pages that every gate looks at. A page that is added here is added to all of them.
//
// name     what reports and screenshots call it
// app      which app shows it, see site.mjs
// path     where
// status   what it answers with, 200 if nothing is said
// comic    whether it is the page of a comic, with its own budget and its own printed sheet
// state    whether it is another state of a template that is further up: Lighthouse runs once per template
// scanned  whether the Observatory looks at it
// prepare  brings a browser context into the state that the page needs, such as signed in: async (context, url)

import { COMICS } from './stub-xkcd.mjs';

export const PAGES = [
  { name: 'random', app: 'xkcd', path: '/', comic: true, scanned: true },
  { name: 'comic-built-in', app: 'built-in', path: '/1000001/', comic: true },
  { name: 'comic-first', app: 'xkcd', path: '/1/', comic: true, scanned: true },
  { name: 'comic-transcribed', app: 'xkcd', path: `/${COMICS.transcribed}/`, comic: true, state: true },
  { name: 'comic-enlarged', app: 'xkcd', path: `/${COMICS.enlarged}/`, comic: true, state: true },
  { name: 'comic-interactive', app: 'xkcd', path: `/${COMICS.interactive}/`, comic: true, state: true },
  { name: 'comic-without-image', app: 'xkcd', path: `/${COMICS.withoutImage}/`, comic: true, state: true },
  { name: 'comic-tall', app: 'xkcd', path: `/${COMICS.tall}/`, comic: true, state: true },
  { name: 'not-found', app: 'xkcd', path: '/404/', status: 404 },
  { name: 'unavailable', app: 'unreachable', path: '/5/', status: 503, state: true },
  { name: 'popular', app: 'xkcd', path: '/popular/' },
  { name: 'archive', app: 'xkcd', path: '/archive/' },
  { name: 'search', app: 'xkcd', path: '/search/' },
  { name: 'search-results', app: 'xkcd', path: '/search/?q=lighthouse' },
  { name: 'search-nothing', app: 'xkcd', path: '/search/?q=nowhere', state: true },
  { name: 'about', app: 'xkcd', path: '/about/' },
];
