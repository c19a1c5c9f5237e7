// Shows how long a text is: always, or when little room is left. Counts what users see as characters, as core/text.py does.
const segmenter = new Intl.Segmenter()

for (const field of document.querySelectorAll("[data-max-length]:not([data-django-prose-editor-article])")) {
  const max = Number(field.dataset.maxLength)
  const output = document.createElement("output")
  output.className = "text-length"
  output.setAttribute("for", field.id)
  field.after(output)
  const show = () => {
    let text = field.value.normalize().trim()
    if ("oneLine" in field.dataset) text = text.replace(/\s+/g, " ")
    const length = [...segmenter.segment(text)].length
    const isShort = length < 0.8 * max
    output.hidden = isShort && !("counted" in field.dataset)
    // Screen readers read it only when little room is left.
    output.setAttribute("aria-live", isShort ? "off" : "polite")
    output.value = `${length} / ${max}`
    output.classList.toggle("is-too-long", length > max)
  }
  field.addEventListener("input", show)
  // After "Back" the browser restores the field, but only after this script has run.
  window.addEventListener("pageshow", show)
}
