// axe-core: WCAG 2.2 AA and what is good practice beyond it.

import axe from 'axe-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export async function accessibilityFaults(page) {
  // Evaluated by the debugger, which no Content-Security-Policy keeps out.
  await page.evaluate(axe.source);
  const { violations, passes } = await page.evaluate(
    (tags) => globalThis.axe.run({ runOnly: tags, resultTypes: ['violations'] }),
    TAGS,
  );
  if (passes.length === 0) return ['axe: no rule applied'];
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `axe: ${id}: ${help}: ${html}: ${failureSummary}`),
  );
}
