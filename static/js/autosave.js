// Saves an article while its author writes, and stores a copy in the browser until the server has it.
import { copiesOf, deleteCopy, storeCopy } from "article-copies"

const DELAY = 3000
const RETRY_DELAY = 10000
// Browsers send at most 64 KB from a page that is left.
const MAX_KEEPALIVE_BYTES = 60000
// What the form holds besides the text.
const NOT_TEXT = new Set(["csrfmiddlewaretoken", "author_token", "version", "save_key", "unanswered", "form_key", "image"])

/** Return the values that the author typed or chose; files cannot be stored. */
function textOf(form) {
  const entries = [...new FormData(form)].filter(([name, value]) => !NOT_TEXT.has(name) && typeof value === "string")
  return Object.fromEntries(entries)
}

/** Return a text in a form in which two that look the same are equal. */
function comparable(values) {
  const inert = new DOMParser().parseFromString(values.body ?? "", "text/html")
  for (const link of inert.querySelectorAll("[rel]")) link.removeAttribute("rel")
  const { image_token: _token, language: _language, initial_series: _series, ...rest } = values
  const lines = Object.entries({ ...rest, body: inert.body.innerHTML.replace(/\s*\n\s*/g, "") })
  return JSON.stringify(lines.filter(([, value]) => value).map(([name, value]) => [name, value.replace(/\s+/g, " ").trim()]))
}

class Autosave {
  constructor(form) {
    this.form = form
    this.fields = form.elements
    this.status = document.getElementById("save-status")
    this.words = this.status.dataset
    this.account = form.dataset.account
    this.url = form.dataset.autosave
    this.changes = 0 // counted, so that a change during a save is not taken for saved
    this.saved = 0
    this.requests = 0
    this.running = false
    this.stopped = false
    this.stored = true
    // Texts are written to the browser's database one after the other.
    this.writing = Promise.resolve()
  }

  get key() {
    const { article } = this.form.dataset
    return `${this.account}:${article ? `article:${article}` : `new:${this.fields.form_key.value}`}`
  }

  start() {
    for (const type of ["input", "change"]) this.form.addEventListener(type, () => this.onChange())
    this.form.addEventListener("submit", (event) => !event.defaultPrevented && this.onSubmit())
    document.addEventListener("visibilitychange", () => document.hidden && this.save({ isLeaving: true }))
    window.addEventListener("pagehide", () => this.save({ isLeaving: true }))
    window.addEventListener("online", () => this.save())
    window.addEventListener(
      "pageshow",
      () => {
        if (this.isRestoredByBrowser()) this.recall()
        // What the server shows again is saved by the author's next change or button.
        else if (!("unsaved" in this.form.dataset)) this.offerCopy()
      },
      { once: true },
    )
  }

  /** After "Back" the form has what was typed before, beside the version that the server has now. */
  isRestoredByBrowser() {
    const { type } = performance.getEntriesByType("navigation")[0]
    const isChanged = (field) => /^text/.test(field.type) && field.value !== field.defaultValue
    return type === "back_forward" && history.state?.version !== undefined && [...this.fields].some(isChanged)
  }

  /** Remember which version the typed text replaces. */
  remember() {
    const keys = [this.fields.unanswered.value, this.fields.save_key.value].join(" ").trim()
    history.replaceState({ ...history.state, version: this.fields.version.value, keys }, "")
  }

  recall() {
    this.fields.version.value = history.state.version
    this.fields.unanswered.value = history.state.keys
    this.onChange()
  }

