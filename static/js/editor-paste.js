// Prepares pasted HTML for the editor: what word processors, spreadsheets and wikis write becomes plain structure. Bold
// and other formats are often style attributes, which the page's content security policy blocks, so they are replaced by
// elements before the editor parses the text.

const HEADINGS = { H1: "h2", H4: "h3", H5: "h3", H6: "h3" }
// Not part of the text: comments and deleted words, links to edit a section, back-links of notes.
const NOISE = [
  "style, script, meta, link, title, xml, template, colgroup, del, [hidden]",
  ".mw-editsection, .mw-cite-backlink, .mw-empty-elt, .navbox, .noprint, .MsoCommentReference",
  "[data-style*='mso-element:comment'], [data-style*='mso-comment'], [data-style*='mso-hide:all'], [data-style*='display:none']",
].join(", ")
// The addresses of footnotes in Word, LibreOffice, Google Docs and MediaWiki.
const NOTE = /^(?:_(?:ftn|edn)|sd(?:foot|end)note|ftnt|cite_note|fn[:-]?)\w*/i
const BLOCKS = "p, h1, h2, h3, h4, h5, h6, ul, ol, li, table, blockquote, pre, figure, div, hr"

function rename(element, name) {
  const renamed = element.ownerDocument.createElement(name)
  renamed.append(...element.childNodes)
  element.replaceWith(renamed)
  return renamed
}

function wrapContent(element, name) {
  const inner = element.ownerDocument.createElement(name)
  inner.append(...element.childNodes)
  element.append(inner)
}

function removeStart(element, length) {
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
  while (length > 0 && texts.nextNode()) {
    const cut = Math.min(length, texts.currentNode.data.length)
    texts.currentNode.data = texts.currentNode.data.slice(cut)
    length -= cut
  }
}

/** Make lists of the paragraphs that Word writes for them: each begins with its bullet or number. */
function makeWordLists(page) {
  let open = [] // The lists in each other, outermost first.
  let last = null
  for (const paragraph of page.querySelectorAll("p[class*=MsoList], p[data-style*='mso-list']")) {
    const ignored = [...paragraph.querySelectorAll("[data-style]")].find((one) => /mso-list:\s*ignore/i.test(one.dataset.style))
    const marker = ignored?.textContent ?? /^\s*(?:[·•▪§o–-]|\w{1,4}[.)])[\s\u00a0]+/.exec(paragraph.textContent)?.[0]
    if (!marker) continue
    if (ignored) ignored.remove()
    else removeStart(paragraph, marker.length)
    const name = /\w[.)]/.test(marker) ? "ol" : "ul"
    const level = Math.min(Number(/level(\d)/.exec(paragraph.dataset.style ?? "")?.[1] ?? 1), 4)
    if (!last || paragraph.previousElementSibling !== last) open = []
    open.length = Math.min(open.length, level)
    if (open.length === level && open.at(-1).localName !== name) open.pop()
    while (open.length < level) {
      const list = page.createElement(name)
      const around = open.at(-1)
      if (around) (around.lastElementChild ?? around.appendChild(page.createElement("li"))).append(list)
      else paragraph.before(list)
      open.push(list)
    }
    const item = page.createElement("li")
    item.append(...paragraph.childNodes)
    open.at(-1).append(item)
    last = open[0]
    paragraph.remove()
  }
}

/** Put lists that stand directly in another list into the item before them. */
function nestLists(page) {
  for (const list of page.querySelectorAll(":is(ul, ol) > :is(ul, ol)")) {
    const before = list.previousElementSibling
    if (before?.localName === "li") before.append(list)
  }
}

