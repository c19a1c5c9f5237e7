// The editor's toolbar: one tab stop, arrow keys between the buttons, and a dialog for links.

const GROUPS = [
  ["heading2", "heading3"],
  ["bold", "italic", "link"],
  ["bullets", "numbers", "quotation", "rule"],
  ["undo", "redo"],
]
const LETTERS = { heading2: "H2", heading3: "H3" }

const ACTIONS = {
  heading2: { run: (chain) => chain.toggleHeading({ level: 2 }), active: (e) => e.isActive("heading", { level: 2 }) },
  heading3: { run: (chain) => chain.toggleHeading({ level: 3 }), active: (e) => e.isActive("heading", { level: 3 }) },
  bold: { run: (chain) => chain.toggleBold(), active: (e) => e.isActive("bold") },
  italic: { run: (chain) => chain.toggleItalic(), active: (e) => e.isActive("italic") },
  link: { active: (e) => e.isActive("link") },
  bullets: { run: (chain) => chain.toggleBulletList(), active: (e) => e.isActive("bulletList") },
  numbers: { run: (chain) => chain.toggleOrderedList(), active: (e) => e.isActive("orderedList") },
  quotation: { run: (chain) => chain.toggleBlockquote(), active: (e) => e.isActive("blockquote") },
  rule: { run: (chain) => chain.setHorizontalRule() },
  undo: { run: (chain) => chain.undo(), enabled: (e) => e.can().undo() },
  redo: { run: (chain) => chain.redo(), enabled: (e) => e.can().redo() },
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
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

export class Toolbar {
  constructor(editor, words, icons) {
    this.editor = editor
    this.words = words
    this.element = make("div", { class: "editor-toolbar", role: "toolbar", "aria-label": words.toolbar })
    this.buttons = new Map()
    for (const group of GROUPS) {
      const box = make("div", { class: "editor-group" })
      for (const name of group) box.append(this.button(name, icons))
      this.element.append(box)
    }
    this.buttons.get("heading2").tabIndex = 0
    this.element.addEventListener("keydown", (event) => this.move(event))
    editor.on("transaction", () => this.update())
    this.update()
  }

  button(name, icons) {
    const content = LETTERS[name] ?? drawing(icons, name)
    const button = make("button", { type: "button", "aria-label": this.words[name], title: this.words[name] }, content)
    button.tabIndex = -1
    // Keep the selection in the text while the toolbar is clicked.
    button.addEventListener("mousedown", (event) => event.preventDefault())
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return
      if (name === "link") this.askForLink()
      else ACTIONS[name].run(this.editor.chain().focus()).run()
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

  askForLink() {
    const { editor, words } = this
    const present = editor.getAttributes("link").href ?? ""
    const input = make("input", { class: "form-control", id: "editor-link", inputmode: "url", autocomplete: "off" })
    input.value = present
    const hint = make("p", { class: "form-text", id: "editor-link-hint" }, words.linkHint)
    input.setAttribute("aria-describedby", hint.id)
    const set = make("button", { class: "button button--first", value: "set" }, words.linkSet)
    const remove = make("button", { class: "button", type: "button" }, words.linkRemove)
    const cancel = make("button", { class: "button", type: "button" }, words.cancel)
    const form = make(
      "form",
      { method: "dialog" },
      make("label", { class: "form-label", for: input.id }, words.linkAddress),
      input,
      hint,
      make("div", { class: "actions" }, set, ...(present ? [remove] : []), cancel),
    )
    // Outside the article's form, because forms cannot be nested.
    const dialog = make("dialog", { class: "editor-dialog", "aria-label": words.link }, form)
    document.body.append(dialog)
    input.addEventListener("input", () => input.setCustomValidity(""))
    form.addEventListener("submit", (event) => {
      const address = addressOf(input.value)
      if (address) {
        this.link(address)
        return
      }
      event.preventDefault()
      input.setCustomValidity(words.linkWrong)
      input.reportValidity()
    })
    remove.addEventListener("click", () => {
      editor.chain().extendMarkRange("link").unsetLink().run()
      dialog.close()
    })
    cancel.addEventListener("click", () => dialog.close())
    dialog.addEventListener("close", () => {
      dialog.remove()
      editor.view.focus()
    })
    dialog.showModal()
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
