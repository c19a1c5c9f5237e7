// Images in the text: chosen, dropped or pasted, uploaded one after the other, and described where they stand.
import * as prose from "django-prose-editor/editor"
import { button, labelled, make, openDialog } from "editor-dialog"
import { parsed } from "editor-paste"

const TEXTS = [
  ["alt", 200],
  ["caption", 300],
  ["credit", 120],
]

/** An image of the site with its texts. Its address is not in the text: the server knows it. */
export function picture(config) {
  const { words } = config
  return prose.Node.create({
    name: "picture",
    group: "block",
    atom: true,
    draggable: true,
    addAttributes: () => Object.fromEntries(["image", "alt", "caption", "credit", "licence"].map((name) => [name, { default: "", rendered: false }])),
    parseHTML: () => [
      {
        tag: "figure",
        getAttrs(figure) {
          const image = figure.querySelector("img[data-image]")
          if (!image) return false
          const { image: pk, credit = "", licence = "" } = image.dataset
          const caption = figure.querySelector("figcaption")?.textContent.trim() ?? ""
          return { image: pk, alt: image.getAttribute("alt") ?? "", caption, credit, licence }
        },
      },
    ],
    renderHTML({ node }) {
      const { image, alt, caption, credit, licence } = node.attrs
      const shown = { "data-image": image, alt, ...(credit && { "data-credit": credit }), ...(licence && { "data-licence": licence }) }
      return ["figure", {}, ["img", shown], ...(caption ? [["figcaption", {}, caption]] : [])]
    },
    renderText: () => "",
    addNodeView() {
      return ({ node, editor, getPos }) => {
        let current = node
        const set = (name, value) => {
          editor.view.dispatch(editor.state.tr.setNodeMarkup(getPos(), undefined, { ...current.attrs, [name]: value }))
        }
        const image = make("img", { src: config.files.replace("/0/", `/${node.attrs.image}/`), alt: "" })
        image.addEventListener("error", () => image.replaceWith(make("p", { class: "picture-lost" }, words.imageLost)))
        const fields = {}
        for (const [name, maxLength] of TEXTS) fields[name] = make("input", { class: "form-control", maxlength: maxLength, autocomplete: "off" })
        fields.licence = make("select", { class: "form-select" }, ...config.licences.map(([value, label]) => make("option", { value }, label)))
        for (const [name, field] of Object.entries(fields)) {
          field.addEventListener("input", () => set(name, field.value))
          // It would submit the form around the editor.
          field.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault())
        }
        const remove = button(words.imageRemove, { class: "button button--quiet" })
        remove.addEventListener("click", () => {
          editor.chain().deleteRange({ from: getPos(), to: getPos() + 1 }).focus().run()
        })
        const box = make(
          "div",
          { class: "picture-fields" },
          labelled(words.alt, fields.alt, words.altHint),
          labelled(words.caption, fields.caption),
          labelled(words.credit, fields.credit),
          labelled(words.licence, fields.licence),
          remove,
        )
        const show = () => {
          for (const [name, field] of Object.entries(fields)) if (field.value !== current.attrs[name]) field.value = current.attrs[name]
        }
        show()
        const dom = make("figure", { class: "picture" }, image, box)
        return {
          dom,
          update(next) {
            if (next.type !== node.type || next.attrs.image !== node.attrs.image) return false
            current = next
            show()
            return true
          },
          stopEvent: (event) => box.contains(event.target),
          ignoreMutation: () => true,
        }
      }
    },
  })
}

/** The uploads of one editor. Each stands in the text as a block that is never saved, until its image replaces it. */
export class Uploads {
  constructor(config, token) {
    this.config = config
    this.words = config.words
    this.token = token
    this.jobs = new Map()
    this.isSending = false
    this.status = make("p", { class: "editor-status", role: "status" })
  }

  report(sentence) {
    this.status.textContent = sentence
  }

  reportLost(number) {
    this.report(`${this.words.imagesLost} (${number})`)
  }