/** Put the text of each footnote where its number stands. */
function makeFootnotes(page) {
  const used = new Set()
  for (const link of page.querySelectorAll("a[href*='#']")) {
    const target = decodeURIComponent(link.getAttribute("href").split("#").at(-1))
    if (!NOTE.test(target) || /anc$|_?ref/i.test(target)) continue
    const marker = link.closest("sup") ?? link
    const anchor = page.getElementById(target) ?? page.querySelector(`a[name="${CSS.escape(target)}"]`)
    let note = anchor?.closest("li, p, dd") ?? anchor
    if (!note && anchor) note = anchor.parentElement
    if (!note || note.contains(link) || used.has(note)) {
      marker.remove() // The notes were not copied.
      continue
    }
    const copy = note.cloneNode(true)
    for (const back of copy.querySelectorAll(`a[href*='#'], a[name]`)) back.remove()
    const text = copy.textContent.replace(/\s+/g, " ").replace(/^[\s^↑[\]\d.]+(?=\p{L}|["«“„(])/u, "").trim()
    if (text) {
      const element = page.createElement("foot-note")
      element.textContent = text
      marker.replaceWith(element)
    } else marker.remove()
    used.add(note)
  }
  for (const note of used) {
    const box = note.parentElement
    const line = box?.previousElementSibling ?? note.previousElementSibling
    note.remove()
    if (box && box !== page.body && !box.textContent.trim()) box.remove()
    if (line?.localName === "hr") line.remove()
  }
}

/** Give images that the clipboard holds to `upload`, which returns a key or "", and drop the others; return how many. */
function takeImages(page, rtf, upload) {
  const inRTF = picturesOf(rtf)
  let lost = 0
  for (const image of page.querySelectorAll("img:not([data-image])")) {
    const source = image.getAttribute("src") ?? ""
    const file = source.startsWith("data:image/") ? fileOf(source) : /^file:/i.test(source) ? inRTF.shift() : null
    const key = file ? upload(file) : ""
    const figure = image.closest("figure")
    if (key) {
      const place = page.createElement("figure")
      place.dataset.upload = key
      const block = image.closest("p, h1, h2, h3, h4, h5, h6, figure")
      if (block) block.before(place)
      else image.before(place)
    } else lost += 1
    image.remove()
    figure?.remove()
  }
  return lost
}

function fileOf(address) {
  const [, type, data] = /^data:(image\/[\w+.-]+);base64,(.+)$/s.exec(address) ?? []
  if (!data) return null
  try {
    return new File([Uint8Array.from(atob(data.replace(/\s/g, "")), (character) => character.charCodeAt(0))], "", { type })
  } catch {
    return null
  }
}

/** Return the images of the clipboard's RTF, in which Word puts them; its HTML names files that no page can read. */
function picturesOf(rtf) {
  const found = []
  for (const [, type, hex] of (rtf ?? "").matchAll(/\\(png|jpeg)blip\b(?:\\[a-z]+-?\d*|\{[^{}]*\}|\s)*([0-9a-f\s]{80,})\}/gi)) {
    const bytes = hex.replace(/\s/g, "").match(/../g)
    found.push(new File([Uint8Array.from(bytes, (byte) => parseInt(byte, 16))], "", { type: `image/${type}` }))
  }
  return found
}

function applyStyles(page) {
  for (const element of page.querySelectorAll("[data-style]")) {
    const style = element.dataset.style.toLowerCase()
    element.removeAttribute("data-style")
    // Not Word's mso-bidi-font-weight, which is about right-to-left scripts.
    const plain = /(?<!-)font-weight:\s*(normal|400)/.test(style)
    const upright = /(?<!-)font-style:\s*normal/.test(style)
    if ((plain && /^(B|STRONG)$/.test(element.tagName)) || (upright && /^(I|EM)$/.test(element.tagName))) {
      element.replaceWith(...element.childNodes)
      continue
    }
    if (element.tagName !== "SPAN" || element.querySelector(BLOCKS) || element.closest("h1, h2, h3, h4, h5, h6")) continue
    if (/(?<!-)font-weight:\s*(bold|[6-9]00)/.test(style)) wrapContent(element, "strong")
    if (/(?<!-)font-style:\s*italic/.test(style)) wrapContent(element, "em")
    const raised = /vertical-align:\s*(super|sub)/.exec(style)
    if (raised && element.textContent.trim()) wrapContent(element, raised[1] === "super" ? "sup" : "sub")
  }
}

function cleanLinks(page) {
  for (const link of page.querySelectorAll("a")) {
    let address = link.getAttribute("href") ?? ""
    // Google Docs links to a page that redirects.
    const redirect = /^https:\/\/www\.google\.com\/url\?/.test(address) && new URL(address).searchParams.get("q")
    if (redirect) link.setAttribute("href", (address = redirect))
    if (!/^(https?|mailto):/i.test(address) || !link.textContent.trim()) link.replaceWith(...link.childNodes)
  }
}

function cleanTables(page) {
  for (const caption of page.querySelectorAll("table caption")) {
    const text = rename(caption, "p")
    text.closest("table").before(text)
  }
  for (const table of page.querySelectorAll("table")) {
    for (const row of [...table.querySelectorAll("tr")].reverse()) {
      if (row.textContent.trim()) break
      row.remove()
    }
    if (!table.querySelector("tr")) table.remove()
  }
}

function cleanSpaces(page) {
  const texts = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const node = texts.currentNode
    if (!node.parentElement.closest("pre")) node.data = node.data.replace(/[ \u00a0\t\r\n]{2,}|[\t\r\n]/g, " ")
  }
  for (const paragraph of page.querySelectorAll("p, h1, h2, h3, h4, h5, h6")) {
    if (!paragraph.textContent.trim() && !paragraph.querySelector("img, foot-note") && !paragraph.closest("td, th")) paragraph.remove()
  }
  for (const end of page.querySelectorAll(".Apple-interchange-newline, body > br")) end.remove()
}

/** Parse HTML of the clipboard without its styles, which the content security policy would report. */
export function parsed(html) {
  const harmless = html
    .replace(/<style\b[^>]*>[\s\S]*?<\/style>/gi, "")
    .replace(/<[^>]+>/g, (tag) => tag.replace(/\s(style|on\w+)(\s*=)/gi, " data-$1$2"))
  return new DOMParser().parseFromString(harmless, "text/html")
}

/**
 * Return pasted HTML as the editor can parse it.
 *
 * rtf: the same text as RTF, "" if there is none; upload: takes a file, returns a key or "" if there is no room for it;
 * report: is called with the number of images that could not be pasted.
 */
export function prepared(html, { rtf = "", upload = () => "", report = () => {} } = {}) {
  const page = parsed(html)
  if (page.querySelector("[data-pm-slice]")) return html // Copied from the editor itself.
  for (const element of page.querySelectorAll("[data-style]")) element.dataset.style = element.dataset.style.replace(/:\s+/g, ":")
  for (const element of page.querySelectorAll(NOISE)) element.remove()
  const lost = takeImages(page, rtf, upload)
  makeFootnotes(page)
  makeWordLists(page)
  nestLists(page)
  for (const title of page.querySelectorAll("p.MsoTitle")) rename(title, "h2")
  for (const quotation of page.querySelectorAll("p.MsoQuote, p.MsoIntenseQuote")) wrapContent(rename(quotation, "blockquote"), "p")
  applyStyles(page)
  cleanLinks(page)
  cleanTables(page)
  cleanSpaces(page)
  for (const heading of page.querySelectorAll("h1, h4, h5, h6")) rename(heading, HEADINGS[heading.tagName])
  if (lost) report(lost)
  return page.body.innerHTML
}
