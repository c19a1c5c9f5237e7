// Offers existing tags while an author types one: a combobox with a list, as in the WAI-ARIA Authoring Practices.
const DELAY = 200
const COMMAS = /[,;،，、]/

class TagBox {
  constructor(input) {
    this.input = input
    this.found = new Map() // what was typed → names
    this.options = []
    this.active = -1
    this.list = document.createElement("ul")
    this.list.className = "tag-suggestions"
    this.list.id = `${input.id}_suggestions`
    this.list.hidden = true
    this.list.setAttribute("role", "listbox")
    this.list.setAttribute("aria-label", input.dataset.found)
    this.status = document.createElement("p")
    this.status.className = "unseen"
    this.status.setAttribute("role", "status")
    input.after(this.list, this.status)
    const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id }
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value)
    input.addEventListener("input", (event) => event.isTrusted && this.later())
    input.addEventListener("keydown", (event) => this.onKey(event))
    // Only while it has the focus: after "Back", browsers restore no field that had it when the page was left.
    input.addEventListener("focus", () => input.setAttribute("autocomplete", "off"))
    input.form.addEventListener("submit", () => input.removeAttribute("autocomplete"))
    input.addEventListener("blur", () => {
      input.removeAttribute("autocomplete")
      this.close()
    })
  }

  /** The part between two commas in which the caret is. */
  part() {
    const { value, selectionStart } = this.input
    const start = value.slice(0, selectionStart).search(/[^,;،，、]*$/)
    const length = value.slice(selectionStart).search(COMMAS)
    return { start, end: length < 0 ? value.length : selectionStart + length, typed: value.slice(start, selectionStart).trim() }
  }

  later() {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.show(), DELAY)
  }

  async show() {
    const { start, end, typed } = this.part()
    const names = typed.length < 2 ? [] : await this.ask(typed)
    if (document.activeElement !== this.input || this.part().typed !== typed) return
    const { value } = this.input
    const others = `${value.slice(0, start)},${value.slice(end)}`.split(COMMAS).map((name) => name.trim().toLowerCase())
    this.open(names.filter((name) => !others.includes(name.toLowerCase()) && name !== typed))
  }

  async ask(typed) {
    const key = typed.toLowerCase()
    if (!this.found.has(key)) {
      const address = `${this.input.dataset.suggestions}?${new URLSearchParams({ q: typed })}`
      const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null)
      if (!answer?.ok) return []
      this.found.set(key, (await answer.json()).tags)
    }
    return this.found.get(key)
  }

  open(names) {
    this.active = -1
    this.options = names.map((name, number) => {
      const option = document.createElement("li")
      option.id = `${this.list.id}_${number}`
      option.setAttribute("role", "option")
      option.setAttribute("aria-selected", "false")
      option.dir = "auto"
      option.textContent = name
      // Before the field loses the focus.
      option.addEventListener("mousedown", (event) => event.preventDefault())
      option.addEventListener("click", () => this.choose(name))
      return option
    })
    this.list.replaceChildren(...this.options)
    this.list.hidden = !names.length
    this.input.setAttribute("aria-expanded", String(names.length > 0))
    this.input.removeAttribute("aria-activedescendant")
    this.status.textContent = names.length ? `${this.input.dataset.found}: ${names.length}` : ""
  }

  close() {
    clearTimeout(this.timer)
    this.open([])
  }

  choose(name) {
    const { start, end } = this.part()
    const { value } = this.input
    const rest = value.slice(end)
    const head = `${value.slice(0, start)}${start ? " " : ""}${name}${rest ? "" : ", "}`
    this.input.value = head + rest
    this.input.setSelectionRange(head.length, head.length)
    this.close()
    this.input.dispatchEvent(new Event("input", { bubbles: true }))
  }

  onKey(event) {
    if (this.list.hidden || event.isComposing) return
    const { length } = this.options
    const next = { ArrowDown: this.active + 1, ArrowUp: this.active < 0 ? length - 1 : this.active - 1 }[event.key]
    if (next !== undefined) this.activate((next + length) % length)
    else if (event.key === "Enter" && this.active >= 0) this.choose(this.options[this.active].textContent)
    else if (event.key === "Escape") this.close()
    else return
    event.preventDefault()
  }

  activate(number) {
    this.active = number
    this.options.forEach((option, index) => option.setAttribute("aria-selected", String(index === number)))
    this.options[number].scrollIntoView({ block: "nearest" })
    this.input.setAttribute("aria-activedescendant", this.options[number].id)
  }
}

for (const input of document.querySelectorAll("input[data-suggestions]")) new TagBox(input)