  get isBusy() {
    return [...this.jobs.values()].some((job) => !job.error)
  }

  node() {
    const uploads = this
    return prose.Node.create({
      name: "upload",
      group: "block",
      atom: true,
      addAttributes: () => ({ key: { default: "", rendered: false } }),
      parseHTML: () => [{ tag: "figure[data-upload]", priority: 60, getAttrs: ({ dataset }) => uploads.jobs.has(dataset.upload) && { key: dataset.upload } }],
      renderHTML: ({ node }) => ["figure", { "data-upload": node.attrs.key }],
      renderText: () => "",
      addNodeView:
        () =>
        ({ node }) => ({ dom: uploads.box(node.attrs.key), ignoreMutation: () => true, stopEvent: () => true }),
      addProseMirrorPlugins: () => [new prose.Plugin({ props: { handlePaste: (view, event) => uploads.onPaste(event), handleDrop: (view, event, slice, moved) => uploads.onDrop(view, event, moved) } })],
    })
  }

  /** Remember a file and return the key under which it is uploaded. */
  add(file) {
    const key = crypto.getRandomValues(new Uint32Array(2)).join("-")
    this.jobs.set(key, { file, error: "", request: null })
    return key
  }

  /** Insert files at the selection or at a position, and begin to upload them. */
  insert(files, position = null) {
    const { state } = this.editor
    const $at = position === null ? state.selection.$to : state.doc.resolve(position)
    const nodes = files.map((file) => state.schema.nodes.upload.create({ key: this.add(file) }))
    const at = $at.depth ? $at.after(1) : $at.pos
    const { tr } = state
    tr.insert(at, nodes)
    const end = at + nodes.length
    if (end === tr.doc.content.size) tr.insert(end, state.schema.nodes.paragraph.create())
    this.editor.view.dispatch(tr.setSelection(prose.pm.state.Selection.near(tr.doc.resolve(end), 1)))
    this.next()
  }

  onPaste(event) {
    const files = imagesOf(event.clipboardData)
    if (!files.length) return false
    // Word processors and spreadsheets add a picture of what is copied.
    const page = parsed(event.clipboardData.getData("text/html"))
    if (page.body.textContent.trim() || page.querySelectorAll("img, table").length > 1) return false
    this.insert(files)
    return true
  }

  onDrop(view, event, moved) {
    const files = imagesOf(event.dataTransfer)
    if (moved || !files.length) return false
    event.preventDefault()
    this.insert(files, view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos ?? null)
    return true
  }

  box(key) {
    const job = this.jobs.get(key)
    const name = job?.file.name || this.words.image
    const box = make("div", { class: "upload-box", role: "group", "aria-label": name })
    const draw = () => {
      const remove = button(job && !job.error ? this.words.cancel : this.words.imageRemove, { class: "button button--quiet" })
      remove.addEventListener("click", () => this.cancel(key))
      const progress = make("progress", { max: 1, "aria-label": this.words.uploading })
      if (job?.progress) progress.value = job.progress
      box.replaceChildren(make("p", {}, name), job && !job.error ? progress : make("p", { class: "invalid-feedback" }, job?.error ?? this.words.uploadGone), remove)
    }
    draw()
    if (job) {
      job.draw = draw
      job.show = (part) => {
        job.progress = part
        const bar = box.querySelector("progress")
        if (bar) bar.value = part
      }
    }
    return box
  }

