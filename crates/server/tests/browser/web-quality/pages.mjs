// The pages that every gate looks at. A page that is added here is added to all of them.
//
// name     what reports and screenshots call it
// app      which app shows it, see site.mjs
// path     where
// status   what it answers with, 200 if nothing is said
// comic    whether it is the page of a comic, with its own budget and its own printed sheet
// state    whether it is another state of a template that is further up: Lighthouse runs once per template
// scanned  whether the Observatory looks at it
// sent     what is posted to the path to come to the page: the fields of a form, beside its token
// prepare  brings a browser context into the state that the page needs, such as signed in: async (context, url)

import { COMICS } from './stub-xkcd.mjs';

/** An account of the app named `xkcd`. */
export const ADMIN = { username: 'ada', password: 'kettle-moss-tricycle', role: 'superuser' };

export const PAGES = [
  { name: 'random', app: 'xkcd', path: '/', comic: true, scanned: true },
  { name: 'comic-built-in', app: 'built-in', path: '/1000001/', comic: true },
  { name: 'comic-first', app: 'xkcd', path: '/1/', comic: true, scanned: true },
  { name: 'comic-transcribed', app: 'xkcd', path: `/${COMICS.transcribed}/`, comic: true, state: true },
  { name: 'comic-enlarged', app: 'xkcd', path: `/${COMICS.enlarged}/`, comic: true, state: true },
  { name: 'comic-interactive', app: 'xkcd', path: `/${COMICS.interactive}/`, comic: true, state: true },
  { name: 'comic-without-image', app: 'xkcd', path: `/${COMICS.withoutImage}/`, comic: true, state: true },
  { name: 'comic-tall', app: 'xkcd', path: `/${COMICS.tall}/`, comic: true, state: true },
  { name: 'comic-garbled', app: 'xkcd', path: `/${COMICS.garbled}/`, comic: true, state: true },
  { name: 'not-found', app: 'xkcd', path: '/404/', status: 404 },
  { name: 'unavailable', app: 'unreachable', path: '/5/', status: 503, state: true },
  { name: 'popular', app: 'xkcd', path: '/popular/' },
  { name: 'archive', app: 'xkcd', path: '/archive/' },
  { name: 'search', app: 'xkcd', path: '/search/' },
  { name: 'search-results', app: 'xkcd', path: '/search/?q=lighthouse', state: true },
  { name: 'search-nothing', app: 'xkcd', path: '/search/?q=nowhere', state: true },
  { name: 'search-garbled', app: 'xkcd', path: '/search/?q=%00kettle%C2%80%EF%BF%BF', state: true },
  { name: 'about', app: 'xkcd', path: '/about/' },
  { name: 'admin-sign-in', app: 'xkcd', path: '/admin/login/', scanned: true },
  { name: 'admin-dashboard', app: 'xkcd', path: '/admin/', prepare: signIn },
  { name: 'admin-counts', app: 'xkcd', path: '/admin/comics/', prepare: signIn },
  { name: 'admin-counts-found', app: 'xkcd', path: '/admin/comics/?q=late', state: true, prepare: signIn },
  { name: 'admin-change', app: 'xkcd', path: `/admin/comics/${COMICS.enlarged}/`, prepare: signIn },
  {
    name: 'admin-conflict',
    app: 'xkcd',
    path: `/admin/comics/${COMICS.enlarged}/`,
    status: 409,
    sent: { seen: '0', version: '0', views: '7' },
    state: true,
    prepare: signIn,
  },
  {
    name: 'admin-confirm',
    app: 'xkcd',
    path: '/admin/comics/bulk/',
    sent: { action: 'delete', row: `${COMICS.enlarged}.0.0` },
    state: true,
    prepare: signIn,
  },
  { name: 'admin-add', app: 'xkcd', path: '/admin/comics/add/', prepare: signIn },
  { name: 'admin-history', app: 'xkcd', path: '/admin/history/', prepare: signIn },
  { name: 'admin-accounts', app: 'xkcd', path: '/admin/accounts/', prepare: signIn },
  { name: 'admin-password', app: 'xkcd', path: '/admin/password/', prepare: signIn },
];

/** Brings a browser context into the session of an admin, once for all pages. */
async function signIn(context, url) {
  signedIn ??= signInOnce(context, url);
  await context.addCookies(await signedIn);
}

let signedIn;

async function signInOnce(context, url) {
  const page = await context.newPage();
  await page.goto(new URL('/admin/login/', url).href);
  await page.getByLabel('Username').fill(ADMIN.username);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/admin/');
  await page.goto(new URL(`/admin/comics/${COMICS.enlarged}/`, url).href);
  // So that there is a history to show.
  await page.getByLabel('Count of views').fill('1000');
  await page.getByRole('button', { name: 'Change the count' }).click();
  return context.cookies();
}
