// Elements and dialogs of the editor.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

let count = 0

/** Return a label with its field, and a hint if there is one; the field gets an id. */
export function labelled(text, field, hint = "") {
  field.id ||= `editor-field-${++count}`
  const box = make("div", { class: "editor-field" }, make("label", { class: "form-label", for: field.id }, text), field)
  if (hint) {
    const line = make("p", { class: "form-text", id: `${field.id}-hint` }, hint)
    field.setAttribute("aria-describedby", line.id)
    box.append(line)
  }
  return box
}

export function button(text, attributes = {}) {
  return make("button", { type: "button", class: "button", ...attributes }, text)
}

/**
 * Open a modal dialog with a form and return the dialog. `accept` is called when the form is submitted; it returns a
 * sentence (or false, for none) if the dialog must stay open. The dialog is outside of the article's form, because forms cannot be nested.
 */
export function openDialog({ title, content, submit, cancel, others = [], accept, closed }) {
  const close = button(cancel)
  const actions = make("div", { class: "actions" }, ...(submit ? [make("button", { class: "button button--first" }, submit)] : []), ...others, close)
  const form = make("form", { method: "dialog" }, ...content, actions)
  const dialog = make("dialog", { class: "editor-dialog", "aria-label": title }, form)
  form.addEventListener("input", (event) => event.target.setCustomValidity?.(""))
  form.addEventListener("submit", (event) => {
    const refusal = accept?.()
    if (refusal === undefined) return
    event.preventDefault()
    if (!refusal) return
    const field = form.querySelector("input, textarea")
    field.setCustomValidity(refusal)
    field.reportValidity()
  })
  close.addEventListener("click", () => dialog.close())
  dialog.addEventListener("close", () => {
    dialog.remove()
    closed()
  })
  document.body.append(dialog)
  dialog.showModal()
  return dialog
}