  /** Upload the next file. One at a time, because the server decodes one at a time. */
  next() {
    if (this.isSending) return
    const [key, job] = [...this.jobs].find(([, { error, request }]) => !error && !request) ?? []
    if (!job) return
    this.isSending = true
    const data = new FormData()
    data.append("file", job.file, job.file.name || "image")
    const request = new XMLHttpRequest()
    job.request = request
    request.open("POST", this.config.images)
    request.setRequestHeader("Accept", "application/json")
    request.setRequestHeader("X-CSRFToken", this.token)
    request.responseType = "json"
    request.upload.addEventListener("progress", ({ loaded, total }) => job.show?.(total ? (0.9 * loaded) / total : 0))
    request.addEventListener("load", () => {
      if (request.status === 201 && request.response) this.replace(key, request.response)
      else this.fail(job, request.response?.error || this.words.uploadFailed)
    })
    request.addEventListener("error", () => this.fail(job, this.words.uploadFailed))
    request.addEventListener("loadend", () => {
      this.isSending = false
      this.next()
    })
    if (job.file.size > this.config.maxBytes) {
      this.fail(job, this.words.tooLarge)
      this.isSending = false
      this.next()
      return
    }
    request.send(data)
  }

  find(key) {
    let found = null
    this.editor.state.doc.descendants((node, position) => {
      if (node.type.name === "upload" && node.attrs.key === key) found = { node, position }
      return found === null
    })
    return found
  }

  replace(key, image) {
    this.jobs.delete(key)
    const found = this.find(key)
    if (!found) return // The author has deleted it or undone the paste.
    const attrs = { image: String(image.id), alt: image.alt, caption: image.caption, credit: image.credit, licence: image.licence }
    const { tr, schema } = this.editor.state
    tr.replaceWith(found.position, found.position + 1, schema.nodes.picture.create(attrs))
    this.editor.view.dispatch(tr.setMeta("addToHistory", false))
    this.report(this.words.imageAdded)
  }

  fail(job, sentence) {
    job.error = sentence
    job.draw?.()
    this.report(`${job.file.name || this.words.image}: ${sentence}`)
  }

  cancel(key) {
    const job = this.jobs.get(key)
    this.jobs.delete(key)
    job?.request?.abort()
    const found = this.find(key)
    if (found) this.editor.chain().deleteRange({ from: found.position, to: found.position + 1 }).focus().run()
    this.next()
  }

  // --- The dialog: files of this device, and the author's library ---------------------------------

  async ask() {
    const { words } = this
    const files = make("input", { type: "file", class: "form-control", multiple: "", accept: this.config.accept })
    const query = make("input", { type: "search", class: "form-control", maxlength: 100, autocomplete: "off" })
    const list = make("ul", { class: "library library--small" })
    const found = make("p", { class: "form-text", role: "status" })
    const dialog = openDialog({
      title: words.image,
      content: [labelled(words.imageUpload, files, words.imageHint), labelled(words.imageSearch, query), found, list],
      cancel: words.cancel,
      accept: () => false,
      closed: () => this.editor.view.focus(),
    })
    dialog.classList.add("editor-dialog--wide")
    files.addEventListener("change", () => {
      dialog.close()
      this.insert([...files.files])
    })
    let wait
    query.addEventListener("input", () => {
      clearTimeout(wait)
      wait = setTimeout(show, 300)
    })
    const show = async () => {
      const asked = query.value
      const address = `${this.config.images}?${new URLSearchParams({ q: asked })}`
      const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null)
      const { images = null } = answer?.ok ? await answer.json() : {}
      if (asked !== query.value) return
      found.textContent = images?.length ? "" : images ? words.imageNone : words.uploadFailed
      list.replaceChildren(...(images ?? []).map((image) => make("li", {}, this.choice(image, dialog))))
    }
    await show()
  }

  choice(image, dialog) {
    const label = image.alt || image.caption || `${this.words.image} ${image.id}`
    const choose = button(make("img", { src: image.src, alt: label, width: image.width, height: image.height, loading: "lazy" }), { class: "choice", title: label })
    choose.addEventListener("click", () => {
      const { id, alt, caption, credit, licence } = image
      dialog.close()
      this.editor.chain().focus().insertContent([{ type: "picture", attrs: { image: String(id), alt, caption, credit, licence } }, { type: "paragraph" }]).run()
    })
    return choose
  }
}

function imagesOf(data) {
  return [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/") || /\.(heic|heif)$/i.test(file.name))
}