  onChange() {
    this.changes += 1
    this.storeCopy(null)
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.save(), DELAY)
  }

  /** The buttons save too. The copy stays until the next page has the key of this request. */
  onSubmit() {
    this.stopped = true
    clearTimeout(this.timer)
    const saveKey = crypto.randomUUID()
    this.fields.save_key.value = saveKey
    this.remember()
    if (this.changes > this.saved) this.storeCopy(saveKey)
  }

  /** Store what is typed now; `saveKey` is of the request that sends it. */
  storeCopy(saveKey) {
    const copy = {
      key: this.key,
      account: this.account,
      article: this.form.dataset.article ?? "",
      formKey: this.fields.form_key.value,
      version: this.fields.version.value,
      unanswered: this.fields.unanswered.value,
      time: Date.now(),
      saveKey,
      text: textOf(this.form),
    }
    this.writing = this.writing
      .then(() => storeCopy(copy))
      .then(
        () => {
          this.stored = true
        },
        () => {
          this.stored = false
        },
      )
  }

  async save({ isLeaving = false } = {}) {
    const changes = this.changes
    if (changes === this.saved || this.stopped || (this.running && !isLeaving)) return
    clearTimeout(this.timer)
    const saveKey = crypto.randomUUID()
    this.fields.save_key.value = saveKey
    const { csrfmiddlewaretoken, ...fields } = Object.fromEntries(new FormData(this.form))
    delete fields.image // A file.
    // The server reads this much faster than a form.
    const body = JSON.stringify(fields)
    // Until it is answered, the next request says that this one was of the same page.
    const { unanswered } = this.fields
    unanswered.value = [...unanswered.value.split(" ").filter(Boolean).slice(-8), saveKey].join(" ")
    this.remember()
    this.storeCopy(saveKey)
    const number = ++this.requests
    this.running = true
    let response, answer
    try {
      response = await fetch(this.url, {
        method: "POST",
        body,
        headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrfmiddlewaretoken },
        keepalive: isLeaving && new Blob([body]).size < MAX_KEEPALIVE_BYTES,
        redirect: "error",
      })
      if (response.headers.get("Content-Type")?.startsWith("application/json")) answer = await response.json()
    } catch {
      response = undefined
    }
    this.running = false
    // An older request that arrives after a newer one of this page is refused, and that is right.
    if (this.stopped || (!response?.ok && number < this.requests)) return
    if (response?.ok && answer) this.onSaved(answer, changes, saveKey, fields.series)
    else this.onRefused(response, answer)
  }

  onSaved(answer, changes, saveKey, series) {
    const oldKey = this.key
    const version = Math.max(answer.version, Number(this.fields.version.value))
    this.fields.version.value = version
    this.fields.unanswered.value = this.fields.unanswered.value
      .split(" ")
      .filter((key) => key !== saveKey)
      .join(" ")
    // The author has chosen nothing new as long as the form sends this series.
    if (this.fields.initial_series && !answer.unsaved.series) this.fields.initial_series.value = series
    this.saved = Math.max(this.saved, changes)
    this.remember()
    const unsaved = Object.entries(answer.unsaved)
    if (!this.form.dataset.article) this.goOn(answer)
    const time = timeOf(answer.saved_at)
    if (unsaved.length) {
      this.storeCopy(null)
      const sentences = unsaved.map(([name, sentence]) => `${labelOf(this.form, name)}: ${sentence}`)
      this.say(`${this.words.except.replace("{time}", time)} ${sentences.join(" ")}`, true)
    } else {
      this.say(this.words.saved.replace("{time}", time))
      if (this.saved === this.changes) {
        this.writing = this.writing.then(() => Promise.all([deleteCopy(oldKey), deleteCopy(this.key)])).catch(() => {})
        this.form.dispatchEvent(new Event("autosaved"))
      }
    }
    if (this.saved < this.changes) this.timer = setTimeout(() => this.save(), DELAY)
  }

  /** The first save of a new form has created the article: go on at its address. */
  goOn(answer) {
    const article = answer.url.match(/(\d+)\/$/)[1]
    this.form.dataset.article = article
    this.form.setAttribute("action", answer.url) // `form.action` is the buttons of this name.
    this.url = `${answer.url}autosave/`
    history.replaceState(history.state, "", answer.url)
  }

  onRefused(response, answer) {
    if (response?.status === 403) {
      this.stopped = true
      this.say(this.words.signedOut, true)
    } else if (response?.status === 409 || response?.status === 404) {
      this.stopped = response.status === 404 || answer?.is_stale
      this.say(answer?.message || this.words.refused, true)
      document.getElementById("compare-versions").hidden = !answer?.is_stale
    } else {
      this.say(answer?.message || (response ? this.words.refused : this.stored ? this.words.offline : this.words.noCopy), true)
      const seconds = Number(response?.headers.get("Retry-After")) || 0
      this.timer = setTimeout(() => this.save(), Math.max(RETRY_DELAY, seconds * 1000))
    }
  }

  /** Screen readers read the line only when it changes: a save in the same minute is silent. */
  say(text, isWarning = false) {
    if (this.status.textContent !== text) this.status.textContent = text
    this.status.classList.toggle("is-warning", isWarning)
  }

  /** Offer the text that this account typed in this form before, if the server does not have it. */
  async offerCopy() {
    const article = this.form.dataset.article ?? ""
    let copies
    try {
      copies = await copiesOf(this.account)
    } catch {
      return // The browser stores nothing, for example in a private window.
    }
    const savedKeys = this.form.dataset.savedKeys.split(" ")
    const now = comparable(textOf(this.form))
    let offered
    for (const copy of copies.filter((one) => one.article === article)) {
      const isSaved = (copy.saveKey && savedKeys.includes(copy.saveKey)) || comparable(copy.text) === now
      if (isSaved) await deleteCopy(copy.key)
      else if (!offered || copy.time > offered.time) offered = copy
    }
    if (offered && this.changes === 0) this.show(offered)
  }

  show(copy) {
    const box = document.getElementById("local-copy")
    box.querySelector("p").textContent = box.dataset.text.replace("{time}", timeOf(copy.time))
    box.hidden = false
    box.querySelector("[data-restore]").addEventListener("click", () => {
      box.hidden = true
      this.restore(copy)
    })
    box.querySelector("[data-delete]").addEventListener("click", () => {
      box.hidden = true
      deleteCopy(copy.key)
    })
  }

  restore(copy) {
    for (const [name, value] of Object.entries(copy.text)) {
      const field = this.fields[name]
      if (field?.type === "checkbox") field.checked = true
      else if (field) field.value = value
    }
    // The text replaces what its author saw when it was typed, which is not what the form shows.
    if (!copy.article) this.fields.form_key.value = copy.formKey
    this.fields.version.value = copy.version
    this.fields.unanswered.value = [copy.unanswered, copy.saveKey].filter(Boolean).join(" ")
    // The editor and the counters read their fields again, as after "Back".
    window.dispatchEvent(new PageTransitionEvent("pageshow"))
    this.onChange()
    this.fields.title.focus()
  }
}

function labelOf(form, name) {
  const id = form.elements[name]?.id
  return form.querySelector(`label[for="${id}"]`)?.firstChild.textContent.trim() ?? name
}

function timeOf(moment) {
  const date = new Date(moment)
  const isToday = date.toDateString() === new Date().toDateString()
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(!isToday && { day: "numeric", month: "long" }) }
  return date.toLocaleString(document.documentElement.lang, options)
}

for (const form of document.querySelectorAll("form[data-autosave]")) new Autosave(form).start()
