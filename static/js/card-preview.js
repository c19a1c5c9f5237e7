// Shows the card of an article in lists while its author writes.
const MAX_SUMMARY = 200
const DELAY = 200

const box = document.getElementById("card-preview")
const { form } = document.getElementById("id_title")
const { title, summary, body, section, language, remove_image: remove } = form.elements
const [picture, kicker, heading, text] = [".picture", ".kicker", ".card-title", ".card-summary"].map((one) => box.querySelector(one))

/** Return the beginning of the text, which is the summary if there is none (core/text.py, `shorten`). */
function beginning() {
  const inert = new DOMParser().parseFromString(body.value.slice(0, 8000), "text/html")
  for (const aside of inert.querySelectorAll("figure, foot-note")) aside.remove()
  for (const block of inert.querySelectorAll("p, h2, h3, li, blockquote, pre, td, th, br")) block.append(" ")
  const all = inert.body.textContent.replace(/\s+/g, " ").trim()
  if (all.length <= MAX_SUMMARY) return all
  const head = all.slice(0, MAX_SUMMARY)
  const [sentences = ""] = head.match(/.*[.!?…։](?=\s)/) ?? []
  if (sentences.length > MAX_SUMMARY / 2) return sentences
  return `${head.slice(0, head.lastIndexOf(" ") > MAX_SUMMARY / 2 ? head.lastIndexOf(" ") : MAX_SUMMARY - 1)}…`
}

/** Return a copy of the lead image: the one that was just chosen, or the stored one. */
function image() {
  const chosen = form.querySelector(".chosen-picture")
  if (chosen) {
    const copy = chosen.cloneNode()
    copy.className = ""
    copy.getContext("2d").drawImage(chosen, 0, 0)
    return [copy]
  }
  const stored = form.querySelector(".present-picture img")
  if (!stored || remove?.checked) return []
  const copy = stored.cloneNode()
  copy.alt = ""
  return [copy]
}

function show() {
  heading.textContent = title.value.trim() || box.dataset.untitled
  text.textContent = summary.value.trim() || beginning()
  kicker.textContent = section.value ? section.selectedOptions[0].textContent : ""
  for (const one of [heading, text]) one.lang = language.value
  const shown = image()
  picture.replaceChildren(...shown)
  picture.parentElement.classList.toggle("story--plain", !shown.length)
}

let timer
for (const type of ["input", "change", "previewed"]) {
  form.addEventListener(type, () => {
    clearTimeout(timer)
    timer = setTimeout(show, DELAY)
  })
}
// After "Back" the browser restores the fields, but only after this script has run.
window.addEventListener("pageshow", show)
box.hidden = false
show()
