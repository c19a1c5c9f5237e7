// Replaces the textarea by a rich-text editor: the extensions of django-prose-editor with a toolbar of our own, which is
// translated and works by keyboard. The textarea still holds the value.
import * as prose from "django-prose-editor/editor"
import { embed, footnote, NumberedList, PullQuote } from "editor-blocks"
import { picture, Uploads } from "editor-images"
import { prepared } from "editor-paste"
import { Toolbar } from "editor-toolbar"

const BLOCK = /<(p|h[1-6]|ul|ol|blockquote|hr|pre|table|figure)[\s>/]/i

/** Return the field's value as HTML; plain text, written without this script, becomes paragraphs. */
function contentOf(field) {
  if (BLOCK.test(field.value) || !field.value.trim()) return field.value
  const inert = document.createElement("div")
  return field.value
    .trim()
    .split(/\n\s*\n/)
    .map((part) => {
      inert.textContent = part.trim()
      return `<p>${inert.innerHTML.replaceAll("\n", "<br>")}</p>`
    })
    .join("")
}

function extensionsOf(config, uploads, toolbar) {
  const extensions = Object.entries(config.extensions)
    .filter(([name, options]) => options && prose[name] && !["Link", "Blockquote", "OrderedList"].includes(name))
    .map(([name, options]) => (typeof options === "object" ? prose[name].configure(options) : prose[name]))
  extensions.push(NumberedList, PullQuote, footnote(config.words), embed(config.words, config.mastodon), picture(config), uploads.node())
  if (config.extensions.Link) {
    // Replaces the shortcut of the package, which opens another dialog.
    const link = prose.Link.extend({
      addKeyboardShortcuts: () => ({
        "Mod-k": () => {
          toolbar().askForLink()
          return true
        },
        "Mod-/": () => {
          toolbar().showShortcuts()
          return true
        },
      }),
    })
    extensions.push(link.configure({ enableTarget: false, defaultProtocol: "https" }))
  }
  return extensions
}

const PLACES = { alt: ".picture", credit: ".picture", heading: "h2, h3", link: "a", quotation: "blockquote" }

/** Go to what the checklist names: "link-2" is the second link of the text. */
function goTo(editor, place) {
  const [kind, number] = place.split("-")
  const found = PLACES[kind] && editor.view.dom.querySelectorAll(PLACES[kind])[number - 1]
  if (!found) {
    editor.commands.focus()
    return
  }
  if (kind === "alt" || kind === "credit") {
    found.querySelectorAll("input")[kind === "alt" ? 0 : 2].focus()
  } else {
    const { doc } = editor.state
    const [from, to] = [0, found.childNodes.length].map((offset) => doc.resolve(editor.view.posAtDOM(found, offset)))
    editor.view.dispatch(editor.state.tr.setSelection(prose.pm.state.TextSelection.between(from, to)))
    editor.view.focus()
  }
  found.scrollIntoView({ block: "center" })
}

function mount(field) {
  const config = JSON.parse(field.dataset.djangoProseEditorArticle)
  const label = document.querySelector(`label[for="${field.id}"]`)
  const frame = document.createElement("div")
  frame.className = "editor"
  field.before(frame)
  const uploads = new Uploads(config, field.form.elements.csrfmiddlewaretoken.value)
  let toolbar
  let rtf = ""
  let held = field.value
  const editor = new prose.Editor({
    element: frame,
    extensions: extensionsOf(config, uploads, () => toolbar),
    content: contentOf(field),
    injectCSS: false, // Our stylesheet has those rules; the policy forbids style elements.
    editorProps: {
      attributes: {
        class: "prose editor-text",
        role: "textbox",
        "aria-multiline": "true",
        "aria-label": label.firstChild.textContent.trim(),
        ...(field.getAttribute("aria-describedby") && { "aria-describedby": field.getAttribute("aria-describedby") }),
        ...(field.getAttribute("aria-invalid") && { "aria-invalid": "true" }),
      },
      handleDOMEvents: {
        paste(view, { clipboardData }) {
          rtf = clipboardData?.getData("text/rtf") ?? ""
          return false
        },
      },
      transformPastedHTML(html) {
        queueMicrotask(() => uploads.next())
        return prepared(html, { rtf, upload: (file) => uploads.add(file), report: (lost) => uploads.reportLost(lost) })
      },
    },
    onUpdate() {
      field.value = held = editor.isEmpty ? "" : editor.getHTML()
      field.dispatchEvent(new Event("input", { bubbles: true }))
      count()
    },
  })
  uploads.editor = editor
  toolbar = new Toolbar(editor, config, uploads)
  const tools = document.createElement("div")
  tools.className = "editor-tools"
  tools.append(toolbar.element, toolbar.ofTable.element)
  frame.prepend(tools)
  frame.append(uploads.status)
  frame.classList.toggle("is-invalid", field.classList.contains("is-invalid"))
  field.hidden = true
  const focus = () => editor.commands.focus()
  label.addEventListener("click", focus)
  for (const link of document.querySelectorAll(`a[href="#${field.id}"]`)) link.addEventListener("click", focus)

  // Without JavaScript this line says how to begin a paragraph; with it, how long the text is.
  const hint = document.getElementById(`${field.id}_helptext`)
  const maxLength = Number(field.dataset.maxLength)
  function count() {
    if (!hint) return
    const words = editor.getText({ blockSeparator: " " }).split(/\s+/).filter(Boolean).length
    hint.textContent = `${config.words.count}: ${words} · ${config.words.minutes}: ${Math.max(1, Math.round(words / 200))}`
    if (field.value.length > maxLength) hint.textContent += ` · ${config.words.tooLong}`
  }
  count()

  // After "Back" the browser restores the field, but only after this script has run.
  window.addEventListener("pageshow", () => {
    if (field.value === held) return
    held = field.value
    editor.commands.setContent(contentOf(field), { emitUpdate: false })
    count()
  })

  // Before the listener of editor-guard.js, which lets a form be submitted once.
  field.form.addEventListener(
    "submit",
    (event) => {
      if (!uploads.isBusy) return
      event.preventDefault()
      event.stopImmediatePropagation()
      uploads.report(config.words.uploadWait)
    },
    { capture: true },
  )

  // For the spelling checker of the browser.
  const language = field.form.elements.language
  const setLanguage = () => {
    editor.view.dom.lang = language.value
  }
  language?.addEventListener("change", setLanguage)
  if (language) setLanguage()

  if (location.hash === `#${field.id}`) {
    // After the browser, which looks for the hidden field.
    const go = () => setTimeout(() => goTo(editor, new URLSearchParams(location.search).get("at") ?? ""))
    if (document.readyState === "complete") go()
    else window.addEventListener("load", go, { once: true })
  }
}

for (const field of document.querySelectorAll("textarea[data-django-prose-editor-article]")) mount(field)
