// Forms of the desk: asks before what was typed is left behind, sends each form once, and looks at an image first.

function guard(form) {
  let unsaved = "unsaved" in form.dataset
  form.addEventListener("input", () => {
    unsaved = true
  })
  form.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) unsaved = false
  })
  window.addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault()
  })
}

/** A second press while the first is on its way does nothing. A page that comes back from the browser's memory begins anew. */
function once(form) {
  let sent = false
  // Who goes back to a form that was sent has that form before them, not a new one: its key is the same.
  const key = form.elements.form_key
  if (key && history.state?.formKey) key.value = history.state.formKey
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault()
    sent = true
    if (key) history.replaceState({ formKey: key.value }, "")
  })
  window.addEventListener("pageshow", () => {
    sent = false
  })
}

/** Refuses a file that the server would refuse before it reads the form, and shows the one that was chosen. */
function watchImage(input) {
  const most = 10 * 1024 * 1024
  let shown = null
  input.addEventListener("change", async () => {
    shown?.remove()
    shown = null
    const [file] = input.files
    input.setCustomValidity(file && file.size > most ? input.dataset.tooLarge : "")
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
    } catch {
      // The browser cannot show this kind of file; the server says whether it can.
    }
  })
}

for (const form of document.querySelectorAll("main form[method=post]")) {
  once(form)
  if ("guard" in form.dataset) guard(form)
}
for (const input of document.querySelectorAll("input[type=file][data-too-large]")) watchImage(input)
