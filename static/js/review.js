// The review page: the keys of its legend, the common reasons, and the end of a claim when the page is left.
const KEYS_OFF = "review-keys-off"
const form = document.querySelector("form.decision")
const legend = document.querySelector(".keys")
const submitted = () => document.querySelector("form[data-submitted]")

if (form) {
  const radio = (value) => form.querySelector(`[name=verdict][value="${value}"]`)

  const insert = (button) => {
    const reason = form.elements.reason
    reason.value = [reason.value.trim(), button.dataset.text].filter(Boolean).join("\n\n")
    if (button.dataset.rule) form.elements.rule.value = button.dataset.rule
    if (!form.querySelector("[name=verdict]:checked")) (radio("return") ?? radio("hide"))?.click()
    reason.focus()
    reason.dispatchEvent(new Event("input", { bubbles: true }))
  }
  const reasons = [...form.querySelectorAll("[name=common_reason]")]
  for (const button of reasons) {
    button.addEventListener("click", (event) => { event.preventDefault(); insert(button) })
  }

  if (legend) {
    const box = legend.querySelector("[data-keys]")
    legend.hidden = false
    box.checked = !localStorage.getItem(KEYS_OFF)
    box.addEventListener("change", () => {
      box.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1")
    })
    const isTyping = (target) => target.isContentEditable || target.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=submit])")
    document.addEventListener("keydown", (event) => {
      if (!box.checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return
      const choose = (value, next) => { const choice = radio(value); if (choice) { choice.click(); next().focus() } }
      if (event.key === "n") document.querySelector("[data-next] button").click()
      else if (event.key === "p") choose("publish", () => form.querySelector("[name=next]") ?? form.querySelector("[type=submit]"))
      else if (event.key === "r") choose("return", () => form.elements.reason)
      else if (/^[1-9]$/.test(event.key) && reasons[event.key - 1]) insert(reasons[event.key - 1])
      else return
      event.preventDefault()
    })
  }
}

// A claim ends soon after its page is left, and goes on when the page is opened again, such as by "Back" or "Reload".
const release = document.querySelector("form[data-release]")
if (release) {
  for (const one of document.forms) one.addEventListener("submit", () => { one.dataset.submitted = "" })
  window.addEventListener("pagehide", () => {
    if (submitted()) return
    const data = new FormData(release)
    data.set("left", "1")
    navigator.sendBeacon(release.action, data)
  })
  window.addEventListener("pageshow", (event) => {
    const again = event.persisted || performance.getEntriesByType("navigation")[0]?.type !== "navigate"
    const claim = document.querySelector("form[data-claim]")
    if (again && claim) fetch(claim.action, { method: "POST", body: new FormData(claim), redirect: "manual" })
  })
}
