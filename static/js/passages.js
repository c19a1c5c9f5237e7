// Quotes the words that a moderator has selected in the preview, for a note on them.
const MAX_CONTEXT = 32
// Numbers that are not part of the text (articles/moderation/passages.py).
const MADE = ".passage-number, sup.footnote, a.back"
const INLINE = "a, code, em, mark, span, strong, sub, sup"
const frame = document.querySelector("iframe.preview")
const bar = document.querySelector(".select-passage")

/** Return the text of a range: blocks are separated by a space, as all white space is. */
function textOf(range) {
  const part = range.cloneContents()
  for (const made of part.querySelectorAll(MADE)) made.remove()
  for (const block of part.querySelectorAll(`:not(${INLINE})`)) {
    block.before(" ")
    block.after(" ")
  }
  return part.textContent.replace(/\s+/g, " ")
}

/** Return the selected words of the text and what stands around them; nothing if none are selected. */
function selectedWords() {
  const page = frame.contentDocument
  const prose = page?.querySelector(".prose")
  const selection = page?.getSelection()
  if (!prose || !selection.rangeCount || selection.isCollapsed) return null
  const all = page.createRange()
  all.selectNodeContents(prose)
  const words = selection.getRangeAt(0).cloneRange()
  if (!words.intersectsNode(prose)) return null
  // Selecting a whole paragraph can end behind the text.
  if (words.compareBoundaryPoints(Range.START_TO_START, all) < 0) words.setStart(all.startContainer, all.startOffset)
  if (words.compareBoundaryPoints(Range.END_TO_END, all) > 0) words.setEnd(all.endContainer, all.endOffset)
  const [before, after] = [all.cloneRange(), all.cloneRange()]
  before.setEnd(words.startContainer, words.startOffset)
  after.setStart(words.endContainer, words.endOffset)
  const text = textOf(words)
  const [prefix, suffix] = [textOf(before) + (text.startsWith(" ") ? " " : ""), (text.endsWith(" ") ? " " : "") + textOf(after)]
  return text.trim() && {
    quote: text.trim(),
    quote_prefix: prefix.replace(/ +/g, " ").slice(-MAX_CONTEXT),
    quote_suffix: suffix.replace(/ +/g, " ").slice(0, MAX_CONTEXT),
  }
}

if (frame && bar) {
  const { elements } = document.getElementById("decision")
  const status = bar.querySelector("[role=status]")
  bar.hidden = false
  bar.querySelector("[data-quote]").addEventListener("click", () => {
    const words = selectedWords()
    status.textContent = words ? "" : status.dataset.none
    if (!words) return
    for (const [name, value] of Object.entries(words)) elements[name].value = value
    elements.quote.dispatchEvent(new Event("input", { bubbles: true }))
    elements.note.focus()
  })
  // What stood around other words says nothing of words that are typed.
  elements.quote.addEventListener("input", (event) => {
    if (event.isTrusted) elements.quote_prefix.value = elements.quote_suffix.value = ""
  })
}
