// Pages of other sites in an article: a link, and a button that loads the page in its place. Before it is pressed, nothing
// is requested from the other site.
for (const figure of document.querySelectorAll("figure.embed[data-src]")) {
  const { src, kind, show, notice } = figure.dataset
  const button = document.createElement("button")
  button.type = "button"
  button.className = "button"
  button.textContent = show
  const note = document.createElement("p")
  note.className = "quiet"
  note.textContent = notice
  const link = figure.querySelector("a")
  button.addEventListener("click", () => {
    const frame = document.createElement("iframe")
    frame.src = src
    frame.title = link.textContent
    frame.className = `frame frame--${kind}`
    frame.allow = "fullscreen; picture-in-picture"
    frame.referrerPolicy = "strict-origin-when-cross-origin"
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-popups allow-presentation")
    button.replaceWith(frame)
    note.remove()
    frame.focus()
  })
  figure.prepend(button, note)
}
