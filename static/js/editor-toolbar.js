// The editor's toolbars: each is one tab stop, with arrow keys between the buttons. Also the dialog for links.
import * as prose from "django-prose-editor/editor"
import { askForEmbed, askForFootnote, togglePullQuote } from "editor-blocks"
import { button as makeButton, labelled, make, openDialog } from "editor-dialog"
import { fixTypography } from "editor-typography"

const GROUPS = [
  ["heading2", "heading3"],
  ["bold", "italic", "code", "link", "footnote"],
  ["bullets", "numbers", "quotation", "pullQuote", "codeBlock", "rule"],
  ["image", "table", "embed"],
  ["typography", "undo", "redo"],
  ["shortcuts"],
]
const TABLE_GROUPS = [["rowAbove", "rowBelow", "rowRemove"], ["columnBefore", "columnAfter", "columnRemove"], ["headerRow", "tableRemove"]]
const LETTERS = { typography: "«»", shortcuts: "?" }
// The keys of a tool, and what can be typed at the beginning of a line or around words.
const SHORTCUTS = [
  ["heading2", "Mod Alt 2", "##"],
  ["heading3", "Mod Alt 3", "###"],
  ["bold", "Mod B", "**…**"],
  ["italic", "Mod I", "*…*"],
  ["code", "Mod E", "`…`"],
  ["link", "Mod K", ""],
  ["bullets", "Mod Shift 8", "-"],
  ["numbers", "Mod Shift 7", "1."],
  ["quotation", "Mod Shift B", ">"],
  ["codeBlock", "Mod Alt C", "```"],
  ["rule", "", "---"],
  ["undo", "Mod Z", ""],
  ["redo", "Mod Shift Z", ""],
  ["shortcuts", "Mod /", ""],
]
const MOD = /Mac|iP/.test(navigator.platform) ? "⌘" : "Ctrl"

const ACTIONS = {
  heading2: { run: (chain) => chain.toggleHeading({ level: 2 }), active: (e) => e.isActive("heading", { level: 2 }) },
  heading3: { run: (chain) => chain.toggleHeading({ level: 3 }), active: (e) => e.isActive("heading", { level: 3 }) },
  bold: { run: (chain) => chain.toggleBold(), active: (e) => e.isActive("bold") },
  italic: { run: (chain) => chain.toggleItalic(), active: (e) => e.isActive("italic") },
  code: { run: (chain) => chain.toggleCode(), active: (e) => e.isActive("code") },
  link: { ask: (toolbar) => toolbar.askForLink(), active: (e) => e.isActive("link") },
  footnote: { ask: ({ editor, config }) => askForFootnote(editor, config.words) },
  bullets: { run: (chain) => chain.toggleBulletList(), active: (e) => e.isActive("bulletList") },
  numbers: { run: (chain) => chain.toggleOrderedList(), active: (e) => e.isActive("orderedList") },
  quotation: { run: (chain) => chain.toggleBlockquote(), active: (e) => e.isActive("blockquote", { pull: false }) },
  pullQuote: { run: (chain, e) => togglePullQuote(e, chain), active: (e) => e.isActive("blockquote", { pull: true }) },
  codeBlock: { run: (chain) => chain.toggleCodeBlock(), active: (e) => e.isActive("codeBlock") },
  rule: { run: (chain) => chain.setHorizontalRule() },
  image: { ask: ({ uploads }) => uploads.ask() },
  table: { run: (chain) => chain.insertTable({ rows: 3, cols: 3, withHeaderRow: true }), enabled: (e) => !e.isActive("table") },
  embed: { ask: ({ editor, config }) => askForEmbed(editor, config.words, config.mastodon) },
  typography: { ask: (toolbar) => toolbar.fixTypography() },
  shortcuts: { ask: (toolbar) => toolbar.showShortcuts() },
  undo: { run: (chain) => chain.undo(), enabled: (e) => e.can().undo() },
  redo: { run: (chain) => chain.redo(), enabled: (e) => e.can().redo() },
  rowAbove: { run: (chain) => chain.addRowBefore() },
  rowBelow: { run: (chain) => chain.addRowAfter() },
  rowRemove: { run: (chain) => chain.deleteRow() },
  columnBefore: { run: (chain) => chain.addColumnBefore() },
  columnAfter: { run: (chain) => chain.addColumnAfter() },
  columnRemove: { run: (chain) => chain.deleteColumn() },
  headerRow: { run: (chain) => chain.toggleHeaderRow() },
  tableRemove: { run: (chain) => chain.deleteTable() },
}

function drawing(icons, name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use")
  svg.setAttribute("aria-hidden", "true")
  use.setAttribute("href", `${icons}#${name}`)
  svg.append(use)
  return svg
}

/** Return `typed` as a URL that is allowed in a link, or null. */
function addressOf(typed) {
  const text = typed.trim()
  if (/^[^\s/@:]+@[^\s/@:]+\.[^\s/@:]+$/.test(text)) return `mailto:${text}`
  const address = /^[a-z][a-z0-9+.-]*:/i.test(text) && !/^[^/]*:\d/.test(text) ? text : `https://${text}`
  if (!URL.canParse(address)) return null
  const { protocol, hostname } = new URL(address)
  if (protocol === "mailto:") return address
  return ["http:", "https:"].includes(protocol) && hostname ? address : null
}

