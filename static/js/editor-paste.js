// Prepares pasted HTML for the editor. Word processors mark bold text by style attributes, which the page's content
// security policy blocks, so they are replaced by elements before the editor parses the text.

const HEADINGS = { H1: "h2", H4: "h3", H5: "h3", H6: "h3" }

function rename(element, name) {
  const renamed = element.ownerDocument.createElement(name)
  renamed.append(...element.childNodes)
  element.replaceWith(renamed)
}

function wrapContent(element, name) {
  const inner = element.ownerDocument.createElement(name)
  inner.append(...element.childNodes)
  element.append(inner)
}

/** Make lists of the paragraphs that Word writes for them: each begins with its bullet or number. */
function makeWordLists(page) {
  let list
  for (const paragraph of page.querySelectorAll("p[class*=MsoList], p[data-style*='mso-list']")) {
    const ignored = [...paragraph.querySelectorAll("[data-style]")].find((one) => /mso-list:\s*ignore/i.test(one.dataset.style))
    const marker = ignored?.textContent ?? /^\s*(?:[·•▪§o–-]|\w{1,4}[.)])[\s\u00a0]+/.exec(paragraph.textContent)?.[0]
    if (!marker) continue
    if (ignored) ignored.remove()
    else removeStart(paragraph, marker.length)
    const name = /\w[.)]/.test(marker) ? "ol" : "ul"
    if (!list || list !== paragraph.previousElementSibling || list.localName !== name) {
      list = page.createElement(name)
      paragraph.before(list)
    }
    const item = page.createElement("li")
    item.append(...paragraph.childNodes)
    list.append(item)
    paragraph.remove()
  }
}

function removeStart(element, length) {
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
  while (length > 0 && texts.nextNode()) {
    const cut = Math.min(length, texts.currentNode.data.length)
    texts.currentNode.data = texts.currentNode.data.slice(cut)
    length -= cut
  }
}

export function prepared(html) {
  const harmless = html.replace(/<[^>]+>/g, (tag) => tag.replace(/\s(style|on\w+)(\s*=)/gi, " data-$1$2"))
  const page = new DOMParser().parseFromString(harmless, "text/html")
  makeWordLists(page)
  for (const element of page.querySelectorAll("[data-style]")) {
    const style = element.dataset.style.toLowerCase()
    element.removeAttribute("data-style")
    const plain = /font-weight:\s*(normal|400)/.test(style)
    const upright = /font-style:\s*normal/.test(style)
    if ((plain && /^(B|STRONG)$/.test(element.tagName)) || (upright && /^(I|EM)$/.test(element.tagName))) {
      element.replaceWith(...element.childNodes)
      continue
    }
    if (element.tagName !== "SPAN") continue
    if (/font-weight:\s*(bold|[6-9]00)/.test(style)) wrapContent(element, "strong")
    if (/font-style:\s*italic/.test(style)) wrapContent(element, "em")
  }
  for (const heading of page.querySelectorAll("h1, h4, h5, h6")) rename(heading, HEADINGS[heading.tagName])
  return page.body.innerHTML
}
