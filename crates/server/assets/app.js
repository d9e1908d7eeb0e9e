// Adds to pages that are whole without it.

// A comic drawn at random gets its own address, so that Back and a shared link lead to the same comic.
const permalink = document.getElementById('permalink');
if (permalink && location.pathname === '/') history.replaceState(null, '', permalink.pathname);

// A browser that keeps nothing for sites refuses to be asked.
const remembered = (act) => {
  try {
    return act();
  } catch {
    return undefined;
  }
};

// A shortcut of one character must be possible to turn off (WCAG 2.1.4).
const keys = document.getElementById('keys');
keys.checked = remembered(() => localStorage.keys) !== 'off';
keys.onchange = () => remembered(() => { localStorage.keys = keys.checked ? 'on' : 'off'; });
keys.parentElement.hidden = false;

const link = { ArrowLeft: '[rel=prev]', ArrowRight: '[rel=next]', r: '.name' };
addEventListener('keydown', (event) => {
  const { key, target } = event;
  const modified = event.ctrlKey || event.altKey || event.metaKey || event.shiftKey;
  const typing = target.isContentEditable || target.matches('input, select, textarea');
  // Where the switch is not to be seen, as in the admin site, there is nothing to turn off.
  const on = keys.checked && keys.offsetParent !== null;
  if (on && link[key] && !modified && !typing) document.querySelector(link[key])?.click();
});
