// Forms of authors: warn about unsaved text, submit each form once, and check an image before it is uploaded.

function guard(form) {
  let unsaved = "unsaved" in form.dataset
  form.addEventListener("input", () => {
    unsaved = true
  })
  form.addEventListener("autosaved", () => {
    unsaved = false
  })
  form.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) unsaved = false
  })
  window.addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault()
  })
}

/** Submit a form only once. A page that is restored from the back/forward cache can be submitted again. */
function once(form) {
  let sent = false
  // After "Back" it is the same form, so it has the same idempotency key.
  const key = form.elements.form_key
  if (key && history.state?.formKey) key.value = history.state.formKey
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault()
    sent = true
    if (key) history.replaceState({ ...history.state, formKey: key.value }, "")
  })
  window.addEventListener("pageshow", () => {
    sent = false
  })
}

/** Reject a file that is too large for the server, and preview the chosen image. */
function watchImage(input) {
  const maxBytes = 10 * 1024 * 1024
  let shown = null
  input.form.addEventListener(
    "submit",
    (event) => {
      // The browser itself checks forms without `novalidate`.
      if (input.validity.valid) return
      event.preventDefault()
      event.stopImmediatePropagation()
      input.reportValidity()
    },
    { capture: true },
  )
  input.addEventListener("change", async () => {
    shown?.remove()
    shown = null
    const [file] = input.files
    input.setCustomValidity(file && file.size > maxBytes ? input.dataset.tooLarge : "")
    if (!file || !input.reportValidity()) return
    try {
      const bitmap = await createImageBitmap(file, { resizeWidth: 480, resizeQuality: "medium" })
      if (input.files[0] !== file) return
      shown = document.createElement("canvas")
      shown.className = "chosen-picture"
      shown.width = bitmap.width
      shown.height = bitmap.height
      shown.setAttribute("aria-hidden", "true")
      shown.getContext("2d").drawImage(bitmap, 0, 0)
      input.after(shown)
      input.dispatchEvent(new Event("previewed", { bubbles: true }))
    } catch {
      // The browser cannot show this format; the server decides whether it is accepted.
    }
  })
}

for (const form of document.querySelectorAll("main form[method=post]")) {
  once(form)
  if ("guard" in form.dataset) guard(form)
}
for (const input of document.querySelectorAll("input[type=file][data-too-large]")) watchImage(input)
