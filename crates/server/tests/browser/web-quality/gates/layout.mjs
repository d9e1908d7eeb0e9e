// What can be measured on a page as it lies before a person.

const SMALLEST_TARGET_PX = 24;

export async function layoutFaults(page) {
  const faults = await page.evaluate(measure, SMALLEST_TARGET_PX);
  return faults.map((fault) => `layout: ${fault}`);
}

/** Runs in the page. */
function measure(smallest) {
  const faults = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) faults.push(`${scrollWidth} px of content in ${clientWidth} px`);

  const isWord = (element) => {
    // WCAG 2.5.8 excepts what stands in a line of text, whose height it must not change.
    if (getComputedStyle(element).display !== 'inline') return false;
    const others = [...element.parentElement.childNodes].filter((node) => node !== element);
    return others.some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== '');
  };
  const targets = document.querySelectorAll('a[href], button, input, select, textarea, summary');
  for (const element of targets) {
    const { width, height } = element.getBoundingClientRect();
    const shown = element.checkVisibility() && width > 1 && height > 1;
    if (shown && (width < smallest || height < smallest) && !isWord(element)) {
      faults.push(`a target of ${Math.round(width)} x ${Math.round(height)} px: ${element.outerHTML}`);
    }
  }

  for (const image of document.querySelectorAll('figure img')) {
    for (let element = image; element; element = element.parentElement) {
      const { filter, mixBlendMode } = getComputedStyle(element);
      if (filter !== 'none') faults.push(`a drawing is shown through ${filter}`);
      if (mixBlendMode !== 'normal') faults.push(`a drawing is blended by ${mixBlendMode}`);
    }
  }
  return faults;
}
