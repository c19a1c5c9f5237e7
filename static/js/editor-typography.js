// Quotation marks, dashes and spaces as the language of the text has them: articles/typography.py does the same on the
// server, by the same rules.
const FIXED = "\ufffc"

/** Fix the whole text in one step that can be undone; return how many places changed. */
export function fixTypography(editor, { rules, addresses, spaces }, closeHistory) {
  if (!rules) return 0
  // Addresses in the text do not become links by this.
  const tr = closeHistory(editor.state.tr).setMeta("preventAutolink", true)
  const fixed = new RegExp(addresses, "gu")
  let count = 0
  const apply = (find) => {
    const blocks = []
    tr.doc.descendants((node, position) => {
      if (node.isTextblock && !node.type.spec.code) blocks.push([node, position + 1])
      return !node.isTextblock
    })
    for (const [block, start] of blocks.reverse()) {
      const text = textOf(block).replace(fixed, (address) => FIXED.repeat(address.length))
      for (const { from, to, insert } of find(text).reverse()) {
        const { node } = block.childAfter(from)
        const content = insert ? editor.schema.text(insert, node.marks) : []
        tr.replaceWith(start + from, start + to, content)
        count += 1
      }
    }
  }
  for (const rule of rules.first) apply((text) => replacements(text, rule))
  for (const [mark, pairs] of Object.entries(rules.quotes)) apply((text) => quotationMarks(text, mark, pairs, spaces))
  for (const rule of rules.last) apply((text) => replacements(text, rule))
  if (count) editor.view.dispatch(tr.scrollIntoView())
  return count
}

/** Return the text of a block, with one character for each position in it. */
function textOf(block) {
  let text = ""
  block.forEach((node) => {
    if (!node.isText) text += node.type.name === "hardBreak" ? "\n" : FIXED.repeat(node.nodeSize)
    else text += node.marks.some((mark) => mark.type.spec.code) ? FIXED.repeat(node.nodeSize) : node.text
  })
  return text
}

function replacements(text, [pattern, replacement]) {
  const found = []
  for (const match of text.matchAll(new RegExp(pattern, "gmu"))) {
    const insert = replacement.replace("$1", match[1] ?? "")
    if (insert !== match[0]) found.push({ from: match.index, to: match.index + match[0].length, insert })
  }
  return found
}

/** Return the pairs of a mark of the keyboard as the language has them; a mark without its other one stays. */
function quotationMarks(text, mark, pairs, spaces) {
  const found = []
  const opened = [] // [pair, where it was typed; -1 if it is a mark of the language already]
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]
    const last = opened.at(-1)
    const pair = pairs.find((one) => one[0] === character)
    if (last?.[1] < 0 && character === last[0][1]) opened.pop()
    else if (pair) opened.push([pair, -1])
    else if (character === mark) {
      const isAfterSpace = index === 0 || spaces.includes(text[index - 1]) || "([{/—–-«“„‘‚".includes(text[index - 1])
      const isBeforeText = index + 1 < text.length && !spaces.includes(text[index + 1])
      if ((isAfterSpace || (last && last[1] === index - 1)) && isBeforeText) {
        opened.push([opened.slice(-2).some(([one]) => one === pairs[0]) ? pairs.at(-1) : pairs[0], index])
      } else if (last?.[1] >= 0) {
        const [[left, right], start] = opened.pop()
        found.push({ from: start, to: start + 1, insert: left }, { from: index, to: index + 1, insert: right })
      }
    }
  }
  return found.sort((one, other) => one.from - other.from)
}