class Bar {
  constructor(editor, config, uploads, { groups, label, className }) {
    Object.assign(this, { editor, config, uploads })
    this.element = make("div", { class: `editor-toolbar ${className}`, role: "toolbar", "aria-label": label })
    this.buttons = new Map()
    for (const group of groups) this.element.append(make("div", { class: "editor-group" }, ...group.map((name) => this.button(name))))
    this.buttons.values().next().value.tabIndex = 0
    this.element.addEventListener("keydown", (event) => this.move(event))
    editor.on("transaction", () => this.update())
  }

  content(name) {
    if (name.startsWith("heading")) return this.config.words[name]
    return LETTERS[name] ?? drawing(this.config.icons, name)
  }

  button(name) {
    const { words } = this.config
    const button = make("button", { type: "button", "aria-label": words[name], title: words[name], "data-tool": name }, this.content(name))
    button.tabIndex = -1
    // Keep the selection in the text while the toolbar is clicked.
    button.addEventListener("mousedown", (event) => event.preventDefault())
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return
      const { ask, run } = ACTIONS[name]
      if (ask) ask(this)
      else run(this.editor.chain().focus(), this.editor).run()
    })
    this.buttons.set(name, button)
    return button
  }

  update() {
    for (const [name, button] of this.buttons) {
      const { active, enabled } = ACTIONS[name]
      if (active) button.setAttribute("aria-pressed", String(active(this.editor)))
      if (enabled) button.setAttribute("aria-disabled", String(!enabled(this.editor)))
    }
  }

  move(event) {
    const buttons = [...this.buttons.values()]
    const here = buttons.indexOf(document.activeElement)
    const forward = getComputedStyle(this.element).direction === "rtl" ? "ArrowLeft" : "ArrowRight"
    const backward = forward === "ArrowLeft" ? "ArrowRight" : "ArrowLeft"
    const target = { [forward]: here + 1, [backward]: here - 1, Home: 0, End: buttons.length - 1 }[event.key]
    if (target === undefined || here < 0) return
    event.preventDefault()
    const next = buttons[(target + buttons.length) % buttons.length]
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1
    next.focus()
  }
}

/** What can be done with the table around the caret; hidden outside of tables. */
class TableBar extends Bar {
  constructor(editor, config, uploads) {
    super(editor, config, uploads, { groups: TABLE_GROUPS, label: config.words.tableTools, className: "editor-toolbar--table" })
    this.update()
  }

  content(name) {
    return this.config.words[name]
  }

  update() {
    this.element.hidden = !this.editor.isActive("table")
  }
}

export class Toolbar extends Bar {
  constructor(editor, config, uploads) {
    super(editor, config, uploads, { groups: GROUPS, label: config.words.toolbar, className: "" })
    this.ofTable = new TableBar(editor, config, uploads)
    this.update()
  }

  fixTypography() {
    const { editor, uploads } = this
    const { rules, ...rest } = this.config.typography
    const { closeHistory } = prose.pm.history
    // The change is one step of its own.
    const count = fixTypography(editor, { rules: rules[editor.view.dom.lang], ...rest }, closeHistory)
    editor.view.dispatch(closeHistory(editor.state.tr))
    editor.view.focus()
    uploads.report(`${this.config.words.typographyChanged}: ${count}`)
  }

  showShortcuts() {
    const { words } = this.config
    const head = make("tr", {}, ...["tool", "keys", "typed"].map((name) => make("th", { scope: "col" }, words[name])))
    const rows = SHORTCUTS.map(([name, keys, typed]) => {
      const pressed = keys.split(" ").filter(Boolean)
      const keyboard = pressed.flatMap((key, index) => [index ? " + " : "", make("kbd", {}, key === "Mod" ? MOD : key)])
      return make("tr", {}, make("th", { scope: "row" }, words[name]), make("td", {}, ...keyboard), make("td", {}, ...(typed ? [make("code", {}, typed)] : [])))
    })
    openDialog({
      title: words.shortcuts,
      content: [make("table", { class: "shortcuts" }, make("thead", {}, head), make("tbody", {}, ...rows))],
      cancel: words.close,
      closed: () => this.editor.view.focus(),
    })
  }

  askForLink() {
    const { editor } = this
    const { words } = this.config
    const present = editor.getAttributes("link").href ?? ""
    const input = make("input", { class: "form-control", inputmode: "url", autocomplete: "off" })
    input.value = present
    const remove = makeButton(words.linkRemove)
    const dialog = openDialog({
      title: words.link,
      content: [labelled(words.linkAddress, input, words.linkHint)],
      submit: words.linkSet,
      others: present ? [remove] : [],
      cancel: words.cancel,
      accept: () => {
        const address = addressOf(input.value)
        if (!address) return words.linkWrong
        this.link(address)
      },
      closed: () => editor.view.focus(),
    })
    remove.addEventListener("click", () => {
      editor.chain().extendMarkRange("link").unsetLink().run()
      dialog.close()
    })
    input.select()
  }

  link(address) {
    const { editor } = this
    if (editor.state.selection.empty && !editor.isActive("link")) {
      const text = { type: "text", text: address, marks: [{ type: "link", attrs: { href: address } }] }
      editor.chain().insertContent([text, { type: "text", text: " " }]).run()
    } else {
      editor.chain().extendMarkRange("link").setLink({ href: address }).run()
    }
  }
}
